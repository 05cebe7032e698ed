/* What happens if nobody calls nn_set_training(nn, 0): a network with batch normalisation, and one
 * with dropout, read digits in evaluation mode, then in training mode, in mixed batches and digit
 * by digit; and what that does to the model.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { HIDDEN = 64, BATCH = 32, EPOCHS = 10, MODES = 4 };

typedef struct network {
    nn_linear fc1, fc2;
    nn_batch_norm bn;
    int normalised;
} network;

static nn_tensor *forward(const network *n, nn_tensor *x) /* logits [N, 10] */
{
    nn_tensor *z = nn_linear_forward(&n->fc1, x);
    if (n->normalised) return nn_linear_forward(&n->fc2,
                                                nn_relu(nn_batch_norm_forward(&n->bn, z)));
    return nn_linear_forward(&n->fc2, nn_dropout(nn_relu(z), 0.5f));
}

/* Percent right: all together, or (digit by digit) each class in a batch of its own. */
static double percent(const network *n, const nn_dataset *set, int by_digit)
{
    int right = 0;
    for (int digit = by_digit ? 0 : -1; digit < (by_digit ? 10 : 0); digit++) {
        nn_clear(set->ctx);
        nn_tensor *x = nn_full(set->ctx, nn_shape2(set->n, set->size), 0);
        int *label = (int *)calloc((size_t)set->n, sizeof *label), k = 0;
        for (int i = 0; label && i < set->n; i++) {
            if (by_digit && set->label[i] != digit) continue;
            label[k] = set->label[i];
            memcpy(x->data + k++ * set->size, set->x + i * set->size,
                   (size_t)set->size * sizeof *x->data);
        }
        right += nn_count_correct(forward(n, nn_slice(x, 0, 0, k)), label);
        free(label);
    }
    return 100.0 * right / set->n;
}

int main(void)
{
    nn_ctx *nn = nn_create(5);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 0.3, &train, &test);
    if (!nn_ok(nn)) return 1;

    static const char *const mode[MODES] = {"evaluation", "forgotten: all mixed",
                                            "forgotten: digit by digit", "evaluation, after that"};
    double right[2][MODES];
    for (int k = 0; k < 2; k++) {
        nn_model *net = nn_model_new(nn);
        network n = {nn_linear_new(net, "fc1", 64, HIDDEN), nn_linear_new(net, "fc2", HIDDEN, 10),
                     nn_batch_norm_new(net, "bn", HIDDEN), k};
        nn_optimizer *opt = nn_adam(net, 0.003f);
        nn_batches b = nn_batches_new(&train, BATCH, 1);
        nn_set_training(nn, 1);
        for (int epoch = 0; epoch < EPOCHS; epoch++)
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(net);
                nn_backward(nn_cross_entropy(forward(&n, nn_batch_x(&b)), b.label));
                nn_step(opt);
            }
        for (int i = 0; i < MODES; i++) {
            nn_set_training(nn, i == 1 || i == 2);
            right[k][i] = percent(&n, &test, i == 2);
        }
    }
    printf("== digits: percent right\n%-26s dropout  batch norm\n", "");
    for (int i = 0; i < MODES; i++)
        printf("%-26s %7.1f  %10.1f\n", mode[i], right[0][i], right[1][i]);

    const int good = right[0][1] < right[0][0] && right[0][3] == right[0][0] &&
                     right[1][2] < right[1][0] - 20 && right[1][3] != right[1][0];
    printf("\nexpected: forgotten is worse; dropout leaves no trace, batch normalisation does\n");
    printf("got:      %s\n", good ? "the same" : "something else");
    nn_destroy(nn);
    return !good;
}
