/* Learning from rewards alone: a walker on slippery ground, who is told nothing of it, learns what
 * each step is worth: in a table (Q-learning, Watkins and Dayan, Machine Learning 8, 1992) and in a
 * network (DQN, Mnih et al., Nature 518, 2015). Value iteration, which knows the ground, says what
 * is right. Look at the arrows above the cliff: they lead away from it first.
 *
 *     17_qlearning [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { ROWS = 4, COLUMNS = 8, STATES = ROWS * COLUMNS, START = 24, GOAL = 31, ACTIONS = 4 };
enum { TABLE_STEPS = 1000000, STEPS = 40000, UNITS = 64, BATCH = 32, MEMORY = 10000, COPY = 200 };
static const char ground[] = "........"
                             "........"
                             "........"
                             "SxxxxxxG"; /* x: off the cliff, -1; G: +1; both end the walk */
static const double discount = 0.95, chance[ACTIONS] = {0.8, 0.1, 0, 0.1}; /* slips: right, left */

static int ends(int s) { return s > START; }

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

/* What it is worth to come to s: the reward, or what the walk goes on to get there. */
static double worth(int s, double on) { return !ends(s) ? discount * on : s == GOAL ? 1 : -1; }

static int best(const double *q)
{
    int a = 0;
    for (int i = 1; i < ACTIONS; i++) a = q[i] > q[a] ? i : a;
    return a;
}

/* Bellman's equation, again and again: q(s, a) is the mean worth of where the step leads, if the
 * walk goes on with the steps that are best in p: in q itself, or in a policy to be judged. */
static void iterate(double q[STATES][ACTIONS], double p[STATES][ACTIONS])
{
    for (int i = 0; i < 300 * STATES * ACTIONS; i++) {
        const int s = i / ACTIONS % STATES, a = i % ACTIONS;
        double mean = 0;
        for (int turn = 0; turn < ACTIONS; turn++) {
            const int to = move(s, (a + turn) % ACTIONS);
            mean += chance[turn] * worth(to, q[to][best(p[to])]);
        }
        q[s][a] = mean;
    }
}

static void learn_table(nn_ctx *nn, double q[STATES][ACTIONS])
{
    int visits[STATES][ACTIONS] = {{0}}, s = START;
    for (int i = 0; i < TABLE_STEPS; i++) {
        const int a = nn_uniform(nn, 0, 1) < 0.5f ? nn_randint(nn, 0, ACTIONS) : best(q[s]);
        const int to = slip(nn, s, a);
        const double rate = 100.0 / (100 + visits[s][a]++);
        q[s][a] += rate * (worth(to, q[to][best(q[to])]) - q[s][a]);
        s = ends(to) ? nn_randint(nn, 0, START + 1) : to;
    }
}

static nn_tensor *values(nn_ctx *nn, const nn_linear *net, const int *s, int n) /* [n, ACTIONS] */
{
    int row[BATCH], column[BATCH];
    for (int i = 0; i < n; i++) row[i] = s[i] / COLUMNS, column[i] = s[i] % COLUMNS;
    nn_tensor *at[2] = {nn_one_hot(nn, row, n, ROWS), nn_one_hot(nn, column, n, COLUMNS)};
    return nn_linear_forward(&net[1], nn_relu(nn_linear_forward(&net[0], nn_concat(1, 2, at))));
}

/* The same as a loss, for steps drawn from memory, because neighbours in time are too alike; what
 * comes after is valued by a copy of the network that stands still for a while. */
static void learn_network(nn_ctx *nn, double q[STATES][ACTIONS])
{
    static int memory[MEMORY][3];
    nn_model *model[2] = {nn_model_new(nn), nn_model_new(nn)};
    nn_linear net[2][2]; /* the one that learns, the one that stands still; two layers */
    for (int i = 0; i < 2; i++) {
        net[i][0] = nn_linear_new(model[i], "fc1", ROWS + COLUMNS, UNITS);
        net[i][1] = nn_linear_new(model[i], "fc2", UNITS, ACTIONS);
    }
    nn_optimizer *opt = nn_adam(model[0], 1);
    for (int step = 0, s = START; step < STEPS; step++) {
        int a = nn_randint(nn, 0, ACTIONS), from[BATCH], did[BATCH], to[BATCH];
        nn_clear(nn);
        nn_zero_grad(model[0]);
        if (nn_uniform(nn, 0, 1) < 0.5f) nn_argmax(values(nn, net[0], &s, 1), &a);
        int *now = memory[step % MEMORY];
        now[0] = s, now[1] = a, now[2] = s = slip(nn, s, a);
        if (ends(s)) s = nn_randint(nn, 0, START + 1);
        if (step % COPY == 0) nn_model_copy(model[1], "", model[0], "");
        for (int i = 0; i < BATCH; i++) {
            const int *then = memory[nn_randint(nn, 0, step < MEMORY ? step + 1 : MEMORY)];
            from[i] = then[0], did[i] = then[1], to[i] = then[2];
        }
        nn_tensor *target = nn_detach(nn_max_axis(values(nn, net[1], to, BATCH), 1)); /* [n, 1] */
        for (size_t i = 0; i < target->size; i++)
            target->data[i] = (nn_real)worth(to[i], (double)target->data[i]);
        nn_tensor *which = nn_one_hot(nn, did, BATCH, ACTIONS);
        nn_tensor *y = nn_sum_axis(nn_mul(values(nn, net[0], from, BATCH), which), 1);
        nn_backward(nn_mse(y, target));
        opt->lr = nn_cosine_annealing_lr(0.003f, 0, STEPS, step);
        nn_step(opt);
    }
    for (int s = 0; s < STATES && nn_ok(nn); s++)
        for (int a = 0; a < ACTIONS; a++) q[s][a] = (double)values(nn, net[0], &s, 1)->data[a];
}

int main(int argc, char **argv)
{
    enum { RIGHT, TABLE, NETWORK, KINDS };
    static const char *const name[KINDS] = {"right", "table", "network"};
    static double q[KINDS][STATES][ACTIONS], walk[KINDS][STATES][ACTIONS];
    double error[KINDS] = {0}, gets[KINDS];
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    iterate(q[RIGHT], q[RIGHT]);
    learn_table(nn, q[TABLE]);
    learn_network(nn, q[NETWORK]);

    printf("== the best steps\nright     table     network\n");
    for (int i = 0; i < KINDS * STATES; i++) {
        const int kind = i / COLUMNS % KINDS, s = i / (KINDS * COLUMNS) * COLUMNS + i % COLUMNS;
        const double *v = q[kind][s], *right = q[RIGHT][s];
        printf("%c", ends(s) ? ground[s] : "^>v<"[best(v)]);
        if (i % COLUMNS == COLUMNS - 1) printf(kind == NETWORK ? "\n" : "  ");
        if (!ends(s)) error[kind] += fabs(v[best(v)] - right[best(right)]) / (START + 1);
    }
    printf("\n== walks from the lower left corner, and the mean error of a place's value\n");
    for (int kind = 0; kind < KINDS; kind++) {
        iterate(walk[kind], q[kind]);
        gets[kind] = walk[kind][START][best(q[kind][START])];
        printf("%-8s %.3f  %.4f\n", name[kind], gets[kind], error[kind]);
    }
    const int ok = nn_ok(nn) && error[TABLE] < 0.01 && error[NETWORK] < 0.02 &&
                   gets[TABLE] > 0.85 * gets[RIGHT] && gets[NETWORK] > 0.85 * gets[RIGHT];
    printf("\nexpected: errors below 0.01 and 0.02; walks worth 85 %% of the best\n"
           "got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
