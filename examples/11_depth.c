/* What depth buys: a saw of 2^k straight pieces, which k hidden layers of two units make exactly,
 * while one hidden layer needs a unit for each piece (Telgarsky 2016). That a network can represent
 * it does not say that training finds it.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DEEPEST = 8, DEPTH = 6, SHALLOW = 12, POINTS = 4 << DEEPEST, SEEDS = 10, STEPS = 400 };

typedef struct network {
    nn_model *model;
    nn_linear layer[DEEPEST + 1]; /* the last one is the output */
    int depth;
} network;

static network network_new(nn_ctx *nn, int depth, int units)
{
    network n = {nn_model_new(nn), {{NULL, NULL}}, depth};
    for (int l = 0; l <= depth; l++) {
        char name[16];
        snprintf(name, sizeof name, "fc%d", l + 1);
        n.layer[l] = nn_linear_new(n.model, name, l ? units : 1, l < depth ? units : 1);
    }
    return n;
}

static nn_tensor *forward(const network *n, nn_tensor *x)
{
    for (int l = 0; l < n->depth; l++) x = nn_relu(nn_linear_forward(&n->layer[l], x));
    return nn_linear_forward(&n->layer[n->depth], x);
}

/* [tent] */
/* tent(z) = 2 relu(z) - 4 relu(z - 1/2) goes up from 0 to 1 and down again; each layer takes
 * the tent of the tent before */
static void make_saw(const network *n)
{
    static const nn_real unit[4] = {2, -4, 2, -4}, offset[2] = {0, -0.5f}, ones[2] = {1, 1};
    for (int l = 0; l <= n->depth; l++) {
        const nn_linear *layer = &n->layer[l];
        memcpy(layer->weight->data, l ? unit : ones, layer->weight->size * sizeof *unit);
        if (l < n->depth) memcpy(layer->bias->data, offset, sizeof offset);
        else layer->bias->data[0] = 0;
    }
}
/* [/tent] */

static nn_tensor *points(nn_ctx *nn) /* [POINTS + 1, 1]: 0 .. 1 */
{
    nn_tensor *x = nn_full(nn, nn_shape2(POINTS + 1, 1), 0);
    for (int i = 0; i <= POINTS; i++) x->data[i] = (nn_real)i / POINTS;
    return x;
}

static int pieces(const nn_tensor *y) /* straight lines that y is made of: 1 + where it bends */
{
    int count = 1;
    for (int i = 1; i < POINTS; i++)
        count += y->data[i + 1] - y->data[i] != y->data[i] - y->data[i - 1];
    return count;
}

static int constant(nn_ctx *nn, const network *n) /* are all units of some layer dead? */
{
    nn_clear(nn);
    const nn_tensor *y = forward(n, points(nn));
    int i = 1;
    while (i <= POINTS && y->data[i] == y->data[0]) i++;
    return i > POINTS;
}

/* The least mean squared error to the saw that training finds, from SEEDS starts that are not
 * constant; starts: how many there were till then, died: how many are constant afterwards. */
static double train(nn_ctx *nn, int depth, int units, const nn_real *saw, int *starts, int *died)
{
    double least = 1;
    *starts = *died = 0;
    for (int alive = 0; alive < SEEDS;) {
        nn_seed(nn, (uint64_t)++*starts);
        const network n = network_new(nn, depth, units);
        if (constant(nn, &n)) continue;
        alive++;
        nn_optimizer *opt = nn_adam(n.model, 0.01f);
        for (int step = 0; step < STEPS; step++) {
            nn_clear(nn);
            nn_zero_grad(n.model);
            nn_tensor *target = nn_input(nn, saw, nn_shape2(POINTS + 1, 1));
            nn_tensor *loss = nn_mse(forward(&n, points(nn)), target);
            nn_backward(loss);
            nn_step(opt);
            least = fmin(least, (double)nn_item(loss));
        }
        *died += constant(nn, &n);
    }
    return least;
}

int main(void)
{
    static nn_real saw[POINTS + 1];
    nn_ctx *nn = nn_create(42);
    int right = 0;
    printf("== straight pieces: layers of 2 units, and one hidden layer\n");
    printf("layers  pieces  parameters  in one layer\n");
    for (int depth = 1; depth <= DEEPEST; depth++) {
        nn_clear(nn);
        const network n = network_new(nn, depth, 2);
        make_saw(&n);
        const nn_tensor *y = forward(&n, points(nn));
        const int count = pieces(y);
        if (depth == DEPTH) memcpy(saw, y->data, sizeof saw);
        right += count == 1 << depth;
        printf("%6d  %6d  %10d  %12d\n", depth, count, (int)nn_model_size(n.model), 3 * count + 1);
    }

    /* 12 units bend at 12 places: of the 32 teeth at least 20 meet a straight line, which is wrong
     * by 1/12 on average, the variance of a tooth */
    const double bound = (32.0 - SHALLOW) / 32 / 12;
    int starts[2], died[2];
    const double shallow = train(nn, 1, SHALLOW, saw, &starts[0], &died[0]);
    const double deep = train(nn, DEPTH, 2, saw, &starts[1], &died[1]);
    double flat = 0;
    for (int i = 0; i <= POINTS; i++)
        flat += ((double)saw[i] - 0.5) * ((double)saw[i] - 0.5) / (POINTS + 1);
    printf("\n== 37 parameters and the saw of 64 pieces: mean squared error\n");
    printf("6 layers of 2 units, as above              0\n");
    printf("12 units in one layer, no less than        %.3f\n", bound);
    printf("12 units in one layer, best of %d trained  %.3f\n", SEEDS, shallow);
    printf("6 layers of 2 units, best of %d trained    %.3f\n", SEEDS, deep);
    printf("1/2 everywhere                             %.3f\n", flat);
    printf("\n== starts: how many gave a constant from 0 to 1\n");
    printf("                      drawn  before training  of the other %d, after it\n", SEEDS);
    printf("12 units in one layer %5d  %15d  %22d\n", starts[0], starts[0] - SEEDS, died[0]);
    printf("6 layers of 2 units   %5d  %15d  %22d\n", starts[1], starts[1] - SEEDS, died[1]);

    const int ok = right == DEEPEST && shallow > bound && deep > 0.05 &&
                   starts[1] > 2 * SEEDS;
    printf("\nexpected: 2^k pieces with k layers; one layer as large cannot make them; training\n"
           "          does not find the deep one's weights, and most starts of it are dead\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
