/* XLNet (Yang et al. 2019, arXiv 1906.08237): characters are guessed one after the other, not from
 * left to right but in a random order. Only masks know of it: each character stays in its place.
 *
 *     15_xlnet                           100 steps
 *     15_xlnet FILE [STEPS [SEED]]       8000 steps, a minute, with your own text, of at least
 *                                        20000 characters
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { WINDOWS = 16, T = 32, K = 6, WIDTH = 64, HELD = 25 };

/* [masks] */
/* order [T] -> content [T, T], 1 where t may look at s: at itself and at what comes before it in
 * the order; query [K, T], the same for the last K of the order, without themselves. */
static void masks_of_order(const int *order, nn_real *content, nn_real *query)
{
    int rank[T];
    for (int r = 0; r < T; r++) rank[order[r]] = r;
    for (int t = 0; t < T; t++)
        for (int s = 0; s < T; s++) content[t * T + s] = rank[s] <= rank[t];
    for (int k = 0; k < K; k++)
        for (int s = 0; s < T; s++) query[k * T + s] = rank[s] < T - K + k;
}
/* [/masks] */

typedef struct windows { /* what is read at once, with an order for each */
    int n, id[WINDOWS * T];
    int place[WINDOWS * K], target[WINDOWS * K]; /* of the last K of the order */
    nn_real content[WINDOWS * T * T], query[WINDOWS * K * T];
} windows;

static void set_order(windows *w, int i, const int *order)
{
    masks_of_order(order, w->content + i * T * T, w->query + i * K * T);
    for (int k = 0; k < K; k++) {
        w->place[i * K + k] = order[T - K + k];
        w->target[i * K + k] = w->id[i * T + order[T - K + k]];
    }
}

static void draw_windows(nn_ctx *nn, windows *w, const int *text, int size)
{
    int order[T];
    w->n = WINDOWS;
    for (int i = 0; i < WINDOWS; i++) {
        memcpy(w->id + i * T, text + nn_randint(nn, 0, size - T + 1), T * sizeof *text);
        nn_randperm(nn, order, T);
        set_order(w, i, order);
    }
}

/* [streams] */
typedef struct xlnet {
    nn_ctx *nn;
    nn_model *model;
    nn_embedding token, position; /* (XLNet itself has relative positions) */
    nn_tensor *unknown;           /* what a query is told instead of the token, [D] */
    nn_encoder encoder;
    nn_linear out;
} xlnet;

typedef struct streams {
    nn_tensor *h, *g; /* content [n, T, D]: token and place; query [n, K, D]: the place only */
} streams;

/* A layer of the encoder, for either stream: both take keys and values from h. */
static nn_tensor *layer_forward(const nn_encoder_layer *l, nn_tensor *x, nn_tensor *h,
                                nn_tensor *mask)
{
    const nn_attention_options o = {.mask = mask};
    nn_tensor *a = nn_multihead_attention_forward(&l->self_attn, x, h, o, NULL);
    x = nn_layer_norm_forward(&l->norm1, nn_add(x, a));
    nn_tensor *f = nn_linear_forward(&l->linear2, nn_gelu(nn_linear_forward(&l->linear1, x)));
    return nn_layer_norm_forward(&l->norm2, nn_add(x, f));
}

static streams two_streams(const xlnet *net, const windows *w)
{
    int place[T];
    for (int t = 0; t < T; t++) place[t] = t;
    nn_tensor *content = nn_input(net->nn, w->content, nn_shape3(w->n, T, T));
    nn_tensor *query = nn_input(net->nn, w->query, nn_shape3(w->n, K, T));
    nn_tensor *x = nn_embedding_forward(&net->token, w->id, w->n * T);
    nn_tensor *p = nn_embedding_forward(&net->position, w->place, w->n * K);
    streams s = {nn_add(nn_reshape(x, nn_shape3(w->n, T, WIDTH)),
                        nn_embedding_forward(&net->position, place, T)),
                 nn_add(nn_reshape(p, nn_shape3(w->n, K, WIDTH)), net->unknown)};
    for (int l = 0; l < net->encoder.layers; l++) {
        nn_tensor *g = layer_forward(&net->encoder.layer[l], s.g, s.h, query);
        s.h = layer_forward(&net->encoder.layer[l], s.h, s.h, content);
        s.g = g;
    }
    return s;
}
/* [/streams] */

