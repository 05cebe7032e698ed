/* Figures 49 and 50: a residual block and an Inception module with the shapes of ResNet-18 and
 * GoogLeNet; 50b and 50c: what examples/12_resnet.c printed in the long runs of book/runs. Run from
 * the root of the repository. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { MOST = 100 };

/* ---- 49 ---- */

static const plot_style flow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};

static void draw_block(plot *p, double x, const char *title, int in, int out, int size, int stride)
{
    const plot_style blue = plot_filled(PLOT_BLUE, PLOT_LIGHT(PLOT_BLUE));
    const plot_style orange = plot_filled(PLOT_ORANGE, PLOT_LIGHT(PLOT_ORANGE));
    const int after = nn_conv_out_size(size, 3, stride, 1, 1), projects = stride > 1 || in != out;
    const double side = x + 145;
    char text[96];
    plot_text(p, x, 20, title, PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    snprintf(text, sizeof text, "$x$: %d × %d × %d", in, size, size);
    const plot_node from = plot_place(p, PLOT_BOX, x, 58, 150, 30, text,
                                      plot_filled(PLOT_INK, PLOT_WHITE));
    snprintf(text, sizeof text, "3 × 3, %d%s\nbatch norm", out, projects ? ", stride 2" : "");
    const plot_node first = plot_place(p, PLOT_BOX, x, 130, 150, 50, text, blue);
    const plot_node relu = plot_place(p, PLOT_BOX, x, 195, 150, 28, "ReLU", orange);
    snprintf(text, sizeof text, "3 × 3, %d\nbatch norm", out);
    const plot_node second = plot_place(p, PLOT_BOX, x, 260, 150, 50, text, blue);
    const plot_node sum = plot_place(p, PLOT_CIRCLE, x, 330, 30, 30, "+",
                                     plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_GREEN)));
    const plot_node last = plot_place(p, PLOT_BOX, x, 390, 150, 28, "ReLU", orange);
    snprintf(text, sizeof text, "$y$: %d × %d × %d", out, after, after);
    const plot_node to = plot_place(p, PLOT_BOX, x, 446, 150, 30, text,
                                    plot_filled(PLOT_INK, PLOT_WHITE));
    const plot_node way[7] = {from, first, relu, second, sum, last, to};
    for (int i = 0; i < 6; i++) plot_connect(p, way[i], way[i + 1], flow);
    plot_text(p, x - 12, 300, "$F(x)$", PLOT_INK, PLOT_RIGHT);

    const plot_style green = {.line = PLOT_GREEN, .width = 2.5, .arrow = 1};
    const double beside = x + sum.w / 2 + 1;
    if (projects) {
        snprintf(text, sizeof text, "1 × 1, %d\nstride 2\nbatch norm", out);
        const plot_node box = plot_place(p, PLOT_BOX, side, 195, 110, 64, text,
                                         plot_filled(PLOT_GREEN, PLOT_LIGHT(PLOT_GREEN)));
        const plot_point down[3] = {{from.x + from.w / 2, from.y}, {side, from.y},
                                    {side, box.y - box.h / 2 - 1}};
        const plot_point back[3] = {{side, box.y + box.h / 2}, {side, sum.y}, {beside, sum.y}};
        plot_lines(p, down, 3, green);
        plot_lines(p, back, 3, green);
        plot_text(p, x + 80, 346, "$P(x)$", PLOT_INK, PLOT_MIDDLE);
    } else {
        const plot_point around[4] = {{from.x + from.w / 2, from.y}, {side, from.y},
                                      {side, sum.y}, {beside, sum.y}};
        plot_lines(p, around, 4, green);
        plot_text(p, side, 195, "$x$, as it is", PLOT_GREEN, PLOT_MIDDLE | PLOT_ON_WHITE);
        plot_text(p, x + 80, 346, "$x$", PLOT_INK, PLOT_MIDDLE);
    }
}

static int residual_block(const char *directory)
{
    plot p = plot_new(640, 474, "Residual blocks",
                      "Left: x goes through two convolutions with batch normalisation, a ReLU "
                      "between them, and is added to their result as it is; a last ReLU gives y. "
                      "Right: the first convolution halves height and width and doubles the "
                      "channels, so that x goes through a 1 x 1 convolution before it is added.");
    draw_block(&p, 110, "the same shape: identity", 64, 64, 56, 1);
    draw_block(&p, 430, "another shape: projection", 64, 128, 56, 2);
    return plot_save(&p, directory, "49-residual-block");
}

