/* Chapter 2, against numbers by hand and against searches that try everything: all Boolean
 * functions by all small integer weights, and separability in the plane by geometry in whole
 * numbers. The numbers in brackets are those of the feature list.
 *
 *     cc -std=c99 -O1 -g tests/test_ch02.c -lm -o test_ch02 && ./test_ch02
 */
#include "capture.h"

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static nn_ctx *nn;

/* input[k] are the digits of k, the first the highest: the rows of a truth table */
static void digits(int k, int n, nn_real *x)
{
    for (int i = 0; i < n; i++) x[i] = (nn_real)(k >> (n - 1 - i) & 1);
}

/* ---- the unit, the perceptron, gates ---- */

/* [2.2] A step at theta, where the value is 0. */
static void unit(void)
{
    const float thetas[] = {0, 1, -1, 0.1f, 1e-30f, -3e30f};
    for (int i = 0; i < 6; i++) {
        const float t = thetas[i];
        CHECK_INT(nn_btu((nn_real)t, (nn_real)t), 0);
        CHECK_INT(nn_btu((nn_real)nextafterf(t, INFINITY), (nn_real)t), 1);
        CHECK_INT(nn_btu((nn_real)nextafterf(t, -INFINITY), (nn_real)t), 0);
    }
    CHECK_INT(nn_btu((nn_real)NAN, 0), 0);
}

typedef struct gate {
    nn_real w[2], b;
    int n;
    int y[4];
} gate;
static gate gates[] = {{{1, 1}, -1.5f, 2, {0, 0, 0, 1}},  /* AND */
                       {{1, 1}, -0.5f, 2, {0, 1, 1, 1}},  /* OR */
                       {{-1, -1}, 1.5f, 2, {1, 1, 1, 0}}, /* NAND */
                       {{-1, 0}, 0.5f, 1, {1, 0}}};       /* NOT */

/* [2.1, 2.3, 2.6, 2.7] The truth tables; the threshold theta = -b gives the same. */
static void truth_tables(void)
{
    for (int g = 0; g < 4; g++)
        for (int k = 0; k < 1 << gates[g].n; k++) {
            nn_real x[2];
            digits(k, gates[g].n, x);
            nn_perceptron p = {gates[g].w, gates[g].b, gates[g].n};
            CHECK_INT(nn_perceptron_forward(&p, x), gates[g].y[k]);
            CHECK_INT(nn_btu(nn_neuron(p.w, x, p.n, 0), -p.b), gates[g].y[k]);
        }
    nn_real w[3] = {2, -1, 0.5f};
    const nn_real x[3] = {1, 3, 2}; /* 2 - 3 + 1 = 0: not above 0 */
    nn_perceptron p = {w, 0, 3};
    CHECK_INT(nn_perceptron_forward(&p, x), 0);
    p.b = 0.001f;
    CHECK_INT(nn_perceptron_forward(&p, x), 1);
}

/* The rule of chapter 4, here only to be watched: w += t - y times x. 1 if it changed something. */
static int perceptron_rule(nn_perceptron *p, const nn_real *x, int t)
{
    const nn_real error = (nn_real)(t - nn_perceptron_forward(p, x));
    for (int i = 0; i < p->n; i++) p->w[i] += error * x[i];
    p->b += error;
    return error != 0;
}

/* [2.5] What is right already stays as it is; Hebb's rule goes on changing it. */
static void right_is_left_alone(void)
{
    for (int g = 0; g < 4; g++)
        for (int k = 0; k < 1 << gates[g].n; k++) {
            nn_real x[2], w[2] = {gates[g].w[0], gates[g].w[1]};
            digits(k, gates[g].n, x);
            nn_perceptron p = {w, gates[g].b, gates[g].n};
            CHECK_INT(perceptron_rule(&p, x, gates[g].y[k]), 0);
            CHECK(memcmp(w, gates[g].w, sizeof w) == 0 && p.b == gates[g].b);
            nn_hebb(w, x, p.n, (nn_real)nn_perceptron_forward(&p, x), 0.5f);
            CHECK((memcmp(w, gates[g].w, sizeof w) != 0) == (gates[g].y[k] == 1 && k > 0));
        }
}

