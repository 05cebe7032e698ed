/* Figure 31: augmentation and noise. Run from the root of the repository: it shows a boot of
 * Fashion-MNIST and a digit, both of examples/data. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

enum { SHOE = 14, DIGIT = 8, COLUMNS = 6 };

typedef struct move {
    const char *name;
    nn_real degrees, dx, dy, scale, shear;
    int mirrored, wrong; /* wrong: no longer what it was */
} move;

static void draw(plot *p, int row, int column, const nn_real *image, int side, const char *name,
                 int wrong)
{
    const double x = 14 + 106 * column, y = 36 + 160 * row, size = 84;
    const plot_panel a = {p, x, y, size, size, plot_range(0, 1, NULL), plot_range(1, 0, NULL)};
    double z[SHOE * SHOE];
    for (int i = 0; i < side * side; i++) z[i] = (double)image[i];
    plot_heat(&a, z, side, side, 1, 0, PLOT_GREYS, -1); /* ink is dark */
    plot_place(p, PLOT_BOX, x + size / 2, y + size / 2, size + 6, size + 6, "",
               (plot_style){.line = wrong ? PLOT_RED : PLOT_GREY, .width = wrong ? 3 : 1});
    plot_text(p, x + size / 2, y + size + 17, name, wrong ? PLOT_RED : PLOT_INK,
              PLOT_MIDDLE | PLOT_SMALL);
}

static void draw_moved(plot *p, int row, const char *title, const nn_real *image, int side,
                       const move list[COLUMNS])
{
    plot_text(p, 14, 17 + 160 * row, title, PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    for (int k = 0; k < COLUMNS; k++) {
        nn_real m[6], y[SHOE * SHOE];
        nn_affine_matrix(list[k].degrees, list[k].dx, list[k].dy, list[k].scale, list[k].shear, m);
        if (list[k].mirrored) m[0] = -m[0], m[3] = -m[3];
        nn_affine(image, 1, side, side, m, 0, y);
        draw(p, row, k, y, side, list[k].name, list[k].wrong);
    }
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    static const move shoe_moves[COLUMNS] = {
        {"as it is", 0, 0, 0, 1, 0, 0, 0},    {"turned", 20, 0, 0, 1, 0, 0, 0},
        {"shifted", 0, 2, -3, 1, 0, 0, 0},    {"zoomed", 0, 0, 0, 0.7f, 0, 0, 0},
        {"sheared", 0, 0, 0, 1, 25, 0, 0},    {"mirrored", 0, 0, 0, 1, 0, 1, 0}};
    static const move six_moves[COLUMNS] = {
        {"as it is", 0, 0, 0, 1, 0, 0, 0},    {"turned", 20, 0, 0, 1, 0, 0, 0},
        {"shifted", 0, -1, 0, 1, 0, 0, 0},    {"zoomed", 0, 0, 0, 0.8f, 0, 0, 0},
        {"mirrored", 0, 0, 0, 1, 0, 1, 1},    {"upside down: 9", 180, 0, 0, 1, 0, 0, 1}};
    nn_ctx *nn = nn_create(31);
    nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_idx shoes = nn_idx_load(nn, "examples/data/fashion-t10k-200-images-idx3-ubyte");
    if (!nn_ok(nn)) return 1;
    nn_real six[DIGIT * DIGIT], shoe[SHOE * SHOE], y[SHOE * SHOE];
    for (int i = 0; i < DIGIT * DIGIT; i++) six[i] = table.data[6 * table.cols + i] / 16;
    for (int i = 0; i < SHOE * SHOE; i++) { /* the first; the mean of four pixels */
        const unsigned char *b = shoes.bytes + i / SHOE * 56 + i % SHOE * 2;
        shoe[i] = (nn_real)(b[0] + b[1] + b[28] + b[29]) / 1020;
    }

    plot p = plot_new(640, 480, "Data augmentation and noise injection",
                      "Top: a boot, turned, shifted, zoomed, sheared, mirrored; it stays a "
                      "boot. Middle: a six, likewise; mirrored it is no digit, and upside down "
                      "a nine, both framed in orange-red. Bottom: the six with Gaussian noise, "
                      "with black and white pixels, lighter, and with less contrast.");
    draw_moved(&p, 0, "A boot stays a boot", shoe, SHOE, shoe_moves);
    draw_moved(&p, 1, "A six does not always stay a six", six, DIGIT, six_moves);
    plot_text(&p, 14, 17 + 160 * 2, "Noise and light", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    static const char *const names[COLUMNS] = {"noise 0.1",    "noise 0.3",  "salt, pepper 5 %",
                                               "the same 20 %", "brightness", "contrast"};
    for (int k = 0; k < COLUMNS; k++) {
        memcpy(y, six, sizeof six);
        for (int i = 0; i < DIGIT * DIGIT; i++) {
            if (k < 2) y[i] += nn_normal(nn, 0, k == 0 ? 0.1f : 0.3f);
            const nn_real u = nn_uniform(nn, 0, 1), part = k == 2 ? 0.05f : 0.2f;
            if ((k == 2 || k == 3) && u < part) y[i] = u < part / 2 ? 0 : 1;
        }
        const nn_real light = k == 4 ? 0.6f : 1, contrast = k == 5 ? 0.4f : 1;
        if (k >= 4) nn_adjust_color(y, 1, DIGIT * DIGIT, light, contrast, 1, 0);
        draw(&p, 2, k, y, DIGIT, names[k], 0);
    }
    const int good = plot_save(&p, directory, "31-augmentation");
    nn_destroy(nn);
    return !good;
}
