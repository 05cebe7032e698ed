/* plot.h: the figures of the book as SVG: plots with axes, networks, flow charts.
 *
 *     plot p = plot_new(480, 320, "The sigmoid", "An S-shaped curve, one half at z = 0.");
 *     plot_spec axes = {.x = plot_range(-6, 6, "$z$"), .y = plot_range(0, 1, "$y$")};
 *     plot_panel a = plot_axes(&p, 0, 0, 480, 320, axes);
 *     plot_curve(&a, x, y, n, (plot_style){.line = PLOT_BLUE});
 *     return !plot_save(&p, "book/fig", "06-sigmoid");
 *
 * Places are pixels, y grows downwards; what is in a panel has the units of its axes. In texts,
 * which must live until plot_save, \n starts a line; between dollars one or two letters are
 * variables (italic), - is a minus sign, and x_1, w_{ij}, 10^{-3} have indices. UTF-8.
 *
 * What goes wrong sticks, and plot_save reports it instead of writing: texts that overlap or leave
 * the figure, numbers that are not finite, points outside their panel, too many pixels or bytes.
 * The same bytes everywhere: one function rounds to hundredths, of libm only what is exact is used
 * (floor, sqrt, frexp), and products and sums are never fused, here and in the rest of the program.
 * (A program's own values of exp or tanh should come from nn.h, for the same reason.)
 */
#ifndef PLOT_H
#define PLOT_H

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__
#pragma GCC optimize("fp-contract=off")
#endif

enum { PLOT_MAX_WIDTH = 640, PLOT_MAX_BYTES = 30 * 1024, PLOT_MAX_TICKS = 64, PLOT_MAX_ENDS = 16 };

/* The palette of Okabe and Ito, which nearly everybody can tell apart; PLOT_LIGHT(c): its tint. */
enum { PLOT_NONE, PLOT_INK, PLOT_GREY, PLOT_BLUE, PLOT_RED, PLOT_GREEN, PLOT_ORANGE, PLOT_PURPLE,
       PLOT_SKY, PLOT_YELLOW, PLOT_WHITE, PLOT_COLOURS };
#define PLOT_LIGHT(c) ((c) + PLOT_COLOURS)

/* Where in a text its place is; and, to be added: small, bold, on white (readable where lines are),
 * to be read from below. */
enum { PLOT_LEFT, PLOT_MIDDLE, PLOT_RIGHT,
       PLOT_SMALL = 4, PLOT_BOLD = 8, PLOT_ON_WHITE = 16, PLOT_UP = 32 };
enum { PLOT_DOT, PLOT_SQUARE, PLOT_TRIANGLE, PLOT_DIAMOND, PLOT_CROSS, PLOT_LINE }; /* markers */
enum { PLOT_BOX, PLOT_CIRCLE, PLOT_RHOMBUS };                                       /* nodes */
enum { PLOT_VIRIDIS, PLOT_BLUES, PLOT_DIVERGING, PLOT_GREYS };                      /* heat maps */

typedef struct plot_style {
    int line, fill;    /* colours, PLOT_NONE by default */
    double width;      /* of the line; 0: 2 px */
    int dash;          /* 0: solid, else the length of dash and gap */
    int arrow;         /* 1: the line ends in a head */
    const char *label; /* of a curve: written at its right end */
} plot_style;

typedef struct plot_point {
    double x, y;
} plot_point;

typedef struct plot__box { /* the place of a text */
    double left, top, right, bottom;
    char text[32];
} plot__box;

typedef struct plot__end { /* a curve's label */
    double x, y;
    int colour;
    const char *text;
} plot__end;

typedef struct plot {
    double width, height;
    const char *title, *desc;
    char *text; /* the SVG so far */
    size_t size, capacity;
    plot__box *box;
    int boxes;
    plot__end end[PLOT_MAX_ENDS];
    int ends;
    char problem[160]; /* the first one, "" if none */
} plot;

/* Something with a border and an area. */
static inline plot_style plot_filled(int line, int fill)
{
    return (plot_style){.line = line, .fill = fill};
}

/* title: the figure's name; desc: what one sees, for those who cannot. */
static inline plot plot_new(double width, double height, const char *title, const char *desc)
{
    plot p = {0};
    p.width = width, p.height = height, p.title = title, p.desc = desc;
    return p;
}

/* Makes plot_save refuse, for this reason; for a figure that does not show what it should, too. */
static inline void plot_fail(plot *p, const char *problem, const char *what)
{
    if (!p->problem[0]) snprintf(p->problem, sizeof p->problem, "%s%s", problem, what);
}

/* ---- numbers ---- */

static inline double plot__power(int e) /* 10^e */
{
    double power = 1;
    for (int i = e < 0 ? -e : e; i > 0; i--) power *= 10;
    return e < 0 ? 1 / power : power;
}

/* v with so many decimals; halves away from zero, also those that a calculation left a little too
 * small; never "-0.00". |v| at most 1e9, at most 6 decimals. Returns text. */
static inline char *plot_number(char text[24], double v, int decimals)
{
    const double scale = plot__power(decimals), all = floor(fabs(v) * scale + 0.5 + 1e-6);
    const double whole = floor(all / scale);
    const int n = snprintf(text, 16, "%s%.0f", v < 0 && all > 0 ? "-" : "", whole);
    if (decimals > 0) snprintf(text + n, 8, ".%0*d", decimals, (int)(all - whole * scale));
    return text;
}

static inline double plot__log10(double x) /* libm's may differ in the last bit */
{
    int e;
    double m = frexp(x, &e), sum = 0; /* x = m 2^e, 0.5 <= m < 1 */
    if (m < 0.70710678118654752) m *= 2, e--;
    const double s = (m - 1) / (m + 1);
    for (int k = 23; k > 0; k -= 2) sum = sum * s * s + 1.0 / k;
    return (2 * s * sum + e * 0.69314718055994531) * 0.43429448190325183;
}

