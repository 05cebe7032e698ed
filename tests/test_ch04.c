/* Chapter 4: what the theorems promise is counted, what can be enumerated is enumerated, the rest
 * is held against the formula in double, by libm. Numbers such as 4.5 are rows of the feature
 * table.
 *
 *     cc -std=c99 -O1 -g tests/test_ch04.c -lm -o test_ch04 && ./test_ch04
 *
 * Run from the root of the repository.
 */
#include <stdlib.h>

static int aborted, allocations_left = -1; /* -1: as many as one likes */
static void *limited(size_t size)
{
    if (allocations_left == 0) return NULL;
    if (allocations_left > 0) allocations_left--;
    return malloc(size);
}
#define NN_ABORT() (aborted++)
#define NN_MALLOC(user, size) ((void)(user), limited(size))
#define NN_REALLOC(user, p, size) ((void)(user), realloc(p, size))
#define NN_FREE(user, p) ((void)(user), free(p))

#define NN_CHAPTERS 4
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static const nn_real corners[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const int and_t[4] = {0, 0, 0, 1}, xor_t[4] = {0, 1, 1, 0};

static nn_perceptron zeros(nn_real *w, int n)
{
    nn_perceptron p;
    p.w = w;
    p.b = 0;
    p.n = n;
    for (int j = 0; j < n; j++) w[j] = 0;
    return p;
}

static double random_in(nn_ctx *nn, double low, double high)
{
    return (double)nn_uniform(nn, (nn_real)low, (nn_real)high);
}

/* ---- the perceptron ---- */

static void update_by_hand(void) /* 4.4, 2.5 */
{
    nn_real w[2] = {0.5f, -1}, x[2] = {2, 1};
    nn_perceptron p = zeros(w, 2);
    CHECK_INT(nn_perceptron_update(&p, x, 0, 1), 0); /* z = 0 is answered with 0 */
    w[0] = 0.5f, w[1] = -1, p.b = 0.25f;             /* z = 1 - 1 + 0.25, y = 1 */
    CHECK_INT(nn_perceptron_update(&p, x, 1, 0.5f), 0);
    CHECK(w[0] == 0.5f && w[1] == -1 && p.b == 0.25f); /* right: nothing changes (not Hebb) */
    CHECK_INT(nn_perceptron_update(&p, x, 0, 0.5f), -1);
    CHECK(w[0] == -0.5f && w[1] == -1.5f && p.b == -0.25f); /* z = -2.75, y = 0 */
    CHECK_INT(nn_perceptron_update(&p, x, 0, 0.5f), 0);
    CHECK(w[0] == -0.5f && w[1] == -1.5f && p.b == -0.25f);
    CHECK_INT(nn_perceptron_update(&p, x, 1, 0.25f), 1);
    CHECK(w[0] == 0 && w[1] == -1.25f && p.b == 0);
}

/* AND from zeros with rate 1, done on paper: mistakes and weights of each epoch. */
static void and_by_hand(void) /* 4.3, 4.8 */
{
    static const int mistakes[6] = {1, 3, 3, 2, 1, 0};
    static const nn_real after[6][3] = {{1, 1, 1}, {2, 1, 0}, {2, 1, -1},
                                        {2, 2, -1}, {2, 1, -2}, {2, 1, -2}};
    nn_real w[2];
    nn_perceptron p = zeros(w, 2);
    for (int epoch = 0; epoch < 6; epoch++) {
        CHECK_INT(nn_perceptron_epoch(&p, corners[0], and_t, 4, 1), mistakes[epoch]);
        CHECK(w[0] == after[epoch][0] && w[1] == after[epoch][1] && p.b == after[epoch][2]);
    }
    CHECK_INT(nn_perceptron_errors(&p, corners[0], and_t, 4), 0);

    p = zeros(w, 2);
    nn_perceptron_result r = nn_perceptron_fit(&p, corners[0], and_t, 4, 1, 100);
    CHECK_INT(r.epochs, 6);
    CHECK_INT(r.mistakes, 10);
    CHECK_INT(r.errors, 0);
    CHECK(w[0] == 2 && w[1] == 1 && p.b == -2);
    r = nn_perceptron_fit(&p, corners[0], and_t, 4, 1, 100); /* goes on from there: nothing to do */
    CHECK(r.epochs == 1 && r.mistakes == 0 && r.errors == 0);

    p = zeros(w, 2);
    r = nn_perceptron_fit(&p, corners[0], and_t, 4, 1, 3); /* stopped: w = (2, 1), b = -1 */
    CHECK(r.epochs == 3 && r.mistakes == 7 && r.errors == 1);
    p = zeros(w, 2);
    r = nn_perceptron_fit(&p, corners[0], and_t, 4, 1, 0);
    CHECK(r.epochs == 0 && r.mistakes == 0 && r.errors == 1);
}

/* Sets with a planted plane and no sample near it: radius and margin computed here once more, the
 * algorithm needs no more mistakes than (R / margin)^2, in whatever order, with whatever rate. */
static void mistakes_within_the_bound(void) /* 4.5 */
{
    enum { N = 60, D = 8 };
    static const nn_real rates[3] = {1, 0.1f, 7};
    double closest = 0; /* mistakes / bound, the largest seen */
    for (test_seed = 1; test_seed <= 60; test_seed++) {
        nn_ctx *nn = nn_create(test_seed);
        const int d = 1 + (int)test_seed % D;
        nn_real x[N * D], u_w[D], w[D];
        nn_perceptron u = {u_w, (nn_real)random_in(nn, -0.5, 0.5), d};
        int t[N];
        double length2 = (double)u.b * (double)u.b, margin = 1e9, radius2 = 0;
        for (int j = 0; j < d; j++) {
            u_w[j] = nn_normal(nn, 0, 1);
            length2 += (double)u_w[j] * (double)u_w[j];
        }
        for (int i = 0; i < N;) {
            double z = (double)u.b, x2 = 1;
            for (int j = 0; j < d; j++) {
                x[i * d + j] = (nn_real)random_in(nn, -1, 1);
                z += (double)u_w[j] * (double)x[i * d + j];
                x2 += (double)x[i * d + j] * (double)x[i * d + j];
            }
            const double distance = fabs(z) / sqrt(length2);
            if (distance < 0.04) continue; /* another one */
            margin = fmin(margin, distance);
            radius2 = fmax(radius2, x2);
            t[i++] = z > 0;
        }
        const nn_novikoff bound = nn_novikoff_bound(&u, x, t, N);
        CHECK_NEAR(bound.radius, sqrt(radius2), 1e-12);
        CHECK_NEAR(bound.margin, margin, 1e-12);
        CHECK_NEAR(bound.mistakes, radius2 / (margin * margin), 1e-8 * bound.mistakes);
        nn_perceptron p = zeros(w, d);
        const nn_perceptron_result r = nn_perceptron_fit(&p, x, t, N, rates[test_seed % 3], 6000);
        CHECK_INT(r.errors, 0);
        CHECK((double)r.mistakes <= bound.mistakes);
        closest = fmax(closest, (double)r.mistakes / bound.mistakes);
        CHECK((double)r.mistakes <= nn_novikoff_bound(&p, x, t, N).mistakes); /* by its own plane */
        t[7] = !t[7];
        CHECK(nn_novikoff_bound(&u, x, t, N).margin < 0);
        CHECK(nn_novikoff_bound(&u, x, t, N).mistakes == HUGE_VAL);
        nn_destroy(nn);
    }
    CHECK(closest > 0.01 && closest <= 1);
    test_seed = 0;

    /* reached: one sample at the origin with target 1 takes one mistake, and R = margin = 1 */
    nn_real origin = 0, w = 0;
    const int one = 1;
    nn_perceptron p = {&w, 1, 1};
    CHECK(nn_novikoff_bound(&p, &origin, &one, 1).mistakes == 1);
    p.b = 0;
    CHECK(nn_novikoff_bound(&p, &origin, &one, 1).mistakes == HUGE_VAL); /* no plane at all */
    CHECK_INT(nn_perceptron_fit(&p, &origin, &one, 1, 1, 9).mistakes, 1);
}

/* Epochs until the weights after an epoch come back: 0 if an epoch has no mistakes before. */
static int cycle(nn_perceptron *p, const nn_real *x, const int *t, int n, double *longest)
{
    nn_real saved[4] = {0};
    for (int epoch = 1, since = 0, next = 1; epoch < 100000; epoch++) { /* Brent 1980 */
        if (nn_perceptron_epoch(p, x, t, n, 1) == 0) return 0;
        *longest = fmax(*longest, hypot((double)p->w[0], hypot((double)p->w[1], (double)p->b)));
        since++;
        if (saved[0] == p->w[0] && saved[1] == p->w[1] && saved[2] == p->b) return since;
        if (epoch < next) continue;
        saved[0] = p->w[0], saved[1] = p->w[1], saved[2] = p->b;
        since = 0;
        next *= 2;
    }
    return -1;
}

static void not_separable_cycles(void) /* 4.6, 2.8 */
{
    nn_real w[2];
    double longest = 0;
    nn_perceptron p = zeros(w, 2);
    const nn_perceptron_result r = nn_perceptron_fit(&p, corners[0], xor_t, 4, 1, 1000);
    CHECK_INT(r.epochs, 1000); /* never an epoch without mistakes */
    CHECK(r.mistakes >= 1000 && r.errors >= 1);
    p = zeros(w, 2);
    CHECK(cycle(&p, corners[0], xor_t, 4, &longest) > 0);
    CHECK(longest < 4);

    int cycles = 0;
    for (test_seed = 1; test_seed <= 40; test_seed++) { /* points with whole coordinates */
        nn_ctx *nn = nn_create(test_seed);
        nn_real x[16];
        int t[8];
        for (int i = 0; i < 16; i++) x[i] = (nn_real)nn_randint(nn, -3, 4);
        for (int i = 0; i < 8; i++) t[i] = nn_randint(nn, 0, 2);
        p = zeros(w, 2);
        longest = 0;
        const int length = cycle(&p, x, t, 8, &longest);
        CHECK(length >= 0 && longest < 40);
        cycles += length > 0;
        nn_destroy(nn);
    }
    CHECK(cycles > 20);
    test_seed = 0;
}

/* The fewest errors any line can make with n points in general position: it can be moved until it
 * goes through two of them, each of which may then lie on either side. */
static int fewest_errors(const nn_real *x, const int *t, int n)
{
    int fewest = n;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (i == j) continue; /* (i, j) and (j, i): the two directions of a line */
            const double a = (double)(x[2 * j + 1] - x[2 * i + 1]);
            const double b = (double)(x[2 * i] - x[2 * j]);
            int errors = 0;
            for (int k = 0; k < n; k++) {
                if (k == i || k == j) continue;
                const double z = a * (double)(x[2 * k] - x[2 * i]) +
                                 b * (double)(x[2 * k + 1] - x[2 * i + 1]);
                errors += (z > 0) != t[k];
            }
            if (errors < fewest) fewest = errors;
        }
    return fewest;
}

