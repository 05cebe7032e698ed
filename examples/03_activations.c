/* Activation functions side by side: y = g(z) and the slope g'(z) by its formula, which is compared
 * with the central difference (g(z + h) - g(z - h)) / 2h. Then the mean output of two layers.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static nn_tensor *identity(nn_tensor *z) { return nn_activate(z, NN_IDENTITY); }
static nn_tensor *cold(nn_tensor *z) { return nn_sigmoid_temperature(z, 0.25f); }
static nn_tensor *leaky(nn_tensor *z) { return nn_leaky_relu(z, 0.1f); }
static nn_tensor *elu(nn_tensor *z) { return nn_elu(z, 1); }

static double of_identity(double z, double y) { return (void)z, (void)y, 1; }
static double of_heaviside(double z, double y) { return (void)z, (void)y, 0; }
static double of_sigmoid(double z, double y) { return (void)z, y * (1 - y); }
static double of_cold(double z, double y) { return (void)z, y * (1 - y) / 0.25; }
static double of_tanh(double z, double y) { return (void)z, 1 - y * y; }
static double of_relu(double z, double y) { return (void)y, z > 0 ? 1 : 0; }
static double of_leaky(double z, double y) { return (void)y, z > 0 ? 1 : 0.1; }
static double of_elu(double z, double y) { return z > 0 ? 1 : y + 1; }
static double of_gelu(double z, double y) /* Phi(z) + z Phi'(z) */
{
    return (void)y, erfc(-z / sqrt(2)) / 2 + z * exp(-z * z / 2) * 0.3989422804;
}

static const struct {
    const char *name;
    nn_tensor *(*g)(nn_tensor *z);
    double (*slope)(double z, double y);
    int smooth; /* 0: it has a step or a kink at z = 0 */
} table[] = {
    {"identity", identity, of_identity, 1}, {"threshold unit", nn_heaviside, of_heaviside, 0},
    {"sigmoid", nn_sigmoid, of_sigmoid, 1}, {"sigmoid, T = 1/4", cold, of_cold, 1},
    {"tanh", nn_tanh, of_tanh, 1},          {"ReLU", nn_relu, of_relu, 0},
    {"leaky ReLU, 0.1", leaky, of_leaky, 0}, {"ELU, alpha = 1", elu, of_elu, 1},
    {"GELU", nn_gelu, of_gelu, 1},
};
enum { FUNCTIONS = sizeof table / sizeof *table, POINTS = 5 };

int main(void)
{
    const nn_real z[POINTS] = {-2, -0.5f, 0, 0.5f, 2}, h = 1.0f / 1024;
    nn_real around[3][POINTS];
    for (int i = 0; i < POINTS; i++)
        around[0][i] = z[i] - h, around[1][i] = z[i], around[2][i] = z[i] + h;

    nn_ctx *nn = nn_create(42);
    nn_tensor *input = nn_input(nn, around[0], nn_shape2(3, POINTS));
    double error = 0;
    printf("== y = g(z) and its slope\n                  z ");
    for (int i = 0; i < POINTS; i++) printf(" %8.4g", (double)z[i]);
    for (int f = 0; f < FUNCTIONS; f++) {
        const nn_real *y = table[f].g(input)->data; /* [3, POINTS]: at z - h, z and z + h */
        printf("\n%-17s y ", table[f].name);
        for (int i = 0; i < POINTS; i++) printf(" %8.4f", (double)y[POINTS + i]);
        printf("\n                  y'");
        for (int i = 0; i < POINTS; i++) {
            const double slope = table[f].slope((double)z[i], (double)y[POINTS + i]);
            const double difference = (double)(y[2 * POINTS + i] - y[i]) / (2 * (double)h);
            printf(" %8.4f", slope);
            if (table[f].smooth || z[i] != 0) error = fmax(error, fabs(slope - difference));
        }
    }

    /* The inputs are around 0. After sigmoid they no longer are: all inputs of the next layer are
     * positive, so that the weights of one of its units are all pushed up, or all down. */
    nn_linear layer = nn_linear_new(nn_model_new(nn), "layer", 20, 50);
    nn_tensor *sums = nn_linear_forward(&layer, nn_randn(nn, nn_shape2(1000, 20)));
    const double of_sigmoids = nn_stats(nn_sigmoid(sums)).mean;
    const double of_tanhs = nn_stats(nn_tanh(sums)).mean;
    printf("\n\n== mean output of 50 units\nsigmoid %.2f, tanh %.2f\n", of_sigmoids, of_tanhs);

    const int centred = fabs(of_sigmoids - 0.5) < 0.05 && fabs(of_tanhs) < 0.05;
    printf("\nexpected: slopes and differences agree to 0.001; sigmoid has mean 1/2, tanh 0\n");
    printf("got:      %s; %s\n", error < 0.001 ? "yes" : "no", centred ? "yes" : "no");
    nn_destroy(nn);
    return !(error < 0.001 && centred);
}
