/* A model outlives its program: saved, loaded into another network, which then gives the same
 * answers; a training that was interrupted goes on to the same bits; and the weights as C source.
 * The files are left in build/. */
#define NN_IMPLEMENTATION
#include "../nn.h"

typedef struct network {
    nn_ctx *nn;
    nn_model *model;
    nn_linear hidden, output;
    nn_optimizer *opt;
} network;

static network network_new(uint64_t seed)
{
    network net;
    net.nn = nn_create(seed);
    net.model = nn_model_new(net.nn);
    net.hidden = nn_linear_new(net.model, "hidden", 2, 8);
    net.output = nn_linear_new(net.model, "output", 8, 1);
    net.opt = nn_adam(net.model, 0.05f);
    return net;
}

static const nn_real inputs[8] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[4] = {0, 1, 1, 0};

static nn_tensor *forward(network *net) /* -> [4, 1] */
{
    nn_clear(net->nn);
    nn_tensor *x = nn_input(net->nn, inputs, nn_shape2(4, 2));
    return nn_linear_forward(&net->output, nn_tanh(nn_linear_forward(&net->hidden, x)));
}

static void train(network *net, int steps)
{
    for (int i = 0; i < steps; i++) {
        nn_tensor *z = forward(net);
        nn_zero_grad(net->model);
        nn_backward(nn_bce_with_logits(z, nn_input(net->nn, targets, nn_shape2(4, 1))));
        nn_step(net->opt);
    }
}

/* How many of the four answers of two networks are the same number. */
static int same_answers(network *a, network *b)
{
    const nn_real *z = forward(a)->data, *other = forward(b)->data;
    int same = 0;
    for (int i = 0; i < 4 && nn_ok(a->nn) && nn_ok(b->nn); i++) same += z[i] == other[i];
    return same;
}

int main(void)
{
    printf("== saved and loaded\n");
    /* [save] */
    network trained = network_new(42), loaded = network_new(7);
    train(&trained, 200);
    printf("two networks: %d of 4 answers are the same\n", same_answers(&trained, &loaded));
    nn_save(trained.model, "build/xor.safetensors");
    nn_load(loaded.model, "build/xor.safetensors");
    const int first = same_answers(&trained, &loaded);
    printf("one loaded from the other's file: %d of 4\n", first);
    /* [/save] */

    printf("== interrupted after 120 steps of 200\n");
    network begun = network_new(42), resumed = network_new(0);
    train(&begun, 120);
    nn_checkpoint_save(begun.opt, NULL, "build/xor.checkpoint");
    nn_checkpoint_load(resumed.opt, NULL, "build/xor.checkpoint");
    train(&resumed, 80);
    const int second = same_answers(&trained, &resumed);
    printf("step %ld: %d of 4 answers as after 200 in a row\n", resumed.opt->step, second);

    const int exported = nn_export_c(trained.model, "build/xor_weights.h", "xor");
    printf("expected: 4 and 4 the same, exported 1\ngot:      %d and %d the same, exported %d\n",
           first, second, exported);
    nn_destroy(trained.nn), nn_destroy(loaded.nn), nn_destroy(begun.nn), nn_destroy(resumed.nn);
    return first + second + exported != 9;
}
