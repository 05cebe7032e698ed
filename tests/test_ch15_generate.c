/* Chapter 15 without the transformer itself: positions, additive and graph attention, generation,
 * byte pairs, against loops in double, brute force over all sequences, and what the book says.
 *
 *     cc -std=c99 -O1 tests/test_ch15_generate.c -lm -o test_ch15_generate && ./test_ch15_generate
 *
 * Numbers such as 15.16 in comments and names are rows of the feature table, E57 of the errata.
 * Gradients are compared with differences in test_ops.c.
 */
#include <stdlib.h>

static long in_use, granted = -1; /* blocks not yet freed; how many more there are, -1: any number */
static void *refused_or(void *p)
{
    granted -= granted > 0;
    return p;
}
#define NN_MALLOC(user, size) ((void)(user), granted == 0 ? NULL : (in_use++, refused_or(malloc(size))))
#define NN_REALLOC(user, p, size) ((void)(user), granted == 0 ? NULL : refused_or(realloc(p, size)))
#define NN_FREE(user, p) ((void)(user), in_use--, free(p))
#define NN__BLOCK 64 /* each array is a request of its own */

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#define NEAR (sizeof(nn_real) == sizeof(double) ? 1e-12 : 2e-6)

static nn_ctx *nn; /* of the current case */
static nn_model *net;
static char told[512]; /* the last error */

static void hear(void *user, nn_code code, const char *message)
{
    (void)user, (void)code;
    snprintf(told, sizeof told, "%.511s", message);
}

#define RUN_ALONE(test)                                                     \
    do {                                                                    \
        nn = nn_create(1);                                                  \
        nn_on_error(nn, hear, NULL);                                        \
        net = nn_model_new(nn);                                             \
        RUN(test);                                                          \
        CHECK_STR(nn_error(nn), "");                                        \
        nn_destroy(nn);                                                     \
        CHECK_INT(in_use, 0);                                               \
    } while (0)

/* The call is an error of this code, whose message has this text in it; then all is well again. */
#define EXPECT(call, wanted, text)                                          \
    do {                                                                    \
        told[0] = 0;                                                        \
        (void)(call);                                                       \
        CHECK_INT(nn_error_code(nn), wanted);                               \
        CHECK_STR(strstr(told, text) ? text : told, text);                  \
        CHECK(strstr(told, __FILE__) != NULL);                              \
        nn_error_clear(nn);                                                 \
    } while (0)

/* ---- positions ---- */

static double angle(int t, int i, int d) { return t / pow(10000, 2.0 * (i / 2) / d); }

static void positions_row_15_7(void)
{
    static const int dims[4] = {2, 6, 64, 512};
    for (int k = 0; k < 4; k++) {
        const int d = dims[k], steps = d == 64 ? 5001 : 1201;
        const nn_tensor *pe = nn_positional_encoding(nn, steps, d);
        double worst = 0;
        for (int t = 0; t < steps; t++)
            for (int i = 0; i < d; i++) {
                const double a = angle(t, i, d), right = i % 2 ? cos(a) : sin(a);
                const double off = fabs((double)pe->data[t * d + i] - right);
                worst = off > worst ? off : worst;
            }
        CHECK_NEAR(worst, 0, sizeof(nn_real) == sizeof(double) ? 1e-11 : 1e-7);
        if (d > 6) continue;
        for (int i = 0; i < d; i++) CHECK_NEAR(pe->data[i], i % 2, 0); /* t = 0 */
    }
    /* E57: the last pair is number D / 2 - 1, and D / 2 would have been 1 / 10000 itself */
    const nn_tensor *pe = nn_positional_encoding(nn, 2, 4);
    CHECK_NEAR(pe->data[4], sin(1), 1e-7);
    CHECK_NEAR(pe->data[6], sin(0.01), 1e-9);
    EXPECT(nn_positional_encoding(nn, 3, 5), NN_ERROR_ARGUMENT,
           "nn_positional_encoding: dim is 5, which is odd");
    EXPECT(nn_positional_encoding(nn, 0, 4), NN_ERROR_SHAPE,
           "nn_positional_encoding: dimension 0 of [0, 4] is not positive");
}

static void offsets_turn_row_15_7(void) /* PE(t + k) = R_k PE(t), one rotation for every t */
{
    enum { T = 600, D = 32 };
    const nn_real *pe = nn_positional_encoding(nn, T, D)->data;
    static const int offsets[3] = {1, 7, 100};
    for (int j = 0; j < 3; j++)
        for (int i = 0; i < D; i += 2) {
            const int k = offsets[j];
            const double c = cos(angle(k, i, D)), s = sin(angle(k, i, D));
            for (int t = 0; t + k < T; t++) {
                const double a = (double)pe[t * D + i], b = (double)pe[t * D + i + 1];
                CHECK_NEAR(pe[(t + k) * D + i], a * c + b * s, 3e-7);
                CHECK_NEAR(pe[(t + k) * D + i + 1], b * c - a * s, 3e-7);
            }
        }
    int equal = 0;
    for (int t = 0; t < T; t++)
        for (int u = 0; u < t; u++) equal += memcmp(pe + t * D, pe + u * D, D * sizeof *pe) == 0;
    CHECK_INT(equal, 0);
}

/* ---- masked softmax ---- */

static nn_real bit(unsigned *seed) /* 0 or 1 */
{
    return (nn_real)((*seed = *seed * 1664525u + 1013904223u) >> 31);
}

static void masked_softmax_row_15_3(void)
{
    static const nn_shape masks[8] = {{0, {0, 0, 0, 0}}, {1, {5, 0, 0, 0}}, {2, {1, 5, 0, 0}},
                                      {2, {4, 5, 0, 0}}, {3, {3, 1, 5, 0}}, {3, {3, 4, 5, 0}},
                                      {2, {4, 1, 0, 0}}, {3, {1, 4, 1, 0}}};
    unsigned seed = 1;
    for (int k = 0; k < 8; k++) {
        nn_clear(nn);
        nn_tensor *x = nn_requires_grad(nn_rand(nn, nn_shape3(3, 4, 5), -3, 3));
        nn_tensor *mask = nn_requires_grad(nn_full(nn, masks[k], 1)), *w = nn_randn(nn, x->shape);
        for (size_t i = 0; i < mask->size; i++) mask->data[i] = bit(&seed);
        nn_tensor *all = nn_mul(mask, nn_full(nn, x->shape, 1)); /* what it is for each number */
        for (size_t i = 0; i < x->size; i++) /* what is hidden is not even looked at */
            if (all->data[i] == 0 && i % 3 == 0) x->data[i] = i % 2 ? (nn_real)NAN : (nn_real)1e30;
        nn_tensor *y = nn_masked_softmax(x, mask);
        nn_backward(nn_sum(nn_mul(y, w)));
        for (int row = 0; row < 12; row++) {
            const nn_real *px = x->data + row * 5, *m = all->data + row * 5;
            double sum = 0, slope = 0, p[5];
            for (int i = 0; i < 5; i++) sum += m[i] != 0 ? exp((double)px[i]) : 0;
            for (int i = 0; i < 5; i++) p[i] = m[i] != 0 ? exp((double)px[i]) / sum : 0;
            for (int i = 0; i < 5; i++) slope += p[i] * (double)w->data[row * 5 + i];
            for (int i = 0; i < 5; i++) {
                const double dx = p[i] * ((double)w->data[row * 5 + i] - slope);
                CHECK_NEAR(y->data[row * 5 + i], p[i], NEAR);
                CHECK_NEAR(x->grad[row * 5 + i], dx, NEAR);
                if (m[i] == 0) CHECK(y->data[row * 5 + i] == 0 && x->grad[row * 5 + i] == 0);
            }
        }
        for (size_t i = 0; i < mask->size; i++) CHECK(mask->grad[i] == 0);
    }
    nn_tensor *x = nn_rand(nn, nn_shape2(4, 5), -1, 1), *y = nn_softmax(x);
    nn_tensor *same = nn_masked_softmax(x, nn_full(nn, nn_shape0(), 1));
    CHECK(memcmp(y->data, same->data, x->size * sizeof *x->data) == 0);
    EXPECT(nn_masked_softmax(x, nn_full(nn, nn_shape1(4), 1)), NN_ERROR_SHAPE,
           "nn_masked_softmax: the mask is [4], which does not broadcast to x, [4, 5]");
    EXPECT(nn_masked_softmax(x, nn_full(nn, nn_shape3(2, 4, 5), 1)), NN_ERROR_SHAPE,
           "nn_masked_softmax: the mask is [2, 4, 5], which does not broadcast to x, [4, 5]");
    nn_tensor *bad = nn_full(nn, nn_shape1(5), 1);
    bad->data[2] = -(nn_real)HUGE_VAL; /* a mask to be added, as PyTorch has it */
    EXPECT(nn_masked_softmax(x, bad), NN_ERROR_ARGUMENT,
           "nn_masked_softmax: number 2 of the mask [5] is -inf, not 0 or 1");
    EXPECT(nn_masked_softmax(x, NULL), NN_ERROR_ARGUMENT, "nn_masked_softmax: argument 2 is NULL");
}

