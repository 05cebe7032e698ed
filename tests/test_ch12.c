/* Convolution and pooling against loops that anybody can check, and what the book says of them.
 *
 *     cc -std=c99 -O1 tests/test_ch12.c -lm -o test_ch12 && ./test_ch12
 *
 * The numbers are small integers, so that every sum is exact and compared with ==. Numbers such as
 * 12.8 in comments and names are rows of the feature table, E42 of the errata.
 */
static int aborted; /* calls without a context abort: here they are counted, without a word */
#define NN_ABORT() (aborted++)
#define NN_NO_STDIO
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

static nn_ctx *nn; /* of the current case */
static nn_model *net;
static char heard[512];

static void hear(void *user, nn_code code, const char *message)
{
    (void)user, (void)code;
    snprintf(heard, sizeof heard, "%s", message);
}

#define RUN_ALONE(test)                            \
    do {                                           \
        nn = nn_create(1);                         \
        net = nn_model_new(nn);                    \
        RUN(test);                                 \
        CHECK_STR(nn_error(nn), "");               \
        nn_destroy(nn);                            \
    } while (0)

/* Integers of -3..3, whose gradient is wanted. */
static nn_tensor *integers(nn_shape shape)
{
    nn_tensor *x = nn_full(nn, shape, 0);
    for (size_t i = 0; i < x->size; i++) x->data[i] = (nn_real)nn_randint(nn, -3, 4);
    return nn_requires_grad(x);
}

static nn_tensor *numbers(nn_shape shape, const nn_real *data)
{
    return nn_requires_grad(nn_input(nn, data, shape));
}

/* Gradients of the sum of r y: r is dy. */
static void backward_from(nn_tensor *y, nn_tensor *r) { nn_backward(nn_sum(nn_mul(y, r))); }

static size_t at4(nn_shape s, int a, int b, int c, int d)
{
    return (((size_t)a * (size_t)s.dim[1] + (size_t)b) * (size_t)s.dim[2] + (size_t)c) *
               (size_t)s.dim[3] + (size_t)d;
}

static void check_equal(const char *what, const nn_real *got, const double *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((double)got[i] == expected[i]) continue;
        CHECK_NEAR(got[i], expected[i], 0);
        printf("    in %s[%d]\n", what, (int)i);
        return;
    }
}

/* ---- every kind of window, against the definition ---- */

typedef struct geometry { /* by axis: height, width */
    int size[2], kernel[2], stride[2], pad[2], dilation[2], groups;
} geometry;

enum { MOST = 40000 };
static double sum_y[MOST], sum_x[MOST], sum_w[MOST];

/* How many windows begin inside: tried one after the other. NN_SAME: PyTorch's 'same', with stride
 * 1, whose one more zero of an odd number is at the end. */
static int count_places(const geometry *g, int d, int *before)
{
    const int span = g->dilation[d] * (g->kernel[d] - 1);
    *before = g->pad[d] == NN_SAME ? span / 2 : g->pad[d];
    const int end = g->size[d] + (g->pad[d] == NN_SAME ? span - span / 2 : g->pad[d]);
    if (g->pad[d] == NN_SAME && g->stride[d] > 1) return 0;
    int places = 0;
    for (int first = -*before; first + span < end; first += g->stride[d]) places++;
    return places;
}

/* axes 2: [N, C, H, W]; 1: the same without H, which must be 1 */
static nn_shape squeeze(nn_shape s, int axes)
{
    return axes == 2 ? s : nn_shape3(s.dim[0], s.dim[1], s.dim[3]);
}

static nn_conv_options options_of(const geometry *g, int axes)
{
    nn_conv_options o = {0, 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}};
    o.groups = g->groups;
    for (int i = 0; i < axes; i++) {
        const int d = 2 - axes + i;
        o.stride[i] = g->stride[d], o.padding[i] = g->pad[d], o.dilation[i] = g->dilation[d];
    }
    return o;
}

