/* Figures 67, 67b and 67c: pre-training, pictures, graphs. The maps of 67b are those that
 * 15_captions printed, 67c shows what the network of 15_graph.c learns with seed 1, and what the
 * example printed for 20 seeds. Run from the root of the repository. */
#include "../tools/plot.h"
#define main graph_main
#include "../../examples/15_graph.c"
#undef main

/* ---- 67 ---- */

enum { SEEN = 60, HIDDEN = 18, TOKENS = 6, GUESSED = 2 };
static const char *const token[TOKENS] = {"All", "human", "beings", "are", "born", "free"};
static const int order[TOKENS] = {3, 0, 5, 1, 2, 4}; /* the last two are guessed */

static void mask_map(plot *p, double x, double y, const double *z, const int *row, int rows,
                     int with_gaps)
{
    const double side = 24;
    const plot_style grid = {.line = PLOT_GREY, .width = 0.5};
    const plot_panel a = {p, x, y, side * TOKENS, side * rows, plot_range(0, TOKENS, NULL),
                          plot_range(rows, 0, NULL)};
    plot_heat(&a, z, TOKENS, rows, 0, 100, PLOT_BLUES, -1);
    for (int i = 0; i <= TOKENS; i++)
        plot_line(p, x + side * i, y, x + side * i, y + a.h, grid);
    for (int i = 0; i <= rows; i++)
        plot_line(p, x, y + side * i, x + a.w, y + side * i, grid);
    for (int s = 0; s < TOKENS; s++) {
        const int gap = s == order[TOKENS - 2] || s == order[TOKENS - 1];
        plot_text(p, x + side * (s + 0.5), y - 28, with_gaps && gap ? "[MASK]" : token[s],
                  with_gaps && gap ? PLOT_RED : PLOT_INK, PLOT_MIDDLE | PLOT_UP | PLOT_SMALL);
    }
    for (int t = 0; t < rows; t++) {
        const int gap = row[t] == order[TOKENS - 2] || row[t] == order[TOKENS - 1];
        const int guesses = gap && (with_gaps || rows < TOKENS);
        plot_text(p, x - 6, y + side * (t + 0.5), token[row[t]], guesses ? PLOT_RED : PLOT_INK,
                  PLOT_RIGHT | PLOT_SMALL | (guesses ? PLOT_BOLD : 0));
    }
}

