/* Frozen parameters, parameters copied by name, depth, autoencoders.
 *
 *     cc -std=c99 -O1 tests/test_ch11.c -lm -o test_ch11 && ./test_ch11
 *
 * Numbers such as 11.7 in comments and names are rows of the feature table.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static nn_ctx *nn; /* of the current case */

#define RUN_ALONE(test)     \
    do {                    \
        nn = nn_create(1);  \
        RUN(test);          \
        nn_destroy(nn);     \
    } while (0)

static void quiet(void *user, nn_code code, const char *message)
{
    (void)user, (void)code, (void)message;
}

/* The call was refused with these words. */
#define CHECK_REFUSED(call, words)                                                  \
    do {                                                                            \
        nn_on_error(nn, quiet, NULL);                                               \
        call;                                                                       \
        if (!test_check(strstr(nn_error(nn), words) != NULL, __FILE__, __LINE__))   \
            printf("got \"%s\"\n", nn_error(nn));                                   \
        nn_error_clear(nn);                                                         \
        nn_on_error(nn, NULL, NULL);                                                \
    } while (0)

/* ---- freezing ---- */

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc10, fc2;
} network;

static network network_new(void)
{
    network n;
    n.model = nn_model_new(nn);
    n.fc1 = nn_linear_new(n.model, "fc1", 3, 4);
    n.fc10 = nn_linear_new(n.model, "fc10", 4, 5);
    n.fc2 = nn_linear_new(n.model, "fc2", 5, 2);
    return n;
}

static nn_tensor *loss_of(void *user)
{
    static const nn_real in[6] = {1, (nn_real)-0.5, 2, (nn_real)0.3, 1, -1};
    static const nn_real target[4] = {1, 0, (nn_real)0.5, -1};
    const network *n = (const network *)user;
    nn_tensor *x = nn_input(nn, in, nn_shape2(2, 3));
    x = nn_tanh(nn_linear_forward(&n->fc10, nn_tanh(nn_linear_forward(&n->fc1, x))));
    return nn_mse(nn_linear_forward(&n->fc2, x), nn_input(nn, target, nn_shape2(2, 2)));
}

static void steps(const network *n, nn_optimizer *opt, int count)
{
    for (int i = 0; i < count; i++) {
        nn_clear(nn);
        nn_zero_grad(n->model);
        nn_tensor *loss = loss_of((void *)(uintptr_t)n);
        nn_backward(nn_add(loss, nn_l2_penalty(n->model, (nn_real)0.1)));
        nn_clip_grad_norm(n->model, 1);
        nn_clip_grad_value(n->model, (nn_real)0.5);
        nn_step(opt);
        nn_soft_threshold(n->model, (nn_real)1e-4);
    }
}

static int same(const nn_tensor *p, const nn_real *before)
{
    return memcmp(p->data, before, p->size * sizeof *before) == 0;
}

static void frozen_weights_stay_under_every_rule_11_7(void)
{
    for (int rule = 0; rule < 7; rule++) {
        const network n = network_new();
        nn_model *m = n.model;
        const nn_real lr = (nn_real)0.05, beta = (nn_real)0.9, decay = (nn_real)0.1;
        nn_optimizer *opt = rule == 0   ? nn_sgd(m, lr)
                            : rule == 1 ? nn_momentum(m, lr, beta)
                            : rule == 2 ? nn_nesterov(m, lr, beta)
                            : rule == 3 ? nn_adagrad(m, lr)
                            : rule == 4 ? nn_rmsprop(m, lr)
                            : rule == 5 ? nn_adam(m, lr)
                                        : nn_adamw(m, lr, decay);
        opt->weight_decay = decay;
        nn_real w[12], b[4], other[20], last[10];
        steps(&n, opt, 5); /* momentum is running */
        memcpy(w, n.fc1.weight->data, sizeof w);
        memcpy(b, n.fc1.bias->data, sizeof b);
        memcpy(other, n.fc10.weight->data, sizeof other);
        nn_freeze(m, "fc1", 1);
        CHECK(!n.fc1.weight->grad && !n.fc1.bias->grad && !n.fc1.weight->requires_grad);
        CHECK(n.fc10.weight->grad && n.fc10.weight->requires_grad); /* begins with fc1, is not it */
        steps(&n, opt, 5);
        CHECK(same(n.fc1.weight, w) && same(n.fc1.bias, b));
        CHECK(!same(n.fc10.weight, other));
        nn_freeze(m, "fc1", 1); /* once more changes nothing */
        nn_freeze(m, "fc2.bias", 1);
        memcpy(last, n.fc2.weight->data, sizeof last);
        memcpy(b, n.fc2.bias->data, 2 * sizeof *b);
        steps(&n, opt, 3);
        CHECK(same(n.fc2.bias, b) && !same(n.fc2.weight, last)); /* one of its two */
        CHECK(same(n.fc1.weight, w));
        nn_freeze(m, "", 0);
        for (int i = 0; i < m->n_params; i++)
            for (size_t j = 0; j < m->param[i]->size; j++)
                CHECK(m->param[i]->requires_grad && (i == 2 || i == 3 || i == 4 ||
                                                     m->param[i]->grad[j] == 0));
        steps(&n, opt, 1);
        CHECK(!same(n.fc1.weight, w) && !same(n.fc2.bias, b));
    }
}

