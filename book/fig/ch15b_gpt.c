/* Figure 66b: what temperature, top-k and top-p do with the next character of the small GPT of
 * examples/15_gpt.c, which is included as it stands, but for its main. */
#define main gpt_main
#include "../../examples/15_gpt.c"
#undef main
#include "../tools/plot.h"

enum { SHOWN = 14, STEPS = 600, ROWS = 8, TEMPERATURES = 3, TOP_K = 5 };

/* The probabilities of what comes after prompt, as the GPT of 15_gpt.c has them that learns for
 * about a second. */
static nn_tensor *next_of(nn_ctx *nn, const nn_text *text, const nn_vocab *vocab,
                          const char *prompt)
{
    int size, n;
    const int *ids = nn_vocab_encode(vocab, text->bytes, text->size, &size);
    const int *begin = nn_vocab_encode(vocab, prompt, strlen(prompt), &n);
    if (!nn_ok(nn)) return NULL;
    nn_model *model = nn_model_new(nn);
    const gpt g = gpt_new(model, vocab->n, T / 2, 32, 2);
    nn_optimizer *opt = nn_adamw(model, 0.01f, 0.1f);
    opt->weights_only = 1;
    for (int s = 1; s <= STEPS; s++) {
        int at[ROWS];
        for (int i = 0; i < ROWS; i++) at[i] = nn_randint(nn, 0, size / 10 * 9 - g.window);
        nn_clear(nn);
        nn_zero_grad(model);
        nn_backward(loss_of(&g, ids, at, ROWS, 0));
        nn_clip_grad_norm(model, 1);
        opt->lr = nn_linear_lr(nn_cosine_annealing_lr(0.01f, 0, STEPS, s - 1), 0, 100, s);
        nn_step(opt);
    }
    nn_set_grad_enabled(nn, 0);
    return nn_slice(gpt_forward(&g, begin, 1, n, NULL), 0, n - 1, n); /* [1, V] */
}

int main(int argc, char **argv)
{
    static const nn_real temperature[TEMPERATURES] = {0.5f, 1, 2};
    static const char *const label[TEMPERATURES] = {"temperature 0.5", "temperature 1", "temperature 2"};
    static const int colour[TEMPERATURES] = {PLOT_BLUE, PLOT_GREY, PLOT_RED};
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    nn_ctx *nn = nn_create(1);
    const nn_text text = nn_text_load(nn, "examples/data/devils_dictionary.txt");
    const nn_vocab vocab = nn_vocab_new(nn, NN_CHARS, text.bytes, text.size, 0);
    nn_tensor *z = next_of(nn, &text, &vocab, "\nNETWORK, n.  A co");
    if (!nn_ok(nn)) return printf("%s\n", nn_error(nn)), 1;

    double x[SHOWN], y[TEMPERATURES][SHOWN], sum = 0;
    const char *name[SHOWN];
    int order[SHOWN], in_p = 0;
    nn_tensor *p[TEMPERATURES];
    for (int k = 0; k < TEMPERATURES; k++) p[k] = nn_softmax(nn_scale(z, 1 / temperature[k]));
    for (int i = 0; i < SHOWN; i++) { /* the likeliest, the likeliest but one, .. */
        order[i] = -1;
        for (int j = 0; j < vocab.n; j++) {
            int taken = 0;
            for (int k = 0; k < i; k++) taken |= order[k] == j;
            if (!taken && (order[i] < 0 || p[1]->data[j] > p[1]->data[order[i]])) order[i] = j;
        }
        x[i] = i, name[i] = vocab.token[order[i]];
        if (!strcmp(name[i], " ")) name[i] = "_";
        for (int k = 0; k < TEMPERATURES; k++) y[k][i] = 100 * (double)p[k]->data[order[i]];
        if (sum < 80) in_p++;
        sum += y[1][i];
    }
    plot p0 = plot_new(640, 340, "The next character at three temperatures",
                       "Bars: the probabilities of 14 characters after NETWORK, n.  A co, from 22 % "
                       "for n to 2 % for s. At temperature 0.5 n has 45 % and those from the sixth "
                       "on below 2 %; at temperature 2 all have 3 to 10 %. Top-k with k = 5 cuts "
                       "behind the fifth, top-p with 0.8 behind the tenth.");
    plot_spec axes = {.y = plot_range(0, 50, "probability in %")};
    axes.x.name = name, axes.x.names = SHOWN, axes.x.min = -0.6, axes.x.max = SHOWN - 0.4;
    axes.x.label = "what may follow \"NETWORK, n.  A co\"";
    const plot_panel a = plot_axes(&p0, 0, 0, 640, 340, axes);
    plot_bars(&a, x, y[1], SHOWN, 0.7, plot_filled(PLOT_GREY, PLOT_LIGHT(PLOT_INK)));
    for (int k = 0; k < TEMPERATURES; k += 2) {
        plot_curve(&a, x, y[k], SHOWN, (plot_style){.line = colour[k]});
        plot_points(&a, x, y[k], SHOWN, PLOT_DOT, 4, plot_filled(colour[k], colour[k]));
    }
    const plot_style cut = {.line = PLOT_INK, .width = 1.5, .dash = 5};
    const int kept[2] = {TOP_K, in_p};
    static const char *const cuts[2] = {"top-k, 5", "top-p, 0.8"};
    for (int k = 0; k < 2; k++) {
        const double at = plot_x(&a, kept[k] - 0.5);
        plot_line(&p0, at, plot_y(&a, 0), at, plot_y(&a, 28), cut);
        plot_text(&p0, at, plot_y(&a, 29.6), cuts[k], PLOT_INK,
                  PLOT_MIDDLE | PLOT_SMALL | PLOT_ON_WHITE);
    }
    for (int k = 0; k < TEMPERATURES; k++)
        plot_key(&p0, 478, 36 + 22 * k, k == 1 ? PLOT_SQUARE : PLOT_DOT,
                 plot_filled(colour[k], k == 1 ? PLOT_LIGHT(PLOT_INK) : colour[k]), label[k]);
    if (!(sum < 96 && in_p > TOP_K + 1 && y[0][0] < 50)) plot_fail(&p0, "not as described", "");
    const int ok = nn_ok(nn) && plot_save(&p0, directory, "66b-temperature");
    nn_destroy(nn);
    return !ok;
}
