/* Speeds: one line `NAME VALUE UNIT` each, nothing else on stdout.
 *     fma_peak             what the processor could do: multiply-adds in registers, in gflops
 *     gemm_M_N_K_TT        a matrix product (TT: transposition of A and B), in gflops, best of many;
 *     .._of_peak           the same, in percent of fma_peak measured beside it
 *     exp, exp_libm, ..    a function of one number: ours, and libm in a loop, in ns for each
 *     step_RULE            nn_step for 10 million parameters, in ms, best of many; .._of_memory: in
 *                          percent of the time to read and write its arrays once, taken from
 *                          y += k x, which reads two and writes one
 *     op_NAME              an operation on one number, forward and backward, in ns, best of many;
 *     .._kernels           what its kernels take of that: the rest is the graph
 *     batch_norm_N_C_H_W   forward and backward in training, in ms, best of many
 *     .._graph             of a step: what nn_clear takes back, in MB
 *     the rest             one training step (zero_grad, forward, loss, backward, optimiser) on a
 *                          fixed random batch, in ms, median of many */
#define _POSIX_C_SOURCE 200809L
#define NN_IMPLEMENTATION
#include "../nn.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- the processor ---- */

/* Twelve independent chains keep the multiply-add units busy without touching memory. */
#define CHAINS                                                                                     \
    V a0 = {0}, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0,   \
      a10 = a0, a11 = a0, x = a0, y = a0;                                                          \
    for (long i = 0; i < rounds; i++) {                                                            \
        FMA(a0) FMA(a1) FMA(a2) FMA(a3) FMA(a4) FMA(a5) FMA(a6) FMA(a7) FMA(a8) FMA(a9) FMA(a10)   \
        FMA(a11)                                                                                   \
    }
#if defined __x86_64__
#define FMA(a) __asm__ volatile("vfmadd231ps %1, %2, %0" : "+v"(a) : "v"(x), "v"(y));
__attribute__((noinline, target("avx512f"))) static int multiply_add512(long rounds)
{
    typedef float V __attribute__((vector_size(64)));
    CHAINS
    return 16;
}
__attribute__((noinline, target("avx2,fma"))) static int multiply_add256(long rounds)
{
    typedef float V __attribute__((vector_size(32)));
    CHAINS
    return 8;
}
static int multiply_add(const nn_ctx *nn, long rounds)
{
    if (strcmp(nn_simd(nn), "avx512") == 0) return multiply_add512(rounds);
    return strcmp(nn_simd(nn), "avx2") == 0 ? multiply_add256(rounds) : 0;
}
#elif defined __aarch64__
#define FMA(a) __asm__ volatile("fmla %0.4s, %1.4s, %2.4s" : "+w"(a) : "w"(x), "w"(y));
static int multiply_add(const nn_ctx *nn, long rounds)
{
    typedef float V __attribute__((vector_size(16)));
    CHAINS
    return strcmp(nn_simd(nn), "neon") == 0 ? 4 : 0;
}
#else
static int multiply_add(const nn_ctx *nn, long rounds) { return (void)nn, (void)rounds, 0; }
#endif

static double fma_peak(const nn_ctx *nn) /* in gflops, of one core; 0 if it is not known */
{
    enum { ROUNDS = 1000000 };
    double best = 1e9;
    int lanes = 0;
    for (int i = 0; i < 3; i++) {
        const double t = now();
        lanes = multiply_add(nn, ROUNDS);
        if (now() - t < best) best = now() - t;
    }
    return 2.0 * 12 * ROUNDS * lanes / best / 1e9;
}

/* ---- matrix products: the kernel itself, without the graph ---- */

