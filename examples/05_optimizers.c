/* Seven rules on real handwriting: a network of 64, 512 and 10 units learns 1,438 digits and is
 * asked for the 359 that were held out. Its gradient is written down by hand; chapter 6 derives
 * these lines, and does them for any network.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { EPOCHS = 30, BATCH = 32, PIXELS = 64, HIDDEN = 512, CLASSES = 10 };

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc2;
} network;

static network network_new(nn_ctx *nn)
{
    nn_seed(nn, 42); /* the same first weights for all */
    network n;
    n.model = nn_model_new(nn);
    n.fc1 = nn_linear_new(n.model, "fc1", PIXELS, HIDDEN);
    n.fc2 = nn_linear_new(n.model, "fc2", HIDDEN, CLASSES);
    return n;
}

static void set_grad(nn_tensor *param, const nn_tensor *value)
{
    memcpy(param->grad, value->data, param->size * sizeof *param->grad);
}

/* One batch: x [N, 64] with N labels. */
static void gradient(const network *n, nn_tensor *x, const int *label)
{
    const int N = x->shape.dim[0];
    nn_tensor *z = nn_linear_forward(&n->fc1, x), *h = nn_relu(z);           /* [N, 512] */
    nn_tensor *y = nn_softmax(nn_linear_forward(&n->fc2, h));                 /* [N, 10] */
    nn_tensor *t = nn_one_hot(x->ctx, label, N, CLASSES);
    nn_tensor *delta2 = nn_scale(nn_sub(y, t), 1 / (nn_real)N);               /* [N, 10] */
    nn_tensor *delta1 = nn_mul(nn_matmul(delta2, n->fc2.weight), nn_heaviside(z));
    set_grad(n->fc2.weight, nn_matmul(nn_transpose(delta2, 0, 1), h));       /* [10, 512] */
    set_grad(n->fc2.bias, nn_sum_axis(delta2, 0));
    set_grad(n->fc1.weight, nn_matmul(nn_transpose(delta1, 0, 1), x));       /* [512, 64] */
    set_grad(n->fc1.bias, nn_sum_axis(delta1, 0));
}

static int correct(const network *n, const nn_dataset *set)
{
    int seen[2000], right = 0;
    nn_clear(set->ctx);
    nn_tensor *h = nn_relu(nn_linear_forward(&n->fc1, nn_dataset_x(set)));
    nn_argmax(nn_linear_forward(&n->fc2, h), seen);
    for (int i = 0; i < set->n; i++) right += seen[i] == set->label[i];
    return right;
}

/* [rules] */
typedef struct rule {
    nn_optimizer *opt;
    const char *setting;
} rule;

/* Makes all and gives one: they take no memory for their state before their first step. */
static rule rule_new(nn_model *model, int k)
{
    const rule all[] = {{nn_sgd(model, 0.5f), "lr 0.5"},
                        {nn_momentum(model, 0.1f, 0.9f), "lr 0.1, beta 0.9"},
                        {nn_nesterov(model, 0.1f, 0.9f), "lr 0.1, beta 0.9"},
                        {nn_adagrad(model, 0.05f), "lr 0.05"},
                        {nn_rmsprop(model, 0.002f), "lr 0.002"},
                        {nn_adam(model, 0.002f), "lr 0.002"},
                        {nn_adamw(model, 0.002f, 0.1f), "lr 0.002, decay 0.1"}};
    return all[k];
}
/* [/rules] */

int main(void)
{
    nn_ctx *nn = nn_create(2026);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split(&all, 0.2, &train, &test);
    if (!nn_ok(nn) || test.n > 2000) return 1;
    nn_set_grad_enabled(nn, 0);

    printf("rule       setting                held out read right after 1, 5, %d epochs\n", EPOCHS);
    int enough = 0;
    for (int k = 0; k < 7; k++) {
        network n = network_new(nn);
        const rule r = rule_new(n.model, k);
        nn_batches b = nn_batches_new(&train, BATCH, 1);
        printf("%-10s %-20s", r.opt->rule, r.setting);
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                gradient(&n, nn_batch_x(&b), b.label);
                nn_step(r.opt);
            }
            if (epoch == 1 || epoch == 5 || epoch == EPOCHS)
                printf(" %5.1f %%", 100.0 * correct(&n, &test) / test.n);
        }
        printf("\n");
        enough += correct(&n, &test) >= 0.97 * test.n;
    }
    printf("\nexpected: at least 97 %% with each of the 7 rules\n");
    printf("got:      %d of 7\n", enough);
    nn_destroy(nn);
    return enough != 7;
}
