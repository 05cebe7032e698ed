/* Residual networks (He et al. 2015, arXiv 1512.03385): why 20 layers need shortcuts, on 8 x 8
 * digits; and a small one on all of Fashion-MNIST.
 *
 *     12_resnet                        digits, 8 epochs
 *     12_resnet digits EPOCHS
 *     12_resnet DIRECTORY [EPOCHS [SEED]]    with Fashion-MNIST's four files, not compressed; 12
 *                                            epochs take eleven minutes
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MAX_BLOCKS = 9, CLASSES = 10, NETS = 3, SEEDS = 3, MAX_EPOCHS = 100 };

/* [block] */
typedef struct unit { /* a convolution without bias, for the normalisation has one */
    nn_conv2d conv;
    nn_batch_norm norm;
} unit;

typedef struct block { /* y = relu(F(x) + x); where the shape changes, relu(F(x) + P(x)) */
    unit first, second, projection;
    int shortcut, projects;
} block;

static unit unit_new(nn_model *net, int number, const char *name, int in, int out, int kernel,
                     int stride)
{
    const nn_conv_options o = {
        .no_bias = 1, .stride = {stride, stride}, .padding = {kernel / 2, kernel / 2}};
    char text[2][NN_NAME_SIZE];
    snprintf(text[0], sizeof text[0], "%d.%s", number, name);
    snprintf(text[1], sizeof text[1], "%d.%s.norm", number, name);
    const unit u = {nn_conv2d_new_with(net, text[0], in, out, kernel, kernel, o),
                    nn_batch_norm_new(net, text[1], out)};
    nn_kaiming_normal(u.conv.weight, 0, NN_FAN_OUT);
    return u;
}

static nn_tensor *unit_forward(const unit *u, nn_tensor *x)
{
    return nn_batch_norm_forward(&u->norm, nn_conv2d_forward(&u->conv, x));
}

static block block_new(nn_model *net, int number, int in, int out, int stride, int shortcut)
{
    block b = {.shortcut = shortcut, .projects = in != out || stride > 1};
    b.first = unit_new(net, number, "first", in, out, 3, stride);
    b.second = unit_new(net, number, "second", out, out, 3, 1);
    if (shortcut && b.projects)
        b.projection = unit_new(net, number, "projection", in, out, 1, stride);
    return b;
}

static nn_tensor *block_forward(const block *b, nn_tensor *x) /* [N, in, H, W] -> [N, out, ..] */
{
    nn_tensor *f = unit_forward(&b->second, nn_relu(unit_forward(&b->first, x)));
    if (!b->shortcut) return nn_relu(f); /* plain */
    return nn_relu(nn_add(f, b->projects ? unit_forward(&b->projection, x) : x));
}
/* [/block] */

typedef struct resnet { /* three stages, each half as wide and high and with twice the channels */
    unit stem;
    block block[MAX_BLOCKS];
    nn_linear fc;
    int blocks, side;
} resnet;

static resnet resnet_new(nn_model *net, int side, int channels, int blocks, int shortcut)
{
    resnet r = {.blocks = blocks, .side = side};
    r.stem = unit_new(net, 0, "stem", 1, channels, 3, 1);
    for (int i = 0, in = channels; i < blocks; i++) {
        const int out = channels << 3 * i / blocks;
        r.block[i] = block_new(net, i + 1, in, out, in == out ? 1 : 2, shortcut);
        in = out;
    }
    r.fc = nn_linear_new(net, "fc", 4 * channels, CLASSES);
    return r;
}

static nn_tensor *resnet_forward(const resnet *r, nn_tensor *x) /* [N, 1, side, side] */
{
    x = nn_relu(unit_forward(&r->stem, x));
    if (r->side > 8) x = nn_max_pool2d(x, 2, 2, 0); /* to save time */
    for (int i = 0; i < r->blocks; i++) x = block_forward(&r->block[i], x);
    return nn_linear_forward(&r->fc, nn_global_avg_pool2d(x));
}

