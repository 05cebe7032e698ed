/* A network that is 99 % sure should be right in 99 of 100 cases. After long training on few
 * pictures of clothes it is too sure; dividing its logits by a temperature, found on pictures held
 * out for that, mends it without a change of any answer (Guo et al., ICML 2017).
 *
 *     16_calibration [SEED]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { CLASSES = 10, PIXELS = 784, BINS = 10, MAX = 800 };

typedef struct network {
    nn_linear fc1, fc2;
} network;

static nn_tensor *classify(void *user, nn_tensor *x) /* [N, 28, 28] -> [N, CLASSES] */
{
    const network *net = (const network *)user;
    x = nn_reshape(x, nn_shape2(-1, PIXELS));
    return nn_linear_forward(&net->fc2, nn_relu(nn_linear_forward(&net->fc1, x)));
}

static network learn(nn_ctx *nn, const nn_dataset *train)
{
    nn_model *model = nn_model_new(nn);
    network net;
    net.fc1 = nn_linear_new(model, "fc1", PIXELS, 32);
    net.fc2 = nn_linear_new(model, "fc2", 32, CLASSES);
    nn_optimizer *opt = nn_adam(model, 0.003f);
    nn_batches b = nn_batches_new(train, 32, 1);
    while (b.epoch < 200 && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(classify(&net, nn_batch_x(&b)), b.label));
            nn_step(opt);
        }
    return net;
}

/* [calibration] */
/* The calibration error of softmax(z / temperature); *right: the part that is right. */
static double calibration_error(nn_ctx *nn, const nn_real *z, const nn_dataset *data,
                                double temperature, nn_calibration_bin *bin, double *right)
{
    static int seen[MAX], correct[MAX];
    nn_tensor *logits = nn_input(nn, z, nn_shape2(data->n, CLASSES));
    nn_tensor *p = nn_softmax(nn_scale(logits, (nn_real)(1 / temperature)));
    nn_argmax(p, seen);
    for (int i = 0; i < data->n; i++) correct[i] = seen[i] == data->label[i];
    *right = nn_accuracy(seen, data->label, data->n);
    return nn_calibration_error(nn_max_axis(p, 1)->data, correct, data->n, BINS, bin);
}

/* Of the temperatures 0.5, 0.6, .. 5 the one with the lowest cross-entropy. */
static double best_temperature(nn_ctx *nn, const nn_real *z, const nn_dataset *data)
{
    double best = 1, lowest = HUGE_VAL;
    for (int tenths = 5; tenths <= 50; tenths++) {
        nn_tensor *logits = nn_input(nn, z, nn_shape2(data->n, CLASSES));
        nn_tensor *loss = nn_cross_entropy(nn_scale(logits, 10 / (nn_real)tenths), data->label);
        if ((double)nn_item(loss) < lowest) lowest = (double)nn_item(loss), best = tenths / 10.0;
    }
    return best;
}
/* [/calibration] */

static void print_bins(const nn_calibration_bin *bin)
{
    for (int b = 0; b < BINS; b++) {
        if (!bin[b].n) continue;
        printf("%.1f to %.1f  %4d  %6.3f  %6.3f  ", b / 10.0, (b + 1) / 10.0, bin[b].n,
               bin[b].confidence, bin[b].accuracy);
        for (int k = 0; k < 40; k++)
            printf("%c", k < 40 * bin[b].accuracy ? k < 40 * bin[b].confidence ? '#' : '<'
                         : k < 40 * bin[b].confidence ? '>' : ' ');
        printf("|\n");
    }
}

int main(int argc, char **argv)
{
    static nn_real z[2][MAX * CLASSES];
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
    const nn_idx images = nn_idx_load(nn, "examples/data/fashion-train-800-images-idx3-ubyte");
    const nn_idx labels = nn_idx_load(nn, "examples/data/fashion-train-800-labels-idx1-ubyte");
    nn_dataset all = nn_dataset_idx(&images, &labels), rest, train, held_out, test;
    nn_split_stratified(&all, 0.6, &train, &rest);
    nn_split_stratified(&rest, 0.75, &held_out, &test);
    if (!nn_ok(nn)) return 1;
    network net = learn(nn, &train);
    if (!nn_evaluate(&held_out, classify, &net, 100, CLASSES, z[0])) return 1;
    if (!nn_evaluate(&test, classify, &net, 100, CLASSES, z[1])) return 1;

    nn_calibration_bin bin[BINS];
    const double temperature[2] = {1, best_temperature(nn, z[0], &held_out)};
    double error[2], right[2];
    for (int k = 0; k < 2; k++) {
        error[k] = calibration_error(nn, z[1], &test, temperature[k], bin, &right[k]);
        printf("== temperature %.1f: %.1f %% of %d pictures right, calibration error %.3f\n",
               temperature[k], 100 * right[k], test.n, error[k]);
        printf("sure of      n    sure   right  (#: right; >: too sure; <: not sure enough)\n");
        print_bins(bin);
        printf("\n");
    }
    printf("expected: a temperature above 1, a smaller error, the same answers\n");
    printf("got:      %.1f, %.3f instead of %.3f, %.1f and %.1f %% right\n", temperature[1],
           error[1], error[0], 100 * right[1], 100 * right[0]);
    const int ok = nn_ok(nn) && temperature[1] > 1 && error[1] < error[0] && right[0] == right[1];
    nn_destroy(nn);
    return !ok;
}
