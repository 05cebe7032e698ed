/* A word is known by the company it keeps. Skip-gram with negative sampling (Mikolov et al. 2013,
 * arXiv 1310.4546) learns two vectors for each word, so that their product tells words that stand
 * together from words drawn by chance. The text speaks of eight persons: royal or not, female or
 * not, young or not. Look at: words of a kind become neighbours, and king - man + woman is queen.
 *
 *     17_wordvectors [SEED [STEPS]]      1 2500
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SENTENCES = 3000, LENGTH = 7, DIM = 12, PERSONS = 8, ROOM = 64 * SENTENCES };
enum { BATCH = 256, NEGATIVE = 5, PAIRS = BATCH * (1 + NEGATIVE) };

/* person[i] is royal if i & 4, female if i & 2, young if i & 1 */
static const char *const person[PERSONS] = {"man",  "boy",    "woman", "girl",
                                            "king", "prince", "queen", "princess"};
static const char *const looks[2][2] = {{"old", "tired"}, {"small", "merry"}};
static const char *const does[2][2] = {{"works", "remembers"}, {"plays", "grows"}};
static const char *const has[2][3] = {{"he", "his", "beard"}, {"she", "her", "skirt"}};
static const char *const place[2][4] = {{"field", "cottage", "market", "plough"},
                                        {"palace", "throne", "crown", "court"}};

/* [corpus] */
/* SENTENCES like "the small princess grows near her crown"; but for the person each word fits four
 * persons or all. Gives how long the text is. */
static size_t write_corpus(nn_ctx *nn, char *text)
{
    char *end = text;
    for (int i = 0; i < SENTENCES; i++) {
        const int who = nn_randint(nn, 0, PERSONS);
        const int royal = who >> 2, female = who >> 1 & 1, young = who & 1;
        const int k = nn_randint(nn, 0, 48);
        end += snprintf(end, ROOM - (size_t)(end - text), "the %s %s %s near %s %s ",
                        looks[young][k % 2], person[who], does[young][k / 2 % 2],
                        has[female][k / 4 % 3], place[royal][k / 12]);
    }
    return (size_t)(end - text);
}
/* [/corpus] */

/* The word whose vector has the smallest angle with `to`, the n words of `without` left aside */
static int nearest(const nn_tensor *e, const double *to, const int *without, int n)
{
    int best = 0;
    double most = -HUGE_VAL;
    for (int w = 1; w < e->shape.dim[0]; w++) { /* 0 is <unk> */
        double dot = 0, square = 0;
        int left_aside = 0;
        for (int k = 0; k < n; k++) left_aside |= w == without[k];
        for (int d = 0; d < DIM; d++) {
            const double v = (double)e->data[w * DIM + d];
            dot += v * to[d], square += v * v;
        }
        if (!left_aside && dot / sqrt(square) > most) most = dot / sqrt(square), best = w;
    }
    return best;
}

/* [analogy] */
/* a is to b as c is to ..: the word nearest to b - a + c */
static int analogy(const nn_tensor *e, int a, int b, int c)
{
    const int given[3] = {a, b, c};
    double to[DIM];
    for (int d = 0; d < DIM; d++)
        to[d] = (double)e->data[b * DIM + d] - (double)e->data[a * DIM + d] +
                (double)e->data[c * DIM + d];
    return nearest(e, to, given, 3);
}
/* [/analogy] */

/* Of all 48: from person a two properties x, y, one changed, then the other, then both */
static int right_analogies(const nn_tensor *e, const int *id)
{
    int right = 0;
    for (int a = 0; a < PERSONS; a++)
        for (int x = 1; x <= 4; x *= 2)
            for (int y = 1; y <= 4; y *= 2)
                if (x != y) right += analogy(e, id[a], id[a ^ x], id[a ^ y]) == id[a ^ x ^ y];
    return right;
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    const int steps = argc > 2 ? atoi(argv[2]) : 2500;
    static char text[ROOM];
    const size_t size = write_corpus(nn, text);
    const nn_vocab words = nn_vocab_new(nn, NN_WORDS, text, size, 0);
    int n, one, id[PERSONS];
    const int *token = nn_vocab_encode(&words, text, size, &n);
    for (int i = 0; i < PERSONS; i++)
        id[i] = nn_vocab_encode(&words, person[i], strlen(person[i]), &one)[0];

    nn_model *model = nn_model_new(nn);
    const nn_embedding in = nn_embedding_new(model, "in", words.n, DIM);
    const nn_embedding out = nn_embedding_new(model, "out", words.n, DIM);
    const nn_tensor *e = in.weight;
    const int before = right_analogies(e, id);
    for (size_t i = 0; i < e->size; i++) in.weight->data[i] /= DIM, out.weight->data[i] = 0;
    nn_optimizer *opt = nn_adam(model, 0.01f);
    for (int step = 0; step < steps && nn_ok(nn); step++) {
        int center[PAIRS], other[PAIRS];
        nn_clear(nn);
        nn_zero_grad(model);
        /* [pairs] */
        nn_tensor *together = nn_full(nn, nn_shape2(PAIRS, 1), 0);
        for (int i = 0; i < PAIRS; i++)
            if (i % (1 + NEGATIVE) == 0) { /* two places of a sentence */
                const int p = nn_randint(nn, 0, n), by = nn_randint(nn, 1, LENGTH);
                center[i] = token[p], together->data[i] = 1;
                other[i] = token[p - p % LENGTH + (p + by) % LENGTH];
            } else { /* a word by its frequency (they flattened that by a power of 3/4) */
                center[i] = center[i - 1], other[i] = token[nn_randint(nn, 0, n)];
            }
        nn_tensor *u = nn_embedding_forward(&in, center, PAIRS);
        nn_tensor *v = nn_embedding_forward(&out, other, PAIRS);
        nn_backward(nn_bce_with_logits(nn_sum_axis(nn_mul(u, v), 1), together));
        /* [/pairs] */
        opt->lr = nn_cosine_annealing_lr(0.01f, 0, steps, step);
        nn_step(opt);
    }

    static const int shown[3][3] = {{0, 4, 2}, {4, 6, 1}, {0, 1, 6}};
    printf("== %d words in sentences such as\n%.*s\n\n== nearest\n", n,
           (int)(strstr(text + 1, " the ") - text), text);
    for (int w = 4; w < words.n; w += 4) {
        double to[DIM];
        for (int d = 0; d < DIM; d++) to[d] = (double)e->data[w * DIM + d];
        printf("%s: %s\n", words.token[w], words.token[nearest(e, to, &w, 1)]);
    }
    printf("\n== analogies\n");
    for (int k = 0; k < 3; k++) {
        const int a = shown[k][0], b = shown[k][1], c = shown[k][2];
        printf("%s is to %s as %s to %s\n", person[a], person[b], person[c],
               words.token[analogy(e, id[a], id[b], id[c])]);
    }
    const int right = right_analogies(e, id);
    printf("of all 48 right: %d, before learning %d\n", right, before);
    printf("\nexpected: at least 44 of 48, before less than 12\n");
    printf("got:      %d, before %d\n", right, before);
    const int ok = nn_ok(nn) && right >= 44 && before < 12;
    nn_destroy(nn);
    return !ok;
}
