/* The kernels against their definitions, on every instruction set that this machine has. All arrays
 * lie between pages that nobody may touch, most of them so that they end where such a page begins.
 *
 *     test_kernels all        every float there is through the functions of one number (minutes)
 */
#define _DEFAULT_SOURCE /* mmap */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"
#include <signal.h>
#if defined __unix__ || defined __APPLE__
#include <sys/mman.h>
#define GUARDS 1
#else
#define GUARDS 0
#endif

static nn_ctx *nn;
static const nn__kernels *tables[4]; /* plain C, then all others that are here, the best last */
static int sets;

static const double ULP = 1.0 / (1 << 24); /* half an ulp of 1: what rounding once may lose */

/* What is being tested, for the message if it touches a guarded page. */
static struct { const char *set, *what; size_t n; int place; } now;

static void crashed(int number)
{
    printf("signal %d in %s, %s: n %zu, place %d\n", number, now.set, now.what, now.n, now.place);
    fflush(stdout);
    _Exit(1);
}

/* ---- memory between guarded pages ---- */

static size_t whole_pages(size_t n) /* so many floats, at least n and one page */
{
#if GUARDS
    const size_t page = (size_t)sysconf(_SC_PAGESIZE) / sizeof(float);
#else
    const size_t page = 1024;
#endif
    return (n / page + 1) * page;
}

static float *pages_new(size_t size) /* in floats, whole pages */
{
#if GUARDS
    const size_t page = whole_pages(0);
    float *p = (float *)mmap(NULL, (size + 2 * page) * sizeof *p, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + page, size * sizeof *p, PROT_READ | PROT_WRITE)) abort();
    return p + page;
#else
    float *p = (float *)malloc(size * sizeof *p);
    if (!p) abort();
    return p;
#endif
}

static void pages_free(float *p, size_t size)
{
#if GUARDS
    munmap(p - whole_pages(0), (size + 2 * whole_pages(0)) * sizeof *p);
#else
    (void)size, free(p);
#endif
}

static void pages_protect(float *p, size_t size, int on) /* on: they may only be read */
{
#if GUARDS
    if (mprotect(p, size * sizeof *p, on ? PROT_READ : PROT_READ | PROT_WRITE)) abort();
#else
    (void)p, (void)size, (void)on;
#endif
}

/* n random numbers that end at a guarded page, and copies of such; array_free takes them back. */
static float *array_new(size_t n) { return pages_new(whole_pages(n)) + whole_pages(n) - n; }
static void array_free(const float *p, size_t n)
{
    pages_free((float *)(uintptr_t)(p + n - whole_pages(n)), whole_pages(n));
}
static float *numbers(size_t n)
{
    float *p = array_new(n);
    for (size_t i = 0; i < n; i++) p[i] = nn_uniform(nn, -1, 1);
    return p;
}
static const float *constants(size_t n) /* may only be read */
{
    float *p = numbers(n);
    pages_protect(p + n - whole_pages(n), whole_pages(n), 1);
    return p;
}
static float *copy_of(const float *p, size_t n)
{
    float *q = array_new(n);
    memcpy(q, p, n * sizeof *q);
    return q;
}

