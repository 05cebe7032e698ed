/* Exercise 15b.3: layer normalisation, forward and backward (code, 25 minutes).
 *
 * forward: each of n rows of x [n, D] gets mean 0 and variance 1, then number i is multiplied by
 * w[i], and b[i] is added. backward: dy [n, D] are the slopes of the loss by y; dx [n, D], dw [D]
 * and db [D], all 0 at first, are to become those by x, w and b. Nothing needs to be kept from
 * forward: compute it again. One row hardly varies, so that EPS matters. Compared with
 * nn_layer_norm_forward and nn_backward.
 */
#include "../exercises/check.h"

enum { D = 5, ROWS = 4 };
static const double EPS = 1e-5; /* added to the variance */

static void forward(const double *x, int n, const double *w, const double *b, double *y)
{
    (void)EPS;
    /* Your code, instead of the lines down to END: */
    for (int k = 0; k < n; k++, x += D, y += D) {
        double mean = 0, var = 0;
        for (int i = 0; i < D; i++) mean += x[i] / D;
        for (int i = 0; i < D; i++) var += (x[i] - mean) * (x[i] - mean) / D;
        for (int i = 0; i < D; i++) y[i] = w[i] * (x[i] - mean) / sqrt(var + EPS) + b[i];
    }
    /* END */
}

static void backward(const double *x, int n, const double *w, const double *dy, double *dx,
                     double *dw, double *db)
{
    /* Your code, instead of the lines down to END: */
    for (int k = 0; k < n; k++, x += D, dy += D, dx += D) {
        double mean = 0, var = 0, sum = 0, dot = 0, z[D];
        for (int i = 0; i < D; i++) mean += x[i] / D;
        for (int i = 0; i < D; i++) var += (x[i] - mean) * (x[i] - mean) / D;
        const double s = 1 / sqrt(var + EPS);
        for (int i = 0; i < D; i++) {
            z[i] = (x[i] - mean) * s;
            dw[i] += dy[i] * z[i];
            db[i] += dy[i];
            sum += w[i] * dy[i] / D; /* w differs from place to place: inside the means */
            dot += w[i] * dy[i] * z[i] / D;
        }
        for (int i = 0; i < D; i++) dx[i] = s * (w[i] * dy[i] - sum - z[i] * dot);
    }
    /* END */
}

static void compare(const char *what, const double *yours, const nn_real *right, int n)
{
    double apart = 0;
    for (int i = 0; i < n; i++) { /* NaN stays; large slopes may be off by more */
        const double d = fabs(yours[i] - (double)right[i]) / (1 + fabs((double)right[i]));
        if (!(d <= apart)) apart = d;
    }
    expect_near(what, apart, 0, 1e-3);
}

int main(void)
{
    nn_ctx *nn = nn_create(15);
    nn_model *model = nn_model_new(nn);
    nn_layer_norm norm = nn_layer_norm_new(model, "norm", D);
    nn_tensor *x = nn_requires_grad(nn_randn(nn, nn_shape2(ROWS, D)));
    nn_tensor *dy = nn_randn(nn, x->shape);
    double in[ROWS * D], slope[ROWS * D], w[D], b[D];
    double y[ROWS * D] = {0}, dx[ROWS * D] = {0}, dw[D] = {0}, db[D] = {0};
    for (int i = 0; i < D; i++) {
        norm.weight->data[i] = (nn_real)(0.5 * i - 1);
        norm.bias->data[i] = (nn_real)(0.25 * i);
        x->data[D + i] = 2 + (nn_real)0.01 * x->data[D + i]; /* row 1 */
        w[i] = (double)norm.weight->data[i], b[i] = (double)norm.bias->data[i];
    }
    for (int i = 0; i < ROWS * D; i++) in[i] = (double)x->data[i], slope[i] = (double)dy->data[i];
    nn_tensor *right = nn_layer_norm_forward(&norm, x);
    nn_zero_grad(model);
    nn_backward(nn_sum(nn_mul(right, dy)));

    forward(in, ROWS, w, b, y);
    backward(in, ROWS, w, slope, dx, dw, db);
    compare("y is off by", y, right->data, ROWS * D);
    compare("db is off by", db, norm.bias->grad, D);
    compare("dw is off by", dw, norm.weight->grad, D);
    compare("dx is off by", dx, x->grad, ROWS * D);
    nn_destroy(nn);
    return check_done();
}
