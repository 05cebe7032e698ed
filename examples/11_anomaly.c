/* What does not look like what was seen: an autoencoder that never met one of the ten digits gives
 * it back with a larger error than the nine it has learned. How well that tells them apart depends
 * on the digit: many a 1 comes back as well as what was learned.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 32, CODE = 8, EPOCHS = 20, SEEDS = 5 };

typedef struct autoencoder {
    nn_model *model;
    nn_linear e1, e2, d1, d2;
} autoencoder;

static nn_tensor *restored(const autoencoder *a, nn_tensor *x)
{
    nn_tensor *code = nn_linear_forward(&a->e2, nn_relu(nn_linear_forward(&a->e1, x)));
    return nn_linear_forward(&a->d2, nn_relu(nn_linear_forward(&a->d1, code)));
}

static autoencoder train(const nn_dataset *learn)
{
    nn_ctx *nn = learn->ctx;
    autoencoder a;
    a.model = nn_model_new(nn);
    a.e1 = nn_linear_new(a.model, "encoder.1", PIXELS, UNITS);
    a.e2 = nn_linear_new(a.model, "encoder.2", UNITS, CODE);
    a.d1 = nn_linear_new(a.model, "decoder.2", CODE, UNITS);
    a.d2 = nn_linear_new(a.model, "decoder.1", UNITS, PIXELS);
    nn_optimizer *opt = nn_adam(a.model, 0.003f);
    nn_batches b = nn_batches_new(learn, 32, 1);
    while (b.epoch < EPOCHS)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(a.model);
            nn_tensor *x = nn_batch_x(&b);
            nn_backward(nn_mse(restored(&a, x), x));
            nn_step(opt);
        }
    nn_clear(nn);
    return a;
}

/* [auc] */
/* The part of all pairs of a normal sample and an anomaly in which the anomaly has the larger
 * error, equal ones counting half: the area under the ROC curve. 1/2 is guessing. */
static double auc(const nn_real *error, const int *label, int n, int odd)
{
    double won = 0, pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; label[i] == odd && j < n; j++) {
            if (label[j] == odd) continue;
            won += error[i] > error[j] ? 1 : error[i] == error[j] ? 0.5 : 0;
            pairs++;
        }
    return won / pairs;
}
/* [/auc] */

int main(void)
{
    static nn_real code[2000 * CODE];
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn)) return 1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * PIXELS; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    printf("== AUC of the error, held out: %d splits; of %d principal components\n", SEEDS, CODE);
    printf("unseen digit   mean  lowest  highest    PCA\n");
    double sum[2] = {0, 0}, least = 1;
    int one = 0;
    for (int odd = 0; odd < 10; odd++) {
        double mean[2] = {0, 0}, low = 1, high = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            nn_dataset learn, test;
            nn_seed(nn, (uint64_t)seed);
            nn_split_stratified(&all, 0.3, &learn, &test);
            int n = 0; /* leave the odd one out */
            for (int i = 0; i < learn.n; i++)
                if (learn.label[i] != odd)
                    memmove(learn.x + PIXELS * n++, learn.x + PIXELS * i, PIXELS * sizeof *learn.x);
            learn.n = n;
            const autoencoder a = train(&learn);
            const nn_pca p = nn_pca_fit(nn, learn.x, n, PIXELS, CODE);
            nn_tensor *x = nn_dataset_x(&test), *y[2] = {restored(&a, x), nn_full(nn, x->shape, 0)};
            nn_pca_project(&p, test.x, test.n, code);
            nn_pca_restore(&p, code, test.n, y[1]->data);
            for (int k = 0; k < 2; k++) {
                const nn_tensor *error = nn_mean_axis(nn_square(nn_sub(y[k], x)), -1);
                const double area = auc(error->data, test.label, test.n, odd);
                mean[k] += area / SEEDS;
                if (k == 0) low = fmin(low, area), high = fmax(high, area);
            }
        }
        printf("%12d  %5.2f  %6.2f  %7.2f  %5.2f\n", odd, mean[0], low, high, mean[1]);
        sum[0] += mean[0] / 10, sum[1] += mean[1] / 10;
        if (mean[0] < least) least = mean[0], one = odd;
    }
    printf("%12s  %5.2f  %6s  %7s  %5.2f\n", "mean", sum[0], "", "", sum[1]);

    const int ok = sum[0] > 0.9 && sum[0] > sum[1] && one == 1;
    printf("\nexpected: more than 0.9 on average, more than PCA, the 1 the hardest\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
