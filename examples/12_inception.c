/* An Inception module, as in GoogLeNet (Szegedy et al. 2015, arXiv 1409.4842): four branches see
 * the same input, and their channels are put together. The 1 x 1 convolutions before the large ones
 * spare more than half of the multiplications.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 5, SIDE = 8, CLASSES = 10 };

/* [module] */
enum { ONE, REDUCE3, THREE, REDUCE5, FIVE, POOL, CONVS };

typedef struct inception { /* a reduction to 0 channels: none */
    nn_conv2d conv[CONVS];
    int width[CONVS];
} inception;

static inception inception_new(nn_model *net, const char *name, int in, const int width[CONVS])
{
    static const char *const part[CONVS] = {"1x1",        "3x3_reduce", "3x3",
                                            "5x5_reduce", "5x5",        "pool"};
    static const int kernel[CONVS] = {1, 1, 3, 1, 5, 1};
    inception m;
    for (int i = 0; i < CONVS; i++) {
        const int before = i == THREE || i == FIVE ? m.width[i - 1] : 0;
        char text[NN_NAME_SIZE];
        snprintf(text, sizeof text, "%s.%s", name, part[i]);
        m.width[i] = width[i];
        if (width[i])
            m.conv[i] = nn_conv2d_new(net, text, before ? before : in, width[i], kernel[i], 1,
                                      kernel[i] / 2);
    }
    return m;
}

static nn_tensor *apply(const inception *m, int i, nn_tensor *x)
{
    return m->width[i] ? nn_relu(nn_conv2d_forward(&m->conv[i], x)) : x;
}

static nn_tensor *inception_forward(const inception *m, nn_tensor *x) /* [N, C, H, W] */
{
    nn_tensor *branch[4] = {apply(m, ONE, x), apply(m, THREE, apply(m, REDUCE3, x)),
                            apply(m, FIVE, apply(m, REDUCE5, x)),
                            apply(m, POOL, nn_max_pool2d(x, 3, 1, 1))};
    return nn_concat(1, 4, branch); /* [N, sum of the four, H, W] */
}
/* [/module] */

/* Of one image of h x w: each weight is used at every place. */
static double multiplications(const inception *m, int h, int w)
{
    double sum = 0;
    for (int i = 0; i < CONVS; i++)
        if (m->width[i]) sum += (double)m->conv[i].weight->size * h * w;
    return sum;
}

static double show_module(nn_ctx *nn, const char *title, const int width[CONVS])
{
    nn_model *net = nn_model_new(nn);
    const inception m = inception_new(net, "3a", 192, width);
    const nn_tensor *y = inception_forward(&m, nn_randn(nn, nn_shape4(1, 192, 28, 28)));
    const double count = multiplications(&m, 28, 28);
    printf("%-14s %-16s %10d %14.1f\n", title, nn_shape_text(nn, y->shape),
           (int)nn_model_size(net), count / 1e6);
    return count;
}

int main(void)
{
    nn_ctx *nn = nn_create(12);
    nn_set_grad_enabled(nn, 0);
    printf("== module 3a of GoogLeNet: [1, 192, 28, 28] ->\n");
    printf("%-14s %-16s parameters  multiplications (millions)\n", "", "shape"); /* [count] */
    const double full = show_module(nn, "without 1 x 1", (const int[]){64, 0, 128, 0, 32, 0});
    const double less = show_module(nn, "with", (const int[]){64, 96, 128, 16, 32, 32});
    /* [/count] */
    nn_set_grad_enabled(nn, 1);

    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.5, &train, &test);
    nn_model *net = nn_model_new(nn);
    nn_conv2d stem = nn_conv2d_new(net, "stem", 1, 16, 3, 1, 1);
    const inception m = inception_new(net, "module", 16, (const int[]){8, 8, 16, 4, 8, 8});
    nn_linear fc = nn_linear_new(net, "fc", 40 * 4 * 4, CLASSES);
    nn_optimizer *opt = nn_adam(net, 0.01f);
    nn_batches b = nn_batches_new(&train, 32, 1), held_out = nn_batches_new(&test, test.n, 0);
    double right = 0;
    printf("\n== %d digits: 16 channels of 8 x 8 -> 8 + 16 + 8 + 8\n", train.n);
    for (int epoch = 1; epoch <= EPOCHS && nn_ok(nn); epoch++) {
        double sum = 0;
        for (int testing = 0; testing < 2; testing++) {
            nn_batches *data = testing ? &held_out : &b;
            nn_set_grad_enabled(nn, !testing);
            while (nn_next_batch(data)) {
                nn_clear(nn);
                nn_zero_grad(net);
                nn_tensor *x = nn_reshape(nn_batch_x(data), nn_shape4(-1, 1, SIDE, SIDE));
                x = inception_forward(&m, nn_relu(nn_conv2d_forward(&stem, x)));
                nn_tensor *z = nn_linear_forward(&fc, nn_flatten(nn_max_pool2d(x, 2, 2, 0)));
                if (testing) right = 100.0 * nn_count_correct(z, data->label) / data->n;
                else {
                    nn_tensor *loss = nn_cross_entropy(z, data->label);
                    nn_backward(loss);
                    nn_step(opt);
                    sum += (double)nn_item(loss) * data->n;
                }
            }
        }
        printf("epoch %d: loss %.3f, %.1f %% of those held out are right\n", epoch, sum / train.n,
               right);
    }
    const int ok = nn_ok(nn) && less < 0.5 * full && right >= 90;
    printf("\nexpected: less than half of the multiplications; at least 90 %% right\n");
    printf("got:      %.0f %% of them; %.1f %%\n", 100 * less / full, right);
    nn_destroy(nn);
    return !ok;
}
