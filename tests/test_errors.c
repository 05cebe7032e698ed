/* Every mistake gets its own words: for each public function and each kind of wrong argument the
 * exact message, its code, the caller's line, a harmless result, and a context that works again
 * after nn_error_clear. On unix also what the default handler does: it prints, and aborts where the
 * caller is to blame.
 *
 *     cc -std=c99 -O1 -g tests/test_errors.c -lm -o test_errors && ./test_errors
 *
 * Run from the root of the repository: the messages hold the name of this file.
 */
#define _POSIX_C_SOURCE 200809L /* fork, pipe, waitpid */
#include <stdlib.h>

/* user points at an int: 0 means that there is memory, 1 none, k that k - 1 requests will be met */
static void *from_user(void *user, void *old, size_t size)
{
    int *const k = (int *)user;
    if (*k == 1) return NULL;
    if (*k > 1) --*k;
    return realloc(old, size);
}
#define NN_MALLOC(user, size) from_user(user, NULL, size)
#define NN_REALLOC(user, p, size) from_user(user, p, size)
#define NN_FREE(user, p) ((void)(user), free(p))

static int abort_returns, aborts; /* what a program may define that wants to live on */
#define NN_ABORT() ((void)(abort_returns ? aborts++ : (abort(), 0)))

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#if defined __unix__ || defined __APPLE__
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#define HAVE_FORK 1
#else
#define HAVE_FORK 0
#endif

static int calls; /* how many wrong calls were made: shown at the end */

/* ---- what every case starts from ---- */

static int no_memory;
static nn_ctx *nn, *other;
static nn_model *net;
static nn_tensor *x23, *x32, *x4, *x1, *x0;   /* shapes [2, 3], [3, 2], [4], [1], [] */
static nn_tensor *foreign, *stale, *failed;   /* of the other context, cleared, of a failed call */
static int stale_line;
static const nn_csv_options plain = {0, 0, NN_MISSING_ERROR, 0};

static struct { /* what the handler was told */
    int times;
    nn_code code;
    void *user;
    char message[512];
} heard;

static void hear(void *user, nn_code code, const char *message)
{
    heard.times++;
    heard.user = user;
    heard.code = code;
    snprintf(heard.message, sizeof heard.message, "%s", message);
}

static void start(void)
{
    no_memory = 0;
    nn = nn_create_user(1, &no_memory);
    other = nn_create_user(2, &no_memory);
    net = nn_model_new(nn);
    nn_on_error(nn, hear, &heard);
    stale_line = __LINE__ + 1;
    stale = nn_full(nn, nn_shape2(2, 3), 1);
    nn_clear(nn);
    failed = nn_full(nn, nn_shape1(0), 1);
    nn_error_clear(nn);
    foreign = nn_full(other, nn_shape2(2, 3), 1);
    x23 = nn_full(nn, nn_shape2(2, 3), 1);
    x32 = nn_full(nn, nn_shape2(3, 2), 1);
    x4 = nn_full(nn, nn_shape1(4), 1);
    x1 = nn_full(nn, nn_shape1(1), 1);
    x0 = nn_full(nn, nn_shape0(), 1);
}

static void stop(void)
{
    nn_destroy(nn);
    nn_destroy(other);
}

/* A text that is good for the next seven calls. */
static const char *say(const char *format, ...)
{
    static char texts[8][512];
    static int next;
    char *text = texts[next++ % 8];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof texts[0], format, arguments);
    va_end(arguments);
    return text;
}

static const char *stale_text(const char *function, int argument)
{
    return say("%s: argument %d was made before the last nn_clear (input, %s:%d)", function,
               argument, __FILE__, stale_line);
}

/* Before the wrong call: a place that is not its own, so that a message cannot be right by luck. */
static void before(void)
{
    calls++;
    heard.times = 0;
    heard.user = NULL;
    heard.message[0] = 0;
    nn->file = "somewhere_else.c";
    nn->line = 1;
}

/* After it: one call of the handler, with the right words; silence; and everything works again. */
static void after(int line, const char *call, nn_code code, const char *text)
{
    const int bad = test_bad;
    const char *wanted = say("%s:%d: %s", __FILE__, line, text);
    /* where a test fills several lines, gcc and clang count the call to different ones of them */
    for (int off = -3; off <= 3 && strcmp(wanted, heard.message) != 0; off++) {
        const char *near_by = say("%s:%d: %s", __FILE__, line + off, text);
        if (strcmp(near_by, heard.message) == 0) wanted = near_by;
    }
    CHECK_INT(heard.times, 1);
    CHECK(heard.user == &heard);
    CHECK_STR(heard.message, wanted);
    CHECK_INT(heard.code, code);
    CHECK_INT(nn_error_code(nn), code);
    CHECK_STR(nn_error(nn), heard.message);
    CHECK(!nn_ok(nn));
    CHECK_INT(nn_square(x23)->size, 0); /* later calls do nothing, and are not reported */
    CHECK_INT(nn_matmul(x23, x23)->size, 0);
    CHECK_INT(heard.times, 1);
    nn_error_clear(nn);
    CHECK(nn_ok(nn));
    CHECK_STR(nn_error(nn), "");
    CHECK_INT(nn_square(x23)->size, 6);
    if (test_bad > bad) printf("    after line %d: %s\n", line, call);
}

