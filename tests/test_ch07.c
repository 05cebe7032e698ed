/* Cost functions: what tests/test_ops.c (gradients against differences), tests/test_golden.c
 * (PyTorch) and tests/test_errors.c (wrong arguments) do not show. With each set of kernels that
 * this machine has.
 *
 *     cc -std=c99 -O1 tests/test_ch07.c -lm -o test_ch07 && ./test_ch07
 *
 * Numbers such as 7.4 in comments and names are rows of the feature table.
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

static nn_tensor *row(int n, const nn_real *x) /* [n], whose gradient is wanted */
{
    return nn_requires_grad(nn_input(nn, x, nn_shape1(n)));
}
static nn_tensor *rows(int n, int d, const nn_real *x) /* [n, d] */
{
    return nn_requires_grad(nn_input(nn, x, nn_shape2(n, d)));
}

static void check_numbers(const nn_real *got, const double *expected, int n, double tolerance)
{
    for (int i = 0; i < n; i++) CHECK_NEAR(got[i], expected[i], tolerance);
}

/* ---- 7.1 ---- */

static void squared_errors_row_7_1(void) /* SSE, MSE, or each; the gradient is that of the chosen */
{
    const nn_real y[] = {1, 2, -4}, t[] = {0, 4, 0}, r[] = {1, 10, 100};
    const double sse[] = {2, -4, -8}, mse[] = {2 / 3.0, -4 / 3.0, -8 / 3.0};
    const double each[] = {1, 4, 16}, weighted[] = {2, -40, -800};
    nn_tensor *x = row(3, y), *target = nn_input(nn, t, nn_shape1(3)), *loss = nn_mse(x, target);
    nn_backward(loss);
    CHECK_NEAR(nn_item(loss), 7, 8 * eps);
    check_numbers(x->grad, mse, 3, 3 * eps);
    CHECK_INT(nn_set_reduction(nn, NN_REDUCE_SUM), NN_REDUCE_MEAN);
    x = row(3, y), loss = nn_mse(x, target);
    nn_backward(loss);
    CHECK_NEAR(nn_item(loss), 21, 0);
    check_numbers(x->grad, sse, 3, 0);
    CHECK_INT(nn_set_reduction(nn, NN_REDUCE_NONE), NN_REDUCE_SUM);
    x = row(3, y), loss = nn_mse(x, target);
    CHECK(nn_shape_equal(loss->shape, nn_shape1(3)));
    check_numbers(loss->data, each, 3, 0);
    nn_backward(nn_sum(nn_mul(loss, nn_input(nn, r, nn_shape1(3)))));
    check_numbers(x->grad, weighted, 3, 0);
}

enum { LOSSES = 13 };
static nn_tensor *loss_number(int i) /* 4 rows of 3, of which row 2 does not count */
{
    static const nn_real data[3][12] = {{1, 2, -1, 0, 1, 3, 1, 1, 1, -2, 0, 1},
                                        {0, 1, 2, 2, -1, 1, 0, 3, 1, -1, 1, 2},
                                        {1, -1, 1, -1, 1, 1, -1, 1, -1, 1, 1, -1}};
    static const nn_real p[12] = {1, 0, 0, 0.25, 0.5, 0.25, 0, 0, 0, 0, 0.5, 0.5}, w[] = {1, 2, 4};
    static const int label[] = {2, 0, -1, 1}, same[] = {1, 0, -1, 0}, frames[] = {3, 2, 4, 1};
    static const int text[] = {1, 2, 1, -1, 2, 2, -1, -1};
    nn_tensor *a = rows(4, 3, data[0]), *b = rows(4, 3, data[1]), *c = rows(4, 3, data[2]);
    nn_tensor *q = nn_input(nn, p, nn_shape2(4, 3));
    switch (i) {
    case 0: return nn_mse(a, b);
    case 1: return nn_mae(a, b);
    case 2: return nn_huber(a, b, (nn_real)1.5);
    case 3: return nn_hinge(a, c);
    case 4: return nn_bce_with_logits(a, q);
    case 5: return nn_cross_entropy(a, label);
    case 6: return nn_cross_entropy_weighted(a, label, w, (nn_real)0.25);
    case 7: return nn_cross_entropy_soft(a, q);
    case 8: return nn_entropy(q);
    case 9: return nn_kl_div(a, q);
    case 10: return nn_multiclass_hinge(a, label);
    case 11: return nn_contrastive(a, b, same, 5);
    default: return nn_ctc(nn_randn(nn, nn_shape3(4, 4, 3)), frames, text, 2, 0);
    }
}

