/* A transformer (Vaswani et al. 2017) translates English into German. A grammar makes the
 * sentences. Word by word would be wrong: article and adjective go with the noun's gender, number
 * and case, the verb is second or last.
 *
 *     15_translation                   a small one, 350 steps
 *     15_translation STEPS [SEED]      a larger one: 2000 steps take half a minute
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LINE = 256, LONGEST = 32, PAIRS = 6000, TEST = 500, DEEP = 300, BATCH = 32, BEGIN = 0 };

/* [grammar] */
typedef struct noun {
    const char *en[2], *de[2]; /* one, many */
    int gender;                /* masculine, feminine, neuter */
} noun;
static const noun nouns[] = {{{"dog", "dogs"}, {"Hund", "Hunde"}, 0},
                             {{"friend", "friends"}, {"Freund", "Freunde"}, 0},
                             {{"cat", "cats"}, {"Katze", "Katzen"}, 1},
                             {{"woman", "women"}, {"Frau", "Frauen"}, 1},
                             {{"child", "children"}, {"Kind", "Kinder"}, 2},
                             {{"horse", "horses"}, {"Pferd", "Pferde"}, 2}};
static const char *const adjectives[][2] = {
    {"young", "jung"}, {"small", "klein"}, {"black", "schwarz"}, {"clever", "klug"}};
static const char *const verbs[][4] = {{"sees", "see", "sieht", "sehen"},
                                       {"finds", "find", "findet", "finden"},
                                       {"loves", "love", "liebt", "lieben"},
                                       {"calls", "call", "ruft", "rufen"},
                                       {"knows", "know", "kennt", "kennen"}};
enum { NOMINATIVE, ACCUSATIVE, MANY = 3 }; /* many: as if a fourth gender */
static const char *const articles[2][4][2] = {
    {{"ein", "einen"}, {"eine", "eine"}, {"ein", "ein"}, {"", ""}},
    {{"der", "den"}, {"die", "die"}, {"das", "das"}, {"die", "die"}}};
static const char *const endings[2][4][2] = {
    {{"er", "en"}, {"e", "e"}, {"es", "es"}, {"e", "e"}},
    {{"e", "en"}, {"e", "e"}, {"e", "e"}, {"en", "en"}}};

typedef struct phrase { /* a small dog, the women */
    const noun *noun;
    int many, definite, adjective; /* adjective -1: none */
} phrase;

enum { PLAIN, WANTS, NOT };

typedef struct sentence { /* [speaker says that] subject verb object [today] */
    phrase speaker[2], subject, object;
    int speakers, verb, mode, today;
} sentence;

static void say(char *to, const char *word)
{
    if (*word) strcat(strcat(to, word), " ");
}

static void english_phrase(char *to, const phrase *p)
{
    say(to, p->definite ? "the" : p->many ? "" : "a");
    if (p->adjective >= 0) say(to, adjectives[p->adjective][0]);
    say(to, p->noun->en[p->many]);
}

static void german_phrase(char *to, const phrase *p, int kase)
{
    const int gender = p->many ? MANY : p->noun->gender;
    say(to, articles[p->definite][gender][kase]);
    if (p->adjective >= 0) {
        strcat(to, adjectives[p->adjective][1]);
        say(to, endings[p->definite][gender][kase]);
    }
    say(to, p->noun->de[p->many]);
}

static void english(char *to, const sentence *s)
{
    const int many = s->subject.many;
    for (int i = 0; i < s->speakers; i++) {
        english_phrase(to, &s->speaker[i]);
        say(to, s->speaker[i].many ? "say that" : "says that");
    }
    english_phrase(to, &s->subject);
    if (s->mode == WANTS) say(to, many ? "want to" : "wants to");
    if (s->mode == NOT) say(to, many ? "do not" : "does not");
    say(to, verbs[s->verb][s->mode == PLAIN ? many : 1]);
    english_phrase(to, &s->object);
    say(to, s->today ? "today ." : ".");
}

