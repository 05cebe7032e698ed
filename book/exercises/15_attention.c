/* Exercise 15a.3: attention, forward and backward (code, 40 minutes).
 *
 * T queries, S keys and values, and a mask: 1 where query t may look at key s. Each query has at
 * least one. Z = Q K^T / sqrt(d), P = softmax(Z) over the keys that may be seen and 0 elsewhere,
 * Y = P V. Write P and Y, then the slopes of a loss by Q, K and V, if dy is its slope by Y.
 */
#include "../exercises/check.h"

enum { T = 2, S = 3, D = 2, E = 2 };

typedef struct inputs { /* doubles only, so that it is also an array of 16 numbers */
    double q[T][D], k[S][D], v[S][E];
} inputs;

static int mask[T][S] = {{1, 1, 1}, {1, 1, 1}};

static void forward(const inputs *in, double p[T][S], double y[T][E])
{
    /* Your code, instead of the lines down to END: */
    (void)in, (void)mask;
    for (int t = 0; t < T; t++) {
        for (int s = 0; s < S; s++) p[t][s] = 0;
        for (int e = 0; e < E; e++) y[t][e] = 0;
    }
    /* END */
}

/* p: from forward. d, which begins with zeros: the slopes by the numbers of in. */
static void backward(const inputs *in, double p[T][S], double dy[T][E], inputs *d)
{
    /* Your code, instead of the lines down to END: */
    (void)in, (void)p, (void)dy, (void)d;
    /* END */
}

static double loss_slope[T][E] = {{1, -2}, {0.5, 3}}; /* loss: the sum of these times y */

static double loss(const double *numbers, int n)
{
    inputs in;
    double p[T][S], y[T][E], sum = 0;
    memcpy(&in, numbers, (size_t)n * sizeof *numbers);
    forward(&in, p, y);
    for (int i = 0; i < T * E; i++) sum += loss_slope[i / E][i % E] * y[i / E][i % E];
    return sum;
}

int main(void)
{
    static const int seen[3][T][S] = {{{1, 1, 1}, {1, 1, 1}}, {{1, 1, 0}, {1, 1, 1}},
                                      {{0, 1, 0}, {1, 0, 1}}}; /* all, causal, any */
    static const char *const name[3] = {"all", "causal", "mask"};
    const inputs small = {{{1, 2}, {-1, 0.5}}, {{0.3, 1}, {2, -1}, {1, 0.4}},
                          {{1, 0}, {-1, 2}, {3, 1}}};
    nn_ctx *nn = nn_create(42);
    for (int m = 0; m < 3; m++) {
        inputs d, in = small;
        double p[T][S] = {{0}}, y[T][E] = {{0}}, numbers[16], slopes[16];
        nn_real one[T * S], q[T * D], k[S * D], v[S * E];
        char text[64];
        memcpy(mask, seen[m], sizeof mask);
        if (m == 2) in.q[1][0] = 1200; /* scores 255, 849, and 1697 where it may not look */
        for (int i = 0; i < T * S; i++) one[i] = (nn_real)mask[i / S][i % S];
        for (int i = 0; i < T * D; i++) q[i] = (nn_real)in.q[i / D][i % D];
        for (int i = 0; i < S * D; i++) k[i] = (nn_real)in.k[i / D][i % D];
        for (int i = 0; i < S * E; i++) v[i] = (nn_real)in.v[i / E][i % E];
        nn_attention_options o = {0};
        o.mask = nn_input(nn, one, nn_shape2(T, S));
        nn_tensor *right = nn_attention(nn_input(nn, q, nn_shape3(1, T, D)),
                                        nn_input(nn, k, nn_shape3(1, S, D)),
                                        nn_input(nn, v, nn_shape3(1, S, E)), o, NULL);
        forward(&in, p, y);
        for (int t = 0; t < T; t++) {
            for (int e = 0; e < E; e++) {
                snprintf(text, sizeof text, "%s: y[%d][%d]", name[m], t, e);
                expect_near(text, y[t][e], (double)right->data[t * E + e], 1e-5);
            }
            double sum = 0, hidden = 0;
            for (int s = 0; s < S; s++) sum += p[t][s], hidden += mask[t][s] ? 0 : fabs(p[t][s]);
            snprintf(text, sizeof text, "%s: sum of weights %d", name[m], t);
            expect_near(text, sum, 1, 1e-9);
            snprintf(text, sizeof text, "%s: weights not seen %d", name[m], t);
            expect_near(text, hidden, 0, 0);
        }
        if (m == 2) break; /* where a softmax is 0 or 1, slopes are 0 */
        memset(&d, 0, sizeof d);
        backward(&in, p, loss_slope, &d);
        memcpy(numbers, &in, sizeof numbers);
        memcpy(slopes, &d, sizeof slopes);
        printf("slopes by q (0 to 3), k (4 to 9), v (10 to 15)\n");
        expect_gradient(m ? "causal: slope" : "all: slope", loss, numbers, 16, slopes);
    }
    nn_destroy(nn);
    return check_done();
}