static void reductions_agree_row_7_1(void) /* each loss; then mean and sum of those that count */
{
    for (int i = 0; i < LOSSES; i++) {
        double value[2], sum = 0;
        nn_set_reduction(nn, NN_REDUCE_MEAN);
        nn_seed(nn, 1), value[0] = (double)nn_item(loss_number(i));
        nn_set_reduction(nn, NN_REDUCE_SUM);
        nn_seed(nn, 1), value[1] = (double)nn_item(loss_number(i));
        nn_set_reduction(nn, NN_REDUCE_NONE);
        nn_seed(nn, 1);
        const nn_tensor *each = loss_number(i);
        for (size_t j = 0; j < each->size; j++) sum += (double)each->data[j];
        /* weights of the rows that count: 4 + 1 + 2 in number 6, 3 rows in those of classes */
        const double count = i < 5 ? 12 : i == 6 ? 7 : i == 12 ? 4 : 3;
        CHECK_INT(each->size, i < 5 ? 12 : 4);
        CHECK_NEAR(value[1], sum, 20 * eps);
        CHECK_NEAR(value[0], sum / count, 20 * eps);
        if (i >= 5 && i < 12) CHECK_NEAR(each->data[2], 0, 0);
    }
}

/* ---- 7.2 ---- */

static nn_real slope_at(nn_tensor *(*loss)(nn_tensor *y, nn_tensor *t), double c, const nn_real *t)
{
    nn_tensor *y = nn_requires_grad(nn_full(nn, nn_shape0(), (nn_real)c));
    nn_backward(loss(nn_add(y, nn_full(nn, nn_shape1(5), 0)), nn_input(nn, t, nn_shape1(5))));
    return y->grad[0];
}

static void outlier_row_7_2(void) /* best constant: MSE the mean, MAE the median */
{
    const nn_real clean[] = {1, 2, 3, 4, 5}, outlier[] = {1, 2, 3, 4, 105};
    CHECK_NEAR(slope_at(nn_mse, 3, clean), 0, eps);
    CHECK_NEAR(slope_at(nn_mse, 23, outlier), 0, 40 * eps);
    CHECK(slope_at(nn_mse, 22, outlier) < -1 && slope_at(nn_mse, 24, outlier) > 1);
    CHECK_NEAR(slope_at(nn_mae, 3, clean), 0, eps);
    CHECK_NEAR(slope_at(nn_mae, 3, outlier), 0, eps);
    CHECK_NEAR(slope_at(nn_mae, 2.5, outlier), -0.2, eps);
    CHECK_NEAR(slope_at(nn_mae, 3.5, outlier), 0.2, eps);
}

static void gaussian_noise_row_7_2(void) /* -log likelihood = n MSE / 2 s^2 + a constant */
{
    const nn_real t[] = {1, -2, 4, 0}, y[2][4] = {{0, 0, 0, 0}, {2, -1, 3, 1}};
    const double s = 1.7, pi = 3.14159265358979323846;
    double constant[2];
    for (int m = 0; m < 2; m++) {
        double nll = 0;
        for (int i = 0; i < 4; i++) {
            const double d = (double)(y[m][i] - t[i]) / s;
            nll -= log(exp(-d * d / 2) / (s * sqrt(2 * pi)));
        }
        const nn_real mse = nn_item(nn_mse(row(4, y[m]), row(4, t)));
        constant[m] = nll - 4 * (double)mse / (2 * s * s);
    }
    CHECK_NEAR(constant[0], constant[1], 10 * eps);
    CHECK_NEAR(constant[0], 4 * log(s * sqrt(2 * pi)), 10 * eps);
}

/* ---- 7.3, 7.4: logits of 10,000 ---- */

