/* What reaches the first layers? Networks of 30 layers, 64 units each; the norm of the gradient by
 * the weights of some layers, on the way back from 30 to 1.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DEPTH = 30, WIDTH = 64, N = 64 };
enum { PLAIN, XAVIER, KAIMING }; /* plain: what nn_linear_new draws, within 1 / sqrt(64) */

/* [one] */
/* Prints a line, with the norms of some layers. Gives that of layer 1 divided by layer 30's. */
static double gradients(nn_ctx *nn, const char *text, nn_activation g, int start, int shortcut)
{
    nn_seed(nn, 42);
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_tensor *y = nn_randn(nn, nn_shape2(N, WIDTH));
    for (int l = 1; l <= DEPTH; l++) {
        char name[8];
        snprintf(name, sizeof name, "%d", l);
        nn_linear fc = nn_linear_new(net, name, WIDTH, WIDTH);
        if (start == XAVIER) nn_xavier_normal(fc.weight, 1);
        if (start == KAIMING) nn_kaiming_normal(fc.weight, 0, NN_FAN_IN);
        nn_tensor *next = nn_activate(nn_linear_forward(&fc, y), g);
        y = shortcut ? nn_add(y, next) : next;
    }
    nn_tensor *loss = nn_mse(y, nn_randn(nn, y->shape));
    nn_backward(loss);

    nn_diagnosis row[2 * DEPTH]; /* of each layer two: the linear part, then the activation */
    nn_diagnose(loss, row, 2 * DEPTH);
    printf("%-34s", text);
    for (int l = DEPTH; l >= 1; l -= l == 10 ? 9 : 10)
        printf(" %8.1e", row[2 * (l - 1)].param_grad);
    printf("\n");
    return row[0].param_grad / row[2 * (DEPTH - 1)].param_grad;
}
/* [/one] */

int main(void)
{
    nn_ctx *nn = nn_create(42);
    printf("== norm of the gradient of the weights in layer\n");
    printf("%-34s %8d %8d %8d %8d\n", "", 30, 20, 10, 1);
    const double sigmoid = gradients(nn, "sigmoid", NN_SIGMOID, PLAIN, 0);
    const double xavier = gradients(nn, "sigmoid, Xavier", NN_SIGMOID, XAVIER, 0);
    gradients(nn, "tanh", NN_TANH, PLAIN, 0);
    const double tanh_good = gradients(nn, "tanh, Xavier", NN_TANH, XAVIER, 0);
    gradients(nn, "ReLU", NN_RELU, PLAIN, 0);
    const double relu_good = gradients(nn, "ReLU, Kaiming", NN_RELU, KAIMING, 0);
    printf("\n== with shortcuts: y + g(W y + b)\n");
    const double shortcut = gradients(nn, "sigmoid, Xavier, shortcuts", NN_SIGMOID, XAVIER, 1);
    gradients(nn, "tanh, Xavier, shortcuts", NN_TANH, XAVIER, 1);

    const int ok = sigmoid < 1e-12 && xavier < 1e-9 && tanh_good > 0.1 && relu_good > 0.1 &&
                   shortcut > 0.01;
    printf("\nexpected: sigmoids lose the gradient; tanh with Xavier, ReLU with Kaiming, shortcuts "
           "keep it\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
