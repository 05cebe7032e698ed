/* What a network has to beat. Linear, logistic and softmax regression are networks of one layer;
 * the first must end where the normal equations say. Cheaper still: always the mean of the training
 * targets, for those of the test nobody knows. Then: is a network with a hidden layer better, or
 * was it chance? The difference of two models on the same samples has an interval, too.
 *
 *     16_baselines [SEED]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { D = 11, DIGITS = 10, PIXELS = 64, MAX = 1800, RESAMPLES = 1000 };

/* ---- linear regression ---- */

/* Solves (X^T X) w = X^T t by elimination; each row of X is a sample and a 1. */
static void normal_equations(const nn_dataset *data, double w[D])
{
    double a[D][D + 1] = {{0}};
    for (int s = 0; s < data->n; s++) {
        double x[D + 1] = {0};
        for (int i = 0; i < D - 1; i++) x[i] = (double)data->x[s * (D - 1) + i];
        x[D - 1] = 1;
        x[D] = (double)data->target[s];
        for (int i = 0; i < D; i++)
            for (int j = 0; j <= D; j++) a[i][j] += x[i] * x[j];
    }
    for (int k = 0; k < D; k++) /* X^T X is positive definite: no exchange of rows is needed */
        for (int i = 0; i < D; i++) {
            const double factor = a[i][k] / a[k][k];
            for (int j = k; i != k && j <= D; j++) a[i][j] -= factor * a[k][j];
        }
    for (int i = 0; i < D; i++) w[i] = a[i][D] / a[i][i];
}

/* [linear] */
static nn_tensor *one_layer(void *user, nn_tensor *x)
{
    return nn_linear_forward((const nn_linear *)user, x);
}

static nn_linear linear_regression(nn_ctx *nn, const nn_dataset *train)
{
    nn_model *model = nn_model_new(nn);
    nn_linear unit = nn_linear_new(model, "unit", D - 1, 1);
    nn_optimizer *opt = nn_momentum(model, 0.05f, 0.95f);
    for (int step = 0; step < 5000 && nn_ok(nn); step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_backward(nn_mse(one_layer(&unit, nn_dataset_x(train)), nn_dataset_target(train)));
        nn_step(opt);
    }
    return unit;
}
/* [/linear] */

/* [metrics] */
typedef struct regression {
    const nn_real *y, *target;
} regression;

static double r2_of(void *user, const int *index, int n)
{
    const regression *r = (const regression *)user;
    static nn_real y[MAX], target[MAX];
    for (int i = 0; i < n; i++) y[i] = r->y[index[i]], target[i] = r->target[index[i]];
    return nn_regression_scores(y, target, n).r2;
}

typedef struct comparison { /* right[k][i]: 1 if model k is right about sample i */
    int right[2][MAX];
} comparison;

static double difference(void *user, const int *index, int n) /* of two accuracies */
{
    const comparison *c = (const comparison *)user;
    double more = 0;
    for (int i = 0; i < n; i++) more += c->right[1][index[i]] - c->right[0][index[i]];
    return 100 * more / n;
}
/* [/metrics] */

/* ---- softmax regression, for 2 classes logistic regression; a network with a hidden layer ---- */

typedef struct network {
    nn_linear hidden, output;
    int layers; /* 1: the output alone */
} network;

static nn_tensor *classify(void *user, nn_tensor *x)
{
    const network *net = (const network *)user;
    if (net->layers == 2) x = nn_relu(nn_linear_forward(&net->hidden, x));
    return nn_linear_forward(&net->output, x);
}