static void large_logits_rows_7_3_and_7_4(void)
{
    const nn_real b[] = {10000, -10000, 10000, -10000}, hard[] = {1, 0, 0, 1};
    const double bce[] = {0, 0, 10000, 10000}, ce[] = {0, 20000, 10000}, soft[] = {0, 20000, 15000};
    const double slope[] = {0, 0, 0, 1, 0, -1, -0.5, 1, -0.5};
    const nn_real z[] = {10000, 0, -10000, 10000, 0, -10000, 0, 10000, -10000};
    const nn_real p[] = {1, 0, 0, 0, 0, 1, 0.5, 0, 0.5};
    const int label[] = {0, 2, 0}, all[] = {2, 2, 2};
    nn_set_reduction(nn, NN_REDUCE_NONE);
    check_numbers(nn_bce_with_logits(row(4, b), row(4, hard))->data, bce, 4, 0);
    check_numbers(nn_cross_entropy(rows(3, 3, z), label)->data, ce, 3, 0);
    nn_tensor *x = rows(3, 3, z), *loss = nn_cross_entropy_soft(x, rows(3, 3, p));
    check_numbers(loss->data, soft, 3, 0);
    nn_backward(nn_sum(loss));
    check_numbers(x->grad, slope, 9, 0);
    check_numbers(nn_kl_div(rows(3, 3, z), rows(3, 3, p))->data,
                  (const double[]){0, 20000, 15000 - log(2)}, 3, 15000 * eps);
    check_numbers(nn_cross_entropy_weighted(rows(3, 3, z), all, NULL, (nn_real)0.75)->data,
                  (const double[]){12500, 12500, 12500}, 3, 12500 * eps); /* 20000 / 4 + 7500 */
    check_numbers(nn_multiclass_hinge(rows(3, 3, z), label)->data,
                  (const double[]){0, 20001, 10001}, 3, 0);
    /* 3 frames, blank 0; labels 2, then 1: blank 2 1 or 2 blank 1, where the 2 costs 20000 */
    const int text[] = {2, 1};
    x = nn_requires_grad(nn_input(nn, z, nn_shape3(1, 3, 3)));
    loss = nn_ctc(x, NULL, text, 2, 0);
    CHECK_NEAR(loss->data[0], 20000 - log(2), 20000 * eps);
    nn_backward(nn_sum(loss));
    check_numbers(x->grad, (const double[]){0.5, 0, -0.5, 0.5, 0, -0.5, 0, 0, 0}, 9, eps);
}

static void masked_logits_row_7_4(void) /* a class that cannot be: its logit is -infinity */
{
    const nn_real z[] = {1, (nn_real)-HUGE_VAL, 1, 1}, p[] = {0.25, 0, 0.25, 0.5};
    const int label[] = {3};
    CHECK_NEAR(nn_item(nn_cross_entropy(rows(1, 4, z), label)), log(3), 2 * eps);
    CHECK_NEAR(nn_item(nn_cross_entropy_soft(rows(1, 4, z), rows(1, 4, p))), log(3), 2 * eps);
}

static void same_delta_of_three_pairs(void) /* y - t over N, whatever the output: rows 7.1 to 7.4 */
{
    const nn_real z[] = {1, -2, (nn_real)0.5, 3}, t[] = {1, 0, 0, 1};
    const int label[] = {0, 1};
    nn_tensor *x = row(4, z), *target = nn_input(nn, t, nn_shape1(4));
    nn_backward(nn_scale(nn_mse(x, target), (nn_real)0.5));
    for (int i = 0; i < 4; i++) CHECK_NEAR(x->grad[i], (double)(z[i] - t[i]) / 4, 2 * eps);
    x = row(4, z);
    nn_backward(nn_bce_with_logits(x, target));
    for (int i = 0; i < 4; i++)
        CHECK_NEAR(x->grad[i], (1 / (1 + exp(-(double)z[i])) - (double)t[i]) / 4, eps);
    x = rows(2, 2, z);
    nn_backward(nn_cross_entropy(x, label));
    for (int i = 0; i < 4; i++) {
        const double a = exp((double)z[i]), b = exp((double)z[i ^ 1]);
        CHECK_NEAR(x->grad[i], (a / (a + b) - (double)t[i]) / 2, eps);
    }
}

/* The loss of one who is sure and right is small, not 0: log1p of the sum of the other powers. */
static void small_losses_row_7_4(void)
{
    enum { MOST = 40 };
    static const int size[4] = {2, 3, 17, MOST};
    nn_set_reduction(nn, NN_REDUCE_NONE);
    for (int c = 0; c < 4; c++)
        for (double gap = 0; gap <= 80; gap += 0.25) {
            const int n = size[c], label = (int)(gap * 4) % n;
            nn_real z[MOST], t[MOST] = {0}, weight[MOST];
            double others = 0;
            for (int j = 0; j < n; j++) {
                weight[j] = 1;
                z[j] = j == label ? (nn_real)7.5 : (nn_real)(7.5 - gap) - (nn_real)(j % 3);
                if (j != label) others += exp((double)z[j] - 7.5);
            }
            t[label] = 1;
            const double loss = log1p(others), tolerance = 16 * eps * loss;
            nn_tensor *x = rows(1, n, z), *one_hot = rows(1, n, t);
            CHECK_NEAR(nn_cross_entropy(x, &label)->data[0], loss, tolerance);
            CHECK_NEAR(nn_cross_entropy_soft(x, one_hot)->data[0], loss, tolerance);
            CHECK_NEAR(nn_kl_div(x, one_hot)->data[0], loss, tolerance);
            CHECK_NEAR(nn_cross_entropy_weighted(x, &label, weight, 0)->data[0], loss, tolerance);
        }
    CHECK(strcmp(nn_kl_div(rows(1, 2, (const nn_real[]){0, 1}), rows(1, 2, (const nn_real[]){0, 1}))
                     ->op, "kl_div") == 0);
}

