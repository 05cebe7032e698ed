/* What if there is no memory? Each scenario is run once undisturbed, and its requests for memory
 * are counted. Then it is run again for each request k: once with only the k-th request failing,
 * once with the k-th and all later ones. Whatever fails: no crash, an error of the right kind, no
 * block left behind, no weight half updated; and when memory is back, trying again gives the same
 * weights to the last bit as if nothing had happened.
 *
 *     cc -std=c99 -O1 -g tests/test_inject.c -lm -o test_inject && ./test_inject
 *
 * Run from the root of the repository, where it writes build/test_inject.*.
 */
#define _POSIX_C_SOURCE 200809L /* getpid */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- an allocator that counts, checks, and fails when told to ---- */

typedef struct pool {
    long requests;     /* so far */
    long fail_at;      /* this one fails, counted from 1; 0: none */
    int and_all_after; /* and those after it */
    int blocks;        /* not yet freed */
    int wrong;         /* blocks freed that are not ours, or freed twice */
    size_t shift;      /* blocks begin so many bytes after a multiple of 64 */
    size_t limit;      /* larger requests fail */
} pool;

typedef struct block_tag { /* stands before each block */
    pool *owner;
    void *start;
    size_t size;
} block_tag;

static void *pool_malloc(void *user, size_t size)
{
    pool *p = (pool *)user;
    p->requests++;
    if (p->fail_at && (p->and_all_after ? p->requests >= p->fail_at : p->requests == p->fail_at))
        return NULL;
    if (size > p->limit) return NULL;
    char *start = (char *)malloc(size + sizeof(block_tag) + 128);
    if (!start) return NULL;
    char *block = start + sizeof(block_tag);
    while ((uintptr_t)block % 64 != p->shift) block++;
    block_tag h = {p, start, size};
    memcpy(block - sizeof h, &h, sizeof h);
    memset(block, 0xa5, size); /* new memory holds anything but zeros */
    p->blocks++;
    return block;
}

static void pool_free(void *user, void *block)
{
    pool *p = (pool *)user;
    block_tag h;
    if (!block) return;
    memcpy(&h, (char *)block - sizeof h, sizeof h);
    if (h.owner != p) {
        p->wrong++;
        return;
    }
    p->blocks--;
    memset(block, 0x5a, h.size);
    memset((char *)block - sizeof h, 0, sizeof h);
    free(h.start);
}

static void *pool_realloc(void *user, void *block, size_t size)
{
    block_tag h;
    memcpy(&h, (char *)block - sizeof h, sizeof h);
    void *bigger = pool_malloc(user, size);
    if (!bigger) return NULL;
    memcpy(bigger, block, h.size < size ? h.size : size);
    pool_free(user, block);
    return bigger;
}

/* Two of these may run at once. */
#if defined __unix__ || defined __APPLE__
#include <unistd.h>
#define NUMBER ((long)getpid())
#else
#define NUMBER 0L
#endif
static char own_file[64];

#define NN_MALLOC(user, size) pool_malloc(user, size)
#define NN_REALLOC(user, p, size) pool_realloc(user, p, size)
#define NN_FREE(user, p) pool_free(user, p)

#define NN__BLOCK 1 /* each array is a request of its own */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static long runs; /* of scenarios, shown at the end */

/* ---- scenarios: each returns when it is done, or when something has failed ---- */

/* What a scenario may leave for the driver: weights to compare. */
typedef struct outcome {
    nn_real weights[512];
    size_t n;
} outcome;

static void silent(void *user, nn_code code, const char *message)
{
    (void)user, (void)code, (void)message;
}

static void copy_weights(const nn_model *model, nn_real *to, size_t *n)
{
    *n = 0;
    for (int i = 0; i < model->n_params; i++)
        for (size_t j = 0; j < model->param[i]->size && *n < 512; j++)
            to[(*n)++] = model->param[i]->data[j];
}

static void keep(outcome *out, const nn_model *model)
{
    copy_weights(model, out->weights, &out->n);
}

static const nn_real xor_x[8] = {0, 0, 0, 1, 1, 0, 1, 1}, xor_t[4] = {0, 1, 1, 0};

/* 1 if something has failed. Then there is memory again, and the scenario is to try once more. */
static int forgiven;
static int forgive(nn_ctx *nn)
{
    if (nn_ok(nn)) return 0;
    CHECK_INT(nn_error_code(nn), NN_ERROR_MEMORY);
    CHECK(strstr(nn_error(nn), "no memory for ") != NULL);
    ((pool *)nn->user)->fail_at = 0;
    nn_error_clear(nn);
    nn_clear(nn);
    forgiven++;
    return 1;
}

/* One step by the graph. Either all weights change or none; 1 if all. */
static int xor_step(nn_ctx *nn, nn_model *net, const nn_linear *fc1, const nn_linear *fc2,
                    nn_optimizer *opt)
{
    nn_real old[512], new[512];
    size_t n, m, changed = 0;
    nn_clear(nn);
    nn_zero_grad(net);
    nn_tensor *x = nn_input(nn, xor_x, nn_shape2(4, 2));
    nn_tensor *z = nn_linear_forward(fc2, nn_tanh(nn_linear_forward(fc1, x)));
    nn_tensor *loss = nn_bce_with_logits(z, nn_input(nn, xor_t, nn_shape2(4, 1)));
    nn_backward(loss);
    copy_weights(net, old, &n);
    const long step = opt->step;
    nn_step(opt);
    copy_weights(net, new, &m);
    for (size_t i = 0; i < n; i++) changed += old[i] != new[i];
    if (nn_ok(nn)) CHECK(changed == n && opt->step == step + 1); /* here no gradient is zero */
    else CHECK(changed == 0 && opt->step == step);
    return nn_ok(nn);
}