static int two_ways(const char *directory)
{
    plot p = plot_new(640, 320, "BERT and XLNet",
                      "All human beings are born free: three masks, a row for who looks, a column "
                      "for what is looked at. BERT: everything is seen, but beings and born are "
                      "replaced by MASK. XLNet, content: who comes in the order are, All, free, "
                      "human, beings, born sees itself and those before it. XLNet, query: beings "
                      "sees four words, born five, neither itself.");
    static const int all[TOKENS] = {0, 1, 2, 3, 4, 5};
    double bert[TOKENS * TOKENS], content[TOKENS * TOKENS], query[GUESSED * TOKENS];
    int rank[TOKENS];
    char number[TOKENS][16];
    for (int r = 0; r < TOKENS; r++) rank[order[r]] = r;
    for (int t = 0; t < TOKENS; t++)
        for (int s = 0; s < TOKENS; s++) {
            bert[t * TOKENS + s] = rank[s] < TOKENS - GUESSED ? SEEN : HIDDEN;
            content[t * TOKENS + s] = rank[s] <= rank[t] ? SEEN : 0;
        }
    for (int k = 0; k < GUESSED; k++)
        for (int s = 0; s < TOKENS; s++)
            query[k * TOKENS + s] = rank[s] < TOKENS - GUESSED + k ? SEEN : 0;
    static const double left[3] = {66, 280, 494};
    static const char *const head[3] = {"BERT", "XLNet: content h", "XLNet: query g"};
    for (int i = 0; i < 3; i++)
        plot_text(&p, left[i] + 72, 14, head[i], PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    mask_map(&p, left[0], 84, bert, all, TOKENS, 1);
    mask_map(&p, left[1], 84, content, all, TOKENS, 0);
    mask_map(&p, left[2], 84, query, order + TOKENS - GUESSED, GUESSED, 0);
    for (int s = 0; s < TOKENS; s++) {
        snprintf(number[s], sizeof *number, "%d.", rank[s] + 1);
        plot_text(&p, left[1] + 24 * (s + 0.5), 240, number[s], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    }
    plot_text(&p, left[1] + 72, 256, "place in the order", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    static const int key[3] = {SEEN, HIDDEN, 0};
    static const char *const means[3] = {"sees the word", "sees only that\na word is missing",
                                         "does not see it"};
    for (int i = 0; i < 3; i++) {
        const double z = key[i], y = 156 + 34 * i;
        const plot_panel a = {&p, left[2], y, 18, 18, plot_range(0, 1, NULL),
                              plot_range(1, 0, NULL)};
        plot_heat(&a, &z, 1, 1, 0, 100, PLOT_BLUES, -1);
        plot_place(&p, PLOT_BOX, left[2] + 9, y + 9, 18, 18, "",
                   (plot_style){.line = PLOT_GREY, .width = 0.5});
        plot_text(&p, left[2] + 26, y + 9, means[i], PLOT_INK, PLOT_LEFT | PLOT_SMALL);
    }
    plot_text(&p, left[0] + 72, 285, "beings and born,\neach given: All human are free", PLOT_RED,
              PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 455, 292, "beings, given: are All free human\n"
                            "born, given: are All free human beings", PLOT_RED,
              PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, "67-bert-xlnet");
}

/* ---- 67b ---- */

enum { WIDE = 24, HIGH = 12, ACROSS = 6, MAPS = 7 };

typedef struct record { /* of a run of 15_captions: a picture, words, and where each looked */
    char picture[HIGH][WIDE + 2], word[MAPS][16];
    double weight[MAPS][ACROSS * ACROSS];
    int maps;
} record;

static int read_record(record *r, const char *path)
{
    static const char ink[] = " .:-=+*#%@";
    char line[256] = "";
    FILE *in = fopen(path, "r");
    int rows = 0;
    while (in && strncmp(line, "== a picture", 12) != 0)
        if (!fgets(line, sizeof line, in)) break;
    for (; in && rows < HIGH && fgets(line, sizeof line, in) && strlen(line) == WIDE + 1; rows++)
        memcpy(r->picture[rows], line, WIDE);
    if (in && rows == HIGH && fgets(line, sizeof line, in))
        for (char *at = line, *bar; r->maps < MAPS && (bar = strchr(at, '|')) != NULL; at = bar + 1)
            if (sscanf(at, "%15s", r->word[r->maps]) == 1) r->maps++;
    for (int row = 0; in && row < ACROSS && fgets(line, sizeof line, in); row++)
        for (int k = 0; k < r->maps * ACROSS; k++) { /* each number is written twice */
            const size_t at = (size_t)(k / ACROSS * (2 * ACROSS + 1) + k % ACROSS * 2);
            const char *const level = at < strlen(line) ? strchr(ink, line[at]) : NULL;
            if (!level || !*level) rows = 0;
            else r->weight[k / ACROSS][row * ACROSS + k % ACROSS] = (double)(level - ink) / 9;
        }
    if (in) fclose(in);
    return rows == HIGH && r->maps > 0;
}

/* What is drawn with this letter, row by row. */
static void area(plot *p, const record *r, char letter, double x, double y, double side, int fill)
{
    const double w = side / WIDE, h = side / HIGH;
    for (int row = 0; row < HIGH; row++)
        for (int c = 0, run; c < WIDE; c += run) {
            for (run = 1; c + run < WIDE && r->picture[row][c + run] == r->picture[row][c];) run++;
            const double left = x + c * w, top = y + row * h, right = left + run * w;
            const plot_point at[4] = {{left, top}, {right, top}, {right, top + h + 0.4},
                                      {left, top + h + 0.4}};
            if (r->picture[row][c] == letter) plot_lines(p, at, 4, (plot_style){.fill = fill});
        }
}

/* The border of it. */
static void outline(plot *p, const record *r, char letter, double x, double y, double side,
                    plot_style s)
{
    static char d[4096];
    const double w = side / WIDE, h = side / HIGH;
    int n = 0;
    d[0] = 0;
    for (int row = 0; row <= HIGH; row++)
        for (int c = 0; c <= WIDE && n < (int)sizeof d - 80; c++) {
            const int here = row < HIGH && c < WIDE && r->picture[row][c] == letter;
            const int above = row > 0 && c < WIDE && r->picture[row - 1][c] == letter;
            const int before = c > 0 && row < HIGH && r->picture[row][c - 1] == letter;
            char text[2][24];
            plot_number(text[0], x + c * w, 1), plot_number(text[1], y + row * h, 1);
            if (here != above) {
                char length[24];
                n += snprintf(d + n, 80, "M%s %sh%s", text[0], text[1], plot_number(length, w, 2));
            }
            if (here != before) {
                char length[24];
                n += snprintf(d + n, 80, "M%s %sv%s", text[0], text[1], plot_number(length, h, 2));
            }
        }
    plot_path(p, d, s);
}

static int captions(const char *directory)
{
    plot p = plot_new(640, 348, "Captions with attention",
                      "A picture of two shapes and, for each word of its caption that says "
                      "something, a map of 6 by 6 cells, dark where the network looked. For the "
                      "words of the first shape it is dark on the first shape, for those of the "
                      "second on the second.");
    static record r;
    static const char letter[3] = "rgb";
    static const int colour[3] = {PLOT_RED, PLOT_GREEN, PLOT_BLUE};
    const double side = 140;
    if (!read_record(&r, "book/runs/15_captions.txt"))
        plot_fail(&p, "not as expected: ", "book/runs/15_captions.txt");
    for (int k = 0; k <= r.maps; k++) {
        const double x = 8 + 161 * (k % 4), y = 26 + 174 * (k / 4);
        const plot_panel a = {&p, x, y, side, side, plot_range(0, ACROSS, NULL),
                              plot_range(ACROSS, 0, NULL)};
        if (k) plot_heat(&a, r.weight[k - 1], ACROSS, ACROSS, 0, 1.2, PLOT_BLUES, -1);
        for (int i = 0; i < 3; i++) {
            if (k == 0) area(&p, &r, letter[i], x, y, side, colour[i]);
            else outline(&p, &r, letter[i], x, y, side, (plot_style){.line = colour[i]});
        }
        plot_place(&p, PLOT_BOX, x + side / 2, y + side / 2, side, side, "",
                   (plot_style){.line = PLOT_GREY, .width = 1});
        plot_text(&p, x + side / 2, y - 13, k ? r.word[k - 1] : "the picture", PLOT_INK,
                  PLOT_MIDDLE | (k ? PLOT_BOLD : 0));
    }
    return plot_save(&p, directory, "67b-captions");
}

/* ---- 67c ---- */

enum { RUNS = 20, MIDDLE_X = 150, MIDDLE_Y = 158 };

static int read_runs(double right[KINDS][RUNS], const char *path)
{
    char line[128];
    FILE *in = fopen(path, "r");
    int n = 0;
    while (in && n < RUNS && fgets(line, sizeof line, in))
        n += sscanf(line, "%*d %lf %lf %lf", &right[0][n], &right[1][n], &right[2][n]) == 3;
    if (in) fclose(in);
    return n == RUNS;
}

static int listening(nn_ctx *nn, const char *directory)
{
    plot p = plot_new(640, 350, "Graph attention",
                      "Left: a member of a network in the middle, around it those it is linked to, "
                      "lines as thick as the attention they get: thick to members of its own "
                      "group, thin to robots. Right: per cent right of 20 seeds; alone 45 to 58, "
                      "with the mean of the neighbours 77 to 100, with attention 97 to 100.");
    nn_seed(nn, 1);
    const network net = learn(nn, ATTENTION);
    nn_clear(nn);
    nn_tensor *weights;
    const graph g = graph_for(nn, LARGE, ATTENTION);
    classify(&net, &g, &weights);
    enum { MOST = 64 };
    int me = 1, around[MOST], n = 0, robots_at = 0;
    for (int wanted = 1; wanted; me += wanted) { /* a member with about as many links as most */
        n = 0;
        for (int part = 0; part < 3; part++) {   /* own group, others, robots */
            if (part == 2) robots_at = n;
            for (int j = 0; j < LARGE && n < MOST; j++) {
                const int is = g.label[j] < 0 ? 2 : g.label[j] != g.label[me];
                if (j != me && is == part && g.adjacency->data[me * LARGE + j] > 0) around[n++] = j;
            }
        }
        wanted = g.label[me] < 0 || n != 36 || robots_at < 15 || robots_at > 17;
    }
    static const int colour[GROUPS] = {PLOT_BLUE, PLOT_ORANGE, PLOT_GREEN, PLOT_PURPLE};
    static const double cosine = 0.98480775301220806, sine = 0.17364817766693035; /* of 10 degrees */
    double of_robots = 0, itself = 0, x = 0, y = -120;
    char text[3][64];
    for (int k = 0; k < n; k++) {
        const int j = around[k], robot = g.label[j] < 0;
        const int c = robot ? PLOT_GREY : colour[g.label[j]];
        double w = 0;
        for (int h = 0; h < HEADS; h++)
            w += (double)weights->data[(h * LARGE + me) * LARGE + j] / HEADS;
        of_robots += robot ? w : 0;
        plot_line(&p, MIDDLE_X, MIDDLE_Y, MIDDLE_X + x, MIDDLE_Y + y,
                  (plot_style){.line = c, .width = 0.3 + 90 * w});
        plot_place(&p, robot ? PLOT_BOX : PLOT_CIRCLE, MIDDLE_X + x, MIDDLE_Y + y, 15, 15, "",
                   plot_filled(c, PLOT_LIGHT(c)));
        const double turned = cosine * x - sine * y;
        y = sine * x + cosine * y, x = turned;
    }
    for (int h = 0; h < HEADS; h++)
        itself += (double)weights->data[(h * LARGE + me) * LARGE + me] / HEADS;
    plot_place(&p, PLOT_CIRCLE, MIDDLE_X, MIDDLE_Y, 26, 26, "",
               plot_filled(colour[g.label[me]], PLOT_LIGHT(colour[g.label[me]])));
    plot_text(&p, MIDDLE_X, 14, "whom a member listens to", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    snprintf(text[0], sizeof *text, "robots: %d links, %.0f %% of attention", n - robots_at,
             100 * of_robots);
    snprintf(text[1], sizeof *text, "members: %d links, %.0f %%", robots_at,
             100 * (1 - of_robots - itself));
    snprintf(text[2], sizeof *text, "itself: %.0f %%", 100 * itself);
    for (int i = 0; i < 3; i++)
        plot_text(&p, MIDDLE_X, 300 + 17 * i, text[i], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    if (!(of_robots < 0.4)) plot_fail(&p, "robots are heard", "");

    static const char *const kind[KINDS] = {"alone", "mean", "attention"};
    static double right[KINDS][RUNS];
    if (!read_runs(right, "book/runs/15_graph.txt"))
        plot_fail(&p, "not as expected: ", "book/runs/15_graph.txt");
    plot_spec spec = {.x = {.min = -0.5, .max = 2.5, .name = kind, .names = KINDS},
                      .y = plot_range(40, 100, "right, in %")};
    const plot_panel a = plot_axes(&p, 330, 26, 304, 318, spec);
    plot_text(&p, 500, 14, "20 seeds", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    for (int k = 0; k < KINDS; k++) {
        double at[RUNS];
        static const int shade[KINDS] = {PLOT_RED, PLOT_ORANGE, PLOT_BLUE};
        for (int i = 0; i < RUNS; i++) at[i] = k + 0.036 * (i - 9.5);
        plot_points(&a, at, right[k], RUNS, PLOT_DOT, 3.5, (plot_style){.fill = shade[k]});
    }
    return plot_save(&p, directory, "67c-graph");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(42);
    int good = two_ways(directory);
    good &= captions(directory);
    good &= listening(nn, directory);
    nn_destroy(nn);
    return !good;
}
