/* A GPT (Radford et al. 2018 and 2019) of characters: a stack of transformer layers in which each
 * position sees itself and what is before. It learns what comes next at all positions of a window
 * at once; then it writes, one character after the other.
 *
 *     15_gpt                         a small one, a second: it learns to spell a little
 *     15_gpt STEPS [SEED [FILE]]     128 wide, 4 layers; 2000 steps take three minutes; or with a
 *                                    text of your own, of at least 20000 characters
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 16, T = 64, WRITTEN = 300 };

/* [model] */
typedef struct gpt {
    nn_ctx *nn;
    nn_embedding character, place;
    nn_encoder layers;
    nn_linear out;
    int window; /* it sees so many characters at most */
} gpt;

static gpt gpt_new(nn_model *m, int vocabulary, int window, int dim, int layers)
{
    const nn_transformer_options o = {.heads = 4, .norm_first = 1, .gelu = 1};
    gpt g = {.nn = m->ctx, .window = window};
    g.character = nn_embedding_new(m, "character", vocabulary, dim);
    g.place = nn_embedding_new(m, "place", window, dim);
    g.layers = nn_encoder_new(m, "layers", layers, dim, o);
    g.out.weight = g.character.weight; /* tied: what reads a character says it, too; no bias */
    nn_tensor *const embedding[2] = {g.character.weight, g.place.weight};
    for (int k = 0; k < 2; k++) /* small, so that what layers add is heard from the first step on */
        for (size_t i = 0; i < embedding[k]->size; i++)
            embedding[k]->data[i] = nn_normal(g.nn, 0, 0.1f);
    return g;
}

/* ids [n, t] -> logits of what comes after each, [n t, V]; behind what is in the cache, if any. */
static nn_tensor *gpt_forward(const gpt *g, const int *ids, int n, int t, nn_kv_cache *cache)
{
    const nn_attention_options o = {.causal = 1, .cache = cache};
    const int before = cache ? cache->length : 0;
    int place[N * T];
    for (int i = 0; i < n * t; i++) place[i] = before + i % t;
    nn_tensor *x = nn_add(nn_embedding_forward(&g->character, ids, n * t),
                          nn_embedding_forward(&g->place, place, n * t));
    x = nn_encoder_forward(&g->layers, nn_reshape(x, nn_shape3(n, t, -1)), o, NULL);
    return nn_linear_forward(&g->out, nn_reshape(x, nn_shape2(n * t, -1)));
}
/* [/model] */

/* [loss] */
/* Of n windows, the first characters of which are ids[begin[i]]: the mean loss of what comes after
 * each of their characters but the first `unscored`. */
static nn_tensor *loss_of(const gpt *g, const int *ids, const int *begin, int n, int unscored)
{
    int in[N * T], next[N * T];
    for (int i = 0; i < n * g->window; i++) {
        const int *p = ids + begin[i / g->window] + i % g->window;
        in[i] = p[0], next[i] = i % g->window < unscored ? -1 : p[1];
    }
    return nn_cross_entropy(gpt_forward(g, in, n, g->window, NULL), next);
}

/* Windows overlap by half, and their later half counts: each character is said once, after at least
 * half a window of others. */
static double held_out_loss(const gpt *g, const int *ids, int size)
{
    const int half = g->window / 2, windows = (size - 1) / half - 1;
    int begin[N];
    double sum = 0;
    nn_set_grad_enabled(g->nn, 0);
    for (int i = 0, n; i < windows && nn_ok(g->nn); i += n) {
        for (n = 0; n < N && i + n < windows; n++) begin[n] = (i + n) * half;
        nn_clear(g->nn);
        sum += (double)nn_item(loss_of(g, ids, begin, n, half)) * n;
    }
    nn_set_grad_enabled(g->nn, 1);
    return sum / windows;
}
/* [/loss] */

/* [write] */
typedef struct writer {
    const gpt *g;
    nn_kv_cache *cache; /* [layers]: keys and values of tokens[start], tokens[start + 1], .. */
    int start;
} writer;

/* What nn_generate asks: only what is not in the cache yet has to be read, as a rule the character
 * written last. When the window is full, its later half is read again, at new places. */
