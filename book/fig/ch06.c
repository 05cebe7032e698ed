/* Figures 23 and 24: the forward and the backward pass through the network of
 * examples/06_backprop.c, with its numbers. Figure 24b: the graph of examples/06_graph.c. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

typedef struct pass { /* the network, and what nn_mlp computed */
    nn_mlp m;
    const char *file, *title, *desc;
    int backward;
    double loss;
} pass;

static plot_node unit(plot *p, double x, double y, const char *name, double value, int colour)
{
    char number[24], text[64];
    snprintf(text, sizeof text, "%s\n$%s$", name, plot_number(number, value, 3));
    return plot_place(p, PLOT_CIRCLE, x, y, 74, 74, text, plot_filled(PLOT_INK, PLOT_LIGHT(colour)));
}

/* An arrow with its weight, or, backward, with the weight's gradient; at: how far along it. Where
 * nothing goes back, which is to the inputs, a line without a head. */
static void edge(plot *p, const pass *s, plot_node from, plot_node to, const char *name,
                 double value, double at, int to_input)
{
    char number[24], text[64];
    const int colour = s->backward ? PLOT_RED : PLOT_BLUE;
    if (!s->backward) plot_connect(p, from, to, (plot_style){.line = colour, .arrow = 1});
    else if (to_input) plot_connect(p, from, to, (plot_style){.line = colour, .width = 1});
    else plot_connect(p, to, from, (plot_style){.line = colour, .arrow = 1});
    snprintf(text, sizeof text, "$%s = %s$", name, plot_number(number, value, 3));
    plot_text(p, from.x + (to.x - from.x) * at, from.y + (to.y - from.y) * at, text, colour,
              PLOT_MIDDLE | PLOT_SMALL | PLOT_ON_WHITE);
}

