/* Does a change leave the label right? Ask the data: handwritten digits are turned, shifted,
 * mirrored, stood on their heads, and then read again, as the most similar of 1,400 known ones.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SIDE = 8, SIZE = SIDE * SIDE, KNOWN = 1400, WAYS = 5 };

static int nearest(const nn_dataset *known, const nn_real *image) /* label of the most similar */
{
    int label = -1;
    double least = 0;
    for (int i = 0; i < KNOWN; i++) {
        double sum = 0;
        for (int j = 0; j < SIZE; j++) {
            const double d = (double)known->x[i * SIZE + j] - (double)image[j];
            sum += d * d;
        }
        if (label < 0 || sum < least) least = sum, label = known->label[i];
    }
    return label;
}

int main(void)
{
    nn_ctx *nn = nn_create(8);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset digits = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn) || digits.n <= KNOWN || digits.classes != 10) return 1;

    static const char *const way[WAYS] = {"as it is", "turned by 10", "right by 1", "mirrored",
                                          "upside down"};
    nn_real m[WAYS][6] = {{1, 0, 0, 0, 1, 0}, {0}, {1, 0, 1, 0, 1, 0}, {-1, 0, 0, 0, 1, 0}, {0}};
    nn_affine_matrix(10, 0, 0, 1, 0, m[1]);
    nn_affine_matrix(180, 0, 0, 1, 0, m[4]);

    static int read[WAYS][10][10]; /* [way][what it is][what it is read as] */
    int all[10] = {0};
    for (int i = KNOWN; i < digits.n; i++) {
        all[digits.label[i]]++;
        for (int k = 0; k < WAYS; k++) {
            nn_real image[SIZE];
            nn_affine(digits.x + i * SIZE, 1, SIDE, SIDE, m[k], 0, image);
            read[k][digits.label[i]][nearest(&digits, image)]++;
        }
    }

    printf("== percent still read as the same\n%-14s", "digit");
    for (int d = 0; d < 10; d++) printf("%4d", d);
    printf("\n%-14s", "how many");
    for (int d = 0; d < 10; d++) printf("%4d", all[d]);
    for (int k = 0; k < WAYS; k++) {
        printf("\n%-14s", way[k]);
        for (int d = 0; d < 10; d++) printf("%4.0f", 100.0 * read[k][d][d] / all[d]);
    }
    printf("\n\n== upside down they are read as\n%-14s", "digit");
    for (int d = 0; d < 10; d++) printf("%4d", d);
    printf("\n%-14s", "read as");
    for (int d = 0; d < 10; d++) {
        int most = 0;
        for (int c = 1; c < 10; c++)
            if (read[4][d][c] > read[4][d][most]) most = c;
        printf("%4d", most);
    }

    const int six = read[4][6][9], nine = read[4][9][6];
    printf("\n\nexpected: upside down most sixes are nines and most nines are sixes\n");
    printf("got:      %d of %d and %d of %d\n", six, all[6], nine, all[9]);
    nn_destroy(nn);
    return 2 * six <= all[6] || 2 * nine <= all[9];
}
