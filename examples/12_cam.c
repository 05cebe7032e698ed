/* What did the network look at? A digit lies somewhere in a picture, and somewhere else the pixels
 * of another digit, shuffled. The network learns only which digit there is, never where; its class
 * activation map (Zhou et al. 2016, arXiv 1512.04150) and the gradient of the picture (Simonyan et
 * al. 2014, arXiv 1312.6034) then tell the place.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DIGIT = 8, SIDE = 24, MAP = 12, FEATURES = 32, EPOCHS = 12, MAX_TEST = 400 };

typedef struct network {
    nn_conv2d conv1, conv2, conv3;
    nn_linear out;
} network;

/* [network] */
static nn_tensor *features(const network *net, nn_tensor *x)            /* [N, 1, 24, 24] */
{
    x = nn_max_pool2d(nn_relu(nn_conv2d_forward(&net->conv1, x)), 2, 2, 0);
    x = nn_relu(nn_conv2d_forward(&net->conv2, x));
    return nn_relu(nn_conv2d_forward(&net->conv3, x));                  /* [N, 32, 12, 12] */
}

static nn_tensor *logits(const network *net, nn_tensor *map)            /* [N, 10] */
{
    return nn_linear_forward(&net->out, nn_global_avg_pool2d(map));
}
/* [/network] */

/* Digits [N, 64] -> [N, 1, 24, 24]; corner[i]: where the digit's first pixel has come to */
static nn_tensor *hide(const nn_tensor *digits, int *corner)
{
    const int n = digits->shape.dim[0], other[2] = {0, SIDE / 2}; /* upper, lower half */
    nn_tensor *x = nn_full(digits->ctx, nn_shape4(n, 1, SIDE, SIDE), 0);
    for (int i = 0; i < n; i++) {
        const int half = nn_randint(x->ctx, 0, 2), right = nn_randint(x->ctx, 0, 17);
        const nn_real *from = digits->data + i * 64;
        nn_real *to = x->data + i * SIDE * SIDE;
        corner[i] = (other[half] + nn_randint(x->ctx, 0, 5)) * SIDE + right;
        for (int k = 0; k < 64; k++) to[corner[i] + k / 8 * SIDE + k % 8] = from[k];
        const nn_real *mixed = digits->data + (i + 1) % n * 64;
        nn_real *at = to + (other[!half] + nn_randint(x->ctx, 0, 5)) * SIDE +
                      nn_randint(x->ctx, 0, 17);
        for (int k = 0; k < 64; k++) at[k * 27 % 64 / 8 * SIDE + k * 27 % 8] = mixed[k];
    }
    return x;
}

static int inside(int corner, int row, int column) /* of the digit's 8 x 8 pixels */
{
    row -= corner / SIDE, column -= corner % SIDE;
    return row >= 0 && row < DIGIT && column >= 0 && column < DIGIT;
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
            opt->lr = nn_cosine_annealing_lr(0.005f, 0, EPOCHS * (train->n / 16), step++);
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
    nn_split(&all, 0.2, &train, &test);
    if (!nn_ok(nn) || test.n > MAX_TEST) return 1;
    nn_model *model = nn_model_new(nn);
    const network net = {nn_conv2d_new(model, "conv1", 1, 8, 3, 1, 1),
                         nn_conv2d_new(model, "conv2", 8, 16, 3, 1, 1),
                         nn_conv2d_new(model, "conv3", 16, FEATURES, 3, 1, 1),
                         nn_linear_new(model, "out", FEATURES, 10)};
    learn(&net, model, &train);

    nn_clear(nn);
    int corner[MAX_TEST], seen[MAX_TEST];
    nn_tensor *x = nn_requires_grad(hide(nn_dataset_x(&test), corner));
    nn_tensor *map = features(&net, x), *z = logits(&net, map);
    nn_argmax(z, seen);
    printf("right %.1f\n", 100.0 * nn_count_correct(z, test.label) / test.n);
    nn_destroy(nn);
    return 0;
}
