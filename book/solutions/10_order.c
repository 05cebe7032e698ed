/* Exercise 10.4: the same network, another order (code, 30 minutes).
 *
 * A network with IN inputs, UNITS hidden tanh units and OUT outputs. reorder: a network whose unit
 * j is unit from[j] of n, and which computes the same. match: the order from that makes
 * reorder(b, from) most like a, that is, with the least sum of squared differences of all weights
 * and biases; UNITS is small: you may try all 120. The program puts a network
 * into another order, changes it a little, and counts the units that you matched wrongly. In runs
 * 2, 3 and 4 the units differ in one thing only; in run 5 the nearest unit is often the wrong one.
 */
#include "../exercises/check.h"

enum { IN = 3, UNITS = 5, OUT = 2 };
typedef struct network {
    double W1[UNITS][IN], b1[UNITS]; /* into the units */
    double W2[OUT][UNITS], b2[OUT];  /* out of them */
} network;

static network reorder(const network *n, const int *from)
{
    network r = *n;
    /* Your code, instead of the lines down to END: */
    for (int j = 0; j < UNITS; j++) {
        for (int i = 0; i < IN; i++) r.W1[j][i] = n->W1[from[j]][i];
        for (int c = 0; c < OUT; c++) r.W2[c][j] = n->W2[c][from[j]];
        r.b1[j] = n->b1[from[j]];
    }
    /* END */
    return r;
}

static void match(const network *a, const network *b, int *from)
{
    for (int j = 0; j < UNITS; j++) from[j] = j;
    /* Your code, instead of the lines down to END: */
    double least = HUGE_VAL;
    for (int code = 0; code < 5 * 5 * 5 * 5 * 5; code++) { /* its digits are an order, perhaps */
        int order[UNITS], seen = 0;
        for (int j = 0, rest = code; j < UNITS; j++, rest /= UNITS) {
            order[j] = rest % UNITS;
            seen |= 1 << order[j];
        }
        if (seen != (1 << UNITS) - 1) continue; /* one comes twice */
        const network r = reorder(b, order);
        double far = 0;
        for (int j = 0; j < UNITS; j++) {
            for (int i = 0; i < IN; i++) far += pow(a->W1[j][i] - r.W1[j][i], 2);
            for (int c = 0; c < OUT; c++) far += pow(a->W2[c][j] - r.W2[c][j], 2);
            far += pow(a->b1[j] - r.b1[j], 2);
        }
        if (far < least) least = far, memcpy(from, order, sizeof order);
    }
    /* END */
}

static void forward(const network *n, const double *x, double *y)
{
    for (int c = 0; c < OUT; c++) y[c] = n->b2[c];
    for (int j = 0; j < UNITS; j++) {
        double z = n->b1[j];
        for (int i = 0; i < IN; i++) z += n->W1[j][i] * x[i];
        for (int c = 0; c < OUT; c++) y[c] += n->W2[c][j] * tanh(z);
    }
}

/* The largest difference of what two networks say. */
static double differ(const network *a, const network *b)
{
    double most = 0;
    for (int k = 0; k < 50; k++) {
        const double x[IN] = {sin(k), sin(2.3 * k), sin(5.1 * k)};
        double p[OUT], q[OUT];
        forward(a, x, p);
        forward(b, x, q);
        for (int c = 0; c < OUT; c++) most = fmax(most, fabs(p[c] - q[c]));
    }
    return most;
}

static void add_noise(nn_ctx *nn, double *number, int n, double std)
{
    for (int i = 0; i < n; i++) number[i] += std * (double)nn_normal(nn, 0, 1);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    char what[64];
    for (int run = 0; run < 6; run++) {
        network a = {{{0}}, {0}, {{0}}, {0}};
        static const double apart[UNITS] = {3, 1, 4, 0, 2};
        for (int j = 0; j < UNITS; j++) {
            a.W1[j][0] = run == 5 ? apart[j] : 0.5;
            a.W2[0][j] = 1; /* what all units share, so that each has its say */
        }
        add_noise(nn, a.W1[0], run < 3 ? UNITS * IN : 0, 2);  /* run 2: only W1 */
        add_noise(nn, a.b1, run < 2 || run == 3 ? UNITS : 0, 2); /* run 3: only b1 */
        add_noise(nn, a.W2[0], run < 2 || run == 4 ? UNITS * OUT : 0, 2); /* run 4: only W2 */
        int order[UNITS] = {2, 0, 3, 4, 1}, found[UNITS];
        for (int j = 0; run == 0 && j < UNITS; j++) { /* another order */
            const int k = nn_randint(nn, 0, UNITS), t = order[j];
            order[j] = order[k], order[k] = t;
        }
        const network moved = reorder(&a, order);
        snprintf(what, sizeof what, "run %d: says the same", run);
        expect_near(what, differ(&a, &moved), 0, 1e-12);
        double places = 0;
        for (int j = 0; j < UNITS; j++)
            for (int i = 0; i < IN; i++) places += fabs(moved.W1[j][i] - a.W1[order[j]][i]);
        for (int j = 0; j < UNITS; j++) {
            places += fabs(moved.b1[j] - a.b1[order[j]]);
            for (int c = 0; c < OUT; c++) places += fabs(moved.W2[c][j] - a.W2[c][order[j]]);
        }
        snprintf(what, sizeof what, "run %d: in its place", run);
        expect_near(what, places, 0, 0);

        network b = a; /* put into order by the program itself */
        for (int j = 0; j < UNITS; j++) {
            for (int i = 0; i < IN; i++) b.W1[j][i] = a.W1[order[j]][i];
            for (int c = 0; c < OUT; c++) b.W2[c][j] = a.W2[c][order[j]];
            b.b1[j] = a.b1[order[j]];
        }
        add_noise(nn, b.W1[0], UNITS * IN, 0.001);
        for (int j = 0; run == 5 && j < UNITS; j++) b.W1[j][0] += 0.6;
        match(&a, &b, found);
        double sum = 0;
        for (int j = 0; j < UNITS; j++) sum += order[found[j]] != j;
        snprintf(what, sizeof what, "run %d: units matched wrongly", run);
        expect_near(what, sum, 0, 0);
    }
    nn_destroy(nn);
    return check_done();
}
