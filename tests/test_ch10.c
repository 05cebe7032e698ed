/* Local minima, saddles, rules compared; votes, bags, means of weights.
 *
 *     cc -std=c99 -O1 tests/test_ch10.c -lm -o test_ch10 && ./test_ch10
 *
 * Numbers such as 10.4 in comments and names are rows of the feature table, E39 of the errata.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static nn_ctx *nn; /* of the current case */
static nn_model *net;
static nn_tensor *w; /* a parameter [2] of net */

#define RUN_ALONE(test)                            \
    do {                                           \
        nn = nn_create(1);                         \
        net = nn_model_new(nn);                    \
        w = nn_param(net, "", "w", nn_shape1(2));  \
        RUN(test);                                 \
        nn_destroy(nn);                            \
    } while (0)

/* ---- landscapes: derivatives by hand ---- */

/* J = (a^2 - 1)^2 / 4 + a / 20: minima where a^3 - a + 1/20 = 0, the left one is lower */
static double tilted(double a) { return a * a * a - a + 0.05; }
/* J = a^2 / 8 + 0.5 / (1 + 9 (a - 2)^2): a slope with a bump at about 2, a hollow behind it */
static double bump(double a)
{
    const double d = 1 + 9 * (a - 2) * (a - 2);
    return a / 4 - 9 * (a - 2) / (d * d);
}

/* Where f' = slope is 0 between low and high: by halving. */
static double root(double (*slope)(double a), double low, double high)
{
    const int up = slope(high) > 0;
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        if ((slope(middle) > 0) == up) high = middle;
        else low = middle;
    }
    return low;
}

/* Where opt ends. noise: standard deviation of what is added to the gradient, until half time. */
static double descend(nn_optimizer *opt, double (*slope)(double a), double a, int steps,
                      double noise)
{
    w->data[0] = (nn_real)a;
    for (int step = 0; step < steps; step++) {
        w->grad[0] = (nn_real)slope((double)w->data[0]);
        if (step < steps / 2) w->grad[0] += nn_normal(nn, 0, (nn_real)noise);
        nn_step(opt);
    }
    return (double)w->data[0];
}

static void descent_ends_in_the_near_minimum_10_1(void)
{
    const double left = root(tilted, -1.5, -0.8), right = root(tilted, 0.8, 1.5);
    const double between = root(tilted, -0.3, 0.3); /* the hill: who starts right of it stays */
    int ends[2] = {0, 0};
    for (int i = 0; i <= 40; i++) {
        const double a = -2 + 0.1 * i, end = descend(nn_sgd(net, (nn_real)0.1), tilted, a, 500, 0);
        CHECK_NEAR(end, a < between ? left : right, 1e-5);
        ends[a > between]++;
    }
    CHECK(ends[0] > 10 && ends[1] > 10);
}

static void momentum_passes_a_barrier_10_3(void) /* the same start and learning rate */
{
    const double hollow = root(bump, 2.2, 3);
    CHECK_NEAR(descend(nn_sgd(net, (nn_real)0.1), bump, 4.2, 1000, 0), hollow, 1e-4);
    const double far = descend(nn_momentum(net, (nn_real)0.1, (nn_real)0.8), bump, 4.2, 1000, 0);
    CHECK(far < 1); /* down in the valley around 0 */
    CHECK_NEAR(bump(far), 0, 1e-6);
    /* too little of it does not */
    const double weak = descend(nn_momentum(net, (nn_real)0.1, (nn_real)0.3), bump, 4.2, 1000, 0);
    CHECK_NEAR(weak, hollow, 1e-4);
}

static void noise_leaves_a_shallow_minimum_10_4(void)
{
    int out = 0, back = 0;
    for (int run = 0; run < 100; run++) {
        out += descend(nn_sgd(net, (nn_real)0.1), bump, 2.6, 600, 1.5) < 1.5;
        back += descend(nn_sgd(net, (nn_real)0.1), bump, 0, 600, 1.5) > 1.5;
    }
    CHECK(out > 60);
    CHECK(back < out / 3); /* the deeper valley is left less often */
    CHECK(descend(nn_sgd(net, (nn_real)0.1), bump, 2.6, 600, 0) > 2);
}

/* J = (a^2 - b^2) / 2 + b^4 / 4: near 0 each step multiplies a by 1 - lr and b by 1 + lr */
static int leave(nn_optimizer *opt, double b, double noise, int most)
{
    w->data[0] = 1, w->data[1] = (nn_real)b;
    for (int step = 0; step < most; step++) {
        const nn_real at = w->data[1];
        if (fabs((double)at) > 0.5) return step;
        w->grad[0] = w->data[0];
        w->grad[1] = -at + at * at * at + nn_normal(nn, 0, (nn_real)noise);
        nn_step(opt);
    }
    return most;
}

