/* Exercise 9.3: the sum over k (code, 30 minutes).
 *
 * One recurrent unit, s_t = tanh(w s_{t-1} + u x_t) for t = 1 to T, and L = (s_T - t)^2 / 2 with the
 * target t. The weight w is used T times; the gradient is the sum of T terms, term k for its use in
 * step k:
 *
 *     dL/ds_T  times  ds_T/ds_{T-1} .. ds_{k+1}/ds_k  times  the immediate derivative of s_k by w
 *
 * Each term is checked by moving w in step k alone.
 */
#include "../exercises/check.h"

enum { T = 12 };
static const double u = 0.8, target = 0.3, first = 0.5; /* first: s_0 */
static const double x[T + 1] = {0, 1, -0.5, 0.2, -1, 0.7, -0.3, 0.4, -0.6, 0.1, 0.5, -0.2, 0.3};

/* s [T + 1] from w; w_of[k - 1] is the weight in step k. */
static void forward(const double *w_of, double *s)
{
    s[0] = first;
    for (int t = 1; t <= T; t++) s[t] = tanh(w_of[t - 1] * s[t - 1] + u * x[t]);
}

/* term[k - 1] = term k, for k = 1 .. T, from the states s[0] .. s[T]. */
static void terms(double w, const double *s, double *term)
{
    /* Your code, instead of the lines down to END: */
    double back = s[T] - target; /* dL/ds_k, through all Jacobians above k */
    for (int k = T; k >= 1; k--) {
        const double slope = 1 - s[k] * s[k];
        term[k - 1] = back * slope * s[k - 1]; /* s_{k-1} is held */
        back *= slope * w;                     /* the Jacobian of step k */
    }
    /* END */
}

static double loss(const double *w_of, int n)
{
    double s[T + 1];
    (void)n;
    forward(w_of, s);
    return (s[T] - target) * (s[T] - target) / 2;
}

static double loss_of_w(const double *w, int n)
{
    double w_of[T];
    (void)n;
    for (int k = 0; k < T; k++) w_of[k] = *w;
    return loss(w_of, T);
}

int main(void)
{
    const double all_w[3] = {0.5, 1, 2};
    for (int i = 0; i < 3; i++) {
        double w_of[T], s[T + 1], term[T], sum = 0;
        for (int k = 0; k < T; k++) w_of[k] = all_w[i];
        forward(w_of, s);
        terms(all_w[i], s, term);
        printf("== w = %g; term 1 %.1e, term 6 %.1e, term 12 %.1e\n", all_w[i], term[0], term[5],
               term[11]);
        for (int k = 0; k < T; k++) sum += term[k];
        expect_gradient("term, from 0", loss, w_of, T, term);
        expect_gradient("their sum", loss_of_w, &all_w[i], 1, &sum);
    }
    return check_done();
}