/* ---- 7.5 ---- */

static void entropies_row_7_5(void) /* H(p, q) = H(p) + KL(p || q), each against plain double */
{
    enum { N = 20, C = 5 };
    nn_real z[N * C], p[N * C];
    double h[N], ce[N], kl[N];
    for (int i = 0; i < N; i++) {
        double sum = 0, all = 0;
        for (int j = 0; j < C; j++) {
            z[i * C + j] = 3 * nn_normal(nn, 0, 1);
            p[i * C + j] = (i + j) % 4 ? nn_uniform(nn, 0, 1) : 0;
            sum += (double)p[i * C + j], all += exp((double)z[i * C + j]);
        }
        h[i] = ce[i] = kl[i] = 0;
        for (int j = 0; j < C; j++) {
            p[i * C + j] = (nn_real)((double)p[i * C + j] / sum);
            const double pj = (double)p[i * C + j], log_q = (double)z[i * C + j] - log(all);
            ce[i] -= pj * log_q;
            if (pj > 0) h[i] -= pj * log(pj), kl[i] += pj * (log(pj) - log_q);
        }
        CHECK_NEAR(ce[i], h[i] + kl[i], 1e-14 * (1 + ce[i]));
    }
    nn_set_reduction(nn, NN_REDUCE_NONE);
    nn_tensor *x = rows(N, C, z), *t = rows(N, C, p);
    check_numbers(nn_cross_entropy_soft(x, t)->data, ce, N, 20 * eps);
    check_numbers(nn_entropy(t)->data, h, N, 3 * eps);
    check_numbers(nn_kl_div(x, t)->data, kl, N, 20 * eps);
    nn_tensor *self = nn_kl_div(x, nn_softmax(x)); /* of q from itself: 0 */
    for (int i = 0; i < N; i++) CHECK_NEAR(self->data[i], 0, 3 * eps);
    const nn_real certain[] = {0, 1, 0}; /* log 0 does no harm to value or slope */
    nn_tensor *one = rows(1, 3, certain), *none = nn_entropy(one);
    nn_backward(nn_sum(none));
    CHECK_NEAR(none->data[0], 0, 0);
    check_numbers(one->grad, (const double[]){0, -1, 0}, 3, 0);
}

/* ---- 7.6, 7.7 ---- */

static void absolute_errors_row_7_6(void)
{
    const nn_real d[] = {-3, (nn_real)-0.5, 0, (nn_real)0.5, 3, 1}, zero[6] = {0};
    nn_set_reduction(nn, NN_REDUCE_NONE);
    nn_tensor *y = row(6, d), *loss = nn_mae(y, row(6, zero));
    check_numbers(loss->data, (const double[]){3, 0.5, 0, 0.5, 3, 1}, 6, 0);
    nn_backward(nn_sum(loss));
    check_numbers(y->grad, (const double[]){-1, -1, 0, 1, 1, 1}, 6, 0);
    y = row(6, d), loss = nn_huber(y, row(6, zero), 1);
    check_numbers(loss->data, (const double[]){2.5, 0.125, 0, 0.125, 2.5, 0.5}, 6, 0);
    nn_backward(nn_sum(loss));
    check_numbers(y->grad, (const double[]){-1, -0.5, 0, 0.5, 1, 1}, 6, 0);
}

static void hinge_row_7_7(void)
{
    const nn_real y[] = {2, 1, (nn_real)0.25, -3, -3}, t[] = {1, 1, 1, 1, -1};
    const nn_real z[] = {3, 1, 0, /**/ 1, (nn_real)1.5, 1, /**/ 5, 5, 5, /**/ 0, 2, 7};
    const int label[] = {0, 1, 2, -1};
    nn_set_reduction(nn, NN_REDUCE_NONE);
    nn_tensor *x = row(5, y), *loss = nn_hinge(x, row(5, t));
    check_numbers(loss->data, (const double[]){0, 0, 0.75, 4, 0}, 5, 0);
    nn_backward(nn_sum(loss));
    check_numbers(x->grad, (const double[]){0, 0, -1, -1, 0}, 5, 0);
    x = rows(4, 3, z), loss = nn_multiclass_hinge(x, label);
    check_numbers(loss->data, (const double[]){0, 0.5, 1, 0}, 4, 0);
    nn_backward(nn_sum(loss)); /* of equal rivals, the first */
    check_numbers(x->grad, (const double[]){0, 0, 0, 1, -1, 0, 1, 0, -1, 0, 0, 0}, 12, 0);
}

