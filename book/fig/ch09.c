/* Figures 32 to 35: gradients of real networks that vanish and explode, slopes of activation
 * functions, and a gradient that is clipped. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { DEPTH = 20, WIDTH = 16, ROWS = 16 };

typedef struct gradients {
    double unit[WIDTH * DEPTH]; /* [unit, layer]: log10 of the gradient of each output, root mean
                                 * square over the rows */
    double norm[DEPTH];         /* of all outputs of the layer */
} gradients;

/* A network of DEPTH layers: Xavier's first weights, or Kaiming's where g is ReLU, times scale. */
static gradients measure(nn_ctx *nn, nn_activation g, double scale)
{
    gradients r;
    nn_seed(nn, 42);
    nn_clear(nn);
    nn_model *model = nn_model_new(nn);
    nn_tensor *y[DEPTH + 1] = {nn_randn(nn, nn_shape2(ROWS, WIDTH))};
    for (int l = 0; l < DEPTH; l++) {
        char name[8];
        snprintf(name, sizeof name, "%d", l);
        nn_tensor *w = nn_param(model, "", name, nn_shape2(WIDTH, WIDTH));
        if (g == NN_RELU) nn_kaiming_normal(w, 0, NN_FAN_IN);
        else nn_xavier_normal(w, 1);
        y[l + 1] = nn_activate(nn_matmul(y[l], nn_scale(w, (nn_real)scale)), g);
    }
    nn_tensor *target = nn_randn(nn, nn_shape2(ROWS, WIDTH));
    nn_backward(nn_mean(nn_mul(y[DEPTH], target)));
    for (int l = 0; l < DEPTH; l++) {
        double all = 0;
        for (int u = 0; u < WIDTH; u++) {
            double squares = 0;
            for (int i = 0; i < ROWS; i++) {
                const double v = (double)y[l + 1]->grad[i * WIDTH + u];
                squares += v * v;
            }
            const nn_real root = (nn_real)sqrt(squares / ROWS);
            nn_tensor *logarithm = nn_log(nn_full(nn, nn_shape0(), root));
            r.unit[u * DEPTH + l] = root > 0 ? (double)nn_item(logarithm) / 2.302585093 : -30;
            all += squares;
        }
        r.norm[l] = sqrt(all);
    }
    return r;
}

/* ---- 32, 33 ---- */

typedef struct curve {
    nn_activation g;
    double scale;
    const char *label;
    int colour, dash;
} curve;

/* Left: the gradient of every unit of curves[0]; right: the norms of all three. */
static int depth(nn_ctx *nn, const curve *curves, double min, double max, double norm_min,
                 double norm_max, const char *heading, const char *title, const char *desc,
                 const char *directory, const char *file)
{
    plot p = plot_new(640, 330, title, desc);
    const gradients first = measure(nn, curves[0].g, curves[0].scale);
    const plot_panel a = plot_axes(&p, 0, 0, 250, 330,
                                   (plot_spec){.x = plot_range(0.5, DEPTH + 0.5, "layer"),
                                               .y = plot_range(0.5, WIDTH + 0.5, "unit"),
                                               .title = heading,
                                               .bare = 1});
    plot_heat(&a, first.unit, DEPTH, WIDTH, min, max, PLOT_BLUES, -1);
    plot_colour_bar(&p, 258, a.y, a.h, min, max, PLOT_BLUES, "$log_{10}$ of gradient");
    const plot_panel b = plot_axes(
        &p, 330, 0, 310, 330,
        (plot_spec){.x = plot_range(1, DEPTH, "layer"),
                    .y = {norm_min, norm_max, "norm of gradient", 1, NULL, 0},
                    .room = curves[0].label});
    for (int k = 0; k < 3; k++) {
        const gradients g = measure(nn, curves[k].g, curves[k].scale);
        double x[DEPTH];
        for (int l = 0; l < DEPTH; l++) x[l] = l + 1;
        plot_curve(&b, x, g.norm, DEPTH,
                   (plot_style){curves[k].colour, 0, 2.5, curves[k].dash, 0, curves[k].label});
    }
    return plot_save(&p, directory, file);
}

/* ---- 34 ---- */

static int slopes(nn_ctx *nn, const char *directory)
{
    enum { POINTS = 121 };
    static const char *const label[4] = {"sigmoid", "tanh", "ReLU", "leaky ReLU"};
    static const int colour[4] = {PLOT_RED, PLOT_ORANGE, PLOT_BLUE, PLOT_GREEN};
    static const int dash[4] = {0, 7, 0, 3};
    plot p = plot_new(560, 340, "Slopes of four activation functions",
                      "The slope of the sigmoid is a hill of height 0.25, that of tanh one of "
                      "height 1; both are almost 0 beyond 5. ReLU's is 0 on the left and 1 on the "
                      "right, for any z; the leaky ReLU's is 0.1 on the left and 1 on the right.");
    const plot_panel a = plot_axes(&p, 0, 0, 560, 340,
                                   (plot_spec){.x = plot_range(-6, 6, "$z$"),
                                               .y = plot_range(0, 1.1, "slope"),
                                               .room = label[3]});
    nn_real z[POINTS];
    for (int i = 0; i < POINTS; i++) z[i] = (nn_real)(i - 60) / 10;
    for (int k = 0; k < 4; k++) {
        nn_clear(nn);
        nn_tensor *x = nn_requires_grad(nn_input(nn, z, nn_shape1(POINTS)));
        nn_tensor *y = k == 0   ? nn_sigmoid(x)
                       : k == 1 ? nn_tanh(x)
                       : k == 2 ? nn_relu(x)
                                : nn_leaky_relu(x, 0.1f);
        nn_backward(nn_sum(y));
        double at[POINTS], slope[POINTS];
        for (int i = 0; i < POINTS; i++) at[i] = (double)z[i], slope[i] = (double)x->grad[i];
        plot_curve(&a, at, slope, POINTS, (plot_style){colour[k], 0, 2.5, dash[k], 0, label[k]});
    }
    return plot_save(&p, directory, "34-slopes");
}