static int same(float a, float b) /* bit for bit; NaN equals NaN */
{
    return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

/* ---- every kernel, from the lists in nn.h ---- */

typedef struct call { /* the arguments and results of any kernel */
    size_t n;
    float k;
    const float *a, *b;
    int sa, sb;
    float *y, *m, *v, result, max;
} call;

/* Numbers of order one, so that none of them can be forgotten unseen. */
static const nn__adaptive_step step = {0.5f, 0.75f, 0.625f, 0.5f, 1.25f, 0.25f, 0.5f, 1.5f};

#define CALL_map(f) t->f(c->n, c->a, c->y)
#define CALL_scaled(f) t->f(c->n, c->k, c->a, c->y)
#define CALL_pair(f) t->f(c->n, c->a, c->sa, c->b, c->sb, c->y)
#define CALL_grad(f) t->f(c->n, c->a, c->b, c->y)
#define CALL_sloped(f) t->f(c->n, c->k, c->a, c->b, c->y)
#define CALL_fold(f) c->result = t->f(c->n, c->a, c->b)
#define CALL_(f) CALL_##f
#define CALL_sum c->result = t->sum(c->n, c->a)
#define CALL_squared_error c->result = t->squared_error(c->n, c->a, c->b, c->sb)
#define CALL_softmax c->result = t->softmax(c->n, c->a, c->y, &c->max)
#define CALL_softmax_backward CALL_grad(softmax_backward)
#define CALL_normalize c->result = t->normalize(c->n, c->k, c->a, c->y)
#define CALL_normalize_backward CALL_sloped(normalize_backward)
#define CALL_batch_norm t->batch_norm(c->n, c->sb, c->a, c->b, c->m, c->v, c->y)
#define CALL_batch_norm_backward                                                                 \
    t->batch_norm_backward(c->n, c->sb, c->a, c->b, c->m, c->v, c->v, c->m, c->y)
#define CALL_sgd t->sgd(c->n, c->k, 0.5f, c->a, c->y)
#define CALL_momentum t->momentum(c->n, c->k, 0.75f, c->sb, 0.5f, c->a, c->v, c->y)
#define CALL_adaptive t->adaptive(c->n, &step, c->a, c->sb ? c->m : NULL, c->v, c->y)
#define CALL_largest (void)0 /* this and pack have tests of their own */
#define CALL_pack (void)0

#define ID(form, name) id_##name,
enum { NN__ALL_KERNELS(ID) KERNELS };
#define NAMES(form, name) {#form, #name},
static const struct { const char *form, *name; } kernels[] = {NN__ALL_KERNELS(NAMES)};

static void run(const nn__kernels *t, int kernel, call *c)
{
    now.set = t->name, now.what = kernels[kernel].name, now.n = c->n;
    c->result = c->max = 0;
    switch (kernel) {
#define CASE(form, name) case id_##name: CALL_##form(name); break;
        NN__ALL_KERNELS(CASE)
    }
}

static int has_form(int kernel, const char *form) { return !strcmp(kernels[kernel].form, form); }
static int variants(int kernel) /* of sa and sb, or of other switches */
{
    if (kernel == id_squared_error || kernel == id_momentum || kernel == id_adaptive ||
        kernel == id_batch_norm || kernel == id_batch_norm_backward)
        return 2;
    return has_form(kernel, "pair") ? 4 : 1;
}

/* The arrays of a call lie in rooms: two to read from, three to write to. `fresh` is what those
 * hold before every call, `wanted` what plain C, or the naive twin, made of it. */
enum { LONGEST = 4097, READ = 2, WRITTEN = 3, ROOMS = READ + WRITTEN };
static float *rooms[ROOMS], *fresh[WRITTEN], wanted[WRITTEN][LONGEST];
static size_t room;

/* Places 0..15 in a room: so many floats behind its beginning, other ones for every array. */
enum { AT_END = 16, AT_BEGIN, PLACES };
static float *at(int i, size_t n, int place)
{
    if (place == AT_END) return rooms[i] + room - n;
    return rooms[i] + (place == AT_BEGIN ? 0 : (place + 5 * i) % 16);
}

static call arguments(size_t n, int place, int variant)
{
    const int sa = !(variant & 2), sb = !(variant & 1);
    const call c = {n, 0.625f, at(0, sa ? n : 1, place), at(1, sb ? n : 1, place), sa, sb,
                    at(2, n, place), at(3, n, place), at(4, n, place), 0, 0};
    now.place = place;
    return c;
}

static void fill_rooms(float (*number)(void))
{
    for (int i = 0; i < ROOMS; i++) {
        if (i < READ) pages_protect(rooms[i], room, 0);
        for (size_t j = 0; j < room; j++) rooms[i][j] = number();
        if (i < READ) pages_protect(rooms[i], room, 1);
        else memcpy(fresh[i - READ], rooms[i], room * sizeof(float));
    }
}

static float wild(void) /* all that floats can be */
{
    const float special[] = {0, -0.0f, HUGE_VALF, -HUGE_VALF, HUGE_VALF - HUGE_VALF, 1, -1,
                             1e-45f, -1e-40f, FLT_MIN, FLT_MAX, -FLT_MAX, 88.8f, -104};
    const uint64_t random = nn_random(nn);
    const uint32_t bits = (uint32_t)(random >> 32);
    float x;
    if (random % 4 == 0) return special[bits % (sizeof special / sizeof *special)];
    if (random % 4 == 1) return memcpy(&x, &bits, sizeof x), x;
    return nn_normal(nn, 0, 20);
}
static float tame(void) /* sums of these depend on the order, but are finite */
{
    return ldexpf(nn_normal(nn, 0, 1), (int)(nn_random(nn) % 17) - 8);
}
static float near_one(void) /* size 1/2 to 2 */
{
    const float x = nn_uniform(nn, 0.5f, 2);
    return nn_random(nn) % 2 ? x : -x;
}
static float positive(void) { return fabsf(near_one()); }

/* The same call on all sets: the same bits in [0, n), and what lies around that is not touched. */
static int call_agrees(int kernel, size_t n, int place, int variant)
{
    call first = arguments(n, place, variant);
    for (int s = 0; s < sets; s++) {
        call c = arguments(n, place, variant);
        float *const out[WRITTEN] = {c.y, c.m, c.v};
        run(tables[s], kernel, &c);
        if (s == 0) first = c;
        int good = same(c.result, first.result);
        /* Which zero is the maximum is left open, and what it is where the results are NaN. */
        good &= c.max == first.max || c.result != c.result;
        for (int o = 0; o < WRITTEN; o++) {
            const size_t before = (size_t)(out[o] - rooms[READ + o]), size = n * sizeof(float);
            const size_t after = before + n;
            good &= !memcmp(rooms[READ + o], fresh[o], before * sizeof(float));
            good &= !memcmp(out[o] + n, fresh[o] + after, (room - after) * sizeof(float));
            if (s == 0) memcpy(wanted[o], out[o], size);
            if (memcmp(wanted[o], out[o], size) != 0)
                for (size_t i = 0; i < n; i++) good &= same(out[o][i], wanted[o][i]);
            memcpy(out[o], fresh[o] + before, size);
        }
        if (good) continue;
        printf("  %s of %s: n %zu, place %d, sa %d, sb %d\n", kernels[kernel].name,
               tables[s]->name, n, place, c.sa, c.sb);
        return 0;
    }
    return 1;
}

static void same_bits_on_every_set(void)
{
    static const int larger[] = {127,  128,  129,  255,  256, 257, 783,
                                 784,  785,  4095, 4096, 4097};
    static float (*const fill[])(void) = {wild, tame};
    for (int round = 0; round < 2; round++)
        for (int k = 0; k < KERNELS; k++) {
            int good = 1;
            fill_rooms(fill[round]);
            for (int i = k == id_softmax; good && i < 68 + 12; i++) /* softmax of none is none */
                for (int place = 0; good && place < PLACES; place++)
                    for (int v = 0; good && v < variants(k); v++)
                        if (i < 68) good = call_agrees(k, (size_t)i, place, v);
                        else if (place >= AT_END || place % 7 == i % 7)
                            good = call_agrees(k, (size_t)larger[i - 68], place, v);
            CHECK(good);
        }
}

/* One term of a fold: the sizes of what is added up in it. */
static double size_dot(double a, double b) { return fabs(a * b); }
static double size_sum(double a, double b) { return (void)b, fabs(a); }
static double size_square(double a, double b) { return (a - b) * (a - b); }
static double size_bce(double a, double b)
{
    return (a > 0 ? a : 0) + fabs(a * b) + log1p(exp(-fabs(a)));
}
static const struct { const char *name; double (*term)(double, double); } folds[] = {
    {"dot", size_dot}, {"sum", size_sum}, {"squared_error", size_square}, {"bce", size_bce},
};

static double sum_of_sizes(const char *fold, const call *c)
{
    double sum = 0;
    size_t f = 0;
    while (f < sizeof folds / sizeof *folds && strcmp(folds[f].name, fold) != 0) f++;
    if (f == sizeof folds / sizeof *folds) return -1; /* a fold that we do not know */
    for (size_t i = 0; i < c->n; i++)
        sum += folds[f].term((double)c->a[c->sa ? i : 0], (double)c->b[c->sb ? i : 0]);
    return sum;
}

/* The best set, and so all sets, against the naive twins, within 4 roundings (8 of softmax, whose
 * exponents are rounded, too): folds, of the sum of the sizes of their terms; the rest, of numbers
 * near one, of the size of what is added up in an element: y before and after, and 2 if there is
 * more inside. */
static void as_the_naive_twins(void)
{
    static const size_t size[] = {1, 2, 7, 16, 33, 67, 257, 1000, 4097};
    for (int k = 0; k < KERNELS; k++) {
        const int fold = has_form(k, "fold") || k == id_sum || k == id_squared_error;
        const int relative = has_form(k, "map") || has_form(k, "pair") || k == id_softmax;
        const double allowed = (k == id_softmax ? 8 : 4) * ULP;
        int good = 1;
        fill_rooms(near_one);
        for (size_t i = 0; i < room; i++) fresh[2][i] = rooms[4][i] = positive(); /* Adam's v */
        for (size_t i = 0; i < sizeof size / sizeof *size * 4; i++) {
            const size_t n = size[i / 4];
            call c = arguments(n, (int)i % 16, (int)i % variants(k)), naive = c;
            float *const out[WRITTEN] = {c.y, c.m, c.v};
            run(&nn__table_naive, k, &naive);
            for (int o = 0; o < WRITTEN; o++) {
                memcpy(wanted[o], out[o], n * sizeof(float));
                memcpy(out[o], fresh[o] + (out[o] - rooms[READ + o]), n * sizeof(float));
            }
            run(tables[sets - 1], k, &c);
            const double off = fabs((double)c.result - (double)naive.result);
            const double result = 1 + fabs((double)naive.result);
            good &= off <= allowed * (fold ? sum_of_sizes(kernels[k].name, &c) : result);
            good &= same(c.max, naive.max);
            const double inside = k == id_softmax_backward ? 2 * sum_of_sizes("dot", &c) : 2;
            for (int o = 0; o < WRITTEN; o++) {
                const float *old = fresh[o] + (out[o] - rooms[READ + o]);
                for (size_t j = 0; j < n; j++) {
                    const double y = (double)wanted[o][j], got = (double)out[o][j];
                    const double terms = fabs(y) + (relative ? 0 : fabs((double)old[j]) + inside);
                    good &= fabs(got - y) <= allowed * terms || same(out[o][j], wanted[o][j]);
                }
                memcpy(out[o], old, n * sizeof(float));
            }
            if (!good) printf("  %s: n %zu\n", kernels[k].name, n);
            if (!good) break;
        }
        CHECK(good);
    }
}

/* What a float would lose: every block of 4,096 adds 1 to 2^24. */
static void sums_of_blocks_in_double(void)
{
    enum { BLOCKS = 17, N = BLOCKS * NN__SUM_BLOCK };
    float *x = numbers(N), one = 1;
    for (int i = 0; i < N; i++) x[i] = i % NN__SUM_BLOCK == 7;
    x[0] = 16777216 - 1;
    call c = {N, 0, x, &one, 1, 0, NULL, NULL, NULL, 0, 0};
    for (int s = 0; s < sets; s++) {
        run(tables[s], id_sum, &c);
        CHECK_NEAR(c.result, 16777216 + 16, 0);
    }
    array_free(x, N);
}

/* log(1 + e^a) is e^a where 1 + e^a is 1: the loss of a network that is almost sure, and right. */
static void bce_of_sure_networks(void)
{
    for (float a = -1; a > -80; a -= 0.75f) {
        const float target = 0;
        call c = {1, 0, &a, &target, 1, 1, NULL, NULL, NULL, 0, 0};
        run(tables[sets - 1], id_bce, &c);
        const double loss = log1p(exp((double)a));
        CHECK_NEAR(c.result, loss, 8 * ULP * loss);
    }
}

/* ---- packing ---- */

static void pack_one(int n, int width, int k, ptrdiff_t row, ptrdiff_t col)
{
    const size_t size = (size_t)width * (size_t)k;
    size_t size_a = 0;
    if (n && k) size_a = (size_t)((n - 1) * row + (k - 1) * col + 1);
    const float *a = constants(size_a);
    float *panel = numbers(size), *naive = numbers(size);
    nn__table_naive.pack(n, width, k, a, row, col, naive);
    for (int s = 0; s < sets; s++) {
        now.set = tables[s]->name, now.what = "pack", now.n = (size_t)n, now.place = k;
        memset(panel, 0xee, size * sizeof *panel);
        tables[s]->pack(n, width, k, a, row, col, panel);
        const int good = memcmp(panel, naive, size * sizeof *panel) == 0;
        if (!good)
            printf("  %s: n %d, width %d, k %d, row %d, col %d\n", tables[s]->name, n, width, k,
                   (int)row, (int)col);
        CHECK(good);
    }
    array_free(a, size_a), array_free(panel, size), array_free(naive, size);
}

static void pack_all_orders(int n, int width, int k, int gap)
{
    pack_one(n, width, k, k + gap, 1);
    pack_one(n, width, k, 1, n + gap);
    pack_one(n, width, k, 2 * k + gap, 2);
}

static void packing(void)
{
    for (int width = 1; width <= 32; width++)
        for (int n = 0; n <= width; n++)
            for (int k = 0; k <= 20; k++)
                if (width % 4 == 0 || width < 7 || k % 4 == width % 4)
                    pack_all_orders(n, width, k, (n + k) % 3 * 5);
    pack_all_orders(14, 14, 512, 0), pack_all_orders(32, 32, 513, 7);
    pack_all_orders(1000, 1000, 7, 0), pack_all_orders(777, 800, 15, 1); /* whole matrices */
    pack_all_orders(7, 7, 1000, 0);
}

/* ---- the largest of windows ---- */

/* Few values, so that many are equal; NaN, and zeros of both signs; the last window ends where the
 * memory does, or there is more behind it. */
static void largest_of(int n, int stride, int rows, int cols, int width, int more)
{
    const int from = n % 5, last = from + (n - 1) * stride + (rows - 1) * width + cols - 1;
    const size_t size = (size_t)(last + 1 + more), results = (size_t)n;
    float *x = array_new(size), *y = numbers(results), *naive_y = numbers(results);
    int at[64], naive_at[64];
    for (size_t i = 0; i < size; i++) x[i] = nn_random(nn) % 2 ? wild() : (float)(i % 3) - 1;
    nn__table_naive.largest(results, stride, rows, cols, width, x, x + size, from, naive_y,
                            naive_at);
    for (int s = 0; s < sets; s++) {
        now.set = tables[s]->name, now.what = "largest", now.n = results, now.place = rows * cols;
        memset(at, 0xee, sizeof at);
        tables[s]->largest(results, stride, rows, cols, width, x, x + size, from, y, at);
        const int good = memcmp(y, naive_y, results * sizeof *y) == 0 &&
                         memcmp(at, naive_at, results * sizeof *at) == 0 && at[n] == at[63];
        if (!good)
            printf("  %s: n %d, stride %d, window %d x %d, width %d\n", tables[s]->name, n, stride,
                   rows, cols, width);
        CHECK(good);
    }
    array_free(x, size), array_free(y, results), array_free(naive_y, results);
}

static void largest_of_windows(void)
{
    for (int n = 1; n < 40; n++)
        for (int stride = 1; stride < 5; stride++)
            for (int window = 0; window < 16; window++)
                for (int more = 0; more < 60; more += 29)
                    largest_of(n, stride, window / 4 + 1, window % 4 + 1, 3 + n * stride, more);
}

/* ---- matrix products ---- */

/* One element, as every set but the naive one has to compute it: one chain of fused multiply-adds.
 * Against it, the real value and the size of what is added up, of which an error of 4 roundings is
 * allowed. The roundings of a long chain, or one of a convolution, add up at random: of ten million
 * elements, a few are off by more. 4.35 is the most that was seen, and 5 are allowed; in a
 * convolution 5.14, and 6. */
typedef struct chain { float value; double real, size; } chain;

static chain chain_from(float start)
{
    const chain c = {start, (double)start, fabs((double)start)};
    return c;
}
static chain chain_on(chain c, int k, const float *a, ptrdiff_t da, const float *b, ptrdiff_t db)
{
    for (ptrdiff_t p = 0; p < k; p++) {
        const double ab = (double)a[p * da] * (double)b[p * db];
        c.value = nn__fma(a[p * da], b[p * db], c.value);
        c.real += ab, c.size += fabs(ab);
    }
    return c;
}
static int near_sum(float got, double sum, double size, int roundings)
{
    return fabs((double)got - sum) <= roundings * ULP * size;
}

/* Everything that struct nn__product can say, but for `at`: see convolution. */
enum { TURN_A = 1, TURN_B = 2, ADD = 4, ALL_KINDS = 8, SUMMED = 8, ONE_A = 16, GAPS = 32 };

static void product(int m, int n, int k, int batch, int kind)
{
    const int gap = kind & GAPS ? 3 : 0, ldc = n + gap;
    const int ra = (kind & TURN_A ? m : k) + gap, rb = (kind & TURN_B ? k : n) + gap;
    const ptrdiff_t a_step = kind & ONE_A ? 0 : (kind & TURN_A ? k : m) * ra;
    const ptrdiff_t b_step = (kind & TURN_B ? n : k) * rb, c_step = kind & SUMMED ? 0 : m * ldc;
    const size_t size_a = (size_t)((batch - 1) * a_step + (kind & TURN_A ? k : m) * ra - gap);
    const size_t size_b = (size_t)(batch * b_step - gap);
    const size_t size_c = (size_t)((batch - 1) * c_step + m * ldc - gap);
    const float *a = constants(size_a), *b = constants(size_b);
    const nn__mat ma = kind & TURN_A ? nn__transposed(nn__rows(a, ra)) : nn__rows(a, ra);
    const nn__mat mb = kind & TURN_B ? nn__transposed(nn__rows(b, rb)) : nn__rows(b, rb);
    float *c = numbers(size_c), *start = copy_of(c, size_c), *right = copy_of(c, size_c);
    chain *x = (chain *)malloc(size_c * sizeof *x);
    if (!x) abort();
    for (size_t i = 0; i < size_c; i++) x[i] = chain_from(start[i]);
    int good = 1, naive_good = 1;
    for (int item = 0; item < batch; item++)
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                const ptrdiff_t e = item * c_step + i * ldc + j;
                if (!(kind & ADD) && (item == 0 || c_step)) x[e] = chain_from(0);
                x[e] = chain_on(x[e], k, ma.p + item * a_step + i * ma.row, ma.col,
                                mb.p + item * b_step + j * mb.col, mb.row);
                right[e] = x[e].value;
                good &= near_sum(right[e], x[e].real, x[e].size, k * batch < 257 ? 5 : 6);
            }
    CHECK(good);
    for (int s = 0; s <= sets; s++) { /* at last the naive one, where that is quick */
        if (s == sets && m * n * k > 10000) continue;
        nn->kernels = s < sets ? tables[s] : &nn__table_naive;
        now.set = nn->kernels->name, now.what = "a product", now.n = (size_t)n, now.place = kind;
        memcpy(c, start, size_c * sizeof *c);
        const nn__product p = {m, n, k, (kind & ADD) != 0, batch, ma, mb, NULL, c, ldc,
                               a_step, b_step, c_step, 0};
        if (batch == 1 && !gap) CHECK(nn__gemm(nn, m, n, k, ma, mb, c, kind & ADD));
        else CHECK(nn__run(nn, &p));
        if (s < sets) good = memcmp(c, right, size_c * sizeof *c) == 0;
        for (size_t i = 0; s == sets && i < size_c; i++)
            naive_good &= near_sum(c[i], x[i].real, x[i].size, 4);
        if (!good || !naive_good)
            printf("  %s: %d x %d x %d, batch %d, kind %d\n", nn->kernels->name, m, n, k, batch,
                   kind);
        CHECK(good && naive_good);
    }
    array_free(a, size_a), array_free(b, size_b);
    array_free(c, size_c), array_free(start, size_c), array_free(right, size_c), free(x);
}