/* The verb that agrees with the subject is second in a sentence, and last behind "dass". */
static void german(char *to, const sentence *s)
{
    const int many = s->subject.many;
    const char *verb = s->mode != WANTS ? verbs[s->verb][2 + many] : many ? "wollen" : "will";
    for (int i = 0; i < s->speakers; i++) {
        german_phrase(to, &s->speaker[i], NOMINATIVE);
        say(to, s->speaker[i].many ? "sagen , dass" : "sagt , dass");
    }
    if (s->today) say(to, "heute"), say(to, verb);
    german_phrase(to, &s->subject, NOMINATIVE);
    if (!s->today && !s->speakers) say(to, verb);
    german_phrase(to, &s->object, ACCUSATIVE);
    if (s->mode == NOT) say(to, "nicht");
    if (s->mode == WANTS) say(to, verbs[s->verb][3]);
    if (s->speakers) say(to, verb);
    say(to, ".");
}
/* [/grammar] */

static phrase draw_phrase(nn_ctx *nn, int definite)
{
    const phrase p = {&nouns[nn_randint(nn, 0, 6)], nn_randint(nn, 0, 2),
                      definite || nn_randint(nn, 0, 2), nn_randint(nn, -2, 4)};
    return p;
}

static sentence draw_sentence(nn_ctx *nn, int speakers)
{
    sentence s = {.speakers = speakers, .verb = nn_randint(nn, 0, 5), .mode = nn_randint(nn, 0, 3)};
    for (int i = 0; i < speakers; i++) s.speaker[i] = draw_phrase(nn, 0);
    s.subject = draw_phrase(nn, 0);
    s.object = draw_phrase(nn, s.mode == NOT); /* "not a dog" would be "keinen Hund" */
    s.today = !speakers && nn_randint(nn, 0, 3) == 0;
    return s;
}

typedef struct pair {
    const int *in, *out; /* both end with "." */
    int n_in, n_out;
} pair;

/* PAIRS different sentences, with one clause or two, and DEEP with three; and the words in them. */
static void make_corpus(nn_ctx *nn, pair *p, nn_vocab vocab[2])
{
    enum { ALL = PAIRS + DEEP };
    static char line[2][ALL][LINE], text[2][ALL * LINE];
    char *end[2] = {text[0], text[1]};
    for (int i = 0, j; i < ALL; i++) {
        do {
            const sentence s = draw_sentence(nn, i < PAIRS ? nn_randint(nn, 0, 3) == 0 : 2);
            line[0][i][0] = line[1][i][0] = 0;
            english(line[0][i], &s);
            german(line[1][i], &s);
            for (j = 0; strcmp(line[0][j], line[0][i]) != 0; j++) {}
        } while (j < i);
        for (int k = 0; k < 2; k++) end[k] += sprintf(end[k], "%s\n", line[k][i]);
    }
    for (int k = 0; k < 2; k++)
        vocab[k] = nn_vocab_new(nn, NN_WORDS, text[k], (size_t)(end[k] - text[k]), 0);
    for (int i = 0; i < ALL; i++) {
        p[i].in = nn_vocab_encode(&vocab[0], line[0][i], strlen(line[0][i]), &p[i].n_in);
        p[i].out = nn_vocab_encode(&vocab[1], line[1][i], strlen(line[1][i]), &p[i].n_out);
    }
}

/* [transformer] */
typedef struct network {
    nn_embedding read, written;
    nn_encoder encoder;
    nn_decoder decoder;
    nn_linear out;
} network;

static network network_new(nn_model *m, const nn_vocab vocab[2], int layers, int dim)
{
    const nn_transformer_options o = {.heads = dim / 16, .hidden = 2 * dim, .norm_first = 1};
    return (network){nn_embedding_new(m, "read", vocab[0].n, dim),
                     nn_embedding_new(m, "written", vocab[1].n, dim),
                     nn_encoder_new(m, "encoder", layers, dim, o),
                     nn_decoder_new(m, "decoder", layers, dim, o),
                     nn_linear_new(m, "out", dim, vocab[1].n)};
}

