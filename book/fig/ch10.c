/* Figures 36 to 38: a landscape with several minima, three ways to descend in it, and networks that
 * vote. Run from the root of the repository: the data are examples/data/digits.csv. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { POINTS = 201, GRID = 53, MOST = 300 };

/* J(w) = w^2 / 10 + sin 2w of the n numbers of w, and its gradient if w is a parameter */
static nn_tensor *landscape(nn_tensor *w)
{
    return nn_add(nn_scale(nn_square(w), 0.1f), nn_sin(nn_scale(w, 2)));
}

/* The values of J at x. */
static void values(nn_ctx *nn, const double *x, int n, double *y)
{
    nn_clear(nn);
    nn_tensor *in = nn_full(nn, nn_shape1(n), 0);
    for (int i = 0; i < n; i++) in->data[i] = (nn_real)x[i];
    const nn_tensor *out = landscape(in);
    for (int i = 0; i < n; i++) y[i] = (double)out->data[i];
}

/* The path of so many steps from where the parameter of opt is: its first number in x, its second,
 * if it has one, in y. noise: what is added to or taken from the gradient, by chance. */
static void path(nn_optimizer *opt, int steps, nn_real noise, double *x, double *y)
{
    nn_tensor *w = opt->model->param[0];
    nn_ctx *nn = w->ctx;
    const nn_real lr = opt->lr;
    for (int step = 0; step <= steps; step++) {
        x[step] = (double)w->data[0];
        if (y) y[step] = (double)w->data[1];
        nn_clear(nn);
        nn_zero_grad(opt->model);
        nn_backward(nn_sum(landscape(w)));
        if (noise > 0) w->grad[0] += nn_randint(nn, 0, 2) ? noise : -noise;
        if (noise > 0) opt->lr = nn_cosine_annealing_lr(lr, 0, steps, step);
        nn_step(opt);
    }
}

/* ---- 36 ---- */

static int minima(nn_ctx *nn, const char *directory)
{
    enum { STEPS = 40 };
    plot p = plot_new(640, 340, "Local minima and the global minimum",
                      "Left: a curve with five valleys; descent from 4.3 rolls to the bottom of "
                      "the nearest, at 5.2, far above the lowest at -0.7. Right: contours of it "
                      "in two dimensions, with a path that ends in one of many hollows, not in the "
                      "lowest.");
    double x[POINTS], y[POINTS], at[STEPS + 1], height[STEPS + 1], z[GRID * GRID], line[GRID];
    const plot_panel a = plot_axes(&p, 0, 0, 330, 310,
                                   (plot_spec){.x = plot_range(-7, 7, "$w$"),
                                               .y = plot_range(-2, 6, "$J$")});
    for (int i = 0; i < POINTS; i++) x[i] = -7 + 14.0 * i / (POINTS - 1);
    values(nn, x, POINTS, y);
    plot_curve(&a, x, y, POINTS, (plot_style){.line = PLOT_GREY});
    nn_model *model = nn_model_new(nn);
    nn_param(model, "", "w", nn_shape1(1))->data[0] = 4.3f;
    path(nn_sgd(model, 0.05f), STEPS, 0, at, NULL);
    values(nn, at, STEPS + 1, height);
    plot_points(&a, at, height, STEPS + 1, PLOT_DOT, 3, plot_filled(PLOT_BLUE, PLOT_BLUE));
    plot_points(&a, at, height, 1, PLOT_SQUARE, 6, plot_filled(PLOT_WHITE, PLOT_INK));
    const double best[1] = {-0.7479};
    double lowest[1];
    values(nn, best, 1, lowest);
    plot_points(&a, best, lowest, 1, PLOT_DIAMOND, 7, plot_filled(PLOT_WHITE, PLOT_RED));

    const plot_panel b = plot_axes(&p, 330, 0, 310, 310,
                                   (plot_spec){.x = plot_range(-4, 6, "$w_1$"),
                                               .y = plot_range(-4, 6, "$w_2$"),
                                               .equal = 1,
                                               .bare = 1});
    for (int i = 0; i < GRID; i++) x[i] = -4 + 10.0 * i / (GRID - 1);
    values(nn, x, GRID, line);
    for (int i = 0; i < GRID * GRID; i++) z[i] = line[i % GRID] + line[i / GRID];
    for (int level = -1; level < 5; level++)
        plot_contour(&b, z, GRID, GRID, level,
                     (plot_style){.line = level < 2 ? PLOT_GREEN : PLOT_GREY, .width = 0.8});
    for (int i = 0; i < 9; i++) {
        static const double top[3] = {-2.482, 0.827, 4.140};
        plot_points(&b, top + i / 3, top + i % 3, 1, PLOT_CROSS, 3,
                    plot_filled(PLOT_GREY, PLOT_GREY));
    }
    nn_model *two = nn_model_new(nn);
    nn_tensor *w = nn_param(two, "", "w", nn_shape1(2));
    w->data[0] = 4.2f, w->data[1] = 3.6f;
    path(nn_sgd(two, 0.05f), STEPS, 0, at, height);
    plot_curve(&b, at, height, STEPS + 1, (plot_style){.line = PLOT_BLUE, .width = 1.5});
    plot_points(&b, at, height, STEPS + 1, PLOT_DOT, 2.5, plot_filled(PLOT_BLUE, PLOT_BLUE));
    plot_points(&b, at, height, 1, PLOT_SQUARE, 6, plot_filled(PLOT_WHITE, PLOT_INK));
    plot_points(&b, best, best, 1, PLOT_DIAMOND, 7, plot_filled(PLOT_WHITE, PLOT_RED));
    double next = plot_key(&p, 120, 326, PLOT_SQUARE, plot_filled(PLOT_WHITE, PLOT_INK), "start");
    next = plot_key(&p, next, 326, PLOT_DOT, plot_filled(PLOT_BLUE, PLOT_BLUE), "descent");
    next = plot_key(&p, next, 326, PLOT_DIAMOND, plot_filled(PLOT_WHITE, PLOT_RED),
                    "global minimum");
    plot_key(&p, next, 326, PLOT_CROSS, plot_filled(PLOT_GREY, PLOT_GREY), "hill top");
    return plot_save(&p, directory, "36-minima");
}

