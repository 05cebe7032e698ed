/* Digits that move: convolution moves its map with the picture, with a stride or pooling only by
 * whole strides; and how far from home a network reads a digit that was there while it learned.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DIGIT = 8, SIDE = 24, HOME = 5, FAR = 8, EPOCHS = 8, KINDS = 4 };

/* Digits [N, 64], each on a dark picture, so far to the right of its home (or 0..8 by chance):
 * [N, 1, 24, 24] */
static nn_tensor *place(const nn_tensor *digits, int right, int by_chance)
{
    const int n = digits->shape.dim[0];
    nn_tensor *x = nn_full(digits->ctx, nn_shape4(n, 1, SIDE, SIDE), 0);
    for (int i = 0; i < n; i++) {
        const int left = HOME + (by_chance ? nn_randint(x->ctx, 0, FAR + 1) : right);
        for (int row = 0; row < DIGIT; row++)
            memcpy(x->data + (i * SIDE + HOME + row) * SIDE + left,
                   digits->data + (i * DIGIT + row) * DIGIT, DIGIT * sizeof *x->data);
    }
    return x;
}

/* [moves] */
/* The digit's map moved along, and the map of the digit moved: how different, of how much. */
static void moves(nn_tensor *digit, const nn_conv2d *conv, int pool, int pixels)
{
    nn_tensor *map[2];
    for (int k = 0; k < 2; k++) {
        map[k] = nn_conv2d_forward(conv, place(digit, k * pixels, 0));
        if (pool) map[k] = nn_max_pool2d(map[k], 2, 2, 0);
    }
    const int size = map[0]->shape.dim[3], stride = SIDE / size, step = pixels / stride;
    double difference = 0, largest = 0;
    for (int i = 0; i < (int)map[0]->size; i++) {
        if (i % size < step) continue;
        const double moved = (double)map[0]->data[i - step];
        difference = fmax(difference, fabs((double)map[1]->data[i] - moved));
        largest = fmax(largest, fabs(moved));
    }
    printf("stride %d%-16s by %d %8.3f of %.3f\n", pool ? 1 : stride, pool ? ", max pooling 2" : "",
           pixels, difference, largest);
}
/* [/moves] */

typedef struct network {
    nn_conv2d conv1, conv2;
    nn_linear dense, out;
} network;

static const char *const kind_name[KINDS] = {"dense", "convolution", "global", "moved"};

/* [networks] */
static nn_tensor *forward(const network *net, int kind, nn_tensor *x)
{
    if (kind == 0)
        return nn_linear_forward(&net->out, nn_relu(nn_linear_forward(&net->dense, nn_flatten(x))));
    x = nn_max_pool2d(nn_relu(nn_conv2d_forward(&net->conv1, x)), 2, 2, 0); /* [N, 8, 12, 12] */
    x = nn_max_pool2d(nn_relu(nn_conv2d_forward(&net->conv2, x)), 2, 2, 0); /* [N, 16, 6, 6] */
    return nn_linear_forward(&net->out, kind == 2 ? nn_global_avg_pool2d(x) : nn_flatten(x));
}
/* [/networks] */

/* Percent of the test digits read correctly at each distance. */
static void learn(int kind, const nn_dataset *train, const nn_dataset *test, double right[FAR + 1])
{
    nn_ctx *nn = train->ctx;
    nn_model *model = nn_model_new(nn);
    network net = {{0}, {0}, {0}, {0}};
    const int features[KINDS] = {64, 16 * 6 * 6, 16, 16 * 6 * 6};
    if (kind == 0) net.dense = nn_linear_new(model, "dense", SIDE * SIDE, 64);
    else {
        net.conv1 = nn_conv2d_new(model, "conv1", 1, 8, 3, 1, 1);
        net.conv2 = nn_conv2d_new(model, "conv2", 8, 16, 3, 1, 1);
    }
    net.out = nn_linear_new(model, "out", features[kind], 10);
    nn_optimizer *opt = nn_adam(model, 1);
    nn_batches b = nn_batches_new(train, 16, 1);
    long step = 0;
    while (b.epoch < EPOCHS && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *z = forward(&net, kind, place(nn_batch_x(&b), 0, kind == 3));
            nn_backward(nn_cross_entropy(z, b.label));
            opt->lr = nn_cosine_annealing_lr(0.005f, 0, EPOCHS * (train->n / 16), step++);
            nn_step(opt);
        }
    nn_set_grad_enabled(nn, 0);
    for (int right_by = 0; right_by <= FAR && nn_ok(nn); right_by++) {
        nn_clear(nn);
        nn_tensor *z = forward(&net, kind, place(nn_dataset_x(test), right_by, 0));
        right[right_by] = 100.0 * nn_count_correct(z, test->label) / test->n;
    }
    nn_set_grad_enabled(nn, 1);
}

int main(void)
{
    nn_ctx *nn = nn_create(12);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split(&all, 0.2, &train, &test);
    if (!nn_ok(nn)) return 1;

    printf("== equivariance: by how much the moved picture's map is not the moved map\n");
    nn_model *model = nn_model_new(nn);
    nn_conv2d conv = nn_conv2d_new(model, "conv", 1, 1, 3, 1, 1);
    nn_tensor *digit = nn_input(nn, all.x, nn_shape2(1, DIGIT * DIGIT));
    moves(digit, &conv, 0, 1);
    for (int step = 1; step <= 2; step++) moves(digit, &conv, 1, step);
    conv.options.stride[0] = conv.options.stride[1] = 2;
    for (int step = 1; step <= 2; step++) moves(digit, &conv, 0, step);

    printf("\n== percent right, the digit moved so many pixels to the right\n      ");
    double right[KINDS][FAR + 1] = {{0}};
    for (int kind = 0; kind < KINDS; kind++) learn(kind, &train, &test, right[kind]);
    for (int kind = 0; kind < KINDS; kind++) printf("%13s", kind_name[kind]);
    for (int step = 0; step <= FAR; step++) {
        printf("\n%6d", step);
        for (int kind = 0; kind < KINDS; kind++) printf("%13.1f", right[kind][step]);
    }
    const int same = fabs(right[2][4] - right[2][0]) < 1 && /* sums are rounded elsewhere */
                     fabs(right[2][8] - right[2][0]) < 1;
    const int lost = right[0][4] < 50 && right[1][4] < 50, kept = right[3][4] > 70;
    printf("\n\nafter 4 pixels dense and convolution are below 50 %%: %s, moved above 70 %%: %s\n",
           lost ? "yes" : "no", kept ? "yes" : "no");
    printf("expected: so, and global reads after 4 and 8 pixels as at home, within 1 %%: yes\n");
    printf("got:      %s\n", same && lost && kept ? "yes" : "no");
    const int ok = nn_ok(nn) && same && lost && kept;
    nn_destroy(nn);
    return !ok;
}