/* 12.1, 12.2, 12.3, 12.4, 12.16: returns 0 if this window has no place, after seeing it refused. */
static int check_convolution(const geometry *g, int axes, int bias)
{
    nn_clear(nn);
    int before[2], out[2];
    for (int d = 0; d < 2; d++) out[d] = count_places(g, d, &before[d]);
    const int n = 2, c = 2 * g->groups, k = 3 * g->groups, per = c / g->groups;
    const nn_shape sx = nn_shape4(n, c, g->size[0], g->size[1]);
    const nn_shape sw = nn_shape4(k, per, g->kernel[0], g->kernel[1]);
    nn_tensor *x = integers(squeeze(sx, axes)), *w = integers(squeeze(sw, axes));
    nn_tensor *b = integers(nn_shape1(k));
    const nn_conv2d l = {w, bias ? b : NULL, options_of(g, axes)};
    if (out[0] < 1 || out[1] < 1) {
        nn_on_error(nn, hear, NULL);
        heard[0] = 0;
        nn_tensor *y = axes == 2 ? nn_conv2d_forward(&l, x) : nn_conv1d_forward(&l, x);
        CHECK_INT(y->size, 0);
        CHECK(strstr(heard, "no place for the window: size ") ||
              strstr(heard, "padding NN_SAME is for stride 1"));
        nn_error_clear(nn);
        nn_on_error(nn, NULL, NULL);
        return 0;
    }
    nn_tensor *y = axes == 2 ? nn_conv2d_forward(&l, x) : nn_conv1d_forward(&l, x);
    const nn_shape sy = nn_shape4(n, k, out[0], out[1]);
    CHECK(nn_shape_equal(y->shape, squeeze(sy, axes)));
    if (!nn_shape_equal(y->shape, squeeze(sy, axes)) || y->size > MOST) return 0;
    nn_tensor *r = integers(y->shape);
    backward_from(y, r);
    memset(sum_x, 0, x->size * sizeof *sum_x), memset(sum_w, 0, w->size * sizeof *sum_w);
    for (int i = 0; i < n; i++)
        for (int f = 0; f < k; f++)
            for (int oy = 0; oy < out[0]; oy++)
                for (int ox = 0; ox < out[1]; ox++) {
                    const size_t to = at4(sy, i, f, oy, ox);
                    sum_y[to] = bias ? (double)b->data[f] : 0;
                    for (int j = 0; j < per; j++)
                        for (int p = 0; p < g->kernel[0]; p++)
                            for (int q = 0; q < g->kernel[1]; q++) {
                                const int iy = oy * g->stride[0] + p * g->dilation[0] - before[0];
                                const int ix = ox * g->stride[1] + q * g->dilation[1] - before[1];
                                if (iy < 0 || iy >= g->size[0] || ix < 0 || ix >= g->size[1])
                                    continue;
                                const int channel = f / (k / g->groups) * per + j;
                                const size_t from = at4(sx, i, channel, iy, ix);
                                const size_t by = at4(sw, f, j, p, q);
                                sum_y[to] += (double)x->data[from] * (double)w->data[by];
                                sum_x[from] += (double)r->data[to] * (double)w->data[by];
                                sum_w[by] += (double)r->data[to] * (double)x->data[from];
                            }
                }
    check_equal("y", y->data, sum_y, y->size);
    check_equal("dx", x->grad, sum_x, x->size);
    check_equal("dw", w->grad, sum_w, w->size);
    for (int f = 0; bias && f < k; f++) {
        double sum = 0;
        for (size_t i = 0; i < y->size; i++)
            if ((int)(i / (size_t)(out[0] * out[1])) % k == f) sum += (double)r->data[i];
        CHECK_NEAR(b->grad[f], sum, 0);
    }

    /* transposed: what the convolution does to dy, and so its y is dx; with as many more outputs as
     * the strides left over */
    if (axes == 1 || g->pad[0] == NN_SAME || g->pad[1] == NN_SAME) return 1;
    nn_conv_transpose2d t = {w, NULL, l.options};
    for (int d = 0; d < 2; d++)
        t.options.output_padding[d] = (g->size[d] + 2 * g->pad[d] - 1 -
                                       g->dilation[d] * (g->kernel[d] - 1)) % g->stride[d];
    nn_tensor *up = nn_conv_transpose2d_forward(&t, r);
    CHECK(nn_shape_equal(up->shape, x->shape));
    if (nn_shape_equal(up->shape, x->shape)) check_equal("transposed", up->data, sum_x, up->size);
    nn_zero_grad(net);
    memset(w->grad, 0, w->size * sizeof *w->grad), memset(r->grad, 0, r->size * sizeof *r->grad);
    backward_from(up, x);
    check_equal("transposed: dw", w->grad, sum_w, w->size); /* the same three numbers, multiplied */
    for (size_t i = 0; bias && i < y->size; i++)
        sum_y[i] -= (double)b->data[i / (size_t)(out[0] * out[1]) % (size_t)k];
    check_equal("transposed: dx", r->grad, sum_y, y->size);
    return 1;
}

static int show(const geometry *g, const char *what)
{
    printf("    %s: size %d %d, kernel %d %d, stride %d %d, padding %d %d, dilation %d %d, %d "
           "groups\n", what, g->size[0], g->size[1], g->kernel[0], g->kernel[1], g->stride[0],
           g->stride[1], g->pad[0], g->pad[1], g->dilation[0], g->dilation[1], g->groups);
    return 0;
}

