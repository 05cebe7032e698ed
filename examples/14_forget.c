/* How a forget gate begins decides how soon something is learned. An LSTM has to name the first
 * symbol of a sequence after DELAY others; it learns from delays of 1 to DELAY, mixed, as in
 * 14_recall.c. Its forget gates begin at sigmoid(bias), and sigmoid(bias)^DELAY of the gradient
 * comes back along the cell state. (Gers, Schmidhuber and Cummins 2000; Jozefowicz, Zaremba and
 * Sutskever 2015.)
 *
 *     14_forget [SEEDS [STEPS [only]]]     3 and 700; only: of no delay but the longest
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 16, SYMBOLS = 8, UNITS = 16, DELAY = 50, TEST = 256, BIASES = 4, MOST = 100 };

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

static double right(nn_ctx *nn, const nn_lstm *lstm, const nn_linear *out) /* in % */
{
    int label[TEST];
    nn_clear(nn);
    nn_tensor *x = sequences(nn, TEST, DELAY, label);
    return 100.0 * nn_count_correct(answer(lstm, out, x), label) / TEST;
}

/* [train] */
typedef struct result {
    double arrives; /* before learning: the gradient at the first input / that at the last */
    double half, right; /* after half of the steps, after all of them */
} result;

static result train(nn_ctx *nn, nn_real bias, int steps, int only, uint64_t seed)
{
    nn_seed(nn, seed);
    nn_model *model = nn_model_new(nn);
    const nn_rnn_options o = {.forget_bias = bias};
    const nn_lstm lstm = nn_lstm_new_with(model, "lstm", 2 * SYMBOLS, UNITS, o);
    const nn_linear out = nn_linear_new(model, "out", UNITS, SYMBOLS);
    nn_optimizer *opt = nn_adam(model, 0.01f);
    result r = {0};
    int label[N];
    for (int s = 0; s < steps; s++) {
        if (s == steps / 2) r.half = right(nn, &lstm, &out);
        nn_clear(nn);
        nn_zero_grad(model);
        const int delay = only || s == 0 ? DELAY : nn_randint(nn, 1, DELAY + 1);
        nn_tensor *x = sequences(nn, N, delay, label);
        nn_backward(nn_cross_entropy(answer(&lstm, &out, x), label));
        if (s == 0) r.arrives = gradient_at(x, 0) / gradient_at(x, DELAY);
        nn_clip_grad_norm(model, 1);
        nn_step(opt);
    }
    r.right = right(nn, &lstm, &out);
    return r;
}
/* [/train] */

int main(int argc, char **argv)
{
    const nn_real bias[BIASES] = {0, 1, 2, 4}; /* 0: as PyTorch begins, around 0 */
    const int seeds = argc > 1 ? atoi(argv[1]) : 3, steps = argc > 2 ? atoi(argv[2]) : 700;
    if (seeds < 1 || seeds > MOST || steps < 2) {
        printf("14_forget [SEEDS [STEPS [only]]]: 1 to %d seeds, at least 2 steps\n", MOST);
        return 1;
    }
    double half[BIASES] = {0}, all[BIASES] = {0};
    nn_ctx *nn = nn_create(1);
    printf("== right after %d steps | after %d, in %%, by seed (by chance %.1f)\n"
           "bias   f^%d  gradient\n", steps / 2, steps, 100.0 / SYMBOLS, DELAY);
    for (int k = 0; k < BIASES; k++) {
        result r[MOST];
        for (int i = 0; i < seeds; i++) {
            r[i] = train(nn, bias[k], steps, argc > 3, (uint64_t)i + 1);
            half[k] += r[i].half / seeds;
            all[k] += r[i].right / seeds;
        }
        printf("%4g %7.0e %9.0e  ", (double)bias[k], pow(1 / (1 + exp(-(double)bias[k])), DELAY),
               r[0].arrives);
        for (int i = 0; i < seeds; i++) printf(" %5.1f", r[i].half);
        printf("  |");
        for (int i = 0; i < seeds; i++) printf(" %5.1f", r[i].right);
        printf("\n");
    }
    const int learned = argc < 4 && steps >= 700; /* fewer steps or `only`: nothing is expected */
    printf("\nexpected: after half of the steps bias 4 is ahead of bias 0; after 700 or more all\n"
           "          have more than 80 %%\n");
    printf("got:      %.1f, %.1f, %.1f, %.1f | %.1f, %.1f, %.1f, %.1f %%\n", half[0], half[1],
           half[2], half[3], all[0], all[1], all[2], all[3]);
    int ok = nn_ok(nn);
    for (int k = 0; k < BIASES; k++) ok &= !learned || all[k] > 80;
    ok &= !learned || steps > 700 || half[3] > half[0] + 10;
    nn_destroy(nn);
    return !ok;
}
