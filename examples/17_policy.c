/* Learning what to do instead of what it is worth: a policy, the softmax of a table of logits, is
 * moved along the gradient of log pi(a | s) times the return (REINFORCE, Williams, Machine Learning
 * 8, 1992), less a baseline. On a small ground the mean return and its gradient can be computed
 * exactly: look at how near the mean of many walks comes to it, and how much the baseline calms.
 *
 *     17_policy [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { ROWS = 3, COLUMNS = 6, STATES = ROWS * COLUMNS, START = 12, GOAL = 17, ACTIONS = 4 };
enum { WALKS = 64, MOST = 40, ROUNDS = 200 }; /* walks at a time, of MOST steps */
/* S is the lower left corner, G (+1) the lower right one, between them is the cliff (-1). */
static const double discount = 0.95, chance[ACTIONS] = {0.8, 0.1, 0, 0.1}; /* slips: right, left */

static int ends(int s) { return s > START; }
static double reward(int s) { return !ends(s) ? 0 : s == GOAL ? 1 : -1; }

static int move(int s, int a) /* up, right, down, left; at the border a walker stays */
{
    const int row = s / COLUMNS + (a == 2) - (a == 0), column = s % COLUMNS + (a == 1) - (a == 3);
    const int inside = row >= 0 && row < ROWS && column >= 0 && column < COLUMNS;
    return inside ? row * COLUMNS + column : s;
}

static int slip(nn_ctx *nn, int s, int a)
{
    const nn_real u = nn_uniform(nn, 0, 1);
    return move(s, u < 0.8f ? a : (a + (u < 0.9f ? 1 : 3)) % ACTIONS);
}

/* The mean return of walks from START of at most MOST steps (logits NULL: of the best steps) from
 * that of walks of 1, 2, .. steps from any s, v(s). */
static double mean_return(nn_ctx *nn, nn_tensor *logits)
{
    nn_clear(nn);
    const nn_tensor *p = logits ? nn_softmax(logits) : NULL;
    double v[2][STATES] = {{0}};
    for (int i = 0; i < MOST * STATES && nn_ok(nn); i++) {
        const int s = i % STATES, now = i / STATES % 2;
        double mean = 0, most = 0;
        for (int a = 0; a < ACTIONS && !ends(s); a++) {
            double q = 0;
            for (int turn = 0; turn < ACTIONS; turn++) {
                const int to = move(s, (a + turn) % ACTIONS);
                q += chance[turn] * (reward(to) + discount * v[!now][to]);
            }
            most = fmax(most, q);
            mean += p ? (double)p->data[s * ACTIONS + a] * q : 0;
        }
        v[now][s] = p ? mean : most;
    }
    return v[(MOST - 1) % 2][START];
}

/* Takes WALKS walks and adds to logits->grad minus the mean over them of
 *
 *     sum over t of  d log pi(a_t | s_t)  discount^t (R_t - b(s_t)),   R_t = r_t + discount R_t+1
 *
 * which is the gradient of the mean return: what came before a_t is not in R_t, and what depends on
 * s_t alone adds nothing in the mean, because the sum over a of pi(a | s) d log pi(a | s) is 0. */
static void reinforce(nn_ctx *nn, nn_tensor *logits, double *baseline, double rate)
{
    static int s[MOST + 1][WALKS], a[MOST][WALKS];
    static nn_real weight[MOST][WALKS]; /* after the end of a walk 0 */
    nn_clear(nn);
    for (int i = 0; i < WALKS; i++) s[0][i] = START;
    for (int t = 0; t < MOST && nn_ok(nn); t++) {
        nn_sample(nn_matmul(nn_one_hot(nn, s[t], WALKS, STATES), logits), 1, a[t]);
        for (int i = 0; i < WALKS; i++)
            s[t + 1][i] = ends(s[t][i]) ? s[t][i] : slip(nn, s[t][i], a[t][i]);
    }
    for (int i = 0; i < WALKS && nn_ok(nn); i++) {
        double back = 0, power[MOST + 1] = {1};
        for (int t = 0; t < MOST; t++) power[t + 1] = power[t] * discount;
        for (int t = MOST - 1; t >= 0; t--) {
            back = ends(s[t][i]) ? 0 : reward(s[t + 1][i]) + discount * back;
            weight[t][i] = (nn_real)(power[t] * (back - baseline[s[t][i]]));
            baseline[s[t][i]] += rate * (back - baseline[s[t][i]]);
        }
    }
    const int n = MOST * WALKS;
    nn_tensor *log_pi = nn_log_softmax(nn_matmul(nn_one_hot(nn, s[0], n, STATES), logits));
    nn_tensor *did = nn_mul(nn_one_hot(nn, a[0], n, ACTIONS), log_pi);
    nn_tensor *sum = nn_sum(nn_mul(did, nn_input(nn, weight[0], nn_shape2(n, 1))));
    nn_backward(nn_scale(sum, -1.0f / WALKS));
}

