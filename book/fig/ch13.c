/* Figures 51 to 55 and 55b: recurrent networks. The numbers in the diagrams are those of the
 * network of the chapter, one ReLU unit that reads 2, 0, 1, and of other small ones, as nn.h
 * computes them. Run from the root of the repository. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { T = 3 };

/* The network of the chapter: s = relu(u x + w s), y = v s, u = 1, w = 1/2, v = 2; b = 0. */
typedef struct example {
    double x[T], s[T + 1], y[T], target[T]; /* s[0] is before the first step */
    double error[T], ds[T + 1], dw;
} example;

static example run_example(nn_ctx *nn)
{
    static const nn_real x[T] = {2, 0, 1}, target[T] = {3, 2, 2};
    example e = {{0}, {0}, {0}, {0}, {0}, {0}, 0};
    nn_clear(nn);
    nn_model *model = nn_model_new(nn);
    nn_rnn_options relu = {0};
    relu.relu = 1;
    nn_rnn rnn = nn_rnn_new_with(model, "rnn", 1, 1, relu);
    nn_linear out = nn_linear_new(model, "out", 1, 1);
    const nn_real values[6] = {1, 0.5f, 0, 0, 2, 0}; /* u, w, two biases, v, c */
    nn_model_set(model, values);
    nn_zero_grad(model);
    nn_tensor *s[T + 1] = {nn_requires_grad(nn_full(nn, nn_shape2(1, 1), 0))}, *loss = NULL;
    for (int t = 0; t < T; t++) {
        nn_tensor *in = nn_input(nn, x + t, nn_shape2(1, 1));
        s[t + 1] = nn_rnn_cell_forward(&rnn.cell[0], in, s[t]).h;
        nn_tensor *y = nn_linear_forward(&out, s[t + 1]);
        nn_tensor *d = nn_sub(y, nn_input(nn, target + t, nn_shape2(1, 1)));
        nn_tensor *half = nn_scale(nn_sum(nn_mul(d, d)), 0.5f);
        loss = loss ? nn_add(loss, half) : half;
        e.x[t] = (double)x[t], e.target[t] = (double)target[t];
        e.y[t] = (double)y->data[0], e.error[t] = (double)d->data[0];
    }
    nn_backward(loss);
    for (int t = 0; t <= T; t++) e.s[t] = (double)s[t]->data[0], e.ds[t] = (double)s[t]->grad[0];
    e.dw = (double)rnn.cell[0].weight_hh->grad[0];
    return e;
}

static const plot_style flow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
static const plot_style memory = {.line = PLOT_GREEN, .width = 2.5, .arrow = 1};

static plot_style colours(int colour) { return plot_filled(colour, PLOT_LIGHT(colour)); }

/* "$s_1$\n2", or without a number if v is NaN */
static const char *named(char text[48], char name, int index, double v)
{
    snprintf(text, 48, "$%c_%d$\n$%g$", name, index, v);
    return text;
}

/* ---- 51 ---- */

