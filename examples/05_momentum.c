/* Momentum: what the velocity does on a slope and in a valley; and rates of each number's own.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

/* Steps until L(a, b) = (a^2 + k b^2) / 2 is below 1e-6, from (4, 1); 0 if 9999 are too few. */
static int steps_needed(nn_optimizer *opt, nn_real k)
{
    nn_tensor *w = opt->model->param[0];
    w->data[0] = 4;
    w->data[1] = 1;
    for (int step = 1; step <= 9999; step++) {
        w->grad[0] = w->data[0];
        w->grad[1] = k * w->data[1];
        nn_step(opt);
        if (w->data[0] * w->data[0] + k * w->data[1] * w->data[1] < 2e-6f) return step;
    }
    return 0;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));

    printf("== on a constant slope of 1, lr 0.01, beta 0.9: v = beta v - lr g adds up\n");
    nn_optimizer *opt = nn_momentum(net, 0.01f, 0.9f);
    w->grad[0] = 1;
    for (int step = 1; step <= 64; step++) {
        nn_step(opt);
        if ((step & (step - 1)) == 0) /* 1, 2, 4, .. */
            printf("step %2d: v = %.4f, w = %.3f\n", step, (double)opt->state[0][0][0],
                   (double)w->data[0]);
    }
    const double velocity = (double)opt->state[0][0][0];
    printf("lr g / (1 - beta) = 0.1: not a mean of gradients, but ten times a step of SGD\n");

    printf("\n== a valley, k times as steep across as along: steps to its bottom\n");
    int sgd = 0, momentum = 0, good = 1;
    for (int k = 10; k <= 1000; k *= 10) {
        /* for curvatures 1 and k the best settings of SGD and momentum (Polyak 1964) */
        const nn_real K = (nn_real)k, r = (nn_real)sqrt((double)k), beta = (r - 1) / (r + 1);
        sgd = steps_needed(nn_sgd(net, 2 / (1 + K)), K);
        momentum = steps_needed(nn_momentum(net, 4 / ((1 + r) * (1 + r)), beta * beta), K);
        const int nesterov = steps_needed(nn_nesterov(net, 1 / K, beta), K);
        printf("k = %4d: SGD %4d, momentum %3d, Nesterov %3d\n", k, sgd, momentum, nesterov);
        good = good && momentum && nesterov && momentum < sgd;
    }

    /* What a unit of gradient moves a weight: lr / sqrt(state), for one weight whose gradient is
     * always 1, and one that is rare, 1 at every tenth step. */
    printf("\n== rates: weight 0 always has a gradient, weight 1 one time in ten; none after "
           "200\n");
    nn_optimizer *adaptive[2] = {nn_adagrad(net, 0.1f), nn_rmsprop(net, 0.01f)};
    double before[2] = {1e9, 1e9};
    int never_rises = 1;
    for (int step = 1; step <= 400; step++) {
        w->grad[0] = step <= 200;
        w->grad[1] = step <= 200 && step % 10 == 1;
        for (int k = 0; k < 2; k++) nn_step(adaptive[k]);
        double rate[2][2];
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < 2; i++)
                rate[k][i] = (double)adaptive[k]->lr / sqrt((double)adaptive[k]->state[0][0][i]);
        if (step == 1 || step % 100 == 0)
            printf("step %3d: AdaGrad %.4f %.4f   RMSprop %.4f %.4f\n", step, rate[0][0],
                   rate[0][1], rate[1][0], rate[1][1]);
        for (int i = 0; i < 2; i++) {
            never_rises = never_rises && rate[0][i] <= before[i];
            before[i] = rate[0][i];
        }
    }

    good = good && fabs(velocity + 0.1) < 0.001 && 10 * momentum < sgd && never_rises;
    printf("\nexpected: v = -0.1; for k = 1000 momentum needs less than a tenth of SGD's steps; "
           "AdaGrad's rates never rise\n");
    printf("got:      %s\n", good ? "yes" : "no");
    nn_destroy(nn);
    return !good;
}