/* ---- additive attention ---- */

enum { N = 3, T = 2, S = 4, DQ = 3, DK = 5, E = 2, A = 6 };

static void additive_row_15_2(void)
{
    const nn_additive_attention l = nn_additive_attention_new(net, "align", DQ, DK, A);
    static const char *const names[3] = {"align.query.weight", "align.key.weight",
                                         "align.score.weight"};
    static const int lengths[N] = {4, 1, 0};
    CHECK_INT(net->n_params, 3);
    for (int i = 0; i < 3; i++) CHECK_STR(net->param[i]->name, names[i]);
    CHECK(nn_stats(l.query.weight).max <= 1 / sqrt(DQ) && nn_stats(l.key.weight).min < -0.3);
    nn_tensor *q = nn_rand(nn, nn_shape3(N, T, DQ), -2, 2), *k = nn_rand(nn, nn_shape3(N, S, DK), -2, 2);
    nn_tensor *v = nn_rand(nn, nn_shape3(N, S, E), -2, 2), *p, *y;
    for (int given = 0; given < 2; given++) {
        y = nn_additive_attention_forward(&l, q, k, v, given ? lengths : NULL, &p);
        CHECK(nn_shape_equal(y->shape, nn_shape3(N, T, E)));
        CHECK(nn_shape_equal(p->shape, nn_shape3(N, T, S)));
        for (int row = 0; row < N * T; row++) {
            const int n = row / T, keys = given ? lengths[n] : S;
            double weight[S], sum = 0, total = 0;
            for (int s = 0; s < keys; s++) {
                double score = 0;
                for (int a = 0; a < A; a++) {
                    double z = 0;
                    for (int i = 0; i < DQ; i++)
                        z += (double)l.query.weight->data[a * DQ + i] * (double)q->data[row * DQ + i];
                    for (int i = 0; i < DK; i++)
                        z += (double)l.key.weight->data[a * DK + i] * (double)k->data[(n * S + s) * DK + i];
                    score += (double)l.score.weight->data[a] * tanh(z);
                }
                sum += weight[s] = exp(score);
            }
            for (int s = 0; s < S; s++) {
                const nn_real got = p->data[row * S + s];
                CHECK(got >= 0);
                CHECK_NEAR(got, s < keys ? weight[s] / sum : 0, s < keys ? NEAR : 0);
                total += (double)got;
            }
            CHECK_NEAR(total, keys > 0, 1e-6);
            for (int e = 0; e < E; e++) {
                double context = 0;
                for (int s = 0; s < keys; s++) context += weight[s] / sum * (double)v->data[(n * S + s) * E + e];
                CHECK_NEAR(y->data[row * E + e], context, 2 * NEAR);
            }
        }
    }
    /* scores that are products (Luong): the same softmax */
    nn_tensor *kk = nn_slice(k, 2, 0, DQ);
    p = nn_masked_softmax(nn_matmul(q, nn_transpose(kk, 1, 2)), nn_full(nn, nn_shape1(S), 1));
    for (int row = 0; row < N * T; row++) {
        double sum = 0, total = 0;
        for (int pass = 0; pass < 2; pass++)
            for (int s = 0; s < S; s++) {
                double score = 0;
                for (int i = 0; i < DQ; i++)
                    score += (double)q->data[row * DQ + i] * (double)k->data[(row / T * S + s) * DK + i];
                if (pass) CHECK_NEAR(p->data[row * S + s], exp(score) / sum, 2 * NEAR);
                else sum += exp(score), total += (double)p->data[row * S + s];
            }
        CHECK_NEAR(total, 1, 1e-6);
    }
    y = nn_additive_attention_forward(&l, q, k, v, NULL, NULL);
    CHECK(nn_ok(nn) && y->size == N * T * E);

    static const int many[N] = {4, 5, 1};
    EXPECT(y = nn_additive_attention_forward(&l, q, k, v, many, &p), NN_ERROR_ARGUMENT,
           "nn_additive_attention_forward: lengths[1] is 5, but there are 4 keys");
    CHECK(y == &nn->failed && p == &nn->failed);
    EXPECT(nn_additive_attention_forward(&l, k, q, v, NULL, NULL), NN_ERROR_SHAPE,
           "nn_additive_attention_forward: q is [3, 4, 5], k [3, 2, 3], v [3, 4, 2], "
           "not [N, T, 3], [N, S, 5], [N, S, E]");
    EXPECT(nn_additive_attention_forward(&l, q, k, nn_slice(v, 1, 0, 2), NULL, NULL), NN_ERROR_SHAPE,
           "nn_additive_attention_forward: q is [3, 2, 3], k [3, 4, 5], v [3, 2, 2], not ");
    EXPECT(nn_additive_attention_forward(&l, q, NULL, v, NULL, NULL), NN_ERROR_ARGUMENT,
           "nn_additive_attention_forward: argument 3 is NULL");
    EXPECT(nn_additive_attention_new(net, "align", 1, 1, 1), NN_ERROR_ARGUMENT, "\"align.query.weight\"");
    EXPECT(nn_additive_attention_new(net, "other", 3, 0, 4), NN_ERROR_SHAPE, "[4, 0]");
    CHECK_INT(net->n_params, 3);
}

/* ---- graph attention ---- */

enum { NODES = 6, IN = 4, OUT = 3, HEADS = 2, WIDE = HEADS * OUT };

static void neighbours(nn_real *adjacency) /* of a directed graph; node 4 listens to nobody */
{
    unsigned seed = 5;
    for (int i = 0; i < NODES * NODES; i++) adjacency[i] = i / NODES == 4 ? 0 : bit(&seed);
    adjacency[0] = 1;
}

