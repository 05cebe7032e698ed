/* When it does not learn: one healthy training, seven with a single mistake each, and the numbers
 * by which the mistake shows. Real digits, a network 64-32-10, 300 steps.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { STEPS = 300, BATCH = 32, SIDE = 64, HIDDEN = 32, CLASSES = 10 };

typedef struct mistake {
    const char *name;
    nn_real scale, lr, bias; /* of the inputs; learning rate; first bias of the hidden units */
    int keep_grad, softmax_twice, shuffled;
} mistake;

static const mistake mistakes[] = {
    {"none", 1 / 16.f, 0.2f, 0, 0, 0, 0},
    {"inputs 0 to 1600", 100, 0.2f, 0, 0, 0, 0},
    {"learning rate 20", 1 / 16.f, 20, 0, 0, 0, 0},
    {"learning rate 0.0002", 1 / 16.f, 0.0002f, 0, 0, 0, 0},
    {"nn_zero_grad forgotten", 1 / 16.f, 0.2f, 0, 1, 0, 0},
    {"softmax twice", 1 / 16.f, 0.2f, 0, 0, 1, 0},
    {"labels of others", 1 / 16.f, 0.2f, 0, 0, 0, 1},
    {"hidden bias -8", 1 / 16.f, 0.2f, -8, 0, 0, 0},
};

static double length_of(const nn_real *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
    return sqrt(squares);
}

/* Trains and prints one line of the table; gives the percentage of held-out digits read right. */
static double train(nn_ctx *nn, const mistake *m, const nn_dataset *train, const nn_dataset *test)
{
    nn_seed(nn, 42);
    nn_clear(nn);
    nn_model *net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", SIDE, HIDDEN);
    nn_linear fc2 = nn_linear_new(net, "fc2", HIDDEN, CLASSES);
    for (int j = 0; j < HIDDEN; j++) fc1.bias->data[j] += m->bias;
    nn_optimizer *opt = nn_sgd(net, m->lr);
    nn_batches batches = nn_batches_new(train, BATCH, 1);
    const nn_tensor *w = fc1.weight;
    double first = 0, last = 0, gradient = 0; /* last: mean of the last 20 losses */
    for (int step = 1; step <= STEPS; step++) {
        if (!nn_next_batch(&batches)) nn_next_batch(&batches);
        nn_clear(nn);
        if (!m->keep_grad) nn_zero_grad(net);
        int label[BATCH];
        for (int i = 0; i < batches.n; i++)
            label[i] = m->shuffled ? nn_randint(nn, 0, CLASSES) : batches.label[i];
        nn_tensor *x = nn_scale(nn_batch_x(&batches), m->scale);
        nn_tensor *z = nn_linear_forward(&fc2, nn_relu(nn_linear_forward(&fc1, x)));
        nn_tensor *t = nn_one_hot(nn, label, batches.n, CLASSES);
        nn_tensor *log_y = nn_log_softmax(m->softmax_twice ? nn_softmax(z) : z);
        nn_tensor *loss = nn_scale(nn_sum(nn_mul(t, log_y)), -1 / (nn_real)batches.n);
        nn_backward(loss);
        nn_step(opt);
        if (step == 1) first = (double)nn_item(loss), gradient = length_of(w->grad, w->size);
        if (step > STEPS - 20) last += (double)nn_item(loss) / 20;
    }
    nn_clear(nn);
    nn_tensor *y1 = nn_relu(nn_linear_forward(&fc1, nn_scale(nn_dataset_x(test), m->scale)));
    int seen[1000], right = 0, dead = 0;
    nn_argmax(nn_linear_forward(&fc2, y1), seen);
    for (int i = 0; i < test->n; i++) right += seen[i] == test->label[i];
    for (int j = 0; j < HIDDEN; j++) {
        int on = 0;
        for (int i = 0; i < test->n; i++) on += y1->data[i * HIDDEN + j] > 0;
        dead += on == 0;
    }
    const double now = length_of(w->grad, w->size), size = length_of(w->data, w->size);
    const double percent = 100.0 * right / test->n;
    printf("%-22s %8.3g %8.3g %7.1f %5d %9.2g %8.2g %9.2g\n", m->name, first, last, percent, dead,
           gradient, now, (double)m->lr * now / size);
    return percent;
}

int main(void)
{
    nn_ctx *nn = nn_create(2026);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), training, test;
    nn_split(&all, 0.2, &training, &test);
    printf("mistake                first loss    last   right  dead  gradient  at end  step/w\n");
    const double healthy = train(nn, &mistakes[0], &training, &test);
    double best = 0;
    for (int k = 1; k < (int)(sizeof mistakes / sizeof *mistakes); k++)
        best = fmax(best, train(nn, &mistakes[k], &training, &test));
    const int ok = nn_ok(nn) && healthy > 90 && best < healthy;
    printf("\nexpected: over 90 %% without a mistake, less with any\n");
    printf("got:      %.1f %%, at most %.1f %%\n", healthy, best);
    nn_destroy(nn);
    return !ok;
}
