/* A picture in words, and where the network looks as it says each of them (Xu et al. 2015, arXiv
 * 1502.03044): convolutions make a grid of features, and an LSTM that writes the caption attends to
 * its cells. A tenth of all descriptions is never learned; the test is on pictures of these.
 *
 *     15_captions                  120 steps: the attention begins to go where it should
 *     15_captions STEPS [SEED]     1000: and the captions are right
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SIDE = 24, CELL = 4, GRID = SIDE / CELL, CELLS = GRID * GRID, CHANNELS = 5 };
enum { N = 32, TEST = 200, FEATURES = 32, UNITS = 64, EMBED = 32, LONGEST = 11 };
enum { END, A, OF, LEFT, RIGHT, ABOVE, BELOW, SMALL, LARGE, RED, GREEN, BLUE, CIRCLE, SQUARE,
       TRIANGLE, WORDS };

static const char *const word[WORDS] = {"<s>", "a", "of", "left", "right", "above", "below",
                                        "small", "large", "red", "green", "blue", "circle",
                                        "square", "triangle"};

/* [sample] */
typedef struct shape {
    int kind, colour, side, row, column; /* two words; pixels, of the square around it */
} shape;

typedef struct sample { /* "a small red circle left of a large blue square": red comes before */
    shape shape[2];     /* green, green before blue */
    int word[LONGEST];
} sample;

static int covers(const shape *s, int row, int column)
{
    const int r = row - s->row, c = column - s->column, last = s->side - 1;
    if (r < 0 || c < 0 || r > last || c > last) return 0;
    const int y = 2 * r - last, x = 2 * c - last; /* from the middle, in half pixels */
    return s->kind == SQUARE || (s->kind == TRIANGLE && abs(x) <= r) ||
           (s->kind == CIRCLE && x * x + y * y <= s->side * s->side);
}

/* A random one, of those descriptions that are kept for the test or of the others. */
static sample random_sample(nn_ctx *nn, int for_test)
{
    for (;;) {
        sample p = {.word = {0}};
        shape *s = p.shape;
        const int missing = nn_randint(nn, RED, BLUE + 1);
        s[0].colour = missing == RED ? GREEN : RED, s[1].colour = missing == BLUE ? GREEN : BLUE;
        for (int i = 0; i < 2; i++) {
            s[i].kind = nn_randint(nn, CIRCLE, TRIANGLE + 1);
            s[i].side = nn_randint(nn, 6, 8) + 3 * nn_randint(nn, 0, 2); /* small: 6 or 7 */
            s[i].row = nn_randint(nn, 0, SIDE - s[i].side + 1);
            s[i].column = nn_randint(nn, 0, SIDE - s[i].side + 1);
        }
        const int apart = s[0].side + s[1].side, grown = s[1].side - s[0].side; /* half pixels */
        const int down = 2 * (s[1].row - s[0].row) + grown;
        const int right = 2 * (s[1].column - s[0].column) + grown;
        int relation = right > 0 ? LEFT : RIGHT;
        if (abs(down) > apart && abs(right) < 8) relation = down > 0 ? ABOVE : BELOW;
        else if (abs(right) <= apart || abs(down) >= 8) continue; /* neither */
        const int number = 7 * s[0].kind + 5 * (s[0].side < 8) + 3 * s[1].kind +
                           4 * (s[1].side < 8) + 2 * missing + relation;
        if ((number % 10 == 0) != for_test) continue;
        int t = 0;
        for (int i = 0; i < 2; i++) {
            if (i == 1) p.word[t++] = relation;
            if (i == 1 && relation <= RIGHT) p.word[t++] = OF;
            p.word[t++] = A, p.word[t++] = s[i].side < 8 ? SMALL : LARGE;
            p.word[t++] = s[i].colour, p.word[t++] = s[i].kind;
        }
        return p; /* END is 0 */
    }
}

/* Red, green, blue, and where a pixel is: its row and column from -1 to 1 (Liu et al. 2018). */
static nn_tensor *pictures(nn_ctx *nn, const sample *p, int n)
{
    nn_tensor *x = nn_rand(nn, nn_shape4(n, CHANNELS, SIDE, SIDE), 0, 0.2f);
    for (int i = 0; i < n * SIDE * SIDE; i++) {
        const int row = i / SIDE % SIDE, column = i % SIDE;
        const shape *s = p[i / (SIDE * SIDE)].shape;
        nn_real *pixel = x->data + i / (SIDE * SIDE) * CHANNELS * SIDE * SIDE + i % (SIDE * SIDE);
        for (int k = 0; k < 2; k++)
            if (covers(&s[k], row, column)) pixel[(s[k].colour - RED) * SIDE * SIDE] += 0.8f;
        pixel[3 * SIDE * SIDE] = 2 * (nn_real)row / (SIDE - 1) - 1;
        pixel[4 * SIDE * SIDE] = 2 * (nn_real)column / (SIDE - 1) - 1;
    }
    return x;
}
/* [/sample] */

