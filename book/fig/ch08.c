/* Figures 27 to 30: overfitting, L1 and L2, thinned networks, early stopping; all of real runs. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc2, fc3;
} network;

static network network_new(nn_ctx *nn, int in, int hidden, int out)
{
    network n;
    n.model = nn_model_new(nn);
    n.fc1 = nn_linear_new(n.model, "fc1", in, hidden);
    n.fc2 = nn_linear_new(n.model, "fc2", hidden, hidden);
    n.fc3 = nn_linear_new(n.model, "fc3", hidden, out);
    return n;
}

static nn_tensor *forward(const network *n, nn_tensor *x)
{
    nn_tensor *h = nn_tanh(nn_linear_forward(&n->fc1, x));
    return nn_linear_forward(&n->fc3, nn_tanh(nn_linear_forward(&n->fc2, h)));
}

/* ---- 27: the same network with and without a penalty ---- */

enum { POINTS = 90, GRID = 49 };

static double inside(double x, double y) { return 0.45 - x * x - y * y; } /* class 1 if positive */

static int overfitting(nn_ctx *nn, const char *directory)
{
    static const nn_real gamma[2] = {0.004f, 0};
    static const char *const title[2] = {"with an L2 penalty", "without"};
    nn_real at[2 * POINTS], label[POINTS], grid[2 * GRID * GRID];
    double x[2][POINTS], y[2][POINTS], z[GRID * GRID], truth[GRID * GRID];
    int n[2] = {0, 0};
    nn_seed(nn, 11);
    for (int i = 0; i < POINTS; i++) { /* one label in eight is wrong */
        at[2 * i] = nn_uniform(nn, -1, 1), at[2 * i + 1] = nn_uniform(nn, -1, 1);
        const int wrong = nn_uniform(nn, 0, 1) < 0.125f;
        const int c = (inside((double)at[2 * i], (double)at[2 * i + 1]) > 0) ^ wrong;
        label[i] = (nn_real)c;
        x[c][n[c]] = (double)at[2 * i], y[c][n[c]++] = (double)at[2 * i + 1];
    }
    for (int i = 0; i < GRID * GRID; i++) {
        grid[2 * i] = (nn_real)(i % GRID) * 2 / (GRID - 1) - 1;
        grid[2 * i + 1] = (nn_real)(i / GRID) * 2 / (GRID - 1) - 1;
    }
    for (int i = 0; i < GRID * GRID; i++)
        truth[i] = inside((double)grid[2 * i], (double)grid[2 * i + 1]);
    plot p = plot_new(640, 372, "A good fit and an overfitted one",
                      "Ninety points of two classes, one inside a circle, one outside, some with "
                      "the wrong label, and the boundary that a network of 1,185 parameters draws. "
                      "With an L2 penalty it is one smooth closed curve near the circle and leaves "
                      "the wrong points on the wrong side. Without, it bends around single points, "
                      "with islands, until every point is on its own side.");
    for (int k = 0; k < 2; k++) {
        nn_seed(nn, 3);
        network net = network_new(nn, 2, 32, 1);
        nn_optimizer *opt = nn_adam(net.model, 0.01f);
        for (int step = 0; step < 4000; step++) {
            nn_clear(nn);
            nn_zero_grad(net.model);
            nn_tensor *out = forward(&net, nn_input(nn, at, nn_shape2(POINTS, 2)));
            nn_backward(nn_add(nn_bce_with_logits(out, nn_input(nn, label, nn_shape2(POINTS, 1))),
                               nn_l2_penalty(net.model, gamma[k])));
            nn_step(opt);
        }
        nn_clear(nn);
        nn_tensor *out = forward(&net, nn_input(nn, grid, nn_shape2(GRID * GRID, 2)));
        for (int i = 0; i < GRID * GRID; i++) z[i] = (double)out->data[i];
        const plot_panel a = plot_axes(&p, 320 * k, 0, 320, 338,
                                       (plot_spec){.x = plot_range(-1, 1, "$x_1$"),
                                                   .y = plot_range(-1, 1, "$x_2$"),
                                                   .title = title[k], .equal = 1,
                                                   .bare = 1});
        plot_contour(&a, truth, GRID, GRID, 0, (plot_style){.line = PLOT_GREY, .dash = 5});
        plot_contour(&a, z, GRID, GRID, 0, (plot_style){.line = PLOT_INK, .width = 2.5});
        plot_points(&a, x[0], y[0], n[0], PLOT_DOT, 4, plot_filled(PLOT_BLUE, PLOT_BLUE));
        plot_points(&a, x[1], y[1], n[1], PLOT_TRIANGLE, 5, plot_filled(PLOT_RED, PLOT_RED));
    }
    double k = plot_key(&p, 90, 356, PLOT_DOT, plot_filled(PLOT_BLUE, PLOT_BLUE), "class 0");
    k = plot_key(&p, k, 356, PLOT_TRIANGLE, plot_filled(PLOT_RED, PLOT_RED), "class 1");
    k = plot_key(&p, k, 356, PLOT_LINE, (plot_style){.line = PLOT_INK, .width = 2.5}, "learned");
    plot_key(&p, k, 356, PLOT_LINE, (plot_style){.line = PLOT_GREY, .dash = 5}, "true");
    return plot_save(&p, directory, "27-overfitting");
}

