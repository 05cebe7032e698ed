/* The perceptron learning algorithm: what it can learn it learns, in no more mistakes than
 * Novikoff's bound; what it cannot learn sends it round in circles, and the pocket keeps the best.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

static const nn_real corners[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};

static nn_perceptron zeros(nn_real *w, int n)
{
    nn_perceptron p = {w, 0, n};
    for (int j = 0; j < n; j++) w[j] = 0;
    return p;
}

int main(void)
{
    nn_real w[4];

    printf("== AND\n");
    const int and_t[4] = {0, 0, 0, 1};
    nn_perceptron p = zeros(w, 2);
    for (int epoch = 1, mistakes = 1; mistakes > 0; epoch++) {
        mistakes = nn_perceptron_epoch(&p, corners[0], and_t, 4, 1);
        printf("epoch %d: mistakes %d, w = (%g, %g), b = %g\n", epoch, mistakes, (double)w[0],
               (double)w[1], (double)p.b);
    }
    const int and_errors = nn_perceptron_errors(&p, corners[0], and_t, 4);

    nn_ctx *nn = nn_create(42);
    nn_csv_options header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/iris.csv", header);
    nn_dataset iris = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn)) return 1;
    int setosa[150], virginica[150], bounded = 1;
    for (int i = 0; i < iris.n; i++) {
        setosa[i] = iris.label[i] == 0;
        virginica[i] = iris.label[i] == 2;
    }
    printf("\n== iris: Novikoff's bound for setosa or not, from two planes\n");
    /* [bound] */
    nn_real u[4] = {0, 0, -1, 0}; /* one plane that does it: petals of 2.45 cm */
    nn_perceptron plane = {u, 2.45f, 4};
    nn_novikoff bound = nn_novikoff_bound(&plane, iris.x, setosa, iris.n);
    printf("R = %.2f, margin = %.3f: at most %.0f mistakes\n", bound.radius, bound.margin,
           bound.mistakes);
    if (!nn_separable(nn, iris.x, setosa, iris.n, &plane)) return 1; /* a better one, into plane */
    bound = nn_novikoff_bound(&plane, iris.x, setosa, iris.n);
    printf("R = %.2f, margin = %.3f: at most %.0f mistakes\n", bound.radius, bound.margin,
           bound.mistakes);
    /* [/bound] */

    printf("\n== iris: setosa or not? The learning rate only rescales weights that begin at 0\n");
    for (nn_real lr = 0.25f; lr <= 4; lr *= 4) {
        p = zeros(w, 4);
        const nn_perceptron_result r = nn_perceptron_fit(&p, iris.x, setosa, iris.n, lr, 1000);
        printf("rate %-4g: %d epochs, %ld mistakes, w / rate =", (double)lr, r.epochs, r.mistakes);
        for (int j = 0; j < 4; j++) printf(" %.1f%s", (double)(w[j] / lr), j < 3 ? "," : "\n");
        bounded = bounded && r.errors == 0 && (double)r.mistakes <= bound.mistakes;
    }

    printf("\n== XOR: no line separates it\n");
    const int xor_t[4] = {0, 1, 1, 0};
    p = zeros(w, 2);
    for (int epoch = 1; epoch <= 6; epoch++) {
        const int mistakes = nn_perceptron_epoch(&p, corners[0], xor_t, 4, 1);
        printf("epoch %d: mistakes %d, w = (%g, %g), b = %g\n", epoch, mistakes, (double)w[0],
               (double)w[1], (double)p.b);
    }
    p = zeros(w, 2);
    nn_perceptron_result r = nn_perceptron_pocket(nn, &p, corners[0], xor_t, 4, 1, 100);
    printf("in the pocket: w = (%g, %g), b = %g, %d error\n", (double)w[0], (double)w[1],
           (double)p.b, r.errors);
    const int xor_errors = r.errors;

    printf("\n== iris: virginica or not? Not separable either\n");
    p = zeros(w, 4);
    r = nn_perceptron_fit(&p, iris.x, virginica, iris.n, 1, 1000);
    printf("after %d epochs and %ld mistakes: %d of 150 wrong\n", r.epochs, r.mistakes, r.errors);
    p = zeros(w, 4);
    r = nn_perceptron_pocket(nn, &p, iris.x, virginica, iris.n, 1, 1000);
    printf("in the pocket: %d of 150 wrong\n", r.errors);

    printf("\nexpected: AND and setosa learned within the bound, XOR 1 error, at most 4 of 150\n");
    printf("got:      %s, %d error, %d of 150\n", and_errors == 0 && bounded ? "yes" : "no",
           xor_errors, r.errors);
    nn_destroy(nn);
    return !(and_errors == 0 && bounded && xor_errors == 1 && r.errors <= 4);
}
