/* The table of all operations, with gradient checks.
 *
 *     cc -std=c99 -O1 -DNN_REAL=double tests/test_ops.c -lm -o test_ops && ./test_ops
 *     cc -std=c99 -O1 tests/test_ops.c -lm -o test_ops && ./test_ops
 *
 * Run from the root of the repository, where nn.h is read to see that no operation is missing here.
 * In double every gradient is compared with central differences. In float it is compared with the
 * naive kernels, and bit by bit between the instruction sets that this machine has.
 *
 *     ./test_ops [-v] [-x] [NAME]     -v: show the largest error of each operation
 *                                     -x: stop at the first failure
 *                                     NAME: only the operations of nn__NAME_backward
 *
 * Numbers such as 6.8 in comments and names are rows of the feature table.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#include <stdlib.h>

enum { IS_DOUBLE = sizeof(nn_real) == sizeof(double) };
enum { SEEDS = 20, MAX_IN = 8, MAX_CHOICES = 8, MAX_LABELS = 64, MAX_SIZE = 1 << 14 };

/* ---- one trial: an operation on parameters of random shapes and numbers ---- */

typedef enum form {
    PLAIN,    /* sum of w y */
    TWICE,    /* y and y', with inputs of the same shape being one and the same tensor: op(x, x) */
    DIAMOND,  /* x is a result that feeds two branches, y = op(x) and y' = op(x / 2), then y y' */
    CONSTANT, /* one of the inputs needs no gradient */
    FORMS
} form;
static const char *const form_name[FORMS] = {"plain", "twice", "diamond", "one input constant"};

typedef enum domain {
    ANY,      /* -1 to 2, no two the same: a maximum has no ties */
    POSITIVE, /* 0.5 to 2 */
    NOT_ZERO  /* the same with either sign */
} domain;

typedef struct trial {
    const struct operation *op;
    form form;
    uint64_t seed, random;
    int branch;                 /* the second of a diamond? */
    nn_ctx *nn;
    nn_model *model;            /* its parameters are checked */
    nn_model *constants;
    nn_tensor *param[MAX_IN], *node[MAX_IN];
    int n_in, next_in;
    int digit[MAX_CHOICES], radix[MAX_CHOICES], known, depth;
    nn_tensor *y;               /* of the first branch */
    nn_shape shape;             /* of its first input */
} trial;

typedef struct operation {
    const char *name;
    const char *backward_name;  /* the NAME of nn__NAME_backward */
    void (*backward)(nn_tensor *y);
    domain domain;
    /* exactly one of these */
    nn_tensor *(*unary)(nn_tensor *x);
    nn_tensor *(*binary)(nn_tensor *a, nn_tensor *b);
    nn_tensor *(*other)(trial *t);
} operation;

/* A builder is called again and again for the same trial, and must always build the same: the first
 * call of a trial makes what it asks for, the later ones are given it again. It may ask for
 *   choose(t, n)     one of 0..n-1; all of them come, in as many trials as that takes
 *   pick(t, n)       one of 0..n-1 at random
 *   input(t, shape)  a tensor of random numbers of the operation's domain */

static int choose(trial *t, int n) /* n must not depend on what was picked */
{
    const int i = t->depth++;
    if (i == t->known) t->digit[t->known++] = 0;
    t->radix[i] = n;
    return t->digit[i];
}

/* Counts on to the next combination of choices, 0 after the last. */
static int next_choices(trial *t)
{
    for (t->known = t->depth; t->known > 0; t->known--)
        if (++t->digit[t->known - 1] < t->radix[t->known - 1]) return 1;
    return 0;
}

static int pick(trial *t, int n) /* SplitMix64 */
{
    uint64_t z = t->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (int)((z ^ (z >> 31)) % (uint64_t)n);
}

static void fill(trial *t, nn_tensor *p)
{
    static int order[MAX_SIZE];
    nn_randperm(t->nn, order, (int)p->size);
    for (size_t i = 0; i < p->size; i++) {
        nn_real u = nn_uniform(t->nn, 0, 1);
        if (t->op->domain == ANY)
            p->data[i] = 3 * ((nn_real)order[i] + u / 2) / (nn_real)p->size - 1;
        else p->data[i] = (nn_real)0.5 + u + u / 2;
        if (t->op->domain == NOT_ZERO && order[i] % 2) p->data[i] = -p->data[i];
    }
}

static nn_tensor *input(trial *t, nn_shape shape)
{
    const int i = t->next_in++;
    const char name[2] = {(char)('0' + i), 0};
    nn_model *home = t->form == CONSTANT && i == (int)(t->seed % 2) ? t->constants : t->model;
    if (i == t->n_in) {
        t->param[i] = NULL;
        for (int j = 0; t->form == TWICE && j < i && !t->param[i]; j++)
            if (nn_shape_equal(t->param[j]->shape, shape)) t->param[i] = t->param[j];
        if (!t->param[i]) fill(t, t->param[i] = nn_param(home, "", name, shape));
        t->n_in++;
    }
    if (home == t->constants) return nn_input(t->nn, t->param[i]->data, shape);
    if (t->form != DIAMOND) return t->param[i];
    if (t->branch) return nn_scale(t->node[i], (nn_real)0.5);
    return t->node[i] = nn_scale(t->param[i], 1);
}

/* ---- shapes ---- */

static int pick_size(trial *t, int ndim)
{
    static const int most[2][NN_MAX_DIMS + 1] = {{1, 300, 40, 12, 6}, {1, 17, 5, 4, 3}};
    return 2 + pick(t, most[IS_DOUBLE][ndim] - 1);
}

static nn_shape pick_shape(trial *t, int ndim) /* a quarter of the sizes are 1 */
{
    nn_shape s = nn_shape0();
    s.ndim = ndim;
    for (int i = 0; i < ndim; i++) s.dim[i] = pick(t, 4) ? pick_size(t, ndim) : 1;
    return s;
}

static nn_shape any_shape(trial *t) { return pick_shape(t, choose(t, NN_MAX_DIMS + 1)); }

static int choose_axis(trial *t, nn_shape s) /* half of them counted from the end */
{
    return choose(t, s.ndim) - (pick(t, 2) ? s.ndim : 0);
}

/* Two shapes that broadcast: equal; one axis of size 1, each of them and on either side; the front
 * dimensions missing, down to [], on either side; and mixtures. */
static void choose_two_shapes(trial *t, nn_shape *a, nn_shape *b)
{
    nn_shape *side[2] = {a, b};
    const int kind = choose(t, 4);
    if (kind == 0) {
        *a = *b = any_shape(t);
        return;
    }
    const int ndim = kind == 3 ? NN_MAX_DIMS : 1 + choose(t, NN_MAX_DIMS);
    *a = nn_shape0();
    a->ndim = ndim;
    for (int i = 0; i < ndim; i++) a->dim[i] = pick_size(t, ndim);
    *b = *a;
    if (kind == 1) side[choose(t, 2)]->dim[choose(t, ndim)] = 1;
    if (kind == 2) {
        nn_shape *shorter = side[choose(t, 2)];
        shorter->ndim = choose(t, ndim);
        for (int i = 0; i < shorter->ndim; i++) shorter->dim[i] = a->dim[ndim - shorter->ndim + i];
    }
    if (kind == 3) { /* every second axis, then at random */
        const int first = choose(t, 3);
        for (int i = 0; i < ndim; i++)
            side[first < 2 ? (i + first) % 2 : pick(t, 2)]->dim[i] = 1;
    }
}

/* ---- builders of operations that are more than a function of one or two tensors ---- */

static nn_tensor *scale(trial *t)
{
    const nn_real factor = (nn_real)(pick(t, 9) - 4) / 2;
    return nn_scale(input(t, any_shape(t)), factor);
}

static nn_tensor *leaky_relu(trial *t)
{
    const nn_real slope = (nn_real)pick(t, 4) / 4;
    return nn_leaky_relu(input(t, any_shape(t)), slope);
}

static nn_tensor *elu(trial *t)
{
    const nn_real alpha = (nn_real)(1 + pick(t, 4)) / 2;
    return nn_elu(input(t, any_shape(t)), alpha);
}

static nn_tensor *sigmoid_temperature(trial *t)
{
    const nn_real temperature = (nn_real)(1 + pick(t, 4)) / 2;
    return nn_sigmoid_temperature(input(t, any_shape(t)), temperature);
}

static nn_tensor *stochastic_binary(trial *t) /* its mean: samples have no slope */
{
    nn_set_training(t->nn, 0);
    return nn_stochastic_binary(input(t, any_shape(t)));
}

static nn_tensor *matmul(trial *t)
{
    const int kind = choose(t, 6);
    nn_shape x = pick_shape(t, kind == 1 || kind == 3 ? 3 : kind == 2 || kind == 4 ? 4 : 2), w = x;
    if (kind == 5) return x.dim[1] = x.dim[0], nn_matmul(input(t, x), input(t, x)); /* square */
    if (kind < 3) w = nn_shape2(0, 0);                      /* x [.., M, K] w [K, N] */
    w.dim[w.ndim - 2] = x.dim[x.ndim - 1];                  /* or x [.., M, K] w [.., K, N] */
    w.dim[w.ndim - 1] = pick(t, 4) ? pick_size(t, x.ndim) : 1;
    nn_tensor *a = input(t, x);
    return nn_matmul(a, input(t, w));
}

static nn_tensor *linear(trial *t) /* with a bias or without */
{
    const nn_shape x = pick_shape(t, 1 + choose(t, NN_MAX_DIMS));
    const int in = x.dim[x.ndim - 1], out = 1 + pick(t, 5);
    nn_tensor *a = input(t, x), *w = input(t, nn_shape2(out, in));
    nn_linear layer = {w, choose(t, 2) ? input(t, nn_shape1(out)) : NULL};
    return nn_linear_forward(&layer, a);
}

static nn_tensor *transpose(trial *t)
{
    const nn_shape s = pick_shape(t, 1 + choose(t, NN_MAX_DIMS));
    const int a = choose_axis(t, s), b = choose_axis(t, s);
    return nn_transpose(input(t, s), a, b);
}

static nn_tensor *reshape(trial *t)
{
    const nn_shape s = any_shape(t);
    const int n = (int)nn__span(s, 0, s.ndim), first = s.ndim ? s.dim[0] : 1;
    const nn_shape to[6] = {nn_shape1(n), nn_shape1(-1), nn_shape2(first, -1),
                            nn_shape3(-1, 1, first), nn_shape4(1, first, -1, 1),
                            n == 1 ? nn_shape0() : s};
    return nn_reshape(input(t, s), to[choose(t, 6)]);
}

