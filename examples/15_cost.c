/* What a layer costs by the length T of the sequence, N = 1: multiplications of self-attention and
 * of recurrent layers, all of width D. (Table 1 of Vaswani et al. 2017 has the orders, and of
 * attention without its linear layers.)
 *
 *     15_cost          counts them
 *     15_cost times    and measures milliseconds, the best of several runs, forward and backward
 *     15_cost next     the token after 64 and after 4,096 others, without a cache and with it
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

/* The row behind `before` others, through encoder layers under a causal mask. */
static double next_token(nn_ctx *nn, const nn_encoder *e, int dim, int before, int cached)
{
    nn_attention_options o = {.causal = 1};
    double best = 1e9;
    nn_tensor *x = nn_randn(nn, nn_shape3(1, before + 1, dim));
    if (cached) {
        o.cache = nn_kv_cache_new(nn, e->layers, 1, before + 1, dim);
        nn_encoder_forward(e, nn_slice(x, 1, 0, before), o, NULL);
    }
    for (int run = 0; run < (cached ? 10 * RUNS : RUNS) && nn_ok(nn); run++) {
        nn_clear(nn);
        for (int l = 0; l < e->layers && cached; l++) o.cache[l].length = before;
        x = nn_randn(nn, nn_shape3(1, cached ? 1 : before + 1, dim));
        const clock_t start = clock();
        nn_encoder_forward(e, x, o, NULL);
        const double ms = 1000.0 * (double)(clock() - start) / CLOCKS_PER_SEC;
        best = ms < best ? ms : best;
    }
    return best;
}

static int measure_next(nn_ctx *nn)
{
    enum { DIM = 128, LAYERS = 4 };
    const nn_transformer_options o = {.heads = HEADS, .norm_first = 1, .gelu = 1};
    const nn_encoder e = nn_encoder_new(nn_model_new(nn), "e", LAYERS, DIM, o);
    nn_set_grad_enabled(nn, 0);
    printf("== the next token, %d layers of D = %d: millions of multiplications; milliseconds\n"
           "before    no cache  cache    no cache  cache\n", LAYERS, DIM);
    for (int before = 64; before <= 4096; before *= 8) {
        const double t = before + 1, row = 12.0 * DIM * DIM; /* under the mask half of T^2 */
        printf("%6d %11.1f %6.2f", before, LAYERS * (t * row + t * (t + 1) * DIM) / 1e6,
               LAYERS * (row + 2 * t * DIM) / 1e6);
        for (int cached = 0; cached < 2; cached++)
            printf(cached ? " %6.2f" : " %11.1f", next_token(nn, &e, DIM, before, cached));
        printf("\n");
    }
    const int ok = nn_ok(nn);
    nn_destroy(nn);
    return !ok;
}

int main(int argc, char **argv)
{
    const int times = argc > 1 && !strcmp(argv[1], "times");
    nn_ctx *nn = nn_create(42);
    if (argc > 1 && !strcmp(argv[1], "next")) return measure_next(nn);
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
