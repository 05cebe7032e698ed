/* Post-norm and pre-norm: a deep transformer encoder has to write a sequence backwards. What is
 * each layer's gradient before it learns, and what has it learned after a while, with and without
 * a warm-up of the learning rate? (Xiong et al. 2020.)
 *
 *     15_norms [SEEDS [STEPS]]     1 and 120
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 16, T = 6, SYMBOLS = 8, D = 16, HEADS = 2, LAYERS = 6, WARM = 50, RATES = 3 };
enum { ROWS = N * T };

typedef struct network {
    nn_embedding embed;
    nn_encoder encoder;
    nn_linear out;
} network;

/* [learn] */
static network network_new(nn_model *model, int norm_first)
{
    const nn_transformer_options o = {.heads = HEADS, .norm_first = norm_first};
    network net = {.embed = nn_embedding_new(model, "embed", SYMBOLS, D)};
    net.encoder = nn_encoder_new(model, "encoder", LAYERS, D, o);
    net.out = nn_linear_new(model, "out", D, SYMBOLS);
    return net;
}

/* Logits [ROWS, SYMBOLS] for N new sequences; label[n, t] is symbol T - 1 - t of sequence n. */
static nn_tensor *answer(nn_ctx *nn, const network *net, int label[ROWS])
{
    int ids[ROWS];
    for (int i = 0; i < ROWS; i++) {
        ids[i] = nn_randint(nn, 0, SYMBOLS);
        label[i / T * T + T - 1 - i % T] = ids[i];
    }
    nn_tensor *x = nn_reshape(nn_embedding_forward(&net->embed, ids, ROWS), nn_shape3(N, T, D));
    x = nn_add(x, nn_positional_encoding(nn, T, D));
    x = nn_encoder_forward(&net->encoder, x, (nn_attention_options){0}, NULL);
    return nn_linear_forward(&net->out, nn_reshape(x, nn_shape2(ROWS, D)));
}

/* Right answers to 16 batches of new sequences, in %, after `steps` steps. gradient[l]: the norm of
 * that of layer l's feed-forward weights at step 0. */
static double learn(nn_ctx *nn, int norm_first, int warm, int steps, nn_real rate, uint64_t seed,
                    double gradient[LAYERS])
{
    nn_clear(nn);
    nn_seed(nn, seed);
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, norm_first);
    nn_optimizer *opt = nn_adam(model, rate);
    int label[ROWS];
    for (int s = 0; s < steps; s++) {
        nn_clear(nn);
        nn_zero_grad(model);
        opt->lr = warm ? nn_linear_lr(rate, 0, WARM, s + 1) : rate;
        nn_backward(nn_cross_entropy(answer(nn, &net, label), label));
        for (int l = 0; s == 0 && l < LAYERS; l++) {
            const nn_tensor *w = net.encoder.layer[l].linear2.weight;
            double squares = 0;
            for (size_t i = 0; i < w->size; i++) squares += (double)w->grad[i] * (double)w->grad[i];
            gradient[l] = sqrt(squares);
        }
        nn_step(opt);
    }
    int right = 0;
    nn_set_grad_enabled(nn, 0);
    for (int k = 0; k < 16; k++) {
        nn_clear(nn);
        nn_tensor *z = answer(nn, &net, label);
        right += nn_count_correct(z, label);
    }
    nn_set_grad_enabled(nn, 1);
    return 100.0 * right / (16 * ROWS);
}
/* [/learn] */

int main(int argc, char **argv)
{
    static const nn_real rate[RATES] = {0.003f, 0.01f, 0.03f};
    const int seeds = argc > 1 ? atoi(argv[1]) : 1, steps = argc > 2 ? atoi(argv[2]) : 120;
    nn_ctx *nn = nn_create(1);
    double gradient[2][LAYERS] = {{0}}, one[LAYERS], mean[RATES][4] = {{0}}, least[RATES][4];
    if (seeds < 1 || steps < 1) return 1;
    for (int r = 0; r < RATES; r++)
        for (int k = 0; k < 4; k++) {
            least[r][k] = 100;
            for (int s = 1; s <= seeds; s++) {
                const double right = learn(nn, k / 2, k % 2, steps, rate[r], (uint64_t)s, one);
                mean[r][k] += right / seeds;
                if (right < least[r][k]) least[r][k] = right;
                for (int l = 0; l < LAYERS; l++)
                    gradient[k / 2][l] += one[l] / (2 * RATES * seeds); /* that of step 0 */
            }
        }
    printf("== gradient of each layer before learning\nlayer  post-norm  pre-norm\n");
    for (int l = 0; l < LAYERS; l++)
        printf("%5d %10.2f %9.2f\n", l + 1, gradient[0][l], gradient[1][l]);
    printf("\n== right in %% after %d steps: mean, and least of %d\n"
           "           post-norm      with warm-up     pre-norm       with warm-up\n rate\n",
           steps, seeds);
    for (int r = 0; r < RATES; r++) {
        printf("%5.3f", (double)rate[r]);
        for (int k = 0; k < 4; k++) printf("  %8.1f %6.1f", mean[r][k], least[r][k]);
        printf("\n");
    }
    const int yes = nn_ok(nn) && mean[RATES - 1][1] < 50 && mean[RATES - 1][3] > 60;
    printf("\nexpected: with warm-up the largest rate is too large for post-norm only: yes\n");
    printf("got:      %s\n", yes ? "yes" : "no");
    nn_destroy(nn);
    return !yes;
}