static int draw(const pass *s, const char *directory)
{
    const nn_mlp *m = &s->m;
    const int back = s->backward;
    plot p = plot_new(640, 330, s->title, s->desc);
    const plot_node x1 = unit(&p, 60, 90, "$x_1$", (double)m->y[0][0], PLOT_GREY);
    const plot_node x2 = unit(&p, 60, 250, "$x_2$", (double)m->y[0][1], PLOT_GREY);
    plot_node hidden[2];
    char name[32], number[24], bias[24], text[96];
    for (int j = 0; j < 2; j++) {
        snprintf(name, sizeof name, back ? "$δ_%d$" : "$y_%d$", j + 1);
        hidden[j] = unit(&p, 290, 90. + 160 * j, name,
                         (double)(back ? m->delta[1][j] : m->y[1][j]), PLOT_ORANGE);
    }
    const plot_node out = unit(&p, 470, 170, back ? "$δ$" : "$y$",
                               (double)(back ? m->delta[2][0] : m->y[2][0]), PLOT_GREEN);
    snprintf(text, sizeof text, "$-log y$\n$%s$", plot_number(number, s->loss, 3));
    const plot_node loss = plot_place(&p, PLOT_BOX, 590, 170, 84, 60, back ? "$y - t$" : text,
                                      plot_filled(PLOT_INK, PLOT_WHITE));
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 2; i++) {
            const nn_tensor *w = m->weight[1];
            snprintf(name, sizeof name, back ? "δ_%d x_%d" : "w_{%d%d}", j + 1, i + 1);
            edge(&p, s, i ? x2 : x1, hidden[j], name,
                 (double)(back ? w->grad : w->data)[2 * j + i], i == j ? 0.5 : 0.3, 1);
        }
    for (int j = 0; j < 2; j++) {
        const nn_tensor *v = m->weight[2];
        snprintf(name, sizeof name, back ? "δ y_%d" : "v_%d", j + 1);
        edge(&p, s, hidden[j], out, name, (double)(back ? v->grad : v->data)[j], 0.5, 0);
    }
    if (back) plot_connect(&p, loss, out, (plot_style){.line = PLOT_RED, .arrow = 1});
    else plot_connect(&p, out, loss, (plot_style){.line = PLOT_BLUE, .arrow = 1});
    for (int j = 0; j < 2; j++) {
        if (back)
            snprintf(text, sizeof text, "$y_%d = %s$, $δ_%d = (1 - y_%d^2) v_%d δ$, for $b_%d$: $%s$",
                     j + 1, plot_number(number, (double)m->y[1][j], 3), j + 1, j + 1, j + 1, j + 1,
                     plot_number(bias, (double)m->bias[1]->grad[j], 3));
        else
            snprintf(text, sizeof text, "$b_%d = %s$, $z_%d = %s$, $y_%d$ = tanh $z_%d$", j + 1,
                     plot_number(bias, (double)m->bias[1]->data[j], 3), j + 1,
                     plot_number(number, (double)m->z[1][j], 3), j + 1, j + 1);
        plot_text(&p, 290, j ? 310 : 30, text, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    }
    if (back)
        snprintf(text, sizeof text, "for $b$: $%s$",
                 plot_number(bias, (double)m->bias[2]->grad[0], 3));
    else
        snprintf(text, sizeof text, "$b = %s$, $z = %s$",
                 plot_number(bias, (double)m->bias[2]->data[0], 3),
                 plot_number(number, (double)m->z[2][0], 3));
    plot_text(&p, 470, 230, text, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    return plot_save(&p, directory, s->file);
}

/* A result or a parameter of the graph: its number, and below it its gradient. */
static plot_node vertex(plot *p, int shape, double x, double y, const char *name,
                        const nn_tensor *t)
{
    const int colour = shape == PLOT_BOX ? PLOT_GREY : PLOT_ORANGE;
    char number[24], text[64];
    snprintf(text, sizeof text, "%s\n$%s$", name, plot_number(number, (double)t->data[0], 0));
    const plot_node node = plot_place(p, shape, x, y, 76, 56, text,
                                      plot_filled(PLOT_INK, PLOT_LIGHT(colour)));
    snprintf(text, sizeof text, "grad %s", plot_number(number, (double)t->grad[0], 0));
    plot_text(p, x, y + node.h / 2 + 14, text, PLOT_RED, PLOT_MIDDLE);
    return node;
}

/* Forward a blue arrow; on it, in orange, what goes back along it. aside: so many pixels to the
 * left of the line from middle to middle (of circles), for two arrows between the same nodes. */
static void flow(plot *p, plot_node from, plot_node to, const char *back, double aside)
{
    const double dx = to.x - from.x, dy = to.y - from.y, d = sqrt(dx * dx + dy * dy);
    const double right = aside * dy / d, down = -aside * dx / d;
    if (aside == 0) plot_connect(p, from, to, (plot_style){.line = PLOT_BLUE, .arrow = 1});
    else {
        const double along = sqrt(from.w * from.w / 4 - aside * aside) / d, x = along * dx,
                     y = along * dy; /* to the border */
        plot_line(p, from.x + right + x, from.y + down + y, to.x + right - x, to.y + down - y,
                  (plot_style){.line = PLOT_BLUE, .arrow = 1});
    }
    plot_text(p, (from.x + to.x) / 2 + right, (from.y + to.y) / 2 + down, back, PLOT_RED,
              PLOT_MIDDLE | PLOT_SMALL | PLOT_ON_WHITE);
}

static int draw_graph(nn_ctx *nn, const char *directory)
{
    plot p = plot_new(640, 290, "A graph, forward and backward",
                      "w = 2 and x = 3 make a = 6, a and a make b = 36, b and a make the loss 42. "
                      "Backward 1 goes to b, 6, 6 and 1 to a, whose gradient is 13; w gets 39, x "
                      "gets 26.");
    nn_model *model = nn_model_new(nn);
    nn_tensor *w = nn_param(model, "", "w", nn_shape0());
    nn_tensor *x = nn_param(model, "", "x", nn_shape0());
    w->data[0] = 2, x->data[0] = 3;
    nn_tensor *a = nn_mul(w, x), *b = nn_mul(a, a), *loss = nn_add(b, a);
    nn_backward(loss);
    const plot_node nw = vertex(&p, PLOT_BOX, 55, 70, "$w$", w);
    const plot_node nx = vertex(&p, PLOT_BOX, 55, 210, "$x$", x);
    const plot_node na = vertex(&p, PLOT_CIRCLE, 230, 160, "$a = w x$", a);
    const plot_node nb = vertex(&p, PLOT_CIRCLE, 400, 60, "$b = a a$", b);
    const plot_node nl = vertex(&p, PLOT_CIRCLE, 570, 160, "$L = b + a$", loss);
    flow(&p, nw, na, "$13 · 3$", 0);
    flow(&p, nx, na, "$13 · 2$", 0);
    flow(&p, na, nb, "$6$", 13);
    flow(&p, na, nb, "$6$", -13);
    flow(&p, na, nl, "$1$", 0);
    flow(&p, nb, nl, "$1$", 0);
    return plot_save(&p, directory, "24b-graph");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    const nn_real w[4] = {0.5f, -0.4f, 0.3f, 0.8f}, b[2] = {0.1f, -0.2f}, v[2] = {0.7f, -0.6f};
    const nn_real x[2] = {1, 0.5f}, t = 1;
    const int width[3] = {2, 2, 1};
    nn_ctx *nn = nn_create(42);
    pass s = {nn_mlp_new(nn_model_new(nn), "", width, 3, NN_TANH, NN_SIGMOID),
              "23-forward-pass", "The forward pass",
              "From the inputs 1 and 0.5 through weights to two hidden units, whose tanh gives 0.38 "
              "and 0.462, on to the output 0.547 and its loss, minus the logarithm of it: 0.603.",
              0, 0};
    memcpy(s.m.weight[1]->data, w, sizeof w);
    memcpy(s.m.bias[1]->data, b, sizeof b);
    memcpy(s.m.weight[2]->data, v, sizeof v);
    s.m.bias[2]->data[0] = 0.2f;
    nn_mlp_forward(&s.m, x, 1);
    s.loss = (double)nn_mlp_loss(&s.m, &t);
    int ok = draw(&s, directory);
    nn_mlp_backward(&s.m, &t);
    s.backward = 1;
    s.file = "24-backward-pass", s.title = "The backward pass";
    s.desc = "The same network with arrows from right to left: delta at the output is y minus t, "
             "-0.453; each hidden delta is it times a weight times the slope of tanh, -0.271 and "
             "0.214; each weight's gradient is the delta in front of it times the number behind "
             "it, that of a bias the delta itself.";
    ok = draw(&s, directory) && ok;
    ok = draw_graph(nn, directory) && ok;
    nn_destroy(nn);
    return !ok;
}
