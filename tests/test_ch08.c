/* Overfitting and regularisation: splits, penalties, dropout, noise, early stopping, batch
 * normalisation. Gradients are checked in tests/test_ops.c, PyTorch's numbers for batch
 * normalisation are in tests/test_golden.c, wrong arguments in tests/test_errors.c, speeds in
 * tests/bench.c. With each set of kernels that this machine has.
 *
 *     cc -std=c99 -O1 tests/test_ch08.c -lm -o test_ch08 && ./test_ch08
 *
 * Numbers such as 8.4 in comments and names are rows of the feature table.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

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

static int same_bits(const nn_real *a, const nn_real *b, size_t n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

/* ---- 8.3: training, validation and test sets ---- */

enum { SAMPLES = 100 };

/* Sample i is the number i; 60 of class 0, 28 of class 1, 2 of 2, 1 of 3, 9 without a label. */
static nn_dataset some_classes(nn_real *x, int *label)
{
    nn_dataset d;
    memset(&d, 0, sizeof d);
    for (int i = 0; i < SAMPLES; i++) {
        x[i] = (nn_real)i;
        label[i] = i < 60 ? 0 : i < 88 ? 1 : i < 90 ? 2 : i < 91 ? 3 : -1;
    }
    d.ctx = nn, d.n = SAMPLES, d.sample = nn_shape1(1), d.size = 1;
    d.x = x, d.label = label, d.classes = 4;
    return d;
}

static void split_by_class_8_3(void)
{
    nn_real x[SAMPLES];
    int label[SAMPLES], order[SAMPLES], in_order = 0;
    nn_dataset all = some_classes(x, label), train, test, part[2], again[2];
    static const int expected[5] = {2, 12, 6, 1, 0}; /* of -1, 0, 1, 2, 3; 0.2 * 28 is 5.6 */
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int seen[SAMPLES] = {0}, count[5] = {0};
        test_seed = seed;
        nn_seed(nn, seed);
        nn_split_stratified(&all, 0.2, &train, &test);
        CHECK_INT(test.n, 21);
        CHECK_INT(train.n, 79);
        for (int i = 0; i < SAMPLES; i++) { /* all of them, once, each with its own label */
            const nn_dataset *d = i < 21 ? &test : &train;
            const int j = i < 21 ? i : i - 21, id = (int)d->x[j];
            seen[id]++;
            CHECK_INT(d->label[j], label[id]);
            if (i < 21) count[d->label[j] + 1]++;
            in_order += i > 21 && d->x[j - 1] < d->x[j];
        }
        for (int i = 0; i < SAMPLES; i++) CHECK_INT(seen[i], 1);
        for (int c = 0; c < 5; c++) CHECK_INT(count[c], expected[c]);
    }
    CHECK(in_order > 20 * 78 / 3 && in_order < 20 * 78 * 2 / 3); /* shuffled */
    for (int i = 0; i < 2; i++) { /* the same seed deals the same; another one does not */
        nn_seed(nn, (uint64_t)(20 + i));
        nn_split_stratified(&all, 0.2, &part[i], &again[i]);
    }
    CHECK(same_bits(part[0].x, train.x, 79) && !same_bits(part[1].x, train.x, 79));
    nn_split_stratified(&all, 0.001, &train, &test); /* one of each class that has two */
    CHECK_INT(test.n, 4);
    nn_split_stratified(&all, 0.999, &train, &test);
    CHECK_INT(train.n, 5);
    all.n = 60; /* the plain one is the beginning of a random order, of whatever class */
    nn_seed(nn, 5);
    nn_randperm(nn, order, 60);
    nn_seed(nn, 5);
    nn_split(&all, 0.25, &train, &test);
    CHECK(test.n == 15 && train.n == 45);
    for (int i = 0; i < 60; i++)
        CHECK_INT(i < 15 ? test.x[i] : train.x[i - 15], order[i]);
}

/* ---- 8.4, 8.5, 8.6: penalties ---- */

