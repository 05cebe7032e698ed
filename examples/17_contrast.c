/* Which two of these pictures were made from the same one? To answer that needs no labels, only
 * changes that keep what a picture shows; what is learned on the way serves a classifier that has
 * ten labels in all: SimCLR (Chen et al. 2020, arXiv 2002.05709) on handwritten digits. Look at
 * the same classifier on random features, on these, and on pixels, which are hard to beat here:
 * that succeeds with most seeds, not with all.
 *
 *     17_contrast [SEED [EPOCHS]]      1 60
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 128, CODE = 64, HEAD = 32, BATCH = 128, FEW = 10, DRAWS = 10 };

typedef struct network {
    nn_model *model;
    nn_linear l1, l2, head1, head2;
} network;

static network network_new(nn_ctx *nn)
{
    network n;
    n.model = nn_model_new(nn);
    n.l1 = nn_linear_new(n.model, "1", PIXELS, UNITS);
    n.l2 = nn_linear_new(n.model, "2", UNITS, CODE);
    n.head1 = nn_linear_new(n.model, "head.1", CODE, CODE);
    n.head2 = nn_linear_new(n.model, "head.2", CODE, HEAD);
    return n;
}

static nn_tensor *unit_rows(nn_tensor *x)
{
    nn_tensor *little = nn_full(x->ctx, nn_shape0(), 1e-6f);
    return nn_div(x, nn_sqrt(nn_add(nn_sum_axis(nn_square(x), 1), little)));
}

static nn_tensor *features(const network *n, nn_tensor *x) /* [N, PIXELS] -> [N, CODE] */
{
    return nn_relu(nn_linear_forward(&n->l2, nn_relu(nn_linear_forward(&n->l1, x))));
}

/* [nt_xent] */
/* Rows i and i + N of z [2 N, HEAD] are two views of one picture: softmax over the cosines of a row
 * with all others, divided by the temperature, is to find its partner. */
static nn_tensor *nt_xent(nn_tensor *z, nn_real temperature)
{
    const int n = z->shape.dim[0];
    int partner[2 * BATCH];
    nn_tensor *u = unit_rows(z), *itself = nn_full(z->ctx, nn_shape2(n, n), 0);
    nn_tensor *cosine = nn_matmul(u, nn_transpose(u, 0, 1));
    for (int i = 0; i < n && nn_ok(z->ctx); i++) {
        itself->data[i * (n + 1)] = -1e9f; /* a row is not its own partner */
        partner[i] = (i + n / 2) % n;
    }
    return nn_cross_entropy(nn_add(nn_scale(cosine, 1 / temperature), itself), partner);
}
/* [/nt_xent] */

/* What the probe sees: pixels (n NULL) or features, each row as long as another; no gradient. */
static nn_tensor *seen(const network *n, const nn_dataset *set)
{
    nn_tensor *x = nn_dataset_x(set);
    return nn_detach(nn_scale(unit_rows(n ? features(n, x) : x), 3));
}

/* [probe] */
/* Softmax regression on the labels of few; -> how much of test it reads right, in percent */
static double probe(const nn_dataset *few, const nn_dataset *test, const network *n)
{
    nn_ctx *nn = few->ctx;
    nn_model *model = nn_model_new(nn);
    const nn_linear out = nn_linear_new(model, "out", n ? CODE : PIXELS, 10);
    nn_optimizer *opt = nn_adam(model, 0.03f);
    for (int step = 0; step < 100; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *loss = nn_cross_entropy(nn_linear_forward(&out, seen(n, few)), few->label);
        nn_backward(nn_add(loss, nn_l2_penalty(model, 0.01f)));
        nn_step(opt);
    }
    nn_clear(nn);
    nn_tensor *z = nn_linear_forward(&out, seen(n, test));
    return 100.0 * nn_count_correct(z, test->label) / test->n;
}
/* [/probe] */

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(argc > 1 ? (uint64_t)atoi(argv[1]) : 1);
    const int epochs = argc > 2 ? atoi(argv[2]) : 60;
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test, rest, few[DRAWS];
    if (!nn_ok(nn)) return 1;
    for (int i = 0; i < all.n * PIXELS; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split_stratified(&all, 0.3, &learn, &test);
    for (int i = 0; i < DRAWS; i++)
        nn_split_stratified(&learn, (double)FEW / learn.n, &rest, &few[i]);

    const network random = network_new(nn), n = network_new(nn);
    nn_optimizer *opt = nn_adam(n.model, 0.003f);
    nn_batches b = nn_batches_new(&learn, BATCH, 1);
    nn_augment a = nn_augment_new();
    a.degrees = 10, a.shear = 10, a.scale_low = 0.9f, a.scale_high = 1.1f, a.translate = 0.15f;
    printf("== to find the partner among the others\nepoch  loss\n");
    while (b.epoch < epochs && nn_ok(nn)) {
        double sum = 0;
        int steps = 0;
        opt->lr = nn_cosine_annealing_lr(0.003f, 0, epochs, b.epoch);
        /* [epoch] */
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(n.model);
            nn_tensor *x = nn_reshape(nn_batch_x(&b), nn_shape4(-1, 1, 8, 8)), *view[2];
            for (int k = 0; k < 2; k++) view[k] = nn_augment_images(x, &a);
            x = nn_reshape(nn_concat(0, 2, view), nn_shape2(-1, PIXELS));
            nn_tensor *h = nn_relu(nn_linear_forward(&n.head1, features(&n, x)));
            nn_tensor *loss = nt_xent(nn_linear_forward(&n.head2, h), 0.2f);
            nn_backward(loss);
            nn_step(opt);
            sum += (double)nn_item(loss), steps++;
        }
        /* [/epoch] */
        if (b.epoch == 1 || b.epoch % 20 == 0) printf("%5d %5.2f\n", b.epoch, sum / steps);
    }

    const network *const on[3] = {NULL, &random, &n};
    static const char *const name[3] = {"pixels", "random features", "learned features"};
    double right[3] = {0};
    printf("\n== read right with %d labels, mean of %d draws\n", FEW, DRAWS);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < DRAWS; i++) right[k] += probe(&few[i], &test, on[k]) / DRAWS;
        printf("%-16s  %4.1f %%\n", name[k], right[k]);
    }
    const int ok = nn_ok(nn) && right[2] > right[0] - 3 && right[2] > right[1] + 5;
    printf("\nexpected: learned features 5 %% above random ones, at most 3 %% below pixels\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
