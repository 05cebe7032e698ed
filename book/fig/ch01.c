/* Figures 1 and 2, a biological neuron and an artificial one, and between them one that spikes. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

/* Parts of the drawing: a path and its thickness; 0: an area. */
typedef struct part {
    const char *d;
    double width;
} part;

static const part neuron[] = {
    {"M118 152C116 120 148 104 176 110C204 116 218 138 250 153L250 163C218 172 204 194 172 198"
     "C142 200 120 182 118 152Z",
     0}, /* the cell body with the hillock */
    {"M138 126C118 106 104 92 90 62", 7},
    {"M109 93C94 85 78 83 56 88", 4},
    {"M97 77C100 62 106 50 120 38", 4},
    {"M90 62C84 50 72 44 62 42", 3.5},
    {"M122 152C100 154 84 152 62 146", 7},
    {"M84 152C70 160 58 168 40 172", 4},
    {"M62 146C50 140 42 134 26 134", 4},
    {"M138 182C122 206 110 218 100 246", 7},
    {"M117 212C98 216 84 224 66 224", 4},
    {"M103 238C112 252 118 258 132 266", 4},
    {"M100 246C96 256 88 264 78 268", 3.5},
    {"M184 194C192 216 200 226 214 240", 6},
    {"M198 220C196 236 190 246 186 258", 3.5},
    {"M180 112C186 92 190 80 206 62", 6},
    {"M190 86C182 72 174 64 172 48", 3.5},
    {"M206 62C214 54 222 48 236 46", 3.5},
    {"M246 158C300 158 340 152 380 157S430 160 446 158", 8}, /* the axon */
    {"M442 158C462 152 472 134 490 120", 5},
    {"M444 158C466 160 480 160 502 160", 5},
    {"M442 158C462 166 470 188 486 202", 5},
};

static void leader(plot *p, double x1, double y1, double x2, double y2)
{
    plot_line(p, x1, y1, x2, y2, (plot_style){.line = PLOT_INK, .width = 1});
    plot_mark(p, x2, y2, PLOT_DOT, 2.5, (plot_style){.fill = PLOT_INK});
}

static int biological_neuron(const char *directory)
{
    plot p = plot_new(640, 290, "A biological neuron",
                      "Branched dendrites on the left lead to the cell body. From its axon hillock "
                      "one long axon runs to the right and splits into terminals; one of them "
                      "meets a dendrite of the next neuron at a synapse.");
    plot_path(&p, "M568 34C536 56 514 86 518 112S548 176 560 206S580 250 606 268",
              (plot_style){.line = PLOT_GREY, .width = 11});
    plot_path(&p, "M568 34C536 56 514 86 518 112S548 176 560 206S580 250 606 268",
              (plot_style){.line = PLOT_LIGHT(PLOT_GREY), .width = 8});

    /* First all parts in the colour of the outline, then the same a little thinner: one shape. */
    const int parts = (int)(sizeof neuron / sizeof neuron[0]);
    const plot_point ending[3] = {{495, 116}, {508, 160}, {491, 207}};
    for (int pass = 0; pass < 2; pass++) {
        const int colour = pass ? PLOT_LIGHT(PLOT_BLUE) : PLOT_BLUE;
        const double border = pass ? 0 : 3;
        for (int i = 0; i < parts; i++)
            if (neuron[i].width > 0)
                plot_path(&p, neuron[i].d,
                          (plot_style){.line = colour, .width = neuron[i].width + border});
            else
                plot_path(&p, neuron[i].d,
                          (plot_style){.line = colour, .fill = colour, .width = border + 0.5});
        for (int i = 0; i < 3; i++)
            plot_mark(&p, ending[i].x, ending[i].y, PLOT_DOT, 6 + border / 2,
                      (plot_style){.fill = colour});
    }
    plot_mark(&p, 170, 153, PLOT_DOT, 17, plot_filled(PLOT_BLUE, PLOT_WHITE));

    plot_text(&p, 18, 20, "dendrites", PLOT_INK, PLOT_BOLD);
    plot_text(&p, 110, 20, "receive", PLOT_GREY, 0);
    leader(&p, 50, 29, 62, 42);
    plot_text(&p, 262, 70, "cell body (soma)", PLOT_INK, PLOT_BOLD);
    plot_text(&p, 262, 90, "adds up", PLOT_GREY, 0);
    leader(&p, 258, 76, 200, 128);
    plot_text(&p, 272, 126, "nucleus", PLOT_INK, PLOT_BOLD);
    leader(&p, 267, 127, 178, 150);
    plot_text(&p, 288, 240, "axon hillock", PLOT_INK, PLOT_BOLD);
    plot_text(&p, 288, 260, "fires above a threshold", PLOT_GREY, 0);
    leader(&p, 318, 229, 243, 160);
    plot_text(&p, 370, 182, "axon", PLOT_INK, PLOT_BOLD | PLOT_MIDDLE);
    plot_line(&p, 356, 134, 436, 134, (plot_style){.line = PLOT_RED, .arrow = 1});
    plot_text(&p, 392, 119, "spike", PLOT_RED, PLOT_MIDDLE);
    plot_text(&p, 470, 240, "axon endings", PLOT_INK, PLOT_BOLD | PLOT_MIDDLE);
    leader(&p, 478, 229, 490, 207);
    plot_text(&p, 464, 44, "synapse", PLOT_INK, PLOT_BOLD | PLOT_MIDDLE);
    plot_text(&p, 464, 64, "transmits", PLOT_GREY, PLOT_MIDDLE);
    plot_mark(&p, 505, 114, PLOT_DOT, 19, (plot_style){.line = PLOT_RED, .width = 1.5, .dash = 4});
    leader(&p, 478, 76, 495, 98);
    plot_text(&p, 596, 120, "next\nneuron", PLOT_INK, PLOT_BOLD | PLOT_MIDDLE);
    return plot_save(&p, directory, "01-biological-neuron");
}

