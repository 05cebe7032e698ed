/* Memory, random numbers, modes, looking at tensors: what the foundation promises.
 *
 *     cc -std=c99 -O1 -g tests/test_memory.c -lm -o test_memory && ./test_memory
 *
 * Compile it with -DNN_DEBUG as well (cleared memory is then NaN), and, to have two contexts in two
 * threads at the same time instead of in turns, with -DTEST_THREADS -pthread.
 */
#define _POSIX_C_SOURCE 200809L /* dup, dup2 */
#include <stdlib.h>

/* An allocator that counts, for the context whose user pointer points at the count; and that
 * refuses what no test needs, so that a huge shape does not bring the machine down. */
static void *count_malloc(void *user, size_t size)
{
    ++*(size_t *)user;
    return size < (size_t)1 << 28 ? malloc(size) : NULL;
}
static void *count_realloc(void *user, void *p, size_t size)
{
    ++*(size_t *)user;
    return size < (size_t)1 << 28 ? realloc(p, size) : NULL;
}
#define NN_MALLOC(user, size) count_malloc(user, size)
#define NN_REALLOC(user, p, size) count_realloc(user, p, size)
#define NN_FREE(user, p) ((void)(user), free(p))

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#if defined __unix__ || defined __APPLE__
#include <unistd.h>
#endif
#ifdef TEST_THREADS
#include <pthread.h>
#endif

static size_t requests;
static nn_ctx *nn;

static void silent(void *user, nn_code code, const char *message)
{
    (void)user, (void)code, (void)message;
}

static void start(void)
{
    requests = 0;
    nn = nn_create_user(1, &requests);
    nn_on_error(nn, silent, NULL);
}

static void stop(void)
{
    CHECK_INT(requests, nn->allocations); /* the context's own count is right */
    nn_destroy(nn);
}

/* ---- a loop requests memory in its first step only ---- */

static const nn_real xor_x[8] = {0, 0, 0, 1, 1, 0, 1, 1}, xor_t[4] = {0, 1, 1, 0};

static void steady_loop(int rule)
{
    start();
    nn_model *net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", 2, 8), fc2 = nn_linear_new(net, "fc2", 8, 1);
    nn_optimizer *opt = rule == 0 ? nn_sgd(net, (nn_real)0.1)
                        : rule == 1 ? nn_momentum(net, (nn_real)0.1, (nn_real)0.9)
                                    : nn_adam(net, (nn_real)0.1);
    size_t after_first = 0;
    for (int step = 0; step < 50; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_input(nn, xor_x, nn_shape2(4, 2));
        nn_tensor *z = nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, x)));
        nn_tensor *loss = nn_bce_with_logits(z, nn_input(nn, xor_t, nn_shape2(4, 1)));
        nn_backward(loss);
        nn_step(opt);
        if (step == 0) after_first = nn->allocations;
    }
    CHECK(nn_ok(nn) && opt->step == 50);
    CHECK_INT(nn->allocations, after_first);
    stop();
}
static void steady_sgd(void) { steady_loop(0); }
static void steady_momentum(void) { steady_loop(1); }
static void steady_adam(void) { steady_loop(2); }

/* Batches of 16 from 100 samples, the last one short; results larger than a block of the arena. */
static void steady_batches(void)
{
    static char text[4096];
    size_t n = 0;
    start();
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d,%d\n", i, i * i, i % 3);
    const nn_csv_options options = {0, 0, NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_parse(nn, text, n, options);
    nn_dataset data = nn_dataset_classes(&table, -1);
    nn_batches b = nn_batches_new(&data, 16, 1);
    nn_model *net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", 2, 5000), fc2 = nn_linear_new(net, "fc2", 5000, 3);
    nn_optimizer *opt = nn_adam(net, (nn_real)0.001);
    size_t after_first = 0;
    int steps = 0, shortest = 99;
    for (int epoch = 0; epoch < 4; epoch++)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *h = nn_relu(nn_linear_forward(&fc1, nn_batch_x(&b)));
            nn_backward(nn_cross_entropy(nn_linear_forward(&fc2, nn_scale(h, 1)), b.label));
            nn_step(opt);
            if (++steps == 1) after_first = nn->allocations;
            if (b.n < shortest) shortest = b.n;
        }
    CHECK(nn_ok(nn) && b.epoch == 4);
    CHECK_INT(steps, 28);
    CHECK_INT(shortest, 4);
    CHECK_INT(nn->allocations, after_first);
    stop();
}