/* ids [n, time] -> [n, time, D]: the word's vector, plus that of its position. The paper's factor
 * sqrt(D) is there from the beginning: an nn_embedding's numbers have variance 1, not 1 / D. */
static nn_tensor *embed(const nn_embedding *e, const int *ids, int n, int time)
{
    nn_tensor *x = nn_embedding_forward(e, ids, n * time);
    const int dim = e->weight->shape.dim[1];
    return nn_add(nn_reshape(x, nn_shape3(n, time, dim)),
                  nn_positional_encoding(x->ctx, time, dim));
}

/* What is to be read of n sentences -> memory [n, S, D]; what is behind length[i] is padding. */
static nn_tensor *encode(const network *net, const pair *p, const int *row, int n, int *length)
{
    int ids[BATCH * LONGEST], time = 0;
    for (int i = 0; i < n; i++) {
        length[i] = p[row[i]].n_in;
        if (length[i] > time) time = length[i];
    }
    for (int i = 0; i < n * time; i++)
        ids[i] = i % time < length[i / time] ? p[row[i / time]].in[i % time] : -1;
    const nn_attention_options self = {.lengths = length};
    return nn_encoder_forward(&net->encoder, embed(&net->read, ids, n, time), self, NULL);
}

/* What is said of the word after each of before [n, time]: [n time, V] */
static nn_tensor *decode(const network *net, nn_tensor *memory, const int *length,
                         const int *before, int n, int time)
{
    const nn_attention_options self = {.causal = 1}, cross = {.lengths = length};
    nn_tensor *x = embed(&net->written, before, n, time);
    x = nn_decoder_forward(&net->decoder, x, memory, self, cross, NULL);
    return nn_linear_forward(&net->out, nn_reshape(x, nn_shape2(n * time, -1)));
}

static nn_tensor *loss_of(const network *net, const pair *p, const int *row, int n)
{
    int before[BATCH * LONGEST], target[BATCH * LONGEST], length[BATCH], time = 0;
    for (int i = 0; i < n; i++)
        if (p[row[i]].n_out > time) time = p[row[i]].n_out;
    for (int i = 0; i < n * time; i++) {
        const pair *q = &p[row[i / time]];
        const int t = i % time;
        before[i] = t == 0 ? BEGIN : t < q->n_out ? q->out[t - 1] : -1;
        target[i] = t < q->n_out ? q->out[t] : -1;
    }
    nn_tensor *memory = encode(net, p, row, n, length);
    return nn_cross_entropy(decode(net, memory, length, before, n, time), target);
}
/* [/transformer] */

/* [greedy] */
/* The decoder hears itself: each time the likeliest word, until all have said ".". said [n] */
static void translate(const network *net, const pair *p, const int *row, int n,
                      int (*said)[LONGEST], int *n_said)
{
    const int stop = p->out[p->n_out - 1];
    int length[BATCH], before[BATCH * LONGEST], next[BATCH * LONGEST], going = n;
    nn_clear(net->out.weight->ctx);
    nn_tensor *memory = encode(net, p, row, n, length);
    for (int i = 0; i < n; i++) n_said[i] = 0;
    for (int t = 0; t < LONGEST && going > 0; t++) {
        for (int i = 0; i < n; i++) {
            before[i * (t + 1)] = BEGIN;
            for (int s = 0; s < t; s++) before[i * (t + 1) + s + 1] = said[i][s];
        }
        nn_argmax(decode(net, memory, length, before, n, t + 1), next);
        for (int i = 0; i < n; i++) {
            said[i][t] = next[i * (t + 1) + t];
            if (n_said[i] || (said[i][t] != stop && t < LONGEST - 1)) continue;
            n_said[i] = t + 1;
            going--;
        }
    }
}
/* [/greedy] */