/* ---- writing ---- */

static inline void plot__bytes(plot *p, const char *bytes, size_t n)
{
    if (p->size + n > p->capacity) {
        const size_t capacity = 2 * p->capacity + n + 4096;
        char *text = (char *)realloc(p->text, capacity);
        if (!text) { plot_fail(p, "no memory", ""); return; }
        p->text = text, p->capacity = capacity;
    }
    memcpy(p->text + p->size, bytes, n);
    p->size += n;
}

/* In format # stands for a double, written with at most two decimals, and % for a string. */
static inline void plot__put(plot *p, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    for (; *format; format++) {
        const char *s = format;
        size_t n = 1;
        char text[40];
        if (*format == '%') s = va_arg(list, const char *), n = strlen(s);
        if (*format == '#') {
            const double v = va_arg(list, double);
            if (!(fabs(v) < 1e6)) { plot_fail(p, "a number is not finite, or huge", ""); break; }
            s = plot_number(text, v, 2), n = strlen(s);
            while (s[n - 1] == '0') n--;
            if (s[n - 1] == '.') n--;
        }
        plot__bytes(p, s, n);
    }
    va_end(list);
}

static inline void plot__escaped(plot *p, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] == '&') plot__put(p, "&amp;");
        else if (s[i] == '<') plot__put(p, "&lt;");
        else plot__bytes(p, s + i, 1);
}

static inline const char *plot__hex(int colour, int of_text)
{
    static const char *const hex[3][PLOT_COLOURS] = {
        {"none", "#222222", "#767676", "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7",
         "#56B4E9", "#F0E442", "#FFFFFF"},
        {"none", "#DDDDDD", "#F0F0F0", "#DCECF6", "#FAE4D6", "#D9F0E9", "#FCF0D2", "#F7E7F0",
         "#E6F3FC", "#FCFAD9", "#FFFFFF"},
        {"none", "#222222", "#666666", "#0072B2", "#B34F00", "#007A59", "#8F6300", "#A14C7D",
         "#20739F", "#736B00", "#FFFFFF"}}; /* dark enough to be read on white */
    if (colour >= PLOT_COLOURS) return hex[1][colour - PLOT_COLOURS];
    return hex[of_text ? 2 : 0][colour];
}

static inline void plot__look(plot *p, plot_style s)
{
    plot__put(p, " fill=\"%\"", plot__hex(s.fill, 0));
    if (s.line) plot__put(p, " stroke=\"%\"", plot__hex(s.line, 0));
    if (s.line) plot__put(p, " stroke-width=\"#\"", s.width > 0 ? s.width : 2);
    if (s.line && s.dash)
        plot__put(p, " stroke-dasharray=\"#\" stroke-linecap=\"butt\"", (double)s.dash);
}

/* The end of an element. */
static inline void plot__style(plot *p, plot_style s)
{
    plot__look(p, s);
    plot__put(p, "/>\n");
}

/* ---- text ---- */

/* The width of a character in ems, rather too wide than too narrow, for fonts differ. */
static inline double plot__advance(const char *s)
{
    const unsigned char c = (unsigned char)*s;
    if (c >= 0x80) return 0.7;
    if (strchr(" .,:;'|!ijlI", c)) return 0.31;
    if (strchr("frt()[]{}/-\"", c)) return 0.38;
    if (strchr("mwMW%@", c)) return 0.92;
    if (strchr("+=<>~", c)) return 0.75;
    return c >= 'A' && c <= 'Z' ? 0.7 : 0.61;
}

static inline int plot__letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline double plot__size(int how) { return how & PLOT_SMALL ? 13 : 15; }

/* Measures a line of n bytes and, unless p is NULL, writes it. */
static inline double plot__write_line(plot *p, const char *line, size_t n, int how)
{
    static const double shift[3] = {0, 0.22, -0.4}; /* down, for text, lower and upper index */
    const double size = plot__size(how), index_size = fmax(12, size * 0.75);
    int math = 0, level = 0, braces = 0, was_level = 0, was_italic = 0, open = 0;
    double width = 0;
    for (size_t i = 0, bytes; i < n; i += bytes) {
        const char c = line[i];
        bytes = 1;
        if (c == '$') { math = !math; continue; }
        if (c == '}' && braces) { level = braces = 0; continue; }
        if (math && (c == '_' || c == '^')) {
            level = c == '_' ? 1 : 2, braces = i + 1 < n && line[i + 1] == '{';
            bytes = braces ? 2 : 1;
            continue;
        }
        size_t from = i, to = i; /* the letters around c */
        while (from > 0 && plot__letter(line[from - 1])) from--;
        while (to < n && plot__letter(line[to])) to++;
        const int italic = math && plot__letter(c) && to - from < 3;
        while (i + bytes < n && (line[i + bytes] & 0xC0) == 0x80) bytes++; /* UTF-8 */
        width += plot__advance(line + i) * (level ? index_size : size);
        if (p && (level != was_level || italic != was_italic)) {
            plot__put(p, open ? "</tspan><tspan" : "<tspan");
            const double down = (shift[level] - shift[was_level]) * size;
            if (level != was_level) plot__put(p, " dy=\"#\"", down);
            if (level) plot__put(p, " font-size=\"#\"", index_size);
            plot__put(p, italic ? " font-style=\"italic\">" : ">");
            was_level = level, was_italic = italic, open = 1;
        }
        if (p && math && c == '-') plot__put(p, "\xe2\x88\x92");
        else if (p) plot__escaped(p, line + i, bytes);
        if (!braces) level = 0;
    }
    if (open) plot__put(p, "</tspan>");
    return how & PLOT_BOLD ? 1.15 * width : width;
}

/* The width and height that a text takes. */
static inline plot_point plot_extent(const char *text, int how)
{
    plot_point e = {0, 0};
    for (size_t n;; text += n + 1) {
        n = strcspn(text, "\n");
        e.x = fmax(e.x, plot__write_line(NULL, text, n, how));
        e.y += 1.3 * plot__size(how);
        if (!text[n]) return e;
    }
}