/* ---- 28: two weights, fitted under each penalty ---- */

enum { SAMPLES = 40, FINE = 61 };

static double squared_error(const nn_real *x, const nn_real *t, double w1, double w2)
{
    double sum = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const double d = w1 * (double)x[2 * i] + w2 * (double)x[2 * i + 1] - (double)t[i];
        sum += d * d / SAMPLES;
    }
    return sum;
}

static void fit(nn_ctx *nn, const nn_real *x, const nn_real *t, int l1, nn_real gamma, double w[2])
{
    nn_model *net = nn_model_new(nn);
    nn_tensor *weight = nn_param(net, "", "w", nn_shape2(2, 1));
    nn_optimizer *opt = nn_sgd(net, 0.1f);
    for (int step = 0; step < 2000; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *y = nn_matmul(nn_input(nn, x, nn_shape2(SAMPLES, 2)), weight);
        nn_tensor *loss = nn_mse(y, nn_input(nn, t, nn_shape2(SAMPLES, 1)));
        nn_backward(nn_add(loss, nn_l2_penalty(net, l1 ? 0 : gamma)));
        nn_step(opt);
        if (l1) nn_soft_threshold(net, 0.1f * gamma);
    }
    w[0] = (double)weight->data[0], w[1] = (double)weight->data[1];
}

static int geometry(nn_ctx *nn, const char *directory)
{
    static const char *const title[2] = {"L2: a circle", "L1: a diamond"};
    nn_real x[2 * SAMPLES], t[SAMPLES];
    double z[FINE * FINE], best[2];
    nn_seed(nn, 5);
    for (int i = 0; i < SAMPLES; i++) {
        x[2 * i] = nn_normal(nn, 0, 1);
        x[2 * i + 1] = 0.5f * x[2 * i] + nn_normal(nn, 0, 0.8f);
        t[i] = 0.4f * x[2 * i] + 1.3f * x[2 * i + 1] + nn_normal(nn, 0, 0.3f);
    }
    for (int i = 0; i < FINE * FINE; i++) /* w from -1 to 2 */
        z[i] = squared_error(x, t, 3.0 * (i % FINE) / (FINE - 1) - 1, 3.0 * (i / FINE) / (FINE - 1) - 1);
    fit(nn, x, t, 0, 0, best);
    plot p = plot_new(640, 372, "Where the loss meets the constraint",
                      "The plane of two weights, with elliptic contours of the loss around its "
                      "minimum near (0.4, 1.3). Left, the solution with an L2 penalty lies where "
                      "an ellipse touches a circle, with neither weight zero. Right, that with an "
                      "L1 penalty lies on a corner of the diamond, where the first weight is "
                      "exactly zero.");
    for (int l1 = 0; l1 < 2; l1++) {
        double w[2], edge_x[97], edge_y[97];
        fit(nn, x, t, l1, l1 ? 2 : 1.2f, w);
        if (l1 ? w[0] != 0 : w[0] == 0) plot_fail(&p, "not the picture that the text describes", "");
        const plot_panel a = plot_axes(&p, 320 * l1, 0, 320, 338,
                                       (plot_spec){.x = plot_range(-1, 2, "$w_1$"),
                                                   .y = plot_range(-1, 2, "$w_2$"),
                                                   .title = title[l1], .equal = 1});
        const double size = l1 ? fabs(w[0]) + fabs(w[1]) : sqrt(w[0] * w[0] + w[1] * w[1]);
        for (int i = 0; i < 97; i++) { /* around: along the diamond, for the circle out to it */
            const int side = i / 24 % 4;
            const double s = i % 24 / 24.0, u = side % 2 ? -s : 1 - s, v = side % 2 ? 1 - s : s;
            const double sign = side < 2 ? 1 : -1, length = l1 ? 1 : sqrt(u * u + v * v);
            edge_x[i] = sign * u * size / length, edge_y[i] = sign * v * size / length;
        }
        plot_curve(&a, edge_x, edge_y, 97, (plot_style){.line = PLOT_BLUE, .width = 2.5});
        const double touching = squared_error(x, t, w[0], w[1]);
        const double least = squared_error(x, t, best[0], best[1]);
        for (int i = 1; i <= 4; i++)
            plot_contour(&a, z, FINE, FINE, least + (touching - least) * i * i / 4,
                         (plot_style){.line = PLOT_RED, .width = i == 2 ? 2.5 : 1});
        plot_points(&a, best, best + 1, 1, PLOT_CROSS, 5, (plot_style){.line = PLOT_RED});
        plot_points(&a, w, w + 1, 1, PLOT_DOT, 5, plot_filled(PLOT_INK, PLOT_INK));
    }
    double k = plot_key(&p, 40, 356, PLOT_LINE, (plot_style){.line = PLOT_RED}, "equal loss");
    k = plot_key(&p, k, 356, PLOT_CROSS, (plot_style){.line = PLOT_RED}, "its minimum");
    k = plot_key(&p, k, 356, PLOT_LINE, (plot_style){.line = PLOT_BLUE}, "equal penalty");
    plot_key(&p, k, 356, PLOT_DOT, plot_filled(PLOT_INK, PLOT_INK), "solution");
    return plot_save(&p, directory, "28-l1-l2");
}

