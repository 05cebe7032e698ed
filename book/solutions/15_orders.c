/* Exercise 15c.3: all orders are the same, guesses at once are not (code, 30 minutes).
 *
 * Sentences of four words, each one of two: [New|Los] [York|Angeles] [is|was] [big|far]. p[x] is
 * how probable sentence x is; bit t of x says which of its two words stands at place t. It is never
 * New Angeles or Los York. `known` has a bit for each place whose word is given (it is x's there).
 */
#include "../exercises/check.h"

enum { T = 4, SENTENCES = 1 << T };

/* How probable it is that at place t stands x's word, given x's words at the known places. */
static double conditional(const double *p, int x, int known, int t)
{
    /* Your code, instead of the lines down to END: */
    double all = 0, with = 0;
    for (int s = 0; s < SENTENCES; s++) {
        if ((s ^ x) & known) continue; /* another word at a known place */
        all += p[s];
        if (!((s ^ x) >> t & 1)) with += p[s];
    }
    return with / all;
    /* END */
}

/* The log probability of the first so many words of x in this order, word by word: each given those
 * before it in the order (XLNet). Of all T words that is log p(x). */
static double log_in_order(const double *p, int x, const int *order, int words)
{
    /* Your code, instead of the lines down to END: */
    double sum = 0;
    for (int i = 0, known = 0; i < words; known |= 1 << order[i++])
        sum += log(conditional(p, x, known, order[i]));
    return sum;
    /* END */
}

/* What one believes of x's words at places a and b together, if both are hidden and each is guessed
 * from the other two places only (BERT). */
static double guessed_at_once(const double *p, int x, int a, int b)
{
    /* Your code, instead of the lines down to END: */
    const int known = (SENTENCES - 1) & ~(1 << a) & ~(1 << b);
    return conditional(p, x, known, a) * conditional(p, x, known, b);
    /* END */
}

int main(void)
{
    double p[SENTENCES];
    for (int x = 0; x < SENTENCES; x++) { /* 0: New, York, is, big */
        const int los = x & 1, angeles = x >> 1 & 1, was = x >> 2 & 1, far = x >> 3 & 1;
        p[x] = los != angeles ? 0 : 0.5 * (was ? 0.3 : 0.7) * (far == los ? 0.6 : 0.4);
    }
    static const int some[3] = {0, 3, 12}; /* New York is big, Los Angeles is big, .. was far */
    for (int i = 0; i < 3; i++) {
        const int x = some[i];
        double least = 0, most = -100;
        for (int n = 0; n < T * T * T * T; n++) { /* those that are permutations */
            const int order[T] = {n % T, n / T % T, n / (T * T) % T, n / (T * T * T)};
            int seen = 0;
            for (int k = 0; k < T; k++) seen |= 1 << order[k];
            if (seen != SENTENCES - 1) continue;
            least = fmin(least, log_in_order(p, x, order, T));
            most = fmax(most, log_in_order(p, x, order, T));
        }
        expect_near("log p, the least of 24 orders", least, log(p[x]), 1e-9);
        expect_near("log p, the most", most, log(p[x]), 1e-9);
    }
    static const int back[T] = {2, 3, 1, 0};
    expect_near("log p(is)", log_in_order(p, 0, back, 1), log(0.7), 1e-9);
    expect_near("log p(is, big)", log_in_order(p, 8, back, 2), log(0.7 * 0.5), 1e-9);
    expect_near("p(York | New)", conditional(p, 0, 1, 1), 1, 1e-9);
    expect_near("p(New | is, far)", conditional(p, 8, 12, 0), 0.4, 1e-9);
    expect_near("New York | is big, at once", guessed_at_once(p, 0, 0, 1), 0.36, 1e-9);
    expect_near("New Angeles | is big", guessed_at_once(p, 2, 0, 1), 0.24, 1e-9);
    expect_near("is big | New York", guessed_at_once(p, 0, 2, 3), 0.42, 1e-9);
    return check_done();
}
