/* Exercise 5.3: one loop, three descents (code, 25 minutes).
 *
 * A line y = w[0] x + w[1] through ten samples; the loss of a sample is (y - t)^2, the loss of
 * several is their mean. The memory has room for a few samples only: load() fetches them. Write the
 * slopes for the samples in memory, an epoch in batches, and the slopes for all ten, got from
 * parts. Mind the last batch: ten samples in fours are 4, 4 and 2.
 */
#include "../exercises/check.h"

enum { N = 10 };

/* On the disk, so to speak: x and t of each sample. */
static const double disk[N][2] = {{-2, -3},    {-1.5, -2.5}, {-1, -0.5}, {-0.5, -1}, {0, 1},
                                  {0.5, 0.5},  {1, 2},       {1.5, 3.5}, {2, 3},     {3, 7}};

static double x[N], t[N]; /* in memory: the samples loaded last; the rest is NaN */
static int room = N;      /* for so many */

/* Loads n samples, number from being the first, into x[0], t[0], x[1], ..: or as many as there are
 * and as there is room for. Says how many that were: 0 when from is beyond the last. */
static int load(int from, int n)
{
    if (n > room) n = room;
    if (n > N - from) n = N - from;
    if (n < 0) n = 0;
    for (int i = 0; i < N; i++) {
        x[i] = i < n ? disk[from + i][0] : (double)NAN;
        t[i] = i < n ? disk[from + i][1] : (double)NAN;
    }
    return n;
}

static int first = 0, count = N; /* which samples loss() takes */

static double loss(const double *w, int n)
{
    double sum = 0;
    (void)n;
    for (int i = first; i < first + count; i++)
        sum += (w[0] * disk[i][0] + w[1] - disk[i][1]) * (w[0] * disk[i][0] + w[1] - disk[i][1]);
    return sum / count;
}

/* slope[0] and slope[1] become dL / dw for the mean over the n samples in memory. */
static void slopes(const double *w, int n, double *slope)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)n, (void)x, (void)t;
    slope[0] = slope[1] = 0;
    /* END */
}

/* One epoch of gradient descent, in the order of the samples, so many at a time. */
static void epoch(double *w, int batch, double lr)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)batch, (void)lr;
    /* END */
}

/* The slopes for all ten, out of those of parts: there is no room for more than so many. */
static void slopes_from_parts(const double *w, int part, double *slope)
{
    /* Your code, instead of the lines down to END: */
    (void)w, (void)part;
    slope[0] = slope[1] = 0;
    /* END */
}

int main(void)
{
    const double w[2] = {1.5, -0.5};
    const int from[3] = {0, 4, 8}, n[3] = {10, 4, 2};
    for (int k = 0; k < 3; k++) {
        char name[32];
        double slope[2] = {0};
        first = from[k], count = n[k];
        snprintf(name, sizeof name, "dL/dw, %d samples from %d ", n[k], from[k]);
        slopes(w, load(from[k], n[k]), slope);
        expect_gradient(name, loss, w, 2, slope);
    }

    static const struct {
        const char *name;
        int batch;
        double w0, w1;
    } after[] = {{"one epoch, batches of 10", 10, 1.71500000, -0.29000000},
                 {"one epoch, batches of 5", 5, 1.95800000, -0.07360000},
                 {"one epoch, batches of 4", 4, 2.31275000, 0.10550000},
                 {"one epoch, batches of 1", 1, 2.94344992, 0.81102544}};
    for (int k = 0; k < 4; k++) {
        double moved[2] = {1.5, -0.5};
        room = after[k].batch;
        load(0, 0); /* nothing is in memory */
        epoch(moved, after[k].batch, 0.1);
        expect_near(after[k].name, moved[0], after[k].w0, 1e-6);
        expect_near(after[k].name, moved[1], after[k].w1, 1e-6);
    }

    first = 0, count = N;
    for (int part = 1; part <= N; part += 3) {
        char name[32];
        double slope[2] = {0};
        snprintf(name, sizeof name, "dL/dw from parts of %d ", part);
        room = part;
        load(0, 0);
        slopes_from_parts(w, part, slope);
        expect_gradient(name, loss, w, 2, slope);
    }
    return check_done();
}