static void graph_row_15_24(void)
{
    const nn_graph_attention l = nn_graph_attention_new(net, "gat", IN, OUT, HEADS);
    nn_real adjacency[NODES * NODES];
    neighbours(adjacency);
    CHECK_INT(net->n_params, 4);
    CHECK_STR(net->param[0]->name, "gat.lin.weight");
    CHECK_STR(net->param[2]->name, "gat.att_dst");
    const double most = nn_stats(l.weight).max; /* sqrt(6 / (4 + 6)), of 24 numbers */
    CHECK(most <= 0.7746 && most > 0.6 && nn_stats(l.bias).max == 0);
    for (int i = 0; i < WIDE; i++) l.bias->data[i] = nn_uniform(nn, -1, 1);
    nn_tensor *x = nn_rand(nn, nn_shape2(NODES, IN), -2, 2), *p;
    nn_tensor *edges = nn_input(nn, adjacency, nn_shape2(NODES, NODES));
    nn_tensor *y = nn_graph_attention_forward(&l, x, edges, &p);
    CHECK(nn_shape_equal(y->shape, nn_shape2(NODES, WIDE)));
    CHECK(nn_shape_equal(p->shape, nn_shape3(HEADS, NODES, NODES)));
    for (int h = 0; h < HEADS; h++) {
        double wx[NODES][OUT], src[NODES] = {0}, dst[NODES] = {0};
        for (int i = 0; i < NODES; i++)
            for (int f = 0; f < OUT; f++) {
                wx[i][f] = 0;
                for (int d = 0; d < IN; d++)
                    wx[i][f] += (double)l.weight->data[(h * OUT + f) * IN + d] * (double)x->data[i * IN + d];
                src[i] += (double)l.att_src->data[h * OUT + f] * wx[i][f];
                dst[i] += (double)l.att_dst->data[h * OUT + f] * wx[i][f];
            }
        for (int i = 0; i < NODES; i++) {
            double e[NODES], sum = 0, total = 0;
            for (int j = 0; j < NODES; j++) {
                const double z = src[j] + dst[i];
                e[j] = adjacency[i * NODES + j] != 0 ? exp(z > 0 ? z : 0.2 * z) : 0;
                sum += e[j];
            }
            for (int j = 0; j < NODES; j++) {
                const nn_real got = p->data[(h * NODES + i) * NODES + j];
                CHECK_NEAR(got, sum > 0 ? e[j] / sum : 0, e[j] > 0 ? NEAR : 0);
                total += (double)got;
            }
            CHECK_NEAR(total, i != 4, 1e-6);
            for (int f = 0; f < OUT; f++) {
                double z = (double)l.bias->data[h * OUT + f];
                for (int j = 0; j < NODES && sum > 0; j++) z += e[j] / sum * wx[j][f];
                CHECK_NEAR(y->data[i * WIDE + h * OUT + f], z, i == 4 ? 0 : 2 * NEAR);
            }
        }
    }
    EXPECT(nn_graph_attention_forward(&l, x, nn_full(nn, nn_shape2(6, 5), 1), NULL), NN_ERROR_SHAPE,
           "nn_graph_attention_forward: x is [6, 4], adjacency [6, 5], not [N, 4], [N, N]");
    EXPECT(nn_graph_attention_forward(&l, edges, edges, &p), NN_ERROR_SHAPE,
           "nn_graph_attention_forward: x is [6, 6], adjacency [6, 6], not [N, 4], [N, N]");
    CHECK(p == &nn->failed);
    EXPECT(nn_graph_attention_forward(&l, x, nn_scale(edges, 2), NULL), NN_ERROR_ARGUMENT, "is 2, not 0 or 1");
    EXPECT(nn_graph_attention_forward(&l, x, NULL, NULL), NN_ERROR_ARGUMENT,
           "nn_graph_attention_forward: argument 3 is NULL");
    EXPECT(nn_graph_attention_new(net, "more", 4, 0, 2), NN_ERROR_ARGUMENT,
           "nn_graph_attention_new: from 4 numbers to 0 for each of 2 heads");
    EXPECT(nn_graph_attention_new(net, "gat", 4, 3, 2), NN_ERROR_ARGUMENT, "\"gat.lin.weight\"");
    CHECK_INT(net->n_params, 4);
}

/* Nodes in another order: the same results in that order, but for rounding, as sums over neighbours
 * are added up in another order. */
static void node_order_row_15_24(void)
{
    const nn_graph_attention l = nn_graph_attention_new(net, "gat", IN, OUT, HEADS);
    nn_real adjacency[NODES * NODES];
    int order[NODES];
    neighbours(adjacency);
    nn_tensor *x = nn_rand(nn, nn_shape2(NODES, IN), -2, 2), *px = nn_full(nn, x->shape, 0);
    nn_tensor *edges = nn_input(nn, adjacency, nn_shape2(NODES, NODES));
    nn_tensor *moved = nn_full(nn, edges->shape, 0), *p, *pp;
    for (int trial = 0; trial < 5; trial++) {
        nn_randperm(nn, order, NODES);
        for (int i = 0; i < NODES; i++) {
            memcpy(px->data + i * IN, x->data + order[i] * IN, IN * sizeof *px->data);
            for (int j = 0; j < NODES; j++)
                moved->data[i * NODES + j] = adjacency[order[i] * NODES + order[j]];
        }
        const nn_tensor *y = nn_graph_attention_forward(&l, x, edges, &p);
        const nn_tensor *py = nn_graph_attention_forward(&l, px, moved, &pp);
        for (int i = 0; i < NODES; i++) {
            for (int f = 0; f < WIDE; f++)
                CHECK_NEAR(py->data[i * WIDE + f], y->data[order[i] * WIDE + f], NEAR);
            for (int j = 0; j < NODES; j++)
                CHECK_NEAR(pp->data[i * NODES + j], p->data[order[i] * NODES + order[j]], NEAR);
        }
    }
}

/* ---- one matrix for embedding and output ---- */

static void tied_output_row_15_8(void) /* the gradients of both uses add up */
{
    static const int ids[5] = {0, 3, 1, 3, 2}, labels[5] = {3, 1, 3, 2, 4};
    const nn_embedding e = nn_embedding_new(net, "e", 5, 3);
    nn_tensor *other = nn_param(net, "", "other", nn_shape2(5, 3));
    memcpy(other->data, e.weight->data, other->size * sizeof *other->data);
    const nn_embedding apart = {other};
    const nn_linear out[2] = {{e.weight, NULL}, {other, NULL}};
    double loss[3];
    nn_real grad[3][15];
    for (int k = 0; k < 3; k++) { /* both one; the embedding apart; the output apart */
        nn_zero_grad(net);
        nn_tensor *x = nn_tanh(nn_embedding_forward(k == 1 ? &apart : &e, ids, 5));
        nn_tensor *l = nn_cross_entropy(nn_linear_forward(&out[k == 2], x), labels);
        nn_backward(l);
        loss[k] = (double)nn_item(l);
        memcpy(grad[k], e.weight->grad, sizeof grad[k]);
        CHECK((nn_stats(other->grad ? other : NULL).size > 0) && (k == 0) == (other->grad[3] == 0));
    }
    CHECK(loss[0] == loss[1] && loss[0] == loss[2]);
    for (int i = 0; i < 15; i++) {
        CHECK(grad[1][i] != 0);
        CHECK_NEAR(grad[0][i], (double)grad[1][i] + (double)grad[2][i], 1e-7);
    }
    nn_tensor *x = nn_randn(nn, nn_shape3(2, 2, 3)), *bias = nn_full(nn, nn_shape1(5), 0);
    const nn_linear zero = {e.weight, bias};
    nn_tensor *y = nn_linear_forward(&zero, x), *z = nn_linear_forward(&out[0], x);
    CHECK(memcmp(y->data, z->data, y->size * sizeof *y->data) == 0);
}

/* ---- what is likely enough ---- */

