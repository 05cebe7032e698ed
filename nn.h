/* nn.h: a deep learning study book that runs, in one C99 header.
 *
 * In exactly one source file:            everywhere else:
 *     #define NN_IMPLEMENTATION              #include "nn.h"
 *     #include "nn.h"
 *
 * Compile:      cc -O2 prog.c -lm                      (add -fopenmp for threads)
 * For gdb:      cc -g -DNN_DEBUG prog.c -lm            (gcc keeps the kernels fast)
 *
 * C99 or C++11, libc and libm, nothing else. The sections below are chapters 1 to 16 of a book
 * ("Book: 6" means chapter 6): read from the top, or search for >>ch06.
 * Licence: at the end (MIT-0, fit for coursework: use it without asking or naming anybody).
 */
#ifndef NN__KERNEL_PASS /* the file includes itself once for every instruction set: see >>kernels */
#ifndef NN_H
#define NN_H
#ifdef NN_COMPILED_APART
#undef NN_IMPLEMENTATION
#include <math.h> /* as with the implementation */
#include <stdlib.h>
#include <string.h>
#endif

/* ==== The manual ==================================================================== >>manual
 *
 * A PROGRAM
 *
 *     nn_ctx   *nn  = nn_create(42);                    // owner of everything; 42 seeds chance
 *     nn_model *net = nn_model_new(nn);                 // a named list of parameters
 *     nn_linear fc1 = nn_linear_new(net, "fc1", 2, 8);
 *     nn_linear fc2 = nn_linear_new(net, "fc2", 8, 1);
 *     nn_optimizer *opt = nn_adam(net, 0.01f);
 *
 *     for (int step = 0; step < 500; step++) {
 *         nn_clear(nn);                                 // forget the last step's graph
 *         nn_zero_grad(net);
 *         nn_tensor *x    = nn_input(nn, data, nn_shape2(4, 2));
 *         nn_tensor *z    = nn_linear_forward(&fc2, nn_tanh(nn_linear_forward(&fc1, x)));
 *         nn_tensor *loss = nn_bce_with_logits(z, nn_input(nn, target, nn_shape2(4, 1)));
 *         nn_backward(loss);
 *         nn_step(opt);
 *     }
 *     nn_destroy(nn);
 *
 * You write the loop: forward, loss, backward, step. Nothing hides those four.
 *
 * CONVENTIONS
 *
 *   Every operation computes when it is called and returns a new tensor; no operation changes its
 *   arguments. Every struct is public: look at x->shape, x->data, x->grad, loss->op as you like.
 *   Row-major, the last index fastest; at most 4 dimensions and 2^31 - 1 numbers, sizes at least 1.
 *   A tensor of one number has no dimensions: its shape is [].
 *   Rows are samples: Y = X W^T + b, with W stored [out, in] as PyTorch does. The book's column
 *   form y = W x is the same thing for one sample (chapter 6 explains it once).
 *   Class labels and token ids are const int *; -1 means "no target here". Losses take logits
 *   and give their mean over what counts; nn_set_reduction changes that.
 *   axis -1 is the last one, as in Python.
 *
 *   shape letters   N batch   T time    D features   H height, heads or hidden units
 *                   W width (or weights)   C channels (or classes)   V vocabulary   G gates
 *                   K filters, kH and kW their size
 *
 *   Broadcasting (nn_add, nn_sub, nn_mul, nn_div): shapes are aligned at the right; a size of 1,
 *   or a missing dimension, is repeated. [N, D] + [D] adds a row to every row; [N, D] * [N, 1]
 *   scales every row.
 *
 * MEMORY
 *
 *   One owner, the nn_ctx. Inputs and results of operations live until the next nn_clear, which
 *   keeps their memory for the next step: after the first step of a loop nothing more is requested
 *   from the system. All else (models, parameters, optimisers, data sets, arrays in other results)
 *   lives until nn_destroy. A tensor of the step before is refused with the line that made it; an
 *   older one cannot be told from the tensor that now has its place. To remember a loss, keep
 *   nn_item(loss); to remember weights, nn_model_get.
 *
 * DATA, from file to accuracy
 *
 *     nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
 *     nn_table table = nn_csv_load(nn, "iris.csv", with_header);
 *     nn_dataset all = nn_dataset_classes(&table, -1), train, test; // the last column
 *     nn_split(&all, 0.2, &train, &test);
 *     nn_scaler scaler = nn_scaler_fit(&train);                     // fitted on train ..
 *     nn_scaler_apply(&scaler, &train);
 *     nn_scaler_apply(&scaler, &test);                              // .. applied to both
 *     if (!nn_ok(nn)) return 1;                                     // the message is on stderr
 *     nn_batches b = nn_batches_new(&train, 16, 1);                 // of 16, shuffled
 *     for (int epoch = 0; epoch < 50; epoch++)
 *         while (nn_next_batch(&b)) {
 *             nn_clear(nn);
 *             nn_zero_grad(net);
 *             nn_backward(nn_cross_entropy(forward(nn_batch_x(&b)), b.label));
 *             nn_step(opt);
 *         }
 *     nn_set_grad_enabled(nn, 0);                                   // to evaluate, also in
 *     nn_batches t = nn_batches_new(&test, 500, 0);                 // batches: what is computed
 *     for (int at = 0; nn_next_batch(&t); at += t.n) {              // lives until nn_clear
 *         nn_clear(nn);
 *         nn_argmax(forward(nn_batch_x(&t)), predicted + at);
 *     }
 *     nn_confusion_matrix(predicted, test.label, test.n, test.classes, matrix);
 *
 *   Pictures in MNIST's format, [N, 28, 28] bytes, which become numbers in 0..1:
 *     nn_idx images = nn_idx_load(nn, "train-images-idx3-ubyte"), labels = nn_idx_load(nn, ..);
 *     nn_dataset train = nn_dataset_idx(&images, &labels);
 *     x = nn_reshape(nn_batch_x(&b), nn_shape4(-1, 1, 28, 28));     // [N, C, H, W] for nn_conv2d
 *   Text, character by character, in windows of T from anywhere: N of them are a batch.
 *     nn_text text = nn_text_load(nn, "book.txt");
 *     nn_vocab v = nn_vocab_new(nn, NN_CHARS, text.bytes, text.size, 0);
 *     int n, *all = nn_vocab_encode(&v, text.bytes, text.size, &n);
 *     int at = nn_randint(nn, 0, n - T);        // T ids from all + at; their targets: all + at + 1
 *     x = nn_reshape(nn_embedding_forward(&e, ids, N * T), nn_shape3(N, T, D));
 *     z = nn_linear_forward(&head, nn_lstm_forward(&lstm, x, NULL, NULL, NULL).output);
 *     loss = nn_cross_entropy(nn_reshape(z, nn_shape2(-1, v.n)), targets);
 *
 * WHEN IT DOES NOT LEARN
 *
 *   The loss grows: was nn_zero_grad forgotten? Is the learning rate too large, are the inputs far
 *   from 0 (nn_scaler)? Steps get slower and slower: nn_clear was forgotten. The loss stops early:
 *   a target [N] beside a prediction [N, 1] broadcasts to [N, N]; nn_mse refuses that. It hardly
 *   falls: nn_softmax before nn_cross_entropy, which takes logits?
 *
 * ERRORS
 *
 *   A mistake of the caller (a wrong shape, NULL, a label out of range) is always checked. It
 *   prints   prog.c:12: nn_matmul: inner dimensions differ: x is [32, 784], w is [128, 100]
 *   and aborts, so that a debugger stands at the place. With a handler (nn_on_error) it does not
 *   abort; it sticks, like the errors of the world outside: no memory, a missing or malformed
 *   file, a loss that is not finite. These print their message once and never abort.
 *   After an error every call does nothing, returns at once, and gives something harmless (a
 *   tensor of shape [0], never NULL), until nn_error_clear. So a program may check at the end:
 *   return nn_ok(nn) ? 0 : 1. Weights are never half updated.
 *   Two cases have no nn_ctx to stick to: nn_create returns NULL when there is no memory, and a
 *   mistake in a call that has no ctx to find (all of its pointers are NULL, or it takes plain
 *   numbers and arrays only: nn_neuron, nn_hebb) always aborts, and cannot tell its line.
 *   Breakpoint for all of it: nn__fail. nn_on_nan(nn, 1) finds the first NaN. Messages of a call
 *   made through a pointer to the function tell the line of an earlier call.
 *
 * RANDOM NUMBERS
 *
 *   Every random number comes from the nn_ctx and its seed. The same seed gives the same weights to
 *   the last bit on every machine, compiler, instruction set and number of threads (float build,
 *   IEEE arithmetic; not x87). C leaves open which argument of a call comes first: make two layers,
 *   or two losses, in two statements.
 *
 * SPEED
 *
 *   gcc and clang: kernels for AVX2, AVX-512 and NEON are compiled in and chosen when the program
 *   runs; no -march flag is needed. The environment variable NN_SIMD (naive, scalar, avx2, avx512,
 *   neon) or nn_set_simd chooses one, "naive" being the plain loops that the others are
 *   tested against: good to step through, slow, and with other roundings. gcc compiles the
 *   kernels well even with -O0. clang does not (30 times slower): compile the implementation apart,
 *   clang -O2 -DNN_IMPLEMENTATION -x c -c nn.h -o nn.o, and the program, as it is, with
 *   -DNN_COMPILED_APART and nn.o. That also saves the seconds that each compilation takes.
 *   Threads: when compiled with -fopenmp, OMP_NUM_THREADS of them share the large matrix products.
 *   (A function of libm in your own operation may have other bits elsewhere.)
 *
 * THREADS: there are no globals. Different nn_ctx may be used in different threads at once, one
 * nn_ctx in one thread at a time.
 *
 * FILES: CSV, IDX (MNIST's format) and text: see >>data. Models: see >>files. nn_save and nn_load:
 * safetensors, to PyTorch and back, with its names and shapes; nn_checkpoint_save: to resume a
 * training to the same bits; nn_export_c: as C.
 *
 * DEBUGGING
 *
 *   (gdb) break prog.c:15
 *   (gdb) skip -rfu ^nn__at       once; `step` then goes straight into the operation of the line
 *   (gdb) print *x                shape, op, inputs, the line that made it
 *   (gdb) call nn_print(x)        its numbers
 *   (gdb) print nn_stats(x)       their mean, spread, how many are NaN
 *   (gdb) break nn__tanh_backward where a gradient is made
 *   nn_graph_dot(loss, stdout) draws the graph with Graphviz; nn_gradcheck tests a gradient.
 *   make debug-06 starts gdb or lldb in an example and shows tensors as numbers; `nn graph y` tells
 *   how y was made. Your program: gdb -x book/tools/nn_gdb.py ./a.out. VS Code: make vscode.
 *
 * CONFIGURATION: define before including, the same in every file.
 *
 *   NN_IMPLEMENTATION   the code, in one file; NN_COMPILED_APART: it is in an object file instead
 *   NN_CHAPTERS k       leave out the chapters after k
 *   NN_REAL             float (default) or double: nn_real, the type of every number. In double the
 *                       naive kernels are used: for gradient checks
 *   NN_DEBUG            assert the library's own invariants; fill cleared memory with NaN
 *   NN_MALLOC(user, size), NN_REALLOC(user, p, size), NN_FREE(user, p)
 *                       all three or none; user is the pointer given to nn_create_user
 *   NN_ABORT()          what follows a caller's mistake when no handler is installed: abort()
 *   NN_HEADER           the name by which this file includes itself, if it is not "nn.h"
 *   NN_NO_SIMD          scalar kernels only           NN_NO_LOCATIONS   no file and line in errors
 *   NN_NO_STDIO         no printing, no files (readers from memory remain)
 *
 * YOUR OWN OPERATION: see nn_op_new below and examples/06_own_op.c.
 *
 * CHAPTERS
 *
 *   >>foundation  errors, memory, random numbers, tensors, recording      >>kernels  SIMD
 *   >>products    matrix products, convolution: blocks, panels, threads
 *   >>tensors     arithmetic, shapes, reductions: what every chapter uses
 *   >>ch01 neurons and layers      >>ch02 the perceptron         >>ch03 activation functions
 *   >>ch04 learning                >>ch05 gradient descent       >>ch06 backpropagation
 *   >>ch07 cost functions          >>ch08 regularisation        >>ch09 gradients in depth
 *   >>ch10 local minima, ensembles >>ch11 autoencoders           >>ch12 convolutional networks
 *   >>ch13 recurrent networks      >>ch14 LSTM, GRU, highways   >>ch15 attention, transformers
 *   >>ch16 metrics                 >>data files and data sets   >>files models in files
 *
 * WHAT IT DOES NOT DO: graphics cards, half precision, more than 4 dimensions, distributed
 * training, reading other libraries' graph formats.
 */

#include <stddef.h>
#include <stdint.h>
#ifndef NN_NO_STDIO
#include <stdio.h>
#endif

#ifndef NN_CHAPTERS
#define NN_CHAPTERS 19
#endif
#ifdef NN_REAL
#define NN__REAL_GIVEN 1
#else
#define NN_REAL float
#define NN__REAL_GIVEN 0
#endif
typedef NN_REAL nn_real;

/* Each public function that can fail is also a macro of its own name (the table at the end of the
 * declarations) that notes the caller's file and line through NN_AT. Here and in the implementation
 * NN_AT(x) is x alone; the last lines of this file turn the noting on. */
#undef NN_AT
#undef NN__AT
#undef NN__CREATE
#define NN_AT(...) __VA_ARGS__
#define NN__AT(kind, ...) __VA_ARGS__
#define NN__CREATE(...) nn_create(__VA_ARGS__)

#ifdef __GNUC__
#define NN__PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define NN__PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ==== Foundation: the nouns ==================================================== >>foundation */

enum { NN_MAX_DIMS = 4, NN_NAME_SIZE = 64 };

typedef struct nn_ctx nn_ctx;
typedef struct nn_tensor nn_tensor;
typedef struct nn_model nn_model;
typedef struct nn_optimizer nn_optimizer;
struct nn__kernels;

typedef struct nn_shape {
    int ndim;             /* 0 for a single number */
    int dim[NN_MAX_DIMS]; /* the last index is the fastest */
} nn_shape;

nn_shape nn_shape0(void);                           /* [] */
nn_shape nn_shape1(int a);                          /* [a] */
nn_shape nn_shape2(int a, int b);                   /* [a, b] */
nn_shape nn_shape3(int a, int b, int c);            /* [a, b, c] */
nn_shape nn_shape4(int a, int b, int c, int d);     /* [a, b, c, d] */
int nn_shape_equal(nn_shape a, nn_shape b);

struct nn_tensor {
    nn_ctx *ctx;
    nn_shape shape;
    size_t size;                    /* how many numbers: the product of shape.dim */
    nn_real *data;                  /* [size] */
    nn_real *grad;                  /* d loss / d data, [size]; NULL where none is needed */
    const char *op;                 /* "matmul", "input", "parameter", ... */
    const char *name;               /* a parameter's name, else "" */
    nn_tensor **in;                 /* the tensors it was made from, n_in of them */
    int n_in;
    void (*backward)(nn_tensor *y); /* adds y->grad's share to the grad of each y->in */
    void *saved;                    /* what backward needs besides in, data and grad */
    int requires_grad;
    const char *file;               /* where it was made */
    int line;
    unsigned life;                  /* the nn_clear it belongs to; 0: lives as long as the ctx */
    int id;                         /* number in the graph drawings */
    int mark;
};

struct nn_model {
    nn_ctx *ctx;
    nn_tensor **param; /* [n_params], in the order of their making: parameters and buffers */
    int n_params, capacity;
};

typedef enum nn_code {
    NN_OK = 0,
    NN_ERROR_MEMORY,      /* the allocator returned NULL */
    NN_ERROR_IO,          /* a file cannot be opened, read, ... */
    NN_ERROR_FORMAT,      /* a malformed file */
    NN_ERROR_LIMIT,       /* larger than this library, or this machine, can hold */
    NN_ERROR_UNSUPPORTED, /* well formed, but not something we read */
    NN_ERROR_NONFINITE,   /* NaN or infinity */
    NN_ERROR_ARGUMENT,    /* the caller's mistake from here on */
    NN_ERROR_SHAPE
} nn_code;

typedef void (*nn_error_handler)(void *user, nn_code code, const char *message);

typedef struct nn_block { /* a piece of memory from NN_MALLOC; its bytes follow the struct */
    struct nn_block *next;
    char *base;
    size_t size, used;
} nn_block;

typedef struct nn_arena {
    nn_block *first, *current;
} nn_arena;

/* The rule that updates one parameter of `size` numbers; see chapter 5. */
typedef void (*nn_update)(nn_optimizer *opt, nn_tensor *param, nn_real **state);
enum { NN_MAX_STATE = 2 };

struct nn_optimizer {
    nn_ctx *ctx;
    nn_model *model;
    const char *rule;            /* "sgd", "momentum", "adam", .. */
    nn_real lr;                  /* the learning rate, as the next four yours to change: see ch05 */
    nn_real beta1, beta2, eps;   /* momentum's beta is beta1, RMSprop's rho beta2 */
    nn_real weight_decay;        /* adds weight_decay * parameter to its gradient; 0 by default */
    int weights_only;            /* 1: decay leaves biases, of one dimension, alone; 0 by default */
    long step;                   /* how many steps were done */
    double beta1_power, beta2_power;
    nn_update update;
    int n_state;                 /* arrays of state for each parameter: 0 sgd, 2 adam, others 1 */
    nn_real *(*state)[NN_MAX_STATE]; /* [n_params][n_state], each [size], from the first step on */
    int n_ready;                 /* parameters whose state exists */
};

struct nn_ctx {
    void *user;            /* for NN_MALLOC and friends */
    nn_code code;          /* the first error, NN_OK if none */
    char message[512];
    nn_error_handler handler;
    void *handler_user;
    const char *file;      /* where the current call was made */
    int line;
    uint64_t random[4];    /* state of xoshiro256** */
    int training;          /* 1: whatever draws by chance (stochastic units, dropout, ..) does so */
    int grad_enabled;      /* 1: operations are recorded for nn_backward */
    int retain_grads;      /* 1: results keep their gradients */
    struct nn__spare *spare; /* gradients of this nn_backward whose memory is free again */
    int nan_check;         /* see nn_on_nan */
    int reduction;         /* what losses return: see nn_set_reduction */
    nn_tensor **tape;      /* the operations since the last nn_clear, in order */
    int n_tape, tape_capacity;
    unsigned life;         /* how many nn_clear so far, plus 1 */
    int next_id, first_id;
    nn_arena keep;         /* until nn_destroy */
    nn_arena graph;        /* numbers of this step, until nn_clear */
    nn_tensor **nodes;     /* tensors of the graph, in pairs used in turn: those of the last step */
    int n_nodes, made_nodes, node_capacity; /* are still recognised when they are used */
    const struct nn__kernels *kernels;
    void *scratch;         /* workspace of the matrix product */
    size_t scratch_size;
    size_t allocations;    /* requests made to NN_MALLOC and NN_REALLOC so far */
    nn_tensor failed;      /* what operations return after an error */
    double failed_saved[16];
    nn_model failed_model;
    nn_optimizer failed_optimizer;
    char text[4][64];      /* shapes on their way into messages */
    int next_text;
};

/* ---- context ---- */

/* A new context; its random numbers start from seed. NULL if there is no memory. */
nn_ctx *nn_create(uint64_t seed);
nn_ctx *nn_create_user(uint64_t seed, void *user); /* user: first argument of NN_MALLOC */
void nn_destroy(nn_ctx *nn);                       /* frees everything of nn; NULL is fine */
void nn_clear(nn_ctx *nn); /* ends a step: its inputs and results are gone */

/* ---- errors ---- */

int nn_ok(const nn_ctx *nn);              /* 1 while nothing has gone wrong */
const char *nn_error(const nn_ctx *nn);   /* the first error's message, "" if none */
nn_code nn_error_code(const nn_ctx *nn);
void nn_error_clear(nn_ctx *nn);          /* go on after an error */
/* From now on an error calls handler, once until nn_error_clear, and even a caller's mistake does
 * not abort. handler should return; message is valid until then. NULL brings back the default. */
void nn_on_error(nn_ctx *nn, nn_error_handler handler, void *user);
void nn_on_nan(nn_ctx *nn, int on);       /* 1: an error where NaN or Inf is made, in grad, too */

/* ---- random numbers. xoshiro256**: Blackman and Vigna, ACM TOMS 47(4), 2021; seeded through
 * SplitMix64: Steele, Lea and Flood, OOPSLA 2014. ---- */

void nn_seed(nn_ctx *nn, uint64_t seed);
uint64_t nn_random(nn_ctx *nn);                             /* 64 random bits */
nn_real nn_uniform(nn_ctx *nn, nn_real low, nn_real high);  /* in [low, high) */
nn_real nn_normal(nn_ctx *nn, nn_real mean, nn_real std);   /* Marsaglia and Bray 1964 */
int nn_randint(nn_ctx *nn, int low, int high);              /* low <= i < high, without bias */
void nn_shuffle(nn_ctx *nn, int *a, int n);                 /* Fisher and Yates, Durstenfeld 1964 */
void nn_randperm(nn_ctx *nn, int *p, int n);                /* p becomes 0..n-1 in random order */

/* ---- modes: each returns what was set before ---- */

int nn_set_training(nn_ctx *nn, int on);      /* on at first */
int nn_set_grad_enabled(nn_ctx *nn, int on);  /* on at first; off: no graph, for evaluation */
/* On at first: results keep their gradients. Off: nn_backward reuses that memory (grad is NULL);
 * only parameters, inputs and the loss keep theirs: a third less memory for a transformer. */
int nn_set_retain_grads(nn_ctx *nn, int on);

/* ---- instruction sets ---- */

int nn_set_simd(nn_ctx *nn, const char *name); /* "avx2", ..; 0 if it is not there */
const char *nn_simd(const nn_ctx *nn);         /* the one in use */

/* ---- making tensors (they live until nn_clear) ---- */

nn_tensor *nn_input(nn_ctx *nn, const nn_real *data, nn_shape shape);   /* a copy of data */
nn_tensor *nn_full(nn_ctx *nn, nn_shape shape, nn_real value);
nn_tensor *nn_rand(nn_ctx *nn, nn_shape shape, nn_real low, nn_real high); /* uniform */
nn_tensor *nn_randn(nn_ctx *nn, nn_shape shape);                        /* normal, mean 0, std 1 */
/* labels[i] in 0..classes-1 becomes a row with a single 1; -1 a row of zeros. -> [n, classes] */
nn_tensor *nn_one_hot(nn_ctx *nn, const int *labels, int n, int classes);
nn_tensor *nn_requires_grad(nn_tensor *x); /* asks for the gradient of an input; returns x */

/* ---- looking at them ---- */

nn_real nn_item(const nn_tensor *x); /* the number in a tensor of one; NaN after an error */
typedef struct nn_stat {
    double min, max, mean, std; /* of the finite numbers; std with divisor n */
    size_t size, nan, inf, zero;
} nn_stat;
nn_stat nn_stats(const nn_tensor *x);
#ifndef NN_NO_STDIO
void nn_print(const nn_tensor *x); /* to stdout: what it is, its shape and first numbers */
void nn_print_grad(const nn_tensor *x);
void nn_model_print(const nn_model *model); /* its parameters, shapes, counts */
/* Progress of a long run, for done = 1..total: on a terminal a line that redraws itself, with a
 * bar, the text and the time left; in a pipe a plain line with the text, ten times in all. */
typedef struct nn_progress {
    double start;
} nn_progress;
nn_progress nn_progress_start(void);
void nn_progress_show(const nn_progress *p, int done, int total, const char *format, ...)
    NN__PRINTF(4, 5);
#endif

/* ---- models: named lists of parameters (they live as long as the context) ---- */

nn_model *nn_model_new(nn_ctx *nn);
/* A new parameter "prefix.name" ("name" if prefix is "") of zeros. A taken name is an error. */
nn_tensor *nn_param(nn_model *model, const char *prefix, const char *name, nn_shape shape);
/* The same for numbers that belong to the model but are not learned, such as running means: without
 * a gradient (requires_grad 0, grad NULL), and left alone by optimisers. */
nn_tensor *nn_buffer(nn_model *model, const char *prefix, const char *name, nn_shape shape);
nn_tensor *nn_model_find(const nn_model *model, const char *name); /* NULL if there is none */
size_t nn_model_size(const nn_model *model); /* numbers in all parameters and buffers */
void nn_zero_grad(nn_model *model); /* before each nn_backward, which adds to what is there */
/* All of them to or from an array of nn_model_size(model) numbers of your own: to go back to the
 * best ones seen. Writing into param->data yourself is fine, too. */
void nn_model_get(const nn_model *model, nn_real *values);
void nn_model_set(nn_model *model, const nn_real *values);

/* ---- operations: what ours, and yours, are made of ----
 *
 * nn_tensor *power(nn_tensor *x, nn_real p)                        // y = x^p
 * {
 *     if (!nn_op_check("power", &x, 1)) return nn_op_failed(&x, 1);
 *     nn_tensor *y = nn_op_new("power", x->shape, &x, 1, power_backward, sizeof p);
 *     if (!y->size) return y;                                      // there was no memory
 *     *(nn_real *)y->saved = p;                                    // backward will need it
 *     for (size_t i = 0; i < y->size; i++) y->data[i] = pow(x->data[i], p);
 *     return nn_op_done(y);
 * }
 * #define power(x, ...) power(NN_AT(x), __VA_ARGS__)               // errors name the caller's line
 *
 * static void power_backward(nn_tensor *y)                         // dx += dy p x^(p-1)
 * {
 *     nn_tensor *x = y->in[0];
 *     const nn_real p = *(nn_real *)y->saved;
 *     for (size_t i = 0; i < y->size; i++)
 *         x->grad[i] += y->grad[i] * p * pow(x->data[i], p - 1);
 * }
 */

/* 1 if the n inputs are live tensors of one context without an error. Otherwise the mistake is
 * reported in the name of `function`, and the operation should return nn_op_failed(in, n). */
int nn_op_check(const char *function, nn_tensor *const *in, int n);
nn_tensor *nn_op_failed(nn_tensor *const *in, int n);
/* The result of an operation, its data not yet set; recorded for nn_backward if an input
 * requires a gradient. saved_bytes of zeroed memory are at y->saved. backward is called with
 * y->grad set. It adds (+=) to in[i]->grad, which is NULL for an input that needs none (with one
 * input it never is). Without memory, returns the failed tensor, of size 0. */
nn_tensor *nn_op_new(const char *op, nn_shape shape, nn_tensor *const *in, int n,
                     void (*backward)(nn_tensor *y), size_t saved_bytes);
nn_tensor *nn_op_done(nn_tensor *y); /* last line of an operation: looks for NaN if asked to */
/* Reports an error as "file:line: function: ..." and returns the context's failed tensor. */
nn_tensor *nn_fail(nn_ctx *nn, nn_code code, const char *function, const char *format, ...)
    NN__PRINTF(4, 5);
const char *nn_shape_text(nn_ctx *nn, nn_shape shape); /* "[32, 784]"; good for the next 3 calls */

/* ==== Tensors: arithmetic, shapes, reductions ===================================== >>tensors */

/* element by element, with broadcasting (the manual's CONVENTIONS). Book: 6. */
nn_tensor *nn_add(nn_tensor *a, nn_tensor *b);
nn_tensor *nn_sub(nn_tensor *a, nn_tensor *b);
nn_tensor *nn_mul(nn_tensor *a, nn_tensor *b);
nn_tensor *nn_div(nn_tensor *a, nn_tensor *b);
nn_tensor *nn_scale(nn_tensor *x, nn_real factor);
nn_tensor *nn_exp(nn_tensor *x);
nn_tensor *nn_log(nn_tensor *x);  /* natural; log 0 = -Inf, log of a negative number NaN */
nn_tensor *nn_sqrt(nn_tensor *x);
nn_tensor *nn_square(nn_tensor *x);
nn_tensor *nn_sin(nn_tensor *x);
nn_tensor *nn_cos(nn_tensor *x);

/* x [.., M, K] times w [K, N] -> [.., M, N]; or, matrix by matrix, x [.., M, K] times w [.., K, N]
 * with equal leading dimensions. Book: 1. */
nn_tensor *nn_matmul(nn_tensor *x, nn_tensor *w);
nn_tensor *nn_transpose(nn_tensor *x, int axis1, int axis2); /* a copy with the two exchanged */
nn_tensor *nn_reshape(nn_tensor *x, nn_shape shape); /* same numbers, shared; one size may be -1 */
nn_tensor *nn_slice(nn_tensor *x, int axis, int start, int end);  /* a copy of start <= i < end */
nn_tensor *nn_concat(int axis, int n, nn_tensor *const *xs); /* one after the other along axis */

nn_tensor *nn_sum(nn_tensor *x);  /* of all: shape [] */
nn_tensor *nn_mean(nn_tensor *x);
nn_tensor *nn_max(nn_tensor *x);  /* ties: the first one gets the gradient */
/* along one axis, which stays with size 1, so that the result broadcasts against x */
nn_tensor *nn_sum_axis(nn_tensor *x, int axis);
nn_tensor *nn_mean_axis(nn_tensor *x, int axis);
nn_tensor *nn_max_axis(nn_tensor *x, int axis);
/* index [rows]: where each row of x [.., D] has its largest number, of equals the first. */
void nn_argmax(const nn_tensor *x, int *index);

/* ==== Chapter 1: neurons and layers ================================================== >>ch01 */

/* One neuron: z = w[0] x[0] + .. + w[n-1] x[n-1] + b. Book: 1. */
nn_real nn_neuron(const nn_real *w, const nn_real *x, int n, nn_real b);

typedef struct nn_linear {
    nn_tensor *weight; /* [out, in] */
    nn_tensor *bias;   /* [out]; NULL: none */
} nn_linear;

/* A fully connected layer, x -> x W^T + b. Parameters "name.weight" and "name.bias" begin uniform
 * within 1 / sqrt(in) of 0, as in PyTorch. Book: 1. */
nn_linear nn_linear_new(nn_model *model, const char *name, int in, int out);
nn_tensor *nn_linear_forward(const nn_linear *l, nn_tensor *x); /* [.., in] -> [.., out] */

#ifndef NN_NO_STDIO
/* Prints a fully connected network, units[0] being its inputs, and whether it is deep: at least two
 * hidden layers (writers differ: Schmidhuber 2015, 3). Gives its number of parameters. Book: 1. */
size_t nn_print_layers(const int *units, int layers);
#endif

/* A leaky integrate-and-fire neuron: tau dv/dt = rest - v + resistance current. When v reaches the
 * threshold it spikes, and v stays at reset for the refractory time. Dayan and Abbott, Theoretical
 * Neuroscience, 2001, ch. 5.4; Gerstner et al., Neuronal Dynamics, 2014, ch. 1.3. Book: 1. */
typedef struct nn_lif {
    nn_real v;                      /* the voltage of the membrane now, in mV; first: rest */
    nn_real rest, threshold, reset; /* mV: -65, -50, -65 by default */
    nn_real tau, refractory;        /* ms: 10, 2 */
    nn_real resistance;             /* megaohm, which times nA makes mV: 10 */
    nn_real wait;                   /* ms of the refractory time still to go */
} nn_lif;
nn_lif nn_lif_new(void);
/* One step of dt ms, 0 < dt <= tau (forward Euler), under a current in nA. 1: it spikes. */
int nn_lif_step(nn_lif *neuron, nn_real current, nn_real dt);

/* ==== Chapter 2: the perceptron ====================================================== >>ch02 */
#if NN_CHAPTERS >= 2

int nn_btu(nn_real z, nn_real theta); /* binary threshold unit: z > theta ? 1 : 0. Book: 2. */

/* Rosenblatt's perceptron (1958): 1 where w x + b > 0, else 0; b is minus theta. Book: 2. */
typedef struct nn_perceptron {
    nn_real *w; /* [n], yours */
    nn_real b;
    int n;
} nn_perceptron;
int nn_perceptron_forward(const nn_perceptron *p, const nn_real *x); /* x [n] -> 0 or 1 */
/* How far x is from the boundary w x + b = 0: (w x + b) / |w|, positive on the side of the 1. */
nn_real nn_perceptron_distance(const nn_perceptron *p, const nn_real *x);
/* For a drawing, n = 2: where the boundary enters and leaves the box (x from, to, y from, to), as
 * end[4] = (x, y, x, y). 0, and end as it was, where it misses the box or only touches a corner. */
int nn_perceptron_boundary(const nn_perceptron *p, const nn_real box[4], nn_real end[4]);

/* Two rules that learn without a target, from the input x and the neuron's output y (for a linear
 * one y = w x): w += eta y x, which grows without bound (Hebb, The Organization of Behavior, 1949),
 * and w += eta y (x - y w), which tends to the first principal component of centred inputs, with
 * |w| = 1, if eta is small (Oja, J. Math. Biology 15, 1982). w and x [n]. Book: 2. */
void nn_hebb(nn_real *w, const nn_real *x, int n, nn_real y, nn_real eta);
void nn_oja(nn_real *w, const nn_real *x, int n, nn_real y, nn_real eta);

/* Any Boolean function as perceptrons in two layers, its disjunctive normal form: for each 1 of the
 * truth table a hidden unit that fires at this input alone; the output is their OR (McCulloch and
 * Pitts, Bull. Math. Biophysics 5, 1943). table [2^n] of 0 and 1, its row k being the input whose
 * digits x[0] .. x[n-1] make the binary number k. Lives as long as nn. Book: 2. */
enum { NN_BOOLEAN_MAX = 16 };
typedef struct nn_boolean {
    nn_ctx *ctx;
    int n, hidden;         /* inputs, at most NN_BOOLEAN_MAX, and hidden units */
    nn_perceptron *unit;   /* [hidden] */
    nn_perceptron output;
    nn_real *y;            /* [hidden]: what they gave last */
} nn_boolean;
nn_boolean nn_boolean_new(nn_ctx *nn, const int *table, int n);
int nn_boolean_forward(const nn_boolean *f, const nn_real *x); /* x [n] of 0 and 1 */

/* Can a hyperplane part the samples x [rows, p->n] of label 1 from those of label 0 (-1: does not
 * count)? 1: yes, and p now does it, with w x + b at least 1 or at most -1 but for rounding. 0: no,
 * or only through a gap that nn_real cannot hit or below 1e-8 of the spread of x; p is left alone.
 * By NNLS and LDP of Lawson and Hanson, Solving Least Squares Problems, 1974, ch. 23, which always
 * end; time about rows n + n^3 for each of their rounds. Book: 2. */
int nn_separable(nn_ctx *nn, const nn_real *x, const int *label, int rows, nn_perceptron *p);

#endif
/* ==== Chapter 3: activation functions ================================================ >>ch03 */
#if NN_CHAPTERS >= 3

/* All take x of any shape and return y of the same shape; none overflows, whatever the size of x,
 * and NaN stays NaN. A number that is out of its range is an error. Book: 3, as all of these. */
/* Binary threshold unit: x > 0 ? 1 : 0. Its gradient is 0 everywhere: nothing before it learns. */
nn_tensor *nn_heaviside(nn_tensor *x);
nn_tensor *nn_sigmoid(nn_tensor *x);  /* 1 / (1 + e^-x) */
/* 1 / (1 + e^(-x / T)), T = temperature > 0; small T: near nn_heaviside, large T: near 1/2. */
nn_tensor *nn_sigmoid_temperature(nn_tensor *x, nn_real temperature);
/* In training 1 with probability sigmoid(x), else 0; outside training sigmoid(x), the mean. The
 * gradient is sigmoid's (straight through: Bengio, Leonard and Courville 2013, arXiv 1308.3432). */
nn_tensor *nn_stochastic_binary(nn_tensor *x);
nn_tensor *nn_tanh(nn_tensor *x);
nn_tensor *nn_relu(nn_tensor *x);     /* max(0, x); slope at 0: 0 */
nn_tensor *nn_leaky_relu(nn_tensor *x, nn_real slope); /* x > 0 ? x : slope x, 0 <= slope < 1 */
/* x > 0 ? x : alpha (e^x - 1), alpha > 0; slope at 0: alpha (Clevert et al. 2016) */
nn_tensor *nn_elu(nn_tensor *x, nn_real alpha);
/* x Phi(x), Phi(x) being the probability that a normal number is below x (Hendrycks and Gimpel
 * 2016); or nearly so: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, at most 0.0005 off. */
nn_tensor *nn_gelu(nn_tensor *x);
nn_tensor *nn_gelu_tanh(nn_tensor *x);
nn_tensor *nn_softmax(nn_tensor *x);  /* over the last axis: positive, each row sums to 1 */
nn_tensor *nn_log_softmax(nn_tensor *x); /* its logarithm, finite where softmax is 0 in float */

typedef enum nn_activation {
    NN_IDENTITY,
    NN_SIGMOID,
    NN_TANH,
    NN_RELU,
    NN_SOFTMAX,
    NN_HEAVISIDE,
    NN_LEAKY_RELU, /* slope 0.01 */
    NN_ELU,        /* alpha 1 */
    NN_GELU
} nn_activation;
nn_tensor *nn_activate(nn_tensor *x, nn_activation g); /* the one that g names. Book: 3. */

#endif
/* ==== Chapter 4: learning ============================================================ >>ch04 */
#if NN_CHAPTERS >= 4

/* ---- from a teacher: samples x [n, p->n] with targets t [n], each 0 or 1 ---- */

/* One step of the perceptron rule for one sample: w += lr (t - y) x, b += lr (t - y), y being the
 * output (Rosenblatt 1962). Gives t - y: 0 where y is right, and then nothing changes. Book: 4. */
int nn_perceptron_update(nn_perceptron *p, const nn_real *x, int t, nn_real lr);
/* An epoch: one step for each sample, in order. Gives how many mistakes it met on the way. */
int nn_perceptron_epoch(nn_perceptron *p, const nn_real *x, const int *t, int n, nn_real lr);
/* How many samples it gets wrong now; nothing is learned. */
int nn_perceptron_errors(const nn_perceptron *p, const nn_real *x, const int *t, int n);

typedef struct nn_perceptron_result {
    int epochs;    /* how many there were, the one without mistakes included */
    long mistakes; /* steps that changed something, in all of them */
    int errors;    /* samples that the final weights get wrong; 0: the classes are separated */
} nn_perceptron_result;
/* The perceptron learning algorithm: epochs, from the weights in p, until one has no mistakes, at
 * most max_epochs. If no weights separate the classes it never settles, but they stay bounded
 * (Block and Levin 1970). Book: 4. */
nn_perceptron_result nn_perceptron_fit(nn_perceptron *p, const nn_real *x, const int *t, int n,
                                       nn_real lr, int max_epochs);
/* The pocket algorithm with ratchet (Gallant 1990) for such classes: samples in random order, n to
 * the epoch, and the weights with the fewest errors so far are kept: p ends with them. */
nn_perceptron_result nn_perceptron_pocket(nn_ctx *nn, nn_perceptron *p, const nn_real *x,
                                          const int *t, int n, nn_real lr, int max_epochs);

/* Novikoff 1962: if u separates the samples, a perceptron that begins with zeros makes at most
 * (radius / margin)^2 mistakes, in any order, for any lr. Book: 4. */
typedef struct nn_novikoff {
    double radius;   /* length of the longest (x, 1): the bias is the weight of the 1 */
    double margin;   /* least distance of an (x, 1) from u's plane; negative: on the wrong side */
    double mistakes; /* the bound; infinite if the margin is not positive */
} nn_novikoff;
nn_novikoff nn_novikoff_bound(const nn_perceptron *u, const nn_real *x, const int *t, int n);

/* Of all ways to label points in general position with 0 and 1, the part that a perceptron with so
 * many weights (n inputs and a bias: n + 1) can learn: 1 up to points = weights, 1/2 at points =
 * 2 weights, its capacity (Cover 1965). Book: 4. */
double nn_cover_fraction(int points, int weights);

/* ---- from spikes: spike-timing-dependent plasticity (Bi and Poo 1998). With dt = t_post - t_pre
 *
 *     dw =  a_plus  e^(-dt / tau_plus)     dt > 0: pre before post, potentiation (LTP)
 *     dw = -a_minus e^(dt / tau_minus)     dt < 0: post before pre, depression (LTD)
 *     dw = 0                               dt = 0: neither can have caused the other        ---- */

typedef struct nn_stdp {
    nn_real a_plus, a_minus;     /* change at dt = 0+ and 0-, both written positive */
    nn_real tau_plus, tau_minus; /* time constants, in the unit of dt */
} nn_stdp;
nn_stdp nn_stdp_new(void); /* 0.005, 1.05 * 0.005, 20 ms, 20 ms: Song, Miller and Abbott 2000 */
nn_real nn_stdp_pair(const nn_stdp *rule, nn_real dt); /* dw of one pair of spikes. Book: 4. */

/* The same while time goes by: each side has a trace, which jumps by 1 at its spike and decays with
 * its tau: the sum of e^(-age / tau) over its spikes so far. Book: 4. */
typedef struct nn_synapse {
    nn_real w;         /* the weight */
    nn_real w_max;     /* w is held in 0..w_max; 0: not held */
    nn_real pre, post; /* the traces, 0 at first */
} nn_synapse;
/* The clock goes on by dt; then pre and post say (0 or 1) who fires. Gives the change of w. */
nn_real nn_stdp_step(const nn_stdp *rule, nn_synapse *s, int pre, int post, nn_real dt);

/* ---- without a teacher: samples x [n, d], all finite; after an error k is 0 ---- */

/* k centres with a small sum of squared distances between samples and their nearest centre. Begins
 * with k samples far from each other (k-means++, Arthur and Vassilvitskii 2007); a round moves each
 * centre to the mean of its samples, if it has any (Lloyd 1982). Ends when no sample changes its
 * cluster. That need not be the best there is: try other seeds. Book: 4. */
typedef struct nn_kmeans {
    nn_ctx *ctx;
    int k, size;
    nn_real *center; /* [k, size] */
    int *cluster;    /* [n]: the centre that is nearest to each sample */
    double error;    /* the sum of squared distances */
    int rounds;
} nn_kmeans;
nn_kmeans nn_kmeans_fit(nn_ctx *nn, const nn_real *x, int n, int d, int k, int max_rounds);
int nn_kmeans_nearest(const nn_kmeans *m, const nn_real *x); /* the cluster of a new sample */

/* Principal components (Pearson 1901): the directions in which the samples vary most, as the
 * eigenvectors of their covariance (divisor n) by Jacobi's rotations (1846). Each is a row, of
 * length 1; its number of largest size (the first of equals) is positive. Book: 4. */
typedef struct nn_pca {
    nn_ctx *ctx;
    int k, size;
    double *mean;      /* [size] */
    double *component; /* [k, size], orthonormal, that of the largest variance first */
    double *variance;  /* [k]: of the samples along each */
    double total;      /* variance of the samples in all directions together */
} nn_pca;
nn_pca nn_pca_fit(nn_ctx *nn, const nn_real *x, int n, int d, int k);
void nn_pca_project(const nn_pca *p, const nn_real *x, int n, nn_real *y); /* [n, size] -> [n, k] */
void nn_pca_restore(const nn_pca *p, const nn_real *y, int n, nn_real *x); /* and back */
/* The logarithm of the density at x [size] of the normal distribution with the mean and covariance
 * of the samples. Needs all components (k = size), and variance in each. Book: 4. */
double nn_gaussian_log_density(const nn_pca *p, const nn_real *x);

#endif
/* ==== Chapter 5: gradient descent ==================================================== >>ch05 */
#if NN_CHAPTERS >= 5

/* Gradient descent: w is a parameter, g its grad, the mean over the samples of a batch. The rules
 * follow their papers; what those leave open is as in PyTorch. A rate that is not positive and
 * finite, or a beta outside 0 <= beta < 1, is an error. Book: 5, as all of these. */
nn_optimizer *nn_sgd(nn_model *model, nn_real lr); /* w = w - lr g */
/* v = beta v - lr g, w = w + v (Polyak 1964; in this form Sutskever et al. 2013). A sum, no mean:
 * under a constant g a step grows to lr g / (1 - beta). PyTorch's buffer is -v / lr, the same thing
 * as long as lr stays: there a new lr acts on the velocity, too, here on new gradients only. */
nn_optimizer *nn_momentum(nn_model *model, nn_real lr, nn_real beta);
/* Nesterov's (1983): v = beta v - lr g, w = w + beta v - lr g with the new v (Bengio et al. 2013).
 * Here w is the place where the velocity leads, w + beta v in Sutskever et al. 2013. */
nn_optimizer *nn_nesterov(nn_model *model, nn_real lr, nn_real beta);
/* G = G + g^2, w = w - lr g / (sqrt(G) + eps), eps 1e-10: rates only fall (Duchi et al. 2011). */
nn_optimizer *nn_adagrad(nn_model *model, nn_real lr);
/* v = rho v + (1 - rho) g^2, w = w - lr g / (sqrt(v) + eps), eps 1e-8, rho, which is beta2, 0.99
 * (Tieleman and Hinton 2012, who had 0.9). */
nn_optimizer *nn_rmsprop(nn_model *model, nn_real lr);
/* m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w = w - lr m' / (sqrt(v') + eps),
 * where m' = m / (1 - beta1^t), v' = v / (1 - beta2^t) in step t = 1, 2, ..; beta1 0.9, beta2
 * 0.999, eps 1e-8 (Kingma and Ba 2015). */
nn_optimizer *nn_adam(nn_model *model, nn_real lr);
/* Adam, and w shrinks by lr weight_decay w: the decay is no part of g, whose size Adam divides out
 * (Loshchilov and Hutter 2019; that lr counts there is PyTorch's). */
nn_optimizer *nn_adamw(nn_model *model, nn_real lr, nn_real weight_decay);
/* Updates all parameters of its model. grad stays as it is; NaN in it goes into w. lr (a schedule
 * may bring it to 0), eps and weight_decay must be finite and 0 or more, the betas below 1. */
void nn_step(nn_optimizer *opt);

/* Schedules: the learning rate at t = 0, 1, .. (steps or epochs), under PyTorch's names: opt->lr =
 * nn_exponential_lr(0.1f, 0.95f, epoch). For a warm-up hand the rate of another one to
 * nn_linear_lr. They have no context: a mistake, such as a period of 0, aborts. Book: 5. */
nn_real nn_step_lr(nn_real lr, nn_real gamma, long period, long t); /* times gamma every period */
nn_real nn_exponential_lr(nn_real lr, nn_real gamma, long t);       /* lr gamma^t */
/* From lr down to lr_min, half a cosine: lr_min + (lr - lr_min) (1 + cos(pi t / total)) / 2, and
 * lr_min after that (Loshchilov and Hutter 2017). */
nn_real nn_cosine_annealing_lr(nn_real lr, nn_real lr_min, long total, long t);
/* From start lr up (0 <= start <= 1) in a straight line to lr, which it is from t = total on. */
nn_real nn_linear_lr(nn_real lr, nn_real start, long total, long t);

#endif
/* ==== Chapter 6: backpropagation ===================================================== >>ch06 */
#if NN_CHAPTERS >= 6

/* The gradient of loss (one number) by everything it was computed from: adds it to the grad of the
 * parameters, sets it anew in results. A loss that is not finite is an error. Book: 6. */
void nn_backward(nn_tensor *loss);

/* Compares nn_backward with central differences (f(w+h) - f(w-h)) / 2h for all parameters of model.
 * loss(user) builds the loss from the parameters, always the same; the graph is cleared, and the
 * gradient is left in the parameters. Good: an error of 1e-7 or less in double with h = 1e-5, a few
 * 1e-3 in float with h = 1e-2. To check an operation make its inputs parameters. Book: 6. */
typedef struct nn_gradcheck_result {
    double error;                /* the largest difference / the model's largest gradient; NaN after
                                  * an error, infinite if a gradient is not finite */
    const char *name;            /* where it was: this parameter, */
    size_t index;                /* this number of it */
    double backward, difference; /* its gradient by nn_backward and by differences */
} nn_gradcheck_result;
nn_gradcheck_result nn_gradcheck(nn_model *model, nn_tensor *(*loss)(void *user), void *user,
                                 nn_real h);

/* The numbers of x as an input: from here no gradient goes back to what x was made of. Book: 6. */
nn_tensor *nn_detach(nn_tensor *x);

#ifndef NN_NO_STDIO
/* What y was made from, as a picture for Graphviz, or for Mermaid (GitHub draws it). Book: 6. */
void nn_graph_dot(const nn_tensor *y, FILE *out);
void nn_graph_mermaid(const nn_tensor *y, FILE *out);
#endif

/* The multi-layer perceptron of the book, for study: plain loops, every quantity in sight. The loss
 * goes with the output activation: identity half the squared error, sigmoid binary cross-entropy,
 * softmax cross-entropy; mean over the N samples, sum over outputs. Book: 6. */
enum { NN_MLP_MAX = 16 };
typedef struct nn_mlp {
    nn_ctx *ctx;
    int layers;                       /* L, numbered 0..L-1; layer 0 is the input */
    int width[NN_MLP_MAX];
    nn_activation hidden, output;
    nn_tensor *weight[NN_MLP_MAX];    /* weight[l] [width[l], width[l-1]], for l = 1..L-1 */
    nn_tensor *bias[NN_MLP_MAX];      /* bias[l] [width[l]] */
    nn_real *z[NN_MLP_MAX];           /* z[l] [N, width[l]]: weighted sums */
    nn_real *y[NN_MLP_MAX];           /* y[l] [N, width[l]]: outputs; y[0] is the input */
    nn_real *delta[NN_MLP_MAX];       /* delta[l] [N, width[l]]: d loss / d z[l] */
    int n, capacity;                  /* samples in the arrays, and how many fit */
} nn_mlp;
/* Parameters "name.1.weight" and so on in model; the arrays belong to the context. */
nn_mlp nn_mlp_new(nn_model *model, const char *name, const int *width, int layers,
                  nn_activation hidden, nn_activation output);
const nn_real *nn_mlp_forward(nn_mlp *m, const nn_real *x, int n); /* x [n, width[0]] -> y[L-1] */
nn_real nn_mlp_loss(const nn_mlp *m, const nn_real *target);       /* target [n, width[L-1]] */
void nn_mlp_backward(nn_mlp *m, const nn_real *target); /* deltas; adds to the parameters' grad */

#endif
/* ==== Chapter 7: cost functions ====================================================== >>ch07 */
#if NN_CHAPTERS >= 7

/* A loss is a number for each item: an element (nn_mse to nn_hinge) or a row (all others). From now
 * on all of them return the mean over the items that count, [] (the default), or the sum, [], or
 * the numbers themselves, of the shape of y or [N]. Gives what was set before. Book: 7. */
enum { NN_REDUCE_MEAN, NN_REDUCE_SUM, NN_REDUCE_NONE };
int nn_set_reduction(nn_ctx *nn, int reduction);

/* For numbers y and targets of the same shape. Book: 7, as all of these. */
nn_tensor *nn_mse(nn_tensor *y, nn_tensor *target); /* d^2, where d = y - target */
nn_tensor *nn_mae(nn_tensor *y, nn_tensor *target); /* |d|; slope at 0: 0 */
/* d^2 / 2 within delta > 0 of the target, delta (|d| - delta / 2) further out (Huber 1964) */
nn_tensor *nn_huber(nn_tensor *y, nn_tensor *target, nn_real delta);
/* Binary cross-entropy of sigmoid(z) against target in 0..1. Finite and right for every logit z. */
nn_tensor *nn_bce_with_logits(nn_tensor *z, nn_tensor *target);
/* max(0, 1 - target z), target -1 or 1: with a penalty lambda |w|^2 / 2 and a linear z it makes a
 * support vector machine (Cortes and Vapnik 1995) */
nn_tensor *nn_hinge(nn_tensor *z, nn_tensor *target);

/* For classes: logits z [N, C], labels [N] in 0..C-1, copied; rows with label -1 do not count. All
 * of them -1 is an error. -log softmax(z)[label]. Book: 7, as all of these. */
nn_tensor *nn_cross_entropy(nn_tensor *z, const int *labels);
/* As in PyTorch: row i times class_weight[labels[i]] > 0 (NULL: 1), the mean divided by their sum;
 * and smoothing, 0 <= smoothing < 1, of a target shared among all classes (Szegedy et al. 2016). */
nn_tensor *nn_cross_entropy_weighted(nn_tensor *z, const int *labels, const nn_real *class_weight,
                                     nn_real smoothing);
/* Cross-entropy H(p, q) = -sum p log q of target rows p [N, C] and q = softmax(z); p >= 0 sums to 1
 * in each row (a row of zeros, as nn_one_hot makes of -1, does not count). nn_entropy: H(p) =
 * -sum p log p. nn_kl_div: KL(p || q) = sum p log(p / q) = H(p, q) - H(p), 0 only for p = q. The
 * prediction comes first, as in PyTorch, whose kl_div wants its log softmax, not any logits. */
nn_tensor *nn_cross_entropy_soft(nn_tensor *z, nn_tensor *target);
nn_tensor *nn_entropy(nn_tensor *p);
nn_tensor *nn_kl_div(nn_tensor *z, nn_tensor *target);
/* max(0, 1 + (the largest other number of the row) - z[label]): Crammer and Singer 2001. (PyTorch's
 * multi_margin_loss adds up all the others instead, and divides by C.) */
nn_tensor *nn_multiclass_hinge(nn_tensor *z, const int *labels);

/* For embeddings, [N, D] each, d being the Euclidean distance of two rows; margin > 0. Book: 7.
 * max(0, d(a, p)^2 - d(a, n)^2 + margin): anchor a is to be nearer to p, of its class, than to n,
 * of another (Schroff et al. 2015; PyTorch's triplet_margin_loss takes d instead of d^2). */
nn_tensor *nn_triplet(nn_tensor *a, nn_tensor *p, nn_tensor *n, nn_real margin);
/* same[i] 1: d^2 / 2; 0: max(0, margin - d)^2 / 2 (slope where d is 0: 0); -1: does not count
 * (Hadsell, Chopra and LeCun 2006, whose Y is 1 - same) */
nn_tensor *nn_contrastive(nn_tensor *a, nn_tensor *b, const int *same, nn_real margin);

/* Connectionist temporal classification (Graves et al. 2006): -log of the probability of the
 * labels, summed over all alignments: a class or the blank for each frame, which without
 * repetitions, then without blanks, are the labels. Logits z [N, T, C], row i of frames[i] <= T
 * (NULL: T); labels [N, most], each row ended by -1 if shorter. Labels that no alignment fits
 * (equal neighbours need a blank between) are an error. (PyTorch's CTCLoss takes log softmax, as
 * [T, N, C], gives Inf there, and divides each loss by its number of labels before the mean.) */
nn_tensor *nn_ctc(nn_tensor *z, const int *frames, const int *labels, int most, int blank);
/* Reads labels [N, T], each row filled up with -1, from z. beams 0: the best class of each frame.
 * 1 to NN_MAX_BEAMS: the best of that many prefixes, each with the sum over its alignments (Graves
 * et al. 2006, section 3.2; Hannun et al. 2014, arXiv 1408.2873). Book: 7. */
enum { NN_MAX_BEAMS = 1000 };
void nn_ctc_decode(const nn_tensor *z, const int *frames, int blank, int beams, int *labels);
/* How many rows of z [N, C] have their largest number at the label; rows with -1 do not count. */
int nn_count_correct(const nn_tensor *z, const int *labels);

#endif
/* ==== Chapter 8: overfitting and regularisation ====================================== >>ch08 */
#if NN_CHAPTERS >= 8

/* What to add to the loss so that weights stay small: gamma / 2 times the sum of their squares, or
 * gamma times that of their absolute values (slope at 0: 0). Weights are the parameters of two or
 * more dimensions; a model without is an error. The first does what opt->weight_decay = gamma with
 * weights_only 1 does under every rule but nn_adamw. Book: 8. */
nn_tensor *nn_l2_penalty(nn_model *model, nn_real gamma);
nn_tensor *nn_l1_penalty(nn_model *model, nn_real gamma);
/* After nn_step, with amount = lr gamma, in place of nn_l1_penalty, which brings weights only near
 * 0: moves each by amount towards 0, or to 0 if that is nearer (FOBOS: Duchi and Singer 2009). */
void nn_soft_threshold(nn_model *model, nn_real amount);

/* In training each number becomes 0 with probability p, 0 <= p < 1, and the others are divided by
 * 1 - p; otherwise y is x ("inverted" dropout, PyTorch's). nn_dropout_standard: the others stay,
 * and outside training all are multiplied by 1 - p (Srivastava et al. 2014, whose p is the
 * probability to stay). */
nn_tensor *nn_dropout(nn_tensor *x, nn_real p);
nn_tensor *nn_dropout_standard(nn_tensor *x, nn_real p);
/* In training only: adds normal noise of mean 0 (Bishop 1995); makes each number, with probability
 * p, low or high, either as often, which passes no gradient on. Book: 8. */
nn_tensor *nn_noise(nn_tensor *x, nn_real std);
nn_tensor *nn_salt_and_pepper(nn_tensor *x, nn_real p, nn_real low, nn_real high);

/* Early stopping: after each epoch `if (nn_early_stop(&s, loss)) break;` with the loss on the
 * validation set, and in the end nn_model_set(model, s.weights). Progress is a loss more than
 * min_delta below the best one; then the weights are kept. Book: 8. */
typedef struct nn_early_stopping {
    nn_ctx *ctx;
    nn_model *model;
    int patience;          /* epochs without progress until it stops, at least 1 */
    nn_real min_delta;     /* 0 or more */
    nn_real best;          /* infinite at first */
    int epoch, best_epoch; /* losses seen so far; which of them, from 1 on, was the best */
    nn_real *weights;      /* parameters and buffers as they were then; lives as long as ctx */
    size_t size;
} nn_early_stopping;
nn_early_stopping nn_early_stopping_new(nn_model *model, int patience, nn_real min_delta);
int nn_early_stop(nn_early_stopping *s, nn_real validation_loss); /* 1: stop; so after an error */

/* When to stop, from the losses (positive) of n epochs so far: three criteria, judged at the end of
 * the last full strip of some epochs (5, say); all 0 before (Prechelt 1998). Book: 8. */
typedef struct nn_prechelt {
    double generalization_loss; /* GL: how much validation is above its lowest, in percent */
    double progress; /* P: training's mean in the strip above its lowest there, per thousand */
    double quotient; /* PQ: GL / P */
    int rises;       /* UP: at the ends of how many strips in a row validation has risen */
} nn_prechelt;
nn_prechelt nn_prechelt_criteria(const nn_real *training, const nn_real *validation, int n,
                                 int strip);
/* Which of several models, the simplest first, by their losses [models, k] on k folds (or samples)
 * held out: the first whose mean is at most the lowest one plus the standard error of that, its
 * standard deviation (divisor k - 1) over sqrt(k) (Breiman et al. 1984). k at least 2. Book: 8. */
int nn_one_standard_error(const nn_real *losses, int models, int k);

/* Batch normalisation (Ioffe and Szegedy 2015): y = weight (x - mean) / sqrt(var + eps) + bias for
 * each channel of x [N, C], [N, C, T] or [N, C, H, W]. In training mean and var (divisor M) are
 * those of its M numbers in the batch, at least 2, and move the running ones by momentum of the
 * way, var with divisor M - 1; with nn_set_training(nn, 0) they are the running ones. As in
 * PyTorch, names too: "name.weight", 1 at first, "name.bias", and the buffers. Book: 8. */
typedef struct nn_batch_norm {
    nn_tensor *weight, *bias;              /* [C] */
    nn_tensor *running_mean, *running_var; /* [C], buffers; 0 and 1 at first */
    nn_real eps, momentum;                 /* 1e-5, 0.1 */
} nn_batch_norm;
nn_batch_norm nn_batch_norm_new(nn_model *model, const char *name, int channels);
nn_tensor *nn_batch_norm_forward(const nn_batch_norm *b, nn_tensor *x);

/* ---- augmentation: changes that keep the label (to turn a 6 upside down does not: a 9) ---- */

/* One image [c, h, w] from x to another, y. What is (x, y) pixels right of and below its middle
 * goes to (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]): {-1, 0, 0, 0, 1, 0} is a mirror, {1, 0,
 * 3, 0, 1, 0} a shift. Bilinear; fill is what is outside; a determinant of 0 a mistake. Book: 8. */
void nn_affine(const nn_real *x, int c, int h, int w, const nn_real m[6], nn_real fill, nn_real *y);
/* m for: slanted by an angle shear, zoomed, turned clockwise, shifted by (dx, dy) pixels, as
 * torchvision's affine. Angles in degrees; quarter turns are exact. */
void nn_affine_matrix(nn_real degrees, nn_real dx, nn_real dy, nn_real scale, nn_real shear,
                      nn_real m[6]);
/* One image [c, pixels] in 0..1, c 1 or 3 (red, green, blue), in place: three factors, 1 for no
 * change, of the distance from black, from the mean grey of the image, from the grey of the pixel;
 * then the hue turned, by 1 for a full circle. As torchvision's adjust_brightness and so on. */
void nn_adjust_color(nn_real *x, int c, int pixels, nn_real brightness, nn_real contrast,
                     nn_real saturation, nn_real hue);

typedef struct nn_augment { /* how far to go; the words are torchvision's */
    nn_real flip_horizontal, flip_vertical;   /* probabilities */
    nn_real degrees, shear;                   /* angles of -degrees..degrees, at most 180, 80 */
    nn_real scale_low, scale_high;            /* zoom */
    nn_real translate, fill; /* shift by whole pixels, at most this part of width and height, with
                              * fill coming in: that is, padding and a crop */
    nn_real brightness, contrast, saturation; /* factors of 1 - brightness..1 + brightness */
    nn_real hue;                              /* -hue..hue, at most 0.5 */
} nn_augment;
nn_augment nn_augment_new(void); /* changes nothing: zoom 1, all others 0. Book: 8. */
/* x [N, C, H, W], C 1 or 3, as a new input: in training each image is changed by chance. */
nn_tensor *nn_augment_images(nn_tensor *x, const nn_augment *a);

/* Text as tokens >= 0, changed by chance: EDA (Wei and Zou 2019, arXiv 1901.11196). Book: 8. */
typedef struct nn_eda {
    const int *synonyms; /* groups, each ended by -1, and a last -1: {5, 9, 11, -1, 2, 7, -1, -1} */
    nn_real replacement; /* of a token by a synonym: the probability, as the next two */
    nn_real insertion;   /* behind it, of a synonym of any token of the text */
    nn_real deletion;    /* one token always stays */
} nn_eda;
/* tokens [n] -> out, with room for 2 n: gives how many there are, 1..2 n. In training only. */
int nn_augment_tokens(nn_ctx *nn, const int *tokens, int n, const nn_eda *eda, int *out);

/* Sound [.., T], 20 ms or more: rate (0.1 to 10) times as fast, [.., T / rate], and semitones (-24
 * to 24) higher (WSOLA: Verhelst and Roelands, ICASSP 1993); or with white noise, snr decibels
 * (-100 to 100) below the power of each row. Also outside training. Book: 8. */
nn_tensor *nn_time_pitch(nn_tensor *x, int sample_rate, nn_real rate, nn_real semitones);
nn_tensor *nn_white_noise(nn_tensor *x, nn_real snr);

#endif
/* ==== Chapter 9: vanishing and exploding gradients ================================== >>ch09 */
#if NN_CHAPTERS >= 9

/* How weights begin, for w [out, in] or [K, C, H, W]: fan_in is in or C H W, fan_out is out or
 * K H W. Mean 0 and standard deviation std; uniform ones are within sqrt(3) std of 0. Names and
 * meanings are PyTorch's. Fewer dimensions are an error. Book: 9, as all of these. */
/* Xavier: std = gain sqrt(2 / (fan_in + fan_out)). Signal and gradient about keep their variance
 * where activations are near straight lines of slope 1, as tanh at 0 (Glorot and Bengio 2010). */
void nn_xavier_uniform(nn_tensor *w, nn_real gain);
void nn_xavier_normal(nn_tensor *w, nn_real gain);
/* Kaiming (He et al. 2015): std = sqrt(2 / ((1 + slope^2) fan)), slope being a leaky ReLU's for x <
 * 0: 0 is a ReLU, 1 a straight line. NN_FAN_IN keeps the mean of y^2 from layer to layer,
 * NN_FAN_OUT that of the squared gradient. */
enum { NN_FAN_OUT, NN_FAN_IN };
void nn_kaiming_uniform(nn_tensor *w, nn_real slope, int mode);
void nn_kaiming_normal(nn_tensor *w, nn_real slope, int mode);
/* PyTorch's gains: identity and sigmoid 1, tanh 5/3, ReLU sqrt(2), leaky ReLU
 * sqrt(2 / (1 + slope^2)). For other activations it has none: an error. */
nn_real nn_calculate_gain(nn_activation g, nn_real slope);

/* Between nn_backward and nn_step: where |g|, the norm of the gradient g of all parameters, is
 * above max_norm, g becomes g max_norm / (|g| + 1e-6) (Pascanu et al. 2013). Gives |g| as it was
 * before; HUGE_VAL only measures. A gradient that is not finite is an error. Book: 9. */
double nn_clip_grad_norm(nn_model *model, nn_real max_norm);
/* Each number of the gradient into -value..value; that may turn the direction. Book: 9. */
void nn_clip_grad_value(nn_model *model, nn_real value);

/* What became of signal and gradient on their way, to be asked after nn_backward(loss): a row for
 * each result made by an activation function or with a parameter (linear, ..), in the order they
 * were made. Fills the first n rows; gives how many there are. Book: 9. */
typedef struct nn_diagnosis {
    const nn_tensor *y; /* the result: y->op, y->shape, y->line, ..; until nn_clear */
    const char *layer;  /* the parameter that y, or else what y was made from, was made with */
    nn_stat stat;       /* of y's numbers */
    double saturated;   /* of sigmoid and tanh: the part with less than 5 % of the largest slope */
    int units, dead;    /* y's last dimension (C of [N, C, H, W]); those that are 0 in every row */
    double grad;        /* the norm of d loss / d y */
    double param_grad;  /* and of the gradient of the parameters that y was made with */
} nn_diagnosis;
int nn_diagnose(nn_tensor *loss, nn_diagnosis *row, int n);
#ifndef NN_NO_STDIO
void nn_diagnose_print(nn_tensor *loss); /* all rows as a table. Book: 9. */
#endif

#endif
/* ==== Chapter 10: local minima and optimisation ====================================== >>ch10 */
#if NN_CHAPTERS >= 10

/* label [members, n]: the classes that several networks name for n samples, -1 being no answer.
 * vote [n]: the most frequent one, of equals the smallest; -1 where there is none. Book: 10. */
void nn_vote(nn_ctx *nn, const int *label, int members, int n, int *vote);
/* Draws index [n] from 0..n-1 with putting back (bagging: Breiman 1996), for the order of
 * nn_batches. Those not drawn, about 37 %, go into out_of_bag [n]; gives how many. */
int nn_bootstrap(nn_ctx *nn, int n, int *index, int *out_of_bag);
/* average [nn_model_size(model)], the mean of k sets of weights (k = 0: of none), becomes that of
 * k + 1 with the present ones. For sets from one path of training (Izmailov et al. 2018), and
 * nn_model_set; of networks trained apart, whose units differ in order, the mean is no use. */
void nn_model_average(nn_model *model, nn_real *average, int k);

#endif
/* ==== Chapter 11: depth, autoencoders ================================================ >>ch11 */
#if NN_CHAPTERS >= 11

/* A prefix is what nn_param and layers were given: "fc1" stands for "fc1.weight" and "fc1.bias",
 * not "fc10.weight"; "" for all. One that no parameter has is an error. Book: 11. */
/* on 1: these parameters stay as they are, to the last bit: no gradient (grad NULL), no weight
 * decay, no part in norms, penalties and nn_gradcheck. 0: they learn again, from a gradient of 0
 * and the optimiser's state as it was. Call it between two steps: what was recorded before can be
 * read, but nn_backward and operations refuse it. Buffers go on as nn_set_training says. An Adam
 * that meets parameters late makes its first steps too long: make a new one. */
void nn_freeze(nn_model *model, const char *prefix, int on);
/* Each parameter and buffer below to_prefix gets the numbers of the one below from_prefix whose
 * name goes on in the same way: (classifier, "fc1", autoencoder, "encoder") copies "encoder.weight"
 * to "fc1.weight". One that `from` lacks or has in another shape is an error, and nothing is
 * copied; what else `from` has does not matter. The models may belong to two contexts. */
void nn_model_copy(nn_model *to, const char *to_prefix, const nn_model *from,
                   const char *from_prefix);

#endif
/* ==== Chapter 12: convolutional networks ============================================= >>ch12 */
#if NN_CHAPTERS >= 12

/* How a window moves over x [N, C, H, W], in pairs {height, width}; over x [N, C, T] the first of a
 * pair holds. 0 stands for what is usual: (nn_conv_options){0} moves by 1, without padding. */
typedef struct nn_conv_options {
    int no_bias, groups;   /* groups of channels, 1: each has its own filters, which see only it */
    int stride[2];         /* 1 */
    int padding[2];        /* zeros on either side of x, 0; or NN_SAME */
    int dilation[2];       /* from one place of the window to the next, 1 */
    int output_padding[2]; /* transposed only, 0: so many more outputs, at the end */
} nn_conv_options;
enum { NN_SAME = -1 }; /* as many outputs as inputs, for stride 1; of an odd number of zeros, which
                        * an even kernel needs, the one more is at the end */
/* floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 outputs; less than 1 is a
 * mistake (Dumoulin and Visin 2016, arXiv 1603.07285). Book: 12. */
int nn_conv_out_size(int size, int kernel, int stride, int padding, int dilation);

/* Convolution, the filters not turned (cross-correlation): y[n, k, i, j] = bias[k] + sum over c, r,
 * s of weight[k, c, r, s] x[n, c, i stride + r dilation - padding, the same of j and s]. The
 * transposed one does what this does to a gradient on its way back: its y is the larger. All is as
 * in PyTorch: parameters "name.weight" and "name.bias", uniform within 1 / sqrt(weight size / its
 * first dimension) of 0. The options, but the first two, may be changed later, and a layer may be
 * made of any tensors. Stride 0 is 1 here, too. Book: 12, as all of these. */
typedef struct nn_conv2d {
    nn_tensor *weight; /* [K, C / groups, kH, kW]; transposed [C, K / groups, kH, kW]; 1d no kH */
    nn_tensor *bias;   /* [K]; NULL: none */
    nn_conv_options options;
} nn_conv2d, nn_conv1d, nn_conv_transpose2d;
nn_conv2d nn_conv2d_new(nn_model *model, const char *name, int in, int out, int kernel, int stride,
                        int padding); /* from `in` channels to `out`, windows kernel x kernel */
nn_conv2d nn_conv2d_new_with(nn_model *model, const char *name, int in, int out, int kernel_h,
                             int kernel_w, nn_conv_options options);
nn_conv1d nn_conv1d_new(nn_model *model, const char *name, int in, int out, int kernel, int stride,
                        int padding);
nn_conv_transpose2d nn_conv_transpose2d_new(nn_model *model, const char *name, int in, int out,
                                            int kernel, int stride, int padding);
nn_tensor *nn_conv2d_forward(const nn_conv2d *l, nn_tensor *x); /* [N, C, H, W] -> [N, K, .., ..] */
nn_tensor *nn_conv1d_forward(const nn_conv1d *l, nn_tensor *x); /* [N, C, T] -> [N, K, ..] */
/* [N, C, H, W] -> [N, K, .., ..], along each axis (size - 1) stride - 2 padding +
 * dilation (kernel - 1) + 1 + output_padding, the last being less than stride or dilation. */
nn_tensor *nn_conv_transpose2d_forward(const nn_conv_transpose2d *l, nn_tensor *x);

/* The largest, or the mean, of each window in each channel by itself; stride 0 is kernel. Of equal
 * numbers the first receives the gradient, and a NaN is larger than all. Padding, at most half of
 * the kernel, is never the largest and counts as zeros in the mean. As in PyTorch. Book: 12. */
nn_tensor *nn_max_pool2d(nn_tensor *x, int kernel, int stride, int padding); /* [N, C, H, W] */
nn_tensor *nn_avg_pool2d(nn_tensor *x, int kernel, int stride, int padding);
nn_tensor *nn_max_pool1d(nn_tensor *x, int kernel, int stride, int padding); /* [N, C, T] */
nn_tensor *nn_avg_pool1d(nn_tensor *x, int kernel, int stride, int padding);
nn_tensor *nn_global_avg_pool2d(nn_tensor *x); /* of whole channels: [N, C, H, W] -> [N, C] */
nn_tensor *nn_flatten(nn_tensor *x);           /* [N, ..] -> [N, D] for a fully connected layer */

/* What one output sees of the input along an axis: `size` numbers; its neighbour sees those `jump`
 * further on. {1, 1} before all layers (Araujo, Norris and Sim, Distill 2019). Book: 12. */
typedef struct nn_receptive_field {
    int size, jump;
} nn_receptive_field;
nn_receptive_field nn_receptive_field_after(nn_receptive_field before, int kernel, int stride,
                                            int dilation);

#endif
/* ==== Chapter 13: recurrent networks ================================================= >>ch13 */
#if NN_CHAPTERS >= 13

/* A vector for each of `vocabulary` words: what a product of one-hot rows and the weight would
 * give, only looked up; gradients are added to the rows that were used. Parameter "name.weight",
 * normal(0, 1) as in PyTorch. An id of -1 gives zeros; what is no word is an error. Book: 13. */
typedef struct nn_embedding {
    nn_tensor *weight; /* [V, D] */
} nn_embedding;
nn_embedding nn_embedding_new(nn_model *model, const char *name, int vocabulary, int dim);
nn_tensor *nn_embedding_forward(const nn_embedding *e, const int *ids, int n); /* -> [n, D] */

/* One step of a recurrent network, of which nn_rnn, nn_lstm and nn_gru make a sequence: the same
 * weights at every step. G is how many gates there are: 1 of an RNN, 4 of an LSTM, 3 of a GRU. */
typedef struct nn_rnn_cell {
    nn_tensor *weight_ih;         /* [G H, in], of the input: the book's U */
    nn_tensor *weight_hh;         /* [G H, H], of the state before: the book's W */
    nn_tensor *bias_ih, *bias_hh; /* [G H]; NULL: none */
    nn_tensor *weight_ch;         /* an LSTM's peepholes, else NULL: chapter 14 */
    int variant;                  /* of the options: relu, peephole or convention */
    const struct nn__cell_rule *rule;
} nn_rnn_cell, nn_lstm_cell, nn_gru_cell;

typedef struct nn_rnn_result { /* use .h and .c of one call to begin the next */
    nn_tensor *output; /* the state h after every step: [N, T, H], bidirectional [N, T, 2 H] */
    nn_tensor *h;      /* the last one: [layers directions, N, H]; of a cell [N, H], as output */
    nn_tensor *c;      /* of an LSTM, its last cell state, else NULL */
} nn_rnn_result;

/* PyTorch's RNNCell (Elman 1990): h' = tanh(W_ih x + b_ih + W_hh h + b_hh), x [N, in], h [N, H], or
 * [1, H], or NULL: zeros. Parameters "name.weight_ih", .., uniform within 1 / sqrt(H). Book: 13. */
nn_rnn_cell nn_rnn_cell_new(nn_model *model, const char *name, int in, int hidden);
nn_rnn_result nn_rnn_cell_forward(const nn_rnn_cell *l, nn_tensor *x, nn_tensor *h);

/* 0 stands for what is usual: (nn_rnn_options){0} is one layer from left to right, with biases.
 * What is for another kind of cell, or between layers where there is one, has no effect. */
typedef struct nn_rnn_options {
    int layers;          /* 1; each one reads the states of the one below */
    int bidirectional;   /* 1: a second cell reads from right to left; its states come second */
    int no_bias;
    nn_real dropout;     /* between layers, 0 */
    int relu;            /* RNN: ReLU instead of tanh (Le, Jaitly and Hinton 2015) */
    int peephole;        /* LSTM: NN_PEEPHOLE_DIAGONAL or _FULL */
    nn_real forget_bias; /* LSTM: if not 0, the forget gate's two biases begin with this and 0 */
    int convention;      /* GRU: NN_GRU_PYTORCH, _CHO or _CHUNG */
} nn_rnn_options;

typedef struct nn_rnn {
    nn_rnn_cell *cell;      /* [layers directions]: l0, l0_reverse, l1, ..; fit for _cell_forward */
    int layers, directions;
    nn_real dropout;
} nn_rnn, nn_lstm, nn_gru;

enum { NN_MAX_LAYERS = 16 };

/* A cell over whole sequences x [N, T, in]: to the last bit what nn_rnn_cell_forward gives step by
 * step, but quicker. Parameters as in PyTorch: "name.weight_ih_l0", "weight_hh_l0", .., those from
 * right to left end in "_reverse". h0 is the state before the first step, [layers directions, N, H]
 * or, the same for all, [layers directions, 1, H]; NULL: zeros. lengths[N]: sequence n has
 * lengths[n] of the T steps, at least 1 (NULL: T). x behind them is not looked at, the output there
 * is 0; h is the state at the end, where right to left begins. To truncate backpropagation through
 * time (Williams and Peng 1990), carry result.h into the next window by nn_detach or, over an
 * nn_clear, as numbers (copy h->data, clear, nn_input). Book: 13. */
nn_rnn nn_rnn_new(nn_model *model, const char *name, int in, int hidden);
nn_rnn nn_rnn_new_with(nn_model *model, const char *name, int in, int hidden, nn_rnn_options o);
nn_rnn_result nn_rnn_forward(const nn_rnn *l, nn_tensor *x, nn_tensor *h0, const int *lengths);

/* index [rows]: a class for each row of logits [.., C], drawn with the probabilities
 * softmax(logits / temperature): below 1 the likely ones come more often, at 0 only the largest. A
 * class of -infinity is never drawn; NaN and infinity are errors. (Of [N, T, C] the last step alone
 * is nn_slice(logits, 1, T - 1, T).) Book: 13. */
void nn_sample(const nn_tensor *logits, nn_real temperature, int *index);

#endif
/* ==== Chapter 14: LSTM, GRU, highways ================================================ >>ch14 */
#if NN_CHAPTERS >= 14

/* Long short-term memory, with PyTorch's parameters: blocks of H rows for the gates i, f, g, o (the
 * book's candidate is g). Peepholes: i and f see the cell state before, o the new one. Hochreiter
 * and Schmidhuber 1997; forget gate: Gers, Schmidhuber and Cummins 2000; peepholes: Gers and
 * Schmidhuber 2000. forget_bias 1: Jozefowicz, Zaremba and Sutskever 2015. Book: 14. */
enum {
    NN_PEEPHOLE_DIAGONAL = 1, /* each cell its own: "name.weight_ch_l0" is [3 H], of i, f and o */
    NN_PEEPHOLE_FULL          /* each gate all cells: [3 H, H], the concatenation [C, h, x] */
};
nn_lstm_cell nn_lstm_cell_new(nn_model *model, const char *name, int in, int hidden);
nn_rnn_result nn_lstm_cell_forward(const nn_lstm_cell *l, nn_tensor *x, nn_tensor *h, nn_tensor *c);
nn_lstm nn_lstm_new(nn_model *model, const char *name, int in, int hidden);
nn_lstm nn_lstm_new_with(nn_model *model, const char *name, int in, int hidden, nn_rnn_options o);
nn_rnn_result nn_lstm_forward(const nn_lstm *l, nn_tensor *x, nn_tensor *h0, nn_tensor *c0,
                              const int *lengths); /* c0 as h0: see nn_rnn_forward */

/* Gated recurrent unit, with PyTorch's parameters: blocks of H rows for r, z and the candidate n.
 * Writers differ in where the reset gate r acts and in what z = 1 means. Book: 14. */
enum {
    NN_GRU_PYTORCH, /* r after the product, n = tanh(W x + r (U h)); z keeps, h' = z h + (1 - z) n:
                     * PyTorch, cuDNN, Keras */
    NN_GRU_CHO,     /* r before it, n = tanh(W x + U (r h)); z keeps: Cho et al., EMNLP 2014 */
    NN_GRU_CHUNG    /* r before it; z renews, h' = (1 - z) h + z n: Chung et al. 2014; the book */
};
nn_gru_cell nn_gru_cell_new(nn_model *model, const char *name, int in, int hidden);
nn_rnn_result nn_gru_cell_forward(const nn_gru_cell *l, nn_tensor *x, nn_tensor *h);
nn_gru nn_gru_new(nn_model *model, const char *name, int in, int hidden);
nn_gru nn_gru_new_with(nn_model *model, const char *name, int in, int hidden, nn_rnn_options o);
nn_rnn_result nn_gru_forward(const nn_gru *l, nn_tensor *x, nn_tensor *h0, const int *lengths);

/* A highway layer (Srivastava et al. 2015): y = t h + (1 - t) x, where h = activation(W x + b), t =
 * sigmoid(W_t x + b_t). Parameters "name.transform.weight", .., "name.gate.weight", ..; the gate's
 * bias begins with gate_bias: -1 to -3 lets y be mostly x at first. Book: 14. */
typedef struct nn_highway {
    nn_linear transform, gate;
    nn_activation activation;
} nn_highway;
nn_highway nn_highway_new(nn_model *model, const char *name, int width, nn_activation activation,
                          nn_real gate_bias);
/* [.., width] -> the same; *gate, if gate is not NULL, becomes t, for nn_stats. */
nn_tensor *nn_highway_forward(const nn_highway *l, nn_tensor *x, nn_tensor **gate);

#endif
/* ==== Chapter 15: attention and transformers ========================================= >>ch15 */
#if NN_CHAPTERS >= 15

/* Each row of x [.., D] to mean 0 and variance 1 (divisor D, plus eps, 1e-5), then times weight
 * plus bias, [D] each: parameters "name.weight", 1 at first, and "name.bias", 0. PyTorch's
 * LayerNorm; the same in training and in use. Ba, Kiros and Hinton 2016. Book: 15. */
typedef struct nn_layer_norm {
    nn_tensor *weight, *bias; /* [D] */
    nn_real eps;
} nn_layer_norm;
nn_layer_norm nn_layer_norm_new(nn_model *model, const char *name, int dim);
nn_tensor *nn_layer_norm_forward(const nn_layer_norm *l, nn_tensor *x); /* [.., D] -> the same */

/* Sines and cosines [T, D], to be added to embeddings: number 2 i of row t is sin(t / 10000^(2 i /
 * D)), 2 i + 1 the cosine; D is even. Vaswani et al. 2017, 3.5. Book: 15. */
nn_tensor *nn_positional_encoding(nn_ctx *nn, int steps, int dim);

/* Keys and values of the steps done so far, so that generation computes those of new steps only.
 * It lives as long as nn; length 0 empties it for the next sequence. Book: 15. */
typedef struct nn_kv_cache {
    nn_ctx *ctx;
    nn_real *k, *v;       /* [rows, capacity, D] */
    int rows, n;          /* room for so many sequences; so many are in it */
    int capacity, dim;
    int length;           /* steps that are in it, the same for all N */
} nn_kv_cache;
/* One for each of `layers` layers, for at most n sequences of at most `capacity` steps. */
nn_kv_cache *nn_kv_cache_new(nn_ctx *nn, int layers, int n, int capacity, int dim);
/* For beam search: of n rows from now on (fewer or more), row i becomes what row from[i] was. */
void nn_kv_cache_select(nn_kv_cache *cache, int layers, const int *from, int n);

/* Which query t of T sees which key s of S. 0 stands for what is usual: one head that sees all. */
typedef struct nn_attention_options {
    int heads;           /* 1; a layer has its own */
    int causal;          /* 1: t sees s <= t + S - T, itself and what is before */
    const int *lengths;  /* [N]: sequence n has so many keys, 0..S, behind is padding; NULL: S */
    nn_tensor *mask;     /* [T, S], [N, T, S], [N, H, T, S]: 1 where t may look at s, else 0 */
    nn_real scale;       /* of the scores, 1 / sqrt(d); d is a head's share of D */
    nn_real dropout;     /* of the weights, in training */
    nn_kv_cache *cache;  /* of a layer: see nn_multihead_attention_forward */
} nn_attention_options;

/* Scaled dot-product attention: y = P v, P = softmax(q k^T / sqrt(d)) over the keys that may be
 * seen. q [N, T, D], k [N, S, D], v [N, S, E] -> [N, T, E]; head h works on the h-th of H equal
 * parts of D and of E, and writes the h-th part of E. *weights, if not NULL, becomes P
 * [N, H, T, S], before dropout, to be looked at: it has no gradient. A query that may look nowhere
 * gets zeros (PyTorch: NaN). Bahdanau et al. 2015; Vaswani et al. 2017, 3.2.1. Book: 15. */
nn_tensor *nn_attention(nn_tensor *q, nn_tensor *k, nn_tensor *v, nn_attention_options o,
                        nn_tensor **weights);
/* softmax over the last axis of x where mask, which broadcasts against x, is 1, and 0 elsewhere, so
 * everywhere in a row without 1. For other scores than products: additive attention, graphs. */
nn_tensor *nn_masked_softmax(nn_tensor *x, nn_tensor *mask);

/* Additive attention (Bahdanau et al. 2015): score = v . tanh(W q + U k) with A hidden units.
 * Parameters "name.query.weight" [A, Dq], "name.key.weight" [A, Dk], "name.score.weight" [1, A].
 * Book: 15. */
typedef struct nn_additive_attention {
    nn_linear query, key, score; /* without biases */
} nn_additive_attention;
nn_additive_attention nn_additive_attention_new(nn_model *model, const char *name, int query,
                                                int key, int hidden);
/* q [N, T, Dq], k [N, S, Dk], v [N, S, E] -> [N, T, E]; lengths and weights [N, T, S] as above */
nn_tensor *nn_additive_attention_forward(const nn_additive_attention *l, nn_tensor *q,
                                         nn_tensor *k, nn_tensor *v, const int *lengths,
                                         nn_tensor **weights);

/* Multi-head attention with PyTorch's parameters: "name.in_proj_weight" [3 D, D], rows for queries,
 * keys and values, "name.in_proj_bias" [3 D], "name.out_proj.weight" [D, D] and ".bias" [D]; d =
 * D / H. Weights begin uniform (Glorot), biases 0. Vaswani et al. 2017, 3.2.2. Book: 15. */
typedef struct nn_multihead_attention {
    nn_tensor *in_proj_weight, *in_proj_bias;
    nn_linear out_proj;
    int heads;
} nn_multihead_attention;
nn_multihead_attention nn_multihead_attention_new(nn_model *model, const char *name, int dim,
                                                  int heads);
/* Queries from x [N, T, D], keys and values from source [N, S, D] -> [N, T, D]; source x itself:
 * self-attention. With o.cache the keys and values of source are put behind those in the cache, and
 * S counts them all; a source of NULL adds nothing (a memory, cached already). What is cached has
 * no gradient: nn_set_grad_enabled(nn, 0) first. The results are those without, to the bit. */
nn_tensor *nn_multihead_attention_forward(const nn_multihead_attention *l, nn_tensor *x,
                                          nn_tensor *source, nn_attention_options o,
                                          nn_tensor **weights);

/* A layer of a transformer: self-attention, in a decoder then attention to a memory, then a
 * feed-forward network, the same at every position; each with a residual connection and a layer
 * norm, after the addition (post-norm: x = norm(x + f(x))) or before f (pre-norm: x = x +
 * f(norm(x))). Parameters as PyTorch's TransformerEncoderLayer and TransformerDecoderLayer:
 * "self_attn", "multihead_attn", "linear1", "linear2", "norm1", "norm2", "norm3". Book: 15. */
typedef struct nn_transformer_options { /* 0 stands for what is usual */
    int heads;           /* 1 */
    int hidden;          /* of the feed-forward network: 4 D */
    int norm_first;      /* 1: pre-norm, and then a stack ends with a norm of its own */
    int gelu;            /* 1: GELU instead of ReLU */
    nn_real dropout;     /* of attention weights, of what each part adds, of hidden units */
} nn_transformer_options;
typedef struct nn_transformer_layer {
    nn_multihead_attention self_attn, multihead_attn; /* the second of a decoder only */
    nn_linear linear1, linear2;
    nn_layer_norm norm1, norm2, norm3;                /* norm3 of a decoder only */
    nn_transformer_options options;
} nn_encoder_layer, nn_decoder_layer;
nn_encoder_layer nn_encoder_layer_new(nn_model *model, const char *name, int dim,
                                      nn_transformer_options o);
nn_decoder_layer nn_decoder_layer_new(nn_model *model, const char *name, int dim,
                                      nn_transformer_options o);
/* x [N, T, D] -> [N, T, D]; o as for the self-attention, whose heads and dropout are the layer's */
nn_tensor *nn_encoder_layer_forward(const nn_encoder_layer *l, nn_tensor *x,
                                    nn_attention_options o, nn_tensor **weights);
/* The same with a memory [N, S, D], what an encoder gave; self and cross are the options of the two
 * attentions (self.causal = 1 is yours to set); weights are those of the second. */
nn_tensor *nn_decoder_layer_forward(const nn_decoder_layer *l, nn_tensor *x, nn_tensor *memory,
                                    nn_attention_options self, nn_attention_options cross,
                                    nn_tensor **weights);

/* Layers one upon the other, "name.layers.0", ..; with norm_first "name.norm" at the end. o.cache
 * (self.cache, cross.cache) is an array of one cache for each layer; weights, if not NULL, one of
 * `layers` tensors. A GPT is an encoder with causal attention and norm_first. Book: 15. */
typedef struct nn_transformer {
    nn_encoder_layer *layer; /* [layers] */
    int layers;
    nn_layer_norm norm;      /* {NULL} without norm_first */
} nn_encoder, nn_decoder;
nn_encoder nn_encoder_new(nn_model *model, const char *name, int layers, int dim,
                          nn_transformer_options o);
nn_decoder nn_decoder_new(nn_model *model, const char *name, int layers, int dim,
                          nn_transformer_options o);
nn_tensor *nn_encoder_forward(const nn_encoder *l, nn_tensor *x, nn_attention_options o,
                              nn_tensor **weights);
nn_tensor *nn_decoder_forward(const nn_decoder *l, nn_tensor *x, nn_tensor *memory,
                              nn_attention_options self, nn_attention_options cross,
                              nn_tensor **weights);

/* Graph attention (Velickovic et al. 2018): h = x W^T, e_ij = LeakyReLU(a_src . h_j + a_dst . h_i,
 * 0.2), y_i = the sum of softmax_j(e_ij) h_j over the neighbours j of i; H heads, whose results [N,
 * F] stand side by side, plus bias. Parameters "name.lin.weight" [H F, in], "name.att_src",
 * "name.att_dst" [H, F], "name.bias" [H F], begun as Glorot uniform and 0. Book: 15. */
typedef struct nn_graph_attention {
    nn_tensor *weight, *att_src, *att_dst, *bias;
    int heads;
} nn_graph_attention;
nn_graph_attention nn_graph_attention_new(nn_model *model, const char *name, int in, int out,
                                          int heads); /* out: F, of each head */
/* x [N, in], adjacency [N, N], 1 where i (row) listens to j -> [N, H F]; weights [H, N, N] */
nn_tensor *nn_graph_attention_forward(const nn_graph_attention *l, nn_tensor *x,
                                      nn_tensor *adjacency, nn_tensor **weights);

/* ---- generation: one token after the other, from any model ----
 *
 * What the search asks the model: the logits [n, V] of the token after each of n hypotheses, whose
 * `length` tokens so far, the prompt among them, are tokens[i * length ..]. Hypothesis i goes on
 * from the one that had row from[i] in the call before (from is NULL in the first), so that a cache
 * or a recurrent state can follow. It may call nn_clear. 0: it failed, and so does the search. */
typedef int (*nn_next_token)(void *user, int n, int length, const int *tokens, const int *from,
                             nn_real *logits);
typedef struct nn_generate_options { /* 0 stands for what is usual */
    int vocabulary;         /* V, at least 1: has to be set */
    const int *prompt;      /* what all begin with, prompt_length >= 1 tokens; has to be set */
    int prompt_length;
    int max_length;         /* so many tokens at most, prompt and end included; has to be set */
    int end;                /* the token that ends a sequence; 0 or less: none */
    nn_real temperature;    /* above 0: draws instead of taking the most likely, see nn_sample */
    int top_k;              /* draws among the k most likely; 0: all */
    nn_real top_p;          /* draws among the most likely that together have p; 0: all */
    int beams;              /* 1 or less: greedy, or drawn; up to NN_MAX_BEAMS: beam search */
    nn_real length_penalty; /* alpha: finished hypotheses are compared by log p / length^alpha, of
                             * the tokens after the prompt; 0: by log p */
} nn_generate_options;
/* Writes the best sequence, prompt included, into tokens[max_length]; gives its length, 0 after an
 * error; *log_p, if not NULL, the model's log probability of what follows the prompt. Beam search
 * keeps what ended apart from the beams that go on, and is over when no beam can still win. Of
 * equals the lower beam, then the lower token comes first. Wu et al. 2016, section 7; larger beams
 * can be worse: Koehn and Knowles 2017. Book: 15. */
int nn_generate(nn_ctx *nn, nn_next_token next, void *user, nn_generate_options o, int *tokens,
                double *log_p);
/* Before nn_sample: all logits become -infinity but the top_k largest (0: all), and of these but
 * the fewest that together have probability top_p of softmax(logits) (0: all). Of equals the first
 * stays. Fan et al. 2018; Holtzman et al. 2020. */
void nn_keep_likely(nn_ctx *nn, nn_real *logits, int vocabulary, int top_k, nn_real top_p);

#endif
/* ==== Chapter 16: metrics ============================================================ >>ch16 */
#if NN_CHAPTERS >= 16

/* On plain arrays, the prediction before the truth, as in losses; the numbers are scikit-learn's,
 * where it has the metric. n counts samples, at least 1; those with label -1 do not count, but one
 * has to. Functions without nn need no memory, and abort at a mistake. Book: 16. */

/* The part that is right; the error rate is 1 - that. Book: 16. */
double nn_accuracy(const int *predicted, const int *label, int n);
/* matrix [classes, classes] becomes the confusion matrix: how many samples of class i (row) were
 * taken for class j (column). Made once, it gives the metrics that follow. */
void nn_confusion_matrix(const int *predicted, const int *label, int n, int classes, int *matrix);
#ifndef NN_NO_STDIO
/* name [classes] may be NULL. Book: 16. */
void nn_confusion_print(const int *matrix, int classes, const char *const *name);
#endif
/* One class against all others; or of all classes the plain mean, the one weighted by how many
 * samples each has, or all counts added up first (micro: precision, recall and f1 are then the
 * accuracy). Means are over the classes that occur as label or prediction. 0/0 is 0. Book: 16. */
enum { NN_MACRO = -1, NN_MICRO = -2, NN_WEIGHTED = -3 }; /* or a class, 1 if there are two */
typedef struct nn_class_scores {
    double tp, fp, fn, tn; /* true and false positives and negatives; sums, if of all classes */
    double precision;      /* tp / (tp + fp): how much of what was said to be the class is */
    double recall;         /* tp / (tp + fn): how much of the class was found; sensitivity */
    double specificity;    /* tn / (tn + fp): the recall of all others */
    double f1;             /* 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall */
    double iou;            /* tp / (tp + fp + fn): Jaccard; of masks, pixels being the samples */
} nn_class_scores;
nn_class_scores nn_precision_recall_f1(const int *matrix, int classes, int which);

/* What each threshold would do: label 1 is positive, 0 negative, "positive" is said from score >=
 * threshold on. point has room for n + 1: first an infinite threshold, nothing positive; then one
 * for each different score, from the highest down. Gives how many points there are. (fpr, recall)
 * is the ROC curve, (recall, precision) the precision-recall curve. 0/0 is 0, but for the precision
 * of nothing: 1. Book: 16, as all of these. */
typedef struct nn_roc_point {
    double threshold, recall, fpr, precision; /* fpr: fp / negatives, 1 - specificity */
    int tp, fp;
} nn_roc_point;
int nn_roc_curve(const nn_real *score, const int *label, int n, nn_roc_point *point);
/* The area under the ROC curve: how often a positive has a higher score than a negative, equality
 * counting half (Mann and Whitney's U over the pairs; Fawcett 2006). NaN if there is no pair. */
double nn_auc(const nn_roc_point *point, int points);
/* The mean precision over recall, of `positives` (0: those of the curve; more, if some, as objects
 * that no box found, have no score). 0 without positives. STEPS: sum of (recall - recall before)
 * precision (scikit-learn). The others take at each recall the best precision there or further on:
 * ALL_POINTS sums as STEPS does (VOC from 2010 on), the rest are means at recalls 0, 0.1, .. 1 (VOC
 * 2007: Everingham et al. 2010) or 0, 0.01, .. 1 (COCO: Lin et al. 2014). */
enum { NN_AP_STEPS, NN_AP_ALL_POINTS, NN_AP_11_POINTS, NN_AP_101_POINTS };
double nn_average_precision(const nn_roc_point *point, int points, int positives, int how);

/* Is a model right as often as it is sure? confidence [n] in 0..1 goes into bins of equal width,
 * upper ends included; correct [n] 0 or 1. (Or probabilities of class 1, and labels.) Gives the
 * expected calibration error, the bins' mean of |mean confidence - part that is right|, weighted by
 * n (Guo et al. 2017). bin [bins]: the reliability diagram, empty ones zeros. Book: 16. */
typedef struct nn_calibration_bin {
    int n;
    double confidence, accuracy; /* means */
} nn_calibration_bin;
double nn_calibration_error(const nn_real *confidence, const int *correct, int n, int bins,
                            nn_calibration_bin *bin);

/* R2 = 1 - (sum of squared errors) / (sum of squares around the targets' mean): below 0 is worse
 * than to say that mean. Of targets that are all equal: 1 if met exactly, else 0. Book: 16. */
typedef struct nn_regression {
    double mse, rmse, mae, r2;
} nn_regression;
nn_regression nn_regression_scores(const nn_real *y, const nn_real *target, int n);

/* ---- texts ---- */

/* e^mean of losses -log p of tokens given those before them (nn_cross_entropy, NN_REDUCE_NONE; or n
 * = 1, their mean): like a choice among so many equally likely ones. Book: 16. */
double nn_perplexity(const nn_real *loss, int n);

typedef struct nn_tokens {
    const int *id; /* [n] */
    int n;
} nn_tokens;
/* BLEU (Papineni et al. 2002) of a whole corpus: begin with nn_bleu b = {{0}}; then nn_bleu_add for
 * each candidate and its references. An n-gram of a candidate matches at most as often as it is in
 * the one reference that has it most often: b.match[n - 1] of b.total[n - 1]. The reference nearest
 * in length counts for the brevity penalty, of two the shorter. Book: 16, as all of these. */
enum { NN_BLEU_ORDER = 4 };
typedef struct nn_bleu {
    double match[NN_BLEU_ORDER], total[NN_BLEU_ORDER], length, reference_length;
} nn_bleu;
void nn_bleu_add(nn_bleu *b, nn_tokens candidate, const nn_tokens *reference, int references);
/* BP times the geometric mean of match / total for n-grams of 1..order, in 0..1; BP = 1 if the
 * candidates are longer than the references, else e^(1 - reference_length / length). A factor of 0
 * or 0/0 makes it 0, which single sentences often get. NN_BLEU_ADD_ONE: 1 is added to match and
 * total from 2-grams on (Lin and Och, COLING 2004). */
enum { NN_BLEU_PLAIN, NN_BLEU_ADD_ONE };
double nn_bleu_score(const nn_bleu *b, int order, int smoothing);

/* ROUGE-N: n-grams in common, each at most as often as both have it; ROUGE-L: the longest common
 * subsequence, in tokens. As part of the candidate (precision), of the reference (recall; Lin's
 * own), and f1. Of several references the one with the best f1. 0/0 is 0. Lin 2004. Book: 16. */
typedef struct nn_rouge {
    double precision, recall, f1;
} nn_rouge;
nn_rouge nn_rouge_n(nn_tokens candidate, const nn_tokens *reference, int references, int order);
nn_rouge nn_rouge_l(nn_ctx *nn, nn_tokens candidate, const nn_tokens *reference, int references);

/* ---- objects in images ---- */

typedef struct nn_box {
    nn_real x1, y1, x2, y2; /* finite, x1 <= x2, y1 <= y2 */
} nn_box;
/* Intersection over union, of areas; 0/0 is 0. Book: 16, as all of these. */
double nn_iou(nn_box a, nn_box b);
typedef struct nn_object {
    int image, label;
    nn_box box;
    nn_real score; /* of one that was found; of a true one it is not looked at */
} nn_object;
/* Non-maximum suppression: from the highest score down (of equals the first first), an object is
 * kept unless its IoU with a kept one of its image and label is above iou. keep [n] gets their
 * numbers in that order; gives how many. iou in 0..1, as below. */
int nn_nms(nn_ctx *nn, const nn_object *found, int n, double iou, int *keep);
/* In the same order, each takes of the true objects [m] of its image and label, if they are not
 * taken yet, the one with the largest IoU, if that is at least iou. match [n] gets its number, or
 * -1; gives how many matches there are. As COCO does; VOC counts a second box on a taken object as
 * wrong, even where a neighbour would do. */
int nn_detection_match(nn_ctx *nn, const nn_object *found, int n, const nn_object *truth, int m,
                       double iou, int *match);
/* Average precision of one label, how as for nn_average_precision; with label -1 the mean over all
 * labels in truth (mAP); with iou 0 the mean over 0.50, 0.55, .. 0.95 (COCO; objects of all sizes,
 * none to be ignored, and no limit to how many are found). 0 if truth has no such object. */
double nn_detection_ap(nn_ctx *nn, const nn_object *found, int n, const nn_object *truth, int m,
                       int label, double iou, int how);

/* ---- for any model, any metric ---- */

/* Tests a model on data: in order, in batches, without training and graph; both modes are
 * afterwards what they were. forward turns x [N, sample] into N rows of `outputs` numbers; out
 * [data->n, outputs] gets them all. 1: done. Calls nn_clear. Book: 16. */
struct nn_dataset;
typedef nn_tensor *(*nn_forward)(void *user, nn_tensor *x);
int nn_evaluate(const struct nn_dataset *data, nn_forward forward, void *user, int batch_size,
                int outputs, nn_real *out);
/* How far a metric of n samples could be off by chance. metric gives its value for the samples
 * index[0..n-1]: first all, then `resamples` times n that are drawn with putting back; low to high
 * holds the middle part `confidence` of those values (percentile bootstrap: Efron and Tibshirani
 * 1993). NaN is left out; fewer than two others are an error. The difference of two models is a
 * metric, too: 0 between low and high says that none was shown. */
typedef double (*nn_metric)(void *user, const int *index, int n);
typedef struct nn_interval {
    double value, low, high, std; /* std: standard error, the values' deviation (divisor n - 1) */
    int resamples;                /* those that count */
} nn_interval;
nn_interval nn_bootstrap_interval(nn_ctx *nn, nn_metric metric, void *user, int n, int resamples,
                                  double confidence);

#endif
/* ==== Files and data sets ============================================================ >>data */

enum { NN_MISSING_ERROR, NN_MISSING_NAN };
typedef struct nn_csv_options {
    int header;     /* how many lines stand before the data; the last of them names the columns, or,
                     * as "rows,features,name,name,..", the classes */
    char delimiter; /* 0: a comma */
    int missing;    /* what an empty field, NA, ? or nan gets: NN_MISSING_ERROR or NN_MISSING_NAN */
    int categories; /* 1: a column whose first value is not a number is one of categories */
} nn_csv_options;

typedef struct nn_table {
    nn_ctx *ctx;
    int rows, cols;             /* 0 if reading failed */
    nn_real *data;              /* [rows, cols]; a category is its number, from 0, by appearance */
    const char **name;          /* [cols], "" without header */
    const char ***category;     /* [cols]: the categories' texts, NULL for a column of numbers */
    int *categories;            /* [cols]: how many */
    const char **class_name;    /* [classes], from a first line "rows,columns,name,name,.." */
    int classes;
} nn_table;

/* Reads a whole CSV; an error tells file, row and column. Numbers are decimal, with a point in
 * every locale, rounded to nearest; infinity is refused. Fields have at most 4095 bytes; in quotes
 * they are missing only if empty. Empty lines do not count; names may occur twice. Refused with a
 * hint: comments, a delimiter at the end of a line, a decimal comma, UTF-16, a compressed file. */
#ifndef NN_NO_STDIO
nn_table nn_csv_load(nn_ctx *nn, const char *path, nn_csv_options options);
#endif
nn_table nn_csv_parse(nn_ctx *nn, const char *text, size_t size, nn_csv_options options);

/* Of one column: .nan counts the missing values. */
nn_stat nn_table_stats(const nn_table *table, int column); /* -1 is the last */
#ifndef NN_NO_STDIO
void nn_table_print(const nn_table *table); /* to stdout: a line for each column */
#endif

typedef struct nn_idx {
    nn_ctx *ctx;
    int type;                   /* 0x08 unsigned byte, 0x09, 0x0b, 0x0c, 0x0d float, 0x0e double */
    nn_shape shape;
    size_t size;                /* elements */
    const unsigned char *bytes; /* as in the file, the highest byte of each element first */
} nn_idx;
#ifndef NN_NO_STDIO
nn_idx nn_idx_load(nn_ctx *nn, const char *path);
#endif
nn_idx nn_idx_parse(nn_ctx *nn, const void *bytes, size_t size); /* bytes must outlive the result */
double nn_idx_value(const nn_idx *a, size_t i);

/* The bytes of a file as they are, with a 0 behind them. */
typedef struct nn_text {
    nn_ctx *ctx;
    const char *bytes;
    size_t size;                /* without the 0; 0 if reading failed */
} nn_text;
#ifndef NN_NO_STDIO
nn_text nn_text_load(nn_ctx *nn, const char *path);
#endif

/* What a text is cut into. Words: runs of letters, digits, ' and all that is not ASCII; every other
 * sign is a token of its own; white space only separates. Lower words: A to Z become a to z. */
typedef enum nn_unit { NN_BYTES, NN_CHARS, NN_WORDS, NN_LOWER_WORDS } nn_unit; /* CHARS: UTF-8 */

typedef struct nn_vocab {
    nn_ctx *ctx;
    nn_unit unit;
    int n;                      /* tokens; 0 after an error */
    const char **token;         /* [n], each with a 0 behind it; token[0] is "<unk>", for others */
    int *slot;                  /* to find them */
    size_t slots;
} nn_vocab;

/* The tokens of a text, the most frequent first, of those equally frequent the one that came first;
 * limit: at most so many, "<unk>" counted, or 0: all. Book: 13. */
nn_vocab nn_vocab_new(nn_ctx *nn, nn_unit unit, const char *text, size_t size, int limit);
/* A text as ids, and in *n how many; NULL if it has none. An unknown token is 0. */
int *nn_vocab_encode(const nn_vocab *v, const char *text, size_t size, int *n);
/* Ids as text, words with a space between them. */
nn_text nn_vocab_decode(const nn_vocab *v, const int *ids, int n);
nn_vocab nn_vocab_parse(nn_ctx *nn, const char *text, size_t size); /* of a saved one */
#ifndef NN_NO_STDIO
nn_vocab nn_vocab_load(nn_ctx *nn, const char *path);
int nn_vocab_save(const nn_vocab *v, const char *path); /* as CSV, a token a line; 1: it is saved */
#endif
#if NN_CHAPTERS >= 15
/* Byte pairs, words in pieces. Tokens 0 to 255 are the bytes, token 256 + i the two tokens of
 * merge[i] as one. A merge never reaches over the beginning of a word (a space goes with the word
 * behind it). Sennrich, Haddow and Birch 2016; on bytes: Radford et al. 2019. Book: 15. */
typedef struct nn_bpe {
    nn_ctx *ctx;
    int n;              /* tokens: 256 + merges */
    int (*merge)[2];    /* [n - 256] */
} nn_bpe;
/* Merges the most frequent pair (of equals, the one with the smaller tokens), until there are so
 * many tokens or no pair occurs twice. */
nn_bpe nn_bpe_train(nn_ctx *nn, const char *text, size_t size, int tokens);
int *nn_bpe_encode(const nn_bpe *b, const char *text, size_t size, int *n);
nn_text nn_bpe_decode(const nn_bpe *b, const int *ids, int n);
#endif

/* Samples: one of x and bytes is set, and at most one of label (a class) and target (a number). */
typedef struct nn_dataset {
    nn_ctx *ctx;
    int n;                      /* samples; 0 if reading failed */
    nn_shape sample;            /* the shape of one, such as [64] */
    int size;                   /* its numbers */
    nn_real *x;                 /* [n, size] */
    const unsigned char *bytes; /* [n, size]: pixels, made into bytes / 255 when a batch is taken */
    int *label;                 /* [n], -1 where there is none */
    int classes;
    const char **class_name;    /* [classes] or NULL */
    nn_real *target;            /* [n, 1] */
} nn_dataset;

/* column (-1: the last) becomes the class (0, 1, ..) or the number to predict, others features. */
nn_dataset nn_dataset_classes(const nn_table *table, int column);
nn_dataset nn_dataset_targets(const nn_table *table, int column);
/* sample [H, W]. Files that do not belong together are an error, but no mistake of the caller. */
nn_dataset nn_dataset_idx(const nn_idx *images, const nn_idx *labels);
/* Deals all into train and test: a copy, in random order. test gets fraction of the samples,
 * rounded, at least 1. Call it again on train for a validation set. */
void nn_split(const nn_dataset *all, double fraction, nn_dataset *train, nn_dataset *test);
/* The same for each class by itself, so that both have it in the same proportion: of a class of two
 * or more at least one sample comes into each. Those without a label (-1) count as one more. */
void nn_split_stratified(const nn_dataset *all, double fraction, nn_dataset *train,
                         nn_dataset *test);

/* x -> (x - mean) / std for each feature, with the mean and std of the set it is fitted on (NaN, a
 * missing value, does not count and stays NaN). A feature that never changes is only shifted. */
typedef struct nn_scaler {
    nn_ctx *ctx;
    int size;
    nn_real *mean, *std;        /* [size] */
} nn_scaler;
nn_scaler nn_scaler_fit(const nn_dataset *data);
void nn_scaler_apply(const nn_scaler *s, nn_dataset *data);

/* Mini-batches, in a loop as in the manual's DATA: nn_next_batch gives 0 when an epoch is over, and
 * its next call begins a new one. Call nn_batch_x, which makes a tensor, after nn_clear. The labels
 * of its rows are b.label: those of data are in another order. */
typedef struct nn_batches {
    nn_ctx *ctx;
    const nn_dataset *data;     /* must outlive this */
    int batch_size, shuffle;
    int *order;                 /* [data->n] */
    int next;                   /* how many samples of this epoch have been dealt */
    int epoch;                  /* epochs finished */
    int n;                      /* samples in this batch; the last of an epoch may be short */
    const int *row;             /* [n]: which samples */
    int *label;                 /* [n]: their labels */
} nn_batches;
nn_batches nn_batches_new(const nn_dataset *data, int batch_size, int shuffle);
int nn_next_batch(nn_batches *b); /* how many samples it has; 0 also after an error */
nn_tensor *nn_batch_x(const nn_batches *b);      /* [n, sample] */
nn_tensor *nn_batch_target(const nn_batches *b); /* [n, 1] */
nn_tensor *nn_dataset_x(const nn_dataset *data); /* all samples as one tensor [n, sample] */
nn_tensor *nn_dataset_target(const nn_dataset *data);

/* ==== Files: models ================================================================= >>files
 *
 * A model is kept as safetensors: its parameters and buffers by name, [out, in] and all, as F32
 * (F64 where nn_real is double). PyTorch reads it by load_state_dict(load_file(path)), load_file
 * being that of the package safetensors or of examples/load.py; its module's attributes have the
 * names given here, recurrent and transformer modules need batch_first=True, and model.eval() comes
 * before comparing. (A mask says there where not to look, here where to look.)
 * Weights that are used twice are one parameter: they are there once, under its name.
 * The file is written as PATH.tmp, which then takes the place of PATH: what fails in between leaves
 * the old file (on Windows for a moment there is only PATH.tmp).
 */

#ifndef NN_NO_STDIO
int nn_save(const nn_model *model, const char *path); /* 1, or 0 with an error */
/* Every parameter must be in the file, with its shape, and nothing else (but PyTorch's
 * num_batches_tracked, which is left out here); the message lists the differences. F32, F64, F16
 * and BF16 are read, each number as it is or, F64 into float, rounded to nearest. 1, or 0 with an
 * error, and then the model is what it was. */
int nn_load(nn_model *model, const char *path);
/* For fine-tuning: takes the tensors whose name and shape are both right and says how many; an
 * error if there is none. nn_load names those that are not, and changes nothing. */
int nn_load_partial(nn_model *model, const char *path);
/* The model as C source, for a program without nn.h: "fc1.weight" [10, 64] becomes
 * static const float PREFIX_fc1_weight[10][64] = {..}, all digits there, and
 * PREFIX_fc1_weight_dim0, _dim1 are defined as its sizes. NaN and infinity are errors. */
int nn_export_c(const nn_model *model, const char *path, const char *prefix);
#endif
/* The bytes of that file; writes only what fits into room. More than room: call it again with so
 * much (bytes may be NULL if room is 0). 0 after an error. */
size_t nn_save_memory(const nn_model *model, void *bytes, size_t room);
int nn_load_memory(nn_model *model, const void *bytes, size_t size);
typedef struct nn_reader { /* from wherever you have the bytes: */
    size_t (*read)(void *user, void *to, size_t n); /* 1..n of them; 0: the end; -1: an error */
    void *user;
} nn_reader;                                        /* is read to its end, of at most 2 GB */
int nn_load_reader(nn_model *model, nn_reader reader);

#if NN_CHAPTERS >= 5 && !defined NN_NO_STDIO
/* A training that can go on after an interruption, at any step, to the same bits: the model, the
 * optimizer with its state and settings, the random numbers of the context, and, unless b is NULL,
 * where b is in its epoch. To resume, make all of them as before, load, and go on with the next
 * batch. 1, or 0 with an error. Besides the model, which nn_load_partial can read from it, the file
 * has "optimizer.RULE" (lr, beta1, beta2, eps, weight_decay), "optimizer.step" (and weights_only,
 * the bits of beta1_power and beta2_power), "optimizer.state.0.NAME", "random", "batches.order",
 * "batches.position" (batch_size, next, epoch). */
int nn_checkpoint_save(nn_optimizer *opt, const nn_batches *b, const char *path);
int nn_checkpoint_load(nn_optimizer *opt, nn_batches *b, const char *path);
#endif

/* ---- where calls are made (see NN_AT above) ---- */

/* refuses to work for a file compiled with another NN_REAL */
nn_ctx *nn__same_real(nn_ctx *nn, size_t size, const char *file, int line);
/* Notes where a call is made. A NULL is left for the function itself to report. */
void nn__note(nn_ctx *nn, const char *file, int line);
#ifdef __GNUC__
#define NN__UNUSED __attribute__((unused)) /* else clang warns of those that nobody calls */
#else
#define NN__UNUSED
#endif
#define NN__NOTE(type, kind, context) /* in the context of x, an argument of that kind */          \
    NN__UNUSED static inline type *nn__at_##kind(type *x, const char *file, int line)              \
    {                                                                                              \
        nn__note(x ? context : NULL, file, line);                                                  \
        return x;                                                                                  \
    }
NN__UNUSED static inline nn_ctx *nn__owner(const nn_tensor *x) { return x ? x->ctx : NULL; }
NN__NOTE(nn_ctx, ctx, x)
NN__NOTE(nn_tensor, tensor, x->ctx)
NN__NOTE(const nn_tensor, const, x->ctx)
NN__NOTE(nn_tensor *const, list, nn__owner(*x))
NN__NOTE(nn_model, model, x->ctx)
NN__NOTE(const nn_model, const_model, x->ctx)
NN__NOTE(const nn_linear, linear, nn__owner(x->weight))
NN__NOTE(const nn_table, table, x->ctx)
NN__NOTE(const nn_idx, idx, x->ctx)
NN__NOTE(const nn_vocab, vocab, x->ctx)
NN__NOTE(const nn_dataset, data, x->ctx)
NN__NOTE(const nn_scaler, scaler, x->ctx)
NN__NOTE(const nn_batches, batches, x->ctx)
#if NN_CHAPTERS >= 2
NN__NOTE(const nn_boolean, boolean, x->ctx)
#endif
#if NN_CHAPTERS >= 4
NN__NOTE(const nn_kmeans, kmeans, x->ctx)
NN__NOTE(const nn_pca, pca, x->ctx)
#endif
#if NN_CHAPTERS >= 5
NN__NOTE(nn_optimizer, optimizer, x->ctx)
#endif
#if NN_CHAPTERS >= 6
NN__NOTE(nn_mlp, mlp, x->ctx)
NN__NOTE(const nn_mlp, const_mlp, x->ctx)
#endif
#if NN_CHAPTERS >= 8
NN__NOTE(nn_early_stopping, early_stopping, x->ctx)
#endif
#if NN_CHAPTERS >= 13
NN__NOTE(const nn_embedding, embedding, nn__owner(x->weight))
NN__NOTE(const nn_rnn_cell, cell, nn__owner(x->weight_ih))
NN__NOTE(const nn_rnn, rnn, (x->cell ? nn__owner(x->cell->weight_ih) : NULL))
#endif
#if NN_CHAPTERS >= 14
NN__NOTE(const nn_highway, highway, nn__owner(x->gate.weight))
#endif
#if NN_CHAPTERS >= 15
NN__NOTE(nn_kv_cache, cache, x->ctx)
NN__NOTE(const nn_bpe, bpe, x->ctx)
NN__NOTE(const nn_additive_attention, additive, nn__owner(x->query.weight))
NN__NOTE(const nn_graph_attention, graph, nn__owner(x->weight))
#endif

#ifdef __cplusplus
}
#endif

#ifndef NN_NO_LOCATIONS
/* What NN_CHAPTERS or NN_NO_STDIO leaves out has its line, too: a macro that nobody uses. */
#define nn_shuffle(nn, ...) nn_shuffle(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_randperm(nn, ...) nn_randperm(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_requires_grad(...) nn_requires_grad(NN_AT(__VA_ARGS__))
#define nn_item(x) nn_item(NN__AT(const, x))
#define nn_argmax(x, ...) nn_argmax(NN__AT(const, x), __VA_ARGS__)
#define nn_zero_grad(p) nn_zero_grad(NN__AT(model, p))
#define nn_create(...) NN__CREATE(__VA_ARGS__)
#define nn_set_simd(nn, name) nn_set_simd(NN__AT(ctx, nn), name)
#define nn_randint(nn, ...) nn_randint(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_input(nn, ...) nn_input(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_full(nn, ...) nn_full(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_rand(nn, ...) nn_rand(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_randn(nn, ...) nn_randn(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_one_hot(nn, ...) nn_one_hot(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_model_new(nn) nn_model_new(NN__AT(ctx, nn))
#define nn_param(p, ...) nn_param(NN__AT(model, p), __VA_ARGS__)
#define nn_buffer(p, ...) nn_buffer(NN__AT(model, p), __VA_ARGS__)
#define nn_add(a, b) nn_add(NN_AT(a), NN_AT(b))
#define nn_sub(a, b) nn_sub(NN_AT(a), NN_AT(b))
#define nn_mul(a, b) nn_mul(NN_AT(a), NN_AT(b))
#define nn_div(a, b) nn_div(NN_AT(a), NN_AT(b))
#define nn_scale(x, ...) nn_scale(NN_AT(x), __VA_ARGS__)
#define nn_exp(...) nn_exp(NN_AT(__VA_ARGS__))
#define nn_log(...) nn_log(NN_AT(__VA_ARGS__))
#define nn_sqrt(...) nn_sqrt(NN_AT(__VA_ARGS__))
#define nn_square(...) nn_square(NN_AT(__VA_ARGS__))
#define nn_sin(...) nn_sin(NN_AT(__VA_ARGS__))
#define nn_cos(...) nn_cos(NN_AT(__VA_ARGS__))
#define nn_matmul(a, b) nn_matmul(NN_AT(a), NN_AT(b))
#define nn_transpose(x, ...) nn_transpose(NN_AT(x), __VA_ARGS__)
#define nn_reshape(x, ...) nn_reshape(NN_AT(x), __VA_ARGS__)
#define nn_slice(x, ...) nn_slice(NN_AT(x), __VA_ARGS__)
#define nn_concat(axis, n, ...) nn_concat(axis, n, NN__AT(list, __VA_ARGS__))
#define nn_sum(...) nn_sum(NN_AT(__VA_ARGS__))
#define nn_mean(...) nn_mean(NN_AT(__VA_ARGS__))
#define nn_max(...) nn_max(NN_AT(__VA_ARGS__))
#define nn_sum_axis(x, ...) nn_sum_axis(NN_AT(x), __VA_ARGS__)
#define nn_mean_axis(x, ...) nn_mean_axis(NN_AT(x), __VA_ARGS__)
#define nn_max_axis(x, ...) nn_max_axis(NN_AT(x), __VA_ARGS__)
#define nn_linear_new(p, ...) nn_linear_new(NN__AT(model, p), __VA_ARGS__)
#define nn_linear_forward(l, x) nn_linear_forward(NN__AT(linear, l), NN_AT(x))
#define nn_csv_load(nn, ...) nn_csv_load(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_idx_load(nn, ...) nn_idx_load(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_text_load(nn, ...) nn_text_load(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_vocab_load(nn, ...) nn_vocab_load(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_vocab_save(v, ...) nn_vocab_save(NN__AT(vocab, v), __VA_ARGS__)
#define nn_vocab_new(nn, ...) nn_vocab_new(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_vocab_parse(nn, ...) nn_vocab_parse(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_vocab_encode(v, ...) nn_vocab_encode(NN__AT(vocab, v), __VA_ARGS__)
#define nn_vocab_decode(v, ...) nn_vocab_decode(NN__AT(vocab, v), __VA_ARGS__)
#define nn_table_stats(p, ...) nn_table_stats(NN__AT(table, p), __VA_ARGS__)
#define nn_csv_parse(nn, ...) nn_csv_parse(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_idx_parse(nn, ...) nn_idx_parse(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_dataset_classes(p, ...) nn_dataset_classes(NN__AT(table, p), __VA_ARGS__)
#define nn_dataset_targets(p, ...) nn_dataset_targets(NN__AT(table, p), __VA_ARGS__)
#define nn_dataset_idx(images, ...) nn_dataset_idx(NN__AT(idx, images), __VA_ARGS__)
#define nn_dataset_x(p) nn_dataset_x(NN__AT(data, p))
#define nn_dataset_target(p) nn_dataset_target(NN__AT(data, p))
#define nn_scaler_fit(p) nn_scaler_fit(NN__AT(data, p))
#define nn_scaler_apply(s, ...) nn_scaler_apply(NN__AT(scaler, s), __VA_ARGS__)
#define nn_batches_new(p, ...) nn_batches_new(NN__AT(data, p), __VA_ARGS__)
#define nn_split(p, ...) nn_split(NN__AT(data, p), __VA_ARGS__)
#define nn_split_stratified(p, ...) nn_split_stratified(NN__AT(data, p), __VA_ARGS__)
#define nn_batch_x(b) nn_batch_x(NN__AT(batches, b))
#define nn_batch_target(b) nn_batch_target(NN__AT(batches, b))
#define nn_save_memory(p, ...) nn_save_memory(NN__AT(const_model, p), __VA_ARGS__)
#define nn_load_memory(p, ...) nn_load_memory(NN__AT(model, p), __VA_ARGS__)
#define nn_load_reader(p, ...) nn_load_reader(NN__AT(model, p), __VA_ARGS__)
#define nn_save(p, ...) nn_save(NN__AT(const_model, p), __VA_ARGS__)
#define nn_load(p, ...) nn_load(NN__AT(model, p), __VA_ARGS__)
#define nn_load_partial(p, ...) nn_load_partial(NN__AT(model, p), __VA_ARGS__)
#define nn_export_c(p, ...) nn_export_c(NN__AT(const_model, p), __VA_ARGS__)
#define nn_checkpoint_save(opt, ...) nn_checkpoint_save(NN__AT(optimizer, opt), __VA_ARGS__)
#define nn_checkpoint_load(opt, ...) nn_checkpoint_load(NN__AT(optimizer, opt), __VA_ARGS__)
#define nn_boolean_new(nn, ...) nn_boolean_new(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_boolean_forward(f, ...) nn_boolean_forward(NN__AT(boolean, f), __VA_ARGS__)
#define nn_separable(nn, ...) nn_separable(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_heaviside(...) nn_heaviside(NN_AT(__VA_ARGS__))
#define nn_sigmoid(...) nn_sigmoid(NN_AT(__VA_ARGS__))
#define nn_sigmoid_temperature(x, ...) nn_sigmoid_temperature(NN_AT(x), __VA_ARGS__)
#define nn_stochastic_binary(...) nn_stochastic_binary(NN_AT(__VA_ARGS__))
#define nn_tanh(...) nn_tanh(NN_AT(__VA_ARGS__))
#define nn_relu(...) nn_relu(NN_AT(__VA_ARGS__))
#define nn_leaky_relu(x, ...) nn_leaky_relu(NN_AT(x), __VA_ARGS__)
#define nn_elu(x, ...) nn_elu(NN_AT(x), __VA_ARGS__)
#define nn_gelu(...) nn_gelu(NN_AT(__VA_ARGS__))
#define nn_gelu_tanh(...) nn_gelu_tanh(NN_AT(__VA_ARGS__))
#define nn_softmax(...) nn_softmax(NN_AT(__VA_ARGS__))
#define nn_log_softmax(...) nn_log_softmax(NN_AT(__VA_ARGS__))
#define nn_activate(x, ...) nn_activate(NN_AT(x), __VA_ARGS__)
#define nn_perceptron_pocket(nn, ...) nn_perceptron_pocket(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_kmeans_fit(nn, ...) nn_kmeans_fit(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_kmeans_nearest(m, ...) nn_kmeans_nearest(NN__AT(kmeans, m), __VA_ARGS__)
#define nn_pca_fit(nn, ...) nn_pca_fit(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_pca_project(p, ...) nn_pca_project(NN__AT(pca, p), __VA_ARGS__)
#define nn_pca_restore(p, ...) nn_pca_restore(NN__AT(pca, p), __VA_ARGS__)
#define nn_gaussian_log_density(p, ...) nn_gaussian_log_density(NN__AT(pca, p), __VA_ARGS__)
#define nn_sgd(p, ...) nn_sgd(NN__AT(model, p), __VA_ARGS__)
#define nn_momentum(p, ...) nn_momentum(NN__AT(model, p), __VA_ARGS__)
#define nn_nesterov(p, ...) nn_nesterov(NN__AT(model, p), __VA_ARGS__)
#define nn_adagrad(p, ...) nn_adagrad(NN__AT(model, p), __VA_ARGS__)
#define nn_rmsprop(p, ...) nn_rmsprop(NN__AT(model, p), __VA_ARGS__)
#define nn_adam(p, ...) nn_adam(NN__AT(model, p), __VA_ARGS__)
#define nn_adamw(p, ...) nn_adamw(NN__AT(model, p), __VA_ARGS__)
#define nn_step(opt) nn_step(NN__AT(optimizer, opt))
#define nn_backward(...) nn_backward(NN_AT(__VA_ARGS__))
#define nn_detach(...) nn_detach(NN_AT(__VA_ARGS__))
#define nn_gradcheck(p, ...) nn_gradcheck(NN__AT(model, p), __VA_ARGS__)
#define nn_mlp_forward(m, ...) nn_mlp_forward(NN__AT(mlp, m), __VA_ARGS__)
#define nn_mlp_loss(m, ...) nn_mlp_loss(NN__AT(const_mlp, m), __VA_ARGS__)
#define nn_mlp_backward(m, ...) nn_mlp_backward(NN__AT(mlp, m), __VA_ARGS__)
#define nn_mlp_new(p, ...) nn_mlp_new(NN__AT(model, p), __VA_ARGS__)
#define nn_count_correct(z, ...) nn_count_correct(NN__AT(const, z), __VA_ARGS__)
#define nn_mse(a, b) nn_mse(NN_AT(a), NN_AT(b))
#define nn_bce_with_logits(a, b) nn_bce_with_logits(NN_AT(a), NN_AT(b))
#define nn_set_reduction(nn, ...) nn_set_reduction(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_mae(a, b) nn_mae(NN_AT(a), NN_AT(b))
#define nn_huber(a, b, ...) nn_huber(NN_AT(a), NN_AT(b), __VA_ARGS__)
#define nn_hinge(a, b) nn_hinge(NN_AT(a), NN_AT(b))
#define nn_cross_entropy(z, ...) nn_cross_entropy(NN_AT(z), __VA_ARGS__)
#define nn_cross_entropy_weighted(z, ...) nn_cross_entropy_weighted(NN_AT(z), __VA_ARGS__)
#define nn_cross_entropy_soft(z, p) nn_cross_entropy_soft(NN_AT(z), NN_AT(p))
#define nn_entropy(...) nn_entropy(NN_AT(__VA_ARGS__))
#define nn_kl_div(z, p) nn_kl_div(NN_AT(z), NN_AT(p))
#define nn_multiclass_hinge(z, ...) nn_multiclass_hinge(NN_AT(z), __VA_ARGS__)
#define nn_triplet(a, p, n, ...) nn_triplet(NN_AT(a), NN_AT(p), NN_AT(n), __VA_ARGS__)
#define nn_contrastive(a, b, ...) nn_contrastive(NN_AT(a), NN_AT(b), __VA_ARGS__)
#define nn_ctc(z, ...) nn_ctc(NN_AT(z), __VA_ARGS__)
#define nn_ctc_decode(z, ...) nn_ctc_decode(NN__AT(const, z), __VA_ARGS__)
#define nn_l2_penalty(p, ...) nn_l2_penalty(NN__AT(model, p), __VA_ARGS__)
#define nn_l1_penalty(p, ...) nn_l1_penalty(NN__AT(model, p), __VA_ARGS__)
#define nn_soft_threshold(p, ...) nn_soft_threshold(NN__AT(model, p), __VA_ARGS__)
#define nn_dropout(x, ...) nn_dropout(NN_AT(x), __VA_ARGS__)
#define nn_dropout_standard(x, ...) nn_dropout_standard(NN_AT(x), __VA_ARGS__)
#define nn_noise(x, ...) nn_noise(NN_AT(x), __VA_ARGS__)
#define nn_salt_and_pepper(x, ...) nn_salt_and_pepper(NN_AT(x), __VA_ARGS__)
#define nn_early_stopping_new(p, ...) nn_early_stopping_new(NN__AT(model, p), __VA_ARGS__)
#define nn_early_stop(s, ...) nn_early_stop(NN__AT(early_stopping, s), __VA_ARGS__)
#define nn_batch_norm_new(p, ...) nn_batch_norm_new(NN__AT(model, p), __VA_ARGS__)
#define nn_batch_norm_forward(b, x) nn_batch_norm_forward(b, NN_AT(x))
#define nn_augment_images(x, ...) nn_augment_images(NN_AT(x), __VA_ARGS__)
#define nn_augment_tokens(nn, ...) nn_augment_tokens(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_time_pitch(x, ...) nn_time_pitch(NN_AT(x), __VA_ARGS__)
#define nn_white_noise(x, ...) nn_white_noise(NN_AT(x), __VA_ARGS__)
#define nn_xavier_uniform(w, ...) nn_xavier_uniform(NN_AT(w), __VA_ARGS__)
#define nn_xavier_normal(w, ...) nn_xavier_normal(NN_AT(w), __VA_ARGS__)
#define nn_kaiming_uniform(w, ...) nn_kaiming_uniform(NN_AT(w), __VA_ARGS__)
#define nn_kaiming_normal(w, ...) nn_kaiming_normal(NN_AT(w), __VA_ARGS__)
#define nn_clip_grad_norm(p, ...) nn_clip_grad_norm(NN__AT(model, p), __VA_ARGS__)
#define nn_clip_grad_value(p, ...) nn_clip_grad_value(NN__AT(model, p), __VA_ARGS__)
#define nn_diagnose(loss, ...) nn_diagnose(NN_AT(loss), __VA_ARGS__)
#define nn_diagnose_print(...) nn_diagnose_print(NN_AT(__VA_ARGS__))
#define nn_vote(nn, ...) nn_vote(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_bootstrap(nn, ...) nn_bootstrap(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_model_average(p, ...) nn_model_average(NN__AT(model, p), __VA_ARGS__)
#define nn_freeze(p, ...) nn_freeze(NN__AT(model, p), __VA_ARGS__)
#define nn_model_copy(p, ...) nn_model_copy(NN__AT(model, p), __VA_ARGS__)
#define nn_conv2d_new(p, ...) nn_conv2d_new(NN__AT(model, p), __VA_ARGS__)
#define nn_conv2d_new_with(p, ...) nn_conv2d_new_with(NN__AT(model, p), __VA_ARGS__)
#define nn_conv1d_new(p, ...) nn_conv1d_new(NN__AT(model, p), __VA_ARGS__)
#define nn_conv_transpose2d_new(p, ...) nn_conv_transpose2d_new(NN__AT(model, p), __VA_ARGS__)
#define nn_conv2d_forward(l, x) nn_conv2d_forward(l, NN_AT(x))
#define nn_conv1d_forward(l, x) nn_conv1d_forward(l, NN_AT(x))
#define nn_conv_transpose2d_forward(l, x) nn_conv_transpose2d_forward(l, NN_AT(x))
#define nn_max_pool2d(x, ...) nn_max_pool2d(NN_AT(x), __VA_ARGS__)
#define nn_avg_pool2d(x, ...) nn_avg_pool2d(NN_AT(x), __VA_ARGS__)
#define nn_max_pool1d(x, ...) nn_max_pool1d(NN_AT(x), __VA_ARGS__)
#define nn_avg_pool1d(x, ...) nn_avg_pool1d(NN_AT(x), __VA_ARGS__)
#define nn_global_avg_pool2d(...) nn_global_avg_pool2d(NN_AT(__VA_ARGS__))
#define nn_flatten(...) nn_flatten(NN_AT(__VA_ARGS__))
#define nn_embedding_new(p, ...) nn_embedding_new(NN__AT(model, p), __VA_ARGS__)
#define nn_embedding_forward(e, ...) nn_embedding_forward(NN__AT(embedding, e), __VA_ARGS__)
#define nn_rnn_cell_new(p, ...) nn_rnn_cell_new(NN__AT(model, p), __VA_ARGS__)
#define nn_rnn_cell_forward(l, x, ...) nn_rnn_cell_forward(NN__AT(cell, l), NN_AT(x), __VA_ARGS__)
#define nn_rnn_new(p, ...) nn_rnn_new(NN__AT(model, p), __VA_ARGS__)
#define nn_rnn_new_with(p, ...) nn_rnn_new_with(NN__AT(model, p), __VA_ARGS__)
#define nn_rnn_forward(l, x, ...) nn_rnn_forward(NN__AT(rnn, l), NN_AT(x), __VA_ARGS__)
#define nn_sample(z, ...) nn_sample(NN__AT(const, z), __VA_ARGS__)
#define nn_lstm_cell_new(p, ...) nn_lstm_cell_new(NN__AT(model, p), __VA_ARGS__)
#define nn_lstm_cell_forward(l, x, ...) nn_lstm_cell_forward(NN__AT(cell, l), NN_AT(x), __VA_ARGS__)
#define nn_lstm_new(p, ...) nn_lstm_new(NN__AT(model, p), __VA_ARGS__)
#define nn_lstm_new_with(p, ...) nn_lstm_new_with(NN__AT(model, p), __VA_ARGS__)
#define nn_lstm_forward(l, x, ...) nn_lstm_forward(NN__AT(rnn, l), NN_AT(x), __VA_ARGS__)
#define nn_gru_cell_new(p, ...) nn_gru_cell_new(NN__AT(model, p), __VA_ARGS__)
#define nn_gru_cell_forward(l, x, ...) nn_gru_cell_forward(NN__AT(cell, l), NN_AT(x), __VA_ARGS__)
#define nn_gru_new(p, ...) nn_gru_new(NN__AT(model, p), __VA_ARGS__)
#define nn_gru_new_with(p, ...) nn_gru_new_with(NN__AT(model, p), __VA_ARGS__)
#define nn_gru_forward(l, x, ...) nn_gru_forward(NN__AT(rnn, l), NN_AT(x), __VA_ARGS__)
#define nn_highway_new(p, ...) nn_highway_new(NN__AT(model, p), __VA_ARGS__)
#define nn_highway_forward(l, x, ...) nn_highway_forward(NN__AT(highway, l), NN_AT(x), __VA_ARGS__)
#define nn_layer_norm_new(p, ...) nn_layer_norm_new(NN__AT(model, p), __VA_ARGS__)
#define nn_layer_norm_forward(l, x) nn_layer_norm_forward(l, NN_AT(x))
#define nn_kv_cache_new(nn, ...) nn_kv_cache_new(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_kv_cache_select(c, ...) nn_kv_cache_select(NN__AT(cache, c), __VA_ARGS__)
#define nn_attention(q, k, v, ...) nn_attention(NN_AT(q), NN_AT(k), NN_AT(v), __VA_ARGS__)
#define nn_multihead_attention_new(p, ...) nn_multihead_attention_new(NN__AT(model, p), __VA_ARGS__)
#define nn_multihead_attention_forward(l, x, ...) \
    nn_multihead_attention_forward(l, NN_AT(x), __VA_ARGS__)
#define nn_encoder_layer_new(p, ...) nn_encoder_layer_new(NN__AT(model, p), __VA_ARGS__)
#define nn_decoder_layer_new(p, ...) nn_decoder_layer_new(NN__AT(model, p), __VA_ARGS__)
#define nn_encoder_layer_forward(l, x, ...) nn_encoder_layer_forward(l, NN_AT(x), __VA_ARGS__)
#define nn_decoder_layer_forward(l, x, ...) nn_decoder_layer_forward(l, NN_AT(x), __VA_ARGS__)
#define nn_encoder_new(p, ...) nn_encoder_new(NN__AT(model, p), __VA_ARGS__)
#define nn_decoder_new(p, ...) nn_decoder_new(NN__AT(model, p), __VA_ARGS__)
#define nn_encoder_forward(l, x, ...) nn_encoder_forward(l, NN_AT(x), __VA_ARGS__)
#define nn_decoder_forward(l, x, ...) nn_decoder_forward(l, NN_AT(x), __VA_ARGS__)
#define nn_positional_encoding(nn, ...) nn_positional_encoding(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_masked_softmax(x, mask) nn_masked_softmax(NN_AT(x), NN_AT(mask))
#define nn_additive_attention_new(p, ...) nn_additive_attention_new(NN__AT(model, p), __VA_ARGS__)
#define nn_additive_attention_forward(l, q, ...) \
    nn_additive_attention_forward(NN__AT(additive, l), NN_AT(q), __VA_ARGS__)
#define nn_graph_attention_new(p, ...) nn_graph_attention_new(NN__AT(model, p), __VA_ARGS__)
#define nn_graph_attention_forward(l, x, ...) \
    nn_graph_attention_forward(NN__AT(graph, l), NN_AT(x), __VA_ARGS__)
#define nn_generate(nn, ...) nn_generate(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_keep_likely(nn, ...) nn_keep_likely(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_bpe_train(nn, ...) nn_bpe_train(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_bpe_encode(b, ...) nn_bpe_encode(NN__AT(bpe, b), __VA_ARGS__)
#define nn_bpe_decode(b, ...) nn_bpe_decode(NN__AT(bpe, b), __VA_ARGS__)
#define nn_rouge_l(nn, ...) nn_rouge_l(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_nms(nn, ...) nn_nms(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_detection_match(nn, ...) nn_detection_match(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_detection_ap(nn, ...) nn_detection_ap(NN__AT(ctx, nn), __VA_ARGS__)
#define nn_evaluate(d, ...) nn_evaluate(NN__AT(data, d), __VA_ARGS__)
#define nn_bootstrap_interval(nn, ...) nn_bootstrap_interval(NN__AT(ctx, nn), __VA_ARGS__)
#endif /* NN_NO_LOCATIONS */
#endif /* NN_H */

#ifdef NN_IMPLEMENTATION
/* ==== Foundation ===================================================================== >>errors */

#undef NN_AT /* nothing to note in here, also when the declarations were included before */
#undef NN__AT
#undef NN__CREATE
#define NN_AT(...) __VA_ARGS__
#define NN__AT(kind, ...) __VA_ARGS__
#define NN__CREATE(...) nn_create(__VA_ARGS__)

#ifdef __FAST_MATH__
#error "nn.h: -ffast-math (or -Ofast) breaks NaN, infinity and the promise of equal bits; use -O2"
#endif
#if !defined NN_MALLOC && !defined NN_REALLOC && !defined NN_FREE
#define NN_MALLOC(user, size) ((void)(user), malloc(size))
#define NN_REALLOC(user, p, size) ((void)(user), realloc(p, size))
#define NN_FREE(user, p) ((void)(user), free(p))
#elif !defined NN_MALLOC || !defined NN_REALLOC || !defined NN_FREE
#error "nn.h: define all of NN_MALLOC, NN_REALLOC and NN_FREE, or none"
#endif
#ifndef NN_ABORT
#define NN_ABORT() abort()
#endif
#ifndef NN_HEADER
#define NN_HEADER "nn.h"
#endif

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h> /* for vsnprintf; the only use of it under NN_NO_STDIO */
#include <stdlib.h>
#include <string.h>
#if !defined NN_NO_STDIO
#include <time.h>
#if defined __unix__ || defined __APPLE__
#include <unistd.h>
#endif
#endif
#ifdef NN_DEBUG
#include <assert.h>
#define NN__ASSERT(condition) assert(condition)
#else
#define NN__ASSERT(condition) ((void)0)
#endif

/* A product and a sum stay two roundings everywhere: gcc would otherwise fuse them on processors
 * where it can, and the bits would depend on the machine. Where we want them fused we say fmaf. */
#if defined __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__
#pragma GCC push_options
#ifdef __OPTIMIZE__ /* enough: the loops that matter are kernels, and the header compiles faster */
#pragma GCC optimize("Og", "fp-contract=off")
#else
#pragma GCC optimize("fp-contract=off")
#endif
#endif

#define NN__CAT2(a, b) a##b
#define NN__CAT(a, b) NN__CAT2(a, b)
#define NN__IS_float 1
#define NN__FLOAT NN__CAT(NN__IS_, NN_REAL) /* 1 in the float build */

#if NN__FLOAT && !defined NN_NO_SIMD && defined __GNUC__ && !defined __TINYC__
#if defined __x86_64__ || defined __i386__
#define NN__X86
#elif defined __aarch64__
#include <arm_neon.h>
#define NN__NEON
#endif
#endif

/* gcc: fast kernels in a -O0 program, too. Without "no-var-tracking" gdb would take the whole
 * program for an optimised one, and stop at functions before their arguments can be seen; without
 * "expensive-optimizations" there is no vzeroupper, and what follows a kernel runs at a third of
 * its speed. */
#define NN__PRAGMA(x) _Pragma(#x)
#if defined __GNUC__ && !defined __clang__
#define NN__OPTIMIZE(...)                                                                          \
    NN__PRAGMA(GCC push_options)                                                                   \
    NN__PRAGMA(GCC optimize(__VA_ARGS__, "expensive-optimizations", "no-var-tracking",             \
                            "no-math-errno", "no-trapping-math", "fp-contract=off"))
#define NN__OPTIMIZE_END NN__PRAGMA(GCC pop_options)
#else
#define NN__OPTIMIZE(...)
#define NN__OPTIMIZE_END
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined _MSC_VER && !defined __clang__
#define NN__INLINE static __forceinline
#elif defined __GNUC__
#define NN__INLINE static inline __attribute__((always_inline, unused))
#else
#define NN__INLINE static inline
#endif

#if !defined __GNUC__ || defined __TINYC__
#define NN__UNROLL
#define NN__PREFETCH(p) (void)(p)
#else
#ifdef __clang__ /* the loop that follows has at most 16 rounds: write them all out */
#define NN__UNROLL _Pragma("clang loop unroll(full)")
#else
#define NN__UNROLL _Pragma("GCC unroll 16")
#endif
#define NN__PREFETCH(p) __builtin_prefetch(p)
#endif

/* ---- kernels as all others see them: by form, and as a table for each instruction set ---- */

typedef struct nn__adaptive_step { /* of AdaGrad, RMSprop, Adam: see nn__adaptive_naive. keep is
                                    * 1 but for AdamW, share 1 - beta2 but for AdaGrad */
    nn_real beta1, beta2, share, rate, root_scale, eps, decay, keep;
} nn__adaptive_step;

enum { NN__LANES = 16, NN__SUM_BLOCK = 4096, NN__HEIGHTS = 4 };

/* The kernels by form: n counts elements, k is a number, sa and sb are 1, or 0 to use the one
 * number again and again. Where a kernel adds to y, y is a gradient, a that of the result, and b
 * the argument or the result. */
#define NN__FORMS(f) NN__SCALED(f) NN__PAIRS(f) NN__GRADS(f) NN__SLOPED(f) NN__FOLDS(f)
#define NN__MAPS(f) /* y = f(x) */                                                                 \
    f(map, sin) f(map, cos) f(map, exp) f(map, log) f(map, sqrt) f(map, square) f(map, sigmoid)    \
    f(map, tanh) f(map, gelu) f(map, relu)
#define NN__SCALED(f) /* y = f(k, a, y) */                                                         \
    f(scaled, scale) f(scaled, axpy) f(scaled, leaky_relu) f(scaled, elu)
#define NN__PAIRS(f) /* y = f(a, b) */                                                             \
    f(pair, add) f(pair, sub) f(pair, mul) f(pair, div)
#define NN__GRADS(f) /* y += f(a, b) */                                                            \
    f(grad, mul_add) f(grad, log_backward) f(grad, sqrt_backward) f(grad, square_backward)         \
    f(grad, sigmoid_backward) f(grad, tanh_backward) f(grad, gelu_backward)
#define NN__SLOPED(f) /* y += f(k, a, b) */                                                        \
    f(sloped, leaky_relu_backward) f(sloped, elu_backward) f(sloped, bce_backward)
#define NN__FOLDS(f) f(fold, dot) f(fold, bce) /* the sum of f(a, b) */

#define NN__ARGS_map size_t n, const nn_real *x, nn_real *y
#define NN__ARGS_scaled size_t n, nn_real k, const nn_real *a, nn_real *y
#define NN__ARGS_pair size_t n, const nn_real *a, int sa, const nn_real *b, int sb, nn_real *y
#define NN__ARGS_grad size_t n, const nn_real *a, const nn_real *b, nn_real *y
#define NN__ARGS_sloped size_t n, nn_real k, const nn_real *a, const nn_real *b, nn_real *y
#define NN__ARGS_fold size_t n, const nn_real *a, const nn_real *b
#define NN__ARGS_sum size_t n, const nn_real *x
#define NN__ARGS_squared_error size_t n, const nn_real *a, const nn_real *b, int sb
#define NN__ARGS_sgd size_t n, nn_real lr, nn_real decay, const nn_real *g, nn_real *w
#define NN__ARGS_momentum                                                                          \
    size_t n, nn_real lr, nn_real beta, int nesterov, nn_real decay, const nn_real *g,             \
    nn_real *v, nn_real *w
#define NN__ARGS_adaptive /* m is NULL where there is no momentum */                               \
    size_t n, const nn__adaptive_step *s, const nn_real *g, nn_real *m, nn_real *v, nn_real *w
#define NN__ARGS_pack                                                                              \
    int n, int width, int k, const nn_real *a, ptrdiff_t row, ptrdiff_t col, nn_real *panel
/* of batch normalisation: a channel has one number in mean, scale, ..; each: so has a run x */
#define NN__ARGS_batch_norm                                                                        \
    size_t n, int each, const nn_real *x, const nn_real *mean, const nn_real *scale,               \
    const nn_real *shift, nn_real *y
#define NN__ARGS_batch_norm_backward                                                               \
    size_t n, int each, const nn_real *x, const nn_real *mean, const nn_real *scale,               \
    const nn_real *shift, const nn_real *factor, const nn_real *g, nn_real *y
/* of max pooling: n windows [rows, cols] of an image x `width` wide, the first at `from`, the
 * others `stride` columns apart; up to `end` there is something to be read */
#define NN__ARGS_largest                                                                           \
    size_t n, int stride, int rows, int cols, int width, const nn_real *x, const nn_real *end,     \
    int from, nn_real *y, int *at
typedef void nn__map(NN__ARGS_map);
typedef void nn__scaled(NN__ARGS_scaled);
typedef void nn__pair(NN__ARGS_pair);
typedef void nn__grad(NN__ARGS_grad);
typedef void nn__sloped(NN__ARGS_sloped);
typedef nn_real nn__fold(NN__ARGS_fold);

/* C = A B or C += A B for one tile: element (i, p) of A is at a[i * row + p * col], row p of B at
 * b + p * ldb or, if `at` is given, at b + at[p], row i of C at c + i * ldc. */
#define NN__ARGS_tile                                                                              \
    int k, const nn_real *a, ptrdiff_t row, ptrdiff_t col, const nn_real *b, ptrdiff_t ldb,        \
    const ptrdiff_t *at, nn_real *c, ptrdiff_t ldc, int add
typedef void nn__tile_kernel(NN__ARGS_tile);

typedef struct nn__kernels {
    const char *name;
    int heights[NN__HEIGHTS], width; /* tiles of the matrix product: rows, tallest first; columns */
    nn__tile_kernel *tile[NN__HEIGHTS][2]; /* [1]: half as wide, or NULL */
#define NN__MEMBER(form, name) nn__##form *name;
    NN__MAPS(NN__MEMBER) NN__FORMS(NN__MEMBER)
#undef NN__MEMBER
    nn_real (*sum)(NN__ARGS_sum), (*squared_error)(NN__ARGS_squared_error);
    /* gives max x and log sum exp(x - max x): log sum exp x is their sum, which would be rounded */
    nn_real (*softmax)(size_t n, const nn_real *x, nn_real *y, nn_real *max);
    nn__grad *softmax_backward;
    /* y = (x - mean x) / deviation; gives 1 / deviation, the root of the variance + eps */
    nn_real (*normalize)(size_t n, nn_real eps, const nn_real *x, nn_real *y);
    nn__sloped *normalize_backward; /* k is that 1 / deviation, b is y */
    void (*batch_norm)(NN__ARGS_batch_norm);
    void (*batch_norm_backward)(NN__ARGS_batch_norm_backward);
    void (*sgd)(NN__ARGS_sgd);
    void (*momentum)(NN__ARGS_momentum);
    void (*adaptive)(NN__ARGS_adaptive);
    /* y is the largest number of each window, at where the first such is; NaN is largest. */
    void (*largest)(NN__ARGS_largest);
    /* Rows 0..n-1 of a matrix, element (i, p) at a[i * row + p * col], as a panel: the `width`
     * numbers of each p together, rows that are missing as zeros. */
    void (*pack)(NN__ARGS_pack);
} nn__kernels;

/* The functions of one table, in the order of the struct. */
#define NN__ALL_KERNELS(f) NN__MAPS(f) NN__ALL_BUT_MAPS(f)
#define NN__ALL_BUT_MAPS(f)                                                                        \
    NN__FORMS(f) f(, sum) f(, squared_error) f(, softmax) f(, softmax_backward) f(, normalize)     \
    f(, normalize_backward) f(, batch_norm) f(, batch_norm_backward) f(, sgd) f(, momentum)        \
    f(, adaptive) f(, largest) f(, pack)

/* ---- errors: everything that goes wrong passes through nn__fail ---- */

static void nn__default_handler(void *user, nn_code code, const char *message)
{
    (void)user, (void)message;
#ifndef NN_NO_STDIO
    fflush(stdout);
    fprintf(stderr, "%s\n", message);
#endif
    if (code >= NN_ERROR_ARGUMENT) NN_ABORT();
}

/* The first error sticks; later ones would be its consequences. Without a context (every pointer of
 * the call is NULL) there is nothing to stick to, and no handler. */
static void nn__fail(nn_ctx *nn, nn_code code, const char *message)
{
    if (nn) nn->code = code;
    if (nn && nn->handler) nn->handler(nn->handler_user, code, message);
    else nn__default_handler(NULL, code, message);
}

static void nn__tell(nn_ctx *nn, nn_code code, const char *function, const char *format,
                     va_list arguments)
{
    char local[400];
    char *const message = nn ? nn->message : local;
    const int limit = (int)(nn ? sizeof nn->message : sizeof local);
    if (nn && nn->code != NN_OK) return;
    const int n = nn && nn->file
        ? snprintf(message, (size_t)limit, "%s:%d: %s: ", nn->file, nn->line, function)
        : snprintf(message, (size_t)limit, "%s: ", function);
    if (n >= 0 && n < limit) vsnprintf(message + n, (size_t)(limit - n), format, arguments);
    nn__fail(nn, code, message);
}

/* A mistake of the caller's; nn may be NULL where the call has no context. Gives 0. */
NN__PRINTF(3, 4)
static int nn__mistake(nn_ctx *nn, const char *function, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    nn__tell(nn, NN_ERROR_ARGUMENT, function, format, arguments);
    va_end(arguments);
    return 0;
}

/* True if p, a pointer without which there is nothing to do, is there. */
static int nn__given(const void *p, const char *function)
{
    return p ? 1 : nn__mistake(NULL, function, "argument 1 is NULL");
}

#if NN_CHAPTERS >= 2
/* True if value, the argument called name, is positive and finite. */
static int nn__check_positive(nn_ctx *nn, const char *function, const char *name, nn_real value)
{
    if (value > 0 && value - value == 0) return 1;
    return nn__mistake(nn, function, "%s is %g, not positive and finite", name, (double)value);
}
#endif
#if NN_CHAPTERS >= 3
/* True if value is a part of a whole that leaves something of it. */
static int nn__check_part(nn_ctx *nn, const char *function, const char *name, nn_real value)
{
    if (value >= 0 && value < 1) return 1;
    return nn__mistake(nn, function, "%s is %g, not in 0 <= %s < 1", name, (double)value, name);
}
#endif

nn_tensor *nn_fail(nn_ctx *nn, nn_code code, const char *function, const char *format, ...)
{
    if (!nn__given(nn, function)) return NULL;
    va_list arguments;
    va_start(arguments, format);
    nn__tell(nn, code, function, format, arguments);
    va_end(arguments);
    return &nn->failed;
}

const char *nn_shape_text(nn_ctx *nn, nn_shape shape)
{
    if (!nn__given(nn, __func__)) return "";
    char *text = nn->text[nn->next_text++ % 4];
    int n = snprintf(text, sizeof nn->text[0], "[");
    for (int i = 0; i < shape.ndim && i < NN_MAX_DIMS; i++)
        n += snprintf(text + n, sizeof nn->text[0] - (size_t)n, i ? ", %d" : "%d", shape.dim[i]);
    snprintf(text + n, sizeof nn->text[0] - (size_t)n, "]");
    return text;
}

int nn_ok(const nn_ctx *nn) { return nn && nn->code == NN_OK; }
const char *nn_error(const nn_ctx *nn) { return nn ? nn->message : "no context: nn_create failed"; }
nn_code nn_error_code(const nn_ctx *nn) { return nn ? nn->code : NN_ERROR_MEMORY; }

void nn_error_clear(nn_ctx *nn)
{
    if (!nn__given(nn, __func__)) return;
    nn->code = NN_OK;
    nn->message[0] = 0;
}

void nn_on_error(nn_ctx *nn, nn_error_handler handler, void *user)
{
    if (!nn__given(nn, __func__)) return;
    nn->handler = handler;
    nn->handler_user = user;
}

void nn_on_nan(nn_ctx *nn, int on)
{
    if (nn__given(nn, __func__)) nn->nan_check = on;
}

void nn__note(nn_ctx *nn, const char *file, int line)
{
    if (!nn) return;
    nn->file = file;
    nn->line = line;
}

nn_ctx *nn__same_real(nn_ctx *nn, size_t size, const char *file, int line)
{
    nn__note(nn, file, line);
    if (nn && size != sizeof(nn_real))
        nn__mistake(nn, "nn_create", "NN_REAL is not the same in every file");
    return nn;
}

/* True if the context is there and without error. */
static int nn__ready(nn_ctx *nn, const char *function)
{
    return nn__given(nn, function) && nn->code == NN_OK;
}

/* ---- memory ---- */

enum { NN__ALIGN = 64 };
#ifndef NN__BLOCK /* tests make it small: then each array is a request of its own */
#define NN__BLOCK (1 << 18)
#endif

/* count * size, or 0 (after reporting it) if that is more than memory can hold. */
static size_t nn__bytes(nn_ctx *nn, size_t count, size_t size)
{
    if (count <= (size_t)PTRDIFF_MAX / 2 / size) return count * size;
    nn_fail(nn, NN_ERROR_LIMIT, "nn.h", "%zu elements of %zu bytes are too many", count, size);
    return 0;
}

static void *nn__request(nn_ctx *nn, void *old, size_t size) /* old may be NULL */
{
    nn->allocations++;
    void *p = old ? NN_REALLOC(nn->user, old, size) : NN_MALLOC(nn->user, size);
    if (!p) nn_fail(nn, NN_ERROR_MEMORY, "nn.h", "no memory for %zu bytes", size);
    return p;
}

static void *nn__malloc(nn_ctx *nn, size_t size) { return nn__request(nn, NULL, size); }

/* The first aligned address after p: NN__ALIGN bytes more than needed were asked for. */
static char *nn__aligned(void *p) { return (char *)p + NN__ALIGN - (uintptr_t)p % NN__ALIGN; }

/* Room for one more element in a growing array: *array has *capacity elements, n are used. 1 if
 * there is room; 0 without memory, and then the array is what it was. */
static int nn__grow(nn_ctx *nn, void **array, int n, int *capacity, size_t size)
{
    if (n < *capacity) return 1;
    if (n > INT_MAX / 2) return nn_fail(nn, NN_ERROR_LIMIT, "nn.h", "%d elements", n), 0;
    const int wanted = n ? 2 * n : 16;
    const size_t bytes = nn__bytes(nn, (size_t)wanted, size);
    void *p = bytes ? nn__request(nn, *array, bytes) : NULL;
    if (!p) return 0;
    *array = p;
    *capacity = wanted;
    return 1;
}

/* Memory for count elements, 64-byte aligned, zeroed if asked to; NULL without memory. An arena is
 * a list of blocks that are filled one after the other; a rewound arena fills them again. */
static void *nn__alloc(nn_ctx *nn, nn_arena *arena, size_t count, size_t size, int zero)
{
    size_t bytes = nn__bytes(nn, count, size);
    if (!bytes) return NULL;
    bytes = (bytes + NN__ALIGN - 1) / NN__ALIGN * NN__ALIGN;
    nn_block **link = arena->current ? &arena->current : &arena->first, *block = *link;
    while (block && block->size - block->used < bytes) {
        link = &block->next;
        block = *link;
        if (block) block->used = 0;
    }
    if (!block) {
        size_t room = bytes > NN__BLOCK ? bytes : NN__BLOCK;
        block = (nn_block *)nn__malloc(nn, sizeof *block + NN__ALIGN + room);
        if (!block) return NULL;
        block->base = nn__aligned(block + 1);
        block->size = room;
        block->used = 0;
        block->next = NULL;
        *link = block;
    }
    arena->current = block;
    void *p = block->base + block->used;
    block->used += bytes;
    NN__ASSERT(block->used <= block->size && (uintptr_t)p % NN__ALIGN == 0);
    if (zero) memset(p, 0, bytes);
    return p;
}

/* What was allocated after a mark is given back by rewinding to it. */
typedef struct nn__mark {
    nn_block *block;
    size_t used;
} nn__mark;

NN__INLINE nn__mark nn__arena_mark(const nn_arena *arena)
{
    nn__mark mark = {arena->current, arena->current ? arena->current->used : 0};
    return mark;
}

static void nn__arena_rewind(nn_arena *arena, nn__mark mark)
{
    arena->current = mark.block ? mark.block : arena->first;
    if (arena->current) arena->current->used = mark.used;
}

static void nn__arena_clear(nn_arena *arena)
{
#ifdef NN_DEBUG
    for (nn_block *b = arena->first; b; b = b->next) memset(b->base, 0xff, b->size); /* NaN */
#endif
    nn__mark start = {NULL, 0};
    nn__arena_rewind(arena, start);
}

static void nn__arena_free(nn_ctx *nn, nn_arena *arena)
{
    for (nn_block *b = arena->first, *next; b; b = next) {
        next = b->next;
        NN_FREE(nn->user, b);
    }
}

static nn_real *nn__reals(nn_ctx *nn, nn_arena *arena, size_t count)
{
    return (nn_real *)nn__alloc(nn, arena, count, sizeof(nn_real), 0);
}

/* Workspace that lives in the context, at least count numbers; NULL without memory. */
static nn_real *nn__scratch(nn_ctx *nn, size_t count)
{
    size_t bytes = nn__bytes(nn, count, sizeof(nn_real));
    if (!bytes) return NULL;
    if (bytes > nn->scratch_size) {
        if (nn->scratch) NN_FREE(nn->user, nn->scratch);
        nn->scratch = nn__malloc(nn, bytes + NN__ALIGN);
        nn->scratch_size = nn->scratch ? bytes : 0;
    }
    return nn->scratch ? (nn_real *)(void *)nn__aligned(nn->scratch) : NULL;
}

static const struct nn__kernels *nn__kernels_find(const char *name);

nn_ctx *nn_create_user(uint64_t seed, void *user)
{
    nn_ctx *nn = (nn_ctx *)NN_MALLOC(user, sizeof *nn);
    if (!nn) return NULL;
    memset(nn, 0, sizeof *nn);
    nn->user = user;
    nn->allocations = 1;
    nn->training = nn->grad_enabled = nn->retain_grads = 1;
    nn->life = 1;
    nn->failed.ctx = nn->failed_model.ctx = nn->failed_optimizer.ctx = nn;
    nn->failed.shape.ndim = 1;
    nn->failed.saved = nn->failed_saved; /* an operation that does not look may write there */
    nn->failed.op = nn->failed_optimizer.rule = "failed";
    nn->failed.name = "";
    nn->failed_optimizer.model = &nn->failed_model;
    const char *wanted = getenv("NN_SIMD");
    nn->kernels = nn__kernels_find(wanted);
    nn_seed(nn, seed);
    if (nn->kernels) return nn;
    nn->kernels = nn__kernels_find(NULL);
    nn_fail(nn, NN_ERROR_UNSUPPORTED, "nn_create",
            "NN_SIMD is \"%s\", which this program or machine does not have", wanted);
    return nn;
}

nn_ctx *nn_create(uint64_t seed) { return nn_create_user(seed, NULL); }

void nn_destroy(nn_ctx *nn)
{
    if (!nn) return;
    nn__arena_free(nn, &nn->keep);
    nn__arena_free(nn, &nn->graph);
    if (nn->nodes) NN_FREE(nn->user, nn->nodes);
    if (nn->tape) NN_FREE(nn->user, nn->tape);
    if (nn->scratch) NN_FREE(nn->user, nn->scratch);
    NN_FREE(nn->user, nn);
}

/* The tensors (not their numbers) of the last step are left for one more step: who uses one of them
 * can then be told where it was made. */
void nn_clear(nn_ctx *nn)
{
    if (!nn__given(nn, __func__)) return;
    nn__arena_clear(&nn->graph);
    nn->life = nn->life == UINT_MAX ? 1 : nn->life + 1;
    nn->n_nodes = nn->n_tape = 0;
    nn->next_id = nn->first_id;
}

/* ---- random numbers ---- */

static uint64_t nn__rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t nn_random(nn_ctx *nn)
{
    if (!nn__given(nn, __func__)) return 0;
    uint64_t *s = nn->random, result = nn__rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = nn__rotate(s[3], 45);
    return result;
}

void nn_seed(nn_ctx *nn, uint64_t seed)
{
    if (!nn__given(nn, __func__)) return;
    for (int i = 0; i < 4; i++) { /* SplitMix64 */
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        nn->random[i] = z ^ (z >> 31);
    }
}

/* 24 bits, so that the float is exact and 1 is never reached; double gets the same numbers. */
static float nn__unit(nn_ctx *nn) { return (float)(nn_random(nn) >> 40) * (1.0f / 16777216.0f); }

nn_real nn_uniform(nn_ctx *nn, nn_real low, nn_real high)
{
    if (!nn__given(nn, __func__)) return low;
    const nn_real x = low + (high - low) * (nn_real)nn__unit(nn);
    return x < high ? x : low; /* it may have been rounded up to high */
}

/* Natural logarithm of a positive double by + - * / alone, so that it has the same bits everywhere:
 * x = 2^e m with m near 1, and log m = 2 (s + s^3/3 + s^5/5 + ..) with s = (m - 1) / (m + 1). */
static double nn__log_exactly_repeatable(double x)
{
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752) m *= 2, e--;
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
    for (int k = 21; k >= 1; k -= 2) sum = sum * s2 + 1.0 / k;
    return e * 0.69314718055994531 + 2 * s * sum;
}

nn_real nn_normal(nn_ctx *nn, nn_real mean, nn_real std)
{
    if (!nn__given(nn, __func__)) return mean;
    double u, v, r2;
    do { /* a point in the unit disc, not its centre */
        u = 2.0 * (double)nn__unit(nn) - 1;
        v = 2.0 * (double)nn__unit(nn) - 1;
        r2 = u * u + v * v;
    } while (r2 >= 1 || r2 == 0);
    float z = (float)(u * sqrt(-2 * nn__log_exactly_repeatable(r2) / r2));
    return mean + std * (nn_real)z;
}

/* 0 <= i < range; the rejection removes the bias of a plain remainder. */
static uint64_t nn__below(nn_ctx *nn, uint64_t range)
{
    uint64_t unfair = (UINT64_MAX - range + 1) % range, r; /* 2^64 mod range */
    do r = nn_random(nn);
    while (r < unfair);
    return r % range;
}

int nn_randint(nn_ctx *nn, int low, int high)
{
    if (!nn__ready(nn, __func__)) return low;
    if (low >= high)
        return nn__mistake(nn, __func__, "no integer i with %d <= i < %d", low, high), low;
    return (int)(low + (int64_t)nn__below(nn, (uint64_t)((int64_t)high - low)));
}

void nn_shuffle(nn_ctx *nn, int *a, int n)
{
    if (!nn__ready(nn, __func__)) return;
    if (!a) nn__mistake(nn, __func__, "argument 2 is NULL");
    for (int i = n - 1; a && i > 0; i--) {
        int j = (int)nn__below(nn, (uint64_t)i + 1), t = a[i];
        a[i] = a[j];
        a[j] = t;
    }
}

void nn_randperm(nn_ctx *nn, int *p, int n)
{
    if (!nn__ready(nn, __func__)) return;
    if (!p) nn__mistake(nn, __func__, "argument 2 is NULL");
    for (int i = 0; p && i < n; i++) p[i] = i;
    nn_shuffle(nn, p, n);
}

/* ---- modes ---- */

static int nn__exchange(int *flag, int value)
{
    int old = *flag;
    *flag = value;
    return old;
}

int nn_set_training(nn_ctx *nn, int on)
{
    return nn__given(nn, __func__) ? nn__exchange(&nn->training, on) : 0;
}

int nn_set_grad_enabled(nn_ctx *nn, int on)
{
    return nn__given(nn, __func__) ? nn__exchange(&nn->grad_enabled, on) : 0;
}

int nn_set_retain_grads(nn_ctx *nn, int on)
{
    return nn__given(nn, __func__) ? nn__exchange(&nn->retain_grads, on) : 0;
}

/* ---- shapes ---- */

static nn_shape nn__shape(int ndim, int a, int b, int c, int d)
{
    nn_shape s = {ndim, {a, b, c, d}};
    return s;
}

nn_shape nn_shape0(void) { return nn__shape(0, 0, 0, 0, 0); }
nn_shape nn_shape1(int a) { return nn__shape(1, a, 0, 0, 0); }
nn_shape nn_shape2(int a, int b) { return nn__shape(2, a, b, 0, 0); }
nn_shape nn_shape3(int a, int b, int c) { return nn__shape(3, a, b, c, 0); }
nn_shape nn_shape4(int a, int b, int c, int d) { return nn__shape(4, a, b, c, d); }

int nn_shape_equal(nn_shape a, nn_shape b)
{
    int equal = a.ndim == b.ndim;
    for (int i = 0; equal && i < a.ndim; i++) equal = a.dim[i] == b.dim[i];
    return equal;
}

/* The product of dimensions from..to-1. */
static size_t nn__span(nn_shape s, int from, int to)
{
    size_t n = 1;
    for (int i = from; i < to; i++) n *= (size_t)s.dim[i];
    return n;
}

static int nn__last(nn_shape s) { return s.ndim ? s.dim[s.ndim - 1] : 1; }

/* The number of elements of a valid shape; 0, with the mistake reported, of another. */
static size_t nn__shape_size(nn_ctx *nn, const char *function, nn_shape s)
{
    if (s.ndim < 0 || s.ndim > NN_MAX_DIMS)
        return nn_fail(nn, NN_ERROR_SHAPE, function, "a shape of %d dimensions (at most %d)",
                       s.ndim, NN_MAX_DIMS), (size_t)0;
    size_t n = 1;
    for (int i = 0; i < s.ndim; i++) {
        if (s.dim[i] < 1)
            return nn_fail(nn, NN_ERROR_SHAPE, function, "dimension %d of %s is not positive", i,
                           nn_shape_text(nn, s)), (size_t)0;
        if (n > (size_t)INT_MAX / (size_t)s.dim[i]) /* so an int can count anything in a tensor */
            return nn_fail(nn, NN_ERROR_LIMIT, function, "%s has too many elements",
                           nn_shape_text(nn, s)), (size_t)0;
        n *= (size_t)s.dim[i];
    }
    return n;
}

/* ---- tensors and the recording of operations ---- */

static const char *nn__copy_text(nn_ctx *nn, const char *text, size_t length)
{
    char *copy = (char *)nn__alloc(nn, &nn->keep, length + 1, 1, 1);
    if (copy && length) memcpy(copy, text, length);
    return copy ? copy : "";
}

/* Sets up x, a place for a tensor. */
static nn_tensor *nn__tensor(nn_ctx *nn, nn_tensor *x, const char *op, nn_shape shape, size_t size)
{
    memset(x, 0, sizeof *x);
    x->ctx = nn;
    x->shape = shape;
    x->size = size;
    x->op = op;
    x->name = "";
    x->file = nn->file;
    x->line = nn->line;
    x->life = nn->life;
    x->id = nn->next_id++;
    return x;
}

/* A tensor that lives until nn_clear, with data unless it is to share another's. */
static nn_tensor *nn__node(nn_ctx *nn, const char *op, nn_shape shape, size_t size, int with_data)
{
    if (nn->n_nodes == nn->made_nodes) {
        void *list = nn->nodes;
        int room = nn__grow(nn, &list, nn->made_nodes, &nn->node_capacity, sizeof *nn->nodes);
        nn->nodes = (nn_tensor **)list;
        void *pair = room ? nn__alloc(nn, &nn->keep, 2, sizeof(nn_tensor), 0) : NULL;
        if (!pair) return &nn->failed;
        nn->nodes[nn->made_nodes++] = (nn_tensor *)pair;
    }
    nn_real *data = with_data ? nn__reals(nn, &nn->graph, size) : NULL;
    if (with_data && !data) return &nn->failed;
    nn_tensor *x = &nn->nodes[nn->n_nodes++][nn->life % 2];
    nn__tensor(nn, x, op, shape, size)->data = data;
    return x;
}

/* A tensor without inputs, its data not yet set. */
static nn_tensor *nn__leaf(nn_ctx *nn, const char *function, nn_shape shape)
{
    if (!nn__ready(nn, function)) return nn ? &nn->failed : NULL;
    const size_t size = nn__shape_size(nn, function, shape);
    return size ? nn__node(nn, "input", shape, size, 1) : &nn->failed;
}

int nn_op_check(const char *function, nn_tensor *const *in, int n)
{
    const nn_tensor *const failed = nn_op_failed(in, n);
    nn_ctx *nn = failed ? failed->ctx : NULL;
    if (!nn__ready(nn, function)) return 0;
    for (int i = 0; i < n; i++) {
        const nn_tensor *x = in[i];
        if (!x) nn__mistake(nn, function, "argument %d is NULL", i + 1);
        else if (x->ctx != nn)
            nn__mistake(nn, function, "argument %d belongs to another nn_ctx", i + 1);
        else if (!x->size)
            nn__mistake(nn, function, "argument %d is the result of a failed call", i + 1);
        else if (x->life && x->life != nn->life)
            nn__mistake(nn, function, "argument %d was made before the last nn_clear (%s, %s:%d)",
                        i + 1, x->op, x->file ? x->file : "?", x->line);
    }
    return nn->code == NN_OK;
}

nn_tensor *nn_op_failed(nn_tensor *const *in, int n)
{
    for (int i = 0; in && i < n; i++)
        if (in[i]) return &in[i]->ctx->failed;
    return NULL;
}

/* A new result and its place on the tape. */
static nn_tensor *nn__record(const char *op, nn_shape shape, nn_tensor *const *in, int n,
                             void (*backward)(nn_tensor *y), size_t saved_bytes, int with_data)
{
    nn_ctx *nn = in[0]->ctx;
    size_t size = nn__shape_size(nn, op, shape);
    if (!size) return &nn->failed;
    for (int i = 0; nn->grad_enabled && i < n; i++)
        if (in[i]->backward && !in[i]->requires_grad) /* else the gradient would end there unseen */
            return nn_fail(nn, NN_ERROR_ARGUMENT, op,
                           "argument %d was made before the last nn_freeze (%s, %s:%d)", i + 1,
                           in[i]->op, in[i]->file ? in[i]->file : "?", in[i]->line);
    nn_tensor *y = nn__node(nn, op, shape, size, with_data);
    if (!y->size) return y;
    y->in = (nn_tensor **)nn__alloc(nn, &nn->graph, (size_t)n, sizeof *y->in, 0);
    if (!y->in) return &nn->failed;
    memcpy(y->in, in, (size_t)n * sizeof *y->in);
    y->n_in = n;
    if (saved_bytes && !(y->saved = nn__alloc(nn, &nn->graph, saved_bytes, 1, 1)))
        return &nn->failed;
    for (int i = 0; i < n; i++) y->requires_grad |= in[i]->requires_grad;
    y->requires_grad &= nn->grad_enabled;
    if (y->requires_grad) {
        void *tape = nn->tape;
        int room = nn__grow(nn, &tape, nn->n_tape, &nn->tape_capacity, sizeof *nn->tape);
        nn->tape = (nn_tensor **)tape;
        if (!room) return &nn->failed;
        y->backward = backward;
        nn->tape[nn->n_tape++] = y;
    }
    return y;
}

nn_tensor *nn_op_new(const char *op, nn_shape shape, nn_tensor *const *in, int n,
                     void (*backward)(nn_tensor *y), size_t saved_bytes)
{
    if (!nn_op_check(__func__, in, n)) return nn_op_failed(in, n);
    return nn__record(op, shape, in, n, backward, saved_bytes, 1);
}

/* Index of the first NaN or infinity of n numbers, n if there is none. */
static size_t nn__first_bad(const nn_real *a, size_t n)
{
    size_t i = 0;
    while (i < n && a[i] - a[i] == 0) i++;
    return i;
}

/* The layer of a result: the first parameter that it, or else what it was made from, was made
 * with; "" if there is none. */
static const char *nn__layer(const nn_tensor *y)
{
    for (; y->n_in; y = y->in[0])
        for (int i = 0; i < y->n_in; i++)
            if (y->in[i]->name[0]) return y->in[i]->name;
    return "";
}

/* 1 if all numbers of x (its data or its gradient) are finite; else the first that is not is
 * reported: "function: what (fc1.weight) [2, 3] is nan at [0, 1]". */
static int nn__check_finite(const nn_tensor *x, const nn_real *numbers, const char *function,
                            const char *what)
{
    nn_ctx *nn = x->ctx;
    size_t bad = nn__first_bad(numbers, x->size), rest = bad;
    if (bad == x->size) return 1;
    nn_shape at = x->shape;
    for (int i = at.ndim - 1; i >= 0; i--) {
        at.dim[i] = (int)(rest % (size_t)x->shape.dim[i]);
        rest /= (size_t)x->shape.dim[i];
    }
    const nn_real v = numbers[bad];
    const char *layer = nn__layer(x);
    nn_fail(nn, NN_ERROR_NONFINITE, function, "%s%s%s%s %s is %s at %s", what,
            layer[0] ? " (" : "", layer, layer[0] ? ")" : "", nn_shape_text(nn, x->shape),
            v != v ? "nan" : v > 0 ? "inf" : "-inf", nn_shape_text(nn, at));
    return 0;
}

nn_tensor *nn_op_done(nn_tensor *y)
{
    if (!nn__given(y, __func__)) return NULL;
    if (y->ctx->nan_check && !nn__check_finite(y, y->data, y->op, "the result"))
        return &y->ctx->failed;
    return y;
}

nn_tensor *nn_input(nn_ctx *nn, const nn_real *data, nn_shape shape)
{
    if (nn && !data && nn->code == NN_OK)
        return nn_fail(nn, NN_ERROR_ARGUMENT, __func__, "data is NULL");
    nn_tensor *x = nn__leaf(nn, __func__, shape);
    if (x && x->size) memcpy(x->data, data, x->size * sizeof *data);
    return x;
}

nn_tensor *nn_full(nn_ctx *nn, nn_shape shape, nn_real value)
{
    nn_tensor *x = nn__leaf(nn, __func__, shape);
    for (size_t i = 0; x && i < x->size; i++) x->data[i] = value;
    return x;
}

nn_tensor *nn_rand(nn_ctx *nn, nn_shape shape, nn_real low, nn_real high)
{
    nn_tensor *x = nn__leaf(nn, __func__, shape);
    for (size_t i = 0; x && i < x->size; i++) x->data[i] = nn_uniform(nn, low, high);
    return x;
}

nn_tensor *nn_randn(nn_ctx *nn, nn_shape shape)
{
    nn_tensor *x = nn__leaf(nn, __func__, shape);
    for (size_t i = 0; x && i < x->size; i++) x->data[i] = nn_normal(nn, 0, 1);
    return x;
}

/* Labels are in -1..classes-1, or the first that is not is reported. */
static int nn__check_labels(nn_ctx *nn, const char *function, const int *labels, int n, int classes)
{
    if (!labels) return nn__mistake(nn, function, "labels is NULL");
    for (int i = 0; i < n; i++)
        if (labels[i] < -1 || labels[i] >= classes)
            return nn__mistake(nn, function,
                           "labels[%d] is %d, but there are %d classes (0 to %d, or -1 for none)",
                           i, labels[i], classes, classes - 1);
    return 1;
}

nn_tensor *nn_one_hot(nn_ctx *nn, const int *labels, int n, int classes)
{
    nn_tensor *x = nn__leaf(nn, __func__, nn_shape2(n, classes));
    if (!x || !x->size) return x;
    if (!nn__check_labels(nn, __func__, labels, n, classes)) return &nn->failed;
    memset(x->data, 0, x->size * sizeof *x->data);
    for (int i = 0; i < n; i++)
        if (labels[i] >= 0) x->data[(size_t)i * (size_t)classes + (size_t)labels[i]] = 1;
    return x;
}

typedef struct nn__spare { /* at the beginning of a gradient that nobody needs any more */
    struct nn__spare *next;
    size_t size;
} nn__spare;

static void nn__need_grad(nn_tensor *x) /* a zeroed gradient, if it has none yet */
{
    if (x->grad) return;
    nn_ctx *nn = x->ctx;
    nn__spare **at = &nn->spare;
    while (*at && (*at)->size != x->size) at = &(*at)->next;
    if (x->life && *at) {
        x->grad = (nn_real *)(void *)*at;
        *at = (*at)->next;
    } else x->grad = nn__reals(nn, x->life ? &nn->graph : &nn->keep, x->size);
    if (x->grad) memset(x->grad, 0, x->size * sizeof *x->grad);
}

nn_tensor *nn_requires_grad(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    nn__need_grad(x);
    x->requires_grad = x->grad != NULL;
    return x;
}

/* ---- looking at tensors ---- */

nn_real nn_item(const nn_tensor *x)
{
    nn_tensor *in = (nn_tensor *)(uintptr_t)x;
    if (!nn_op_check(__func__, &in, 1)) return (nn_real)NAN;
    if (x->size != 1)
        return nn_fail(x->ctx, NN_ERROR_SHAPE, __func__, "x is %s, not a single number",
                       nn_shape_text(x->ctx, x->shape)), (nn_real)NAN;
    return x->data[0];
}

/* Of x[0], x[step], .., n numbers. */
static nn_stat nn__stat(const nn_real *x, size_t n, size_t step)
{
    nn_stat s = {0, 0, 0, 0, n, 0, 0, 0};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        const double v = (double)x[i * step];
        if (v != v) s.nan++;
        else if (v - v != 0) s.inf++;
        else {
            const int first = s.nan + s.inf == i;
            if (first || v < s.min) s.min = v;
            if (first || v > s.max) s.max = v;
            s.zero += v == 0;
            sum += v;
        }
    }
    const double finite = (double)(n - s.nan - s.inf);
    if (finite < 1) return s;
    s.mean = s.min < s.max ? sum / finite : s.min;
    for (size_t i = 0; i < n; i++) {
        const double d = (double)x[i * step] - s.mean;
        if (d - d == 0) squares += d * d;
    }
    s.std = sqrt(squares / finite);
    return s;
}

nn_stat nn_stats(const nn_tensor *x) { return nn__stat(x ? x->data : NULL, x ? x->size : 0, 1); }

#ifndef NN_NO_STDIO
static void nn__print(const nn_tensor *x, int gradient)
{
    if (!x) {
        printf("NULL\n");
        return;
    }
    const nn_real *numbers = gradient ? x->grad : x->data;
    const char *const what = !gradient ? "" : numbers ? "gradient of " : "no gradient of ";
    const size_t show = 8, cols = (size_t)nn__last(x->shape), rows = x->size ? x->size / cols : 0;
    printf("%s%s %s%s%s\n", what, x->name[0] ? x->name : x->op, nn_shape_text(x->ctx, x->shape),
           x->requires_grad ? " requires_grad" : "",
           x->life && x->life != x->ctx->life ? " from before nn_clear" : "");
    for (size_t i = 0; numbers && i < rows && i < show; i++) {
        for (size_t j = 0; j < cols && j < show; j++) /* + 0 makes -0 print as 0 */
            printf(" %9.4g", (double)numbers[i * cols + j] + 0);
        printf(cols > show ? " ...\n" : "\n");
    }
    if (rows > show) printf("       ... %zu rows in all\n", rows);
    fflush(stdout); /* so that a debugger shows it at once */
}

void nn_print(const nn_tensor *x) /* not in one line: there lldb 14 stops too early to see x */
{
    nn__print(x, 0);
}
void nn_print_grad(const nn_tensor *x)
{
    nn__print(x, 1);
}

void nn_model_print(const nn_model *model)
{
    if (!model) {
        printf("NULL\n");
        return;
    }
    int width = 24;
    for (int i = 0; i < model->n_params; i++)
        if ((int)strlen(model->param[i]->name) > width) width = (int)strlen(model->param[i]->name);
    for (int i = 0; i < model->n_params; i++) {
        const nn_tensor *p = model->param[i];
        printf("%-*s %-16s %10zu%s\n", width, p->name, nn_shape_text(p->ctx, p->shape), p->size,
               p->grad ? "" : strcmp(p->op, "buffer") == 0 ? " (buffer)" : " (frozen)");
    }
    printf("%-*s %-16s %10zu\n", width, "all", "", nn_model_size(model));
}

nn_progress nn_progress_start(void)
{
    nn_progress p = {(double)time(NULL)};
    return p;
}

void nn_progress_show(const nn_progress *p, int done, int total, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
#if defined __unix__ || defined __APPLE__
    int terminal = isatty(1);
#else
    int terminal = 0;
#endif
    if (terminal) {
        char bar[33] = "";
        for (int i = 0; i < 32; i++) bar[i] = (double)i * total < 32.0 * done ? '#' : '.';
        double left = done ? ((double)time(NULL) - p->start) * (total - done) / done : 0;
        printf("\r[%s] %s, %.0f s left \033[K%s", bar, text, left, done == total ? "\n" : "");
    } else if (total < 10 || done * 10LL / total != (done - 1) * 10LL / total)
        printf("%s\n", text);
    fflush(stdout);
}
#endif

/* ---- models ---- */

#define NN__NEW(nn, type) ((type *)nn__alloc(nn, &(nn)->keep, 1, sizeof(type), 1))

nn_model *nn_model_new(nn_ctx *nn)
{
    if (!nn__ready(nn, __func__)) return nn ? &nn->failed_model : NULL;
    nn_model *model = NN__NEW(nn, nn_model);
    if (!model) return &nn->failed_model;
    model->ctx = nn;
    return model;
}

/* Growing arrays that live as long as the context: doubled, the old half stays where it was. */
static int nn__keep_grow(nn_ctx *nn, void **array, int n, int *capacity, size_t size)
{
    if (n < *capacity) return 1;
    int wanted = n ? 2 * n : 8;
    void *p = nn__alloc(nn, &nn->keep, (size_t)wanted, size, 1);
    if (!p) return 0;
    if (n) memcpy(p, *array, (size_t)n * size);
    *array = p;
    *capacity = wanted;
    return 1;
}

/* "prefix.part"; NULL, for nn_param to refuse, if there is no prefix. */
enum { NN__PART_SIZE = NN_NAME_SIZE + 24 };
static const char *nn__join(char *full, const char *prefix, const char *part)
{
    if (!prefix) return NULL;
    snprintf(full, NN__PART_SIZE, "%s%s%s", prefix, prefix[0] ? "." : "", part);
    return full;
}

static nn_tensor *nn__member(const char *function, nn_model *model, const char *prefix,
                             const char *name, nn_shape shape, int learned)
{
    if (!nn__given(model, function)) return NULL;
    nn_ctx *nn = model->ctx;
    if (nn->code != NN_OK) return &nn->failed;
    if (model == &nn->failed_model)
        return nn_fail(nn, NN_ERROR_ARGUMENT, function, "the model is the result of a failed call");
    const char *const kind = learned ? "parameter" : "buffer";
    char full[NN__PART_SIZE];
    if (!prefix || !name || !name[0])
        return nn_fail(nn, NN_ERROR_ARGUMENT, function, "a %s needs a name", kind);
    const size_t length = strlen(nn__join(full, prefix, name));
    if (length >= NN_NAME_SIZE)
        return nn_fail(nn, NN_ERROR_ARGUMENT, function, "the name %.20s... is longer than %d",
                       full, NN_NAME_SIZE - 1);
    const nn_tensor *taken = nn_model_find(model, full);
    if (taken)
        return nn_fail(nn, NN_ERROR_ARGUMENT, function,
                       "this model has a %s \"%s\" already", taken->op, full);
    size_t size = nn__shape_size(nn, function, shape);
    if (!size) return &nn->failed;
    void *list = model->param;
    int room = nn__keep_grow(nn, &list, model->n_params, &model->capacity, sizeof *model->param);
    model->param = (nn_tensor **)list;
    nn_tensor *p = room ? NN__NEW(nn, nn_tensor) : NULL;
    void *data = p ? nn__alloc(nn, &nn->keep, size, sizeof(nn_real), 1) : NULL;
    if (!data) return &nn->failed;
    nn__tensor(nn, p, kind, shape, size)->data = (nn_real *)data;
    p->life = 0;
    p->name = nn__copy_text(nn, full, length);
    if (learned) nn__need_grad(p);
    p->requires_grad = learned;
    if (nn->code != NN_OK) return &nn->failed;
    nn->first_id = nn->next_id;
    model->param[model->n_params++] = p;
    return p;
}

nn_tensor *nn_param(nn_model *model, const char *prefix, const char *name, nn_shape shape)
{
    return nn__member(__func__, model, prefix, name, shape, 1);
}
nn_tensor *nn_buffer(nn_model *model, const char *prefix, const char *name, nn_shape shape)
{
    return nn__member(__func__, model, prefix, name, shape, 0);
}

nn_tensor *nn_model_find(const nn_model *model, const char *name)
{
    for (int i = 0; model && name && i < model->n_params; i++)
        if (strcmp(model->param[i]->name, name) == 0) return model->param[i];
    return NULL;
}

size_t nn_model_size(const nn_model *model)
{
    size_t n = 0;
    for (int i = 0; model && i < model->n_params; i++) n += model->param[i]->size;
    return n;
}

void nn_zero_grad(nn_model *model)
{
    if (!nn__given(model, __func__)) return;
    for (int i = 0; i < model->n_params; i++)
        if (model->param[i]->grad)
            memset(model->param[i]->grad, 0, model->param[i]->size * sizeof(nn_real));
}

void nn_model_get(const nn_model *model, nn_real *values)
{
    if (!nn__given(model, __func__) || !nn__given(values, __func__)) return;
    for (int i = 0; i < model->n_params; values += model->param[i++]->size)
        memcpy(values, model->param[i]->data, model->param[i]->size * sizeof *values);
}

void nn_model_set(nn_model *model, const nn_real *values)
{
    if (!nn__given(model, __func__) || !nn__given(values, __func__)) return;
    for (int i = 0; i < model->n_params; values += model->param[i++]->size)
        memcpy(model->param[i]->data, values, model->param[i]->size * sizeof *values);
}

#ifdef __cplusplus
}
#endif
#endif /* NN_IMPLEMENTATION */
#endif /* NN__KERNEL_PASS */

/* ==== Kernels ======================================================================= >>kernels
 *
 * All loops that take time, and the only place with anything clever. Everything above and below is
 * plain C and calls these through nn->kernels, a table of functions; there is one table for each
 * instruction set, and nn_create picks the best that the processor has.
 *
 * Each kernel is written twice. The naive twin is what the formula says, one number after the
 * other, in double and with libm: read that one first. The fast one is written once, on vectors of
 * W numbers (NN__V) whose + - * / are C's own, with a small vocabulary for the rest (NN__FMA, ..),
 * and compiled once for each instruction set: this file includes itself with NN__KERNEL_PASS
 * defined and another vocabulary. NN__(exp) is then nn__exp_avx2, and a debugger steps through it
 * line by line.
 *
 * Why it looks like this, in numbers from one core (AMD EPYC, AVX-512) whose fused multiply-adds
 * alone reach 114 GFLOP/s; the matrices are 2048 x 2048:
 *
 *   three loops, as in a textbook                 0.6   (1024 x 1024) each number of B is fetched
 *                                                       from memory again for each row of A
 *   tiles of 2 x 16 numbers in registers          7.6   a number fetched is used 2 or 16 times
 *   tiles of 4 x 32                              34
 *   tiles of 14 x 32, 28 of the 32 registers     75     16 loads for 28 multiply-adds; 28 chains
 *                                                       hide the 4 cycles that each one takes
 *   the same on packed panels                   104     rows 8 KB apart share a few places of the
 *                                                       cache; panels lie in the order of use
 *
 * Packing costs as much as a few uses, so small matrices are read where they lie (see >>products).
 * A sum of 4096 numbers takes 0.80 ns a number in one chain, where each addition waits for the one
 * before it, and 0.05 ns in 16 lanes. A function such as exp takes 3.3 ns in libm and 0.4 ns here:
 * no branch, no table, 16 numbers at a time. With AVX-512 these, like the tiles, are compiled for
 * it; the rest wait for memory and are taken from AVX2, which keeps the compile time low.
 *
 * The same bits everywhere, by construction:
 *   - an element of a matrix product is one chain c = fma(a, b, c) over k, from 0 upwards (or from
 *     what C held, which is how a layer adds its bias without another pass). Tiles, packing, blocks
 *     and threads change the order of the elements, never a chain;
 *   - a sum runs in 16 lanes, lane l adding elements l, l + 16, l + 32, .., and the lanes are added
 *     as a fixed tree: AVX-512 would hold the lanes in one register, AVX2 in two, NEON in four,
 *     plain C in an array. Every 4096 elements the result goes into a double;
 *   - exp, log, tanh and the rest are our own polynomials, in the same order of operations;
 *     division and square root are exact by IEEE 754, and so is fma, in hardware or nn__fmaf.
 */
#ifdef NN_IMPLEMENTATION

#ifndef NN__KERNEL_PASS
#if defined NN__X86 || defined NN__NEON
NN__OPTIMIZE("Og", "move-loop-invariants") /* plain C is for the rest: compiled quickly */
#else
NN__OPTIMIZE("O1")
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* For a >= 2^17: a = q pi/2 + *r with |*r| <= pi/4; gives q modulo 4. a is m 2^e, m an integer of
 * 24 bits. The bits of 2/pi worth 4 / 2^e or more only turn a by full circles; m is multiplied by
 * the 96 bits after them, and what overflows is full circles, too. That leaves the angle in
 * quarters, 62 bits of it behind the point (Payne and Hanek, 1983). */
NN__UNUSED static inline float nn__far_angle(float a, float *r)
{
    static const uint32_t bits[8] = {0,           0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                     0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};
    uint32_t u;
    memcpy(&u, &a, sizeof u);
    const uint32_t first = (u >> 23) - 120, shift = first % 32; /* the 96 begin at bit `first` */
    const uint32_t *b = bits + first / 32;
    const uint64_t m = (u & 0x007fffffu) | 0x00800000u;
    uint64_t high = (uint64_t)b[0] << 32 | b[1], low = (uint64_t)b[2] << 32 | b[3];
    high = high << shift | low >> 32 >> (32 - shift);
    low = low << shift >> 32;
    const uint64_t angle = m * high + (m * low >> 32);
    const uint64_t q = (angle + ((uint64_t)1 << 61)) >> 62; /* the nearest quarter */
    const double rest = (double)(int64_t)(angle - (q << 62)) / 4611686018427387904.0;
    *r = (float)(rest * 1.5707963267948966) + (a - a); /* infinity - infinity: NaN */
    return (float)q;
}

/* a b + c, rounded once, for processors without an instruction for it (not every libm has an
 * exact fmaf). The product is exact in double; the sum is rounded to odd, which rounding again, to
 * float, cannot spoil: Boldo and Melquiond, IEEE Trans. Computers 57(4), 2008. */
static float nn__fmaf(float a, float b, float c)
{
#ifdef FP_FAST_FMAF
    return fmaf(a, b, c);
#else
    const double p = (double)a * (double)b, z = (double)c;
    double sum = p + z;
    const double part = sum - p, lost = (p - (sum - part)) + (z - part); /* sum + lost is exact */
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if (lost != 0 && sum - sum == 0 && !(bits & 1)) {
        bits = (lost > 0) == (sum > 0) ? bits + 1 : bits - 1;
        memcpy(&sum, &bits, sizeof sum);
    }
    return (float)sum;
#endif
}

/* ---- the naive twins: the definition of every kernel ---- */

static void nn__tile_naive(NN__ARGS_tile)
{
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            double sum = add ? (double)c[i * ldc + j] : 0;
            for (int p = 0; p < k; p++)
                sum += (double)a[i * row + p * col] * (double)b[(at ? at[p] : p * ldb) + j];
            c[i * ldc + j] = (nn_real)sum;
        }
}
static void nn__pack_naive(NN__ARGS_pack)
{
    for (int p = 0; p < k; p++)
        for (int i = 0; i < width; i++)
            panel[p * width + i] = i < n ? a[i * row + p * col] : 0;
}

static double nn__sigmoid1(double x) /* never raises e to a large power */
{
    double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double nn__square(double x) { return x * x; }

static double nn__phi(double x) /* the probability that a normal number is below x */
{
    return erfc(-x * 0.70710678118654752) / 2;
}

static nn_real nn__gelu_slope(nn_real x) /* gelu x = x Phi(x): Phi(x) + x e^(-x^2/2) / sqrt(2 pi) */
{
    const double z = (double)x;
    return (nn_real)(nn__phi(z) + z * exp(-z * z / 2) * 0.39894228040143268);
}

#define NN__EACH for (size_t i = 0; i < n; i++)

#define NN__TWIN(form, name, statement)                                                            \
    static void nn__##name##_naive(NN__ARGS_##form)                                                \
    {                                                                                              \
        NN__EACH statement;                                                                        \
    }
NN__TWIN(map, exp, y[i] = (nn_real)exp((double)x[i]))
NN__TWIN(map, log, y[i] = (nn_real)log((double)x[i]))
NN__TWIN(map, sin, y[i] = (nn_real)sin((double)x[i]))
NN__TWIN(map, cos, y[i] = (nn_real)cos((double)x[i]))
NN__TWIN(map, sqrt, y[i] = (nn_real)sqrt((double)x[i]))
NN__TWIN(map, square, y[i] = x[i] * x[i])
NN__TWIN(map, sigmoid, y[i] = (nn_real)nn__sigmoid1((double)x[i]))
NN__TWIN(map, tanh, y[i] = (nn_real)tanh((double)x[i]))
NN__TWIN(map, gelu, y[i] = (nn_real)((double)x[i] * nn__phi((double)x[i])))
NN__TWIN(map, relu, y[i] = 0 > x[i] ? 0 : x[i]) /* this way round, NaN stays NaN */
NN__TWIN(scaled, scale, y[i] = k * a[i])
NN__TWIN(scaled, axpy, y[i] += k * a[i])
NN__TWIN(scaled, leaky_relu, y[i] = a[i] > 0 ? a[i] : k * a[i])
NN__TWIN(scaled, elu, y[i] = a[i] > 0 ? a[i] : k * (nn_real)expm1((double)a[i]))
NN__TWIN(pair, add, y[i] = (sa ? a[i] : *a) + (sb ? b[i] : *b))
NN__TWIN(pair, sub, y[i] = (sa ? a[i] : *a) - (sb ? b[i] : *b))
NN__TWIN(pair, mul, y[i] = (sa ? a[i] : *a) * (sb ? b[i] : *b))
NN__TWIN(pair, div, y[i] = (sa ? a[i] : *a) / (sb ? b[i] : *b))
NN__TWIN(grad, mul_add, y[i] += a[i] * b[i])
NN__TWIN(grad, log_backward, y[i] += a[i] / b[i])                    /* of log b: 1 / b */
NN__TWIN(grad, sqrt_backward, y[i] += a[i] / (b[i] + b[i]))          /* of b = sqrt x: 1 / 2 b */
NN__TWIN(grad, square_backward, y[i] += a[i] * (b[i] + b[i]))        /* of b^2: 2 b */
NN__TWIN(grad, sigmoid_backward, y[i] += a[i] * (b[i] * (1 - b[i]))) /* of b = sigmoid x */
NN__TWIN(grad, tanh_backward, y[i] += a[i] * (1 - b[i] * b[i]))      /* of b = tanh x */
NN__TWIN(grad, gelu_backward, y[i] += a[i] * nn__gelu_slope(b[i]))   /* of gelu b */
NN__TWIN(sloped, leaky_relu_backward, y[i] += b[i] > 0 ? a[i] : k * a[i])
NN__TWIN(sloped, elu_backward, /* of b = k (e^x - 1): k e^x */
         y[i] += b[i] > 0 ? a[i] : a[i] * (b[i] + k))
NN__TWIN(sloped, bce_backward, /* logit a, target b */
         y[i] += k * ((nn_real)nn__sigmoid1((double)a[i]) - b[i]))

NN__TWIN(sgd, sgd, w[i] -= lr * (g[i] + decay * w[i]))

#define NN__SUM_TWIN(name, arguments, term)                                                        \
    static nn_real nn__##name##_naive(arguments)                                                   \
    {                                                                                              \
        double sum = 0;                                                                            \
        NN__EACH sum += term;                                                                      \
        return (nn_real)sum;                                                                       \
    }
NN__SUM_TWIN(sum, NN__ARGS_sum, (double)x[i])
NN__SUM_TWIN(dot, NN__ARGS_fold, (double)a[i] * (double)b[i])
NN__SUM_TWIN(squared_error, NN__ARGS_squared_error,
             nn__square((double)a[i] - (double)b[sb ? i : 0]))
/* -b log sigmoid(a) - (1 - b) log(1 - sigmoid(a)), written so that nothing overflows */
NN__SUM_TWIN(bce, NN__ARGS_fold, (a[i] > 0 ? (double)a[i] : 0) - (double)a[i] * (double)b[i] +
                                     log1p(exp(-fabs((double)a[i]))))

static nn_real nn__softmax_naive(size_t n, const nn_real *x, nn_real *y, nn_real *max)
{
    double sum = 0;
    *max = x[0];
    NN__EACH *max = x[i] > *max ? x[i] : *max;
    NN__EACH sum += exp((double)x[i] - (double)*max);
    NN__EACH y[i] = (nn_real)(exp((double)x[i] - (double)*max) / sum);
    return (nn_real)log(sum);
}
/* b_i = e^x_i / sum: dx_i = b_i (a_i - sum_j a_j b_j) */
static void nn__softmax_backward_naive(NN__ARGS_grad)
{
    nn_real dot = nn__dot_naive(n, a, b);
    NN__EACH y[i] += b[i] * (a[i] - dot);
}
static nn_real nn__normalize_naive(size_t n, nn_real eps, const nn_real *x, nn_real *y)
{
    const nn_real mean = nn__sum_naive(n, x) / (nn_real)n;
    const nn_real variance = nn__squared_error_naive(n, x, &mean, 0) / (nn_real)n;
    const nn_real scale = (nn_real)(1 / sqrt((double)(variance + eps)));
    NN__EACH y[i] = (x[i] - mean) * scale;
    return scale;
}
/* dx = k (a - mean a - b mean(a b)): Ioffe and Szegedy 2015; Ba et al. 2016 */
static void nn__normalize_backward_naive(NN__ARGS_sloped)
{
    const nn_real mean = nn__sum_naive(n, a) / (nn_real)n;
    const nn_real slope = nn__dot_naive(n, a, b) / (nn_real)n;
    NN__EACH y[i] += k * (a[i] - mean - b[i] * slope);
}
#define NN__OF(p) (p)[each ? i : 0]
NN__TWIN(batch_norm, batch_norm, y[i] = (x[i] - NN__OF(mean)) * NN__OF(scale) + NN__OF(shift))
NN__TWIN(batch_norm_backward, batch_norm_backward, y[i] += NN__OF(factor) *
         (g[i] - ((x[i] - NN__OF(mean)) * NN__OF(scale) + NN__OF(shift))))
#undef NN__OF
static void nn__momentum_naive(NN__ARGS_momentum)
{
    NN__EACH {
        const nn_real d = g[i] + decay * w[i];
        v[i] = beta * v[i] - lr * d;
        w[i] += nesterov ? beta * v[i] - lr * d : v[i];
    }
}
static void nn__adaptive_naive(NN__ARGS_adaptive)
{
    NN__EACH {
        nn_real d = g[i] + s->decay * w[i];
        v[i] = s->beta2 * v[i] + s->share * (d * d);
        if (m) d = m[i] = s->beta1 * m[i] + (1 - s->beta1) * d;
        w[i] = s->keep * w[i] -
               s->rate * d / ((nn_real)sqrt((double)v[i]) * s->root_scale + s->eps);
    }
}
static void nn__largest_naive(NN__ARGS_largest)
{
    (void)end;
    NN__EACH {
        const int first = at[i] = from + (int)i * stride;
        for (int r = 0; r < rows; r++)
            for (int j = first + r * width; j < first + r * width + cols; j++)
                if (!(x[j] <= x[at[i]]) && x[at[i]] == x[at[i]]) at[i] = j;
        y[i] = x[at[i]];
    }
}

#define NN__ENTRY(form, name) nn__##name##_naive,
static const nn__kernels nn__table_naive = {"naive", {4, 0, 0, 0}, 4,
    {{nn__tile_naive, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}},
    NN__ALL_KERNELS(NN__ENTRY)};
#undef NN__ENTRY

/* ---- the fast ones: compiled here for plain C, by including this file again for the rest ---- */

/* The vocabulary, the same for all. A vector, NN__V, has W numbers; its bits are NN__I. Both know
 * + - * / and & | << >> as the compiler's vector types do. */
#define NN__V NN__(vector)
#define NN__I NN__(bits)
#define NN__LOAD(p) (*(const NN__(unaligned) *)(p))
#define NN__STORE(p, v) (void)(*(NN__(unaligned) *)(p) = (v))
#define NN__IF_GT(a, b, x, y) NN__(if_gt)(a, b, x, y)
#define NN__BITS(v) NN__(bits_of)(v)
#define NN__OF_BITS(i) NN__(of_bits)(i)
/* How a function of vectors becomes a kernel of each form: GET and PUT take the W numbers from i on
 * of an array, or as many as there are. Macros, because f is then called by its name, and every
 * compiler, at every level, writes it out in place. */
#define NN__VECTORS for (size_t i = 0; i < n; i += NN__W)
#define NN__GET(p) NN__(load)((p) + i, n - i)
#define NN__PUT(p, v) NN__(store)((p) + i, n - i, v)
#define NN__DO_map(f) NN__VECTORS NN__PUT(y, f(NN__GET(x)));
#define NN__DO_pair(f)                                                                             \
    NN__VECTORS NN__PUT(y, f(sa ? NN__GET(a) : NN__(set)(*a), sb ? NN__GET(b) : NN__(set)(*b)));
#define NN__DO_form(f, a, b, k) NN__VECTORS NN__PUT(y, f(a, b, NN__(set)(k), NN__GET(y)));
#define NN__DO_scaled(f) NN__DO_form(f, NN__GET(a), NN__(set)(0), k)
#define NN__DO_grad(f) NN__DO_form(f, NN__GET(a), NN__GET(b), 0)
#define NN__DO_sloped(f) NN__DO_form(f, NN__GET(a), NN__GET(b), k)
/* the tiles of one height, and the parts of a table */
#define NN__TILES(i, mr)                                                                           \
    static void NN__(wide##i)(NN__ARGS_tile)                                                       \
    {                                                                                              \
        NN__(tile)(mr, NN__NV, k, a, row, col, b, ldb, at, c, ldc, add);                           \
    }                                                                                              \
    static void NN__(half##i)(NN__ARGS_tile)                                                       \
    {                                                                                              \
        NN__(tile)(mr, NN__NV / 2, k, a, row, col, b, ldb, at, c, ldc, add);                       \
    }
#define NN__OWN(form, name) NN__(name),
#define NN__HEIGHT(i, rows) rows,
#define NN__PAIR(i, rows) {NN__(wide##i), NN__(half##i)},
#define NN__FORM(name) NN__INLINE NN__V NN__(name)(NN__V a, NN__V b, NN__V k, NN__V y)
#define NN__WRAP(form, name)                                                                       \
    static void NN__(name)(NN__ARGS_##form) { NN__DO_##form(NN__(v##name)) }

#ifdef __clang__
#define NN__TARGET(t)                                                                              \
    NN__PRAGMA(clang attribute push(__attribute__((target(t))), apply_to = function))
#define NN__TARGET_END NN__PRAGMA(clang attribute pop)
#else
#define NN__TARGET(t) NN__PRAGMA(GCC push_options) NN__PRAGMA(GCC target(t))
#define NN__TARGET_END NN__PRAGMA(GCC pop_options)
#endif
NN__OPTIMIZE("O1")
#ifdef NN__X86
NN__TARGET("avx2,fma")
#define NN__KERNEL_PASS 2
#include NN_HEADER
#undef NN__KERNEL_PASS
NN__TARGET_END
NN__TARGET("avx512f,avx2,fma")
#define NN__KERNEL_PASS 3
#include NN_HEADER
#undef NN__KERNEL_PASS
NN__TARGET_END
#elif defined NN__NEON
#define NN__KERNEL_PASS 4
#include NN_HEADER
#undef NN__KERNEL_PASS
#endif
NN__OPTIMIZE_END

#endif /* not NN__KERNEL_PASS */

#if NN__FLOAT
#if !defined NN__KERNEL_PASS
#define NN__NAME "scalar" /* plain C: a vector of one number */
#define NN__(name) nn__##name##_scalar
#define NN__W 1
#define NN__NV 4 /* vectors in a row of a tile */
#define NN__TALL(f) f(0, 4) /* the heights of tiles, tallest first */
#elif NN__KERNEL_PASS == 2
#define NN__NAME "avx2" /* 16 registers of 8 numbers */
#define NN__(name) nn__##name##_avx2
#define NN__W 8
#define NN__NV 2
#define NN__TALL(f) f(0, 6) f(1, 4) f(2, 2) f(3, 1)
#elif NN__KERNEL_PASS == 3
#define NN__NAME "avx512" /* 32 registers of 16 numbers */
#define NN__(name) nn__##name##_avx512
#define NN__W 16
#define NN__NV 2
#define NN__TALL(f) f(0, 14) f(1, 8) f(2, 4) f(3, 2)
#else
#define NN__NAME "neon" /* 32 registers of 4 numbers */
#define NN__(name) nn__##name##_neon
#define NN__W 4
#define NN__NV 2
#define NN__TALL(f) f(0, 8) f(1, 4) f(2, 2) f(3, 1)
#endif

#if NN__W == 1
typedef float NN__V, NN__(unaligned);
typedef uint32_t NN__I;
#else
typedef float NN__V __attribute__((vector_size(4 * NN__W)));
typedef uint32_t NN__I __attribute__((vector_size(4 * NN__W)));
typedef float NN__(unaligned) __attribute__((vector_size(4 * NN__W), aligned(4), may_alias));
#endif
NN__INLINE NN__I NN__(bits_of)(NN__V v)
{
    NN__I i;
    memcpy(&i, &v, sizeof i);
    return i;
}
NN__INLINE NN__V NN__(of_bits)(NN__I i)
{
    NN__V v;
    memcpy(&v, &i, sizeof v);
    return v;
}

/* What vector types do not know takes an instruction: a b + c rounded once; the root; a > b ? x : y
 * lane by lane; loads and stores of the first m numbers only; for pooling, W numbers s apart, and
 * where !(a <= b) and b is a number; and, for turning matrices, ZIP: of each four numbers of a and
 * b the first two, or the last two, in turn. */
#if NN__W == 1
#define NN__FMA(a, b, c) nn__fmaf(a, b, c)
NN__INLINE NN__V NN__(root)(NN__V a) { return sqrtf(a); }
NN__INLINE NN__V NN__(if_gt)(NN__V a, NN__V b, NN__V x, NN__V y) { return a > b ? x : y; }
NN__INLINE NN__V NN__(load_part)(const float *p, size_t m) { return (void)m, *p; }
NN__INLINE NN__V NN__(spaced)(const float *p, ptrdiff_t s) { return (void)s, *p; }
NN__INLINE NN__I NN__(beats)(NN__V a, NN__V b) { return 0u - (uint32_t)(!(a <= b) & (b == b)); }
NN__INLINE void NN__(store_part)(float *p, size_t m, NN__V v) { (void)m, *p = v; }
#elif NN__W == 4
#define NN__FMA(a, b, c) (NN__V)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b))
NN__INLINE NN__V NN__(root)(NN__V a) { return (NN__V)vsqrtq_f32((float32x4_t)a); }
NN__INLINE NN__V NN__(load_part)(const float *p, size_t m)
{
    NN__V v = {p[0], m > 1 ? p[1] : 0, m > 2 ? p[2] : 0, 0};
    return v;
}
NN__INLINE void NN__(store_part)(float *p, size_t m, NN__V v)
{
    for (size_t i = 0; i < m; i++) p[i] = v[i];
}
NN__INLINE NN__V NN__(fours)(const float *p, ptrdiff_t row) { return (void)row, NN__LOAD(p); }
NN__INLINE NN__I NN__(beats)(NN__V a, NN__V b) { return ~(NN__I)(a <= b) & (NN__I)(b == b); }
NN__INLINE NN__V NN__(spaced)(const float *p, ptrdiff_t s)
{
    NN__V v = {p[0], p[s], p[2 * s], p[3 * s]};
    return v;
}
#define NN__ZIP_LOW(a, b) (NN__V)vzip1q_f32((float32x4_t)(a), (float32x4_t)(b))
#define NN__ZIP_HIGH(a, b) (NN__V)vzip2q_f32((float32x4_t)(a), (float32x4_t)(b))
#else
NN__INLINE NN__V NN__(root)(NN__V a)
{
    __asm__("vsqrtps %1, %0" : "=v"(a) : "v"(a));
    return a;
}
#endif
#if NN__W == 8
#define NN__FMA(a, b, c) (NN__V)__builtin_ia32_vfmaddps256(a, b, c)
NN__INLINE NN__V NN__(if_gt)(NN__V a, NN__V b, NN__V x, NN__V y)
{
    return (NN__V)__builtin_ia32_blendvps256(y, x, (NN__V)(a > b));
}
NN__INLINE NN__I NN__(first)(size_t m) /* all bits of the first m lanes */
{
    NN__I lane = {0, 1, 2, 3, 4, 5, 6, 7};
    return (NN__I)(lane < (uint32_t)m);
}
NN__INLINE NN__V NN__(load_part)(const float *p, size_t m)
{
    NN__V v;
    const NN__I first = NN__(first)(m);
    __asm__("vmaskmovps %2, %1, %0" : "=x"(v) : "x"(first), "m"(*(const float(*)[NN__W])p));
    return v;
}
NN__INLINE void NN__(store_part)(float *p, size_t m, NN__V v)
{
    __asm__("vmaskmovps %1, %2, %0" : "+m"(*(float(*)[NN__W])p) : "x"(v), "x"(NN__(first)(m)));
}
NN__INLINE NN__I NN__(beats)(NN__V a, NN__V b) { return ~(NN__I)(a <= b) & (NN__I)(b == b); }
NN__INLINE NN__V NN__(spaced)(const float *p, ptrdiff_t s)
{
    if (s == 1) return NN__LOAD(p);
    if (s > 2) {
        NN__V v = {p[0], p[s], p[2 * s], p[3 * s], p[4 * s], p[5 * s], p[6 * s], p[7 * s]};
        return v;
    }
    NN__V v = NN__LOAD(p), w = NN__LOAD(p + 7); /* the last is p[14] */
    __asm__("vshufps $0xd8, %1, %0, %0\n\tvpermpd $0xd8, %0, %0" : "+x"(v) : "x"(w));
    return v;
}
NN__INLINE NN__V NN__(fours)(const float *p, ptrdiff_t row) /* 4 numbers of row 0, 4 of row 4 */
{
    NN__V v;
    __asm__("vmovups %1, %x0\n\tvinsertf128 $1, %2, %0, %0"
            : "=&x"(v)
            : "m"(*(const float(*)[4])p), "m"(*(const float(*)[4])(p + 4 * row)));
    return v;
}
#ifdef __clang__
#define NN__ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define NN__ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#else
#define NN__ZIP_LOW(a, b) (NN__V)__builtin_ia32_unpcklps256(a, b)
#define NN__ZIP_HIGH(a, b) (NN__V)__builtin_ia32_unpckhps256(a, b)
#endif
#elif NN__W == 16
#ifdef __clang__
#define NN__FMA(a, b, c) (NN__V)__builtin_ia32_vfmaddps512_mask(a, b, c, 0xffff, 4)
#else
#define NN__FMA(a, b, c) (NN__V)__builtin_ia32_vfmaddps512_mask(a, b, c, -1, 4)
#endif
NN__INLINE NN__V NN__(load_part)(const float *p, size_t m)
{
    NN__V v;
    const unsigned short first = (unsigned short)((1u << m) - 1);
    __asm__("vmovups %2, %0%{%1%}%{z%}" : "=v"(v) : "Yk"(first), "m"(*(const float(*)[NN__W])p));
    return v;
}
NN__INLINE void NN__(store_part)(float *p, size_t m, NN__V v)
{
    const unsigned short first = (unsigned short)((1u << m) - 1);
    __asm__("vmovups %1, %0%{%2%}" : "+m"(*(float(*)[NN__W])p) : "v"(v), "Yk"(first));
}
#endif
#if NN__W == 4 || NN__W == 16
NN__INLINE NN__V NN__(if_gt)(NN__V a, NN__V b, NN__V x, NN__V y)
{
    NN__I yes = (NN__I)(a > b);
    return (NN__V)((yes & (NN__I)x) | (~yes & (NN__I)y));
}
#endif

NN__INLINE NN__V NN__(set)(float x) /* x in every lane; x - 0 is x for every x */
{
    NN__V zero = {0};
    return x - zero;
}

/* ---- the matrix product ---- */

#if NN__W > 1 /* O1 keeps copies of the registers in memory: 15 % of a short product. What is taken
               * out of O2 makes tiles no faster, and compiling them a sixth longer. */
NN__OPTIMIZE("O2", "no-tree-pre", "no-schedule-insns2", "no-tree-vectorize",
             "no-tree-dominator-opts")
#endif
/* One tile, C[mr, nv W] = A B or C += A B, held in mr * nv registers from the first k to the last.
 * mr and nv are constants wherever it is called, and all but the loop over k is written out by the
 * compiler. */
NN__INLINE void NN__(tile)(const int mr, const int nv, NN__ARGS_tile)
{
    static const float zeros[NN__NV * NN__W] = {0};
    const float *start = add ? c : zeros;
    const ptrdiff_t step = add ? ldc : 0;
    NN__V acc[16][NN__NV];
    NN__UNROLL
    for (int i = 0; i < mr; i++) {
        NN__UNROLL
        for (int j = 0; j < nv; j++) acc[i][j] = NN__LOAD(start + i * step + j * NN__W);
    }
    for (int p = 0; p < k; p++, a += col, b += ldb) {
        NN__V line[NN__NV];
        const float *from = at ? b + at[p] : b;
        NN__UNROLL
        for (int j = 0; j < nv; j++) line[j] = NN__LOAD(from + j * NN__W);
        NN__UNROLL
        for (int i = 0; i < mr; i++) {
            const NN__V x = NN__(set)(a[i * row]);
            NN__UNROLL
            for (int j = 0; j < nv; j++) acc[i][j] = NN__FMA(x, line[j], acc[i][j]);
        }
    }
    NN__UNROLL
    for (int i = 0; i < mr; i++) {
        NN__UNROLL
        for (int j = 0; j < nv; j++) NN__STORE(c + i * ldc + j * NN__W, acc[i][j]);
    }
}

NN__TALL(NN__TILES)
#if NN__W > 1
NN__OPTIMIZE_END
#endif

/* The first m of W numbers at p, zeros behind them; only those m are touched. */
NN__INLINE NN__V NN__(load)(const float *p, size_t m)
{
    if (m >= NN__W) return NN__LOAD(p);
    return NN__(load_part)(p, m);
}
NN__INLINE void NN__(store)(float *p, size_t m, NN__V v)
{
    if (m >= NN__W) NN__STORE(p, v);
    else NN__(store_part)(p, m, v);
}

/* ---- functions of one vector ---- */

/* c[0] x^(n - 1) + .. + c[n - 1]; n, at most 9, is a constant wherever it is called. */
NN__INLINE NN__V NN__(poly)(NN__V x, int n, const float *c)
{
    NN__V y = NN__(set)(c[0]);
#define NN__STEP(i) if (n > i) y = NN__FMA(y, x, NN__(set)(c[n - i]));
    NN__STEP(8) NN__STEP(7) NN__STEP(6) NN__STEP(5) NN__STEP(4) NN__STEP(3) NN__STEP(2) NN__STEP(1)
#undef NN__STEP
    return y;
}

/* x = n log 2 + r with |r| <= log 2 / 2; gives e^r - 1 by its Taylor series and n as an integer.
 * Adding 1.5 * 2^23 leaves n in the lowest bits. log 2 is taken in two parts, the first so short
 * that n times it is exact. */
NN__INLINE NN__V NN__(expm1_reduced)(NN__V x, NN__I *n)
{
    const NN__V magic = NN__(set)(12582912.0f);
    NN__V t = NN__FMA(x, NN__(set)(1.44269504f), magic), k = t - magic;
    *n = NN__BITS(t) - NN__BITS(magic);
    NN__V r = NN__FMA(k, NN__(set)(-0.693359375f), x);
    r = NN__FMA(k, NN__(set)(2.12194440e-4f), r);
    static const float c[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f};
    return NN__FMA(NN__(poly)(r, 6, c) * r, r, r);
}

/* y 2^n in two steps: to infinity and the denormals */
NN__INLINE NN__V NN__(vldexp)(NN__V y, NN__I n)
{
    NN__I half = ((n + 256u) >> 1) - 128u;
    return y * NN__OF_BITS((half + 127u) << 23) * NN__OF_BITS((n - half + 127u) << 23);
}

NN__INLINE NN__V NN__(vexp)(NN__V x)
{
    NN__I n;
    x = NN__IF_GT(x, NN__(set)(89.0f), NN__(set)(89.0f), x);
    x = NN__IF_GT(NN__(set)(-104.0f), x, NN__(set)(-104.0f), x);
    NN__V y = NN__(expm1_reduced)(x, &n) + 1.0f;
    return NN__(vldexp)(y, n);
}

/* x = 2^e m with m in sqrt(1/2) .. sqrt 2; log m = 2 (s + s^3/3 + ..) with s = (m - 1) / (m + 1).
 * 2 s = f - s f exactly, and f = m - 1 is exact: only the small rest is rounded. */
NN__INLINE NN__V NN__(vlog)(NN__V x)
{
    const NN__V tiny = NN__(set)(1.17549435e-38f), zero = NN__(set)(0);
    const NN__V inf = NN__(set)(1e30f) * 1e30f;
    NN__V normal = NN__IF_GT(tiny, x, x * 8388608.0f, x); /* a denormal times 2^23 */
    NN__I u = NN__BITS(normal) + (0x3f800000u - 0x3f3504f3u);
    NN__V e = NN__OF_BITS((u >> 23) | 0x4b000000u) - 8388735.0f; /* as 2^23 + e + 127, then not */
    NN__V m = NN__OF_BITS((u & 0x007fffffu) + 0x3f3504f3u);
    e = NN__IF_GT(tiny, x, e - 23.0f, e);
    NN__V f = m - 1.0f, s = f / (m + 1.0f), s2 = s * s;
    static const float c[] = {2.0f / 11, 2.0f / 9, 2.0f / 7, 2.0f / 5, 2.0f / 3};
    const NN__V p = NN__(poly)(s2, 5, c);
    NN__V y = NN__FMA(s, p * s2 - f, f);
    y = NN__FMA(e, NN__(set)(-2.12194440e-4f), y);
    y = NN__FMA(e, NN__(set)(0.693359375f), y);
    y = NN__IF_GT(x, zero, y, zero - inf);    /* log 0 */
    y = NN__IF_GT(zero, x, inf - inf, y);     /* log of a negative number: NaN */
    return NN__IF_GT(inf, x, y, x + x);       /* infinity and NaN are their own logarithms */
}

NN__INLINE NN__V NN__(vabs)(NN__V x) { return NN__OF_BITS(NN__BITS(x) & 0x7fffffffu); }

/* a / (d + c), corrected by what the sum has lost in rounding (exactly known for |d| <= c) */
NN__INLINE NN__V NN__(over_sum)(NN__V a, NN__V d, float c)
{
    NN__V sum = d + c, lost = d - (sum - c), q = a / sum;
    return NN__FMA(0.0f - q, lost / sum, q);
}

NN__INLINE NN__V NN__(vsigmoid)(NN__V x) /* e^-|x| never overflows */
{
    NN__V e = NN__(vexp)(0.0f - NN__(vabs)(x));
    return NN__(over_sum)(NN__IF_GT(NN__(set)(0), x, e, NN__(set)(1)), e, 1);
}

NN__INLINE NN__V NN__(expm1)(NN__V x) /* e^x - 1 for |x| <= 25, without cancellation */
{
    NN__I n;
    NN__V y = NN__(expm1_reduced)(x, &n), scale = NN__OF_BITS((n + 127u) << 23);
    return NN__FMA(scale, y, scale - 1.0f);
}

/* With d = e^2|x| - 1, tanh |x| = d / (d + 2); tanh 10 is 1. For small x its own series has fewer
 * roundings. */
NN__INLINE NN__V NN__(vtanh)(NN__V x)
{
    static const float c[] = {-1382.0f / 155925, 62.0f / 2835, -17.0f / 315, 2.0f / 15, -1.0f / 3};
    NN__V a = NN__(vabs)(x), a2 = a * a;
    a = NN__IF_GT(a, NN__(set)(10), NN__(set)(10), a);
    NN__V d = NN__(expm1)(a + a), small = NN__FMA(NN__(poly)(a2, 5, c) * a2, a, a);
    NN__V y = NN__IF_GT(a, NN__(set)(0.3f), NN__(over_sum)(d, d, 2), small);
    return NN__OF_BITS(NN__BITS(y) | (NN__BITS(x) & 0x80000000u));
}

NN__INLINE NN__V NN__(vlog1p)(NN__V x) /* 0 <= x <= 1; the quotient gives back what 1 + x rounds */
{
    NN__V u = x + 1.0f;
    return NN__(vlog)(u) + (x - (u - 1.0f)) / u;
}

NN__INLINE NN__V NN__(vsqrt)(NN__V x) { return NN__(root)(x); }
NN__INLINE NN__V NN__(vsquare)(NN__V x) { return x * x; }
NN__INLINE NN__V NN__(vrelu)(NN__V x) { return NN__IF_GT(NN__(set)(0), x, NN__(set)(0), x); }

/* sin(a + shift pi/2) for a >= 0. a = k pi/2 + r with |r| <= pi/4, or a trifle more: k is in the
 * lowest bits of t, as in expm1_reduced, and pi/2 is taken in three parts; the first line of r is
 * exact. k + shift says whether it is the sine or the cosine of r, and its sign. */
NN__INLINE NN__V NN__(sine)(NN__V a, uint32_t shift)
{
    NN__V t = NN__FMA(a, NN__(set)(0.636619772f), NN__(set)(12582912.0f)), k = t - 12582912.0f;
    NN__V r = NN__FMA(k, NN__(set)(-1.57079637f), a);
    r = NN__FMA(k, NN__(set)(4.37113883e-8f), r);
    r = NN__FMA(k, NN__(set)(1.71512451e-15f), r);

    float arg[NN__W], turn[NN__W], rest[NN__W]; /* too large for that: one by one */
    int large = 0;
    NN__STORE(arg, a);
    for (int i = 0; i < NN__W; i++) large |= arg[i] > 131072.0f;
    if (large) {
        NN__STORE(turn, t);
        NN__STORE(rest, r);
        for (int i = 0; i < NN__W; i++)
            if (arg[i] > 131072.0f) turn[i] = 12582912.0f + nn__far_angle(arg[i], rest + i);
        t = NN__LOAD(turn);
        r = NN__LOAD(rest);
    }

    static const float of_sin[] = {-1.95172048e-4f, 8.33218452e-3f, -0.166666552f};
    static const float of_cos[] = {2.44314251e-5f, -1.38873048e-3f, 4.16666456e-2f, -0.5f, 1};
    const NN__V r2 = r * r, c = NN__(poly)(r2, 5, of_cos);
    const NN__V s = NN__FMA(NN__(poly)(r2, 3, of_sin), r2 * r, r);
    NN__I quarter = NN__BITS(t) + shift, odd = 0u - (quarter & 1u);
    return NN__OF_BITS(((NN__BITS(c) & odd) | (NN__BITS(s) & ~odd)) ^ ((quarter & 2u) << 30));
}

NN__INLINE NN__V NN__(vcos)(NN__V x) { return NN__(sine)(NN__(vabs)(x), 1); }
NN__INLINE NN__V NN__(vsin)(NN__V x)
{
    return NN__OF_BITS(NN__BITS(NN__(sine)(NN__(vabs)(x), 0)) ^ (NN__BITS(x) & 0x80000000u));
}

/* R(a) = Phi(-a) e^(a^2/2), the tail of the normal distribution without its steep part: as v S(v)
 * with v = 1 / (a + 4), where S is smooth, a polynomial in v - 1/8. *low is what R has lost in the
 * last two roundings. */
NN__INLINE NN__V NN__(tail)(NN__V v, NN__V *low)
{
    static const float c[] = {16824.8262f, 3219.6543f, -3294.07227f, -923.216797f, 246.671036f,
                              247.424042f, 95.4996796f, 24.7767448f, 4.86317301f};
    const NN__V t = v - 0.125f, q = NN__(poly)(t, 9, c);
    const NN__V s = NN__FMA(q, t, NN__(set)(0.755285144f)), r = v * s;
    *low = NN__FMA(v, s, 0.0f - r) + v * NN__FMA(q, t, 0.755285144f - s);
    return r;
}

/* gelu x = x Phi(x) = max(x, 0) - g with g = a Phi(-a) = a R(a) e^(-a^2/2) and a = |x|. To be right
 * in the last bit, g is a product rounded once, and `rest` gathers what its factors lack:
 *   - v, rounded, belongs to a - d, where v (a + 4) - 1 is v d; and R'(a) is a R(a) - 1/sqrt(2 pi);
 *   - what a R(a) has lost in rounding;
 *   - l, where -a^2/2 is h + l exactly: e^(h + l) = e^h (1 + l).
 * e^h is (1 + p) 2^n. */
NN__INLINE NN__V NN__(vgelu)(NN__V x)
{
    NN__I n;
    NN__V a = NN__(vabs)(x), low;
    a = NN__IF_GT(a, NN__(set)(14.5f), NN__(set)(14.5f), a); /* gelu(-14.5) is 0 */
    NN__V sum = a + 4.0f, lost = a - (sum - 4.0f), v = 1.0f / sum, r = NN__(tail)(v, &low);
    NN__V d = (NN__FMA(v, sum, NN__(set)(-1)) + v * lost) * sum;
    NN__V g = a * r, rest = NN__FMA(d, g - 0.398942280f, low);
    rest = NN__FMA(a, rest, NN__FMA(a, r, 0.0f - g));
    NN__V h = a * a * -0.5f, l = NN__FMA(a * -0.5f, a, 0.0f - h);
    rest = NN__FMA(g, l, rest);
    NN__V p = NN__(expm1_reduced)(h, &n);
    g = g + NN__FMA(g, p, rest * (p + 1.0f));
    NN__V y = NN__(vrelu)(x) - NN__(vldexp)(g, n); /* has the sign of x, 0 and -0, too */
    return NN__OF_BITS(NN__BITS(y) | (NN__BITS(x) & 0x80000000u));
}

/* gelu' x = Phi(x) + x e^(-x^2/2) / sqrt(2 pi); for x > 0 it is 1 - gelu'(-x) */
NN__INLINE NN__V NN__(vgelu_slope)(NN__V x)
{
    NN__V a = NN__(vabs)(x), low;
    a = NN__IF_GT(a, NN__(set)(14.5f), NN__(set)(14.5f), a);
    NN__V r = NN__(tail)(1.0f / (a + 4.0f), &low);
    NN__V y = NN__FMA(a, NN__(set)(-0.398942280f), r) * NN__(vexp)(a * a * -0.5f); /* of -a */
    return NN__IF_GT(x, NN__(set)(0), 1.0f - y, y);
}

/* ---- element by element ---- */

NN__OPTIMIZE("Og", "move-loop-invariants") /* here nearly as fast as O1, and compiled faster */
NN__MAPS(NN__WRAP)
NN__OPTIMIZE_END

/* AVX-512 has its own tiles and functions, and takes the rest from AVX2: those kernels mostly wait
 * for memory, and compiling them once more would cost every reader a tenth of a second. */
#if NN__W == 16
#define NN__ENTRY(form, name) nn__##name##_avx2,
#else
#define NN__ENTRY(form, name) NN__(name),

/* ---- panels for the matrix product ---- */

static void NN__(pack)(NN__ARGS_pack)
{
    int turned = 0; /* numbers of each row that were taken W rows x 4 at a time */
    if (n < width) memset(panel, 0, (size_t)k * (size_t)width * sizeof *panel);
    if (row == 1) { /* the numbers of one p are neighbours */
        for (int p = 0; p < k; p++)
            memcpy(panel + p * width, a + p * col, (size_t)n * sizeof *a);
        return;
    }
#if NN__W > 1
    for (int i = 0; col == 1 && n >= NN__W && i < n; i += NN__W) {
        const int at = i + NN__W <= n ? i : n - NN__W; /* the last W may have been taken before */
        const float *from = a + at * row;
        float *to = panel + at;
        for (turned = 0; turned + 4 <= k; turned += 4, from += 4, to += 4 * width) {
            const NN__V r0 = NN__(fours)(from, row);
            const NN__V r1 = NN__(fours)(from + row, row);
            const NN__V r2 = NN__(fours)(from + 2 * row, row);
            const NN__V r3 = NN__(fours)(from + 3 * row, row);
            const NN__V even = NN__ZIP_LOW(r0, r2), odd = NN__ZIP_LOW(r1, r3);
            const NN__V even2 = NN__ZIP_HIGH(r0, r2), odd2 = NN__ZIP_HIGH(r1, r3);
            NN__STORE(to, NN__ZIP_LOW(even, odd));
            NN__STORE(to + width, NN__ZIP_HIGH(even, odd));
            NN__STORE(to + 2 * width, NN__ZIP_LOW(even2, odd2));
            NN__STORE(to + 3 * width, NN__ZIP_HIGH(even2, odd2));
        }
    }
#endif
    for (int i = 0; i < n; i++)
        for (int p = turned; p < k; p++) panel[p * width + i] = a[i * row + p * col];
}

NN__INLINE NN__V NN__(vadd)(NN__V a, NN__V b) { return a + b; }
NN__INLINE NN__V NN__(vsub)(NN__V a, NN__V b) { return a - b; }
NN__INLINE NN__V NN__(vmul)(NN__V a, NN__V b) { return a * b; }
NN__INLINE NN__V NN__(vdiv)(NN__V a, NN__V b) { return a / b; }

NN__PAIRS(NN__WRAP)

NN__FORM(vscale) { return (void)b, (void)y, k * a; }
NN__FORM(vaxpy) { return (void)b, NN__FMA(k, a, y); }
NN__FORM(vmul_add) { return (void)k, NN__FMA(a, b, y); }
NN__FORM(vleaky_relu) { return (void)b, (void)y, NN__IF_GT(a, NN__(set)(0), a, k * a); }
NN__FORM(velu) /* e^-25 - 1 is -1 in float */
{
    const NN__V low = NN__IF_GT(NN__(set)(-25), a, NN__(set)(-25), a);
    return (void)b, (void)y, NN__IF_GT(a, NN__(set)(0), a, k * NN__(expm1)(low));
}
NN__FORM(vlog_backward) { return (void)k, y + a / b; }
NN__FORM(vsqrt_backward) { return (void)k, y + a / (b + b); }
NN__FORM(vsquare_backward) { return (void)k, NN__FMA(a, b + b, y); }
NN__FORM(vsigmoid_backward) { return (void)k, NN__FMA(a, b * (1.0f - b), y); }
NN__FORM(vtanh_backward) { return (void)k, NN__FMA(a, 1.0f - b * b, y); }
NN__FORM(vgelu_backward) { return (void)k, NN__FMA(a, NN__(vgelu_slope)(b), y); }
NN__FORM(vleaky_relu_backward) { return y + NN__IF_GT(b, NN__(set)(0), a, k * a); }
NN__FORM(velu_backward) { return NN__FMA(a, NN__IF_GT(b, NN__(set)(0), NN__(set)(1), b + k), y); }
NN__FORM(vsoftmax_backward) { return NN__FMA(b, a - k, y); } /* k is sum a b */
NN__FORM(vbce_backward) { return NN__FMA(k, NN__(vsigmoid)(a) - b, y); }
NN__SCALED(NN__WRAP)
NN__GRADS(NN__WRAP)
NN__SLOPED(NN__WRAP)

/* ---- sums: 16 lanes, a fixed tree, blocks of 4096 ---- */

NN__OPTIMIZE("O1") /* at -O0 gcc writes out functions called by a pointer from O1 on */
NN__INLINE float NN__(reduce)(size_t n, const float *a, const float *b, int sb,
                              NN__V (*f)(NN__V, NN__V))
{
    double total = 0;
    for (size_t start = 0; start < n; start += NN__SUM_BLOCK) {
        const size_t end = n - start < NN__SUM_BLOCK ? n : start + NN__SUM_BLOCK;
        NN__V acc[NN__LANES / NN__W];
        float lane[NN__LANES];
        for (size_t r = 0; r < NN__LANES / NN__W; r++) acc[r] = NN__(set)(0);
        size_t i = start;
        for (; i + NN__LANES <= end; i += NN__LANES)
            for (size_t r = 0, j = i; r < NN__LANES / NN__W; r++, j += NN__W)
                acc[r] = acc[r] + f(NN__(load)(a + j, NN__W),
                                    sb ? NN__(load)(b + j, NN__W) : NN__(set)(*b));
        for (size_t r = 0; i < end; r++, i += NN__W) { /* the last, incomplete 16 */
            NN__V v = f(NN__(load)(a + i, end - i),
                        sb ? NN__(load)(b + i, end - i) : NN__(set)(*b));
            if (end - i < NN__W) { /* f of the zeros behind the end need not be zero */
                NN__STORE(lane, v);
                v = NN__(load)(lane, end - i);
            }
            acc[r] = acc[r] + v;
        }
        for (size_t r = 0; r < NN__LANES / NN__W; r++) NN__STORE(lane + r * NN__W, acc[r]);
        for (size_t half = NN__LANES / 2; half; half /= 2)
            for (size_t l = 0; l < half; l++) lane[l] += lane[l + half];
        total += (double)lane[0];
    }
    return (float)total;
}
NN__INLINE NN__V NN__(vfirst)(NN__V a, NN__V b) { return (void)b, a; }
NN__INLINE NN__V NN__(vdistance)(NN__V a, NN__V b) { return (a - b) * (a - b); }
NN__INLINE NN__V NN__(vbce)(NN__V z, NN__V t) /* max(z, 0) - z t + log(1 + e^-|z|) */
{
    NN__V e = NN__(vexp)(0.0f - NN__(vabs)(z));
    return NN__FMA(0.0f - z, t, NN__(vrelu)(z)) + NN__(vlog1p)(e);
}
static float NN__(dot)(NN__ARGS_fold) { return NN__(reduce)(n, a, b, 1, NN__(vmul)); }
static float NN__(sum)(NN__ARGS_sum) { return NN__(reduce)(n, x, x, 1, NN__(vfirst)); }
static float NN__(squared_error)(NN__ARGS_squared_error)
{
    return NN__(reduce)(n, a, b, sb, NN__(vdistance));
}

NN__OPTIMIZE_END

static float NN__(bce)(NN__ARGS_fold) /* a block of terms at a time: vbce is long, written once */
{
    float y[NN__SUM_BLOCK];
    double total = 0;
    for (const float *end = a + n; a < end; a += n, b += n) {
        n = (size_t)(end - a);
        if (n > NN__SUM_BLOCK) n = NN__SUM_BLOCK;
        NN__VECTORS NN__PUT(y, NN__(vbce)(NN__GET(a), NN__GET(b)));
        total += (double)NN__(sum)(n, y);
    }
    return (float)total;
}

/* ---- rows: softmax, and to mean 0 and variance 1 ---- */

static float NN__(softmax)(size_t n, const float *x, float *y, float *max)
{
    float lane[NN__W];
    NN__V m = NN__(set)(*x);
    size_t p = 0;
    for (; p + NN__W <= n; p += NN__W) m = NN__IF_GT(NN__LOAD(x + p), m, NN__LOAD(x + p), m);
    NN__STORE(lane, m);
    for (*max = *x; p < n; p++) *max = x[p] > *max ? x[p] : *max;
    for (p = 0; p < NN__W; p++) *max = lane[p] > *max ? lane[p] : *max;
    NN__VECTORS NN__PUT(y, NN__(vexp)(NN__GET(x) - *max));
    const float sum = NN__(sum)(n, y);
    NN__(div)(n, y, 1, &sum, 0, y);
    NN__STORE(lane, NN__(vlog)(NN__(set)(sum)));
    return lane[0];
}
static void NN__(softmax_backward)(NN__ARGS_grad)
{
    const float k = NN__(dot)(n, a, b);
    NN__DO_sloped(NN__(vsoftmax_backward))
}

static float NN__(normalize)(size_t n, float eps, const float *x, float *y)
{
    const float mean = NN__(sum)(n, x) / (float)n;
    const float variance = NN__(squared_error)(n, x, &mean, 0) / (float)n;
    const float scale = 1 / sqrtf(variance + eps);
    NN__VECTORS NN__PUT(y, (NN__GET(x) - mean) * scale);
    return scale;
}
static void NN__(normalize_backward)(NN__ARGS_sloped)
{
    const float mean = NN__(sum)(n, a) / (float)n, slope = NN__(dot)(n, a, b) / (float)n;
    NN__VECTORS {
        NN__V d = NN__GET(a) - mean;
        d = NN__FMA(NN__GET(b), NN__(set)(-slope), d);
        NN__PUT(y, NN__FMA(NN__(set)(k), d, NN__GET(y)));
    }
}

#define NN__OF(p) (each ? NN__GET(p) : NN__(set)(*(p)))
static void NN__(batch_norm)(NN__ARGS_batch_norm)
{
    NN__VECTORS NN__PUT(y, NN__FMA(NN__GET(x) - NN__OF(mean), NN__OF(scale), NN__OF(shift)));
}
static void NN__(batch_norm_backward)(NN__ARGS_batch_norm_backward)
{
    NN__VECTORS {
        NN__V d = NN__FMA(NN__GET(x) - NN__OF(mean), NN__OF(scale), NN__OF(shift));
        NN__PUT(y, NN__FMA(NN__OF(factor), NN__GET(g) - d, NN__GET(y)));
    }
}
#undef NN__OF

static void NN__(largest)(NN__ARGS_largest)
{
    static const uint32_t lane[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    NN__I apart;
    memcpy(&apart, lane, sizeof apart);
    apart = apart * (uint32_t)stride;
    NN__VECTORS {
        int place = from + (int)i * stride;
        if (end - x - place < (rows - 1) * width + cols + (ptrdiff_t)NN__W * stride) {
            nn__largest_naive(n - i, stride, rows, cols, width, x, end, place, y + i, at + i);
            return; /* fewer numbers are left than would be loaded */
        }
        NN__V best = NN__(spaced)(x + place, stride);
        NN__I where = apart + (uint32_t)place;
        for (int left = rows * cols, c = 1; --left; c++) {
            place += c == cols ? width - cols + 1 : 1;
            if (c == cols) c = 0;
            const NN__V other = NN__(spaced)(x + place, stride);
            const NN__I yes = NN__(beats)(other, best);
            best = NN__OF_BITS((yes & NN__BITS(other)) | (~yes & NN__BITS(best)));
            where = (yes & (apart + (uint32_t)place)) | (~yes & where);
        }
        NN__PUT(y, best);
        if (n - i >= NN__W) memcpy(at + i, &where, sizeof where);
        else memcpy(at + i, &where, (n - i) * sizeof *at);
    }
}

/* ---- optimisers: one pass over the parameters and their state ---- */

static void NN__(sgd)(NN__ARGS_sgd)
{
    NN__VECTORS {
        NN__V x = NN__GET(w);
        NN__V d = NN__FMA(NN__(set)(decay), x, NN__GET(g));
        NN__PUT(w, NN__FMA(NN__(set)(-lr), d, x));
    }
}

static void NN__(momentum)(NN__ARGS_momentum)
{
    NN__VECTORS {
        NN__V x = NN__GET(w);
        NN__V d = NN__FMA(NN__(set)(decay), x, NN__GET(g));
        NN__V u = NN__FMA(NN__(set)(-lr), d, NN__GET(v) * beta);
        NN__PUT(v, u);
        if (nesterov) u = NN__FMA(NN__(set)(-lr), d, u * beta);
        NN__PUT(w, x + u);
    }
}

static void NN__(adaptive)(NN__ARGS_adaptive)
{
    const NN__V b1 = NN__(set)(s->beta1), b2 = NN__(set)(s->beta2), eps = NN__(set)(s->eps);
    NN__VECTORS {
        NN__V x = NN__GET(w);
        NN__V d = NN__FMA(NN__(set)(s->decay), x, NN__GET(g));
        NN__V q = NN__FMA(b2, NN__GET(v), d * d * s->share);
        NN__V root = NN__FMA(NN__(root)(q), NN__(set)(s->root_scale), eps);
        NN__PUT(v, q);
        if (m) {
            d = NN__FMA(b1, NN__GET(m), d * (1 - s->beta1));
            NN__PUT(m, d);
        }
        NN__PUT(w, x * s->keep - d * s->rate / root);
    }
}

#endif /* of what AVX-512 takes from AVX2 */

static const nn__kernels NN__(table) = {NN__NAME, {NN__TALL(NN__HEIGHT)}, NN__NV * NN__W,
    {NN__TALL(NN__PAIR)}, NN__MAPS(NN__OWN) NN__ALL_BUT_MAPS(NN__ENTRY)};
#undef NN__ENTRY
#undef NN__NAME
#undef NN__
#undef NN__W
#undef NN__NV
#undef NN__TALL
#undef NN__FMA
#undef NN__ZIP_LOW
#undef NN__ZIP_HIGH
#endif /* NN__FLOAT */

#ifndef NN__KERNEL_PASS
#ifdef __cplusplus
}
#endif
NN__OPTIMIZE_END
#endif
#endif /* NN_IMPLEMENTATION */

#if defined NN_IMPLEMENTATION && !defined NN__KERNEL_PASS
#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __cplusplus
extern "C" {
#endif
NN__OPTIMIZE("O2")

/* ==== Matrix products and convolution =============================================== >>products
 *
 * Plain C around the kernels: which table, which blocks, which panels, packed or not, how many
 * threads. A panel is a strip of A as high as a tile, or of B as wide, stored in the order in which
 * the tile reads it. Convolution is a product whose panels are gathered from an image. */

/* The table of that name, or the best one if name is NULL; NULL if this machine has it not. */
static const nn__kernels *nn__kernels_find(const char *name)
{
    const nn__kernels *const all[] = { /* the best first; NULL: this machine does not have it */
#ifdef NN__X86
        __builtin_cpu_supports("avx512f") ? &nn__table_avx512 : NULL,
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &nn__table_avx2 : NULL,
#elif defined NN__NEON
        &nn__table_neon,
#endif
#if NN__FLOAT
        &nn__table_scalar,
#endif
        &nn__table_naive,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] && (!name || strcmp(name, all[i]->name) == 0)) return all[i];
    return NULL;
}

int nn_set_simd(nn_ctx *nn, const char *name)
{
    if (!nn__ready(nn, __func__)) return 0;
    const nn__kernels *k = nn__kernels_find(name);
    if (k) nn->kernels = k;
    return k != NULL;
}

const char *nn_simd(const nn_ctx *nn)
{
    return nn__given(nn, __func__) ? nn->kernels->name : "";
}

/* ---- the matrix product: blocks, panels, tiles ---- */

typedef struct nn__mat { /* a matrix in memory: element (i, j) is p[i * row + j * col] */
    const nn_real *p;
    ptrdiff_t row, col;
} nn__mat;

static nn__mat nn__rows(const nn_real *p, int cols) /* row-major */
{
    nn__mat m = {p, cols, 1};
    return m;
}

static nn__mat nn__transposed(nn__mat m)
{
    nn__mat t = {m.p, m.col, m.row};
    return t;
}

static int nn__min(int a, int b) { return a < b ? a : b; }

/* C[m, n] = A[m, k] B[k, n], or C += A B if add, for each of a batch: matrix i of A begins
 * i * a_step after the first. If c_step is 0, all products are summed in one C. Row i of C is at
 * c + i * ldc. If `at` is given, row p of B is at b.p + at[p], and a tile can be read there even if
 * it is wider than B; if then a.col is not 1, A can be read beyond its rows, too. If packed, b is
 * what nn__panels made of B, once for many products. */
typedef struct nn__product {
    int m, n, k, add, batch;
    nn__mat a, b;
    const ptrdiff_t *at;
    nn_real *c;
    ptrdiff_t ldc, a_step, b_step, c_step;
    int packed;
} nn__product;

/* Blocks: KC deep, so that panels stay in the first-level cache and a block of A, MC x KC, in the
 * second; NC limits the workspace. They change no bits. */
enum { NN__MC = 224, NN__KC = 512, NN__NC = 2048, NN__MAX_TILE = 14 * 32, NN__SMALL = 8192 };

/* The tile for the next rows when `left` are left: the tallest; at the end one with room for them
 * all if that wastes little, else the tallest that they fill. */
static int nn__height(const nn__kernels *kern, int left)
{
    const int *h = kern->heights;
    int i = 0;
    if (left > h[0]) return left <= 2 * h[1];
    while (i + 1 < NN__HEIGHTS && (h[i + 1] >= left || (h[i] - left) * 4 > h[i]) && h[i + 1]) i++;
    return i;
}

/* One tile of C. Where less of C exists than the tile has, it is computed beside C. */
NN__INLINE void nn__tile(const nn__kernels *kern, int height, int half, int rows, int cols, int k,
                         nn__mat a, nn__mat b, const ptrdiff_t *at, nn_real *c, ptrdiff_t ldc,
                         int add)
{
    nn_real whole[NN__MAX_TILE], *to = c;
    const int mr = kern->heights[height], nr = kern->width >> half;
    const int beside = rows < mr || cols < nr;
    const size_t row = (size_t)cols * sizeof *c;
    NN__ASSERT(rows <= mr && cols <= nr && mr * nr <= NN__MAX_TILE);
    if (beside) to = whole;
    if (beside && add) {
        memset(whole, 0, (size_t)(mr * nr) * sizeof *c);
        for (int i = 0; i < rows; i++) memcpy(whole + i * nr, c + i * ldc, row);
    }
    kern->tile[height][half](k, a.p, a.row, a.col, b.p, b.row, at, to, beside ? nr : ldc, add);
    for (int i = 0; beside && i < rows; i++) memcpy(c + i * ldc, whole + i * nr, row);
}

/* Few columns fill no vector: then C^T = B^T A^T is computed. */
static int nn__skinny(const nn__kernels *kern, const nn__product *x)
{
    return x->n < kern->width / 2 && x->m > x->n && x->ldc == x->n && !x->at && !x->packed;
}

/* One product of one thread; `work` has nn__workspace numbers. */
static void nn__multiply(const nn__kernels *kern, const nn__product *x, nn_real *work)
{
    const int m = x->m, n = x->n, k = x->k;
    if (nn__skinny(kern, x)) {
        nn__product t = *x;
        t.m = n, t.n = m, t.a = nn__transposed(x->b), t.b = nn__transposed(x->a);
        t.c = work, t.ldc = m;
        if (x->add) kern->pack(m, m, n, x->c, x->ldc, 1, work);
        nn__multiply(kern, &t, work + (ptrdiff_t)m * n);
        kern->pack(n, n, m, work, m, 1, x->c);
        return;
    }
    /* A panel of B that one tile uses once stays in the first-level cache from packing to use. */
    const int once = m <= kern->heights[0] && x->b.col != 1, nc = nn__min(n, NN__NC);
    const int kc = nn__min(k, once ? NN__KC / 4 : NN__KC);
    /* Where packing would not pay, tiles read A and B where they are. Rows of A a multiple of 2 KB
     * apart would fall on the same places of the cache. */
    const int small_a = (ptrdiff_t)m * k <= NN__SMALL, small_b = (ptrdiff_t)k * n <= NN__SMALL;
    const int loose = x->at && x->a.col > 1;
    const int direct_a = small_a || loose || (n <= 4 * kern->width && x->a.row % 512 != 0);
    const int direct_b = (small_b || m <= kern->heights[0]) && x->b.col == 1;
    nn_real *const pa = work, *const pb = pa + (ptrdiff_t)kc * (nn__min(m, NN__MC) + kern->width);
    for (int j0 = 0; j0 < n; j0 += nc)
        for (int p0 = 0; p0 < k; p0 += kc)
            for (int i0 = 0; i0 < m; i0 += NN__MC) {
                const int cols_end = nn__min(n, j0 + nc), rows_end = nn__min(m, i0 + NN__MC);
                const int deep = nn__min(kc, k - p0), add = x->add || p0 > 0;
                for (int j = j0, cols; j < cols_end; j += cols) {
                    cols = nn__min(kern->width, cols_end - j);
                    const int half = cols <= kern->width / 2 && kern->tile[0][1];
                    const int width = kern->width >> half;
                    const ptrdiff_t *at = x->at ? x->at + p0 : NULL;
                    nn__mat b = {x->b.p + p0 * x->b.row + j * x->b.col, x->b.row, 1};
                    if (!at && !x->packed && (!direct_b || cols < width)) {
                        nn_real *panel = pb + (m > NN__MC ? (ptrdiff_t)(j - j0) * deep : 0);
                        if (i0 == 0)
                            kern->pack(cols, width, deep, b.p, x->b.col, b.row, panel);
                        b.p = panel, b.row = width;
                    }
                    for (int i = i0, rows; i < rows_end; i += rows) {
                        const int height = nn__height(kern, rows_end - i);
                        const int mr = kern->heights[height];
                        rows = nn__min(mr, rows_end - i);
                        nn__mat a = {x->a.p + i * x->a.row + p0 * x->a.col,
                                     rows > 1 ? x->a.row : 0, x->a.col}; /* one for all of a tile */
                        if (!direct_a || (rows > 1 && rows < mr && !loose)) {
                            nn_real *panel = pa + (ptrdiff_t)(i - i0) * deep;
                            if (j == j0) kern->pack(rows, mr, deep, a.p, a.row, a.col, panel);
                            a.p = panel, a.row = 1, a.col = mr;
                        }
                        nn_real *c = x->c + i * x->ldc + j;
                        for (int l = 0; add && deep == NN__KC && l < rows; l++) {
                            NN__PREFETCH(c + (rows + l) * x->ldc); /* of the tile after this one */
                            NN__PREFETCH(c + (rows + l) * x->ldc + cols - 1);
                        }
                        nn__tile(kern, height, half, rows, cols, deep, a, b, at, c, x->ldc, add);
                    }
                }
            }
}

static size_t nn__workspace(const nn__kernels *kern, const nn__product *x)
{
    const int turn = nn__skinny(kern, x), m = turn ? x->n : x->m, n = turn ? x->m : x->n;
    const int lines = nn__min(m, NN__MC) + nn__min(x->at ? 0 : n, NN__NC) + 2 * kern->width;
    return (size_t)nn__min(x->k, NN__KC) * (size_t)lines + (turn ? (size_t)m * (size_t)n : 0);
}

/* Part t of `parts` of n things, in whole multiples of `unit`: from where it begins to the next. */
static int nn__share(int n, int unit, int t, int parts)
{
    if (t == 0 || t == parts) return t ? n : 0;
    return nn__min(n, (int)((ptrdiff_t)((n + unit - 1) / unit) * t / parts) * unit);
}

/* Part t of so many: some of the batch or, if it is too small, some columns or rows of C. */
static void nn__part(const nn__kernels *kern, const nn__product *x, int t, int parts, nn_real *work)
{
    nn__product part = *x;
    const int items = x->c_step && x->batch >= parts, columns = !items && x->n >= x->m;
    const int of = items ? x->batch : columns ? x->n : x->m;
    const int unit = items ? 1 : columns ? kern->width : kern->heights[0];
    const int from = nn__share(of, unit, t, parts), n = nn__share(of, unit, t + 1, parts) - from;
    if (items) {
        part.batch = n;
        part.a.p += from * x->a_step, part.b.p += from * x->b_step, part.c += from * x->c_step;
    } else if (columns) {
        part.n = n, part.b.p += from * x->b.col, part.c += from;
    } else {
        part.m = n, part.a.p += from * x->a.row, part.c += from * x->ldc;
    }
    for (int i = 0; i < part.batch; i++) {
        nn__multiply(kern, &part, work);
        part.a.p += x->a_step, part.b.p += x->b_step, part.c += x->c_step;
        part.add |= !x->c_step;
    }
}

/* How many threads to start for so many multiply-adds: below a million, that costs too much. */
static int nn__threads(double work)
{
#ifdef _OPENMP
    if (work > 1e6) return omp_get_max_threads();
#endif
    return (void)work, 1;
}

/* Does what x says. 0 without memory. */
static int nn__run(nn_ctx *nn, const nn__product *x)
{
    const int threads = nn__threads((double)x->m * x->n * x->k * x->batch);
    const size_t size = nn__workspace(nn->kernels, x);
    nn_real *work = nn__scratch(nn, size * (size_t)threads);
    if (!work) return 0;
    if (threads == 1) {
        nn__part(nn->kernels, x, 0, 1, work);
        return 1;
    }
#ifdef _OPENMP
#pragma omp parallel for schedule(static)
#endif
    for (int t = 0; t < threads; t++)
        nn__part(nn->kernels, x, t, threads, work + size * (size_t)t);
    return 1;
}

/* C[m, n] = A[m, k] B[k, n], or C += A B if add. C is row-major and dense. 0 without memory. */
static int nn__gemm(nn_ctx *nn, int m, int n, int k, nn__mat a, nn__mat b, nn_real *c, int add)
{
    const nn__product x = {m, n, k, add, 1, a, b, NULL, c, n, 0, 0, 0, 0};
    return nn__run(nn, &x);
}

#if NN_CHAPTERS >= 13
/* B [k, n] in panels at p, where there is room for k numbers for each column, n of them rounded up
 * to whole tiles. */
static nn__mat nn__panels(const nn__kernels *kern, int n, int k, nn__mat b, nn_real *p)
{
    const nn__mat panels = {p, kern->width, k};
    for (int j = 0; j < n; j += kern->width)
        kern->pack(nn__min(kern->width, n - j), kern->width, k, b.p + j * b.col, b.col, b.row,
                   p + (ptrdiff_t)j * k);
    return panels;
}
#endif

#if NN_CHAPTERS >= 12
/* ---- convolution: matrix products with patches that are never all written down ---- */

/* n images [channels, height, width], filters w [filters, channels, kernel], outputs y [filters,
 * out] each; what has two numbers has them for y and x. */
typedef struct nn__conv {
    int n, channels, size[2], filters, kernel[2], stride[2], pad[2], dilation[2], out[2];
} nn__conv;

static int nn__max(int a, int b) { return a > b ? a : b; }
static int nn__span2(const int *size) { return size[0] * size[1]; }

/* About so many numbers of images are worked on at a time: they fit the second-level cache. */
enum { NN__STRIPE = 1 << 18 };

/* Convolution v, and dX, for which v goes from dY back to X: its padding and dilation can be below
 * 0. Output (oy, ox) meets the place (ty, tx) of a filter at image[oy stride - pad + ty dilation]
 * [the same in x], where there is an image.
 *   An output row of a group of images is one product: of the filters with a matrix whose row
 * (ty, c, tx) holds, for all ox, what they meet. All ty and oy share the numbers of one (c, tx),
 * its plane: [lines of the image, images, ox]; row (ty, c, tx) is one of its lines, ty * dilation
 * further down. So each number is copied once for each tx, and a ty outside of the image is left
 * out. */
typedef struct nn__window {
    const nn__conv *v;
    int group, line; /* images together; numbers in a line of a plane */
    ptrdiff_t plane, image;
} nn__window;

/* n numbers: rows are short, and a call of memcpy would take longer than the copy. */
NN__INLINE void nn__copy(nn_real *to, const nn_real *from, int n)
{
    int i = 0;
    for (; i + 16 <= n; i += 16) memcpy(to + i, from + i, 16 * sizeof *to);
    for (; i + 4 <= n; i += 4) memcpy(to + i, from + i, 4 * sizeof *to);
    if (n > 3 && i < n) i = n - 4, memcpy(to + i, from + i, 4 * sizeof *to), i = n;
    for (; i < n; i++) to[i] = from[i];
}

/* The planes of lines y0 up to y1 of some images. What is outside in x is 0 from the beginning. */
static void nn__planes(const nn__window *w, const nn_real *image, int images, int y0, int y1,
                       nn_real *planes)
{
    const nn__conv *v = w->v;
    const int across = v->out[1], stride = v->stride[1], width = v->size[1], taps = v->kernel[1];
    for (int q = 0; q < v->channels * taps; q++) {
        const int x = q % taps * v->dilation[1] - v->pad[1];    /* at ox = 0 */
        const int low = x < 0 ? (stride - 1 - x) / stride : 0;  /* ox from here is inside */
        const int high = nn__min(across, (width - x + stride - 1) / stride); /* up to here */
        const nn_real *line = image + (ptrdiff_t)(q / taps * v->size[0] + y0) * width;
        nn_real *to = planes + q * w->plane + low;
        const int inside = low < high ? high - low : 0, rest = w->line - images * across;
        for (int y = y0; y < y1; y++, line += width, to += rest)
            for (int i = 0; i < images && inside; i++, to += across) {
                const nn_real *from = line + (i * w->image + x + low * stride);
                if (stride == 1) nn__copy(to, from, inside);
                for (int ox = 0; stride > 1 && ox < inside; ox++) to[ox] = from[ox * stride];
            }
    }
}

/* Output row oy of some images; c is where it begins in the first. x holds what is the same for all
 * rows; `work` begins with the planes from line y0 on. Rows of a single image that meet the whole
 * filters follow each other in the planes and in c: they are one product, at most `most` of them.
 * Gives how many rows are done. */
static int nn__output_rows(const nn__kernels *kern, const nn__window *w, nn__product x, int images,
                           int oy, int most, int y0, nn_real *c, nn_real *work)
{
    const nn__conv *v = w->v;
    const int across = v->out[1], outputs = nn__span2(v->out), joined = w->group > 1;
    const int deep = v->channels * v->kernel[1], step = v->dilation[0], height = v->size[0];
    int ty = 0, meets = 0, y = oy * v->stride[0] - v->pad[0];
    for (; ty < v->kernel[0] && (y < 0 || y >= height); ty++) y += step;
    for (int at = y; ty + meets < v->kernel[0] && at >= 0 && at < height; meets++) at += step;
    if (!meets) return 1;
    const int alone = joined || v->stride[0] > 1 || meets < v->kernel[0];
    const int last = y + (v->kernel[0] - 1) * nn__max(step, 0); /* line that row oy meets */
    const int rows = alone ? 1 : nn__min(most, height - last);
    x.n = rows * images * across, x.k = meets * deep;
    x.a.p += (ptrdiff_t)ty * deep * x.a.col;
    x.b.p = work + (ptrdiff_t)(y - y0) * w->line;
    work += deep * w->plane + NN__MAX_TILE;
    x.c = joined ? work : c, x.ldc = joined ? w->line : outputs;
    if (joined) work += (ptrdiff_t)v->filters * w->line;
    for (ptrdiff_t i = 0; joined && i < images; i++)
        for (int f = 0; f < v->filters; f++)
            nn__copy(x.c + f * x.ldc + i * across, c + (i * v->filters + f) * outputs, across);
    nn__multiply(kern, &x, work);
    for (ptrdiff_t i = 0; joined && i < images; i++)
        for (int f = 0; f < v->filters; f++)
            nn__copy(c + (i * v->filters + f) * outputs, x.c + f * x.ldc + i * across, across);
    return rows;
}

/* C[n, filters, out] += what window.v says. Elements of `filters` lie w_step apart for filter,
 * channel, ty, tx. 0 without memory. */
static int nn__correlate(nn_ctx *nn, const nn__conv *v, const nn_real *filters,
                         const ptrdiff_t *w_step, const nn_real *image, nn_real *c)
{
    const int m = v->filters, across = v->out[1], outputs = nn__span2(v->out);
    const int deep = v->channels * v->kernel[1], k = deep * v->kernel[0];
    const int threads = nn__threads((double)m * outputs * k * v->n);
    const int reach = (v->kernel[0] - 1) * v->dilation[0], halo = nn__max(reach, -reach) + 1;
    nn__window w = {v, 1, 0, 0, (ptrdiff_t)v->channels * nn__span2(v->size)};
    /* rows that fill no vectors are joined with those of other images, if few of one image can be;
     * an image is worked on in stripes of output rows */
    if (across % 16 && across < 100 &&
        (v->stride[0] > 1 || (v->size[0] - halo + 1) * across < 256))
        w.group = nn__min(8, (v->n + threads - 1) / threads);
    while (w.group > 1 && NN__STRIPE / deep / across / w.group < nn__min(halo + 1, v->size[0]))
        w.group /= 2;
    w.line = w.group * across;
    const int groups = (v->n + w.group - 1) / w.group;
    int rows = (NN__STRIPE / deep / w.line - halo) / v->stride[0] + 1;
    rows = nn__min(nn__max(rows, 4), (v->out[0] * groups + threads - 1) / threads);
    rows = nn__min(rows, v->out[0]);
    const int stripes = (v->out[0] + rows - 1) / rows;
    const int lines = nn__min((rows - 1) * v->stride[0] + halo, v->size[0]);
    /* planes and rows of A begin at different places of the cache */
    w.plane = ((ptrdiff_t)lines * w.line / 16 + 1) / 2 * 32 + 16;
    const int ldm = (m + 15) / 16 % 32 ? (m + 15) / 16 * 16 : m + 16;
    nn__mark mark = nn__arena_mark(&nn->graph);
    ptrdiff_t *at = (ptrdiff_t *)nn__alloc(nn, &nn->graph, (size_t)k, sizeof *at, 0);
    nn_real *a = nn__reals(nn, &nn->graph, (size_t)k * (size_t)ldm + 16); /* A transposed */
    const nn__product x = {m, w.line, k, 1, 1, {a, 1, ldm}, {NULL, 0, 1}, at, c, w.line, 0, 0, 0,
                           0};
    const size_t planes = (size_t)deep * (size_t)w.plane + NN__MAX_TILE;
    const size_t size = planes + (size_t)m * (size_t)w.line + nn__workspace(nn->kernels, &x);
    nn_real *work = nn__scratch(nn, size * (size_t)threads);
    if (!at || !a || !work) return 0;
    for (int q = 0; q < k; q++) {
        const int tx = q % v->kernel[1], f = q / v->kernel[1] % v->channels, ty = q / deep;
        const nn_real *from = filters + f * w_step[1] + ty * w_step[2] + tx * w_step[3];
        at[q] = q % deep * w.plane + ty * v->dilation[0] * w.line;
        for (int i = 0; i < m; i++) a[(ptrdiff_t)q * ldm + i] = from[i * w_step[0]];
    }
#ifdef _OPENMP
#pragma omp parallel for schedule(static) if (threads > 1)
#endif
    for (int t = 0; t < threads; t++) {
        nn_real *own = work + size * (size_t)t;
        memset(own, 0, planes * sizeof *own);
        const int end = nn__share(groups * stripes, 1, t + 1, threads);
        for (int i = nn__share(groups * stripes, 1, t, threads); i < end; i++) {
            const ptrdiff_t item = (ptrdiff_t)(i / stripes) * w.group;
            const int images = nn__min(w.group, v->n - (int)item), first = i % stripes * rows;
            const int after = nn__min(first + rows, v->out[0]);
            const int up = nn__min(reach, 0) - v->pad[0];
            const int y0 = nn__max(first * v->stride[0] + up, 0);
            const int y1 = nn__min((after - 1) * v->stride[0] + up + halo, v->size[0]);
            nn__planes(&w, image + item * w.image, images, y0, y1, own);
            for (int oy = first; oy < after;)
                oy += nn__output_rows(nn->kernels, &w, x, images, oy, after - oy, y0,
                                      c + item * m * outputs + oy * across, own);
        }
    }
    nn__arena_rewind(&nn->graph, mark);
    return 1;
}

/* Y += W P, each image's patches P [channels kernel, out]. 0 without memory. */
NN__INLINE int nn__conv_forward(nn_ctx *nn, const nn__conv *v, const nn_real *image,
                                const nn_real *w, nn_real *y)
{
    const int taps = nn__span2(v->kernel);
    const ptrdiff_t w_step[] = {(ptrdiff_t)v->channels * taps, taps, v->kernel[1], 1};
    return nn__correlate(nn, v, w, w_step, image, y);
}

/* dW = dY P^T: the image is turned to [height, width, channels], with zeros around it. There all
 * that one output and ty meet are neighbours, a run of (tx, c); so rows of P^T need not be written
 * down, but for runs so short that vectors would be empty: then all runs of an output are set in a
 * row. */
typedef struct nn__turned {
    int filters; /* at most, of a thread */
    int run, runs, set, wide, lines, rows; /* set: numbers in a row so set, 0 if that is not done */
    size_t image, sets, dy; /* numbers: of so many `lines` turned, of rows set, of dY turned */
    const ptrdiff_t *at;
} nn__turned;

/* Where in the turned image run r of the first output of row y begins. */
static ptrdiff_t nn__run_at(const nn__conv *v, const nn__turned *u, int y, int r)
{
    const int ty = r * v->kernel[0] / u->runs, tx = r % (u->runs / v->kernel[0]);
    const ptrdiff_t line = y * v->stride[0] + ty * v->dilation[0];
    return (line * u->wide + tx * v->dilation[1]) * v->channels;
}

/* sum [filters, taps, channels] += dY P^T for some filters, and output rows oy.. of one image. */
static void nn__weight_grad_rows(const nn__kernels *kern, const nn__conv *v, const nn__turned *u,
                                 int filters, int oy, const nn_real *image, const nn_real *dy,
                                 nn_real *sum, nn_real *turned)
{
    const int across = v->out[1], columns = u->run * u->runs, plane = nn__span2(v->size);
    const int rows = nn__min(u->rows, v->out[0] - oy), outputs = nn__span2(v->out);
    const int inside = nn__max(0, nn__min(v->size[1], u->wide - v->pad[1]));
    const ptrdiff_t set = u->set, step = (ptrdiff_t)v->stride[1] * v->channels;
    nn_real *sets = turned + u->image, *dy_turned = sets + u->sets, *work = dy_turned + u->dy;
    for (int l = 0; l < u->lines; l++) {
        const int y = oy * v->stride[0] - v->pad[0] + l, there = y >= 0 && y < v->size[0];
        kern->pack(there ? v->channels : 0, v->channels, inside, /* outside of it, zeros */
                   image + (there ? (ptrdiff_t)y * v->size[1] : 0), plane, 1,
                   turned + ((ptrdiff_t)l * u->wide + v->pad[1]) * v->channels);
    }
    nn__product x = {filters, columns, rows * across, 1, 1, nn__rows(dy + oy * across, outputs),
                     nn__rows(sets, 0), u->at, sum, columns, 0, 0, 0, 0};
    if (u->dy) {
        kern->pack(filters, filters, x.k, x.a.p, outputs, 1, dy_turned);
        x.a.p = dy_turned, x.a.row = 1, x.a.col = filters;
    }
    for (int y = 0; u->set && y < rows; y++)
        for (int r = 0; r < u->runs; r++)
            for (int i = 0; i < u->run; i += 8) { /* what is too much is written over by the next */
                const nn_real *from = turned + nn__run_at(v, u, y, r) + i;
                nn_real *to = sets + y * across * set + r * u->run + i;
                for (int o = 0; o < across; o++, to += set, from += step)
                    memcpy(to, from, 8 * sizeof *to);
            }
    if (u->set) nn__multiply(kern, &x, work);
    for (int r = 0; !u->set && r < u->runs; r++) {
        x.n = u->run, x.b.p = turned + nn__run_at(v, u, 0, r), x.c = sum + r * u->run;
        nn__multiply(kern, &x, work);
    }
}

/* dW += dY P^T, summed over the images. 0 without memory. */
NN__INLINE int nn__conv_weight_grad(nn_ctx *nn, const nn__conv *v, const nn_real *image,
                                    const nn_real *dy, nn_real *dw)
{
    const int across = v->out[1], taps = nn__span2(v->kernel), columns = v->channels * taps;
    const int outputs = nn__span2(v->out), dense = v->dilation[1] == 1;
    const double multiply_adds = (double)v->filters * columns * outputs * v->n;
    const int threads = nn__min(v->filters, nn__threads(multiply_adds));
    nn__turned u;
    u.filters = (v->filters + threads - 1) / threads;
    u.run = v->channels * (dense ? v->kernel[1] : 1), u.runs = dense ? v->kernel[0] : taps;
    u.set = u.runs > 1 && u.run < nn->kernels->width ? (columns + 22) / 16 * 16 : 0;
    u.wide = (across - 1) * v->stride[1] + (v->kernel[1] - 1) * v->dilation[1] + 1;
    u.rows = NN__STRIPE / (u.wide * v->stride[0] * v->channels + across * u.set);
    u.rows = nn__min(nn__max(u.rows, 128 / across + 1), v->out[0]);
    u.lines = (u.rows - 1) * v->stride[0] + (v->kernel[0] - 1) * v->dilation[0] + 1;
    const int k = u.rows * across;
    u.image = (size_t)u.wide * (size_t)u.lines * (size_t)v->channels + NN__MAX_TILE;
    u.sets = (size_t)k * (size_t)u.set + NN__MAX_TILE;
    u.dy = (size_t)u.filters * (size_t)k + 16;
    if (u.dy <= NN__SMALL) u.dy = 0; /* is read where it lies */
    nn__mark mark = nn__arena_mark(&nn->graph);
    ptrdiff_t *at = (ptrdiff_t *)nn__alloc(nn, &nn->graph, (size_t)k, sizeof *at, 0);
    const nn__product x = {u.filters, columns, k, 1, 1, nn__rows(dy, outputs), nn__rows(image, 0),
                           at, dw, columns, 0, 0, 0, 0};
    const size_t sums = (size_t)u.filters * (size_t)columns;
    const size_t size = sums + u.image + u.sets + u.dy + nn__workspace(nn->kernels, &x);
    nn_real *work = nn__scratch(nn, size * (size_t)threads);
    if (!at || !work) return 0;
    u.at = at;
    for (ptrdiff_t p = 0; p < k; p++)
        at[p] = u.set ? p * u.set
                      : nn__run_at(v, &u, (int)p / across, 0) +
                            p % across * v->stride[1] * v->channels;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) if (threads > 1)
#endif
    for (int t = 0; t < threads; t++) {
        nn_real *sum = work + size * (size_t)t, *turned = sum + sums;
        const ptrdiff_t f0 = nn__share(v->filters, 1, t, threads);
        const int filters = nn__share(v->filters, 1, t + 1, threads) - (int)f0;
        memset(sum, 0, (sums + u.image + u.sets) * sizeof *sum);
        for (ptrdiff_t i = 0; i < v->n; i++)
            for (int oy = 0; oy < v->out[0]; oy += u.rows)
                nn__weight_grad_rows(nn->kernels, v, &u, filters, oy,
                                     image + i * v->channels * nn__span2(v->size),
                                     dy + (i * v->filters + f0) * outputs, sum, turned);
        nn_real *to = dw + f0 * columns;
        for (ptrdiff_t f = 0; f < filters; f++, sum += columns)
            for (int q = 0; q < columns; q++) *to++ += sum[q % taps * v->channels + q / taps];
    }
    nn__arena_rewind(&nn->graph, mark);
    return 1;
}

/* dX: each input has its own patches of dY. With a stride, inputs at different places between two
 * outputs meet different places of the filters: one product for each such phase (y, x), with only
 * those, so that no product is with a zero. 0 without memory. */
NN__INLINE int nn__conv_phase_grad(nn_ctx *nn, const nn__conv *v, const int *phase,
                                   const nn_real *w, const nn_real *dy, nn_real *dx)
{
    nn__conv back = *v;
    int first[2], apart[2]; /* the places of the filter that this phase meets */
    const int dense = v->stride[0] == 1 && v->stride[1] == 1;
    back.channels = v->filters, back.filters = v->channels;
    for (int d = 0; d < 2; d++) {
        const int s = v->stride[d];
        int meets = 0;
        for (int r = v->kernel[d] - 1; r >= 0; r--)
            if ((phase[d] + v->pad[d] - r * v->dilation[d]) % s == 0) {
                apart[d] = meets++ ? first[d] - r : 1;
                first[d] = r;
            }
        back.size[d] = v->out[d], back.kernel[d] = meets, back.stride[d] = 1;
        back.out[d] = (v->size[d] - phase[d] + s - 1) / s;
        if (!meets || back.out[d] <= 0) return 1;
        back.pad[d] = (first[d] * v->dilation[d] - phase[d] - v->pad[d]) / s;
        back.dilation[d] = -apart[d] * v->dilation[d] / s;
    }
    const int taps = nn__span2(v->kernel), *size = back.out;
    const ptrdiff_t w_step[] = {taps, (ptrdiff_t)v->channels * taps,
                                (ptrdiff_t)apart[0] * v->kernel[1], apart[1]};
    nn__mark mark = nn__arena_mark(&nn->graph);
    const size_t inputs = (size_t)v->n * (size_t)v->channels * (size_t)nn__span2(size);
    nn_real *part = dense ? dx : nn__reals(nn, &nn->graph, inputs);
    if (!part) return 0;
    if (!dense) memset(part, 0, inputs * sizeof *part);
    w += first[0] * v->kernel[1] + first[1];
    const int ok = nn__correlate(nn, &back, w, w_step, dy, part);
    for (ptrdiff_t i = 0; !dense && ok && i < (ptrdiff_t)v->n * v->channels; i++)
        for (int y = 0; y < size[0]; y++)
            for (int o = 0; o < size[1]; o++)
                dx[(i * v->size[0] + phase[0] + y * v->stride[0]) * v->size[1] + phase[1] +
                   o * v->stride[1]] += *part++;
    nn__arena_rewind(&nn->graph, mark);
    return ok;
}

NN__INLINE int nn__conv_input_grad(nn_ctx *nn, const nn__conv *v, const nn_real *w,
                                   const nn_real *dy, nn_real *dx)
{
    int ok = 1, phase[2];
    for (phase[0] = 0; phase[0] < v->stride[0]; phase[0]++)
        for (phase[1] = 0; phase[1] < v->stride[1]; phase[1]++)
            ok &= nn__conv_phase_grad(nn, v, phase, w, dy, dx);
    return ok;
}
#endif
NN__OPTIMIZE_END

/* ==== Tensors ======================================================================== >>tensors
 *
 * Every operation has the same shape: check, make the result, compute, done; and directly below
 * it (or above, for the compiler) its backward, which quotes the line that it differentiates.
 * y->grad is dL/dy; an input's grad, where it is not NULL, receives += dL/dx.
 */

/* ---- element by element, with broadcasting ---- */

/* The shape that a and b broadcast to; 0 if they do not fit. */
static int nn__broadcast(nn_shape a, nn_shape b, nn_shape *out)
{
    out->ndim = a.ndim > b.ndim ? a.ndim : b.ndim;
    for (int i = 1; i <= out->ndim; i++) { /* from the right */
        int da = i <= a.ndim ? a.dim[a.ndim - i] : 1, db = i <= b.ndim ? b.dim[b.ndim - i] : 1;
        if (da != db && da != 1 && db != 1) return 0;
        out->dim[out->ndim - i] = da == 1 ? db : da;
    }
    return 1;
}

/* How to walk through `out` and, in step, through two operands that broadcast to it: at most 4
 * loops of dim[], with steps sa[] and sb[] (0 where an operand is repeated). Neighbouring
 * dimensions that can be walked as one are merged, so the innermost loop is as long as possible,
 * with step 0 or 1. */
typedef struct nn__walk {
    size_t dim[NN_MAX_DIMS], sa[NN_MAX_DIMS], sb[NN_MAX_DIMS];
} nn__walk;

static nn__walk nn__walk_of(nn_shape out, nn_shape a, nn_shape b)
{
    nn__walk w = {{1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}};
    size_t step_a = 1, step_b = 1;
    int at = NN_MAX_DIMS - 1;
    for (int i = 1; i <= out.ndim; i++) {
        size_t d = (size_t)out.dim[out.ndim - i];
        size_t da = i <= a.ndim ? (size_t)a.dim[a.ndim - i] : 1;
        size_t db = i <= b.ndim ? (size_t)b.dim[b.ndim - i] : 1;
        size_t sa = da == 1 ? 0 : step_a, sb = db == 1 ? 0 : step_b;
        step_a *= da;
        step_b *= db;
        if (d == 1) continue;
        if (w.dim[at] > 1 && (sa != w.sa[at] * w.dim[at] || sb != w.sb[at] * w.dim[at])) at--;
        if (w.dim[at] == 1) w.sa[at] = sa, w.sb[at] = sb; /* else merged with its right neighbour */
        w.dim[at] *= d;
    }
    return w;
}

/* y (of shape out) = f(a, b), broadcast */
static void nn__apply(nn__pair *f, nn_shape out, const nn_real *a, nn_shape shape_a,
                      const nn_real *b, nn_shape shape_b, nn_real *y)
{
    nn__walk w = nn__walk_of(out, shape_a, shape_b);
    for (size_t i = 0; i < w.dim[0]; i++)
        for (size_t j = 0; j < w.dim[1]; j++)
            for (size_t k = 0; k < w.dim[2]; k++, y += w.dim[3])
                f(w.dim[3], a + i * w.sa[0] + j * w.sa[1] + k * w.sa[2], (int)w.sa[3],
                  b + i * w.sb[0] + j * w.sb[1] + k * w.sb[2], (int)w.sb[3], y);
}

/* The other way: x += sign g, where g has the shape `out` that x broadcasts to. What is repeated
 * there is summed. */
static void nn__add_reduced(const nn__kernels *k, nn_real sign, const nn_real *g, nn_shape out,
                            nn_real *x, nn_shape shape)
{
    nn__walk w = nn__walk_of(out, shape, shape);
    for (size_t i = 0; i < w.dim[0]; i++)
        for (size_t j = 0; j < w.dim[1]; j++)
            for (size_t l = 0; l < w.dim[2]; l++, g += w.dim[3]) {
                nn_real *to = x + i * w.sa[0] + j * w.sa[1] + l * w.sa[2];
                if (w.sa[3]) k->axpy(w.dim[3], sign, g, to);
                else *to += sign * k->sum(w.dim[3], g);
            }
}

/* d(in[i]) += sign g, where g has the shape of y */
static void nn__pass_on(nn_tensor *y, int i, nn_real sign, const nn_real *g)
{
    nn_tensor *x = y->in[i];
    if (x->grad) nn__add_reduced(y->ctx->kernels, sign, g, y->shape, x->grad, x->shape);
}

static nn_tensor *nn__binary(nn_tensor *a, char sign, nn_tensor *b, void (*backward)(nn_tensor *y))
{
    const char *const function = sign == '+' ? "nn_add" : sign == '-' ? "nn_sub"
                               : sign == '*' ? "nn_mul" : "nn_div";
    nn_tensor *in[2] = {a, b};
    if (!nn_op_check(function, in, 2)) return nn_op_failed(in, 2);
    const nn__kernels *k = a->ctx->kernels;
    nn__pair *f = sign == '+' ? k->add : sign == '-' ? k->sub : sign == '*' ? k->mul : k->div;
    nn_shape out;
    if (!nn__broadcast(a->shape, b->shape, &out))
        return nn_fail(a->ctx, NN_ERROR_SHAPE, function,
                       "shapes do not broadcast: a is %s, b is %s", nn_shape_text(a->ctx, a->shape),
                       nn_shape_text(a->ctx, b->shape));
    nn_tensor *y = nn_op_new(&function[3], out, in, 2, backward, 0);
    if (!y->size) return y;
    nn__apply(f, out, a->data, a->shape, b->data, b->shape, y->data);
    return nn_op_done(y);
}

/* Room for one number for each element of y while a gradient is computed. */
static nn_real *nn__temporary(nn_tensor *y) { return nn__reals(y->ctx, &y->ctx->graph, y->size); }

static void nn__add_backward(nn_tensor *y) /* y = a + b: da += dy, db += dy */
{
    nn__pass_on(y, 0, 1, y->grad);
    nn__pass_on(y, 1, 1, y->grad);
}
nn_tensor *nn_add(nn_tensor *a, nn_tensor *b) { return nn__binary(a, '+', b, nn__add_backward); }

static void nn__sub_backward(nn_tensor *y) /* y = a - b: da += dy, db += -dy */
{
    nn__pass_on(y, 0, 1, y->grad);
    nn__pass_on(y, 1, -1, y->grad);
}
nn_tensor *nn_sub(nn_tensor *a, nn_tensor *b) { return nn__binary(a, '-', b, nn__sub_backward); }

static void nn__mul_backward(nn_tensor *y) /* y = a b: da += dy b, db += dy a */
{
    nn_real *t = nn__temporary(y);
    for (int i = 0; t && i < 2; i++) {
        const nn_tensor *other = y->in[1 - i];
        if (!y->in[i]->grad) continue;
        nn__apply(y->ctx->kernels->mul, y->shape, y->grad, y->shape, other->data, other->shape, t);
        nn__pass_on(y, i, 1, t);
    }
}
nn_tensor *nn_mul(nn_tensor *a, nn_tensor *b) { return nn__binary(a, '*', b, nn__mul_backward); }

static void nn__div_backward(nn_tensor *y) /* y = a / b: da += dy / b, db += -dy / b * y */
{
    const nn__kernels *k = y->ctx->kernels;
    const nn_tensor *b = y->in[1];
    nn_real *t = nn__temporary(y);
    if (!t) return;
    nn__apply(k->div, y->shape, y->grad, y->shape, b->data, b->shape, t);
    nn__pass_on(y, 0, 1, t);
    if (!b->grad) return;
    k->mul(y->size, t, 1, y->data, 1, t);
    nn__pass_on(y, 1, -1, t);
}
nn_tensor *nn_div(nn_tensor *a, nn_tensor *b) { return nn__binary(a, '/', b, nn__div_backward); }

static void nn__scale_backward(nn_tensor *y) /* y = factor x: dx += factor dy */
{
    y->ctx->kernels->axpy(y->size, *(nn_real *)y->saved, y->grad, y->in[0]->grad);
}

/* y = f(number, x); the number is kept for the backward */
static nn_tensor *nn__with_number(const char *function, nn_tensor *x, nn_real number, nn__scaled *f,
                                  void (*backward)(nn_tensor *y))
{
    nn_tensor *y = nn_op_new(&function[3], x->shape, &x, 1, backward, sizeof number);
    *(nn_real *)y->saved = number;
    f(y->size, number, x->data, y->data);
    return nn_op_done(y);
}

nn_tensor *nn_scale(nn_tensor *x, nn_real factor)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    return nn__with_number(__func__, x, factor, x->ctx->kernels->scale, nn__scale_backward);
}

/* What all functions of one number share: f is chosen from the kernels of x. */
#define NN__UNARY(name, x)                                                       \
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);               \
    nn_tensor *y = nn_op_new(#name, x->shape, &x, 1, nn__##name##_backward, 0);  \
    y->ctx->kernels->name(y->size, x->data, y->data);                            \
    return nn_op_done(y)

static void nn__exp_backward(nn_tensor *y) /* y = e^x: dx += dy y */
{
    y->ctx->kernels->mul_add(y->size, y->grad, y->data, y->in[0]->grad);
}
nn_tensor *nn_exp(nn_tensor *x) { NN__UNARY(exp, x); }

static void nn__log_backward(nn_tensor *y) /* y = log x: dx += dy / x */
{
    y->ctx->kernels->log_backward(y->size, y->grad, y->in[0]->data, y->in[0]->grad);
}
nn_tensor *nn_log(nn_tensor *x) { NN__UNARY(log, x); }

static void nn__sqrt_backward(nn_tensor *y) /* y = sqrt x: dx += dy / (2 y) */
{
    y->ctx->kernels->sqrt_backward(y->size, y->grad, y->data, y->in[0]->grad);
}
nn_tensor *nn_sqrt(nn_tensor *x) { NN__UNARY(sqrt, x); }

static void nn__square_backward(nn_tensor *y) /* y = x^2: dx += dy 2 x */
{
    y->ctx->kernels->square_backward(y->size, y->grad, y->in[0]->data, y->in[0]->grad);
}
nn_tensor *nn_square(nn_tensor *x) { NN__UNARY(square, x); }

static void nn__sin_backward(nn_tensor *y) /* y = sin x: dx += dy cos x */
{
    nn_real *slope = nn__temporary(y);
    if (!slope) return;
    y->ctx->kernels->cos(y->size, y->in[0]->data, slope);
    y->ctx->kernels->mul_add(y->size, y->grad, slope, y->in[0]->grad);
}
nn_tensor *nn_sin(nn_tensor *x) { NN__UNARY(sin, x); }

static void nn__cos_backward(nn_tensor *y) /* y = cos x: dx += dy (-sin x) */
{
    nn_real *slope = nn__temporary(y);
    if (!slope) return;
    y->ctx->kernels->sin(y->size, y->in[0]->data, slope);
    y->ctx->kernels->scale(y->size, -1, slope, slope);
    y->ctx->kernels->mul_add(y->size, y->grad, slope, y->in[0]->grad);
}
nn_tensor *nn_cos(nn_tensor *x) { NN__UNARY(cos, x); }

/* ---- matrices ---- */

/* y = x w: dx += dy w^T, dw += x^T dy, for each of the matrices of a batch */
static void nn__matmul_backward(nn_tensor *y)
{
    nn_tensor *x = y->in[0], *w = y->in[1];
    const int k = nn__last(x->shape), n = nn__last(w->shape);
    const int batch = (int)nn__span(w->shape, 0, w->shape.ndim - 2);
    const int m = (int)(x->size / (size_t)batch / (size_t)k);
    for (ptrdiff_t i = 0; i < batch; i++) {
        nn__mat mx = nn__rows(x->data + i * m * k, k), mw = nn__rows(w->data + i * k * n, n);
        nn__mat dy = nn__rows(y->grad + i * m * n, n);
        if (x->grad) nn__gemm(y->ctx, m, k, n, dy, nn__transposed(mw), x->grad + i * m * k, 1);
        if (w->grad) nn__gemm(y->ctx, k, n, m, nn__transposed(mx), dy, w->grad + i * k * n, 1);
    }
}

nn_tensor *nn_matmul(nn_tensor *x, nn_tensor *w)
{
    nn_tensor *in[2] = {x, w};
    if (!nn_op_check(__func__, in, 2)) return nn_op_failed(in, 2);
    nn_ctx *nn = x->ctx;
    const int dx = x->shape.ndim, dw = w->shape.ndim;
    const int k = nn__last(x->shape), n = nn__last(w->shape);
    int same = dw == 2 || dw == dx;
    for (int i = 0; same && i < dw - 2; i++) same = x->shape.dim[i] == w->shape.dim[i];
    const char *const wrong = dx < 2 || dw < 2 ? "needs matrices"
        : k != w->shape.dim[dw - 2] ? "inner dimensions differ"
        : same ? NULL : "leading dimensions differ";
    if (wrong)
        return nn_fail(nn, NN_ERROR_SHAPE, __func__, "%s: x is %s, w is %s", wrong,
                       nn_shape_text(nn, x->shape), nn_shape_text(nn, w->shape));
    nn_shape shape = x->shape;
    shape.dim[dx - 1] = n;
    nn_tensor *y = nn_op_new("matmul", shape, in, 2, nn__matmul_backward, 0);
    if (!y->size) return y;
    const int batch = (int)nn__span(w->shape, 0, dw - 2);
    const int m = (int)(x->size / (size_t)batch / (size_t)k);
    for (ptrdiff_t i = 0; i < batch; i++)
        if (!nn__gemm(nn, m, n, k, nn__rows(x->data + i * m * k, k),
                      nn__rows(w->data + i * k * n, n), y->data + i * m * n, 0))
            return &nn->failed;
    return nn_op_done(y);
}

/* ---- shapes ---- */

/* axis counted from the front, or -1 (after reporting it) if x has no such axis. */
static int nn__axis(const nn_tensor *x, const char *function, int axis)
{
    const int n = x->shape.ndim;
    if (axis >= -n && axis < n) return axis < 0 ? axis + n : axis;
    nn_fail(x->ctx, NN_ERROR_SHAPE, function, "there is no axis %d: x is %s", axis,
            nn_shape_text(x->ctx, x->shape));
    return -1;
}

/* A tensor seen along one axis: outer x length x inner numbers. */
typedef struct nn__view {
    size_t outer, length, inner;
} nn__view;

static nn__view nn__along(nn_shape s, int axis)
{
    nn__view v = {nn__span(s, 0, axis), (size_t)s.dim[axis], nn__span(s, axis + 1, s.ndim)};
    return v;
}

/* to [outer, b, middle, a, inner] (+)= from [outer, a, middle, b, inner], the two exchanged. */
static void nn__exchange_axes(const nn_real *from, nn_real *to, nn_shape s, int axis_a, int axis_b,
                              int add)
{
    const size_t outer = nn__span(s, 0, axis_a), a = (size_t)s.dim[axis_a];
    const size_t middle = nn__span(s, axis_a + 1, axis_b), inner = nn__span(s, axis_b + 1, s.ndim);
    const size_t b = axis_a == axis_b ? 1 : (size_t)s.dim[axis_b]; /* 1: nothing to exchange */
    for (size_t o = 0; o < outer; o++)
        for (size_t j = 0; j < b; j++)
            for (size_t m = 0; m < middle; m++)
                for (size_t i = 0; i < a; i++) {
                    const nn_real *x = from + (((o * a + i) * middle + m) * b + j) * inner;
                    for (size_t c = 0; c < inner; c++, to++) *to = add ? *to + x[c] : x[c];
                }
}

static void nn__transpose_backward(nn_tensor *y) /* exchanged once more, it is as it was */
{
    const int *axis = (const int *)y->saved;
    nn__exchange_axes(y->grad, y->in[0]->grad, y->shape, axis[0], axis[1], 1);
}

nn_tensor *nn_transpose(nn_tensor *x, int axis1, int axis2)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    int a = nn__axis(x, __func__, axis1), b = a < 0 ? -1 : nn__axis(x, __func__, axis2);
    if (a < 0 || b < 0) return &x->ctx->failed;
    if (a > b) nn__exchange(&a, nn__exchange(&b, a));
    nn_shape shape = x->shape;
    shape.dim[a] = x->shape.dim[b];
    shape.dim[b] = x->shape.dim[a];
    nn_tensor *y = nn_op_new("transpose", shape, &x, 1, nn__transpose_backward, 2 * sizeof(int));
    if (!y->size) return y;
    ((int *)y->saved)[0] = a;
    ((int *)y->saved)[1] = b;
    nn__exchange_axes(x->data, y->data, x->shape, a, b, 0);
    return nn_op_done(y);
}

static void nn__reshape_backward(nn_tensor *y) /* the same numbers: dx += dy */
{
    y->ctx->kernels->axpy(y->size, 1, y->grad, y->in[0]->grad);
}

nn_tensor *nn_reshape(nn_tensor *x, nn_shape shape)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    if (shape.ndim < 0 || shape.ndim > NN_MAX_DIMS)
        return nn__shape_size(x->ctx, __func__, shape), &x->ctx->failed; /* which reports it */
    const nn_shape wanted = shape;
    size_t known = 1;
    int unknown = -1, valid = 1;
    for (int i = 0; valid && i < shape.ndim; i++) {
        if (shape.dim[i] == -1 && unknown < 0) unknown = i;
        else valid = shape.dim[i] >= 1 && (known *= (size_t)shape.dim[i]) <= x->size;
    }
    if (valid && unknown >= 0) shape.dim[unknown] = (int)(x->size / known);
    if (!valid || nn__span(shape, 0, shape.ndim) != x->size)
        return nn_fail(x->ctx, NN_ERROR_SHAPE, __func__, "x is %s with %zu elements, not %s",
                       nn_shape_text(x->ctx, x->shape), x->size, nn_shape_text(x->ctx, wanted));
    nn_tensor *y = nn__record("reshape", shape, &x, 1, nn__reshape_backward, 0, 0);
    if (!y->size) return y;
    y->data = x->data;
    return nn_op_done(y);
}

/* The numbers of the whole from `start` along axis are those of part: copied from one to the other,
 * or, of the gradients, added. */
static void nn__move_part(nn_tensor *whole, nn_tensor *part, int axis, int start, int to_part,
                          int add_grad)
{
    const nn__view v = nn__along(whole->shape, axis);
    const size_t run = (size_t)part->shape.dim[axis] * v.inner;
    nn_real *w = (add_grad ? whole->grad : whole->data) + (size_t)start * v.inner;
    nn_real *p = add_grad ? part->grad : part->data;
    for (size_t o = 0; o < v.outer; o++, w += v.length * v.inner, p += run) {
        nn_real *from = to_part ? w : p, *to = to_part ? p : w;
        if (add_grad) part->ctx->kernels->axpy(run, 1, from, to);
        else memcpy(to, from, run * sizeof *to);
    }
}

static void nn__slice_backward(nn_tensor *y) /* y = x[start .. end): dx there += dy */
{
    const int *at = (const int *)y->saved; /* axis, start */
    nn__move_part(y->in[0], y, at[0], at[1], 0, 1);
}

nn_tensor *nn_slice(nn_tensor *x, int axis, int start, int end)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    if ((axis = nn__axis(x, __func__, axis)) < 0) return &x->ctx->failed;
    if (start < 0 || start >= end || end > x->shape.dim[axis])
        return nn_fail(x->ctx, NN_ERROR_SHAPE, __func__,
                       "no part %d <= i < %d of axis %d: x is %s", start, end, axis,
                       nn_shape_text(x->ctx, x->shape));
    nn_shape shape = x->shape;
    shape.dim[axis] = end - start;
    nn_tensor *y = nn_op_new("slice", shape, &x, 1, nn__slice_backward, 2 * sizeof(int));
    if (!y->size) return y;
    ((int *)y->saved)[0] = axis;
    ((int *)y->saved)[1] = start;
    nn__move_part(x, y, axis, start, 1, 0);
    return nn_op_done(y);
}

/* The inputs, one after the other along axis: copied into y, or their parts of dy added to them. */
static void nn__concat_parts(nn_tensor *y, int back)
{
    const int axis = *(const int *)y->saved;
    for (int i = 0, start = 0; i < y->n_in; start += y->in[i++]->shape.dim[axis])
        if (!back || y->in[i]->grad) nn__move_part(y, y->in[i], axis, start, back, back);
}
static void nn__concat_backward(nn_tensor *y) { nn__concat_parts(y, 1); }

nn_tensor *nn_concat(int axis, int n, nn_tensor *const *xs)
{
    if (!nn__given(n > 0 ? xs : NULL, __func__)) return NULL;
    for (int i = 1; !xs[0] && i < n; i++) /* its place was not noted: better none than another's */
        if (xs[i]) nn__note(xs[i]->ctx, NULL, 0);
    if (!nn_op_check(__func__, xs, n)) return nn_op_failed(xs, n);
    nn_ctx *nn = xs[0]->ctx;
    if ((axis = nn__axis(xs[0], __func__, axis)) < 0) return &nn->failed;
    nn_shape shape = xs[0]->shape;
    for (int i = 1; i < n; i++) {
        nn_shape other = xs[i]->shape;
        if (other.ndim == shape.ndim) other.dim[axis] = shape.dim[axis];
        if (!nn_shape_equal(other, shape) || xs[i]->shape.dim[axis] > INT_MAX - shape.dim[axis])
            return nn_fail(nn, NN_ERROR_SHAPE, __func__,
                           "shapes differ outside axis %d: the first is %s, number %d is %s", axis,
                           nn_shape_text(nn, xs[0]->shape), i + 1, nn_shape_text(nn, xs[i]->shape));
        shape.dim[axis] += xs[i]->shape.dim[axis];
    }
    nn_tensor *y = nn_op_new("concat", shape, xs, n, nn__concat_backward, sizeof(int));
    if (!y->size) return y;
    *(int *)y->saved = axis;
    nn__concat_parts(y, 0);
    return nn_op_done(y);
}

/* ---- reductions ---- */

typedef struct nn__reduction {
    nn__view view;
    nn_real factor; /* 1 / length makes it a mean */
} nn__reduction;

/* y[o, i] = factor sum_l x[o, l, i]: dx[o, l, i] += factor dy[o, i] */
static void nn__sum_backward(nn_tensor *y)
{
    const nn__reduction *r = (const nn__reduction *)y->saved;
    const size_t inner = r->view.inner;
    nn_real *dx = y->in[0]->grad;
    for (size_t o = 0; o < r->view.outer; o++)
        for (size_t l = 0; l < r->view.length; l++, dx += inner)
            if (inner == 1) *dx += r->factor * y->grad[o];
            else y->ctx->kernels->axpy(inner, r->factor, y->grad + o * inner, dx);
}

static nn_tensor *nn__sum_over(const char *op, nn_tensor *x, nn__view v, nn_shape shape,
                               nn_real factor)
{
    nn_tensor *y = nn_op_new(op, shape, &x, 1, nn__sum_backward, sizeof(nn__reduction));
    if (!y->size) return y;
    const nn__reduction r = {v, factor};
    *(nn__reduction *)y->saved = r;
    const nn__kernels *k = y->ctx->kernels;
    const nn_shape all = nn_shape3((int)v.outer, (int)v.length, (int)v.inner);
    const nn_shape kept = nn_shape3((int)v.outer, 1, (int)v.inner);
    memset(y->data, 0, y->size * sizeof *y->data);
    nn__add_reduced(k, 1, x->data, all, y->data, kept);
    k->scale(y->size, factor, y->data, y->data);
    return nn_op_done(y);
}

static void nn__max_backward(nn_tensor *y) /* y[i] = x[from[i]]: dx there += dy[i] */
{
    const int *from = (const int *)y->saved;
    for (size_t i = 0; i < y->size; i++) y->in[0]->grad[from[i]] += y->grad[i];
}

static nn_tensor *nn__max_over(nn_tensor *x, nn__view v, nn_shape shape)
{
    const size_t saved = v.outer * v.inner * sizeof(int);
    nn_tensor *y = nn_op_new("max", shape, &x, 1, nn__max_backward, saved);
    if (!y->size) return y;
    const nn_real *const a = x->data;
    for (size_t n = 0; n < y->size; n++) {
        size_t at = n / v.inner * v.length * v.inner + n % v.inner, best = at;
        /* the first of equal ones; a NaN is larger than everything */
        for (size_t l = 1; l < v.length && a[best] == a[best]; l++)
            if (!(a[at += v.inner] <= a[best])) best = at;
        ((int *)y->saved)[n] = (int)best;
        y->data[n] = a[best];
    }
    return nn_op_done(y);
}

/* What the six have in common: along *axis, which stays with size 1, or, if it is NULL, of all. */
enum { NN__SUM, NN__MEAN, NN__MAX };
static nn_tensor *nn__reduce(const char *function, nn_tensor *x, const int *axis, int how)
{
    if (!nn_op_check(function, &x, 1)) return nn_op_failed(&x, 1);
    nn__view v = {1, x->size, 1};
    nn_shape shape = nn_shape0();
    if (axis) {
        const int i = nn__axis(x, function, *axis);
        if (i < 0) return &x->ctx->failed;
        v = nn__along(x->shape, i);
        shape = x->shape;
        shape.dim[i] = 1;
    }
    if (how == NN__MAX) return nn__max_over(x, v, shape);
    return nn__sum_over(&function[3], x, v, shape, how == NN__MEAN ? 1 / (nn_real)v.length : 1);
}

nn_tensor *nn_sum(nn_tensor *x) { return nn__reduce(__func__, x, NULL, NN__SUM); }
nn_tensor *nn_mean(nn_tensor *x) { return nn__reduce(__func__, x, NULL, NN__MEAN); }
nn_tensor *nn_max(nn_tensor *x) { return nn__reduce(__func__, x, NULL, NN__MAX); }
nn_tensor *nn_sum_axis(nn_tensor *x, int axis) { return nn__reduce(__func__, x, &axis, NN__SUM); }
nn_tensor *nn_mean_axis(nn_tensor *x, int axis) { return nn__reduce(__func__, x, &axis, NN__MEAN); }
nn_tensor *nn_max_axis(nn_tensor *x, int axis) { return nn__reduce(__func__, x, &axis, NN__MAX); }

static int nn__largest_of(const nn_real *row, int n) /* the first of the largest */
{
    int best = 0;
    for (int j = 1; j < n; j++)
        if (row[j] > row[best]) best = j;
    return best;
}

void nn_argmax(const nn_tensor *x, int *index)
{
    nn_tensor *in = (nn_tensor *)(uintptr_t)x;
    if (!nn_op_check(__func__, &in, 1)) return;
    if (!index) nn__mistake(x->ctx, __func__, "argument 2 is NULL");
    const int d = nn__last(x->shape);
    const nn_real *row = x->data, *const end = row + x->size;
    for (; index && row < end; row += d) *index++ = nn__largest_of(row, d);
}

/* ==== Chapter 1: neurons and layers ==================================================== >>ch01 */

/* One rounding for product and sum together, as in the kernels. */
static nn_real nn__fma(nn_real a, nn_real b, nn_real c)
{
    if (sizeof(nn_real) == sizeof(float)) return (nn_real)nn__fmaf((float)a, (float)b, (float)c);
    return (nn_real)fma((double)a, (double)b, (double)c);
}

nn_real nn_neuron(const nn_real *w, const nn_real *x, int n, nn_real b)
{
    nn_real z = b;
    if (!nn__given(w && x ? w : NULL, __func__)) return b;
    for (int i = 0; i < n; i++) z = nn__fma(w[i], x[i], z);
    return z;
}

/* A weight or a bias, or NULL for none, becomes uniform from -bound to bound. */
static void nn__set_uniform(nn_tensor *p, nn_real bound)
{
    for (size_t i = 0; p && i < p->size; i++) p->data[i] = nn_uniform(p->ctx, -bound, bound);
}

nn_linear nn_linear_new(nn_model *model, const char *name, int in, int out)
{
    const int before = model ? model->n_params : 0;
    nn_linear l = {nn_param(model, name, "weight", nn_shape2(out, in)), NULL};
    if (!model) return l;
    l.bias = nn_param(model, name, "bias", nn_shape1(out));
    if (model->ctx->code != NN_OK) return model->n_params = before, l; /* all of it or nothing */
    const nn_real bound = 1 / (nn_real)sqrt((double)in);
    nn__set_uniform(l.weight, bound), nn__set_uniform(l.bias, bound);
    return l;
}

/* Y = X W^T + b, X [N, in], W [out, in]: dX += dY W, dW += dY^T X, db += the sum of dY's rows */
static void nn__linear_backward(nn_tensor *y)
{
    nn_tensor *w = y->in[0], *x = y->in[1], *b = y->n_in > 2 ? y->in[2] : NULL;
    const int in = w->shape.dim[1], out = w->shape.dim[0], n = (int)(y->size / (size_t)out);
    const nn__mat dy = nn__rows(y->grad, out);
    if (x->grad) nn__gemm(y->ctx, n, in, out, dy, nn__rows(w->data, in), x->grad, 1);
    if (w->grad)
        nn__gemm(y->ctx, out, in, n, nn__transposed(dy), nn__rows(x->data, in), w->grad, 1);
    for (ptrdiff_t i = 0; b && b->grad && i < n; i++)
        y->ctx->kernels->axpy((size_t)out, 1, y->grad + i * out, b->grad);
}

nn_tensor *nn_linear_forward(const nn_linear *l, nn_tensor *x)
{
    nn_tensor *in[3] = {l ? l->weight : NULL, x, l ? l->bias : NULL};
    const int n_in = in[2] ? 3 : 2;
    if (!nn_op_check(__func__, in, n_in)) return nn_op_failed(in, n_in);
    nn_ctx *nn = x->ctx;
    const int d = l->weight->shape.dim[1], out = l->weight->shape.dim[0];
    if (l->weight->shape.ndim != 2 || (in[2] && !nn_shape_equal(l->bias->shape, nn_shape1(out))))
        return nn_fail(nn, NN_ERROR_SHAPE, __func__,
                       "the layer is not [out, in] with [out]: weight is %s, bias is %s",
                       nn_shape_text(nn, l->weight->shape),
                       in[2] ? nn_shape_text(nn, l->bias->shape) : "NULL");
    if (x->shape.ndim < 1 || nn__last(x->shape) != d)
        return nn_fail(nn, NN_ERROR_SHAPE, __func__,
                       "x is %s, its last dimension should be %d: weight is %s",
                       nn_shape_text(nn, x->shape), d, nn_shape_text(nn, l->weight->shape));
    nn_shape shape = x->shape;
    shape.dim[shape.ndim - 1] = out;
    nn_tensor *y = nn_op_new("linear", shape, in, n_in, nn__linear_backward, 0);
    if (!y->size) return y;
    const int n = (int)(y->size / (size_t)out);
    for (ptrdiff_t i = 0; in[2] && i < n; i++) /* each sum begins with the bias */
        memcpy(y->data + i * out, l->bias->data, (size_t)out * sizeof *y->data);
    if (!nn__gemm(nn, n, out, d, nn__rows(x->data, d), nn__transposed(nn__rows(l->weight->data, d)),
                  y->data, in[2] != NULL))
        return &nn->failed;
    return nn_op_done(y);
}

#ifndef NN_NO_STDIO
size_t nn_print_layers(const int *units, int layers)
{
    if (!nn__given(units, __func__)) return 0;
    if (layers < 2) return (size_t)nn__mistake(NULL, __func__, "%d layers: at least 2", layers);
    for (int l = 0; l < layers; l++)
        if (units[l] < 1)
            return (size_t)nn__mistake(NULL, __func__, "layer %d has %d units", l, units[l]);
    size_t all = 0;
    printf("layer  kind    units are  units  weight          bias     parameters\n"
           "    0  input   visible    %5d\n", units[0]);
    for (int l = 1; l < layers; l++) {
        const int hidden = l < layers - 1;
        const size_t parameters = (size_t)units[l] * ((size_t)units[l - 1] + 1);
        char weight[32], bias[32];
        snprintf(weight, sizeof weight, "[%d, %d]", units[l], units[l - 1]);
        snprintf(bias, sizeof bias, "[%d]", units[l]);
        printf("%5d  %-6s  %-9s  %5d  %-14s  %-7s  %10zu\n", l, hidden ? "hidden" : "output",
               hidden ? "hidden" : "visible", units[l], weight, bias, parameters);
        all += parameters;
    }
    printf("%d hidden layer%s: %s; %zu parameters\n", layers - 2, layers == 3 ? "" : "s",
           layers >= 4 ? "deep" : "shallow", all);
    return all;
}
#endif

nn_lif nn_lif_new(void)
{
    nn_lif l = {-65, -65, -50, -65, 10, 2, 10, 0};
    return l;
}

int nn_lif_step(nn_lif *l, nn_real current, nn_real dt)
{
    if (!nn__given(l, __func__)) return 0;
    if (!(dt > 0 && dt <= l->tau))
        return nn__mistake(NULL, __func__, "dt is %g, not in 0 < dt <= tau = %g", (double)dt,
                           (double)l->tau);
    if (!(current - current == 0))
        return nn__mistake(NULL, __func__, "the current is %g", (double)current);
    if (!(l->reset < l->threshold))
        return nn__mistake(NULL, __func__, "reset is %g, not below the threshold %g",
                           (double)l->reset, (double)l->threshold);
    if (l->wait > dt / 2) { /* the refractory time, to the nearest step */
        l->wait -= dt;
        return 0;
    }
    const double v = (double)l->v, push = (double)l->resistance * (double)current;
    l->v = (nn_real)(v + (double)dt / (double)l->tau * ((double)l->rest - v + push));
    if (l->v < l->threshold) return 0;
    l->v = l->reset;
    l->wait = l->refractory;
    return 1;
}

/* ==== Chapter 2: the perceptron ======================================================== >>ch02 */
#if NN_CHAPTERS >= 2

int nn_btu(nn_real z, nn_real theta) { return z > theta; }

static int nn__perceptron_ok(const char *function, const nn_perceptron *p, const void *argument2)
{
    if (!nn__given(p, function)) return 0;
    if (!p->w) return nn__mistake(NULL, function, "the perceptron has no weights: w is NULL");
    if (p->n < 0) return nn__mistake(NULL, function, "the perceptron has %d weights", p->n);
    return argument2 ? 1 : nn__mistake(NULL, function, "argument 2 is NULL");
}

int nn_perceptron_forward(const nn_perceptron *p, const nn_real *x)
{
    if (!nn__perceptron_ok(__func__, p, x)) return 0;
    return nn_btu(nn_neuron(p->w, x, p->n, p->b), 0);
}

static double nn__length(const char *function, const nn_perceptron *p) /* |w| */
{
    double squares = 0;
    for (int i = 0; i < p->n; i++) squares += (double)p->w[i] * (double)p->w[i];
    if (squares > 0) return sqrt(squares);
    return nn__mistake(NULL, function, "no boundary: all weights are 0, or one is NaN");
}

nn_real nn_perceptron_distance(const nn_perceptron *p, const nn_real *x)
{
    if (!nn__perceptron_ok(__func__, p, x)) return 0;
    const double length = nn__length(__func__, p);
    double z = (double)p->b;
    for (int i = 0; i < p->n; i++) z += (double)p->w[i] * (double)x[i];
    return (nn_real)(length > 0 ? z / length : 0);
}

int nn_perceptron_boundary(const nn_perceptron *p, const nn_real box[4], nn_real end[4])
{
    if (!nn__perceptron_ok(__func__, p, box)) return 0;
    if (!end) return nn__mistake(NULL, __func__, "argument 3 is NULL");
    if (p->n != 2) return nn__mistake(NULL, __func__, "%d inputs: the boundary is no line", p->n);
    if (!(box[0] < box[1] && box[2] < box[3]))
        return nn__mistake(NULL, __func__, "the box is x %g to %g, y %g to %g", (double)box[0],
                           (double)box[1], (double)box[2], (double)box[3]);
    if (!(nn__length(__func__, p) > 0)) return 0;
    double at[5][3]; /* x, y and z of the corners, once around */
    for (int i = 0; i < 5; i++) {
        at[i][0] = (double)box[i == 1 || i == 2];
        at[i][1] = (double)box[i == 2 || i == 3 ? 3 : 2];
        at[i][2] = (double)p->w[0] * at[i][0] + (double)p->w[1] * at[i][1] + (double)p->b;
    }
    nn_real found[4];
    int n = 0;
    for (int i = 0; i < 4 && n < 4; i++) { /* each side, its first corner included */
        const double z = at[i][2], next = at[i + 1][2];
        if (z != 0 && !(z < 0 && next > 0) && !(z > 0 && next < 0)) continue;
        const double part = z / (z == 0 ? 1 : z - next);
        for (int k = 0; k < 2; k++)
            found[n++] = (nn_real)(at[i][k] + part * (at[i + 1][k] - at[i][k]));
    }
    if (n < 4) return 0;
    memcpy(end, found, sizeof found);
    return 1;
}

static int nn__rule_ok(const char *function, const nn_real *w, const nn_real *x, int n, nn_real eta)
{
    if (!w || !x) return nn__mistake(NULL, function, "argument %d is NULL", w ? 2 : 1);
    if (n < 0) return nn__mistake(NULL, function, "%d weights", n);
    return nn__check_positive(NULL, function, "eta", eta);
}

void nn_hebb(nn_real *w, const nn_real *x, int n, nn_real y, nn_real eta) /* w += eta y x */
{
    if (!nn__rule_ok(__func__, w, x, n, eta)) return;
    for (int i = 0; i < n; i++) w[i] = nn__fma(eta * y, x[i], w[i]);
}

void nn_oja(nn_real *w, const nn_real *x, int n, nn_real y, nn_real eta) /* w += eta y (x - y w) */
{
    if (!nn__rule_ok(__func__, w, x, n, eta)) return;
    for (int i = 0; i < n; i++) w[i] = nn__fma(eta * y, nn__fma(-y, w[i], x[i]), w[i]);
}

nn_boolean nn_boolean_new(nn_ctx *nn, const int *table, int n)
{
    nn_boolean f = {nn, 0, 0, NULL, {NULL, 0, 0}, NULL};
    if (!nn__ready(nn, __func__)) return f;
    if (!table) return nn__mistake(nn, __func__, "argument 2 is NULL"), f;
    if (n < 1 || n > NN_BOOLEAN_MAX)
        return nn__mistake(nn, __func__, "%d inputs, not 1 to %d", n, NN_BOOLEAN_MAX), f;
    int ones = 0;
    for (int k = 0; k < 1 << n; ones += table[k++])
        if (table[k] != 0 && table[k] != 1)
            return nn__mistake(nn, __func__, "table[%d] is %d, not 0 or 1", k, table[k]), f;
    const size_t hidden = (size_t)ones; /* + 1: it may be 0 */
    nn_real *w = nn__reals(nn, &nn->keep, hidden * ((size_t)n + 2) + 1);
    void *unit = w ? nn__alloc(nn, &nn->keep, hidden + 1, sizeof *f.unit, 0) : NULL;
    if (!unit) return f;
    f.n = n;
    f.unit = (nn_perceptron *)unit;
    for (int k = 0; k < 1 << n; k++) {
        if (!table[k]) continue;
        /* z = 1/2 at input k, where all its ones are on and no other; elsewhere -1/2 or less */
        nn_perceptron and_of_them = {w, (nn_real)0.5, n};
        for (int i = 0; i < n; i++, w++) {
            const int on = k >> (n - 1 - i) & 1;
            *w = on ? 1 : -1;
            and_of_them.b -= (nn_real)on;
        }
        f.unit[f.hidden++] = and_of_them;
    }
    const nn_perceptron or_of_them = {w, (nn_real)-0.5, ones};
    f.output = or_of_them;
    for (int i = 0; i < ones; i++) w[i] = 1;
    f.y = w + ones;
    return f;
}

int nn_boolean_forward(const nn_boolean *f, const nn_real *x)
{
    if (!nn__ready(f ? f->ctx : NULL, __func__)) return 0;
    if (!f->unit) return nn__mistake(f->ctx, __func__, "argument 1 is the result of a failed call");
    if (!x) return nn__mistake(f->ctx, __func__, "argument 2 is NULL");
    for (int i = 0; i < f->n; i++)
        if (x[i] != 0 && x[i] != 1)
            return nn__mistake(f->ctx, __func__, "x[%d] is %g, not 0 or 1", i, (double)x[i]);
    for (int i = 0; i < f->hidden; i++) f->y[i] = (nn_real)nn_perceptron_forward(&f->unit[i], x);
    return nn_perceptron_forward(&f->output, f->y);
}

static double nn__dot(const double *a, const double *b, ptrdiff_t n)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Least squares by modified Gram-Schmidt: the z [k] that brings the sum of z[j] times row set[j] of
 * a [.., d] nearest to (0, .., 0, 1), and r [d], what is missing then. The rows in set become
 * u^T q: q [k, d] of length 1 and at right angles, u [k, k] upper triangular. */
static void nn__least_squares(const double *a, ptrdiff_t d, const int *set, int k, double *q,
                              double *u, double *z, double *r)
{
    memset(r, 0, (size_t)d * sizeof *r);
    r[d - 1] = 1;
    for (int j = 0; j < k; j++) {
        double *qj = q + j * d;
        memcpy(qj, a + set[j] * d, (size_t)d * sizeof *q);
        for (int i = 0; i < j; i++) {
            u[i * d + j] = nn__dot(q + i * d, qj, d);
            for (ptrdiff_t c = 0; c < d; c++) qj[c] -= u[i * d + j] * q[i * d + c];
        }
        u[j * d + j] = sqrt(nn__dot(qj, qj, d));
        for (ptrdiff_t c = 0; c < d; c++) qj[c] /= u[j * d + j];
        z[j] = nn__dot(qj, r, d);
        for (ptrdiff_t c = 0; c < d; c++) r[c] -= z[j] * qj[c];
    }
    for (int j = k - 1; j >= 0; j--) { /* u z = what q took from the target */
        for (int i = j + 1; i < k; i++) z[j] -= u[j * d + i] * z[i];
        z[j] /= u[j * d + j];
    }
}

/* The r that the best sum of the m rows of a, with weights >= 0, leaves of (0, .., 0, 1). The row
 * that can take most from r comes into the set of those with positive weight; those whose weight
 * would become negative leave it. |r| falls in every round, so no set comes twice. */
static void nn__rest(const double *a, int m, ptrdiff_t d, double narrow, int *set, double *work,
                     double *r)
{
    double *q = work, *u = q + d * d, *z = u + d * d, *weight = z + d, before = 2;
    for (int k = 0;;) {
        nn__least_squares(a, d, set, k, q, u, z, r);
        int out = -1, left = 0;
        double step = 1; /* how far from weight towards z, until one is 0 */
        for (int j = 0; j < k; j++) {
            const double limit = weight[j] > 0 ? weight[j] / (weight[j] - z[j]) : 0;
            if (z[j] <= 0 && (out < 0 || limit < step)) step = limit, out = j;
        }
        for (int j = 0; j < k; j++) {
            weight[left] = weight[j] + step * (z[j] - weight[j]);
            set[left] = set[j];
            left += j != out;
        }
        k = left;
        if (out >= 0) continue;
        const double squares = nn__dot(r, r, d);
        if (!(squares < before) || k == d) return;
        before = squares;
        int best = -1;
        double most = narrow * sqrt(squares);
        for (int i = 0; i < m; i++) {
            const double s = nn__dot(a + i * d, r, d);
            if (s > most) most = s, best = i;
        }
        if (best < 0) return;
        set[k] = best;
        weight[k++] = 0;
    }
}

/* The hyperplane with s (w x + b) >= 1 for all samples, s = 1 or -1 by the label, whose (w, b) is
 * shortest. Let each sample be the row (s x, s, 1) and r what their best sum, with weights >= 0,
 * leaves of (0, .., 0, 1). If r = 0, the sum is a point that both classes have between them. Else
 * row . r <= 0 for all rows, and the last of r is |r|^2: (w, b) is the rest of r, over -|r|^2. */
int nn_separable(nn_ctx *nn, const nn_real *x, const int *label, int rows, nn_perceptron *p)
{
    const double narrow = 1e-8;
    if (!nn__ready(nn, __func__)) return 0;
    if (!x || !label || !p)
        return nn__mistake(nn, __func__, "argument %d is NULL", !x ? 2 : !label ? 3 : 5);
    if (!p->w || p->n < 1 || p->n > INT_MAX - 2 || rows < 1)
        return nn__mistake(nn, __func__, "%d samples, a perceptron of %d inputs%s", rows, p->n,
                           p->w ? "" : " whose w is NULL");
    const ptrdiff_t n = p->n, d = n + 2;
    for (int i = 0; i < rows; i++) {
        if (label[i] < -1 || label[i] > 1)
            return nn__mistake(nn, __func__, "label[%d] is %d, not 0, 1 or -1", i, label[i]);
        for (ptrdiff_t j = 0; j < n; j++)
            if (!(x[i * n + j] - x[i * n + j] == 0))
                return nn_fail(nn, NN_ERROR_NONFINITE, __func__, "sample %d has the number %g", i,
                               (double)x[i * n + j]), 0;
    }
    const nn__mark mark = nn__arena_mark(&nn->graph);
    const size_t lines = (size_t)rows + 2 * (size_t)d + 5;
    void *all = nn__alloc(nn, &nn->graph, lines, (size_t)d * sizeof(double), 0);
    void *set = all ? nn__alloc(nn, &nn->graph, (size_t)d, sizeof(int), 0) : NULL;
    nn_perceptron found = {set ? nn__reals(nn, &nn->graph, (size_t)n) : NULL, 0, p->n};
    if (!found.w) return nn__arena_rewind(&nn->graph, mark), 0;
    double *a = (double *)all, *r = a + rows * d, *middle = r + d, *scale = middle + d;
    for (ptrdiff_t j = 0; j < n; j++) { /* the rows hold each input from -1 to 1 */
        double low = (double)x[j], high = low;
        for (int i = 1; i < rows; i++) {
            const double v = (double)x[i * n + j];
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
        middle[j] = low / 2 + high / 2;
        scale[j] = high > low ? high / 2 - low / 2 : 1;
    }
    int m = 0;
    for (int i = 0; i < rows; i++) {
        if (label[i] < 0) continue;
        const double s = label[i] ? 1 : -1;
        double *row = a + m++ * d;
        for (ptrdiff_t j = 0; j < n; j++)
            row[j] = s * (((double)x[i * n + j] - middle[j]) / scale[j]);
        row[n] = s;
        row[n + 1] = 1;
    }
    nn__rest(a, m, d, narrow, (int *)set, scale + d, r);
    const double squares = nn__dot(r, r, d);
    double b = -r[n] / squares;
    for (ptrdiff_t j = 0; j < n; j++) {
        const double w = -r[j] / squares / scale[j];
        found.w[j] = (nn_real)w;
        b -= w * middle[j];
    }
    found.b = (nn_real)b;
    int right = squares > narrow * narrow;
    for (int i = 0; i < rows && right; i++)
        right = label[i] < 0 || nn_perceptron_forward(&found, x + i * n) == label[i];
    if (right) {
        memcpy(p->w, found.w, (size_t)n * sizeof *p->w);
        p->b = found.b;
    }
    nn__arena_rewind(&nn->graph, mark);
    return right;
}

#endif
/* ==== Chapter 3: activation functions ================================================== >>ch03 */
#if NN_CHAPTERS >= 3

static nn_real nn__step(nn_real x) /* x > 0 ? 1 : 0, and NaN for NaN */
{
    return x > 0 ? (nn_real)1 : x <= 0 ? (nn_real)0 : x;
}

static void nn__heaviside_backward(nn_tensor *y) { (void)y; } /* y = x > 0 ? 1 : 0: dx += 0 */

nn_tensor *nn_heaviside(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("heaviside", x->shape, &x, 1, nn__heaviside_backward, 0);
    for (size_t i = 0; i < y->size; i++) y->data[i] = nn__step(x->data[i]);
    return nn_op_done(y);
}

static void nn__sigmoid_backward(nn_tensor *y) /* y = 1 / (1 + e^-x): dx += dy y (1 - y) */
{
    y->ctx->kernels->sigmoid_backward(y->size, y->grad, y->data, y->in[0]->grad);
}
nn_tensor *nn_sigmoid(nn_tensor *x) { NN__UNARY(sigmoid, x); }

/* y = 1 / (1 + e^(-x / T)): dx += dy y (1 - y) / T */
static void nn__sigmoid_temperature_backward(nn_tensor *y)
{
    const nn_real temperature = *(nn_real *)y->saved;
    for (size_t i = 0; i < y->size; i++)
        y->in[0]->grad[i] += y->grad[i] * (y->data[i] * (1 - y->data[i])) / temperature;
}

nn_tensor *nn_sigmoid_temperature(nn_tensor *x, nn_real temperature)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    if (!nn__check_positive(x->ctx, __func__, "temperature", temperature)) return &x->ctx->failed;
    nn_tensor *y = nn_op_new("sigmoid_temperature", x->shape, &x, 1,
                             nn__sigmoid_temperature_backward, sizeof temperature);
    *(nn_real *)y->saved = temperature;
    y->ctx->kernels->div(y->size, x->data, 1, &temperature, 0, y->data);
    y->ctx->kernels->sigmoid(y->size, y->data, y->data);
    return nn_op_done(y);
}

/* y = 1 with probability p = 1 / (1 + e^-x), else 0: dx += dy p (1 - p), as if y were p */
static void nn__stochastic_binary_backward(nn_tensor *y)
{
    const nn_real *p = (const nn_real *)y->saved;
    y->ctx->kernels->sigmoid_backward(y->size, y->grad, p, y->in[0]->grad);
}

nn_tensor *nn_stochastic_binary(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("stochastic_binary", x->shape, &x, 1, nn__stochastic_binary_backward,
                             x->size * sizeof *x->data);
    nn_real *p = (nn_real *)y->saved;
    x->ctx->kernels->sigmoid(y->size, x->data, p);
    for (size_t i = 0; i < y->size; i++)
        y->data[i] = x->ctx->training ? nn__step(p[i] - (nn_real)nn__unit(x->ctx)) : p[i];
    return nn_op_done(y);
}

static void nn__tanh_backward(nn_tensor *y) /* y = tanh x: dx += dy (1 - y^2) */
{
    y->ctx->kernels->tanh_backward(y->size, y->grad, y->data, y->in[0]->grad);
}
nn_tensor *nn_tanh(nn_tensor *x) { NN__UNARY(tanh, x); }

static void nn__relu_backward(nn_tensor *y) /* y = max(0, x): dx += x > 0 ? dy : 0 */
{
    y->ctx->kernels->leaky_relu_backward(y->size, 0, y->grad, y->in[0]->data, y->in[0]->grad);
}
nn_tensor *nn_relu(nn_tensor *x) { NN__UNARY(relu, x); }

static void nn__leaky_relu_backward(nn_tensor *y) /* dx += x > 0 ? dy : slope dy */
{
    y->ctx->kernels->leaky_relu_backward(y->size, *(nn_real *)y->saved, y->grad, y->in[0]->data,
                                         y->in[0]->grad);
}

nn_tensor *nn_leaky_relu(nn_tensor *x, nn_real slope)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    if (!nn__check_part(x->ctx, __func__, "slope", slope)) return &x->ctx->failed;
    return nn__with_number(__func__, x, slope, x->ctx->kernels->leaky_relu,
                           nn__leaky_relu_backward);
}

static void nn__elu_backward(nn_tensor *y) /* dx += y > 0 ? dy : dy (y + alpha) */
{
    y->ctx->kernels->elu_backward(y->size, *(nn_real *)y->saved, y->grad, y->data, y->in[0]->grad);
}

nn_tensor *nn_elu(nn_tensor *x, nn_real alpha)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    if (!nn__check_positive(x->ctx, __func__, "alpha", alpha)) return &x->ctx->failed;
    return nn__with_number(__func__, x, alpha, x->ctx->kernels->elu, nn__elu_backward);
}

static void nn__gelu_backward(nn_tensor *y) /* y = x Phi(x): dx += dy (Phi(x) + x Phi'(x)) */
{
    y->ctx->kernels->gelu_backward(y->size, y->grad, y->in[0]->data, y->in[0]->grad);
}
nn_tensor *nn_gelu(nn_tensor *x) { NN__UNARY(gelu, x); }

/* (1 + tanh u) / 2 is s = sigmoid(v) with v = 2 u = a x + b x^3, so that
 * y = x s: dx += dy (s + x s (1 - s) (a + 3 b x^2)) */
static const nn_real nn__gelu_a = (nn_real)1.5957691216057308; /* 2 sqrt(2 / pi) */
static const nn_real nn__gelu_b = (nn_real)0.071354816272600248; /* 0.044715 a */

static void nn__gelu_tanh_backward(nn_tensor *y)
{
    const nn_real *s = (const nn_real *)y->saved;
    for (size_t i = 0; i < y->size; i++) {
        const nn_real x = y->in[0]->data[i], slope = s[i] * (1 - s[i]); /* 0 if x is far from 0 */
        const nn_real bend = slope > 0 ? x * slope * (nn__gelu_a + 3 * nn__gelu_b * x * x) : 0;
        y->in[0]->grad[i] += y->grad[i] * (s[i] + bend);
    }
}

nn_tensor *nn_gelu_tanh(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("gelu_tanh", x->shape, &x, 1, nn__gelu_tanh_backward,
                             x->size * sizeof *x->data);
    nn_real *s = (nn_real *)y->saved;
    for (size_t i = 0; i < y->size; i++)
        s[i] = x->data[i] * (nn__gelu_a + nn__gelu_b * x->data[i] * x->data[i]);
    y->ctx->kernels->sigmoid(y->size, s, s);
    y->ctx->kernels->mul(y->size, x->data, 1, s, 1, y->data);
    return nn_op_done(y);
}

/* y_i = e^x_i / sum_j e^x_j in each row: dx_i += y_i (dy_i - sum_j dy_j y_j) */
static void nn__softmax_backward(nn_tensor *y)
{
    const size_t d = (size_t)nn__last(y->shape);
    for (size_t i = 0; i < y->size; i += d)
        y->ctx->kernels->softmax_backward(d, y->grad + i, y->data + i, y->in[0]->grad + i);
}

nn_tensor *nn_softmax(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("softmax", x->shape, &x, 1, nn__softmax_backward, 0);
    const size_t d = (size_t)nn__last(x->shape);
    nn_real max;
    for (size_t i = 0; i < y->size; i += d)
        y->ctx->kernels->softmax(d, x->data + i, y->data + i, &max);
    return nn_op_done(y);
}

/* y_i = x_i - log sum_j e^x_j in each row: dx_i += dy_i - p_i sum_j dy_j with p = softmax x */
static void nn__log_softmax_backward(nn_tensor *y)
{
    const nn__kernels *k = y->ctx->kernels;
    const nn_real *p = (const nn_real *)y->saved;
    const size_t d = (size_t)nn__last(y->shape);
    for (size_t i = 0; i < y->size; i += d) {
        k->axpy(d, 1, y->grad + i, y->in[0]->grad + i);
        k->axpy(d, -k->sum(d, y->grad + i), p + i, y->in[0]->grad + i);
    }
}

nn_tensor *nn_log_softmax(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    nn_tensor *y = nn_op_new("log_softmax", x->shape, &x, 1, nn__log_softmax_backward,
                             x->size * sizeof *x->data);
    const size_t d = (size_t)nn__last(x->shape);
    nn_real max;
    for (size_t i = 0; i < y->size; i += d) {
        nn_real *p = (nn_real *)y->saved + i;
        const nn_real log_sum = y->ctx->kernels->softmax(d, x->data + i, p, &max);
        for (size_t j = i; j < i + d; j++) y->data[j] = (x->data[j] - max) - log_sum;
    }
    return nn_op_done(y);
}

nn_tensor *nn_activate(nn_tensor *x, nn_activation g)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    switch (g) {
    case NN_IDENTITY: return x;
    case NN_SIGMOID: return nn_sigmoid(x);
    case NN_TANH: return nn_tanh(x);
    case NN_RELU: return nn_relu(x);
    case NN_SOFTMAX: return nn_softmax(x);
    case NN_HEAVISIDE: return nn_heaviside(x);
    case NN_LEAKY_RELU: return nn_leaky_relu(x, (nn_real)0.01);
    case NN_ELU: return nn_elu(x, 1);
    case NN_GELU: return nn_gelu(x);
    }
    return nn_fail(x->ctx, NN_ERROR_ARGUMENT, __func__, "%d names no activation", (int)g);
}

#endif
/* ==== Chapter 4: learning ============================================================== >>ch04 */
#if NN_CHAPTERS >= 4

/* ---- from a teacher: the perceptron ---- */

/* What all of them check: samples x [n, p->n], targets t [n], the learning rate. */
static int nn__perceptron_check(nn_ctx *nn, const char *function, const nn_perceptron *p,
                                const nn_real *x, const int *t, int n, nn_real lr)
{
    const char *missing = !p ? "the perceptron" : !p->w ? "w" : !x ? "x" : !t ? "t" : NULL;
    if (missing) return nn__mistake(nn, function, "%s is NULL", missing);
    if (n < 1 || p->n < 1) return nn__mistake(nn, function, "%d samples of %d numbers", n, p->n);
    for (int i = 0; i < n; i++)
        if (t[i] != 0 && t[i] != 1)
            return nn__mistake(nn, function, "t[%d] is %d, not 0 or 1", i, t[i]);
    return nn__check_positive(nn, function, "the learning rate", lr);
}

/* dw = lr (t - y) x, db = lr (t - y) */
int nn_perceptron_update(nn_perceptron *p, const nn_real *x, int t, nn_real lr)
{
    if (!nn__perceptron_check(NULL, __func__, p, x, &t, 1, lr)) return 0;
    const int error = t - nn_perceptron_forward(p, x);
    if (error == 0) return 0;
    const nn_real step = lr * (nn_real)error;
    for (int j = 0; j < p->n; j++) p->w[j] = nn__fma(step, x[j], p->w[j]);
    p->b += step;
    return error;
}

int nn_perceptron_epoch(nn_perceptron *p, const nn_real *x, const int *t, int n, nn_real lr)
{
    int mistakes = 0;
    if (!nn__perceptron_check(NULL, __func__, p, x, t, n, lr)) return 0;
    for (int i = 0; i < n; i++, x += p->n) mistakes += nn_perceptron_update(p, x, t[i], lr) != 0;
    return mistakes;
}

int nn_perceptron_errors(const nn_perceptron *p, const nn_real *x, const int *t, int n)
{
    int errors = 0;
    if (!nn__perceptron_check(NULL, __func__, p, x, t, n, 1)) return 0;
    for (int i = 0; i < n; i++, x += p->n) errors += nn_perceptron_forward(p, x) != t[i];
    return errors;
}

nn_perceptron_result nn_perceptron_fit(nn_perceptron *p, const nn_real *x, const int *t, int n,
                                       nn_real lr, int max_epochs)
{
    nn_perceptron_result r = {0, 0, 0};
    if (!nn__perceptron_check(NULL, __func__, p, x, t, n, lr)) return r;
    for (int mistakes = 1; mistakes > 0 && r.epochs < max_epochs; r.epochs++) {
        mistakes = nn_perceptron_epoch(p, x, t, n, lr);
        r.mistakes += mistakes;
    }
    r.errors = nn_perceptron_errors(p, x, t, n);
    return r;
}

nn_perceptron_result nn_perceptron_pocket(nn_ctx *nn, nn_perceptron *p, const nn_real *x,
                                          const int *t, int n, nn_real lr, int max_epochs)
{
    nn_perceptron_result r = {0, 0, 0};
    if (!nn__ready(nn, __func__)) return r;
    if (!nn__perceptron_check(nn, __func__, p, x, t, n, lr)) return r;
    nn_perceptron pocket = {nn__scratch(nn, (size_t)p->n), p->b, p->n};
    if (!pocket.w) return r;
    const size_t bytes = (size_t)p->n * sizeof *p->w;
    memcpy(pocket.w, p->w, bytes);
    r.errors = nn_perceptron_errors(p, x, t, n);
    for (; r.errors > 0 && r.epochs < max_epochs; r.epochs++)
        for (int i = 0; i < n && r.errors > 0; i++) {
            const ptrdiff_t s = (ptrdiff_t)nn__below(nn, (uint64_t)n);
            if (nn_perceptron_update(p, x + s * p->n, t[s], lr) == 0) continue;
            r.mistakes++;
            const int errors = nn_perceptron_errors(p, x, t, n);
            if (errors >= r.errors) continue;
            r.errors = errors;
            memcpy(pocket.w, p->w, bytes);
            pocket.b = p->b;
        }
    memcpy(p->w, pocket.w, bytes);
    p->b = pocket.b;
    return r;
}

/* |(x, 1)| and the distance (w x + b) / |(w, b)|, negative where the label says otherwise */
nn_novikoff nn_novikoff_bound(const nn_perceptron *u, const nn_real *x, const int *t, int n)
{
    nn_novikoff r = {0, 0, HUGE_VAL};
    if (!nn__perceptron_check(NULL, __func__, u, x, t, n, 1)) return r;
    double length2 = (double)u->b * (double)u->b, least = HUGE_VAL, longest2 = 0;
    for (int j = 0; j < u->n; j++) length2 += (double)u->w[j] * (double)u->w[j];
    for (int i = 0; i < n; i++, x += u->n) {
        double z = (double)u->b, x2 = 1;
        for (int j = 0; j < u->n; j++) {
            z += (double)u->w[j] * (double)x[j];
            x2 += (double)x[j] * (double)x[j];
        }
        if (!t[i]) z = -z;
        if (z < least) least = z;
        if (x2 > longest2) longest2 = x2;
    }
    r.radius = sqrt(longest2);
    if (length2 > 0) r.margin = least / sqrt(length2);
    if (r.margin > 0) r.mistakes = (r.radius / r.margin) * (r.radius / r.margin);
    return r;
}

/* 2^(1 - N) (the sum of binomial(N - 1, k) for k < d). The sum may be too large for a double: it is
 * kept as sum 2^(N - 1 - halvings). */
double nn_cover_fraction(int points, int weights)
{
    if (points < 1 || weights < 1)
        return nn__mistake(NULL, __func__, "%d points, %d weights", points, weights);
    if (points <= weights) return 1;
    double sum = 0, term = 1;
    int halvings = points - 1;
    for (int k = 0; k < weights; k++) {
        sum += term;
        term = term * (points - 1 - k) / (k + 1);
        if (term < 1e200) continue;
        sum = ldexp(sum, -600);
        term = ldexp(term, -600);
        halvings -= 600;
    }
    return ldexp(sum, -halvings);
}

/* ---- from spikes ---- */

#if NN__FLOAT
#define NN__PLAIN nn__table_scalar
#else
#define NN__PLAIN nn__table_naive
#endif
/* One value of a function among the kernels, for who has no context: the same bits everywhere. */
static nn_real nn__value(nn__map *f, nn_real x)
{
    nn_real y;
    f(1, &x, &y);
    return y;
}
static nn_real nn__exp1(nn_real x) { return nn__value(NN__PLAIN.exp, x); }

nn_stdp nn_stdp_new(void)
{
    const nn_stdp rule = {(nn_real)0.005, (nn_real)0.00525, 20, 20};
    return rule;
}

static int nn__stdp_check(const char *function, const nn_stdp *rule)
{
    return nn__given(rule, function) &&
           nn__check_positive(NULL, function, "tau_plus", rule->tau_plus) &&
           nn__check_positive(NULL, function, "tau_minus", rule->tau_minus);
}

nn_real nn_stdp_pair(const nn_stdp *rule, nn_real dt)
{
    if (!nn__stdp_check(__func__, rule)) return 0;
    if (dt > 0) return rule->a_plus * nn__exp1(-dt / rule->tau_plus);
    if (dt < 0) return -rule->a_minus * nn__exp1(dt / rule->tau_minus);
    return dt; /* 0, or NaN, which stays one */
}

/* A spike meets the trace that the other side's earlier spikes have left; only then does it leave
 * its own, so that two at the same time do not meet. */
nn_real nn_stdp_step(const nn_stdp *rule, nn_synapse *s, int pre, int post, nn_real dt)
{
    if (!nn__stdp_check(__func__, rule)) return 0;
    if (!s) return (nn_real)nn__mistake(NULL, __func__, "the synapse is NULL");
    if (!nn__check_positive(NULL, __func__, "dt", dt)) return 0;
    const nn_real before = s->w;
    s->pre *= nn__exp1(-dt / rule->tau_plus);
    s->post *= nn__exp1(-dt / rule->tau_minus);
    if (post) s->w = nn__fma(rule->a_plus, s->pre, s->w);
    if (pre) s->w = nn__fma(-rule->a_minus, s->post, s->w);
    s->pre += (nn_real)!!pre;
    s->post += (nn_real)!!post;
    if (s->w_max > 0) s->w = s->w < 0 ? 0 : s->w > s->w_max ? s->w_max : s->w;
    return s->w - before;
}

/* ---- without a teacher ---- */

static int nn__samples_check(nn_ctx *nn, const char *function, const nn_real *x, int n, int d,
                             int k, int max_k)
{
    if (!nn__ready(nn, function)) return 0;
    if (!x) return nn__mistake(nn, function, "x is NULL");
    if (n < 1 || d < 1)
        return nn_fail(nn, NN_ERROR_SHAPE, function, "%d samples of %d numbers", n, d), 0;
    if (k < 1 || k > max_k) return nn__mistake(nn, function, "k is %d, not in 1..%d", k, max_k);
    const size_t size = (size_t)n * (size_t)d, bad = nn__first_bad(x, size);
    if (bad == size) return 1;
    return nn_fail(nn, NN_ERROR_NONFINITE, function, "x[%d, %d] is %s", (int)(bad / (size_t)d),
                   (int)(bad % (size_t)d), x[bad] != x[bad] ? "nan" : "inf"), 0;
}

static double nn__distance2(const nn_real *a, const nn_real *b, int d)
{
    double sum = 0;
    for (int j = 0; j < d; j++) {
        const double difference = (double)a[j] - (double)b[j];
        sum += difference * difference;
    }
    return sum;
}

/* k-means++: the first centre is any sample; each further one is a sample drawn with a probability
 * proportional to its squared distance from the centre that is nearest to it so far. */
static void nn__kmeans_start(nn_kmeans *m, const nn_real *x, int n, double *distance2)
{
    const size_t d = (size_t)m->size;
    size_t chosen = (size_t)nn__below(m->ctx, (uint64_t)n);
    for (int c = 0; c < m->k; c++) {
        nn_real *center = m->center + (size_t)c * d;
        memcpy(center, x + chosen * d, d * sizeof *x);
        double sum = 0;
        for (size_t i = 0; i < (size_t)n; i++) {
            const double s = nn__distance2(x + i * d, center, m->size);
            if (c == 0 || s < distance2[i]) distance2[i] = s;
            sum += distance2[i];
        }
        double left = (double)(nn_random(m->ctx) >> 11) / 9007199254740992.0 * sum; /* 0..1 of it */
        for (chosen = 0; chosen + 1 < (size_t)n; chosen++)
            if ((left -= distance2[chosen]) < 0) break;
    }
}

static int nn__nearest(const nn_kmeans *m, const nn_real *x, double *least)
{
    int nearest = 0;
    *least = HUGE_VAL;
    for (int c = 0; c < m->k; c++) {
        const double s = nn__distance2(x, m->center + (ptrdiff_t)c * m->size, m->size);
        if (s < *least) *least = s, nearest = c;
    }
    return nearest;
}

/* Each sample to its nearest centre. Gives how many changed their cluster. */
static int nn__kmeans_assign(nn_kmeans *m, const nn_real *x, int n)
{
    int changed = 0;
    m->error = 0;
    for (int i = 0; i < n; i++, x += m->size) {
        double s;
        const int c = nn__nearest(m, x, &s);
        m->error += s;
        changed += c != m->cluster[i];
        m->cluster[i] = c;
    }
    return changed;
}

/* Each centre to the mean of its samples: of their sum and, last in its row, their number. */
static void nn__kmeans_move(nn_kmeans *m, const nn_real *x, int n, double *sum /* [k, size + 1] */)
{
    const ptrdiff_t d = m->size;
    memset(sum, 0, (size_t)m->k * (size_t)(d + 1) * sizeof *sum);
    for (ptrdiff_t i = 0; i < n; i++, x += d) {
        double *to = sum + m->cluster[i] * (d + 1);
        for (ptrdiff_t j = 0; j < d; j++) to[j] += (double)x[j];
        to[d]++;
    }
    for (ptrdiff_t c = 0; c < m->k; c++, sum += d + 1)
        for (ptrdiff_t j = 0; j < d && sum[d] > 0; j++)
            m->center[c * d + j] = (nn_real)(sum[j] / sum[d]);
}

nn_kmeans nn_kmeans_fit(nn_ctx *nn, const nn_real *x, int n, int d, int k, int max_rounds)
{
    nn_kmeans m = {nn, 0, d, NULL, NULL, 0, 0};
    if (!nn__samples_check(nn, __func__, x, n, d, k, n)) return m;
    m.center = nn__reals(nn, &nn->keep, (size_t)k * (size_t)d);
    m.cluster = (int *)nn__alloc(nn, &nn->keep, (size_t)n, sizeof *m.cluster, 0);
    const nn__mark temporaries = nn__arena_mark(&nn->graph);
    const size_t sums = (size_t)k * ((size_t)d + 1), room = sums > (size_t)n ? sums : (size_t)n;
    double *work = (double *)nn__alloc(nn, &nn->graph, room, sizeof *work, 0);
    if (!m.center || !m.cluster || !work) return m;
    m.k = k;
    nn__kmeans_start(&m, x, n, work);
    for (int i = 0; i < n; i++) m.cluster[i] = -1;
    for (; nn__kmeans_assign(&m, x, n) > 0 && m.rounds < max_rounds; m.rounds++)
        nn__kmeans_move(&m, x, n, work);
    nn__arena_rewind(&nn->graph, temporaries);
    return m;
}

/* The checks of the calls below: what a fit has given, and two arrays. */
static int nn__fit_check(const char *function, nn_ctx *nn, int k, const void *a, const void *b)
{
    if (!nn__ready(nn, function)) return 0;
    if (k < 1) return nn__mistake(nn, function, "argument 1 is the result of a failed call");
    return a && b ? nn->code == NN_OK : nn__mistake(nn, function, "an array is NULL");
}

int nn_kmeans_nearest(const nn_kmeans *m, const nn_real *x)
{
    double least;
    if (!nn__fit_check(__func__, m ? m->ctx : NULL, m ? m->k : 0, x, x)) return 0;
    return nn__nearest(m, x, &least);
}

/* a = c a - s b, b = s a + c b, for two rows (step 1) or columns (step d) of d numbers */
static void nn__turn(int d, double *a, double *b, int step, double c, double s)
{
    for (ptrdiff_t i = 0; i < (ptrdiff_t)d * step; i += step) {
        const double old = a[i];
        a[i] = c * old - s * b[i];
        b[i] = s * old + c * b[i];
    }
}

/* The eigenvalues of the symmetric a [d, d], left on its diagonal, and its eigenvectors, the rows
 * of v. To turn the axes p and q makes a[p][q] zero and the sum of squares off the diagonal
 * smaller by 2 a[p][q]^2. */
static void nn__jacobi(int d, double *a, double *v)
{
    const ptrdiff_t n = (ptrdiff_t)d * d;
    double squares = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        squares += a[i] * a[i];
        v[i] = i % (d + 1) == 0; /* the unit matrix */
    }
    const double small = 1e-17 * sqrt(squares);
    for (int sweep = 0, turns = 1; turns && sweep < 60; sweep++) {
        turns = 0;
        for (ptrdiff_t p = 0; p < d; p++)
            for (ptrdiff_t q = p + 1; q < d; q++) {
                double *ap = a + p * d, *aq = a + q * d;
                if (fabs(ap[q]) <= small) continue;
                const double cot = (aq[q] - ap[p]) / (2 * ap[q]); /* of twice the angle */
                const double t = (cot < 0 ? -1 : 1) / (fabs(cot) + sqrt(cot * cot + 1));
                const double c = 1 / sqrt(t * t + 1), s = t * c;
                nn__turn(d, a + p, a + q, d, c, s);
                nn__turn(d, ap, aq, 1, c, s);
                nn__turn(d, v + p * d, v + q * d, 1, c, s);
                ap[q] = aq[p] = 0;
                turns++;
            }
    }
}

/* Sum of (x - mean) (x - mean)^T over the samples, divided by n: [d, d] */
static void nn__covariance(const nn_real *x, int n, int d, double *mean, double *cov)
{
    for (int j = 0; j < d; j++) {
        double sum = 0;
        for (ptrdiff_t i = 0; i < n; i++) sum += (double)x[i * d + j];
        mean[j] = sum / n;
        for (int l = 0; l <= j; l++) {
            sum = 0;
            for (ptrdiff_t i = 0; i < n; i++)
                sum += ((double)x[i * d + j] - mean[j]) * ((double)x[i * d + l] - mean[l]);
            cov[(ptrdiff_t)j * d + l] = cov[(ptrdiff_t)l * d + j] = sum / n;
        }
    }
}

nn_pca nn_pca_fit(nn_ctx *nn, const nn_real *x, int n, int d, int k)
{
    nn_pca p = {nn, 0, d, NULL, NULL, NULL, 0};
    if (!nn__samples_check(nn, __func__, x, n, d, k, d)) return p;
    const size_t row = (size_t)d * sizeof(double);
    p.mean = (double *)nn__alloc(nn, &nn->keep, 1, row, 0);
    p.component = (double *)nn__alloc(nn, &nn->keep, (size_t)k, row, 0);
    p.variance = (double *)nn__alloc(nn, &nn->keep, (size_t)k, sizeof(double), 0);
    const nn__mark temporaries = nn__arena_mark(&nn->graph);
    double *cov = (double *)nn__alloc(nn, &nn->graph, (size_t)d, row, 0);
    double *axes = (double *)nn__alloc(nn, &nn->graph, (size_t)d, row, 0);
    if (!p.mean || !p.component || !p.variance || !cov || !axes) return p;
    p.k = k;
    nn__covariance(x, n, d, p.mean, cov);
    nn__jacobi(d, cov, axes);
    for (ptrdiff_t i = 0; i < d; i++) p.total += cov[i * (d + 1)];
    for (ptrdiff_t c = 0; c < k; c++) {
        ptrdiff_t best = 0, largest = 0;
        for (ptrdiff_t i = 1; i < d; i++)
            if (cov[i * (d + 1)] > cov[best * (d + 1)]) best = i;
        const double *axis = axes + best * d;
        for (ptrdiff_t j = 1; j < d; j++)
            if (fabs(axis[j]) > fabs(axis[largest])) largest = j;
        const double sign = axis[largest] < 0 ? -1 : 1, variance = cov[best * (d + 1)];
        for (ptrdiff_t j = 0; j < d; j++) p.component[c * d + j] = sign * axis[j];
        p.variance[c] = variance > 0 ? variance : 0; /* rounding may leave less than 0 */
        cov[best * (d + 1)] = -HUGE_VAL;             /* taken */
    }
    nn__arena_rewind(&nn->graph, temporaries);
    return p;
}

/* The coordinate of x along component c. */
static double nn__pca_along(const nn_pca *p, ptrdiff_t c, const nn_real *x)
{
    double sum = 0;
    for (ptrdiff_t j = 0; j < p->size; j++)
        sum += p->component[c * p->size + j] * ((double)x[j] - p->mean[j]);
    return sum;
}

/* y_c = component_c (x - mean) */
void nn_pca_project(const nn_pca *p, const nn_real *x, int n, nn_real *y)
{
    if (!nn__fit_check(__func__, p ? p->ctx : NULL, p ? p->k : 0, x, y)) return;
    for (ptrdiff_t i = 0; i < n; i++)
        for (int c = 0; c < p->k; c++)
            y[i * p->k + c] = (nn_real)nn__pca_along(p, c, x + i * p->size);
}

/* x = mean + sum of y_c component_c */
void nn_pca_restore(const nn_pca *p, const nn_real *y, int n, nn_real *x)
{
    if (!nn__fit_check(__func__, p ? p->ctx : NULL, p ? p->k : 0, y, x)) return;
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < p->size; j++) {
            double sum = p->mean[j];
            for (ptrdiff_t c = 0; c < p->k; c++)
                sum += (double)y[i * p->k + c] * p->component[c * p->size + j];
            x[i * p->size + j] = (nn_real)sum;
        }
}

/* Along its principal components the normal distribution is a product of one for each:
 * log p = -1/2 (sum over c) (log (2 pi variance_c) + y_c^2 / variance_c) */
double nn_gaussian_log_density(const nn_pca *p, const nn_real *x)
{
    if (!nn__fit_check(__func__, p ? p->ctx : NULL, p ? p->k : 0, x, x)) return 0;
    if (p->k != p->size) return nn__mistake(p->ctx, __func__, "%d of %d components", p->k, p->size);
    if (!(p->variance[p->k - 1] > 1e-14 * p->variance[0]))
        return nn__mistake(p->ctx, __func__,
                           "no variance along component %d: the samples lie in a plane", p->k - 1);
    double sum = 0;
    for (int c = 0; c < p->k; c++) {
        const double y = nn__pca_along(p, c, x), variance = p->variance[c];
        sum += 1.8378770664093453 + nn__log_exactly_repeatable(variance) + y * y / variance;
    }
    return -sum / 2;
}

#endif
/* ==== Chapter 5: gradient descent ====================================================== >>ch05 */
#if NN_CHAPTERS >= 5

static int nn__check_not_negative(nn_ctx *nn, const char *function, const char *name, nn_real value)
{
    if (value >= 0 && value - value == 0) return 1;
    return nn__mistake(nn, function, "%s is %g, not 0 or more and finite", name, (double)value);
}

/* beta1, beta2, eps and weight_decay are what the rule begins with. */
static nn_optimizer *nn__optimizer_new(nn_model *model, const char *function, nn_real lr,
                                       nn_real beta1, double beta2, double eps,
                                       nn_real weight_decay, int n_state, nn_update update)
{
    if (!nn__given(model, function)) return NULL;
    nn_ctx *nn = model->ctx;
    const int usable = nn->code == NN_OK &&
                       nn__check_positive(nn, function, "the learning rate", lr) &&
                       nn__check_part(nn, function, "beta", beta1) &&
                       nn__check_not_negative(nn, function, "the weight decay", weight_decay);
    nn_optimizer *opt = usable ? NN__NEW(nn, nn_optimizer) : NULL;
    if (!opt) return &nn->failed_optimizer;
    const nn_optimizer begin = {nn, model, function + 3, lr, beta1, (nn_real)beta2, (nn_real)eps,
                                weight_decay, 0, 0, 1, 1, update, n_state, NULL, 0};
    *opt = begin;
    return opt;
}

static void nn__sgd_update(nn_optimizer *opt, nn_tensor *w, nn_real **state) /* w = w - lr g */
{
    (void)state;
    opt->ctx->kernels->sgd(w->size, opt->lr, opt->weight_decay, w->grad, w->data);
}

nn_optimizer *nn_sgd(nn_model *model, nn_real lr)
{
    return nn__optimizer_new(model, __func__, lr, 0, 0, 0, 0, 0, nn__sgd_update);
}

/* v = beta v - lr g, w = w + v */
static void nn__momentum_update(nn_optimizer *opt, nn_tensor *w, nn_real **state)
{
    opt->ctx->kernels->momentum(w->size, opt->lr, opt->beta1, 0, opt->weight_decay, w->grad,
                                state[0], w->data);
}

nn_optimizer *nn_momentum(nn_model *model, nn_real lr, nn_real beta)
{
    return nn__optimizer_new(model, __func__, lr, beta, 0, 0, 0, 1, nn__momentum_update);
}

/* v = beta v - lr g, w = w + beta v - lr g */
static void nn__nesterov_update(nn_optimizer *opt, nn_tensor *w, nn_real **state)
{
    opt->ctx->kernels->momentum(w->size, opt->lr, opt->beta1, 1, opt->weight_decay, w->grad,
                                state[0], w->data);
}

nn_optimizer *nn_nesterov(nn_model *model, nn_real lr, nn_real beta)
{
    return nn__optimizer_new(model, __func__, lr, beta, 0, 0, 0, 1, nn__nesterov_update);
}

/* G = G + g^2, w = w - lr g / (sqrt(G) + eps) */
static void nn__adagrad_update(nn_optimizer *opt, nn_tensor *w, nn_real **state)
{
    const nn__adaptive_step s = {0, 1, 1, opt->lr, 1, opt->eps, opt->weight_decay, 1};
    opt->ctx->kernels->adaptive(w->size, &s, w->grad, NULL, state[0], w->data);
}

nn_optimizer *nn_adagrad(nn_model *model, nn_real lr)
{
    return nn__optimizer_new(model, __func__, lr, 0, 0, 1e-10, 0, 1, nn__adagrad_update);
}

/* v = rho v + (1 - rho) g^2, w = w - lr g / (sqrt(v) + eps) */
static void nn__rmsprop_update(nn_optimizer *opt, nn_tensor *w, nn_real **state)
{
    const nn__adaptive_step s = {0, opt->beta2, 1 - opt->beta2, opt->lr,
                                 1, opt->eps, opt->weight_decay, 1};
    opt->ctx->kernels->adaptive(w->size, &s, w->grad, NULL, state[0], w->data);
}

nn_optimizer *nn_rmsprop(nn_model *model, nn_real lr)
{
    return nn__optimizer_new(model, __func__, lr, 0, 0.99, 1e-8, 0, 1, nn__rmsprop_update);
}

/* m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, and with t steps done
 * w = keep w - lr m' / (sqrt(v') + eps), m' = m / (1 - beta1^t), v' = v / (1 - beta2^t) */
static void nn__adam(nn_optimizer *opt, nn_real decay, nn_real keep, nn_tensor *w, nn_real **state)
{
    const nn__adaptive_step s = {opt->beta1, opt->beta2, 1 - opt->beta2,
                                 (nn_real)((double)opt->lr / (1 - opt->beta1_power)),
                                 (nn_real)(1 / sqrt(1 - opt->beta2_power)), opt->eps, decay, keep};
    opt->ctx->kernels->adaptive(w->size, &s, w->grad, state[0], state[1], w->data);
}

static void nn__adam_update(nn_optimizer *opt, nn_tensor *w, nn_real **state)
{
    nn__adam(opt, opt->weight_decay, 1, w, state);
}

nn_optimizer *nn_adam(nn_model *model, nn_real lr)
{
    return nn__optimizer_new(model, __func__, lr, (nn_real)0.9, 0.999, 1e-8, 0, 2, nn__adam_update);
}

static void nn__adamw_update(nn_optimizer *opt, nn_tensor *w, nn_real **state)
{
    nn__adam(opt, 0, 1 - opt->lr * opt->weight_decay, w, state);
}

nn_optimizer *nn_adamw(nn_model *model, nn_real lr, nn_real weight_decay)
{
    return nn__optimizer_new(model, __func__, lr, (nn_real)0.9, 0.999, 1e-8, weight_decay, 2,
                             nn__adamw_update);
}

/* Its numbers lie in the open, and so they are looked at before each step. */
static int nn__optimizer_usable(const char *function, const nn_optimizer *opt)
{
    nn_ctx *nn = opt ? opt->ctx : NULL;
    if (!nn__ready(nn, function)) return 0;
    if (!opt->update)
        return nn__mistake(nn, function, "the optimizer is the result of a failed call");
    return nn__check_not_negative(nn, function, "the learning rate", opt->lr) &&
           nn__check_not_negative(nn, function, "the weight decay", opt->weight_decay) &&
           nn__check_not_negative(nn, function, "eps", opt->eps) &&
           nn__check_part(nn, function, "beta1", opt->beta1) &&
           nn__check_part(nn, function, "beta2", opt->beta2);
}

/* State of zeros for the parameters that have none yet. All of it exists before any is updated. */
static int nn__optimizer_ready(nn_optimizer *opt)
{
    nn_ctx *nn = opt->ctx;
    const int n = opt->model->n_params;
    if (opt->n_ready == n) return 1;
    void *list = nn__alloc(nn, &nn->keep, (size_t)n, sizeof *opt->state, 1);
    if (!list) return 0;
    if (opt->n_ready) memcpy(list, opt->state, (size_t)opt->n_ready * sizeof *opt->state);
    opt->state = (nn_real *(*)[NN_MAX_STATE])list;
    for (; opt->n_ready < n; opt->n_ready++)
        for (int i = 0; i < opt->n_state; i++) {
            const size_t size = opt->model->param[opt->n_ready]->size;
            void *zeros = nn__alloc(nn, &nn->keep, size, sizeof(nn_real), 1);
            if (!zeros) return 0;
            opt->state[opt->n_ready][i] = (nn_real *)zeros;
        }
    return 1;
}

/* What weight decay and penalties are about: biases and buffers have one dimension. */
static int nn__is_weight(const nn_tensor *p) { return p->requires_grad && p->shape.ndim >= 2; }

void nn_step(nn_optimizer *opt)
{
    if (!nn__optimizer_usable(__func__, opt) || !nn__optimizer_ready(opt)) return;
    opt->step++;
    opt->beta1_power *= (double)opt->beta1;
    opt->beta2_power *= (double)opt->beta2;
    const nn_real decay = opt->weight_decay;
    for (int i = 0; i < opt->model->n_params; i++) {
        nn_tensor *p = opt->model->param[i];
        opt->weight_decay = opt->weights_only && !nn__is_weight(p) ? 0 : decay;
        if (p->requires_grad) opt->update(opt, p, opt->state[i]);
    }
    opt->weight_decay = decay;
}

/* ---- schedules ---- */

/* True if lr and factor, the argument called name, are 0 or more and finite, total, the argument
 * called duration, is at least 1, and t is no less than 0. */
static int nn__check_schedule(const char *function, nn_real lr, const char *name, nn_real factor,
                              const char *duration, long total, long t)
{
    if (!nn__check_not_negative(NULL, function, "the learning rate", lr)) return 0;
    if (!nn__check_not_negative(NULL, function, name, factor)) return 0;
    if (t < 0) return nn__mistake(NULL, function, "t is %ld, below 0", t);
    return total > 0 || nn__mistake(NULL, function, "%s is %ld, below 1", duration, total);
}

nn_real nn_step_lr(nn_real lr, nn_real gamma, long period, long t)
{
    if (!nn__check_schedule(__func__, lr, "gamma", gamma, "period", period, t)) return 0;
    double rate = (double)lr, power = (double)gamma; /* gamma, gamma^2, gamma^4, .. */
    for (long n = t / period; n > 0; n /= 2, power *= power)
        if (n % 2) rate *= power;
    return (nn_real)rate;
}

nn_real nn_exponential_lr(nn_real lr, nn_real gamma, long t)
{
    if (!nn__check_schedule(__func__, lr, "gamma", gamma, "period", 1, t)) return 0;
    return nn_step_lr(lr, gamma, 1, t);
}

/* (1 + cos(pi t / total)) / 2 is the square of the sine of what is left of a quarter circle, whose
 * last values are not lost in the 1. */
nn_real nn_cosine_annealing_lr(nn_real lr, nn_real lr_min, long total, long t)
{
    if (!nn__check_schedule(__func__, lr, "lr_min", lr_min, "total", total, t)) return 0;
    if (t >= total) return lr_min;
    const double left = (double)(total - t) / (double)total;
    const double sine = (double)nn__value(NN__PLAIN.sin, (nn_real)(1.5707963267948966 * left));
    return (nn_real)((double)lr_min + ((double)lr - (double)lr_min) * (sine * sine));
}

nn_real nn_linear_lr(nn_real lr, nn_real start, long total, long t)
{
    if (!nn__check_schedule(__func__, lr, "start", start, "total", total, t)) return 0;
    if (start > 1)
        return (nn_real)nn__mistake(NULL, __func__, "start is %g, above 1", (double)start);
    const double part = t < total ? (double)t / (double)total : 1;
    return (nn_real)((double)lr * ((double)start + (1 - (double)start) * part));
}

#endif
/* ==== Chapter 6: backpropagation ======================================================= >>ch06 */
#if NN_CHAPTERS >= 6

static int nn__can_start_from(nn_tensor *loss) /* is it one finite number that can be traced? */
{
    if (!nn_op_check("nn_backward", &loss, 1)) return 0;
    nn_ctx *nn = loss->ctx;
    if (loss->size != 1)
        nn_fail(nn, NN_ERROR_SHAPE, "nn_backward", "the loss must be one number, it is %s",
                nn_shape_text(nn, loss->shape));
    else if (!loss->requires_grad)
        nn__mistake(nn, "nn_backward", "the loss does not depend on any parameter%s",
                    loss->backward      ? " (nn_freeze was called after it was made)"
                    : nn->grad_enabled ? ""
                                       : " (recording is off: nn_set_grad_enabled)");
    else if (nn__first_bad(loss->data, 1) == 0)
        nn_fail(nn, NN_ERROR_NONFINITE, "nn_backward",
                "the loss is %s: has it diverged (try a smaller learning rate, smaller inputs)? "
                "nn_on_nan(nn, 1) finds the operation",
                loss->data[0] != loss->data[0] ? "nan" : "inf");
    return nn->code == NN_OK;
}

static void nn__check_input_grads(const nn_tensor *y) /* for nn_on_nan, after y's backward */
{
    for (int j = 0; j < y->n_in && y->ctx->code == NN_OK; j++) {
        const nn_tensor *x = y->in[j];
        char what[NN_NAME_SIZE + 32];
        snprintf(what, sizeof what, "backward: the gradient of %.60s",
                 x->name[0] ? x->name : x->op);
        if (x->grad) nn__check_finite(x, x->grad, y->op, what);
    }
}

/* Where an operation has several results, its first one's backward, which comes last, looks at the
 * gradients of all; this is that of the others. */
static void nn__further_result_backward(nn_tensor *y) { (void)y; }

/* The gradient of y was passed on: its memory may serve the next one of that size. */
static void nn__release_grad(nn_tensor *y)
{
    const nn__spare spare = {y->ctx->spare, y->size};
    if (y->backward == nn__further_result_backward || y->size * sizeof *y->grad < sizeof spare)
        return;
    memcpy(y->grad, &spare, sizeof spare);
    y->ctx->spare = (nn__spare *)(void *)y->grad;
    y->grad = NULL;
}

/* The tape holds the operations in the order they were done, so that, from its end, each result's
 * gradient is complete before it is passed on to what the result was made from. */
void nn_backward(nn_tensor *loss)
{
    if (!nn__can_start_from(loss)) return;
    nn_ctx *nn = loss->ctx;
    for (int i = 0; i < nn->n_tape; i++) nn->tape[i]->grad = NULL;
    nn__need_grad(loss);
    if (nn->code == NN_OK) loss->grad[0] = 1;
    for (int i = nn->n_tape - 1; i >= 0 && nn->code == NN_OK; i--) {
        nn_tensor *y = nn->tape[i];
        if (!y->grad) continue; /* the loss does not depend on it */
        for (int j = 0; j < y->n_in; j++)
            if (y->in[j]->requires_grad) nn__need_grad(y->in[j]);
        if (nn->code != NN_OK) break;
        nn__mark temporaries = nn__arena_mark(&nn->graph);
        y->backward(y);
        nn__arena_rewind(&nn->graph, temporaries);
        if (nn->nan_check) nn__check_input_grads(y);
        if (!nn->retain_grads && y != loss) nn__release_grad(y);
    }
    nn->spare = NULL; /* of the next nn_backward nothing is to be found here */
}

nn_tensor *nn_detach(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    return nn_input(x->ctx, x->data, x->shape);
}

nn_gradcheck_result nn_gradcheck(nn_model *model, nn_tensor *(*loss)(void *user), void *user,
                                 nn_real h)
{
    nn_gradcheck_result worst = {(double)NAN, "", 0, 0, 0};
    if (!nn__given(model, __func__)) return worst;
    nn_ctx *nn = model->ctx;
    if (!loss || !model->n_params || !(h > 0))
        nn__mistake(nn, __func__, "needs a model with parameters, a loss and h > 0");
    if (nn->code != NN_OK) return worst;
    nn_real *twice = (nn_real *)nn__malloc(nn, nn_model_size(model) * sizeof *twice), *t = twice;
    if (!twice) return worst;
    for (int run = 0; run < 3; run++) { /* a gradient that is set, not added to, is found out by */
        if (run != 1) nn_zero_grad(model); /* being no larger after two runs than after one */
        nn_clear(nn);
        nn_backward(loss(user));
        for (int i = 0; run == 1 && i < model->n_params; i++) {
            const nn_tensor *p = model->param[i];
            if (p->requires_grad) memcpy(t, p->grad, p->size * sizeof *t), t += p->size;
        }
    }
    t = twice;
    const int recording = nn_set_grad_enabled(nn, 0);
    double largest = 0, distance = -1;
    for (int i = 0; i < model->n_params; i++)
        for (size_t j = 0; j < model->param[i]->size && nn->code == NN_OK; j++) {
            if (!model->param[i]->requires_grad) break;
            nn_real *w = &model->param[i]->data[j], old = *w;
            const double g = (double)model->param[i]->grad[j], half = (double)*t++ / 2;
            double at[2], value[2]; /* 2 h may be another number after rounding */
            for (int side = 0; side < 2; side++) {
                *w = side == 0 ? old + h : old - h;
                at[side] = (double)*w;
                nn_clear(nn);
                value[side] = (double)nn_item(loss(user));
            }
            *w = old;
            const double numeric = (value[0] - value[1]) / (at[0] - at[1]);
            const double once = fabs(g - numeric);
            const double d = fabs(half - numeric) > once ? fabs(half - numeric) : once;
            largest = fmax(largest, fmax(fabs(numeric), fabs(g)));
            if (d <= distance) continue; /* not so for NaN: that is the worst of all */
            nn_gradcheck_result here = {0, model->param[i]->name, j, g, numeric};
            if (distance < HUGE_VAL) worst = here;
            distance = d - d == 0 ? d : HUGE_VAL;
        }
    nn_set_grad_enabled(nn, recording);
    NN_FREE(nn->user, twice);
    worst.error = largest > 0 && distance < HUGE_VAL ? distance / largest : distance;
    if (nn->code != NN_OK) worst.error = (double)NAN;
    return worst;
}

#ifndef NN_NO_STDIO
/* marks: 1 belongs to the graph, 2 is drawn */
static void nn__graph_node(nn_tensor *x, FILE *out, int mermaid)
{
    if (x->mark != 1) return;
    x->mark = 2;
    const char *shape = nn_shape_text(x->ctx, x->shape), *name = x->name[0] ? x->name : x->op;
    if (mermaid)
        fprintf(out, "  n%d%s\"%s<br>%s\"%s\n", x->id, x->n_in ? "(" : "[", name, shape,
                x->n_in ? ")" : "]");
    else
        fprintf(out, "  n%d [label=\"%s\\n%s\"%s];\n", x->id, name, shape,
                x->n_in ? "" : x->requires_grad ? " shape=box style=filled" : " shape=box");
}

static void nn__graph(const char *function, const nn_tensor *y, FILE *out, int mermaid)
{
    if (!nn__given(y && out ? y : NULL, function)) return;
    nn_ctx *nn = y->ctx;
    for (int i = nn->n_tape - 1; i >= 0; i--) {
        nn_tensor *t = nn->tape[i];
        if (t == y) t->mark = 1;
        for (int j = 0; t->mark && j < t->n_in; j++) t->in[j]->mark = 1;
    }
    fprintf(out, mermaid ? "graph LR\n" : "digraph graph_of_%s {\n  rankdir=LR;\n", y->op);
    for (int i = 0; i < nn->n_tape; i++) {
        nn_tensor *t = nn->tape[i];
        for (int j = 0; t->mark && j < t->n_in; j++) nn__graph_node(t->in[j], out, mermaid);
        nn__graph_node(t, out, mermaid);
        for (int j = 0; t->mark && j < t->n_in; j++)
            fprintf(out, mermaid ? "  n%d --> n%d\n" : "  n%d -> n%d;\n", t->in[j]->id, t->id);
    }
    if (!mermaid) fprintf(out, "}\n");
    for (int i = 0; i < nn->n_tape; i++) {
        nn->tape[i]->mark = 0;
        for (int j = 0; j < nn->tape[i]->n_in; j++) nn->tape[i]->in[j]->mark = 0;
    }
}

void nn_graph_dot(const nn_tensor *y, FILE *out) { nn__graph(__func__, y, out, 0); }
void nn_graph_mermaid(const nn_tensor *y, FILE *out) { nn__graph(__func__, y, out, 1); }
#endif

/* ---- the perceptron of many layers, with the book's deltas ---- */

nn_mlp nn_mlp_new(nn_model *model, const char *name, const int *width, int layers,
                  nn_activation hidden, nn_activation output)
{
    nn_mlp m;
    memset(&m, 0, sizeof m);
    nn_ctx *nn = m.ctx = model ? model->ctx : NULL;
    if (!nn__ready(nn, __func__)) return m;
    if (!name || !width || layers < 2 || layers > NN_MLP_MAX)
        return nn__mistake(nn, __func__, "needs a name and 2 to %d widths; layers is %d",
                           NN_MLP_MAX, layers), m;
    if ((hidden != NN_IDENTITY && hidden != NN_SIGMOID && hidden != NN_TANH && hidden != NN_RELU) ||
        (output != NN_IDENTITY && output != NN_SIGMOID && output != NN_SOFTMAX))
        return nn__mistake(nn, __func__, "hidden is NN_IDENTITY, NN_SIGMOID, NN_TANH or NN_RELU; "
                           "output is NN_IDENTITY, NN_SIGMOID or NN_SOFTMAX"), m;
    const int before = model->n_params;
    for (int l = 1; l < layers && nn->code == NN_OK; l++) {
        char layer[2 * NN_NAME_SIZE];
        snprintf(layer, sizeof layer, "%.100s.%d", name, l);
        const nn_linear linear = nn_linear_new(model, layer, width[l - 1], width[l]);
        m.weight[l] = linear.weight;
        m.bias[l] = linear.bias;
    }
    if (nn->code != NN_OK) return model->n_params = before, m; /* all of it or nothing */
    m.layers = layers; /* stays 0 in a failed one */
    m.hidden = hidden;
    m.output = output;
    memcpy(m.width, width, (size_t)layers * sizeof *width);
    return m;
}

/* y = g(z) for the units of one sample */
static void nn__mlp_activate(const nn__kernels *k, nn_activation g, const nn_real *z, nn_real *y,
                             size_t n)
{
    nn_real max;
    if (g == NN_IDENTITY) memcpy(y, z, n * sizeof *y);
    if (g == NN_SIGMOID) k->sigmoid(n, z, y);
    if (g == NN_TANH) k->tanh(n, z, y);
    if (g == NN_RELU) k->relu(n, z, y);
    if (g == NN_SOFTMAX) k->softmax(n, z, y, &max); /* nn_mlp_new refuses the others */
}

/* g'(z), from y = g(z) */
static nn_real nn__mlp_slope(nn_activation g, nn_real y)
{
    if (g == NN_SIGMOID) return y * (1 - y);
    if (g == NN_TANH) return 1 - y * y;
    if (g == NN_RELU) return y > 0 ? (nn_real)1 : (nn_real)0;
    return 1;
}

/* Arrays for n samples x. */
static int nn__mlp_reserve(const char *function, nn_mlp *m, const nn_real *x, int n)
{
    if (!nn__ready(m ? m->ctx : NULL, function) || !m->layers) return 0;
    if (!x || n < 1) return nn__mistake(m->ctx, function, x ? "n is %d" : "x is NULL", n);
    for (int l = 0; l < m->layers && n > m->capacity; l++) {
        const size_t size = (size_t)n * (size_t)m->width[l];
        m->y[l] = nn__reals(m->ctx, &m->ctx->keep, size);
        m->z[l] = l ? nn__reals(m->ctx, &m->ctx->keep, size) : NULL;
        m->delta[l] = l ? nn__reals(m->ctx, &m->ctx->keep, size) : NULL;
    }
    if (m->ctx->code != NN_OK) return m->capacity = m->n = 0;
    if (n > m->capacity) m->capacity = n;
    m->n = n;
    return 1;
}

const nn_real *nn_mlp_forward(nn_mlp *m, const nn_real *x, int n)
{
    if (!nn__mlp_reserve(__func__, m, x, n)) return NULL;
    memcpy(m->y[0], x, (size_t)n * (size_t)m->width[0] * sizeof *x);
    for (int l = 1; l < m->layers; l++) {
        const int in = m->width[l - 1], out = m->width[l];
        for (ptrdiff_t s = 0; s < n; s++) {
            for (ptrdiff_t j = 0; j < out; j++) /* z = W y + b */
                m->z[l][s * out + j] = nn_neuron(m->weight[l]->data + j * in, m->y[l - 1] + s * in,
                                                 in, m->bias[l]->data[j]);
            nn__mlp_activate(m->ctx->kernels, l < m->layers - 1 ? m->hidden : m->output,
                             m->z[l] + s * out, m->y[l] + s * out, (size_t)out);
        }
    }
    return m->y[m->layers - 1];
}

static int nn__mlp_has_targets(const char *function, const nn_mlp *m, const nn_real *target)
{
    if (!nn__ready(m ? m->ctx : NULL, function)) return 0;
    return (m->n && target) ||
           nn__mistake(m->ctx, function, "needs targets, and nn_mlp_forward before");
}

nn_real nn_mlp_loss(const nn_mlp *m, const nn_real *target)
{
    if (!nn__mlp_has_targets(__func__, m, target)) return (nn_real)NAN;
    const nn__kernels *k = m->ctx->kernels;
    const int top = m->layers - 1, units = m->width[top];
    double loss = 0;
    for (ptrdiff_t s = 0; s < m->n; s++) {
        const nn_real *z = m->z[top] + s * units, *t = target + s * units;
        if (m->output == NN_IDENTITY) loss += (double)k->squared_error((size_t)units, z, t, 1) / 2;
        if (m->output == NN_SIGMOID) loss += (double)k->bce((size_t)units, z, t);
        if (m->output == NN_SOFTMAX) {
            nn_real max;
            const double log_sum =
                (double)k->softmax((size_t)units, z, m->y[top] + s * units, &max);
            for (int j = 0; j < units; j++)
                loss += (double)t[j] * (log_sum + ((double)max - (double)z[j]));
        }
    }
    return (nn_real)(loss / m->n);
}

void nn_mlp_backward(nn_mlp *m, const nn_real *target)
{
    if (!nn__mlp_has_targets(__func__, m, target)) return;
    const int top = m->layers - 1;
    for (ptrdiff_t k = 0; k < (ptrdiff_t)m->n * m->width[top]; k++) /* delta = (y - t) / N */
        m->delta[top][k] = (m->y[top][k] - target[k]) / (nn_real)m->n;
    for (int l = top; l >= 1; l--) {
        const int in = m->width[l - 1], out = m->width[l];
        const nn_real *w = m->weight[l]->data;
        for (ptrdiff_t s = 0; s < m->n; s++) {
            const nn_real *delta = m->delta[l] + s * out, *y = m->y[l - 1] + s * in;
            for (ptrdiff_t j = 0; j < out; j++) { /* dW += delta y^T, db += delta */
                for (ptrdiff_t i = 0; m->weight[l]->grad && i < in; i++)
                    m->weight[l]->grad[j * in + i] += delta[j] * y[i];
                if (m->bias[l]->grad) m->bias[l]->grad[j] += delta[j];
            }
            for (ptrdiff_t i = 0; l > 1 && i < in; i++) { /* delta below = g'(z) (W^T delta) */
                nn_real sum = 0;
                for (ptrdiff_t j = 0; j < out; j++) sum += w[j * in + i] * delta[j];
                m->delta[l - 1][s * in + i] = nn__mlp_slope(m->hidden, y[i]) * sum;
            }
        }
    }
}

#endif
/* ==== Chapter 7: cost functions ======================================================== >>ch07 */
#if NN_CHAPTERS >= 7

/* ---- what all losses share: items, and what becomes of them ---- */

int nn_set_reduction(nn_ctx *nn, int reduction)
{
    if (!nn__ready(nn, __func__)) return 0;
    if (reduction < NN_REDUCE_MEAN || reduction > NN_REDUCE_NONE)
        return nn__mistake(nn, __func__, "%d is no reduction", reduction);
    return nn__exchange(&nn->reduction, reduction);
}

typedef struct nn__loss { /* saved by every loss; behind it lies what its backward needs, too */
    int reduction;
    double sum, count; /* of the items' losses, and of their weights: what divides the sum */
} nn__loss;

static void *nn__kept(const nn_tensor *loss) { return (nn__loss *)loss->saved + 1; }

static nn_tensor *nn__loss_new(const char *function, nn_shape items, nn_tensor *const *in, int n,
                               void (*backward)(nn_tensor *loss), size_t kept_bytes)
{
    const int reduction = in[0]->ctx->reduction;
    nn_tensor *loss = nn_op_new(&function[3], reduction == NN_REDUCE_NONE ? items : nn_shape0(), in,
                                n, backward, sizeof(nn__loss) + kept_bytes);
    ((nn__loss *)loss->saved)->reduction = reduction;
    return loss;
}

static void nn__loss_add(nn_tensor *loss, size_t item, double value, double weight)
{
    nn__loss *s = (nn__loss *)loss->saved;
    s->sum += value;
    s->count += weight;
    if (s->reduction == NN_REDUCE_NONE) loss->data[item] = (nn_real)value;
}

/* `none`: what they all are if no item counts; NULL where each does */
static nn_tensor *nn__loss_done(const char *function, nn_tensor *loss, const char *none)
{
    nn__loss *s = (nn__loss *)loss->saved;
    if (s->count == 0) return nn_fail(loss->ctx, NN_ERROR_ARGUMENT, function, "every %s", none);
    if (s->reduction == NN_REDUCE_SUM) s->count = 1;
    if (s->reduction != NN_REDUCE_NONE) loss->data[0] = (nn_real)(s->sum / s->count);
    return nn_op_done(loss);
}

/* dL / d (loss of the item) */
static nn_real nn__item_grad(const nn_tensor *loss, size_t item)
{
    const nn__loss *s = (const nn__loss *)loss->saved;
    if (s->reduction == NN_REDUCE_NONE) return loss->grad[item];
    return (nn_real)((double)loss->grad[0] / s->count);
}

/* An item's loss is L = f(x); its slope f'(x) was kept for each number of each input, double
 * [n_in, size]: dx += dL f'(x) */
static void nn__elements_backward(nn_tensor *loss)
{
    const double *slope = (const double *)nn__kept(loss);
    for (int j = 0; j < loss->n_in; j++) {
        nn_tensor *x = loss->in[j];
        const size_t each = x->size / loss->size; /* numbers for which there is one loss */
        for (size_t i = 0; i < x->size; i++, slope++)
            if (x->grad) x->grad[i] += (nn_real)((double)nn__item_grad(loss, i / each) * *slope);
    }
}

/* Both are there, and of the same shape. */
static int nn__check_pair(const char *function, nn_tensor *y, nn_tensor *target)
{
    nn_tensor *in[2] = {y, target};
    if (!nn_op_check(function, in, 2)) return 0;
    if (nn_shape_equal(y->shape, target->shape)) return 1;
    nn_fail(y->ctx, NN_ERROR_SHAPE, function, "shapes differ: the prediction is %s, the target %s",
            nn_shape_text(y->ctx, y->shape), nn_shape_text(y->ctx, target->shape));
    return 0;
}

/* ---- numbers: an item is an element ---- */

/* Those that are no kernel are f(y, t), with its slope by y. For each of them f(y, t) = f(t, y).
 * Where something is compared, NaN stays NaN. */
typedef double nn__symmetric(double y, double t, double k, double *slope);

static double nn__mae(double y, double t, double unused, double *slope)
{
    *slope = (y > t) - (y < t);
    return (void)unused, fabs(y - t);
}

static double nn__huber(double y, double t, double delta, double *slope)
{
    const double d = y - t;
    *slope = d > delta ? delta : d < -delta ? -delta : d;
    return fabs(d) <= delta ? d * d / 2 : delta * (fabs(d) - delta / 2);
}

static double nn__hinge(double y, double t, double unused, double *slope)
{
    const double missing = 1 - t * y; /* to a margin of 1 */
    *slope = missing > 0 ? -t : 0;
    return (void)unused, missing <= 0 ? 0 : missing;
}

/* L = (y - t)^2: dy += dL 2 (y - t), dt += the opposite */
static void nn__mse_backward(nn_tensor *loss)
{
    const nn__kernels *k = loss->ctx->kernels;
    nn_tensor *y = loss->in[0], *t = loss->in[1];
    nn_real *difference = nn__temporary(y);
    const size_t step = y->size / loss->size; /* elements that have one loss */
    if (!difference) return;
    k->sub(y->size, y->data, 1, t->data, 1, difference);
    for (size_t i = 0; i < y->size; i += step) {
        const nn_real scale = 2 * nn__item_grad(loss, i);
        if (y->grad) k->axpy(step, scale, difference + i, y->grad + i);
        if (t->grad) k->axpy(step, -scale, difference + i, t->grad + i);
    }
}

/* L = -t log s(z) - (1 - t) log(1 - s(z)), s the sigmoid: dz += dL (s(z) - t), dt += -dL z. An
 * identity with half the squared error, and softmax with cross-entropy, have the same y - t. */
static void nn__bce_with_logits_backward(nn_tensor *loss)
{
    const nn__kernels *k = loss->ctx->kernels;
    nn_tensor *z = loss->in[0], *t = loss->in[1];
    const size_t step = z->size / loss->size;
    for (size_t i = 0; i < z->size; i += step) {
        const nn_real g = nn__item_grad(loss, i);
        if (z->grad) k->bce_backward(step, g, z->data + i, t->data + i, z->grad + i);
        if (t->grad) k->axpy(step, -g, z->data + i, t->grad + i);
    }
}

enum { NN__NUMBERS, NN__PROBABILITIES, NN__SIGNS }; /* what targets may be */

static int nn__check_targets(const char *function, const nn_tensor *target, int kind)
{
    for (size_t i = 0; kind != NN__NUMBERS && i < target->size; i++) {
        const nn_real t = target->data[i];
        if (kind == NN__SIGNS ? t * t == 1 : t >= 0 && t <= 1) continue;
        return nn__mistake(target->ctx, function, "target %zu is %g, not %s", i, (double)t,
                           kind == NN__SIGNS ? "-1 or 1" : "between 0 and 1");
    }
    return 1;
}

/* With f, or NULL where a kernel gives the sum of `step` losses at once. */
static nn_tensor *nn__elements_of(const char *function, nn_tensor *y, nn_tensor *target, int kind,
                                  void (*backward)(nn_tensor *loss), nn__symmetric *f, nn_real k)
{
    nn_tensor *in[2] = {y, target};
    if (!nn__check_pair(function, y, target) || !nn__check_targets(function, target, kind) ||
        !nn__check_positive(y->ctx, function, "delta", k)) return nn_op_failed(in, 2);
    nn_tensor *loss = nn__loss_new(function, y->shape, in, 2, backward,
                                   f ? 2 * y->size * sizeof(double) : 0);
    if (!loss->size) return loss;
    double *dy = (double *)nn__kept(loss), *dt = dy + y->size, value;
    const size_t step = f ? 1 : y->size / loss->size;
    for (size_t i = 0; i < y->size; i += step) {
        const nn_real *a = y->data + i, *b = target->data + i;
        if (f) f((double)*b, (double)*a, (double)k, &dt[i]);
        if (f) value = f((double)*a, (double)*b, (double)k, &dy[i]);
        else if (backward == nn__mse_backward)
            value = (double)y->ctx->kernels->squared_error(step, a, b, 1);
        else value = (double)y->ctx->kernels->bce(step, a, b);
        nn__loss_add(loss, i, value, (double)step);
    }
    return nn__loss_done(function, loss, NULL);
}

nn_tensor *nn_mse(nn_tensor *y, nn_tensor *target)
{
    return nn__elements_of(__func__, y, target, NN__NUMBERS, nn__mse_backward, NULL, 1);
}
nn_tensor *nn_mae(nn_tensor *y, nn_tensor *target)
{
    return nn__elements_of(__func__, y, target, NN__NUMBERS, nn__elements_backward, nn__mae, 1);
}
nn_tensor *nn_huber(nn_tensor *y, nn_tensor *target, nn_real delta)
{
    return nn__elements_of(__func__, y, target, NN__NUMBERS, nn__elements_backward, nn__huber,
                           delta);
}
nn_tensor *nn_bce_with_logits(nn_tensor *z, nn_tensor *target)
{
    return nn__elements_of(__func__, z, target, NN__PROBABILITIES,
                           nn__bce_with_logits_backward, NULL, 1);
}
nn_tensor *nn_hinge(nn_tensor *z, nn_tensor *target)
{
    return nn__elements_of(__func__, z, target, NN__SIGNS, nn__elements_backward, nn__hinge, 1);
}

/* ---- classes: an item is a row ---- */

/* z is [N, C] and the labels fit. */
static int nn__check_classes(const char *function, const nn_tensor *z, const int *labels)
{
    nn_tensor *in = (nn_tensor *)(uintptr_t)z;
    if (!nn_op_check(function, &in, 1)) return 0;
    if (z->shape.ndim != 2)
        return nn_fail(z->ctx, NN_ERROR_SHAPE, function, "z is %s, not [N, C]%s",
                       nn_shape_text(z->ctx, z->shape),
                       z->shape.ndim > 2 ? ": a row for each label, by nn_reshape" : ""), 0;
    return nn__check_labels(z->ctx, function, labels, z->shape.dim[0], z->shape.dim[1]);
}

/* Each row of p [N, C] is a distribution, or all 0. */
static int nn__check_distributions(const char *function, const nn_tensor *p)
{
    if (p->shape.ndim != 2)
        return nn_fail(p->ctx, NN_ERROR_SHAPE, function, "the distributions are %s, not [N, C]",
                       nn_shape_text(p->ctx, p->shape)), 0;
    const size_t c = (size_t)p->shape.dim[1];
    for (size_t i = 0; i < p->size / c; i++) {
        double sum = 0;
        int negative = 0;
        for (size_t j = i * c; j < (i + 1) * c; j++) {
            sum += (double)p->data[j];
            negative |= !(p->data[j] >= 0);
        }
        if (negative || !(sum == 0 || fabs(sum - 1) < 1e-3))
            return nn__mistake(p->ctx, function, "row %zu %s: its sum is %g", i, negative ?
                               "has negative numbers or NaN" : "is no distribution", sum);
    }
    return 1;
}

static int *nn__copy_labels(nn_ctx *nn, const int *labels, size_t n)
{
    int *copy = (int *)nn__alloc(nn, &nn->graph, n, sizeof(int), 0);
    if (copy) memcpy(copy, labels, n * sizeof *labels);
    return copy;
}

typedef struct nn__cross_entropy {
    int *label;       /* [N], or NULL: the target is in[1] */
    nn_real *p;       /* softmax(z), [N, C] */
    double *log_sum;  /* [N]: log sum e^z, so that log p = z - log_sum */
} nn__cross_entropy;

/* L = -sum t log p, p = softmax(z): dz += dL (p sum t - t), dt += -dL log p; t is one-hot(label) or
 * a tensor */
static void nn__cross_entropy_backward(nn_tensor *loss)
{
    const nn__cross_entropy *s = (const nn__cross_entropy *)nn__kept(loss);
    const nn__kernels *k = loss->ctx->kernels;
    nn_tensor *z = loss->in[0], *t = loss->n_in > 1 ? loss->in[1] : NULL;
    const size_t c = (size_t)z->shape.dim[1];
    for (size_t row = 0; row < z->size / c; row++) {
        const size_t i = row * c;
        const nn_real g = nn__item_grad(loss, row);
        if (s->label && s->label[row] < 0) continue;
        if (z->grad) k->axpy(c, t ? g * k->sum(c, t->data + i) : g, s->p + i, z->grad + i);
        if (z->grad && t) k->axpy(c, -g, t->data + i, z->grad + i);
        if (z->grad && !t) z->grad[i + (size_t)s->label[row]] -= g;
        for (size_t j = i; t && t->grad && j < i + c; j++)
            t->grad[j] += (nn_real)((double)g * (s->log_sum[row] - (double)z->data[j]));
    }
}

/* log sum e^(x - max), given p = softmax(x) [c] and max = x[best]: as the log of a rounded sum
 * of 1 and little it would be off by 1e-7 in float. With q the sum of the other p it is -log(1 - q)
 * = 2 artanh(s), a series in s = q / (2 - q), right however small q is; here q < 1/8. */
static double nn__log_rest(const nn__kernels *k, size_t c, nn_real *p, size_t best)
{
    const nn_real largest = p[best];
    double q = 0;
    p[best] = 0;
    if (c > 64) q = (double)k->sum(c, p);
    else for (size_t j = 0; j < c; j++) q += (double)p[j]; /* sooner done than the kernel begins */
    p[best] = largest;
    const double s = q / (2 - q), x = s * s;
    return 2 * s * (1 + x * (1. / 3 + x * (1. / 5 + x * (1. / 7 + x * (1. / 9 + x / 11)))));
}

/* With labels, a target or, for weights, both: then the row counts as much as its class. */
static nn_tensor *nn__cross_entropy_of(const char *function, nn_tensor *z, const int *labels,
                                       nn_tensor *target, const nn_real *class_weight)
{
    nn_ctx *nn = z->ctx;
    nn_tensor *in[2] = {z, target};
    const size_t n = (size_t)z->shape.dim[0], c = (size_t)z->shape.dim[1];
    nn_tensor *loss = nn__loss_new(function, nn_shape1(z->shape.dim[0]), in, target ? 2 : 1,
                                   nn__cross_entropy_backward, sizeof(nn__cross_entropy));
    if (!loss->size) return loss;
    nn__cross_entropy *s = (nn__cross_entropy *)nn__kept(loss);
    s->label = labels ? nn__copy_labels(nn, labels, n) : NULL;
    s->p = nn__reals(nn, &nn->graph, n * c);
    s->log_sum = (double *)nn__alloc(nn, &nn->graph, n, sizeof(double), 0);
    if (nn->code != NN_OK) return &nn->failed;
    for (size_t row = 0; row < n; row++) {
        const nn_real *x = z->data + row * c, *t = target ? target->data + row * c : NULL;
        nn_real max;
        double rest = (double)nn->kernels->softmax(c, x, s->p + row * c, &max), sum = 0, weight = 0;
        size_t best = labels && labels[row] >= 0 && x[labels[row]] == max ? (size_t)labels[row] : 0;
        if (rest < 0.11) { /* so there is one largest: the label, if all is well */
            while (x[best] < max) best++;
            rest = nn__log_rest(nn->kernels, c, s->p + row * c, best);
        }
        for (size_t j = 0; t && j < c; j++) {
            if (t[j] > 0) sum += (double)t[j] * (rest + ((double)max - (double)x[j]));
            weight += (double)t[j];
        }
        if (labels) weight = labels[row] >= 0;
        if (weight > 0) weight = class_weight ? (double)class_weight[labels[row]] : 1;
        if (!t && weight > 0) sum = rest + ((double)max - (double)x[labels[row]]);
        s->log_sum[row] = rest + (double)max;
        nn__loss_add(loss, row, sum, weight);
    }
    return nn__loss_done(function, loss, labels ? "label is -1" : "row is 0");
}

nn_tensor *nn_cross_entropy(nn_tensor *z, const int *labels)
{
    if (!nn__check_classes(__func__, z, labels)) return nn_op_failed(&z, 1);
    return nn__cross_entropy_of(__func__, z, labels, NULL, NULL);
}

nn_tensor *nn_cross_entropy_weighted(nn_tensor *z, const int *labels, const nn_real *class_weight,
                                     nn_real smoothing)
{
    if (!nn__check_classes(__func__, z, labels)) return nn_op_failed(&z, 1);
    nn_ctx *nn = z->ctx;
    const int n = z->shape.dim[0], c = z->shape.dim[1];
    if (!nn__check_part(nn, __func__, "smoothing", smoothing)) return &nn->failed;
    for (int j = 0; class_weight && j < c; j++)
        if (!nn__check_positive(nn, __func__, "a class's weight", class_weight[j]))
            return &nn->failed;
    nn_tensor *t = nn_one_hot(nn, labels, n, c);
    for (size_t i = 0; i < t->size; i++) { /* w ((1 - smoothing) onehot + smoothing / C) */
        const nn_real share = labels[i / (size_t)c] < 0 ? 0 : smoothing / (nn_real)c;
        t->data[i] = ((1 - smoothing) * t->data[i] + share) *
                     (class_weight ? class_weight[i % (size_t)c] : 1);
    }
    return t->size ? nn__cross_entropy_of(__func__, z, labels, t, class_weight) : t;
}

/* nn_cross_entropy_soft, in the name of `function` */
static nn_tensor *nn__cross_entropy_with(const char *function, nn_tensor *z, nn_tensor *target)
{
    nn_tensor *in[2] = {z, target};
    if (!nn__check_pair(function, z, target) || !nn__check_distributions(function, target))
        return nn_op_failed(in, 2);
    return nn__cross_entropy_of(function, z, NULL, target, NULL);
}

nn_tensor *nn_cross_entropy_soft(nn_tensor *z, nn_tensor *target)
{
    return nn__cross_entropy_with(__func__, z, target);
}

/* H = -sum p log p: dp += -dH (log p + 1); where p is 0 the slope is infinite and counts as 0 */
static void nn__entropy_backward(nn_tensor *h) { nn__elements_backward(h); }

nn_tensor *nn_entropy(nn_tensor *p)
{
    if (!nn_op_check(__func__, &p, 1) || !nn__check_distributions(__func__, p))
        return nn_op_failed(&p, 1);
    nn_ctx *nn = p->ctx;
    const size_t c = (size_t)p->shape.dim[1];
    nn_tensor *h = nn__loss_new(__func__, nn_shape1(p->shape.dim[0]), &p, 1,
                                nn__entropy_backward, p->size * sizeof(double));
    nn_real *log_p = h->size ? nn__scratch(nn, p->size) : NULL;
    if (!log_p) return &nn->failed;
    double *slope = (double *)nn__kept(h);
    nn->kernels->log(p->size, p->data, log_p);
    for (size_t row = 0; row < p->size / c; row++) {
        double sum = 0;
        int counts = 0;
        for (size_t i = row * c; i < (row + 1) * c; i++) {
            if (!(p->data[i] > 0)) continue;
            sum -= (double)p->data[i] * (double)log_p[i];
            slope[i] = (double)-(log_p[i] + 1);
            counts = 1;
        }
        nn__loss_add(h, row, sum, counts);
    }
    return nn__loss_done(__func__, h, "row is 0");
}

nn_tensor *nn_kl_div(nn_tensor *z, nn_tensor *target)
{
    nn_tensor *h = nn__cross_entropy_with(__func__, z, target);
    if (!h || !h->size) return h;
    nn_tensor *kl = nn_sub(h, nn_entropy(target));
    if (kl->size) kl->op = "kl_div";
    return kl;
}

/* L = 1 + z[rival] - z[label], or 0: dz[rival] += dL, dz[label] -= dL, or nothing */
static void nn__multiclass_hinge_backward(nn_tensor *loss) { nn__elements_backward(loss); }

nn_tensor *nn_multiclass_hinge(nn_tensor *z, const int *labels)
{
    if (!nn__check_classes(__func__, z, labels)) return nn_op_failed(&z, 1);
    nn_ctx *nn = z->ctx;
    const int n = z->shape.dim[0], c = z->shape.dim[1];
    if (c < 2) return nn_fail(nn, NN_ERROR_SHAPE, __func__, "one class has no rival: z is %s",
                              nn_shape_text(nn, z->shape));
    nn_tensor *loss = nn__loss_new(__func__, nn_shape1(n), &z, 1, nn__multiclass_hinge_backward,
                                   z->size * sizeof(double));
    if (!loss->size) return loss;
    double *slope = (double *)nn__kept(loss); /* of zeros */
    for (int i = 0; i < n; i++, slope += c) {
        const nn_real *row = z->data + (ptrdiff_t)i * c;
        const int label = labels[i];
        int rival = label == 0;
        for (int j = rival + 1; j < c; j++)
            if (j != label && row[j] > row[rival]) rival = j;
        const double missing = label < 0 ? 0 : 1 + ((double)row[rival] - (double)row[label]);
        if (missing > 0) slope[rival] = 1, slope[label] = -1;
        nn__loss_add(loss, (size_t)i, missing <= 0 ? 0 : missing, label >= 0);
    }
    return nn__loss_done(__func__, loss, "label is -1");
}

/* ---- embeddings: an item is a pair or a triple of rows ---- */

/* |a - b|^2 / 2 in this row: da += k (a - b), db += the opposite */
static void nn__pull(nn_tensor *a, nn_tensor *b, size_t row, nn_real k)
{
    const size_t d = (size_t)a->shape.dim[1];
    for (size_t i = row * d; k != 0 && i < (row + 1) * d; i++) {
        const nn_real pull = k * (a->data[i] - b->data[i]);
        if (a->grad) a->grad[i] += pull;
        if (b->grad) b->grad[i] -= pull;
    }
}

/* What the first two rows pull each other with was kept, for
 * triplet: L = |a - p|^2 - |a - n|^2 + margin, or 0: pull = 2, and n is pushed as much
 * contrastive: L = d^2 / 2: pull = 1; or (margin - d)^2 / 2: pull = 1 - margin / d < 0 */
static void nn__distances_backward(nn_tensor *loss)
{
    nn_tensor **in = loss->in;
    const nn_real *pull = (const nn_real *)nn__kept(loss);
    for (size_t i = 0; i < (size_t)in[0]->shape.dim[0]; i++) {
        const nn_real k = nn__item_grad(loss, i) * pull[i];
        nn__pull(in[0], in[1], i, k);
        if (loss->n_in == 3) nn__pull(in[0], in[2], i, -k);
    }
}

static int nn__check_same(nn_ctx *nn, const char *function, const int *same, int n)
{
    if (!same) return nn__mistake(nn, function, "same is NULL");
    for (int i = 0; i < n; i++)
        if (same[i] < -1 || same[i] > 1)
            return nn__mistake(nn, function, "same[%d] is %d, not 1, 0 or, for none, -1", i,
                               same[i]);
    return 1;
}

/* in: the n = 3 of a triplet, or the 2 of a pair with `same` */
static nn_tensor *nn__distances_of(const char *function, nn_tensor *const *in, int n,
                                   const int *same, nn_real margin)
{
    if (!nn_op_check(function, in, n)) return nn_op_failed(in, n);
    nn_ctx *nn = in[0]->ctx;
    for (int i = 0; i < n; i++)
        if (in[i]->shape.ndim != 2 || !nn_shape_equal(in[0]->shape, in[i]->shape))
            return nn_fail(nn, NN_ERROR_SHAPE, function,
                           "embeddings are [N, D], the same for all; they are %s and %s",
                           nn_shape_text(nn, in[0]->shape), nn_shape_text(nn, in[i]->shape));
    const size_t rows = (size_t)in[0]->shape.dim[0], d = (size_t)in[0]->shape.dim[1];
    if (!nn__check_positive(nn, function, "margin", margin) ||
        (n == 2 && !nn__check_same(nn, function, same, (int)rows)))
        return &nn->failed;
    nn_tensor *loss = nn__loss_new(function, nn_shape1((int)rows), in, n, nn__distances_backward,
                                   rows * sizeof(nn_real));
    nn_real *pulls = (nn_real *)nn__kept(loss);
    for (size_t i = 0; loss->size && i < rows; i++) {
        double squared[2] = {0, 0}, value, pull;
        for (int j = 1; j < n; j++)
            squared[j - 1] = (double)nn->kernels->squared_error(d, in[0]->data + i * d,
                                                                in[j]->data + i * d, 1);
        const double distance = sqrt(squared[0]), gap = (double)margin - distance;
        if (n == 3) value = squared[0] - squared[1] + (double)margin, pull = 2;
        else if (same[i] == 1) value = squared[0] / 2, pull = 1;
        else value = gap <= 0 ? 0 : gap * gap / 2, pull = distance > 0 ? -gap / distance : 0;
        const int counts = n == 3 || same[i] >= 0;
        if (!counts || value <= 0) value = pull = 0;
        pulls[i] = (nn_real)pull;
        nn__loss_add(loss, i, value, counts);
    }
    return loss->size ? nn__loss_done(function, loss, "same is -1") : loss;
}

nn_tensor *nn_triplet(nn_tensor *a, nn_tensor *p, nn_tensor *n, nn_real margin)
{
    nn_tensor *in[3] = {a, p, n};
    return nn__distances_of(__func__, in, 3, NULL, margin);
}

nn_tensor *nn_contrastive(nn_tensor *a, nn_tensor *b, const int *same, nn_real margin)
{
    nn_tensor *in[2] = {a, b};
    return nn__distances_of(__func__, in, 2, same, margin);
}

/* ---- connectionist temporal classification: an item is a sequence ---- */

static int nn__ctc_check(const char *function, const nn_tensor *z, const int *frames, int blank)
{
    nn_tensor *in = (nn_tensor *)(uintptr_t)z;
    if (!nn_op_check(function, &in, 1)) return 0;
    if (z->shape.ndim != 3)
        return nn_fail(z->ctx, NN_ERROR_SHAPE, function, "z is %s, not [N, T, C]",
                       nn_shape_text(z->ctx, z->shape)), 0;
    if (blank < 0 || blank >= z->shape.dim[2])
        return nn__mistake(z->ctx, function, "blank is %d, but there are %d classes", blank,
                           z->shape.dim[2]);
    for (int i = 0; frames && i < z->shape.dim[0]; i++)
        if (frames[i] < 1 || frames[i] > z->shape.dim[1])
            return nn__mistake(z->ctx, function, "frames[%d] is %d, but z is %s", i, frames[i],
                               nn_shape_text(z->ctx, z->shape));
    return 1;
}

/* Sequence i has labels[0 .. length-1]; gives length, or -1 if they are wrong. */
static int nn__ctc_length(const nn_tensor *z, int i, int frames, const int *labels, int most,
                          int blank)
{
    int length = 0, needed = 0;
    for (; length < most && labels[length] != -1; length++) {
        const int label = labels[length];
        if (label < 0 || label >= z->shape.dim[2] || label == blank)
            return nn__mistake(z->ctx, "nn_ctc", "label %d of sequence %d is %d: there are %d "
                               "classes, of which %d is the blank", length, i, label,
                               z->shape.dim[2], blank) - 1;
        needed += 1 + (length > 0 && label == labels[length - 1]);
    }
    if (needed > frames)
        return nn__mistake(z->ctx, "nn_ctc", "the %d labels of sequence %d need %d frames, it has "
                           "%d", length, i, needed, frames) - 1;
    return length;
}

/* The labels with blanks around them are the states 0 .. 2 length. a[t, s] becomes the logarithm of
 * the sum over all ways to reach state s at frame t, e[t, s] being the log probability of the
 * state's class there: alpha of Graves et al. 2006. A way stays, goes on, or leaves out the blank
 * between two different labels. With back = 1 it is beta: all ways from there to the end. A sum is
 * top + log(e^(a - top) + ..), where nothing overflows; w has room for 4 numbers a state. */
static void nn__ctc_sweep(const nn__kernels *k, int frames, int states, const int *path,
                          const double *e, double *a, int back, nn_real *w)
{
    const ptrdiff_t step = back ? -1 : 1;
    const size_t n = (size_t)states;
    for (ptrdiff_t i = 0; i < frames; i++) {
        const ptrdiff_t t = back ? frames - 1 - i : i;
        double *now = a + t * states;
        const double *before = now - step * states;
        for (ptrdiff_t j = 0; j < states; j++) {
            const ptrdiff_t s = back ? states - 1 - j : j;
            double from[3] = {j < 2 ? 0 : -1e30, -1e30, -1e30}; /* first frame: log 1 or log 0 */
            if (i > 0) from[0] = before[s];
            if (i > 0 && j > 0) from[1] = before[s - step];
            if (i > 0 && j > 1 && s % 2 && path[s] != path[s - 2 * step])
                from[2] = before[s - 2 * step];
            double top = from[0] > from[1] ? from[0] : from[1];
            top = top > from[2] ? top : from[2];
            for (int m = 0; m < 3; m++) w[m * states + s] = (nn_real)(from[m] - top);
            now[s] = top + e[t * states + s];
        }
        k->exp(3 * n, w, w);
        for (size_t s = 0; s < n; s++) w[3 * n + s] = w[s] + w[n + s] + w[2 * n + s];
        k->log(n, w + 3 * n, w + 3 * n);
        for (size_t s = 0; s < n; s++) now[s] += (double)w[3 * n + s];
    }
}

/* One sequence. x [frames, C] logits; slope [frames, C] becomes d loss / dx = softmax(x) - (the
 * probability that an alignment is in a state of that class), if slopes are wanted. */
static double nn__ctc_sequence(const nn_tensor *z, const nn_real *x, int frames, const int *labels,
                               int length, int blank, nn_real *slope, int want_slopes)
{
    nn_ctx *nn = z->ctx;
    const nn__kernels *k = nn->kernels;
    const int states = 2 * length + 1, c = z->shape.dim[2];
    const size_t row = (size_t)states * sizeof(double);
    double *e = (double *)nn__alloc(nn, &nn->graph, (size_t)frames, row, 0);
    double *alpha = (double *)nn__alloc(nn, &nn->graph, (size_t)frames, row, 0);
    double *beta = (double *)nn__alloc(nn, &nn->graph, (size_t)frames, row, 0);
    nn_real *w = nn__reals(nn, &nn->graph, 5 * (size_t)states), max, log_sum;
    int *path = (int *)nn__alloc(nn, &nn->graph, (size_t)states, sizeof(int), 0);
    if (nn->code != NN_OK) return 0;
    nn_real *p = w + 4 * states;
    for (int s = 0; s < states; s++) path[s] = s % 2 ? labels[s / 2] : blank;
    for (ptrdiff_t t = 0; t < frames; t++) {
        const double rest = (double)k->softmax((size_t)c, x + t * c, slope + t * c, &max);
        for (int s = 0; s < states; s++)
            e[t * states + s] = ((double)x[t * c + path[s]] - (double)max) - rest;
    }
    nn__ctc_sweep(k, frames, states, path, e, alpha, 0, w);
    if (want_slopes) nn__ctc_sweep(k, frames, states, path, e, beta, 1, w);
    for (ptrdiff_t t = 0; want_slopes && t < frames; t++) {
        double *through = beta + t * states, top; /* both hold e: all ways through s at t */
        for (int s = 0; s < states; s++) through[s] += alpha[t * states + s] - e[t * states + s];
        top = through[0];
        for (int s = 1; s < states; s++) top = through[s] > top ? through[s] : top;
        for (int s = 0; s < states; s++) w[s] = (nn_real)(through[s] - top);
        k->softmax((size_t)states, w, p, &max);
        for (int s = 0; s < states; s++) slope[t * c + path[s]] -= p[s];
    }
    const double *end = alpha + (ptrdiff_t)frames * states - 1; /* the last blank, the last label */
    const double top = length && end[-1] > end[0] ? end[-1] : end[0];
    w[0] = (nn_real)(end[0] - top);
    w[1] = length ? (nn_real)(end[-1] - top) : 0;
    log_sum = k->softmax(length ? 2 : 1, w, p, &max);
    return -(top + ((double)max + (double)log_sum));
}

static void nn__ctc_backward(nn_tensor *loss) /* dz += dL slope [N, T, C], which was kept */
{
    nn_tensor *z = loss->in[0];
    const size_t each = z->size / loss->size; /* numbers for which there is one loss */
    const nn_real *slope = (const nn_real *)nn__kept(loss);
    for (size_t i = 0; i < loss->size; i++)
        loss->ctx->kernels->axpy(each, nn__item_grad(loss, i), slope + i * each,
                                 z->grad + i * each);
}

nn_tensor *nn_ctc(nn_tensor *z, const int *frames, const int *labels, int most, int blank)
{
    if (!nn__ctc_check(__func__, z, frames, blank)) return nn_op_failed(&z, 1);
    nn_ctx *nn = z->ctx;
    if (!labels || most < 1)
        return nn_fail(nn, NN_ERROR_ARGUMENT, __func__,
                       labels ? "most is %d, not 1 or more" : "labels is NULL", most);
    const size_t size = nn__span(z->shape, 1, 3);
    nn_tensor *loss = nn__loss_new(__func__, nn_shape1(z->shape.dim[0]), &z, 1, nn__ctc_backward,
                                   z->size * sizeof(nn_real));
    nn_real *slope = (nn_real *)nn__kept(loss); /* of zeros */
    for (int i = 0; i < z->shape.dim[0] && nn->code == NN_OK; i++, labels += most) {
        const int t = frames ? frames[i] : z->shape.dim[1];
        const int length = nn__ctc_length(z, i, t, labels, most, blank);
        if (length < 0) break;
        const nn__mark temporaries = nn__arena_mark(&nn->graph);
        const size_t start = (size_t)i * size;
        nn__loss_add(loss, (size_t)i, nn__ctc_sequence(z, z->data + start, t, labels, length, blank,
                                                       slope + start, loss->requires_grad), 1);
        nn__arena_rewind(&nn->graph, temporaries);
    }
    return nn->code == NN_OK ? nn__loss_done(__func__, loss, NULL) : &nn->failed;
}

typedef struct nn__beam { /* a prefix: text[length], and then, if it is not -1, the label next */
    const int *text;
    int length, next;
    double p_blank, p_label; /* of its alignments that end with the blank, with the last label */
} nn__beam;

/* The prefixes after one more frame, of probabilities p [C]: each stays, or grows by a label. What
 * grows into a prefix that is there already is added to it. Gives how many candidates. */
static int nn__ctc_grow(const nn__beam *beam, int n, const nn_real *p, int c, int blank,
                        nn__beam *candidate)
{
    int count = n;
    for (int i = 0; i < n; i++) {
        const nn__beam *b = &beam[i];
        candidate[i] = *b;
        candidate[i].p_blank = (b->p_blank + b->p_label) * (double)p[blank];
        candidate[i].p_label = b->length ? b->p_label * (double)p[b->text[b->length - 1]] : 0;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < c; j++) {
            nn__beam grown = beam[i];
            const int length = grown.length, again = length && grown.text[length - 1] == j;
            grown.next = j;
            grown.p_label = (grown.p_blank + (again ? 0 : grown.p_label)) * (double)p[j];
            grown.p_blank = 0;
            if (j == blank) continue;
            int to = 0; /* the same text among those that stay? */
            while (to < n && (beam[to].length != length + 1 || beam[to].text[length] != j ||
                              memcmp(beam[to].text, grown.text, (size_t)length * sizeof(int)) != 0))
                to++;
            if (to < n) candidate[to].p_label += grown.p_label;
            else candidate[count++] = grown;
        }
    return count;
}

/* The labels of one sequence x [frames, C] by `beams` prefixes; gives how many. */
static int nn__ctc_search(nn_ctx *nn, const nn_real *x, int frames, int c, int blank, int beams,
                          int *labels)
{
    const size_t size = (size_t)beams;
    nn_real *p = nn__reals(nn, &nn->graph, (size_t)c), max;
    int *text = (int *)nn__alloc(nn, &nn->graph, (size_t)frames, 2 * size * sizeof *text, 0);
    nn__beam *beam = (nn__beam *)nn__alloc(nn, &nn->graph, size, sizeof *beam, 0);
    nn__beam *candidate =
        (nn__beam *)nn__alloc(nn, &nn->graph, (size_t)c, size * sizeof *candidate, 0);
    if (nn->code != NN_OK) return 0;
    const nn__beam start = {text, 0, -1, 1, 0}; /* the empty prefix */
    int n = 1;
    beam[0] = start;
    for (ptrdiff_t t = 0; t < frames; t++) {
        nn->kernels->softmax((size_t)c, x + t * c, p, &max);
        const int count = nn__ctc_grow(beam, n, p, c, blank, candidate);
        double largest = 0;
        for (n = 0; n < beams && n < count; n++) { /* the best of the rest, n = 0, 1, .. */
            int best = n;
            for (int i = n + 1; i < count; i++)
                if (candidate[i].p_blank + candidate[i].p_label >
                    candidate[best].p_blank + candidate[best].p_label) best = i;
            nn__beam b = candidate[best];
            candidate[best] = candidate[n];
            if (n == 0) largest = b.p_blank + b.p_label;
            int *copy = text + (t % 2 ? 0 : (ptrdiff_t)beams * frames) + (ptrdiff_t)n * frames;
            memcpy(copy, b.text, (size_t)b.length * sizeof *copy);
            if (b.next >= 0) copy[b.length++] = b.next;
            b.text = copy;
            b.next = -1;
            b.p_blank /= largest; /* so that the best of products never becomes 0 */
            b.p_label /= largest;
            beam[n] = b;
        }
    }
    memcpy(labels, beam[0].text, (size_t)beam[0].length * sizeof *labels);
    return beam[0].length;
}

void nn_ctc_decode(const nn_tensor *z, const int *frames, int blank, int beams, int *labels)
{
    if (!nn__ctc_check(__func__, z, frames, blank)) return;
    if (!labels || beams < 0 || beams > NN_MAX_BEAMS) {
        nn__mistake(z->ctx, __func__, labels ? "beams is %d, not 0 to %d" : "labels is NULL",
                    beams, NN_MAX_BEAMS);
        return;
    }
    const int most = z->shape.dim[1], c = z->shape.dim[2];
    const nn__mark temporaries = nn__arena_mark(&z->ctx->graph);
    for (int i = 0; i < z->shape.dim[0]; i++, labels += most) {
        const nn_real *x = z->data + (size_t)i * nn__span(z->shape, 1, 3);
        const int n = frames ? frames[i] : most;
        int length = 0, last = blank;
        if (beams) length = nn__ctc_search(z->ctx, x, n, c, blank, beams, labels);
        for (ptrdiff_t t = 0; !beams && t < n; t++) {
            const int best = nn__largest_of(x + t * c, c);
            if (best != last && best != blank) labels[length++] = best;
            last = best;
        }
        while (length < most) labels[length++] = -1;
        nn__arena_rewind(&z->ctx->graph, temporaries);
    }
}

int nn_count_correct(const nn_tensor *z, const int *labels)
{
    if (!nn__check_classes(__func__, z, labels)) return 0;
    const int c = z->shape.dim[1];
    int correct = 0;
    for (ptrdiff_t i = 0; i < z->shape.dim[0]; i++)
        correct += nn__largest_of(z->data + i * c, c) == labels[i];
    return correct;
}

#endif
/* ==== Chapter 8: overfitting and regularisation ======================================== >>ch08 */
#if NN_CHAPTERS >= 8

/* ---- small weights ---- */

typedef struct nn__gamma {
    nn_real gamma;
    int squares;
} nn__gamma;

/* y = gamma / 2 sum w^2: dw += dy gamma w; y = gamma sum |w|: dw += dy gamma sign w */
static void nn__penalty_backward(nn_tensor *y)
{
    const nn__gamma *s = (const nn__gamma *)y->saved;
    const nn_real g = y->grad[0] * s->gamma;
    for (int i = 0; i < y->n_in; i++) {
        nn_tensor *w = y->in[i];
        if (s->squares) y->ctx->kernels->axpy(w->size, g, w->data, w->grad);
        for (size_t j = 0; !s->squares && j < w->size; j++)
            w->grad[j] += g * (nn_real)((w->data[j] > 0) - (w->data[j] < 0));
    }
}

static nn_tensor *nn__penalty(const char *function, nn_model *model, nn_real gamma, int squares)
{
    if (!nn__given(model, function)) return NULL;
    nn_ctx *nn = model->ctx;
    if (nn->code != NN_OK || !nn__check_not_negative(nn, function, "gamma", gamma))
        return &nn->failed;
    const size_t most = (size_t)model->n_params + 1; /* of nothing there is no array */
    nn_tensor **w = (nn_tensor **)nn__alloc(nn, &nn->graph, most, sizeof *w, 0);
    double sum = 0;
    int n = 0;
    for (int i = 0; w && i < model->n_params; i++) {
        nn_tensor *p = model->param[i];
        if (!nn__is_weight(p)) continue;
        w[n++] = p;
        if (squares) sum += (double)nn->kernels->dot(p->size, p->data, p->data) / 2;
        for (size_t j = 0; !squares && j < p->size; j++) sum += fabs((double)p->data[j]);
    }
    if (!n) return nn__mistake(nn, function, "the model has no weights"), &nn->failed;
    nn_tensor *y = nn_op_new(&function[3], nn_shape0(), w, n, nn__penalty_backward,
                             sizeof(nn__gamma));
    const nn__gamma s = {gamma, squares};
    *(nn__gamma *)y->saved = s;
    if (y->size) y->data[0] = (nn_real)((double)gamma * sum);
    return nn_op_done(y);
}

nn_tensor *nn_l2_penalty(nn_model *model, nn_real gamma)
{
    return nn__penalty(__func__, model, gamma, 1);
}
nn_tensor *nn_l1_penalty(nn_model *model, nn_real gamma)
{
    return nn__penalty(__func__, model, gamma, 0);
}

void nn_soft_threshold(nn_model *model, nn_real amount) /* w = sign(w) max(0, |w| - amount) */
{
    if (!nn__ready(model ? model->ctx : NULL, __func__)) return;
    if (!nn__check_not_negative(model->ctx, __func__, "amount", amount)) return;
    for (int i = 0; i < model->n_params; i++) {
        nn_tensor *w = model->param[i];
        for (size_t j = 0; nn__is_weight(w) && j < w->size; j++)
            if (w->data[j] > amount) w->data[j] -= amount;
            else if (w->data[j] < -amount) w->data[j] += amount;
            else if (w->data[j] == w->data[j]) w->data[j] = 0; /* NaN stays NaN */
    }
}

/* ---- chance ---- */

static void nn__dropout_backward(nn_tensor *y) /* y = mask x: dx += dy mask, the same mask */
{
    y->ctx->kernels->mul_add(y->size, y->grad, (const nn_real *)y->saved, y->in[0]->grad);
}

/* In training y = mask x, mask being 0 with probability p, else kept; otherwise y = tested x. */
static nn_tensor *nn__drop(const char *function, nn_tensor *x, nn_real p, nn_real kept,
                           nn_real tested)
{
    if (!nn_op_check(function, &x, 1)) return nn_op_failed(&x, 1);
    nn_ctx *nn = x->ctx;
    if (!nn__check_part(nn, function, "p", p)) return &nn->failed;
    if (!nn->training) return tested < 1 ? nn_scale(x, tested) : x;
    nn_tensor *y = nn_op_new(&function[3], x->shape, &x, 1, nn__dropout_backward,
                             x->size * sizeof *x->data);
    nn_real *mask = (nn_real *)y->saved;
    for (size_t i = 0; i < y->size; i++) mask[i] = (nn_real)nn__unit(nn) < p ? 0 : kept;
    nn->kernels->mul(y->size, x->data, 1, mask, 1, y->data);
    return nn_op_done(y);
}

nn_tensor *nn_dropout(nn_tensor *x, nn_real p)
{
    return nn__drop(__func__, x, p, 1 / (1 - p), 1);
}
nn_tensor *nn_dropout_standard(nn_tensor *x, nn_real p)
{
    return nn__drop(__func__, x, p, 1, 1 - p);
}

nn_tensor *nn_salt_and_pepper(nn_tensor *x, nn_real p, nn_real low, nn_real high)
{
    nn_tensor *y = nn__drop(__func__, x, p, 1, 1);
    if (y == x) return y; /* evaluation */
    const nn_real *mask = (const nn_real *)y->saved;
    for (size_t i = 0; i < y->size; i++)
        if (!(mask[i] > 0)) y->data[i] = nn_random(y->ctx) >> 63 ? high : low;
    return y;
}

nn_tensor *nn_noise(nn_tensor *x, nn_real std)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    if (!nn__check_not_negative(x->ctx, __func__, "std", std)) return &x->ctx->failed;
    return x->ctx->training ? nn_add(x, nn_scale(nn_randn(x->ctx, x->shape), std)) : x;
}

/* ---- when to stop, which to choose ---- */

nn_early_stopping nn_early_stopping_new(nn_model *model, int patience, nn_real min_delta)
{
    nn_ctx *nn = model ? model->ctx : NULL;
    nn_early_stopping s = {nn, model, patience, min_delta, (nn_real)HUGE_VAL, 0, 0, NULL, 0};
    if (!nn__ready(nn, __func__)) return s;
    s.size = nn_model_size(model);
    if (patience < 1) nn__mistake(nn, __func__, "patience is %d, below 1", patience);
    else if (!s.size) nn__mistake(nn, __func__, "the model has no parameters");
    else if (nn__check_not_negative(nn, __func__, "min_delta", min_delta))
        s.weights = nn__reals(nn, &nn->keep, s.size);
    if (s.weights) nn_model_get(model, s.weights);
    return s;
}

int nn_early_stop(nn_early_stopping *s, nn_real validation_loss)
{
    if (!nn__ready(s ? s->ctx : NULL, __func__)) return 1;
    if (!s->weights || s->size != nn_model_size(s->model))
        return !nn__mistake(s->ctx, __func__, s->weights ? "the model has grown since"
                            : "argument 1 is the result of a failed call");
    s->epoch++;
    if (validation_loss < s->best - s->min_delta) {
        s->best = validation_loss;
        s->best_epoch = s->epoch;
        nn_model_get(s->model, s->weights);
    }
    return s->epoch - s->best_epoch >= s->patience;
}

nn_prechelt nn_prechelt_criteria(const nn_real *training, const nn_real *validation, int n,
                                 int strip)
{
    nn_prechelt c = {0, 0, 0, 0};
    if (!nn__given(training && validation ? training : NULL, __func__)) return c;
    if (strip < 1) return nn__mistake(NULL, __func__, "a strip of %d epochs", strip), c;
    if (n < strip) return c;
    n -= n % strip;
    double lowest = (double)validation[0], least = (double)training[n - 1], sum = 0;
    for (int t = 0; t < n; t++) lowest = fmin(lowest, (double)validation[t]);
    for (int t = n - strip; t < n; t++) {
        least = fmin(least, (double)training[t]);
        sum += (double)training[t];
    }
    c.generalization_loss = 100 * ((double)validation[n - 1] / lowest - 1);
    c.progress = 1000 * (sum / (strip * least) - 1);
    c.quotient = c.generalization_loss / c.progress;
    for (int t = n - 1; t >= strip && validation[t] > validation[t - strip]; t -= strip) c.rises++;
    return c;
}

int nn_one_standard_error(const nn_real *losses, int models, int k)
{
    if (!nn__given(losses, __func__)) return 0;
    if (models < 1 || k < 2)
        return nn__mistake(NULL, __func__, "%d models, %d folds", models, k);
    double limit = HUGE_VAL, lowest = HUGE_VAL;
    for (int pass = 0; pass < 2; pass++) /* the limit; then the first model that keeps it */
        for (int m = 0; m < models; m++) {
            const nn_real *loss = losses + (ptrdiff_t)m * k;
            double mean = 0, squares = 0;
            for (int i = 0; i < k; i++) mean += (double)loss[i] / k;
            for (int i = 0; i < k; i++) squares += nn__square((double)loss[i] - mean);
            if (pass == 1 && mean <= limit) return m;
            if (pass == 1 || !(mean < lowest)) continue;
            lowest = mean;
            limit = mean + sqrt(squares / (k - 1) / k);
        }
    return nn__mistake(NULL, __func__, "no mean is finite");
}

/* ---- batch normalisation ---- */

/* x as runs of numbers: in [N, C, H, W] a run is a channel of a sample, in [N, C] a sample with a
 * number of each channel. The first channel of run r is r % blocks. */
typedef struct nn__channels {
    size_t runs, blocks, run;
    int each; /* 1: a run has one number of each channel, 0: all are of one */
} nn__channels;

static nn__channels nn__channels_of(nn_shape s)
{
    const size_t n = (size_t)s.dim[0], c = (size_t)s.dim[1], inner = nn__span(s, 2, s.ndim);
    const nn__channels parts = {n * c, c, inner, 0}, wholes = {n, 1, c, 1};
    return inner == 1 ? wholes : parts;
}

/* sum += a b in each channel of a run; b NULL: += a */
static void nn__channel_sum(const nn__kernels *k, nn__channels v, const nn_real *a,
                            const nn_real *b, nn_real *sum)
{
    if (v.each && b) k->mul_add(v.run, a, b, sum);
    else if (v.each) k->axpy(v.run, 1, a, sum);
    else *sum += b ? k->dot(v.run, a, b) : k->sum(v.run, a);
}

/* With z = (x - mean) scale, scale = 1 / sqrt(var + eps), y = w z + b, sums and means over the M
 * numbers of a channel: db += sum dy, dw += sum dy z, and
 * dx += w scale (dy - mean dy - z mean(dy z)), without the means where the statistics are fixed. */
static void nn__batch_norm_backward(nn_tensor *y)
{
    nn_tensor *x = y->in[0], *w = y->in[1], *b = y->in[2];
    const nn__kernels *k = y->ctx->kernels;
    const nn__channels v = nn__channels_of(x->shape);
    const size_t c = w->size;
    const nn_real *mean = (const nn_real *)y->saved, *scale = mean + c, share = scale[c];
    nn_real *t = nn__reals(y->ctx, &y->ctx->graph, v.run);
    nn_real *sum = (nn_real *)nn__alloc(y->ctx, &y->ctx->graph, 3 * c, sizeof *sum, 1);
    if (!t || !sum) return;
    nn_real *dot = sum + c, *factor = dot + c;
    for (size_t r = 0; r < v.runs; r++) {
        const size_t at = r * v.run, j = r % v.blocks;
        k->sub(v.run, x->data + at, 1, mean + j, v.each, t);
        nn__channel_sum(k, v, y->grad + at, NULL, sum + j);
        nn__channel_sum(k, v, y->grad + at, t, dot + j);
    }
    for (size_t j = 0; j < c; j++) {
        dot[j] *= scale[j];
        if (b->grad) b->grad[j] += sum[j];
        if (w->grad) w->grad[j] += dot[j];
        sum[j] *= share;
        dot[j] *= share * scale[j];
        factor[j] = w->data[j] * scale[j];
    }
    for (size_t r = 0; x->grad && r < v.runs; r++) {
        const size_t at = r * v.run, j = r % v.blocks;
        k->batch_norm_backward(v.run, v.each, x->data + at, mean + j, dot + j, sum + j, factor + j,
                               y->grad + at, x->grad + at);
    }
}

nn_batch_norm nn_batch_norm_new(nn_model *model, const char *name, int channels)
{
    const int before = model ? model->n_params : 0;
    const nn_shape shape = nn_shape1(channels);
    nn_batch_norm b = {nn_param(model, name, "weight", shape), NULL, NULL, NULL, (nn_real)1e-5,
                       (nn_real)0.1};
    if (!model) return b;
    b.bias = nn_param(model, name, "bias", shape);
    b.running_mean = nn_buffer(model, name, "running_mean", shape);
    b.running_var = nn_buffer(model, name, "running_var", shape);
    if (model->ctx->code != NN_OK) return model->n_params = before, b; /* all of it or nothing */
    for (int i = 0; i < channels; i++) b.weight->data[i] = b.running_var->data[i] = 1;
    return b;
}

nn_tensor *nn_batch_norm_forward(const nn_batch_norm *b, nn_tensor *x)
{
    nn_tensor *in[5] = {x, b ? b->weight : NULL, b ? b->bias : NULL, b ? b->running_mean : NULL,
                        b ? b->running_var : NULL};
    if (!nn_op_check(__func__, in, 5)) return nn_op_failed(in, 5);
    nn_ctx *nn = x->ctx;
    const nn_shape channels = nn_shape1(x->shape.ndim < 2 ? 0 : x->shape.dim[1]);
    for (int i = 1; i < 5; i++)
        if (!nn_shape_equal(in[i]->shape, channels))
            return nn_fail(nn, NN_ERROR_SHAPE, __func__, "x is %s, not [N, C, ..]: %s is %s",
                           nn_shape_text(nn, x->shape), in[i]->name,
                           nn_shape_text(nn, in[i]->shape));
    if (!nn__check_positive(nn, __func__, "eps", b->eps)) return &nn->failed;
    if (!(b->momentum >= 0 && b->momentum <= 1))
        return nn__mistake(nn, __func__, "momentum is %g, not in 0 <= momentum <= 1",
                           (double)b->momentum), &nn->failed;
    const nn__channels v = nn__channels_of(x->shape);
    const size_t c = b->weight->size, count = x->size / c;
    if (nn->training && count < 2)
        return nn__mistake(nn, __func__,
                           "one number in each channel has no variance: x is %s, in training (to "
                           "ask: nn_set_training(nn, 0))", nn_shape_text(nn, x->shape)),
               &nn->failed;
    nn_tensor *y = nn_op_new("batch_norm", x->shape, in, 3, nn__batch_norm_backward,
                             (2 * c + 1) * sizeof *x->data);
    nn_real *factor = nn__scratch(nn, c);
    if (!y->size || !factor) return &nn->failed;
    const nn__kernels *k = nn->kernels;
    nn_real *mean = (nn_real *)y->saved, *scale = mean + c; /* of zeros */
    const nn_real share = 1 / (nn_real)count;
    scale[c] = nn->training ? share : 0;
    for (size_t r = 0; nn->training && r < v.runs; r++)
        nn__channel_sum(k, v, x->data + r * v.run, NULL, mean + r % v.blocks);
    k->scale(c, share, mean, mean);
    for (size_t r = 0; nn->training && r < v.runs; r++) {
        nn_real *t = y->data + r * v.run;
        k->sub(v.run, x->data + r * v.run, 1, mean + r % v.blocks, v.each, t);
        nn__channel_sum(k, v, t, t, scale + r % v.blocks);
    }
    for (size_t j = 0; j < c; j++) {
        nn_real *running_mean = b->running_mean->data + j, *running_var = b->running_var->data + j;
        double var = (double)(scale[j] * share);
        if (nn->training) {
            const double unbiased = (double)scale[j] / (double)(count - 1);
            const double m = (double)b->momentum, rest = 1 - m;
            *running_mean = (nn_real)(rest * (double)*running_mean + m * (double)mean[j]);
            *running_var = (nn_real)(rest * (double)*running_var + m * unbiased);
        } else {
            mean[j] = *running_mean;
            var = (double)*running_var;
        }
        scale[j] = (nn_real)(1 / sqrt(var + (double)b->eps));
        factor[j] = b->weight->data[j] * scale[j];
    }
    for (size_t r = 0; r < v.runs; r++) {
        const size_t at = r * v.run, j = r % v.blocks;
        k->batch_norm(v.run, v.each, x->data + at, mean + j, factor + j, b->bias->data + j,
                      y->data + at);
    }
    return nn_op_done(y);
}

/* ---- augmentation: images ---- */

static double nn__sine(double degrees) /* exact for multiples of 90 */
{
    degrees -= 360 * floor(degrees / 360 + 0.5);
    if (fabs(degrees) > 90) degrees = (degrees > 0 ? 180 : -180) - degrees;
    return (double)nn__value(NN__PLAIN.sin, (nn_real)(degrees * 0.017453292519943296));
}

/* The columns are where (1, 0) and (0, 1) go. The shear alone takes (0, 1) to (-tan, 1). */
void nn_affine_matrix(nn_real degrees, nn_real dx, nn_real dy, nn_real scale, nn_real shear,
                      nn_real m[6])
{
    if (!nn__given(m, __func__)) return;
    const double tan = nn__sine((double)shear) / nn__sine(90 - (double)shear);
    const double c = nn__sine(90 - (double)degrees), s = nn__sine((double)degrees);
    m[0] = scale * (nn_real)c, m[1] = scale * (nn_real)(-s - c * tan), m[2] = dx;
    m[3] = scale * (nn_real)s, m[4] = scale * (nn_real)(c - s * tan), m[5] = dy;
}

/* a + t (b - a); a itself for t = 0, whatever b is */
static double nn__between(double a, double b, double t) { return t > 0 ? a + t * (b - a) : a; }

static double nn__pixel(const nn_real *x, int h, int w, double row, double col, double fill)
{
    if (!(row >= 0 && row < h && col >= 0 && col < w)) return fill;
    return (double)x[(ptrdiff_t)row * w + (ptrdiff_t)col];
}

/* Backwards: for pixel (j, i) of y, the place (u, v) of x that m takes there. */
void nn_affine(const nn_real *x, int c, int h, int w, const nn_real m[6], nn_real fill, nn_real *y)
{
    if (!x || !m || !y || x == y) {
        nn__mistake(NULL, __func__, "an array is NULL, or y is x");
        return;
    }
    const double det = (double)m[0] * (double)m[4] - (double)m[1] * (double)m[3];
    if (det == 0 || det - det != 0) {
        nn__mistake(NULL, __func__, "m has determinant %g", det);
        return;
    }
    const double middle = (w - 1) / 2.0, centre = (h - 1) / 2.0, outside = (double)fill;
    for (int k = 0; k < c; k++, x += (ptrdiff_t)h * w)
        for (int i = 0; i < h; i++)
            for (int j = 0; j < w; j++) {
                const double right = j - middle - (double)m[2], down = i - centre - (double)m[5];
                const double u = ((double)m[4] * right - (double)m[1] * down) / det + middle;
                const double v = ((double)m[0] * down - (double)m[3] * right) / det + centre;
                const double left = floor(u), top = floor(v);
                double row[2];
                for (int r = 0; r < 2; r++)
                    row[r] = nn__between(nn__pixel(x, h, w, top + r, left, outside),
                                         nn__pixel(x, h, w, top + r, left + 1, outside), u - left);
                *y++ = (nn_real)nn__between(row[0], row[1], v - top);
            }
}

static double nn__clamp1(double v) { return v < 0 ? 0 : v > 1 ? 1 : v; }

static double nn__grey(const nn_real *x, ptrdiff_t next) /* next: from a pixel's red to its green */
{
    return 0.299 * (double)x[0] + 0.587 * (double)x[next] + 0.114 * (double)x[2 * next];
}

/* The hue is 0 for red, 2 for green, 4 for blue, 6 for red again. The largest number, and d, which
 * the smallest is below it, stay; how much of d each is below it depends on the hue, for each from
 * another third of the circle on (Smith, SIGGRAPH 1978). */
static void nn__turn_hue(nn_real *x, ptrdiff_t next, double turn)
{
    const double r = (double)x[0], g = (double)x[next], b = (double)x[2 * next];
    const double most = fmax(r, fmax(g, b)), d = most - fmin(r, fmin(g, b));
    if (!(d > 0)) return; /* grey has none */
    const double hue = r == most ? (g - b) / d : g == most ? 2 + (b - r) / d : 4 + (r - g) / d;
    for (int c = 0; c < 3; c++) {
        double k = hue + 6 * turn + 5 - 2 * c;
        k -= 6 * floor(k / 6);
        x[c * next] = (nn_real)(most - d * nn__clamp1(fmin(k, 4 - k)));
    }
}

void nn_adjust_color(nn_real *x, int c, int pixels, nn_real brightness, nn_real contrast,
                     nn_real saturation, nn_real hue)
{
    const nn_real factor[3] = {brightness, contrast, saturation};
    const ptrdiff_t next = c == 3 ? pixels : 0;
    if (!nn__given(x, __func__)) return;
    if ((c != 1 && c != 3) || !(brightness >= 0 && contrast >= 0 && saturation >= 0)) {
        nn__mistake(NULL, __func__, "%d channels, factors %g, %g, %g", c,
                    (double)brightness, (double)contrast, (double)saturation);
        return;
    }
    for (int step = 0; step < 3; step++) {
        double grey = 0; /* black; then the mean; then each pixel's own */
        if (factor[step] == 1) continue;
        for (int i = 0; step == 1 && i < pixels; i++) grey += nn__grey(x + i, next) / pixels;
        for (int i = 0; i < pixels; i++) {
            if (step == 2) grey = nn__grey(x + i, next);
            for (ptrdiff_t at = i; at < (ptrdiff_t)c * pixels; at += pixels)
                x[at] = (nn_real)nn__clamp1(grey + (double)factor[step] * ((double)x[at] - grey));
        }
    }
    for (int i = 0; hue != 0 && i < pixels; i++) nn__turn_hue(x + i, next, (double)hue);
}

nn_augment nn_augment_new(void)
{
    const nn_augment a = {0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0};
    return a;
}

/* True if value, the argument called name, is in low..high. */
static int nn__check_range(nn_ctx *nn, const char *function, const char *name, nn_real value,
                           double low, double high)
{
    if ((double)value >= low && (double)value <= high) return 1;
    return nn__mistake(nn, function, "%s is %g, not in %g..%g", name, (double)value, low, high);
}

static int nn__chance(nn_ctx *nn, nn_real p) { return (nn_real)nn__unit(nn) < p; }

static nn_real nn__whole(nn_ctx *nn, nn_real most) /* -most..most, rounded */
{
    const int n = (int)((double)most + 0.5);
    return (nn_real)nn_randint(nn, -n, n + 1);
}

/* Each image takes the same amount of random numbers, in the same order, whatever the ranges. */
nn_tensor *nn_augment_images(nn_tensor *x, const nn_augment *a)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    nn_ctx *nn = x->ctx;
    const int c = x->shape.dim[1], h = x->shape.dim[2], w = x->shape.dim[3];
    if (!a) return nn__mistake(nn, __func__, "argument 2 is NULL"), &nn->failed;
    if (x->shape.ndim != 4 || (c != 1 && c != 3))
        return nn_fail(nn, NN_ERROR_SHAPE, __func__, "x is %s, not [N, 1 or 3, H, W]",
                       nn_shape_text(nn, x->shape));
    if (!nn__check_range(nn, __func__, "flip_horizontal", a->flip_horizontal, 0, 1) ||
        !nn__check_range(nn, __func__, "flip_vertical", a->flip_vertical, 0, 1) ||
        !nn__check_range(nn, __func__, "degrees", a->degrees, 0, 180) ||
        !nn__check_range(nn, __func__, "shear", a->shear, 0, 80) ||
        !nn__check_range(nn, __func__, "scale_low", a->scale_low, 0.001, 1000) ||
        !nn__check_range(nn, __func__, "scale_high", a->scale_high, (double)a->scale_low, 1000) ||
        !nn__check_range(nn, __func__, "translate", a->translate, 0, 1) ||
        !nn__check_range(nn, __func__, "brightness", a->brightness, 0, 1) ||
        !nn__check_range(nn, __func__, "contrast", a->contrast, 0, 1) ||
        !nn__check_range(nn, __func__, "saturation", a->saturation, 0, 1) ||
        !nn__check_range(nn, __func__, "hue", a->hue, 0, 0.5)) return &nn->failed;
    nn_tensor *y = nn_detach(x);
    for (size_t i = 0; nn->training && i < y->size; i += nn__span(x->shape, 1, 4)) {
        nn_real m[6];
        const int flip_x = nn__chance(nn, a->flip_horizontal);
        const int flip_y = nn__chance(nn, a->flip_vertical);
        const nn_real degrees = nn_uniform(nn, -a->degrees, a->degrees);
        const nn_real dx = nn__whole(nn, a->translate * (nn_real)w);
        const nn_real dy = nn__whole(nn, a->translate * (nn_real)h);
        const nn_real scale = nn_uniform(nn, a->scale_low, a->scale_high);
        const nn_real shear = nn_uniform(nn, -a->shear, a->shear);
        const nn_real brightness = nn_uniform(nn, 1 - a->brightness, 1 + a->brightness);
        const nn_real contrast = nn_uniform(nn, 1 - a->contrast, 1 + a->contrast);
        const nn_real saturation = nn_uniform(nn, 1 - a->saturation, 1 + a->saturation);
        const nn_real hue = nn_uniform(nn, -a->hue, a->hue);
        nn_affine_matrix(degrees, dx, dy, scale, shear, m);
        if (flip_x) m[0] = -m[0], m[3] = -m[3];
        if (flip_y) m[1] = -m[1], m[4] = -m[4];
        nn_affine(x->data + i, c, h, w, m, a->fill, y->data + i);
        nn_adjust_color(y->data + i, c, h * w, brightness, contrast, saturation, hue);
    }
    return y;
}

/* ---- augmentation: text ---- */

/* Another token of the first group that has t; t if there is none. */
static int nn__synonym(nn_ctx *nn, const int *group, int t)
{
    for (int n; group && *group >= 0; group += n + 1) {
        int at = -1;
        for (n = 0; group[n] >= 0; n++)
            if (group[n] == t) at = n;
        if (at >= 0 && n > 1) return group[(at + nn_randint(nn, 1, n)) % n];
    }
    return t;
}

int nn_augment_tokens(nn_ctx *nn, const int *tokens, int n, const nn_eda *eda, int *out)
{
    if (!nn__ready(nn, __func__)) return 0;
    if (!tokens || !eda || !out) return nn__mistake(nn, __func__, "an argument is NULL");
    if (n < 1 || n > INT_MAX / 2) return nn__mistake(nn, __func__, "%d tokens", n);
    for (int i = 0; i < n; i++)
        if (tokens[i] < 0) return nn__mistake(nn, __func__, "tokens[%d] is %d", i, tokens[i]);
    if (!nn__check_range(nn, __func__, "replacement", eda->replacement, 0, 1) ||
        !nn__check_range(nn, __func__, "insertion", eda->insertion, 0, 1) ||
        !nn__check_range(nn, __func__, "deletion", eda->deletion, 0, 1)) return 0;
    memcpy(out, tokens, (size_t)n * sizeof *out);
    if (!nn->training) return n;
    int m = 0, kept = 0;
    for (int i = 0; i < n; i++) {
        const int t = tokens[i], any = tokens[nn_randint(nn, 0, n)];
        out[m++] = nn__chance(nn, eda->replacement) ? nn__synonym(nn, eda->synonyms, t) : t;
        if (!nn__chance(nn, eda->insertion)) continue;
        out[m] = nn__synonym(nn, eda->synonyms, any);
        if (out[m] != any) m++;
    }
    const int stays = out[nn_randint(nn, 0, m)];
    for (int i = 0; i < m; i++)
        if (!nn__chance(nn, eda->deletion)) out[kept++] = out[i];
    if (kept == 0) out[kept++] = stays;
    return kept;
}

/* ---- augmentation: sound ---- */

/* x [n] -> y [m]. Block by block y goes on as x does, as long as that is within half a block of
 * i n / m, where it should be, and x does not end before the next block. Else it is faded over to
 * the place around there where x is most like what would have come. */
static void nn__stretch(nn_ctx *nn, const nn_real *x, int n, int block, nn_real *y, int m)
{
    for (int i = 0, next = 0; i < m; i += block) {
        const int size = nn__min(m - i, block), left = nn__min(n - next, size);
        const int last = n - nn__min(n, nn__min(m - i, 2 * block)); /* the next fits in behind it */
        const int half = block / 2, should = (int)((double)i * n / m);
        int best = next;
        if (next < should - half || next > should + half || next > last) {
            const int place = nn__min(should, last);
            nn_real least = -1;
            for (int at = place - nn__min(place, half); at <= nn__min(place + half, last); at++) {
                const nn_real e = nn->kernels->squared_error((size_t)left, x + next, x + at, 1);
                if (least < 0 || e < least) best = at, least = e;
            }
        }
        memcpy(y + i, x + best, (size_t)size * sizeof *y);
        for (int j = 0; best != next && j < left; j++) {
            const double c = nn__sine(90 + 90 * (j + 0.5) / left), to = (double)y[i + j];
            y[i + j] = (nn_real)(to + c * c * ((double)x[next + j] - to));
        }
        next = best + size;
    }
}

/* y[i] = x(i step): between its samples x is a sum of sincs, here made to end after 16 waves, and
 * without the frequencies that y cannot hold. x [n], y [m]; step is 1/4 to 4. */
static void nn__resample(nn_ctx *nn, const nn_real *x, int n, double step, nn_real *y, int m)
{
    const double cut = step > 1 ? 1 / step : 1, pi = 3.14159265358979324;
    nn_real sine[132]; /* 2 * 16 * 4, and one */
    for (int i = 0; i < m; i++) {
        const double at = fmin(i * step, n - 1);
        const int from = (int)fmax(0, ceil(at - 16 / cut)), to = (int)fmin(n - 1, at + 16 / cut);
        double sum = 0, weights = 0;
        for (int j = from; j <= to; j++) sine[j - from] = (nn_real)(pi * cut * (j - at));
        nn->kernels->sin((size_t)(to - from + 1), sine, sine);
        for (int j = from; j <= to; j++) {
            const double d = cut * (j - at), end = 1 - d * d / 256;
            const double w = end * end * (d == 0 ? 1 : (double)sine[j - from] / (pi * d));
            sum += w * (double)x[j];
            weights += w;
        }
        y[i] = (nn_real)(sum / weights);
    }
}

nn_tensor *nn_time_pitch(nn_tensor *x, int sample_rate, nn_real rate, nn_real semitones)
{
    if (!nn_op_check(__func__, &x, 1) ||
        !nn__check_range(x->ctx, __func__, "the sample rate", (nn_real)sample_rate, 1000, 1e6) ||
        !nn__check_range(x->ctx, __func__, "the rate", rate, 0.1, 10) ||
        !nn__check_range(x->ctx, __func__, "semitones", semitones, -24, 24))
        return nn_op_failed(&x, 1);
    nn_ctx *nn = x->ctx;
    nn_shape shape = x->shape;
    const int n = nn__last(shape), block = sample_rate / 50; /* 20 ms */
    if (n < block || n > INT_MAX / 64)
        return nn_fail(nn, NN_ERROR_SHAPE, __func__, "x is %s, not [.., T] with T in %d..%d",
                       nn_shape_text(nn, shape), block, INT_MAX / 64);
    const double pitch = (double)nn__exp1(semitones * (nn_real)0.057762265046662109); /* 2^(1/12) */
    const int m = shape.dim[shape.ndim - 1] = (int)(n / (double)rate + 0.5);
    const int between = (int)(m * pitch + 0.5); /* so long, to be read pitch times as fast */
    nn_tensor *y = nn__leaf(nn, __func__, shape);
    nn_real *row = y->data, *stretched = nn__scratch(nn, pitch == 1 ? 1 : (size_t)between);
    for (size_t i = 0; stretched && row && i < x->size; i += (size_t)n, row += m) {
        nn__stretch(nn, x->data + i, n, block, pitch == 1 ? row : stretched, between);
        if (pitch != 1) nn__resample(nn, stretched, between, pitch, row, m);
    }
    return stretched ? y : &nn->failed;
}

nn_tensor *nn_white_noise(nn_tensor *x, nn_real snr) /* of the variance power / 10^(snr / 10) */
{
    if (!nn_op_check(__func__, &x, 1) ||
        !nn__check_range(x->ctx, __func__, "snr", snr, -100, 100))
        return nn_op_failed(&x, 1);
    const size_t n = (size_t)nn__last(x->shape);
    const double ratio = (double)nn__exp1(snr * (nn_real)-0.11512925464970229); /* 10^(-1/20) */
    nn_tensor *y = nn_detach(x);
    for (nn_real *row = y->data; row && row < y->data + y->size; row += n) {
        const double power = (double)x->ctx->kernels->dot(n, row, row) / (double)n;
        const nn_real std = (nn_real)(ratio * sqrt(power));
        for (size_t i = 0; i < n; i++) row[i] += nn_normal(x->ctx, 0, std);
    }
    return y;
}

#endif
/* ==== Chapter 9: vanishing and exploding gradients ===================================== >>ch09 */
#if NN_CHAPTERS >= 9

nn_real nn_calculate_gain(nn_activation g, nn_real slope)
{
    if (g == NN_IDENTITY || g == NN_SIGMOID) return 1;
    if (g == NN_TANH) return (nn_real)(5 / 3.0);
    if (g == NN_RELU) slope = 0;
    else if (g != NN_LEAKY_RELU)
        nn__mistake(NULL, __func__, "no gain is known for activation %d", (int)g);
    return (nn_real)sqrt(2 / (1 + (double)slope * (double)slope));
}

/* Standard deviation gain / sqrt(fan), fan being share fan_in + (1 - share) fan_out. */
static void nn__init(nn_tensor *w, const char *function, nn_real gain, double share, int normal)
{
    if (!nn_op_check(function, &w, 1)) return;
    nn_ctx *nn = w->ctx;
    if (w->shape.ndim < 2)
        nn_fail(nn, NN_ERROR_SHAPE, function, "w is %s, a fan needs two dimensions or more",
                nn_shape_text(nn, w->shape));
    if (share != NN_FAN_OUT && share != NN_FAN_IN && share != 0.5)
        nn__mistake(nn, function, "mode is %g, not NN_FAN_IN or NN_FAN_OUT", share);
    if (!nn__check_positive(nn, function, "the gain", gain) || nn->code != NN_OK) return;
    const double fans = share * w->shape.dim[1] + (1 - share) * w->shape.dim[0];
    const double std = (double)gain / sqrt(fans * (double)nn__span(w->shape, 2, w->shape.ndim));
    const nn_real bound = (nn_real)(sqrt(3.0) * std);
    for (size_t i = 0; i < w->size; i++)
        w->data[i] = normal ? nn_normal(nn, 0, (nn_real)std) : nn_uniform(nn, -bound, bound);
}

void nn_xavier_uniform(nn_tensor *w, nn_real gain)
{
    nn__init(w, __func__, gain, 0.5, 0);
}
void nn_xavier_normal(nn_tensor *w, nn_real gain)
{
    nn__init(w, __func__, gain, 0.5, 1);
}
void nn_kaiming_uniform(nn_tensor *w, nn_real slope, int mode)
{
    nn__init(w, __func__, nn_calculate_gain(NN_LEAKY_RELU, slope), mode, 0);
}
void nn_kaiming_normal(nn_tensor *w, nn_real slope, int mode)
{
    nn__init(w, __func__, nn_calculate_gain(NN_LEAKY_RELU, slope), mode, 1);
}

/* The sum of the squares of x's gradient, 0 if it has none; in double where float has no room. */
static double nn__grad_squares(const nn_tensor *x)
{
    const nn_real *g = x->grad;
    double sum = g ? (double)x->ctx->kernels->dot(x->size, g, g) : 0;
    if (sum > 1e-20 && sum < 1e30) return sum;
    sum = 0;
    for (size_t i = 0; g && i < x->size; i++) sum += (double)g[i] * (double)g[i];
    return sum;
}

/* Of the gradient of all parameters; -1 after an error. */
static double nn__grad_norm(nn_model *model, const char *function)
{
    double squares = 0;
    if (!nn__given(model, function) || model->ctx->code != NN_OK) return -1;
    for (int i = 0; i < model->n_params; i++) {
        const nn_tensor *p = model->param[i];
        const double more = nn__grad_squares(p);
        if (more - more != 0)
            return nn_fail(p->ctx, NN_ERROR_NONFINITE, function, "the gradient of %s is not finite",
                           p->name), -1;
        squares += more;
    }
    return sqrt(squares);
}

double nn_clip_grad_norm(nn_model *model, nn_real max_norm)
{
    const double norm = nn__grad_norm(model, __func__);
    if (norm < 0) return 0;
    if (!(max_norm > 0))
        return nn__mistake(model->ctx, __func__, "max_norm is %g, not positive", (double)max_norm);
    const nn_real factor = (nn_real)((double)max_norm / (norm + 1e-6));
    for (int i = 0; factor < 1 && i < model->n_params; i++) {
        nn_real *g = model->param[i]->grad;
        if (g) model->ctx->kernels->scale(model->param[i]->size, factor, g, g);
    }
    return norm;
}

void nn_clip_grad_value(nn_model *model, nn_real value)
{
    if (nn__grad_norm(model, __func__) < 0) return;
    if (!nn__check_positive(model->ctx, __func__, "the value", value)) return;
    for (int i = 0; i < model->n_params; i++) {
        nn_real *g = model->param[i]->grad;
        for (size_t k = 0; g && k < model->param[i]->size; k++)
            g[k] = g[k] > value ? value : g[k] < -value ? -value : g[k];
    }
}

/* Fills a row, if y is a result that has one. */
static int nn__diagnose(const nn_tensor *y, nn_diagnosis *row)
{
    enum { SIGMOID, TANH, ALL = 8 };
    static const char *const name[ALL] = {"sigmoid", "tanh", "relu", "leaky_relu",
                                          "elu", "gelu", "gelu_tanh", "softmax"};
    int g = 0, own = 0; /* which activation function; parameters of y */
    double squares = 0, flat = 0;
    while (g < ALL && strcmp(y->op, name[g]) != 0) g++;
    for (int i = 0; i < y->n_in; i++)
        if (y->in[i]->name[0]) own++, squares += nn__grad_squares(y->in[i]);
    if (!y->grad || (g == ALL && !own)) return 0; /* no gradient: the loss does not depend on y */
    for (size_t i = 0; g <= TANH && i < y->size; i++) {
        const double v = (double)y->data[i];
        flat += (g == SIGMOID ? 4 * v * (1 - v) : 1 - v * v) < 0.05;
    }
    const int ndim = y->shape.ndim, axis = ndim == 4 ? 1 : ndim - 1;
    const size_t units = ndim ? (size_t)y->shape.dim[axis] : 1;
    const size_t inner = nn__span(y->shape, axis + 1, ndim); /* y is [.., units, inner] */
    row->y = y;
    row->layer = nn__layer(y);
    row->stat = nn_stats(y);
    row->saturated = flat / (double)y->size;
    row->units = (int)units;
    row->dead = 0;
    for (size_t u = 0; u < units; u++) {
        int alive = 0;
        for (size_t at = u * inner; at < y->size; at += units * inner)
            for (size_t i = at; i < at + inner; i++) alive |= y->data[i] != 0;
        row->dead += !alive;
    }
    row->grad = sqrt(nn__grad_squares(y));
    row->param_grad = sqrt(squares);
    return 1;
}

static int nn__diagnose_check(nn_tensor *loss, const char *function)
{
    if (!nn_op_check(function, &loss, 1)) return 0;
    return loss->grad || nn__mistake(loss->ctx, function, "needs nn_backward(loss) before it");
}

int nn_diagnose(nn_tensor *loss, nn_diagnosis *row, int n)
{
    int count = 0;
    nn_diagnosis d;
    if (!nn__diagnose_check(loss, __func__)) return 0;
    for (int i = 0; i < loss->ctx->n_tape; i++)
        if (nn__diagnose(loss->ctx->tape[i], &d) && ++count <= n && row) row[count - 1] = d;
    return count;
}

#ifndef NN_NO_STDIO
void nn_diagnose_print(nn_tensor *loss)
{
    nn_diagnosis d;
    if (!nn__diagnose_check(loss, __func__)) return;
    printf("%-10s %-16s %5s %9s %9s %6s %5s %9s %9s\n", "result", "layer", "units", "mean",
           "variance", "satur.", "dead", "gradient", "of param.");
    for (int i = 0; i < loss->ctx->n_tape; i++)
        if (nn__diagnose(loss->ctx->tape[i], &d))
            printf("%-10s %-16s %5d %9.2g %9.2g %4.0f %% %5d %9.2g %9.2g\n", d.y->op, d.layer,
                   d.units, d.stat.mean, d.stat.std * d.stat.std, 100 * d.saturated, d.dead,
                   d.grad, d.param_grad);
    fflush(stdout);
}
#endif

#endif
/* ==== Chapter 10: local minima and optimisation ======================================== >>ch10 */
#if NN_CHAPTERS >= 10

static int nn__check_bag(nn_ctx *nn, const char *function, const int *a, const int *b, int n)
{
    if (!nn__ready(nn, function)) return 0;
    if (!a || !b) return nn__mistake(nn, function, "an array is NULL");
    return n > 0 || nn__mistake(nn, function, "%d samples", n);
}

void nn_vote(nn_ctx *nn, const int *label, int members, int n, int *vote)
{
    if (!nn__check_bag(nn, __func__, label, vote, n)) return;
    if (members < 1) nn__mistake(nn, __func__, "%d members", members);
    for (ptrdiff_t i = 0; nn->code == NN_OK && i < n; i++) {
        int most = 0;
        vote[i] = -1;
        for (ptrdiff_t m = 0; m < members; m++) { /* how many say the same as member m? */
            const int answer = label[m * n + i];
            int count = 0;
            for (ptrdiff_t k = 0; k < members; k++) count += label[k * n + i] == answer;
            if (answer < 0 || count < most || (count == most && answer > vote[i])) continue;
            vote[i] = answer;
            most = count;
        }
    }
}

int nn_bootstrap(nn_ctx *nn, int n, int *index, int *out_of_bag)
{
    int left = 0;
    if (!nn__check_bag(nn, __func__, index, out_of_bag, n)) return 0;
    memset(out_of_bag, 0, (size_t)n * sizeof *out_of_bag);
    for (int i = 0; i < n; i++) {
        index[i] = nn_randint(nn, 0, n);
        out_of_bag[index[i]] = 1; /* so far: drawn */
    }
    for (int i = 0; i < n; i++)
        if (!out_of_bag[i]) out_of_bag[left++] = i;
    return left;
}

/* average = average + (w - average) / (k + 1) */
void nn_model_average(nn_model *model, nn_real *average, int k)
{
    if (!nn__given(model, __func__)) return;
    if (!average || k < 0)
        nn__mistake(model->ctx, __func__, average ? "k is %d" : "average is NULL", k);
    for (int i = 0; model->ctx->code == NN_OK && i < model->n_params; i++)
        for (size_t j = 0; j < model->param[i]->size; j++, average++) {
            const nn_real w = model->param[i]->data[j];
            *average = k ? *average + (w - *average) / (nn_real)(k + 1) : w;
        }
}

#endif
/* ==== Chapter 11: depth, autoencoders ================================================== >>ch11 */
#if NN_CHAPTERS >= 11

/* How a name goes on after the prefix and its dot; NULL if it is not below the prefix. */
static const char *nn__name_below(const char *name, const char *prefix)
{
    const size_t n = strlen(prefix);
    if (strncmp(name, prefix, n) != 0) return NULL;
    if (!n || !name[n]) return name + n;
    return name[n] == '.' ? name + n + 1 : NULL;
}

void nn_freeze(nn_model *model, const char *prefix, int on)
{
    if (!nn__given(model, __func__) || !nn__ready(model->ctx, __func__)) return;
    nn_ctx *nn = model->ctx;
    int found = 0;
    if (!prefix) {
        nn__mistake(nn, __func__, "argument 2 is NULL (\"\" stands for all parameters)");
        return;
    }
    while (nn->n_tape) nn->tape[--nn->n_tape]->requires_grad = 0; /* it was made for other ones */
    for (int i = 0; i < model->n_params; i++) {
        nn_tensor *p = model->param[i];
        if (strcmp(p->op, "parameter") != 0 || !nn__name_below(p->name, prefix)) continue;
        found = 1;
        if (p->requires_grad == !on) continue;
        p->requires_grad = !on;
        if (on) p->saved = p->grad; /* to have it back */
        p->grad = on ? NULL : (nn_real *)p->saved;
        if (!on) memset(p->grad, 0, p->size * sizeof *p->grad);
    }
    if (!found) nn__mistake(nn, __func__, "there is no parameter \"%s\"", prefix);
}

void nn_model_copy(nn_model *to, const char *to_prefix, const nn_model *from,
                   const char *from_prefix)
{
    if (!nn__given(to, __func__) || !nn__ready(to->ctx, __func__)) return;
    nn_ctx *nn = to->ctx;
    if (!to_prefix || !from || !from_prefix) {
        nn__mistake(nn, __func__, "argument %d is NULL", !to_prefix ? 2 : !from ? 3 : 4);
        return;
    }
    int found = 0;
    for (int copy = 0; copy < 2; copy++) /* nothing is copied before all is known to fit */
        for (int i = 0; i < to->n_params; i++) {
            nn_tensor *t = to->param[i];
            const char *rest = nn__name_below(t->name, to_prefix);
            if (!rest) continue;
            char full[NN__PART_SIZE];
            const char *name = *rest ? nn__join(full, from_prefix, rest) : from_prefix;
            const nn_tensor *f = nn_model_find(from, name);
            if (!f)
                nn__mistake(nn, __func__, "the model copied from has no \"%s\", for \"%s\"", name,
                            t->name);
            else if (!nn_shape_equal(t->shape, f->shape))
                nn_fail(nn, NN_ERROR_SHAPE, __func__, "\"%s\" is %s, \"%s\" is %s", t->name,
                        nn_shape_text(nn, t->shape), name, nn_shape_text(nn, f->shape));
            if (nn->code != NN_OK) return;
            if (copy) memmove(t->data, f->data, t->size * sizeof *t->data);
            found = 1;
        }
    if (!found) nn__mistake(nn, __func__, "there is nothing below \"%s\"", to_prefix);
}

#endif
/* ==== Chapter 12: convolutional networks =============================================== >>ch12 */
#if NN_CHAPTERS >= 12

/* ---- windows: what convolution and pooling share ---- */

/* How many places a window has along an axis; NN_SAME becomes a padding. Transposed, the way back:
 * the size of what has `size` places, `more` being left over. 0: a mistake, reported. */
static int nn__window_places(nn_ctx *nn, const char *function, int size, int kernel, int stride,
                             int *padding, int dilation, int transposed, int more)
{
    const double span = (double)dilation * (kernel - 1.0), both = 2.0 * *padding;
    const int same = *padding == NN_SAME && stride == 1 && !transposed;
    const double result = same         ? size
                          : transposed ? (size - 1.0) * stride - both + span + 1 + more
                                       : floor((size + both - span - 1) / stride) + 1;
    if (kernel < 1 || stride < 1 || dilation < 1)
        return nn__mistake(nn, function, "kernel %d, stride %d, dilation %d: one is not positive",
                           kernel, stride, dilation);
    if (*padding == NN_SAME && !same)
        return nn__mistake(nn, function, "padding NN_SAME is for stride 1%s; this is stride %d",
                           transposed ? " and not transposed" : "", stride);
    if (*padding < 0 && !same)
        return nn__mistake(nn, function, "padding %d is negative", *padding);
    if (more < 0 || (more && more >= stride && more >= dilation))
        return nn__mistake(nn, function, "output_padding %d is not from 0 to %d: less than stride "
                           "or dilation", more, nn__max(stride, dilation) - 1);
    if (size < 1 || !(result >= 1) || size + both + span + result > INT_MAX / 4)
        return nn__mistake(nn, function,
                           "no place for the window: size %d, kernel %d, stride %d, padding %d, "
                           "dilation %d", size, kernel, stride, *padding, dilation);
    if (same) *padding = (int)span / 2;
    return (int)result;
}

int nn_conv_out_size(int size, int kernel, int stride, int padding, int dilation)
{
    return nn__window_places(NULL, __func__, size, kernel, stride, &padding, dilation, 0, 0);
}

/* A window on x, [N, C, H, W] (2 axes) or [N, C, T] (1: an image of one row), as nn__conv has it.
 * Transposed: x is what the window makes, v->size the result. 0: a mistake, reported. */
static int nn__window_of(const char *function, const nn_tensor *x, int axes, const int *kernel,
                         const nn_conv_options *o, int transposed, nn__conv *v)
{
    const nn__conv one = {x->shape.dim[0], x->shape.dim[1], {1, 1}, 1, {1, 1}, {1, 1}, {0, 0},
                          {1, 1}, {1, 1}};
    *v = one;
    for (int i = 0; i < axes; i++) {
        const int d = 2 - axes + i, size = x->shape.dim[2 + i];
        v->kernel[d] = kernel[i], v->pad[d] = o->padding[i];
        if (o->stride[i]) v->stride[d] = o->stride[i];
        if (o->dilation[i]) v->dilation[d] = o->dilation[i];
        const int result = nn__window_places(x->ctx, function, size, kernel[i], v->stride[d],
                                             &v->pad[d], v->dilation[d], transposed,
                                             transposed ? o->output_padding[i] : 0);
        if (!result) return 0;
        v->size[d] = transposed ? result : size;
        v->out[d] = transposed ? size : result;
        if (v->out[d] == 1) v->stride[d] = nn__min(v->stride[d], v->size[d]); /* goes nowhere */
    }
    return 1;
}

static nn_shape nn__images(int axes, int n, int channels, const int size[2])
{
    return axes == 1 ? nn_shape3(n, channels, size[1]) : nn_shape4(n, channels, size[0], size[1]);
}

nn_receptive_field nn_receptive_field_after(nn_receptive_field before, int kernel, int stride,
                                            int dilation)
{
    nn_receptive_field r = before;
    if (before.size < 1 || before.jump < 1 || kernel < 1 || stride < 1 || dilation < 1)
        return nn__mistake(NULL, __func__,
                           "size %d, jump %d, kernel %d, stride %d, dilation %d: one is not "
                           "positive", before.size, before.jump, kernel, stride, dilation), r;
    r.size += dilation * (kernel - 1) * before.jump;
    r.jump *= stride;
    return r;
}

/* ---- convolution ---- */

typedef struct nn__filters { /* a convolution, v, for each group of channels by itself */
    nn__conv v;
    int groups, transposed;
} nn__filters;

enum { NN__TO_X, NN__TO_W, NN__TO_Y };

/* Adds to x, to w or to y what follows from the other two. Transposed, x is what the convolution v
 * would make of y. 0 without memory. */
static int nn__convolve(nn_ctx *nn, const nn__filters *f, int to, nn_real *x, nn_real *w,
                        nn_real *y)
{
    nn__conv v = f->v;
    nn_real *image = f->transposed ? y : x, *made = f->transposed ? x : y;
    const int forward = to == (f->transposed ? NN__TO_X : NN__TO_Y);
    const int images = f->groups > 1 ? v.n : 1; /* images without groups are one batch */
    const ptrdiff_t w_step = (ptrdiff_t)v.filters * v.channels * nn__span2(v.kernel);
    int ok = 1;
    v.n /= images;
    for (int i = 0; ok && i < images * f->groups; i++) {
        nn_real *const own = w + i % f->groups * w_step;
        if (to == NN__TO_W) ok = nn__conv_weight_grad(nn, &v, image, made, own);
        else if (forward) ok = nn__conv_forward(nn, &v, image, own, made);
        else ok = nn__conv_input_grad(nn, &v, own, made, image);
        image += (ptrdiff_t)v.channels * nn__span2(v.size);
        made += (ptrdiff_t)v.filters * nn__span2(v.out);
    }
    return ok;
}

/* y[k, i] = b[k] + sum w[k, c, r] x[c, i stride + r dilation - padding]:
 * dx[c, same] += w dy, dw += dy x[c, same], db += dy, each summed over the other indices.
 * Transposed, x and y change places in this. */
static void nn__conv_backward(nn_tensor *y)
{
    const nn__filters *f = (const nn__filters *)y->saved;
    nn_tensor *x = y->in[0], *w = y->in[1], *b = y->n_in > 2 ? y->in[2] : NULL;
    if (w->grad) nn__convolve(y->ctx, f, NN__TO_W, x->data, w->grad, y->grad);
    if (x->grad) nn__convolve(y->ctx, f, NN__TO_X, x->grad, w->data, y->grad);
    const size_t filters = (size_t)y->shape.dim[1], run = nn__span(y->shape, 2, y->shape.ndim);
    for (size_t i = 0; b && b->grad && i < y->size / run; i++)
        b->grad[i % filters] += y->ctx->kernels->sum(run, y->grad + i * run);
}

static nn_tensor *nn__conv_layer(const char *function, const char *op, const nn_conv2d *l,
                                 nn_tensor *x, int axes, int transposed)
{
    nn_tensor *in[3] = {x, l ? l->weight : NULL, l ? l->bias : NULL};
    const int n_in = in[2] ? 3 : 2;
    if (x && !in[1] && nn_op_check(function, in, 1))
        return nn__mistake(x->ctx, function, "the layer has no weight: it was never made"),
               &x->ctx->failed;
    if (!nn_op_check(function, in, n_in)) return nn_op_failed(in, n_in);
    nn_ctx *nn = x->ctx;
    const nn_shape w = l->weight->shape;
    const int groups = l->options.groups ? l->options.groups : 1;
    const char *weight = nn_shape_text(nn, w);
    if (w.ndim != axes + 2)
        return nn_fail(nn, NN_ERROR_SHAPE, function, "the weight is %s, not of %d dimensions",
                       weight, axes + 2);
    if (groups < 1 || w.dim[0] % groups || w.dim[1] > INT_MAX / groups)
        return nn_fail(nn, NN_ERROR_SHAPE, function,
                       "the weight is %s, its first dimension not a multiple of %d groups", weight,
                       groups);
    const int channels = transposed ? w.dim[0] : w.dim[1] * groups;
    const int filters = transposed ? w.dim[1] * groups : w.dim[0];
    if (x->shape.ndim != axes + 2 || x->shape.dim[1] != channels)
        return nn_fail(nn, NN_ERROR_SHAPE, function, "x is %s, not [N, %d, %s]: the weight is %s%s",
                       nn_shape_text(nn, x->shape), channels, axes == 1 ? "T" : "H, W", weight,
                       groups == 1 ? "" : ", for one group's channels");
    if (in[2] && !nn_shape_equal(in[2]->shape, nn_shape1(filters)))
        return nn_fail(nn, NN_ERROR_SHAPE, function, "the bias is %s, not [%d]: the weight is %s",
                       nn_shape_text(nn, in[2]->shape), filters, weight);
    nn__filters f;
    f.groups = groups, f.transposed = transposed;
    if (!nn__window_of(function, x, axes, w.dim + 2, &l->options, transposed, &f.v))
        return &nn->failed;
    f.v.channels = w.dim[1], f.v.filters = w.dim[0] / groups;
    const nn_shape shape = nn__images(axes, f.v.n, filters, transposed ? f.v.size : f.v.out);
    nn_tensor *y = nn_op_new(op, shape, in, n_in, nn__conv_backward, sizeof f);
    if (!y->size) return y;
    *(nn__filters *)y->saved = f;
    const size_t run = nn__span(shape, 2, shape.ndim);
    const nn_real zero = 0;
    for (size_t i = 0; i < y->size / run; i++) /* each sum begins with the bias */
        nn->kernels->add(run, in[2] ? in[2]->data + i % (size_t)filters : &zero, 0, &zero, 0,
                         y->data + i * run);
    if (!nn__convolve(nn, &f, NN__TO_Y, x->data, l->weight->data, y->data)) return &nn->failed;
    return nn_op_done(y);
}

nn_tensor *nn_conv2d_forward(const nn_conv2d *l, nn_tensor *x)
{
    return nn__conv_layer(__func__, "conv2d", l, x, 2, 0);
}
nn_tensor *nn_conv1d_forward(const nn_conv1d *l, nn_tensor *x)
{
    return nn__conv_layer(__func__, "conv1d", l, x, 1, 0);
}
nn_tensor *nn_conv_transpose2d_forward(const nn_conv_transpose2d *l, nn_tensor *x)
{
    return nn__conv_layer(__func__, "conv_transpose2d", l, x, 2, 1);
}

/* weight: its shape if there were one group; out: channels */
static nn_conv2d nn__conv_new(const char *function, nn_model *model, const char *name,
                              nn_shape weight, int out, nn_conv_options options)
{
    nn_conv2d l = {NULL, NULL, options};
    if (!nn__given(model, function)) return l;
    const int before = model->n_params, groups = options.groups ? options.groups : 1;
    if (groups < 1 || weight.dim[0] % groups || weight.dim[1] % groups)
        nn__mistake(model->ctx, function, "%d groups do not divide %d channels in and %d out",
                    groups, weight.dim[1], out);
    else weight.dim[1] /= groups;
    l.weight = nn_param(model, name, "weight", weight);
    if (!options.no_bias) l.bias = nn_param(model, name, "bias", nn_shape1(out));
    if (model->ctx->code != NN_OK) return model->n_params = before, l; /* all of it or nothing */
    const nn_real bound = 1 / (nn_real)sqrt((double)nn__span(weight, 1, weight.ndim));
    nn__set_uniform(l.weight, bound), nn__set_uniform(l.bias, bound);
    return l;
}

static nn_conv_options nn__both_ways(int stride, int padding)
{
    nn_conv_options o = {0, 1, {stride, stride}, {padding, padding}, {1, 1}, {0, 0}};
    return o;
}

nn_conv2d nn_conv2d_new_with(nn_model *model, const char *name, int in, int out, int kernel_h,
                             int kernel_w, nn_conv_options options)
{
    return nn__conv_new(__func__, model, name, nn_shape4(out, in, kernel_h, kernel_w),
                        out, options);
}
nn_conv2d nn_conv2d_new(nn_model *model, const char *name, int in, int out, int kernel, int stride,
                        int padding)
{
    return nn__conv_new(__func__, model, name, nn_shape4(out, in, kernel, kernel), out,
                        nn__both_ways(stride, padding));
}
nn_conv1d nn_conv1d_new(nn_model *model, const char *name, int in, int out, int kernel, int stride,
                        int padding)
{
    return nn__conv_new(__func__, model, name, nn_shape3(out, in, kernel), out,
                        nn__both_ways(stride, padding));
}
nn_conv_transpose2d nn_conv_transpose2d_new(nn_model *model, const char *name, int in, int out,
                                            int kernel, int stride, int padding)
{
    return nn__conv_new(__func__, model, name, nn_shape4(in, out, kernel, kernel),
                        out, nn__both_ways(stride, padding));
}

/* ---- pooling ---- */

NN__OPTIMIZE("O2")
/* One channel, place by place of the window: y += x, the sum; or, back, x += y. Output (i, j) has
 * the place at x[i r - above][j s - before], which is inside of the image from (top, left) up to
 * (bottom, right). */
static void nn__pool_sums(const nn__conv *v, nn_real *x, nn_real *y, int back)
{
    const int r = v->stride[0], s = v->stride[1];
    for (int t = 0; t < nn__span2(v->kernel); t++) {
        const int above = v->pad[0] - t / v->kernel[1], before = v->pad[1] - t % v->kernel[1];
        const int top = above > 0 ? (above + r - 1) / r : 0;
        const int left = before > 0 ? (before + s - 1) / s : 0;
        const int bottom = nn__min(v->out[0], (v->size[0] - 1 + above + r) / r);
        const int right = nn__min(v->out[1], (v->size[1] - 1 + before + s) / s);
        for (int i = top; i < bottom; i++) {
            const int at = (i * r - above) * v->size[1] - before, to = i * v->out[1];
            for (int j = left; !back && j < right; j++) y[to + j] += x[at + j * s];
            for (int j = left; back && j < right; j++) x[at + j * s] += y[to + j];
        }
    }
}

/* One channel, which begins at x[first]: the largest of each window, and where in x it is. Windows
 * that are whole, from column left up to column right, are taken together. */
static void nn__pool_largest(const nn__conv *v, const nn_tensor *x, int first, nn_real *y, int *at)
{
    const int width = v->size[1], s = v->stride[1];
    const int left = (v->pad[1] + s - 1) / s, right = (width + v->pad[1] - v->kernel[1]) / s + 1;
    for (int i = 0; i < v->out[0]; i++) {
        const int top = i * v->stride[0] - v->pad[0], up = nn__max(top, 0);
        const int rows = nn__min(top + v->kernel[0], v->size[0]) - up;
        for (int j = 0, n; j < v->out[1]; j += n, y += n, at += n) {
            const int start = j * s - v->pad[1], from = nn__max(start, 0);
            const int cols = nn__min(start + v->kernel[1], width) - from;
            n = j == left ? nn__max(right - left, 1) : 1;
            x->ctx->kernels->largest((size_t)n, s, rows, cols, width, x->data, x->data + x->size,
                                     first + up * width + from, y, at);
        }
    }
}

static void nn__max_pool_backward(nn_tensor *y) /* y = x[at]: dx[at] += dy */
{
    const int *at = (const int *)y->saved;
    nn_real *dx = y->in[0]->grad;
    for (size_t i = 0; i < y->size; i++) dx[at[i]] += y->grad[i];
}
NN__OPTIMIZE_END

static void nn__avg_pool_backward(nn_tensor *y) /* y = sum x / places: dx += dy / places */
{
    const nn__conv *v = (const nn__conv *)y->saved;
    const nn_real places = (nn_real)nn__span2(v->kernel);
    nn_real *share = nn__temporary(y), *dx = y->in[0]->grad;
    if (!share) return;
    y->ctx->kernels->div(y->size, y->grad, 1, &places, 0, share);
    for (int c = 0; c < v->n * v->channels; c++)
        nn__pool_sums(v, dx + c * nn__span2(v->size), share + c * nn__span2(v->out), 1);
}

static nn_tensor *nn__pool_of(const char *function, nn_tensor *x, int axes, int max, int kernel,
                              int stride, int padding)
{
    if (!nn_op_check(function, &x, 1)) return nn_op_failed(&x, 1);
    nn_ctx *nn = x->ctx;
    const nn_conv_options o = nn__both_ways(stride ? stride : kernel, padding);
    const int sides[2] = {kernel, kernel};
    nn__conv v;
    if (x->shape.ndim != axes + 2)
        return nn_fail(nn, NN_ERROR_SHAPE, function, "x is %s, not [N, C, %s]",
                       nn_shape_text(nn, x->shape), axes == 1 ? "T" : "H, W");
    if (!nn__window_of(function, x, axes, sides, &o, 0, &v)) return &nn->failed;
    if (padding > kernel / 2)
        return nn__mistake(nn, function, "padding %d is more than half of kernel %d", padding,
                           kernel), &nn->failed;
    nn_tensor *y = nn_op_new(&function[3], nn__images(axes, v.n, v.channels, v.out), &x, 1,
                             max ? nn__max_pool_backward : nn__avg_pool_backward, 0);
    if (!y->size) return y;
    y->saved = nn__alloc(nn, &nn->graph, max ? y->size : 1, max ? sizeof(int) : sizeof v, 0);
    if (!y->saved) return &nn->failed;
    if (!max) memset(y->data, 0, y->size * sizeof *y->data), *(nn__conv *)y->saved = v;
    const int in = nn__span2(v.size), out = nn__span2(v.out);
    for (int c = 0; c < v.n * v.channels; c++)
        if (max) nn__pool_largest(&v, x, c * in, y->data + c * out, (int *)y->saved + c * out);
        else nn__pool_sums(&v, x->data + c * in, y->data + c * out, 0);
    const nn_real places = (nn_real)nn__span2(v.kernel);
    if (!max) nn->kernels->div(y->size, y->data, 1, &places, 0, y->data);
    return nn_op_done(y);
}

nn_tensor *nn_max_pool2d(nn_tensor *x, int kernel, int stride, int padding)
{
    return nn__pool_of(__func__, x, 2, 1, kernel, stride, padding);
}
nn_tensor *nn_avg_pool2d(nn_tensor *x, int kernel, int stride, int padding)
{
    return nn__pool_of(__func__, x, 2, 0, kernel, stride, padding);
}
nn_tensor *nn_max_pool1d(nn_tensor *x, int kernel, int stride, int padding)
{
    return nn__pool_of(__func__, x, 1, 1, kernel, stride, padding);
}
nn_tensor *nn_avg_pool1d(nn_tensor *x, int kernel, int stride, int padding)
{
    return nn__pool_of(__func__, x, 1, 0, kernel, stride, padding);
}

nn_tensor *nn_global_avg_pool2d(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    if (x->shape.ndim != 4)
        return nn_fail(x->ctx, NN_ERROR_SHAPE, __func__, "x is %s, not [N, C, H, W]",
                       nn_shape_text(x->ctx, x->shape));
    const nn_shape shape = nn_shape2(x->shape.dim[0], x->shape.dim[1]);
    const nn__view v = {nn__span(shape, 0, 2), nn__span(x->shape, 2, 4), 1};
    return nn__sum_over(&__func__[3], x, v, shape, 1 / (nn_real)v.length);
}

nn_tensor *nn_flatten(nn_tensor *x)
{
    if (!nn_op_check(__func__, &x, 1)) return nn_op_failed(&x, 1);
    return nn_reshape(x, nn_shape2(x->shape.ndim ? x->shape.dim[0] : 1, -1));
}

#endif
/* ==== Chapter 13: recurrent networks =================================================== >>ch13 */
#if NN_CHAPTERS >= 13

/* n numbers, or with NULL zeros, again and again until there are size of them. */
static void nn__fill_rows(const nn_real *from, size_t n, nn_real *to, size_t size)
{
    if (!from) memset(to, 0, size * sizeof *to);
    for (size_t i = 0; from && i < size; i += n) memmove(to + i, from, n * sizeof *to);
}

/* ---- embedding ---- */

nn_embedding nn_embedding_new(nn_model *model, const char *name, int vocabulary, int dim)
{
    nn_embedding e = {NULL};
    if (!nn__given(model, __func__)) return e;
    if (vocabulary < 1 || dim < 1)
        nn__mistake(model->ctx, __func__, "%d words, %d numbers each", vocabulary, dim);
    e.weight = nn_param(model, name, "weight", nn_shape2(vocabulary, dim));
    for (size_t i = 0; i < e.weight->size; i++) e.weight->data[i] = nn_normal(model->ctx, 0, 1);
    return e;
}

static void nn__embedding_backward(nn_tensor *y) /* y[i] = w[ids[i]]: dw[ids[i]] += dy[i] */
{
    const int *ids = (const int *)y->saved;
    const ptrdiff_t n = y->shape.dim[0], d = y->shape.dim[1];
    for (ptrdiff_t i = 0; i < n; i++)
        if (ids[i] >= 0)
            y->ctx->kernels->axpy((size_t)d, 1, y->grad + i * d, y->in[0]->grad + ids[i] * d);
}

nn_tensor *nn_embedding_forward(const nn_embedding *e, const int *ids, int n)
{
    nn_tensor *w = e ? e->weight : NULL;
    if (!nn_op_check(__func__, &w, 1)) return nn_op_failed(&w, 1);
    nn_ctx *nn = w->ctx;
    if (w->shape.ndim != 2)
        return nn_fail(nn, NN_ERROR_SHAPE, __func__, "the weight is %s, not [V, D]",
                       nn_shape_text(nn, w->shape));
    if (!ids || n < 1)
        return nn__mistake(nn, __func__, ids ? "n is %d" : "ids is NULL", n), &nn->failed;
    const int words = w->shape.dim[0];
    const size_t d = (size_t)w->shape.dim[1], bytes = (size_t)n * sizeof *ids;
    for (int i = 0; i < n; i++)
        if (ids[i] < -1 || ids[i] >= words)
            return nn__mistake(nn, __func__, "ids[%d] is %d, but the weight is %s (0 to %d, or -1 "
                               "for zeros)", i, ids[i], nn_shape_text(nn, w->shape), words - 1),
                   &nn->failed;
    nn_tensor *y = nn_op_new("embedding", nn_shape2(n, w->shape.dim[1]), &w, 1,
                             nn__embedding_backward, bytes);
    if (!y->size) return y;
    memcpy(y->saved, ids, bytes);
    for (size_t i = 0; i < (size_t)n; i++)
        nn__fill_rows(ids[i] < 0 ? NULL : w->data + (size_t)ids[i] * d, d, y->data + i * d, d);
    return nn_op_done(y);
}

/* ---- sequences: what RNN, LSTM and GRU share ----
 *
 * A step takes all N sequences at once, and a gate of it is a block [N, H]. Arrays have the steps
 * first: x [T, N, in], states [T + 1, N, H], gates [slot][T, N, H]. So the input's share of a gate,
 * at all steps, is one product, the pointwise part of a step is a few calls of kernels, and so is
 * each weight's gradient in the end one product. Steps are counted as they are done: from right
 * to left step 0 reads the last element. A sequence that is over keeps its state. */
typedef struct nn__steps {
    nn_ctx *nn;
    nn_rnn_cell l;
    nn_tensor *x, *h0, *c0; /* h0 and c0 are of all cells of a layer: [cells, N or 1, H] */
    nn_tensor *last_h, *last_c, *y; /* results: [N, H]; or NULL; [N, T, H], of a cell NULL */
    int n, steps, in, hidden;
    int place, cells, reverse; /* cell number `place` of so many; 0: one step, of a cell alone */
    const int *lengths;      /* [N], or NULL: all T */
    size_t block, gate;      /* N H and T N H */
    nn_real *xs, *h, *c;
    nn_real *z, *dz;         /* the gates; the gradients of what their functions were applied to */
    nn_real *dh, *dc, *work; /* backward: of the states after a step, then before it; [N, H] */
    nn__mat w_hh;            /* in panels, gate after gate; forward transposed */
    size_t panels;           /* how many numbers one gate has */
} nn__steps;

/* A kind of cell. The input's share of the last gate goes into slot last_in; what W_hh multiplies
 * for it is slot last_from, or h if that is -1. */
struct nn__cell_rule {
    const char *name, *function; /* "rnn", "nn_rnn_forward" */
    int gates, slots, last_in, last_from, has_c;
    void (*forward)(nn__steps *s, int t);  /* h, c [t + 1] from h, c [t] */
    void (*backward)(nn__steps *s, int t); /* dz, and dh, dc of h, c [t] from those of [t + 1] */
};

static nn_real *nn__slot(const nn__steps *s, nn_real *a, int slot, int t)
{
    return a + (size_t)slot * s->gate + (size_t)t * s->block;
}

/* to += from W_hh^T, or from W_hh, for so many gates; a step of 0: the same block for all */
static void nn__recur(const nn__steps *s, int first, int gates, const nn_real *from,
                      size_t from_step, nn_real *to, size_t to_step, int add)
{
    nn__product x = {s->n, s->hidden, s->hidden, add, gates, nn__rows(from, s->hidden), s->w_hh,
                     NULL, to, s->hidden, (ptrdiff_t)from_step, (ptrdiff_t)s->panels,
                     (ptrdiff_t)to_step, 1};
    x.b.p += (size_t)first * s->panels;
    nn__run(s->nn, &x);
}

/* W_hh, or its transpose, in panels for the loop over the steps; 0 without memory. */
static int nn__pack_recurrent(nn__steps *s, int transposed)
{
    const int h = s->hidden, width = s->nn->kernels->width, gates = s->l.rule->gates;
    s->panels = (size_t)((h + width - 1) / width * width) * (size_t)h;
    nn_real *p = nn__reals(s->nn, &s->nn->graph, (size_t)gates * s->panels);
    for (int g = gates - 1; p && g >= 0; g--) {
        const nn__mat w = nn__rows(s->l.weight_hh->data + (ptrdiff_t)g * h * h, h);
        s->w_hh = nn__panels(s->nn->kernels, h, h, transposed ? nn__transposed(w) : w,
                             p + (size_t)g * s->panels);
    }
    return p != NULL;
}

/* Where sequence i has what step t reads, in [N, T, ..]; -1 if it is over. */
static ptrdiff_t nn__place(const nn__steps *s, int i, int t)
{
    const int length = s->lengths ? s->lengths[i] : s->steps;
    return t >= length ? -1 : (ptrdiff_t)i * s->steps + (s->reverse ? length - 1 - t : t);
}

/* Rows of [N, H] whose sequence is over by step t are copied from `from`, or zeroed. */
static void nn__rows_over(const nn__steps *s, int t, const nn_real *from, nn_real *to)
{
    const size_t h = (size_t)s->hidden;
    for (int i = 0; s->lengths && i < s->n; i++, to += h)
        if (t < s->lengths[i]) continue;
        else if (from) memcpy(to, from + (size_t)i * h, h * sizeof *to);
        else memset(to, 0, h * sizeof *to);
}

/* Each n numbers of a are added to sum. */
static void nn__add_rows(const nn__steps *s, const nn_real *a, size_t size, nn_real *sum, size_t n)
{
    for (size_t i = 0; i < size; i += n) s->nn->kernels->axpy(n, 1, a + i, sum);
}

/* The state before the first step: this cell's part of h0 or c0; or, back, its gradient. */
static void nn__first_state(const nn__steps *s, const nn_tensor *all, nn_real *own, int back)
{
    const size_t n = all ? all->size / (size_t)nn__max(s->cells, 1) : 0, at = (size_t)s->place * n;
    if (!back && own) nn__fill_rows(all ? all->data + at : NULL, n, own, s->block);
    if (back && all && all->grad) nn__add_rows(s, own, s->block, all->grad + at, n);
}

/* x in the order of the steps, or, back, its gradient. */
static void nn__in_order(const nn__steps *s, nn_real *xs, const nn_real *x, nn_real *dx)
{
    const size_t n = (size_t)s->in;
    for (int t = 0; t < s->steps; t++)
        for (int i = 0; i < s->n; i++, xs += n) {
            const ptrdiff_t place = nn__place(s, i, t) * (ptrdiff_t)n;
            if (dx && place >= 0) nn__add_rows(s, xs, n, dx + place, n);
            if (!dx) nn__fill_rows(place < 0 ? NULL : x + place, n, xs, n);
        }
}

/* From x, h0 and c0 to h, c and the results. */
static void nn__run_steps(nn__steps *s)
{
    const nn_rnn_cell *l = &s->l;
    const int in = s->in, gates = l->rule->gates;
    const size_t h = (size_t)s->hidden;
    nn__in_order(s, s->xs, s->x->data, NULL);
    nn__first_state(s, s->h0, s->h, 0), nn__first_state(s, s->c0, s->c, 0);
    for (int g = 0; g < gates; g++) { /* each sum begins with the biases */
        const int slot = g == gates - 1 ? l->rule->last_in : g;
        const nn_real *b1 = l->bias_ih ? l->bias_ih->data + (size_t)g * h : NULL;
        const nn_real *b2 = l->bias_hh ? l->bias_hh->data + (size_t)g * h : NULL;
        nn_real *z = nn__slot(s, s->z, slot, 0);
        nn__fill_rows(b1, h, z, h);
        if (slot != g) nn__fill_rows(b2, h, nn__slot(s, s->z, g, 0), s->gate);
        else if (b2) nn__add_rows(s, b2, h, z, h);
        nn__fill_rows(z, h, z, s->gate);
        nn__gemm(s->nn, s->steps * s->n, s->hidden, in, nn__rows(s->xs, in),
                 nn__transposed(nn__rows(l->weight_ih->data + g * s->hidden * (ptrdiff_t)in, in)),
                 z, 1);
    }
    if (s->y) memset(s->y->data, 0, s->y->size * sizeof *s->y->data);
    for (int t = 0; t < s->steps; t++) {
        const nn_real *state = nn__slot(s, s->h, 0, t), *c = s->c ? nn__slot(s, s->c, 0, t) : NULL;
        l->rule->forward(s, t);
        nn__rows_over(s, t, state, nn__slot(s, s->h, 0, t + 1));
        if (c) nn__rows_over(s, t, c, nn__slot(s, s->c, 0, t + 1));
        for (int i = 0; s->y && i < s->n; i++) {
            const ptrdiff_t place = nn__place(s, i, t) * (ptrdiff_t)h;
            const nn_real *row = state + s->block + (size_t)i * h;
            if (place >= 0) nn__fill_rows(row, h, s->y->data + place, h);
        }
    }
    nn__fill_rows(nn__slot(s, s->h, 0, s->steps), s->block, s->last_h->data, s->block);
    if (s->c) nn__fill_rows(nn__slot(s, s->c, 0, s->steps), s->block, s->last_c->data, s->block);
}

/* Backpropagation through time, step by step from the last: the gradient of h[t + 1] is what y has
 * there and what came back through the steps after it; the rule turns it into dz[t] and the
 * gradient of h[t]. Each weight's gradient is a sum over all steps, one product:
 * dW_ih += dz^T x, dW_hh += dz^T h[t], db += the sum of dz; dx += dz W_ih. */
static void nn__recurrent_backward(nn_tensor *last_h)
{
    nn__steps *s = (nn__steps *)last_h->saved;
    const nn_rnn_cell *l = &s->l;
    const nn__kernels *k = s->nn->kernels;
    nn_arena *arena = &s->nn->graph;
    const int gates = l->rule->gates, last = l->rule->last_in, from = l->rule->last_from;
    const int h = s->hidden, in = s->in, rows = s->steps * s->n;
    const size_t block = s->block;
    nn_real *held = nn__reals(s->nn, arena, 5 * block); /* of dh and dc; dh; dc; work */
    nn_real *dxs = s->x->grad ? nn__reals(s->nn, arena, (size_t)rows * (size_t)in) : NULL;
    s->dz = (nn_real *)nn__alloc(s->nn, arena, (size_t)l->rule->slots * s->gate, sizeof *s->dz, 1);
    if (s->nn->code != NN_OK || !nn__pack_recurrent(s, 0)) return;
    s->dh = held + 2 * block, s->dc = s->dh + block, s->work = s->dc + block;
    nn__fill_rows(last_h->grad, block, s->dh, block);
    nn__fill_rows(s->last_c ? s->last_c->grad : NULL, block, s->dc, block);
    for (int t = s->steps - 1; t >= 0; t--) {
        for (int i = 0; s->y && s->y->grad && i < s->n; i++) {
            const ptrdiff_t place = nn__place(s, i, t) * h;
            if (place >= 0) k->axpy((size_t)h, 1, s->y->grad + place, s->dh + (ptrdiff_t)i * h);
        }
        nn__rows_over(s, t, s->dh, held), nn__rows_over(s, t, s->dc, held + block);
        nn__rows_over(s, t, NULL, s->dh), nn__rows_over(s, t, NULL, s->dc);
        l->rule->backward(s, t);
        nn__rows_over(s, t, held, s->dh), nn__rows_over(s, t, held + block, s->dc);
    }
    nn__first_state(s, s->h0, s->dh, 1), nn__first_state(s, s->c0, s->dc, 1);
    for (int g = 0; g < gates; g++) {
        const int ending = g == gates - 1;
        const ptrdiff_t at = (ptrdiff_t)g * h;
        const nn_real *dz = nn__slot(s, s->dz, g, 0);
        const nn_real *dz_in = ending ? nn__slot(s, s->dz, last, 0) : dz;
        const nn_real *state = ending && from >= 0 ? nn__slot(s, s->z, from, 0) : s->h;
        if (s->x->grad) nn__gemm(s->nn, rows, in, h, nn__rows(dz_in, h),
                                 nn__rows(l->weight_ih->data + at * in, in), dxs, g > 0);
        if (l->weight_ih->grad)
            nn__gemm(s->nn, h, in, rows, nn__transposed(nn__rows(dz_in, h)), nn__rows(s->xs, in),
                     l->weight_ih->grad + at * in, 1);
        if (l->weight_hh->grad)
            nn__gemm(s->nn, h, h, rows, nn__transposed(nn__rows(dz, h)), nn__rows(state, h),
                     l->weight_hh->grad + at * h, 1);
        if (l->bias_ih && l->bias_ih->grad)
            nn__add_rows(s, dz_in, s->gate, l->bias_ih->grad + at, (size_t)h);
        if (l->bias_hh && l->bias_hh->grad)
            nn__add_rows(s, dz, s->gate, l->bias_hh->grad + at, (size_t)h);
    }
    if (s->x->grad) nn__in_order(s, dxs, NULL, s->x->grad);
}

/* 1 if x, the parameters and the states belong together; takes the sizes from them. */
static int nn__check_cell(const char *function, nn__steps *s)
{
    nn_ctx *nn = s->nn = s->x->ctx;
    const nn_rnn_cell *l = &s->l;
    const struct nn__cell_rule *rule = l->rule;
    if (!rule || strncmp(function, rule->function, strlen(rule->name) + 3) != 0)
        return nn__mistake(nn, function, "the %s is of the kind \"%s\"",
                           s->cells ? "layer" : "cell", rule ? rule->name : "?");
    const nn_shape x = s->x->shape, w = l->weight_hh->shape;
    const int rows = w.dim[0], h = nn__last(w);
    s->hidden = h, s->n = x.dim[0], s->steps = s->cells ? x.dim[1] : 1, s->in = nn__last(x);
    s->block = (size_t)s->n * (size_t)h, s->gate = (size_t)s->steps * s->block;
    const size_t size = (size_t)h, biases = !l->bias_ih && !l->bias_hh ? 0 : 2 * (size_t)rows;
    const size_t peepholes = rule->has_c && l->variant ? 3 * size : 0;
    if (w.ndim != 2 || rows % rule->gates != 0 || rows / rule->gates != h ||
        (l->bias_ih ? l->bias_ih->size : 0) + (l->bias_hh ? l->bias_hh->size : 0) != biases ||
        (l->weight_ch ? l->weight_ch->size : 0) != peepholes * (l->variant > 1 ? size : 1))
        return nn_fail(nn, NN_ERROR_SHAPE, function, "the cell's parameters do not fit together: "
                       "weight_hh is %s", nn_shape_text(nn, w)), 0;
    if (x.ndim != (s->cells ? 3 : 2) ||
        !nn_shape_equal(l->weight_ih->shape, nn_shape2(rows, s->in)))
        return nn_fail(nn, NN_ERROR_SHAPE, function, "x is %s, not [N, %sin]: weight_ih is %s",
                       nn_shape_text(nn, x), s->cells ? "T, " : "",
                       nn_shape_text(nn, l->weight_ih->shape)), 0;
    const nn_tensor *const state[2] = {s->h0, s->c0};
    const nn_shape all = s->cells ? nn_shape3(s->cells, s->n, h) : nn_shape2(s->n, h);
    const size_t each = nn__span(all, 0, all.ndim - 2);
    for (int i = 0; i < 2; i++) { /* N rows, or one for all sequences */
        const nn_tensor *a = state[i];
        if (!a) continue;
        const int fits = nn__last(a->shape) == h &&
                         (a->size == each * size || a->size == each * s->block);
        if (!fits || (s->cells && (a->shape.ndim != 3 || a->shape.dim[0] != s->cells)))
            return nn_fail(nn, NN_ERROR_SHAPE, function, "%c%s is %s, not [%sN, H] = %s", "hc"[i],
                           s->cells ? "0" : "", nn_shape_text(nn, a->shape),
                           s->cells ? "layers directions, " : "", nn_shape_text(nn, all)), 0;
    }
    for (int i = 0; s->lengths && i < s->n; i++)
        if (s->lengths[i] < 1 || s->lengths[i] > s->steps)
            return nn__mistake(nn, function, "lengths[%d] is %d, not in 1 to T: x is %s", i,
                               s->lengths[i], nn_shape_text(nn, x));
    return 1;
}

/* Cell number `place` of a layer's cells over whole sequences; with 0 cells one step of a cell. */
static nn_rnn_result nn__recurrent(const char *function, const nn_rnn_cell *cell, nn_tensor *x,
                                   nn_tensor *h0, nn_tensor *c0, const int *lengths, int reverse,
                                   int place, int cells)
{
    nn__steps s;
    memset(&s, 0, sizeof s);
    if (cell) s.l = *cell;
    const nn_rnn_cell *l = &s.l;
    nn_tensor *in[8] = {l->weight_ih, x}; /* as arguments are counted */
    nn_tensor *const more[6] = {h0, c0, l->weight_hh, l->bias_ih, l->bias_hh, l->weight_ch};
    int n_in = 2;
    for (int i = 0; i < 6; i++)
        if (more[i] || i == 2) in[n_in++] = more[i];
    nn_tensor *const failed = nn_op_failed(in, n_in);
    nn_rnn_result r = {failed, failed, failed};
    s.x = x, s.h0 = h0, s.c0 = c0, s.lengths = lengths;
    s.reverse = reverse, s.place = place, s.cells = cells;
    if (!nn_op_check(function, in, n_in) || !nn__check_cell(function, &s)) return r;
    nn_ctx *nn = s.nn;
    const char *const op = l->rule->name;
    const int has_c = l->rule->has_c;
    const nn_shape last = cells ? nn_shape3(1, s.n, s.hidden) : nn_shape2(s.n, s.hidden);
    s.last_h = nn_op_new(op, last, in, n_in, nn__recurrent_backward, sizeof s);
    if (has_c) s.last_c = nn_op_new(op, last, &s.last_h, 1, nn__further_result_backward, 0);
    if (cells) s.y = nn_op_new(op, nn_shape3(s.n, s.steps, s.hidden), &s.last_h, 1,
                               nn__further_result_backward, 0);
    if (lengths) s.lengths = nn__copy_labels(nn, lengths, (size_t)s.n);
    s.xs = nn__reals(nn, &nn->graph, (size_t)s.steps * (size_t)s.n * (size_t)s.in);
    s.h = nn__reals(nn, &nn->graph, s.gate + s.block);
    if (has_c) s.c = nn__reals(nn, &nn->graph, s.gate + s.block);
    s.z = nn__reals(nn, &nn->graph, (size_t)l->rule->slots * s.gate);
    const nn__mark temporaries = nn__arena_mark(&nn->graph);
    if (nn->code != NN_OK || !nn__pack_recurrent(&s, 1)) return r;
    nn__run_steps(&s);
    nn__arena_rewind(&nn->graph, temporaries);
    if (nn->code != NN_OK) return r;
    *(nn__steps *)s.last_h->saved = s;
    r.h = nn_op_done(s.last_h);
    r.c = has_c ? nn_op_done(s.last_c) : NULL;
    r.output = s.y ? nn_op_done(s.y) : r.h;
    return r;
}

/* ---- cells and layers ---- */

static nn_rnn_cell nn__cell_new(const char *function, nn_model *model, const char *name,
                                const char *suffix, const struct nn__cell_rule *rule, int in,
                                int hidden, nn_rnn_options o)
{
    const int g = rule->gates, variant = g == 1 ? !!o.relu : g == 3 ? o.convention : o.peephole;
    nn_rnn_cell l = {NULL, NULL, NULL, NULL, NULL, variant, rule};
    if (!nn__given(model, function)) return l;
    nn_ctx *nn = model->ctx;
    if (in < 1 || hidden < 1 || hidden > INT_MAX / 4)
        return nn__mistake(nn, function, "from %d inputs to %d hidden units", in, hidden), l;
    if (variant < 0 || variant > 2)
        return nn__mistake(nn, function, "there is no %s %d", g == 3 ? "convention" : "peephole",
                           variant), l;
    const int before = model->n_params, peephole = rule->has_c ? variant : 0;
    nn_tensor **const place[5] = {&l.weight_ih, &l.weight_hh, &l.bias_ih, &l.bias_hh, &l.weight_ch};
    static const char *const names[5] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh",
                                         "weight_ch"};
    const nn_shape bias = nn_shape1(g * hidden), diagonal = nn_shape1(3 * hidden);
    const nn_shape shape[5] = {nn_shape2(g * hidden, in), nn_shape2(g * hidden, hidden), bias, bias,
                               peephole > 1 ? nn_shape2(3 * hidden, hidden) : diagonal};
    const int wanted[5] = {1, 1, !o.no_bias, !o.no_bias, peephole};
    for (int i = 0; i < 5 && nn->code == NN_OK; i++) {
        char full[32];
        if (!wanted[i]) continue;
        snprintf(full, sizeof full, "%s%s", names[i], suffix);
        *place[i] = nn_param(model, name, full, shape[i]);
    }
    if (nn->code != NN_OK) return model->n_params = before, l; /* all of it or nothing */
    for (int i = 0; i < 5; i++) nn__set_uniform(*place[i], 1 / (nn_real)sqrt((double)hidden));
    const nn_real forget = rule->has_c ? o.forget_bias : 0;
    for (int j = hidden; l.bias_ih && forget != 0 && j < 2 * hidden; j++)
        l.bias_ih->data[j] = forget, l.bias_hh->data[j] = 0;
    return l;
}

static nn_rnn nn__rnn_new(const char *function, nn_model *model, const char *name,
                          const struct nn__cell_rule *rule, int in, int hidden, nn_rnn_options o)
{
    nn_rnn l = {NULL, o.layers ? o.layers : 1, o.bidirectional ? 2 : 1, o.dropout};
    if (!nn__given(model, function)) return l;
    nn_ctx *nn = model->ctx;
    if (l.layers < 1 || l.layers > NN_MAX_LAYERS)
        nn__mistake(nn, function, "%d layers, not 1 to %d", l.layers, NN_MAX_LAYERS);
    if (!nn__check_part(nn, function, "dropout", o.dropout) || nn->code != NN_OK) return l;
    const int before = model->n_params, cells = l.layers * l.directions;
    l.cell = (nn_rnn_cell *)nn__alloc(nn, &nn->keep, (size_t)cells, sizeof *l.cell, 1);
    for (int i = 0; i < cells && nn->code == NN_OK; i++) {
        char suffix[24];
        snprintf(suffix, sizeof suffix, "_l%d%s", i / l.directions,
                 i % l.directions ? "_reverse" : "");
        l.cell[i] = nn__cell_new(function, model, name, suffix, rule,
                                 i < l.directions ? in : l.directions * hidden, hidden, o);
    }
    if (nn->code != NN_OK) model->n_params = before, l.cell = NULL;
    return l;
}

static nn_rnn_result nn__layers(const struct nn__cell_rule *rule, const nn_rnn *l, nn_tensor *x,
                                nn_tensor *h0, nn_tensor *c0, const int *lengths)
{
    if (!l || !l->cell) /* which is reported there */
        return nn__recurrent(rule->function, NULL, x, h0, c0, NULL, 0, 0, 1);
    nn_tensor *h[2 * NN_MAX_LAYERS], *c[2 * NN_MAX_LAYERS], *both[2];
    nn_rnn_result r = {NULL, NULL, NULL};
    const int cells = l->layers * l->directions;
    for (int i = 0; i < cells; i++) {
        const int reverse = i % l->directions;
        r = nn__recurrent(rule->function, &l->cell[i], x, h0, c0, lengths, reverse, i, cells);
        if (!r.h || !r.h->size) return r;
        both[reverse] = r.output, h[i] = r.h, c[i] = r.c;
        if (reverse < l->directions - 1) continue;
        x = l->directions == 2 ? nn_concat(2, 2, both) : r.output;
        if (l->dropout > 0 && i < cells - 1) x = nn_dropout(x, l->dropout);
    }
    r.output = x;
    r.h = cells > 1 ? nn_concat(0, cells, h) : h[0];
    r.c = !rule->has_c ? NULL : cells > 1 ? nn_concat(0, cells, c) : c[0];
    return r;
}

/* ---- the plain recurrent network ---- */

static const nn_rnn_options nn__usual = {0, 0, 0, 0, 0, 0, 0, 0};

/* h[t + 1] = f(W_ih x[t] + b_ih + W_hh h[t] + b_hh), f = tanh or ReLU */
static void nn__rnn_step(nn__steps *s, int t)
{
    nn_real *h = nn__slot(s, s->h, 0, t), *z = nn__slot(s, s->z, 0, t);
    nn__recur(s, 0, 1, h, 0, z, s->gate, 1);
    if (s->l.variant) s->nn->kernels->relu(s->block, z, h + s->block);
    else s->nn->kernels->tanh(s->block, z, h + s->block);
}

/* dz = dh[t + 1] f'(z), dh[t] = dz W_hh */
static void nn__rnn_step_back(nn__steps *s, int t)
{
    const nn_real *after = nn__slot(s, s->h, 0, t + 1);
    nn_real *dz = nn__slot(s, s->dz, 0, t);
    if (s->l.variant) s->nn->kernels->leaky_relu_backward(s->block, 0, s->dh, after, dz);
    else s->nn->kernels->tanh_backward(s->block, s->dh, after, dz);
    nn__recur(s, 0, 1, dz, s->gate, s->dh, 0, 0);
}

static const struct nn__cell_rule nn__rnn_rule = {"rnn", "nn_rnn_forward", 1, 1, 0, -1, 0,
                                                  nn__rnn_step, nn__rnn_step_back};

nn_rnn_cell nn_rnn_cell_new(nn_model *model, const char *name, int in, int hidden)
{
    return nn__cell_new(__func__, model, name, "", &nn__rnn_rule, in, hidden, nn__usual);
}
nn_rnn_result nn_rnn_cell_forward(const nn_rnn_cell *l, nn_tensor *x, nn_tensor *h)
{
    return nn__recurrent(__func__, l, x, h, NULL, NULL, 0, 0, 0);
}
nn_rnn nn_rnn_new(nn_model *model, const char *name, int in, int hidden)
{
    return nn__rnn_new(__func__, model, name, &nn__rnn_rule, in, hidden, nn__usual);
}
nn_rnn nn_rnn_new_with(nn_model *model, const char *name, int in, int hidden, nn_rnn_options o)
{
    return nn__rnn_new(__func__, model, name, &nn__rnn_rule, in, hidden, o);
}
nn_rnn_result nn_rnn_forward(const nn_rnn *l, nn_tensor *x, nn_tensor *h0, const int *lengths)
{
    return nn__layers(&nn__rnn_rule, l, x, h0, NULL, lengths);
}

/* ---- sampling ---- */

/* Where the largest of the logits z is, the first of equals; -1 if one is NaN or that one is not
 * finite. */
static int nn__likeliest(const nn_real *z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (z[i] != z[i]) return -1;
    const int best = nn__largest_of(z, (int)n);
    return z[best] - z[best] == 0 ? best : -1; /* infinity minus itself is NaN */
}

void nn_sample(const nn_tensor *logits, nn_real temperature, int *index)
{
    nn_tensor *z = (nn_tensor *)(uintptr_t)logits;
    if (!nn_op_check(__func__, &z, 1)) return;
    nn_ctx *nn = z->ctx;
    const size_t c = (size_t)nn__last(z->shape);
    if (!index || !(temperature >= 0)) {
        nn__mistake(nn, __func__, index ? "the temperature is %g" : "index is NULL",
                    (double)temperature);
        return;
    }
    nn_real *p = nn__scratch(nn, c), max;
    for (size_t i = 0; p && i < z->size / c; i++) {
        const nn_real *row = z->data + i * c;
        int drawn = nn__likeliest(row, c);
        if (drawn < 0) {
            nn_fail(nn, NN_ERROR_NONFINITE, __func__, "row %zu of %s has NaN or infinity in it",
                    i, nn_shape_text(nn, z->shape));
            return;
        }
        index[i] = drawn; /* the largest */
        if (temperature == 0) continue;
        nn->kernels->div(c, row, 1, &temperature, 0, p);
        nn->kernels->softmax(c, p, p, &max);
        double sum = 0;
        for (size_t j = 0; j < c; j++) sum += (double)p[j];
        if (!(sum > 0)) continue; /* so low a temperature that the quotients overflow: as with 0 */
        double left = (double)(nn_random(nn) >> 11) / 9007199254740992.0 * sum; /* 0..1 of it */
        for (size_t j = 0; j < c && left >= 0; left -= (double)p[j++])
            if (p[j] > 0) drawn = (int)j;
        index[i] = drawn;
    }
}

#endif
/* ==== Chapter 14: LSTM, GRU, highways ================================================== >>ch14 */
#if NN_CHAPTERS >= 14

/* ---- long short-term memory ---- */

enum { NN__I_GATE, NN__F_GATE, NN__G_GATE, NN__O_GATE, NN__TANH_C }; /* slots of an LSTM */

/* z += p c for the gate in `slot`, p being block number `block` of weight_ch */
static void nn__peep(nn__steps *s, int t, int slot, int block, const nn_real *c)
{
    const nn_tensor *w = s->l.weight_ch;
    if (!w) return;
    const int n = s->n, size = s->hidden;
    const nn_real *p = w->data + block * (ptrdiff_t)(w->size / 3);
    nn_real *z = nn__slot(s, s->z, slot, t);
    if (s->l.variant == NN_PEEPHOLE_FULL)
        nn__gemm(s->nn, n, size, size, nn__rows(c, size), nn__transposed(nn__rows(p, size)), z, 1);
    else
        for (size_t i = 0; i < s->block; i += (size_t)size)
            s->nn->kernels->mul_add((size_t)size, p, c + i, z + i);
}

/* the same back: dc += dz p, dp += dz c */
static void nn__peep_back(nn__steps *s, int t, int slot, int block, const nn_real *c)
{
    const nn_tensor *w = s->l.weight_ch;
    if (!w) return;
    const int n = s->n, size = s->hidden;
    const ptrdiff_t at = block * (ptrdiff_t)(w->size / 3);
    const nn_real *p = w->data + at, *dz = nn__slot(s, s->dz, slot, t);
    nn_real *dp = w->grad ? w->grad + at : NULL;
    if (s->l.variant == NN_PEEPHOLE_FULL) {
        nn__gemm(s->nn, n, size, size, nn__rows(dz, size), nn__rows(p, size), s->dc, 1);
        if (dp) nn__gemm(s->nn, size, size, n, nn__transposed(nn__rows(dz, size)),
                         nn__rows(c, size), dp, 1);
        return;
    }
    for (size_t i = 0; i < s->block; i += (size_t)size) {
        s->nn->kernels->mul_add((size_t)size, dz + i, p, s->dc + i);
        if (dp) s->nn->kernels->mul_add((size_t)size, dz + i, c + i, dp);
    }
}

/* The book's six equations; W [h, x] + b is W_ih x + b_ih + W_hh h + b_hh:
 *   f = sigmoid(W_f [h, x] + b_f)      i = sigmoid(W_i [h, x] + b_i)
 *   g = tanh(W_g [h, x] + b_g)         C' = f C + i g
 *   o = sigmoid(W_o [h, x] + b_o)      h' = o tanh C' */
static void nn__lstm_step(nn__steps *s, int t)
{
    const nn__kernels *k = s->nn->kernels;
    const size_t n = s->block;
    nn_real *i = nn__slot(s, s->z, NN__I_GATE, t), *f = nn__slot(s, s->z, NN__F_GATE, t);
    nn_real *g = nn__slot(s, s->z, NN__G_GATE, t), *o = nn__slot(s, s->z, NN__O_GATE, t);
    nn_real *c = nn__slot(s, s->c, 0, t), *h = nn__slot(s, s->h, 0, t);
    nn_real *new_c = c + n, *new_h = h + n, *tanh_c = nn__slot(s, s->z, NN__TANH_C, t);
    nn__recur(s, 0, 4, h, 0, i, s->gate, 1);
    nn__peep(s, t, NN__I_GATE, 0, c), nn__peep(s, t, NN__F_GATE, 1, c);
    k->sigmoid(n, f, f);
    k->sigmoid(n, i, i);
    k->tanh(n, g, g);
    k->mul(n, f, 1, c, 1, new_c), k->mul_add(n, i, g, new_c);
    nn__peep(s, t, NN__O_GATE, 2, new_c);
    k->sigmoid(n, o, o);
    k->tanh(n, new_c, tanh_c), k->mul(n, o, 1, tanh_c, 1, new_h);
}

/* From the last equation to the first: do = dh' tanh C', dC' += dh' o (1 - tanh^2 C'), di = dC' g,
 * dg = dC' i, df = dC' C, dC = dC' f; each gate's dz is that times the slope of its function. */
static void nn__lstm_step_back(nn__steps *s, int t)
{
    const nn__kernels *k = s->nn->kernels;
    const size_t n = s->block;
    const nn_real *i = nn__slot(s, s->z, NN__I_GATE, t), *f = nn__slot(s, s->z, NN__F_GATE, t);
    const nn_real *g = nn__slot(s, s->z, NN__G_GATE, t), *o = nn__slot(s, s->z, NN__O_GATE, t);
    const nn_real *c = nn__slot(s, s->c, 0, t), *tanh_c = nn__slot(s, s->z, NN__TANH_C, t);
    nn_real *dc = s->dc, *work = s->work;
    k->mul(n, s->dh, 1, tanh_c, 1, work);
    k->sigmoid_backward(n, work, o, nn__slot(s, s->dz, NN__O_GATE, t));
    k->mul(n, s->dh, 1, o, 1, work);
    k->tanh_backward(n, work, tanh_c, dc);
    nn__peep_back(s, t, NN__O_GATE, 2, c + n);
    k->mul(n, dc, 1, g, 1, work);
    k->sigmoid_backward(n, work, i, nn__slot(s, s->dz, NN__I_GATE, t));
    k->mul(n, dc, 1, i, 1, work);
    k->tanh_backward(n, work, g, nn__slot(s, s->dz, NN__G_GATE, t));
    k->mul(n, dc, 1, c, 1, work);
    k->sigmoid_backward(n, work, f, nn__slot(s, s->dz, NN__F_GATE, t));
    k->mul(n, dc, 1, f, 1, dc);
    nn__peep_back(s, t, NN__I_GATE, 0, c), nn__peep_back(s, t, NN__F_GATE, 1, c);
    nn__recur(s, 0, 4, nn__slot(s, s->dz, 0, t), s->gate, s->dh, 0, 0);
}

static const struct nn__cell_rule nn__lstm_rule = {"lstm", "nn_lstm_forward", 4, 5, 3, -1, 1,
                                                   nn__lstm_step, nn__lstm_step_back};

nn_lstm_cell nn_lstm_cell_new(nn_model *model, const char *name, int in, int hidden)
{
    return nn__cell_new(__func__, model, name, "", &nn__lstm_rule, in, hidden, nn__usual);
}
nn_rnn_result nn_lstm_cell_forward(const nn_lstm_cell *l, nn_tensor *x, nn_tensor *h, nn_tensor *c)
{
    return nn__recurrent(__func__, l, x, h, c, NULL, 0, 0, 0);
}
nn_lstm nn_lstm_new_with(nn_model *model, const char *name, int in, int hidden, nn_rnn_options o)
{
    return nn__rnn_new(__func__, model, name, &nn__lstm_rule, in, hidden, o);
}
nn_lstm nn_lstm_new(nn_model *model, const char *name, int in, int hidden)
{
    return nn__rnn_new(__func__, model, name, &nn__lstm_rule, in, hidden, nn__usual);
}
nn_rnn_result nn_lstm_forward(const nn_lstm *l, nn_tensor *x, nn_tensor *h0, nn_tensor *c0,
                              const int *lengths)
{
    return nn__layers(&nn__lstm_rule, l, x, h0, c0, lengths);
}

/* ---- gated recurrent unit ---- */

/* Slots of a GRU: r, z, and the candidate n, which is 3 where r acts after the product, and 2 is
 * then the product; where r acts before it, 2 is n, and 3 is r h. */
enum { NN__R_GATE, NN__Z_GATE, NN__N_LOW, NN__N_HIGH };

/* r = sigmoid(W_r [h, x] + b_r)        z = sigmoid(W_z [h, x] + b_z)
 * n = tanh(W_n x + b_n + r (U_n h + c_n)), or with U_n (r h) + c_n
 * h' = z h + (1 - z) n, or (1 - z) h + z n: first + z (second - first) */
static void nn__gru_step(nn__steps *s, int t)
{
    const nn__kernels *k = s->nn->kernels;
    const size_t size = s->block;
    nn_real *r = nn__slot(s, s->z, NN__R_GATE, t), *z = nn__slot(s, s->z, NN__Z_GATE, t);
    nn_real *low = nn__slot(s, s->z, NN__N_LOW, t), *high = nn__slot(s, s->z, NN__N_HIGH, t);
    nn_real *h = nn__slot(s, s->h, 0, t), *new_h = h + size;
    const int after = s->l.variant == NN_GRU_PYTORCH, renews = s->l.variant == NN_GRU_CHUNG;
    nn_real *n = after ? high : low, *first = renews ? h : n, *second = renews ? n : h;
    nn__recur(s, 0, after ? 3 : 2, h, 0, r, s->gate, 1);
    k->sigmoid(size, r, r);
    k->sigmoid(size, z, z);
    if (after) k->mul_add(size, r, low, high);
    else k->mul(size, r, 1, h, 1, high), nn__recur(s, 2, 1, high, 0, low, 0, 1);
    k->tanh(size, n, n);
    k->sub(size, second, 1, first, 1, new_h);
    k->mul(size, z, 1, new_h, 1, new_h), k->add(size, first, 1, new_h, 1, new_h);
}

/* dz = dh' (second - first), dsecond = dh' z, dfirst = dh' - dsecond; n passes on its own. After:
 * dr = dn (U h), and dn r goes through U. Before: dn U is the gradient of r h. */
static void nn__gru_step_back(nn__steps *s, int t)
{
    const nn__kernels *k = s->nn->kernels;
    const size_t size = s->block;
    const nn_real *r = nn__slot(s, s->z, NN__R_GATE, t), *z = nn__slot(s, s->z, NN__Z_GATE, t);
    const nn_real *low = nn__slot(s, s->z, NN__N_LOW, t), *high = nn__slot(s, s->z, NN__N_HIGH, t);
    const nn_real *h = nn__slot(s, s->h, 0, t);
    nn_real *dr = nn__slot(s, s->dz, NN__R_GATE, t), *dh = s->dh, *work = s->work;
    nn_real *d_low = nn__slot(s, s->dz, NN__N_LOW, t);
    nn_real *dn = nn__slot(s, s->dz, s->l.rule->last_in, t);
    const int after = s->l.variant == NN_GRU_PYTORCH, renews = s->l.variant == NN_GRU_CHUNG;
    const nn_real *n = after ? high : low, *first = renews ? h : n, *second = renews ? n : h;
    k->sub(size, second, 1, first, 1, work), k->mul(size, dh, 1, work, 1, work);
    k->sigmoid_backward(size, work, z, nn__slot(s, s->dz, NN__Z_GATE, t));
    k->mul(size, dh, 1, z, 1, work), k->sub(size, dh, 1, work, 1, dh);
    k->tanh_backward(size, renews ? work : dh, renews ? second : first, dn);
    if (!renews) memcpy(dh, work, size * sizeof *dh);
    if (after) {
        k->mul(size, dn, 1, r, 1, d_low);
        k->mul(size, dn, 1, low, 1, work);
        k->sigmoid_backward(size, work, r, dr);
        nn__recur(s, 0, 3, dr, s->gate, dh, 0, 1);
    } else {
        nn__recur(s, 2, 1, d_low, 0, work, 0, 0);
        k->mul_add(size, work, r, dh);
        k->mul(size, work, 1, h, 1, work);
        k->sigmoid_backward(size, work, r, dr);
        nn__recur(s, 0, 2, dr, s->gate, dh, 0, 1);
    }
}

static const struct nn__cell_rule nn__gru_rules[2] = { /* r after the product, before it */
    {"gru", "nn_gru_forward", 3, 4, NN__N_HIGH, -1, 0, nn__gru_step, nn__gru_step_back},
    {"gru", "nn_gru_forward", 3, 4, NN__N_LOW, NN__N_HIGH, 0, nn__gru_step, nn__gru_step_back}};

nn_gru_cell nn_gru_cell_new(nn_model *model, const char *name, int in, int hidden)
{
    return nn__cell_new(__func__, model, name, "", nn__gru_rules, in, hidden, nn__usual);
}
nn_rnn_result nn_gru_cell_forward(const nn_gru_cell *l, nn_tensor *x, nn_tensor *h)
{
    return nn__recurrent(__func__, l, x, h, NULL, NULL, 0, 0, 0);
}
nn_gru nn_gru_new_with(nn_model *model, const char *name, int in, int hidden, nn_rnn_options o)
{
    const struct nn__cell_rule *rule = &nn__gru_rules[o.convention != NN_GRU_PYTORCH];
    return nn__rnn_new(__func__, model, name, rule, in, hidden, o);
}
nn_gru nn_gru_new(nn_model *model, const char *name, int in, int hidden)
{
    return nn__rnn_new(__func__, model, name, nn__gru_rules, in, hidden, nn__usual);
}
nn_rnn_result nn_gru_forward(const nn_gru *l, nn_tensor *x, nn_tensor *h0, const int *lengths)
{
    return nn__layers(nn__gru_rules, l, x, h0, NULL, lengths);
}

/* ---- highways ---- */

nn_highway nn_highway_new(nn_model *model, const char *name, int width, nn_activation activation,
                          nn_real gate_bias)
{
    nn_highway l = {{NULL, NULL}, {NULL, NULL}, activation};
    if (!nn__given(model, __func__)) return l;
    const int before = model->n_params;
    char part[NN__PART_SIZE];
    l.transform = nn_linear_new(model, nn__join(part, name, "transform"), width, width);
    l.gate = nn_linear_new(model, nn__join(part, name, "gate"), width, width);
    if (model->ctx->code != NN_OK) model->n_params = before;
    for (size_t i = 0; model->ctx->code == NN_OK && i < l.gate.bias->size; i++)
        l.gate.bias->data[i] = gate_bias;
    return l;
}

nn_tensor *nn_highway_forward(const nn_highway *l, nn_tensor *x, nn_tensor **gate)
{
    nn_tensor *in[2] = {l ? l->gate.weight : NULL, x};
    if (gate) *gate = nn_op_failed(in, 2);
    if (!nn_op_check(__func__, in, 2)) return nn_op_failed(in, 2);
    const int width = nn__last(in[0]->shape);
    if (x->shape.ndim < 1 || nn__last(x->shape) != width)
        return nn_fail(x->ctx, NN_ERROR_SHAPE, __func__,
                       "x is %s, but the layer is %d wide, and so is what it carries on",
                       nn_shape_text(x->ctx, x->shape), width);
    nn_tensor *h = nn_activate(nn_linear_forward(&l->transform, x), l->activation);
    nn_tensor *t = nn_sigmoid(nn_linear_forward(&l->gate, x));
    if (gate) *gate = t;
    return nn_add(x, nn_mul(t, nn_sub(h, x))); /* t h + (1 - t) x */
}

#endif
/* ==== Chapter 15: attention and transformers =========================================== >>ch15 */
#if NN_CHAPTERS >= 15

/* ---- layer norm ---- */

nn_layer_norm nn_layer_norm_new(nn_model *model, const char *name, int dim)
{
    const int before = model ? model->n_params : 0;
    nn_layer_norm l = {nn_param(model, name, "weight", nn_shape1(dim)), NULL, (nn_real)1e-5};
    if (!model) return l;
    l.bias = nn_param(model, name, "bias", nn_shape1(dim));
    if (model->ctx->code != NN_OK) model->n_params = before; /* all of the layer or nothing */
    for (size_t i = 0; i < l.weight->size; i++) l.weight->data[i] = 1;
    return l;
}

/* y = w h + b, h = (x - mean) s with s = 1 / sqrt(variance + eps), row by row: dw += dy h,
 * db += dy, dh = dy w, dx += s (dh - mean dh - h mean(dh h)); h is computed again, not kept */
static void nn__layer_norm_backward(nn_tensor *y)
{
    const nn__kernels *k = y->ctx->kernels;
    nn_tensor *w = y->in[0], *x = y->in[1], *b = y->in[2];
    const size_t d = w->size;
    nn_real *h = nn__reals(y->ctx, &y->ctx->graph, d), *dh = nn__reals(y->ctx, &y->ctx->graph, d);
    for (size_t i = 0; h && dh && i < y->size; i += d) {
        const nn_real *dy = y->grad + i, s = k->normalize(d, *(nn_real *)y->saved, x->data + i, h);
        if (w->grad) k->mul_add(d, dy, h, w->grad);
        if (b->grad) k->axpy(d, 1, dy, b->grad);
        if (!x->grad) continue;
        k->mul(d, dy, 1, w->data, 1, dh);
        k->normalize_backward(d, s, dh, h, x->grad + i);
    }
}

nn_tensor *nn_layer_norm_forward(const nn_layer_norm *l, nn_tensor *x)
{
    nn_tensor *in[3] = {l ? l->weight : NULL, x, l ? l->bias : NULL};
    if (!nn_op_check(__func__, in, 3)) return nn_op_failed(in, 3);
    nn_ctx *nn = x->ctx;
    const size_t d = l->weight->size;
    if (l->weight->shape.ndim != 1 || l->bias->size != d || x->shape.ndim < 1 ||
        (size_t)nn__last(x->shape) != d)
        return nn_fail(nn, NN_ERROR_SHAPE, __func__, "x is %s, not [.., D]: weight is %s, bias %s",
                       nn_shape_text(nn, x->shape), nn_shape_text(nn, l->weight->shape),
                       nn_shape_text(nn, l->bias->shape));
    if (!nn__check_positive(nn, __func__, "eps", l->eps)) return &nn->failed;
    nn_tensor *y = nn_op_new("layer_norm", x->shape, in, 3, nn__layer_norm_backward, sizeof l->eps);
    nn_real *h = nn__scratch(nn, d);
    if (!y->size || !h) return &nn->failed;
    *(nn_real *)y->saved = l->eps;
    for (size_t i = 0; i < y->size; i += d) {
        nn->kernels->normalize(d, l->eps, x->data + i, h);
        memcpy(y->data + i, l->bias->data, d * sizeof *h);
        nn->kernels->mul_add(d, h, l->weight->data, y->data + i);
    }
    return nn_op_done(y);
}

/* ---- what was seen before ---- */

nn_kv_cache *nn_kv_cache_new(nn_ctx *nn, int layers, int n, int capacity, int dim)
{
    if (!nn__ready(nn, __func__)) return NULL;
    if (layers < 1) return nn__mistake(nn, __func__, "%d layers", layers), (nn_kv_cache *)NULL;
    const size_t size = nn__shape_size(nn, __func__, nn_shape3(n, capacity, dim));
    if (!size) return NULL;
    nn_kv_cache *cache = (nn_kv_cache *)nn__alloc(nn, &nn->keep, (size_t)layers, sizeof *cache, 0);
    for (int i = 0; cache && i < layers; i++) {
        nn_real *k = nn__reals(nn, &nn->keep, size), *v = nn__reals(nn, &nn->keep, size);
        const nn_kv_cache c = {nn, k, v, n, n, capacity, dim, 0};
        cache[i] = c;
    }
    return nn->code == NN_OK ? cache : NULL;
}

void nn_kv_cache_select(nn_kv_cache *cache, int layers, const int *from, int n)
{
    if (!nn__given(cache, __func__) || !nn__ready(cache->ctx, __func__)) return;
    nn_ctx *nn = cache->ctx;
    if (!from || layers < 1) nn__mistake(nn, __func__, from ? "%d layers" : "from is NULL", layers);
    for (int l = 0; nn->code == NN_OK && l < layers; l++)
        if (n < 1 || n > cache[l].rows)
            nn__mistake(nn, __func__, "%d rows, not in 1..%d", n, cache[l].rows);
        else
            for (int i = 0; i < n; i++)
                if (from[i] < 0 || from[i] >= cache[l].n)
                    nn__mistake(nn, __func__, "from[%d] is %d, not in 0..%d", i, from[i],
                                cache[l].n - 1);
    for (int l = 0; nn->code == NN_OK && l < layers; l++) {
        nn_kv_cache *c = &cache[l];
        const size_t room = (size_t)c->capacity * (size_t)c->dim;
        const size_t used = (size_t)c->length * (size_t)c->dim;
        nn_real *old = nn__scratch(nn, (size_t)c->n * used + 1);
        for (int kv = 0; old && kv < 2; kv++) {
            nn_real *p = kv ? c->v : c->k;
            for (size_t i = 0; i < (size_t)c->n; i++)
                memcpy(old + i * used, p + i * room, used * sizeof *p);
            for (size_t i = 0; i < (size_t)n; i++)
                memcpy(p + i * room, old + (size_t)from[i] * used, used * sizeof *p);
        }
        if (old) c->n = n;
    }
}

/* ---- scaled dot-product attention ---- */

/* Queries, keys or values [N, steps, width] where they lie: in some columns of a tensor, or in a
 * cache, of which there is no gradient. */
typedef struct nn__columns {
    nn_tensor *x; /* NULL: a cache */
    nn_real *p;     /* the first number */
    int row;        /* from one step to the next */
    ptrdiff_t item; /* from one sequence to the next */
} nn__columns;

static nn__columns nn__columns_of(nn_tensor *x, int first)
{
    const int row = nn__last(x->shape);
    const nn__columns c = {x, x->data + first, row, (ptrdiff_t)x->shape.dim[1] * row};
    return c;
}

typedef struct nn__attending {
    nn__columns q, k, v;
    int n, heads, t, s, d, e; /* d of q and k, e of v: numbers of one head */
    int causal;
    const int *lengths;
    const nn_real *mask;
    ptrdiff_t mask_n, mask_h; /* from one sequence, one head, to the next */
    nn_real scale;
    nn_real *p, *kept; /* [N, H, T, S]; kept: after dropout, without it p itself */
} nn__attending;

enum { NN__QUERIES = 64 }; /* at a time: so far what causal attention does not see is left out */

/* Query t of sequence n sees at most so many keys, the first ones. */
static int nn__seen(const nn__attending *a, int n, int t)
{
    const int some = a->causal ? nn__max(0, t + 1 + a->s - a->t) : a->s;
    return a->lengths ? nn__min(some, a->lengths[n]) : some;
}

/* C[m, n] = A[m, k] B[k, n], or += */
static void nn__small_product(const nn__kernels *kern, int m, int n, int k, nn__mat a, nn__mat b,
                              nn_real *c, ptrdiff_t ldc, int add, nn_real *work)
{
    const nn__product x = {m, n, k, add, 1, a, b, NULL, c, ldc, 0, 0, 0, 0};
    nn__multiply(kern, &x, work);
}

/* One head: P = softmax(scale q k^T), y = P v. */
static void nn__attend(const nn__attending *a, int head, const nn_tensor *y, nn_real *work)
{
    const nn__kernels *kern = y->ctx->kernels;
    const int n = head / a->heads, h = head % a->heads, ldy = a->heads * a->e;
    const nn_real *q = a->q.p + n * a->q.item + h * a->d, *k = a->k.p + n * a->k.item + h * a->d;
    const nn_real *v = a->v.p + n * a->v.item + h * a->e;
    nn_real *out = y->data + (ptrdiff_t)n * a->t * ldy + h * a->e, max;
    for (ptrdiff_t t = 0; t < a->t; t += NN__QUERIES) {
        const int rows = nn__min(NN__QUERIES, a->t - (int)t);
        const int most = nn__seen(a, n, (int)t + rows - 1);
        const ptrdiff_t at = ((ptrdiff_t)head * a->t + t) * a->s;
        nn_real *to = out + t * ldy;
        nn__small_product(kern, rows, most, a->d, nn__rows(q + t * a->q.row, a->q.row),
                          nn__transposed(nn__rows(k, a->k.row)), a->p + at, a->s, 0, work);
        for (int i = 0; i < rows; i++) {
            const int seen = nn__seen(a, n, (int)t + i);
            nn_real *p = a->p + at + (ptrdiff_t)i * a->s, *kept = a->kept + (p - a->p);
            const nn_real *mask = a->mask ? a->mask + n * a->mask_n + h * a->mask_h + (t + i) * a->s
                                          : NULL;
            int some = mask ? 0 : seen; /* of a row that may look nowhere 0, else seen */
            kern->scale((size_t)seen, a->scale, p, p);
            for (int j = 0; mask && j < seen; j++)
                if (mask[j] > 0) some = seen;
                else p[j] = -(nn_real)HUGE_VAL;
            if (some) kern->softmax((size_t)seen, p, p, &max);
            memset(p + some, 0, (size_t)(a->s - some) * sizeof *p);
            if (kept != p) kern->mul((size_t)a->s, p, 1, kept, 1, kept);
        }
        if (most)
            nn__small_product(kern, rows, a->e, most, nn__rows(a->kept + at, a->s),
                              nn__rows(v, a->v.row), to, ldy, 0, work);
        else /* nobody sees anything */
            for (ptrdiff_t i = 0; i < rows; i++) memset(to + i * ldy, 0, (size_t)a->e * sizeof *to);
    }
}

/* dP = dy v^T, dv += P^T dy, dS = P (dP - sum dP P), row by row, dq += scale dS k,
 * dk += scale dS^T q; with dropout P in the first two and in dP P is what was kept of it. */
static void nn__attend_back(const nn__attending *a, int head, const nn_tensor *y, nn_real *work)
{
    const nn__kernels *kern = y->ctx->kernels;
    const int n = head / a->heads, h = head % a->heads, ldy = a->heads * a->e;
    const ptrdiff_t q_at = n * a->q.item + h * a->d, k_at = n * a->k.item + h * a->d;
    const ptrdiff_t v_at = n * a->v.item + h * a->e;
    nn_real *dq = a->q.x->grad ? a->q.x->grad + (a->q.p - a->q.x->data) + q_at : NULL;
    nn_real *dk = a->k.x->grad ? a->k.x->grad + (a->k.p - a->k.x->data) + k_at : NULL;
    nn_real *dv = a->v.x->grad ? a->v.x->grad + (a->v.p - a->v.x->data) + v_at : NULL;
    const nn__mat k = nn__rows(a->k.p + k_at, a->k.row), v = nn__rows(a->v.p + v_at, a->v.row);
    nn_real *ds = work;
    work += NN__QUERIES * (ptrdiff_t)a->s;
    for (ptrdiff_t t = 0; t < a->t; t += NN__QUERIES) {
        const int rows = nn__min(NN__QUERIES, a->t - (int)t);
        const int most = nn__seen(a, n, (int)t + rows - 1);
        const size_t seen = (size_t)most;
        const nn_real *p = a->p + ((ptrdiff_t)head * a->t + t) * a->s, *kept = a->kept + (p - a->p);
        const nn__mat dy = nn__rows(y->grad + ((ptrdiff_t)n * a->t + t) * ldy + h * a->e, ldy);
        const nn__mat q = nn__rows(a->q.p + q_at + t * a->q.row, a->q.row);
        if (dv) nn__small_product(kern, most, a->e, rows, nn__transposed(nn__rows(kept, a->s)), dy,
                                  dv, a->v.row, 1, work);
        if (!dq && !dk) continue;
        nn__small_product(kern, rows, most, a->e, dy, nn__transposed(v), ds, a->s, 0, work);
        for (ptrdiff_t i = 0; i < rows * (ptrdiff_t)a->s; i += a->s) {
            kern->mul(seen, ds + i, 1, kept + i, 1, ds + i);
            kern->axpy(seen, -kern->sum(seen, ds + i), p + i, ds + i);
            kern->scale(seen, a->scale, ds + i, ds + i);
        }
        if (dq) nn__small_product(kern, rows, a->d, most, nn__rows(ds, a->s), k,
                                  dq + t * a->q.row, a->q.row, 1, work);
        if (dk) nn__small_product(kern, most, a->d, rows, nn__transposed(nn__rows(ds, a->s)), q,
                                  dk, a->k.row, 1, work);
    }
}

/* f for each head of each sequence. 0 without memory. */
static int nn__each_head(const nn__attending *a, const nn_tensor *y,
                         void (*f)(const nn__attending *a, int head, const nn_tensor *y,
                                   nn_real *work))
{
    const int heads = a->n * a->heads;
    const int threads = nn__threads((double)heads * a->t * a->s * (a->d + a->e));
    const int side = nn__max(nn__max(NN__QUERIES, a->s), nn__max(a->d, a->e));
    nn__product x;
    memset(&x, 0, sizeof x);
    x.m = x.n = x.k = side;
    const size_t size = (size_t)side * (NN__QUERIES + 16) + nn__workspace(y->ctx->kernels, &x);
    nn_real *work = nn__scratch(y->ctx, size * (size_t)threads);
    if (!work) return 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) if (threads > 1)
#endif
    for (int t = 0; t < threads; t++) {
        const int end = nn__share(heads, 1, t + 1, threads);
        for (int head = nn__share(heads, 1, t, threads); head < end; head++)
            f(a, head, y, work + size * (size_t)t);
    }
    return 1;
}

static void nn__attention_backward(nn_tensor *y)
{
    nn__each_head((const nn__attending *)y->saved, y, nn__attend_back);
}

/* Numbers of the mask are 0 and 1, and its shape is one of three. */
static int nn__check_mask(const char *function, nn__attending *a, nn_tensor *mask)
{
    nn_ctx *nn = a->q.x->ctx;
    const nn_shape whole = nn_shape4(a->n, a->heads, a->t, a->s), shape = mask->shape;
    if (mask->ctx != nn) return nn__mistake(nn, function, "the mask belongs to another nn_ctx");
    if (!nn_op_check(function, &mask, 1)) return 0;
    if (!nn_shape_equal(shape, whole) && !nn_shape_equal(shape, nn_shape3(a->n, a->t, a->s)) &&
        !nn_shape_equal(shape, nn_shape2(a->t, a->s)))
        return nn_fail(nn, NN_ERROR_SHAPE, function,
                       "mask is %s, not [T, S], [N, T, S] or [N, H, T, S]: that is %s",
                       nn_shape_text(nn, shape), nn_shape_text(nn, whole)), 0;
    if (mask->requires_grad) return nn__mistake(nn, function, "the mask requires a gradient");
    for (size_t i = 0; i < mask->size; i++)
        if (!(mask->data[i] == 0 || mask->data[i] == 1))
            return nn__mistake(nn, function, "the mask has a %g in it: 1 where a query may look, "
                               "else 0", (double)mask->data[i]);
    const ptrdiff_t one = (ptrdiff_t)a->t * a->s;
    a->mask = mask->data;
    a->mask_h = shape.ndim == 4 ? one : 0;
    a->mask_n = shape.ndim == 4 ? a->heads * one : shape.ndim == 3 ? one : 0;
    return 1;
}

/* What both kinds share: a has the three columns, n, t, s, and, for all heads together, d and e. */
static nn_tensor *nn__attention(const char *function, nn__attending *a, nn_attention_options o,
                                nn_tensor **weights)
{
    nn_ctx *nn = a->q.x->ctx;
    a->heads = o.heads ? o.heads : 1;
    if (a->heads < 1 || a->d % a->heads || a->e % a->heads)
        return nn__mistake(nn, function, "%d heads do not divide %d and %d numbers", a->heads, a->d,
                           a->e), &nn->failed;
    a->d /= a->heads, a->e /= a->heads;
    a->causal = o.causal;
    a->scale = o.scale != 0 ? o.scale : (nn_real)(1 / sqrt((double)a->d));
    if (a->scale - a->scale != 0 || !(o.dropout >= 0 && o.dropout < 1))
        return nn__mistake(nn, function, "scale %g, dropout %g (not in 0 <= dropout < 1)",
                           (double)a->scale, (double)o.dropout), &nn->failed;
    for (int i = 0; o.lengths && i < a->n; i++)
        if (o.lengths[i] < 0 || o.lengths[i] > a->s)
            return nn__mistake(nn, function, "lengths[%d] is %d, not in 0..%d", i, o.lengths[i],
                               a->s), &nn->failed;
    nn_tensor *in[3] = {a->q.x};
    int n_in = 1;
    if (a->k.x && a->k.x != a->q.x) in[n_in++] = a->k.x;
    if (a->v.x && a->v.x != a->q.x && a->v.x != a->k.x) in[n_in++] = a->v.x;
    if (o.mask && !nn__check_mask(function, a, o.mask)) return &nn->failed;
    const nn_shape p_shape = nn_shape4(a->n, a->heads, a->t, a->s);
    const size_t size = nn__shape_size(nn, function, p_shape);
    if (!size) return &nn->failed;
    nn_tensor *y = nn_op_new("attention", nn_shape3(a->n, a->t, a->heads * a->e), in, n_in,
                             nn__attention_backward, sizeof *a);
    nn_tensor *p = nn__node(nn, "attention_weights", p_shape, size, 1);
    if (o.lengths) a->lengths = nn__copy_labels(nn, o.lengths, (size_t)a->n);
    a->p = a->kept = p->data;
    if (nn->training && o.dropout > 0) {
        a->kept = nn__reals(nn, &nn->graph, size); /* first the factors, then the products */
        const nn_real kept = 1 / (1 - o.dropout);
        for (size_t i = 0; a->kept && i < size; i++)
            a->kept[i] = (nn_real)nn__unit(nn) < o.dropout ? 0 : kept;
    }
    if (nn->code != NN_OK || !nn__each_head(a, y, nn__attend)) return &nn->failed;
    *(nn__attending *)y->saved = *a;
    if (weights) *weights = p;
    return nn_op_done(y);
}

nn_tensor *nn_attention(nn_tensor *q, nn_tensor *k, nn_tensor *v, nn_attention_options o,
                        nn_tensor **weights)
{
    nn_tensor *in[3] = {q, k, v};
    if (weights) *weights = nn_op_failed(in, 3);
    if (!nn_op_check(__func__, in, 3)) return nn_op_failed(in, 3);
    nn_ctx *nn = q->ctx;
    const int n = q->shape.dim[0], s = k->shape.dim[1], d = nn__last(q->shape);
    if (q->shape.ndim != 3 || !nn_shape_equal(k->shape, nn_shape3(n, s, d)) ||
        !nn_shape_equal(v->shape, nn_shape3(n, s, nn__last(v->shape))))
        return nn_fail(nn, NN_ERROR_SHAPE, __func__,
                       "q is %s, k is %s, v is %s, not [N, T, D], [N, S, D], [N, S, E]",
                       nn_shape_text(nn, q->shape), nn_shape_text(nn, k->shape),
                       nn_shape_text(nn, v->shape));
    if (o.cache) return nn__mistake(nn, __func__, "a cache belongs to a layer"), &nn->failed;
    nn__attending a;
    memset(&a, 0, sizeof a);
    a.q = nn__columns_of(q, 0), a.k = nn__columns_of(k, 0), a.v = nn__columns_of(v, 0);
    a.n = n, a.t = q->shape.dim[1], a.s = s, a.d = d, a.e = v->shape.dim[2];
    return nn__attention(__func__, &a, o, weights);
}

/* ---- multi-head attention ---- */

nn_multihead_attention nn_multihead_attention_new(nn_model *model, const char *name, int dim,
                                                  int heads)
{
    nn_multihead_attention l = {NULL, NULL, {NULL, NULL}, heads};
    if (!nn__given(model, __func__) || !nn__ready(model->ctx, __func__)) return l;
    nn_ctx *nn = model->ctx;
    if (heads < 1 || dim < 1 || dim > INT_MAX / 3 || dim % heads)
        return nn__mistake(nn, __func__, "%d heads do not divide %d numbers", heads, dim), l;
    char part[NN__PART_SIZE];
    const int before = model->n_params;
    l.in_proj_weight = nn_param(model, name, "in_proj_weight", nn_shape2(3 * dim, dim));
    l.in_proj_bias = nn_param(model, name, "in_proj_bias", nn_shape1(3 * dim));
    l.out_proj = nn_linear_new(model, nn__join(part, name, "out_proj"), dim, dim);
    if (nn->code != NN_OK) return model->n_params = before, l;
    nn_xavier_uniform(l.in_proj_weight, 1);
    memset(l.out_proj.bias->data, 0, (size_t)dim * sizeof *l.out_proj.bias->data);
    return l;
}

static void nn__part_backward(nn_tensor *y) /* the same numbers: dw += dy where y is in w */
{
    y->ctx->kernels->axpy(y->size, 1, y->grad, y->in[0]->grad + (y->data - y->in[0]->data));
}

/* Some rows of a parameter, shared, as nn_reshape shares all of them. */
static nn_tensor *nn__part_of(nn_tensor *w, int first, int rows)
{
    nn_shape shape = w->shape;
    const size_t each = w->size / (size_t)shape.dim[0];
    shape.dim[0] = rows;
    nn_tensor *y = nn__record("part", shape, &w, 1, nn__part_backward, 0, 0);
    if (y->size) y->data = w->data + (size_t)first * each;
    return y;
}

/* Puts keys and values, the columns k and v of so many steps, behind those in the cache, which
 * they then are. */
static void nn__cache_append(nn_kv_cache *c, nn__attending *a, int steps)
{
    const size_t row = (size_t)c->dim * sizeof *c->k;
    const ptrdiff_t item = (ptrdiff_t)c->capacity * c->dim;
    for (ptrdiff_t n = 0; n < a->n; n++)
        for (ptrdiff_t t = 0; t < steps; t++) {
            const ptrdiff_t to = n * item + (c->length + t) * c->dim;
            memcpy(c->k + to, a->k.p + n * a->k.item + t * a->k.row, row);
            memcpy(c->v + to, a->v.p + n * a->v.item + t * a->v.row, row);
        }
    const nn__columns k = {NULL, c->k, c->dim, item}, v = {NULL, c->v, c->dim, item};
    a->k = k, a->v = v;
    a->s = c->length + steps;
}

static int nn__check_cache(const char *function, nn_kv_cache *c, const nn_tensor *x, int steps)
{
    nn_ctx *nn = x->ctx;
    if (c->ctx != nn) return nn__mistake(nn, function, "the cache belongs to another nn_ctx");
    if (nn->grad_enabled)
        return nn__mistake(nn, function,
                           "what is cached has no gradient: nn_set_grad_enabled(nn, 0) first");
    const int n = x->shape.dim[0];
    if (c->dim != nn__last(x->shape) || (c->length ? n != c->n : n > c->rows))
        return nn_fail(nn, NN_ERROR_SHAPE, function, "x is %s, the cache [%d, .., %d]",
                       nn_shape_text(nn, x->shape), c->length ? c->n : c->rows, c->dim), 0;
    if (c->length + steps < 1 || steps > c->capacity - c->length)
        return nn__mistake(nn, function, "%d steps are in the cache, %d more come, and it has room "
                           "for %d", c->length, steps, c->capacity);
    return 1;
}

nn_tensor *nn_multihead_attention_forward(const nn_multihead_attention *l, nn_tensor *x,
                                          nn_tensor *source, nn_attention_options o,
                                          nn_tensor **weights)
{
    nn_tensor *w = l ? l->in_proj_weight : NULL, *b = l ? l->in_proj_bias : NULL;
    nn_tensor *in[4] = {w, x, source || !o.cache ? source : x, b};
    nn_tensor *const failed = nn_op_failed(in, 4);
    if (weights) *weights = failed;
    if (!nn_op_check(__func__, in, 4)) return failed;
    nn_ctx *nn = x->ctx;
    const int d = nn__last(w->shape), self = source == x;
    const int steps = source ? source->shape.dim[1] : 0;
    if (x->shape.ndim != 3 || nn__last(x->shape) != d ||
        (source && !nn_shape_equal(source->shape, nn_shape3(x->shape.dim[0], steps, d))) ||
        !nn_shape_equal(w->shape, nn_shape2(3 * d, d)) ||
        !nn_shape_equal(b->shape, nn_shape1(3 * d)))
        return nn_fail(nn, NN_ERROR_SHAPE, __func__, "x is %s, source %s, not [N, T, D], "
                       "[N, S, D]: in_proj_weight is %s", nn_shape_text(nn, x->shape),
                       source ? nn_shape_text(nn, source->shape) : "NULL",
                       nn_shape_text(nn, w->shape));
    if (o.cache && !nn__check_cache(__func__, o.cache, x, steps)) return failed;
    nn_linear in_proj = {w, b};
    if (!self) in_proj.weight = nn__part_of(w, 0, d), in_proj.bias = nn__part_of(b, 0, d);
    nn_tensor *q = nn_linear_forward(&in_proj, x), *kv = q;
    if (source && !self) {
        in_proj.weight = nn__part_of(w, d, 2 * d), in_proj.bias = nn__part_of(b, d, 2 * d);
        kv = nn_linear_forward(&in_proj, source);
    }
    if (nn->code != NN_OK) return failed;
    nn__attending a;
    memset(&a, 0, sizeof a);
    a.n = x->shape.dim[0], a.t = x->shape.dim[1], a.s = steps, a.d = a.e = d;
    a.q = nn__columns_of(q, 0);
    a.k = nn__columns_of(kv, self ? d : 0), a.v = nn__columns_of(kv, self ? 2 * d : d);
    if (o.cache) nn__cache_append(o.cache, &a, steps);
    o.heads = l->heads;
    nn_tensor *y = nn__attention(__func__, &a, o, weights);
    if (o.cache && nn->code == NN_OK) o.cache->length = a.s, o.cache->n = a.n;
    return nn_linear_forward(&l->out_proj, y);
}

/* ---- layers and stacks ---- */

static nn_encoder_layer nn__transformer_layer_new(const char *function, nn_model *model,
                                                  const char *name, int dim,
                                                  nn_transformer_options o, int decoder)
{
    nn_encoder_layer l;
    memset(&l, 0, sizeof l);
    if (!nn__given(model, function) || !nn__ready(model->ctx, function) ||
        !nn__check_part(model->ctx, function, "dropout", o.dropout))
        return l;
    if (!o.heads) o.heads = 1;
    if (!o.hidden && dim < INT_MAX / 4) o.hidden = 4 * dim;
    l.options = o;
    char part[NN__PART_SIZE];
    const int before = model->n_params;
    const char *full = nn__join(part, name, "self_attn");
    l.self_attn = nn_multihead_attention_new(model, full, dim, o.heads);
    full = nn__join(part, name, "multihead_attn");
    if (decoder) l.multihead_attn = nn_multihead_attention_new(model, full, dim, o.heads);
    l.linear1 = nn_linear_new(model, nn__join(part, name, "linear1"), dim, o.hidden);
    l.linear2 = nn_linear_new(model, nn__join(part, name, "linear2"), o.hidden, dim);
    l.norm1 = nn_layer_norm_new(model, nn__join(part, name, "norm1"), dim);
    l.norm2 = nn_layer_norm_new(model, nn__join(part, name, "norm2"), dim);
    if (decoder) l.norm3 = nn_layer_norm_new(model, nn__join(part, name, "norm3"), dim);
    if (model->ctx->code != NN_OK) model->n_params = before;
    return l;
}

nn_encoder_layer nn_encoder_layer_new(nn_model *model, const char *name, int dim,
                                      nn_transformer_options o)
{
    return nn__transformer_layer_new(__func__, model, name, dim, o, 0);
}
nn_decoder_layer nn_decoder_layer_new(nn_model *model, const char *name, int dim,
                                      nn_transformer_options o)
{
    return nn__transformer_layer_new(__func__, model, name, dim, o, 1);
}

/* What a part is given, and what becomes of x with what the part has made of it. */
static nn_tensor *nn__before_part(const nn_encoder_layer *l, const nn_layer_norm *norm,
                                  nn_tensor *x)
{
    return l->options.norm_first ? nn_layer_norm_forward(norm, x) : x;
}
static nn_tensor *nn__after_part(const nn_encoder_layer *l, const nn_layer_norm *norm, nn_tensor *x,
                                 nn_tensor *part)
{
    if (l->options.dropout > 0) part = nn_dropout(part, l->options.dropout);
    x = nn_add(x, part);
    return l->options.norm_first ? x : nn_layer_norm_forward(norm, x);
}

static nn_tensor *nn__feed_forward(const nn_encoder_layer *l, nn_tensor *x)
{
    x = nn_linear_forward(&l->linear1, x);
    x = l->options.gelu ? nn_gelu(x) : nn_relu(x);
    if (l->options.dropout > 0) x = nn_dropout(x, l->options.dropout);
    return nn_linear_forward(&l->linear2, x);
}

nn_tensor *nn_encoder_layer_forward(const nn_encoder_layer *l, nn_tensor *x,
                                    nn_attention_options o, nn_tensor **weights)
{
    nn_tensor *in[2] = {l ? l->norm2.weight : NULL, x}, *const failed = nn_op_failed(in, 2);
    if (weights) *weights = failed;
    if (!nn_op_check(__func__, in, 2)) return failed;
    if (l->norm3.weight) return nn__mistake(x->ctx, __func__, "this is a decoder's layer"), failed;
    o.dropout = l->options.dropout;
    nn_tensor *z = nn__before_part(l, &l->norm1, x);
    z = nn_multihead_attention_forward(&l->self_attn, z, z, o, weights);
    x = nn__after_part(l, &l->norm1, x, z);
    z = nn__before_part(l, &l->norm2, x);
    return nn__after_part(l, &l->norm2, x, nn__feed_forward(l, z));
}

nn_tensor *nn_decoder_layer_forward(const nn_decoder_layer *l, nn_tensor *x, nn_tensor *memory,
                                    nn_attention_options self, nn_attention_options cross,
                                    nn_tensor **weights)
{
    nn_tensor *in[3] = {l ? l->norm2.weight : NULL, x, memory || !cross.cache ? memory : x};
    nn_tensor *const failed = nn_op_failed(in, 3);
    if (weights) *weights = failed;
    if (!nn_op_check(__func__, in, 3)) return failed;
    if (!l->norm3.weight)
        return nn__mistake(x->ctx, __func__, "this is an encoder's layer"), failed;
    self.dropout = cross.dropout = l->options.dropout;
    nn_tensor *z = nn__before_part(l, &l->norm1, x);
    z = nn_multihead_attention_forward(&l->self_attn, z, z, self, NULL);
    x = nn__after_part(l, &l->norm1, x, z);
    z = nn__before_part(l, &l->norm2, x);
    z = nn_multihead_attention_forward(&l->multihead_attn, z, memory, cross, weights);
    x = nn__after_part(l, &l->norm2, x, z);
    z = nn__before_part(l, &l->norm3, x);
    return nn__after_part(l, &l->norm3, x, nn__feed_forward(l, z));
}

static nn_encoder nn__transformer_new(const char *function, nn_model *model, const char *name,
                                      int layers, int dim, nn_transformer_options o, int decoder)
{
    nn_encoder l = {NULL, layers, {NULL, NULL, 0}};
    if (!nn__given(model, function) || !nn__ready(model->ctx, function)) return l;
    nn_ctx *nn = model->ctx;
    if (layers < 1) return nn__mistake(nn, function, "%d layers", layers), l;
    char part[NN__PART_SIZE], number[24];
    const int before = model->n_params;
    l.layer = (nn_encoder_layer *)nn__alloc(nn, &nn->keep, (size_t)layers, sizeof *l.layer, 1);
    for (int i = 0; nn->code == NN_OK && i < layers; i++) {
        snprintf(number, sizeof number, "layers.%d", i);
        l.layer[i] = nn__transformer_layer_new(function, model, nn__join(part, name, number), dim,
                                               o, decoder);
    }
    if (o.norm_first) l.norm = nn_layer_norm_new(model, nn__join(part, name, "norm"), dim);
    if (nn->code != NN_OK) model->n_params = before, l.layer = NULL;
    return l;
}

nn_encoder nn_encoder_new(nn_model *model, const char *name, int layers, int dim,
                          nn_transformer_options o)
{
    return nn__transformer_new(__func__, model, name, layers, dim, o, 0);
}
nn_decoder nn_decoder_new(nn_model *model, const char *name, int layers, int dim,
                          nn_transformer_options o)
{
    return nn__transformer_new(__func__, model, name, layers, dim, o, 1);
}

nn_tensor *nn_encoder_forward(const nn_encoder *l, nn_tensor *x, nn_attention_options o,
                              nn_tensor **weights)
{
    nn_tensor *in[2] = {l && l->layer ? l->layer->norm1.weight : NULL, x};
    for (int i = 0; weights && l && i < l->layers; i++) weights[i] = nn_op_failed(in, 2);
    if (!nn_op_check(__func__, in, 2)) return nn_op_failed(in, 2);
    for (int i = 0; i < l->layers; i++) {
        x = nn_encoder_layer_forward(&l->layer[i], x, o, weights ? &weights[i] : NULL);
        if (o.cache) o.cache++;
    }
    return l->norm.weight ? nn_layer_norm_forward(&l->norm, x) : x;
}

nn_tensor *nn_decoder_forward(const nn_decoder *l, nn_tensor *x, nn_tensor *memory,
                              nn_attention_options self, nn_attention_options cross,
                              nn_tensor **weights)
{
    nn_tensor *in[2] = {l && l->layer ? l->layer->norm1.weight : NULL, x};
    for (int i = 0; weights && l && i < l->layers; i++) weights[i] = nn_op_failed(in, 2);
    if (!nn_op_check(__func__, in, 2)) return nn_op_failed(in, 2);
    for (int i = 0; i < l->layers; i++) {
        x = nn_decoder_layer_forward(&l->layer[i], x, memory, self, cross,
                                     weights ? &weights[i] : NULL);
        if (self.cache) self.cache++;
        if (cross.cache) cross.cache++;
    }
    return l->norm.weight ? nn_layer_norm_forward(&l->norm, x) : x;
}

/* ---- positions ---- */

/* x^a for x >= 1 and a >= 0 with the same bits everywhere: e^(a log x) as its power series */
static double nn__power(double x, double a)
{
    const double z = a * nn__log_exactly_repeatable(x);
    double sum = 1, term = 1;
    for (int k = 1; term > sum * 1e-17; k++) sum += term *= z / k;
    return sum;
}

/* Column by column: the pair of step t + 1 is that of step t, turned by w = 1 / 10000^(2 i / D).
 * All in double, where thousands of turns lose nothing that float could show. */
nn_tensor *nn_positional_encoding(nn_ctx *nn, int steps, int dim)
{
    nn_tensor *y = nn__leaf(nn, __func__, nn_shape2(steps, dim));
    if (!y || !y->size) return y;
    if (dim % 2)
        return nn__mistake(nn, __func__, "dim is %d, which is odd: sines and "
                           "cosines come in pairs", dim), &nn->failed;
    for (ptrdiff_t pair = 0; pair < dim; pair += 2) {
        const double w = 1 / nn__power(10000, (double)pair / dim);
        double turn[2] = {0, 1}, term = 1, s = 0, c = 1; /* turn: sin w, cos w by their series */
        for (int k = 1; k < 24; k++) {
            term *= w / k;
            turn[1 - k % 2] += k % 4 > 1 ? -term : term;
        }
        for (ptrdiff_t t = 0; t < steps; t++) {
            y->data[t * dim + pair] = (nn_real)s;
            y->data[t * dim + pair + 1] = (nn_real)c;
            const double next = s * turn[1] + c * turn[0];
            c = c * turn[1] - s * turn[0];
            s = next;
        }
    }
    return y;
}

/* ---- attention with other scores ---- */

nn_tensor *nn_masked_softmax(nn_tensor *x, nn_tensor *mask)
{
    nn_tensor *in[2] = {x, mask};
    if (!nn_op_check(__func__, in, 2)) return nn_op_failed(in, 2);
    nn_ctx *nn = x->ctx;
    nn_shape shape;
    if (!nn__broadcast(x->shape, mask->shape, &shape) || !nn_shape_equal(shape, x->shape))
        return nn_fail(nn, NN_ERROR_SHAPE, __func__,
                       "the mask is %s, which does not broadcast to x, %s",
                       nn_shape_text(nn, mask->shape), nn_shape_text(nn, x->shape));
    for (size_t i = 0; i < mask->size; i++)
        if (mask->data[i] != 0 && mask->data[i] != 1)
            return nn__mistake(nn, __func__, "number %zu of the mask %s is %g, not 0 "
                               "or 1", i, nn_shape_text(nn, mask->shape), (double)mask->data[i]),
                   &nn->failed;
    nn_tensor *y = nn_op_new("masked_softmax", shape, &x, 1, nn__softmax_backward, 0);
    if (!y->size) return y;
    const nn_real hidden = -(nn_real)HUGE_VAL, one = 1;
    const size_t d = (size_t)nn__last(shape);
    nn_real max;
    nn__apply(nn->kernels->mul, shape, &one, nn_shape0(), mask->data, mask->shape, y->data);
    for (size_t i = 0; i < y->size; i++) y->data[i] = y->data[i] != 0 ? x->data[i] : hidden;
    for (nn_real *row = y->data; row < y->data + y->size; row += d) {
        size_t seen = 0;
        while (seen < d && row[seen] == hidden) seen++;
        if (seen < d) nn->kernels->softmax(d, row, row, &max);
        else memset(row, 0, d * sizeof *row); /* it may look nowhere */
    }
    return nn_op_done(y);
}

nn_additive_attention nn_additive_attention_new(nn_model *model, const char *name, int query,
                                                int key, int hidden)
{
    nn_additive_attention l = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    if (!nn__given(model, __func__)) return l;
    nn_linear *const part[3] = {&l.query, &l.key, &l.score};
    static const char *const names[3] = {"query.weight", "key.weight", "score.weight"};
    const int before = model->n_params, in[3] = {query, key, hidden};
    for (int i = 0; i < 3; i++) {
        nn_tensor *w = nn_param(model, name, names[i], nn_shape2(i < 2 ? hidden : 1, in[i]));
        const nn_real bound = 1 / (nn_real)sqrt((double)in[i]); /* as nn_linear_new */
        nn__set_uniform(w, bound);
        part[i]->weight = w;
    }
    if (model->ctx->code != NN_OK) model->n_params = before; /* all of it or nothing */
    return l;
}

nn_tensor *nn_additive_attention_forward(const nn_additive_attention *l, nn_tensor *q,
                                         nn_tensor *k, nn_tensor *v, const int *lengths,
                                         nn_tensor **weights)
{
    nn_tensor *in[4] = {l ? l->query.weight : NULL, q, k, v};
    if (weights) *weights = nn_op_failed(in, 4);
    if (!nn_op_check(__func__, in, 4)) return nn_op_failed(in, 4);
    nn_ctx *nn = q->ctx;
    const int a = in[0]->shape.dim[0], dq = nn__last(in[0]->shape);
    const int dk = l->key.weight ? nn__last(l->key.weight->shape) : 0;
    const int n = q->shape.dim[0], t = q->shape.dim[1], s = k->shape.dim[1];
    if (!nn_shape_equal(q->shape, nn_shape3(n, t, dq)) ||
        !nn_shape_equal(k->shape, nn_shape3(n, s, dk)) ||
        !nn_shape_equal(v->shape, nn_shape3(n, s, nn__last(v->shape))))
        return nn_fail(nn, NN_ERROR_SHAPE, __func__,
                       "q is %s, k %s, v %s, not [N, T, %d], [N, S, %d], [N, S, E]",
                       nn_shape_text(nn, q->shape), nn_shape_text(nn, k->shape),
                       nn_shape_text(nn, v->shape), dq, dk);
    nn_tensor *mask = lengths ? nn_full(nn, nn_shape3(n, 1, s), 1) : NULL;
    for (int i = 0; mask && mask->size && i < n; i++) {
        if (lengths[i] < 0 || lengths[i] > s)
            return nn__mistake(nn, __func__, "lengths[%d] is %d, but there are %d keys", i,
                               lengths[i], s), &nn->failed;
        for (int j = lengths[i]; j < s; j++) mask->data[(ptrdiff_t)i * s + j] = 0;
    }
    nn_tensor *wq = nn_reshape(nn_linear_forward(&l->query, q), nn_shape4(n, t, 1, a));
    nn_tensor *uk = nn_reshape(nn_linear_forward(&l->key, k), nn_shape4(n, 1, s, a));
    nn_tensor *score = nn_linear_forward(&l->score, nn_tanh(nn_add(wq, uk))); /* [N, T, S, 1] */
    score = nn_reshape(score, nn_shape3(n, t, s));
    nn_tensor *p = mask ? nn_masked_softmax(score, mask) : nn_softmax(score);
    if (weights) *weights = p;
    return nn_matmul(p, v);
}

/* ---- attention on graphs ---- */

nn_graph_attention nn_graph_attention_new(nn_model *model, const char *name, int in, int out,
                                          int heads)
{
    nn_graph_attention l = {NULL, NULL, NULL, NULL, heads};
    if (!nn__given(model, __func__) || !nn__ready(model->ctx, __func__)) return l;
    const int before = model->n_params;
    if (in < 1 || out < 1 || heads < 1 || heads > INT_MAX / out)
        return nn__mistake(model->ctx, __func__, "from %d numbers to %d for each of %d heads", in,
                           out, heads), l;
    l.weight = nn_param(model, name, "lin.weight", nn_shape2(heads * out, in));
    l.att_src = nn_param(model, name, "att_src", nn_shape2(heads, out));
    l.att_dst = nn_param(model, name, "att_dst", nn_shape2(heads, out));
    l.bias = nn_param(model, name, "bias", nn_shape1(heads * out));
    nn_xavier_uniform(l.weight, 1);
    nn_xavier_uniform(l.att_src, 1);
    nn_xavier_uniform(l.att_dst, 1);
    if (model->ctx->code != NN_OK) model->n_params = before; /* all of it or nothing */
    return l;
}

nn_tensor *nn_graph_attention_forward(const nn_graph_attention *l, nn_tensor *x,
                                      nn_tensor *adjacency, nn_tensor **weights)
{
    nn_tensor *in[6] = {l ? l->weight : NULL, x,          adjacency,         l ? l->att_src : NULL,
                        l ? l->att_dst : NULL, l ? l->bias : NULL};
    if (weights) *weights = nn_op_failed(in, 6);
    if (!nn_op_check(__func__, in, 6)) return nn_op_failed(in, 6);
    nn_ctx *nn = x->ctx;
    const int n = x->shape.dim[0], d = nn__last(in[0]->shape), h = l->heads;
    const int f = nn__last(l->att_src->shape);
    if (x->shape.ndim != 2 || x->shape.dim[1] != d ||
        !nn_shape_equal(adjacency->shape, nn_shape2(n, n)))
        return nn_fail(nn, NN_ERROR_SHAPE, __func__, "x is %s, adjacency %s, not [N, %d], [N, N]",
                       nn_shape_text(nn, x->shape), nn_shape_text(nn, adjacency->shape), d);
    const nn_linear linear = {l->weight, NULL};
    nn_tensor *xw = nn_reshape(nn_linear_forward(&linear, x), nn_shape3(n, h, f));
    nn_tensor *of_head = nn_transpose(xw, 0, 1);                                  /* [H, N, F] */
    nn_tensor *src = nn_matmul(of_head, nn_reshape(l->att_src, nn_shape3(h, f, 1)));
    nn_tensor *dst = nn_matmul(of_head, nn_reshape(l->att_dst, nn_shape3(h, f, 1)));
    nn_tensor *e = nn_add(dst, nn_reshape(src, nn_shape3(h, 1, n))); /* e_ij [H, N, N] */
    nn_tensor *p = nn_masked_softmax(nn_leaky_relu(e, (nn_real)0.2), adjacency);
    if (weights) *weights = p;
    nn_tensor *y = nn_transpose(nn_matmul(p, of_head), 0, 1);        /* [N, H, F] */
    return nn_add(nn_reshape(y, nn_shape2(n, -1)), l->bias);
}

/* ---- generation ---- */

static int nn__by_logit(const void *a, const void *b) /* the largest first, of equals the first */
{
    const nn_real *x = *(nn_real *const *)a, *y = *(nn_real *const *)b;
    return *x != *y ? (*x < *y ? 1 : -1) : x < y ? -1 : x > y;
}

void nn_keep_likely(nn_ctx *nn, nn_real *logits, int vocabulary, int top_k, nn_real top_p)
{
    const size_t v = (size_t)vocabulary;
    if (!nn__ready(nn, __func__)) return;
    if (!logits || vocabulary < 1 || top_k < 0 || !(top_p >= 0 && top_p <= 1))
        nn__mistake(nn, __func__, "%s%d logits, top_k %d, top_p %g", logits ? "" : "NULL for ",
                    vocabulary, top_k, (double)top_p);
    else if (nn__likeliest(logits, v) < 0)
        nn_fail(nn, NN_ERROR_NONFINITE, __func__, "the %d logits have NaN or infinity in them",
                vocabulary);
    if (nn->code != NN_OK) return;
    const nn__mark mark = nn__arena_mark(&nn->graph);
    nn_real **const logit = (nn_real **)nn__alloc(nn, &nn->graph, v, sizeof *logit, 0);
    nn_real *const p = nn__reals(nn, &nn->graph, v), max;
    if (logit && p) {
        double total = 0, sum = 0;
        nn->kernels->softmax(v, logits, p, &max);
        for (size_t i = 0; i < v; i++) logit[i] = &logits[i], total += (double)p[i];
        qsort(logit, v, sizeof *logit, nn__by_logit);
        for (size_t i = 0; i < v; sum += (double)p[logit[i++] - logits])
            if ((top_k && i >= (size_t)top_k) || (top_p > 0 && sum >= (double)top_p * total))
                *logit[i] = -(nn_real)HUGE_VAL;
    }
    nn__arena_rewind(&nn->graph, mark);
}

typedef struct nn__extension { /* of a hypothesis to one with a token more */
    double log_p;
    int from, token;
} nn__extension;

/* Puts one more step into best, the most likely first, those that came first before their equals. n
 * are in it, of at most `room`; gives how many then. */
static int nn__rank(nn__extension *best, int n, int room, nn__extension s)
{
    if (n == room && !(s.log_p > best[n - 1].log_p)) return n;
    int at = n < room ? n++ : n - 1;
    for (; at > 0 && s.log_p > best[at - 1].log_p; at--) best[at] = best[at - 1];
    best[at] = s;
    return n;
}

/* A step is a row of logits for each beam, from it the most likely steps over all beams, and of
 * these the beams of the next one. A hypothesis is over with the end among the `beams` most likely
 * steps, or at max_length; only the best of those that are over is kept, in tokens. */
int nn_generate(nn_ctx *nn, nn_next_token next, void *user, nn_generate_options o, int *tokens,
                double *log_p)
{
    if (log_p) *log_p = 0;
    if (!nn__ready(nn, __func__)) return 0;
    if (!next || !tokens || !o.prompt)
        return nn__mistake(nn, __func__, "%s is NULL",
                           !next ? "next" : !tokens ? "tokens" : "the prompt");
    if (o.vocabulary < 1 || o.end >= o.vocabulary)
        return nn__mistake(nn, __func__, "a vocabulary of %d, whose token %d is the end",
                           o.vocabulary, o.end);
    if (o.prompt_length < 1 || o.max_length <= o.prompt_length)
        return nn__mistake(nn, __func__, "max_length is %d, the prompt's length %d", o.max_length,
                           o.prompt_length);
    if (!(o.temperature >= 0) || o.top_k < 0 || !(o.top_p >= 0 && o.top_p <= 1))
        return nn__mistake(nn, __func__, "temperature %g, top_k %d, top_p %g",
                           (double)o.temperature, o.top_k, (double)o.top_p);
    if (o.beams > NN_MAX_BEAMS || (o.beams > 1 && o.temperature > 0))
        return nn__mistake(nn, __func__, "%d beams (at most %d) at temperature %g: beam search "
                           "does not draw", o.beams, NN_MAX_BEAMS, (double)o.temperature);
    if (!nn__check_range(nn, __func__, "the length penalty", o.length_penalty, 0, 10)) return 0;
    const int beams = o.beams > 1 ? o.beams : 1, v = o.vocabulary;
    const size_t width = (size_t)v, each = (size_t)beams;
    const char *const file = nn->file; /* the model's calls have places of their own */
    const int line = nn->line;
    nn_arena own = {NULL, NULL}; /* next may call nn_clear */
    nn_real *logits = (nn_real *)nn__alloc(nn, &own, width, each * sizeof *logits, 0);
    nn_real *p = nn__reals(nn, &own, width), max;
    int *text = (int *)nn__alloc(nn, &own, (size_t)o.max_length, each * sizeof *text, 0);
    int *longer = (int *)nn__alloc(nn, &own, (size_t)o.max_length, each * sizeof *text, 0);
    int *from = (int *)nn__alloc(nn, &own, each, sizeof *from, 0);
    double *sum = (double *)nn__alloc(nn, &own, each, sizeof *sum, 1);
    nn__extension *best = (nn__extension *)nn__alloc(nn, &own, 2 * each, sizeof *best, 0);
    const double longest = nn__power(o.max_length - o.prompt_length, (double)o.length_penalty);
    double best_score = -HUGE_VAL, best_log_p = 0;
    int n = 1, length = o.prompt_length, best_length = 0;
    if (nn->code == NN_OK) memcpy(text, o.prompt, (size_t)length * sizeof *text);

    while (nn->code == NN_OK && n && length < o.max_length) {
        const int ok = next(user, n, length, text, length > o.prompt_length ? from : NULL, logits);
        nn__note(nn, file, line);
        if (!ok) nn_fail(nn, NN_ERROR_IO, __func__, "the model failed after %d tokens", length);
        int found = 0;
        for (int i = 0; i < n && nn->code == NN_OK; i++) {
            nn_real *const row = logits + (size_t)i * width;
            int first = 0, end = v; /* all tokens, or the one that is drawn */
            if (nn__likeliest(row, width) < 0)
                nn_fail(nn, NN_ERROR_NONFINITE, __func__, "the model's logits of row %d of %d "
                        "after %d tokens have NaN or infinity in them", i, n, length);
            const double log_sum = (double)nn->kernels->softmax(width, row, p, &max);
            if (o.temperature > 0) {
                nn_tensor z;
                nn__tensor(nn, &z, "logits", nn_shape1(v), width)->data = p;
                memcpy(p, row, width * sizeof *p);
                nn_keep_likely(nn, p, v, o.top_k, o.top_p);
                nn_sample(&z, o.temperature, &first);
                end = first + 1;
            }
            for (int j = first; j < end; j++) {
                const nn__extension s = {sum[i] + (((double)row[j] - (double)max) - log_sum), i, j};
                if (s.log_p > -HUGE_VAL) found = nn__rank(best, found, 2 * beams, s);
            }
        }
        if (nn->code != NN_OK) break;
        const size_t bytes = (size_t)length * sizeof *text;
        n = 0;
        length++;
        for (int i = 0; i < found; i++) {
            const nn__extension s = best[i];
            const double score = s.log_p / nn__power(length - o.prompt_length,
                                                     (double)o.length_penalty);
            const int over = length == o.max_length || (o.end > 0 && s.token == o.end);
            if (over ? i >= beams || score <= best_score : n == beams) continue;
            int *const to = over ? tokens : longer + (ptrdiff_t)n * length;
            memcpy(to, text + (ptrdiff_t)s.from * (length - 1), bytes);
            to[length - 1] = s.token;
            if (over) best_length = length, best_score = score, best_log_p = s.log_p;
            else from[n] = s.from, sum[n++] = s.log_p;
        }
        int *const swap = text;
        text = longer, longer = swap;
        if (beams == 1 ? best_length > 0 : best_score >= sum[0] / longest) n = 0;
    }
    nn__arena_free(nn, &own);
    if (nn->code != NN_OK) return 0;
    if (log_p) *log_p = best_log_p;
    return best_length;
}

#endif
/* ==== Chapter 16: metrics ============================================================== >>ch16 */
#if NN_CHAPTERS >= 16

/* How many of n labels, each -1 to classes - 1, count; 0 after a mistake. */
static int nn__count_labels(const char *function, const void *prediction, const int *label, int n,
                            int classes)
{
    if (!prediction || !label)
        return nn__mistake(NULL, function, "argument %d is NULL", prediction ? 2 : 1);
    if (n < 1 || classes < 1)
        return nn__mistake(NULL, function, "%d samples, %d classes", n, classes);
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (label[i] < -1 || label[i] >= classes)
            return nn__mistake(NULL, function, "label[%d] is %d, not -1 to %d", i, label[i],
                               classes - 1);
        count += label[i] >= 0;
    }
    return count ? count : nn__mistake(NULL, function, "all of %d labels are -1", n);
}

static double nn__ratio(double a, double b) { return b > 0 ? a / b : 0; }

/* ---- classes ---- */

double nn_accuracy(const int *predicted, const int *label, int n)
{
    const int count = nn__count_labels(__func__, predicted, label, n, INT_MAX);
    int right = 0;
    for (int i = 0; count && i < n; i++) right += label[i] >= 0 && predicted[i] == label[i];
    return nn__ratio(right, count);
}

void nn_confusion_matrix(const int *predicted, const int *label, int n, int classes, int *matrix)
{
    if (!nn__count_labels(__func__, predicted, label, n, classes)) return;
    if (!matrix) nn__mistake(NULL, __func__, "argument 5 is NULL");
    else memset(matrix, 0, (size_t)classes * (size_t)classes * sizeof *matrix);
    for (int i = 0; matrix && i < n; i++) {
        if (predicted[i] < 0 || predicted[i] >= classes) {
            nn__mistake(NULL, __func__, "predicted[%d] is %d, not 0 to %d", i, predicted[i],
                        classes - 1);
            return;
        }
        if (label[i] >= 0) matrix[(ptrdiff_t)label[i] * classes + predicted[i]]++;
    }
}

/* Argument 1 is there, and holds something: n of `what`. */
static int nn__check_some(const char *function, const void *p, int n, const char *what)
{
    return nn__given(p, function) && (n > 0 || nn__mistake(NULL, function, "%d %s", n, what));
}

#ifndef NN_NO_STDIO
void nn_confusion_print(const int *matrix, int classes, const char *const *name)
{
    if (!nn__check_some(__func__, matrix, classes, "classes")) return;
    int width = snprintf(NULL, 0, "%d", classes) + 2;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)classes * classes; i++)
        width = nn__max(width, snprintf(NULL, 0, "%d", matrix[i]) + 1);
    printf("confusion matrix: rows are what is true, columns what was predicted\n%*s", width, "");
    for (int c = 0; c < classes; c++) printf("%*d", width, c);
    for (int r = 0; r < classes; r++) {
        printf("\n%*d", width, r);
        for (int c = 0; c < classes; c++, matrix++)
            if (*matrix) printf("%*d", width, *matrix);
            else printf("%*s", width, ".");
        if (name) printf("  %s", name[r]);
    }
    printf("\n");
}
#endif

static nn_class_scores nn__scores(double tp, double fp, double fn, double tn)
{
    const nn_class_scores s = {tp, fp, fn, tn, nn__ratio(tp, tp + fp), nn__ratio(tp, tp + fn),
                               nn__ratio(tn, tn + fp), nn__ratio(2 * tp, 2 * tp + fp + fn),
                               nn__ratio(tp, tp + fp + fn)};
    return s;
}

nn_class_scores nn_precision_recall_f1(const int *matrix, int classes, int which)
{
    nn_class_scores sum = nn__scores(0, 0, 0, 0);
    double weights = 0, all = 0;
    if (!nn__check_some(__func__, matrix, classes, "classes")) return sum;
    if (which < NN_WEIGHTED || which >= classes)
        return nn__mistake(NULL, __func__, "which is %d; there are %d classes", which, classes),
               sum;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)classes * classes; i++) all += matrix[i];
    for (ptrdiff_t c = 0; c < classes; c++) {
        double row = 0, column = 0;
        for (ptrdiff_t k = 0; k < classes; k++) {
            row += matrix[c * classes + k];
            column += matrix[k * classes + c];
        }
        if (which >= 0 ? c != which : row + column == 0) continue;
        const double right = matrix[c * classes + c], weight = which == NN_WEIGHTED ? row : 1;
        const nn_class_scores s = nn__scores(right, column - right, row - right,
                                             all - row - column + right);
        sum.tp += s.tp, sum.fp += s.fp, sum.fn += s.fn, sum.tn += s.tn;
        sum.precision += weight * s.precision, sum.recall += weight * s.recall;
        sum.specificity += weight * s.specificity;
        sum.f1 += weight * s.f1, sum.iou += weight * s.iou;
        weights += weight;
    }
    if (which == NN_MICRO) return nn__scores(sum.tp, sum.fp, sum.fn, sum.tn);
    if (weights == 0) return sum;
    sum.precision /= weights, sum.recall /= weights, sum.specificity /= weights;
    sum.f1 /= weights, sum.iou /= weights;
    return sum;
}

/* ---- thresholds ---- */

/* The ranking that curves and detections begin with: points made of a score (threshold) and its
 * number (tp), the highest score first, of equals the first. */
static int nn__by_score(const void *a, const void *b)
{
    const nn_roc_point *x = (const nn_roc_point *)a, *y = (const nn_roc_point *)b;
    if (x->threshold != y->threshold) return x->threshold < y->threshold ? 1 : -1;
    return x->tp - y->tp;
}

int nn_roc_curve(const nn_real *score, const int *label, int n, nn_roc_point *point)
{
    if (!nn__count_labels(__func__, score, label, n, 2)) return 0;
    if (!point) return nn__mistake(NULL, __func__, "argument 4 is NULL");
    const nn_roc_point nothing = {HUGE_VAL, 0, 0, 1, 0, 0};
    int ranked = 0, positives = 0, points = 1;
    for (int i = 0; i < n; i++) {
        if (score[i] != score[i]) return nn__mistake(NULL, __func__, "score[%d] is NaN", i);
        if (label[i] < 0) continue;
        point[++ranked].threshold = (double)score[i];
        point[ranked].tp = i;
        positives += label[i];
    }
    qsort(point + 1, (size_t)ranked, sizeof *point, nn__by_score);
    point[0] = nothing;
    for (int i = 1, tp = 0; i <= ranked; i++) { /* points <= i: each is read before it is written */
        const double threshold = point[i].threshold;
        tp += label[point[i].tp];
        if (i < ranked && point[i + 1].threshold == threshold) continue;
        const nn_roc_point p = {threshold, nn__ratio(tp, positives),
                                nn__ratio(i - tp, ranked - positives), (double)tp / i, tp, i - tp};
        point[points++] = p;
    }
    return points;
}

/* Trapezoids in counts: each new negative is below all positives so far, and half of those new. */
double nn_auc(const nn_roc_point *point, int points)
{
    if (!nn__check_some(__func__, point, points, "points")) return 0;
    const nn_roc_point *last = &point[points - 1];
    double wins = 0;
    for (int i = 1; i < points; i++)
        wins += ((double)point[i].fp - point[i - 1].fp) *
                ((double)point[i].tp + point[i - 1].tp) / 2;
    return last->tp && last->fp ? wins / ((double)last->tp * last->fp) : (double)NAN;
}

/* From the end on, where the best precision "there or further on" is known. A point counts as many
 * parts as there are levels of recall between the one before and it: each positive is one, or each
 * tenth or hundredth; level 0 is the first point's. */
double nn_average_precision(const nn_roc_point *point, int points, int positives, int how)
{
    if (!nn__check_some(__func__, point, points, "points")) return 0;
    const int found = point[points - 1].tp, all = positives ? positives : found;
    if (how < NN_AP_STEPS || how > NN_AP_101_POINTS || (positives && positives < found))
        return nn__mistake(NULL, __func__, "how is %d, positives %d, of which the curve has %d",
                           how, positives, found);
    const int levels = how == NN_AP_11_POINTS ? 10 : how == NN_AP_101_POINTS ? 100 : all;
    double sum = 0, best = 0;
    for (int i = points - 1; i > 0 && all; i--) {
        const int64_t here = (int64_t)point[i].tp * levels / all;
        const int64_t before = (int64_t)point[i - 1].tp * levels / all;
        if (how == NN_AP_STEPS || point[i].precision > best) best = point[i].precision;
        sum += best * (double)(here - before + (i == 1 && how >= NN_AP_11_POINTS));
    }
    return nn__ratio(sum, how >= NN_AP_11_POINTS ? levels + 1 : levels);
}

double nn_calibration_error(const nn_real *confidence, const int *correct, int n, int bins,
                            nn_calibration_bin *bin)
{
    const int count = nn__count_labels(__func__, confidence, correct, n, 2);
    if (!count) return 0;
    if (!bin || bins < 1)
        return nn__mistake(NULL, __func__, bin ? "%d bins" : "argument 5 is NULL", bins);
    memset(bin, 0, (size_t)bins * sizeof *bin);
    for (int i = 0; i < n; i++) {
        const double p = (double)confidence[i];
        if (!(p >= 0 && p <= 1))
            return nn__mistake(NULL, __func__, "confidence[%d] is %g, not 0 to 1", i, p);
        if (correct[i] < 0) continue;
        int b = nn__min((int)(p * bins) + 1, bins - 1);
        while (b > 0 && p <= (double)b / bins) b--; /* an upper end belongs to its bin */
        bin[b].n++;
        bin[b].confidence += p;
        bin[b].accuracy += correct[i];
    }
    double error = 0;
    for (int b = 0; b < bins; b++) {
        bin[b].confidence = nn__ratio(bin[b].confidence, bin[b].n);
        bin[b].accuracy = nn__ratio(bin[b].accuracy, bin[b].n);
        error += fabs(bin[b].confidence - bin[b].accuracy) * bin[b].n / count;
    }
    return error;
}

/* ---- numbers ---- */

nn_regression nn_regression_scores(const nn_real *y, const nn_real *target, int n)
{
    nn_regression r = {0, 0, 0, 0};
    double mean = 0, squares = 0, around = 0;
    int equal = 1;
    if (!nn__check_some(__func__, y, n, "samples")) return r;
    if (!target) return nn__mistake(NULL, __func__, "argument 2 is NULL"), r;
    for (int i = 0; i < n; i++) {
        const double error = (double)target[i] - (double)y[i];
        squares += nn__square(error);
        r.mae += fabs(error) / n;
        mean += (double)target[i] / n;
        equal &= target[i] == target[0];
    }
    for (int i = 0; i < n; i++) around += nn__square((double)target[i] - mean);
    r.mse = squares / n;
    r.rmse = sqrt(r.mse);
    r.r2 = equal ? squares == 0 : 1 - squares / around;
    return r;
}

/* ---- texts ---- */

/* e^z with the same bits everywhere */
static double nn__exp_exactly_repeatable(double z)
{
    const double e = 2.7182818284590452, y = nn__power(e, fabs(z));
    return z < 0 ? 1 / y : y;
}

double nn_perplexity(const nn_real *loss, int n)
{
    double mean = 0;
    if (!nn__check_some(__func__, loss, n, "losses")) return 0;
    for (int i = 0; i < n; i++) mean += (double)loss[i] / n;
    return nn__exp_exactly_repeatable(mean);
}

static int nn__check_tokens(nn_ctx *nn, const char *function, nn_tokens candidate,
                            const nn_tokens *reference, int references)
{
    if (!reference) return nn__mistake(nn, function, "reference is NULL");
    if (references < 1) return nn__mistake(nn, function, "%d references", references);
    for (int r = -1; r < references; r++) {
        const nn_tokens t = r < 0 ? candidate : reference[r];
        if (t.n < 0 || (t.n && !t.id))
            return nn__mistake(nn, function, "%s has %d tokens%s", r < 0 ? "the candidate" :
                               "a reference", t.n, t.id ? "" : ", which are NULL");
    }
    return 1;
}

/* How often the n-gram is among n tokens. */
static int nn__count_ngram(const int *gram, int order, const int *id, int n)
{
    int count = 0;
    for (int i = 0; i <= n - order; i++)
        count += memcmp(gram, id + i, (size_t)order * sizeof *gram) == 0;
    return count;
}

/* How many n-grams of the candidate match: the k-th of its kind does if a reference has k. */
static double nn__matches(nn_tokens c, const nn_tokens *reference, int references, int order)
{
    int matches = 0;
    for (int i = 0; i <= c.n - order; i++) {
        const int k = nn__count_ngram(c.id + i, order, c.id, i + order);
        int matched = 0;
        for (int r = 0; r < references && !matched; r++)
            matched = nn__count_ngram(c.id + i, order, reference[r].id, reference[r].n) >= k;
        matches += matched;
    }
    return matches;
}

void nn_bleu_add(nn_bleu *b, nn_tokens candidate, const nn_tokens *reference, int references)
{
    if (!nn__given(b, __func__) ||
        !nn__check_tokens(NULL, __func__, candidate, reference, references)) return;
    int nearest = reference[0].n;
    for (int r = 1; r < references; r++) {
        const int length = reference[r].n, off = abs(length - candidate.n);
        const int before = abs(nearest - candidate.n);
        if (off < before || (off == before && length < nearest)) nearest = length;
    }
    b->length += candidate.n;
    b->reference_length += nearest;
    for (int order = 1; order <= NN_BLEU_ORDER; order++) {
        b->match[order - 1] += nn__matches(candidate, reference, references, order);
        b->total[order - 1] += nn__max(candidate.n - order + 1, 0);
    }
}

/* e^(log BP + mean of log p_n) */
double nn_bleu_score(const nn_bleu *b, int order, int smoothing)
{
    if (!nn__given(b, __func__)) return 0;
    if (order < 1 || order > NN_BLEU_ORDER || smoothing < NN_BLEU_PLAIN ||
        smoothing > NN_BLEU_ADD_ONE)
        return nn__mistake(NULL, __func__, "order %d, not 1 to %d, smoothing %d", order,
                           NN_BLEU_ORDER, smoothing);
    double z = b->length < b->reference_length ? 1 - b->reference_length / b->length : 0;
    for (int k = 0; k < order; k++) {
        const double more = smoothing == NN_BLEU_ADD_ONE && k > 0;
        if (!(b->match[k] + more > 0)) return 0;
        z += nn__log_exactly_repeatable((b->match[k] + more) / (b->total[k] + more)) / order;
    }
    return nn__exp_exactly_repeatable(z);
}

/* Takes the scores of one more reference, if they are better. */
static void nn__rouge_best(nn_rouge *best, double common, double of_candidate, double of_reference)
{
    const nn_rouge r = {nn__ratio(common, of_candidate), nn__ratio(common, of_reference),
                        nn__ratio(2 * common, of_candidate + of_reference)};
    if (r.f1 > best->f1) *best = r;
}

nn_rouge nn_rouge_n(nn_tokens candidate, const nn_tokens *reference, int references, int order)
{
    nn_rouge best = {0, 0, 0};
    if (!nn__check_tokens(NULL, __func__, candidate, reference, references)) return best;
    if (order < 1) return nn__mistake(NULL, __func__, "order is %d, below 1", order), best;
    for (const nn_tokens *r = reference; r < reference + references; r++)
        nn__rouge_best(&best, nn__matches(candidate, r, 1, order),
                       nn__max(candidate.n - order + 1, 0), nn__max(r->n - order + 1, 0));
    return best;
}

/* length[j] is that of the longest common subsequence of the candidate so far and the reference's
 * first j tokens: diagonal + 1 where both end alike, else the longer of left and above. */
nn_rouge nn_rouge_l(nn_ctx *nn, nn_tokens candidate, const nn_tokens *reference, int references)
{
    nn_rouge best = {0, 0, 0};
    if (!nn__ready(nn, __func__) ||
        !nn__check_tokens(nn, __func__, candidate, reference, references)) return best;
    const nn__mark mark = nn__arena_mark(&nn->graph);
    for (const nn_tokens *r = reference; r < reference + references; r++) {
        int *const length = (int *)nn__alloc(nn, &nn->graph, (size_t)r->n + 1, sizeof *length, 1);
        if (!length) break;
        for (int i = 0; i < candidate.n; i++)
            for (int j = 1, diagonal = 0, above; j <= r->n; j++, diagonal = above) {
                above = length[j];
                length[j] = candidate.id[i] == r->id[j - 1] ? diagonal + 1
                                                            : nn__max(length[j - 1], above);
            }
        nn__rouge_best(&best, length[r->n], candidate.n, r->n);
        nn__arena_rewind(&nn->graph, mark);
    }
    return best;
}

/* ---- objects in images ---- */

static int nn__check_box(nn_ctx *nn, const char *function, nn_box b)
{
    const int finite = b.x1 - b.x1 + b.y1 - b.y1 + b.x2 - b.x2 + b.y2 - b.y2 == 0;
    if (finite && b.x1 <= b.x2 && b.y1 <= b.y2) return 1;
    return nn__mistake(nn, function, "a box with x %g to %g, y %g to %g", (double)b.x1,
                       (double)b.x2, (double)b.y1, (double)b.y2);
}

static double nn__area(nn_box b)
{
    return ((double)b.x2 - (double)b.x1) * ((double)b.y2 - (double)b.y1);
}

static double nn__iou(nn_box a, nn_box b)
{
    const nn_box both = {a.x1 > b.x1 ? a.x1 : b.x1, a.y1 > b.y1 ? a.y1 : b.y1,
                         a.x2 < b.x2 ? a.x2 : b.x2, a.y2 < b.y2 ? a.y2 : b.y2};
    const double common = both.x1 < both.x2 && both.y1 < both.y2 ? nn__area(both) : 0;
    return nn__ratio(common, nn__area(a) + nn__area(b) - common);
}

double nn_iou(nn_box a, nn_box b)
{
    if (!nn__check_box(NULL, __func__, a) || !nn__check_box(NULL, __func__, b)) return 0;
    return nn__iou(a, b);
}

/* IoU of two objects; -1 if they are of different images or labels. */
static double nn__overlap(const nn_object *a, const nn_object *b)
{
    return a->image == b->image && a->label == b->label ? nn__iou(a->box, b->box) : -1;
}

/* Both lists, the one found first. */
static int nn__check_objects(nn_ctx *nn, const char *function, const nn_object *found, int n,
                             const nn_object *truth, int m)
{
    if (!nn__ready(nn, function)) return 0;
    if (n < 0 || m < 0 || (n && !found) || (m && !truth))
        return nn__mistake(nn, function, "%d objects found%s, %d true ones%s", n,
                           n && !found ? " are NULL" : "", m, m && !truth ? " are NULL" : "");
    for (int i = 0; i < n + m; i++) {
        const nn_object *const o = i < n ? &found[i] : &truth[i - n];
        if (!nn__check_box(nn, function, o->box)) return 0;
        if (o->label < 0 || (i < n && o->score != o->score))
            return nn__mistake(nn, function, "%s[%d] has label %d, score %g",
                               i < n ? "found" : "truth", i < n ? i : i - n, o->label,
                               (double)o->score);
    }
    return 1;
}

static nn_roc_point *nn__rank_objects(nn_ctx *nn, const nn_object *found, int n)
{
    nn_roc_point *rank =
        (nn_roc_point *)nn__alloc(nn, &nn->graph, (size_t)n + 1, sizeof *rank, 0);
    for (int i = 0; rank && i < n; i++)
        rank[i].threshold = (double)found[i].score, rank[i].tp = i;
    if (rank) qsort(rank, (size_t)n, sizeof *rank, nn__by_score);
    return rank;
}

int nn_nms(nn_ctx *nn, const nn_object *found, int n, double iou, int *keep)
{
    int kept = 0;
    if (!nn__check_objects(nn, __func__, found, n, NULL, 0)) return 0;
    if (!keep || !(iou >= 0 && iou <= 1))
        return nn__mistake(nn, __func__, keep ? "iou is %g, not 0 to 1" : "keep is NULL", iou);
    const nn__mark mark = nn__arena_mark(&nn->graph);
    const nn_roc_point *const rank = nn__rank_objects(nn, found, n);
    for (int i = 0; rank && i < n; i++) {
        int k = 0;
        while (k < kept && nn__overlap(&found[rank[i].tp], &found[keep[k]]) <= iou) k++;
        if (k == kept) keep[kept++] = rank[i].tp;
    }
    nn__arena_rewind(&nn->graph, mark);
    return kept;
}

int nn_detection_match(nn_ctx *nn, const nn_object *found, int n, const nn_object *truth, int m,
                       double iou, int *match)
{
    int matches = 0;
    if (!nn__check_objects(nn, __func__, found, n, truth, m)) return 0;
    if (!match || !(iou > 0 && iou <= 1))
        return nn__mistake(nn, __func__, match ? "iou is %g, not above 0 and up to 1"
                           : "match is NULL", iou);
    const nn__mark mark = nn__arena_mark(&nn->graph);
    const nn_roc_point *const rank = nn__rank_objects(nn, found, n);
    char *taken = rank ? (char *)nn__alloc(nn, &nn->graph, (size_t)m + 1, 1, 1) : NULL;
    for (int i = 0; taken && i < n; i++) {
        int best = -1;
        double most = iou;
        for (int j = 0; j < m; j++) {
            const double overlap = nn__overlap(&found[rank[i].tp], &truth[j]);
            if (taken[j] || overlap < most || (best >= 0 && overlap == most)) continue;
            best = j;
            most = overlap;
        }
        match[rank[i].tp] = best;
        if (best >= 0) taken[best] = 1, matches++;
    }
    nn__arena_rewind(&nn->graph, mark);
    return matches;
}

double nn_detection_ap(nn_ctx *nn, const nn_object *found, int n, const nn_object *truth, int m,
                       int label, double iou, int how)
{
    if (!nn__check_objects(nn, __func__, found, n, truth, m)) return 0;
    if (!(iou >= 0 && iou <= 1) || label < -1 || how < NN_AP_STEPS || how > NN_AP_101_POINTS)
        return nn__mistake(nn, __func__, "label %d, iou %g, how %d", label, iou, how);
    const nn__mark mark = nn__arena_mark(&nn->graph);
    const size_t room = (size_t)n + 1; /* n may be 0 */
    int *match = (int *)nn__alloc(nn, &nn->graph, room, sizeof *match, 0);
    int *hit = (int *)nn__alloc(nn, &nn->graph, room, sizeof *hit, 0);
    nn_real *score = nn__reals(nn, &nn->graph, room);
    nn_roc_point *point = (nn_roc_point *)nn__alloc(nn, &nn->graph, room, sizeof *point, 0);
    double sum = 0;
    int terms = 0;
    for (int k = 0; k < (iou > 0 ? 1 : 10) && nn->code == NN_OK; k++) {
        nn_detection_match(nn, found, n, truth, m, iou > 0 ? iou : (50 + 5 * k) / 100.0, match);
        if (nn->code != NN_OK) break;
        for (int j = 0; j < m; j++) { /* each label of the truth, at its first object */
            const int l = truth[j].label;
            int first = 0, positives = 0, ranked = 0;
            while (truth[first].label != l) first++;
            if (first < j || (label >= 0 && l != label)) continue;
            for (int i = 0; i < m; i++) positives += truth[i].label == l;
            for (int i = 0; i < n; i++) {
                if (found[i].label != l) continue;
                score[ranked] = found[i].score;
                hit[ranked++] = match[i] >= 0;
            }
            const int points = ranked ? nn_roc_curve(score, hit, ranked, point) : 0;
            if (ranked) sum += nn_average_precision(point, points, positives, how);
            terms++;
        }
    }
    nn__arena_rewind(&nn->graph, mark);
    return nn->code == NN_OK ? nn__ratio(sum, terms) : 0;
}

/* ---- for any model, any metric ---- */

int nn_evaluate(const nn_dataset *data, nn_forward forward, void *user, int batch_size,
                int outputs, nn_real *out)
{
    nn_ctx *nn = data ? data->ctx : NULL;
    if (!nn__ready(nn, __func__)) return 0;
    if (!forward || !out)
        return nn__mistake(nn, __func__, "argument %d is NULL", forward ? 6 : 2);
    if (batch_size < 1 || outputs < 1 || data->n < 1)
        return nn__mistake(nn, __func__, "%d samples in batches of %d, %d outputs", data->n,
                           batch_size, outputs);
    const char *const file = nn->file;
    const int line = nn->line;
    const int training = nn_set_training(nn, 0), grad_enabled = nn_set_grad_enabled(nn, 0);
    for (int done = 0; done < data->n && nn->code == NN_OK; done += batch_size) {
        const size_t from = (size_t)done * (size_t)data->size;
        nn_dataset part = *data;
        part.n = nn__min(batch_size, data->n - done);
        if (data->x) part.x += from;
        else part.bytes += from;
        nn_clear(nn);
        const nn_tensor *z = forward(user, nn_dataset_x(&part));
        nn__note(nn, file, line);
        const size_t size = (size_t)part.n * (size_t)outputs;
        if (!z || z->ctx != nn || z->size != size)
            nn__mistake(nn, __func__, "forward gives %s for %d samples of %d outputs",
                        z ? nn_shape_text(nn, z->shape) : "NULL", part.n, outputs);
        else memcpy(out + (size_t)done * (size_t)outputs, z->data, size * sizeof *out);
    }
    nn_set_training(nn, training);
    nn_set_grad_enabled(nn, grad_enabled);
    return nn->code == NN_OK;
}

static int nn__by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value below which the part q of n sorted ones is, by a straight line between two of them. */
static double nn__quantile(const double *x, int n, double q)
{
    const double at = q * (n - 1);
    const int i = nn__min((int)at, n - 2);
    return x[i] + (at - i) * (x[i + 1] - x[i]);
}

nn_interval nn_bootstrap_interval(nn_ctx *nn, nn_metric metric, void *user, int n, int resamples,
                                  double confidence)
{
    nn_interval none = {0, 0, 0, 0, 0}, r = none;
    if (!nn__ready(nn, __func__)) return none;
    if (!metric) return nn__mistake(nn, __func__, "metric is NULL"), none;
    if (n < 1 || resamples < 2 || !(confidence > 0 && confidence < 1))
        return nn__mistake(nn, __func__, "%d samples, %d resamples, confidence %g", n, resamples,
                           confidence), none;
    const char *const file = nn->file;
    const int line = nn->line;
    nn_arena own = {NULL, NULL}; /* the metric may call nn_clear */
    int *index = (int *)nn__alloc(nn, &own, (size_t)n, sizeof *index, 0);
    double *value = (double *)nn__alloc(nn, &own, (size_t)resamples, sizeof *value, 0);
    double mean = 0, squares = 0;
    for (int k = -1; k < resamples && nn->code == NN_OK; k++) {
        for (int i = 0; i < n; i++) index[i] = k < 0 ? i : nn_randint(nn, 0, n);
        const double v = metric(user, index, n);
        if (k < 0) r.value = v;
        else if (v == v) value[r.resamples++] = v;
    }
    nn__note(nn, file, line);
    if (nn->code == NN_OK && r.resamples < 2)
        nn_fail(nn, NN_ERROR_NONFINITE, __func__, "the metric is NaN in %d of %d resamples",
                resamples - r.resamples, resamples);
    if (nn->code == NN_OK) {
        qsort(value, (size_t)r.resamples, sizeof *value, nn__by_size);
        for (int k = 0; k < r.resamples; k++) mean += value[k] / r.resamples;
        for (int k = 0; k < r.resamples; k++) squares += nn__square(value[k] - mean);
        r.std = sqrt(squares / (r.resamples - 1));
        r.low = nn__quantile(value, r.resamples, (1 - confidence) / 2);
        r.high = nn__quantile(value, r.resamples, (1 + confidence) / 2);
    }
    nn__arena_free(nn, &own);
    return nn->code == NN_OK ? r : none;
}

#endif
/* ==== Files and data sets ============================================================== >>data */

/* ---- writing: into memory of the caller's, or into memory that grows and becomes a file ---- */

typedef struct nn__writer {
    nn_ctx *nn;
    const char *function;
    unsigned char *memory;
    size_t room, size; /* what fits into room is written, size counts everything */
    int grows;
} nn__writer;

static void nn__write(nn__writer *w, const void *bytes, size_t n)
{
    if (w->grows && n > w->room - w->size) {
        void *p = nn__request(w->nn, w->memory, 2 * (w->size + n));
        if (p) w->memory = (unsigned char *)p, w->room = 2 * (w->size + n);
        else w->grows = 0;
    }
    if (w->size <= w->room && n && n <= w->room - w->size) memcpy(w->memory + w->size, bytes, n);
    w->size += n;
}

NN__PRINTF(2, 3)
static void nn__write_format(nn__writer *w, const char *format, ...) /* at most 255 bytes */
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    NN__ASSERT(n >= 0 && n < (int)sizeof text);
    if (n > 0) nn__write(w, text, (size_t)n);
}

#ifndef NN_NO_STDIO
/* What a writer that grows has becomes the file, and its memory is given back. All goes to
 * PATH.tmp, which takes the place of PATH when it is complete and on the disk (fsync, where the
 * compiler's mode offers it). Whatever fails before, PATH is what it was, and PATH.tmp is gone. 1
 * if it is done. */
static int nn__write_file(nn__writer *w, const char *path)
{
    char temporary[FILENAME_MAX];
    const char *what = "writing failed";
    nn_ctx *nn = w->nn;
    FILE *file = NULL;
    const int n = path ? snprintf(temporary, sizeof temporary, "%s.tmp", path) : 0;
    if (!path) nn__mistake(nn, w->function, "path is NULL");
    else if (!path[0] || (size_t)n >= sizeof temporary) /* a length that is no int is -1 */
        nn_fail(nn, NN_ERROR_IO, w->function, "the path is %s", path[0] ? "too long" : "empty");
    else if (nn->code == NN_OK && !(file = fopen(temporary, "wb")))
        nn_fail(nn, NN_ERROR_IO, w->function, "%s: cannot be written: %s", temporary,
                strerror(errno));
    int good = file && fwrite(w->memory, 1, w->size, file) == w->size && fflush(file) == 0;
#if (defined __unix__ || defined __APPLE__) && (defined _POSIX_C_SOURCE || defined _BSD_SOURCE)
    good = good && (fsync(fileno(file)) == 0 || errno == EINVAL); /* a file without fsync */
#endif
    int error = errno;
    if (w->memory) NN_FREE(nn->user, w->memory);
    if (!file) return 0;
    if (fclose(file) != 0 && good) good = 0, error = errno;
    if (good && rename(temporary, path) == 0) return 1;
    if (good) what = "cannot be replaced", error = errno;
#ifdef _WIN32 /* rename does not replace there: for a moment PATH.tmp is all that there is */
    if (good && remove(path) == 0) {
        if (rename(temporary, path) == 0) return 1;
        return nn_fail(nn, NN_ERROR_IO, w->function,
                       "%s: cannot be replaced: what was written is %s", path, temporary), 0;
    }
#endif
    remove(temporary);
    return nn_fail(nn, NN_ERROR_IO, w->function, "%s: %s: %s", path, what, strerror(error)), 0;
}
#endif

/* ---- reading: all bytes first, from a file, a reader or the caller's memory ---- */

typedef struct nn__source {
    nn_ctx *nn;
    const char *function, *name; /* name: of the file, in messages */
    nn_block *block;             /* what was read, and a 0 behind it; NULL: the caller's */
    const char *bytes, *p, *end; /* all, NULL after an error; the next to look at; their end */
    int stream;                  /* nobody had told how many there are */
    int line, column;            /* of what is looked at, from 1, in a table; else 0 */
} nn__source;

static nn__source nn__from_memory(nn_ctx *nn, const char *function, const char *name,
                                  const void *bytes, size_t size)
{
    nn__source s = {nn, function, name, NULL, NULL, NULL, NULL, 0, 0, 0};
    if (!nn__ready(nn, function) || (!bytes && !nn__mistake(nn, function, "%s is NULL", name)))
        return s;
    s.bytes = s.p = (const char *)bytes, s.end = s.p + size;
    return s;
}

static void nn__source_free(nn__source *s)
{
    if (s->block) NN_FREE(s->nn->user, s->block);
}

/* All that the reader has: `told` bytes or, if that is 0, nobody knows how many. */
static nn__source nn__from_reader(nn_ctx *nn, const char *function, const char *name,
                                  nn_reader reader, size_t told, size_t limit)
{
    nn__source s = {nn, function, name, NULL, NULL, NULL, NULL, told == 0, 0, 0};
    size_t room = 0, used = 0;
    for (size_t n = 1; n && nn->code == NN_OK; used += n) {
        if (used == room) { /* a byte more than was told, to meet the end; or the file has grown */
            room = room ? 2 * room : told ? told + 1 : NN__BLOCK;
            if (s.stream && used >= limit)
                return nn_fail(nn, NN_ERROR_LIMIT, function, "%s: no end after %zu bytes", name,
                               limit), s;
            void *p = nn__request(nn, s.block, sizeof *s.block + room + 1);
            if (!p) return s;
            s.block = (nn_block *)p;
            s.block->base = (char *)(s.block + 1);
        }
        n = reader.read(reader.user, s.block->base + used, room - used);
        if (n > room - used)
            return nn_fail(nn, NN_ERROR_IO, function, "%s: reading failed after %zu bytes", name,
                           used), s;
    }
    s.block->size = s.block->used = used;
    s.block->base[used] = 0;
    s.bytes = s.p = s.block->base, s.end = s.p + used;
    return s;
}

#ifndef NN_NO_STDIO
static size_t nn__read_stdio(void *user, void *to, size_t n)
{
    const size_t got = fread(to, 1, n, (FILE *)user);
    return got || !ferror((FILE *)user) ? got : (size_t)-1;
}

static nn__source nn__from_file(nn_ctx *nn, const char *function, const char *path)
{
    nn__source s = {nn, function, path, NULL, NULL, NULL, NULL, 0, 0, 0};
    if (!nn__ready(nn, function) || (!path && !nn__mistake(nn, function, "path is NULL"))) return s;
    FILE *file = fopen(path, "rb");
    if (!file)
        return nn_fail(nn, NN_ERROR_IO, function, "%s: cannot be opened: %s", path,
                       strerror(errno)), s;
    const long told = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0; /* of a pipe: nothing */
    const int known = told > 0 && told < LONG_MAX; /* a directory may tell LONG_MAX */
    const nn_reader reader = {nn__read_stdio, file};
    rewind(file);
    s = nn__from_reader(nn, function, path, reader, known ? (size_t)told : 0, 1 << 28);
    fclose(file);
    return s;
}
#endif

/* From now on what was read belongs to the context. */
static void nn__source_keep(nn__source *s)
{
    if (!s->block) return;
    s->block->next = s->nn->keep.first;
    s->nn->keep.first = s->block;
    if (!s->nn->keep.current) s->nn->keep.current = s->block;
}

/* Says what people often have in place of the file itself, told by its beginning; gives 0 if it is
 * nothing that we know. A byte in front says in place of what: 1 text, 2 a table or IDX, 4 a
 * model. */
static int nn__another_kind(const nn__source *s, int reading)
{
    static const char pickle[] = "is what torch.save wrote: in Python, "
        "safetensors.torch.save_file(torch.load(FILE), \"FILE.safetensors\")";
    static const char *const kind[][2] = {
        {"\7\x1f\x8b", "is compressed: gunzip it first (zcat FILE.gz > FILE)"},
        {"\3PK\3\4", "is a zip archive: unzip it first"},
        {"\3\xff\xfe", "is UTF-16: save it as UTF-8"},
        {"\3\xfe\xff", "is UTF-16: save it as UTF-8"},
        {"\2<!", "is a web page, not the file: download it again"},
        {"\2<html", "is a web page, not the file: download it again"},
        {"\4PK\3\4", pickle}, {"\4\x80\2", pickle}, {"\4\x80\3", pickle},
        {"\4\x80\4", pickle}, {"\4\x80\5", pickle},
        {"\4version ", "is a pointer of git lfs: git lfs pull"},
    };
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
        const size_t n = strlen(kind[i][0]) - 1;
        if ((kind[i][0][0] & reading) && (size_t)(s->end - s->bytes) >= n &&
            memcmp(s->bytes, kind[i][0] + 1, n) == 0)
            return nn_fail(s->nn, NN_ERROR_FORMAT, s->function, "%s: %s", s->name, kind[i][1]), 1;
    }
    return 0;
}

/* 1 if there are bytes, and they may be what is to be read; else the source is freed. */
static int nn__source_ready(nn__source *s, int reading)
{
    if (s->bytes && !nn__another_kind(s, reading)) return 1;
    nn__source_free(s);
    return 0;
}

/* Says what is wrong at `at` or, if that is NULL, where s is, or that the file is of another kind.
 * After the first error nothing is left to be read. Gives 0. */
NN__PRINTF(4, 5)
static int nn__bad(nn__source *s, nn_code code, const char *at, const char *format, ...)
{
    char place[64], what[200];
    const size_t offset = (size_t)((at ? at : s->p) - s->bytes);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (s->line) snprintf(place, sizeof place, "line %d, column %d", s->line, s->column);
    else snprintf(place, sizeof place, "offset %zu", offset);
    if (s->line || offset > 8 || !nn__another_kind(s, 4))
        nn_fail(s->nn, code, s->function, "%s: %s: %s", s->name, place, what);
    s->p = s->end;
    return 0;
}

enum { NN__FIELD = 4096 }; /* bytes of the longest field and the 0 behind it */

/* The double nearest to m 2^exponent, of two that are equally near the even one. m has 64 bits, and
 * more says whether anything stands behind them. */
static double nn__rounded(uint64_t m, int exponent, int more)
{
    const int drop = exponent < -1085 ? -1074 - exponent : 11; /* denormals have fewer bits */
    if (drop > 64) return 0;
    const uint64_t rest = m << (64 - drop), half = (uint64_t)1 << 63;
    m = drop < 64 ? m >> drop : 0;
    m += rest > half || (rest == half && (more || m % 2));
    return ldexp((double)m, exponent + drop);
}

/* A large whole number, word[0..n-1], the lowest first: times factor, plus what is added. Gives the
 * new n. */
static int nn__times(uint32_t *word, int n, uint32_t factor, uint32_t added)
{
    uint64_t carry = added;
    for (int i = 0; i < n; i++, carry >>= 32) {
        carry += (uint64_t)word[i] * factor;
        word[i] = (uint32_t)carry;
    }
    if (carry) word[n++] = (uint32_t)carry;
    return n;
}

/* The digits from p to end, fewer than NN__FIELD (a point among them counts for nothing), times
 * 10^exponent. */
static double nn__exact(const char *p, const char *end, int exponent)
{
    uint32_t word[NN__FIELD / 9 + 50] = {0}; /* 9 digits fit into one */
    int n = 0, digits = 0, more = 0;
    for (; p < end; p++) {
        if (*p == '.') continue;
        n = nn__times(word, n, 10, (uint32_t)(*p - '0'));
        digits += n > 0;
    }
    if (!n || digits + exponent < -330) return 0;
    if (digits + exponent > 310) return HUGE_VAL;
    for (; exponent > 0; exponent--) n = nn__times(word, n, 10, 0);
    const int low = exponent > -306 ? 3 - exponent / 9 : 37; /* words more: then 64 bits are left */
    memmove(word + low, word, (size_t)n * sizeof *word);
    memset(word, 0, (size_t)low * sizeof *word);
    n += low;
    while (exponent < 0) { /* divided by 10, or by 10^9 */
        const uint32_t divisor = exponent > -9 ? 10 : 1000000000;
        uint64_t rest = 0;
        for (int i = n; i-- > 0; rest %= divisor) {
            rest = rest << 32 | word[i];
            word[i] = (uint32_t)(rest / divisor);
        }
        more |= rest > 0;
        n -= !word[n - 1];
        exponent += exponent > -9 ? 1 : 9;
    }
    int two = 32 * (n - 2 - low);
    for (; !(word[n - 1] >> 31); two--) nn__times(word, n, 2, 0);
    for (int i = 0; i < n - 2; i++) more |= word[i] != 0;
    return nn__rounded((uint64_t)word[n - 1] << 32 | word[n - 2], two, more);
}

/* 1 if the text, of fewer than NN__FIELD bytes, is a decimal number. In any locale, and to the
 * nearest double, which a float build then rounds once more, to the nearest float. */
static int nn__number(const char *p, double *value)
{
    const int negative = *p == '-';
    p += *p == '-' || *p == '+';
    const char *const first = p, *point = NULL;
    uint64_t m = 0; /* right as long as there are no more than 19 digits */
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++)
        if (*p == '.') point = p;
        else m = m * 10 + (uint64_t)(*p - '0');
    const char *const last = p;
    const ptrdiff_t digits = last - first - (point != NULL);
    int exponent = 0;
    if (*p == 'e' || *p == 'E') {
        const int down = *++p == '-';
        p += *p == '-' || *p == '+';
        if (!*p) return 0;
        for (; *p >= '0' && *p <= '9'; p++)
            if (exponent < 100000) exponent = exponent * 10 + (*p - '0');
        if (down) exponent = -exponent;
    }
    if (*p || digits < 1) return 0;
    if (point) exponent -= (int)(last - point - 1); /* the number is its digits 10^exponent */
#if defined FLT_EVAL_METHOD && (FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1)
    const int limit = 22; /* 10^22 is the last that a double has exactly: one rounding then */
#else
    const int limit = 0; /* a double may be kept with more bits, and be rounded twice */
#endif
    const int size = exponent < 0 ? -exponent : exponent;
    double v = (double)m, power = 1;
    for (int k = 0; k < size && k < limit; k++) power *= 10;
    if (digits > 19 || m >> 53 || size > limit) v = nn__exact(first, last, exponent);
    else v = exponent < 0 ? v / power : v * power;
    *value = negative ? -v : v;
    return 1;
}

/* ---- text and vocabularies ---- */

static char nn__folded(const nn_vocab *v, char c)
{
    return v->unit == NN_LOWER_WORDS && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t nn__token_bytes(const char *token) { return *token ? strlen(token) : 1; }

/* Where the id of a token is, counted from 1, or would be: 0. Hashing: FNV-1a, Fowler, Noll, Vo. */
static int *nn__vocab_slot(const nn_vocab *v, const char *text, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)nn__folded(v, text[i])) * 16777619u;
    for (size_t at = hash;; at++) {
        int *const slot = &v->slot[at % v->slots];
        const char *const token = *slot ? v->token[*slot - 1] : "";
        size_t same = 0;
        while (*slot && same < size && token[same] == nn__folded(v, text[same])) same++;
        if (!*slot || (same == size && nn__token_bytes(token) == size)) return slot;
    }
}

/* The id of a token, which is added if it is not there; -1 without memory. */
static int nn__vocab_add(nn_vocab *v, const char *text, size_t size)
{
    nn_ctx *nn = v->ctx;
    if (2 * (size_t)v->n >= v->slots) { /* a table of twice the size, at most half full */
        const size_t slots = v->slots ? 2 * v->slots : 16;
        int *slot = (int *)nn__alloc(nn, &nn->keep, slots, sizeof *slot, 1);
        const char **token = (const char **)nn__alloc(nn, &nn->keep, slots / 2, sizeof *token, 0);
        if (!slot || !token) return -1;
        if (v->n) memcpy((void *)token, (const void *)v->token, (size_t)v->n * sizeof *token);
        v->slot = slot, v->slots = slots, v->token = token;
        for (int i = 0; i < v->n; i++)
            *nn__vocab_slot(v, token[i], nn__token_bytes(token[i])) = i + 1;
    }
    int *slot = nn__vocab_slot(v, text, size);
    if (*slot) return *slot - 1;
    char *copy = (char *)nn__alloc(nn, &nn->keep, size + 1, 1, 1);
    if (!copy) return -1;
    for (size_t i = 0; i < size; i++) copy[i] = nn__folded(v, text[i]);
    v->token[v->n++] = copy;
    return *slot = v->n, v->n - 1;
}

/* How many bytes the character at p has in UTF-8; 0 if it is none (RFC 3629). */
static int nn__utf8(const char *text, const char *end)
{
    const unsigned char *p = (const unsigned char *)text;
    const int n = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;
    if (n > end - text) return 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90)) return 0; /* overlong */
    return (*p == 0xed && p[1] > 0x9f) || (*p == 0xf4 && p[1] > 0x8f) ? 0 : n;
}

/* The first token from p on, of *n bytes; NULL if nothing but white space between words is left. */
static const char *nn__next_token(nn_unit unit, const char *p, const char *end, size_t *n)
{
    size_t size = 0;
    while (unit >= NN_WORDS && p < end && (unsigned char)*p <= ' ') p++;
    if (p == end) return NULL;
    if (unit == NN_CHARS) size = (size_t)nn__utf8(p, end);
    for (; unit >= NN_WORDS && p + size < end && size < NN__FIELD - 1; size++) {
        const int b = (unsigned char)p[size], lower = b | 0x20;
        if (b < 0x80 && (lower < 'a' || lower > 'z') && (b < '0' || b > '9') && b != '\'') break;
    }
    *n = size ? size : 1; /* a byte, a sign, or what is no UTF-8 */
    return p;
}

typedef struct nn__count {
    int count, id;
} nn__count;

static int nn__by_count(const void *a, const void *b)
{
    const nn__count *x = (const nn__count *)a, *y = (const nn__count *)b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : x->id - y->id;
}

nn_vocab nn_vocab_new(nn_ctx *nn, nn_unit unit, const char *text, size_t size, int limit)
{
    const nn_vocab none = {nn, unit, 0, NULL, NULL, 0};
    nn_vocab all = none, v = none;
    void *list = NULL; /* how often each token of all was seen */
    int room = 0;
    if (!nn__ready(nn, __func__)) return none;
    if (!text || unit < NN_BYTES || unit > NN_LOWER_WORDS || limit < 0)
        return nn__mistake(nn, __func__, "text is %s, unit %d, limit %d",
                           text ? "there" : "NULL", (int)unit, limit), none;
    const char *const end = text + size;
    for (size_t n; (text = nn__next_token(unit, text, end, &n)) != NULL; text += n) {
        const int id = nn__vocab_add(&all, text, n);
        if (id < 0 || !nn__keep_grow(nn, &list, id, &room, sizeof(nn__count))) return none;
        nn__count *const seen = (nn__count *)list + id;
        seen->id = id;
        seen->count += seen->count < INT_MAX;
    }
    if (!all.n) return nn__mistake(nn, __func__, "the text has no token"), none;
    qsort(list, (size_t)all.n, sizeof(nn__count), nn__by_count);
    nn__vocab_add(&v, "<unk>", 5);
    for (int i = 0; nn->code == NN_OK && i < all.n && (!limit || v.n < limit); i++) {
        const char *const token = all.token[((nn__count *)list)[i].id];
        nn__vocab_add(&v, token, nn__token_bytes(token));
    }
    return nn->code == NN_OK ? v : none;
}

/* For an encoder: room for an id for each byte of the text, until nn__ids_keep; NULL if there is no
 * byte, or after an error. */
static int *nn__ids_new(nn_ctx *nn, const char *function, const char *text, size_t size, int *n)
{
    if (!text || !n) nn__mistake(nn, function, "text or n is NULL");
    else if (size > INT_MAX)
        nn_fail(nn, NN_ERROR_LIMIT, function, "a text of %zu bytes", size);
    return nn->code == NN_OK ? (int *)nn__alloc(nn, &nn->graph, size, sizeof(int), 0) : NULL;
}

/* The ids that there are, copied to stay; their room is given back. */
static int *nn__ids_keep(nn_ctx *nn, nn__mark mark, const int *work, size_t count, int *n)
{
    int *ids = count ? (int *)nn__alloc(nn, &nn->keep, count, sizeof *ids, 0) : NULL;
    if (ids) memcpy(ids, work, count * sizeof *ids), *n = (int)count;
    nn__arena_rewind(&nn->graph, mark);
    return ids;
}

static int nn__check_ids(nn_ctx *nn, const char *function, const int *ids, int n, int tokens)
{
    for (int i = 0; i < n; i++)
        if (!ids || ids[i] < 0 || ids[i] >= tokens)
            return nn__mistake(nn, function, "ids[%d] is %d, not one of %d tokens", i,
                               ids ? ids[i] : -1, tokens);
    return 1;
}

int *nn_vocab_encode(const nn_vocab *v, const char *text, size_t size, int *n)
{
    nn_ctx *nn = v ? v->ctx : NULL;
    if (n) *n = 0;
    if (!nn__ready(nn, __func__)) return NULL;
    if (!v->n) nn__mistake(nn, __func__, "the vocabulary is empty");
    const nn__mark mark = nn__arena_mark(&nn->graph);
    int *const work = nn__ids_new(nn, __func__, text, size, n);
    const char *const end = work ? text + size : NULL;
    size_t count = 0, bytes;
    for (; work && (text = nn__next_token(v->unit, text, end, &bytes)) != NULL; text += bytes) {
        const int found = *nn__vocab_slot(v, text, bytes);
        work[count++] = found ? found - 1 : 0;
    }
    return nn__ids_keep(nn, mark, work, count, n);
}

nn_text nn_vocab_decode(const nn_vocab *v, const int *ids, int n)
{
    nn_ctx *nn = v ? v->ctx : NULL;
    nn_text t = {nn, "", 0};
    if (!nn__ready(nn, __func__)) return t;
    if (!nn__check_ids(nn, __func__, ids, n, v->n)) return t;
    const size_t space = v->unit >= NN_WORDS;
    size_t size = 1;
    for (int i = 0; i < n; i++) size += nn__token_bytes(v->token[ids[i]]) + space;
    char *bytes = (char *)nn__alloc(nn, &nn->keep, size, 1, 1);
    if (!bytes) return t;
    t.bytes = bytes;
    for (int i = 0; i < n; i++) {
        const char *const token = v->token[ids[i]];
        if (i && space) bytes[t.size++] = ' ';
        memcpy(bytes + t.size, token, nn__token_bytes(token));
        t.size += nn__token_bytes(token);
    }
    return t;
}

#if NN_CHAPTERS >= 15
/* ---- byte pairs ---- */

typedef struct nn__neighbours {
    int pair[2], count;
} nn__neighbours;

typedef struct nn__pairs { /* how often each pair of neighbours occurs now */
    nn__neighbours *all;
    int *slot, n; /* slot: number of the pair, counted from 1; 0: free */
    size_t slots;
} nn__pairs;

/* Replaces pair by token in the n tokens of s, from left to right, and gives their new number. */
static size_t nn__merge_pair(int *s, size_t n, const int *pair, int token)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++, to++) {
        const int both = i + 1 < n && s[i] == pair[0] && s[i + 1] == pair[1];
        s[to] = both ? token : s[i];
        i += (size_t)both;
    }
    return to;
}

typedef struct nn__word {
    const char *text;
    int *token;
    size_t size; /* bytes, later tokens */
    int times;
} nn__word;

static int nn__by_text(const void *a, const void *b)
{
    const nn__word *x = (const nn__word *)a, *y = (const nn__word *)b;
    const int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    return order ? order : x->size < y->size ? -1 : x->size > y->size;
}

/* change: `times` of the word where its pairs come, -times where they go. */
static void nn__count_pairs(nn__pairs *c, const nn__word *w, int change)
{
    for (size_t i = 1; i < w->size; i++) {
        const int a = w->token[i - 1], b = w->token[i];
        const nn__neighbours fresh = {{a, b}, 0};
        size_t at = (uint32_t)a * 2654435761u ^ (uint32_t)b * 2246822519u;
        int *slot = &c->slot[at % c->slots];
        while (*slot && (c->all[*slot - 1].pair[0] != a || c->all[*slot - 1].pair[1] != b))
            slot = &c->slot[++at % c->slots];
        if (!*slot) c->all[c->n] = fresh, *slot = ++c->n;
        c->all[*slot - 1].count += change;
    }
}

/* A pair is new where one is joined, two at a time, which leaves a token less: at most 3 for each
 * byte of the different words. */
nn_bpe nn_bpe_train(nn_ctx *nn, const char *text, size_t size, int tokens)
{
    nn_bpe b = {nn, 0, NULL};
    if (!nn__ready(nn, __func__)) return b;
    if (!text || !size || tokens < 256)
        return nn__mistake(nn, __func__, "%s of %zu bytes, %d tokens", text ? "a text"
                           : "NULL instead of a text", size, tokens), b;
    if (size > INT_MAX)
        return nn_fail(nn, NN_ERROR_LIMIT, __func__, "a text of %zu bytes", size), b;
    nn_arena own = {NULL, NULL};
    size_t words = 0, different = 0, bytes = 0;
    for (size_t i = 0; i < size; i++) words += !i || (unsigned char)text[i] <= ' ';
    nn__word *word = (nn__word *)nn__alloc(nn, &own, words, sizeof *word, 0);
    for (size_t i = 0, w = 0; word && i < size; i++) {
        const nn__word fresh = {text + i, NULL, 0, 1};
        if (!i || (unsigned char)text[i] <= ' ') word[w++] = fresh;
        word[w - 1].size++;
    }
    if (word) qsort(word, words, sizeof *word, nn__by_text);
    for (size_t w = 0; word && w < words; w++)
        if (different && nn__by_text(&word[w], &word[different - 1]) == 0)
            word[different - 1].times++;
        else bytes += word[w].size, word[different++] = word[w];
    int *token = (int *)nn__alloc(nn, &own, bytes, sizeof *token, 0);
    nn__pairs c = {NULL, NULL, 0, 6 * bytes};
    c.all = (nn__neighbours *)nn__alloc(nn, &own, bytes, 3 * sizeof *c.all, 0);
    c.slot = (int *)nn__alloc(nn, &own, bytes, 6 * sizeof *c.slot, 1);
    for (size_t w = 0; nn->code == NN_OK && w < different; w++) {
        word[w].token = token;
        for (size_t i = 0; i < word[w].size; i++) *token++ = (unsigned char)word[w].text[i];
        nn__count_pairs(&c, &word[w], word[w].times);
    }
    void *list = NULL;
    int room = 0, merges = 0;
    for (; c.n && merges < tokens - 256; merges++) {
        const nn__neighbours *best = c.all;
        for (const nn__neighbours *p = c.all; p < c.all + c.n; p++)
            if (p->count != best->count ? p->count > best->count
                : p->pair[0] != best->pair[0] ? p->pair[0] < best->pair[0]
                                              : p->pair[1] < best->pair[1]) best = p;
        if (best->count < 2 || !nn__keep_grow(nn, &list, merges, &room, sizeof *b.merge)) break;
        int *const pair = ((int(*)[2])list)[merges];
        memcpy(pair, best->pair, sizeof best->pair);
        for (nn__word *w = word; w < word + different; w++) {
            size_t i = 1;
            while (i < w->size && (w->token[i - 1] != pair[0] || w->token[i] != pair[1])) i++;
            if (i >= w->size) continue; /* the pair is not in this word */
            nn__count_pairs(&c, w, -w->times);
            w->size = nn__merge_pair(w->token, w->size, pair, 256 + merges);
            nn__count_pairs(&c, w, w->times);
        }
    }
    nn__arena_free(nn, &own);
    if (nn->code == NN_OK) b.n = 256 + merges, b.merge = (int(*)[2])list;
    return b;
}

/* Merge by merge: what a merge joins can only have been made by those before it, and no merge has a
 * white space in its second token's beginning, so that words need no looking after. */
int *nn_bpe_encode(const nn_bpe *b, const char *text, size_t size, int *n)
{
    nn_ctx *nn = b ? b->ctx : NULL;
    if (n) *n = 0;
    if (!nn__ready(nn, __func__)) return NULL;
    if (b->n < 256) nn__mistake(nn, __func__, "%d tokens, not even the bytes", b->n);
    const nn__mark mark = nn__arena_mark(&nn->graph);
    int *const work = nn__ids_new(nn, __func__, text, size, n);
    size_t count = work ? size : 0;
    for (size_t i = 0; i < count; i++) work[i] = (unsigned char)text[i];
    for (int i = 256; i < b->n; i++)
        count = nn__merge_pair(work, count, b->merge[i - 256], i);
    return nn__ids_keep(nn, mark, work, count, n);
}

nn_text nn_bpe_decode(const nn_bpe *b, const int *ids, int n)
{
    nn_ctx *nn = b ? b->ctx : NULL;
    nn_text t = {nn, "", 0};
    if (!nn__ready(nn, __func__)) return t;
    const nn__mark mark = nn__arena_mark(&nn->graph);
    size_t *size = (size_t *)nn__alloc(nn, &nn->graph, (size_t)nn__max(b->n, 256), sizeof *size, 0);
    size_t total = 1;
    for (int i = 0; size && i < b->n && nn->code == NN_OK; i++) {
        const int *const pair = i < 256 ? NULL : b->merge[i - 256];
        if (pair && (pair[0] < 0 || pair[0] >= i || pair[1] < 0 || pair[1] >= i))
            nn__mistake(nn, __func__, "merge[%d] is %d and %d, not two of the tokens before %d",
                        i - 256, pair[0], pair[1], i);
        else if ((size[i] = pair ? size[pair[0]] + size[pair[1]] : 1) > INT_MAX)
            nn_fail(nn, NN_ERROR_LIMIT, __func__, "token %d stands for %zu bytes", i, size[i]);
    }
    nn__check_ids(nn, __func__, ids, n, b->n);
    for (int i = 0; i < n && nn->code == NN_OK; i++)
        if ((total += size[ids[i]]) > (size_t)INT_MAX + 1)
            nn_fail(nn, NN_ERROR_LIMIT, __func__, "a text of more than %d bytes", INT_MAX);
    char *bytes = nn->code == NN_OK ? (char *)nn__alloc(nn, &nn->keep, total, 1, 1) : NULL;
    for (int i = 0; bytes && i < n; i++)
        for (size_t k = 0; k < size[ids[i]]; k++) { /* byte k of the token is in one of two parts */
            size_t at = k;
            int id = ids[i];
            while (id >= 256) {
                const int *const pair = b->merge[id - 256];
                const int right = at >= size[pair[0]];
                if (right) at -= size[pair[0]];
                id = pair[right];
            }
            bytes[t.size++] = (char)id;
        }
    if (bytes) t.bytes = bytes;
    nn__arena_rewind(&nn->graph, mark);
    return t;
}
#endif

/* ---- CSV ---- */

typedef struct nn__column {
    int numeric;              /* a number was there, so that all must be numbers */
    nn_vocab words;           /* the categories, numbered as they appear */
} nn__column;

typedef struct nn__csv { /* where the reader is */
    nn__source s;
    nn_csv_options options;
    char field[NN__FIELD];    /* without quotes and surrounding spaces */
    size_t size;
    int quoted;
    void *name;               /* const char * [names]: the last line of the header, growing as */
    void *column, *values;    /* nn__column [cols] and nn_real [rows, cols] do */
    int names, column_room, room;
} nn__csv;

static int nn__csv_line_end(const nn__csv *r)
{
    return r->s.p == r->s.end || *r->s.p == '\n' || *r->s.p == '\r';
}

static void nn__csv_next_line(nn__csv *r)
{
    if (r->s.p < r->s.end && *r->s.p == '\r') r->s.p++;
    if (r->s.p < r->s.end && *r->s.p == '\n') r->s.p++;
    r->s.line++;
    r->s.column = 0;
}

static void nn__csv_spaces(nn__csv *r)
{
    while (r->s.p < r->s.end && *r->s.p == ' ' && r->options.delimiter != ' ') r->s.p++;
}

/* The next field of the line into r->field; afterwards r->s.p is at the end of the line, or at the
 * delimiter behind the field. 0 after an error. */
static int nn__csv_field(nn__csv *r)
{
    nn__csv_spaces(r);
    const char *p = r->s.p, *const end = r->s.end;
    const int line = r->s.line, quoted = p < end && *p == '"';
    size_t size = 0;
    r->s.column++;
    for (p += quoted;; p++) {
        if (quoted && p == end) {
            r->s.line = line; /* where it was opened */
            return nn__bad(&r->s, NN_ERROR_FORMAT, p, "the quote is not closed");
        }
        if (quoted && *p == '"' && (++p == end || *p != '"')) break; /* "" is one quote */
        if (!quoted && (p == end || *p == r->options.delimiter || *p == '\n' || *p == '\r')) break;
        if (!*p) return nn__bad(&r->s, NN_ERROR_FORMAT, p, "a byte of value 0");
        if (size + 1 == sizeof r->field)
            return nn__bad(&r->s, NN_ERROR_LIMIT, p, "the field is longer than 4095 bytes");
        r->s.line += *p == '\n';
        r->field[size++] = *p;
    }
    while (!quoted && size && r->field[size - 1] == ' ') size--;
    r->field[size] = 0, r->size = size, r->quoted = quoted, r->s.p = p;
    nn__csv_spaces(r);
    return nn__csv_line_end(r) || *r->s.p == r->options.delimiter ||
           nn__bad(&r->s, NN_ERROR_FORMAT, p, "text behind the closing quote");
}

static int nn__csv_missing(const nn__csv *r)
{
    static const char *const names[] = {"", "NA", "N/A", "?", "nan", "NaN", "null"};
    if (r->quoted && r->size) return 0; /* "NA" in quotes is a text */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(r->field, names[i]) == 0) return 1;
    return 0;
}

/* What the user may have meant by a field that is not a number. */
static const char *nn__csv_hint(const nn__csv *r)
{
    const char *const comma = strchr(r->field, ',');
    if (r->field[0] == '#') return "comments are not read; options.header counts lines to skip";
    if (strpbrk(r->field, ";\t|")) return "options.delimiter sets another delimiter";
    if (comma && comma[1] >= '0' && comma[1] <= '9') return "a decimal comma? it must be a point";
    if (strspn(r->field, "+-INFTYinfty") == r->size) return "infinity is not accepted";
    return r->options.header || r->s.line > 1
               ? "a category? options.categories = 1"
               : "a header? options.header = 1; or a category? options.categories = 1";
}

/* The value of the field. */
static nn_real nn__csv_value(nn__csv *r, nn__column *column)
{
    double v = 0;
    nn_vocab *const words = &column->words;
    const int number = nn__number(r->field, &v);
    if (!number && nn__csv_missing(r)) {
        const int last = !r->size && r->s.column > 1 && nn__csv_line_end(r);
        if (r->options.missing == NN_MISSING_ERROR)
            nn__bad(&r->s, NN_ERROR_FORMAT, NULL, "the value is missing%s "
                    "(options.missing = NN_MISSING_NAN accepts that)",
                    last ? ": does the line end with a delimiter?" : "");
        return (nn_real)NAN;
    }
    if (words->n || (r->options.categories && !number && !column->numeric)) {
        words->ctx = r->s.nn;
        return (nn_real)nn__vocab_add(words, r->field, r->size);
    }
    if (!number)
        nn__bad(&r->s, NN_ERROR_FORMAT, NULL, "\"%.32s\" is not a number (%s)", r->field,
                nn__csv_hint(r));
    else if ((nn_real)v - (nn_real)v != 0)
        nn__bad(&r->s, NN_ERROR_FORMAT, NULL, "the number is too large");
    column->numeric = 1;
    return (nn_real)v;
}

/* A line of the header. */
static void nn__csv_names(nn__csv *r)
{
    int room = 0;
    for (r->names = 0; nn__csv_field(r); r->s.p++) {
        if (!nn__keep_grow(r->s.nn, &r->name, r->names, &room, sizeof(char *))) return;
        ((const char **)r->name)[r->names++] = nn__copy_text(r->s.nn, r->field, r->size);
        if (nn__csv_line_end(r)) return;
    }
}

/* One line of data; the first tells how many columns there are. */
static void nn__csv_row(nn__csv *r, nn_table *t)
{
    nn_ctx *nn = r->s.nn;
    for (int c = 0, last = 0; !last && nn__csv_field(r); c++, r->s.p += !last) {
        const int at = t->rows * t->cols + c;
        last = nn__csv_line_end(r);
        if (!t->rows && nn__keep_grow(nn, &r->column, c, &r->column_room, sizeof(nn__column)))
            t->cols = c + 1;
        if (c == t->cols)
            nn__bad(&r->s, NN_ERROR_FORMAT, NULL, "this line has more fields than the first%s",
                    r->size || !last ? "" : ": does it end with a delimiter?");
        else if (nn__grow(nn, &r->values, at, &r->room, sizeof(nn_real)))
            ((nn_real *)r->values)[at] = nn__csv_value(r, (nn__column *)r->column + c);
        if (last && c + 1 < t->cols)
            nn__bad(&r->s, NN_ERROR_FORMAT, NULL, "this line has fewer fields than the first");
        if (nn->code != NN_OK) return;
    }
    t->rows++;
}

/* What the last line of the header has: names of the columns, or of the classes. */
static void nn__csv_header(const nn__csv *r, nn_table *t)
{
    const char **const name = (const char **)r->name;
    const int n = r->names;
    double size[2] = {-1, -1}, other;
    int numbers = 0;
    for (int i = 0; i < n; i++) numbers += nn__number(name[i], i < 2 ? &size[i] : &other);
    if (n > 2 && size[0] == t->rows && size[1] == t->cols - 1) {
        t->class_name = name + 2;
        t->classes = n - 2;
    } else if (n && n != t->cols) {
        nn_fail(r->s.nn, NN_ERROR_FORMAT, r->s.function,
                "%s: the header has %d fields (\"%.32s\", ..), the data have %d rows of %d",
                r->s.name, n, name[0], t->rows, t->cols);
    } else if (n && numbers == n) {
        nn_fail(r->s.nn, NN_ERROR_FORMAT, r->s.function,
                "%s: the header consists of numbers: is it data (options.header = 0)?", r->s.name);
    } else if (n) {
        t->name = name;
    }
}

static nn_table nn__csv_read(nn__source s, nn_csv_options options)
{
    nn_ctx *nn = s.nn;
    const nn_table none = {nn, 0, 0, NULL, NULL, NULL, NULL, NULL, 0};
    nn_table t = none;
    nn__csv r;
    memset(&r, 0, sizeof r);
    if (!options.delimiter) options.delimiter = ',';
    r.s = s, r.s.line = 1, r.options = options;
    if (!nn__source_ready(&s, 2)) return none;
    if (strchr("0123456789.+-eE\"\r\n", options.delimiter))
        nn__mistake(nn, s.function, "options.delimiter is '%c'", options.delimiter);
    const nn__mark mark = nn__arena_mark(&nn->keep); /* a failure gives back what it took */
    if (s.end - s.p >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) r.s.p += 3;
    for (; r.s.p < s.end && nn->code == NN_OK; nn__csv_next_line(&r))
        if (options.header > 0) options.header--, nn__csv_names(&r);
        else if (!nn__csv_line_end(&r)) nn__csv_row(&r, &t); /* not an empty line */
    if (nn->code == NN_OK && !t.rows)
        nn_fail(nn, NN_ERROR_FORMAT, s.function, "%s: no data", s.name);
    if (nn->code == NN_OK) {
        const size_t cols = (size_t)t.cols, size = (size_t)t.rows * cols;
        const nn__column *const column = (nn__column *)r.column;
        t.data = nn__reals(nn, &nn->keep, size);
        t.name = (const char **)nn__alloc(nn, &nn->keep, cols, sizeof *t.name, 0);
        t.category = (const char ***)nn__alloc(nn, &nn->keep, cols, sizeof *t.category, 1);
        t.categories = (int *)nn__alloc(nn, &nn->keep, cols, sizeof *t.categories, 1);
        if (t.data) memcpy(t.data, r.values, size * sizeof *t.data);
        for (size_t c = 0; c < cols && nn->code == NN_OK; c++) {
            t.name[c] = "";
            t.category[c] = column[c].words.token;
            t.categories[c] = column[c].words.n;
        }
        nn__csv_header(&r, &t);
    }
    if (r.values) NN_FREE(nn->user, r.values);
    nn__source_free(&s);
    if (nn->code == NN_OK) return t;
    nn__arena_rewind(&nn->keep, mark);
    return none;
}

nn_table nn_csv_parse(nn_ctx *nn, const char *text, size_t size, nn_csv_options options)
{
    return nn__csv_read(nn__from_memory(nn, __func__, "text", text, size), options);
}

nn_stat nn_table_stats(const nn_table *t, int column)
{
    nn_stat none = {0, 0, 0, 0, 0, 0, 0, 0};
    if (!nn__ready(t ? t->ctx : NULL, __func__)) return none;
    if (column < -1 || column >= t->cols)
        return nn__mistake(t->ctx, __func__, "there is no column %d of %d", column, t->cols), none;
    if (column < 0) column = t->cols - 1;
    return nn__stat(t->data + column, (size_t)t->rows, (size_t)t->cols);
}

/* ---- IDX ---- */

static const unsigned char nn__idx_bytes[] = {1, 1, 0, 2, 4, 4, 8}; /* of types 0x08 .. 0x0e */

/* The bytes of an IDX file: 0, 0, type, ndim, then ndim sizes of 4 bytes, then the elements. */
static nn_idx nn__idx_read(nn__source s)
{
    const nn_idx none = {s.nn, 0, {0, {0, 0, 0, 0}}, 0, NULL};
    nn_idx a = none;
    if (!nn__source_ready(&s, 2)) return none;
    const unsigned char *const b = (const unsigned char *)s.bytes;
    const size_t size = (size_t)(s.end - s.p);
    const size_t each = size > 2 && b[2] >= 0x08 && b[2] <= 0x0e ? nn__idx_bytes[b[2] - 0x08] : 0;
    if (size < 4 || b[0] || b[1])
        nn__bad(&s, NN_ERROR_FORMAT, NULL, "not an IDX file%s",
                size < 4 || b[2] || b[3] ? "" : " (its numbers with the lowest byte first?)");
    else if (!each)
        nn__bad(&s, NN_ERROR_FORMAT, s.p + 2, "unknown type 0x%02x", b[2]);
    else if (b[3] < 1 || b[3] > NN_MAX_DIMS)
        nn__bad(&s, NN_ERROR_LIMIT, s.p + 3, "%d dimensions, not 1 to %d", b[3], NN_MAX_DIMS);
    else
        a.type = b[2], a.shape.ndim = b[3], a.size = 1, s.p += 4;
    for (int i = 0; i < a.shape.ndim && s.nn->code == NN_OK; i++) {
        uint32_t d = 0;
        for (int j = 0; j < 4 && s.p + j < s.end; j++) d = d << 8 | (unsigned char)s.p[j];
        if (s.end - s.p < 4)
            nn__bad(&s, NN_ERROR_FORMAT, NULL, "the header is cut off");
        else if (!d)
            nn__bad(&s, NN_ERROR_FORMAT, NULL, "dimension %d is 0", i);
        else if (d > INT_MAX || a.size > (size_t)PTRDIFF_MAX / 8 / d)
            nn__bad(&s, NN_ERROR_LIMIT, NULL, "dimension %d is %lu", i, (unsigned long)d);
        else
            a.shape.dim[i] = (int)d, a.size *= d, s.p += 4;
    }
    const size_t left = (size_t)(s.end - s.p);
    if (s.nn->code == NN_OK && left != a.size * each)
        nn_fail(s.nn, NN_ERROR_FORMAT, s.function, "%s: %s announces %zu bytes of data, there are "
                "%zu", s.name, nn_shape_text(s.nn, a.shape), a.size * each, left);
    if (s.nn->code != NN_OK) return nn__source_free(&s), none;
    a.bytes = (const unsigned char *)s.p;
    nn__source_keep(&s);
    return a;
}

nn_idx nn_idx_parse(nn_ctx *nn, const void *bytes, size_t size)
{
    return nn__idx_read(nn__from_memory(nn, __func__, "bytes", bytes, size));
}

double nn_idx_value(const nn_idx *a, size_t i)
{
    if (!nn__given(a, __func__) || i >= a->size) return (double)NAN;
    const size_t each = nn__idx_bytes[a->type - 0x08];
    uint64_t bits = 0;
    float f;
    double d;
    for (size_t j = 0; j < each; j++) bits = bits << 8 | a->bytes[i * each + j];
    const uint32_t low = (uint32_t)bits;
    if (a->type == 0x08) return (double)low;
    if (a->type == 0x0d) return memcpy(&f, &low, sizeof f), (double)f;
    if (a->type == 0x0e) return memcpy(&d, &bits, sizeof d), d;
    const double sign = each == 1 ? 0x80 : each == 2 ? 0x8000 : 2147483648.0;
    return (double)low < sign ? (double)low : (double)low - 2 * sign;
}

/* ---- vocabularies in files: a CSV of one column, headed by unit and number of tokens ---- */

static const char *const nn__units[] = {"bytes", "chars", "words", "lower_words"};

static nn_vocab nn__vocab_read(nn__source s)
{
    const nn_csv_options options = {1, ',', NN_MISSING_ERROR, 1};
    const nn_table t = nn__csv_read(s, options);
    const nn_vocab none = {s.nn, NN_BYTES, 0, NULL, NULL, 0};
    nn_vocab v = none;
    char head[32];
    int unit = NN_BYTES, twice = 0;
    if (!t.rows) return none;
    for (; unit <= NN_LOWER_WORDS; unit++) {
        snprintf(head, sizeof head, "%s %d", nn__units[unit], t.rows);
        if (strcmp(t.name[0], head) == 0) break;
    }
    while (twice < t.rows && (double)t.data[twice] == twice) twice++;
    if (unit > NN_LOWER_WORDS || t.cols != 1 || !t.categories[0])
        nn_fail(t.ctx, NN_ERROR_FORMAT, s.function, "%s: line 1 is \"%.32s\", before %d tokens: "
                "\"words %d\" would be right", s.name, t.name[0], t.rows, t.rows);
    else if (strcmp(t.category[0][0], "<unk>") != 0)
        nn_fail(t.ctx, NN_ERROR_FORMAT, s.function, "%s: line 2: token 0 is not <unk>", s.name);
    else if (t.categories[0] != t.rows)
        nn_fail(t.ctx, NN_ERROR_FORMAT, s.function, "%s: token %d is there twice", s.name, twice);
    v.unit = (nn_unit)unit;
    for (int i = 0; i < t.rows && t.ctx->code == NN_OK; i++)
        nn__vocab_add(&v, t.category[0][i], strlen(t.category[0][i]));
    return t.ctx->code == NN_OK ? v : none;
}

nn_vocab nn_vocab_parse(nn_ctx *nn, const char *text, size_t size)
{
    return nn__vocab_read(nn__from_memory(nn, __func__, "text", text, size));
}

/* ---- the same from files, and to them ---- */

#ifndef NN_NO_STDIO
nn_table nn_csv_load(nn_ctx *nn, const char *path, nn_csv_options options)
{
    return nn__csv_read(nn__from_file(nn, __func__, path), options);
}

nn_idx nn_idx_load(nn_ctx *nn, const char *path)
{
    return nn__idx_read(nn__from_file(nn, __func__, path));
}

nn_vocab nn_vocab_load(nn_ctx *nn, const char *path)
{
    return nn__vocab_read(nn__from_file(nn, __func__, path));
}

int nn_vocab_save(const nn_vocab *v, const char *path)
{
    nn_ctx *nn = v ? v->ctx : NULL;
    if (!nn__ready(nn, __func__)) return 0;
    if (!v->n) return nn__mistake(nn, __func__, "the vocabulary is empty");
    for (int i = 0; i < v->n; i++)
        if (!v->token[i][0])
            return nn_fail(nn, NN_ERROR_UNSUPPORTED, __func__,
                           "token %d is a byte of value 0, which a CSV cannot hold", i), 0;
    nn__writer w = {nn, __func__, NULL, 0, 0, 1};
    nn__write_format(&w, "%s %d\n", nn__units[v->unit], v->n);
    for (int i = 0; i < v->n; i++) {
        nn__write(&w, "\"", 1);
        for (const char *p = v->token[i]; *p; p++)
            nn__write(&w, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
        nn__write(&w, "\"\n", 2);
    }
    return nn__write_file(&w, path);
}

nn_text nn_text_load(nn_ctx *nn, const char *path)
{
    nn__source s = nn__from_file(nn, __func__, path);
    nn_text t = {nn, "", 0};
    if (!nn__source_ready(&s, 1)) return t;
    nn__source_keep(&s);
    t.bytes = s.bytes, t.size = (size_t)(s.end - s.bytes);
    return t;
}

void nn_table_print(const nn_table *t)
{
    if (!t) {
        printf("NULL\n");
        return;
    }
    printf("table [%d, %d]\n%20s %9s %9s %9s %9s %9s\n", t->rows, t->cols, "column", "min", "max",
           "mean", "std", "missing");
    for (int c = 0; c < t->cols; c++) {
        const nn_stat s = nn__stat(t->data + c, (size_t)t->rows, (size_t)t->cols);
        const int n = t->categories[c];
        printf("%3d %16.16s", c, t->name[c]);
        if (n) printf("%40s", ""); /* + 0 makes -0 print as 0 */
        else printf(" %9.4g %9.4g %9.4g %9.4g", s.min + 0, s.max + 0, s.mean + 0, s.std);
        printf(" %9zu", s.nan);
        for (int i = 0; i < n && i < 3; i++) printf("%s %.16s", i ? "," : " ", t->category[c][i]);
        printf(n > 3 ? ", .. (%d)\n" : "\n", n);
    }
}
#endif

/* ---- data sets ---- */

/* n samples, nothing of them there yet. */
static nn_dataset nn__dataset(nn_ctx *nn, int n, nn_shape sample)
{
    const nn_dataset d = {nn, n, sample, (int)nn__span(sample, 0, sample.ndim), NULL, NULL, NULL, 0,
                          NULL, NULL};
    return d;
}

/* v, a whole number from 0, becomes the class of sample i. column: of a table, or -1. */
static void nn__set_label(nn_dataset *d, const char *function, int i, int column, double v)
{
    if (v >= 0 && v < 1e6 && v == floor(v)) {
        d->label[i] = (int)v;
        if (d->label[i] >= d->classes) d->classes = d->label[i] + 1;
    } else if (column < 0)
        nn_fail(d->ctx, NN_ERROR_FORMAT, function,
                "label %d is %g, not a class: classes are whole numbers from 0", i, v);
    else
        nn_fail(d->ctx, NN_ERROR_FORMAT, function,
                "row %d: column %d is %g, not a class: classes are whole numbers from 0", i, column,
                v);
}

/* One column as classes, if `classes`, or as targets, the others as features. */
static nn_dataset nn__dataset_of(const nn_table *t, const char *function, int column, int classes)
{
    nn_ctx *nn = t ? t->ctx : NULL;
    const nn_dataset none = nn__dataset(nn, 0, nn_shape0());
    if (!nn__ready(nn, function)) return none;
    const int last = t->cols - 1;
    if (last < 1)
        return nn__mistake(nn, function, last < 0 ? "the table is empty"
                           : "the table has one column: no features are left"), none;
    if (column < -1 || column > last)
        return nn__mistake(nn, function, "there is no column %d (0 to %d, or -1 for the last)",
                           column, last), none;
    if (column < 0) column = last;
    nn_dataset d = nn__dataset(nn, t->rows, nn_shape1(last));
    d.x = nn__reals(nn, &nn->keep, (size_t)d.n * (size_t)d.size);
    if (classes) d.label = (int *)nn__alloc(nn, &nn->keep, (size_t)d.n, sizeof *d.label, 0);
    else d.target = nn__reals(nn, &nn->keep, (size_t)d.n);
    if (nn->code != NN_OK) return none;
    nn_real *x = d.x;
    for (int i = 0; i < t->rows; i++) {
        const nn_real *const row = t->data + (ptrdiff_t)i * t->cols;
        for (int j = 0; j < t->cols; j++)
            if (j != column) *x++ = row[j];
        if (!classes) d.target[i] = row[column];
        else nn__set_label(&d, function, i, column, (double)row[column]);
    }
    if (classes && t->category[column]) d.class_name = t->category[column];
    else if (classes && t->classes >= d.classes) d.class_name = t->class_name;
    return nn->code == NN_OK ? d : none;
}

nn_dataset nn_dataset_classes(const nn_table *t, int column)
{
    return nn__dataset_of(t, __func__, column, 1);
}

nn_dataset nn_dataset_targets(const nn_table *t, int column)
{
    return nn__dataset_of(t, __func__, column, 0);
}

nn_dataset nn_dataset_idx(const nn_idx *images, const nn_idx *labels)
{
    nn_ctx *nn = images ? images->ctx : NULL;
    const nn_dataset none = nn__dataset(nn, 0, nn_shape0());
    if (!nn__ready(nn, __func__)) return none;
    if (!labels)
        nn__mistake(nn, __func__, "labels is NULL");
    else if (images->type != 0x08)
        nn_fail(nn, NN_ERROR_UNSUPPORTED, __func__, "images are of type 0x%02x, not bytes (0x08)",
                images->type);
    else if (images->shape.ndim < 2)
        nn_fail(nn, NN_ERROR_FORMAT, __func__,
                "images should be [N, H, W], not %s (are these the labels?)",
                nn_shape_text(nn, images->shape));
    else if (labels->shape.ndim != 1 || labels->shape.dim[0] != images->shape.dim[0])
        nn_fail(nn, NN_ERROR_FORMAT, __func__, "images are %s, labels %s%s",
                nn_shape_text(nn, images->shape), nn_shape_text(nn, labels->shape),
                labels->shape.ndim > 1 ? " (are these images?)" : "");
    if (nn->code != NN_OK) return none;
    nn_shape sample = images->shape;
    sample.ndim--;
    for (int i = 0; i < sample.ndim; i++) sample.dim[i] = images->shape.dim[i + 1];
    nn_dataset d = nn__dataset(nn, images->shape.dim[0], sample);
    d.bytes = images->bytes;
    d.label = (int *)nn__alloc(nn, &nn->keep, (size_t)d.n, sizeof *d.label, 0);
    for (int i = 0; i < d.n && nn->code == NN_OK; i++)
        nn__set_label(&d, __func__, i, -1, nn_idx_value(labels, (size_t)i));
    return nn->code == NN_OK ? d : none;
}

/* Copies the rows[0..n-1], of `size` bytes each, of what is there; NULL if nothing is. */
static void *nn__pick(nn_ctx *nn, const void *from, size_t size, const int *rows, size_t n)
{
    char *to = from ? (char *)nn__alloc(nn, &nn->keep, n, size, 0) : NULL;
    for (size_t i = 0; to && i < n; i++)
        memcpy(to + i * size, (const char *)from + (size_t)rows[i] * size, size);
    return to;
}

static nn_dataset nn__dataset_pick(const nn_dataset *all, const int *rows, int n)
{
    nn_ctx *nn = all->ctx;
    nn_dataset d = *all;
    const size_t size = (size_t)all->size, count = (size_t)n;
    d.n = n;
    d.x = (nn_real *)nn__pick(nn, all->x, size * sizeof *d.x, rows, count);
    d.bytes = (unsigned char *)nn__pick(nn, all->bytes, size, rows, count);
    d.label = (int *)nn__pick(nn, all->label, sizeof *d.label, rows, count);
    d.target = (nn_real *)nn__pick(nn, all->target, sizeof *d.target, rows, count);
    return nn->code == NN_OK ? d : nn__dataset(nn, 0, nn_shape0());
}

/* Deals the samples of each class, or all as if they were of one, in random order. */
static void nn__split(const char *function, const nn_dataset *data, double fraction,
                      nn_dataset *train, nn_dataset *test, int stratified)
{
    nn_ctx *nn = data ? data->ctx : NULL;
    const nn_dataset none = nn__dataset(nn, 0, nn_shape0());
    const nn_dataset all = data ? *data : none; /* data may be train or test, too */
    if (train) *train = none;
    if (test) *test = none;
    if (!nn__ready(nn, function)) return;
    if (!train || !test) nn__mistake(nn, function, "train or test is NULL");
    else if (all.n < 2) nn__mistake(nn, function, "there are %d samples", all.n);
    else if (!(fraction > 0 && fraction < 1))
        nn__mistake(nn, function, "fraction is %g, not between 0 and 1", fraction);
    else if (stratified && !all.label) nn__mistake(nn, function, "the samples have no labels");
    else if (stratified) nn__check_labels(nn, function, all.label, all.n, all.classes);
    if (nn->code != NN_OK) return;
    const int n = all.n, classes = stratified ? all.classes + 1 : 1;
    int *rows = (int *)nn__alloc(nn, &nn->keep, 2 * (size_t)n, sizeof *rows, 0);
    int *share = (int *)nn__alloc(nn, &nn->keep, (size_t)classes, sizeof *share, 1);
    if (!rows || !share) return;
    int *const larger = rows + n, n_test = 0;
    uint64_t chance[4];
    memcpy(chance, nn->random, sizeof chance);
    nn_randperm(nn, rows, n);
    for (int i = 0; i < n; i++) share[stratified ? all.label[i] + 1 : 0]++;
    for (int c = 0; c < classes; c++) { /* from here on: what test still is to get of it */
        const int count = share[c], part = (int)(fraction * count + 0.5);
        share[c] = part < 1 ? count > 1 : nn__min(part, count - 1);
    }
    for (int i = 0; i < n; i++)
        if (share[stratified ? all.label[rows[i]] + 1 : 0]-- > 0) rows[n_test++] = rows[i];
        else larger[i - n_test] = rows[i];
    if (!n_test) {
        nn__mistake(nn, function, "no class has two samples");
        return;
    }
    const nn_dataset most = nn__dataset_pick(&all, larger, n - n_test);
    const nn_dataset rest = nn__dataset_pick(&all, rows, n_test);
    if (nn->code == NN_OK) *train = most, *test = rest;
    else memcpy(nn->random, chance, sizeof chance); /* so that trying again gives the same */
}

void nn_split(const nn_dataset *all, double fraction, nn_dataset *train, nn_dataset *test)
{
    nn__split(__func__, all, fraction, train, test, 0);
}

void nn_split_stratified(const nn_dataset *all, double fraction, nn_dataset *train,
                         nn_dataset *test)
{
    nn__split(__func__, all, fraction, train, test, 1);
}

nn_scaler nn_scaler_fit(const nn_dataset *data)
{
    nn_ctx *nn = data ? data->ctx : NULL;
    nn_scaler s = {nn, 0, NULL, NULL};
    if (!nn__ready(nn, __func__)) return s;
    if (!data->x || data->n < 1)
        return nn__mistake(nn, __func__,
                           data->bytes ? "the samples are bytes, which nn_batch_x divides by 255"
                                       : "there are no samples"), s;
    s.mean = nn__reals(nn, &nn->keep, 2 * (size_t)data->size);
    if (!s.mean) return s;
    s.size = data->size, s.std = s.mean + s.size;
    for (ptrdiff_t j = 0; j < s.size; j++) {
        const nn_stat stat = nn__stat(data->x + j, (size_t)data->n, (size_t)s.size);
        s.mean[j] = (nn_real)stat.mean;
        s.std[j] = (nn_real)stat.std;
    }
    return s;
}

void nn_scaler_apply(const nn_scaler *s, nn_dataset *data)
{
    nn_ctx *nn = s ? s->ctx : NULL;
    if (!nn__ready(nn, __func__)) return;
    if (data && !data->x && data->n)
        nn__mistake(nn, __func__, "the samples are bytes, which nn_batch_x divides by 255");
    else if (!data || !data->x || data->size != s->size)
        nn_fail(nn, NN_ERROR_SHAPE, __func__, "the scaler is for %d features, the data has %d",
                s->size, data ? data->size : 0);
    for (ptrdiff_t i = 0; nn->code == NN_OK && i < data->n; i++)
        for (ptrdiff_t j = 0; j < s->size; j++) {
            nn_real *x = &data->x[i * s->size + j];
            *x = (*x - s->mean[j]) / (s->std[j] > 0 ? s->std[j] : 1);
        }
}

/* The samples of b, or all if it is NULL, as a tensor [n, sample], or their targets as [n, 1]. */
static nn_tensor *nn__gather(const nn_dataset *data, const char *function, const nn_batches *b,
                             int targets)
{
    nn_ctx *nn = data ? data->ctx : NULL;
    if (!nn__ready(nn, function)) return nn ? &nn->failed : NULL;
    const int n = b ? b->n : data->n;
    const nn_real *const x = targets ? data->target : data->x;
    nn_shape shape = targets ? nn_shape1(1) : data->sample;
    const size_t size = targets ? 1 : (size_t)data->size;
    if (targets && !x)
        return nn_fail(nn, NN_ERROR_ARGUMENT, function,
                       data->label ? "the data set has labels, not targets"
                                   : "the data set has no targets");
    if (shape.ndim >= NN_MAX_DIMS || n < 1)
        return nn_fail(nn, NN_ERROR_ARGUMENT, function, "there is no batch of %d samples of %s", n,
                       nn_shape_text(nn, shape));
    for (int i = shape.ndim++; i > 0; i--) shape.dim[i] = shape.dim[i - 1];
    shape.dim[0] = n;
    nn_tensor *t = nn__leaf(nn, function, shape);
    for (size_t i = 0; i < (size_t)n && t->size; i++) {
        const size_t from = b ? (size_t)b->row[i] : i;
        if (x) memcpy(t->data + i * size, x + from * size, size * sizeof *x);
        for (size_t j = 0; !x && data->bytes && j < size; j++)
            t->data[i * size + j] = (nn_real)data->bytes[from * size + j] / 255;
    }
    return t;
}

nn_tensor *nn_dataset_x(const nn_dataset *data) { return nn__gather(data, __func__, NULL, 0); }
nn_tensor *nn_dataset_target(const nn_dataset *data) { return nn__gather(data, __func__, NULL, 1); }

nn_batches nn_batches_new(const nn_dataset *data, int batch_size, int shuffle)
{
    nn_ctx *nn = data ? data->ctx : NULL;
    const nn_batches none = {nn, NULL, 0, 0, NULL, 0, 0, 0, NULL, NULL};
    if (!nn__ready(nn, __func__)) return none;
    if (data->n < 1 || batch_size < 1)
        return nn__mistake(nn, __func__, "no batches of %d from %d samples", batch_size,
                           data->n), none;
    nn_batches b = {nn, data, batch_size, shuffle, NULL, 0, 0, 0, NULL, NULL};
    b.order = (int *)nn__alloc(nn, &nn->keep, (size_t)data->n, sizeof(int), 0);
    b.label = (int *)nn__alloc(nn, &nn->keep, (size_t)nn__min(batch_size, data->n), sizeof(int), 0);
    for (int i = 0; b.order && i < data->n; i++) b.order[i] = i;
    return b.order && b.label ? b : none;
}

int nn_next_batch(nn_batches *b)
{
    if (!nn__given(b ? b->ctx : NULL, __func__)) return 0;
    if (b->ctx->code != NN_OK || !b->data) return b->epoch++, 0; /* else loops over epochs hang */
    if (b->next == b->data->n) {
        b->next = b->n = 0;
        b->epoch++;
        return 0;
    }
    if (b->next == 0 && b->shuffle) nn_shuffle(b->ctx, b->order, b->data->n);
    b->row = b->order + b->next;
    b->n = nn__min(b->batch_size, b->data->n - b->next);
    b->next += b->n;
    for (int i = 0; i < b->n; i++) b->label[i] = b->data->label ? b->data->label[b->row[i]] : -1;
    return b->n;
}

static nn_tensor *nn__batch(const nn_batches *b, const char *function, int targets)
{
    nn_ctx *nn = b ? b->ctx : NULL;
    if (nn__ready(nn, function) && b->n < 1)
        nn__mistake(nn, function, "there is no batch: call nn_next_batch first");
    if (!nn_ok(nn)) return nn ? &nn->failed : NULL;
    return nn__gather(b->data, function, b, targets);
}

nn_tensor *nn_batch_x(const nn_batches *b) { return nn__batch(b, __func__, 0); }
nn_tensor *nn_batch_target(const nn_batches *b) { return nn__batch(b, __func__, 1); }

/* ==== Files: models ==================================================================== >>files
 *
 *     8 bytes    N, the lowest byte first, as all numbers here
 *     N bytes    JSON: {"fc1.weight":{"dtype":"F32","shape":[8,2],"data_offsets":[0,64]},..}
 *     the rest   the numbers, at data_offsets from here on, without a gap
 *
 * (github.com/huggingface/safetensors, format). Nothing that a file says is believed unchecked. */

enum { NN__HEADER = 100000000, NN__TENSORS = 65536 };
enum { NN__F32, NN__F64, NN__F16, NN__BF16, NN__I64,
       NN__OWN = sizeof(nn_real) == 4 ? NN__F32 : NN__F64 };
static const struct {
    char name[12];
    unsigned bits;
} nn__dtypes[] = { /* first those that are read */
    {"F32", 32}, {"F64", 64}, {"F16", 16}, {"BF16", 16}, {"I64", 64}, {"U64", 64}, {"C64", 64},
    {"I32", 32}, {"U32", 32}, {"I16", 16}, {"U16", 16}, {"I8", 8}, {"U8", 8}, {"BOOL", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
    {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4}, {"", 0}};

typedef struct nn__entry { /* a tensor of the program, or one that a header describes */
    const char *name, *place;  /* where the file describes it; NULL: nowhere */
    int type, ndim;
    uint64_t dim[NN_MAX_DIMS];
    size_t size;               /* of the program's: how many numbers, */
    void *data;                /* nn_real or int64_t, */
    const unsigned char *from; /* what a file has for it, if that fits, */
    int from_type;
    uint64_t offset[2];        /* of the file's: data_offsets */
} nn__entry;

typedef struct nn__tensors { /* the program's; their memory is taken back in the end */
    nn_ctx *nn;
    const char *function;
    nn__mark mark;
    nn__entry *entry;
    int n, for_c;
} nn__tensors;

static const char nn__in_c[] = /* what names in C are made of */
    "0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* One more, called prefix.name or, without a prefix, name. */
static void nn__tensors_add(nn__tensors *t, const char *prefix, const char *name, int type,
                            nn_shape shape, void *data)
{
    nn__entry *e = &t->entry[t->n];
    const size_t size = strlen(prefix) + strlen(name) + 2;
    char *full = (char *)nn__alloc(t->nn, &t->nn->graph, size, 1, 0);
    if (!full) return;
    snprintf(full, size, "%s%s%s", prefix, prefix[0] ? "." : "", name);
    for (char *c = full; t->for_c && *c; c++)
        if (!strchr(nn__in_c, *c)) *c = '_';
    int n = strcmp(full, "__metadata__") != 0;
    for (const char *p = full; *p && n; p += n) n = nn__utf8(p, full + size);
    if (!n) nn__mistake(t->nn, t->function, "a file cannot have a tensor named \"%s\"", full);
    for (int i = 0; i < t->n && n; i++) {
        if (strcmp(t->entry[i].name, full) != 0) continue;
        if (t->entry[i].data != data)
            nn__mistake(t->nn, t->function, "two tensors are named \"%s\"", full);
        return; /* the same one again */
    }
    e->name = full, e->type = type, e->ndim = shape.ndim, e->data = data;
    e->size = nn__span(shape, 0, shape.ndim);
    for (int i = 0; i < shape.ndim; i++) e->dim[i] = (uint64_t)shape.dim[i];
    t->n++;
}

static void nn__tensors_free(nn__tensors *t) { nn__arena_rewind(&t->nn->graph, t->mark); }

/* A list of the tensors of a model, and room for some more. With a prefix: under names in C, which
 * writes no NaN or infinity. */
static int nn__tensors_of(nn__tensors *t, const nn_model *model, const char *function,
                          const char *prefix, int more)
{
    if (!nn__ready(model ? model->ctx : NULL, function)) return 0;
    nn_ctx *nn = t->nn = model->ctx;
    if (model == &nn->failed_model)
        return nn__mistake(nn, function, "the model is the result of a failed call");
    t->function = function, t->for_c = prefix[0] != 0, t->n = 0;
    t->mark = nn__arena_mark(&nn->graph);
    t->entry = (nn__entry *)nn__alloc(nn, &nn->graph, (size_t)(model->n_params + more) + 1,
                                      sizeof *t->entry, 1);
    for (int i = 0; i < model->n_params && nn->code == NN_OK; i++) {
        const nn_tensor *p = model->param[i];
        if (t->for_c) nn__check_finite(p, p->data, function, p->name);
        nn__tensors_add(t, prefix, p->name, NN__OWN, p->shape, p->data);
    }
    if (nn->code != NN_OK) nn__tensors_free(t);
    return nn->code == NN_OK;
}

/* ---- writing ---- */

/* n numbers of 4 or 8 bytes each, the lowest byte first on every machine. */
static void nn__write_numbers(nn__writer *w, const void *numbers, size_t n, unsigned each)
{
    const char *p = (const char *)numbers;
    for (size_t i = 0; i < n; i++, p += each) {
        unsigned char bytes[8];
        uint32_t low = 0;
        uint64_t bits = 0;
        if (each == 4) memcpy(&low, p, 4), bits = low;
        else memcpy(&bits, p, 8);
        for (unsigned k = 0; k < each; k++) bytes[k] = (unsigned char)(bits >> 8 * k);
        nn__write(w, bytes, each);
    }
}

static void nn__write_header(nn__writer *w, const nn__tensors *t)
{
    unsigned long long offset = 0;
    nn__write_format(w, "{\"__metadata__\":{\"format\":\"pt\",\"made_by\":\"nn.h 1\"}");
    for (const nn__entry *e = t->entry; e < t->entry + t->n; e++) {
        nn__write(w, ",\"", 2);
        for (const char *p = e->name; *p; p++)
            if (*p == '"' || *p == '\\') nn__write_format(w, "\\%c", *p);
            else if ((unsigned char)*p < 0x20) nn__write_format(w, "\\u%04x", (unsigned)*p);
            else nn__write(w, p, 1);
        nn__write_format(w, "\":{\"dtype\":\"%s\",\"shape\":[", nn__dtypes[e->type].name);
        for (int i = 0; i < e->ndim; i++) nn__write_format(w, i ? ",%d" : "%d", (int)e->dim[i]);
        nn__write_format(w, "],\"data_offsets\":[%llu,", offset);
        offset += e->size * (nn__dtypes[e->type].bits / 8);
        nn__write_format(w, "%llu]}", offset);
    }
    nn__write(w, "}", 1);
}

/* As the reference implementation has them: long types first, which aligns all, then by name. */
static int nn__by_type(const void *a, const void *b)
{
    const nn__entry *x = (const nn__entry *)a, *y = (const nn__entry *)b;
    return x->type != y->type ? y->type - x->type : strcmp(x->name, y->name);
}

static void nn__write_tensors(nn__writer *w, nn__tensors *t)
{
    nn__writer count = {t->nn, t->function, NULL, 0, 0, 0};
    qsort(t->entry, (size_t)t->n, sizeof *t->entry, nn__by_type);
    nn__write_header(&count, t);
    const uint64_t length = ((uint64_t)count.size + 7) / 8 * 8;
    nn__write_numbers(w, &length, 1, 8);
    nn__write_header(w, t);
    nn__write(w, "       ", (size_t)length - count.size);
    for (const nn__entry *e = t->entry; e < t->entry + t->n; e++)
        nn__write_numbers(w, e->data, e->size, nn__dtypes[e->type].bits / 8);
}

size_t nn_save_memory(const nn_model *model, void *bytes, size_t room)
{
    nn__tensors t;
    if (!nn__tensors_of(&t, model, __func__, "", 0)) return 0;
    nn__writer w = {t.nn, t.function, (unsigned char *)bytes, room, 0, 0};
    if (room && !bytes) nn__mistake(t.nn, t.function, "bytes is NULL");
    else nn__write_tensors(&w, &t);
    nn__tensors_free(&t);
    return w.size;
}

#ifndef NN_NO_STDIO
/* 9 (17) significant digits, which give the same float (double) back; a point in any locale. */
static void nn__write_c_number(nn__writer *w, nn_real x)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.*g", NN__OWN == NN__F32 ? 9 : 17, (double)x);
    const size_t whole = strspn(digits, "-0123456789");
    const char *rest = strpbrk(digits + whole, "0123456789e"); /* behind the locale's point */
    nn__write(w, digits, whole);
    nn__write_format(w, "%s%s%s", !rest ? ".0" : *rest == 'e' ? "" : ".", rest ? rest : "",
                     NN__OWN == NN__F32 ? "f" : "");
}

static void nn__write_c(nn__writer *w, const nn__tensors *t)
{
    nn__write_format(w, "/* written by nn.h; a linear layer is y = W x + b */\n");
    for (const nn__entry *e = t->entry; e < t->entry + t->n; e++) {
        for (int d = 0; d < e->ndim; d++)
            nn__write_format(w, "#define %.100s_dim%d %d\n", e->name, d, (int)e->dim[d]);
        nn__write_format(w, "static const %s %.100s", NN__OWN == NN__F32 ? "float" : "double",
                         e->name);
        for (int d = 0; d < e->ndim; d++) nn__write_format(w, "[%d]", (int)e->dim[d]);
        nn__write_format(w, " = ");
        for (size_t i = 0; i < e->size; i++) {
            size_t span = 1;
            int opened = 0, closed = 0; /* braces before and behind the number */
            for (int d = e->ndim - 1; d >= 0; d--) {
                span *= (size_t)e->dim[d];
                opened += i % span == 0;
                closed += (i + 1) % span == 0;
            }
            if (i) nn__write_format(w, opened || i % 8 == 0 ? ",\n" : ", ");
            nn__write(w, "{{{{", (size_t)opened);
            nn__write_c_number(w, ((const nn_real *)e->data)[i]);
            nn__write(w, "}}}}", (size_t)closed);
        }
        nn__write_format(w, ";\n");
    }
}

static int nn__save_file(nn__tensors *t, const char *path)
{
    nn__writer w = {t->nn, t->function, NULL, 0, 0, 1};
    if (t->for_c) nn__write_c(&w, t);
    else nn__write_tensors(&w, t);
    nn__tensors_free(t);
    return nn__write_file(&w, path);
}

int nn_save(const nn_model *model, const char *path)
{
    nn__tensors t;
    return nn__tensors_of(&t, model, __func__, "", 0) && nn__save_file(&t, path);
}

int nn_export_c(const nn_model *model, const char *path, const char *prefix)
{
    nn__tensors t;
    if (!nn__ready(model ? model->ctx : NULL, __func__)) return 0;
    const size_t length = prefix ? strspn(prefix, nn__in_c) : 0;
    if (length < 1 || length > 32 || prefix[length] || strchr("0123456789", prefix[0]))
        return nn__mistake(model->ctx, __func__,
                           "the prefix is %s%.40s%s, not a name in C of at most 32 letters",
                           prefix ? "\"" : "", prefix ? prefix : "NULL", prefix ? "\"" : "");
    return nn__tensors_of(&t, model, __func__, prefix, 0) && nn__save_file(&t, path);
}
#endif

/* ---- reading: after the first error s->p is at the end, and what follows finds nothing ---- */

/* A name out of a file, on its way into a message: short, no control characters. */
static const char *nn__shown(nn_ctx *nn, const char *name)
{
    char *text = nn->text[nn->next_text++ % 4];
    int n = 0;
    for (; name[n] && n < (int)sizeof nn->text[0] - 1; n++)
        text[n] = (unsigned char)name[n] < 0x20 || name[n] == 0x7f ? '?' : name[n];
    text[n] = 0;
    return text;
}

/* name: of a tensor or key. */
static void nn__json_bad(nn__source *s, const char *at, const char *what, const char *name)
{
    nn__bad(s, NN_ERROR_FORMAT, at, "%s \"%s\"", what, nn__shown(s->nn, name));
}

static void nn__json_space(nn__source *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static int nn__json_is(nn__source *s, char c) /* skips it if it is next */
{
    nn__json_space(s);
    if (s->p == s->end || *s->p != c) return 0;
    return s->p++, 1;
}

static void nn__json_expect(nn__source *s, char c)
{
    if (!nn__json_is(s, c))
        nn__bad(s, NN_ERROR_FORMAT, NULL, "%sexpected \"%c\"",
                s->p < s->end ? "" : "the header ends, ", c);
}

/* 1 if element i of an object or array comes next, 0 if its end was there. */
static int nn__json_element(nn__source *s, int i, char close)
{
    if (i > 0 ? nn__json_is(s, ',') : !nn__json_is(s, close)) return s->nn->code == NN_OK;
    if (i > 0) nn__json_expect(s, close);
    return 0;
}

static uint32_t nn__json_hex(nn__source *s) /* of "uXXXX"; 0 if that is not there */
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    uint32_t code = 0;
    if (s->end - s->p < 5 || *s->p++ != 'u') return 0;
    for (int i = 0; i < 4; i++) {
        const char *d = (const char *)memchr(digits, *s->p++, 32);
        if (!d) return 0;
        code = code * 16 + (uint32_t)(d - digits) % 16;
    }
    return code;
}

/* The character of an escape, s->p being behind the backslash, to `to` as UTF-8, which is never
 * longer. Gives its bytes, 0 if it is none. */
static int nn__json_escape(nn__source *s, char *to)
{
    static const char escapes[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    const char *e = s->p < s->end && *s->p ? strchr(escapes, *s->p) : NULL;
    if (e) return *to = values[e - escapes], s->p++, 1;
    uint32_t code = nn__json_hex(s);
    if (!code) return 0;
    if (code >= 0xd800 && code < 0xe000) { /* the first of a pair */
        if (code >= 0xdc00 || s->p == s->end || *s->p++ != '\\') return 0;
        const uint32_t low = nn__json_hex(s);
        if (low < 0xdc00 || low >= 0xe000) return 0;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    const int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(lead[n] | code);
    return n;
}

/* A string, decoded to *text, which goes on behind it; "" after an error. */
static const char *nn__json_string(nn__source *s, char **text)
{
    char *const first = *text, *to = first;
    nn__json_expect(s, '"');
    while (s->p < s->end && *s->p != '"') {
        const char *const start = s->p;
        int n = (unsigned char)*start < 0x20 ? 0 : nn__utf8(start, s->end);
        for (int i = 0; i < n; i++) to[i] = start[i];
        s->p += n;
        if (*start == '\\') n = nn__json_escape(s, to);
        if (!n) nn__bad(s, NN_ERROR_FORMAT, start, "not a character of a JSON string in UTF-8");
        to += n;
    }
    if (s->p == s->end)
        return nn__bad(s, NN_ERROR_FORMAT, NULL, "the header ends within a string"), "";
    s->p++, *to = 0, *text = to + 1;
    return first;
}

/* An array of at most `room` whole numbers; gives how many, after an error 0. */
static int nn__json_integers(nn__source *s, uint64_t *to, int room, nn_code too_many)
{
    int n = 0;
    nn__json_expect(s, '[');
    for (; nn__json_element(s, n, ']'); n++) {
        nn__json_space(s);
        const char *const first = s->p;
        if (n == room) return nn__bad(s, too_many, NULL, "too many numbers");
        for (to[n] = 0; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
            const unsigned digit = (unsigned)(*s->p - '0');
            if (to[n] > (UINT64_MAX - digit) / 10 || (to[n] == 0 && s->p > first))
                return nn__bad(s, NN_ERROR_FORMAT, NULL, "a number too large, or with a leading 0");
            to[n] = to[n] * 10 + digit;
        }
        if (s->p == first) return nn__bad(s, NN_ERROR_FORMAT, NULL, "expected a whole number");
    }
    return n;
}

/* {"dtype":"F32","shape":[8,2],"data_offsets":[0,64]}: what is said of e->name. */
static void nn__json_tensor(nn__source *s, nn__entry *e, char **text)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    int seen[3] = {0, 0, 0};
    nn__json_expect(s, '{');
    for (int i = 0; nn__json_element(s, i, '}'); i++) {
        const char *const key = nn__json_string(s, text);
        int k = 0;
        nn__json_expect(s, ':');
        while (k < 3 && strcmp(key, keys[k]) != 0) k++;
        if (k == 3 || seen[k]++) {
            nn__json_bad(s, NULL, k == 3 ? "unknown key" : "a second", key);
        } else if (k == 0) {
            const char *const dtype = nn__json_string(s, text);
            const int types = (int)(sizeof nn__dtypes / sizeof *nn__dtypes) - 1;
            while (e->type < types && strcmp(dtype, nn__dtypes[e->type].name) != 0) e->type++;
            if (e->type == types) nn__json_bad(s, NULL, "unknown dtype", dtype);
        } else if (k == 1) {
            e->ndim = nn__json_integers(s, e->dim, NN_MAX_DIMS, NN_ERROR_LIMIT);
        } else if (nn__json_integers(s, e->offset, 2, NN_ERROR_FORMAT) != 2) {
            nn__bad(s, NN_ERROR_FORMAT, NULL, "expected two offsets");
        }
    }
    for (int k = 0; k < 3; k++)
        if (!seen[k]) nn__json_bad(s, NULL, "missing:", keys[k]);
    uint64_t bits = nn__dtypes[e->type].bits;
    for (int i = 0; i < e->ndim; i++)
        if (e->dim[i] && bits > UINT64_MAX / e->dim[i])
            bits = 0, nn__json_bad(s, e->place, "the shape is impossible:", e->name);
        else bits *= e->dim[i];
    if (e->offset[0] > e->offset[1] || bits % 8 || bits / 8 != e->offset[1] - e->offset[0])
        nn__json_bad(s, e->place, "data_offsets do not fit dtype and shape of", e->name);
}

/* The whole header, its strings to text; gives the number of tensors. */
static int nn__json_header(nn__source *s, nn__entry *entry, int room, char *text)
{
    int n = 0, metadata = 0;
    nn__json_expect(s, '{');
    for (int i = 0; nn__json_element(s, i, '}'); i++) {
        nn__json_space(s);
        const char *const place = s->p;
        const char *const name = nn__json_string(s, &text);
        nn__json_expect(s, ':');
        if (strcmp(name, "__metadata__") == 0) {
            if (metadata++) nn__json_bad(s, place, "a second", name);
            nn__json_expect(s, '{');
            for (int j = 0; nn__json_element(s, j, '}'); j++) {
                nn__json_string(s, &text);
                nn__json_expect(s, ':');
                nn__json_string(s, &text);
            }
        } else if (n == room) {
            nn__bad(s, NN_ERROR_LIMIT, place, "too many tensors");
        } else {
            entry[n].name = name, entry[n].place = place;
            nn__json_tensor(s, &entry[n++], &text);
        }
    }
    nn__json_space(s);
    if (s->p < s->end) nn__bad(s, NN_ERROR_FORMAT, NULL, "text behind the header");
    return n;
}

static int nn__by_name(const void *a, const void *b)
{
    return strcmp(((const nn__entry *)a)->name, ((const nn__entry *)b)->name);
}

static int nn__by_offset(const void *a, const void *b)
{
    const uint64_t *x = ((const nn__entry *)a)->offset, *y = ((const nn__entry *)b)->offset;
    if (x[0] != y[0]) return x[0] < y[0] ? -1 : 1;
    return (x[1] > y[1]) - (x[1] < y[1]);
}

/* Reads and checks the header: the tensors of the file in the order of their bytes, and how many;
 * then s->p is where these begin. */
static int nn__read_header(nn__source *s, nn__entry **entry)
{
    const char *const end = s->end;
    const uint64_t size = (uint64_t)(end - s->p);
    uint64_t length = 0, total = 0;
    for (int i = 7; i >= 0 && size >= 8; i--) length = length << 8 | (unsigned char)s->p[i];
    if (size < 8)
        nn__bad(s, NN_ERROR_FORMAT, end, "the file is cut off");
    else if (length > size - 8 && (length <= NN__HEADER || !s->stream))
        nn__bad(s, NN_ERROR_FORMAT, NULL, "the header would be longer than the file: it is cut "
                "off, or of another kind");
    else if (length > NN__HEADER)
        nn__bad(s, NN_ERROR_LIMIT, NULL, "the header is longer than 100000000 bytes");
    else if (!length)
        nn__bad(s, NN_ERROR_FORMAT, NULL, "the header is empty");
    if (s->nn->code != NN_OK) return 0;
    const int room = nn__min((int)length / 40 + 1, NN__TENSORS);
    char *text = (char *)nn__alloc(s->nn, &s->nn->graph, (size_t)length, 1, 0);
    *entry = (nn__entry *)nn__alloc(s->nn, &s->nn->graph, (size_t)room, sizeof **entry, 1);
    if (!text || !*entry) return 0;
    s->p += 8, s->end = s->p + length;
    const int n = nn__json_header(s, *entry, room, text);
    qsort(*entry, (size_t)n, sizeof **entry, nn__by_name);
    for (const nn__entry *e = *entry; e + 1 < *entry + n; e++)
        if (strcmp(e[0].name, e[1].name) == 0)
            nn__json_bad(s, e[1].place, "a second", e->name);
    qsort(*entry, (size_t)n, sizeof **entry, nn__by_offset);
    for (const nn__entry *e = *entry; e < *entry + n; total = e++->offset[1])
        if (e->offset[0] != total)
            nn__json_bad(s, e->place, e->offset[0] < total ? "overlaps another:"
                                                           : "there is a gap before", e->name);
    const uint64_t left = (uint64_t)(end - s->p);
    s->end = end;
    if (total != left)
        nn__bad(s, NN_ERROR_FORMAT, NULL,
                "the tensors have %llu bytes, the file has %llu for them: %s",
                (unsigned long long)total, (unsigned long long)left, total > left
                ? "the file is cut off" : "there is more behind the tensors");
    return n;
}

static const char *nn__dims_text(nn_ctx *nn, const nn__entry *e)
{
    nn_shape shape = {e->ndim, {0, 0, 0, 0}};
    for (int i = 0; i < e->ndim; i++)
        shape.dim[i] = e->dim[i] < INT_MAX ? (int)e->dim[i] : INT_MAX;
    return nn_shape_text(nn, shape);
}

/* Checks the whole source, and notes where what is wanted has its bytes; nothing is changed yet.
 * 0 after an error; else 1 or, if a part of the tensors in t will do, how many are there. */
static int nn__match(nn__source *s, nn__tensors *t, int partial)
{
    nn__entry *entry = NULL, *const end = t->entry + t->n;
    char text[332] = "";
    nn__writer d = {s->nn, s->function, (unsigned char *)text, 299, 0, 0};
    int matched = 0, more = 0; /* differences for which these 299 bytes had no room */
    const int n = nn__read_header(s, &entry);
    for (int i = 0; i < n && s->nn->code == NN_OK; i++) {
        const nn__entry *const e = &entry[i];
        const char *const last = strrchr(e->name, '.'), *shown = nn__shown(s->nn, e->name);
        nn__entry *w = t->entry;
        while (w < end && strcmp(w->name, e->name) != 0) w++;
        if (w < end) w->place = e->place;
        if (w == end) {
            if (strcmp(last ? last + 1 : e->name, "num_batches_tracked") == 0) continue;
            nn__write_format(&d, "; it also has \"%s\"", shown);
        } else if (w->ndim != e->ndim || memcmp(w->dim, e->dim, sizeof w->dim) != 0) {
            nn__write_format(&d, "; \"%s\" is %s, here %s", shown, nn__dims_text(s->nn, e),
                             nn__dims_text(s->nn, w));
        } else if (w->type == NN__I64 ? e->type != NN__I64 : e->type > NN__BF16) {
            nn__bad(s, NN_ERROR_UNSUPPORTED, e->place, "only F32, F64, F16 and BF16 are read, not "
                    "the dtype of \"%s\"", shown);
        } else {
            w->from = (const unsigned char *)s->p + e->offset[0], w->from_type = e->type;
            matched++;
            continue;
        }
        more += d.size > d.room;
    }
    if (s->nn->code != NN_OK) return 0;
    for (const nn__entry *w = t->entry; w < end; w++) {
        if (w->place) continue;
        nn__write_format(&d, "; \"%s\" is missing", nn__shown(s->nn, w->name));
        more += d.size > d.room;
    }
    if (partial ? matched : !d.size) return partial ? matched : 1;
    if (more) snprintf(text + strlen(text), 32, "; and %d more", more);
    nn_fail(s->nn, NN_ERROR_FORMAT, s->function, "%s: of another model%s%s", s->name, text,
            partial ? "" : " (nn_load_partial takes what fits)");
    return 0;
}

/* The bits of the float that is this F16: 1 bit of sign, 5 of exponent, 10 of fraction. */
static uint32_t nn__half(uint32_t h)
{
    const uint32_t sign = (h & 0x8000) << 16;
    uint32_t exponent = h >> 10 & 31, fraction = (h & 0x3ff) << 13;
    if (exponent == 31) return sign | 0x7f800000 | fraction; /* infinity, NaN */
    if (!exponent && !fraction) return sign;
    if (exponent) return sign | (exponent + 112) << 23 | fraction;
    for (exponent = 113; !(fraction & 0x800000); exponent--) fraction <<= 1; /* subnormal */
    return sign | exponent << 23 | (fraction & 0x7fffff);
}

/* All tensors of this kind (integers: I64) get what was found for them; this cannot fail. */
static void nn__tensors_set(const nn__tensors *t, int integers)
{
    for (const nn__entry *e = t->entry; e < t->entry + t->n; e++) {
        if (!e->from || (e->type == NN__I64) != integers) continue;
        const unsigned each = nn__dtypes[e->from_type].bits / 8;
        for (size_t i = 0; i < e->size; i++) {
            uint64_t bits = 0;
            double f64;
            float f32;
            for (unsigned k = each; k > 0; k--) bits = bits << 8 | e->from[i * each + k - 1];
            uint32_t low = (uint32_t)bits;
            if (e->from_type == NN__BF16) low <<= 16;
            if (e->from_type == NN__F16) low = nn__half(low);
            memcpy(&f32, &low, sizeof f32);
            memcpy(&f64, &bits, sizeof f64);
            if (integers) memcpy((int64_t *)e->data + i, &bits, sizeof bits);
            else ((nn_real *)e->data)[i] = e->from_type == NN__F64 ? (nn_real)f64 : (nn_real)f32;
        }
    }
}

static int nn__load(nn_model *model, nn__source s, int partial)
{
    nn__tensors t;
    int n = 0;
    if (s.bytes && nn__tensors_of(&t, model, s.function, "", 0)) {
        n = nn__match(&s, &t, partial);
        if (n) nn__tensors_set(&t, 0);
        nn__tensors_free(&t);
    }
    nn__source_free(&s);
    return n;
}

int nn_load_memory(nn_model *model, const void *bytes, size_t size)
{
    nn_ctx *nn = model ? model->ctx : NULL;
    return nn__load(model, nn__from_memory(nn, __func__, "bytes", bytes, size), 0);
}

int nn_load_reader(nn_model *model, nn_reader reader)
{
    nn_ctx *nn = model ? model->ctx : NULL;
    if (!nn__ready(nn, __func__)) return 0;
    if (!reader.read) return nn__mistake(nn, __func__, "reader.read is NULL");
    return nn__load(model, nn__from_reader(nn, __func__, "reader", reader, 0, INT_MAX), 0);
}

#ifndef NN_NO_STDIO
int nn_load(nn_model *model, const char *path)
{
    return nn__load(model, nn__from_file(model ? model->ctx : NULL, __func__, path), 0);
}

int nn_load_partial(nn_model *model, const char *path)
{
    return nn__load(model, nn__from_file(model ? model->ctx : NULL, __func__, path), 1);
}
#endif

/* ---- checkpoints ---- */

#if NN_CHAPTERS >= 5 && !defined NN_NO_STDIO
typedef struct nn__checkpoint { /* what is listed besides the model and the optimizer's state */
    nn__tensors t;
    nn_real rates[5];
    int64_t random[4], step[4], position[3], *order;
} nn__checkpoint;

/* Lists everything as it is now. */
static int nn__checkpoint_new(nn__checkpoint *c, nn_optimizer *opt, const nn_batches *b,
                              const char *function)
{
    nn_ctx *nn = opt ? opt->ctx : NULL;
    if (!nn__ready(nn, function)) return 0;
    if (!opt->update || (b && !b->data))
        return nn__mistake(nn, function, "%s the result of a failed call",
                           opt->update ? "the batches are" : "the optimizer is");
    if (b && b->ctx != nn) return nn__mistake(nn, function, "the batches belong to another nn_ctx");
    const int n_params = opt->model->n_params;
    if (!nn__optimizer_ready(opt)) return 0;
    if (!nn__tensors_of(&c->t, opt->model, function, "", n_params * opt->n_state + 5)) return 0;
    for (int k = 0; k < opt->n_state; k++)
        for (int i = 0; i < n_params; i++) {
            const nn_tensor *p = opt->model->param[i];
            if (strcmp(p->op, "buffer") != 0) /* what is frozen has a state, too */
                nn__tensors_add(&c->t, k ? "optimizer.state.1" : "optimizer.state.0", p->name,
                                NN__OWN, p->shape, opt->state[i][k]);
        }
    const nn_real rates[5] = {opt->lr, opt->beta1, opt->beta2, opt->eps, opt->weight_decay};
    memcpy(c->rates, rates, sizeof rates);
    memcpy(c->random, nn->random, sizeof c->random);
    c->step[0] = opt->step, c->step[1] = opt->weights_only;
    memcpy(&c->step[2], &opt->beta1_power, sizeof c->step[2]);
    memcpy(&c->step[3], &opt->beta2_power, sizeof c->step[3]);
    nn__tensors_add(&c->t, "optimizer", opt->rule, NN__OWN, nn_shape1(5), c->rates);
    nn__tensors_add(&c->t, "", "optimizer.step", NN__I64, nn_shape1(4), c->step);
    nn__tensors_add(&c->t, "", "random", NN__I64, nn_shape1(4), c->random);
    if (b) {
        c->position[0] = b->batch_size, c->position[1] = b->next, c->position[2] = b->epoch;
        c->order = (int64_t *)nn__alloc(nn, &nn->graph, (size_t)b->data->n, sizeof *c->order, 0);
        for (int i = 0; c->order && i < b->data->n; i++) c->order[i] = b->order[i];
        nn__tensors_add(&c->t, "", "batches.order", NN__I64, nn_shape1(b->data->n), c->order);
        nn__tensors_add(&c->t, "", "batches.position", NN__I64, nn_shape1(3), c->position);
    }
    if (nn->code != NN_OK) nn__tensors_free(&c->t);
    return nn->code == NN_OK;
}

int nn_checkpoint_save(nn_optimizer *opt, const nn_batches *b, const char *path)
{
    nn__checkpoint c;
    return nn__checkpoint_new(&c, opt, b, __func__) && nn__save_file(&c.t, path);
}

/* NULL if what was read can be; else what cannot. */
static const char *nn__checkpoint_wrong(const nn__checkpoint *c, const nn_batches *b)
{
    const int64_t *r = c->random, *p = c->position;
    if (!(r[0] | r[1] | r[2] | r[3])) return "random";
    if (c->step[0] < 0 || c->step[0] > LONG_MAX || c->step[1] < 0 || c->step[1] > 1)
        return "optimizer.step";
    if (!b) return NULL;
    if (p[0] != b->batch_size || p[1] < 0 || p[1] > b->data->n || p[2] < 0 || p[2] > INT_MAX)
        return "batches.position";
    for (int i = 0; i < b->data->n; i++)
        if (c->order[i] < 0 || c->order[i] >= b->data->n) return "batches.order";
    return NULL;
}

int nn_checkpoint_load(nn_optimizer *opt, nn_batches *b, const char *path)
{
    nn__checkpoint c;
    if (!nn__checkpoint_new(&c, opt, b, __func__)) return 0;
    nn_ctx *nn = opt->ctx;
    nn__source s = nn__from_file(nn, c.t.function, path);
    if (s.bytes && nn__match(&s, &c.t, 0)) {
        nn__tensors_set(&c.t, 1);
        const char *wrong = nn__checkpoint_wrong(&c, b);
        if (wrong)
            nn_fail(nn, NN_ERROR_FORMAT, __func__, "%s: \"%s\" has a value that cannot be here",
                    path, wrong);
    }
    if (nn->code == NN_OK) {
        nn__tensors_set(&c.t, 0);
        opt->lr = c.rates[0], opt->beta1 = c.rates[1], opt->beta2 = c.rates[2];
        opt->eps = c.rates[3], opt->weight_decay = c.rates[4];
        opt->step = (long)c.step[0], opt->weights_only = (int)c.step[1];
        memcpy(&opt->beta1_power, &c.step[2], sizeof opt->beta1_power);
        memcpy(&opt->beta2_power, &c.step[3], sizeof opt->beta2_power);
        memcpy(nn->random, c.random, sizeof nn->random);
        for (int i = 0; b && i < b->data->n; i++) b->order[i] = (int)c.order[i];
        if (b) b->next = (int)c.position[1], b->epoch = (int)c.position[2], b->n = 0;
    }
    nn__tensors_free(&c.t);
    nn__source_free(&s);
    return nn->code == NN_OK;
}
#endif

#ifdef __cplusplus
}
#endif
#if defined __clang__
#pragma STDC FP_CONTRACT DEFAULT
#elif defined __GNUC__
#pragma GCC pop_options
#endif
#endif /* NN_IMPLEMENTATION and not NN__KERNEL_PASS */

/* From here on the public names note where they are called. */
#ifndef NN__KERNEL_PASS
#undef NN_AT
#undef NN__AT
#undef NN__CREATE
#ifdef NN_NO_LOCATIONS
#define NN_AT(...) (__VA_ARGS__)
#else
#define NN_AT(...) nn__at_tensor(__VA_ARGS__, __FILE__, __LINE__)
#define NN__AT(kind, ...) nn__at_##kind(__VA_ARGS__, __FILE__, __LINE__)
#define NN__CREATE(...) nn__same_real(nn_create(__VA_ARGS__), sizeof(nn_real), __FILE__, __LINE__)
#endif
#endif

/* MIT No Attribution (MIT-0)
 *
 * Copyright (c) 2026 the authors of nn.h
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
 * associated documentation files (the "Software"), to deal in the Software without restriction,
 * including without limitation the rights to use, copy, modify, merge, publish, distribute,
 * sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
 * furnished to do so.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
 * NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
 * NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
 * DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 * OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE. */