/* Points of a curve over 60 ms, one in SMALL steps of 0.01 ms; currents from 1.5 to 5 nA. */
enum { STEPS = 300, SMALL = 20, CURRENTS = 71 };

/* The neuron of examples/01_spikes.c: its voltage under three currents, its rate under many. */
static int spikes(const char *directory)
{
    static const nn_real current[3] = {1.4f, 2, 4};
    static const int colour[3] = {PLOT_BLUE, PLOT_INK, PLOT_RED};
    plot p = plot_new(640, 300, "A neuron that spikes",
                      "Left: the voltage of a leaky integrate-and-fire neuron for 60 ms. Under 1.4 "
                      "nA it climbs towards -51 mV and never fires; under 2 nA it climbs to the "
                      "threshold of -50 mV, falls back to -65 mV and starts anew, 3 times; under 4 "
                      "nA 9 times. Right: the rate against the current, 0 below 1.5 nA, then "
                      "steeply up and ever less so, to 179 spikes a second at 5 nA.");
    const plot_panel v = plot_axes(&p, 0, 0, 380, 300,
                                   (plot_spec){.x = plot_range(0, 60, "$t$  (ms)"),
                                               .y = plot_range(-66, -44, "$v$  (mV)")});
    plot_line(&p, plot_x(&v, 0), plot_y(&v, -50), plot_x(&v, 60), plot_y(&v, -50),
              (plot_style){.line = PLOT_GREY, .dash = 5});
    for (int i = 2; i >= 0; i--) {
        double t[2 * STEPS], volt[2 * STEPS];
        int points = 0;
        nn_lif lif = nn_lif_new();
        for (int k = 0; k <= 60 * 100; k++) {
            const int spike = k && nn_lif_step(&lif, current[i], 0.01f);
            if (spike) { /* the top, which the neuron itself has left already */
                t[points] = k / 100.;
                volt[points++] = (double)lif.threshold;
            }
            if (!spike && k % SMALL) continue;
            t[points] = k / 100.;
            volt[points++] = (double)lif.v;
        }
        plot_curve(&v, t, volt, points,
                   (plot_style){.line = colour[i], .width = i == 2 ? 1.2 : 2});
    }
    double x = plot_x(&v, 0) + 20;
    static const char *const name[3] = {"1.4 nA", "2 nA", "4 nA"};
    for (int i = 0; i < 3; i++)
        x = plot_key(&p, x, plot_y(&v, -45.4), PLOT_LINE, (plot_style){.line = colour[i]}, name[i]);
    plot_text(&p, plot_x(&v, 59), plot_y(&v, -49.1), "threshold", PLOT_GREY,
              PLOT_RIGHT | PLOT_SMALL);

    const plot_panel f = plot_axes(&p, 380, 0, 260, 300,
                                   (plot_spec){.x = plot_range(0, 5, "$I$  (nA)"),
                                               .y = plot_range(0, 200, "$f$  (spikes a second)")});
    nn_ctx *nn = nn_create(42);
    nn_real ratio[CURRENTS];
    double at[CURRENTS + 1] = {0}, rate[CURRENTS + 1] = {0};
    for (int i = 0; i < CURRENTS; i++) { /* R I / (R I - 15 mV); at 1.5 nA itself it is infinite */
        at[i + 1] = i ? 1.5 + 0.05 * i : 1.5;
        ratio[i] = i ? (nn_real)(10 * at[i + 1] / (10 * at[i + 1] - 15)) : 1;
    }
    const nn_tensor *rise = nn_log(nn_input(nn, ratio, nn_shape1(CURRENTS)));
    for (int i = 1; i < CURRENTS; i++) rate[i + 1] = 1000 / (2 + 10 * (double)rise->data[i]);
    plot_curve(&f, at, rate, CURRENTS + 1, (plot_style){.line = PLOT_GREY});
    nn_destroy(nn);
    for (int tenths = 5; tenths <= 50; tenths += 5) {
        nn_lif lif = nn_lif_new();
        int count = 0;
        for (int k = 0; k < 100000; k++) count += nn_lif_step(&lif, (nn_real)tenths / 10, 0.01f);
        const double i = tenths / 10., n = count;
        const int same = tenths == 20 ? PLOT_INK : tenths == 40 ? PLOT_RED : PLOT_BLUE;
        plot_points(&f, &i, &n, 1, PLOT_DOT, 4, plot_filled(PLOT_WHITE, same));
    }
    return plot_save(&p, directory, "01b-spikes");
}

