/* Exercise 17.3: run it backwards (code, 20 minutes).
 *
 * A coupling layer of four numbers: two stay, and say how the other two are scaled and shifted.
 *
 *     y1 = x1    y2 = x2    y3 = x3 exp(s1) + t1    y4 = x4 exp(s2) + t2    s, t of x1 and x2
 */
#include "../exercises/check.h"

enum { N = 4 };

/* In a flow this is a network; nobody has to run it backwards. */
static void scale_and_shift(const double a[2], double s[2], double t[2])
{
    s[0] = sin(a[0]) + 0.5 * a[1], s[1] = cos(a[0] * a[1]);
    t[0] = a[0] * a[0] - a[1], t[1] = 2 * a[0] + exp(-a[1] * a[1]);
}

static void forward(const double x[N], double y[N])
{
    double s[2], t[2];
    scale_and_shift(x, s, t);
    for (int k = 0; k < 2; k++) y[k] = x[k], y[k + 2] = x[k + 2] * exp(s[k]) + t[k];
}

/* y -> the x that forward makes it of */
static void inverse(const double y[N], double x[N])
{
    /* Your code, instead of the lines down to END: */
    for (int k = 0; k < N; k++) x[k] = y[k];
    /* END */
}

/* log |det dy/dx| at x: what shape has the matrix of all slopes, and which are on its diagonal? */
static double log_det(const double x[N])
{
    /* Your code, instead of the lines down to END: */
    (void)x;
    return 0;
    /* END */
}

/* The same from differences and elimination, which for N numbers takes time N^3. */
static double log_det_slowly(const double x[N])
{
    double J[N][N], sum = 0;
    for (int c = 0; c < N; c++) {
        double low[N], high[N], moved[N];
        for (int k = 0; k < N; k++) moved[k] = x[k] + (k == c ? 1e-5 : 0);
        forward(moved, high);
        moved[c] = x[c] - 1e-5;
        forward(moved, low);
        for (int r = 0; r < N; r++) J[r][c] = (high[r] - low[r]) / 2e-5;
    }
    for (int c = 0; c < N; c++) {
        sum += log(fabs(J[c][c])); /* never 0 here: 1, 1, exp(s1), exp(s2) */
        for (int r = c + 1; r < N; r++)
            for (int k = N - 1; k >= c; k--) J[r][k] -= J[r][c] / J[c][c] * J[c][k];
    }
    return sum;
}

int main(void)
{
    static const double at[3][N] = {{0, 0, 1, 2}, {0.3, -1.2, 0.7, -2}, {-2, 0.5, -1, 3}};
    for (int i = 0; i < 3; i++) {
        double y[N], x[N];
        forward(at[i], y);
        inverse(y, x);
        for (int k = 0; k < N; k++) expect_near("there and back", x[k], at[i][k], 1e-9);
        expect_near("log |det dy/dx|", log_det(at[i]), log_det_slowly(at[i]), 1e-6);
    }
    return check_done();
}
