/* Figures 44 to 48: a convolutional network, its filters, convolution, shared weights, receptive
 * fields, pooling. Run from the root of the repository: two of them show examples/data. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { SIDE = 28, EPOCHS = 8 };

/* n x n numbers as a square with its corner at (x, y); decimals as in plot_heat. */
static void square(plot *p, double x, double y, double size, const nn_real *data, int n, double low,
                   double high, int map, int decimals)
{
    const plot_panel a = {p, x, y, size, size, plot_range(0, 1, NULL), plot_range(1, 0, NULL)};
    double z[SIDE * SIDE];
    for (int i = 0; i < n * n; i++) {
        z[i] = (double)data[i];
        const double step = (high - low) / 16; /* so many colours are enough, in half the bytes */
        if (decimals < 0) z[i] = low + step * (0.5 + floor(fmin(15.99, (z[i] - low) / step)));
    }
    plot_heat(&a, z, n, n, low, high, map, decimals);
    plot_place(p, PLOT_BOX, x + size / 2, y + size / 2, size + 2, size + 2, "",
               (plot_style){.line = PLOT_GREY, .width = 1});
}

static void frame(plot *p, double x, double y, double w, int colour)
{
    const plot_point at[5] = {{x, y}, {x + w, y}, {x + w, y + w}, {x, y + w}, {x, y}};
    plot_lines(p, at, 5, (plot_style){.line = colour, .width = 3});
}

/* From (x, y) to the right: the middle of the bar's left end. */
static void bar(plot *p, double x, double y, double length, double height, int colour)
{
    const double top = y - height / 2, low = y + height / 2;
    const plot_point at[4] = {{x, top}, {x + length, top}, {x + length, low}, {x, low}};
    plot_lines(p, at, 4, plot_filled(PLOT_NONE, colour));
}

static double largest(const nn_real *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (fabs((double)x[i]) > most) most = fabs((double)x[i]);
    return most;
}

/* ---- 44: LeNet, trained, and what it makes of a boot ---- */

typedef struct lenet {
    nn_conv2d conv1, conv2;
    nn_linear fc1, fc2;
} lenet;

typedef struct flow { /* a picture on its way */
    nn_tensor *map1, *map2, *hidden, *z;
} flow;

static flow forward(const lenet *l, nn_tensor *x)
{
    flow f;
    f.map1 = nn_max_pool2d(nn_relu(nn_conv2d_forward(&l->conv1, x)), 2, 2, 0);
    f.map2 = nn_max_pool2d(nn_relu(nn_conv2d_forward(&l->conv2, f.map1)), 2, 2, 0);
    f.hidden = nn_relu(nn_linear_forward(&l->fc1, nn_flatten(f.map2)));
    f.z = nn_linear_forward(&l->fc2, f.hidden);
    return f;
}

static lenet trained(nn_ctx *nn)
{
    nn_idx images = nn_idx_load(nn, "examples/data/fashion-train-800-images-idx3-ubyte");
    nn_idx labels = nn_idx_load(nn, "examples/data/fashion-train-800-labels-idx1-ubyte");
    nn_dataset data = nn_dataset_idx(&images, &labels);
    nn_model *net = nn_model_new(nn);
    lenet l;
    l.conv1 = nn_conv2d_new(net, "conv1", 1, 8, 5, 1, 2);
    l.conv2 = nn_conv2d_new(net, "conv2", 8, 16, 5, 1, 0);
    l.fc1 = nn_linear_new(net, "fc1", 400, 120);
    l.fc2 = nn_linear_new(net, "fc2", 120, 10);
    nn_optimizer *opt = nn_momentum(net, 0.02f, 0.9f);
    nn_batches b = nn_batches_new(&data, 16, 1);
    while (nn_ok(nn) && b.epoch < EPOCHS)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *x = nn_reshape(nn_batch_x(&b), nn_shape4(-1, 1, SIDE, SIDE));
            nn_backward(nn_cross_entropy(forward(&l, x).z, b.label));
            opt->lr = nn_cosine_annealing_lr(0.02f, 0, EPOCHS * (data.n / 16), opt->step);
            nn_step(opt);
        }
    nn_clear(nn);
    nn_set_grad_enabled(nn, 0);
    return l;
}

static nn_tensor *boot(nn_ctx *nn) /* the first picture that was not learned */
{
    nn_idx images = nn_idx_load(nn, "examples/data/fashion-t10k-200-images-idx3-ubyte");
    nn_tensor *x = nn_full(nn, nn_shape4(1, 1, SIDE, SIDE), 0);
    for (size_t i = 0; nn_ok(nn) && i < x->size; i++)
        x->data[i] = (nn_real)nn_idx_value(&images, i) / 255;
    return x;
}

