/* Time series: the sunspots of each year from those of the 11 years before, by a small recurrent
 * network. How far off is it in the last 69 years, beside two simpler methods? It learns from the
 * years before 1940 alone: mean and spread, by which all numbers are scaled, are theirs, too, and
 * so is the number of steps.
 *
 *     13_sunspots             learns, forecasts
 *     13_sunspots steps       tries numbers of steps, on the years before 1940 (14 s)
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { K = 11, TEST = 69, UNITS = 16, STEPS = 200, SEEDS = 5, BLOCKS = 5, MAX_YEARS = 400 };

/* [network] */
typedef struct network {
    nn_rnn rnn;
    nn_linear out;
} network;

/* v[0..n + K - 1] -> forecasts [n, 1]: the year before plus a change that the network makes of the
 * last state, after K years. */
static nn_tensor *forecast(const network *net, nn_ctx *nn, const nn_real *v, int n)
{
    nn_tensor *x = nn_full(nn, nn_shape3(n, K, 1), 0);
    for (int i = 0; i < n * K; i++) x->data[i] = v[i / K + i % K];
    nn_tensor *state = nn_rnn_forward(&net->rnn, x, NULL, NULL).h; /* [1, n, UNITS] */
    nn_tensor *change = nn_linear_forward(&net->out, nn_reshape(state, nn_shape2(n, UNITS)));
    return nn_add(change, nn_reshape(nn_slice(x, 1, K - 1, K), nn_shape2(n, 1)));
}
/* [/network] */

/* Learns v[K..years - 1], but not v[from..to - 1]. */
static network learn(nn_ctx *nn, const nn_real *v, int years, int steps, int from, int to,
                     uint64_t seed)
{
    nn_seed(nn, seed);
    nn_model *model = nn_model_new(nn);
    network net = {nn_rnn_new(model, "rnn", 1, UNITS), nn_linear_new(model, "out", UNITS, 1)};
    nn_optimizer *opt = nn_adam(model, 0.01f);
    for (int step = 0; step < steps; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *y = forecast(&net, nn, v, years - K), *target = nn_input(nn, v + K, y->shape);
        nn_tensor *learned = nn_full(nn, y->shape, 1); /* 0: an error that does not count */
        for (int t = from; t < to; t++) learned->data[t - K] = 0;
        nn_backward(nn_mse(nn_mul(y, learned), nn_mul(target, learned)));
        nn_clip_grad_norm(model, 1);
        opt->lr = nn_cosine_annealing_lr(0.01f, 0, steps, step);
        nn_step(opt);
    }
    return net;
}

/* Autoregression (Yule 1927, who made it for the sunspots): v[t] = w[0] v[t-11] + .. + w[10] v[t-1]
 * + w[11] with the least squared error on v[K..years - 1]. Solves A w = b by elimination. */
static void autoregression(const nn_real *v, int years, double w[K + 1])
{
    double a[K + 1][K + 2] = {{0}}; /* A, and b as its last column */
    for (int t = K; t < years; t++)
        for (int i = 0; i <= K; i++)
            for (int j = 0; j <= K + 1; j++)
                a[i][j] += (i < K ? (double)v[t - K + i] : 1) *
                           (j < K ? (double)v[t - K + j] : j == K ? 1 : (double)v[t]);
    for (int k = 0; k <= K; k++) /* A is positive definite: no pivoting */
        for (int i = k + 1; i <= K; i++)
            for (int j = K + 1; j >= k; j--) a[i][j] -= a[i][k] / a[k][k] * a[k][j];
    for (int i = K; i >= 0; i--) {
        w[i] = a[i][K + 1];
        for (int j = i + 1; j <= K; j++) w[i] -= a[i][j] * w[j];
        w[i] /= a[i][i];
    }
}

static double squares(const nn_real *y, const nn_real *v, int n) /* the sum of those of y - v */
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double d = (double)y[i] - (double)v[i];
        sum += d * d;
    }
    return sum;
}

static double rmse(const nn_real *y, const nn_real *v) { return sqrt(squares(y, v, TEST) / TEST); }

