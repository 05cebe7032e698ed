/* XLNet, as examples/15_xlnet.c has it: orders as masks, and
 * who sees what in the two streams.
 *
 *     cc -std=c99 -O1 tests/test_ch15_xlnet.c -lm -o test && ./test
 *
 * Numbers such as 15.18 are rows of the feature table.
 */
#define main example_main
#include "../examples/15_xlnet.c"
#undef main
#include "test.h"

static nn_ctx *nn; /* of the current case */

#define RUN_ALONE(test)                \
    do {                               \
        nn = nn_create(test_seed = 1); \
        RUN(test);                     \
        CHECK_STR(nn_error(nn), "");   \
        nn_destroy(nn);                \
    } while (0)

static windows w;

static void orders_as_masks_row_15_20(void) /* against a search in the order */
{
    int order[T];
    nn_real content[T * T], query[K * T];
    for (int try = 0; try < 20; try++) {
        nn_randperm(nn, order, T);
        masks_of_order(order, content, query);
        for (int i = 0; i < T; i++)
            for (int j = 0; j < T; j++) { /* the i-th of the order and the j-th */
                CHECK_INT(content[order[i] * T + order[j]], j <= i);
                if (i >= T - K) CHECK_INT(query[(i - T + K) * T + order[j]], j < i);
            }
    }
}

static xlnet net_of_places(void) /* each place of window 0 has a token of its own */
{
    const xlnet net = xlnet_new(nn, T + 1);
    int order[T];
    nn_randperm(nn, order, T);
    for (int t = 0; t < T; t++) w.id[t] = t;
    w.n = 1;
    set_order(&w, 0, order);
    for (size_t i = 0; i < net.unknown->size; i++) net.unknown->data[i] = nn_normal(nn, 0, 1);
    return net;
}

static void last_of_the_order_are_guessed_row_15_20(void)
{
    int text[100], order[T];
    for (int i = 0; i < 100; i++) text[i] = i;
    draw_windows(nn, &w, text, 100);
    for (int i = 0; i < WINDOWS; i++) {
        for (int t = 1; t < T; t++) CHECK_INT(w.id[i * T + t], w.id[i * T] + t); /* in its order */
        for (int k = 0; k < K; k++)
            CHECK_INT(w.target[i * K + k], w.id[i * T] + w.place[i * K + k]);
    }
    const xlnet net = net_of_places();
    CHECK(nn_shape_equal(logits(&net, &w)->shape, nn_shape2(K, T + 1)));
    nn_randperm(nn, order, T);
    set_order(&w, 0, order);
    for (int t = 0; t < T; t++) CHECK_INT(w.id[t], t);
    for (int k = 0; k < K; k++) CHECK_INT(w.place[k], order[T - K + k]);
}

/* In one layer, the last of the order sees all others as they are at their places: in which order
 * these were is all the same, to the last bit. */
static void positions_stay_row_15_20(void)
{
    xlnet net = net_of_places();
    net.encoder.layers = 1;
    int order[T], other[T];
    nn_real g[WIDTH];
    nn_randperm(nn, order, T);
    set_order(&w, 0, order);
    memcpy(g, two_streams(&net, &w).g->data + (K - 1) * WIDTH, sizeof g);
    for (int i = 0; i < T - 1; i++) other[i] = order[T - 2 - i];
    other[T - 1] = order[T - 1];
    set_order(&w, 0, other);
    nn_tensor *again = two_streams(&net, &w).g;
    CHECK(memcmp(again->data + (K - 1) * WIDTH, g, sizeof g) == 0);
    w.id[order[0]] = order[1], w.id[order[1]] = order[0]; /* two tokens change places */
    again = two_streams(&net, &w).g;
    double most = 0;
    for (int i = 0; i < WIDTH; i++)
        most = fmax(most, fabs((double)again->data[(K - 1) * WIDTH + i] - (double)g[i]));
    CHECK(most > 1e-3); /* more than another rounding */
}

static int differ(const nn_real *a, const nn_real *b)
{
    return memcmp(a, b, WIDTH * sizeof *a) != 0;
}

static void no_leak_row_15_21(void) /* by bits */
{
    const xlnet net = net_of_places();
    nn_real g[K * WIDTH], h[T * WIDTH];
    const streams s = two_streams(&net, &w);
    CHECK(nn_shape_equal(s.g->shape, nn_shape3(1, K, WIDTH)));
    memcpy(g, s.g->data, sizeof g);
    memcpy(h, s.h->data, sizeof h);
    int rank[T] = {0};
    for (int k = 0; k < K; k++) rank[w.place[k]] = T - K + k; /* the others: before them */
    for (int k = 0; k < K; k++) {
        const int at = w.place[k];
        nn_clear(nn);
        w.id[at] = T; /* another token */
        const streams c = two_streams(&net, &w);
        w.id[at] = at;
        for (int j = 0; j < K; j++) /* g: only that of later ones */
            CHECK(differ(c.g->data + j * WIDTH, g + j * WIDTH) == (j > k));
        for (int t = 0; t < T; t++) /* h: itself, too */
            CHECK(differ(c.h->data + t * WIDTH, h + t * WIDTH) == (rank[t] >= rank[at]));
        w.place[k] = (at + 1) % T; /* another position is another guess */
        const streams p = two_streams(&net, &w);
        w.place[k] = at;
        for (int j = 0; j < K; j++)
            CHECK(differ(p.g->data + j * WIDTH, g + j * WIDTH) == (j == k));
    }
}

static void no_leak_of_gradient_row_15_21(void) /* of a guess, at the tokens: of earlier ones */
{
    const xlnet net = net_of_places();
    for (int k = 0; k < K; k++) {
        int only[K], before[T];
        for (int j = 0; j < K; j++) only[j] = j == k ? w.target[j] : -1;
        for (int t = 0; t < T; t++) before[t] = 1;
        for (int j = k; j < K; j++) before[w.place[j]] = 0;
        nn_clear(nn);
        nn_zero_grad(net.model);
        nn_backward(nn_cross_entropy(logits(&net, &w), only));
        for (int t = 0; t < T; t++) {
            int any = 0;
            for (int i = 0; i < WIDTH; i++) any |= net.token.weight->grad[t * WIDTH + i] != 0;
            CHECK_INT(any, before[t]);
        }
    }
}

int main(void)
{
    RUN_ALONE(orders_as_masks_row_15_20);
    RUN_ALONE(last_of_the_order_are_guessed_row_15_20);
    RUN_ALONE(positions_stay_row_15_20);
    RUN_ALONE(no_leak_row_15_21);
    RUN_ALONE(no_leak_of_gradient_row_15_21);
    return test_summary();
}