static void all_kinds(int m, int n, int k)
{
    for (int kind = 0; kind < ALL_KINDS; kind++) product(m, n, k, 1, kind);
}

static void products_of_all_small_sizes(void)
{
    for (int m = 1; m <= 18; m++)
        for (int n = 1; n <= 18; n++) all_kinds(m, n, 1 + (m * 5 + n * 3) % 19);
    for (int n = 28; n <= 37; n++) all_kinds(15, n, 7), all_kinds(n, 17, 9);
    for (int n = 1; n <= 15; n += 2) all_kinds(100 + n, n, 13), all_kinds(n, 100 + n, 13);
}

static void products_of_several_blocks(void) /* of 512 in k, 224 rows, 2,048 columns */
{
    all_kinds(65, 129, 257);
    product(13, 33, 1025, 1, TURN_B);
    product(461, 37, 600, 1, 0);
    product(461, 37, 600, 1, TURN_A | TURN_B | ADD);
    product(461, 5, 600, 1, ADD);
    product(17, 2083, 600, 1, TURN_B);
    product(17, 2083, 600, 1, TURN_A | ADD);
    product(1, 1024, 1024, 1, TURN_B);
    product(1024, 1, 1024, 1, 0);
    product(40, 40, 512, 1, GAPS); /* rows of A not 512 apart, and 512 */
    product(40, 40, 512, 1, 0);
}