/* [network] */
typedef struct network {
    nn_conv2d conv1, conv2;
    nn_batch_norm norm1, norm2; /* without them it takes many times as long */
    nn_additive_attention attention;
    nn_embedding embed;
    nn_lstm_cell cell;
    nn_linear out;
} network;

static network network_new(nn_model *m)
{
    return (network){nn_conv2d_new(m, "conv1", CHANNELS, 16, 3, 1, 1),
                     nn_conv2d_new(m, "conv2", 16, FEATURES, 3, 1, 1),
                     nn_batch_norm_new(m, "norm1", 16),
                     nn_batch_norm_new(m, "norm2", FEATURES),
                     nn_additive_attention_new(m, "attention", UNITS, FEATURES, 64),
                     nn_embedding_new(m, "embed", WORDS, EMBED),
                     nn_lstm_cell_new(m, "cell", EMBED + FEATURES, UNITS),
                     nn_linear_new(m, "out", UNITS + FEATURES, WORDS)};
}

/* [n, CHANNELS, SIDE, SIDE] -> [n, CELLS, FEATURES]. A cell of 4 x 4 pixels sees 10 x 10: were it
 * much more, attention could lie beside a shape and see it all the same. */
static nn_tensor *grid_of(const network *net, nn_tensor *x)
{
    x = nn_batch_norm_forward(&net->norm1, nn_conv2d_forward(&net->conv1, x));
    x = nn_conv2d_forward(&net->conv2, nn_max_pool2d(nn_relu(x), 2, 0, 0));
    x = nn_max_pool2d(nn_relu(nn_batch_norm_forward(&net->norm2, x)), 2, 0, 0);
    return nn_transpose(nn_reshape(x, nn_shape3(x->shape.dim[0], FEATURES, CELLS)), 1, 2);
}

/* One word more: the state h asks where to look, and what is seen there and the word before lead to
 * the next state and word. -> logits [n, WORDS]; *weights [n, 1, CELLS] */
static nn_tensor *next_word(const network *net, nn_tensor *grid, const int *before,
                            nn_rnn_result *state, nn_tensor **weights)
{
    const int n = grid->shape.dim[0];
    if (!state->h) state->h = state->c = nn_full(grid->ctx, nn_shape2(n, UNITS), 0);
    nn_tensor *query = nn_reshape(state->h, nn_shape3(n, 1, UNITS));
    nn_tensor *seen = nn_additive_attention_forward(&net->attention, query, grid, grid, NULL,
                                                    weights);
    seen = nn_reshape(seen, nn_shape2(n, FEATURES));
    nn_tensor *in[2] = {nn_embedding_forward(&net->embed, before, n), seen};
    *state = nn_lstm_cell_forward(&net->cell, nn_concat(1, 2, in), state->h, state->c);
    nn_tensor *both[2] = {state->h, seen};
    return nn_linear_forward(&net->out, nn_concat(1, 2, both));
}

static nn_tensor *loss_of(const network *net, nn_ctx *nn, const sample *p)
{
    nn_tensor *grid = grid_of(net, pictures(nn, p, N)), *z[LONGEST], *weights;
    nn_rnn_result state = {NULL, NULL, NULL};
    int before[N] = {END}, target[LONGEST * N];
    for (int t = 0; t < LONGEST; t++) {
        z[t] = next_word(net, grid, before, &state, &weights);
        for (int i = 0; i < N; i++) { /* one END counts */
            target[t * N + i] = t == 0 || before[i] != END ? p[i].word[t] : -1;
            before[i] = p[i].word[t];
        }
    }
    return nn_cross_entropy(nn_concat(0, LONGEST, z), target);
}
/* [/network] */

/* [test] */
/* Whether the shape has a pixel in cell k of the grid. */
static int in_cell(const shape *s, int k)
{
    int covered = 0;
    for (int i = 0; i < CELL * CELL; i++)
        covered |= covers(s, k / GRID * CELL + i / CELL, k % GRID * CELL + i % CELL);
    return covered;
}

typedef struct result { /* in % */
    double captions;        /* that are right in every word */
    double attention, area; /* of what is seen, of the picture: cells of the shape, at its words */
} result;

static sample test_sample[TEST];
static int said[LONGEST][TEST];
static nn_real looked[LONGEST][TEST * CELLS];

