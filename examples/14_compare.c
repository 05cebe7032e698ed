/* RNN, LSTM and GRU side by side: what is in them, and how well they say the next character of a
 * text after the same steps; once with the same units, once with about the same parameters.
 *
 *     14_compare [SEEDS [STEPS [RATE [times]]]]    1, 150 and 0.01; times: of a step, too
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include <time.h>

enum { N = 8, T = 32, EMBED = 24, TEST = 64, KINDS = 5, UNITS = 64 };

/* [kinds] */
typedef struct kind {
    const char *text;
    int blocks; /* of rows: 1 RNN, 4 LSTM, 3 GRU */
    nn_rnn_options options;
    int units; /* so that all have about as many parameters as an LSTM of 64 */
} kind;

static const kind kinds[KINDS] = {
    {"RNN", 1, {.layers = 1}, 140},
    {"LSTM", 4, {.layers = 1}, 64},
    {"GRU, as PyTorch", 3, {.convention = NN_GRU_PYTORCH}, 75},
    {"GRU, Cho 2014", 3, {.convention = NN_GRU_CHO}, 75},
    {"GRU, Chung 2014", 3, {.convention = NN_GRU_CHUNG}, 75},
};
/* [/kinds] */

typedef struct network {
    const kind *kind;
    nn_embedding embed;
    nn_rnn cells;
    nn_linear out;
    int units;
    size_t in_cells; /* parameters */
} network;

static network network_new(nn_model *model, const kind *k, int units, int v)
{
    network net = {.kind = k, .units = units, .embed = nn_embedding_new(model, "embed", v, EMBED)};
    const size_t before = nn_model_size(model);
    if (k->blocks == 1) net.cells = nn_rnn_new_with(model, "rnn", EMBED, units, k->options);
    if (k->blocks == 4) net.cells = nn_lstm_new_with(model, "lstm", EMBED, units, k->options);
    if (k->blocks == 3) net.cells = nn_gru_new_with(model, "gru", EMBED, units, k->options);
    net.in_cells = nn_model_size(model) - before;
    net.out = nn_linear_new(model, "out", units, v);
    return net;
}

/* The loss of n windows of t characters that begin at ids + start[i]. */
static nn_tensor *loss_of(const network *net, const int *ids, const int *start, int n, int t)
{
    int now[TEST * TEST], next[TEST * TEST];
    for (int i = 0; i < n * t; i++) {
        now[i] = ids[start[i / t] + i % t];
        next[i] = ids[start[i / t] + i % t + 1];
    }
    nn_tensor *x = nn_embedding_forward(&net->embed, now, n * t);
    x = nn_reshape(x, nn_shape3(n, t, EMBED));
    const nn_rnn *l = &net->cells;
    const nn_rnn_result r = net->kind->blocks == 1   ? nn_rnn_forward(l, x, NULL, NULL)
                            : net->kind->blocks == 4 ? nn_lstm_forward(l, x, NULL, NULL, NULL)
                                                    : nn_gru_forward(l, x, NULL, NULL);
    x = nn_reshape(r.output, nn_shape2(n * t, net->units));
    return nn_cross_entropy(nn_linear_forward(&net->out, x), next);
}

typedef struct result {
    size_t in_cells;
    double loss, milliseconds; /* held out; a step */
} result;

static result train(const nn_vocab *vocab, const int *ids, int size, const kind *k, int units,
                    int steps, nn_real rate, uint64_t seed)
{
    nn_ctx *nn = vocab->ctx;
    nn_seed(nn, seed);
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, k, units, vocab->n);
    nn_optimizer *opt = nn_adam(model, rate);
    const int learned = size / 10 * 9; /* the last tenth is held out */
    int start[TEST];
    const clock_t before = clock();
    for (int s = 0; s < steps; s++) {
        nn_clear(nn);
        nn_zero_grad(model);
        for (int i = 0; i < N; i++) start[i] = nn_randint(nn, 0, learned - T);
        nn_backward(loss_of(&net, ids, start, N, T));
        nn_clip_grad_norm(model, 1);
        nn_step(opt);
    }
    const double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    nn_clear(nn);
    for (int i = 0; i < TEST; i++) start[i] = learned + (size - learned) / (TEST + 1) * i;
    return (result){net.in_cells, (double)nn_item(loss_of(&net, ids, start, TEST, TEST)),
                    1000 * seconds / steps};
}

int main(int argc, char **argv)
{
    const int seeds = argc > 1 ? atoi(argv[1]) : 1, steps = argc > 2 ? atoi(argv[2]) : 150;
    const nn_real rate = argc > 3 ? (nn_real)atof(argv[3]) : 0.01f;
    nn_ctx *nn = nn_create(1);
    const nn_text text = nn_text_load(nn, "examples/data/devils_dictionary.txt");
    const nn_vocab vocab = nn_vocab_new(nn, NN_CHARS, text.bytes, text.size, 0);
    int size, ok = 1;
    const int *ids = nn_vocab_encode(&vocab, text.bytes, text.size, &size);
    if (!nn_ok(nn) || steps < 1) return 1;
    for (int same = 0; same < 2; same++) {
        printf("== the same number of %s: nats held out after %d steps of rate %g, by seed\n"
               "cell             blocks units parameters\n",
               same ? "parameters, nearly" : "units", steps, (double)rate);
        for (int k = 0; k < KINDS; k++) {
            const int units = same ? kinds[k].units : UNITS, blocks = kinds[k].blocks;
            double milliseconds = 0;
            for (int seed = 1; seed <= seeds; seed++) {
                const result r =
                    train(&vocab, ids, size, &kinds[k], units, steps, rate, (uint64_t)seed);
                if (seed == 1)
                    printf("%-16s %6d %5d %10d ", kinds[k].text, blocks, units, (int)r.in_cells);
                printf(" %.3f", r.loss);
                milliseconds += r.milliseconds / seeds;
                ok &= r.in_cells == (size_t)(blocks * (units * (EMBED + units) + 2 * units));
                ok &= r.loss < 3.11;
            }
            if (argc > 4) printf("  %.2f ms", milliseconds);
            printf("\n");
            fflush(stdout);
        }
        printf("\n");
    }
    printf("expected: parameters: blocks (units (inputs + units) + 2 units), inputs: %d; all know\n"
           "          more than how frequent each character is (3.110)\n", EMBED);
    printf("got:      %s\n", ok ? "yes" : "no");
    ok &= nn_ok(nn);
    nn_destroy(nn);
    return !ok;
}
