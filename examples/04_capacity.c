/* How much can a perceptron remember? Random points get random labels; the more points there are
 * for each weight, the rarer are labels that it can learn. At two points per weight half of them
 * can be learned: its capacity (Cover 1965).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { TRIALS = 3000, MAX_WEIGHTS = 6, MAX_POINTS = 3 * MAX_WEIGHTS };

/* A perceptron of `weights` weights: one is the bias. 1 if there are weights for such labels. */
static int learnable(nn_ctx *nn, int points, int weights)
{
    nn_real x[MAX_POINTS * MAX_WEIGHTS], w[MAX_WEIGHTS] = {0};
    int t[MAX_POINTS];
    nn_perceptron p = {w, 0, weights - 1};
    for (int i = 0; i < points * p.n; i++) x[i] = nn_normal(nn, 0, 1);
    for (int i = 0; i < points; i++) t[i] = nn_randint(nn, 0, 2);
    return nn_separable(nn, x, t, points, &p);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    double worst = 0;
    for (int weights = 3; weights <= MAX_WEIGHTS; weights += 3) {
        printf("== %d weights: which part of %d random labellings can be learned\n", weights,
               TRIALS);
        printf("points  per weight  learnable  theory\n");
        for (int points = weights; points <= 3 * weights; points += weights / 3) {
            int learned = 0;
            for (int trial = 0; trial < TRIALS; trial++) learned += learnable(nn, points, weights);
            const double theory = nn_cover_fraction(points, weights);
            const double measured = (double)learned / TRIALS;
            printf("%6d  %10.2f  %9.3f  %6.3f  |", points, (double)points / weights, measured,
                   theory);
            for (int i = 0; i < (int)(30 * measured + 0.5); i++) printf("#");
            printf("\n");
            worst = fmax(worst, fabs(measured - theory));
        }
        printf("\n");
    }
    printf("expected: 1/2 at two points per weight; measured and theory within 0.02\n");
    printf("got:      %g and %g; %s\n", nn_cover_fraction(6, 3), nn_cover_fraction(12, 6),
           worst < 0.02 ? "yes" : "no");
    nn_destroy(nn);
    return !(worst < 0.02);
}
