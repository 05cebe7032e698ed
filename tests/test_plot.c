/* book/tools/plot.h: numbers, ticks, widths of text, geometry, and that every file it writes is
 * whole and well-formed.
 *
 *     cc -std=c99 -O1 tests/test_plot.c -lm -o build/test_plot && build/test_plot
 *
 * Run from the root of the repository; it writes into build/.
 */
#include "../book/tools/plot.h"
#include "test.h"

static double chance(double low, double high) /* Marsaglia's xorshift */
{
    static unsigned long long state = 88172645463325252u;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return low + (high - low) * (double)(state >> 11) / 9007199254740992.0;
}

/* ---- numbers ---- */

static void numbers_are_rounded(void)
{
    static const struct {
        double v;
        int decimals;
        const char *text;
    } table[] = {{0, 0, "0"},
                 {-0.0, 2, "0.00"},
                 {-0.004, 2, "0.00"},
                 {-0.3, 0, "0"},
                 {0.005, 2, "0.01"},
                 {-0.005, 2, "-0.01"},
                 {0.285, 2, "0.29"},
                 {1.005, 2, "1.01"},
                 {-2.675, 2, "-2.68"},
                 {0.1 + 0.2, 2, "0.30"},
                 {99.999, 2, "100.00"},
                 {-0.999, 2, "-1.00"},
                 {2.5, 0, "3"},
                 {-2.5, 0, "-3"},
                 {1e9, 0, "1000000000"},
                 {123456.06, 1, "123456.1"},
                 {0.000001, 6, "0.000001"}};
    char text[40];
    for (int i = 0; i < (int)(sizeof table / sizeof table[0]); i++)
        CHECK_STR(plot_number(text, table[i].v, table[i].decimals), table[i].text);
    int wrong = 0;
    for (int k = -123456; k <= 123456; k++) { /* a little error on either side changes nothing */
        char expected[40];
        snprintf(expected, sizeof expected, "%s%d.%02d", k < 0 ? "-" : "", abs(k) / 100,
                 abs(k) % 100);
        wrong += strcmp(plot_number(text, k / 100.0, 2), expected) != 0;
        wrong += strcmp(plot_number(text, k / 100.0 * (1 + 4e-16), 2), expected) != 0;
        const double half = (k + (k < 0 ? -0.5 : 0.5)) / 100; /* away from zero, from both sides */
        const int away = abs(k) + 1;
        snprintf(expected, sizeof expected, "%s%d.%02d", k < 0 ? "-" : "", away / 100, away % 100);
        wrong += strcmp(plot_number(text, half * (1 - 4e-16), 2), expected) != 0;
        wrong += strcmp(plot_number(text, half * (1 + 4e-16), 2), expected) != 0;
    }
    CHECK_INT(wrong, 0);
}

static void coordinates_are_short(void)
{
    plot p = plot_new(10, 10, "", "");
    plot__put(&p, "# # # # % #", 100., 12.5, -0.001, 0.126, "text", -7.10);
    plot__put(&p, "%", "");
    CHECK_INT(p.size, strlen("100 12.5 0 0.13 text -7.1"));
    CHECK(!strncmp(p.text, "100 12.5 0 0.13 text -7.1", p.size));
    CHECK_STR(p.problem, "");
    free(p.text);
}

static void log10_is_libms(void)
{
    for (int i = 0; i < 10000; i++) {
        const double x = exp(chance(-300, 300));
        CHECK_NEAR(plot__log10(x), log10(x), 1e-15 * fmax(1, fabs(log10(x))));
    }
    for (int e = -20; e <= 20; e++) CHECK_NEAR(plot__log10(plot__power(e)), e, 1e-14);
}

/* ---- ticks ---- */

static void ticks_say(plot_axis a, int most, const char *expected)
{
    plot_tick tick[PLOT_MAX_TICKS];
    char all[400] = "";
    const int n = plot_ticks(&a, most, tick);
    for (int i = 0; i < n; i++) strcat(strcat(all, i ? " " : ""), tick[i].text);
    CHECK_STR(all, expected);
}