static void gemm(nn_ctx *nn, int m, int n, int k, int ta, int tb)
{
    nn_clear(nn);
    nn_tensor *a = nn_rand(nn, nn_shape2(m, k), -1, 1), *b = nn_rand(nn, nn_shape2(k, n), -1, 1);
    nn_tensor *c = nn_full(nn, nn_shape2(m, n), 0);
    const nn__mat ma = ta ? nn__transposed(nn__rows(a->data, m)) : nn__rows(a->data, k);
    const nn__mat mb = tb ? nn__transposed(nn__rows(b->data, k)) : nn__rows(b->data, n);
    const double flop = 2.0 * m * n * k, peak = fma_peak(nn);
    const int inner = flop < 1e7 ? (int)(1e7 / flop) + 1 : 1;
    double best = 1e9;
    for (double start = now(); now() - start < 0.3;) {
        double t = now();
        for (int i = 0; i < inner; i++) nn__gemm(nn, m, n, k, ma, mb, c->data, 0);
        t = (now() - t) / inner;
        if (t < best) best = t;
    }
    printf("gemm_%d_%d_%d_%d%d %.2f gflops\n", m, n, k, ta, tb, flop / best / 1e9);
    if (peak > 0)
        printf("gemm_%d_%d_%d_%d%d_of_peak %.0f percent\n", m, n, k, ta, tb,
               100 * flop / best / 1e9 / peak);
}

/* ---- functions of one number ---- */

#define LIBM(name, formula)                                                                        \
    static void name##_libm(size_t n, const nn_real *x, nn_real *y)                                \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) y[i] = formula;                                             \
    }
LIBM(exp, expf(x[i]))
LIBM(log, logf(x[i]))
LIBM(sin, sinf(x[i]))
LIBM(cos, cosf(x[i]))
LIBM(tanh, tanhf(x[i]))
LIBM(sigmoid, 1 / (1 + expf(-x[i])))
LIBM(gelu, x[i] * 0.5f * erfcf(-x[i] * 0.70710678f))

static double nanoseconds(nn__map *f, const nn_real *x, nn_real *y, size_t n)
{
    double best = 1e9;
    for (int i = 0; i < 300; i++) {
        const double t = now();
        f(n, x, y);
        if (now() - t < best) best = now() - t;
    }
    return best / (double)n * 1e9;
}

static void functions(nn_ctx *nn)
{
    enum { N = 1024 };
    static nn_real x[N], y[N];
#define FUNCTION(name) {#name, nn->kernels->name, name##_libm}
    const struct {
        const char *name;
        nn__map *ours, *libm;
    } f[] = {FUNCTION(exp),  FUNCTION(log),     FUNCTION(sin), FUNCTION(cos),
             FUNCTION(tanh), FUNCTION(sigmoid), FUNCTION(gelu)};
    for (size_t i = 0; i < sizeof f / sizeof *f; i++) {
        for (int j = 0; j < N; j++) x[j] = nn_normal(nn, 0, 2);
        for (int j = 0; j < N && f[i].libm == log_libm; j++) x[j] = fabsf(x[j]);
        printf("%s %.3f ns\n", f[i].name, nanoseconds(f[i].ours, x, y, N));
        printf("%s_libm %.3f ns\n", f[i].name, nanoseconds(f[i].libm, x, y, N));
    }
}

/* ---- optimisers: as fast as memory? ---- */

static void optimisers(void)
{
    enum { MILLIONS = 10, RULES = 7 };
    for (int rule = 0; rule < RULES; rule++) {
        nn_ctx *nn = nn_create(1);
        nn_model *net = nn_model_new(nn);
        nn_tensor *w = nn_param(net, "", "w", nn_shape2(MILLIONS, 1000000));
        nn_optimizer *opt = rule == 0   ? nn_sgd(net, 1e-3f)
                            : rule == 1 ? nn_momentum(net, 1e-3f, 0.9f)
                            : rule == 2 ? nn_nesterov(net, 1e-3f, 0.9f)
                            : rule == 3 ? nn_adagrad(net, 1e-3f)
                            : rule == 4 ? nn_rmsprop(net, 1e-3f)
                            : rule == 5 ? nn_adam(net, 1e-3f)
                                        : nn_adamw(net, 1e-3f, 0.01f);
        for (size_t i = 0; i < w->size; i++) w->data[i] = w->grad[i] = nn_uniform(nn, -1, 1);
        double best = 1e9, memory = 1e9;
        for (int round = 0; round < 30; round++) { /* the first makes the state */
            const double t = now();
            nn_step(opt);
            const double u = now();
            nn->kernels->axpy(w->size, 1e-3f, w->grad, w->data);
            if (now() - u < memory) memory = now() - u;
            if (u - t < best) best = u - t;
        }
        memory *= (3 + 2 * opt->n_state) / 3.0;
        printf("step_%s %.2f ms\n", opt->rule, best * 1e3);
        printf("step_%s_of_memory %.0f percent\n", opt->rule, 100 * best / memory);
        nn_destroy(nn);
    }
}

