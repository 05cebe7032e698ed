/* The kernels against their definitions. A matrix product: every element is one chain of fused
 * multiply-adds over k, bit by bit, whatever the tiles, the packing and the blocks. The functions
 * of one number: within 2 units in the last place of libm's double, over every 1,009th float. */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static nn_ctx *nn;
static const char *const sets[] = {"scalar", "avx2", "avx512", "neon"};
enum { SETS = 4 };

/* ---- matrix products ---- */

static nn_real *numbers(size_t n)
{
    nn_real *p = (nn_real *)malloc(n * sizeof *p);
    for (size_t i = 0; p && i < n; i++) p[i] = nn_uniform(nn, -1, 1);
    return p;
}

/* ta, tb: A and B as they are, or stored transposed */
static void product(int m, int n, int k, int ta, int tb, int add)
{
    const size_t size = (size_t)m * (size_t)n;
    nn_real *a = numbers((size_t)m * (size_t)k), *b = numbers((size_t)k * (size_t)n);
    nn_real *c = numbers(size), *wanted = numbers(size);
    const nn__mat ma = ta ? nn__transposed(nn__rows(a, m)) : nn__rows(a, k);
    const nn__mat mb = tb ? nn__transposed(nn__rows(b, k)) : nn__rows(b, n);
    nn_real *start = numbers(size);
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
            nn_real sum = add ? start[i * n + j] : 0;
            for (ptrdiff_t p = 0; p < k; p++)
                sum = nn__fma(ma.p[i * ma.row + p * ma.col], mb.p[p * mb.row + j * mb.col], sum);
            wanted[i * n + j] = sum;
        }
    for (int s = 0; s < SETS; s++) {
        if (!nn_set_simd(nn, sets[s])) continue;
        memcpy(c, start, size * sizeof *c);
        CHECK(nn__gemm(nn, m, n, k, ma, mb, c, add));
        const int same = memcmp(c, wanted, size * sizeof *c) == 0;
        if (!same)
            printf("  %s: %d x %d x %d, ta %d, tb %d, add %d\n", sets[s], m, n, k, ta, tb, add);
        CHECK(same);
    }
    free(a), free(b), free(c), free(wanted), free(start);
}

static void all_kinds(int m, int n, int k)
{
    for (int kind = 0; kind < 8; kind++) product(m, n, k, kind & 1, kind >> 1 & 1, kind >> 2);
}

static void products_of_all_small_sizes(void)
{
    for (int m = 1; m <= 18; m++)
        for (int n = 1; n <= 18; n++) all_kinds(m, n, 1 + (m * 5 + n * 3) % 19);
    for (int n = 28; n <= 37; n++) all_kinds(15, n, 7), all_kinds(n, 17, 9);
}

static void products_of_several_blocks(void) /* of 256 in k, 1,120 rows, 4,096 columns */
{
    all_kinds(65, 129, 257);
    product(13, 33, 1025, 0, 1, 0);
    product(1135, 37, 300, 0, 0, 0);
    product(1135, 37, 300, 1, 1, 1);
    product(17, 4131, 300, 0, 1, 0);
    product(17, 4131, 300, 1, 0, 1);
    product(1, 1024, 1024, 0, 1, 0);
}

/* Ours against libm's (glibc's is exact): random bits, and short numbers, whose results are often
 * exactly between two floats. */
static void fused_multiply_add(void)
{
    int wrong = 0;
    for (int i = 0; i < 3000000; i++) {
        float v[3];
        for (int j = 0; j < 3; j++) {
            uint32_t bits = (uint32_t)nn_random(nn);
            if (i % 3 == 1) bits &= 0xfff80000u;
            if (i % 3 == 2) bits = (bits & 0x80ffe001u) | 0x3f000000u;
            memcpy(&v[j], &bits, sizeof v[j]);
        }
        const float ours = nn__fmaf(v[0], v[1], v[2]), exact = fmaf(v[0], v[1], v[2]);
        wrong += memcmp(&ours, &exact, sizeof ours) != 0 && !(ours != ours && exact != exact);
    }
    CHECK_INT(wrong, 0);
}

