/* Gradient descent: batches, rules, learning rates. PyTorch's numbers for the rules and schedules
 * are in tests/test_golden.c, wrong arguments in tests/test_errors.c, training steps with batches of
 * 1 and 64 (5.13) in tests/bench.c, too. With each set of kernels that this machine has.
 *
 *     cc -std=c99 -O1 tests/test_ch05.c -lm -o test_ch05 && ./test_ch05
 *
 * Numbers such as 5.4 in comments and names are rows of the feature table.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#include <time.h>

static nn_ctx *nn; /* of the current case */
static nn_model *net;

#define RUN_WITH_ALL_KERNELS(test)                                                               \
    for (int k_ = 0; k_ < 5; k_++) {                                                             \
        static const char *const kernels[] = {"naive", "scalar", "avx2", "avx512", "neon"};      \
        nn = nn_create(1);                                                                       \
        net = nn_model_new(nn);                                                                  \
        if (nn_set_simd(nn, kernels[k_])) {                                                      \
            RUN(test);                                                                           \
            if (test_bad) printf("    with the kernels \"%s\"\n", kernels[k_]);                  \
        }                                                                                        \
        nn_destroy(nn);                                                                          \
    }

/* ---- a function to descend: J = 1/2 (L0 a^2 + L1 b^2), a and b being the coordinates of
 * w - (1, 2) along (0.6, 0.8) and (-0.8, 0.6) ---- */

static const double curvature[2] = {0.25, 4};

static void coordinates(const nn_real *w, double c[2])
{
    const double x = (double)w[0] - 1, y = (double)w[1] - 2;
    c[0] = 0.6 * x + 0.8 * y, c[1] = -0.8 * x + 0.6 * y;
}

static void quadratic_gradient(const nn_real *w, nn_real *g)
{
    double c[2];
    coordinates(w, c);
    for (int i = 0; i < 2; i++) c[i] *= curvature[i];
    g[0] = (nn_real)(0.6 * c[0] - 0.8 * c[1]), g[1] = (nn_real)(0.8 * c[0] + 0.6 * c[1]);
}

static void descends_a_quadratic_5_1(void) /* each coordinate is multiplied by 1 - lr L a step */
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    const double lr[3] = {0.05, 0.25, 0.45};
    for (int k = 0; k < 3; k++) {
        nn_optimizer *opt = nn_sgd(net, (nn_real)lr[k]);
        double first[2], c[2], factor[2] = {1, 1};
        w->data[0] = -2, w->data[1] = 3;
        coordinates(w->data, first);
        for (int step = 0; step < 40; step++) {
            quadratic_gradient(w->data, w->grad);
            nn_step(opt);
            coordinates(w->data, c);
            for (int i = 0; i < 2; i++) {
                factor[i] *= 1 - lr[k] * curvature[i];
                CHECK_NEAR(c[i], first[i] * factor[i], 4e-6);
            }
        }
    }
}

static double distance_after(double lr, int steps)
{
    nn_tensor *w = net->param[0];
    nn_optimizer *opt = nn_sgd(net, (nn_real)lr);
    double c[2];
    w->data[0] = -2, w->data[1] = 3;
    for (int step = 0; step < steps; step++) {
        quadratic_gradient(w->data, w->grad);
        nn_step(opt);
    }
    coordinates(w->data, c);
    return sqrt(c[0] * c[0] + c[1] * c[1]);
}

static void the_limit_is_2_over_L_5_5_5_6(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    const double limit = 2 / curvature[1];
    CHECK(distance_after(0.98 * limit, 1000) < 1e-5);
    CHECK(distance_after(1.02 * limit, 1000) > 1e9);
    /* too small is slow: after 50 steps a hundredth of the limit has hardly moved along L0 */
    CHECK(distance_after(0.9 * limit, 50) < 0.01);
    CHECK(distance_after(0.01 * limit, 50) > 0.5);
    nn_optimizer *opt = nn_sgd(net, 1); /* at the limit, J = w0^2 + 0: the sign changes for ever */
    w->data[0] = 3, w->data[1] = 0, w->grad[1] = 0;
    for (int step = 0; step < 101; step++) {
        w->grad[0] = 2 * w->data[0];
        nn_step(opt);
    }
    CHECK(w->data[0] == -3);
}