static int next_character(void *user, int n, int length, const int *tokens, const int *from,
                          nn_real *logits)
{
    writer *w = user;
    const gpt *g = w->g;
    nn_clear(g->nn);
    if (from == NULL || w->cache->length == g->window) {
        w->start = from ? length - g->window / 2 : 0;
        for (int l = 0; l < g->layers.layers; l++) w->cache[l].length = 0;
    }
    const int known = w->start + w->cache->length, t = length - known;
    const nn_tensor *z = gpt_forward(g, tokens + known, n, t, w->cache); /* n is 1: no beams */
    const size_t v = (size_t)g->character.weight->shape.dim[0];
    if (nn_ok(g->nn)) memcpy(logits, z->data + (size_t)(t - 1) * v, v * sizeof *logits);
    return nn_ok(g->nn);
}

static void write_text(const gpt *g, const nn_vocab *vocab, const char *how, nn_generate_options o)
{
    writer w = {g, nn_kv_cache_new(g->nn, g->layers.layers, 1, g->window,
                                   g->character.weight->shape.dim[1]), 0};
    const char *const prompt = "\nNETWORK, n.  ";
    int written[WRITTEN];
    o.vocabulary = vocab->n, o.max_length = WRITTEN;
    o.prompt = nn_vocab_encode(vocab, prompt, strlen(prompt), &o.prompt_length);
    nn_set_grad_enabled(g->nn, 0);
    const int n = nn_generate(g->nn, next_character, &w, o, written, NULL);
    printf("\n== %s%s\n", how, nn_vocab_decode(vocab, written, n).bytes);
}
/* [/write] */

int main(int argc, char **argv)
{
    const char *path = argc > 3 ? argv[3] : "examples/data/devils_dictionary.txt";
    const int quick = argc < 2, steps = quick ? 600 : atoi(argv[1]);
    const int every = quick ? steps / 2 : (steps + 4) / 5; /* a line is printed */
    nn_ctx *nn = nn_create(argc > 2 ? strtoul(argv[2], NULL, 10) : 1);
    const nn_text text = nn_text_load(nn, path);
    const nn_vocab vocab = nn_vocab_new(nn, NN_CHARS, text.bytes, text.size, 0);
    int size;
    const int *ids = nn_vocab_encode(&vocab, text.bytes, text.size, &size);
    if (!nn_ok(nn) || size < 20000 || steps < 1) {
        if (nn_ok(nn)) printf("20000 characters and one step, at least\n");
        return 1;
    }
    const int learned = size / 10 * 9; /* the last tenth is held out */
    const int n = quick ? 8 : N;
    nn_model *model = nn_model_new(nn);
    const gpt g = quick ? gpt_new(model, vocab.n, T / 2, 32, 2)
                        : gpt_new(model, vocab.n, T, 128, 4);
    printf("== %d characters, %d different, %d parameters: nats per character\n"
           " step  learned  held out\n", size, vocab.n, (int)nn_model_size(model));
    const nn_real lr = quick ? 0.01f : 0.004f;
    nn_optimizer *opt = nn_adamw(model, lr, 0.1f);
    opt->weights_only = 1;
    double sum = 0, loss = 0;
    for (int s = 1; s <= steps && nn_ok(nn); s++) {
        /* [step] */
        int begin[N];
        for (int i = 0; i < n; i++) begin[i] = nn_randint(nn, 0, learned - g.window);
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *l = loss_of(&g, ids, begin, n, 0);
        nn_backward(l);
        nn_clip_grad_norm(model, 1);
        opt->lr = nn_linear_lr(nn_cosine_annealing_lr(lr, 0, steps, s - 1), 0, 100, s);
        nn_step(opt);
        /* [/step] */
        sum += (double)nn_item(l);
        if (s % every == 0 || s == steps) {
            loss = held_out_loss(&g, ids + learned, size - learned);
            printf("%5d %8.3f %9.3f\n", s, sum / ((s - 1) % every + 1), loss);
            fflush(stdout);
            sum = 0;
        }
    }
    write_text(&g, &vocab, "temperature 1", (nn_generate_options){.temperature = 1});
    write_text(&g, &vocab, "temperature 0.8, of the 20 most likely",
               (nn_generate_options){.temperature = 0.8f, .top_k = 20});
    write_text(&g, &vocab, "temperature 1, of those that together have 0.8",
               (nn_generate_options){.temperature = 1, .top_p = 0.8f});
    write_text(&g, &vocab, "always the most likely", (nn_generate_options){0});

    const double limit = quick ? 2.4 : argc > 3 ? log(vocab.n) : 1.8;
    printf("\nexpected: at most %.2f nats per character; a guess leaves %.2f\n", limit,
           log(vocab.n));
    printf("got:      %.3f\n", loss);
    const int ok = nn_ok(nn) && loss <= limit;
    nn_destroy(nn);
    return !ok;
}
