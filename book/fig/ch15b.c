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
    plot_place(p, PLOT_BOX, x, y, w, 32, text, plot_filled(colour, PLOT_LIGHT(colour)));
}

/* A part and the norm behind it, at x from y upwards: an arrow into both, and the way round the
 * part, on the side (-1: left, 1: right), in blue. The height of both is 92. */
static void sublayer(plot *p, double x, double y, const char *part, int colour, int side)
{
    const double round = x + side * 112;
    plot_lines(p, (plot_point[]){{x, y - 8}, {round, y - 8}, {round, y - 74}, {x + side * 92, y - 74}},
               4, (plot_style){.line = PLOT_BLUE, .width = 3, .arrow = 1});
    plot_line(p, x, y, x, y - 18, flow);
    box(p, x, y - 34, 184, part, colour);
    plot_line(p, x, y - 50, x, y - 58, (plot_style){.line = PLOT_INK, .width = 1.5});
    box(p, x, y - 74, 184, "add, layer norm", PLOT_YELLOW);
}

static int transformer(const char *directory)
{
    plot p = plot_new(640, 548, "A transformer",
                      "Left, from below: source tokens [N, S], embedding and positions, [N, S, D], "
                      "then layers of self-attention and a feed-forward network, each with a way "
                      "round it and a layer norm; at the top the memory [N, S, D]. Right: target "
                      "tokens so far [N, T], embedding and positions, then layers of causal "
                      "self-attention, attention to the memory and a feed-forward network, and on "
                      "top a linear layer to V logits for each of T positions.");
    const double left = 160, right = 466;
    const int middle = PLOT_MIDDLE, small = PLOT_LEFT | PLOT_SMALL;
    const plot_style frame = {.line = PLOT_GREY, .width = 1.5, .dash = 5};
    const plot_style wire = {.line = PLOT_INK, .width = 1.5};

    plot_text(&p, left, 532, "source tokens", PLOT_INK, middle);
    plot_text(&p, right, 532, "target tokens so far", PLOT_INK, middle);
    for (int k = 0; k < 2; k++) {
        const double x = k ? right : left;
        plot_line(&p, x, 520, x, 501, flow);
        box(&p, x, 484, 184, "embedding + position", PLOT_GREEN);
        plot_text(&p, x + 8, 511, k ? "[$N$, $T$]" : "[$N$, $S$]", PLOT_INK, small);
        plot_line(&p, x, 468, x, 430, wire);
        plot_text(&p, x + 8, 456, k ? "[$N$, $T$, $D$]" : "[$N$, $S$, $D$]", PLOT_INK, small);
    }
    plot_place(&p, PLOT_BOX, left, 336, 262, 212, "", frame);
    plot_text(&p, left - 130, 218, "encoder layers", PLOT_INK, small);
    sublayer(&p, left, 430, "self-attention", PLOT_ORANGE, -1);
    sublayer(&p, left, 338, "feed-forward", PLOT_SKY, -1);

    plot_place(&p, PLOT_BOX, right, 290, 262, 304, "", frame);
    plot_text(&p, right - 130, 126, "decoder layers", PLOT_INK, small);
    sublayer(&p, right, 430, "causal self-attention", PLOT_ORANGE, 1);
    sublayer(&p, right, 338, "attention to memory", PLOT_RED, 1);
    sublayer(&p, right, 246, "feed-forward", PLOT_SKY, 1);

    const plot_point memory[5] = {{left, 248}, {left, 180}, {312, 180}, {312, 304}, {374, 304}};
    plot_lines(&p, memory, 5, (plot_style){.line = PLOT_RED, .width = 3, .arrow = 1});
    plot_text(&p, left + 8, 166, "memory [$N$, $S$, $D$]", PLOT_RED, small);
    plot_line(&p, right, 156, right, 102, flow);
    plot_text(&p, right + 8, 126, "[$N$, $T$, $D$]", PLOT_INK, small);
    box(&p, right, 84, 184, "linear", PLOT_GREEN);
    plot_line(&p, right, 68, right, 38, flow);
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
