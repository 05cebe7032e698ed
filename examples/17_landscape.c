/* What does the ground look like where gradient descent comes to rest, and is it steep or flat? The
 * curvature is the Hessian's largest eigenvalue, found by power iteration with products
 * H v = (g(w + h v) - g(w - h v)) / 2 h: two gradients, no matrix. Descent with rate lr cannot stay
 * where it is above 2 / lr; large rates lead right up to there (Cohen et al. 2021, 2103.00065).
 * Look at: eigenvalue beside 2 / lr; then, what small batches do (Keskar et al. 2017, 1609.04836).
 *
 *     17_landscape [SEED]      1
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 16, CLASSES = 10, MOST = 2000, KINDS = 4, ROUNDS = 60, EPOCHS = 10000 };

typedef struct network {
    nn_model *model;
    nn_linear l1, l2;
} network;

static nn_tensor *outputs(const network *n, nn_tensor *x) /* [N, PIXELS] -> [N, CLASSES] */
{
    return nn_linear_forward(&n->l2, nn_tanh(nn_linear_forward(&n->l1, x)));
}

static nn_tensor *loss_of(const network *n, nn_tensor *x, const int *label)
{
    nn_tensor *target = nn_one_hot(x->ctx, label, x->shape.dim[0], CLASSES);
    return nn_scale(nn_mse(outputs(n, x), target), CLASSES / 2.0f); /* |y - t|^2 / 2 of a digit */
}

/* The loss on set where the weights are w + t v, and in g (if not NULL) its gradient */
static double evaluate(const network *n, const nn_dataset *set, const nn_real *w, nn_real t,
                       const nn_real *v, nn_real *g)
{
    nn_real there[MOST];
    for (int i = 0; i < (int)nn_model_size(n->model); i++) there[i] = w[i] + t * v[i];
    nn_model_set(n->model, there);
    nn_clear(set->ctx);
    nn_zero_grad(n->model);
    nn_tensor *loss = loss_of(n, nn_dataset_x(set), set->label);
    nn_backward(loss);
    for (int k = 0; g && k < n->model->n_params; g += n->model->param[k++]->size)
        memcpy(g, n->model->param[k]->grad, n->model->param[k]->size * sizeof *g);
    return (double)nn_item(loss);
}

static void to_length_1(nn_real *v, int size)
{
    double square = 0;
    for (int i = 0; i < size; i++) square += (double)v[i] * (double)v[i];
    for (int i = 0; i < size; i++) v[i] = (nn_real)((double)v[i] / sqrt(square));
}

/* [eigenvalue] */
/* v becomes the direction of the largest curvature at w: multiplied by H again and again it grows
 * most along that. -> the eigenvalue v . H v */
static double top_eigenvalue(const network *n, const nn_dataset *set, const nn_real *w, nn_real *v)
{
    static nn_real up[MOST], down[MOST], Hv[MOST];
    const int size = (int)nn_model_size(n->model);
    const nn_real h = 0.02f;
    double value = 0;
    for (int i = 0; i < size; i++) v[i] = nn_normal(set->ctx, 0, 1);
    for (int k = 0; k < ROUNDS; k++) {
        if (k) memcpy(v, Hv, sizeof Hv);
        to_length_1(v, size);
        evaluate(n, set, w, h, v, up);
        evaluate(n, set, w, -h, v, down);
        value = 0;
        for (int i = 0; i < size; i++) {
            Hv[i] = (up[i] - down[i]) / (2 * h);
            value += (double)v[i] * (double)Hv[i];
        }
    }
    return value;
}
/* [/eigenvalue] */

/* From the weights the model has, until the loss on all of set is at most 0.03; -> epochs */
static int descend(const network *n, const nn_dataset *set, nn_real lr, int batch)
{
    nn_ctx *nn = set->ctx;
    nn_optimizer *opt = nn_sgd(n->model, lr);
    nn_batches b = nn_batches_new(set, batch, 1);
    for (double loss = 1; loss > 0.03 && b.epoch < EPOCHS && nn_ok(nn);) {
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(n->model);
            nn_backward(loss_of(n, nn_batch_x(&b), b.label));
            nn_step(opt);
        }
        nn_clear(nn);
        if (b.epoch % 10 == 0) loss = (double)nn_item(loss_of(n, nn_dataset_x(set), set->label));
    }
    nn_clear(nn);
    return b.epoch;
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    if (!nn_ok(nn)) return 1;
    for (int i = 0; i < all.n * PIXELS; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split_stratified(&all, 0.9, &learn, &test);
    network n;
    n.model = nn_model_new(nn);
    n.l1 = nn_linear_new(n.model, "1", PIXELS, UNITS);
    n.l2 = nn_linear_new(n.model, "2", UNITS, CLASSES);
    static nn_real start[MOST], end[KINDS][MOST], v[MOST];
    nn_model_get(n.model, start);

    static const nn_real lr[KINDS] = {0.1f, 0.2f, 0.3f, 0.1f};
    const int batch[KINDS] = {learn.n, learn.n, learn.n, 10};
    double value[KINDS], worst = 0, edge = 0;
    printf("== %d digits learned from the same first weights to the same loss\n", learn.n);
    printf("batch   lr  epochs  2 / lr  eigenvalue  curvature  held out\n");
    for (int k = 0; k < KINDS; k++) {
        const nn_real h = 0.1f;
        nn_model_set(n.model, start);
        const int epochs = descend(&n, &learn, lr[k], batch[k]);
        nn_model_get(n.model, end[k]);
        const double right = nn_count_correct(outputs(&n, nn_dataset_x(&test)), test.label);
        value[k] = top_eigenvalue(&n, &learn, end[k], v);
        /* the same from three losses along v */
        const double here = evaluate(&n, &learn, end[k], 0, v, NULL);
        const double both = evaluate(&n, &learn, end[k], h, v, NULL) +
                            evaluate(&n, &learn, end[k], -h, v, NULL);
        const double curvature = (both - 2 * here) / (double)(h * h), most = 2 / (double)lr[k];
        worst = fmax(worst, fabs(curvature / value[k] - 1));
        if (batch[k] == learn.n) edge = fmax(edge, fabs(value[k] / most - 1));
        printf("%5d  %.1f  %6d  %6.1f  %10.1f  %9.1f  %6.1f %%\n", batch[k], (double)lr[k], epochs,
               most, value[k], curvature, 100 * right / test.n);
    }

    printf("\n== the loss on the line from the first minimum (0) through the last (1)\n");
    for (int i = 0; i < MOST; i++) v[i] = end[3][i] - end[0][i];
    for (int t = -3; t <= 13; t++) {
        const double loss = evaluate(&n, &learn, end[0], (nn_real)t / 10, v, NULL);
        printf("%4.1f  %.4f  %.*s\n", t / 10.0, loss, (int)fmin(60, loss * 600),
               "############################################################");
    }
    const int ok = nn_ok(nn) && worst < 0.02 && edge < 0.2 && value[3] < value[0];
    printf("\nexpected: eigenvalue as the curvature; of the whole batch within 20 %% of 2 / lr;\n"
           "          with small batches flatter\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
