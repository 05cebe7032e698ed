/* BERT (Devlin et al. 2019, arXiv 1810.04805): an encoder learns from a text without labels, by
 * guessing tokens that were hidden and by telling whether two pieces follow each other. Then 100
 * labels teach it in which of ten languages a piece is, better than one that begins anew.
 *
 *     15_bert                  what it is asked, and 60 steps of learning, far too few
 *     15_bert long [SEEDS]     3000 steps, then the labels: of five seeds, four minutes
 *     15_bert FILE [STEPS]     only reads your text, of at least 20000 bytes, for a minute;
 *                              fills in gaps
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum {
    TOKENS = 512, CLS = TOKENS, SEP, MASK, ALL_TOKENS,  /* byte pairs, and what is none */
    PIECE = 12, ONE = PIECE + 2, TWO = ONE + PIECE + 1, /* [CLS] a [SEP], [CLS] a [SEP] b [SEP] */
    BATCH = 32, DIM = 64, LAYERS = 2,
    C = 10, SENTENCES = 58, LABELS = 10, PIECES = 2000  /* of each language */
};

/* [hide] */
/* Of n tokens 15 %, each by chance, are to be guessed: these are in target, which is -1 for all
 * others. In id 80 % of them become [MASK], 10 % any token, 10 % stay as they are. */
static void hide(nn_ctx *nn, int *id, int *target, int n)
{
    for (int i = 0; i < n; i++) {
        target[i] = -1;
        if (id[i] >= TOKENS || nn_uniform(nn, 0, 1) >= 0.15f) continue; /* never [CLS], [SEP] */
        target[i] = id[i];
        const nn_real chance = nn_uniform(nn, 0, 1);
        if (chance < 0.8f) id[i] = MASK;
        else if (chance < 0.9f) id[i] = nn_randint(nn, 0, TOKENS);
    }
}
/* [/hide] */

typedef struct corpus {
    int *id, size;
} corpus;

/* [pair] */
/* [CLS] a [SEP] b [SEP] -> id [TWO]: b follows a in the text, 1, or, every second time, it is any
 * piece, 0. */
static int pair(nn_ctx *nn, const corpus *text, int *id)
{
    const int follows = nn_randint(nn, 0, 2);
    const int a = nn_randint(nn, 0, text->size - 2 * PIECE + 1);
    const int b = follows ? a + PIECE : nn_randint(nn, 0, text->size - PIECE + 1);
    id[0] = CLS, id[ONE - 1] = id[TWO - 1] = SEP;
    memcpy(id + 1, text->id + a, PIECE * sizeof *id);
    memcpy(id + ONE, text->id + b, PIECE * sizeof *id);
    return follows;
}
/* [/pair] */

/* [network] */
typedef struct bert {
    nn_ctx *nn;
    nn_model *model;
    nn_embedding token, position, segment;
    nn_layer_norm norm;
    nn_encoder encoder;
    nn_linear masked, pool, next; /* what is hidden; a summary, of [CLS]; whether b follows a */
} bert;

static bert bert_new(nn_ctx *nn)
{
    const nn_transformer_options o = {.heads = 4, .gelu = 1};
    nn_model *m = nn_model_new(nn);
    bert b = {.nn = nn, .model = m};
    b.token = nn_embedding_new(m, "token", ALL_TOKENS, DIM);
    b.position = nn_embedding_new(m, "position", TWO, DIM);
    b.segment = nn_embedding_new(m, "segment", 2, DIM);
    b.norm = nn_layer_norm_new(m, "norm", DIM);
    b.encoder = nn_encoder_new(m, "encoder", LAYERS, DIM, o);
    b.masked = nn_linear_new(m, "masked", DIM, TOKENS);
    b.pool = nn_linear_new(m, "pool", DIM, DIM);
    b.next = nn_linear_new(m, "next", DIM, 2);
    nn_tensor *const table[3] = {b.token.weight, b.position.weight, b.segment.weight};
    for (int k = 0; k < 3; k++) /* BERT's begin with this standard deviation */
        for (size_t i = 0; i < table[k]->size; i++) table[k]->data[i] *= 0.02f;
    return b;
}

/* id [n, t] -> what each token became, [n t, D]; t is ONE or TWO */
static nn_tensor *encode(const bert *b, const int *id, int n, int t)
{
    const nn_attention_options all_see_all = {0};
    int position[TWO], segment[TWO];
    for (int i = 0; i < t; i++) position[i] = i, segment[i] = i >= ONE;
    nn_tensor *x = nn_embedding_forward(&b->token, id, n * t);
    x = nn_add(nn_reshape(x, nn_shape3(n, t, DIM)),
               nn_add(nn_embedding_forward(&b->position, position, t),
                      nn_embedding_forward(&b->segment, segment, t)));
    x = nn_encoder_forward(&b->encoder, nn_layer_norm_forward(&b->norm, x), all_see_all, NULL);
    return nn_reshape(x, nn_shape2(n * t, DIM));
}

