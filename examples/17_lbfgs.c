/* Newton's method divides the gradient by the curvature, which for n weights is n^2 numbers. L-BFGS
 * (Liu and Nocedal 1989; Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 7.5)
 * sees it in how the gradient changed in its last few steps s, y, and multiplies by its inverse in
 * two loops over them. Look at: how many gradients it needs, and what a network gains by it.
 *
 *     17_lbfgs [SEED]      1
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MEMORY = 10, MOST = 500, BUDGET = 10000, POINTS = 40, UNITS = 16 };

typedef struct problem {
    nn_model *model;
    nn_linear layer[3]; /* the network's; without: Rosenbrock's function */
    int gradients;      /* of loss and gradient together */
} problem;

/* (1 - a)^2 + 100 (b - a^2)^2: a bent valley, nearly flat along its floor; minimum 0 at (1, 1) */
static nn_tensor *rosenbrock(nn_tensor *w)
{
    nn_tensor *a = nn_slice(w, 0, 0, 1), *b = nn_slice(w, 0, 1, 2);
    nn_tensor *along = nn_square(nn_sub(a, nn_full(w->ctx, nn_shape1(1), 1)));
    return nn_sum(nn_add(along, nn_scale(nn_square(nn_sub(b, nn_square(a))), 100)));
}

/* A small network is to become sin 3x on POINTS points of -2..2. */
static nn_tensor *network(const nn_linear *layer)
{
    nn_tensor *x = nn_full(layer->weight->ctx, nn_shape2(POINTS, 1), 0);
    for (int i = 0; i < POINTS; i++) x->data[i] = (nn_real)i * 4 / (POINTS - 1) - 2;
    nn_tensor *h = nn_tanh(nn_linear_forward(&layer[0], x));
    h = nn_tanh(nn_linear_forward(&layer[1], h));
    return nn_mse(nn_linear_forward(&layer[2], h), nn_sin(nn_scale(x, 3)));
}

/* The loss; its gradient is left in the parameters, and in g as nn_model_get would order it. */
static double evaluate(problem *p, nn_real *g)
{
    nn_model *m = p->model;
    nn_clear(m->ctx), nn_zero_grad(m);
    nn_tensor *loss = p->layer[0].weight ? network(p->layer) : rosenbrock(m->param[0]);
    nn_backward(loss);
    for (int k = 0; k < m->n_params; g += m->param[k++]->size)
        memcpy(g, m->param[k]->grad, m->param[k]->size * sizeof *g);
    p->gradients++;
    return (double)nn_item(loss);
}

