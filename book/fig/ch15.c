/* Figures 60 to 62, 64 and 65: attention. The maps of 60 and 64 are those that the examples of the
 * chapter printed, the numbers of 61 and 62 those of its three words, as nn.h computes them. Run
 * from the root of the repository. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

static const plot_style flow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
static const plot_style grid = {.line = PLOT_GREY, .width = 0.5};

static plot_style colours(int colour) { return plot_filled(colour, PLOT_LIGHT(colour)); }

/* A line as thick as a weight between 0 and 1; a weight that one would not see draws none. */
static void plot_weight(plot *p, double x1, double y1, double x2, double y2, double weight,
                        int colour)
{
    const plot_style s = {.line = colour, .width = 0.5 + 7 * weight};
    if (weight >= 0.005) plot_line(p, x1, y1, x2, y2, s);
}

/* The n whole numbers that stand in a recorded output behind a line that begins with heading, those
 * in the first `skip` columns of each line of `columns` left out. 1 if all are there. */
static int recorded(plot *p, const char *path, const char *heading, int skip, int columns,
                    double *to, int n)
{
    char line[256], word[16];
    FILE *in = fopen(path, "r");
    int found = 0;
    while (in && !found && fgets(line, sizeof line, in))
        found = !strncmp(line, heading, strlen(heading));
    for (int i = 0; found && i < n; i++) {
        for (int k = 0; i % columns == 0 && k < skip; k++) found &= fscanf(in, "%15s", word) == 1;
        found &= fscanf(in, "%lf", &to[i]) == 1;
    }
    if (in) fclose(in);
    if (!found) plot_fail(p, "not as expected: ", path);
    return found;
}

/* A square map of weights in %, first row at the top, with its frame. */
static plot_panel map(plot *p, double x, double y, double w, double h, const double *z, int nx,
                      int ny, int decimals)
{
    const plot_panel a = {p, x, y, w, h, plot_range(0, nx, NULL), plot_range(ny, 0, NULL)};
    plot_heat(&a, z, nx, ny, 0, 100, PLOT_BLUES, decimals);
    const plot_point frame[5] = {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}};
    plot_lines(p, frame, 5, grid);
    return a;
}

/* ---- 60 ---- */

enum { READ = 6, ROW = 2 }; /* digits read; the one that is being written */