static nn_tensor *summary(const bert *b, nn_tensor *h, int t) /* [n t, D] -> [n, D] */
{
    nn_tensor *cls = nn_slice(nn_reshape(h, nn_shape3(-1, t, DIM)), 1, 0, 1);
    return nn_tanh(nn_linear_forward(&b->pool, nn_reshape(cls, nn_shape2(-1, DIM))));
}
/* [/network] */

/* [pretrain] */
typedef struct losses {
    nn_tensor *masked, *next;
    int right; /* answers to whether b follows, of BATCH */
} losses;

static losses read_pairs(const bert *b, const corpus *text)
{
    int id[BATCH * TWO], target[BATCH * TWO], follows[BATCH];
    for (int i = 0; i < BATCH; i++) follows[i] = pair(b->nn, text, id + i * TWO);
    hide(b->nn, id, target, BATCH * TWO);
    nn_tensor *h = encode(b, id, BATCH, TWO);
    nn_tensor *next = nn_linear_forward(&b->next, summary(b, h, TWO));
    const losses l = {nn_cross_entropy(nn_linear_forward(&b->masked, h), target),
                      nn_cross_entropy(next, follows), nn_count_correct(next, follows)};
    return l;
}

static void learn(const bert *b, nn_optimizer *opt, nn_tensor *loss, nn_real lr, int s, int steps)
{
    nn_zero_grad(b->model);
    nn_backward(loss);
    nn_clip_grad_norm(b->model, 1);
    opt->lr = nn_linear_lr(nn_cosine_annealing_lr(lr, 0, steps, s), 0, steps / 10, s);
    nn_step(opt);
}

/* Gives the loss of what is hidden in `held`, of which nothing is learned. */
static double pretrain(const bert *b, const corpus *learned, const corpus *held, int steps)
{
    nn_ctx *nn = b->nn;
    nn_optimizer *opt = nn_adamw(b->model, 3e-3f, 0.01f);
    const int every = (steps + 4) / 5, tests = 16;
    double sum = 0, loss = 0;
    printf(" step  learned  held out: hidden  follows, %% right\n");
    for (int s = 1; s <= steps && nn_ok(nn); s++) {
        nn_clear(nn);
        losses l = read_pairs(b, learned);
        sum += (double)nn_item(l.masked) / every;
        learn(b, opt, nn_add(l.masked, l.next), 3e-3f, s, steps);
        if (s % every) continue;
        int right = 0;
        loss = 0;
        nn_set_grad_enabled(nn, 0);
        for (int k = 0; k < tests; k++) {
            nn_clear(nn);
            l = read_pairs(b, held);
            loss += (double)nn_item(l.masked) / tests, right += l.right;
        }
        nn_set_grad_enabled(nn, 1);
        printf("%5d %8.3f %17.3f %17.1f\n", s, sum, loss, 100.0 * right / BATCH / tests);
        fflush(stdout);
        sum = 0;
    }
    return loss;
}
/* [/pretrain] */

/* [tune] */
typedef struct pieces {
    int id[PIECES * ONE], language[PIECES], n;
} pieces;

static void add_piece(pieces *p, const int *text, int language)
{
    int *id = p->id + p->n * ONE;
    id[0] = CLS, id[ONE - 1] = SEP;
    memcpy(id + 1, text, PIECE * sizeof *id);
    p->language[p->n++] = language;
}

/* Everything goes on learning, with a new last layer. Gives the % right of `test`. */
static double tune(const bert *b, const pieces *labeled, const pieces *test, int steps)
{
    nn_ctx *nn = b->nn;
    const nn_linear out = nn_linear_new(b->model, "language", DIM, C);
    nn_optimizer *opt = nn_adamw(b->model, 1e-3f, 0.01f);
    for (int s = 1; s <= steps && nn_ok(nn); s++) {
        int id[BATCH * ONE], language[BATCH];
        for (int i = 0; i < BATCH; i++) {
            const int k = nn_randint(nn, 0, labeled->n);
            memcpy(id + i * ONE, labeled->id + k * ONE, ONE * sizeof *id);
            language[i] = labeled->language[k];
        }
        nn_clear(nn);
        nn_tensor *h = summary(b, encode(b, id, BATCH, ONE), ONE);
        learn(b, opt, nn_cross_entropy(nn_linear_forward(&out, h), language), 1e-3f, s, steps);
    }
    nn_clear(nn);
    nn_set_grad_enabled(nn, 0);
    nn_tensor *h = summary(b, encode(b, test->id, test->n, ONE), ONE);
    const int right = nn_count_correct(nn_linear_forward(&out, h), test->language);
    nn_set_grad_enabled(nn, 1);
    return 100.0 * right / test->n;
}
/* [/tune] */

