/* Compares every operation, its gradients, and ten steps of training with PyTorch's numbers in
 * tests/golden/vectors.txt (made, and its format described, by tests/golden/generate.py).
 *
 *     cc -O1 tests/test_golden.c -lm -o test_golden && ./test_golden [vectors.txt [-v]]
 *
 * Run from the root of the repository. -v prints for each operation the largest error as a part of
 * its tolerance. The environment variable NN_SIMD chooses the kernels to test.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#include <stdlib.h>

/* ---- one case of the file ---- */

enum { MAX_ARRAYS = 64, MAX_NUMBERS = 1 << 15, MAX_LABELS = 128, STEPS = 10 };

typedef struct array {
    char name[16];
    nn_shape shape;
    size_t size;
    nn_real *data;
} array;

static char case_name[64];
static array arrays[MAX_ARRAYS];
static int n_arrays;
static nn_real numbers[MAX_NUMBERS]; /* of all arrays of the case */
static double worst;                 /* largest error / tolerance since it was last set to 0 */

/* A damaged file is no test at all: nothing after it could be trusted. */
static void damaged(const char *what)
{
    printf("vectors.txt, case %s: %s\n", case_name, what);
    exit(2);
}

/* Reads the next case into arrays; 0 at the end of the file. */
static int read_case(FILE *file)
{
    char word[16];
    if (fscanf(file, "%15s", word) != 1) return 0;
    if (strcmp(word, "case") != 0 || fscanf(file, "%63s", case_name) != 1) damaged("no case line");
    size_t used = 0;
    for (n_arrays = 0; fscanf(file, "%15s", word) == 1 && strcmp(word, "end") != 0; n_arrays++) {
        if (strcmp(word, "tensor") != 0 || n_arrays == MAX_ARRAYS) damaged("no tensor line");
        array *a = &arrays[n_arrays];
        memset(a, 0, sizeof *a);
        if (fscanf(file, "%15s %d", a->name, &a->shape.ndim) != 2) damaged("no name and ndim");
        if (a->shape.ndim < 0 || a->shape.ndim > NN_MAX_DIMS) damaged("bad ndim");
        a->size = 1;
        for (int i = 0; i < a->shape.ndim; i++) {
            int *d = &a->shape.dim[i];
            if (fscanf(file, "%d", d) != 1 || *d < 1 || *d > MAX_NUMBERS) damaged("bad size");
            a->size *= (size_t)*d;
            if (a->size > MAX_NUMBERS - used) damaged("too many numbers");
        }
        a->data = numbers + used;
        used += a->size;
        for (size_t i = 0; i < a->size; i++) {
            double value;
            if (fscanf(file, "%lf", &value) != 1) damaged("not a number");
            a->data[i] = (nn_real)value;
        }
    }
    if (strcmp(word, "end") != 0) damaged("no end");
    return 1;
}

/* The array called letter followed by number (or letter alone if number is -1), or NULL. */
static const array *find(const char *letter, int number)
{
    char name[16];
    if (number < 0) snprintf(name, sizeof name, "%s", letter);
    else snprintf(name, sizeof name, "%s%d", letter, number);
    for (int i = 0; i < n_arrays; i++)
        if (strcmp(arrays[i].name, name) == 0) return &arrays[i];
    return NULL;
}

static const array *need(const char *letter, int number)
{
    const array *a = find(letter, number);
    if (!a) damaged(letter);
    return a;
}

static nn_real arg(size_t i)
{
    const array *a = need("args", -1);
    if (i >= a->size) damaged("too few args");
    return a->data[i];
}

static const int *labels_of(const array *a)
{
    static int labels[MAX_LABELS];
    if (a->size > MAX_LABELS) damaged("too many labels");
    for (size_t i = 0; i < a->size; i++) labels[i] = (int)a->data[i];
    return labels;
}

static nn_tensor *input(nn_ctx *nn, const array *a)
{
    return nn_input(nn, a->data, a->shape);
}

