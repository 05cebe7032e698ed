/* Figures 56 to 59: cells with gates and a highway layer, with the numbers of one step in each;
 * 56b: how far back the last state of RNN, LSTM and GRU looks before they have learned anything;
 * 56c: what they remember when they have, as in examples/14_recall.c. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

static const plot_style flow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
static const plot_style wire = {.line = PLOT_INK, .width = 1.5};

/* Text with one number in it: format has one %s. */
static void number_text(plot *p, double x, double y, const char *format, double v, int colour,
                        int how)
{
    char text[64], number[24];
    snprintf(text, sizeof text, format, plot_number(number, v, 2));
    plot_text(p, x, y, text, colour, how);
}

static plot_node part(plot *p, double x, double y, const char *format, double v, int colour)
{
    char text[64], number[24];
    snprintf(text, sizeof text, format, plot_number(number, v, 2));
    return plot_place(p, PLOT_BOX, x, y, 84, 34, text, plot_filled(colour, PLOT_LIGHT(colour)));
}

static void circle(plot *p, double x, double y, const char *sign)
{
    plot_place(p, PLOT_CIRCLE, x, y, 26, 26, sign, plot_filled(PLOT_GREEN, PLOT_LIGHT(PLOT_GREEN)));
}

/* Up or down from (x, y1) to y2, then across to x2. */
static void corner(plot *p, double x, double y1, double y2, double x2, plot_style s)
{
    const plot_point at[3] = {{x, y1}, {x, y2}, {x2, y2}};
    plot_lines(p, at, 3, s);
}

/* ---- 56, 57: one step of an LSTM with one unit ---- */

static const double x_now = 1, h_before = 0.5, c_before = 0.8;
static const nn_real lstm_of_x[4] = {-1, 0.5f, 2, 0}, lstm_of_h[4] = {1, 1, -1, 2};
static const nn_real lstm_bias[4] = {0, 1, 0, 0}; /* i, f, g, o */

