/* Spike-timing-dependent plasticity: a synapse that sees nothing but the spikes of its two neurons,
 * and a neuron that learns with it what a bell means.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { TRIAL = 200 }; /* ms */

/* One trial: the bell rings at 50 ms, food comes at 55 ms, a door shuts at 70 ms. The neuron adds
 * up its inputs, forgets a tenth each ms, and fires, a ms later, when it has 1 or more. Gives when
 * it first fired. */
static int trial(const nn_stdp *rule, nn_synapse *bell, nn_synapse *door, int with_food)
{
    double v = 0;
    int first = TRIAL;
    for (int ms = 0; ms < TRIAL; ms++) {
        const int rings = ms == 50, food = with_food && ms == 55, shuts = ms == 70;
        const int fires = v >= 1;
        if (fires && ms < first) first = ms;
        nn_stdp_step(rule, bell, rings, fires, 1);
        nn_stdp_step(rule, door, shuts, fires, 1);
        v = (fires ? 0 : 0.9 * v) + 1.2 * food;
        if (rings) v += (double)bell->w;
        if (shuts) v += (double)door->w;
    }
    return first;
}

int main(void)
{
    nn_stdp rule = nn_stdp_new();

    printf("== one pair of spikes, dt = t_post - t_pre in ms\n");
    for (int dt = -50; dt <= 50; dt += 10) {
        const double dw = (double)nn_stdp_pair(&rule, (nn_real)dt);
        char curve[24] = "          |          ";
        const int length = (int)(fabs(dw) / 0.0004 + 0.5);
        for (int i = 1; i <= length; i++) curve[10 + (dw > 0 ? i : -i)] = '#';
        printf("dt %3d   dw %8.5f   %s\n", dt, dw, curve);
    }

    printf("\n== a train of spikes: traces find what all pairs add up to\n");
    /* [train] */
    const int pre[4] = {3, 20, 41, 60}, post[4] = {10, 18, 41, 70}; /* ms; two at the same time */
    nn_synapse s = {0, 0, 0, 0};
    double pairs = 0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            pairs += (double)nn_stdp_pair(&rule, (nn_real)(post[j] - pre[i]));
    for (int ms = 0, i = 0, j = 0; ms < 100; ms++) {
        const int before = i < 4 && ms == pre[i], after = j < 4 && ms == post[j];
        nn_stdp_step(&rule, &s, before, after, 1);
        i += before;
        j += after;
    }
    /* [/train] */
    printf("pairs %.5f, traces %.5f\n", pairs, (double)s.w);

    printf("\n== learning: the neuron fires for food, before which the bell rings\n");
    /* [trials] */
    nn_synapse bell = {0.5f, 1.1f, 0, 0}, door = {0.5f, 1.1f, 0, 0}; /* weight 0.5, at most 1.1 */
    for (int i = 0; i <= 300; i++) {
        const int first = trial(&rule, &bell, &door, 1);
        if (i % 50 == 0)
            printf("trial %3d: bell %.3f, door %.3f, first spike at %d ms\n", i, (double)bell.w,
                   (double)door.w, first);
    }
    /* [/trials] */
    const int alone = trial(&rule, &bell, &door, 0);
    printf("without food the first spike is at %d ms\n", alone);

    const int agree = fabs(pairs - (double)s.w) < 1e-6;
    printf("\nexpected: traces and pairs agree; the bell alone is answered at 51 ms; door at 0\n");
    printf("got:      %s; %d ms; door at %g\n", agree ? "yes" : "no", alone, (double)door.w);
    return !(agree && alone == 51 && door.w == 0);
}