/* |got - expected| <= atol + rtol |expected| for every number; the first that is not is shown. */
static void check_near(const array *expected, const nn_real *got, double atol, double rtol)
{
    if (!test_check(got != NULL, __FILE__, __LINE__)) {
        printf("%s: %s is NULL\n", case_name, expected->name);
        return;
    }
    int shown = 0;
    for (size_t i = 0; i < expected->size; i++) {
        double g = (double)got[i], e = (double)expected->data[i];
        double part = fabs(g - e) / (atol + rtol * fabs(e));
        if (part > worst) worst = part;
        if (part <= 1 || shown) continue; /* false for NaN, which is shown */
        test_check(0, __FILE__, __LINE__);
        printf("%s: %s[%d] is %.9g, expected %.9g, %.3g times the tolerance\n", case_name,
               expected->name, (int)i, g, e, part);
        shown = 1;
    }
}

/* ---- operations that are more than a function of one or two tensors ---- */

static nn_tensor *mul_self(nn_tensor *x) { return nn_mul(x, x); }
static nn_tensor *scale(nn_tensor **x) { return nn_scale(x[0], arg(0)); }
static nn_tensor *leaky_relu(nn_tensor **x) { return nn_leaky_relu(x[0], arg(0)); }
static nn_tensor *elu(nn_tensor **x) { return nn_elu(x[0], arg(0)); }
static nn_tensor *sigmoid_temperature(nn_tensor **x)
{
    return nn_sigmoid_temperature(x[0], arg(0));
}
static nn_tensor *stochastic_binary(nn_tensor **x) /* its mean */
{
    nn_set_training(x[0]->ctx, 0);
    return nn_stochastic_binary(x[0]);
}
static nn_tensor *transpose(nn_tensor **x) { return nn_transpose(x[0], (int)arg(0), (int)arg(1)); }
static nn_tensor *sum_axis(nn_tensor **x) { return nn_sum_axis(x[0], (int)arg(0)); }
static nn_tensor *mean_axis(nn_tensor **x) { return nn_mean_axis(x[0], (int)arg(0)); }
static nn_tensor *max_axis(nn_tensor **x) { return nn_max_axis(x[0], (int)arg(0)); }

static nn_tensor *slice(nn_tensor **x)
{
    return nn_slice(x[0], (int)arg(0), (int)arg(1), (int)arg(2));
}

static nn_tensor *reshape(nn_tensor **x)
{
    nn_shape shape = nn_shape0();
    shape.ndim = (int)need("args", -1)->size;
    if (shape.ndim > NN_MAX_DIMS) damaged("too many args");
    for (int i = 0; i < shape.ndim; i++) shape.dim[i] = (int)arg((size_t)i);
    return nn_reshape(x[0], shape);
}

static nn_tensor *concat(nn_tensor **x)
{
    int n = 0;
    while (find("x", n)) n++;
    return nn_concat((int)arg(0), n, x);
}

static nn_tensor *linear(nn_tensor **x)
{
    nn_linear layer = {x[1], x[2]};
    return nn_linear_forward(&layer, x[0]);
}

static nn_tensor *batch_norm(nn_tensor **x)
{
    nn_ctx *nn = x[0]->ctx;
    nn_batch_norm b = {x[1], x[2], input(nn, need("mean", -1)), input(nn, need("var", -1)),
                       (nn_real)1e-5, (nn_real)0.1};
    nn_set_training(nn, (int)arg(0));
    nn_tensor *y = nn_batch_norm_forward(&b, x[0]);
    check_near(need("ymean", -1), b.running_mean->data, 1e-6, 1e-6);
    check_near(need("yvar", -1), b.running_var->data, 1e-6, 1e-6);
    return y;
}

static nn_tensor *cross_entropy(nn_tensor **x)
{
    return nn_cross_entropy(x[0], labels_of(need("args", -1)));
}

