/* Exercise 5.4: momentum and Adam from their formulas (code, 25 minutes).
 *
 * One weight, and what the rule remembers of it. Write a step of momentum, of Adam, and of AdamW,
 * each for the gradient g. Yours are compared with nn_momentum, nn_adam and nn_adamw; the gradients
 * vary, are tiny (then eps counts: where does it stand?), or turn round; halfway lr falls to a
 * tenth.
 */
#include "../exercises/check.h"

enum { STEPS = 40 };

static const double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

typedef struct weight {
    double w;    /* the weight */
    double m, v; /* what is remembered: 0 at first; momentum needs only v, its velocity */
    int t;       /* steps done: 0 at first, yours to count */
} weight;

static void momentum_step(weight *p, double g, double lr)
{
    /* Your code, instead of the lines down to END: */
    p->v = beta1 * p->v - lr * g;
    p->w += p->v;
    /* END */
}

static void adam_step(weight *p, double g, double lr)
{
    /* Your code, instead of the lines down to END: */
    p->t++;
    p->m = beta1 * p->m + (1 - beta1) * g;
    p->v = beta2 * p->v + (1 - beta2) * g * g;
    const double m = p->m / (1 - pow(beta1, p->t)), v = p->v / (1 - pow(beta2, p->t));
    p->w -= lr * m / (sqrt(v) + eps);
    /* END */
}

static void adamw_step(weight *p, double g, double lr, double decay)
{
    /* Your code, instead of the lines down to END: */
    p->w -= lr * decay * p->w;
    adam_step(p, g, lr);
    /* END */
}

static double gradient(int kind, int step) /* varied, tiny, turning round */
{
    return kind == 0 ? 1 + cos(step) : kind == 1 ? 1e-8 : step < STEPS / 2 ? 1 : -1;
}

int main(void)
{
    static const char *const rule[3] = {"momentum", "adam", "adamw"};
    static const char *const kind[3] = {"varied", "tiny", "turning"};
    nn_ctx *nn = nn_create(42);
    for (int r = 0; r < 3; r++)
        for (int k = 0; k < 3; k++) {
            nn_model *net = nn_model_new(nn);
            nn_tensor *w = nn_param(net, "", "w", nn_shape1(1));
            nn_optimizer *opt = r == 0   ? nn_momentum(net, 0.05f, 0.9f)
                                : r == 1 ? nn_adam(net, 0.05f)
                                         : nn_adamw(net, 0.05f, 0.5f);
            weight p = {1, 0, 0, 0};
            if (r == 0 && k == 1) continue; /* steps too short to see */
            w->data[0] = 1;
            for (int step = 0; step < STEPS; step++) {
                const double g = gradient(k, step), lr = step < STEPS / 2 ? 0.05 : 0.005;
                w->grad[0] = (nn_real)g;
                opt->lr = (nn_real)lr;
                nn_step(opt);
                if (r == 0) momentum_step(&p, g, lr);
                if (r == 1) adam_step(&p, g, lr);
                if (r == 2) adamw_step(&p, g, lr, 0.5);
                if (step == 0 || step == 1 || step == STEPS - 1) {
                    char name[40];
                    snprintf(name, sizeof name, "%s, %s, step %d", rule[r], kind[k], step + 1);
                    expect_near(name, p.w, (double)w->data[0], 2e-5);
                }
            }
        }
    nn_destroy(nn);
    return check_done();
}