/* ---- a linear regression: y = w x + b, J the mean of the squared errors ---- */

enum { N = 53, D = 5 };
static nn_real x[N * D], t[N];
static nn_dataset data;
static nn_linear layer;

static void regression(void)
{
    for (int i = 0; i < N * D; i++) x[i] = nn_normal(nn, 0, 1);
    for (int i = 0; i < N; i++) t[i] = x[i * D] - 2 * x[i * D + 1] + nn_normal(nn, 1, 1);
    memset(&data, 0, sizeof data);
    data.ctx = nn, data.n = N, data.sample = nn_shape1(D), data.size = D;
    data.x = x, data.target = t;
    layer = nn_linear_new(net, "layer", D, 1);
}

static nn_tensor *loss_of(nn_tensor *inputs, nn_tensor *targets)
{
    return nn_mse(nn_linear_forward(&layer, inputs), targets);
}

/* The same by hand, in double: mean over the n samples of row (all if NULL). w [D + 1], b last. */
static void gradient_by_hand(const double *w, const int *row, int n, double *g)
{
    for (int j = 0; j <= D; j++) g[j] = 0;
    for (int i = 0; i < n; i++) {
        const int r = row ? row[i] : i;
        double error = w[D] - (double)t[r];
        for (int j = 0; j < D; j++) error += w[j] * (double)x[r * D + j];
        for (int j = 0; j <= D; j++) g[j] += 2 * error * (j < D ? (double)x[r * D + j] : 1) / n;
    }
}

static void weights(double *w)
{
    for (int j = 0; j <= D; j++)
        w[j] = (double)(j < D ? layer.weight->data[j] : layer.bias->data[0]);
}

static void near_by_hand(const double *expected, double tolerance, int gradient)
{
    for (int j = 0; j <= D; j++) {
        const nn_tensor *p = j < D ? layer.weight : layer.bias;
        CHECK_NEAR((gradient ? p->grad : p->data)[j < D ? j : 0], expected[j], tolerance);
    }
}

/* Batch, mini-batch and stochastic descent: one loop, three sizes. The last of 16 has 5 samples and
 * takes their mean. */
static void one_loop_three_descents_5_2_5_3_5_4(void)
{
    const int size[3] = {1, 16, N};
    regression();
    for (int k = 0; k < 3; k++) {
        nn_batches b = nn_batches_new(&data, size[k], 1);
        nn_optimizer *opt = nn_sgd(net, (nn_real)0.01);
        double w[D + 1], g[D + 1];
        weights(w);
        int first_order[N], same = 0;
        for (int epoch = 0; epoch < 3; epoch++) {
            int seen[N] = {0}, steps = 0, dealt = 0;
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(net);
                nn_backward(loss_of(nn_batch_x(&b), nn_batch_target(&b)));
                gradient_by_hand(w, b.row, b.n, g);
                near_by_hand(g, 2e-5, 1);
                nn_step(opt);
                for (int j = 0; j <= D; j++) w[j] -= 0.01 * g[j];
                for (int i = 0; i < b.n; i++, dealt++) {
                    seen[b.row[i]]++;
                    if (epoch == 0) first_order[dealt] = b.row[i];
                    else same += first_order[dealt] == b.row[i];
                }
                steps++;
            }
            CHECK_INT(steps, (N + size[k] - 1) / size[k]);
            for (int i = 0; i < N; i++) CHECK_INT(seen[i], 1);
        }
        CHECK(same < N / 2); /* each epoch has an order of its own */
        near_by_hand(w, 1e-5, 0);
    }
}

