/* Depthwise-separable convolution (as in MobileNet, Howard et al. 2017, arXiv 1704.04861): a 3 x 3
 * filter for each channel by itself, then a 1 x 1 convolution that mixes the channels; beside the
 * full convolution of the same shapes.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 5, BATCH = 16, SEEDS = 3, SIDE = 8, LAYERS = 3, CLASSES = 10 };
static const int channels[LAYERS + 1] = {16, 32, 32, 32};

/* [layer] */
typedef struct layer { /* full: only the first convolution */
    nn_conv2d conv[2];
    nn_batch_norm norm[2];
    int separable;
} layer;

static layer layer_new(nn_model *net, int number, int in, int out, int separable)
{
    layer l = {.separable = separable};
    const nn_conv_options o = {
        .no_bias = 1, .padding = {1, 1}, .groups = separable ? in : 1}; /* a group: a channel */
    const nn_conv_options point = {.no_bias = 1};
    char name[4][NN_NAME_SIZE];
    for (int i = 0; i < 4; i++)
        snprintf(name[i], sizeof name[i], "%d.%s%d", number, i % 2 ? "norm" : "conv", i / 2);
    l.conv[0] = nn_conv2d_new_with(net, name[0], in, separable ? in : out, 3, 3, o);
    l.norm[0] = nn_batch_norm_new(net, name[1], separable ? in : out);
    if (!separable) return l;
    l.conv[1] = nn_conv2d_new_with(net, name[2], in, out, 1, 1, point);
    l.norm[1] = nn_batch_norm_new(net, name[3], out);
    return l;
}

static nn_tensor *layer_forward(const layer *l, nn_tensor *x) /* [N, in, H, W] -> [N, out, H, W] */
{
    for (int i = 0; i < 1 + l->separable; i++)
        x = nn_relu(nn_batch_norm_forward(&l->norm[i], nn_conv2d_forward(&l->conv[i], x)));
    return x;
}
/* [/layer] */

typedef struct network {
    nn_conv2d stem;
    layer layer[LAYERS];
    nn_linear fc;
} network;

static network network_new(nn_model *net, int separable)
{
    network n;
    n.stem = nn_conv2d_new(net, "stem", 1, channels[0], 3, 1, 1);
    for (int i = 0; i < LAYERS; i++)
        n.layer[i] = layer_new(net, i + 1, channels[i], channels[i + 1], separable);
    n.fc = nn_linear_new(net, "fc", channels[LAYERS], CLASSES);
    return n;
}

static nn_tensor *network_forward(const network *n, const nn_batches *b)
{
    nn_tensor *x = nn_reshape(nn_batch_x(b), nn_shape4(-1, 1, SIDE, SIDE));
    x = nn_max_pool2d(nn_relu(nn_conv2d_forward(&n->stem, x)), 2, 2, 0); /* 4 x 4 */
    for (int i = 0; i < LAYERS; i++) x = layer_forward(&n->layer[i], x);
    return nn_linear_forward(&n->fc, nn_global_avg_pool2d(x));
}

/* The part of the test digits, in %, that is read right after training. */
static double train_and_test(const nn_dataset *train, const nn_dataset *test, int separable,
                             uint64_t seed)
{
    nn_ctx *nn = train->ctx;
    nn_seed(nn, seed);
    nn_model *net = nn_model_new(nn);
    const network n = network_new(net, separable);
    nn_optimizer *opt = nn_adam(net, 0.01f);
    nn_batches b = nn_batches_new(train, BATCH, 1), held_out = nn_batches_new(test, test->n, 0);
    while (b.epoch < EPOCHS && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_backward(nn_cross_entropy(network_forward(&n, &b), b.label));
            const long steps = EPOCHS * ((train->n + BATCH - 1) / BATCH);
            opt->lr = nn_cosine_annealing_lr(0.01f, 0, steps, opt->step);
            nn_step(opt);
        }
    nn_clear(nn);
    nn_set_training(nn, 0), nn_set_grad_enabled(nn, 0);
    nn_next_batch(&held_out);
    const int right = nn_count_correct(network_forward(&n, &held_out), held_out.label);
    nn_set_training(nn, 1), nn_set_grad_enabled(nn, 1);
    return 100.0 * right / test->n;
}

int main(void)
{
    static const char *const name[2] = {"full", "separable"};
    nn_ctx *nn = nn_create(12);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 2 / 3.0, &train, &test);

    printf("== the three layers\n"
           "             weights  multiplications  right of %d, by seed (%%)\n", test.n);
    double weights[2] = {0}, mean[2] = {0};
    for (int k = 0; k < 2; k++) {
        const network n = network_new(nn_model_new(nn), k);
        for (int i = 0; i < LAYERS; i++)
            for (int j = 0; j < 1 + k; j++) weights[k] += (double)n.layer[i].conv[j].weight->size;
        printf("%-11s %8.0f %16.0f ", name[k], weights[k], weights[k] * 4 * 4);
        for (int s = 0; s < SEEDS; s++) {
            const double right = train_and_test(&train, &test, k, (uint64_t)s + 1);
            mean[k] += right / SEEDS;
            printf(" %5.1f", right);
        }
        printf("\n");
    }
    const double part = weights[1] / weights[0], less = mean[0] - mean[1];
    printf("\n1/9 + 1/32 = %.3f: one layer with 32 channels in and out\n", 1 / 9.0 + 1 / 32.0);
    const int ok = nn_ok(nn) && part < 0.2 && less < 3;
    printf("\nexpected: less than a fifth of the weights, at most 3 %% less accurate\n");
    printf("got:      %.3f of them, %.1f %% against %.1f %%\n", part, mean[1], mean[0]);
    nn_destroy(nn);
    return !ok;
}
