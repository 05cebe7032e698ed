/* A recurrent autoencoder: a bottleneck for sequences. One network
 * reads 16 values of a wave into a vector of 3 numbers, another makes the 16 from these again. A
 * wave has three unknowns, but three principal components cannot follow its frequency.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { TIME = 16, CODE = 3, UNITS = 32, WAVES = 1000, TEST = 500, BATCH = 32, STEPS = 3000 };

/* [network] */
typedef struct network {
    nn_rnn encoder, decoder;
    nn_linear code, begin, out;
} network;

static nn_tensor *encode(const network *net, nn_tensor *x) /* [N, T, 1] -> [1, N, CODE] */
{
    return nn_linear_forward(&net->code, nn_rnn_forward(&net->encoder, x, NULL, NULL).h);
}

/* The code gives the first state. From there on the decoder is on its own: its inputs are 0. */
static nn_tensor *decode(const network *net, nn_tensor *code, int time) /* -> [N, time, 1] */
{
    nn_tensor *h = nn_tanh(nn_linear_forward(&net->begin, code));
    nn_tensor *nothing = nn_full(code->ctx, nn_shape3(code->shape.dim[1], time, 1), 0);
    return nn_linear_forward(&net->out, nn_rnn_forward(&net->decoder, nothing, h, NULL).output);
}
/* [/network] */

/* a sin(w t + p), each wave with its own amplitude a, frequency w and phase p: [n, TIME] */
static nn_tensor *waves(nn_ctx *nn, int n)
{
    nn_tensor *t = nn_full(nn, nn_shape2(1, TIME), 0);
    for (int i = 0; i < TIME; i++) t->data[i] = (nn_real)i;
    nn_tensor *a = nn_rand(nn, nn_shape2(n, 1), 0.5f, 1.5f);
    nn_tensor *w = nn_rand(nn, nn_shape2(n, 1), 0.3f, 1.2f);
    nn_tensor *p = nn_rand(nn, nn_shape2(n, 1), 0, 6.2832f);
    return nn_mul(a, nn_sin(nn_add(nn_mul(w, t), p)));
}

static double mean_square(const nn_real *a, const nn_real *b, int n) /* b NULL: of a itself */
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double d = (double)a[i] - (b ? (double)b[i] : 0);
        sum += d * d;
    }
    return sum / n;
}

static network learn(nn_ctx *nn, const nn_real *data)
{
    nn_model *m = nn_model_new(nn);
    const network net = {nn_rnn_new(m, "encoder", 1, UNITS), nn_rnn_new(m, "decoder", 1, UNITS),
                         nn_linear_new(m, "code", UNITS, CODE),
                         nn_linear_new(m, "begin", CODE, UNITS), nn_linear_new(m, "out", UNITS, 1)};
    nn_optimizer *opt = nn_adam(m, 0.005f);
    for (int step = 0; step < STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(m);
        nn_tensor *x = nn_full(nn, nn_shape3(BATCH, TIME, 1), 0);
        for (int i = 0; i < BATCH; i++)
            memcpy(x->data + i * TIME, data + nn_randint(nn, 0, WAVES) * TIME, TIME * sizeof *data);
        nn_backward(nn_mse(decode(&net, encode(&net, x), TIME), x));
        nn_clip_grad_norm(m, 1);
        opt->lr = nn_cosine_annealing_lr(0.005f, 0, STEPS, step);
        nn_step(opt);
    }
    return net;
}

int main(int argc, char **argv) /* 13_bottleneck [SEED] */
{
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 13);
    static nn_real data[(WAVES + TEST) * TIME], code[TEST * CODE], linear[TEST * TIME];
    memcpy(data, waves(nn, WAVES + TEST)->data, sizeof data);
    const nn_real *test = data + WAVES * TIME;
    const nn_pca pca = nn_pca_fit(nn, data, WAVES, TIME, CODE);
    nn_pca_project(&pca, test, TEST, code);
    nn_pca_restore(&pca, code, TEST, linear);
    const network net = learn(nn, data);

    nn_clear(nn);
    nn_set_grad_enabled(nn, 0);
    nn_tensor *x = nn_input(nn, test, nn_shape3(TEST, TIME, 1));
    const nn_tensor *y = decode(&net, encode(&net, x), TIME);
    const double all = mean_square(test, NULL, TEST * TIME) / 100;
    const double recurrent = mean_square(y->data, test, TEST * TIME) / all;
    const double components = mean_square(linear, test, TEST * TIME) / all;
    printf("== %d new waves, %d numbers for each: squared error in %% of their square\n", TEST,
           CODE);
    printf("principal components %5.1f\nrecurrent networks   %5.1f\n", components, recurrent);
    printf("\n== t, the first of them, by components, by networks\n");
    for (int t = 0; t < TIME; t++)
        printf("%2d %6.2f %6.2f %6.2f\n", t, (double)test[t], (double)linear[t],
               (double)y->data[t]);

    const int good = 2 * recurrent < components;
    printf("\nexpected: less than half the error of the components: yes\n");
    printf("got:      %s\n", good ? "yes" : "no");
    const int ok = nn_ok(nn) && good;
    nn_destroy(nn);
    return !ok;
}
