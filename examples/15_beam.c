/* The most likely sentence is not made of the most likely words. A model whose probabilities stand
 * in a table writes greedily, by beam search, and by trying all sentences that there are. And the
 * most likely one is not the best: it is short, here empty (Stahlberg and Byrne 2019, arXiv
 * 1908.10090), until log p is divided by a power of the length (Wu et al. 2016, arXiv 1609.08144).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { BEGIN, END, THE, A, CAT, DOG, BIRD, SLEEPS, BARKS, SINGS, LOUDLY, WORDS };
enum { LONGEST = 6, BEAMS = 4, ROOM = 64 };

static const char *const word[WORDS] = {"<s>", "</s>", "the", "a", "cat", "dog", "bird", "sleeps",
                                        "barks", "sings", "loudly"};
/* [table] */
static const double after[WORDS][WORDS] = { /* the probability of a word after another */
    [BEGIN] = {[THE] = 0.45, [A] = 0.40, [END] = 0.15},
    [THE] = {[CAT] = 0.40, [BIRD] = 0.35, [DOG] = 0.25},
    [A] = {[DOG] = 0.90, [CAT] = 0.10},
    [CAT] = {[SLEEPS] = 0.70, [END] = 0.30},
    [DOG] = {[BARKS] = 0.60, [END] = 0.40},
    [BIRD] = {[SINGS] = 0.60, [SLEEPS] = 0.40},
    [SLEEPS] = {[END] = 1},
    [BARKS] = {[LOUDLY] = 0.45, [END] = 0.55},
    [SINGS] = {[LOUDLY] = 0.20, [END] = 0.80},
    [LOUDLY] = {[END] = 1},
};

static double probability(const int *text, int length) /* text[0] is BEGIN */
{
    double p = 1;
    for (int t = 1; t < length; t++) p *= after[text[t - 1]][text[t]];
    return p;
}
/* [/table] */

/* [model] */
typedef struct search { /* the hypotheses that the model was asked about */
    int text[ROOM][LONGEST], length[ROOM], asked;
} search;

/* The model, as nn_generate asks it: the logits after each of n hypotheses. A network would compute
 * them from all tokens; the table needs the last one. Nothing is kept that has to follow `from`. */
static int ask(void *user, int n, int length, const int *tokens, const int *from, nn_real *logits)
{
    search *s = user;
    (void)from;
    for (int i = 0; i < n; i++, s->asked++, tokens += length) {
        if (s->asked == ROOM) return 0;
        memcpy(s->text[s->asked], tokens, (size_t)length * sizeof *tokens);
        s->length[s->asked] = length;
        for (int j = 0; j < WORDS; j++) /* log 0 = -infinity: never */
            logits[i * WORDS + j] = (nn_real)log(after[tokens[length - 1]][j]);
    }
    return 1;
}

static search generate(nn_ctx *nn, int beams, double alpha, int *text, int *length, double *log_p)
{
    search s = {.asked = 0};
    const int prompt = BEGIN;
    const nn_generate_options o = {.vocabulary = WORDS, .prompt = &prompt, .prompt_length = 1,
                                   .end = END, .max_length = LONGEST, .beams = beams,
                                   .length_penalty = (nn_real)alpha};
    *length = nn_generate(nn, ask, &s, o, text, log_p);
    return s;
}
/* [/model] */

/* [all] */
/* All sentences that begin with text: how many; the one with the best score goes into best. */
static int try_all(int *text, int length, double alpha, int *best, double *best_score)
{
    int sentences = 0;
    for (int j = 0; j < WORDS; j++) {
        text[length] = j;
        const double p = probability(text, length + 1);
        if (p > 0 && j != END) sentences += try_all(text, length + 1, alpha, best, best_score);
        if (p == 0 || j != END) continue;
        const double score = log(p) / pow(length, alpha); /* so many tokens after BEGIN */
        if (score > *best_score) {
            *best_score = score;
            memcpy(best, text, (size_t)(length + 1) * sizeof *text);
        }
        sentences++;
    }
    return sentences;
}
/* [/all] */

static void print_text(const int *text) /* up to its end */
{
    for (int t = 1; text[t - 1] != END; t++) printf(" %s", word[text[t]]);
    printf("\n");
}

/* How many of the search's steps to a text of this length were likelier than this one. */
static int likelier(const search *s, const int *text, int length)
{
    int count = 0;
    for (int i = 0; i < s->asked; i++)
        for (int j = 0; s->length[i] == length - 1 && j < WORDS; j++)
            count += probability(s->text[i], length - 1) * after[s->text[i][length - 2]][j] >
                     probability(text, length);
    return count;
}

static void print_tree(const search *s, int beams, int *text, int length) /* what comes after it */
{
    for (int j = 0; j < WORDS; j++) {
        text[length] = j;
        if (after[text[length - 1]][j] == 0) continue;
        int goes_on = 0;
        for (int i = 0; i < s->asked; i++)
            goes_on |= s->length[i] == length + 1 &&
                       !memcmp(s->text[i], text, (size_t)(length + 1) * sizeof *text);
        const int over = j == END && likelier(s, text, length + 1) < beams;
        printf("%*s%-*s%.3f%s\n", 3 * length, "", 24 - 3 * length, word[j],
               probability(text, length + 1), goes_on ? "" : over ? "  ended" : "  dropped");
        if (goes_on) print_tree(s, beams, text, length + 1);
    }
}

int main(void)
{
    nn_ctx *nn = nn_create(15);
    int text[LONGEST], best[LONGEST], length, enough[2] = {1, 1};
    double log_p;
    const search two = generate(nn, 2, 0, text, &length, &log_p);
    printf("== the tree of 2 beams: a word, the probability of all from <s> to it\n<s>\n");
    print_tree(&two, 2, text, 1); /* text[0] is BEGIN */

    for (int alpha = 0; alpha < 2; alpha++) {
        double best_score = -HUGE_VAL;
        const int n = try_all(text, 1, alpha, best, &best_score);
        printf("\n== the best by log p%s\nbeams      p   score  asked\n",
               alpha ? " / length" : ", no penalty");
        for (int beams = 1; beams <= BEAMS; beams++) {
            const int asked = generate(nn, beams, alpha, text, &length, &log_p).asked;
            const double score = log_p / pow(length - 1, alpha);
            printf("%5d  %.3f  %6.3f  %5d  ", beams, exp(log_p), score, asked);
            print_text(text);
            if (score < best_score - 1e-6) enough[alpha] = beams + 1;
        }
        printf("the best of all %d sentences:", n);
        print_text(best);
    }
    const int good = nn_ok(nn) && enough[0] == 3 && enough[1] == 2;
    printf("\nexpected: 3 beams find the likeliest of all sentences, 2 the best by length: yes\n");
    printf("got:      %s\n", good ? "yes" : "no");
    nn_destroy(nn);
    return !good;
}