/* The mean over ROUNDS of what reinforce gives, against differences of mean_return. Gives the
 * largest deviation in standard errors; *variance is the sum over all logits. */
static double check(nn_ctx *nn, nn_model *model, nn_tensor *logits, double *baseline,
                    double *variance)
{
    double sum[STATES * ACTIONS] = {0}, squares[STATES * ACTIONS] = {0}, worst = 0;
    for (int k = 0; k < ROUNDS; k++) {
        nn_zero_grad(model);
        reinforce(nn, logits, baseline, 0);
        for (int j = 0; j < STATES * ACTIONS; j++) {
            const double g = -(double)logits->grad[j];
            sum[j] += g, squares[j] += g * g;
        }
    }
    *variance = 0;
    for (int j = 0; j < STATES * ACTIONS; j++) {
        const nn_real old = logits->data[j];
        logits->data[j] = old + 0.01f;
        const double above = mean_return(nn, logits);
        logits->data[j] = old - 0.01f;
        const double slope = (above - mean_return(nn, logits)) / 0.02, mean = sum[j] / ROUNDS;
        logits->data[j] = old;
        const double square = squares[j] / ROUNDS - mean * mean;
        *variance += square;
        worst = fmax(worst, fabs(mean - slope) / (sqrt(square / ROUNDS) + 1e-5));
    }
    return worst;
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    double worst[2], variance[2], gets[2][6], baseline[2][STATES] = {{0}};
    for (int with = 0; with < 2 && nn_ok(nn); with++) {
        nn_model *model = nn_model_new(nn);
        nn_tensor *logits = nn_param(model, "policy", "logits", nn_shape2(STATES, ACTIONS));
        nn_optimizer *opt = nn_adam(model, 0.1f);
        const double rate = with ? 0.02 : 0; /* without: all stay 0 */
        for (int k = 0; with && k < ROUNDS; k++) reinforce(nn, logits, baseline[with], rate);
        worst[with] = check(nn, model, logits, baseline[with], &variance[with]);
        for (int k = 0; k <= ROUNDS; k++) {
            if (k % 40 == 0) gets[with][k / 40] = mean_return(nn, logits);
            nn_zero_grad(model);
            reinforce(nn, logits, baseline[with], rate);
            nn_step(opt);
        }
    }
    const double most = mean_return(nn, NULL);
    printf("== the gradient, a mean over %d walks, at the policy that knows nothing\n", WALKS);
    printf("                                without baseline   with it\n");
    printf("variance, all numbers added up %17.4f %9.4f\n", variance[0], variance[1]);
    printf("worst mean of %d, in standard errors %13.1f %9.1f\n", ROUNDS, worst[0], worst[1]);
    printf("\n== mean return of the policy (the best: %.3f)\n walks  without   with\n", most);
    for (int k = 0; k < 6; k++) printf("%6d %8.3f %6.3f\n", k * 40 * WALKS, gets[0][k], gets[1][k]);
    const int ok = nn_ok(nn) && worst[0] < 5 && worst[1] < 5 && variance[0] > 3 * variance[1] &&
                   gets[1][5] > 0.95 * most;
    printf("\nexpected: within 5 standard errors of the exact gradient, with a baseline its\n"
           "          variance is less than a third, and 95 %% of the best return are learned\n"
           "got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