/* Training, each step repeated until it succeeds: then the weights are as if nothing had failed. */
static void train(nn_ctx *nn, outcome *out, int rule)
{
    nn_model *net = nn_model_new(nn);
    if (forgive(nn)) net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", 2, 5), fc2 = nn_linear_new(net, "fc2", 5, 1);
    nn_optimizer *opt = rule == 0 ? nn_sgd(net, (nn_real)0.1)
                        : rule == 1 ? nn_momentum(net, (nn_real)0.1, (nn_real)0.9)
                                    : nn_adam(net, (nn_real)0.01);
    if (!nn_ok(nn)) return;
    for (int step = 0; step < 3; step++)
        for (int tries = 0; !xor_step(nn, net, &fc1, &fc2, opt) && tries < 2; tries++) forgive(nn);
    keep(out, net);
}
static void train_sgd(nn_ctx *nn, outcome *out) { train(nn, out, 0); }
static void train_momentum(nn_ctx *nn, outcome *out) { train(nn, out, 1); }
static void train_adam(nn_ctx *nn, outcome *out) { train(nn, out, 2); }

/* A layer that was refused can be made again under the same name, with the same random numbers. */
static void layers(nn_ctx *nn, outcome *out)
{
    static const int width[3] = {2, 350, 2};
    nn_model *net = nn_model_new(nn);
    if (forgive(nn)) net = nn_model_new(nn);
    nn_linear fc = nn_linear_new(net, "fc", 300, 210);
    if (forgive(nn)) fc = nn_linear_new(net, "fc", 300, 210);
    nn_mlp m = nn_mlp_new(net, "mlp", width, 3, NN_TANH, NN_SIGMOID);
    if (forgive(nn)) m = nn_mlp_new(net, "mlp", width, 3, NN_TANH, NN_SIGMOID);
    nn_tensor *own = nn_param(net, "", "own", nn_shape2(700, 1));
    if (forgive(nn)) own = nn_param(net, "", "own", nn_shape2(700, 1));
    if (!nn_ok(nn)) return;
    CHECK_INT(net->n_params, 2 + 4 + 1);
    CHECK(fc.weight->size == 63000 && m.layers == 3 && own->size == 700);
    nn_optimizer *opt = nn_momentum(net, 1, 0);
    if (forgive(nn)) opt = nn_momentum(net, 1, 0);
    CHECK(opt->update != NULL);
    for (int i = 0; i < net->n_params; i++) CHECK(net->param[i]->grad && net->param[i]->size);
    keep(out, net);
}

/* One layer, and Adam with two arrays for each parameter. */
static void one_layer(nn_ctx *nn, outcome *out)
{
    nn_model *net = nn_model_new(nn);
    if (forgive(nn)) net = nn_model_new(nn);
    nn_linear fc = nn_linear_new(net, "fc", 1, 700);
    if (forgive(nn)) fc = nn_linear_new(net, "fc", 1, 700);
    if (!nn_ok(nn)) return;
    nn_optimizer *opt = nn_adam(net, (nn_real)0.01);
    if (forgive(nn)) opt = nn_adam(net, (nn_real)0.01);
    CHECK_INT(net->n_params, 2);
    for (int tries = 0; nn_ok(nn) && tries < 3; tries++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_real one = 1, before_w = fc.weight->data[0], before_b = fc.bias->data[699];
        nn_backward(
            nn_mean(nn_square(nn_linear_forward(&fc, nn_input(nn, &one, nn_shape2(1, 1))))));
        nn_step(opt);
        const int w = fc.weight->data[0] != before_w, b = fc.bias->data[699] != before_b;
        if (nn_ok(nn)) CHECK(w && b && opt->step == 1);
        else CHECK(!w && !b && opt->step == 0);
        if (nn_ok(nn)) break;
        forgive(nn);
    }
    keep(out, net);
}

static void train_mlp(nn_ctx *nn, outcome *out)
{
    static const int width[3] = {2, 300, 1};
    nn_model *net = nn_model_new(nn);
    nn_mlp m = nn_mlp_new(net, "m", width, 3, NN_TANH, NN_SIGMOID);
    nn_optimizer *opt = nn_momentum(net, (nn_real)0.1, (nn_real)0.9);
    if (!nn_ok(nn)) return;
    for (int step = 0; step < 3; step++) {
        nn_real old[512], new[512];
        size_t n, k;
        const int samples = step == 2 ? 4 : 3; /* the last step needs more room */
        copy_weights(net, old, &n);
        nn_zero_grad(net);
        CHECK((nn_mlp_forward(&m, xor_x, samples) != NULL) == nn_ok(nn));
        nn_mlp_loss(&m, xor_t);
        nn_mlp_backward(&m, xor_t);
        nn_step(opt);
        copy_weights(net, new, &k);
        if (!nn_ok(nn)) CHECK(memcmp(old, new, n * sizeof *old) == 0);
        else CHECK(memcmp(old, new, n * sizeof *old) != 0);
        if (!forgive(nn)) continue;
        CHECK(nn_mlp_forward(&m, xor_x, 2) != NULL); /* fewer than fitted before */
        step--;
    }
    keep(out, net);
}

/* What was read is whole, or nothing. */
static void check_table(const nn_table *t)
{
    if (nn_ok(t->ctx)) CHECK(t->rows == 60 && t->cols == 4 && t->data && t->name && t->category);
    else CHECK(t->rows == 0 && t->cols == 0 && !t->data && !t->name && !t->category);
}

static void check_data(const nn_dataset *d, int n)
{
    if (nn_ok(d->ctx)) CHECK(d->n == n && (d->x || d->bytes) && (d->label || d->target));
    else CHECK(d->n == 0 && !d->x && !d->bytes && !d->label && !d->target);
}

static char csv_text[4096];
static void write_csv(void)
{
    size_t n = (size_t)snprintf(csv_text, sizeof csv_text, "a,b,c,kind\n");
    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(csv_text + n, sizeof csv_text - n, "%d,%g,%d,kind%d\n", i, i * 0.25,
                              i % 7, i % 20);
}

