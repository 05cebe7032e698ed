/* Figures 39 to 43: what the layers of a network answer to, an autoencoder, its bottleneck, and its
 * training layer by layer. Run from the root of the repository: the data are
 * examples/data/digits.csv. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { PIXELS = 64, LAYERS = 3 };

static nn_dataset learn, test; /* digits, ink 0 .. 1 */

/* An 8x8 picture in a square at (x, y); few shades, for the sake of its bytes. */
static void picture(plot *p, double x, double y, double side, const double *ink, double min,
                    double max, int map)
{
    double z[PIXELS];
    const plot_axis across = {.min = 0, .max = 8}, down = {.min = 8, .max = 0};
    const plot_panel a = {p, x, y, side, side, across, down};
    for (int i = 0; i < PIXELS; i++) {
        const double part = fmin(1, fmax(0, (ink[i] - min) / (max - min)));
        z[i] = floor(part * 8 + 0.5) / 8;
    }
    plot_heat(&a, z, 8, 8, 0, 1, map, -1);
    plot_line(p, x, y + side + 1, x + side, y + side + 1,
              (plot_style){.line = PLOT_GREY, .width = 1});
}

static void digit(plot *p, double x, double y, double side, const nn_real *ink)
{
    double z[PIXELS];
    for (int i = 0; i < PIXELS; i++) z[i] = (double)ink[i];
    picture(p, x, y, side, z, 0, 1, PLOT_GREYS);
}

/* ---- 39: for units of each layer of a classifier, the digits that they answer to ---- */

enum { DEPTH = 3, SHOWN = 6, TOP = 10 };

/* How much of the units' activity the kind of digit explains, in percent, in each hidden layer. */
static void explain(const nn_linear *fc, double *explained)
{
    nn_tensor *y = nn_dataset_x(&test);
    for (int l = 0; l < DEPTH; l++) {
        y = nn_relu(nn_linear_forward(&fc[l], y));
        const int units = y->shape.dim[1];
        double between = 0, total = 0;
        for (int u = 0; u < units; u++) {
            double sum[10] = {0}, all = 0;
            int n[10] = {0};
            for (int i = 0; i < test.n; i++) {
                const double v = (double)y->data[i * units + u];
                sum[test.label[i]] += v, n[test.label[i]]++, all += v / test.n;
                total += v * v;
            }
            for (int d = 0; d < 10; d++) between += sum[d] * sum[d] / n[d];
            between -= all * all * test.n, total -= all * all * test.n;
        }
        explained[l] = 100 * between / total;
    }
    nn_clear(test.ctx);
}

/* The TOP samples to which a unit answers most. */
static void favourites(const nn_tensor *y, int u, int *taken)
{
    const int units = y->shape.dim[1];
    for (int k = 0; k < TOP; k++) { /* the largest that is not taken yet */
        taken[k] = -1;
        for (int i = 0; i < test.n; i++) {
            int used = 0;
            for (int j = 0; j < k; j++) used |= taken[j] == i;
            if (used) continue;
            if (taken[k] < 0 || y->data[i * units + u] > y->data[taken[k] * units + u])
                taken[k] = i;
        }
    }
}

/* A row: the mean of its favourites for the liveliest units; how many of a unit's TOP favourites
 * are of one kind, as a mean over all units that ever answer. */
static double answers(plot *p, double top, const nn_tensor *y)
{
    const int units = y->shape.dim[1];
    double activity[24], alike = 0;
    int live = 0, taken[TOP];
    for (int u = 0; u < units; u++) {
        double all = 0;
        activity[u] = 0;
        for (int i = 0; i < test.n; i++) {
            const double v = (double)y->data[i * units + u];
            all += v / test.n;
            activity[u] += v * v;
        }
        activity[u] -= all * all * test.n;
        if (!(all > 0)) continue;
        int kind[10] = {0}, most = 0;
        favourites(y, u, taken);
        for (int k = 0; k < TOP; k++) {
            const int n = ++kind[test.label[taken[k]]];
            if (n > most) most = n;
        }
        alike += most, live++;
    }
    for (int shown = 0; shown < SHOWN; shown++) {
        double ink[PIXELS] = {0};
        int u = 0;
        for (int other = 1; other < units; other++)
            if (activity[other] > activity[u]) u = other;
        activity[u] = -1;
        favourites(y, u, taken);
        for (int k = 0; k < TOP; k++)
            for (int i = 0; i < PIXELS; i++)
                ink[i] += (double)test.x[taken[k] * PIXELS + i] / TOP;
        picture(p, 110 + 62 * shown, top, 56, ink, 0, 1, PLOT_GREYS);
    }
    return alike / live;
}

