/* Exercise 4.4: the delta rule goes downhill (code, 15 minutes).
 *
 * A linear neuron y = w x + b, a target t, and the loss L = (t - y)^2 / 2. Write the slopes of L by
 * each weight, then the step that moves the weights against them. Chapter 5 begins here.
 */
#include "../exercises/check.h"

enum { INPUTS = 3 };

static const double x[INPUTS] = {1, -2, 0.5};
static const double b = 0.25, target = 2;

static double output(const double *w)
{
    double y = b;
    for (int j = 0; j < INPUTS; j++) y += w[j] * x[j];
    return y;
}

static double loss(const double *w, int n)
{
    (void)n;
    return (target - output(w)) * (target - output(w)) / 2;
}

/* slope[j] becomes dL / dw[j]. */
static void slopes(const double *w, double *slope)
{
    /* Your code, instead of the lines down to END: */
    (void)w;
    for (int j = 0; j < INPUTS; j++) slope[j] = 0;
    /* END */
}

/* w[j] moves by lr (t - y) x[j]: the delta rule. */
static void delta_step(double *w, double lr)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)lr;
    /* END */
}

int main(void)
{
    double w[INPUTS] = {0.5, 1, -1}, slope[INPUTS];
    slopes(w, slope);
    expect_gradient("dL/dw", loss, w, INPUTS, slope);

    double before[INPUTS];
    for (int j = 0; j < INPUTS; j++) before[j] = w[j];
    delta_step(w, 0.1);
    for (int j = 0; j < INPUTS; j++) {
        char name[32];
        snprintf(name, sizeof name, "step of w[%d] = -0.1 slope", j);
        expect_near(name, w[j] - before[j], -0.1 * (-(target - output(before)) * x[j]), 1e-12);
    }
    for (int i = 0; i < 40; i++) delta_step(w, 0.1);
    expect_near("loss after 40 more steps", loss(w, INPUTS), 0, 1e-6);
    return check_done();
}