enum { COMBINATIONS = 9 * 5 * 3 * 4 * 2 };

static void axis_of(geometry *g, int d, int i) /* combination i for axis d */
{
    g->size[d] = i % 9 + 1, i /= 9;
    g->kernel[d] = i % 5 + 1, i /= 5;
    g->stride[d] = i % 3 + 1, i /= 3;
    g->pad[d] = i % 4 - 1, i /= 4; /* -1: NN_SAME */
    g->dilation[d] = i + 1;
}

/* Each combination for one axis, with any of them for the other. */
static void convolutions_12_1_12_2_12_4_12_16(void)
{
    int done = 0, refused = 0;
    for (int i = 0; i < 3 * COMBINATIONS; i++) {
        geometry g = {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, i % 4 + 1};
        const int bad = test_bad, axes = i < COMBINATIONS ? 1 : 2;
        const int d = i / COMBINATIONS % 2;
        axis_of(&g, axes == 1 ? 1 : d, i % COMBINATIONS);
        if (axes == 2) axis_of(&g, 1 - d, nn_randint(nn, 0, COMBINATIONS));
        if (check_convolution(&g, axes, i % 3 > 0)) done++;
        else refused++;
        if (test_bad > bad && !show(&g, axes == 1 ? "conv1d" : "conv2d")) return;
    }
    CHECK(done > 2 * COMBINATIONS - 1000 && refused > 100);
}

/* 12.8, 12.9: one channel after the other, a window clipped to the image */
static int check_pool(const geometry *g, int axes, int max)
{
    nn_clear(nn);
    int before[2], out[2];
    for (int d = 0; d < 2; d++) out[d] = count_places(g, d, &before[d]);
    const nn_shape sx = nn_shape4(2, 3, g->size[0], g->size[1]);
    nn_tensor *x = integers(squeeze(sx, axes));
    const int k = g->kernel[1], s = g->stride[1], p = g->pad[1];
    nn_tensor *(*const f)(nn_tensor *, int, int, int) =
        axes == 2 ? max ? nn_max_pool2d : nn_avg_pool2d : max ? nn_max_pool1d : nn_avg_pool1d;
    const int fits = out[0] > 0 && out[1] > 0 && p <= k / 2;
    if (!fits) nn_on_error(nn, hear, NULL);
    heard[0] = 0;
    nn_tensor *y = f(x, k, s, p);
    if (!fits) {
        CHECK(y->size == 0 && heard[0]);
        nn_error_clear(nn);
        nn_on_error(nn, NULL, NULL);
        return 0;
    }
    const nn_shape sy = nn_shape4(2, 3, out[0], out[1]);
    CHECK(nn_shape_equal(y->shape, squeeze(sy, axes)));
    nn_tensor *r = integers(y->shape);
    const double places = (double)(g->kernel[0] * g->kernel[1]);
    for (size_t i = 0; !max && i < r->size; i++) r->data[i] *= (nn_real)places; /* so it divides */
    backward_from(y, r);
    memset(sum_x, 0, x->size * sizeof *sum_x);
    for (int i = 0; i < 6; i++)
        for (int oy = 0; oy < out[0]; oy++)
            for (int ox = 0; ox < out[1]; ox++) {
                const size_t to = at4(sy, i / 3, i % 3, oy, ox);
                double sum = 0, largest = -99;
                size_t best = 0;
                for (int a = 0; a < g->kernel[0]; a++)
                    for (int b = 0; b < g->kernel[1]; b++) {
                        const int iy = oy * g->stride[0] + a - before[0];
                        const int ix = ox * g->stride[1] + b - before[1];
                        if (iy < 0 || iy >= g->size[0] || ix < 0 || ix >= g->size[1]) continue;
                        const size_t from = at4(sx, i / 3, i % 3, iy, ix);
                        const double v = (double)x->data[from];
                        sum += v;
                        if (v > largest) largest = v, best = from;
                        if (!max) sum_x[from] += (double)r->data[to] / places;
                    }
                sum_y[to] = max ? largest : (double)(nn_real)(sum / places);
                if (max) sum_x[best] += (double)r->data[to];
            }
    check_equal("y", y->data, sum_y, y->size);
    check_equal("dx", x->grad, sum_x, x->size);
    return 1;
}

