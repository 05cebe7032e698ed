/* To remember: the first number of a sequence, 1 or -1, is asked for at its end, after some numbers
 * of noise. Whether a network learns that depends on how much of the gradient arrives at its first
 * state: on first weights, and on gates (LSTM, Hochreiter and Schmidhuber 1997, Gers et al. 2000).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 32, UNITS = 8, STEPS = 1200, TEST = 500, STARTS = 6 };

typedef struct setup {
    const char *text;
    int delay, gates;
    nn_real start; /* plain: W begins that many times as large; gates: the bias of f */
} setup;

typedef struct network {
    setup s;
    nn_linear in, out; /* [x, s] to the state, or to the 4 parts of the cell; s to the answer */
} network;

/* [cell] */
/* One step of time: s [N, 8] from x [N, 1] and the s before; c is the memory of the cell. */
static nn_tensor *step(const network *n, nn_tensor *x, nn_tensor *s, nn_tensor **c)
{
    nn_tensor *both[2] = {x, s};
    nn_tensor *z = nn_linear_forward(&n->in, nn_concat(1, 2, both));
    if (!n->s.gates) return nn_tanh(z);
    nn_tensor *i = nn_sigmoid(nn_slice(z, 1, 0, UNITS));             /* what comes in */
    nn_tensor *f = nn_sigmoid(nn_slice(z, 1, UNITS, 2 * UNITS));     /* what is kept */
    nn_tensor *g = nn_tanh(nn_slice(z, 1, 2 * UNITS, 3 * UNITS));    /* the new */
    nn_tensor *o = nn_sigmoid(nn_slice(z, 1, 3 * UNITS, 4 * UNITS)); /* what is shown */
    *c = nn_add(nn_mul(f, *c), nn_mul(i, g));
    return nn_mul(o, nn_tanh(*c));
}
/* [/cell] */

/* n new sequences -> logits [n, 1], and what they should say, 1 or 0. memory: after the first and
 * after the last number. */
static nn_tensor *answer(const network *net, nn_ctx *nn, int n, nn_tensor **target,
                         nn_tensor *memory[2])
{
    const int time = net->s.delay + 2;
    nn_tensor *x = nn_rand(nn, nn_shape3(time, n, 1), -1, 1);
    nn_tensor *s = nn_full(nn, nn_shape2(n, UNITS), 0), *c = s;
    *target = nn_full(nn, nn_shape2(n, 1), 0);
    for (int i = 0; i < n; i++) {
        (*target)->data[i] = (nn_real)nn_randint(nn, 0, 2);
        x->data[i] = 2 * (*target)->data[i] - 1;
    }
    for (int t = 0; t < time; t++) {
        s = step(net, nn_reshape(nn_slice(x, 0, t, t + 1), nn_shape2(n, 1)), s, &c);
        if (t == 0 || t == time - 1) memory[t > 0] = net->s.gates ? c : s;
    }
    return nn_linear_forward(&net->out, s);
}

static double norm_of_gradient(const nn_tensor *x)
{
    double squares = 0;
    for (size_t i = 0; i < x->size; i++) squares += (double)x->grad[i] * (double)x->grad[i];
    return sqrt(squares);
}

/* Trains; gives the part of TEST new sequences that it then answers right. arrives: in the first
 * step, the norm of the first memory's gradient divided by the last one's. */
static double train(nn_ctx *nn, setup s, int seed, double *arrives)
{
    nn_seed(nn, (uint64_t)seed);
    nn_model *model = nn_model_new(nn);
    network net = {s, nn_linear_new(model, "in", 1 + UNITS, s.gates ? 4 * UNITS : UNITS),
                   nn_linear_new(model, "out", UNITS, 1)};
    for (int i = 0; i < UNITS; i++) /* row i of [8, 1 + 8]: the weight of x, then W */
        for (int j = 0; j < UNITS; j++)
            if (s.gates) net.in.bias->data[UNITS + j] = s.start;
            else net.in.weight->data[i * (1 + UNITS) + 1 + j] *= s.start;
    nn_optimizer *opt = nn_adam(model, 0.003f);
    nn_tensor *target, *memory[2];
    for (int k = 0; k < STEPS; k++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *z = answer(&net, nn, N, &target, memory);
        nn_backward(nn_bce_with_logits(z, target));
        if (k == 0) *arrives = norm_of_gradient(memory[0]) / norm_of_gradient(memory[1]);
        nn_clip_grad_norm(model, 1);
        nn_step(opt);
    }
    nn_clear(nn);
    nn_tensor *z = answer(&net, nn, TEST, &target, memory);
    int right = 0;
    for (int i = 0; i < TEST; i++) right += (z->data[i] > 0) == (target->data[i] > 0);
    return (double)right / TEST;
}

int main(void)
{
    static const setup s[6] = {{"plain", 20, 0, 1},
                               {"plain, W twice as large", 20, 0, 2},
                               {"gates, f about 0.73", 20, 1, 1},
                               {"plain, W twice as large", 40, 0, 2},
                               {"gates, f about 0.73", 40, 1, 1},
                               {"gates, f about 0.95", 40, 1, 3}};
    nn_ctx *nn = nn_create(42);
    int learned[6] = {0};
    printf("== delay, network, what arrives in %d starts (* learned), how many learned\n",
           STARTS);
    for (int k = 0; k < 6; k++) {
        printf("%d  %-26s", s[k].delay, s[k].text);
        for (int seed = 1; seed <= STARTS; seed++) {
            double arrives = 0;
            const int good = train(nn, s[k], seed, &arrives) > 0.95;
            printf(" %.0e%c", arrives, good ? '*' : ' ');
            learned[k] += good;
        }
        printf("  %d\n", learned[k]);
    }
    printf("\nexpected: few of the first, all of the last, though it has to remember for longer\n");
    printf("got:      %d and %d of %d\n", learned[0], learned[5], STARTS);
    nn_destroy(nn);
    return !(learned[0] <= 2 && learned[5] == STARTS);
}