/* ---- the graph: what an operation costs beside its kernels ---- */

static void operations(nn_ctx *nn)
{
    enum { CHAIN = 3000, TANH = 0, MUL = 1, ADD = 2 };
    static const char *const names[] = {"tanh", "mul", "add"};
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape0());
    nn_real a = 1, b = 1, c = 0;
    const struct nn__kernels *k = nn->kernels;
    w->data[0] = 1;
    for (int op = TANH; op <= ADD; op++) {
        double graph = 1e9, kernels = 1e9;
        for (int round = 0; round < 200; round++) {
            nn_clear(nn);
            const double t = now();
            nn_tensor *y = w;
            for (int i = 0; i < CHAIN; i++)
                y = op == TANH ? nn_tanh(y) : op == MUL ? nn_mul(y, w) : nn_add(y, w);
            nn_backward(y);
            const double u = now();
            if (u - t < graph) graph = u - t;
            for (int i = 0; i < CHAIN; i++) {
                if (op == TANH) k->tanh(1, &a, &b), k->tanh_backward(1, &b, &a, &c);
                if (op == MUL)
                    k->mul(1, &a, 1, &b, 1, &c), k->mul(1, &a, 1, &b, 1, &c),
                        k->axpy(1, 1, &a, &c), k->mul(1, &a, 1, &b, 1, &c), k->axpy(1, 1, &a, &c);
                if (op == ADD)
                    k->add(1, &a, 1, &b, 1, &c), k->axpy(1, 1, &a, &c), k->axpy(1, 1, &a, &c);
            }
            if (now() - u < kernels) kernels = now() - u;
        }
        printf("op_%s %.0f ns\n", names[op], graph / CHAIN * 1e9);
        printf("op_%s_kernels %.0f ns\n", names[op], kernels / CHAIN * 1e9);
    }
}

/* ---- batch normalisation: forward and, from a given gradient, backward ---- */

static void batch_norm(const char *name, nn_shape shape)
{
    nn_ctx *nn = nn_create(1);
    nn_model *net = nn_model_new(nn);
    nn_batch_norm layer = nn_batch_norm_new(net, "bn", shape.dim[1]);
    nn_tensor *x = nn_param(net, "", "x", shape), *g = nn_param(net, "", "g", shape);
    for (size_t i = 0; i < x->size; i++) x->data[i] = nn_normal(nn, 1, 2), g->data[i] = x->data[i];
    double best = 1e9;
    for (double start = now(); now() - start < 0.5;) {
        nn_clear(nn);
        const double t = now();
        nn_tensor *y = nn_batch_norm_forward(&layer, x);
        y->grad = g->data;
        y->backward(y);
        if (now() - t < best) best = now() - t;
    }
    printf("%s %.4f ms\n", name, best * 1e3);
    nn_destroy(nn);
}

/* ---- training steps ---- */

typedef struct workload {
    nn_ctx *nn;
    nn_model *net;
    nn_optimizer *opt;
    nn_linear layer[3];
    int layers, n, in, out;
    nn_real *x, *t;
    int *label;
} workload;

static nn_tensor *loss_of(workload *w) /* ReLU between layers, or tanh and one binary output */
{
    nn_tensor *h = nn_input(w->nn, w->x, nn_shape2(w->n, w->in));
    for (int i = 0; i < w->layers; i++) {
        h = nn_linear_forward(&w->layer[i], h);
        if (i < w->layers - 1) h = w->out == 1 ? nn_tanh(h) : nn_relu(h);
    }
    if (w->out > 1) return nn_cross_entropy(h, w->label);
    return nn_bce_with_logits(h, nn_input(w->nn, w->t, nn_shape2(w->n, 1)));
}

