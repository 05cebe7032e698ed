/* Live page: the rules of chapter 5 go down one surface from one start, each at its own rate. */
#define NN_CHAPTERS 5
#include "live.h"

enum { SURFACE, START_A, START_B, RATE };            /* the settings; from RATE on one for each rule */
enum { ROSENBROCK, BOWL, SADDLE, HOLLOWS };          /* the surfaces */
enum { RULES = 6, MOST = 400, GRID = 160 };
LIVE double setting[] = {ROSENBROCK, -1.2, 1.2, 0.02, 0.01, 0.01, 0.4, 0.04, 0.15};

LIVE double path[RULES][MOST][2], loss[RULES]; /* where each has been, and how high it is */
LIVE int steps;
LIVE double height[GRID * GRID]; /* of the square from -2 to 2, row after row from the top */

static nn_ctx *nn;
static nn_model *net[RULES];
static nn_optimizer *opt[RULES];

/* L(a, b) and its gradient */
static double surface(double a, double b, double g[2])
{
    const double bend = b - a * a;
    switch ((int)setting[SURFACE]) {
    case ROSENBROCK:
        g[0] = -2 * (1 - a) - 20 * a * bend, g[1] = 10 * bend;
        return (1 - a) * (1 - a) + 5 * bend * bend;
    case BOWL:
        g[0] = a, g[1] = 20 * b;
        return (a * a + 20 * b * b) / 2;
    case SADDLE: /* minima at (0, 1) and (0, -1) */
        g[0] = 2 * a, g[1] = b * b * b - b;
        return a * a + (b * b - 1) * (b * b - 1) / 4;
    default: { /* a bowl around (1, 0) with a shallow hollow around (-1, 0) */
        const double d = 1 + 6 * ((a + 1) * (a + 1) + b * b);
        g[0] = (a - 1) / 2.5 + 8.4 * (a + 1) / (d * d), g[1] = b / 2.5 + 8.4 * b / (d * d);
        return ((a - 1) * (a - 1) + b * b) / 5 + 0.7 * (1 - 1 / d);
    }
    }
}

void begin(void)
{
    const nn_real beta = (nn_real)0.9;
    double g[2];
    nn = nn_create(1);
    steps = 0;
    for (int k = 0; k < RULES; k++) {
        const nn_real lr = (nn_real)setting[RATE + k];
        net[k] = nn_model_new(nn);
        nn_tensor *w = nn_param(net[k], "", "w", nn_shape1(2));
        for (int i = 0; i < 2; i++) w->data[i] = (nn_real)setting[START_A + i];
        opt[k] = k == 0   ? nn_sgd(net[k], lr)
                 : k == 1 ? nn_momentum(net[k], lr, beta)
                 : k == 2 ? nn_nesterov(net[k], lr, beta)
                 : k == 3 ? nn_adagrad(net[k], lr)
                 : k == 4 ? nn_rmsprop(net[k], lr)
                          : nn_adam(net[k], lr);
    }
    for (int i = 0; i < GRID * GRID; i++)
        height[i] = surface(4.0 * (i % GRID) / (GRID - 1) - 2, 2 - 4.0 * (i / GRID) / (GRID - 1), g);
}

/* One step of every rule; the loss is Adam's. */
double step(void)
{
    if (steps == MOST) return loss[RULES - 1];
    for (int k = 0; k < RULES; k++) {
        nn_tensor *w = net[k]->param[0];
        double g[2];
        for (int i = 0; i < 2; i++) path[k][steps][i] = (double)w->data[i];
        loss[k] = surface(path[k][steps][0], path[k][steps][1], g);
        for (int i = 0; i < 2; i++) w->grad[i] = (nn_real)g[i];
        if (loss[k] < 1e6) nn_step(opt[k]); /* else it has left the picture for good */
    }
    steps++;
    return nn_ok(nn) ? loss[RULES - 1] : (double)NAN;
}

unsigned hash(void)
{
    unsigned h = 0x811c9dc5u;
    for (int k = 0; k < RULES; k++) h = hash_of(net[k], h);
    return h;
}