static nn_tensor *batch_images(const nn_batches *b, int side)
{
    return nn_reshape(nn_batch_x(b), nn_shape4(-1, 1, side, side));
}

/* ---- digits: errors on what is learned, not on others ---- */

enum { LAST = 3 };

/* Trains; adds each epoch's error in % / SEEDS to mean [epochs] and the norm of the gradient of the
 * first weights / SEEDS to norm: at the first step, the mean of all. Gives the mean error of the
 * last epochs. */
static double learn(const nn_dataset *data, int blocks, int shortcut, uint64_t seed, int epochs,
                    double *mean, double norm[2])
{
    nn_ctx *nn = data->ctx;
    nn_seed(nn, seed);
    nn_model *net = nn_model_new(nn);
    const resnet r = resnet_new(net, 8, 4, blocks, shortcut);
    const nn_tensor *first = r.stem.conv.weight;
    nn_optimizer *opt = nn_momentum(net, 0.05f, 0.9f);
    nn_batches b = nn_batches_new(data, 32, 1);
    const long steps = (data->n + 31) / 32; /* of an epoch */
    double sum = 0, late = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
        int right = 0;
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *z = resnet_forward(&r, batch_images(&b, 8));
            nn_backward(nn_cross_entropy(z, b.label));
            opt->lr = nn_cosine_annealing_lr(0.05f, 0, epochs * steps, opt->step);
            nn_step(opt);
            right += nn_count_correct(z, b.label);
            double square = 0;
            for (size_t i = 0; i < first->size; i++)
                square += (double)first->grad[i] * (double)first->grad[i];
            sum += sqrt(square);
            if (opt->step == 1) norm[0] += sum / SEEDS;
        }
        const double error = 100.0 * (data->n - right) / data->n;
        mean[epoch] += error / SEEDS;
        if (epoch >= epochs - LAST) late += error / LAST;
    }
    norm[1] += sum / (double)opt->step / SEEDS;
    return late;
}

static int digits(int epochs)
{
    static const char *const name[NETS] = {"plain, 8 layers", "plain, 20 layers", "residual, 20"};
    static const int blocks[NETS] = {3, 9, 9};
    nn_ctx *nn = nn_create(2026);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), data, rest;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 5 / 6.0, &data, &rest);
    double mean[NETS][MAX_EPOCHS] = {{0}}, norm[NETS][2] = {{0}}, late[NETS][SEEDS];
    for (int k = 0; k < NETS; k++)
        for (int s = 0; s < SEEDS; s++)
            late[k][s] =
                learn(&data, blocks[k], k == 2, (uint64_t)s + 1, epochs, mean[k], norm[k]);

    printf("== %d digits: training error in %%, mean of %d runs\nepoch", data.n, SEEDS);
    for (int k = 0; k < NETS; k++) printf("  %s", name[k]);
    for (int e = 0; e < epochs; e++)
        printf("\n%5d %13.1f %17.1f %13.1f", e + 1, mean[0][e], mean[1][e], mean[2][e]);
    printf("\n\n== gradient of the first layer\n"
           "                  at step 1   mean   error, mean of the last %d epochs, by run\n",
           LAST);
    int degraded = norm[1][0] > norm[0][0] && norm[1][1] > norm[2][1] / 2;
    for (int k = 0; k < NETS; k++) {
        printf("%-16s  %9.2f  %5.2f  ", name[k], norm[k][0], norm[k][1]);
        for (int s = 0; s < SEEDS; s++) {
            printf(" %6.1f", late[k][s]);
            degraded &= late[1][s] >= 1.5 * late[k][s] || k == 1;
        }
        printf("\n");
    }
    printf("\nexpected: 20 plain layers learn worse than 8, with shortcuts not; in each run, and "
           "the\n          gradient has not vanished\n");
    printf("got:      %s\n", degraded ? "yes" : "no");
    const int ok = nn_ok(nn) && degraded;
    nn_destroy(nn);
    return !ok;
}

/* ---- Fashion-MNIST ---- */

