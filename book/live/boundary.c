/* Live page: a network of one or two hidden layers learns to tell two classes of points apart. */
#define NN_CHAPTERS 7
#include "live.h"

enum { SEED, DATA, LAYERS, UNITS, ACTIVATION, RATE };     /* the settings */
enum { MOONS, RING, XOR, SPIRALS, EMPTY };                /* the data sets */
enum { POINTS = 200, MOST = 400, GRID = 48, PART = GRID / 4, LAST = 3 /* linear layers */ };
LIVE double setting[] = {1, MOONS, 2, 8, NN_TANH, 0.02};

LIVE nn_real points[MOST * 2], classes[MOST]; /* in the square from -1 to 1; 0 or 1 */
LIVE int n_points;
LIVE nn_real grid[GRID * GRID]; /* the probability of class 1, row after row from the top */

static nn_ctx *nn;
static nn_model *net;
static nn_linear layer[LAST];
static nn_optimizer *opt;

LIVE void add_point(double x, double y, int label);
LIVE void see(void);

void add_point(double x, double y, int label)
{
    if (n_points == MOST) return;
    points[2 * n_points] = (nn_real)x, points[2 * n_points + 1] = (nn_real)y;
    classes[n_points++] = (nn_real)label;
}

/* Points drawn evenly from the square are kept if they are in the figure. */
static void draw_points(int data)
{
    while (data != SPIRALS && data != EMPTY && n_points < POINTS) {
        const double x = (double)nn_uniform(nn, -1, 1), y = (double)nn_uniform(nn, -1, 1);
        const int label = n_points % 2;
        const double mx = label ? x - 0.3 : x + 0.3, my = label ? -y - 0.2 : y - 0.2;
        const double moon = sqrt(mx * mx + (my + 0.4) * (my + 0.4)), r = sqrt(x * x + y * y);
        if (data == MOONS ? my > -0.4 && moon > 0.45 && moon < 0.7
            : data == RING ? (label ? r < 0.4 : r > 0.6 && r < 0.9)
                           : (x > 0) == ((y > 0) == label) && fabs(x) > 0.1 && fabs(y) > 0.1)
            add_point(x, y, label);
    }
    double x = 0.1, y = 0; /* each point is the one before, turned and drawn out a little */
    while (data == SPIRALS && n_points < POINTS) {
        const double turned = 0.9955 * x - 0.0948 * y;
        y = 1.022 * (0.0948 * x + 0.9955 * y), x = 1.022 * turned;
        add_point(x, y, 0), add_point(-x, -y, 1);
    }
}

void begin(void)
{
    const int units = (int)setting[UNITS], layers = (int)setting[LAYERS] + 1;
    nn = nn_create((uint64_t)setting[SEED]);
    net = nn_model_new(nn);
    n_points = 0;
    draw_points((int)setting[DATA]);
    for (int i = 0; i < GRID * GRID; i++) grid[i] = (nn_real)0.5; /* not seen yet */
    static const char *const name[LAST] = {"1", "2", "3"};
    for (int l = 0; l < layers; l++)
        layer[l] = nn_linear_new(net, name[l], l ? units : 2, l + 1 < layers ? units : 1);
    opt = nn_adam(net, (nn_real)setting[RATE]);
}

static nn_tensor *forward(const nn_real *x, int n) /* x [n, 2] -> logits [n, 1] */
{
    nn_tensor *y = nn_input(nn, x, nn_shape2(n, 2));
    const int hidden = (int)setting[LAYERS];
    for (int l = 0; l < hidden; l++)
        y = nn_activate(nn_linear_forward(&layer[l], y), (nn_activation)setting[ACTIVATION]);
    return nn_linear_forward(&layer[hidden], y);
}

double step(void)
{
    if (n_points == 0) return 0;
    nn_clear(nn);
    nn_zero_grad(net);
    opt->lr = (nn_real)setting[RATE];
    nn_tensor *target = nn_input(nn, classes, nn_shape2(n_points, 1));
    nn_tensor *loss = nn_bce_with_logits(forward(points, n_points), target);
    nn_backward(loss);
    nn_step(opt);
    return nn_ok(nn) ? (double)nn_item(loss) : (double)NAN;
}

/* The grid anew: at each call the next quarter, so that a picture takes no longer than it may. */
void see(void)
{
    static int row;
    nn_real at[PART * GRID * 2];
    for (int i = 0; i < PART * GRID; i++) {
        at[2 * i] = (nn_real)(2.0 * (i % GRID) / (GRID - 1) - 1);
        at[2 * i + 1] = (nn_real)(1 - 2.0 * (row + i / GRID) / (GRID - 1));
    }
    nn_clear(nn);
    nn_set_grad_enabled(nn, 0);
    nn_tensor *p = nn_sigmoid(forward(at, PART * GRID));
    nn_set_grad_enabled(nn, 1);
    if (nn_ok(nn)) memcpy(grid + row * GRID, p->data, p->size * sizeof *grid);
    row = (row + PART) % GRID;
}

unsigned hash(void)
{
    return hash_of(net, 0x811c9dc5u);
}
