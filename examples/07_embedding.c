/* Learning a distance: a network places handwritten digits on a plane so that those of a class lie
 * together, told only which digits are the same. Triplet and contrastive loss, each from scratch.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 64, STEPS = 2000, D = 2 };

static nn_tensor *embed(const nn_linear *layer, nn_tensor *x)
{
    return nn_linear_forward(&layer[1], nn_tanh(nn_linear_forward(&layer[0], x))); /* [N, D] */
}

/* x [N, 64]: N random samples; with label[i] >= 0 wanted, sample i is of that class. */
static nn_tensor *draw(const nn_dataset *data, int *label, int wanted)
{
    static nn_real x[N * 64];
    for (int i = 0; i < N; i++) {
        int s = nn_randint(data->ctx, 0, data->n);
        while (wanted && data->label[s] != label[i]) s = nn_randint(data->ctx, 0, data->n);
        label[i] = data->label[s];
        memcpy(x + i * 64, data->x + s * 64, sizeof(nn_real) * 64);
    }
    return nn_input(data->ctx, x, nn_shape2(N, 64));
}

/* How many test digits are of the class of the nearest training digit. */
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
            double d = 0;
            for (int k = 0; k < D; k++) {
                const double difference = (double)(a[j * D + k] - b[i * D + k]);
                d += difference * difference;
            }
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

    double before[2], after[2];
    static const char *const name[] = {"triplet", "contrastive"};
    for (int kind = 0; kind < 2; kind++) {
        nn_model *model = nn_model_new(nn);
        nn_linear layer[2] = {nn_linear_new(model, "hidden", 64, 64),
                              nn_linear_new(model, "plane", 64, D)};
        nn_optimizer *opt = nn_adam(model, 0.01f);
        before[kind] = nearest(layer, &train, &test);
        printf("== %s loss\n", name[kind]);
        for (int step = 0; step <= STEPS; step++) {
            int first[N], second[N], same[N];
            nn_clear(nn);
            nn_zero_grad(model);
            /* [triplet] */
            nn_tensor *a = embed(layer, draw(&train, first, 0));
            nn_tensor *p = embed(layer, draw(&train, first, 1)); /* of the classes of a */
            nn_tensor *n = embed(layer, draw(&train, second, 0));
            for (int i = 0; i < N; i++) same[i] = first[i] == second[i];
            nn_tensor *loss = kind == 0 ? nn_triplet(a, p, n, 1) : nn_contrastive(a, n, same, 3);
            /* [/triplet] */
            if (step % 500 == 0) printf("step %4d: loss %.3f\n", step, (double)nn_item(loss));
            nn_backward(loss);
            nn_step(opt);
        }
        after[kind] = nearest(layer, &train, &test);
        printf("nearest neighbour on the plane right: %.1f %% before, %.1f %% after\n\n",
               before[kind], after[kind]);
    }
    printf("expected: more than 85 %% right after learning\n");
    printf("got:      %.1f %% and %.1f %%\n", after[0], after[1]);
    nn_destroy(nn);
    return !(after[0] > 85 && after[1] > 85);
}
