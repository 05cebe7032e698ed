/* What batch normalisation does to a batch, and what it remembers for evaluation: two channels, of
 * mean 5 and deviation 2, and of mean -1 and deviation 0.1.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 1000, STEPS = 50 };

static nn_tensor *draw_batch(nn_ctx *nn, int n) /* [n, 2] */
{
    nn_tensor *x = nn_randn(nn, nn_shape2(n, 2));
    for (int i = 0; i < n; i++) {
        x->data[2 * i] = 5 + 2 * x->data[2 * i];
        x->data[2 * i + 1] = -1 + 0.1f * x->data[2 * i + 1];
    }
    return x;
}

static void show(const char *what, nn_tensor *y)
{
    const nn_stat a = nn_stats(nn_slice(y, 1, 0, 1)), b = nn_stats(nn_slice(y, 1, 1, 2));
    printf("%-20s mean %7.3f %7.3f   deviation %6.3f %6.3f\n", what, a.mean + 0, b.mean + 0, a.std,
           b.std);
}

int main(void)
{
    nn_ctx *nn = nn_create(5);
    nn_model *net = nn_model_new(nn);
    nn_batch_norm bn = nn_batch_norm_new(net, "bn", 2);

    printf("== a batch of %d in training\n", N);
    nn_tensor *x = draw_batch(nn, N);
    show("x", x);
    show("y", nn_batch_norm_forward(&bn, x));
    bn.weight->data[0] = 3, bn.bias->data[0] = 10; /* learned, usually */
    show("y = 3 z + 10, z", nn_batch_norm_forward(&bn, x));

    printf("\n== running statistics\nbatch     mean            variance\n");
    bn = nn_batch_norm_new(net, "new", 2);
    for (int step = 1; step <= STEPS; step++) {
        nn_clear(nn);
        nn_batch_norm_forward(&bn, draw_batch(nn, N));
        if (step == 1 || step == 5 || step == STEPS)
            printf("%5d  %7.3f %7.3f  %7.3f %7.3f\n", step, (double)bn.running_mean->data[0],
                   (double)bn.running_mean->data[1], (double)bn.running_var->data[0],
                   (double)bn.running_var->data[1]);
    }

    const double variance = (double)bn.running_var->data[0];

    printf("\n== one sample, alone and in a batch\n");
    nn_set_training(nn, 0); /* by the running statistics */
    x = draw_batch(nn, 8);
    nn_tensor *alone = nn_batch_norm_forward(&bn, nn_slice(x, 0, 0, 1));
    nn_tensor *together = nn_batch_norm_forward(&bn, x);
    const int same = memcmp(alone->data, together->data, 2 * sizeof(nn_real)) == 0;
    nn_set_training(nn, 1);
    nn_tensor *trained = nn_batch_norm_forward(&bn, x);
    printf("evaluation: %7.3f alone, %7.3f in the batch\n", (double)alone->data[0],
           (double)together->data[0]);
    printf("training:   no variance alone, %7.3f in the batch\n", (double)trained->data[0]);

    printf("\n== what the model keeps\n");
    nn_model_print(net);
    const int good = same && fabs(variance - 4) < 0.1;
    printf("\nexpected: in evaluation the same, alone or not; a running variance near 4\n");
    printf("got:      %s, %.2f\n", same ? "the same" : "not the same", variance);
    nn_destroy(nn);
    return !good;
}
