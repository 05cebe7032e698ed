/* Highway layers (Srivastava, Greff and Schmidhuber 2015): 50 plain layers do not learn to read
 * digits, at none of three rates; 50 highway layers do, and so do 5. What their gates then let
 * through, and what happens if one layer is left out.
 *
 *     14_highway [SEEDS]     2
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { WIDTH = 32, DEEP = 50, SHALLOW = 5, STEPS = 300, RUNS = 6, MOST = 100,
       NONE = -1 };

typedef struct network {
    nn_linear in, out;
    nn_highway layer[DEEP]; /* plain: only their transforms are used */
    int layers, highway;
} network;

/* [new] */
static network network_new(nn_model *model, int layers, int highway)
{
    network net = {.layers = layers, .highway = highway};
    net.in = nn_linear_new(model, "in", 64, WIDTH);
    for (int i = 0; i < layers; i++) {
        char name[NN_NAME_SIZE];
        snprintf(name, sizeof name, "%d", i + 1);
        net.layer[i] = nn_highway_new(model, name, WIDTH, NN_TANH, -3); /* t begins near 0.05 */
        nn_xavier_uniform(net.layer[i].transform.weight, 1);
    }
    net.out = nn_linear_new(model, "out", WIDTH, 10);
    return net;
}
/* [/new] */

/* [forward] */
/* x [N, 64] -> logits [N, 10], without layer number `without`; t [layers] or NULL: the gates */
static nn_tensor *forward(const network *net, nn_tensor *x, int without, nn_tensor **t)
{
    x = nn_linear_forward(&net->in, x);
    for (int i = 0; i < net->layers; i++) {
        if (i == without) continue;
        const nn_highway *l = &net->layer[i];
        x = net->highway ? nn_highway_forward(l, x, t ? &t[i] : NULL)
                         : nn_tanh(nn_linear_forward(&l->transform, x));
    }
    return nn_linear_forward(&net->out, x);
}
/* [/forward] */

static double right(const network *net, const nn_dataset *data, int without) /* in % */
{
    nn_clear(data->ctx);
    nn_set_grad_enabled(data->ctx, 0);
    nn_tensor *z = forward(net, nn_dataset_x(data), without, NULL);
    nn_set_grad_enabled(data->ctx, 1);
    return 100.0 * nn_count_correct(z, data->label) / data->n;
}

static network train(const nn_dataset *data, int layers, int highway, nn_real rate, uint64_t seed)
{
    nn_ctx *nn = data->ctx;
    nn_seed(nn, seed);
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, layers, highway);
    nn_optimizer *opt = nn_adam(model, rate);
    nn_batches b = nn_batches_new(data, 32, 1);
    while (opt->step < STEPS) {
        if (!nn_next_batch(&b)) continue; /* the next epoch */
        nn_clear(nn);
        nn_zero_grad(model);
        nn_backward(nn_cross_entropy(forward(&net, nn_batch_x(&b), NONE, NULL), b.label));
        nn_step(opt);
    }
    return net;
}

int main(int argc, char **argv)
{
    static const struct { const char *text; int layers, highway; nn_real rate; } run[RUNS] = {
        {"plain", SHALLOW, 0, 0.003f}, {"plain", DEEP, 0, 0.003f}, {"plain", DEEP, 0, 0.001f},
        {"plain", DEEP, 0, 0.0003f}, {"highway", SHALLOW, 1, 0.003f},
        {"highway", DEEP, 1, 0.003f}};
    const int seeds = argc > 1 ? atoi(argv[1]) : 2;
    nn_ctx *nn = nn_create(2026);
    const nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), data, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.3, &data, &test);
    if (!nn_ok(nn) || seeds < 1 || seeds > MOST) return 1;

    network net = {.layers = 0};
    nn_tensor *t[DEEP];
    double low[MOST] = {0}, high[MOST] = {0}; /* mean gates of the last run, each half of layers */
    int ok = 1;
    printf("== %d digits that were not learned, right in %%, by seed [points one layer costs]\n"
           "layers          rate\n", test.n);
    for (int k = 0; k < RUNS; k++) {
        printf("%2d %-8s %8g", run[k].layers, run[k].text, (double)run[k].rate);
        double least = 100, most = -100;
        for (int i = 0; i < seeds; i++) {
            net = train(&data, run[k].layers, run[k].highway, run[k].rate, (uint64_t)i + 1);
            const int hopeless = run[k].layers == DEEP && !run[k].highway;
            const double percent = right(&net, &test, NONE);
            printf(" %6.1f", percent);
            ok &= hopeless ? percent < 60 : percent > 85;
            for (int without = 0; !hopeless && without < net.layers; without++) {
                const double lost = percent - right(&net, &test, without);
                least = lost < least ? lost : least;
                most = lost > most ? lost : most;
            }
            if (k < RUNS - 1) continue;
            nn_clear(nn);
            forward(&net, nn_dataset_x(&test), NONE, t);
            for (int l = 0; l < DEEP; l++)
                *(l < DEEP / 2 ? &low[i] : &high[i]) += (double)nn_stats(t[l]).mean / (DEEP / 2);
        }
        if (most > -100) printf("   [%.1f .. %.1f]", least, most);
        printf("\n");
    }
    printf("\n== %d highway layers: mean gate of the lower and the upper half, by seed\n", DEEP);
    for (int i = 0; i < seeds; i++) printf("%.3f %.3f\n", low[i], high[i]);

    /* [gates] */
    double mean[DEEP];
    printf("\n== the last of them: mean gate, and right in %% without that layer\n");
    nn_clear(nn);
    forward(&net, nn_dataset_x(&test), NONE, t); /* t: an array of DEEP tensors [N, WIDTH] */
    for (int i = 0; i < DEEP; i++) mean[i] = nn_stats(t[i]).mean;
    for (int i = 0; i < DEEP; i += 5) {
        printf("layer %2d  %.3f  %5.1f  ", i + 1, mean[i], right(&net, &test, i));
        for (double bar = 0; bar < mean[i]; bar += 0.005) printf("#");
        printf("\n");
    }
    /* [/gates] */
    printf("\nexpected: 50 plain layers read less than 60 %%, the others more than 85 %%\n");
    printf("got:      %s\n", ok ? "yes" : "no");
    ok &= nn_ok(nn);
    nn_destroy(nn);
    return !ok;
}
