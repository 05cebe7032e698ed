/* Exercise 10.3: out of the bag (code, 25 minutes).
 *
 * drawn [members, n] says which samples each member of an ensemble has drawn, each from 0 to n - 1,
 * some more than once. answer [members, n] is the class, from 0 to CLASSES - 1, that each member
 * names for every sample. truth [n] is the right class. Let each sample be voted on by the members
 * that have not drawn it; of equally many votes the smallest class wins. Give the share of wrong
 * votes, from 0 to 1, among the samples that have a vote at all; 0 if none has.
 */
#include "../exercises/check.h"

enum { CLASSES = 4, MAX_N = 40, MAX_MEMBERS = 12 };

static double out_of_bag(const int *drawn, const int *answer, int members, int n, const int *truth)
{
    /* Your code, instead of the lines down to END: */
    int voted = 0, wrong = 0;
    for (int i = 0; i < n; i++) {
        int count[CLASSES] = {0}, best = 0;
        for (int m = 0; m < members; m++) {
            int seen = 0;
            for (int k = 0; k < n; k++) seen |= drawn[m * n + k] == i;
            if (!seen) count[answer[m * n + i]]++;
        }
        for (int c = 1; c < CLASSES; c++)
            if (count[c] > count[best]) best = c;
        if (count[best] == 0) continue; /* everybody has drawn it */
        voted++;
        wrong += best != truth[i];
    }
    return voted ? (double)wrong / voted : 0;
    /* END */
}

/* The same with the library. */
static double expected(nn_ctx *nn, const int *drawn, const int *answer, int members, int n,
                       const int *truth)
{
    int label[MAX_MEMBERS * MAX_N], vote[MAX_N], voted = 0, wrong = 0;
    memcpy(label, answer, (size_t)(members * n) * sizeof *label);
    for (int k = 0; k < members * n; k++) label[k / n * n + drawn[k]] = -1;
    nn_vote(nn, label, members, n, vote);
    for (int i = 0; i < n; i++)
        if (vote[i] >= 0) voted++, wrong += vote[i] != truth[i];
    return voted ? (double)wrong / voted : 0;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    /* Sample 0 was drawn by both; 1 and 3 have one vote each, and sample 2 a tie of 3 and 1. */
    const int two[2][4] = {{0, 1, 1, 0}, {0, 3, 3, 0}}, say[2][4] = {{0, 0, 3, 2}, {0, 1, 1, 0}};
    const int truth[4] = {1, 1, 1, 0};
    expect_near("two members", out_of_bag(two[0], say[0], 2, 4, truth), 1 / 3.0, 1e-12);
    const int nobody[1] = {0};
    expect_near("nobody can vote", out_of_bag(nobody, nobody, 1, 1, truth), 0, 0);
    for (int run = 0; run < 12; run++) {
        const int members = 1 + run, n = run < 2 ? 5 : 4 * run - 4;
        static int drawn[MAX_MEMBERS * MAX_N], answer[MAX_MEMBERS * MAX_N], right[MAX_N];
        int left[MAX_N];
        char what[64];
        for (int i = 0; i < n; i++) right[i] = nn_randint(nn, 0, CLASSES);
        for (int m = 0; m < members; m++) {
            nn_bootstrap(nn, n, drawn + m * n, left);
            for (int i = 0; i < n; i++) /* half of what it says is chance */
                answer[m * n + i] = nn_randint(nn, 0, 2) ? right[i] : nn_randint(nn, 0, CLASSES);
        }
        snprintf(what, sizeof what, "%d members, %d samples", members, n);
        expect_near(what, out_of_bag(drawn, answer, members, n, right),
                    expected(nn, drawn, answer, members, n, right), 1e-12);
    }
    nn_destroy(nn);
    return check_done();
}