static void keep_likely_row_15_15(void)
{
    enum { V = 40 };
    nn_real logits[V], kept[V];
    for (int trial = 0; trial < 300; trial++) {
        const int v = 1 + trial % V, k = nn_randint(nn, 0, V + 3), ties = trial % 3 == 0;
        const nn_real top_p = trial % 2 ? nn_uniform(nn, 0, 1) : 0;
        double p[V], sum = 0;
        for (int i = 0; i < v; i++) {
            logits[i] = ties ? (nn_real)nn_randint(nn, 0, 4) : nn_uniform(nn, -4, 4);
            if (i && i % 7 == 0) logits[i] = -(nn_real)HUGE_VAL;
            sum += p[i] = exp((double)logits[i]);
        }
        memcpy(kept, logits, sizeof kept);
        nn_keep_likely(nn, kept, v, k, top_p);
        for (int i = 0; i < v; i++) { /* those before it: larger, or equal and first */
            double before = 0;
            int better = 0;
            for (int j = 0; j < v; j++)
                if (logits[j] > logits[i] || (logits[j] == logits[i] && j < i))
                    before += p[j] / sum, better++;
            if (top_p > 0 && fabs(before - (double)top_p) < 1e-5) continue; /* a matter of rounding */
            const int keep = (!k || better < k) && (!(top_p > 0) || !better || before < (double)top_p);
            CHECK(kept[i] == (keep ? logits[i] : -(nn_real)HUGE_VAL));
        }
    }
    static const nn_real example[5] = {1, 3, 2, 3, 0}; /* of the two 3 the first comes first */
    memcpy(kept, example, sizeof example);
    nn_keep_likely(nn, kept, 5, 1, 0);
    CHECK(kept[1] == 3 && kept[3] < -1e30f && kept[0] < -1e30f);
    memcpy(kept, example, sizeof example);
    nn_keep_likely(nn, kept, 5, 0, (nn_real)1e-6); /* one stays, however small p */
    CHECK(kept[1] == 3 && kept[3] < -1e30f);
    memcpy(kept, example, sizeof example);
    nn_keep_likely(nn, kept, 5, 0, 1);
    nn_keep_likely(nn, kept, 5, 9, 0);
    CHECK(memcmp(kept, example, sizeof example) == 0);
    EXPECT(nn_keep_likely(nn, NULL, 5, 1, 0), NN_ERROR_ARGUMENT,
           "nn_keep_likely: NULL for 5 logits, top_k 1, top_p 0");
    EXPECT(nn_keep_likely(nn, kept, 0, 1, 0), NN_ERROR_ARGUMENT, "nn_keep_likely: 0 logits");
    EXPECT(nn_keep_likely(nn, kept, 5, -1, 0), NN_ERROR_ARGUMENT, "top_k -1");
    EXPECT(nn_keep_likely(nn, kept, 5, 1, (nn_real)1.5), NN_ERROR_ARGUMENT, "top_p 1.5");
    EXPECT(nn_keep_likely(nn, kept, 5, 1, (nn_real)NAN), NN_ERROR_ARGUMENT, "top_k 1, top_p");
    kept[4] = (nn_real)NAN;
    EXPECT(nn_keep_likely(nn, kept, 5, 2, 0), NN_ERROR_NONFINITE,
           "nn_keep_likely: the 5 logits have NaN or infinity in them");
    kept[4] = (nn_real)HUGE_VAL;
    EXPECT(nn_keep_likely(nn, kept, 5, 2, 0), NN_ERROR_NONFINITE, "NaN or infinity");
    for (int i = 0; i < 5; i++) kept[i] = -(nn_real)HUGE_VAL;
    EXPECT(nn_keep_likely(nn, kept, 5, 2, 0), NN_ERROR_NONFINITE, "NaN or infinity");
}

/* ---- generation ---- */

enum { MOST = 8, LONGEST = 24 }; /* the largest vocabulary and the longest sequence here */

/* A model that is a table or a hash of all tokens so far; and what it saw. */
typedef struct scripted {
    int v;
    unsigned seed;
    double spread;                                            /* of the hashed logits */
    void (*script)(const int *tokens, int length, double *p); /* or: probabilities */
    int calls, most_rows, second_rows, fail_at, cached, line; /* line: of the call of nn_generate */
    nn_real nan_at;
    unsigned state[64], before[64];    /* of each row, as a recurrent network would have it */
    int seen[64 * LONGEST], seen_length;
} scripted;

static unsigned mixed(unsigned state, int token)
{
    state = (state ^ (unsigned)token) * 2654435761u;
    return state ^ (state >> 15);
}

static void logits_of(const scripted *m, unsigned state, double *z)
{
    for (int j = 0; j < m->v; j++) {
        const unsigned u = mixed(mixed(state, j + 1), m->v);
        z[j] = (double)(float)(m->spread * (u / 4294967296.0 - 0.5));
    }
}

static int next_logits(void *user, int n, int length, const int *tokens, const int *from, nn_real *logits)
{
    scripted *m = (scripted *)user;
    unsigned state[64];
    CHECK((from == NULL) == (m->calls == 0) && n >= 1 && n <= 64 && length < LONGEST);
    if (m->calls == 0) CHECK_INT(n, 1);
    m->most_rows = n > m->most_rows ? n : m->most_rows;
    if (m->calls == 1) m->second_rows = n;
    nn_clear(nn); /* as generation of a long text would, with tensors of its own */
    nn_sum(nn_full(nn, nn_shape2(30, 30), 1));
    if (++m->calls == m->fail_at) return 0;
    for (int i = 0; i < n; i++) {
        const int *row = tokens + i * length;
        double z[MOST];
        unsigned all = m->seed;
        for (int t = 0; t < length; t++) all = mixed(all, row[t]);
        if (!from) state[i] = all;
        else { /* the row that it came from, and a token more */
            CHECK_INT(length, m->seen_length + 1);
            CHECK(memcmp(row, m->seen + from[i] * m->seen_length, (size_t)m->seen_length * sizeof *row) == 0);
            state[i] = mixed(m->state[from[i]], row[length - 1]);
        }
        logits_of(m, m->cached ? state[i] : all, z);
        if (m->script) m->script(row, length, z);
        for (int j = 0; j < m->v; j++) logits[i * m->v + j] = (nn_real)(m->script ? log(z[j]) : z[j]);
        if (m->nan_at > 0 && length == (int)m->nan_at) logits[i * m->v + 1] = (nn_real)NAN;
    }
    memcpy(m->state, state, sizeof state);
    memcpy(m->seen, tokens, (size_t)(n * length) * sizeof *tokens);
    m->seen_length = length;
    return 1;
}

static const int prompt[2] = {1, 0};

static scripted hashed(int v, unsigned seed)
{
    scripted m;
    memset(&m, 0, sizeof m);
    m.v = v, m.seed = seed, m.spread = 4;
    return m;
}

static nn_generate_options options(int v, int max_length, int beams)
{
    nn_generate_options o;
    memset(&o, 0, sizeof o);
    o.vocabulary = v, o.prompt = prompt, o.prompt_length = 2, o.max_length = max_length, o.beams = beams;
    return o;
}

static int generate(scripted *m, nn_generate_options o, int *tokens, double *log_p)
{
    m->calls = 0, m->line = __LINE__ + 1;
    return nn_generate(nn, next_logits, m, o, tokens, log_p);
}

/* log softmax of what the model says after these tokens, in double */
static void log_probabilities(const scripted *m, const int *tokens, int length, double *log_p)
{
    unsigned state = m->seed;
    double sum = 0;
    for (int t = 0; t < length; t++) state = mixed(state, tokens[t]);
    if (m->script) m->script(tokens, length, log_p);
    else logits_of(m, state, log_p);
    for (int j = 0; j < m->v; j++) sum += m->script ? log_p[j] : exp(log_p[j]);
    for (int j = 0; j < m->v; j++) log_p[j] = (m->script ? log(log_p[j]) : log_p[j]) - log(sum);
}

/* The best of all sequences, by trying them all. */
typedef struct best {
    double score, log_p;
    int tokens[LONGEST], length;
} best;
static void try_all(const scripted *m, const nn_generate_options *o, int *tokens, int length,
                    double log_p, best *b)
{
    const int new_tokens = length - o->prompt_length;
    if (length == o->max_length || (new_tokens && o->end > 0 && tokens[length - 1] == o->end)) {
        const double score = log_p / pow(new_tokens, (double)o->length_penalty);
        if (b->length && score <= b->score) return;
        b->score = score, b->log_p = log_p, b->length = length;
        memcpy(b->tokens, tokens, (size_t)length * sizeof *tokens);
        return;
    }
    double p[MOST];
    log_probabilities(m, tokens, length, p);
    for (int j = 0; j < m->v; j++) {
        tokens[length] = j;
        try_all(m, o, tokens, length + 1, log_p + p[j], b);
    }
}

static void greedy_row_15_15(void)
{
    for (unsigned seed = 0; seed < 40; seed++) {
        scripted m = hashed(6, seed);
        nn_generate_options o = options(6, 20, (int)(seed % 2)); /* 0 and 1 beams are the same */
        o.end = seed % 4 == 3 ? 0 : 5;
        o.length_penalty = seed % 3 == 0 ? (nn_real)0.7 : 0;     /* one hypothesis: no effect */
        int tokens[20], mine[20] = {1, 0}, length = 2;
        double log_p, sum = 0;
        while (length < 20 && (length == 2 || o.end <= 0 || mine[length - 1] != o.end)) {
            double p[MOST];
            int largest = 0;
            log_probabilities(&m, mine, length, p);
            for (int j = 1; j < 6; j++) largest = p[j] > p[largest] ? j : largest;
            mine[length++] = largest;
            sum += p[largest];
        }
        CHECK_INT(generate(&m, o, tokens, &log_p), length);
        CHECK(memcmp(tokens, mine, (size_t)length * sizeof *mine) == 0);
        CHECK_NEAR(log_p, sum, 20 * NEAR);
        CHECK(m.most_rows == 1 && m.calls == length - 2);
    }
}