static int hierarchy(nn_ctx *nn, const char *directory)
{
    static const int width[DEPTH + 2] = {PIXELS, 24, 24, 24, 10};
    nn_seed(nn, 42);
    nn_model *model = nn_model_new(nn);
    nn_linear fc[DEPTH + 1];
    for (int l = 0; l <= DEPTH; l++) {
        char name[8];
        snprintf(name, sizeof name, "fc%d", l + 1);
        fc[l] = nn_linear_new(model, name, width[l], width[l + 1]);
    }
    plot p = plot_new(640, 356, "What the layers answer to",
                      "Four rows of six small pictures, each the mean of the ten held-out digits "
                      "to which a unit answers most: layers 1, 2 and 3 of a trained network, "
                      "digits in each row; layer 3 before training, blurs. At the right how "
                      "much of a unit's activity the kind of digit explains, more in each layer, and how "
                      "many of the ten are of one kind.");
    static const char *const row[DEPTH + 1] = {"layer 1", "layer 2", "layer 3",
                                               "layer 3,\nuntrained"};
    static char text[DEPTH + 1][2][32];
    double explained[2][DEPTH];
    for (int trained = 0; trained < 2; trained++) {
        if (trained) {
            nn_optimizer *opt = nn_adamw(model, 0.003f, 0.1f);
            nn_batches b = nn_batches_new(&learn, 16, 1);
            while (b.epoch < 30)
                while (nn_next_batch(&b)) {
                    nn_clear(nn);
                    nn_zero_grad(model);
                    nn_tensor *y = nn_batch_x(&b);
                    for (int l = 0; l < DEPTH; l++) y = nn_relu(nn_linear_forward(&fc[l], y));
                    nn_backward(nn_cross_entropy(nn_linear_forward(&fc[DEPTH], y), b.label));
                    nn_step(opt);
                }
        }
        nn_clear(nn);
        explain(fc, explained[trained]);
        nn_tensor *y = nn_dataset_x(&test);
        for (int l = 0; l < DEPTH; l++) {
            y = nn_relu(nn_linear_forward(&fc[l], y));
            if (!trained && l < DEPTH - 1) continue;
            const int r = trained ? l : DEPTH;
            const double top = 50 + 76 * r, alike = answers(&p, top, y);
            char number[24];
            snprintf(text[r][0], sizeof text[r][0], "%s %%",
                     plot_number(number, explained[trained][l], 0));
            snprintf(text[r][1], sizeof text[r][1], "%s", plot_number(number, alike, 1));
            plot_text(&p, 14, top + 28, row[r], PLOT_INK, PLOT_LEFT | (r < DEPTH ? PLOT_BOLD : 0));
            plot_text(&p, 522, top + 28, text[r][0], r < DEPTH ? PLOT_BLUE : PLOT_INK,
                      PLOT_MIDDLE | PLOT_BOLD);
            plot_text(&p, 598, top + 28, text[r][1], r < DEPTH ? PLOT_BLUE : PLOT_INK,
                      PLOT_MIDDLE | PLOT_BOLD);
        }
    }
    plot_text(&p, 290, 22, "means of the ten digits that a unit answers to most", PLOT_INK,
              PLOT_MIDDLE);
    plot_text(&p, 522, 22, "explained\nby the kind", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 598, 22, "of ten,\nof one kind", PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    if (!(explained[1][0] < explained[1][1] && explained[1][1] < explained[1][2]))
        plot_fail(&p, "deeper units do not tell more about the kind", "");
    return plot_save(&p, directory, "39-hierarchy");
}

/* ---- 40 and 41: an autoencoder 64-32-k-32-64 ---- */

typedef struct autoencoder {
    nn_linear e1, e2, d1, d2;
} autoencoder;

static nn_tensor *encode(const autoencoder *a, nn_tensor *x)
{
    return nn_linear_forward(&a->e2, nn_relu(nn_linear_forward(&a->e1, x)));
}

static nn_tensor *decode(const autoencoder *a, nn_tensor *code)
{
    return nn_linear_forward(&a->d2, nn_relu(nn_linear_forward(&a->d1, code)));
}

static autoencoder train(nn_ctx *nn, int code, uint64_t seed)
{
    nn_seed(nn, seed);
    nn_model *model = nn_model_new(nn);
    autoencoder a;
    a.e1 = nn_linear_new(model, "e1", PIXELS, 32);
    a.e2 = nn_linear_new(model, "e2", 32, code);
    a.d1 = nn_linear_new(model, "d1", code, 32);
    a.d2 = nn_linear_new(model, "d2", 32, PIXELS);
    nn_optimizer *opt = nn_adam(model, 0.003f);
    nn_batches b = nn_batches_new(&learn, 16, 1);
    while (b.epoch < 40)
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_tensor *x = nn_batch_x(&b);
            nn_backward(nn_mse(decode(&a, encode(&a, x)), x));
            nn_step(opt);
        }
    nn_clear(nn);
    return a;
}

