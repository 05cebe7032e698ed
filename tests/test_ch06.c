/* Chapter 6 beyond what test_ops.c shows of the graph (rows 6.1 to 6.6 and 6.8): how weights begin,
 * gradients through depth, and detaching. The numbers in brackets are rows of the feature table.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

enum { DEPTH = 12, WIDTH = 64, N = 64 };

static nn_ctx *nn;

/* [6.7] The worked example of examples/06_backprop.c against the chain rule in double. */
static void worked_example_row_6_7(void)
{
    const double w1[2][2] = {{0.5, -0.4}, {0.3, 0.8}}, b1[2] = {0.1, -0.2}, w2[2] = {0.7, -0.6};
    const double x[2] = {1, 0.5}, b2 = 0.2;
    double y1[2], z2 = b2;
    for (int i = 0; i < 2; i++) y1[i] = tanh(w1[i][0] * x[0] + w1[i][1] * x[1] + b1[i]);
    for (int i = 0; i < 2; i++) z2 += w2[i] * y1[i];
    const double delta2 = 1 / (1 + exp(-z2)) - 1;

    const int width[3] = {2, 2, 1};
    nn_model *net = nn_model_new(nn);
    nn_mlp m = nn_mlp_new(net, "m", width, 3, NN_TANH, NN_SIGMOID);
    for (int i = 0; i < 4; i++) m.weight[1]->data[i] = (nn_real)w1[i / 2][i % 2];
    for (int i = 0; i < 2; i++) m.bias[1]->data[i] = (nn_real)b1[i];
    for (int i = 0; i < 2; i++) m.weight[2]->data[i] = (nn_real)w2[i];
    m.bias[2]->data[0] = (nn_real)b2;
    const nn_real input[2] = {1, 0.5f}, target = 1;
    nn_mlp_forward(&m, input, 1);
    nn_mlp_backward(&m, &target);
    CHECK_NEAR(m.delta[2][0], delta2, 1e-6);
    CHECK_NEAR(m.bias[2]->grad[0], delta2, 1e-6);
    for (int i = 0; i < 2; i++) {
        const double delta1 = (1 - y1[i] * y1[i]) * w2[i] * delta2;
        CHECK_NEAR(m.delta[1][i], delta1, 1e-6);
        CHECK_NEAR(m.weight[2]->grad[i], delta2 * y1[i], 1e-6);
        for (int j = 0; j < 2; j++) CHECK_NEAR(m.weight[1]->grad[2 * i + j], delta1 * x[j], 1e-6);
    }
}

/* [6.10] Hidden units that begin alike get the same gradient, to the last bit, and stay alike. */
static void symmetry_row_6_10(void)
{
    for (int alike = 0; alike <= 1; alike++) {
        nn_model *net = nn_model_new(nn);
        nn_linear fc1 = nn_linear_new(net, "fc1", 3, 4), fc2 = nn_linear_new(net, "fc2", 4, 2);
        for (int i = 0; alike && i < net->n_params; i++)
            for (size_t k = 0; k < net->param[i]->size; k++) net->param[i]->data[k] = 0.3f;
        nn_optimizer *opt = nn_adam(net, 0.01f);
        for (int step = 0; step < 50; step++) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *x = nn_randn(nn, nn_shape2(5, 3));
            nn_tensor *y = nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, x)));
            nn_backward(nn_mean(nn_square(y)));
            nn_step(opt);
        }
        int same = 1;
        for (int k = 0; k < 12; k++) same &= fc1.weight->data[k] == fc1.weight->data[k % 3];
        CHECK_INT(same, alike);
    }
}

/* A chain of tanh layers, weights normal with this spread, biases 0; spread[l] of the outputs of
 * layer l, and the squared size of the gradient in the weights of each; mean and root mean square
 * of the slopes of tanh in the last. */
