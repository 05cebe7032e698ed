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
    nn_tensor *z_hidden = nn_linear_forward(&n->hidden, nn_input(n->nn, x, nn_shape2(1, 2)));
    nn_tensor *z = nn_linear_forward(&n->output, nn_tanh(z_hidden));
    return nn_scale(nn_log(nn_sigmoid(z)), -1); /* the target is 1 */
}

int main(void)
{
    const nn_real w[2][2] = {{0.5f, -0.4f}, {0.3f, 0.8f}}, b[2] = {0.1f, -0.2f}; /* hidden */
    const nn_real v[2] = {0.7f, -0.6f}, b_out = 0.2f;                            /* output */

    printf("== forward\n");
    nn_real z_hidden[2], y_hidden[2];
    for (int j = 0; j < 2; j++) {
        z_hidden[j] = w[j][0] * x[0] + w[j][1] * x[1] + b[j];
        y_hidden[j] = (nn_real)tanh((double)z_hidden[j]);
        printf("z%d = %7.4f   y%d = tanh z%d   = %7.4f\n", j + 1, (double)z_hidden[j], j + 1,
               j + 1, (double)y_hidden[j]);
    }
    const nn_real z = v[0] * y_hidden[0] + v[1] * y_hidden[1] + b_out;
    const nn_real y = (nn_real)(1 / (1 + exp(-(double)z)));
    printf("z  = %7.4f   y  = sigmoid z = %7.4f\n", (double)z, (double)y);
    printf("loss = -log y = %.4f, for the target is 1\n", -log((double)y));

    printf("\n== backward: delta is the derivative of the loss by z\n");
    nn_real delta = y - t, delta_hidden[2];
    printf("delta  = y - t               = %7.4f\n", (double)delta);
    for (int j = 0; j < 2; j++) {
        delta_hidden[j] = (1 - y_hidden[j] * y_hidden[j]) * v[j] * delta;
        printf("delta%d = (1 - y%d^2) v%d delta = %7.4f\n", j + 1, j + 1, j + 1,
               (double)delta_hidden[j]);
    }
    const nn_real dw[4] = {delta_hidden[0] * x[0], delta_hidden[0] * x[1],
                           delta_hidden[1] * x[0], delta_hidden[1] * x[1]};
    const nn_real dv[2] = {delta * y_hidden[0], delta * y_hidden[1]};

    /* The same by the graph: nn_backward walks through the operations from last to first. */
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    network n = {nn, nn_linear_new(net, "hidden", 2, 2), nn_linear_new(net, "output", 2, 1)};
    memcpy(n.hidden.weight->data, w, sizeof w);
    memcpy(n.hidden.bias->data, b, sizeof b);
    memcpy(n.output.weight->data, v, sizeof v);
    n.output.bias->data[0] = b_out;
    nn_backward(loss_of(&n));

    printf("\n== gradients     by hand    by the graph\n");
    double difference = 0;
    const nn_real *by_hand[4] = {dw, delta_hidden, dv, &delta};
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