static void pocket_keeps_the_best(void) /* 4.6 */
{
    nn_ctx *nn = nn_create(1);
    nn_real w[2];
    nn_perceptron p = zeros(w, 2);
    nn_perceptron_result r = nn_perceptron_pocket(nn, &p, corners[0], xor_t, 4, 1, 50);
    CHECK_INT(r.errors, 1); /* three of four is the best there is */
    CHECK_INT(nn_perceptron_errors(&p, corners[0], xor_t, 4), 1);
    CHECK_INT(r.epochs, 50);
    p = zeros(w, 2);
    r = nn_perceptron_pocket(nn, &p, corners[0], and_t, 4, 1, 50);
    CHECK(r.errors == 0 && r.epochs < 50); /* stops when nothing is left to do */
    w[0] = w[1] = 1, p.b = -1.5f;
    r = nn_perceptron_pocket(nn, &p, corners[0], and_t, 4, 1, 50);
    CHECK(r.epochs == 0 && r.mistakes == 0 && w[0] == 1 && w[1] == 1 && p.b == -1.5f);
    nn_destroy(nn);

    int hard = 0;
    for (test_seed = 1; test_seed <= 20; test_seed++) {
        nn = nn_create(test_seed);
        nn_real x[18];
        int t[9];
        for (int i = 0; i < 18; i++) x[i] = nn_uniform(nn, -1, 1);
        for (int i = 0; i < 9; i++) t[i] = nn_randint(nn, 0, 2);
        p = zeros(w, 2);
        r = nn_perceptron_pocket(nn, &p, x, t, 9, 1, 4000);
        CHECK_INT(r.errors, fewest_errors(x, t, 9));
        CHECK_INT(nn_perceptron_errors(&p, x, t, 9), r.errors);
        hard += r.errors > 0;
        nn_destroy(nn);
    }
    CHECK(hard > 5);
    test_seed = 0;
}