/* 0: the end is likely at once. Otherwise the second best first token, 2, is followed by a sure 3. */
static void greedy_misses(const int *tokens, int length, double *p)
{
    const int last = tokens[length - 1];
    p[0] = p[1] = p[2] = p[3] = p[4] = 0.2;
    if (length == 2) p[0] = 0.04, p[1] = 0.5, p[2] = 0.4, p[3] = 0.05, p[4] = 0.01;
    else if (last == 2) p[0] = p[1] = p[2] = p[4] = 0.025, p[3] = 0.9;
    else if (last == 3) p[0] = p[1] = p[2] = p[3] = 0.05, p[4] = 0.8;
}

static void beams_beat_greedy_row_15_16(void)
{
    scripted m = hashed(5, 0);
    m.script = greedy_misses;
    nn_generate_options o = options(5, 5, 1);
    int tokens[5];
    double log_p, wide;
    CHECK_INT(generate(&m, o, tokens, &log_p), 5);
    CHECK(tokens[2] == 1 && tokens[3] == 0);
    CHECK_NEAR(log_p, log(0.5 * 0.2 * 0.2), 1e-5);
    o.beams = 4;
    CHECK_INT(generate(&m, o, tokens, &wide), 5);
    CHECK(tokens[0] == 1 && tokens[1] == 0 && tokens[2] == 2 && tokens[3] == 3 && tokens[4] == 4);
    CHECK_NEAR(wide, log(0.4 * 0.9 * 0.8), 1e-5);
    CHECK(m.most_rows == 4 && m.calls == 3);
}

static void all_sequences_row_15_16(void) /* beams for all of them: the best there is */
{
    static const nn_real penalties[4] = {0, (nn_real)0.6, 1, 2};
    int shorter = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        scripted m = hashed(3, seed);
        m.spread = seed % 2 ? 2 : 6;
        for (int k = 0; k < 4; k++)
            for (int end = 0; end < 3; end += 2) {
                nn_generate_options o = options(3, 7, end ? 32 : 64);
                o.length_penalty = penalties[k], o.end = end;
                int tokens[7], all[7] = {1, 0};
                double log_p;
                best b;
                memset(&b, 0, sizeof b);
                if (!end) o.max_length = 6;
                try_all(&m, &o, all, 2, 0, &b);
                CHECK_INT(generate(&m, o, tokens, &log_p), b.length);
                CHECK(memcmp(tokens, b.tokens, (size_t)b.length * sizeof *tokens) == 0);
                CHECK_NEAR(log_p, b.log_p, 20 * NEAR);
                shorter += b.length < o.max_length;
            }
    }
    CHECK(shorter > 40 && shorter < 200); /* both kinds came */
}

/* The end, 4, has 0.3 at once; all else is slow: 0.69 and then 0.55 at each step. */
static void ends_early(const int *tokens, int length, double *p)
{
    (void)tokens;
    p[0] = 0.69, p[1] = p[2] = 0.004, p[3] = 0.002, p[4] = 0.3;
    if (length > 2) p[0] = 0.55, p[1] = 0.4, p[2] = p[3] = 0.02, p[4] = 0.01;
}

static void ends_for_sure(const int *tokens, int length, double *p)
{
    (void)tokens, (void)length;
    p[0] = 0.1, p[1] = p[2] = p[3] = 0, p[4] = 0.9;
}

static void finished_ones_are_kept_row_15_16(void)
{
    scripted m = hashed(5, 0);
    m.script = ends_early;
    int tokens[12];
    double log_p;
    for (int beams = 2; beams <= 8; beams *= 2) {
        nn_generate_options o = options(5, 12, beams);
        o.end = 4;
        CHECK_INT(generate(&m, o, tokens, &log_p), 3); /* 0.3, though 0.69 was better then */
        CHECK_INT(tokens[2], 4);
        CHECK_NEAR(log_p, log(0.3), 1e-6);
        CHECK_INT(m.calls, 3); /* 0.69 0.55 can still win against 0.3, with 0.55 once more it cannot */
        o.length_penalty = 1;  /* by the token: log 0.3 < log 0.55 */
        CHECK_INT(generate(&m, o, tokens, &log_p), 12);
        CHECK_NEAR(log_p, log(0.69) + 9 * log(0.55), 1e-5);
        CHECK(m.calls == 10 && m.most_rows == beams);
        CHECK_INT(m.second_rows, beams < 4 ? beams : 4); /* what has ended takes no beam's place */
    }
    /* log 0.9 against log 0.1 / 21 of what could go on for 21 tokens, in the best case for nothing */
    nn_generate_options sure = options(5, 23, 2);
    sure.end = 4, sure.length_penalty = 1;
    m.script = ends_for_sure;
    int many[23];
    CHECK_INT(generate(&m, sure, many, &log_p), 3);
    CHECK_INT(m.calls, 1);
    sure.max_length = 24; /* 22 tokens could have beaten it */
    int more[24];
    CHECK_INT(generate(&m, sure, more, &log_p), 3);
    CHECK(m.calls > 1);
    m.script = ends_early;
    nn_generate_options o = options(5, 12, 1); /* greedy goes past it */
    o.end = 4;
    CHECK_INT(generate(&m, o, tokens, &log_p), 12);
    o.end = 0; /* no end: token 0 is none */
    CHECK_INT(generate(&m, o, tokens, &log_p), 12);
}

static void even(const int *tokens, int length, double *p)
{
    (void)tokens, (void)length;
    for (int j = 0; j < 5; j++) p[j] = 0.2;
}

static void ties_row_15_16(void) /* the lower beam first, then the lower token */
{
    scripted m = hashed(5, 0);
    int tokens[6];
    m.script = even;
    for (int beams = 1; beams <= 7; beams += 3) {
        CHECK_INT(generate(&m, options(5, 6, beams), tokens, NULL), 6);
        for (int t = 2; t < 6; t++) CHECK_INT(tokens[t], 0);
    }
    CHECK_INT(m.seen_length, 5);
    for (int i = 0; i < 7; i++) { /* the last step's 7 beams: 0 0 0, 0 0 1, .., 0 1 0, 0 1 1 */
        CHECK_INT(m.seen[i * 5 + 3], i / 5);
        CHECK_INT(m.seen[i * 5 + 4], i % 5);
    }
}

static void impossible(const int *tokens, int length, double *p) /* 0 0 .., but 1 for sure after 1 */
{
    (void)length;
    p[0] = p[1] = p[2] = p[3] = p[4] = 0;
    p[tokens[length - 1] == 1 ? 1 : 0] = 1;
}

static void impossible_tokens(void) /* fewer ways to go on than beams */
{
    scripted m = hashed(5, 0);
    int tokens[6];
    double log_p;
    m.script = impossible;
    nn_generate_options o = options(5, 6, 4);
    CHECK_INT(generate(&m, o, tokens, &log_p), 6);
    CHECK(log_p == 0 && m.most_rows == 1 && tokens[5] == 0);
    o.end = 3, o.length_penalty = 1;
    CHECK_INT(generate(&m, o, tokens, &log_p), 6);
    const int one = 1; /* a prompt of one token, and the end for sure */
    o.prompt = &one, o.prompt_length = 1, o.end = 1;
    CHECK_INT(generate(&m, o, tokens, &log_p), 2);
    CHECK(tokens[1] == 1 && log_p == 0);
    o.vocabulary = m.v = 1, o.end = 0; /* a vocabulary of one token */
    m.script = NULL;
    CHECK_INT(generate(&m, o, tokens, &log_p), 6);
    CHECK(log_p == 0 && tokens[1] == 0 && m.most_rows == 1);
}

