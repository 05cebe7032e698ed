/* A small network learns from what a large one makes of the digits: not only "a 3" but "a 3, and a
 * bit of an 8" (Hinton, Vinyals and Dean 2015, arXiv 1503.02531). Softmax of z / T is matched, at a
 * temperature T; gradients shrink with 1 / T^2, so the loss is multiplied by T^2. Look at where it
 * helps and where it does not: with few digits, with all of them, with wrong labels.
 *
 *     17_distill [seed [SEEDS]]        1 and 3
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PIXELS = 64, CLASSES = 10, LARGE = 128, SMALL = 16, STEPS = 1000, BATCH = 32, MOST = 1800 };

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc2;
} network;

static network network_new(nn_ctx *nn, int units)
{
    network net = {.model = nn_model_new(nn)};
    net.fc1 = nn_linear_new(net.model, "fc1", PIXELS, units);
    net.fc2 = nn_linear_new(net.model, "fc2", units, CLASSES);
    return net;
}

static nn_tensor *logits(const network *net, nn_tensor *x)
{
    return nn_linear_forward(&net->fc2, nn_relu(nn_linear_forward(&net->fc1, x)));
}

/* [loss] */
/* T^2 KL(p, q): p of the teacher, q of the student, both softened by T */
static nn_tensor *soft_loss(nn_tensor *z, nn_tensor *teacher, nn_real T)
{
    nn_tensor *p = nn_detach(nn_softmax(nn_scale(teacher, 1 / T)));
    return nn_scale(nn_kl_div(nn_scale(z, 1 / T), p), T * T);
}
/* [/loss] */

/* A network of `units`; teacher NULL: from the labels, else from its logits at temperature T. */
static network train(const nn_dataset *set, int units, const network *teacher, nn_real T)
{
    nn_ctx *nn = set->ctx;
    const network net = network_new(nn, units);
    nn_optimizer *opt = nn_adam(net.model, 1);
    nn_batches b = nn_batches_new(set, BATCH, 1);
    for (int step = 0; step < STEPS && nn_ok(nn);) {
        if (!nn_next_batch(&b)) continue;
        nn_clear(nn);
        nn_zero_grad(net.model);
        nn_tensor *x = nn_batch_x(&b), *z = logits(&net, x);
        nn_backward(teacher ? soft_loss(z, logits(teacher, x), T) : nn_cross_entropy(z, b.label));
        opt->lr = nn_cosine_annealing_lr(0.005f, 0, STEPS, step++);
        nn_step(opt);
    }
    return net;
}

static double right(const network *net, const nn_dataset *set)
{
    nn_clear(set->ctx);
    return 100.0 * nn_count_correct(logits(net, nn_dataset_x(set)), set->label) / set->n;
}

/* How long the gradient of a new student is at temperature T, T^2 left out. */
static double gradient(const network *student, const network *teacher, nn_tensor *x, nn_real T)
{
    nn_zero_grad(student->model);
    nn_backward(nn_scale(soft_loss(logits(student, x), logits(teacher, x), T), 1 / (T * T)));
    return nn_clip_grad_norm(student->model, HUGE_VALF);
}

int main(int argc, char **argv)
{
    enum { FEW, ALL, WRONG, SETS, LABELS = 0, WAYS = 3 };
    static const char *const name[SETS] = {"100 digits", "all digits", "40 % wrong labels"};
    const nn_real T[WAYS] = {0, 1, 8};
    static int wrong[MOST];
    const uint64_t first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    const int seeds = argc > 2 ? atoi(argv[2]) : 3;
    nn_ctx *nn = nn_create(1);
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn) || all.n > MOST || seeds < 1) return 1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */

    double mean[SETS][WAYS] = {{0}}, large[SETS] = {0}, norm[5];
    int better = 0;
    for (int seed = 0; seed < seeds && nn_ok(nn); seed++) {
        nn_dataset set[SETS], test, rest;
        nn_seed(nn, first + (uint64_t)seed);
        nn_split(&all, 0.2, &set[ALL], &test);
        nn_split(&set[ALL], 100.0 / set[ALL].n, &rest, &set[FEW]);
        set[WRONG] = set[ALL];
        set[WRONG].label = wrong;
        for (int i = 0; i < set[ALL].n; i++)
            wrong[i] = nn_uniform(nn, 0, 1) < 0.44f ? nn_randint(nn, 0, CLASSES) /* 1 of 10 right */
                                                    : set[ALL].label[i];
        network teacher[2]; /* of the right labels, of the wrong ones */
        teacher[0] = train(&set[ALL], LARGE, NULL, 1);
        teacher[1] = train(&set[WRONG], LARGE, NULL, 1);
        for (int s = 0; s < SETS; s++) {
            double percent[WAYS];
            for (int way = 0; way < WAYS; way++) {
                const network student =
                    train(&set[s], SMALL, way == LABELS ? NULL : &teacher[s == WRONG], T[way]);
                percent[way] = right(&student, &test);
                mean[s][way] += percent[way] / seeds;
            }
            large[s] += right(&teacher[s == WRONG], &test) / seeds;
            better += s == FEW && percent[2] > percent[LABELS];
        }
        const network fresh = network_new(nn, SMALL);
        nn_clear(nn);
        for (int k = 0; k < 5; k++)
            norm[k] = gradient(&fresh, &teacher[0], nn_dataset_x(&set[FEW]), (nn_real)(1 << k));
    }
    printf("== the gradient's length without T^2, and with it\n");
    for (int k = 0; k < 5; k++)
        printf("T = %2d  %7.4f  %6.3f\n", 1 << k, norm[k], norm[k] * (1 << k) * (1 << k));
    printf("\n== held-out digits read right, in %%, means of %d seeds\n"
           "%-18s  by labels  by the teacher, T = 1  T = 8   the teacher\n", seeds, "");
    for (int s = 0; s < SETS; s++)
        printf("%-18s  %9.1f  %21.1f  %5.1f  %12.1f\n", name[s], mean[s][LABELS], mean[s][1],
               mean[s][2], large[s]);
    const int ok = nn_ok(nn) && better == seeds && norm[4] < 0.3 * norm[3];
    printf("\nexpected: with 100 digits the teacher at T = 8 is better than labels for all seeds\n"
           "got:      for %d of %d\n", better, seeds);
    nn_destroy(nn);
    return !ok;
}
