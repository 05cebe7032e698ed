/* Chapter 1, against numbers by hand, sums in double, and the exact solution of the membrane's
 * equation. The numbers in brackets are those of the feature list.
 *
 *     cc -std=c99 -O1 -g tests/test_ch01.c -lm -o test_ch01 && ./test_ch01
 */
#include "capture.h"

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

enum { MOST = 70 };

static nn_ctx *nn;

/* [1.1] z = w x + b by hand, and by a sum in double, for any number of inputs. */
static void neuron(void)
{
    const nn_real w[3] = {2, -3, 0.5f}, x[3] = {1, 2, 4};
    CHECK_NEAR(nn_neuron(w, x, 3, 1), -1, 0); /* 2 - 6 + 2 + 1 */
    CHECK_NEAR(nn_neuron(w, x, 1, 1), 3, 0);
    CHECK_NEAR(nn_neuron(w, x, 0, 1), 1, 0);
    nn_seed(nn, test_seed = 1);
    for (int n = 1; n <= MOST; n++) {
        nn_real a[MOST], b[MOST];
        double z = 0.25, size = 1;
        for (int i = 0; i < n; i++) {
            a[i] = nn_uniform(nn, -1, 1);
            b[i] = nn_uniform(nn, -1, 1);
            z += (double)a[i] * (double)b[i];
            size += fabs((double)a[i] * (double)b[i]);
        }
        CHECK_NEAR(nn_neuron(a, b, n, 0.25f), z, n * 6e-8 * size); /* a rounding for each input */
    }
}

/* [1.1] A layer on a batch has the same numbers as its neurons one by one, to the last bit. */
static void batch_is_single(void)
{
    nn_seed(nn, test_seed = 2);
    for (int in = 1; in <= MOST; in += 3) {
        nn_clear(nn);
        const int samples = 1 + in % 9, out = 1 + in % 7;
        nn_linear l = nn_linear_new(nn_model_new(nn), "l", in, out);
        nn_tensor *x = nn_rand(nn, nn_shape2(samples, in), -1, 1), *z = nn_linear_forward(&l, x);
        for (int s = 0; s < samples; s++)
            for (int o = 0; o < out; o++)
                CHECK_NEAR(z->data[s * out + o],
                           nn_neuron(l.weight->data + o * in, x->data + s * in, in,
                                     l.bias->data[o]), 0);
    }
}

/* [1.2] The bias as weight of an input that is always 1: the same bits. */
static void augmented(void)
{
    nn_seed(nn, test_seed = 3);
    for (int n = 1; n < MOST; n++) {
        nn_real w[MOST], x[MOST];
        for (int i = 0; i <= n; i++) {
            w[i] = nn_uniform(nn, -1, 1);
            x[i] = nn_uniform(nn, -1, 1);
        }
        x[0] = 1;
        const nn_real apart = nn_neuron(w + 1, x + 1, n, w[0]), in_one = nn_neuron(w, x, n + 1, 0);
        CHECK(memcmp(&apart, &in_one, sizeof apart) == 0);
    }
}

/* [1.3] Raising an input of positive weight raises z, of negative weight lowers it, by w each. */
static void excites_and_inhibits(void)
{
    const nn_real w[4] = {0.5f, -0.25f, 2, -1};
    for (int i = 0; i < 4; i++) {
        nn_real x[4] = {1, 1, 1, 1};
        const nn_real before = nn_neuron(w, x, 4, 0.125f);
        x[i] += 1;
        const nn_real after = nn_neuron(w, x, 4, 0.125f);
        CHECK(w[i] > 0 ? after > before : after < before);
        CHECK_NEAR(after - before, w[i], 0);
    }
}

