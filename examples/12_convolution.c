/* Convolution by hand: a filter slides over a picture; padding, stride, sizes, parameters. */
#define NN_IMPLEMENTATION
#include "../nn.h"

static void show(const char *name, const nn_tensor *x) /* [1, 1, H, W] */
{
    const int h = x->shape.dim[2], w = x->shape.dim[3];
    printf("%s, %d x %d\n", name, h, w);
    for (int i = 0; i < h * w; i++) printf("%4g%s", (double)x->data[i], i % w < w - 1 ? "" : "\n");
}

/* [by hand] */
/* The sum of what the 3 x 3 window with its corner at (row, column) has times the filter. */
static nn_real window(const nn_real *x, int width, int row, int column, const nn_real filter[9])
{
    nn_real sum = 0;
    for (int r = 0; r < 3; r++)
        for (int s = 0; s < 3; s++) sum += filter[3 * r + s] * x[(row + r) * width + column + s];
    return sum;
}
/* [/by hand] */

int main(void)
{
    const nn_real picture[25] = {0, 0, 9, 9, 9, /* dark at the left, bright at the right, */
                                 0, 0, 9, 9, 9, /* and the border a step further on below */
                                 0, 0, 9, 9, 9,
                                 0, 0, 0, 9, 9,
                                 0, 0, 0, 9, 9};
    const nn_real edge[9] = {-1, 0, 1, -1, 0, 1, -1, 0, 1}; /* right minus left */
    nn_ctx *nn = nn_create(12);
    nn_model *net = nn_model_new(nn);
    nn_tensor *x = nn_input(nn, picture, nn_shape4(1, 1, 5, 5));
    nn_conv2d conv = nn_conv2d_new(net, "conv", 1, 1, 3, 1, 0);
    memcpy(conv.weight->data, edge, sizeof edge);
    conv.bias->data[0] = 0;

    printf("== the filter slides\n");
    show("picture", x);
    show("filter", conv.weight);
    nn_tensor *y = nn_conv2d_forward(&conv, x);
    show("feature map", y);
    int same = 1;
    for (int i = 0; i < 9; i++) same &= window(picture, 5, i / 3, i % 3, edge) == y->data[i];
    printf("its first number: 3 rows, each 9 at the right - 0 at the left: 3 (9 - 0) = 27\n");

    printf("\n== padding: a border of zeros\n");
    conv.options.padding[0] = conv.options.padding[1] = NN_SAME;
    show("feature map, as large as the picture", nn_conv2d_forward(&conv, x));
    printf("the column of -27 at the right is an edge, too: the border of zeros is dark\n");

    printf("\n== stride 2: every other window\n");
    conv.options.padding[0] = conv.options.padding[1] = 1;
    conv.options.stride[0] = conv.options.stride[1] = 2;
    show("feature map", nn_conv2d_forward(&conv, x));

    printf("\n== local: what the number at row 1, column 2 of a map depends on\n"); /* [local] */
    conv.options.padding[0] = conv.options.padding[1] = 0;
    conv.options.stride[0] = conv.options.stride[1] = 1;
    nn_tensor *map = nn_conv2d_forward(&conv, nn_requires_grad(x));
    nn_backward(nn_slice(nn_slice(map, 2, 1, 2), 3, 2, 3));
    nn_tensor *gradient = nn_input(nn, x->grad, x->shape);
    show("its gradient by the picture: the filter, in its window", gradient); /* [/local] */

    printf("\n== sizes: floor((size + 2 padding - kernel) / stride) + 1\n");
    printf("size  kernel  padding  stride  output\n");
    const int cases[6][4] = {{5, 3, 0, 1}, {5, 3, 1, 1},  {5, 3, 1, 2},
                             {6, 3, 0, 2}, {28, 5, 2, 1}, {224, 7, 3, 2}};
    for (int i = 0; i < 6; i++) {
        const int *c = cases[i];
        printf("%4d%8d%9d%8d%8d\n", c[0], c[1], c[2], c[3],
               nn_conv_out_size(c[0], c[1], c[3], c[2], 1));
    }
    printf("(6 + 0 - 3) / 2 + 1 is 2.5: the last column of the 6 is in no window\n");

    printf("\n== parameters: 28 x 28 to 8 maps of 28 x 28\n");
    nn_model *shared = nn_model_new(nn);
    nn_conv2d_new(shared, "conv", 1, 8, 5, 1, 2); /* [parameters] */
    const double pixels = 28 * 28, units = 8 * pixels;
    printf("every unit with its own weight for every pixel, and a bias %10.0f\n",
           units * pixels + units);
    printf("every unit with its own weights for 5 x 5 pixels           %10.0f\n",
           units * 5 * 5 + units);
    printf("all units of a map with the same weights: (5 * 5 + 1) * 8  %10d\n",
           (int)nn_model_size(shared)); /* [/parameters] */

    same &= nn_model_size(shared) == 208;
    printf("\nexpected: the same numbers by hand and by nn_conv2d, 208 parameters: yes\n");
    printf("got:      %s\n", same ? "yes" : "no");
    const int ok = nn_ok(nn) && same;
    nn_destroy(nn);
    return !ok;
}
