/* Reading handwriting: 1,797 real digits of 8 x 8 pixels, a fifth of them held out; a network of
 * two layers learns to tell them apart.
 *
 *     06_digits [seed [file]]       the seed decides the first weights and the order of the batches
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 40, BATCH = 32, CLASSES = 10, SIDE = 8, MAX_TEST = 1000 };

static void show_results(const nn_dataset *test, const int *seen)
{
    int count[CLASSES][CLASSES] = {{0}};
    for (int i = 0; i < test->n; i++) count[test->label[i]][seen[i]]++;
    printf("\nconfusion matrix: rows are what is true, columns what was seen\n   ");
    for (int c = 0; c < CLASSES; c++) printf("%4d", c);
    for (int r = 0; r < CLASSES; r++) {
        printf("\n%3d", r);
        for (int c = 0; c < CLASSES; c++) printf(count[r][c] ? "%4d" : "   .", count[r][c]);
    }
    printf("\n");
    for (int i = 0, shown = 0; i < test->n && shown < 3; i++) {
        if (seen[i] == test->label[i]) continue;
        printf("\nmisread: seen as %d, is %d\n", seen[i], test->label[i]);
        const nn_real *pixels = test->x + i * test->size; /* 0 .. 1 */
        for (int k = 0; k < SIDE * SIDE; k++) {
            const char ink = " .:-=+*#%@"[(int)((double)pixels[k] * 9.99)];
            printf("%s%c%c", k % SIDE ? "" : "    |", ink, ink);
            if (k % SIDE == SIDE - 1) printf("|\n");
        }
        shown++;
    }
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(2026); /* the split is the same for every seed */
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, argc > 2 ? argv[2] : "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.2, &train, &test);
    if (nn_ok(nn) && (all.size != SIDE * SIDE || all.classes != CLASSES || test.n > MAX_TEST)) {
        fprintf(stderr, "not digits of 8 x 8 pixels, or more than 5,000 of them\n");
        nn_destroy(nn);
        return 1;
    }

    nn_seed(nn, argc > 1 ? strtoul(argv[1], NULL, 10) : 42);
    nn_model *net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", SIDE * SIDE, 512);
    nn_linear fc2 = nn_linear_new(net, "fc2", 512, CLASSES);
    nn_optimizer *opt = nn_adam(net, 0.002f);
    nn_batches batches = nn_batches_new(&train, BATCH, 1);
    nn_progress progress = nn_progress_start();
    for (int epoch = 1; epoch <= EPOCHS && nn_ok(nn); epoch++) {
        double sum = 0;
        while (nn_next_batch(&batches)) {
            nn_clear(nn);
            nn_zero_grad(net);
            nn_tensor *x = nn_batch_x(&batches);                               /* [32, 64] */
            nn_tensor *z = nn_linear_forward(&fc2, nn_relu(nn_linear_forward(&fc1, x)));
            nn_tensor *t = nn_one_hot(nn, batches.label, batches.n, CLASSES);  /* [32, 10] */
            nn_tensor *loss = nn_mean(nn_square(nn_sub(nn_softmax(z), t)));
            nn_backward(loss);
            nn_step(opt);
            sum += (double)nn_item(loss) * batches.n;
        }
        nn_progress_show(&progress, epoch, EPOCHS, "epoch %2d: loss %.4f", epoch, sum / train.n);
    }

    nn_clear(nn);
    nn_set_grad_enabled(nn, 0);
    nn_tensor *z = nn_linear_forward(&fc2, nn_relu(nn_linear_forward(&fc1, nn_dataset_x(&test))));
    int seen[MAX_TEST] = {0}, right = 0;
    nn_argmax(z, seen);
    const int ok = nn_ok(nn);
    if (ok) {
        for (int i = 0; i < test.n; i++) right += seen[i] == test.label[i];
        show_results(&test, seen);
        printf("\n%d digits learned, %d held out\n", train.n, test.n);
        printf("expected: at least 97.0 %% of the held-out digits read correctly (seed 42)\n");
        printf("got:      %.1f %%: %d of %d\n", 100.0 * right / test.n, right, test.n);
    }
    nn_destroy(nn);
    return !ok;
}