static const nn_real corners[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const int xor_table[4] = {0, 1, 1, 0};

/* [2.8, 2.9] No perceptron computes XOR: not for nn_separable, not with weights of a fine grid, not
 * by training. AND of OR and NAND does. */
static void exclusive_or(void)
{
    nn_real w[2] = {0, 0};
    nn_perceptron p = {w, 0, 2};
    CHECK_INT(nn_separable(nn, corners[0], xor_table, 4, &p), 0);
    for (int a = -20; a <= 20; a++)
        for (int b = -20; b <= 20; b++)
            for (int c = -41; c <= 41; c++) {
                int right = 0;
                w[0] = (nn_real)a, w[1] = (nn_real)b, p.b = (nn_real)c / 2;
                for (int k = 0; k < 4; k++)
                    right += nn_perceptron_forward(&p, corners[k]) == xor_table[k];
                CHECK(right < 4);
            }
    w[0] = w[1] = p.b = 0;
    for (int epoch = 0; epoch < 1000; epoch++) {
        int changes = 0;
        for (int k = 0; k < 4; k++) changes += perceptron_rule(&p, corners[k], xor_table[k]);
        CHECK(changes > 0);
    }
    for (int k = 0; k < 4; k++) {
        nn_perceptron both = {gates[0].w, gates[0].b, 2}, any = {gates[1].w, gates[1].b, 2};
        nn_perceptron not_both = {gates[2].w, gates[2].b, 2};
        const nn_real h[2] = {(nn_real)nn_perceptron_forward(&any, corners[k]),
                              (nn_real)nn_perceptron_forward(&not_both, corners[k])};
        CHECK_INT(nn_perceptron_forward(&both, h), xor_table[k]);
    }
}

/* [2.13] The data on which a perceptron fails, by a network of two hidden units and one output. Not
 * from all first weights: some get stuck. */
static void two_layers(void)
{
    const int width[3] = {2, 2, 1};
    const nn_real target[4] = {0, 1, 1, 0};
    nn_real w[2];
    nn_perceptron p = {w, 0, 2};
    CHECK_INT(nn_separable(nn, corners[0], xor_table, 4, &p), 0);
    int solved = 0;
    for (int seed = 1; seed <= 10; seed++) {
        nn_seed(nn, (uint64_t)seed);
        nn_model *net = nn_model_new(nn);
        nn_mlp m = nn_mlp_new(net, "m", width, 3, NN_TANH, NN_SIGMOID);
        nn_optimizer *opt = nn_adam(net, 0.05f);
        for (int step = 0; step < 1000; step++) {
            nn_zero_grad(net);
            nn_mlp_forward(&m, corners[0], 4);
            nn_mlp_backward(&m, target);
            nn_step(opt);
        }
        const nn_real *y = nn_mlp_forward(&m, corners[0], 4);
        double off = 0;
        for (int k = 0; k < 4; k++) off = fmax(off, fabs((double)y[k] - (double)target[k]));
        solved += off < 0.05;
    }
    CHECK(solved >= 3);
}

/* ---- the boundary ---- */

/* [2.12] 3 x + 4 y - 5 = 0, and a plane in three dimensions. */
static void distance(void)
{
    nn_real w[2] = {3, 4}, w3[3] = {2, -1, 2};
    const nn_real points[4][2] = {{0, 0}, {3, 4}, {-1, 2}, {1, -2}}, far3[3] = {1, -2, 4};
    const double expected[4] = {-1, 4, 0, -2};
    nn_perceptron p = {w, -5, 2}, p3 = {w3, -3, 3};
    for (int i = 0; i < 4; i++) CHECK_NEAR(nn_perceptron_distance(&p, points[i]), expected[i], 0);
    CHECK_NEAR(nn_perceptron_distance(&p3, far3), 3, 0); /* (2 + 2 + 8 - 3) / 3 */
    w[0] = 3e-20f, w[1] = 4e-20f, p.b = -5e-20f; /* the same line, tiny numbers */
    CHECK_NEAR(nn_perceptron_distance(&p, points[1]), 4, 1e-6);
}

/* The end points, in either order; hit 0: there are none. */
static void ends_are(nn_real w0, nn_real w1, nn_real b, int hit, double x0, double y0, double x1,
                     double y1)
{
    const nn_real box[4] = {-1, 3, 0, 2};
    nn_real w[2] = {w0, w1}, e[4] = {9, 9, 9, 9};
    nn_perceptron p = {w, b, 2};
    CHECK_INT(nn_perceptron_boundary(&p, box, e), hit);
    const double ends[2][4] = {{x0, y0, x1, y1}, {x1, y1, x0, y0}};
    double off[2] = {0, 0};
    for (int o = 0; o < 2; o++)
        for (int i = 0; i < 4; i++) off[o] = fmax(off[o], fabs((double)e[i] - ends[o][i]));
    CHECK_NEAR(fmin(off[0], off[1]), 0, 1e-6);
    if (!hit) CHECK(e[0] == 9 && e[1] == 9 && e[2] == 9 && e[3] == 9);
}

/* [2.12] Where a line crosses the box from (-1, 0) to (3, 2), by hand. */
static void boundary(void)
{
    ends_are(1, 0, -1, 1, 1, 0, 1, 2);           /* x = 1 */
    ends_are(0, 2, -1, 1, -1, 0.5, 3, 0.5);      /* y = 1/2 */
    ends_are(1, -1, 0, 1, 0, 0, 2, 2);           /* y = x */
    ends_are(1, 1, -4, 1, 2, 2, 3, 1);           /* cuts off the corner (3, 2) */
    ends_are(-1, 2, -1, 1, -1, 0, 3, 2);         /* from corner to corner */
    ends_are(1, 2, -3, 1, -1, 2, 3, 0);          /* the other diagonal */
    ends_are(1, 1, 0, 1, -1, 1, 0, 0);           /* cuts off the corner (-1, 0) */
    ends_are(1, 0, 1, 1, -1, 0, -1, 2);          /* along the left side */
    ends_are(0, 1, -2, 1, -1, 2, 3, 2);          /* along the upper one */
    ends_are(1, -3, 1, 1, -1, 0, 3, 4.0 / 3);    /* from a corner to a side */
    ends_are(1, 1, 1, 0, 9, 9, 9, 9);            /* touches the corner (-1, 0) */
    ends_are(1, 1, -5, 0, 9, 9, 9, 9);           /* touches the corner (3, 2) */
    ends_are(1, 1, -6, 0, 9, 9, 9, 9);           /* misses */
    ends_are(1, 0, 2, 0, 9, 9, 9, 9);
    nn_seed(nn, test_seed = 4);
    for (int i = 0; i < 1000; i++) { /* any: the ends are on the line and on the box's edge */
        const nn_real box[4] = {-2, 1, -1, 5};
        nn_real w[2] = {nn_normal(nn, 0, 1), nn_normal(nn, 0, 1)}, e[4];
        nn_perceptron p = {w, nn_normal(nn, 0, 1), 2};
        if (!nn_perceptron_boundary(&p, box, e)) continue;
        for (int k = 0; k < 4; k += 2) {
            CHECK_NEAR(nn_perceptron_distance(&p, e + k), 0, 1e-6);
            CHECK(e[k] == box[0] || e[k] == box[1] || e[k + 1] == box[2] || e[k + 1] == box[3]);
            CHECK(e[k] >= box[0] && e[k] <= box[1] && e[k + 1] >= box[2] && e[k + 1] <= box[3]);
        }
        CHECK(e[0] != e[2] || e[1] != e[3]);
    }
}

/* ---- Hebb and Oja ---- */

/* [2.4] One step by hand; by Hebb's rule a linear neuron of one input 2 grows by 1 + 0.5 * 4 each
 * step; by Oja's it goes to 1 from above and below, to -1 from below 0. */
static void rules(void)
{
    nn_real w[2] = {1, -2};
    const nn_real x[2] = {3, 1}, two[1] = {2}, one[1] = {1};
    nn_hebb(w, x, 2, 2, 0.25f);
    CHECK(w[0] == 2.5f && w[1] == -1.5f); /* 1 + 0.25 2 3, -2 + 0.25 2 1 */
    nn_oja(w, x, 2, 2, 0.25f);
    CHECK(w[0] == 1.5f && w[1] == 0.5f); /* 2.5 + 0.5 (3 - 5), -1.5 + 0.5 (1 + 3) */
    nn_real grows[1] = {1};
    double expected = 1;
    for (int k = 0; k < 30; k++, expected *= 3) {
        CHECK_NEAR(grows[0], expected, 1e-5 * expected);
        nn_hebb(grows, two, 1, 2 * grows[0], 0.5f);
    }
    const double from[3] = {0.01, 2, -0.01};
    for (int i = 0; i < 3; i++) {
        nn_real v[1] = {(nn_real)from[i]};
        for (int k = 0; k < 2000; k++) nn_oja(v, one, 1, v[0], 0.05f);
        CHECK_NEAR(v[0], from[i] > 0 ? 1 : -1, 1e-5);
    }
}

/* [2.4] Points of standard deviation 2 along the direction 30 degrees, 0.5 across it: Oja's rule
 * finds it, at length 1; Hebb's finds it, too, but at any length. */
static void first_component(void)
{
    const double c = cos(acos(-1) / 6), s = sin(acos(-1) / 6);
    nn_real oja[2] = {0.3f, -0.4f}, hebb[2] = {0.3f, -0.4f};
    nn_seed(nn, test_seed = 5);
    double length = 0.5;
    for (int k = 0; k < 20000; k++) {
        const double along = (double)nn_normal(nn, 0, 2), across = (double)nn_normal(nn, 0, 0.5f);
        const nn_real x[2] = {(nn_real)(along * c - across * s), (nn_real)(along * s + across * c)};
        nn_oja(oja, x, 2, nn_neuron(oja, x, 2, 0), 0.001f);
        if (k % 1000 || k > 15000) continue; /* a few steps in a row are enough for Hebb */
        for (int i = 0; i < 100; i++) nn_hebb(hebb, x, 2, nn_neuron(hebb, x, 2, 0), 0.001f);
        const double now = hypot((double)hebb[0], (double)hebb[1]);
        CHECK(now > length);
        length = now;
    }
    CHECK_NEAR(hypot((double)oja[0], (double)oja[1]), 1, 0.02);
    CHECK(fabs((double)oja[0] * c + (double)oja[1] * s) > 0.999);
    CHECK(length > 5);
}

/* ---- every Boolean function ---- */

/* [2.10] The network of a table gives the table, for all of 1, 2, 3 inputs and some of 10. */
static void normal_form(void)
{
    static int table[1 << 10];
    nn_real x[10];
    nn_seed(nn, test_seed = 6);
    for (int n = 1; n <= 4; n++) {
        const int inputs = n < 4 ? n : 10, rows = 1 << inputs;
        const int functions = n < 4 ? 1 << rows : 3;
        for (int f = 0; f < functions; f++) {
            int ones = 0;
            for (int k = 0; k < rows; k++) {
                table[k] = n < 4 ? f >> k & 1 : nn_randint(nn, 0, 2);
                ones += table[k];
            }
            nn_boolean b = nn_boolean_new(nn, table, inputs);
            CHECK_INT(b.hidden, ones);
            for (int k = 0; k < rows; k++) {
                digits(k, inputs, x);
                CHECK_INT(nn_boolean_forward(&b, x), table[k]);
                double fired = 0;
                for (int i = 0; i < b.hidden; i++) fired += (double)b.y[i];
                CHECK_NEAR(fired, table[k], 0); /* one hidden unit at most, its own */
            }
        }
    }
}

/* The functions of n inputs that integer weights up to `most` and a bias halfway between two
 * integers compute: found[f] = 1. Bit k of f is the value at input k. */
static int by_search(int n, int most, char *found)
{
    int count = 0, w[4] = {0, 0, 0, 0}, choices = 1;
    memset(found, 0, (size_t)1 << (1 << n));
    for (int i = 0; i < n; i++) choices *= 2 * most + 1;
    for (int c = 0; c < choices; c++) {
        for (int i = 0, rest = c; i < n; i++, rest /= 2 * most + 1)
            w[i] = rest % (2 * most + 1) - most;
        int z[16];
        for (int k = 0; k < 1 << n; k++) {
            z[k] = 0;
            for (int i = 0; i < n; i++) z[k] += (k >> (n - 1 - i) & 1) * w[i];
        }
        for (int theta = -n * most - 1; theta <= n * most; theta++) { /* 1 where z > theta + 1/2 */
            int f = 0;
            for (int k = 0; k < 1 << n; k++) f |= (z[k] > theta) << k;
            count += !found[f];
            found[f] = 1;
        }
    }
    return count;
}

/* [2.11] nn_separable agrees with the search, function by function, and the search finds the
 * numbers that are known: 4, 14, 104 and 1,882 (Muroga, Threshold Logic, 1971). */
static void all_functions(void)
{
    static char found[1 << 16];
    const int known[5] = {0, 4, 14, 104, 1882};
    nn_real x[16 * 4], w[4];
    int label[16];
    for (int n = 1; n <= 4; n++) {
        int count = 0, wrong = 0;
        CHECK_INT(by_search(n, 3, found), known[n]);
        for (int k = 0; k < 1 << n; k++) digits(k, n, x + k * n);
        for (int f = 0; f < 1 << (1 << n); f++) {
            nn_perceptron p = {w, 0, n};
            for (int k = 0; k < 1 << n; k++) label[k] = f >> k & 1;
            const int yes = nn_separable(nn, x, label, 1 << n, &p);
            for (int k = 0; yes && k < 1 << n; k++)
                wrong += nn_perceptron_forward(&p, x + k * n) != label[k];
            wrong += yes != found[f];
            count += yes;
        }
        CHECK_INT(count, known[n]);
        CHECK_INT(wrong, 0);
    }
}

/* ---- separability ---- */

/* Twice the area of a, b, c: positive if they turn left. */
static int turn(const int *a, const int *b, const int *c)
{
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

static int between(const int *p, const int *a, const int *b) /* p on the line from a to b */
{
    return turn(a, b, p) == 0 && (p[0] - a[0]) * (p[0] - b[0]) <= 0 &&
           (p[1] - a[1]) * (p[1] - b[1]) <= 0;
}

static int inside(const int *p, const int *a, const int *b, const int *c)
{
    const int u = turn(a, b, p), v = turn(b, c, p), w = turn(c, a, p);
    if (between(p, a, b) || between(p, b, c) || between(p, c, a)) return 1;
    return (u > 0 && v > 0 && w > 0) || (u < 0 && v < 0 && w < 0);
}

static int sign(int v) { return (v > 0) - (v < 0); }

static int cross(const int *a, const int *b, const int *c, const int *d)
{
    return sign(turn(a, b, c)) * sign(turn(a, b, d)) < 0 &&
           sign(turn(c, d, a)) * sign(turn(c, d, b)) < 0;
}

/* Whether two sets of points in the plane have no point in common between them: none of one lies in
 * a triangle (or side, or point) of the other, no two of their sides cross. */
static int apart(int (*p)[2], const int *label, int n)
{
    for (int i = 0; i < n; i++)
        for (int a = 0; a < n; a++)
            for (int b = a; b < n; b++) {
                for (int c = b; c < n; c++)
                    if (label[a] == label[b] && label[b] == label[c] && label[a] != label[i] &&
                        inside(p[i], p[a], p[b], p[c])) return 0;
                for (int j = i; j < n; j++)
                    if (label[i] == label[j] && label[a] == label[b] && label[a] != label[i] &&
                        cross(p[i], p[j], p[a], p[b])) return 0;
            }
    return 1;
}

/* [2.11] Random points of a small grid, where much lies on a line or in one place, against exact
 * geometry. */
static void in_the_plane(void)
{
    int yes = 0, trials = 4000;
    nn_seed(nn, test_seed = 7);
    for (int t = 0; t < trials; t++) {
        const int n = nn_randint(nn, 1, 10), side = nn_randint(nn, 2, 8);
        int point[10][2], label[10];
        nn_real x[10][2], w[2] = {7, 7};
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < 2; j++) x[i][j] = (nn_real)(point[i][j] = nn_randint(nn, 0, side));
            label[i] = nn_randint(nn, 0, 2);
        }
        nn_perceptron p = {w, 7, 2};
        const int got = nn_separable(nn, x[0], label, n, &p), expected = apart(point, label, n);
        CHECK_INT(got, expected);
        for (int i = 0; got && i < n; i++) {
            const double z = (double)w[0] * (double)x[i][0] + (double)w[1] * (double)x[i][1] +
                             (double)p.b;
            CHECK((label[i] ? z : -z) >= 1 - 1e-4);
        }
        if (!got) CHECK(w[0] == 7 && w[1] == 7 && p.b == 7);
        yes += got;
    }
    CHECK(yes > trials / 5 && yes < trials * 4 / 5);
}

