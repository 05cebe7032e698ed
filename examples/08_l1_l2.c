/* L1 and L2 on real patients: ten measurements predict how diabetes goes on. The same linear model
 * with three penalties. Only the third has weights that are exactly 0: a sub-gradient steps over
 * 0 and back, the proximal step stops there.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { FEATURES = 10, STEPS = 2000, SPLITS = 40 };
static const char *const names[FEATURES] = {"age", "sex", "bmi", "bp",  "s1",
                                            "s2",  "s3",  "s4",  "s5", "s6"};
static const nn_real lr = 0.05f, strength = 0.1f;

typedef enum kind { NONE, L2, L1_SUBGRADIENT, L1_PROXIMAL, KINDS } kind;

/* [train] */
static void train(nn_model *net, const nn_linear *layer, const nn_dataset *data, kind k)
{
    nn_optimizer *opt = nn_sgd(net, lr);
    for (int step = 0; step < STEPS; step++) {
        nn_clear(net->ctx);
        nn_zero_grad(net);
        nn_tensor *y = nn_linear_forward(layer, nn_dataset_x(data));
        nn_tensor *loss = nn_scale(nn_mse(y, nn_dataset_target(data)), 0.5f);
        if (k == L2) loss = nn_add(loss, nn_l2_penalty(net, strength));
        if (k == L1_SUBGRADIENT) loss = nn_add(loss, nn_l1_penalty(net, strength));
        nn_backward(loss);
        nn_step(opt);
        if (k == L1_PROXIMAL) nn_soft_threshold(net, lr * strength);
    }
}
/* [/train] */

typedef struct outcome {
    nn_real weight[KINDS][FEATURES];
    double held_out[KINDS]; /* mean squared error */
} outcome;

static outcome one_split(uint64_t seed)
{
    outcome o = {0};
    nn_ctx *nn = nn_create(seed);
    nn_csv_options header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/diabetes.csv", header);
    nn_dataset all = nn_dataset_targets(&table, -1), learned, held_out;
    nn_split(&all, 0.25, &learned, &held_out);
    nn_scaler scaler = nn_scaler_fit(&learned);
    nn_scaler_apply(&scaler, &learned);
    nn_scaler_apply(&scaler, &held_out);
    if (!nn_ok(nn) || learned.size != FEATURES) exit(1);
    for (int i = 0; i < learned.n; i++) learned.target[i] = (learned.target[i] - 150) / 75;
    for (int i = 0; i < held_out.n; i++) held_out.target[i] = (held_out.target[i] - 150) / 75;
    for (int k = 0; k < KINDS; k++) {
        nn_model *net = nn_model_new(nn);
        const nn_linear layer = nn_linear_new(net, "layer", FEATURES, 1);
        train(net, &layer, &learned, (kind)k);
        memcpy(o.weight[k], layer.weight->data, sizeof o.weight[k]);
        nn_clear(nn);
        nn_tensor *y = nn_linear_forward(&layer, nn_dataset_x(&held_out));
        o.held_out[k] = (double)nn_item(nn_mse(y, nn_dataset_target(&held_out)));
    }
    nn_destroy(nn);
    return o;
}

int main(void)
{
    static const char *const kinds[KINDS] = {"none", "L2", "L1 sub-gradient", "L1 proximal"};
    static outcome split[SPLITS];
    for (int i = 0; i < SPLITS; i++) split[i] = one_split((uint64_t)i + 1);

    printf("== weights, gamma = %g\n%-16s", (double)strength, "");
    for (int i = 0; i < FEATURES; i++) printf(" %6s", names[i]);
    printf("   held out\n");
    int zeros[KINDS] = {0};
    for (int k = 0; k < KINDS; k++) {
        printf("%-16s", kinds[k]);
        for (int i = 0; i < FEATURES; i++) {
            const nn_real w = split[0].weight[k][i];
            zeros[k] += w == 0;
            if (w == 0) printf("      0");
            else printf(" %6.3f", (double)w);
        }
        printf("   %.4f\n", split[0].held_out[k]);
    }

    printf("\n== %d splits: error held out less that of \"none\", mean and standard error\n", SPLITS);
    for (int k = L2; k < KINDS; k++) {
        double more[SPLITS], sum = 0;
        int better = 0;
        for (int i = 0; i < SPLITS; i++) {
            more[i] = split[i].held_out[k] - split[i].held_out[NONE];
            sum += more[i];
            better += more[i] < 0;
        }
        double squares = 0;
        for (int i = 0; i < SPLITS; i++)
            squares += (more[i] - sum / SPLITS) * (more[i] - sum / SPLITS);
        printf("%-16s %+.4f +- %.4f   better in %d\n", kinds[k], sum / SPLITS,
               sqrt(squares / (SPLITS - 1) / SPLITS), better);
    }
    const int others = zeros[NONE] + zeros[L2] + zeros[L1_SUBGRADIENT];
    const int right = others == 0 && zeros[L1_PROXIMAL] >= 3;
    printf("\nexpected: zeros with the proximal step only, at least 3\n");
    printf("got:      %d, %d, %d and %d\n", zeros[0], zeros[1], zeros[2], zeros[3]);
    return !right;
}
