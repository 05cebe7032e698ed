/* English words into sounds: a transformer (Vaswani et al. 2017) reads the letters and says the
 * sounds one after the other; always the likeliest, or with beams, several beginnings in mind.
 *
 *     15_pronunciation                    a small network, a second
 *     15_pronunciation small SEED         the same with other random numbers
 *     15_pronunciation EPOCHS [SEED]      a larger one; 16 epochs take half a minute
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { WORDS = 4000, TEST = 800, BATCH = 32, LETTERS = 8, SOUNDS = 12, BEAMS = 8 };
enum { BEGIN, END, SIGNS = 48 }; /* of what is said; from END + 1 on they are sounds */

typedef struct word {
    int letter[LETTERS], letters;
    int sound[SOUNDS], sounds; /* BEGIN, the sounds, END; -1 behind, as behind the letters */
} word;

/* [network] */
typedef struct network {
    nn_ctx *nn;
    nn_embedding letter, sound;
    nn_encoder encoder;
    nn_decoder decoder;
    nn_linear out;
} network;

static network network_new(nn_model *m, int dim, int layers, nn_real dropout)
{
    const nn_transformer_options o = {.heads = 4, .norm_first = 1, .dropout = dropout};
    network net = {.nn = m->ctx};
    net.letter = nn_embedding_new(m, "letter", 'z' - 'a' + 1, dim);
    net.sound = nn_embedding_new(m, "sound", SIGNS, dim);
    net.encoder = nn_encoder_new(m, "encoder", layers, dim, o);
    net.decoder = nn_decoder_new(m, "decoder", layers, dim, o);
    net.out = nn_linear_new(m, "out", dim, SIGNS);
    return net;
}
/* [/network] */

/* [forward] */
/* Vectors of ids [n, t] with those of their places: place, place + 1, .. -> [n, t, D]. They begin
 * with variance 1, and so need no factor of sqrt(D). */
static nn_tensor *embed(const nn_embedding *e, const int *ids, int n, int t, int place)
{
    const int dim = e->weight->shape.dim[1];
    nn_tensor *x = nn_reshape(nn_embedding_forward(e, ids, n * t), nn_shape3(n, t, dim));
    nn_tensor *places = nn_positional_encoding(e->weight->ctx, place + t, dim);
    return nn_add(x, nn_slice(places, 0, place, place + t));
}

/* The first t letters of n words, of each only so many as it has: [n, t, D], the memory. */
static nn_tensor *encode(const network *net, const int *letter, int n, int t, const int *length)
{
    const nn_attention_options o = {.lengths = length};
    return nn_encoder_forward(&net->encoder, embed(&net->letter, letter, n, t, 0), o, NULL);
}

/* What comes after each of the sounds [n, t], which see themselves, those before and the memory:
 * [n t, SIGNS]. The caches, if any, have what was before; self tells how much that is. */
static nn_tensor *decode(const network *net, const int *sound, int n, int t, nn_tensor *memory,
                         const int *length, nn_kv_cache *self, nn_kv_cache *cross)
{
    const nn_attention_options before = {.causal = 1, .cache = self};
    const nn_attention_options all = {.lengths = length, .cache = cross};
    nn_tensor *x = embed(&net->sound, sound, n, t, self ? self->length : 0);
    x = nn_decoder_forward(&net->decoder, x, memory, before, all, NULL);
    return nn_linear_forward(&net->out, nn_reshape(x, nn_shape2(n * t, -1)));
}
/* [/forward] */

static nn_tensor *loss_of(const network *net, const word *w, const int *row)
{
    enum { TIME = SOUNDS - 1 };
    int letter[BATCH * LETTERS], length[BATCH], before[BATCH * TIME], target[BATCH * TIME];
    for (int i = 0; i < BATCH; i++) {
        const word *p = &w[row[i]];
        length[i] = p->letters;
        memcpy(letter + i * LETTERS, p->letter, sizeof p->letter);
        memcpy(before + i * TIME, p->sound, TIME * sizeof *before);
        memcpy(target + i * TIME, p->sound + 1, TIME * sizeof *target);
    }
    nn_tensor *memory = encode(net, letter, BATCH, LETTERS, length);
    nn_tensor *z = decode(net, before, BATCH, TIME, memory, length, NULL, NULL);
    return nn_cross_entropy_weighted(z, target, NULL, 0.1f); /* labels are smoothed */
}