/* w, v by hand: lr 0.5, beta 0.5, gradient 1: v = -0.5, w = -0.5; frozen; gradient 0: v = -0.25 */
static void a_velocity_goes_on_after_freezing_11_7(void)
{
    nn_model *m = nn_model_new(nn);
    nn_tensor *w = nn_param(m, "", "w", nn_shape1(1));
    nn_param(m, "", "u", nn_shape1(1));
    nn_optimizer *opt = nn_momentum(m, (nn_real)0.5, (nn_real)0.5);
    w->grad[0] = 1;
    nn_step(opt);
    const nn_real *const grad = w->grad;
    nn_freeze(m, "w", 1);
    for (int i = 0; i < 3; i++) nn_step(opt);
    CHECK_NEAR(w->data[0], -0.5, 0);
    nn_freeze(m, "w", 0);
    CHECK(w->grad == grad && w->grad[0] == 0); /* the same memory, but not the old gradient */
    nn_step(opt);
    CHECK_NEAR(w->data[0], -0.75, 0);
    const size_t before = nn->allocations;
    for (int i = 0; i < 1000; i++) nn_freeze(m, "w", i % 2);
    CHECK_INT(nn->allocations, before);
}

/* What is not frozen has the gradient that it had, above the frozen layer and below it. */
static void gradients_pass_through_a_frozen_layer_11_7(void)
{
    network n = network_new();
    nn_real all[4][20];
    nn_backward(loss_of(&n));
    for (int i = 0; i < 4; i++) {
        const nn_tensor *p = n.model->param[i < 2 ? i : i + 2];
        memcpy(all[i], p->grad, p->size * sizeof *p->grad);
    }
    nn_freeze(n.model, "fc10", 1);
    nn_clear(nn);
    nn_zero_grad(n.model);
    nn_backward(loss_of(&n));
    for (int i = 0; i < 4; i++) {
        const nn_tensor *p = n.model->param[i < 2 ? i : i + 2];
        CHECK(memcmp(all[i], p->grad, p->size * sizeof *p->grad) == 0);
    }
    CHECK(!n.fc10.weight->grad);
}

static void a_graph_made_before_freezing_is_refused_11_7(void)
{
    network n = network_new();
    nn_tensor *y = nn_square(n.fc1.weight); /* of one input, whose backward may count on a grad */
    nn_freeze(n.model, "fc1", 1);
    CHECK_REFUSED(nn_sum(y), "argument 1 was made before the last nn_freeze (square, ");
    CHECK_REFUSED(nn_add(nn_full(nn, y->shape, 1), y), "argument 2 was made before the last");
    nn_set_grad_enabled(nn, 0);
    CHECK_NEAR(nn_item(nn_sum(y)), nn_item(nn_sum(nn_square(n.fc1.weight))), 0); /* but readable */
    nn_set_grad_enabled(nn, 1);
    nn_tensor *loss = loss_of(&n);
    nn_freeze(n.model, "fc1", 0);
    CHECK_REFUSED(nn_backward(loss), "any parameter (nn_freeze was called after it was made)");
    CHECK(nn_item(loss) > 0 && nn_sum(nn_detach(loss))->size == 1 && nn_ok(nn));
    nn_clear(nn);
    nn_backward(loss_of(&n));
    CHECK(nn_ok(nn) && n.fc1.weight->grad[0] != 0);
    nn_freeze(n.model, "", 1);
    CHECK_REFUSED(nn_backward(loss_of(&n)), "nn_backward: the loss does not depend");
    CHECK_REFUSED(nn_freeze(n.model, "fc", 1), "nn_freeze: there is no parameter \"fc\"");
    CHECK_REFUSED(nn_freeze(n.model, NULL, 1), "nn_freeze: argument 2 is NULL");
}

