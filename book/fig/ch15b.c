/* Figure 63: a transformer, encoder and decoder, with the shapes of what flows through it; 66: what
 * beam search looks at in the model of examples/15_beam.c, which is included as it stands, but for
 * its main. */
#define main beam_main
#include "../../examples/15_beam.c"
#undef main
#include "../tools/plot.h"

static const plot_style flow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};

/* ---- 63: the whole ---- */

static void box(plot *p, double x, double y, double w, const char *text, int colour)
{
    plot_place(p, PLOT_BOX, x, y, w, 28, text, plot_filled(colour, PLOT_LIGHT(colour)));
}

/* A part with the norm before it, at x from y upwards, PITCH high: the way round both, in blue, is
 * on the side (-1: left, 1: right) and ends where the two are added. */
enum { PITCH = 110, PART = 71 }; /* so far above y is the part */

static void sublayer(plot *p, double x, double y, const char *part, int colour, int side)
{
    const double round = x + side * 112, sum = y - 100;
    const plot_style wire = {.line = PLOT_INK, .width = 1.5};
    plot_line(p, x, y, x, y - 17, flow);
    box(p, x, y - 31, 184, "layer norm", PLOT_YELLOW);
    plot_line(p, x, y - 45, x, y - 57, wire);
    box(p, x, y - PART, 184, part, colour);
    plot_line(p, x, y - PART - 14, x, y - PITCH, wire);
    plot_lines(p, (plot_point[]){{x, y - 7}, {round, y - 7}, {round, sum}, {x + side * 8, sum}}, 4,
               (plot_style){.line = PLOT_BLUE, .width = 3, .arrow = 1});
    plot_place(p, PLOT_CIRCLE, x, sum, 16, 16, "",
               (plot_style){.line = PLOT_INK, .fill = PLOT_WHITE, .width = 1.5});
    plot_line(p, x - 4, sum, x + 4, sum, wire);
    plot_line(p, x, sum - 4, x, sum + 4, wire);
}

static int transformer(const char *directory)
{
    plot p = plot_new(640, 636, "A transformer",
                      "Left, from below: source tokens [N, S], embedding and positions, [N, S, D], "
                      "then layers of self-attention and a feed-forward network, each behind a "
                      "layer norm and with a way round both, and one more norm; at the top the "
                      "memory [N, S, D]. Right: target tokens so far [N, T], embedding and "
                      "positions, then layers of causal self-attention, attention to the memory "
                      "and a feed-forward network, one more norm, and on top a linear layer to V "
                      "logits for each of T positions.");
    const double left = 160, right = 466, bottom = 518, turn = bottom - 2 * PITCH - 90;
    const int middle = PLOT_MIDDLE, small = PLOT_LEFT | PLOT_SMALL;
    const plot_style frame = {.line = PLOT_GREY, .width = 1.5, .dash = 5};
    const plot_style wire = {.line = PLOT_INK, .width = 1.5};

    plot_text(&p, left, 620, "source tokens", PLOT_INK, middle);
    plot_text(&p, right, 620, "target tokens so far", PLOT_INK, middle);
    for (int k = 0; k < 2; k++) {
        const double x = k ? right : left;
        const int parts = k ? 3 : 2; /* in a layer */
        const double top = bottom - parts * PITCH;
        plot_line(&p, x, 608, x, 587, flow);
        box(&p, x, 573, 184, "embedding + position", PLOT_GREEN);
        plot_text(&p, x + 8, 599, k ? "[$N$, $T$]" : "[$N$, $S$]", PLOT_INK, small);
        plot_line(&p, x, 559, x, bottom, wire);
        plot_text(&p, x + 8, 546, k ? "[$N$, $T$, $D$]" : "[$N$, $S$, $D$]", PLOT_INK, small);
        plot_place(&p, PLOT_BOX, x, (bottom + 12 + top - 8) / 2, 262, bottom + 12 - top + 8, "",
                   frame);
        plot_text(&p, x - 130, top - 17, k ? "decoder layers" : "encoder layers", PLOT_INK, small);
        sublayer(&p, x, bottom, k ? "causal self-attention" : "self-attention", PLOT_ORANGE,
                 k ? 1 : -1);
        if (k) sublayer(&p, x, bottom - PITCH, "attention to memory", PLOT_RED, 1);
        sublayer(&p, x, top + PITCH, "feed-forward", PLOT_SKY, k ? 1 : -1);
        plot_line(&p, x, top, x, top - 29, flow);
        box(&p, x, top - 43, 184, "layer norm", PLOT_YELLOW);
    }
    const double asked = bottom - PITCH - PART; /* the part that looks at the memory */
    const plot_point memory[5] = {{left, turn + 33}, {left, turn}, {312, turn}, {312, asked},
                                  {374, asked}};
    plot_lines(&p, memory, 5, (plot_style){.line = PLOT_RED, .width = 3, .arrow = 1});
    plot_text(&p, left + 8, turn - 14, "memory [$N$, $S$, $D$]", PLOT_RED, small);
    plot_line(&p, right, 131, right, 100, flow);
    plot_text(&p, right + 8, 118, "[$N$, $T$, $D$]", PLOT_INK, small);
    box(&p, right, 86, 184, "linear", PLOT_GREEN);
    plot_line(&p, right, 72, right, 38, flow);
    plot_text(&p, right, 24, "logits of the next [$N$, $T$, $V$]", PLOT_INK, middle);

    static const char *const legend[4] = {"$N$ pairs of sentences,", "$S$ and $T$ tokens long,",
                                          "$D$ numbers for each token,", "$V$ tokens there are"};
    for (int k = 0; k < 4; k++) plot_text(&p, 30, 24 + 20 * k, legend[k], PLOT_INK, small);
    plot_text(&p, 30, 112, "blue: the way round", PLOT_BLUE, small);
    return plot_save(&p, directory, "63-transformer");
}