static void steady_mlp(void)
{
    static const int width[3] = {2, 8, 1};
    start();
    nn_model *net = nn_model_new(nn);
    nn_mlp m = nn_mlp_new(net, "m", width, 3, NN_TANH, NN_SIGMOID);
    nn_optimizer *opt = nn_adam(net, (nn_real)0.01);
    size_t after_first = 0;
    for (int step = 0; step < 50; step++) {
        nn_zero_grad(net);
        nn_mlp_forward(&m, xor_x, step % 3 == 2 ? 3 : 4);
        nn_mlp_backward(&m, xor_t);
        nn_step(opt);
        if (step == 0) after_first = nn->allocations;
    }
    CHECK(nn_ok(nn));
    CHECK_INT(nn->allocations, after_first);
    stop();
}

/* Also without gradients, and with reading results in between. */
static void steady_evaluation(void)
{
    start();
    nn_set_grad_enabled(nn, 0);
    size_t after_first = 0;
    for (int step = 0; step < 20; step++) {
        nn_clear(nn);
        nn_tensor *x = nn_randn(nn, nn_shape2(100, 100));
        nn_item(nn_mean(nn_matmul(x, nn_softmax(nn_transpose(x, 0, 1)))));
        CHECK_INT(nn->n_tape, 0);
        if (step == 0) after_first = nn->allocations;
    }
    CHECK_INT(nn->allocations, after_first);
    stop();
}

/* ---- nn_clear ---- */

static void clear_rewinds(void)
{
    start();
    nn_clear(nn);
    nn_tensor *a = nn_full(nn, nn_shape1(1000), 3);
    const nn_real *data = a->data;
    nn_clear(nn);
    nn_tensor *b = nn_full(nn, nn_shape1(1000), 4);
    CHECK(b->data == data); /* the same memory again */
    CHECK(b != a);          /* but the tensor itself is still known: see below */
    nn_requires_grad(b);
    nn_square(b);
    CHECK_INT(nn->n_tape, 1);
    nn_clear(nn);
    CHECK_INT(nn->n_tape, 0);
    stop();
}

static void stale_is_named(void)
{
    char wanted[200];
    start();
    nn_tensor *a = nn_full(nn, nn_shape1(3), 1), *b = nn_square(a);
    const int line = __LINE__ - 1;
    nn_clear(nn);
    CHECK_INT(nn_add(b, b)->size, 0);
    snprintf(wanted, sizeof wanted, "%s:%d: nn_add: argument 1 was made before the last nn_clear "
             "(square, %s:%d)", __FILE__, __LINE__ - 2, __FILE__, line);
    CHECK_STR(nn_error(nn), wanted);
    nn_error_clear(nn);
    nn_full(nn, nn_shape1(3), 1); /* new tensors do not take its place */
    CHECK_INT(nn_square(a)->size, 0);
    CHECK_INT(nn_error_code(nn), NN_ERROR_ARGUMENT);
    stop();
}

static void debug_fills(void)
{
    start();
    nn_tensor *a = nn_full(nn, nn_shape2(10, 10), 3);
    const nn_real *data = a->data;
    nn_clear(nn);
    nn_stat s = nn_stats(a); /* looks at numbers without asking whose they are */
#ifdef NN_DEBUG
    CHECK_INT(s.nan, 100);
    CHECK(data[0] != data[0] && data[99] != data[99]);
#else
    CHECK_INT(s.nan, 0);
    CHECK(data[99] == 3);
#endif
    stop();
}