static void poolings_12_8_12_9(void)
{
    int done = 0, refused = 0;
    for (int i = 0; i < 4 * COMBINATIONS / 2; i++) { /* half of them: pools have no dilation */
        geometry g = {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 1};
        const int bad = test_bad, axes = i / (COMBINATIONS / 2) % 2 + 1;
        axis_of(&g, 1, i % (COMBINATIONS / 2));
        if (axes == 2) { /* square windows on any image */
            g.size[0] = nn_randint(nn, 1, 10);
            g.kernel[0] = g.kernel[1], g.stride[0] = g.stride[1], g.pad[0] = g.pad[1];
        }
        if (check_pool(&g, axes, i < COMBINATIONS)) done++;
        else refused++;
        if (test_bad > bad && !show(&g, i < COMBINATIONS ? "max_pool" : "avg_pool")) return;
    }
    CHECK(done > 500 && refused > 500);
}

/* ---- sizes ---- */

static void output_size_12_3_E42(void)
{
    CHECK_INT(nn_conv_out_size(28, 5, 1, 2, 1), 28); /* LeNet's first layer */
    CHECK_INT(nn_conv_out_size(227, 11, 4, 0, 1), 55); /* AlexNet's */
    CHECK_INT(nn_conv_out_size(224, 7, 2, 3, 1), 112); /* ResNet's: (224 - 7 + 6) / 2 is 111.5 */
    CHECK_INT(nn_conv_out_size(10, 3, 1, 0, 4), 2);
    CHECK_INT(nn_conv_out_size(3, 3, 7, 0, 1), 1);
    CHECK_INT(nn_conv_out_size(10, 4, 1, NN_SAME, 1), 10);
    CHECK_INT(nn_conv_out_size(10, 3, 1, NN_SAME, 3), 10);
    static const int bad[][5] = {{4, 5, 1, 0, 1},  {0, 1, 1, 0, 1},  {4, 0, 1, 0, 1},
                                 {4, 2, 0, 0, 1},  {4, 2, 1, -2, 1}, {4, 2, 1, 0, 0},
                                 {4, 2, -1, 0, 1}, {4, 3, 1, 0, 2},  {4, 2, 2, NN_SAME, 1},
                                 {4, 9, 1, 0, INT_MAX}, {4, INT_MAX, 1, 0, INT_MAX},
                                 {4, 2, 1, INT_MAX, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        aborted = 0;
        CHECK_INT(nn_conv_out_size(bad[i][0], bad[i][1], bad[i][2], bad[i][3], bad[i][4]), 0);
        CHECK_INT(aborted, 1);
    }
}

/* A filter by hand: the slope of a line of pixels, not turned around (E43). */
static void cross_correlation_12_1_12_4_E43(void)
{
    const nn_real line[5] = {1, 2, 4, 8, 16}, slope[3] = {-1, 0, 2}, four = 4;
    const nn_conv1d l = {numbers(nn_shape3(1, 1, 3), slope), numbers(nn_shape1(1), &four),
                         {0, 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}}};
    nn_tensor *y = nn_conv1d_forward(&l, numbers(nn_shape3(1, 1, 5), line));
    CHECK_INT(y->size, 3);
    CHECK_NEAR(y->data[0], 11, 0); /* -1 + 2 * 4 + 4 */
    CHECK_NEAR(y->data[1], 18, 0);
    CHECK_NEAR(y->data[2], 32, 0);
}

static void parameters_12_5_12_16(void)
{
    const nn_conv_options depthwise = {1, 32, {0, 0}, {1, 1}, {0, 0}, {0, 0}};
    nn_model *dense = nn_model_new(nn), *separable = nn_model_new(nn), *full = nn_model_new(nn);
    const nn_conv2d c = nn_conv2d_new(net, "conv", 3, 8, 5, 1, 2);
    CHECK_INT(nn_model_size(net), (5 * 5 * 3 + 1) * 8);
    CHECK(nn_shape_equal(c.weight->shape, nn_shape4(8, 3, 5, 5)));
    CHECK(nn_model_find(net, "conv.weight") == c.weight && nn_model_find(net, "conv.bias"));
    nn_linear_new(dense, "fc", 3 * 12 * 12, 8 * 12 * 12); /* the same map of a 12 x 12 image */
    CHECK_INT(nn_model_size(dense), (432 + 1) * 1152);
    nn_conv2d_new_with(separable, "depthwise", 32, 32, 3, 3, depthwise);
    nn_conv2d_new_with(separable, "pointwise", 32, 64, 1, 1, (nn_conv_options){.no_bias = 1});
    nn_conv2d_new_with(full, "full", 32, 64, 3, 3, (nn_conv_options){.no_bias = 1});
    CHECK_INT(nn_model_size(separable), 9 * 32 + 32 * 64);
    CHECK_INT(nn_model_size(full), 9 * 32 * 64);

    /* PyTorch's first values: uniform within 1 / sqrt(fan in), also of the bias */
    nn_model *wide = nn_model_new(nn);
    const nn_conv2d w = nn_conv2d_new(wide, "w", 16, 256, 5, 1, 0);
    const nn_conv_transpose2d t = nn_conv_transpose2d_new(wide, "t", 64, 4, 5, 2, 1);
    const nn_stat s = nn_stats(w.weight), b = nn_stats(w.bias), u = nn_stats(t.weight);
    CHECK_NEAR(s.max, 1 / sqrt(400.0), 1e-5);
    CHECK_NEAR(s.min, -1 / sqrt(400.0), 1e-5);
    CHECK_NEAR(s.std, 1 / sqrt(1200.0), 3e-4);
    CHECK(b.max <= 0.05 && b.max > 0.048 && b.min >= -0.05 && b.min < -0.048);
    CHECK_NEAR(u.max, 0.1, 1e-4); /* fan in of [64, 4, 5, 5] is 100 */
    CHECK(nn_shape_equal(t.weight->shape, nn_shape4(64, 4, 5, 5)));
}

