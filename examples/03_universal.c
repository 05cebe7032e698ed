/* One hidden layer is enough: tanh units draw sin(x) on [-pi, pi], the better the more they are,
 * and without any training. A unit is a smooth step; each one lifts the output by what sin gains
 * between two neighbouring points.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { POINTS = 1001, MOST = 80 };
static const double pi = 3.14159265358979;

/* The largest error of `units` steps in the middle of every piece of width h; five pieces lie
 * outside at each end, for a step is felt a few h away. */
static double error_of(int units)
{
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    nn_linear hidden = nn_linear_new(net, "hidden", 1, units);
    nn_linear output = nn_linear_new(net, "output", units, 1);
    const double h = 2 * pi / (units - 10), start = -pi - 5 * h;

    /* [units] */
    /* f(start) + sum of (f(right) - f(left)) (1 + tanh(1.5 (x - middle) / h)) / 2 */
    double constant = sin(start);
    for (int i = 0; i < units; i++) {
        const double left = start + i * h, rise = sin(left + h) - sin(left);
        hidden.weight->data[i] = (nn_real)(1.5 / h);
        hidden.bias->data[i] = (nn_real)(-1.5 * (left + h / 2) / h);
        output.weight->data[i] = (nn_real)(rise / 2);
        constant += rise / 2;
    }
    output.bias->data[0] = (nn_real)constant;
    /* [/units] */

    nn_real x[POINTS];
    for (int i = 0; i < POINTS; i++) x[i] = (nn_real)(pi * (2.0 * i / (POINTS - 1) - 1));
    nn_tensor *in = nn_input(nn, x, nn_shape2(POINTS, 1));
    nn_tensor *y = nn_linear_forward(&output, nn_tanh(nn_linear_forward(&hidden, in)));
    double largest = 0;
    for (int i = 0; i < POINTS; i++)
        largest = fmax(largest, fabs((double)y->data[i] - sin((double)x[i])));
    nn_destroy(nn);
    return largest;
}

int main(void)
{
    double error = 0;
    printf("units   largest |y - sin x| on [-pi, pi]\n");
    for (int units = 20; units <= MOST; units += 20) {
        error = error_of(units);
        printf("%5d   %.1g\n", units, error);
    }
    printf("\nexpected: %d units are right to 0.005\ngot:      %s\n", MOST,
           error < 0.005 ? "yes" : "no");
    return !(error < 0.005);
}