/* Notes the place of a text, for plot_save to check. */
static inline void plot__note(plot *p, plot__box place, const char *text, size_t n)
{
    plot__box *box = (plot__box *)realloc(p->box, (size_t)(p->boxes + 1) * sizeof *box);
    if (!box) { plot_fail(p, "no memory", ""); return; }
    snprintf(place.text, sizeof place.text, "%.*s", (int)n, text);
    box[p->boxes++] = place;
    p->box = box;
}

/* y is the middle of all lines (x, for PLOT_UP). */
static inline void plot_text(plot *p, double x, double y, const char *text, int colour, int how)
{
    static const char *const anchor[3] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    const double size = plot__size(how), part = 0.5 * (how & 3);
    double middle = 0.65 * size - plot_extent(text, how).y / 2; /* of the first line */
    for (size_t n;; text += n + 1, middle += 1.3 * size) {
        n = strcspn(text, "\n");
        const double w = plot__write_line(NULL, text, n, how);
        const double across = (how & PLOT_UP ? x : y) + middle;
        const double low = across - size / 2, high = across + size / 2;
        const plot__box flat = {x - w * part, low, x - w * part + w, high, ""};
        const plot__box upright = {low, y + w * part - w, high, y + w * part, ""};
        plot__note(p, how & PLOT_UP ? upright : flat, text, n);
        if (how & PLOT_ON_WHITE)
            plot__put(p, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\" fill=\"white\"/>\n",
                      flat.left, low - 1, w, size + 3);
        plot__put(p, "<text fill=\"%\"%", plot__hex(colour, 1), anchor[how & 3]);
        if (size < 15) plot__put(p, " font-size=\"#\"", size);
        if (how & PLOT_BOLD) plot__put(p, " font-weight=\"bold\"");
        const double base = across + 0.35 * size;
        if (how & PLOT_UP) plot__put(p, " transform=\"translate(# #) rotate(-90)\">", base, y);
        else plot__put(p, " x=\"#\" y=\"#\">", x, base);
        plot__write_line(p, text, n, how);
        plot__put(p, "</text>\n");
        if (!text[n]) return;
    }
}

/* ---- lines, arrows, nodes ---- */

/* A path in SVG's own words, for what cannot be said otherwise. */
static inline void plot_path(plot *p, const char *d, plot_style s)
{
    plot__put(p, "<path d=\"%\"", d);
    plot__style(p, s);
}

/* A line through n points, closed if it has a fill. The tip of an arrow is the last point. */
static inline void plot_lines(plot *p, const plot_point *at, int n, plot_style s)
{
    plot_point end = at[n - 1];
    if (s.arrow) {
        const double dx = end.x - at[n - 2].x, dy = end.y - at[n - 2].y;
        const double head = (5 + 2.5 * (s.width > 0 ? s.width : 2)) / sqrt(dx * dx + dy * dy);
        const double x = dx * head, y = dy * head;
        end.x -= x, end.y -= y;
        const plot_point tip[3] = {at[n - 1], {end.x - 0.4 * y, end.y + 0.4 * x},
                                   {end.x + 0.4 * y, end.y - 0.4 * x}};
        plot_lines(p, tip, 3, (plot_style){.fill = s.line});
    }
    plot__put(p, "<path d=\"M");
    for (int i = 0; i < n; i++)
        plot__put(p, i ? " # #" : "# #", i < n - 1 ? at[i].x : end.x, i < n - 1 ? at[i].y : end.y);
    plot__put(p, s.fill ? "z\"" : "\"");
    plot__style(p, s);
}

static inline void plot_line(plot *p, double x1, double y1, double x2, double y2, plot_style s)
{
    const plot_point at[2] = {{x1, y1}, {x2, y2}};
    plot_lines(p, at, 2, s);
}

typedef struct plot_node { /* something with a border: (x, y) is its middle */
    int shape;
    double x, y, w, h;
} plot_node;

/* A node around (x, y), at least w wide and h high but as large as its text needs it. */
static inline plot_node plot_place(plot *p, int shape, double x, double y, double w, double h,
                                   const char *text, plot_style s)
{
    plot_node a = {shape, x, y, w, h};
    const plot_point e = *text ? plot_extent(text, 0) : (plot_point){0, 0};
    if (s.width <= 0) s.width = 1.5;
    if (a.shape == PLOT_BOX) {
        if (*text) a.w = fmax(a.w, e.x + 16), a.h = fmax(a.h, e.y + 8);
        plot__put(p, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\" rx=\"5\"", x - a.w / 2,
                  y - a.h / 2, a.w, a.h);
    } else if (a.shape == PLOT_CIRCLE) {
        a.w = a.h = fmax(a.w, *text ? e.x + 6 : 0);
        plot__put(p, "<circle cx=\"#\" cy=\"#\" r=\"#\"", x, y, a.w / 2);
    } else { /* the text's corner is inside if e.x / w + e.y / h <= 1 */
        a.w = fmax(a.w, e.x + 8), a.h = fmax(a.h, e.y + 4);
        const double grow = fmax(1, e.x / a.w + e.y / a.h);
        a.w *= grow, a.h *= grow;
        plot__put(p, "<path d=\"M# #l# # # # # #z\"", x - a.w / 2, y, a.w / 2, -a.h / 2, a.w / 2,
                  a.h / 2, -a.w / 2, a.h / 2);
    }
    plot__style(p, s);
    if (*text) plot_text(p, x, y, text, PLOT_INK, PLOT_MIDDLE);
    return a;
}

