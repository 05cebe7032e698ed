/* A network that is too large for what it is given: 20 noisy points of a sine, 2,701 parameters.
 * The error on the points it learns from falls and falls; that on 200 others from the same source
 * falls and then rises, when it begins to learn the noise.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { TRAIN = 20, HELD_OUT = 200, HIDDEN = 50, STEPS = 4000 };
static const double noise = 0.3;

typedef struct network {
    nn_linear fc1, fc2, fc3;
} network;

static nn_tensor *forward(const network *n, nn_tensor *x) /* [N, 1] -> [N, 1] */
{
    nn_tensor *h = nn_tanh(nn_linear_forward(&n->fc1, x));
    return nn_linear_forward(&n->fc3, nn_tanh(nn_linear_forward(&n->fc2, h)));
}

/* [points] */
static void draw_points(nn_ctx *nn, nn_real *x, nn_real *t, int n) /* t = sin 3 x + noise */
{
    for (int i = 0; i < n; i++) {
        x[i] = nn_uniform(nn, -1, 1);
        t[i] = (nn_real)sin(3 * (double)x[i]) + nn_normal(nn, 0, (nn_real)noise);
    }
}
/* [/points] */

static double error_on(nn_ctx *nn, const network *net, const nn_real *x, const nn_real *t, int n)
{
    nn_clear(nn);
    nn_tensor *y = forward(net, nn_input(nn, x, nn_shape2(n, 1)));
    return (double)nn_item(nn_mse(y, nn_input(nn, t, nn_shape2(n, 1))));
}

int main(void)
{
    nn_ctx *nn = nn_create(8);
    nn_model *net = nn_model_new(nn);
    network n;
    n.fc1 = nn_linear_new(net, "fc1", 1, HIDDEN);
    n.fc2 = nn_linear_new(net, "fc2", HIDDEN, HIDDEN);
    n.fc3 = nn_linear_new(net, "fc3", HIDDEN, 1);
    nn_real x[TRAIN], t[TRAIN], other_x[HELD_OUT], other_t[HELD_OUT];
    draw_points(nn, x, t, TRAIN);
    draw_points(nn, other_x, other_t, HELD_OUT);
    nn_optimizer *opt = nn_adam(net, 0.005f);

    printf("== errors with %zu parameters (of the noise alone: %.3f)\n", nn_model_size(net),
           noise * noise);
    printf("%5s  %9s  %9s  %s\n", "step", "learned", "held out", "gap");
    double best = 1e9, first = 0, train = 0, held_out = 0;
    int best_step = 0;
    for (int step = 0; step <= STEPS; step++) {
        if (step % 20 == 0) {
            train = error_on(nn, &n, x, t, TRAIN);
            held_out = error_on(nn, &n, other_x, other_t, HELD_OUT);
            if (held_out < best) best = held_out, best_step = step;
            if (step == 0) first = held_out;
        }
        if (step == 0 || step == 20 || step == 60 || step == 200 || step % 1000 == 0)
            printf("%5d  %9.4f  %9.4f  %.4f\n", step, train, held_out, held_out - train);
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *y = forward(&n, nn_input(nn, x, nn_shape2(TRAIN, 1)));
        nn_backward(nn_mse(y, nn_input(nn, t, nn_shape2(TRAIN, 1))));
        nn_step(opt);
    }
    printf("held out it was lowest, %.4f, after %d steps\n", best, best_step);

    const int fell = train < noise * noise / 4, rose = best < first / 2 && held_out > 1.5 * best;
    printf("\nexpected: what is learned falls below the noise, the rest falls and rises\n");
    printf("got:      %s, %s\n", fell ? "it falls" : "no", rose ? "falls and rises" : "no");
    nn_destroy(nn);
    return !(fell && rose);
}
