/* A normalising flow bends a normal distribution into that of the data and runs both ways: RealNVP
 * (Dinh, Sohl-Dickstein and Bengio 2017, arXiv 1605.08803). Each layer leaves one coordinate as it
 * is, which says how the other is scaled and shifted. So the density of any point is known:
 * log p(x) = log N(z; 0, I) + log |det dz/dx|. Look at how near it comes to the truth.
 *
 *     17_flow [SEED]      1
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LAYERS = 8, UNITS = 32, BATCH = 128, STEPS = 4000, N = 1000, ANGLES = 60 };
static const double log_2pi = 1.8378770664093453;

typedef struct coupling { nn_linear in, out; } coupling; /* coordinate -> UNITS -> s, t */

static nn_tensor *two_moons(nn_ctx *nn, int n) /* half circles, with noise of 0.1 */
{
    nn_tensor *x = nn_randn(nn, nn_shape2(n, 2)), *angle = nn_rand(nn, nn_shape1(n), 0, 3.1415927f);
    const nn_tensor *across = nn_cos(angle), *up = nn_sin(angle);
    for (int i = 0; i < n && nn_ok(nn); i++) {
        const nn_real side = i % 2 ? -1 : 1; /* the second one is upside down */
        x->data[2 * i] = 0.1f * x->data[2 * i] + side * (across->data[i] - 0.5f);
        x->data[2 * i + 1] = 0.1f * x->data[2 * i + 1] + side * (up->data[i] - 0.25f);
    }
    return x;
}

static void scale_and_shift(const coupling *c, nn_tensor *stays, nn_tensor **s, nn_tensor **t)
{
    nn_tensor *y = nn_linear_forward(&c->out, nn_tanh(nn_linear_forward(&c->in, stays)));
    *s = nn_scale(nn_tanh(nn_slice(y, 1, 0, 1)), 2); /* [N, 1], -2..2 */
    *t = nn_slice(y, 1, 1, 2);
}

/* x [N, 2] -> z [N, 2]; *logdet [N, 1] of dz/dx, which is triangular in each layer: its diagonal is
 * 1, e^s. After each layer the coordinates change places. */
static nn_tensor *to_normal(const coupling *flow, nn_tensor *x, nn_tensor **logdet)
{
    nn_tensor *s, *t, *a[2] = {nn_slice(x, 1, 0, 1), nn_slice(x, 1, 1, 2)};
    for (int l = 0; l < LAYERS; l++) {
        scale_and_shift(&flow[l], a[l % 2], &s, &t);
        a[1 - l % 2] = nn_add(nn_mul(a[1 - l % 2], nn_exp(s)), t);
        *logdet = l ? nn_add(*logdet, s) : s;
    }
    return nn_concat(1, 2, a);
}

/* z [N, 2] -> x [N, 2]: a e^s + t is solved for a, layer by layer; no network is inverted. */
static nn_tensor *to_data(const coupling *flow, nn_tensor *z)
{
    nn_tensor *s, *t, *a[2] = {nn_slice(z, 1, 0, 1), nn_slice(z, 1, 1, 2)};
    for (int l = LAYERS - 1; l >= 0; l--) {
        scale_and_shift(&flow[l], a[l % 2], &s, &t);
        a[1 - l % 2] = nn_mul(nn_sub(a[1 - l % 2], t), nn_exp(nn_scale(s, -1)));
    }
    return nn_concat(1, 2, a);
}

static nn_tensor *log_density(const coupling *flow, nn_tensor *x) /* [N, 2] -> [N, 1] */
{
    nn_tensor *logdet, *z = to_normal(flow, x, &logdet);
    nn_tensor *constant = nn_full(x->ctx, nn_shape0(), (nn_real)log_2pi);
    return nn_sub(nn_sub(logdet, nn_scale(nn_sum_axis(nn_square(z), 1), 0.5f)), constant);
}

static double largest(const nn_tensor *x) { return fmax(nn_stats(x).max, -nn_stats(x).min); }

/* How far *logdet is from log |det J| at the points x [N, 2], J by backpropagation: the gradient of
 * the sum of z's column k is row k of each point's J. */