/* ---- 29: thinned networks, by masks that nn_dropout drew ---- */

static int thinned(nn_ctx *nn, const char *directory)
{
    static const int units[4] = {3, 5, 5, 2};
    static const char *const title[3] = {"whole (evaluation)", "step 1", "step 2"};
    plot p = plot_new(640, 280, "Thinned networks",
                      "Three drawings of a network of 3, 5, 5 and 2 units. The first has all of "
                      "its connections. In the second and third about half of the hidden units are "
                      "crossed out, other ones in each, and their connections are gone.");
    nn_seed(nn, 6);
    for (int k = 0; k < 3; k++) {
        const plot_net net = {30 + 213.0 * k, 60, 153, 190, units, 4, 11};
        int kept[4][5];
        nn_set_training(nn, k > 0);
        for (int l = 0; l < 4; l++) {
            nn_clear(nn);
            nn_tensor *mask = nn_dropout(nn_full(nn, nn_shape1(units[l]), 1),
                                         l == 1 || l == 2 ? 0.5f : 0);
            for (int i = 0; i < units[l]; i++) kept[l][i] = mask->data[i] > 0;
        }
        for (int l = 0; l < 3; l++)
            for (int i = 0; i < units[l + 1]; i++)
                for (int j = 0; j < units[l]; j++)
                    if (kept[l][j] && kept[l + 1][i])
                        plot_connect(&p, plot_unit(&net, l, j), plot_unit(&net, l + 1, i),
                                     (plot_style){.line = PLOT_BLUE, .width = 1});
        for (int l = 0; l < 4; l++)
            for (int i = 0; i < units[l]; i++) {
                const plot_node a = plot_unit(&net, l, i);
                const plot_style on = plot_filled(PLOT_BLUE, PLOT_LIGHT(PLOT_BLUE));
                const plot_style off = {.line = PLOT_GREY, .width = 1, .dash = 3};
                plot_place(&p, PLOT_CIRCLE, a.x, a.y, a.w, a.h, "", kept[l][i] ? on : off);
                if (!kept[l][i])
                    plot_mark(&p, a.x, a.y, PLOT_CROSS, 7, (plot_style){.line = PLOT_RED});
            }
        plot_text(&p, net.x + net.w / 2, 24, title[k], PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    }
    nn_set_training(nn, 1);
    return plot_save(&p, directory, "29-dropout");
}

/* ---- 30: early stopping ---- */

static nn_real loss_of(const network *n, const nn_dataset *set)
{
    nn_clear(set->ctx);
    return nn_item(nn_cross_entropy(forward(n, nn_dataset_x(set)), set->label));
}

static int early_stopping(nn_ctx *nn, const char *directory)
{
    enum { EPOCHS = 60, PATIENCE = 10 };
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), rest, some, train, validation;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_seed(nn, 1);
    nn_split_stratified(&all, 400.0 / all.n, &rest, &some);
    nn_split_stratified(&some, 0.5, &train, &validation);
    if (!nn_ok(nn)) return 0;
    for (int i = 0; i < train.n; i += 10) train.label[i] = nn_randint(nn, 0, 10);
    double epoch[EPOCHS], learned[EPOCHS], validated[EPOCHS];
    network net = network_new(nn, 64, 64, 10);
    nn_optimizer *opt = nn_adam(net.model, 0.005f);
    nn_early_stopping s = nn_early_stopping_new(net.model, PATIENCE, 0);
    nn_batches b = nn_batches_new(&train, 25, 1);
    int best = 0, stop = 0;
    for (int i = 0; i < EPOCHS; i++) {
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(net.model);
            nn_backward(nn_cross_entropy(forward(&net, nn_batch_x(&b)), b.label));
            nn_step(opt);
        }
        epoch[i] = i + 1;
        learned[i] = (double)loss_of(&net, &train);
        validated[i] = (double)loss_of(&net, &validation);
        if (!stop && nn_early_stop(&s, (nn_real)validated[i])) stop = i + 1, best = s.best_epoch;
    }
    plot p = plot_new(560, 370, "Early stopping",
                      "Two losses over 60 epochs. That on the training set falls all the way. That "
                      "on the validation set falls, is lowest at an epoch marked best, and then "
                      "rises; ten epochs after the best one training stops, and the weights of the "
                      "best one are restored. What comes after is drawn dashed.");
    if (!stop) plot_fail(&p, "it never stopped", "");
    const plot_panel a = plot_axes(&p, 0, 0, 560, 336,
                                   (plot_spec){.x = plot_range(0, EPOCHS, "epoch"),
                                               .y = plot_range(0, 2.5, "cross-entropy")});
    for (int k = 0; k < 2 && stop; k++) {
        const double *y = k ? validated : learned;
        const int colour = k ? PLOT_RED : PLOT_BLUE;
        plot_curve(&a, epoch, y, stop, (plot_style){.line = colour, .width = 2.5});
        plot_curve(&a, epoch + stop - 1, y + stop - 1, EPOCHS - stop + 1,
                   (plot_style){.line = colour, .width = 1.5, .dash = 5});
    }
    if (stop) {
        const double at[2] = {best, stop}, height[2] = {validated[best - 1], validated[stop - 1]};
        for (int i = 0; i < 2; i++) {
            const double x = plot_x(&a, at[i]);
            plot_line(&p, x, plot_y(&a, 0), x, plot_y(&a, 1.55), (plot_style){.line = PLOT_GREY,
                      .width = 1, .dash = 3});
        }
        plot_points(&a, at, height, 2, PLOT_DOT, 5, plot_filled(PLOT_RED, PLOT_WHITE));
        plot_text(&p, plot_x(&a, at[0]), plot_y(&a, 1.65), "best", PLOT_INK, PLOT_MIDDLE);
        plot_text(&p, plot_x(&a, at[1]), plot_y(&a, 1.65), "stop", PLOT_INK, PLOT_MIDDLE);
        plot_line(&p, plot_x(&a, at[1]), plot_y(&a, 1.45), plot_x(&a, at[0]), plot_y(&a, 1.45),
                  (plot_style){.line = PLOT_INK, .width = 1.5, .arrow = 1});
    }
    double k = plot_key(&p, 150, 352, PLOT_LINE, (plot_style){.line = PLOT_BLUE}, "training");
    plot_key(&p, k, 352, PLOT_LINE, (plot_style){.line = PLOT_RED}, "validation");
    return plot_save(&p, directory, "30-early-stopping");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    int good = overfitting(nn, directory);
    good &= geometry(nn, directory);
    good &= thinned(nn, directory);
    good &= early_stopping(nn, directory);
    good &= nn_ok(nn);
    nn_destroy(nn);
    return !good;
}
