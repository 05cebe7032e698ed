/* LSTM, GRU and highway layers against their equations, written down here once more in double, and
 * what the book says of them.
 *
 *     cc -std=c99 -O1 tests/test_ch14.c -lm -o test_ch14 && ./test_ch14
 *
 * Numbers such as 14.3 in comments and names are rows of the feature table, E50 of the errata.
 * PyTorch's numbers are compared in test_golden.c, every gradient with differences in test_ops.c.
 */
#include <stdlib.h>

static int granted = -1; /* requests for memory that are still granted; -1: all */
#define NN_MALLOC(user, size) \
    ((void)(user), granted == 0 ? NULL : malloc((granted -= granted > 0, size)))
#define NN_REALLOC(user, p, size) \
    ((void)(user), granted == 0 ? NULL : realloc(p, (granted -= granted > 0, size)))
#define NN_FREE(user, p) ((void)(user), free(p))

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

enum { N = 3, T = 5, IN = 4, H = 6, MOST = 512 };

static nn_ctx *nn; /* of the current case */
static nn_model *net;
static nn_real data[MOST];

#define RUN_ALONE(test)                                                     \
    do {                                                                    \
        nn = nn_create(1);                                                  \
        net = nn_model_new(nn);                                             \
        for (int i_ = 0; i_ < MOST; i_++) data[i_] = nn_uniform(nn, -2, 2); \
        RUN(test);                                                          \
        CHECK_STR(nn_error(nn), "");                                        \
        nn_destroy(nn);                                                     \
    } while (0)

static const nn_rnn_options usual = {0, 0, 0, 0, 0, 0, 0, 0};

static nn_tensor *sequences(void) { return nn_input(nn, data, nn_shape3(N, T, IN)); }
static nn_tensor *start(int i) { return nn_input(nn, data + 200 + 50 * i, nn_shape3(1, N, H)); }

static void scale_weights(nn_real factor)
{
    for (int i = 0; i < net->n_params; i++)
        for (size_t j = 0; j < net->param[i]->size; j++) net->param[i]->data[j] *= factor;
}

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

/* Row i of a gate: W x + b_ih, and W h + b_hh, of gate number g. */
static double of_x(const nn_rnn_cell *l, int g, int i, const nn_real *x)
{
    double z = (double)l->bias_ih->data[g * H + i];
    for (int j = 0; j < IN; j++)
        z += (double)l->weight_ih->data[(g * H + i) * IN + j] * (double)x[j];
    return z;
}
static double of_h(const nn_rnn_cell *l, int g, int i, const double *h)
{
    double z = (double)l->bias_hh->data[g * H + i];
    for (int j = 0; j < H; j++) z += (double)l->weight_hh->data[(g * H + i) * H + j] * h[j];
    return z;
}
/* What a peephole of gate number p of i, f, o sees of c. */
static double peep(const nn_rnn_cell *l, int p, int i, const double *c)
{
    if (!l->weight_ch) return 0;
    const nn_real *w = l->weight_ch->data;
    if (l->weight_ch->shape.ndim == 1) return (double)w[p * H + i] * c[i];
    double z = 0;
    for (int j = 0; j < H; j++) z += (double)w[(p * H + i) * H + j] * c[j];
    return z;
}

/* ---- LSTM ---- */

static void lstm_reference(const nn_rnn_cell *l, const nn_real *x, double *h, double *c)
{
    double new_c[H], new_h[H];
    for (int k = 0; k < H; k++) {
        const double i = sigmoid(of_x(l, 0, k, x) + of_h(l, 0, k, h) + peep(l, 0, k, c));
        const double f = sigmoid(of_x(l, 1, k, x) + of_h(l, 1, k, h) + peep(l, 1, k, c));
        const double g = tanh(of_x(l, 2, k, x) + of_h(l, 2, k, h));
        new_c[k] = f * c[k] + i * g;
    }
    for (int k = 0; k < H; k++) /* o sees what c has become */
        new_h[k] = tanh(new_c[k]) *
                   sigmoid(of_x(l, 3, k, x) + of_h(l, 3, k, h) + peep(l, 2, k, new_c));
    memcpy(h, new_h, sizeof new_h);
    memcpy(c, new_c, sizeof new_c);
}

