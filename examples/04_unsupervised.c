/* Learning without a teacher: 150 irises, four measurements each, and no word about their species.
 * Clusters (k-means), directions (principal components), and a density (the normal distribution).
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_csv_options header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/iris.csv", header);
    nn_dataset iris = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn)) return 1;

    printf("== three clusters: the best of ten starts\n");
    nn_kmeans best = nn_kmeans_fit(nn, iris.x, iris.n, 4, 3, 100);
    for (int start = 1; start < 10; start++) {
        const nn_kmeans m = nn_kmeans_fit(nn, iris.x, iris.n, 4, 3, 100);
        if (m.error < best.error) best = m;
    }
    int count[3][3] = {{0}}, right = 0; /* only now we look at the species */
    for (int i = 0; i < iris.n; i++) count[best.cluster[i]][iris.label[i]]++;
    printf("%-10s", "");
    for (int s = 0; s < 3; s++) printf("%12s", iris.class_name[s]);
    for (int c = 0; c < 3; c++) {
        int most = 0;
        printf("\ncluster %d:", c);
        for (int s = 0; s < 3; s++) {
            printf("%12d", count[c][s]);
            if (count[c][s] > most) most = count[c][s];
        }
        right += most;
    }
    printf("\nsum of squares %.2f, purity %d of 150\n", best.error, right);

    printf("\n== principal components\n");
    const nn_pca pca = nn_pca_fit(nn, iris.x, iris.n, 4, 4);
    for (int c = 0; c < 4; c++) {
        const double *v = pca.component + 4 * c;
        printf("%4.1f %% of the variance along (%6.3f, %6.3f, %6.3f, %6.3f)\n",
               100 * pca.variance[c] / pca.total, v[0], v[1], v[2], v[3]);
    }

    nn_real y[150][4];
    nn_pca_project(&pca, iris.x, iris.n, y[0]);
    char map[14][61];
    memset(map, ' ', sizeof map);
    for (int i = 0; i < iris.n; i++) { /* the first two, about -4 .. 4 and -1.4 .. 1.4 */
        const int col = (int)(30 + 7 * (double)y[i][0]), row = (int)(7 - 5 * (double)y[i][1]);
        if (col >= 0 && col < 60 && row >= 0 && row < 14) map[row][col] = "svV"[iris.label[i]];
    }
    printf("\nthe plane of the first two: s setosa, v versicolor, V virginica\n");
    for (int row = 0; row < 14; row++) printf("|%.60s|\n", map[row]);

    printf("\n== the normal distribution: which flower is the strangest?\n");
    int strangest = 0;
    double least = HUGE_VAL, sum = 0;
    for (int i = 0; i < iris.n; i++) {
        const double log_p = nn_gaussian_log_density(&pca, iris.x + 4 * i);
        sum += log_p;
        if (log_p < least) least = log_p, strangest = i;
    }
    const nn_real *x = iris.x + 4 * strangest;
    printf("log density %.2f on average, %.2f for number %d: %.1f, %.1f, %.1f, %.1f cm\n",
           sum / iris.n, least, strangest, (double)x[0], (double)x[1], (double)x[2], (double)x[3]);

    printf("\n== new flowers, from the normal distribution\n");
    int gap = 0; /* petals longer than any setosa's, shorter than all others: no iris has such */
    for (int i = 0; i < 1000; i++) {
        /* [generate] */
        nn_real along[4], flower[4];
        for (int c = 0; c < 4; c++) along[c] = nn_normal(nn, 0, (nn_real)sqrt(pca.variance[c]));
        nn_pca_restore(&pca, along, 1, flower);
        /* [/generate] */
        gap += flower[2] > 1.95f && flower[2] < 2.95f;
        if (i < 3)
            printf("%.1f, %.1f, %.1f, %.1f cm, log density %.2f\n", (double)flower[0],
                   (double)flower[1], (double)flower[2], (double)flower[3],
                   nn_gaussian_log_density(&pca, flower));
    }
    printf("of 1000 petals %d are from 2.0 to 2.9 cm long, of the 150 real ones none\n", gap);

    const double two = 100 * (pca.variance[0] + pca.variance[1]) / pca.total;
    printf("\nexpected: sum of squares 78.85, purity 134, 97.8 %% of the variance\n");
    printf("got:      sum of squares %.2f, purity %d, %.1f %% of the variance\n", best.error, right,
           two);
    nn_destroy(nn);
    return !(best.error < 78.86 && right == 134 && two > 97.7);
}