/* ---- 50: module 3a of GoogLeNet ---- */

/* A convolution with what it costs: a multiplication for each weight at each of 28 x 28 places. */
static plot_node convolution(plot *p, double x, double y, int kernel, int in, int out, int reduces)
{
    char text[64], number[24];
    const double millions = 1e-6 * kernel * kernel * in * out * 28 * 28;
    snprintf(text, sizeof text, "%d × %d, %d\n%s", kernel, kernel, out,
             plot_number(number, millions, 1));
    const int colour = reduces ? PLOT_ORANGE : PLOT_BLUE;
    return plot_place(p, PLOT_BOX, x, y, 110, 50, text, plot_filled(colour, PLOT_LIGHT(colour)));
}

static int inception_module(const char *directory)
{
    static const double x[4] = {80, 240, 400, 560};
    plot p = plot_new(640, 392, "An Inception module",
                      "192 channels of 28 x 28 go into four branches: a 1 x 1 convolution to 64; "
                      "1 x 1 to 96, then 3 x 3 to 128; 1 x 1 to 16, then 5 x 5 to 32; maximum "
                      "pooling, then 1 x 1 to 32. Their outputs are put together: 256 channels.");
    const plot_style white = plot_filled(PLOT_INK, PLOT_WHITE);
    const plot_node in = plot_place(&p, PLOT_BOX, 320, 30, 560, 36, "192 × 28 × 28", white);
    const plot_node out = plot_place(&p, PLOT_BOX, 320, 310, 560, 36,
                                     "64 + 128 + 32 + 32 = 256 × 28 × 28", white);
    const plot_node top[4] = {convolution(&p, x[0], 170, 1, 192, 64, 0),
                              convolution(&p, x[1], 120, 1, 192, 96, 1),
                              convolution(&p, x[2], 120, 1, 192, 16, 1),
                              plot_place(&p, PLOT_BOX, x[3], 120, 110, 50, "maximum\nof 3 × 3",
                                         plot_filled(PLOT_GREEN, PLOT_LIGHT(PLOT_GREEN)))};
    const plot_node bottom[4] = {top[0], convolution(&p, x[1], 220, 3, 96, 128, 0),
                                 convolution(&p, x[2], 220, 5, 16, 32, 0),
                                 convolution(&p, x[3], 220, 1, 192, 32, 0)};
    for (int i = 0; i < 4; i++) {
        plot_line(&p, x[i], in.y + in.h / 2, x[i], top[i].y - top[i].h / 2 - 1, flow);
        if (i > 0) plot_connect(&p, top[i], bottom[i], flow);
        plot_line(&p, x[i], bottom[i].y + bottom[i].h / 2, x[i], out.y - out.h / 2 - 1, flow);
    }
    plot_text(&p, 320, 358, "In a box: window, channels, and millions of multiplications; together "
              "128.0.\nThe 3 × 3 and the 5 × 5 alone, from all of the 192 channels: 293.8.",
              PLOT_INK, PLOT_MIDDLE);
    return plot_save(&p, directory, "50-inception");
}

/* ---- 44c, 50b, 50c: recorded runs ---- */

/* The rows "epoch number number number" of a recorded run, as columns [4][MOST]. How many. */
static int read_run(const char *path, double column[4][MOST])
{
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    char line[256];
    int rows = 0;
    while (rows < MOST && fgets(line, sizeof line, f)) {
        char *at = line, *end = line;
        int k = 0;
        for (; k < 4; k++, at = end) {
            column[k][rows] = strtod(at, &end);
            if (end == at) break;
        }
        rows += k == 4 && column[0][rows] == rows + 1;
    }
    fclose(f);
    return rows;
}