static int encoder_decoder(const char *directory)
{
    plot p = plot_new(640, 372, "Attention between an encoder and a decoder",
                      "Left: a decoder's state q and the encoder's states of six digits that were "
                      "read. Lines lead from the states to a sum, as thick as their weights; the "
                      "thickest comes from the digit that is to be written. Right: the weights of "
                      "all digits written: large from the top right to the bottom left; for END a bit of "
                      "each.");
    static const char *const file = "examples/15_bottleneck.out";
    double digit[READ] = {0}, z[(READ + 1) * READ] = {0};
    static char text[64][24], columns[8 * READ] = "  "; /* the line above the map */
    int texts = 0;
    recorded(&p, file, "== additive", 0, READ, digit, READ);
    for (int s = 0; s < READ; s++)
        snprintf(columns + 2 + 4 * s, sizeof columns - 2 - 4 * (size_t)s, "%4.0f", digit[s]);
    recorded(&p, file, columns, 1, READ, z, (READ + 1) * READ); /* rows: what is written first */
    const double *weight = z + ROW * READ;
    const plot_node sum = plot_place(&p, PLOT_CIRCLE, 185, 150, 44, 44, "$y$", colours(PLOT_RED));
    const plot_node q = plot_place(&p, PLOT_CIRCLE, 60, 60, 46, 46, "$q$", colours(PLOT_PURPLE));
    snprintf(text[texts], sizeof *text, "$%g$", digit[READ - 1 - ROW]);
    const plot_node out = plot_place(&p, PLOT_BOX, 310, 60, 40, 36, text[texts++],
                                     colours(PLOT_ORANGE));
    for (int s = 0; s < READ; s++) {
        const double x = 35 + 60 * s;
        plot_weight(&p, x, 240, sum.x, sum.y + 22, weight[s] / 100, PLOT_RED);
        snprintf(text[texts], sizeof *text, "$k_%d$", s + 1);
        const plot_node k = plot_place(&p, PLOT_CIRCLE, x, 258, 40, 40, text[texts++],
                                       colours(PLOT_GREEN));
        snprintf(text[texts], sizeof *text, "$%g$", digit[s]);
        const plot_node in = plot_place(&p, PLOT_BOX, x, 330, 34, 32, text[texts++],
                                        colours(PLOT_BLUE));
        plot_connect(&p, in, k, flow);
        if (s) plot_line(&p, x - 40, 258, x - 20, 258, (plot_style){.line = PLOT_GREEN});
        snprintf(text[texts], sizeof *text, "%.2f", weight[s] / 100);
        plot_text(&p, x, 229, text[texts++], PLOT_RED, PLOT_MIDDLE | PLOT_SMALL | PLOT_ON_WHITE);
    }
    plot_connect(&p, q, sum, (plot_style){.line = PLOT_PURPLE, .width = 1.5, .dash = 5,
                                          .arrow = 1});
    plot_connect(&p, q, out, flow);
    plot_connect(&p, sum, out, flow);
    plot_text(&p, 48, 136, "asks: scores,\nsoftmax", PLOT_PURPLE, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 60, 22, "decoder", PLOT_PURPLE, PLOT_MIDDLE);
    plot_text(&p, 310, 22, "is written", PLOT_ORANGE, PLOT_MIDDLE);
    plot_text(&p, 262, 150, "context", PLOT_RED, PLOT_MIDDLE);
    plot_text(&p, 185, 358, "was read", PLOT_BLUE, PLOT_MIDDLE);
    const double cell = 196. / READ;
    map(&p, 424, 62, 196, 196 + cell, z, READ, READ + 1, 0);
    for (int s = 0; s < READ; s++) {
        const double at = 424 + cell * (s + 0.5), down = 62 + cell * (s + 0.5);
        snprintf(text[texts], sizeof *text, "$%g$", digit[s]);
        plot_text(&p, at, 48, text[texts++], PLOT_BLUE, PLOT_MIDDLE);
        snprintf(text[texts], sizeof *text, "$%g$", digit[READ - 1 - s]);
        plot_text(&p, 412, down, text[texts++], PLOT_ORANGE,
                  PLOT_RIGHT | (s == ROW ? PLOT_BOLD : 0));
    }
    plot_text(&p, 522, 22, "weights in %", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 412, 62 + cell * (READ + 0.5), "END", PLOT_ORANGE, PLOT_RIGHT);
    plot_text(&p, 522, 308, "the row in bold is at the left", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    if (!(weight[READ - 1 - ROW] > 50)) plot_fail(&p, "it does not look at what it writes", "");
    return plot_save(&p, directory, "60-encoder-decoder");
}

/* ---- 61 and 62: the cat sat ---- */

enum { T = 3, D = 4, E = 2 };
static const char *const word[T] = {"the", "cat", "sat"};
static const nn_real query[T * D] = {2, 0, 0, 0, 0, 2, 2, 0, 2, 0, 0, 2};
static const nn_real key[T * D] = {0, 0, 2, 0, 2, 0, 0, 1, 0, 2, 0, 1};
static const nn_real value[T * E] = {0, 0, 2, 0, 0, 1};

static const nn_tensor *look(nn_ctx *nn, nn_tensor **weights)
{
    static const nn_attention_options usual = {0};
    return nn_attention(nn_input(nn, query, nn_shape3(1, T, D)),
                        nn_input(nn, key, nn_shape3(1, T, D)),
                        nn_input(nn, value, nn_shape3(1, T, E)), usual, weights);
}

static const char *row(char text[32], const nn_real *x, int n) /* "2, 0" */
{
    text[0] = 0;
    for (int i = 0; i < n; i++) {
        char one[24];
        snprintf(one, sizeof one, "%s$%g$", i ? ", " : "", (double)x[i]);
        strncat(text, one, 31 - strlen(text));
    }
    return text;
}

static int query_key_value(nn_ctx *nn, const char *directory)
{
    plot p = plot_new(640, 300, "Query, key, value",
                      "The query of sat, 2 0 0 2, meets the keys of the, cat and sat. Scores 0, 6, "
                      "2; divided by 2: 0, 3, 1; weights 0.042, 0.844, 0.114. Values 0 0, 2 0, "
                      "0 1, times the weights, are added to 1.688, 0.114.");
    nn_tensor *weights = NULL;
    const nn_tensor *y = look(nn, &weights);
    char text[32], number[24];
    static const char *const head[6] = {"query of sat", "keys", "scores", "÷ 2", "weights",
                                        "values"};
    static const double at[6] = {60, 186, 278, 344, 412, 500};
    for (int i = 0; i < 6; i++)
        plot_text(&p, at[i], 24, head[i], PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 588, 24, "y", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    const plot_node q = plot_place(&p, PLOT_BOX, 60, 160, 100, 36, row(text, query + 2 * D, D),
                                   colours(PLOT_PURPLE));
    snprintf(text, sizeof text, "$%.3f$,\n$%.3f$", (double)y->data[2 * E],
             (double)y->data[2 * E + 1]);
    const plot_node out = plot_place(&p, PLOT_BOX, 588, 160, 64, 52, text, colours(PLOT_ORANGE));
    for (int s = 0; s < T; s++) {
        const double down = 75 + 85 * s, weight = (double)weights->data[2 * T + s];
        double score = 0;
        for (int i = 0; i < D; i++) score += (double)(query[2 * D + i] * key[s * D + i]);
        const plot_node k = plot_place(&p, PLOT_BOX, 186, down, 100, 36, row(text, key + s * D, D),
                                       colours(PLOT_GREEN));
        plot_text(&p, 186, down - 30, word[s], PLOT_GREEN, PLOT_MIDDLE);
        plot_connect(&p, q, k, (plot_style){.line = PLOT_PURPLE, .width = 1.5, .arrow = 1});
        plot_text(&p, 278, down, plot_number(number, score, 0), PLOT_INK, PLOT_MIDDLE);
        plot_text(&p, 344, down, plot_number(number, score / 2, 0), PLOT_INK, PLOT_MIDDLE);
        plot_text(&p, 412, down, plot_number(number, weight, 3), PLOT_RED, PLOT_MIDDLE);
        plot_line(&p, 240, down, 262, down, flow);
        plot_line(&p, 294, down, 328, down, flow);
        plot_line(&p, 360, down, 387, down, flow);
        const plot_node v = plot_place(&p, PLOT_BOX, 500, down, 60, 36, row(text, value + s * E, E),
                                       colours(PLOT_BLUE));
        plot_line(&p, 436, down, v.x - 32, down, flow);
        plot_weight(&p, v.x + 30, down, out.x - 32, out.y, weight, PLOT_RED);
    }
    plot_text(&p, 378, 284, "softmax over the three", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, "61-query-key-value");
}

static int self_attention(nn_ctx *nn, const char *directory)
{
    plot p = plot_new(640, 360, "Self-attention",
                      "Three words, the cat sat, each with a query, a key and a value made of it. "
                      "Each output is a mixture of the three values; the lines are as thick as the "
                      "weights: the and sat take most of cat, cat takes half of the and half of "
                      "sat. At the right the weights: 0.11 0.79 0.11, 0.47 0.06 0.47, 0.04 0.84 "
                      "0.11.");
    static const int colour[T] = {PLOT_SKY, PLOT_RED, PLOT_GREEN};
    nn_tensor *weights = NULL;
    const nn_tensor *y = look(nn, &weights);
    char text[32];
    double percent[T * T] = {0};
    for (int t = 0; t < T; t++) {
        const double x = 75 + 145 * t;
        for (int s = 0; s < T; s++) {
            const double weight = (double)weights->data[t * T + s];
            percent[t * T + s] = 100 * weight;
            plot_weight(&p, 75 + 145 * s + 42, 217, x, 84, weight, colour[t]);
        }
    }
    for (int t = 0; t < T; t++) {
        const double x = 75 + 145 * t;
        const plot_node in = plot_place(&p, PLOT_BOX, x, 328, 70, 36, word[t],
                                        plot_filled(PLOT_INK, PLOT_WHITE));
        static const char *const name[3] = {"$q$", "$k$", "$v$"};
        static const int part[3] = {PLOT_PURPLE, PLOT_GREEN, PLOT_BLUE};
        for (int i = 0; i < 3; i++) {
            const plot_node n = plot_place(&p, PLOT_BOX, x + 42 * (i - 1), 234, 34, 34, name[i],
                                           colours(part[i]));
            plot_connect(&p, in, n, flow);
        }
        snprintf(text, sizeof text, "$%.2f$, $%.2f$", (double)y->data[t * E],
                 (double)y->data[t * E + 1]);
        plot_place(&p, PLOT_BOX, x, 64, 104, 40, text, plot_filled(colour[t], PLOT_WHITE));
    }
    plot_text(&p, 220, 24, "outputs y", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 150, 284, "$W_Q$, $W_K$, $W_V$", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    map(&p, 488, 64, 138, 138, percent, T, T, 0);
    for (int t = 0; t < T; t++) {
        plot_text(&p, 511 + 46 * t, 50, word[t], PLOT_INK, PLOT_MIDDLE);
        plot_text(&p, 480, 87 + 46 * t, word[t], colour[t], PLOT_RIGHT);
    }
    plot_text(&p, 557, 24, "weights in %", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 557, 222, "a row for each that asks", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, "62-self-attention");
}

/* ---- 64 ---- */

enum { STEPS = 12 };

static int multi_head(const char *directory)
{
    plot p = plot_new(640, 400, "Multi-head attention",
                      "X, 12 by 32, goes through three layers to Q, K and V. The left half of "
                      "their columns belongs to head 1, the right half to head 2. The maps of the two: "
                      "head 1 mostly looks one place back, head 2 four places; the first four "
                      "rows, grey, were not asked. Their results side "
                      "by side go through W_O.");
    static const char *const file = "examples/15_heads.out";
    static double z[2][STEPS * STEPS];
    static const char *const part[3] = {"$W_Q$", "$W_K$", "$W_V$"};
    static const char *const made[3] = {"$Q$", "$K$", "$V$"};
    static const int colour[2] = {PLOT_RED, PLOT_BLUE};
    recorded(&p, file, "== head 1", 0, STEPS, z[0], STEPS * STEPS);
    recorded(&p, file, "== head 2", 0, STEPS, z[1], STEPS * STEPS);
    const plot_node x = plot_place(&p, PLOT_BOX, 46, 190, 56, 60, "$X$\n[T, D]",
                                   plot_filled(PLOT_INK, PLOT_WHITE));
    for (int i = 0; i < 3; i++) {
        const double down = 90 + 100 * i;
        const plot_node w = plot_place(&p, PLOT_BOX, 130, down, 46, 36, part[i],
                                       colours(PLOT_PURPLE));
        plot_connect(&p, x, w, flow);
        for (int h = 0; h < 2; h++)
            plot_place(&p, PLOT_BOX, 206 + 32 * h, down, 32, 60, "", colours(colour[h]));
        plot_text(&p, 222, down - 44, made[i], PLOT_INK, PLOT_MIDDLE);
        plot_line(&p, 154, down, 188, down, flow);
    }
    for (int h = 0; h < 2; h++) {
        const double top = 44 + 184 * h;
        map(&p, 318, top, 132, 132, z[h], STEPS, STEPS, -1);
        plot_place(&p, PLOT_BOX, 384, top + 22, 132, 44, "not asked",
                   plot_filled(PLOT_GREY, PLOT_LIGHT(PLOT_GREY)));
        plot_text(&p, 384, top - 14, h ? "head 2 looks 4 back" : "head 1 looks 1 back", colour[h],
                  PLOT_MIDDLE);
        const plot_style line = {.line = colour[h], .width = 1.5, .arrow = 1};
        for (int i = 0; i < 3; i++)
            plot_line(&p, 254, 90 + 100 * i + (h ? 14 : -14), 312, top + 66, line);
        plot_place(&p, PLOT_BOX, 506 + 32 * h, 190, 32, 60, h ? "$Y_2$" : "$Y_1$",
                   colours(colour[h]));
        plot_line(&p, 454, top + 66, 498 + 40 * h, h ? 222 : 158, line);
    }
    const plot_node o = plot_place(&p, PLOT_BOX, 594, 190, 46, 36, "$W_O$", colours(PLOT_PURPLE));
    plot_line(&p, 554, 190, o.x - 24, 190, flow);
    plot_line(&p, o.x, 208, o.x, 258, flow);
    plot_text(&p, o.x, 274, "$Y$ [T, D]", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 222, 344, "halves of D / 2", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 384, 378, "right: the place looked at; down: who looks", PLOT_INK,
              PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, "64-multi-head");
}

/* ---- 65 ---- */

static int positions(nn_ctx *nn, const char *directory)
{
    enum { PLACES = 60, WIDE = 32, FAR = 40 };
    plot p = plot_new(640, 400, "Positions as sines and cosines",
                      "Left: a map of the encoding, position to the right, 32 numbers upwards; the "
                      "lowest change with every position, the highest hardly within 60. Right, "
                      "above: the product of the rows of t and t + k falls from 16 at k = 0 in "
                      "waves to between 6 and 12; t = 0, 10 and 19 lie on one curve. "
                      "Below: the first three pairs as hands of clocks at t = 0, 1, 2, 3.");
    const nn_tensor *pe = nn_positional_encoding(nn, PLACES, WIDE);
    static double z[WIDE * PLACES];
    for (int i = 0; i < WIDE * PLACES; i++)
        z[i] = (double)pe->data[i % PLACES * WIDE + i / PLACES];
    plot_spec spec = {.x = plot_range(0, PLACES, "position $t$"),
                      .y = plot_range(0, WIDE, "number in the row")};
    const plot_panel a = plot_axes(&p, 0, 6, 310, 388, spec);
    plot_heat(&a, z, PLACES, WIDE, -1, 1, PLOT_DIVERGING, -1);
    plot_colour_bar(&p, 318, 120, 150, -1, 1, PLOT_DIVERGING, NULL);
    plot_spec product = {.x = plot_range(0, FAR, "places $k$ apart"), .y = plot_range(0, 16, NULL)};
    const plot_panel b = plot_axes(&p, 372, 26, 262, 190, product);
    plot_text(&p, 512, 16, "product of rows $t$ and $t + k$", PLOT_INK, PLOT_MIDDLE);
    static const int first[3] = {0, 10, 19}, colour[3] = {PLOT_BLUE, PLOT_RED, PLOT_GREEN};
    for (int j = 0; j < 3; j++) {
        double k[FAR + 1], y[FAR + 1];
        int n = 0;
        for (int i = j; i <= FAR; i += 3, n++) {
            k[n] = i, y[n] = 0;
            for (int d = 0; d < WIDE; d++)
                y[n] += (double)pe->data[first[j] * WIDE + d] *
                        (double)pe->data[(first[j] + i) * WIDE + d];
        }
        plot_points(&b, k, y, n, PLOT_DOT, 3, (plot_style){.fill = colour[j]});
    }
    double at = 412;
    static const char *const name[3] = {"$t = 0$", "$t = 10$", "$t = 19$"};
    for (int j = 0; j < 3; j++)
        at = plot_key(&p, at, 232, PLOT_DOT, (plot_style){.fill = colour[j]}, name[j]);
    for (int i = 0; i < 3; i++) {
        static const char *const pair[3] = {"pair 0", "pair 1", "pair 2"};
        const double down = 278 + 46 * i;
        plot_text(&p, 372, down, pair[i], PLOT_INK, PLOT_LEFT | PLOT_SMALL);
        for (int t = 0; t < 4; t++) {
            static const char *const time[4] = {"$t = 0$", "1", "2", "3"};
            const double x = 444 + 56 * t;
            if (i == 0) plot_text(&p, x, 252, time[t], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
            plot_mark(&p, x, down, PLOT_DOT, 19, (plot_style){.line = PLOT_GREY, .width = 1});
            plot_line(&p, x, down, x + 17 * (double)pe->data[t * WIDE + 2 * i],
                      down - 17 * (double)pe->data[t * WIDE + 2 * i + 1],
                      (plot_style){.line = PLOT_INK, .width = 2});
        }
    }
    return plot_save(&p, directory, "65-positions");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(42);
    int good = encoder_decoder(directory);
    good &= query_key_value(nn, directory);
    good &= self_attention(nn, directory);
    good &= multi_head(directory);
    good &= positions(nn, directory);
    nn_destroy(nn);
    return !good;
}
