/* One neuron, then a layer of them: z = w x + b, y = 1 where z > 0. */
#define NN_IMPLEMENTATION
#include "../nn.h"

int main(void)
{
    /* Should I go out? Inputs: sunshine, a friend calls, rain. The first two weights are positive
     * (they excite the neuron), the third is negative (it inhibits it). */
    const nn_real w[3] = {1, 2, -3}, b = -0.5f;
    const nn_real x[4][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 1}, {1, 1, 0}};

    printf("== one neuron: w = (1, 2, -3), b = -0.5\n");
    for (int i = 0; i < 4; i++) {
        const nn_real z = nn_neuron(w, x[i], 3, b);
        printf("x = (%g, %g, %g)   z = %4.1f   y = %d\n", (double)x[i][0], (double)x[i][1],
               (double)x[i][2], (double)z, z > 0);
    }

    /* The bias is one more weight, of an input that is always 1: the same number, to the last bit.
     */
    const nn_real w0[4] = {b, 1, 2, -3}, x0[4] = {1, x[3][0], x[3][1], x[3][2]};
    const nn_real with_bias = nn_neuron(w, x[3], 3, b), augmented = nn_neuron(w0, x0, 4, 0);
    printf("\n== the bias as weight w0 of the input x0 = 1\nz = %g and z = %g\n", (double)with_bias,
           (double)augmented);

    /* A layer is many neurons on the same inputs, and a batch is many inputs at once: rows are
     * samples, X [4, 3], W [2, 3], b [2], so Z = X W^T + b is [4, 2]. */
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    nn_linear layer = nn_linear_new(net, "layer", 3, 2);
    const nn_real weights[2][3] = {{1, 2, -3}, {-1, 1, 1}}, biases[2] = {-0.5f, 0};
    memcpy(layer.weight->data, weights, sizeof weights);
    memcpy(layer.bias->data, biases, sizeof biases);
    nn_tensor *z = nn_linear_forward(&layer, nn_input(nn, x[0], nn_shape2(4, 3)));
    printf("\n== a layer of two neurons, a batch of four inputs\n");
    nn_print(z);

    int same = 0;
    for (int i = 0; i < 4; i++) same += z->data[2 * i] == nn_neuron(w, x[i], 3, b);
    printf("\nexpected: the layer's first column equals the neuron, 4 of 4, and both z are 2.5\n");
    printf("got:      %d of 4, %g and %g\n", same, (double)with_bias, (double)augmented);
    nn_destroy(nn);
    return !(same == 4 && with_bias == augmented);
}
