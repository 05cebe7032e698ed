/* What a layer costs by the length T of the sequence, N = 1: multiplications of self-attention and
 * of recurrent layers, all of width D. (Table 1 of Vaswani et al. 2017 has the orders, and of
 * attention without its linear layers.)
 *
 *     15_cost          counts them
 *     15_cost times    and measures milliseconds, the best of several runs, forward and backward
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

#include <string.h>
#include <time.h>

enum { D = 64, HEADS = 4, LONGEST = 2048, RUNS = 7 };
enum { ATTENTION, RNN, LSTM, KINDS };
static const char *const name[KINDS] = {"attention", "RNN", "LSTM"};

static double multiplications(int kind, double t)
{
    if (kind == RNN) return 2 * t * D * D;      /* U x and W s, [D, D] each, at every step */
    if (kind == LSTM) return 4 * 2 * t * D * D; /* the same for four gates */
    return 4 * t * D * D + 2 * t * t * D;       /* Q, K, V, W_O; then Q K^T and P V */
}

static double milliseconds(nn_ctx *nn, int kind, int t)
{
    static const nn_attention_options all = {0};
    nn_model *m = nn_model_new(nn); /* small; lives as long as nn */
    const nn_multihead_attention attention = nn_multihead_attention_new(m, "attention", D, HEADS);
    const nn_rnn rnn = nn_rnn_new(m, "rnn", D, D);
    const nn_lstm lstm = nn_lstm_new(m, "lstm", D, D);
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        nn_clear(nn);
        nn_tensor *x = nn_requires_grad(nn_randn(nn, nn_shape3(1, t, D)));
        const clock_t start = clock();
        nn_backward(nn_sum(
            kind == ATTENTION ? nn_multihead_attention_forward(&attention, x, x, all, NULL)
            : kind == RNN     ? nn_rnn_forward(&rnn, x, NULL, NULL).output
                              : nn_lstm_forward(&lstm, x, NULL, NULL, NULL).output));
        const double ms = 1000.0 * (double)(clock() - start) / CLOCKS_PER_SEC;
        best = ms < best ? ms : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    const int times = argc > 1 && !strcmp(argv[1], "times");
    nn_ctx *nn = nn_create(42);
    int crossing = 0; /* the first T at which attention multiplies more than an LSTM */
    printf("== millions of multiplications, D = %d%s\n", D, times ? "; milliseconds" : "");
    printf("   T");
    for (int k = 0; k < KINDS; k++) printf(" %10s", name[k]);
    if (times) printf("  ms, attn      RNN     LSTM");
    printf("\n");
    for (int t = 16; t <= LONGEST; t *= 2) {
        printf("%4d", t);
        for (int k = 0; k < KINDS; k++) printf(" %10.3g", multiplications(k, t) / 1e6);
        for (int k = 0; k < KINDS && times; k++) printf(" %8.2f", milliseconds(nn, k, t));
        printf("\n");
        if (!crossing && multiplications(ATTENTION, t) > multiplications(LSTM, t)) crossing = t;
    }
    printf("\nexpected: attention multiplies more than an LSTM if T is above 2 D = %d\n", 2 * D);
    printf("got:      first at %d\n", crossing);
    const int ok = nn_ok(nn) && crossing == 4 * D;
    nn_destroy(nn);
    return !ok;
}