/* The call is refused with this code and "tests/test_errors.c:LINE: text". */
#define EXPECT_CALL(call, code, text)              \
    do {                                           \
        before();                                  \
        (void)(call);                              \
        after(__LINE__, #call, code, text);        \
    } while (0)

/* The same for calls that return a tensor: one of size 0, never NULL. */
#define EXPECT(call, code, text)                                \
    do {                                                        \
        nn_tensor *y_;                                          \
        before();                                               \
        y_ = (call);                                            \
        CHECK(y_ && y_->size == 0 && y_->ctx == nn);            \
        after(__LINE__, #call, code, text);                     \
    } while (0)

#define ARG NN_ERROR_ARGUMENT
#define SHAPE NN_ERROR_SHAPE

/* ---- making tensors ---- */

static void making(void)
{
    static const nn_real data[6] = {0};
    static const int label[2] = {1, 3}, low[2] = {0, -2};
    const nn_shape negative = {-1, {0}}, five = {5, {1, 1, 1, 1}};
    const int big = INT_MAX;
    start();
    EXPECT(nn_input(nn, NULL, nn_shape2(2, 3)), ARG, "nn_input: data is NULL");
    EXPECT(nn_input(nn, data, nn_shape2(2, 0)), SHAPE,
           "nn_input: dimension 1 of [2, 0] is not positive");
    EXPECT(nn_input(nn, data, nn_shape1(-1)), SHAPE,
           "nn_input: dimension 0 of [-1] is not positive");
    EXPECT(nn_input(nn, data, five), SHAPE, "nn_input: a shape of 5 dimensions (at most 4)");
    EXPECT(nn_input(nn, data, negative), SHAPE, "nn_input: a shape of -1 dimensions (at most 4)");
    EXPECT(nn_input(nn, data, nn_shape4(big, big, big, big)), NN_ERROR_LIMIT,
           "nn_input: [2147483647, 2147483647, 2147483647, 2147483647] has too many elements");
    EXPECT(nn_full(nn, nn_shape3(1, -7, 2), 0), SHAPE,
           "nn_full: dimension 1 of [1, -7, 2] is not positive");
    EXPECT(nn_full(nn, nn_shape3(big, big, 4), 0), NN_ERROR_LIMIT,
           "nn_full: [2147483647, 2147483647, 4] has too many elements");
    EXPECT(nn_rand(nn, nn_shape1(0), 0, 1), SHAPE, "nn_rand: dimension 0 of [0] is not positive");
    EXPECT(nn_randn(nn, five), SHAPE, "nn_randn: a shape of 5 dimensions (at most 4)");
    EXPECT(nn_one_hot(nn, NULL, 2, 3), ARG, "nn_one_hot: labels is NULL");
    EXPECT(nn_one_hot(nn, label, 2, 3), ARG,
           "nn_one_hot: labels[1] is 3, but there are 3 classes (0 to 2, or -1 for none)");
    EXPECT(nn_one_hot(nn, low, 2, 3), ARG,
           "nn_one_hot: labels[1] is -2, but there are 3 classes (0 to 2, or -1 for none)");
    EXPECT(nn_one_hot(nn, label, 0, 3), SHAPE, "nn_one_hot: dimension 0 of [0, 3] is not positive");
    EXPECT(nn_one_hot(nn, label, 2, -1), SHAPE,
           "nn_one_hot: dimension 1 of [2, -1] is not positive");
    EXPECT_CALL(nn_randint(nn, 3, 3), ARG, "nn_randint: no integer i with 3 <= i < 3");
    EXPECT_CALL(nn_randint(nn, 3, -3), ARG, "nn_randint: no integer i with 3 <= i < -3");
    stop();
}

/* ---- operations ---- */

/* Two tensors: what is wrong with either of them, by the function itself and its place. */
#define PAIR(f)                                                                                  \
    EXPECT(f(NULL, x23), ARG, #f ": argument 1 is NULL");                                        \
    EXPECT(f(x23, NULL), ARG, #f ": argument 2 is NULL");                                        \
    EXPECT(f(x23, foreign), ARG, #f ": argument 2 belongs to another nn_ctx");                   \
    EXPECT(f(stale, x23), ARG, stale_text(#f, 1));                                               \
    EXPECT(f(x23, stale), ARG, stale_text(#f, 2));                                               \
    EXPECT(f(failed, x23), ARG, #f ": argument 1 is the result of a failed call");               \
    EXPECT(f(x23, failed), ARG, #f ": argument 2 is the result of a failed call")

#define BINARY(f)                                                                                \
    PAIR(f);                                                                                     \
    EXPECT(f(x23, x4), SHAPE, #f ": shapes do not broadcast: a is [2, 3], b is [4]");            \
    EXPECT(f(x23, x32), SHAPE, #f ": shapes do not broadcast: a is [2, 3], b is [3, 2]")

static void pairs(void)
{
    start();
    BINARY(nn_add);
    BINARY(nn_sub);
    BINARY(nn_mul);
    BINARY(nn_div);
    PAIR(nn_mse);
    PAIR(nn_bce_with_logits);
    PAIR(nn_mae);
    PAIR(nn_hinge);
    PAIR(nn_cross_entropy_soft);
    PAIR(nn_kl_div);
    EXPECT(nn_mse(x23, x32), SHAPE,
           "nn_mse: shapes differ: the prediction is [2, 3], the target [3, 2]");
    EXPECT(nn_bce_with_logits(x4, x1), SHAPE,
           "nn_bce_with_logits: shapes differ: the prediction is [4], the target [1]");
    PAIR(nn_matmul);
    EXPECT(nn_matmul(x23, x23), SHAPE,
           "nn_matmul: inner dimensions differ: x is [2, 3], w is [2, 3]");
    EXPECT(nn_matmul(x23, x4), SHAPE, "nn_matmul: needs matrices: x is [2, 3], w is [4]");
    EXPECT(nn_matmul(x0, x23), SHAPE, "nn_matmul: needs matrices: x is [], w is [2, 3]");
    nn_tensor *x523 = nn_full(nn, nn_shape3(5, 2, 3), 1),
              *x732 = nn_full(nn, nn_shape3(7, 3, 2), 1);
    EXPECT(nn_matmul(x523, x732), SHAPE,
           "nn_matmul: leading dimensions differ: x is [5, 2, 3], w is [7, 3, 2]");
    EXPECT(nn_matmul(x23, x732), SHAPE,
           "nn_matmul: leading dimensions differ: x is [2, 3], w is [7, 3, 2]");
    stop();
}

/* One tensor; it is called x in `call`. */
#define SINGLE(f, call)                                                                  \
    do {                                                                                 \
        nn_tensor *x = stale;                                                            \
        EXPECT(call, ARG, stale_text(#f, 1));                                            \
        x = failed;                                                                      \
        EXPECT(call, ARG, #f ": argument 1 is the result of a failed call");             \
    } while (0)

static void singles(void)
{
    start();
    SINGLE(nn_scale, nn_scale(x, 2));
    SINGLE(nn_exp, nn_exp(x));
    SINGLE(nn_log, nn_log(x));
    SINGLE(nn_sqrt, nn_sqrt(x));
    SINGLE(nn_square, nn_square(x));
    SINGLE(nn_sin, nn_sin(x));
    SINGLE(nn_cos, nn_cos(x));
    SINGLE(nn_transpose, nn_transpose(x, 0, 1));
    SINGLE(nn_reshape, nn_reshape(x, nn_shape1(6)));
    SINGLE(nn_slice, nn_slice(x, 0, 0, 1));
    SINGLE(nn_concat, nn_concat(0, 1, &x));
    SINGLE(nn_sum, nn_sum(x));
    SINGLE(nn_mean, nn_mean(x));
    SINGLE(nn_max, nn_max(x));
    SINGLE(nn_sum_axis, nn_sum_axis(x, 0));
    SINGLE(nn_mean_axis, nn_mean_axis(x, 0));
    SINGLE(nn_max_axis, nn_max_axis(x, 0));
    SINGLE(nn_sigmoid, nn_sigmoid(x));
    SINGLE(nn_tanh, nn_tanh(x));
    SINGLE(nn_relu, nn_relu(x));
    SINGLE(nn_leaky_relu, nn_leaky_relu(x, 0));
    SINGLE(nn_heaviside, nn_heaviside(x));
    SINGLE(nn_sigmoid_temperature, nn_sigmoid_temperature(x, 1));
    SINGLE(nn_stochastic_binary, nn_stochastic_binary(x));
    SINGLE(nn_elu, nn_elu(x, 1));
    SINGLE(nn_gelu, nn_gelu(x));
    SINGLE(nn_gelu_tanh, nn_gelu_tanh(x));
    SINGLE(nn_softmax, nn_softmax(x));
    SINGLE(nn_log_softmax, nn_log_softmax(x));
    SINGLE(nn_activate, nn_activate(x, NN_TANH));
    SINGLE(nn_dropout, nn_dropout(x, 0));
    SINGLE(nn_dropout_standard, nn_dropout_standard(x, 0));
    SINGLE(nn_noise, nn_noise(x, 0));
    SINGLE(nn_salt_and_pepper, nn_salt_and_pepper(x, 0, 0, 1));
    SINGLE(nn_requires_grad, nn_requires_grad(x));
    static const int label[2] = {0, 1};
    SINGLE(nn_cross_entropy, nn_cross_entropy(x, label));
    SINGLE(nn_cross_entropy_weighted, nn_cross_entropy_weighted(x, label, NULL, 0));
    SINGLE(nn_multiclass_hinge, nn_multiclass_hinge(x, label));
    SINGLE(nn_entropy, nn_entropy(x));
    SINGLE(nn_ctc, nn_ctc(x, NULL, label, 1, 0));
    stop();
}

static void axes_and_shapes(void)
{
    const nn_shape five = {5, {2, 3, 1, 1}}, negative = {-1, {0}};
    start();
    EXPECT(nn_transpose(x23, 0, 2), SHAPE, "nn_transpose: there is no axis 2: x is [2, 3]");
    EXPECT(nn_transpose(x23, -3, 0), SHAPE, "nn_transpose: there is no axis -3: x is [2, 3]");
    EXPECT(nn_transpose(x0, 0, 0), SHAPE, "nn_transpose: there is no axis 0: x is []");
    EXPECT(nn_sum_axis(x23, 2), SHAPE, "nn_sum_axis: there is no axis 2: x is [2, 3]");
    EXPECT(nn_mean_axis(x4, -2), SHAPE, "nn_mean_axis: there is no axis -2: x is [4]");
    EXPECT(nn_max_axis(x0, -1), SHAPE, "nn_max_axis: there is no axis -1: x is []");
    EXPECT(nn_slice(x23, 2, 0, 1), SHAPE, "nn_slice: there is no axis 2: x is [2, 3]");
    EXPECT(nn_slice(x23, -1, 0, 4), SHAPE, "nn_slice: no part 0 <= i < 4 of axis 1: x is [2, 3]");
    EXPECT(nn_slice(x23, 0, -1, 1), SHAPE, "nn_slice: no part -1 <= i < 1 of axis 0: x is [2, 3]");
    EXPECT(nn_slice(x23, 0, 1, 1), SHAPE, "nn_slice: no part 1 <= i < 1 of axis 0: x is [2, 3]");
    EXPECT(nn_slice(x23, 0, INT_MAX, INT_MIN), SHAPE,
           "nn_slice: no part 2147483647 <= i < -2147483648 of axis 0: x is [2, 3]");
    EXPECT(nn_reshape(x23, nn_shape1(5)), SHAPE,
           "nn_reshape: x is [2, 3] with 6 elements, not [5]");
    EXPECT(nn_reshape(x23, nn_shape2(4, -1)), SHAPE,
           "nn_reshape: x is [2, 3] with 6 elements, not [4, -1]");
    EXPECT(nn_reshape(x23, nn_shape2(-1, -1)), SHAPE,
           "nn_reshape: x is [2, 3] with 6 elements, not [-1, -1]");
    EXPECT(nn_reshape(x23, nn_shape2(0, -1)), SHAPE,
           "nn_reshape: x is [2, 3] with 6 elements, not [0, -1]");
    EXPECT(nn_reshape(x23, nn_shape2(-2, -3)), SHAPE,
           "nn_reshape: x is [2, 3] with 6 elements, not [-2, -3]");
    EXPECT(nn_reshape(x23, nn_shape4(1056175639, 88801, 11239, 70)), SHAPE, /* 4 * 2^64 + 6 */
           "nn_reshape: x is [2, 3] with 6 elements, not [1056175639, 88801, 11239, 70]");
    EXPECT(nn_reshape(x23, five), SHAPE, "nn_reshape: a shape of 5 dimensions (at most 4)");
    EXPECT(nn_reshape(x23, negative), SHAPE, "nn_reshape: a shape of -1 dimensions (at most 4)");

    nn_tensor *same[2] = {x23, x23}, *odd[2] = {x23, x4}, *turned[2] = {x23, x32};
    nn_tensor *gap[2] = {x23, NULL}, *gap1[2] = {NULL, x23}, *two[2] = {x23, foreign};
    EXPECT(nn_concat(2, 2, same), SHAPE, "nn_concat: there is no axis 2: x is [2, 3]");
    EXPECT(nn_concat(0, 2, odd), SHAPE,
           "nn_concat: shapes differ outside axis 0: the first is [2, 3], number 2 is [4]");
    EXPECT(nn_concat(1, 2, turned), SHAPE,
           "nn_concat: shapes differ outside axis 1: the first is [2, 3], number 2 is [3, 2]");
    EXPECT(nn_concat(0, 2, gap), ARG, "nn_concat: argument 2 is NULL");
    before();
    CHECK_INT(nn_concat(0, 2, gap1)->size, 0);
    CHECK_STR(heard.message, "nn_concat: argument 1 is NULL"); /* rather no place than another's */
    nn_error_clear(nn);
    EXPECT(nn_concat(0, 2, two), ARG, "nn_concat: argument 2 belongs to another nn_ctx");
    stop();
}

/* A function that notes lines of its own while the arguments of another call are evaluated. */
static nn_tensor *twice(nn_tensor *x)
{
    return nn_scale(x, 2);
}

static void place(void)
{
    start();
    EXPECT(nn_add(x23, twice(x4)), SHAPE, "nn_add: shapes do not broadcast: a is [2, 3], b is [4]");
    EXPECT(nn_add(twice(x4), x23), SHAPE, "nn_add: shapes do not broadcast: a is [4], b is [2, 3]");
    EXPECT(nn_mse(x23, twice(x32)), SHAPE,
           "nn_mse: shapes differ: the prediction is [2, 3], the target [3, 2]");
    EXPECT(nn_matmul(x23, twice(twice(x23))), SHAPE,
           "nn_matmul: inner dimensions differ: x is [2, 3], w is [2, 3]");
    nn_tensor *(*f)(nn_tensor *, nn_tensor *) = nn_add; /* a pointer notes no place, but works */
    CHECK_INT(f(x23, x23)->size, 6);
    stop();
}

/* ---- reading results ---- */

static void looking(void)
{
    static const int label[2] = {0, 3}, right[2] = {0, 1};
    int index[2] = {7, 7};
    start();
    EXPECT_CALL(nn_item(x23), SHAPE, "nn_item: x is [2, 3], not a single number");
    EXPECT_CALL(nn_item(stale), ARG, stale_text("nn_item", 1));
    EXPECT_CALL(nn_item(failed), ARG, "nn_item: argument 1 is the result of a failed call");
    CHECK_NEAR(nn_item(x0), 1, 0);
    CHECK_NEAR(nn_item(x1), 1, 0);
    EXPECT_CALL(nn_argmax(stale, index), ARG, stale_text("nn_argmax", 1));
    EXPECT_CALL(nn_argmax(failed, index), ARG,
                "nn_argmax: argument 1 is the result of a failed call");
    CHECK(index[0] == 7 && index[1] == 7);
    EXPECT_CALL(nn_count_correct(x23, NULL), ARG, "nn_count_correct: labels is NULL");
    EXPECT_CALL(nn_count_correct(x4, right), SHAPE, "nn_count_correct: z is [4], not [N, C]");
    EXPECT_CALL(
        nn_count_correct(x23, label), ARG,
        "nn_count_correct: labels[1] is 3, but there are 3 classes (0 to 2, or -1 for none)");
    EXPECT_CALL(nn_count_correct(stale, right), ARG, stale_text("nn_count_correct", 1));
    nn_stat s = nn_stats(failed);
    CHECK(s.size == 0 && s.nan == 0);
    nn_matmul(x23, x23); /* NaN after an error */
    CHECK(nn_item(x0) != nn_item(x0));
    CHECK_INT(nn_count_correct(x23, right), 0);
    stop();
}

/* ---- layers and models ---- */

static void models(void)
{
    char name[NN_NAME_SIZE + 1];
    memset(name, 'a', sizeof name);
    name[NN_NAME_SIZE] = 0; /* one too many */
    start();
    CHECK(nn_param(net, "fc", "weight", nn_shape1(2))->size == 2);
    EXPECT(nn_param(net, "fc", "weight", nn_shape1(2)), ARG,
           "nn_param: this model has a parameter \"fc.weight\" already");
    EXPECT(nn_param(net, "", "fc.weight", nn_shape1(2)), ARG,
           "nn_param: this model has a parameter \"fc.weight\" already");
    EXPECT(nn_param(net, "fc", NULL, nn_shape1(2)), ARG, "nn_param: a parameter needs a name");
    EXPECT(nn_param(net, "fc", "", nn_shape1(2)), ARG, "nn_param: a parameter needs a name");
    EXPECT(nn_param(net, NULL, "w", nn_shape1(2)), ARG, "nn_param: a parameter needs a name");
    EXPECT(nn_param(net, "", name, nn_shape1(2)), ARG,
           "nn_param: the name aaaaaaaaaaaaaaaaaaaa... is longer than 63");
    CHECK(nn_param(net, "", name + 1, nn_shape1(2))->size == 2); /* 63 are fine */
    EXPECT(nn_param(net, "fc", "v", nn_shape2(2, 0)), SHAPE,
           "nn_param: dimension 1 of [2, 0] is not positive");
    EXPECT(nn_param(net, "fc", "v", nn_shape2(INT_MAX, INT_MAX)), NN_ERROR_LIMIT,
           "nn_param: [2147483647, 2147483647] has too many elements");
    CHECK_INT(net->n_params, 2);
    CHECK(!nn_model_find(net, "fc.v"));

    nn_linear fc = nn_linear_new(net, "a", 3, 2), bad;
    EXPECT_CALL(bad = nn_linear_new(net, "b", 0, 2), SHAPE,
                "nn_param: dimension 1 of [2, 0] is not positive");
    CHECK(bad.weight && !bad.weight->size && bad.bias && !bad.bias->size);
    EXPECT(nn_linear_forward(&bad, x23), ARG,
           "nn_linear_forward: argument 1 is the result of a failed call");
    EXPECT_CALL(nn_linear_new(net, "b", 3, -2), SHAPE,
                "nn_param: dimension 0 of [-2, 3] is not positive");
    EXPECT_CALL(nn_linear_new(net, NULL, 3, 2), ARG, "nn_param: a parameter needs a name");
    EXPECT_CALL(nn_linear_new(net, "a", 3, 2), ARG,
                "nn_param: this model has a parameter \"a.weight\" already");
    EXPECT_CALL(nn_linear_new(net, name, 3, 2), ARG,
                "nn_param: the name aaaaaaaaaaaaaaaaaaaa... is longer than 63");
    EXPECT_CALL(nn_linear_new(net, "b", INT_MAX, INT_MAX), NN_ERROR_LIMIT,
                "nn_param: [2147483647, 2147483647] has too many elements");
    CHECK_INT(net->n_params, 4); /* no refused layer left a parameter behind */
    CHECK_STR(net->param[2]->name, "a.weight"); /* in the order of PyTorch's files */
    CHECK_STR(net->param[3]->name, "a.bias");
    nn_linear mixed = {fc.weight, nn_param(net, "short", "bias", nn_shape1(1))};
    CHECK_INT(nn_linear_forward(&mixed, x23)->size, 0); /* a bias too short must not be read */
    nn_error_clear(nn);
    CHECK_INT(nn_param(&nn->failed_model, "", "w", nn_shape1(1))->size, 0);
    nn_error_clear(nn);

    EXPECT(nn_linear_forward(&fc, x32), SHAPE,
           "nn_linear_forward: x is [3, 2], its last dimension should be 3: weight is [2, 3]");
    EXPECT(nn_linear_forward(&fc, x0), SHAPE,
           "nn_linear_forward: x is [], its last dimension should be 3: weight is [2, 3]");
    EXPECT(nn_linear_forward(NULL, x23), ARG, "nn_linear_forward: argument 1 is NULL");
    EXPECT(nn_linear_forward(&fc, NULL), ARG, "nn_linear_forward: argument 2 is NULL");
    EXPECT(nn_linear_forward(&fc, stale), ARG, stale_text("nn_linear_forward", 2));
    EXPECT(nn_linear_forward(&fc, failed), ARG,
           "nn_linear_forward: argument 2 is the result of a failed call");
    EXPECT(nn_leaky_relu(x23, 1), ARG, "nn_leaky_relu: slope is 1, not in 0 <= slope < 1");
    EXPECT(nn_leaky_relu(x23, (nn_real)-0.5), ARG,
           "nn_leaky_relu: slope is -0.5, not in 0 <= slope < 1");
    EXPECT(nn_leaky_relu(x23, (nn_real)NAN), ARG,
           "nn_leaky_relu: slope is nan, not in 0 <= slope < 1");
    EXPECT(nn_activate(x23, (nn_activation)99), ARG, "nn_activate: 99 names no activation");
#define POSITIVE(f, name)                                                                    \
    EXPECT(f(x23, 0), ARG, #f ": " name " is 0, not positive and finite");                   \
    EXPECT(f(x23, (nn_real)-0.5), ARG, #f ": " name " is -0.5, not positive and finite");    \
    EXPECT(f(x23, (nn_real)NAN), ARG, #f ": " name " is nan, not positive and finite");      \
    EXPECT(f(x23, (nn_real)INFINITY), ARG, #f ": " name " is inf, not positive and finite")
    POSITIVE(nn_sigmoid_temperature, "temperature");
    POSITIVE(nn_elu, "alpha");
    stop();
}

static void regularisation(void)
{
    nn_early_stopping s;
    start();
    nn_model *empty = nn_model_new(nn);
    nn_batch_norm b = nn_batch_norm_new(net, "bn", 3), c = b, bad;
    EXPECT(nn_l2_penalty(net, 1), ARG, "nn_l2_penalty: the model has no weights");
    EXPECT(nn_l1_penalty(empty, 1), ARG, "nn_l1_penalty: the model has no weights");
    nn_linear_new(net, "fc", 1, 1);
    EXPECT(nn_l2_penalty(net, -1), ARG, "nn_l2_penalty: gamma is -1, not 0 or more and finite");
    EXPECT_CALL(nn_soft_threshold(net, (nn_real)NAN), ARG,
                "nn_soft_threshold: amount is nan, not 0 or more and finite");
    EXPECT(nn_dropout(x23, 1), ARG, "nn_dropout: p is 1, not in 0 <= p < 1");
    EXPECT(nn_dropout(x23, (nn_real)-0.5), ARG, "nn_dropout: p is -0.5, not in 0 <= p < 1");
    EXPECT(nn_dropout_standard(x23, (nn_real)NAN), ARG,
           "nn_dropout_standard: p is nan, not in 0 <= p < 1");
    EXPECT(nn_salt_and_pepper(x23, 2, 0, 1), ARG, "nn_salt_and_pepper: p is 2, not in 0 <= p < 1");
    EXPECT(nn_noise(x23, -1), ARG, "nn_noise: std is -1, not 0 or more and finite");

    EXPECT(nn_buffer(net, "bn", "weight", nn_shape1(2)), ARG,
           "nn_buffer: this model has a parameter \"bn.weight\" already");
    EXPECT(nn_param(net, "bn", "running_var", nn_shape1(2)), ARG,
           "nn_param: this model has a buffer \"bn.running_var\" already");
    EXPECT(nn_buffer(net, "bn", NULL, nn_shape1(2)), ARG, "nn_buffer: a buffer needs a name");
    const int params = net->n_params;
    EXPECT_CALL(bad = nn_batch_norm_new(net, "new", 0), SHAPE,
                "nn_param: dimension 0 of [0] is not positive");
    CHECK(net->n_params == params && bad.running_var && !bad.running_var->size);
    EXPECT(nn_batch_norm_forward(&bad, x23), ARG,
           "nn_batch_norm_forward: argument 2 is the result of a failed call");
    EXPECT(nn_batch_norm_forward(&b, x32), SHAPE,
           "nn_batch_norm_forward: x is [3, 2], not [N, C, ..]: bn.weight is [3]");
    EXPECT(nn_batch_norm_forward(&b, x4), SHAPE,
           "nn_batch_norm_forward: x is [4], not [N, C, ..]: bn.weight is [3]");
    EXPECT(nn_batch_norm_forward(&b, x0), SHAPE,
           "nn_batch_norm_forward: x is [], not [N, C, ..]: bn.weight is [3]");
    c.running_var = nn_buffer(net, "", "short", nn_shape1(2));
    EXPECT(nn_batch_norm_forward(&c, x23), SHAPE,
           "nn_batch_norm_forward: x is [2, 3], not [N, C, ..]: short is [2]");
    c = b, c.eps = 0;
    EXPECT(nn_batch_norm_forward(&c, x23), ARG,
           "nn_batch_norm_forward: eps is 0, not positive and finite");
    c = b, c.momentum = 2;
    EXPECT(nn_batch_norm_forward(&c, x23), ARG,
           "nn_batch_norm_forward: momentum is 2, not in 0 <= momentum <= 1");
    EXPECT(nn_batch_norm_forward(NULL, x23), ARG, "nn_batch_norm_forward: argument 2 is NULL");
    EXPECT(nn_batch_norm_forward(&b, stale), ARG, stale_text("nn_batch_norm_forward", 1));
    nn_tensor *row = nn_full(nn, nn_shape3(1, 3, 1), 1);
    EXPECT(nn_batch_norm_forward(&b, row), ARG,
           "nn_batch_norm_forward: one number in each channel has no variance: x is [1, 3, 1], in "
           "training (to ask: nn_set_training(nn, 0))");
    nn_set_training(nn, 0);
    CHECK_INT(nn_batch_norm_forward(&b, row)->size, 3); /* fine in evaluation */

    EXPECT_CALL(nn_early_stopping_new(net, 0, 0), ARG,
                "nn_early_stopping_new: patience is 0, below 1");
    EXPECT_CALL(nn_early_stopping_new(net, 1, -1), ARG,
                "nn_early_stopping_new: min_delta is -1, not 0 or more and finite");
    EXPECT_CALL(s = nn_early_stopping_new(empty, 1, 0), ARG,
                "nn_early_stopping_new: the model has no parameters");
    EXPECT_CALL(nn_early_stop(&s, 1), ARG,
                "nn_early_stop: argument 1 is the result of a failed call");
    s = nn_early_stopping_new(net, 1, 0);
    nn_param(net, "", "later", nn_shape1(1));
    EXPECT_CALL(nn_early_stop(&s, 1), ARG, "nn_early_stop: the model has grown since");
    stop();
}

static void convolution(void) /* rows 12.2 and 12.3 */
{
    const nn_conv_options usual = {0, 0, {0}, {0}, {0}, {0}}, three = {0, 3, {0}, {0}, {0}, {0}};
    start();
    nn_conv2d c = nn_conv2d_new(net, "c", 3, 8, 5, 1, 0), l;
    const nn_conv1d t = nn_conv1d_new(net, "t", 3, 6, 3, 2, 1);
    nn_conv_transpose2d u = nn_conv_transpose2d_new(net, "u", 3, 4, 3, 2, 1);
    nn_tensor *x = nn_full(nn, nn_shape4(2, 3, 8, 8), 1);
    nn_tensor *flat = nn_full(nn, nn_shape3(2, 3, 8), 1);
    nn_tensor *grey = nn_full(nn, nn_shape4(2, 1, 28, 28), 1);
    nn_tensor *small = nn_full(nn, nn_shape4(2, 3, 8, 4), 1);
    const int params = net->n_params;
    EXPECT_CALL(l = nn_conv2d_new(net, "new", 0, 8, 3, 1, 0), SHAPE,
                "nn_param: dimension 1 of [8, 0, 3, 3] is not positive");
    EXPECT(nn_conv2d_forward(&l, x), ARG,
           "nn_conv2d_forward: argument 2 is the result of a failed call");
    EXPECT_CALL(nn_conv2d_new(net, "c", 3, 8, 3, 1, 0), ARG,
                "nn_param: this model has a parameter \"c.weight\" already");
    EXPECT_CALL(nn_conv2d_new_with(net, "new", 4, 6, 3, 3, three), ARG,
                "nn_conv2d_new_with: 3 groups do not divide 4 channels in and 6 out");
    EXPECT_CALL(nn_conv2d_new_with(net, "new", 6, 4, 3, 3, three), ARG,
                "nn_conv2d_new_with: 3 groups do not divide 6 channels in and 4 out");
    CHECK_INT(net->n_params, params); /* all of a layer or nothing */

    EXPECT(nn_conv2d_forward(NULL, x), ARG,
           "nn_conv2d_forward: the layer has no weight: it was never made");
    const nn_conv1d never = {NULL, NULL, usual};
    EXPECT(nn_conv1d_forward(&never, flat), ARG,
           "nn_conv1d_forward: the layer has no weight: it was never made");
    EXPECT(nn_conv2d_forward(&c, stale), ARG, stale_text("nn_conv2d_forward", 1));
    EXPECT(nn_conv2d_forward(&c, grey), SHAPE,
           "nn_conv2d_forward: x is [2, 1, 28, 28], not [N, 3, H, W]: the weight is [8, 3, 5, 5]");
    EXPECT(nn_conv2d_forward(&c, flat), SHAPE,
           "nn_conv2d_forward: x is [2, 3, 8], not [N, 3, H, W]: the weight is [8, 3, 5, 5]");
    EXPECT(nn_conv1d_forward(&t, x), SHAPE,
           "nn_conv1d_forward: x is [2, 3, 8, 8], not [N, 3, T]: the weight is [6, 3, 3]");
    EXPECT(nn_conv1d_forward(&c, flat), SHAPE,
           "nn_conv1d_forward: the weight is [8, 3, 5, 5], not of 3 dimensions");
    EXPECT(nn_conv2d_forward(&c, small), ARG,
           "nn_conv2d_forward: no place for the window: size 4, kernel 5, stride 1, padding 0, "
           "dilation 1");
    l = c, l.bias = x4;
    EXPECT(nn_conv2d_forward(&l, x), SHAPE,
           "nn_conv2d_forward: the bias is [4], not [8]: the weight is [8, 3, 5, 5]");
    l = c, l.options = usual, l.options.groups = 3;
    EXPECT(nn_conv2d_forward(&l, x), SHAPE,
           "nn_conv2d_forward: the weight is [8, 3, 5, 5], its first dimension not a multiple of "
           "3 groups");
    l.options.groups = -1;
    EXPECT(nn_conv2d_forward(&l, x), SHAPE,
           "nn_conv2d_forward: the weight is [8, 3, 5, 5], its first dimension not a multiple of "
           "-1 groups");
    l.options.groups = 2;
    EXPECT(nn_conv2d_forward(&l, x), SHAPE,
           "nn_conv2d_forward: x is [2, 3, 8, 8], not [N, 6, H, W]: the weight is [8, 3, 5, 5], "
           "for one group's channels");
    l = c, l.options.stride[1] = -2;
    EXPECT(nn_conv2d_forward(&l, x), ARG,
           "nn_conv2d_forward: kernel 5, stride -2, dilation 1: one is not positive");
    l.options.stride[1] = 1, l.options.padding[1] = -2;
    EXPECT(nn_conv2d_forward(&l, x), ARG, "nn_conv2d_forward: padding -2 is negative");
    l = c, l.options.stride[0] = 2, l.options.padding[0] = NN_SAME;
    EXPECT(nn_conv2d_forward(&l, x), ARG,
           "nn_conv2d_forward: padding NN_SAME is for stride 1; this is stride 2");
    u.options.output_padding[1] = 2;
    EXPECT(nn_conv_transpose2d_forward(&u, x), ARG,
           "nn_conv_transpose2d_forward: output_padding 2 is not from 0 to 1: less than stride or "
           "dilation");
    u.options.output_padding[1] = 0, u.options.padding[0] = NN_SAME;
    EXPECT(nn_conv_transpose2d_forward(&u, x), ARG,
           "nn_conv_transpose2d_forward: padding NN_SAME is for stride 1 and not transposed; this "
           "is stride 2");

    EXPECT(nn_max_pool2d(flat, 2, 0, 0), SHAPE, "nn_max_pool2d: x is [2, 3, 8], not [N, C, H, W]");
    EXPECT(nn_avg_pool1d(x, 2, 0, 0), SHAPE, "nn_avg_pool1d: x is [2, 3, 8, 8], not [N, C, T]");
    EXPECT(nn_avg_pool2d(x, 2, 2, 2), ARG,
           "nn_avg_pool2d: padding 2 is more than half of kernel 2");
    EXPECT(nn_max_pool1d(flat, 9, 1, 0), ARG,
           "nn_max_pool1d: no place for the window: size 8, kernel 9, stride 1, padding 0, "
           "dilation 1");
    EXPECT(nn_max_pool1d(flat, 0, 1, 0), ARG,
           "nn_max_pool1d: kernel 0, stride 1, dilation 1: one is not positive");
    EXPECT(nn_global_avg_pool2d(x23), SHAPE, "nn_global_avg_pool2d: x is [2, 3], not [N, C, H, W]");
    EXPECT(nn_flatten(stale), ARG, stale_text("nn_flatten", 1));
    stop();
}

static void recurrent(void) /* chapters 13 and 14 */
{
    static const int ids[3] = {0, 2, 5}, lengths[2] = {3, 4};
    nn_rnn_options o = {0, 0, 0, 0, 0, 0, 0, 0};
    int index[2];
    start();
    nn_rnn r = nn_rnn_new(net, "r", 4, 2), w;
    nn_lstm l = nn_lstm_new(net, "l", 4, 2);
    o.layers = 2, o.bidirectional = 1;
    nn_gru g = nn_gru_new(net, "g", 4, 2), deep = nn_gru_new_with(net, "deep", 4, 2, o);
    nn_rnn_cell c = nn_lstm_cell_new(net, "c", 3, 2), d;
    const nn_embedding e = nn_embedding_new(net, "e", 5, 3);
    const nn_highway way = nn_highway_new(net, "way", 3, NN_RELU, -1);
    nn_tensor *x = nn_full(nn, nn_shape3(2, 3, 4), 1), *h2 = nn_full(nn, nn_shape3(1, 2, 2), 1);
    const int params = net->n_params;
    EXPECT_CALL(nn_rnn_new(net, "new", 4, 0), ARG, "nn_rnn_new: from 4 inputs to 0 hidden units");
    EXPECT_CALL(nn_gru_cell_new(net, "c", 3, 2), ARG,
                "nn_param: this model has a parameter \"c.weight_ih\" already");
    EXPECT_CALL(w = nn_lstm_new(net, "l", 4, 2), ARG,
                "nn_param: this model has a parameter \"l.weight_ih_l0\" already");
    EXPECT(nn_lstm_forward(&w, x, NULL, NULL, NULL).output, ARG,
           "nn_lstm_forward: argument 1 is NULL");
    o.layers = 17, o.bidirectional = 0;
    EXPECT_CALL(nn_rnn_new_with(net, "new", 4, 2, o), ARG, "nn_rnn_new_with: 17 layers, not 1 to 16");
    o.layers = 0, o.dropout = 1;
    EXPECT_CALL(nn_gru_new_with(net, "new", 4, 2, o), ARG,
                "nn_gru_new_with: dropout is 1, not in 0 <= dropout < 1");
    o.dropout = 0, o.peephole = 3, o.convention = -1;
    EXPECT_CALL(nn_lstm_new_with(net, "new", 4, 2, o), ARG, "nn_lstm_new_with: there is no peephole 3");
    EXPECT_CALL(nn_gru_new_with(net, "new", 4, 2, o), ARG,
                "nn_gru_new_with: there is no convention -1");
    EXPECT_CALL(nn_embedding_new(net, "new", 0, 3), ARG,
                "nn_embedding_new: 0 words, 3 numbers each");
    EXPECT_CALL(nn_highway_new(net, NULL, 3, NN_RELU, -1), ARG, "nn_param: a parameter needs a name");
    EXPECT_CALL(nn_highway_new(net, "way", 3, NN_RELU, -1), ARG,
                "nn_param: this model has a parameter \"way.transform.weight\" already");
    CHECK_INT(net->n_params, params); /* all of a layer or nothing */

    EXPECT(nn_rnn_forward(&r, x23, NULL, NULL).output, SHAPE,
           "nn_rnn_forward: x is [2, 3], not [N, T, in]: weight_ih is [2, 4]");
    EXPECT(nn_gru_forward(&g, nn_full(nn, nn_shape3(2, 4, 3), 1), NULL, NULL).h, SHAPE,
           "nn_gru_forward: x is [2, 4, 3], not [N, T, in]: weight_ih is [6, 4]");
    EXPECT(nn_rnn_forward(&r, x, x23, NULL).output, SHAPE,
           "nn_rnn_forward: h0 is [2, 3], not [layers directions, N, H] = [1, 2, 2]");
    EXPECT(nn_rnn_forward(&r, x, nn_full(nn, nn_shape3(1, 3, 2), 1), NULL).output, SHAPE,
           "nn_rnn_forward: h0 is [1, 3, 2], not [layers directions, N, H] = [1, 2, 2]");
    EXPECT(nn_lstm_forward(&l, x, h2, nn_full(nn, nn_shape3(1, 2, 3), 1), NULL).c, SHAPE,
           "nn_lstm_forward: c0 is [1, 2, 3], not [layers directions, N, H] = [1, 2, 2]");
    EXPECT(nn_gru_forward(&deep, x, h2, NULL).h, SHAPE,
           "nn_gru_forward: h0 is [1, 2, 2], not [layers directions, N, H] = [4, 2, 2]");
    EXPECT(nn_lstm_forward(&l, x, h2, stale, NULL).c, ARG, stale_text("nn_lstm_forward", 4));
    EXPECT(nn_rnn_forward(&r, x, NULL, lengths).output, ARG,
           "nn_rnn_forward: lengths[1] is 4, not in 1 to T: x is [2, 3, 4]");
    EXPECT(nn_rnn_forward(&g, x, NULL, NULL).output, ARG,
           "nn_rnn_forward: the layer is of the kind \"gru\"");
    EXPECT(nn_lstm_cell_forward(&c, x, NULL, NULL).h, SHAPE,
           "nn_lstm_cell_forward: x is [2, 3, 4], not [N, in]: weight_ih is [8, 3]");
    EXPECT(nn_lstm_cell_forward(&c, x23, x32, NULL).h, SHAPE,
           "nn_lstm_cell_forward: h is [3, 2], not [N, H] = [2, 2]");
    EXPECT(nn_gru_cell_forward(&c, x23, NULL).h, ARG,
           "nn_gru_cell_forward: the cell is of the kind \"lstm\"");
    EXPECT(nn_lstm_cell_forward(NULL, x23, NULL, NULL).h, ARG,
           "nn_lstm_cell_forward: argument 1 is NULL");
    EXPECT(nn_rnn_forward(&r, NULL, NULL, NULL).h, ARG, "nn_rnn_forward: argument 2 is NULL");
    EXPECT(nn_gru_cell_forward(g.cell, NULL, NULL).h, ARG,
           "nn_gru_cell_forward: argument 2 is NULL");
    EXPECT(nn_highway_forward(&way, NULL, NULL), ARG, "nn_highway_forward: argument 2 is NULL");
    EXPECT(nn_highway_forward(NULL, x23, NULL), ARG, "nn_highway_forward: argument 1 is NULL");
    d = c, d.rule = NULL;
    EXPECT(nn_lstm_cell_forward(&d, x23, NULL, NULL).c, ARG,
           "nn_lstm_cell_forward: the cell is of the kind \"?\"");
    d = c, d.bias_hh = NULL;
    EXPECT(nn_lstm_cell_forward(&d, x23, NULL, NULL).h, SHAPE, "nn_lstm_cell_forward: the cell's "
           "parameters do not fit together: weight_hh is [8, 2]");
    d = c, d.weight_ch = x4;
    EXPECT(nn_lstm_cell_forward(&d, x23, NULL, NULL).h, SHAPE,
           "nn_lstm_cell_forward: the cell's parameters do not fit together: weight_hh is [8, 2]");
    d = c, d.weight_hh = x32;
    EXPECT(nn_lstm_cell_forward(&d, x23, NULL, NULL).h, SHAPE,
           "nn_lstm_cell_forward: the cell's parameters do not fit together: weight_hh is [3, 2]");

    EXPECT(nn_embedding_forward(&e, ids, 3), ARG,
           "nn_embedding_forward: ids[2] is 5, but the weight is [5, 3] (0 to 4, or -1 for zeros)");
    EXPECT(nn_embedding_forward(&e, NULL, 3), ARG, "nn_embedding_forward: ids is NULL");
    EXPECT(nn_embedding_forward(&e, ids, 0), ARG, "nn_embedding_forward: n is 0");
    EXPECT_CALL(nn_sample(x23, -1, index), ARG, "nn_sample: the temperature is -1");
    EXPECT_CALL(nn_sample(x23, 1, NULL), ARG, "nn_sample: index is NULL");
    for (int t = 0; t < 2; t++) /* temperature 0, too */
        EXPECT_CALL(nn_sample(nn_full(nn, nn_shape2(2, 3), (nn_real)NAN), (nn_real)t, index),
                    NN_ERROR_NONFINITE, "nn_sample: row 0 of [2, 3] has NaN or infinity in it");
    EXPECT(nn_highway_forward(&way, x32, NULL), SHAPE, "nn_highway_forward: x is [3, 2], but the "
           "layer is 3 wide, and so is what it carries on");
    stop();
}

static void attention(void) /* chapter 15 */
{
    static const int too_long[2] = {2, 4}, negative[2] = {-1, 2}, from[2] = {0, 2};
    nn_attention_options o = {0, 0, NULL, NULL, 0, 0, NULL}, bad = o;
    nn_transformer_options layer = {2, 0, 0, 0, 0};
    start();
    nn_tensor *x = nn_full(nn, nn_shape3(2, 3, 4), 1), *k = nn_full(nn, nn_shape3(2, 5, 4), 1), *p;
    nn_tensor *v = nn_full(nn, nn_shape3(2, 5, 6), 1), *thin = nn_full(nn, nn_shape3(2, 3, 2), 1);
    const nn_layer_norm norm = nn_layer_norm_new(net, "norm", 3);
    const nn_multihead_attention a = nn_multihead_attention_new(net, "a", 4, 2);
    nn_multihead_attention b = a;
    const nn_encoder_layer e = nn_encoder_layer_new(net, "e", 4, layer);
    const nn_decoder_layer d = nn_decoder_layer_new(net, "d", 4, layer);
    const nn_encoder stack = nn_encoder_new(net, "stack", 2, 4, layer);
    const nn_decoder decoder = nn_decoder_new(net, "decoder", 1, 4, layer);
    nn_encoder none;
    const int params = net->n_params;

    EXPECT_CALL(nn_layer_norm_new(net, "norm", 3), ARG,
                "nn_param: this model has a parameter \"norm.weight\" already");
    EXPECT(nn_layer_norm_forward(&norm, x32), SHAPE,
           "nn_layer_norm_forward: x is [3, 2], not [.., D]: weight is [3], bias [3]");
    const nn_layer_norm other_norm = {norm.weight, x4, norm.eps}, no_eps = {norm.weight, norm.bias, 0};
    EXPECT(nn_layer_norm_forward(&other_norm, x23), SHAPE,
           "nn_layer_norm_forward: x is [2, 3], not [.., D]: weight is [3], bias [4]");
    EXPECT(nn_layer_norm_forward(&no_eps, x23), ARG,
           "nn_layer_norm_forward: eps is 0, not positive and finite");
    EXPECT(nn_layer_norm_forward(NULL, x23), ARG, "nn_layer_norm_forward: argument 1 is NULL");
    EXPECT(nn_layer_norm_forward(&norm, stale), ARG, stale_text("nn_layer_norm_forward", 2));

    EXPECT(nn_attention(x, k, x23, o, &p), SHAPE, "nn_attention: q is [2, 3, 4], k is [2, 5, 4], "
           "v is [2, 3], not [N, T, D], [N, S, D], [N, S, E]");
    EXPECT(nn_attention(x, k, x, o, NULL), SHAPE, "nn_attention: q is [2, 3, 4], k is [2, 5, 4], "
           "v is [2, 3, 4], not [N, T, D], [N, S, D], [N, S, E]");
    EXPECT(nn_attention(thin, k, v, o, NULL), SHAPE, "nn_attention: q is [2, 3, 2], k is "
           "[2, 5, 4], v is [2, 5, 6], not [N, T, D], [N, S, D], [N, S, E]");
    EXPECT(nn_attention(x, NULL, v, o, NULL), ARG, "nn_attention: argument 2 is NULL");
    EXPECT(nn_attention(x, k, stale, o, NULL), ARG, stale_text("nn_attention", 3));
    CHECK(p == &nn->failed);
    bad.heads = 4;
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG,
           "nn_attention: 4 heads do not divide 4 and 6 numbers");
    bad.heads = -2;
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG,
           "nn_attention: -2 heads do not divide 4 and 6 numbers");
    bad = o, bad.scale = (nn_real)HUGE_VAL;
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG,
           "nn_attention: scale inf, dropout 0 (not in 0 <= dropout < 1)");
    bad = o, bad.dropout = 1;
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG,
           "nn_attention: scale 0.5, dropout 1 (not in 0 <= dropout < 1)");
    bad = o, bad.lengths = too_long;
    EXPECT(nn_attention(x, x, x, bad, NULL), ARG, "nn_attention: lengths[1] is 4, not in 0..3");
    bad.lengths = negative;
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG, "nn_attention: lengths[0] is -1, not in 0..5");
    bad = o, bad.mask = x23;
    EXPECT(nn_attention(x, k, v, bad, NULL), SHAPE, "nn_attention: mask is [2, 3], not [T, S], "
           "[N, T, S] or [N, H, T, S]: that is [2, 1, 3, 5]");
    bad.mask = nn_full(nn, nn_shape4(2, 2, 3, 5), 1);
    EXPECT(nn_attention(x, k, v, bad, NULL), SHAPE, "nn_attention: mask is [2, 2, 3, 5], not "
           "[T, S], [N, T, S] or [N, H, T, S]: that is [2, 1, 3, 5]");
    bad.mask = nn_full(nn, nn_shape3(1, 3, 5), 1);
    EXPECT(nn_attention(x, k, v, bad, NULL), SHAPE, "nn_attention: mask is [1, 3, 5], not "
           "[T, S], [N, T, S] or [N, H, T, S]: that is [2, 1, 3, 5]");
    bad.mask = nn_full(nn, nn_shape2(3, 5), -(nn_real)HUGE_VAL);
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG,
           "nn_attention: the mask has a -inf in it: 1 where a query may look, else 0");
    bad.mask = nn_requires_grad(nn_full(nn, nn_shape2(3, 5), 1));
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG, "nn_attention: the mask requires a gradient");
    bad.mask = foreign;
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG,
           "nn_attention: the mask belongs to another nn_ctx");
    bad.mask = failed;
    EXPECT(nn_attention(x, k, v, bad, NULL), ARG,
           "nn_attention: argument 1 is the result of a failed call");

    EXPECT_CALL(nn_multihead_attention_new(net, "b", 10, 3), ARG,
                "nn_multihead_attention_new: 3 heads do not divide 10 numbers");
    EXPECT_CALL(nn_multihead_attention_new(net, NULL, 4, 2), ARG,
                "nn_param: a parameter needs a name");
    const char *const function = "nn_multihead_attention_forward";
    EXPECT(nn_multihead_attention_forward(&a, x23, x23, o, NULL), SHAPE,
           say("%s: x is [2, 3], source [2, 3], not [N, T, D], [N, S, D]: in_proj_weight is [12, 4]",
               function));
    EXPECT(nn_multihead_attention_forward(&a, x, v, o, NULL), SHAPE,
           say("%s: x is [2, 3, 4], source [2, 5, 6], not [N, T, D], [N, S, D]: in_proj_weight is "
               "[12, 4]", function));
    EXPECT(nn_multihead_attention_forward(&a, x, NULL, o, NULL), ARG,
           say("%s: argument 3 is NULL", function));
    EXPECT(nn_multihead_attention_forward(NULL, x, x, o, NULL), ARG,
           say("%s: argument 1 is NULL", function));
    b.heads = 3;
    EXPECT(nn_multihead_attention_forward(&b, x, x, o, &p), ARG,
           say("%s: 3 heads do not divide 4 and 4 numbers", function));
    CHECK(p == &nn->failed);
    b = a, b.in_proj_weight = nn_full(nn, nn_shape2(8, 4), 1);
    EXPECT(nn_multihead_attention_forward(&b, x, x, o, NULL), SHAPE,
           say("%s: x is [2, 3, 4], source [2, 3, 4], not [N, T, D], [N, S, D]: in_proj_weight is "
               "[8, 4]", function));

    EXPECT_CALL(nn_kv_cache_new(nn, 0, 2, 4, 4), ARG, "nn_kv_cache_new: 0 layers");
    EXPECT_CALL(nn_kv_cache_new(nn, 1, 2, 0, 4), SHAPE,
                "nn_kv_cache_new: dimension 1 of [2, 0, 4] is not positive");
    EXPECT_CALL(nn_kv_cache_new(nn, 1, INT_MAX, 2, 4), NN_ERROR_LIMIT,
                "nn_kv_cache_new: [2147483647, 2, 4] has too many elements");
    bad = o, bad.cache = nn_kv_cache_new(nn, 2, 2, 4, 4);
    EXPECT(nn_attention(x, x, x, bad, NULL), ARG, "nn_attention: a cache belongs to a layer");
    EXPECT(nn_multihead_attention_forward(&a, x, x, bad, NULL), ARG,
           say("%s: what is cached has no gradient: nn_set_grad_enabled(nn, 0) first", function));
    nn_set_grad_enabled(nn, 0);
    EXPECT(nn_multihead_attention_forward(&a, x, NULL, bad, NULL), ARG,
           say("%s: 0 steps are in the cache, 0 more come, and it has room for 4", function));
    EXPECT(nn_multihead_attention_forward(&a, nn_full(nn, nn_shape3(3, 1, 4), 1), NULL, bad, NULL),
           SHAPE, say("%s: x is [3, 1, 4], the cache [2, .., 4]", function));
    nn_multihead_attention_forward(&a, x, x, bad, NULL);
    EXPECT(nn_multihead_attention_forward(&a, x, x, bad, NULL), ARG,
           say("%s: 3 steps are in the cache, 3 more come, and it has room for 4", function));
    CHECK_INT(bad.cache->length, 3);
    nn_tensor *one = nn_full(nn, nn_shape3(1, 1, 4), 1);
    EXPECT(nn_multihead_attention_forward(&a, one, one, bad, NULL), SHAPE,
           say("%s: x is [1, 1, 4], the cache [2, .., 4]", function));
    EXPECT_CALL(nn_kv_cache_select(bad.cache, 2, from, 2), ARG,
                "nn_kv_cache_select: from[1] is 2, not in 0..1");
    EXPECT_CALL(nn_kv_cache_select(bad.cache, 2, from, 3), ARG,
                "nn_kv_cache_select: 3 rows, not in 1..2");
    EXPECT_CALL(nn_kv_cache_select(bad.cache, 2, NULL, 2), ARG,
                "nn_kv_cache_select: from is NULL");
    EXPECT_CALL(nn_kv_cache_select(bad.cache, 0, from, 2), ARG, "nn_kv_cache_select: 0 layers");
    bad.cache = nn_kv_cache_new(other, 1, 2, 4, 4);
    EXPECT(nn_multihead_attention_forward(&a, x, x, bad, NULL), ARG,
           say("%s: the cache belongs to another nn_ctx", function));
    nn_set_grad_enabled(nn, 1);

    layer.dropout = -1;
    EXPECT_CALL(nn_encoder_layer_new(net, "new", 4, layer), ARG,
                "nn_encoder_layer_new: dropout is -1, not in 0 <= dropout < 1");
    layer.dropout = 0, layer.hidden = -3;
    EXPECT_CALL(nn_decoder_new(net, "new", 1, 4, layer), SHAPE,
                "nn_param: dimension 0 of [-3, 4] is not positive");
    layer.hidden = 0;
    EXPECT_CALL(nn_encoder_new(net, "new", 0, 4, layer), ARG, "nn_encoder_new: 0 layers");
    EXPECT_CALL(none = nn_encoder_new(net, "stack", 2, 4, layer), ARG,
                "nn_param: this model has a parameter \"stack.layers.0.self_attn.in_proj_weight\" "
                "already");
    CHECK_INT(net->n_params, params); /* all of a layer or nothing */
    nn_tensor *p2[2];
    EXPECT(nn_encoder_forward(&none, x, o, NULL), ARG, "nn_encoder_forward: argument 1 is NULL");
    EXPECT(nn_encoder_forward(&stack, thin, o, p2), SHAPE,
           say("%s: x is [2, 3, 2], source [2, 3, 2], not [N, T, D], [N, S, D]: in_proj_weight is "
               "[12, 4]", function));
    CHECK(p2[0] == &nn->failed && p2[1] == &nn->failed);
    EXPECT(nn_encoder_layer_forward(&d, x, o, NULL), ARG,
           "nn_encoder_layer_forward: this is a decoder's layer");
    EXPECT(nn_decoder_layer_forward(&e, x, x, o, o, NULL), ARG,
           "nn_decoder_layer_forward: this is an encoder's layer");
    EXPECT(nn_decoder_forward(&decoder, x, NULL, o, o, NULL), ARG,
           "nn_decoder_layer_forward: argument 3 is NULL");
    EXPECT(nn_decoder_layer_forward(&d, x, stale, o, o, NULL), ARG,
           stale_text("nn_decoder_layer_forward", 3));
    EXPECT(nn_encoder_layer_forward(NULL, x, o, NULL), ARG,
           "nn_encoder_layer_forward: argument 1 is NULL");
    stop();
}

static void losses(void)
{
    static const int label[2] = {1, 3}, low[2] = {-2, 0}, none[2] = {-1, -1}, good[2] = {0, -1};
    start();
    EXPECT(nn_cross_entropy(x23, NULL), ARG, "nn_cross_entropy: labels is NULL");
    EXPECT(nn_cross_entropy(x4, good), SHAPE, "nn_cross_entropy: z is [4], not [N, C]");
    EXPECT(nn_cross_entropy(x23, label), ARG,
           "nn_cross_entropy: labels[1] is 3, but there are 3 classes (0 to 2, or -1 for none)");
    EXPECT(nn_cross_entropy(x23, low), ARG,
           "nn_cross_entropy: labels[0] is -2, but there are 3 classes (0 to 2, or -1 for none)");
    EXPECT(nn_cross_entropy(x23, none), ARG, "nn_cross_entropy: every label is -1");
    nn_tensor *t = nn_full(nn, nn_shape2(2, 3), 0);
    t->data[1] = 2;
    EXPECT(nn_bce_with_logits(x23, t), ARG,
           "nn_bce_with_logits: target 1 is 2, not between 0 and 1");
    t->data[1] = (nn_real)NAN;
    EXPECT(nn_bce_with_logits(x23, t), ARG,
           "nn_bce_with_logits: target 1 is nan, not between 0 and 1");

    EXPECT(nn_mae(x23, x32), SHAPE,
           "nn_mae: shapes differ: the prediction is [2, 3], the target [3, 2]");
    EXPECT(nn_huber(x23, x32, 1), SHAPE,
           "nn_huber: shapes differ: the prediction is [2, 3], the target [3, 2]");
    EXPECT(nn_huber(x23, x23, 0), ARG, "nn_huber: delta is 0, not positive and finite");
    EXPECT(nn_hinge(x23, t), ARG, "nn_hinge: target 0 is 0, not -1 or 1");
    EXPECT(nn_multiclass_hinge(x23, NULL), ARG, "nn_multiclass_hinge: labels is NULL");
    EXPECT(nn_multiclass_hinge(x23, none), ARG, "nn_multiclass_hinge: every label is -1");
    EXPECT(nn_multiclass_hinge(nn_full(nn, nn_shape2(2, 1), 0), none), SHAPE,
           "nn_multiclass_hinge: one class has no rival: z is [2, 1]");
    const nn_real weight[3] = {1, 1, -1};
    EXPECT(nn_cross_entropy_weighted(x23, good, weight, 0), ARG,
           "nn_cross_entropy_weighted: a class's weight is -1, not positive and finite");
    EXPECT(nn_cross_entropy_weighted(x23, good, NULL, 1), ARG,
           "nn_cross_entropy_weighted: smoothing is 1, not in 0 <= smoothing < 1");
    EXPECT(nn_cross_entropy_weighted(x23, none, NULL, 0), ARG,
           "nn_cross_entropy_weighted: every label is -1");
    EXPECT(nn_cross_entropy_soft(x4, x4), SHAPE,
           "nn_cross_entropy_soft: the distributions are [4], not [N, C]");
    EXPECT(nn_cross_entropy_soft(x23, x23), ARG,
           "nn_cross_entropy_soft: row 0 is no distribution: its sum is 3");
    t->data[0] = 1, t->data[1] = 1, t->data[2] = -1;
    EXPECT(nn_entropy(t), ARG, "nn_entropy: row 0 has negative numbers or NaN: its sum is 1");
    EXPECT(nn_kl_div(x23, x23), ARG, "nn_kl_div: row 0 is no distribution: its sum is 3");
    t->data[1] = t->data[2] = t->data[0] = 0;
    EXPECT(nn_entropy(t), ARG, "nn_entropy: every row is 0");
    EXPECT(nn_cross_entropy_soft(x23, t), ARG, "nn_cross_entropy_soft: every row is 0");
    EXPECT(nn_kl_div(x23, t), ARG, "nn_kl_div: every row is 0");
    EXPECT(nn_triplet(x23, x23, x32, 1), SHAPE,
           "nn_triplet: embeddings are [N, D], the same for all; they are [2, 3] and [3, 2]");
    EXPECT(nn_triplet(x4, x4, x4, 1), SHAPE,
           "nn_triplet: embeddings are [N, D], the same for all; they are [4] and [4]");
    EXPECT(nn_triplet(x23, x23, x23, 0), ARG, "nn_triplet: margin is 0, not positive and finite");
    EXPECT(nn_triplet(x23, x23, NULL, 1), ARG, "nn_triplet: argument 3 is NULL");
    EXPECT(nn_contrastive(x23, x23, NULL, 1), ARG, "nn_contrastive: same is NULL");
    EXPECT(nn_contrastive(x23, x23, label, 1), ARG,
           "nn_contrastive: same[1] is 3, not 1, 0 or, for none, -1");
    EXPECT(nn_contrastive(x23, x23, low, 1), ARG,
           "nn_contrastive: same[0] is -2, not 1, 0 or, for none, -1");
    EXPECT(nn_contrastive(x23, x23, none, 1), ARG, "nn_contrastive: every same is -1");
    EXPECT_CALL(nn_set_reduction(nn, 3), ARG, "nn_set_reduction: 3 is no reduction");

    nn_tensor *z = nn_full(nn, nn_shape3(2, 3, 4), 0);
    const int text[4] = {1, 1, 2, 3}, twice_4[4] = {4, -1, 1, -1}, two[2] = {3, 2}, four[2] = {3, 4};
    const int blank_too[4] = {1, 2, 3, 0};
    int read[6];
    EXPECT(nn_ctc(x23, NULL, text, 2, 0), SHAPE, "nn_ctc: z is [2, 3], not [N, T, C]");
    EXPECT(nn_ctc(z, NULL, NULL, 2, 0), ARG, "nn_ctc: labels is NULL");
    EXPECT(nn_ctc(z, NULL, text, 0, 0), ARG, "nn_ctc: most is 0, not 1 or more");
    EXPECT(nn_ctc(z, NULL, text, 2, 4), ARG, "nn_ctc: blank is 4, but there are 4 classes");
    EXPECT(nn_ctc(z, four, text, 2, 0), ARG, "nn_ctc: frames[1] is 4, but z is [2, 3, 4]");
    EXPECT(nn_ctc(z, NULL, twice_4, 2, 0), ARG,
           "nn_ctc: label 0 of sequence 0 is 4: there are 4 classes, of which 0 is the blank");
    EXPECT(nn_ctc(z, NULL, blank_too, 2, 0), ARG,
           "nn_ctc: label 1 of sequence 1 is 0: there are 4 classes, of which 0 is the blank");
    EXPECT(nn_ctc(z, NULL, text, 4, 0), ARG,
           "nn_ctc: the 4 labels of sequence 0 need 5 frames, it has 3");
    EXPECT_CALL(nn_ctc_decode(z, NULL, 0, -1, read), ARG,
                "nn_ctc_decode: beams is -1, not 0 to 1000");
    EXPECT_CALL(nn_ctc_decode(z, two, 0, 1, NULL), ARG, "nn_ctc_decode: labels is NULL");
    EXPECT_CALL(nn_ctc_decode(z, two, -1, 1, read), ARG,
                "nn_ctc_decode: blank is -1, but there are 4 classes");

    EXPECT_CALL(nn_backward(x23), SHAPE, "nn_backward: the loss must be one number, it is [2, 3]");
    EXPECT_CALL(nn_backward(nn_sum(x23)), ARG,
                "nn_backward: the loss does not depend on any parameter");
    EXPECT_CALL(nn_backward(stale), ARG, stale_text("nn_backward", 1));
    EXPECT_CALL(nn_backward(failed), ARG, "nn_backward: argument 1 is the result of a failed call");
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    nn_set_grad_enabled(nn, 0);
    EXPECT_CALL(nn_backward(nn_sum(w)), ARG,
                "nn_backward: the loss does not depend on any parameter "
                "(recording is off: nn_set_grad_enabled)");
    nn_set_grad_enabled(nn, 1);
    w->data[1] = (nn_real)INFINITY;
    EXPECT_CALL(nn_backward(nn_sum(w)), NN_ERROR_NONFINITE,
                "nn_backward: the loss is inf: has it diverged (try a smaller learning rate, "
           "smaller inputs)? nn_on_nan(nn, 1) finds the operation");
    CHECK(w->grad[0] == 0 && w->grad[1] == 0);
    w->data[1] = 0;
    nn_backward(nn_sum(w));
    CHECK(nn_ok(nn) && w->grad[0] == 1 && w->grad[1] == 1);
    stop();
}

/* ---- NaN is named where it is made ---- */

static void first_nan(void)
{
    start();
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2)), *x = nn_full(nn, nn_shape2(2, 2), 4), *y;
    x->data[3] = -4;
    CHECK(nn_sqrt(x)->size == 4 && nn_ok(nn)); /* off at first */
    nn_on_nan(nn, 1);
    EXPECT(nn_sqrt(x), NN_ERROR_NONFINITE, "sqrt: the result [2, 2] is nan at [1, 1]");
    EXPECT(nn_log(x), NN_ERROR_NONFINITE, "log: the result [2, 2] is nan at [1, 1]");
    EXPECT(nn_log(w), NN_ERROR_NONFINITE, "log: the result (w) [2] is -inf at [0]");
    EXPECT(nn_div(x, w), NN_ERROR_NONFINITE, "div: the result (w) [2, 2] is inf at [0, 0]");
    EXPECT(nn_exp(nn_scale(x, 1000)), NN_ERROR_NONFINITE,
           "exp: the result [2, 2] is inf at [0, 0]");
    CHECK(nn_scale(x, 2)->size == 4);
    y = nn_sum(nn_sqrt(w)); /* the slope of the root at 0 is infinite */
    EXPECT_CALL(nn_backward(y), NN_ERROR_NONFINITE,
                "sqrt: backward: the gradient of w [2] is inf at [0]");
    nn_zero_grad(net);
    y = nn_sum(nn_sqrt(nn_scale(w, 3))); /* it is named even where it never reaches a parameter */
    EXPECT_CALL(nn_backward(y), NN_ERROR_NONFINITE,
                "sqrt: backward: the gradient of scale (w) [2] is inf at [0]");
    nn_on_nan(nn, 0);
    CHECK(nn_log(w)->size == 2 && nn_ok(nn));
    stop();
}

/* ---- first weights, clipping, diagnosis, votes ---- */

static void gradients_and_ensembles(void)
{
    int label[4] = {0, 1, 1, 0}, vote[4];
    nn_diagnosis d;
    start();
    nn_tensor *w = nn_param(net, "", "w", nn_shape2(2, 2));
#define START(f, last)                                                                            \
    EXPECT_CALL(f(x4, last), SHAPE, #f ": w is [4], a fan needs two dimensions or more");         \
    EXPECT_CALL(f(failed, last), ARG, #f ": argument 1 is the result of a failed call");          \
    EXPECT_CALL(f(stale, last), ARG, stale_text(#f, 1))
#define AND_MODE 0, NN_FAN_IN
    START(nn_xavier_uniform, 1);
    START(nn_xavier_normal, 1);
    START(nn_kaiming_uniform, AND_MODE);
    START(nn_kaiming_normal, AND_MODE);
    EXPECT_CALL(nn_xavier_uniform(w, 0), ARG,
                "nn_xavier_uniform: the gain is 0, not positive and finite");
    EXPECT_CALL(nn_xavier_normal(w, (nn_real)INFINITY), ARG,
                "nn_xavier_normal: the gain is inf, not positive and finite");
    EXPECT_CALL(nn_kaiming_normal(w, (nn_real)NAN, NN_FAN_OUT), ARG,
                "nn_kaiming_normal: the gain is nan, not positive and finite");
    EXPECT_CALL(nn_kaiming_uniform(w, 0, 2), ARG,
                "nn_kaiming_uniform: mode is 2, not NN_FAN_IN or NN_FAN_OUT");
    EXPECT_CALL(nn_kaiming_normal(w, 0, -1), ARG,
                "nn_kaiming_normal: mode is -1, not NN_FAN_IN or NN_FAN_OUT");
    CHECK(w->data[0] == 0);
    w->grad[0] = 5;
    EXPECT_CALL(nn_clip_grad_norm(net, 0), ARG, "nn_clip_grad_norm: max_norm is 0, not positive");
    EXPECT_CALL(nn_clip_grad_norm(net, (nn_real)NAN), ARG,
                "nn_clip_grad_norm: max_norm is nan, not positive");
    EXPECT_CALL(nn_clip_grad_value(net, -1), ARG,
                "nn_clip_grad_value: the value is -1, not positive and finite");
    CHECK(w->grad[0] == 5);
    w->grad[0] = (nn_real)INFINITY;
    EXPECT_CALL(nn_clip_grad_norm(net, 1), NN_ERROR_NONFINITE,
                "nn_clip_grad_norm: the gradient of w is not finite");
    EXPECT_CALL(nn_clip_grad_value(net, 1), NN_ERROR_NONFINITE,
                "nn_clip_grad_value: the gradient of w is not finite");
    EXPECT_CALL(nn_diagnose(x23, &d, 1), ARG, "nn_diagnose: needs nn_backward(loss) before it");
    EXPECT_CALL(nn_diagnose(stale, &d, 1), ARG, stale_text("nn_diagnose", 1));
    EXPECT_CALL(nn_diagnose_print(x23), ARG,
                "nn_diagnose_print: needs nn_backward(loss) before it");
    EXPECT_CALL(nn_vote(nn, NULL, 2, 2, vote), ARG, "nn_vote: an array is NULL");
    EXPECT_CALL(nn_vote(nn, label, 2, 2, NULL), ARG, "nn_vote: an array is NULL");
    EXPECT_CALL(nn_vote(nn, label, 2, 0, vote), ARG, "nn_vote: 0 samples");
    vote[0] = 7;
    EXPECT_CALL(nn_vote(nn, label, 0, 2, vote), ARG, "nn_vote: 0 members");
    CHECK(vote[0] == 7);
    EXPECT_CALL(nn_bootstrap(nn, -3, label, vote), ARG, "nn_bootstrap: -3 samples");
    EXPECT_CALL(nn_bootstrap(nn, 4, NULL, vote), ARG, "nn_bootstrap: an array is NULL");
    EXPECT_CALL(nn_bootstrap(nn, 4, label, NULL), ARG, "nn_bootstrap: an array is NULL");
    EXPECT_CALL(nn_model_average(net, NULL, 0), ARG, "nn_model_average: average is NULL");
    EXPECT_CALL(nn_model_average(net, w->data, -1), ARG, "nn_model_average: k is -1");
    EXPECT_CALL(nn_freeze(net, "nobody", 1), ARG, "nn_freeze: there is no parameter \"nobody\"");
    EXPECT_CALL(nn_model_copy(net, NULL, net, ""), ARG, "nn_model_copy: argument 2 is NULL");
    EXPECT_CALL(nn_model_copy(net, "", NULL, ""), ARG, "nn_model_copy: argument 3 is NULL");
    EXPECT_CALL(nn_model_copy(net, "", net, NULL), ARG, "nn_model_copy: argument 4 is NULL");
    EXPECT_CALL(nn_model_copy(net, "x", net, ""), ARG, "nn_model_copy: there is nothing below \"x\"");
    stop();
}

/* ---- optimisers ---- */

static nn_tensor *some_rows(void *user, nn_tensor *x) { return user ? nn_scale(x, 1) : NULL; }

static double not_a_number(void *user, const int *index, int n)
{
    (void)user, (void)index, (void)n;
    return (double)NAN;
}

static void metrics(void)
{
    static const char text[] = "1,2,0\n3,4,1\n5,6,0\n";
    const int id[2] = {1, 2};
    const nn_tokens two = {id, 2}, missing = {NULL, 2};
    nn_object o[2] = {{0, 0, {0, 0, 1, 1}, 1}, {0, 0, {0, 0, 1, 1}, 1}}, bad = o[0];
    nn_real out[6];
    int keep[2];
    start();
    EXPECT_CALL(nn_rouge_l(nn, two, NULL, 1), ARG, "nn_rouge_l: reference is NULL");
    EXPECT_CALL(nn_rouge_l(nn, two, &two, 0), ARG, "nn_rouge_l: 0 references");
    EXPECT_CALL(nn_rouge_l(nn, two, &missing, 1), ARG,
                "nn_rouge_l: a reference has 2 tokens, which are NULL");
    EXPECT_CALL(nn_nms(nn, NULL, 1, 0.5, keep), ARG, "nn_nms: 1 objects found are NULL, 0 true ones");
    EXPECT_CALL(nn_nms(nn, o, -1, 0.5, keep), ARG, "nn_nms: -1 objects found, 0 true ones");
    EXPECT_CALL(nn_nms(nn, o, 2, 0.5, NULL), ARG, "nn_nms: keep is NULL");
    EXPECT_CALL(nn_nms(nn, o, 2, 1.5, keep), ARG, "nn_nms: iou is 1.5, not 0 to 1");
    bad.score = (nn_real)NAN;
    EXPECT_CALL(nn_nms(nn, &bad, 1, 0.5, keep), ARG, "nn_nms: found[0] has label 0, score nan");
    EXPECT_CALL(nn_detection_match(nn, o, 2, &bad, 1, 0, keep), ARG,
                "nn_detection_match: iou is 0, not above 0 and up to 1");
    EXPECT_CALL(nn_detection_match(nn, o, 2, &bad, 1, 0.5, NULL), ARG,
                "nn_detection_match: match is NULL");
    bad.label = -1, bad.score = 0;
    EXPECT_CALL(nn_detection_match(nn, o, 2, &bad, 1, 0.5, keep), ARG,
                "nn_detection_match: truth[0] has label -1, score 0");
    bad.box.y1 = 3;
    EXPECT_CALL(nn_detection_ap(nn, o, 2, &bad, 1, 0, 0.5, NN_AP_STEPS), ARG,
                "nn_detection_ap: a box with x 0 to 1, y 3 to 1");
    EXPECT_CALL(nn_detection_ap(nn, o, 2, o, 2, -2, 0.5, NN_AP_STEPS), ARG,
                "nn_detection_ap: label -2, iou 0.5, how 0");
    EXPECT_CALL(nn_detection_ap(nn, o, 2, o, 2, 0, 0.5, 4), ARG,
                "nn_detection_ap: label 0, iou 0.5, how 4");
    EXPECT_CALL(nn_bootstrap_interval(nn, NULL, NULL, 3, 10, 0.9), ARG,
                "nn_bootstrap_interval: metric is NULL");
    EXPECT_CALL(nn_bootstrap_interval(nn, not_a_number, NULL, 3, 1, 0.9), ARG,
                "nn_bootstrap_interval: 3 samples, 1 resamples, confidence 0.9");
    EXPECT_CALL(nn_bootstrap_interval(nn, not_a_number, NULL, 3, 10, 1), ARG,
                "nn_bootstrap_interval: 3 samples, 10 resamples, confidence 1");
    EXPECT_CALL(nn_bootstrap_interval(nn, not_a_number, NULL, 3, 10, 0.9), NN_ERROR_NONFINITE,
                "nn_bootstrap_interval: the metric is NaN in 10 of 10 resamples");
    nn_table t = nn_csv_parse(nn, text, strlen(text), plain);
    const nn_dataset data = nn_dataset_classes(&t, -1);
    EXPECT_CALL(nn_evaluate(&data, NULL, NULL, 1, 2, out), ARG, "nn_evaluate: argument 2 is NULL");
    EXPECT_CALL(nn_evaluate(&data, some_rows, NULL, 1, 2, NULL), ARG,
                "nn_evaluate: argument 6 is NULL");
    EXPECT_CALL(nn_evaluate(&data, some_rows, NULL, 0, 2, out), ARG,
                "nn_evaluate: 3 samples in batches of 0, 2 outputs");
    for (int k = 0; k < 2; k++) { /* these have called nn_clear: x23 is gone */
        const char *const gives[2] = {"NULL for 2 samples of 2", "[2, 2] for 2 samples of 3"};
        before();
        CHECK_INT(nn_evaluate(&data, some_rows, k ? out : NULL, 2, 2 + k, out), 0);
        const char *const line = say("%s:%d: ", __FILE__, __LINE__ - 1);
        CHECK_STR(heard.message, say("%snn_evaluate: forward gives %s outputs", line, gives[k]));
        CHECK_INT(heard.times, 1);
        nn_error_clear(nn);
    }
    CHECK(nn->training && nn->grad_enabled); /* as they were */
    stop();
}

static void optimisers(void)
{
    nn_optimizer *opt = NULL;
    start();
    nn_tensor *w = nn_param(net, "", "w", nn_shape1(2));
    w->grad[0] = w->grad[1] = 1;
#define RATE(f, call)                                                                             \
    do {                                                                                          \
        nn_real lr = 0;                                                                           \
        EXPECT_CALL(opt = (call), ARG, f ": the learning rate is 0, not positive and finite");    \
        EXPECT_CALL(nn_step(opt), ARG, "nn_step: the optimizer is the result of a failed call");  \
        lr = (nn_real)-0.5;                                                                       \
        EXPECT_CALL(opt = (call), ARG, f ": the learning rate is -0.5, not positive and finite"); \
        lr = (nn_real)INFINITY;                                                                   \
        EXPECT_CALL(opt = (call), ARG, f ": the learning rate is inf, not positive and finite");  \
        lr = (nn_real)NAN;                                                                        \
        EXPECT_CALL(opt = (call), ARG, f ": the learning rate is nan, not positive and finite");  \
    } while (0)
    RATE("nn_sgd", nn_sgd(net, lr));
    RATE("nn_momentum", nn_momentum(net, lr, (nn_real)0.9));
    RATE("nn_nesterov", nn_nesterov(net, lr, (nn_real)0.9));
    RATE("nn_adagrad", nn_adagrad(net, lr));
    RATE("nn_rmsprop", nn_rmsprop(net, lr));
    RATE("nn_adam", nn_adam(net, lr));
    RATE("nn_adamw", nn_adamw(net, lr, 0));
    EXPECT_CALL(opt = nn_momentum(net, 1, 1), ARG, "nn_momentum: beta is 1, not in 0 <= beta < 1");
    EXPECT_CALL(nn_step(opt), ARG, "nn_step: the optimizer is the result of a failed call");
    EXPECT_CALL(opt = nn_momentum(net, 1, -1), ARG,
                "nn_momentum: beta is -1, not in 0 <= beta < 1");
    EXPECT_CALL(opt = nn_momentum(net, 1, (nn_real)NAN), ARG,
                "nn_momentum: beta is nan, not in 0 <= beta < 1");
    EXPECT_CALL(opt = nn_nesterov(net, 1, 1), ARG, "nn_nesterov: beta is 1, not in 0 <= beta < 1");
    EXPECT_CALL(opt = nn_adamw(net, 1, -1), ARG,
                "nn_adamw: the weight decay is -1, not 0 or more and finite");
    EXPECT_CALL(nn_step(opt), ARG, "nn_step: the optimizer is the result of a failed call");
    opt = nn_adam(net, 1);
#define FIELD(member, wrong, right, message)                                                      \
    do {                                                                                          \
        opt->member = (nn_real)(wrong);                                                           \
        EXPECT_CALL(nn_step(opt), ARG, "nn_step: " message);                                      \
        opt->member = (nn_real)(right);                                                           \
    } while (0)
    FIELD(lr, -1, 1, "the learning rate is -1, not 0 or more and finite");
    FIELD(lr, INFINITY, 1, "the learning rate is inf, not 0 or more and finite");
    FIELD(weight_decay, -0.5, 0, "the weight decay is -0.5, not 0 or more and finite");
    FIELD(eps, NAN, 0, "eps is nan, not 0 or more and finite");
    FIELD(beta1, 1, 0, "beta1 is 1, not in 0 <= beta1 < 1");
    FIELD(beta2, -1, 0, "beta2 is -1, not in 0 <= beta2 < 1");
    CHECK_INT(opt->step, 0);
    CHECK(w->data[0] == 0 && w->data[1] == 0); /* no step was done */
    opt = nn_sgd(net, 1);
    nn_matmul(x23, x23);
    nn_step(opt); /* nor is one after an error */
    CHECK(w->data[0] == 0 && w->data[1] == 0);
    nn_error_clear(nn);
    nn_step(opt);
    CHECK(w->data[0] == -1 && w->data[1] == -1);
    stop();
}

/* ---- gradient check and the perceptron ---- */

static nn_tensor *grad_w;
static int grad_calls, grad_fails_at;

static nn_tensor *sum_of_squares(void *user)
{
    (void)user;
    if (++grad_calls == grad_fails_at) return nn_matmul(grad_w, grad_w);
    return nn_sum(nn_square(grad_w));
}

static void gradcheck(void)
{
    start();
    grad_w = nn_param(net, "", "w", nn_shape1(2));
    grad_w->data[0] = 1, grad_w->data[1] = -2;
    const nn_real h = (nn_real)0.01;
    grad_fails_at = 0;
    CHECK(nn_gradcheck(net, sum_of_squares, NULL, h).error < 1e-3);
    for (grad_fails_at = 1; grad_fails_at <= 5; grad_fails_at++) { /* the weights come back */
        grad_calls = 0;
        double worst = nn_gradcheck(net, sum_of_squares, NULL, h).error;
        CHECK(worst != worst && !nn_ok(nn));
        CHECK(grad_w->data[0] == 1 && grad_w->data[1] == -2 && nn->grad_enabled);
        nn_error_clear(nn);
    }
    grad_fails_at = 0; /* a step that cannot show anything must not look like a right gradient */
    CHECK(!(nn_gradcheck(net, sum_of_squares, NULL, 0).error < 1e-3));
    nn_error_clear(nn);
    CHECK(!(nn_gradcheck(net, sum_of_squares, NULL, (nn_real)NAN).error < 1e-3));
    nn_error_clear(nn);
    CHECK(!(nn_gradcheck(net, sum_of_squares, NULL, (nn_real)1e-30).error < 1e-3));
    CHECK(grad_w->data[0] == 1 && grad_w->data[1] == -2);
    stop();
}

static void perceptron(void)
{
    static const int width[3] = {2, 3, 1}, zero[3] = {2, 0, 1};
    static const nn_real x[4] = {0}, t[2] = {0};
    char name[NN_NAME_SIZE + 1];
    memset(name, 'a', sizeof name);
    name[NN_NAME_SIZE] = 0;
    start();
#define NEEDS "nn_mlp_new: needs a name and 2 to 16 widths; layers is "
    const char *which =
        "nn_mlp_new: hidden is NN_IDENTITY, NN_SIGMOID, NN_TANH or NN_RELU; output is "
        "NN_IDENTITY, NN_SIGMOID or NN_SOFTMAX";
    nn_mlp m, ok = nn_mlp_new(net, "ok", width, 3, NN_TANH, NN_SIGMOID);
    const int params = net->n_params;
    EXPECT_CALL(m = nn_mlp_new(net, NULL, width, 3, NN_TANH, NN_SIGMOID), ARG, NEEDS "3");
    CHECK_INT(m.layers, 0);
    EXPECT_CALL(m = nn_mlp_new(net, "m", NULL, 3, NN_TANH, NN_SIGMOID), ARG, NEEDS "3");
    EXPECT_CALL(m = nn_mlp_new(net, "m", width, 1, NN_TANH, NN_SIGMOID), ARG, NEEDS "1");
    EXPECT_CALL(m = nn_mlp_new(net, "m", width, 17, NN_TANH, NN_SIGMOID), ARG, NEEDS "17");
    EXPECT_CALL(m = nn_mlp_new(net, "m", width, -1, NN_TANH, NN_SIGMOID), ARG, NEEDS "-1");
    EXPECT_CALL(m = nn_mlp_new(net, "m", width, 3, NN_SOFTMAX, NN_SIGMOID), ARG, which);
    EXPECT_CALL(m = nn_mlp_new(net, "m", width, 3, NN_TANH, NN_RELU), ARG, which);
    for (nn_activation g = NN_HEAVISIDE; g <= NN_GELU; g++) {
        EXPECT_CALL(m = nn_mlp_new(net, "m", width, 3, g, NN_SIGMOID), ARG, which);
        EXPECT_CALL(m = nn_mlp_new(net, "m", width, 3, NN_TANH, g), ARG, which);
    }
    EXPECT_CALL(m = nn_mlp_new(net, "m", width, 3, (nn_activation)99, NN_SIGMOID), ARG, which);
    EXPECT_CALL(m = nn_mlp_new(net, "m", zero, 3, NN_TANH, NN_SIGMOID), SHAPE,
                "nn_param: dimension 0 of [0, 2] is not positive");
    EXPECT_CALL(m = nn_mlp_new(net, "ok", width, 3, NN_TANH, NN_SIGMOID), ARG,
                "nn_param: this model has a parameter \"ok.1.weight\" already");
    EXPECT_CALL(m = nn_mlp_new(net, name, width, 3, NN_TANH, NN_SIGMOID), ARG,
                "nn_param: the name aaaaaaaaaaaaaaaaaaaa... is longer than 63");
    CHECK_INT(net->n_params, params);
    CHECK(nn_mlp_forward(&m, x, 2) == NULL); /* a failed one does nothing */
    nn_error_clear(nn);
    EXPECT_CALL(nn_mlp_backward(&ok, t), ARG,
                "nn_mlp_backward: needs targets, and nn_mlp_forward before");
    EXPECT_CALL(nn_mlp_forward(&ok, NULL, 2), ARG, "nn_mlp_forward: x is NULL");
    EXPECT_CALL(nn_mlp_forward(&ok, x, 0), ARG, "nn_mlp_forward: n is 0");
    EXPECT_CALL(nn_mlp_forward(&ok, x, -3), ARG, "nn_mlp_forward: n is -3");
    CHECK(nn_mlp_forward(&ok, x, 2) != NULL);
    EXPECT_CALL(nn_mlp_backward(&ok, NULL), ARG,
                "nn_mlp_backward: needs targets, and nn_mlp_forward before");
    CHECK(nn_mlp_loss(&ok, t) > 0);
    stop();
}

/* ---- files and data sets ---- */

#define CSV(text, options, code, message)                                                  \
    do {                                                                                   \
        nn_table t_;                                                                       \
        EXPECT_CALL(t_ = nn_csv_parse(nn, text, strlen(text), options), code, message);    \
        CHECK(t_.rows == 0 && t_.cols == 0 && !t_.data && t_.ctx == nn);                   \
    } while (0)

static void csv(void)
{
    const nn_csv_options header = {1, 0, NN_MISSING_ERROR, 0};
    start();
    EXPECT_CALL(nn_csv_parse(nn, NULL, 3, plain), ARG, "nn_csv_parse: text is NULL");
    EXPECT_CALL(nn_vocab_parse(nn, NULL, 3), ARG, "nn_vocab_parse: text is NULL");
    EXPECT_CALL(nn_csv_load(nn, NULL, plain), ARG, "nn_csv_load: path is NULL");
    EXPECT_CALL(nn_csv_load(nn, "no/such/file.csv", plain), NN_ERROR_IO,
                "nn_csv_load: no/such/file.csv: cannot be opened: No such file or directory");
    CSV("", plain, NN_ERROR_FORMAT, "nn_csv_parse: text: no data");
    CSV("\n\n", plain, NN_ERROR_FORMAT, "nn_csv_parse: text: no data");
    CSV("a,b\n", header, NN_ERROR_FORMAT, "nn_csv_parse: text: no data");
    CSV("1,2\n3\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 2, column 1: this line has fewer fields than the first");
    CSV("1,2\n3,4,5\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 2, column 3: this line has more fields than the first");
    CSV("1,2\n3,x\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 2, column 2: \"x\" is not a number (a category? "
        "options.categories = 1)");
    CSV("1,2\r\n\r\n3,0x10\r\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 3, column 2: \"0x10\" is not a number (a category? "
        "options.categories = 1)");
    CSV("width,height\n1,2\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 1, column 1: \"width\" "
        "is not a number (a header? options.header = 1; or a category? options.categories = 1)");
    CSV("w,h\n1;2\n", header, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 2, column 1: \"1;2\" is not a "
        "number (options.delimiter sets another delimiter)");
    CSV("1,2\n,4\n", plain, NN_ERROR_FORMAT, "nn_csv_parse: text: line 2, column 1: the value is "
        "missing (options.missing = NN_MISSING_NAN accepts that)");
    CSV("1,\"2\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 1, column 2: the quote is not closed");
    CSV("1,\"2\"\"", plain, NN_ERROR_FORMAT, /* the last two are one quote inside the field */
        "nn_csv_parse: text: line 1, column 2: the quote is not closed");
    CSV("1,\"", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 1, column 2: the quote is not closed");
    CSV("\"1\"2,3\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 1, column 1: text behind the closing quote");
    CSV("\"1\n\",2\n3,x\n", header, NN_ERROR_FORMAT, /* a line end inside quotes is one, too */
        "nn_csv_parse: text: line 3, column 2: \"x\" is not a number (a category? "
        "options.categories = 1)");
    CSV("1\n1e999\n", plain, NN_ERROR_FORMAT,
        "nn_csv_parse: text: line 2, column 1: the number is too large");
    CSV("a,b\n1,2,3\n", header, NN_ERROR_FORMAT, "nn_csv_parse: text: the header has 2 fields "
        "(\"a\", ..), the data have 1 rows of 3");
    EXPECT_CALL(nn_csv_parse(nn, "1,2\0003", 5, plain), NN_ERROR_FORMAT,
                "nn_csv_parse: text: line 1, column 2: a byte of value 0");
    static char wide[5000];
    memset(wide, '1', sizeof wide - 1);
    CSV(wide, plain, NN_ERROR_LIMIT,
        "nn_csv_parse: text: line 1, column 1: the field is longer than 4095 bytes");

    const char *path = "test_errors.tmp"; /* the same with the name of a file */
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (file) {
        fputs("1,2\n3,x\n", file);
        fclose(file);
        EXPECT_CALL(nn_csv_load(nn, path, plain), NN_ERROR_FORMAT,
                    "nn_csv_load: test_errors.tmp: line 2, column 2: \"x\" is not a number (a "
                    "category? options.categories = 1)");
        EXPECT_CALL(nn_idx_load(nn, path), NN_ERROR_FORMAT,
                    "nn_idx_load: test_errors.tmp: offset 0: not an IDX file");
        remove(path);
    }
#if HAVE_FORK /* a directory can be opened there, but not read */
    EXPECT_CALL(nn_csv_load(nn, "tests", plain), NN_ERROR_IO,
                "nn_csv_load: tests: reading failed after 0 bytes");
#endif
    stop();
}

#define IDX(code, message, ...)                                                              \
    do {                                                                                     \
        static const unsigned char b_[] = {__VA_ARGS__};                                     \
        nn_idx a_;                                                                           \
        EXPECT_CALL(a_ = nn_idx_parse(nn, b_, sizeof b_), code, "nn_idx_parse: bytes: " message); \
        CHECK(a_.size == 0 && !a_.bytes && a_.shape.ndim == 0 && a_.ctx == nn);              \
    } while (0)

static void idx(void)
{
    start();
    EXPECT_CALL(nn_idx_parse(nn, NULL, 3), ARG, "nn_idx_parse: bytes is NULL");
    EXPECT_CALL(nn_idx_load(nn, NULL), ARG, "nn_idx_load: path is NULL");
    EXPECT_CALL(nn_idx_load(nn, "no/such/file"), NN_ERROR_IO,
                "nn_idx_load: no/such/file: cannot be opened: No such file or directory");
    IDX(NN_ERROR_FORMAT, "is compressed: gunzip it first (zcat FILE.gz > FILE)", 0x1f, 0x8b, 8, 0);
    IDX(NN_ERROR_FORMAT, "offset 0: not an IDX file", 0, 0, 8);
    IDX(NN_ERROR_FORMAT, "is a zip archive: unzip it first", 'P', 'K', 3, 4);
    IDX(NN_ERROR_FORMAT, "offset 2: unknown type 0x07", 0, 0, 7, 1, 0, 0, 0, 1, 0);
    IDX(NN_ERROR_FORMAT, "offset 2: unknown type 0x0a", 0, 0, 10, 1, 0, 0, 0, 1, 0);
    IDX(NN_ERROR_LIMIT, "offset 3: 0 dimensions, not 1 to 4", 0, 0, 8, 0);
    IDX(NN_ERROR_LIMIT, "offset 3: 5 dimensions, not 1 to 4", 0, 0, 8, 5);
    IDX(NN_ERROR_FORMAT, "offset 4: the header is cut off", 0, 0, 8, 1, 0, 0, 0);
    IDX(NN_ERROR_FORMAT, "offset 8: the header is cut off", 0, 0, 8, 2, 0, 0, 0, 1);
    IDX(NN_ERROR_FORMAT, "offset 4: dimension 0 is 0", 0, 0, 8, 1, 0, 0, 0, 0);
    IDX(NN_ERROR_LIMIT, "offset 4: dimension 0 is 4294967295", 0, 0, 8, 1, 255, 255, 255, 255);
    IDX(NN_ERROR_FORMAT, "[3] announces 3 bytes of data, there are 2", 0, 0, 8, 1, 0, 0, 0, 3, 1,
        2);
    IDX(NN_ERROR_FORMAT, "[1] announces 1 bytes of data, there are 2", 0, 0, 8, 1, 0, 0, 0, 1, 1,
        2);
    IDX(NN_ERROR_FORMAT, "[1] announces 8 bytes of data, there are 4", 0, 0, 14, 1, 0, 0, 0, 1, 1,
        2, 3, 4);
    stop();
}

static const unsigned char pictures[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0,
                                         0, 1, 0, 0, 0, 2, 1, 2, 3, 4};
static const unsigned char classes[] = {0, 0, 8, 1, 0, 0, 0, 2, 1, 0};
static const unsigned char three[] = {0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1};

static void data_sets(void)
{
    static const char text[] = "1,2,0\n3,4,1\n5,6,0\n", half[] = "1,0\n2,1.5\n",
                      wide[] = "1,2\n3,4\n";
    start();
    nn_table t = nn_csv_parse(nn, text, strlen(text), plain);
    nn_table odd = nn_csv_parse(nn, half, strlen(half), plain), none = {0};
    nn_dataset d, all = nn_dataset_classes(&t, -1);
    nn_dataset numbers = nn_dataset_targets(&t, -1), nothing = {0}, train, test;
    CHECK(all.n == 3 && all.classes == 2 && numbers.n == 3);
    EXPECT_CALL(d = nn_dataset_classes(&t, 3), ARG,
                "nn_dataset_classes: there is no column 3 (0 to 2, or -1 for the last)");
    CHECK(d.n == 0 && !d.x && !d.label);
    EXPECT_CALL(d = nn_dataset_classes(&t, -4), ARG,
                "nn_dataset_classes: there is no column -4 (0 to 2, or -1 for the last)");
    EXPECT_CALL(d = nn_dataset_targets(&t, 3), ARG,
                "nn_dataset_targets: there is no column 3 (0 to 2, or -1 for the last)");
    CHECK(d.n == 0 && !d.x && !d.target);
    EXPECT_CALL(d = nn_dataset_classes(&odd, 1), NN_ERROR_FORMAT,
                "nn_dataset_classes: row 1: column 1 is 1.5, not "
                "a class: classes are whole numbers from 0");
    CHECK(d.n == 0 && !d.x && !d.label);
    none.ctx = nn; /* what a failed reading returns */
    EXPECT_CALL(nn_dataset_classes(&none, -1), ARG, "nn_dataset_classes: the table is empty");
    nn_table one_column = nn_csv_parse(nn, "1\n2\n", 4, plain);
    EXPECT_CALL(nn_dataset_targets(&one_column, 0), ARG,
                "nn_dataset_targets: the table has one column: no features are left");

    nn_idx images = nn_idx_parse(nn, pictures, sizeof pictures);
    nn_idx labels = nn_idx_parse(nn, classes, sizeof classes);
    nn_idx more = nn_idx_parse(nn, three, sizeof three);
    CHECK_INT(nn_dataset_idx(&images, &labels).n, 2);
    EXPECT_CALL(nn_dataset_idx(&labels, &images), NN_ERROR_FORMAT,
                "nn_dataset_idx: images should be [N, H, W], "
                "not [2] (are these the labels?)");
    EXPECT_CALL(nn_dataset_idx(&images, &more), NN_ERROR_FORMAT,
                "nn_dataset_idx: images are [2, 1, 2], labels [3]");
    EXPECT_CALL(nn_dataset_idx(&images, &images), NN_ERROR_FORMAT,
                "nn_dataset_idx: images are [2, 1, 2], labels [2, 1, 2] (are these images?)");
    EXPECT_CALL(nn_dataset_idx(&images, NULL), ARG, "nn_dataset_idx: labels is NULL");
    nn_idx other_type = images;
    other_type.type = 0x0d;
    EXPECT_CALL(nn_dataset_idx(&other_type, &labels), NN_ERROR_UNSUPPORTED,
                "nn_dataset_idx: images are of type 0x0d, not bytes (0x08)");
    static const unsigned char minus[] = {0, 0, 9, 1, 0, 0, 0, 2, 0, 251};
    nn_idx below = nn_idx_parse(nn, minus, sizeof minus);
    EXPECT_CALL(d = nn_dataset_idx(&images, &below), NN_ERROR_FORMAT,
                "nn_dataset_idx: label 1 is -5, not a class: "
                "classes are whole numbers from 0");
    CHECK(d.n == 0 && !d.bytes && !d.label);

    nothing.ctx = nn;
    EXPECT_CALL(nn_split(&all, 0, &train, &test), ARG,
                "nn_split: fraction is 0, not between 0 and 1");
    CHECK(train.n == 0 && test.n == 0);
    EXPECT_CALL(nn_split(&all, 1, &train, &test), ARG,
                "nn_split: fraction is 1, not between 0 and 1");
    EXPECT_CALL(nn_split(&all, (double)NAN, &train, &test), ARG,
                "nn_split: fraction is nan, not between 0 and 1");
    EXPECT_CALL(nn_split(&nothing, 0.5, &train, &test), ARG,
                "nn_split: there are 0 samples");
    nn_dataset few = all;
    int few_labels[3] = {0, 1, 9};
    few.n = 3, few.label = NULL;
    EXPECT_CALL(nn_split_stratified(&few, 0.5, &train, &test), ARG,
                "nn_split_stratified: the samples have no labels");
    few.label = few_labels, few.classes = 3;
    EXPECT_CALL(nn_split_stratified(&few, 0.5, &train, &test), ARG,
                "nn_split_stratified: labels[2] is 9, but there are 3 classes (0 to 2, or -1 for "
                "none)");
    few_labels[2] = 2;
    EXPECT_CALL(nn_split_stratified(&few, 0.5, &train, &test), ARG,
                "nn_split_stratified: no class has two samples");
    CHECK(train.n == 0 && test.n == 0);

    nn_dataset bytes = nn_dataset_idx(&images, &labels);
    nn_scaler s = nn_scaler_fit(&all), failed_scaler;
    EXPECT_CALL(failed_scaler = nn_scaler_fit(&bytes), ARG,
                "nn_scaler_fit: the samples are bytes, which nn_batch_x divides by 255");
    EXPECT_CALL(nn_scaler_fit(&nothing), ARG,
                "nn_scaler_fit: there are no samples");
    nn_table narrow = nn_csv_parse(nn, wide, strlen(wide), plain);
    nn_dataset one = nn_dataset_classes(&narrow, 1);
    EXPECT_CALL(nn_scaler_apply(&s, &one), SHAPE,
                "nn_scaler_apply: the scaler is for 2 features, the data has 1");
    EXPECT_CALL(nn_scaler_apply(&s, &bytes), ARG,
                "nn_scaler_apply: the samples are bytes, which nn_batch_x divides by 255");
    EXPECT_CALL(nn_scaler_apply(&s, NULL), SHAPE,
                "nn_scaler_apply: the scaler is for 2 features, the data has 0");
    EXPECT_CALL(nn_scaler_apply(&failed_scaler, &all), SHAPE,
                "nn_scaler_apply: the scaler is for 0 features, the data has 2");

    EXPECT(nn_dataset_x(&nothing), ARG, "nn_dataset_x: there is no batch of 0 samples of []");
    EXPECT(nn_dataset_target(&all), ARG,
           "nn_dataset_target: the data set has labels, not targets");
    CHECK(nn_dataset_x(&all)->size == 6 && nn_dataset_target(&numbers)->size == 3);
    stop();
}

static void batches(void)
{
    static const char text[] = "1,2,0\n3,4,1\n5,6,0\n";
    start();
    nn_table t = nn_csv_parse(nn, text, strlen(text), plain);
    nn_dataset all = nn_dataset_classes(&t, -1), nothing = {0};
    nothing.ctx = nn;
    nn_batches b, ok = nn_batches_new(&all, 2, 1);
    EXPECT_CALL(b = nn_batches_new(&all, 0, 1), ARG,
                "nn_batches_new: no batches of 0 from 3 samples");
    CHECK(nn_next_batch(&b) == 0);
    nn_error_clear(nn);
    EXPECT(nn_batch_x(&b), ARG, "nn_batch_x: there is no batch: call nn_next_batch first");
    EXPECT_CALL(nn_batches_new(&all, -2, 1), ARG,
                "nn_batches_new: no batches of -2 from 3 samples");
    EXPECT_CALL(nn_batches_new(&nothing, 2, 1), ARG,
                "nn_batches_new: no batches of 2 from 0 samples");
    EXPECT(nn_batch_x(&ok), ARG, "nn_batch_x: there is no batch: call nn_next_batch first");
    EXPECT(nn_batch_target(&ok), ARG,
           "nn_batch_target: there is no batch: call nn_next_batch first");
    CHECK_INT(nn_next_batch(&ok), 2);
    EXPECT(nn_batch_target(&ok), ARG, "nn_batch_target: the data set has labels, not targets");
    nn_tensor *x = nn_batch_x(&ok);
    CHECK(x->size == 4);
    CHECK(nn_next_batch(&ok) == 1 && nn_next_batch(&ok) == 0);
    EXPECT(nn_batch_x(&ok), ARG, "nn_batch_x: there is no batch: call nn_next_batch first");
    stop();
}

/* ---- without memory ---- */

static void memory(void)
{
    start();
    no_memory = 1;
    CHECK(nn_create_user(1, &no_memory) == NULL);
    CHECK(!nn_ok(NULL));
    CHECK_STR(nn_error(NULL), "no context: nn_create failed");
    CHECK_INT(nn_error_code(NULL), NN_ERROR_MEMORY);
    EXPECT(nn_full(nn, nn_shape1(1 << 20), 0), NN_ERROR_MEMORY,
           say("nn.h: no memory for %zu bytes",
               sizeof(nn_block) + NN__ALIGN + (sizeof(nn_real) << 20)));
    no_memory = 0;
    CHECK(nn_full(nn, nn_shape1(1 << 20), 0)->size == 1 << 20);
    before(); /* more than there are addresses */
    CHECK(nn__alloc(nn, &nn->keep, SIZE_MAX / 8, sizeof(double), 0) == NULL);
    CHECK_STR(heard.message,
              say("somewhere_else.c:1: nn.h: %zu elements of 8 bytes are too many", SIZE_MAX / 8));
    CHECK_INT(heard.code, NN_ERROR_LIMIT);
    nn_error_clear(nn);
    CHECK(nn__scratch(nn, SIZE_MAX / 4) == NULL && nn_error_code(nn) == NN_ERROR_LIMIT);
    stop();
}

/* ---- files and data after an error, and without enough memory ---- */

static struct { /* what the calls below are given */
    nn_table table;
    nn_idx images, labels;
    nn_dataset data, targets, train, test;
    nn_scaler scaler;
    nn_batches b, b_targets;
    nn_vocab vocab;
    nn_model *model;
    nn_optimizer *opt;
    char text[1200], bytes[8192];
    int ids[200];
    size_t saved;
} give;

static void prepare(void)
{
    static const unsigned char images[] = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 7, 8, 9};
    static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 1};
    static const char table[] = "a,b\n1,0\n2,0\n3,1\n4,1\n";
    const nn_csv_options header = {1, 0, NN_MISSING_ERROR, 1};
    char *p = give.text;
    start();
    for (int i = 0; i < 200; i++) p += sprintf(p, "%c%d ", 'a' + i % 26, i), give.ids[i] = i % 9;
    give.table = nn_csv_parse(nn, table, strlen(table), header);
    give.images = nn_idx_parse(nn, images, sizeof images);
    give.labels = nn_idx_parse(nn, labels, sizeof labels);
    give.data = nn_dataset_classes(&give.table, -1);
    give.targets = nn_dataset_targets(&give.table, -1);
    give.scaler = nn_scaler_fit(&give.data);
    give.b = nn_batches_new(&give.data, 3, 1);
    give.b_targets = nn_batches_new(&give.targets, 3, 1);
    nn_next_batch(&give.b), nn_next_batch(&give.b_targets);
    give.vocab = nn_vocab_new(nn, NN_WORDS, give.text, 100, 0);
    give.model = nn_model_new(nn);
    nn_linear_new(give.model, "fc", 9, 7);
    nn_set_grad_enabled(nn, 0);
    give.opt = nn_adam(give.model, (nn_real)0.1);
    give.saved = nn_save_memory(give.model, give.bytes, sizeof give.bytes);
    CHECK(nn_ok(nn));
}

#define SAVED "build/test_errors.tmp" /* a checkpoint; SAVED ".w": what is written */

static size_t from_bytes(void *user, void *to, size_t n)
{
    size_t *const at = (size_t *)user;
    if (n > give.saved - *at) n = give.saved - *at;
    memcpy(to, give.bytes + *at, n);
    *at += n;
    return n;
}

/* Call i of the list: 1 if it gave what it should, 0 if something empty and harmless. */
enum { DATA_CALLS = 34 };
static int data_call(int i)
{
    const nn_csv_options all_words = {1, 0, NN_MISSING_ERROR, 1};
    static const char csv[] = "2,1,no,yes\nx,1\ny,2\n", words[] = "words 3\n<unk>\na\nb\n";
    static const char no_name[] = "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0\n";
    nn_batches b = give.b;
    nn_dataset copy = give.data;
    nn_real *const x = copy.x;
    size_t at = 0;
    int n = -1;
    switch (i) {
    case 0: return nn_vocab_new(nn, NN_WORDS, give.text, strlen(give.text), 0).n == 201;
    case 1: return nn_vocab_encode(&give.vocab, give.text, 200, &n) ? n > 40 : 0;
    case 2: return nn_vocab_decode(&give.vocab, give.ids, 200).size > 200;
    case 3: return nn_vocab_parse(nn, words, strlen(words)).n == 3;
    case 4: return nn_csv_parse(nn, csv, strlen(csv), all_words).classes == 2;
    case 5: return nn_csv_parse(nn, no_name, strlen(no_name), plain).cols == 20;
    case 6: return nn_csv_load(nn, "examples/data/iris.csv", all_words).rows == 150;
    case 7: return nn_text_load(nn, "examples/data/iris.csv").size > 2000;
    case 8: return nn_idx_parse(nn, give.labels.bytes - 8, 11).size == 3;
    case 9: return nn_idx_load(nn, "examples/data/fashion-t10k-200-labels-idx1-ubyte").size == 200;
    case 10: return nn_dataset_classes(&give.table, -1).n == 4;
    case 11: return nn_dataset_targets(&give.table, -1).n == 4;
    case 12: return nn_dataset_idx(&give.images, &give.labels).n == 3;
    case 13: nn_split(&give.data, 0.5, &give.train, &give.test);
             CHECK(!give.train.n == !give.test.n); /* both or none */
             return give.test.n == 2;
    case 14: nn_split_stratified(&give.data, 0.5, &give.train, &give.test);
             return give.train.n == 2 && give.test.n == 2;
    case 15: return nn_scaler_fit(&give.data).size == 1;
    case 16: { const nn_real before_it = x[0];
             nn_scaler_apply(&give.scaler, &copy);
             const int changed = x[0] != before_it;
             for (int k = 0; k < 4; k++) x[k] = (nn_real)(k + 1);
             return changed; }
    case 17: return nn_batches_new(&give.data, 3, 1).order != NULL;
    case 18: b.next = 0; return nn_next_batch(&b) == 3;
    case 19: return nn_batch_x(&give.b)->size == 3;
    case 20: return nn_batch_target(&give.b_targets)->size == 3;
    case 21: return nn_dataset_x(&give.data)->size == 4;
    case 22: return nn_dataset_target(&give.targets)->size == 4;
    case 23: return nn_table_stats(&give.table, 0).mean == 2.5;
    case 24: return nn_load_memory(give.model, give.bytes, give.saved);
    case 25: return nn_save_memory(give.model, NULL, 0) == give.saved;
    case 26: return nn_save(give.model, SAVED ".w");
    case 27: return nn_vocab_save(&give.vocab, SAVED ".w");
    case 28: return nn_vocab_load(nn, SAVED ".w").n == give.vocab.n;
    case 29: return nn_export_c(give.model, SAVED ".w", "net");
    case 30: return nn_checkpoint_save(give.opt, &give.b, SAVED);
    case 31: return nn_checkpoint_load(give.opt, &give.b, SAVED);
    case 32: return nn_load_partial(give.model, SAVED) == 2;
    default: return nn_load_reader(give.model, (nn_reader){from_bytes, &at});
    }
}

/* Each call works; after an error it does nothing, and the error remains the same. */
static void after_an_error(void)
{
    prepare();
    for (int i = 0; i < DATA_CALLS; i++) {
        if (!test_check(data_call(i) == 1 && nn_ok(nn), __FILE__, __LINE__))
            printf("call %d: %s\n", i, nn_error(nn));
        nn_error_clear(nn);
        nn_fail(nn, NN_ERROR_IO, "test", "the first of all");
        calls++;
        if (!test_check(data_call(i) == 0, __FILE__, __LINE__)) printf("call %d\n", i);
        CHECK(nn_error_code(nn) == NN_ERROR_IO && strstr(nn_error(nn), "test: the first of all"));
        nn_error_clear(nn);
    }
    stop();
}

/* From now on there are this many bytes left in an arena. */
static void leave(nn_arena *arena, size_t bytes)
{
    nn__alloc(nn, arena, (size_t)4 * NN__BLOCK, 1, 0);
    arena->current->used = arena->current->size - bytes;
}

/* The same calls with a little memory: what they give is whole or nothing, and then the error is
 * that of no memory; with memory they work again. */
static void little_memory(void)
{
    int refused = 0;
    for (int i = 0; i < DATA_CALLS; i++)
        for (int met = 0; met < 4; met++)
            for (size_t bytes = 0; bytes <= 1280; bytes += NN__ALIGN) {
                prepare();
                leave(&nn->keep, bytes);
                leave(&nn->graph, bytes);
                no_memory = 1 + met;
                const int got = data_call(i);
                no_memory = 0;
                calls++;
                const nn_code code = nn_error_code(nn);
                refused += code == NN_ERROR_MEMORY;
                const int good = got ? code == NN_OK : code == NN_ERROR_MEMORY;
                if (!test_check(good, __FILE__, __LINE__))
                    printf("call %d, %d requests met, %d bytes: %d, %s\n", i, met, (int)bytes, got,
                           nn_error(nn));
                nn_error_clear(nn);
                CHECK(data_call(i) == 1 && nn_ok(nn));
                stop();
            }
    CHECK(refused > 500);
    remove(SAVED), remove(SAVED ".w");
}

/* ---- default handler: in a child, for it may abort ---- */

static void own_handler(void *user, nn_code code, const char *message)
{
    (void)code, (void)message;
    *(int *)user += 1;
}

static void handlers(void)
{
    int mine = 0;
    start();
    nn_on_error(nn, own_handler, &mine);
    nn_matmul(x23, x23);
    nn_matmul(x23, x23);
    CHECK_INT(mine, 1);
    nn_error_clear(nn);
    nn_matmul(x23, x23);
    CHECK_INT(mine, 2);
    nn_error_clear(nn);
    CHECK(nn_fail(nn, NN_ERROR_IO, "mine", "%d of %s", 3, "these") == &nn->failed);
    CHECK(strstr(nn_error(nn), ": mine: 3 of these") != NULL);
    nn_error_clear(nn);
    char word[700]; /* a message is cut where its room ends, wherever that is */
    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = 0;
    nn_fail(nn, NN_ERROR_IO, "mine", "%s and more", word);
    CHECK_INT(strlen(nn_error(nn)), sizeof nn->message - 1);
    CHECK(strstr(nn_error(nn), ": mine: www") && nn_error(nn)[sizeof nn->message - 2] == 'w');
    nn_error_clear(nn);
    nn_fail(nn, NN_ERROR_IO, word, "and more");
    CHECK_INT(strlen(nn_error(nn)), sizeof nn->message - 1);
    nn_error_clear(nn);
    nn->file = word;
    nn_fail(nn, NN_ERROR_IO, "mine", "and more");
    CHECK_INT(strlen(nn_error(nn)), sizeof nn->message - 1);
    CHECK(strncmp(nn_error(nn), word, sizeof nn->message - 1) == 0);
    nn->file = NULL;
    nn_error_clear(nn);
    const nn_shape five = {5, {1, 2, 3, 4}};
    CHECK_STR(nn_shape_text(nn, five), "[1, 2, 3, 4]"); /* as much as there is */
    stop();
}

#if HAVE_FORK

/* Runs f(i) in a child without handler; what it printed to stderr in `out`; its wait status. */
static int in_child(void (*f)(int i), int i, char *out, size_t size)
{
    int fd[2], status = 0;
    size_t n = 0;
    fflush(stdout);
    if (pipe(fd) != 0) return -1;
    pid_t child = fork();
    if (child == 0) {
        close(fd[0]);
        dup2(fd[1], 2);
        if (!freopen("/dev/null", "w", stdout)) _exit(9);
        nn_on_error(nn, NULL, NULL);
        alarm(2); /* an endless loop is a crash, too */
        f(i);
        _exit(0);
    }
    close(fd[1]);
    for (ssize_t got; n + 1 < size && (got = read(fd[0], out + n, size - 1 - n)) > 0;)
        n += (size_t)got;
    close(fd[0]);
    out[n] = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return -1;
    calls++;
    return status;
}

static int aborted(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; }
static int ended(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

static void wrong_matmul(int i)
{
    (void)i;
    nn_matmul(nn_full(nn, nn_shape2(32, 784), 0), nn_full(nn, nn_shape2(128, 100), 0));
}
static void no_file(int i)
{
    (void)i;
    nn_csv_load(nn, "no/such/file.csv", plain);
    nn_csv_load(nn, "no/other/file.csv", plain);
    nn_matmul(x23, x23); /* a consequence: silence */
}
static void no_room(int i)
{
    (void)i;
    no_memory = 1;
    nn_full(nn, nn_shape1(1 << 20), 0);
    nn_full(nn, nn_shape1(1 << 20), 0);
}

/* Schedules have no context, and so no handler: they always abort. */
static void wrong_schedule(int i)
{
    if (i == 0) nn_step_lr(-1, 1, 1, 0);
    if (i == 1) nn_step_lr(1, (nn_real)NAN, 1, 0);
    if (i == 2) nn_step_lr(1, 1, 0, 3);
    if (i == 3) nn_exponential_lr(1, 1, -1);
    if (i == 4) nn_cosine_annealing_lr(1, -1, 2, 1);
    if (i == 5) nn_linear_lr(1, 2, 2, 1);
    if (i == 6) nn_cosine_annealing_lr(1, 0, 0, 1);
    if (i == 7) nn_linear_lr(1, 0, -2, 1);
}
static const char *const schedule_messages[] = {
    "nn_step_lr: the learning rate is -1, not 0 or more and finite\n",
    "nn_step_lr: gamma is nan, not 0 or more and finite\n",
    "nn_step_lr: period is 0, below 1\n",
    "nn_exponential_lr: t is -1, below 0\n",
    "nn_cosine_annealing_lr: lr_min is -1, not 0 or more and finite\n",
    "nn_linear_lr: start is 2, above 1\n",
    "nn_cosine_annealing_lr: total is 0, below 1\n",
    "nn_linear_lr: total is -2, below 1\n",
};

static void defaults(void)
{
    char out[1024];
    start();
    for (int i = 0; i < 8; i++) {
        CHECK(aborted(in_child(wrong_schedule, i, out, sizeof out)));
        CHECK_STR(out, schedule_messages[i]);
    }
    CHECK(aborted(in_child(wrong_matmul, 0, out, sizeof out)));
    const char *line = strchr(out, ':');
    CHECK(strncmp(out, __FILE__ ":", sizeof __FILE__) == 0 && atoi(line ? line + 1 : "") > 0);
    CHECK_STR(strstr(out, "nn_") ? strstr(out, "nn_matmul") : "",
              "nn_matmul: inner dimensions differ: x is [32, 784], w is [128, 100]\n");
    CHECK(ended(in_child(no_file, 0, out, sizeof out)));
    CHECK(strncmp(out, __FILE__ ":", sizeof __FILE__) == 0); /* once, and nothing after it */
    CHECK_STR(strstr(out, "nn_") ? strstr(out, "nn_csv") : "",
              "nn_csv_load: no/such/file.csv: cannot be opened: No such file or directory\n");
    CHECK(ended(in_child(no_room, 0, out, sizeof out)));
    CHECK_STR(strstr(out, "nn.h: ") ? strstr(out, "nn.h: ") : "",
              say("nn.h: no memory for %zu bytes\n",
                  sizeof(nn_block) + NN__ALIGN + (sizeof(nn_real) << 20)));
    stop();
}

static nn_dataset *some_data;
static nn_idx some_idx;
static nn_mlp some_mlp;
static nn_batches empty_batches; /* all zero, as a learner's own variable may be */
static nn_dataset empty_data;
static nn_scaler empty_scaler;
static nn_table empty_table;
static nn_mlp empty_mlp;
static nn_linear empty_linear;
static nn_early_stopping empty_stopping;
static nn_batch_norm empty_norm;
static nn_conv2d empty_conv;
static nn_receptive_field empty_field;
static nn_rnn empty_rnn;
static nn_rnn_cell empty_cell;
static nn_rnn_options no_options;
static nn_embedding empty_embedding;
static nn_highway empty_highway;
static const nn_attention_options usual_look;
static const nn_transformer_options usual_layer;
static nn_multihead_attention empty_attention;
static nn_layer_norm empty_layer_norm;
static nn_encoder_layer empty_layer;
static nn_encoder empty_stack;
static nn_additive_attention empty_additive;
static nn_graph_attention empty_graph;
static nn_bpe empty_bpe;
static const nn_tokens no_tokens = {NULL, 0};
static nn_generate_options no_generation;
static const nn_real two_losses[2] = {1, 2};

/* Nothing but NULL: an abort with the name of the function and the word NULL. */
#define ONLY_NULL(X)                                                                              \
    X(nn_clear, nn_clear(NULL))                                                                   \
    X(nn_error_clear, nn_error_clear(NULL))                                                       \
    X(nn_on_error, nn_on_error(NULL, NULL, NULL))                                                 \
    X(nn_on_nan, nn_on_nan(NULL, 1))                                                              \
    X(nn_seed, nn_seed(NULL, 1))                                                                  \
    X(nn_random, nn_random(NULL))                                                                 \
    X(nn_uniform, nn_uniform(NULL, 0, 1))                                                         \
    X(nn_normal, nn_normal(NULL, 0, 1))                                                           \
    X(nn_randint, nn_randint(NULL, 0, 2))                                                         \
    X(nn_shuffle, nn_shuffle(NULL, NULL, 3))                                                      \
    X(nn_randperm, nn_randperm(NULL, NULL, 3))                                                    \
    X(nn_set_training, nn_set_training(NULL, 1))                                                  \
    X(nn_set_grad_enabled, nn_set_grad_enabled(NULL, 1))                                          \
    X(nn_set_retain_grads, nn_set_retain_grads(NULL, 1))                                          \
    X(nn_set_simd, nn_set_simd(NULL, NULL))                                                       \
    X(nn_input, nn_input(NULL, NULL, nn_shape1(1)))                                               \
    X(nn_full, nn_full(NULL, nn_shape1(1), 0))                                                    \
    X(nn_rand, nn_rand(NULL, nn_shape1(1), 0, 1))                                                 \
    X(nn_randn, nn_randn(NULL, nn_shape1(1)))                                                     \
    X(nn_one_hot, nn_one_hot(NULL, NULL, 1, 1))                                                   \
    X(nn_requires_grad, nn_requires_grad(NULL))                                                   \
    X(nn_item, nn_item(NULL))                                                                     \
    X(nn_model_new, nn_model_new(NULL))                                                           \
    X(nn_param, nn_param(NULL, NULL, NULL, nn_shape1(1)))                                         \
    X(nn_model_get, nn_model_get(NULL, NULL))                                                     \
    X(nn_model_set, nn_model_set(NULL, NULL))                                                     \
    X(nn_zero_grad, nn_zero_grad(NULL))                                                           \
    X(nn_add, nn_add(NULL, NULL))                                                                 \
    X(nn_sub, nn_sub(NULL, NULL))                                                                 \
    X(nn_mul, nn_mul(NULL, NULL))                                                                 \
    X(nn_div, nn_div(NULL, NULL))                                                                 \
    X(nn_scale, nn_scale(NULL, 1))                                                                \
    X(nn_exp, nn_exp(NULL))                                                                       \
    X(nn_log, nn_log(NULL))                                                                       \
    X(nn_sqrt, nn_sqrt(NULL))                                                                     \
    X(nn_square, nn_square(NULL))                                                                 \
    X(nn_sin, nn_sin(NULL))                                                                       \
    X(nn_cos, nn_cos(NULL))                                                                       \
    X(nn_matmul, nn_matmul(NULL, NULL))                                                           \
    X(nn_transpose, nn_transpose(NULL, 0, 1))                                                     \
    X(nn_reshape, nn_reshape(NULL, nn_shape1(1)))                                                 \
    X(nn_slice, nn_slice(NULL, 0, 0, 1))                                                          \
    X(nn_concat, nn_concat(0, 2, NULL))                                                           \
    X(nn_sum, nn_sum(NULL))                                                                       \
    X(nn_mean, nn_mean(NULL))                                                                     \
    X(nn_max, nn_max(NULL))                                                                       \
    X(nn_sum_axis, nn_sum_axis(NULL, 0))                                                          \
    X(nn_mean_axis, nn_mean_axis(NULL, 0))                                                        \
    X(nn_max_axis, nn_max_axis(NULL, 0))                                                          \
    X(nn_argmax, nn_argmax(NULL, NULL))                                                           \
    X(nn_linear_new, nn_linear_new(NULL, NULL, 1, 1))                                             \
    X(nn_linear_forward, nn_linear_forward(NULL, NULL))                                           \
    X(nn_neuron, nn_neuron(NULL, NULL, 3, 0))                                                     \
    X(nn_print_layers, nn_print_layers(NULL, 3))                                                  \
    X(nn_lif_step, nn_lif_step(NULL, 1, 1))                                                       \
    X(nn_perceptron_forward, nn_perceptron_forward(NULL, NULL))                                   \
    X(nn_perceptron_distance, nn_perceptron_distance(NULL, NULL))                                 \
    X(nn_perceptron_boundary, nn_perceptron_boundary(NULL, NULL, NULL))                           \
    X(nn_hebb, nn_hebb(NULL, NULL, 1, 1, 1))                                                      \
    X(nn_oja, nn_oja(NULL, NULL, 1, 1, 1))                                                        \
    X(nn_boolean_new, nn_boolean_new(NULL, NULL, 2))                                              \
    X(nn_boolean_forward, nn_boolean_forward(NULL, NULL))                                         \
    X(nn_separable, nn_separable(NULL, NULL, NULL, 1, NULL))                                      \
    X(nn_sigmoid, nn_sigmoid(NULL))                                                               \
    X(nn_tanh, nn_tanh(NULL))                                                                     \
    X(nn_relu, nn_relu(NULL))                                                                     \
    X(nn_leaky_relu, nn_leaky_relu(NULL, 0))                                                      \
    X(nn_heaviside, nn_heaviside(NULL))                                                           \
    X(nn_sigmoid_temperature, nn_sigmoid_temperature(NULL, 1))                                    \
    X(nn_stochastic_binary, nn_stochastic_binary(NULL))                                           \
    X(nn_elu, nn_elu(NULL, 1))                                                                    \
    X(nn_gelu, nn_gelu(NULL))                                                                     \
    X(nn_gelu_tanh, nn_gelu_tanh(NULL))                                                           \
    X(nn_softmax, nn_softmax(NULL))                                                               \
    X(nn_log_softmax, nn_log_softmax(NULL))                                                       \
    X(nn_activate, nn_activate(NULL, NN_RELU))                                                    \
    X(nn_sgd, nn_sgd(NULL, 1))                                                                    \
    X(nn_momentum, nn_momentum(NULL, 1, 0))                                                       \
    X(nn_nesterov, nn_nesterov(NULL, 1, 0))                                                       \
    X(nn_adagrad, nn_adagrad(NULL, 1))                                                            \
    X(nn_rmsprop, nn_rmsprop(NULL, 1))                                                            \
    X(nn_adam, nn_adam(NULL, 1))                                                                  \
    X(nn_adamw, nn_adamw(NULL, 1, 0))                                                             \
    X(nn_step, nn_step(NULL))                                                                     \
    X(nn_backward, nn_backward(NULL))                                                             \
    X(nn_detach, nn_detach(NULL))                                                                 \
    X(nn_gradcheck, nn_gradcheck(NULL, NULL, NULL, 1))                                            \
    X(nn_mlp_new, nn_mlp_new(NULL, NULL, NULL, 2, NN_RELU, NN_SOFTMAX))                           \
    X(nn_mlp_forward, nn_mlp_forward(NULL, NULL, 1))                                              \
    X(nn_mlp_backward, nn_mlp_backward(NULL, NULL))                                               \
    X(nn_mse, nn_mse(NULL, NULL))                                                                 \
    X(nn_bce_with_logits, nn_bce_with_logits(NULL, NULL))                                         \
    X(nn_cross_entropy, nn_cross_entropy(NULL, NULL))                                             \
    X(nn_set_reduction, nn_set_reduction(NULL, 0))                                                \
    X(nn_mae, nn_mae(NULL, NULL))                                                                 \
    X(nn_huber, nn_huber(NULL, NULL, 1))                                                          \
    X(nn_hinge, nn_hinge(NULL, NULL))                                                             \
    X(nn_cross_entropy_weighted, nn_cross_entropy_weighted(NULL, NULL, NULL, 0))                  \
    X(nn_cross_entropy_soft, nn_cross_entropy_soft(NULL, NULL))                                   \
    X(nn_entropy, nn_entropy(NULL))                                                               \
    X(nn_kl_div, nn_kl_div(NULL, NULL))                                                           \
    X(nn_multiclass_hinge, nn_multiclass_hinge(NULL, NULL))                                       \
    X(nn_triplet, nn_triplet(NULL, NULL, NULL, 1))                                                \
    X(nn_contrastive, nn_contrastive(NULL, NULL, NULL, 1))                                        \
    X(nn_ctc, nn_ctc(NULL, NULL, NULL, 1, 0))                                                     \
    X(nn_ctc_decode, nn_ctc_decode(NULL, NULL, 0, 0, NULL))                                       \
    X(nn_count_correct, nn_count_correct(NULL, NULL))                                             \
    X(nn_l2_penalty, nn_l2_penalty(NULL, 1))                                                      \
    X(nn_l1_penalty, nn_l1_penalty(NULL, 1))                                                      \
    X(nn_soft_threshold, nn_soft_threshold(NULL, 1))                                              \
    X(nn_dropout, nn_dropout(NULL, 0))                                                            \
    X(nn_dropout_standard, nn_dropout_standard(NULL, 0))                                          \
    X(nn_noise, nn_noise(NULL, 0))                                                                \
    X(nn_salt_and_pepper, nn_salt_and_pepper(NULL, 0, 0, 1))                                      \
    X(nn_early_stopping_new, nn_early_stopping_new(NULL, 1, 0))                                   \
    X(nn_early_stop, nn_early_stop(NULL, 1))                                                      \
    X(nn_prechelt_criteria, nn_prechelt_criteria(NULL, NULL, 1, 1))                               \
    X(nn_one_standard_error, nn_one_standard_error(NULL, 1, 2))                                   \
    X(nn_buffer, nn_buffer(NULL, NULL, NULL, nn_shape1(1)))                                       \
    X(nn_batch_norm_forward, nn_batch_norm_forward(NULL, NULL))                                   \
    X(nn_split_stratified, nn_split_stratified(NULL, 0.5, NULL, NULL))                            \
    X(nn_xavier_uniform, nn_xavier_uniform(NULL, 1))                                              \
    X(nn_xavier_normal, nn_xavier_normal(NULL, 1))                                                \
    X(nn_kaiming_uniform, nn_kaiming_uniform(NULL, 0, NN_FAN_IN))                                 \
    X(nn_kaiming_normal, nn_kaiming_normal(NULL, 0, NN_FAN_IN))                                   \
    X(nn_clip_grad_norm, nn_clip_grad_norm(NULL, 1))                                              \
    X(nn_clip_grad_value, nn_clip_grad_value(NULL, 1))                                            \
    X(nn_diagnose, nn_diagnose(NULL, NULL, 0))                                                    \
    X(nn_diagnose_print, nn_diagnose_print(NULL))                                                 \
    X(nn_vote, nn_vote(NULL, NULL, 1, 1, NULL))                                                   \
    X(nn_bootstrap, nn_bootstrap(NULL, 1, NULL, NULL))                                            \
    X(nn_model_average, nn_model_average(NULL, NULL, 0))                                          \
    X(nn_accuracy, nn_accuracy(NULL, NULL, 1))                                                    \
    X(nn_confusion_matrix, nn_confusion_matrix(NULL, NULL, 1, 1, NULL))                           \
    X(nn_confusion_print, nn_confusion_print(NULL, 1, NULL))                                      \
    X(nn_precision_recall_f1, nn_precision_recall_f1(NULL, 1, 0))                                 \
    X(nn_roc_curve, nn_roc_curve(NULL, NULL, 1, NULL))                                            \
    X(nn_auc, nn_auc(NULL, 1))                                                                    \
    X(nn_average_precision, nn_average_precision(NULL, 1, 0, NN_AP_STEPS))                        \
    X(nn_calibration_error, nn_calibration_error(NULL, NULL, 1, 1, NULL))                         \
    X(nn_regression_scores, nn_regression_scores(NULL, NULL, 1))                                  \
    X(nn_perplexity, nn_perplexity(NULL, 1))                                                      \
    X(nn_bleu_add, nn_bleu_add(NULL, no_tokens, NULL, 1))                                         \
    X(nn_bleu_score, nn_bleu_score(NULL, 4, NN_BLEU_PLAIN))                                       \
    X(nn_rouge_n, nn_rouge_n(no_tokens, NULL, 1, 1))                                              \
    X(nn_rouge_l, nn_rouge_l(NULL, no_tokens, NULL, 1))                                           \
    X(nn_nms, nn_nms(NULL, NULL, 0, 0.5, NULL))                                                   \
    X(nn_detection_match, nn_detection_match(NULL, NULL, 0, NULL, 0, 0.5, NULL))                  \
    X(nn_detection_ap, nn_detection_ap(NULL, NULL, 0, NULL, 0, -1, 0.5, NN_AP_STEPS))             \
    X(nn_evaluate, nn_evaluate(NULL, NULL, NULL, 1, 1, NULL))                                     \
    X(nn_bootstrap_interval, nn_bootstrap_interval(NULL, NULL, NULL, 1, 2, 0.95))                 \
    X(nn_freeze, nn_freeze(NULL, NULL, 1))                                                        \
    X(nn_model_copy, nn_model_copy(NULL, NULL, NULL, NULL))                                       \
    X(nn_conv2d_new, nn_conv2d_new(NULL, NULL, 1, 1, 1, 1, 0))                                    \
    X(nn_conv2d_new_with, nn_conv2d_new_with(NULL, NULL, 1, 1, 1, 1, empty_conv.options))         \
    X(nn_conv1d_new, nn_conv1d_new(NULL, NULL, 1, 1, 1, 1, 0))                                    \
    X(nn_conv_transpose2d_new, nn_conv_transpose2d_new(NULL, NULL, 1, 1, 1, 1, 0))                \
    X(nn_conv2d_forward, nn_conv2d_forward(NULL, NULL))                                           \
    X(nn_conv1d_forward, nn_conv1d_forward(NULL, NULL))                                           \
    X(nn_conv_transpose2d_forward, nn_conv_transpose2d_forward(NULL, NULL))                       \
    X(nn_max_pool2d, nn_max_pool2d(NULL, 1, 0, 0))                                                \
    X(nn_avg_pool2d, nn_avg_pool2d(NULL, 1, 0, 0))                                                \
    X(nn_max_pool1d, nn_max_pool1d(NULL, 1, 0, 0))                                                \
    X(nn_avg_pool1d, nn_avg_pool1d(NULL, 1, 0, 0))                                                \
    X(nn_global_avg_pool2d, nn_global_avg_pool2d(NULL))                                           \
    X(nn_flatten, nn_flatten(NULL))                                                               \
    X(nn_embedding_new, nn_embedding_new(NULL, NULL, 1, 1))                                       \
    X(nn_embedding_forward, nn_embedding_forward(NULL, NULL, 1))                                  \
    X(nn_sample, nn_sample(NULL, 1, NULL))                                                        \
    X(nn_rnn_cell_new, nn_rnn_cell_new(NULL, NULL, 1, 1))                                         \
    X(nn_lstm_cell_new, nn_lstm_cell_new(NULL, NULL, 1, 1))                                       \
    X(nn_gru_cell_new, nn_gru_cell_new(NULL, NULL, 1, 1))                                         \
    X(nn_rnn_new, nn_rnn_new(NULL, NULL, 1, 1))                                                   \
    X(nn_lstm_new, nn_lstm_new(NULL, NULL, 1, 1))                                                 \
    X(nn_gru_new, nn_gru_new(NULL, NULL, 1, 1))                                                   \
    X(nn_rnn_new_with, nn_rnn_new_with(NULL, NULL, 1, 1, no_options))                             \
    X(nn_lstm_new_with, nn_lstm_new_with(NULL, NULL, 1, 1, no_options))                           \
    X(nn_gru_new_with, nn_gru_new_with(NULL, NULL, 1, 1, no_options))                             \
    X(nn_rnn_cell_forward, nn_rnn_cell_forward(NULL, NULL, NULL))                                 \
    X(nn_lstm_cell_forward, nn_lstm_cell_forward(NULL, NULL, NULL, NULL))                         \
    X(nn_gru_cell_forward, nn_gru_cell_forward(NULL, NULL, NULL))                                 \
    X(nn_rnn_forward, nn_rnn_forward(NULL, NULL, NULL, NULL))                                     \
    X(nn_lstm_forward, nn_lstm_forward(NULL, NULL, NULL, NULL, NULL))                             \
    X(nn_gru_forward, nn_gru_forward(NULL, NULL, NULL, NULL))                                     \
    X(nn_highway_new, nn_highway_new(NULL, NULL, 1, NN_RELU, 0))                                  \
    X(nn_highway_forward, nn_highway_forward(NULL, NULL, NULL))                                   \
    X(nn_param, nn_layer_norm_new(NULL, NULL, 1))                                                 \
    X(nn_layer_norm_forward, nn_layer_norm_forward(NULL, NULL))                                   \
    X(nn_attention, nn_attention(NULL, NULL, NULL, usual_look, NULL))                             \
    X(nn_kv_cache_new, nn_kv_cache_new(NULL, 1, 1, 1, 1))                                         \
    X(nn_kv_cache_select, nn_kv_cache_select(NULL, 1, NULL, 1))                                   \
    X(nn_multihead_attention_new, nn_multihead_attention_new(NULL, NULL, 1, 1))                   \
    X(nn_multihead_attention_forward,                                                             \
      nn_multihead_attention_forward(NULL, NULL, NULL, usual_look, NULL))                         \
    X(nn_encoder_layer_new, nn_encoder_layer_new(NULL, NULL, 1, usual_layer))                     \
    X(nn_decoder_layer_new, nn_decoder_layer_new(NULL, NULL, 1, usual_layer))                     \
    X(nn_encoder_layer_forward, nn_encoder_layer_forward(NULL, NULL, usual_look, NULL))           \
    X(nn_decoder_layer_forward,                                                                   \
      nn_decoder_layer_forward(NULL, NULL, NULL, usual_look, usual_look, NULL))                   \
    X(nn_encoder_new, nn_encoder_new(NULL, NULL, 1, 1, usual_layer))                              \
    X(nn_decoder_new, nn_decoder_new(NULL, NULL, 1, 1, usual_layer))                              \
    X(nn_encoder_forward, nn_encoder_forward(NULL, NULL, usual_look, NULL))                       \
    X(nn_decoder_forward, nn_decoder_forward(NULL, NULL, NULL, usual_look, usual_look, NULL))     \
    X(nn_positional_encoding, nn_positional_encoding(NULL, 1, 2))                                 \
    X(nn_masked_softmax, nn_masked_softmax(NULL, NULL))                                           \
    X(nn_additive_attention_new, nn_additive_attention_new(NULL, NULL, 1, 1, 1))                  \
    X(nn_additive_attention_forward,                                                              \
      nn_additive_attention_forward(NULL, NULL, NULL, NULL, NULL, NULL))                          \
    X(nn_graph_attention_new, nn_graph_attention_new(NULL, NULL, 1, 1, 1))                        \
    X(nn_graph_attention_forward, nn_graph_attention_forward(NULL, NULL, NULL, NULL))             \
    X(nn_generate, nn_generate(NULL, NULL, NULL, no_generation, NULL, NULL))                      \
    X(nn_keep_likely, nn_keep_likely(NULL, NULL, 1, 1, 1))                                        \
    X(nn_bpe_train, nn_bpe_train(NULL, NULL, 0, 256))                                             \
    X(nn_bpe_encode, nn_bpe_encode(NULL, NULL, 0, NULL))                                          \
    X(nn_bpe_decode, nn_bpe_decode(NULL, NULL, 0))                                                \
    X(nn_csv_load, nn_csv_load(NULL, NULL, plain))                                                \
    X(nn_csv_parse, nn_csv_parse(NULL, NULL, 0, plain))                                           \
    X(nn_vocab_new, nn_vocab_new(NULL, NN_WORDS, NULL, 0, 0))                                     \
    X(nn_vocab_encode, nn_vocab_encode(NULL, NULL, 0, NULL))                                      \
    X(nn_vocab_decode, nn_vocab_decode(NULL, NULL, 0))                                            \
    X(nn_vocab_parse, nn_vocab_parse(NULL, NULL, 0))                                              \
    X(nn_vocab_load, nn_vocab_load(NULL, NULL))                                                   \
    X(nn_vocab_save, nn_vocab_save(NULL, NULL))                                                   \
    X(nn_text_load, nn_text_load(NULL, NULL))                                                     \
    X(nn_table_stats, nn_table_stats(NULL, 0))                                                    \
    X(nn_save, nn_save(NULL, NULL))                                                               \
    X(nn_save_memory, nn_save_memory(NULL, NULL, 0))                                              \
    X(nn_load, nn_load(NULL, NULL))                                                               \
    X(nn_load_partial, nn_load_partial(NULL, NULL))                                               \
    X(nn_load_memory, nn_load_memory(NULL, NULL, 0))                                              \
    X(nn_load_reader, nn_load_reader(NULL, (nn_reader){0}))                                       \
    X(nn_export_c, nn_export_c(NULL, NULL, NULL))                                                 \
    X(nn_checkpoint_save, nn_checkpoint_save(NULL, NULL, NULL))                                   \
    X(nn_checkpoint_load, nn_checkpoint_load(NULL, NULL, NULL))                                   \
    X(nn_idx_load, nn_idx_load(NULL, NULL))                                                       \
    X(nn_idx_parse, nn_idx_parse(NULL, NULL, 0))                                                  \
    X(nn_dataset_classes, nn_dataset_classes(NULL, 0))                                            \
    X(nn_dataset_targets, nn_dataset_targets(NULL, 0))                                            \
    X(nn_dataset_idx, nn_dataset_idx(NULL, NULL))                                                 \
    X(nn_split, nn_split(NULL, 0.5, NULL, NULL))                                                  \
    X(nn_scaler_fit, nn_scaler_fit(NULL))                                                         \
    X(nn_scaler_apply, nn_scaler_apply(NULL, NULL))                                               \
    X(nn_batches_new, nn_batches_new(NULL, 1, 0))                                                 \
    X(nn_next_batch, nn_next_batch(NULL))                                                         \
    X(nn_batch_x, nn_batch_x(NULL))                                                               \
    X(nn_batch_target, nn_batch_target(NULL))                                                     \
    X(nn_dataset_x, nn_dataset_x(NULL))                                                           \
    X(nn_dataset_target, nn_dataset_target(NULL))                                                 \
    X(nn_op_check, nn_op_check("nn_op_check", NULL, 1))                                           \
    X(nn_fail, nn_fail(NULL, NN_ERROR_IO, "nn_fail", "NULL"))

/* No crash: harmless as documented (NULL is fine, prints NULL), or a message and an abort. */
#define NO_CRASH(X)                                                                               \
    X(nn_destroy, nn_destroy(NULL))                                                               \
    X(nn_ok, nn_ok(NULL))                                                                         \
    X(nn_error, nn_error(NULL))                                                                   \
    X(nn_error_code, nn_error_code(NULL))                                                         \
    X(nn_simd, nn_simd(NULL))                                                                     \
    X(nn_stats, nn_stats(NULL))                                                                   \
    X(nn_print, nn_print(NULL))                                                                   \
    X(nn_print_grad, nn_print_grad(NULL))                                                         \
    X(nn_print, nn_print(failed))                                                                 \
    X(nn_print, nn_print(stale))                                                                  \
    X(nn_model_print, nn_model_print(NULL))                                                       \
    X(nn_model_find, nn_model_find(NULL, "w"))                                                    \
    X(nn_model_find, nn_model_find(net, NULL))                                                    \
    X(nn_model_size, nn_model_size(NULL))                                                         \
    X(nn_progress_show, nn_progress_show(NULL, 1, 2, "half"))                                     \
    X(nn_graph_dot, nn_graph_dot(NULL, stdout))                                                   \
    X(nn_graph_dot, nn_graph_dot(x23, NULL))                                                      \
    X(nn_graph_mermaid, nn_graph_mermaid(NULL, NULL))                                             \
    X(nn_graph_mermaid, nn_graph_mermaid(x23, NULL))                                              \
    X(nn_shuffle, nn_shuffle(nn, NULL, 3))                                                        \
    X(nn_randperm, nn_randperm(nn, NULL, 3))                                                      \
    X(nn_set_simd, nn_set_simd(nn, NULL))                                                         \
    X(nn_argmax, nn_argmax(x23, NULL))                                                            \
    X(nn_op_check, nn_op_check("nn_op_check", NULL, 0))                                           \
    X(nn_op_failed, nn_op_failed(NULL, 1))                                                        \
    X(nn_op_new, nn_op_new("nn_op_new", nn_shape1(1), NULL, 1, NULL, 0))                          \
    X(nn_op_done, nn_op_done(NULL))                                                               \
    X(nn_shape_text, nn_shape_text(NULL, nn_shape1(1)))                                           \
    X(nn_calculate_gain, nn_calculate_gain(NN_SOFTMAX, 0))                                        \
    X(nn_gradcheck, nn_gradcheck(net, NULL, NULL, 1))                                             \
    X(nn_mlp_loss, nn_mlp_loss(NULL, NULL))                                                       \
    X(nn_mlp_loss, nn_mlp_loss(&some_mlp, NULL))                                                  \
    X(nn_mlp_forward, nn_mlp_forward(&some_mlp, NULL, 1))                                         \
    X(nn_idx_value, nn_idx_value(NULL, 0))                                                        \
    X(nn_dataset_idx, nn_dataset_idx(&some_idx, NULL))                                            \
    X(nn_split, nn_split(some_data, 0.5, NULL, NULL))                                             \
    X(nn_concat, nn_concat(0, 0, NULL))                                                           \
    X(nn_concat, nn_concat(0, -1, &x23))                                                          \
    X(nn_dataset_x, nn_dataset_x(&empty_data))                                                    \
    X(nn_dataset_target, nn_dataset_target(&empty_data))                                          \
    X(nn_batches_new, nn_batches_new(&empty_data, 2, 0))                                          \
    X(nn_split, nn_split(&empty_data, 0.5, &empty_data, &empty_data))                             \
    X(nn_scaler_fit, nn_scaler_fit(&empty_data))                                                  \
    X(nn_scaler_apply, nn_scaler_apply(&empty_scaler, some_data))                                 \
    X(nn_dataset_classes, nn_dataset_classes(&empty_table, 0))                                    \
    X(nn_next_batch, nn_next_batch(&empty_batches))                                               \
    X(nn_batch_x, nn_batch_x(&empty_batches))                                                     \
    X(nn_batch_target, nn_batch_target(&empty_batches))                                           \
    X(nn_mlp_forward, nn_mlp_forward(&empty_mlp, NULL, 1))                                        \
    X(nn_mlp_backward, nn_mlp_backward(&empty_mlp, NULL))                                         \
    X(nn_mlp_loss, nn_mlp_loss(&empty_mlp, NULL))                                                 \
    X(nn_linear_forward, nn_linear_forward(&empty_linear, x23))                                   \
    X(nn_param, nn_batch_norm_new(NULL, NULL, 1))                                                 \
    X(nn_early_stop, nn_early_stop(&empty_stopping, 1))                                           \
    X(nn_batch_norm_forward, nn_batch_norm_forward(&empty_norm, x23))                             \
    X(nn_conv2d_forward, nn_conv2d_forward(&empty_conv, x23))                                     \
    X(nn_rnn_forward, nn_rnn_forward(&empty_rnn, x23, NULL, NULL))                                \
    X(nn_lstm_cell_forward, nn_lstm_cell_forward(&empty_cell, x23, NULL, NULL))                   \
    X(nn_embedding_forward, nn_embedding_forward(&empty_embedding, NULL, 1))                      \
    X(nn_highway_forward, nn_highway_forward(&empty_highway, x23, NULL))                          \
    X(nn_layer_norm_forward, nn_layer_norm_forward(&empty_layer_norm, x23))                       \
    X(nn_multihead_attention_forward,                                                             \
      nn_multihead_attention_forward(&empty_attention, x23, x23, usual_look, NULL))               \
    X(nn_encoder_layer_forward, nn_encoder_layer_forward(&empty_layer, x23, usual_look, NULL))    \
    X(nn_encoder_forward, nn_encoder_forward(&empty_stack, x23, usual_look, NULL))                \
    X(nn_additive_attention_forward,                                                              \
      nn_additive_attention_forward(&empty_additive, x23, x23, x23, NULL, NULL))                  \
    X(nn_graph_attention_forward,                                                                 \
      nn_graph_attention_forward(&empty_graph, x23, x23, NULL))                                   \
    X(nn_generate, nn_generate(nn, NULL, NULL, no_generation, NULL, NULL))                        \
    X(nn_keep_likely, nn_keep_likely(nn, NULL, 1, 1, 1))                                          \
    X(nn_bpe_train, nn_bpe_train(nn, NULL, 1, 256))                                               \
    X(nn_bpe_encode, nn_bpe_encode(&empty_bpe, NULL, 0, NULL))                                    \
    X(nn_bpe_decode, nn_bpe_decode(&empty_bpe, NULL, 1))                                          \
    X(nn_sample, nn_sample(x23, 1, NULL))                                                         \
    X(nn_conv_out_size, nn_conv_out_size(1, 0, 1, 0, 1))                                          \
    X(nn_receptive_field_after, nn_receptive_field_after(empty_field, 0, 1, 1))                   \
    X(nn_prechelt_criteria, nn_prechelt_criteria(two_losses, two_losses, 2, 0))                   \
    X(nn_one_standard_error, nn_one_standard_error(two_losses, 1, 1))                             \
    X(nn_split_stratified, nn_split_stratified(some_data, 0.5, NULL, NULL))                       \
    X(nn_idx_value, nn_idx_value(&(nn_idx){0}, 0))

#define NAME(name, call) #name,
#define CALL(name, call) \
    if (i-- == 0) (void)(call);
static const char *const only_null_names[] = {ONLY_NULL(NAME)};
static const char *const no_crash_names[] = {NO_CRASH(NAME)};
static void only_null(int i) { ONLY_NULL(CALL) }
static void no_crash(int i) { NO_CRASH(CALL) }

/* 1: a mistake lets the program go on, and what would be printed for it is not. */
static void on_without_abort(int on)
{
    static int terminal;
    fflush(stderr);
    if (on) terminal = dup(2);
    if (on) CHECK(freopen("/dev/null", "w", stderr) != NULL);
    else dup2(terminal, 2), close(terminal);
    abort_returns = on;
}

/* A context that cannot be what was asked for is one with an error. */
static void contexts(void)
{
    on_without_abort(1);
    nn_ctx *made = nn__same_real(nn_create_user(1, &no_memory), sizeof(nn_real) + 4, "other.c", 7);
    CHECK_INT(nn_error_code(made), NN_ERROR_ARGUMENT);
    CHECK_STR(nn_error(made), "other.c:7: nn_create: NN_REAL is not the same in every file");
    nn_destroy(made);
    CHECK(nn__same_real(NULL, 1, "other.c", 7) == NULL);
    char old[32] = "";
    if (getenv("NN_SIMD")) snprintf(old, sizeof old, "%s", getenv("NN_SIMD"));
    setenv("NN_SIMD", "abacus", 1);
    made = nn_create_user(1, &no_memory);
    CHECK_INT(nn_error_code(made), NN_ERROR_UNSUPPORTED);
    CHECK(strstr(nn_error(made), "NN_SIMD") && strstr(nn_error(made), "abacus"));
    nn_error_clear(made); /* it has the kernels of this machine, and works */
    CHECK_NEAR(nn_item(nn_sum(nn_full(made, nn_shape1(5), 2))), 10, 0);
    nn_destroy(made);
    if (old[0]) setenv("NN_SIMD", old, 1);
    else unsetenv("NN_SIMD");
    on_without_abort(0);
}

/* With an NN_ABORT that returns each of them returns, too, having told one mistake. */
static void null_and_on(void)
{
    start();
    on_without_abort(1);
    for (int i = 0; i < (int)(sizeof only_null_names / sizeof *only_null_names); i++) {
        aborts = 0;
        only_null(i);
        calls++;
        if (!test_check(aborts == 1, __FILE__, __LINE__))
            printf("%s with NULL only: %d messages\n", only_null_names[i], aborts);
    }
    on_without_abort(0);
    stop();
}

static void null_everywhere(void)
{
    static const char text[] = "1,2,0\n3,4,1\n5,6,0\n";
    static const int width[2] = {2, 1};
    char out[4096];
    start();
    nn_table t = nn_csv_parse(nn, text, strlen(text), plain);
    nn_dataset all = nn_dataset_classes(&t, -1);
    some_data = &all;
    some_idx = nn_idx_parse(nn, pictures, sizeof pictures);
    some_mlp = nn_mlp_new(net, "m", width, 2, NN_RELU, NN_SIGMOID);
    for (int i = 0; i < (int)(sizeof only_null_names / sizeof *only_null_names); i++) {
        const char *name = only_null_names[i];
        int status = in_child(only_null, i, out, sizeof out);
        /* a layer may speak through the function that makes its parameters */
        int named = strstr(out, name) || strcmp(name, "nn_linear_new") == 0;
        if (test_check(aborted(status) && named && strstr(out, "NULL"), __FILE__, __LINE__))
            continue;
        printf("%s with NULL only: status %d, stderr \"%.200s\"\n", name, status, out);
    }
    for (int i = 0; i < (int)(sizeof no_crash_names / sizeof *no_crash_names); i++) {
        int status = in_child(no_crash, i, out, sizeof out);
        int fine = ended(status) || (aborted(status) && strstr(out, no_crash_names[i]));
        if (test_check(fine && !strstr(out, "runtime error"), __FILE__, __LINE__)) continue;
        printf("%s (call %d of the list): status %d, stderr \"%.200s\"\n", no_crash_names[i], i,
               status, out);
    }
    stop();
}
#endif

int main(void)
{
    RUN(making);
    RUN(pairs);
    RUN(singles);
    RUN(axes_and_shapes);
    RUN(place);
    RUN(looking);
    RUN(models);
    RUN(regularisation);
    RUN(convolution);
    RUN(recurrent);
    RUN(attention);
    RUN(losses);
    RUN(first_nan);
    RUN(gradients_and_ensembles);
    RUN(metrics);
    RUN(optimisers);
    RUN(gradcheck);
    RUN(perceptron);
    RUN(csv);
    RUN(idx);
    RUN(data_sets);
    RUN(batches);
    RUN(memory);
    RUN(after_an_error);
    RUN(little_memory);
    RUN(handlers);
#if HAVE_FORK
    RUN(defaults);
    RUN(null_everywhere);
    RUN(null_and_on);
    RUN(contexts);
#else
    printf("SKIP the default handler: no fork\n");
#endif
    printf("%d wrong calls\n", calls);
    return test_summary();
}
