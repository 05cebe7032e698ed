/* Backpropagation by hand: a network of 2 inputs, 2 hidden units (tanh) and 1 output (sigmoid,
 * binary cross-entropy), every intermediate in sight; then the same gradients by the graph, and by
 * moving each weight a little.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static const nn_real x[2] = {1, 0.5f}, t = 1; /* one sample and its target */

/* What nn_gradcheck needs: the loss as a function of the parameters. */
typedef struct network {
    nn_ctx *nn;
    nn_linear hidden, output;
} network;

static nn_tensor *loss_of(void *user)
{
    network *n = (network *)user;
    nn_tensor *z1 = nn_linear_forward(&n->hidden, nn_input(n->nn, x, nn_shape2(1, 2)));
    nn_tensor *z2 = nn_linear_forward(&n->output, nn_tanh(z1));
    return nn_scale(nn_log(nn_sigmoid(z2)), -1); /* the target is 1 */
}

int main(void)
{
    nn_real w1[2][2] = {{0.5f, -0.4f}, {0.3f, 0.8f}}, b1[2] = {0.1f, -0.2f};
    nn_real w2[2] = {0.7f, -0.6f}, b2 = 0.2f;

    printf("== forward\n");
    nn_real z1[2], y1[2];
    for (int i = 0; i < 2; i++) {
        z1[i] = w1[i][0] * x[0] + w1[i][1] * x[1] + b1[i];
        y1[i] = (nn_real)tanh((double)z1[i]);
        printf("z1[%d] = %7.4f   y1[%d] = tanh z1[%d]  = %7.4f\n", i, (double)z1[i], i, i,
               (double)y1[i]);
    }
    nn_real z2 = w2[0] * y1[0] + w2[1] * y1[1] + b2, y2 = (nn_real)(1 / (1 + exp(-(double)z2)));
    printf("z2    = %7.4f   y2    = sigmoid z2  = %7.4f\n", (double)z2, (double)y2);
    printf("loss  = -log y2 = %.4f, for the target is 1\n", -log((double)y2));

    printf("\n== backward: delta is the derivative of the loss by z\n");
    nn_real delta2 = y2 - t, delta1[2];
    printf("delta2    = y2 - t                        = %7.4f\n", (double)delta2);
    for (int i = 0; i < 2; i++) {
        delta1[i] = (1 - y1[i] * y1[i]) * w2[i] * delta2;
        printf("delta1[%d] = (1 - y1[%d]^2) w2[%d] delta2    = %7.4f\n", i, i, i,
               (double)delta1[i]);
    }
    nn_real dw1[4] = {delta1[0] * x[0], delta1[0] * x[1], delta1[1] * x[0], delta1[1] * x[1]};
    nn_real dw2[2] = {delta2 * y1[0], delta2 * y1[1]};

    /* The same by the graph: nn_backward walks through the operations from the last to the first.
     */
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    network n = {nn, nn_linear_new(net, "hidden", 2, 2), nn_linear_new(net, "output", 2, 1)};
    memcpy(n.hidden.weight->data, w1, sizeof w1);
    memcpy(n.hidden.bias->data, b1, sizeof b1);
    memcpy(n.output.weight->data, w2, sizeof w2);
    n.output.bias->data[0] = b2;
    nn_backward(loss_of(&n));

    printf("\n== gradients     by hand    by the graph\n");
    double difference = 0;
    const nn_real *by_hand[4] = {dw1, delta1, dw2, &delta2};
    for (int i = 0; i < net->n_params; i++)
        for (size_t j = 0; j < net->param[i]->size; j++) {
            const double hand = (double)by_hand[i][j], graph = (double)net->param[i]->grad[j];
            printf("%-13s[%d] %9.4f %9.4f\n", net->param[i]->name, (int)j, hand, graph);
            difference = fmax(difference, fabs(hand - graph));
        }

    const double error = nn_gradcheck(net, loss_of, &n, 0.01f).error;
    printf("\nexpected: hand and graph agree to 1e-6, finite differences to 1e-3 (float)\n");
    printf("got:      %s and %s\n", difference < 1e-6 ? "yes" : "no", error < 1e-3 ? "yes" : "no");
    nn_destroy(nn);
    return !(difference < 1e-6 && error < 1e-3);
}
