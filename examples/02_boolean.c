/* What one perceptron can compute, and what two layers can: every Boolean function of two and of
 * three inputs is tried with one hyperplane, and built with a hidden layer.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

typedef struct result {
    int functions, one_layer, two_layers;
} result;

static result try_all(nn_ctx *nn, int n)
{
    const int rows = 1 << n;
    nn_real x[8 * 3], w[3]; /* x [rows, n] */
    result r = {1 << rows, 0, 0};
    for (int k = 0; k < rows; k++) /* row k of a truth table: the binary digits of k */
        for (int i = 0; i < n; i++) x[k * n + i] = (nn_real)(k >> (n - 1 - i) & 1);

    for (int f = 0; f < r.functions; f++) {
        int table[8];
        for (int k = 0; k < rows; k++) table[k] = f >> (rows - 1 - k) & 1;

        nn_perceptron p = {w, 0, n};
        const int separable = nn_separable(nn, x, table, rows, &p);
        r.one_layer += separable;
        if (n == 2) {
            for (int k = 0; k < rows; k++) printf("%d", table[k]);
            if (separable)
                printf("  w = (%4.1f, %4.1f), b = %4.1f\n", (double)w[0] + 0, (double)w[1] + 0,
                       (double)p.b + 0);
            else printf("  no line parts its 0 from its 1\n");
        }

        nn_boolean net = nn_boolean_new(nn, table, n);
        int right = 0;
        for (int k = 0; k < rows; k++) right += nn_boolean_forward(&net, x + k * n) == table[k];
        r.two_layers += right == rows;
    }
    return r;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    printf("== the functions of two inputs: values at 00, 01, 10, 11, and a perceptron\n");
    const result two = try_all(nn, 2), three = try_all(nn, 3);

    printf("\n== how many are there, and how many can be computed\n");
    printf("inputs  functions  one perceptron  a hidden layer\n");
    printf("     2  %9d  %14d  %14d\n", two.functions, two.one_layer, two.two_layers);
    printf("     3  %9d  %14d  %14d\n", three.functions, three.one_layer, three.two_layers);

    printf("\nexpected: 14 of 16 and 104 of 256 with one perceptron, all with a hidden layer\n");
    printf("got:      %d and %d, %d and %d\n", two.one_layer, three.one_layer, two.two_layers,
           three.two_layers);
    nn_destroy(nn);
    return !(two.one_layer == 14 && three.one_layer == 104 && two.two_layers == 16 &&
             three.two_layers == 256);
}