static void ticks_are_nice(void)
{
    static const char *const name[3] = {"cat", "dog", "fish"};
    ticks_say((plot_axis){.min = 0, .max = 10}, 6, "$0$ $2$ $4$ $6$ $8$ $10$");
    ticks_say((plot_axis){.min = 0, .max = 10}, 5, "$0$ $5$ $10$");
    ticks_say((plot_axis){.min = -6, .max = 6}, 7, "$-6$ $-4$ $-2$ $0$ $2$ $4$ $6$");
    ticks_say((plot_axis){.min = 0, .max = 1}, 6, "$0.0$ $0.2$ $0.4$ $0.6$ $0.8$ $1.0$");
    ticks_say((plot_axis){.min = -0.1, .max = 0.31}, 5, "$-0.1$ $0.0$ $0.1$ $0.2$ $0.3$");
    ticks_say((plot_axis){.min = 0, .max = 1 - 0.9}, 3, "$0.00$ $0.05$ $0.10$"); /* < 0.1 */
    ticks_say((plot_axis){.min = 0.9 - 1, .max = 0}, 3, "$-0.10$ $-0.05$ $0.00$");
    ticks_say((plot_axis){.min = 1, .max = -1}, 3, "$-1$ $0$ $1$");
    ticks_say((plot_axis){.min = 0, .max = 60000}, 4, "$0$ $20000$ $40000$ $60000$");
    ticks_say((plot_axis){.min = 0.001, .max = 100, .log = 1}, 6,
              "$10^{-3}$ $10^{-2}$ $10^{-1}$ $10^{0}$ $10^{1}$ $10^{2}$");
    ticks_say((plot_axis){.min = 1e-8, .max = 1, .log = 1}, 5,
              "$10^{-8}$ $10^{-6}$ $10^{-4}$ $10^{-2}$ $10^{0}$");
    ticks_say((plot_axis){.name = name, .names = 3}, 1, "cat dog fish");
}

/* Any range: not too many, inside, all of them, as their texts say, the finest allowed. */
static void ticks_of_any_range(void)
{
    for (int round = 0; round < 20000; round++) {
        const double size = exp(chance(-8, 12));
        plot_axis a = {.min = chance(-size, size)};
        a.max = a.min + chance(0.05, 1) * size;
        const int most = 2 + (int)chance(0, 9);
        plot_tick tick[PLOT_MAX_TICKS];
        const int n = plot_ticks(&a, most, tick);
        CHECK(n >= 1 && n <= most);
        if (n < 2) continue;
        const double step = tick[1].at - tick[0].at, tiny = 1e-5 * step;
        CHECK(tick[0].at >= a.min - tiny && tick[0].at - step < a.min - tiny);
        CHECK(tick[n - 1].at <= a.max + tiny && tick[n - 1].at + step > a.max + tiny);
        for (int i = 0; i < n; i++) {
            CHECK_NEAR(tick[i].at, tick[0].at + i * step, 1e-9 * size);
            CHECK_NEAR(strtod(tick[i].text + 1, NULL), tick[i].at, 1e-9 * size);
        }
        double finer = 0; /* the largest nice step below: it must make too many ticks */
        for (int e = -6; e <= 9; e++)
            for (int m = 1; m <= 5; m += m == 1 ? 1 : 3)
                if (m * pow(10, e) < step * 0.99) finer = fmax(finer, m * pow(10, e));
        if (finer > 0) CHECK(floor(a.max / finer + 1e-6) - ceil(a.min / finer - 1e-6) + 1 > most);
    }
}

/* ---- text ---- */