/* [1.4, 1.5] The text of the table; its count against layers of these sizes, and by hand. */
static void layer_table(void)
{
    const int units[4] = {4, 8, 5, 3};
    size_t n = 0;
    CHECK_PRINTS(n = nn_print_layers(units, 4),
                 "layer  kind    units are  units  weight          bias     parameters\n"
                 "    0  input   visible        4\n"
                 "    1  hidden  hidden         8  [8, 4]          [8]              40\n"
                 "    2  hidden  hidden         5  [5, 8]          [5]              45\n"
                 "    3  output  visible        3  [3, 5]          [3]              18\n"
                 "2 hidden layers: deep; 103 parameters\n");
    CHECK_INT(n, 8 * 4 + 8 + 5 * 8 + 5 + 3 * 5 + 3);
    nn_model *net = nn_model_new(nn);
    nn_linear_new(net, "1", 4, 8), nn_linear_new(net, "2", 8, 5), nn_linear_new(net, "3", 5, 3);
    CHECK_INT(n, nn_model_size(net));
    CHECK_PRINTS(n = nn_print_layers(units, 3),
                 "layer  kind    units are  units  weight          bias     parameters\n"
                 "    0  input   visible        4\n"
                 "    1  hidden  hidden         8  [8, 4]          [8]              40\n"
                 "    2  output  visible        5  [5, 8]          [5]              45\n"
                 "1 hidden layer: shallow; 85 parameters\n");
    CHECK_INT(n, 85);
    CHECK_PRINTS(n = nn_print_layers(units, 2),
                 "layer  kind    units are  units  weight          bias     parameters\n"
                 "    0  input   visible        4\n"
                 "    1  output  visible        8  [8, 4]          [8]              40\n"
                 "0 hidden layers: shallow; 40 parameters\n");
    CHECK_INT(n, 40);
}

/* What rounding v to a float at each step of dt = tau / 1000 can do: half a unit of its last place,
 * 2e-6 mV, a thousand times, for what is older has leaked away. */
#define ROUNDED 2e-3

/* [1.6] Below threshold: v = rest + R I (1 - (1 - dt/tau)^k) after k steps of Euler, which is
 * R I (1 - e^(-t/tau)) but for the step: off by at most R I dt / (2 e tau), here 0.007 mV. */
static void charges(void)
{
    nn_lif l = nn_lif_new();
    const double dt = 0.01, push = 14; /* R I in mV: one less than what it needs to spike */
    CHECK_NEAR(l.v, -65, 0);
    for (int k = 1; k <= 10000; k++) {
        CHECK_INT(nn_lif_step(&l, 1.4f, (nn_real)dt), 0);
        CHECK_NEAR(l.v, -65 + push * (1 - pow(1 - dt / 10, k)), ROUNDED);
        CHECK_NEAR(l.v, -65 + push * (1 - exp(-k * dt / 10)), 0.007 + ROUNDED);
    }
    for (int k = 0; k < 10000; k++) nn_lif_step(&l, 0, (nn_real)dt); /* and leaks back to rest */
    CHECK_NEAR(l.v, -65, 0.01);
}

/* [1.6] The time between two spikes: exactly, t_ref + tau ln((R I + rest - reset) / (R I + rest -
 * threshold)). With steps, Euler is ahead of the exact curve by at most ln(..) dt / 2, and a spike
 * is late by at most dt; the rounding of v shifts it by as long as v takes for so much. */
static void firing(nn_lif l, double current)
{
    const double dt = 0.01, push = (double)l.resistance * current + (double)l.rest;
    const double log_part = log((push - (double)l.reset) / (push - (double)l.threshold));
    const double period = (double)l.refractory + (double)l.tau * log_part;
    int first = -1, last = -1, spikes = 0;
    for (int k = 0; k < 50000; k++) {
        if (!nn_lif_step(&l, (nn_real)current, (nn_real)dt)) continue;
        CHECK_NEAR(l.v, l.reset, 0);
        if (spikes++ == 0) first = k;
        last = k;
    }
    CHECK(spikes > 5);
    const double rounded = ROUNDED * (double)l.tau / (push - (double)l.threshold);
    CHECK_NEAR((last - first) * dt / (spikes - 1), period, dt * (1 + log_part / 2) + rounded);
}