static int basic(const autoencoder *a, const char *directory)
{
    plot p = plot_new(640, 250, "An autoencoder",
                      "A picture of a digit with 64 pixels enters an encoder of 32 units; its code "
                      "is two numbers; a decoder of 32 units makes 64 pixels of them again, which "
                      "look like the digit, a little blurred.");
    int chosen = 0;
    while (test.label[chosen] != 0) chosen++;
    nn_tensor *x = nn_input(learn.ctx, test.x + chosen * PIXELS, nn_shape2(1, PIXELS));
    nn_tensor *code = encode(a, x), *again = decode(a, code);
    digit(&p, 14, 70, 110, x->data);
    digit(&p, 516, 70, 110, again->data);
    const plot_style coder = plot_filled(PLOT_BLUE, PLOT_LIGHT(PLOT_BLUE));
    const plot_style bottle = plot_filled(PLOT_ORANGE, PLOT_LIGHT(PLOT_ORANGE));
    const plot_style arrow = {.line = PLOT_INK, .width = 1.5, .arrow = 1};
    const plot_node e = plot_place(&p, PLOT_BOX, 205, 125, 76, 100, "32 units\nReLU", coder);
    const plot_node d = plot_place(&p, PLOT_BOX, 435, 125, 76, 100, "32 units\nReLU", coder);
    char text[2][32], number[24];
    plot_node unit[2];
    for (int k = 0; k < 2; k++) {
        snprintf(text[k], sizeof text[k], "$%s$", plot_number(number, (double)code->data[k], 1));
        unit[k] = plot_place(&p, PLOT_CIRCLE, 320, 100 + 50 * k, 42, 42, text[k], bottle);
        plot_connect(&p, e, unit[k], arrow);
        plot_connect(&p, unit[k], d, arrow);
    }
    plot_line(&p, 128, 125, 164, 125, arrow);
    plot_line(&p, 475, 125, 511, 125, arrow);
    plot_text(&p, 69, 40, "input $x$\n64 numbers", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 205, 50, "encoder", PLOT_BLUE, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 320, 50, "code", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 435, 50, "decoder", PLOT_BLUE, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 571, 40, "output $y$\n64 numbers", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 320, 206, "bottleneck: 2 numbers", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 320, 232, "the loss compares the output with the input; no labels", PLOT_INK,
              PLOT_MIDDLE);
    return plot_save(&p, directory, "40-autoencoder");
}

enum { SIZES = 6, SEEDS = 5 };

