/* Networks that vote on handwritten digits. In a bag each learns from samples drawn with putting
 * back, and the samples that it has not drawn test it, without a test set.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MEMBERS = 11, MOST = 1500, UNITS = 32, EPOCHS = 40 };

typedef struct network {
    nn_linear fc1, fc2;
} network;

static nn_tensor *forward(const network *n, nn_tensor *x)
{
    return nn_linear_forward(&n->fc2, nn_relu(nn_linear_forward(&n->fc1, x)));
}

/* sample: which of the set to learn from, as many as it has; NULL: each once. */
static network train(const nn_dataset *set, int seed, const int *sample)
{
    nn_ctx *nn = set->ctx;
    nn_seed(nn, (uint64_t)seed);
    nn_model *model = nn_model_new(nn);
    network n = {nn_linear_new(model, "fc1", set->size, UNITS),
                 nn_linear_new(model, "fc2", UNITS, set->classes)};
    nn_optimizer *opt = nn_adam(model, 0.005f);
    nn_batches b = nn_batches_new(set, 16, 1);
    if (sample) memcpy(b.order, sample, (size_t)set->n * sizeof *sample);
    while (b.epoch < EPOCHS)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(forward(&n, nn_batch_x(&b)), b.label));
            nn_step(opt);
        }
    nn_clear(nn);
    return n;
}

static double wrong(const int *answer, const int *label, int n) /* percent of those answered */
{
    int answered = 0, right = 0;
    for (int i = 0; i < n; i++) answered += answer[i] >= 0, right += answer[i] == label[i];
    return 100.0 * (answered - right) / answered;
}

/* How wrong a vote of four members is, the mean over all choices of four. */
static double four(nn_ctx *nn, const int *answer, const int *label, int n)
{
    static int some[4 * MOST], vote[MOST];
    int choices = 0;
    double sum = 0;
    for (int set = 0; set < 1 << MEMBERS; set++) { /* bit m of set: member m votes */
        int k = 0;
        for (int m = 0; m < MEMBERS; m++) k += set >> m & 1;
        if (k != 4) continue;
        for (int m = MEMBERS - 1; m >= 0; m--)
            if (set >> m & 1) memcpy(some + --k * n, answer + m * n, (size_t)n * sizeof *some);
        nn_vote(nn, some, 4, n, vote);
        sum += wrong(vote, label, n);
        choices++;
    }
    return sum / choices;
}

int main(void)
{
    static int left_out[MEMBERS * MOST], held_out[MEMBERS * MOST];
    static int index[MOST], out[MOST], vote[MOST];
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.8, &learn, &test); /* few to learn from */
    if (!nn_ok(nn) || test.n > MOST) return 1;
    double members[2] = {0, 0}, together[2];
    for (int bag = 0; bag < 2; bag++) {
        printf("%s== wrong in %%, %s\n", bag ? "\n" : "",
               bag ? "each from a bag" : "each from all");
        for (int m = 0; m < MEMBERS; m++) {
            /* [bag] */
            const int left = nn_bootstrap(nn, learn.n, index, out);
            const network n = train(&learn, m + 1, bag ? index : NULL);
            nn_argmax(forward(&n, nn_dataset_x(&learn)), vote);
            for (int i = 0; i < learn.n; i++) left_out[m * learn.n + i] = -1; /* no answer */
            for (int i = 0; i < left; i++) left_out[m * learn.n + out[i]] = vote[out[i]];
            nn_argmax(forward(&n, nn_dataset_x(&test)), held_out + m * test.n);
            /* [/bag] */
            const double error = wrong(held_out + m * test.n, test.label, test.n);
            printf("%.1f ", error);
            members[bag] += error / MEMBERS;
        }
        nn_vote(nn, held_out, MEMBERS, test.n, vote);
        together[bag] = wrong(vote, test.label, test.n);
        printf("\ntheir mean %.1f, their vote %.1f, votes of four %.1f\n", members[bag],
               together[bag], four(nn, held_out, test.label, test.n));
    }
    nn_vote(nn, left_out, MEMBERS, learn.n, vote); /* of those that have not seen the sample */
    const double out_of_bag = wrong(vote, learn.label, learn.n);
    printf("out of bag %.1f\n", out_of_bag);

    const int ok = together[1] < members[1] && fabs(out_of_bag - together[1]) < 4;
    printf("\nexpected: the bags' vote is better than they are; out of bag tells it within 4\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