static void states_follow_row_15_16(void) /* a state for each row, carried on through from */
{
    for (unsigned seed = 0; seed < 30; seed++) {
        scripted m = hashed(8, seed);
        nn_generate_options o = options(8, 20, 1 + (int)(seed % 6));
        o.end = 7, o.length_penalty = (nn_real)0.8;
        int tokens[2][20];
        double log_p[2];
        const int length = generate(&m, o, tokens[0], &log_p[0]);
        m.cached = 1;
        CHECK_INT(generate(&m, o, tokens[1], &log_p[1]), length);
        CHECK(memcmp(tokens[0], tokens[1], (size_t)length * sizeof(int)) == 0 && log_p[0] == log_p[1]);
    }
}

static void skewed(const int *tokens, int length, double *p)
{
    static const double fixed[6] = {0.05, 0.3, 0.02, 0.38, 0.15, 0.1};
    (void)tokens, (void)length;
    memcpy(p, fixed, sizeof fixed);
}

/* 1e5 draws, with temperature 1 and 0.5, of all, the 3 most likely, and those with 0.8 together. */
static void frequencies_row_15_15(void)
{
    static const double p[6] = {0.05, 0.3, 0.02, 0.38, 0.15, 0.1};
    enum { DRAWS = 100000, AT_ONCE = 20 };
    for (int k = 0; k < 6; k++) {
        scripted m = hashed(6, 0);
        nn_generate_options o = options(6, 2 + AT_ONCE, 0);
        int tokens[2 + AT_ONCE], count[6] = {0};
        double sum = 0, share[6];
        m.script = skewed;
        o.temperature = k % 2 ? (nn_real)0.5 : 1, o.top_k = k / 2 == 1 ? 3 : 0, o.top_p = k / 2 == 2 ? (nn_real)0.8 : 0;
        for (int i = 0; i < 6; i++) {
            const int kept = k < 2 || (p[i] > 0.1 + 1e-9); /* 0.38 + 0.3 + 0.15 is the first above 0.8 */
            sum += share[i] = kept ? pow(p[i], 1 / (double)o.temperature) : 0;
        }
        double all = 0, log_p;
        for (int i = 0; i < DRAWS / AT_ONCE; i++) {
            double mine = 0;
            CHECK_INT(generate(&m, o, tokens, &log_p), 2 + AT_ONCE);
            for (int j = 0; j < AT_ONCE; j++) count[tokens[2 + j]]++, mine += log(p[tokens[2 + j]]);
            all = fabs(log_p - mine) > all ? fabs(log_p - mine) : all;
        }
        CHECK_NEAR(all, 0, 1e-4); /* of the model as it is, without temperature, k and p */
        for (int i = 0; i < 6; i++) {
            const double q = share[i] / sum;
            CHECK_NEAR((double)count[i] / DRAWS, q, 4 * sqrt(q * (1 - q) / DRAWS));
        }
    }
}

static void the_same_seed(void) /* draws the same, and a small temperature is greedy */
{
    int tokens[3][20];
    for (unsigned seed = 0; seed < 10; seed++) {
        scripted m = hashed(8, seed);
        nn_generate_options o = options(8, 20, 1);
        for (int i = 0; i < 2; i++) {
            o.temperature = 2, o.top_k = 5, o.top_p = (nn_real)0.9;
            nn_seed(nn, seed);
            CHECK_INT(generate(&m, o, tokens[i], NULL), 20);
        }
        CHECK(memcmp(tokens[0], tokens[1], sizeof tokens[0]) == 0);
        o.temperature = (nn_real)1e-6;
        generate(&m, o, tokens[1], NULL);
        generate(&m, options(8, 20, 1), tokens[2], NULL);
        CHECK(memcmp(tokens[1], tokens[2], sizeof tokens[0]) == 0);
        CHECK(memcmp(tokens[0], tokens[2], sizeof tokens[0]) != 0);
    }
}

static void same_bits_row_15_16(void) /* with every set of kernels */
{
    static const char *const names[4] = {"scalar", "avx2", "avx512", "neon"};
    for (unsigned seed = 0; seed < 10 && sizeof(nn_real) == sizeof(float); seed++) {
        int tokens[4][20], first = -1;
        double log_p[4];
        for (int k = 0; k < 4; k++) {
            scripted m = hashed(8, seed);
            nn_generate_options o = options(8, 20, 3);
            o.end = 7, o.length_penalty = (nn_real)0.6;
            if (!nn_set_simd(nn, names[k])) continue;
            generate(&m, o, tokens[k], &log_p[k]);
            if (first < 0) first = k;
            CHECK(log_p[k] == log_p[first] && memcmp(tokens[k], tokens[first], sizeof(int)) == 0);
        }
        nn_set_simd(nn, NULL);
    }
}

static void memory_is_given_back(void) /* of the search; nothing of it stays in the context */
{
    scripted m = hashed(8, 3);
    int tokens[20];
    long before = 0;
    for (int i = 0; i < 56; i++) {
        if (i == 7) before = in_use;
        nn_generate_options o = options(8, 20, i % 7);
        if (i % 7 < 2) o.temperature = 1, o.top_k = 3;
        generate(&m, o, tokens, NULL);
    }
    CHECK_INT(in_use, before);
}

static void wrong_options(void)
{
    scripted m = hashed(5, 1);
    int tokens[8], got = 7;
    double log_p = 7;
    nn_generate_options o = options(5, 8, 2);
    const nn_generate_options good = o;
#define REFUSED(change, text)                                                            \
    do {                                                                                 \
        o = good, change;                                                                \
        EXPECT(got = nn_generate(nn, next_logits, &m, o, tokens, &log_p), NN_ERROR_ARGUMENT, \
               "nn_generate: " text);                                                    \
        CHECK(got == 0 && log_p == 0 && m.calls == 0);                                   \
    } while (0)
    REFUSED(o.vocabulary = 0, "a vocabulary of 0, whose token 0 is the end");
    REFUSED(o.end = 5, "a vocabulary of 5, whose token 5 is the end");
    REFUSED(o.prompt = NULL, "the prompt is NULL");
    REFUSED(o.prompt_length = 0, "max_length is 8, the prompt's length 0");
    REFUSED(o.max_length = 2, "max_length is 2, the prompt's length 2");
    REFUSED(o.beams = 1001, "1001 beams (at most 1000) at temperature 0");
    REFUSED(o.temperature = 1, "2 beams (at most 1000) at temperature 1: beam search does not draw");
    REFUSED(o.temperature = -1, "temperature -1, top_k 0, top_p 0");
    REFUSED(o.top_k = -3, "temperature 0, top_k -3, top_p 0");
    REFUSED(o.top_p = (nn_real)1.25, "temperature 0, top_k 0, top_p 1.25");
    REFUSED(o.length_penalty = -1, "the length penalty is -1, not in 0..10");
    o = good;
    EXPECT(nn_generate(nn, NULL, &m, o, tokens, NULL), NN_ERROR_ARGUMENT, "nn_generate: next is NULL");
    EXPECT(nn_generate(nn, next_logits, &m, o, NULL, NULL), NN_ERROR_ARGUMENT, "nn_generate: tokens is NULL");
    m.fail_at = 3;
    EXPECT(got = generate(&m, o, tokens, &log_p), NN_ERROR_IO,
           "nn_generate: the model failed after 4 tokens");
    CHECK_INT(got, 0);
    CHECK_INT(atoi(told + strlen(__FILE__) + 1), m.line); /* not that of the model's last call */
    m.fail_at = 0, m.nan_at = 3;
    EXPECT(got = generate(&m, o, tokens, &log_p), NN_ERROR_NONFINITE, "nn_generate: the model's "
           "logits of row 0 of 2 after 3 tokens have NaN or infinity in them");
    CHECK(got == 0 && log_p == 0);
    m.nan_at = 0;
    CHECK_INT(generate(&m, o, tokens, &log_p), 8);
    nn_fail(nn, NN_ERROR_IO, "test", "an error before");
    CHECK_INT(generate(&m, o, tokens, &log_p), 0);
    CHECK(log_p == 0 && m.calls == 0);
    nn_error_clear(nn);
}