static void rate_only_rescales(void) /* 4.7 */
{
    static const nn_real rates[3] = {0.125f, 1, 64};
    for (test_seed = 1; test_seed <= 10; test_seed++) {
        nn_ctx *nn = nn_create(test_seed);
        nn_real x[120], w[3][3];
        nn_perceptron p[3];
        nn_perceptron_result r[3];
        int t[40];
        for (int i = 0; i < 120; i++) x[i] = nn_uniform(nn, -1, 1);
        for (int i = 0; i < 40; i++) t[i] = x[3 * i] + x[3 * i + 1] > x[3 * i + 2];
        for (int k = 0; k < 3; k++) {
            p[k] = zeros(w[k], 3);
            r[k] = nn_perceptron_fit(&p[k], x, t, 40, rates[k], 30);
            CHECK(r[k].epochs == r[0].epochs && r[k].mistakes == r[0].mistakes);
            for (int j = 0; j < 3; j++) CHECK(w[k][j] / rates[k] == w[0][j] / rates[0]);
            CHECK(p[k].b / rates[k] == p[0].b / rates[0]);
        }
        CHECK(r[0].mistakes > 0);
        for (int i = 0; i < 200; i++) { /* and so the same answer everywhere */
            const nn_real new_x[3] = {nn_uniform(nn, -2, 2), nn_uniform(nn, -2, 2),
                                      nn_uniform(nn, -2, 2)};
            const int y = nn_perceptron_forward(&p[0], new_x);
            CHECK(nn_perceptron_forward(&p[1], new_x) == y);
            CHECK(nn_perceptron_forward(&p[2], new_x) == y);
        }
        nn_destroy(nn);
    }
    test_seed = 0;
}

/* ---- capacity ---- */

/* How many of the 2^n labellings of n points in d dimensions (2 or 3) a plane through the origin
 * makes: each region of the planes w with w x_i = 0 has a corner, where d - 1 of the products are
 * 0 and may get either sign. */
static int dichotomies(double x[][3], int n, int d)
{
    static char seen[1 << 10];
    int count = 0;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < n; i++)
        for (int j = d == 2 ? i : 0; j < (d == 2 ? i + 1 : n); j++) {
            const double *a = x[i], *b = x[j];
            if (d == 3 && i == j) continue;
            const double w[3] = {d == 2 ? -a[1] : a[1] * b[2] - a[2] * b[1],
                                 d == 2 ? a[0] : a[2] * b[0] - a[0] * b[2],
                                 d == 2 ? 0 : a[0] * b[1] - a[1] * b[0]};
            for (int way = 0; way < 8; way++) { /* signs of the two products, and of w */
                int label = 0;
                for (int k = 0; k < n; k++) {
                    const double z = w[0] * x[k][0] + w[1] * x[k][1] + w[2] * x[k][2];
                    const int free = k == i || k == j;
                    label |= (free ? way >> (k != i) & 1 : (z > 0) ^ way >> 2) << k;
                }
                count += !seen[label];
                seen[label] = 1;
            }
        }
    return count;
}

static void cover_counts(void) /* 4.9 */
{
    CHECK_NEAR(nn_cover_fraction(6, 3), 0.5, 0); /* 32 of 64 */
    CHECK_NEAR(nn_cover_fraction(4, 3), 14.0 / 16, 0); /* all of two inputs but XOR and its twin */
    for (test_seed = 1; test_seed <= 5; test_seed++) {
        nn_ctx *nn = nn_create(test_seed);
        double x[10][3];
        for (int i = 0; i < 30; i++) x[i / 3][i % 3] = random_in(nn, -1, 1);
        for (int n = 2; n <= 10; n++)
            for (int d = 2; d <= 3; d++)
                CHECK_NEAR(nn_cover_fraction(n, d) * (1 << n), dichotomies(x, n, d), 1e-12);
        nn_destroy(nn);
    }
    test_seed = 0;

    /* Cover's step: a new point splits those labellings whose plane can go through it:
     * C(N + 1, d) = C(N, d) + C(N, d - 1) */
    double count[62][62];
    for (int n = 1; n < 61; n++)
        for (int d = 1; d < 61; d++) {
            count[n][d] = n == 1 || d == 1 ? 2 : count[n - 1][d] + count[n - 1][d - 1];
            CHECK_NEAR(nn_cover_fraction(n, d), ldexp(count[n][d], -n), 1e-13);
        }
    for (int d = 1; d <= 4096; d *= 4) {
        CHECK_NEAR(nn_cover_fraction(2 * d, d), 0.5, 1e-11); /* the capacity is 2 d */
        CHECK_NEAR(nn_cover_fraction(d, d), 1, 0);
        CHECK(nn_cover_fraction(d + 1, d) < 1 || d > 50);
    }
    CHECK(nn_cover_fraction(1800, 1000) > 0.999); /* the step at 2 d gets steep */
    CHECK(nn_cover_fraction(2200, 1000) < 0.001);
    CHECK(nn_cover_fraction(100000, 2) == 0); /* too small for a double */
}

/* Five points in the plane, with a bias (3 weights): the algorithm learns C(5, 3) = 22 of their 32
 * labellings. */
static void capacity_of_the_algorithm(void) /* 4.9 */
{
    nn_real x[10] = {0.25f, 0, 1, 0.25f, 0.25f, 1, -1, 0.5f, -0.25f, -1}, w[2];
    double augmented[5][3];
    int learned = 0;
    for (int i = 0; i < 15; i++)
        augmented[i / 3][i % 3] = i % 3 < 2 ? (double)x[i / 3 * 2 + i % 3] : 1;
    CHECK_INT(dichotomies(augmented, 5, 3), 22);
    for (int labels = 0; labels < 32; labels++) {
        int t[5];
        for (int i = 0; i < 5; i++) t[i] = labels >> i & 1;
        nn_perceptron p = zeros(w, 2);
        learned += nn_perceptron_fit(&p, x, t, 5, 1, 1000).errors == 0;
    }
    CHECK_INT(learned, 22);
}