static void buffers_stay_buffers_11_7(void)
{
    nn_model *m = nn_model_new(nn);
    nn_linear fc = nn_linear_new(m, "fc", 2, 3);
    nn_batch_norm bn = nn_batch_norm_new(m, "bn", 3);
    nn_freeze(m, "bn", 1);
    const nn_real in[4] = {1, 2, 3, -1};
    nn_tensor *x = nn_linear_forward(&fc, nn_input(nn, in, nn_shape2(2, 2)));
    nn_backward(nn_sum(nn_square(nn_sub(nn_batch_norm_forward(&bn, x), nn_full(nn, x->shape, 1)))));
    CHECK(nn_ok(nn) && bn.running_mean->data[0] != 0); /* in training it goes on */
    CHECK(!bn.weight->grad && fc.weight->grad);
    nn_freeze(m, "", 0);
    CHECK(bn.weight->grad && bn.bias->requires_grad);
    CHECK(!bn.running_mean->grad && !bn.running_mean->requires_grad && !bn.running_var->grad);
    CHECK_REFUSED(nn_freeze(m, "bn.running_mean", 1), "there is no parameter \"bn.running_mean\"");
}

static void the_mlp_of_the_book_can_be_frozen_11_7(void)
{
    static const int width[3] = {2, 3, 1};
    nn_model *m = nn_model_new(nn);
    nn_mlp mlp = nn_mlp_new(m, "mlp", width, 3, NN_TANH, NN_SIGMOID);
    const nn_real in[2] = {1, -1}, target[1] = {1};
    nn_freeze(m, "mlp.1", 1);
    nn_mlp_forward(&mlp, in, 1);
    nn_mlp_backward(&mlp, target);
    CHECK(!mlp.weight[1]->grad && !mlp.bias[1]->grad && mlp.weight[2]->grad[0] != 0);
}

/* ---- copying ---- */

static void parameters_are_copied_by_name_11_5(void)
{
    nn_ctx *other = nn_create(2);
    nn_model *from = nn_model_new(other), *to = nn_model_new(nn);
    nn_linear e1 = nn_linear_new(from, "encoder.1", 3, 2);
    nn_linear e10 = nn_linear_new(from, "encoder.10", 3, 2);
    nn_linear_new(from, "decoder.1", 2, 3);
    nn_batch_norm bn = nn_batch_norm_new(from, "encoder.bn", 2);
    nn_linear f1 = nn_linear_new(to, "fc.1", 3, 2), last = nn_linear_new(to, "last", 2, 2);
    nn_batch_norm norm = nn_batch_norm_new(to, "fc.bn", 2);
    bn.running_mean->data[1] = 7;
    nn_real before[4];
    memcpy(before, last.weight->data, sizeof before);
    nn_freeze(to, "fc.1", 1); /* what is frozen can be given numbers, too */
    nn_model_copy(to, "fc", from, "encoder");
    CHECK(same(f1.weight, e1.weight->data) && same(f1.bias, e1.bias->data));
    CHECK(!same(f1.weight, e10.weight->data));
    CHECK(norm.running_mean->data[1] == 7);
    CHECK(same(last.weight, before));
    nn_model_copy(to, "fc.1.bias", from, "encoder.10.bias"); /* one alone */
    CHECK(same(f1.bias, e10.bias->data) && same(f1.weight, e1.weight->data));
    nn_model_copy(from, "encoder.1", from, "encoder.10"); /* within one model */
    CHECK(same(e1.weight, e10.weight->data));

    /* nothing is half copied: of "pair" the first fits */
    nn_model *pair = nn_model_new(nn), *wrong = nn_model_new(nn), *less = nn_model_new(nn);
    nn_linear p1 = nn_linear_new(pair, "pair.1", 3, 2), p2 = nn_linear_new(pair, "pair.2", 2, 2);
    nn_linear_new(wrong, "pair.1", 3, 2), nn_linear_new(wrong, "pair.2", 2, 3);
    nn_linear_new(less, "pair.1", 3, 2);
    nn_real first[6], second[4];
    memcpy(first, p1.weight->data, sizeof first);
    memcpy(second, p2.weight->data, sizeof second);
    CHECK_REFUSED(nn_model_copy(pair, "pair", wrong, "pair"),
                  "nn_model_copy: \"pair.2.weight\" is [2, 2], \"pair.2.weight\" is [3, 2]");
    CHECK_REFUSED(nn_model_copy(pair, "pair", less, "pair"),
                  "the model copied from has no \"pair.2.weight\", for \"pair.2.weight\"");
    CHECK_REFUSED(nn_model_copy(pair, "fc", from, "encoder"),
                  "nn_model_copy: there is nothing below \"fc\"");
    CHECK_REFUSED(nn_model_copy(pair, "pair", from, "decoder"),
                  "nn_model_copy: \"pair.1.weight\" is [2, 3], \"decoder.1.weight\" is [3, 2]");
    CHECK_REFUSED(nn_model_copy(pair, "pair", from, "nobody"),
                  "nn_model_copy: the model copied from has no \"nobody.1.weight\"");
    CHECK(same(p1.weight, first) && same(p2.weight, second));
    nn_model_copy(less, "pair", pair, "pair"); /* what there is besides does not matter */
    CHECK(same(nn_model_find(less, "pair.1.weight"), first));
    nn_destroy(other);
}