static void fires(void)
{
    nn_lif l = nn_lif_new();
    const double currents[] = {1.51, 1.6, 2, 3, 5, 10};
    for (int i = 0; i < 6; i++) firing(l, currents[i]);
    l.refractory = 0;
    firing(l, 2);
    l.refractory = 5;
    l.reset = -70;
    l.tau = 20;
    firing(l, 2);
    l = nn_lif_new();
    int spikes = 0;
    for (int k = 0; k < 100000; k++) spikes += nn_lif_step(&l, 1.49f, 0.01f); /* 14.9 mV of 15 */
    CHECK_INT(spikes, 0);
}

/* [1.6] By hand, in steps of 1 ms: 5 mV above rest at once, then the spike, two steps of rest. */
static void by_hand(void)
{
    nn_lif l = nn_lif_new();
    CHECK_INT(nn_lif_step(&l, 5, 1), 0); /* R I / tau = 5 mV a step */
    CHECK_NEAR(l.v, -60, 0);
    CHECK_INT(nn_lif_step(&l, 10.5f, 1), 1); /* to -50, the threshold: -60 - 0.5 + 10.5 */
    CHECK_NEAR(l.v, -65, 0);
    CHECK_INT(nn_lif_step(&l, 100, 1), 0);
    CHECK_INT(nn_lif_step(&l, 100, 1), 0);
    CHECK_NEAR(l.v, -65, 0);
    CHECK_INT(nn_lif_step(&l, 100, 1), 1);
}

static void mistakes(void)
{
    const int units[3] = {4, 0, 2};
    const nn_real w[1] = {1};
    nn_lif l = nn_lif_new();
    CHECK_MISTAKE(nn_neuron(NULL, w, 1, 0), "nn_neuron: argument 1 is NULL");
    CHECK_MISTAKE(nn_print_layers(NULL, 2), "nn_print_layers: argument 1 is NULL");
    CHECK_MISTAKE(nn_print_layers(units, 1), "nn_print_layers: 1 layers: at least 2");
    CHECK_MISTAKE(nn_print_layers(units, 3), "nn_print_layers: layer 1 has 0 units");
    CHECK_MISTAKE(nn_lif_step(NULL, 1, 1), "nn_lif_step: argument 1 is NULL");
    CHECK_MISTAKE(nn_lif_step(&l, 1, 0), "nn_lif_step: dt is 0, not in 0 < dt <= tau = 10");
    CHECK_MISTAKE(nn_lif_step(&l, 1, 11), "nn_lif_step: dt is 11, not in 0 < dt <= tau = 10");
    CHECK_MISTAKE(nn_lif_step(&l, (nn_real)INFINITY, 1), "nn_lif_step: the current is inf");
    l.reset = -50;
    CHECK_MISTAKE(nn_lif_step(&l, 1, 1), "nn_lif_step: reset is -50, not below the threshold -50");
    CHECK_NEAR(l.v, -65, 0);
}

/* Where stdout is no terminal: a line for each tenth, or for each step of fewer than ten. */
static void progress(void)
{
    const nn_progress p = nn_progress_start();
    CHECK_PRINTS(for (int i = 1; i <= 30; i++) nn_progress_show(&p, i, 30, "step %d", i),
                 "step 3\nstep 6\nstep 9\nstep 12\nstep 15\nstep 18\nstep 21\nstep 24\nstep 27\nstep 30\n");
    CHECK_PRINTS(for (int i = 1; i <= 3; i++) nn_progress_show(&p, i, 3, "%d of %s", i, "3"),
                 "1 of 3\n2 of 3\n3 of 3\n");
}

int main(void)
{
    nn = nn_create(1);
    RUN(neuron);
    RUN(batch_is_single);
    RUN(augmented);
    RUN(excites_and_inhibits);
    RUN(layer_table);
    RUN(charges);
    RUN(fires);
    RUN(by_hand);
    RUN(mistakes);
    RUN(progress);
    nn_destroy(nn);
    return test_summary();
}