static void a_batch_of_all_is_the_whole_set_5_4(void) /* bit for bit, in the order of the set */
{
    nn_real in_batches[2][D + 1], whole[2][D + 1], start[D + 1];
    regression();
    nn_model_get(net, start);
    nn_batches b = nn_batches_new(&data, N, 0);
    nn_optimizer *opt = nn_sgd(net, (nn_real)0.05);
    for (int step = 0; step < 2; step++) {
        CHECK_INT(nn_next_batch(&b), N);
        nn_clear(nn);
        nn_zero_grad(net);
        nn_backward(loss_of(nn_batch_x(&b), nn_batch_target(&b)));
        nn_step(opt);
        nn_model_get(net, in_batches[step]);
        CHECK_INT(nn_next_batch(&b), 0);
    }
    nn_model_set(net, start);
    for (int step = 0; step < 2; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_backward(loss_of(nn_dataset_x(&data), nn_dataset_target(&data)));
        nn_step(opt);
        nn_model_get(net, whole[step]);
    }
    CHECK(memcmp(in_batches, whole, sizeof whole) == 0);
    CHECK(memcmp(whole[0], whole[1], sizeof whole[0]) != 0);
}

/* Batch descent needs not all data at once: nn_backward adds, and each part counts by its size. */
static void parts_add_up_to_the_whole_5_2(void)
{
    double w[D + 1], g[D + 1];
    regression();
    weights(w);
    gradient_by_hand(w, NULL, N, g);
    for (int part = 1; part <= N; part += 13) {
        nn_batches b = nn_batches_new(&data, part, 1);
        nn_zero_grad(net);
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_tensor *loss = loss_of(nn_batch_x(&b), nn_batch_target(&b));
            nn_backward(nn_scale(loss, (nn_real)b.n / N));
        }
        near_by_hand(g, 1e-5, 1);
    }
    /* The mean does not depend on how many samples there are: every sample twice, the same. */
    double twice[D + 1];
    int row[2 * N];
    for (int i = 0; i < 2 * N; i++) row[i] = i % N;
    gradient_by_hand(w, row, 2 * N, twice);
    nn_clear(nn);
    nn_zero_grad(net);
    nn_tensor *xs[2] = {nn_dataset_x(&data), nn_dataset_x(&data)};
    nn_tensor *ts[2] = {nn_dataset_target(&data), nn_dataset_target(&data)};
    nn_backward(loss_of(nn_concat(0, 2, xs), nn_concat(0, 2, ts)));
    near_by_hand(g, 1e-5, 1);
    for (int j = 0; j <= D; j++) CHECK_NEAR(twice[j], g[j], 1e-12);
}

/* The gradient of m of N samples, drawn without putting back, has the mean of the whole set's and
 * the variance s^2 / m (N - m) / (N - 1), s^2 being that of one sample's. */
static void noise_falls_with_the_batch_5_12(void)
{
    enum { DRAWS = 3000 };
    const int size[4] = {1, 4, 16, N};
    double w[D + 1], g[D + 1], all[D + 1], s2 = 0;
    regression();
    weights(w);
    gradient_by_hand(w, NULL, N, all);
    for (int i = 0; i < N; i++) {
        gradient_by_hand(w, &i, 1, g);
        for (int j = 0; j <= D; j++) s2 += (g[j] - all[j]) * (g[j] - all[j]) / N;
    }
    for (int k = 0; k < 4; k++) {
        const int m = size[k];
        double variance = 0;
        nn_batches b = nn_batches_new(&data, m, 1);
        for (int draw = 0; draw < DRAWS; draw++) {
            do nn_next_batch(&b); /* the first of each epoch */
            while (b.next != m);
            nn_clear(nn);
            nn_zero_grad(net);
            if (draw < 10) nn_backward(loss_of(nn_batch_x(&b), nn_batch_target(&b)));
            gradient_by_hand(w, b.row, m, g); /* quicker than the graph, and equal to it */
            if (draw < 10) near_by_hand(g, 2e-5, 1);
            for (int j = 0; j <= D; j++) variance += (g[j] - all[j]) * (g[j] - all[j]) / DRAWS;
        }
        CHECK_NEAR(variance, s2 / m * (N - m) / (N - 1), 0.1 * s2 / m);
    }
}

/* ---- learning rates ---- */

/* J = 1/2 (w - x)^2 for one x after the other. With lr = 1 / t (whose sum diverges, whose sum of
 * squares does not: Robbins and Monro 1951) w is the mean of the x so far, and settles; with a
 * constant lr it never does: its variance goes to lr / (2 - lr) times that of x. */
