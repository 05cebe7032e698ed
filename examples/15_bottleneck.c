/* An encoder reads digits, a decoder writes them backwards, as in chapter 13. Either all that was
 * read comes to it as one vector, or before each digit it looks at what was read: with additive
 * attention (Bahdanau, Cho and Bengio 2015) or by dot products (Luong, Pham and Manning 2015). All
 * else is the same in the three networks.
 *
 *     15_bottleneck [STEPS [SEED]]       600 steps
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SIGNS = 11, END = 0, LEARNED = 10, LONGEST = 12, UNITS = 24, BATCH = 32, TEST = 200 };
enum { FIXED, ADDITIVE, DOT, KINDS };
static const char *const kind_name[KINDS] = {"one vector", "additive", "dot"};

typedef struct network {
    nn_embedding read, written;
    nn_gru encoder, decoder;
    nn_additive_attention additive;
    nn_linear out;
    int kind;
} network;

static network network_new(nn_model *m, int kind)
{
    const nn_rnn_options both_ways = {.bidirectional = 1};
    const int wide = 2 * UNITS;
    return (network){nn_embedding_new(m, "read", SIGNS, UNITS),
                     nn_embedding_new(m, "written", SIGNS, UNITS),
                     nn_gru_new_with(m, "encoder", UNITS, UNITS, both_ways),
                     nn_gru_new(m, "decoder", UNITS, wide),
                     nn_additive_attention_new(m, "additive", wide, wide, wide),
                     nn_linear_new(m, "out", 2 * wide, SIGNS), kind};
}

/* [network] */
/* What is said of the sign after each of before [n, length + 1], when in [n, length] was read:
 * logits [n (length + 1), SIGNS]. *weights: see nn_attention. */
static nn_tensor *forward(const network *net, const int *in, const int *before, int n, int length,
                          nn_tensor **weights)
{
    nn_tensor *digits = nn_embedding_forward(&net->read, in, n * length);
    nn_tensor *written = nn_embedding_forward(&net->written, before, n * (length + 1));
    const nn_rnn_result read =
        nn_gru_forward(&net->encoder, nn_reshape(digits, nn_shape3(n, length, UNITS)), NULL, NULL);
    nn_tensor *h = nn_reshape(nn_transpose(read.h, 0, 1), nn_shape3(1, n, 2 * UNITS));
    nn_tensor *q =
        nn_gru_forward(&net->decoder, nn_reshape(written, nn_shape3(n, -1, UNITS)), h, NULL).output;
    nn_tensor *k = read.output, *y; /* k [n, length, 2 UNITS]: the states; y: the context */
    const nn_attention_options plain = {.scale = 1}; /* the states are small numbers */
    if (net->kind == DOT) y = nn_attention(q, k, k, plain, weights);
    else if (net->kind == ADDITIVE)
        y = nn_additive_attention_forward(&net->additive, q, k, k, NULL, weights);
    else /* the same vector before every sign */
        y = nn_add(nn_full(q->ctx, q->shape, 0), nn_transpose(h, 0, 1));
    nn_tensor *both[] = {q, y}; /* side by side: [n, length + 1, 4 UNITS] */
    nn_tensor *z = nn_concat(-1, 2, both);
    return nn_linear_forward(&net->out, nn_reshape(z, nn_shape2(-1, 4 * UNITS)));
}
/* [/network] */

/* n sequences of one length, and each backwards with END before and behind. */
static void draw(nn_ctx *nn, int n, int length, int *in, int *before, int *target)
{
    for (int i = 0; i < n; i++) {
        int *a = in + i * length, *b = before + i * (length + 1), *c = target + i * (length + 1);
        for (int t = 0; t < length; t++) a[t] = nn_randint(nn, 1, SIGNS);
        for (int t = 0; t < length; t++) b[t + 1] = c[t] = a[length - 1 - t];
        b[0] = c[length] = END;
    }
}

