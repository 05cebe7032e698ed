/* Exercise 1.4: the same network in another order (code, 20 minutes).
 *
 * A network of 3 inputs, 4 hidden units and 2 outputs. Write the layer, then exchange two of its
 * hidden units in such a way that nobody outside can tell: every output stays the same.
 */
#include "../exercises/check.h"

enum { IN = 3, HIDDEN = 4, OUT = 2 };

typedef struct network {
    double w1[HIDDEN][IN], b1[HIDDEN]; /* to the hidden units */
    double w2[OUT][HIDDEN], b2[OUT];   /* to the outputs */
} network;

/* z[j] = w[j][0] x[0] + .. + w[j][in-1] x[in-1] + b[j] for each of the out units. w is [out, in] in
 * one piece, row after row: the row of unit j begins at w + j * in. */
static void layer(const double *w, const double *b, const double *x, int in, int out, double *z)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)x, (void)in;
    for (int j = 0; j < out; j++) z[j] = b[j];
    /* END */
}

static void forward(const network *n, const double *x, double *y)
{
    double h[HIDDEN];
    layer(n->w1[0], n->b1, x, IN, HIDDEN, h);
    for (int j = 0; j < HIDDEN; j++) h[j] = tanh(h[j]); /* any activation function would do */
    layer(n->w2[0], n->b2, h, HIDDEN, OUT, y);
}

static void swap(double *a, double *b)
{
    const double old = *a;
    *a = *b;
    *b = old;
}

/* Unit j takes the place of unit k, and k that of j. swap(&a, &b) exchanges two numbers. */
static void exchange(network *n, int j, int k)
{
    (void)swap;
    /* Your code, instead of the lines down to END: */
    (void)n, (void)j, (void)k;
    /* END */
}

int main(void)
{
    network n = {{{1, 2, -3}, {-1, 1, 1}, {0.5, -0.5, 2}, {0, 1, -1}},
                 {-0.5, 0, 0.25, 1},
                 {{1, -2, 0.5, 3}, {-1, 0.25, 2, 1}},
                 {0.1, -0.2}};
    const double x[2][IN] = {{1, 1, 0}, {0.5, -1, 2}};

    double z[HIDDEN];
    layer(n.w1[0], n.b1, x[0], IN, HIDDEN, z);
    expect_near("z of hidden unit 0, by hand", z[0], 2.5, 1e-12);

    nn_ctx *nn = nn_create(42);
    nn_linear l = nn_linear_new(nn_model_new(nn), "hidden", IN, HIDDEN);
    nn_real input[IN];
    for (int i = 0; i < IN; i++) input[i] = (nn_real)x[1][i];
    for (int j = 0; j < HIDDEN; j++) {
        l.bias->data[j] = (nn_real)n.b1[j];
        for (int i = 0; i < IN; i++) l.weight->data[j * IN + i] = (nn_real)n.w1[j][i];
    }
    const nn_tensor *by_nn = nn_linear_forward(&l, nn_input(nn, input, nn_shape2(1, IN)));
    layer(n.w1[0], n.b1, x[1], IN, HIDDEN, z);
    for (int j = 0; j < HIDDEN; j++)
        expect_near("z by nn_linear_forward", z[j], (double)by_nn->data[j], 1e-5);
    nn_destroy(nn);

    double before[2][OUT], after[OUT];
    for (int s = 0; s < 2; s++) forward(&n, x[s], before[s]);
    exchange(&n, 0, 2);
    expect_near("unit 0 has unit 2's weight", n.w1[0][2], 2, 0);
    expect_near("unit 2 has unit 0's weight", n.w1[2][2], -3, 0);
    exchange(&n, 1, 3);
    expect_near("unit 1 has unit 3's bias", n.b1[1], 1, 0);
    for (int s = 0; s < 2; s++) {
        forward(&n, x[s], after);
        for (int o = 0; o < OUT; o++)
            expect_near("output as it was before", after[o], before[s][o], 1e-12);
    }
    return check_done();
}
