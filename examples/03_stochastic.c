/* The stochastic binary neuron: 1 with probability sigmoid(z), else 0. Its samples have that mean;
 * and it learns although a sample has no slope, with the slope of its mean (straight through).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SAMPLES = 10000 };

int main(void)
{
    nn_ctx *nn = nn_create(42);

    printf("== %d samples at each z\n", SAMPLES);
    int near_by = 0;
    for (int z = -3; z <= 3; z++) {
        nn_clear(nn);
        nn_tensor *x = nn_full(nn, nn_shape1(SAMPLES), (nn_real)z);
        const double mean = nn_stats(nn_stochastic_binary(x)).mean;
        nn_set_training(nn, 0); /* no chance outside of training: the mean itself */
        const double p = (double)nn_stochastic_binary(x)->data[0];
        nn_set_training(nn, 1);
        const double std = sqrt(p * (1 - p) / SAMPLES); /* of the mean of that many */
        near_by += fabs(mean - p) < 4 * std;
        printf("z = %2d   mean %.3f   sigmoid %.3f   %.1f std apart\n", z, mean, p,
               fabs(mean - p) / std);
    }

    /* One neuron, z = w x + b, is to fire for x = 1 and to be silent for x = -1. The error of a
     * sample s is (s - t)^2 / 2: straight through, delta = (s - t) p (1 - p). */
    const nn_real x[2] = {1, -1}, t[2] = {1, 0}, lr = 0.5f;
    nn_real w = 0, b = 1, p[2] = {0, 0};
    printf("\n== learning to fire for x = 1 only\n");
    for (int step = 0; step <= 1000; step++) {
        const nn_real z[2] = {w * x[0] + b, w * x[1] + b};
        nn_clear(nn);
        nn_tensor *sums = nn_input(nn, z, nn_shape1(2));
        const nn_real *s = nn_stochastic_binary(sums)->data;
        memcpy(p, nn_sigmoid(sums)->data, sizeof p);
        if (step % 250 == 0)
            printf("step %4d: it fires with probability %.2f for x = 1, %.2f for x = -1\n", step,
                   (double)p[0], (double)p[1]);
        for (int i = 0; i < 2; i++) {
            const nn_real delta = (s[i] - t[i]) * p[i] * (1 - p[i]);
            w -= lr * delta * x[i];
            b -= lr * delta;
        }
    }

    const int learned = p[0] > 0.9f && p[1] < 0.1f;
    printf("\nexpected: 7 of 7 means within 4 std; right in more than 90 %% of cases\n");
    printf("got:      %d of 7; %s\n", near_by, learned ? "yes" : "no");
    nn_destroy(nn);
    return !(near_by == 7 && learned);
}
