/* Exercise 8.3: penalties and dropout (code, 25 minutes).
 *
 * The slopes of a loss with an L2 penalty gamma / 2 sum w^2, where g [n] are those of the loss
 * alone; the soft threshold, for exact zeros with L1; and inverted dropout with its backward pass.
 * Chance comes as numbers u [n] from 0 to 1: x[i] is dropped if u[i] < p. In evaluation nothing is
 * dropped. Backward: dy [n] are the slopes of the loss by y; give those by x, with the same u.
 */
#include "../exercises/check.h"

static void l2_slopes(const double *w, const double *g, int n, double gamma, double *slope)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)g, (void)n, (void)gamma, (void)slope;
    /* END */
}

static double soft_threshold(double w, double amount)
{
    /* Your code, instead of the lines down to END: */
    return (void)amount, w;
    /* END */
}

static void dropout(const double *x, const double *u, int n, double p, int training, double *y)
{
    /* Your code, instead of the lines down to END: */
    (void)x, (void)u, (void)n, (void)p, (void)training, (void)y;
    /* END */
}

static void dropout_slopes(const double *dy, const double *u, int n, double p, int training,
                           double *dx)
{
    /* Your code, instead of the lines down to END: */
    (void)dy, (void)u, (void)n, (void)p, (void)training, (void)dx;
    /* END */
}

enum { N = 4, MANY = 20000 };
static const double u4[N] = {0.9, 0.1, 0.24, 0.26};

static double penalised(const double *w, int n) /* L = sum i w_i, with gamma = 0.3 */
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += i * w[i] + 0.15 * w[i] * w[i];
    return sum;
}

static double through(const double *x, int n) /* sum y^3 + y after dropout, p = 0.25: slope 1 at 0 */
{
    double y[N] = {0}, sum = 0;
    dropout(x, u4, n, 0.25, 1, y);
    for (int i = 0; i < n; i++) sum += y[i] * y[i] * y[i] + y[i];
    return sum;
}

int main(void)
{
    const double w[N] = {2, -1, 0.5, 0}, g[N] = {0, 1, 2, 3};
    double slope[N] = {0};
    l2_slopes(w, g, N, 0.3, slope);
    expect_gradient("slope with L2", penalised, w, N, slope);

    nn_ctx *nn = nn_create(42); /* the same by nn.h */
    nn_model *net = nn_model_new(nn);
    nn_tensor *t = nn_param(net, "", "w", nn_shape2(1, 6));
    const double before[6] = {0.5, -0.5, 0.125, -0.125, 0.0625, -0.25};
    for (int i = 0; i < 6; i++) t->data[i] = (nn_real)before[i];
    nn_soft_threshold(net, 0.125f);
    for (int i = 0; i < 6; i++)
        expect_near("soft threshold by 1/8", soft_threshold(before[i], 0.125), (double)t->data[i],
                    1e-12);
    nn_destroy(nn);

    const double x[N] = {1, -2, 3, 4}, expected[N] = {4.0 / 3, 0, 0, 16.0 / 3};
    double y[N] = {0}, dy[N], dx[N] = {0};
    dropout(x, u4, N, 0.25, 1, y);
    for (int i = 0; i < N; i++) expect_near("dropout, training", y[i], expected[i], 1e-12);
    for (int i = 0; i < N; i++) dy[i] = 3 * expected[i] * expected[i] + 1;
    dropout_slopes(dy, u4, N, 0.25, 1, dx);
    expect_gradient("slope in training", through, x, N, dx);
    dropout(x, u4, N, 0.25, 0, y);
    dropout_slopes(x, u4, N, 0.25, 0, dx);
    for (int i = 0; i < N; i++) expect_near("dropout, evaluation", y[i], x[i], 0);
    for (int i = 0; i < N; i++) expect_near("slope in evaluation", dx[i], x[i], 0);

    static double ones[MANY], chance[MANY], out[MANY];
    double mean = 0;
    for (int i = 0; i < MANY; i++) ones[i] = 1, chance[i] = (i + 0.5) / MANY;
    dropout(ones, chance, MANY, 0.8, 1, out);
    for (int i = 0; i < MANY; i++) mean += out[i] / MANY;
    expect_near("mean of ones, p = 0.8", mean, 1, 1e-3);
    return check_done();
}
