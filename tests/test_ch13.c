/* Recurrent networks against loops that anybody can check, and what the book says of them.
 *
 *     cc -std=c99 -O1 tests/test_ch13.c -lm -o test_ch13 && ./test_ch13
 *
 * Numbers such as 13.5 in comments and names are rows of the feature table. PyTorch's numbers are
 * compared in test_golden.c, every gradient with differences in test_ops.c.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

enum { N = 3, T = 6, IN = 4, H = 5, MOST = 512 };

static nn_ctx *nn; /* of the current case */
static nn_model *net;
static nn_real data[MOST];

#define RUN_ALONE(test)                            \
    do {                                           \
        nn = nn_create(1);                         \
        net = nn_model_new(nn);                    \
        for (int i_ = 0; i_ < MOST; i_++) data[i_] = nn_uniform(nn, -1, 1); \
        RUN(test);                                 \
        CHECK_STR(nn_error(nn), "");               \
        nn_destroy(nn);                            \
    } while (0)

static nn_tensor *sequences(void) { return nn_input(nn, data, nn_shape3(N, T, IN)); }

/* x[:, t] of [N, T, D] */
static nn_tensor *element(nn_tensor *x, int t)
{
    return nn_reshape(nn_slice(x, 1, t, t + 1), nn_shape2(x->shape.dim[0], -1));
}

static int same_bits(const nn_tensor *a, const nn_tensor *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size * sizeof *a->data) == 0;
}

/* Each number of a result counts with another weight. */
static nn_tensor *weighted(nn_tensor *y)
{
    return nn_sum(nn_mul(y, nn_input(nn, data + 100, y->shape)));
}

static double distance(const nn_real *a, const nn_real *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    return worst;
}

/* ---- one sequence = its steps ---- */

static void unrolled_row_13_4(void) /* the same bits; the gradients are other sums of the same */
{
    nn_rnn rnn = nn_rnn_new(net, "rnn", IN, H);
    nn_real gradient[MOST];
    nn_tensor *x = nn_requires_grad(sequences());
    const nn_rnn_result folded = nn_rnn_forward(&rnn, x, NULL, NULL);
    CHECK(nn_shape_equal(folded.output->shape, nn_shape3(N, T, H)) && !folded.c);
    CHECK(nn_shape_equal(folded.h->shape, nn_shape3(1, N, H)));
    nn_backward(nn_add(weighted(folded.output), weighted(folded.h)));
    size_t n = 0;
    for (int i = 0; i < net->n_params; n += net->param[i++]->size)
        memcpy(gradient + n, net->param[i]->grad, net->param[i]->size * sizeof *gradient);
    memcpy(gradient + n, x->grad, x->size * sizeof *gradient);
    nn_zero_grad(net);
    nn_tensor *again = nn_requires_grad(sequences()), *step[T];
    nn_rnn_result s = {NULL, NULL, NULL};
    for (int t = 0; t < T; t++) {
        s = nn_rnn_cell_forward(&rnn.cell[0], element(again, t), s.h);
        CHECK(s.output == s.h && nn_shape_equal(s.h->shape, nn_shape2(N, H)));
        step[t] = nn_reshape(s.h, nn_shape3(N, 1, H));
    }
    nn_tensor *unrolled = nn_concat(1, T, step);
    CHECK(same_bits(unrolled, folded.output) && same_bits(s.h, folded.h));
    nn_backward(nn_add(weighted(unrolled), weighted(nn_reshape(s.h, nn_shape3(1, N, H)))));
    n = 0;
    for (int i = 0; i < net->n_params; n += net->param[i++]->size)
        CHECK_NEAR(distance(gradient + n, net->param[i]->grad, net->param[i]->size), 0, 2e-6);
    CHECK_NEAR(distance(gradient + n, again->grad, again->size), 0, 2e-6);
}

/* ---- backpropagation through time, by hand ---- */

