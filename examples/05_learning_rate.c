/* The learning rate: too small, right, too large; and rates that change on the way (schedules).
 * The noisy gradient that all of them follow is that of L(w) = (w - mean of x)^2 / 2, from one x
 * at a time.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { STEPS = 400, RUNS = 200 };

/* [schedules] */
static nn_real small(int t) { return (void)t, 0.002f; }
static nn_real right(int t) { return (void)t, 0.05f; }
static nn_real large(int t) { return (void)t, 1.5f; }
static nn_real diverging(int t) { return (void)t, 2.1f; }
static nn_real steps(int t) { return nn_step_lr(0.5f, 0.1f, 100, t); }
static nn_real exponential(int t) { return nn_exponential_lr(0.5f, 0.98f, t); }
static nn_real cosine(int t) { return nn_cosine_annealing_lr(0.5f, 0, STEPS, t); }
static nn_real warm_up(int t) { return nn_linear_lr(cosine(t), 0, 40, t); }
static nn_real one_over_t(int t) { return 1 / (nn_real)(t + 1); }
/* [/schedules] */

static const struct {
    const char *name;
    nn_real (*rate)(int t);
} schedule[] = {{"small", small}, {"right", right}, {"large", large}, {"diverging", diverging},
                {"steps", steps}, {"exponential", exponential}, {"cosine", cosine},
                {"warm-up, cosine", warm_up}, {"1 / t", one_over_t}};
enum { SCHEDULES = 9 };

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *net = nn_model_new(nn);
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(1));
    nn_optimizer *opt = nn_sgd(net, 1);
    double distance[SCHEDULES][STEPS + 1] = {{0}}; /* mean of |w - 3| over all runs */

    printf("== learning rates at step t\n%-17s", "t");
    for (int t = 0; t <= STEPS; t += 80) printf("%9d", t);
    for (int k = 0; k < SCHEDULES; k++) {
        printf("\n%-17s", schedule[k].name);
        for (int t = 0; t <= STEPS; t += 80) printf(" %8.3g", (double)schedule[k].rate(t));
    }

    for (int k = 0; k < SCHEDULES; k++)
        for (int run = 0; run < RUNS; run++) {
            w->data[0] = 0;
            for (int t = 0; t <= STEPS; t++) {
                distance[k][t] += fabs((double)w->data[0] - 3) / RUNS;
                w->grad[0] = w->data[0] - nn_normal(nn, 3, 1); /* x has mean 3, deviation 1 */
                opt->lr = schedule[k].rate(t);
                nn_step(opt);
            }
        }

    printf("\n\n== distance from the minimum\nmean of |w - 3| over %d runs from w = 0\n%-17s", RUNS,
           "t");
    for (int t = 0; t <= STEPS; t += 80) printf("%9d", t);
    for (int k = 0; k < SCHEDULES; k++) {
        printf("\n%-17s", schedule[k].name);
        for (int t = 0; t <= STEPS; t += 80) printf(" %8.3g", distance[k][t]);
    }

    /* 1 / t gives the mean of all x so far (Robbins and Monro 1951): its distance is that of the
     * mean of 400 numbers, sqrt(2 / pi) / 20 = 0.04. A constant rate never settles. */
    const double settled = distance[8][STEPS];
    const int good = settled < 0.05 && distance[1][STEPS] > 2 * settled &&
                     distance[0][STEPS] > 1 && distance[3][STEPS] > 1e9;
    printf("\n\nexpected: small is late, right jitters, diverging is gone; 1 / t comes to 0.04\n");
    printf("got:      %s, %.2f\n", good ? "yes" : "no", settled);
    nn_destroy(nn);
    return !good;
}