/* ---- texts ---- */

typedef struct text { /* that of language k ends at end[k] */
    char bytes[120000];
    int size, end[C];
} text;

/* The first SENTENCES of each language into part[0], the others into part[1], without its name. */
static int read_languages(const nn_text *file, text *part)
{
    int languages = 0, number = 0;
    const char *name = "";
    for (const char *line = file->bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (strncmp(line, name, 3) != 0) name = line, languages++, number = 0;
        if (languages > C) break;
        text *p = &part[number++ >= SENTENCES];
        const int length = (int)(end - line) + 1 - 4;
        if (p->size + length > (int)sizeof p->bytes) break;
        memcpy(p->bytes + p->size, line + 4, (size_t)length);
        p->end[languages - 1] = p->size += length;
    }
    return languages;
}

static corpus corpus_new(const nn_bpe *bpe, const char *bytes, int size)
{
    corpus c = {NULL, 0};
    c.id = nn_bpe_encode(bpe, bytes, (size_t)size, &c.size);
    return c;
}

/* The loss of guessing without looking: by how often each token is there, plus 1. */
static double frequency_loss(const corpus *learned, const corpus *held)
{
    double times[TOKENS], sum = 0;
    for (int i = 0; i < TOKENS; i++) times[i] = 1;
    for (int i = 0; i < learned->size; i++) times[learned->id[i]]++;
    for (int i = 0; i < held->size; i++)
        sum -= log(times[held->id[i]] / (learned->size + TOKENS));
    return sum / held->size;
}

static void print_token(const nn_bpe *bpe, int id)
{
    static const char *const name[ALL_TOKENS - TOKENS] = {"[CLS]", "[SEP]", "[MASK]"};
    if (id >= TOKENS) printf("%s", name[id - TOKENS]);
    else
        for (const char *c = nn_bpe_decode(bpe, &id, 1).bytes; *c; c++)
            putchar(*c == '\n' ? '/' : *c < ' ' || *c > '~' ? '?' : *c);
}

/* [fill] */
static void fill_in(const bert *b, const nn_bpe *bpe, const corpus *held)
{
    nn_set_grad_enabled(b->nn, 0);
    printf("\n== gaps in what was held out: what was there, what is guessed\n");
    for (int k = 0; k < 8; k++) {
        int id[TWO], guess[TWO];
        pair(b->nn, held, id);
        const int gap = 1 + PIECE / 2, hidden = id[gap];
        id[gap] = MASK;
        nn_clear(b->nn);
        nn_tensor *p = nn_softmax(nn_linear_forward(&b->masked, encode(b, id, 1, TWO)));
        nn_argmax(p, guess);
        for (int i = 1; i <= PIECE; i++) print_token(bpe, id[i]);
        printf("\n    \"");
        print_token(bpe, hidden);
        printf("\", \"");
        print_token(bpe, guess[gap]);
        printf("\" with probability %.2f\n", (double)p->data[gap * TOKENS + guess[gap]]);
    }
    nn_set_grad_enabled(b->nn, 1);
}
/* [/fill] */

/* ---- the three programs ---- */

static int long_run(nn_ctx *nn, const nn_bpe *bpe, text *part, const corpus *c, int seeds)
{
    static pieces labeled, test;
    double worst = 100;
    for (int s = 1; s <= seeds && nn_ok(nn); s++) {
        nn_seed(nn, (uint64_t)s);
        labeled.n = test.n = 0;
        for (int l = 0; l < C; l++)
            for (int k = 0; k < 2; k++) { /* labelled: pieces that may be learned; others */
                const int begin = l ? part[k].end[l - 1] : 0;
                const corpus of = corpus_new(bpe, part[k].bytes + begin, part[k].end[l] - begin);
                for (int i = 0; k == 0 && i < LABELS; i++)
                    add_piece(&labeled, of.id + nn_randint(nn, 0, of.size - PIECE + 1), l);
                for (int i = 0; k == 1 && i + PIECE <= of.size && test.n < PIECES; i += PIECE)
                    add_piece(&test, of.id + i, l);
            }
        const bert anew = bert_new(nn);
        const double from_scratch = tune(&anew, &labeled, &test, 200);
        const bert b = bert_new(nn);
        printf("== seed %d\n", s);
        pretrain(&b, &c[0], &c[1], 3000);
        const double tuned = tune(&b, &labeled, &test, 200);
        printf("%d labels, %d other pieces: %% right anew %.1f, pre-trained %.1f\n\n", labeled.n,
               test.n, from_scratch, tuned);
        if (tuned - from_scratch < worst) worst = tuned - from_scratch;
    }
    printf("expected: pre-trained at least 15 of 100 more right, with every seed: yes\n");
    printf("got:      %s, at least %.1f\n", worst >= 15 ? "yes" : "no", worst);
    return worst >= 15;
}