static void csv(nn_ctx *nn, outcome *out)
{
    const nn_csv_options options = {1, 0, NN_MISSING_ERROR, 1};
    nn_table t = nn_csv_parse(nn, csv_text, strlen(csv_text), options);
    check_table(&t);
    if (forgive(nn)) t = nn_csv_parse(nn, csv_text, strlen(csv_text), options);
    check_table(&t);
    if (!nn_ok(nn)) return;
    nn_dataset all = nn_dataset_classes(&t, -1), train, test, numbers;
    check_data(&all, 60);
    if (forgive(nn)) all = nn_dataset_classes(&t, -1);
    if (!nn_ok(nn)) return;
    CHECK(all.classes == 20 && strcmp(all.class_name[19], "kind19") == 0);
    numbers = nn_dataset_targets(&t, 2);
    check_data(&numbers, 60);
    if (forgive(nn)) numbers = nn_dataset_targets(&t, 2);
    nn_split(&numbers, 0.25, &train, &test);
    if (forgive(nn)) nn_split(&numbers, 0.25, &train, &test);
    check_data(&test, 15);
    uint64_t chance[4];
    memcpy(chance, nn->random, sizeof chance);
    nn_split(&all, 0.25, &train, &test);
    if (!nn_ok(nn))
        CHECK(train.n == 0 && test.n == 0 && !memcmp(chance, nn->random, sizeof chance));
    if (forgive(nn)) nn_split(&all, 0.25, &train, &test);
    if (!nn_ok(nn)) return;
    check_data(&train, 45);
    check_data(&test, 15);
    nn_scaler s = nn_scaler_fit(&train);
    if (!nn_ok(nn)) CHECK(s.size == 0 && !s.mean && !s.std);
    if (forgive(nn)) s = nn_scaler_fit(&train);
    if (!nn_ok(nn)) return;
    nn_scaler_apply(&s, &train);
    nn_batches b = nn_batches_new(&train, 20, 1);
    if (!nn_ok(nn)) CHECK(!b.order && !b.label && nn_next_batch(&b) == 0);
    if (forgive(nn)) b = nn_batches_new(&train, 20, 1);
    out->n = 0;
    while (nn_next_batch(&b))
        for (int tries = 0; tries < 2; tries++) {
            nn_clear(nn);
            nn_tensor *x = nn_batch_x(&b);
            if (forgive(nn)) continue;
            for (size_t i = 0; i < x->size && out->n < 512; i++)
                out->weights[out->n++] = x->data[i];
            break;
        }
}