static void chain(double std, double *spread, double *gradient, double slope[2])
{
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_tensor *y = nn_randn(nn, nn_shape2(N, WIDTH));
    for (int l = 0; l < DEPTH; l++) {
        char name[8];
        snprintf(name, sizeof name, "%d", l);
        nn_linear fc = nn_linear_new(net, name, WIDTH, WIDTH);
        for (int k = 0; k < WIDTH * WIDTH; k++) fc.weight->data[k] = nn_normal(nn, 0, (nn_real)std);
        for (int k = 0; k < WIDTH; k++) fc.bias->data[k] = 0;
        y = nn_tanh(nn_linear_forward(&fc, y));
        spread[l] = nn_stats(y).std;
    }
    slope[0] = slope[1] = 0;
    for (int k = 0; k < N * WIDTH; k++) {
        const double g = 1 - (double)y->data[k] * (double)y->data[k];
        slope[0] += g / (N * WIDTH), slope[1] += g * g / (N * WIDTH);
    }
    slope[1] = sqrt(slope[1]);
    nn_backward(nn_mean(y));
    for (int l = 0; l < DEPTH; l++) {
        gradient[l] = 0;
        for (int k = 0; k < WIDTH * WIDTH; k++)
            gradient[l] += (double)net->param[2 * l]->grad[k] * (double)net->param[2 * l]->grad[k];
    }
}

/* [6.11] With weights of spread s, so small that tanh z is z, each layer multiplies the spread by
 * s sqrt n; [6.9] and the gradient of every weight is the product over all other layers. */
static void small_weights_rows_6_9_6_11(void)
{
    double spread[DEPTH], gradient[DEPTH], slope[2];
    chain(0.01, spread, gradient, slope);
    for (int l = 1; l < DEPTH; l++) CHECK_NEAR(spread[l] / spread[l - 1], 0.08, 0.012);
    CHECK_NEAR(slope[0], 1, 1e-6);
    for (int l = 1; l < DEPTH; l++)
        CHECK(gradient[l] > 0.1 * gradient[0] && gradient[l] < 10 * gradient[0]);
    CHECK(gradient[0] < 1e-20); /* vanished: (0.08^11)^2 */
    chain(1 / 8.0, spread, gradient, slope);
    CHECK(spread[DEPTH - 1] > 0.1 && gradient[0] > 1e-5);
}

/* [6.12] Large weights saturate: |z| is about 8, the mean slope of tanh near that is small. */
static void saturation_row_6_12(void)
{
    double spread[DEPTH], gradient[DEPTH], slope[2];
    chain(1, spread, gradient, slope);
    CHECK(slope[0] < 0.15 && spread[DEPTH - 1] > 0.9);
    CHECK(gradient[0] > 1e3 * gradient[DEPTH - 1]); /* 64 weights outweigh the slope: it explodes */
    /* per layer by s sqrt n times the slopes' root mean square; with their mean it would fade */
    const double factor = pow(gradient[0] / gradient[DEPTH - 1], 0.5 / (DEPTH - 1));
    CHECK_NEAR(factor, 8 * slope[1], 0.35);
    CHECK(8 * slope[0] < 1);
}

static void detach_row_6_8(void)
{
    nn_tensor *x = nn_param(nn_model_new(nn), "", "x", nn_shape1(3));
    for (int i = 0; i < 3; i++) x->data[i] = (nn_real)(i + 1);
    nn_tensor *h = nn_square(x), *cut = nn_detach(h);
    CHECK(nn_shape_equal(cut->shape, h->shape) && !cut->requires_grad);
    nn_backward(nn_sum(nn_mul(h, cut))); /* x^2 c with c = x^2 fixed: 2 x c */
    for (int i = 0; i < 3; i++) {
        const double v = i + 1;
        CHECK_NEAR(cut->data[i], v * v, 0);
        CHECK_NEAR(x->grad[i], 2 * v * v * v, 0);
    }
    cut->data[0] = 7; /* a copy */
    CHECK_NEAR(h->data[0], 1, 0);
}

int main(void)
{
    nn = nn_create(6);
    RUN(worked_example_row_6_7);
    RUN(symmetry_row_6_10);
    RUN(small_weights_rows_6_9_6_11);
    RUN(saturation_row_6_12);
    RUN(detach_row_6_8);
    nn_destroy(nn);
    return test_summary();
}
