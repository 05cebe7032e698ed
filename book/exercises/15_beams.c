/* Exercise 15b.4: beam search (code, 40 minutes).
 *
 * A text begins with BEGIN and is over with END, or when LONGEST tokens stand behind BEGIN.
 * log_p[n][a][b] is the log probability of token b after a text that has n tokens behind BEGIN, the
 * last of which (or BEGIN) is a. In each step all beams are continued with all tokens, and the 2 k
 * likeliest of these are looked at. Those that are over are put aside if they are among the first k,
 * else they are lost; of the others the first k are the next beams. At the end the best of all that
 * were put aside wins: the largest log p / n^alpha, n being its tokens behind BEGIN. Its tokens,
 * BEGIN first, go into best, and the function gives their number. k is 2 or more.
 * Compared with nn_generate on TABLES tables.
 */
#include "../exercises/check.h"

enum { V = 6, LONGEST = 6, MAX_K = 4, TABLES = 300 };
enum { BEGIN, END };

typedef struct hypothesis {
    int tokens[LONGEST + 1], length; /* BEGIN counts */
    double log_p;
} hypothesis;

static int by_log_p(const void *a, const void *b) /* for qsort: the likeliest first */
{
    const hypothesis *x = a, *y = b;
    return (x->log_p < y->log_p) - (x->log_p > y->log_p);
}

static int beam_search(double log_p[LONGEST][V][V], int k, double alpha, int *best)
{
    hypothesis beam[MAX_K] = {{{BEGIN}, 1, 0}}, step[MAX_K * V];
    (void)by_log_p, (void)step, (void)beam;
    int length = 0;
    /* Your code, instead of the lines down to END: */
    (void)log_p, (void)k, (void)alpha, (void)best;
    /* END */
    return length;
}

static int next(void *user, int n, int length, const int *tokens, const int *from, nn_real *logits)
{
    (void)from;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < V; j++)
            logits[i * V + j] =
                (nn_real)((double(*)[V][V])user)[length - 1][tokens[(i + 1) * length - 1]][j];
    return 1;
}

int main(void)
{
    nn_ctx *nn = nn_create(15);
    static double table[TABLES][LONGEST][V][V];
    for (int i = 0; i < TABLES * LONGEST * V; i++) {
        double *const row = &table[0][0][0][0] + i * V;
        double sum = 0;
        for (int j = 0; j < V; j++) sum += row[j] = exp(2 * (double)nn_normal(nn, 0, 1));
        for (int j = 0; j < V; j++) row[j] = log(row[j] / sum);
    }
    for (int k = 2; k <= MAX_K; k += 2)
        for (int alpha = 0; alpha < 3; alpha++) {
            int same = 0;
            for (int t = 0; t < TABLES; t++) {
                const int begin = BEGIN;
                int yours[LONGEST + 1] = {-1}, right[LONGEST + 1];
                const nn_generate_options o = {.vocabulary = V, .prompt = &begin, .end = END,
                                               .prompt_length = 1, .max_length = LONGEST + 1,
                                               .beams = k, .length_penalty = (nn_real)alpha};
                const int n = nn_generate(nn, next, table[t], o, right, NULL);
                const int length = beam_search(table[t], k, alpha, yours);
                same += length == n && !memcmp(yours, right, (size_t)n * sizeof *right);
            }
            char what[64];
            snprintf(what, sizeof what, "equal, %d beams, alpha %d", k, alpha);
            expect_near(what, same, TABLES, 0.5);
        }
    nn_destroy(nn);
    return check_done();
}
