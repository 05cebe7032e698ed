/* Exercise 7.3: losses that hold (code, 25 minutes).
 *
 * Two losses from logits, each with its slope: the binary cross-entropy of a logit z and a target t
 * from 0 to 1, and the cross-entropy of n logits and a label. They must be right for every z, and
 * small losses, too: for z = 40 and t = 1 the first is 4.2e-18, not 0, and so is the second for
 * z = (40, 0) and label 0. math.h has fmax, fabs and log1p.
 */
#include "../exercises/check.h"

static double bce(double z, double t)
{
    /* Your code, instead of the lines down to END: */
    return (void)z, (void)t, -1;
    /* END */
}

static double bce_slope(double z, double t) /* by z */
{
    /* Your code, instead of the lines down to END: */
    return (void)z, (void)t, 0.5;
    /* END */
}

static double cross_entropy(const double *z, int n, int label)
{
    /* Your code, instead of the lines down to END: */
    return (void)z, (void)n, (void)label, -1;
    /* END */
}

static void cross_entropy_slopes(const double *z, int n, int label, double *slope) /* [n] */
{
    /* Your code, instead of the lines down to END: */
    (void)z, (void)n, (void)label, (void)slope;
    /* END */
}

static double soft(const double *z, int n) { return (void)n, bce(z[0], 0.3); }
static double label_1(const double *z, int n) { return cross_entropy(z, n, 1); }

int main(void)
{
    const double z[9] = {0, 2, -2, 40, -40, 1000, -1000, 1000, -1000};
    const double t[9] = {1, 0.3, 0.3, 1, 1, 1, 1, 0, 0};
    const double loss[9] = {0.6931471805599453, 1.526928011, 0.726928011, 4.248354255e-18,
                            40, 0, 1000, 1000, 0};
    char what[64];
    for (int i = 0; i < 9; i++) {
        snprintf(what, sizeof what, "bce, z = %g, t = %g", z[i], t[i]);
        expect_near(what, bce(z[i], t[i]), loss[i], 1e-9 * loss[i]);
    }
    for (int i = 1; i < 3; i++) {
        const double slope = bce_slope(z[i], 0.3);
        expect_gradient("slope of bce", soft, z + i, 1, &slope);
    }
    expect_near("slope at -1000, t = 1", bce_slope(-1000, 1), -1, 0);
    expect_near("slope at 1000, t = 0", bce_slope(1000, 0), 1, 0);
    expect_near("slope at 1000, t = 1", bce_slope(1000, 1), 0, 0);
    expect_near("slope at -40, t = 0", bce_slope(-40, 0), 4.248354255e-18, 1e-26);

    const double rows[6][3] = {{2, 1, 0}, {1000, 0, -1000}, {-1000, -1001, -1002},
                               {-1000, 1000, 0}, {0, 0, 0}, {0, 40, -1000}};
    const int label[6] = {0, 2, 1, 1, 2, 1};
    const double expected[6] = {0.4076059644, 2000, 1.4076059644, 0, 1.098612289, 4.248354255e-18};
    for (int i = 0; i < 6; i++) {
        snprintf(what, sizeof what, "cross-entropy of row %d", i);
        expect_near(what, cross_entropy(rows[i], 3, label[i]), expected[i], 1e-9 * expected[i]);
    }
    double slope[4] = {0};
    const double four[4] = {0.5, -1, 2, 0};
    cross_entropy_slopes(four, 4, 1, slope);
    expect_gradient("slope of cross-entropy", label_1, four, 4, slope);
    /* rows 1 to 3: surely wrong; all very small; surely right */
    const double slopes[3][3] = {{1, 0, -1}, {0.6652409558, -0.7552715289, 0.09003057317}, {0}};
    for (int i = 1; i <= 3; i++) {
        cross_entropy_slopes(rows[i], 3, label[i], slope);
        for (int j = 0; j < 3; j++) {
            snprintf(what, sizeof what, "slope of row %d [%d]", i, j);
            expect_near(what, slope[j], slopes[i - 1][j], i == 2 ? 1e-9 : 0);
        }
    }
    return check_done();
}
