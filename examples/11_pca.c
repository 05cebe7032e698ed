/* An autoencoder without activation functions learns what principal components do: the same plane,
 * the same error, though not the same axes (Bourlard and Kamp 1988, Baldi and Hornik 1989).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { D = 64, K = 3, STEPS = 1500 };
static const nn_real RATE = 0.03f;

static double dot(const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < D; i++) sum += a[i] * b[i];
    return sum;
}

/* The largest angle, in degrees, between the planes that the columns of w [D, K] and the rows of
 * c [K, D], which are orthonormal, span: 0 if they are the same. */
static double largest_angle(const nn_real *w, const double *c)
{
    double q[K][D], v[K] = {1}, sine = 0;
    for (int k = 0; k < K; k++) { /* q: orthonormal (Gram and Schmidt), twice for the rounding */
        for (int i = 0; i < D; i++) q[k][i] = (double)w[i * K + k];
        for (int twice = 0; twice < 2; twice++)
            for (int j = 0; j <= k; j++) {
                const double along = dot(q[j], q[k]);
                for (int i = 0; i < D; i++)
                    q[k][i] = j < k ? q[k][i] - along * q[j][i] : q[k][i] / sqrt(along);
            }
    }
    for (int j = 0; j < K; j++) /* now: what of it is outside of the other plane */
        for (int k = 0; k < K; k++) {
            const double along = dot(q[j], c + k * D);
            for (int i = 0; i < D; i++) q[j][i] -= along * c[k * D + i];
        }
    for (int round = 0; round < 100; round++) { /* the longest v q with |v| = 1: power iteration */
        double out[D] = {0}, length = 0;
        for (int k = 0; k < K; k++)
            for (int i = 0; i < D; i++) out[i] += v[k] * q[k][i];
        sine = sqrt(dot(out, out));
        for (int k = 0; k < K; k++) v[k] = dot(q[k], out), length += v[k] * v[k];
        for (int k = 0; k < K; k++) v[k] /= sqrt(length);
    }
    return asin(sine) * 57.29577951308232;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset digits = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn)) return 1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)digits.n * D; i++) digits.x[i] /= 16; /* ink: 0 .. 1 */
    const nn_pca p = nn_pca_fit(nn, digits.x, digits.n, D, K);
    const double lost = (p.total - p.variance[0] - p.variance[1] - p.variance[2]) / D;

    nn_model *model = nn_model_new(nn);
    const nn_linear encoder = nn_linear_new(model, "encoder", D, K);
    const nn_linear decoder = nn_linear_new(model, "decoder", K, D);
    nn_optimizer *opt = nn_adam(model, RATE);
    printf("== %d numbers for %d: mean squared error and angle to the components' plane\n", K, D);
    printf("step   error    largest angle\n");
    double error = 0;
    for (int step = 0; step <= STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *x = nn_dataset_x(&digits);
        nn_tensor *loss = nn_mse(nn_linear_forward(&decoder, nn_linear_forward(&encoder, x)), x);
        error = (double)nn_item(loss);
        if (step == 0 || step == 30 || step == 100 || step == 300 || step == STEPS)
            printf("%4d   %.5f  %7.2f degrees\n", step, error,
                   largest_angle(decoder.weight->data, p.component));
        nn_backward(loss);
        opt->lr = nn_cosine_annealing_lr(RATE, RATE / 50, STEPS, step);
        nn_step(opt);
    }
    printf("PCA    %.5f\n", lost);

    printf("\n== |cosine| between the decoder's columns and the components\n");
    double most = 0;
    for (int k = 0; k < K; k++)
        for (int c = 0; c < K; c++) {
            double column[D];
            for (int i = 0; i < D; i++) column[i] = (double)decoder.weight->data[i * K + k];
            const double along = dot(column, p.component + c * D);
            const double cosine = fabs(along) / sqrt(dot(column, column));
            most = fmax(most, cosine);
            printf("%5.2f%s", cosine, c < K - 1 ? " " : "\n");
        }

    const double angle = largest_angle(decoder.weight->data, p.component);
    const int ok = angle < 0.5 && fabs(error - lost) < 1e-5 && most < 0.999;
    printf("\nexpected: the same error to 1e-5, the same plane to half a degree, other axes\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