static int unrolled(nn_ctx *nn, const char *directory)
{
    const example e = run_example(nn);
    plot p = plot_new(640, 300, "A recurrent network, folded and unrolled",
                      "Left: x goes through U into s, s through V to y, and s through W into "
                      "itself. Right: three copies of it in a row, s of each going through W into "
                      "the next. x is 2, 0, 1; s is 2, 1, 1.5; y is 4, 2, 3.");
    char text[48];
    plot_text(&p, 75, 20, "folded", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 400, 20, "unrolled over three steps", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    const plot_node x = plot_place(&p, PLOT_BOX, 75, 256, 50, 46, "$x_t$", colours(PLOT_BLUE));
    const plot_node s = plot_place(&p, PLOT_CIRCLE, 75, 160, 54, 54, "$s_t$", colours(PLOT_GREEN));
    const plot_node y = plot_place(&p, PLOT_BOX, 75, 66, 50, 46, "$y_t$", colours(PLOT_ORANGE));
    plot_connect(&p, x, s, flow);
    plot_connect(&p, s, y, flow);
    plot_text(&p, 66, 210, "$U$", PLOT_INK, PLOT_RIGHT);
    plot_text(&p, 66, 110, "$V$", PLOT_INK, PLOT_RIGHT);
    const plot_point loop[5] = {{95, 141}, {112, 118}, {136, 118}, {136, 160}, {103, 160}};
    plot_lines(&p, loop, 5, memory);
    plot_text(&p, 142, 140, "$W$", PLOT_GREEN, PLOT_LEFT);
    plot_node before = plot_place(&p, PLOT_CIRCLE, 225, 160, 54, 54,
                                  named(text, 's', 0, e.s[0]), plot_filled(PLOT_GREEN, PLOT_WHITE));
    for (int t = 1; t <= T; t++) {
        const double at = 225 + 120 * t;
        const plot_node in = plot_place(&p, PLOT_BOX, at, 256, 50, 46,
                                        named(text, 'x', t, e.x[t - 1]), colours(PLOT_BLUE));
        const plot_node state = plot_place(&p, PLOT_CIRCLE, at, 160, 54, 54,
                                           named(text, 's', t, e.s[t]), colours(PLOT_GREEN));
        const plot_node out = plot_place(&p, PLOT_BOX, at, 66, 50, 46,
                                         named(text, 'y', t, e.y[t - 1]), colours(PLOT_ORANGE));
        plot_connect(&p, in, state, flow);
        plot_connect(&p, state, out, flow);
        plot_connect(&p, before, state, memory);
        plot_text(&p, at - 9, 210, "$U$", PLOT_INK, PLOT_RIGHT);
        plot_text(&p, at - 9, 110, "$V$", PLOT_INK, PLOT_RIGHT);
        plot_text(&p, at - 62, 148, "$W$", PLOT_GREEN, PLOT_MIDDLE);
        before = state;
    }
    return plot_save(&p, directory, "51-unrolled");
}

/* ---- 52 ---- */

static int cell(const char *directory)
{
    plot p = plot_new(640, 280, "One step of a recurrent network",
                      "The state before, s of t - 1, is multiplied by W, the input x of t by U; "
                      "both products and the bias b are added to z, f makes the state s of t of "
                      "it; that goes to the next step, and through V, c and g to the output y.");
    const plot_style plain = plot_filled(PLOT_INK, PLOT_WHITE);
    plot_lines(&p, (const plot_point[4]){{118, 44}, {118, 190}, {424, 190}, {424, 44}}, 4,
               (plot_style){.line = PLOT_GREY, .fill = PLOT_LIGHT(PLOT_GREY), .width = 1});
    const plot_node s0 = plot_place(&p, PLOT_CIRCLE, 52, 84, 58, 58, "$s_{t-1}$",
                                    colours(PLOT_GREEN));
    const plot_node x = plot_place(&p, PLOT_BOX, 164, 242, 60, 34, "$x_t$", colours(PLOT_BLUE));
    const plot_node w = plot_place(&p, PLOT_BOX, 164, 84, 44, 36, "$W$", plain);
    const plot_node u = plot_place(&p, PLOT_BOX, 164, 154, 44, 36, "$U$", plain);
    const plot_node sum = plot_place(&p, PLOT_CIRCLE, 258, 84, 34, 34, "+", plain);
    const plot_node b = plot_place(&p, PLOT_BOX, 258, 154, 44, 36, "$b$", plain);
    const plot_node f = plot_place(&p, PLOT_BOX, 372, 84, 44, 36, "$f$", colours(PLOT_PURPLE));
    const plot_node s = plot_place(&p, PLOT_CIRCLE, 492, 84, 58, 58, "$s_t$", colours(PLOT_GREEN));
    const plot_node v = plot_place(&p, PLOT_BOX, 492, 164, 70, 36, "$V$, $c$", plain);
    const plot_node g = plot_place(&p, PLOT_BOX, 492, 242, 44, 34, "$g$", colours(PLOT_PURPLE));
    const plot_node y = plot_place(&p, PLOT_BOX, 590, 242, 60, 34, "$y_t$", colours(PLOT_ORANGE));
    plot_connect(&p, s0, w, memory);
    plot_connect(&p, x, u, flow);
    plot_connect(&p, w, sum, flow);
    plot_connect(&p, u, sum, flow);
    plot_connect(&p, b, sum, flow);
    plot_connect(&p, sum, f, flow);
    plot_connect(&p, f, s, memory);
    plot_connect(&p, s, v, flow);
    plot_connect(&p, v, g, flow);
    plot_connect(&p, g, y, flow);
    plot_line(&p, s.x + s.w / 2, s.y, 622, s.y, memory);
    plot_text(&p, 313, 70, "$z_t$", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 271, 24, "the cell", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 574, 66, "next step", PLOT_GREEN, PLOT_MIDDLE);
    plot_text(&p, 52, 126, "[units]", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 205, 242, "[in]", PLOT_INK, PLOT_LEFT | PLOT_SMALL);
    plot_text(&p, 590, 212, "[out]", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 348, 176, "next: the same $U$, $W$, $b$", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, "52-cell");
}

/* ---- 53 ---- */

/* A row of steps: where an input is, where an output; columns are 34 px apart. */
static void kind(plot *p, double x, double y, int steps, int first_in, int last_in, int first_out,
                 int last_out, const char *title, const char *what)
{
    plot_node before = {PLOT_BOX, 0, 0, 0, 0};
    const double left = x - 17 * (steps - 1);
    const plot_style arrow = {.line = PLOT_INK, .width = 1.2, .arrow = 1};
    const plot_style again = {.line = PLOT_RED, .width = 1.2, .arrow = 1};
    for (int t = 0; t < steps; t++) {
        const double at = left + 34 * t;
        const plot_node s = plot_place(p, PLOT_BOX, at, y + 82, 20, 26, "", colours(PLOT_GREEN));
        if (t >= first_in && t <= last_in)
            plot_connect(p, plot_place(p, PLOT_BOX, at, y + 126, 20, 20, "", colours(PLOT_BLUE)), s,
                         arrow);
        if (t >= first_out && t <= last_out)
            plot_connect(p, s, plot_place(p, PLOT_BOX, at, y + 38, 20, 20, "",
                                          colours(PLOT_ORANGE)), arrow);
        if (t > 0) plot_connect(p, before, s, (plot_style){.line = PLOT_GREEN, .arrow = 1});
        if (t > first_out && t > last_in) /* what was said is read */
            plot_line(p, at - 25, y + 50, at - 9, y + 67, again);
        before = s;
    }
    plot_text(p, x, y + 12, title, PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(p, x, y + 162, what, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
}

static int kinds(const char *directory)
{
    plot p = plot_new(640, 400, "What goes in and what comes out",
                      "Five rows of states with inputs below and outputs above them: one to one; "
                      "one to many, an input at the first of four steps only; many to one, an "
                      "output at the last only; many to many with both at each step; and an "
                      "encoder of three steps with inputs, then a decoder of four with outputs.");
    kind(&p, 75, 0, 1, 0, 0, 0, 0, "one to one", "no sequence:\nchapters 1 to 12");
    kind(&p, 240, 0, 4, 0, 0, 0, 3, "one to many", "a digit\nto its name");
    kind(&p, 400, 0, 4, 0, 3, 3, 3, "many to one", "a sentence\nto its language");
    kind(&p, 560, 0, 4, 0, 3, 0, 3, "many to many", "each word\nto its kind");
    kind(&p, 320, 200, 7, 0, 2, 3, 6, "many to many, of other length",
         "digits are read,\nthen words are written");
    static const char *const key[4] = {"input", "state", "output", "read again"};
    static const int colour[4] = {PLOT_BLUE, PLOT_GREEN, PLOT_ORANGE, PLOT_RED};
    for (int i = 0; i < 4; i++)
        plot_key(&p, 50, 240 + 26 * i, i < 3 ? PLOT_SQUARE : PLOT_LINE, colours(colour[i]), key[i]);
    return plot_save(&p, directory, "53-kinds");
}

/* ---- 54 ---- */

static int bidirectional(nn_ctx *nn, const char *directory)
{
    enum { STEPS = 4 };
    static const nn_real x[STEPS] = {3, 1, 4, 1};
    nn_clear(nn);
    nn_model *model = nn_model_new(nn);
    nn_rnn_options both = {0};
    both.bidirectional = 1, both.relu = 1;
    const nn_rnn rnn = nn_rnn_new_with(model, "rnn", 1, 1, both);
    const nn_real ones[8] = {1, 1, 0, 0, 1, 1, 0, 0}; /* U, W, two biases, of each direction */
    nn_model_set(model, ones);
    const nn_rnn_result r = nn_rnn_forward(&rnn, nn_input(nn, x, nn_shape3(1, STEPS, 1)), NULL,
                                           NULL);
    plot p = plot_new(600, 350, "A bidirectional network that adds",
                      "Inputs 3, 1, 4, 1. States from left to right: 3, 4, 8, 9. From right to "
                      "left: 9, 6, 5, 1. At each step both go to the output: (3, 9), (4, 6), "
                      "(8, 5), (9, 1).");
    char text[48];
    plot_node right[STEPS], left[STEPS];
    const plot_style back = {.line = PLOT_PURPLE, .width = 2.5, .arrow = 1};
    for (int t = 0; t < STEPS; t++) {
        const double at = 160 + 125 * t, f = (double)r.output->data[2 * t],
                     b = (double)r.output->data[2 * t + 1];
        snprintf(text, sizeof text, "$%g$", (double)x[t]);
        const plot_node in = plot_place(&p, PLOT_BOX, at, 312, 44, 36, text, colours(PLOT_BLUE));
        snprintf(text, sizeof text, "$%g$", f);
        right[t] = plot_place(&p, PLOT_CIRCLE, at - 24, 220, 40, 40, text, colours(PLOT_GREEN));
        snprintf(text, sizeof text, "$%g$", b);
        left[t] = plot_place(&p, PLOT_CIRCLE, at + 24, 140, 40, 40, text, colours(PLOT_PURPLE));
        snprintf(text, sizeof text, "$%g$, $%g$", f, b);
        const plot_node out = plot_place(&p, PLOT_BOX, at, 48, 64, 36, text, colours(PLOT_ORANGE));
        plot_connect(&p, in, right[t], flow);
        plot_connect(&p, in, left[t], flow);
        plot_connect(&p, right[t], out, flow);
        plot_connect(&p, left[t], out, flow);
    }
    for (int t = 1; t < STEPS; t++) {
        plot_connect(&p, right[t - 1], right[t], memory);
        plot_connect(&p, left[t], left[t - 1], back);
    }
    plot_text(&p, 8, 48, "output", PLOT_INK, PLOT_LEFT);
    plot_text(&p, 8, 140, "right to left", PLOT_PURPLE, PLOT_LEFT);
    plot_text(&p, 8, 220, "left to right", PLOT_GREEN, PLOT_LEFT);
    plot_text(&p, 8, 312, "input", PLOT_INK, PLOT_LEFT);
    return plot_save(&p, directory, "54-bidirectional");
}

/* ---- 55 ---- */

static int through_time(nn_ctx *nn, const char *directory)
{
    const example e = run_example(nn);
    plot p = plot_new(640, 400, "Backpropagation through time",
                      "The network of figure 51 with errors 1, 0, 1 at its outputs. Backward, "
                      "dashed, the slope by the state is 2 at step 3, 1 at step 2, 2.5 at step 1 "
                      "and 1.25 before it. The slope by w is the sum 2.5 x 0 + 1 x 2 + 2 x 1 = 4.");
    const plot_style red = {.line = PLOT_RED, .width = 2, .dash = 6, .arrow = 1};
    char text[128];
    plot_node before = {PLOT_BOX, 0, 0, 0, 0};
    for (int t = 0; t <= T; t++) {
        const double at = 45 + 145 * t;
        const plot_node s = plot_place(&p, PLOT_CIRCLE, at, 190, 58, 58,
                                       named(text, 's', t, e.s[t]), colours(PLOT_GREEN));
        snprintf(text, sizeof text, "$%g$", e.ds[t]);
        plot_text(&p, at + 24, 230, text, PLOT_RED, PLOT_LEFT | PLOT_BOLD);
        if (t > 0) {
            snprintf(text, sizeof text, "$y_%d$ − target\n$%g$ − $%g$ = $%g$", t, e.y[t - 1],
                     e.target[t - 1], e.error[t - 1]);
            const plot_node out = plot_place(&p, PLOT_BOX, at, 62, 96, 46, text,
                                             colours(PLOT_ORANGE));
            const plot_node in = plot_place(&p, PLOT_BOX, at, 288, 50, 46,
                                            named(text, 'x', t, e.x[t - 1]), colours(PLOT_BLUE));
            plot_connect(&p, in, s, flow);
            plot_line(&p, at - 8, s.y - 30, at - 8, out.y + 24, flow);
            plot_line(&p, at + 8, out.y + 24, at + 8, s.y - 30, red);
            plot_line(&p, before.x + 29, 181, s.x - 30, 181, memory);
            plot_line(&p, s.x - 29, 199, before.x + 30, 199, red);
            snprintf(text, sizeof text, "$%g$", 2 * e.error[t - 1]);
            plot_text(&p, at + 16, 122, text, PLOT_RED, PLOT_LEFT);
            snprintf(text, sizeof text, "$%g$", 0.5 * e.ds[t]);
            plot_text(&p, at - 72, 215, text, PLOT_RED, PLOT_MIDDLE);
            snprintf(text, sizeof text, "$%g$ · $%g$", e.ds[t], e.s[t - 1]);
            plot_text(&p, at + 38, 352, text, PLOT_INK, PLOT_MIDDLE);
            plot_line(&p, at + 36, 242, at + 36, 338, (plot_style){.line = PLOT_GREY, .dash = 3,
                                                                  .width = 1.2, .arrow = 1});
            if (t < T) plot_text(&p, at + 110, 352, "+", PLOT_INK, PLOT_MIDDLE);
        }
        before = s;
    }
    snprintf(text, sizeof text, "= $%g$,\nslope by $w$", e.dw);
    plot_text(&p, 586, 361, text, PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    double next = 120;
    next = plot_key(&p, next, 384, PLOT_LINE, memory, "forward");
    plot_key(&p, next, 384, PLOT_LINE, red, "backward: slopes of the loss");
    if (e.dw != 4 || e.ds[0] != 1.25) plot_fail(&p, "the numbers are not those of the text", "");
    return plot_save(&p, directory, "55-through-time");
}

/* ---- 55b ---- */

enum { STEPS = 50, UNITS = 32, ROWS = 16, SEEDS = 5 };

/* back[k]: the norm of the gradient of the state k steps before the last, divided by the last
 * one's. W begins as nn_rnn_new makes it, times scale; with scale 0 it is the identity, with ReLU
 * and biases 0. */
static void measure(nn_ctx *nn, double scale, int seed, double back[STEPS])
{
    nn_seed(nn, (uint64_t)seed);
    nn_clear(nn);
    nn_model *model = nn_model_new(nn);
    nn_rnn_options o = {0};
    o.relu = o.no_bias = scale == 0;
    const nn_rnn rnn = nn_rnn_new_with(model, "rnn", 1, UNITS, o);
    nn_tensor *w = rnn.cell[0].weight_hh, *s[STEPS];
    for (int i = 0; i < UNITS * UNITS; i++)
        w->data[i] = scale > 0 ? w->data[i] * (nn_real)scale : i % (UNITS + 1) == 0;
    for (int t = 0; t < STEPS; t++) {
        nn_tensor *x = nn_rand(nn, nn_shape2(ROWS, 1), -1, 1);
        s[t] = nn_rnn_cell_forward(&rnn.cell[0], x, t ? s[t - 1] : NULL).h;
    }
    nn_backward(nn_sum(nn_mul(s[STEPS - 1], nn_randn(nn, nn_shape2(ROWS, UNITS)))));
    for (int k = 0; k < STEPS; k++) {
        double squares = 0;
        for (int i = 0; i < ROWS * UNITS; i++) {
            const double v = (double)s[STEPS - 1 - k]->grad[i];
            squares += v * v;
        }
        back[k] = sqrt(squares) / (k ? back[0] : 1);
    }
    back[0] = 1;
}

static int vanishing(nn_ctx *nn, const char *directory)
{
    static const double scale[4] = {4, 2, 0, 1};
    static const char *const label[4] = {"$W$ four times", "$W$ twice", "$W = 1$, ReLU",
                                         "as begun"};
    static const int colour[4] = {PLOT_RED, PLOT_ORANGE, PLOT_GREEN, PLOT_BLUE};
    plot p = plot_new(600, 360, "The gradient on its way back through time",
                      "The norm of the gradient of the state over the steps back from the last, "
                      "five lines for each kind of first weights. As begun it falls in straight "
                      "lines, to 1e-10 to 1e-13 after 49 steps; with W twice as large it stays "
                      "between 0.03 and 6; four times as large it rises to 800 to 30,000; with "
                      "the identity and ReLU it stays between 0.1 and 1.");
    plot_spec spec = {.x = plot_range(0, STEPS, "steps back"),
                      .y = plot_range(1e-15, 1e6, "gradient of the state, last = 1"),
                      .room = label[0]};
    spec.y.log = 1;
    const plot_panel a = plot_axes(&p, 0, 0, 595, 350, spec);
    double x[STEPS], y[STEPS];
    for (int k = 0; k < STEPS; k++) x[k] = k;
    for (int kind = 0; kind < 4; kind++)
        for (int seed = 1; seed <= SEEDS; seed++) {
            measure(nn, scale[kind], seed, y);
            plot_style line = {.line = colour[kind], .width = 1.3};
            if (seed == SEEDS) line.label = label[kind];
            plot_curve(&a, x, y, STEPS, line);
            if (scale[kind] == 1 && !(y[STEPS - 1] < 1e-8 && y[10] < 0.02))
                plot_fail(&p, "the gradient does not vanish", "");
        }
    return plot_save(&p, directory, "55b-vanishing");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(42);
    int good = unrolled(nn, directory);
    good &= cell(directory);
    good &= kinds(directory);
    good &= bidirectional(nn, directory);
    good &= through_time(nn, directory);
    good &= vanishing(nn, directory);
    nn_destroy(nn);
    return !good;
}