static void products_in_batches(void)
{
    for (int kind = 0; kind < 2 * GAPS; kind++) {
        product(5, 7, 3, 3, kind);
        product(21, 5, 9, 2, kind); /* few columns: transposed, unless there are gaps */
        product(1 + kind % 17, 1 + kind * 5 % 41, 1 + kind * 3 % 23, 1 + kind % 4, kind);
    }
    product(19, 35, 530, 3, SUMMED), product(19, 35, 530, 3, GAPS | ADD);
}

/* One tile of one table, its C within a larger one. */
static void tile(const nn__kernels *t, int height, int half, int k, int kind)
{
    const int mr = t->heights[height], nr = t->width >> half, gap = kind & GAPS ? 3 : 0;
    const int row = kind & TURN_A ? 1 : k + gap, col = kind & TURN_A ? mr + gap : 1;
    const int ldb = nr + gap, ldc = nr + gap, naive = t == &nn__table_naive;
    const size_t size_a = k ? (size_t)((mr - 1) * row + (k - 1) * col + 1) : 0;
    const size_t size_b = k ? (size_t)(k * ldb - gap) : 0, size_c = (size_t)(mr * ldc - gap);
    const float *a = constants(size_a), *b = constants(size_b);
    float *c = numbers(size_c), *start = copy_of(c, size_c);
    now.set = t->name, now.what = "a tile", now.n = (size_t)nr, now.place = k;
    t->tile[height][half](k, a, row, col, b, ldb, NULL, c, ldc, kind & ADD);
    int good = 1;
    for (int i = 0; i < mr; i++)
        for (int j = 0; j < ldc && i * ldc + j < (int)size_c; j++) {
            const float got = c[i * ldc + j], old = start[i * ldc + j];
            chain x = chain_from(j >= nr || kind & ADD ? old : 0);
            if (j < nr) x = chain_on(x, k, a + i * row, col, b + j, ldb);
            good &= naive && j < nr ? near_sum(got, x.real, x.size, 4) : same(got, x.value);
        }
    if (!good) printf("  %s: %d x %d, k %d, kind %d\n", t->name, mr, nr, k, kind);
    CHECK(good);
    array_free(a, size_a), array_free(b, size_b);
    array_free(c, size_c), array_free(start, size_c);
}