static int model_error(void *user, int n, int length, const int *tokens, const int *from, nn_real *z)
{
    (void)n, (void)length, (void)tokens, (void)from, (void)user, (void)z;
    nn_matmul(nn_full(nn, nn_shape2(2, 3), 1), nn_full(nn, nn_shape2(2, 3), 1));
    return 1; /* who does not look still gets an error, the model's own */
}

static void an_error_in_the_model(void)
{
    int tokens[4], got = 7;
    EXPECT(got = nn_generate(nn, model_error, NULL, options(5, 4, 1), tokens, NULL), NN_ERROR_SHAPE,
           "nn_matmul: inner dimensions differ");
    CHECK_INT(got, 0);
}

/* ---- byte pairs ---- */

/* Sennrich's algorithm word for word: count all pairs anew, join the most frequent one everywhere. */
static int train_naively(const char *text, int size, int tokens, int (*merge)[2])
{
    static int token[4096], begins[4096];
    static int count[512][512];
    int n = size, merges = 0;
    for (int i = 0; i < n; i++) token[i] = (unsigned char)text[i], begins[i] = token[i] <= ' ';
    for (; merges < tokens - 256; merges++) {
        int a = 0, b = 0;
        memset(count, 0, sizeof count);
        for (int i = 0; i + 1 < n; i++) count[token[i]][token[i + 1]] += !begins[i + 1];
        for (int i = 0; i < 256 + merges; i++)
            for (int j = 0; j < 256 + merges; j++)
                if (count[i][j] > count[a][b]) a = i, b = j;
        if (count[a][b] < 2) break;
        merge[merges][0] = a, merge[merges][1] = b;
        int to = 0;
        for (int i = 0; i < n; i++) {
            const int joined = i + 1 < n && !begins[i + 1] && token[i] == a && token[i + 1] == b;
            begins[to] = begins[i];
            token[to++] = joined ? 256 + merges : token[i];
            i += joined;
        }
        n = to;
    }
    return 256 + merges;
}

static void bpe_training(void)
{
    static const char *const letters[4] = {"ab ", "a", "abcdefgh  ", "ab\n\xc3\xa9 "};
    char text[2000];
    int merge[256][2];
    for (int trial = 0; trial < 60; trial++) {
        const char *of = letters[trial % 4];
        const int size = nn_randint(nn, 1, trial < 30 ? 40 : 2000), tokens = nn_randint(nn, 256, 400);
        for (int i = 0; i < size; i++) text[i] = of[nn_randint(nn, 0, (int)strlen(of))];
        const nn_bpe b = nn_bpe_train(nn, text, (size_t)size, tokens);
        const int n = train_naively(text, size, tokens, merge);
        CHECK_INT(b.n, n);
        CHECK(n == 256 || memcmp(b.merge, merge, (size_t)(n - 256) * sizeof *merge) == 0);
    }
    /* by hand */
    static const char low[] = "low low low lowest lowest newer newer";
    const nn_bpe b = nn_bpe_train(nn, low, strlen(low), 262);
    CHECK_INT(b.n, 262);
    CHECK(b.merge[0][0] == 'l' && b.merge[0][1] == 'o');     /* 5, as "ow"; l < o */
    CHECK(b.merge[1][0] == 256 && b.merge[1][1] == 'w');     /* 5 */
    CHECK(b.merge[2][0] == ' ' && b.merge[2][1] == 257);     /* 4, the first "low" has no space */
    CHECK(b.merge[3][0] == ' ' && b.merge[3][1] == 'n');     /* 2, as many others; the smallest */
    CHECK(b.merge[4][0] == 'e' && b.merge[4][1] == 'r');     /* 2; r < s < w */
    const nn_bpe none = nn_bpe_train(nn, "abcd", 4, 300); /* no pair comes twice */
    CHECK(none.n == 256);
}

static void bpe_round_trip(void)
{
    static const char text[] = "the cat and the dog and the bird that the cat and the dog saw there";
    static char bytes[3 * 256 + 64];
    const nn_bpe b = nn_bpe_train(nn, text, strlen(text), 300);
    int n, pairs = 0;
    CHECK(b.n > 264);
    int *ids = nn_bpe_encode(&b, text, strlen(text), &n);
    CHECK(n < 40 && strlen(text) > 60);
    for (int i = 0; i < n; i++) pairs += ids[i] >= 256;
    CHECK(pairs > 10);
    nn_text t = nn_bpe_decode(&b, ids, n);
    CHECK_STR(t.bytes, text);
    /* every byte, 0 and no UTF-8 among them, alone, twice, and between others */
    for (int i = 0; i < 256; i++) bytes[i] = (char)i, bytes[256 + 2 * i] = bytes[257 + 2 * i] = (char)(255 - i);
    memcpy(bytes + 3 * 256, text, 64);
    ids = nn_bpe_encode(&b, bytes, sizeof bytes, &n);
    t = nn_bpe_decode(&b, ids, n);
    CHECK(t.size == sizeof bytes && memcmp(t.bytes, bytes, sizeof bytes) == 0 && t.bytes[t.size] == 0);
    /* trained on them, too */
    const nn_bpe c = nn_bpe_train(nn, bytes, sizeof bytes, 500);
    ids = nn_bpe_encode(&c, bytes, sizeof bytes, &n);
    t = nn_bpe_decode(&c, ids, n);
    CHECK(t.size == sizeof bytes && memcmp(t.bytes, bytes, sizeof bytes) == 0);
    for (int i = 0; i < c.n; i++) { /* a token never has the beginning of a word within it */
        t = nn_bpe_decode(&c, &i, 1);
        for (size_t k = 1; k < t.size; k++) CHECK((unsigned char)t.bytes[k] > ' ');
    }
    ids = nn_bpe_encode(&c, text, 0, &n);
    CHECK(ids == NULL && n == 0);
    CHECK(nn_bpe_decode(&c, NULL, 0).size == 0);
}

/* Merges in the order in which they were learned: with bc before ab, "abc" is a bc, and with abc
 * nowhere learned no longer match takes its place. */
static void bpe_order(void)
{
    int merge[3][2] = {{'b', 'c'}, {'a', 'b'}, {257, 'd'}}, n;
    const nn_bpe b = {nn, 259, merge};
    int *ids = nn_bpe_encode(&b, "abcabd", 6, &n);
    CHECK_INT(n, 3);
    CHECK(ids[0] == 'a' && ids[1] == 256 && ids[2] == 258); /* a bc abd */
    CHECK_STR(nn_bpe_decode(&b, ids, n).bytes, "abcabd");
    int twice[2][2] = {{'a', 'a'}, {256, 256}};
    const nn_bpe d = {nn, 258, twice};
    ids = nn_bpe_encode(&d, "aaaaaaa", 7, &n); /* from left to right */
    CHECK(n == 3 && ids[0] == 257 && ids[1] == 256 && ids[2] == 'a');
}