static void equations_rows_14_1_and_14_3(void) /* no peepholes, diagonal, full (E50) */
{
    for (int peephole = 0; peephole < 3; peephole++) {
        nn_clear(nn);
        net = nn_model_new(nn);
        nn_rnn_options o = usual;
        o.peephole = peephole;
        nn_lstm lstm = nn_lstm_new_with(net, "lstm", IN, H, o);
        nn_tensor *ch = nn_model_find(net, "lstm.weight_ch_l0");
        CHECK(!peephole == !ch);
        if (ch) CHECK(nn_shape_equal(ch->shape, peephole == NN_PEEPHOLE_DIAGONAL
                                                    ? nn_shape1(3 * H) : nn_shape2(3 * H, H)));
        scale_weights(3);
        const nn_rnn_result r = nn_lstm_forward(&lstm, sequences(), start(0), start(1), NULL);
        for (int n = 0; n < N; n++) {
            double h[H], c[H];
            for (int k = 0; k < H; k++)
                h[k] = (double)data[200 + n * H + k], c[k] = (double)data[250 + n * H + k];
            for (int t = 0; t < T; t++) {
                lstm_reference(&lstm.cell[0], data + (n * T + t) * IN, h, c);
                for (int k = 0; k < H; k++)
                    CHECK_NEAR(r.output->data[(n * T + t) * H + k], h[k], 2e-6);
            }
            for (int k = 0; k < H; k++) CHECK_NEAR(r.h->data[n * H + k], h[k], 2e-6);
            for (int k = 0; k < H; k++) CHECK_NEAR(r.c->data[n * H + k], c[k], 5e-6);
        }
    }
}

static void forget_bias_row_14_1(void)
{
    nn_rnn_options o = usual;
    o.forget_bias = 1, o.layers = 2;
    nn_lstm lstm = nn_lstm_new_with(net, "lstm", IN, H, o);
    for (int i = 0; i < 2; i++)
        for (int j = H; j < 2 * H; j++)
            CHECK(lstm.cell[i].bias_ih->data[j] == 1 && lstm.cell[i].bias_hh->data[j] == 0);
    CHECK(lstm.cell[0].bias_ih->data[0] != 1 && lstm.cell[0].bias_hh->data[2 * H] != 0);
}

static void conveyor_row_14_2(void) /* f = 1 and i = 0 keep C for 1000 steps, and its gradient */
{
    nn_lstm lstm = nn_lstm_new(net, "lstm", IN, H);
    for (int i = 0; i < H; i++)
        lstm.cell[0].bias_ih->data[i] = -200, lstm.cell[0].bias_ih->data[H + i] = 200;
    nn_tensor *x = nn_rand(nn, nn_shape3(1, 1000, IN), -1, 1);
    nn_tensor *c = nn_requires_grad(nn_input(nn, data, nn_shape3(1, 1, H)));
    const nn_rnn_result r = nn_lstm_forward(&lstm, x, NULL, c, NULL);
    nn_backward(nn_sum(r.c));
    for (int i = 0; i < H; i++) CHECK(r.c->data[i] == data[i] && c->grad[i] == 1);
}

/* ---- GRU ---- */

static void gru_reference(const nn_rnn_cell *l, int convention, const nn_real *x, double *h)
{
    double r[H], rh[H], result[H];
    for (int k = 0; k < H; k++) {
        r[k] = sigmoid(of_x(l, 0, k, x) + of_h(l, 0, k, h));
        rh[k] = r[k] * h[k];
    }
    for (int k = 0; k < H; k++) {
        const double z = sigmoid(of_x(l, 1, k, x) + of_h(l, 1, k, h));
        const double n = convention == NN_GRU_PYTORCH
                             ? tanh(of_x(l, 2, k, x) + r[k] * of_h(l, 2, k, h))
                             : tanh(of_x(l, 2, k, x) + of_h(l, 2, k, rh));
        result[k] = convention == NN_GRU_CHUNG ? (1 - z) * h[k] + z * n : z * h[k] + (1 - z) * n;
    }
    memcpy(h, result, sizeof result);
}

static void conventions_row_14_4(void) /* E51 */
{
    for (int convention = 0; convention < 3; convention++) {
        nn_clear(nn);
        net = nn_model_new(nn);
        nn_rnn_options o = usual;
        o.convention = convention;
        nn_gru gru = nn_gru_new_with(net, "gru", IN, H, o);
        scale_weights(3);
        const nn_rnn_result r = nn_gru_forward(&gru, sequences(), start(0), NULL);
        for (int n = 0; n < N; n++) {
            double h[H];
            for (int k = 0; k < H; k++) h[k] = (double)data[200 + n * H + k];
            for (int t = 0; t < T; t++) {
                gru_reference(&gru.cell[0], convention, data + (n * T + t) * IN, h);
                for (int k = 0; k < H; k++)
                    CHECK_NEAR(r.output->data[(n * T + t) * H + k], h[k], 2e-6);
            }
        }
        CHECK(!r.c);
    }
}