/* Learns from train; right [test->n]: whether each of test is read correctly. */
static void learn(nn_ctx *nn, int layers, const nn_dataset *train, const nn_dataset *test,
                  int *right)
{
    static nn_real z[MAX * DIGITS];
    static int seen[MAX];
    const int classes = test->classes;
    nn_model *model = nn_model_new(nn);
    network net = {{NULL, NULL}, {NULL, NULL}, layers};
    if (layers == 2) net.hidden = nn_linear_new(model, "hidden", test->size, 128);
    net.output = nn_linear_new(model, "output", layers == 2 ? 128 : test->size, classes);
    nn_optimizer *opt = nn_adam(model, layers == 2 ? 0.005f : 0.01f);
    nn_batches b = nn_batches_new(train, 32, 1);
    while (b.epoch < 30 && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(classify(&net, nn_batch_x(&b)), b.label));
            nn_step(opt);
        }
    if (!nn_evaluate(test, classify, &net, 100, classes, z)) return;
    nn_argmax(nn_input(nn, z, nn_shape2(test->n, classes)), seen);
    for (int i = 0; i < test->n; i++) right[i] = seen[i] == test->label[i];
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 42);
    const nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0}, plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/diabetes.csv", with_header);
    nn_dataset all = nn_dataset_targets(&table, -1), train, test;
    nn_split(&all, 0.3, &train, &test);
    nn_scaler scaler = nn_scaler_fit(&train);
    nn_scaler_apply(&scaler, &train);
    nn_scaler_apply(&scaler, &test);
    if (!nn_ok(nn)) return 1;
    nn_linear unit = linear_regression(nn, &train);
    double exact[D], off = 0, largest = 0;
    normal_equations(&train, exact);
    printf("== weights\n%29s %25s\n", "by gradient descent", "by the normal equations");
    for (int i = 0; i < D; i++) {
        const double learned = (double)(i < D - 1 ? unit.weight->data[i] : unit.bias->data[0]);
        printf("%-8s %20.2f %25.2f\n", i < D - 1 ? table.name[i] : "bias", learned, exact[i]);
        off = fmax(off, fabs(learned - exact[i]));
        largest = fmax(largest, fabs(exact[i]));
    }
    nn_real y[MAX], same[MAX];
    double mean = 0;
    if (!nn_evaluate(&test, one_layer, &unit, 100, 1, y)) return 1;
    for (int i = 0; i < train.n; i++) mean += (double)train.target[i] / train.n;
    for (int i = 0; i < test.n; i++) same[i] = (nn_real)mean;
    regression r = {y, test.target};
    const nn_regression s = nn_regression_scores(y, test.target, test.n);
    const nn_regression always = nn_regression_scores(same, test.target, test.n);
    const nn_interval r2 = nn_bootstrap_interval(nn, r2_of, &r, test.n, RESAMPLES, 0.95);
    printf("\n== %d other patients\n%29s  RMSE   MAE     R2, 95 %% interval\n", test.n, "MSE");
    printf("linear regression       %5.0f %5.1f %5.1f %6.3f, %.2f to %.2f\n", s.mse, s.rmse, s.mae,
           r2.value, r2.low, r2.high);
    printf("the training mean       %5.0f %5.1f %5.1f %6.3f\n", always.mse, always.rmse, always.mae,
           always.r2);

    static comparison c;
    table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    all = nn_dataset_classes(&table, -1);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * PIXELS; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split_stratified(&all, 0.5, &train, &test);
    if (!nn_ok(nn)) return 1;
    printf("\n== right in %% of %d digits\n%36s  %12s  %10s, 95 %% interval\n", all.n, "one layer",
           "hidden layer", "difference");
    nn_interval more = {0, 0, 0, 0, 0};
    for (int task = 0; task < 2 && nn_ok(nn); task++) {
        for (int i = 0; i < train.n; i++) train.label[i] %= task ? 2 : DIGITS;
        for (int i = 0; i < test.n; i++) test.label[i] %= task ? 2 : DIGITS;
        train.classes = test.classes = task ? 2 : DIGITS;
        double right[2] = {0, 0};
        for (int k = 0; k < 2; k++) { /* each half is learned once, and tested once */
            learn(nn, k + 1, &train, &test, c.right[k]);
            learn(nn, k + 1, &test, &train, c.right[k] + test.n);
            for (int i = 0; i < all.n; i++) right[k] += 100.0 * c.right[k][i] / all.n;
        }
        more = nn_bootstrap_interval(nn, difference, &c, all.n, RESAMPLES, 0.95);
        printf("%-26s %9.1f  %12.1f  %10.1f, %.1f to %.1f\n",
               task ? "even or odd? (logistic)" : "which digit? (softmax)", right[0], right[1],
               more.value, more.low, more.high);
    }

    printf("\nexpected: weights within 0.1 %% of the largest, R2 above 0 in the whole interval,\n"
           "          even or odd: the hidden layer better, by more than chance\n");
    printf("got:      %s, %s, %s\n", off < 1e-3 * largest ? "yes" : "no", r2.low > 0 ? "yes" : "no",
           more.low > 0 ? "yes" : "no");
    const int ok = nn_ok(nn) && off < 1e-3 * largest && r2.low > 0 && more.low > 0;
    nn_destroy(nn);
    return !ok;
}
