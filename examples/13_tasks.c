/* One to many, many to one, many to many in step and not in step: four toy tasks for a recurrent
 * network and the few lines in which they differ. 2 to 4 are tested with what was not learned.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { UNITS = 64, BATCH = 32, LONGEST = 12 };
static const nn_real rate = 0.003f;
static const char letters[] = ".efghinorstuvwxz"; /* 0 is the end */
static const char *const digit[10] = {"zero", "one", "two",   "three", "four",
                                      "five", "six", "seven", "eight", "nine"};

typedef struct network {
    nn_embedding in, before; /* of what is read; of what was written last */
    nn_rnn reader, writer;
    nn_linear out;
    nn_optimizer *opt;
} network;

static network network_new(nn_ctx *nn, int in, int out, int bidirectional)
{
    nn_model *m = nn_model_new(nn);
    const nn_rnn_options o = {.bidirectional = bidirectional};
    network net = {nn_embedding_new(m, "in", in, UNITS), nn_embedding_new(m, "before", out, UNITS),
                   nn_rnn_new_with(m, "reader", UNITS, UNITS, o),
                   nn_rnn_new(m, "writer", UNITS, UNITS),
                   nn_linear_new(m, "out", UNITS * (1 + bidirectional), out), NULL};
    net.opt = nn_adam(m, rate);
    return net;
}

static void learn(network *net, nn_tensor *loss)
{
    nn_zero_grad(net->opt->model);
    nn_backward(loss);
    nn_clip_grad_norm(net->opt->model, 1);
    nn_step(net->opt);
}

/* [reader] */
/* n sequences of `time` words at most; id [n, time] -> all states, and the last ones */
static nn_rnn_result reads(const network *net, const int *id, const int *length, int n, int time)
{
    nn_tensor *x = nn_embedding_forward(&net->in, id, n * time);
    return nn_rnn_forward(&net->reader, nn_reshape(x, nn_shape3(n, time, UNITS)), NULL, length);
}
/* [/reader] */

/* [writer] */
/* From a state h [1, n, UNITS] the scores of each next sign, if it has written target [n, time] so
 * far, -1 behind the end, and nothing at first: [n time, signs]. */
static nn_tensor *writes(const network *net, nn_tensor *h, const int *target, int n, int time)
{
    int before[BATCH * LONGEST];
    for (int i = 0; i < n * time; i++) before[i] = i % time ? target[i - 1] : 0;
    nn_tensor *x = nn_embedding_forward(&net->before, before, n * time);
    x = nn_reshape(x, nn_shape3(n, time, UNITS));
    nn_tensor *y = nn_rnn_forward(&net->writer, x, h, NULL).output; /* [n, time, UNITS] */
    return nn_linear_forward(&net->out, nn_reshape(y, nn_shape2(n * time, UNITS)));
}

/* From h [1, 1, UNITS], each time the likeliest sign, until that is 0. How many; text [LONGEST]. */
static int generate(const network *net, nn_tensor *h, int *text)
{
    for (int t = 0, before = 0; t < LONGEST; before = text[t++]) {
        nn_tensor *x = nn_embedding_forward(&net->before, &before, 1);
        h = nn_rnn_forward(&net->writer, nn_reshape(x, nn_shape3(1, 1, UNITS)), h, NULL).h;
        nn_argmax(nn_linear_forward(&net->out, nn_reshape(h, nn_shape2(1, UNITS))), &text[t]);
        if (text[t] == 0) return t;
    }
    return LONGEST;
}
/* [/writer] */