/* LeNet on MNIST: a run shows ten lines "epoch K: loss L, R % right", at equal distances. */
static int mnist(const char *directory)
{
    static const char *const seed[3] = {"42", "1", "2"};
    static const int colour[3] = {PLOT_BLUE, PLOT_ORANGE, PLOT_GREEN};
    plot p = plot_new(640, 310, "LeNet learns the digits of MNIST",
                      "Left: the loss in training falls over five epochs, with three seeds nearly "
                      "the same. Right: so many of the changed pictures are read right.");
    const plot_panel a = plot_axes(&p, 0, 0, 280, 280,
                                   (plot_spec){.x = plot_range(0, 5, "epoch"),
                                               .y = plot_range(0, 0.2, "loss")});
    const plot_panel b = plot_axes(&p, 290, 0, 280, 280,
                                   (plot_spec){.x = plot_range(0, 5, "epoch"),
                                               .y = plot_range(94, 100, "read right in %")});
    double next = 240;
    for (int k = 0; k < 3; k++) {
        double x[10], loss[10], right[10];
        char line[256], path[64];
        int n = 0;
        snprintf(path, sizeof path, "book/runs/12_lenet_mnist_%s.txt", seed[k]);
        FILE *f = fopen(path, "r");
        while (f && n < 10 && fgets(line, sizeof line, f))
            if (sscanf(line, "epoch %*d: loss %lf, %lf %% right", &loss[n], &right[n]) == 2)
                x[n] = 0.5 * (n + 1), n++;
        if (f) fclose(f);
        if (n < 10) plot_fail(&p, "ten lines are not in", path);
        const plot_style s = {.line = colour[k]};
        plot_curve(&a, x, loss, n, s);
        plot_curve(&b, x, right, n, s);
        char text[16];
        snprintf(text, sizeof text, "seed %s", seed[k]);
        next = plot_key(&p, next, 296, PLOT_LINE, s, text);
    }
    return plot_save(&p, directory, "44c-mnist");
}

static int degradation(const char *directory)
{
    double c[4][MOST];
    const int n = read_run("book/runs/12_resnet_digits.txt", c);
    plot p = plot_new(520, 340, "Twenty layers, with and without shortcuts",
                      "The training error over the epochs, mean of three runs: 8 plain layers and "
                      "20 with shortcuts come to 0; 20 plain layers stay far above.");
    const plot_panel a = plot_axes(&p, 0, 0, 500, 310,
                                   (plot_spec){.x = plot_range(0, n, "epoch"),
                                               .y = plot_range(0, 100, "training error in %")});
    static const char *const name[3] = {"plain, 8 layers", "plain, 20", "residual, 20"};
    static const int colour[3] = {PLOT_GREY, PLOT_RED, PLOT_BLUE};
    double next = 90;
    for (int k = 0; k < 3; k++) {
        const plot_style s = {.line = colour[k], .dash = k ? 0 : 6};
        plot_curve(&a, c[0], c[k + 1], n, s);
        next = plot_key(&p, next, 326, PLOT_LINE, s, name[k]);
    }
    if (n < 8 || c[2][n - 1] < 5 * c[3][n - 1] || c[2][n - 1] < 5)
        plot_fail(&p, "the run in book/runs does not show it", "");
    return plot_save(&p, directory, "50b-degradation");
}

static int fashion(const char *directory)
{
    double c[4][MOST];
    const int n = read_run("book/runs/12_resnet_fashion.txt", c);
    plot p = plot_new(640, 300, "A small ResNet learns Fashion-MNIST",
                      "Left: the loss in training falls over the epochs. Right: so do the errors, "
                      "in training and on the test set, which end near each other.");
    const plot_panel a = plot_axes(&p, 0, 0, 280, 300,
                                   (plot_spec){.x = plot_range(0, n, "epoch"),
                                               .y = plot_range(0, 0.8, "loss")});
    plot_curve(&a, c[0], c[1], n, (plot_style){.line = PLOT_INK});
    const plot_panel b = plot_axes(&p, 280, 0, 300, 300,
                                   (plot_spec){.x = plot_range(0, n, "epoch"),
                                               .y = plot_range(0, 30, "error in %")});
    plot_curve(&b, c[0], c[2], n, (plot_style){.line = PLOT_BLUE, .dash = 6, .label = "training"});
    plot_curve(&b, c[0], c[3], n, (plot_style){.line = PLOT_RED, .label = "test"});
    if (n < 8) plot_fail(&p, "the run in book/runs is too short", "");
    return plot_save(&p, directory, "50c-fashion");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    int good = residual_block(directory);
    good &= inception_module(directory);
    good &= mnist(directory);
    good &= degradation(directory);
    good &= fashion(directory);
    return !good;
}