static xlnet xlnet_new(nn_ctx *nn, int vocabulary)
{
    const nn_transformer_options o = {.heads = 4, .gelu = 1};
    nn_model *m = nn_model_new(nn);
    const xlnet net = {nn, m, nn_embedding_new(m, "token", vocabulary, WIDTH),
                       nn_embedding_new(m, "position", T, WIDTH),
                       nn_param(m, "", "unknown", nn_shape1(WIDTH)),
                       nn_encoder_new(m, "encoder", 2, WIDTH, o),
                       nn_linear_new(m, "out", WIDTH, vocabulary)};
    return net;
}

static nn_tensor *logits(const xlnet *net, const windows *w) /* [n K, V] */
{
    return nn_linear_forward(&net->out,
                             nn_reshape(two_streams(net, w).g, nn_shape2(w->n * K, WIDTH)));
}

/* The loss of text that was not learned, in other windows and orders. */
static double held_out_loss(const xlnet *net, windows *w, const int *text, int size)
{
    double sum = 0;
    nn_set_grad_enabled(net->nn, 0);
    for (int k = 0; k < HELD; k++) {
        nn_clear(net->nn);
        draw_windows(net->nn, w, text, size);
        sum += (double)nn_item(nn_cross_entropy(logits(net, w), w->target));
    }
    nn_set_grad_enabled(net->nn, 1);
    return sum / HELD;
}

/* What has to be beaten: the frequencies of pairs, in v classes, each counted once more. */
static double bigram_loss(nn_ctx *nn, const int *ids, int learned, int size, int v)
{
    nn_clear(nn);
    nn_tensor *pairs = nn_full(nn, nn_shape2(v, v), 1);
    nn_tensor *all = nn_full(nn, nn_shape1(v), (nn_real)v);
    for (int i = 1; i < learned; i++) {
        pairs->data[ids[i - 1] * v + ids[i]]++;
        all->data[ids[i - 1]]++;
    }
    double sum = 0;
    for (int i = learned + 1; i < size; i++)
        sum -= log((double)(pairs->data[ids[i - 1] * v + ids[i]] / all->data[ids[i - 1]]));
    return sum / (size - learned - 1);
}

/* [leak] */
/* Which guesses change with which of the K characters? Each may change those after it in the order
 * only, not its own, while h at its place sees it. 1: so it is. */
static int leak_test(const xlnet *net, windows *w, int vocabulary)
{
    nn_real g[K * WIDTH], h[T * WIDTH];
    int ok = 1;
    nn_clear(net->nn);
    streams s = two_streams(net, w);
    if (!nn_ok(net->nn)) return 0;
    memcpy(g, s.g->data, sizeof g);
    memcpy(h, s.h->data, sizeof h);
    for (int k = 0; k < K; k++) {
        const int at = w->place[k], before = w->id[at];
        w->id[at] = (before + 1) % vocabulary;
        nn_clear(net->nn);
        s = two_streams(net, w);
        w->id[at] = before;
        printf("place %2d, number %d of %d in the order   ", at, T - K + k + 1, T);
        for (int j = 0; j < K; j++) {
            const int other = memcmp(g + j * WIDTH, s.g->data + j * WIDTH, WIDTH * sizeof *g) != 0;
            printf(" %s", other ? "other" : "    -");
            ok &= other == (j > k);
        }
        const int sees = memcmp(h + at * WIDTH, s.h->data + at * WIDTH, WIDTH * sizeof *h) != 0;
        printf("   %s\n", sees ? "other" : "    -");
        ok &= sees;
    }
    return ok;
}
/* [/leak] */

static char sign(const nn_vocab *vocab, int id) /* for one that can be printed */
{
    const char c = *vocab->token[id];
    return (char)(c == '\n' ? '/' : c < ' ' || c > '~' ? '?' : c);
}

