/* Layer norm, attention, its cache, and transformer layers against their equations, written down
 * here once more in double, and what the book says of them.
 *
 *     cc -std=c99 -O1 tests/test_ch15.c -lm -o test_ch15 && ./test_ch15
 *
 * Numbers such as 15.3 in comments and names are rows of the feature table, E54 of the errata.
 * PyTorch's numbers are compared in test_golden.c, every gradient with differences in test_ops.c.
 */
#include <stdlib.h>

static int granted = -1; /* requests for memory that are still granted; -1: all */
#define NN_MALLOC(user, size) \
    ((void)(user), granted == 0 ? NULL : malloc((granted -= granted > 0, size)))
#define NN_REALLOC(user, p, size) \
    ((void)(user), granted == 0 ? NULL : realloc(p, (granted -= granted > 0, size)))
#define NN_FREE(user, p) ((void)(user), free(p))

#define NN__BLOCK 1 /* each array is a request of its own */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static nn_ctx *nn; /* of the current case */
static nn_model *net;

#define RUN_ALONE(test)                                                     \
    do {                                                                    \
        nn = nn_create(1);                                                  \
        net = nn_model_new(nn);                                             \
        RUN(test);                                                          \
        CHECK_STR(nn_error(nn), "");                                        \
        nn_destroy(nn);                                                     \
    } while (0)

static const nn_attention_options see_all = {0, 0, NULL, NULL, 0, 0, NULL};
static const nn_attention_options see_past = {0, 1, NULL, NULL, 0, 0, NULL};

static nn_tensor *random3(int a, int b, int c) { return nn_rand(nn, nn_shape3(a, b, c), -2, 2); }

