/* Figures 18 to 22b: paths of gradient descent, learning rates, momentum, all rules on one surface.
 * Run from the root of the repository: the data are examples/data/diabetes.csv. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { GRID = 45, MOST = 400 };

static nn_dataset data; /* standardised, the target (25..346, minus its mean) / 100 */

static int load(nn_ctx *nn)
{
    const nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table t = nn_csv_load(nn, "examples/data/diabetes.csv", with_header);
    data = nn_dataset_targets(&t, -1);
    const nn_scaler s = nn_scaler_fit(&data);
    nn_scaler_apply(&s, &data);
    double mean = 0;
    for (int i = 0; i < data.n; i++) mean += (double)data.target[i] / data.n;
    for (int i = 0; i < data.n; i++)
        data.target[i] = (nn_real)(((double)data.target[i] - mean) / 100);
    return nn_ok(nn);
}

/* L = mean (w x - t)^2 over the n samples of row (all if NULL) with the features of column (all if
 * NULL), and its gradient if g is not NULL. */
static double squared_error(const nn_real *w, const int *column, int features, const int *row,
                            int n, nn_real *g)
{
    double loss = 0, sum[16] = {0};
    for (int i = 0; i < n; i++) {
        const int r = row ? row[i] : i;
        const nn_real *x = data.x + r * data.size;
        double error = -(double)data.target[r];
        for (int j = 0; j < features; j++)
            error += (double)w[j] * (double)x[column ? column[j] : j];
        for (int j = 0; j < features; j++) sum[j] += 2 * error * (double)x[column ? column[j] : j];
        loss += error * error;
    }
    for (int j = 0; g && j < features; j++) g[j] = (nn_real)(sum[j] / n);
    return loss / n;
}

/* ---- 18, 19, 20: the same steps with batches of another size ---- */

static const int bmi_and_s5[2] = {2, 8};

/* Where the loss of all samples is least: 500 steps, of which 60 are enough to the eye. */
static void bottom(double *x, double *y)
{
    nn_real w[2] = {0, 0}, g[2];
    for (int step = 0; step < 500; step++) {
        squared_error(w, bmi_and_s5, 2, NULL, data.n, g);
        w[0] -= (nn_real)0.1 * g[0], w[1] -= (nn_real)0.1 * g[1];
    }
    *x = (double)w[0], *y = (double)w[1];
}

static int path(nn_ctx *nn, int batch, const char *directory, const char *file, const char *title,
                const char *desc)
{
    enum { STEPS = 60 };
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    nn_optimizer *opt = nn_sgd(net, 0.1f);
    nn_batches b = nn_batches_new(&data, batch, 1);
    double x[STEPS + 1], y[STEPS + 1], z[GRID * GRID];
    w->data[0] = -0.5f, w->data[1] = 0.9f;
    for (int step = 0; step <= STEPS; step++) {
        x[step] = (double)w->data[0], y[step] = (double)w->data[1];
        while (!nn_next_batch(&b)) {} /* 0 between two epochs */
        squared_error(w->data, bmi_and_s5, 2, b.row, b.n, w->grad);
        nn_step(opt);
    }
    plot p = plot_new(480, 424, title, desc);
    const plot_panel a = plot_axes(&p, 0, 0, 480, 400,
                                   (plot_spec){.x = plot_range(-0.7, 1, "weight of body mass"),
                                               .y = plot_range(-0.3, 1.1, "weight of s5"),
                                               .equal = 1,
                                               .bare = 1});
    for (int i = 0; i < GRID * GRID; i++) {
        const nn_real at[2] = {(nn_real)(-0.7 + 1.7 * (i % GRID) / (GRID - 1)),
                               (nn_real)(-0.3 + 1.4 * (i / GRID) / (GRID - 1))};
        z[i] = squared_error(at, bmi_and_s5, 2, NULL, data.n, NULL);
    }
    for (int level = 0; level < 7; level++)
        plot_contour(&a, z, GRID, GRID, 0.335 + 0.03 * level * level,
                     (plot_style){.line = PLOT_GREY, .width = 0.8});
    plot_curve(&a, x, y, STEPS + 1, (plot_style){.line = PLOT_BLUE, .width = 1.5});
    plot_points(&a, x, y, STEPS + 1, PLOT_DOT, 2.5, plot_filled(PLOT_BLUE, PLOT_BLUE));
    plot_points(&a, x, y, 1, PLOT_SQUARE, 6, plot_filled(PLOT_WHITE, PLOT_INK));
    plot_points(&a, x + STEPS, y + STEPS, 1, PLOT_DIAMOND, 7, plot_filled(PLOT_WHITE, PLOT_RED));
    double least[2];
    bottom(&least[0], &least[1]);
    const plot_style cross = {.line = PLOT_INK, .width = 2};
    plot_points(&a, &least[0], &least[1], 1, PLOT_CROSS, 6, cross);
    double next = plot_key(&p, 110, 410, PLOT_SQUARE, plot_filled(PLOT_WHITE, PLOT_INK), "start");
    next = plot_key(&p, next, 410, PLOT_DIAMOND, plot_filled(PLOT_WHITE, PLOT_RED),
                    "after 60 steps");
    plot_key(&p, next, 410, PLOT_CROSS, cross, "minimum");
    return plot_save(&p, directory, file);
}

