/* Exercise 11.4: layer after layer (code, 30 minutes).
 *
 * A stack 6-5-4-3 and back, tanh after every layer but the last, decoder[0]. stage_loss: the loss
 * in stage k of greedy pre-training, in which encoder[k] and decoder[k] learn to give back what
 * encoder[k] is given, the code of the encoders before it; the mean squared error. choose: freezes
 * so that only these two learn; k = LAYERS: all learn. whole: the output of the whole stack. The
 * parameters are named encoder.1 (which is encoder[0]), decoder.1, encoder.2, ..; give nn_freeze
 * these names.
 */
#include "../exercises/check.h"

enum { LAYERS = 3, N = 7 };
static const int width[LAYERS + 1] = {6, 5, 4, 3};

typedef struct stack {
    nn_model *model;
    nn_linear encoder[LAYERS], decoder[LAYERS];
} stack;

static void choose(const stack *s, int k)
{
    /* Your code, instead of the lines down to END: */
    char name[32];
    nn_freeze(s->model, "", k < LAYERS);
    if (k == LAYERS) return;
    snprintf(name, sizeof name, "encoder.%d", k + 1);
    nn_freeze(s->model, name, 0);
    snprintf(name, sizeof name, "decoder.%d", k + 1);
    nn_freeze(s->model, name, 0);
    /* END */
}

static nn_tensor *stage_loss(const stack *s, nn_tensor *x, int k)
{
    nn_tensor *loss = NULL;
    /* Your code, instead of the lines down to END: */
    for (int l = 0; l < k; l++) x = nn_tanh(nn_linear_forward(&s->encoder[l], x));
    nn_tensor *h = nn_tanh(nn_linear_forward(&s->encoder[k], x));
    nn_tensor *y = nn_linear_forward(&s->decoder[k], h);
    loss = nn_mse(k > 0 ? nn_tanh(y) : y, x);
    /* END */
    return loss;
}

static nn_tensor *whole(const stack *s, nn_tensor *x)
{
    nn_tensor *y = x;
    /* Your code, instead of the lines down to END: */
    for (int k = 0; k < LAYERS; k++) y = nn_tanh(nn_linear_forward(&s->encoder[k], y));
    for (int k = LAYERS - 1; k >= 0; k--) {
        y = nn_linear_forward(&s->decoder[k], y);
        if (k > 0) y = nn_tanh(y);
    }
    /* END */
    return y;
}

/* One layer for one sample, in plain C. */
static void layer(const nn_linear *l, const double *x, double *y, int in, int out, int with_tanh)
{
    for (int j = 0; j < out; j++) {
        double z = (double)l->bias->data[j];
        for (int i = 0; i < in; i++) z += (double)l->weight->data[j * in + i] * x[i];
        y[j] = with_tanh ? tanh(z) : z;
    }
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    stack s;
    char name[32], what[64];
    s.model = nn_model_new(nn);
    for (int k = 0; k < LAYERS; k++) {
        snprintf(name, sizeof name, "encoder.%d", k + 1);
        s.encoder[k] = nn_linear_new(s.model, name, width[k], width[k + 1]);
        snprintf(name, sizeof name, "decoder.%d", k + 1);
        s.decoder[k] = nn_linear_new(s.model, name, width[k + 1], width[k]);
    }
    for (int i = 0; i < s.model->n_params; i++) /* no tanh near a straight line */
        for (size_t j = 0; j < s.model->param[i]->size; j++) s.model->param[i]->data[j] *= 3;
    nn_real in[N * 6];
    for (int i = 0; i < N * 6; i++) in[i] = nn_normal(nn, 0, 1);

    static double code[LAYERS + 1][N][6], back[N][6]; /* in plain C: what is to come out */
    for (int i = 0; i < N; i++) {
        double once[6];
        for (int c = 0; c < 6; c++) code[0][i][c] = (double)in[i * 6 + c];
        for (int k = 0; k < LAYERS; k++)
            layer(&s.encoder[k], code[k][i], code[k + 1][i], width[k], width[k + 1], 1);
        memcpy(back[i], code[LAYERS][i], sizeof once);
        for (int k = LAYERS - 1; k >= 0; k--) {
            memcpy(once, back[i], sizeof once);
            layer(&s.decoder[k], once, back[i], width[k + 1], width[k], k > 0);
        }
    }
    const nn_tensor *y = whole(&s, nn_input(nn, in, nn_shape2(N, 6)));
    double worst = 0;
    for (int i = 0; i < N * 6; i++)
        worst = fmax(worst, fabs((double)y->data[i] - back[i / 6][i % 6]));
    expect_near("whole: largest difference", worst, 0, 1e-5);

    for (int k = 0; k <= LAYERS; k++) {
        int wrong = 0, moved = 0;
        const char *first = "";
        choose(&s, k);
        for (int i = 0; i < s.model->n_params; i++) { /* "encoder.1.weight": layer 0 */
            const nn_tensor *p = s.model->param[i];
            if (p->requires_grad == (k == LAYERS || p->name[8] - '1' == k)) continue;
            if (!wrong++) first = p->name;
        }
        snprintf(what, sizeof what, "stage %d: frozen wrongly %.20s", k, first);
        expect_near(what, wrong, 0, 0);
        if (k == LAYERS) break;
        double expected = 0;
        for (int i = 0; i < N; i++) {
            double again[6];
            layer(&s.decoder[k], code[k + 1][i], again, width[k + 1], width[k], k > 0);
            for (int c = 0; c < width[k]; c++)
                expected += pow(again[c] - code[k][i][c], 2) / (N * width[k]);
        }
        nn_clear(nn);
        nn_zero_grad(s.model);
        nn_tensor *loss = stage_loss(&s, nn_input(nn, in, nn_shape2(N, 6)), k);
        snprintf(what, sizeof what, "stage %d: loss", k);
        expect_near(what, (double)nn_item(loss), expected, 1e-5);
        if (loss->requires_grad) nn_backward(loss);
        for (int i = 0; i < s.model->n_params; i++) {
            const nn_tensor *p = s.model->param[i];
            int any = 0;
            for (size_t j = 0; p->grad && j < p->size; j++) any |= p->grad[j] != 0;
            moved += any;
        }
        snprintf(what, sizeof what, "stage %d: that learn", k);
        expect_near(what, moved, 4, 0); /* two weights and two biases */
    }
    nn_destroy(nn);
    return check_done();
}
