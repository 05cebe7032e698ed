/* Figure 55d: what the network of examples/13_sunspots.c says of the years after those it learned
 * from: of each year from the years before it, and of all of them from the years before the first,
 * which autoregression does, too. The example is included as it stands, but for its main. Run from
 * the root of the repository. */
#define main sunspots_main
#include "../../examples/13_sunspots.c"
#undef main
#include "../tools/plot.h"

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(1);
    const nn_csv_options with_header = {.header = 1};
    const nn_table table = nn_csv_load(nn, "examples/data/sunspots.csv", with_header);
    const int years = table.rows - TEST;
    if (years < 2 * K || table.rows > MAX_YEARS) return 1;
    nn_real v[MAX_YEARS], own[K + TEST], linear[K + TEST];
    double w[K + 1];
    for (int i = 0; i < table.rows; i++) v[i] = table.data[2 * i + 1];
    const nn_stat past = nn_stats(nn_input(nn, v, nn_shape1(years)));
    for (int i = 0; i < table.rows; i++) v[i] = (nn_real)(((double)v[i] - past.mean) / past.std);
    memcpy(linear, v + years - K, K * sizeof *linear);
    autoregression(v, years, w);
    for (int i = 0; i < TEST; i++) {
        double sum = w[K];
        for (int k = 0; k < K; k++) sum += w[k] * (double)linear[i + k];
        linear[K + i] = (nn_real)sum;
    }
    const nn_tensor *next = NULL;
    int fades = 0;
    for (uint64_t seed = SEEDS; seed >= 1; seed--) { /* 1 is drawn, the others checked */
        const network net = learn(nn, v, years, STEPS, 0, 0, seed);
        nn_clear(nn);
        next = forecast(&net, nn, v + years - K, TEST);
        memcpy(own, v + years - K, K * sizeof *own);
        double low = 1e9, high = -1e9;
        for (int i = 0; i < TEST; i++) {
            own[K + i] = forecast(&net, nn, own + i, 1)->data[0];
            if (i >= TEST - 20) low = fmin(low, (double)own[K + i]);
            if (i >= TEST - 20) high = fmax(high, (double)own[K + i]);
        }
        fades |= !(past.std * (high - low) > 70);
    }

    double x[TEST], y[4][TEST];
    for (int i = 0; i < TEST; i++) {
        x[i] = (double)table.data[2 * (years + i)];
        y[0][i] = past.mean + past.std * (double)v[years + i];
        y[1][i] = past.mean + past.std * (double)next->data[i];
        y[2][i] = past.mean + past.std * (double)own[K + i];
        y[3][i] = past.mean + past.std * (double)linear[K + i];
    }
    plot p = plot_new(640, 330, "Sunspots, counted and forecast",
                      "1940 to 2008. A year ahead the network follows six cycles, of which the "
                      "peaks are 106 to 190. From its own forecasts it goes on in cycles between "
                      "17 and 104 of 10 years each, a year late in 1948 and a year early in 1999; "
                      "the cycles of autoregression fade towards a line at 46.");
    const plot_panel a = plot_axes(&p, 0, 0, 640, 300,
                                   (plot_spec){.x = plot_range(1940, 2010, "year"),
                                               .y = plot_range(0, 200, "sunspots")});
    static const int colour[4] = {PLOT_GREY, PLOT_BLUE, PLOT_RED, PLOT_PURPLE};
    static const char *const name[4] = {"counted", "a year ahead", "on its own",
                                        "autoregression on its own"};
    double key = 50;
    for (int k = 0; k < 4; k++) {
        const plot_style style = {.line = colour[k], .width = k ? 1.8 : 4, .dash = k < 3 ? 0 : 5};
        plot_curve(&a, x, y[k], TEST, style);
        key = plot_key(&p, key, 316, PLOT_LINE, style, name[k]);
    }
    if (fades || !(y[1][17] > 150 && fabs(y[3][TEST - 1] - y[3][TEST - 6]) < 20))
        plot_fail(&p, "the forecasts are not as the text says", "");
    nn_destroy(nn);
    return !plot_save(&p, directory, "55d-sunspots");
}