/* ---- spikes ---- */

static double stdp_formula(const nn_stdp *r, double dt)
{
    if (dt > 0) return (double)r->a_plus * exp(-dt / (double)r->tau_plus);
    return dt < 0 ? -(double)r->a_minus * exp(dt / (double)r->tau_minus) : 0;
}

static void stdp_curve(void) /* 4.10 */
{
    const nn_stdp rules[2] = {nn_stdp_new(), {1, 0.5f, 17, 34}};
    CHECK_NEAR(rules[0].a_plus, 0.005, 1e-9);
    CHECK_NEAR(rules[0].a_minus / rules[0].a_plus, 1.05, 1e-6);
    CHECK(rules[0].tau_plus == 20 && rules[0].tau_minus == 20);
    for (int r = 0; r < 2; r++)
        for (int i = -400; i <= 400; i++) {
            const double dt = 0.25 * i, wanted = stdp_formula(&rules[r], dt);
            CHECK_NEAR(nn_stdp_pair(&rules[r], (nn_real)dt), wanted, 5e-7 * fabs(wanted));
        }
    CHECK(nn_stdp_pair(&rules[0], 10) > 0); /* pre before post: stronger */
    CHECK(nn_stdp_pair(&rules[0], -10) < 0);
    CHECK(nn_stdp_pair(&rules[0], 0) == 0);
    CHECK(nn_stdp_pair(&rules[0], (nn_real)HUGE_VAL) == 0);
    CHECK_NEAR(nn_stdp_pair(&rules[1], 17), 0.36787944, 1e-7); /* 1 / e */
}

static void traces_equal_pairs(void) /* 4.10 */
{
    enum { STEPS = 400 };
    const nn_stdp rule = {1, 0.5f, 17, 34};
    for (test_seed = 1; test_seed <= 20; test_seed++) {
        nn_ctx *nn = nn_create(test_seed);
        static char pre[STEPS], post[STEPS];
        nn_synapse s = {0, 0, 0, 0};
        double sum = 0, changes = 0, size = 0;
        for (int i = 0; i < STEPS; i++) {
            pre[i] = (char)(random_in(nn, 0, 1) < 0.1);
            post[i] = (char)(random_in(nn, 0, 1) < 0.1);
            changes += (double)nn_stdp_step(&rule, &s, pre[i], post[i], 0.5f);
        }
        for (int i = 0; i < STEPS; i++)
            for (int j = 0; j < STEPS; j++) {
                const double dw = pre[i] && post[j] ? stdp_formula(&rule, 0.5 * (j - i)) : 0;
                sum += dw;
                size += fabs(dw);
            }
        CHECK(size > 100);
        CHECK_NEAR(s.w, sum, 1e-5 * size);
        CHECK_NEAR(changes, sum, 1e-5 * size);
        nn_destroy(nn);
    }
    test_seed = 0;
}

static void weights_stay_in_range(void)
{
    const nn_stdp rule = {0.4f, 0.4f, 20, 20};
    nn_synapse s = {0.8f, 1, 0, 0};
    CHECK(nn_stdp_step(&rule, &s, 1, 0, 1) == 0);
    CHECK_NEAR(nn_stdp_step(&rule, &s, 0, 1, 1), 0.2, 1e-6); /* 0.4 e^(-1/20) would be too much */
    CHECK(s.w == 1);
    for (int i = 0; i < 9; i++) nn_stdp_step(&rule, &s, i > 0, i == 0, 1);
    CHECK(s.w == 0);
    nn_synapse fires = {0.5f, 1, 0, 0}; /* both at once, again and again, but far apart */
    for (int i = 0; i < 9; i++) CHECK(fabs((double)nn_stdp_step(&rule, &fires, 1, 1, 1e6f)) == 0);
}

/* Two inputs of a neuron, one 5 ms before it, one 5 ms after: nobody tells the synapses which. */
static void prefers_the_causal_input(void) /* 4.11 */
{
    const nn_stdp rule = nn_stdp_new();
    for (int causal = 0; causal < 2; causal++) {
        nn_synapse s[2] = {{0.5f, 1, 0, 0}, {0.5f, 1, 0, 0}};
        for (int ms = 0; ms < 100000; ms++)
            for (int i = 0; i < 2; i++) {
                const int pre = ms % 200 == (i == causal ? 95 : 105), post = ms % 200 == 100;
                nn_stdp_step(&rule, &s[i], pre, post, 1);
            }
        CHECK(s[causal].w == 1);
        CHECK(s[!causal].w == 0);
    }
}

/* ---- clusters ---- */

static double squared(const nn_real *a, const nn_real *b, int d)
{
    double sum = 0;
    for (int j = 0; j < d; j++) sum += pow((double)a[j] - (double)b[j], 2);
    return sum;
}

static void kmeans_descends(void) /* 4.2 */
{
    enum { N = 90, D = 3, K = 6 };
    int moved = 0;
    for (test_seed = 1; test_seed <= 20; test_seed++) {
        nn_ctx *nn = nn_create(test_seed);
        nn_real x[N * D];
        for (int i = 0; i < N * D; i++) x[i] = nn_uniform(nn, -1, 1);
        double last = HUGE_VAL;
        nn_kmeans m;
        for (int rounds = 0; rounds < 40; rounds++) { /* the same start, one round more each time */
            nn_seed(nn, test_seed);
            m = nn_kmeans_fit(nn, x, N, D, K, rounds);
            double error = 0;
            for (int i = 0; i < N; i++) {
                const double mine = squared(x + i * D, m.center + m.cluster[i] * D, D);
                for (int c = 0; c < K; c++)
                    CHECK(mine <= squared(x + i * D, m.center + c * D, D) + 1e-12);
                CHECK_INT(nn_kmeans_nearest(&m, x + i * D), m.cluster[i]);
                error += mine;
            }
            CHECK_NEAR(m.error, error, 1e-9);
            CHECK(m.error <= last + 1e-6);
            moved += m.error < last;
            last = m.error;
            CHECK(m.rounds <= rounds);
        }
        CHECK(m.rounds < 39); /* it has settled: each centre is the mean of its samples */
        for (int c = 0; c < K; c++)
            for (int j = 0; j < D; j++) {
                double sum = 0, count = 0;
                for (int i = 0; i < N; i++)
                    if (m.cluster[i] == c) sum += (double)x[i * D + j], count++;
                CHECK_NEAR(m.center[c * D + j], sum / count, 1e-6);
            }
        nn_destroy(nn);
    }
    CHECK(moved > 60);
    test_seed = 0;
}

