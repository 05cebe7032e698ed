/* Figures 25 and 26: loss functions, drawn with the library's own values and gradients. Figure 26b:
 * the sums of CTC; 26c: the digits as a contrastive loss places them. */
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
    static const char *const label[3] = {"$d^2$", "$|d|$", "Huber, 1"};
    static const int colour[3] = {PLOT_RED, PLOT_SKY, PLOT_GREEN}, dash[3] = {0, 0, 2};
    plot p = plot_new(640, 300, "Three losses of an error d",
                      "Left, the losses: the squared error is a parabola, 9 at d = 3; the absolute "
                      "error a V, 3 at d = 3; Huber's loss a parabola between -1 and 1 with "
                      "straight arms, 2.5 at d = 3. Right, their slopes: of the square a straight "
                      "line from -6 to 6; of the absolute value -1, then 1, and 0 at 0; of "
                      "Huber's with delta 1 the same but for a ramp from -1 to 1.");
    const plot_panel left = plot_axes(&p, 0, 0, 320, 300,
                                      (plot_spec){.x = plot_range(-3, 3, "error $d = y - t$"),
                                                  .y = plot_range(0, 9, "loss"),
                                                  .room = label[2]});
    const plot_panel right = plot_axes(&p, 320, 0, 320, 300,
                                       (plot_spec){.x = plot_range(-3, 3, "error $d = y - t$"),
                                                   .y = plot_range(-6, 6, "slope"),
                                                   .room = label[2]});
    double d[N], l[N], slope[N];
    for (int i = 0; i < N; i++) d[i] = 3.0 * (2 * i - (N - 1)) / (N - 1);
    static const int order[3] = {1, 0, 2}; /* |d| broad and below: Huber's slope lies on it */
    for (int k = 0; k < 3; k++) {
        const int i = order[k], half = N / 2;
        const plot_style style = {colour[i], 0, i == 1 ? 6 : 2.5, dash[i], 0, label[i]};
        values(nn, loss[i], d, 0, l, slope);
        if (i == 1) slope[half] = (double)NAN; /* a jump, not a steep line */
        plot_curve(&left, d, l, N, style);
        if (i == 1) p.end[p.ends - 1].colour = PLOT_BLUE; /* sky is too light for letters */
        plot_curve(&right, d, slope, N, style);
        if (i == 1) p.end[p.ends - 1].colour = PLOT_BLUE;
    }
    const double zero = 0;
    plot_points(&right, &zero, &zero, 1, PLOT_DOT, 4, plot_filled(PLOT_BLUE, PLOT_SKY));
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