/* s_t = f(U x_t + W s_(t-1) + b): the losses' gradients arrive in dy [T, H]; one sequence. */
static void by_hand(const nn_rnn_cell *l, int relu, const nn_real *x, const double *dy, double *du,
                    double *dw, double *db, double *ds)
{
    double s[T + 1][H] = {{0}};
    for (int t = 0; t < T; t++)
        for (int i = 0; i < H; i++) {
            double z = (double)l->bias_ih->data[i] + (double)l->bias_hh->data[i];
            for (int j = 0; j < IN; j++)
                z += (double)l->weight_ih->data[i * IN + j] * (double)x[t * IN + j];
            for (int j = 0; j < H; j++) z += (double)l->weight_hh->data[i * H + j] * s[t][j];
            s[t + 1][i] = !relu ? tanh(z) : z > 0 ? z : 0;
        }
    for (int i = 0; i < H; i++) ds[i] = 0;
    for (int t = T - 1; t >= 0; t--) {
        double dz[H], before[H] = {0};
        for (int i = 0; i < H; i++) {
            const double y = s[t + 1][i];
            dz[i] = (ds[i] + dy[t * H + i]) * (relu ? y > 0 : 1 - y * y);
            db[i] += dz[i];
            for (int j = 0; j < IN; j++) du[i * IN + j] += dz[i] * (double)x[t * IN + j];
            for (int j = 0; j < H; j++) dw[i * H + j] += dz[i] * s[t][j];
            for (int j = 0; j < H; j++) before[j] += dz[i] * (double)l->weight_hh->data[i * H + j];
        }
        memcpy(ds, before, sizeof before);
    }
}

static void bptt_row_13_5(void) /* a loss at every step, and at the last one only; tanh and ReLU */
{
    for (int kind = 0; kind < 4; kind++) {
        nn_rnn_options o = {0, 0, 0, 0, 0, 0, 0, 0};
        o.relu = kind % 2;
        nn_model *model = nn_model_new(nn);
        nn_rnn rnn = nn_rnn_new_with(model, "rnn", IN, H, o);
        const nn_rnn_cell *l = &rnn.cell[0];
        nn_tensor *s0 = nn_requires_grad(nn_full(nn, nn_shape3(1, N, H), 0));
        const nn_rnn_result r = nn_rnn_forward(&rnn, sequences(), s0, NULL);
        nn_backward(kind < 2 ? weighted(r.output) : weighted(r.h));
        double du[H * IN] = {0}, dw[H * H] = {0}, db[H] = {0}, ds[H];
        for (int i = 0; i < N; i++) {
            double dy[T * H] = {0};
            for (int j = 0; j < T * H; j++)
                if (kind < 2) dy[j] = (double)data[100 + i * T * H + j];
                else if (j >= (T - 1) * H) dy[j] = (double)data[100 + i * H + j - (T - 1) * H];
            by_hand(l, kind % 2, data + i * T * IN, dy, du, dw, db, ds);
            for (int j = 0; j < H; j++) CHECK_NEAR(s0->grad[i * H + j], ds[j], 2e-6); /* 13.3 */
        }
        for (int j = 0; j < H * IN; j++) CHECK_NEAR(l->weight_ih->grad[j], du[j], 5e-6);
        for (int j = 0; j < H * H; j++) CHECK_NEAR(l->weight_hh->grad[j], dw[j], 5e-6);
        for (int j = 0; j < H; j++) CHECK_NEAR(l->bias_ih->grad[j], db[j], 5e-6);
        for (int j = 0; j < H; j++) CHECK(l->bias_ih->grad[j] == l->bias_hh->grad[j]);
    }
}

