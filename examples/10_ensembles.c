/* Several networks together: the average of numbers (how diabetes goes on), votes on classes
 * (handwritten digits), and bags, whose left-out samples test them without a test set.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MEMBERS = 11, MOST = 1500, UNITS = 32 };

typedef struct network {
    nn_linear fc1, fc2;
} network;

static nn_tensor *forward(const network *n, nn_tensor *x)
{
    return nn_linear_forward(&n->fc2, nn_relu(nn_linear_forward(&n->fc1, x)));
}

/* [train] */
/* A new network. sample: which of the set to learn from, as many as it has; NULL: all. */
static network train(const nn_dataset *set, int seed, const int *sample, int epochs)
{
    nn_ctx *nn = set->ctx;
    nn_seed(nn, (uint64_t)seed);
    nn_model *model = nn_model_new(nn);
    network n = {nn_linear_new(model, "fc1", set->size, UNITS),
                 nn_linear_new(model, "fc2", UNITS, set->label ? set->classes : 1)};
    nn_optimizer *opt = nn_adam(model, 0.005f);
    nn_batches b = nn_batches_new(set, 16, 1);
    if (sample) memcpy(b.order, sample, (size_t)set->n * sizeof *sample);
    while (b.epoch < epochs)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *y = forward(&n, nn_batch_x(&b));
            nn_backward(set->label ? nn_cross_entropy(y, b.label) : nn_mse(y, nn_batch_target(&b)));
            nn_step(opt);
        }
    nn_clear(nn);
    return n;
}
/* [/train] */

static double wrong(const int *answer, const int *label, int n) /* percent of those answered */
{
    int answered = 0, right = 0;
    for (int i = 0; i < n; i++) answered += answer[i] >= 0, right += answer[i] == label[i];
    return 100.0 * (answered - right) / answered;
}

/* [average] */
static int averages(nn_ctx *nn)
{
    const nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/diabetes.csv", with_header);
    nn_dataset all = nn_dataset_targets(&table, -1), learn, test;
    for (int i = 0; i < all.n; i++) all.target[i] /= 100;
    nn_split(&all, 0.3, &learn, &test);
    nn_scaler scaler = nn_scaler_fit(&learn);
    nn_scaler_apply(&scaler, &learn);
    nn_scaler_apply(&scaler, &test);
    if (!nn_ok(nn)) return 0;
    network n[MEMBERS];
    for (int m = 0; m < MEMBERS; m++) n[m] = train(&learn, m + 1, NULL, 20);
    nn_tensor *target = nn_dataset_target(&test), *average = nn_scale(target, 0);
    double members = 0;
    printf("== mean squared error of %d networks\n", MEMBERS);
    for (int m = 0; m < MEMBERS; m++) {
        nn_tensor *y = forward(&n[m], nn_dataset_x(&test));
        const double error = (double)nn_item(nn_mse(y, target));
        printf("%.3f ", error);
        members += error / MEMBERS;
        average = nn_add(average, nn_scale(y, 1.0f / MEMBERS));
    }
    const double together = (double)nn_item(nn_mse(average, target));
    printf("\ntheir mean %.3f, of the average of their answers %.3f\n", members, together);
    return together < members;
}
/* [/average] */

/* [bags] */
static int votes(nn_ctx *nn)
{
    static int answer[MEMBERS * MOST], for_test[MEMBERS * MOST], index[MOST], out[MOST], vote[MOST];
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.8, &learn, &test); /* few to learn from */
    if (!nn_ok(nn) || test.n > MOST) return 0;
    double members = 0;
    printf("\n== digits not read right, %d to learn from, %d networks in bags\n", learn.n, MEMBERS);
    for (int m = 0; m < MEMBERS; m++) {
        const int left = nn_bootstrap(nn, learn.n, index, out);
        const network n = train(&learn, m + 1, index, 40);
        nn_argmax(forward(&n, nn_dataset_x(&learn)), vote); /* what it says of those .. */
        for (int i = 0; i < learn.n; i++) answer[m * learn.n + i] = -1;
        for (int i = 0; i < left; i++) answer[m * learn.n + out[i]] = vote[out[i]]; /* left out */
        nn_argmax(forward(&n, nn_dataset_x(&test)), for_test + m * test.n);
        const double error = wrong(for_test + m * test.n, test.label, test.n);
        printf("%.1f ", error);
        members += error / MEMBERS;
    }
    nn_vote(nn, answer, MEMBERS, learn.n, vote);
    const double out_of_bag = wrong(vote, learn.label, learn.n);
    nn_vote(nn, for_test, MEMBERS, test.n, vote);
    const double together = wrong(vote, test.label, test.n);
    printf("\ntheir mean %.1f %%, of their vote %.1f %%, out of bag %.1f %%\n", members, together,
           out_of_bag);
    return together < members && fabs(out_of_bag - together) < 4;
}
/* [/bags] */

int main(void)
{
    nn_ctx *nn = nn_create(42);
    const int average = averages(nn), vote = votes(nn);
    printf("\nexpected: together they err less than their mean; out of bag tells it within 4 %%\n");
    printf("got:      %s\n", average && vote ? "so it is" : "something else");
    nn_destroy(nn);
    return !(average && vote);
}