static void falling_rates_settle_5_7(void)
{
    enum { STEPS = 20000 };
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    nn_model *rest = nn_model_new(nn);
    nn_tensor *v = nn_param(rest, "", "v", nn_shape1(1));
    nn_optimizer *falling = nn_sgd(net, 1), *constant = nn_sgd(rest, (nn_real)0.5);
    double sum = 0, variance = 0;
    for (int step = 1; step <= STEPS; step++) {
        const nn_real sample = nn_normal(nn, 3, 1);
        sum += (double)sample;
        w->grad[0] = w->data[0] - sample;
        v->grad[0] = v->data[0] - sample;
        falling->lr = 1 / (nn_real)step;
        nn_step(falling);
        nn_step(constant);
        if (step % 100 == 0) CHECK_NEAR(w->data[0], sum / step, 2e-5);
        variance += ((double)v->data[0] - 3) * ((double)v->data[0] - 3) / STEPS;
    }
    CHECK_NEAR(w->data[0], 3, 4 / sqrt(STEPS));
    CHECK_NEAR(variance, 0.5 / 1.5, 0.02);
}

static void schedules_5_7(void)
{
    const double near = 1e-7;
    for (int at = 0; at < 30; at++) {
        const double steps[3] = {0.5, 0.05, 0.005};
        CHECK_NEAR(nn_step_lr(0.5f, 0.1f, 10, at), steps[at / 10], near);
        CHECK_NEAR(nn_exponential_lr(2, 0.5f, at), 2 / pow(2, at), 0);
        CHECK_NEAR(nn_exponential_lr(0.25f, 1, at), 0.25, 0); /* constant */
        const double down = 0.125 + 0.25 * (1 + cos(3.14159265358979 * at / 25));
        CHECK_NEAR(nn_cosine_annealing_lr(0.625f, 0.125f, 25, at), at < 25 ? down : 0.125, near);
        const double up = at < 8 ? 0.125 + 0.875 * at / 8 : 1;
        CHECK_NEAR(nn_linear_lr(1, 0.125f, 8, at), up, near);
        const nn_real rate = nn_cosine_annealing_lr(1, 0, 20, at); /* warm-up, then a cosine */
        CHECK_NEAR(nn_linear_lr(rate, 0, 4, at), (double)rate * (at < 4 ? at / 4.0 : 1), near);
    }
    /* the ends exactly; the last values are not lost in rounding; nothing overflows */
    CHECK(nn_cosine_annealing_lr(0.5f, 0, 100000, 0) == (nn_real)0.5);
    CHECK(nn_cosine_annealing_lr(1, 0.25f, 7, 7) == (nn_real)0.25);
    const double last = 0.1 * pow(3.14159265358979 / 2 / 100000, 2);
    CHECK_NEAR(nn_cosine_annealing_lr(0.1f, 0, 100000, 99999), last, 1e-6 * last);
    CHECK_NEAR(nn_exponential_lr(0.1f, 0.999f, 1000000000), 0, 0);
    CHECK_NEAR(nn_exponential_lr(1, 0.999f, 1000), pow((double)0.999f, 1000), near);
}

/* ---- the rules, each as its paper writes it, for one number, in double; t = 1 for the first step,
 * s the state, which begins with zeros ---- */

typedef void rule(const nn_optimizer *o, int t, double g, double *w, double *s);

