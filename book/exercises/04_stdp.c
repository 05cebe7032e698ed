/* Exercise 4.5: a synapse with two traces (code, 20 minutes).
 *
 * Write what happens at a synapse in one step of 1 ms. It knows its own two traces and which of its
 * two neurons fires now, nothing else; yet its weight becomes what all pairs of spikes add up to.
 */
#include "../exercises/check.h"

enum { STEPS = 300 };

static const double a_plus = 0.005, a_minus = 0.00525, tau = 20; /* ms */

typedef struct synapse {
    double w, pre_trace, post_trace;
} synapse;

/* Both traces decay by e^(-1 / tau). Then a spike of the postsynaptic neuron adds a_plus times the
 * trace of the other side to w, one of the presynaptic neuron takes a_minus times the other trace
 * away; only then does each spike add 1 to the trace of its own side. */
static void step(synapse *s, int pre, int post)
{
    /* Your code, instead of the lines down to END: */
    (void)s, (void)pre, (void)post;
    (void)a_plus, (void)a_minus, (void)tau;
    /* END */
}

/* One spike each; dt = t_post - t_pre. */
static double pair(int dt)
{
    synapse s = {0, 0, 0};
    for (int ms = 0; ms < 200; ms++) step(&s, ms == 100, ms == 100 + dt);
    return s.w;
}

int main(void)
{
    const nn_stdp rule = nn_stdp_new();
    const int dt[5] = {-40, -5, 0, 5, 40};
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "1000 dw for dt = %d ms", dt[i]);
        expect_near(name, 1000 * pair(dt[i]), 1000 * (double)nn_stdp_pair(&rule, (nn_real)dt[i]),
                    1e-4);
    }

    nn_ctx *nn = nn_create(42);
    int pre[STEPS], post[STEPS];
    synapse s = {0, 0, 0};
    double pairs = 0;
    for (int ms = 0; ms < STEPS; ms++) {
        pre[ms] = nn_randint(nn, 0, 10) == 0; /* about 30 spikes on either side */
        post[ms] = nn_randint(nn, 0, 10) == 0;
        step(&s, pre[ms], post[ms]);
    }
    for (int i = 0; i < STEPS; i++)
        for (int j = 0; j < STEPS; j++)
            if (pre[i] && post[j]) pairs += (double)nn_stdp_pair(&rule, (nn_real)(j - i));
    expect_near("1000 w after two trains", 1000 * s.w, 1000 * pairs, 1e-2);
    nn_destroy(nn);
    return check_done();
}