static nn_tensor *slice(trial *t)
{
    const nn_shape s = pick_shape(t, 1 + choose(t, NN_MAX_DIMS));
    const int axis = choose_axis(t, s), n = s.dim[axis < 0 ? axis + s.ndim : axis];
    const int start = pick(t, n), end = start + 1 + pick(t, n - start);
    return nn_slice(input(t, s), axis, start, end);
}

static nn_tensor *concat(trial *t)
{
    const int n = 1 + choose(t, 3), same = pick(t, 2); /* of one size, they are one in TWICE */
    nn_shape s = pick_shape(t, 1 + choose(t, NN_MAX_DIMS));
    const int axis = choose_axis(t, s);
    nn_tensor *x[3];
    for (int i = 0; i < n; i++) {
        if (!same) s.dim[axis < 0 ? axis + s.ndim : axis] = 1 + pick(t, 4);
        x[i] = input(t, s);
    }
    return nn_concat(axis, n, x);
}

static nn_tensor *along_axis(trial *t, nn_tensor *(*f)(nn_tensor *x, int axis))
{
    const nn_shape s = pick_shape(t, 1 + choose(t, NN_MAX_DIMS));
    const int axis = choose_axis(t, s);
    return f(input(t, s), axis);
}
static nn_tensor *sum_axis(trial *t) { return along_axis(t, nn_sum_axis); }
static nn_tensor *mean_axis(trial *t) { return along_axis(t, nn_mean_axis); }
static nn_tensor *max_axis(trial *t) { return along_axis(t, nn_max_axis); }

/* Losses: one in each of the three reductions. */
static void choose_reduction(trial *t) { nn_set_reduction(t->nn, choose(t, 3)); }

static nn_tensor *pair_loss(trial *t, nn_tensor *(*f)(nn_tensor *y, nn_tensor *target))
{
    choose_reduction(t);
    const nn_shape s = any_shape(t);
    nn_tensor *y = input(t, s);
    return f(y, input(t, s));
}
static nn_tensor *mse(trial *t) { return pair_loss(t, nn_mse); }
static nn_tensor *mae(trial *t) { return pair_loss(t, nn_mae); }
static nn_tensor *half_huber(nn_tensor *y, nn_tensor *t) { return nn_huber(y, t, (nn_real)0.5); }
static nn_tensor *huber(trial *t) { return pair_loss(t, half_huber); }

static nn_tensor *hinge(trial *t)
{
    choose_reduction(t);
    const nn_shape s = any_shape(t);
    nn_tensor *y = input(t, s), *target = nn_full(t->nn, s, 1);
    for (size_t i = 0; i < target->size; i++) target->data[i] = pick(t, 2) ? 1 : -1;
    return nn_hinge(y, target);
}

static nn_tensor *bce_with_logits(trial *t) /* a sigmoid keeps the target in 0..1 */
{
    choose_reduction(t);
    const nn_shape s = any_shape(t);
    nn_tensor *z = input(t, s);
    return nn_bce_with_logits(z, nn_sigmoid(input(t, s)));
}

/* Logits, and labels of which a third are -1, but not all. */
static nn_tensor *classes(trial *t, int least, int *labels)
{
    choose_reduction(t);
    nn_shape s = choose(t, 2) ? nn_shape2(1, pick_size(t, 2)) : pick_shape(t, 2);
    if (s.dim[1] < least) s.dim[1] = least;
    for (int i = 0; i < s.dim[0]; i++) labels[i] = pick(t, 3) ? pick(t, s.dim[1]) : -1;
    labels[pick(t, s.dim[0])] = pick(t, s.dim[1]);
    return input(t, s);
}

static nn_tensor *cross_entropy(trial *t)
{
    int labels[MAX_LABELS];
    nn_tensor *z = classes(t, 1, labels);
    return nn_cross_entropy(z, labels);
}

static nn_tensor *cross_entropy_weighted(trial *t)
{
    static const nn_real weight[] = {1, (nn_real)0.5, 3, 2, (nn_real)0.25};
    nn_real class_weight[512];
    int labels[MAX_LABELS];
    nn_tensor *z = classes(t, 1, labels);
    for (int i = 0; i < 512; i++) class_weight[i] = weight[i % 5];
    const nn_real smoothing = (nn_real)choose(t, 2) / 4;
    return nn_cross_entropy_weighted(z, labels, choose(t, 2) ? class_weight : NULL, smoothing);
}

static nn_tensor *cross_entropy_soft(trial *t) /* a softmax makes distributions of the target */
{
    choose_reduction(t);
    const nn_shape s = pick_shape(t, 2);
    nn_tensor *z = input(t, s);
    return nn_cross_entropy_soft(z, nn_softmax(input(t, s)));
}

static nn_tensor *entropy(trial *t)
{
    choose_reduction(t);
    return nn_entropy(nn_softmax(input(t, pick_shape(t, 2))));
}

static nn_tensor *multiclass_hinge(trial *t)
{
    int labels[MAX_LABELS];
    nn_tensor *z = classes(t, 2, labels);
    return nn_multiclass_hinge(z, labels);
}

static nn_tensor *triplet(trial *t)
{
    choose_reduction(t);
    const nn_shape s = pick_shape(t, 2);
    nn_tensor *a = input(t, s), *p = input(t, s);
    return nn_triplet(a, p, input(t, s), 1);
}

static nn_tensor *contrastive(trial *t)
{
    int same[MAX_LABELS];
    choose_reduction(t);
    const nn_shape s = pick_shape(t, 2);
    for (int i = 0; i < s.dim[0]; i++) same[i] = pick(t, 3) - 1;
    same[pick(t, s.dim[0])] = pick(t, 2);
    nn_tensor *a = input(t, s);
    return nn_contrastive(a, input(t, s), same, 2);
}

static nn_tensor *ctc(trial *t) /* two sequences, of other lengths, the second without a label */
{
    choose_reduction(t);
    const int most = 1 + choose(t, 3), c = 2 + pick(t, 4), blank = pick(t, c);
    const int frames[2] = {2 * most + pick(t, 3), 1 + pick(t, 2)};
    int labels[6] = {-1, -1, -1, -1, -1, -1};
    for (int i = 0; i < most; i++) labels[i] = (blank + 1 + pick(t, c - 1)) % c;
    return nn_ctc(input(t, nn_shape3(2, frames[0], c)), frames, labels, most, blank);
}

/* Penalties of a model whose weights are inputs. */
static nn_tensor *penalty(trial *t, nn_tensor *(*f)(nn_model *model, nn_real gamma))
{
    nn_tensor *w[3] = {input(t, pick_shape(t, 2 + choose(t, 3))), input(t, nn_shape1(3)), NULL};
    w[2] = input(t, pick_shape(t, 2));
    nn_model model = {t->nn, w, 3, 3};
    for (int i = 0; t->form == DIAMOND && i < 3; i++) w[i]->requires_grad = 1; /* unrecorded, too */
    return f(&model, (nn_real)0.3); /* w[1] is no weight */
}
static nn_tensor *l2_penalty(trial *t) { return penalty(t, nn_l2_penalty); }
static nn_tensor *l1_penalty(trial *t) { return penalty(t, nn_l1_penalty); }

/* Chance is the same each time. */
static nn_tensor *dropout(trial *t)
{
    nn_tensor *x = input(t, any_shape(t));
    nn_seed(t->nn, t->seed);
    return nn_dropout(x, (nn_real)choose(t, 3) / 4);
}
static nn_tensor *dropout_standard(trial *t)
{
    nn_tensor *x = input(t, any_shape(t));
    nn_seed(t->nn, t->seed);
    return nn_dropout_standard(x, (nn_real)choose(t, 3) / 4);
}
static nn_tensor *salt_and_pepper(trial *t)
{
    nn_tensor *x = input(t, any_shape(t));
    nn_seed(t->nn, t->seed);
    return nn_salt_and_pepper(x, (nn_real)choose(t, 3) / 4, -2, 3);
}

static nn_tensor *batch_norm(trial *t)
{
    nn_shape s = pick_shape(t, 2 + choose(t, 3));
    if (s.dim[0] < 3) s.dim[0] = 3;
    const nn_shape channels = nn_shape1(s.dim[1]);
    nn_tensor *x = input(t, s), *w = input(t, channels);
    nn_batch_norm b = {w, input(t, channels), nn_full(t->nn, channels, (nn_real)0.3),
                       nn_full(t->nn, channels, (nn_real)0.7), (nn_real)1e-3, (nn_real)0.1};
    nn_set_training(t->nn, choose(t, 2));
    return nn_batch_norm_forward(&b, x);
}

/* Windows of which some are larger than the image without its padding. */
static nn_conv2d window(trial *t, nn_shape s, int axes, int kernel[2])
{
    nn_conv2d l = {NULL, NULL, {0, 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}}};
    for (int i = 0; i < axes; i++) {
        l.options.stride[i] = 1 + pick(t, 3), l.options.dilation[i] = 1 + pick(t, 2);
        kernel[i] = 1 + pick(t, 3);
        const int span = l.options.dilation[i] * (kernel[i] - 1) + 1, size = s.dim[2 + i];
        l.options.padding[i] = pick(t, 3);
        if (size + 2 * l.options.padding[i] < span) l.options.padding[i] = (span - size + 1) / 2;
    }
    return l;
}

static nn_tensor *conv(trial *t, int axes, int transposed)
{
    int kernel[2];
    nn_shape s = pick_shape(t, 2 + axes);
    const int groups = 1 + choose(t, 3), bias = choose(t, 2), per = 1 + pick(t, 2);
    s.dim[1] = groups * (1 + pick(t, 2));
    nn_conv2d l = window(t, s, axes, kernel);
    l.options.groups = groups;
    for (int i = 0; transposed && i < axes; i++) {
        const int most = l.options.stride[i] > l.options.dilation[i] ? l.options.stride[i]
                                                                     : l.options.dilation[i];
        l.options.output_padding[i] = pick(t, most);
        if (s.dim[2 + i] + kernel[i] <= 2 * l.options.padding[i] + 1) /* nothing would be left */
            l.options.padding[i] = 0;
    }
    const int filters = groups * per, in = s.dim[1];
    nn_shape w = transposed ? nn_shape4(in, per, kernel[0], kernel[1])
                            : nn_shape4(filters, in / groups, kernel[0], kernel[1]);
    w.ndim = 2 + axes;
    nn_tensor *x = input(t, s);
    l.weight = input(t, w);
    if (bias) l.bias = input(t, nn_shape1(filters));
    return transposed  ? nn_conv_transpose2d_forward(&l, x)
           : axes == 1 ? nn_conv1d_forward(&l, x)
                       : nn_conv2d_forward(&l, x);
}
static nn_tensor *conv2d(trial *t) { return conv(t, 2, 0); }
static nn_tensor *conv1d(trial *t) { return conv(t, 1, 0); }
static nn_tensor *conv_transpose2d(trial *t) { return conv(t, 2, 1); }