/* Widths of Helvetica in thousandths, from Adobe's published metrics. */
static double helvetica(const char *s)
{
    static const int lower[26] = {556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833,
                                  556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500};
    static const int upper[26] = {667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
                                  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611};
    double width = 0;
    for (; *s; s++)
        width += *s >= 'a' && *s <= 'z'   ? lower[*s - 'a']
                 : *s >= 'A' && *s <= 'Z' ? upper[*s - 'A']
                 : *s >= '0' && *s <= '9' ? 556
                 : *s == '+' || *s == '=' ? 584
                 : *s == '(' || *s == ')' ? 333
                                          : 278; /* blank, full stop, comma */
    return width / 1000;
}

static void widths_are_enough_but_not_too_much(void)
{
    static const char *const text[] = {
        "potentiation (LTP)", "number of epochs",        "leaky ReLU", "1.25",
        "validation loss",    "Wolfgang Amadeus Mozart", "illicit",    "learning rate = 0.01",
        "WHERE AM I"};
    for (int i = 0; i < (int)(sizeof text / sizeof text[0]); i++) {
        const double width = plot_extent(text[i], 0).x / 15;
        if (!test_check(width >= helvetica(text[i]) && width < 1.35 * helvetica(text[i]), __FILE__,
                        __LINE__))
            printf("\"%s\" is %.2f em, in Helvetica %.2f em\n", text[i], width, helvetica(text[i]));
    }
    CHECK_NEAR(plot_extent("two\nlines", 0).x, plot_extent("lines", 0).x, 0);
    CHECK_NEAR(plot_extent("two\nlines", 0).y, 2 * plot_extent("two", 0).y, 0);
    CHECK_NEAR(plot_extent("$x$", 0).x, plot_extent("x", 0).x, 0); /* a dollar is not printed */
    CHECK(plot_extent("$x_1$", 0).x < plot_extent("$x1$", 0).x);   /* an index is smaller */
    CHECK_NEAR(plot_extent("$w_{ij}$", 0).x, plot_extent("$w_i$", 0).x + 0.31 * 12, 1e-9);
    CHECK_NEAR(plot_extent("\xce\xa3", 0).x, 0.7 * 15, 1e-9); /* a Greek letter is one letter */
    CHECK(plot_extent("bold", PLOT_BOLD).x > plot_extent("bold", 0).x);
}

static void written(const char *text, const char *expected)
{
    plot p = plot_new(10, 10, "", "");
    plot__write_line(&p, text, strlen(text), 0);
    plot__bytes(&p, "", 1);
    CHECK_STR(p.text, expected);
    free(p.text);
}

static void text_is_marked_up(void)
{
    written("plain", "plain");
    written("a < b & c", "a &lt; b &amp; c");
    written("$x$", "<tspan font-style=\"italic\">x</tspan>");
    written("$x_1$",
            "<tspan font-style=\"italic\">x</tspan><tspan dy=\"3.3\" font-size=\"12\">1</tspan>");
    written("$w_{ij} x$", "<tspan font-style=\"italic\">w</tspan>"
                          "<tspan dy=\"3.3\" font-size=\"12\" font-style=\"italic\">ij</tspan>"
                          "<tspan dy=\"-3.3\"> </tspan><tspan font-style=\"italic\">x</tspan>");
    written("$a^23$", "<tspan font-style=\"italic\">a</tspan><tspan dy=\"-6\" font-size=\"12\">2"
                      "</tspan><tspan dy=\"6\">3</tspan>");
    written("$10^{-3}$", "10<tspan dy=\"-6\" font-size=\"12\">\xe2\x88\x92"
                         "3</tspan>");
    written("$max(0, z)$", "max(0, <tspan font-style=\"italic\">z</tspan><tspan>)</tspan>");
    written("x_1 - 2", "x_1 - 2");
}

/* ---- geometry ---- */