static void learn(nn_model *model, const network *net, const word *w, int n, int epochs)
{
    nn_ctx *nn = net->nn;
    nn_optimizer *opt = nn_adamw(model, 0.005f, 0.01f);
    const long steps = (long)epochs * (n / BATCH);
    int order[WORDS];
    nn_randperm(nn, order, n);
    for (int epoch = 1; epoch <= epochs && nn_ok(nn); epoch++, nn_shuffle(nn, order, n)) {
        double sum = 0;
        for (int b = 0; b + BATCH <= n; b += BATCH) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *loss = loss_of(net, w, order + b);
            nn_backward(loss);
            nn_clip_grad_norm(model, 1);
            const nn_real lr = nn_cosine_annealing_lr(0.005f, 0, steps, opt->step);
            opt->lr = nn_linear_lr(lr, 0, 100, opt->step + 1);
            nn_step(opt);
            sum += (double)nn_item(loss) / (n / BATCH);
        }
        if (epoch % ((epochs + 3) / 4) == 0) printf("epoch %2d: loss %.3f\n", epoch, sum);
        fflush(stdout);
    }
    nn_set_training(nn, 0), nn_set_grad_enabled(nn, 0);
}

/* [search] */
typedef struct speaker {
    const network *net;
    const word *w;
    nn_kv_cache *self, *cross; /* [layers] each */
} speaker;

/* What nn_generate asks: what comes after each of n hypotheses. The rows of the caches follow them;
 * after the first call, the only one with a memory, that is in `cross`. */
static int next_sound(void *user, int n, int length, const int *tokens, const int *from,
                      nn_real *logits)
{
    const speaker *s = user;
    const int layers = s->net->decoder.layers;
    int last[BEAMS];
    nn_tensor *memory = NULL;
    nn_clear(s->net->nn);
    if (from) {
        nn_kv_cache_select(s->self, layers, from, n);
        nn_kv_cache_select(s->cross, layers, from, n);
    } else {
        for (int l = 0; l < layers; l++) s->self[l].length = s->cross[l].length = 0;
        memory = encode(s->net, s->w->letter, 1, s->w->letters, NULL);
    }
    for (int i = 0; i < n; i++) last[i] = tokens[i * length + length - 1];
    const nn_tensor *z = decode(s->net, last, n, 1, memory, NULL, s->self, s->cross);
    if (nn_ok(s->net->nn)) memcpy(logits, z->data, z->size * sizeof *logits);
    return nn_ok(s->net->nn);
}
/* [/search] */

/* Levenshtein's: how many signs to add, leave out or change to make a of b. */
static int distance(const int *a, int n_a, const int *b, int n_b)
{
    int d[SOUNDS + 1];
    for (int j = 0; j <= n_b; j++) d[j] = j;
    for (int i = 1; i <= n_a; i++)
        for (int j = 1, corner = d[0]++; j <= n_b; j++) {
            int best = corner + (a[i - 1] != b[j - 1]);
            if (d[j] + 1 < best) best = d[j] + 1;
            if (d[j - 1] + 1 < best) best = d[j - 1] + 1;
            corner = d[j], d[j] = best;
        }
    return d[n_b];
}

/* How many sounds it says, into said[1], said[2], ..; *log_p is how likely it finds them. */
static int say(speaker s, const word *w, int beams, nn_real alpha, int *said, double *log_p)
{
    static const int begin = BEGIN;
    const nn_generate_options o = {.vocabulary = SIGNS, .prompt = &begin, .prompt_length = 1,
                                   .max_length = SOUNDS, .end = END, .beams = beams,
                                   .length_penalty = alpha};
    s.w = w;
    const int n = nn_generate(s.net->nn, next_sound, &s, o, said, log_p);
    return n < 1 ? 0 : n - 1 - (said[n - 1] == END);
}

/* % of the sounds of TEST words that are wrong; prints how many it says, of how many, too. */
static double errors(speaker s, const word *w, int beams, nn_real alpha)
{
    int wrong = 0, right = 0, count = 0, of = 0, said[SOUNDS];
    double sum = 0, log_p;
    for (int i = 0; i < TEST; i++) {
        const int n = say(s, &w[i], beams, alpha, said, &log_p);
        const int d = distance(said + 1, n, w[i].sound + 1, w[i].sounds);
        wrong += d, right += d == 0, count += n, of += w[i].sounds, sum += log_p;
    }
    printf("%5d %8.1f %15.2f %14.1f %8.3f %6d of %d\n", beams, (double)alpha, 100.0 * wrong / of,
           100.0 * right / TEST, sum / TEST, count, of);
    return 100.0 * wrong / of;
}

