/* Bias and variance, measured: the same network learns from 30 training sets of 20 noisy points,
 * for each strength of an L2 penalty. How far the mean of the 30 answers is from the truth is bias,
 * how much they differ among themselves variance; with the noise they make up the whole error.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SETS = 30, N = 20, HIDDEN = 20, STEPS = 500, PLACES = 41, STRENGTHS = 5 };
static const double noise = 0.3;

static double truth(double x) { return sin(3 * x); }

/* Learns one set and answers at places x = -1 .. 1. */
static void learn(nn_ctx *nn, uint64_t seed, nn_real gamma, double answer[PLACES])
{
    nn_real x[N], t[N], place[PLACES];
    nn_seed(nn, seed);
    for (int i = 0; i < N; i++) {
        x[i] = nn_uniform(nn, -1, 1);
        t[i] = (nn_real)truth((double)x[i]) + nn_normal(nn, 0, (nn_real)noise);
    }
    nn_model *net = nn_model_new(nn);
    const nn_linear fc1 = nn_linear_new(net, "fc1", 1, HIDDEN);
    const nn_linear fc2 = nn_linear_new(net, "fc2", HIDDEN, 1);
    for (size_t i = 0; i < fc1.weight->size; i++) /* steps at many places: able to wiggle */
        fc1.weight->data[i] *= 8, fc1.bias->data[i] *= 8;
    nn_optimizer *opt = nn_adam(net, 0.02f);
    for (int step = 0; step < STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *h = nn_tanh(nn_linear_forward(&fc1, nn_input(nn, x, nn_shape2(N, 1))));
        nn_tensor *loss = nn_mse(nn_linear_forward(&fc2, h), nn_input(nn, t, nn_shape2(N, 1)));
        nn_backward(nn_add(loss, nn_l2_penalty(net, gamma)));
        nn_step(opt);
    }
    for (int i = 0; i < PLACES; i++) place[i] = (nn_real)(2.0 * i / (PLACES - 1) - 1);
    nn_clear(nn);
    nn_tensor *h = nn_tanh(nn_linear_forward(&fc1, nn_input(nn, place, nn_shape2(PLACES, 1))));
    nn_tensor *y = nn_linear_forward(&fc2, h);
    for (int i = 0; i < PLACES; i++) answer[i] = (double)y->data[i];
}

int main(void)
{
    static const double strength[STRENGTHS] = {0, 0.0001, 0.001, 0.01, 0.1};
    static double answer[SETS][PLACES];
    double bias[STRENGTHS], variance[STRENGTHS];
    nn_ctx *nn = nn_create(1);
    printf("== of the error, for each strength gamma\n");
    printf("%7s  %8s  %8s  %s\n", "gamma", "bias^2", "variance", "with the noise");
    int best = 0;
    for (int s = 0; s < STRENGTHS; s++) {
        for (int set = 0; set < SETS; set++)
            learn(nn, (uint64_t)set, (nn_real)strength[s], answer[set]);
        /* [measure] */
        bias[s] = variance[s] = 0;
        for (int i = 0; i < PLACES; i++) {
            double mean = 0, off;
            for (int set = 0; set < SETS; set++) mean += answer[set][i] / SETS;
            off = mean - truth(2.0 * i / (PLACES - 1) - 1);
            bias[s] += off * off / PLACES;
            for (int set = 0; set < SETS; set++)
                variance[s] += (answer[set][i] - mean) * (answer[set][i] - mean) / SETS / PLACES;
        }
        /* [/measure] */
        if (bias[s] + variance[s] < bias[best] + variance[best]) best = s;
        printf("%7g  %8.4f  %8.4f  %.4f\n", strength[s], bias[s], variance[s],
               bias[s] + variance[s] + noise * noise);
    }
    const int last = STRENGTHS - 1, between = best > 0 && best < last;
    const int right = bias[last] > 2 * bias[0] && variance[last] < variance[0] / 2 && between;
    printf("\nexpected: a larger penalty, more bias and less variance; the best is in between\n");
    printf("got:      %s, at %g\n", right ? "the same" : "something else", strength[best]);
    nn_destroy(nn);
    return !right;
}
