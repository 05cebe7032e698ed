/* Figure 69: how the flow of 17_flow.c bends a normal distribution to two moons. Run from the root
 * of the repository. */
#include "../tools/plot.h"
#define main flow_main
#include "../../examples/17_flow.c"
#undef main

enum { RINGS = 3, ROUND = 271, POINTS = 75, VIEWS = 3 };

/* The points z [n, 2] after the last `layers` of the flow, which come first on the way to data. */
static nn_tensor *on_the_way(const coupling *flow, nn_tensor *z, int layers)
{
    nn_tensor *s, *t, *a[2] = {nn_slice(z, 1, 0, 1), nn_slice(z, 1, 1, 2)};
    for (int l = LAYERS - 1; l >= LAYERS - layers; l--) {
        scale_and_shift(&flow[l], a[l % 2], &s, &t);
        a[1 - l % 2] = nn_mul(nn_sub(a[1 - l % 2], t), nn_exp(nn_scale(s, -1)));
    }
    return nn_concat(1, 2, a);
}

/* Every step-th of the points of z, n of them, which x and y have room for. */
static void columns(const nn_tensor *z, int step, int n, double *x, double *y)
{
    for (int i = 0; i < n; i++) {
        x[i] = (double)z->data[2 * i * step];
        y[i] = (double)z->data[2 * i * step + 1];
    }
}

/* On which side of the line from (ax, ay) to (bx, by) is (x, y)? The sign tells. */
static double side(double ax, double ay, double bx, double by, double x, double y)
{
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax);
}

/* How often pieces of one ring, as drawn, cross or touch those of another. Each ring has `round`
 * points, one ring after the other. Where all is only bent they never do. */
static int crossings(const double *x, const double *y, int round)
{
    int n = 0;
    for (int i = 0; i < RINGS * round - 1; i++)
        for (int j = (i / round + 1) * round; j < RINGS * round - 1; j++) {
            if (i % round == round - 1 || j % round == round - 1) continue; /* from ring to ring */
            const double a = side(x[i], y[i], x[i + 1], y[i + 1], x[j], y[j]);
            const double b = side(x[i], y[i], x[i + 1], y[i + 1], x[j + 1], y[j + 1]);
            const double c = side(x[j], y[j], x[j + 1], y[j + 1], x[i], y[i]);
            const double d = side(x[j], y[j], x[j + 1], y[j + 1], x[i + 1], y[i + 1]);
            n += a * b <= 0 && c * d <= 0;
        }
    return n;
}

static plot_axis around(const double *x, int n)
{
    double low = x[0], high = x[0];
    for (int i = 0; i < n; i++) low = fmin(low, x[i]), high = fmax(high, x[i]);
    return plot_range(low - 0.03 * (high - low), high + 0.03 * (high - low), NULL);
}

static int moons(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 268, "A flow bends a normal distribution to two moons",
                      "Three panels. Left, three circles round the middle and points that thin out "
                      "outwards. Middle, after four layers, the circles are drawn out and bent. "
                      "Right, after eight, they follow two half moons with a bridge between them, "
                      "among points of the data.");
    coupling flow[LAYERS];
    learn(nn, flow);
    nn_tensor *z = nn_full(nn, nn_shape2(RINGS * ROUND, 2), 0);
    nn_tensor *angle = nn_full(nn, nn_shape1(ROUND), 0);
    for (int i = 0; i < ROUND; i++)
        angle->data[i] = (nn_real)(6.2831853071795865 * i / (ROUND - 1));
    const nn_tensor *across = nn_cos(angle), *up = nn_sin(angle);
    /* within them 20, 50 and 80 of 100 points of a normal distribution: sqrt(-2 log(1 - p)) */
    static const double radius[RINGS] = {0.66805, 1.17741, 1.79412};
    for (int i = 0; i < RINGS * ROUND && nn_ok(nn); i++) {
        z->data[2 * i] = (nn_real)radius[i / ROUND] * across->data[i % ROUND];
        z->data[2 * i + 1] = (nn_real)radius[i / ROUND] * up->data[i % ROUND];
    }
    nn_tensor *data = two_moons(nn, POINTS), *unused;
    nn_tensor *noise = to_normal(flow, data, &unused);
    if (!nn_ok(nn)) return 0;

    static const int layers[VIEWS] = {0, LAYERS / 2, LAYERS};
    static const char *const title[VIEWS] = {"normal", "after 4 layers", "after 8: the data"};
    static const int shade[RINGS] = {PLOT_RED, PLOT_GREEN, PLOT_BLUE};
    static const int step[VIEWS] = {9, 3, 1}; /* of a ring, less where it is bent less */
    for (int v = 0; v < VIEWS; v++) {
        static double x[POINTS + RINGS * ROUND], y[POINTS + RINGS * ROUND];
        const int round = (ROUND - 1) / step[v] + 1;
        const nn_tensor *at = on_the_way(flow, noise, layers[v]);
        columns(at, 1, POINTS, x, y);
        for (int k = 0; k < RINGS; k++) {
            nn_tensor *ring = nn_slice(z, 0, k * ROUND, (k + 1) * ROUND);
            ring = on_the_way(flow, ring, layers[v]);
            if (!nn_ok(nn)) return 0;
            columns(ring, step[v], round, x + POINTS + k * round, y + POINTS + k * round);
        }
        const int all = POINTS + RINGS * round, n = crossings(x + POINTS, y + POINTS, round);
        if (n) {
            fprintf(stderr, "69-flow: after %d layers rings cross %d times\n", layers[v], n);
            return 0;
        }
        plot_spec spec = {.x = around(x, all), .y = around(y, all), .title = title[v], .bare = 1};
        const plot_panel a = plot_axes(&p, 213 * v, 4, 213, 262, spec);
        plot_points(&a, x, y, POINTS, PLOT_DOT, 1.4, (plot_style){.fill = PLOT_GREY});
        for (int k = RINGS - 1; k >= 0; k--) {
            const int from = POINTS + k * round;
            plot_curve(&a, x + from, y + from, round, (plot_style){.line = shade[k], .width = 1.5});
        }
    }
    return plot_save(&p, directory, "69-flow");
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(1);
    const int good = moons(argc > 1 ? argv[1] : "book/fig", nn);
    nn_destroy(nn);
    return !good;
}