static void sgd(const nn_optimizer *o, int step, double g, double *w, double *s)
{
    (void)step, (void)s;
    *w = *w - (double)o->lr * g;
}
static void momentum(const nn_optimizer *o, int step, double g, double *w, double *s)
{
    (void)step;
    s[0] = (double)o->beta1 * s[0] - (double)o->lr * g;
    *w = *w + s[0];
}
/* Sutskever's form: the gradient is that of theta + beta v, which is our w. */
static void nesterov(const nn_optimizer *o, int step, double g, double *w, double *s)
{
    (void)step;
    const double beta = (double)o->beta1, theta = *w - beta * s[0];
    s[0] = beta * s[0] - (double)o->lr * g;
    *w = theta + s[0] + beta * s[0];
}
static void adagrad(const nn_optimizer *o, int step, double g, double *w, double *s)
{
    (void)step;
    s[0] += g * g;
    *w -= (double)o->lr / (sqrt(s[0]) + (double)o->eps) * g;
}
static void rmsprop(const nn_optimizer *o, int step, double g, double *w, double *s)
{
    (void)step;
    const double rho = (double)o->beta2;
    s[0] = rho * s[0] + (1 - rho) * g * g;
    *w -= (double)o->lr / (sqrt(s[0]) + (double)o->eps) * g;
}
static void adam(const nn_optimizer *o, int step, double g, double *w, double *s)
{
    const double b1 = (double)o->beta1, b2 = (double)o->beta2;
    s[0] = b1 * s[0] + (1 - b1) * g;
    s[1] = b2 * s[1] + (1 - b2) * g * g;
    const double m = s[0] / (1 - pow(b1, step)), v = s[1] / (1 - pow(b2, step));
    *w -= (double)o->lr * m / (sqrt(v) + (double)o->eps);
}
static void adamw(const nn_optimizer *o, int step, double g, double *w, double *s)
{
    const double before = *w;
    adam(o, step, g, w, s);
    *w -= (double)o->lr * (double)o->weight_decay * before;
}

static nn_optimizer *make(int k)
{
    const nn_real lr = (nn_real)0.01, beta = (nn_real)0.9;
    return k == 0   ? nn_sgd(net, lr)
           : k == 1 ? nn_momentum(net, lr, beta)
           : k == 2 ? nn_nesterov(net, lr, beta)
           : k == 3 ? nn_adagrad(net, lr)
           : k == 4 ? nn_rmsprop(net, lr)
           : k == 5 ? nn_adam(net, lr)
                    : nn_adamw(net, lr, (nn_real)0.125);
}
static rule *const rules[] = {sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw};
static const char *const names[] = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam",
                                    "adamw"};
static const int states[] = {0, 1, 1, 1, 1, 2, 2};

/* 37 numbers, 60 steps of random gradients of all sizes; from step 30 on another learning rate,
 * from step 45 on another beta of momentum, all the time with decay. State and weights agree. */
static void as_the_papers_say_5_8_to_5_11(void)
{
    enum { SIZE = 37, STEPS = 60 };
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(SIZE));
    for (int k = 0; k < 7; k++) {
        nn_optimizer *opt = make(k);
        double expected[SIZE], s[SIZE][2] = {{0}};
        CHECK_STR(opt->rule, names[k]);
        CHECK_INT(opt->n_state, states[k]);
        opt->weight_decay = (nn_real)0.125;
        for (int i = 0; i < SIZE; i++) expected[i] = (double)(w->data[i] = nn_normal(nn, 0, 1));
        for (int step = 1; step <= STEPS; step++) {
            if (step == 30) opt->lr = (nn_real)0.003;
            if (step == 45 && k < 3) opt->beta1 = (nn_real)0.5;
            for (int i = 0; i < SIZE; i++) {
                w->grad[i] = nn_normal(nn, (nn_real)0.5, 1) * (nn_real)pow(10, i % 5 - 2);
                const double decay = k == 6 ? 0 : 0.125 * expected[i];
                rules[k](opt, step, (double)w->grad[i] + decay, &expected[i], s[i]);
            }
            nn_step(opt);
            CHECK_INT(opt->step, step);
            for (int i = 0; i < SIZE; i++) {
                CHECK_NEAR(w->data[i], expected[i], 2e-5 * (1 + fabs(expected[i])));
                for (int j = 0; j < opt->n_state; j++)
                    CHECK_NEAR(opt->state[0][j][i], s[i][j], 2e-5 * (1e-3 + fabs(s[i][j])));
            }
        }
    }
}