static void train(const char *name, int n, const int *width, int layers, int adam, double seconds)
{
    enum { MOST = 100000 };
    static double times[MOST];
    workload w = {0};
    w.nn = nn_create(1);
    w.net = nn_model_new(w.nn);
    w.layers = layers, w.n = n, w.in = width[0], w.out = width[layers];
    static const char *const names[] = {"fc1", "fc2", "fc3"};
    for (int i = 0; i < layers; i++)
        w.layer[i] = nn_linear_new(w.net, names[i], width[i], width[i + 1]);
    w.opt = adam ? nn_adam(w.net, 1e-3f) : nn_sgd(w.net, 0.01f);
    w.x = malloc((size_t)n * (size_t)w.in * sizeof *w.x);
    w.t = malloc((size_t)n * sizeof *w.t);
    w.label = malloc((size_t)n * sizeof *w.label);
    for (int i = 0; i < n * w.in; i++) w.x[i] = nn_uniform(w.nn, 0, 1);
    for (int i = 0; i < n; i++) w.label[i] = nn_randint(w.nn, 0, w.out + 1 - (w.out > 1));
    for (int i = 0; i < n; i++) w.t[i] = (nn_real)w.label[i];
    int count = 0;
    for (double start = now(); count < 7 || (now() - start < seconds && count < MOST); count++) {
        const double t = now();
        nn_clear(w.nn);
        nn_zero_grad(w.net);
        nn_backward(loss_of(&w));
        nn_step(w.opt);
        times[count] = now() - t;
    }
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("%s %.5f ms\n", name, times[count / 2] * 1e3);
    free(w.x), free(w.t), free(w.label);
    nn_destroy(w.nn);
}

/* ---- convolutional networks ---- */

typedef struct conv_net {
    nn_ctx *nn;
    nn_conv2d conv[7];
    nn_batch_norm norm[7];
    nn_linear fc[2];
} conv_net;

static nn_tensor *lenet(conv_net *m, nn_tensor *x)
{
    for (int i = 0; i < 2; i++)
        x = nn_max_pool2d(nn_relu(nn_conv2d_forward(&m->conv[i], x)), 2, 2, 0);
    x = nn_relu(nn_linear_forward(&m->fc[0], nn_flatten(x)));
    return nn_linear_forward(&m->fc[1], x);
}

static nn_tensor *resnet(conv_net *m, nn_tensor *x)
{
    x = nn_relu(nn_batch_norm_forward(&m->norm[0], nn_conv2d_forward(&m->conv[0], x)));
    for (int i = 1; i < 7; i += 2) {
        nn_tensor *h = nn_batch_norm_forward(&m->norm[i], nn_conv2d_forward(&m->conv[i], x));
        h = nn_conv2d_forward(&m->conv[i + 1], nn_relu(h));
        x = nn_relu(nn_add(x, nn_batch_norm_forward(&m->norm[i + 1], h)));
    }
    return nn_linear_forward(&m->fc[0], nn_global_avg_pool2d(x));
}

static void print_graph(const char *name, const nn_ctx *nn)
{
    size_t bytes = 0;
    for (const nn_block *b = nn->graph.first; b; b = b->next) bytes += b->size;
    printf("%s_graph %.2f MB\n", name, (double)bytes / 1e6);
}