static void parameters_stay(void)
{
    start();
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(100));
    for (int i = 0; i < 100; i++) {
        CHECK(w->data[i] == 0 && w->grad[i] == 0);
        w->data[i] = (nn_real)i;
    }
    for (int step = 0; step < 5; step++) {
        nn_clear(nn);
        nn_backward(nn_sum(nn_scale(w, 2)));
    }
    for (int i = 0; i < 100; i++)
        CHECK(w->data[i] == (nn_real)i && w->grad[i] == 10); /* 5 times 2 */
    nn_zero_grad(net);
    CHECK(nn_model_find(net, "w") == w && w->grad[7] == 0 && w->life == 0);
    stop();
}

static void alignment(void)
{
    start();
    nn_model *net = nn_model_new(nn);
    for (int i = 1; i <= 70; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        nn_tensor *p = nn_param(net, "", name, nn_shape1(i)), *x = nn_full(nn, nn_shape2(3, i), 1);
        nn_tensor *y = nn_square(nn_requires_grad(x));
        CHECK_INT((uintptr_t)p->data % 64, 0);
        CHECK_INT((uintptr_t)p->grad % 64, 0);
        CHECK_INT((uintptr_t)x->data % 64, 0);
        CHECK_INT((uintptr_t)x->grad % 64, 0);
        CHECK_INT((uintptr_t)y->data % 64, 0);
    }
    CHECK_INT((uintptr_t)nn_full(nn, nn_shape1(1 << 20), 1)->data % 64, 0);
    stop();
}

static void huge_shapes(void)
{
    static const int label[1] = {0};
    const int big = INT_MAX;
    start();
    nn_model *net = nn_model_new(nn);
#define TOO_LARGE(call)                                       \
    do {                                                      \
        (void)(call);                                         \
        CHECK_INT(nn_error_code(nn), NN_ERROR_LIMIT);         \
        nn_error_clear(nn);                                   \
    } while (0)
    TOO_LARGE(nn_full(nn, nn_shape4(big, big, big, big), 1));
    TOO_LARGE(nn_full(nn, nn_shape4(1 << 16, 1 << 16, 1 << 16, 1 << 16), 1)); /* 2^64 */
    TOO_LARGE(nn_full(nn, nn_shape3(1 << 30, 1 << 30, 4), 1)); /* 2^62 times 4 bytes */
    TOO_LARGE(nn_rand(nn, nn_shape2(big, big), 0, 1));
    TOO_LARGE(nn_randn(nn, nn_shape3(big, 1, big)));
    TOO_LARGE(nn_input(nn, xor_x, nn_shape2(big, big)));
    TOO_LARGE(nn_one_hot(nn, label, big, big));
    TOO_LARGE(nn_param(net, "", "w", nn_shape2(big, big)));
    TOO_LARGE(nn_linear_new(net, "fc", big, big));
    TOO_LARGE(nn_full(nn, nn_shape2(1 << 16, 1 << 15), 1)); /* 2^31: one more than an int counts */
    nn_tensor *tall = nn_full(nn, nn_shape2(1 << 20, 1), 1),
              *wide = nn_full(nn, nn_shape1(1 << 20), 1);
    CHECK_INT(nn_add(tall, wide)->size, 0); /* a small mistake with a large result */
    CHECK(!nn_ok(nn));
    nn_error_clear(nn);
    CHECK_INT(nn_full(nn, nn_shape1(3), 1)->size, 3);
    stop();
}

/* ---- two contexts never meet ---- */

typedef struct training { /* one program of its own */
    uint64_t seed, hash;
    size_t requests;
    nn_ctx *nn;
    nn_model *net;
    nn_linear fc1, fc2;
    nn_optimizer *opt;
} training;

