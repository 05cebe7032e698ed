/* Exercise 13.4: truncated backpropagation through time (code, 15 minutes).
 *
 * A stream of T numbers is too long to be learned from as a whole, so it is cut into windows. In
 * each: forget the graph of the window before (nn_clear), run the network over it, beginning with
 * the state in which the one before ended, and go backward. The state crosses the border, the
 * gradient does not. The gradients of all windows add up, for here no step is taken between them.
 */
#include "../exercises/check.h"

enum { T = 12, H = 3 };

typedef struct network {
    nn_model *model;
    nn_rnn rnn; /* from 1 number to H units */
    nn_linear out;
} network;

/* states [1, n, H] -> the sum of squared errors of these n steps */
static nn_tensor *loss_of(const network *net, nn_tensor *states, const nn_real *target)
{
    nn_tensor *y = nn_linear_forward(&net->out, states); /* [1, n, 1] */
    nn_tensor *d = nn_sub(y, nn_input(states->ctx, target, y->shape));
    return nn_sum(nn_mul(d, d));
}

/* Goes through x[T] in windows of `window` numbers, of which T is a multiple, and adds to the
 * gradients. state [H]: zeros at first, at the end the last state. Gives the sum of all losses. */
static double learn(nn_ctx *nn, const network *net, const nn_real *x, const nn_real *target,
                    int window, nn_real *state)
{
    double sum = 0;
    for (int start = 0; start < T; start += window) {
        /* Your code, instead of the lines down to END: */
        (void)nn, (void)net, (void)x, (void)target, (void)state, (void)loss_of;
        /* END */
    }
    return sum;
}

static double in_one_graph(nn_ctx *nn, const network *net, const nn_real *x, const nn_real *target,
                           int window, nn_real *state); /* below: the same by another way */

int main(void)
{
    static const int window[3] = {T, 4, 2};
    int operations = 0;
    nn_ctx *nn = nn_create(42);
    network net;
    net.model = nn_model_new(nn);
    net.rnn = nn_rnn_new(net.model, "rnn", 1, H);
    net.out = nn_linear_new(net.model, "out", H, 1);
    nn_real x[T], target[T];
    for (int t = 0; t < T; t++) x[t] = nn_uniform(nn, -1, 1), target[t] = t > 1 ? x[t - 2] : 0;
    for (int k = 0; k < 3; k++) {
        nn_real expected[H] = {0}, yours[H] = {0}, slope[64];
        nn_zero_grad(net.model);
        const double all = in_one_graph(nn, &net, x, target, window[k], expected);
        if (k == 0) operations = nn->n_tape; /* of one window, however long */
        int n = 0;
        for (int i = 0; i < net.model->n_params; n += (int)net.model->param[i++]->size)
            memcpy(slope + n, net.model->param[i]->grad, net.model->param[i]->size * sizeof *slope);
        nn_zero_grad(net.model);
        const double sum = learn(nn, &net, x, target, window[k], yours);
        printf("windows of %d\n", window[k]);
        expect_near("sum of the losses", sum, all, 1e-5);
        for (int j = 0; j < H; j++)
            expect_near("last state", (double)yours[j], (double)expected[j], 0);
        double worst = 0;
        n = 0;
        for (int i = 0; i < net.model->n_params; i++)
            for (size_t j = 0; j < net.model->param[i]->size; j++, n++)
                worst = fmax(worst, fabs((double)(net.model->param[i]->grad[j] - slope[n])));
        expect_near("largest error of a gradient", worst, 0, 1e-5);
        expect_near("operations in the graph", nn->n_tape, operations, 0);
        expect_near("slope by W[0]", (double)net.rnn.cell[0].weight_hh->grad[0], (double)slope[H],
                    1e-5);
    }
    nn_destroy(nn);
    return check_done();
}

/* The same in one graph, in which nn_detach ends the gradient. */
static double in_one_graph(nn_ctx *nn, const network *net, const nn_real *x, const nn_real *target,
                           int window, nn_real *state)
{
    nn_tensor *before = NULL, *sum = NULL;
    nn_clear(nn);
    for (int start = 0; start < T; start += window) {
        nn_tensor *in = nn_input(nn, x + start, nn_shape3(1, window, 1));
        const nn_rnn_result r = nn_rnn_forward(&net->rnn, in, before, NULL);
        nn_tensor *loss = loss_of(net, r.output, target + start);
        sum = sum ? nn_add(sum, loss) : loss;
        before = nn_detach(r.h);
    }
    nn_backward(sum);
    memcpy(state, before->data, H * sizeof *state);
    return (double)nn_item(sum);
}
