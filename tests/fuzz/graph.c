/* Any bytes as a program: operations with wrong and right shapes, labels out of range, NaN, tensors
 * of the step before, of a failed call, of another context; backward, optimisers, nn_clear. Whatever
 * it says: no crash, an error wherever an argument is none, one message, nothing half done, and
 * the same numbers to the last bit with the scalar kernels as with those of this machine.
 *
 * An operation is in a list by its form: tests/fuzz.sh sees to it that none is missing.
 */
#define FUZZ_ALL
#include "fuzz.h"

#define UNARY(f)                                                                               \
    f(nn_exp) f(nn_log) f(nn_sqrt) f(nn_square) f(nn_sin) f(nn_cos) f(nn_sum) f(nn_mean)       \
    f(nn_max) f(nn_heaviside) f(nn_sigmoid) f(nn_stochastic_binary) f(nn_tanh) f(nn_relu)      \
    f(nn_gelu) f(nn_gelu_tanh) f(nn_softmax) f(nn_log_softmax) f(nn_detach) f(nn_entropy)      \
    f(nn_requires_grad) f(nn_flatten) f(nn_global_avg_pool2d)
#define BINARY(f)                                                                              \
    f(nn_add) f(nn_sub) f(nn_mul) f(nn_div) f(nn_matmul) f(nn_mse) f(nn_mae)                   \
    f(nn_bce_with_logits) f(nn_hinge) f(nn_cross_entropy_soft) f(nn_kl_div)
#define WITH_NUMBER(f)                                                                         \
    f(nn_scale) f(nn_leaky_relu) f(nn_elu) f(nn_sigmoid_temperature) f(nn_dropout)             \
    f(nn_dropout_standard) f(nn_noise) f(nn_white_noise)
#define WITH_AXIS(f) f(nn_sum_axis) f(nn_mean_axis) f(nn_max_axis)
#define WITH_LABELS(f) f(nn_cross_entropy) f(nn_multiclass_hinge)
#define NAME(f) f,
static nn_tensor *(*const unary[])(nn_tensor *) = {UNARY(NAME)};
static nn_tensor *(*const binary[])(nn_tensor *, nn_tensor *) = {BINARY(NAME)};
static nn_tensor *(*const with_number[])(nn_tensor *, nn_real) = {WITH_NUMBER(NAME)};
static nn_tensor *(*const with_axis[])(nn_tensor *, int) = {WITH_AXIS(NAME)};
static nn_tensor *(*const with_labels[])(nn_tensor *, const int *) = {WITH_LABELS(NAME)};
#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

enum { POOL = 8, LARGEST = 4096 };

typedef struct program {
    const uint8_t *at, *end;
    nn_ctx *nn, *other;
    nn_model *model, *source; /* source: of the other context */
    nn_linear linear;
    nn_batch_norm norm;
    nn_embedding embedding;
    nn_highway highway;
    nn_additive_attention additive; /* 4 numbers of queries and keys, 3 hidden units */
    nn_graph_attention graph;       /* from 4 numbers to 2 in each of 2 heads */
    nn_rnn recurrent[3];            /* RNN, LSTM, GRU, of 4 inputs and 2 units */
    nn_layer_norm layer_norm;
    nn_encoder encoder;             /* both of one layer, 4 numbers, 2 heads */
    nn_decoder transformer;
    nn_kv_cache *cache;             /* of its layer: 2 sequences, 6 steps */
    nn_conv2d conv;
    nn_optimizer *opt;
    nn_tensor *pool[POOL], *bad[3]; /* bad: of another context, of the step before, failed */
    int next;                       /* place in the pool */
    int bad_given;                  /* to the present call */
    int label[LARGEST];
    uint64_t hash;                  /* of all numbers seen */
} program;

static int byte(program *p) { return p->at < p->end ? *p->at++ : 0; }

static nn_real number(program *p)
{
    static const nn_real special[] = {0, -0.0f, 1, -1, 0.5f, 0.9f, 2, -3, 20, 1e-3f, 1e30f, -1e30f,
                                      1e-40f, (nn_real)HUGE_VAL, -(nn_real)HUGE_VAL, (nn_real)NAN};
    const int b = byte(p);
    return b < 64 ? special[b % 16] : (nn_real)(b - 160) / 32;
}

