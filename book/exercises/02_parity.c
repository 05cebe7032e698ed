/* Exercise 2.5: parity with few units (code, 30 minutes).
 *
 * The parity of n inputs is 1 if an odd number of them is 1; XOR is the parity of two. Its truth
 * table has 2^(n-1) rows with a 1, and nn_boolean_new takes a hidden unit for each. You need n:
 * hidden unit k fires where at least k of the inputs are 1.
 */
#include "../exercises/check.h"

enum { MAX = 8 };

/* Makes p (weights p->w[0] .. p->w[n-1] and bias p->b) fire where at least k inputs are 1. */
static void at_least(nn_perceptron *p, int k)
{
    /* Your code, instead of the lines down to END: */
    (void)k;
    for (int i = 0; i < p->n; i++) p->w[i] = 0;
    p->b = 0;
    /* END */
}

/* Makes the output unit: its input i is what the hidden unit for at least i + 1 gives. If three
 * inputs are 1, the hidden units give 1, 1, 1, 0, 0, .. */
static void output(nn_perceptron *p)
{
    /* Your code, instead of the lines down to END: */
    for (int i = 0; i < p->n; i++) p->w[i] = 0;
    p->b = 0;
    /* END */
}

int main(void)
{
    static int parity[1 << MAX];
    nn_ctx *nn = nn_create(42);
    for (int n = 2; n <= MAX; n += 2) {
        nn_real w[MAX][MAX], v[MAX], x[MAX], y[MAX];
        nn_perceptron hidden[MAX], out = {v, 0, n};
        output(&out);
        for (int k = 0; k < n; k++) {
            hidden[k].w = w[k], hidden[k].n = n;
            at_least(&hidden[k], k + 1);
        }
        int counts = 0, right = 0;
        for (int row = 0; row < 1 << n; row++) {
            int ones = 0;
            for (int i = 0; i < n; i++) {
                const int digit = row >> (n - 1 - i) & 1;
                x[i] = (nn_real)digit;
                ones += digit;
            }
            parity[row] = ones % 2;
            for (int k = 0; k < n; k++) {
                const int fires = nn_perceptron_forward(&hidden[k], x);
                y[k] = (nn_real)fires;
                counts += fires == (ones > k);
            }
            right += nn_perceptron_forward(&out, y) == parity[row];
        }
        char name[64];
        snprintf(name, sizeof name, "%d inputs: hidden y right", n);
        expect_near(name, counts, n << n, 0);
        snprintf(name, sizeof name, "%d inputs: rows right", n);
        expect_near(name, right, 1 << n, 0);
        const nn_boolean f = nn_boolean_new(nn, parity, n);
        printf("    hidden units: yours %d, one for each 1 of the table %d\n", n, f.hidden);
    }
    nn_destroy(nn);
    return check_done();
}
