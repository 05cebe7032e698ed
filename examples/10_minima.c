/* Minima of which one is the best: J(w) = w^2 / 10 + sin 2w, and four ways to meet them. Then a
 * small network that is started eight times.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { STEPS = 1000, SAMPLES = 100, POINTS = 40, UNITS = 2 };
static const double best = -0.7479; /* where the global minimum is: w / 5 + 2 cos 2w = 0 */

/* [descend] */
/* Descends from w = start; gives where it ends. noise: a list of SAMPLES numbers with mean 0. The
 * loss of sample i is J(w) + noise[i] w, so that J is their mean, and one sample a step makes the
 * descent stochastic; NULL: all samples in each step. */
static double descend(nn_optimizer *opt, nn_tensor *w, double start, const nn_real *noise)
{
    nn_ctx *nn = w->ctx;
    const nn_real lr = opt->lr;
    w->data[0] = (nn_real)start;
    for (int step = 0; step < STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(opt->model);
        nn_tensor *J = nn_add(nn_scale(nn_square(w), 0.1f), nn_sin(nn_scale(w, 2)));
        if (noise) J = nn_add(J, nn_scale(w, noise[nn_randint(nn, 0, SAMPLES)]));
        nn_backward(J);
        if (noise) opt->lr = nn_cosine_annealing_lr(lr, 0, STEPS, step); /* to come to rest */
        nn_step(opt);
    }
    return (double)w->data[0];
}
/* [/descend] */

/* Fits UNITS tanh units to the first half of the points; gives the mean squared error there, and in
 * *held_out that of the other half. */
static double fit(nn_ctx *nn, int seed, const nn_real *x, const nn_real *y, double *held_out)
{
    const int half = POINTS / 2;
    double error[2] = {0, 0};
    nn_seed(nn, (uint64_t)seed);
    nn_model *model = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(model, "fc1", 1, UNITS);
    nn_linear fc2 = nn_linear_new(model, "fc2", UNITS, 1);
    nn_optimizer *opt = nn_momentum(model, 0.1f, 0.9f);
    for (int step = 0; step <= 1500; step++) {
        const int part = step == 1500; /* after the last step: what was held out */
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *in = nn_input(nn, x + part * half, nn_shape2(half, 1));
        nn_tensor *z = nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, in)));
        nn_tensor *loss = nn_mse(z, nn_input(nn, y + part * half, nn_shape2(half, 1)));
        error[part] = (double)nn_item(loss);
        nn_backward(loss);
        if (!part) nn_step(opt);
    }
    *held_out = error[1];
    return error[0];
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_tensor *w = nn_param(model, "", "w", nn_shape0());
    nn_real noise[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) noise[i] = i % 2 ? 3 : -3;
    int found[3] = {0, 0, 0};
    printf("== where it ends (the best is at %.3f)\n", best);
    printf("start    descent    momentum    one sample at a time, 5 times\n");
    for (int start = -8; start <= 8; start += 2) {
        const double plain = descend(nn_sgd(model, 0.1f), w, start, NULL);
        const double momentum = descend(nn_momentum(model, 0.1f, 0.95f), w, start, NULL);
        printf("%5d   %8.3f    %8.3f   ", start, plain, momentum);
        for (int k = 0; k < 5; k++) {
            const double end = descend(nn_sgd(model, 0.3f), w, start, noise);
            printf(" %7.3f", end);
            found[2] += fabs(end - best) < 0.1;
        }
        printf("\n");
        found[0] += fabs(plain - best) < 0.01, found[1] += fabs(momentum - best) < 0.01;
    }
    printf("best: %d of 9, %d of 9, %d of 45\n", found[0], found[1], found[2]);

    printf("\n== a network, started 8 times\nstart   learned from    held out\n");
    nn_real x[POINTS], y[POINTS];
    for (int i = 0; i < POINTS; i++) x[i] = nn_uniform(nn, -2, 2);
    nn_clear(nn);
    nn_tensor *wave = nn_sin(nn_scale(nn_input(nn, x, nn_shape1(POINTS)), 3));
    for (int i = 0; i < POINTS; i++) y[i] = wave->data[i] + nn_normal(nn, 0, 0.1f);
    double chosen = HUGE_VAL, worst = 0;
    for (int seed = 1; seed <= 8; seed++) {
        double held_out;
        const double learned = fit(nn, seed, x, y, &held_out);
        printf("%5d   %12.3f %11.3f\n", seed, learned, held_out);
        chosen = fmin(chosen, held_out), worst = fmax(worst, held_out);
    }
    printf("chosen by what was held out: %.3f; the worst has %.3f\n", chosen, worst);
    printf("\nexpected: descent ends in the nearest minimum, momentum finds the best more "
           "often, noise even more;\n          the networks' errors differ more than 5 times\n");
    const int ok = found[0] < found[1] && 5 * found[1] < found[2] && worst > 5 * chosen;
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