static void bpe_errors(void)
{
    static const char text[] = "aa aa aa";
    int n = 5, far = 300, merge[40][2];
    const nn_bpe good = nn_bpe_train(nn, text, 8, 300);
    nn_bpe b = good;
    CHECK_INT(good.n, 258);
    EXPECT(b = nn_bpe_train(nn, text, 8, 255), NN_ERROR_ARGUMENT,
           "nn_bpe_train: a text of 8 bytes, 255 tokens");
    CHECK(b.n == 0 && !b.merge);
    EXPECT(nn_bpe_train(nn, NULL, 8, 300), NN_ERROR_ARGUMENT, "nn_bpe_train: NULL instead of a text");
    EXPECT(nn_bpe_train(nn, text, 0, 300), NN_ERROR_ARGUMENT, "nn_bpe_train: a text of 0 bytes");
    EXPECT(nn_bpe_train(nn, text, (size_t)1 << 31, 300), NN_ERROR_LIMIT, "a text of 2147483648 bytes");
    EXPECT(nn_bpe_encode(&good, text, (size_t)1 << 31, &n), NN_ERROR_LIMIT, "a text of 2147483648 bytes");
    CHECK_INT(n, 0);
    EXPECT(nn_bpe_encode(&good, NULL, 8, &n), NN_ERROR_ARGUMENT, "nn_bpe_encode: text or n is NULL");
    EXPECT(nn_bpe_encode(&good, text, 8, NULL), NN_ERROR_ARGUMENT, "nn_bpe_encode: text or n is NULL");
    EXPECT(nn_bpe_encode(&b, text, 8, &n), NN_ERROR_ARGUMENT, "nn_bpe_encode: 0 tokens, not even the bytes");
    EXPECT(nn_bpe_decode(&good, &far, 1), NN_ERROR_ARGUMENT, "nn_bpe_decode: ids[0] is 300, not one of 258");
    EXPECT(nn_bpe_decode(&good, NULL, 1), NN_ERROR_ARGUMENT, "nn_bpe_decode: ids[0] is -1, not one of 258");
    EXPECT(nn_bpe_decode(&b, &n, 1), NN_ERROR_ARGUMENT, "nn_bpe_decode: ids[0] is 0, not one of 0");
    /* merges of one's own: a token of itself, and one that stands for 2^40 bytes */
    for (int i = 0; i < 40; i++) merge[i][0] = merge[i][1] = i ? 255 + i : 'a';
    b.n = 296, b.merge = merge;
    EXPECT(nn_bpe_decode(&b, &far, 1), NN_ERROR_LIMIT, "nn_bpe_decode: token 286 stands for 2147483648 bytes");
    merge[3][1] = 259;
    EXPECT(nn_bpe_decode(&b, &n, 1), NN_ERROR_ARGUMENT,
           "nn_bpe_decode: merge[3] is 258 and 259, not two of the tokens before 259");
    b.n = 281;
    merge[3][1] = 258;
    int many[100];
    for (int i = 0; i < 100; i++) many[i] = 280;
    EXPECT(nn_bpe_decode(&b, many, 100), NN_ERROR_LIMIT, "nn_bpe_decode: a text of more than 2147483647 bytes");
}

static void bpe_of_a_book(void) /* 300 kB, 1000 tokens: merges that a naive count finds again */
{
    nn_text book = nn_text_load(nn, "examples/data/devils_dictionary.txt");
    CHECK(book.size > 250000); /* run me from the root of the repository */
    const nn_bpe b = nn_bpe_train(nn, book.bytes, book.size, 1000);
    CHECK_INT(b.n, 1000);
    int n, merge[8][2];
    const int *ids = nn_bpe_encode(&b, book.bytes, book.size, &n);
    const nn_text back = nn_bpe_decode(&b, ids, n);
    CHECK(back.size == book.size && memcmp(back.bytes, book.bytes, book.size) == 0);
    CHECK(n < (int)book.size / 2);
    const nn_bpe part = nn_bpe_train(nn, book.bytes + 5000, 4000, 264);
    CHECK_INT(train_naively(book.bytes + 5000, 4000, 264, merge), 264);
    CHECK(memcmp(part.merge, merge, sizeof merge) == 0);
}

/* ---- without memory ---- */

static int cyclic(void *user, int n, int length, const int *tokens, const int *from, nn_real *logits)
{
    (void)user, (void)length, (void)from;
    for (int i = 0; i < 4 * n; i++) logits[i] = (nn_real)((tokens[0] + i) % 4);
    return 1;
}

/* Whatever is refused: an error, results whole or failed, nothing half done; and all is freed. */
static void without_memory(void)
{
    nn_ctx *const outer = nn;
    const long before = in_use;
    long failures = 0;
    for (int done = 0; !done; failures++) {
        granted = 3 + failures; /* nn_create has its own test */
        nn = nn_create(1);
        if (!nn) continue;
        nn_on_error(nn, hear, NULL);
        static const int lengths[1] = {3};
        nn_model *model = nn_model_new(nn);
        const nn_additive_attention a = nn_additive_attention_new(model, "a", 2, 2, 2);
        CHECK(nn_ok(nn) ? model->n_params == 3 : model->n_params == 0);
        const nn_graph_attention g = nn_graph_attention_new(model, "g", 2, 2, 2);
        CHECK(nn_ok(nn) ? model->n_params == 7 : model->n_params == 0 || model->n_params == 3);
        nn_tensor *x = nn_positional_encoding(nn, 4, 2), *p = NULL, *q = NULL, *x3 = NULL;
        x3 = nn_reshape(x, nn_shape3(1, 4, 2));
        nn_tensor *y = nn_additive_attention_forward(&a, x3, x3, x3, lengths, &p);
        nn_tensor *z = nn_graph_attention_forward(&g, x, nn_full(nn, nn_shape2(4, 4), 1), &q);
        if (nn_ok(nn)) CHECK(p->size == 16 && q->size == 32 && y->size == 8 && z->size == 16);
        if (nn_ok(nn)) nn_backward(nn_add(nn_sum(y), nn_sum(z)));
        nn_real logits[4] = {0, 1, 2, 3};
        nn_keep_likely(nn, logits, 4, 2, 0);
        CHECK((logits[0] < 0) == nn_ok(nn) && logits[3] == 3);
        int tokens[6], n = 0;
        nn_generate_options o = options(4, 6, 2);
        CHECK_INT(nn_generate(nn, cyclic, NULL, o, tokens, NULL), nn_ok(nn) ? 6 : 0);
        o.beams = 1, o.temperature = 1, o.top_k = 3;
        CHECK_INT(nn_generate(nn, cyclic, NULL, o, tokens, NULL), nn_ok(nn) ? 6 : 0);
        const nn_bpe b = nn_bpe_train(nn, "ab ab ab cd cd ef ef gh gh ij ij kl kl mn mn", 44, 300);
        CHECK(nn_ok(nn) ? b.n == 270 && b.merge : !b.n && !b.merge);
        const int *ids = nn_bpe_encode(&b, "ab ef", 5, &n);
        CHECK(nn_ok(nn) ? ids && n == 2 : !ids && !n);
        const nn_text t = nn_bpe_decode(&b, ids, n);
        CHECK_STR(t.bytes, nn_ok(nn) ? "ab ef" : "");
        CHECK(nn_ok(nn) || nn_error_code(nn) == NN_ERROR_MEMORY);
        done = nn_ok(nn);
        granted = -1;
        nn_destroy(nn);
        CHECK_INT(in_use, before);
    }
    CHECK(failures > 60);
    nn = outer;
}

int main(void)
{
    RUN_ALONE(without_memory);
    RUN_ALONE(positions_row_15_7);
    RUN_ALONE(offsets_turn_row_15_7);
    RUN_ALONE(masked_softmax_row_15_3);
    RUN_ALONE(additive_row_15_2);
    RUN_ALONE(graph_row_15_24);
    RUN_ALONE(node_order_row_15_24);
    RUN_ALONE(tied_output_row_15_8);
    RUN_ALONE(keep_likely_row_15_15);
    RUN_ALONE(greedy_row_15_15);
    RUN_ALONE(beams_beat_greedy_row_15_16);
    RUN_ALONE(all_sequences_row_15_16);
    RUN_ALONE(finished_ones_are_kept_row_15_16);
    RUN_ALONE(ties_row_15_16);
    RUN_ALONE(impossible_tokens);
    RUN_ALONE(states_follow_row_15_16);
    RUN_ALONE(frequencies_row_15_15);
    RUN_ALONE(the_same_seed);
    RUN_ALONE(same_bits_row_15_16);
    RUN_ALONE(memory_is_given_back);
    RUN_ALONE(wrong_options);
    RUN_ALONE(an_error_in_the_model);
    RUN_ALONE(bpe_training);
    RUN_ALONE(bpe_round_trip);
    RUN_ALONE(bpe_order);
    RUN_ALONE(bpe_errors);
    RUN_ALONE(bpe_of_a_book);
    return test_summary();
}
