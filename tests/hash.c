/* One number for a training run: a model that uses every operation is trained for 100 steps from a
 * fixed seed, every kernel then adds to one more parameter of it, and all of its weights are hashed
 * (FNV-1a, 64 bits). There must be no NaN among them, for its sign is the processor's. The number
 * must be the same with every instruction set, compiler, optimisation level, C library, processor
 * and number of threads.
 *
 *     hash            the best instruction set of this machine
 *     hash NAME       that one; exit status 77 if this machine has it not
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static uint64_t hash_of(const nn_model *model)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < model->n_params; i++)
        for (size_t j = 0; j < model->param[i]->size; j++) {
            float w = (float)model->param[i]->data[j];
            uint32_t bits;
            memcpy(&bits, &w, sizeof bits);
            for (int k = 0; k < 4; k++) h = (h ^ (bits >> 8 * k & 255)) * 0x100000001b3u;
        }
    return h;
}

/* Every kernel there is, and convolution, one after the other: t += what it gives. */
static void every_kernel(nn_ctx *nn, nn_tensor *t)
{
    enum { SIZE = 4999 };
    static nn_real a[SIZE], b[SIZE], y[SIZE], z[SIZE];
    const nn__kernels *k = nn->kernels;
    const size_t n = SIZE;
    const nn__adaptive_step step = {(nn_real)0.9, (nn_real)0.99, (nn_real)0.01, (nn_real)0.01,
                                    1, (nn_real)1e-6, (nn_real)0.1, (nn_real)0.9};
    nn_real max;
    for (size_t i = 0; i < n; i++) a[i] = nn_uniform(nn, 0, 5), b[i] = nn_uniform(nn, 1, 2);
    memcpy(y, b, sizeof y);
#define KEEP k->axpy(t->size, (nn_real)0.1, y, t->data);
#define map(name) k->name(n, a, y);
#define scaled(name) k->name(n, (nn_real)0.3, a, y);
#define pair(name) k->name(n, a, 1, b, 1, y);
#define grad(name) k->name(n, a, b, y);
#define sloped(name) k->name(n, (nn_real)0.3, a, b, y);
#define fold(name) y[0] = k->name(n, a, b);
#define USE(form, name) form(name) KEEP
    NN__MAPS(USE)
    NN__FORMS(USE)
    y[0] = k->sum(n, a), y[1] = k->squared_error(n, a, b, 1), y[2] = k->squared_error(n, a, b, 0);
    KEEP y[3] = k->softmax(n - 4, a, y + 4, &max), y[0] = max;
    KEEP k->softmax_backward(n, a, b, y);
    KEEP y[0] = k->normalize(n - 1, (nn_real)1e-5, a, y + 1);
    KEEP k->normalize_backward(n, (nn_real)0.3, a, b, y);
    KEEP k->batch_norm(n, 1, a, b, a, b, y);
    KEEP k->batch_norm_backward(n, 1, a, b, a, b, b, a, y);
    KEEP k->sgd(n, (nn_real)0.1, (nn_real)0.2, a, y);
    KEEP k->momentum(n, (nn_real)0.1, (nn_real)0.9, 0, (nn_real)0.2, a, b, y);
    KEEP k->momentum(n, (nn_real)0.1, (nn_real)0.9, 1, (nn_real)0.2, a, b, y);
    KEEP k->square(n, a, b); /* what adaptive takes the root of: momentum left it with any sign */
    k->adaptive(n, &step, a, memset(z, 0, sizeof z), b, y);
    KEEP k->adaptive(n, &step, a, NULL, b, y);
    KEEP k->pack(13, 14, 300, a, 331, 1, y);
    int at[300];
    KEEP k->largest(300, 3, 2, 4, 1200, a, a + n, 5, y, at), y[0] = (nn_real)at[7];
    const nn__conv conv = {2, 3, {11, 9}, 5, {3, 2}, {2, 1}, {1, 0}, {1, 2}, {6, 7}};
    KEEP nn__conv_forward(nn, &conv, a, b, y);
    KEEP nn__conv_weight_grad(nn, &conv, a, b, y);
    KEEP nn__conv_input_grad(nn, &conv, a, b, y);
    KEEP
}