/* The alignments of one label a in three frames: what arrives at each state, summed. */
static int alignments(nn_ctx *nn, const char *directory)
{
    enum { FRAMES = 3, STATES = 3 };
    static const nn_real p[FRAMES][2] = {{0.6f, 0.4f}, {0.6f, 0.4f}, {0.8f, 0.2f}}; /* blank, a */
    static const char *const name[STATES] = {"blank", "$a$", "blank"};
    plot f = plot_new(560, 330, "The alignments of one label in three frames",
                      "Three rows of circles, for a blank, the label a and a blank; three columns, "
                      "for the frames. First column: 0.6, 0.4, nothing. Second: 0.36, 0.4, 0.24. "
                      "Third: 0.288, 0.152, 0.512. Arrows lead from each circle to the right and "
                      "to the row below. The two that may end, 0.152 and 0.512, add up to 0.664.");
    double alpha[FRAMES][STATES] = {{0}};
    plot_node node[FRAMES][STATES] = {{{0}}};
    char text[64], number[24];
    for (int t = 0; t < FRAMES; t++) {
        snprintf(text, sizeof text, "frame %d\nblank %s,  $a$ %s", t + 1,
                 plot_number(number, (double)p[t][0], 1), t < 2 ? "0.4" : "0.2");
        plot_text(&f, 150. + 150 * t, 24, text, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
        for (int s = 0; s < STATES; s++) {
            if (t == 0) alpha[t][s] = s < 2;
            else alpha[t][s] = alpha[t - 1][s] + (s > 0 ? alpha[t - 1][s - 1] : 0);
            alpha[t][s] *= (double)p[t][s % 2];
            if (t == 0 && s == 2) continue; /* nothing can be there yet */
            const int ends = t == FRAMES - 1 && s > 0;
            const int fill = ends ? PLOT_GREEN : s % 2 ? PLOT_ORANGE : PLOT_GREY;
            node[t][s] = plot_place(&f, PLOT_CIRCLE, 150. + 150 * t, 90. + 90 * s, 62, 62,
                                    plot_number(text, alpha[t][s], t + 1),
                                    plot_filled(PLOT_INK, PLOT_LIGHT(fill)));
            for (int from = s - 1; t > 0 && from <= s; from++)
                if (from >= 0 && (t > 1 || from < 2))
                    plot_connect(&f, node[t - 1][from], node[t][s],
                                 (plot_style){.line = PLOT_BLUE, .arrow = 1});
        }
    }
    for (int s = 0; s < STATES; s++)
        plot_text(&f, 50, 94. + 90 * s, name[s], PLOT_INK, PLOT_MIDDLE);
    static const plot_point bracket[4] = {{489, 165}, {497, 165}, {497, 285}, {489, 285}};
    plot_lines(&f, bracket, 4, (plot_style){.line = PLOT_GREEN});
    plot_text(&f, 529, 219, "sum", PLOT_GREEN, PLOT_MIDDLE);
    plot_text(&f, 529, 237, "0.664", PLOT_GREEN, PLOT_MIDDLE | PLOT_BOLD);
    nn_clear(nn);
    const int a[1] = {1};
    nn_tensor *z = nn_log(nn_input(nn, p[0], nn_shape3(1, FRAMES, 2)));
    const double loss = (double)nn_ctc(z, NULL, a, 1, 0)->data[0];
    const double sum = alpha[FRAMES - 1][1] + alpha[FRAMES - 1][2];
    if (fabs(exp(-loss) - sum) > 1e-6 || fabs(sum - 0.664) > 1e-6)
        plot_fail(&f, "nn_ctc says something else", "");
    return plot_save(&f, directory, "26b-ctc");
}

static nn_tensor *embed(const nn_linear *layer, nn_tensor *x) /* as examples/07_embedding.c */
{
    return nn_linear_forward(&layer[1], nn_tanh(nn_linear_forward(&layer[0], x)));
}

static int embedding(const char *directory)
{
    enum { PAIRS = 64, DIGITS = 10 };
    static const int colour[5] = {PLOT_BLUE, PLOT_RED, PLOT_GREEN, PLOT_PURPLE, PLOT_INK};
    static const int mark[2] = {PLOT_DOT, PLOT_TRIANGLE};
    nn_ctx *nn = nn_create(42);
    const nn_csv_options plain = {0, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    nn_split(&all, 0.2, &train, &test);
    nn_scaler scaler = nn_scaler_fit(&train);
    nn_scaler_apply(&scaler, &train);
    nn_scaler_apply(&scaler, &test);
    nn_model *model = nn_model_new(nn);
    nn_linear layer[2] = {nn_linear_new(model, "hidden", 64, 64),
                          nn_linear_new(model, "plane", 64, 2)};
    nn_optimizer *opt = nn_adam(model, 0.01f);
    for (int step = 0; step <= 2000 && nn_ok(nn); step++) {
        static nn_real x[2][PAIRS * 64];
        int same[PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            int label[2];
            for (int k = 0; k < 2; k++) {
                int s = nn_randint(nn, 0, train.n); /* every other pair is of one class */
                while (k == 1 && (train.label[s] == label[0]) != i % 2)
                    s = nn_randint(nn, 0, train.n);
                label[k] = train.label[s];
                memcpy(x[k] + i * 64, train.x + s * 64, 64 * sizeof(nn_real));
            }
            same[i] = label[0] == label[1];
        }
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *a = embed(layer, nn_input(nn, x[0], nn_shape2(PAIRS, 64)));
        nn_tensor *b = embed(layer, nn_input(nn, x[1], nn_shape2(PAIRS, 64)));
        nn_backward(nn_contrastive(a, b, same, 3));
        nn_step(opt);
    }
    nn_clear(nn);
    const nn_tensor *at = embed(layer, nn_dataset_x(&test)); /* [N, 2] */
    plot p = plot_new(480, 460, "Handwritten digits on a plane",
                      "359 digits that were not learned from, as points in ten groups, one for "
                      "each digit, mostly apart from each other, with some strays.");
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
    for (int i = 0; i < 2 * test.n; i++) {
        low[i % 2] = fmin(low[i % 2], (double)at->data[i]);
        high[i % 2] = fmax(high[i % 2], (double)at->data[i]);
    }
    const plot_panel a = plot_axes(
        &p, 0, 0, 480, 460, (plot_spec){.x = plot_range(floor(low[0]), floor(high[0]) + 1, NULL),
                                        .y = plot_range(floor(low[1]), floor(high[1]) + 1, NULL)});
    for (int c = 0; c < DIGITS; c++) {
        static const char *const name[DIGITS] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
        double x[400], y[400], mean[2] = {0, 0};
        int n = 0;
        for (int i = 0; i < test.n; i++)
            if (test.label[i] == c) {
                x[n] = (double)at->data[2 * i], y[n] = (double)at->data[2 * i + 1];
                mean[0] += x[n], mean[1] += y[n], n++;
            }
        plot_points(&a, x, y, n, mark[c / 5], c < 5 ? 2.2 : 2.8,
                    plot_filled(PLOT_NONE, colour[c % 5]));
        const double at_x = plot_x(&a, mean[0] / n), at_y = plot_y(&a, mean[1] / n);
        plot_mark(&p, at_x, at_y, PLOT_DOT, 9, plot_filled(colour[c % 5], PLOT_WHITE));
        plot_text(&p, at_x, at_y, name[c], colour[c % 5], PLOT_MIDDLE | PLOT_BOLD);
    }
    const int good = nn_ok(nn);
    nn_destroy(nn);
    return plot_save(&p, directory, "26c-embedding") & good;
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    nn_set_reduction(nn, NN_REDUCE_NONE);
    const int good = errors(nn, directory) & cross_entropy(nn, directory) &
                     alignments(nn, directory) & embedding(directory) & nn_ok(nn);
    nn_destroy(nn);
    return !good;
}
