/* A neuron finds a pattern that nobody points out: 200 inputs fire at random, all at the same mean
 * rate all the time; but for 50 ms now and then they repeat the same spikes. A leaky
 * integrate-and-fire neuron whose synapses follow spike timing (STDP) comes to answer the pattern
 * and little else (after Masquelier, Guyonneau and Thorpe, PLoS ONE 3, 2008, e1377, in small). Look
 * at its spikes outside of the pattern before and after, and at the weights, which part in two.
 * About one neuron in four loses the pattern again; so three try, each in a world of its own.
 *
 *     17_spiking [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { INPUTS = 200, LENGTH = 50, NEURONS = 3 };
enum { PHASES = 6, PHASE = 4000, TRY = 5000 }; /* ms */
static const nn_real rate = 0.05f, millivolt = 0.32f; /* spikes per ms; of a synapse of weight 1 */

typedef struct world {
    char pattern[LENGTH][INPUTS];
    nn_synapse synapse[INPUTS];
    nn_lif neuron;
    nn_stdp rule; /* a_plus 0: does not learn */
} world;

typedef struct answer {
    double hits, others, delay; /* % of patterns; spikes per second outside; ms to the first */
} answer;

/* [live] */
/* `duration` ms, cut into pieces of LENGTH, a quarter of which are the pattern, never two in a row.
 * A spike of an input reaches the neuron a ms later. */
static answer live(nn_ctx *nn, world *w, int duration)
{
    int start = -2 * LENGTH, patterns = 0, hit = 0, hits = 0, others = 0, outside = 0;
    double delay = 0, current = 0;
    for (int ms = 0; ms < duration; ms++) {
        if (ms % LENGTH == 0 && start < ms - LENGTH && nn_uniform(nn, 0, 1) < 1.0f / 3)
            start = ms, hit = 0, patterns++;
        const int since = ms - start, within = since < LENGTH + 5; /* an answer may come later */
        const int fires = nn_lif_step(&w->neuron, (nn_real)current, 1);
        if (fires && within && !hit) hit = 1, hits++, delay += since;
        others += fires && !within, outside += !within;
        current = 0;
        for (int i = 0; i < INPUTS; i++) {
            const int spike = since < LENGTH ? w->pattern[since][i] : nn_uniform(nn, 0, 1) < rate;
            if (spike) current += (double)(millivolt * w->synapse[i].w);
            if (w->rule.a_plus > 0) nn_stdp_step(&w->rule, &w->synapse[i], spike, fires, 1);
        }
    }
    const answer a = {100.0 * hits / patterns, 1000.0 * others / outside, hits ? delay / hits : 0};
    return a;
}
/* [/live] */

static void show(const char *when, answer a)
{
    printf("%-8s  %3.0f %%  %12.1f ms  %14.1f\n", when, a.hits, a.delay, a.others);
}

static void histogram(const world *w)
{
    int count[10] = {0};
    printf("== weights after learning; all began with 0.5\n");
    for (int i = 0; i < INPUTS; i++)
        count[w->synapse[i].w < 1 ? (int)(10 * (double)w->synapse[i].w) : 9]++;
    for (int k = 0; k < 10; k++) {
        printf("%3.1f to %3.1f %4d ", k / 10.0, (k + 1) / 10.0, count[k]);
        for (int n = 0; n < count[k]; n += 4) printf("#");
        printf("\n");
    }
    printf("\n== two others, with other patterns\n");
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    static world w;
    const nn_stdp still = {0, 0, 10, 10}, learning = {0.01f, 0.013f, 10, 10};
    int good = 0;
    printf("== answers to the pattern, time to the first spike, spikes per second outside of it\n");
    for (int n = 0; n < NEURONS; n++) {
        for (int i = 0; i < LENGTH * INPUTS; i++)
            w.pattern[i / INPUTS][i % INPUTS] = nn_uniform(nn, 0, 1) < rate;
        w.neuron = nn_lif_new();
        w.neuron.refractory = 10;
        for (int i = 0; i < INPUTS; i++) {
            const nn_synapse new_one = {0.5f, 1, 0, 0}; /* weight 0.5, at most 1 */
            w.synapse[i] = new_one;
        }
        w.rule = still;
        const answer before = live(nn, &w, TRY);
        show("before", before);
        w.rule = learning;
        for (int k = 1; k <= PHASES; k++) {
            char when[16];
            sprintf(when, "%d s", k * PHASE / 1000);
            show(when, live(nn, &w, PHASE));
        }
        w.rule = still;
        const answer after = live(nn, &w, TRY);
        show("after", after);
        printf("%s", n == 0 || n == NEURONS - 1 ? "\n" : "");
        good += after.hits > 75 && after.others < before.others / 4;
        if (n == 0) histogram(&w);
        else if (n < NEURONS - 1) printf("\n");
    }
    const int ok = nn_ok(nn) && good > 0;
    printf("expected: one at least of %d neurons answers more than 75 %% of its patterns and\n"
           "          fires outside of them less than a quarter as often as before\n", NEURONS);
    printf("got:      %d\n", good);
    nn_destroy(nn);
    return !ok;
}
