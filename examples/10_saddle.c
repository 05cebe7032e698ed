/* A saddle: J(a, b) = (a^2 - b^2) / 2 + b^4 / 4 is flat at (0, 0), which is a minimum along a and a
 * maximum along b. The minima are at (0, 1) and (0, -1). How many steps does it take to get away?
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MOST = 2000 };

/* [leave] */
/* Steps from (1, b) until |b| > 0.9, MOST if it stays. noise: standard deviation of what is added
 * to each gradient. */
static int leave(nn_optimizer *opt, double b, double noise)
{
    nn_tensor *w = opt->model->param[0];
    nn_ctx *nn = w->ctx;
    w->data[0] = 1, w->data[1] = (nn_real)b;
    for (int step = 0; step < MOST; step++) {
        if (fabs((double)w->data[1]) > 0.9) return step;
        nn_clear(nn);
        nn_zero_grad(opt->model);
        nn_tensor *p = nn_square(nn_slice(w, 0, 0, 1)), *q = nn_square(nn_slice(w, 0, 1, 2));
        nn_tensor *J = nn_add(nn_scale(nn_sub(p, q), 0.5f), nn_scale(nn_square(q), 0.25f));
        nn_backward(nn_sum(J));
        for (int i = 0; i < 2; i++)
            if (noise > 0) w->grad[i] += nn_normal(nn, 0, (nn_real)noise);
        nn_step(opt);
    }
    return MOST;
}
/* [/leave] */

int main(void)
{
    static const double first_b[3] = {0.1, 0.001, 0.00001};
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_param(model, "", "w", nn_shape1(2));
    int steps[3][3];
    printf("== steps until the saddle is left, from (1, b)\n");
    printf("b              descent   momentum       Adam\n");
    for (int k = 0; k < 3; k++) {
        steps[k][0] = leave(nn_sgd(model, 0.1f), first_b[k], 0);
        steps[k][1] = leave(nn_momentum(model, 0.1f, 0.9f), first_b[k], 0);
        steps[k][2] = leave(nn_adam(model, 0.1f), first_b[k], 0);
        printf("%-12.5f %9d %10d %10d\n", first_b[k], steps[k][0], steps[k][1], steps[k][2]);
    }
    const int stays = leave(nn_sgd(model, 0.1f), 0, 0);
    const int stays2 = leave(nn_momentum(model, 0.1f, 0.9f), 0, 0);
    const int stays3 = leave(nn_adam(model, 0.1f), 0, 0);
    printf("0            %9s %10s %10s\n", stays == MOST ? "never" : "it does",
           stays2 == MOST ? "never" : "it does", stays3 == MOST ? "never" : "it does");
    const int noisy = leave(nn_sgd(model, 0.1f), 0, 0.01);
    printf("0, with noise %8d\n", noisy);

    const int ok = stays == MOST && stays2 == MOST && stays3 == MOST && noisy < 200 &&
                   steps[2][1] < steps[2][0] && steps[2][2] < steps[2][1];
    printf("\nexpected: from b = 0 nothing leaves but with noise; near it momentum is faster than "
           "descent,\n          Adam faster still\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