static void lines_are_clipped(void)
{
    const plot_panel a = {NULL, 10, 20, 100, 50, plot_range(0, 1, NULL), plot_range(0, 1, NULL)};
    for (int round = 0; round < 300; round++) {
        const plot_point p = {chance(-50, 160), chance(-50, 160)},
                         q = {chance(-50, 160), chance(-50, 160)};
        plot_point from = p, to = q;
        const int visible = plot__clip(&a, &from, &to);
        double first = -1, last = -1; /* by walking along it */
        for (int i = 0; i <= 4000; i++) {
            const double x = p.x + (q.x - p.x) * i / 4000, y = p.y + (q.y - p.y) * i / 4000;
            if (x < 10 || x > 110 || y < 20 || y > 70) continue;
            if (first < 0) first = i;
            last = i;
        }
        if (last - first > 2) CHECK(visible);
        if (visible && first < 0) CHECK(hypot(to.x - from.x, to.y - from.y) < 0.2);
        if (!visible || first < 0) continue;
        CHECK_NEAR(from.x, p.x + (q.x - p.x) * first / 4000, 0.1);
        CHECK_NEAR(from.y, p.y + (q.y - p.y) * first / 4000, 0.1);
        CHECK_NEAR(to.x, p.x + (q.x - p.x) * last / 4000, 0.1);
        CHECK_NEAR(to.y, p.y + (q.y - p.y) * last / 4000, 0.1);
    }
    plot_point from = {(double)NAN, 30}, to = {50, 30};
    CHECK(!plot__clip(&a, &from, &to));
    from = (plot_point){20, 19}, to = (plot_point){50, 19}; /* passes above */
    CHECK(!plot__clip(&a, &from, &to));
}

static void borders_are_borders(void)
{
    for (int round = 0; round < 1000; round++)
        for (int shape = PLOT_BOX; shape <= PLOT_RHOMBUS; shape++) {
            const plot_node a = {shape, 100, 80, 60, shape == PLOT_CIRCLE ? 60 : 40};
            const double dx = chance(-1, 1), dy = chance(-1, 1);
            const plot_point b = plot_border(a, dx, dy);
            const double x = fabs(b.x - a.x), y = fabs(b.y - a.y);
            CHECK_NEAR((b.x - a.x) * dy, (b.y - a.y) * dx, 1e-9);
            CHECK((b.x - a.x) * dx + (b.y - a.y) * dy > 0);
            if (shape == PLOT_BOX) CHECK_NEAR(fmax(x - 30, y - 20), 0, 1e-9);
            if (shape == PLOT_CIRCLE) CHECK_NEAR(hypot(x, y), 30, 1e-9);
            if (shape == PLOT_RHOMBUS) CHECK_NEAR(x / 30 + y / 20, 1, 1e-9);
        }
}

static int numbers_in(const char *s, double *v, int most) /* all numbers of a path */
{
    int n = 0;
    for (char *end; *s && n < most; s = end) {
        const double number = strtod(s, &end);
        if (end == s)
            end++;
        else
            v[n++] = number;
    }
    return n;
}

static char *path_of(plot *p) /* what is in the only path's d */
{
    plot__bytes(p, "", 1);
    char *d = strstr(p->text, " d=\"");
    if (!d) return p->text;
    *strchr(d + 4, '"') = 0;
    return d + 4;
}

static void half_planes_have_the_right_area(void)
{
    for (int round = 0; round < 50; round++) {
        plot p = plot_new(10, 10, "", "");
        const plot_panel a = {&p, 0, 0, 100, 100, plot_range(0, 1, NULL), plot_range(1, 0, NULL)};
        const double w1 = chance(-1, 1), w2 = chance(-1, 1), b = chance(-1, 1);
        int inside = 0;
        for (int i = 0; i < 10000; i++)
            inside += w1 * (i % 100 + 0.5) / 100 + w2 * (i / 100 + 0.5) / 100 + b > 0;
        plot_half_plane(&a, w1, w2, b, (plot_style){.fill = PLOT_SKY});
        double v[32], area = 0;
        const int n = p.size ? numbers_in(path_of(&p), v, 32) / 2 : 0;
        for (int i = 0; i < n; i++) {
            const int j = (i + 1) % n;
            area += (v[2 * i] * v[2 * j + 1] - v[2 * j] * v[2 * i + 1]) / 2;
        }
        CHECK_NEAR(fabs(area), inside, 80);
        free(p.text);
    }
}

