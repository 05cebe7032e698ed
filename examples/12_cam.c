/* What did the network look at? A digit lies somewhere in a picture, and somewhere else the pixels
 * of another digit, shuffled. The network learns only which digit there is, never where; its class
 * activation map (Zhou et al. 2016, arXiv 1512.04150) is highest in its place nearly always, the
 * gradient of the picture (Simonyan et al. 2014, arXiv 1312.6034) most often.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DIGIT = 8, SIDE = 24, MAP = 12, FEATURES = 24, EPOCHS = 30, CLASSES = 4, MAX_TEST = 400 };

typedef struct network {
    nn_conv2d conv1, conv2, conv3;
    nn_batch_norm norm1, norm2, norm3; /* without them some seeds learn nothing */
    nn_linear out;
} network;

/* [network] */
static nn_tensor *features(const network *net, nn_tensor *x)            /* [N, 1, 24, 24] */
{
    x = nn_batch_norm_forward(&net->norm1, nn_conv2d_forward(&net->conv1, x));
    x = nn_max_pool2d(nn_relu(x), 2, 2, 0);
    x = nn_relu(nn_batch_norm_forward(&net->norm2, nn_conv2d_forward(&net->conv2, x)));
    return nn_relu(nn_batch_norm_forward(&net->norm3, nn_conv2d_forward(&net->conv3, x)));
}

static nn_tensor *logits(const network *net, nn_tensor *map)            /* [N, 4] */
{
    return nn_linear_forward(&net->out, nn_global_avg_pool2d(map));
}
/* [/network] */

/* Digits [N, 64] -> [N, 1, 24, 24]; corner[i]: where the digit's first pixel has come to */
static nn_tensor *hide(const nn_tensor *digits, int *corner)
{
    const int n = digits->shape.dim[0], other[2] = {0, SIDE / 2}; /* halves */
    nn_tensor *x = nn_full(digits->ctx, nn_shape4(n, 1, SIDE, SIDE), 0);
    for (int i = 0; i < n; i++) {
        const int half = nn_randint(x->ctx, 0, 2), right = nn_randint(x->ctx, 0, 17);
        const nn_real *from = digits->data + i * 64;
        nn_real *to = x->data + i * SIDE * SIDE;
        corner[i] = (other[half] + nn_randint(x->ctx, 0, 5)) * SIDE + right;
        for (int k = 0; k < 64; k++) to[corner[i] + k / 8 * SIDE + k % 8] = from[k];
        const nn_real *mixed = digits->data + (i + 1) % n * 64;
        const int row = other[!half] + nn_randint(x->ctx, 0, 5);
        nn_real *at = to + row * SIDE + nn_randint(x->ctx, 0, 17);
        for (int k = 0; k < 64; k++) at[k * 27 % 64 / 8 * SIDE + k * 27 % 8] = mixed[k];
    }
    return x;
}

/* [activation] */
/* How much each place of the map speaks for the class: the sum over k of its feature k times the
 * class's weight for k. The mean over all places, plus the bias, is the logit. */
static void activation(const network *net, const nn_tensor *map, int picture, int class_seen,
                       nn_real cam[MAP * MAP])
{
    for (int i = 0; i < MAP * MAP; i++) {
        cam[i] = 0;
        for (int k = 0; k < FEATURES; k++)
            cam[i] += net->out.weight->data[class_seen * FEATURES + k] *
                      map->data[(picture * FEATURES + k) * MAP * MAP + i];
    }
}
/* [/activation] */

/* Whether the middle of the place with the largest number of a map, size x size, is in the digit's
 * 8 x 8 pixels; by chance it is in 1 of 9, for any size. */
static int hit(const nn_real *map, int size, int corner)
{
    int most = 0;
    for (int i = 0; i < size * size; i++)
        if (map[i] > map[most]) most = i;
    const int scale = SIDE / size;
    const int row = 2 * (most / size * scale - corner / SIDE) + scale; /* in half pixels */
    const int column = 2 * (most % size * scale - corner % SIDE) + scale;
    return row >= 0 && row < 2 * DIGIT && column >= 0 && column < 2 * DIGIT;
}

