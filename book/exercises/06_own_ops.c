/* Exercise 6.3: the way back (code, 20 minutes).
 *
 * Two operations have a forward and no backward. Softsign is y = x / (1 + |x|) for each number; its
 * slope is 1 / (1 + |x|)^2. Centring takes from each number the mean of its row, so that every
 * y of a row depends on every x of it. Remember: y->grad has come from the loss, and what you find
 * is added to x->grad.
 */
#include "../exercises/check.h"

enum { ROWS = 3, D = 4 };

static void softsign_backward(nn_tensor *y)
{
    nn_tensor *x = y->in[0];
    /* Your code, instead of the lines down to END: */
    (void)x;
    /* END */
}

/* y_j = x_j - (the sum of x_i over the row) / D */
static void centre_backward(nn_tensor *y)
{
    nn_tensor *x = y->in[0];
    /* Your code, instead of the lines down to END: */
    (void)x;
    /* END */
}

static nn_tensor *softsign(nn_tensor *x)
{
    if (!nn_op_check("softsign", &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("softsign", x->shape, &x, 1, softsign_backward, 0);
    for (size_t i = 0; i < y->size; i++)
        y->data[i] = x->data[i] / (1 + (x->data[i] < 0 ? -x->data[i] : x->data[i]));
    return nn_op_done(y);
}

static nn_tensor *centre(nn_tensor *x) /* [.., D] */
{
    if (!nn_op_check("centre", &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("centre", x->shape, &x, 1, centre_backward, 0);
    for (size_t row = 0; row < y->size; row += D) {
        nn_real mean = 0;
        for (size_t j = 0; j < D; j++) mean += x->data[row + j] / D;
        for (size_t j = 0; j < D; j++) y->data[row + j] = x->data[row + j] - mean;
    }
    return nn_op_done(y);
}

static nn_tensor *loss_of_softsign(void *x) { return nn_mean(nn_square(softsign((nn_tensor *)x))); }

static nn_tensor *loss_of_centre(void *x) { return nn_mean(nn_exp(centre((nn_tensor *)x))); }

static nn_tensor *loss_of_both(void *x) /* x is used twice */
{
    return nn_mean(nn_mul(softsign((nn_tensor *)x), nn_exp(centre((nn_tensor *)x))));
}

static void check(const char *name, nn_model *model, nn_tensor *(*loss)(void *x), nn_tensor *x)
{
    const nn_gradcheck_result r = nn_gradcheck(model, loss, x, 0.01f);
    printf("%s: worst is x[%d], difference %.4f, yours %.4f\n", name, (int)r.index, r.difference,
           r.backward);
    expect_near("error of the gradient", r.error, 0, 0.002);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_tensor *x = nn_param(model, "", "x", nn_shape2(ROWS, D));
    for (size_t i = 0; i < x->size; i++) x->data[i] = nn_normal(nn, 0, 1);
    check("softsign", model, loss_of_softsign, x);
    check("centre", model, loss_of_centre, x);
    check("both, from one x", model, loss_of_both, x);
    nn_destroy(nn);
    return check_done();
}
