/* Two autoencoders for pictures of clothes, with the same 98 numbers in their bottleneck: one of
 * fully connected layers, one of convolutions, whose code is 2 channels of 7 x 7 and whose decoder
 * grows it again by transposed convolutions.
 *
 *     12_conv_autoencoder [epochs]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { BATCH = 16, SIDE = 28, PIXELS = SIDE * SIDE, CODE = 2 * 7 * 7 };

typedef struct autoencoder {
    nn_linear in, out;                                      /* dense */
    nn_conv2d down[3];                                      /* convolutional */
    nn_conv_transpose2d up[3];
    int convolutional;
} autoencoder;

static autoencoder autoencoder_new(nn_model *net, int convolutional)
{
    autoencoder a = {.convolutional = convolutional};
    if (convolutional) {
        /* [conv] */
        a.down[0] = nn_conv2d_new(net, "down1", 1, 16, 3, 2, 1);           /* [N, 16, 14, 14] */
        a.down[1] = nn_conv2d_new(net, "down2", 16, 32, 3, 2, 1);          /* [N, 32, 7, 7] */
        a.down[2] = nn_conv2d_new(net, "code", 32, 2, 1, 1, 0);            /* [N, 2, 7, 7] */
        a.up[0] = nn_conv_transpose2d_new(net, "up1", 2, 32, 3, 1, 1);     /* [N, 32, 7, 7] */
        a.up[1] = nn_conv_transpose2d_new(net, "up2", 32, 16, 4, 2, 1);    /* [N, 16, 14, 14] */
        a.up[2] = nn_conv_transpose2d_new(net, "up3", 16, 1, 4, 2, 1);     /* [N, 1, 28, 28] */
        /* [/conv] */
    } else {
        a.in = nn_linear_new(net, "in", PIXELS, CODE);
        a.out = nn_linear_new(net, "out", CODE, PIXELS);
    }
    return a;
}

static nn_tensor *encode(const autoencoder *a, nn_tensor *x) /* [N, 1, 28, 28] -> 98 numbers each */
{
    if (!a->convolutional) return nn_linear_forward(&a->in, nn_flatten(x));
    for (int i = 0; i < 2; i++) x = nn_relu(nn_conv2d_forward(&a->down[i], x));
    return nn_conv2d_forward(&a->down[2], x);
}

static nn_tensor *decode(const autoencoder *a, nn_tensor *code) /* -> [N, 1, 28, 28] */
{
    if (!a->convolutional)
        return nn_reshape(nn_linear_forward(&a->out, code), nn_shape4(-1, 1, SIDE, SIDE));
    for (int i = 0; i < 2; i++) code = nn_relu(nn_conv_transpose2d_forward(&a->up[i], code));
    return nn_conv_transpose2d_forward(&a->up[2], code);
}

static nn_dataset load(nn_ctx *nn, const char *images, const char *labels)
{
    const nn_idx x = nn_idx_load(nn, images), label = nn_idx_load(nn, labels);
    return nn_dataset_idx(&x, &label);
}

static void show(nn_real image[3][PIXELS]) /* side by side; a character is 1 wide and 2 high */
{
    for (int row = 0; row < SIDE; row += 2)
        for (int k = 0; k < 3; k++) {
            for (int col = 0; col < SIDE; col++) {
                const nn_real *at = image[k] + row * SIDE + col;
                const double ink = (double)(at[0] + at[SIDE]) / 2;
                putchar(" .:-=+*#%@"[(int)(fmin(fmax(ink, 0), 1) * 9.99)]);
            }
            printf(k < 2 ? "|" : "\n");
        }
}

int main(int argc, char **argv)
{
    static const char *const name[2] = {"dense", "convolutional"};
    const int epochs = argc > 1 ? atoi(argv[1]) : 8;
    nn_ctx *nn = nn_create(11);
    const nn_dataset train = load(nn, "examples/data/fashion-train-800-images-idx3-ubyte",
                                  "examples/data/fashion-train-800-labels-idx1-ubyte");
    const nn_dataset test = load(nn, "examples/data/fashion-t10k-200-images-idx3-ubyte",
                                 "examples/data/fashion-t10k-200-labels-idx1-ubyte");
    if (!nn_ok(nn)) return 1;
    double error[2] = {0};
    nn_real picture[3][PIXELS]; /* the first of the test, and what the two make of it */
    size_t size[2];
    printf("== %d epochs: 784 pixels -> %d numbers -> 784 pixels\n", epochs, CODE);
    for (int k = 0; k < 2; k++) {
        nn_seed(nn, 1);
        nn_model *net = nn_model_new(nn);
        const autoencoder a = autoencoder_new(net, k);
        nn_optimizer *opt = nn_adam(net, k ? 0.005f : 0.002f); /* the best for each */
        nn_batches b = nn_batches_new(&train, BATCH, 1);
        while (b.epoch < epochs && nn_ok(nn))
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(net);
                nn_tensor *x = nn_reshape(nn_batch_x(&b), nn_shape4(-1, 1, SIDE, SIDE));
                nn_backward(nn_mse(decode(&a, encode(&a, x)), x));
                nn_step(opt);
            }
        nn_clear(nn);
        nn_set_grad_enabled(nn, 0);
        nn_tensor *x = nn_reshape(nn_dataset_x(&test), nn_shape4(-1, 1, SIDE, SIDE));
        nn_tensor *y = decode(&a, encode(&a, x));
        nn_set_grad_enabled(nn, 1);
        error[k] = (double)nn_item(nn_mse(y, x));
        size[k] = nn_model_size(net);
        memcpy(picture[0], x->data, sizeof picture[0]);
        memcpy(picture[k + 1], y->data, sizeof picture[0]);
        printf("%-14s %6d parameters, mean squared error on %d others %.4f\n", name[k],
               (int)size[k], test.n, error[k]);
    }
    printf("\n== one of the others, by the dense one, by the convolutional one\n");
    show(picture);
    const int ok = nn_ok(nn) && error[1] < error[0] && 10 * size[1] < size[0];
    printf("\nexpected: a smaller error with less than a tenth of the parameters\n");
    printf("got:      %.4f with %d, %.4f with %d\n", error[1], (int)size[1], error[0],
           (int)size[0]);
    nn_destroy(nn);
    return !ok;
}
