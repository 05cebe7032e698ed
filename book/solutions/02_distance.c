/* Exercise 2.4: how far from the boundary (code, 20 minutes).
 *
 * The boundary is where w[0] x[0] + .. + w[n-1] x[n-1] + b = 0. Write the signed distance of a
 * point from it, then the point of the boundary that is nearest, then how fast the distance changes
 * when each coordinate of the point does.
 */
#include "../exercises/check.h"

/* (w x + b) / |w| */
static double distance(const double *w, int n, double b, const double *x)
{
    /* Your code, instead of the lines down to END: */
    double z = b, squares = 0;
    for (int i = 0; i < n; i++) z += w[i] * x[i];
    for (int i = 0; i < n; i++) squares += w[i] * w[i];
    return z / sqrt(squares);
    /* END */
}

/* foot becomes the point of the boundary that is nearest to x: go back along w. */
static void nearest(const double *w, int n, double b, const double *x, double *foot)
{
    /* Your code, instead of the lines down to END: */
    double squares = 0;
    for (int i = 0; i < n; i++) squares += w[i] * w[i];
    const double d = distance(w, n, b, x);
    for (int i = 0; i < n; i++) foot[i] = x[i] - d * w[i] / sqrt(squares);
    /* END */
}

/* slope[i] becomes the derivative of the distance by x[i]. Which vector is this? */
static void slopes(const double *w, int n, double *slope)
{
    /* Your code, instead of the lines down to END: */
    double squares = 0;
    for (int i = 0; i < n; i++) squares += w[i] * w[i];
    for (int i = 0; i < n; i++) slope[i] = w[i] / sqrt(squares);
    /* END */
}

static const double plane[3] = {2, -1, 2}; /* 2 x0 - x1 + 2 x2 - 3 = 0 */

static double distance_of(const double *x, int n) { return distance(plane, n, -3, x); }

int main(void)
{
    const double w[2] = {3, 4}, ten_w[2] = {30, 40}, x[2] = {3, 4}, zero[2] = {0, 0};
    expect_near("3 x0 + 4 x1 - 5, from (3, 4)", distance(w, 2, -5, x), 4, 1e-12);
    expect_near("the same, weights times 10", distance(ten_w, 2, -50, x), 4, 1e-12);
    expect_near("from (0, 0): other side", distance(w, 2, -5, zero), -1, 1e-12);

    const nn_real x_real[3] = {1, -2, 4};
    nn_real plane_real[3] = {2, -1, 2};
    const nn_perceptron p = {plane_real, -3, 3};
    const double far[3] = {1, -2, 4};
    expect_near("a plane, by nn_perceptron_..", distance(plane, 3, -3, far),
                (double)nn_perceptron_distance(&p, x_real), 1e-6);

    double foot[3], slope[3], apart = 0;
    nearest(plane, 3, -3, far, foot);
    for (int i = 0; i < 3; i++) apart += (foot[i] - far[i]) * (foot[i] - far[i]);
    expect_near("z at the foot", 2 * foot[0] - foot[1] + 2 * foot[2] - 3, 0, 1e-12);
    expect_near("from the foot to the point", sqrt(apart), 3, 1e-12);

    slopes(plane, 3, slope);
    expect_gradient("d distance/dx", distance_of, far, 3, slope);
    return check_done();
}