static void state_is_learned_row_13_3(void) /* one row for all sequences: the sum of gradients */
{
    nn_rnn rnn = nn_rnn_new(net, "rnn", IN, H);
    nn_tensor *one = nn_param(net, "", "h0", nn_shape3(1, 1, H));
    memcpy(one->data, data + 300, H * sizeof *data);
    nn_real each[N * H], sum[H] = {0};
    for (int i = 0; i < N * H; i++) each[i] = data[300 + i % H];
    nn_tensor *all = nn_requires_grad(nn_input(nn, each, nn_shape3(1, N, H)));
    const nn_rnn_result a = nn_rnn_forward(&rnn, sequences(), one, NULL);
    const nn_rnn_result b = nn_rnn_forward(&rnn, sequences(), all, NULL);
    CHECK(same_bits(a.output, b.output));
    nn_backward(nn_add(weighted(a.output), weighted(b.output)));
    for (int i = 0; i < N * H; i++) sum[i % H] += all->grad[i];
    CHECK_NEAR(distance(sum, one->grad, H), 0, 1e-6);
    CHECK(one->grad[0] != 0);
}

static void truncated_row_13_7(void)
{
    nn_rnn rnn = nn_rnn_new(net, "rnn", IN, H);
    nn_tensor *full = nn_rnn_forward(&rnn, sequences(), NULL, NULL).output;
    nn_real expected[N * T * H], state[N * H];
    memcpy(expected, full->data, sizeof expected);
    nn_rnn_result r = {NULL, NULL, NULL};
    nn_tensor *x[2], *state_of_first = NULL;
    for (int window = 0; window < 2; window++) { /* of T / 2 steps, in one graph */
        x[window] = nn_slice(sequences(), 1, window * T / 2, (window + 1) * T / 2);
        nn_requires_grad(x[window]);
        r = nn_rnn_forward(&rnn, x[window], r.h ? nn_detach(r.h) : NULL, NULL);
        if (window == 0) state_of_first = r.h;
        for (int i = 0; i < N * T / 2 * H; i++) { /* the state is carried */
            const int at = i / (T / 2 * H) * T * H + window * T / 2 * H + i % (T / 2 * H);
            CHECK(r.output->data[i] == expected[at]);
        }
    }
    nn_backward(weighted(r.output)); /* the gradient is not */
    CHECK(!state_of_first->grad);
    for (size_t i = 0; i < x[0]->size; i++) CHECK(x[0]->grad[i] == 0 && x[1]->grad[i] != 0);
    nn_backward(weighted(nn_rnn_forward(&rnn, x[1], state_of_first, NULL).output));
    CHECK(state_of_first->grad && x[0]->grad[0] != 0); /* without nn_detach it would be */
    memcpy(state, state_of_first->data, sizeof state); /* over an nn_clear, as numbers */
    nn_clear(nn);
    nn_tensor *rest = nn_slice(sequences(), 1, T / 2, T);
    r = nn_rnn_forward(&rnn, rest, nn_input(nn, state, nn_shape3(1, N, H)), NULL);
    CHECK(r.output->data[0] == expected[T / 2 * H]);
    CHECK(r.h->data[N * H - 1] == expected[N * T * H - 1]);
}

static void mean_over_steps_row_13_6(void) /* the sum of all steps is N T times the mean */
{
    nn_rnn rnn = nn_rnn_new(net, "rnn", IN, H);
    nn_tensor *y = nn_rnn_forward(&rnn, sequences(), NULL, NULL).output;
    int label[N * T];
    for (int i = 0; i < N * T; i++) label[i] = i % H;
    y = nn_reshape(y, nn_shape2(N * T, H));
    const double mean = (double)nn_item(nn_cross_entropy(y, label));
    nn_set_reduction(nn, NN_REDUCE_SUM);
    CHECK_NEAR(nn_item(nn_cross_entropy(y, label)), N * T * mean, 1e-4);
}