/* The least sum of squared distances over all 3^n ways to put n points into 3 clusters. */
static double best_clusters(const nn_real *x, int n, int d)
{
    double best = HUGE_VAL;
    int ways = 1;
    for (int i = 0; i < n; i++) ways *= 3;
    for (int way = 0; way < ways; way++) {
        double error = 0;
        for (int c = 0; c < 3; c++)
            for (int j = 0; j < d; j++) { /* sum of x^2 - (sum of x)^2 / count */
                double sum = 0, squares = 0, count = 0;
                for (int i = 0, rest = way; i < n; i++, rest /= 3) {
                    if (rest % 3 != c) continue;
                    sum += (double)x[i * d + j];
                    squares += pow((double)x[i * d + j], 2);
                    count++;
                }
                if (count > 0) error += squares - sum * sum / count;
            }
        best = fmin(best, error);
    }
    return best;
}

static void kmeans_finds_the_optimum(void) /* 4.2 */
{
    for (test_seed = 1; test_seed <= 5; test_seed++) {
        nn_ctx *nn = nn_create(test_seed);
        nn_real x[16];
        for (int i = 0; i < 16; i++) x[i] = nn_uniform(nn, -1, 1);
        const double optimum = best_clusters(x, 8, 2);
        double best = HUGE_VAL;
        for (int start = 0; start < 40; start++) {
            const double error = nn_kmeans_fit(nn, x, 8, 2, 3, 100).error;
            CHECK(error > optimum - 1e-6);
            best = fmin(best, error);
        }
        CHECK_NEAR(best, optimum, 1e-6);
        nn_destroy(nn);
    }
    test_seed = 0;
}

static void kmeans_starts(void) /* 4.2 */
{
    int all_four = 0;
    for (test_seed = 1; test_seed <= 100; test_seed++) { /* four groups: a start in each of them */
        nn_ctx *nn = nn_create(test_seed);
        nn_real x[160];
        for (int i = 0; i < 80; i++) {
            x[2 * i] = (nn_real)(100 * (i % 2)) + nn_uniform(nn, -1, 1);
            x[2 * i + 1] = (nn_real)(100 * (i / 2 % 2)) + nn_uniform(nn, -1, 1);
        }
        const nn_kmeans m = nn_kmeans_fit(nn, x, 80, 2, 4, 0);
        int seen[4] = {0};
        for (int c = 0; c < 4; c++)
            seen[(m.center[2 * c] > 50) + 2 * (m.center[2 * c + 1] > 50)] = 1;
        all_four += seen[0] + seen[1] + seen[2] + seen[3] == 4;
        nn_destroy(nn);
    }
    test_seed = 0;
    CHECK(all_four >= 98); /* a start at four samples taken blindly: about 9 of 100 */

    nn_ctx *nn = nn_create(1);
    const nn_real x[8] = {1, 2, 3, 6, 5, 7, 9, 5}, same[6] = {4, 2, 4, 2, 4, 2};
    nn_kmeans m = nn_kmeans_fit(nn, x, 4, 2, 1, 10);
    CHECK(m.center[0] == 4.5f && m.center[1] == 5 && m.k == 1); /* one centre: the mean */
    CHECK_NEAR(m.error, 35 + 14, 1e-12);
    m = nn_kmeans_fit(nn, x, 4, 2, 4, 10); /* as many centres as samples */
    CHECK(m.error == 0);
    m = nn_kmeans_fit(nn, same, 3, 2, 3, 10); /* fewer places than centres */
    CHECK(m.error == 0 && m.cluster[0] == 0 && m.cluster[2] == 0);
    for (int i = 0; i < 6; i++) CHECK(m.center[i] == same[i]);
    nn_destroy(nn);
}

/* ---- principal components and the normal distribution ---- */

static void check_pca(const nn_pca *p, const nn_real *x, int n)
{
    const int d = p->size;
    double total = 0, largest = p->variance[0] + 1e-30;
    for (int c = 0; c < p->k; c++) {
        const double *v = p->component + c * d;
        for (int e = 0; e <= c; e++) { /* orthonormal */
            double dot = 0;
            for (int j = 0; j < d; j++) dot += v[j] * p->component[e * d + j];
            CHECK_NEAR(dot, c == e, 1e-12);
        }
        double size = 0, sign = 0;
        for (int j = 0; j < d; j++)
            if (fabs(v[j]) > size) size = fabs(v[j]), sign = v[j];
        CHECK(sign > 0);
        CHECK(p->variance[c] >= 0 && (c == 0 || p->variance[c] <= p->variance[c - 1]));
        for (int j = 0; j < d; j++) { /* covariance v = variance v */
            double sum = 0;
            for (int i = 0; i < n; i++) {
                double along = 0;
                for (int l = 0; l < d; l++) along += ((double)x[i * d + l] - p->mean[l]) * v[l];
                sum += ((double)x[i * d + j] - p->mean[j]) * along / n;
            }
            CHECK_NEAR(sum, p->variance[c] * v[j], 1e-12 * largest);
        }
        total += p->variance[c];
    }
    if (p->k == d) CHECK_NEAR(p->total, total, 1e-12 * largest);
}