typedef nn_tensor *pooling(nn_tensor *x, int kernel, int stride, int padding);
static nn_tensor *pool(trial *t, int axes, pooling *f)
{
    nn_shape s = pick_shape(t, 2 + axes);
    const int kernel = 1 + choose(t, 3), padding = pick(t, kernel / 2 + 1);
    for (int i = 0; i < axes; i++)
        if (s.dim[2 + i] < kernel) s.dim[2 + i] += kernel - 1;
    return f(input(t, s), kernel, choose(t, 4), padding);
}
static nn_tensor *max_pool2d(trial *t) { return pool(t, 2, nn_max_pool2d); }
static nn_tensor *avg_pool2d(trial *t) { return pool(t, 2, nn_avg_pool2d); }
static nn_tensor *max_pool1d(trial *t) { return pool(t, 1, nn_max_pool1d); }
static nn_tensor *avg_pool1d(trial *t) { return pool(t, 1, nn_avg_pool1d); }
static nn_tensor *global_avg_pool2d(trial *t)
{
    return nn_global_avg_pool2d(input(t, pick_shape(t, 4)));
}
static nn_tensor *flatten(trial *t)
{
    return nn_flatten(input(t, pick_shape(t, 1 + choose(t, NN_MAX_DIMS))));
}

static nn_tensor *embedding(trial *t)
{
    const nn_embedding e = {input(t, pick_shape(t, 2))};
    int ids[MAX_LABELS];
    const int n = 1 + choose(t, 5);
    for (int i = 0; i < n; i++) ids[i] = pick(t, e.weight->shape.dim[0] + 1) - 1;
    return nn_embedding_forward(&e, ids, n);
}

/* A step of a recurrent network; or one cell of some, in either direction, over whole sequences, of
 * all or fewer steps. */
static nn_rnn_result recurrent(trial *t, const struct nn__cell_rule *rule, int variant, int ndim)
{
    const int n = 1 + pick(t, 3), steps = 1 + pick(t, 4), in = 1 + pick(t, IS_DOUBLE ? 3 : 30);
    const int h = 1 + pick(t, IS_DOUBLE ? 3 : 40), rows = rule->gates * h;
    const int bias = pick(t, 4), fewer = pick(t, 2), reverse = ndim == 3 ? pick(t, 2) : 0;
    const int cells = ndim == 3 ? 1 + pick(t, 3) : 0, place = cells ? pick(t, cells) : 0;
    const int state_rows = pick(t, 3) ? n : 1;
    const nn_shape state = cells ? nn_shape3(cells, state_rows, h) : nn_shape2(state_rows, h);
    nn_rnn_cell l = {NULL, NULL, NULL, NULL, NULL, variant, rule};
    nn_tensor *x = input(t, ndim == 3 ? nn_shape3(n, steps, in) : nn_shape2(n, in));
    l.weight_ih = input(t, nn_shape2(rows, in)), l.weight_hh = input(t, nn_shape2(rows, h));
    if (bias) l.bias_ih = input(t, nn_shape1(rows)), l.bias_hh = input(t, nn_shape1(rows));
    if (rule->has_c && variant)
        l.weight_ch = input(t, variant == 1 ? nn_shape1(3 * h) : nn_shape2(3 * h, h));
    nn_tensor *h0 = pick(t, 3) ? input(t, state) : NULL;
    nn_tensor *c0 = rule->has_c && pick(t, 3) ? input(t, state) : NULL;
    int lengths[3];
    for (int i = 0; i < n; i++) lengths[i] = 1 + pick(t, steps);
    return nn__recurrent(rule->function, &l, x, h0, c0, fewer && cells ? lengths : NULL, reverse,
                         place, cells);
}
static nn_tensor *rnn_cell(trial *t) { return recurrent(t, &nn__rnn_rule, 0, 2).output; }
static nn_tensor *rnn(trial *t)
{
    return recurrent(t, &nn__rnn_rule, choose(t, 2), 3).output;
}
static nn_tensor *lstm(trial *t)
{
    return recurrent(t, &nn__lstm_rule, choose(t, 3), 3).output;
}
static nn_tensor *lstm_c(trial *t) /* of sequences and of cells */
{
    const int ndim = 2 + choose(t, 2);
    return recurrent(t, &nn__lstm_rule, pick(t, 3), ndim).c;
}
static nn_tensor *gru(trial *t)
{
    const int convention = choose(t, 3);
    return recurrent(t, &nn__gru_rules[convention > 0], convention, 3).output;
}
static nn_tensor *gru_last(trial *t)
{
    return recurrent(t, &nn__gru_rules[0], 0, 2 + choose(t, 2)).h;
}

static nn_tensor *layer_norm(trial *t)
{
    const nn_shape s = pick_shape(t, 1 + choose(t, NN_MAX_DIMS)), d = nn_shape1(nn__last(s));
    nn_tensor *x = input(t, s), *w = input(t, d);
    const nn_layer_norm l = {w, input(t, d), (nn_real)0.1};
    return nn_layer_norm_forward(&l, x);
}

/* Chance, masks and lengths are the same each time; some queries may look nowhere. */
static nn_attention_options look(trial *t, int n, int heads, int steps, int keys)
{
    static int lengths[3];
    nn_attention_options o = {heads, 0, NULL, NULL, 0, 0, NULL};
    const int mask = choose(t, 4), dims = 1 + mask;
    o.causal = choose(t, 2);
    if (pick(t, 2)) o.scale = (nn_real)0.3;
    if (pick(t, 3) == 0) o.dropout = (nn_real)0.25;
    for (int i = 0; i < n; i++) lengths[i] = pick(t, keys + 1);
    if (pick(t, 3) == 0) o.lengths = lengths;
    if (mask) {
        o.mask = nn_full(t->nn, dims == 2   ? nn_shape2(steps, keys)
                                : dims == 3 ? nn_shape3(n, steps, keys)
                                            : nn_shape4(n, heads, steps, keys), 0);
        for (size_t i = 0; i < o.mask->size; i++) o.mask->data[i] = pick(t, 3) > 0;
    }
    return o;
}

static nn_tensor *attention(trial *t)
{
    const int n = 1 + pick(t, 3), heads = 1 + pick(t, 3), steps = 1 + pick(t, IS_DOUBLE ? 4 : 70);
    const int keys = pick(t, 2) ? steps : 1 + pick(t, IS_DOUBLE ? 4 : 80);
    const int d = heads * (1 + pick(t, IS_DOUBLE ? 2 : 10));
    const int e = pick(t, 2) ? d : heads * (1 + pick(t, IS_DOUBLE ? 2 : 10));
    const nn_attention_options o = look(t, n, heads, steps, keys);
    nn_tensor *q = input(t, nn_shape3(n, steps, d)), *k = input(t, nn_shape3(n, keys, d));
    nn_tensor *v = input(t, nn_shape3(n, keys, e));
    nn_seed(t->nn, t->seed);
    return nn_attention(q, k, v, o, NULL);
}

static nn_tensor *part(trial *t)
{
    const nn_shape s = pick_shape(t, 1 + pick(t, NN_MAX_DIMS));
    const int first = pick(t, s.dim[0]);
    nn_tensor *w = input(t, s);
    return nn__part_of(w, first, 1 + pick(t, s.dim[0] - first));
}

static nn_tensor *multihead_attention(trial *t) /* to itself, and to others */
{
    const int n = 1 + pick(t, 2), heads = 1 + pick(t, 2), steps = 1 + pick(t, IS_DOUBLE ? 3 : 20);
    const int self = choose(t, 2), keys = self ? steps : 1 + pick(t, IS_DOUBLE ? 3 : 20);
    const int d = heads * (1 + pick(t, IS_DOUBLE ? 1 : 4));
    nn_attention_options o = look(t, n, heads, steps, keys);
    o.scale = (nn_real)0.1; /* else the scores, of three products, are far apart */
    nn_tensor *x = input(t, nn_shape3(n, steps, d)), *w = input(t, nn_shape2(3 * d, d));
    nn_tensor *b = input(t, nn_shape1(3 * d)), *out = input(t, nn_shape2(d, d));
    const nn_multihead_attention l = {w, b, {out, input(t, nn_shape1(d))}, heads};
    nn_tensor *source = self ? x : input(t, nn_shape3(n, keys, d));
    nn_seed(t->nn, t->seed);
    return nn_multihead_attention_forward(&l, x, source, o, NULL);
}

static nn_tensor *masked_softmax(trial *t)
{
    const nn_shape s = pick_shape(t, 1 + choose(t, NN_MAX_DIMS));
    nn_shape m = s;
    const int missing = pick(t, s.ndim + 1);
    m.ndim = s.ndim - missing;
    for (int i = 0; i < m.ndim; i++) m.dim[i] = pick(t, 3) ? s.dim[i + missing] : 1;
    nn_tensor *x = input(t, s), *mask = nn_full(t->nn, m, 1);
    for (size_t i = 0; i < mask->size; i++) mask->data[i] = pick(t, 4) > 0;
    return nn_masked_softmax(x, mask);
}

static nn_tensor *additive_attention(trial *t)
{
    const int most = IS_DOUBLE ? 3 : 8, n = 1 + pick(t, 3), queries = 1 + pick(t, most);
    const int keys = 1 + pick(t, most), dq = 1 + pick(t, most), dk = 1 + pick(t, most);
    const int a = 1 + pick(t, most), fewer = choose(t, 2);
    nn_additive_attention l = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    int lengths[3];
    for (int i = 0; i < n; i++) lengths[i] = pick(t, keys + 1);
    l.query.weight = input(t, nn_shape2(a, dq)), l.key.weight = input(t, nn_shape2(a, dk));
    l.score.weight = input(t, nn_shape2(1, a));
    nn_tensor *q = input(t, nn_shape3(n, queries, dq)), *k = input(t, nn_shape3(n, keys, dk));
    nn_tensor *v = input(t, nn_shape3(n, keys, 1 + pick(t, most)));
    return nn_additive_attention_forward(&l, q, k, v, fewer ? lengths : NULL, NULL);
}

