/* Digits without labels are cheap. A denoising autoencoder learns from 1250 of them; its encoder
 * then begins a classifier that has only a few with labels. The more labels, the less it helps, and
 * to keep it as it is, which is best with few, becomes a burden.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, UNITS = 128, CODE = 64, EPOCHS = 30, STEPS = 2000, SEEDS = 8, KINDS = 5 };

typedef struct network {
    nn_model *model;
    nn_linear e1, e2, d1, d2, output;
} network;

static nn_tensor *encode(const network *n, nn_tensor *x)
{
    return nn_relu(nn_linear_forward(&n->e2, nn_relu(nn_linear_forward(&n->e1, x))));
}

static void add_encoder(network *n, nn_ctx *nn)
{
    n->model = nn_model_new(nn);
    n->e1 = nn_linear_new(n->model, "encoder.1", PIXELS, UNITS);
    n->e2 = nn_linear_new(n->model, "encoder.2", UNITS, CODE);
}

static network train_autoencoder(const nn_dataset *learn)
{
    nn_ctx *nn = learn->ctx;
    network a;
    add_encoder(&a, nn);
    a.d1 = nn_linear_new(a.model, "decoder.2", CODE, UNITS);
    a.d2 = nn_linear_new(a.model, "decoder.1", UNITS, PIXELS);
    nn_optimizer *opt = nn_adam(a.model, 0.003f);
    nn_batches b = nn_batches_new(learn, 32, 1);
    while (b.epoch < EPOCHS)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(a.model);
            nn_tensor *x = nn_batch_x(&b), *code = encode(&a, nn_salt_and_pepper(x, 0.3f, 0, 1));
            nn_tensor *z = nn_linear_forward(&a.d2, nn_relu(nn_linear_forward(&a.d1, code)));
            nn_backward(nn_bce_with_logits(z, x));
            nn_step(opt);
        }
    nn_clear(nn);
    return a;
}

/* kind 0: on the pixels themselves; 1: random; 2, 3: begins with a's encoder;
 * 3, 4: keeps the one it has */
static double classify(const nn_dataset *few, const nn_dataset *test, const network *a, int kind)
{
    nn_ctx *nn = few->ctx;
    network n;
    /* [begin] */
    add_encoder(&n, nn);
    n.output = nn_linear_new(n.model, "output", kind ? CODE : PIXELS, 10);
    if (kind == 2 || kind == 3) nn_model_copy(n.model, "encoder", a->model, "encoder");
    if (kind >= 3) nn_freeze(n.model, "encoder", 1);
    /* [/begin] */
    nn_optimizer *opt = nn_adam(n.model, 0.003f);
    nn_batches b = nn_batches_new(few, 16, 1);
    for (int step = 0; step < STEPS; step += b.n > 0) {
        if (!nn_next_batch(&b)) continue;
        nn_clear(nn);
        nn_zero_grad(n.model);
        nn_tensor *x = nn_batch_x(&b), *y = kind ? encode(&n, x) : x;
        nn_backward(nn_cross_entropy(nn_linear_forward(&n.output, y), b.label));
        nn_step(opt);
    }
    nn_clear(nn);
    nn_tensor *x = nn_dataset_x(test), *y = kind ? encode(&n, x) : x;
    return 100.0 * nn_count_correct(nn_linear_forward(&n.output, y), test->label) / test->n;
}

int main(void)
{
    static const char *const name[KINDS] = {
        "the pixels, without encoder", "a random encoder, trained", "the autoencoder's, trained",
        "the autoencoder's, frozen", "a random encoder, frozen"};
    static const int labels[2] = {50, 500};
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn)) return 1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * PIXELS; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    double right[2][KINDS] = {{0}}, gain[2] = {0, 0}, squares[2] = {0, 0}, error[2];
    for (int seed = 1; seed <= SEEDS; seed++) {
        nn_dataset learn, test, rest, few;
        nn_seed(nn, (uint64_t)seed);
        nn_split_stratified(&all, 0.3, &learn, &test);
        const network a = train_autoencoder(&learn);
        for (int many = 0; many < 2; many++) {
            double percent[KINDS];
            nn_split_stratified(&learn, (double)labels[many] / learn.n, &rest, &few);
            for (int kind = 0; kind < KINDS; kind++) {
                nn_seed(nn, (uint64_t)seed); /* the same random weights and batches */
                percent[kind] = classify(&few, &test, &a, kind);
                right[many][kind] += percent[kind] / SEEDS;
            }
            const double more = percent[2] - percent[1];
            gain[many] += more / SEEDS, squares[many] += more * more;
        }
    }
    printf("== held-out digits read right, means of %d splits\n", SEEDS);
    printf("%-28s  50 labels  500 labels\n", "the classifier begins with");
    for (int kind = 0; kind < KINDS; kind++)
        printf("%-28s  %7.1f %%  %8.1f %%\n", name[kind], right[0][kind], right[1][kind]);
    for (int many = 0; many < 2; many++) {
        error[many] = sqrt((squares[many] / SEEDS - gain[many] * gain[many]) / (SEEDS - 1));
        printf("%3d labels: the autoencoder gains %.1f, standard error %.1f\n", labels[many],
               gain[many], error[many]);
    }

    const int ok = gain[0] > 2 * error[0] && gain[1] < gain[0] / 2 && right[0][3] > right[0][2] &&
                   right[1][3] < right[1][1] && right[0][4] < right[0][0];
    printf("\nexpected: with 50 labels a gain of more than two standard errors, with 500 less\n"
           "          than half; the code frozen is the best with 50, behind a trained random one\n"
           "          with 500; a random code is worse than the pixels\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