static void tiles(void)
{
    for (int s = 0; s <= sets; s++) {
        const nn__kernels *t = s < sets ? tables[s] : &nn__table_naive;
        for (int height = 0; height < NN__HEIGHTS && t->heights[height]; height++)
            for (int half = 0; half < 2 && t->tile[height][half]; half++)
                for (int k = 0; k < 40; k = k < 4 ? k + 1 : 2 * k + 1)
                    for (int kind = 0; kind < 8; kind++)
                        tile(t, height, half, k,
                             (kind & 1) * TURN_A | (kind & 2) * ADD / 2 | (kind & 4) * GAPS / 4);
    }
}

/* Ours against libm's (glibc's is exact): random bits; short numbers, whose results are often
 * exactly between two floats; and products exactly there, where c decides, so small that a double
 * loses it. */
static void fused_multiply_add(void)
{
    int wrong = 0;
    for (int i = 0; i < 3000000; i++) {
        float v[3];
        for (int j = 0; j < 3; j++) {
            uint32_t bits = (uint32_t)nn_random(nn);
            if (i % 4 == 1) bits &= 0xfff80000u;
            if (i % 4 == 2) bits = (bits & 0x80ffe001u) | 0x3f000000u;
            if (i % 4 == 3) bits = j < 2 ? (bits & 0xbffff800u) | 0x20000000u : bits & 0x83ffffffu;
            memcpy(&v[j], &bits, sizeof v[j]);
        }
        wrong += !same(nn__fmaf(v[0], v[1], v[2]), fmaf(v[0], v[1], v[2]));
    }
    CHECK_INT(wrong, 0);
}