/* ---- 7.8: CTC, against all paths one by one ---- */

enum { C = 3, MAX_T = 6, MAX_PATHS = 729 };

/* The labels of a path, each row ended by -1. */
static int collapse(const int *path, int t, int blank, int *text)
{
    int n = 0;
    for (int i = 0; i < t; i++)
        if (path[i] != blank && (i == 0 || path[i] != path[i - 1])) text[n++] = path[i];
    text[n] = -1;
    return n;
}

/* Probability of every text: in code [MAX_PATHS] by its digits in base 3, and a leading 1. */
static void all_paths(const nn_real *z, int t, int blank, double *probability)
{
    double y[MAX_T][C];
    for (int i = 0; i < t; i++) {
        double sum = 0;
        for (int c = 0; c < C; c++) sum += y[i][c] = exp((double)z[i * C + c]);
        for (int c = 0; c < C; c++) y[i][c] /= sum;
    }
    int paths = 1;
    for (int i = 0; i < t; i++) paths *= C;
    for (int i = 0; i < 2 * MAX_PATHS; i++) probability[i] = 0;
    for (int k = 0; k < paths; k++) {
        int path[MAX_T], text[MAX_T + 1], code = 1;
        double p = 1;
        for (int i = 0, rest = k; i < t; i++, rest /= C) p *= y[i][path[i] = rest % C];
        const int n = collapse(path, t, blank, text);
        for (int i = 0; i < n; i++) code = code * C + text[i];
        probability[code] += p;
    }
}

static void text_of(int code, int *text) /* the reverse of the code above */
{
    int n = 0;
    for (int rest = code; rest > 1; rest /= C) n++;
    text[n] = -1;
    for (int rest = code; rest > 1; rest /= C) text[--n] = rest % C;
}

static void ctc_row_7_8(void)
{
    static double probability[2 * MAX_PATHS];
    for (int blank = 0; blank < C; blank++)
        for (int t = 1; t <= MAX_T; t++) {
            nn_clear(nn);
            nn_tensor *z = nn_scale(nn_randn(nn, nn_shape3(1, t, C)), 2);
            all_paths(z->data, t, blank, probability);
            double sum = 0;
            int best = 1;
            for (int code = 1; code < 2 * MAX_PATHS; code++) {
                if (probability[code] == 0) continue;
                int text[MAX_T + 2] = {-1, -1, -1, -1, -1, -1, -1, -1};
                text_of(code, text);
                const double loss = (double)nn_item(nn_ctc(z, NULL, text, MAX_T + 1, blank));
                CHECK_NEAR(loss, -log(probability[code]), 10 * eps);
                sum += exp(-loss);
                if (probability[code] > probability[best]) best = code;
            }
            CHECK_NEAR(sum, 1, 20 * eps);
            int path[MAX_T], expected[MAX_T + 2], got[MAX_T];
            nn_argmax(z, path);
            collapse(path, t, blank, expected);
            nn_ctc_decode(z, NULL, blank, 0, got);
            for (int i = 0; i < t && (i == 0 || expected[i - 1] >= 0); i++)
                CHECK_INT(got[i], expected[i]);
            /* with room for all prefixes, the best one */
            text_of(best, expected);
            nn_ctc_decode(z, NULL, blank, 500, got);
            for (int i = 0; i < t && (i == 0 || expected[i - 1] >= 0); i++)
                CHECK_INT(got[i], expected[i]);
        }
}

static void ctc_batch_row_7_8(void) /* sequences of different lengths do not touch each other */
{
    enum { N = 3, T = 5 };
    const int frames[N] = {5, 2, 4}, labels[N * 3] = {1, 1, 2, 2, -1, -1, 0, 2, 0};
    nn_tensor *z = nn_requires_grad(nn_randn(nn, nn_shape3(N, T, 4)));
    nn_set_reduction(nn, NN_REDUCE_NONE);
    nn_tensor *loss = nn_ctc(z, frames, labels, 3, 3);
    nn_backward(nn_sum(loss));
    for (int i = 0; i < N; i++) {
        nn_tensor *one = nn_requires_grad(
            nn_input(nn, z->data + i * T * 4, nn_shape3(1, frames[i], 4)));
        nn_tensor *alone = nn_ctc(one, NULL, labels + i * 3, 3, 3);
        CHECK(alone->data[0] == loss->data[i]);
        nn_real kept[T * 4];
        memcpy(kept, z->grad + i * T * 4, sizeof kept);
        nn_tensor *zi = one;
        nn_backward(nn_sum(alone));
        CHECK(memcmp(kept, zi->grad, zi->size * sizeof *kept) == 0);
        for (int j = frames[i] * 4; j < T * 4; j++) CHECK_NEAR(kept[j], 0, 0); /* after the end */
    }
}

