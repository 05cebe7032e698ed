/* An LSTM of a single cell learns to count: of a..ab..b it has to say when there were as many b as
 * a. It learns from 1 to LEARNED; how far does it then count? Without peepholes, and with them, by
 * which the gates see the cell state itself (Gers and Schmidhuber 2000 and 2001).
 *
 *     14_counting [SEEDS]     4
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LEARNED = 10, MOST = 60, STEPS = 1000, SHOWN = 6 };

typedef struct network {
    nn_ctx *nn;
    nn_model *model;
    nn_lstm lstm;
    nn_linear out;
} network;

/* [sequences] */
/* Sequence n - 1 of x [most, 2 most, 2] is n times a, n times b, one-hot. label: 1 at the last b,
 * 0 before it, -1, which is no target, behind it. */
static nn_tensor *sequences(nn_ctx *nn, int most, int *label)
{
    static int symbol[MOST * 2 * MOST];
    for (int n = 1; n <= most; n++)
        for (int t = 0; t < 2 * most; t++) {
            const int i = (n - 1) * 2 * most + t;
            symbol[i] = t < n ? 0 : t < 2 * n ? 1 : -1; /* -1: zeros */
            label[i] = t < 2 * n - 1 ? 0 : t == 2 * n - 1 ? 1 : -1;
        }
    return nn_reshape(nn_one_hot(nn, symbol, most * 2 * most, 2), nn_shape3(most, 2 * most, 2));
}
/* [/sequences] */

static nn_tensor *forward(const network *net, nn_tensor *x) /* [n, T, 2] -> logits [n T, 2] */
{
    const nn_rnn_result r = nn_lstm_forward(&net->lstm, x, NULL, NULL, NULL);
    return nn_linear_forward(&net->out, nn_reshape(r.output, nn_shape2(-1, 1)));
}

static network train(nn_ctx *nn, int peephole, uint64_t seed)
{
    nn_seed(nn, seed);
    network net = {.nn = nn, .model = nn_model_new(nn)};
    const nn_rnn_options o = {.forget_bias = 3, .peephole = peephole};
    net.lstm = nn_lstm_new_with(net.model, "lstm", 2, 1, o);
    net.out = nn_linear_new(net.model, "out", 1, 2);
    nn_optimizer *opt = nn_adam(net.model, 0.02f);
    int label[LEARNED * 2 * LEARNED];
    for (int s = 0; s < STEPS; s++) {
        nn_clear(nn);
        nn_zero_grad(net.model);
        nn_backward(nn_cross_entropy(forward(&net, sequences(nn, LEARNED, label)), label));
        nn_clip_grad_norm(net.model, 1);
        opt->lr = nn_cosine_annealing_lr(0.02f, 0.002f, STEPS, s);
        nn_step(opt);
    }
    return net;
}

/* The largest n up to which everything is answered right. */
static int counts_to(const network *net)
{
    int label[MOST * 2 * MOST], said[MOST * 2 * MOST];
    nn_clear(net->nn);
    nn_argmax(forward(net, sequences(net->nn, MOST, label)), said);
    for (int i = 0; i < MOST * 2 * MOST; i++)
        if (label[i] >= 0 && said[i] != label[i]) return i / (2 * MOST);
    return MOST;
}

/* [cell] */
static void show_cell(const network *net)
{
    nn_rnn_result r = {NULL, NULL, NULL};
    nn_clear(net->nn);
    for (int t = 0; t < 2 * SHOWN; t++) {
        const int symbol = t >= SHOWN;
        nn_tensor *x = nn_one_hot(net->nn, &symbol, 1, 2);
        r = nn_lstm_cell_forward(net->lstm.cell, x, r.h, r.c);
        printf("%c %.2f  ", "ab"[symbol], (double)r.c->data[0]);
    }
    printf("\n");
}
/* [/cell] */

int main(int argc, char **argv)
{
    const int seeds = argc > 1 ? atoi(argv[1]) : 4;
    double mean[2] = {0};
    int learned[2] = {0};
    if (seeds < 1) return 1;
    nn_ctx *nn = nn_create(1);
    network best = {NULL, NULL, {NULL, 0, 0, 0}, {NULL, NULL}};
    int most = -1;
    printf("== learned from 1 to %d; counts right to (%d is the most), by seed\n", LEARNED, MOST);
    for (int peephole = 0; peephole < 2; peephole++) {
        printf("%s", peephole ? "peepholes  " : "none       ");
        for (int seed = 1; seed <= seeds; seed++) {
            const network net = train(nn, peephole, (uint64_t)seed);
            const int n = counts_to(&net);
            printf(" %2d", n);
            if (n > most) most = n, best = net;
            learned[peephole] += n >= LEARNED;
            mean[peephole] += n / (double)seeds;
        }
        printf("   mean %.1f\n", mean[peephole]);
    }
    printf("\n== the cell state of the one that counts farthest, to %d\n", most);
    show_cell(&best);
    printf("\nexpected: most learn to count, with peepholes or without\n");
    printf("got:      %d and %d of %d to %d or farther\n", learned[0], learned[1], seeds, LEARNED);
    const int ok = nn_ok(nn) && learned[0] + learned[1] >= seeds;
    nn_destroy(nn);
    return !ok;
}
