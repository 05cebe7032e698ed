/* Dropout: both forms of it on one vector; a network of 64, 256 and 10 units that learns 400 real
 * digits, of which every fifth has a wrong label, with it and without; and what the trained network
 * is the mean of: its thinned networks.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, HIDDEN = 256, CLASSES = 10, EPOCHS = 60, BATCH = 25, SAMPLES = 30 };

typedef struct network {
    nn_linear fc1, fc2;
} network;

/* [forward] */
static nn_tensor *forward(const network *n, nn_tensor *x, nn_real p) /* logits [N, 10] */
{
    x = nn_dropout(x, p / 4); /* less at the input (the paper: 0.2, and 0.5 inside) */
    nn_tensor *h = nn_relu(nn_linear_forward(&n->fc1, x));
    return nn_linear_forward(&n->fc2, nn_dropout(h, p));
}
/* [/forward] */

static void show(const char *form, const char *mode, const nn_tensor *y)
{
    printf("%s, %-10s", form, mode);
    for (size_t i = 0; i < y->size; i++) printf(" %5.2f", (double)y->data[i]);
    printf("\n");
}

int main(void)
{
    nn_ctx *nn = nn_create(4);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 1 - 400.0 / all.n, &train, &test);
    if (!nn_ok(nn)) return 1;
    for (int i = 0; i < train.n; i += 5) train.label[i] = nn_randint(nn, 0, CLASSES);

    printf("== eight numbers, p = 0.5\n");
    for (int training = 1; training >= 0; training--) {
        nn_set_training(nn, training);
        nn_tensor *x = nn_full(nn, nn_shape1(8), 1);
        const char *const mode = training ? "training" : "evaluation";
        show("standard", mode, nn_dropout_standard(x, 0.5f));
        show("inverted", mode, nn_dropout(x, 0.5f));
    }

    printf("\n== %d digits to learn from, %d others\n", train.n, test.n);
    int right[2];
    network n[2];
    for (int k = 0; k < 2; k++) {
        const nn_real p = k ? 0.5f : 0;
        nn_seed(nn, 1);
        nn_model *net = nn_model_new(nn);
        n[k].fc1 = nn_linear_new(net, "fc1", PIXELS, HIDDEN);
        n[k].fc2 = nn_linear_new(net, "fc2", HIDDEN, CLASSES);
        nn_optimizer *opt = nn_adam(net, 0.002f);
        nn_batches b = nn_batches_new(&train, BATCH, 1);
        nn_set_training(nn, 1);
        for (int epoch = 0; epoch < EPOCHS; epoch++)
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(net);
                nn_backward(nn_cross_entropy(forward(&n[k], nn_batch_x(&b), p), b.label));
                nn_step(opt);
            }
        nn_set_training(nn, 0);
        nn_clear(nn);
        right[k] = nn_count_correct(forward(&n[k], nn_dataset_x(&test), p), test.label);
        printf("p = %.1f: %.1f %% of the others right\n", (double)p, 100.0 * right[k] / test.n);
    }

    /* [ensemble] */
    nn_set_grad_enabled(nn, 0);
    nn_tensor *x = nn_dataset_x(&test);
    nn_tensor *whole = nn_softmax(forward(&n[1], x, 0.5f)), *mean = nn_scale(whole, 0);
    nn_set_training(nn, 1); /* Monte Carlo dropout: other units each time */
    for (int i = 0; i < SAMPLES; i++)
        mean = nn_add(mean, nn_scale(nn_softmax(forward(&n[1], x, 0.5f)), 1.0f / SAMPLES));
    /* [/ensemble] */
    const int together = nn_count_correct(mean, test.label);
    const int one = nn_count_correct(forward(&n[1], x, 0.5f), test.label);
    const double apart = nn_stats(nn_sub(mean, whole)).std;
    printf("\n== the network with dropout, and its thinned networks\n");
    printf("one thinned network:      %.1f %% right\n", 100.0 * one / test.n);
    printf("the mean of %d of them:   %.1f %%\n", SAMPLES, 100.0 * together / test.n);
    printf("the whole network:        %.1f %%; its probabilities differ from the mean by %.3f\n",
           100.0 * right[1] / test.n, apart);

    const int good = right[1] > right[0] && together > one && right[1] > one && apart < 0.05;
    printf("\nexpected: better with dropout; the whole is like the mean of the thinned\n");
    printf("got:      %s\n", good ? "both" : "something else");
    nn_destroy(nn);
    return !good;
}
