/* Five rules on four surfaces: how many steps until J is below 1e-6 and stays there, each rule with
 * the learning rate that is best for it there, of 0.0001, 0.0002, 0.0005, .. 50. Momentum
 * has beta 0.9; all else is as the library has it.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { RULES = 5, SURFACES = 4, MOST = 10000, STAY = 100 };

/* [surfaces] */
/* J at w, and its gradient */
static double long_bowl(const double *w, double *g) /* curvatures 1 and 100 */
{
    g[0] = w[0], g[1] = 100 * w[1];
    return (w[0] * w[0] + 100 * w[1] * w[1]) / 2;
}

static double turned_bowl(const double *w, double *g) /* the same, not along the axes */
{
    const double turned[2] = {0.8 * w[0] - 0.6 * w[1], 0.6 * w[0] + 0.8 * w[1]};
    double h[2];
    const double J = long_bowl(turned, h);
    g[0] = 0.8 * h[0] + 0.6 * h[1], g[1] = -0.6 * h[0] + 0.8 * h[1];
    return J;
}

static double rosenbrock(const double *w, double *g) /* a curved valley */
{
    const double a = 1 - w[0], b = w[1] - w[0] * w[0];
    g[0] = -2 * a - 400 * w[0] * b, g[1] = 200 * b;
    return a * a + 100 * b * b;
}

static double plateau(const double *w, double *g) /* flat far from 0 */
{
    double J = 0;
    for (int i = 0; i < 2; i++) {
        const double d = 1 + w[i] * w[i];
        g[i] = 2 * w[i] / (d * d);
        J += w[i] * w[i] / d;
    }
    return J;
}
/* [/surfaces] */

static double (*const surface[SURFACES])(const double *w, double *g) = {long_bowl, turned_bowl,
                                                                        rosenbrock, plateau};
static const double start[SURFACES][2] = {{7, 1.3}, {7, 1.3}, {-1.2, 1}, {10, 6.3}};

/* Steps until J < 1e-6 for the first of STAY times in a row; MOST if it takes more. */
static int steps_of(nn_optimizer *opt, int s)
{
    nn_tensor *w = opt->model->param[0];
    for (int i = 0; i < 2; i++) w->data[i] = (nn_real)start[s][i];
    for (int step = 0, below = 0; step < MOST + STAY; step++) {
        const double at[2] = {(double)w->data[0], (double)w->data[1]};
        double g[2];
        const double J = surface[s](at, g);
        below = J < 1e-6 ? below + 1 : 0;
        if (below == STAY) return step + 1 - STAY;
        if (!(J < 1e12)) break;
        for (int i = 0; i < 2; i++) w->grad[i] = (nn_real)g[i];
        nn_step(opt);
    }
    return MOST;
}

static nn_optimizer *rule_new(nn_model *model, int rule, nn_real lr)
{
    return rule == 0   ? nn_sgd(model, lr)
           : rule == 1 ? nn_momentum(model, lr, 0.9f)
           : rule == 2 ? nn_adagrad(model, lr)
           : rule == 3 ? nn_rmsprop(model, lr)
                       : nn_adam(model, lr);
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_param(model, "", "w", nn_shape1(2));
    int least[RULES][SURFACES];
    printf("== steps (at learning rate)\n");
    printf("%-10s%17s%17s%17s%17s\n", "", "long bowl", "turned", "Rosenbrock", "plateau");
    for (int r = 0; r < RULES; r++) {
        printf("%-10s", rule_new(model, r, 1)->rule);
        for (int s = 0; s < SURFACES; s++) {
            double best = 0, power = 1e-4;
            least[r][s] = MOST;
            for (int k = 0; k < 18; k++) {
                const double lr = power * (k % 3 == 0 ? 1 : k % 3 == 1 ? 2 : 5);
                const int steps = steps_of(rule_new(model, r, (nn_real)lr), s);
                if (steps < least[r][s]) least[r][s] = steps, best = lr;
                if (k % 3 == 2) power *= 10;
            }
            if (least[r][s] < MOST) printf(" %8d %-7.2g", least[r][s], best);
            else printf(" %8s %-7s", ">10000", "");
        }
        printf("\n");
    }
    int ok = 1;
    for (int s = 0; s < SURFACES; s++) ok &= least[1][s] < least[0][s] && least[4][s] < least[0][s];
    printf("\nexpected: momentum and Adam need fewer steps than plain descent on all four\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