enum { DIM = 20, POINTS = 200 };

/* [2.11] Points labelled by a hyperplane, those next to it left out. Then a point of one class that
 * is the middle of two of the other, in whole numbers: no hyperplane can part those. */
static void planted(void)
{
    static nn_real x[POINTS * DIM];
    int label[POINTS];
    nn_real w[DIM];
    nn_seed(nn, test_seed = 8);
    for (int t = 0; t < 300; t++) {
        const int n = nn_randint(nn, 1, DIM + 1), rows = nn_randint(nn, 3, POINTS + 1);
        const int shift = t % 3 == 0 ? 1000 : 0; /* far from 0, too */
        double plane[DIM + 1];
        for (int j = 0; j <= n; j++) plane[j] = (double)nn_normal(nn, 0, 1);
        for (int i = 0; i < rows;) {
            double z = plane[n];
            for (int j = 0; j < n; j++) {
                const int v = nn_randint(nn, -500, 501) * 2;
                x[i * n + j] = (nn_real)(v + shift);
                z += plane[j] * v;
            }
            label[i] = z > 0;
            if (fabs(z) > 1) i++;
        }
        label[nn_randint(nn, 0, rows)] = -1; /* does not count */
        nn_perceptron p = {w, 0, n};
        CHECK_INT(nn_separable(nn, x, label, rows, &p), 1);
        for (int i = 0; i < rows; i++) {
            double z = (double)p.b;
            for (int j = 0; j < n; j++) z += (double)w[j] * (double)x[i * n + j];
            if (label[i] >= 0) CHECK((label[i] ? z : -z) > 0);
        }
        const int a = nn_randint(nn, 0, rows - 2), b = nn_randint(nn, a + 1, rows - 1);
        for (int j = 0; j < n; j++) x[(rows - 1) * n + j] = (x[a * n + j] + x[b * n + j]) / 2;
        label[a] = label[b] = t % 2;
        label[rows - 1] = !(t % 2);
        CHECK_INT(nn_separable(nn, x, label, rows, &p), 0);
        CHECK_INT(nn->code, NN_OK);
    }
}

