/* Exercise 8.4: batch normalisation (code, 35 minutes).
 *
 * One channel: M numbers x, a weight, a bias. In training forward() normalises by the batch's own
 * mean and variance (divisor M) and moves the running ones by a tenth of the way to them, the
 * variance with divisor M - 1; in evaluation it uses the running ones and leaves them alone.
 * backward() is that of training: dy [M] are the slopes by y; it gives those by x, weight and bias.
 */
#include "../exercises/check.h"

static const double eps = 1e-5;

typedef struct channel {
    double weight, bias, running_mean, running_var;
} channel;

static void forward(channel *c, const double *x, int m, int training, double *y)
{
    /* Your code, instead of the lines down to END: */
    (void)c, (void)x, (void)m, (void)training, (void)y, (void)eps;
    /* END */
}

static void backward(const channel *c, const double *x, const double *dy, int m, double *dx,
                     double *dweight, double *dbias)
{
    /* Your code, instead of the lines down to END: */
    (void)c, (void)x, (void)dy, (void)m, (void)dx, (void)dweight, (void)dbias;
    /* END */
}

enum { M = 5 };
static const double in[M] = {2, -1, 0.5, 3, 7};

static double loss_of(channel c, const double *x)
{
    double y[M] = {0}, sum = 0;
    forward(&c, x, M, 1, y);
    for (int i = 0; i < M; i++) sum += (i + 1) * y[i] * y[i] / 2;
    return sum;
}
static double by_x(const double *x, int n)
{
    const channel c = {1.5, -0.5, 0, 1};
    return (void)n, loss_of(c, x);
}
static double by_parameters(const double *p, int n)
{
    const channel c = {p[0], p[1], 0, 1};
    return (void)n, loss_of(c, in);
}

int main(void)
{
    channel c = {1.5, -0.5, 0, 1};
    double y[M] = {0}, dy[M], dx[M] = {0}, dp[2] = {0};

    nn_ctx *nn = nn_create(42); /* the same by nn.h */
    nn_model *net = nn_model_new(nn);
    nn_batch_norm bn = nn_batch_norm_new(net, "bn", 1);
    bn.weight->data[0] = 1.5f, bn.bias->data[0] = -0.5f;
    nn_tensor *x = nn_full(nn, nn_shape2(M, 1), 0);
    for (int step = 1; step <= 2; step++) {
        for (int i = 0; i < M; i++) x->data[i] = (nn_real)(step * in[i]);
        double scaled[M];
        for (int i = 0; i < M; i++) scaled[i] = step * in[i];
        const nn_tensor *t = nn_batch_norm_forward(&bn, x);
        forward(&c, scaled, M, 1, y);
        for (int i = 0; i < M; i++)
            expect_near("y in training", y[i], (double)t->data[i], 1e-5);
        expect_near("running mean", c.running_mean, (double)bn.running_mean->data[0], 1e-5);
        expect_near("running variance", c.running_var, (double)bn.running_var->data[0], 1e-5);
    }
    nn_set_training(nn, 0);
    for (int i = 0; i < M; i++) x->data[i] = (nn_real)in[i];
    const nn_tensor *t = nn_batch_norm_forward(&bn, x);
    forward(&c, in, M, 0, y);
    for (int i = 0; i < M; i++) expect_near("y in evaluation", y[i], (double)t->data[i], 1e-5);
    forward(&c, in, 1, 0, y);
    expect_near("one sample, evaluation", y[0], (double)t->data[0], 1e-5);
    expect_near("running mean, still", c.running_mean, (double)bn.running_mean->data[0], 1e-5);
    expect_near("running variance, still", c.running_var, (double)bn.running_var->data[0], 1e-5);
    nn_destroy(nn);

    const channel d = {1.5, -0.5, 0, 1};
    channel copy = d;
    forward(&copy, in, M, 1, y);
    for (int i = 0; i < M; i++) dy[i] = (i + 1) * y[i];
    backward(&d, in, dy, M, dx, &dp[0], &dp[1]);
    expect_gradient("slope by x", by_x, in, M, dx);
    const double p[2] = {1.5, -0.5};
    expect_gradient("slope by weight, bias", by_parameters, p, 2, dp);

    const double same[M] = {2, 2, 2, 2, 2}; /* a constant channel: eps keeps 0 / 0 away */
    copy = d;
    forward(&copy, same, M, 1, y);
    backward(&d, same, dy, M, dx, &dp[0], &dp[1]);
    double sum = 0;
    for (int i = 0; i < M; i++) expect_near("y, constant channel", y[i], d.bias, 1e-12);
    for (int i = 0; i < M; i++) sum += dx[i];
    expect_near("sum of slopes, constant", sum, 0, 1e-9);
    return check_done();
}
