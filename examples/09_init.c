/* How large should first weights be? A signal of mean square 1 on its way through 30 layers of 128
 * units, and the gradient on its way back.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { DEPTH = 30, WIDTH = 128, N = 32 };
enum { NORMAL_001, NORMAL_1, XAVIER, KAIMING, STARTS };
static const char *const start_name[STARTS] = {"normal, std 0.01", "normal, std 1", "Xavier",
                                               "Kaiming"};

static double mean_square(const nn_real *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum / (double)n;
}

/* A line of the table; gives the mean square in layer 30, and how the gradient's grows on its way
 * from there to layer 1. */
static double through(nn_ctx *nn, nn_activation g, int start, double *growth)
{
    nn_seed(nn, 42);
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_tensor *y[DEPTH + 1];
    y[0] = nn_randn(nn, nn_shape2(N, WIDTH));
    for (int l = 1; l <= DEPTH; l++) {
        char name[8];
        snprintf(name, sizeof name, "%d", l);
        nn_linear fc = nn_linear_new(net, name, WIDTH, WIDTH);
        memset(fc.bias->data, 0, WIDTH * sizeof(nn_real));
        const nn_real std = start == NORMAL_1 ? 1 : 0.01f;
        for (size_t i = 0; i < fc.weight->size; i++) fc.weight->data[i] = nn_normal(nn, 0, std);
        if (start == XAVIER) nn_xavier_normal(fc.weight, 1);
        if (start == KAIMING) nn_kaiming_normal(fc.weight, 0, NN_FAN_IN);
        y[l] = nn_activate(nn_linear_forward(&fc, y[l - 1]), g);
    }
    nn_backward(nn_mean(nn_mul(y[DEPTH], nn_randn(nn, y[DEPTH]->shape))));
    printf("%-18s", start_name[start]);
    for (int l = 1; l <= DEPTH; l = l == 1 ? 10 : l + 10)
        printf(" %9.2g", mean_square(y[l]->data, y[l]->size));
    *growth = mean_square(y[1]->grad, y[1]->size) / mean_square(y[DEPTH]->grad, y[DEPTH]->size);
    printf("   %9.2g\n", *growth);
    return mean_square(y[DEPTH]->data, y[DEPTH]->size);
}

int main(void)
{
    static const nn_activation activation[3] = {NN_IDENTITY, NN_TANH, NN_RELU};
    static const char *const name[3] = {"straight", "tanh", "ReLU"};
    nn_ctx *nn = nn_create(42);
    double signal[3][STARTS], growth[3][STARTS];
    for (int g = 0; g < 3; g++) {
        printf("%s== %s\n%-18s mean square of y in layer                  of the gradient,\n"
               "%-18s %9d %9d %9d %9d   1 by 30\n",
               g ? "\n" : "", name[g], "", "", 1, 10, 20, 30);
        for (int start = 0; start < STARTS; start++)
            signal[g][start] = through(nn, activation[g], start, &growth[g][start]);
    }
    const int straight = signal[0][XAVIER] > 0.3 && signal[0][XAVIER] < 3;
    const int tanh_keeps = signal[1][XAVIER] > 0.01 && growth[1][XAVIER] > 0.01;
    const int relu = signal[2][KAIMING] > 0.3 && signal[2][KAIMING] < 3 &&
                     growth[2][KAIMING] > 0.3 && growth[2][KAIMING] < 3;
    const int bad = signal[2][NORMAL_001] < 1e-30 && signal[2][NORMAL_1] > 1e30 &&
                    growth[1][NORMAL_1] > 1e6 && signal[2][XAVIER] < 1e-6;
    printf("\nexpected: Xavier keeps a straight signal, tanh's nearly; Kaiming keeps ReLU's\n");
    printf("got:      %s\n", straight && tanh_keeps && relu && bad ? "so it is" : "something else");
    nn_destroy(nn);
    return !(straight && tanh_keeps && relu && bad);
}
