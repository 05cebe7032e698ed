/* A recurrent network unrolled: 12 layers, all the same. Here each has a copy of W, which gets a
 * gradient of its own; the gradient that backpropagation through time gives for the one W is their
 * sum. (Their lengths add up to more: they do not all point the same way.) And how much of it is
 * missing if one goes back through the last few steps only?
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 8, TIME = 12, IN = 4, UNITS = 16 };

/* [unrolled] */
/* s_t = tanh(U x_t + W s_(t-1) + b), each step with a copy w[t] of W; gives the last state. */
static nn_tensor *unrolled(const nn_rnn_cell *cell, nn_tensor *x, nn_tensor *w[TIME])
{
    nn_ctx *nn = x->ctx;
    nn_tensor *u = nn_transpose(cell->weight_ih, 0, 1), *b = nn_add(cell->bias_ih, cell->bias_hh);
    nn_tensor *s = nn_full(nn, nn_shape2(N, UNITS), 0);
    for (int t = 0; t < TIME; t++) {
        nn_tensor *xt = nn_reshape(nn_slice(x, 1, t, t + 1), nn_shape2(N, IN));
        w[t] = nn_requires_grad(nn_input(nn, cell->weight_hh->data, cell->weight_hh->shape));
        nn_tensor *from_before = nn_matmul(s, nn_transpose(w[t], 0, 1));
        s = nn_tanh(nn_add(nn_add(nn_matmul(xt, u), b), from_before));
    }
    return s;
}
/* [/unrolled] */

static double distance(const nn_real *a, const double *b, int n) /* a NULL: length of b */
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double d = (a ? (double)a[i] : 0) - b[i];
        sum += d * d;
    }
    return sqrt(sum);
}

int main(int argc, char **argv) /* 13_unrolled [SEED] */
{
    enum { SIZE = UNITS * UNITS };
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 13);
    nn_model *model = nn_model_new(nn);
    const nn_rnn rnn = nn_rnn_new(model, "rnn", IN, UNITS);
    nn_tensor *x = nn_randn(nn, nn_shape3(N, TIME, IN)), *w[TIME];
    nn_tensor *target = nn_randn(nn, nn_shape2(N, UNITS));

    nn_tensor *folded = nn_reshape(nn_rnn_forward(&rnn, x, NULL, NULL).h, nn_shape2(N, UNITS));
    nn_backward(nn_mse(folded, target));
    nn_real full[SIZE];
    memcpy(full, rnn.cell[0].weight_hh->grad, sizeof full);

    nn_tensor *last = unrolled(&rnn.cell[0], x, w);
    nn_backward(nn_mse(last, target));
    double state = 0, none[SIZE] = {0}, sum[SIZE] = {0};
    for (size_t i = 0; i < last->size; i++)
        state = fmax(state, fabs((double)last->data[i] - (double)folded->data[i]));

    const double length = distance(full, none, SIZE);
    printf("== the gradient of W, a loss of the last state\n"
           "step  its length    missing without those before\n");
    double missing = 0;
    for (int t = TIME - 1; t >= 0; t--) {
        for (int i = 0; i < SIZE; i++) sum[i] += (double)w[t]->grad[i];
        missing = distance(full, sum, SIZE) / length;
        printf("%4d %10.2f %%", t + 1, 100 * distance(w[t]->grad, none, SIZE) / length);
        if (t > 0) printf(" %12.2f %%", 100 * missing);
        printf("\n");
    }
    const int same = state < 1e-6 && missing < 1e-5;
    printf("\nexpected: folded and unrolled, the same states; gradients that add up: yes\n");
    printf("got:      %s\n", same ? "yes" : "no");
    const int ok = nn_ok(nn) && same;
    nn_destroy(nn);
    return !ok;
}