static nn_tensor *graph_attention(trial *t)
{
    const int most = 3, n = 1 + pick(t, 4), in = 1 + pick(t, most);
    const int f = 1 + pick(t, most), heads = 1 + choose(t, 3);
    nn_graph_attention l = {NULL, NULL, NULL, NULL, heads};
    l.weight = input(t, nn_shape2(heads * f, in)), l.att_src = input(t, nn_shape2(heads, f));
    l.att_dst = input(t, nn_shape2(heads, f)), l.bias = input(t, nn_shape1(heads * f));
    nn_tensor *x = input(t, nn_shape2(n, in)), *edges = nn_full(t->nn, nn_shape2(n, n), 1);
    for (size_t i = 0; i < edges->size; i++) edges->data[i] = pick(t, 3) > 0;
    return nn_graph_attention_forward(&l, x, edges, NULL);
}

/* ---- the table: the backward of each row is the one that its results must have ---- */

#define OP(op, gradient)                                                                         \
    .name = #op, .backward_name = #gradient, .backward = nn__##gradient##_backward

static const operation table[] = {
    {OP(add, add), .binary = nn_add},
    {OP(sub, sub), .binary = nn_sub},
    {OP(mul, mul), .binary = nn_mul},
    {OP(div, div), .binary = nn_div, .domain = NOT_ZERO},
    {OP(scale, scale), .other = scale},
    {OP(exp, exp), .unary = nn_exp},
    {OP(log, log), .unary = nn_log, .domain = POSITIVE},
    {OP(sqrt, sqrt), .unary = nn_sqrt, .domain = POSITIVE},
    {OP(square, square), .unary = nn_square},
    {OP(sin, sin), .unary = nn_sin},
    {OP(cos, cos), .unary = nn_cos},
    {OP(matmul, matmul), .other = matmul},
    {OP(transpose, transpose), .other = transpose},
    {OP(reshape, reshape), .other = reshape},
    {OP(slice, slice), .other = slice},
    {OP(concat, concat), .other = concat},
    {OP(sum, sum), .unary = nn_sum},
    {OP(mean, sum), .unary = nn_mean},
    {OP(max, max), .unary = nn_max},
    {OP(sum_axis, sum), .other = sum_axis},
    {OP(mean_axis, sum), .other = mean_axis},
    {OP(max_axis, max), .other = max_axis},
    {OP(linear, linear), .other = linear},
    {OP(heaviside, heaviside), .unary = nn_heaviside, .domain = NOT_ZERO}, /* 3.2 */
    {OP(sigmoid, sigmoid), .unary = nn_sigmoid}, /* 3.3; 6.6 for all of these */
    {OP(sigmoid_temperature, sigmoid_temperature), .other = sigmoid_temperature}, /* 3.4 */
    {OP(stochastic_binary, stochastic_binary), .other = stochastic_binary}, /* 3.9 */
    {OP(tanh, tanh), .unary = nn_tanh}, /* 3.8 */
    {OP(relu, relu), .unary = nn_relu, .domain = NOT_ZERO},
    {OP(leaky_relu, leaky_relu), .other = leaky_relu, .domain = NOT_ZERO},
    {OP(elu, elu), .other = elu, .domain = NOT_ZERO}, /* 3.10 */
    {OP(gelu, gelu), .unary = nn_gelu}, /* 3.12 */
    {OP(gelu_tanh, gelu_tanh), .unary = nn_gelu_tanh},
    {OP(softmax, softmax), .unary = nn_softmax}, /* 3.11 */
    {OP(log_softmax, log_softmax), .unary = nn_log_softmax},
    {OP(mse, mse), .other = mse}, /* 7.1 for all of these */
    {OP(mae, elements), .other = mae}, /* 7.6 */
    {OP(huber, elements), .other = huber},
    {OP(hinge, elements), .other = hinge}, /* 7.7 */
    {OP(bce_with_logits, bce_with_logits), .other = bce_with_logits}, /* 7.3 */
    {OP(cross_entropy, cross_entropy), .other = cross_entropy}, /* 7.4 */
    {OP(cross_entropy_weighted, cross_entropy), .other = cross_entropy_weighted},
    {OP(cross_entropy_soft, cross_entropy), .other = cross_entropy_soft},
    {OP(entropy, entropy), .other = entropy}, /* 7.5 */
    {OP(multiclass_hinge, multiclass_hinge), .other = multiclass_hinge},
    {OP(ctc, ctc), .other = ctc}, /* 7.8 */
    {OP(triplet, distances), .other = triplet}, /* 7.9 */
    {OP(contrastive, distances), .other = contrastive}, /* 7.10 */
    {OP(l2_penalty, penalty), .other = l2_penalty}, /* 8.4 */
    {OP(l1_penalty, penalty), .other = l1_penalty, .domain = NOT_ZERO}, /* 8.5 */
    {OP(dropout_standard, dropout), .other = dropout_standard}, /* 8.7 */
    {OP(dropout, dropout), .other = dropout}, /* 8.8 */
    {OP(salt_and_pepper, dropout), .other = salt_and_pepper}, /* 8.15 */
    {OP(batch_norm, batch_norm), .other = batch_norm}, /* 8.16 */
    {OP(conv2d, conv), .other = conv2d}, /* 12.1, 12.16 */
    {OP(conv1d, conv), .other = conv1d}, /* 12.4 */
    {OP(conv_transpose2d, conv), .other = conv_transpose2d},
    {OP(max_pool2d, max_pool), .other = max_pool2d}, /* 12.8 */
    {OP(max_pool1d, max_pool), .other = max_pool1d},
    {OP(avg_pool2d, avg_pool), .other = avg_pool2d}, /* 12.9 */
    {OP(avg_pool1d, avg_pool), .other = avg_pool1d},
    {OP(global_avg_pool2d, sum), .other = global_avg_pool2d},
    {OP(flatten, reshape), .other = flatten},
    {OP(embedding, embedding), .other = embedding},
    {OP(rnn, recurrent), .other = rnn_cell}, /* 13.1, 13.3 */
    {OP(rnn, further_result), .other = rnn}, /* 13.5 */
    {OP(lstm, further_result), .other = lstm}, /* 14.1, 14.3 */
    {OP(lstm, further_result), .other = lstm_c},
    {OP(gru, further_result), .other = gru}, /* 14.4 */
    {OP(gru, recurrent), .other = gru_last},
    {OP(layer_norm, layer_norm), .other = layer_norm}, /* 15.10 */
    {OP(attention, attention), .other = attention}, /* 15.3 */
    {OP(part, part), .other = part},
    {OP(linear, linear), .other = multihead_attention}, /* 15.4, 15.6 */
    {OP(masked_softmax, softmax), .other = masked_softmax}, /* 15.3 */
    {OP(additive_attention, matmul), .other = additive_attention}, /* 15.2 */
    {OP(graph_attention, add), .other = graph_attention}, /* 15.24 */
};
enum { TABLE_SIZE = sizeof table / sizeof table[0] };

/* ---- the loss of a trial ---- */

/* Every element of a result matters, and each differently. */
static nn_real weights[MAX_SIZE + 2];

static nn_tensor *weighted(nn_tensor *y, int which)
{
    if (y->size > MAX_SIZE) printf("MAX_SIZE is too small\n"), exit(2);
    return nn_sum(nn_mul(y, nn_input(y->ctx, weights + which, y->shape)));
}

static nn_tensor *build(trial *t, int branch)
{
    t->random = t->seed;
    t->next_in = t->depth = 0;
    t->branch = branch;
    nn_tensor *y;
    if (t->op->unary) y = t->op->unary(input(t, any_shape(t)));
    else if (t->op->binary) {
        nn_shape a, b;
        choose_two_shapes(t, &a, &b);
        nn_tensor *x = input(t, a);
        y = t->op->binary(x, input(t, b));
    } else y = t->op->other(t);
    if (y->requires_grad) CHECK(y->backward == t->op->backward);
    if (strcmp(y->op, t->op->backward_name) != 0) CHECK_STR(y->op, t->op->name);
    if (!branch) t->y = y;
    return y;
}

static nn_tensor *loss_of(void *user)
{
    trial *t = (trial *)user;
    nn_tensor *y = build(t, 0);
    if (t->form == DIAMOND) y = nn_mul(y, build(t, 1));
    nn_tensor *loss = weighted(y, 0);
    if (t->form == TWICE) loss = nn_add(loss, weighted(build(t, 1), 1));
    /* With these every gradient is something already when the operation is reached on the way back:
     * it must add to what it finds. */
    for (int i = 0; t->form != PLAIN && i < t->model->n_params; i++)
        loss = nn_add(loss, weighted(t->model->param[i], 2));
    return loss;
}

static void compute_gradients(trial *t)
{
    nn_clear(t->nn);
    nn_zero_grad(t->model);
    nn_backward(loss_of(t));
}

/* ---- in double: against central differences ---- */

static double larger(double a, double b) { return a >= b || a != a ? a : b; } /* NaN is largest */

/* As nn_gradcheck, for which it is the witness: five points instead of two, another step. The
 * gradients in the model are not touched. */
static double five_points(nn_model *model, double (*loss)(void *user), void *user)
{
    const nn_real h = (nn_real)(IS_DOUBLE ? 1e-4 : 1e-2);
    double worst = 0, largest = 1e-3;
    for (int i = 0; i < model->n_params; i++)
        for (size_t j = 0; j < model->param[i]->size; j++) {
            nn_real *w = &model->param[i]->data[j], old = *w;
            double f[5];
            for (int k = 0; k < 5; k++) {
                *w = old + (nn_real)(k - 2) * h;
                f[k] = loss(user);
            }
            *w = old;
            const double slope = (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * (double)h);
            worst = larger(worst, fabs(slope - (double)model->param[i]->grad[j]));
            largest = larger(largest, fabs(slope));
        }
    return worst / largest;
}

static double number_of(void *trial_)
{
    trial *t = (trial *)trial_;
    nn_clear(t->nn);
    return (double)nn_item(loss_of(t));
}

static size_t copy_gradients(const nn_model *model, nn_real *to)
{
    size_t n = 0;
    for (int i = 0; i < model->n_params; n += model->param[i++]->size)
        memcpy(to + n, model->param[i]->grad, model->param[i]->size * sizeof *to);
    return n;
}

static size_t copy_parameters(const nn_model *model, nn_real *to)
{
    size_t n = 0;
    for (int i = 0; i < model->n_params; n += model->param[i++]->size)
        memcpy(to + n, model->param[i]->data, model->param[i]->size * sizeof *to);
    return n;
}