/* args: 0 mean, 1 sum, 2 none, and what else the loss is given */
static void set_reduction(nn_tensor **x) { nn_set_reduction(x[0]->ctx, (int)arg(0)); }
static nn_tensor *mae(nn_tensor **x) { return set_reduction(x), nn_mae(x[0], x[1]); }
static nn_tensor *huber(nn_tensor **x) { return set_reduction(x), nn_huber(x[0], x[1], arg(1)); }
static nn_tensor *mse_reduced(nn_tensor **x) { return set_reduction(x), nn_mse(x[0], x[1]); }
static nn_tensor *bce_reduced(nn_tensor **x)
{
    return set_reduction(x), nn_bce_with_logits(x[0], x[1]);
}
static nn_tensor *hinge(nn_tensor **x)
{
    return set_reduction(x), nn_hinge(x[0], input(x[0]->ctx, need("t", -1)));
}
static nn_tensor *triplet(nn_tensor **x)
{
    return set_reduction(x), nn_triplet(x[0], x[1], x[2], arg(1));
}
static nn_tensor *contrastive(nn_tensor **x)
{
    return set_reduction(x), nn_contrastive(x[0], x[1], labels_of(need("t", -1)), arg(1));
}
static nn_tensor *entropy(nn_tensor **x) { return set_reduction(x), nn_entropy(x[0]); }
static nn_tensor *kl_div(nn_tensor **x) { return set_reduction(x), nn_kl_div(x[0], x[1]); }
static nn_tensor *cross_entropy_soft(nn_tensor **x)
{
    return set_reduction(x), nn_cross_entropy_soft(x[0], x[1]);
}
static nn_tensor *multiclass_hinge(nn_tensor **x)
{
    return set_reduction(x), nn_multiclass_hinge(x[0], labels_of(need("t", -1)));
}
static nn_tensor *cross_entropy_weighted(nn_tensor **x) /* labels t, class weights w */
{
    const array *w = find("w", -1);
    return set_reduction(x), nn_cross_entropy_weighted(x[0], labels_of(need("t", -1)),
                                                       w ? w->data : NULL, arg(1));
}
static nn_tensor *ctc(nn_tensor **x) /* frames f [N], labels t [N, most] */
{
    int frames[MAX_LABELS];
    const array *f = need("f", -1), *t = need("t", -1);
    memcpy(frames, labels_of(f), f->size * sizeof *frames);
    return set_reduction(x), nn_ctc(x[0], frames, labels_of(t), t->shape.dim[1], (int)arg(1));
}

/* args: stride, padding, dilation, output padding in pairs, groups */
static nn_conv2d conv(nn_tensor **x)
{
    nn_conv2d l = {x[1], find("x", 2) ? x[2] : NULL, {0, (int)arg(8), {0}, {0}, {0}, {0}}};
    for (int i = 0; i < 2; i++) {
        l.options.stride[i] = (int)arg((size_t)i), l.options.padding[i] = (int)arg(2 + (size_t)i);
        l.options.dilation[i] = (int)arg(4 + (size_t)i);
        l.options.output_padding[i] = (int)arg(6 + (size_t)i);
    }
    return l;
}
static nn_tensor *conv1d(nn_tensor **x)
{
    const nn_conv1d l = conv(x);
    return nn_conv1d_forward(&l, x[0]);
}
static nn_tensor *conv2d(nn_tensor **x)
{
    const nn_conv2d l = conv(x);
    return nn_conv2d_forward(&l, x[0]);
}
static nn_tensor *conv_transpose2d(nn_tensor **x)
{
    const nn_conv_transpose2d l = conv(x);
    return nn_conv_transpose2d_forward(&l, x[0]);
}
#define POOL(f)                                                         \
    static nn_tensor *f(nn_tensor **x)                                  \
    {                                                                   \
        return nn_##f(x[0], (int)arg(0), (int)arg(1), (int)arg(2));     \
    }
POOL(max_pool1d)
POOL(max_pool2d)
POOL(avg_pool1d)
POOL(avg_pool2d)

