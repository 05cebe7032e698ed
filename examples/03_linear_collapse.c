/* Why activation functions: without them two linear layers are one, W2 (W1 x + b1) + b2 =
 * (W2 W1) x + (W2 b1 + b2). With tanh between them they are not, and no single layer can do it.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

/* Every linear layer f has f(a + b) - f(a) - f(b) + f(0) = 0. The rows of y are those four, in the
 * order 0, a, b, a + b; returns the largest of what is left. */
static double not_linear(const nn_tensor *y)
{
    const int d = y->shape.dim[1];
    double largest = 0;
    for (int j = 0; j < d; j++) {
        const nn_real *f = y->data + j;
        largest = fmax(largest, fabs((double)(f[3 * d] - f[d] - f[2 * d] + f[0])));
    }
    return largest;
}

static double difference(const nn_tensor *a, const nn_tensor *b)
{
    double largest = 0;
    for (size_t i = 0; i < a->size; i++)
        largest = fmax(largest, fabs((double)(a->data[i] - b->data[i])));
    return largest;
}

int main(void)
{
    const nn_real points[4][3] = {{0, 0, 0}, {1, -2, 0.5f}, {2, 1, -1}, {3, -1, -0.5f}};
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    nn_linear first = nn_linear_new(net, "first", 3, 5);
    nn_linear second = nn_linear_new(net, "second", 5, 2);
    nn_tensor *x = nn_input(nn, points[0], nn_shape2(4, 3)); /* a row each: 0, a, b, a + b */

    /* [collapse] */
    nn_tensor *two = nn_linear_forward(&second, nn_linear_forward(&first, x)); /* [4, 2] */
    nn_tensor *b1 = nn_reshape(first.bias, nn_shape2(1, 5));
    nn_linear one = {nn_matmul(second.weight, first.weight),                   /* [2, 3] */
                     nn_reshape(nn_linear_forward(&second, b1), nn_shape1(2))}; /* W2 b1 + b2 */
    /* [/collapse] */
    printf("== two layers, 3 to 5 to 2\n");
    nn_print(two);
    printf("== the one layer of weight W2 W1\n");
    nn_print(nn_linear_forward(&one, x));

    nn_tensor *curved = nn_linear_forward(&second, nn_tanh(nn_linear_forward(&first, x)));
    printf("== two layers with tanh between them\n");
    nn_print(curved);

    const double apart = difference(two, nn_linear_forward(&one, x));
    const double linear = not_linear(two), with_tanh = not_linear(curved);
    printf("\nf(a + b) - f(a) - f(b) + f(0): with tanh %.3f\n", with_tanh);
    printf("expected: two layers equal one to 1e-6; with tanh it is no linear layer\n");
    printf("got:      %s; %s\n", apart < 1e-6 && linear < 1e-6 ? "yes" : "no",
           with_tanh > 0.01 ? "it is not" : "it is");
    nn_destroy(nn);
    return !(apart < 1e-6 && linear < 1e-6 && with_tanh > 0.01);
}
