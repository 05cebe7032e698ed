/* Exercise 13.3: backpropagation through time (code, 30 minutes).
 *
 * A network with two units reads T numbers x: s_t = tanh(u x_t + W s_(t-1) + b), y_t = v s_t, and
 * the loss is the sum over the steps of half of (y_t - target_t)^2. forward is there; you write the
 * slope of the loss by each parameter. All of them are used at each step, so all slopes are sums
 * over the steps; and a state counts twice: for its own output, and for the next state.
 */
#include "../exercises/check.h"

enum { T = 4, H = 2 };

typedef struct network { /* doubles only, so that it is also an array of 12 numbers */
    double u[H], W[H][H], b[H], v[H], s0[H];
} network;

static const double x[T] = {0.5, -1, 2, 0.3}, target[T] = {0.2, -0.1, 0.4, 0.8};

/* s[0] is s0, s[1 + t] the state after step t; gives the loss. */
static double forward(const network *n, double s[T + 1][H])
{
    double loss = 0;
    for (int i = 0; i < H; i++) s[0][i] = n->s0[i];
    for (int t = 0; t < T; t++) {
        double y = 0;
        for (int i = 0; i < H; i++) {
            double z = n->u[i] * x[t] + n->b[i];
            for (int j = 0; j < H; j++) z += n->W[i][j] * s[t][j];
            s[1 + t][i] = tanh(z);
            y += n->v[i] * s[1 + t][i];
        }
        loss += (y - target[t]) * (y - target[t]) / 2;
    }
    return loss;
}

/* s: from forward. grad, which begins with zeros: the slope of the loss by each number of n. */
static void backward(const network *n, double s[T + 1][H], network *grad)
{
    /* Your code, instead of the lines down to END: */
    (void)n, (void)s, (void)grad;
    /* END */
}

static double loss(const double *numbers, int n)
{
    network net;
    double s[T + 1][H];
    memcpy(&net, numbers, (size_t)n * sizeof *numbers);
    return forward(&net, s);
}

int main(void)
{
    const network net = {{0.7, -0.4}, {{0.6, -0.9}, {0.8, 0.3}}, {0.1, -0.2}, {1.5, -0.5}, {0, 0}};
    network other = net, grad;
    double s[T + 1][H], numbers[12], slopes[12];
    for (int k = 0; k < 2; k++) {
        if (k == 1) other.s0[0] = 0.4, other.s0[1] = -0.3, other.W[0][1] = 1.2;
        memset(&grad, 0, sizeof grad);
        forward(&other, s);
        backward(&other, s, &grad);
        memcpy(numbers, &other, sizeof numbers);
        memcpy(slopes, &grad, sizeof slopes);
        printf("slopes by u (0, 1), W (2 to 5), b (6, 7), v (8, 9), s0 (10, 11)\n");
        expect_gradient(k ? "another network, slope" : "slope", loss, numbers, 12, slopes);
    }
    return check_done();
}