/* 33 samples of 19 numbers in 7 classes: sizes that fit no vector and no tile. */
enum { N = 33, D = 19, HIDDEN = 150, C = 7 };

/* Two small convolutional networks on the same images, trained for a few steps: one as LeNet, with
 * both kinds of pooling, one with a residual block, groups and a transposed convolution. */
static void convolutional(nn_model *net)
{
    enum { IMAGES = 5, SIDE = 13, STEPS = 8 };
    nn_ctx *nn = net->ctx;
    const nn_conv_options block = {1, 0, {1, 1}, {1, 1}, {1, 1}, {0, 0}};
    const nn_conv_options wide = {0, 3, {2, 1}, {2, 1}, {1, 2}, {0, 0}};
    nn_conv2d conv1 = nn_conv2d_new(net, "conv1", 2, 6, 5, 1, 2);
    nn_conv2d conv2 = nn_conv2d_new(net, "conv2", 6, 7, 3, 1, NN_SAME);
    nn_conv2d conv3 = nn_conv2d_new_with(net, "conv3", 6, 9, 4, 3, wide);
    nn_conv2d conv4 = nn_conv2d_new_with(net, "conv4", 9, 9, 3, 3, block);
    nn_conv_transpose2d up = nn_conv_transpose2d_new(net, "up", 9, 3, 3, 2, 1);
    nn_conv1d rows = nn_conv1d_new(net, "rows", 7, 4, 3, 2, 1);
    nn_batch_norm bn = nn_batch_norm_new(net, "bn4", 9);
    nn_linear fc = nn_linear_new(net, "fc", 7 * 3 * 3, C), top = nn_linear_new(net, "top", 3, C);
    nn_optimizer *opt = nn_momentum(net, (nn_real)0.02, (nn_real)0.9);
    nn_real pixels[IMAGES * 2 * SIDE * SIDE];
    int label[IMAGES];
    for (int i = 0; i < IMAGES * 2 * SIDE * SIDE; i++) pixels[i] = nn_normal(nn, 0, 1);
    for (int i = 0; i < IMAGES; i++) label[i] = nn_randint(nn, 0, C);
    for (int step = 0; step < STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_input(nn, pixels, nn_shape4(IMAGES, 2, SIDE, SIDE));
        nn_tensor *h = nn_relu(nn_conv2d_forward(&conv1, x)); /* [5, 6, 13, 13] */
        nn_tensor *a = nn_relu(nn_conv2d_forward(&conv2, nn_max_pool2d(h, 2, 0, 0)));
        nn_tensor *b = nn_relu(nn_conv2d_forward(&conv3, h)); /* [5, 9, 7, 11] */
        b = nn_relu(nn_add(nn_batch_norm_forward(&bn, nn_conv2d_forward(&conv4, b)), b));
        b = nn_global_avg_pool2d(nn_conv_transpose2d_forward(&up, b)); /* [5, 3] */
        nn_tensor *z = nn_linear_forward(&fc, nn_flatten(nn_avg_pool2d(a, 2, 0, 0)));
        nn_tensor *line = nn_conv1d_forward(&rows, nn_reshape(a, nn_shape3(IMAGES, 7, 36)));
        nn_tensor *loss = nn_cross_entropy(nn_add(z, nn_linear_forward(&top, b)), label);
        nn_tensor *mean = nn_avg_pool1d(line, 3, 2, 1); /* first this: their gradients are */
        line = nn_add(nn_max_pool1d(line, 3, 2, 1), mean); /* summed in the reverse order */
        nn_backward(nn_add(loss, nn_scale(nn_mean(nn_square(line)), (nn_real)0.1)));
        nn_step(opt);
    }
}

