/* How good is a translation, a summary, a language model? BLEU and ROUGE compare words with what
 * people wrote; perplexity asks how surprised the model is by a text. None of them reads.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static nn_vocab vocabulary;

static nn_tokens words(const char *text)
{
    nn_tokens t;
    t.id = nn_vocab_encode(&vocabulary, text, strlen(text), &t.n);
    return t;
}

/* [bleu] */
static double print_bleu(const char *candidate, const nn_tokens *reference, int references)
{
    nn_bleu b = {{0}, {0}, 0, 0};
    nn_bleu_add(&b, words(candidate), reference, references);
    const double smoothed = nn_bleu_score(&b, NN_BLEU_ORDER, NN_BLEU_ADD_ONE);
    printf("%-34s", candidate);
    for (int k = 0; k < NN_BLEU_ORDER; k++) printf("  %.0f/%.0f", b.match[k], b.total[k]);
    printf("  %5.3f  %5.3f\n", nn_bleu_score(&b, NN_BLEU_ORDER, NN_BLEU_PLAIN), smoothed);
    return b.match[0] / b.total[0];
}
/* [/bleu] */

int main(void)
{
    static const char all[] = "the cat is on the mat . there is a cat on the mat . a dog sat there "
                              "down police killed kill gunman now here";
    nn_ctx *nn = nn_create(16);
    vocabulary = nn_vocab_new(nn, NN_LOWER_WORDS, all, strlen(all), 0);
    if (!nn_ok(nn)) return 1;

    const nn_tokens cat[2] = {words("The cat is on the mat."), words("There is a cat on the mat.")};
    printf("== n-grams that match, of 1, 2, 3, 4 words\n");
    printf("references: The cat is on the mat. There is a cat on the mat.\n"
           "%37s  %3s  %3s  %3s  %5s  1 added\n", "1", "2", "3", "4", "BLEU");
    const double the = print_bleu("the the the the the the the", cat, 2);
    print_bleu("The cat.", cat, 2);
    print_bleu("A cat is on the mat.", cat, 2);
    print_bleu("On the mat is a cat.", cat, 2);
    print_bleu("The dog is on the mat.", cat, 2); /* wrong */
    print_bleu("The cat sat down there.", cat, 2);

    /* [corpus] */
    static const char *const said[2] = {"The cat sat down there.", "There is a dog here now."};
    static const char *const meant[2] = {"The cat is on the mat.", "There is a dog here."};
    nn_bleu corpus = {{0}, {0}, 0, 0};
    for (int i = 0; i < 2; i++) {
        const nn_tokens reference = words(meant[i]);
        nn_bleu_add(&corpus, words(said[i]), &reference, 1);
    }
    printf("\n== BLEU of both sentences together: %.3f\n",
           nn_bleu_score(&corpus, NN_BLEU_ORDER, NN_BLEU_PLAIN));
    /* [/corpus] */
    printf("%s (%s)\n%s (%s)\n", said[0], meant[0], said[1], meant[1]);

    printf("\n== recall: ROUGE-1, ROUGE-2, ROUGE-L\n%-24s    1     2     L\n",
           "police killed the gunman");
    static const char *const summary[3] = {"police kill the gunman", "the gunman kill police",
                                           "the the the the"};
    const nn_tokens police = words("police killed the gunman");
    double longest[3];
    for (int i = 0; i < 3; i++) {
        const nn_tokens t = words(summary[i]);
        longest[i] = nn_rouge_l(nn, t, &police, 1).recall;
        printf("%-24s %.2f  %.2f  %.2f\n", summary[i], nn_rouge_n(t, &police, 1, 1).recall,
               nn_rouge_n(t, &police, 1, 2).recall, longest[i]);
    }

    /* [perplexity] */
    static const nn_real table[3][4] = {{0, 0, 0, 0}, {2, 0, 0, 0}, {-2, 0, 0, 0}}; /* logits */
    static const int next[4] = {0, 0, 0, 1};
    double perplexity[3];
    nn_set_reduction(nn, NN_REDUCE_NONE);
    for (int i = 0; i < 3; i++) {
        nn_tensor *z = nn_full(nn, nn_shape2(4, 4), 0); /* the same four logits for each token */
        for (int k = 0; k < 16; k++) z->data[k] = table[i][k % 4];
        const nn_tensor *loss = nn_cross_entropy(z, next);
        perplexity[i] = nn_perplexity(loss->data, 4);
    }
    /* [/perplexity] */
    printf("\n== perplexity of the tokens 0 0 0 1, 4 being possible\n");
    printf("all equally likely %.2f\n0 is more likely   %.2f\n0 is less likely   %.2f\n",
           perplexity[0], perplexity[1], perplexity[2]);

    printf("\nexpected: 2/7 of the seven words match; 3 and 2 of 4 in order; perplexity 4, then\n"
           "          less, then more\n");
    printf("got:      %.4f; %.2f and %.2f; %.2f, %.2f, %.2f\n", the, longest[0], longest[1],
           perplexity[0], perplexity[1], perplexity[2]);
    const int ok = nn_ok(nn) && fabs(the - 2.0 / 7) < 1e-9 && longest[0] == 0.75 &&
                   longest[1] == 0.5 && fabs(perplexity[0] - 4) < 1e-5 &&
                   perplexity[1] < perplexity[0] && perplexity[2] > perplexity[0];
    nn_destroy(nn);
    return !ok;
}