/* ---- 21 ---- */

static int learning_rates(nn_ctx *nn, const char *directory)
{
    enum { STEPS = 40 };
    static const nn_real rate[3] = {0.002f, 0.1f, 0.26f};
    static const char *const label[3] = {"0.002: too small", "0.1: right", "0.26: too large"};
    static const int colour[3] = {PLOT_BLUE, PLOT_GREEN, PLOT_RED}, dash[3] = {7, 0, 2};
    plot p = plot_new(560, 340, "Three learning rates",
                      "With 0.002 the loss falls slowly, from 0.59 to 0.43 in 40 steps; with 0.1 "
                      "it is near its minimum of 0.29 after ten; with 0.26, a little above the "
                      "limit 2/c = 0.248, it falls at first and then grows without end.");
    const plot_panel a =
        plot_axes(&p, 0, 0, 560, 340,
                  (plot_spec){.x = plot_range(0, STEPS, "step"),
                              .y = plot_range(0.2, 1, "mean squared error, targets / 100"),
                              .room = label[0]});
    for (int k = 0; k < 3; k++) {
        nn_model *net = nn_model_new(nn);
        nn_tensor *w = nn_param(net, "", "w", nn_shape1(data.size));
        nn_optimizer *opt = nn_sgd(net, rate[k]);
        double x[STEPS + 1], y[STEPS + 1];
        for (int step = 0; step <= STEPS; step++) {
            x[step] = step;
            y[step] = squared_error(w->data, NULL, data.size, NULL, data.n, w->grad);
            nn_step(opt);
        }
        plot_curve(&a, x, y, STEPS + 1, (plot_style){colour[k], 0, 2.5, dash[k], 0, label[k]});
    }
    return plot_save(&p, directory, "21-learning-rates");
}

/* ---- 22: a valley, and a bump ---- */

static void valley(const nn_real *w, nn_real *g) /* L = (a^2 + 20 b^2) / 2 */
{
    g[0] = w[0], g[1] = 20 * w[1];
}

static double bump(double a) { return a * a / 8 + 0.5 / (1 + 9 * (a - 2) * (a - 2)); }
static void bump_gradient(const nn_real *w, nn_real *g)
{
    const double a = (double)w[0], d = 1 + 9 * (a - 2) * (a - 2);
    g[0] = (nn_real)(a / 4 - 9 * (a - 2) / (d * d)), g[1] = 0;
}

/* The path of so many steps, from (a, b). */
static void run(nn_optimizer *opt, void (*gradient)(const nn_real *w, nn_real *g), double a,
                double b, int steps, double *x, double *y)
{
    nn_tensor *w = opt->model->param[0];
    w->data[0] = (nn_real)a, w->data[1] = (nn_real)b;
    for (int step = 0; step <= steps; step++) {
        x[step] = (double)w->data[0], y[step] = (double)w->data[1];
        gradient(w->data, w->grad);
        nn_step(opt);
    }
}