static void training_begin(training *t)
{
    t->requests = 0;
    t->nn = nn_create_user(t->seed, &t->requests);
    t->net = nn_model_new(t->nn);
    t->fc1 = nn_linear_new(t->net, "fc1", 20, 30);
    t->fc2 = nn_linear_new(t->net, "fc2", 30, 5);
    t->opt = nn_adam(t->net, (nn_real)0.01);
}

static void training_step(training *t)
{
    int label[16];
    for (int i = 0; i < 16; i++) label[i] = nn_randint(t->nn, 0, 5);
    nn_clear(t->nn);
    nn_zero_grad(t->net);
    nn_tensor *x = nn_randn(t->nn, nn_shape2(16, 20));
    nn_tensor *z = nn_linear_forward(&t->fc2, nn_relu(nn_linear_forward(&t->fc1, x)));
    nn_backward(nn_cross_entropy(z, label));
    nn_step(t->opt);
}

static void training_end(training *t) /* FNV-1a of the weights */
{
    t->hash = 0xcbf29ce484222325u;
    for (int i = 0; i < t->net->n_params; i++) {
        const unsigned char *byte = (const unsigned char *)t->net->param[i]->data;
        for (size_t j = 0; j < t->net->param[i]->size * sizeof(nn_real); j++)
            t->hash = (t->hash ^ byte[j]) * 0x100000001b3u;
    }
    if (!nn_ok(t->nn)) t->hash = 0;
    nn_destroy(t->nn);
}

static void *training_all(void *user)
{
    training *t = (training *)user;
    training_begin(t);
    for (int step = 0; step < 200; step++) training_step(t);
    training_end(t);
    return NULL;
}

static void two_contexts(void)
{
    training alone[2], both[2];
    memset(alone, 0, sizeof alone);
    memset(both, 0, sizeof both);
    for (int i = 0; i < 2; i++) {
        alone[i].seed = both[i].seed = (uint64_t)i + 1;
        training_all(&alone[i]);
    }
    CHECK(alone[0].hash && alone[1].hash && alone[0].hash != alone[1].hash);
#ifdef TEST_THREADS
    pthread_t thread[2];
    for (int i = 0; i < 2; i++) CHECK(!pthread_create(&thread[i], NULL, training_all, &both[i]));
    for (int i = 0; i < 2; i++) CHECK(!pthread_join(thread[i], NULL));
#else
    for (int i = 0; i < 2; i++) training_begin(&both[i]);
    for (int step = 0; step < 200; step++)
        for (int i = 0; i < 2; i++) training_step(&both[i]);
    for (int i = 0; i < 2; i++) training_end(&both[i]);
#endif
    for (int i = 0; i < 2; i++) CHECK(both[i].hash == alone[i].hash);
}

/* ---- random numbers ---- */

static void xoshiro(void) /* the vector in rand_xoshiro, made with the authors' C */
{
    static const uint64_t wanted[10] = {
        11520u, 0u, 1509978240u, 1215971899390074240u, 1216172134540287360u, 607988272756665600u,
        16172922978634559625u, 8476171486693032832u, 10595114339597558777u, 2904607092377533576u};
    start();
    for (int i = 0; i < 4; i++) nn->random[i] = (uint64_t)i + 1;
    for (int i = 0; i < 10; i++) CHECK(nn_random(nn) == wanted[i]);
    stop();
}

static void splitmix(void) /* the first outputs of SplitMix64 for seed 0: Vigna's splitmix64.c */
{
    start();
    nn_seed(nn, 0);
    CHECK(nn->random[0] == 0xe220a8397b1dcdafu);
    CHECK(nn->random[1] == 0x6e789e6aa1b965f4u);
    CHECK(nn->random[2] == 0x06c45d188009454fu);
    CHECK(nn->random[3] == 0xf88bb8a8724c81ecu);
    size_t none = 0;
    nn_ctx *other = nn_create_user(0, &none);
    CHECK(memcmp(other->random, nn->random, sizeof nn->random) == 0);
    nn_destroy(other);
    stop();
}

