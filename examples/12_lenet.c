/* LeNet: the classic convolutional network learns to tell 28 x 28 pictures apart.
 *
 *     12_lenet                                    a small part of Fashion-MNIST, in seconds
 *     12_lenet DIRECTORY [epochs [seed [FILE]]]   MNIST or Fashion-MNIST, four files under their
 *                                                 own names; the model is saved in FILE
 *
 * LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10, BATCH = 16, FILTERS = 8, KERNEL = 5 };

/* [network] */
typedef struct lenet {
    nn_conv2d conv1, conv2;
    nn_linear fc1, fc2;
} lenet;

static lenet lenet_new(nn_model *net)
{
    lenet l;
    l.conv1 = nn_conv2d_new(net, "conv1", 1, FILTERS, KERNEL, 1, 2);
    l.conv2 = nn_conv2d_new(net, "conv2", FILTERS, 16, KERNEL, 1, 0);
    l.fc1 = nn_linear_new(net, "fc1", 16 * 5 * 5, 120);
    l.fc2 = nn_linear_new(net, "fc2", 120, CLASSES);
    return l;
}

static nn_tensor *lenet_forward(const lenet *l, nn_tensor *x)             /* [N, 1, 28, 28] */
{
    x = nn_max_pool2d(nn_relu(nn_conv2d_forward(&l->conv1, x)), 2, 2, 0); /* [N, 8, 14, 14] */
    x = nn_max_pool2d(nn_relu(nn_conv2d_forward(&l->conv2, x)), 2, 2, 0); /* [N, 16, 5, 5] */
    x = nn_flatten(x);                                                    /* [N, 400] */
    return nn_linear_forward(&l->fc2, nn_relu(nn_linear_forward(&l->fc1, x)));
}
/* [/network] */

static nn_idx load(nn_ctx *nn, const char *set, const char *kind, int dims)
{
    char path[1000];
    snprintf(path, sizeof path, "%.900s-%s.idx%d-ubyte", set, kind, dims);
    FILE *found = fopen(path, "rb");
    if (found) fclose(found);
    else *strrchr(path, '.') = '-'; /* both names are in use */
    return nn_idx_load(nn, path);
}

static nn_dataset load_set(nn_ctx *nn, const char *directory, const char *name)
{
    char set[900];
    snprintf(set, sizeof set, "%s/%s", directory, name);
    const nn_idx images = load(nn, set, "images", 3), labels = load(nn, set, "labels", 1);
    return nn_dataset_idx(&images, &labels);
}

static nn_tensor *images_of(const nn_batches *b)
{
    return nn_reshape(nn_batch_x(b), nn_shape4(-1, 1, SIDE, SIDE));
}

/* [train] */
static void train(const lenet *l, nn_model *net, const nn_dataset *data, int epochs,
                  const nn_augment *change)
{
    const nn_real first_rate = 0.02f;
    nn_ctx *nn = net->ctx;
    nn_optimizer *opt = nn_momentum(net, first_rate, 0.9f);
    nn_batches b = nn_batches_new(data, BATCH, 1);
    const int steps = epochs * ((data->n + BATCH - 1) / BATCH);
    int step = 0;
    double mean_loss = 0, right = 0; /* of the last hundred batches, about */
    nn_progress progress = nn_progress_start();
    for (int epoch = 1; epoch <= epochs && nn_ok(nn); epoch++)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *z = lenet_forward(l, nn_augment_images(images_of(&b), change));
            nn_tensor *loss = nn_cross_entropy(z, b.label);
            nn_backward(loss);
            opt->lr = nn_cosine_annealing_lr(first_rate, 0, steps, step++);
            nn_step(opt);
            const double part = step < 100 ? 1.0 / step : 0.01;
            mean_loss += part * ((double)nn_item(loss) - mean_loss);
            right += part * (100.0 * nn_count_correct(z, b.label) / b.n - right);
            nn_progress_show(&progress, step, steps, "epoch %2d: loss %.3f, %4.1f %% right", epoch,
                             mean_loss, right);
        }
}
/* [/train] */

static void read_all(const lenet *l, const nn_dataset *data, int *seen)
{
    nn_ctx *nn = data->ctx;
    nn_batches b = nn_batches_new(data, 100, 0);
    nn_set_training(nn, 0);
    nn_set_grad_enabled(nn, 0);
    for (int n = 0; nn_next_batch(&b); n += b.n) {
        nn_clear(nn);
        nn_argmax(lenet_forward(l, images_of(&b)), seen + n);
    }
}

