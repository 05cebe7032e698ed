/* Exercise 12.4: which pixels does a unit see? (code, 30 minutes)
 *
 * Windows on windows along one axis, the lowest first. field: the first and the last pixel that can
 * change unit `unit` behind the last of them; either may lie in the padding, outside of the picture,
 * and then is less than 0 or beyond its end. seen_by: how many units of the last layer, which has
 * `units` of them, can be changed by this pixel, that is, have it from their first to their last;
 * no gaps here. The program compares with the slopes that nn.h finds, of a series of 64 numbers.
 */
#include "../exercises/check.h"

typedef struct window {
    int kernel, stride, padding, dilation;
} window;

static void field(const window *w, int n, int unit, int *first, int *last)
{
    *first = *last = unit;
    /* Your code, instead of the lines down to END: */
    for (int l = n - 1; l >= 0; l--) {
        *first = *first * w[l].stride - w[l].padding;
        *last = *last * w[l].stride - w[l].padding + w[l].dilation * (w[l].kernel - 1);
    }
    /* END */
}

static int seen_by(const window *w, int n, int units, int pixel)
{
    int count = 0;
    /* Your code, instead of the lines down to END: */
    for (int unit = 0; unit < units; unit++) {
        int first, last;
        field(w, n, unit, &first, &last);
        count += first <= pixel && pixel <= last;
    }
    /* END */
    return count;
}

enum { TIME = 64, MOST = 4 };

int main(void)
{
    static const struct {
        int n, unit;
        window w[MOST];
    } stack[] = {{1, 10, {{3, 1, 0, 1}}},
                 {2, 9, {{3, 2, 1, 1}, {3, 1, 1, 1}}},
                 {3, 6, {{5, 1, 2, 1}, {2, 2, 0, 1}, {3, 2, 0, 1}}},
                 {4, 30, {{3, 1, 1, 1}, {3, 1, 2, 2}, {3, 1, 4, 4}, {3, 1, 8, 8}}},
                 {3, 5, {{4, 3, 0, 1}, {3, 1, 2, 2}, {2, 2, 0, 1}}},
                 {3, 0, {{3, 1, 1, 1}, {3, 2, 1, 1}, {3, 1, 1, 1}}}, /* at the border */
                 {2, 20, {{3, 1, 1, 1}, {7, 3, 3, 1}}}};
    nn_ctx *nn = nn_create(12);
    for (int k = 0; k < (int)(sizeof stack / sizeof stack[0]); k++) {
        nn_model *model = nn_model_new(nn);
        nn_tensor *x = nn_requires_grad(nn_full(nn, nn_shape3(1, 1, TIME), 1)), *y = x;
        int dilated = 0;
        for (int l = 0; l < stack[k].n; l++) {
            const window *w = &stack[k].w[l];
            char text[64];
            snprintf(text, sizeof text, "layer%d", l);
            nn_conv1d conv = nn_conv1d_new(model, text, 1, 1, w->kernel, w->stride, w->padding);
            conv.options.dilation[0] = w->dilation;
            dilated |= w->dilation > 1;
            for (size_t i = 0; i < conv.weight->size; i++) conv.weight->data[i] = 1;
            y = nn_conv1d_forward(&conv, y);
        }
        const int units = y->shape.dim[2], unit = stack[k].unit;
        nn_backward(nn_sum(nn_slice(y, 2, unit, unit + 1)));
        int first = 0, last = TIME - 1, yours[2] = {0, 0};
        while (first < TIME - 1 && x->grad[first] == 0) first++;
        while (last > 0 && x->grad[last] == 0) last--;
        field(stack[k].w, stack[k].n, unit, &yours[0], &yours[1]);
        char text[64];
        snprintf(text, sizeof text, "stack %d: the first pixel", k + 1);
        expect_near(text, fmax(yours[0], 0), first, 0);
        snprintf(text, sizeof text, "stack %d: the last pixel", k + 1);
        expect_near(text, fmin(yours[1], TIME - 1), last, 0);
        if (dilated) continue;
        for (int pixel = k * 9 + 1; pixel < TIME; pixel += 61 - k * 9) { /* and 62 */
            int count = 0;
            for (int u = 0; u < units; u++) { /* one unit after the other */
                for (size_t i = 0; i < x->size; i++) x->grad[i] = 0;
                nn_backward(nn_sum(nn_slice(y, 2, u, u + 1)));
                count += x->grad[pixel] != 0;
            }
            snprintf(text, sizeof text, "stack %d: pixel %d is seen by", k + 1, pixel);
            expect_near(text, seen_by(stack[k].w, stack[k].n, units, pixel), count, 0);
        }
    }
    int first = 0, last = 0; /* in the padding */
    field(stack[5].w, stack[5].n, 0, &first, &last);
    expect_near("stack 6, unit 0, not clamped", first, -4, 0);
    nn_destroy(nn);
    return check_done();
}
