/* Early stopping: 150 of the digits to learn, 300 to validate, the rest to test. Training stops
 * when validation has not got better for ten epochs, and the best weights come back. Then
 * Prechelt's criteria on the same curves.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, HIDDEN = 64, CLASSES = 10, MOST = 300, BATCH = 25, STRIP = 5 };

typedef struct network {
    nn_linear fc1, fc2;
} network;

static nn_tensor *loss_on(const network *n, nn_tensor *x, const int *label)
{
    nn_tensor *h = nn_tanh(nn_linear_forward(&n->fc1, x));
    return nn_cross_entropy(nn_linear_forward(&n->fc2, h), label);
}

static nn_real loss_of(const network *n, const nn_dataset *set)
{
    nn_clear(set->ctx);
    return nn_item(loss_on(n, nn_dataset_x(set), set->label));
}

int main(void)
{
    nn_ctx *nn = nn_create(3);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), rest, train, validation, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 450.0 / all.n, &test, &rest);
    nn_split_stratified(&rest, 300.0 / rest.n, &train, &validation);
    if (!nn_ok(nn)) return 1;
    printf("== %d to learn, %d to validate, %d to test\n", train.n, validation.n, test.n);

    nn_real learned[MOST], validated[MOST];
    /* [stop] */
    nn_model *net = nn_model_new(nn);
    const network n = {nn_linear_new(net, "fc1", PIXELS, HIDDEN),
                       nn_linear_new(net, "fc2", HIDDEN, CLASSES)};
    nn_optimizer *opt = nn_adam(net, 0.01f);
    nn_batches b = nn_batches_new(&train, BATCH, 1);
    nn_early_stopping s = nn_early_stopping_new(net, 10, 0);
    int epochs = 0, stopped = 0;
    while (epochs < MOST && !stopped) {
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_backward(loss_on(&n, nn_batch_x(&b), b.label));
            nn_step(opt);
        }
        learned[epochs] = loss_of(&n, &train);
        validated[epochs] = loss_of(&n, &validation);
        stopped = nn_early_stop(&s, validated[epochs++]);
    }
    const double last = (double)loss_of(&n, &test);
    nn_model_set(net, s.weights); /* the best come back */
    /* [/stop] */
    const double best = (double)loss_of(&n, &test);
    printf("stopped after epoch %d; the best was %d\n", epochs, s.best_epoch);
    printf("validation %.4f then, %.4f now; test %.4f with the last weights, %.4f with the best\n",
           (double)s.best, (double)validated[epochs - 1], last, best);

    printf("\n== Prechelt's criteria at the ends of strips of %d\n", STRIP);
    printf("epoch   learned  validated  GL (%%)      PQ  UP\n");
    for (int t = STRIP; t <= epochs; t += STRIP) {
        const nn_prechelt c = nn_prechelt_criteria(learned, validated, t, STRIP);
        printf("%5d  %8.4f   %8.4f  %6.2f  %6.3f  %2d\n", t, (double)learned[t - 1],
               (double)validated[t - 1], c.generalization_loss, c.quotient, c.rises);
    }

    const int right = stopped && epochs == s.best_epoch + 10 && best < last;
    printf("\nexpected: stops 10 epochs after the best, which is better on the test set\n");
    printf("got:      stops %d after, %s\n", epochs - s.best_epoch, best < last ? "better" : "no");
    nn_destroy(nn);
    return !right;
}