static void cho_is_chung_with_z_turned_round(void) /* 1 - sigmoid(z) = sigmoid(-z) */
{
    nn_rnn_options cho = usual, chung = usual;
    cho.convention = NN_GRU_CHO, chung.convention = NN_GRU_CHUNG;
    nn_gru a = nn_gru_new_with(net, "a", IN, H, cho), b = nn_gru_new_with(net, "b", IN, H, chung);
    nn_model_copy(net, "b", net, "a");
    for (int i = 4; i < 8; i++) {
        const size_t gate = net->param[i]->size / 3;
        for (size_t j = gate; j < 2 * gate; j++) net->param[i]->data[j] *= -1;
    }
    const nn_rnn_result x = nn_gru_forward(&a, sequences(), NULL, NULL);
    const nn_rnn_result y = nn_gru_forward(&b, sequences(), NULL, NULL);
    for (size_t i = 0; i < x.output->size; i++)
        CHECK_NEAR(x.output->data[i], y.output->data[i], 1e-6);
}

/* ---- both ---- */

static void steps_are_the_sequence(void) /* to the last bit; the gradients nearly */
{
    for (int kind = 0; kind < 2; kind++) {
        nn_clear(nn);
        net = nn_model_new(nn);
        nn_rnn l = kind ? nn_gru_new(net, "r", IN, H) : nn_lstm_new(net, "r", IN, H);
        nn_tensor *x = nn_requires_grad(sequences()), *again = nn_requires_grad(sequences());
        const nn_rnn_result r = kind ? nn_gru_forward(&l, x, NULL, NULL)
                                     : nn_lstm_forward(&l, x, NULL, NULL, NULL);
        nn_tensor *w = nn_input(nn, data + 100, nn_shape3(N, T, H));
        nn_tensor *loss = nn_sum(nn_mul(r.output, w)), *more = nn_full(nn, nn_shape0(), 0);
        nn_backward(r.c ? nn_add(loss, nn_sum(r.c)) : loss);
        nn_real gradient[MOST];
        size_t n = 0;
        for (int i = 0; i < 4; n += net->param[i++]->size)
            memcpy(gradient + n, net->param[i]->grad, net->param[i]->size * sizeof *gradient);
        nn_zero_grad(net);
        nn_rnn_result s = {NULL, NULL, NULL};
        for (int t = 0; t < T; t++) {
            nn_tensor *now = nn_reshape(nn_slice(again, 1, t, t + 1), nn_shape2(N, IN));
            s = kind ? nn_gru_cell_forward(&l.cell[0], now, s.h)
                     : nn_lstm_cell_forward(&l.cell[0], now, s.h, s.c);
            for (int i = 0; i < N * H; i++)
                CHECK(s.h->data[i] == r.output->data[(i / H * T + t) * H + i % H]);
            nn_tensor *part = nn_reshape(nn_slice(w, 1, t, t + 1), nn_shape2(N, H));
            more = nn_add(more, nn_sum(nn_mul(s.h, part)));
        }
        nn_backward(s.c ? nn_add(more, nn_sum(s.c)) : more);
        n = 0;
        for (int i = 0; i < 4; n += net->param[i++]->size)
            for (size_t j = 0; j < net->param[i]->size; j++)
                CHECK_NEAR(net->param[i]->grad[j], gradient[n + j], 2e-5);
        for (size_t i = 0; i < x->size; i++) CHECK_NEAR(again->grad[i], x->grad[i], 1e-5);
    }
}

static void only_one_of_the_results_is_used(void) /* the gradients of the others are not there */
{
    nn_lstm l = nn_lstm_new(net, "lstm", IN, H);
    for (int which = 0; which < 3; which++) {
        nn_tensor *x = nn_requires_grad(sequences());
        const nn_rnn_result r = nn_lstm_forward(&l, x, NULL, NULL, NULL);
        nn_zero_grad(net);
        nn_backward(nn_sum(which == 0 ? r.output : which == 1 ? r.h : r.c));
        CHECK(x->grad[0] != 0 && l.cell[0].weight_hh->grad[0] != 0);
        CHECK((l.cell[0].weight_hh->grad[4 * H * H - 1] != 0)); /* the output gate's */
    }
}

static void parameters_row_14_5(void) /* 4 : 3 : 1 */
{
    nn_model *model[3] = {nn_model_new(nn), nn_model_new(nn), nn_model_new(nn)};
    nn_lstm_new(model[0], "r", IN, H), nn_gru_new(model[1], "r", IN, H);
    nn_rnn_new(model[2], "r", IN, H);
    CHECK_INT(nn_model_size(model[2]), H * IN + H * H + 2 * H);
    CHECK_INT(nn_model_size(model[0]), 4 * nn_model_size(model[2]));
    CHECK_INT(nn_model_size(model[1]), 3 * nn_model_size(model[2]));
}

static nn_code heard;
static void hear(void *user, nn_code code, const char *message)
{
    (void)user, (void)message;
    heard = code;
}

