/* Activation functions: what tests/test_ops.c (gradients against differences), tests/test_golden.c
 * (PyTorch) and tests/test_errors.c (wrong arguments) do not show. With each set of kernels that
 * this machine has.
 *
 *     cc -std=c99 -O1 tests/test_ch03.c -lm -o test_ch03 && ./test_ch03
 *
 * Numbers such as 3.4 in comments and names are rows of the feature table.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static nn_ctx *nn; /* of the current case */

#define RUN_WITH_ALL_KERNELS(test)                                                               \
    for (int k_ = 0; k_ < 5; k_++) {                                                             \
        static const char *const kernels[] = {"naive", "scalar", "avx2", "avx512", "neon"};      \
        nn = nn_create(1);                                                                       \
        if (nn_set_simd(nn, kernels[k_])) {                                                      \
            RUN(test);                                                                           \
            if (test_bad) printf("    with the kernels \"%s\"\n", kernels[k_]);                  \
        }                                                                                        \
        nn_destroy(nn);                                                                          \
    }

static const double eps = sizeof(nn_real) == sizeof(double) ? 1e-14 : 1e-6;

/* f of n numbers; the gradient of its sum is in result->in[0]->grad. */
static nn_tensor *at(nn_tensor *(*f)(nn_tensor *x), int n, const nn_real *x)
{
    nn_clear(nn);
    nn_tensor *y = f(nn_requires_grad(nn_input(nn, x, nn_shape1(n))));
    nn_backward(nn_sum(y));
    if (!nn_ok(nn)) test_failed++, exit(test_summary()); /* its message is on stderr */
    return y;
}

/* GRID numbers from low to high, both included */
enum { GRID = 4001 };
static const nn_real *grid(double low, double high)
{
    static nn_real x[GRID];
    for (int i = 0; i < GRID; i++) x[i] = (nn_real)(low + (high - low) * i / (GRID - 1));
    return x;
}

