/* Who are your friends? The members of a network have features that say little about the group they
 * belong to, but links mostly within it; and there are robots, linked to anybody. A graph attention
 * network (Velickovic et al. 2018, arXiv 1710.10903) learns on small graphs and is then tried on a
 * large one; it has to find out that it should not listen to robots.
 *
 *     15_graph [SEEDS]      2; each takes less than a second
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { GROUPS = 4, FEATURES = 9, SMALL = 100, LARGE = 400, STEPS = 400, HEADS = 4, UNITS = 8 };
enum { ALONE, MEAN, ATTENTION, KINDS };

/* [graph] */
typedef struct graph {
    nn_tensor *x, *adjacency; /* [n, FEATURES], [n, n] */
    int label[LARGE];         /* a member's group, -1 of a robot */
} graph;

/* Every fifth is a robot. A member has about 15 links within its group, 1 to other members, 20 to
 * robots, and one to itself. Features are noise; one of its group's is higher by 0.65 in the mean,
 * twice; the last one tells robots. */
static graph random_graph(nn_ctx *nn, int n)
{
    graph g = {nn_randn(nn, nn_shape2(n, FEATURES)), nn_full(nn, nn_shape2(n, n), 0), {0}};
    for (int i = 0; i < n; i++) {
        nn_real *x = g.x->data + i * FEATURES, *link = g.adjacency->data;
        g.label[i] = i % 5 == 0 ? -1 : nn_randint(nn, 0, GROUPS);
        x[FEATURES - 1] = g.label[i] < 0;
        if (g.label[i] >= 0) x[g.label[i]] += 0.65f, x[GROUPS + g.label[i]] += 0.65f;
        link[i * n + i] = 1;
        for (int j = 0; j < i; j++) {
            const int members = g.label[i] >= 0 && g.label[j] >= 0;
            const nn_real links = !members ? 100 : g.label[i] == g.label[j] ? 75 : 1.67f;
            link[i * n + j] = link[j * n + i] = nn_uniform(nn, 0, (nn_real)n) < links;
        }
    }
    return g;
}
/* [/graph] */

/* [network] */
typedef struct network {
    nn_graph_attention first, second;
} network;

/* -> logits [n, GROUPS]; *weights [HEADS, n, n], of the first layer */
static nn_tensor *classify(const network *net, const graph *g, nn_tensor **weights)
{
    nn_tensor *h = nn_graph_attention_forward(&net->first, g->x, g->adjacency, weights);
    return nn_graph_attention_forward(&net->second, nn_elu(h, 1), g->adjacency, NULL);
}

/* MEAN: with a = 0 all e_ij are 0, all weights equal. */
static network network_new(nn_model *model, int kind)
{
    const network net = {nn_graph_attention_new(model, "first", FEATURES, UNITS, HEADS),
                         nn_graph_attention_new(model, "second", HEADS * UNITS, GROUPS, 1)};
    static const char *const a[] = {"first.att_src", "first.att_dst", "second.att_src",
                                    "second.att_dst"};
    for (int i = 0; i < 4 && kind == MEAN; i++) {
        nn_tensor *p = nn_model_find(model, a[i]);
        memset(p->data, 0, p->size * sizeof *p->data);
        nn_freeze(model, a[i], 1);
    }
    return net;
}
/* [/network] */

/* ALONE: each node sees only itself. */
static graph graph_for(nn_ctx *nn, int n, int kind)
{
    graph g = random_graph(nn, n);
    for (int i = 0; i < n * n && kind == ALONE; i++) g.adjacency->data[i] = i % (n + 1) == 0;
    return g;
}

static network learn(nn_ctx *nn, int kind)
{
    nn_model *model = nn_model_new(nn);
    const network net = network_new(model, kind);
    nn_optimizer *opt = nn_adam(model, 0.02f);
    for (int step = 0; step < STEPS; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        const graph g = graph_for(nn, SMALL, kind);
        nn_backward(nn_cross_entropy(classify(&net, &g, NULL), g.label));
        opt->lr = nn_cosine_annealing_lr(0.02f, 0, STEPS, step);
        nn_step(opt);
    }
    return net;
}

/* Of what members listen to, the part that comes from robots: of links, and of attention. */
static void robots(const graph *g, const nn_tensor *weights, double part[2])
{
    double links[2] = {0}, sum[2] = {0}; /* from members, from robots */
    for (int k = 0; k < HEADS * LARGE * LARGE; k++) {
        const int i = k / LARGE % LARGE, j = k % LARGE, robot = g->label[j] < 0;
        if (g->label[i] < 0 || g->adjacency->data[i * LARGE + j] == 0) continue;
        links[robot]++;
        sum[robot] += (double)weights->data[k];
    }
    part[0] = 100 * links[1] / (links[0] + links[1]);
    part[1] = 100 * sum[1] / (sum[0] + sum[1]);
}

int main(int argc, char **argv)
{
    const int seeds = argc > 1 ? atoi(argv[1]) : 2;
    nn_ctx *nn = nn_create(1);
    int good = seeds > 0;
    printf("== right in a graph of %d nodes that was not learned, in %%\n"
           "seed  alone   mean  attention   of links, of attention to robots\n", LARGE);
    for (int seed = 1; seed <= seeds && nn_ok(nn); seed++) {
        double right[KINDS], part[2] = {0};
        for (int kind = 0; kind < KINDS; kind++) {
            nn_seed(nn, (uint64_t)seed);
            const network net = learn(nn, kind);
            nn_clear(nn);
            nn_tensor *weights;
            const graph g = graph_for(nn, LARGE, kind);
            nn_tensor *z = classify(&net, &g, &weights);
            right[kind] = 100.0 * nn_count_correct(z, g.label) / (LARGE - LARGE / 5);
            if (kind == ATTENTION && nn_ok(nn)) robots(&g, weights, part);
        }
        printf("%4d  %5.1f  %5.1f  %9.1f   %8.1f %13.1f\n", seed, right[ALONE], right[MEAN],
               right[ATTENTION], part[0], part[1]);
        good &= right[ALONE] <= 60 && right[ATTENTION] >= 95 && part[1] < 0.75 * part[0];
    }
    printf("\nexpected: at least 95 %% with attention, at most 60 %% alone; robots are heard less\n");
    printf("          than they speak: yes\ngot:      %s\n", good && nn_ok(nn) ? "yes" : "no");
    const int ok = good && nn_ok(nn);
    nn_destroy(nn);
    return !ok;
}
