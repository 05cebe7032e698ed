/* Several networks whose answers are averaged: how diabetes goes on. What the average gains is how
 * far the networks are apart (Krogh and Vedelsby 1995).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MEMBERS = 11, UNITS = 32, EPOCHS = 20 };

typedef struct network {
    nn_linear fc1, fc2;
} network;

static nn_tensor *forward(const network *n, nn_tensor *x)
{
    return nn_linear_forward(&n->fc2, nn_relu(nn_linear_forward(&n->fc1, x)));
}

static network train(const nn_dataset *set, int seed)
{
    nn_ctx *nn = set->ctx;
    nn_seed(nn, (uint64_t)seed);
    nn_model *model = nn_model_new(nn);
    network n = {nn_linear_new(model, "fc1", set->size, UNITS),
                 nn_linear_new(model, "fc2", UNITS, 1)};
    nn_optimizer *opt = nn_adam(model, 0.005f);
    nn_batches b = nn_batches_new(set, 16, 1);
    while (b.epoch < EPOCHS)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_mse(forward(&n, nn_batch_x(&b)), nn_batch_target(&b)));
            nn_step(opt);
        }
    nn_clear(nn);
    return n;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    const nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/diabetes.csv", with_header);
    nn_dataset all = nn_dataset_targets(&table, -1), learn, test;
    for (int i = 0; i < all.n; i++) all.target[i] /= 100;
    nn_split(&all, 0.3, &learn, &test);
    nn_scaler scaler = nn_scaler_fit(&learn);
    nn_scaler_apply(&scaler, &learn);
    nn_scaler_apply(&scaler, &test);
    if (!nn_ok(nn)) return 1;
    network n[MEMBERS];
    for (int m = 0; m < MEMBERS; m++) n[m] = train(&learn, m + 1);

    /* [average] */
    nn_tensor *target = nn_dataset_target(&test), *mean = nn_scale(target, 0), *y[MEMBERS];
    double members = 0, apart = 0;
    printf("== held out: mean squared error of %d networks\n", MEMBERS);
    for (int m = 0; m < MEMBERS; m++) {
        y[m] = forward(&n[m], nn_dataset_x(&test));
        const double error = (double)nn_item(nn_mse(y[m], target));
        printf("%.3f ", error);
        members += error / MEMBERS;
        mean = nn_add(mean, nn_scale(y[m], 1.0f / MEMBERS));
    }
    for (int m = 0; m < MEMBERS; m++) apart += (double)nn_item(nn_mse(y[m], mean)) / MEMBERS;
    const double together = (double)nn_item(nn_mse(mean, target));
    /* [/average] */
    printf("\ntheir mean                        %.4f\n", members);
    printf("how far they are from the average %.4f\n", apart);
    printf("error of the average              %.4f\n", together);

    const int ok = together < members && fabs(members - apart - together) < 1e-5;
    printf("\nexpected: the first less the second is the third\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