static void train_conv(const char *name, nn_shape shape, int residual, int training, double seconds)
{
    enum { MOST = 100000 };
    static double times[MOST];
    nn_ctx *nn = nn_create(1);
    nn_model *net = nn_model_new(nn);
    conv_net m;
    const nn_conv_options no_bias = {.no_bias = 1, .padding = {1, 1}};
    char text[16];
    for (int i = 0; residual && i < 7; i++) {
        snprintf(text, sizeof text, "conv%d", i);
        m.conv[i] = nn_conv2d_new_with(net, text, i ? 32 : 3, 32, 3, 3, no_bias);
        snprintf(text, sizeof text, "bn%d", i);
        m.norm[i] = nn_batch_norm_new(net, text, 32);
    }
    if (residual) m.fc[0] = nn_linear_new(net, "fc", 32, 10);
    else {
        m.conv[0] = nn_conv2d_new(net, "conv1", 1, 8, 5, 1, 2);
        m.conv[1] = nn_conv2d_new(net, "conv2", 8, 16, 5, 1, 0);
        m.fc[0] = nn_linear_new(net, "fc1", 400, 120);
        m.fc[1] = nn_linear_new(net, "fc2", 120, 10);
    }
    nn_optimizer *opt = nn_momentum(net, 0.01f, 0.9f);
    const size_t size = nn__span(shape, 0, 4);
    nn_real *data = malloc(size * sizeof *data);
    int *label = malloc((size_t)shape.dim[0] * sizeof *label), count = 0;
    for (size_t i = 0; i < size; i++) data[i] = nn_uniform(nn, 0, 1);
    for (int i = 0; i < shape.dim[0]; i++) label[i] = nn_randint(nn, 0, 10);
    nn_set_training(nn, training);
    nn_set_grad_enabled(nn, training);
    for (double start = now(); count < 7 || (now() - start < seconds && count < MOST); count++) {
        const double t = now();
        nn_clear(nn);
        nn_tensor *x = nn_input(nn, data, shape);
        if (training) {
            nn_zero_grad(net);
            x = residual ? resnet(&m, x) : lenet(&m, x);
            nn_backward(nn_cross_entropy(x, label));
            nn_step(opt);
        } else lenet(&m, x);
        times[count] = now() - t;
    }
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("%s %.5f ms\n", name, times[count / 2] * 1e3);
    print_graph(name, nn);
    free(data), free(label);
    nn_destroy(nn);
}

/* ---- recurrent networks: the next of 65 letters, at every one of 64 steps ---- */

static void train_char(const char *name, char kind)
{
    enum { MOST = 10000, N = 32, T = 64, V = 65, EMBED = 64, HIDDEN = 128 };
    static double times[MOST];
    static int letter[N * T], next[N * T];
    nn_ctx *nn = nn_create(1);
    nn_model *net = nn_model_new(nn);
    const nn_embedding e = nn_embedding_new(net, "e", V, EMBED);
    const nn_rnn r = kind == 'r'   ? nn_rnn_new(net, "r", EMBED, HIDDEN)
                     : kind == 'l' ? nn_lstm_new(net, "r", EMBED, HIDDEN)
                                   : nn_gru_new(net, "r", EMBED, HIDDEN);
    const nn_linear o = nn_linear_new(net, "o", HIDDEN, V);
    nn_optimizer *opt = nn_adam(net, 1e-3f);
    for (int i = 0; i < N * T; i++) letter[i] = nn_randint(nn, 0, V), next[i] = nn_randint(nn, 0, V);
    int count = 0;
    for (double start = now(); count < 7 || (now() - start < 2 && count < MOST); count++) {
        const double t = now();
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_reshape(nn_embedding_forward(&e, letter, N * T), nn_shape3(N, T, EMBED));
        x = kind == 'r'   ? nn_rnn_forward(&r, x, NULL, NULL).output
            : kind == 'l' ? nn_lstm_forward(&r, x, NULL, NULL, NULL).output
                          : nn_gru_forward(&r, x, NULL, NULL).output;
        x = nn_reshape(nn_linear_forward(&o, x), nn_shape2(N * T, V));
        nn_backward(nn_cross_entropy(x, next));
        nn_step(opt);
        times[count] = now() - t;
    }
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("%s %.5f ms\n", name, times[count / 2] * 1e3);
    nn_destroy(nn);
}

/* ---- a small GPT: the next of 65 letters, at every one of T steps ---- */