/* ---- depth ---- */

static double tent(double x) { return x < 0.5 ? 2 * x : 2 - 2 * x; }

static int pieces(const nn_tensor *y)
{
    int count = 1;
    for (size_t i = 1; i + 1 < y->size; i++)
        count += y->data[i + 1] - y->data[i] != y->data[i] - y->data[i - 1];
    return count;
}

/* x -> relu(x), relu(x - 1/2); a pair u, v -> the same of z = 2 u - 4 v; the output is z */
static void layers_double_the_pieces_11_1(void)
{
    enum { POINTS = 512 };
    for (int depth = 1; depth <= 7; depth++) {
        nn_clear(nn);
        nn_tensor *x = nn_full(nn, nn_shape2(POINTS + 1, 1), 0);
        for (int i = 0; i <= POINTS; i++) x->data[i] = (nn_real)i / POINTS;
        nn_model *m = nn_model_new(nn);
        nn_tensor *y = x;
        for (int l = 0; l <= depth; l++) {
            char name[8];
            snprintf(name, sizeof name, "fc%d", l);
            const int in = l ? 2 : 1, out = l < depth ? 2 : 1;
            nn_linear fc = nn_linear_new(m, name, in, out);
            for (int i = 0; i < in * out; i++)
                fc.weight->data[i] = (nn_real)(l == 0 ? 1 : i % 2 ? -4 : 2);
            fc.bias->data[0] = 0;
            if (out == 2) fc.bias->data[1] = (nn_real)-0.5;
            y = nn_linear_forward(&fc, y);
            if (l < depth) y = nn_relu(y);
        }
        CHECK_INT(pieces(y), 1 << depth);
        CHECK_INT(nn_model_size(m), 6 * depth + 1);
        for (int i = 0; i <= POINTS; i++) {
            double t = (double)i / POINTS;
            for (int l = 0; l < depth; l++) t = tent(t);
            CHECK_NEAR(y->data[i], t, 0);
        }
    }
    /* one hidden layer of n units never has more than n + 1, whatever its weights */
    int most = 0;
    for (int run = 0; run < 200; run++) {
        nn_clear(nn);
        nn_model *m = nn_model_new(nn);
        nn_linear fc1 = nn_linear_new(m, "fc1", 1, 6), fc2 = nn_linear_new(m, "fc2", 6, 1);
        for (int i = 0; i < 6; i++) { /* numbers with which nothing is rounded */
            fc1.weight->data[i] = (nn_real)nn_randint(nn, -4, 5);
            fc1.bias->data[i] = (nn_real)nn_randint(nn, -256, 257) / 64 * fc1.weight->data[i];
            fc2.weight->data[i] = (nn_real)nn_randint(nn, -4, 5);
        }
        fc2.bias->data[0] = 0;
        nn_tensor *x = nn_full(nn, nn_shape2(1025, 1), 0);
        for (int i = 0; i < 1025; i++) x->data[i] = (nn_real)(i - 512) / 64;
        const int count = pieces(nn_linear_forward(&fc2, nn_relu(nn_linear_forward(&fc1, x))));
        if (count > most) most = count;
    }
    CHECK(most > 5 && most <= 7);
}