/* A table without a header, a text as tokens, and back. */
static void words(nn_ctx *nn, outcome *out)
{
    static const char text[] = "the cat and the dog and the fish", saved[] = "words 2\n<unk>\nthe\n";
    const nn_csv_options options = {0, 0, NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_parse(nn, "1,2\n3,4\n", 8, options);
    if (!nn_ok(nn)) CHECK(!table.rows && !table.data && !table.name);
    if (forgive(nn)) table = nn_csv_parse(nn, "1,2\n3,4\n", 8, options);
    nn_vocab v = nn_vocab_new(nn, NN_WORDS, text, strlen(text), 5);
    if (!nn_ok(nn)) CHECK(v.n == 0 && !v.token && !v.slot);
    if (forgive(nn)) v = nn_vocab_new(nn, NN_WORDS, text, strlen(text), 5);
    int n, *ids = nn_vocab_encode(&v, text, strlen(text), &n);
    if (!nn_ok(nn)) CHECK(!ids && n == 0);
    if (forgive(nn)) ids = nn_vocab_encode(&v, text, strlen(text), &n);
    nn_text back = nn_vocab_decode(&v, ids, n);
    if (!nn_ok(nn)) CHECK(back.size == 0 && back.bytes[0] == 0);
    if (forgive(nn)) back = nn_vocab_decode(&v, ids, n);
    nn_vocab read = nn_vocab_parse(nn, saved, strlen(saved));
    if (!nn_ok(nn)) CHECK(read.n == 0 && !read.token && !read.slot);
    if (forgive(nn)) read = nn_vocab_parse(nn, saved, strlen(saved));
    if (!nn_ok(nn)) return;
    CHECK(v.n == 5 && n == 8 && read.n == 2 && table.rows == 2);
    CHECK_STR(back.bytes, "the cat and the dog and the <unk>");
    for (int i = 0; i < n; i++) out->weights[i] = (nn_real)ids[i];
    out->n = 8;
}

/* k-means, principal components, the pocket algorithm: 40 samples of 3 numbers. */
static void unsupervised(nn_ctx *nn, outcome *out)
{
    nn_real x[120], y[80], w[3] = {0, 0, 0};
    int label[40];
    for (int i = 0; i < 120; i++) x[i] = nn_normal(nn, 0, 1) + (nn_real)(i / 30);
    for (int i = 0; i < 40; i++) label[i] = i % 4 < 2; /* not separable */
    nn_pca p = nn_pca_fit(nn, x, 40, 3, 2);
    if (!nn_ok(nn)) CHECK(p.k == 0);
    if (forgive(nn)) p = nn_pca_fit(nn, x, 40, 3, 2);
    uint64_t chance[4];
    memcpy(chance, nn->random, sizeof chance);
    nn_kmeans m = nn_kmeans_fit(nn, x, 40, 3, 4, 20);
    if (!nn_ok(nn)) CHECK(m.k == 0 && !memcmp(chance, nn->random, sizeof chance));
    if (forgive(nn)) m = nn_kmeans_fit(nn, x, 40, 3, 4, 20);
    nn_perceptron unit = {w, 0, 3};
    nn_perceptron_pocket(nn, &unit, x, label, 40, 1, 3);
    if (!nn_ok(nn)) CHECK(w[0] == 0 && w[1] == 0 && w[2] == 0 && unit.b == 0);
    if (forgive(nn)) nn_perceptron_pocket(nn, &unit, x, label, 40, 1, 3);
    if (!nn_ok(nn)) return;
    nn_pca_project(&p, x, 40, y);
    memcpy(out->weights, y, sizeof y);
    memcpy(out->weights + 80, m.center, 12 * sizeof *w);
    memcpy(out->weights + 92, w, sizeof w);
    out->n = 95;
}

/* Sound of another speed and height; poolings that find no room of an earlier call. */
static void slides(nn_ctx *nn, outcome *out)
{
    nn_tensor *y = NULL;
    for (int kind = 0; kind < 6; kind++) {
        for (int tries = 0; tries < 2; tries++) {
            nn_seed(nn, 5);
            nn_clear(nn);
            const nn_shape shape = kind < 4 ? nn_shape4(1, 2, 6, 6) : nn_shape3(1, 2, 200);
            nn_tensor *x = nn_requires_grad(nn_rand(nn, shape, -1, 1));
            if (kind == 0) y = nn_max_pool2d(x, 2, 2, 1);
            if (kind == 1) y = nn_avg_pool2d(x, 3, 1, 1);
            if (kind == 2) y = nn_global_avg_pool2d(x);
            if (kind == 3) y = nn_flatten(x);
            if (kind == 4) y = nn_max_pool1d(x, 3, 1, 1);
            if (kind == 5) y = nn_time_pitch(nn_detach(x), 8000, (nn_real)1.5, 2);
            y = nn_sum(y);
            if (kind < 5) nn_backward(y);
            if (nn_ok(nn)) out->weights[kind] = nn_item(y);
            if (!forgive(nn)) break;
        }
    }
    out->n = 6;
}

/* A model into bytes, and another one out of them: it is as in the bytes, or as before. */
typedef struct bytes_left {
    const unsigned char *at;
    size_t left;
} bytes_left;
static size_t read_some(void *user, void *to, size_t n)
{
    bytes_left *b = (bytes_left *)user;
    if (n > 100) n = 100;
    if (n > b->left) n = b->left;
    memcpy(to, b->at, n);
    b->at += n, b->left -= n;
    return n;
}

static void in_memory(nn_ctx *nn, outcome *out)
{
    unsigned char bytes[4000];
    nn_real before[100], after[100], wanted[100];
    nn_model *from = nn_model_new(nn), *to = nn_model_new(nn);
    nn_linear_new(from, "fc", 8, 7);
    nn_linear fc = nn_linear_new(to, "fc", 8, 7);
    nn_batch_norm_new(from, "bn", 7);
    nn_batch_norm_new(to, "bn", 7);
    if (!nn_ok(nn)) return;
    const size_t room = nn_model_size(to);
    CHECK(room < 100);
    nn_model_get(from, wanted);
    nn_model_get(to, before);
    size_t size = nn_save_memory(from, bytes, sizeof bytes);
    CHECK((size > 0) == nn_ok(nn));
    if (forgive(nn)) size = nn_save_memory(from, bytes, sizeof bytes);
    for (int by_reader = 0; by_reader < 2; by_reader++)
        for (int tries = 0; nn_ok(nn) && tries < 2; tries++) {
            bytes_left b = {bytes, size};
            const nn_reader reader = {read_some, &b};
            nn_model_set(to, before);
            const int loaded = by_reader ? nn_load_reader(to, reader) : nn_load_memory(to, bytes, size);
            CHECK(loaded == nn_ok(nn));
            nn_model_get(to, after);
            CHECK(memcmp(after, loaded ? wanted : before, room * sizeof *after) == 0);
            if (!forgive(nn)) break;
        }
    memcpy(out->weights, fc.weight->data, 56 * sizeof *after);
    out->n = 56;
}

/* A checkpoint with the place in an epoch; the optimizer has made no step before. */
static void interrupted(nn_ctx *nn, outcome *out)
{
    nn_real x[40] = {0};
    int label[20] = {0};
    nn_dataset d = {nn, 20, nn_shape1(2), 2, x, NULL, label, 1, NULL, NULL};
    nn_model *net = nn_model_new(nn);
    nn_linear_new(net, "fc", 2, 3);
    nn_optimizer *opt = nn_adam(net, (nn_real)0.1);
    nn_batches b = nn_batches_new(&d, 4, 1);
    if (!nn_ok(nn)) return;
    nn_next_batch(&b);
    int saved = nn_checkpoint_save(opt, &b, own_file);
    CHECK(saved == nn_ok(nn));
    if (forgive(nn)) saved = nn_checkpoint_save(opt, &b, own_file);
    nn_next_batch(&b);
    opt->lr = 5;
    int loaded = nn_checkpoint_load(opt, &b, own_file);
    if (!loaded) CHECK(!nn_ok(nn) && b.next == 8 && opt->lr == 5);
    if (forgive(nn)) loaded = nn_checkpoint_load(opt, &b, own_file);
    remove(own_file);
    if (!nn_ok(nn)) return;
    CHECK(saved && loaded && b.next == 4 && opt->lr == (nn_real)0.1);
    for (int i = 0; i < 20; i++) out->weights[i] = (nn_real)b.order[i];
    out->n = 20;
}

/* 30 x 30 pictures, and labels. */
static void idx(nn_ctx *nn, outcome *out)
{
    static unsigned char images[16 + 3 * 30 * 30] = {0, 0, 8, 3,  0, 0, 0, 3,
                                                       0, 0, 0, 30, 0, 0, 0, 30};
    static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};
    for (size_t i = 16; i < sizeof images; i++) images[i] = (unsigned char)(i % 251);
    nn_idx a = nn_idx_parse(nn, images, sizeof images), b = nn_idx_parse(nn, labels, sizeof labels);
    nn_dataset d = nn_dataset_idx(&a, &b), train, test;
    check_data(&d, 3);
    if (forgive(nn)) d = nn_dataset_idx(&a, &b);
    if (!nn_ok(nn)) return;
    nn_split(&d, 0.4, &train, &test);
    if (!nn_ok(nn)) CHECK(train.n == 0 && test.n == 0 && !train.bytes && !test.bytes);
    if (forgive(nn)) nn_split(&d, 0.4, &train, &test);
    nn_dataset_x(&d);
    forgive(nn);
    FILE *file = fopen(own_file, "wb"); /* the same from a file */
    if (!file) return;
    fwrite(images, 1, sizeof images, file);
    fclose(file);
    a = nn_idx_load(nn, own_file);
    if (!nn_ok(nn)) CHECK(!a.bytes && a.size == 0 && a.shape.ndim == 0 && a.type == 0);
    if (forgive(nn)) a = nn_idx_load(nn, own_file);
    remove(own_file);
    if (!nn_ok(nn) || !a.bytes) return;
    CHECK(memcmp(a.bytes, images + 16, sizeof images - 16) == 0);
    out->weights[0] = (nn_real)nn_idx_value(&a, 1000);
    out->n = 1;
}