/* At state 0 without input tanh has slope 1, and W = I / 2 halves the gradient at each step. */
static void vanishing_row_13_11(void)
{
    nn_rnn_cell cell = nn_rnn_cell_new(net, "cell", IN, H);
    nn_model_set(net, memset(data, 0, sizeof data));
    for (int i = 0; i < H; i++) cell.weight_hh->data[i * H + i] = (nn_real)0.5;
    nn_tensor *x = nn_full(nn, nn_shape2(1, IN), 0), *state[21];
    nn_rnn_result r = {NULL, nn_requires_grad(nn_full(nn, nn_shape2(1, H), 0)), NULL};
    for (int t = 0; t < 21; t++, r = nn_rnn_cell_forward(&cell, x, r.h)) state[t] = r.h;
    nn_backward(nn_sum(state[20]));
    for (int k = 0; k <= 20; k++)
        for (int i = 0; i < H; i++) CHECK_NEAR(state[k]->grad[i], ldexp(1, k - 20), 0);
}

/* ---- lengths, directions, layers ---- */

static void lengths_and_directions(void) /* each sequence as if it were alone; 13.10 */
{
    nn_rnn_options o = {2, 1, 0, 0, 0, 0, 0, 0};
    nn_rnn rnn = nn_rnn_new_with(net, "rnn", IN, H, o);
    const char *const names[8] = {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0",
        "rnn.bias_hh_l0", "rnn.weight_ih_l0_reverse", "rnn.weight_hh_l0_reverse",
        "rnn.bias_ih_l0_reverse", "rnn.bias_hh_l0_reverse"};
    CHECK_INT(net->n_params, 16);
    for (int i = 0; i < 8; i++) CHECK_STR(net->param[i]->name, names[i]);
    CHECK_STR(net->param[15]->name, "rnn.bias_hh_l1_reverse");
    CHECK(nn_shape_equal(rnn.cell[3].weight_ih->shape, nn_shape2(H, 2 * H)));
    for (int i = 0; i < 16; i++)
        for (size_t j = 0; j < net->param[i]->size; j++)
            CHECK(fabs((double)net->param[i]->data[j]) <= 1 / sqrt(H));
    const int lengths[N] = {4, T, 1};
    nn_real padded[N * T * IN];
    for (int i = 0; i < N * T * IN; i++)
        padded[i] = i % (T * IN) / IN < lengths[i / (T * IN)] ? data[i] : (nn_real)NAN;
    nn_tensor *x = nn_requires_grad(nn_input(nn, padded, nn_shape3(N, T, IN)));
    const nn_rnn_result r = nn_rnn_forward(&rnn, x, NULL, lengths);
    CHECK(nn_shape_equal(r.output->shape, nn_shape3(N, T, 2 * H)));
    CHECK(nn_shape_equal(r.h->shape, nn_shape3(4, N, H)));
    nn_backward(nn_add(weighted(r.output), nn_scale(nn_sum(r.h), 2)));
    double sum = 0; /* a NaN or an infinity would stay in it */
    for (int i = 0; i < net->n_params; i++)
        for (size_t j = 0; j < net->param[i]->size; j++) sum += (double)net->param[i]->grad[j];
    CHECK(sum - sum == 0);
    for (int i = 0; i < N; i++) {
        nn_tensor *one = nn_input(nn, data + i * T * IN, nn_shape3(1, lengths[i], IN));
        one = nn_requires_grad(one);
        const nn_rnn_result alone = nn_rnn_forward(&rnn, one, NULL, NULL);
        const size_t there = (size_t)(lengths[i] * 2 * H), row = (size_t)(T * 2 * H);
        const nn_real *y = r.output->data + (size_t)i * row;
        CHECK(memcmp(y, alone.output->data, there * sizeof *y) == 0);
        for (size_t j = there; j < row; j++) CHECK(y[j] == 0);
        for (int j = 0; j < 4 * H; j++)
            CHECK(r.h->data[(j / H * N + i) * H + j % H] == alone.h->data[j]);
        nn_tensor *w = nn_input(nn, data + 100 + (size_t)i * row, alone.output->shape);
        nn_backward(nn_add(nn_sum(nn_mul(alone.output, w)), nn_scale(nn_sum(alone.h), 2)));
        CHECK_NEAR(distance(x->grad + i * T * IN, one->grad, one->size), 0, 2e-6);
        for (int j = lengths[i] * IN; j < T * IN; j++) CHECK(x->grad[i * T * IN + j] == 0);
    }
}

