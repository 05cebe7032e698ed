/* Seven rules on real handwriting: a network of 64, 512 and 10 units learns 1,438 digits and is
 * asked for the 359 that were held out. Its gradient is written down by hand; chapter 6 derives
 * these lines, and does them for any network.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { RULES = 7, EPOCHS = 30, BATCH = 32 };

static void set_grad(nn_tensor *param, const nn_tensor *value)
{
    memcpy(param->grad, value->data, param->size * sizeof *param->grad);
}

/* One batch: x [N, 64] with N labels. */
static void gradient(const nn_linear *fc1, const nn_linear *fc2, nn_tensor *x, const int *label)
{
    const int N = x->shape.dim[0];
    nn_tensor *z = nn_linear_forward(fc1, x), *h = nn_relu(z);              /* [N, 512] */
    nn_tensor *y = nn_softmax(nn_linear_forward(fc2, h));                   /* [N, 10] */
    nn_tensor *delta2 = nn_scale(nn_sub(y, nn_one_hot(x->ctx, label, N, 10)), 1 / (nn_real)N);
    nn_tensor *delta1 = nn_mul(nn_matmul(delta2, fc2->weight), nn_heaviside(z));
    set_grad(fc2->weight, nn_matmul(nn_transpose(delta2, 0, 1), h));        /* [10, 512] */
    set_grad(fc2->bias, nn_sum_axis(delta2, 0));
    set_grad(fc1->weight, nn_matmul(nn_transpose(delta1, 0, 1), x));        /* [512, 64] */
    set_grad(fc1->bias, nn_sum_axis(delta1, 0));
}

static int correct(const nn_linear *fc1, const nn_linear *fc2, const nn_dataset *set)
{
    int seen[2000], right = 0;
    nn_clear(set->ctx);
    nn_argmax(nn_linear_forward(fc2, nn_relu(nn_linear_forward(fc1, nn_dataset_x(set)))), seen);
    for (int i = 0; i < set->n; i++) right += seen[i] == set->label[i];
    return right;
}

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
    nn_model *net = nn_model_new(nn);
    const nn_linear fc1 = nn_linear_new(net, "fc1", 64, 512);
    const nn_linear fc2 = nn_linear_new(net, "fc2", 512, 10);
    static nn_real start[64 * 512 + 512 + 512 * 10 + 10]; /* the same first weights for all */
    nn_model_get(net, start);

    nn_optimizer *rule[RULES] = {nn_sgd(net, 0.5f),            nn_momentum(net, 0.1f, 0.9f),
                                 nn_nesterov(net, 0.1f, 0.9f), nn_adagrad(net, 0.05f),
                                 nn_rmsprop(net, 0.002f),      nn_adam(net, 0.002f),
                                 nn_adamw(net, 0.002f, 0.1f)};
    int enough = 0;
    printf("== digits\nof %d held out, read right; beta 0.9, weight decay of adamw 0.1\n", test.n);
    printf("rule      learning rate   after 1, 5, %d epochs\n", EPOCHS);
    for (int k = 0; k < RULES; k++) {
        nn_batches b = nn_batches_new(&train, BATCH, 1);
        nn_model_set(net, start);
        printf("%-9s %-15g", rule[k]->rule, (double)rule[k]->lr);
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            /* [epoch] */
            while (nn_next_batch(&b)) {
                nn_clear(nn);
                gradient(&fc1, &fc2, nn_batch_x(&b), b.label);
                nn_step(rule[k]);
            }
            /* [/epoch] */
            if (epoch == 1 || epoch == 5 || epoch == EPOCHS)
                printf(" %5.1f %%", 100.0 * correct(&fc1, &fc2, &test) / test.n);
        }
        printf("\n");
        enough += correct(&fc1, &fc2, &test) >= 0.96 * test.n;
    }
    printf("\nexpected: at least 96 %% with each of the 7 rules\n");
    printf("got:      %d of 7\n", enough);
    nn_destroy(nn);
    return enough != RULES;
}