static void train_gpt(const char *name, int d, int heads, int steps, int n, double seconds)
{
    enum { MOST = 10000, V = 65, LETTERS = 1024 };
    static double times[MOST];
    static int letter[LETTERS], next[LETTERS], position[LETTERS];
    nn_ctx *nn = nn_create(1);
    nn_model *net = nn_model_new(nn);
    const nn_transformer_options options = {heads, 0, 1, 1, 0};
    nn_attention_options look = {0, 1, NULL, NULL, 0, 0, NULL}; /* back */
    const nn_embedding e = nn_embedding_new(net, "e", V, d), p = nn_embedding_new(net, "p", steps, d);
    const nn_encoder blocks = nn_encoder_new(net, "b", 4, d, options);
    nn_linear o = nn_linear_new(net, "o", d, V);
    o.bias = NULL, net->n_params--;
    nn_optimizer *opt = nn_adamw(net, 3e-4f, 0.01f);
    nn_set_retain_grads(nn, 0); /* as PyTorch */
    const int all = n * steps;
    for (int i = 0; i < all; i++)
        letter[i] = nn_randint(nn, 0, V), next[i] = nn_randint(nn, 0, V), position[i] = i % steps;
    int count = 0;
    for (double start = now(); count < 7 || (now() - start < seconds && count < MOST); count++) {
        const double t = now();
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_reshape(nn_embedding_forward(&e, letter, all), nn_shape3(n, steps, d));
        x = nn_add(x, nn_embedding_forward(&p, position, steps));
        x = nn_encoder_forward(&blocks, x, look, NULL);
        x = nn_reshape(nn_linear_forward(&o, x), nn_shape2(all, V));
        nn_backward(nn_cross_entropy(x, next));
        nn_step(opt);
        times[count] = now() - t;
    }
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("%s %.5f ms\n", name, times[count / 2] * 1e3);
    print_graph(name, nn);
    nn_destroy(nn);
}

int main(void)
{
    static const int shapes[][5] = {
        {16, 16, 16, 0, 0},     {32, 32, 32, 0, 0},       {64, 64, 64, 0, 0},
        {128, 128, 128, 0, 0},  {256, 256, 256, 0, 0},    {512, 512, 512, 0, 0},
        {1024, 1024, 1024, 0, 0}, {2048, 2048, 2048, 0, 0}, {64, 128, 784, 0, 1},
        {64, 784, 128, 0, 0},   {128, 784, 64, 1, 0},     {32, 10, 128, 0, 1},
        {32, 512, 128, 0, 1},   {256, 768, 768, 0, 1},    {256, 3072, 768, 0, 1},
        {1, 1024, 1024, 0, 1},
    };
    nn_ctx *nn = nn_create(1);
    if (fma_peak(nn) > 0) printf("fma_peak %.2f gflops\n", fma_peak(nn));
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        gemm(nn, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], shapes[i][4]);
    functions(nn);
    operations(nn);
    nn_destroy(nn);
    optimisers();
    batch_norm("batch_norm_64_32_32_32", nn_shape4(64, 32, 32, 32));
    batch_norm("batch_norm_128_512", nn_shape2(128, 512));
    static const int xor_net[] = {2, 8, 1}, small[] = {784, 128, 10}, big[] = {784, 512, 512, 10};
    train("xor_2_8_1_b4_sgd", 4, xor_net, 2, 0, 0.3);
    train("mlp_784_128_10_b1_sgd", 1, small, 2, 0, 1); /* 64 of these, or one of the next? */
    train("mlp_784_128_10_b64_sgd", 64, small, 2, 0, 1);
    train("mlp_784_512_512_10_b128_adam", 128, big, 3, 1, 2);
    train_conv("lenet_b64_momentum", nn_shape4(64, 1, 28, 28), 0, 1, 2);
    train_conv("lenet_infer_b1", nn_shape4(1, 1, 28, 28), 0, 0, 1);
    train_conv("resnet8_c32_b32_momentum", nn_shape4(32, 3, 32, 32), 1, 1, 3);
    train_char("charrnn_h128_t64_b32_adam", 'r');
    train_char("charlstm_h128_t64_b32_adam", 'l');
    train_char("chargru_h128_t64_b32_adam", 'g');
    train_gpt("gpt_d128_l4_t64_b16_adamw", 128, 4, 64, 16, 3);
    train_gpt("gpt_d256_l4_t128_b8_adamw", 256, 8, 128, 8, 4);
    return 0;
}