static void pca_diagonalises(void) /* 4.2 */
{
    enum { N = 40, D = 12 };
    for (test_seed = 1; test_seed <= 24; test_seed++) {
        nn_ctx *nn = nn_create(test_seed);
        const int d = 1 + (int)test_seed % D, n = test_seed > 18 ? 4 : N; /* 4: rank 3 */
        nn_real x[N * D];
        for (int i = 0; i < n * d; i++)
            x[i] = 5 + nn_normal(nn, 0, 1) * (nn_real)(1 + i % d) + (i % d ? x[i - 1] / 2 : 0);
        const nn_pca p = nn_pca_fit(nn, x, n, d, d);
        for (int j = 0; j < d; j++) {
            double sum = 0;
            for (int i = 0; i < n; i++) sum += (double)x[i * d + j];
            CHECK_NEAR(p.mean[j], sum / n, 1e-12);
        }
        check_pca(&p, x, n);
        if (n == 4 && d > 3) CHECK_NEAR(p.variance[3], 0, 1e-12 * p.variance[0]);

        /* what k components leave out is the variance of the others */
        const int k = (d + 1) / 2;
        const nn_pca few = nn_pca_fit(nn, x, n, d, k);
        check_pca(&few, x, n);
        CHECK_NEAR(few.total, p.total, 0);
        nn_real y[N * D], back[N * D];
        double error = 0, left = 0;
        nn_pca_project(&few, x, n, y);
        nn_pca_restore(&few, y, n, back);
        for (int i = 0; i < n * d; i++) error += pow((double)x[i] - (double)back[i], 2) / n;
        for (int c = k; c < d; c++) left += p.variance[c];
        CHECK_NEAR(error, left, 1e-5 * p.total);
        for (int c = 0; c < k; c++) {
            double squares = 0;
            for (int i = 0; i < n; i++) squares += pow((double)y[i * k + c], 2) / n;
            CHECK_NEAR(squares, few.variance[c], 1e-5 * p.total);
        }
        nn_destroy(nn);
    }
    test_seed = 0;
    nn_ctx *nn = nn_create(1);
    const nn_real same[6] = {1, 2, 3, 1, 2, 3}; /* no variance at all: the axes themselves */
    const nn_pca p = nn_pca_fit(nn, same, 2, 3, 3);
    for (int i = 0; i < 9; i++) CHECK(p.component[i] == (i % 4 == 0));
    CHECK(p.variance[0] == 0 && p.total == 0);
    nn_destroy(nn);
}

/* Iris, against numpy.linalg.eigh of numpy.cov(x.T, bias=True) in double. */
static void pca_of_iris(void) /* 4.2 */
{
    static const double variance[4] = {4.2000533844, 0.2410529272, 0.0776881036, 0.0236761921};
    static const double component[4][4] = {
        {0.3613865893, -0.0845225190, 0.8566706080, 0.3582891936},
        {0.6565887527, 0.7301614554, -0.1733726517, -0.0754810081},
        {-0.5820298572, 0.5979107945, 0.0762360642, 0.5458314665},
        {0.3154872237, -0.3197231220, -0.4798389892, 0.7536574032}};
    nn_ctx *nn = nn_create(1);
    const nn_csv_options header = {1, ',', NN_MISSING_ERROR, 0};
    const nn_table table = nn_csv_load(nn, "examples/data/iris.csv", header);
    const nn_dataset iris = nn_dataset_classes(&table, -1);
    CHECK_INT(iris.n, 150);
    const nn_pca p = nn_pca_fit(nn, iris.x, iris.n, 4, 4);
    for (int c = 0; c < 4; c++) {
        CHECK_NEAR(p.variance[c], variance[c], 1e-6);
        for (int j = 0; j < 4; j++) CHECK_NEAR(p.component[4 * c + j], component[c][j], 1e-6);
    }
    nn_destroy(nn);
}

static void gaussian_density(void) /* 4.2 */
{
    enum { N = 50 };
    nn_ctx *nn = nn_create(3);
    nn_real x[2 * N];
    for (int i = 0; i < N; i++) {
        x[2 * i] = nn_normal(nn, 1, 2);
        x[2 * i + 1] = x[2 * i] / 2 + nn_normal(nn, -3, 1);
    }
    const nn_pca p = nn_pca_fit(nn, x, N, 2, 2);
    double m0 = 0, m1 = 0, c00 = 0, c01 = 0, c11 = 0;
    for (int i = 0; i < N; i++) m0 += (double)x[2 * i] / N, m1 += (double)x[2 * i + 1] / N;
    for (int i = 0; i < N; i++) {
        const double a = (double)x[2 * i] - m0, b = (double)x[2 * i + 1] - m1;
        c00 += a * a / N, c01 += a * b / N, c11 += b * b / N;
    }
    const double det = c00 * c11 - c01 * c01;
    for (int i = 0; i < N; i++) { /* with the inverse of a 2 x 2 matrix as one learns it */
        const double a = (double)x[2 * i] - m0, b = (double)x[2 * i + 1] - m1;
        const double distance2 = (c11 * a * a - 2 * c01 * a * b + c00 * b * b) / det;
        const double log_p = -log(2 * 3.14159265358979323846) - log(det) / 2 - distance2 / 2;
        CHECK_NEAR(nn_gaussian_log_density(&p, x + 2 * i), log_p, 1e-11);
    }
    const nn_pca line = nn_pca_fit(nn, x, 2 * N, 1, 1); /* a density: its integral is 1 */
    double integral = 0;
    for (int i = -4000; i < 4000; i++) {
        const nn_real at = (nn_real)(0.01 * i);
        integral += 0.01 * exp(nn_gaussian_log_density(&line, &at));
    }
    CHECK_NEAR(integral, 1, 1e-6);
    nn_destroy(nn);
}

/* ---- mistakes ---- */

static char heard[512];
static void hear(void *user, nn_code code, const char *message)
{
    (void)user;
    (void)code;
    snprintf(heard, sizeof heard, "%s", message);
}

/* The call is refused with this code and "FILE:LINE: text". */
#define EXPECT(call, code_, text)                                                          \
    do {                                                                                   \
        const int line_ = __LINE__;                                                        \
        char wanted_[512] = "";                                                            \
        nn_error_clear(nn);                                                                \
        heard[0] = 0;                                                                      \
        nn->file = "elsewhere";                                                            \
        (void)(call);                                                                      \
        for (int off = -1; off < 3 && strcmp(wanted_, heard) != 0; off++)                  \
            snprintf(wanted_, sizeof wanted_, "%s:%d: %s", __FILE__, line_ - off, text);   \
        CHECK_STR(heard, wanted_);                                                         \
        CHECK_INT(nn_error_code(nn), code_);                                               \
        nn_error_clear(nn);                                                                \
    } while (0)
