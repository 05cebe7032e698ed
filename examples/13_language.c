/* Many to one: which of ten languages is a sentence in? A recurrent network reads it byte by
 * byte and knows of no words or letters. Sentences have different lengths, within a batch, too.
 *
 *     13_language             learns 4 of 5 sentences, answers for the others
 *     13_language TEXT        and for this one
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { BYTES = 256, DIM = 16, UNITS = 32, BATCH = 16, PART = 40, EPOCHS = 40, MAX = 1000, C = 10 };

typedef struct sentence {
    const char *bytes;
    int length, language;
} sentence;

/* Lines such as "eng", a tab, a sentence; those of a language stand together. name[C]: where a line
 * with its name is. Gives how many sentences. */
static int read_sentences(const nn_text *file, sentence *s, const char **name)
{
    int n = 0, languages = 0;
    for (const char *line = file->bytes, *end; n < MAX && (end = strchr(line, '\n')) != NULL;
         line = end + 1) {
        if (!languages || strncmp(line, name[languages - 1], 3) != 0) {
            if (languages == C) break;
            name[languages++] = line;
        }
        s[n++] = (sentence){line + 4, (int)(end - line - 4), languages - 1};
    }
    return n;
}

/* [network] */
typedef struct network {
    nn_embedding embedding; /* a vector for each of the 256 bytes */
    nn_rnn rnn;
    nn_linear out;
    int mean; /* 1: it answers from the mean of all states, 0: from the last one */
} network;

static nn_tensor *forward(const network *net, const sentence *s, int n) /* -> logits [n, C] */
{
    int length[BATCH], longest = 0, id[BATCH * MAX];
    for (int i = 0; i < n; i++) {
        length[i] = s[i].length < MAX ? s[i].length : MAX;
        if (length[i] > longest) longest = length[i];
    }
    for (int i = 0; i < n; i++)
        for (int t = 0; t < longest; t++) /* -1 fills up; the network does not look at it */
            id[i * longest + t] = t < length[i] ? (unsigned char)s[i].bytes[t] : -1;
    nn_tensor *x = nn_embedding_forward(&net->embedding, id, n * longest);
    x = nn_reshape(x, nn_shape3(n, longest, DIM));
    const nn_rnn_result r = nn_rnn_forward(&net->rnn, x, NULL, length);
    nn_tensor *state = r.h; /* [1, n, UNITS] */
    if (net->mean) {        /* behind its end the states of a sentence are 0 */
        nn_tensor *share = nn_full(x->ctx, nn_shape3(n, 1, 1), 0);
        for (int i = 0; i < n; i++) share->data[i] = 1 / (nn_real)length[i];
        state = nn_mul(nn_sum_axis(r.output, 1), share); /* [n, 1, UNITS] */
    }
    return nn_linear_forward(&net->out, nn_reshape(state, nn_shape2(n, UNITS)));
}
/* [/network] */

static network learn(nn_ctx *nn, const sentence *s, int n, int mean)
{
    nn_model *model = nn_model_new(nn);
    const network net = {nn_embedding_new(model, "embedding", BYTES, DIM),
                         nn_rnn_new(model, "rnn", DIM, UNITS),
                         nn_linear_new(model, "out", UNITS, C), mean};
    nn_optimizer *opt = nn_adam(model, 0.01f);
    const long steps = EPOCHS * ((n + BATCH - 1) / BATCH);
    int order[MAX], label[BATCH];
    nn_randperm(nn, order, n);
    for (int epoch = 0; epoch < EPOCHS; epoch++, nn_shuffle(nn, order, n))
        for (int b = 0; b < n; b += BATCH) {
            const int size = n - b < BATCH ? n - b : BATCH;
            sentence part[BATCH]; /* 40 bytes from anywhere: quicker, and not always the same */
            for (int i = 0; i < size; i++) {
                part[i] = s[order[b + i]];
                label[i] = part[i].language;
                if (part[i].length <= PART) continue;
                part[i].bytes += nn_randint(nn, 0, part[i].length - PART + 1);
                part[i].length = PART;
            }
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(forward(&net, part, size), label));
            nn_clip_grad_norm(model, 1);
            opt->lr = nn_cosine_annealing_lr(0.01f, 0, steps, opt->step);
            nn_step(opt);
        }
    return net;
}

/* In %, if it reads at most so many bytes of each. */
static double accuracy(nn_ctx *nn, const network *net, const sentence *s, int n, int bytes)
{
    int right = 0;
    for (int i = 0; i < n; i++) {
        sentence begin = s[i];
        if (begin.length > bytes) begin.length = bytes;
        nn_clear(nn);
        right += nn_count_correct(forward(net, &begin, 1), &begin.language);
    }
    return 100.0 * right / n;
}

int main(int argc, char **argv)
{
    static const int bytes[5] = {5, 10, 20, 40, MAX};
    nn_ctx *nn = nn_create(13);
    const nn_text file = nn_text_load(nn, "examples/data/udhr_langid.tsv");
    const char *name[C];
    sentence line[MAX], s[MAX];
    int order[MAX];
    const int n = nn_ok(nn) ? read_sentences(&file, line, name) : 0, test = n / 5;
    if (test == 0) return nn_destroy(nn), 1;
    nn_randperm(nn, order, n);
    for (int i = 0; i < n; i++) s[i] = line[order[i]];
    const network last = learn(nn, s + test, n - test, 0);
    const network mean = learn(nn, s + test, n - test, 1);

    nn_set_grad_enabled(nn, 0);
    printf("== %d sentences to learn from, %d others: %% right\nbytes read  last state  mean\n",
           n - test, test);
    double right = 0;
    for (int k = 0; k < 5; k++) {
        right = accuracy(nn, &mean, s, test, bytes[k]);
        if (bytes[k] < MAX) printf("%10d", bytes[k]);
        else printf("%10s", "all");
        printf(" %11.1f %5.1f\n", accuracy(nn, &last, s, test, bytes[k]), right);
    }
    for (int a = 1, said; a < argc; a++) {
        const sentence yours = {argv[a], (int)strlen(argv[a]), 0};
        if (yours.length == 0) continue;
        nn_clear(nn);
        nn_argmax(forward(&mean, &yours, 1), &said);
        printf("\n%.3s: %s\n", name[said], argv[a]);
    }
    printf("\nexpected: from the mean, at least 90 %% of new sentences right: yes\n");
    printf("got:      %s\n", right >= 90 ? "yes" : "no");
    const int ok = nn_ok(nn) && right >= 90;
    nn_destroy(nn);
    return !ok;
}
