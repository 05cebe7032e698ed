/* How a ReLU dies, and why a leaky one does not: one unit y = g(w x + b) learns y = 2 x + 1. A
 * single outlier throws its weights so far that z < 0 for all inputs; there g' of ReLU is 0.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 4 };
static const nn_real x[N] = {0.5f, 1, 1.5f, 2}, target[N] = {2, 3, 4, 5};

typedef struct unit {
    nn_real w, b;
} unit;

/* One step of gradient descent on the mean of (y - t)^2 / 2; gives that mean before the step.
 * dw = (y - t) g'(z) x and db = (y - t) g'(z), where g'(z) is 1 for z > 0, else `slope`. */
static double step(nn_ctx *nn, unit *u, nn_real slope, const nn_real *t, nn_real lr)
{
    nn_real z[N], dw = 0, db = 0;
    double loss = 0;
    for (int i = 0; i < N; i++) z[i] = nn_neuron(&u->w, &x[i], 1, u->b);
    nn_clear(nn);
    const nn_real *y = nn_leaky_relu(nn_input(nn, z, nn_shape1(N)), slope)->data;
    for (int i = 0; i < N; i++) {
        const nn_real delta = (y[i] - t[i]) * (z[i] > 0 ? 1 : slope);
        dw += delta * x[i] / N;
        db += delta / N;
        loss += (double)((y[i] - t[i]) * (y[i] - t[i])) / (2 * N);
    }
    u->w -= lr * dw;
    u->b -= lr * db;
    return loss;
}

/* Learns, meets the outlier, learns again; gives the last loss. */
static double run(nn_ctx *nn, const char *name, nn_real slope)
{
    const nn_real outlier[N] = {2, 3, 4, -500};
    unit u = {1, 0};
    double loss = 0;
    printf("== %s\n", name);
    for (int i = 0; i < 1000; i++) loss = step(nn, &u, slope, target, 0.1f);
    printf("learned         w = %7.3f, b = %7.3f, loss %8.4f\n", (double)u.w, (double)u.b, loss);
    step(nn, &u, slope, outlier, 0.1f);
    printf("the outlier     w = %7.3f, b = %7.3f\n", (double)u.w, (double)u.b);
    for (int i = 0; i < 20000; i++) loss = step(nn, &u, slope, target, 0.1f);
    printf("20,000 steps on w = %7.3f, b = %7.3f, loss %8.4f\n", (double)u.w, (double)u.b, loss);
    return loss;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    const double dead = run(nn, "ReLU (a leaky one of slope 0)", 0);
    const double leaky = run(nn, "leaky ReLU of slope 0.01", 0.01f);
    printf("\nexpected: ReLU stays dead (loss above 1), leaky ReLU recovers (below 0.001)\n");
    printf("got:      %s, %s\n", dead > 1 ? "dead" : "alive",
           leaky < 0.001 ? "recovers" : "does not");
    nn_destroy(nn);
    return !(dead > 1 && leaky < 0.001);
}
