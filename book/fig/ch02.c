/* Figures 3 and 4: the perceptron, and what a line can separate. Run in the root of the repository:
 * one of them shows examples/data/iris.csv. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

static int perceptron(const char *directory)
{
    plot p =
        plot_new(640, 330, "The perceptron",
                 "Inputs x1 to xn are multiplied by weights w1 to wn and added up with the bias "
                 "b; a binary threshold unit makes the sum z the output y, 1 if z is positive "
                 "and 0 otherwise. Below: with two weights of 1 and the bias -1.5 it is AND.");
    const plot_style grey = {PLOT_INK, PLOT_LIGHT(PLOT_GREY), 0, 0, 0, NULL};
    const plot_style arrow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
    const plot_node sum = plot_place(&p, PLOT_CIRCLE, 290, 140, 60, 60, "Σ",
                                     plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_ORANGE)));
    const plot_node btu = plot_place(&p, PLOT_BOX, 430, 140, 76, 64, "",
                                     plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_GREEN)));
    const plot_node out = plot_place(&p, PLOT_CIRCLE, 566, 140, 44, 44, "$y$", grey);
    plot_path(&p, "M430 116V164M404 160H456", (plot_style){.line = PLOT_GREY, .width = 1});
    plot_path(&p, "M404 160H430V124H456", (plot_style){.line = PLOT_GREEN, .width = 3});
    plot_text(&p, 430, 94, "BTU", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 566, 102, "0 or 1", PLOT_INK, PLOT_MIDDLE);

    static const char *const x[3] = {"$x_1$", "$x_2$", "$x_n$"}, *const w[3] = {"$w_1$", "$w_2$",
                                                                                "$w_n$"};
    static const double place[3] = {44, 108, 226};
    for (int j = 0; j < 3; j++) {
        const plot_node in = plot_place(&p, PLOT_CIRCLE, 80, place[j], 44, 44, x[j], grey);
        plot_connect(&p, in, sum, arrow);
        plot_text(&p, 164, place[j] + (140 - place[j]) * 84 / 210, w[j], PLOT_INK,
                  PLOT_MIDDLE | PLOT_ON_WHITE);
    }
    for (int i = 0; i < 3; i++)
        plot_mark(&p, 80, 156 + 11. * i, PLOT_DOT, 2, (plot_style){.fill = PLOT_INK});
    const plot_node one = plot_place(&p, PLOT_CIRCLE, 290, 32, 36, 36, "1", grey);
    plot_connect(&p, one, sum, arrow);
    plot_text(&p, 300, 80, "$b$, the bias", PLOT_INK, PLOT_LEFT);
    plot_connect(&p, sum, btu, arrow);
    plot_connect(&p, btu, out, arrow);
    plot_text(&p, 354, 126, "$z$", PLOT_INK, PLOT_MIDDLE);

    const nn_real weight[2] = {1, 1}, bias = -1.5f;
    char text[200] = "AND:  $w_1 = w_2 = 1$, $b = -1.5$";
    plot_text(&p, 320, 276, text, PLOT_INK, PLOT_MIDDLE);
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        const nn_real in[2] = {(nn_real)(i / 2), (nn_real)(i % 2)};
        n += (size_t)snprintf(text + n, sizeof text - n, "%s$y(%d, %d) = %d$", i ? "     " : "",
                              i / 2, i % 2, nn_neuron(weight, in, 2, bias) > 0);
    }
    plot_text(&p, 320, 302, text, PLOT_INK, PLOT_MIDDLE);
    return plot_save(&p, directory, "03-perceptron");
}

static int linear_separability(const char *directory)
{
    enum { N = 150 };
    nn_ctx *nn = nn_create(42);
    nn_table table =
        nn_csv_load(nn, "examples/data/iris.csv", (nn_csv_options){1, ',', NN_MISSING_ERROR, 0});
    const nn_dataset iris = nn_dataset_classes(&table, -1);
    nn_real petal[N][2], w[2] = {1, 1};
    nn_perceptron found = {w, 0, 2};
    double x[2][N], y[2][N]; /* of class 0 and class 1, which is setosa */
    int label[N], size[2] = {0, 0}, separable = 0;
    if (nn_ok(nn) && iris.n == N) {
        for (int i = 0; i < N; i++) {
            const int c = label[i] = iris.label[i] == 0, at = size[c]++;
            x[c][at] = (double)(petal[i][0] = iris.x[i * 4 + 2]);
            y[c][at] = (double)(petal[i][1] = iris.x[i * 4 + 3]);
        }
        separable = nn_separable(nn, petal[0], label, N, &found);
    }
    nn_destroy(nn);

    plot p = plot_new(640, 300, "Linear separability",
                      "Left: 150 irises by the length and width of their petals; a line parts the "
                      "50 of setosa from the others, and an arrow, the direction of w, stands on "
                      "it at a right angle. Right: XOR; the line between the two points of class 0 "
                      "crosses the line between those of class 1, so no line parts them.");
    if (!separable) plot_fail(&p, "no line parts setosa from the others", "");
    static const int mark[2] = {PLOT_DOT, PLOT_TRIANGLE}, colour[2] = {PLOT_BLUE, PLOT_RED};
    const plot_panel a = plot_axes(&p, 0, 0, 400, 262,
                                   (plot_spec){.x = plot_range(0, 7, "length of petals, cm"),
                                               .y = plot_range(0, 3, "width, cm"),
                                               .title = "irises: separable",
                                               .equal = 1});
    const double w1 = (double)w[0], w2 = (double)w[1], b = (double)found.b;
    plot_half_plane(&a, w1, w2, b, (plot_style){.fill = PLOT_LIGHT(PLOT_RED)});
    plot_half_plane(&a, -w1, -w2, -b, plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_BLUE)));
    for (int c = 0; c < 2; c++)
        plot_points(&a, x[c], y[c], size[c], mark[c], 3, plot_filled(PLOT_WHITE, colour[c]));
    const double foot_y = 1.45, foot_x = -(w2 * foot_y + b) / w1;
    const double part = 0.7 / sqrt(w1 * w1 + w2 * w2); /* the arrow is 0.7 cm long */
    plot_line(&p, plot_x(&a, foot_x), plot_y(&a, foot_y), plot_x(&a, foot_x + part * w1),
              plot_y(&a, foot_y + part * w2), (plot_style){.line = PLOT_INK, .arrow = 1});
    plot_text(&p, plot_x(&a, foot_x - 0.35), plot_y(&a, foot_y - 0.2), "$w$", PLOT_INK,
              PLOT_MIDDLE);

    const double corner_x[2][2] = {{0, 1}, {0, 1}}, corner_y[2][2] = {{0, 1}, {1, 0}};
    const plot_panel xor = plot_axes(&p, 410, 0, 230, 262,
                                     (plot_spec){.x = plot_range(-0.5, 1.5, "$x_1$"),
                                                 .y = plot_range(-0.5, 1.5, "$x_2$"),
                                                 .title = "XOR: not separable",
                                                 .equal = 1});
    for (int c = 0; c < 2; c++)
        plot_curve(&xor, corner_x[c], corner_y[c], 2, (plot_style){.line = colour[c], .dash = 6});
    for (int c = 0; c < 2; c++)
        plot_points(&xor, corner_x[c], corner_y[c], 2, mark[c], 7,
                    plot_filled(PLOT_WHITE, colour[c]));
    const double next = plot_key(&p, 70, 280, mark[1], (plot_style){.fill = colour[1]},
                                 "class 1 (left: setosa)");
    plot_key(&p, next, 280, mark[0], (plot_style){.fill = colour[0]},
             "class 0 (left: versicolor, virginica)");
    return plot_save(&p, directory, "04-linear-separability");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    const int good = perceptron(directory);
    return !(linear_separability(directory) && good);
}