/* y, and what follows it, in one row */
static nn_tensor *in_a_row(nn_tensor *y, nn_tensor *h, nn_tensor *c)
{
    nn_tensor *all[3] = {y, h, c};
    int n = 0;
    for (int i = 0; i < 3; i++)
        if (all[i]) all[n++] = nn_reshape(all[i], nn_shape1(-1));
    return nn_concat(0, n, all);
}
static nn_rnn_cell given(nn_rnn_cell cell, nn_tensor ***x) /* its numbers are the next ones of x */
{
    cell.weight_ih = *(*x)++, cell.weight_hh = *(*x)++;
    if (cell.bias_ih) cell.bias_ih = *(*x)++, cell.bias_hh = *(*x)++;
    return cell;
}

/* 13.1, 13.3, 13.10, 14.1, 14.4. args: kind, layers, directions, biases, ReLU, states, lengths */
static nn_tensor *recurrent(nn_tensor **x)
{
    const int kind = (int)arg(0), states = (int)arg(5), n = x[0]->shape.dim[0];
    const int in = x[0]->shape.dim[2], hidden = x[1 + states]->shape.dim[0] / (int[]){1, 4, 3}[kind];
    nn_rnn_options o = {(int)arg(1), (int)arg(2) == 2, !(int)arg(3), 0, (int)arg(4), 0, 0, 0};
    nn_model *model = nn_model_new(x[0]->ctx);
    nn_rnn l = kind == 0   ? nn_rnn_new_with(model, "", in, hidden, o)
               : kind == 1 ? nn_lstm_new_with(model, "", in, hidden, o)
                           : nn_gru_new_with(model, "", in, hidden, o);
    nn_tensor *h0 = states ? x[1] : NULL, *c0 = states > 1 ? x[2] : NULL, **rest = x + 1 + states;
    for (int i = 0; i < l.layers * l.directions; i++) l.cell[i] = given(l.cell[i], &rest);
    int lengths[MAX_LABELS];
    const int some = need("args", -1)->size > 6;
    for (int i = 0; some && i < n; i++) lengths[i] = (int)arg(6 + (size_t)i);
    const nn_rnn_result r = kind == 0   ? nn_rnn_forward(&l, x[0], h0, some ? lengths : NULL)
                            : kind == 1 ? nn_lstm_forward(&l, x[0], h0, c0, some ? lengths : NULL)
                                        : nn_gru_forward(&l, x[0], h0, some ? lengths : NULL);
    return in_a_row(r.output, r.h, r.c);
}
static nn_tensor *cell(nn_tensor **x) /* args: kind, states */
{
    const int kind = (int)arg(0), states = (int)arg(1);
    nn_model *model = nn_model_new(x[0]->ctx);
    nn_rnn_cell l = kind == 0   ? nn_rnn_cell_new(model, "", 1, 1)
                    : kind == 1 ? nn_lstm_cell_new(model, "", 1, 1)
                                : nn_gru_cell_new(model, "", 1, 1);
    nn_tensor *h = states ? x[1] : NULL, *c = states > 1 ? x[2] : NULL, **rest = x + 1 + states;
    l = given(l, &rest);
    const nn_rnn_result r = kind == 0   ? nn_rnn_cell_forward(&l, x[0], h)
                            : kind == 1 ? nn_lstm_cell_forward(&l, x[0], h, c)
                                        : nn_gru_cell_forward(&l, x[0], h);
    return in_a_row(r.output, NULL, r.c);
}
static nn_tensor *embedding(nn_tensor **x)
{
    const nn_embedding e = {x[0]};
    return nn_embedding_forward(&e, labels_of(need("args", -1)), (int)need("args", -1)->size);
}

/* ---- chapter 15: the parameters are the next ones of x ---- */

