/* Which pixels made the network say 3? Three maps: its gradient by the pixels (Simonyan et al.,
 * 2014), integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365), and what the logit
 * loses when the 3 x 3 pixels around each are black (Zeiler and Fergus 2014). Two questions:
 * do the parts add up to the whole? Do maps change when the network learns, or only show the ink
 * (Adebayo et al. 2018, arXiv 1810.03292)?
 *
 *     17_explain [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SIDE = 8, PIXELS = 64, UNITS = 64, CLASSES = 10, EPOCHS = 25, DIGITS = 200, PIECES = 64 };
enum { GRADIENT, INTEGRATED, OCCLUSION, INK, MAPS }; /* the ink: the picture itself */
static const char *const name[MAPS] = {"gradient", "integrated", "occlusion", "ink"};

static nn_tensor *logits(const nn_linear *net, nn_tensor *x) /* [N, 64] -> [N, 10] */
{
    return nn_linear_forward(&net[1], nn_relu(nn_linear_forward(&net[0], x)));
}

/* The logit of one class for n pictures; slope [n, 64], if not NULL: its gradient by the pixels. */
static void score(nn_ctx *nn, const nn_linear *net, const nn_real *x, int n, int class_, nn_real *y,
                  nn_real *slope)
{
    nn_clear(nn);
    nn_tensor *t = nn_requires_grad(nn_input(nn, x, nn_shape2(n, PIXELS)));
    nn_tensor *z = nn_slice(logits(net, t), 1, class_, class_ + 1); /* [n, 1] */
    nn_backward(nn_sum(z));
    if (!nn_ok(nn)) return;
    memcpy(y, z->data, z->size * sizeof *y);
    if (slope) memcpy(slope, t->grad, t->size * sizeof *slope);
}

/* On the way from black to x, at the middles of PIECES pieces: the mean gradient times x. Over all
 * pixels it adds up to f(x) - f(black), but for the pieces being not infinitely many. */
static void integrated(nn_ctx *nn, const nn_linear *net, const nn_real *x, int class_, nn_real *map)
{
    static nn_real way[PIECES * PIXELS], slope[PIECES * PIXELS], y[PIECES];
    for (int i = 0; i < PIECES * PIXELS; i++)
        way[i] = x[i % PIXELS] * ((nn_real)(i / PIXELS) + 0.5f) / PIECES;
    score(nn, net, way, PIECES, class_, y, slope);
    for (int k = 0; k < PIXELS; k++) {
        double sum = 0;
        for (int i = 0; i < PIECES; i++) sum += (double)slope[i * PIXELS + k];
        map[k] = (nn_real)(sum / PIECES * (double)x[k]);
    }
}

/* How much the logit falls when the 3 x 3 pixels around each are made black. */
static void occlusion(nn_ctx *nn, const nn_linear *net, const nn_real *x, int class_, nn_real *map)
{
    nn_real hidden[(PIXELS + 1) * PIXELS], y[PIXELS + 1];
    for (int i = 0; i <= PIXELS; i++) /* the last one is whole */
        for (int k = 0; k < PIXELS; k++) {
            const int row = abs(k / SIDE - i / SIDE), column = abs(k % SIDE - i % SIDE);
            hidden[i * PIXELS + k] = i < PIXELS && row < 2 && column < 2 ? 0 : x[k];
        }
    score(nn, net, hidden, PIXELS + 1, class_, y, NULL);
    for (int i = 0; i < PIXELS; i++) map[i] = y[PIXELS] - y[i];
}