static void contours_are_level_lines(void)
{
    enum { N = 41 };
    static double z[N * N];
    for (int i = 0; i < N * N; i++) {
        const double x = i % N / 20.0 - 1, y = i / N / 20.0 - 1;
        z[i] = x * x + y * y;
    }
    plot p = plot_new(10, 10, "", "");
    const plot_panel a = {&p, 0, 0, 200, 200, plot_range(-1, 1, NULL), plot_range(-1, 1, NULL)};
    plot_contour(&a, z, N, N, 0.36,
                 (plot_style){.line = PLOT_BLUE}); /* a closed circle, radius 60 px */
    static double v[4000];
    char *d = path_of(&p);
    int n = numbers_in(d, v, 4000), lines = 0;
    for (; *d; d++) lines += *d == 'M';
    CHECK_INT(lines, 1);
    CHECK_NEAR(v[0], v[n - 2], 0);
    CHECK_NEAR(v[1], v[n - 1], 0);
    double length = 0;
    for (int i = 0; i + 3 < n; i += 2) {
        CHECK_NEAR(hypot(v[i] - 100, v[i + 1] - 100), 60, 0.1);
        length += hypot(v[i + 2] - v[i], v[i + 3] - v[i + 1]);
    }
    CHECK_NEAR(length, 2 * 3.14159265 * 60, 1);
    p.size = 0;

    for (int i = 0; i < N * N; i++)
        z[i] = (i % N - 20.3) * (i / N - 20.3); /* a saddle: two branches */
    plot_contour(&a, z, N, N, 0, (plot_style){.line = PLOT_BLUE});
    n = numbers_in(path_of(&p), v, 4000);
    for (int i = 0; i < n; i += 2) /* on one of the two straight lines where z is 0 */
        CHECK_NEAR(fmin(fabs(v[i] - 101.5), fabs(v[i + 1] - 98.5)), 0, 5.01);
    CHECK(n > 2 * 2 * (N - 2));

    /* Four points, two of them above: where their mean is above, too, the line goes round the two
     * below, else round the two above; each time sqrt(1 + 1) / 3 of the side, twice. */
    static const double four[2][4] = {{2, -1, -1, 2}, {1, -2, -2, 1}};
    for (int i = 0; i < 2; i++) {
        p.size = 0;
        plot_contour(&a, four[i], 2, 2, 0, (plot_style){.line = PLOT_BLUE});
        CHECK_INT(numbers_in(path_of(&p), v, 4000), 8);
        CHECK_NEAR(hypot(v[2] - v[0], v[3] - v[1]), 200 * sqrt(2) / 3, 0.02);
        CHECK_NEAR(hypot(v[6] - v[4], v[7] - v[5]), 200 * sqrt(2) / 3, 0.02);
    }
    free(p.text);
}

static void heat_maps_cover_every_cell_once(void)
{
    enum { W = 7, H = 5 };
    double z[W * H], v[8];
    for (int i = 0; i < W * H; i++) z[i] = floor(chance(0, 4));
    z[0] = 0, z[1] = 3;
    plot p = plot_new(10, 10, "", "");
    const plot_panel a = {&p, 0, 0, 70, 50, plot_range(0, 1, NULL), plot_range(1, 0, NULL)};
    plot_heat(&a, z, W, H, 0, 3, PLOT_VIRIDIS, -1);
    plot__bytes(&p, "", 1);
    CHECK(strstr(p.text, "#440154") && strstr(p.text, "#FDE725")); /* viridis begins and ends so */
    double got[W * H];
    for (int i = 0; i < W * H; i++) got[i] = -1;
    int paths = 0;
    for (char *path = strstr(p.text, "<path"); path; path = strstr(path + 1, "<path"), paths++) {
        char *end = strchr(path + 9, '"');
        for (char *rect = strchr(path, 'M'); rect && rect < end; rect = strchr(rect + 1, 'M')) {
            CHECK_INT(numbers_in(rect, v, 5), 5);
            CHECK_NEAR(v[3], 1, 0);
            CHECK_NEAR(v[4], -v[2], 0);
            for (int i = 0; i < (int)v[2]; i++) {
                const int cell = (int)v[1] * W + (int)v[0] + i;
                CHECK(got[cell] < 0);
                got[cell] = paths; /* the paths are in the order of the values: 0, 1, 2, 3 */
            }
        }
    }
    for (int i = 0; i < W * H; i++) CHECK_NEAR(got[i], z[i], 0);
    free(p.text);
}

