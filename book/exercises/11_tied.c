/* Exercise 11.3: tied weights (code, 25 minutes).
 *
 * A linear autoencoder without biases that has one matrix W [K, D] for both its halves: the code of
 * a sample x [D] is h = W x, its output y = W^T h, so y_i = sum over k of W_ki h_k. The loss of a
 * sample is half the sum of (y_i - x_i)^2. restore: y. slope: adds to grad [K, D] the slope of the
 * loss of this sample by each number of W. Each number is at work twice, and both count.
 */
#include "../exercises/check.h"

enum { D = 4, K = 2, N = 32 };

static void restore(const double *W, const double *x, double *y)
{
    for (int i = 0; i < D; i++) y[i] = 0;
    /* Your code, instead of the lines down to END: */
    (void)W, (void)x;
    /* END */
}

static void slope(const double *W, const double *x, double *grad)
{
    /* Your code, instead of the lines down to END: */
    (void)W, (void)x, (void)grad;
    /* END */
}

static const double *the_sample; /* of loss */

static double loss(const double *W, int n)
{
    double y[D], sum = 0;
    restore(W, the_sample, y);
    for (int i = 0; i < D; i++) sum += (y[i] - the_sample[i]) * (y[i] - the_sample[i]) / 2;
    return n == K * D ? sum : 0;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    double W[K * D] = {0.5, -0.2, 0.1, 0.3, -0.4, 0.6, 0.2, -0.1}, y[D];
    const double x[D] = {1, 2, -1, 0.5};
    restore(W, x, y); /* h = 0.15, 0.55 */
    expect_near("y[0]", y[0], -0.145, 1e-12);
    expect_near("y[1]", y[1], 0.3, 1e-12);
    expect_near("y[2]", y[2], 0.125, 1e-12);
    expect_near("y[3]", y[3], -0.01, 1e-12);
    double grad[K * D] = {0};
    the_sample = x;
    slope(W, x, grad);
    expect_gradient("slope", loss, W, K * D, grad);
    for (int i = 0; i < K * D; i++) W[i] = 0.1 * (i + 1) - 0.03 * i * i, grad[i] = 1;
    slope(W, x, grad); /* added to what is there */
    for (int i = 0; i < K * D; i++) grad[i] -= 1;
    expect_gradient("again", loss, W, K * D, grad);

    /* Samples that vary by 3, 2, 0.5 and 0.2 along four axes at right angles: after descent the
     * rows of W should span the plane of the first two, and be at right angles, of length 1. */
    static const double axis[D][D] = {
        {0.5, 0.5, 0.5, 0.5}, {0.5, -0.5, 0.5, -0.5},
        {0.5, 0.5, -0.5, -0.5}, {0.5, -0.5, -0.5, 0.5}};
    static const double spread[D] = {3, 2, 0.5, 0.2};
    static double sample[N][D];
    for (int s = 0; s < N; s++)
        for (int a = 0; a < D; a++) {
            const double far = spread[a] * (s >> a & 1 ? 1 : -1);
            for (int i = 0; i < D; i++) sample[s][i] += far * axis[a][i];
        }
    for (int step = 0; step < 2000; step++) {
        double sum[K * D] = {0};
        for (int s = 0; s < N; s++) slope(W, sample[s], sum);
        for (int i = 0; i < K * D; i++) W[i] -= 0.02 * sum[i] / N;
    }
    double length[K] = {0}, outside = 0, cross = 0;
    for (int k = 0; k < K; k++)
        for (int a = 0; a < D; a++) {
            double along = 0;
            for (int i = 0; i < D; i++) along += W[k * D + i] * axis[a][i];
            length[k] += along * along;
            if (a >= 2) outside += along * along;
        }
    for (int i = 0; i < D; i++) cross += W[i] * W[D + i];
    expect_near("length of row 1", sqrt(length[0]), 1, 1e-4);
    expect_near("length of row 2", sqrt(length[1]), 1, 1e-4);
    expect_near("outside the plane", outside, 0, 1e-4);
    expect_near("row 1 times row 2", cross, 0, 1e-4);
    nn_destroy(nn);
    return check_done();
}
