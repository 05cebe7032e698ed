/* Greedy layer-wise pre-training of a deep autoencoder, 64-60-40-20-10 and back (Bengio et al.
 * 2007; Hinton and Salakhutdinov 2006 did it with Boltzmann machines). It gets over the plateau on
 * which small uniform weights begin; weights as Glorot and Bengio (2010) draw them leave it soon.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LAYERS = 4, PRE_EPOCHS = 10, SEEDS = 3, SHOWN = 5, SETTINGS = 3, MOST = 15000 };
static const int width[LAYERS + 1] = {64, 60, 40, 20, 10};
static const int shown[SHOWN] = {0, 1, 4, 24, 64}; /* epochs */
/* Rates, for each row the best of 0.5, 1, 2 and 4 after 64 epochs; for Adam 0.003 is better than
 * 0.001 and 0.006. */
static const nn_real random_rate[SETTINGS] = {4, 2, 0.003f}, stage_rate[SETTINGS] = {4, 2, 0.003f},
                     whole_rate[SETTINGS] = {2, 2, 0.003f};

typedef struct autoencoder {
    nn_model *model;
    nn_linear encoder[LAYERS];
    nn_linear decoder[LAYERS];    /* decoder[k] gives back what encoder[k] was given */
    char prefix[2][LAYERS][16];   /* their names */
} autoencoder;

static void autoencoder_new(autoencoder *a, nn_ctx *nn, int xavier)
{
    a->model = nn_model_new(nn);
    for (int k = 0; k < LAYERS; k++) {
        snprintf(a->prefix[0][k], sizeof a->prefix[0][k], "encoder.%d", k + 1);
        snprintf(a->prefix[1][k], sizeof a->prefix[1][k], "decoder.%d", k + 1);
        a->encoder[k] = nn_linear_new(a->model, a->prefix[0][k], width[k], width[k + 1]);
        a->decoder[k] = nn_linear_new(a->model, a->prefix[1][k], width[k + 1], width[k]);
        if (xavier) nn_xavier_uniform(a->encoder[k].weight, 1);
        if (xavier) nn_xavier_uniform(a->decoder[k].weight, 1);
    }
}

static nn_tensor *encode(const autoencoder *a, nn_tensor *x, int layers)
{
    for (int k = 0; k < layers; k++) x = nn_tanh(nn_linear_forward(&a->encoder[k], x));
    return x;
}

static nn_tensor *decode(const autoencoder *a, nn_tensor *code, int from, int to)
{
    for (int k = from - 1; k >= to; k--) { /* in reverse order; pixels need no tanh */
        code = nn_linear_forward(&a->decoder[k], code);
        if (k > 0) code = nn_tanh(code);
    }
    return code;
}

/* An epoch for the layers first .. last - 1, whose input is the code of those before. */
static void train(const autoencoder *a, nn_optimizer *opt, nn_batches *b, int first, int last)
{
    while (nn_next_batch(b)) {
        nn_clear(opt->ctx);
        nn_zero_grad(a->model);
        nn_tensor *x = encode(a, nn_batch_x(b), first);
        nn_tensor *code = x;
        for (int k = first; k < last; k++) code = nn_tanh(nn_linear_forward(&a->encoder[k], code));
        nn_backward(nn_mse(decode(a, code, last, first), x));
        nn_step(opt);
    }
    nn_clear(opt->ctx);
}

/* How many frozen numbers are not, to the last bit, what they were before. */
static int changed(const nn_model *model, const nn_real *before)
{
    int count = 0;
    for (int i = 0; i < model->n_params; before += model->param[i++]->size)
        for (size_t j = 0; !model->param[i]->requires_grad && j < model->param[i]->size; j++)
            count += memcmp(model->param[i]->data + j, before + j, sizeof *before) != 0;
    return count;
}

static nn_optimizer *descent(nn_model *model, int adam, nn_real lr)
{
    return adam ? nn_adam(model, lr) : nn_sgd(model, lr);
}

static int pretrain(const autoencoder *a, const nn_dataset *learn, int adam, nn_real lr)
{
    static nn_real before[MOST];
    int moved = 0;
    /* [pretrain] */
    for (int k = 0; k < LAYERS; k++) { /* steps 1, 2, 3: layer after layer, the others frozen */
        nn_freeze(a->model, "", 1);
        nn_freeze(a->model, a->prefix[0][k], 0);
        nn_freeze(a->model, a->prefix[1][k], 0);
        nn_model_get(a->model, before);
        nn_optimizer *opt = descent(a->model, adam, lr);
        nn_batches b = nn_batches_new(learn, 32, 1);
        while (b.epoch < PRE_EPOCHS) train(a, opt, &b, k, k + 1);
        moved += changed(a->model, before);
    }
    nn_freeze(a->model, "", 0); /* step 4: all of them together */
    /* [/pretrain] */
    return moved;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    nn_split(&all, 0.3, &learn, &test);
    if (!nn_ok(nn)) return 1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)learn.n * learn.size; i++) learn.x[i] /= 16;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)test.n * test.size; i++) test.x[i] /= 16;
    const nn_pca p = nn_pca_fit(nn, learn.x, learn.n, 64, 1);
    static const char *const name[SETTINGS] = {"SGD, uniform", "SGD, Xavier", "Adam, Xavier"};
    double error[SETTINGS][2][SHOWN] = {{{0}}};
    int moved = 0;
    for (int setting = 0; setting < SETTINGS; setting++)
        for (int pre = 0; pre < 2; pre++)
            for (int seed = 1; seed <= SEEDS; seed++) {
                autoencoder a;
                nn_seed(nn, (uint64_t)seed);
                autoencoder_new(&a, nn, setting > 0);
                if (pre) moved += pretrain(&a, &learn, setting == 2, stage_rate[setting]);
                nn_optimizer *opt = descent(a.model, setting == 2,
                                            pre ? whole_rate[setting] : random_rate[setting]);
                nn_batches b = nn_batches_new(&learn, 32, 1);
                for (int s = 0; s < SHOWN; s++) {
                    while (b.epoch < shown[s]) train(&a, opt, &b, 0, LAYERS);
                    nn_tensor *x = nn_dataset_x(&test);
                    nn_tensor *again = decode(&a, encode(&a, x, LAYERS), LAYERS, 0);
                    error[setting][pre][s] += (double)nn_item(nn_mse(again, x)) / SEEDS;
                }
            }
    printf("== error, held out, after epochs for all layers together; means of %d seeds\n", SEEDS);
    printf("%-32s", "epochs");
    for (int s = 0; s < SHOWN; s++) printf("%8d", shown[s]);
    for (int i = 0; i < 2 * SETTINGS; i++) {
        printf("\n%-15s %-16s", name[i / 2], i % 2 ? "pre-trained" : "random");
        for (int s = 0; s < SHOWN; s++) printf("  %.4f", error[i / 2][i % 2][s]);
    }
    printf("\nalways the mean digit             %.4f\n", p.total / 64);
    printf("frozen weights that changed       %d\n", moved);

    const int last = SHOWN - 1; /* 24 epochs after 40 of pre-training are 64, too */
    int ok = moved == 0 && error[0][1][0] < error[0][0][2] / 2;
    for (int i = 0; i < SETTINGS; i++) {
        ok &= error[i][1][last] < error[i][0][last];
        ok &= i == 0 || error[i][1][last - 1] > error[i][0][last];
    }
    printf("\nexpected: from uniform weights pre-training is far ahead of 4 epochs without;\n"
           "          from Xavier's 40 epochs of it and 24 more are worth less than 64, and with 64\n"
           "          more a little more; frozen weights stay\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
