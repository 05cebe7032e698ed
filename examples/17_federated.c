/* Learning together without showing the data: five clients have two kinds of digits each. In each
 * round all begin with the same weights, learn on their own digits, and send weights, of which the
 * mean is taken (FedAvg, McMahan et al. 2017, arXiv 1602.05629). Look at what a client that learns
 * alone can never read, and at what it costs that not all have all kinds.
 *
 *     17_federated [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 64, CLASSES = 10, CLIENTS = 5, BATCH = 16, ROUNDS = 40, MOST = 1500 };
enum { SIZE = PIXELS * UNITS + UNITS + UNITS * CLASSES + CLASSES };

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc2;
} network;

static nn_tensor *logits(const network *net, nn_tensor *x)
{
    return nn_linear_forward(&net->fc2, nn_relu(nn_linear_forward(&net->fc1, x)));
}

static double right(const network *net, const nn_dataset *set)
{
    nn_clear(set->ctx);
    return 100.0 * nn_count_correct(logits(net, nn_dataset_x(set)), set->label) / set->n;
}

static void learn(const network *net, nn_optimizer *opt, nn_batches *b, int epochs)
{
    for (int epoch = 0; epoch < epochs && nn_ok(b->ctx); epoch++)
        while (nn_next_batch(b)) {
            nn_clear(b->ctx);
            nn_zero_grad(net->model);
            nn_backward(nn_cross_entropy(logits(net, nn_batch_x(b)), b->label));
            nn_step(opt);
        }
}

/* [round] */
/* From the shared weights each client learns by itself; their mean becomes the shared weights, each
 * client counted as often as it has digits. */
static void learn_round(const network *net, nn_optimizer *opt, nn_batches *client, int epochs)
{
    static nn_real shared[SIZE], own[SIZE];
    double sum[SIZE] = {0}, n = 0;
    nn_model_get(net->model, shared);
    for (int k = 0; k < CLIENTS; k++) {
        nn_model_set(net->model, shared);
        learn(net, opt, &client[k], epochs);
        nn_model_get(net->model, own);
        for (int i = 0; i < SIZE; i++) sum[i] += (double)own[i] * client[k].data->n;
        n += client[k].data->n;
    }
    for (int i = 0; i < SIZE; i++) shared[i] = (nn_real)(sum[i] / n);
    nn_model_set(net->model, shared);
}
/* [/round] */

/* Sorts the digits by client: 2k and 2k + 1 are those of client k; or dealt as they come. */
static void share_out(const nn_dataset *all, int dealt, nn_dataset set[CLIENTS])
{
    static nn_real x[2][MOST * PIXELS];
    static int label[2][MOST];
    for (int k = 0, n = 0; k < CLIENTS; k++) {
        const int first = n;
        for (int i = 0; i < all->n; i++) {
            if ((dealt ? i % CLIENTS : all->label[i] / 2) != k) continue;
            memcpy(x[dealt] + n * PIXELS, all->x + i * PIXELS, PIXELS * sizeof *all->x);
            label[dealt][n++] = all->label[i];
        }
        set[k] = *all;
        set[k].x = x[dealt] + first * PIXELS;
        set[k].label = label[dealt] + first;
        set[k].n = n - first;
    }
}

int main(int argc, char **argv)
{
    enum { CENTRAL, DEALT, ONE, FIVE, WAYS };
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test, set[2 * CLIENTS];
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.2, &train, &test);
    if (!nn_ok(nn) || train.n > MOST) return 1;
    share_out(&train, 0, set);
    share_out(&train, 1, set + CLIENTS);

    network net = {.model = nn_model_new(nn)};
    net.fc1 = nn_linear_new(net.model, "fc1", PIXELS, UNITS);
    net.fc2 = nn_linear_new(net.model, "fc2", UNITS, CLASSES);
    nn_optimizer *opt = nn_sgd(net.model, 0.1f);
    nn_batches together = nn_batches_new(&train, BATCH, 1), client[2 * CLIENTS];
    for (int k = 0; k < 2 * CLIENTS; k++) client[k] = nn_batches_new(&set[k], BATCH, 1);
    static nn_real first[SIZE];
    nn_model_get(net.model, first); /* all begin with the same weights */

    double alone = 0, percent[WAYS][ROUNDS + 1];
    printf("== a client alone, %d epochs: held-out digits read right\n", ROUNDS);
    for (int k = 0; k < CLIENTS; k++) {
        nn_model_set(net.model, first);
        learn(&net, opt, &client[k], ROUNDS);
        const double own = right(&net, &test);
        printf("has %d and %d  %5.1f %%\n", 2 * k, 2 * k + 1, own);
        alone = fmax(alone, own);
    }
    for (int way = 0; way < WAYS; way++) {
        nn_model_set(net.model, first);
        for (int round = 1; round <= ROUNDS; round++) {
            if (way == CENTRAL) learn(&net, opt, &together, 1);
            else learn_round(&net, opt, client + (way == DEALT) * CLIENTS, way == FIVE ? 5 : 1);
            percent[way][round] = right(&net, &test);
        }
    }
    printf("\n== together, an epoch a round\n"
           "round  in one place  averaged, digits dealt  two kinds each  the same, 5 epochs\n");
    for (int round = 1; round <= ROUNDS; round++) {
        if (round != 1 && round != 2 && round % 10) continue;
        printf("%5d", round);
        printf(" %11.1f %% %21.1f %% %13.1f %% %17.1f %%\n", percent[CENTRAL][round],
               percent[DEALT][round], percent[ONE][round], percent[FIVE][round]);
    }
    const double dealt = percent[DEALT][ROUNDS], two = percent[ONE][ROUNDS];
    const int ok = nn_ok(nn) && alone < 30 && dealt > percent[CENTRAL][ROUNDS] - 5 && two > 75 &&
                   two < dealt - 2 && percent[FIVE][2] > percent[ONE][2];
    printf("\nexpected: nobody alone reads 30 %%; averages read more than 75, and more where all\n"
           "          have all kinds, nearly as many as learning in one place; 5 epochs between\n"
           "          two rounds are faster at first\ngot:      %s\n",
           ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