static double check_differences(trial *t, int round)
{
    static nn_real once[MAX_IN * MAX_SIZE], again[MAX_IN * MAX_SIZE];
    const double error = nn_gradcheck(t->model, loss_of, t, (nn_real)1e-5).error;
    CHECK_NEAR(error, 0, 1e-7);
    size_t n = copy_gradients(t->model, once);
    compute_gradients(t); /* 6.8: a second run gives the same bits */
    copy_gradients(t->model, again);
    CHECK(memcmp(once, again, n * sizeof *once) == 0);
    if (round == 0) CHECK_NEAR(five_points(t->model, number_of, t), 0, 1e-7);
    return error;
}

/* ---- in float: against the naive kernels, and the same bits from all the others ---- */

static const char *const kernels[] = {"naive", "scalar", "avx2", "avx512", "neon"};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

typedef struct outcome { /* y and the gradients, one after the other */
    int parts;
    size_t size[MAX_IN + 1], total;
    nn_real number[(MAX_IN + 1) * MAX_SIZE];
} outcome;

static void add_part(outcome *o, const nn_real *from, size_t n)
{
    memcpy(o->number + o->total, from, n * sizeof *from);
    o->total += n;
    o->size[o->parts++] = n;
}

static void compute(trial *t, outcome *o)
{
    compute_gradients(t);
    o->parts = 0;
    o->total = 0;
    add_part(o, t->y->data, t->y->size);
    for (int i = 0; i < t->model->n_params; i++)
        add_part(o, t->model->param[i]->grad, t->model->param[i]->size);
}

/* The largest difference divided by the largest number, or by least if that is more. */
static double relative_error(const nn_real *got, const nn_real *expected, size_t n, double least)
{
    double worst = 0, largest = least;
    for (size_t i = 0; i < n; i++) {
        worst = larger(worst, fabs((double)got[i] - (double)expected[i]));
        largest = larger(largest, fabs((double)expected[i]));
    }
    return worst / largest;
}

/* The largest error among the parts. Where each number is a sum of n others, of about 1, they
 * may cancel, but their rounding does not: with random signs it would be about sqrt(n). */
static double distance(const outcome *got, const outcome *expected)
{
    double result = 0;
    size_t most = 0, start = 0;
    for (int i = 0; i < expected->parts; i++)
        if (expected->size[i] > most) most = expected->size[i];
    for (int i = 0; i < expected->parts; start += expected->size[i++]) {
        const size_t size = expected->size[i];
        const double least = 0.03 * sqrt((double)most / (double)size);
        result = larger(result, relative_error(got->number + start, expected->number + start,
                                               size, least));
    }
    return result;
}

static double check_kernels(trial *t)
{
    static outcome naive, first, other;
    double worst = 0;
    int n = 0;
    nn_set_simd(t->nn, kernels[0]);
    compute(t, &naive);
    for (int i = 1; i < KERNELS; i++) {
        if (!nn_set_simd(t->nn, kernels[i])) continue; /* not on this machine */
        outcome *o = n++ ? &other : &first;
        compute(t, o);
        const double error = distance(o, &naive);
        CHECK_NEAR(error, 0, 1e-5);
        worst = larger(worst, error);
        if (o == &first) continue;
        CHECK(memcmp(other.number, first.number, first.total * sizeof(nn_real)) == 0);
    }
    CHECK(n > 0); /* plain C at least */
    return worst;
}

/* ---- the cases of the table ---- */

static int stop_at_failure, verbose;

static void end_case(const char *name, const char *what)
{
    if (test_bad) test_failed++, printf("FAIL %s: %s, %d checks\n", name, what, test_bad);
    else test_passed++;
    fflush(stdout);
    if (test_bad && stop_at_failure) exit(test_summary());
}

static void on_error(void *user, nn_code code, const char *message)
{
    (void)user;
    test_check(0, __FILE__, __LINE__);
    printf("error %d: %s\n", (int)code, message);
}

static void show(const trial *t)
{
    printf("    in %s, %s:", t->op->name, form_name[t->form]);
    for (int i = 0; i < t->n_in; i++) printf(" %s", nn_shape_text(t->nn, t->param[i]->shape));
    printf(" -> %s\n", nn_shape_text(t->nn, t->y->shape));
}

/* One trial; 0 if there is nothing to check: no second input that could be constant. */
static int run_trial(trial *t, int round, double *worst)
{
    const int bad = test_bad;
    test_seed = t->seed;
    t->n_in = 0;
    t->nn = nn_create(t->seed);
    nn_on_error(t->nn, on_error, NULL);
    t->model = nn_model_new(t->nn);
    t->constants = nn_model_new(t->nn);
    loss_of(t); /* makes the parameters */
    t->shape = t->param[0]->shape;
    const int useful = t->form != CONSTANT || (t->model->n_params && t->constants->n_params);
    if (useful)
        *worst = larger(*worst, IS_DOUBLE ? check_differences(t, round) : check_kernels(t));
    if (test_bad > bad) show(t);
    nn_destroy(t->nn);
    return useful;
}

static void run_operation(const operation *op, form f)
{
    enum { SHAPES = 5 };
    trial t;
    nn_shape seen[SHAPES];
    double worst = 0;
    int trials = 0, shapes = 0;
    memset(&t, 0, sizeof t);
    t.op = op;
    t.form = f;
    test_bad = 0;
    for (int round = 0; round < SEEDS && !test_bad; round++) {
        t.known = 0;
        do {
            t.seed++;
            trials += run_trial(&t, round, &worst);
            int old = 0;
            for (int i = 0; i < shapes; i++) old |= nn_shape_equal(seen[i], t.shape);
            if (!old && shapes < SHAPES) seen[shapes++] = t.shape;
        } while (next_choices(&t) && !test_bad);
    }
    if (!trials && f == CONSTANT) return;
    if (!test_bad) CHECK(trials >= SEEDS && shapes == SHAPES);
    if (verbose) printf("%-16s %-18s %5d trials, %.2g\n", op->name, form_name[f], trials, worst);
    end_case(op->name, form_name[f]);
}

/* Every nn__NAME_backward in the text of nn.h is in the table, and the other way round. */
static void the_table_is_complete(void)
{
    static const char after[] = "_backward(nn_tensor *";
    int found[TABLE_SIZE] = {0};
    char line[512];
    FILE *file = fopen("nn.h", "r");
    CHECK(file != NULL); /* run me from the root of the repository */
    while (file && fgets(line, sizeof line, file)) {
        char *name = line; /* static void nn__NAME_backward(nn_tensor *y), on one line or two */
        if (strncmp(name, "static void ", 12) == 0) name += 12;
        char *end = strncmp(name, "nn__", 4) == 0 ? strstr(name, after) : NULL;
        if (!end) continue;
        name += 4;
        *end = 0;
        int rows = 0;
        for (int i = 0; i < TABLE_SIZE; i++)
            if (strcmp(table[i].backward_name, name) == 0) found[i] = 1, rows++;
        CHECK(rows > 0);
        if (!rows) printf("    nn__%s_backward is not in the table\n", name);
    }
    if (file) fclose(file);
    for (int i = 0; i < TABLE_SIZE; i++)
        if (!found[i]) CHECK_STR(table[i].backward_name, "a name in nn.h");
}

/* ---- values and slopes that can be worked out by hand; with each set of kernels ---- */

static nn_ctx *nn; /* of the current case */

#define RUN_WITH_ALL_KERNELS(test)                                                               \
    for (int k_ = 0; k_ < KERNELS; k_++) {                                                       \
        nn = nn_create(1);                                                                       \
        nn_on_error(nn, on_error, NULL);                                                         \
        if (nn_set_simd(nn, kernels[k_])) {                                                      \
            RUN(test);                                                                           \
            if (test_bad) printf("    with the kernels \"%s\"\n", kernels[k_]);                  \
            if (test_bad && stop_at_failure) exit(test_summary());                               \
        }                                                                                        \
        nn_destroy(nn);                                                                          \
    }

static const double eps = IS_DOUBLE ? 1e-14 : 1e-6;

/* got[i] is expected[i], an array of double; a tolerance of 0 asks for exactly that number. */
#define CHECK_NUMBERS(got, expected, tolerance)                                                  \
    do {                                                                                         \
        const nn_real *g__ = (got);                                                              \
        for (int i__ = 0; i__ < (int)(sizeof expected / sizeof *expected); i__++)                \
            CHECK_NEAR(g__[i__], expected[i__], tolerance);                                      \
    } while (0)

/* f of n numbers, and the gradient of their sum in result->in[0]->grad */
static nn_tensor *at(nn_tensor *(*f)(nn_tensor *x), int n, const nn_real *x)
{
    nn_clear(nn);
    nn_tensor *y = f(nn_requires_grad(nn_input(nn, x, nn_shape1(n))));
    nn_backward(nn_sum(y));
    return y;
}
#define AT(f, x) at(f, (int)(sizeof(x) / sizeof *(x)), x)

static void sigmoid_row_3_3(void) /* no overflow; y (1 - y), which is 0.25 at 0 and nowhere more */
{
    const nn_real x[] = {0, (nn_real)log(3), (nn_real)-log(3), 100, -100, 1000, -1000};
    const double value[] = {0.5, 0.75, 0.25, 1, 0, 1, 0};
    const double slope[] = {0.25, 0.1875, 0.1875, 0, 0, 0, 0};
    nn_tensor *y = AT(nn_sigmoid, x);
    CHECK_NUMBERS(y->data, value, eps);
    CHECK_NUMBERS(y->in[0]->grad, slope, eps);
    for (int i = 3; i < 7; i++) { /* the far ends more exactly */
        CHECK_NEAR(y->data[i], value[i], 4e-44);
        CHECK_NEAR(y->in[0]->grad[i], 0, 4e-44);
    }
    CHECK(y->data[4] > 0); /* e^-100 is a number, if a small one */
    CHECK(y->in[0]->grad[0] == (nn_real)0.25);
    nn_real grid[257];
    for (int i = 0; i < 257; i++) grid[i] = (nn_real)(i - 128) / 16;
    y = AT(nn_sigmoid, grid);
    for (int i = 0; i < 257; i++) CHECK((y->in[0]->grad[i] < (nn_real)0.25) == (i != 128));
}

