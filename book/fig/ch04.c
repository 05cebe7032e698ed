/* Figures 14 to 17: learning with labels and without, the perceptron's algorithm, STDP. Run from
 * the root of the repository: two of them show examples/data/iris.csv. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { N = 100 }; /* flowers: 50 setosa, 50 versicolor */

static nn_real flower[N][2]; /* length of sepal and of petal */

static void load(nn_ctx *nn)
{
    nn_table t =
        nn_csv_load(nn, "examples/data/iris.csv", (nn_csv_options){1, ',', NN_MISSING_ERROR, 0});
    for (int i = 0; i < N && i < t.rows; i++)
        flower[i][0] = t.data[i * t.cols], flower[i][1] = t.data[i * t.cols + 2];
}

static const int mark[5] = {PLOT_DOT, PLOT_TRIANGLE, PLOT_SQUARE, PLOT_DIAMOND, PLOT_DOT};
static const int colour[5] = {PLOT_BLUE, PLOT_RED, PLOT_GREEN, PLOT_ORANGE, PLOT_GREY};

static plot_panel panel(plot *p, double left, const char *title)
{
    return plot_axes(p, left, 0, 320, 316,
                     (plot_spec){.x = plot_range(4, 7.2, "length of sepal (cm)"),
                                 .y = plot_range(0, 6, "length of petal (cm)"),
                                 .title = title});
}

/* Group 0, 1: the classes; 2, 3: clusters; 4: neither. */
static void points(const plot_panel *a, const int *group)
{
    for (int g = 0; g < 5; g++) {
        double gx[N], gy[N];
        int n = 0;
        for (int i = 0; i < N; i++)
            if (group[i] == g)
                gx[n] = (double)flower[i][0], gy[n++] = (double)flower[i][1];
        if (n) plot_points(a, gx, gy, n, mark[g], 4, plot_filled(PLOT_WHITE, colour[g]));
    }
}

static int supervised(const char *directory)
{
    nn_real w[2] = {0, 0};
    nn_perceptron line = {w, 0, 2};
    int label[N];
    for (int i = 0; i < N; i++) label[i] = i >= 50;
    const nn_perceptron_result r = nn_perceptron_fit(&line, flower[0], label, N, 1, 1000);
    const double w1 = (double)w[0], w2 = (double)w[1], b = (double)line.b;
    char title[40];
    snprintf(title, sizeof title, "learned: %ld updates", r.mistakes);
    plot p =
        plot_new(640, 350, "Supervised learning",
                 "Left: iris flowers, each with the label of its species. Right: the same with "
                 "the line a perceptron learned; all flowers of one species are on one side.");
    if (r.errors) plot_fail(&p, "the perceptron did not find a line", "");
    const plot_panel given = panel(&p, 0, "given: points with labels"),
                     found = panel(&p, 320, title);
    points(&given, label);
    plot_half_plane(&found, w1, w2, b, (plot_style){.fill = PLOT_LIGHT(PLOT_RED)});
    plot_half_plane(&found, -w1, -w2, -b, plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_BLUE)));
    points(&found, label);
    const double next = plot_key(&p, 220, 332, mark[0], (plot_style){.fill = colour[0]}, "setosa");
    plot_key(&p, next, 332, mark[1], (plot_style){.fill = colour[1]}, "versicolor");
    return plot_save(&p, directory, "14-supervised");
}