static result test(const network *net, nn_ctx *nn)
{
    nn_rnn_result state = {NULL, NULL, NULL};
    nn_tensor *weights;
    int before[TEST] = {END}, of_shapes = 0;
    result r = {0, 0, 0};
    nn_clear(nn);
    nn_set_grad_enabled(nn, 0), nn_set_training(nn, 0);
    for (int i = 0; i < TEST; i++) test_sample[i] = random_sample(nn, 1);
    nn_tensor *grid = grid_of(net, pictures(nn, test_sample, TEST));
    for (int t = 0; t < LONGEST && nn_ok(nn); t++) {
        nn_argmax(next_word(net, grid, before, &state, &weights), said[t]);
        if (nn_ok(nn)) memcpy(looked[t], weights->data, sizeof looked[t]);
        memcpy(before, said[t], sizeof before);
    }
    for (int i = 0; i < TEST; i++) {
        const int *it = test_sample[i].word;
        int right = 1;
        for (int t = 0; t < LONGEST && (t == 0 || it[t - 1] != END); t++) {
            right &= said[t][i] == it[t];
            of_shapes += it[t] >= SMALL;
            for (int k = 0; it[t] >= SMALL && k < CELLS; k++)
                if (in_cell(&test_sample[i].shape[t > 3], k)) {
                    r.attention += (double)looked[t][i * CELLS + k];
                    r.area += 1.0 / CELLS;
                }
        }
        r.captions += right * 100.0 / TEST;
    }
    r.attention *= 100.0 / of_shapes, r.area *= 100.0 / of_shapes;
    nn_set_grad_enabled(nn, 1), nn_set_training(nn, 1);
    return r;
}
/* [/test] */

/* The first picture of the test, and for each word which cells had how much of the attention. */
static void show(void)
{
    static const char ink[] = " .:-=+*#%@";
    const shape *s = test_sample[0].shape;
    printf("\n== a picture, and the attention as its words were said\n");
    for (int row = 0; row < SIDE; row += 2, printf("\n"))
        for (int c = 0; c < SIDE; c++)
            printf("%c", covers(&s[0], row, c)   ? word[s[0].colour][0]
                         : covers(&s[1], row, c) ? word[s[1].colour][0]
                                                 : '.');
    for (int row = -1; row < GRID; row++, printf("\n"))
        for (int t = 0; t < LONGEST && said[t][0] != END; t++) {
            if (said[t][0] <= OF) continue;
            if (row < 0) printf("%-12s|", word[said[t][0]]);
            for (int c = 0; c < GRID && row >= 0; c++) {
                const nn_real w = looked[t][row * GRID + c];
                const char sign = ink[w < 0.3f ? (int)(w * 33) : 9];
                printf("%c%c%s", sign, sign, c < GRID - 1 ? "" : "|");
            }
        }
}

int main(int argc, char **argv)
{
    const int quick = argc < 2, steps = quick ? 120 : atoi(argv[1]), lines = quick ? 3 : 10;
    nn_ctx *nn = nn_create(argc > 2 ? strtoul(argv[2], NULL, 10) : 1);
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model);
    nn_optimizer *opt = nn_adam(model, 0.005f);
    result r = {0, 0, 0};
    double sum = 0;
    printf("== in %%, of %d pictures of descriptions that were not learned\n"
           " step   loss  captions right  attention on the shape (its area)\n", TEST);
    for (int step = 1; step <= steps && nn_ok(nn); step++) {
        sample p[N];
        for (int i = 0; i < N; i++) p[i] = random_sample(nn, 0);
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *loss = loss_of(&net, nn, p);
        nn_backward(loss);
        nn_clip_grad_norm(model, 1);
        opt->lr = nn_linear_lr(nn_cosine_annealing_lr(0.005f, 0, steps, step), 0, 30, step);
        nn_step(opt);
        sum += (double)nn_item(loss) * lines / steps;
        if (step * lines % steps >= lines) continue;
        r = test(&net, nn);
        printf("%5d %6.3f %15.1f %23.1f (%.1f)\n", step, sum, r.captions, r.attention, r.area);
        fflush(stdout);
        sum = 0;
    }
    show();
    const int good =
        nn_ok(nn) && (quick ? r.attention > 2 * r.area : r.attention >= 60 && r.captions >= 95);
    printf("\nexpected: attention on the shape that is spoken of %s: yes\n",
           quick ? "above twice its area" : "at least 60 %, 95 % of captions right");
    printf("got:      %s\n", good ? "yes" : "no");
    nn_destroy(nn);
    return !good;
}