static void saddles_hold_but_noise_leaves_10_2(void)
{
    CHECK_INT(leave(nn_sgd(net, (nn_real)0.1), 0, 0, 2000), 2000);
    CHECK(fabs((double)w->data[0]) < 1e-6 && w->data[1] == 0); /* at rest at the saddle itself */
    CHECK_INT(leave(nn_momentum(net, (nn_real)0.1, (nn_real)0.9), 0, 0, 2000), 2000);
    for (int k = 1; k <= 8; k++) { /* ln(0.5 / b) / ln 1.1 steps, and one or two near the end */
        const double b = pow(10, -k), steps = log(0.5 / b) / log(1.1);
        const int measured = leave(nn_sgd(net, (nn_real)0.1), b, 0, 2000);
        CHECK(measured >= steps && measured < steps + 3);
        CHECK(leave(nn_momentum(net, (nn_real)0.1, (nn_real)0.9), b, 0, 2000) < measured / 2 + 2);
        CHECK(leave(nn_adam(net, (nn_real)0.1), b, 0, 2000) < 12);
    }
    for (int run = 0; run < 20; run++)
        CHECK(leave(nn_sgd(net, (nn_real)0.1), 0, 0.01, 2000) < 120);
}

/* XOR with two hidden units: some starts end in a local minimum, of eight at least one does not. */
static void restarts_find_what_one_start_misses_10_5(void)
{
    const nn_real in[8] = {0, 0, 0, 1, 1, 0, 1, 1}, target[4] = {0, 1, 1, 0};
    int solved = 0, groups = 0;
    for (int start = 0; start < 24; start++) {
        nn_model *model = nn_model_new(nn);
        nn_linear fc1 = nn_linear_new(model, "fc1", 2, 2), fc2 = nn_linear_new(model, "fc2", 2, 1);
        nn_optimizer *opt = nn_momentum(model, (nn_real)0.3, (nn_real)0.9);
        double last = 1;
        for (int step = 0; step < 600; step++) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *x = nn_input(nn, in, nn_shape2(4, 2));
            nn_tensor *z = nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, x)));
            nn_tensor *loss = nn_bce_with_logits(z, nn_input(nn, target, nn_shape2(4, 1)));
            nn_backward(loss);
            nn_step(opt);
            last = (double)nn_item(loss);
        }
        groups |= (last < 0.05) << start / 8;
        solved += last < 0.05;
        CHECK(last < 0.05 || last > 0.3); /* solved, or in a minimum at about 0.35 or 0.48 */
    }
    CHECK(solved >= 3 && solved <= 21);
    CHECK_INT(groups, 7);
}

/* J = (a^2 + 100 b^2) / 2. The best constant rate of plain descent, 2 / (1 + 100), multiplies the
 * distance by 99 / 101 a step; that of momentum by sqrt(beta), beta = (9 / 11)^2 (Polyak 1964). */
static int steps_to(nn_optimizer *opt, double tolerance)
{
    w->data[0] = 1, w->data[1] = 1;
    for (int step = 0; step < 20000; step++) {
        const double a = (double)w->data[0], b = (double)w->data[1];
        if (sqrt(a * a + b * b) < tolerance) return step;
        w->grad[0] = w->data[0], w->grad[1] = 100 * w->data[1];
        nn_step(opt);
    }
    return 20000;
}

static void steps_are_what_theory_says_10_6(void)
{
    const double expected = log(1e-4 / sqrt(2)) / log(99 / 101.0);
    const int plain = steps_to(nn_sgd(net, (nn_real)(2 / 101.0)), 1e-4);
    CHECK_NEAR(plain, expected, 2);
    const double rate = 4 / 121.0; /* (2 / (sqrt 1 + sqrt 100))^2 */
    const int fast = steps_to(nn_momentum(net, (nn_real)rate, (nn_real)(81 / 121.0)), 1e-4);
    CHECK(fast > log(1e-4) / log(9 / 11.0) && fast < 2 * log(1e-4) / log(9 / 11.0));
    CHECK(5 * fast < plain);
    CHECK(steps_to(nn_sgd(net, (nn_real)(2.02 / 100)), 1e-4) == 20000); /* above 2 / L: never */
    /* A rate for each weight makes the curvature along the axes unimportant: the same steps
     * whatever J's scale along b, for the first step of AdaGrad is lr in every direction. */
    CHECK(steps_to(nn_adagrad(net, 1), 1e-4) < 50);
    CHECK(steps_to(nn_adam(net, (nn_real)0.1), 1e-4) < plain);
}