static void velocity_5_8(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(1));
    nn_optimizer *opt = nn_momentum(net, (nn_real)0.01, (nn_real)0.9);
    w->grad[0] = -2; /* a constant slope: steps grow to lr g / (1 - beta), ten times those of SGD */
    nn_step(opt);
    CHECK_NEAR(w->data[0], 0.02, 1e-8);
    for (int step = 0; step < 300; step++) nn_step(opt);
    CHECK_NEAR(opt->state[0][0][0], 0.01 * 2 / (1 - 0.9), 1e-6);

    /* PyTorch's form, u = beta u + g, w = w - lr u: the same until lr changes. Then its velocity
     * changes at once, by the factor of the change, while ours goes on and adapts. */
    double u = 0, theirs = 0;
    opt = nn_momentum(net, (nn_real)0.01, (nn_real)0.9);
    w->data[0] = 0;
    for (int step = 0; step < 100; step++) {
        u = 0.9 * u - 2, theirs -= 0.01 * u;
        nn_step(opt);
        CHECK_NEAR(w->data[0], theirs, 1e-5);
    }
    const double before = (double)w->data[0];
    opt->lr = (nn_real)0.001;
    nn_step(opt);
    CHECK_NEAR((double)w->data[0] - before, 0.9 * 0.2 + 0.001 * 2, 1e-5);
    CHECK_NEAR(0.001 * -(0.9 * u - 2), 0.02, 1e-5); /* theirs: a tenth */
}

/* Nesterov's gradient is that of the place where the velocity leads: on a quadratic, computed
 * there, our parameters are that place at every step. */
static void nesterov_looks_ahead_5_8(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    nn_optimizer *opt = nn_nesterov(net, (nn_real)0.1, (nn_real)0.75);
    double theta[2] = {-2, 3}, v[2] = {0, 0};
    w->data[0] = -2, w->data[1] = 3;
    for (int step = 0; step < 60; step++) {
        nn_real ahead[2], g[2];
        for (int i = 0; i < 2; i++) ahead[i] = (nn_real)(theta[i] + 0.75 * v[i]);
        for (int i = 0; i < 2; i++) CHECK_NEAR(w->data[i], ahead[i], 1e-5);
        quadratic_gradient(ahead, g);
        for (int i = 0; i < 2; i++) v[i] = 0.75 * v[i] - 0.1 * (double)g[i], theta[i] += v[i];
        quadratic_gradient(w->data, w->grad);
        nn_step(opt);
    }
}

/* The rate of a number, what a unit of its gradient moves it. AdaGrad's never grows, and falls less
 * where gradients are rare; RMSprop's recovers when large gradients are over. */
static void rates_5_9_5_10(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    for (int k = 3; k <= 4; k++) {
        nn_optimizer *opt = make(k);
        double rate[2] = {HUGE_VAL, HUGE_VAL}, least[2] = {HUGE_VAL, HUGE_VAL};
        for (int step = 0; step < 400; step++) {
            const nn_real size = step < 200 ? 1 : (nn_real)0.01;
            w->grad[0] = size;                      /* always */
            w->grad[1] = step % 10 == 0 ? size : 0; /* one time in ten */
            nn_step(opt);
            for (int i = 0; i < 2; i++) {
                const double now = (double)opt->lr / sqrt((double)opt->state[0][0][i]);
                if (k == 3) CHECK(now <= rate[i]);
                rate[i] = now;
                least[i] = fmin(least[i], now);
            }
        }
        CHECK(k == 3 ? rate[1] == least[1] : rate[1] > 2 * least[1]);
        CHECK_NEAR(rate[1] / rate[0], k == 3 ? sqrt(10) : rate[1] / rate[0], 0.01);
        CHECK(rate[1] > 2 * rate[0]);
    }
}

static void adam_5_11(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(5));
    nn_optimizer *opt = nn_adam(net, (nn_real)0.01);
    const nn_real g[5] = {(nn_real)1e-3, -1, 1000, 0, (nn_real)-1e-4};
    memcpy(w->grad, g, sizeof g);
    nn_step(opt); /* the first step: lr against the sign of g, whatever its size */
    for (int i = 0; i < 5; i++)
        CHECK_NEAR(w->data[i], g[i] > 0 ? -0.01 : g[i] < 0 ? 0.01 : 0, 2e-6);
    /* g does not vary: v' is g^2, not its variance 0, from the first step to the last */
    for (int step = 0; step < 500; step++) {
        const double v = (double)opt->state[0][1][1] / (1 - opt->beta2_power);
        CHECK_NEAR(v, 1, 2e-4);
        nn_step(opt);
    }
    CHECK_NEAR(w->data[1], 5.01, 1e-3);
}