static double logdet_error(const coupling *flow, nn_tensor *x)
{
    nn_tensor *logdet, *J[2][2];
    for (int k = 0; k < 2; k++) {
        nn_tensor *in = nn_requires_grad(nn_detach(x));
        nn_backward(nn_sum(nn_slice(to_normal(flow, in, &logdet), 1, k, k + 1)));
        nn_tensor *row = nn_input(x->ctx, in->grad, x->shape);
        J[k][0] = nn_slice(row, 1, 0, 1), J[k][1] = nn_slice(row, 1, 1, 2);
    }
    nn_tensor *det = nn_sub(nn_mul(J[0][0], J[1][1]), nn_mul(J[0][1], J[1][0]));
    return largest(nn_sub(nn_scale(nn_log(nn_square(det)), 0.5f), logdet));
}

/* Mean log density of x [N, 2]: under the Gaussian fitted to these very points, with covariance C,
 * it is -log 2 pi - log(det C) / 2 - 1; under what they come from, by a mean over all angles. */
static void compare(const nn_real *x, double *gauss, double *truth)
{
    double xx = 0, xy = 0, yy = 0, mx = 0, my = 0;
    *truth = 0;
    for (const nn_real *p = x; p < x + 2 * N; p += 2) {
        const double px = (double)p[0], py = (double)p[1];
        mx += px / N, my += py / N, xx += px * px / N, xy += px * py / N, yy += py * py / N;
        double density = 0;
        for (int k = 0; k < 2 * ANGLES; k++) {
            const double angle = 3.141592653589793 * (k + 0.5) / ANGLES, side = k < ANGLES ? 1 : -1;
            const double dx = px - cos(angle) + side * 0.5, dy = py - sin(angle) + side * 0.25;
            density += exp(-50 * (dx * dx + dy * dy) - log_2pi) * 100 / (2 * ANGLES);
        }
        *truth += log(density) / N;
    }
    xx -= mx * mx, xy -= mx * my, yy -= my * my;
    *gauss = -log_2pi - log(xx * yy - xy * xy) / 2 - 1;
}

static void learn(nn_ctx *nn, coupling *flow) /* [LAYERS], a new flow */
{
    nn_model *model = nn_model_new(nn);
    for (int l = 0; l < LAYERS; l++) {
        char in[] = "0.in", out[] = "0.out";
        in[0] = out[0] = (char)('0' + l);
        flow[l].in = nn_linear_new(model, in, 1, UNITS);
        flow[l].out = nn_linear_new(model, out, UNITS, 2);
    }
    nn_optimizer *opt = nn_adam(model, 0.01f);
    for (int step = 0; step < STEPS && nn_ok(nn); step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_backward(nn_scale(nn_mean(log_density(flow, two_moons(nn, BATCH))), -1));
        opt->lr = nn_cosine_annealing_lr(0.01f, 0, STEPS, step);
        nn_step(opt);
    }
    nn_clear(nn);
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    coupling flow[LAYERS];
    learn(nn, flow);

    double gauss, truth;
    nn_tensor *logdet, *x = two_moons(nn, N), *back = to_data(flow, to_normal(flow, x, &logdet));
    if (!nn_ok(nn)) return 1;
    const double inverse = largest(nn_sub(back, x)), error = logdet_error(flow, x);
    const double learned = (double)nn_item(nn_mean(log_density(flow, x)));
    compare(x->data, &gauss, &truth);
    printf("== mean log density of %d points that were not learned\n"
           "a Gaussian fitted to them %7.3f\nthe flow                  %7.3f\n"
           "what they come from       %7.3f\n\n== the formulas\n",
           N, gauss, learned, truth);
    printf("there and back, off by less than 1e-4: %s\n", inverse < 1e-4 ? "yes" : "no");
    printf("log |det|, off by less than 1e-3:      %s\n", error < 1e-3 ? "yes" : "no");
    const int ok = inverse < 1e-4 && error < 1e-3 && learned > gauss + 0.6 &&
                   learned < truth + 0.01 && nn_ok(nn);
    printf("\nexpected: the formulas hold; at least 0.6 above the Gaussian, not above the truth\n"
           "got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