static int lstm(const char *directory, nn_ctx *nn, int peepholes)
{
    plot p = plot_new(640, 350, peepholes ? "A peephole LSTM" : "One step of an LSTM",
                      peepholes
                          ? "The cell of figure 56 with three more connections, dashed: from C, on "
                            "its way in at the left, to the forget gate and the input gate, and "
                            "from the new C to the output gate."
                          : "Above, a straight line from C = 0.80 at the left, through a "
                            "multiplication by the forget gate f = 0.88 and an addition, to C' = "
                            "1.05 at the right. Added is the input gate i = 0.38 times the "
                            "candidate g = 0.91. The output gate o = 0.73 times tanh C' is h' = "
                            "0.57. All four are computed from x = 1.00 and h = 0.50.");
    nn_model *model = nn_model_new(nn);
    nn_lstm_cell cell = nn_lstm_cell_new(model, "cell", 1, 1);
    memcpy(cell.weight_ih->data, lstm_of_x, sizeof lstm_of_x);
    memcpy(cell.weight_hh->data, lstm_of_h, sizeof lstm_of_h);
    memcpy(cell.bias_ih->data, lstm_bias, sizeof lstm_bias);
    memset(cell.bias_hh->data, 0, sizeof lstm_bias);
    nn_rnn_result r = nn_lstm_cell_forward(&cell, nn_full(nn, nn_shape2(1, 1), (nn_real)x_now),
                                           nn_full(nn, nn_shape2(1, 1), (nn_real)h_before),
                                           nn_full(nn, nn_shape2(1, 1), (nn_real)c_before));
    double z[4], gate[4];
    for (int k = 0; k < 4; k++) {
        z[k] = (double)lstm_of_x[k] * x_now + (double)lstm_of_h[k] * h_before +
               (double)lstm_bias[k];
        nn_tensor *t = nn_full(nn, nn_shape0(), (nn_real)z[k]);
        gate[k] = (double)nn_item(k == 2 ? nn_tanh(t) : nn_sigmoid(t));
    }
    const double c = gate[1] * c_before + gate[0] * gate[2];
    if (!nn_ok(nn)) return 0;
    if (fabs(c - (double)nn_item(r.c)) > 1e-5) plot_fail(&p, "not what the cell computes", "");

    const double top = 70, middle = 150, row = 258, rail = 312;
    const double at[4] = {270, 160, 380, 500}; /* i, f, g, o */
    const plot_style belt = {.line = PLOT_BLUE, .width = 4, .arrow = 1};
    plot_line(&p, 24, top, 146, top, belt);
    plot_line(&p, 173, top, 311, top, belt);
    plot_line(&p, 338, top, 622, top, belt);
    for (int k = 0; k < 4; k++) {
        const int colour = k == 2 ? PLOT_SKY : PLOT_ORANGE;
        if (!peepholes) part(&p, at[k], row, k == 2 ? "tanh($%s$)" : "σ($%s$)", z[k], colour);
        else plot_place(&p, PLOT_BOX, at[k], row, 84, 34, k == 2 ? "tanh" : "σ",
                        plot_filled(colour, PLOT_LIGHT(colour)));
        plot_line(&p, at[k], rail, at[k], row + 18, flow);
    }
    plot_place(&p, PLOT_BOX, 62, rail, 84, 0, peepholes ? "$x$\n$h$" : "$x$ = 1.00\n$h$ = 0.50",
               plot_filled(PLOT_INK, PLOT_WHITE));
    plot_line(&p, 104, rail, at[3], rail, wire);
    static const char *const name[4] = {"input gate", "forget gate", "candidate", "output gate"};
    for (int k = 0; k < 4; k++)
        plot_text(&p, at[k], rail + 18, name[k], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);

    plot_line(&p, at[1], row - 17, at[1], top + 14, flow);
    corner(&p, at[0], row - 17, middle, 311, flow);
    corner(&p, at[2], row - 17, middle, 339, flow);
    plot_line(&p, 325, middle - 13, 325, top + 14, flow);
    corner(&p, at[3], row - 17, 178, 557, flow);
    plot_line(&p, 571, top, 571, 100, flow);
    plot_place(&p, PLOT_BOX, 571, 116, 56, 30, "tanh", plot_filled(PLOT_SKY, PLOT_LIGHT(PLOT_SKY)));
    plot_line(&p, 571, 131, 571, 164, flow);
    plot_line(&p, 584, 178, 622, 178, flow);
    circle(&p, at[1], top, "×");
    circle(&p, 325, top, "+");
    circle(&p, 325, middle, "×");
    circle(&p, 571, 178, "×");

    const int left = PLOT_LEFT, right = PLOT_RIGHT;
    if (!peepholes) {
        number_text(&p, 24, top - 22, "$C$ = %s", c_before, PLOT_BLUE, left);
        number_text(&p, 242, top - 22, "$f C$ = %s", gate[1] * c_before, PLOT_BLUE, PLOT_MIDDLE);
        number_text(&p, 440, top - 22, "$C'$ = %s", c, PLOT_BLUE, PLOT_MIDDLE);
        number_text(&p, at[1] + 7, middle, "$f$ = %s", gate[1], PLOT_INK, left);
        number_text(&p, at[0] - 7, 185, "$i$ = %s", gate[0], PLOT_INK, right);
        number_text(&p, at[2] + 7, 178, "$g$ = %s", gate[2], PLOT_INK, left);
        number_text(&p, at[3] - 7, 205, "$o$ = %s", gate[3], PLOT_INK, right);
        number_text(&p, 332, 110, "$i g$ = %s", gate[0] * gate[2], PLOT_INK, left);
        number_text(&p, 628, 202, "$h'$ = %s", (double)nn_item(r.h), PLOT_INK, right);
        return plot_save(&p, directory, "56-lstm");
    }
    const plot_style peep = {.line = PLOT_RED, .width = 2, .dash = 5};
    const plot_style peep_tip = {.line = PLOT_RED, .width = 2, .arrow = 1};
    plot_lines(&p, (plot_point[]){{80, top + 2}, {80, 214}, {240, 214}, {240, 226}}, 4, peep);
    plot_line(&p, 240, 224, 240, 241, peep_tip);
    plot_line(&p, 130, 214, 130, 226, peep);
    plot_line(&p, 130, 224, 130, 241, peep_tip);
    plot_line(&p, 470, top + 2, 470, 226, peep);
    plot_line(&p, 470, 224, 470, 241, peep_tip);
    plot_text(&p, 24, top - 22, "$C$", PLOT_BLUE, left);
    plot_text(&p, 420, top - 22, "$C'$", PLOT_BLUE, PLOT_MIDDLE);
    plot_text(&p, 86, 190, "$p_f C$", PLOT_RED, left);
    plot_text(&p, 200, 196, "$p_i C$", PLOT_RED, left);
    plot_text(&p, 463, 120, "$p_o C'$", PLOT_RED, right);
    plot_text(&p, at[1] + 7, 120, "$f$", PLOT_INK, left);
    plot_text(&p, at[0] + 7, 180, "$i$", PLOT_INK, left);
    plot_text(&p, at[2] + 7, 180, "$g$", PLOT_INK, left);
    plot_text(&p, at[3] + 7, 205, "$o$", PLOT_INK, left);
    plot_text(&p, 628, 202, "$h'$", PLOT_INK, right);
    return plot_save(&p, directory, "57-peephole");
}