/* Depthwise, then 1 x 1, is the full convolution of weight[k, c] = point[k, c] depth[c] */
static void depthwise_separable_12_16(void)
{
    enum { C = 5, K = 4 };
    nn_tensor *x = integers(nn_shape4(2, C, 7, 6));
    nn_tensor *depth = integers(nn_shape4(C, 1, 3, 3)), *point = integers(nn_shape4(K, C, 1, 1));
    nn_tensor *full = nn_full(nn, nn_shape4(K, C, 3, 3), 0);
    for (int i = 0; i < K * C * 9; i++)
        full->data[i] = point->data[i / 9] * depth->data[i / 9 % C * 9 + i % 9];
    const nn_conv2d d = {depth, NULL, {1, C, {0, 0}, {1, 1}, {0, 0}, {0, 0}}};
    const nn_conv2d p = {point, NULL, {0, 0, {0, 0}, {0, 0}, {0, 0}, {0, 0}}};
    const nn_conv2d f = {full, NULL, {0, 0, {0, 0}, {1, 1}, {0, 0}, {0, 0}}};
    nn_tensor *a = nn_conv2d_forward(&p, nn_conv2d_forward(&d, x)), *b = nn_conv2d_forward(&f, x);
    CHECK(nn_shape_equal(a->shape, b->shape));
    CHECK(memcmp(a->data, b->data, a->size * sizeof *a->data) == 0);
}

/* ---- what an output sees ---- */

static nn_tensor *ones(nn_shape s) { return nn_full(nn, s, 1); }

static nn_conv2d conv_of_ones(int in, int out, int kernel, int stride, int padding, int dilation)
{
    const nn_conv2d l = {ones(nn_shape4(out, in, kernel, kernel)), NULL,
                         {0, 0, {stride, stride}, {padding, padding}, {dilation, dilation},
                          {0, 0}}};
    return l;
}

static void local_connectivity_12_6(void)
{
    for (int i = 0; i < 36; i++) { /* the gradient of output (oy, ox) alone */
        nn_clear(nn);
        nn_tensor *x = integers(nn_shape4(1, 2, 8, 8));
        const nn_conv2d l = conv_of_ones(2, 1, 3, 1, 0, 1);
        nn_tensor *y = nn_reshape(nn_conv2d_forward(&l, x), nn_shape1(36));
        nn_backward(nn_sum(nn_slice(y, 0, i, i + 1)));
        for (int j = 0; j < 128; j++) {
            const int dy = j / 8 % 8 - i / 6, dx = j % 8 - i % 6;
            CHECK_NEAR(x->grad[j], dy >= 0 && dy < 3 && dx >= 0 && dx < 3, 0);
        }
    }
}

/* The smallest square of an image that holds all that is not 0: begin and size. 0: not a square. */
static int seen(const nn_tensor *x, int side, int *begin)
{
    int low = side, high = -1, count = 0;
    for (int i = 0; i < side * side; i++) {
        if (x->grad[i] == 0) continue;
        count++;
        if (i % side < low) low = i % side;
        if (i % side > high) high = i % side;
    }
    *begin = low;
    return count == (high - low + 1) * (high - low + 1) ? high - low + 1 : 0;
}