static void show(const nn_real *picture, const nn_real *cam, int label, int corner)
{
    static const char ink[] = " .:-=+*#%@";
    nn_real most = 0;
    for (int i = 0; i < MAP * MAP; i++) most = cam[i] > most ? cam[i] : most;
    printf("== a %d, from row %d and column %d on; and the class activation map\n", label,
           corner / SIDE, corner % SIDE);
    for (int i = 0; i < MAP * SIDE; i++) { /* of the picture's rows two in one */
        const nn_real *pixel = picture + i / SIDE * 2 * SIDE + i % SIDE;
        printf(i % SIDE ? "%c" : "|%c", ink[(int)((double)(pixel[0] + pixel[SIDE]) * 4.99)]);
        if (i % SIDE < SIDE - 1) continue;
        printf("|  |");
        for (int k = 0; k < MAP; k++) {
            const double part = (double)(cam[i / SIDE * MAP + k] / most);
            printf("%c%c", ink[part > 0 ? (int)(part * 9.99) : 0],
                   ink[part > 0 ? (int)(part * 9.99) : 0]);
        }
        printf("|\n");
    }
}

static void learn(const network *net, nn_model *model, const nn_dataset *train)
{
    nn_ctx *nn = model->ctx;
    nn_optimizer *opt = nn_adam(model, 1);
    nn_batches b = nn_batches_new(train, 16, 1);
    int corner[16];
    long step = 0;
    while (b.epoch < EPOCHS && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *x = hide(nn_batch_x(&b), corner);
            nn_backward(nn_cross_entropy(logits(net, features(net, x)), b.label));
            opt->lr = nn_cosine_annealing_lr(0.01f, 0, EPOCHS * (train->n / 16), step++);
            nn_step(opt);
        }
}

int main(void)
{
    nn_ctx *nn = nn_create(12);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    int n = 0; /* only the first CLASSES digits */
    for (int i = 0; i < all.n; i++) {
        if (all.label[i] >= CLASSES) continue;
        memmove(all.x + n * all.size, all.x + i * all.size, (size_t)all.size * sizeof *all.x);
        all.label[n++] = all.label[i];
    }
    all.n = n, all.classes = CLASSES;
    nn_split(&all, 0.2, &train, &test);
    if (!nn_ok(nn) || test.n > MAX_TEST) return 1;
    nn_model *model = nn_model_new(nn);
    network net;
    net.conv1 = nn_conv2d_new(model, "conv1", 1, 8, 3, 1, 1);
    net.conv2 = nn_conv2d_new(model, "conv2", 8, 16, 3, 1, 1);
    net.conv3 = nn_conv2d_new(model, "conv3", 16, FEATURES, 3, 1, 1);
    net.norm1 = nn_batch_norm_new(model, "norm1", 8);
    net.norm2 = nn_batch_norm_new(model, "norm2", 16);
    net.norm3 = nn_batch_norm_new(model, "norm3", FEATURES);
    net.out = nn_linear_new(model, "out", FEATURES, CLASSES);
    learn(&net, model, &train);

    nn_clear(nn);
    nn_set_training(nn, 0);
    int corner[MAX_TEST], seen[MAX_TEST];
    nn_tensor *x = nn_requires_grad(hide(nn_dataset_x(&test), corner));
    nn_tensor *map = features(&net, x), *z = logits(&net, map);
    nn_argmax(z, seen);
    const double right = 100.0 * nn_count_correct(z, test.label) / test.n;
    nn_backward(nn_sum(nn_mul(z, nn_one_hot(nn, seen, test.n, CLASSES)))); /* of what it saw */

    int cam_hits = 0, gradient_hits = 0, ink_hits = 0;
    for (int i = 0; i < test.n && nn_ok(nn); i++) {
        const ptrdiff_t at = (ptrdiff_t)i * SIDE * SIDE;
        nn_real cam[MAP * MAP];
        activation(&net, map, i, seen[i], cam);
        cam_hits += hit(cam, MAP, corner[i]);
        gradient_hits += hit(x->grad + at, SIDE, corner[i]);
        ink_hits += hit(x->data + at, SIDE, corner[i]);
        if (i == 0) show(x->data + at, cam, test.label[i], corner[i]);
    }
    printf("\n== %d new pictures\n", test.n);
    printf("%.1f %% are read correctly; the largest number of\n", right);
    printf("the class activation map   is in the digit's 8 x 8 pixels in %5.1f %%\n",
           100.0 * cam_hits / test.n);
    printf("the gradient of the pixels                                   %5.1f %%\n",
           100.0 * gradient_hits / test.n);
    printf("the picture: brightest pixel                                 %5.1f %%\n",
           100.0 * ink_hits / test.n);
    printf("a place by chance: 16 of 144 in the map, 64 of 576 pixels    %5.1f %%\n", 6400.0 / 576);
    const int good = nn_ok(nn) && cam_hits > test.n * 9 / 10 && gradient_hits > test.n * 2 / 5;
    printf("\nexpected: the map above 90 %%, the gradient above 40 %%: yes\n");
    printf("got:      %s\n", good ? "yes" : "no");
    nn_destroy(nn);
    return !good;
}