/* [2.11] Of the 2^N ways to label N points in general position in n dimensions exactly
 * 2 (C(N-1, 0) + .. + C(N-1, n)) can be parted (Cover, IEEE Trans. EC-14, 1965). */
static void counted(void)
{
    nn_seed(nn, test_seed = 9);
    for (int n = 1; n <= 7; n += 2)
        for (int rows = n; rows <= 10; rows++) {
            nn_real x[70], w[7];
            int label[10], count = 0;
            long expected = 2, binomial = 1;
            for (int i = 1; i <= n; i++) {
                binomial = binomial * (rows - i) / i;
                expected += 2 * binomial;
            }
            for (int i = 0; i < rows * n; i++) x[i] = nn_normal(nn, 3, 1);
            for (int f = 0; f < 1 << rows; f++) {
                nn_perceptron p = {w, 0, n};
                for (int i = 0; i < rows; i++) label[i] = f >> i & 1;
                count += nn_separable(nn, x, label, rows, &p);
            }
            CHECK_INT(count, expected);
        }
}

/* [2.11] One class only, one sample, the same sample twice, and neighbours among the floats. */
static void edges(void)
{
    const nn_real x[4] = {1, 2, 1, 1.0000002f};
    const int same[2] = {1, 1}, other[2] = {0, 0}, two[4] = {0, 1, 1, 0}, none[2] = {-1, -1};
    const int close_by[4] = {-1, 1, 0, 1}, outside[2] = {0, 1};
    nn_real w[2] = {0, 0};
    nn_perceptron p = {w, 0, 1};
    CHECK_INT(nn_separable(nn, x, same, 2, &p), 1);
    CHECK_INT(nn_perceptron_forward(&p, x), 1);
    CHECK_INT(nn_separable(nn, x, other, 2, &p), 1);
    CHECK_INT(nn_perceptron_forward(&p, x), 0);
    CHECK_INT(nn_separable(nn, x, other, 1, &p), 1);
    CHECK_INT(nn_separable(nn, x, none, 2, &p), 1);
    CHECK_INT(nn_separable(nn, x, two, 3, &p), 0); /* 1 is a 0 and a 1 */
    CHECK_INT(nn_separable(nn, x, close_by, 4, &p), 1);
    CHECK_INT(nn_separable(nn, x, outside, 2, &p), 1);
    CHECK_NEAR(p.b / w[0], -1.5, 1e-6); /* halfway between 1 and 2 */
    CHECK_NEAR(w[0], 2, 1e-6);          /* so that 1 and 2 get -1 and 1 */
    p.n = 2;
    nn_real twice[8] = {0, 0, 1, 1, 2, 2, 3, 3}; /* on a line in the plane */
    const int along[4] = {0, 0, 1, 1}, mixed[4] = {0, 1, 0, 1};
    CHECK_INT(nn_separable(nn, twice, along, 4, &p), 1);
    CHECK_INT(nn_separable(nn, twice, mixed, 4, &p), 0);
}