static void ctc_of_2000_frames_row_7_8(void)
{
    /* All classes equally likely: C(T + L, 2 L) alignments, of probability C^-T each, as no two
     * neighbours are equal: choosing where labels and blanks begin. With r equal neighbours C(T + L
     * - r, 2 L). */
    enum { T = 2000, L = 100, K = 4 };
    int labels[L];
    for (int repeats = 0; repeats < 2; repeats++) {
        for (int i = 0; i < L; i++) labels[i] = repeats ? 1 : 1 + i % 3;
        const double top = T + L - (repeats ? L - 1 : 0);
        const double ways = lgamma(top + 1) - lgamma(2 * L + 1.0) - lgamma(top - 2 * L + 1);
        nn_clear(nn);
        nn_tensor *z = nn_requires_grad(nn_full(nn, nn_shape3(1, T, K), 3));
        nn_tensor *loss = nn_ctc(z, NULL, labels, L, 0);
        const double expected = T * log(K) - ways;
        CHECK_NEAR(nn_item(loss), expected, 1e-6 * expected);
        nn_backward(loss);
        double worst = 0, asymmetry = 0;
        for (int t = 0; t < T; t++) {
            double sum = 0;
            for (int c = 0; c < K; c++) sum += (double)z->grad[t * K + c];
            worst = fmax(worst, fabs(sum));
            asymmetry = fmax(asymmetry, fabs((double)z->grad[t * K] -
                                             (double)z->grad[(T - 1 - t) * K]));
        }
        CHECK_NEAR(worst, 0, 1e-6);      /* what softmax gives, the alignments take */
        CHECK_NEAR(asymmetry, 0, 2e-5);  /* backwards it is the same problem, for the blank */
    }
}

static void decoding_row_7_8(void)
{
    /* Twice blank .6, a .4: the best path is empty (.36), but a has .64 (a a, a blank, blank a) */
    const nn_real p[] = {(nn_real)0.6, (nn_real)0.4, (nn_real)0.6, (nn_real)0.4};
    nn_real z[4];
    for (int i = 0; i < 4; i++) z[i] = (nn_real)log((double)p[i]);
    nn_tensor *x = nn_input(nn, z, nn_shape3(1, 2, 2));
    int text[2];
    nn_ctc_decode(x, NULL, 0, 0, text);
    CHECK(text[0] == -1 && text[1] == -1);
    nn_ctc_decode(x, NULL, 0, 2, text);
    CHECK(text[0] == 1 && text[1] == -1);
    const int path[] = {2, 2, 0, 2, 1, 1, 0, 0, 1, 1}; /* [2, 10] frames: "2 2 1", and "1 2" of 7 */
    const int other[] = {1, 0, 0, 2, 2, 2, 0, 1, 2, 1};
    int both[20], read[20];
    memcpy(both, path, sizeof path), memcpy(both + 10, other, sizeof other);
    nn_tensor *sharp = nn_reshape(nn_scale(nn_one_hot(nn, both, 20, 3), 20), nn_shape3(2, 10, 3));
    const int frames[] = {10, 7};
    for (int beams = 0; beams < 5; beams++) {
        nn_ctc_decode(sharp, frames, 0, beams, read);
        const int wanted[] = {2, 2, 1, 1, -1, -1, -1, -1, -1, -1, 1, 2};
        for (int i = 0; i < 20; i++) CHECK_INT(read[i], i < 12 ? wanted[i] : -1);
    }
    nn_tensor *longest = nn_full(nn, nn_shape3(1, 3000, 2), 0); /* its products underflow double */
    int *out = (int *)malloc(3000 * sizeof *out);
    nn_ctc_decode(longest, NULL, 0, 3, out);
    CHECK(nn_ok(nn) && out[0] == 1);
    free(out);
}

/* ---- 7.9, 7.10 ---- */