static void labels_of_curves_are_pushed_apart(void)
{
    plot p = plot_new(300, 200, "", "");
    const plot_panel a = {&p, 10, 10, 200, 180, plot_range(0, 1, NULL), plot_range(0, 1, NULL)};
    static const double x[2] = {0, 1}, end[4] = {0.5, 0.5, 0.52, 0.9};
    static const char *const label[4] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        const double y[2] = {0, end[i]};
        plot_curve(&a, x, y, 2, (plot_style){.line = PLOT_BLUE, .label = label[i]});
    }
    plot__write_ends(&p);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++) CHECK(fabs(p.end[i].y - p.end[j].y) > 16.9);
    for (int i = 0; i < 4; i++)
        CHECK_STR(p.end[i].text, i == 0 ? "d" : i == 1 ? "c" : i == 2 ? "a" : "b");
    CHECK_NEAR(p.end[0].y, 28, 0); /* nothing near: it stays at its curve */
    const double sum = p.end[1].y + p.end[2].y + p.end[3].y;
    CHECK_NEAR(sum, 96.4 + 100 + 100, 0.01); /* as far up as down */
    p.ends = 1, p.end[0].y = 1;
    plot__write_ends(&p);
    CHECK_NEAR(p.end[0].y, 11, 0); /* not out of the figure */
    free(p.text);
    free(p.box);
}

/* ---- files ---- */

static char file[64 * 1024]; /* what read_file read */

static int read_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    file[0] = 0;
    if (!in) return 0;
    file[fread(file, 1, sizeof file - 1, in)] = 0;
    fclose(in);
    return 1;
}

/* Every tag is closed in its turn, every quote too, and no number is NaN or has three decimals. */
static int well_formed(const char *s)
{
    char open[32][16];
    int depth = 0;
    for (; *s; s++) {
        if (*s == '>') return 0;
        if (*s == '&' && strncmp(s, "&amp;", 5) && strncmp(s, "&lt;", 4)) return 0;
        if (*s != '<') continue;
        const int closes = s[1] == '/';
        char name[16];
        if (sscanf(s + 1 + closes, "%15[a-z]", name) != 1) return 0;
        int quoted = 0;
        for (; *s && (quoted || *s != '>'); s++) {
            quoted ^= *s == '"';
            if (quoted && *s == '<' && s[-1] == '"') return 0;
            if (quoted && (!strncmp(s, "nan", 3) || !strncmp(s, "inf", 3))) return 0;
            if (quoted && *s == '.' && strspn(s + 1, "0123456789") > 2) return 0;
        }
        if (!*s) return 0;
        if (closes) {
            if (depth == 0 || strcmp(open[--depth], name)) return 0;
        } else if (s[-1] != '/')
            strcpy(open[depth++], name);
    }
    return depth == 0;
}