/* The state after which nn_random returns `next`: each of its operations can be undone. */
static void set_next_random(uint64_t next)
{
    uint64_t x = next * 0x8e38e38e38e38e39u; /* 9 times this is 1 */
    x = (x >> 7) | (x << 57);
    nn->random[1] = x * 0xcccccccccccccccdu; /* and 5 times this */
}

static void uniform(void)
{
    double sum = 0;
    int bin[10] = {0};
    start();
    for (int i = 0; i < 100000; i++) {
        nn_real u = nn_uniform(nn, -2, 3);
        CHECK(u >= -2 && u < 3);
        sum += (double)u;
        bin[(int)((u + 2) * 2)]++;
    }
    CHECK_NEAR(sum / 100000, 0.5, 5 / sqrt(12.0 * 100000) * 5); /* five standard errors */
    for (int i = 0; i < 10; i++) CHECK_NEAR(bin[i], 10000, 5 * 95);
    set_next_random(UINT64_MAX);
    CHECK(nn_random(nn) == UINT64_MAX);
    static const nn_real range[][2] = {{0, 1}, {-1, 1}, {1, 2}, {-2, 3}, {100, 101}, {-3, -1}};
    for (size_t i = 0; i < sizeof range / sizeof *range; i++) {
        set_next_random(UINT64_MAX); /* low + (high - low) u must not be rounded up to high */
        nn_real u = nn_uniform(nn, range[i][0], range[i][1]);
        CHECK(u >= range[i][0] && u < range[i][1]);
        set_next_random(0);
        CHECK(nn_uniform(nn, range[i][0], range[i][1]) == range[i][0]);
    }
    nn_tensor *x = nn_rand(nn, nn_shape2(100, 100), 5, 6);
    nn_stat s = nn_stats(x);
    CHECK(s.min >= 5 && s.max < 6 && s.size == 10000);
    stop();
}

static void normal(void)
{
    enum { N = 200000 };
    double sum = 0, squares = 0, cubes = 0, fourths = 0;
    int tail1 = 0, tail2 = 0, tail4 = 0;
    start();
    for (int i = 0; i < N; i++) {
        double z = (double)nn_normal(nn, 0, 1);
        sum += z, squares += z * z, cubes += z * z * z, fourths += z * z * z * z;
        tail1 += fabs(z) > 1, tail2 += z > 2, tail4 += fabs(z) > 4;
    }
    const double n = N; /* each within five standard errors */
    CHECK_NEAR(sum / n, 0, 5 / sqrt(n));
    CHECK_NEAR(squares / n, 1, 5 * sqrt(2 / n));
    CHECK_NEAR(cubes / n, 0, 5 * sqrt(15 / n));
    CHECK_NEAR(fourths / n, 3, 5 * sqrt(96 / n));
    CHECK_NEAR(tail1 / n, 0.317311, 5 * sqrt(0.3173 * 0.6827 / n));
    CHECK_NEAR(tail2 / n, 0.022750, 5 * sqrt(0.02275 / n));
    CHECK_NEAR(tail4, 6.334e-5 * n, 5 * sqrt(6.334e-5 * n));
    nn_seed(nn, 3);
    const double z = (double)nn_normal(nn, 0, 1);
    nn_seed(nn, 3);
    CHECK_NEAR(nn_normal(nn, 10, 2), 10 + 2 * z, 1e-6);
    nn_seed(nn, 3);
    CHECK_NEAR(nn_randn(nn, nn_shape1(2))->data[0], z, 0);
    stop();
}

