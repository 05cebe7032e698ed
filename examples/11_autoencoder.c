/* An autoencoder learns, without labels, to say a digit's 64 pixels with two numbers and to paint
 * it again from them; beside two principal components.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 32, CODE = 2, EPOCHS = 60 };

/* [autoencoder] */
typedef struct autoencoder {
    nn_model *model;
    nn_linear e1, e2, d1, d2;
} autoencoder;

static nn_tensor *encode(const autoencoder *a, nn_tensor *x) /* [N, PIXELS] -> [N, CODE] */
{
    return nn_linear_forward(&a->e2, nn_relu(nn_linear_forward(&a->e1, x)));
}

static nn_tensor *decode(const autoencoder *a, nn_tensor *code) /* [N, CODE] -> [N, PIXELS] */
{
    return nn_linear_forward(&a->d2, nn_relu(nn_linear_forward(&a->d1, code)));
}
/* [/autoencoder] */

/* Percent of the samples whose nearest neighbour by the code has the same label. */
static double neighbours(const nn_real *code, const int *label, int n)
{
    int same = 0;
    for (int i = 0; i < n; i++) {
        int nearest = -1;
        double least = HUGE_VAL;
        for (int j = 0; j < n; j++) {
            const double dx = (double)code[2 * i] - (double)code[2 * j];
            const double dy = (double)code[2 * i + 1] - (double)code[2 * j + 1];
            if (j != i && dx * dx + dy * dy < least) least = dx * dx + dy * dy, nearest = j;
        }
        same += label[nearest] == label[i];
    }
    return 100.0 * same / n;
}

int main(void)
{
    static nn_real code[2000 * CODE];
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    nn_split(&all, 0.3, &learn, &test);
    if (!nn_ok(nn)) return 1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)learn.n * PIXELS; i++) learn.x[i] /= 16; /* ink: 0 .. 1 */
    for (ptrdiff_t i = 0; i < (ptrdiff_t)test.n * PIXELS; i++) test.x[i] /= 16;

    autoencoder a;
    a.model = nn_model_new(nn);
    a.e1 = nn_linear_new(a.model, "encoder.1", PIXELS, UNITS);
    a.e2 = nn_linear_new(a.model, "encoder.2", UNITS, CODE);
    a.d1 = nn_linear_new(a.model, "decoder.2", CODE, UNITS);
    a.d2 = nn_linear_new(a.model, "decoder.1", UNITS, PIXELS);
    nn_optimizer *opt = nn_adam(a.model, 0.003f);
    nn_batches b = nn_batches_new(&learn, 16, 1);
    printf("== error on digits held out\nepoch\n");
    double first = 0, error = 0;
    for (int epoch = 0; epoch <= EPOCHS; epoch++) {
        nn_clear(nn);
        nn_tensor *x = nn_dataset_x(&test);
        error = (double)nn_item(nn_mse(decode(&a, encode(&a, x)), x));
        if (epoch == 0) first = error;
        if (epoch % 15 == 0) printf("%5d  %.4f\n", epoch, error);
        /* [train] */
        while (epoch < EPOCHS && nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(a.model);
            x = nn_batch_x(&b);
            nn_backward(nn_mse(decode(&a, encode(&a, x)), x)); /* the target is the input */
            nn_step(opt);
        }
        /* [/train] */
    }
    nn_clear(nn);
    nn_tensor *x = nn_dataset_x(&test), *y = encode(&a, x), *again = decode(&a, y);
    printf("the code: %d numbers for %d\n", y->shape.dim[1], x->shape.dim[1]);

    const nn_pca p = nn_pca_fit(nn, learn.x, learn.n, PIXELS, CODE);
    nn_pca_project(&p, test.x, test.n, code);
    nn_tensor *by_pca = nn_full(nn, x->shape, 0);
    nn_pca_restore(&p, code, test.n, by_pca->data);
    const double pca = (double)nn_item(nn_mse(by_pca, x));
    const double near_code = neighbours(y->data, test.label, test.n);
    const double near_pca = neighbours(code, test.label, test.n);
    printf("\n== two numbers for a digit\n");
    printf("                      error  nearest neighbour is the same digit\n");
    printf("principal components  %.4f  %.0f %%\n", pca, near_pca);
    printf("autoencoder           %.4f  %.0f %%\n", error, near_code);

    printf("\n== held out, from its principal components, from its code\n");
    for (int row = 0; row < 8; row++)
        for (int picture = 0; picture < 3; picture++) {
            const nn_real *ink = (picture == 0 ? x : picture == 1 ? by_pca : again)->data + 8 * row;
            for (int col = 0; col < 8; col++)
                putchar(" .+#"[(ink[col] > 0.2f) + (ink[col] > 0.4f) + (ink[col] > 0.7f)]);
            printf(picture < 2 ? "|   |" : "|\n");
        }

    const int ok = error < first / 2 && error < pca && near_code > near_pca;
    printf("\nexpected: less error than two components, and digits better apart\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