/* The operation of the manual: one that a reader wrote. */
static void cube_backward(nn_tensor *y)
{
    nn_tensor *x = y->in[0];
    for (size_t i = 0; i < y->size; i++) x->grad[i] += 3 * x->data[i] * x->data[i] * y->grad[i];
}

static nn_tensor *cube(nn_tensor *x)
{
    if (!nn_op_check("cube", &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("cube", x->shape, &x, 1, cube_backward, 0);
    for (size_t i = 0; i < y->size; i++) y->data[i] = x->data[i] * x->data[i] * x->data[i];
    return nn_op_done(y);
}

/* Every operation once, with gradients: the gradients are the outcome. */
static nn_tensor *everything(nn_ctx *nn, nn_tensor *w)
{
    static const int label[4] = {0, 2, -1, 1}, same[4] = {0, 1, -1, 0};
    nn_tensor *r = nn_add(nn_randn(nn, nn_shape2(4, 3)), nn_rand(nn, nn_shape1(3), 0, 1));
    nn_tensor *a = nn_add(w, r), *b = nn_sub(nn_mul(a, w), nn_scale(r, (nn_real)0.5));
    nn_tensor *c = nn_div(b, nn_add(nn_exp(nn_square(w)), nn_full(nn, nn_shape0(), 1)));
    nn_tensor *d = nn_log(nn_add(nn_square(c), nn_full(nn, nn_shape1(1), 1)));
    nn_tensor *e = nn_sqrt(nn_add(d, nn_full(nn, nn_shape1(1), 1)));
    nn_tensor *f = nn_matmul(e, nn_transpose(a, 0, 1)); /* [4, 4] */
    nn_tensor *parts[2] = {nn_slice(f, 1, 0, 2), nn_slice(f, 1, 1, 4)};
    nn_tensor *g = nn_reshape(nn_concat(1, 2, parts), nn_shape2(-1, 4)); /* [5, 4] */
    nn_tensor *h =
        nn_activate(nn_tanh(nn_sigmoid(nn_leaky_relu(nn_relu(cube(g)), (nn_real)0.1))), NN_RELU);
    nn_tensor *i = nn_softmax(nn_add(h, nn_sum_axis(h, 0)));
    nn_tensor *j = nn_sub(nn_mean_axis(i, 1), nn_max_axis(nn_requires_grad(i), 1)); /* [5, 1] */
    nn_tensor *loss = nn_add(nn_sum(j), nn_add(nn_mean(h), nn_max(f)));
    nn_tensor *more[9] = {nn_sin(a), nn_cos(a), nn_heaviside(a), nn_stochastic_binary(a),
                          nn_sigmoid_temperature(a, 2), nn_elu(a, 1), nn_gelu(a), nn_gelu_tanh(a),
                          nn_log_softmax(a)};
    loss = nn_add(loss, nn_mean(nn_concat(0, 9, more)));
    loss = nn_add(loss, nn_cross_entropy(a, label));
    loss = nn_add(loss, nn_mse(a, nn_one_hot(nn, label, 4, 3)));
    nn_tensor *one_hot = nn_one_hot(nn, label, 4, 3), *frames = nn_reshape(a, nn_shape3(1, 4, 3));
    int text[4];
    nn_ctc_decode(frames, NULL, 0, 2, text);
    nn_tensor *losses[11] = {
        nn_bce_with_logits(a, one_hot), nn_mae(a, one_hot), nn_huber(a, one_hot, 1),
        nn_hinge(a, nn_full(nn, nn_shape2(4, 3), 1)), nn_kl_div(a, nn_softmax(a)),
        nn_cross_entropy_soft(a, one_hot), nn_cross_entropy_weighted(a, label, NULL, 0),
        nn_multiclass_hinge(a, label), nn_triplet(a, one_hot, b, 1),
        nn_contrastive(a, one_hot, same, 1), nn_ctc(frames, NULL, label, 1, 1)};
    for (int k = 0; k < 11; k++) loss = nn_add(loss, losses[k]);
    return loss;
}

static void operations(nn_ctx *nn, outcome *out)
{
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(4, 3));
    if (!nn_ok(nn)) return;
    for (size_t i = 0; i < w->size; i++) w->data[i] = (nn_real)0.1 * (nn_real)i;
    for (int tries = 0; tries < 2; tries++) {
        nn_seed(nn, 5);
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *loss = everything(nn, w);
        nn_backward(loss);
        if (!nn_ok(nn)) CHECK(loss != NULL);
        if (!forgive(nn)) break;
    }
    memcpy(out->weights, w->grad, w->size * sizeof *w->grad);
    out->n = w->size;
}

/* The first that needs workspace. */
static void uncertain(nn_ctx *nn, outcome *out)
{
    static const nn_real p[4] = {0.5f, 0.5f, 1, 0};
    for (int tries = 0; tries < 2; tries++) {
        nn_clear(nn);
        nn_tensor *h = nn_entropy(nn_input(nn, p, nn_shape2(2, 2)));
        out->weights[0] = h->size ? h->data[0] : 0;
        if (!forgive(nn)) break;
    }
    out->n = 1;
}

/* Some again, with larger operands. */
static void large_operations(nn_ctx *nn, outcome *out)
{
    static int label[30];
    for (int i = 0; i < 30; i++) label[i] = i % 7 - 1;
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(30, 30));
    if (!nn_ok(nn)) return;
    for (size_t i = 0; i < w->size; i++) w->data[i] = (nn_real)0.001 * (nn_real)(i % 17);
    for (int tries = 0; tries < 2; tries++) {
        nn_seed(nn, 5);
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_randn(nn, nn_shape2(30, 30)), *y = nn_matmul(x, w);
        y = nn_div(nn_mul(nn_sub(y, w), w), nn_add(nn_square(w), nn_full(nn, nn_shape0(), 1)));
        nn_tensor *loss = nn_add(nn_mse(y, x), nn_mean(nn_max_axis(y, 1)));
        nn_backward(nn_add(loss, nn_cross_entropy(nn_softmax(y), label)));
        if (!forgive(nn)) break;
    }
    for (out->n = 0; out->n < 100; out->n++) out->weights[out->n] = w->grad[8 * out->n];
}