/* The neuron of examples/01_neuron.c: should I go out? */
static int artificial_neuron(const char *directory)
{
    const nn_real x[3] = {1, 1, 0}, w[3] = {1, 2, -3}, b = -0.5f;
    const nn_real z = nn_neuron(w, x, 3, b);
    const double y = z > 0;

    char number[24], text[80], desc[300];
    snprintf(desc, sizeof desc,
             "Inputs %g, %g and %g times weights %g, %g and %g, plus the bias %g, sum to z = %g; "
             "the activation function g, here a step at 0, makes it y = %g.",
             (double)x[0], (double)x[1], (double)x[2], (double)w[0], (double)w[1], (double)w[2],
             (double)b, (double)z, y);
    plot p = plot_new(640, 310, "An artificial neuron", desc);
    const plot_node sum = plot_place(&p, PLOT_CIRCLE, 330, 150, 60, 60, "Σ",
                                     plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_ORANGE)));
    const plot_node g = plot_place(&p, PLOT_BOX, 468, 150, 64, 56, "",
                                   plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_GREEN)));
    const plot_node out = plot_place(&p, PLOT_CIRCLE, 584, 150, 44, 44, "$y$",
                                     plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_GREY)));
    plot_path(&p, "M446 166H468V134H490", (plot_style){.line = PLOT_GREEN});
    plot_text(&p, 468, 106, "$g$", PLOT_INK, PLOT_MIDDLE);

    static const char *const name[3] = {"sunshine", "a friend calls", "rain"};
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "$x_%d$", i + 1);
        const plot_node in = plot_place(&p, PLOT_CIRCLE, 142, 60. + 90 * i, 44, 44, text,
                                        plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_GREY)));
        const int colour = w[i] < 0 ? PLOT_RED : PLOT_BLUE;
        plot_connect(&p, in, sum,
                     (plot_style){.line = colour, .dash = w[i] < 0 ? 6 : 0, .arrow = 1});
        snprintf(text, sizeof text, "$w_%d = %s$", i + 1, plot_number(number, (double)w[i], 0));
        plot_text(&p, 222, in.y + (sum.y - in.y) * 80 / 188, text, colour,
                  PLOT_MIDDLE | PLOT_ON_WHITE);
        snprintf(text, sizeof text, "%s\n$= %s$", name[i], plot_number(number, (double)x[i], 0));
        plot_text(&p, 112, in.y, text, PLOT_INK, PLOT_RIGHT | PLOT_SMALL);
    }
    plot_line(&p, 330, 62, 330, 120, (plot_style){.line = PLOT_RED, .dash = 6, .arrow = 1});
    snprintf(text, sizeof text, "bias $b = %s$", plot_number(number, (double)b, 1));
    plot_text(&p, 330, 48, text, PLOT_RED, PLOT_MIDDLE);
    plot_connect(&p, sum, g, (plot_style){.line = PLOT_INK, .arrow = 1});
    plot_connect(&p, g, out, (plot_style){.line = PLOT_INK, .arrow = 1});
    snprintf(text, sizeof text, "$z = %s$", plot_number(number, (double)z, 1));
    plot_text(&p, 398, 196, text, PLOT_INK, PLOT_MIDDLE);
    snprintf(text, sizeof text, "$= %s$", plot_number(number, y, 0));
    plot_text(&p, 584, 186, text, PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 350, 252, "$z = w_1 x_1 + w_2 x_2 + w_3 x_3 + b$", PLOT_INK, PLOT_LEFT);
    plot_text(&p, 350, 280, "$y = g(z)$: 1 above 0, else 0", PLOT_INK, PLOT_LEFT);
    plot_key(&p, 40, 290, PLOT_LINE, (plot_style){.line = PLOT_BLUE}, "excites");
    plot_key(&p, 160, 290, PLOT_LINE, (plot_style){.line = PLOT_RED, .dash = 6}, "inhibits");
    return plot_save(&p, directory, "02-artificial-neuron");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    const int good = biological_neuron(directory) & spikes(directory);
    return !(artificial_neuron(directory) && good);
}