static int unsupervised(nn_ctx *nn, const char *directory)
{
    const nn_kmeans m = nn_kmeans_fit(nn, flower[0], N, 2, 2, 100);
    if (!nn_ok(nn)) return 0;
    int none[N], group[N];
    for (int i = 0; i < N; i++) none[i] = 4, group[i] = 2 + m.cluster[i];
    char title[40];
    snprintf(title, sizeof title, "found: %d round%s of k-means", m.rounds,
             m.rounds == 1 ? "" : "s");
    plot p =
        plot_new(640, 350, "Unsupervised learning",
                 "Left: the same flowers without labels, all grey. Right: the two clusters that "
                 "k-means found, with their centres.");
    const plot_panel given = panel(&p, 0, "given: points only"), found = panel(&p, 320, title);
    points(&given, none);
    points(&found, group);
    for (int c = 0; c < 2; c++) {
        const double cx = (double)m.center[2 * c], cy = (double)m.center[2 * c + 1];
        plot_points(&found, &cx, &cy, 1, PLOT_CROSS, 8,
                    (plot_style){.line = PLOT_INK, .width = 3.5});
    }
    double next = plot_key(&p, 170, 332, mark[2], (plot_style){.fill = colour[2]}, "cluster 1");
    next = plot_key(&p, next, 332, mark[3], (plot_style){.fill = colour[3]}, "cluster 2");
    plot_key(&p, next, 332, PLOT_CROSS, (plot_style){.line = PLOT_INK, .width = 3}, "centres");
    return plot_save(&p, directory, "15-unsupervised");
}

static plot_node step(plot *p, double at_x, double at_y, const char *text, int fill)
{
    return plot_place(p, PLOT_BOX, at_x, at_y, 230, 36, text,
                      plot_filled(PLOT_INK, PLOT_LIGHT(fill)));
}

static plot_node question(plot *p, double at_x, double at_y, const char *text)
{
    return plot_place(p, PLOT_RHOMBUS, at_x, at_y, 150, 64, text,
                      plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_ORANGE)));
}

static int flow_chart(const char *directory)
{
    plot p =
        plot_new(620, 640, "The perceptron learning algorithm",
                 "A flow chart: begin with zero weights; for each sample compute the output y; "
                 "if it is not the target t, add the learning rate times (t - y) x to the "
                 "weights; repeat epochs until one has no mistake, or too many have passed.");
    const plot_style arrow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
    const double middle = 220;
    const plot_node start = step(&p, middle, 32, "$w = 0$,  $b = 0$", PLOT_GREY);
    const plot_node epoch = step(&p, middle, 96, "new epoch:  mistakes = 0", PLOT_GREY);
    const plot_node next = step(&p, middle, 160, "next sample $x$ with target $t$", PLOT_GREY);
    const plot_node output =
        step(&p, middle, 224, "$y = 1$ if $w·x + b > 0$, else $0$", PLOT_GREY);
    const plot_node right = question(&p, middle, 302, "$y = t$ ?");
    const plot_node last = question(&p, middle, 408, "last\nsample?");
    const plot_node done = question(&p, middle, 516, "mistakes = 0, or\ntoo many epochs?");
    const plot_node stop = step(&p, middle, 610, "stop", PLOT_GREY);
    const plot_node update =
        plot_place(&p, PLOT_BOX, 490, 302, 190, 76,
                   "$w ← w + η (t - y) x$\n$b ← b + η (t - y)$\nmistakes ← mistakes + 1",
                   plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_GREEN)));
    plot_connect(&p, start, epoch, arrow);
    plot_connect(&p, epoch, next, arrow);
    plot_connect(&p, next, output, arrow);
    plot_connect(&p, output, right, arrow);
    plot_connect(&p, right, last, arrow);
    plot_connect(&p, right, update, arrow);
    plot_connect(&p, last, done, arrow);
    plot_connect(&p, done, stop, arrow);
    const plot_point joins[3] = {
        plot_border(update, 0, 1), {update.x, last.y}, plot_border(last, 1, 0)};
    plot_lines(&p, joins, 3, arrow);
    const plot_point sample[4] = {
        plot_border(last, -1, 0), {60, last.y}, {60, next.y}, plot_border(next, -1, 0)};
    plot_lines(&p, sample, 4, arrow);
    const plot_point again[4] = {
        plot_border(done, -1, 0), {30, done.y}, {30, epoch.y}, plot_border(epoch, -1, 0)};
    plot_lines(&p, again, 4, arrow);
    plot_text(&p, middle + 10, 352, "yes", PLOT_INK, PLOT_LEFT);
    plot_text(&p, plot_border(right, 1, 0).x + 8, 290, "no", PLOT_INK, PLOT_LEFT);
    plot_text(&p, middle + 10, 456, "yes", PLOT_INK, PLOT_LEFT);
    plot_text(&p, plot_border(last, -1, 0).x - 8, 396, "no", PLOT_INK, PLOT_RIGHT);
    plot_text(&p, middle + 10, 578, "yes", PLOT_INK, PLOT_LEFT);
    plot_text(&p, plot_border(done, -1, 0).x - 8, 504, "no", PLOT_INK, PLOT_RIGHT);
    return plot_save(&p, directory, "16-perceptron-algorithm");
}