/* ---- convolution ---- */

enum { Y, DW, DX, SUMS };

/* The definition: seven loops, in double. What is added up goes to sum, its sizes to size. */
static void seven_loops(const nn__conv *v, const float *image, const float *w, const float *dy,
                        double *const *sum, double *const *size)
{
    ptrdiff_t y = 0;
    for (int n = 0; n < v->n; n++)
        for (int f = 0; f < v->filters; f++)
            for (int oy = 0; oy < v->out[0]; oy++)
                for (int ox = 0; ox < v->out[1]; ox++, y++)
                    for (int c = 0; c < v->channels; c++)
                        for (int r = 0; r < v->kernel[0]; r++)
                            for (int s = 0; s < v->kernel[1]; s++) {
                                const int iy = oy * v->stride[0] - v->pad[0] + r * v->dilation[0];
                                const int ix = ox * v->stride[1] - v->pad[1] + s * v->dilation[1];
                                if (iy < 0 || iy >= v->size[0] || ix < 0 || ix >= v->size[1])
                                    continue;
                                const ptrdiff_t at_x =
                                    ((ptrdiff_t)(n * v->channels + c) * v->size[0] + iy) *
                                        v->size[1] + ix;
                                const ptrdiff_t at_w =
                                    ((ptrdiff_t)(f * v->channels + c) * v->kernel[0] + r) *
                                        v->kernel[1] + s;
                                const ptrdiff_t to[SUMS] = {y, at_w, at_x};
                                const double x1 = (double)image[at_x], w1 = (double)w[at_w];
                                const double d1 = (double)dy[y];
                                const double term[SUMS] = {x1 * w1, d1 * x1, d1 * w1};
                                for (int i = 0; i < SUMS; i++) {
                                    sum[i][to[i]] += term[i];
                                    size[i][to[i]] += fabs(term[i]);
                                }
                            }
}