static int whole(program *p) /* -8..7, seldom far out */
{
    const int b = byte(p);
    return b == 255 ? 2147483647 : b == 254 ? -2147483647 - 1 : b == 253 ? 1000 : (b & 15) - (b & 128 ? 8 : 0);
}

static nn_shape shape(program *p)
{
    static const int size[16] = {1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 17, 0, -1, 2147483647};
    const int b = byte(p);
    nn_shape s = {b % 64 == 63 ? b : b % 5, {0, 0, 0, 0}};
    for (int i = 0; i < 4 && i < s.ndim; i++) s.dim[i] = size[byte(p) % 16];
    return s;
}

static nn_tensor *tensor(program *p)
{
    const int b = byte(p);
    if (b < 192) return p->pool[b % POOL];
    if (b < 246) return p->model->param[b % p->model->n_params];
    p->bad_given = 1;
    return b == 255 ? NULL : p->bad[b % 3];
}

static nn_tensor *first(program *p) /* not NULL: where there is no context, the program must end */
{
    nn_tensor *x = tensor(p);
    if (!x) p->bad_given = 0;
    return x ? x : p->pool[0];
}

static const int *labels(program *p)
{
    int few[8];
    for (int i = 0; i < 8; i++) few[i] = whole(p) % 5;
    for (int i = 0; i < LARGEST; i++) p->label[i] = few[i % 8];
    return p->label;
}

static void look(program *p, const nn_real *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        const float v = (float)a[i];
        memcpy(&bits, &v, sizeof bits);
        p->hash = (p->hash ^ (v != v ? 0x7fc00000u : bits)) * 0x9e3779b97f4a7c15u;
        p->hash ^= p->hash >> 29;
    }
}

/* The result y of a call: right as it is, or failed and the error told. */
static void result(program *p, nn_tensor *y)
{
    nn_ctx *nn = p->nn;
    MUST(y);
    if (!nn_ok(nn) || !nn_ok(p->other)) { /* to which of them belonged the first argument? */
        nn_ctx *failed = nn_ok(nn) ? p->other : nn;
        MUST(y == &failed->failed && nn_exp(y) == y && fuzz_told == 1); /* it sticks, and is told once */
        fuzz_failed(failed, NN_ERROR_MEMORY, NN_ERROR_SHAPE);
        return;
    }
    MUST(!p->bad_given || y->ctx == p->other);
    size_t size = 1;
    MUST(y->ctx == nn || p->bad_given);
    MUST(y->shape.ndim >= 0 && y->shape.ndim <= NN_MAX_DIMS && y->data && y->op);
    for (int i = 0; i < y->shape.ndim; i++) size *= (size_t)y->shape.dim[i];
    MUST(size == y->size && size > 0);
    look(p, y->data, size);
    if (size <= LARGEST && y->ctx == nn) p->pool[p->next++ % POOL] = y;
}

/* A call without a result. */
static void done(program *p)
{
    if (!nn_ok(p->nn)) fuzz_failed(p->nn, NN_ERROR_MEMORY, NN_ERROR_SHAPE);
    else if (!nn_ok(p->other)) fuzz_failed(p->other, NN_ERROR_MEMORY, NN_ERROR_SHAPE);
    for (int i = 0; i < p->model->n_params; i++) look(p, p->model->param[i]->data, p->model->param[i]->size);
}

static void fill(program *p) /* a step begins: inputs of several shapes */
{
    nn_ctx *nn = p->nn;
    const nn_shape s[POOL] = {nn_shape2(3, 4), nn_shape2(3, 4), nn_shape2(4, 3), nn_shape1(4),
                              nn_shape0(), nn_shape3(2, 3, 4), nn_shape4(2, 3, 4, 4), nn_shape2(2, 50)};
    for (int i = 0; i < POOL; i++) p->pool[i] = nn_randn(nn, s[i]);
    p->next = 0;
}

