/* Figures 5 to 13, with a 10b: activation functions, drawn with the library's own values and derivatives. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { N = 121 }; /* points of a curve */

typedef nn_tensor *(*activation)(nn_tensor *z, nn_real parameter);

static nn_tensor *identity(nn_tensor *z, nn_real unused) { return (void)unused, nn_scale(z, 1); }
static nn_tensor *sigmoid(nn_tensor *z, nn_real temperature)
{
    return nn_sigmoid_temperature(z, temperature);
}
static nn_tensor *tanh_of(nn_tensor *z, nn_real unused) { return (void)unused, nn_tanh(z); }
static nn_tensor *relu(nn_tensor *z, nn_real unused) { return (void)unused, nn_relu(z); }
static nn_tensor *leaky_relu(nn_tensor *z, nn_real slope) { return nn_leaky_relu(z, slope); }
static nn_tensor *elu(nn_tensor *z, nn_real alpha) { return nn_elu(z, alpha); }
static nn_tensor *gelu(nn_tensor *z, nn_real unused) { return (void)unused, nn_gelu(z); }

/* y = g(z) and its derivative dy, at N places from -range to range. */
static void values(nn_ctx *nn, activation g, nn_real parameter, double range, double *z, double *y,
                   double *dy)
{
    nn_real at[N];
    for (int i = 0; i < N; i++) z[i] = range * (2 * i - (N - 1)) / (N - 1), at[i] = (nn_real)z[i];
    nn_clear(nn);
    nn_tensor *in = nn_requires_grad(nn_input(nn, at, nn_shape1(N)));
    nn_tensor *out = g(in, parameter);
    nn_backward(nn_sum(out));
    for (int i = 0; i < N; i++) y[i] = (double)out->data[i], dy[i] = (double)in->grad[i];
}

/* One function; with its derivative if that is asked for. */
typedef struct figure {
    const char *file, *title, *desc;
    activation g;
    nn_real parameter;
    double low, high; /* of the y axis */
    int derivative;
    const char *label;
} figure;

static const figure figures[] = {
    {"06-sigmoid", "The logistic sigmoid and its derivative",
     "An S-shaped curve rises from 0 to 1 and is one half at z = 0; its derivative is a bell with "
     "the maximum 0.25 at z = 0.",
     sigmoid, 1, 0, 1, 1, "$g(z)$"},
    {"08-linear", "The linear unit", "The straight line y = z.", identity, 0, -6, 6, 0, "$y = z$"},
    {"09-relu", "The rectified linear unit",
     "0 for negative z, the straight line y = z for positive z.", relu, 0, -2, 6, 0, "$max(0, z)$"},
    {"10-leaky-relu", "Leaky ReLU with slope 0.1",
     "A line of slope 0.1 for negative z, the line y = z for positive z.", leaky_relu, 0.1f, -2, 6,
     0, "$max(z, αz)$"},
    {"11-tanh", "The hyperbolic tangent and its derivative",
     "An S-shaped curve rises from -1 to 1 through the origin; its derivative is a bell with the "
     "maximum 1 at z = 0.",
     tanh_of, 0, -1, 1, 1, "$g(z)$"},
};

static int draw(nn_ctx *nn, const figure *f, const char *directory)
{
    double z[N], y[N], dy[N];
    values(nn, f->g, f->parameter, 6, z, y, dy);
    plot p = plot_new(480, 320, f->title, f->desc);
    const plot_panel a = plot_axes(&p, 0, 0, 480, 320,
                                   (plot_spec){.x = plot_range(-6, 6, "$z$"),
                                               .y = plot_range(f->low, f->high, "$y$"),
                                               .room = f->label});
    if (f->derivative)
        plot_curve(&a, z, dy, N, (plot_style){.line = PLOT_RED, .dash = 6, .label = "$g'(z)$"});
    plot_curve(&a, z, y, N, (plot_style){.line = PLOT_BLUE, .width = 2.5, .label = f->label});
    if (f->g == leaky_relu)
        plot_text(&p, plot_x(&a, -4), plot_y(&a, -1), "slope $α = 0.1$", PLOT_INK, PLOT_MIDDLE);
    return plot_save(&p, directory, f->file);
}