static void convolution(nn__conv v)
{
    for (int d = 0; d < 2; d++)
        v.out[d] = (v.size[d] + 2 * v.pad[d] - v.dilation[d] * (v.kernel[d] - 1) - 1) /
                       v.stride[d] + 1;
    const size_t sizes[SUMS] = {(size_t)(v.n * v.filters * nn__span2(v.out)),
                                (size_t)(v.filters * v.channels * nn__span2(v.kernel)),
                                (size_t)(v.n * v.channels * nn__span2(v.size))};
    const float *dy = constants(sizes[Y]), *w = constants(sizes[DW]), *image = constants(sizes[DX]);
    float *start[SUMS], *first[SUMS];
    double *sum[SUMS], *size[SUMS];
    for (int i = 0; i < SUMS; i++) {
        start[i] = numbers(sizes[i]), first[i] = copy_of(start[i], sizes[i]);
        sum[i] = (double *)malloc(sizes[i] * sizeof *sum[i]);
        size[i] = (double *)malloc(sizes[i] * sizeof *size[i]);
        if (!sum[i] || !size[i]) abort();
        for (size_t j = 0; j < sizes[i]; j++)
            sum[i][j] = (double)start[i][j], size[i][j] = fabs(sum[i][j]); /* they add to it */
    }
    seven_loops(&v, image, w, dy, sum, size);
    for (int s = 0; s < sets; s++) {
        float *got[SUMS];
        int bad = 0;
        for (int i = 0; i < SUMS; i++) got[i] = copy_of(start[i], sizes[i]);
        nn->kernels = tables[s];
        now.set = tables[s]->name, now.what = "convolution", now.n = (size_t)v.n, now.place = 0;
        CHECK(nn__conv_forward(nn, &v, image, w, got[Y]));
        CHECK(nn__conv_weight_grad(nn, &v, image, dy, got[DW]));
        CHECK(nn__conv_input_grad(nn, &v, w, dy, got[DX]));
        for (int i = 0; i < SUMS; i++) {
            int good = s == 0 || memcmp(got[i], first[i], sizes[i] * sizeof *got[i]) == 0;
            for (size_t j = 0; s == 0 && j < sizes[i]; j++)
                good &= near_sum(got[i][j], sum[i][j], size[i][j], 6);
            if (s == 0) memcpy(first[i], got[i], sizes[i] * sizeof *got[i]);
            array_free(got[i], sizes[i]);
            bad |= !good << i;
        }
        if (bad)
            printf("  %s: n %d, channels %d, size %d %d, filters %d, kernel %d %d, stride %d %d, "
                   "pad %d %d, dilation %d %d: wrong %d (1 y, 2 dw, 4 dx)\n", tables[s]->name, v.n,
                   v.channels, v.size[0], v.size[1], v.filters, v.kernel[0], v.kernel[1],
                   v.stride[0], v.stride[1], v.pad[0], v.pad[1], v.dilation[0], v.dilation[1], bad);
        CHECK(!bad);
    }
    array_free(dy, sizes[Y]), array_free(w, sizes[DW]);
    array_free(image, sizes[DX]);
    for (int i = 0; i < SUMS; i++) {
        array_free(start[i], sizes[i]), array_free(first[i], sizes[i]);
        free(sum[i]), free(size[i]);
    }
}

static int from_to(int low, int high)
{
    return low + (int)(nn_random(nn) % (uint64_t)(high - low + 1));
}

/* All kernels, strides, pads and dilations; the sizes at random, those that fit. */
static void convolutions_of_all_kinds(void)
{
    for (int i = 0; i < 25 * 9 * 9 * 4; i++) {
        nn__conv v = {0, 0, {0, 0}, 0, {i % 5 + 1, i / 5 % 5 + 1}, {i / 25 % 3 + 1, i / 75 % 3 + 1},
                      {i / 225 % 3, i / 675 % 3}, {i / 2025 % 2 + 1, i / 4050 + 1}, {0, 0}};
        v.n = from_to(1, 3), v.channels = from_to(1, 3), v.filters = from_to(1, 5);
        for (int d = 0; d < 2; d++) {
            const int least = v.dilation[d] * (v.kernel[d] - 1) + 1 - 2 * v.pad[d];
            v.size[d] = from_to(least > 1 ? least : 1, 13);
        }
        convolution(v);
    }
}

static void convolutions_of_several_blocks(void) /* k above 512, or more than 2,048 columns */
{
    static const nn__conv large[] = {
        {1, 60, {47, 47}, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 0}}, /* y and dw */
        {1, 3, {47, 47}, 60, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 0}}, /* dx */
        {2, 5, {95, 93}, 15, {3, 5}, {2, 1}, {1, 0}, {1, 2}, {0, 0}}, /* dx in two phases */
        {3, 230, {5, 4}, 17, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 0}}, /* dw of 2,070 columns */
        {2, 520, {9, 7}, 5, {1, 1}, {1, 1}, {0, 0}, {1, 1}, {0, 0}},  /* no neighbours */
        {19, 3, {9, 7}, 5, {3, 2}, {1, 1}, {1, 0}, {1, 1}, {0, 0}},   /* groups of 8, 8, 3 images */
        {1, 520, {31, 21}, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 0}}, /* dw in stripes */
    };
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) convolution(large[i]);
}

