/* Exercise 17.2: what a gradient tells (code, 20 minutes).
 *
 * Somebody trains with others and sends no picture, only the gradient that one picture gave: of a
 * layer of 32 units with ReLU, and of a layer of 10 classes with softmax and cross-entropy.
 *
 *     z = W x + b,  so  dL/dW[j][i] = delta[j] x[i]  and  dL/db[j] = delta[j]
 */
#include "../exercises/check.h"

enum { PIXELS = 64, UNITS = 32, CLASSES = 10 };

/* dW [UNITS, PIXELS] and db [UNITS] of the first layer -> the picture x [PIXELS]. Units that were
 * off tell nothing: take the one that tells most. */
static void picture_of(const nn_real *dW, const nn_real *db, nn_real *x)
{
    /* Your code, instead of the lines down to END: */
    (void)dW, (void)db;
    for (int i = 0; i < PIXELS; i++) x[i] = 0;
    /* END */
}

/* db [CLASSES] of the last layer -> the label. What is delta of softmax with cross-entropy? */
static int label_of(const nn_real *db)
{
    /* Your code, instead of the lines down to END: */
    (void)db;
    return -1;
    /* END */
}

int main(void)
{
    static const char secret[] = " -####  "
                                 "    -## "
                                 "   -##  "
                                 "  ####- "
                                 "     ## "
                                 "#    ## "
                                 "#-  ##  "
                                 " ####-  ";
    const int label = 3;
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    const nn_linear fc1 = nn_linear_new(model, "fc1", PIXELS, UNITS);
    const nn_linear fc2 = nn_linear_new(model, "fc2", UNITS, CLASSES);
    nn_tensor *x = nn_full(nn, nn_shape2(1, PIXELS), 0);
    for (int i = 0; i < PIXELS; i++)
        x->data[i] = secret[i] == '#' ? 1 : secret[i] == '-' ? 0.5f : 0;
    nn_zero_grad(model);
    nn_tensor *h = nn_relu(nn_linear_forward(&fc1, x));
    nn_backward(nn_cross_entropy(nn_linear_forward(&fc2, h), &label));

    nn_real seen[PIXELS];
    double worst = 0;
    picture_of(fc1.weight->grad, fc1.bias->grad, seen);
    for (int i = 0; i < PIXELS; i++) {
        worst = fmax(worst, fabs((double)(seen[i] - x->data[i])));
        printf("%c%s", seen[i] > 0.75f ? '#' : seen[i] > 0.25f ? '-' : ' ', i % 8 < 7 ? "" : "\n");
    }
    expect_near("worst pixel, off by", worst, 0, 1e-4);
    expect_near("label", label_of(fc2.bias->grad), label, 0);
    nn_destroy(nn);
    return check_done();
}
