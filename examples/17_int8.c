/* Whole numbers instead of floats (Jacob et al. 2018, arXiv 1712.05877: each array becomes
 * S (q - Z), with one scale S and a zero point Z). Here Z is 0: each row w of the weights becomes
 * s q with q in -127..127 and a scale s of its own, each vector of inputs likewise, and products
 * are added up as whole numbers. How far an output can move follows from the scales: look at how
 * much less it does, and at how few bits digits are lost.
 *
 *     17_int8 [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

#include <stdint.h>

enum { PIXELS = 64, UNITS = 64, CLASSES = 10, EPOCHS = 20, SIZES = 5 };

/* [quantise] */
/* x[n] -> q[n], whole numbers in -most..most; gives the scale s. |x - s q| <= s / 2, for the
 * largest of x becomes `most` and the rest is rounded. */
static double quantise(const nn_real *x, int n, int most, int8_t *q)
{
    double largest = 1e-30;
    for (int i = 0; i < n; i++) largest = fmax(largest, fabs((double)x[i]));
    for (int i = 0; i < n; i++) q[i] = (int8_t)floor((double)x[i] / largest * most + 0.5);
    return largest / most;
}
/* [/quantise] */

/* [layer] */
typedef struct int8_layer {
    const nn_linear *from;
    int most; /* 127 with 8 bits */
    int8_t q[UNITS * PIXELS];
    double s[UNITS]; /* a scale for each row */
} int8_layer;

static int8_layer int8_layer_new(const nn_linear *l, int bits)
{
    int8_layer y = {.from = l, .most = (1 << (bits - 1)) - 1};
    const int out = l->weight->shape.dim[0], in = l->weight->shape.dim[1];
    for (int j = 0; j < out; j++)
        y.s[j] = quantise(l->weight->data + j * in, in, y.most, y.q + j * in);
    return y;
}

/* y = W x + b in whole numbers, and bound: how far each y may be from that of x0 and the float
 * weights, if each x[i] is within slack[i] of x0[i]. With x = S p but for rounding it follows from
 *
 *     w x0 - (s q)(S p) = w (x0 - S p) + (w - s q) S p,  |x0 - S p| <= slack + S / 2
 */
static void int8_layer_forward(const int8_layer *l, const nn_real *x, const double *slack,
                               nn_real *y, double *bound)
{
    const int out = l->from->weight->shape.dim[0], in = l->from->weight->shape.dim[1];
    int8_t p[PIXELS];
    const double S = quantise(x, in, l->most, p);
    for (int j = 0; j < out; j++) {
        int32_t sum = 0; /* at most 64 * 127 * 127 */
        bound[j] = 1e-5; /* for the roundings of floats */
        for (int i = 0; i < in; i++) {
            const double w = (double)l->from->weight->data[j * in + i];
            sum += l->q[j * in + i] * p[i];
            bound[j] += fabs(w) * (slack[i] + S / 2) + l->s[j] / 2 * S * abs(p[i]);
        }
        y[j] = (nn_real)(l->s[j] * S * sum + (double)l->from->bias->data[j]);
    }
}
/* [/layer] */

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.2, &learn, &test);
    if (!nn_ok(nn)) return 1;

    nn_model *model = nn_model_new(nn);
    const nn_linear fc1 = nn_linear_new(model, "fc1", PIXELS, UNITS);
    const nn_linear fc2 = nn_linear_new(model, "fc2", UNITS, CLASSES);
    nn_optimizer *opt = nn_adam(model, 0.003f);
    nn_batches b = nn_batches_new(&learn, 32, 1);
    while (b.epoch < EPOCHS && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *h = nn_relu(nn_linear_forward(&fc1, nn_batch_x(&b)));
            nn_backward(nn_cross_entropy(nn_linear_forward(&fc2, h), b.label));
            nn_step(opt);
        }
    nn_clear(nn);
    const nn_tensor *z =
        nn_linear_forward(&fc2, nn_relu(nn_linear_forward(&fc1, nn_dataset_x(&test))));
    const int weights = UNITS * (PIXELS + CLASSES), rows = UNITS + CLASSES;
    const int exact = nn_count_correct(z, test.label), bits[SIZES] = {8, 6, 4, 3, 2};
    int outside = 0, right[SIZES] = {0}, sure[SIZES] = {0};
    printf("== float: %d of %d right, %d bytes\n\n== whole numbers (same: as float; sure: by the "
           "bound)\n", exact, test.n, 4 * (weights + rows));
    printf("bits  right  same  sure  mean error  mean bound  largest error / bound  bytes\n");
    for (int k = 0; k < SIZES && nn_ok(nn); k++) {
        const int8_layer q1 = int8_layer_new(&fc1, bits[k]), q2 = int8_layer_new(&fc2, bits[k]);
        double error = 0, bounds = 0, part = 0;
        int same = 0;
        for (int i = 0; i < test.n; i++) {
            const double none[PIXELS] = {0};
            double slack[UNITS], bound[CLASSES];
            nn_real h[UNITS], y[CLASSES];
            const nn_real *f = z->data + i * CLASSES;
            int best = 0, seen = 0, is_sure = 1;
            int8_layer_forward(&q1, test.x + i * PIXELS, none, h, slack);
            for (int j = 0; j < UNITS; j++) h[j] = fmaxf(h[j], 0); /* as near as before */
            int8_layer_forward(&q2, h, slack, y, bound);
            for (int c = 0; c < CLASSES; c++) {
                const double off = fabs((double)(y[c] - f[c]));
                outside += off > bound[c];
                error += off, bounds += bound[c], part = fmax(part, off / bound[c]);
                best = f[c] > f[best] ? c : best;
                seen = y[c] > y[seen] ? c : seen;
            }
            for (int c = 0; c < CLASSES; c++)
                is_sure &= c == best || (double)(f[best] - f[c]) > bound[c] + bound[best];
            same += seen == best, sure[k] += is_sure, right[k] += seen == test.label[i];
            outside += is_sure && seen != best;
        }
        printf("%4d  %5d  %4d  %4d  %10.4f  %10.3f  %21.2f  %5d\n", bits[k], right[k], same,
               sure[k], error / (test.n * CLASSES), bounds / (test.n * CLASSES), part,
               bits[k] * weights / 8 + 8 * rows); /* a scale and a bias for each row */
    }
    const int ok = nn_ok(nn) && !outside && abs(right[0] - exact) <= 2 && sure[0] > test.n / 2 &&
                   right[SIZES - 1] < exact - 35;
    printf("\nexpected: none of %d outputs outside its bound; with 8 bits, in 28 %% of the\n"
           "          bytes, 2 digits at most are lost or won; with 2 bits more than 35 lost\n"
           "got:      %d outside; %d; %d lost\n", SIZES * test.n * CLASSES, outside,
           abs(right[0] - exact), exact - right[SIZES - 1]);
    nn_destroy(nn);
    return !ok;
}
