/* Learning from digits without telling of any one of them: the gradient of each is clipped to
 * length 1, noise is added to the sum of a batch (DP-SGD, Abadi et al. 2016, arXiv 1607.00133).
 * Look at what epsilon costs. Large batches make it cheap: the noise is the same.
 *
 * One step is a Gaussian mechanism: whether one example counts or is left out, its place empty,
 * moves the sum of its batch by 1 at most, and no other; the noise has standard deviation `noise`,
 * so it is rho-zCDP with rho = 1 / (2 noise^2) (Bun and Steinke 2016, arXiv 1605.02635, proposition
 * 1.6). An example is in one batch of each epoch, so all steps together are (EPOCHS rho)-zCDP,
 * hence (epsilon, delta)-private (proposition 1.3) with
 *
 *     epsilon = EPOCHS rho + 2 sqrt(EPOCHS rho ln(1 / delta))
 *
 * That is an upper bound: nobody knows in which batch it was, which helps, and is not counted. (How
 * many places there are is taken as known; real secrets need real random numbers.)
 *
 *     17_private [seed]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, CLASSES = 10, SIZE = PIXELS * CLASSES + CLASSES };
enum { EPOCHS = 10, BATCH = 480, LEVELS = 5 };
static const double ln_1_delta = 11.5129; /* delta = 1e-5 */

/* [clipped] */
/* Adds the gradient of one example, at most `clip` long, to sum[SIZE]; gives its length. */
static double add_clipped(nn_model *model, const nn_linear *fc, const nn_real *x, const int *label,
                          nn_real clip, double *sum)
{
    nn_ctx *nn = model->ctx;
    double squares = 0;
    nn_clear(nn);
    nn_zero_grad(model);
    nn_tensor *z = nn_linear_forward(fc, nn_input(nn, x, nn_shape2(1, PIXELS)));
    nn_backward(nn_cross_entropy(z, label));
    nn_clip_grad_norm(model, clip);
    for (int p = 0, k = 0; p < model->n_params; p++)
        for (size_t i = 0; i < model->param[p]->size; i++, k++) {
            const double g = (double)model->param[p]->grad[i];
            sum[k] += g, squares += g * g;
        }
    return sqrt(squares);
}
/* [/clipped] */

/* [private] */
/* The gradient that the optimiser gets: (sum of clipped ones + noise) / BATCH, for a short batch,
 * too, which would be noisier. Gives the length of the longest. */
static double private_gradient(nn_model *model, const nn_linear *fc, const nn_batches *b,
                               nn_real clip, nn_real noise)
{
    double sum[SIZE] = {0}, longest = 0;
    for (int i = 0; i < b->n; i++) {
        const nn_real *x = b->data->x + b->row[i] * PIXELS;
        longest = fmax(longest, add_clipped(model, fc, x, &b->label[i], clip, sum));
    }
    for (int p = 0, k = 0; p < model->n_params; p++)
        for (size_t i = 0; i < model->param[p]->size; i++, k++) {
            const double n = noise > 0 ? (double)nn_normal(model->ctx, 0, noise * clip) : 0;
            model->param[p]->grad[i] = (nn_real)((sum[k] + n) / BATCH);
        }
    return longest;
}
/* [/private] */

static double right(const nn_linear *fc, const nn_dataset *set)
{
    nn_clear(set->ctx);
    nn_tensor *z = nn_linear_forward(fc, nn_dataset_x(set));
    return 100.0 * nn_count_correct(z, set->label) / set->n;
}

int main(int argc, char **argv)
{
    const nn_real noise[LEVELS] = {0, 2, 4, 8, 16};
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.2, &learn, &test);
    if (!nn_ok(nn)) return 1;

    double percent[LEVELS], longest = 0, difference = 0;
    printf("== digits by noise\n   noise  epsilon  held-out digits read right\n");
    for (int k = 0; k < LEVELS && nn_ok(nn); k++) {
        nn_model *model = nn_model_new(nn);
        const nn_linear fc = nn_linear_new(model, "fc", PIXELS, CLASSES);
        nn_optimizer *opt = nn_momentum(model, 0.5f, 0.9f);
        nn_batches b = nn_batches_new(&learn, BATCH, 1);
        while (b.epoch < EPOCHS && nn_ok(nn))
            while (nn_next_batch(&b)) {
                longest = fmax(longest, private_gradient(model, &fc, &b, 1, noise[k]));
                nn_step(opt);
            }
        percent[k] = right(&fc, &test);
        const double rho = EPOCHS / (2 * (double)noise[k] * (double)noise[k]);
        if (noise[k] > 0)
            printf("%8g  %7.2f  %24.1f %%\n", (double)noise[k],
                   rho + 2 * sqrt(rho * ln_1_delta), percent[k]);
        else printf("    none     none  %24.1f %%\n", percent[k]);

        /* Is it the gradient, but for clipping and noise? On the next batch: */
        nn_next_batch(&b);
        private_gradient(model, &fc, &b, 1e6f, 0);
        nn_real loop[SIZE];
        memcpy(loop, fc.weight->grad, fc.weight->size * sizeof *loop);
        nn_clear(nn);
        nn_zero_grad(model);
        nn_backward(nn_cross_entropy(nn_linear_forward(&fc, nn_batch_x(&b)), b.label));
        for (size_t i = 0; i < fc.weight->size; i++)
            difference = fmax(difference, fabs((double)(loop[i] - fc.weight->grad[i])));
    }
    printf("\nthe longest of all clipped gradients: %.4f; without clip and noise their mean is\n"
           "the batch's gradient to 1e-6: %s\n", longest, difference < 1e-6 ? "yes" : "no");
    const int ok = nn_ok(nn) && longest < 1 + 1e-5 && difference < 1e-6 && percent[0] > 85 &&
                   percent[3] > percent[0] - 8 && percent[4] < percent[0] - 5;
    printf("\nexpected: no gradient longer than 1; epsilon 1.97 costs less than 8 points, 0.97\n"
           "          more than 5: yes\ngot:      %s\n", ok ? "yes" : "no");
    nn_destroy(nn);
    return !ok;
}
