/* Exercise 4.3: the perceptron learns (code, 20 minutes).
 *
 * Write one step of the perceptron rule, then the algorithm that repeats it. The last lines count:
 * how many mistakes are there, how many may there be at most?
 */
#include "../exercises/check.h"

/* One sample x [2] with target t: w [2] and *b move by lr (t - y) times the input; y is 1 where
 * w x + b > 0, else 0. Returns t - y. */
static int step(double *w, double *b, const double *x, int t, double lr)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)b, (void)x, (void)t, (void)lr;
    return 0;
    /* END */
}

/* Epochs over the n samples x [n, 2] until one has no mistake, at most 1000. Returns how many
 * mistakes there were in all of them. */
static int learn(double *w, double *b, const double *x, const int *t, int n)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)b, (void)x, (void)t, (void)n;
    return 0;
    /* END */
}

int main(void)
{
    double w[2] = {0.5, -1}, b = 0.25;
    const double x[2] = {2, 1};
    expect_near("right already: t - y", step(w, &b, x, 1, 0.5), 0, 0);
    expect_near("and w[0] stays", w[0], 0.5, 0);
    expect_near("should be 0: t - y", step(w, &b, x, 0, 0.5), -1, 0);
    expect_near("then w[0]", w[0], -0.5, 1e-12);
    expect_near("w[1]", w[1], -1.5, 1e-12);
    expect_near("b", b, -0.25, 1e-12);

    const double corners[8] = {0, 0, 0, 1, 1, 0, 1, 1};
    const int and_t[4] = {0, 0, 0, 1};
    w[0] = w[1] = b = 0;
    expect_near("AND: mistakes", learn(w, &b, corners, and_t, 4), 10, 0);
    expect_near("w[0]", w[0], 2, 1e-12);
    expect_near("b", b, -2, 1e-12);

    const int xor_t[4] = {0, 1, 1, 0}; /* in circles: 2, 3, then 4 mistakes in each epoch */
    w[0] = w[1] = b = 0;
    expect_near("XOR, 1000 epochs: mistakes", learn(w, &b, corners, xor_t, 4), 3997, 0);

    enum { N = 40 }; /* points on both sides of 2 x1 - x2 + 0.25 = 0 */
    nn_ctx *nn = nn_create(42);
    double point[2 * N], truth[2] = {0, 0}, yours[2] = {0, 0}, yours_b = 0;
    nn_real point_real[2 * N], v[2] = {0, 0}, u[2] = {2, -1};
    nn_perceptron p = {v, 0, 2};
    const nn_perceptron plane = {u, 0.25f, 2};
    int t[N];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < 2; j++) { /* in sixteenths, so that float and double agree */
            point_real[2 * i + j] = (nn_real)nn_randint(nn, -16, 17) / 16;
            point[2 * i + j] = (double)point_real[2 * i + j];
        }
        t[i] = nn_perceptron_forward(&plane, point_real + 2 * i);
    }
    const nn_perceptron_result r = nn_perceptron_fit(&p, point_real, t, N, 1, 1000);
    for (int j = 0; j < 2; j++) truth[j] = (double)v[j];
    expect_near("40 points: mistakes", learn(yours, &yours_b, point, t, N), (double)r.mistakes, 0);
    expect_near("w[0]", yours[0], truth[0], 1e-12);
    expect_near("w[1]", yours[1], truth[1], 1e-12);
    expect_near("b", yours_b, (double)p.b, 1e-12);
    nn_separable(nn, point_real, t, N, &p);
    printf("%ld mistakes; Novikoff allows %.0f\n", r.mistakes,
           nn_novikoff_bound(&p, point_real, t, N).mistakes);
    nn_destroy(nn);
    return check_done();
}
