/* One wrong number among twenty: the line of least squares follows it, those of least absolute
 * error and of Huber's loss, which is smooth as well, hardly follow.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 20, LOSSES = 3 };

static nn_tensor *huber(nn_tensor *y, nn_tensor *t) { return nn_huber(y, t, 0.5f); }

/* Gives the slope and the height of the line of least loss. */
static void fit(nn_tensor *(*loss)(nn_tensor *y, nn_tensor *t), const nn_real *x, const nn_real *t,
                double line[2])
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_linear unit = nn_linear_new(model, "line", 1, 1);
    nn_optimizer *opt = nn_adam(model, 0.1f);
    for (int step = 0; step < 2000; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        opt->lr = 0.1f * (1 - (nn_real)step / 2000); /* |d| does not get flat at its minimum */
        /* [fit] */
        nn_tensor *y = nn_linear_forward(&unit, nn_input(nn, x, nn_shape2(N, 1)));
        nn_backward(loss(y, nn_input(nn, t, nn_shape2(N, 1))));
        nn_step(opt);
        /* [/fit] */
    }
    line[0] = (double)unit.weight->data[0];
    line[1] = (double)unit.bias->data[0];
    nn_destroy(nn);
}

int main(void)
{
    nn_ctx *nn = nn_create(7);
    nn_real x[N], t[N];
    for (int i = 0; i < N; i++) { /* 2 x + 1 and noise */
        x[i] = (nn_real)i / N;
        t[i] = 2 * x[i] + 1 + nn_normal(nn, 0, 0.1f);
    }
    nn_destroy(nn);

    static const char *const name[LOSSES] = {"MSE", "MAE", "Huber, delta 0.5"};
    nn_tensor *(*const loss[LOSSES])(nn_tensor *, nn_tensor *) = {nn_mse, nn_mae, huber};
    double clean[LOSSES][2], wrong[LOSSES][2], moved[LOSSES];
    for (int i = 0; i < LOSSES; i++) fit(loss[i], x, t, clean[i]);
    t[N - 1] = -10; /* a slip of the pen */
    printf("== one wrong number\n");
    printf("loss               20 good samples      one of them at -10    slope moved by\n");
    for (int i = 0; i < LOSSES; i++) {
        fit(loss[i], x, t, wrong[i]);
        moved[i] = fabs(wrong[i][0] - clean[i][0]);
        printf("%-16s   t = %5.2f x %+.2f    t = %5.2f x %+.2f     %.2f\n", name[i], clean[i][0],
               clean[i][1], wrong[i][0], wrong[i][1], moved[i]);
    }

    const int good = moved[0] > 1 && moved[1] < 0.3 && moved[2] < 0.3;
    printf("\nexpected: the slope moves by more than 1 (MSE) and less than 0.3 (the others)\n");
    printf("got:      %.2f, %.2f and %.2f\n", moved[0], moved[1], moved[2]);
    return !good;
}