static void randint(void)
{
    int count[7] = {0}, halves = 0;
    double chi2 = 0;
    start();
    for (int i = 0; i < 70000; i++) {
        int k = nn_randint(nn, -3, 4);
        CHECK(k >= -3 && k < 4);
        count[k + 3]++;
    }
    for (int i = 0; i < 7; i++) chi2 += (count[i] - 1e4) * (count[i] - 1e4) / 1e4;
    CHECK(chi2 < 27.9 && chi2 > 0.1); /* 6 degrees of freedom: beyond it 1 in 10,000 */
    for (int i = 0; i < 1000; i++) halves += nn_randint(nn, INT_MIN, INT_MAX) < 0;
    CHECK_NEAR(halves, 500, 80);
    CHECK_INT(nn_randint(nn, 5, 6), 5);
    CHECK_INT(nn_randint(nn, INT_MAX - 1, INT_MAX), INT_MAX - 1);
    stop();
}

static void rejection(void)
{
    start();
    set_next_random(0); /* 2^64 modulo 3 is 1: 0 is rejected, or it would come too often */
    uint64_t state[4];
    memcpy(state, nn->random, sizeof state);
    nn_random(nn);
    const uint64_t second = nn_random(nn);
    memcpy(nn->random, state, sizeof state);
    CHECK_INT(nn_randint(nn, 0, 3), (int)(second % 3));
    set_next_random(1);
    CHECK_INT(nn_randint(nn, 0, 3), 1);
    stop();
}

static int is_permutation(const int *p, int n)
{
    int seen[100] = {0};
    for (int i = 0; i < n; i++) {
        if (p[i] < 0 || p[i] >= n || seen[p[i]]++) return 0;
    }
    return 1;
}

static void permutations(void)
{
    int p[100], order[6] = {0}, same = 0;
    double chi2 = 0;
    start();
    for (int n = 0; n <= 100; n++) {
        nn_randperm(nn, p, n);
        CHECK(is_permutation(p, n));
        nn_shuffle(nn, p, n);
        CHECK(is_permutation(p, n));
    }
    for (int i = 0; i < 100; i++) same += p[i] == i; /* on average one stays where it was */
    CHECK(same < 8);
    for (int i = 0; i < 60000; i++) {
        nn_randperm(nn, p, 3);
        order[2 * p[0] + (p[1] > p[2])]++;
    }
    for (int i = 0; i < 6; i++) chi2 += (order[i] - 1e4) * (order[i] - 1e4) / 1e4;
    CHECK(chi2 < 25.7); /* 5 degrees of freedom: beyond it 1 in 10,000 */
    stop();
}

/* ---- modes ---- */

static void modes(void)
{
    start();
    CHECK_INT(nn_set_training(nn, 0), 1);
    CHECK_INT(nn_set_training(nn, 1), 0);
    CHECK_INT(nn_set_training(nn, 1), 1);
    CHECK_INT(nn_set_grad_enabled(nn, 0), 1);
    nn_tensor *x = nn_requires_grad(nn_full(nn, nn_shape1(2), 1));
    CHECK_INT(nn_square(x)->requires_grad, 0);
    CHECK_INT(nn_set_grad_enabled(nn, 1), 0);
    CHECK_INT(nn_square(x)->requires_grad, 1);
    CHECK_INT(nn_set_simd(nn, "naive"), 1);
    CHECK_STR(nn_simd(nn), "naive");
    CHECK_INT(nn_set_simd(nn, "abacus"), 0);
    CHECK_STR(nn_simd(nn), "naive");
    stop();
}

/* ---- looking at tensors ---- */

static void stats(void)
{
    static const nn_real data[8] = {
        1, -3, 0, 4, 8, (nn_real)NAN, (nn_real)INFINITY, (nn_real)-INFINITY};
    start();
    nn_stat s = nn_stats(nn_input(nn, data, nn_shape2(2, 4)));
    CHECK_INT(s.size, 8);
    CHECK_INT(s.nan, 1);
    CHECK_INT(s.inf, 2);
    CHECK_INT(s.zero, 1);
    CHECK_NEAR(s.min, -3, 0);
    CHECK_NEAR(s.max, 8, 0);
    CHECK_NEAR(s.mean, 2, 1e-12);            /* of 1 -3 0 4 8 */
    CHECK_NEAR(s.std, sqrt(70 / 5.0), 1e-12); /* 1 + 25 + 4 + 4 + 36 = 70 */
    s = nn_stats(nn_input(nn, data + 5, nn_shape1(3)));
    CHECK(s.nan == 1 && s.inf == 2 && s.min == 0 && s.max == 0 && s.mean == 0 && s.std == 0);
    s = nn_stats(nn_full(nn, nn_shape0(), -5));
    CHECK(s.size == 1 && s.min == -5 && s.max == -5 && s.mean == -5 && s.std == 0);
    stop();
}