/* ---- 37 ---- */

static int escapes(nn_ctx *nn, const char *directory)
{
    static const char *const title[3] = {"(a) descent", "(b) momentum", "(c) with noise"};
    static const int steps[3] = {60, 200, 120};
    plot p = plot_new(640, 270, "Leaving a local minimum",
                      "Three times the same curve with a start above its valley at 5.2. (a) Plain "
                      "descent ends in that valley. (b) Momentum rolls through it and the next "
                      "and ends in the lowest. (c) Noisy steps jump about and end there, too.");
    for (int k = 0; k < 3; k++) {
        double x[POINTS], y[POINTS], at[MOST], height[MOST];
        const plot_panel a = plot_axes(&p, k * 213, 0, 213, 240,
                                       (plot_spec){.x = plot_range(-3, 7, "$w$"),
                                                   .y = plot_range(-2.9, 4.9, "$J$"),
                                                   .title = title[k],
                                                   .bare = 1});
        for (int i = 0; i < POINTS; i++) x[i] = -3 + 10.0 * i / (POINTS - 1);
        values(nn, x, POINTS, y);
        plot_curve(&a, x, y, POINTS, (plot_style){.line = PLOT_GREY});
        nn_seed(nn, 1);
        nn_model *model = nn_model_new(nn);
        nn_param(model, "", "w", nn_shape1(1))->data[0] = 6.4f;
        path(k == 1 ? nn_momentum(model, 0.04f, 0.93f) : nn_sgd(model, k == 2 ? 0.3f : 0.05f),
             steps[k], k == 2 ? 3 : 0, at, NULL);
        values(nn, at, steps[k] + 1, height);
        const int colour = k == 0 ? PLOT_RED : k == 1 ? PLOT_BLUE : PLOT_GREEN;
        plot_points(&a, at, height, steps[k] + 1, PLOT_DOT, 2.5, plot_filled(colour, colour));
        plot_points(&a, at, height, 1, PLOT_SQUARE, 6, plot_filled(PLOT_WHITE, PLOT_INK));
        plot_points(&a, at + steps[k], height + steps[k], 1, PLOT_DIAMOND, 7,
                    plot_filled(PLOT_WHITE, PLOT_INK));
        const int lowest = at[steps[k]] < 0.5 && at[steps[k]] > -2;
        if (lowest != (k > 0)) plot_fail(&p, title[k], " does not end where it should");
    }
    double next = plot_key(&p, 200, 256, PLOT_SQUARE, plot_filled(PLOT_WHITE, PLOT_INK), "start");
    plot_key(&p, next, 256, PLOT_DIAMOND, plot_filled(PLOT_WHITE, PLOT_INK), "end");
    return plot_save(&p, directory, "37-escape");
}

/* ---- 38: five networks, each from a bag of 90 digits, and one digit that was held out ---- */

enum { MEMBERS = 5 };