static int same_bits(const nn_real *a, const nn_real *b, int n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/* The distance of got from the exact value, in units of the last place of a float near that. */
static double ulps(nn_real got, double exact)
{
    int e = -125;
    if (exact != 0) frexp(exact, &e);
    return fabs((double)got - exact) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

/* ---- 3.1 ---- */

static void two_linear_layers_are_one_row_3_1(void) /* W2 (W1 x + b1) + b2, multiplied in double */
{
    enum { IN = 3, MID = 7, OUT = 2, N = 11 };
    for (test_seed = 1; test_seed <= 5; test_seed++) {
        nn_clear(nn);
        nn_seed(nn, test_seed);
        nn_model *net = nn_model_new(nn);
        nn_linear l1 = nn_linear_new(net, "l1", IN, MID), l2 = nn_linear_new(net, "l2", MID, OUT);
        nn_tensor *x = nn_randn(nn, nn_shape2(N, IN));
        nn_tensor *two = nn_linear_forward(&l2, nn_linear_forward(&l1, x));
        nn_tensor *bent = nn_linear_forward(&l2, nn_tanh(nn_linear_forward(&l1, x)));
        double furthest = 0;
        for (int o = 0; o < OUT; o++) {
            double w[IN] = {0}, b = (double)l2.bias->data[o]; /* row o of W2 W1, and W2 b1 + b2 */
            for (int m = 0; m < MID; m++) {
                const double w2 = (double)l2.weight->data[o * MID + m];
                for (int i = 0; i < IN; i++) w[i] += w2 * (double)l1.weight->data[m * IN + i];
                b += w2 * (double)l1.bias->data[m];
            }
            for (int s = 0; s < N; s++) {
                double y = b;
                for (int i = 0; i < IN; i++) y += w[i] * (double)x->data[s * IN + i];
                CHECK_NEAR(two->data[s * OUT + o], y, 2 * eps);
                furthest = fmax(furthest, fabs((double)bent->data[s * OUT + o] - y));
            }
        }
        CHECK(furthest > 0.01); /* with tanh between them they are not one */
    }
}

/* ---- far from 0, at 0, and NaN ---- */

static nn_tensor *identity(nn_tensor *x) { return nn_activate(x, NN_IDENTITY); }
static nn_tensor *cold(nn_tensor *x) { return nn_sigmoid_temperature(x, (nn_real)0.25); }
static nn_tensor *leaky(nn_tensor *x) { return nn_leaky_relu(x, (nn_real)0.25); }
static nn_tensor *elu(nn_tensor *x) { return nn_elu(x, 2); }
static nn_tensor *expectation(nn_tensor *x)
{
    nn_set_training(nn, 0);
    nn_tensor *y = nn_stochastic_binary(x);
    nn_set_training(nn, 1);
    return y;
}

/* On the left it is a + slope x, on the right too, with nothing lost at -100 and 100 or further;
 * then value and slope at 0. */
static const struct {
    const char *name;
    nn_tensor *(*f)(nn_tensor *x);
    double left, left_slope, right, right_slope, zero, zero_slope;
} ends[] = {
    {"identity, 3.5", identity, 0, 1, 0, 1, 0, 1},
    {"heaviside, 3.2", nn_heaviside, 0, 0, 1, 0, 0, 0},
    {"sigmoid, 3.3", nn_sigmoid, 0, 0, 1, 0, 0.5, 0.25},
    {"sigmoid of t = 1/4, 3.4", cold, 0, 0, 1, 0, 0.5, 1},
    {"relu, 3.6", nn_relu, 0, 0, 0, 1, 0, 0},
    {"leaky relu, 3.7", leaky, 0, 0.25, 0, 1, 0, 0.25},
    {"tanh, 3.8", nn_tanh, -1, 0, 1, 0, 0, 1},
    {"stochastic binary, 3.9", expectation, 0, 0, 1, 0, 0.5, 0.25},
    {"elu of alpha = 2, 3.10", elu, -2, 0, 0, 1, 0, 2},
    {"gelu, 3.12", nn_gelu, 0, 0, 0, 1, 0, 0.5},
    {"gelu_tanh, 3.12", nn_gelu_tanh, 0, 0, 0, 1, 0, 0.5},
};

static void far_from_0_and_at_0(void)
{
    const nn_real x[] = {-100, (nn_real)-1e30, 100, (nn_real)1e30, 0};
    const nn_real not_a_number = (nn_real)NAN;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const int bad = test_bad;
        nn_tensor *y = at(ends[i].f, 5, x);
        const nn_real *dx = ends[i].f == identity ? y->grad : y->in[0]->grad; /* there y is x */
        for (int j = 0; j < 4; j++) {
            const double a = j < 2 ? ends[i].left : ends[i].right;
            const double slope = j < 2 ? ends[i].left_slope : ends[i].right_slope;
            CHECK_NEAR(y->data[j], a + slope * (double)x[j], 4e-44); /* e^-100 is 3.8e-44 */
            CHECK_NEAR(dx[j], slope, 4e-44);
        }
        CHECK_NEAR(y->data[4], ends[i].zero, 0);
        CHECK_NEAR(dx[4], ends[i].zero_slope, 0);
        nn_clear(nn);
        const nn_real nan_of = ends[i].f(nn_input(nn, &not_a_number, nn_shape1(1)))->data[0];
        CHECK(nan_of != nan_of);
        if (test_bad > bad) printf("    %s\n", ends[i].name);
    }
}

/* ---- 3.2 ---- */

static void heaviside_row_3_2(void) /* no gradient through it, and none that is there is lost */
{
    const nn_real x[] = {-1, (nn_real)-1e-30, 0, (nn_real)-0.0, (nn_real)1e-30, 1};
    const double value[] = {0, 0, 0, 0, 1, 1};
    nn_tensor *in = nn_requires_grad(nn_input(nn, x, nn_shape1(6))), *y = nn_heaviside(in);
    nn_backward(nn_add(nn_sum(y), nn_sum(in)));
    for (int i = 0; i < 6; i++) {
        CHECK_NEAR(y->data[i], value[i], 0);
        CHECK_NEAR(in->grad[i], 1, 0); /* of the sum of in; 0 of y */
    }
}

/* ---- 3.4 ---- */

static nn_real temperature;
static nn_tensor *at_temperature(nn_tensor *x) { return nn_sigmoid_temperature(x, temperature); }

static void temperature_1_is_sigmoid_row_3_4(void) /* to the last bit */
{
    static nn_real y[GRID], dx[GRID];
    const nn_real *x = grid(-30, 30);
    nn_tensor *plain = at(nn_sigmoid, GRID, x);
    memcpy(y, plain->data, sizeof y);
    memcpy(dx, plain->in[0]->grad, sizeof dx);
    temperature = 1;
    nn_tensor *with_t = at(at_temperature, GRID, x);
    CHECK(same_bits(with_t->data, y, GRID));
    CHECK(same_bits(with_t->in[0]->grad, dx, GRID));
}

static void temperature_slope_row_3_4(void) /* y (1 - y) / T, in double */
{
    const double t[] = {0.1, 0.5, 2, 10};
    for (int k = 0; k < 4; k++) {
        temperature = (nn_real)t[k];
        const nn_real *x = grid(-5, 5);
        nn_tensor *y = at(at_temperature, GRID, x);
        for (int i = 0; i < GRID; i += 7) {
            const double s = 1 / (1 + exp(-(double)x[i] / (double)temperature));
            CHECK_NEAR(y->data[i], s, eps);
            CHECK_NEAR(y->in[0]->grad[i], s * (1 - s) / (double)temperature, eps / t[k]);
        }
    }
}

static void temperature_limits_row_3_4(void)
{
    static const double cold_t[] = {1e-3, 1e-30, 1e-42};
    const nn_real x[] = {-3, (nn_real)-0.2, 0, (nn_real)0.2, 3};
    for (int k = 0; k < 3; k++) { /* t -> 0: the threshold unit, except 1/2 at 0 */
        temperature = (nn_real)cold_t[k];
        nn_tensor *y = at(at_temperature, 5, x);
        for (int i = 0; i < 5; i++) {
            CHECK_NEAR(y->data[i], i == 2 ? 0.5 : i > 2, 4e-44);
            if (i != 2) CHECK_NEAR(y->in[0]->grad[i], 0, 4e-44); /* and not 0 times infinity */
        }
        if (k < 2) CHECK_NEAR(y->in[0]->grad[2], 0.25 / cold_t[k], 1e-6 / cold_t[k]);
    }
    for (double t = 1e2; t < 1e30; t *= 1e4) { /* t -> infinity: 1/2, of slope 1 / (4 t) */
        temperature = (nn_real)t;
        nn_tensor *y = at(at_temperature, 5, x);
        for (int i = 0; i < 5; i++) {
            CHECK_NEAR(y->data[i], 0.5 + (double)x[i] / (4 * t), 1e-6);
            CHECK_NEAR(y->in[0]->grad[i], 1 / (4 * t), 3e-4 / (4 * t));
        }
    }
}

/* ---- 3.6 and 3.7: a unit whose input is always negative ---- */

/* Trains z = w x + b from w = b = -1, where z < 0 for all x > 0, towards y = x; gives the loss. */
static double train_dead_unit(nn_tensor *(*f)(nn_tensor *x), nn_tensor **w)
{
    const nn_real x[4] = {1, 2, 3, 4};
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_linear unit = nn_linear_new(net, "unit", 1, 1);
    unit.weight->data[0] = unit.bias->data[0] = -1;
    nn_optimizer *opt = nn_sgd(net, (nn_real)0.05);
    double loss = 0;
    for (int step = 0; step < 3000; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *in = nn_input(nn, x, nn_shape2(4, 1));
        nn_tensor *error = nn_mse(f(nn_linear_forward(&unit, in)), in);
        loss = (double)nn_item(error);
        nn_backward(error);
        nn_step(opt);
    }
    *w = unit.weight;
    return loss;
}

static void dead_unit_rows_3_6_and_3_7(void)
{
    nn_tensor *w;
    CHECK_NEAR(train_dead_unit(nn_relu, &w), 30 / 4.0, eps); /* it says 0 for ever */
    CHECK_NEAR(w->data[0], -1, 0);
    CHECK_NEAR(train_dead_unit(nn_heaviside, &w), 30 / 4.0, eps);
    CHECK_NEAR(w->data[0], -1, 0);
    CHECK_NEAR(train_dead_unit(leaky, &w), 0, 1e-4);
    CHECK_NEAR(w->data[0], 1, 1e-2);
    CHECK_NEAR(train_dead_unit(elu, &w), 0, 1e-4);
}

/* ---- 3.9 ---- */

static void bernoulli_row_3_9(void) /* 0 and 1, with the sigmoid as mean, within 4 sigma */
{
    enum { N = 5000 };
    const double z[] = {-2, -0.5, 0, 1, 3};
    for (test_seed = 1; test_seed <= 8; test_seed++) {
        nn_seed(nn, test_seed);
        for (int k = 0; k < 5; k++) {
            nn_clear(nn);
            nn_tensor *y = nn_stochastic_binary(nn_full(nn, nn_shape1(N), (nn_real)z[k]));
            int ones = 0, zeros = 0, pairs = 0;
            for (int i = 0; i < N; i++) {
                ones += y->data[i] == 1;
                zeros += y->data[i] == 0;
                pairs += i % 2 && y->data[i] == 1 && y->data[i - 1] == 1;
            }
            const double p = 1 / (1 + exp(-z[k])), p2 = p * p; /* neighbours are independent */
            CHECK_INT(ones + zeros, N);
            CHECK_NEAR(ones, N * p, 4 * sqrt(N * p * (1 - p)));
            CHECK_NEAR(pairs, N / 2 * p2, 4 * sqrt(N / 2 * p2 * (1 - p2)));
        }
    }
    nn_clear(nn);
    nn_tensor *x = nn_randn(nn, nn_shape1(N)); /* the same seed, the same samples; then others */
    nn_seed(nn, 7);
    nn_tensor *a = nn_stochastic_binary(x), *b = nn_stochastic_binary(x);
    nn_seed(nn, 7);
    CHECK(same_bits(nn_stochastic_binary(x)->data, a->data, N));
    CHECK(!same_bits(a->data, b->data, N));
    for (int i = 0; i < N; i++) x->data[i] = i % 2 ? 100 : -100; /* sure */
    a = nn_stochastic_binary(x);
    for (int i = 0; i < N; i++) CHECK(a->data[i] == (nn_real)(i % 2));
    x->data[3] = (nn_real)NAN;
    a = nn_stochastic_binary(x);
    CHECK(a->data[3] != a->data[3]);
}

static void expectation_row_3_9(void) /* sigmoid, to the last bit, and no random number is used */
{
    nn_tensor *x = nn_input(nn, grid(-9, 9), nn_shape1(GRID));
    nn_seed(nn, 3);
    const uint64_t next = nn_random(nn);
    nn_seed(nn, 3);
    CHECK(same_bits(expectation(x)->data, nn_sigmoid(x)->data, GRID));
    CHECK(nn_random(nn) == next);
}

static void straight_through_row_3_9(void) /* dx = dy p (1 - p), whatever was sampled */
{
    enum { N = 300 };
    nn_tensor *x = nn_requires_grad(nn_randn(nn, nn_shape1(N)));
    nn_tensor *r = nn_randn(nn, nn_shape1(N)), *y = nn_stochastic_binary(x);
    nn_backward(nn_sum(nn_mul(y, r)));
    int ones = 0;
    for (int i = 0; i < N; i++) {
        const double p = 1 / (1 + exp(-(double)x->data[i]));
        CHECK_NEAR(x->grad[i], (double)r->data[i] * p * (1 - p), 2 * eps);
        ones += y->data[i] == 1;
    }
    CHECK(ones > 50 && ones < 250);
}

/* ---- 3.10 and 3.12: against formulas in double ---- */

static nn_real elu_alpha;
static nn_tensor *any_elu(nn_tensor *x) { return nn_elu(x, elu_alpha); }

static void elu_row_3_10(void) /* within 2 ulp, near 0, too; backward from y, absolutely */
{
    const double range[] = {60, 3, 0.5, 1e-3, 1e-20};
    for (int r = 0; r < 5; r++)
        for (elu_alpha = (nn_real)0.5; elu_alpha <= 2; elu_alpha *= 2) {
            const nn_real *x = grid(-range[r], range[r]);
            nn_tensor *y = at(any_elu, GRID, x);
            const double alpha = (double)elu_alpha;
            double worst = 0, worst_slope = 0;
            for (int i = 0; i < GRID; i++) {
                const double v = (double)x[i];
                worst = fmax(worst, ulps(y->data[i], v > 0 ? v : alpha * expm1(v)));
                const double slope = v > 0 ? 1 : alpha * exp(v);
                worst_slope = fmax(worst_slope, fabs((double)y->in[0]->grad[i] - slope));
            }
            CHECK_NEAR(worst, 0, 2);
            CHECK_NEAR(worst_slope, 0, alpha * eps);
        }
}

static double phi(double x) { return erfc(-x / sqrt(2)) / 2; }

static void gelu_row_3_12(void) /* within 2 ulp */
{
    const double range[] = {13, 3, 0.1, 1e-10};
    for (int r = 0; r < 4; r++) {
        const nn_real *x = grid(-range[r], range[r]);
        nn_tensor *y = at(nn_gelu, GRID, x);
        double worst = 0, worst_slope = 0;
        for (int i = 0; i < GRID; i++) {
            const double v = (double)x[i];
            worst = fmax(worst, ulps(y->data[i], v * phi(v)));
            const double slope = phi(v) + v * exp(-v * v / 2) * 0.3989422804014327;
            worst_slope = fmax(worst_slope, fabs((double)y->in[0]->grad[i] - slope));
        }
        CHECK_NEAR(worst, 0, 2);
        CHECK_NEAR(worst_slope, 0, eps);
    }
}

/* The published form, with tanh; the derivative by a difference of that in double. */
static double gelu_by_tanh(double x)
{
    return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}

static void gelu_tanh_row_3_12(void)
{
    const nn_real *x = grid(-8, 8);
    nn_tensor *y = at(nn_gelu_tanh, GRID, x);
    double from_gelu = 0;
    for (int i = 0; i < GRID; i++) {
        const double v = (double)x[i], h = 1e-5;
        CHECK_NEAR(y->data[i], gelu_by_tanh(v), eps);
        CHECK_NEAR(y->in[0]->grad[i], (gelu_by_tanh(v + h) - gelu_by_tanh(v - h)) / (2 * h),
                   2 * eps + 1e-8); /* 1 - s, times x and more, is lost where s is almost 1 */
        from_gelu = fmax(from_gelu, fabs((double)y->data[i] - v * phi(v)));
    }
    CHECK(from_gelu > 0.0004 && from_gelu < 0.0005); /* an approximation, as good as promised */
}

/* ---- 3.11 ---- */

/* softmax of a row, in double */
static void softmax_of(const nn_real *x, int n, double *p)
{
    double sum = 0, max = -HUGE_VAL;
    for (int j = 0; j < n; j++) max = fmax(max, (double)x[j]);
    for (int j = 0; j < n; j++) sum += p[j] = exp((double)x[j] - max);
    for (int j = 0; j < n; j++) p[j] /= sum;
}

/* Rows sum to 1; and the whole Jacobian times dy, for softmax dx_j = sum_i dy_i p_i ((i == j) -
 * p_j), for its logarithm sum_i dy_i ((i == j) - p_j). */
static void softmax_row_3_11(void)
{
    enum { ROWS = 3, MOST = 40 };
    double p[MOST];
    for (int n = 1; n <= MOST; n++) {
        nn_clear(nn);
        nn_tensor *x = nn_requires_grad(nn_scale(nn_randn(nn, nn_shape2(ROWS, n)), 3));
        nn_tensor *x2 = nn_requires_grad(nn_input(nn, x->data, x->shape));
        nn_tensor *r = nn_randn(nn, x->shape), *y = nn_softmax(x), *l = nn_log_softmax(x2);
        nn_backward(nn_add(nn_sum(nn_mul(y, r)), nn_sum(nn_mul(l, r))));
        for (int row = 0; row < ROWS; row++) {
            const int first = row * n;
            double sum = 0;
            softmax_of(x->data + first, n, p);
            for (int j = 0; j < n; j++) {
                double dx = 0, dl = 0;
                for (int i = 0; i < n; i++) {
                    const double dy = (double)r->data[first + i];
                    dx += dy * p[i] * ((i == j) - p[j]);
                    dl += dy * ((i == j) - p[j]);
                }
                CHECK_NEAR(y->data[first + j], p[j], eps);
                CHECK_NEAR(l->data[first + j], log(p[j]), 5 * eps);
                CHECK_NEAR(x->grad[first + j], dx, 2 * eps);
                CHECK_NEAR(x2->grad[first + j], dl, 10 * eps);
                CHECK(y->data[first + j] > 0);
                sum += (double)y->data[first + j];
            }
            CHECK_NEAR(sum, 1, eps);
        }
    }
}

static void softmax_is_shift_invariant_row_3_11(void) /* to the bit, where x + c is exact */
{
    enum { N = 37 };
    const nn_real shift[] = {64, -1024, 3};
    nn_tensor *x = nn_full(nn, nn_shape1(N), 0);
    for (int i = 0; i < N; i++) x->data[i] = (nn_real)nn_randint(nn, -400, 400) / 64;
    nn_tensor *y = nn_softmax(x), *l = nn_log_softmax(x);
    for (int k = 0; k < 3; k++) {
        nn_tensor *moved = nn_add(x, nn_full(nn, nn_shape0(), shift[k]));
        CHECK(same_bits(nn_softmax(moved)->data, y->data, N));
        CHECK(same_bits(nn_log_softmax(moved)->data, l->data, N));
    }
}

static void softmax_far_row_3_11(void) /* log softmax is finite where softmax is 0 */
{
    const nn_real x[] = {(nn_real)1e30, 0, (nn_real)-1e30}, close[] = {1000, 999, -1000};
    nn_tensor *y = at(nn_softmax, 3, x);
    for (int i = 0; i < 3; i++) CHECK_NEAR(y->data[i], i == 0, 0);
    for (int i = 0; i < 3; i++) CHECK_NEAR(y->in[0]->grad[i], 0, 0);
    y = at(nn_log_softmax, 3, close);
    const double log_sum = 1000 + log1p(exp(-1));
    for (int i = 0; i < 3; i++) CHECK_NEAR(y->data[i], (double)close[i] - log_sum, 200 * eps);
    CHECK_NEAR(y->in[0]->grad[2], 1, 0);
    CHECK_NEAR(y->in[0]->grad[0], 1 - 3 / (1 + exp(-1)), 3 * eps);
}

/* ---- the enum ---- */

static nn_tensor *leaky_1_percent(nn_tensor *x) { return nn_leaky_relu(x, (nn_real)0.01); }
static nn_tensor *elu_1(nn_tensor *x) { return nn_elu(x, 1); }

static void activate_is_the_function(void)
{
    nn_tensor *(*const f[])(nn_tensor *) = {
        [NN_SIGMOID] = nn_sigmoid,         [NN_TANH] = nn_tanh, [NN_RELU] = nn_relu,
        [NN_SOFTMAX] = nn_softmax,         [NN_HEAVISIDE] = nn_heaviside,
        [NN_LEAKY_RELU] = leaky_1_percent, [NN_ELU] = elu_1,    [NN_GELU] = nn_gelu};
    nn_tensor *x = nn_input(nn, grid(-4, 4), nn_shape1(GRID));
    CHECK(nn_activate(x, NN_IDENTITY) == x);
    CHECK_INT(sizeof f / sizeof *f, NN_GELU + 1);
    for (int g = NN_IDENTITY + 1; g <= NN_GELU; g++) {
        nn_tensor *y = nn_activate(x, (nn_activation)g);
        CHECK(same_bits(y->data, f[g](x)->data, GRID));
    }
}

/* ---- 3.13 and 3.15 ---- */

static void mean_activation_row_3_13(void)
{
    nn_linear l = nn_linear_new(nn_model_new(nn), "l", 30, 100);
    nn_tensor *z = nn_linear_forward(&l, nn_randn(nn, nn_shape2(500, 30)));
    CHECK_NEAR(nn_stats(nn_sigmoid(z)).mean, 0.5, 0.03);
    CHECK_NEAR(nn_stats(nn_tanh(z)).mean, 0, 0.03);
}

/* The largest error of a trained network of one hidden layer of 16 units on 101 points. */
static double fit_sine(nn_activation g)
{
    enum { N = 101 };
    nn_real x[N], t[N];
    for (int i = 0; i < N; i++) {
        x[i] = (nn_real)(3.14159265358979 * (i - 50) / 50);
        t[i] = (nn_real)sin((double)x[i]);
    }
    nn_model *net = nn_model_new(nn);
    nn_linear hidden = nn_linear_new(net, "hidden", 1, 16), out = nn_linear_new(net, "out", 16, 1);
    nn_optimizer *opt = nn_adam(net, (nn_real)0.02);
    double worst = 0;
    for (int step = 0; step <= 1500; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        if (step == 1000) opt->lr = (nn_real)0.002;
        nn_tensor *h = nn_linear_forward(&hidden, nn_input(nn, x, nn_shape2(N, 1)));
        nn_tensor *y = nn_linear_forward(&out, nn_activate(h, g));
        nn_backward(nn_mse(y, nn_input(nn, t, nn_shape2(N, 1))));
        nn_step(opt);
        worst = 0;
        for (int i = 0; i < N; i++) worst = fmax(worst, fabs((double)(y->data[i] - t[i])));
    }
    return worst;
}

static void universal_approximation_row_3_15(void)
{
    CHECK_NEAR(fit_sine(NN_TANH), 0, 0.03);
    CHECK_NEAR(fit_sine(NN_ELU), 0, 0.1);
    CHECK(fit_sine(NN_IDENTITY) > 0.5); /* a line cannot */
}

int main(void)
{
    RUN_WITH_ALL_KERNELS(two_linear_layers_are_one_row_3_1);
    RUN_WITH_ALL_KERNELS(far_from_0_and_at_0);
    RUN_WITH_ALL_KERNELS(heaviside_row_3_2);
    RUN_WITH_ALL_KERNELS(temperature_1_is_sigmoid_row_3_4);
    RUN_WITH_ALL_KERNELS(temperature_slope_row_3_4);
    RUN_WITH_ALL_KERNELS(temperature_limits_row_3_4);
    RUN_WITH_ALL_KERNELS(dead_unit_rows_3_6_and_3_7);
    RUN_WITH_ALL_KERNELS(bernoulli_row_3_9);
    RUN_WITH_ALL_KERNELS(expectation_row_3_9);
    RUN_WITH_ALL_KERNELS(straight_through_row_3_9);
    RUN_WITH_ALL_KERNELS(elu_row_3_10);
    RUN_WITH_ALL_KERNELS(gelu_row_3_12);
    RUN_WITH_ALL_KERNELS(gelu_tanh_row_3_12);
    RUN_WITH_ALL_KERNELS(softmax_row_3_11);
    RUN_WITH_ALL_KERNELS(softmax_is_shift_invariant_row_3_11);
    RUN_WITH_ALL_KERNELS(softmax_far_row_3_11);
    RUN_WITH_ALL_KERNELS(activate_is_the_function);
    RUN_WITH_ALL_KERNELS(mean_activation_row_3_13);
    nn = nn_create(1);
    RUN(universal_approximation_row_3_15);
    nn_destroy(nn);
    return test_summary();
}
