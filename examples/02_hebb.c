/* Learning without a teacher, on the four measurements of 150 irises: by Hebb's rule the weights
 * grow for ever; by Oja's they settle on the direction in which the flowers differ most, the first
 * principal component.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { D = 4 };

static double length(const nn_real *w)
{
    double sum = 0;
    for (int i = 0; i < D; i++) sum += (double)w[i] * (double)w[i];
    return sqrt(sum);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/iris.csv", with_header);
    nn_dataset iris = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn)) return 1;
    nn_scaler mean = nn_scaler_fit(&iris);
    for (int i = 0; i < D; i++) mean.std[i] = 1; /* only centre: the spread is what we look for */
    nn_scaler_apply(&mean, &iris);

    /* The component by the textbook: the covariance matrix c, and the direction that it stretches
     * most, by multiplying with c again and again. */
    double c[D][D] = {{0}}, v[D] = {1, 1, 1, 1}, variance = 0;
    for (int s = 0; s < iris.n; s++)
        for (int i = 0; i < D; i++)
            for (int j = 0; j < D; j++)
                c[i][j] += (double)iris.x[s * D + i] * (double)iris.x[s * D + j] / iris.n;
    for (int step = 0; step < 100; step++) {
        double cv[D] = {0}, norm = 0;
        for (int i = 0; i < D; i++)
            for (int j = 0; j < D; j++) cv[i] += c[i][j] * v[j];
        for (int i = 0; i < D; i++) norm += cv[i] * cv[i];
        for (int i = 0; i < D; i++) v[i] = cv[i] / sqrt(norm);
        variance = sqrt(norm); /* c v = variance v in the end */
    }

    nn_real hebb[D] = {0.1f, 0.1f, 0.1f, 0.1f}, oja[D] = {0.1f, 0.1f, 0.1f, 0.1f};
    double cosine = 0;
    printf("== the length of the weights\nepoch  |w| by Hebb  |w| by Oja  cosine of Oja's w and the component\n");
    for (int epoch = 0; epoch <= 20; epoch++) {
        cosine = 0;
        for (int i = 0; i < D; i++) cosine += (double)oja[i] * v[i] / length(oja);
        if (epoch % 4 == 0)
            printf("%5d  %11.4g  %10.4f  %.4f\n", epoch, length(hebb), length(oja), cosine);
        for (int s = 0; s < iris.n; s++) {
            const nn_real *x = iris.x + s * D;
            nn_hebb(hebb, x, D, nn_neuron(hebb, x, D, 0), 0.001f); /* y = w x, a linear neuron */
            nn_oja(oja, x, D, nn_neuron(oja, x, D, 0), 0.001f);
        }
    }
    printf("\n== what was found\n");
    printf("component %7.3f %7.3f %7.3f %7.3f   variance along it %.3f\n", v[0], v[1], v[2], v[3],
           variance);
    printf("Oja's w   %7.3f %7.3f %7.3f %7.3f\n", (double)oja[0], (double)oja[1], (double)oja[2],
           (double)oja[3]);

    const int grew = length(hebb) > 1000, found = cosine > 0.999 && fabs(length(oja) - 1) < 0.01;
    printf("\nexpected: Hebb's |w| beyond 1000; Oja's 1 within 0.01, the cosine above 0.999\n");
    printf("got:      %s and %s\n", grew ? "yes" : "no", found ? "yes" : "no");
    nn_destroy(nn);
    return !(grew && found);
}
