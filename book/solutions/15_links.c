/* Exercise 15c.4: graph attention along the links (code, 40 minutes).
 *
 * nn_graph_attention computes e_ij for all pairs of nodes, and throws away those without a link.
 * Compute along the links only. Node i listens to to[first[i]], .., to[first[i + 1] - 1].
 *
 *     e_ij = LeakyReLU(dst . h_i + src . h_j), 0.2 below 0     p = softmax over the j of i
 *     y_i = sum of p_ij h_j
 */
#include "../exercises/check.h"

enum { N = 30, F = 4, MOST = N * N };

/* h [N, F] -> y [N, F]. Who listens to nobody gets zeros. Scores may be ten thousands. */
static void listen(const nn_real *h, const nn_real *src, const nn_real *dst, const int *first,
                   const int *to, nn_real *y)
{
    memset(y, 0, N * F * sizeof *y);
    /* Your code, instead of the lines down to END: */
    nn_real of_src[N] = {0}, of_dst[N] = {0}, p[N]; /* two products for a node, not for a link */
    for (int k = 0; k < N * F; k++) {
        of_src[k / F] += src[k % F] * h[k];
        of_dst[k / F] += dst[k % F] * h[k];
    }
    for (int i = 0; i < N; i++) {
        const int *j = to + first[i], links = first[i + 1] - first[i];
        nn_real most = 0, sum = 0;
        for (int k = 0; k < links; k++) {
            const nn_real e = of_dst[i] + of_src[j[k]];
            p[k] = e > 0 ? e : e * (nn_real)0.2;
            if (k == 0 || p[k] > most) most = p[k];
        }
        for (int k = 0; k < links; k++) sum += p[k] = (nn_real)exp((double)(p[k] - most));
        for (int k = 0; k < links; k++)
            for (int f = 0; f < F; f++) y[i * F + f] += p[k] / sum * h[j[k] * F + f];
    }
    /* END */
}

int main(void)
{
    nn_ctx *nn = nn_create(15);
    for (int round = 0; round < 3; round++) {
        static const char *const what[3] = {"small scores", "scores of ten thousands",
                                            "other links"};
        nn_clear(nn);
        const nn_graph_attention l = nn_graph_attention_new(nn_model_new(nn), "l", F, F, 1);
        for (int k = 0; k < F * F; k++) l.weight->data[k] = k % (F + 1) == 0; /* h is x */
        nn_tensor *x = nn_scale(nn_randn(nn, nn_shape2(N, F)), round == 1 ? 50000 : 1);
        nn_tensor *adjacency = nn_full(nn, nn_shape2(N, N), 0);
        int first[N + 1] = {0}, to[MOST], n = 0;
        for (int i = 0; i < N; first[++i] = n)
            for (int j = 0; j < N; j++)
                if (i != 7 && nn_uniform(nn, 0, 1) < (round == 2 ? 0.5f : 0.1f)) {
                    to[n++] = j;
                    adjacency->data[i * N + j] = 1;
                }
        nn_tensor *expected = nn_graph_attention_forward(&l, x, adjacency, NULL);
        nn_real y[N * F];
        listen(x->data, l.att_src->data, l.att_dst->data, first, to, y);
        double off = 0, size = 0;
        for (int k = 0; k < N * F; k++) {
            const double d = fabs((double)(y[k] - expected->data[k]));
            off = d > off || d != d ? d : off; /* NaN stays */
            size = fmax(size, fabs((double)expected->data[k]));
        }
        expect_near(what[round], off / size, 0, 1e-5);
        expect_near("  y of node 3", (double)y[3 * F], (double)expected->data[3 * F], 1e-5 * size);
        expect_near("  who listens to nobody", fabs((double)y[7 * F]), 0, 0);
    }
    nn_destroy(nn);
    return check_done();
}
