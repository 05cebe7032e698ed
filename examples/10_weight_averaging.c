/* What can be averaged? The predictions of two networks trained apart, but not their weights: unit
 * 1 of one has nothing to do with unit 1 of the other. The weights along one path of training can
 * (SWA: Izmailov et al. 2018); is that better than the last of them, or than a falling rate?
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 20, MORE = 30, UNITS = 32, SPLITS = 20 };

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc2;
} network;

static network network_new(nn_ctx *nn, uint64_t seed)
{
    nn_seed(nn, seed);
    network n;
    n.model = nn_model_new(nn);
    n.fc1 = nn_linear_new(n.model, "fc1", 64, UNITS);
    n.fc2 = nn_linear_new(n.model, "fc2", UNITS, 10);
    return n;
}

static nn_tensor *forward(const network *n, nn_tensor *x)
{
    return nn_linear_forward(&n->fc2, nn_relu(nn_linear_forward(&n->fc1, x)));
}

static void train(const network *n, nn_optimizer *opt, nn_batches *b)
{
    while (nn_next_batch(b)) {
        nn_clear(opt->ctx);
        nn_zero_grad(opt->model);
        nn_backward(nn_cross_entropy(forward(n, nn_batch_x(b)), b->label));
        nn_step(opt);
    }
    nn_clear(opt->ctx);
}

/* Percent of the set that is read right, by the mean of two networks' predictions if b is given. */
static double right(const network *a, const network *b, const nn_dataset *set)
{
    nn_tensor *x = nn_dataset_x(set), *p = nn_softmax(forward(a, x));
    if (b) p = nn_scale(nn_add(p, nn_softmax(forward(b, x))), 0.5f);
    return 100.0 * nn_count_correct(p, set->label) / set->n;
}

typedef struct result {
    double on_the_way, last, swa, falling;
} result;

/* Trains a network on half of the set, and goes on from there with a high rate and a falling one. */
static result path(const nn_dataset *all, uint64_t seed)
{
    static nn_real begin[3000], mean[3000];
    nn_ctx *nn = all->ctx;
    nn_dataset learn, test;
    result r = {0, 0, 0, 0};
    nn_seed(nn, seed);
    nn_split(all, 0.5, &learn, &test);
    const network n = network_new(nn, 1);
    nn_batches b = nn_batches_new(&learn, 16, 1);
    nn_optimizer *opt = nn_sgd(n.model, 0.2f);
    for (int epoch = 0; epoch < EPOCHS; epoch++) train(&n, opt, &b);
    nn_model_average(n.model, begin, 0);

    /* [path] */
    opt->lr = 0.3f;
    for (int k = 0; k < MORE; k++) {
        train(&n, opt, &b);
        r.on_the_way += right(&n, NULL, &test) / MORE;
        nn_model_average(n.model, mean, k); /* the mean of k + 1 sets of weights */
    }
    r.last = right(&n, NULL, &test);
    nn_model_set(n.model, mean);
    r.swa = right(&n, NULL, &test);

    nn_model_set(n.model, begin); /* once more, with a falling rate */
    for (int k = 0; k < MORE; k++) {
        opt->lr = nn_cosine_annealing_lr(0.3f, 0, MORE, k);
        train(&n, opt, &b);
    }
    r.falling = right(&n, NULL, &test);
    /* [/path] */
    return r;
}

int main(void)
{
    static nn_real mean[3000];
    nn_ctx *nn = nn_create(2026);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.5, &learn, &test);
    if (!nn_ok(nn)) return 1;

    printf("== trained apart                          held out read right\n");
    network n[2];
    double alone[2];
    for (int k = 0; k < 2; k++) {
        n[k] = network_new(nn, (uint64_t)k + 1);
        nn_optimizer *opt = nn_sgd(n[k].model, 0.2f);
        nn_batches b = nn_batches_new(&learn, 16, 1);
        for (int epoch = 0; epoch < EPOCHS; epoch++) train(&n[k], opt, &b);
        alone[k] = right(&n[k], NULL, &test);
        nn_model_average(n[k].model, mean, k);
        printf("network %d                                     %5.1f %%\n", k + 1, alone[k]);
    }
    const double predictions = right(&n[0], &n[1], &test);
    network middle = network_new(nn, 1);
    nn_model_set(middle.model, mean);
    const double weights = right(&middle, NULL, &test);
    printf("the mean of their predictions                 %5.1f %%\n", predictions);
    printf("the mean of their weights                     %5.1f %%\n", weights);

    const int apart = predictions > (alone[0] + alone[1]) / 2 && weights < alone[0] - 10;

    printf("\n== %d more epochs, learning rate 0.3; means of %d splits\n", MORE, SPLITS);
    result sum = {0, 0, 0, 0};
    int better = 0, worse = 0;
    for (int split = 0; split < SPLITS; split++) {
        const result r = path(&all, (uint64_t)split + 1);
        sum.on_the_way += r.on_the_way / SPLITS, sum.last += r.last / SPLITS;
        sum.swa += r.swa / SPLITS, sum.falling += r.falling / SPLITS;
        better += r.swa > r.last, worse += r.swa < r.last;
    }
    printf("after an epoch, on average                    %5.1f %%\n", sum.on_the_way);
    printf("after the last                                %5.1f %%\n", sum.last);
    printf("the mean of the weights after each            %5.1f %%\n", sum.swa);
    printf("after the last, if the rate falls             %5.1f %%\n", sum.falling);
    printf("the mean is better than the last in %d, worse in %d of %d\n", better, worse, SPLITS);

    const int ok = apart && sum.swa > sum.on_the_way + 0.5 && fabs(sum.swa - sum.last) < 0.5 &&
                   fabs(sum.swa - sum.falling) < 0.5;
    printf("\nexpected: means of predictions are better than their parts, that of weights trained "
           "apart is\n          worse by more than 10 %%; on one path it is as good as the last\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
