/* The graph: what nn_backward walks through. One result used twice, gradients that add up, numbers
 * the graph does not lead back from, and a picture of it all.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_tensor *x = nn_param(model, "", "x", nn_shape0());
    nn_tensor *w = nn_param(model, "", "w", nn_shape0());
    x->data[0] = 3, w->data[0] = 2;

    printf("== one result used twice: loss = a a + a with a = w x\n");
    nn_tensor *a = nn_mul(w, x), *b = nn_mul(a, a), *loss = nn_add(b, a);
    nn_backward(loss);
    printf("a = %g, loss = %g\n", (double)a->data[0], (double)loss->data[0]);
    printf("dloss/da = 2 a + 1 = %g\n", (double)a->grad[0]);
    printf("dloss/dw = dloss/da x = %g\n", (double)w->grad[0]);
    const int used_twice = w->grad[0] == 39;

    printf("\n== the tape: operations in the order they were done\n");
    for (int i = 0; i < nn->n_tape; i++) {
        const nn_tensor *y = nn->tape[i];
        printf("%d  %-4s = %2g, grad %2g, from %s and %s\n", i, y->op, (double)y->data[0],
               (double)y->grad[0], y->in[0]->name[0] ? y->in[0]->name : y->in[0]->op,
               y->in[1]->name[0] ? y->in[1]->name : y->in[1]->op);
    }

    printf("\n== gradients of parameters add up\n");
    nn_backward(loss);
    printf("after a second nn_backward: dloss/dw = %g\n", (double)w->grad[0]);
    const int added = w->grad[0] == 78;
    nn_zero_grad(model);
    printf("after nn_zero_grad:         dloss/dw = %g\n", (double)w->grad[0]);

    printf("\n== cut off: loss = a a + detached a\n");
    nn_backward(nn_add(b, nn_detach(a)));
    printf("dloss/dw = 2 a x = %g\n", (double)w->grad[0]);
    const int cut = w->grad[0] == 36;

    printf("\n== for Graphviz\n");
    nn_graph_dot(loss, stdout);

    const int ok = used_twice && added && cut && nn_ok(nn);
    printf("\nexpected: 39, twice 39, and 36 without the detached part\n");
    printf("got:      %s\n", ok ? "so it is" : "something else");
    nn_destroy(nn);
    return !ok;
}