/* A layer of the model, or of any tensors at all; options far out are rare. */
static void convolve(program *p, nn_tensor *x)
{
    nn_conv2d l = p->conv;
    const int kind = byte(p), n = byte(p) % 4;
    if (kind & 8) l.weight = tensor(p), l.bias = NULL;
    const int bad = p->bad_given;
    if (kind & 16) l.bias = tensor(p);
    if (!l.bias) p->bad_given = bad; /* there need be none */
    int *const set[] = {&l.options.groups, &l.options.stride[0], &l.options.stride[1], &l.options.padding[0],
                        &l.options.padding[1], &l.options.dilation[0], &l.options.dilation[1],
                        &l.options.output_padding[0], &l.options.output_padding[1], &l.options.no_bias};
    for (int i = 0; i < n; i++) {
        const int which = byte(p) % COUNT(set);
        *set[which] = whole(p);
    }
    result(p, kind % 3 == 0 ? nn_conv2d_forward(&l, x) : kind % 3 == 1 ? nn_conv1d_forward(&l, x)
                                                                     : nn_conv_transpose2d_forward(&l, x));
}

/* A model whose numbers are those of the program; all options as they come. */
static int next_logits(void *user, int n, int length, const int *tokens, const int *from, nn_real *logits)
{
    program *p = (program *)user;
    const int b = byte(p);
    MUST(n >= 1 && n <= 3 && length < 8 && (from != NULL) == (length > 1));
    for (int i = 0; i < n * length; i++) MUST(tokens[i] >= 0 && tokens[i] < 5);
    for (int i = 0; from && i < n; i++) MUST(from[i] >= 0 && from[i] < 3);
    if (b == 255) return 0;
    if (b & 1) nn_clear(p->nn), fill(p);
    for (int i = 0; i < n * 5; i++) logits[i] = b & 2 ? number(p) : (nn_real)(byte(p) - 128) / 16;
    return 1;
}

static void generate(program *p)
{
    nn_generate_options o;
    int tokens[8];
    const int prompt = byte(p) % 5, b = byte(p);
    double log_p;
    memset(&o, 0, sizeof o);
    p->bad[1] = &p->nn->failed; /* there may be an nn_clear */
    o.vocabulary = 5, o.prompt = &prompt, o.prompt_length = 1, o.max_length = 1 + b % 8, o.end = b / 8 % 6;
    o.beams = b / 64;
    if (byte(p) & 1) o.temperature = number(p), o.top_k = whole(p), o.top_p = number(p);
    if (byte(p) & 1) o.length_penalty = number(p);
    const int length = nn_generate(p->nn, next_logits, p, o, tokens, &log_p);
    MUST((length > 0) == nn_ok(p->nn) && length <= o.max_length && log_p <= 0);
    for (int i = 0; i < length; i++) p->hash = (p->hash ^ (unsigned)tokens[i]) * 0x9e3779b97f4a7c15u;
    if (nn_ok(p->nn) && length > 1) MUST(tokens[0] == prompt);
    done(p);
}

