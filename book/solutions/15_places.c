/* Exercise 15a.4: a head that looks k places away (code, 25 minutes).
 *
 * The numbers of a sequence are positions only: x [T, D] is nn_positional_encoding. Keys are x
 * itself, queries x W^T. Write the W [D, D] with which place t looks at place t + k, for any k
 * (back: k < 0), without training. sharp says how sure it shall be: scores are multiplied by it.
 *
 * A place that is not there (t + k < 0, or beyond the end) is not asked for.
 */
#include "../exercises/check.h"

enum { T = 40, D = 32 };

/* w[i * D + j] is the weight to number i of the query from number j of x. w begins with zeros. */
static void write_weights(nn_real *w, int k, double sharp)
{
    /* Your code, instead of the lines down to END: */
    for (int i = 0; i < D / 2; i++) { /* pair by pair: turned by k w_i */
        const double angle = k / pow(10000, 2.0 * i / D);
        nn_real *sine = w + 2 * i * D + 2 * i, *cosine = sine + D;
        sine[0] = (nn_real)(sharp * cos(angle)), sine[1] = (nn_real)(sharp * sin(angle));
        cosine[0] = (nn_real)(-sharp * sin(angle)), cosine[1] = (nn_real)(sharp * cos(angle));
    }
    /* END */
}

int main(void)
{
    static const int offset[5] = {-1, 0, -4, 3, -17};
    nn_ctx *nn = nn_create(42);
    for (int i = 0; i < 5; i++) {
        static nn_real w[D * D];
        const int k = offset[i];
        char text[64];
        nn_clear(nn);
        memset(w, 0, sizeof w);
        write_weights(w, k, 60);
        nn_tensor *x = nn_reshape(nn_positional_encoding(nn, T, D), nn_shape3(1, T, D)), *p;
        nn_tensor *q = nn_matmul(x, nn_transpose(nn_input(nn, w, nn_shape2(D, D)), 0, 1));
        const nn_attention_options usual = {0};
        nn_attention(q, x, x, usual, &p);
        double least = 1;
        for (int t = 0; t < T; t++)
            if (t + k >= 0 && t + k < T && (double)p->data[t * T + t + k] < least)
                least = (double)p->data[t * T + t + k];
        snprintf(text, sizeof text, "k = %d: least weight", k);
        expect_near(text, least, 1, 0.03);
        double off = 0; /* a turn changes no length */
        for (int t = 0; t < T; t++) {
            double length = 0;
            for (int d = 0; d < D; d++) length += (double)(q->data[t * D + d] * q->data[t * D + d]);
            off = fmax(off, fabs(sqrt(length) - 60 * sqrt(D / 2)));
        }
        snprintf(text, sizeof text, "k = %d: length of queries off", k);
        expect_near(text, off, 0, 0.01);
    }
    nn_destroy(nn);
    return check_done();
}