/* ---- autoencoders ---- */

enum { LAYERS = 3 };
static const int width[LAYERS + 1] = {6, 5, 4, 2};

typedef struct stack {
    nn_model *model;
    nn_linear encoder[LAYERS], decoder[LAYERS];
    int calls;
} stack;

static nn_tensor *encode(const stack *s, nn_tensor *x)
{
    for (int k = 0; k < LAYERS; k++) x = nn_tanh(nn_linear_forward(&s->encoder[k], x));
    return x;
}

static nn_tensor *decode(const stack *s, nn_tensor *code)
{
    for (int k = LAYERS - 1; k >= 0; k--) code = nn_tanh(nn_linear_forward(&s->decoder[k], code));
    return code;
}

static nn_tensor *reconstruction(void *user)
{
    static const nn_real in[12] = {1, 0, (nn_real)0.5, -1, (nn_real)0.2, (nn_real)0.7,
                                   0, 1, (nn_real)-0.5, 0, (nn_real)0.9, (nn_real)0.1};
    stack *s = (stack *)user;
    nn_tensor *x = nn_input(nn, in, nn_shape2(2, 6));
    s->calls++;
    return nn_mse(decode(s, encode(s, x)), x);
}

static void stacked_autoencoder_gradients_11_3_11_4_11_8(void)
{
    stack s;
    s.model = nn_model_new(nn);
    s.calls = 0;
    for (int k = 0; k < LAYERS; k++) {
        char name[16];
        snprintf(name, sizeof name, "encoder.%d", k + 1);
        s.encoder[k] = nn_linear_new(s.model, name, width[k], width[k + 1]);
        snprintf(name, sizeof name, "decoder.%d", k + 1);
        s.decoder[k] = nn_linear_new(s.model, name, width[k + 1], width[k]);
    }
    nn_tensor *x = nn_full(nn, nn_shape2(3, 6), 1), *code = encode(&s, x);
    CHECK(nn_shape_equal(code->shape, nn_shape2(3, 2)));
    CHECK(nn_shape_equal(decode(&s, code)->shape, x->shape));
    nn_gradcheck_result r = nn_gradcheck(s.model, reconstruction, &s, (nn_real)0.01);
    CHECK(r.error < 3e-3);
    CHECK_INT(s.calls, 3 + 2 * (int)nn_model_size(s.model)); /* each number up and down */
    /* layer 2 alone learns: encoder.2 has 5 * 4 + 4 numbers, decoder.2 4 * 5 + 5 */
    nn_freeze(s.model, "", 1);
    nn_freeze(s.model, "encoder.2", 0);
    nn_freeze(s.model, "decoder.2", 0);
    s.calls = 0;
    r = nn_gradcheck(s.model, reconstruction, &s, (nn_real)0.01);
    CHECK(r.error < 3e-3);
    CHECK_INT(s.calls, 3 + 2 * (24 + 25));
}

/* Samples +-3 a, +-2 b, +-0.5 c, +-0.25 d along orthonormal a, b, c, d: two components are a and b,
 * and what they leave is 2 (0.25 + 0.0625) of 8 samples of 4 numbers. */