static int same_bits(const nn_real *a, const nn_real *b, size_t n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

/* Every parameter something else than what it began with, norms and biases, too. */
static void stir(nn_model *model, nn_real most)
{
    for (int i = 0; i < model->n_params; i++)
        for (size_t j = 0; j < model->param[i]->size; j++)
            model->param[i]->data[j] += nn_uniform(nn, -most, most);
}

/* ---- layer norm ---- */

static void layer_norm_row_15_10(void)
{
    enum { ROWS = 5, D = 37 };
    nn_layer_norm l = nn_layer_norm_new(net, "norm", D);
    CHECK_STR(net->param[0]->name, "norm.weight");
    CHECK_STR(net->param[1]->name, "norm.bias");
    CHECK_NEAR(l.eps, 1e-5, 1e-12);
    nn_tensor *x = nn_rand(nn, nn_shape2(ROWS, D), -3, 7), *y = nn_layer_norm_forward(&l, x);
    for (int i = 0; i < ROWS; i++) { /* as it begins: mean 0, variance 1 */
        const nn_stat s = nn_stats(nn_slice(y, 0, i, i + 1));
        CHECK_NEAR(s.mean, 0, 1e-6);
        CHECK_NEAR(s.std, 1, 1e-5);
    }
    stir(net, 1);
    for (int i = 0; i < D; i++) x->data[D + i] = 3; /* a row without variance */
    y = nn_layer_norm_forward(&l, x);
    for (int i = 0; i < ROWS; i++) {
        double mean = 0, variance = 0;
        const nn_real *row = x->data + i * D;
        for (int j = 0; j < D; j++) mean += (double)row[j] / D;
        for (int j = 0; j < D; j++)
            variance += ((double)row[j] - mean) * ((double)row[j] - mean) / D;
        for (int j = 0; j < D; j++)
            CHECK_NEAR(y->data[i * D + j],
                       (double)l.weight->data[j] * ((double)row[j] - mean) / sqrt(variance + 1e-5) +
                           (double)l.bias->data[j], 2e-6);
    }
    CHECK(same_bits(y->data + D, l.bias->data, D));
    nn_set_training(nn, 0); /* training and use are the same, and a row is on its own */
    CHECK(same_bits(nn_layer_norm_forward(&l, x)->data, y->data, y->size));
    CHECK(same_bits(nn_layer_norm_forward(&l, nn_slice(x, 0, 2, 3))->data, y->data + 2 * D, D));
}

/* ---- attention ---- */

typedef struct sizes {
    int n, heads, t, s, d, e; /* d and e of one head */
} sizes;

/* May query t look at key s? */
static int may_look(const nn_attention_options *o, sizes z, int n, int h, int t, int s)
{
    if (o->causal && s > t + z.s - z.t) return 0;
    if (o->lengths && s >= o->lengths[n]) return 0;
    if (!o->mask) return 1;
    size_t at = (size_t)t * (size_t)z.s + (size_t)s;
    if (o->mask->shape.ndim == 3) at += (size_t)n * (size_t)(z.t * z.s);
    if (o->mask->shape.ndim == 4) at += (size_t)(n * z.heads + h) * (size_t)(z.t * z.s);
    return o->mask->data[at] > 0;
}

/* The equations for one query: P [s] and y [e]. */
static void query_in_double(const nn_attention_options *o, sizes z, const nn_tensor *q,
                            const nn_tensor *k, const nn_tensor *v, int n, int h, int t, double *p,
                            double *y)
{
    const double scale = o->scale > 0 ? (double)o->scale : 1 / sqrt((double)z.d);
    double sum = 0, most = -HUGE_VAL;
    for (int s = 0; s < z.s; s++) {
        p[s] = 0;
        for (int i = 0; i < z.d; i++)
            p[s] += (double)q->data[((n * z.t + t) * z.heads + h) * z.d + i] *
                    (double)k->data[((n * z.s + s) * z.heads + h) * z.d + i] * scale;
        if (may_look(o, z, n, h, t, s) && p[s] > most) most = p[s];
    }
    for (int s = 0; s < z.s; s++)
        sum += p[s] = may_look(o, z, n, h, t, s) ? exp(p[s] - most) : 0;
    for (int s = 0; s < z.s; s++) p[s] = sum > 0 ? p[s] / sum : 0;
    for (int i = 0; i < z.e; i++) {
        y[i] = 0;
        for (int s = 0; s < z.s; s++)
            y[i] += p[s] * (double)v->data[((n * z.s + s) * z.heads + h) * z.e + i];
    }
}

static void compare_with_double(const nn_attention_options *o, sizes z)
{
    nn_tensor *q = random3(z.n, z.t, z.heads * z.d), *k = random3(z.n, z.s, z.heads * z.d), *p;
    nn_tensor *v = random3(z.n, z.s, z.heads * z.e), *y = nn_attention(q, k, v, *o, &p);
    CHECK(nn_shape_equal(y->shape, nn_shape3(z.n, z.t, z.heads * z.e)));
    CHECK(nn_shape_equal(p->shape, nn_shape4(z.n, z.heads, z.t, z.s)));
    CHECK(!p->requires_grad && !p->backward);
    double expected[300], sum_of[64];
    for (int n = 0; n < z.n; n++)
        for (int h = 0; h < z.heads; h++)
            for (int t = 0; t < z.t; t++) {
                const nn_real *row = p->data + ((n * z.heads + h) * z.t + t) * z.s;
                const nn_real *out = y->data + ((n * z.t + t) * z.heads + h) * z.e;
                int nowhere = 1;
                double sum = 0, worst = 0;
                query_in_double(o, z, q, k, v, n, h, t, expected, sum_of);
                for (int s = 0; s < z.s; s++) {
                    if (may_look(o, z, n, h, t, s)) nowhere = 0;
                    else CHECK(row[s] == 0);
                    sum += (double)row[s];
                    worst = fmax(worst, fabs((double)row[s] - expected[s]));
                }
                for (int i = 0; i < z.e; i++)
                    worst = fmax(worst, fabs((double)out[i] - sum_of[i]) / 2);
                CHECK_NEAR(worst, 0, 3e-6);
                CHECK_NEAR(sum, !nowhere, 1e-6); /* 15.2 */
                for (int i = 0; nowhere && i < z.e; i++) CHECK(out[i] == 0);
            }
}

static void oracle_row_15_3(void)
{
    for (test_seed = 1; test_seed <= 150; test_seed++) {
        nn_seed(nn, test_seed);
        nn_clear(nn);
        const int large = test_seed % 15 == 0; /* more than the queries that are done at a time */
        sizes z = {nn_randint(nn, 1, 4), nn_randint(nn, 1, 4), nn_randint(nn, 1, large ? 150 : 20),
                   0, nn_randint(nn, 1, 20), nn_randint(nn, 1, 20)};
        z.s = nn_randint(nn, 0, 2) ? z.t : nn_randint(nn, 1, large ? 200 : 20);
        nn_attention_options o = see_all;
        int lengths[4];
        for (int i = 0; i < z.n; i++) lengths[i] = nn_randint(nn, 0, z.s + 1);
        o.heads = z.heads;
        o.causal = nn_randint(nn, 0, 2);
        if (nn_randint(nn, 0, 3) == 0) o.lengths = lengths;
        if (nn_randint(nn, 0, 4) == 0) o.scale = (nn_real)0.4;
        const int dims = nn_randint(nn, 0, 3) + 2; /* [T, S], [N, T, S], [N, H, T, S] */
        if (nn_randint(nn, 0, 2))
            o.mask = nn_rand(nn, dims == 2   ? nn_shape2(z.t, z.s)
                                 : dims == 3 ? nn_shape3(z.n, z.t, z.s)
                                             : nn_shape4(z.n, z.heads, z.t, z.s), 0, 1);
        for (size_t i = 0; o.mask && i < o.mask->size; i++)
            o.mask->data[i] = o.mask->data[i] < (nn_real)0.6;
        compare_with_double(&o, z);
    }
}

static void by_hand_row_15_3(void) /* two keys, whose scores differ by log 3: weights 1/4 and 3/4 */
{
    const nn_real q[1] = {1}, k[2] = {0, (nn_real)1.0986122886681098}, v[2] = {4, 8};
    nn_tensor *p, *y = nn_attention(nn_input(nn, q, nn_shape3(1, 1, 1)),
                                    nn_input(nn, k, nn_shape3(1, 2, 1)),
                                    nn_input(nn, v, nn_shape3(1, 2, 1)), see_all, &p);
    CHECK_NEAR(p->data[0], 0.25, 1e-7);
    CHECK_NEAR(p->data[1], 0.75, 1e-7);
    CHECK_NEAR(y->data[0], 7, 1e-6);
    nn_tensor *far = nn_full(nn, nn_shape3(1, 2, 1), 1000); /* softmax of 10^6: no overflow */
    nn_tensor *w = nn_full(nn, nn_shape3(1, 2, 1), 2);
    CHECK_NEAR(nn_attention(far, far, w, see_all, NULL)->data[1], 2, 1e-6);
}

static void heads_row_15_6(void) /* H heads are H attentions to parts; one head is one */
{
    enum { N = 2, T = 9, S = 11, H = 3, D = 5, E = 4 };
    nn_tensor *q = random3(N, T, H * D), *k = random3(N, S, H * D), *v = random3(N, S, H * E);
    nn_attention_options o = see_past;
    o.heads = H;
    nn_tensor *y = nn_attention(q, k, v, o, NULL), *part[H];
    for (int h = 0; h < H; h++)
        part[h] = nn_attention(nn_slice(q, 2, h * D, h * D + D), nn_slice(k, 2, h * D, h * D + D),
                               nn_slice(v, 2, h * E, h * E + E), see_past, NULL);
    CHECK(same_bits(y->data, nn_concat(2, H, part)->data, y->size));
    /* the layer: project, attend, project */
    nn_multihead_attention l = nn_multihead_attention_new(net, "a", 12, 3);
    stir(net, (nn_real)0.3);
    nn_tensor *x = random3(N, T, 12), *m = random3(N, S, 12), *qkv[3], *p, *p2;
    for (int i = 0; i < 3; i++) {
        nn_linear part_of = {nn_slice(l.in_proj_weight, 0, 12 * i, 12 * i + 12),
                             nn_slice(l.in_proj_bias, 0, 12 * i, 12 * i + 12)};
        qkv[i] = nn_linear_forward(&part_of, i ? m : x);
    }
    y = nn_linear_forward(&l.out_proj, nn_attention(qkv[0], qkv[1], qkv[2], o, &p));
    nn_tensor *z = nn_multihead_attention_forward(&l, x, m, see_past, &p2);
    CHECK(same_bits(z->data, y->data, y->size));
    CHECK(same_bits(p->data, p2->data, p->size));
    nn_tensor *copy = nn_detach(x); /* self-attention is attention to what is equal to x */
    CHECK(same_bits(nn_multihead_attention_forward(&l, x, x, see_past, NULL)->data,
                    nn_multihead_attention_forward(&l, x, copy, see_past, NULL)->data, x->size));
}

static void begins_as_in_pytorch_row_15_4(void)
{
    enum { D = 24 };
    const nn_multihead_attention l = nn_multihead_attention_new(net, "attn", D, 4);
    static const char *const names[] = {"attn.in_proj_weight", "attn.in_proj_bias",
                                        "attn.out_proj.weight", "attn.out_proj.bias"};
    for (int i = 0; i < 4; i++) CHECK_STR(net->param[i]->name, names[i]);
    CHECK(nn_shape_equal(l.in_proj_weight->shape, nn_shape2(3 * D, D)) && l.heads == 4);
    const double glorot = sqrt(6.0 / (4 * D)), usual = 1 / sqrt((double)D);
    nn_stat s = nn_stats(l.in_proj_weight);
    CHECK(s.max <= glorot && s.max > 0.98 * glorot && s.min >= -glorot && s.min < -0.98 * glorot);
    s = nn_stats(l.out_proj.weight);
    CHECK(s.max <= usual && s.max > 0.98 * usual && s.min >= -usual && s.min < -0.98 * usual);
    s = nn_stats(l.in_proj_bias);
    CHECK(s.min == 0 && s.max == 0);
    s = nn_stats(l.out_proj.bias);
    CHECK(s.min == 0 && s.max == 0);
}

static void what_is_hidden_has_no_gradient(void)
{
    enum { N = 2, T = 4, S = 6, D = 4 };
    const int lengths[N] = {3, 0};
    nn_attention_options o = see_all;
    o.heads = 2, o.lengths = lengths;
    nn_tensor *q = nn_requires_grad(random3(N, T, D)), *k = nn_requires_grad(random3(N, S, D));
    nn_tensor *v = nn_requires_grad(random3(N, S, D)), *y = nn_attention(q, k, v, o, NULL);
    nn_backward(nn_sum(nn_square(y)));
    for (int n = 0; n < N; n++)
        for (int s = 0; s < S; s++)
            for (int i = 0; i < D; i++) {
                const int at = (n * S + s) * D + i, seen = s < lengths[n];
                CHECK((v->grad[at] != 0) == seen && (k->grad[at] != 0) == seen);
            }
    for (int i = 0; i < T * D; i++) CHECK(q->grad[i] != 0 && q->grad[T * D + i] == 0);
}

/* With one head and the identity as v, y is what dropout has left of P. */
static void dropout_of_the_weights(void)
{
    enum { T = 40 };
    nn_attention_options o = see_past;
    o.dropout = (nn_real)0.25;
    nn_tensor *x = random3(1, T, 3), *v = nn_full(nn, nn_shape3(1, T, T), 0), *p, *y;
    for (int i = 0; i < T; i++) v->data[i * T + i] = 1;
    y = nn_attention(x, x, v, o, &p);
    int dropped = 0, seen = 0;
    for (int t = 0; t < T; t++)
        for (int s = 0; s < T; s++) {
            const nn_real w = p->data[t * T + s], left = y->data[t * T + s];
            if (s <= t) seen++, dropped += left == 0;
            if (left != 0) CHECK_NEAR(left, (double)w / 0.75, 1e-6);
        }
    CHECK_NEAR(dropped / (double)seen, 0.25, 0.05);
    nn_set_training(nn, 0);
    y = nn_attention(x, x, v, o, &p);
    CHECK(same_bits(y->data, p->data, y->size));
    o.dropout = 0;
    CHECK(same_bits(nn_attention(x, x, v, o, NULL)->data, y->data, y->size));
}

/* ---- order ---- */

static nn_tensor *permuted(nn_tensor *x, const int *order) /* x [1, T, D], row t now order[t] */
{
    nn_tensor *y = nn_detach(x);
    const size_t d = (size_t)x->shape.dim[2];
    for (size_t t = 0; t < (size_t)x->shape.dim[1]; t++)
        memcpy(y->data + t * d, x->data + (size_t)order[t] * d, d * sizeof *y->data);
    return y;
}

static double largest_difference(const nn_tensor *a, const nn_tensor *b)
{
    double most = 0;
    for (size_t i = 0; i < a->size; i++)
        most = fmax(most, fabs((double)a->data[i] - (double)b->data[i]));
    return most;
}

static void order_blind_row_15_5(void) /* E54: f(P x) = P f(x), equivariant, not invariant */
{
    enum { T = 13, D = 12 };
    const nn_transformer_options o = {3, 20, 0, 1, 0};
    const nn_encoder l = nn_encoder_new(net, "e", 2, D, o);
    int order[T];
    nn_randperm(nn, order, T);
    nn_tensor *x = random3(1, T, D), *y = nn_encoder_forward(&l, x, see_all, NULL);
    nn_tensor *px = permuted(x, order), *f_px = nn_encoder_forward(&l, px, see_all, NULL);
    CHECK_NEAR(largest_difference(f_px, permuted(y, order)), 0, 1e-5);
    CHECK(largest_difference(f_px, y) > 0.1);
    nn_tensor *place = random3(1, T, D); /* with positions, or a view of the past, no longer */
    nn_tensor *placed = nn_encoder_forward(&l, nn_add(x, place), see_all, NULL);
    f_px = nn_encoder_forward(&l, nn_add(px, place), see_all, NULL);
    CHECK(largest_difference(f_px, permuted(placed, order)) > 0.1);
    placed = nn_encoder_forward(&l, x, see_past, NULL);
    CHECK(largest_difference(nn_encoder_forward(&l, px, see_past, NULL),
                             permuted(placed, order)) > 0.1);
}

/* ---- layers ---- */

static nn_tensor *drop(nn_tensor *x) { return nn_dropout(x, (nn_real)0.2); }

/* The layers once more, of public functions; cross: with a memory m. */
static nn_tensor *layer_by_hand(const nn_decoder_layer *l, nn_tensor *x, nn_tensor *m)
{
    nn_attention_options self = see_past, cross = see_all;
    self.dropout = cross.dropout = (nn_real)0.2;
    const nn_multihead_attention *a = &l->self_attn, *b = &l->multihead_attn;
    const int pre = l->options.norm_first;
    nn_tensor *z = pre ? nn_layer_norm_forward(&l->norm1, x) : x;
    x = nn_add(x, drop(nn_multihead_attention_forward(a, z, z, self, NULL)));
    if (!pre) x = nn_layer_norm_forward(&l->norm1, x);
    if (m) {
        z = pre ? nn_layer_norm_forward(&l->norm2, x) : x;
        x = nn_add(x, drop(nn_multihead_attention_forward(b, z, m, cross, NULL)));
        if (!pre) x = nn_layer_norm_forward(&l->norm2, x);
    }
    const nn_layer_norm *last = m ? &l->norm3 : &l->norm2;
    z = pre ? nn_layer_norm_forward(last, x) : x;
    z = nn_linear_forward(&l->linear1, z);
    z = drop(l->options.gelu ? nn_gelu(z) : nn_relu(z));
    x = nn_add(x, drop(nn_linear_forward(&l->linear2, z)));
    return pre ? x : nn_layer_norm_forward(last, x);
}

static void layers_rows_15_9_and_15_12(void) /* where what is, with dropout everywhere */
{
    enum { N = 2, T = 5, S = 7, D = 8 };
    for (int kind = 0; kind < 8; kind++) {
        const int decoder = kind & 1, pre = kind >> 1 & 1;
        const nn_transformer_options o = {2, 0, pre, kind >> 2 & 1, (nn_real)0.2};
        nn_model *model = nn_model_new(nn);
        const nn_decoder_layer l = decoder ? nn_decoder_layer_new(model, "l", D, o)
                                           : nn_encoder_layer_new(model, "l", D, o);
        CHECK(nn_shape_equal(l.linear1.weight->shape, nn_shape2(4 * D, D)));
        stir(model, (nn_real)0.2);
        nn_tensor *x = random3(N, T, D), *m = decoder ? random3(N, S, D) : NULL, *p;
        nn_seed(nn, 7);
        nn_tensor *expected = layer_by_hand(&l, x, m);
        nn_seed(nn, 7);
        nn_tensor *y = decoder ? nn_decoder_layer_forward(&l, x, m, see_past, see_all, &p)
                               : nn_encoder_layer_forward(&l, x, see_past, &p);
        CHECK(same_bits(y->data, expected->data, y->size));
        CHECK(nn_shape_equal(p->shape, nn_shape4(N, 2, T, decoder ? S : T)));
    }
}

static void parameters_row_15_9(void) /* names and order of PyTorch's state_dict */
{
    static const char *const names[] = {
        "layers.0.self_attn.in_proj_weight", "layers.0.self_attn.in_proj_bias",
        "layers.0.self_attn.out_proj.weight", "layers.0.self_attn.out_proj.bias",
        "layers.0.multihead_attn.in_proj_weight", "layers.0.multihead_attn.in_proj_bias",
        "layers.0.multihead_attn.out_proj.weight", "layers.0.multihead_attn.out_proj.bias",
        "layers.0.linear1.weight", "layers.0.linear1.bias", "layers.0.linear2.weight",
        "layers.0.linear2.bias", "layers.0.norm1.weight", "layers.0.norm1.bias",
        "layers.0.norm2.weight", "layers.0.norm2.bias", "layers.0.norm3.weight",
        "layers.0.norm3.bias"};
    nn_transformer_options o = {2, 10, 0, 0, 0};
    nn_model *decoder = nn_model_new(nn);
    nn_decoder_new(decoder, "", 2, 4, o); /* without a prefix as PyTorch's module by itself */
    CHECK_INT(decoder->n_params, 2 * 18);
    for (int i = 0; i < 18; i++) CHECK_STR(decoder->param[i]->name, names[i]);
    CHECK_STR(decoder->param[18]->name, "layers.1.self_attn.in_proj_weight");
    nn_encoder_new(net, "gpt", 3, 4, o);
    CHECK_INT(net->n_params, 3 * 12);
    CHECK_STR(net->param[35]->name, "gpt.layers.2.norm2.bias");
    o.norm_first = 1; /* a norm at the end, then only */
    const nn_encoder l = nn_encoder_new(net, "pre", 1, 4, o);
    CHECK_INT(net->n_params, 36 + 12 + 2);
    CHECK(l.norm.weight == net->param[48] && l.norm.bias == net->param[49]);
    CHECK_STR(net->param[48]->name, "pre.norm.weight");
}

static void position_wise_row_15_11(void) /* without attention each position is on its own */
{
    enum { T = 6, D = 8 };
    const nn_transformer_options o = {2, 0, 1, 1, 0};
    const nn_encoder_layer l = nn_encoder_layer_new(net, "l", D, o);
    memset(l.self_attn.out_proj.weight->data, 0, D * D * sizeof(nn_real));
    nn_tensor *x = random3(1, T, D), *y = nn_encoder_layer_forward(&l, x, see_all, NULL);
    for (int t = 0; t < T; t++) {
        nn_tensor *one = nn_slice(x, 1, t, t + 1);
        one = nn_encoder_layer_forward(&l, one, see_all, NULL);
        CHECK(same_bits(one->data, y->data + t * D, D));
    }
}

/* ---- what generation relies on ---- */

/* The largest T needs several blocks of queries and of the products. */
static const int lengths_of_runs[] = {1, 2, 7, 16, 33, 64, 65, 130};
static const int widths[][2] = {{4, 1}, {6, 3}, {32, 2}, {48, 4}}; /* D, heads */
enum { RUNS = 8, WIDTHS = 4 };

/* What comes later, or does not come, changes no bit of what was before. */
static void no_leak_row_15_12(void)
{
    for (int w = 0; w < WIDTHS; w++) {
        const nn_transformer_options o = {widths[w][1], 0, w & 1, 1, 0};
        const int d = widths[w][0];
        nn_model *model = nn_model_new(nn);
        const nn_decoder l = nn_decoder_new(model, "l", 2, d, o);
        stir(model, (nn_real)0.1);
        for (int r = 0; r < RUNS; r++) {
            const int t = lengths_of_runs[r], changed = t / 2;
            nn_clear(nn);
            nn_tensor *x = random3(2, t, d), *m = random3(2, 5, d), *other = nn_detach(x);
            for (int n = 0; n < 2; n++)
                for (int i = changed * d; i < t * d; i++) other->data[n * t * d + i] += 1;
            nn_tensor *a = nn_decoder_forward(&l, x, m, see_past, see_all, NULL);
            nn_tensor *b = nn_decoder_forward(&l, other, m, see_past, see_all, NULL), *c = NULL;
            nn_tensor *start = changed ? nn_slice(x, 1, 0, changed) : NULL;
            if (start) c = nn_decoder_forward(&l, start, m, see_past, see_all, NULL);
            for (int n = 0; n < 2; n++) {
                const nn_real *whole = a->data + n * t * d;
                const size_t before = (size_t)(changed * d);
                CHECK(same_bits(whole, b->data + n * t * d, before));
                if (c) CHECK(same_bits(whole, c->data + (size_t)n * before, before));
                CHECK(!same_bits(whole + before, b->data + n * t * d + changed * d, (size_t)d));
            }
        }
    }
}

static void cache_gives_the_same_bits(void) /* in pieces of 1, 2, 5 steps, or in others */
{
    nn_set_grad_enabled(nn, 0);
    for (int w = 0; w < WIDTHS; w++) {
        const nn_transformer_options o = {widths[w][1], 0, w & 1, w > 1, 0};
        const int d = widths[w][0];
        nn_model *model = nn_model_new(nn);
        const nn_decoder l = nn_decoder_new(model, "l", 2, d, o);
        stir(model, (nn_real)0.1);
        nn_kv_cache *own = nn_kv_cache_new(nn, 2, 3, 130, d);
        nn_kv_cache *of_memory = nn_kv_cache_new(nn, 2, 3, 9, d);
        for (int r = 0; r < RUNS; r++)
            for (int piece = 1; piece <= 50; piece += piece == 2 ? 3 : piece == 5 ? 45 : 1) {
                const int t = lengths_of_runs[r], n = 1 + r % 3, sources[3] = {4, 9, 1};
                if (piece == 3 || piece == 4 || (piece == 1 && t > 70)) continue;
                nn_clear(nn);
                nn_attention_options self = see_past, cross = see_all;
                cross.lengths = sources;
                nn_tensor *x = random3(n, t, d), *m = random3(n, 9, d);
                nn_tensor *whole = nn_decoder_forward(&l, x, m, self, cross, NULL);
                self.cache = own, cross.cache = of_memory;
                for (int i = 0; i < 2; i++) own[i].length = of_memory[i].length = 0;
                for (int at = 0, steps; at < t; at += steps) {
                    steps = t - at < piece ? t - at : piece;
                    nn_tensor *y = nn_decoder_forward(&l, nn_slice(x, 1, at, at + steps),
                                                      at ? NULL : m, self, cross, NULL);
                    for (int i = 0; i < n; i++)
                        CHECK(same_bits(y->data + i * steps * d, whole->data + (i * t + at) * d,
                                        (size_t)(steps * d)));
                }
                CHECK(own[1].length == t && own[1].n == n && of_memory[0].length == 9);
            }
    }
}

static void cache_follows_hypotheses(void) /* from one row to four, to two, to three */
{
    enum { D = 8, STEPS = 5 };
    static const int from[STEPS - 1][4] = {{0, 0, 0, 0}, {3, 1}, {1, 0, 1}, {2, 2, 0}};
    static const int rows[STEPS] = {1, 4, 2, 3, 3};
    const nn_transformer_options o = {2, 0, 1, 0, 0};
    const nn_encoder l = nn_encoder_new(net, "l", 2, D, o);
    nn_kv_cache *cache = nn_kv_cache_new(nn, 2, 4, STEPS, D);
    nn_real sequence[4][STEPS * D], old[4][STEPS * D];
    nn_attention_options cached = see_past;
    cached.cache = cache;
    nn_set_grad_enabled(nn, 0);
    for (int t = 0; t < STEPS; t++) {
        nn_tensor *new_steps = random3(rows[t], 1, D), *y;
        if (t) nn_kv_cache_select(cache, 2, from[t - 1], rows[t]);
        memcpy(old, sequence, sizeof old);
        for (int i = 0; i < rows[t]; i++) {
            if (t) memcpy(sequence[i], old[from[t - 1][i]], sizeof old[0]);
            memcpy(sequence[i] + t * D, new_steps->data + i * D, D * sizeof(nn_real));
        }
        y = nn_encoder_forward(&l, new_steps, cached, NULL);
        for (int i = 0; i < rows[t]; i++) {
            nn_tensor *all = nn_input(nn, sequence[i], nn_shape3(1, t + 1, D));
            all = nn_encoder_forward(&l, all, see_past, NULL);
            CHECK(same_bits(y->data + i * D, all->data + t * D, D));
        }
    }
    cache[0].length = cache[1].length = 0; /* empty again, for any number of rows up to 4 */
    nn_encoder_forward(&l, random3(4, 2, D), cached, NULL);
    CHECK(cache[0].n == 4 && cache[0].length == 2);
}

/* ---- learning ---- */

static void learns_to_reverse_row_15_13(void)
{
    enum { N = 32, T = 6, V = 9, D = 32, START = 8 };
    const nn_transformer_options o = {4, 64, 1, 1, 0};
    const nn_embedding word = nn_embedding_new(net, "word", V, D);
    const nn_embedding place = nn_embedding_new(net, "place", T, D);
    const nn_encoder encoder = nn_encoder_new(net, "encoder", 1, D, o);
    const nn_decoder decoder = nn_decoder_new(net, "decoder", 1, D, o);
    const nn_linear head = nn_linear_new(net, "head", D, V);
    nn_optimizer *opt = nn_adam(net, (nn_real)0.003);
    int source[N * T], target[N * T], given[N * T], places[N * T], right = 0;
    for (int step = 0; step <= 300; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        for (int i = 0; i < N * T; i++) source[i] = nn_randint(nn, 0, V - 1), places[i] = i % T;
        for (int i = 0; i < N * T; i++) target[i] = source[i / T * T + T - 1 - i % T];
        for (int i = 0; i < N * T; i++) given[i] = i % T ? target[i - 1] : START;
        nn_tensor *x[2];
        for (int i = 0; i < 2; i++)
            x[i] = nn_reshape(nn_add(nn_embedding_forward(&word, i ? given : source, N * T),
                                     nn_embedding_forward(&place, places, N * T)),
                              nn_shape3(N, T, D));
        nn_tensor *memory = nn_encoder_forward(&encoder, x[0], see_all, NULL);
        nn_tensor *z = nn_decoder_forward(&decoder, x[1], memory, see_past, see_all, NULL);
        z = nn_reshape(nn_linear_forward(&head, z), nn_shape2(N * T, V));
        right = nn_count_correct(z, target); /* of sequences that were not seen before */
        if (step == 300) break;
        nn_backward(nn_cross_entropy(z, target));
        nn_step(opt);
    }
    CHECK(right > N * T * 95 / 100);
}

/* ---- without memory ---- */

static nn_code heard;
static void hear(void *user, nn_code code, const char *message)
{
    (void)user, (void)message;
    heard = code;
}

static void without_memory(void) /* wherever it ends: an error, and nothing half done */
{
    enum { WIDE = 8, STEPS = 9 };
    static const int from[2] = {1, 0};
    int failures = 0;
    for (int allowed = 1;; allowed++, failures++) {
        granted = allowed, heard = NN_OK;
        nn_ctx *own = nn_create(1);
        nn_on_error(own, hear, NULL);
        nn_model *model = nn_model_new(own);
        const nn_transformer_options o = {1, WIDE, 1, 0, (nn_real)0.1};
        const nn_decoder l = nn_decoder_new(model, "l", 1, WIDE, o);
        CHECK(model->n_params == (nn_ok(own) ? 20 : 0));
        nn_tensor *x = nn_full(own, nn_shape3(2, STEPS, WIDE), 1), *p;
        nn_attention_options self = see_past;
        nn_tensor *y = nn_decoder_forward(&l, x, x, self, see_all, &p);
        CHECK(nn_ok(own) == (y && p && y->size && p->size));
        nn_backward(nn_sum(nn_decoder_forward(&l, x, x, self, see_all, NULL)));
        nn_kv_cache *cache = nn_kv_cache_new(own, 1, 2, 2 * STEPS, WIDE);
        CHECK((cache != NULL) == nn_ok(own));
        nn_set_grad_enabled(own, 0);
        self.cache = cache;
        if (cache) {
            nn_decoder_forward(&l, x, x, self, see_all, NULL);
            CHECK(cache->length == STEPS || (!nn_ok(own) && cache->length == 0));
            nn_real *k = cache->k;
            const nn_real second = k[2 * STEPS * WIDE];
            nn_kv_cache_select(cache, 1, from, 2);
            if (nn_ok(own)) CHECK(k[0] == second);
        }
        nn_kv_cache *large = nn_kv_cache_new(own, 1, 2, 5000, WIDE); /* more than was needed yet */
        if (large) {
            memset(large->k, 0, 10000 * WIDE * sizeof(nn_real));
            memcpy(large->v, large->k, 10000 * WIDE * sizeof(nn_real));
            large->length = 5000;
            large->v[0] = 3;
            nn_kv_cache_select(large, 1, from, 2);
            CHECK(large->v[nn_ok(own) ? 5000 * WIDE : 0] == 3);
        }
        const int done = nn_ok(own);
        CHECK(done || heard == NN_ERROR_MEMORY);
        granted = -1;
        nn_destroy(own);
        if (done) break;
    }
    CHECK(failures > 100);
}

int main(void)
{
    RUN_ALONE(layer_norm_row_15_10);
    RUN_ALONE(oracle_row_15_3);
    RUN_ALONE(by_hand_row_15_3);
    RUN_ALONE(heads_row_15_6);
    RUN_ALONE(begins_as_in_pytorch_row_15_4);
    RUN_ALONE(what_is_hidden_has_no_gradient);
    RUN_ALONE(dropout_of_the_weights);
    RUN_ALONE(order_blind_row_15_5);
    RUN_ALONE(layers_rows_15_9_and_15_12);
    RUN_ALONE(parameters_row_15_9);
    RUN_ALONE(position_wise_row_15_11);
    RUN_ALONE(no_leak_row_15_12);
    RUN_ALONE(cache_gives_the_same_bits);
    RUN_ALONE(cache_follows_hypotheses);
    RUN_ALONE(learns_to_reverse_row_15_13);
    RUN_ALONE(without_memory);
    return test_summary();
}