static int binary_threshold(const char *directory)
{
    plot p = plot_new(480, 320, "The binary threshold unit",
                      "A step: 0 up to and including z = 0, 1 above.");
    const plot_panel a =
        plot_axes(&p, 0, 0, 480, 320,
                  (plot_spec){.x = plot_range(-6, 6, "$z$"), .y = plot_range(-0.2, 1.2, "$y$")});
    const double z[5] = {-6, 0, (double)NAN, 0, 6}, y[5] = {0, 0, 0, 1, 1}, jump[2] = {0, 0},
                 ends[2] = {0, 1};
    plot_curve(&a, jump, ends, 2, (plot_style){.line = PLOT_BLUE, .width = 1, .dash = 4});
    plot_curve(&a, z, y, 5, (plot_style){.line = PLOT_BLUE, .width = 2.5});
    plot_points(&a, jump, ends, 1, PLOT_DOT, 5, plot_filled(PLOT_BLUE, PLOT_BLUE));
    plot_points(&a, jump, ends + 1, 1, PLOT_DOT, 5, plot_filled(PLOT_BLUE, PLOT_WHITE));
    plot_text(&p, plot_x(&a, 3), plot_y(&a, 0.88), "$y = 1$ if $z > 0$", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, plot_x(&a, -3), plot_y(&a, 0.12), "$y = 0$ if $z ≤ 0$", PLOT_INK, PLOT_MIDDLE);
    return plot_save(&p, directory, "05-btu");
}

static int temperature(nn_ctx *nn, const char *directory)
{
    static const nn_real temperatures[3] = {0.2f, 1, 5};
    static const char *const label[3] = {"$T = 0.2$", "$T = 1$", "$T = 5$"};
    static const int colour[3] = {PLOT_RED, PLOT_BLUE, PLOT_GREEN}, dash[3] = {7, 0, 2};
    plot p = plot_new(480, 320, "The sigmoid at three temperatures",
                      "Three S-shaped curves through one half at z = 0: nearly a step for T = 0.2, "
                      "the sigmoid for T = 1, nearly flat for T = 5.");
    const plot_panel a = plot_axes(
        &p, 0, 0, 480, 320,
        (plot_spec){.x = plot_range(-6, 6, "$z$"), .y = plot_range(0, 1, "$y$"), .room = label[0]});
    double z[N], y[N], dy[N];
    for (int i = 0; i < 3; i++) {
        values(nn, sigmoid, temperatures[i], 6, z, y, dy);
        plot_curve(&a, z, y, N, (plot_style){colour[i], 0, 2.5, dash[i], 0, label[i]});
    }
    return plot_save(&p, directory, "07-sigmoid-temperature");
}

static int elu_and_gelu(nn_ctx *nn, const char *directory)
{
    static const activation g[3] = {relu, elu, gelu};
    static const char *const label[3] = {"ReLU", "ELU, $α = 1$", "GELU"};
    static const plot_style style[3] = {{.line = PLOT_INK, .width = 1, .dash = 3},
                                        {.line = PLOT_RED, .width = 2.5, .dash = 7},
                                        {.line = PLOT_BLUE, .width = 2.5}};
    plot p = plot_new(480, 340, "ELU and GELU",
                      "ELU with alpha 1 bends down to -1 on the left and is the line y = z on the "
                      "right; GELU dips to -0.17 at z = -0.75, goes back to 0 on the left, and "
                      "nears the line from below on the right.");
    const plot_panel a =
        plot_axes(&p, 0, 0, 480, 306,
                  (plot_spec){.x = plot_range(-4, 2, "$z$"), .y = plot_range(-1, 2, "$y$")});
    double z[N], y[N], dy[N], x = 110;
    for (int i = 0; i < 3; i++) {
        values(nn, g[i], 1, 4, z, y, dy);
        plot_curve(&a, z, y, (N - 1) * 3 / 4 + 1, style[i]); /* from -4 to 2 */
        x = plot_key(&p, x, 320, PLOT_LINE, style[i], label[i]);
    }
    return plot_save(&p, directory, "10b-elu-gelu");
}