static int architecture(const char *directory, nn_ctx *nn, const lenet *l)
{
    static const char *const name[10] = {"T-shirt", "trousers", "pullover", "dress", "coat",
                                         "sandal",  "shirt",    "sneaker",  "bag",   "boot"};
    nn_tensor *x = boot(nn);
    const flow f = forward(l, x);
    nn_tensor *y = nn_softmax(f.z);
    if (!nn_ok(nn)) return 0;
    plot p = plot_new(640, 300, "A convolutional network and a boot on its way through it",
                      "From left to right: a picture of a boot, 28 x 28; eight feature maps of 14 "
                      "x 14, in which the boot's edges and areas are still seen; sixteen of 5 x 5; "
                      "120 hidden units; the probabilities of ten classes, that of boot the "
                      "largest. Between them: convolution, ReLU and pooling, twice, and linear "
                      "layers.");
    const double top = 56, middle = 132;
    const plot_style arrow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
    square(&p, 12, middle - 46, 92, x->data, SIDE, 0, 1, PLOT_GREYS, -1);
    for (int k = 0; k < 8; k++)
        square(&p, 148 + k % 2 * 39, top + k / 2 * 39, 35, f.map1->data + k * 196, 14, 0,
               largest(f.map1->data, f.map1->size), PLOT_VIRIDIS, -1);
    for (int k = 0; k < 16; k++)
        square(&p, 266 + k % 4 * 26, top + 25 + k / 4 * 26, 22, f.map2->data + k * 25, 5, 0,
               largest(f.map2->data, f.map2->size), PLOT_VIRIDIS, -1);
    double hidden[120];
    for (int i = 0; i < 120; i++) hidden[i] = (double)f.hidden->data[i];
    const plot_panel column = {&p, 414, top, 24, 150, plot_range(0, 1, NULL),
                               plot_range(1, 0, NULL)};
    plot_heat(&column, hidden, 4, 30, 0, largest(f.hidden->data, 120), PLOT_VIRIDIS, -1);
    for (int c = 0; c < 10; c++) {
        const double at = top + 3 + 16.4 * c;
        plot_text(&p, 552, at, name[c], PLOT_INK, PLOT_RIGHT | PLOT_SMALL);
        plot_line(&p, 558, at - 5, 558, at + 5, (plot_style){.line = PLOT_GREY, .width = 1});
        bar(&p, 558, at, 70 * (double)y->data[c], 10, PLOT_BLUE);
    }
    static const double from[4] = {106, 226, 372, 442}, to[4] = {144, 262, 410, 476};
    for (int i = 0; i < 4; i++) plot_line(&p, from[i], middle, to[i], middle, arrow);
    static const double at[5] = {58, 184, 317, 426, 552};
    static const char *const what[5] = {"picture", "8 maps", "16 maps", "120 units", "10 classes"};
    static const char *const shape[5] = {"28 × 28", "8 × 14 × 14", "16 × 5 × 5", "120", "10"};
    for (int i = 0; i < 5; i++) {
        plot_text(&p, at[i], 24, what[i], PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
        plot_text(&p, at[i], 236, shape[i], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    }
    static const double under[3] = {124, 247, 390};
    static const char *const operation[3] = {"conv 5 × 5, ReLU,\nmax pooling 2",
                                             "conv 5 × 5, ReLU,\nmax pooling 2", "linear,\nReLU"};
    for (int i = 0; i < 3; i++)
        plot_text(&p, under[i], 272, operation[i], PLOT_BLUE, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 480, 272, "linear,\nsoftmax", PLOT_BLUE, PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, "44-cnn");
}

static int filters(const char *directory, nn_ctx *nn, const lenet *l)
{
    const flow f = forward(l, boot(nn));
    if (!nn_ok(nn)) return 0;
    plot p = plot_new(640, 226, "Learned filters and their feature maps",
                      "Above: the eight filters of 5 x 5 weights of the first layer, red where a "
                      "bright pixel adds to the sum and blue where it takes away; several are red "
                      "on one side and blue on the other. Below: the map that each makes of the "
                      "boot, after ReLU and pooling; some answer to its sole, one to the dark "
                      "around it, some hardly at all.");
    plot_text(&p, 14, 18, "Eight learned filters: red adds, blue takes away", PLOT_INK,
              PLOT_LEFT | PLOT_BOLD);
    plot_text(&p, 14, 128, "and their maps of the boot", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    for (int k = 0; k < 8; k++) {
        const double most = largest(l->conv1.weight->data, 200), x = 16 + 77 * k;
        square(&p, x, 36, 68, l->conv1.weight->data + 25 * k, 5, -most, most, PLOT_DIVERGING, -1);
        square(&p, x, 146, 68, f.map1->data + 196 * k, 14, 0, largest(f.map1->data, f.map1->size),
               PLOT_VIRIDIS, -1);
    }
    return plot_save(&p, directory, "44b-filters");
}

/* ---- 45: convolution ---- */

static int convolution(const char *directory, nn_ctx *nn)
{
    const nn_real picture[25] = {0, 0, 9, 9, 9, 0, 0, 9, 9, 9, 0, 0, 9, 9, 9,
                                 0, 0, 0, 9, 9, 0, 0, 0, 9, 9};
    const nn_real edge[9] = {-1, 0, 1, -1, 0, 1, -1, 0, 1};
    nn_model *net = nn_model_new(nn);
    nn_tensor *x = nn_input(nn, picture, nn_shape4(1, 1, 5, 5));
    nn_conv2d conv = nn_conv2d_new(net, "conv", 1, 1, 3, 1, 0);
    memcpy(conv.weight->data, edge, sizeof edge);
    conv.bias->data[0] = 0;
    nn_tensor *y = nn_conv2d_forward(&conv, x);
    conv.options.stride[0] = conv.options.stride[1] = 2;
    nn_tensor *strided = nn_conv2d_forward(&conv, x);
    conv.options.stride[0] = conv.options.stride[1] = 1;
    conv.options.padding[0] = conv.options.padding[1] = 1;
    nn_tensor *same = nn_conv2d_forward(&conv, x);
    if (!nn_ok(nn)) return 0;
    nn_real padded[49] = {0};
    for (int i = 0; i < 25; i++) padded[(i / 5 + 1) * 7 + i % 5 + 1] = picture[i];

    plot p = plot_new(640, 452, "Convolution, stride, padding",
                      "Above: a picture of 5 x 5 numbers, dark at the left and bright at the "
                      "right, a filter of 3 x 3, and the feature map of 3 x 3; a window of the "
                      "picture and the number that it makes, 9, are framed. Below at the left: "
                      "stride 2 moves the window by two and makes a map of 2 x 2. At the right: "
                      "with a border of zeros the map has 5 x 5 numbers.");
    const plot_style arrow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
    const double c = 27;
    plot_text(&p, 16, 18, "Stride 1, no padding", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    square(&p, 20, 40, 5 * c, picture, 5, 0, 12, PLOT_BLUES, 0);
    frame(&p, 20 + 2 * c, 40 + c, 3 * c, PLOT_RED);
    plot_text(&p, 178, 40 + 2.5 * c, "*", PLOT_INK, PLOT_MIDDLE);
    square(&p, 200, 40 + c, 3 * c, edge, 3, -2, 2, PLOT_DIVERGING, 0);
    plot_text(&p, 240, 40 + 4.7 * c, "filter", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 304, 40 + 2.5 * c, "=", PLOT_INK, PLOT_MIDDLE);
    square(&p, 326, 40 + c, 3 * c, y->data, 3, -40, 40, PLOT_DIVERGING, 0);
    frame(&p, 326 + 2 * c, 40 + 2 * c, c, PLOT_RED);
    plot_text(&p, 366, 40 + 4.7 * c, "feature map", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 430, 40 + 2.5 * c,
              "$-1 · 9 + 0 · 9 + 1 · 9$\n$-1 · 9 + 0 · 9 + 1 · 9$\n$-1 · 0 + 0 · 9 + 1 · 9$\n= 9",
              PLOT_INK, PLOT_LEFT);

    plot_text(&p, 16, 216, "Stride 2: every other window", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    square(&p, 20, 260, 5 * c, picture, 5, 0, 12, PLOT_BLUES, 0);
    frame(&p, 20, 260, 3 * c, PLOT_GREEN);
    frame(&p, 20 + 2 * c, 260 + 2 * c, 3 * c, PLOT_RED);
    plot_line(&p, 166, 260 + 2.5 * c, 194, 260 + 2.5 * c, arrow);
    square(&p, 202, 260 + 1.5 * c, 2 * c, strided->data, 2, -40, 40, PLOT_DIVERGING, 0);
    frame(&p, 202, 260 + 1.5 * c, c, PLOT_GREEN);
    frame(&p, 202 + c, 260 + 2.5 * c, c, PLOT_RED);
    plot_text(&p, 16, 436, "$(5 - 3) / 2 + 1 = 2$", PLOT_INK, PLOT_LEFT | PLOT_SMALL);

    plot_text(&p, 290, 216, "Padding 1: a border of zeros", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    square(&p, 292, 233, 7 * c, padded, 7, 0, 12, PLOT_BLUES, 0);
    frame(&p, 292 + c, 233 + c, 5 * c, PLOT_INK);
    square(&p, 496, 233 + c, 5 * c, same->data, 5, -40, 40, PLOT_DIVERGING, 0);
    plot_text(&p, 292, 436, "$(5 + 2 · 1 - 3) / 1 + 1 = 5$", PLOT_INK, PLOT_LEFT | PLOT_SMALL);
    return plot_save(&p, directory, "45-convolution");
}

/* ---- 46: shared weights ---- */

static int sharing(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 380, "Parameter sharing and local connectivity",
                      "Left: seven inputs, five units, a line from each to each, 35 weights. "
                      "Right: each of five units has lines from three neighbouring inputs only, "
                      "and the three colours of the lines are the same for each: 3 weights. "
                      "Below: the numbers of parameters from a picture of 28 x 28 to eight maps "
                      "of as many, as bars on a logarithmic scale: 4.9 million, 163 thousand, "
                      "208.");
    static const int units[2] = {7, 5};
    static const int colour[3] = {PLOT_BLUE, PLOT_ORANGE, PLOT_PURPLE};
    const plot_style grey = {PLOT_INK, PLOT_LIGHT(PLOT_GREY), 0, 0, 0, NULL};
    for (int shared = 0; shared < 2; shared++) {
        const plot_net net = {60 + 320 * shared, 58, 150, 156, units, 2, 9};
        if (!shared) plot_edges(&p, &net, 0, NULL, 1);
        for (int i = 0; shared && i < 15; i++)
            plot_connect(&p, plot_unit(&net, 0, i / 3 + i % 3), plot_unit(&net, 1, i / 3),
                         (plot_style){.line = colour[i % 3], .width = 2.5});
        for (int layer = 0; layer < 2; layer++) plot_units(&p, &net, layer, NULL, grey);
        plot_text(&p, 135 + 320 * shared, 22, shared ? "Convolution, kernel 3" : "Fully connected",
                  PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
        plot_text(&p, 232 + 320 * shared, 136,
                  shared ? "3 weights\n1 bias" : "35 weights\n5 biases", PLOT_INK, PLOT_LEFT);
    }
    nn_model *net = nn_model_new(nn);
    nn_conv2d_new(net, "conv", 1, 8, 5, 1, 2);
    const double pixels = SIDE * SIDE, all = 8 * pixels;
    const double count[3] = {all * pixels + all, all * 25 + all, (double)nn_model_size(net)};
    static const char *const what[3] = {"fully connected", "local: 5 × 5 each",
                                        "local and shared"};
    plot_text(&p, 16, 252, "Parameters from 28 × 28 pixels to 8 such maps, on a logarithmic scale",
              PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    for (int i = 0; i < 3; i++) {
        const double y = 284 + 34 * i;
        char text[32];
        snprintf(text, sizeof text, "%.0f", count[i]);
        plot_text(&p, 160, y, what[i], PLOT_INK, PLOT_RIGHT);
        bar(&p, 168, y, 55 * plot__log10(count[i]), 18, i < 2 ? PLOT_GREY : PLOT_BLUE);
        plot_text(&p, 176 + 55 * plot__log10(count[i]), y, text, PLOT_INK, PLOT_LEFT);
    }
    return nn_ok(nn) && plot_save(&p, directory, "46-sharing");
}

/* ---- 47: receptive fields ---- */

static int receptive_field(const char *directory, nn_ctx *nn)
{
    enum { N = 14, LAYERS = 4 };
    static const char *const name[LAYERS] = {"conv 3 × 3", "conv 3 × 3", "pooling 2", "conv 3 × 3"};
    static const int kernel[LAYERS] = {3, 3, 2, 3}, stride[LAYERS] = {1, 1, 2, 1};
    plot p = plot_new(640, 232, "Receptive fields, measured",
                      "Four pictures of 14 x 14 pixels. Each shows how much one unit, of the "
                      "first, second, third and fourth layer, changes with each pixel: squares of "
                      "3, 5, 6 and 10 pixels, framed, strongest in their middle; outside them "
                      "nothing.");
    nn_set_grad_enabled(nn, 1);
    nn_model *net = nn_model_new(nn);
    nn_conv2d conv = nn_conv2d_new(net, "conv", 1, 1, 3, 1, 1);
    for (int k = 0; k < 9; k++) conv.weight->data[k] = 1; /* nothing cancels */
    nn_receptive_field field = {1, 1};
    for (int depth = 1; depth <= LAYERS; depth++) {
        nn_tensor *x = nn_requires_grad(nn_full(nn, nn_shape4(1, 1, N, N), 1)), *y = x;
        for (int i = 0; i < depth; i++)
            y = kernel[i] == 2 ? nn_avg_pool2d(y, 2, 2, 0) : nn_conv2d_forward(&conv, y);
        const int out = y->shape.dim[3], middle = out / 2;
        nn_tensor *one = nn_full(nn, y->shape, 0);
        one->data[middle * out + middle] = 1;
        nn_backward(nn_sum(nn_mul(y, one)));
        if (!nn_ok(nn)) return 0;
        int first = N, last = 0; /* columns with a gradient */
        for (int i = 0; i < N * N; i++)
            if (x->grad[i] > 0) {
                first = i % N < first ? i % N : first;
                last = i % N > last ? i % N : last;
            }
        field = nn_receptive_field_after(field, kernel[depth - 1], stride[depth - 1], 1);
        if (last - first + 1 != field.size) plot_fail(&p, "not the receptive field", "");
        char text[40];
        const double left = 16 + 156 * (depth - 1);
        square(&p, left, 44, 140, x->grad, N, 0, largest(x->grad, x->size), PLOT_VIRIDIS, -1);
        frame(&p, left + 10 * first, 44 + 10 * first, 10 * field.size, PLOT_RED);
        plot_text(&p, left + 70, 22, name[depth - 1], PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
        snprintf(text, sizeof text, "sees %d × %d,\nnext one %d further", field.size, field.size,
                 field.jump);
        plot_text(&p, left + 70, 208, text, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    }
    return plot_save(&p, directory, "47-receptive-field");
}

/* ---- 48: pooling ---- */

static int pooling(const char *directory, nn_ctx *nn)
{
    const nn_real map[16] = {1, 3, 2, 0, 5, 7, 4, 2, 0, 1, 8, 6, 4, 3, 1, 9};
    plot p = plot_new(640, 340, "Pooling",
                      "A map of 4 x 4 numbers in four windows of 2 x 2. Max pooling keeps the "
                      "largest of each, 7, 4, 4 and 9; average pooling their mean, 4, 2, 2 and 6. "
                      "Below: where a gradient of 1 for each output goes: to the largest number "
                      "alone; a quarter to each of the four.");
    static const int colour[4] = {PLOT_BLUE, PLOT_ORANGE, PLOT_GREEN, PLOT_PURPLE};
    const plot_style arrow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
    const double c = 34;
    for (int average = 0; average < 2; average++) {
        nn_tensor *x = nn_requires_grad(nn_input(nn, map, nn_shape4(1, 1, 4, 4)));
        nn_tensor *y = average ? nn_avg_pool2d(x, 2, 2, 0) : nn_max_pool2d(x, 2, 2, 0);
        nn_backward(nn_sum(y));
        if (!nn_ok(nn)) return 0;
        const double left = 20 + 320 * average;
        plot_text(&p, left, 20, average ? "Average pooling: the mean" : "Max pooling: the largest",
                  PLOT_INK, PLOT_LEFT | PLOT_BOLD);
        square(&p, left, 40, 4 * c, map, 4, -3, 18, PLOT_BLUES, 0);
        square(&p, left + 200, 40 + c, 2 * c, y->data, 2, -3, 18, PLOT_BLUES, 0);
        square(&p, left + 100, 194, 4 * c, x->grad, 4, -0.3, 2, PLOT_BLUES, average ? 2 : 0);
        for (int i = 0; i < 4; i++) {
            const double column = i % 2, row = i / 2;
            frame(&p, left + 2 * c * column + 2, 42 + 2 * c * row, 2 * c - 4, colour[i]);
            frame(&p, left + 200 + c * column + 2, 42 + c + c * row, c - 4, colour[i]);
            frame(&p, left + 102 + 2 * c * column, 196 + 2 * c * row, 2 * c - 4, colour[i]);
        }
        plot_line(&p, left + 4 * c + 14, 40 + 2 * c, left + 188, 40 + 2 * c, arrow);
        plot_text(&p, left, 194 + 2 * c, "gradient,\n1 for each\noutput", PLOT_INK,
                  PLOT_LEFT | PLOT_SMALL);
    }
    return plot_save(&p, directory, "48-pooling");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(44);
    const lenet l = trained(nn);
    const int good = nn_ok(nn) && architecture(directory, nn, &l) && filters(directory, nn, &l) &&
                     convolution(directory, nn) && sharing(directory, nn) &&
                     receptive_field(directory, nn) && pooling(directory, nn);
    nn_destroy(nn);
    return !good;
}
