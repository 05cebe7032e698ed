/* A denoising autoencoder sees a damaged digit and must give the clean one. Its code may then be
 * larger than the input, 128 numbers for 64: to copy does not help it (Vincent et al. 2010). One of
 * the same size that is trained without damage copies.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, CODE = 128, EPOCHS = 30, SEEDS = 5 };

typedef struct autoencoder {
    nn_model *model;
    nn_linear encoder, decoder;
} autoencoder;

static nn_tensor *logits(const autoencoder *a, nn_tensor *x)
{
    return nn_linear_forward(&a->decoder, nn_relu(nn_linear_forward(&a->encoder, x)));
}

static nn_tensor *damage(nn_tensor *x) { return nn_salt_and_pepper(x, 0.25f, 0, 1); }

static autoencoder train(const nn_dataset *learn, int noisy)
{
    nn_ctx *nn = learn->ctx;
    autoencoder a;
    a.model = nn_model_new(nn);
    a.encoder = nn_linear_new(a.model, "encoder", PIXELS, CODE);
    a.decoder = nn_linear_new(a.model, "decoder", CODE, PIXELS);
    nn_optimizer *opt = nn_adam(a.model, 0.003f);
    nn_batches b = nn_batches_new(learn, 16, 1);
    while (b.epoch < EPOCHS)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(a.model);
            /* [step] */
            nn_tensor *clean = nn_batch_x(&b), *seen = noisy ? damage(clean) : clean;
            nn_backward(nn_bce_with_logits(logits(&a, seen), clean)); /* ink as a probability */
            nn_step(opt);
            /* [/step] */
        }
    nn_clear(nn);
    return a;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    if (!nn_ok(nn)) return 1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    printf("== error to the clean digits, held out, a quarter of the pixels damaged\n");
    printf("seed  damaged  plain autoencoder  denoising one\n");
    double sum[3] = {0, 0, 0};
    int better = 0;
    nn_tensor *clean = NULL, *seen = NULL, *again = NULL;
    for (int seed = 1; seed <= SEEDS; seed++) {
        nn_seed(nn, (uint64_t)seed);
        nn_split(&all, 0.3, &learn, &test);
        const autoencoder copies = train(&learn, 0), mends = train(&learn, 1);
        clean = nn_dataset_x(&test);
        seen = damage(clean);
        again = nn_sigmoid(logits(&mends, seen));
        const double error[3] = {(double)nn_item(nn_mse(seen, clean)),
                                 (double)nn_item(nn_mse(nn_sigmoid(logits(&copies, seen)), clean)),
                                 (double)nn_item(nn_mse(again, clean))};
        printf("%4d  %7.4f  %17.4f  %13.4f\n", seed, error[0], error[1], error[2]);
        for (int k = 0; k < 3; k++) sum[k] += error[k] / SEEDS;
        better += error[2] < error[0] / 3 && error[2] < error[1] / 2;
    }
    printf("mean  %7.4f  %17.4f  %13.4f\n", sum[0], sum[1], sum[2]);

    printf("\n== clean, damaged, mended\n");
    for (int row = 0; row < 8; row++)
        for (int picture = 0; picture < 3; picture++) {
            const nn_tensor *x = picture == 0 ? clean : picture == 1 ? seen : again;
            const nn_real *ink = x->data + 8 * row;
            for (int col = 0; col < 8; col++)
                putchar(" .+#"[(ink[col] > 0.2f) + (ink[col] > 0.4f) + (ink[col] > 0.7f)]);
            printf(picture < 2 ? "|   |" : "|\n");
        }

    const int ok = better == SEEDS;
    printf("\nexpected: less than a third of the error stays, half of the plain one's: always\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