static int stochastic(nn_ctx *nn, const char *directory)
{
    enum { PLACES = 25, DRAWS = 100 };
    double z[N], y[N], dy[N], at[PLACES], mean[PLACES];
    values(nn, sigmoid, 1, 6, z, y, dy);
    plot p =
        plot_new(480, 340, "The stochastic binary neuron",
                 "Single outputs are 0 or 1, mostly 0 for negative z and mostly 1 for positive "
                 "z; the means of 100 outputs lie along the sigmoid.");
    const plot_panel a =
        plot_axes(&p, 0, 0, 480, 306,
                  (plot_spec){.x = plot_range(-6, 6, "$z$"), .y = plot_range(-0.1, 1.1, "$s$")});
    plot_curve(&a, z, y, N, (plot_style){.line = PLOT_BLUE});
    for (int i = 0; i < N; i++) { /* one sample each */
        const double s = (double)nn_uniform(nn, 0, 1) < y[i], middle = plot_y(&a, s),
                     x = plot_x(&a, z[i]);
        plot_line(&p, x, middle - 5, x, middle + 5, (plot_style){.line = PLOT_RED, .width = 1.5});
    }
    for (int i = 0; i < PLACES; i++) {
        const int k = i * (N - 1) / (PLACES - 1);
        int ones = 0;
        for (int j = 0; j < DRAWS; j++) ones += (double)nn_uniform(nn, 0, 1) < y[k];
        at[i] = z[k], mean[i] = (double)ones / DRAWS;
    }
    plot_points(&a, at, mean, PLACES, PLOT_DOT, 4, plot_filled(PLOT_INK, PLOT_ORANGE));
    double x = plot_key(&p, 70, 320, PLOT_LINE, (plot_style){.line = PLOT_BLUE}, "$P(s = 1)$");
    x = plot_key(&p, x, 320, PLOT_DOT, plot_filled(PLOT_INK, PLOT_ORANGE), "mean of 100");
    plot_line(&p, x, 315, x, 325, (plot_style){.line = PLOT_RED, .width = 1.5});
    plot_text(&p, x + 8, 320, "one sample", PLOT_INK, PLOT_LEFT);
    return plot_save(&p, directory, "12-stochastic-neuron");
}

static int comparison(nn_ctx *nn, const char *directory)
{
    static const activation g[4] = {relu, leaky_relu, sigmoid, tanh_of};
    static const nn_real parameter[4] = {0, 0.1f, 1, 0};
    static const char *const label[4] = {"ReLU", "leaky ReLU", "sigmoid", "tanh"};
    static const int colour[4] = {PLOT_INK, PLOT_RED, PLOT_BLUE, PLOT_GREEN},
                     dash[4] = {0, 7, 0, 3};
    plot p = plot_new(560, 400, "Four activation functions on the same axes",
                      "Sigmoid stays between 0 and 1, tanh between -1 and 1; ReLU and leaky ReLU "
                      "grow without bound for positive z; for negative z ReLU is 0 and leaky ReLU "
                      "a line of slope 0.1.");
    const plot_panel a = plot_axes(&p, 0, 0, 560, 400,
                                   (plot_spec){.x = plot_range(-4, 4, "$z$"),
                                               .y = plot_range(-1.5, 4, "$y$"),
                                               .room = label[1]});
    double z[N], y[N], dy[N];
    for (int i = 0; i < 4; i++) {
        values(nn, g[i], parameter[i], 4, z, y, dy);
        plot_curve(&a, z, y, N, (plot_style){colour[i], 0, 2.5, dash[i], 0, label[i]});
    }
    return plot_save(&p, directory, "13-comparison");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    int good = binary_threshold(directory);
    for (int i = 0; i < (int)(sizeof figures / sizeof figures[0]); i++)
        good &= draw(nn, &figures[i], directory);
    good &= temperature(nn, directory);
    good &= elu_and_gelu(nn, directory);
    good &= stochastic(nn, directory);
    good &= comparison(nn, directory);
    good &= nn_ok(nn);
    nn_destroy(nn);
    return !good;
}
