/* Exercise 14.4: weights of an LSTM by hand (code, 40 minutes).
 *
 * Two cells of one unit each, without training. `gate` sets the weights of one gate: those of the
 * inputs, that of the state h, and the bias; what you do not set is 0.
 *
 * latch: x = (value, write). Where write is 1, the value, -1 or 1, is to be remembered; where it is
 * 0, the value is noise and changes nothing. After each step h must have the sign of the last value
 * that was written, and be more than 0.6 away from 0, for as long as it may take.
 *
 * depth: x = (1 at a "(", 1 at a ")", 1 at any other sign). The cell state must be the number of
 * brackets that are open.
 */
#include "../exercises/check.h"

enum { I, F, G, O };

static void gate(const nn_lstm_cell *l, int which, const double *of_x, double of_h, double bias)
{
    const int in = l->weight_ih->shape.dim[1];
    for (int i = 0; i < in; i++) l->weight_ih->data[which * in + i] = (nn_real)of_x[i];
    l->weight_hh->data[which] = (nn_real)of_h;
    l->bias_ih->data[which] = (nn_real)bias;
}

static void latch(const nn_lstm_cell *l)
{
    (void)gate;
    /* Your code, instead of the lines down to END: */
    const double write[2] = {0, 40}, keep[2] = {0, -40}, value[2] = {20, 0}, none[2] = {0, 0};
    gate(l, I, write, 0, -20);
    gate(l, F, keep, 0, 20);
    gate(l, G, value, 0, 0);
    gate(l, O, none, 0, 20);
    /* END */
    (void)l;
}

static void depth(const nn_lstm_cell *l)
{
    /* Your code, instead of the lines down to END: */
    const double none[3] = {0, 0, 0}, count[3] = {20, -20, 0};
    gate(l, I, none, 0, 20);
    gate(l, F, none, 0, 20);
    gate(l, G, count, 0, 0);
    gate(l, O, none, 0, 20);
    /* END */
    (void)l;
}

static nn_lstm_cell empty(nn_ctx *nn, const char *name, int in)
{
    nn_lstm_cell l = nn_lstm_cell_new(nn_model_new(nn), name, in, 1);
    nn_tensor *const part[4] = {l.weight_ih, l.weight_hh, l.bias_ih, l.bias_hh};
    for (int k = 0; k < 4; k++) memset(part[k]->data, 0, part[k]->size * sizeof(nn_real));
    return l;
}

static int first = -1; /* the first step of all that is wrong */

static int wrong_step(int step, int is_wrong)
{
    if (is_wrong && first < 0) first = step;
    return is_wrong;
}

int main(void)
{
    nn_ctx *nn = nn_create(14);
    nn_set_grad_enabled(nn, 0);
    nn_lstm_cell l = empty(nn, "latch", 2);
    latch(&l);
    nn_real h = 0, c = 0;
    int wrong = 0, last = 0;
    for (int t = 0; t < 2000; t++) {
        nn_clear(nn);
        const int write = t == 0 || nn_randint(nn, 0, 50) == 0;
        const nn_real value = write ? (nn_real)(2 * nn_randint(nn, 0, 2) - 1)
                                    : 2 * nn_uniform(nn, -1, 1);
        const nn_real x[2] = {value, (nn_real)write};
        if (write) last = value > 0 ? 1 : -1;
        const nn_rnn_result r = nn_lstm_cell_forward(&l, nn_input(nn, x, nn_shape2(1, 2)),
                                                     nn_input(nn, &h, nn_shape2(1, 1)),
                                                     nn_input(nn, &c, nn_shape2(1, 1)));
        h = nn_item(r.h), c = nn_item(r.c);
        wrong += wrong_step(t, !(last * (double)h > 0.6));
    }
    if (first >= 0) printf("latch is wrong for the first time at step %d\n", first);
    expect_near("latch: wrong of 2000", wrong, 0, 0);

    l = empty(nn, "depth", 3);
    depth(&l);
    h = c = 0, wrong = 0, first = -1;
    int open = 0;
    for (int t = 0; t < 2000; t++) {
        nn_clear(nn);
        int sign = nn_randint(nn, 0, 3); /* (, ), something else */
        if (t < 60) sign = 0;
        if (sign == 1 && open == 0) sign = 0;
        open += (sign == 0) - (sign == 1);
        nn_real x[3] = {0, 0, 0};
        x[sign] = 1;
        const nn_rnn_result r = nn_lstm_cell_forward(&l, nn_input(nn, x, nn_shape2(1, 3)),
                                                     nn_input(nn, &h, nn_shape2(1, 1)),
                                                     nn_input(nn, &c, nn_shape2(1, 1)));
        h = nn_item(r.h), c = nn_item(r.c);
        wrong += wrong_step(t, !(fabs((double)c - open) < 0.1));
    }
    if (first >= 0) printf("depth is wrong for the first time at step %d\n", first);
    expect_near("depth: wrong of 2000", wrong, 0, 0);
    nn_destroy(nn);
    return check_done();
}