static void penalties_by_hand_8_4_8_5(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(2, 2));
    nn_tensor *b = nn_param(net, "", "b", nn_shape1(1));
    nn_tensor *k = nn_param(net, "", "k", nn_shape4(1, 1, 1, 2));
    const nn_real numbers[4] = {3, -4, 0, (nn_real)0.5}, more[2] = {-1, 2};
    memcpy(w->data, numbers, sizeof numbers);
    memcpy(k->data, more, sizeof more);
    b->data[0] = 100; /* a bias does not count */
    nn_tensor *l2 = nn_l2_penalty(net, (nn_real)0.5), *l1 = nn_l1_penalty(net, (nn_real)0.5);
    CHECK_NEAR(nn_item(l2), 0.25 * (9 + 16 + 0.25 + 1 + 4), 1e-6);
    CHECK_NEAR(nn_item(l1), 0.5 * (3 + 4 + 0.5 + 1 + 2), 1e-6);
    nn_backward(nn_scale(l2, 2)); /* gamma w, twice */
    for (int i = 0; i < 4; i++) CHECK_NEAR(w->grad[i], numbers[i], 1e-6);
    for (int i = 0; i < 2; i++) CHECK_NEAR(k->grad[i], more[i], 1e-6);
    nn_zero_grad(net);
    nn_backward(nn_scale(l1, 2)); /* the sign, 0 at 0 */
    for (int i = 0; i < 4; i++) CHECK_NEAR(w->grad[i], (numbers[i] > 0) - (numbers[i] < 0), 0);
    for (int i = 0; i < 2; i++) CHECK_NEAR(k->grad[i], (more[i] > 0) - (more[i] < 0), 0);
    CHECK_NEAR(b->grad[0], 0, 0);
    nn_soft_threshold(net, (nn_real)0.5);
    const nn_real thresholded[4] = {(nn_real)2.5, (nn_real)-3.5, 0, 0};
    CHECK(same_bits(w->data, thresholded, 4));
    CHECK_NEAR(k->data[0], -0.5, 0);
    CHECK_NEAR(k->data[1], 1.5, 0);
    CHECK_NEAR(b->data[0], 100, 0);
}

enum { N = 60, D = 10 };
static nn_real inputs[N * D], targets[N];
static nn_linear layer;

static void regression(void) /* of ten inputs the first three matter */
{
    nn_seed(nn, 3);
    for (int i = 0; i < N * D; i++) inputs[i] = nn_normal(nn, 0, 1);
    for (int i = 0; i < N; i++) {
        const nn_real *x = inputs + i * D;
        targets[i] = x[0] - 2 * x[1] + x[2] / 2 + nn_normal(nn, 1, (nn_real)0.3);
    }
    layer = nn_linear_new(net, "layer", D, 1);
}

static nn_tensor *squared_error(void)
{
    nn_tensor *x = nn_input(nn, inputs, nn_shape2(N, D));
    return nn_scale(nn_mse(nn_linear_forward(&layer, x), nn_input(nn, targets, nn_shape2(N, 1))),
                    (nn_real)0.5);
}

static void both_forms_of_decay_are_one_8_4(void)
{
    regression();
    nn_real start[D + 1], end[2][D + 1];
    nn_model_get(net, start);
    const double lr = 0.1, gamma = 0.2;
    for (int form = 0; form < 2; form++) {
        nn_optimizer *opt = nn_sgd(net, (nn_real)lr);
        opt->weights_only = 1;
        if (form == 1) opt->weight_decay = (nn_real)gamma;
        nn_model_set(net, start);
        for (int step = 0; step < 50; step++) {
            nn_real before[D], g[D];
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *loss = squared_error();
            nn_backward(loss);
            memcpy(before, layer.weight->data, sizeof before);
            memcpy(g, layer.weight->grad, sizeof g);
            if (form == 0) nn_backward(nn_l2_penalty(net, (nn_real)gamma));
            nn_step(opt);
            for (int i = 0; i < D; i++) /* (1 - lambda gamma) W - lambda dL/dW */
                CHECK_NEAR(layer.weight->data[i],
                           (1 - lr * gamma) * (double)before[i] - lr * (double)g[i], 1e-6);
        }
        nn_model_get(net, end[form]);
    }
    for (int i = 0; i <= D; i++) CHECK_NEAR(end[0][i], end[1][i], 1e-6);
}