/* ---- 56b: how far back ---- */

enum { TIME = 120, UNITS = 32, ROWS = 4, STARTS = 10 };
enum { RNN, LSTM_0, LSTM_1, LSTM_3, GRU, KINDS };

/* Root mean square, over STARTS first weights, of the gradient of the last state (times random
 * numbers) by the input k steps before. */
static void look_back(nn_ctx *nn, int kind, double size[TIME])
{
    for (int k = 0; k < TIME; k++) size[k] = 0;
    for (int seed = 1; seed <= STARTS; seed++) {
        nn_clear(nn);
        nn_seed(nn, (uint64_t)seed);
        nn_model *model = nn_model_new(nn);
        nn_rnn_options o = {0};
        o.forget_bias = kind == LSTM_1 ? 1 : kind == LSTM_3 ? 3 : 0;
        nn_tensor *x = nn_requires_grad(nn_randn(nn, nn_shape3(ROWS, TIME, UNITS)));
        nn_rnn_result r;
        if (kind == RNN) {
            nn_rnn l = nn_rnn_new_with(model, "l", UNITS, UNITS, o);
            r = nn_rnn_forward(&l, x, NULL, NULL);
        } else if (kind == GRU) {
            nn_gru l = nn_gru_new_with(model, "l", UNITS, UNITS, o);
            r = nn_gru_forward(&l, x, NULL, NULL);
        } else {
            nn_lstm l = nn_lstm_new_with(model, "l", UNITS, UNITS, o);
            r = nn_lstm_forward(&l, x, NULL, NULL, NULL);
        }
        nn_backward(nn_sum(nn_mul(r.h, nn_randn(nn, r.h->shape))));
        for (size_t i = 0; nn_ok(nn) && i < x->size; i++) {
            const size_t step = i / UNITS % TIME;
            size[TIME - 1 - step] += (double)x->grad[i] * (double)x->grad[i];
        }
    }
    for (int k = 0; k < TIME; k++) size[k] = sqrt(size[k] / (STARTS * ROWS * UNITS));
}

