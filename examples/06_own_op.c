/* An operation of one's own, softplus(x) = log(1 + e^x), outside nn.h: a forward, a backward, and a
 * check of the gradient. Then the same with a mistake in it, to see the check find it.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

/* y = log(1 + e^x): dx += dy / (1 + e^-x) */
static void softplus_backward(nn_tensor *y)
{
    nn_tensor *x = y->in[0];
    for (size_t i = 0; i < y->size; i++)
        x->grad[i] += y->grad[i] / (1 + (nn_real)exp(-(double)x->data[i]));
}

static void wrong_backward(nn_tensor *y) /* forgets to multiply with y->grad */
{
    nn_tensor *x = y->in[0];
    for (size_t i = 0; i < y->size; i++) x->grad[i] += 1 / (1 + (nn_real)exp(-(double)x->data[i]));
}

static nn_tensor *softplus_with(nn_tensor *x, void (*backward)(nn_tensor *y))
{
    if (!nn_op_check("softplus", &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("softplus", x->shape, &x, 1, backward, 0);
    for (size_t i = 0; i < y->size; i++) {
        const double v = (double)x->data[i]; /* e^-|v| cannot overflow */
        y->data[i] = (nn_real)(fmax(v, 0) + log1p(exp(-fabs(v))));
    }
    return nn_op_done(y);
}

static nn_tensor *softplus(nn_tensor *x) { return softplus_with(x, softplus_backward); }
#define softplus(x) softplus(NN_AT(x)) /* messages then tell the file and line of the caller */

/* For the check: a loss that depends on the parameter x through the operation. */
typedef struct example {
    nn_tensor *x;
    void (*backward)(nn_tensor *y);
} example;

static nn_tensor *loss_of(void *user)
{
    example *e = (example *)user;
    return nn_mean(nn_square(softplus_with(e->x, e->backward)));
}

static double show_check(const char *name, nn_gradcheck_result r)
{
    printf("%s: error %.1g; worst is %s[%d], backward %.4f, difference %.4f\n", name, r.error,
           r.name, (int)r.index, r.backward, r.difference);
    return r.error;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_tensor *x = nn_param(model, "", "x", nn_shape2(2, 3));
    for (size_t i = 0; i < x->size; i++) x->data[i] = nn_normal(nn, 0, 1);
    nn_print(x);
    nn_print(softplus(x));

    example right = {x, softplus_backward}, wrong = {x, wrong_backward};
    printf("\n== the check\n");
    const double good = show_check("right", nn_gradcheck(model, loss_of, &right, 0.01f));
    const double bad = show_check("wrong", nn_gradcheck(model, loss_of, &wrong, 0.01f));
    printf("\nexpected: the right gradient is off by less than 0.001, the wrong one by more than "
           "0.1\n");
    printf("got:      %s and %s\n", good < 0.001 ? "less" : "more", bad > 0.1 ? "more" : "less");
    nn_destroy(nn);
    return !(good < 0.001 && bad > 0.1);
}