static void show_filters(const lenet *l)
{
    printf("\nthe filters of conv1: # and + let a bright pixel in, = and - count it as dark\n");
    for (int row = 0; row < KERNEL; row++)
        for (int k = 0; k < FILTERS; k++) {
            const nn_real *w = l->conv1.weight->data + k * KERNEL * KERNEL;
            double most = 0;
            for (int i = 0; i < KERNEL * KERNEL; i++) most = fmax(most, fabs((double)w[i]));
            printf("  ");
            for (int column = 0; column < KERNEL; column++)
                printf("%c", "=-.+#"[(int)(2.5 + 2.49 * (double)w[row * KERNEL + column] / most)]);
            if (k == FILTERS - 1) printf("\n");
        }
}

static void show_confusion(const nn_dataset *data, const int *seen)
{
    int count[CLASSES][CLASSES] = {{0}};
    for (int i = 0; i < data->n; i++) count[data->label[i]][seen[i]]++;
    printf("\nconfusion matrix: rows are what is true, columns what was seen\n   ");
    for (int c = 0; c < CLASSES; c++) printf("%5d", c);
    for (int r = 0; r < CLASSES; r++) {
        printf("\n%3d", r);
        for (int c = 0; c < CLASSES; c++) printf(count[r][c] ? "%5d" : "    .", count[r][c]);
    }
    printf("\n");
}

static void show_misread(const nn_dataset *data, const int *seen)
{
    int which[3], n = 0;
    for (int i = 0; i < data->n && n < 3; i++)
        if (seen[i] != data->label[i]) which[n++] = i;
    printf("\n");
    for (int k = 0; k < n; k++)
        printf("misread: seen as %d, is %d     ", seen[which[k]], data->label[which[k]]);
    for (int row = 0; row < SIDE && n > 0; row += 2) /* a letter is twice as high as wide */
        for (int k = 0; k < n; k++) {
            const unsigned char *pixel = data->bytes + (size_t)which[k] * PIXELS + row * SIDE;
            printf(k ? "  " : "\n");
            for (int i = 0; i < SIDE; i++)
                printf("%c", " .:-=+*#%@"[(pixel[i] + pixel[i + SIDE]) * 10 / 511]);
        }
    printf("\n");
}

int main(int argc, char **argv)
{
    const int bundled = argc < 2, epochs = argc > 2 ? atoi(argv[2]) : bundled ? 16 : 5;
    if (epochs < 1) {
        fprintf(stderr, "1 epoch or more, please\n");
        return 1;
    }
    nn_ctx *nn = nn_create(argc > 3 ? strtoul(argv[3], NULL, 10) : 42);
    const char *directory = bundled ? "examples/data" : argv[1];
    nn_dataset learned = load_set(nn, directory, bundled ? "fashion-train-800" : "train");
    nn_dataset test = load_set(nn, directory, bundled ? "fashion-t10k-200" : "t10k");
    const int fit = learned.size == PIXELS && learned.classes <= CLASSES && test.size == PIXELS &&
                    test.classes <= CLASSES;
    if (!nn_ok(nn) || !fit) {
        if (nn_ok(nn)) fprintf(stderr, "not pictures of 28 x 28 pixels in ten classes\n");
        nn_destroy(nn);
        return 1;
    }
    nn_augment change = nn_augment_new();
    if (!bundled) { /* a 6 stays a 6 if it is turned, moved, zoomed a bit: pays in the long run */
        change.degrees = 10, change.translate = 0.04f;
        change.scale_low = 0.9f, change.scale_high = 1.1f;
    }
    nn_model *net = nn_model_new(nn);
    const lenet l = lenet_new(net);
    train(&l, net, &learned, epochs, &change);
    if (argc > 4 && nn_save(net, argv[4])) printf("the model is in %s\n", argv[4]);

    int *seen = (int *)calloc((size_t)test.n, sizeof *seen), right = 0;
    if (seen) read_all(&l, &test, seen);
    const int ok = seen && nn_ok(nn);
    if (ok) {
        for (int i = 0; i < test.n; i++) right += seen[i] == test.label[i];
        show_filters(&l);
        show_misread(&test, seen);
        show_confusion(&test, seen);
        printf("\n%d pictures learned, %d held out\n", learned.n, test.n);
        printf("expected: at least %s\n", bundled ? "75 % of the held-out pictures read correctly"
                                                : "99 % of MNIST, 88 % of Fashion-MNIST");
        printf("got:      %.2f %%: %d of %d\n", 100.0 * right / test.n, right, test.n);
    }
    free(seen);
    nn_destroy(nn);
    return !ok;
}
