/* Exercise 3.3: two activations of your own (code, 20 minutes).
 *
 *     softplus(z) = log(1 + e^z)        swish(z) = z sigmoid(z)
 *
 * Write both and their slopes, so that they are right at z = -1000, -40 and 1000, too. <math.h>
 * has log1p(v), which is log(1 + v) without losing a small v. sigmoid below is safe: use it.
 */
#include "../exercises/check.h"

static double sigmoid(double z)
{
    const double e = exp(-fabs(z)); /* at most 1 */
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double softplus(double z)
{
    /* Your code, instead of the lines down to END: */
    return log(1 + exp(z));
    /* END */
}

static double softplus_slope(double z)
{
    /* Your code, instead of the lines down to END: */
    (void)z;
    return 0;
    /* END */
}

static double swish(double z)
{
    /* Your code, instead of the lines down to END: */
    return z / (1 + exp(-z));
    /* END */
}

static double swish_slope(double z)
{
    /* Your code, instead of the lines down to END: */
    return sigmoid(z);
    /* END */
}

/* Their sums over n places: the slope of a sum by z[i] is the slope of the function there. */
static double softplus_sum(const double *z, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += softplus(z[i]);
    return sum;
}

static double swish_sum(const double *z, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += swish(z[i]);
    return sum;
}

int main(void)
{
    const double z[5] = {-3, -0.5, 0, 1, 4};
    double slope[5];
    expect_near("softplus(0) is log 2", softplus(0), 0.69314718056, 1e-9);
    expect_near("softplus(1)", softplus(1), 1.31326168752, 1e-9);
    for (int i = 0; i < 5; i++) slope[i] = softplus_slope(z[i]);
    expect_gradient("softplus'", softplus_sum, z, 5, slope);
    expect_near("softplus(1000)", softplus(1000), 1000, 1e-9);
    expect_near("softplus(-1000)", softplus(-1000), 0, 1e-9);
    expect_near("softplus(-40) is e^-40", softplus(-40), 4.24835425529e-18, 1e-27);
    expect_near("softplus'(1000)", softplus_slope(1000), 1, 1e-9);
    expect_near("softplus'(-40) is e^-40", softplus_slope(-40), 4.24835425529e-18, 1e-27);

    expect_near("swish(1)", swish(1), 0.73105857863, 1e-9);
    for (int i = 0; i < 5; i++) slope[i] = swish_slope(z[i]);
    expect_gradient("swish'", swish_sum, z, 5, slope);
    expect_near("swish(1000)", swish(1000), 1000, 1e-9);
    expect_near("swish(-1000)", swish(-1000), 0, 1e-9);
    expect_near("swish'(1000)", swish_slope(1000), 1, 1e-9);
    expect_near("swish'(-1000)", swish_slope(-1000), 0, 1e-9);
    expect_near("swish'(-1.2784645) is 0", swish_slope(-1.2784645), 0, 1e-7);
    return check_done();
}
