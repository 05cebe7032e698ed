/* More images from a few: a handwritten digit moved in every way, then by chance; and colours. */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { SIDE = 8, SIZE = SIDE * SIDE, WAYS = 4 };

static void show(const nn_real *image, const char *const *name) /* WAYS of them, side by side */
{
    for (int k = 0; k < WAYS; k++) printf("%s%-*s", k ? "  " : " ", k < WAYS - 1 ? 18 : 0, name[k]);
    for (int row = 0; row < SIDE; row++)
        for (int k = 0; k < WAYS; k++) {
            printf(k ? "  |" : "\n|");
            for (int col = 0; col < SIDE; col++) {
                const double value = (double)image[k * SIZE + row * SIDE + col];
                const char ink = " .:-=+*#%@"[(int)(value * 9.99)];
                printf("%c%c%s", ink, ink, col == SIDE - 1 ? "|" : "");
            }
        }
    printf("\n\n");
}

int main(void)
{
    nn_ctx *nn = nn_create(8);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset digits = nn_dataset_classes(&table, -1);
    if (!nn_ok(nn)) return 1;
    nn_real image[SIZE], moved[WAYS * SIZE], m[6];
    for (int i = 0; i < SIZE; i++) image[i] = digits.x[6 * SIZE + i] / 16; /* a six; ink: 0 .. 1 */

    printf("== moved\n"); /* [moved] */
    static const char *const way[2][WAYS] = {{"as it is", "turned by 20", "right by 1", "mirrored"},
                                             {"at 0.7", "slanted", "at 1.5, 2 up", "upside down"}};
    const nn_real mirror[6] = {-1, 0, 0, 0, 1, 0};
    const nn_real amount[2][WAYS][5] = { /* degrees, right, down, zoom, shear */
        {{0, 0, 0, 1, 0}, {20, 0, 0, 1, 0}, {0, 1, 0, 1, 0}, {0, 0, 0, 1, 0}},
        {{0, 0, 0, 0.7f, 0}, {0, 0, 0, 1, 25}, {0, 0, -2, 1.5f, 0}, {180, 0, 0, 1, 0}}};
    for (int row = 0; row < 2; row++) {
        for (int k = 0; k < WAYS; k++) {
            const nn_real *a = amount[row][k];
            nn_affine_matrix(a[0], a[1], a[2], a[3], a[4], m);
            nn_affine(image, 1, SIDE, SIDE, row == 0 && k == 3 ? mirror : m, 0, moved + k * SIZE);
        }
        show(moved, way[row]);
    } /* [/moved] */

    printf("== by chance\n");
    /* [augment] */
    nn_augment a = nn_augment_new();
    a.degrees = 15, a.shear = 10;
    a.scale_low = 0.9f, a.scale_high = 1.2f;
    a.translate = 0.125f; /* of 8 pixels: one */
    a.brightness = 0.3f;
    nn_tensor *x = nn_full(nn, nn_shape4(WAYS, 1, SIDE, SIDE), 0); /* the same digit, in a batch */
    for (int i = 0; i < WAYS * SIZE; i++) x->data[i] = image[i % SIZE];
    nn_tensor *y = nn_augment_images(x, &a); /* in training; else a copy */
    /* [/augment] */
    static const char *const number[WAYS] = {"first", "second", "third", "fourth"};
    show(y->data, number);

    printf("== coloured      red green  blue\n"); /* [color] */
    static const char *const change[5] = {"none", "brightness", "contrast", "saturation", "hue"};
    const nn_real factor[5][4] = {
        {1, 1, 1, 0}, {0.5f, 1, 1, 0}, {1, 0.5f, 1, 0}, {1, 1, 0.5f, 0}, {1, 1, 1, 0.25f}};
    for (int k = 0; k < 5; k++) {
        const nn_real *f = factor[k];
        nn_real pixel[6] = {0.8f, 0.2f, 0.4f, 0.2f, 0.3f, 0.2f}; /* two: red, red, green, .. */
        nn_adjust_color(pixel, 3, 2, f[0], f[1], f[2], f[3]);
        printf("%-13s %6.3f%6.3f%6.3f\n", change[k], (double)pixel[0], (double)pixel[2],
               (double)pixel[4]);
    } /* [/color] */

    nn_affine_matrix(90, 0, 0, 1, 0, m);
    nn_affine(image, 1, SIDE, SIDE, m, 0, moved);
    for (int k = 1; k < 4; k++) /* and three more quarters of a circle */
        nn_affine(moved + (k - 1) * SIZE, 1, SIDE, SIDE, m, 0, moved + k * SIZE);
    const int back = memcmp(image, moved + 3 * SIZE, sizeof image) == 0;
    printf("\nexpected: after four quarter turns the image is the same to the last bit: yes\n");
    printf("got:      %s\n", back ? "yes" : "no");
    nn_destroy(nn);
    return !back;
}