/* How a pair looks, what is selected of many; then a few steps. */
static int short_run(nn_ctx *nn, const nn_bpe *bpe, const corpus *c)
{
    int id[TWO], target[TWO], tokens = 0, guess = 0, masked = 0, same = 0, follows = 0;
    printf("\n== two pairs, and what is to be guessed\n");
    for (int k = 0; k < 2; k++) {
        const corpus first = {c[0].id, 2000};
        const int next = pair(nn, &first, id);
        hide(nn, id, target, TWO);
        for (int i = 0; i < TWO; i++) print_token(bpe, id[i]);
        printf("\n    %s:", next ? "follows" : "any piece");
        for (int i = 0; i < TWO; i++)
            if (target[i] >= 0) printf(" \""), print_token(bpe, target[i]), printf("\"");
        printf("\n");
    }
    for (int k = 0; k < 2000; k++) {
        int before[TWO];
        follows += pair(nn, &c[0], id);
        memcpy(before, id, sizeof id);
        hide(nn, id, target, TWO);
        for (int i = 0; i < TWO; i++) {
            tokens += before[i] < TOKENS, guess += target[i] >= 0, masked += id[i] == MASK;
            same += target[i] >= 0 && id[i] == before[i];
        }
    }
    const double part = 100.0 * guess / tokens, hidden = 100.0 * masked / guess;
    printf("\n== of 2000 pairs\nb follows a         %5.1f %%\ntokens to be guessed %4.1f %%\n"
           "  of them [MASK]    %5.1f %%\n  as they were      %5.1f %%\n\n== pre-training\n",
           100.0 * follows / 2000, part, hidden, 100.0 * same / guess);
    const bert b = bert_new(nn);
    const double loss = pretrain(&b, &c[0], &c[1], 60), all = log((double)TOKENS);
    const int ok = loss < all - 0.5 && part > 14 && part < 16 && hidden > 77 && hidden < 83;
    printf("\nexpected: 15 %% to be guessed, 80 %% of them hidden; better guesses than among %d\n"
           "          equally likely tokens (%.3f): yes\n", TOKENS, all);
    printf("got:      %s, %.3f\n", ok ? "yes" : "no", loss);
    return ok;
}

int main(int argc, char **argv)
{
    const int number = argc > 2 ? atoi(argv[2]) : 0; /* of seeds or steps */
    const int is_long = argc > 1 && !strcmp(argv[1], "long"), own = argc > 1 && !is_long;
    nn_ctx *nn = nn_create(1);
    static text part[2];
    const nn_text file = nn_text_load(nn, own ? argv[1] : "examples/data/udhr_langid.tsv");
    if (!nn_ok(nn) || file.size < 20000 || (!own && read_languages(&file, part) != C)) {
        if (nn_ok(nn)) printf("less than 20000 bytes, or ten languages, are too few\n");
        return nn_destroy(nn), 1;
    }
    const char *bytes[2] = {part[0].bytes, part[1].bytes};
    int size[2] = {part[0].size, part[1].size};
    if (own) { /* the last tenth is held out */
        size[0] = (int)(file.size / 10 * 9), size[1] = (int)file.size - size[0];
        bytes[0] = file.bytes, bytes[1] = file.bytes + size[0];
    }
    const nn_bpe bpe = nn_bpe_train(nn, bytes[0], (size_t)size[0], TOKENS);
    const corpus c[2] = {corpus_new(&bpe, bytes[0], size[0]), corpus_new(&bpe, bytes[1], size[1])};
    if (!nn_ok(nn)) return nn_destroy(nn), 1;
    const double frequent = frequency_loss(&c[0], &c[1]);
    printf("== %d bytes are %d tokens of %d kinds; and %d that are held out\n"
           "a guess that knows how frequent each token is: %.3f nats\n", size[0], c[0].size, bpe.n,
           c[1].size, frequent);
    int ok;
    if (own) {
        const bert b = bert_new(nn);
        const double loss = pretrain(&b, &c[0], &c[1], number >= 10 ? number : 4000);
        fill_in(&b, &bpe, &c[1]);
        printf("\nexpected: less than %.3f\ngot:      %.3f\n", frequent, loss);
        ok = loss < frequent;
    } else if (is_long) ok = long_run(nn, &bpe, part, c, number > 0 ? number : 5);
    else ok = short_run(nn, &bpe, c);
    ok = ok && nn_ok(nn);
    nn_destroy(nn);
    return !ok;
}
