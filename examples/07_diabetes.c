/* Regression on real data: how far the disease has come in a year, from ten measurements of 442
 * patients. Gradient descent on the mean squared error ends where the normal equations say.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { D = 11 }; /* ten features and a 1 for the bias */

/* Solves (X^T X) w = X^T t by elimination; each row of X is a sample and a 1. */
static void normal_equations(const nn_dataset *data, double w[D])
{
    double a[D][D + 1] = {{0}};
    for (int s = 0; s < data->n; s++)
        for (int i = 0; i < D; i++) {
            const double xi = i < D - 1 ? (double)data->x[s * (D - 1) + i] : 1;
            for (int j = 0; j < D - 1; j++) a[i][j] += xi * (double)data->x[s * (D - 1) + j];
            a[i][D - 1] += xi;
            a[i][D] += xi * (double)data->target[s];
        }
    for (int k = 0; k < D; k++) /* X^T X is positive definite: no exchange of rows is needed */
        for (int i = 0; i < D; i++) {
            const double factor = a[i][k] / a[k][k];
            for (int j = k; i != k && j <= D; j++) a[i][j] -= factor * a[k][j];
        }
    for (int i = 0; i < D; i++) w[i] = a[i][D] / a[i][i];
}

/* R^2 = 1 - SSE / (the SSE of always saying the mean): 1 is perfect, 0 is no better than that. */
static double r_squared(const nn_dataset *data, const double w[D])
{
    double mean = 0, sse = 0, total = 0;
    for (int s = 0; s < data->n; s++) mean += (double)data->target[s] / data->n;
    for (int s = 0; s < data->n; s++) {
        double y = w[D - 1];
        for (int i = 0; i < D - 1; i++) y += w[i] * (double)data->x[s * (D - 1) + i];
        const double t = (double)data->target[s];
        sse += (t - y) * (t - y);
        total += (t - mean) * (t - mean);
    }
    return 1 - sse / total;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    const nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/diabetes.csv", with_header);
    nn_dataset all = nn_dataset_targets(&table, -1), train, test;
    nn_split(&all, 0.2, &train, &test);
    nn_scaler scaler = nn_scaler_fit(&train);
    nn_scaler_apply(&scaler, &train);
    nn_scaler_apply(&scaler, &test);

    nn_model *model = nn_model_new(nn);
    nn_linear unit = nn_linear_new(model, "unit", D - 1, 1);
    nn_optimizer *opt = nn_momentum(model, 0.02f, 0.9f);
    printf("== %d patients to learn from, %d to test\n", train.n, test.n);
    for (int step = 0; step <= 2000 && nn_ok(nn); step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *y = nn_linear_forward(&unit, nn_dataset_x(&train));
        nn_tensor *loss = nn_mse(y, nn_dataset_target(&train));
        if (step % 500 == 0) printf("step %4d: MSE %.4g\n", step, (double)nn_item(loss));
        nn_backward(loss);
        nn_step(opt);
    }
    if (!nn_ok(nn)) return 1;

    double learned[D], exact[D];
    for (int i = 0; i < D; i++)
        learned[i] = (double)(i < D - 1 ? unit.weight->data[i] : unit.bias->data[0]);
    normal_equations(&train, exact);
    const double r2 = r_squared(&test, learned), best = r_squared(&test, exact);
    printf("\nexpected: R^2 on the test patients within 0.02 of the normal equations'\n");
    printf("got:      %.3f and %.3f\n", r2, best);
    nn_destroy(nn);
    return !(fabs(r2 - best) < 0.02 && r2 > 0.3);
}