/* [one-to-many] */
/* 1. One to many: a digit becomes the first state of what writes its name. */
static double one_to_many(nn_ctx *nn)
{
    network net = network_new(nn, 10, (int)sizeof letters - 1, 0);
    int target[10 * 6], all[10], right = 0;
    for (int i = 0; i < 10; i++) all[i] = i;
    for (int i = 0; i < 60; i++) {
        const int length = (int)strlen(digit[i / 6]), t = i % 6;
        target[i] = t < length ? (int)(strchr(letters, digit[i / 6][t]) - letters)
                               : t == length ? 0 : -1;
    }
    for (int step = 0; step < 200; step++) {
        nn_clear(nn);
        nn_tensor *h = nn_reshape(nn_embedding_forward(&net.in, all, 10), nn_shape3(1, 10, UNITS));
        learn(&net, nn_cross_entropy(writes(&net, h, target, 10, 6), target));
    }
    printf("== one to many: digit, its name\n");
    for (int i = 0; i < 10; i++) {
        int text[LONGEST];
        nn_clear(nn);
        nn_tensor *h = nn_reshape(nn_embedding_forward(&net.in, &i, 1), nn_shape3(1, 1, UNITS));
        const int n = generate(&net, h, text);
        char name[LONGEST + 1] = "";
        for (int t = 0; t < n; t++) name[t] = letters[text[t]];
        right += strcmp(name, digit[i]) == 0;
        printf("%d %s%s", i, name, i < 9 ? ", " : "\n");
    }
    return 10.0 * right;
}
/* [/one-to-many] */

/* 2. Many to one: is the opinion good? A "not" turns the next good or bad round, however far. */
static int opinion(nn_ctx *nn, int *id, int *length, int time) /* -> the label */
{
    enum { GOOD, BAD, NOT, OTHERS = 3, WORDS = 8 };
    int sum = 0, sign = 1;
    *length = nn_randint(nn, 3, time + 1);
    for (int t = 0; t < *length; t++) {
        id[t] = nn_randint(nn, 0, WORDS);
        if (id[t] == NOT) sign = -1;
        if (id[t] < NOT) sum += id[t] == GOOD ? sign : -sign, sign = 1;
    }
    return sum == 0 ? opinion(nn, id, length, time) : sum > 0;
}

/* [many-to-one] */
static double many_to_one(nn_ctx *nn)
{
    network net = network_new(nn, 8, 2, 0);
    int id[BATCH * LONGEST] = {0}, length[BATCH], label[BATCH], right = 0;
    for (int step = 0; step < 650; step++) {
        for (int i = 0; i < BATCH; i++)
            label[i] = opinion(nn, id + i * LONGEST, &length[i], LONGEST);
        nn_clear(nn);
        nn_tensor *h = reads(&net, id, length, BATCH, LONGEST).h;
        nn_tensor *z = nn_linear_forward(&net.out, nn_reshape(h, nn_shape2(BATCH, UNITS)));
        if (step < 600) learn(&net, nn_cross_entropy(z, label));
        else right += nn_count_correct(z, label);
    }
    return 100.0 * right / (50 * BATCH);
}
/* [/many-to-one] */

/* 3. Many to many, in step: the kind of each word. In "we can the fish" the "can" is a verb, in "we
 * can see the fish" an auxiliary: only the words behind it tell. */
enum { CAN, FISH, SEE, WE, THEY, THE, A, SHIP, WORDS };
enum { AUXILIARY, VERB, PRONOUN, ARTICLE, NOUN, KINDS };
enum { SENTENCES = 2 * 2 * 3 * 2 * 3 };

static int sentence(int k, int *id, int *kind) /* the k-th of 72; how many words */
{
    static const int noun[3] = {CAN, FISH, SHIP};
    const int auxiliary = k / 2 % 2;
    const int word[5] = {WE + k % 2, CAN, CAN + k / 4 % 3, THE + k / 12 % 2, noun[k / 24]};
    static const int kinds[5] = {PRONOUN, AUXILIARY, VERB, ARTICLE, NOUN};
    int n = 0;
    for (int t = 0; t < 5; t++)
        if (t != 1 || auxiliary) id[n] = word[t], kind[n++] = kinds[t];
    if (n == 4) id[n] = kind[n] = -1;
    return n;
}