static void which_parameters_decay_8_4(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(1, 1));
    nn_tensor *b = nn_param(net, "", "b", nn_shape1(1));
    nn_tensor *moving = nn_buffer(net, "", "moving", nn_shape2(1, 1));
    for (int rule = 0; rule < 4; rule++) {
        nn_optimizer *opt = rule / 2 ? nn_adamw(net, (nn_real)0.1, 1) : nn_sgd(net, (nn_real)0.1);
        opt->weight_decay = 1;
        opt->weights_only = rule % 2;
        w->data[0] = b->data[0] = moving->data[0] = 2;
        for (int step = 0; step < 2; step++) nn_step(opt); /* without a gradient */
        CHECK_NEAR(w->data[0], 2 * 0.81, 1e-6);
        CHECK_NEAR(b->data[0], rule % 2 ? 2 : 2 * 0.81, 1e-6);
        CHECK_NEAR(moving->data[0], 2, 0);
        CHECK_NEAR(opt->weight_decay, 1, 0);
    }
}

/* The minimum of the loss + gamma |w|: the slope of the loss is -gamma sign(w) where w is not 0,
 * and no larger than gamma where it is. Only the proximal step gets there with zeros. */
static void exact_zeros_8_5(void)
{
    regression();
    nn_real start[D + 1];
    const nn_real lr = (nn_real)0.1, gamma = (nn_real)0.2;
    nn_model_get(net, start);
    for (int proximal = 0; proximal < 2; proximal++) {
        nn_optimizer *opt = nn_sgd(net, lr);
        int zeros = 0, small = 0;
        nn_model_set(net, start);
        for (int step = 0; step < 500; step++) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *loss = squared_error();
            nn_backward(proximal ? loss : nn_add(loss, nn_l1_penalty(net, gamma)));
            nn_step(opt);
            if (proximal) nn_soft_threshold(net, lr * gamma);
        }
        nn_clear(nn);
        nn_zero_grad(net);
        nn_backward(squared_error());
        for (int i = 0; i < D; i++) {
            const double w = (double)layer.weight->data[i], g = (double)layer.weight->grad[i];
            zeros += w == 0;
            small += fabs(w) < 0.05;
            if (proximal && w == 0) CHECK(fabs(g) <= (double)gamma + 1e-5);
            if (proximal && w != 0) CHECK_NEAR(g, w > 0 ? -0.2 : 0.2, 1e-5);
        }
        CHECK_INT(zeros, proximal ? 7 : 0);
        CHECK_INT(small, 7); /* near 0 in both */
    }
}

/* Loss sum_i h_i (w_i - c_i)^2 / 2. Its minimum with gamma |w|^2 / 2: w = c h / (h + gamma); with
 * gamma |w|: |w| = |c| - gamma / h, or 0. */
static void on_an_axis_8_6(void)
{
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(1, 2));
    const double h[2] = {1, 4}, c[2] = {0.5, -2}, gamma = 0.8;
    for (int l1 = 0; l1 < 2; l1++) {
        nn_optimizer *opt = nn_sgd(net, (nn_real)0.1);
        w->data[0] = w->data[1] = 1;
        for (int step = 0; step < 400; step++) {
            nn_clear(nn);
            nn_zero_grad(net);
            if (!l1) nn_backward(nn_l2_penalty(net, (nn_real)gamma));
            for (int i = 0; i < 2; i++) w->grad[i] += (nn_real)(h[i] * ((double)w->data[i] - c[i]));
            nn_step(opt);
            if (l1) nn_soft_threshold(net, (nn_real)(0.1 * gamma));
        }
        if (l1) CHECK(w->data[0] == 0);
        CHECK_NEAR(w->data[0], l1 ? 0 : c[0] * h[0] / (h[0] + gamma), 1e-5);
        CHECK_NEAR(w->data[1], l1 ? c[1] + gamma / h[1] : c[1] * h[1] / (h[1] + gamma), 1e-5);
    }
}

