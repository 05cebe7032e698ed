/* A generator makes points out of noise, a discriminator learns to tell them from real ones, and
 * the generator learns from its gradient to be taken for real: a generative adversarial network
 * (Goodfellow et al. 2014, arXiv 1406.2661). The real points lie around eight places on a circle.
 * Look at the losses: soon they hardly change any more (2 log 2 and log 2 would be a discriminator
 * that guesses), while the points still come nearer. That has to be measured otherwise.
 *
 *     17_gan [SEED [STEPS]]      1 3000
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MODES = 8, NOISE = 4, UNITS = 64, BATCH = 128, DRAWN = 1000, PARTS = 6, SIZE = 21 };

typedef struct network {
    nn_model *model;
    nn_linear l1, l2, l3;
} network;

static network network_new(nn_ctx *nn, int in, int out)
{
    network n;
    n.model = nn_model_new(nn);
    n.l1 = nn_linear_new(n.model, "1", in, UNITS);
    n.l2 = nn_linear_new(n.model, "2", UNITS, UNITS);
    n.l3 = nn_linear_new(n.model, "3", UNITS, out);
    return n;
}

static nn_tensor *run(const network *n, nn_tensor *x)
{
    nn_tensor *h = nn_leaky_relu(nn_linear_forward(&n->l1, x), 0.2f);
    return nn_linear_forward(&n->l3, nn_leaky_relu(nn_linear_forward(&n->l2, h), 0.2f));
}

static const nn_real spread = 0.05f, place[MODES][2] = {
    {1, 0},  {0.7071f, 0.7071f},   {0, 1},  {-0.7071f, 0.7071f},
    {-1, 0}, {-0.7071f, -0.7071f}, {0, -1}, {0.7071f, -0.7071f}};

static nn_tensor *real_points(nn_ctx *nn, int n)
{
    nn_tensor *x = nn_scale(nn_randn(nn, nn_shape2(n, 2)), spread);
    for (int i = 0; i < n && nn_ok(nn); i++) {
        const int m = nn_randint(nn, 0, MODES);
        x->data[2 * i] += place[m][0], x->data[2 * i + 1] += place[m][1];
    }
    return x;
}

/* How many places have at least a quarter of their share of the points within 4 spreads; *near:
 * the share of points that are that near to any, in percent */
static int covered(const nn_tensor *x, double *near)
{
    const int n = x->shape.dim[0];
    int count[MODES] = {0}, all = 0, modes = 0;
    for (int i = 0; i < n; i++)
        for (int m = 0; m < MODES; m++) {
            const nn_real dx = x->data[2 * i] - place[m][0], dy = x->data[2 * i + 1] - place[m][1];
            if (dx * dx + dy * dy < 16 * spread * spread) count[m]++, all++;
        }
    for (int m = 0; m < MODES; m++) modes += 4 * MODES * count[m] >= n;
    *near = 100.0 * all / n;
    return modes;
}

static void scatter(const nn_tensor *x) /* -1.3125..1.3125, both ways */
{
    char map[SIZE][2 * SIZE + 1];
    for (int r = 0; r < SIZE; r++) memset(map[r], ' ', 2 * SIZE), map[r][2 * SIZE] = 0;
    for (size_t i = 0; i < x->size; i += 2) {
        const double c = floor(((double)x->data[i] + 1.3125) * 16);
        const double r = floor((1.3125 - (double)x->data[i + 1]) * 8);
        if (c >= 0 && c < 2 * SIZE && r >= 0 && r < SIZE) map[(int)r][(int)c] = 'o';
    }
    for (int r = 0; r < SIZE; r++) printf("|%s|\n", map[r]);
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    const int steps = argc > 2 ? atoi(argv[2]) : 3000;
    network g = network_new(nn, NOISE, 2), d = network_new(nn, 2, 1);
    nn_optimizer *g_opt = nn_adam(g.model, 0.002f), *d_opt = nn_adam(d.model, 0.002f);
    g_opt->beta1 = d_opt->beta1 = 0.5f; /* less momentum: the other one changes, too */
    double near, before, g_mean = 0, d_mean = 0;
    const int places = covered(real_points(nn, DRAWN), &near);
    printf("== means of %d steps each, then of %d points\n", steps / PARTS, DRAWN);
    printf(" step  d loss  g loss  places     near\nreal points            %6d  %5.1f %%\n", places,
           near);
    int modes = covered(run(&g, nn_randn(nn, nn_shape2(DRAWN, NOISE))), &before);
    printf("%5d                  %6d  %5.1f %%\n", 0, modes, before);
    for (int step = 1; step <= steps && nn_ok(nn); step++) {
        /* [step] */
        nn_clear(nn);
        nn_tensor *real = nn_full(nn, nn_shape2(BATCH, 1), 1);
        nn_tensor *forged = nn_full(nn, nn_shape2(BATCH, 1), 0);
        nn_tensor *z = nn_randn(nn, nn_shape2(BATCH, NOISE)), *made = run(&g, z); /* G(z) */
        nn_tensor *x = real_points(nn, BATCH);

        nn_zero_grad(d.model);
        nn_tensor *d_loss = nn_bce_with_logits(run(&d, x), real);
        d_loss = nn_add(d_loss, nn_bce_with_logits(run(&d, nn_detach(made)), forged));
        nn_backward(d_loss); /* not into g */
        nn_step(d_opt);

        nn_zero_grad(g.model); /* -log D(G(z)): "non-saturating", steep while g is bad */
        nn_tensor *g_loss = nn_bce_with_logits(run(&d, made), real);
        nn_backward(g_loss); /* through d into g; what d gets is forgotten in the next step */
        nn_step(g_opt);
        /* [/step] */
        g_opt->lr = d_opt->lr = nn_cosine_annealing_lr(0.002f, 0, steps, step);
        d_mean += (double)nn_item(d_loss) * PARTS / steps;
        g_mean += (double)nn_item(g_loss) * PARTS / steps;
        if (step % (steps / PARTS)) continue;
        modes = covered(run(&g, nn_randn(nn, nn_shape2(DRAWN, NOISE))), &near);
        printf("%5d  %6.3f  %6.3f  %6d  %5.1f %%\n", step, d_mean, g_mean, modes, near);
        if (step < steps) d_mean = g_mean = 0;
    }
    printf("\n== %d points made of noise\n", DRAWN);
    scatter(run(&g, nn_randn(nn, nn_shape2(DRAWN, NOISE))));

    const int ok = nn_ok(nn) && modes == MODES && near >= 70 && before <= 35;
    printf("\nexpected: all %d places, at least 70 %% near one (before: at most 35 %%)\n", MODES);
    printf("got:      %d places, %s (%s)\n", modes, near >= 70 ? "yes" : "no",
           before <= 35 ? "yes" : "no");
    nn_destroy(nn);
    return !ok;
}