static nn_dataset load(nn_ctx *nn, const char *directory, const char *part)
{
    char path[2][1024];
    snprintf(path[0], sizeof path[0], "%s/%s-images-idx3-ubyte", directory, part);
    snprintf(path[1], sizeof path[1], "%s/%s-labels-idx1-ubyte", directory, part);
    nn_idx image = nn_idx_load(nn, path[0]), label = nn_idx_load(nn, path[1]);
    return nn_dataset_idx(&image, &label);
}

/* In %, in evaluation. */
static double test_error(const resnet *r, const nn_dataset *test)
{
    nn_ctx *nn = test->ctx;
    nn_set_training(nn, 0), nn_set_grad_enabled(nn, 0);
    int right = 0;
    nn_batches b = nn_batches_new(test, 250, 0);
    while (nn_next_batch(&b)) {
        nn_clear(nn);
        right += nn_count_correct(resnet_forward(r, batch_images(&b, r->side)), b.label);
    }
    nn_set_training(nn, 1), nn_set_grad_enabled(nn, 1);
    return 100.0 * (test->n - right) / test->n;
}

static int fashion(const char *directory, int epochs, uint64_t seed)
{
    nn_ctx *nn = nn_create(seed);
    nn_dataset train = load(nn, directory, "train"), test = load(nn, directory, "t10k");
    const int fit = train.size == 784 && train.classes <= CLASSES && test.size == 784 &&
                    test.classes <= CLASSES;
    if (!nn_ok(nn) || !fit) {
        if (nn_ok(nn)) fprintf(stderr, "not pictures of 28 x 28 pixels in ten classes\n");
        nn_destroy(nn);
        return 1;
    }
    nn_model *net = nn_model_new(nn);
    const resnet r = resnet_new(net, 28, 24, 3, 1);
    nn_optimizer *opt = nn_momentum(net, 0.1f, 0.9f);
    opt->weight_decay = 5e-4f, opt->weights_only = 1;
    nn_augment a = nn_augment_new();
    a.flip_horizontal = 0.5f;
    a.translate = 0.04f; /* of 28 pixels: one */
    nn_batches b = nn_batches_new(&train, 128, 1);
    const long steps = (train.n + 127) / 128; /* of an epoch; in the first the rate rises */
    double wrong = 100;
    printf("epoch  loss  training error (%%)  test error (%%)\n");
    for (int epoch = 1; epoch <= epochs && nn_ok(nn); epoch++) {
        double sum = 0;
        int right = 0;
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *x = nn_augment_images(batch_images(&b, 28), &a);
            nn_tensor *z = resnet_forward(&r, x), *loss = nn_cross_entropy(z, b.label);
            nn_backward(loss);
            const nn_real lr = nn_cosine_annealing_lr(0.1f, 0, epochs * steps, opt->step);
            opt->lr = nn_linear_lr(lr, 0.01f, steps, opt->step);
            nn_step(opt);
            sum += (double)nn_item(loss) * b.n;
            right += nn_count_correct(z, b.label);
        }
        wrong = test_error(&r, &test);
        printf("%5d %6.4f %6.2f %6.2f\n", epoch, sum / train.n,
               100.0 * (train.n - right) / train.n, wrong);
        fflush(stdout);
    }
    const int ok = nn_ok(nn) && wrong <= 7.5;
    printf("\nexpected: of all of Fashion-MNIST at most 7.5 %% wrong after 12 epochs\n");
    printf("got:      %.2f %% after %d\n", wrong, epochs);
    nn_destroy(nn);
    return !ok;
}

int main(int argc, char **argv)
{
    const int epochs = argc > 2 ? atoi(argv[2]) : argc > 1 ? 12 : 8;
    if (epochs < LAST || epochs > MAX_EPOCHS) {
        fprintf(stderr, "%d to %d epochs, please\n", LAST, MAX_EPOCHS);
        return 1;
    }
    if (argc < 2 || !strcmp(argv[1], "digits")) return digits(epochs);
    return fashion(argv[1], epochs, argc > 3 ? strtoul(argv[3], NULL, 10) : 1);
}