static int far_back(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 360, "How far back each looks before learning",
                      "Over the number of steps before the last, on a logarithmic scale, the size "
                      "of the gradient of the last state by the input there. RNN falls fastest, "
                      "then LSTM and GRU; LSTM with forget bias 1 slower, and with forget bias 3 "
                      "slowest.");
    static const char *const name[KINDS] = {"RNN", "LSTM", "LSTM, forget bias 1",
                                            "LSTM, forget bias 3", "GRU"};
    static const int colour[KINDS] = {PLOT_RED, PLOT_SKY, PLOT_BLUE, PLOT_PURPLE, PLOT_GREEN};
    static const double x_text[KINDS] = {23, 45, 62, 62, 40};
    static const double y_text[KINDS] = {1e-9, 3e-11, 8e-6, 1.3e-1, 3e-8};
    plot_spec s = {.x = plot_range(0, TIME - 1, "steps back")};
    s.y.min = 1e-12, s.y.max = 1, s.y.log = 1, s.y.label = "gradient";
    const plot_panel a = plot_axes(&p, 0, 0, 640, 360, s);
    for (int kind = 0; kind < KINDS; kind++) {
        double back[TIME], size[TIME];
        for (int k = 0; k < TIME; k++) back[k] = k;
        look_back(nn, kind, size);
        int n = 0; /* what is below the axis is left out */
        while (n < TIME && size[n] >= 1e-12) n++;
        plot_curve(&a, back, size, n, (plot_style){.line = colour[kind],
                                                   .dash = kind == LSTM_0 ? 6 : 0});
        plot_text(&p, plot_x(&a, x_text[kind]), plot_y(&a, y_text[kind]), name[kind], colour[kind],
                  kind < LSTM_1 ? PLOT_RIGHT : PLOT_LEFT);
    }
    return nn_ok(nn) && plot_save(&p, directory, "56b-far-back");
}

/* ---- 56c: recall ---- */

enum { SYMBOLS = 8, CELLS = 16, BATCH = 32, LEARN = 400, LONGEST = 60, TEST = 128, DELAYS = 6 };
enum { NETS = 6, CURVES = 6 };
static const int delays[DELAYS] = {1, 5, 20, 60, 200, 1000};

/* One of SYMBOLS symbols to be named after `delay` others. */
static nn_tensor *answers(nn_ctx *nn, int kind, const nn_rnn *cells, const nn_linear *out, int n,
                          int delay, int *label)
{
    static int ids[TEST * 1001];
    for (int i = 0; i < n; i++)
        for (int t = 0; t <= delay; t++) {
            const int symbol = nn_randint(nn, 0, SYMBOLS);
            if (t == 0) label[i] = symbol;
            ids[i * (delay + 1) + t] = t == 0 ? SYMBOLS + symbol : symbol;
        }
    nn_tensor *x = nn_reshape(nn_one_hot(nn, ids, n * (delay + 1), 2 * SYMBOLS),
                              nn_shape3(n, delay + 1, 2 * SYMBOLS));
    const nn_rnn_result r = kind == RNN   ? nn_rnn_forward(cells, x, NULL, NULL)
                            : kind == GRU ? nn_gru_forward(cells, x, NULL, NULL)
                                          : nn_lstm_forward(cells, x, NULL, NULL, NULL);
    return nn_linear_forward(out, nn_reshape(r.h, nn_shape2(n, CELLS)));
}

/* Learns delays of 1 to LONGEST from NETS first weights; right: the mean at each of `delays`, %.
 * keep: that with which the bias of an LSTM's f or a GRU's z begins; 0: as PyTorch's. */