static void tanh_row_3_8(void) /* no overflow; 1 - y^2 */
{
    const nn_real x[] = {0, (nn_real)log(2), (nn_real)-log(2), 100, -100, 1000, -1000};
    const double value[] = {0, 0.6, -0.6, 1, -1, 1, -1}, slope[] = {1, 0.64, 0.64, 0, 0, 0, 0};
    nn_tensor *y = AT(nn_tanh, x);
    CHECK_NUMBERS(y->data, value, eps);
    CHECK_NUMBERS(y->in[0]->grad, slope, eps);
    for (int i = 3; i < 7; i++) CHECK_NEAR(y->data[i], value[i], 0);
    for (int i = 3; i < 7; i++) CHECK_NEAR(y->in[0]->grad[i], 0, 0);
    CHECK_NEAR(y->in[0]->grad[0], 1, 0);
}

static nn_tensor *leaky(nn_tensor *x) { return nn_leaky_relu(x, (nn_real)0.25); }
static nn_tensor *half_elu(nn_tensor *x) { return nn_elu(x, (nn_real)0.5); }

static void kinks_row_6_6(void) /* at 0 the slope is that of the left side */
{
    const nn_real x[] = {-2, (nn_real)-0.0, 0, 3, (nn_real)1e-30, (nn_real)-1e-30};
    const double relu[] = {0, 0, 0, 3, 1e-30, 0}, relu_slope[] = {0, 0, 0, 1, 1, 0};
    const double lrelu[] = {-0.5, 0, 0, 3, 1e-30, -0.25e-30};
    const double leaky_slope[] = {0.25, 0.25, 0.25, 1, 1, 0.25};
    nn_tensor *y = AT(nn_relu, x);
    CHECK_NUMBERS(y->data, relu, 1e-36);
    CHECK_NUMBERS(y->in[0]->grad, relu_slope, 0);
    y = AT(leaky, x);
    CHECK_NUMBERS(y->data, lrelu, 1e-36);
    CHECK_NUMBERS(y->in[0]->grad, leaky_slope, 0);
    const double elu[] = {0.5 * (exp(-2) - 1), 0, 0, 3, 1e-30, -0.5e-30};
    const double elu_slope[] = {0.5 * exp(-2), 0.5, 0.5, 1, 1, 0.5};
    y = AT(half_elu, x);
    CHECK_NUMBERS(y->data, elu, eps);
    CHECK_NUMBERS(y->in[0]->grad, elu_slope, eps);
    CHECK_NEAR(y->data[5], -0.5e-30, 1e-36); /* nothing cancels near 0 */
}

static void slopes_by_hand(void)
{
    const nn_real x[] = {4, (nn_real)0.25, 1};
    const double log_slope[] = {0.25, 4, 1}, sqrt_slope[] = {0.25, 1, 0.5};
    const double square_slope[] = {8, 0.5, 2};
    CHECK_NUMBERS(AT(nn_log, x)->in[0]->grad, log_slope, 0);
    CHECK_NUMBERS(AT(nn_sqrt, x)->in[0]->grad, sqrt_slope, 0);
    CHECK_NUMBERS(AT(nn_square, x)->in[0]->grad, square_slope, 0);
    const nn_real l[] = {(nn_real)log(5), 0, (nn_real)-log(2)};
    const double e[] = {5, 1, 0.5};
    CHECK_NUMBERS(AT(nn_exp, l)->in[0]->grad, e, 5 * eps);
}

static void slopes_of_two_by_hand(void)
{
    const nn_real data[2][2] = {{6, -1}, {2, 4}}; /* a and b */
    const struct {
        nn_tensor *(*f)(nn_tensor *a, nn_tensor *b);
        double da[2], db[2];
    } by_hand[] = {{nn_add, {1, 1}, {1, 1}},
                   {nn_sub, {1, 1}, {-1, -1}},
                   {nn_mul, {2, 4}, {6, -1}},
                   {nn_div, {0.5, 0.25}, {-1.5, 0.0625}},
                   {nn_mse, {4, -5}, {-4, 5}}}; /* mean of 4^2 and 5^2 */
    for (int i = 0; i < 5; i++) {
        nn_clear(nn);
        nn_tensor *a = nn_requires_grad(nn_input(nn, data[0], nn_shape1(2)));
        nn_tensor *b = nn_requires_grad(nn_input(nn, data[1], nn_shape1(2)));
        nn_tensor *y = by_hand[i].f(a, b);
        nn_backward(nn_sum(y));
        CHECK_NUMBERS(a->grad, by_hand[i].da, 0);
        CHECK_NUMBERS(b->grad, by_hand[i].db, 0);
        if (by_hand[i].f == nn_mse) CHECK_NEAR(nn_item(y), 20.5, 0);
    }
}

static void maximum_with_ties(void) /* the first one gets the gradient, all of it */
{
    const nn_real x[] = {1, 3, 3, 3, 3, 2};
    const double all[] = {0, 1, 0, 0, 0, 0};
    const double cols[] = {0, 1, 1, 1, 0, 0}, rows[] = {0, 1, 0, 1, 0, 0};
    CHECK_NUMBERS(AT(nn_max, x)->in[0]->grad, all, 0);
    for (int axis = 0; axis < 2; axis++) {
        nn_clear(nn);
        nn_tensor *a = nn_requires_grad(nn_input(nn, x, nn_shape2(2, 3)));
        nn_backward(nn_sum(nn_max_axis(a, axis)));
        if (axis == 0) CHECK_NUMBERS(a->grad, cols, 0);
        else CHECK_NUMBERS(a->grad, rows, 0);
    }
    for (int at = 0; at < 3; at++) { /* a NaN is largest, wherever it stands */
        nn_real some[] = {1, 3, 2};
        some[at] = (nn_real)NAN;
        nn_clear(nn);
        const nn_real most = nn_item(nn_max(nn_input(nn, some, nn_shape1(3))));
        CHECK(most != most);
    }
}

static void softmax_row_3_11(void) /* the whole Jacobian: dy_i / dx_j = y_i ((i == j) - y_j) */
{
    const double y[] = {1 / 6.0, 1 / 3.0, 1 / 2.0};
    const nn_real x[] = {(nn_real)log(1), (nn_real)log(2), (nn_real)log(3)};
    for (int i = 0; i < 3; i++) {
        nn_clear(nn);
        nn_tensor *a = nn_requires_grad(nn_input(nn, x, nn_shape1(3))), *p = nn_softmax(a);
        nn_backward(nn_sum(nn_slice(p, 0, i, i + 1)));
        CHECK_NUMBERS(p->data, y, eps);
        for (int j = 0; j < 3; j++) CHECK_NEAR(a->grad[j], y[i] * ((i == j) - y[j]), eps);
    }
    const nn_real far[] = {1000, 0, -1000};
    const double one[] = {1, 0, 0}, none[] = {0, 0, 0};
    nn_tensor *p = AT(nn_softmax, far);
    CHECK_NUMBERS(p->data, one, 0);
    CHECK_NUMBERS(p->in[0]->grad, none, 0);
}

static void bce_row_7_3(void) /* stable at |z| = 100: no log 0 */
{
    const nn_real data[2][6] = {{100, -100, 100, -100, 0, 0}, {0, 0, 1, 1, 0, 1}}; /* z and t */
    const double dz[] = {1 / 6.0, 0, 0, -1 / 6.0, 1 / 12.0, -1 / 12.0};
    const double dt[] = {-100 / 6.0, 100 / 6.0, -100 / 6.0, 100 / 6.0, 0, 0};
    nn_tensor *z = nn_requires_grad(nn_input(nn, data[0], nn_shape1(6)));
    nn_tensor *t = nn_requires_grad(nn_input(nn, data[1], nn_shape1(6)));
    nn_tensor *loss = nn_bce_with_logits(z, t);
    nn_backward(loss);
    CHECK_NEAR(nn_item(loss), (200 + 2 * log(2)) / 6, 33 * eps);
    CHECK_NUMBERS(z->grad, dz, eps);
    CHECK_NUMBERS(t->grad, dt, 17 * eps);
    CHECK_NEAR(z->grad[1], 0, 4e-44); /* e^-100 / 6 */
    CHECK_NEAR(z->grad[2], 0, 0);
    for (int i = 0; i < 4; i++) { /* the first and last are wrong by 100, the others right */
        z = nn_input(nn, &data[0][i], nn_shape0());
        t = nn_input(nn, &data[1][i], nn_shape0());
        CHECK_NEAR(nn_item(nn_bce_with_logits(z, t)), i == 0 || i == 3 ? 100 : 0, 4e-44);
    }
}

static void cross_entropy_row_7_4(void) /* log-sum-exp; a row with label -1 does not count */
{
    const nn_real data[] = {0, (nn_real)log(3), /**/ 7, 8, /**/ 100, -100, /**/ 100, -100};
    const int label[] = {0, -1, 1, 0};
    const double dz[] = {-0.25, 0.25, 0, 0, 1 / 3.0, -1 / 3.0, 0, 0};
    nn_tensor *z = nn_requires_grad(nn_input(nn, data, nn_shape2(4, 2)));
    nn_tensor *loss = nn_cross_entropy(z, label);
    nn_backward(loss);
    CHECK_NEAR(nn_item(loss), (log(4) + 200 + 0) / 3, 67 * eps);
    CHECK_NUMBERS(z->grad, dz, eps);
}

/* ---- 6.8: the graph ---- */

static nn_tensor *number(nn_model *model, const char *name, nn_real value)
{
    nn_tensor *p = nn_param(model, "", name, nn_shape0());
    p->data[0] = value;
    return p;
}

static void fan_out_row_6_8(void)
{
    nn_tensor *x = number(nn_model_new(nn), "x", 3);
    nn_backward(nn_add(nn_add(nn_mul(nn_mul(x, x), x), x), x)); /* x^3 + 2 x */
    CHECK_NEAR(x->grad[0], 3 * 9 + 2, 0);
    x->grad[0] = 0;
    nn_tensor *h = nn_scale(x, 2), *slow = nn_square(nn_square(h)); /* a result, late and early */
    nn_backward(nn_add(nn_add(slow, h), nn_mul(h, h)));             /* h^4 + h^2 + h at 6 */
    CHECK_NEAR(x->grad[0], 2 * (4 * 216 + 2 * 6 + 1), 0);
    CHECK_NEAR(h->grad[0], 4 * 216 + 2 * 6 + 1, 0);
}

static void run_again_row_6_8(void) /* sets the gradient of results, adds to that of parameters */
{
    nn_tensor *x = number(nn_model_new(nn), "x", 3), *h = nn_square(x), *loss = nn_square(h);
    for (int run = 1; run <= 3; run++) {
        nn_backward(loss);
        CHECK_NEAR(loss->grad[0], 1, 0);
        CHECK_NEAR(h->grad[0], 18, 0);
        CHECK_NEAR(x->grad[0], 108 * run, 0);
    }
}

