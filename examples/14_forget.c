/* How a forget gate begins decides what can be learned. An LSTM has to name the first symbol of a
 * sequence after DELAY others (see 14_recall.c); its forget gates begin at sigmoid(bias), so that
 * sigmoid(bias)^DELAY of the gradient comes back along the cell state. (Gers, Schmidhuber and
 * Cummins 2000; Jozefowicz, Zaremba and Sutskever 2015.)
 *
 *     14_forget [SEEDS]     4
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 16, SYMBOLS = 8, UNITS = 16, DELAY = 50, STEPS = 350, TEST = 256, BIASES = 4 };

/* n new sequences x [n, delay + 1, 2 SYMBOLS], one-hot: one symbol of an alphabet of its own, whose
 * number label[n] becomes, then `delay` of another alphabet. */
static nn_tensor *sequences(nn_ctx *nn, int n, int delay, int *label)
{
    static int ids[TEST * (DELAY + 1)];
    for (int i = 0; i < n; i++) {
        int *p = ids + i * (delay + 1);
        label[i] = nn_randint(nn, 0, SYMBOLS);
        p[0] = SYMBOLS + label[i];
        for (int t = 1; t <= delay; t++) p[t] = nn_randint(nn, 0, SYMBOLS);
    }
    nn_tensor *x = nn_one_hot(nn, ids, n * (delay + 1), 2 * SYMBOLS);
    return nn_requires_grad(nn_reshape(x, nn_shape3(n, delay + 1, 2 * SYMBOLS)));
}

static nn_tensor *answer(const nn_lstm *lstm, const nn_linear *out, nn_tensor *x)
{
    const nn_rnn_result r = nn_lstm_forward(lstm, x, NULL, NULL, NULL);
    return nn_linear_forward(out, nn_reshape(r.h, nn_shape2(x->shape.dim[0], UNITS)));
}

/* The norm of the gradient by the input at step t of all sequences. */
static double gradient_at(const nn_tensor *x, int t)
{
    const int time = x->shape.dim[1], size = x->shape.dim[2];
    double squares = 0;
    for (int n = 0; n < x->shape.dim[0]; n++)
        for (int i = 0; i < size; i++) {
            const double g = (double)x->grad[(n * time + t) * size + i];
            squares += g * g;
        }
    return sqrt(squares);
}

/* [train] */
/* Learns; gives how many of TEST new sequences are then right. arrives: before learning, the
 * gradient at the first input divided by that at the last one. */
static int train(nn_ctx *nn, nn_real bias, uint64_t seed, double *arrives)
{
    nn_seed(nn, seed);
    nn_model *model = nn_model_new(nn);
    const nn_rnn_options o = {.forget_bias = bias};
    const nn_lstm lstm = nn_lstm_new_with(model, "lstm", 2 * SYMBOLS, UNITS, o);
    const nn_linear out = nn_linear_new(model, "out", UNITS, SYMBOLS);
    nn_optimizer *opt = nn_adam(model, 0.01f);
    int label[TEST];
    for (int s = 0; s < STEPS; s++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *x = sequences(nn, N, s ? nn_randint(nn, 1, DELAY + 1) : DELAY, label);
        nn_backward(nn_cross_entropy(answer(&lstm, &out, x), label));
        if (s == 0) *arrives = gradient_at(x, 0) / gradient_at(x, DELAY);
        nn_clip_grad_norm(model, 1);
        nn_step(opt);
    }
    nn_clear(nn);
    return nn_count_correct(answer(&lstm, &out, sequences(nn, TEST, DELAY, label)), label);
}
/* [/train] */

int main(int argc, char **argv)
{
    const nn_real bias[BIASES] = {0, 1, 2, 4}; /* 0: as PyTorch begins, around 0 */
    const int seeds = argc > 1 ? atoi(argv[1]) : 4;
    double mean[BIASES] = {0};
    nn_ctx *nn = nn_create(1);
    printf("== the first input's gradient / the last one's; right after %d steps, in %%, by seed\n"
           "bias   f^%d   gradient   (by chance %.1f)\n", DELAY, DELAY, 100.0 / SYMBOLS);
    for (int k = 0; k < BIASES; k++) {
        double arrives = 0;
        printf("%4g %7.0e", (double)bias[k], pow(1 / (1 + exp(-(double)bias[k])), DELAY));
        for (int seed = 1; seed <= seeds; seed++) {
            const double right = 100.0 * train(nn, bias[k], (uint64_t)seed, &arrives) / TEST;
            if (seed == 1) printf(" %9.0e  ", arrives);
            printf(" %5.1f", right);
            mean[k] += right / seeds;
        }
        printf("\n");
    }
    int more = 1;
    for (int k = 1; k < BIASES; k++) more &= mean[k] > mean[k - 1];
    printf("\nexpected: the more is kept at first, the more is right; with 4 more than 95 %%\n");
    printf("got:      %.1f, %.1f, %.1f, %.1f %%\n", mean[0], mean[1], mean[2], mean[3]);
    const int ok = nn_ok(nn) && more && mean[3] > 95;
    nn_destroy(nn);
    return !ok;
}