static void receptive_field_12_7(void)
{
    enum { SIDE = 64, LAYERS = 4, POOL = 2 };
    static const int layer[LAYERS][3] = {{3, 1, 1}, {2, 2, 1}, {3, 1, 2}, {5, 2, 1}};
    static const int size[LAYERS] = {3, 4, 12, 20}, jump[LAYERS] = {1, 2, 2, 4}; /* by hand */
    nn_receptive_field r = {1, 1};
    for (int depth = 0; depth < LAYERS; depth++) {
        r = nn_receptive_field_after(r, layer[depth][0], layer[depth][1], layer[depth][2]);
        CHECK_INT(r.size, size[depth]);
        CHECK_INT(r.jump, jump[depth]);
        int begin[2];
        for (int side = 0; side < 2; side++) { /* an output in the middle, and its neighbour */
            nn_clear(nn);
            nn_tensor *x = nn_requires_grad(ones(nn_shape4(1, 1, SIDE, SIDE))), *y = x;
            for (int i = 0; i <= depth; i++) {
                const nn_conv2d l = conv_of_ones(1, 1, layer[i][0], layer[i][1], 0, layer[i][2]);
                y = i + 1 == POOL ? nn_avg_pool2d(y, 2, 2, 0) : nn_conv2d_forward(&l, y);
            }
            const int n = y->shape.dim[3], i = (n / 2) * n + n / 2 + side;
            nn_backward(nn_sum(nn_slice(nn_reshape(y, nn_shape1(-1)), 0, i, i + 1)));
            CHECK_INT(seen(x, SIDE, &begin[side]), r.size);
        }
        CHECK_INT(begin[1] - begin[0], r.jump);
    }
    aborted = 0;
    nn_receptive_field_after(r, 3, 0, 1);
    CHECK_INT(aborted, 1);
    aborted = 0;
    const nn_receptive_field nothing = {0, 0}; /* {1, 1} was meant */
    nn_receptive_field_after(nothing, 3, 1, 1);
    CHECK_INT(aborted, 1);
}

/* ---- pooling by hand ---- */

static void max_pool_routes_12_8(void)
{
    const nn_real data[16] = {1, 5, 2, 2,
                              5, 4, 2, 2,
                              -7, -8, -1, (nn_real)-HUGE_VAL,
                              -9, -7, -3, -1};
    const nn_real r[4] = {10, 20, 30, 40};
    nn_tensor *x = numbers(nn_shape4(1, 1, 4, 4), data), *y = nn_max_pool2d(x, 2, 0, 0);
    static const double top[4] = {5, 2, -7, -1};
    const double dx[16] = {0, 10, 20, 0, 0, 0, 0, 0, 30, 0, 40}; /* the first of equal ones */
    check_equal("y", y->data, top, 4);
    backward_from(y, nn_input(nn, r, y->shape));
    check_equal("dx", x->grad, dx, 16);

    /* windows that overlap: 5 at (0, 1) is the largest of three of them */
    nn_clear(nn);
    x = numbers(nn_shape4(1, 1, 4, 4), data);
    y = nn_max_pool2d(x, 2, 1, 0);
    nn_backward(nn_sum(y));
    CHECK_NEAR(x->grad[1], 2, 0); /* (0, 0) and (0, 1); */
    CHECK_NEAR(x->grad[4], 1, 0); /* (1, 0) sees the other 5 first */

    /* padding is never the largest, and what is -inf has a gradient, too */
    nn_clear(nn);
    const nn_real low[4] = {-3, -4, -5, -6}, lowest[2] = {(nn_real)-HUGE_VAL, (nn_real)-HUGE_VAL};
    y = nn_max_pool2d(numbers(nn_shape4(1, 1, 2, 2), low), 2, 2, 1);
    static const double same[4] = {-3, -4, -5, -6};
    check_equal("padded", y->data, same, 4);
    nn_real dy[2] = {1, 1};
    x = nn_param(net, "", "x", nn_shape3(1, 1, 2));
    memcpy(x->data, lowest, sizeof lowest);
    y = nn_max_pool1d(x, 2, 2, 1);
    y->grad = dy; /* nn_backward would refuse what is not finite */
    y->backward(y);
    CHECK(y->data[0] == lowest[0] && x->grad[0] == 1 && x->grad[1] == 1);

    /* NaN is larger than everything, wherever it is in the window */
    x = nn_param(net, "", "z", nn_shape4(1, 1, 2, 2));
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) x->data[j] = (nn_real)(j == 2 ? HUGE_VAL : j);
        x->data[i] = (nn_real)NAN;
        nn_zero_grad(net);
        y = nn_max_pool2d(x, 2, 2, 0);
        CHECK(y->data[0] != y->data[0]);
        y->grad = dy;
        y->backward(y);
        for (int j = 0; j < 4; j++) CHECK_NEAR(x->grad[j], j == i, 0);
    }
}