/* ---- 8.7, 8.8, 8.9: dropout ---- */

enum { LARGE = 40000 };

static void dropout_8_7_8_8(void)
{
    const double rates[4] = {0, 0.001, 0.2, 0.75};
    for (int k = 0; k < 8; k++) {
        const int inverted = k % 2;
        const double p = rates[k / 2], kept = inverted ? 1 / (1 - p) : 1;
        nn_tensor *(*f)(nn_tensor *, nn_real) = inverted ? nn_dropout : nn_dropout_standard;
        nn_clear(nn);
        nn_set_training(nn, 1);
        nn_tensor *x = nn_requires_grad(nn_rand(nn, nn_shape2(200, LARGE / 200), 1, 3));
        nn_tensor *y = f(x, (nn_real)p), *other = f(x, (nn_real)p);
        nn_tensor *w = nn_rand(nn, x->shape, 1, 2);
        nn_backward(nn_sum(nn_mul(y, w)));
        size_t dropped = 0, alike = 0;
        double trained = 0, tested = 0;
        for (size_t i = 0; i < LARGE; i++) {
            const double v = (double)x->data[i], mask = y->data[i] != 0 ? kept : 0;
            dropped += y->data[i] == 0;
            alike += (y->data[i] == 0) == (other->data[i] == 0);
            CHECK_NEAR(y->data[i], v * mask, 1e-6 * v * kept);
            CHECK_NEAR(x->grad[i], (double)w->data[i] * mask, 1e-5); /* the same mask and scale */
            trained += (double)y->data[i];
        }
        const double sigma = sqrt(p * (1 - p) * LARGE);
        CHECK_NEAR(dropped, p * LARGE, 4 * sigma);
        if (p > 0.1) /* drawn anew */
            CHECK_NEAR(alike, (p * p + (1 - p) * (1 - p)) * LARGE, 4 * sqrt(LARGE));
        if (k / 2 == 0) CHECK(same_bits(y->data, x->data, LARGE));
        nn_set_training(nn, 0);
        y = f(x, (nn_real)p);
        for (size_t i = 0; i < LARGE; i++) tested += (double)y->data[i];
        CHECK_NEAR(trained, tested, 4 * 2.1 * kept * sigma + 1e-3); /* E[training] = evaluation */
        if (inverted) CHECK(same_bits(y->data, x->data, LARGE));
        else CHECK_NEAR(tested / trained, 1, 0.1); /* not p: 1 - p of what x is */
        if (!inverted) CHECK_NEAR(y->data[7], (double)x->data[7] * (1 - p), 1e-6);
    }
    nn_set_training(nn, 1); /* chance comes from the context's seed alone */
    nn_tensor *x = nn_full(nn, nn_shape1(LARGE), 1), *y[2];
    for (int i = 0; i < 2; i++) nn_seed(nn, 9), y[i] = nn_dropout(x, (nn_real)0.5);
    CHECK(same_bits(y[0]->data, y[1]->data, LARGE));
}

/* Softmax of a linear layer whose inputs are dropped with p = 1/2: the geometric mean of the
 * probabilities of all 2^4 thinned networks, made to sum to 1, is what the whole network says with
 * its inputs (or weights) times 1 - p: Hinton et al. 2012. And the mean of many random ones comes
 * near to the mean of all. */
