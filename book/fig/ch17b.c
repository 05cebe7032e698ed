/* Figure 70: a 9 that becomes a 5 for the network of 17_adversarial.c, the one that it prints. Run
 * from the root of the repository. */
#include "../tools/plot.h"
#define main adversarial_main
#include "../../examples/17_adversarial.c"
#undef main

enum { PICTURES = 3 };

static int nine(const char *directory, nn_ctx *nn)
{
    plot p = plot_new(640, 236, "A digit, a little ink, another digit",
                      "Three pictures of 8 by 8 pixels. Left a 9. In the middle the change, each "
                      "pixel up or down by at most 0.15. Right the sum: still a 9 for us.");
    const nn_csv_options plain = {0};
    const nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), learn, test;
    if (!nn_ok(nn)) return 0;
    for (int i = 0; i < all.n * PIXELS; i++) all.x[i] /= 16;
    nn_split(&all, (double)TEST / all.n, &learn, &test);
    network net = train(&learn, 0);
    int before[TEST], after[TEST], i = 0;
    nn_tensor *changed_x = changed(&net, &test, 0.15f, FGSM), *digit = nn_dataset_x(&test);
    const nn_tensor *sure[2] = {nn_softmax(logits(&net, digit)), nn_softmax(logits(&net, changed_x))};
    nn_argmax(sure[0], before);
    nn_argmax(sure[1], after);
    while (i < test.n - 1 && (before[i] != test.label[i] || after[i] == before[i])) i++;
    if (!nn_ok(nn)) return 0;
    for (int k = 0; k < PICTURES; k++) {
        double ink[PIXELS];
        for (int j = 0; j < PIXELS; j++) {
            const double is = (double)digit->data[i * PIXELS + j];
            const double becomes = (double)changed_x->data[i * PIXELS + j];
            ink[j] = k == 0 ? is : k == 1 ? becomes - is : becomes;
        }
        const double side = 176, left = 20 + 212 * k;
        const plot_panel a = {&p, left, 24, side, side, plot_range(0, 8, NULL),
                              plot_range(8, 0, NULL)};
        plot_heat(&a, ink, 8, 8, k == 1 ? -0.3 : 0, k == 1 ? 0.3 : 1,
                  k == 1 ? PLOT_DIVERGING : PLOT_GREYS, -1);
        plot_place(&p, PLOT_BOX, left + side / 2, 24 + side / 2, side, side, "",
                   (plot_style){.line = PLOT_GREY, .width = 1});
        char text[64];
        if (k == 1) snprintf(text, sizeof text, "at most 0.15 up or down");
        else snprintf(text, sizeof text, "a %d: %.3f", k ? after[i] : before[i],
                      (double)sure[k / 2]->data[i * CLASSES + (k ? after[i] : before[i])]);
        plot_text(&p, left + side / 2, 218, text, PLOT_INK, PLOT_MIDDLE);
        static const char *const head[PICTURES] = {"the digit", "the change", "both together"};
        plot_text(&p, left + side / 2, 12, head[k], PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    }
    plot_text(&p, 208, 112, "+", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 420, 112, "=", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    return plot_save(&p, directory, "70-adversarial");
}

int main(int argc, char **argv)
{
    nn_ctx *nn = nn_create(1);
    const int good = nine(argc > 1 ? argv[1] : "book/fig", nn);
    nn_destroy(nn);
    return !good;
}
