/* Exercise 6.4: three mistakes (code, 30 minutes).
 *
 * One step of gradient descent for a network of 2 inputs, 3 tanh units and 1 linear output, on a
 * batch of 4 samples, written out. It looks right and it runs. There are three mistakes in it. Each
 * line of the output compares the step of one weight with a central difference of the loss. At
 * first all are wrong, for one mistake reaches all: mend one, and see which lines come right.
 */
#include "../exercises/check.h"

enum { N = 4, IN = 2, HIDDEN = 3, W = 0, B = W + HIDDEN * IN, V = B + HIDDEN, C = V + HIDDEN,
       SIZE = C + 1 }; /* where in p: W [HIDDEN, IN], its biases, V [HIDDEN], its bias */

static const double x[N][IN] = {{1, 0.5}, {-0.5, 1}, {0.2, -1}, {-1, -0.3}};
static const double t[N] = {1, -1, 0.5, 0};

static double forward(const double *p, const double *in, double *y1) /* y1 [HIDDEN]; the output */
{
    double y = p[C];
    for (int j = 0; j < HIDDEN; j++) {
        double z = p[B + j];
        for (int i = 0; i < IN; i++) z += p[W + j * IN + i] * in[i];
        y1[j] = tanh(z);
        y += p[V + j] * y1[j];
    }
    return y;
}

static double loss(const double *p, int n) /* mean over samples of (y - t)^2 / 2 */
{
    double sum = 0, y1[HIDDEN];
    (void)n;
    for (int s = 0; s < N; s++) {
        const double error = forward(p, x[s], y1) - t[s];
        sum += error * error / 2;
    }
    return sum / N;
}

static void step(double *p, double lr)
{
    double grad[SIZE] = {0}, y1[HIDDEN];
    for (int s = 0; s < N; s++) {
        const double y = forward(p, x[s], y1);
        /* Your code, instead of the lines down to END: */
        const double delta2 = (y - t[s]) / N;
        grad[C] += delta2;
        for (int j = 0; j < HIDDEN; j++) {
            p[V + j] -= lr * delta2 * y1[j];
            const double delta1 = (1 - y1[j]) * p[V + j] * delta2;
            grad[B + j] = delta1;
            for (int i = 0; i < IN; i++) grad[W + j * IN + i] += delta1 * x[s][i];
        }
        /* END */
    }
    for (int k = 0; k < SIZE; k++) p[k] -= lr * grad[k];
}

int main(void)
{
    const double start[SIZE] = {0.5, -0.4, 0.3, 0.8, -0.6, 0.2, /* W */
                                0.1, -0.2, 0.3, 0.7, -0.6, 0.4, 0.2};
    const double lr = 0.5;
    double p[SIZE], slope[SIZE];
    for (int k = 0; k < SIZE; k++) p[k] = start[k];
    step(p, lr);
    for (int k = 0; k < SIZE; k++) slope[k] = (start[k] - p[k]) / lr;
    printf("p[0] to p[5] are W, p[6] to p[8] its biases, p[9] to p[11] V, p[12] its bias\n");
    expect_gradient("dL/dp", loss, start, SIZE, slope);

    const double before = loss(p, SIZE);
    for (int k = 0; k < 500; k++) step(p, lr);
    printf("loss %.4f, after 500 steps %.4f\n", before, loss(p, SIZE));
    expect_near("loss after 500 steps", loss(p, SIZE), 0, 0.001);
    return check_done();
}