static void ensemble_8_9(void)
{
    enum { IN = 4, OUT = 3, ALL = 1 << IN, MANY = 20000 };
    nn_real x[IN] = {1, (nn_real)-0.5, 2, (nn_real)0.7};
    nn_linear fc = nn_linear_new(net, "fc", IN, OUT);
    double logs[OUT] = {0}, mean[OUT] = {0}, sampled[OUT] = {0}, sum = 0;
    for (int m = 0; m < ALL; m++) {
        double e[OUT], total = 0;
        for (int j = 0; j < OUT; j++) {
            double z = (double)fc.bias->data[j];
            for (int i = 0; i < IN; i++)
                if (m >> i & 1) z += (double)fc.weight->data[j * IN + i] * (double)x[i];
            total += e[j] = exp(z);
        }
        for (int j = 0; j < OUT; j++) {
            logs[j] += log(e[j] / total) / ALL;
            mean[j] += e[j] / total / ALL;
        }
    }
    for (int j = 0; j < OUT; j++) sum += exp(logs[j]);
    nn_set_grad_enabled(nn, 0);
    nn_set_training(nn, 0);
    nn_tensor *in = nn_dropout_standard(nn_input(nn, x, nn_shape2(1, IN)), (nn_real)0.5);
    nn_tensor *y = nn_softmax(nn_linear_forward(&fc, in));
    for (int j = 0; j < OUT; j++) CHECK_NEAR(y->data[j], exp(logs[j]) / sum, 1e-6);
    nn_set_training(nn, 1);
    nn_tensor *rows = nn_add(nn_full(nn, nn_shape2(MANY, IN), 0), nn_input(nn, x, nn_shape1(IN)));
    y = nn_softmax(nn_linear_forward(&fc, nn_dropout_standard(rows, (nn_real)0.5)));
    for (int i = 0; i < MANY * OUT; i++) sampled[i % OUT] += (double)y->data[i] / MANY;
    for (int j = 0; j < OUT; j++) CHECK_NEAR(sampled[j], mean[j], 4 * 0.25 / sqrt(MANY));
}

/* ---- 8.15: noise ---- */

static void noise_8_15(void)
{
    nn_tensor *x = nn_requires_grad(nn_rand(nn, nn_shape1(LARGE), -1, 1));
    nn_tensor *y = nn_noise(x, (nn_real)0.3), *h = nn_noise(nn_tanh(x), (nn_real)0.1);
    nn_stat s = nn_stats(nn_sub(y, x)), hidden = nn_stats(nn_sub(h, nn_tanh(x)));
    CHECK_NEAR(s.mean, 0, 4 * 0.3 / sqrt(LARGE));
    CHECK_NEAR(s.std, 0.3, 4 * 0.3 / sqrt(2.0 * LARGE));
    CHECK_NEAR(hidden.std, 0.1, 4 * 0.1 / sqrt(2.0 * LARGE));
    nn_backward(nn_sum(y));
    for (int i = 0; i < LARGE; i++) CHECK_NEAR(x->grad[i], 1, 0);

    x = nn_requires_grad(nn_rand(nn, nn_shape1(LARGE), -1, 1));
    y = nn_salt_and_pepper(x, (nn_real)0.2, -2, 3);
    nn_backward(nn_sum(nn_scale(y, 5)));
    int low = 0, high = 0;
    for (int i = 0; i < LARGE; i++) {
        const int is_low = y->data[i] == -2, is_high = y->data[i] == 3;
        low += is_low, high += is_high;
        if (!is_low && !is_high) CHECK(y->data[i] == x->data[i]);
        CHECK_NEAR(x->grad[i], is_low || is_high ? 0 : 5, 0);
    }
    CHECK_NEAR(low, 0.1 * LARGE, 4 * sqrt(0.09 * LARGE));
    CHECK_NEAR(high, 0.1 * LARGE, 4 * sqrt(0.09 * LARGE));
    nn_set_training(nn, 0); /* all of it only in training */
    CHECK(same_bits(nn_noise(x, 1)->data, x->data, LARGE));
    CHECK(same_bits(nn_salt_and_pepper(x, (nn_real)0.5, 0, 1)->data, x->data, LARGE));
}

/* ---- 8.10, 8.11: when to stop ---- */