static void recall(nn_ctx *nn, int kind, nn_real keep, double right[DELAYS])
{
    for (int d = 0; d < DELAYS; d++) right[d] = 0;
    for (int seed = 1; seed <= NETS; seed++) {
        nn_clear(nn);
        nn_seed(nn, (uint64_t)seed);
        nn_model *model = nn_model_new(nn);
        nn_rnn_options o = {0};
        o.forget_bias = kind == GRU ? 0 : keep;
        const int in = 2 * SYMBOLS;
        const nn_rnn cells = kind == RNN   ? nn_rnn_new(model, "cells", in, CELLS)
                             : kind == GRU ? nn_gru_new(model, "cells", in, CELLS)
                                           : nn_lstm_new_with(model, "cells", in, CELLS, o);
        for (int i = CELLS; kind == GRU && keep != 0 && i < 2 * CELLS; i++) /* of r, z, n */
            cells.cell->bias_ih->data[i] = keep;
        const nn_linear out = nn_linear_new(model, "out", CELLS, SYMBOLS);
        nn_optimizer *opt = nn_adam(model, 0.01f);
        int label[TEST];
        for (int step = 0; step < LEARN && nn_ok(nn); step++) {
            nn_clear(nn);
            nn_zero_grad(model);
            const int delay = nn_randint(nn, 1, LONGEST + 1);
            nn_backward(nn_cross_entropy(answers(nn, kind, &cells, &out, BATCH, delay, label),
                                         label));
            nn_clip_grad_norm(model, 1);
            nn_step(opt);
        }
        nn_set_grad_enabled(nn, 0);
        for (int d = 0; d < DELAYS; d++) {
            nn_clear(nn);
            nn_tensor *z = answers(nn, kind, &cells, &out, TEST, delays[d], label);
            right[d] += 100.0 * nn_count_correct(z, label) / (TEST * NETS);
        }
        nn_set_grad_enabled(nn, 1);
    }
}

static int recalls(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 360, "Recall by delay",
                      "Over the delay, from 1 to 1000 on a logarithmic scale, the share of symbols "
                      "that are named rightly. RNN falls from 25 % to chance, 12.5 %, and below. "
                      "LSTM falls from 93 % to about 70 %. LSTM with bias 1, GRU and GRU with bias "
                      "4 have 98 to 100 % up to 60 and 83 to 94 % at 1000; LSTM with bias 4 has "
                      "100 % everywhere. A line at 60 shows the longest delay that was learned.");
    static const char *const name[CURVES] = {"RNN",          "LSTM", "LSTM, bias 1",
                                             "LSTM, bias 4", "GRU",  "GRU, bias 4"};
    static const int colour[CURVES] = {PLOT_RED,    PLOT_SKY,   PLOT_BLUE,
                                       PLOT_PURPLE, PLOT_GREEN, PLOT_ORANGE};
    static const int mark[CURVES] = {PLOT_TRIANGLE, PLOT_DOT,    PLOT_DOT,
                                     PLOT_DOT,      PLOT_SQUARE, PLOT_SQUARE};
    static const nn_real bias[CURVES] = {0, 0, 1, 4, 0, 4};
    static const int kind[CURVES] = {RNN, LSTM_0, LSTM_0, LSTM_0, GRU, GRU};
    plot_spec s = {.y = plot_range(0, 102, "right, %"), .room = "LSTM, bias 1"};
    s.x.min = 1, s.x.max = 1000, s.x.log = 1, s.x.label = "delay";
    const plot_panel a = plot_axes(&p, 0, 0, 640, 360, s);
    const plot_style grey = {.line = PLOT_GREY, .width = 1.5, .dash = 4};
    const double x60[2] = {LONGEST, LONGEST}, y60[2] = {0, 102}, x[2] = {1, 1000};
    const double chance[2] = {100.0 / SYMBOLS, 100.0 / SYMBOLS};
    plot_curve(&a, x60, y60, 2, grey);
    plot_curve(&a, x, chance, 2, grey);
    plot_text(&p, plot_x(&a, LONGEST) + 6, plot_y(&a, 60), "longest learned", PLOT_GREY, PLOT_LEFT);
    plot_text(&p, plot_x(&a, 1.2), plot_y(&a, 7), "chance", PLOT_GREY, PLOT_LEFT);
    double at[DELAYS];
    for (int d = 0; d < DELAYS; d++) at[d] = delays[d];
    for (int k = 0; k < CURVES; k++) {
        double right[DELAYS];
        recall(nn, kind[k], bias[k], right);
        const plot_style line = {.line = colour[k], .label = name[k]};
        plot_curve(&a, at, right, DELAYS, line);
        plot_points(&a, at, right, DELAYS, mark[k], 4, plot_filled(PLOT_WHITE, colour[k]));
    }
    return nn_ok(nn) && plot_save(&p, directory, "56c-recall");
}