/* Two spikes, one after the other. */
static void spikes(plot *p, double left, double top, const char *first, const char *second)
{
    const plot_style trace = {.line = PLOT_INK, .width = 1.5};
    for (int i = 0; i < 2; i++) {
        const double base = top + 30 * i, at = left + 60 + 24 * i;
        const plot_point line[5] = {
            {left + 40, base}, {at, base}, {at, base - 16}, {at, base}, {left + 110, base}};
        plot_lines(p, line, 5, trace);
        plot_text(p, left, base - 6, i ? second : first, PLOT_INK, PLOT_LEFT);
    }
}

/* The curve of nn_stdp_pair. */
static int stdp(const char *directory)
{
    enum { POINTS = 81 };
    const nn_stdp rule = nn_stdp_new();
    double before[POINTS], after[POINTS], weaker[POINTS], stronger[POINTS];
    for (int i = 0; i < POINTS; i++) { /* milliseconds */
        const nn_real dt = i > 0 ? (nn_real)i : 1e-6f; /* not 0: the curve's ends are beside it */
        before[i] = -i, weaker[i] = (double)nn_stdp_pair(&rule, -dt);
        after[i] = i, stronger[i] = (double)nn_stdp_pair(&rule, dt);
    }
    plot p =
        plot_new(600, 380, "Spike-timing-dependent plasticity",
                 "Change of a synapse against the time from the presynaptic to the postsynaptic "
                 "spike. For positive times it is strengthened, most just after 0; for negative "
                 "times it is weakened; both fade within about 60 ms.");
    const plot_panel a =
        plot_axes(&p, 0, 0, 600, 380,
                  (plot_spec){.x = plot_range(-80, 80, "$Δt = t_{post} - t_{pre}$  (ms)"),
                              .y = plot_range(-0.006, 0.006, "change of the weight, $Δw$")});
    plot_curve(&a, before, weaker, POINTS, (plot_style){.line = PLOT_RED, .width = 2.5, .dash = 7});
    plot_curve(&a, after, stronger, POINTS, (plot_style){.line = PLOT_BLUE, .width = 2.5});
    plot_points(&a, before, weaker, 1, PLOT_DOT, 4.5, plot_filled(PLOT_RED, PLOT_WHITE));
    plot_points(&a, after, stronger, 1, PLOT_DOT, 4.5, plot_filled(PLOT_BLUE, PLOT_WHITE));
    plot_text(&p, plot_x(&a, 46), plot_y(&a, 0.005), "potentiation (LTP)", PLOT_BLUE,
              PLOT_MIDDLE | PLOT_BOLD);
    spikes(&p, plot_x(&a, 46) - 55, plot_y(&a, 0.005) + 44, "pre", "post");
    plot_text(&p, plot_x(&a, -52), plot_y(&a, -0.0025), "depression (LTD)", PLOT_RED,
              PLOT_MIDDLE | PLOT_BOLD);
    spikes(&p, plot_x(&a, -52) - 55, plot_y(&a, -0.0025) + 40, "post", "pre");
    return plot_save(&p, directory, "17-stdp");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    load(nn);
    int good = nn_ok(nn);
    if (good) good &= supervised(directory), good &= unsupervised(nn, directory);
    good &= flow_chart(directory);
    good &= stdp(directory);
    nn_destroy(nn);
    return !good;
}
