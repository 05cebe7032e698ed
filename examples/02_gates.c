/* Logic by neurons: a perceptron fires (1) where w x + b > 0. Four gates are one perceptron each;
 * XOR is none, but AND of OR and NAND, which makes two layers.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static const nn_real input[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};

/* Prints a truth table; 1 if it is the expected one, with the bias and with the threshold -b. */
static int show(const char *name, const nn_perceptron *gate, const int *expected)
{
    const int rows = 1 << gate->n;
    int right = 0;
    printf("%-4s  w = (", name);
    for (int i = 0; i < gate->n; i++) printf(i ? ", %g" : "%g", (double)gate->w[i]);
    printf("), b = %g:", (double)gate->b);
    for (int k = 0; k < rows; k++) {
        const nn_real *x = gate->n == 1 ? &input[k][1] : input[k];
        const int y = nn_perceptron_forward(gate, x);
        const int with_theta = nn_btu(nn_neuron(gate->w, x, gate->n, 0), -gate->b);
        printf(" %d", y);
        right += y == expected[k] && with_theta == y;
    }
    printf("\n");
    return right == rows;
}

int main(void)
{
    nn_real w_and[2] = {1, 1}, w_or[2] = {1, 1}, w_nand[2] = {-1, -1}, w_not[1] = {-1};
    const nn_perceptron and_gate = {w_and, -1.5f, 2}, or_gate = {w_or, -0.5f, 2};
    const nn_perceptron nand_gate = {w_nand, 1.5f, 2}, not_gate = {w_not, 0.5f, 1};
    const int is_and[4] = {0, 0, 0, 1}, is_or[4] = {0, 1, 1, 1}, is_nand[4] = {1, 1, 1, 0};
    const int is_not[2] = {1, 0}, is_xor[4] = {0, 1, 1, 0};

    printf("== one perceptron each, for the inputs 00, 01, 10, 11 (NOT: 0, 1)\n");
    int right = show("AND", &and_gate, is_and) + show("OR", &or_gate, is_or);
    right += show("NAND", &nand_gate, is_nand) + show("NOT", &not_gate, is_not);

    printf("\n== XOR in two layers\n x     OR  NAND  AND of both\n");
    int xor_right = 0;
    for (int k = 0; k < 4; k++) {
        const int a = nn_perceptron_forward(&or_gate, input[k]);
        const int b = nn_perceptron_forward(&nand_gate, input[k]);
        const nn_real hidden[2] = {(nn_real)a, (nn_real)b};
        const int y = nn_perceptron_forward(&and_gate, hidden);
        printf("%g %g  %4d %5d %12d\n", (double)input[k][0], (double)input[k][1], a, b, y);
        xor_right += y == is_xor[k];
    }

    printf("\nexpected: 4 gates right, by bias and by threshold; XOR right in 4 rows\n");
    printf("got:      %d and %d\n", right, xor_right);
    return !(right == 4 && xor_right == 4);
}
