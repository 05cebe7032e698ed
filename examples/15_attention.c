/* Self-attention of three words, in plain loops and by nn_attention. What becomes of a word does
 * not depend on where it stands, until it is told so.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { T = 3, D = 4, E = 2 };
static const char *const word[T] = {"dog", "bites", "man"};

/* [words] */
/* A row for each word: is it a noun, a verb, an animal, a human? */
static const nn_real words[T * D] = {1, 0, 1, 0, /**/ 0, 1, 0, 0, /**/ 1, 0, 0, 1};
/* A query: nouns look for verbs, verbs for nouns, and half as much like for like. A key: what the
 * word is. A value: how much of an animal, how much of a human. */
static const nn_real w_q[D * D] = {0, 2, 0, 0, /**/ 2, 0, 0, 0, /**/ 0, 0, 1, 0, /**/ 0, 0, 0, 1};
static const nn_real w_k[D * D] = {1, 0, 0, 0, /**/ 0, 1, 0, 0, /**/ 0, 0, 1, 0, /**/ 0, 0, 0, 1};
static const nn_real w_v[E * D] = {0, 0, 1, 0, /**/ 0, 0, 0, 1};
/* [/words] */

/* [project] */
/* y = x W^T: x [T, D], w [n, D], y [T, n] */
static void project(const nn_real *x, const nn_real *w, int n, nn_real *y)
{
    for (int t = 0; t < T; t++)
        for (int i = 0; i < n; i++) y[t * n + i] = nn_neuron(w + i * D, x + t * D, D, 0);
}
/* [/project] */

/* [look] */
/* One query [D], all keys k [T, D] and values v [T, E] -> scores and weights p [T], y [E] */
static void look(const nn_real *query, const nn_real *k, const nn_real *v, nn_real *score,
                 nn_real *p, nn_real *y)
{
    nn_real sum = 0;
    for (int s = 0; s < T; s++) {
        score[s] = nn_neuron(query, k + s * D, D, 0) / 2; /* the root of D */
        p[s] = (nn_real)exp((double)score[s]);
        sum += p[s];
    }
    for (int e = 0; e < E; e++) y[e] = 0;
    for (int s = 0; s < T; s++) {
        p[s] /= sum;
        for (int e = 0; e < E; e++) y[e] += p[s] * v[s * E + e];
    }
}
/* [/look] */

/* [self-attention] */
/* All words at once: x [T, D] -> [T, E] */
static nn_tensor *self_attention(nn_tensor *x, nn_attention_options o, nn_tensor **weights)
{
    nn_tensor *w[] = {nn_input(x->ctx, w_q, nn_shape2(D, D)),
                      nn_input(x->ctx, w_k, nn_shape2(D, D)),
                      nn_input(x->ctx, w_v, nn_shape2(E, D))};
    x = nn_reshape(x, nn_shape3(1, T, D));
    for (int i = 0; i < 3; i++) w[i] = nn_matmul(x, nn_transpose(w[i], 0, 1)); /* q, k, v */
    return nn_reshape(nn_attention(w[0], w[1], w[2], o, weights), nn_shape2(T, E));
}
/* [/self-attention] */

static void print_numbers(const nn_real *x, int n, const char *end)
{
    for (int i = 0; i < n; i++) printf("%6.2f", (double)x[i]);
    printf("%s", end);
}

static void print_weights(const char *heading, nn_tensor *x, nn_attention_options o)
{
    nn_tensor *p;
    self_attention(x, o, &p);
    printf("\n== weights: %s\n", heading);
    for (int t = 0; nn_ok(x->ctx) && t < T; t++)
        printf("%-6s", word[t]), print_numbers(p->data + t * T, T, "\n");
}

static int equal(const nn_tensor *a, const nn_real *b) /* but for rounding */
{
    double most = 0;
    for (size_t i = 0; i < a->size; i++) most = fmax(most, fabs((double)a->data[i] - (double)b[i]));
    return most < 1e-6;
}

int main(void)
{
    nn_ctx *nn = nn_create(15);
    nn_real q[T * D], k[T * D], v[T * E], score[T], p[T], y[T * E];
    project(words, w_q, D, q), project(words, w_k, D, k), project(words, w_v, E, v);
    printf("== by hand\n%18s%24s%24s\n", "query", "key", "value");
    for (int t = 0; t < T; t++) {
        printf("%-6s", word[t]), print_numbers(q + t * D, D, "");
        print_numbers(k + t * D, D, ""), print_numbers(v + t * E, E, "\n");
    }
    printf("%18s%18s%18s\n", "scores", "weights", "y");
    for (int t = 0; t < T; t++) {
        look(q + t * D, k, v, score, p, y + t * E);
        printf("%-6s", word[t]), print_numbers(score, T, "");
        print_numbers(p, T, ""), print_numbers(y + t * E, E, "\n");
    }
    nn_tensor *x = nn_input(nn, words, nn_shape2(T, D));
    const nn_attention_options all = {0};
    const int same = equal(self_attention(x, all, NULL), y);
    printf("by nn_attention: %s\n", same ? "the same" : "something else");

    /* [masks] */
    const int two = 2;
    const nn_real others[T * T] = {0, 1, 1, /**/ 1, 0, 1, /**/ 1, 1, 0};
    const nn_attention_options causal = {.causal = 1}, padded = {.lengths = &two},
                               not_itself = {.mask = nn_input(nn, others, nn_shape2(T, T))};
    print_weights("causal, each sees itself and what is before it", x, causal);
    print_weights("lengths, the third word is padding", x, padded);
    print_weights("mask, each sees the others", x, not_itself);
    /* [/masks] */

    /* [order] */
    int moved[2]; /* do the results move with the words? */
    nn_tensor *position = nn_positional_encoding(nn, T, D), *row[T];
    for (int told = 0; told < 2; told++) {
        for (int t = 0; t < T; t++) row[T - 1 - t] = nn_slice(x, 0, t, t + 1);
        nn_tensor *order[] = {x, nn_concat(0, T, row)}, *z[2]; /* man bites dog */
        for (int i = 0; i < 2; i++)
            z[i] = self_attention(told ? nn_add(order[i], position) : order[i], all, NULL);
        for (int t = 0; t < T; t++) row[T - 1 - t] = nn_slice(z[1], 0, t, t + 1);
        moved[told] = equal(nn_concat(0, T, row), z[0]->data);
        printf("\n== y in dog bites man, in man bites dog, with%s positions\n", told ? "" : "out");
        for (int t = 0; nn_ok(nn) && t < T; t++) {
            printf("%-6s", word[t]), print_numbers(z[0]->data + t * E, E, "   ");
            print_numbers(z[1]->data + (T - 1 - t) * E, E, "\n");
        }
    }
    /* [/order] */
    const char *const say[] = {"no", "yes"};
    printf("\nexpected: nn_attention does the same: yes; man bites dog is dog bites man: yes, with "
           "positions: no\n");
    printf("got:      %s; %s, %s\n", say[same], say[moved[0]], say[moved[1]]);
    const int ok = nn_ok(nn) && same && moved[0] && !moved[1];
    nn_destroy(nn);
    return !ok;
}
