/* What a layer costs by the length T of the sequence, N = 1: multiplications of self-attention and
 * of recurrent layers, all of width D (Vaswani et al. 2017, Table 1, has the terms in T and D
 * alone).
 *
 *     15_cost          counts them
 *     15_cost times    and measures milliseconds, the best of several runs, forward and backward
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

#include <time.h>

enum { D = 64, HEADS = 4, LONGEST = 2048 };
enum { ATTENTION, RNN, LSTM, KINDS };
static const char *const name[KINDS] = {"attention", "RNN", "LSTM"};

static double multiplications(int kind, double t)
{
    if (kind == RNN) return 2 * t * D * D;      /* U x and W s, [D, D] each, at every step */
    if (kind == LSTM) return 4 * 2 * t * D * D; /* the same for four gates */
    return 4 * t * D * D + 2 * t * t * D;       /* Q, K, V, W_O; then Q K^T and P V */
}

static nn_tensor *forward(nn_model *m, int kind, nn_tensor *x)
{
    static const nn_attention_options all = {0};
    char layer[32];
    snprintf(layer, sizeof layer, "%s %d", name[kind], x->shape.dim[1]);
    if (kind == ATTENTION) {
        const nn_multihead_attention l = nn_multihead_attention_new(m, layer, D, HEADS);
        return nn_multihead_attention_forward(&l, x, x, all, NULL);
    }
    if (kind == RNN) {
        const nn_rnn l = nn_rnn_new(m, layer, D, D);
        return nn_rnn_forward(&l, x, NULL, NULL).output;
    }
    const nn_lstm l = nn_lstm_new(m, layer, D, D);
    return nn_lstm_forward(&l, x, NULL, NULL, NULL).output;
}

static double milliseconds(nn_ctx *nn, int kind, int t)
{
    double best = 1e9;
    for (int run = 0; run < 5; run++) {
        nn_clear(nn);
        nn_model *m = nn_model_new(nn); /* small; lives on */
        nn_tensor *x = nn_requires_grad(nn_randn(nn, nn_shape3(1, t, D)));
        const clock_t start = clock();
        nn_backward(nn_sum(forward(m, kind, x)));
        const double ms = 1000.0 * (double)(clock() - start) / CLOCKS_PER_SEC;
        best = ms < best ? ms : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(42);
    int crossing = 0; /* the first T at which attention multiplies more than an LSTM */
    printf("== millions of multiplications, D = %d%s\n", D, argc > 1 ? "; milliseconds" : "");
    printf("   T");
    for (int k = 0; k < KINDS; k++) printf(" %10s", name[k]);
    printf("\n");
    for (int t = 16; t <= LONGEST; t *= 2) {
        printf("%4d", t);
        for (int k = 0; k < KINDS; k++) printf(" %10.3g", multiplications(k, t) / 1e6);
        for (int k = 0; k < KINDS && argc > 1; k++) printf(" %8.2f", milliseconds(nn, k, t));
        printf("\n");
        if (!crossing && multiplications(ATTENTION, t) > multiplications(LSTM, t)) crossing = t;
    }
    printf("\nexpected: attention multiplies more than an LSTM if T is above 2 D = %d\n", 2 * D);
    printf("got:      first at %d\n", crossing);
    const int ok = nn_ok(nn) && crossing == 4 * D;
    nn_destroy(nn);
    return !ok;
}
