/* L1 and L2 on real patients: ten measurements predict how diabetes goes on. The same linear model
 * with three penalties. Only the third has weights that are exactly 0: a sub-gradient steps over
 * 0 and back, the proximal step stops there.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { FEATURES = 10, STEPS = 2000 };
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

int main(void)
{
    static const char *const kinds[KINDS] = {"none", "L2", "L1 sub-gradient", "L1 proximal"};
    nn_ctx *nn = nn_create(1);
    nn_csv_options header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/diabetes.csv", header);
    nn_dataset all = nn_dataset_targets(&table, -1), learned, held_out;
    nn_split(&all, 0.25, &learned, &held_out);
    nn_scaler scaler = nn_scaler_fit(&learned);
    nn_scaler_apply(&scaler, &learned);
    nn_scaler_apply(&scaler, &held_out);
    if (!nn_ok(nn) || learned.size != FEATURES) return 1;
    for (int i = 0; i < learned.n; i++) learned.target[i] = (learned.target[i] - 150) / 75;
    for (int i = 0; i < held_out.n; i++) held_out.target[i] = (held_out.target[i] - 150) / 75;

    printf("== weights, gamma = %g\n%-16s", (double)strength, "");
    for (int i = 0; i < FEATURES; i++) printf(" %6s", names[i]);
    printf("   held out\n");
    int zeros[KINDS] = {0};
    for (int k = 0; k < KINDS; k++) {
        nn_model *net = nn_model_new(nn);
        const nn_linear layer = nn_linear_new(net, "layer", FEATURES, 1);
        train(net, &layer, &learned, (kind)k);
        printf("%-16s", kinds[k]);
        for (int i = 0; i < FEATURES; i++) {
            zeros[k] += layer.weight->data[i] == 0;
            if (layer.weight->data[i] == 0) printf("      0");
            else printf(" %6.3f", (double)layer.weight->data[i]);
        }
        nn_clear(nn);
        nn_tensor *y = nn_linear_forward(&layer, nn_dataset_x(&held_out));
        printf("   %.4f\n", (double)nn_item(nn_mse(y, nn_dataset_target(&held_out))));
    }
    const int others = zeros[NONE] + zeros[L2] + zeros[L1_SUBGRADIENT];
    const int right = others == 0 && zeros[L1_PROXIMAL] >= 3;
    printf("\nexpected: zeros with the proximal step only, at least 3\n");
    printf("got:      %d, %d, %d and %d\n", zeros[0], zeros[1], zeros[2], zeros[3]);
    nn_destroy(nn);
    return !right;
}