/* The point of the border in the direction (dx, dy) from the middle: (0, -1) is the top. */
static inline plot_point plot_border(plot_node a, double dx, double dy)
{
    const double u = fabs(dx) / (a.w / 2), v = fabs(dy) / (a.h / 2);
    const double t = a.shape == PLOT_BOX      ? fmax(u, v)
                     : a.shape == PLOT_CIRCLE ? sqrt(u * u + v * v)
                                              : u + v;
    return (plot_point){a.x + dx / t, a.y + dy / t};
}

/* A line, or an arrow, from border to border. */
static inline void plot_connect(plot *p, plot_node a, plot_node b, plot_style s)
{
    const double dx = b.x - a.x, dy = b.y - a.y;
    const plot_point ends[2] = {plot_border(a, dx, dy), plot_border(b, -dx, -dy)};
    plot_lines(p, ends, 2, s);
}

typedef struct plot_net { /* layers of circles, from left to right */
    double x, y, w, h;    /* the middles of the circles are within */
    const int *units;     /* [layers] */
    int layers;
    double r;             /* of a circle */
} plot_net;

static inline plot_node plot_unit(const plot_net *n, int layer, int i)
{
    int most = 2;
    for (int l = 0; l < n->layers; l++) most = n->units[l] > most ? n->units[l] : most;
    const double x = n->x + n->w * layer / fmax(1, n->layers - 1);
    const double below = (i - (n->units[layer] - 1) / 2.0) * n->h / (most - 1);
    return (plot_node){PLOT_CIRCLE, x, n->y + n->h / 2 + below, 2 * n->r, 2 * n->r};
}

/* The edges from layer to layer + 1. weight [units of layer + 1, units of layer]: the larger, the
 * thicker, compared to largest; positive blue, negative red and dashed. NULL: all grey. */
static inline void plot_edges(plot *p, const plot_net *n, int layer, const double *weight,
                              double largest)
{
    for (int i = 0; i < n->units[layer + 1]; i++)
        for (int j = 0; j < n->units[layer]; j++) {
            const double w = weight ? weight[i * n->units[layer] + j] : 0;
            plot_style s = {.line = PLOT_GREY, .width = 1};
            if (weight) s.width = 0.4 + 4 * fabs(w) / largest;
            if (weight) s.line = w < 0 ? PLOT_RED : PLOT_BLUE, s.dash = w < 0 ? 5 : 0;
            plot_connect(p, plot_unit(n, layer, j), plot_unit(n, layer + 1, i), s);
        }
}

static inline void plot_units(plot *p, const plot_net *n, int layer, const char *const *text,
                              plot_style s)
{
    for (int i = 0; i < n->units[layer]; i++) {
        const plot_node a = plot_unit(n, layer, i);
        plot_place(p, PLOT_CIRCLE, a.x, a.y, a.w, a.h, text ? text[i] : "", s);
    }
}

/* ---- axes ---- */

typedef struct plot_axis {
    double min, max; /* max < min turns it round */
    const char *label;
    int log;                 /* 1: equal factors are equal distances */
    const char *const *name; /* instead of numbers: categories at 0 .. names - 1 */
    int names;
} plot_axis;

static inline plot_axis plot_range(double min, double max, const char *label)
{
    return (plot_axis){.min = min, .max = max, .label = label};
}

typedef struct plot_spec {
    plot_axis x, y;
    const char *title;
    const char *room; /* the longest of the curves' labels */
    int equal;        /* 1: a unit is as long on both axes */
    int bare;         /* 1: no grid */
} plot_spec;

typedef struct plot_panel {
    plot *p;
    double x, y, w, h; /* the area between the axes */
    plot_axis ax, ay;
} plot_panel;

typedef struct plot_tick {
    double at;
    char text[40];
} plot_tick;

/* The ticks of an axis: its names, or else at most `most` numbers, powers of ten on a logarithmic
 * axis, multiples of 1, 2 or 5 times a power of ten on others. Returns how many. */
static inline int plot_ticks(const plot_axis *a, int most, plot_tick tick[PLOT_MAX_TICKS])
{
    int n = 0;
    char number[24];
    if (a->name)
        for (; n < a->names && n < PLOT_MAX_TICKS; n++)
            tick[n].at = n, snprintf(tick[n].text, sizeof tick->text, "%s", a->name[n]);
    else if (a->log) {
        const int low = (int)ceil(plot__log10(a->min) - 1e-6);
        const int high = (int)floor(plot__log10(a->max) + 1e-6);
        for (int e = low; e <= high && n < PLOT_MAX_TICKS; e += 1 + (high - low) / most, n++)
            tick[n].at = plot__power(e), snprintf(tick[n].text, sizeof tick->text, "$10^{%d}$", e);
    } else {
        static const int steps[3] = {1, 2, 5};
        const double low = fmin(a->min, a->max), high = fmax(a->min, a->max);
        for (int k = 0; k < 48 && n == 0; k++) {
            const int e = k / 3 - 6;
            const double by = e < 0 ? plot__power(-e) : 1; /* 0.1 is not exact, i / 10 is nearest */
            const double step = steps[k % 3] * (e < 0 ? 1 : plot__power(e));
            const double first = ceil(low * by / step - 1e-6);
            const double last = floor(high * by / step + 1e-6);
            if (!(last - first < most)) continue;
            for (double i = first; i <= last && n < PLOT_MAX_TICKS; i++, n++) {
                tick[n].at = i * step / by;
                plot_number(number, tick[n].at, e < 0 ? -e : 0);
                snprintf(tick[n].text, sizeof tick->text, "$%s$", number);
            }
        }
    }
    return n;
}

static inline double plot__along(const plot_axis *a, double v) /* 0 at min, 1 at max */
{
    if (!a->log) return (v - a->min) / (a->max - a->min);
    const double low = plot__log10(a->min);
    return (plot__log10(v) - low) / (plot__log10(a->max) - low);
}

/* From the units of an axis to pixels. */
static inline double plot_x(const plot_panel *a, double x)
{
    return a->x + a->w * plot__along(&a->ax, x);
}

