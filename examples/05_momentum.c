/* Momentum: what the velocity does on a slope and in a valley; and rates of each number's own.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

/* Steps until L(a, b) = (a^2 + kappa b^2) / 2 is below 1e-6, from (4, 1); 0 if 9999 are too few. */
static int steps_needed(nn_optimizer *opt, nn_real kappa)
{
    nn_tensor *w = opt->model->param[0];
    w->data[0] = 4;
    w->data[1] = 1;
    for (int step = 1; step <= 9999; step++) {
        w->grad[0] = w->data[0];
        w->grad[1] = kappa * w->data[1];
        nn_step(opt);
        if (w->data[0] * w->data[0] + kappa * w->data[1] * w->data[1] < 2e-6f) return step;
    }
    return 0;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));

    printf("== on a constant slope\nslope 1, lr 0.01, beta 0.9: v = beta v - lr g adds up\n");
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

    printf("\n== a valley, kappa times as steep across as along\n"
           "steps from (4, 1) until L is below 1e-6; in brackets lr, beta\n");
    int sgd = 0, momentum = 0, good = 1;
    for (int kappa = 10; kappa <= 1000; kappa *= 10) {
        /* What is best in the long run for curvatures 1 and kappa: of SGD and momentum (Polyak
         * 1964), of Nesterov (Lessard, Recht and Packard 2016). */
        const double K = kappa, r = sqrt(K), left = (r - 1) / (r + 1), q = sqrt(3 * K + 1);
        nn_optimizer *rule[3] = {
            nn_sgd(net, (nn_real)(2 / (1 + K))),
            nn_momentum(net, (nn_real)(4 / ((1 + r) * (1 + r))), (nn_real)(left * left)),
            nn_nesterov(net, (nn_real)(4 / (3 * K + 1)), (nn_real)((q - 2) / (q + 2)))};
        int steps[3];
        printf("kappa %4d:", kappa);
        for (int i = 0; i < 3; i++) {
            steps[i] = steps_needed(rule[i], (nn_real)kappa);
            printf("  %s %*d (%.4f", rule[i]->rule, i ? 3 : 4, steps[i], (double)rule[i]->lr);
            if (i) printf(", %.2f", (double)rule[i]->beta1);
            printf(")");
        }
        printf("\n");
        sgd = steps[0], momentum = steps[1];
        good = good && momentum && steps[2] && momentum < sgd;
    }

    /* What a unit of gradient moves a weight: lr / sqrt(state), for one weight whose gradient is
     * always 1, and one that is rare, 1 at every tenth step. */
    printf("\n== rates: what a unit of gradient moves a weight\n"
           "AdaGrad lr 0.1, RMSprop lr 0.01; always a gradient, one time in ten; none after 200\n");
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
    printf("\nexpected: v = -0.1; for kappa = 1000 momentum needs less than a tenth of SGD's "
           "steps; AdaGrad's rates never rise\n");
    printf("got:      %s\n", good ? "yes" : "no");
    nn_destroy(nn);
    return !good;
}
