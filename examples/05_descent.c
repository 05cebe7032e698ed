/* Gradient descent on a function whose gradient we know: L(a, b) = (a^2 + 10 b^2) / 2, a valley
 * that is ten times as steep across as along. Its curvatures are 1 and c = 10.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static double loss(const nn_real *w)
{
    return ((double)w[0] * (double)w[0] + 10 * (double)w[1] * (double)w[1]) / 2;
}

/* From (4, 1): so many steps of one learning rate. Prints every every-th place if that is not 0. */
static double descend(nn_model *net, nn_real lr, int steps, int every)
{
    nn_tensor *w = net->param[0];
    nn_optimizer *opt = nn_sgd(net, lr);
    w->data[0] = 4;
    w->data[1] = 1;
    /* [loop] */
    for (int step = 0; step < steps; step++) {
        if (every && step % every == 0)
            printf("step %2d: w = (%.3f, %.3f)   gradient (%.3f, %5.2f)   L = %.3g\n", step,
                   (double)w->data[0], (double)w->data[1], (double)w->data[0],
                   10 * (double)w->data[1], loss(w->data));
        w->grad[0] = w->data[0];      /* dL/da = a */
        w->grad[1] = 10 * w->data[1]; /* dL/db = 10 b */
        nn_step(opt);                 /* w = w - lr * gradient */
    }
    /* [/loop] */
    return loss(w->data);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    nn_param(net, "", "w", nn_shape1(2)); /* the place we are at */

    printf("== the way down, learning rate 0.15\n");
    descend(net, 0.15f, 21, 2);

    /* A step multiplies a by 1 - lr and b by 1 - 10 lr. It shrinks both as long as that is above -1
     * for the largest curvature, 1 - c lr > -1: lr < 2 / c. */
    printf("\n== L after 100 steps\nfrom (4, 1), 100 steps; 2 / c = 0.2\n");
    static const nn_real rates[] = {0.001f, 0.01f, 0.05f, 0.1f, 0.18f, 0.19f, 0.21f, 0.22f, 0.25f};
    double result[9];
    for (int i = 0; i < 9; i++) {
        result[i] = descend(net, rates[i], 100, 0);
        printf("lr %.3f: a step leaves %.3f of |a|, %.2f of |b|; L = %.3g%s\n", (double)rates[i],
               fabs(1 - (double)rates[i]), fabs(1 - 10 * (double)rates[i]), result[i],
               result[i] > 13 ? ": away from it" : "");
    }
    printf("\nexpected: L falls from 13 below the limit 2 / c and grows above it\n");
    int right = 0;
    for (int i = 0; i < 9; i++) right += (result[i] < 13) == (rates[i] < 0.2f);
    printf("got:      %d of 9 learning rates\n", right);
    nn_destroy(nn);
    return right != 9;
}
