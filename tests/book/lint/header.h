/* ==== The nouns ================================================================== >>foundation */

#define NN_MAX 4
typedef struct nn_ctx nn_ctx; /* nn_only_in_a_comment */
nn_ctx *nn_create(void);

/* ==== Chapter 1: neurons ============================================================== >>ch01 */

/* One neuron. Book: 1. */
float nn_neuron(const float *w);
typedef struct nn_linear {
    int in;
} nn_linear;
nn_linear nn_linear_new(int in);
#define nn_macro 1
int nn__private(int x);

/* ==== Data ============================================================================= >>data */

int nn_load(void);

#ifdef NN_IMPLEMENTATION
/* ==== Chapter 1: neurons ============================================================== >>ch01 */
static void nn__hidden(void) {}
#endif
