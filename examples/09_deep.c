/* A network of 30 layers on real handwriting (1,438 digits to learn from, 359 held out). As one
 * might have built it in 1990 it learns nothing; then what this chapter teaches, one by one.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DEPTH = 30, WIDTH = 64, CLASSES = 10, EPOCHS = 20 };

typedef struct network {
    nn_activation g;
    int shortcuts;
    nn_linear layer[DEPTH]; /* all 64 to 64 but the last, 64 to 10 */
} network;

static network network_new(nn_model *model, nn_activation g, int xavier, int kaiming, int shortcuts)
{
    network n;
    n.g = g;
    n.shortcuts = shortcuts;
    for (int l = 0; l < DEPTH; l++) {
        char name[8];
        snprintf(name, sizeof name, "%d", l + 1);
        n.layer[l] = nn_linear_new(model, name, WIDTH, l < DEPTH - 1 ? WIDTH : CLASSES);
        if (!xavier && !kaiming) continue;
        memset(n.layer[l].bias->data, 0, n.layer[l].bias->size * sizeof(nn_real));
        if (xavier) nn_xavier_uniform(n.layer[l].weight, 1);
        else nn_kaiming_normal(n.layer[l].weight, 0, NN_FAN_IN);
    }
    return n;
}

/* [forward] */
static nn_tensor *forward(const network *n, nn_tensor *y) /* [N, 64] -> [N, 10] */
{
    for (int l = 0; l < DEPTH - 1; l++) {
        nn_tensor *next = nn_activate(nn_linear_forward(&n->layer[l], y), n->g);
        y = n->shortcuts ? nn_add(y, next) : next;
    }
    return nn_linear_forward(&n->layer[DEPTH - 1], y);
}
/* [/forward] */

/* Trains, and prints how many held-out digits are read right, in percent, which it gives. */
static double train(const nn_dataset *learn, const nn_dataset *test, const char *text,
                    nn_activation g, int xavier, int kaiming, int shortcuts)
{
    nn_ctx *nn = learn->ctx;
    nn_seed(nn, 42);
    nn_model *model = nn_model_new(nn);
    const network n = network_new(model, g, xavier, kaiming, shortcuts);
    nn_optimizer *opt = nn_adam(model, 0.001f);
    nn_batches b = nn_batches_new(learn, 32, 1);
    double longest = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(forward(&n, nn_batch_x(&b)), b.label));
            longest = fmax(longest, nn_clip_grad_norm(model, 5));
            nn_step(opt);
        }
    nn_clear(nn);
    const int right = nn_count_correct(forward(&n, nn_dataset_x(test)), test->label);
    printf("%-38s %5.1f %%   longest gradient %.2g\n", text, 100.0 * right / test->n, longest);
    return 100.0 * right / test->n;
}

int main(void)
{
    nn_ctx *nn = nn_create(2026);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 8; /* ink: 0 .. 2 */
    nn_split(&all, 0.2, &learn, &test);
    if (!nn_ok(nn)) return 1;

    printf("30 layers, %d epochs of Adam              held out read right\n", EPOCHS);
    const double before = train(&learn, &test, "sigmoid", NN_SIGMOID, 0, 0, 0);
    train(&learn, &test, "tanh, Xavier", NN_TANH, 1, 0, 0);
    train(&learn, &test, "ReLU", NN_RELU, 0, 0, 0);
    train(&learn, &test, "ReLU, Kaiming", NN_RELU, 0, 1, 0);
    const double after = train(&learn, &test, "tanh, Xavier, shortcuts", NN_TANH, 1, 0, 1);
    printf("\nexpected: about 10 %%, which is guessing, and at the end at least 95 %%\n");
    printf("got:      %.1f %% and %.1f %%\n", before, after);
    nn_destroy(nn);
    return !(before < 15 && after >= 95);
}
