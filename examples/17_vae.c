/* A variational autoencoder (Kingma and Welling 2014, arXiv 1312.6114) makes digits from a few
 * normal numbers z. To learn log p(x) it would need all z; its encoder q(z|x) says which ones
 * matter, and a lower bound can be computed: log p(x) >= E_q log p(x|z) - KL(q(z|x) || p(z)), the
 * reconstruction less what z tells. Look at the two parts, and at digits that nobody wrote.
 *
 *     17_vae [SEED [EPOCHS]]      1 60
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 128, LATENT = 6, DRAWS = 200, SHOWN = 5 };

typedef struct network {
    nn_linear in, mean, logvar, hidden, out;
} network;

typedef struct bound {
    nn_tensor *mean, *logvar;        /* of q(z|x), normal and independent: [N, LATENT] */
    nn_tensor *reconstruction, *kl;  /* means of N digits: E_q log p(x|z) with one z each; KL */
    nn_tensor *elbo;                 /* their difference */
} bound;

/* [elbo] */
static nn_tensor *decode(const network *n, nn_tensor *z) /* -> logits of ink: [N, PIXELS] */
{
    return nn_linear_forward(&n->out, nn_relu(nn_linear_forward(&n->hidden, z)));
}

static bound lower_bound(const network *n, nn_tensor *x)
{
    bound b;
    nn_tensor *h = nn_relu(nn_linear_forward(&n->in, x)), *one = nn_full(x->ctx, nn_shape0(), 1);
    b.mean = nn_linear_forward(&n->mean, h);
    b.logvar = nn_linear_forward(&n->logvar, h);
    /* Reparameterised: chance comes in from outside, so that z has a gradient by mean and std. */
    nn_tensor *std = nn_exp(nn_scale(b.logvar, 0.5f)), *chance = nn_randn(x->ctx, b.mean->shape);
    nn_tensor *z = nn_add(b.mean, nn_mul(std, chance));
    b.reconstruction = nn_scale(nn_bce_with_logits(decode(n, z), x), -PIXELS); /* a sum of pixels */
    /* KL of N(mean, var) from N(0, 1): (mean^2 + var - log var - 1) / 2 */
    nn_tensor *k = nn_add(nn_square(b.mean), nn_square(std));
    k = nn_sub(nn_sub(k, b.logvar), one);
    b.kl = nn_scale(nn_mean(k), 0.5f * LATENT);
    b.elbo = nn_sub(b.reconstruction, b.kl);
    return b;
}
/* [/elbo] */

/* The same KL by chance: the mean of log q(z|x) - log p(z) over z drawn from q */
static double kl_by_chance(const bound *b)
{
    double sum = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        const nn_tensor *chance = nn_randn(b->mean->ctx, b->mean->shape);
        for (size_t i = 0; i < chance->size; i++) {
            const double e = (double)chance->data[i], logvar = (double)b->logvar->data[i];
            const double z = (double)b->mean->data[i] + exp(logvar / 2) * e;
            sum += (z * z - e * e - logvar) / 2;
        }
    }
    return sum / DRAWS / b->mean->shape.dim[0];
}

/* log p(x) of the digits in test if each pixel had ink by itself, as often as in learn */
static double pixels_alone(const nn_dataset *learn, const nn_dataset *test)
{
    double sum = 0;
    for (int p = 0; p < PIXELS; p++) {
        double ink = 1, n = 2; /* so that nothing is impossible (Laplace) */
        for (int i = 0; i < learn->n; i++) ink += (double)learn->x[i * PIXELS + p], n++;
        for (int i = 0; i < test->n; i++)
            sum += log((test->x[i * PIXELS + p] > 0 ? ink : n - ink) / n) / test->n;
    }
    return sum;
}

static void show(const nn_tensor *ink) /* [SHOWN, PIXELS], beside each other */
{
    for (int line = 0; line < 8; line++) {
        for (int i = 0; i < SHOWN; i++) {
            printf("| ");
            for (int c = 0; c < 8; c++) {
                const nn_real v = ink->data[i * PIXELS + line * 8 + c];
                const char sign = " .:#"[(int)(v * 3.999f)];
                printf("%c%c", sign, sign);
            }
        }
        printf("|\n");
    }
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    const int epochs = argc > 2 ? atoi(argv[2]) : 60;
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    if (!nn_ok(nn)) return 1;
    for (int i = 0; i < all.n * PIXELS; i++) all.x[i] = all.x[i] >= 8; /* ink or none */
    nn_split(&all, 0.2, &learn, &test);

    nn_model *model = nn_model_new(nn);
    network n;
    n.in = nn_linear_new(model, "in", PIXELS, UNITS);
    n.mean = nn_linear_new(model, "mean", UNITS, LATENT);
    n.logvar = nn_linear_new(model, "logvar", UNITS, LATENT);
    n.hidden = nn_linear_new(model, "hidden", LATENT, UNITS);
    n.out = nn_linear_new(model, "out", UNITS, PIXELS);
    nn_optimizer *opt = nn_adam(model, 0.003f);
    nn_batches batches = nn_batches_new(&learn, 64, 1);
    const double alone = pixels_alone(&learn, &test);
    double first = 0, last = 0;
    printf("== log p(x) of %d digits held out, each pixel by itself: %.2f\n", test.n, alone);
    printf("epoch  bound = reconstruction - KL\n");
    while (batches.epoch < epochs && nn_ok(nn)) {
        /* [epoch] */
        while (nn_next_batch(&batches)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_scale(lower_bound(&n, nn_batch_x(&batches)).elbo, -1));
            nn_step(opt);
        }
        /* [/epoch] */
        const int epoch = batches.epoch;
        if (epoch != 1 && epoch != 3 && epoch != 10 && epoch != 30 && epoch != epochs) continue;
        nn_clear(nn);
        const bound b = lower_bound(&n, nn_dataset_x(&test));
        last = (double)nn_item(b.elbo);
        if (epoch == 1) first = last;
        printf("%5d %6.2f %16.2f %4.2f\n", epoch, last, (double)nn_item(b.reconstruction),
               (double)nn_item(b.kl));
    }
    nn_clear(nn);
    const bound b = lower_bound(&n, nn_dataset_x(&test));
    const double formula = (double)nn_item(b.kl), chance = nn_ok(nn) ? kl_by_chance(&b) : 0;
    printf("\n== the KL\nby its formula %.2f\nby %d draws   %.2f\n", formula, DRAWS, chance);
    printf("\n== digits made of noise\n");
    show(nn_sigmoid(decode(&n, nn_randn(nn, nn_shape2(SHOWN, LATENT)))));

    const int ok = nn_ok(nn) && fabs(formula - chance) < 0.05 && last > first && last > alone + 4;
    printf("\nexpected: the bound rises to at least 4 above pixels alone; both KL agree to 0.05\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