static void model_get_and_set(void)
{
    nn_real best[9], now[9];
    start();
    nn_model *model = nn_model_new(nn);
    nn_linear fc = nn_linear_new(model, "fc", 2, 3);
    CHECK_INT(nn_model_size(model), 9);
    nn_model_get(model, best);
    CHECK(memcmp(best, fc.weight->data, 6 * sizeof *best) == 0);
    CHECK(memcmp(best + 6, fc.bias->data, 3 * sizeof *best) == 0);
    for (int i = 0; i < 3; i++) fc.bias->data[i] = 7;
    nn_model_get(model, now);
    CHECK(now[6] == 7 && now[8] == 7 && now[0] == best[0]);
    nn_model_set(model, best);
    nn_model_get(model, now);
    CHECK(memcmp(best, now, sizeof best) == 0);
    stop();
}

static void one_hot(void)
{
    static const int label[4] = {2, 0, -1, 1};
    static const nn_real wanted[12] = {0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0};
    start();
    nn_tensor *x = nn_one_hot(nn, label, 4, 3);
    CHECK(nn_shape_equal(x->shape, nn_shape2(4, 3)));
    for (int i = 0; i < 12; i++) CHECK(x->data[i] == wanted[i]);
    stop();
}

#if defined __unix__ || defined __APPLE__
static nn_model *shown_model;
static nn_tensor *shown;
static void print_shown(void) { nn_print(shown); }
static void print_model(void) { nn_model_print(shown_model); }

