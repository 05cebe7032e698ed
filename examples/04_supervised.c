/* Learning from a teacher, twice: the class of a sample (classification) and a number (regression).
 * In both, weights move by rate * (target - output) * input.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 100 };

/* Two clouds that overlap: around (-1, -1) with target 0, around (1, 1) with target 1. */
static void two_clouds(nn_ctx *nn, nn_real x[N][2], int t[N])
{
    for (int i = 0; i < N; i++) {
        t[i] = nn_randint(nn, 0, 2);
        for (int j = 0; j < 2; j++) x[i][j] = nn_normal(nn, t[i] ? 1 : -1, 1);
    }
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_real x[N][2], held_out_x[N][2];
    int t[N], held_out_t[N];

    /* No line separates the clouds, so the algorithm never comes to rest: we watch samples that it
     * does not learn from, keep the best weights, and stop after five epochs without a better one.
     */
    printf("== classification: a perceptron, %d samples, %d held out\n", N, N);
    two_clouds(nn, x, t);
    two_clouds(nn, held_out_x, held_out_t);
    nn_real w[2] = {0, 0}, best_w[2] = {0, 0};
    nn_perceptron p = {w, 0, 2}, best = {best_w, 0, 2};
    int least = N + 1, waited = 0;
    for (int epoch = 1; waited < 5; epoch++) {
        const int mistakes = nn_perceptron_epoch(&p, x[0], t, N, 1);
        const int errors = nn_perceptron_errors(&p, held_out_x[0], held_out_t, N);
        printf("epoch %2d: %2d mistakes, then %2d of %d held out are wrong\n", epoch, mistakes,
               errors, N);
        waited++;
        if (errors >= least) continue;
        least = errors;
        waited = 0;
        memcpy(best_w, w, sizeof w);
        best.b = p.b;
    }

    /* The same step with the sum itself as output: the delta rule (Widrow and Hoff 1960). */
    printf("\n== regression: target = 2 x1 - 3 x2 + 0.5 and some noise\n");
    nn_real v[2] = {0, 0}, b = 0, target[N];
    for (int i = 0; i < N; i++)
        target[i] = 2 * x[i][0] - 3 * x[i][1] + 0.5f + nn_normal(nn, 0, 0.2f);
    for (int epoch = 0; epoch <= 20; epoch++) {
        double squares = 0;
        /* [delta] */
        for (int i = 0; i < N; i++) {
            const nn_real error = target[i] - nn_neuron(v, x[i], 2, b);
            squares += (double)error * (double)error;
            for (int j = 0; j < 2; j++) v[j] += 0.01f * error * x[i][j];
            b += 0.01f * error;
        }
        /* [/delta] */
        if (epoch % 5 == 0) printf("epoch %2d: mean squared error %.3f\n", epoch, squares / N);
    }
    printf("learned: %.2f x1 %+.2f x2 %+.2f\n", (double)v[0], (double)v[1], (double)b);

    const int errors = nn_perceptron_errors(&best, held_out_x[0], held_out_t, N);
    const double off = fmax(fabs((double)v[0] - 2),
                            fmax(fabs((double)v[1] + 3), fabs((double)b - 0.5)));
    printf("\nexpected: at most 12 of 100 held out wrong (the best line: 8), weights within 0.1\n");
    printf("got:      %d of 100, %s\n", errors, off < 0.1 ? "yes" : "no");
    nn_destroy(nn);
    return !(errors <= 12 && off < 0.1);
}
