/* Exercise 1.5: a step without error (code, 15 minutes).
 *
 * nn_lif_step goes straight on for dt at the slope it finds, as if the slope stayed the same. But
 * the curve is known: write the step that follows it, then the rate at which the neuron fires.
 */
#include "../exercises/check.h"

/* tau dv/dt = target - v: the voltage dt later, however long dt is. target is rest + R I. */
static double exact_step(double v, double target, double tau, double dt)
{
    /* Your code, instead of the lines down to END: */
    (void)target, (void)tau, (void)dt;
    return v;
    /* END */
}

/* Spikes in a second under a constant current, by the formula of the page; 0 if the current is too
 * weak. l->reset is l->rest here. */
static double rate(const nn_lif *l, double current)
{
    const double push = (double)l->resistance * current;                   /* R I, mV */
    const double needed = (double)l->threshold - (double)l->rest;          /* mV */
    const double tau = (double)l->tau, refractory = (double)l->refractory; /* ms */
    /* Your code, instead of the lines down to END: */
    (void)push, (void)needed, (void)refractory, (void)tau;
    return 0;
    /* END */
}

int main(void)
{
    /* Under 2 nA from rest: v climbs from -65 towards -45 mV, with tau = 10 ms. */
    expect_near("v after 10 ms", exact_step(-65, -45, 10, 10), -45 - 20 * exp(-1.), 1e-9);
    double v = -65;
    for (int k = 0; k < 10; k++) v = exact_step(v, -45, 10, 1);
    expect_near("v after 10 steps of 1 ms", v, -45 - 20 * exp(-1.), 1e-9);
    const double slower = exact_step(-65, -45, 20, 10);
    expect_near("v after 10 ms with tau = 20 ms", slower, -45 - 20 * exp(-0.5), 1e-9);
    expect_near("v when it has leaked away", exact_step(-52, -65, 10, 1000), -65, 1e-9);

    const double currents[5] = {1, 1.4, 1.6, 2, 5};
    for (int i = 0; i < 5; i++) {
        char what[40];
        nn_lif l = nn_lif_new();
        int spikes = 0;
        for (int k = 0; k < 100000; k++) spikes += nn_lif_step(&l, (nn_real)currents[i], 0.01f);
        snprintf(what, sizeof what, "spikes under %g nA, counted", currents[i]);
        expect_near(what, rate(&l, currents[i]), spikes, 1);
    }
    return check_done();
}