/* ---- 10.7: votes and averages ---- */

static void votes_by_counting_10_7(void)
{
    enum { MOST = 9, N = 200, CLASSES = 4 };
    static int label[MOST * N], vote[N];
    int ties = 0;
    for (int members = 1; members <= MOST; members++) {
        for (int i = 0; i < members * N; i++) label[i] = nn_randint(nn, -1, CLASSES);
        nn_vote(nn, label, members, N, vote);
        for (int i = 0; i < N; i++) {
            int count[CLASSES] = {0}, best = -1, most = 0;
            for (int m = 0; m < members; m++)
                if (label[m * N + i] >= 0) count[label[m * N + i]]++;
            for (int c = 0; c < CLASSES; c++) { /* from the smallest: of equals it stays */
                ties += count[c] > 0 && count[c] == most;
                if (count[c] > most) best = c, most = count[c];
            }
            CHECK_INT(vote[i], best);
        }
    }
    CHECK(ties > 100);
    const int by_hand[12] = {2, 0, 1, -1, /**/ 1, 3, 1, -1, /**/ 2, 0, 3, -1};
    nn_vote(nn, by_hand, 3, 4, vote);
    CHECK(vote[0] == 2 && vote[1] == 0 && vote[2] == 1 && vote[3] == -1);
    nn_vote(nn, by_hand, 2, 4, vote); /* 2 against 1, 0 against 3: the smaller */
    CHECK(vote[0] == 1 && vote[1] == 0 && vote[2] == 1 && vote[3] == -1);
}

/* The squared error of the average is the mean error minus the mean squared distance from the
 * average (Krogh and Vedelsby 1995), so it is never more than the mean error. */
static void averages_err_less_10_7(void)
{
    enum { MEMBERS = 5, N = 50 };
    for (int run = 0; run < 10; run++) {
        nn_clear(nn);
        nn_tensor *t = nn_randn(nn, nn_shape2(N, 1)), *y[MEMBERS], *mean = nn_scale(t, 0);
        double errors = 0, spread = 0;
        for (int m = 0; m < MEMBERS; m++) {
            y[m] = nn_add(t, nn_randn(nn, nn_shape2(N, 1)));
            mean = nn_add(mean, nn_scale(y[m], (nn_real)(1.0 / MEMBERS)));
            errors += (double)nn_item(nn_mse(y[m], t)) / MEMBERS;
        }
        for (int m = 0; m < MEMBERS; m++)
            spread += (double)nn_item(nn_mse(y[m], mean)) / MEMBERS;
        const double together = (double)nn_item(nn_mse(mean, t));
        CHECK_NEAR(together, errors - spread, 1e-5);
        CHECK(together < errors);
    }
}

/* ---- 10.8: bags ---- */

static void bags_are_drawn_with_putting_back_10_8(void)
{
    enum { N = 20, DRAWS = 3000 };
    int index[N], out[N], count[N] = {0};
    double left_out = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        int seen[N] = {0}, next = 0;
        const int left = nn_bootstrap(nn, N, index, out);
        for (int i = 0; i < N; i++) {
            CHECK(index[i] >= 0 && index[i] < N);
            seen[index[i]]++, count[index[i]]++;
        }
        for (int i = 0; i < N; i++) /* exactly those not seen, in order */
            if (!seen[i]) {
                CHECK(next < left && out[next] == i);
                next++;
            }
        CHECK_INT(next, left);
        left_out += left / (double)DRAWS;
    }
    CHECK_NEAR(left_out, N * pow(1 - 1.0 / N, N), 5 * 1.4 / sqrt(DRAWS)); /* 7.17, std below 1.4 */
    double chi2 = 0; /* of 19 degrees of freedom: above 43.8 once in 1000 */
    for (int i = 0; i < N; i++) chi2 += (count[i] - DRAWS) * (double)(count[i] - DRAWS) / DRAWS;
    CHECK(chi2 < 43.8 && chi2 > 5.4);
    CHECK_INT(nn_bootstrap(nn, 1, index, out), 0);
    CHECK_INT(index[0], 0);
    static int many[2][100000];
    CHECK_NEAR(nn_bootstrap(nn, 100000, many[0], many[1]) / 1e5, exp(-1), 0.005);
}

/* ---- 10.9: means of weights ---- */