/* What f prints. */
static const char *printed(void (*f)(void))
{
    static char text[4096];
    fflush(stdout);
    FILE *file = tmpfile();
    const int old = dup(1);
    if (!file || old < 0) return "no temporary file";
    dup2(fileno(file), 1);
    f();
    fflush(stdout);
    dup2(old, 1);
    close(old);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static void draw_dot(void) { nn_graph_dot(shown, stdout); }
static void draw_mermaid(void) { nn_graph_mermaid(shown, stdout); }
static void print_grad(void) { nn_print_grad(shown); }

/* A diamond: w feeds two operations that join; x needs no gradient; another graph is left out. */
static void drawing(void)
{
    start();
    nn_model *model = nn_model_new(nn);
    nn_tensor *w = nn_param(model, "", "w", nn_shape1(2));
    nn_tensor *x = nn_full(nn, nn_shape2(3, 2), 1);
    nn_tensor *product = nn_mul(x, w), *square = nn_square(w);
    nn_exp(w); /* not in the graph of the sum */
    shown = nn_sum(nn_add(product, square));
    CHECK_STR(printed(draw_dot), "digraph graph_of_sum {\n  rankdir=LR;\n"
              "  n1 [label=\"input\\n[3, 2]\" shape=box];\n"
              "  n0 [label=\"w\\n[2]\" shape=box style=filled];\n"
              "  n2 [label=\"mul\\n[3, 2]\"];\n  n1 -> n2;\n  n0 -> n2;\n"
              "  n3 [label=\"square\\n[2]\"];\n  n0 -> n3;\n"
              "  n5 [label=\"add\\n[3, 2]\"];\n  n2 -> n5;\n  n3 -> n5;\n"
              "  n6 [label=\"sum\\n[]\"];\n  n5 -> n6;\n}\n");
    const char *mermaid = "graph LR\n  n1[\"input<br>[3, 2]\"]\n  n0[\"w<br>[2]\"]\n"
                          "  n2(\"mul<br>[3, 2]\")\n  n1 --> n2\n  n0 --> n2\n"
                          "  n3(\"square<br>[2]\")\n  n0 --> n3\n"
                          "  n5(\"add<br>[3, 2]\")\n  n2 --> n5\n  n3 --> n5\n"
                          "  n6(\"sum<br>[]\")\n  n5 --> n6\n";
    CHECK_STR(printed(draw_mermaid), mermaid);
    CHECK_STR(printed(draw_mermaid), mermaid); /* drawing leaves no marks */
    nn_backward(shown);
    shown = w;
    CHECK_STR(printed(print_grad), "gradient of w [2] requires_grad\n         3         3\n");
    shown = x;
    CHECK_STR(printed(print_grad), "no gradient of input [3, 2]\n");
    shown = nn_scale(nn_scale(nn_add(x, nn_full(nn, nn_shape1(3), 1)), 1), 1); /* a mistake */
    CHECK_STR(printed(print_shown), "failed [0]\n");
    stop();
}

static void printing(void)
{
    static const nn_real data[6] = {1, -2, (nn_real)0.5, (nn_real)1e-7, (nn_real)-0.0, 123456};
    start();
    shown = nn_input(nn, data, nn_shape2(2, 3));
    CHECK_STR(printed(print_shown), "input [2, 3]\n"
                                    "         1        -2       0.5\n"
                                    "     1e-07         0 1.235e+05\n");
    shown = nn_full(nn, nn_shape0(), 3);
    CHECK_STR(printed(print_shown), "input []\n         3\n");
    shown = nn_full(nn, nn_shape1(9), 1);
    CHECK_STR(printed(print_shown), "input [9]\n"
              "         1         1         1         1         1         1         1         1"
              " ...\n");
    shown = nn_full(nn, nn_shape2(9, 1), 2);
    CHECK_STR(printed(print_shown), "input [9, 1]\n         2\n         2\n         2\n         2\n"
              "         2\n         2\n         2\n         2\n       ... 9 rows in all\n");
    shown_model = nn_model_new(nn);
    CHECK_STR(printed(print_model), "all                                                "
                                    "0\n");
    nn_linear fc = nn_linear_new(shown_model, "fc1", 3, 2);
    CHECK_STR(printed(print_model), "fc1.weight               [2, 3]                    6\n"
                                    "fc1.bias                 [2]                       2\n"
                                    "all                                                8\n");
    memset(fc.bias->data, 0, 2 * sizeof(nn_real));
    shown = fc.bias;
    CHECK_STR(printed(print_shown), "fc1.bias [2] requires_grad\n         0         0\n");
    shown = nn_scale(fc.bias, 2);
    CHECK_STR(printed(print_shown), "scale [2] requires_grad\n         0         0\n");
    shown = NULL;
    CHECK_STR(printed(print_shown), "NULL\n");
    stop();
}
#endif

int main(void)
{
    RUN(steady_sgd);
    RUN(steady_momentum);
    RUN(steady_adam);
    RUN(steady_batches);
    RUN(steady_mlp);
    RUN(steady_evaluation);
    RUN(clear_rewinds);
    RUN(stale_is_named);
    RUN(debug_fills);
    RUN(parameters_stay);
    RUN(alignment);
    RUN(huge_shapes);
    RUN(two_contexts);
    RUN(xoshiro);
    RUN(splitmix);
    RUN(uniform);
    RUN(normal);
    RUN(randint);
    RUN(rejection);
    RUN(permutations);
    RUN(modes);
    RUN(stats);
    RUN(model_get_and_set);
    RUN(one_hot);
#if defined __unix__ || defined __APPLE__
    RUN(printing);
    RUN(drawing);
#else
    printf("SKIP printing: stdout cannot be redirected and brought back\n");
#endif
    return test_summary();
}