static nn_tensor *layer_norm(nn_tensor **x)
{
    const nn_layer_norm l = {x[1], x[2], (nn_real)1e-5};
    return nn_layer_norm_forward(&l, x[0]);
}
static nn_linear given_linear(nn_tensor ***x)
{
    const nn_linear l = {(*x)[0], (*x)[1]};
    return *x += 2, l;
}
static nn_layer_norm given_norm(nn_tensor ***x)
{
    const nn_layer_norm l = {(*x)[0], (*x)[1], (nn_real)1e-5};
    return *x += 2, l;
}
static nn_multihead_attention given_attention(nn_tensor ***x, int heads)
{
    nn_multihead_attention l = {(*x)[0], (*x)[1], {NULL, NULL}, heads};
    *x += 2;
    l.out_proj = given_linear(x);
    return l;
}
static const int *lengths_of(size_t from) /* the args from there on, or NULL */
{
    static int lengths[MAX_LABELS];
    const size_t n = need("args", -1)->size;
    for (size_t i = from; i < n; i++) lengths[i - from] = (int)arg(i);
    return n > from ? lengths : NULL;
}

static nn_tensor *multihead_attention(nn_tensor **x) /* 15.3, 15.4, 15.6; args: heads, causal */
{
    const int self = x[1]->shape.ndim == 2;
    nn_tensor **rest = x + 2 - self;
    const nn_multihead_attention l = given_attention(&rest, (int)arg(0));
    const nn_attention_options o = {0, (int)arg(1), lengths_of(2),
        find("m", -1) ? input(x[0]->ctx, find("m", -1)) : NULL, 0, 0, NULL};
    return nn_multihead_attention_forward(&l, x[0], self ? x[0] : x[1], o, NULL);
}

/* 15.9, 15.11 to 15.13; args: decoder, heads, hidden, layers, causal, norm_first, gelu */
static nn_tensor *transformer(nn_tensor **x)
{
    const int decoder = (int)arg(0);
    nn_transformer_options o = {(int)arg(1), (int)arg(2), (int)arg(5), (int)arg(6), 0};
    nn_attention_options self = {0, (int)arg(4), NULL, NULL, 0, 0, NULL}, cross = self;
    nn_encoder l = (decoder ? nn_decoder_new : nn_encoder_new)(
        nn_model_new(x[0]->ctx), "", (int)arg(3), x[0]->shape.dim[x[0]->shape.ndim - 1], o);
    nn_tensor **rest = x + 1 + decoder;
    for (int i = 0; i < l.layers; i++) {
        nn_encoder_layer *y = &l.layer[i];
        y->self_attn = given_attention(&rest, o.heads);
        if (decoder) y->multihead_attn = given_attention(&rest, o.heads);
        y->linear1 = given_linear(&rest), y->linear2 = given_linear(&rest);
        y->norm1 = given_norm(&rest), y->norm2 = given_norm(&rest);
        if (decoder) y->norm3 = given_norm(&rest);
    }
    if (o.norm_first) l.norm = given_norm(&rest);
    cross.causal = 0, *(decoder ? &cross.lengths : &self.lengths) = lengths_of(7);
    return decoder ? nn_decoder_forward(&l, x[0], x[1], self, cross, NULL)
                   : nn_encoder_forward(&l, x[0], self, NULL);
}

/* ---- the table ---- */

static nn_optimizer *sgd(nn_model *model) { return nn_sgd(model, arg(0)); }
static nn_optimizer *momentum(nn_model *model) { return nn_momentum(model, arg(0), arg(1)); }
static nn_optimizer *nesterov(nn_model *model) { return nn_nesterov(model, arg(0), arg(1)); }
static nn_optimizer *adagrad(nn_model *model) { return nn_adagrad(model, arg(0)); }
static nn_optimizer *rmsprop(nn_model *model) { return nn_rmsprop(model, arg(0)); }
static nn_optimizer *adam(nn_model *model) { return nn_adam(model, arg(0)); }
static nn_optimizer *adamw(nn_model *model) { return nn_adamw(model, arg(0), arg(1)); }