/* The epoch after which it stops, with losses / 100; the epoch is the model's only weight. */
static int stops_after(nn_early_stopping *s, const int *losses, int n)
{
    for (int epoch = 1; epoch <= n; epoch++) {
        s->model->param[0]->data[0] = s->model->param[1]->data[0] = (nn_real)epoch;
        if (nn_early_stop(s, (nn_real)losses[epoch - 1] / 100)) return epoch;
    }
    return 0;
}

static void early_stopping_8_10(void)
{
    static const int losses[10] = {90, 70, 75, 60, 59, 62, 61, 58, 80, 81};
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(1)), *b = nn_buffer(net, "", "b", nn_shape1(1));
    struct { int patience; double min_delta; int stop, best; } cases[] = {
        {1, 0, 3, 2},     /* 75 is no progress */
        {2, 0, 7, 5},     /* 62 and 61 */
        {3, 0, 0, 8},     /* never within ten epochs */
        {3, 0.015, 7, 4}, /* 59 is not progress enough, nor what follows */
        {4, 0.015, 0, 8}, /* 58 is: the measure is the best so far */
    };
    for (int i = 0; i < 5; i++) {
        nn_early_stopping s = nn_early_stopping_new(net, cases[i].patience,
                                                    (nn_real)cases[i].min_delta);
        CHECK_INT(stops_after(&s, losses, 10), cases[i].stop);
        CHECK_INT(s.best_epoch, cases[i].best);
        CHECK_NEAR(s.best, losses[cases[i].best - 1] / 100.0, 1e-6);
        nn_model_set(net, s.weights); /* the best weights, and buffers, come back */
        CHECK_NEAR(w->data[0], cases[i].best, 0);
        CHECK_NEAR(b->data[0], cases[i].best, 0);
    }
    w->data[0] = 42; /* a loss that is never a number: stop, with the weights of the beginning */
    nn_early_stopping s = nn_early_stopping_new(net, 2, 0);
    w->data[0] = 7;
    CHECK_INT(nn_early_stop(&s, (nn_real)NAN), 0);
    CHECK_INT(nn_early_stop(&s, (nn_real)NAN), 1);
    CHECK_NEAR(s.weights[0], 42, 0);
}

static void criteria_8_11(void)
{
    /* strips of 2: ends at epochs 2, 4, 6, 8 */
    const nn_real validation[9] = {8, 6, 4, 5, 5, 6, 6, 8, 1};
    const nn_real training[9] = {9, 8, 7, 6, 5, 4, 4, 2, 1};
    nn_prechelt c = nn_prechelt_criteria(training, validation, 8, 2);
    CHECK_NEAR(c.generalization_loss, 100, 1e-9); /* 8 is twice the lowest, 4 */
    CHECK_NEAR(c.progress, 500, 1e-9);            /* the mean of 4 and 2 is 1.5 times 2 */
    CHECK_NEAR(c.quotient, 0.2, 1e-12);
    CHECK_INT(c.rises, 2);                        /* 5, 6, 8, but 6 to 5 before */
    c = nn_prechelt_criteria(training, validation, 9, 2); /* judged at the end of the strip */
    CHECK_NEAR(c.generalization_loss, 100, 1e-9);
    c = nn_prechelt_criteria(training, validation, 5, 2);
    CHECK_NEAR(c.generalization_loss, 25, 1e-9);
    CHECK_NEAR(c.progress, 1000 * (6.5 / 6 - 1), 1e-9);
    CHECK_INT(c.rises, 0);
    c = nn_prechelt_criteria(training, validation, 1, 2);
    CHECK(c.generalization_loss == 0 && c.progress == 0 && c.rises == 0);

    /* means 5, 3.4, 3.23, 2.9, 3.5; the lowest has deviations -0.6, 0.6, 0: variance 0.36, standard
     * error 0.6 / sqrt 3 = 0.346: the limit is 3.246. With a standard deviation, 3.5, it would be
     * the second model. */
    const nn_real losses[15] = {5, 5, 5, (nn_real)3.4, (nn_real)3.4, (nn_real)3.4, 2, 3, (nn_real)4.7,
                                (nn_real)2.3, (nn_real)3.5, (nn_real)2.9, 3, 4, (nn_real)3.5};
    CHECK_INT(nn_one_standard_error(losses, 5, 3), 2);
    const nn_real equal[4] = {1, 1, 1, 1}; /* without spread: the simplest of the best */
    CHECK_INT(nn_one_standard_error(equal, 2, 2), 0);
    CHECK_INT(nn_one_standard_error(losses, 2, 3), 1);
}