static plot everything(void)
{
    static const double x[5] = {0, 1, 2, 3, 4}, y[5] = {0.1, 0.5, (double)NAN, 2, 1e9}, low[5],
                        high[5] = {1, 1, 1, 1, 1};
    static const double w[6] = {1, -1, 0.5, 0, 2, -0.25};
    static const int units[2] = {3, 2};
    static const char *const name[2] = {"a & b", "c < d"};
    plot p = plot_new(640, 560, "Every & each", "Shapes < \"everything\"");
    const plot_panel a = plot_axes(&p, 0, 0, 300, 250,
                                   (plot_spec){.x = plot_range(0, 4, "$x_1$"),
                                               .title = "one",
                                               .y = plot_range(0, 2, "a long label"),
                                               .room = "end"});
    plot_half_plane(&a, 1, -1, -1, plot_filled(PLOT_INK, PLOT_LIGHT(PLOT_BLUE)));
    plot_band(&a, x, low, high, 5, (plot_style){.fill = PLOT_YELLOW});
    plot_curve(&a, x, y, 5, (plot_style){.line = PLOT_RED, .dash = 4, .label = "end"});
    for (int mark = PLOT_DOT; mark <= PLOT_LINE; mark++)
        plot_points(&a, x, high, 5, mark, 4, (plot_style){.line = PLOT_GREEN, .fill = PLOT_ORANGE});
    plot_bars(&a, x, high, 5, 0.4, (plot_style){.fill = PLOT_PURPLE});
    const plot_panel b = plot_axes(
        &p, 300, 0, 260, 250,
        (plot_spec){.x = {.name = name, .names = 2}, .bare = 1, .y = {.name = name, .names = 2}});
    plot_heat(&b, w, 2, 2, -1, 1, PLOT_DIVERGING, 1);
    plot_contour(&b, w, 2, 2, 0.1, (plot_style){.line = PLOT_INK});
    plot_colour_bar(&p, 565, 20, 200, -1, 1, PLOT_DIVERGING, NULL);
    const plot_panel c = plot_axes(
        &p, 300, 250, 300, 150,
        (plot_spec){.x = {1, 1000, "steps", 1, NULL, 0}, .equal = 0, .y = plot_range(2, 0, "$y$")});
    plot_curve(&c, high, high, 5, (plot_style){.line = PLOT_INK});
    const plot_net net = {60, 300, 150, 100, units, 2, 15};
    plot_edges(&p, &net, 0, w, 2);
    plot_units(&p, &net, 0, NULL, (plot_style){.line = PLOT_INK});
    plot_units(&p, &net, 1, name, (plot_style){.line = PLOT_INK});
    const plot_node box =
        plot_place(&p, PLOT_BOX, 100, 500, 0, 0, "two\nlines", (plot_style){.line = PLOT_INK});
    const plot_node rhombus = plot_place(&p, PLOT_RHOMBUS, 300, 500, 30, 20, "$y_i = t$ ?",
                                         (plot_style){.line = PLOT_INK});
    plot_connect(&p, box, rhombus, (plot_style){.line = PLOT_INK, .arrow = 1});
    plot_text(&p, 500, 480, "over", PLOT_SKY, PLOT_ON_WHITE | PLOT_BOLD);
    plot_key(&p, 500, 520, PLOT_DIAMOND, (plot_style){.fill = PLOT_GREEN}, "key");
    plot_path(&p, "M1 1L2 2", (plot_style){.line = PLOT_INK});
    return p;
}

static void files_are_well_formed(void)
{
    plot p = everything();
    remove("build/plot-test.svg");
    if (!test_check(plot_save(&p, "build", "plot-test"), __FILE__, __LINE__))
        printf("%s\n", p.problem);
    CHECK(read_file("build/plot-test.svg"));
    CHECK(!strncmp(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"560\"",
                   60));
    CHECK(well_formed(file));
    CHECK(strstr(file, "<title>Every &amp; each</title>\n<desc>Shapes &lt; \"everything\"</desc>"));
    FILE *rest = fopen("build/plot-test.svg.tmp", "r");
    CHECK(!rest);
    if (rest) fclose(rest);
    CHECK(well_formed("<g><path d=\"M1 2\"/></g>")); /* the check itself: */
    CHECK(!well_formed("<g><path d=\"M1 2\"></g>")); /* not closed */
    CHECK(!well_formed("<g></g></g>"));              /* closed twice */
    CHECK(!well_formed("<path d=\"Mnan 2\"/>"));     /* not a number */
    CHECK(!well_formed("<path d=\"M1.234 2\"/>"));   /* too many decimals */
    CHECK(!well_formed("<text>a & b</text>"));
}

