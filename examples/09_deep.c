/* Networks of 30 and 60 layers on real handwriting (1,438 digits to learn from, 359 held out). As
 * one might have built it in 1990 such a network learns nothing; then what this chapter teaches,
 * one by one. Gradients are clipped to a norm of 5 where it says so. Another seed than 42 may be given
 * as an argument.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MOST = 60, WIDTH = 64, CLASSES = 10, EPOCHS = 20 };
enum { PLAIN, XAVIER, KAIMING }; /* plain: what nn_linear_new draws, within 1 / sqrt(64) */

typedef struct setup {
    const char *text;
    int depth;
    nn_activation g;
    int start, clip, shortcuts;
    nn_real lr;
} setup;

typedef struct network {
    setup s;
    nn_linear layer[MOST]; /* all 64 to 64 but the last, 64 to 10 */
} network;

static network network_new(nn_model *model, setup s)
{
    network n;
    n.s = s;
    for (int l = 0; l < s.depth; l++) {
        char name[8];
        snprintf(name, sizeof name, "%d", l + 1);
        n.layer[l] = nn_linear_new(model, name, WIDTH, l < s.depth - 1 ? WIDTH : CLASSES);
        if (s.start == PLAIN) continue;
        memset(n.layer[l].bias->data, 0, n.layer[l].bias->size * sizeof(nn_real));
        if (s.start == XAVIER) nn_xavier_uniform(n.layer[l].weight, 1);
        else nn_kaiming_normal(n.layer[l].weight, 0, NN_FAN_IN);
    }
    return n;
}

/* [forward] */
static nn_tensor *forward(const network *n, nn_tensor *y) /* [N, 64] -> [N, 10] */
{
    for (int l = 0; l < n->s.depth - 1; l++) {
        nn_tensor *next = nn_activate(nn_linear_forward(&n->layer[l], y), n->s.g);
        y = n->s.shortcuts ? nn_add(y, next) : next;
    }
    return nn_linear_forward(&n->layer[n->s.depth - 1], y);
}
/* [/forward] */

/* Trains, and prints how many held-out digits are read right, in percent, which it gives. */
static double train(const nn_dataset *learn, const nn_dataset *test, setup s, int seed)
{
    nn_ctx *nn = learn->ctx;
    nn_seed(nn, (uint64_t)seed);
    nn_model *model = nn_model_new(nn);
    const network n = network_new(model, s);
    nn_optimizer *opt = nn_adam(model, s.lr);
    nn_batches b = nn_batches_new(learn, 32, 1);
    double longest = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(forward(&n, nn_batch_x(&b)), b.label));
            const double norm = nn_clip_grad_norm(model, s.clip ? 5 : (nn_real)HUGE_VAL);
            longest = fmax(longest, norm);
            nn_step(opt);
        }
    nn_clear(nn);
    const int right = nn_count_correct(forward(&n, nn_dataset_x(test)), test->label);
    printf("%d  %-36s %5.1f %%   longest gradient %.2g\n", s.depth, s.text,
           100.0 * right / test->n, longest);
    return 100.0 * right / test->n;
}

int main(int argc, char **argv)
{
    static const setup s[] = {
        {"sigmoid", 30, NN_SIGMOID, PLAIN, 0, 0, 0.001f},
        {"ReLU", 30, NN_RELU, PLAIN, 0, 0, 0.001f},
        {"ReLU, Kaiming", 30, NN_RELU, KAIMING, 0, 0, 0.001f},
        {"ReLU, Kaiming, clipped", 30, NN_RELU, KAIMING, 1, 0, 0.001f},
        {"tanh, Xavier", 30, NN_TANH, XAVIER, 0, 0, 0.001f},
        {"tanh, Xavier, lr 0.0001", 30, NN_TANH, XAVIER, 0, 0, 0.0001f},
        {"tanh, Xavier, clipped", 30, NN_TANH, XAVIER, 1, 0, 0.001f},
        {"tanh, Xavier, clipped", 60, NN_TANH, XAVIER, 1, 0, 0.001f},
        {"tanh, Xavier, clipped, lr 0.0001", 60, NN_TANH, XAVIER, 1, 0, 0.0001f},
        {"tanh, Xavier, clipped, shortcuts", 60, NN_TANH, XAVIER, 1, 1, 0.001f},
        {"tanh, Xavier, clipped, shortcuts", 30, NN_TANH, XAVIER, 1, 1, 0.001f},
        {"sigmoid, Xavier, clipped, shortcuts", 30, NN_SIGMOID, XAVIER, 1, 1, 0.001f},
    };
    const int seed = argc > 1 ? atoi(argv[1]) : 42;
    nn_ctx *nn = nn_create(2026);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 8; /* ink: 0 .. 2 */
    nn_split(&all, 0.2, &learn, &test);
    if (!nn_ok(nn)) return 1;

    printf("== layers, %d epochs of Adam             held out read right\n", EPOCHS);
    double right[12];
    for (int k = 0; k < 12; k++) right[k] = train(&learn, &test, s[k], seed);
    printf("\nexpected: about 10 %%, which is guessing, and at the end at least 95 %%\n");
    printf("got:      %.1f %% and %.1f %%\n", right[0], right[11]);
    nn_destroy(nn);
    return !(right[0] < 15 && right[7] < 15 && right[9] > 90 && right[11] >= 95);
}
