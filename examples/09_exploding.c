/* Gradients that explode, through time, and what clipping does. A linear recurrent network reads 40
 * numbers x and is to tell a quarter of their sum: s = W s + u x, y = v s.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { TIME = 40, N = 32, UNITS = 8, STEPS = 800 };

typedef struct network {
    nn_model *model;
    nn_tensor *w, *u, *v; /* [8, 8], [1, 8], [8, 1] */
} network;

/* W is random and of about this size: times it, a vector becomes about `scale` times as long. */
static network network_new(nn_ctx *nn, double scale)
{
    nn_seed(nn, 42);
    network n;
    n.model = nn_model_new(nn);
    n.w = nn_param(n.model, "", "W", nn_shape2(UNITS, UNITS));
    n.u = nn_param(n.model, "", "u", nn_shape2(1, UNITS));
    n.v = nn_param(n.model, "", "v", nn_shape2(UNITS, 1));
    nn_xavier_normal(n.w, (nn_real)scale);
    nn_xavier_normal(n.u, 1);
    nn_xavier_normal(n.v, 1);
    return n;
}

/* The loss of N new sequences; s [TIME], if it is not NULL, becomes the states. */
static nn_tensor *loss_of(const network *n, nn_tensor **s)
{
    nn_ctx *nn = n->model->ctx;
    nn_tensor *x = nn_rand(nn, nn_shape2(N, TIME), -1, 1);
    nn_tensor *state = nn_full(nn, nn_shape2(N, UNITS), 0);
    for (int t = 0; t < TIME; t++) {
        nn_tensor *x_t = nn_slice(x, 1, t, t + 1);                                 /* [N, 1] */
        state = nn_add(nn_matmul(state, n->w), nn_matmul(x_t, n->u));              /* [N, 8] */
        if (s) s[t] = state;
    }
    return nn_mse(nn_matmul(state, n->v), nn_scale(nn_sum_axis(x, 1), 0.25f));
}

static double norm_of_gradient(const nn_tensor *x)
{
    double squares = 0;
    for (size_t k = 0; k < x->size; k++) squares += (double)x->grad[k] * (double)x->grad[k];
    return sqrt(squares);
}

/* [train] */
/* Trains, with max_norm > 0 clipped. Gives the loss at last; infinite if it came to that. */
static double train(nn_ctx *nn, nn_real max_norm, int *clipped)
{
    network n = network_new(nn, 1.2);
    nn_optimizer *opt = nn_sgd(n.model, 0.01f);
    double last = 0;
    *clipped = 0;
    for (int step = 0; step < STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(n.model);
        nn_tensor *loss = loss_of(&n, NULL);
        last = (double)nn_item(loss);
        if (!(last < 1e30)) return HUGE_VAL;
        nn_backward(loss);
        if (max_norm > 0) *clipped += nn_clip_grad_norm(n.model, max_norm) > (double)max_norm;
        nn_step(opt);
    }
    return last;
}
/* [/train] */

int main(void)
{
    nn_ctx *nn = nn_create(42);
    const double scale[3] = {0.5, 1, 2};
    double growth[3];
    printf("== norm of the gradient of the state s at time\n%-12s", "size of W");
    for (int t = TIME; t > 0; t -= 10) printf(" %8d", t);
    printf("\n");
    for (int i = 0; i < 3; i++) {
        nn_tensor *s[TIME];
        network n = network_new(nn, scale[i]);
        nn_clear(nn);
        nn_backward(loss_of(&n, s));
        printf("%-12.3g", scale[i]);
        for (int t = TIME; t > 0; t -= 10) printf(" %8.1e", norm_of_gradient(s[t - 1]));
        printf("\n");
        growth[i] = norm_of_gradient(s[9]) / norm_of_gradient(s[TIME - 1]);
    }

    printf("\n== training, W of size 1.2, learning rate 0.01\n");
    int clipped;
    const double plain = train(nn, 0, &clipped);
    printf("as it is: %s\n", plain < 1e30 ? "it remained finite" : "the loss became infinite");
    const double with = train(nn, 0.5f, &clipped);
    printf("clipped to a norm of 0.5: loss %.2g after %d steps, %d of them clipped\n", with, STEPS,
           clipped);
    const int ok = growth[0] < 1e-6 && growth[2] > 1e6 && !(plain < 1e30) && with < 0.05;
    printf("\nexpected: 2 explodes, 0.5 vanishes; only the clipped training comes to a loss below "
           "0.05\ngot:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
