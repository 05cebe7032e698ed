/* Exercise 14.5: the weights of somebody else's GRU (code, 30 minutes).
 *
 * from_keras: the arrays of a Keras GRU (reset_after=True, its default) into a cell of nn.h:
 * kernel[IN][3 H] of x and recurrent[H][3 H] of h have a row for each input and the gates side by
 * side, z, r, candidate; bias[2][3 H] has those that go with x first. Its equations are those of
 * NN_GRU_PYTORCH.
 *
 * from_cho: the parameters of a cell of the convention NN_GRU_CHO into one of NN_GRU_CHUNG, so that
 * both compute the same.
 *
 * The rows of weight_ih [3 H, IN], weight_hh [3 H, H], bias_ih and bias_hh [3 H]: r, z, n.
 */
#include "../exercises/check.h"

enum { IN = 2, H = 3, STEPS = 6 };

static void from_keras(double kernel[IN][3 * H], double recurrent[H][3 * H], double bias[2][3 * H],
                       const nn_gru_cell *l)
{
    /* Your code, instead of the lines down to END: */
    /* END */
    (void)kernel, (void)recurrent, (void)bias, (void)l;
}

static void from_cho(const nn_gru_cell *cho, const nn_gru_cell *chung)
{
    /* Your code, instead of the lines down to END: */
    /* END */
    (void)cho, (void)chung;
}

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

/* A step as Keras does it: h becomes z h + (1 - z) tanh(W x + b + r (U h + c)). */
static void keras(double kernel[IN][3 * H], double recurrent[H][3 * H], double bias[2][3 * H],
                  const double *x, double *h)
{
    double of_x[3 * H], of_h[3 * H];
    for (int k = 0; k < 3 * H; k++) {
        of_x[k] = bias[0][k], of_h[k] = bias[1][k];
        for (int i = 0; i < IN; i++) of_x[k] += x[i] * kernel[i][k];
        for (int i = 0; i < H; i++) of_h[k] += h[i] * recurrent[i][k];
    }
    for (int j = 0; j < H; j++) {
        const double z = sigmoid(of_x[j] + of_h[j]), r = sigmoid(of_x[H + j] + of_h[H + j]);
        h[j] = z * h[j] + (1 - z) * tanh(of_x[2 * H + j] + r * of_h[2 * H + j]);
    }
}

static nn_gru gru_new(nn_ctx *nn, const char *name, int convention)
{
    nn_rnn_options o = {0};
    o.convention = convention;
    return nn_gru_new_with(nn_model_new(nn), name, IN, H, o);
}

static double apart(const nn_real *a, const double *b, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++) { /* NaN stays */
        const double d = fabs((double)a[i] - b[i]);
        if (!(d <= most)) most = d;
    }
    return most;
}

int main(void)
{
    nn_ctx *nn = nn_create(14);
    nn_tensor *x = nn_randn(nn, nn_shape3(1, STEPS, IN));
    double kernel[IN][3 * H], recurrent[H][3 * H], bias[2][3 * H], h[H] = {0}, states[STEPS * H];
    for (int k = 0; k < 3 * H; k++) {
        for (int i = 0; i < IN; i++) kernel[i][k] = (double)nn_normal(nn, 0, 1);
        for (int i = 0; i < H; i++) recurrent[i][k] = (double)nn_normal(nn, 0, 1);
        for (int i = 0; i < 2; i++) bias[i][k] = (double)nn_normal(nn, 0, 1);
    }
    for (int t = 0; t < STEPS; t++) {
        double now[IN];
        for (int i = 0; i < IN; i++) now[i] = (double)x->data[t * IN + i];
        keras(kernel, recurrent, bias, now, h);
        for (int j = 0; j < H; j++) states[t * H + j] = h[j];
    }
    const nn_gru mine = gru_new(nn, "mine", NN_GRU_PYTORCH);
    from_keras(kernel, recurrent, bias, &mine.cell[0]);
    expect_near("from Keras: off by", apart(nn_gru_forward(&mine, x, NULL, NULL).output->data,
                                            states, STEPS * H), 0, 2e-5);

    const nn_gru cho = gru_new(nn, "cho", NN_GRU_CHO), chung = gru_new(nn, "chung", NN_GRU_CHUNG);
    const nn_tensor *right = nn_gru_forward(&cho, x, NULL, NULL).output;
    for (int i = 0; i < STEPS * H; i++) states[i] = (double)right->data[i];
    from_cho(&cho.cell[0], &chung.cell[0]);
    expect_near("from Cho: off by", apart(nn_gru_forward(&chung, x, NULL, NULL).output->data,
                                          states, STEPS * H), 0, 2e-5);
    nn_destroy(nn);
    return check_done();
}