static void another(program *p) /* what is in no list */
{
    nn_ctx *nn = p->nn;
    nn_tensor *x = first(p), *y, *z;
    const int *many;
    int i, j;
    nn_real a, b;
    switch (byte(p) % 41) {
    case 0: i = whole(p), j = whole(p); result(p, nn_transpose(x, i, j)); break;
    case 1: result(p, nn_reshape(x, shape(p))); break;
    case 2: i = whole(p), j = whole(p); result(p, nn_slice(x, i, j, whole(p))); break;
    case 3: {
        nn_tensor *list[3] = {x, tensor(p), tensor(p)};
        i = whole(p);
        result(p, nn_concat(i, 3, list));
        break;
    }
    case 4: many = labels(p), i = whole(p); p->bad_given = 0; result(p, nn_one_hot(nn, many, i < 100 ? i : 100, 3)); break;
    case 5: p->bad_given = 0; result(p, nn_full(nn, shape(p), number(p))); break;
    case 6: a = number(p), b = number(p); p->bad_given = 0; result(p, nn_rand(nn, shape(p), a, b)); break;
    case 7: p->bad_given = 0; result(p, nn_randn(nn, shape(p))); break;
    case 8: {
        nn_real numbers[64];
        a = number(p), b = number(p);
        for (i = 0; i < 64; i++) numbers[i] = i % 3 ? a : b;
        nn_shape s = shape(p);
        p->bad_given = 0;
        for (i = 0, j = 1; i < s.ndim && i < 4; i++) j *= s.dim[i] < 64 ? s.dim[i] : 64;
        if (j <= 64) result(p, nn_input(nn, numbers, s));
        break;
    }
    case 9: y = tensor(p); result(p, nn_huber(x, y, number(p))); break;
    case 10: y = tensor(p), z = tensor(p); result(p, nn_triplet(x, y, z, number(p))); break;
    case 11: y = tensor(p), many = labels(p); result(p, nn_contrastive(x, y, many, number(p))); break;
    case 12: {
        nn_real weight[8];
        for (i = 0; i < 8; i++) weight[i] = number(p);
        many = labels(p), i = byte(p) & 1;
        if (x->size && x->shape.ndim && x->shape.dim[x->shape.ndim - 1] <= 8) /* weight [C] */
            result(p, nn_cross_entropy_weighted(x, many, i ? weight : NULL, number(p)));
        break;
    }
    case 13: {
        int frames[8];
        for (i = 0; i < 8; i++) frames[i] = whole(p);
        many = labels(p), i = whole(p), j = whole(p);
        if (!x->shape.ndim || x->shape.dim[0] <= 8) /* frames [N] */
            result(p, nn_ctc(x, byte(p) & 1 ? frames : NULL, many, i < 10 ? i : 10, j));
        break;
    }
    case 14: {
        int text[LARGEST];
        i = whole(p), j = byte(p) % 20;
        nn_ctc_decode(x, NULL, i, j - 1, text);
        done(p);
        break;
    }
    case 15: a = number(p), b = number(p); result(p, nn_salt_and_pepper(x, a, b, number(p))); break;
    case 16: {
        nn_augment g = nn_augment_new();
        nn_real *const set[] = {&g.flip_horizontal, &g.degrees, &g.shear, &g.scale_low, &g.scale_high,
                                &g.translate, &g.brightness, &g.saturation, &g.hue, &g.contrast};
        for (i = 0; i < 3; i++) j = byte(p) % COUNT(set), *set[j] = number(p);
        result(p, nn_augment_images(x, &g));
        break;
    }
    case 17: i = whole(p); a = number(p); result(p, nn_time_pitch(x, i == 7 ? 16000 : i, a, number(p))); break;
    case 18: result(p, nn_batch_norm_forward(&p->norm, x)); break;
    case 19: result(p, nn_linear_forward(&p->linear, x)); break;
    case 20: p->bad_given = 0; result(p, nn_l1_penalty(p->model, number(p))); break;
    case 21: p->bad_given = 0; result(p, nn_l2_penalty(p->model, number(p))); break;
    case 22: result(p, nn_activate(x, (nn_activation)(byte(p) % 12))); break;
    case 23: {
        int index[LARGEST];
        nn_argmax(x, index);
        if (nn_ok(nn) && nn_ok(p->other)) MUST(index[0] >= 0 && (size_t)index[0] < x->size);
        done(p);
        break;
    }
    case 24: case 25: case 26: case 27: convolve(p, x); break;
    case 28: many = labels(p), p->bad_given = 0; i = whole(p); result(p, nn_embedding_forward(&p->embedding, many, i < 100 ? i : 100)); break;
    case 29: result(p, nn_highway_forward(&p->highway, x, byte(p) & 1 ? &y : NULL)); break;
    case 30: {
        int lengths[8];
        const int kind = byte(p) % 6, given = byte(p);
        for (i = 0; i < 8; i++) lengths[i] = whole(p);
        int bad = p->bad_given; /* a state that is NULL is right, it stands for zeros */
        y = given & 1 ? tensor(p) : NULL;
        bad = p->bad_given = y ? p->bad_given : bad;
        z = given & 2 ? tensor(p) : NULL;
        if (!z || kind % 3 != 1) p->bad_given = bad; /* only an LSTM takes a second state */
        if (x->shape.ndim && x->shape.dim[0] > 8) break; /* lengths [N] */
        const nn_rnn *l = &p->recurrent[kind % 3];
        many = given & 4 ? lengths : NULL;
        const nn_rnn_result r = kind == 0   ? nn_rnn_forward(l, x, y, many)
                                : kind == 1 ? nn_lstm_forward(l, x, y, z, many)
                                : kind == 2 ? nn_gru_forward(l, x, y, many)
                                : kind == 3 ? nn_rnn_cell_forward(l->cell, x, y)
                                : kind == 4 ? nn_lstm_cell_forward(l->cell, x, y, z)
                                            : nn_gru_cell_forward(l->cell, x, y);
        result(p, given & 8 ? r.output : r.h);
        break;
    }
    case 31: {
        int index[LARGEST];
        nn_sample(x, number(p), index);
        if (nn_ok(nn) && nn_ok(p->other)) MUST(index[0] >= 0 && (size_t)index[0] < x->size);
        done(p);
        break;
    }
    case 32: result(p, nn_layer_norm_forward(&p->layer_norm, x)); break;
    case 33: {
        int lengths[8];
        const int kind = byte(p) % 5, given = byte(p);
        nn_attention_options o = {kind ? 0 : whole(p), given & 1, NULL, NULL, number(p), number(p), NULL};
        for (i = 0; i < 8; i++) lengths[i] = whole(p);
        y = given & 2 ? x : tensor(p), z = given & 4 ? y : tensor(p);
        if (given & 8) o.mask = tensor(p);
        if (given & 16) o.lengths = lengths;
        if (x->shape.ndim && x->shape.dim[0] > 8) break; /* lengths [N] */
        if (given & 32 && kind) o.cache = p->cache;
        if (given & 64) p->cache->length = 0;
        const nn_decoder_layer *l = p->transformer.layer;
        nn_tensor *weights[1];
        nn_attention_options cross = o;
        cross.cache = NULL;
        if (kind) p->bad_given = 0; /* not all of them are used */
        result(p, kind == 0   ? nn_attention(x, y, z, o, weights)
                  : kind == 1 ? nn_multihead_attention_forward(&l->self_attn, x, x, o, weights)
                  : kind == 2 ? nn_multihead_attention_forward(&l->self_attn, x, y, o, weights)
                  : kind == 3 ? given & 128 ? nn_encoder_layer_forward(&p->encoder.layer[0], x, o, weights)
                                            : nn_decoder_layer_forward(l, x, y, o, cross, weights)
                  : given & 128 ? nn_encoder_forward(&p->encoder, x, o, weights)
                                : nn_decoder_forward(&p->transformer, x, y, o, cross, weights));
        break;
    }
    case 34: {
        int from[8];
        i = whole(p);
        for (j = 0; j < 8; j++) from[j] = byte(p) % 4 - 1;
        nn_kv_cache_select(p->cache, 1, from, i);
        done(p);
        break;
    }
    case 35: i = whole(p), p->bad_given = 0; result(p, nn_positional_encoding(nn, i < 100 ? i : 100, whole(p) & 15)); break;
    case 36: y = tensor(p); j = p->bad_given; result(p, nn_masked_softmax(x, j ? y : nn_heaviside(y))); break;
    case 37: {
        int lengths[8];
        for (i = 0; i < 8; i++) lengths[i] = whole(p);
        y = tensor(p), z = tensor(p), many = byte(p) & 1 ? lengths : NULL;
        if (x->shape.ndim && x->shape.dim[0] > 8) break; /* lengths [N] */
        result(p, nn_additive_attention_forward(&p->additive, x, y, z, many, NULL));
        break;
    }
    case 38: y = tensor(p); result(p, nn_graph_attention_forward(&p->graph, x, y, NULL)); break;
    case 39: {
        const nn_shape s = nn_shape2(1 + byte(p) % 5, 4);
        nn_tensor *edges = nn_heaviside(nn_randn(nn, nn_shape2(s.dim[0], s.dim[0])));
        p->bad_given = 0;
        result(p, nn_graph_attention_forward(&p->graph, nn_randn(nn, s), edges, NULL));
        break;
    }
    case 40: generate(p); break;
    default: {
        nn_tensor *(*const slide[])(nn_tensor *, int, int, int) = {nn_max_pool2d, nn_avg_pool2d,
                                                                    nn_max_pool1d, nn_avg_pool1d};
        i = whole(p), j = whole(p);
        result(p, slide[byte(p) % 4](x, i, j, whole(p)));
    }
    }
}

