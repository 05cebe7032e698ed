/* A perceptron's boundary on real flowers: the petals of 150 irises. Setosa can be parted from the
 * other two species by a line; versicolor and virginica cannot, even with all four measurements.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/iris.csv", with_header);
    nn_dataset iris = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn) || iris.n != 150) return 1;

    nn_real petal[150][2];
    int setosa[150], virginica[150]; /* 1, 0, or -1: left out */
    for (int i = 0; i < 150; i++) {
        for (int j = 0; j < 2; j++) petal[i][j] = iris.x[i * 4 + 2 + j];
        setosa[i] = iris.label[i] == 0;
        virginica[i] = iris.label[i] == 0 ? -1 : iris.label[i] == 2;
    }

    nn_real w[2] = {0, 0}, w4[4], end[4] = {0, 0, 0, 0};
    nn_perceptron p = {w, 0, 2}, p4 = {w4, 0, 4};
    const int first = nn_separable(nn, petal[0], setosa, 150, &p);
    const int second = nn_separable(nn, iris.x, virginica, 150, &p4);
    printf("== setosa or not, by length and width of the petals in cm\n");
    printf("w = (%.3f, %.3f), b = %.3f\n", (double)w[0], (double)w[1], (double)p.b);

    const nn_real box[4] = {0, 7, 0, 2.5f}; /* of a drawing */
    if (nn_perceptron_boundary(&p, box, end))
        printf("the boundary goes from (%.3f, %.3f) to (%.3f, %.3f)\n", (double)end[0],
               (double)end[1], (double)end[2], (double)end[3]);

    printf("\n== how far a flower is from the boundary; positive: setosa\n");
    for (int i = 0; i < 150; i += 30)
        printf("%-10s (%.1f, %.1f) %6.2f cm\n", iris.class_name[iris.label[i]],
               (double)petal[i][0], (double)petal[i][1],
               (double)nn_perceptron_distance(&p, petal[i]));
    double nearest[2] = {1e9, 1e9}; /* of the others, of setosa */
    for (int i = 0; i < 150; i++) {
        const double d = fabs((double)nn_perceptron_distance(&p, petal[i]));
        nearest[setosa[i]] = fmin(nearest[setosa[i]], d);
    }
    printf("the nearest setosa %.3f cm, the nearest of the others %.3f cm\n", nearest[1],
           nearest[0]);

    printf("\nexpected: setosa can be parted from the rest, virginica not from versicolor\n");
    printf("got:      %s, %s\n", first ? "it can" : "it cannot", second ? "it can" : "it cannot");
    nn_destroy(nn);
    return !(first && !second);
}
