/* Most weights are not needed: those nearest to 0 are set to 0 for good, and what is left learns on
 * (Han et al. 2015, arXiv 1506.02626). Look at how few are left when the digits get lost: without
 * learning on, with it, and when the ones to go are chosen by chance.
 *
 *     17_prune [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 128, CLASSES = 10, SIZE = UNITS * (PIXELS + CLASSES), LEVELS = 7 };
enum { EPOCHS = 20, EPOCHS_MORE = 5 };
enum { SMALLEST, CHANCE, WAYS };

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc2;
    nn_real kept[SIZE]; /* for each weight 1 or 0: of fc1, then of fc2 */
} network;

static nn_tensor *logits(const network *net, nn_tensor *x)
{
    return nn_linear_forward(&net->fc2, nn_relu(nn_linear_forward(&net->fc1, x)));
}

static nn_real *weight(const network *net, int i)
{
    const int first = UNITS * PIXELS;
    return i < first ? net->fc1.weight->data + i : net->fc2.weight->data + i - first;
}

static double right(const network *net, const nn_dataset *set)
{
    nn_clear(set->ctx);
    return 100.0 * nn_count_correct(logits(net, nn_dataset_x(set)), set->label) / set->n;
}

/* [train] */
static void train(network *net, const nn_dataset *set, int epochs, nn_real rate)
{
    nn_ctx *nn = set->ctx;
    nn_optimizer *opt = nn_adam(net->model, rate);
    nn_batches b = nn_batches_new(set, 32, 1);
    while (b.epoch < epochs && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net->model);
            nn_backward(nn_cross_entropy(logits(net, nn_batch_x(&b)), b.label));
            nn_step(opt);
            for (int i = 0; i < SIZE; i++) *weight(net, i) *= net->kept[i];
        }
}
/* [/train] */

/* [prune] */
static int by_size(const void *a, const void *b)
{
    const nn_real x = *(const nn_real *)a, y = *(const nn_real *)b;
    return (x > y) - (x < y);
}

/* Leaves `left` of the SIZE weights: those with the largest |w| (of both layers together), or those
 * with the largest numbers drawn for them. */
static void prune(network *net, int left, int way)
{
    static nn_real score[SIZE], sorted[SIZE];
    for (int i = 0; i < SIZE; i++)
        score[i] = way == CHANCE ? nn_uniform(net->model->ctx, 0, 1) : fabsf(*weight(net, i));
    memcpy(sorted, score, sizeof sorted);
    qsort(sorted, SIZE, sizeof *sorted, by_size);
    for (int i = 0; i < SIZE; i++) {
        net->kept[i] = score[i] >= sorted[SIZE - left];
        *weight(net, i) *= net->kept[i];
    }
}
/* [/prune] */

int main(int argc, char **argv)
{
    const double share[LEVELS] = {1, 0.5, 0.2, 0.1, 0.05, 0.03, 0.02};
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.2, &learn, &test);
    if (!nn_ok(nn)) return 1;

    static nn_real whole[SIZE + UNITS + CLASSES]; /* the network that all begin with */
    static network net;
    net.model = nn_model_new(nn);
    net.fc1 = nn_linear_new(net.model, "fc1", PIXELS, UNITS);
    net.fc2 = nn_linear_new(net.model, "fc2", UNITS, CLASSES);
    for (int i = 0; i < SIZE; i++) net.kept[i] = 1;
    train(&net, &learn, EPOCHS, 0.003f);
    nn_model_get(net.model, whole);

    double percent[LEVELS][WAYS][2];
    printf("== held-out digits read right, in %%\n"
           "             the smallest go       by chance\n"
           "weights left   at once learn on   at once learn on\n");
    for (int k = 0; k < LEVELS && nn_ok(nn); k++) {
        const int left = (int)(share[k] * SIZE);
        printf("%5.0f %% %5d", 100 * share[k], left);
        for (int way = 0; way < WAYS; way++) {
            nn_model_set(net.model, whole);
            prune(&net, left, way);
            percent[k][way][0] = right(&net, &test);
            train(&net, &learn, EPOCHS_MORE, 0.003f);
            percent[k][way][1] = right(&net, &test);
            printf("  %8.1f %8.1f", percent[k][way][0], percent[k][way][1]);
        }
        printf("\n");
    }
    const double dense = percent[0][SMALLEST][0];
    const int ok = nn_ok(nn) && percent[2][SMALLEST][1] > dense - 3 &&
                   percent[3][SMALLEST][0] < dense - 10 && percent[3][SMALLEST][1] > dense - 7 &&
                   percent[3][CHANCE][1] < percent[3][SMALLEST][1] - 5 &&
                   percent[LEVELS - 1][SMALLEST][1] < dense - 20;
    printf("\nexpected: after learning on, 20 %% of the weights lose at most 3 points, 10 %% 7\n"
           "          (more than 10 at once, and 5 more by chance), 2 %% more than 20: yes\n");
    printf("got:      %s\n", ok ? "yes" : "no");
    nn_destroy(nn);
    return !ok;
}
