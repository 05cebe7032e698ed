/* Exercise 2.6: small weights (code, 20 minutes).
 *
 * Which of the 256 functions of three inputs can a perceptron compute if its weights are whole
 * numbers from -most to most? Try them all, with every bias halfway between two whole numbers
 * that can matter, and mark what comes out. Guess the counts before you look.
 */
#include "../exercises/check.h"

/* The rows of the truth table, as eight binary digits: which function is this? 0 to 255. */
static int function_of(const nn_perceptron *p)
{
    int f = 0;
    for (int k = 0; k < 8; k++) {
        const nn_real x[3] = {(nn_real)(k >> 2 & 1), (nn_real)(k >> 1 & 1), (nn_real)(k & 1)};
        f = 2 * f + nn_perceptron_forward(p, x);
    }
    return f;
}

/* found[f] becomes 1 for every function f that such a perceptron computes. */
static void search(int most, int found[256])
{
    nn_real w[3] = {0, 0, 0};
    nn_perceptron p = {w, 0, 3};
    /* Your code, instead of the lines down to END: */
    (void)most;
    found[function_of(&p)] = 1;
    /* END */
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_real x[8 * 3], w[3];
    for (int k = 0; k < 8; k++)
        for (int i = 0; i < 3; i++) x[k * 3 + i] = (nn_real)(k >> (2 - i) & 1);

    static const int expected[4] = {2, 56, 104, 104};
    for (int most = 0; most < 4; most++) {
        char name[64];
        int found[256] = {0}, count = 0, beyond = 0;
        search(most, found);
        for (int f = 0; f < 256; f++) {
            int table[8];
            for (int k = 0; k < 8; k++) table[k] = f >> (7 - k) & 1;
            nn_perceptron p = {w, 0, 3};
            count += found[f];
            beyond += found[f] && !nn_separable(nn, x, table, 8, &p);
        }
        snprintf(name, sizeof name, "weights up to %d: functions", most);
        expect_near(name, count, expected[most], 0);
        expect_near("  of them not separable", beyond, 0, 0);
    }
    nn_destroy(nn);
    return check_done();
}