/* How many steps? Cross-validation (chapter 8): of five blocks of years each is left out once and
 * then forecast. */
static void try_steps(nn_ctx *nn, const nn_real *v, int years, double std)
{
    static const int steps[5] = {50, 100, 200, 400, 800};
    enum { TRIES = 10 };
    const int size = (years - K + BLOCKS - 1) / BLOCKS;
    printf("== root of the mean squared error in years left out, %d seeds\n"
           "steps  mean  lowest  highest\n", TRIES);
    for (int k = 0; k < 5; k++) {
        double mean = 0, lowest = 1e9, highest = 0;
        for (int s = 1; s <= TRIES; s++) {
            double sum = 0;
            for (int from = K; from < years; from += size) {
                const int n = from + size < years ? size : years - from;
                const network net = learn(nn, v, years, steps[k], from, from + n, (uint64_t)s);
                nn_clear(nn);
                sum += squares(forecast(&net, nn, v + from - K, n)->data, v + from, n);
            }
            const double error = std * sqrt(sum / (years - K));
            mean += error / TRIES;
            lowest = fmin(lowest, error), highest = fmax(highest, error);
        }
        printf("%5d  %4.1f    %4.1f     %4.1f\n", steps[k], mean, lowest, highest);
    }
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(1);
    const nn_csv_options with_header = {.header = 1};
    const nn_table table = nn_csv_load(nn, "examples/data/sunspots.csv", with_header);
    const int years = table.rows - TEST;
    if (years < 2 * K || table.rows > MAX_YEARS) return nn_destroy(nn), 1;
    nn_real v[MAX_YEARS];
    for (int i = 0; i < table.rows; i++) v[i] = table.data[2 * i + 1]; /* year, sunspots */
    const nn_stat past = nn_stats(nn_input(nn, v, nn_shape1(years)));
    for (int i = 0; i < table.rows; i++) v[i] = (nn_real)(((double)v[i] - past.mean) / past.std);
    if (argc > 1 && strcmp(argv[1], "steps") == 0) {
        try_steps(nn, v, years, past.std);
        const int ok = nn_ok(nn);
        nn_destroy(nn);
        return !ok;
    }

    const nn_real *test = v + years;
    double w[K + 1], error[SEEDS], worst = 0;
    nn_real linear[TEST], network_says[TEST] = {0};
    autoregression(v, years, w);
    for (int i = 0; i < TEST; i++) {
        double y = w[K];
        for (int k = 0; k < K; k++) y += w[k] * (double)test[i - K + k];
        linear[i] = (nn_real)y;
    }
    for (int s = 0; s < SEEDS; s++) {
        const network net = learn(nn, v, years, STEPS, 0, 0, (uint64_t)s + 1);
        nn_clear(nn);
        nn_tensor *y = forecast(&net, nn, test - K, TEST);
        error[s] = past.std * rmse(y->data, test);
        if (error[s] > worst) worst = error[s];
        if (s == 0) memcpy(network_says, y->data, sizeof network_says);
    }

    printf("== root of the mean squared error, %d to %d\n", (int)table.data[2 * years],
           (int)table.data[2 * table.rows - 2]);
    printf("as many as the year before    %4.1f\n", past.std * rmse(test - 1, test));
    printf("autoregression, %d years      %4.1f\n", K, past.std * rmse(linear, test));
    printf("recurrent network, %d seeds   ", SEEDS);
    for (int s = 0; s < SEEDS; s++) printf(" %4.1f", error[s]);
    printf("\n\n== year  sunspots  autoregression  network\n");
    for (int i = 15; i < 28; i++)
        printf("%7.0f %9.0f %15.0f %8.0f\n", (double)table.data[2 * (years + i)],
               (double)table.data[2 * (years + i) + 1], past.mean + past.std * (double)linear[i],
               past.mean + past.std * (double)network_says[i]);
    printf("\nexpected: an error of at most 20 with every seed: yes\n");
    printf("got:      %s\n", worst <= 20 ? "yes" : "no");
    const int ok = nn_ok(nn) && worst <= 20;
    nn_destroy(nn);
    return !ok;
}