/* 13.10: what follows x[t]? Right to left it was just seen; from the left it is anybody's guess. */
static double accuracy_on_the_next(int bidirectional)
{
    enum { B = 16, L = 8, UNITS = 8 };
    nn_model *model = nn_model_new(nn);
    nn_rnn_options o = {0, bidirectional, 0, 0, 0, 0, 0, 0};
    nn_rnn rnn = nn_rnn_new_with(model, "rnn", 1, UNITS, o);
    nn_linear head = nn_linear_new(model, "head", (1 + bidirectional) * UNITS, 2);
    nn_optimizer *opt = nn_adam(model, (nn_real)0.02);
    double right = 0;
    for (int step = 0; step < 160; step++) {
        nn_real x[B * L];
        int label[B * L];
        for (int i = 0; i < B * L; i++) x[i] = (nn_real)nn_randint(nn, 0, 2) * 2 - 1;
        for (int i = 0; i < B * L; i++) label[i] = i % L == L - 1 ? -1 : x[i + 1] > 0;
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *y = nn_rnn_forward(&rnn, nn_input(nn, x, nn_shape3(B, L, 1)), NULL, NULL).output;
        nn_tensor *z = nn_reshape(nn_linear_forward(&head, y), nn_shape2(B * L, 2));
        if (step >= 150) right += nn_count_correct(z, label);
        nn_backward(nn_cross_entropy(z, label));
        nn_step(opt);
    }
    return right / (10 * B * (L - 1));
}

static void future_row_13_10(void)
{
    CHECK_NEAR(accuracy_on_the_next(1), 1, 0);
    CHECK_NEAR(accuracy_on_the_next(0), 0.5, 0.1);
}

static void dropout_between_layers(void)
{
    nn_rnn_options o = {2, 0, 0, (nn_real)0.5, 0, 0, 0, 0};
    nn_rnn rnn = nn_rnn_new_with(net, "rnn", IN, H, o), plain = rnn;
    plain.dropout = 0;
    const nn_rnn_result r = nn_rnn_forward(&rnn, sequences(), NULL, NULL);
    nn_tensor *first = nn_slice(r.h, 0, 0, 1);
    nn_tensor *y = nn_rnn_forward(&plain, sequences(), NULL, NULL).h;
    CHECK(same_bits(first, nn_slice(y, 0, 0, 1)) && !same_bits(r.h, y)); /* not below the first */
    CHECK(same_bits(element(r.output, T - 1), nn_slice(r.h, 0, 1, 2))); /* nor above the last */
    nn_set_training(nn, 0);
    CHECK(same_bits(nn_rnn_forward(&rnn, sequences(), NULL, NULL).h, y));
}

static void memory_is_used_again(void)
{
    nn_rnn rnn = nn_rnn_new(net, "rnn", IN, H);
    size_t before = 0;
    for (int step = 0; step < 4; step++) {
        nn_clear(nn);
        nn_backward(weighted(nn_rnn_forward(&rnn, sequences(), NULL, NULL).output));
        if (step == 1) before = nn->allocations;
    }
    CHECK_INT(nn->allocations, before);
}

/* ---- embedding and sampling ---- */