/* ---- wrong calls ---- */

static char heard[512];
static void hear(void *user, nn_code code, const char *message)
{
    (void)user, (void)code;
    snprintf(heard, sizeof heard, "%s", message);
}

/* After a call at this line: it was refused with this text, and all is well again. Where a call
 * fills two lines, gcc and clang count it to different ones. */
static void refused(int line, const char *text)
{
    char wanted[512];
    CHECK(nn->line == line || nn->line == line - 1);
    snprintf(wanted, sizeof wanted, "%s:%d: %s", __FILE__, nn->line, text);
    CHECK_STR(heard, wanted);
    heard[0] = 0;
    nn_error_clear(nn);
}

#define CHECK_REFUSED(call, text)                                                              \
    do {                                                                                       \
        CHECK_INT(call, 0);                                                                    \
        refused(__LINE__, text);                                                               \
    } while (0)

static void mistakes(void)
{
    nn_real w[2] = {1, 1}, x[2] = {0, 1}, e[4], half[2] = {0, 0.5f}, none[2] = {0, 0};
    nn_real not_a_number[2] = {1, (nn_real)NAN};
    const nn_real box[4] = {0, 1, 0, 1}, flat[4] = {0, 1, 2, 2};
    const nn_perceptron good = {w, 0, 2}, empty = {NULL, 0, 2}, negative = {w, 0, -1};
    const nn_perceptron one = {w, 0, 1}, zero = {none, 1, 2}, lost = {not_a_number, 1, 2};
    CHECK_MISTAKE(nn_perceptron_forward(NULL, x), "nn_perceptron_forward: argument 1 is NULL");
    CHECK_MISTAKE(nn_perceptron_forward(&good, NULL), "nn_perceptron_forward: argument 2 is NULL");
    CHECK_MISTAKE(nn_perceptron_forward(&empty, x),
                  "nn_perceptron_forward: the perceptron has no weights: w is NULL");
    CHECK_MISTAKE(nn_perceptron_forward(&negative, x),
                  "nn_perceptron_forward: the perceptron has -1 weights");
    CHECK_MISTAKE(nn_perceptron_distance(NULL, x), "nn_perceptron_distance: argument 1 is NULL");
    CHECK_MISTAKE(nn_perceptron_distance(&zero, x),
                  "nn_perceptron_distance: no boundary: all weights are 0, or one is NaN");
    CHECK_MISTAKE(nn_perceptron_boundary(NULL, box, e),
                  "nn_perceptron_boundary: argument 1 is NULL");
    CHECK_MISTAKE(nn_perceptron_boundary(&good, NULL, e),
                  "nn_perceptron_boundary: argument 2 is NULL");
    CHECK_MISTAKE(nn_perceptron_boundary(&good, box, NULL),
                  "nn_perceptron_boundary: argument 3 is NULL");
    CHECK_MISTAKE(nn_perceptron_boundary(&one, box, e),
                  "nn_perceptron_boundary: 1 inputs: the boundary is no line");
    CHECK_MISTAKE(nn_perceptron_boundary(&good, flat, e),
                  "nn_perceptron_boundary: the box is x 0 to 1, y 2 to 2");
    CHECK_MISTAKE(nn_perceptron_boundary(&zero, box, e),
                  "nn_perceptron_boundary: no boundary: all weights are 0, or one is NaN");
    CHECK_MISTAKE(nn_perceptron_boundary(&lost, box, e),
                  "nn_perceptron_boundary: no boundary: all weights are 0, or one is NaN");
    CHECK_MISTAKE(nn_hebb(NULL, x, 2, 1, 1), "nn_hebb: argument 1 is NULL");
    CHECK_MISTAKE(nn_hebb(w, NULL, 2, 1, 1), "nn_hebb: argument 2 is NULL");
    CHECK_MISTAKE(nn_hebb(w, x, -2, 1, 1), "nn_hebb: -2 weights");
    CHECK_MISTAKE(nn_oja(w, x, 2, 1, 0), "nn_oja: eta is 0, not positive and finite");
    CHECK(w[0] == 1 && w[1] == 1);

    int table[4] = {0, 1, 1, 0}, label[2] = {0, 1};
    nn_on_error(nn, hear, NULL);
    nn_boolean b = nn_boolean_new(nn, table, 2), failed = nn_boolean_new(nn, table, 2);
    failed.unit = NULL;
    CHECK_MISTAKE(nn_boolean_new(NULL, table, 2), "nn_boolean_new: argument 1 is NULL");
    CHECK_MISTAKE(nn_boolean_forward(NULL, x), "nn_boolean_forward: argument 1 is NULL");
    CHECK_REFUSED(nn_boolean_new(nn, NULL, 2).hidden, "nn_boolean_new: argument 2 is NULL");
    CHECK_REFUSED(nn_boolean_new(nn, table, 0).hidden, "nn_boolean_new: 0 inputs, not 1 to 16");
    CHECK_REFUSED(nn_boolean_new(nn, table, 17).hidden, "nn_boolean_new: 17 inputs, not 1 to 16");
    table[2] = 2;
    CHECK_REFUSED(nn_boolean_new(nn, table, 2).hidden, "nn_boolean_new: table[2] is 2, not 0 or 1");
    CHECK_REFUSED(nn_boolean_forward(&b, NULL), "nn_boolean_forward: argument 2 is NULL");
    CHECK_REFUSED(nn_boolean_forward(&b, half), "nn_boolean_forward: x[1] is 0.5, not 0 or 1");
    CHECK_REFUSED(nn_boolean_forward(&failed, x),
                  "nn_boolean_forward: argument 1 is the result of a failed call");
    CHECK_INT(nn_boolean_forward(&b, x), 1);

    nn_perceptron p = {w, 0, 1}, no_weights = {NULL, 0, 1};
    CHECK_MISTAKE(nn_separable(NULL, x, label, 2, &p), "nn_separable: argument 1 is NULL");
    CHECK_REFUSED(nn_separable(nn, NULL, label, 2, &p), "nn_separable: argument 2 is NULL");
    CHECK_REFUSED(nn_separable(nn, x, NULL, 2, &p), "nn_separable: argument 3 is NULL");
    CHECK_REFUSED(nn_separable(nn, x, label, 2, NULL), "nn_separable: argument 5 is NULL");
    CHECK_REFUSED(nn_separable(nn, x, label, 0, &p),
                  "nn_separable: 0 samples, a perceptron of 1 inputs");
    CHECK_REFUSED(nn_separable(nn, x, label, 2, &no_weights),
                  "nn_separable: 2 samples, a perceptron of 1 inputs whose w is NULL");
    label[1] = 3;
    CHECK_REFUSED(nn_separable(nn, x, label, 2, &p),
                  "nn_separable: label[1] is 3, not 0, 1 or -1");
    label[1] = 1;
    x[1] = (nn_real)INFINITY;
    CHECK_REFUSED(nn_separable(nn, x, label, 2, &p), "nn_separable: sample 1 has the number inf");
    CHECK(w[0] == 1 && p.b == 0);
}

int main(void)
{
    nn = nn_create(1);
    RUN(unit);
    RUN(truth_tables);
    RUN(right_is_left_alone);
    RUN(exclusive_or);
    RUN(two_layers);
    RUN(distance);
    RUN(boundary);
    RUN(rules);
    RUN(first_component);
    RUN(normal_form);
    RUN(all_functions);
    RUN(in_the_plane);
    RUN(planted);
    RUN(counted);
    RUN(edges);
    RUN(mistakes);
    nn_destroy(nn);
    return test_summary();
}
