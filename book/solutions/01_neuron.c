/* Exercise 1.3: a neuron of your own (code, 10 minutes).
 *
 * Write z = w[0] x[0] + .. + w[n-1] x[n-1] + b as a loop, then the slopes of z by each weight.
 */
#include "../exercises/check.h"

static double neuron(const double *w, const double *x, int n, double b)
{
    /* Your code, instead of the lines down to END: */
    double z = b;
    for (int i = 0; i < n; i++) z += w[i] * x[i];
    return z;
    /* END */
}

/* slope[i] becomes dz / dw[i]. */
static void neuron_slopes(const double *x, int n, double *slope)
{
    /* Your code, instead of the lines down to END: */
    for (int i = 0; i < n; i++) slope[i] = x[i];
    /* END */
}

static const double input[3] = {1, 0.5, -2};

static double z_of(const double *w, int n) { return neuron(w, input, n, 0.5); }

int main(void)
{
    const double w[3] = {2, 4, 1}, zeros[3] = {0, 0, 0};
    expect_near("z with w = (2, 4, 1)", neuron(w, input, 3, 0.5), 2.5, 1e-12);
    expect_near("z with w = 0 is the bias", neuron(zeros, input, 3, 0.5), 0.5, 1e-12);
    expect_near("z of the first two inputs", neuron(w, input, 2, -1), 3, 1e-12);

    const nn_real w_real[3] = {2, 4, 1}, input_real[3] = {1, 0.5f, -2};
    expect_near("z by nn_neuron", neuron(w, input, 3, 0.5),
                (double)nn_neuron(w_real, input_real, 3, 0.5f), 1e-6);

    double slope[3];
    neuron_slopes(input, 3, slope);
    expect_gradient("dz/dw", z_of, w, 3, slope);
    return check_done();
}