/* ---- 58: one step of a GRU with one unit, in two conventions ---- */

static const double gru_of_x[3] = {-2, 1, 1}, gru_of_h[3] = {2, 2, 2}; /* r, z, n */

static void draw_gru(plot *p, nn_ctx *nn, double top, int convention)
{
    const int pytorch = convention == NN_GRU_PYTORCH;
    nn_model *model = nn_model_new(nn);
    nn_rnn_options o = {0};
    o.convention = convention, o.no_bias = 1;
    nn_gru l = nn_gru_new_with(model, "l", 1, 1, o);
    for (int k = 0; k < 3; k++) {
        l.cell[0].weight_ih->data[k] = (nn_real)gru_of_x[k];
        l.cell[0].weight_hh->data[k] = (nn_real)gru_of_h[k];
    }
    nn_rnn_result result = nn_gru_forward(&l, nn_full(nn, nn_shape3(1, 1, 1), (nn_real)x_now),
                                          nn_full(nn, nn_shape3(1, 1, 1), (nn_real)h_before), NULL);
    double sum[3], gate[3];
    for (int k = 0; k < 3; k++) {
        const double factor = k == 2 ? gate[0] : 1;
        sum[k] = gru_of_x[k] * x_now + factor * gru_of_h[k] * h_before;
        nn_tensor *t = nn_full(nn, nn_shape0(), (nn_real)sum[k]);
        gate[k] = (double)nn_item(k == 2 ? nn_tanh(t) : nn_sigmoid(t));
    }
    const double z = gate[1], n = gate[2];
    const double right = pytorch ? z * h_before + (1 - z) * n : (1 - z) * h_before + z * n;
    if (nn_ok(nn) && fabs(right - (double)nn_item(result.h)) > 1e-5)
        plot_fail(p, "not what the cell computes", "");

    const double belt_y = top + 60, row = top + 186, h_rail = top + 246, x_rail = top + 266;
    const double at_r = 130, at_u = 218, at_z = 340, at_n = 500;
    const double times = top + (pytorch ? 142 : 112), u_y = top + (pytorch ? 98 : 192);
    const plot_style belt = {.line = PLOT_BLUE, .width = 4, .arrow = 1};
    const plot_style blue = {.line = PLOT_BLUE, .width = 1.5, .arrow = 1};
    const plot_style blue_wire = {.line = PLOT_BLUE, .width = 1.5};
    plot_text(p, 20, top + 14,
              pytorch ? "PyTorch's, the default: $U$, then $r$; $z$ keeps"
                      : "Chung's, NN_GRU_CHUNG: $r$, then $U$; $z$ renews",
              PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    plot_line(p, 24, belt_y, at_z - 14, belt_y, belt);
    plot_line(p, at_z + 13, belt_y, at_n - 14, belt_y, belt);
    plot_line(p, at_n + 13, belt_y, 622, belt_y, belt);
    corner(p, 60, belt_y, h_rail, at_z - 16, blue_wire); /* h to r and z */
    plot_line(p, at_r - 16, h_rail, at_r - 16, row + 18, blue);
    plot_line(p, at_z - 16, h_rail, at_z - 16, row + 18, blue);
    plot_line(p, 46, x_rail, at_n + 16, x_rail, wire); /* x to all three */
    plot_line(p, at_r + 16, x_rail, at_r + 16, row + 18, flow);
    plot_line(p, at_z + 16, x_rail, at_z + 16, row + 18, flow);
    plot_line(p, at_n + 16, x_rail, at_n + 16, row + 18, flow);
    plot_text(p, 40, x_rail, "$x$", PLOT_INK, PLOT_RIGHT);
    plot_text(p, 54, h_rail - 10, "$h$", PLOT_BLUE, PLOT_RIGHT);
    part(p, at_r, row, "σ($%s$)", sum[0], PLOT_ORANGE);
    part(p, at_z, row, "σ($%s$)", sum[1], PLOT_ORANGE);
    part(p, at_n, row, "tanh($%s$)", sum[2], PLOT_SKY);

    const plot_point low[4] = {{at_u, belt_y}, {at_u, top + 226}, {at_n - 16, top + 226},
                               {at_n - 16, row + 18}}; /* h, r and U to the candidate */
    plot_lines(p, low, 4, blue);
    corner(p, at_r, row - 17, times, at_u - 14, flow);
    plot_place(p, PLOT_BOX, at_u, u_y, 34, 28, "$U$", plot_filled(PLOT_INK, PLOT_WHITE));
    circle(p, at_u, times, "×");
    plot_line(p, at_z, row - 17, at_z, belt_y + 14, flow);
    plot_line(p, at_z, top + 120, at_n - 14, top + 120, flow);
    plot_line(p, at_n, row - 17, at_n, top + 134, flow);
    plot_line(p, at_n, top + 107, at_n, belt_y + 14, flow);
    circle(p, at_z, belt_y, "×");
    circle(p, at_n, belt_y, "+");
    circle(p, at_n, top + 120, "×");
    number_text(p, 24, belt_y - 20, "$h$ = %s", h_before, PLOT_BLUE, PLOT_LEFT);
    number_text(p, 624, belt_y - 20, "$h'$ = %s", right, PLOT_BLUE, PLOT_RIGHT);
    number_text(p, at_r - 7, top + 152, "$r$ = %s", gate[0], PLOT_INK, PLOT_RIGHT);
    number_text(p, at_z + 8, top + 92, pytorch ? "$z$ = %s" : "$1 - z$ = %s", pytorch ? z : 1 - z,
                PLOT_INK, PLOT_LEFT);
    number_text(p, at_z + 24, top + 138, pytorch ? "$1 - z$ = %s" : "$z$ = %s", pytorch ? 1 - z : z,
                PLOT_INK, PLOT_LEFT);
    number_text(p, at_n + 8, top + 150, "$n$ = %s", n, PLOT_INK, PLOT_LEFT);
    plot_text(p, at_r - 46, row, "reset", PLOT_INK, PLOT_RIGHT | PLOT_SMALL | PLOT_ON_WHITE);
    plot_text(p, at_z + 46, row, "update", PLOT_INK, PLOT_LEFT | PLOT_SMALL);
    plot_text(p, at_n + 52, row, "candidate", PLOT_INK, PLOT_LEFT | PLOT_SMALL);
}

static int gru(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 580, "One step of a GRU in two conventions",
                      "Twice the same cell with h = 0.50 and x = 1.00: reset gate r = 0.27, update "
                      "gate z = 0.88, candidate n = 0.85. Above, r multiplies U h, and h' = z h + "
                      "(1 - z) n = 0.54. Below, U multiplies r h, and h' = (1 - z) h + z n = "
                      "0.81.");
    draw_gru(&p, nn, 8, NN_GRU_PYTORCH);
    draw_gru(&p, nn, 298, NN_GRU_CHUNG);
    return nn_ok(nn) && plot_save(&p, directory, "58-gru");
}

