/* A network that does not learn, and why. The features of 569 tumours (breast_cancer.csv) reach
 * from 0.001 to 4,000: as they are, they drive sigmoids into saturation and kill ReLUs.
 * nn_diagnose_print shows it, after any nn_backward.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 20, BATCH = 32, UNITS = 16 };

typedef struct network {
    nn_linear fc1, fc2, fc3;
    nn_activation g;
} network;

static nn_tensor *forward(const network *n, nn_tensor *x) /* [N, 30] -> [N, 2] */
{
    nn_tensor *y1 = nn_activate(nn_linear_forward(&n->fc1, x), n->g);
    nn_tensor *y2 = nn_activate(nn_linear_forward(&n->fc2, y1), n->g);
    return nn_linear_forward(&n->fc3, y2);
}

/* [train] */
/* Trains, prints what became of the last batch; gives the part of held-out samples told right. */
static double train(const nn_dataset *learn, const nn_dataset *test, nn_activation g, nn_real lr)
{
    nn_ctx *nn = learn->ctx;
    nn_seed(nn, 42);
    nn_model *model = nn_model_new(nn);
    const network n = {nn_linear_new(model, "fc1", learn->size, UNITS),
                       nn_linear_new(model, "fc2", UNITS, UNITS),
                       nn_linear_new(model, "fc3", UNITS, 2), g};
    nn_optimizer *opt = nn_sgd(model, lr);
    nn_batches b = nn_batches_new(learn, BATCH, 1);
    while (b.epoch < EPOCHS)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *loss = nn_cross_entropy(forward(&n, nn_batch_x(&b)), b.label);
            nn_backward(loss);
            if (b.epoch == EPOCHS - 1 && b.next == learn->n) nn_diagnose_print(loss);
            nn_step(opt);
        }
    nn_clear(nn);
    const int right = nn_count_correct(forward(&n, nn_dataset_x(test)), test->label);
    printf("held out and told right: %.1f %%\n\n", 100.0 * right / test->n);
    return (double)right / test->n;
}
/* [/train] */

int main(void)
{
    nn_ctx *nn = nn_create(7);
    const nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/breast_cancer.csv", with_header);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    nn_split(&all, 0.2, &learn, &test);
    if (!nn_ok(nn)) return 1;
    printf("== as they are, sigmoid\n");
    const double sigmoid = train(&learn, &test, NN_SIGMOID, 0.1f);
    printf("== as they are, ReLU\n");
    const double relu = train(&learn, &test, NN_RELU, 0.1f);
    nn_scaler scaler = nn_scaler_fit(&learn);
    nn_scaler_apply(&scaler, &learn);
    nn_scaler_apply(&scaler, &test);
    printf("== with mean 0 and standard deviation 1, ReLU\n");
    const double good = train(&learn, &test, NN_RELU, 0.1f);

    printf("expected: not much more than the larger class, 63 %%, before; at least 95 %% after\n");
    printf("got:      %.1f %%, %.1f %%; %.1f %%\n", 100 * sigmoid, 100 * relu, 100 * good);
    nn_destroy(nn);
    return !(sigmoid < 0.75 && relu < 0.75 && good >= 0.95);
}
