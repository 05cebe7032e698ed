/* Convolution over time: two filters find a small wave, wherever it is in a noisy series, and tell
 * it from its mirror image. A dense network with a hundred times their weights does not learn it.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { TIME = 64, WAVE = 8, SERIES = 256, EPOCHS = 40 };
static const nn_real wave[WAVE] = {0, 2, 3, 1, -1, -3, -2, 0}; /* up, then down */

/* Noise and in it, somewhere, the wave (label 1) or the same backwards (label 0). [N, 1, T] */
static nn_tensor *make(nn_ctx *nn, int *label, int *begin)
{
    nn_tensor *x = nn_randn(nn, nn_shape3(SERIES, 1, TIME));
    for (int i = 0; i < SERIES; i++) {
        label[i] = i % 2, begin[i] = nn_randint(nn, 0, TIME - WAVE + 1);
        nn_real *at = x->data + i * TIME + begin[i];
        for (int t = 0; t < WAVE; t++) at[t] += wave[label[i] ? t : WAVE - 1 - t];
    }
    return x;
}

/* [networks] */
typedef struct network {
    nn_conv1d conv; /* 2 filters of 8 steps */
    nn_linear fc1, fc2;
} network;

static nn_tensor *forward(const network *net, int dense, nn_tensor *x)
{
    if (dense)
        return nn_linear_forward(&net->fc2, nn_relu(nn_linear_forward(&net->fc1, nn_flatten(x))));
    return nn_flatten(nn_max_axis(nn_conv1d_forward(&net->conv, x), 2)); /* [N, 2, 57] -> [N, 2] */
}
/* [/networks] */

static double learn(nn_model *model, const network *net, int dense, uint64_t seed)
{
    nn_ctx *nn = model->ctx;
    int label[SERIES], begin[SERIES];
    nn_optimizer *opt = nn_adam(model, 0.02f);
    for (int step = 0; step <= 4 * EPOCHS; step++) {
        nn_seed(nn, seed + (uint64_t)(step < 4 * EPOCHS ? step % 4 : 99)); /* 4 batches, a test */
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *z = forward(net, dense, make(nn, label, begin));
        if (step == 4 * EPOCHS) return 100.0 * nn_count_correct(z, label) / SERIES;
        nn_backward(nn_cross_entropy(z, label));
        nn_step(opt);
    }
    return 0;
}

int main(void)
{
    nn_ctx *nn = nn_create(12);
    nn_model *few = nn_model_new(nn), *many = nn_model_new(nn);
    network net;
    net.conv = nn_conv1d_new(few, "conv", 1, 2, WAVE, 1, 0);
    net.fc1 = nn_linear_new(many, "fc1", TIME, 32);
    net.fc2 = nn_linear_new(many, "fc2", 32, 2);
    const double right = learn(few, &net, 0, 100), dense = learn(many, &net, 1, 100);
    printf("== %d series to learn from, %d new ones\n", 4 * SERIES, SERIES);
    printf("two filters, the largest answer of each: %4d parameters, %.1f %% right\n",
           (int)nn_model_size(few), right);
    printf("dense, 32 hidden units:                  %4d parameters, %.1f %% right\n",
           (int)nn_model_size(many), dense);

    printf("\n== the filters\nthe wave  ");
    for (int t = 0; t < WAVE; t++) printf("%6.1f", (double)wave[t]);
    for (int k = 1; k >= 0; k--) {
        printf("\nfilter %d  ", k);
        for (int t = 0; t < WAVE; t++) printf("%6.2f", (double)net.conv.weight->data[k * WAVE + t]);
    }

    printf("\n\n== where filter 1 answers most\n");
    int label[SERIES], begin[SERIES], found[2 * SERIES], near = 0;
    nn_clear(nn);
    nn_seed(nn, 12);
    nn_argmax(nn_conv1d_forward(&net.conv, make(nn, label, begin)), found); /* [N, 2] */
    for (int i = 1; i < SERIES; i += 2) near += abs(found[2 * i + 1] - begin[i]) <= 1;
    for (int i = 1; i < 8; i += 2)
        printf("the wave of series %d begins at step %2d, the largest answer is at %2d\n", i,
               begin[i], found[2 * i + 1]);
    printf("at most one step off: %.1f %%\n", 200.0 * near / SERIES);

    const int good = right > 70 && dense < 62; /* where, and with which filters, is by seed */
    printf("\nexpected: filters above 70 %%, dense below 62 %%: yes\n");
    printf("got:      %s\n", good ? "yes" : "no");
    const int ok = nn_ok(nn) && good;
    nn_destroy(nn);
    return !ok;
}