/* ---- 66: the tree that beam search sees ---- */

enum { OVER, DROPPED, GOES_ON };

typedef struct tree {
    plot *p;
    const search *s;
    int beams, leaves, best[LONGEST], best_length;
} tree;

/* The word that is text[length - 1], and to its right what may come after it; gives its height. */
static double branch(tree *t, int *text, int length)
{
    const search *s = t->s;
    int fate = DROPPED, below = 0;
    for (int i = 0; i < s->asked; i++)
        if (s->length[i] == length && !memcmp(s->text[i], text, (size_t)length * sizeof *text))
            fate = GOES_ON;
    if (text[length - 1] == END && likelier(s, text, length) < t->beams) fate = OVER;
    const double x = 50 + 132 * (length - 1), width = length == 1 ? 54 : 104;
    double y = 0, at[WORDS];
    for (int j = 0; fate == GOES_ON && j < WORDS; j++) {
        text[length] = j;
        if (after[text[length - 1]][j] > 0) y += at[below++] = branch(t, text, length + 1);
    }
    y = below ? y / below : 70 + 38.0 * t->leaves++;
    const plot_style thin = {.line = PLOT_GREY, .width = 1};
    for (int k = 0; k < below; k++)
        plot_line(t->p, x + width / 2, y, x + 132 - 52, at[k], thin);
    static char label[ROOM][32];
    static int labels;
    char number[24];
    char *const l = label[labels++];
    snprintf(l, sizeof *label, length == 1 ? "%s" : "%s %s", word[text[length - 1]],
             plot_number(number, probability(text, length), 3));
    const int best = fate == OVER && length == t->best_length &&
                     !memcmp(text, t->best, (size_t)length * sizeof *text);
    const int colour = best ? PLOT_RED : fate == OVER ? PLOT_GREEN : PLOT_BLUE;
    plot_place(t->p, PLOT_BOX, x, y, width, 28, l,
               fate == DROPPED ? (plot_style){.line = PLOT_GREY, .fill = PLOT_WHITE, .width = 1}
                               : plot_filled(colour, PLOT_LIGHT(colour)));
    return y;
}

static int beam(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 430, "Two beams",
                      "A tree of words with the probability of all words up to each. From <s> go "
                      "the 0.450 and a 0.400 on, the end 0.150 is dropped. Then the cat 0.180 and a "
                      "dog 0.360. The cat goes on to sleeps 0.126 and its end, a dog ends with "
                      "0.144, the best, and goes on to barks 0.216 with the end 0.119 and loudly "
                      "0.097.");
    int text[LONGEST], length;
    double log_p;
    tree t = {.p = &p, .beams = 2};
    const search s = generate(nn, 2, 0, t.best, &t.best_length, &log_p);
    t.s = &s;
    text[0] = BEGIN;
    branch(&t, text, 1);
    static const char *const step[4] = {"1 word", "2 words", "3 words", "4 words"};
    for (length = 0; length < 4; length++)
        plot_text(&p, 182 + 132 * length, 32, step[length], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_key(&p, 30, 410, PLOT_SQUARE, plot_filled(PLOT_BLUE, PLOT_LIGHT(PLOT_BLUE)), "a beam");
    plot_key(&p, 130, 410, PLOT_SQUARE, plot_filled(PLOT_GREEN, PLOT_LIGHT(PLOT_GREEN)), "ended");
    plot_key(&p, 224, 410, PLOT_SQUARE, plot_filled(PLOT_RED, PLOT_LIGHT(PLOT_RED)),
             "ended, and the best");
    plot_key(&p, 404, 410, PLOT_SQUARE, (plot_style){.line = PLOT_GREY, .fill = PLOT_WHITE},
             "dropped");
    if (t.best_length != 4 || t.best[2] != DOG) plot_fail(&p, "a dog is not the best", "");
    return nn_ok(nn) && plot_save(&p, directory, "66-beam-search");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(15);
    const int ok = transformer(directory) && beam(directory, nn);
    if (!nn_ok(nn)) printf("%s\n", nn_error(nn));
    nn_destroy(nn);
    return !ok;
}