/* How many of n sentences are right, word for word; the first ones are shown. */
static int right(const network *net, const pair *p, int n, const nn_vocab vocab[2], int show)
{
    int said[BATCH][LONGEST], n_said[BATCH], row[BATCH], good = 0;
    for (int b = 0, m; b < n; b += m) {
        m = n - b < BATCH ? n - b : BATCH;
        for (int i = 0; i < m; i++) row[i] = b + i;
        translate(net, p, row, m, said, n_said);
        for (int i = 0; i < m; i++) {
            const pair *q = &p[b + i];
            const int same = n_said[i] == q->n_out &&
                             !memcmp(said[i], q->out, (size_t)q->n_out * sizeof *q->out);
            good += same;
            if (b + i >= show) continue;
            printf("%s\n    %s%s\n", nn_vocab_decode(&vocab[0], q->in, q->n_in).bytes,
                   nn_vocab_decode(&vocab[1], said[i], n_said[i]).bytes, same ? "" : "   wrong");
        }
    }
    return good;
}

int main(int argc, char **argv)
{
    static pair p[PAIRS + DEEP], part[2][DEEP];
    const int quick = argc < 2, steps = quick ? 350 : atoi(argv[1]), every = (steps + 4) / 5;
    const nn_real lr = quick ? 0.012f : 0.002f;
    nn_ctx *nn = nn_create(argc > 2 ? strtoul(argv[2], NULL, 10) : 15);
    nn_vocab vocab[2];
    make_corpus(nn, p, vocab);
    if (!nn_ok(nn)) return 1;
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, vocab, quick ? 1 : 2, quick ? 32 : 64);
    nn_optimizer *opt = nn_adam(model, lr);
    int order[PAIRS], at = PAIRS, longest = 0;
    for (int i = 0; i < PAIRS; i++) {
        order[i] = i;
        if (p[i].n_in > longest) longest = p[i].n_in;
    }
    printf("== %d sentences of at most %d words are learned, of %d and %d different\n",
           PAIRS - TEST, longest, vocab[0].n - 1, vocab[1].n - 1);
    double sum = 0;
    for (int step = 1; step <= steps && nn_ok(nn); step++, at += BATCH) {
        if (at + BATCH > PAIRS) at = TEST, nn_shuffle(nn, order + TEST, PAIRS - TEST);
        /* [step] */
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *loss = loss_of(&net, p, order + at, BATCH);
        nn_backward(loss);
        nn_clip_grad_norm(model, 1);
        opt->lr = nn_linear_lr(nn_cosine_annealing_lr(lr, 0, steps, step - 1), 0, 50, step);
        nn_step(opt);
        /* [/step] */
        sum += (double)nn_item(loss);
        if (step % every == 0) {
            printf("step %4d: loss %.4f\n", step, sum / every);
            fflush(stdout);
            sum = 0;
        }
    }
    nn_set_grad_enabled(nn, 0);
    const int test = quick ? 200 : TEST, deep = quick ? 100 : DEEP, least = quick ? 90 : 99;
    printf("\n== new sentences\n");
    const double good = 100.0 * right(&net, p, test, vocab, 6) / test;
    printf("\n== three clauses, where it learned one and two\n");
    int n[2] = {0};
    for (int i = PAIRS; i < PAIRS + deep; i++) {
        const int k = p[i].n_in > longest;
        part[k][n[k]++] = p[i];
    }
    for (int k = 0; k < 2; k++)
        printf("%s: %d of %d are right\n\n", k ? "longer sentences" : "not longer",
               right(&net, part[k], n[k], vocab, 3), n[k]);
    printf("expected: of new sentences at least %d %% right, word for word\n", least);
    printf("got:      %.1f %% of %d\n", good, test);
    const int ok = nn_ok(nn) && good >= least;
    nn_destroy(nn);
    return !ok;
}