static nn_real step_lr(long t) { return nn_step_lr(arg(0), arg(1), (long)arg(2), t); }
static nn_real exponential_lr(long t) { return nn_exponential_lr(arg(0), arg(1), t); }
static nn_real cosine_annealing_lr(long t)
{
    return nn_cosine_annealing_lr(arg(0), arg(1), (long)arg(2), t);
}
static nn_real linear_lr(long t) { return nn_linear_lr(arg(0), arg(1), (long)arg(2), t); }

static double clip_norm(nn_model *model, nn_real limit) { return nn_clip_grad_norm(model, limit); }
static double clip_value(nn_model *model, nn_real limit)
{
    nn_clip_grad_value(model, limit);
    return 0;
}

typedef struct operation {
    const char *name; /* a case's name up to the slash */
    /* exactly one of these */
    nn_tensor *(*unary)(nn_tensor *x);
    nn_tensor *(*binary)(nn_tensor *a, nn_tensor *b);
    nn_tensor *(*other)(nn_tensor **x);
    nn_optimizer *(*optimizer)(nn_model *model);
    nn_real (*schedule)(long t);
    double (*clip)(nn_model *model, nn_real limit);
    double atol; /* of trained parameters */
    int cases;
    double worst;
} operation;

static operation table[] = {
    {.name = "add", .binary = nn_add},
    {.name = "sub", .binary = nn_sub},
    {.name = "mul", .binary = nn_mul},
    {.name = "div", .binary = nn_div},
    {.name = "mul_self", .unary = mul_self},
    {.name = "scale", .other = scale},
    {.name = "exp", .unary = nn_exp},
    {.name = "log", .unary = nn_log},
    {.name = "sqrt", .unary = nn_sqrt},
    {.name = "square", .unary = nn_square},
    {.name = "sin", .unary = nn_sin},
    {.name = "cos", .unary = nn_cos},
    {.name = "matmul", .binary = nn_matmul},
    {.name = "transpose", .other = transpose},
    {.name = "reshape", .other = reshape},
    {.name = "slice", .other = slice},
    {.name = "concat", .other = concat},
    {.name = "sum", .unary = nn_sum},
    {.name = "mean", .unary = nn_mean},
    {.name = "max", .unary = nn_max},
    {.name = "sum_axis", .other = sum_axis},
    {.name = "mean_axis", .other = mean_axis},
    {.name = "max_axis", .other = max_axis},
    {.name = "linear", .other = linear},
    {.name = "heaviside", .unary = nn_heaviside},
    {.name = "sigmoid", .unary = nn_sigmoid},
    {.name = "sigmoid_temperature", .other = sigmoid_temperature},
    {.name = "stochastic_binary", .other = stochastic_binary},
    {.name = "tanh", .unary = nn_tanh},
    {.name = "relu", .unary = nn_relu},
    {.name = "leaky_relu", .other = leaky_relu},
    {.name = "elu", .other = elu},
    {.name = "gelu", .unary = nn_gelu},
    {.name = "gelu_tanh", .unary = nn_gelu_tanh},
    {.name = "softmax", .unary = nn_softmax},
    {.name = "log_softmax", .unary = nn_log_softmax},
    {.name = "mse", .binary = nn_mse},
    {.name = "bce_with_logits", .binary = nn_bce_with_logits},
    {.name = "cross_entropy", .other = cross_entropy},
    {.name = "mse_reduced", .other = mse_reduced},
    {.name = "bce_reduced", .other = bce_reduced},
    {.name = "mae", .other = mae},
    {.name = "huber", .other = huber},
    {.name = "hinge", .other = hinge},
    {.name = "cross_entropy_weighted", .other = cross_entropy_weighted},
    {.name = "cross_entropy_soft", .other = cross_entropy_soft},
    {.name = "entropy", .other = entropy},
    {.name = "kl_div", .other = kl_div},
    {.name = "multiclass_hinge", .other = multiclass_hinge},
    {.name = "triplet", .other = triplet},
    {.name = "contrastive", .other = contrastive},
    {.name = "ctc", .other = ctc},
    {.name = "batch_norm", .other = batch_norm},
    {.name = "conv1d", .other = conv1d},
    {.name = "conv2d", .other = conv2d},
    {.name = "conv_transpose2d", .other = conv_transpose2d},
    {.name = "max_pool1d", .other = max_pool1d},
    {.name = "max_pool2d", .other = max_pool2d},
    {.name = "avg_pool1d", .other = avg_pool1d},
    {.name = "avg_pool2d", .other = avg_pool2d},
    {.name = "global_avg_pool2d", .unary = nn_global_avg_pool2d},
    {.name = "recurrent", .other = recurrent},
    {.name = "cell", .other = cell},
    {.name = "embedding", .other = embedding},
    {.name = "layer_norm", .other = layer_norm}, /* 15.10 */
    {.name = "multihead_attention", .other = multihead_attention},
    {.name = "transformer", .other = transformer},
    {.name = "train_sgd", .optimizer = sgd, .atol = 1e-5},
    {.name = "train_momentum", .optimizer = momentum, .atol = 1e-5},
    /* Adam divides by the gradient's size: where that is small its rounding shows in full. */
    {.name = "train_adam", .optimizer = adam, .atol = 1e-4},
    {.name = "train_adamw", .optimizer = adamw, .atol = 1e-4},
    {.name = "train_rmsprop", .optimizer = rmsprop, .atol = 1e-4},
    {.name = "train_nesterov", .optimizer = nesterov, .atol = 1e-5},
    {.name = "train_adagrad", .optimizer = adagrad, .atol = 1e-5},
    {.name = "step_lr", .schedule = step_lr},
    {.name = "exponential_lr", .schedule = exponential_lr},
    {.name = "cosine_annealing_lr", .schedule = cosine_annealing_lr},
    {.name = "linear_lr", .schedule = linear_lr},
    {.name = "clip_norm", .clip = clip_norm},
    {.name = "clip_value", .clip = clip_value},
};
enum { TABLE_SIZE = sizeof table / sizeof table[0] };