static void triplet_row_7_9(void)
{
    /* squared distances 1 and 4: within the margin of 5, beyond that of 2 */
    const nn_real a[] = {0, 0}, p[] = {1, 0}, n[] = {0, 2};
    for (int m = 2; m <= 5; m += 3) {
        nn_tensor *x = rows(1, 2, a), *y = rows(1, 2, p), *z = rows(1, 2, n);
        nn_tensor *loss = nn_triplet(x, y, z, (nn_real)m);
        nn_backward(loss);
        CHECK_NEAR(nn_item(loss), m == 5 ? 2 : 0, 0);
        const double on = m == 5; /* da = 2 (n - p), dp = 2 (p - a), dn = 2 (a - n) */
        check_numbers(x->grad, (const double[]){-2 * on, 4 * on}, 2, 0);
        check_numbers(y->grad, (const double[]){2 * on, 0}, 2, 0);
        check_numbers(z->grad, (const double[]){0, -4 * on}, 2, 0);
    }
}

static void contrastive_row_7_10(void)
{
    const nn_real a[] = {3, 4, 3, 4, 3, 4, 1, 1, 9, 9}, zero[10] = {0, 0, 0, 0, 0, 0, 1, 1, 0, 0};
    const int same[] = {1, 0, 0, 0, -1};
    nn_set_reduction(nn, NN_REDUCE_NONE);
    for (int margin = 4; margin <= 7; margin += 3) { /* d = 5: beyond 4; 2 inside of 7 */
        nn_tensor *x = rows(5, 2, a), *y = rows(5, 2, zero);
        nn_tensor *loss = nn_contrastive(x, y, same, (nn_real)margin);
        const double in = margin == 7, pull = -2 / 5.0 * in;
        check_numbers(loss->data, (const double[]){12.5, 2 * in, 2 * in, margin * margin / 2.0, 0},
                      5, 0);
        nn_backward(nn_sum(loss));
        const double dx[] = {3, 4, 3 * pull, 4 * pull, 3 * pull, 4 * pull, 0, 0, 0, 0};
        check_numbers(x->grad, dx, 10, 2 * eps);
        for (int i = 0; i < 10; i++) CHECK(y->grad[i] == -x->grad[i]);
    }
}

static void not_a_number_stays(void) /* no loss hides a NaN */
{
    const nn_real nan[] = {(nn_real)NAN, 1, 2, 3}, t[] = {1, 1, -1, 1}, p[] = {1, 0, 0, 1};
    const int label[] = {0, 1}, text[] = {1};
    nn_tensor *x = row(4, nan), *m = rows(2, 2, nan), *y = row(4, t), *good = rows(2, 2, t);
    const nn_tensor *const loss[] = {
        nn_mse(x, y), nn_mae(x, y), nn_huber(x, y, 1), nn_hinge(x, y),
        nn_bce_with_logits(x, row(4, p)), nn_cross_entropy(m, label),
        nn_multiclass_hinge(m, label), nn_cross_entropy_soft(m, rows(2, 2, p)),
        nn_triplet(m, good, good, 1), nn_triplet(good, good, m, 1),
        nn_contrastive(m, good, label, 1),
        nn_ctc(nn_reshape(m, nn_shape3(1, 2, 2)), NULL, text, 1, 0)};
    for (size_t i = 0; i < sizeof loss / sizeof *loss; i++) {
        const nn_real got = loss[i]->data[0];
        CHECK(got != got);
        if (got == got) printf("    %s is %g\n", loss[i]->op, (double)got);
    }
}

/* ---- 7.11: each row of the page's table, head and loss: it runs, and the loss falls ---- */

enum { SAMPLES = 12, PAIRS = 16 };
static const int outputs[PAIRS] = {1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 1, 3, 3, 2, 2}; /* of the head */