#define ARG NN_ERROR_ARGUMENT

static void mistakes_with_a_context(void)
{
    nn_ctx *nn = nn_create(1);
    nn_on_error(nn, hear, NULL);
    nn_real x[6] = {1, 2, 3, 4, 5, 7}, bad[6] = {1, 2, 3, 4, 5, (nn_real)HUGE_VAL}, w[2], y[6];
    nn_perceptron p = zeros(w, 2), none = {NULL, 0, 2};
    const int t[3] = {0, 1, 2};
    EXPECT(nn_perceptron_pocket(nn, NULL, x, t, 2, 1, 9), ARG,
           "nn_perceptron_pocket: the perceptron is NULL");
    EXPECT(nn_perceptron_pocket(nn, &none, x, t, 2, 1, 9), ARG, "nn_perceptron_pocket: w is NULL");
    EXPECT(nn_perceptron_pocket(nn, &p, NULL, t, 2, 1, 9), ARG, "nn_perceptron_pocket: x is NULL");
    EXPECT(nn_perceptron_pocket(nn, &p, x, NULL, 2, 1, 9), ARG, "nn_perceptron_pocket: t is NULL");
    EXPECT(nn_perceptron_pocket(nn, &p, x, t, 0, 1, 9), ARG,
           "nn_perceptron_pocket: 0 samples of 2 numbers");
    EXPECT(nn_perceptron_pocket(nn, &p, x, t, 3, 1, 9), ARG,
           "nn_perceptron_pocket: t[2] is 2, not 0 or 1");
    EXPECT(nn_perceptron_pocket(nn, &p, x, t, 2, 0, 9), ARG,
           "nn_perceptron_pocket: the learning rate is 0, not positive and finite");

    EXPECT(nn_kmeans_fit(nn, NULL, 3, 2, 2, 9), ARG, "nn_kmeans_fit: x is NULL");
    EXPECT(nn_kmeans_fit(nn, x, 0, 2, 2, 9), NN_ERROR_SHAPE,
           "nn_kmeans_fit: 0 samples of 2 numbers");
    EXPECT(nn_kmeans_fit(nn, x, 3, -2, 2, 9), NN_ERROR_SHAPE,
           "nn_kmeans_fit: 3 samples of -2 numbers");
    EXPECT(nn_kmeans_fit(nn, x, 3, 2, 0, 9), ARG, "nn_kmeans_fit: k is 0, not in 1..3");
    EXPECT(nn_kmeans_fit(nn, x, 3, 2, 4, 9), ARG, "nn_kmeans_fit: k is 4, not in 1..3");
    EXPECT(nn_kmeans_fit(nn, bad, 3, 2, 2, 9), NN_ERROR_NONFINITE,
           "nn_kmeans_fit: x[2, 1] is inf");
    bad[3] = bad[5] - bad[5];
    EXPECT(nn_pca_fit(nn, bad, 3, 2, 2), NN_ERROR_NONFINITE, "nn_pca_fit: x[1, 1] is nan");
    EXPECT(nn_pca_fit(nn, NULL, 3, 2, 2), ARG, "nn_pca_fit: x is NULL");
    EXPECT(nn_pca_fit(nn, x, 3, 0, 2), NN_ERROR_SHAPE, "nn_pca_fit: 3 samples of 0 numbers");
    EXPECT(nn_pca_fit(nn, x, 3, 2, 3), ARG, "nn_pca_fit: k is 3, not in 1..2");

    nn_kmeans clusters = nn_kmeans_fit(nn, x, 3, 2, 2, 9), no_clusters = clusters;
    nn_pca pca = nn_pca_fit(nn, x, 3, 2, 2), no_pca = pca;
    CHECK(nn_ok(nn) && clusters.k == 2 && pca.k == 2);
    no_clusters.k = no_pca.k = 0;
    EXPECT(nn_kmeans_nearest(&clusters, NULL), ARG, "nn_kmeans_nearest: an array is NULL");
    EXPECT(nn_kmeans_nearest(&no_clusters, x), ARG,
           "nn_kmeans_nearest: argument 1 is the result of a failed call");
    EXPECT(nn_pca_project(&pca, NULL, 3, y), ARG, "nn_pca_project: an array is NULL");
    EXPECT(nn_pca_project(&pca, x, 3, NULL), ARG, "nn_pca_project: an array is NULL");
    EXPECT(nn_pca_restore(&no_pca, x, 3, y), ARG,
           "nn_pca_restore: argument 1 is the result of a failed call");
    EXPECT(nn_gaussian_log_density(&pca, NULL), ARG, "nn_gaussian_log_density: an array is NULL");
    pca.k = 1;
    EXPECT(nn_gaussian_log_density(&pca, x), ARG, "nn_gaussian_log_density: 1 of 2 components");
    nn_real on_a_line[6] = {1, 2, 2, 4, 3, 6};
    pca = nn_pca_fit(nn, on_a_line, 3, 2, 2);
    EXPECT(nn_gaussian_log_density(&pca, x), ARG,
           "nn_gaussian_log_density: no variance along component 1: the samples lie in a plane");
    nn_destroy(nn);
}

/* No memory at the first, second, .. request: an error that sticks, a result without clusters. */
static void no_memory(void)
{
    enum { N = 4, D = 70000, SMALL = 200 };
    nn_real *x = (nn_real *)malloc(N * D * sizeof *x);
    for (int i = 0; i < N * D; i++) x[i] = (nn_real)(i * 7 % 1000);
    int failures = 0;
    for (int allowed = 0; allowed < 9; allowed++) {
        nn_ctx *nn = nn_create(1);
        nn_on_error(nn, hear, NULL);
        nn_real w[2];
        const int t[4] = {1, 1, 0, 1};
        nn_perceptron p = zeros(w, 2);
        allocations_left = allowed;
        const nn_kmeans m = nn_kmeans_fit(nn, x, N, D, 2, 1);
        const int kmeans_failed = nn_error_code(nn) == NN_ERROR_MEMORY;
        CHECK((m.k == 0) == kmeans_failed);
        nn_error_clear(nn);
        const nn_pca pca = nn_pca_fit(nn, x, N, SMALL, SMALL);
        CHECK((pca.k == 0) == (nn_error_code(nn) == NN_ERROR_MEMORY));
        nn_error_clear(nn);
        nn_perceptron_pocket(nn, &p, x, t, 4, 1, 2);
        failures += !nn_ok(nn) + kmeans_failed + (pca.k == 0);
        allocations_left = -1;
        nn_destroy(nn);
    }
    CHECK(failures > 3);
    free(x);
}