static nn_tensor *check_loss(void *user)
{
    nn_tensor *w = (nn_tensor *)user;
    return nn_mean(nn_square(nn_matmul(w, nn_transpose(w, 0, 1))));
}

static void gradcheck(nn_ctx *nn, outcome *out)
{
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(2, 3));
    if (!nn_ok(nn)) return;
    for (size_t i = 0; i < w->size; i++) w->data[i] = (nn_real)i;
    double worst = nn_gradcheck(net, check_loss, w, (nn_real)0.01).error;
    for (size_t i = 0; i < w->size; i++) CHECK_NEAR(w->data[i], i, 0);
    CHECK(nn->grad_enabled);
    if (!nn_ok(nn)) CHECK(worst != worst);
    if (forgive(nn)) worst = nn_gradcheck(net, check_loss, w, (nn_real)0.01).error;
    out->weights[0] = (nn_real)worst;
    out->n = 1;
}

/* A truth table of 10 inputs, 350 samples of 20 numbers. */
static void perceptrons(nn_ctx *nn, outcome *out)
{
    static int table[1 << 10], label[350];
    static nn_real x[350 * 20], w[20];
    const nn_real ones[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (int i = 0; i < 1 << 10; i++) table[i] = i % 5 != 0;
    for (int i = 0; i < 350; i++) label[i] = i % 2;
    for (int i = 0; i < 350 * 20; i++) x[i] = nn_uniform(nn, -1, 1) + (nn_real)(i / 20 % 2 * 3);
    nn_boolean f = nn_boolean_new(nn, table, 10);
    if (!nn_ok(nn)) CHECK(!f.unit && !f.y && f.hidden == 0 && nn_boolean_forward(&f, ones) == 0);
    if (forgive(nn)) f = nn_boolean_new(nn, table, 10);
    if (nn_ok(nn)) CHECK_INT(nn_boolean_forward(&f, ones), table[(1 << 10) - 1]);
    nn_perceptron p = {w, 0, 20};
    memset(w, 0, sizeof w);
    int yes = nn_separable(nn, x, label, 350, &p);
    if (!nn_ok(nn)) CHECK(!yes && w[0] == 0 && p.b == 0);
    if (forgive(nn)) yes = nn_separable(nn, x, label, 350, &p);
    CHECK_INT(yes, nn_ok(nn));
    memcpy(out->weights, w, sizeof w);
    out->n = 20;
}

/* The metrics that need memory. */
static double mean_index(void *user, const int *index, int n)
{
    double sum = 0;
    (void)user;
    for (int i = 0; i < n; i++) sum += index[i];
    return sum / n;
}

static nn_tensor *threefold(void *user, nn_tensor *x)
{
    (void)user;
    return nn_scale(x, 3);
}

static void measured(nn_ctx *nn, outcome *out)
{
    static const int id[9] = {1, 2, 3, 4, 3, 2, 1, 2, 3};
    static nn_real x[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, y[10];
    int label[5] = {0}, kept[3];
    const nn_tokens a = {id, 9}, b = {id + 3, 6};
    const nn_dataset d = {nn, 5, nn_shape1(2), 2, x, NULL, label, 1, NULL, NULL};
    const nn_object o[3] = {{0, 0, {0, 0, 2, 2}, 1}, {0, 0, {0, 0, 2, 1}, 2}, {1, 0, {0, 0, 1, 1}, 3}};
    nn_object many[400]; /* more than the memory that the metrics before it have left */
    for (int i = 0; i < 400; i++) many[i] = o[i % 3];
    for (int kind = 0; kind < 6; kind++)
        for (int tries = 0; tries < 2; tries++) {
            double v = 0;
            nn_seed(nn, 5);
            memset(y, 0, sizeof y);
            if (kind == 0) v = nn_rouge_l(nn, a, &b, 1).f1;
            if (kind == 1) v = nn_nms(nn, o, 3, 0.25, kept);
            if (kind == 2) v = nn_detection_match(nn, o, 3, o, 2, 0.25, kept);
            if (kind == 3) v = nn_detection_ap(nn, many, 400, o, 2, -1, 0, NN_AP_101_POINTS);
            if (kind == 4) v = nn_bootstrap_interval(nn, mean_index, NULL, 9, 20, 0.5).std;
            if (kind == 5) v = nn_evaluate(&d, threefold, NULL, 2, 2, y) * (double)y[9];
            CHECK(nn->training && nn->grad_enabled);
            CHECK((v > 0) == nn_ok(nn));
            out->weights[kind] = (nn_real)v;
            if (!forgive(nn)) break;
        }
    out->n = 6;
}

/* Layers and a step of chapter 8. */
static void regularised(nn_ctx *nn, outcome *out)
{
    enum { WIDE = 330 };
    nn_model *net = nn_model_new(nn);
    if (forgive(nn)) net = nn_model_new(nn);
    nn_batch_norm bn = nn_batch_norm_new(net, "bn", WIDE);
    if (!nn_ok(nn)) CHECK_INT(net->n_params, 0);
    if (forgive(nn)) bn = nn_batch_norm_new(net, "bn", WIDE);
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(2, WIDE));
    if (forgive(nn)) w = nn_param(net, "", "w", nn_shape2(2, WIDE));
    nn_early_stopping s = nn_early_stopping_new(net, 1, 0);
    if (forgive(nn)) s = nn_early_stopping_new(net, 1, 0);
    nn_optimizer *opt = nn_momentum(net, (nn_real)0.1, (nn_real)0.9);
    if (!nn_ok(nn)) return;
    for (int tries = 0; tries < 2; tries++) {
        nn_seed(nn, 5);
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_add(nn_rand(nn, nn_shape2(2, WIDE), -1, 1), w);
        memset(bn.running_mean->data, 0, WIDE * sizeof(nn_real));
        x = nn_dropout(nn_batch_norm_forward(&bn, x), (nn_real)0.5);
        nn_tensor *loss = nn_mean(nn_square(nn_dropout_standard(x, (nn_real)0.1)));
        nn_backward(nn_add(loss, nn_add(nn_l1_penalty(net, 1), nn_l2_penalty(net, 1))));
        nn_step(opt);
        nn_soft_threshold(net, (nn_real)0.001);
        if (nn_ok(nn)) CHECK_INT(nn_early_stop(&s, 1), 0);
        if (!forgive(nn)) break;
    }
    if (!nn_ok(nn)) return;
    CHECK_INT(nn_early_stop(&s, 1), 1);
    memcpy(out->weights, s.weights + 4 * WIDE, 100 * sizeof(nn_real));
    out->n = 100;
}

/* Two steps of chapter 12: the gradient of a strided convolution needs memory, too. */
static void convolutional(nn_ctx *nn, outcome *out)
{
    nn_model *net = nn_model_new(nn);
    if (forgive(nn)) net = nn_model_new(nn);
    nn_conv2d wide = nn_conv2d_new(net, "wide", 60, 70, 5, 2, 2); /* a request of its own */
    if (!nn_ok(nn)) CHECK_INT(net->n_params, 0);
    if (forgive(nn)) wide = nn_conv2d_new(net, "wide", 60, 70, 5, 2, 2);
    nn_conv_transpose2d up = nn_conv_transpose2d_new(net, "up", 70, 60, 5, 2, 2);
    if (!nn_ok(nn)) CHECK_INT(net->n_params, 2);
    if (forgive(nn)) up = nn_conv_transpose2d_new(net, "up", 70, 60, 5, 2, 2);
    nn_optimizer *opt = nn_sgd(net, (nn_real)0.1);
    if (!nn_ok(nn)) return;
    for (int tries = 0; tries < 2; tries++) {
        nn_seed(nn, 5);
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_requires_grad(nn_rand(nn, nn_shape4(2, 60, 31, 31), -1, 1));
        nn_tensor *y = nn_max_pool2d(nn_conv2d_forward(&wide, x), 3, 1, 1);
        y = nn_avg_pool2d(nn_conv_transpose2d_forward(&up, y), 2, 0, 0);
        nn_backward(nn_mean(nn_square(y)));
        if (nn_ok(nn)) nn_step(opt);
        if (!forgive(nn)) break;
    }
    if (!nn_ok(nn)) return;
    memcpy(out->weights, up.weight->data, 100 * sizeof(nn_real));
    out->n = 100;
}

/* ---- the driver ---- */

typedef void (*scenario)(nn_ctx *nn, outcome *out);

/* Runs f with request k failing (0: none). How many requests there were; 0 if not finished. */
static long run_one(scenario f, pool *p, long k, int and_all_after, outcome *out)
{
    const pool fresh = {0, k, and_all_after, 0, 0, 0, (size_t)1 << 28};
    *p = fresh;
    memset(out, 0, sizeof *out);
    forgiven = 0;
    runs++;
    nn_ctx *nn = nn_create_user(7, p);
    if (!nn) {
        CHECK(k == 1);
        CHECK_INT(p->blocks, 0);
        return 0;
    }
    nn_on_error(nn, silent, NULL);
    f(nn, out);
    const int failed = !nn_ok(nn) || forgiven;
    if (!nn_ok(nn)) CHECK_INT(nn_error_code(nn), NN_ERROR_MEMORY);
    if (!nn_ok(nn)) CHECK(strstr(nn_error(nn), "no memory for ") != NULL);
    const long requests = nn_ok(nn) ? p->requests : 0;
    if (k) CHECK(failed); /* no failure may pass unnoticed */
    p->fail_at = 0; /* memory is back: the context must be as good as new */
    nn_error_clear(nn);
    nn_clear(nn);
    nn_tensor *one = nn_full(nn, nn_shape2(2, 2), 1);
    CHECK_NEAR(nn_item(nn_sum(nn_matmul(one, one))), 8, 0);
    nn_destroy(nn);
    CHECK_INT(p->blocks, 0);
    CHECK_INT(p->wrong, 0);
    return requests;
}

static void inject(const char *name, scenario f)
{
    pool p;
    outcome whole, out;
    const long requests = run_one(f, &p, 0, 0, &whole);
    CHECK(requests > 1 && whole.n > 0);
    for (long k = 1; k <= requests; k++)
        for (int after = 0; after < 2; after++) {
            const int bad = test_bad;
            if (run_one(f, &p, k, after, &out)) /* where the scenario tries again, it succeeds */
                CHECK(out.n == whole.n &&
                      !memcmp(out.weights, whole.weights, sizeof whole.weights));
            if (test_bad > bad) printf("    %s: request %ld of %ld%s\n", name, k, requests,
                                       after ? " and all after it" : "");
        }
}

static void layers_of_all_kinds(void) { inject("layers", layers); }
static void one_layer_and_adam(void) { inject("one_layer", one_layer); }
static void training_sgd(void) { inject("train_sgd", train_sgd); }
static void training_momentum(void) { inject("train_momentum", train_momentum); }
static void training_adam(void) { inject("train_adam", train_adam); }
static void training_mlp(void) { inject("train_mlp", train_mlp); }
static void data_from_csv(void) { write_csv(), inject("csv", csv); }
static void tokens(void) { inject("words", words); }
static void without_labels(void) { inject("unsupervised", unsupervised); }
static void pooling_and_sound(void) { inject("slides", slides); }
static void models_in_memory(void) { inject("in_memory", in_memory); }
static void checkpoints(void) { inject("interrupted", interrupted); }
static void data_from_idx(void) { inject("idx", idx); }
static void all_operations(void) { inject("operations", operations); }
static void large_ones(void) { inject("large_operations", large_operations); }
static void perceptrons_and_tables(void) { inject("perceptrons", perceptrons); }
static void metrics(void) { inject("metrics", measured); }
static void entropy(void) { inject("entropy", uncertain); }
static void regularisation(void) { inject("regularised", regularised); }
static void convolution(void) { inject("convolutional", convolutional); }
static void gradient_check(void) { inject("gradcheck", gradcheck); }

/* Ten bytes that announce a header of 100 MB make nobody ask for so much. A real one of 200,000
 * bytes, which comes in pieces, is read. */
static void announced_header(void)
{
    static unsigned char bytes[200100];
    pool p = {0, 0, 0, 0, 0, 0, (size_t)1 << 20};
    nn_ctx *nn = nn_create_user(7, &p);
    nn_on_error(nn, silent, NULL);
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(1));
    const char *tensor = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
    for (int real = 0; real < 2; real++) {
        const size_t length = real ? 200000 : 100000000;
        for (size_t i = 0; i < 8; i++) bytes[i] = (unsigned char)(length >> 8 * i);
        memset(bytes + 8, ' ', 200000);
        memcpy(bytes + 8, tensor, strlen(tensor));
        bytes[8 + 200000 - 1] = '}';
        memcpy(bytes + 8 + 200000, "\0\0\x80\x3f", 4); /* 1 */
        bytes_left b = {bytes, real ? 8 + 200000 + 4 : 10};
        const nn_reader reader = {read_some, &b};
        CHECK_INT(nn_load_reader(net, reader), real);
        if (real) CHECK(nn_ok(nn) && (sizeof(nn_real) > 4 || w->data[0] == 1));
        else CHECK_INT(nn_error_code(nn), NN_ERROR_FORMAT); /* cut off; not: no memory */
        nn_error_clear(nn);
    }
    nn_destroy(nn);
    CHECK_INT(p.blocks, 0);
}