static int bottleneck(nn_ctx *nn, const autoencoder *two, const char *directory)
{
    static const int size[SIZES] = {1, 2, 4, 8, 16, 32};
    static const char *const name[SIZES] = {"1", "2", "4", "8", "16", "32"};
    static const int mark[5] = {PLOT_DOT, PLOT_SQUARE, PLOT_TRIANGLE, PLOT_DIAMOND, PLOT_CROSS};
    static nn_real projected[2000 * 32], restored[2000 * PIXELS];
    double k[SIZES], error[2][SIZES] = {{0}};
    for (int s = 0; s < SIZES; s++) {
        const nn_pca pca = nn_pca_fit(nn, learn.x, learn.n, PIXELS, size[s]);
        nn_pca_project(&pca, test.x, test.n, projected);
        nn_pca_restore(&pca, projected, test.n, restored);
        nn_clear(nn);
        nn_tensor *x = nn_dataset_x(&test);
        k[s] = s;
        error[1][s] = (double)nn_item(nn_mse(nn_input(nn, restored, x->shape), x));
        for (int seed = 1; seed <= SEEDS; seed++) {
            const autoencoder a = train(nn, size[s], (uint64_t)seed);
            x = nn_dataset_x(&test);
            const double e = (double)nn_item(nn_mse(decode(&a, encode(&a, x)), x));
            error[0][s] += e / SEEDS;
#ifdef MEASURE
            printf("fig41 code %d seed %d: %.4f, PCA %.4f\n", size[s], seed, e, error[1][s]);
#endif
        }
    }
    plot p = plot_new(640, 350, "The bottleneck",
                      "Left: the error of what comes back falls as the code grows from 1 to 32 "
                      "numbers, as a mean of five runs; up to 8 the autoencoder's is below "
                      "that of as many principal components, with 16 equal, with 32 above. "
                      "Right: held-out digits in the plane of a "
                      "code of two numbers; those of one kind lie together, and some kinds "
                      "overlap.");
    const plot_panel a = plot_axes(&p, 0, 0, 300, 330,
                                   (plot_spec){.x = {.label = "numbers in the code",
                                                     .name = name,
                                                     .names = SIZES},
                                               .y = plot_range(0, 0.07, "error, held out")});
    for (int m = 0; m < 2; m++) {
        const int colour = m ? PLOT_GREY : PLOT_BLUE;
        plot_curve(&a, k, error[m], SIZES, (plot_style){.line = colour, .dash = m ? 5 : 0});
        plot_points(&a, k, error[m], SIZES, PLOT_DOT, 3.5, plot_filled(colour, colour));
    }
    plot_text(&p, plot_x(&a, 1), plot_y(&a, 0.06), "PCA", PLOT_INK, PLOT_LEFT | PLOT_ON_WHITE);
    plot_text(&p, plot_x(&a, -0.3), plot_y(&a, 0.017), "autoencoder", PLOT_BLUE,
              PLOT_LEFT | PLOT_ON_WHITE);

    nn_clear(nn);
    const nn_tensor *code = encode(two, nn_dataset_x(&test));
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
    for (int i = 0; i < 200; i++)
        for (int c = 0; c < 2; c++) {
            low[c] = fmin(low[c], (double)code->data[2 * i + c]);
            high[c] = fmax(high[c], (double)code->data[2 * i + c]);
        }
    const plot_panel plane = plot_axes(&p, 300, 0, 340, 290,
                                       (plot_spec){.x = plot_range(low[0] - 0.3, high[0] + 0.3, 0),
                                                   .y = plot_range(low[1] - 0.3, high[1] + 0.3, 0),
                                                   .title = "a code of two numbers",
                                                   .bare = 1});
    for (int d = 0; d < 10; d++) {
        static const int colours[5] = {PLOT_BLUE, PLOT_ORANGE, PLOT_GREEN, PLOT_PURPLE, PLOT_RED};
        static const char *const kind[10] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
        double x[200], y[200];
        int n = 0;
        for (int i = 0; i < 200; i++) /* the first 200 of them */
            if (test.label[i] == d)
                x[n] = (double)code->data[2 * i], y[n++] = (double)code->data[2 * i + 1];
        const int colour = d < 5 ? colours[d] : colours[(d + 3) % 5];
        const plot_style s = d < 5 ? plot_filled(colour, colour) : plot_filled(colour, PLOT_WHITE);
        plot_points(&plane, x, y, n, mark[d % 5], 3.5, s);
        plot_key(&p, 350 + 54 * (d % 5), 308 + 24 * (d / 5), mark[d % 5], s, kind[d]);
    }
    for (int s = 0; s < 4; s++)
        if (error[0][s] >= error[1][s]) plot_fail(&p, "PCA is better than the autoencoder", "");
    return plot_save(&p, directory, "41-bottleneck");
}