/* A bidirectional RNN below an LSTM with peepholes and a GRU, on embedded words, with lengths. */
static void recurrent(nn_model *net)
{
    enum { SEQUENCES = 5, STEPS = 9, V = 11, UNITS = 18 };
    nn_ctx *nn = net->ctx;
    nn_rnn_options o = {2, 1, 0, (nn_real)0.1, 0, 0, 0, 0};
    const nn_embedding words = nn_embedding_new(net, "words", V, D);
    const nn_rnn below = nn_rnn_new_with(net, "rnn", D, UNITS, o);
    o.layers = 1, o.bidirectional = 0, o.peephole = NN_PEEPHOLE_DIAGONAL;
    const nn_lstm lstm = nn_lstm_new_with(net, "lstm", 2 * UNITS, UNITS, o);
    const nn_gru gru = nn_gru_new(net, "gru", 2 * UNITS, UNITS);
    const nn_gru_cell cell = nn_gru_cell_new(net, "cell", UNITS, UNITS);
    const nn_highway way = nn_highway_new(net, "way", UNITS, NN_TANH, -1);
    const nn_linear head = nn_linear_new(net, "head", UNITS, V);
    nn_optimizer *opt = nn_adam(net, (nn_real)0.01);
    const int lengths[SEQUENCES] = {9, 4, 1, 7, 9};
    int text[SEQUENCES * STEPS], next[SEQUENCES * STEPS];
    for (int i = 0; i < SEQUENCES * STEPS; i++) text[i] = nn_randint(nn, -1, V);
    for (int step = 0; step < 8; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_embedding_forward(&words, text, SEQUENCES * STEPS);
        x = nn_reshape(x, nn_shape3(SEQUENCES, STEPS, D));
        x = nn_rnn_forward(&below, x, NULL, lengths).output;
        const nn_rnn_result a = nn_lstm_forward(&lstm, x, NULL, NULL, NULL);
        const nn_rnn_result b = nn_gru_forward(&gru, x, a.c, lengths);
        nn_tensor *h = nn_reshape(b.h, nn_shape2(SEQUENCES, UNITS));
        h = nn_mean(nn_square(nn_gru_cell_forward(&cell, h, nn_reshape(a.h, h->shape)).h));
        nn_tensor *y = nn_highway_forward(&way, nn_add(a.output, b.output), NULL);
        y = nn_reshape(nn_linear_forward(&head, y), nn_shape2(SEQUENCES * STEPS, V));
        nn_sample(y, (nn_real)0.7, next);
        nn_backward(nn_add(nn_cross_entropy(y, text), h));
        nn_step(opt);
        for (int i = 0; i < SEQUENCES * STEPS; i++) text[i] = next[i];
    }
}

/* A GPT of learned positions, which writes what an encoder and a decoder, with everything that can
 * be hidden, then have to translate; and the GPT once more, step by step from its cache. */
