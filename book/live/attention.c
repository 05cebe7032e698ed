/* Live page: one layer of attention (chapter 15) learns where to look: for each place of a row of
 * digits it has to name the digit that stands at another place. Reversed order is one such task. */
#define NN_CHAPTERS 15
#include "live.h"

enum { SEED, TASK, HEADS, RATE };                    /* the settings */
enum { REVERSE, COPY, SWAP, BEFORE };                /* the tasks */
enum { T = 8, D = 16, BATCH = 16, DIGITS = 10, MOST_HEADS = 4 };
LIVE double setting[] = {1, REVERSE, 1, 0.01};

LIVE int input[T], said[T], wanted[T]; /* the reader's digits, the answer, the right one */
LIVE nn_real map[MOST_HEADS * T * T];  /* [heads, T, T]: row t says where place t looked */

static nn_ctx *nn;
static nn_model *net;
static nn_embedding embedding;
static nn_multihead_attention attention;
static nn_linear out;
static nn_optimizer *opt;

LIVE void see(void);

static int asked(int t) /* the place whose digit place t must name */
{
    switch ((int)setting[TASK]) {
    case REVERSE: return T - 1 - t;
    case COPY: return t;
    case SWAP: return t % 2 ? t - 1 : t + 1;
    default: return (t + T - 1) % T; /* the one before, in a ring */
    }
}

void begin(void)
{
    nn = nn_create((uint64_t)setting[SEED]);
    net = nn_model_new(nn);
    embedding = nn_embedding_new(net, "embedding", DIGITS, D);
    attention = nn_multihead_attention_new(net, "attention", D, (int)setting[HEADS]);
    out = nn_linear_new(net, "out", D, DIGITS);
    opt = nn_adam(net, (nn_real)setting[RATE]);
    for (size_t i = 0; i < embedding.weight->size; i++) /* about as large as the positions */
        embedding.weight->data[i] *= (nn_real)0.5;
    for (int t = 0; t < T; t++) input[t] = t + 1;
}

/* id [n T] -> logits [n T, DIGITS] */
static nn_tensor *forward(const int *id, int n, nn_tensor **weights)
{
    const nn_attention_options all = {0};
    nn_tensor *x = nn_embedding_forward(&embedding, id, n * T);
    x = nn_add(nn_reshape(x, nn_shape3(n, T, D)), nn_positional_encoding(nn, T, D));
    nn_tensor *y = nn_multihead_attention_forward(&attention, x, x, all, weights);
    return nn_linear_forward(&out, nn_reshape(y, nn_shape2(n * T, D)));
}

double step(void)
{
    int id[BATCH * T], label[BATCH * T];
    for (int i = 0; i < BATCH * T; i++) id[i] = nn_randint(nn, 0, DIGITS);
    for (int i = 0; i < BATCH * T; i++) label[i] = id[i - i % T + asked(i % T)];
    nn_clear(nn);
    nn_zero_grad(net);
    opt->lr = (nn_real)setting[RATE];
    nn_tensor *loss = nn_cross_entropy(forward(id, BATCH, NULL), label);
    nn_backward(loss);
    nn_clip_grad_norm(net, 1);
    nn_step(opt);
    return nn_ok(nn) ? (double)nn_item(loss) : (double)NAN;
}

void see(void)
{
    nn_tensor *weights;
    nn_clear(nn);
    nn_set_grad_enabled(nn, 0);
    nn_argmax(forward(input, 1, &weights), said);
    nn_set_grad_enabled(nn, 1);
    for (int t = 0; t < T; t++) wanted[t] = input[asked(t)];
    if (nn_ok(nn)) memcpy(map, weights->data, weights->size * sizeof *map);
}

unsigned hash(void)
{
    return hash_of(net, 0x811c9dc5u);
}