static void embedding_is_a_one_hot_product(void)
{
    enum { V = 7, D = 5, WORDS = 6 };
    const int ids[WORDS] = {2, 6, -1, 2, 0, 2};
    nn_embedding e = nn_embedding_new(net, "words", V, D);
    CHECK_STR(e.weight->name, "words.weight");
    nn_tensor *w = nn_requires_grad(nn_input(nn, e.weight->data, nn_shape2(V, D)));
    nn_tensor *y = nn_embedding_forward(&e, ids, WORDS);
    nn_tensor *product = nn_matmul(nn_one_hot(nn, ids, WORDS, V), w);
    CHECK(same_bits(y, product));
    nn_backward(nn_add(weighted(y), weighted(product)));
    CHECK_NEAR(distance(e.weight->grad, w->grad, V * D), 0, 1e-6);
    for (int j = 0; j < D; j++) CHECK(e.weight->grad[j] != 0 && e.weight->grad[D + j] == 0);
    double sum = 0, square = 0;
    nn_embedding many = nn_embedding_new(net, "many", 100, 100); /* normal(0, 1) */
    for (size_t i = 0; i < 10000; i++) {
        sum += (double)many.weight->data[i];
        square += (double)many.weight->data[i] * (double)many.weight->data[i];
    }
    CHECK_NEAR(sum / 1e4, 0, 0.04);
    CHECK_NEAR(square / 1e4, 1, 0.06);
}

static void sampling(void)
{
    enum { DRAWS = 20000 };
    const nn_real row[4] = {(nn_real)log(0.1), (nn_real)log(0.6), -HUGE_VALF, (nn_real)log(0.3)};
    for (int kind = 0; kind < 3; kind++) { /* temperature 1, 1/2: squares, 2: roots */
        static const nn_real temperature[3] = {1, (nn_real)0.5, 2};
        double p[4] = {0.1, 0.6, 0, 0.3}, sum = 0;
        for (int i = 0; i < 4; i++) sum += p[i] = pow(p[i], 1 / (double)temperature[kind]);
        int count[4] = {0}, index[2];
        nn_tensor *z = nn_concat(0, 2, (nn_tensor *[]){nn_input(nn, row, nn_shape2(1, 4)),
                                                       nn_input(nn, row, nn_shape2(1, 4))});
        for (int i = 0; i < DRAWS / 2; i++) {
            nn_sample(z, temperature[kind], index);
            count[index[0]]++, count[index[1]]++;
        }
        for (int i = 0; i < 4; i++) { /* four deviations; what is impossible never comes */
            const double q = p[i] / sum;
            CHECK_NEAR(count[i] / (double)DRAWS, q, 4 * sqrt(q * (1 - q) / DRAWS));
        }
        nn_sample(z, 0, index);
        CHECK(index[0] == 1 && index[1] == 1);
    }
    for (int sign = -1; sign <= 1; sign += 2) { /* divided by so little the logits overflow */
        const nn_real three[3] = {1, 2, 3};
        int drawn = -1;
        nn_tensor *steep = nn_scale(nn_input(nn, three, nn_shape2(1, 3)), (nn_real)sign);
        nn_sample(steep, (nn_real)(sizeof(nn_real) > 4 ? 1e-320 : 1e-42), &drawn);
        CHECK(drawn == (sign > 0 ? 2 : 0));
    }
    int first[8], second[8];
    nn_tensor *z = nn_input(nn, data, nn_shape3(2, 4, 9));
    nn_seed(nn, 5), nn_sample(z, 1, first), nn_seed(nn, 5), nn_sample(z, 1, second);
    CHECK(memcmp(first, second, sizeof first) == 0);
}

int main(void)
{
    RUN_ALONE(unrolled_row_13_4);
    RUN_ALONE(bptt_row_13_5);
    RUN_ALONE(state_is_learned_row_13_3);
    RUN_ALONE(truncated_row_13_7);
    RUN_ALONE(mean_over_steps_row_13_6);
    RUN_ALONE(vanishing_row_13_11);
    RUN_ALONE(lengths_and_directions);
    RUN_ALONE(future_row_13_10);
    RUN_ALONE(dropout_between_layers);
    RUN_ALONE(memory_is_used_again);
    RUN_ALONE(embedding_is_a_one_hot_product);
    RUN_ALONE(sampling);
    return test_summary();
}
