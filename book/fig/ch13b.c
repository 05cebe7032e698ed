/* Figure 55c: which bytes of a sentence the networks of examples/13_language.c answer from. The
 * example is included as it stands, but for its main. Run from the root of the repository. */
#define main language_main
#include "../../examples/13_language.c"
#undef main
#include "../tools/plot.h"

enum { LAST = 60, SEEDS = 3 };

/* share[k]: how much of the gradient by the last 60 bytes is by the one k before the end, in %; the
 * mean over all sentences that are as long. */
static void profile(nn_ctx *nn, const network *net, const sentence *s, int n, double share[LAST])
{
    int count = 0;
    for (int k = 0; k < LAST; k++) share[k] = 0;
    for (int i = 0; i < n; i++) {
        int id[LAST];
        double norm[LAST], sum = 0;
        if (s[i].length < LAST) continue;
        for (int k = 1; k <= LAST; k++)
            id[LAST - k] = (unsigned char)s[i].bytes[s[i].length - k];
        nn_clear(nn);
        nn_tensor *x = nn_requires_grad(nn_detach(nn_embedding_forward(&net->embedding, id, LAST)));
        const nn_rnn_result r = nn_rnn_forward(&net->rnn, nn_reshape(x, nn_shape3(1, LAST, DIM)),
                                               NULL, NULL);
        nn_tensor *state = net->mean ? nn_mean_axis(r.output, 1) : r.h;
        nn_tensor *z = nn_linear_forward(&net->out, nn_reshape(state, nn_shape2(1, UNITS)));
        nn_backward(nn_cross_entropy(z, &s[i].language));
        for (int k = 0; k < LAST; k++) {
            double squares = 0;
            for (int d = 0; d < DIM; d++) {
                const double v = (double)x->grad[(LAST - 1 - k) * DIM + d];
                squares += v * v;
            }
            sum += norm[k] = sqrt(squares);
        }
        for (int k = 0; k < LAST && sum > 0; k++) share[k] += 100 * norm[k] / sum;
        count++;
    }
    for (int k = 0; k < LAST; k++) share[k] /= count;
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    plot p = plot_new(600, 320, "From which bytes a network knows the language",
                      "The share of each byte in the gradient of the loss, over its distance from "
                      "the end, for three seeds. The network that answers from its last state: 26 "
                      "to 32 % for the last byte, below 2 % from ten bytes on, 0 beyond 30. The "
                      "one that answers from the mean: 0.5 to 0.6 % for the last byte, 1 to 2 % "
                      "for most, 2.5 to 3 % for the first of the 60.");
    const plot_panel a = plot_axes(&p, 0, 0, 600, 320,
                                   (plot_spec){.x = plot_range(0, LAST, "bytes before the end"),
                                               .y = plot_range(0, 35, "share of the gradient in %"),
                                               .room = "last state"});
    double x[LAST], y[2][LAST];
    for (int k = 0; k < LAST; k++) x[k] = k;
    for (int seed = 1; seed <= SEEDS; seed++) {
        nn_ctx *nn = nn_create((uint64_t)seed);
        const nn_text file = nn_text_load(nn, "examples/data/udhr_langid.tsv");
        const char *name[C];
        static sentence line[MAX], s[MAX];
        int order[MAX];
        const int n = nn_ok(nn) ? read_sentences(&file, line, name) : 0, test = n / 5;
        nn_randperm(nn, order, n);
        for (int i = 0; i < n; i++) s[i] = line[order[i]];
        for (int mean = 0; mean < 2; mean++) {
            const network net = learn(nn, s + test, n - test, mean);
            profile(nn, &net, s, test, y[mean]);
            plot_style style = {.line = mean ? PLOT_BLUE : PLOT_RED, .width = 1.5};
            if (seed == SEEDS) style.label = mean ? "mean" : "last state";
            plot_curve(&a, x, y[mean], LAST, style);
        }
        double ten = 0;
        for (int k = 0; k < 10; k++) ten += y[0][k];
        if (!(ten > 80 && ten < 92)) plot_fail(&p, "it does not answer from the last ten", "");
        nn_destroy(nn);
    }
    return !plot_save(&p, directory, "55c-memory");
}