static void avg_pool_12_9(void)
{
    const nn_real data[4] = {4, 8, 16, 32};
    nn_tensor *x = numbers(nn_shape4(1, 1, 2, 2), data);
    CHECK_NEAR(nn_avg_pool2d(x, 2, 0, 0)->data[0], 15, 0);
    static const double padded[4] = {1, 2, 4, 8}; /* zeros count: PyTorch's count_include_pad */
    check_equal("padded", nn_avg_pool2d(x, 2, 2, 1)->data, padded, 4);
    nn_tensor *y = nn_global_avg_pool2d(x);
    CHECK(nn_shape_equal(y->shape, nn_shape2(1, 1)));
    CHECK_NEAR(y->data[0], 15, 0);
    nn_backward(nn_sum(y));
    for (int i = 0; i < 4; i++) CHECK_NEAR(x->grad[i], 0.25, 0);
}

/* ---- shifts ---- */

/* x [1, 1, H, W] moved right by `by` pixels, zeros coming in */
static nn_tensor *moved(const nn_tensor *x, int by)
{
    nn_tensor *y = nn_full(nn, x->shape, 0);
    const int w = x->shape.dim[3];
    for (int i = 0; i < (int)x->size; i++)
        if (i % w >= by) y->data[i] = x->data[i - by];
    return y;
}

static void equivariance_12_10(void)
{
    const nn_conv2d l = conv_of_ones(1, 1, 3, 1, 1, 1), strided = conv_of_ones(1, 1, 3, 2, 1, 1);
    for (int i = 0; i < 9; i++) l.weight->data[i] = strided.weight->data[i] = (nn_real)(i * i - 7);
    nn_tensor *x = integers(nn_shape4(1, 1, 6, 16));
    for (int by = 1; by <= 4; by++) {
        nn_tensor *a = nn_conv2d_forward(&l, moved(x, by));
        nn_tensor *b = moved(nn_conv2d_forward(&l, x), by);
        int same = 1;
        for (int i = 0; i < (int)a->size; i++)
            if (i % 16 > by && i % 16 < 15) same &= a->data[i] == b->data[i];
        CHECK(same); /* away from the borders */
        CHECK(memcmp(a->data, b->data, a->size * sizeof *a->data) != 0); /* E44: not at them */
        a = nn_conv2d_forward(&strided, moved(x, by));
        b = moved(nn_conv2d_forward(&strided, x), by / 2);
        same = 1;
        for (int i = 0; i < (int)a->size; i++)
            if (i % 8 > by / 2 + 1 && i % 8 < 7) same &= a->data[i] == b->data[i];
        CHECK_INT(same, by % 2 == 0); /* stride 2: only shifts by a multiple of 2 */
    }
}

static void invariance_and_its_limits_12_11_E44(void)
{
    enum { POOL = 4, W = 32 };
    for (int by = 0; by <= 6; by++) { /* a dot at each place, moved: who notices? */
        int unchanged = 0;
        for (int at = 0; at < 16; at++) {
            nn_clear(nn);
            nn_tensor *x = nn_full(nn, nn_shape3(1, 1, W), 0), *z = nn_full(nn, x->shape, 0);
            x->data[at] = z->data[at + by] = 1;
            nn_tensor *a = nn_max_pool1d(x, POOL, 0, 0), *b = nn_max_pool1d(z, POOL, 0, 0);
            unchanged += memcmp(a->data, b->data, a->size * sizeof *a->data) == 0;
            CHECK_NEAR(nn_item(nn_max(a)), nn_item(nn_max(b)), 0); /* over all: always */
        }
        CHECK_INT(unchanged, by < POOL ? 16 - 4 * by : 0);
    }
}

/* ---- architectures ---- */

/* y = F(x) + x: its gradient is that of F, and dy itself */
static void residual_block_12_12(void)
{
    nn_tensor *x = integers(nn_shape4(2, 3, 5, 5)), *r = integers(nn_shape4(2, 3, 5, 5));
    const nn_conv2d a = {integers(nn_shape4(3, 3, 3, 3)), NULL,
                         {0, 0, {0, 0}, {1, 1}, {0, 0}, {0, 0}}};
    nn_conv2d b = a;
    b.weight = integers(a.weight->shape);
    nn_tensor *f = nn_conv2d_forward(&b, nn_relu(nn_conv2d_forward(&a, x)));
    backward_from(f, r);
    nn_real *alone = (nn_real *)malloc(x->size * sizeof *alone);
    memcpy(alone, x->grad, x->size * sizeof *alone);
    memset(x->grad, 0, x->size * sizeof *alone);
    f = nn_conv2d_forward(&b, nn_relu(nn_conv2d_forward(&a, x)));
    nn_tensor *y = nn_add(f, x);
    backward_from(y, r);
    int same = 1, differ = 0;
    for (size_t i = 0; i < x->size; i++) {
        same &= x->grad[i] == alone[i] + r->data[i] && y->data[i] == f->data[i] + x->data[i];
        differ |= alone[i] != 0;
    }
    CHECK(same && differ);
    free(alone);
}