/* Without a gradient, decay alone: AdamW shrinks w by lr decay w, large or small; in Adam the decay
 * is a gradient, divided by its own size, and every number moves by lr. */
static void decay_5_11(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    const nn_real start[2] = {8, (nn_real)0.5};
    for (int decoupled = 0; decoupled < 2; decoupled++) {
        nn_optimizer *opt = decoupled ? nn_adamw(net, (nn_real)0.01, (nn_real)0.5)
                                      : nn_adam(net, (nn_real)0.01);
        opt->weight_decay = (nn_real)0.5;
        memcpy(w->data, start, sizeof start);
        nn_step(opt);
        for (int i = 0; i < 2; i++) {
            const double s = (double)start[i];
            CHECK_NEAR(w->data[i], decoupled ? s * (1 - 0.005) : s - 0.01, 1e-6);
        }
    }
}

static nn_real plain_neuron(const nn_real *w, const nn_real *inputs, int n, nn_real b)
{
    nn_real z = b;
    for (int i = 0; i < n; i++) z += w[i] * inputs[i];
    return z;
}

/* What a batch is good for: 64 neurons on 64 samples, by loops over samples and neurons (plain ones:
 * those of nn_neuron round each step once, and without -mfma that alone takes long), and as one
 * product. With AVX less than half the time; each is the best of ten. (NEON may be an emulator.) */
static void a_batch_is_one_product_5_13(void)
{
    enum { BATCH = 64, IN = 784, OUT = 64, ROUNDS = 10 };
    static nn_real y[BATCH * OUT];
    clock_t loops = -1, product = -1;
    layer = nn_linear_new(net, "wide", IN, OUT);
    nn_set_grad_enabled(nn, 0);
    for (int round = 0; round < ROUNDS; round++) {
        nn_clear(nn);
        nn_tensor *samples = nn_rand(nn, nn_shape2(BATCH, IN), -1, 1);
        const clock_t start = clock();
        for (int i = 0; i < BATCH; i++)
            for (int j = 0; j < OUT; j++)
                y[i * OUT + j] = plain_neuron(layer.weight->data + j * IN, samples->data + i * IN,
                                              IN, layer.bias->data[j]);
        const clock_t between = clock();
        const nn_tensor *all = nn_linear_forward(&layer, samples);
        const clock_t end = clock();
        if (loops < 0 || between - start < loops) loops = between - start;
        if (product < 0 || end - between < product) product = end - between;
        for (int i = 0; i < BATCH * OUT; i++) CHECK_NEAR(all->data[i], y[i], 1e-5);
    }
#ifdef __OPTIMIZE__ /* clang at -O0 compiles the kernels no better than the rest */
    if (strncmp(nn_simd(nn), "avx", 3) == 0) CHECK(2 * product < loops);
#else
    (void)loops, (void)product;
#endif
}

int main(void)
{
    RUN_WITH_ALL_KERNELS(descends_a_quadratic_5_1);
    RUN_WITH_ALL_KERNELS(the_limit_is_2_over_L_5_5_5_6);
    RUN_WITH_ALL_KERNELS(one_loop_three_descents_5_2_5_3_5_4);
    RUN_WITH_ALL_KERNELS(a_batch_of_all_is_the_whole_set_5_4);
    RUN_WITH_ALL_KERNELS(parts_add_up_to_the_whole_5_2);
    RUN_WITH_ALL_KERNELS(noise_falls_with_the_batch_5_12);
    RUN_WITH_ALL_KERNELS(falling_rates_settle_5_7);
    RUN_WITH_ALL_KERNELS(as_the_papers_say_5_8_to_5_11);
    RUN_WITH_ALL_KERNELS(velocity_5_8);
    RUN_WITH_ALL_KERNELS(nesterov_looks_ahead_5_8);
    RUN_WITH_ALL_KERNELS(rates_5_9_5_10);
    RUN_WITH_ALL_KERNELS(adam_5_11);
    RUN_WITH_ALL_KERNELS(decay_5_11);
    RUN_WITH_ALL_KERNELS(a_batch_is_one_product_5_13);
    RUN(schedules_5_7);
    return test_summary();
}