static inline double plot_y(const plot_panel *a, double y)
{
    return a->y + a->h - a->h * plot__along(&a->ay, y);
}

static inline double plot__widest(const plot_tick *tick, int n)
{
    double widest = 0;
    for (int i = 0; i < n; i++) widest = fmax(widest, plot_extent(tick[i].text, PLOT_SMALL).x);
    return widest;
}

/* A panel in the rectangle of w times h at (x, y): its area is what its texts leave free. */
static inline plot_panel plot_axes(plot *p, double x, double y, double w, double h, plot_spec s)
{
    plot_panel a = {p, 0, 0, 0, 0, s.x, s.y};
    if (a.ax.name && a.ax.min == a.ax.max) a.ax.min = -0.5, a.ax.max = a.ax.names - 0.5;
    if (a.ay.name && a.ay.min == a.ay.max) a.ay.min = a.ay.names - 0.5, a.ay.max = -0.5;
    plot_tick xt[PLOT_MAX_TICKS], yt[PLOT_MAX_TICKS];
    const int xs = plot_ticks(&a.ax, 1 + (int)(w / 75), xt);
    const int ys = plot_ticks(&a.ay, 1 + (int)(h / 50), yt);
    const double wide = plot__widest(xt, xs), left = plot__widest(yt, ys) + 12;
    const double label = s.y.label ? plot_extent(s.y.label, 0).x : 0;
    const int turned = label > 30; /* the label of y is read from below */
    a.x = x + left + (turned ? 24 : label > 0 ? label + 10 : 0);
    a.y = y + (s.title ? 34 : 14);
    a.w = x + w - a.x - (s.room ? plot_extent(s.room, 0).x + 16 : fmax(12, wide / 2 + 4));
    const int up = a.ax.name && wide + 6 > a.w / a.ax.names; /* so are long names along x */
    a.h = y + h - a.y - (up ? wide + 12 : 24) - (s.x.label ? 28 : 4);
    if (s.equal) { /* shorten one side, keep the middle */
        const double ux = fabs(a.ax.max - a.ax.min), uy = fabs(a.ay.max - a.ay.min);
        const double unit = fmin(a.w / ux, a.h / uy);
        a.x += (a.w - unit * ux) / 2, a.w = unit * ux;
        a.y += (a.h - unit * uy) / 2, a.h = unit * uy;
    }
    if (!(a.w > 20 && a.h > 20)) plot_fail(p, "a panel is too small for its texts", "");

    for (int zero = 0; zero < 2 && !s.bare; zero++) { /* the grid, darker where a coordinate is 0 */
        plot__put(p, "<path d=\"");
        for (int i = 0; i < xs && !a.ax.name; i++)
            if ((xt[i].at == 0) == zero) plot__put(p, "M# #v#", plot_x(&a, xt[i].at), a.y, a.h);
        for (int i = 0; i < ys && !a.ay.name; i++)
            if ((yt[i].at == 0) == zero) plot__put(p, "M# #h#", a.x, plot_y(&a, yt[i].at), a.w);
        plot__put(p, "\" stroke=\"%\"/>\n", zero ? "darkgrey" : "gainsboro");
    }
    const plot_point frame[3] = {{a.x, a.y}, {a.x, a.y + a.h}, {a.x + a.w, a.y + a.h}};
    plot_lines(p, frame, 3, (plot_style){.line = PLOT_GREY, .width = 1.5});
    for (int i = 0; i < xs; i++)
        plot_text(p, plot_x(&a, xt[i].at), a.y + a.h + (up ? 7 : 14), xt[i].text, PLOT_INK,
                  PLOT_SMALL | (up ? PLOT_UP | PLOT_RIGHT : PLOT_MIDDLE));
    for (int i = 0; i < ys; i++)
        plot_text(p, a.x - 7, plot_y(&a, yt[i].at), yt[i].text, PLOT_INK, PLOT_RIGHT | PLOT_SMALL);
    if (s.x.label)
        plot_text(p, a.x + a.w / 2, a.y + a.h + (up ? wide + 22 : 36), s.x.label, PLOT_INK,
                  PLOT_MIDDLE);
    if (s.y.label)
        plot_text(p, a.x - left - (turned ? 10 : 0), a.y + a.h / 2, s.y.label, PLOT_INK,
                  turned ? PLOT_MIDDLE | PLOT_UP : PLOT_RIGHT);
    if (s.title) plot_text(p, a.x + a.w / 2, a.y - 18, s.title, PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    return a;
}

/* ---- in a panel ---- */

/* The part of a line that is inside; 0 if there is none. (Liang and Barsky 1984) */
static inline int plot__clip(const plot_panel *a, plot_point *from, plot_point *to)
{
    const double dx = to->x - from->x, dy = to->y - from->y;
    const double step[4] = {-dx, dx, -dy, dy};
    const double room[4] = {from->x - a->x, a->x + a->w - from->x, from->y - a->y,
                            a->y + a->h - from->y};
    double start = 0, end = 1;
    if (!(fabs(dx) + fabs(dy) < 1e300)) return 0; /* NaN: a gap */
    for (int i = 0; i < 4; i++) {
        if (step[i] == 0 && room[i] < 0) return 0;
        if (step[i] < 0) start = fmax(start, room[i] / step[i]);
        if (step[i] > 0) end = fmin(end, room[i] / step[i]);
    }
    if (start > end) return 0;
    if (end < 1) to->x = from->x + end * dx, to->y = from->y + end * dy;
    if (start > 0) from->x += start * dx, from->y += start * dy;
    return 1;
}

/* Through n points, as far as it is in the panel; NaN makes a gap. */
static inline void plot_curve(const plot_panel *a, const double *x, const double *y, int n,
                              plot_style s)
{
    plot *p = a->p;
    plot_point last = {-1, -1};
    plot__put(p, "<path d=\"");
    for (int i = 1; i < n; i++) {
        plot_point from = {plot_x(a, x[i - 1]), plot_y(a, y[i - 1])};
        plot_point to = {plot_x(a, x[i]), plot_y(a, y[i])};
        if (!plot__clip(a, &from, &to)) continue;
        if (from.x != last.x || from.y != last.y) plot__put(p, "M# #", from.x, from.y);
        plot__put(p, " # #", to.x, to.y);
        last = to;
    }
    plot__put(p, "\"");
    plot__style(p, s);
    if (!s.label) return;
    if (p->ends == PLOT_MAX_ENDS) { plot_fail(p, "too many labels of curves", ""); return; }
    p->end[p->ends++] = (plot__end){a->x + a->w, last.y, s.line, s.label};
}

/* The labels at the right ends of curves, pushed apart where they would overlap. */
static inline void plot__write_ends(plot *p)
{
    plot__end *e = p->end;
    for (int i = 1; i < p->ends; i++) /* sorted by panel and place */
        for (int k = i; k > 0; k--) {
            const plot__end a = e[k - 1], b = e[k];
            if (a.x < b.x || (a.x == b.x && a.y <= b.y)) break;
            e[k - 1] = b, e[k] = a;
        }
    for (int round = 0; round < 200; round++)
        for (int i = 0; i < p->ends; i++) {
            e[i].y = fmax(11, fmin(p->height - 11, e[i].y));
            const double close = i > 0 && e[i].x == e[i - 1].x ? 17 - (e[i].y - e[i - 1].y) : 0;
            if (close > 0) e[i].y += close / 2, e[i - 1].y -= close / 2;
        }
    for (int i = 0; i < p->ends; i++)
        plot_text(p, e[i].x + 7, e[i].y, e[i].text, e[i].colour, PLOT_LEFT);
}

/* The area between two curves. */
static inline void plot_band(const plot_panel *a, const double *x, const double *low,
                             const double *high, int n, plot_style s)
{
    plot__put(a->p, "<path d=\"M");
    for (int i = 0; i < 2 * n; i++) {
        const int k = i < n ? i : 2 * n - 1 - i;
        const double y = plot_y(a, i < n ? low[k] : high[k]);
        plot__put(a->p, " # #", plot_x(a, x[k]), fmin(fmax(y, a->y), a->y + a->h));
    }
    plot__put(a->p, "z\"");
    plot__style(a->p, s);
}

/* Where w1 x + w2 y + b > 0 (fill), and the line where it is 0 (line). */
static inline void plot_half_plane(const plot_panel *a, double w1, double w2, double b,
                                   plot_style s)
{
    const double x[4] = {a->ax.min, a->ax.max, a->ax.max, a->ax.min};
    const double y[4] = {a->ay.min, a->ay.min, a->ay.max, a->ay.max};
    plot_point area[8], border[4];
    int n = 0, m = 0;
    for (int i = 0; i < 4; i++) { /* round the panel (Sutherland and Hodgman 1974) */
        const int j = (i + 1) % 4;
        const double v = w1 * x[i] + w2 * y[i] + b, u = w1 * x[j] + w2 * y[j] + b, t = v / (v - u);
        if (v > 0) area[n++] = (plot_point){plot_x(a, x[i]), plot_y(a, y[i])};
        if ((v > 0) != (u > 0))
            border[m++] = area[n++] = (plot_point){plot_x(a, x[i] + t * (x[j] - x[i])),
                                                   plot_y(a, y[i] + t * (y[j] - y[i]))};
    }
    if (n > 2 && s.fill) plot_lines(a->p, area, n, (plot_style){.fill = s.fill});
    s.fill = PLOT_NONE;
    if (m == 2 && s.line) plot_lines(a->p, border, 2, s);
}

static inline void plot__outline(plot *p, double x, double y, int mark, double r)
{
    const double q = 0.9 * r, t = 1.15 * r, d = 1.3 * r;
    if (mark == PLOT_DOT) plot__put(p, "<circle cx=\"#\" cy=\"#\" r=\"#\"", x, y, r);
    if (mark == PLOT_SQUARE)
        plot__put(p, "<path d=\"M# #h#v#h#z\"", x - q, y - q, 2 * q, 2 * q, -2 * q);
    if (mark == PLOT_TRIANGLE)
        plot__put(p, "<path d=\"M# #l# #h#z\"", x, y - t, t, 1.8 * t, -2 * t);
    if (mark == PLOT_DIAMOND)
        plot__put(p, "<path d=\"M# #l# # # # # #z\"", x, y - d, d, d, -d, d, -d, -d);
    if (mark == PLOT_CROSS)
        plot__put(p, "<path d=\"M# #l# #m0 #l# #\"", x - q, y - q, 2 * q, 2 * q, -2 * q, -2 * q,
                  2 * q);
    if (mark == PLOT_LINE) plot__put(p, "<path d=\"M# #h24\"", x - 12, y);
}

/* A marker at a place of the figure. PLOT_LINE: a piece of line, for a key. */
static inline void plot_mark(plot *p, double x, double y, int mark, double r, plot_style s)
{
    if (s.width <= 0 && mark < PLOT_CROSS) s.width = 1;
    plot__outline(p, x, y, mark, r);
    plot__style(p, s);
}

static inline void plot_points(const plot_panel *a, const double *x, const double *y, int n,
                               int mark, double r, plot_style s)
{
    if (s.width <= 0 && mark < PLOT_CROSS) s.width = 1;
    plot__put(a->p, "<g");
    plot__look(a->p, s);
    plot__put(a->p, ">\n");
    for (int i = 0; i < n; i++) {
        const double tx = plot__along(&a->ax, x[i]), ty = plot__along(&a->ay, y[i]), e = 1e-4;
        if (!(tx > -e && tx < 1 + e && ty > -e && ty < 1 + e))
            plot_fail(a->p, "a point is outside its panel", "");
        plot__outline(a->p, plot_x(a, x[i]), plot_y(a, y[i]), mark, r);
        plot__put(a->p, "/>\n");
    }
    plot__put(a->p, "</g>\n");
}

/* One entry of a key, its marker's middle at (x, y). Returns where the next one may begin. */
static inline double plot_key(plot *p, double x, double y, int mark, plot_style s, const char *text)
{
    const double left = x + (mark == PLOT_LINE ? 20 : 12);
    plot_mark(p, x, y, mark, 5, s);
    plot_text(p, left, y, text, PLOT_INK, PLOT_LEFT);
    return left + plot_extent(text, 0).x + 24;
}

/* Bars from 0 (from the axis, if that is logarithmic); width in units of the x axis. */
static inline void plot_bars(const plot_panel *a, const double *x, const double *y, int n,
                             double width, plot_style s)
{
    const double zero = plot_y(a, a->ay.log ? a->ay.min : 0);
    for (int i = 0; i < n; i++) {
        const double left = plot_x(a, x[i] - width / 2), right = plot_x(a, x[i] + width / 2);
        plot__put(a->p, "<path d=\"M# #H#V#H#z\"", left, zero, right, plot_y(a, y[i]), left);
        plot__style(a->p, s);
    }
}

/* ---- heat maps and contours ---- */

enum { PLOT_LEVELS = 32 }; /* of colour in a heat map */

static inline int plot__level(double z, double min, double max)
{
    return (int)fmax(0, fmin(PLOT_LEVELS - 1, floor((z - min) / (max - min) * PLOT_LEVELS + 1e-6)));
}

/* The colour of a level, between nine stops, as 0xRRGGBB. */
static inline int plot__colour(int map, int level)
{
    static const int stop[4][9] = {
        {0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725},
        {0xF7FBFF, 0xDEEBF7, 0xC6DBEF, 0x9ECAE1, 0x6BAED6, 0x4292C6, 0x2171B5, 0x08519C, 0x08306B},
        {0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xF7F7F7, 0xFDDBC7, 0xF4A582, 0xD6604D, 0xB2182B},
        {0x000000, 0x202020, 0x404040, 0x606060, 0x808080, 0xA0A0A0, 0xC0C0C0, 0xE0E0E0, 0xFFFFFF}};
    const int last = PLOT_LEVELS - 1, i = level < last ? 8 * level / last : 7;
    const int part = 8 * level - i * last;
    int colour = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        const int low = stop[map][i] >> shift & 255, high = stop[map][i + 1] >> shift & 255;
        colour = colour << 8 | (low * (last - part) + high * part + last / 2) / last;
    }
    return colour;
}

