/* Learning a distance: a network places handwritten digits on a plane so that those of a class lie
 * together, told only which digits are the same. Triplet and contrastive loss, each from scratch.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 64, STEPS = 2000 };

static nn_tensor *embed(const nn_linear *layer, nn_tensor *x)
{
    return nn_linear_forward(&layer[1], nn_tanh(nn_linear_forward(&layer[0], x))); /* [N, 2] */
}

/* x [N, 64]: N random samples, of any class, which label notes; or of that class, or another. */
enum { ANY, SAME, OTHER };
static nn_tensor *draw(const nn_dataset *data, int *label, int of)
{
    static nn_real x[N * 64];
    for (int i = 0; i < N; i++) {
        int s = nn_randint(data->ctx, 0, data->n);
        while (of != ANY && (data->label[s] == label[i]) != (of == SAME))
            s = nn_randint(data->ctx, 0, data->n);
        if (of == ANY) label[i] = data->label[s];
        memcpy(x + i * 64, data->x + s * 64, sizeof(nn_real) * 64);
    }
    return nn_input(data->ctx, x, nn_shape2(N, 64));
}

/* How many test digits, in %, are of the class of the nearest training digit. */
static double nearest(const nn_linear *layer, const nn_dataset *train, const nn_dataset *test)
{
    nn_clear(train->ctx);
    const nn_real *a = embed(layer, nn_dataset_x(train))->data;
    const nn_real *b = embed(layer, nn_dataset_x(test))->data;
    int right = 0;
    for (int i = 0; i < test->n; i++) {
        double least = 1e30;
        int label = -1;
        for (int j = 0; j < train->n; j++) {
            const double dx = (double)(a[2 * j] - b[2 * i]);
            const double dy = (double)(a[2 * j + 1] - b[2 * i + 1]), d = dx * dx + dy * dy;
            if (d < least) least = d, label = train->label[j];
        }
        right += label == test->label[i];
    }
    return 100.0 * right / test->n;
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    const nn_csv_options plain = {0, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    nn_split(&all, 0.2, &train, &test);
    nn_scaler scaler = nn_scaler_fit(&train);
    nn_scaler_apply(&scaler, &train);
    nn_scaler_apply(&scaler, &test);
    if (!nn_ok(nn)) return 1;

    double right[2];
    for (int k = 0; k < 2; k++) {
        nn_model *model = nn_model_new(nn);
        nn_linear layer[2] = {nn_linear_new(model, "hidden", 64, 64),
                              nn_linear_new(model, "plane", 64, 2)};
        nn_optimizer *opt = nn_adam(model, 0.01f);
        printf("== %s loss\n", k ? "contrastive" : "triplet");
        printf("nearest neighbour right: %.1f %% before\n", nearest(layer, &train, &test));
        for (int step = 0; step <= STEPS; step++) {
            int label[N], yes[N], no[N] = {0};
            for (int i = 0; i < N; i++) yes[i] = 1;
            nn_clear(nn);
            nn_zero_grad(model);
            /* [triplet] */
            nn_tensor *a = embed(layer, draw(&train, label, ANY));
            nn_tensor *p = embed(layer, draw(&train, label, SAME)); /* of the classes of a */
            nn_tensor *n = embed(layer, draw(&train, label, OTHER));
            nn_tensor *loss = k == 0 ? nn_triplet(a, p, n, 1) :
                              nn_add(nn_contrastive(a, p, yes, 3), nn_contrastive(a, n, no, 3));
            /* [/triplet] */
            if (step % 500 == 0) printf("step %4d: loss %.3f\n", step, (double)nn_item(loss));
            nn_backward(loss);
            nn_step(opt);
        }
        right[k] = nearest(layer, &train, &test);
        printf("nearest neighbour right: %.1f %% after\n\n", right[k]);
    }
    printf("expected: more than 85 %% right after learning\n");
    printf("got:      %.1f %% and %.1f %%\n", right[0], right[1]);
    nn_destroy(nn);
    return !(right[0] > 85 && right[1] > 85);
}