static void show(speaker s, const word *w, int words, char name[SIGNS][3])
{
    int said[SOUNDS];
    for (const word *p = w; p < w + words; p++) {
        const int n = say(s, p, BEAMS, 1, said, NULL);
        for (int t = 0; t < p->letters; t++) printf("%c", 'a' + p->letter[t]);
        printf(" ->");
        for (int t = 1; t <= n; t++) printf(" %s", name[said[t]]);
        const int wrong = distance(said + 1, n, p->sound + 1, p->sounds) > 0;
        if (wrong) printf("   but it is");
        for (int t = 1; wrong && t <= p->sounds; t++) printf(" %s", name[p->sound[t]]);
        printf("\n");
    }
}

/* A line: a word, a tab, its sounds as in "K AA1 R N ER0"; the digits, for stress, are left out. A
 * sound's number is its place in name; an unknown one is added. 0: not as expected. */
static int read_word(const char *line, word *w, char name[SIGNS][3], int *names)
{
    memset(w, -1, sizeof *w);
    w->letters = w->sounds = w->sound[0] = 0;
    for (; *line != '\t'; line++) {
        if (*line < 'a' || *line > 'z' || w->letters == LETTERS) return 0;
        w->letter[w->letters++] = *line - 'a';
    }
    while (*line == '\t' || *line == ' ') {
        char sound[3] = "";
        for (int k = 0; *++line > ' ';)
            if (k < 2 && *line > '9') sound[k++] = *line;
        int k = END + 1;
        while (k < *names && strcmp(name[k], sound) != 0) k++;
        if (k == SIGNS || w->sounds == SOUNDS - 2) return 0;
        if (k == *names) memcpy(name[(*names)++], sound, sizeof sound);
        w->sound[++w->sounds] = k;
    }
    w->sound[w->sounds + 1] = END;
    return w->letters > 0 && w->sounds > 0 && *line == '\n';
}

int main(int argc, char **argv)
{
    static word w[WORDS];
    char name[SIGNS][3];
    const int quick = argc < 2 || strcmp(argv[1], "small") == 0, epochs = quick ? 3 : atoi(argv[1]);
    const int layers = quick ? 1 : 2, dim = quick ? 32 : 64;
    nn_ctx *nn = nn_create(argc > 2 ? strtoul(argv[2], NULL, 10) : 1);
    const nn_text file = nn_text_load(nn, "examples/data/g2p_4000.tsv");
    int names = END + 1, order[WORDS];
    if (!nn_ok(nn)) return 1;
    nn_randperm(nn, order, WORDS);
    const char *line = file.bytes;
    for (int i = 0; i < WORDS; i++, line = strchr(line, '\n') + 1)
        if (!strchr(line, '\n') || !read_word(line, &w[order[i]], name, &names)) return 1;

    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, dim, layers, quick ? 0 : 0.2f);
    printf("== %d words, %d parameters\n", WORDS - TEST, (int)nn_model_size(model));
    learn(model, &net, w + TEST, WORDS - TEST, epochs);
    const speaker s = {&net, NULL, nn_kv_cache_new(nn, layers, BEAMS, SOUNDS, dim),
                       nn_kv_cache_new(nn, layers, BEAMS, LETTERS, dim)};
    printf("\n== new words\n");
    show(s, w, 10, name);
    printf("\n== %d new words\nbeams  penalty  wrong sounds %%  right words %%    log p  "
           "sounds said\n", TEST);
    const double greedy = errors(s, w, 1, 0);
    errors(s, w, BEAMS, 0);
    if (!quick) errors(s, w, 4, 1);
    const double beams = errors(s, w, BEAMS, 1);

    const double limit = quick ? 50 : 20;
    printf("\nexpected: at most %.0f %% of the sounds wrong; with %d beams, penalty 1, not more\n",
           limit, BEAMS);
    printf("got:      %.2f %%, %.2f %%\n", greedy, beams);
    const int ok = nn_ok(nn) && greedy <= limit && beams <= greedy;
    nn_destroy(nn);
    return !ok;
}