static void means_are_means_10_9(void)
{
    nn_tensor *b = nn_param(net, "", "b", nn_shape2(3, 5));
    nn_real mean[17];
    double sum[17] = {0};
    for (int i = 0; i < 17; i++) mean[i] = (nn_real)NAN; /* what is there before does not count */
    for (int k = 0; k < 50; k++) {
        for (int i = 0; i < 2; i++) w->data[i] = nn_normal(nn, 3, 1), sum[i] += (double)w->data[i];
        for (int i = 0; i < 15; i++)
            b->data[i] = nn_normal(nn, -1, 1), sum[2 + i] += (double)b->data[i];
        nn_model_average(net, mean, k);
        if (k == 0) CHECK(memcmp(mean, w->data, 2 * sizeof *mean) == 0);
        for (int i = 0; i < 17; i++) CHECK_NEAR(mean[i], sum[i] / (k + 1), 2e-6 * 5);
    }
}

/* Plain descent with noise jumps about the minimum; the mean of its path is nearer to it. */
static void the_mean_of_a_path_is_nearer_10_9(void)
{
    nn_optimizer *opt = nn_sgd(net, (nn_real)0.3);
    nn_real mean[2];
    double points = 0;
    for (int step = -100; step < 400; step++) { /* J = (a - 1)^2 / 2 + (b + 2)^2 */
        w->grad[0] = w->data[0] - 1 + nn_normal(nn, 0, 1);
        w->grad[1] = 2 * (w->data[1] + 2) + nn_normal(nn, 0, 1);
        nn_step(opt);
        if (step < 0) continue;
        nn_model_average(net, mean, step);
        points += (pow((double)w->data[0] - 1, 2) + pow((double)w->data[1] + 2, 2)) / 400;
    }
    const double of_mean = pow((double)mean[0] - 1, 2) + pow((double)mean[1] + 2, 2);
    CHECK(points > 0.1);
    CHECK(of_mean < points / 20);
}

/* E39: two networks that say the same, the units of one being those of the other in another order.
 * The mean of what they say is what they say; a network of their mean weights says other things. */
static void weights_of_two_networks_have_no_mean_10_9(void)
{
    enum { UNITS = 6 };
    nn_model *a = nn_model_new(nn), *b = nn_model_new(nn);
    nn_linear a1 = nn_linear_new(a, "fc1", 3, UNITS), a2 = nn_linear_new(a, "fc2", UNITS, 1);
    nn_linear b1 = nn_linear_new(b, "fc1", 3, UNITS), b2 = nn_linear_new(b, "fc2", UNITS, 1);
    nn_xavier_normal(a1.weight, 3);
    nn_xavier_normal(a2.weight, 3);
    b2.bias->data[0] = a2.bias->data[0];
    for (int u = 0; u < UNITS; u++) {
        const int v = (u + 1) % UNITS;
        memcpy(b1.weight->data + 3 * v, a1.weight->data + 3 * u, 3 * sizeof(nn_real));
        b1.bias->data[v] = a1.bias->data[u], b2.weight->data[v] = a2.weight->data[u];
    }
    nn_tensor *x = nn_randn(nn, nn_shape2(50, 3));
    nn_tensor *ya = nn_linear_forward(&a2, nn_tanh(nn_linear_forward(&a1, x)));
    nn_tensor *yb = nn_linear_forward(&b2, nn_tanh(nn_linear_forward(&b1, x)));
    nn_real mean[64];
    CHECK(nn_model_size(a) <= 64);
    nn_model_average(a, mean, 0);
    nn_model_average(b, mean, 1);
    nn_model_set(a, mean);
    nn_tensor *ym = nn_linear_forward(&a2, nn_tanh(nn_linear_forward(&a1, x)));
    CHECK((double)nn_item(nn_mse(ya, yb)) < 1e-10);
    const double std = nn_stats(ya).std;
    CHECK((double)nn_item(nn_mse(ya, ym)) > 0.1 * std * std);
}

int main(void)
{
    RUN_ALONE(descent_ends_in_the_near_minimum_10_1);
    RUN_ALONE(saddles_hold_but_noise_leaves_10_2);
    RUN_ALONE(momentum_passes_a_barrier_10_3);
    RUN_ALONE(noise_leaves_a_shallow_minimum_10_4);
    RUN_ALONE(restarts_find_what_one_start_misses_10_5);
    RUN_ALONE(steps_are_what_theory_says_10_6);
    RUN_ALONE(votes_by_counting_10_7);
    RUN_ALONE(averages_err_less_10_7);
    RUN_ALONE(bags_are_drawn_with_putting_back_10_8);
    RUN_ALONE(means_are_means_10_9);
    RUN_ALONE(the_mean_of_a_path_is_nearer_10_9);
    RUN_ALONE(weights_of_two_networks_have_no_mean_10_9);
    return test_summary();
}