static void learn(program *p) /* what changes the model, or the context */
{
    nn_ctx *nn = p->nn;
    nn_tensor *x;
    nn_real a, b;
    int i, j, in_error;
    static const char *const below[6] = {"", "fc", "bn", "w", "f", NULL};
    p->bad_given = 0;
    switch (byte(p) % 19) {
    case 0: case 1: case 2:
        x = first(p);
        if (x == p->bad[0]) break; /* of the other context */
        nn_backward(x);
        if (nn_ok(nn)) {
            MUST(x->size == 1 && !p->bad_given);
            for (i = 0; i < nn->n_tape; i++) MUST(nn->tape[i]->backward && nn->tape[i]->requires_grad);
            for (i = 0; i < p->model->n_params; i++) {
                const nn_tensor *w = p->model->param[i];
                MUST((w->grad != NULL) == w->requires_grad);
                look(p, w->grad, w->grad ? w->size : 0);
            }
        }
        break;
    case 3: nn_step(p->opt); break;
    case 4: p->opt->lr = number(p); p->opt->weight_decay = number(p); break;
    case 5: nn_zero_grad(p->model); break;
    case 6: nn_clip_grad_norm(p->model, number(p)); break;
    case 7: nn_clip_grad_value(p->model, number(p)); break;
    case 8: nn_soft_threshold(p->model, number(p)); break;
    case 9: x = first(p), i = whole(p); a = number(p), b = number(p);
        if (p->bad_given || x == p->pool[4]) break;
        switch (i & 3) {
        case 0: nn_xavier_uniform(x, a); break;
        case 1: nn_xavier_normal(x, a); break;
        case 2: nn_kaiming_uniform(x, a, b > 0); break;
        default: nn_kaiming_normal(x, a, i); break;
        }
        break;
    case 10: a = number(p), b = number(p);
        i = byte(p) % 7;
        nn_optimizer *opt = i == 0 ? nn_sgd(p->model, a) : i == 1 ? nn_momentum(p->model, a, b)
                          : i == 2 ? nn_nesterov(p->model, a, b) : i == 3 ? nn_adagrad(p->model, a)
                          : i == 4 ? nn_rmsprop(p->model, a) : i == 5 ? nn_adam(p->model, a)
                                   : nn_adamw(p->model, a, b);
        if (nn_ok(nn)) p->opt = opt;
        else MUST(opt == &nn->failed_optimizer);
        break;
    case 11: i = byte(p); nn_set_training(nn, i & 1), nn_set_grad_enabled(nn, i & 2), nn_on_nan(nn, i & 4), nn_set_retain_grads(nn, i & 8); break;
    case 12: nn_set_reduction(nn, whole(p)); break;
    case 13: x = first(p);
        nn_item(x);
        nn_diagnosis row[3];
        if (nn_ok(nn) && nn_ok(p->other)) nn_diagnose(x, row, 3);
        break;
    case 14: in_error = byte(p) & 1; /* a call after an error does nothing */
        if (in_error) nn_fail(nn, NN_ERROR_IO, "fuzz", "on purpose");
        nn_step(p->opt);
        nn_backward(nn_sum(p->model->param[0]));
        if (in_error) MUST(nn_error_code(nn) == NN_ERROR_IO);
        break;
    case 15: case 16: nn_freeze(p->model, below[byte(p) % 6], byte(p) & 1); break;
    case 17:
        i = byte(p), j = byte(p);
        nn_model_copy(p->model, below[i % 6], i & 128 ? p->model : p->source, below[j % 6]);
        break;
    default:
        p->bad[1] = p->pool[byte(p) % POOL];
        if (!p->bad[1]->life) p->bad[1] = &nn->failed; /* a parameter: it stays good */
        nn_clear(nn);
        fill(p);
    }
    done(p);
}

