/* A word is known by the company it keeps. Skip-gram with negative sampling (Mikolov et al. 2013,
 * arXiv 1310.4546) gives each word a vector that tells which words stand near it from words drawn by
 * chance. A small grammar speaks of eight persons, each royal or not, female or not, young or not,
 * and of nothing else that would be told. Look at: words of one kind become neighbours, and what
 * makes a king of a man makes a queen of a woman.
 *
 *     17_wordvectors [SEED [STEPS]]      1 1500
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SENTENCES = 3000, LENGTH = 7, DIM = 12, WINDOW = 6, NEGATIVE = 5, BATCH = 256, PERSONS = 8 };

/* person[i]: royal if i & 4, female if i & 2, young if i & 1 */
static const char *const person[PERSONS] = {"man",  "boy",    "woman", "girl",
                                            "king", "prince", "queen", "princess"};
static const char *const royal[2][4] = {{"field", "cottage", "market", "plough"},
                                        {"palace", "throne", "crown", "court"}};
static const char *const female[2][3] = {{"he", "his", "beard"}, {"she", "her", "skirt"}};
static const char *const young[2][4] = {{"works", "remembers", "old", "tired"},
                                        {"plays", "grows", "small", "merry"}};

typedef struct text {
    char *at, *end;
} text;

static void say(text *t, const char *word)
{
    const size_t n = strlen(word);
    if (t->at + n + 1 >= t->end) return;
    memcpy(t->at, word, n);
    t->at[n] = ' ';
    t->at += n + 1;
}

/* "the small princess plays in her palace": every word but the person fits four of them */
static void sentence(nn_ctx *nn, text *t)
{
    const int who = nn_randint(nn, 0, PERSONS), r = who >> 2, f = who >> 1 & 1, y = who & 1;
    say(t, "the");
    say(t, young[y][2 + nn_randint(nn, 0, 2)]);
    say(t, person[who]);
    say(t, young[y][nn_randint(nn, 0, 2)]);
    say(t, "near");
    say(t, female[f][nn_randint(nn, 0, 3)]);
    say(t, royal[r][nn_randint(nn, 0, 4)]);
}

/* cosine of rows a - b + c and w; analogy */
static int nearest(const nn_tensor *e, const double *to, const int *without, int n)
{
    int best = 0;
    double most = -2;
    for (int w = 1; w < e->shape.dim[0]; w++) {
        double dot = 0, square = 1e-30;
        int skip = 0;
        for (int k = 0; k < n; k++) skip |= w == without[k];
        for (int d = 0; d < DIM; d++) {
            const double v = (double)e->data[w * DIM + d];
            dot += v * to[d], square += v * v;
        }
        if (!skip && dot / sqrt(square) > most) most = dot / sqrt(square), best = w;
    }
    return best;
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    const int steps = argc > 2 ? atoi(argv[2]) : 1500;
    static char corpus[SENTENCES * 64];
    text t = {corpus, corpus + sizeof corpus};
    for (int i = 0; i < SENTENCES; i++) sentence(nn, &t);
    int n;
    const nn_vocab words = nn_vocab_new(nn, NN_WORDS, corpus, (size_t)(t.at - corpus), 0);
    const int *id = nn_vocab_encode(&words, corpus, (size_t)(t.at - corpus), &n);

    nn_model *model = nn_model_new(nn);
    const nn_embedding in = nn_embedding_new(model, "in", words.n, DIM);
    const nn_embedding out = nn_embedding_new(model, "out", words.n, DIM);
    for (size_t i = 0; i < in.weight->size; i++) in.weight->data[i] /= DIM, out.weight->data[i] = 0;
    nn_optimizer *opt = nn_adam(model, 0.01f);
    for (int step = 0; step < steps; step++) {
        int center[BATCH * (1 + NEGATIVE)], context[BATCH * (1 + NEGATIVE)];
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *near = nn_full(nn, nn_shape2(BATCH * (1 + NEGATIVE), 1), 0);
        for (int i = 0; i < BATCH * (1 + NEGATIVE); i++) {
            if (i % (1 + NEGATIVE) == 0) {
                const int p = nn_randint(nn, 0, n);
                int q;
                do q = p / LENGTH * LENGTH + nn_randint(nn, 0, LENGTH);
                while (q == p);
                center[i] = id[p], context[i] = id[q];
                near->data[i] = 1;
            } else {
                center[i] = center[i - 1], context[i] = id[nn_randint(nn, 0, n)];
            }
        }
        nn_tensor *c = nn_embedding_forward(&in, center, BATCH * (1 + NEGATIVE));
        nn_tensor *o = nn_embedding_forward(&out, context, BATCH * (1 + NEGATIVE));
        nn_tensor *loss = nn_bce_with_logits(nn_sum_axis(nn_mul(c, o), 1), near);
        nn_backward(loss);
        opt->lr = nn_cosine_annealing_lr(0.01f, 0, steps, step);
        nn_step(opt);
        if (step % 300 == 299) printf("%d %.4f\n", step + 1, (double)nn_item(loss));
    }
    int pid[PERSONS];
    for (int i = 0; i < PERSONS; i++) {
        int one, *ids = nn_vocab_encode(&words, person[i], strlen(person[i]), &one);
        pid[i] = ids[0];
    }
    const nn_tensor *e = in.weight;
    for (int w = 1; w < words.n; w++) {
        double to[DIM];
        for (int d = 0; d < DIM; d++) to[d] = (double)e->data[w * DIM + d];
        printf("%s: %s\n", words.token[w], words.token[nearest(e, to, &w, 1)]);
    }
    int right = 0, all = 0;
    for (int a = 0; a < 8; a++) for (int x = 1; x < 8; x <<= 1) for (int y = 1; y < 8; y <<= 1) {
        if (x == y) continue;
        /* a : a^x :: a^y : ? */
        const int skip[3] = {pid[a], pid[a ^ x], pid[a ^ y]};
        double to[DIM];
        for (int d = 0; d < DIM; d++)
            to[d] = (double)(e->data[skip[1] * DIM + d] - e->data[skip[0] * DIM + d] + e->data[skip[2] * DIM + d]);
        const int got = nearest(e, to, skip, 3);
        all++, right += got == pid[a ^ x ^ y];
    }
    printf("%d of %d\n", right, all);
    nn_destroy(nn);
    return 0;
}