/* All maps of DIGITS digits; gives the share of f(x) - f(black) that the integrated ones miss. */
static double explain(nn_ctx *nn, const nn_linear *net, const nn_dataset *set,
                      nn_real map[DIGITS][MAPS][PIXELS])
{
    double missed = 0, whole = 0;
    for (int i = 0; i < DIGITS; i++) {
        const nn_real *x = set->x + i * PIXELS, black[PIXELS] = {0};
        nn_real y[2] = {0};
        score(nn, net, black, 1, set->label[i], &y[0], NULL);
        score(nn, net, x, 1, set->label[i], &y[1], map[i][GRADIENT]);
        integrated(nn, net, x, set->label[i], map[i][INTEGRATED]);
        occlusion(nn, net, x, set->label[i], map[i][OCCLUSION]);
        memcpy(map[i][INK], x, PIXELS * sizeof *x);
        double rest = (double)(y[1] - y[0]);
        whole += fabs(rest);
        for (int k = 0; k < PIXELS; k++) rest -= (double)map[i][INTEGRATED][k];
        missed += fabs(rest);
    }
    return missed / whole;
}

static double correlation(const nn_real *a, const nn_real *b, int sizes)
{
    double n = PIXELS, sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    for (int k = 0; k < PIXELS; k++) {
        const double p = (double)(sizes ? fabsf(a[k]) : a[k]);
        const double q = (double)(sizes ? fabsf(b[k]) : b[k]);
        sa += p, sb += q, aa += p * p, bb += q * q, ab += p * q;
    }
    return (n * ab - sa * sb) / (sqrt((n * aa - sa * sa) * (n * bb - sb * sb)) + 1e-12);
}

static void show(int digit, nn_real map[MAPS][PIXELS])
{
    printf("== a %d: + and # speak for it, - and = against\n", digit);
    printf("%-16s  %-16s  %-16s  %s\n", name[0], name[1], name[2], name[3]);
    for (int i = 0; i < MAPS * PIXELS; i++) { /* row by row, the maps side by side */
        const int m = i / SIDE % MAPS, k = i / (MAPS * SIDE) * SIDE + i % SIDE;
        nn_real most = 0;
        for (int j = 0; j < PIXELS; j++) most = fmaxf(most, fabsf(map[m][j]));
        const char c = "=--...++#"[(int)(4.5f + 4 * map[m][k] / most)];
        printf("%c%c%s", c, c, k % SIDE < SIDE - 1 ? "" : m < MAPS - 1 ? "  " : "\n");
    }
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.2, &learn, &test);
    if (!nn_ok(nn)) return 1;

    static nn_real before[DIGITS][MAPS][PIXELS], map[DIGITS][MAPS][PIXELS];
    nn_model *model = nn_model_new(nn);
    nn_linear net[2];
    net[0] = nn_linear_new(model, "fc1", PIXELS, UNITS);
    net[1] = nn_linear_new(model, "fc2", UNITS, CLASSES);
    explain(nn, net, &test, before);
    nn_optimizer *opt = nn_adam(model, 0.003f);
    nn_batches b = nn_batches_new(&learn, 32, 1);
    while (b.epoch < EPOCHS && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(logits(net, nn_batch_x(&b)), b.label));
            nn_step(opt);
        }
    const double missed = explain(nn, net, &test, map);

    show(test.label[0], map[0]);
    printf("\n== integrated gradients add up to f(x) - f(black)\nbut for %.3f %%, in %d pieces\n"
           "\n== correlation with the map before learning, mean of %d digits\n"
           "            itself  sizes only\n", 100 * missed, PIECES, DIGITS);
    double same[INK][2] = {{0}}; /* in % */
    for (int m = 0; m < INK; m++) {
        for (int i = 0; i < 2 * DIGITS; i++)
            same[m][i % 2] += 100 * correlation(before[i / 2][m], map[i / 2][m], i % 2) / DIGITS;
        printf("%-10s %4ld %% %9ld %%\n", name[m], lround(same[m][0]), lround(same[m][1]));
    }
    const int ok = nn_ok(nn) && missed < 0.002 && fabs(same[GRADIENT][0]) < 30 &&
                   fabs(same[INTEGRATED][0]) < 30 && same[INTEGRATED][1] > 30;
    printf("\nexpected: less than 0.2 %% missing; maps are new, integrated gradients' sizes not\n"
           "got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
