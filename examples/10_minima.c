/* Minima of which one is the best: J(w) = w^2 / 10 + sin 2w. Where do plain descent, momentum and
 * noisy descent end, and how much noise is right?
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { STEPS = 1000, SAMPLES = 100, SIZES = 7 };
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

/* In which valley, from left to right: how many hill tops are left of w. */
static int valley(double w)
{
    static const double top[6] = {-9.227, -5.808, -2.482, 0.827, 4.140, 7.492};
    int n = 0;
    while (n < 6 && w > top[n]) n++;
    return n;
}

/* Each sample pulls by size, to the left or to the right. */
static void set_noise(nn_real *noise, double size)
{
    for (int i = 0; i < SAMPLES; i++) noise[i] = (nn_real)(i % 2 ? size : -size);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_tensor *w = nn_param(model, "", "w", nn_shape0());
    nn_real noise[SAMPLES];
    set_noise(noise, 3);
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

    static const double size[SIZES] = {0, 1, 1.6, 2, 3, 6, 10};
    int other[SIZES] = {0};                         /* ends in another valley */
    int left[SIZES] = {0}, right[SIZES] = {0}, share[SIZES] = {0}; /* in the best: from where */
    printf("\n== 10 runs from each start\n");
    printf("pull   other valley    in the best  30 from left   40 from right\n");
    for (int k = 0; k < SIZES; k++) {
        set_noise(noise, size[k]);
        for (int run = 0; run < 90; run++) {
            const int start = -8 + run / 10 * 2;
            const double end = descend(nn_sgd(model, 0.3f), w, start, noise);
            const int good = valley(end) == valley(best);
            other[k] += valley(end) != valley(start), share[k] += good;
            left[k] += good && start < -2, right[k] += good && start > 0;
        }
        printf("%5.1f %15d %15d %15d %15d\n", size[k], other[k], share[k], left[k], right[k]);
    }
    printf("\nexpected: momentum finds the best more often than plain descent; noise of 1 does not "
           "help,\n          1.6 from the left only, 2 helps, 10 is too much\n");
    const int ok = found[0] < found[1] && share[1] == share[0] && left[2] > 0 && right[2] == 0 &&
                   share[3] > 3 * share[0] && share[6] < share[3] / 2;
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