/* ---- 8.16: batch normalisation ---- */

static void definition_of_batch_norm_8_16(void)
{
    const nn_shape shapes[5] = {nn_shape2(7, 5), nn_shape2(64, 33), nn_shape3(4, 3, 11),
                                nn_shape4(3, 2, 5, 7), nn_shape4(6, 20, 1, 1)};
    static const char *const names[5] = {"a", "b", "c", "d", "e"};
    for (int k = 0; k < 5; k++) {
        const size_t n = (size_t)shapes[k].dim[0], c = (size_t)shapes[k].dim[1];
        nn_clear(nn);
        nn_batch_norm b = nn_batch_norm_new(net, names[k], (int)c);
        nn_tensor *x = nn_randn(nn, shapes[k]);
        const size_t inner = x->size / n / c, m = n * inner;
        double mean[40], var[40], moved_mean[40], moved_var[40];
        for (size_t j = 0; j < c; j++) { /* far from 0, of different sizes */
            b.weight->data[j] = nn_normal(nn, 1, 1), b.bias->data[j] = nn_normal(nn, 0, 1);
            mean[j] = var[j] = 0;
            for (size_t i = 0; i < m; i++) {
                nn_real *v = &x->data[(i / inner * c + j) * inner + i % inner];
                mean[j] += (double)(*v = 20 + *v * (nn_real)(j + 1)) / (double)m;
            }
            for (size_t i = 0; i < m; i++) {
                const double d = (double)x->data[(i / inner * c + j) * inner + i % inner] - mean[j];
                var[j] += d * d / (double)m;
            }
            moved_mean[j] = 0.1 * mean[j];
            moved_var[j] = 0.9 + 0.1 * var[j] * (double)m / (double)(m - 1);
        }
        for (int training = 1; training >= 0; training--) {
            nn_set_training(nn, training);
            nn_tensor *y = nn_batch_norm_forward(&b, x);
            for (size_t i = 0; i < x->size; i++) {
                const size_t j = i / inner % c;
                const double center = training ? mean[j] : (double)b.running_mean->data[j];
                const double spread = training ? var[j] : (double)b.running_var->data[j];
                const double z = ((double)x->data[i] - center) / sqrt(spread + 1e-5);
                CHECK_NEAR(y->data[i], (double)b.weight->data[j] * z + (double)b.bias->data[j],
                           2e-5);
            }
            for (size_t j = 0; j < c; j++) { /* moved in training, only there */
                CHECK_NEAR(b.running_mean->data[j], moved_mean[j], 1e-5);
                CHECK_NEAR(b.running_var->data[j], moved_var[j], 1e-6 * moved_var[j] * 10);
            }
        }
        nn_real one[64 * 40]; /* in evaluation a sample does not depend on the others */
        const size_t size = x->size / n;
        nn_tensor *all = nn_batch_norm_forward(&b, x);
        nn_tensor *last = nn_batch_norm_forward(&b, nn_slice(x, 0, (int)n - 1, (int)n));
        memcpy(one, all->data + (n - 1) * size, size * sizeof *one);
        CHECK(same_bits(last->data, one, size));
    }
    nn_set_training(nn, 1); /* [N, C, T] is [N, C, 1, T]; a far mean costs no precision */
    nn_batch_norm b = nn_batch_norm_new(net, "f", 3);
    nn_tensor *x = nn_randn(nn, nn_shape3(4, 3, 8));
    nn_tensor *y = nn_batch_norm_forward(&b, x);
    CHECK(same_bits(nn_batch_norm_forward(&b, nn_reshape(x, nn_shape4(4, 3, 1, 8)))->data, y->data,
                    y->size));
    nn_tensor *far_away = nn_batch_norm_forward(&b, nn_add(x, nn_full(nn, nn_shape0(), 4096)));
    for (size_t i = 0; i < y->size; i++) CHECK_NEAR(far_away->data[i], y->data[i], 2e-3);
}