/* Four branches side by side on the channels, GoogLeNet's (E47): each as it is alone, and the
 * gradient of x is the sum of theirs. */
static void inception_module_12_13(void)
{
    enum { IN = 3, BRANCHES = 4 };
    static const int wide[BRANCHES] = {2, 3, 1, 2}, first[BRANCHES] = {0, 2, 5, 6};
    nn_tensor *x = integers(nn_shape4(2, IN, 6, 6)), *branch[BRANCHES];
    nn_conv2d one[BRANCHES], three = conv_of_ones(2, 3, 3, 1, 1, 1);
    nn_conv2d five = conv_of_ones(2, 1, 5, 1, 2, 1);
    for (int i = 0; i < BRANCHES; i++) {
        one[i] = conv_of_ones(IN, 2, 1, 1, 0, 1);
        one[i].weight = integers(one[i].weight->shape);
    }
    double sum[2 * IN * 36] = {0};
    for (int pass = 0; pass <= BRANCHES; pass++) { /* the last: together */
        memset(x->grad ? x->grad : x->data, 0, x->grad ? x->size * sizeof *x->grad : 0);
        branch[0] = nn_conv2d_forward(&one[0], x);
        branch[1] = nn_conv2d_forward(&three, nn_conv2d_forward(&one[1], x));
        branch[2] = nn_conv2d_forward(&five, nn_conv2d_forward(&one[2], x));
        branch[3] = nn_conv2d_forward(&one[3], nn_max_pool2d(x, 3, 1, 1));
        nn_tensor *y = nn_concat(1, BRANCHES, branch);
        CHECK(nn_shape_equal(y->shape, nn_shape4(2, 8, 6, 6)));
        if (pass == BRANCHES) {
            nn_backward(nn_sum(y));
            check_equal("dx", x->grad, sum, x->size);
            break;
        }
        nn_tensor *part = nn_slice(y, 1, first[pass], first[pass] + wide[pass]);
        CHECK(memcmp(part->data, branch[pass]->data, part->size * sizeof *part->data) == 0);
        nn_backward(nn_sum(branch[pass]));
        for (size_t i = 0; i < x->size; i++) sum[i] += (double)x->grad[i];
    }
}

static double multiplications(const nn_conv2d *l, nn_tensor *x, nn_tensor **y)
{
    *y = nn_conv2d_forward(l, x);
    return (double)(*y)->size * (double)(l->weight->size / (size_t)l->weight->shape.dim[0]);
}

static void bottleneck_12_14(void) /* 28 x 28 x 192 to 32 with 5 x 5, as in GoogLeNet */
{
    nn_tensor *x = ones(nn_shape4(1, 192, 28, 28)), *h, *y;
    const nn_conv2d direct = conv_of_ones(192, 32, 5, 1, 2, 1);
    const nn_conv2d reduce = conv_of_ones(192, 16, 1, 1, 0, 1);
    const nn_conv2d then = conv_of_ones(16, 32, 5, 1, 2, 1);
    const double without = multiplications(&direct, x, &y);
    double with = multiplications(&reduce, x, &h);
    with += multiplications(&then, h, &y);
    CHECK_NEAR(without, 120422400, 0);
    CHECK_NEAR(with, 12443648, 0);
    CHECK(nn_shape_equal(y->shape, nn_shape4(1, 32, 28, 28)));
}

static void flatten(void)
{
    nn_tensor *x = integers(nn_shape4(2, 3, 4, 5)), *y = nn_flatten(x);
    CHECK(nn_shape_equal(y->shape, nn_shape2(2, 60)) && y->data == x->data);
    CHECK(nn_shape_equal(nn_flatten(integers(nn_shape1(3)))->shape, nn_shape2(3, 1)));
}

int main(void)
{
    RUN_ALONE(convolutions_12_1_12_2_12_4_12_16);
    RUN_ALONE(poolings_12_8_12_9);
    RUN_ALONE(output_size_12_3_E42);
    RUN_ALONE(cross_correlation_12_1_12_4_E43);
    RUN_ALONE(parameters_12_5_12_16);
    RUN_ALONE(depthwise_separable_12_16);
    RUN_ALONE(local_connectivity_12_6);
    RUN_ALONE(receptive_field_12_7);
    RUN_ALONE(max_pool_routes_12_8);
    RUN_ALONE(avg_pool_12_9);
    RUN_ALONE(equivariance_12_10);
    RUN_ALONE(invariance_and_its_limits_12_11_E44);
    RUN_ALONE(residual_block_12_12);
    RUN_ALONE(inception_module_12_13);
    RUN_ALONE(bottleneck_12_14);
    RUN_ALONE(flatten);
    return test_summary();
}