static int vote(nn_ctx *nn, const char *directory)
{
    static int answer[MEMBERS * 2000], all_votes[2000], index[2000], out[2000];
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_seed(nn, 42);
    nn_split(&all, 0.95, &learn, &test);
    if (!nn_ok(nn) || test.n > 2000) return 0;
    for (int m = 0; m < MEMBERS; m++) {
        nn_model *model = nn_model_new(nn);
        nn_linear fc1 = nn_linear_new(model, "fc1", 64, 16);
        nn_linear fc2 = nn_linear_new(model, "fc2", 16, 10);
        nn_optimizer *opt = nn_adam(model, 0.01f);
        nn_batches b = nn_batches_new(&learn, 16, 1);
        nn_bootstrap(nn, learn.n, index, out);
        memcpy(b.order, index, (size_t)learn.n * sizeof *index);
        while (b.epoch < 30)
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                nn_zero_grad(model);
                nn_tensor *y = nn_relu(nn_linear_forward(&fc1, nn_batch_x(&b)));
                nn_backward(nn_cross_entropy(nn_linear_forward(&fc2, y), b.label));
                nn_step(opt);
            }
        nn_clear(nn);
        nn_tensor *y = nn_relu(nn_linear_forward(&fc1, nn_dataset_x(&test)));
        nn_argmax(nn_linear_forward(&fc2, y), answer + m * test.n);
    }
    nn_vote(nn, answer, MEMBERS, test.n, all_votes);
    int right[MEMBERS + 1] = {0}, chosen = -1;
    for (int i = 0; i < test.n; i++) {
        int here = 0;
        for (int m = 0; m < MEMBERS; m++) {
            right[m] += answer[m * test.n + i] == test.label[i];
            here += answer[m * test.n + i] == test.label[i];
        }
        right[MEMBERS] += all_votes[i] == test.label[i];
        if (chosen < 0 && here == 3 && all_votes[i] == test.label[i]) chosen = i;
    }
    plot p = plot_new(640, 360, "An ensemble that votes",
                      "A picture of a digit goes to five networks, which were trained on samples "
                      "of their own; three name the right digit, two others; the vote is right. "
                      "Beside each, how much of the held-out digits it reads right: the vote "
                      "reads more than any of the five.");
    double pixels[64];
    for (int i = 0; i < 64; i++) pixels[i] = (double)test.x[(chosen < 0 ? 0 : chosen) * 64 + i];
    const plot_axis none = {.min = 0, .max = 8}, down = {.min = 8, .max = 0};
    const plot_panel picture = {&p, 20, 120, 110, 110, none, down};
    plot_heat(&picture, pixels, 8, 8, 0, 1, PLOT_GREYS, -1);
    plot_text(&p, 75, 250, "held out", PLOT_INK, PLOT_MIDDLE);
    const plot_node end = plot_place(&p, PLOT_BOX, 560, 175, 110, 56, "",
                                     plot_filled(PLOT_GREEN, PLOT_LIGHT(PLOT_GREEN)));
    for (int m = 0; m < MEMBERS; m++) {
        char text[64], number[24];
        const int says = answer[m * test.n + (chosen < 0 ? 0 : chosen)];
        const int good = chosen >= 0 && says == test.label[chosen];
        snprintf(text, sizeof text, "network %d, %s %%", m + 1,
                 plot_number(number, 100.0 * right[m] / test.n, 1));
        const int colour = good ? PLOT_BLUE : PLOT_RED;
        const plot_node n = plot_place(&p, PLOT_BOX, 280, 40 + 67.5 * m, 160, 40, text,
                                       plot_filled(colour, PLOT_LIGHT(colour)));
        const double left = n.x - n.w / 2, right_end = n.x + n.w / 2, goal = end.x - end.w / 2;
        const double enters = end.y + 9 * (m - 2);
        plot_line(&p, 134, 175 + 12 * (m - 2), left - 2, n.y,
                  (plot_style){.line = PLOT_GREY, .width = 1.5, .arrow = 1});
        plot_line(&p, right_end, n.y, goal - 2, enters, (plot_style){.line = colour, .arrow = 1});
        snprintf(text, sizeof text, "%d", says);
        plot_text(&p, right_end + 0.3 * (goal - right_end), n.y + 0.3 * (enters - n.y), text,
                  colour, PLOT_MIDDLE | PLOT_BOLD | PLOT_ON_WHITE);
    }
    char text[64], number[24];
    snprintf(text, sizeof text, "vote: %d\n%s %%", all_votes[chosen < 0 ? 0 : chosen],
             plot_number(number, 100.0 * right[MEMBERS] / test.n, 1));
    plot_text(&p, 560, 175, text, PLOT_INK, PLOT_MIDDLE);
    for (int m = 0; m < MEMBERS; m++)
        if (right[m] >= right[MEMBERS]) plot_fail(&p, "the vote is not better than each", "");
    if (chosen < 0) plot_fail(&p, "there is no digit that three of five read right", "");
    return plot_save(&p, directory, "38-ensemble");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    int good = minima(nn, directory);
    good &= escapes(nn, directory);
    good &= vote(nn, directory);
    nn_destroy(nn);
    return !good;
}
