/* A network that writes. It reads a text character by character and says which one comes next; then
 * what it says is drawn and given back to it (Graves 2013, arXiv 1308.0850).
 *
 *     14_characters                              300 short steps: it learns to spell a little
 *     14_characters FILE [STEPS [SEED [MODEL]]]  3000 steps, a minute, with your own text, of
 *                                                at least 20000 characters; keeps
 *                                                MODEL.safetensors and MODEL.csv, the characters
 *     14_characters FILE 0 SEED MODEL            only writes, with what was kept
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 32, T = 64, EMBED = 64, UNITS = 128, WRITTEN = 400 };

typedef struct network {
    nn_ctx *nn;
    nn_embedding embed;
    nn_lstm lstm;
    nn_linear out;
} network;

/* [predict] */
/* ids [n, t] -> logits of what comes next [n t, V]. h and c [n, UNITS], the state, become that
 * after the t characters. They are numbers: the gradient does not go back behind them. */
static nn_tensor *predict(const network *net, const int *ids, int n, int t, nn_real *h, nn_real *c)
{
    const nn_shape state = nn_shape3(1, n, UNITS);
    nn_tensor *x = nn_embedding_forward(&net->embed, ids, n * t);
    const nn_rnn_result r =
        nn_lstm_forward(&net->lstm, nn_reshape(x, nn_shape3(n, t, EMBED)),
                        nn_input(net->nn, h, state), nn_input(net->nn, c, state), NULL);
    if (!nn_ok(net->nn)) return r.output;
    memcpy(h, r.h->data, r.h->size * sizeof *h);
    memcpy(c, r.c->data, r.c->size * sizeof *c);
    return nn_linear_forward(&net->out, nn_reshape(r.output, nn_shape2(n * t, UNITS)));
}
/* [/predict] */

/* [window] */
typedef struct reader { /* n lanes, parts of `length` characters, are read side by side */
    const int *ids;
    int n, t, length, at;
    nn_real h[N * UNITS], c[N * UNITS]; /* what stands for all that was read */
} reader;

static reader reader_new(const int *ids, int size, int n, int t, int at)
{
    const reader r = {.ids = ids, .n = n, .t = t, .length = (size - 1) / n, .at = at};
    return r;
}

static int at_end(const reader *r) { return r->at + r->t > r->length; }

/* The loss of the next t characters of each lane. */
static nn_tensor *window_loss(const network *net, reader *r)
{
    int ids[N * T], next[N * T];
    for (int i = 0; i < r->n * r->t; i++) {
        const int *p = r->ids + i / r->t * r->length + r->at + i % r->t;
        ids[i] = p[0], next[i] = p[1];
    }
    r->at += r->t;
    return nn_cross_entropy(predict(net, ids, r->n, r->t, r->h, r->c), next);
}
/* [/window] */

static double mean_loss(const network *net, reader r)
{
    double sum = 0;
    int windows = 0;
    nn_set_grad_enabled(net->nn, 0);
    for (; !at_end(&r) && nn_ok(net->nn); windows++) {
        nn_clear(net->nn);
        sum += (double)nn_item(window_loss(net, &r));
    }
    nn_set_grad_enabled(net->nn, 1);
    return sum / windows;
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

/* [write] */
static void write_text(const network *net, const nn_vocab *vocab, nn_real temperature)
{
    nn_real h[UNITS] = {0}, c[UNITS] = {0};
    int begin, written[WRITTEN];
    int id = *nn_vocab_encode(vocab, "\n", 1, &begin);
    nn_set_grad_enabled(net->nn, 0);
    for (int i = 0; i < WRITTEN; i++) {
        nn_clear(net->nn);
        nn_sample(predict(net, &id, 1, 1, h, c), temperature, &id);
        written[i] = id;
    }
    printf("\n== written with temperature %g\n%s\n", (double)temperature,
           nn_vocab_decode(vocab, written, WRITTEN).bytes);
}
/* [/write] */

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "examples/data/devils_dictionary.txt";
    const int quick = argc < 2, steps = argc > 2 ? atoi(argv[2]) : quick ? 300 : 3000;
    nn_ctx *nn = nn_create(argc > 3 ? strtoul(argv[3], NULL, 10) : 1);
    const nn_text text = nn_text_load(nn, path);
    const nn_vocab vocab = nn_vocab_new(nn, NN_CHARS, text.bytes, text.size, 0);
    int size;
    const int *ids = nn_vocab_encode(&vocab, text.bytes, text.size, &size);
    if (!nn_ok(nn) || size < 20000) {
        if (nn_ok(nn)) printf("%s: less than 20000 characters are too few\n", path);
        return 1;
    }
    const int learned = size / 10 * 9; /* the last tenth is held out */
    const int n = quick ? 8 : N, t = quick ? 32 : T;
    const int every = quick ? 60 : (steps + 9) / 10; /* a line is printed */
    const double bigram = bigram_loss(nn, ids, learned, size, vocab.n);

    nn_model *model = nn_model_new(nn);
    const nn_rnn_options remember = {.forget_bias = 1};
    const network net = {nn, nn_embedding_new(model, "embed", vocab.n, EMBED),
                         nn_lstm_new_with(model, "lstm", EMBED, UNITS, remember),
                         nn_linear_new(model, "out", UNITS, vocab.n)};
    reader train = reader_new(ids, learned, n, t, 0);
    const reader test = reader_new(ids + learned, size - learned, N, T, 0);
    char file[2][1024];
    snprintf(file[0], sizeof file[0], "%s.safetensors", argc > 4 ? argv[4] : "");
    snprintf(file[1], sizeof file[1], "%s.csv", argc > 4 ? argv[4] : "");
    if (!steps) nn_load(model, file[0]);
    printf("== %d characters, %d different, %d parameters: nats per character\n"
           " step  learned  held out\n", size, vocab.n, (int)nn_model_size(model));
    nn_optimizer *opt = nn_adam(model, 0.01f);
    double sum = 0, loss = steps ? 0 : mean_loss(&net, test);
    for (int s = 1; s <= steps && nn_ok(nn); s++) {
        /* [step] */
        nn_clear(nn);
        nn_zero_grad(model);
        if (at_end(&train)) train = reader_new(ids, learned, n, t, nn_randint(nn, 0, t));
        nn_tensor *l = window_loss(&net, &train);
        nn_backward(l);
        nn_clip_grad_norm(model, 1);
        opt->lr = nn_linear_lr(nn_cosine_annealing_lr(0.01f, 0, steps, s - 1), 0, 20, s);
        nn_step(opt);
        /* [/step] */
        sum += (double)nn_item(l);
        if (s % every == 0 || s == steps) {
            loss = mean_loss(&net, test);
            printf("%5d %8.3f %9.3f\n", s, sum / ((s - 1) % every + 1), loss);
            fflush(stdout);
            sum = 0;
        }
    }
    write_text(&net, &vocab, 0.5f);
    write_text(&net, &vocab, 1);
    if (steps && argc > 4) {
        nn_save(model, file[0]);
        nn_vocab_save(&vocab, file[1]);
    }
    printf("\nexpected: less than the %.3f nats that a table of all pairs leaves\n", bigram);
    printf("got:      %.3f\n", loss);
    const int ok = nn_ok(nn) && loss < bigram;
    nn_destroy(nn);
    return !ok;
}