/* ---- the kinds of case ---- */

static void check_operation(nn_ctx *nn, const operation *op)
{
    const double atol = 1e-5, rtol = 1.3e-6; /* PyTorch's own for float */
    nn_tensor *x[MAX_ARRAYS] = {NULL};
    for (int i = 0; find("x", i); i++) x[i] = nn_requires_grad(input(nn, find("x", i)));
    nn_tensor *y = op->unary ? op->unary(need("x", 0) ? x[0] : NULL)
                 : op->binary ? op->binary(x[0], need("x", 1) ? x[1] : NULL)
                 : op->other(x);
    const array *expected = need("y", -1);
    if (!test_check(nn_shape_equal(y->shape, expected->shape), __FILE__, __LINE__)) {
        printf("%s: shape is %s, ", case_name, nn_shape_text(nn, y->shape));
        printf("expected %s\n", nn_shape_text(nn, expected->shape));
        return;
    }
    check_near(expected, y->data, atol, rtol);
    nn_tensor *loss = nn_sum(nn_mul(y, input(nn, need("r", -1))));
    /* The inputs' sum makes every gradient larger by 1, before the operation is reached on the way
     * back: it must add to what it finds, not overwrite it. */
    for (int i = 0; x[i]; i++) loss = nn_add(loss, nn_sum(x[i]));
    nn_backward(loss);
    for (int i = 0; x[i]; i++) {
        for (size_t j = 0; x[i]->grad && j < x[i]->size; j++) x[i]->grad[j] -= 1;
        check_near(need("g", i), x[i]->grad, atol, rtol);
    }
}