/* What is wrong is told, and the file of before stays. */
static void problem(plot *p, const char *directory, const char *expected)
{
    char before[200] = "";
    read_file("build/plot-test.svg");
    memcpy(before, file, sizeof before - 1);
    CHECK(!plot_save(p, directory, "plot-test"));
    CHECK_STR(p->problem, expected);
    CHECK(read_file("build/plot-test.svg") && !strncmp(file, before, sizeof before - 1));
    CHECK(!read_file("build/plot-test.svg.tmp"));
}

static void mistakes_are_told(void)
{
    const plot_style line = {.line = PLOT_INK};
    const double one[1] = {1}, two[1] = {2};
    plot p = everything();
    plot_line(&p, 0, 0, (double)NAN, 1, line);
    problem(&p, "build", "a number is not finite, or huge");
    p = everything();
    problem(&p, "build/no/such/directory", "cannot be written: No such file or directory");
    p = plot_new(641, 100, "wide", "");
    problem(&p, "build", "wider than 640 px");
    p = plot_new(100, 100, "texts", "");
    plot_text(&p, 50, 50, "one", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 60, 56, "other", PLOT_INK, PLOT_MIDDLE);
    problem(&p, "build", "texts overlap: one | other");
    p = plot_new(100, 100, "texts", "");
    plot_text(&p, 50, 50, "a text that is long", PLOT_INK, PLOT_MIDDLE);
    problem(&p, "build", "a text leaves the figure: a text that is long");
    for (int i = 0; i < 4; i++) { /* a little too far left, right, up, down */
        static const double x[4] = {14, 86, 50, 50}, y[4] = {50, 50, 8, 92};
        p = plot_new(100, 100, "texts", "");
        plot_text(&p, x[i], y[i], "one", PLOT_INK, PLOT_MIDDLE);
        problem(&p, "build", "a text leaves the figure: one");
    }
    p = plot_new(300, 300, "points", "");
    const plot_panel a = plot_axes(
        &p, 0, 0, 300, 300, (plot_spec){.x = plot_range(0, 1, NULL), .y = plot_range(0, 1, NULL)});
    plot_points(&a, one, two, 1, PLOT_DOT, 3, line);
    problem(&p, "build", "a point is outside its panel");
    p = plot_new(60, 60, "small", "");
    plot_axes(&p, 0, 0, 60, 60,
              (plot_spec){.x = plot_range(0, 1, "x"), .y = plot_range(0, 1, "y")});
    CHECK_STR(p.problem, "a panel is too small for its texts");
    problem(&p, "build", "a panel is too small for its texts");
    p = plot_new(100, 100, "large", "");
    for (int i = 0; i < 2000; i++) plot_line(&p, 1, 1, 2, 2, line);
    problem(&p, "build", "larger than 30 KB");
}

int main(void)
{
    if (!freopen("build/test_plot.err", "w", stderr)) return 2; /* where plot_save complains */
    RUN(numbers_are_rounded);
    RUN(coordinates_are_short);
    RUN(log10_is_libms);
    RUN(ticks_are_nice);
    RUN(ticks_of_any_range);
    RUN(widths_are_enough_but_not_too_much);
    RUN(text_is_marked_up);
    RUN(lines_are_clipped);
    RUN(borders_are_borders);
    RUN(half_planes_have_the_right_area);
    RUN(contours_are_level_lines);
    RUN(heat_maps_cover_every_cell_once);
    RUN(labels_of_curves_are_pushed_apart);
    RUN(files_are_well_formed);
    RUN(mistakes_are_told);
    return test_summary();
}