/* ---- 59: a highway layer beside a residual block ---- */

static int highway(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 270, "A highway layer and a residual block",
                      "Left, a highway layer: x goes into the transformation h = 3.00 and into "
                      "the gate t = 0.12; h times t and x times 1 - t are added to y. Right, a "
                      "residual block: x and F(x) are added, without a gate.");
    nn_model *model = nn_model_new(nn);
    nn_highway l = nn_highway_new(model, "l", 1, NN_RELU, -3);
    l.transform.weight->data[0] = 2, l.transform.bias->data[0] = 1;
    l.gate.weight->data[0] = 1;
    nn_tensor *gate;
    nn_tensor *y = nn_highway_forward(&l, nn_full(nn, nn_shape2(1, 1), 1), &gate);
    if (!nn_ok(nn)) return 0;
    const double t = (double)nn_item(gate), top = 60, low = 222, h = 3;

    plot_text(&p, 20, 20, "Highway: a gate for each number", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    plot_line(&p, 40, top, 236, top, (plot_style){.line = PLOT_BLUE, .width = 4, .arrow = 1});
    plot_line(&p, 263, top, 311, top, (plot_style){.line = PLOT_BLUE, .width = 4, .arrow = 1});
    plot_line(&p, 338, top, 390, top, (plot_style){.line = PLOT_BLUE, .width = 4, .arrow = 1});
    corner(&p, 70, top, 158, 107, flow);
    corner(&p, 70, top, low, 99, flow);
    plot_place(&p, PLOT_BOX, 150, 158, 84, 34, "σ($-2.00$)",
               plot_filled(PLOT_ORANGE, PLOT_LIGHT(PLOT_ORANGE)));
    plot_place(&p, PLOT_BOX, 150, low, 84, 34, "ReLU(3.00)",
               plot_filled(PLOT_SKY, PLOT_LIGHT(PLOT_SKY)));
    corner(&p, 192, 158, 158, 311, flow);
    plot_line(&p, 250, 158, 250, top + 14, flow);
    corner(&p, 198, low, low, 325, wire);
    plot_line(&p, 325, low, 325, 172, flow);
    plot_line(&p, 325, 145, 325, top + 14, flow);
    circle(&p, 250, top, "×");
    circle(&p, 325, top, "+");
    circle(&p, 325, 158, "×");
    plot_text(&p, 40, top - 18, "$x$ = 1.00", PLOT_BLUE, PLOT_LEFT);
    number_text(&p, 394, top - 18, "$y$ = %s", (double)nn_item(y), PLOT_BLUE, PLOT_RIGHT);
    number_text(&p, 243, 110, "$1 - t$ = %s", 1 - t, PLOT_INK, PLOT_RIGHT);
    number_text(&p, 282, 176, "$t$ = %s", t, PLOT_INK, PLOT_MIDDLE);
    number_text(&p, 332, 110, "$t h$ = %s", t * h, PLOT_INK, PLOT_LEFT);
    number_text(&p, 270, low + 16, "$h$ = %s", h, PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 150, 188, "transform gate $t$", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 150, low + 30, "transformation $h$", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);

    plot_text(&p, 430, 20, "Residual: no gate", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    plot_line(&p, 436, top, 556, top, (plot_style){.line = PLOT_BLUE, .width = 4, .arrow = 1});
    plot_line(&p, 583, top, 628, top, (plot_style){.line = PLOT_BLUE, .width = 4, .arrow = 1});
    corner(&p, 456, top, 158, 477, flow);
    plot_place(&p, PLOT_BOX, 508, 158, 60, 34, "$F$", plot_filled(PLOT_SKY, PLOT_LIGHT(PLOT_SKY)));
    corner(&p, 538, 158, 158, 570, wire);
    plot_line(&p, 570, 158, 570, top + 14, flow);
    circle(&p, 570, top, "+");
    plot_text(&p, 436, top - 18, "$x$", PLOT_BLUE, PLOT_LEFT);
    plot_text(&p, 628, top - 18, "$y$", PLOT_BLUE, PLOT_RIGHT);
    plot_text(&p, 576, 120, "$F(x)$", PLOT_INK, PLOT_LEFT);
    if (fabs(t * h + (1 - t) - (double)nn_item(y)) > 1e-5) plot_fail(&p, "not the layer's", "");
    return plot_save(&p, directory, "59-highway");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(14);
    const int ok = lstm(directory, nn, 0) && lstm(directory, nn, 1) && far_back(directory, nn) &&
                   recalls(directory, nn) && gru(directory, nn) && highway(directory, nn);
    if (!nn_ok(nn)) printf("%s\n", nn_error(nn));
    nn_destroy(nn);
    return !ok;
}