/* ---- functions of one number ---- */

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* How many floats lie between got and the real value, at the size of a float near it. */
static double ulps(float got, double real)
{
    if (got != got || real != real) return (got != got) == (real != real) ? 0 : 1e9;
    if ((double)got == real || (float)real == got) return 0;
    if (got - got != 0) return 1e9;
    int e;
    frexp(real, &e);
    return fabs((double)got - real) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

static void accuracy(const char *name, void (*f)(size_t n, const nn_real *x, nn_real *y),
                     double (*real)(double))
{
    double worst = 0;
    float worst_x = 0, x[1009], y[1009];
    uint32_t bits = 0;
    for (int left = 1; left;) {
        size_t n = 0;
        for (; n < 1009 && left; n++, left = bits <= UINT32_MAX - 1009, bits += 1009)
            memcpy(&x[n], &bits, sizeof x[n]);
        f(n, (const nn_real *)(void *)x, (nn_real *)(void *)y);
        for (size_t i = 0; i < n; i++) {
            const double d = ulps(y[i], real((double)x[i]));
            if (d > worst) worst = d, worst_x = x[i];
        }
    }
    if (worst > 2) printf("  %s: %.3g ulp at %.9g\n", name, worst, (double)worst_x);
    CHECK(worst <= 2);
}

static void functions_within_2_ulp(void)
{
    for (int s = 0; s < SETS; s++) {
        if (!nn_set_simd(nn, sets[s])) continue;
        if (s == 0) continue; /* the same bits, see below, and slow without fma in hardware */
        accuracy("exp", nn->kernels->exp, exp);
        accuracy("log", nn->kernels->log, log);
        accuracy("tanh", nn->kernels->tanh, tanh);
        accuracy("sigmoid", nn->kernels->sigmoid, sigmoid);
        accuracy("sqrt", nn->kernels->sqrt, sqrt);
        break; /* one of them: the others have its bits */
    }
}

/* Every kernel of one argument on every instruction set, for all short lengths and places. */
static void functions_have_the_same_bits(void)
{
    enum { N = 67 };
    float x[N + 16], one[N + 16], other[N + 16];
    for (int i = 0; i < N + 16; i++) x[i] = (float)nn_normal(nn, 0, 20);
    x[3] = 0, x[4] = -0.0f, x[5] = HUGE_VALF, x[6] = -HUGE_VALF, x[7] = 1e-40f, x[8] = 88.8f;
    for (int f = 0; f < 7; f++)
        for (size_t n = 0; n <= N; n++)
            for (int s = 1; s < SETS; s++) {
                if (!nn_set_simd(nn, sets[s])) continue;
                const nn__kernels *fast = nn->kernels;
                nn_set_simd(nn, "scalar");
                const nn__kernels *slow = nn->kernels;
                void (*const a[])(size_t, const nn_real *,
                                  nn_real *) = {slow->exp,     slow->log,  slow->sqrt, slow->square,
                                                slow->sigmoid, slow->tanh, slow->relu};
                void (*const b[])(size_t, const nn_real *,
                                  nn_real *) = {fast->exp,     fast->log,  fast->sqrt, fast->square,
                                                fast->sigmoid, fast->tanh, fast->relu};
                for (int i = 0; i < N + 16; i++) one[i] = other[i] = 7;
                const size_t at = n % 16;
                a[f](n, (const nn_real *)(void *)(x + at), (nn_real *)(void *)(one + at));
                b[f](n, (const nn_real *)(void *)(x + at), (nn_real *)(void *)(other + at));
                for (int i = 0; i < N + 16;
                     i++) /* nothing around them is touched; NaN equals NaN */
                    CHECK(memcmp(&one[i], &other[i], 4) == 0 ||
                          (one[i] != one[i] && other[i] != other[i]));
            }
}

int main(void)
{
    nn = nn_create(3);
    RUN(products_of_all_small_sizes);
    RUN(products_of_several_blocks);
    RUN(fused_multiply_add);
    RUN(functions_within_2_ulp);
    RUN(functions_have_the_same_bits);
    nn_destroy(nn);
    return test_summary();
}