/* ---- the accuracy of the functions of one number ---- */

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double square(double x) { return x * x; }
static double relu(double x) { return x < 0 ? 0 : x; }
/* x / 2 times erfc(-x / sqrt 2), which magnifies the error of its argument 200 times at most before
 * it is 0 in float: that leaves twice the digits of a float. */
static double gelu(double x) { return x < -20 ? -0.0 : 0.5 * x * erfc(-x / sqrt(2)); }

static const struct { const char *name; double (*f)(double), limit; } real[] = {
    {"exp", exp, 2},   {"log", log, 2},         {"sqrt", sqrt, 0}, {"square", square, 0},
    {"tanh", tanh, 2}, {"sigmoid", sigmoid, 2}, {"relu", relu, 0}, {"gelu", gelu, 2},
    {"sin", sin, 2},   {"cos", cos, 2},
};
enum { REAL = sizeof real / sizeof *real };

/* How many floats lie between got and the exact value, at the size of a float near that. Zeros have
 * a sign. */
static double ulps(float got, double exact)
{
    const float rounded = (float)exact;
    if (same(got, rounded)) return 0;
    if (got - got != 0 || exact - exact != 0) return 1e9; /* infinite or NaN, only one of them */
    if (got == 0 && rounded == 0) return 1e9;
    int e = -125;
    if (exact != 0) frexp(exact, &e);
    return fabs((double)got - exact) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

/* Every so many of the 2^32 floats. */
static double worst_error(int kernel, double (*f)(double), uint32_t stride, float *where)
{
    enum { N = 1009 };
    static float x[N], y[N];
    double worst = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        call c = {0, 0, x, x, 1, 1, y, y, y, 0, 0};
        for (; c.n < N && bits <= UINT32_MAX; c.n++, bits += stride) {
            const uint32_t b = (uint32_t)bits;
            memcpy(&x[c.n], &b, sizeof b);
        }
        run(tables[sets - 1], kernel, &c); /* the other sets have the same bits */
        for (size_t i = 0; i < c.n; i++) {
            const double d = ulps(y[i], f((double)x[i]));
            if (d > worst) worst = d, *where = x[i];
        }
    }
    return worst;
}

static uint32_t every = 1009;

static void functions_within_2_ulp(void)
{
    for (int k = 0; k < KERNELS; k++) {
        if (!has_form(k, "map")) continue;
        int r = 0;
        while (r < REAL && strcmp(real[r].name, kernels[k].name) != 0) r++;
        if (r == REAL) printf("  %s: there is no reference for it\n", kernels[k].name);
        CHECK(r < REAL);
        if (r == REAL) continue;
        const float edges[] = {0, -0.0f, HUGE_VALF, -HUGE_VALF, HUGE_VALF - HUGE_VALF};
        float y[5], where = 0;
        call c = {5, 0, edges, edges, 1, 1, y, y, y, 0, 0};
        run(tables[sets - 1], k, &c);
        for (int i = 0; i < 5; i++) {
            const int good = same(y[i], (float)real[r].f((double)edges[i]));
            if (!good) printf("  %s(%g) is %g\n", real[r].name, (double)edges[i], (double)y[i]);
            CHECK(good);
        }
        const double worst = worst_error(k, real[r].f, every, &where);
        if (worst > real[r].limit || every == 1)
            printf("  %s: %.4g ulp at %.9g (%a)\n", real[r].name, worst, (double)where,
                   (double)where);
        CHECK(worst <= real[r].limit);
    }
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"scalar", "neon", "avx2", "avx512"};
    for (int i = 0; i < 4; i++)
        if (nn__kernels_find(names[i])) tables[sets++] = nn__kernels_find(names[i]);
    nn = nn_create(3);
    if (argc > 1 && strcmp(argv[1], "all") == 0) {
        every = 1;
        RUN(functions_within_2_ulp);
        return test_summary();
    }
    signal(SIGSEGV, crashed);
#ifdef SIGBUS
    signal(SIGBUS, crashed);
#endif
    room = whole_pages(LONGEST + 15);
    for (int i = 0; i < ROOMS; i++) rooms[i] = pages_new(room);
    for (int i = 0; i < WRITTEN; i++) fresh[i] = pages_new(room);
    RUN(same_bits_on_every_set);
    RUN(as_the_naive_twins);
    RUN(sums_of_blocks_in_double);
    RUN(bce_of_sure_networks);
    RUN(packing);
    RUN(largest_of_windows);
    RUN(tiles);
    RUN(products_of_all_small_sizes);
    RUN(products_of_several_blocks);
    RUN(products_in_batches);
    RUN(convolutions_of_all_kinds);
    RUN(convolutions_of_several_blocks);
    RUN(fused_multiply_add);
    RUN(functions_within_2_ulp);
    nn_destroy(nn);
    return test_summary();
}