/* ---- 42 and 43: a stack 64-48-24-12 and back ---- */

static const int width[LAYERS + 1] = {PIXELS, 48, 24, 12};
static const nn_real RATE = 2;

typedef struct stack {
    nn_model *model;
    nn_linear encoder[LAYERS], decoder[LAYERS];
} stack;

static stack stack_new(nn_ctx *nn, uint64_t seed, int xavier)
{
    nn_seed(nn, seed);
    stack s;
    s.model = nn_model_new(nn);
    for (int k = 0; k < LAYERS; k++) {
        char name[32];
        snprintf(name, sizeof name, "encoder.%d", k + 1);
        s.encoder[k] = nn_linear_new(s.model, name, width[k], width[k + 1]);
        snprintf(name, sizeof name, "decoder.%d", k + 1);
        s.decoder[k] = nn_linear_new(s.model, name, width[k + 1], width[k]);
        if (xavier) nn_xavier_uniform(s.encoder[k].weight, 1);
        if (xavier) nn_xavier_uniform(s.decoder[k].weight, 1);
    }
    return s;
}

static nn_tensor *up(const stack *s, nn_tensor *x, int from, int to) /* through encoders */
{
    for (int k = from; k < to; k++) x = nn_tanh(nn_linear_forward(&s->encoder[k], x));
    return x;
}

static nn_tensor *down(const stack *s, nn_tensor *x, int from, int to) /* back through decoders */
{
    for (int k = from - 1; k >= to; k--) {
        x = nn_linear_forward(&s->decoder[k], x);
        if (k > 0) x = nn_tanh(x);
    }
    return x;
}

static double stack_error(const stack *s, int layers)
{
    nn_clear(learn.ctx);
    nn_tensor *x = nn_dataset_x(&test);
    return (double)nn_item(nn_mse(down(s, up(s, x, 0, layers), layers, 0), x));
}

/* Trains the layers from .. to - 1 so many epochs; the error of the whole after each in curve. */
static void epochs(const stack *s, int from, int to, int n, nn_real lr, double *curve)
{
    nn_freeze(s->model, "", 1);
    for (int k = from; k < to; k++) {
        char name[32];
        snprintf(name, sizeof name, "encoder.%d", k + 1);
        nn_freeze(s->model, name, 0);
        snprintf(name, sizeof name, "decoder.%d", k + 1);
        nn_freeze(s->model, name, 0);
    }
    nn_optimizer *opt = nn_sgd(s->model, lr);
    nn_batches b = nn_batches_new(&learn, 32, 1);
    for (int epoch = 0; epoch <= n; epoch++) {
        if (curve) curve[epoch] = stack_error(s, to);
        while (epoch < n && nn_next_batch(&b)) {
            nn_clear(learn.ctx);
            nn_zero_grad(s->model);
            nn_tensor *x = up(s, nn_batch_x(&b), 0, from);
            nn_backward(nn_mse(down(s, up(s, x, from, to), to, from), x));
            nn_step(opt);
        }
    }
}

enum { EPOCHS = 40, PRE_EPOCHS = 15, BEFORE = LAYERS * PRE_EPOCHS };