static uint64_t run(const uint8_t *bytes, size_t size, const char *simd)
{
    program p;
    memset(&p, 0, sizeof p);
    p.at = bytes, p.end = bytes + size;
    nn_ctx *nn = p.nn = fuzz_create();
    p.other = nn_create(2);
    nn_on_error(p.other, fuzz_hear, NULL);
    if (simd) nn_set_simd(nn, simd);
    p.model = nn_model_new(nn);
    p.linear = nn_linear_new(p.model, "fc", 4, 3);
    p.norm = nn_batch_norm_new(p.model, "bn", 3);
    nn_model *layers = nn_model_new(nn);
    const nn_rnn_options options = {2, 1, 0, 0, 1, NN_PEEPHOLE_FULL, 0, NN_GRU_CHO};
    p.embedding = nn_embedding_new(layers, "embedding", 3, 4);
    p.highway = nn_highway_new(layers, "highway", 4, NN_TANH, -1);
    p.additive = nn_additive_attention_new(layers, "additive", 4, 4, 3);
    p.graph = nn_graph_attention_new(layers, "graph", 4, 2, 2);
    p.recurrent[0] = nn_rnn_new_with(layers, "rnn", 4, 2, options);
    p.recurrent[1] = nn_lstm_new_with(layers, "lstm", 4, 2, options);
    p.recurrent[2] = nn_gru_new(layers, "gru", 4, 2);
    const nn_transformer_options wide = {2, 3, 1, 1, (nn_real)0.1};
    p.layer_norm = nn_layer_norm_new(layers, "norm", 4);
    p.encoder = nn_encoder_new(layers, "encoder", 1, 4, wide);
    p.transformer = nn_decoder_new(layers, "decoder", 1, 4, wide);
    p.cache = nn_kv_cache_new(nn, 1, 2, 6, 4);
    p.conv = nn_conv2d_new(p.model, "conv", 3, 2, 2, 1, 1);
    p.source = nn_model_new(p.other);
    nn_linear_new(p.source, "fc", 4, 3);
    nn_batch_norm_new(p.source, "bn", 2);
    nn_tensor *w = nn_param(p.model, "", "w", nn_shape2(3, 4));
    nn_xavier_uniform(w, 1);
    p.opt = nn_sgd(p.model, (nn_real)0.1);
    p.bad[0] = nn_full(p.other, nn_shape2(3, 4), 1);
    p.bad[1] = nn_full(nn, nn_shape2(3, 4), 1);
    nn_clear(nn);
    p.bad[2] = &nn->failed;
    fill(&p);
    MUST(nn_ok(nn));
    for (int calls = 0; p.at < p.end && calls < 40; calls++) {
        const int op = byte(&p);
        p.bad_given = 0;
        nn_tensor *x, *y;
        switch (op >> 5) {
        case 0: case 1: result(&p, unary[op % COUNT(unary)](first(&p))); break;
        case 2: case 3: x = first(&p), y = tensor(&p); result(&p, binary[op % COUNT(binary)](x, y)); break;
        case 4: x = first(&p); result(&p, with_number[op % COUNT(with_number)](x, number(&p))); break;
        case 5:
            x = first(&p);
            if (op & 16) result(&p, with_labels[op % COUNT(with_labels)](x, labels(&p)));
            else result(&p, with_axis[op % COUNT(with_axis)](x, whole(&p)));
            break;
        case 6: another(&p); break;
        default: learn(&p); break;
        }
    }
    nn_clear(nn); /* after all of this the context is as good as new */
    nn_tensor *one = nn_full(nn, nn_shape2(2, 2), 1);
    nn_on_nan(nn, 1);
    MUST(nn_item(nn_sum(nn_matmul(one, one))) == 8 && nn_ok(nn));
    nn_destroy(p.other);
    fuzz_destroy(nn);
    return p.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_memory.limit = (size_t)1 << 24; /* a shape may ask for any amount: an error, no crash */
    MUST(run(bytes, size, NULL) == run(bytes, size, "scalar"));
    return 0;
}
