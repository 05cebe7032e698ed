/* Figures 25 and 26: loss functions, drawn with the library's own values and gradients. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { N = 121 }; /* points of a curve */

static nn_tensor *huber(nn_tensor *y, nn_tensor *t) { return nn_huber(y, t, 1); }

/* The loss of each of N predictions y for the target t, and its slope. */
static void values(nn_ctx *nn, nn_tensor *(*f)(nn_tensor *y, nn_tensor *t), const double *y,
                   double t, double *loss, double *slope)
{
    nn_real at[N];
    for (int i = 0; i < N; i++) at[i] = (nn_real)y[i];
    nn_clear(nn);
    nn_tensor *in = nn_requires_grad(nn_input(nn, at, nn_shape1(N)));
    nn_tensor *out = f(in, nn_full(nn, nn_shape1(N), (nn_real)t));
    nn_backward(nn_sum(out));
    for (int i = 0; i < N; i++) loss[i] = (double)out->data[i], slope[i] = (double)in->grad[i];
}

static int errors(nn_ctx *nn, const char *directory)
{
    static nn_tensor *(*const loss[3])(nn_tensor *, nn_tensor *) = {nn_mse, nn_mae, huber};
    static const char *const label[3] = {"$d^2$", "$|d|$", "Huber"};
    static const int colour[3] = {PLOT_RED, PLOT_BLUE, PLOT_GREEN}, dash[3] = {0, 7, 2};
    plot p = plot_new(640, 300, "Three losses of an error d",
                      "Left, the losses: the squared error is a parabola, 9 at d = 3; the absolute "
                      "error a V, 3 at d = 3; Huber's loss a parabola between -1 and 1 with "
                      "straight arms, 2.5 at d = 3. Right, their slopes: of the square a straight "
                      "line from -6 to 6; of the absolute value -1, then 1; of Huber's the same "
                      "but for a ramp from -1 to 1.");
    const plot_panel left = plot_axes(&p, 0, 0, 320, 300,
                                      (plot_spec){.x = plot_range(-3, 3, "error $d = y - t$"),
                                                  .y = plot_range(0, 9, "loss"),
                                                  .room = label[2]});
    const plot_panel right = plot_axes(&p, 320, 0, 320, 300,
                                       (plot_spec){.x = plot_range(-3, 3, "error $d = y - t$"),
                                                   .y = plot_range(-6, 6, "slope")});
    double d[N], l[N], slope[N];
    for (int i = 0; i < N; i++) d[i] = 3.0 * (2 * i - (N - 1)) / (N - 1);
    for (int i = 0; i < 3; i++) {
        values(nn, loss[i], d, 0, l, slope);
        plot_curve(&left, d, l, N, (plot_style){colour[i], 0, 2.5, dash[i], 0, label[i]});
        plot_curve(&right, d, slope, N, (plot_style){colour[i], 0, 2.5, dash[i], 0, NULL});
    }
    return plot_save(&p, directory, "25-mean-squared-error");
}

static int cross_entropy(nn_ctx *nn, const char *directory)
{
    static const char *const label[2] = {"$t = 0$", "$t = 1$"};
    static const int colour[2] = {PLOT_BLUE, PLOT_RED}, dash[2] = {7, 0};
    plot p = plot_new(480, 320, "Binary cross-entropy",
                      "Two curves over the predicted probability y from 0 to 1. For the target 1 "
                      "the loss -log y falls from 5 at y = 0.007 through 0.69 at one half to 0 at "
                      "y = 1; for the target 0 it is the mirror image.");
    const plot_panel a = plot_axes(
        &p, 0, 0, 480, 320,
        (plot_spec){.x = plot_range(0, 1, "predicted probability $y$ of class 1"),
                    .y = plot_range(0, 5, "loss")});
    double z[N], y[N], l[N], slope[N];
    for (int i = 0; i < N; i++) z[i] = 4.99 * (2 * i - (N - 1)) / (N - 1); /* logits */
    for (int t = 0; t < 2; t++) {
        values(nn, nn_bce_with_logits, z, t, l, slope);
        for (int i = 0; i < N; i++) y[i] = slope[i] + t; /* the slope is y - t */
        plot_curve(&a, y, l, N, (plot_style){colour[t], 0, 2.5, dash[t], 0, NULL});
        plot_text(&p, plot_x(&a, t ? 0.07 : 0.93), plot_y(&a, 4.2), label[t], colour[t],
                  t ? PLOT_LEFT : PLOT_RIGHT);
    }
    const double half = 0.5, loss = 0.6931;
    plot_points(&a, &half, &loss, 1, PLOT_DOT, 4, (plot_style){PLOT_INK, PLOT_INK, 1, 0, 0, NULL});
    plot_text(&p, plot_x(&a, 0.5), plot_y(&a, 1.0), "log 2", PLOT_INK, PLOT_MIDDLE);
    return plot_save(&p, directory, "26-cross-entropy");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    nn_set_reduction(nn, NN_REDUCE_NONE);
    const int good = errors(nn, directory) & cross_entropy(nn, directory) & nn_ok(nn);
    nn_destroy(nn);
    return !good;
}