static int momentum(nn_ctx *nn, const char *directory)
{
    static const int colour[2] = {PLOT_RED, PLOT_BLUE}, mark[2] = {PLOT_TRIANGLE, PLOT_DOT};
    static const char *const name[2] = {"gradient descent, 0.09 and 0.1",
                                        "momentum, 0.05 (\xce\xb2 0.65) and 0.1 (0.8)"};
    nn_model *net = nn_model_new(nn);
    nn_param(net, "", "w", nn_shape1(2));
    plot p = plot_new(640, 340, "Gradient descent with momentum",
                      "Left: in a narrow valley plain descent zigzags and is far from the minimum "
                      "after 20 steps, momentum is at it. Right: on a slope with a bump plain "
                      "descent stops in the hollow before the bump, momentum rolls over it.");
    const plot_panel a = plot_axes(&p, 0, 0, 320, 310,
                                   (plot_spec){.x = plot_range(-5, 2, "$a$"),
                                               .y = plot_range(-1.5, 1.5, "$b$"),
                                               .title = "$L = (a^2 + 20 b^2) / 2$, 20 steps",
                                               .bare = 1});
    const plot_panel c = plot_axes(&p, 320, 0, 320, 310,
                                   (plot_spec){.x = plot_range(-2, 5, "$a$"),
                                               .y = plot_range(0, 2.5, "$L$"),
                                               .title = "$L = a^2 / 8 + 1 / (2 + 18 (a - 2)^2)$"});
    double x[MOST], y[MOST], z[GRID * GRID];
    for (int i = 0; i < GRID * GRID; i++) {
        const double s = -5 + 7.0 * (i % GRID) / (GRID - 1);
        const double t = -1.5 + 3.0 * (i / GRID) / (GRID - 1);
        z[i] = (s * s + 20 * t * t) / 2;
    }
    for (int level = 1; level < 6; level++)
        plot_contour(&a, z, GRID, GRID, 0.6 * level * level,
                     (plot_style){.line = PLOT_GREY, .width = 0.8});
    for (int i = 0; i < 141; i++) x[i] = -2 + i / 20.0, y[i] = bump(x[i]);
    plot_curve(&c, x, y, 141, (plot_style){.line = PLOT_GREY});
    double place = 50;
    for (int k = 0; k < 2; k++) {
        nn_optimizer *opt = k ? nn_momentum(net, 0.05f, 0.65f) : nn_sgd(net, 0.09f);
        run(opt, valley, -4.5, 1.2, 20, x, y);
        plot_curve(&a, x, y, 21, (plot_style){.line = colour[k], .width = 1.5});
        plot_points(&a, x, y, 21, mark[k], 3, plot_filled(colour[k], colour[k]));
        opt = k ? nn_momentum(net, 0.1f, 0.8f) : nn_sgd(net, 0.1f);
        run(opt, bump_gradient, 4.2, 0, 60, x, y);
        for (int i = 0; i <= 60; i++) y[i] = bump(x[i]) + (k ? 0.06 : -0.06); /* beside it */
        plot_points(&c, x, y, 61, mark[k], 3, plot_filled(colour[k], colour[k]));
        place = plot_key(&p, place, 326, mark[k], plot_filled(colour[k], colour[k]), name[k]);
    }
    return plot_save(&p, directory, "22-momentum");
}

/* ---- 22b: Rosenbrock's valley, L = (1 - a)^2 + 5 (b - a^2)^2 ---- */

static void rosenbrock(const nn_real *w, nn_real *g)
{
    const double a = (double)w[0], b = (double)w[1];
    g[0] = (nn_real)(-2 * (1 - a) - 20 * a * (b - a * a));
    g[1] = (nn_real)(10 * (b - a * a));
}