static void check_training(nn_ctx *nn, const operation *op)
{
    nn_model *model = nn_model_new(nn);
    nn_tensor *p[4];
    for (int i = 0; i < 4; i++) {
        const array *start = need("x", i);
        p[i] = nn_param(model, "", start->name, start->shape);
        if (p[i]->size == start->size)
            memcpy(p[i]->data, start->data, start->size * sizeof *start->data);
    }
    nn_linear fc1 = {p[0], p[1]}, fc2 = {p[2], p[3]};
    nn_optimizer *opt = op->optimizer(model);
    if (find("decay", -1)) opt->weight_decay = find("decay", -1)->data[0];
    nn_real losses[STEPS];
    for (int step = 0; step < STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *x = input(nn, need("x", -1));
        nn_tensor *z = nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, x)));
        nn_tensor *loss = nn_cross_entropy(z, labels_of(need("labels", -1)));
        losses[step] = nn_item(loss);
        nn_backward(loss);
        nn_step(opt);
    }
    if (need("y", -1)->size != STEPS) damaged("not as many losses as steps");
    check_near(need("y", -1), losses, 0, 1e-5);
    for (int i = 0; i < 4; i++) check_near(need("y", i), p[i]->data, op->atol, 0);
}

static void check_schedule(const operation *op)
{
    const array *expected = need("y", -1);
    nn_real rates[64];
    if (expected->size > sizeof rates / sizeof *rates) damaged("too many rates");
    for (size_t t = 0; t < expected->size; t++) rates[t] = op->schedule((long)t);
    check_near(expected, rates, 1e-7, 1e-6);
}

static void check_clip(nn_ctx *nn, const operation *op) /* rows 9.9, 9.10 */
{
    nn_model *model = nn_model_new(nn);
    for (int i = 0; find("x", i); i++) {
        nn_tensor *p = nn_param(model, "", need("x", i)->name, need("x", i)->shape);
        memcpy(p->grad, need("x", i)->data, p->size * sizeof *p->grad);
    }
    const nn_real norm = (nn_real)op->clip(model, arg(0));
    if (find("n", -1)) check_near(need("n", -1), &norm, 0, 1e-6);
    for (int i = 0; i < model->n_params; i++)
        check_near(need("c", i), model->param[i]->grad, 1e-30, 1.3e-6);
}

/* Counts as a failed check, instead of the abort that would end the other cases as well. */
static void on_error(void *user, nn_code code, const char *message)
{
    (void)user;
    test_check(0, __FILE__, __LINE__);
    printf("%s: error %d: %s\n", case_name, (int)code, message);
}

static void run_case(void)
{
    size_t length = strcspn(case_name, "/");
    operation *op = NULL;
    for (int i = 0; i < TABLE_SIZE; i++)
        if (strlen(table[i].name) == length && memcmp(table[i].name, case_name, length) == 0)
            op = &table[i];
    test_bad = 0;
    worst = 0;
    if (!op) {
        test_check(0, __FILE__, __LINE__);
        printf("%s is not in the table\n", case_name);
    } else {
        nn_ctx *nn = nn_create(1);
        nn_on_error(nn, on_error, NULL);
        if (op->optimizer) check_training(nn, op);
        else if (op->schedule) check_schedule(op);
        else if (op->clip) check_clip(nn, op);
        else check_operation(nn, op);
        nn_destroy(nn);
        op->cases++;
        if (worst > op->worst) op->worst = worst;
    }
    if (test_bad) test_failed++, printf("FAIL %s: %d checks\n", case_name, test_bad);
    else test_passed++;
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "tests/golden/vectors.txt";
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("cannot open %s: run me from the root of the repository\n", path);
        return 2;
    }
    while (read_case(file)) run_case();
    fclose(file);
    for (int i = 0; i < TABLE_SIZE; i++) {
        if (!table[i].cases) test_failed++, printf("FAIL %s: has no case\n", table[i].name);
        if (argc > 2)
            printf("%-16s %3d cases, %.3f of the tolerance\n", table[i].name, table[i].cases,
                   table[i].worst);
    }
    return test_summary();
}
