/* A network of two hidden units, started eight times: which ends are minima, which are only slow,
 * and which start to take.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { PART = 20, UNITS = 2, STARTS = 8, EARLY = 1500, LATE = 20000 };
enum { LEARN, HELD_OUT, FRESH, PARTS }; /* learn from, choose by, test with */

typedef struct network {
    nn_model *model;
    nn_linear fc1, fc2;
} network;

static nn_tensor *loss_of(const network *n, nn_real *x, nn_real *y, int part)
{
    nn_ctx *nn = n->model->ctx;
    const nn_shape column = nn_shape2(PART, 1);
    nn_tensor *h = nn_tanh(nn_linear_forward(&n->fc1, nn_input(nn, x + part * PART, column)));
    return nn_mse(nn_linear_forward(&n->fc2, h), nn_input(nn, y + part * PART, column));
}

int main(void)
{
    nn_ctx *nn = nn_create(35);
    nn_real x[PARTS * PART], y[PARTS * PART];
    for (int i = 0; i < PARTS * PART; i++) x[i] = nn_uniform(nn, -2, 2);
    const nn_tensor *wave = nn_sin(nn_scale(nn_input(nn, x, nn_shape1(PARTS * PART)), 3));
    for (int i = 0; i < PARTS * PART; i++) y[i] = wave->data[i] + nn_normal(nn, 0, 0.1f);

    double early[STARTS], late[STARTS][PARTS];
    int chosen = 0, worst = 0;
    printf("== loss after %d and %d steps\n", EARLY, LATE);
    printf("start  early   late  held out    unit 1: in, bias, out    unit 2: in, bias, out\n");
    for (int s = 0; s < STARTS; s++) {
        nn_seed(nn, (uint64_t)s + 1);
        network n;
        n.model = nn_model_new(nn);
        n.fc1 = nn_linear_new(n.model, "fc1", 1, UNITS);
        n.fc2 = nn_linear_new(n.model, "fc2", UNITS, 1);
        nn_optimizer *opt = nn_momentum(n.model, 0.1f, 0.9f);
        for (int step = 0; step < LATE; step++) {
            nn_clear(nn);
            nn_zero_grad(n.model);
            nn_tensor *loss = loss_of(&n, x, y, LEARN);
            if (step == EARLY) early[s] = (double)nn_item(loss);
            nn_backward(loss);
            nn_step(opt);
        }
        for (int part = 0; part < PARTS; part++)
            late[s][part] = (double)nn_item(loss_of(&n, x, y, part));
        if (late[s][HELD_OUT] < late[chosen][HELD_OUT]) chosen = s;
        if (late[s][HELD_OUT] > late[worst][HELD_OUT]) worst = s;
        printf("%5d  %.3f  %.3f     %.3f", s + 1, early[s], late[s][LEARN], late[s][HELD_OUT]);
        for (int u = 0; u < UNITS; u++)
            printf("      %5.1f %5.1f %5.1f", (double)n.fc1.weight->data[u],
                   (double)n.fc1.bias->data[u], (double)n.fc2.weight->data[u]);
        printf("\n");
    }
    printf("chosen: start %d; on fresh points it has %.3f, start %d has %.3f\n", chosen + 1,
           late[chosen][FRESH], worst + 1, late[worst][FRESH]);

    const int ok = 2 * late[chosen][FRESH] < late[worst][FRESH];
    printf("\nexpected: on fresh points the chosen has less than half the loss of the worst\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
