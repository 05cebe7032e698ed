/* contrast */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 128, CODE = 64, HEAD = 32, BATCH = 128, FEW = 50 };

typedef struct network {
    nn_model *model;
    nn_linear l1, l2, h1, h2;
} network;

static network network_new(nn_ctx *nn)
{
    network n;
    n.model = nn_model_new(nn);
    n.l1 = nn_linear_new(n.model, "1", PIXELS, UNITS);
    n.l2 = nn_linear_new(n.model, "2", UNITS, CODE);
    n.h1 = nn_linear_new(n.model, "head1", CODE, CODE);
    n.h2 = nn_linear_new(n.model, "head2", CODE, HEAD);
    return n;
}

static nn_tensor *features(const network *n, nn_tensor *x)
{
    x = nn_reshape(x, nn_shape2(-1, PIXELS));
    return nn_relu(nn_linear_forward(&n->l2, nn_relu(nn_linear_forward(&n->l1, x))));
}

static nn_tensor *head(const network *n, nn_tensor *h)
{
    return nn_linear_forward(&n->h2, nn_relu(nn_linear_forward(&n->h1, h)));
}

static nn_tensor *nt_xent(nn_tensor *z, nn_real temperature)
{
    const int n = z->shape.dim[0];
    int other[2 * BATCH];
    nn_ctx *nn = z->ctx;
    nn_tensor *length = nn_sqrt(nn_add(nn_sum_axis(nn_square(z), 1), nn_full(nn, nn_shape0(), 1e-6f)));
    nn_tensor *unit = nn_div(z, length);
    nn_tensor *cosine = nn_matmul(unit, nn_transpose(unit, 0, 1));
    nn_tensor *itself = nn_full(nn, nn_shape2(n, n), 0);
    for (int i = 0; i < n; i++) itself->data[i * (n + 1)] = -1e9f, other[i] = (i + n / 2) % n;
    return nn_cross_entropy(nn_add(nn_scale(cosine, 1 / temperature), itself), other);
}

static double probe(const nn_dataset *few, const nn_dataset *test, const network *n)
{
    nn_ctx *nn = few->ctx;
    nn_model *m = nn_model_new(nn);
    nn_linear out = nn_linear_new(m, "out", n ? CODE : PIXELS, 10);
    nn_optimizer *opt = nn_adam(m, 0.03f);
    nn_clear(nn);
    nn_tensor *x = n ? features(n, nn_dataset_x(few)) : nn_dataset_x(few);
    nn_tensor *xt = n ? features(n, nn_dataset_x(test)) : nn_dataset_x(test);
    const int D = n ? CODE : PIXELS;
    nn_dataset a = *few, b = *test;
    nn_real *da = malloc(sizeof *da * x->size), *db = malloc(sizeof *db * xt->size);
    memcpy(da, x->data, sizeof *da * x->size), memcpy(db, xt->data, sizeof *db * xt->size);
    a.x = da, b.x = db, a.size = b.size = D, a.sample = b.sample = nn_shape1(D);
    nn_scaler sc = nn_scaler_fit(&a); nn_scaler_apply(&sc, &a); nn_scaler_apply(&sc, &b);
    for (int step = 0; step < 200; step++) {
        nn_clear(nn);
        nn_zero_grad(m);
        nn_tensor *loss = nn_cross_entropy(nn_linear_forward(&out, nn_dataset_x(&a)), a.label);
        nn_backward(nn_add(loss, nn_l2_penalty(m, 0.01f)));
        nn_step(opt);
    }
    nn_clear(nn);
    const double r = 100.0 * nn_count_correct(nn_linear_forward(&out, nn_dataset_x(&b)), b.label) / b.n;
    free(da), free(db);
    return r;
}

int main(int argc, char **argv)
{
    const int seed = argc > 1 ? atoi(argv[1]) : 1, epochs = argc > 2 ? atoi(argv[2]) : 40;
    const nn_real temperature = argc > 3 ? (nn_real)atof(argv[3]) : 0.5f;
    const nn_real deg = argc > 4 ? (nn_real)atof(argv[4]) : 15;
    const nn_real tr = argc > 5 ? (nn_real)atof(argv[5]) : 0.15f;
    const nn_real sc = argc > 6 ? (nn_real)atof(argv[6]) : 0.2f;
    const nn_real lr = argc > 7 ? (nn_real)atof(argv[7]) : 0.003f;
    const nn_real sh = argc > 8 ? (nn_real)atof(argv[8]) : 15;
    nn_ctx *nn = nn_create((uint64_t)seed);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test, rest, few;
    if (!nn_ok(nn)) return 1;
    for (int i = 0; i < all.n * PIXELS; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 0.3, &learn, &test);
    nn_split_stratified(&learn, (double)FEW / learn.n, &rest, &few);
    network n = network_new(nn);
    const double random = probe(&few, &test, &n), raw = probe(&few, &test, NULL);
    nn_augment a = nn_augment_new();
    a.degrees = deg, a.scale_low = 1 - sc, a.scale_high = 1 + sc, a.translate = tr, a.shear = sh;
    nn_optimizer *opt = nn_adam(n.model, lr);
    nn_batches b = nn_batches_new(&learn, BATCH, 1);
    double first = 0, last = 0;
    while (b.epoch < epochs) {
        last = 0;
        int k = 0;
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(n.model);
            nn_tensor *x = nn_reshape(nn_batch_x(&b), nn_shape4(-1, 1, 8, 8));
            nn_tensor *two[2];
            two[0] = nn_augment_images(x, &a);
            two[1] = nn_augment_images(x, &a);
            nn_tensor *loss = nt_xent(head(&n, features(&n, nn_concat(0, 2, two))), temperature);
            nn_backward(loss);
            opt->lr = nn_cosine_annealing_lr(lr, 0, epochs, b.epoch);
            nn_step(opt);
            last += (double)nn_item(loss), k++;
        }
        last /= k;
        if (b.epoch == 1) first = last;
    }
    printf("random %.1f raw %.1f contrast %.1f  loss %.3f %.3f\n", random, raw, probe(&few, &test, &n), first, last);
    nn_destroy(nn);
    return 0;
}