/* Without a context: the message on stderr, and an abort (counted here). The last test, for it
 * sends stderr to a file. */
static void mistakes_without_a_context(void)
{
    static const char *const wanted =
        "nn_perceptron_update: the perceptron is NULL\n"
        "nn_perceptron_update: w is NULL\n"
        "nn_perceptron_update: x is NULL\n"
        "nn_perceptron_update: t[0] is 2, not 0 or 1\n"
        "nn_perceptron_update: the learning rate is -1, not positive and finite\n"
        "nn_perceptron_epoch: t is NULL\n"
        "nn_perceptron_errors: t[1] is -1, not 0 or 1\n"
        "nn_perceptron_fit: 0 samples of 1 numbers\n"
        "nn_perceptron_fit: the learning rate is inf, not positive and finite\n"
        "nn_novikoff_bound: x is NULL\n"
        "nn_cover_fraction: 0 points, 3 weights\n"
        "nn_cover_fraction: 3 points, -1 weights\n"
        "nn_stdp_pair: argument 1 is NULL\n"
        "nn_stdp_pair: tau_minus is 0, not positive and finite\n"
        "nn_stdp_step: argument 1 is NULL\n"
        "nn_stdp_step: the synapse is NULL\n"
        "nn_stdp_step: dt is 0, not positive and finite\n"
        "nn_perceptron_pocket: argument 1 is NULL\n"
        "nn_kmeans_fit: argument 1 is NULL\n"
        "nn_kmeans_nearest: argument 1 is NULL\n"
        "nn_pca_fit: argument 1 is NULL\n"
        "nn_pca_project: argument 1 is NULL\n"
        "nn_pca_restore: argument 1 is NULL\n"
        "nn_gaussian_log_density: argument 1 is NULL\n";
    const char *path = "build/test_ch04.err";
    if (!freopen(path, "w", stderr)) {
        printf("SKIP the messages without a context: %s cannot be written\n", path);
        return;
    }
    nn_real w = 0, x[2] = {1, 2};
    nn_perceptron p = {&w, 0, 1}, none = {NULL, 0, 1};
    const int t[2] = {1, -1};
    nn_stdp rule = nn_stdp_new(), broken = {1, 1, 20, 0};
    nn_synapse s = {0.5f, 1, 0, 0};
    CHECK_INT(nn_perceptron_update(NULL, x, 1, 1), 0);
    CHECK_INT(nn_perceptron_update(&none, x, 1, 1), 0);
    CHECK_INT(nn_perceptron_update(&p, NULL, 1, 1), 0);
    CHECK_INT(nn_perceptron_update(&p, x, 2, 1), 0);
    CHECK_INT(nn_perceptron_update(&p, x, 1, -1), 0);
    CHECK_INT(nn_perceptron_epoch(&p, x, NULL, 1, 1), 0);
    CHECK_INT(nn_perceptron_errors(&p, x, t, 2), 0);
    CHECK_INT(nn_perceptron_fit(&p, x, t, 0, 1, 9).epochs, 0);
    CHECK_INT(nn_perceptron_fit(&p, x, t, 1, (nn_real)HUGE_VAL, 9).epochs, 0);
    CHECK(nn_novikoff_bound(&p, NULL, t, 1).mistakes == HUGE_VAL);
    CHECK(nn_cover_fraction(0, 3) == 0);
    CHECK(nn_cover_fraction(3, -1) == 0);
    CHECK(nn_stdp_pair(NULL, 1) == 0);
    CHECK(nn_stdp_pair(&broken, 1) == 0);
    CHECK(nn_stdp_step(NULL, &s, 1, 1, 1) == 0);
    CHECK(nn_stdp_step(&rule, NULL, 1, 1, 1) == 0);
    CHECK(nn_stdp_step(&rule, &s, 1, 1, 0) == 0);
    CHECK(w == 0 && p.b == 0 && s.w == 0.5f && s.pre == 0); /* nothing has changed */
    CHECK_INT(nn_perceptron_pocket(NULL, &p, x, t, 1, 1, 9).epochs, 0);
    CHECK_INT(nn_kmeans_fit(NULL, x, 1, 1, 1, 9).k, 0);
    CHECK_INT(nn_kmeans_nearest(NULL, x), 0);
    CHECK_INT(nn_pca_fit(NULL, x, 1, 1, 1).k, 0);
    nn_pca_project(NULL, x, 1, x);
    nn_pca_restore(NULL, x, 1, x);
    CHECK(nn_gaussian_log_density(NULL, x) == 0);
    fflush(stderr);
    static char got[4096];
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    if (file) got[fread(got, 1, sizeof got - 1, file)] = 0, fclose(file);
    CHECK_STR(got, wanted);
    CHECK_INT(aborted, 24);
}

int main(void)
{
    RUN(update_by_hand);
    RUN(and_by_hand);
    RUN(mistakes_within_the_bound);
    RUN(not_separable_cycles);
    RUN(pocket_keeps_the_best);
    RUN(rate_only_rescales);
    RUN(cover_counts);
    RUN(capacity_of_the_algorithm);
    RUN(stdp_curve);
    RUN(traces_equal_pairs);
    RUN(weights_stay_in_range);
    RUN(prefers_the_causal_input);
    RUN(kmeans_descends);
    RUN(kmeans_finds_the_optimum);
    RUN(kmeans_starts);
    RUN(pca_diagonalises);
    RUN(pca_of_iris);
    RUN(gaussian_density);
    RUN(mistakes_with_a_context);
    RUN(no_memory);
    RUN(mistakes_without_a_context);
    return test_summary();
}
