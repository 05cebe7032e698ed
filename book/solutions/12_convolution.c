/* Exercise 12.3: both directions of a convolution (code, 40 minutes).
 *
 * A layer with C channels in, K filters of kh x kw, a stride and a padding (zeros around x), both
 * the same along both axes. All arrays are rows of numbers: x[(c * H + row) * W + column],
 * w[((k * C + c) * kh + r) * kw + s], b[k], y[(k * outH + i) * outW + j]. forward fills y. backward
 * gets dy, the slopes of the loss by y, and fills dw, db and dx, which are 0 at first. Compared with
 * nn_conv2d_forward and nn_backward; the numbers are small integers, so that all sums are exact.
 * cc -g -fsanitize=address shows reading before x, which otherwise gives any number.
 */
#include "../exercises/check.h"

enum { MOST = 400 };
typedef struct layer {
    int C, H, W, K, kh, kw, stride, padding;
    int outH, outW;
} layer;

static void forward(const layer *l, const double *x, const double *w, const double *b, double *y)
{
    for (int k = 0; k < l->K; k++)
        for (int i = 0; i < l->outH; i++)
            for (int j = 0; j < l->outW; j++) {
                double sum = b[k];
                /* Your code, instead of the lines down to END: */
                for (int c = 0; c < l->C; c++)
                    for (int r = 0; r < l->kh; r++)
                        for (int s = 0; s < l->kw; s++) {
                            const int row = i * l->stride + r - l->padding;
                            const int column = j * l->stride + s - l->padding;
                            if (row < 0 || row >= l->H || column < 0 || column >= l->W) continue;
                            sum += w[((k * l->C + c) * l->kh + r) * l->kw + s] *
                                   x[(c * l->H + row) * l->W + column];
                        }
                /* END */
                y[(k * l->outH + i) * l->outW + j] = sum;
            }
}

static void backward(const layer *l, const double *x, const double *w, const double *dy, double *dw,
                     double *db, double *dx)
{
    /* Your code, instead of the lines down to END: */
    for (int k = 0; k < l->K; k++)
        for (int i = 0; i < l->outH; i++)
            for (int j = 0; j < l->outW; j++) {
                const double d = dy[(k * l->outH + i) * l->outW + j];
                db[k] += d;
                for (int c = 0; c < l->C; c++)
                    for (int r = 0; r < l->kh; r++)
                        for (int s = 0; s < l->kw; s++) {
                            const int row = i * l->stride + r - l->padding;
                            const int column = j * l->stride + s - l->padding;
                            if (row < 0 || row >= l->H || column < 0 || column >= l->W) continue;
                            const int weight = ((k * l->C + c) * l->kh + r) * l->kw + s;
                            const int pixel = (c * l->H + row) * l->W + column;
                            dw[weight] += d * x[pixel];
                            dx[pixel] += d * w[weight];
                        }
            }
    /* END */
}

/* Fills a tensor with integers of -3..3 and copies them. */
static void integers(nn_tensor *t, double *copy)
{
    for (size_t i = 0; i < t->size; i++) {
        t->data[i] = (nn_real)nn_randint(t->ctx, -3, 4);
        copy[i] = (double)t->data[i];
    }
}

static void compare(const char *what, int run, const double *yours, const nn_real *right, size_t n)
{
    double apart = 0;
    char text[64];
    size_t first = n;
    for (size_t i = 0; i < n; i++) { /* NaN stays */
        const double d = fabs(yours[i] - (double)right[i]);
        if (!(d <= apart)) apart = d;
        if (!(d <= 0) && first == n) first = i;
    }
    if (first < n)
        printf("%s[%d] is %g, not %g:\n", what, (int)first, yours[first], (double)right[first]);
    snprintf(text, sizeof text, "layer %d: %s is off by", run, what);
    expect_near(text, apart, 0, 0);
}

int main(void)
{
    static const int sizes[4][8] = {{1, 5, 5, 1, 3, 3, 1, 0},  /* C, H, W, K, kh, kw, ... */
                                    {3, 6, 5, 2, 3, 2, 1, 0},  /* ... stride, padding */
                                    {2, 6, 7, 3, 3, 3, 2, 1},
                                    {2, 8, 6, 2, 4, 2, 3, 1}};
    nn_ctx *nn = nn_create(12);
    for (int run = 0; run < 4; run++) {
        const int *n = sizes[run];
        const nn_conv_options o = {.stride = {n[6], n[6]}, .padding = {n[7], n[7]}};
        double x[MOST], w[MOST], b[MOST], y[MOST] = {0}, dy[MOST];
        double dw[MOST] = {0}, db[MOST] = {0}, dx[MOST] = {0};
        nn_model *model = nn_model_new(nn);
        nn_conv2d conv = nn_conv2d_new_with(model, "conv", n[0], n[3], n[4], n[5], o);
        nn_tensor *image = nn_requires_grad(nn_full(nn, nn_shape4(1, n[0], n[1], n[2]), 0));
        integers(image, x);
        integers(conv.weight, w);
        integers(conv.bias, b);
        nn_tensor *right = nn_conv2d_forward(&conv, image);
        nn_tensor *slopes = nn_full(nn, right->shape, 0);
        integers(slopes, dy);
        nn_zero_grad(model);
        nn_backward(nn_sum(nn_mul(right, slopes)));
        const layer l = {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7],
                         right->shape.dim[2], right->shape.dim[3]};
        forward(&l, x, w, b, y);
        backward(&l, x, w, dy, dw, db, dx);
        printf("\nlayer %d: x [%d, %d, %d], w [%d, %d, %d, %d], "
               "stride %d, padding %d, y [%d, %d, %d]\n",
               run + 1, l.C, l.H, l.W, l.K, l.C, l.kh, l.kw, l.stride, l.padding, l.K, l.outH,
               l.outW);
        compare("y", run + 1, y, right->data, right->size);
        compare("dw", run + 1, dw, conv.weight->grad, conv.weight->size);
        compare("db", run + 1, db, conv.bias->grad, conv.bias->size);
        compare("dx", run + 1, dx, image->grad, image->size);
    }
    nn_destroy(nn);
    return check_done();
}