static void without_memory(void) /* wherever it ends: an error, and nothing half done */
{
    enum { WIDE = 200 }; /* so that each array needs a block of its own */
    int failures = 0;
    for (int allowed = 1;; allowed++, failures++) {
        granted = allowed, heard = NN_OK;
        nn_ctx *own = nn_create(1);
        nn_on_error(own, hear, NULL);
        nn_model *model = nn_model_new(own);
        nn_rnn_options o = usual;
        o.bidirectional = 1, o.peephole = NN_PEEPHOLE_FULL;
        nn_lstm l = nn_lstm_new_with(model, "lstm", WIDE, WIDE, o);
        nn_gru g = nn_gru_new(model, "gru", 2 * WIDE, WIDE);
        if (nn_ok(own)) CHECK_INT(model->n_params, 14);
        else CHECK(model->n_params == 0 || model->n_params == 10);
        nn_tensor *x = nn_full(own, nn_shape3(2, 200, WIDE), 1);
        int drawn[2 * 200];
        nn_sample(x, 1, drawn);
        x = nn_gru_forward(&g, nn_lstm_forward(&l, x, NULL, NULL, NULL).output, NULL, NULL).h;
        nn_backward(nn_sum(x));
        const int done = nn_ok(own);
        CHECK(done || heard == NN_ERROR_MEMORY);
        CHECK(done || !x || x->size == 0 || x->ctx == own);
        granted = -1;
        nn_destroy(own);
        if (done) break;
    }
    CHECK(failures > 20);
}

/* ---- highways ---- */

static void highway_rows_14_6_and_14_7(void)
{
    nn_highway l = nn_highway_new(net, "way", H, NN_RELU, -2);
    CHECK_STR(net->param[0]->name, "way.transform.weight");
    CHECK_STR(net->param[3]->name, "way.gate.bias");
    for (int i = 0; i < H; i++) CHECK(l.gate.bias->data[i] == -2);
    nn_tensor *x = nn_input(nn, data, nn_shape2(N, H)), *t, *y = nn_highway_forward(&l, x, &t);
    double mean = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < H; j++) {
            double h = (double)l.transform.bias->data[j], g = -2;
            for (int k = 0; k < H; k++) {
                h += (double)l.transform.weight->data[j * H + k] * (double)data[i * H + k];
                g += (double)l.gate.weight->data[j * H + k] * (double)data[i * H + k];
            }
            h = h > 0 ? h : 0, g = sigmoid(g), mean += g / (N * H);
            CHECK_NEAR(t->data[i * H + j], g, 1e-6);
            CHECK_NEAR(y->data[i * H + j], g * h + (1 - g) * (double)data[i * H + j], 1e-6);
        }
    CHECK_NEAR(nn_stats(t).mean, mean, 1e-6);
    nn_highway closed = nn_highway_new(net, "closed", H, NN_TANH, -200);
    y = nn_highway_forward(&closed, x, NULL);
    for (int i = 0; i < N * H; i++) CHECK(y->data[i] == x->data[i]);
}

static double norm_at_the_bottom(nn_real gate_bias, int plain) /* of the gradient of 60 layers */
{
    nn_model *model = nn_model_new(nn);
    nn_tensor *x = nn_requires_grad(nn_input(nn, data, nn_shape2(8, 16))), *y = x;
    for (int i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        nn_highway l = nn_highway_new(model, name, 16, NN_TANH, gate_bias);
        y = plain ? nn_tanh(nn_linear_forward(&l.transform, y)) : nn_highway_forward(&l, y, NULL);
    }
    nn_backward(nn_sum(nn_square(y)));
    double sum = 0;
    for (size_t i = 0; i < x->size; i++) sum += (double)x->grad[i] * (double)x->grad[i];
    return sqrt(sum);
}

static void deep_highway_row_14_6(void) /* what is carried brings the gradient down */
{
    const double plain = norm_at_the_bottom(0, 1), highway = norm_at_the_bottom(-3, 0);
    CHECK(plain < 1e-8);
    CHECK(highway > 0.01);
}

int main(void)
{
    RUN_ALONE(equations_rows_14_1_and_14_3);
    RUN_ALONE(forget_bias_row_14_1);
    RUN_ALONE(conveyor_row_14_2);
    RUN_ALONE(conventions_row_14_4);
    RUN_ALONE(cho_is_chung_with_z_turned_round);
    RUN_ALONE(steps_are_the_sequence);
    RUN_ALONE(only_one_of_the_results_is_used);
    RUN_ALONE(parameters_row_14_5);
    RUN_ALONE(without_memory);
    RUN_ALONE(highway_rows_14_6_and_14_7);
    RUN_ALONE(deep_highway_row_14_6);
    return test_summary();
}