/* The loss of head and task i. z [SAMPLES, outputs[i]] is what the last layer gives for x. */
static nn_tensor *pair_loss(int i, nn_tensor *z, const nn_real *x)
{
    static const int text[] = {1, 2, 2, -1}, same[] = {1, 0, 0, 1, 0, 1};
    static const nn_real weight[] = {1, 2, 4};
    nn_real number[SAMPLES], yes[SAMPLES], sign[SAMPLES], large[SAMPLES], share[SAMPLES];
    nn_real flags[SAMPLES * 3], logits[SAMPLES * 3];
    int label[SAMPLES];
    for (int s = 0; s < SAMPLES; s++) {
        number[s] = 2 * x[2 * s] - x[2 * s + 1] + 1;
        yes[s] = number[s] > 1, sign[s] = number[s] > 1 ? 1 : -1;
        large[s] = (nn_real)exp(3 * (double)x[2 * s]);
        share[s] = (nn_real)(1 / (1 + exp(-(double)number[s])));
        label[s] = x[2 * s] > 0 ? 0 : x[2 * s + 1] > 0 ? 1 : 2;
        for (int c = 0; c < 3; c++) {
            flags[3 * s + c] = c == 2 ? yes[s] : x[2 * s + c] > 0;
            logits[3 * s + c] = (nn_real)(c - 1) * number[s];
        }
    }
    const nn_shape one = nn_shape2(SAMPLES, 1), three = nn_shape2(SAMPLES, 3);
    nn_tensor *third[3]; /* the embeddings in three parts */
    for (int k = 0; k < 3; k++) third[k] = nn_slice(z, 0, 4 * k, 4 * k + 4);
    switch (i) {
    case 0: return nn_mse(z, nn_input(nn, number, one));
    case 1: return nn_mae(z, nn_input(nn, number, one));
    case 2: return nn_huber(z, nn_input(nn, number, one), 1);
    case 3: return nn_mse(z, nn_log(nn_input(nn, large, one))); /* the answer is nn_exp(z) */
    case 4: return nn_bce_with_logits(z, nn_input(nn, share, one));
    case 5: return nn_bce_with_logits(z, nn_input(nn, yes, one));
    case 6: return nn_bce_with_logits(z, nn_input(nn, flags, three));
    case 7: return nn_cross_entropy(z, label);
    case 8: return nn_cross_entropy_weighted(z, label, weight, (nn_real)0.1);
    case 9: return nn_cross_entropy_soft(z, nn_softmax(nn_input(nn, logits, three)));
    case 10: return nn_kl_div(z, nn_softmax(nn_input(nn, logits, three)));
    case 11: return nn_hinge(z, nn_input(nn, sign, one));
    case 12: return nn_multiclass_hinge(z, label);
    case 13: return nn_ctc(nn_reshape(z, nn_shape3(2, 6, 3)), NULL, text, 2, 0);
    case 14: return nn_triplet(third[0], third[1], third[2], 1);
    default: return nn_contrastive(nn_slice(z, 0, 0, 6), nn_slice(z, 0, 6, 12), same, 2);
    }
}

static void every_pair_learns_row_7_11(void)
{
    nn_real x[2 * SAMPLES];
    for (int i = 0; i < 2 * SAMPLES; i++) x[i] = nn_normal(nn, 0, 1);
    for (int i = 0; i < PAIRS; i++) {
        nn_model *net = nn_model_new(nn);
        nn_linear hidden = nn_linear_new(net, "hidden", 2, 8);
        nn_linear head = nn_linear_new(net, "head", 8, outputs[i]);
        nn_optimizer *opt = nn_adam(net, (nn_real)0.05);
        double first = 0, last = 0;
        for (int step = 0; step <= 20; step++) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *h = nn_linear_forward(&hidden, nn_input(nn, x, nn_shape2(SAMPLES, 2)));
            nn_tensor *loss = pair_loss(i, nn_linear_forward(&head, nn_tanh(h)), x);
            last = (double)nn_item(loss);
            if (step == 0) first = last;
            nn_backward(loss);
            nn_step(opt);
        }
        CHECK(last < 0.75 * first);
        if (!(last < 0.75 * first)) printf("    pair %d: %g, then %g\n", i, first, last);
    }
}

int main(void)
{
    RUN_WITH_ALL_KERNELS(squared_errors_row_7_1);
    RUN_WITH_ALL_KERNELS(reductions_agree_row_7_1);
    RUN_WITH_ALL_KERNELS(outlier_row_7_2);
    RUN_WITH_ALL_KERNELS(gaussian_noise_row_7_2);
    RUN_WITH_ALL_KERNELS(large_logits_rows_7_3_and_7_4);
    RUN_WITH_ALL_KERNELS(masked_logits_row_7_4);
    RUN_WITH_ALL_KERNELS(small_losses_row_7_4);
    RUN_WITH_ALL_KERNELS(same_delta_of_three_pairs);
    RUN_WITH_ALL_KERNELS(entropies_row_7_5);
    RUN_WITH_ALL_KERNELS(absolute_errors_row_7_6);
    RUN_WITH_ALL_KERNELS(hinge_row_7_7);
    RUN_WITH_ALL_KERNELS(ctc_row_7_8);
    RUN_WITH_ALL_KERNELS(ctc_batch_row_7_8);
    RUN_WITH_ALL_KERNELS(ctc_of_2000_frames_row_7_8);
    RUN_WITH_ALL_KERNELS(decoding_row_7_8);
    RUN_WITH_ALL_KERNELS(triplet_row_7_9);
    RUN_WITH_ALL_KERNELS(contrastive_row_7_10);
    RUN_WITH_ALL_KERNELS(every_pair_learns_row_7_11);
    RUN_WITH_ALL_KERNELS(not_a_number_stays);
    return test_summary();
}