static void linear_autoencoder_is_pca_11_3(void)
{
    static const double axis[4][4] = {{0.5, 0.5, 0.5, 0.5}, {0.5, -0.5, 0.5, -0.5},
                                      {0.5, 0.5, -0.5, -0.5}, {0.5, -0.5, -0.5, 0.5}};
    static const double size[4] = {3, 2, 0.5, 0.25};
    nn_real sample[32];
    for (int i = 0; i < 32; i++)
        sample[i] = (nn_real)((i / 4 % 2 ? -1 : 1) * size[i / 8] * axis[i / 8][i % 4]);
    nn_model *m = nn_model_new(nn);
    nn_linear encoder = nn_linear_new(m, "encoder", 4, 2);
    nn_linear decoder = nn_linear_new(m, "decoder", 2, 4);
    nn_optimizer *opt = nn_adam(m, (nn_real)0.03);
    double loss = 0;
    for (int step = 0; step < 1500; step++) {
        nn_clear(nn);
        nn_zero_grad(m);
        nn_tensor *x = nn_input(nn, sample, nn_shape2(8, 4));
        nn_tensor *e = nn_mse(nn_linear_forward(&decoder, nn_linear_forward(&encoder, x)), x);
        nn_backward(e);
        opt->lr = nn_cosine_annealing_lr((nn_real)0.03, (nn_real)1e-4, 1500, step);
        nn_step(opt);
        loss = (double)nn_item(e);
    }
    CHECK_NEAR(loss, 2 * 0.3125 / 32, 1e-6);
    /* the decoder's columns by a, b, c, d: nothing of c and d, and a and b spanned */
    double w[4][2];
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++) {
            w[i][k] = 0;
            for (int j = 0; j < 4; j++)
                w[i][k] += axis[i][j] * (double)decoder.weight->data[j * 2 + k];
        }
    const double area = fabs(w[0][0] * w[1][1] - w[0][1] * w[1][0]);
    CHECK(area > 0.05);
    for (int i = 2; i < 4; i++)
        for (int k = 0; k < 2; k++) CHECK_NEAR(w[i][k], 0, 1e-3);
    /* the library's components are the same plane: sine of each of them to the plane of a and b */
    const nn_pca p = nn_pca_fit(nn, sample, 8, 4, 2);
    for (int k = 0; k < 2; k++)
        for (int i = 2; i < 4; i++) {
            double along = 0;
            for (int j = 0; j < 4; j++) along += axis[i][j] * p.component[k * 4 + j];
            CHECK_NEAR(along, 0, 1e-6);
        }
}

static void denoising_makes_held_out_digits_cleaner_11_6(void)
{
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split(&all, 0.5, &learn, &test);
    nn_model *m = nn_model_new(nn);
    nn_linear encoder = nn_linear_new(m, "encoder", 64, 32);
    nn_linear decoder = nn_linear_new(m, "decoder", 32, 64);
    nn_optimizer *opt = nn_adam(m, (nn_real)0.005);
    nn_batches b = nn_batches_new(&learn, 16, 1);
    double input[2], output[2];
    for (int trained = 0; trained < 2; trained++) {
        while (trained && b.epoch < 8)
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(m);
                nn_tensor *clean = nn_batch_x(&b), *seen = nn_noise(clean, (nn_real)0.4);
                nn_tensor *y = nn_relu(nn_linear_forward(&encoder, seen));
                nn_backward(nn_mse(nn_linear_forward(&decoder, y), clean));
                nn_step(opt);
            }
        nn_clear(nn);
        nn_tensor *clean = nn_dataset_x(&test), *seen = nn_noise(clean, (nn_real)0.4);
        nn_tensor *y = nn_linear_forward(&decoder, nn_relu(nn_linear_forward(&encoder, seen)));
        input[trained] = (double)nn_item(nn_mse(seen, clean));
        output[trained] = (double)nn_item(nn_mse(y, clean));
    }
    CHECK_NEAR(input[0], 0.16, 0.01); /* the variance of the noise */
    CHECK(output[0] > input[0]);
    CHECK(output[1] < input[1] / 3);
}

int main(void)
{
    RUN_ALONE(frozen_weights_stay_under_every_rule_11_7);
    RUN_ALONE(a_velocity_goes_on_after_freezing_11_7);
    RUN_ALONE(gradients_pass_through_a_frozen_layer_11_7);
    RUN_ALONE(a_graph_made_before_freezing_is_refused_11_7);
    RUN_ALONE(buffers_stay_buffers_11_7);
    RUN_ALONE(the_mlp_of_the_book_can_be_frozen_11_7);
    RUN_ALONE(parameters_are_copied_by_name_11_5);
    RUN_ALONE(layers_double_the_pieces_11_1);
    RUN_ALONE(stacked_autoencoder_gradients_11_3_11_4_11_8);
    RUN_ALONE(linear_autoencoder_is_pca_11_3);
    RUN_ALONE(denoising_makes_held_out_digits_cleaner_11_6);
    return test_summary();
}