static void transformers(nn_model *net)
{
    enum { ROWS = 3, T = 70, S = 9, V = 11, WIDE = 36 };
    nn_ctx *nn = net->ctx;
    const nn_transformer_options post = {4, 50, 0, 0, (nn_real)0.1}, pre = {3, 0, 1, 1, 0};
    const nn_embedding words = nn_embedding_new(net, "word", V, WIDE);
    const nn_embedding places = nn_embedding_new(net, "place", T, WIDE);
    const nn_encoder gpt = nn_encoder_new(net, "gpt", 2, WIDE, pre);
    const nn_encoder encoder = nn_encoder_new(net, "encoder", 1, WIDE, post);
    const nn_decoder decoder = nn_decoder_new(net, "decoder", 1, WIDE, post);
    const nn_linear last = nn_linear_new(net, "last", WIDE, V);
    nn_optimizer *opt = nn_adamw(net, (nn_real)0.003, (nn_real)0.01);
    nn_attention_options past = {0, 1, NULL, NULL, 0, 0, NULL}, from = past, own = past;
    const int lengths[ROWS] = {9, 4, 0};
    int text[ROWS * T], place[ROWS * T];
    from.causal = 0, from.lengths = lengths;
    for (int i = 0; i < ROWS * T; i++) text[i] = nn_randint(nn, 0, V), place[i] = i % T;
    for (int step = 0; step < 4; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_add(nn_embedding_forward(&words, text, ROWS * T),
                              nn_embedding_forward(&places, place, ROWS * T)), *weights[2];
        x = nn_reshape(x, nn_shape3(ROWS, T, WIDE));
        nn_tensor *y = nn_encoder_forward(&gpt, x, past, weights);
        own.mask = nn_full(nn, nn_shape3(ROWS, S, S), 1);
        for (size_t i = 0; i < own.mask->size; i++) own.mask->data[i] = (nn_real)(i % 5 > 0);
        nn_tensor *memory = nn_encoder_forward(&encoder, nn_slice(x, 1, 0, S), own, NULL);
        y = nn_add(y, nn_decoder_forward(&decoder, y, memory, past, from, NULL));
        nn_tensor *z = nn_reshape(nn_linear_forward(&last, y), nn_shape2(ROWS * T, V));
        nn_sample(z, 1, place);
        nn_backward(nn_cross_entropy(z, text));
        nn_step(opt);
        for (int i = 0; i < ROWS * T; i++) text[i] = place[i], place[i] = i % T;
        last.bias->data[0] += weights[1]->data[T];
    }
    const int recording = nn_set_grad_enabled(nn, 0);
    past.cache = nn_kv_cache_new(nn, 2, ROWS, S, WIDE);
    for (int t = 0; t < S; t += 3) {
        nn_tensor *x = nn_embedding_forward(&words, text + t, 3 * ROWS);
        x = nn_reshape(x, nn_shape3(ROWS, 3, WIDE));
        nn_tensor *y = nn_linear_forward(&last, nn_encoder_forward(&gpt, x, past, NULL));
        nn_sample(nn_reshape(y, nn_shape2(3 * ROWS, V)), 0, text + t);
        last.bias->data[t] += y->data[0];
    }
    nn_set_grad_enabled(nn, recording);
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(1);
    if (argc > 1 && !nn_set_simd(nn, argv[1])) {
        nn_destroy(nn);
        return 77;
    }
    nn_model *net = nn_model_new(nn);
    nn_linear fc1 = nn_linear_new(net, "fc1", D, HIDDEN),
              fc2 = nn_linear_new(net, "fc2", HIDDEN, 300);
    nn_linear fc3 = nn_linear_new(net, "fc3", 300, C);
    nn_tensor *gain = nn_param(net, "", "gain", nn_shape1(HIDDEN));
    nn_tensor *mix = nn_param(net, "", "mix", nn_shape3(3, C, C));
    for (size_t i = 0; i < gain->size; i++) gain->data[i] = 1 + nn_normal(nn, 0, (nn_real)0.1);
    for (size_t i = 0; i < mix->size; i++) mix->data[i] = nn_normal(nn, 0, (nn_real)0.3);
    nn_kaiming_normal(fc2.weight, 0, NN_FAN_IN);
    nn_xavier_uniform(fc3.weight, 1);
    nn_mlp mlp = nn_mlp_new(net, "mlp", (const int[]){D, 11, C}, 3, NN_TANH, NN_SOFTMAX);
    nn_batch_norm bn = nn_batch_norm_new(net, "bn", HIDDEN);
    nn_optimizer *opt[3] = {nn_sgd(net, (nn_real)0.05),
                            nn_momentum(net, (nn_real)0.01, (nn_real)0.9),
                            nn_adam(net, (nn_real)0.003)};
    opt[2]->weight_decay = (nn_real)0.01;

    nn_tensor *trace = nn_param(net, "", "trace", nn_shape1(4999)); /* of the kernels */
    nn_real data[N * D];
    int label[N], order[N], same[N];
    const int text[6] = {1, 2, 3, 3, 4, -1}; /* for CTC: three sequences */
    for (int i = 0; i < N * D; i++) data[i] = nn_normal(nn, 0, 1);
    for (int i = 0; i < N; i++) label[i] = nn_randint(nn, -1, C);
    nn_randperm(nn, order, N);
    label[order[0]] = 0;
    for (int i = 0; i < N; i++) same[i] = label[i] % 2; /* -1, 0 or 1 */

    for (int step = 0; step < 100; step++) {
        nn_clear(nn);
        nn_zero_grad(net);
        nn_tensor *x = nn_input(nn, data, nn_shape2(N, D));
        nn_tensor *h = nn_mul(nn_relu(nn_linear_forward(&fc1, x)), gain); /* [33, 150] */
        h = nn_sub(h, nn_mean_axis(h, 1));
        h = nn_div(h, nn_sqrt(nn_add(nn_mean_axis(nn_square(h), 1), nn_full(nn, nn_shape0(), 1))));
        h = nn_noise(nn_dropout(nn_batch_norm_forward(&bn, h), (nn_real)0.2), (nn_real)0.01);
        h = nn_leaky_relu(nn_linear_forward(&fc2, h), (nn_real)0.1); /* [33, 300] */
        nn_tensor *z = nn_tanh(nn_linear_forward(&fc3, h));          /* [33, 7] */
        nn_tensor *parts = nn_reshape(z, nn_shape3(3, 11, C));
        parts = nn_matmul(parts, nn_transpose(mix, 1, 2)); /* [3, 11, 7] */
        nn_tensor *a = nn_slice(parts, 1, 0, 5), *b = nn_slice(parts, 1, 5, 11);
        nn_tensor *joined[2] = {nn_sigmoid(a), nn_softmax(b)};
        nn_tensor *y = nn_reshape(nn_concat(1, 2, joined), nn_shape2(N, C));
        nn_tensor *target = nn_one_hot(nn, label, N, C);
        nn_tensor *loss = nn_cross_entropy(nn_add(z, y), label);
        loss = nn_add(loss, nn_bce_with_logits(z, target));
        loss = nn_add(loss, nn_mse(y, target));
        loss = nn_add(loss, nn_scale(nn_mean(nn_exp(nn_max_axis(z, 0))), (nn_real)0.1));
        loss = nn_add(loss, nn_scale(nn_log(nn_sum(nn_square(nn_sum_axis(y, 0)))), (nn_real)0.01));
        nn_tensor *more[9] = {nn_sin(z), nn_cos(z), nn_heaviside(z), nn_stochastic_binary(z),
                              nn_sigmoid_temperature(z, (nn_real)0.3), nn_elu(z, (nn_real)0.7),
                              nn_gelu(z), nn_gelu_tanh(z), nn_log_softmax(z)};
        loss = nn_add(loss, nn_scale(nn_mean(nn_square(nn_concat(0, 9, more))), (nn_real)0.1));
        loss = nn_add(loss, nn_scale(nn_max(nn_rand(nn, nn_shape1(5), 0, 1)), (nn_real)0.01));
        nn_tensor *losses[9] = {
            nn_mae(z, target), nn_huber(z, y, (nn_real)0.5), nn_hinge(z, nn_full(nn, z->shape, 1)),
            nn_cross_entropy_weighted(z, label, NULL, (nn_real)0.1), nn_kl_div(z, nn_softmax(y)),
            nn_multiclass_hinge(z, label), nn_triplet(y, z, target, 1),
            nn_contrastive(z, y, same, 3), nn_ctc(nn_reshape(z, parts->shape), NULL, text, 2, 0)};
        for (int i = 0; i < 9; i++) loss = nn_add(loss, nn_scale(losses[i], (nn_real)0.02));
        parts = nn_salt_and_pepper(nn_dropout_standard(parts, (nn_real)0.1), (nn_real)0.1, -1, 1);
        loss = nn_add(loss, nn_scale(nn_mean(nn_square(parts)), (nn_real)0.01));
        loss = nn_add(loss, nn_l2_penalty(net, (nn_real)1e-3));
        loss = nn_add(loss, nn_l1_penalty(net, (nn_real)1e-4));
        nn_backward(loss);
        nn_mlp_forward(&mlp, data, N);
        nn_mlp_backward(&mlp, target->data);
        nn_clip_grad_norm(net, 1);
        nn_step(opt[step % 3]);
        nn_soft_threshold(net, (nn_real)1e-5);
    }
    memset(trace->data, 0, trace->size * sizeof *trace->data);
    every_kernel(nn, trace);
    convolutional(net);
    recurrent(net);
    transformers(net);
    printf("%016llx\n", (unsigned long long)hash_of(net));
    const int failed = !nn_ok(nn) || nn_stats(trace).nan > 0;
    nn_destroy(nn);
    return failed;
}
