/* Cross-entropy, entropy and Kullback-Leibler divergence in numbers; why losses take logits; and
 * what soft targets, label smoothing, class weights and missing labels do.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static nn_ctx *nn;

static nn_tensor *row(int n, const nn_real *x) { return nn_input(nn, x, nn_shape2(1, n)); }
static double number(nn_tensor *x) { return (double)nn_item(x); }

int main(void)
{
    nn = nn_create(42);

    printf("== yes or no: the loss of a target of 1, from the logit and from the probability\n");
    for (int z = 4; z >= -104; z -= z > -4 ? 4 : 50) {
        nn_tensor *logit = nn_full(nn, nn_shape0(), (nn_real)z), *y = nn_sigmoid(logit);
        const double from_logit = number(nn_bce_with_logits(logit, nn_full(nn, nn_shape0(), 1)));
        const double from_y = -number(nn_log(y));
        printf("z = %4d   y = %-9.3g   loss %8.4f   -log y ", z, number(y), from_logit);
        if (from_y < HUGE_VAL) printf("%8.4f\n", from_y);
        else printf("infinite\n");
    }

    /* [entropy] */
    const nn_real p[] = {0.5f, 0.25f, 0.25f}, q[] = {0.8f, 0.1f, 0.1f};
    nn_tensor *log_q = nn_log(row(3, q)); /* logits whose softmax is q */
    const double h = number(nn_entropy(row(3, p)));
    const double cross = number(nn_cross_entropy_soft(log_q, row(3, p)));
    const double kl = number(nn_kl_div(log_q, row(3, p)));
    const double back = number(nn_kl_div(nn_log(row(3, p)), row(3, q)));
    printf("\n== weather p = (.5, .25, .25), forecast q = (.8, .1, .1)\n");
    printf("H(p)      %.4f nats = %.4f bits: what even the best forecast costs\n", h, h / log(2));
    printf("H(p, q)   %.4f nats: what this one costs\n", cross);
    printf("KL(p, q)  %.4f nats: the difference; KL(q, p) is %.4f\n", kl, back);
    /* [/entropy] */

    const nn_real z[] = {2, 1, 0, /**/ 0, 3, 1, /**/ 1, 1, 1};
    const int label[] = {0, 1, -1};
    const nn_real weight[] = {1, 4, 1};
    nn_tensor *x = nn_input(nn, z, nn_shape2(3, 3));
    nn_set_reduction(nn, NN_REDUCE_NONE);
    const nn_tensor *each[] = {
        nn_cross_entropy(x, label), nn_cross_entropy_weighted(x, label, NULL, 0.1f),
        nn_cross_entropy_weighted(x, label, weight, 0),
        nn_cross_entropy_soft(x, nn_one_hot(nn, label, 3, 3))};
    nn_set_reduction(nn, NN_REDUCE_MEAN);
    const double mean[] = {
        number(nn_cross_entropy(x, label)), number(nn_cross_entropy_weighted(x, label, NULL, 0.1f)),
        number(nn_cross_entropy_weighted(x, label, weight, 0)),
        number(nn_cross_entropy_soft(x, nn_one_hot(nn, label, 3, 3)))};
    static const char *const name[] = {"labels 0, 1, none", "smoothed by 0.1", "class 1 times 4",
                                       "as one-hot rows"};
    printf("\n== four ways to ask\ncross-entropy of    row 0    row 1    row 2    mean\n");
    for (int i = 0; i < 4; i++)
        printf("%-18s  %.4f   %.4f   %.4f   %.4f\n", name[i], (double)each[i]->data[0],
               (double)each[i]->data[1], (double)each[i]->data[2], mean[i]);

    const double far = number(nn_bce_with_logits(nn_full(nn, nn_shape0(), -10000),
                                                 nn_full(nn, nn_shape0(), 1)));
    printf("\nexpected: H(p, q) = H(p) + KL to 1e-6; the loss at z = -10000 is 10000\n");
    printf("got:      %s; %.0f\n", fabs(cross - h - kl) < 1e-6 ? "yes" : "no", far);
    nn_destroy(nn);
    return !(fabs(cross - h - kl) < 1e-6 && far > 9999.5 && far < 10000.5);
}