/* [in-step] */
static double in_step(nn_ctx *nn, int bidirectional) /* in %: sentences without a mistake */
{
    network net = network_new(nn, WORDS, KINDS, bidirectional);
    int order[SENTENCES], id[SENTENCES * 5], kind[SENTENCES * 5], length[SENTENCES], said[5];
    nn_randperm(nn, order, SENTENCES);
    for (int i = 0; i < SENTENCES; i++) length[i] = sentence(order[i], id + 5 * i, kind + 5 * i);
    const int n = SENTENCES / 2;
    for (int step = 0; step < 100; step++) {
        nn_clear(nn);
        nn_tensor *y = nn_linear_forward(&net.out, reads(&net, id, length, n, 5).output);
        learn(&net, nn_cross_entropy(nn_reshape(y, nn_shape2(5 * n, KINDS)), kind));
    }
    int right = 0;
    for (int i = n; i < SENTENCES; i++) { /* the other half */
        nn_clear(nn);
        nn_tensor *y = reads(&net, id + 5 * i, NULL, 1, length[i]).output;
        nn_argmax(nn_linear_forward(&net.out, y), said);
        right += memcmp(said, kind + 5 * i, (size_t)length[i] * sizeof *said) == 0;
    }
    return 100.0 * right / (SENTENCES - n);
}
/* [/in-step] */

/* 4. Many to many, not in step: digits are read, words are written. */
static const char *const word[] = {
    "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred"};

static int in_words(int number, int words[5]) /* 1..999; 0 is the end, -1 behind it; how many */
{
    int n = 0;
    if (number >= 100) words[n++] = number / 100, words[n++] = 28;
    if (number % 100 >= 20) words[n++] = 18 + number % 100 / 10, number %= 10;
    if (number % 100 > 0) words[n++] = number % 100;
    for (int t = n; t < 5; t++) words[t] = t == n ? 0 : -1;
    return n;
}

static int in_digits(int number, int digits[3]) /* how many */
{
    const int n = number > 99 ? 3 : number > 9 ? 2 : 1;
    for (int t = n - 1; t >= 0; t--, number /= 10) digits[t] = number % 10;
    return n;
}

/* [not-in-step] */
static double not_in_step(nn_ctx *nn)
{
    network net = network_new(nn, 10, 29, 0);
    int order[999], target[BATCH * 5], id[BATCH * 3] = {0}, length[BATCH], right = 0;
    nn_randperm(nn, order, 999);
    const int steps = 2500;
    for (int step = 0; step < steps; step++) {
        for (int i = 0; i < BATCH; i++) {
            const int number = 1 + order[nn_randint(nn, 200, 999)];
            in_words(number, target + 5 * i);
            length[i] = in_digits(number, id + 3 * i);
        }
        nn_clear(nn);
        nn_tensor *h = reads(&net, id, length, BATCH, 3).h;
        net.opt->lr = nn_cosine_annealing_lr(rate, 0, steps, step);
        learn(&net, nn_cross_entropy(writes(&net, h, target, BATCH, 5), target));
    }
    printf("\n== many to many, not in step: numbers that it did not learn\n");
    for (int k = 0; k < 200; k++) {
        int said[LONGEST];
        nn_clear(nn);
        length[0] = in_digits(1 + order[k], id);
        const int n = generate(&net, reads(&net, id, NULL, 1, length[0]).h, said);
        right += n == in_words(1 + order[k], target) &&
                 memcmp(said, target, (size_t)n * sizeof *said) == 0;
        if (k < 4) {
            printf("%3d", 1 + order[k]);
            for (int t = 0; t < n; t++) printf(" %s", word[said[t]]);
            printf("\n");
        }
    }
    printf("right: %.1f %% of 200\n", right / 2.0);
    return right / 2.0;
}
/* [/not-in-step] */

int main(int argc, char **argv) /* 13_tasks [SEED] */
{
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 13);
    const double names = one_to_many(nn), opinions = many_to_one(nn);
    printf("\n== many to one: good or bad, new sentences\nright: %.1f %%\n", opinions);
    const double forward = in_step(nn, 0), both = in_step(nn, 1);
    printf("\n== many to many, in step: new sentences in which each word's kind is right\n");
    printf("from left to right: %.0f %%\nin both directions: %.0f %%\n", forward, both);
    const double numbers = not_in_step(nn);

    const int good = names == 100 && opinions > 95 && both > 95 && both > forward && numbers > 80;
    printf("\nexpected: all four are learned, the third in both directions only: yes\n");
    printf("got:      %s\n", good ? "yes" : "no");
    const int ok = nn_ok(nn) && good;
    nn_destroy(nn);
    return !ok;
}
