/* What helps a network that has few samples? 100 real digits, once as they are and once with 20
 * labels drawn by chance; a network of 64, 64 and 10 units, trained in nine ways, each with ten
 * seeds. A seed gives the samples, the first weights and the order, the same for all ways. The
 * strengths, those with the clearest gains, were chosen on one half of the digits; the other half
 * judges.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SEEDS = 10, SAMPLES = 100, HIDDEN = 64, EPOCHS = 40, BATCH = 10, MOST = 5 };

typedef struct recipe {
    const char *name;
    nn_real l2, l1, dropout, degrees;
    int patience, batch_norm, members;
} recipe;

typedef struct network {
    nn_model *net;
    nn_linear fc1, fc2;
    nn_batch_norm norm;
} network;

static nn_tensor *forward(const network *n, const recipe *r, nn_tensor *x) /* logits [N, 10] */
{
    nn_tensor *h = nn_linear_forward(&n->fc1, x);
    if (r->batch_norm) h = nn_batch_norm_forward(&n->norm, h);
    return nn_linear_forward(&n->fc2, nn_dropout(nn_relu(h), r->dropout));
}

static network train(nn_ctx *nn, const recipe *r, const nn_dataset *data)
{
    nn_dataset learn = *data, judge = *data;
    if (r->patience) nn_split_stratified(data, 0.2, &learn, &judge); /* a fifth only judges */
    network n;
    memset(&n, 0, sizeof n);
    n.net = nn_model_new(nn);
    n.fc1 = nn_linear_new(n.net, "fc1", 64, HIDDEN);
    n.fc2 = nn_linear_new(n.net, "fc2", HIDDEN, 10);
    if (r->batch_norm) n.norm = nn_batch_norm_new(n.net, "norm", HIDDEN);
    nn_optimizer *opt = nn_adam(n.net, 0.003f);
    nn_early_stopping stop = nn_early_stopping_new(n.net, r->patience ? r->patience : EPOCHS, 0);
    nn_augment augment = nn_augment_new();
    augment.degrees = r->degrees;
    nn_batches b = nn_batches_new(&learn, BATCH, 1);
    for (int epoch = 0; epoch < EPOCHS && nn_ok(nn); epoch++) {
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(n.net);
            nn_tensor *x = nn_batch_x(&b);
            if (r->degrees > 0) {
                x = nn_augment_images(nn_reshape(x, nn_shape4(-1, 1, 8, 8)), &augment);
                x = nn_reshape(x, nn_shape2(-1, 64));
            }
            nn_tensor *loss = nn_cross_entropy(forward(&n, r, x), b.label);
            if (r->l2 > 0) loss = nn_add(loss, nn_l2_penalty(n.net, r->l2));
            nn_backward(loss);
            nn_step(opt);
            if (r->l1 > 0) nn_soft_threshold(n.net, opt->lr * r->l1);
        }
        if (!r->patience) continue;
        nn_clear(nn);
        nn_set_training(nn, 0);
        nn_tensor *z = forward(&n, r, nn_dataset_x(&judge));
        const int enough = nn_early_stop(&stop, nn_item(nn_cross_entropy(z, judge.label)));
        nn_set_training(nn, 1);
        if (enough) break;
    }
    if (r->patience) nn_model_set(n.net, stop.weights);
    return n;
}

/* Percent right of the rest, by the mean of what the members say. */
static double accuracy(nn_ctx *nn, const network *n, const recipe *r, const nn_dataset *test)
{
    nn_clear(nn);
    nn_set_training(nn, 0);
    nn_tensor *sum = NULL;
    for (int i = 0; i < r->members; i++) {
        nn_tensor *p = nn_softmax(forward(&n[i], r, nn_dataset_x(test)));
        sum = sum ? nn_add(sum, p) : p;
    }
    nn_set_training(nn, 1);
    return 100.0 * nn_count_correct(sum, test->label) / test->n;
}

typedef struct summary {
    double mean, std; /* divisor SEEDS - 1 */
} summary;

static summary summarise(const double *a) /* [SEEDS] */
{
    summary s = {0, 0};
    for (int i = 0; i < SEEDS; i++) s.mean += a[i] / SEEDS;
    for (int i = 0; i < SEEDS; i++) s.std += (a[i] - s.mean) * (a[i] - s.mean) / (SEEDS - 1);
    s.std = sqrt(s.std);
    return s;
}

int main(void)
{
    const recipe recipes[] = {
        {"plain", .members = 1},
        {"L2", .members = 1, .l2 = 0.01f},
        {"L1", .members = 1, .l1 = 0.1f},
        {"dropout", .members = 1, .dropout = 0.5f},
        {"early stopping", .members = 1, .patience = 5},
        {"batch normalisation", .members = 1, .batch_norm = 1},
        {"augmentation", .members = 1, .degrees = 20},
        {"ensemble of 5", .members = 5},
        {"the last two", .members = 5, .degrees = 20},
    };
    enum { RECIPES = sizeof recipes / sizeof *recipes };
    static double percent[2][RECIPES][SEEDS];
    nn_ctx *nn = nn_create(1);
    nn_csv_options no_header = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", no_header);
    nn_dataset all = nn_dataset_classes(&table, -1), choose, part, few, rest;
    for (int i = 0; i < all.n * all.size; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 0.5, &choose, &part);
    nn_progress progress = nn_progress_start();
    for (int s = 0; s < 2 * SEEDS && nn_ok(nn); s++) {
        const int seed = 1 + s % SEEDS, wrong = s < SEEDS ? 0 : 20;
        nn_seed(nn, (uint64_t)seed);
        nn_split_stratified(&part, 1 - (double)SAMPLES / part.n, &few, &rest);
        for (int i = 0; i < wrong; i++) few.label[i] = nn_randint(nn, 0, 10);
        for (int k = 0; k < RECIPES; k++) {
            network n[MOST];
            for (int i = 0; i < recipes[k].members; i++) {
                nn_seed(nn, (uint64_t)(seed + 100 * i));
                n[i] = train(nn, &recipes[k], &few);
            }
            percent[wrong > 0][k][seed - 1] = accuracy(nn, n, &recipes[k], &rest);
        }
        nn_progress_show(&progress, s + 1, 2 * SEEDS, "seed %d, %d labels by chance", seed, wrong);
    }
    if (!nn_ok(nn)) return 1;

    int clear[2] = {0, 0};
    for (int wrong = 0; wrong < 2; wrong++) {
        printf("\n== %s: percent right of %d others, gain over plain\n",
               wrong ? "20 of 100 labels by chance" : "100 right labels", rest.n);
        for (int k = 0; k < RECIPES; k++) {
            double gain[SEEDS];
            for (int s = 0; s < SEEDS; s++) gain[s] = percent[wrong][k][s] - percent[wrong][0][s];
            const summary p = summarise(percent[wrong][k]), g = summarise(gain);
            const double error = g.std / sqrt(SEEDS);
            printf("%-20s %5.1f +- %.1f   %+5.1f +- %.1f\n", recipes[k].name, p.mean, p.std, g.mean,
                   error);
            clear[wrong] += g.mean > 1 && g.mean > 3 * error;
        }
    }
    printf("\nexpected: gains above 1 %% and 3 errors: with right labels none, else 4 or more\n");
    printf("got:      %d and %d\n", clear[0], clear[1]);
    nn_destroy(nn);
    return !(clear[0] == 0 && clear[1] >= 4);
}
