/* Gradients that vanish or explode in time. A loss of the last state alone: how much of its
 * gradient arrives at the state k steps before? Each step back is a product with W^T diag(f'): it
 * depends on the spectral radius of W (the size of its largest eigenvalue) and on the slopes f'.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { UNITS = 64, N = 16, TIME = 101, LAGS = 5, RUNS = 5, ROWS = 9 };
static const int lag[LAGS] = {1, 10, 25, 50, 100};

typedef struct setup {
    const char *text;
    double radius; /* about that of W; 0: W as it is drawn, which is 0.58 */
    int relu, identity; /* identity: W = radius times the identity */
    nn_real input; /* standard deviation of x */
} setup;

static double norm(const nn_real *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

/* Normal numbers of variance 1 / n make a matrix [n, n] whose eigenvalues have sizes up to about 1
 * (Girko 1984). */
static void set_recurrent(nn_tensor *w, setup s)
{
    for (int i = 0; i < UNITS * UNITS && s.radius > 0; i++)
        w->data[i] = s.identity ? (nn_real)(i % (UNITS + 1) == 0 ? s.radius : 0)
                                : nn_normal(w->ctx, 0, (nn_real)(s.radius / sqrt((double)UNITS)));
}

/* [measure] */
/* k steps before the end, the norm of the gradient divided by that at the end: share [LAGS] */
static void measure(nn_ctx *nn, setup s, double share[LAGS])
{
    nn_clear(nn);
    nn_model *model = nn_model_new(nn);
    const nn_rnn_options o = {.relu = s.relu};
    const nn_rnn rnn = nn_rnn_new_with(model, "rnn", UNITS, UNITS, o);
    set_recurrent(rnn.cell[0].weight_hh, s);
    nn_tensor *state[TIME];
    nn_tensor *h = nn_requires_grad(nn_full(nn, nn_shape2(N, UNITS), 0));
    for (int t = 0; t < TIME; t++) {
        nn_tensor *x = nn_scale(nn_randn(nn, nn_shape2(N, UNITS)), s.input);
        state[t] = h = nn_rnn_cell_forward(&rnn.cell[0], x, h).h;
    }
    nn_backward(nn_sum(nn_mul(h, nn_randn(nn, h->shape)))); /* any loss of the last state alone */
    for (int k = 0; k < LAGS; k++)
        share[k] = norm(state[TIME - 1 - lag[k]]->grad, h->size) / norm(h->grad, h->size);
}
/* [/measure] */

int main(int argc, char **argv) /* 13_vanishing [SEED] */
{
    static const setup s[ROWS] = {{"tanh, W as it is drawn", 0, 0, 0, 1},
                                  {"tanh, radius 0.9", 0.9, 0, 0, 1},
                                  {"tanh, radius 1.2", 1.2, 0, 0, 1},
                                  {"tanh, radius 1.2, large input", 1.2, 0, 0, 5},
                                  {"tanh, radius 1.5, no input", 1.5, 0, 0, 0},
                                  {"tanh, radius 2, no input", 2, 0, 0, 0},
                                  {"ReLU, radius 1", 1, 1, 0, 1},
                                  {"ReLU, radius 2", 2, 1, 0, 1},
                                  {"ReLU, W the identity", 1, 1, 1, 1}};
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 13);
    printf("== of the gradient arrives, k steps before the end (geometric mean of %d runs)\n%-31s",
           RUNS, "");
    for (int k = 0; k < LAGS; k++) printf("%9d", lag[k]);
    double late[ROWS] = {0};
    for (int i = 0; i < ROWS; i++) {
        double logs[LAGS] = {0}, share[LAGS];
        for (int run = 0; run < RUNS; run++) {
            measure(nn, s[i], share);
            for (int k = 0; k < LAGS; k++) logs[k] += log(share[k]) / RUNS;
        }
        printf("\n%-31s", s[i].text);
        for (int k = 0; k < LAGS; k++) printf("%9.1e", exp(logs[k]));
        late[i] = exp(logs[LAGS - 1]);
    }

    const int ok = late[0] < 1e-20 && late[1] < 1e-9 && late[2] < 1e-3 && late[3] < 1e-15 &&
                   late[5] > 10 && late[7] > 1e9 && late[8] > 0.01 && late[8] < 10;
    printf("\n\nexpected: with tanh and input it vanishes; without, or with ReLU, it may explode; "
           "W = 1 keeps it: yes\n");
    printf("got:      %s\n", ok ? "yes" : "no");
    nn_destroy(nn);
    return !ok;
}
