/* Batch normalisation: a network of six layers, its weights as nn_linear_new draws them, learns
 * real digits with it at learning rates at which it does not without.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LAYERS = 6, HIDDEN = 32, BATCH = 32, EPOCHS = 5 };

typedef struct network {
    nn_model *model;
    int normalised;
    nn_linear fc[LAYERS];
    nn_batch_norm bn[LAYERS - 1];
} network;

static network network_new(nn_ctx *nn, int normalised)
{
    network n;
    n.model = nn_model_new(nn);
    n.normalised = normalised;
    for (int i = 0; i < LAYERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "fc%d", i + 1);
        n.fc[i] = nn_linear_new(n.model, name, i ? HIDDEN : 64, i < LAYERS - 1 ? HIDDEN : 10);
        snprintf(name, sizeof name, "bn%d", i + 1);
        if (i < LAYERS - 1) n.bn[i] = nn_batch_norm_new(n.model, name, HIDDEN);
    }
    return n;
}

/* [forward] */
static nn_tensor *forward(const network *n, nn_tensor *x)
{
    for (int i = 0; i < LAYERS - 1; i++) {
        x = nn_linear_forward(&n->fc[i], x);
        if (n->normalised) x = nn_batch_norm_forward(&n->bn[i], x);
        x = nn_relu(x);
    }
    return nn_linear_forward(&n->fc[LAYERS - 1], x);
}
/* [/forward] */

/* An epoch in training mode; then how many percent of the test set are right, by the running
 * statistics: an answer must not depend on what else is asked. */
static double epoch_and_test(const network *n, nn_batches *b, nn_optimizer *opt,
                             const nn_dataset *test)
{
    nn_set_training(b->ctx, 1);
    while (nn_next_batch(b)) {
        nn_clear(b->ctx);
        nn_zero_grad(n->model);
        nn_backward(nn_cross_entropy(forward(n, nn_batch_x(b)), b->label));
        nn_step(opt);
    }
    nn_clear(b->ctx);
    nn_set_training(b->ctx, 0);
    const int right = nn_count_correct(forward(n, nn_dataset_x(test)), test->label);
    return 100.0 * right / test->n;
}

int main(void)
{
    nn_ctx *nn = nn_create(5);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 0.2, &train, &test);
    if (!nn_ok(nn)) return 1;

    printf("== digits, six layers: right after 1 and %d epochs\n", EPOCHS);
    static const nn_real rates[3] = {0.02f, 0.2f, 1};
    double right[2][3];
    for (int k = 0; k < 6; k++) {
        nn_seed(nn, 1);
        const network n = network_new(nn, k / 3);
        nn_optimizer *opt = nn_sgd(n.model, rates[k % 3]);
        nn_batches b = nn_batches_new(&train, BATCH, 1);
        printf("%-9s lr %-4g:", k / 3 ? "batchnorm" : "without", (double)rates[k % 3]);
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            right[k / 3][k % 3] = epoch_and_test(&n, &b, opt, &test);
            if (epoch == 1 || epoch == EPOCHS) printf("  %5.1f %%", right[k / 3][k % 3]);
        }
        printf("\n");
    }
    const int good = right[1][0] > right[0][0] && right[1][2] >= 95 && right[0][2] < 50;
    printf("\nexpected: at lr 1 at least 95 %% with batch normalisation, below 50 %% without\n");
    printf("got:      %.0f %% and %.0f %%\n", right[1][2], right[0][2]);
    nn_destroy(nn);
    return !good;
}
