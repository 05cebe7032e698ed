/* How weights should begin. Units that begin alike stay alike. And in a deep network weights that
 * are too small make everything fade, while too large ones saturate the units, and the gradient
 * explodes.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DEPTH = 20, WIDTH = 64, N = 128 };

/* XOR with 4 hidden units after 2000 steps, all weights the same at first, or random. Prints and
 * gives how far the hidden units' weights differ. */
static double train_xor(nn_ctx *nn, const char *name, int alike, int *right)
{
    const nn_real inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, targets[4] = {0, 1, 1, 0};
    nn_model *net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", 2, 4), fc2 = nn_linear_new(net, "fc2", 4, 1);
    for (int i = 0; alike && i < net->n_params; i++)
        for (size_t k = 0; k < net->param[i]->size; k++) net->param[i]->data[k] = 0.5f;
    nn_optimizer *opt = nn_sgd(net, 0.5f);
    nn_tensor *y = NULL;
    for (int step = 0; step < 2000; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_input(nn, inputs[0], nn_shape2(4, 2));
        y = nn_sigmoid(nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, x))));
        nn_backward(nn_mean(nn_square(nn_sub(y, nn_input(nn, targets, nn_shape2(4, 1))))));
        nn_step(opt);
    }
    double most = 0;
    for (int k = 0; k < 8; k++) /* every unit's weights against those of unit 0 */
        most = fmax(most, fabs((double)(fc1.weight->data[k] - fc1.weight->data[k % 2])));
    *right = 0;
    for (int k = 0; k < 4; k++) *right += (y->data[k] > 0.5f) == (targets[k] > 0.5f);
    printf("%-17s units differ by %.3g, %d of 4 right\n", name, most, *right);
    return most;
}

static double rms(const nn_real *x, size_t n) /* root mean square: the size of a typical number */
{
    double squares = 0;
    for (size_t k = 0; k < n; k++) squares += (double)x[k] * (double)x[k];
    return sqrt(squares / (double)n);
}

/* One line of the table. Gives the size of the gradient in the first layer's weights. */
static double show_depth(nn_ctx *nn, const char *name, double std)
{
    nn_seed(nn, 42);
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_tensor *y[DEPTH + 1] = {nn_randn(nn, nn_shape2(N, WIDTH))}, *z[DEPTH + 1], *w[DEPTH + 1];
    for (int l = 1; l <= DEPTH; l++) {
        const char layer[2] = {(char)('a' + l), 0};
        nn_linear fc = nn_linear_new(net, layer, WIDTH, WIDTH);
        w[l] = fc.weight;
        for (int k = 0; k < WIDTH * WIDTH; k++) w[l]->data[k] = nn_normal(nn, 0, (nn_real)std);
        for (int k = 0; k < WIDTH; k++) fc.bias->data[k] = 0;
        z[l] = nn_linear_forward(&fc, y[l - 1]);
        y[l] = nn_tanh(z[l]);
    }
    nn_backward(nn_mean(y[DEPTH]));
    nn_tensor *slope = nn_sub(nn_full(nn, nn_shape0(), 1), nn_square(y[DEPTH]));
    printf("%s %8.2g %8.2g %8.2g %6.2f %5.2f", name, (double)nn_stats(y[1]).std,
           (double)nn_stats(y[10]).std, (double)nn_stats(y[20]).std,
           (double)nn_item(nn_mean(slope)), rms(slope->data, slope->size));
    const double first = rms(w[1]->grad, w[1]->size), last = rms(w[DEPTH]->grad, w[1]->size);
    printf(" %8.1e %8.1e %8.1e %8.1e\n", rms(z[1]->grad, z[1]->size),
           rms(z[DEPTH]->grad, z[1]->size), first, last);
    return first;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    int right_alike, right_random;
    printf("== units that begin alike\n");
    const double alike = train_xor(nn, "all weights 0.5:", 1, &right_alike);
    const double random = train_xor(nn, "random weights:", 0, &right_random);

    printf("\n== through 20 layers of 64 tanh units\n");
    printf("spread of w       spread of y in layer      slope in 20   delta in layer    gradient "
           "in\n%26d %8d %8d   mean   rms %8d %8d %8d %8d\n", 1, 10, 20, 1, 20, 1, 20);
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