/* z [ny][nx] as coloured cells that fill the panel; z[0][0] is at the beginning of both axes (for a
 * matrix turn the y axis round). decimals >= 0 writes the numbers, too. */
static inline void plot_heat(const plot_panel *a, const double *z, int nx, int ny, double min,
                             double max, int map, int decimals)
{
    const int down = a->ay.max < a->ay.min; /* row 0 is at the top */
    plot__put(a->p, "<svg x=\"#\" y=\"#\" width=\"#\" height=\"#\" viewBox=\"0 0 # #\" "
                    "preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\">\n",
              a->x, a->y, a->w, a->h, (double)nx, (double)ny);
    for (int i = 0; i < nx * ny; i++)
        if (!(fabs(z[i]) < 1e300)) plot_fail(a->p, "a number of a heat map is not finite", "");
    for (int level = 0; level < PLOT_LEVELS; level++) { /* one path for all cells of a colour */
        int begun = 0;
        for (int at = 0, run; at < nx * ny; at += run) { /* equal neighbours are one rectangle */
            const int here = plot__level(z[at], min, max), row = at / nx;
            for (run = 1; (at + run) / nx == row && at + run < nx * ny;) {
                if (plot__level(z[at + run], min, max) != here) break;
                run++;
            }
            if (here != level) continue;
            plot__put(a->p, begun++ ? "M# #h#v1h#z" : "<path d=\"M# #h#v1h#z", (double)(at % nx),
                      (double)(down ? row : ny - 1 - row), (double)run, (double)-run);
        }
        char hex[16];
        snprintf(hex, sizeof hex, "#%06X", (unsigned)plot__colour(map, level));
        if (begun) plot__put(a->p, "\" fill=\"%\"/>\n", hex);
    }
    plot__put(a->p, "</svg>\n");
    for (int i = 0; decimals >= 0 && i < nx * ny; i++) {
        char number[24], text[32];
        const int c = plot__colour(map, plot__level(z[i], min, max));
        const int dark = 3 * (c >> 16) + 6 * (c >> 8 & 255) + (c & 255) < 1400;
        const double row = (i / nx + 0.5) / ny;
        snprintf(text, sizeof text, "$%s$", plot_number(number, z[i], decimals));
        plot_text(a->p, a->x + a->w * (i % nx + 0.5) / nx, a->y + a->h * (down ? row : 1 - row),
                  text, dark ? PLOT_WHITE : PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    }
}

/* What the colours mean: a bar at (x, y), 14 px wide, h high, with its numbers at the right. */
static inline void plot_colour_bar(plot *p, double x, double y, double h, double min, double max,
                                   int map, const char *label)
{
    const plot_panel bar = {p, x, y, 14, h, plot_range(0, 1, NULL), plot_range(min, max, NULL)};
    plot_tick tick[PLOT_MAX_TICKS];
    const int n = plot_ticks(&bar.ay, 1 + (int)(h / 50), tick);
    double ramp[PLOT_LEVELS];
    for (int i = 0; i < PLOT_LEVELS; i++) ramp[i] = i + 0.5;
    plot_heat(&bar, ramp, 1, PLOT_LEVELS, 0, PLOT_LEVELS, map, -1);
    for (int i = 0; i < n; i++) {
        const double y_tick = plot_y(&bar, tick[i].at);
        plot_line(p, x + 14, y_tick, x + 18, y_tick, (plot_style){.line = PLOT_GREY, .width = 1});
        plot_text(p, x + 22, y_tick, tick[i].text, PLOT_INK, PLOT_LEFT | PLOT_SMALL);
    }
    if (label)
        plot_text(p, x + 36 + plot__widest(tick, n), y + h / 2, label, PLOT_INK,
                  PLOT_MIDDLE | PLOT_UP);
}

/* The lines where z, known at [ny][nx] points from corner to corner of the panel, is `level`
 * (marching squares). Edge 2 k of the grid goes from point k to the right, edge 2 k + 1 up. */
static inline void plot_contour(const plot_panel *a, const double *z, int nx, int ny, double level,
                                plot_style s)
{
    const int edges = 2 * nx * ny;
    int (*next)[2] = (int (*)[2])malloc((size_t)edges * sizeof *next); /* an edge's neighbours */
    if (!next) { plot_fail(a->p, "no memory", ""); return; }
    for (int e = 0; e < edges; e++) next[e][0] = next[e][1] = -1;
    for (int k = 0; k + nx < nx * ny; k++) {
        if (k % nx == nx - 1) continue;
        const int corner[5] = {k, k + 1, k + 1 + nx, k + nx, k};
        const int around[4] = {2 * k, 2 * (k + 1) + 1, 2 * (k + nx), 2 * k + 1};
        int cut[4], cuts = 0;
        for (int c = 0; c < 4; c++)
            if ((z[corner[c]] > level) != (z[corner[c + 1]] > level)) cut[cuts++] = around[c];
        const double middle = (z[k] + z[k + 1] + z[k + nx] + z[k + nx + 1]) / 4;
        const int turn = cuts == 4 && (middle > level) != (z[k] > level); /* a saddle */
        for (int c = 0; c < cuts; c += 2) {
            const int e = cut[(c + turn) % cuts], f = cut[(c + turn + 1) % cuts];
            next[e][next[e][0] >= 0] = f;
            next[f][next[f][0] >= 0] = e;
        }
    }
    plot__put(a->p, "<path d=\"");
    for (int start = 0; start < edges; start++)
        while (next[start][0] >= 0 || next[start][1] >= 0) { /* once for each direction */
            plot__put(a->p, "M");
            for (int e = start, to = 0; to >= 0; e = to) {
                const int k = e / 2, other = e % 2 ? k + nx : k + 1;
                const double t = (level - z[k]) / (z[other] - z[k]);
                const double i = k % nx + (e % 2 ? 0 : t), j = k / nx + (e % 2 ? t : 0);
                plot__put(a->p, " # #", a->x + a->w * i / (nx - 1),
                          a->y + a->h - a->h * j / (ny - 1));
                to = next[e][0] >= 0 ? next[e][0] : next[e][1];
                if (to < 0) break;
                next[e][next[e][0] != to] = next[to][next[to][0] != e] = -1;
            }
        }
    plot__put(a->p, "\"");
    plot__style(a->p, s);
    free(next);
}

/* ---- saving ---- */

static inline void plot__check_texts(plot *p)
{
    for (int i = 0; i < p->boxes; i++) {
        const plot__box *a = &p->box[i];
        if (a->left < 2 || a->right > p->width - 2 || a->top < 2 || a->bottom > p->height - 2)
            plot_fail(p, "a text leaves the figure: ", a->text);
        for (int j = 0; j < i; j++) {
            const plot__box *b = &p->box[j];
            char both[80];
            snprintf(both, sizeof both, "%s | %s", b->text, a->text);
            if (a->left < b->right && b->left < a->right && a->top < b->bottom &&
                b->top < a->bottom)
                plot_fail(p, "texts overlap: ", both);
        }
    }
}

/* Writes directory/name.svg, whole or not at all, and frees the figure. 1 if that worked; else the
 * reason is on stderr. */
static inline int plot_save(plot *p, const char *directory, const char *name)
{
    plot__write_ends(p);
    plot__check_texts(p);
    if (p->width > PLOT_MAX_WIDTH) plot_fail(p, "wider than 640 px", "");
    plot all = {0};
    plot__put(&all, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"#\" height=\"#\" "
                    "viewBox=\"0 0 # #\" role=\"img\">\n<title>",
              p->width, p->height, p->width, p->height);
    plot__escaped(&all, p->title, strlen(p->title));
    plot__put(&all, "</title>\n<desc>");
    plot__escaped(&all, p->desc, strlen(p->desc));
    plot__put(&all, "</desc>\n<rect width=\"#\" height=\"#\" rx=\"6\" fill=\"white\"/>\n"
                    "<g font-family=\"Helvetica,Arial,sans-serif\" font-size=\"15\" "
                    "stroke-linecap=\"round\" stroke-linejoin=\"round\" xml:space=\"preserve\">\n",
              p->width, p->height);
    if (p->size) plot__bytes(&all, p->text, p->size);
    plot__put(&all, "</g>\n</svg>\n");
    plot_fail(p, all.problem, "");
    if (all.size > PLOT_MAX_BYTES) plot_fail(p, "larger than 30 KB", "");

    char path[512], partial[520];
    if (snprintf(path, sizeof path, "%s/%s.svg", directory, name) >= (int)sizeof path)
        plot_fail(p, "the path is too long", "");
    snprintf(partial, sizeof partial, "%s.tmp", path);
    if (!p->problem[0]) {
        FILE *out = fopen(partial, "wb");
        int written = out && fwrite(all.text, 1, all.size, out) == all.size;
        if (out && fclose(out)) written = 0;
        if (!written || rename(partial, path)) {
            plot_fail(p, "cannot be written: ", strerror(errno));
            if (out) remove(partial);
        }
    }
    const int good = !p->problem[0];
    if (!good) fprintf(stderr, "%s: %s\n", path, p->problem);
    free(p->text);
    free(p->box);
    free(all.text);
    return good;
}

#endif