/* ---- memory that is not aligned ---- */

static void aligned(const nn_tensor *x)
{
    CHECK_INT((uintptr_t)x->data % 64, 0);
    if (x->grad) CHECK_INT((uintptr_t)x->grad % 64, 0);
}

/* Blocks that begin 8, 16, .. 56 bytes after a multiple of 64 change nothing. */
static void misaligned_memory(void)
{
    outcome whole, out;
    for (size_t shift = 0; shift < 64; shift += 8) {
        pool p = {0, 0, 0, 0, 0, shift, (size_t)1 << 28};
        nn_ctx *nn = nn_create_user(7, &p);
        nn_on_error(nn, silent, NULL);
        nn_model *net = nn_model_new(nn);
        for (int i = 1; i < 40; i++) {
            char name[16];
            snprintf(name, sizeof name, "w%d", i);
            aligned(nn_param(net, "", name, nn_shape2(i, 37)));
            aligned(nn_requires_grad(nn_full(nn, nn_shape2(i, 3), 1)));
            aligned(nn_square(net->param[i - 1]));
        }
        aligned(nn_full(nn, nn_shape1(1 << 20), 0)); /* in a block of its own */
        CHECK(nn_ok(nn));
        nn_destroy(nn);
        CHECK_INT(p.blocks, 0);

        pool q = {0, 0, 0, 0, 0, shift, (size_t)1 << 28};
        nn = nn_create_user(7, &q);
        memset(&out, 0, sizeof out);
        train_adam(nn, &out);
        CHECK(nn_ok(nn) && out.n);
        nn_destroy(nn);
        if (!shift) whole = out;
        CHECK(memcmp(&whole, &out, sizeof out) == 0);
    }
}

int main(void)
{
    snprintf(own_file, sizeof own_file, "build/test_inject.%ld.tmp", NUMBER);
    RUN(layers_of_all_kinds);
    RUN(one_layer_and_adam);
    RUN(training_sgd);
    RUN(training_momentum);
    RUN(training_adam);
    RUN(training_mlp);
    RUN(data_from_csv);
    RUN(data_from_idx);
    RUN(tokens);
    RUN(without_labels);
    RUN(pooling_and_sound);
    RUN(models_in_memory);
    RUN(checkpoints);
    RUN(all_operations);
    RUN(large_ones);
    RUN(perceptrons_and_tables);
    RUN(metrics);
    RUN(entropy);
    RUN(regularisation);
    RUN(convolution);
    RUN(gradient_check);
    RUN(announced_header);
    RUN(misaligned_memory);
    printf("%ld runs\n", runs);
    return test_summary();
}