static double dot(const nn_real *a, const nn_real *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static nn_real step[MEMORY][MOST], change[MEMORY][MOST]; /* of w and of g; k in row k % MEMORY */

/* [two loops] */
/* d = -H^-1 g, H being the curvature that the steps first..end - 1 tell of */
static void direction(int first, int end, const nn_real *g, nn_real *d, int n)
{
    double alpha[MEMORY], scale = 1;
    for (int i = 0; i < n; i++) d[i] = -g[i];
    for (int k = end - 1; k >= first; k--) {
        const nn_real *s = step[k % MEMORY], *y = change[k % MEMORY];
        if (k == end - 1) scale = dot(s, y, n) / dot(y, y, n); /* the first guess at H^-1 */
        alpha[k % MEMORY] = dot(s, d, n) / dot(s, y, n);
        for (int i = 0; i < n; i++) d[i] -= (nn_real)alpha[k % MEMORY] * y[i];
    }
    for (int i = 0; i < n; i++) d[i] *= (nn_real)scale;
    for (int k = first; k < end; k++) {
        const nn_real *s = step[k % MEMORY], *y = change[k % MEMORY];
        const double beta = dot(y, d, n) / dot(s, y, n);
        for (int i = 0; i < n; i++) d[i] += (nn_real)(alpha[k % MEMORY] - beta) * s[i];
    }
}
/* [/two loops] */

/* Until the loss is at most `enough`, or the budget is spent, or no step helps */
static double lbfgs(problem *p, double enough)
{
    static nn_real w[MOST], g[MOST], d[MOST], w_new[MOST], g_new[MOST];
    const int n = (int)nn_model_size(p->model);
    int first = 0, end = 0;
    double loss = evaluate(p, g);
    nn_model_get(p->model, w);
    while (loss > enough && p->gradients < BUDGET) {
        direction(first, end, g, d, n);
        const double slope = dot(g, d, n);
        /* Weak Wolfe conditions: shorter if the loss has not fallen by 1e-4 of what the slope
         * promised, longer if the slope is still more than 0.9 of what it was. */
        double t = end > first ? 1 : fmin(1, 1 / sqrt(-slope));
        double low = 0, high = HUGE_VAL, loss_new = loss;
        for (int k = 0; k < 30; k++, t = high < HUGE_VAL ? (low + high) / 2 : 2 * t) {
            for (int i = 0; i < n; i++) w_new[i] = w[i] + (nn_real)t * d[i];
            nn_model_set(p->model, w_new);
            loss_new = evaluate(p, g_new);
            if (!(loss_new <= loss + 1e-4 * t * slope)) high = t;
            else if (dot(g_new, d, n) < 0.9 * slope) low = t;
            else break;
        }
        if (!(loss_new < loss)) break;
        nn_real *s = step[end % MEMORY], *y = change[end % MEMORY];
        for (int i = 0; i < n; i++) s[i] = w_new[i] - w[i], y[i] = g_new[i] - g[i];
        if (dot(s, y, n) > 0) end++; /* curved upwards, as the second condition makes it */
        if (end - first == MEMORY) first++; /* the row of the next step is free */
        memcpy(w, w_new, sizeof w), memcpy(g, g_new, sizeof g);
        loss = loss_new;
    }
    nn_model_set(p->model, w);
    return loss;
}

int main(int argc, char **argv)
{
    static const nn_real lr[2][2] = {{0.001f, 0.1f}, {0.1f, 0.01f}}; /* of sgd and adam */
    static const double enough[2] = {1e-8, 2e-5};
    static const char *const name[3] = {"sgd", "adam", "l-bfgs"};
    static problem p[2];
    nn_real start[MOST] = {-1.2f, 1}, g[MOST];
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    p[0].model = nn_model_new(nn), p[1].model = nn_model_new(nn);
    nn_param(p[0].model, "", "w", nn_shape1(2));
    p[1].layer[0] = nn_linear_new(p[1].model, "1", 1, UNITS);
    p[1].layer[1] = nn_linear_new(p[1].model, "2", UNITS, UNITS);
    p[1].layer[2] = nn_linear_new(p[1].model, "3", UNITS, 1);
    int used[2][3], ok = 1;
    for (int k = 0; k < 2 && nn_ok(nn); k++) {
        if (k) nn_model_get(p[k].model, start);
        printf("== %s, to a loss of %g\nrule     gradients     loss\n",
               k ? "a network" : "Rosenbrock's function", enough[k]);
        for (int r = 0; r < 3; r++) {
            nn_optimizer *opt = (r ? nn_adam : nn_sgd)(p[k].model, lr[k][r % 2]);
            nn_model_set(p[k].model, start);
            p[k].gradients = 0;
            double loss = r < 2 ? evaluate(&p[k], g) : lbfgs(&p[k], enough[k]);
            for (; r < 2 && loss > enough[k] && p[k].gradients < BUDGET; loss = evaluate(&p[k], g))
                nn_step(opt);
            used[k][r] = p[k].gradients, ok &= r < 2 || loss <= enough[k];
            printf("%-8s %9d %8.1g\n", name[r], used[k][r], loss);
        }
        printf("\n");
    }
    ok &= nn_ok(nn) && 10 * used[0][2] < used[0][1] && used[1][2] < used[1][1];
    printf("expected: l-bfgs needs less than a tenth of adam's gradients, then less than adam\n"
           "got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