static int layerwise(nn_ctx *nn, stack *longer, const char *directory)
{
    static const char *const title[4] = {"1. the first", "2. the second", "3. the third",
                                         "4. all, fine-tuned"};
    plot p = plot_new(640, 332, "Pre-training layer by layer",
                      "Four rows. In the first an encoder and a decoder learn to give back the "
                      "pixels; in the second the first encoder is frozen and a second pair learns "
                      "to give back its output; in the third a third pair; in the fourth the three "
                      "encoders, and the decoders in reverse order, are stacked and trained "
                      "together. At the right the error on held-out digits after each; below, "
                      "that of a stack whose stages are longer, without the fourth.");
    const plot_style frozen = plot_filled(PLOT_GREY, PLOT_LIGHT(PLOT_GREY));
    const plot_style trained[2] = {plot_filled(PLOT_BLUE, PLOT_LIGHT(PLOT_BLUE)),
                                   plot_filled(PLOT_ORANGE, PLOT_LIGHT(PLOT_ORANGE))};
    static const char *const block[2][LAYERS] = {{"64→48", "48→24", "24→12"},
                                                 {"48→64", "24→48", "12→24"}};
    static char text[4][24];
    stack tuned = stack_new(nn, 1, 0);
    double last = 1;
    for (int row = 0; row < 4; row++) {
        char number[24];
        const double y = 66 + 60 * row;
        const int all = row == LAYERS;
        if (all) epochs(&tuned, 0, LAYERS, EPOCHS, RATE, NULL);
        else epochs(&tuned, row, row + 1, PRE_EPOCHS, RATE, NULL);
        last = stack_error(&tuned, all ? LAYERS : row + 1);
        snprintf(text[row], sizeof text[row], "%s", plot_number(number, last, 4));
        plot_text(&p, 12, y, title[row], PLOT_INK, PLOT_LEFT);
        plot_text(&p, 606, y, text[row], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
        const int top = all ? LAYERS : row + 1, n = all ? 2 * LAYERS : row + 2;
        plot_node before = {PLOT_BOX, 0, 0, 0, 0};
        for (int i = 0; i < n; i++) {
            const int decoder = i >= top, layer = decoder ? (all ? 2 * top - 1 - i : row) : i;
            const plot_style look = all || decoder || i == row ? trained[decoder] : frozen;
            const plot_node here = plot_place(&p, PLOT_BOX, 172 + 75 * i, y, 60, 32,
                                              block[decoder][layer], look);
            if (i) plot_connect(&p, before, here, (plot_style){.line = PLOT_INK, .width = 1.5,
                                                               .arrow = 1});
            before = here;
        }
    }
    double next = plot_key(&p, 150, 290, PLOT_SQUARE, trained[0], "encoder");
    next = plot_key(&p, next, 290, PLOT_SQUARE, trained[1], "decoder");
    plot_key(&p, next, 290, PLOT_SQUARE, frozen, "encoder, frozen");
    plot_text(&p, 606, 20, "error\nso far", PLOT_INK, PLOT_MIDDLE);
    *longer = stack_new(nn, 1, 0);
    for (int k = 0; k < LAYERS; k++) epochs(longer, k, k + 1, PRE_EPOCHS + EPOCHS, RATE, NULL);
    static char number[24];
    plot_text(&p, 12, 320, "1, 2 and 3 with 55 epochs each instead of 15, without 4", PLOT_INK,
              PLOT_LEFT);
    plot_text(&p, 606, 320, plot_number(number, stack_error(longer, LAYERS), 4), PLOT_INK,
              PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, "42-layer-wise");
}

static int compared(nn_ctx *nn, const char *directory)
{
    static double curve[4][BEFORE + EPOCHS + 1], x[BEFORE + EPOCHS + 1];
    for (int c = 0; c < 4; c++) {
        const stack s = stack_new(nn, 1, c / 2);
        for (int k = 0; c % 2 && k < LAYERS; k++) epochs(&s, k, k + 1, PRE_EPOCHS, RATE, NULL);
        epochs(&s, 0, LAYERS, c % 2 ? EPOCHS : BEFORE + EPOCHS, RATE, curve[c]);
#ifdef MEASURE
        for (int e = 0; e <= (c % 2 ? EPOCHS : BEFORE + EPOCHS); e += 5)
            printf("42b curve %d epoch %d: %.4f\n", c, e, curve[c][e]);
#endif
    }
    plot p = plot_new(600, 340, "Pre-trained and random beginnings",
                      "The error on held-out digits over 85 epochs of descent. From small uniform "
                      "weights it stays on a plateau for some epochs; from Xavier's it falls at "
                      "once; the networks pre-trained layer by layer come in at epoch 45 and lie "
                      "close to the others.");
    const plot_panel a = plot_axes(&p, 0, 0, 600, 340,
                                   (plot_spec){.x = plot_range(0, BEFORE + EPOCHS,
                                                               "epochs, with those of the stages"),
                                               .y = plot_range(0, 0.06, "error, held out")});
    static const char *const name[4] = {"random, uniform", "pre-trained, uniform",
                                        "random, Xavier", "pre-trained, Xavier"};
    static const int colour[4] = {PLOT_RED, PLOT_RED, PLOT_BLUE, PLOT_BLUE};
    for (int e = 0; e <= BEFORE + EPOCHS; e++) x[e] = e;
    for (int c = 0; c < 4; c++) {
        const int from = c % 2 ? BEFORE : 0;
        const plot_style line = {.line = colour[c], .dash = c % 2 ? 5 : 0};
        plot_curve(&a, x + from, curve[c], BEFORE + EPOCHS + 1 - from, line);
        const double at = plot_x(&a, 45), y = plot_y(&a, 0.056 - 0.0047 * c);
        plot_line(&p, at, y, at + 34, y, line);
        plot_text(&p, at + 42, y, name[c], PLOT_INK, PLOT_LEFT);
    }
    return plot_save(&p, directory, "42b-pre-training");
}

static int stacked(const stack *s, const char *directory)
{
    plot p = plot_new(640, 324, "A stacked autoencoder",
                      "Seven bars in a row, as high as their layer has units: 64, 48, 24, 12 and "
                      "back up to 64: three encoders, the code, three decoders in reverse order. "
                      "Below them a digit and, at the right, what decoding gives from each "
                      "encoder's output, with its error: the fewer numbers, the larger.");
    static const int units[7] = {64, 48, 24, 12, 24, 48, 64};
    static const char *const size[7] = {"64", "48", "24", "12", "24", "48", "64"};
    int chosen = 0;
    while (test.label[chosen] != 3) chosen++;
    nn_clear(learn.ctx);
    nn_tensor *x = nn_input(learn.ctx, test.x + chosen * PIXELS, nn_shape2(1, PIXELS));
    plot_node before = {PLOT_BOX, 0, 0, 0, 0};
    for (int i = 0; i < 7; i++) {
        const int colour = i == 3 ? PLOT_ORANGE : PLOT_BLUE;
        const plot_node here = plot_place(&p, PLOT_BOX, 60 + 86.5 * i, 130, 30, 2.2 * units[i],
                                          size[i], plot_filled(colour, PLOT_LIGHT(colour)));
        if (i) plot_connect(&p, before, here, (plot_style){.line = PLOT_INK, .width = 1.5,
                                                           .arrow = 1});
        before = here;
    }
    static const char *const name[6] = {"encoder\n1", "encoder\n2", "encoder\n3", "decoder\n3",
                                        "decoder\n2", "decoder\n1"};
    for (int i = 0; i < 6; i++)
        plot_text(&p, 103 + 86.5 * i, 104, name[i], PLOT_INK,
                  PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 319.5, 60, "code", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    digit(&p, 27, 220, 66, x->data);
    for (int k = 1; k <= LAYERS; k++) /* back from the code of the first k encoders */
        digit(&p, 27 + 86.5 * (k + 3), 220, 66, down(s, up(s, x, 0, k), k, 0)->data);
    static const char *const from[4] = {"input", "from 48", "from 24", "from 12"};
    plot_text(&p, 60, 300, from[0], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 245, 253, "decoded again:", PLOT_INK, PLOT_LEFT);
    for (int k = 1; k <= LAYERS; k++) {
        static char text[LAYERS + 1][40]; /* and its error, held out */
        char number[24];
        snprintf(text[k], sizeof text[k], "%s\n%s", from[k],
                 plot_number(number, stack_error(s, k), 4));
        plot_text(&p, 60 + 86.5 * (k + 3), 302, text[k], PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    }
    return plot_save(&p, directory, "43-stacked");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".";
    nn_ctx *nn = nn_create(42);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split(&all, 0.3, &learn, &test);
    if (!nn_ok(nn) || test.n > 2000) return 1;
    int good = hierarchy(nn, directory);
    const autoencoder two = train(nn, 2, 42);
    good &= basic(&two, directory);
    good &= bottleneck(nn, &two, directory);
    stack s;
    good &= layerwise(nn, &s, directory);
    good &= compared(nn, directory);
    good &= stacked(&s, directory);
    nn_destroy(nn);
    return !good;
}