static nn_tensor *loss_of_net(void *user)
{
    const nn_batch_norm *b = (const nn_batch_norm *)user;
    nn_tensor *x = nn_input(nn, inputs, nn_shape2(N, D));
    return nn_mse(nn_linear_forward(&layer, nn_batch_norm_forward(b, x)),
                  nn_input(nn, targets, nn_shape2(N, 1)));
}

/* The running numbers belong to the model under PyTorch's names, but nobody learns them. */
static void buffers_8_16(void)
{
    nn_batch_norm b = nn_batch_norm_new(net, "bn", D);
    regression();
    CHECK_INT(net->n_params, 6);
    CHECK_INT(nn_model_size(net), 4 * D + D + 1);
    CHECK_STR(net->param[2]->name, "bn.running_mean");
    CHECK(nn_model_find(net, "bn.running_var") == b.running_var);
    CHECK(!b.running_var->grad && !b.running_var->requires_grad && b.weight->grad);
    nn_real before[5 * D + 1], after[5 * D + 1];
    nn_tensor *loss = loss_of_net(&b);
    nn_model_get(net, before);
    for (int rule = 0; rule < 3; rule++) { /* decay would move them, too */
        nn_optimizer *opt = rule == 0   ? nn_momentum(net, (nn_real)0.01, (nn_real)0.9)
                            : rule == 1 ? nn_adam(net, (nn_real)0.01)
                                        : nn_adamw(net, (nn_real)0.01, (nn_real)0.5);
        opt->weight_decay = (nn_real)0.5;
        nn_zero_grad(net);
        nn_backward(loss);
        nn_step(opt);
        nn_model_get(net, after);
        CHECK(same_bits(before + 2 * D, after + 2 * D, 2 * D));
        for (int i = 0; i < 5 * D + 1; i++)
            if (i < D || i >= 4 * D) CHECK(before[i] != after[i]);
    }
    nn_model_set(net, before);
    loss_of_net(&b);
    nn_model_get(net, after);
    CHECK(!same_bits(before + 2 * D, after + 2 * D, 2 * D)); /* moved on */
    nn_model_set(net, before);
    CHECK(same_bits(b.running_mean->data, before + 2 * D, D));
    for (int training = 0; training < 2; training++) { /* gradcheck looks at parameters only */
        nn_set_training(nn, training);
        CHECK(nn_gradcheck(net, loss_of_net, &b, (nn_real)1e-2).error < 5e-3);
    }
}

int main(void)
{
    RUN_WITH_ALL_KERNELS(split_by_class_8_3);
    RUN_WITH_ALL_KERNELS(penalties_by_hand_8_4_8_5);
    RUN_WITH_ALL_KERNELS(both_forms_of_decay_are_one_8_4);
    RUN_WITH_ALL_KERNELS(which_parameters_decay_8_4);
    RUN_WITH_ALL_KERNELS(exact_zeros_8_5);
    RUN_WITH_ALL_KERNELS(on_an_axis_8_6);
    RUN_WITH_ALL_KERNELS(dropout_8_7_8_8);
    RUN_WITH_ALL_KERNELS(ensemble_8_9);
    RUN_WITH_ALL_KERNELS(noise_8_15);
    RUN_WITH_ALL_KERNELS(early_stopping_8_10);
    RUN_WITH_ALL_KERNELS(criteria_8_11);
    RUN_WITH_ALL_KERNELS(definition_of_batch_norm_8_16);
    RUN_WITH_ALL_KERNELS(buffers_8_16);
    return test_summary();
}
