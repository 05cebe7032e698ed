/* Exercise 15b.5: byte pairs (code, 25 minutes).
 *
 * s is a text of n tokens, at first its bytes. count_best finds the most frequent pair of
 * neighbours (in 1 1 1 the pair 1, 1 stands twice), of equals the one with the smaller first token,
 * then with the smaller second one, and gives how often it is there. join puts token in place of the
 * pair, from left to right, and gives how many tokens are left. main merges until there is no pair
 * that stands twice. Compared with nn_bpe_train and nn_bpe_encode.
 */
#include "../exercises/check.h"

enum { LONGEST = 600, TOKENS = 320, TEXTS = 3 };

static int count_best(const int *s, int n, int pair[2])
{
    int most = 0;
    /* Your code, instead of the lines down to END: */
    (void)s, (void)n, (void)pair;
    /* END */
    return most;
}

static int join(int *s, int n, const int pair[2], int token)
{
    /* Your code, instead of the lines down to END: */
    (void)s, (void)pair, (void)token;
    /* END */
    return n;
}

int main(void)
{
    nn_ctx *nn = nn_create(15);
    static char text[TEXTS][LONGEST + 1] = {"lowlowerlowestnewnewernewestwidewiderwidest"};
    for (int i = 0; i < LONGEST; i++) {
        text[1][i] = "AB"[nn_randint(nn, 0, 2)]; /* runs of one letter, too */
        text[2][i] = "ACGT"[nn_randint(nn, 0, 4) / (1 + i / 300)];
    }
    for (int t = 0; t < TEXTS; t++) {
        const size_t size = strlen(text[t]);
        const nn_bpe b = nn_bpe_train(nn, text[t], size, TOKENS);
        int s[LONGEST], n = (int)size, tokens = 256, same = 0, right_n, equal = 0;
        const int *right = nn_bpe_encode(&b, text[t], size, &right_n);
        for (int i = 0; i < n; i++) s[i] = (unsigned char)text[t][i];
        for (int pair[2] = {0}; tokens < TOKENS && count_best(s, n, pair) > 1; tokens++) {
            same += tokens < b.n && !memcmp(pair, b.merge[tokens - 256], sizeof pair);
            n = join(s, n, pair, tokens);
        }
        for (int i = 0; i < n && i < right_n; i++) equal += s[i] == right[i];
        printf("text %d\n", t);
        expect_near("tokens there are", tokens, b.n, 0.5);
        expect_near("merges that are the same", same, b.n - 256, 0.5);
        expect_near("tokens of the text", n, right_n, 0.5);
        expect_near("those that are the same", equal, right_n, 0.5);
    }
    nn_destroy(nn);
    return check_done();
}
