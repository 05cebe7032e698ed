/* BERT, as examples/15_bert.c has it: what is hidden, what is
 * asked, what counts.
 *
 *     cc -std=c99 -O1 tests/test_ch15_bert.c -lm -o test && ./test
 *
 * Numbers such as 15.18 are rows of the feature table.
 */
#define main example_main
#include "../examples/15_bert.c"
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

/* Within 5 standard deviations of n draws with probability p. */
static void check_share(int count, int n, double p)
{
    CHECK_NEAR((double)count / n, p, 5 * sqrt(p * (1 - p) / n));
}

static void tokens_hidden_row_15_18(void) /* 15 %, of them 80 / 10 / 10, over 10^5 tokens */
{
    enum { MANY = 100000 };
    static int id[MANY], before[MANY], target[MANY];
    int tokens = 0, guessed = 0, masked = 0, same = 0, exchanged = 0, low = 0, neighbours = 0;
    for (int i = 0; i < MANY; i++)
        id[i] = before[i] = i % 20 == 0 ? CLS : i % 20 == 10 ? SEP : nn_randint(nn, 0, TOKENS);
    hide(nn, id, target, MANY);
    for (int i = 0; i < MANY; i++) {
        tokens += before[i] < TOKENS;
        if (target[i] < 0) CHECK_INT(target[i], -1);
        if (target[i] < 0) CHECK_INT(id[i], before[i]);
        if (target[i] < 0) continue;
        CHECK(before[i] < TOKENS);
        CHECK_INT(target[i], before[i]);
        guessed++, masked += id[i] == MASK, same += id[i] == before[i];
        neighbours += i > 0 && target[i - 1] >= 0;
        if (id[i] == MASK || id[i] == before[i]) continue;
        CHECK(id[i] >= 0 && id[i] < TOKENS);
        exchanged++, low += id[i] < TOKENS / 2;
    }
    CHECK_INT(tokens, MANY / 10 * 9);
    check_share(guessed, tokens, 0.15);
    check_share(masked, guessed, 0.8);
    check_share(exchanged, guessed, 0.1 * (TOKENS - 1) / TOKENS); /* by chance it is the same one */
    check_share(same, guessed, 0.1 + 0.1 / TOKENS);
    check_share(low, exchanged, 0.5);
    check_share(neighbours, guessed, 0.15 * 16 / 18); /* each by itself; 2 of 18 follow none */
}

static void pairs_row_15_19(void) /* half of them follow, over 10^4 pairs */
{
    enum { MANY = 10000, SIZE = 1000 };
    int ids[SIZE], id[TWO], follow = 0, first = 0, last = 0, chance = 0;
    for (int i = 0; i < SIZE; i++) ids[i] = 1000 + i; /* a token tells where it stood */
    const corpus c = {ids, SIZE};
    for (int k = 0; k < MANY; k++) {
        const int follows = pair(nn, &c, id), a = id[1], b = id[ONE];
        CHECK_INT(id[0], CLS);
        CHECK_INT(id[ONE - 1], SEP);
        CHECK_INT(id[TWO - 1], SEP);
        for (int i = 0; i < PIECE; i++) {
            CHECK_INT(id[1 + i], a + i);
            CHECK_INT(id[ONE + i], b + i);
        }
        if (follows) CHECK_INT(b, a + PIECE);
        else chance += b == a + PIECE, first += b == 1000, last += b == 1000 + SIZE - PIECE;
        follow += follows;
    }
    check_share(follow, MANY, 0.5);
    CHECK(chance < 30); /* 5 are expected, as of each of the others */
    CHECK(first > 0 && first < 30 && last > 0 && last < 30);
}

static corpus any_text(void)
{
    static int ids[500];
    for (int i = 0; i < 500; i++) ids[i] = nn_randint(nn, 0, TOKENS);
    const corpus c = {ids, 500};
    return c;
}

/* The gradient of the logits is 0 but where something was selected; there it is that of
 * -log softmax, worked out here; what the other logits are does not matter. */
static void loss_of_the_selected_only_row_15_18(void)
{
    const bert b = bert_new(nn);
    const corpus c = any_text();
    static int id[BATCH * TWO], target[BATCH * TWO];
    nn_seed(nn, 7);
    for (int i = 0; i < BATCH; i++) pair(nn, &c, id + i * TWO);
    hide(nn, id, target, BATCH * TWO);
    nn_seed(nn, 7); /* the same draws once more */
    const losses l = read_pairs(&b, &c);
    nn_tensor *z = l.masked->in[0];
    CHECK(nn_shape_equal(z->shape, nn_shape2(BATCH * TWO, TOKENS)));
    nn_backward(l.masked);
    double sum = 0;
    int n = 0;
    for (int i = 0; i < BATCH * TWO; i++) n += target[i] >= 0;
    for (int i = 0; i < BATCH * TWO; i++) {
        nn_real *row = z->data + i * TOKENS, *slope = z->grad + i * TOKENS;
        double all = 0;
        for (int v = 0; v < TOKENS; v++) all += exp((double)row[v]);
        if (target[i] >= 0) sum += log(all) - (double)row[target[i]];
        for (int v = 0; v < TOKENS; v++) {
            const double p = exp((double)row[v]) / all;
            if (target[i] < 0) CHECK(slope[v] == 0);
            else CHECK_NEAR(slope[v], (p - (v == target[i])) / n, 1e-7);
            if (target[i] < 0) row[v] = nn_uniform(nn, -9, 9);
        }
    }
    CHECK_NEAR(nn_item(l.masked), sum / n, 1e-5);
    CHECK(nn_item(nn_cross_entropy(z, target)) == nn_item(l.masked));
    for (int i = 0; i < BATCH * TWO; i++)
        if (target[i] < 0) {
            target[i] = 3; /* as a target it would count */
            break;
        }
    CHECK(nn_item(nn_cross_entropy(z, target)) != nn_item(l.masked));
}

/* Whether b follows is read off [CLS]; both segments and all positions take part, of a piece alone
 * only the first; what a token becomes depends on those before and behind it. */
static void what_bert_sees_row_15_18(void)
{
    const bert b = bert_new(nn);
    const corpus c = any_text();
    int id[TWO];
    const int follows = pair(nn, &c, id);
    for (int t = ONE; t <= TWO; t += TWO - ONE) {
        nn_clear(nn);
        nn_zero_grad(b.model);
        nn_tensor *h = encode(&b, id, 1, t);
        nn_backward(nn_cross_entropy(nn_linear_forward(&b.next, summary(&b, h, t)), &follows));
        for (int i = 0; i < t * DIM; i++) CHECK((h->grad[i] != 0) == (i < DIM));
        for (int i = 0; i < TWO; i++) CHECK((b.position.weight->grad[i * DIM] != 0) == (i < t));
        CHECK(b.segment.weight->grad[0] != 0);
        CHECK((b.segment.weight->grad[DIM] != 0) == (t == TWO));
    }
    nn_real before[TWO * DIM];
    nn_clear(nn);
    memcpy(before, encode(&b, id, 1, TWO)->data, sizeof before);
    id[9] = (id[9] + 1) % TOKENS;
    nn_tensor *h = encode(&b, id, 1, TWO);
    for (int i = 0; i < TWO; i++) CHECK(h->data[i * DIM] != before[i * DIM]);
}

int main(void)
{
    RUN_ALONE(tokens_hidden_row_15_18);
    RUN_ALONE(pairs_row_15_19);
    RUN_ALONE(loss_of_the_selected_only_row_15_18);
    RUN_ALONE(what_bert_sees_row_15_18);
    return test_summary();
}
