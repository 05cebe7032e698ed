/* How many hidden units? Each size learns 360 of 450 digits and is asked for the other 90, in eight
 * ways to divide them. The lowest mean loss is itself by chance a little too low; the rule of one
 * standard error takes the smallest network that cannot be told from the best.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, CLASSES = 10, BATCH = 30, EPOCHS = 15, FOLDS = 8, SIZES = 6 };

static nn_real train_and_validate(const nn_dataset *train, const nn_dataset *held_out, int hidden)
{
    nn_ctx *nn = train->ctx;
    nn_model *net = nn_model_new(nn);
    const nn_linear fc1 = nn_linear_new(net, "fc1", PIXELS, hidden);
    const nn_linear fc2 = nn_linear_new(net, "fc2", hidden, CLASSES);
    nn_optimizer *opt = nn_adam(net, 0.01f);
    nn_batches b = nn_batches_new(train, BATCH, 1);
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *h = nn_tanh(nn_linear_forward(&fc1, nn_batch_x(&b)));
            nn_backward(nn_cross_entropy(nn_linear_forward(&fc2, h), b.label));
            nn_step(opt);
        }
    nn_clear(nn);
    nn_tensor *h = nn_tanh(nn_linear_forward(&fc1, nn_dataset_x(held_out)));
    return nn_item(nn_cross_entropy(nn_linear_forward(&fc2, h), held_out->label));
}

int main(void)
{
    static const int units[SIZES] = {8, 16, 24, 32, 64, 128};
    nn_ctx *nn = nn_create(1);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), rest, some, train, held_out;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 450.0 / all.n, &rest, &some);
    if (!nn_ok(nn)) return 1;

    /* [choose] */
    nn_real losses[SIZES][FOLDS];
    for (int fold = 0; fold < FOLDS; fold++) {
        nn_split_stratified(&some, 0.2, &train, &held_out);
        for (int k = 0; k < SIZES; k++)
            losses[k][fold] = train_and_validate(&train, &held_out, units[k]);
    }
    const int chosen = nn_one_standard_error(losses[0], SIZES, FOLDS);
    /* [/choose] */
    if (!nn_ok(nn)) return 1;

    printf("== loss on what was held out: mean and standard error of %d\n", FOLDS);
    int lowest = 0;
    double mean[SIZES], error[SIZES];
    for (int k = 0; k < SIZES; k++) {
        double squares = 0;
        mean[k] = 0;
        for (int i = 0; i < FOLDS; i++) mean[k] += (double)losses[k][i] / FOLDS;
        for (int i = 0; i < FOLDS; i++)
            squares += ((double)losses[k][i] - mean[k]) * ((double)losses[k][i] - mean[k]);
        error[k] = sqrt(squares / (FOLDS - 1) / FOLDS);
        if (mean[k] < mean[lowest]) lowest = k;
        printf("%3d units  %.4f +- %.4f\n", units[k], mean[k], error[k]);
    }
    printf("the lowest: %d units; up to %.4f is as good\n", units[lowest],
           mean[lowest] + error[lowest]);

    printf("\nexpected: a smaller network than the one with the lowest mean\n");
    printf("got:      %d units instead of %d\n", units[chosen], units[lowest]);
    nn_destroy(nn);
    return !(chosen < lowest);
}
