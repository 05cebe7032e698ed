/* Exercise 3.4: a softmax that holds (code, 20 minutes).
 *
 * Both holes hold what one writes first. The softmax is the formula as it stands in books: right
 * for small numbers only. Its backward treats the outputs as if each depended on its own input
 * alone. Run it, see which lines differ, and mend both.
 */
#include "../exercises/check.h"

/* y[i] = e^z[i] / (sum of e^z[j]) for n numbers. */
static void softmax(const double *z, int n, double *y)
{
    /* Your code, instead of the lines down to END: */
    double max = z[0], sum = 0;
    for (int i = 1; i < n; i++) max = z[i] > max ? z[i] : max;
    for (int i = 0; i < n; i++) sum += y[i] = exp(z[i] - max);
    for (int i = 0; i < n; i++) y[i] /= sum;
    /* END */
}

/* dz[j] = dL / dz[j], from y = softmax(z) and dy[i] = dL / dy[i]. */
static void softmax_backward(const double *y, const double *dy, int n, double *dz)
{
    /* Your code, instead of the lines down to END: */
    double mean = 0; /* of dy, weighted with y */
    for (int i = 0; i < n; i++) mean += dy[i] * y[i];
    for (int j = 0; j < n; j++) dz[j] = y[j] * (dy[j] - mean);
    /* END */
}

static const double weight[3] = {1, -2, 0.5};

static double weighted(const double *z, int n) /* L = sum of weight[i] y[i]: dL / dy is weight */
{
    double y[3], sum = 0;
    softmax(z, n, y);
    for (int i = 0; i < n; i++) sum += weight[i] * y[i];
    return sum;
}

int main(void)
{
    const double z[3] = {2, 1, 0}, hot[3] = {1002, 1001, 1000}, cold[3] = {-998, -999, -1000},
                 wide[3] = {-1000, 0, 1000};
    const double expected[3] = {0.66524095577, 0.24472847105, 0.09003057317};
    const char *const name[3] = {"y[0]", "y[1]", "y[2]"};
    double y[3];
    printf("z = (2, 1, 0)\n");
    softmax(z, 3, y);
    for (int i = 0; i < 3; i++) expect_near(name[i], y[i], expected[i], 1e-9);
    printf("the same and 1000 more\n");
    softmax(hot, 3, y);
    for (int i = 0; i < 3; i++) expect_near(name[i], y[i], expected[i], 1e-9);
    printf("the same and 1000 less\n");
    softmax(cold, 3, y);
    for (int i = 0; i < 3; i++) expect_near(name[i], y[i], expected[i], 1e-9);
    printf("z = (-1000, 0, 1000)\n");
    softmax(wide, 3, y);
    for (int i = 0; i < 3; i++) expect_near(name[i], y[i], i == 2, 1e-9);

    double dz[3];
    softmax(z, 3, y);
    softmax_backward(y, weight, 3, dz);
    expect_gradient("dL/dz", weighted, z, 3, dz);
    expect_near("the slopes sum to", dz[0] + dz[1] + dz[2], 0, 1e-12);
    return check_done();
}