static void what_the_loss_does_not_need_row_6_8(void)
{
    nn_model *model = nn_model_new(nn);
    nn_tensor *x = number(model, "x", 3), *w = number(model, "w", 5);
    nn_tensor *a = nn_square(x), *b = nn_mul(a, w), *c = nn_exp(w);
    nn_backward(b);
    nn_zero_grad(model);
    nn_backward(a); /* now b is left over from an earlier loss */
    CHECK_NEAR(x->grad[0], 6, 0);
    CHECK_NEAR(w->grad[0], 0, 0);
    CHECK(a->grad && !b->grad && !c->grad);
}

static nn_code expected_code;
static void expected_error(void *user, nn_code code, const char *message)
{
    (void)user;
    CHECK_INT(code, expected_code);
    if (code != expected_code) printf("    %s\n", message);
}

/* nn_backward(loss) is refused, with this code and these words; parameters' gradients stay 0. */
static void refused(nn_tensor *loss, nn_code code, const char *words, const nn_tensor *param)
{
    expected_code = code;
    nn_on_error(nn, expected_error, NULL);
    nn_backward(loss);
    CHECK_INT(nn_error_code(nn), code);
    CHECK(strstr(nn_error(nn), words) != NULL);
    if (!strstr(nn_error(nn), words)) printf("    got \"%s\"\n", nn_error(nn));
    CHECK_NEAR(param->grad[0], 0, 0);
    nn_error_clear(nn);
    nn_on_error(nn, on_error, NULL);
}

static void no_grad_row_6_8(void)
{
    nn_tensor *x = number(nn_model_new(nn), "x", 3);
    CHECK_INT(nn_set_grad_enabled(nn, 0), 1);
    nn_tensor *y = nn_square(x);
    CHECK(!y->requires_grad && !y->backward && nn->n_tape == 0);
    refused(y, NN_ERROR_ARGUMENT, "recording is off", x);
    CHECK_INT(nn_set_grad_enabled(nn, 1), 0);
    nn_tensor *constant = nn_square(nn_full(nn, nn_shape0(), 2));
    CHECK(!constant->requires_grad && nn->n_tape == 0);
    refused(constant, NN_ERROR_ARGUMENT, "does not depend on any parameter", x);
    CHECK(nn_square(x)->requires_grad && nn->n_tape == 1);
}

static void bad_losses_row_6_8(void)
{
    nn_tensor *x = number(nn_model_new(nn), "x", 0);
    refused(nn_add(x, nn_full(nn, nn_shape1(2), 1)), NN_ERROR_SHAPE, "[2]", x);
    refused(nn_log(x), NN_ERROR_NONFINITE, "the loss", x);
    nn_tensor *old = nn_square(x);
    nn_clear(nn);
    refused(old, NN_ERROR_ARGUMENT, "before the last nn_clear", x);
    nn_on_nan(nn, 1); /* sqrt 0 is 0, but its slope there is infinite */
    nn_tensor *y = nn_sqrt(nn_scale(x, 1));
    refused(y, NN_ERROR_NONFINITE, "sqrt: backward", x);
    char name[61]; /* a long name fits into the message */
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    refused(nn_sqrt(number(nn_model_new(nn), name, 0)), NN_ERROR_NONFINITE, name, x);
}

static void long_chain_row_6_8(void) /* 20,000 operations: no recursion */
{
    nn_tensor *x = number(nn_model_new(nn), "x", 1), *y = x;
    for (int i = 0; i < 20000; i++) y = nn_sub(nn_full(nn, nn_shape0(), 1), y);
    nn_backward(nn_scale(y, 3));
    CHECK_NEAR(x->grad[0], 3, 0);
}

static size_t bytes_in_use(const nn_arena *arena)
{
    const nn_block *b = arena->first;
    size_t n = b->used;
    for (; b != arena->current; n += b->used) b = b->next;
    return n;
}

static void backward_gives_back_its_temporaries(void)
{
    enum { CHAIN = 30, N = 1000 };
    nn_tensor *x = nn_param(nn_model_new(nn), "", "x", nn_shape1(N)), *y = x;
    for (int i = 0; i < CHAIN; i++) y = nn_mul(y, x);
    nn_tensor *loss = nn_sum(y);
    const size_t before = bytes_in_use(&nn->graph);
    nn_backward(loss);
    CHECK(bytes_in_use(&nn->graph) - before < (CHAIN + 3) * (N + 16) * sizeof(nn_real));
}

/* ---- nn_gradcheck itself ---- */

static nn_model *net;
static const double step = IS_DOUBLE ? 1e-5 : 1e-2;

static nn_real claimed_slope[3]; /* of y = 3 x, element by element */
static int overwrites;           /* does its backward set the gradient instead of adding to it? */
static void thrice_backward(nn_tensor *y)
{
    nn_real *dx = y->in[0]->grad;
    for (size_t i = 0; i < y->size; i++)
        dx[i] = (overwrites ? 0 : dx[i]) + claimed_slope[i] * y->grad[i];
}
static nn_tensor *thrice(void *user)
{
    nn_tensor *x = net->param[net->n_params - 1];
    nn_tensor *y = nn_op_new("thrice", x->shape, &x, 1, thrice_backward, 0);
    for (size_t i = 0; i < y->size; i++) y->data[i] = 3 * x->data[i];
    return (void)user, nn_sum(nn_op_done(y));
}

static nn_gradcheck_result check_slopes(double a, double b, double c)
{
    claimed_slope[0] = (nn_real)a, claimed_slope[1] = (nn_real)b, claimed_slope[2] = (nn_real)c;
    return nn_gradcheck(net, thrice, NULL, (nn_real)step);
}

static void gradcheck_finds_mistakes(void)
{
    const double tolerance = IS_DOUBLE ? 1e-8 : 1e-4;
    net = nn_model_new(nn);
    number(net, "first", 1); /* the loss does not depend on it */
    nn_tensor *x = nn_param(net, "", "last", nn_shape1(3));
    CHECK_NEAR(check_slopes(3, 3, 3).error, 0, tolerance);
    CHECK_NEAR(check_slopes(2.7, 3, 3).error, 0.1, tolerance);
    CHECK_NEAR(check_slopes(30, 3, 3).error, 0.9, tolerance);
    CHECK_NEAR(check_slopes(-3, -3, -3).error, 2, tolerance); /* the sign */
    CHECK_NEAR(check_slopes(0, 0, 0).error, 1, tolerance);    /* forgotten */
    overwrites = 1;
    CHECK_NEAR(check_slopes(3, 3, 3).error, 0.5, tolerance);  /* half of what two runs give */
    overwrites = 0;
    const nn_gradcheck_result last = check_slopes(3, 3.5, 4);
    CHECK_NEAR(last.error, 0.25, tolerance);
    CHECK_STR(last.name, "last");
    CHECK_INT(last.index, 2);
    CHECK_NEAR(last.backward, 4, 0);
    CHECK_NEAR(last.difference, 3, 3 * tolerance);
    const nn_gradcheck_result not_a_number = check_slopes(3, (double)NAN, 4);
    CHECK(not_a_number.error > 1e300 && not_a_number.index == 1);
    x->data[0] = 1; /* a step that is lost in rounding does not show that all is well */
    CHECK(!(nn_gradcheck(net, thrice, NULL, (nn_real)1e-30).error < 1e300));
}

static int draws;
static nn_tensor *small_net(void *user)
{
    const int label[] = {2, 0, 1, 1};
    nn_linear *layer = (nn_linear *)user;
    draws++;
    nn_tensor *x = nn_input(nn, weights, nn_shape2(4, 3));
    nn_tensor *h = nn_tanh(nn_linear_forward(&layer[0], x));
    return nn_cross_entropy(nn_linear_forward(&layer[1], h), label);
}
static double small_net_number(void *user)
{
    nn_clear(nn);
    return (double)nn_item(small_net(user));
}

static void gradcheck_keeps_its_word(void) /* the error that its manual calls good, and no traces */
{
    nn_real data[2][64], grad[2][64];
    net = nn_model_new(nn);
    nn_linear layer[2] = {nn_linear_new(net, "a", 3, 5), nn_linear_new(net, "b", 5, 3)};
    nn_backward(small_net(layer));
    copy_gradients(net, grad[0]);
    const size_t n = copy_parameters(net, data[0]);
    CHECK_INT(n, 4 * 5 + 6 * 3);
    draws = 0;
    const double error = nn_gradcheck(net, small_net, layer, (nn_real)step).error;
    CHECK(error > 0 && error < (IS_DOUBLE ? 1e-7 : 5e-3));
    CHECK_INT(draws, 3 + 2 * (int)n);
    copy_gradients(net, grad[1]);
    copy_parameters(net, data[1]);
    CHECK(memcmp(data[0], data[1], n * sizeof(nn_real)) == 0);
    CHECK(memcmp(grad[0], grad[1], n * sizeof(nn_real)) == 0);
    CHECK_INT(nn_set_grad_enabled(nn, 1), 1);
    CHECK_NEAR(five_points(net, small_net_number, layer), 0, IS_DOUBLE ? 1e-9 : 1e-3);
}

/* ---- nn_mlp, which shows the book's deltas, against the graph ---- */

static const struct {
    int layers, width[5];
} nets[] = {{2, {3, 2}}, {2, {1, 1}}, {3, {4, 3, 2}}, {4, {2, 5, 1, 3}}, {5, {3, 4, 3, 2, 4}}};

static void check_close(const char *what, int layer, const nn_real *got, const nn_real *expected,
                        size_t n)
{
    const double error = relative_error(got, expected, n, 1e-9), good = IS_DOUBLE ? 1e-12 : 1e-6;
    CHECK_NEAR(error, 0, good);
    if (!(error <= good)) printf("    %s of layer %d\n", what, layer);
}

/* The loss of m's output pair, built from m's parameters; z[l] as the book calls them. */
static nn_tensor *mlp_in_graph(const nn_mlp *m, const nn_real *x, const nn_real *target, int n,
                               const int *label, nn_tensor **z)
{
    const int top = m->layers - 1, units = m->width[top];
    nn_tensor *y = nn_input(m->ctx, x, nn_shape2(n, m->width[0]));
    for (int l = 1; l <= top; l++) {
        const nn_linear layer = {m->weight[l], m->bias[l]};
        z[l] = nn_linear_forward(&layer, y);
        if (l < top) y = nn_activate(z[l], m->hidden);
    }
    nn_tensor *t = nn_input(m->ctx, target, nn_shape2(n, units));
    if (m->output == NN_IDENTITY) return nn_scale(nn_mse(z[top], t), (nn_real)units / 2);
    if (m->output == NN_SIGMOID) return nn_scale(nn_bce_with_logits(z[top], t), (nn_real)units);
    if (label) return nn_cross_entropy(z[top], label);
    nn_tensor *log_p = nn_log(nn_activate(z[top], NN_SOFTMAX));
    return nn_scale(nn_sum(nn_mul(t, log_p)), -1 / (nn_real)n);
}