/* ---- 35 ---- */

/* The gradient of a recurrent unit s = w s + u x after three steps, x = 1, 1, 1, target 0, by its
 * two weights (w, u). */
static int clipping(nn_ctx *nn, const char *directory)
{
    nn_clear(nn);
    nn_model *model = nn_model_new(nn);
    nn_tensor *w = nn_param(model, "", "w", nn_shape1(1));
    nn_tensor *u = nn_param(model, "", "u", nn_shape1(1));
    w->data[0] = 0.9f, u->data[0] = 0.5f;
    nn_tensor *s = nn_full(nn, nn_shape1(1), 0);
    for (int t = 0; t < 3; t++) s = nn_add(nn_mul(w, s), u);
    nn_backward(nn_scale(nn_sum(nn_square(s)), 0.5f));
    const double g[2] = {(double)w->grad[0], (double)u->grad[0]};
    const double norm = nn_clip_grad_norm(model, 1);
    const double clipped[2] = {(double)w->grad[0], (double)u->grad[0]};
    w->grad[0] = (nn_real)g[0], u->grad[0] = (nn_real)g[1];
    nn_clip_grad_value(model, 1);
    const double clamped[2] = {(double)w->grad[0], (double)u->grad[0]};

    plot p = plot_new(520, 424, "Gradient clipping",
                      "A long arrow, the gradient, of which only the beginning is inside a circle "
                      "of radius 1. Clipped by norm it ends at the circle, in the same direction; "
                      "clipped by value it ends in the corner of a square, in another direction.");
    const plot_panel a = plot_axes(&p, 0, 0, 520, 424,
                                   (plot_spec){.x = plot_range(-1.2, 4.2, "by $w$"),
                                               .y = plot_range(-1.2, 4, "by $u$"),
                                               .equal = 1});
    plot_place(&p, PLOT_CIRCLE, plot_x(&a, 0), plot_y(&a, 0), plot_x(&a, 1) - plot_x(&a, -1), 0,
               "", (plot_style){.line = PLOT_GREY, .width = 1.5});
    const double x[5] = {-1, 1, 1, -1, -1}, y[5] = {-1, -1, 1, 1, -1};
    plot_curve(&a, x, y, 5, (plot_style){.line = PLOT_GREY, .width = 1.5, .dash = 4});
    const double *end[3] = {g, clamped, clipped};
    const int colour[3] = {PLOT_RED, PLOT_ORANGE, PLOT_BLUE};
    for (int k = 0; k < 3; k++)
        plot_line(&p, plot_x(&a, 0), plot_y(&a, 0), plot_x(&a, end[k][0]), plot_y(&a, end[k][1]),
                  (plot_style){.line = colour[k], .width = k == 2 ? 3.5 : 2.5, .arrow = 1});
    char number[24], text[64];
    snprintf(text, sizeof text, "gradient,\nnorm %s", plot_number(number, norm, 2));
    plot_text(&p, plot_x(&a, g[0]) + 12, plot_y(&a, g[1]) + 24, text, PLOT_RED, PLOT_LEFT);
    plot_text(&p, plot_x(&a, 1) + 8, plot_y(&a, 0.85), "clipped by value", PLOT_ORANGE, PLOT_LEFT);
    plot_text(&p, plot_x(&a, 1) + 8, plot_y(&a, 0.2), "clipped by norm", PLOT_BLUE, PLOT_LEFT);
    return plot_save(&p, directory, "35-clipping");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    static const curve vanishing[3] = {{NN_SIGMOID, 1, "sigmoid", PLOT_RED, 0},
                                       {NN_TANH, 1, "tanh", PLOT_ORANGE, 7},
                                       {NN_RELU, 1, "ReLU", PLOT_BLUE, 3}};
    static const curve exploding[3] = {{NN_RELU, 2, "ReLU, 2 times", PLOT_RED, 0},
                                       {NN_RELU, 1, "ReLU", PLOT_BLUE, 3},
                                       {NN_TANH, 3, "tanh, 3 times", PLOT_ORANGE, 7}};
    int good = depth(nn, vanishing, -16, 0, 1e-16, 10, "sigmoid", "Vanishing gradients",
                     "Left: gradients of 16 units in each of 20 sigmoid layers, dark in the last "
                     "layer and fading to nothing in the first. Right: the norm in each layer; the "
                     "sigmoids' one falls by more than ten powers of ten towards layer 1, those "
                     "of tanh and ReLU stay.", directory, "32-vanishing");
    good &= depth(nn, exploding, -3, 5, 1e-3, 1e6, "ReLU, weights 2 times", "Exploding gradients",
                  "Left: gradients of 16 units in each of 20 ReLU layers whose weights are twice "
                  "as large as they should be, light in the last layer, dark in the first. Right: "
                  "the norm doubles from layer to layer, and stays with weights of the right size; "
                  "with three times too large weights it grows through tanh, too.",
                  directory, "33-exploding");
    good &= slopes(nn, directory);
    good &= clipping(nn, directory);
    nn_destroy(nn);
    return !good;
}
