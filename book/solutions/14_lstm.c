/* Exercise 14.3: an LSTM, forward and backward (code, 45 minutes).
 *
 * One step of a cell with UNITS units and IN inputs for one sequence. W[gate][j] is the row of unit
 * j for x, U[gate][j] that for h, b[gate][j] its bias; the gates are I, F, G, O as in nn.h. forward
 * is given x, and h and c before, and fills the rest of the step. backward is given the slopes dh
 * and dc of the loss by new_h and new_c, where dc is what comes back from later steps only. It adds
 * to d, the slopes of all weights, and turns dh and dc into those by h and c before, for the step
 * before this one. Compared with nn_lstm_forward and nn_backward over three steps.
 */
#include "../exercises/check.h"

enum { IN = 2, UNITS = 3, STEPS = 3 };
enum { I, F, G, O, GATES };

typedef struct weights {
    double W[GATES][UNITS][IN], U[GATES][UNITS][UNITS], b[GATES][UNITS];
} weights;

typedef struct step {
    double x[IN], h[UNITS], c[UNITS];           /* what comes in */
    double gate[GATES][UNITS];                  /* i, f, g, o */
    double new_c[UNITS], new_h[UNITS];
} step;

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static void forward(const weights *w, step *s)
{
    (void)sigmoid;
    /* Your code, instead of the lines down to END: */
    for (int k = 0; k < GATES; k++)
        for (int j = 0; j < UNITS; j++) {
            double z = w->b[k][j];
            for (int i = 0; i < IN; i++) z += w->W[k][j][i] * s->x[i];
            for (int i = 0; i < UNITS; i++) z += w->U[k][j][i] * s->h[i];
            s->gate[k][j] = k == G ? tanh(z) : sigmoid(z);
        }
    for (int j = 0; j < UNITS; j++) {
        s->new_c[j] = s->gate[F][j] * s->c[j] + s->gate[I][j] * s->gate[G][j];
        s->new_h[j] = s->gate[O][j] * tanh(s->new_c[j]);
    }
    /* END */
}

static void backward(const weights *w, const step *s, double *dh, double *dc, weights *d)
{
    /* Your code, instead of the lines down to END: */
    double dz[GATES][UNITS];
    for (int j = 0; j < UNITS; j++) {
        const double i = s->gate[I][j], f = s->gate[F][j], g = s->gate[G][j], o = s->gate[O][j];
        const double t = tanh(s->new_c[j]), dnew = dc[j] + dh[j] * o * (1 - t * t);
        dz[O][j] = dh[j] * t * o * (1 - o);
        dz[I][j] = dnew * g * i * (1 - i);
        dz[G][j] = dnew * i * (1 - g * g);
        dz[F][j] = dnew * s->c[j] * f * (1 - f);
        dc[j] = dnew * f;
    }
    for (int j = 0; j < UNITS; j++) dh[j] = 0;
    for (int k = 0; k < GATES; k++)
        for (int j = 0; j < UNITS; j++) {
            d->b[k][j] += dz[k][j];
            for (int i = 0; i < IN; i++) d->W[k][j][i] += dz[k][j] * s->x[i];
            for (int i = 0; i < UNITS; i++) {
                d->U[k][j][i] += dz[k][j] * s->h[i];
                dh[i] += dz[k][j] * w->U[k][j][i];
            }
        }
    /* END */
}

static void compare(const char *what, const double *yours, const nn_real *right, size_t n)
{
    double apart = 0;
    for (size_t i = 0; i < n; i++) { /* NaN stays */
        const double d = fabs(yours[i] - (double)right[i]);
        if (!(d <= apart)) apart = d;
    }
    expect_near(what, apart, 0, 2e-5);
}

static void copy(double *to, const nn_tensor *from)
{
    for (size_t i = 0; i < from->size; i++) to[i] = (double)from->data[i];
}

int main(void)
{
    nn_ctx *nn = nn_create(14);
    nn_model *model = nn_model_new(nn);
    nn_lstm lstm = nn_lstm_new(model, "lstm", IN, UNITS);
    const nn_lstm_cell *cell = &lstm.cell[0];
    for (int k = 0; k < 2; k++) { /* larger than usual, so that the gates are not all near 0.5 */
        nn_tensor *t = k ? cell->weight_hh : cell->weight_ih;
        for (size_t i = 0; i < t->size; i++) t->data[i] *= 3;
    }
    memset(cell->bias_hh->data, 0, cell->bias_hh->size * sizeof(nn_real));
    nn_tensor *x = nn_randn(nn, nn_shape3(1, STEPS, IN));
    nn_tensor *h0 = nn_requires_grad(nn_randn(nn, nn_shape3(1, 1, UNITS)));
    nn_tensor *c0 = nn_requires_grad(nn_randn(nn, nn_shape3(1, 1, UNITS)));
    nn_rnn_result r = nn_lstm_forward(&lstm, x, h0, c0, NULL);
    nn_tensor *slopes = nn_randn(nn, r.output->shape); /* the loss: all states times these */
    nn_zero_grad(model);
    nn_backward(nn_sum(nn_mul(r.output, slopes)));

    weights w = {{{{0}}}, {{{0}}}, {{0}}}, d = w;
    copy(&w.W[0][0][0], cell->weight_ih);
    copy(&w.U[0][0][0], cell->weight_hh);
    copy(&w.b[0][0], cell->bias_ih);
    step s[STEPS];
    memset(s, 0, sizeof s);
    copy(s[0].h, h0);
    copy(s[0].c, c0);
    double states[STEPS * UNITS];
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < IN; i++) s[t].x[i] = (double)x->data[t * IN + i];
        for (int j = 0; t > 0 && j < UNITS; j++)
            s[t].h[j] = s[t - 1].new_h[j], s[t].c[j] = s[t - 1].new_c[j];
        forward(&w, &s[t]);
        for (int j = 0; j < UNITS; j++) states[t * UNITS + j] = s[t].new_h[j];
    }
    double dh[UNITS] = {0}, dc[UNITS] = {0};
    for (int t = STEPS - 1; t >= 0; t--) {
        for (int j = 0; j < UNITS; j++) dh[j] += (double)slopes->data[t * UNITS + j];
        backward(&w, &s[t], dh, dc, &d);
    }
    compare("the states are off by", states, r.output->data, r.output->size);
    compare("the last c is off by", s[STEPS - 1].new_c, r.c->data, r.c->size);
    compare("dW is off by", &d.W[0][0][0], cell->weight_ih->grad, cell->weight_ih->size);
    compare("dU is off by", &d.U[0][0][0], cell->weight_hh->grad, cell->weight_hh->size);
    compare("db is off by", &d.b[0][0], cell->bias_ih->grad, cell->bias_ih->size);
    compare("dh before all is off by", dh, h0->grad, h0->size);
    compare("dc before all is off by", dc, c0->grad, c0->size);
    nn_destroy(nn);
    return check_done();
}
