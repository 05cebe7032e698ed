/* The hinge loss with a small penalty on the weights is a linear support vector machine: of all the
 * lines that part two classes it finds the one furthest from both.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { N = 8, STEPS = 20000 };

int main(void)
{
    /* The widest street between the classes runs along x = 2, from x = 1 to x = 3. Three samples
     * stand at its kerbs; the others do not matter. */
    static const nn_real x[N][2] = {{3, 1}, {3, -1}, {6, 1},  {5, -3},
                                    {1, 0}, {0, 2},  {0, -1}, {-1, 4}};
    static const nn_real t[N] = {1, 1, 1, 1, -1, -1, -1, -1};
    const nn_real lambda = 0.02f;

    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_linear unit = nn_linear_new(model, "svm", 2, 1);
    nn_optimizer *opt = nn_sgd(model, 1);
    printf("== least lambda |w|^2 / 2 + mean max(0, 1 - t (w x + b))\n");
    for (int step = 0; step <= STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        /* [svm] */
        nn_tensor *z = nn_linear_forward(&unit, nn_input(nn, x[0], nn_shape2(N, 2)));
        nn_tensor *hinge = nn_hinge(z, nn_input(nn, t, nn_shape2(N, 1)));
        nn_tensor *penalty = nn_scale(nn_sum(nn_square(unit.weight)), lambda / 2);
        nn_tensor *loss = nn_add(hinge, penalty);
        /* [/svm] */
        if (step % (STEPS / 5) == 0) printf("step %5d: loss %.4f\n", step, (double)nn_item(loss));
        nn_backward(loss);
        opt->lr = 1 / (1 + lambda * (nn_real)step); /* shorter and shorter: the hinge has a kink */
        nn_step(opt);
    }

    const nn_real *w = unit.weight->data, b = unit.bias->data[0];
    nn_perceptron line = {unit.weight->data, b, 2};
    printf("\n== the street\nits width is %.2f, its middle x = %.2f\n",
           2 / sqrt((double)(w[0] * w[0] + w[1] * w[1])), -(double)(b / w[0]));
    int kerb = 0;
    double nearest = 1e9;
    for (int i = 0; i < N; i++) {
        const double margin = (double)t[i] * (double)nn_neuron(w, x[i], 2, b);
        const double distance = (double)t[i] * (double)nn_perceptron_distance(&line, x[i]);
        const int support = margin < 1.02;
        kerb += support;
        nearest = fmin(nearest, distance);
        printf("(%2.0f, %2.0f) of class %2.0f: margin %.2f, distance %.2f%s\n", (double)x[i][0],
               (double)x[i][1], (double)t[i], margin, distance, support ? ", support" : "");
    }

    printf("\nexpected: 3 support vectors, distance 1.00 to 0.02\n");
    printf("got:      %d, distance %.2f\n", kerb, nearest);
    nn_destroy(nn);
    return !(kerb == 3 && fabs(nearest - 1) < 0.02);
}
