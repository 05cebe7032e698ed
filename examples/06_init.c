/* How weights should begin. Units that begin alike stay alike. And in a deep network weights that
 * are too small make everything fade, while too large ones saturate the units, and the gradient
 * explodes.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DEPTH = 20, WIDTH = 64, N = 128 };

/* XOR with 4 hidden units after 2000 steps, their weights all the same at first, or random. Gives
 * how far the hidden units' weights differ. */
static double train_xor(nn_ctx *nn, int alike, int *right)
{
    const nn_real inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, targets[4] = {0, 1, 1, 0};
    nn_model *net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", 2, 4), fc2 = nn_linear_new(net, "fc2", 4, 1);
    for (int i = 0; alike && i < net->n_params; i++)
        for (size_t k = 0; k < net->param[i]->size; k++) net->param[i]->data[k] = 0.5f;
    nn_optimizer *opt = nn_sgd(net, 0.5f);
    for (int step = 0; step < 2000; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_input(nn, inputs[0], nn_shape2(4, 2));
        nn_tensor *y = nn_sigmoid(nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, x))));
        nn_backward(nn_mean(nn_square(nn_sub(y, nn_input(nn, targets, nn_shape2(4, 1))))));
        nn_step(opt);
        *right = 0;
        for (int i = 0; i < 4; i++) *right += (y->data[i] > 0.5f) == (targets[i] > 0.5f);
    }
    double most = 0;
    for (int k = 0; k < 8; k++) /* every unit's weights against those of unit 0 */
        most = fmax(most, fabs((double)(fc1.weight->data[k] - fc1.weight->data[k % 2])));
    return most;
}

/* One line: spread of the outputs of some layers, mean slope of tanh in the last, and gradients of
 * the first and the last layer's weights. Gives that of the first. */
static double show_depth(nn_ctx *nn, const char *name, double std)
{
    nn_seed(nn, 42);
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_tensor *y[DEPTH + 1];
    y[0] = nn_randn(nn, nn_shape2(N, WIDTH));
    for (int l = 1; l <= DEPTH; l++) {
        char layer[8];
        snprintf(layer, sizeof layer, "%d", l);
        nn_linear fc = nn_linear_new(net, layer, WIDTH, WIDTH);
        for (int k = 0; k < WIDTH * WIDTH; k++)
            fc.weight->data[k] = nn_normal(nn, 0, (nn_real)std);
        for (int k = 0; k < WIDTH; k++) fc.bias->data[k] = 0;
        y[l] = nn_tanh(nn_linear_forward(&fc, y[l - 1]));
    }
    nn_backward(nn_mean(y[DEPTH]));
    double first = 0, last = 0;
    printf("%s", name);
    for (int l = 1; l <= DEPTH; l += l == 1 ? 4 : 5) printf(" %8.2g", (double)nn_stats(y[l]).std);
    double slope = 0;
    for (int k = 0; k < N * WIDTH; k++) {
        const double last_y = (double)y[DEPTH]->data[k];
        slope += 1 - last_y * last_y;
    }
    for (int k = 0; k < WIDTH * WIDTH; k++) {
        const double a = (double)net->param[0]->grad[k];
        const double b = (double)net->param[2 * DEPTH - 2]->grad[k];
        first += a * a, last += b * b;
    }
    first = sqrt(first) / WIDTH, last = sqrt(last) / WIDTH; /* of a weight, root mean square */
    printf("  %5.2f  %8.1e %8.1e\n", slope / (N * WIDTH), first, last);
    return first;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    int right_alike, right_random;
    printf("== units that begin alike\n");
    const double alike = train_xor(nn, 1, &right_alike), random = train_xor(nn, 0, &right_random);
    printf("all weights 0.5:  units differ by %.3g, %d of 4 right\n", alike, right_alike);
    printf("random weights:   units differ by %.3g, %d of 4 right\n", random, right_random);

    printf("\n== through 20 layers of 64 tanh units\n");
    printf("spread of w       spread of y in layer                          slope   gradient in\n"
           "                         1        5       10       15       20  in 20         1       20"
           "\n");
    const double small = show_depth(nn, "0.01             ", 0.01);
    const double good = show_depth(nn, "1/8 = 1/sqrt 64  ", 1 / 8.0);
    const double large = show_depth(nn, "1                ", 1);
    const int ok = alike == 0 && random > 0.1 && right_alike < 4 && right_random == 4 &&
                   small < 1e-20 && good > 1e-5 && good < 1e-2 && large > 1;
    printf("\nexpected: alike stay alike; 0.01 fades, 1/8 holds, 1 saturates and explodes\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