static int rules(nn_ctx *nn, const char *directory)
{
    enum { STEPS = 100, RULES = 6, COARSE = 21 };
    nn_model *net = nn_model_new(nn);
    nn_param(net, "", "w", nn_shape1(2));
    nn_optimizer *opt[RULES] = {nn_sgd(net, 0.02f),     nn_momentum(net, 0.01f, 0.9f),
                                nn_nesterov(net, 0.01f, 0.9f), nn_adagrad(net, 0.4f),
                                nn_rmsprop(net, 0.04f), nn_adam(net, 0.15f)};
    static const char *const name[RULES] = {"SGD, 0.02",    "momentum, 0.01", "Nesterov, 0.01",
                                            "AdaGrad, 0.4", "RMSprop, 0.04",  "Adam, 0.15"};
    plot p = plot_new(640, 424, "Six rules in a curved valley",
                      "The same contours six times, each with the path of one rule. SGD and "
                      "AdaGrad creep along the floor of the valley, RMSprop is a little faster; "
                      "momentum swings from side to side, Nesterov less; Adam takes the bend in "
                      "one swing. These three reach the minimum at (1, 1) in 100 steps.");
    double x[MOST], y[MOST], z[COARSE * COARSE];
    for (int i = 0; i < COARSE * COARSE; i++) {
        const double s = -1.6 + 3.2 * (i % COARSE) / (COARSE - 1);
        const double u = -0.6 + 2.4 * (i / COARSE) / (COARSE - 1);
        z[i] = (1 - s) * (1 - s) + 5 * (u - s * s) * (u - s * s);
    }
    for (int k = 0; k < RULES; k++) {
        const plot_panel a = plot_axes(&p, k % 3 * 213, k / 3 * 200, 213, 200,
                                       (plot_spec){.x = plot_range(-1.6, 1.6, "$a$"),
                                                   .y = plot_range(-0.6, 1.8, "$b$"),
                                                   .title = name[k],
                                                   .bare = 1});
        for (int level = 1; level < 4; level++)
            plot_contour(&a, z, COARSE, COARSE, level * level,
                         (plot_style){.line = PLOT_GREY, .width = 0.8});
        run(opt[k], rosenbrock, -1.2, 1.2, STEPS, x, y);
        double cx[STEPS + 1] = {x[0]}, cy[STEPS + 1] = {y[0]}; /* without steps too short to see */
        int n = 1;
        for (int i = 1; i <= STEPS; i++) {
            const double dx = x[i] - cx[n - 1], dy = y[i] - cy[n - 1];
            if (dx * dx + dy * dy > 0.06 * 0.06) cx[n] = x[i], cy[n++] = y[i];
        }
        plot_curve(&a, cx, cy, n, (plot_style){.line = PLOT_BLUE, .width = 1.5});
        for (int i = 1; 20 * i <= STEPS; i++) x[i] = x[20 * i], y[i] = y[20 * i];
        plot_points(&a, x + 1, y + 1, STEPS / 20, PLOT_DOT, 2.5, plot_filled(PLOT_BLUE, PLOT_BLUE));
        plot_points(&a, x, y, 1, PLOT_SQUARE, 5, plot_filled(PLOT_WHITE, PLOT_INK));
        const double one = 1;
        plot_points(&a, &one, &one, 1, PLOT_CROSS, 5, (plot_style){.line = PLOT_RED, .width = 2.5});
    }
    double next = plot_key(&p, 120, 410, PLOT_SQUARE, plot_filled(PLOT_WHITE, PLOT_INK), "start");
    next = plot_key(&p, next, 410, PLOT_DOT, plot_filled(PLOT_BLUE, PLOT_BLUE), "every 20th step");
    plot_key(&p, next, 410, PLOT_CROSS, (plot_style){.line = PLOT_RED, .width = 2.5}, "minimum");
    return plot_save(&p, directory, "22b-rules");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    if (!load(nn)) return 1;
    int good = path(nn, data.n, directory, "18-batch", "Batch gradient descent",
                    "Contours of a bowl and a path of 60 steps that runs smoothly to its minimum, "
                    "a cross.");
    good &= path(nn, 1, directory, "19-stochastic", "Stochastic gradient descent",
                 "The same bowl, 60 steps of one sample each: the path jumps about, gets near the "
                 "minimum, and does not come to rest.");
    good &= path(nn, 32, directory, "20-mini-batch", "Mini-batch gradient descent",
                 "The same bowl, 60 steps of 32 samples each: a slightly trembling path that ends "
                 "close to the minimum.");
    good &= learning_rates(nn, directory);
    good &= momentum(nn, directory);
    good &= rules(nn, directory);
    nn_destroy(nn);
    return !good;
}
