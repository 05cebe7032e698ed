/* One loop, three kinds of gradient descent: the size of the batch makes it batch, mini-batch or
 * stochastic. Linear regression on real data: how far diabetes had progressed a year after ten
 * measurements were taken (442 patients; Efron et al. 2004).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 20 };

/* Error of the model on samples x [n, 10] with targets t [n, 1]. With J the mean of its square,
 * dJ/dw = 2/n sum error * x and dJ/db = 2/n sum error: share 2/n of the sums is added to the grads,
 * so that parts may be taken one after the other. */
static double gradient(const nn_linear *l, nn_tensor *x, nn_tensor *t, nn_real share)
{
    nn_tensor *error = nn_sub(nn_linear_forward(l, x), t);                /* [n, 1] */
    nn_tensor *dw = nn_matmul(nn_transpose(error, 0, 1), x);              /* [1, 10] */
    for (size_t j = 0; j < dw->size; j++) l->weight->grad[j] += share * dw->data[j];
    l->bias->grad[0] += share * nn_item(nn_sum(error));
    return (double)nn_item(nn_mean(nn_square(error)));
}

static double distance(const nn_linear *l, const nn_real *whole) /* of the two gradients */
{
    double sum = 0;
    for (int j = 0; j < 11; j++) {
        const nn_real g = j < 10 ? l->weight->grad[j] : l->bias->grad[0];
        sum += ((double)g - (double)whole[j]) * ((double)g - (double)whole[j]);
    }
    return sqrt(sum);
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
    nn_real start[11], whole[11];

    nn_model_get(net, start);
    gradient(&line, nn_dataset_x(&data), nn_dataset_target(&data), 2 / (nn_real)data.n);
    memcpy(whole, line.weight->grad, 10 * sizeof *whole);
    whole[10] = line.bias->grad[0];

    printf("== the same gradient in parts of 100: not all data need be in memory\n");
    nn_zero_grad(net);
    for (nn_batches b = nn_batches_new(&data, 100, 0); nn_next_batch(&b);) {
        nn_clear(nn);
        gradient(&line, nn_batch_x(&b), nn_batch_target(&b), 2 / (nn_real)data.n);
        printf("a part of %3d: %.3f from the whole gradient\n", b.n, distance(&line, whole));
    }
    const double parts = distance(&line, whole);

    static const int size[] = {1, 4, 16, 64, 442};
    double noise[5];
    printf("\n== %d epochs of descent, learning rate 0.01\n", EPOCHS);
    printf("batch   steps/epoch   noise of the gradient   loss after 1, 5 and all epochs\n");
    for (int k = 0; k < 5; k++) {
        nn_batches b = nn_batches_new(&data, size[k], 1);
        nn_optimizer *opt = nn_sgd(net, 0.01f);
        double after[EPOCHS + 1];
        nn_model_set(net, start);
        noise[k] = 0;
        for (int epoch = 0; epoch <= EPOCHS; epoch++) { /* epoch 0 only looks */
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(net);
                /* [step] */
                gradient(&line, nn_batch_x(&b), nn_batch_target(&b), 2 / (nn_real)b.n);
                if (epoch > 0) nn_step(opt);
                /* [/step] */
                else noise[k] += distance(&line, whole) * b.n / data.n;
            }
            nn_clear(nn);
            after[epoch] = gradient(&line, nn_dataset_x(&data), nn_dataset_target(&data), 0);
        }
        const int steps = (data.n + size[k] - 1) / size[k]; /* the last one may be short */
        printf("%5d   %11d   %21.3f   %.3f  %.3f  %.3f\n", size[k], steps, noise[k], after[1],
               after[5], after[EPOCHS]);
    }
    printf("\nexpected: parts give the whole gradient; noise falls as 1 / sqrt(batch) to none\n");
    const int halves = noise[1] / noise[0] < 0.6 && noise[2] / noise[1] < 0.6 && noise[4] < 1e-5;
    printf("got:      %s and %s\n", parts < 1e-5 ? "yes" : "no", halves ? "yes" : "no");
    const int failed = !nn_ok(nn) || !(parts < 1e-5 && halves);
    nn_destroy(nn);
    return failed;
}