/* [fill] */
/* K gaps are filled one after the other, each guess knowing those before it in the order. */
static void fill_gaps(const xlnet *net, const nn_vocab *vocab, windows *w)
{
    int guess[K];
    char is[T + 1] = "", gaps[T + 1];
    for (int t = 0; t < T; t++) {
        is[t] = sign(vocab, w->id[t]);
    }
    memcpy(gaps, is, sizeof gaps);
    for (int k = 0; k < K; k++) w->id[w->place[k]] = 0, gaps[w->place[k]] = '_';
    printf("%s  ", gaps);
    for (int k = 0; k < K; k++) {
        nn_clear(net->nn);
        nn_argmax(logits(net, w), guess);
        w->id[w->place[k]] = guess[k];
        gaps[w->place[k]] = sign(vocab, guess[k]);
    }
    printf("%s  %s\n", gaps, is);
}
/* [/fill] */

static void one_window(nn_ctx *nn, windows *w, const int *text, int size)
{
    draw_windows(nn, w, text, size);
    w->n = 1; /* the first of them */
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "examples/data/devils_dictionary.txt";
    const int quick = argc < 2, steps = argc > 2 ? atoi(argv[2]) : quick ? 100 : 8000;
    const int every = (steps + 4) / 5;
    const nn_real lr = 0.003f;
    nn_ctx *nn = nn_create(argc > 3 ? strtoul(argv[3], NULL, 10) : 1);
    const nn_text text = nn_text_load(nn, path);
    const nn_vocab vocab = nn_vocab_new(nn, NN_CHARS, text.bytes, text.size, 0);
    int size;
    const int *ids = nn_vocab_encode(&vocab, text.bytes, text.size, &size);
    if (!nn_ok(nn) || size < 20000 || steps < 10) {
        if (nn_ok(nn)) printf("less than 20000 characters, or 10 steps, are too few\n");
        return nn_destroy(nn), 1;
    }
    const int learned = size / 10 * 9; /* the last tenth is held out */
    const xlnet net = xlnet_new(nn, vocab.n);
    static windows w;

    printf("== changing a character: which guesses change, and does h there?\n%37s", "");
    for (int k = 0; k < K; k++) printf("  of %2d", T - K + k + 1);
    printf("       h\n");
    one_window(nn, &w, ids, learned);
    const int tight = leak_test(&net, &w, vocab.n);

    printf("\n== %d of %d characters guessed, of %d kinds: nats for each\n"
           " step  learned  held out\n",
           K, T, vocab.n);
    nn_optimizer *opt = nn_adamw(net.model, lr, 0.01f);
    double sum = 0, loss = 0;
    for (int s = 1; s <= steps && nn_ok(nn); s++) {
        /* [step] */
        nn_clear(nn);
        nn_zero_grad(net.model);
        draw_windows(nn, &w, ids, learned);
        nn_tensor *l = nn_cross_entropy(logits(&net, &w), w.target);
        nn_backward(l);
        nn_clip_grad_norm(net.model, 1);
        opt->lr = nn_linear_lr(nn_cosine_annealing_lr(lr, 0, steps, s), 0, steps / 10, s);
        nn_step(opt);
        /* [/step] */
        sum += (double)nn_item(l) / every;
        if (s % every) continue;
        loss = held_out_loss(&net, &w, ids + learned, size - learned);
        printf("%5d %8.3f %9.3f\n", s, sum, loss);
        fflush(stdout);
        sum = 0;
    }
    const double all = log((double)vocab.n), bigram = bigram_loss(nn, ids, learned, size, vocab.n);
    if (!quick) {
        printf("\n== %d gaps, how they are filled, what was there\n", K);
        nn_set_grad_enabled(nn, 0);
        for (int i = 0; i < 8; i++) {
            one_window(nn, &w, ids + learned, size - learned);
            fill_gaps(&net, &vocab, &w);
        }
    }
    const double most = quick ? all - 1 : bigram;
    const int ok = nn_ok(nn) && tight && loss < most;
    printf("\nexpected: no guess sees its own character; less than %.3f nats, %s: yes\n", most,
           quick ? "1 less than if\n          all were equally likely" : "what pairs leave");
    printf("got:      %s, %.3f\n", ok ? "yes" : "no", loss);
    nn_destroy(nn);
    return !ok;
}
