/* Exercise 9.4: a gain for any function (code, 25 minutes).
 *
 * A layer with first weights of standard deviation gain / sqrt(fan) keeps the mean square of the
 * signal if the gain gives back what the activation takes. Which gain, and which fan? First find
 * the gain of a function: let z be normal with mean 0 and variance 1, and average. (For the four
 * functions checked any other variance gives the same gain; for tanh it does not.) Then fill the
 * weights.
 */
#include "../exercises/check.h"

enum { DRAWS = 1000000, DEPTH = 19, NARROW = 64, WIDE = 256, N = 64 };

static nn_real relu(nn_real z) { return z > 0 ? z : 0; }
static nn_real leaky(nn_real z) { return z > 0 ? z : (nn_real)0.2 * z; }
static nn_real absolute(nn_real z) { return z > 0 ? z : -z; }
static nn_real valley(nn_real z) { return z > 0 ? 2 * z : -z; }
static nn_real narrow_tanh(nn_real z) { return (nn_real)tanh((double)z); }

/* From DRAWS numbers nn_normal(nn, 0, 1). */
static double gain_of(nn_ctx *nn, nn_real (*g)(nn_real z))
{
    /* Your code, instead of the lines down to END: */
    double squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double y = (double)g(nn_normal(nn, 0, 1));
        squares += y * y;
    }
    return sqrt(DRAWS / squares); /* mean of z^2 over mean of y^2, and its root */
    /* END */
}

/* Draws w [out, in]. */
static void fill(nn_tensor *w, double gain)
{
    nn_ctx *nn = w->ctx;
    const int out = w->shape.dim[0], in = w->shape.dim[1];
    /* Your code, instead of the lines down to END: */
    (void)out;
    const double std = gain / sqrt(in); /* the sum z has `in` terms */
    for (size_t i = 0; i < w->size; i++) w->data[i] = nn_normal(nn, 0, (nn_real)std);
    /* END */
}

static double mean_square(const nn_tensor *y)
{
    double squares = 0;
    for (size_t i = 0; i < y->size; i++) squares += (double)y->data[i] * (double)y->data[i];
    return squares / (double)y->size;
}

/* Through DEPTH layers, 64 to 256, 256 to 64, ..: *one is the mean square behind the first, and the
 * result the factor per layer behind all. */
static double through(nn_ctx *nn, nn_real (*g)(nn_real z), double gain, double *one)
{
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_tensor *y = nn_randn(nn, nn_shape2(N, NARROW));
    const double before = mean_square(y);
    for (int l = 1; l <= DEPTH; l++) {
        char name[8];
        snprintf(name, sizeof name, "%d", l);
        nn_tensor *w = nn_param(net, "", name,
                                l % 2 ? nn_shape2(WIDE, NARROW) : nn_shape2(NARROW, WIDE));
        fill(w, gain);
        y = nn_matmul(y, nn_transpose(w, 0, 1));
        for (size_t i = 0; i < y->size; i++) y->data[i] = g(y->data[i]);
        if (l == 1) *one = mean_square(y) / before;
    }
    return pow(mean_square(y) / before, 1.0 / DEPTH);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_real (*const g[4])(nn_real) = {relu, leaky, absolute, valley};
    const char *const name[4] = {"ReLU", "leaky ReLU", "absolute value", "2 z or -z"};
    const double exact[4] = {sqrt(2), sqrt(2 / 1.04), 1, sqrt(2 / 5.0)};
    nn_set_grad_enabled(nn, 0);
    for (int k = 0; k < 4; k++) {
        double one = 0;
        printf("== %s\n", name[k]);
        expect_near("gain", gain_of(nn, g[k]), exact[k], 0.01);
        const double factor = through(nn, g[k], exact[k], &one);
        expect_near("mean square behind layer 1", one, 1, 0.15);
        expect_near("factor per layer, 19 layers", factor, 1, 0.1);
    }
    double one = 0;
    const double gain = gain_of(nn, narrow_tanh), factor = through(nn, narrow_tanh, gain, &one);
    printf("tanh: gain %.2f, mean square behind layer 1 %.2f, factor per layer %.2f\n", gain, one,
           factor);
    nn_destroy(nn);
    return check_done();
}
