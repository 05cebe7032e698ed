/* One loop, three kinds of gradient descent: the size of the batch makes it batch, mini-batch or
 * stochastic. Linear regression on real data: how far diabetes had progressed a year after ten
 * measurements were taken (442 patients; Efron et al. 2004).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 20, SIZES = 5 };

/* The loss of a sample is error^2, its slopes are 2 error x by w and 2 error by b. Adds share times
 * their sums over the samples x [n, 10] with targets t [n, 1] to the grads: the mean over all N
 * samples if share is 1 / N, in one part or in several. Gives the mean loss of these n. */
/* [gradient] */
static double gradient(const nn_linear *line, nn_tensor *x, nn_tensor *t, nn_real share)
{
    nn_tensor *error = nn_sub(nn_linear_forward(line, x), t);       /* [n, 1] */
    nn_tensor *dw = nn_matmul(nn_transpose(error, 0, 1), x);        /* [1, 10] */
    for (size_t j = 0; j < dw->size; j++) line->weight->grad[j] += 2 * share * dw->data[j];
    line->bias->grad[0] += 2 * share * nn_item(nn_sum(error));
    return (double)nn_item(nn_mean(nn_square(error)));
}
/* [/gradient] */

/* The square of the distance between the gradient in line and another one, [11]. */
static double squared_distance(const nn_linear *line, const nn_real *other)
{
    double sum = pow((double)(line->bias->grad[0] - other[10]), 2);
    for (int j = 0; j < 10; j++) sum += pow((double)(line->weight->grad[j] - other[j]), 2);
    return sum;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/diabetes.csv", with_header);
    nn_dataset data = nn_dataset_targets(&table, -1);
    nn_scaler scaler = nn_scaler_fit(&data);
    nn_scaler_apply(&scaler, &data);
    if (!nn_ok(nn)) return 1;
    for (int i = 0; i < data.n; i++) data.target[i] /= 100; /* 25..346: numbers of order 1 */
    nn_set_grad_enabled(nn, 0); /* no graph: the gradient is written down above */
    nn_model *net = nn_model_new(nn);
    nn_linear line = nn_linear_new(net, "line", data.size, 1);
    nn_tensor *x = nn_dataset_x(&data), *t = nn_dataset_target(&data);
    nn_real start[11], whole[11];
    nn_model_get(net, start);
    gradient(&line, x, t, 1 / (nn_real)data.n);
    memcpy(whole, line.weight->grad, 10 * sizeof *whole);
    whole[10] = line.bias->grad[0];

    printf("== the same gradient in parts of 100: not all data need be in memory\n");
    nn_zero_grad(net);
    for (nn_batches b = nn_batches_new(&data, 100, 0); nn_next_batch(&b); nn_clear(nn)) {
        gradient(&line, nn_batch_x(&b), nn_batch_target(&b), 1 / (nn_real)data.n);
        printf("%3d more: %.3f from the whole gradient\n", b.n,
               sqrt(squared_distance(&line, whole)));
    }
    int good = squared_distance(&line, whole) < 1e-10;

    static const int size[SIZES] = {1, 4, 16, 64, 442};
    printf("\n== batches by size\n"
           "learning rate 0.01; variance of the gradient before the first step\n");
    printf("batch  steps/epoch  variance  s2/B (N-B)/(N-1)  loss after 1, 5, %d epochs\n", EPOCHS);
    double s2 = 0;
    for (int k = 0; k < SIZES; k++) {
        const int B = size[k], N = data.n, steps = (N + B - 1) / B; /* the last one may be short */
        nn_batches b = nn_batches_new(&data, B, 1);
        nn_optimizer *opt = nn_sgd(net, 0.01f);
        nn_model_set(net, start);
        double variance = 0;
        for (int epoch = 0; epoch < EPOCHS; epoch++) /* only look */
            for (; nn_next_batch(&b); nn_clear(nn)) {
                nn_zero_grad(net);
                gradient(&line, nn_batch_x(&b), nn_batch_target(&b), 1 / (nn_real)b.n);
                if (b.n == B) variance += squared_distance(&line, whole) / EPOCHS / (N / B);
            }
        if (B == 1) s2 = variance;
        const double theory = s2 / B * (N - B) / (N - 1);
        good = good && fabs(variance - theory) < 0.15 * theory + 1e-9;
        printf("%5d  %11d  %8.1f  %16.1f", B, steps, variance, theory);
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            /* [epoch] */
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(net);
                gradient(&line, nn_batch_x(&b), nn_batch_target(&b), 1 / (nn_real)b.n);
                nn_step(opt);
            }
            /* [/epoch] */
            nn_clear(nn);
            if (epoch == 1 || epoch == 5 || epoch == EPOCHS)
                printf("  %.3f", gradient(&line, nn_dataset_x(&data), nn_dataset_target(&data), 0));
        }
        printf("\n");
    }
    printf("\nexpected: parts give the whole gradient; its variance falls as 1 / batch\n");
    printf("got:      %s\n", good ? "yes" : "no");
    nn_destroy(nn);
    return !good;
}
