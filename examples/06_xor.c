/* XOR: no line parts the points where one input is on from the others, so one neuron cannot learn
 * it (chapter 2); two layers can.
 *
 *     06_xor [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

int main(int argc, char **argv)
{
    const nn_real inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, targets[4] = {0, 1, 1, 0};

    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 42);
    nn_model *net = nn_model_new(nn);
    nn_linear hidden = nn_linear_new(net, "hidden", 2, 8);
    nn_linear output = nn_linear_new(net, "output", 8, 1);
    nn_optimizer *opt = nn_adam(net, 0.05f);

    nn_tensor *y = NULL;
    /* [loop] */
    for (int step = 0; step <= 500; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_input(nn, inputs[0], nn_shape2(4, 2));
        nn_tensor *t = nn_input(nn, targets, nn_shape2(4, 1));
        nn_tensor *y1 = nn_tanh(nn_linear_forward(&hidden, x)); /* [4, 8] */
        y = nn_sigmoid(nn_linear_forward(&output, y1));         /* [4, 1] */
        nn_tensor *loss = nn_mean(nn_square(nn_sub(y, t)));
        nn_backward(loss);
        nn_step(opt);
        if (step % 100 == 0) printf("step %3d: loss %.4f\n", step, (double)nn_item(loss));
    }
    /* [/loop] */

    int right = 0;
    for (int i = 0; i < 4 && nn_ok(nn); i++) {
        printf("%g xor %g = %.2f\n", (double)inputs[i][0], (double)inputs[i][1],
               (double)y->data[i]);
        right += (y->data[i] > 0.5f) == (targets[i] > 0.5f);
    }
    printf("expected: 4 of 4 right\ngot:      %d of 4 right\n", right);
    nn_destroy(nn);
    return right != 4;
}
