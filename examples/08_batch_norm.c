/* Batch normalisation: a network of six layers learns real digits at three learning rates: as
 * nn_linear_new makes it, with He's initialisation, and with batch normalisation.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LAYERS = 6, HIDDEN = 32, BATCH = 32, EPOCHS = 5 };

typedef enum kind { PLAIN, HE, NORMALISED, KINDS } kind;

typedef struct network {
    nn_model *model;
    kind k;
    nn_linear fc[LAYERS];
    nn_batch_norm bn[LAYERS - 1];
} network;

static network network_new(nn_ctx *nn, kind k)
{
    network n;
    n.model = nn_model_new(nn);
    n.k = k;
    for (int i = 0; i < LAYERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "fc%d", i + 1);
        n.fc[i] = nn_linear_new(n.model, name, i ? HIDDEN : 64, i < LAYERS - 1 ? HIDDEN : 10);
        for (size_t j = 0; k == HE && j < n.fc[i].weight->size; j++)
            n.fc[i].weight->data[j] = nn_normal(nn, 0, (nn_real)sqrt(2.0 / (i ? HIDDEN : 64)));
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
        if (n->k == NORMALISED) x = nn_batch_norm_forward(&n->bn[i], x);
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

    printf("== digits, six layers: percent right\nepochs       ");
    for (int i = 0; i < 6; i++) printf(" %9d", i % 2 ? EPOCHS : 1);
    printf("\nrate         %15s %19s %19s\n", "0.02", "0.2", "1");
    static const char *const names[KINDS] = {"plain", "He", "batch norm"};
    static const nn_real rates[3] = {0.02f, 0.2f, 1};
    double right[KINDS][3];
    for (int k = 0; k < KINDS; k++) {
        printf("%-13s", names[k]);
        for (int r = 0; r < 3; r++) {
            nn_error_clear(nn); /* whoever goes to NaN leaves an error to the next */
            nn_seed(nn, 1);
            const network n = network_new(nn, (kind)k);
            nn_optimizer *opt = nn_sgd(n.model, rates[r]);
            nn_batches b = nn_batches_new(&train, BATCH, 1);
            for (int epoch = 1; epoch <= EPOCHS; epoch++) {
                right[k][r] = epoch_and_test(&n, &b, opt, &test);
                if (epoch == 1 || epoch == EPOCHS) printf(" %9.1f", right[k][r]);
            }
        }
        printf("\n");
    }
    const int good = right[PLAIN][1] < 50 && right[HE][1] > 85 && right[HE][2] < 50 &&
                     right[NORMALISED][1] >= 95 && right[NORMALISED][2] >= 95;
    printf("\nexpected: at rate 0.2 He helps, too; at rate 1 only batch normalisation learns\n");
    printf("got:     ");
    for (int i = 0; i < 6; i++)
        printf(" %.0f %%%s", right[i % KINDS][1 + i / KINDS], i == 2 ? ";" : "");
    printf("\n");
    nn_destroy(nn);
    return !good;
}
