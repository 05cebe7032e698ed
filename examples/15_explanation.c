/* Do weights of attention explain an answer? A network reads opinions of eight words; one of them,
 * good or bad, decides, and a "not" before it turns it round. The answer is drawn from the states
 * of an LSTM that reads both ways, by additive attention. Several seeds learn the same task: where
 * does each look? (Jain and Wallace 2019; Wiegreffe and Pinter 2019)
 *
 *     15_explanation [SEEDS]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

#include <stdlib.h>

enum { T = 8, GOOD = 8, BAD, NOT, WORDS, DIM = 16, BATCH = 32, STEPS = 200, TEST = 1000 };
enum { SHOWN = 2, MOST = 100 };
enum { LEARNED, UNIFORM, SHUFFLED }; /* whose weights */
static const char *const word[WORDS] = {"the", "film", "was",  "so",  "and", "we",
                                        "all", "it",   "good", "bad", "not"};

typedef struct network {
    nn_embedding embedding;
    nn_lstm lstm;
    nn_additive_attention attention;
    nn_linear out;
} network;

static int opinion(nn_ctx *nn, int id[T]) /* 1: they liked it */
{
    for (int t = 0; t < T; t++) id[t] = nn_randint(nn, 0, GOOD);
    const int at = nn_randint(nn, 1, T), good = nn_randint(nn, 0, 2), turned = nn_randint(nn, 0, 2);
    id[at] = good ? GOOD : BAD;
    if (turned) id[at - 1] = NOT;
    return good != turned;
}

/* [forward] */
static nn_tensor *forward(const network *net, const int *id, int n, int whose, nn_tensor **weights)
{
    nn_tensor *x = nn_embedding_forward(&net->embedding, id, n * T), *p;
    nn_ctx *nn = x->ctx;
    x = nn_reshape(x, nn_shape3(n, T, DIM));
    nn_tensor *h = nn_lstm_forward(&net->lstm, x, NULL, NULL, NULL).output; /* [n, T, 2 DIM] */
    nn_tensor *q = nn_full(nn, nn_shape3(n, 1, 1), 1);                      /* always the same */
    nn_tensor *y = nn_additive_attention_forward(&net->attention, q, h, h, NULL, &p);
    if (whose == UNIFORM) p = nn_full(nn, nn_shape3(n, 1, T), 1.0f / T);
    for (int i = 0; whose == SHUFFLED && i < n * T; i++) { /* Fisher and Yates, in each sentence */
        nn_real *a = p->data + i, *b = a + nn_randint(nn, 0, T - i % T), old = *a;
        *a = *b, *b = old;
    }
    if (whose != LEARNED) y = nn_matmul(p, h);
    if (weights) *weights = p;
    return nn_linear_forward(&net->out, nn_reshape(y, nn_shape2(n, 2 * DIM)));
}
/* [/forward] */

static double right(const network *net, const int *id, const int *label, int whose)
{
    int said[TEST] = {0}, good = 0;
    nn_argmax(forward(net, id, TEST, whose, NULL), said);
    for (int i = 0; i < TEST; i++) good += said[i] == label[i];
    return 100.0 * good / TEST;
}

int main(int argc, char **argv)
{
    const int given = argc > 1 ? atoi(argv[1]) : 5, seeds = given < MOST ? given : MOST;
    static int id[TEST * T], label[TEST], looks[MOST][SHOWN * T];
    double least = 100;
    printf("== %% right with its weights, equal ones, shuffled ones\n");
    for (int seed = 1; seed <= seeds; seed++) {
        nn_ctx *nn = nn_create((uint64_t)seed);
        nn_model *m = nn_model_new(nn);
        const network net = {
            nn_embedding_new(m, "embedding", WORDS, DIM),
            nn_lstm_new_with(m, "lstm", DIM, DIM, (nn_rnn_options){.bidirectional = 1}),
            nn_additive_attention_new(m, "attention", 1, 2 * DIM, DIM),
            nn_linear_new(m, "out", 2 * DIM, 2)};
        nn_optimizer *opt = nn_adam(m, 0.01f);
        for (int step = 0; step < STEPS; step++) {
            for (int i = 0; i < BATCH; i++) label[i] = opinion(nn, id + i * T);
            nn_clear(nn);
            nn_zero_grad(m);
            nn_backward(nn_cross_entropy(forward(&net, id, BATCH, LEARNED, NULL), label));
            nn_step(opt);
        }
        nn_seed(nn, 99); /* the same new sentences for all */
        nn_set_grad_enabled(nn, 0);
        nn_clear(nn);
        for (int i = 0; i < TEST; i++) label[i] = opinion(nn, id + i * T);
        const double learned = right(&net, id, label, LEARNED);
        printf("seed %d %6.1f %6.1f %6.1f\n", seed, learned, right(&net, id, label, UNIFORM),
               right(&net, id, label, SHUFFLED));
        least = learned < least ? learned : least;
        nn_tensor *p = NULL;
        forward(&net, id, SHOWN, LEARNED, &p);
        for (int i = 0; i < SHOWN * T && nn_ok(nn); i++)
            looks[seed - 1][i] = (int)(100 * p->data[i] + 0.5f);
        nn_destroy(nn);
    }
    printf("\n== where each looks, in %%\n");
    for (int i = 0; i < SHOWN; i++) {
        for (int t = 0; t < T; t++) printf("%6s%s", word[id[i * T + t]], t < T - 1 ? "" : "\n");
        for (int k = 0; k < seeds * T; k++)
            printf("%6d%s", looks[k / T][i * T + k % T], k % T < T - 1 ? "" : "\n");
    }
    printf("\nexpected: every seed gets at least 97 %% right, wherever it looks\n");
    printf("got:      %.1f\n", least);
    return least < 97;
}
