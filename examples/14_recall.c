/* Delayed recall (after Hochreiter and Schmidhuber 1997): the first symbol of a sequence is to be
 * named after others have come that do not matter. An RNN, an LSTM and a GRU of 16 units learn it
 * from delays of 1 to LONGEST steps, mixed.
 *
 *     14_recall [SEEDS [LONGEST [STEPS [RATE]]]]     3, 60, 400 and 0.01
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 32, SYMBOLS = 8, UNITS = 16, TEST = 256, MOST = 200, DELAYS = 6 };
enum { RNN, LSTM, GRU, KINDS };

/* [sequences] */
/* n new sequences x [n, delay + 1, 2 SYMBOLS], one-hot: one symbol of an alphabet of its own, whose
 * number label[n] becomes, then `delay` of another alphabet. */
static nn_tensor *sequences(nn_ctx *nn, int n, int delay, int *label)
{
    static int ids[TEST * (MOST + 1)];
    for (int i = 0; i < n; i++) {
        int *p = ids + i * (delay + 1);
        label[i] = nn_randint(nn, 0, SYMBOLS);
        p[0] = SYMBOLS + label[i];
        for (int t = 1; t <= delay; t++) p[t] = nn_randint(nn, 0, SYMBOLS);
    }
    nn_tensor *x = nn_one_hot(nn, ids, n * (delay + 1), 2 * SYMBOLS);
    return nn_reshape(x, nn_shape3(n, delay + 1, 2 * SYMBOLS));
}
/* [/sequences] */

typedef struct network {
    int kind;
    nn_rnn cells;
    nn_linear out;
} network;

/* [new] */
/* A gate that begins at sigmoid(4) = 0.982 keeps what is there for about 1 / (1 - 0.982) = 55
 * steps: so the gradient comes that far from the first step of learning on. */
static network network_new(nn_model *model, int kind)
{
    const nn_rnn_options keep = {.forget_bias = 4};
    const int in = 2 * SYMBOLS;
    network net = {.kind = kind, .out = nn_linear_new(model, "out", UNITS, SYMBOLS)};
    if (kind == RNN) net.cells = nn_rnn_new(model, "rnn", in, UNITS);
    if (kind == LSTM) net.cells = nn_lstm_new_with(model, "lstm", in, UNITS, keep);
    if (kind == GRU) net.cells = nn_gru_new(model, "gru", in, UNITS);
    for (int i = UNITS; kind == GRU && i < 2 * UNITS; i++) /* z, the second of r, z, n */
        net.cells.cell->bias_ih->data[i] = 4;
    return net;
}
/* [/new] */

static nn_tensor *answer(const network *net, nn_tensor *x) /* [n, T, in] -> logits [n, SYMBOLS] */
{
    const nn_rnn_result r = net->kind == RNN    ? nn_rnn_forward(&net->cells, x, NULL, NULL)
                            : net->kind == LSTM ? nn_lstm_forward(&net->cells, x, NULL, NULL, NULL)
                                                : nn_gru_forward(&net->cells, x, NULL, NULL);
    return nn_linear_forward(&net->out, nn_reshape(r.h, nn_shape2(x->shape.dim[0], UNITS)));
}

static network train(nn_ctx *nn, int kind, int longest, int steps, nn_real rate)
{
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, kind);
    nn_optimizer *opt = nn_adam(model, rate);
    int label[N];
    for (int s = 0; s < steps; s++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *x = sequences(nn, N, nn_randint(nn, 1, longest + 1), label);
        nn_backward(nn_cross_entropy(answer(&net, x), label));
        nn_clip_grad_norm(model, 1);
        nn_step(opt);
    }
    return net;
}

int main(int argc, char **argv)
{
    const char *const name[KINDS] = {"RNN", "LSTM", "GRU"};
    const int seeds = argc > 1 ? atoi(argv[1]) : 3, longest = argc > 2 ? atoi(argv[2]) : 60;
    const int steps = argc > 3 ? atoi(argv[3]) : 400;
    const nn_real rate = argc > 4 ? (nn_real)atof(argv[4]) : 0.01f;
    const int delay[DELAYS] = {1, 5, 10, 20, 40, longest};
    int learned[KINDS] = {0}, label[TEST];
    if (seeds < 1 || steps < 1 || longest < 1 || longest > MOST || !(rate > 0)) {
        printf("14_recall [SEEDS [LONGEST [STEPS [RATE]]]]: LONGEST is 1 to %d, the others are more"
               " than 0\n", MOST);
        return 1;
    }
    nn_ctx *nn = nn_create(1);
    printf("== right of %d new sequences, in %%, by delay (by chance: %.1f %%)\n"
           "network  seed", TEST, 100.0 / SYMBOLS);
    for (int d = 0; d < DELAYS; d++) printf(" %5d", delay[d]);
    for (int kind = 0; kind < KINDS; kind++)
        for (int seed = 1; seed <= seeds; seed++) {
            nn_seed(nn, (uint64_t)seed);
            const network net = train(nn, kind, longest, steps, rate);
            printf("\n%-7s %5d", name[kind], seed);
            for (int d = 0, right = 0; d < DELAYS; d++) {
                nn_clear(nn);
                nn_tensor *x = sequences(nn, TEST, delay[d], label);
                right = nn_count_correct(answer(&net, x), label);
                printf(" %5.1f", 100.0 * right / TEST);
                if (d == DELAYS - 1) learned[kind] += right > 0.9 * TEST;
            }
        }
    /* An RNN, too, learns short delays: `build/14_recall 5 10`. */
    const int too_long = longest >= 60;
    printf("\n\nexpected: after %d steps LSTM and GRU still know the symbol%s\n", longest,
           too_long ? ", the RNN does not" : "");
    printf("got:      LSTM %d, GRU %d, RNN %d of %d\n", learned[LSTM], learned[GRU], learned[RNN],
           seeds);
    const int ok = nn_ok(nn) && learned[LSTM] == seeds && learned[GRU] == seeds &&
                   !(too_long && learned[RNN]);
    nn_destroy(nn);
    return !ok;
}