/* Targets in 0..1; for softmax each row sums to 1, being one-hot if label is given. */
static void make_targets(const nn_mlp *m, nn_real *target, int n, int *label)
{
    const int units = m->width[m->layers - 1];
    for (int s = 0; s < n; s++) {
        nn_real *row = target + s * units, sum = 0;
        if (label) label[s] = nn_randint(m->ctx, 0, units);
        for (int i = 0; i < units; i++) {
            row[i] = label ? (nn_real)(i == label[s]) : nn_uniform(m->ctx, 0, 1);
            sum += row[i];
        }
        for (int i = 0; i < units && m->output == NN_SOFTMAX; i++) row[i] /= sum;
    }
}

/* Rows 6.2, 6.3, 6.4: delta[l] is the gradient of z[l] at every depth; delta y^T and delta are
 * those of the weights and biases. */
static void check_mlp(nn_mlp *m, nn_model *model, int n, int one_hot)
{
    static nn_real x[64], target[64], by_hand[256], graph[256], before[256], after[256];
    int label[16];
    nn_tensor *z[NN_MLP_MAX];
    for (int i = 0; i < 64; i++) x[i] = nn_normal(m->ctx, 0, 1);
    make_targets(m, target, n, one_hot ? label : NULL);

    nn_clear(m->ctx);
    nn_zero_grad(model);
    nn_tensor *loss = mlp_in_graph(m, x, target, n, one_hot ? label : NULL, z);
    nn_backward(loss);
    const size_t size = copy_gradients(model, graph);

    nn_zero_grad(model);
    copy_parameters(model, before);
    nn_mlp_forward(m, x, n);
    const nn_real mlp_loss = nn_mlp_loss(m, target);
    nn_mlp_backward(m, target);
    copy_gradients(model, by_hand);
    check_close("the loss", 0, &mlp_loss, loss->data, 1);
    check_close("gradients", 0, by_hand, graph, size);
    for (int l = 1; l < m->layers; l++) {
        check_close("z", l, m->z[l], z[l]->data, z[l]->size);
        check_close("delta", l, m->delta[l], z[l]->grad, z[l]->size);
    }
    nn_mlp_backward(m, target); /* adds: twice the gradient; and it touches no weight (row 6.5) */
    copy_gradients(model, graph);
    for (size_t i = 0; i < size; i++) by_hand[i] *= 2;
    check_close("twice the gradients", 0, graph, by_hand, size);
    copy_parameters(model, after);
    CHECK(memcmp(before, after, size * sizeof(nn_real)) == 0);
}

typedef struct mlp_user {
    nn_mlp *m;
    const nn_real *x, *target;
    int n;
} mlp_user;

static double mlp_number(void *user)
{
    const mlp_user *u = (const mlp_user *)user;
    nn_mlp_forward(u->m, u->x, u->n);
    return (double)nn_mlp_loss(u->m, u->target);
}

static void check_mlp_differences(nn_mlp *m, nn_model *model, int n)
{
    static nn_real x[64], target[64];
    mlp_user u = {m, x, target, n};
    for (int i = 0; i < 64; i++) x[i] = nn_normal(m->ctx, 0, 1);
    make_targets(m, target, n, NULL);
    nn_zero_grad(model);
    mlp_number(&u);
    nn_mlp_backward(m, target);
    CHECK_NEAR(five_points(model, mlp_number, &u), 0, 1e-7);
}

static void mlp_backward_needs_forward(void)
{
    const int width[2] = {1, 1};
    const nn_real one = 1;
    nn_model *model = nn_model_new(nn);
    nn_mlp m = nn_mlp_new(model, "mlp", width, 2, NN_TANH, NN_IDENTITY);
    for (int i = 0; i < 2; i++) { /* no forward; no target */
        expected_code = NN_ERROR_ARGUMENT;
        nn_on_error(nn, expected_error, NULL);
        nn_mlp_backward(&m, i ? NULL : &one);
        CHECK_INT(nn_error_code(nn), NN_ERROR_ARGUMENT);
        nn_error_clear(nn);
        nn_on_error(nn, on_error, NULL);
        CHECK_NEAR(m.bias[1]->grad[0], 0, 0);
        nn_mlp_forward(&m, &one, 1);
    }
}

static void run_mlps(nn_activation hidden, nn_activation output)
{
    static const char *const name[] = {"identity", "sigmoid", "tanh", "ReLU", "softmax"};
    char what[64];
    snprintf(what, sizeof what, "%s and %s, rows 6.3 and 6.4", name[hidden], name[output]);
    test_bad = 0;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        test_seed = i + 1;
        nn_ctx *ctx = nn_create(test_seed);
        nn_on_error(ctx, on_error, NULL);
        nn_model *model = nn_model_new(ctx);
        nn_mlp m = nn_mlp_new(model, "mlp", nets[i].width, nets[i].layers, hidden, output);
        for (int n = 5; n >= 1; n -= 2) { /* fewer samples than before, too */
            check_mlp(&m, model, n, 0);
            if (output == NN_SOFTMAX) check_mlp(&m, model, n, 1);
            if (IS_DOUBLE) check_mlp_differences(&m, model, n);
        }
        nn_destroy(ctx);
    }
    end_case("nn_mlp", what);
}

/* ---- blocks of chapter 12, as a whole ---- */

static nn_conv2d block[6];
static nn_batch_norm norm[2];

static nn_tensor *residual(void *user) /* 12.12: relu(F(x) + x) */
{
    nn_tensor *x = (nn_tensor *)user;
    nn_clear(nn);
    nn_tensor *h = nn_tanh(nn_batch_norm_forward(&norm[0], nn_conv2d_forward(&block[0], x)));
    h = nn_add(nn_batch_norm_forward(&norm[1], nn_conv2d_forward(&block[1], h)), x);
    return weighted(nn_relu(h), 0);
}

static nn_tensor *inception(void *user) /* 12.13: 1x1, 3x3 and 5x5 behind 1x1, pooling */
{
    nn_tensor *x = (nn_tensor *)user;
    nn_clear(nn);
    nn_tensor *branch[4] = {nn_conv2d_forward(&block[2], x),
                            nn_conv2d_forward(&block[0], nn_conv2d_forward(&block[5], x)),
                            nn_conv2d_forward(&block[3], nn_conv2d_forward(&block[5], x)),
                            nn_conv2d_forward(&block[4], nn_max_pool2d(x, 3, 1, 1))};
    return weighted(nn_tanh(nn_concat(1, 4, branch)), 1);
}

static void blocks_rows_12_12_12_13(void)
{
    static const int out[6] = {3, 3, 2, 1, 2, 3}, kernel[6] = {3, 3, 1, 5, 1, 1};
    const nn_real h = (nn_real)1e-5;
    nn_model *model = nn_model_new(nn);
    for (int i = 0; i < 6; i++) {
        const char name[2] = {(char)('a' + i), 0};
        block[i] = nn_conv2d_new(model, name, 3, out[i], kernel[i], 1, NN_SAME);
        if (i < 2) norm[i] = nn_batch_norm_new(model, i ? "n" : "m", 3);
    }
    nn_tensor *x = nn_param(model, "", "x", nn_shape4(2, 3, 5, 4));
    for (size_t i = 0; i < x->size; i++) x->data[i] = (nn_real)(i * 37 % 120) / 40 - 1;
    CHECK_NEAR(nn_gradcheck(model, residual, x, h).error, 0, 1e-7);
    CHECK_NEAR(nn_gradcheck(model, inception, x, h).error, 0, 1e-7);
}

/* ---- all of it ---- */

static void run_the_rest(void)
{
    RUN(the_table_is_complete);
    RUN_WITH_ALL_KERNELS(sigmoid_row_3_3);
    RUN_WITH_ALL_KERNELS(tanh_row_3_8);
    RUN_WITH_ALL_KERNELS(kinks_row_6_6);
    RUN_WITH_ALL_KERNELS(slopes_by_hand);
    RUN_WITH_ALL_KERNELS(slopes_of_two_by_hand);
    RUN_WITH_ALL_KERNELS(maximum_with_ties);
    RUN_WITH_ALL_KERNELS(softmax_row_3_11);
    RUN_WITH_ALL_KERNELS(bce_row_7_3);
    RUN_WITH_ALL_KERNELS(cross_entropy_row_7_4);
    RUN_WITH_ALL_KERNELS(fan_out_row_6_8);
    RUN_WITH_ALL_KERNELS(run_again_row_6_8);
    RUN_WITH_ALL_KERNELS(what_the_loss_does_not_need_row_6_8);
    RUN_WITH_ALL_KERNELS(no_grad_row_6_8);
    RUN_WITH_ALL_KERNELS(bad_losses_row_6_8);
    RUN_WITH_ALL_KERNELS(long_chain_row_6_8);
    RUN_WITH_ALL_KERNELS(backward_gives_back_its_temporaries);
    RUN_WITH_ALL_KERNELS(gradcheck_finds_mistakes);
    RUN_WITH_ALL_KERNELS(gradcheck_keeps_its_word);
    RUN_WITH_ALL_KERNELS(mlp_backward_needs_forward);
    if (IS_DOUBLE) RUN_WITH_ALL_KERNELS(blocks_rows_12_12_12_13);
    for (nn_activation hidden = NN_IDENTITY; hidden <= NN_RELU; hidden++) {
        run_mlps(hidden, NN_IDENTITY);
        run_mlps(hidden, NN_SIGMOID);
        run_mlps(hidden, NN_SOFTMAX);
    }
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) verbose = 1;
        else if (strcmp(argv[i], "-x") == 0) stop_at_failure = 1;
        else only = argv[i];
    }
    nn = nn_create(1);
    for (int i = 0; i < MAX_SIZE + 2; i++) weights[i] = nn_uniform(nn, (nn_real)0.5, (nn_real)1.5);
    nn_destroy(nn);

    if (!only) run_the_rest();
    for (int i = 0; i < TABLE_SIZE; i++)
        for (int f = 0; f < FORMS; f++)
            if (!only || strcmp(only, table[i].backward_name) == 0)
                run_operation(&table[i], (form)f);
    return test_summary();
}