static network learn(nn_ctx *nn, int kind, int steps)
{
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, kind);
    nn_optimizer *opt = nn_adam(model, 0.01f);
    int in[BATCH * LONGEST], before[BATCH * (LONGEST + 1)], target[BATCH * (LONGEST + 1)];
    for (int step = 0; step < steps; step++) {
        const int length = nn_randint(nn, 2, LEARNED + 1);
        draw(nn, BATCH, length, in, before, target);
        nn_clear(nn);
        nn_zero_grad(model);
        nn_backward(nn_cross_entropy(forward(&net, in, before, BATCH, length, NULL), target));
        nn_clip_grad_norm(model, 1);
        opt->lr = nn_cosine_annealing_lr(0.01f, 0, steps, step);
        nn_step(opt);
    }
    return net;
}

/* % of sequences without an error. If each sign is right after the right ones, the network writes
 * them when it hears itself, too. */
static double right(nn_ctx *nn, const network *net, int length)
{
    int in[TEST * LONGEST], before[TEST * (LONGEST + 1)], target[TEST * (LONGEST + 1)];
    int said[TEST * (LONGEST + 1)], good = 0;
    draw(nn, TEST, length, in, before, target);
    nn_clear(nn);
    nn_argmax(forward(net, in, before, TEST, length, NULL), said);
    for (int i = 0; i < TEST * (length + 1); i += length + 1)
        good += !memcmp(said + i, target + i, (size_t)(length + 1) * sizeof *said);
    return 100.0 * good / TEST;
}

/* [map] */
/* Where the network looks, in %: a row for each sign that it writes, a column for each it read. */
static void print_map(nn_ctx *nn, const network *net, int length)
{
    int in[LONGEST], before[LONGEST + 1], target[LONGEST + 1];
    nn_tensor *p; /* [1, length + 1, length], or [1, 1, ..] with a head */
    draw(nn, 1, length, in, before, target);
    nn_clear(nn);
    forward(net, in, before, 1, length, &p);
    printf("\n== %s: %% of attention, read from left to right, written from top to bottom\n  ",
           kind_name[net->kind]);
    for (int s = 0; s < length; s++) printf("%4d", in[s] - 1);
    for (int t = 0; nn_ok(nn) && t <= length; t++) {
        printf(t < length ? "\n%d " : "\n. ", target[t] - 1);
        for (int s = 0; s < length; s++) printf("%4.0f", (double)p->data[t * length + s] * 100);
    }
    printf("\n");
}
/* [/map] */

int main(int argc, char **argv)
{
    const int steps = argc > 1 ? atoi(argv[1]) : 600;
    nn_ctx *nn = nn_create(argc > 2 ? strtoul(argv[2], NULL, 10) : 15);
    network net[KINDS];
    double long_ones[KINDS] = {0};
    for (int k = 0; k < KINDS; k++) net[k] = learn(nn, k, steps);
    nn_set_grad_enabled(nn, 0);
    printf("== %% of %d sequences right, by length\n  ", TEST);
    for (int k = 0; k < KINDS; k++) printf("%12s", kind_name[k]);
    for (int length = 2; length <= LONGEST; length++) {
        printf("\n%2d", length);
        for (int k = 0; k < KINDS; k++) {
            const double good = right(nn, &net[k], length);
            if (length > 7 && length <= LEARNED) long_ones[k] += good / 3;
            printf("%12.0f", good);
        }
        if (length > LEARNED) printf("   longer than any that was learned");
    }
    printf("\n");
    for (int k = ADDITIVE; k < KINDS; k++) print_map(nn, &net[k], 6);
    const double *of = long_ones;
    printf("\nexpected: of 8 to 10 digits attention gets at least 60 %% right, and 20 more than "
           "one vector\n");
    printf("got:      one vector %.0f %%, additive %.0f %%, dot %.0f %%\n", of[FIXED], of[ADDITIVE],
           of[DOT]);
    const double least = of[ADDITIVE] < of[DOT] ? of[ADDITIVE] : of[DOT];
    const int ok = nn_ok(nn) && least >= 60 && least >= of[FIXED] + 20;
    nn_destroy(nn);
    return !ok;
}
