/* Exercise 16.4: boxes (code, 40 minutes).
 *
 * All boxes are of one picture and one label, and found ones come with the highest score first.
 *
 * iou: the area that both share over the area that they cover together; 0 if that is 0.
 *
 * suppress: goes through found [n] in order and keeps a box unless its IoU with one that was kept
 * is above `limit`; keep gets the numbers of those, the result is how many.
 *
 * match: goes through found [n] in order; each takes the free one of truth [m] with the largest IoU
 * if that is at least `limit`. hit [n] becomes 1 or 0.
 *
 * average_precision: of hits [n] in order, with m true objects in all. For each hit the best
 * precision there or further on; their sum over m.
 */
#include "../exercises/check.h"

enum { MAX = 32 };

static double iou(nn_box a, nn_box b)
{
    /* Your code, instead of the lines down to END: */
    const double x = fmin((double)a.x2, (double)b.x2) - fmax((double)a.x1, (double)b.x1);
    const double y = fmin((double)a.y2, (double)b.y2) - fmax((double)a.y1, (double)b.y1);
    const double both = x > 0 && y > 0 ? x * y : 0;
    const double area = (double)((a.x2 - a.x1) * (a.y2 - a.y1));
    const double cover = area + (double)((b.x2 - b.x1) * (b.y2 - b.y1)) - both;
    return cover > 0 ? both / cover : 0;
    /* END */
}

static int suppress(const nn_box *found, int n, double limit, int *keep)
{
    int kept = 0;
    (void)iou;
    /* Your code, instead of the lines down to END: */
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < kept && iou(found[i], found[keep[k]]) <= limit) k++;
        if (k == kept) keep[kept++] = i;
    }
    /* END */
    return kept;
}

static void match(const nn_box *found, int n, const nn_box *truth, int m, double limit, int *hit)
{
    int taken[MAX] = {0};
    /* Your code, instead of the lines down to END: */
    for (int i = 0; i < n; i++) {
        int best = -1;
        for (int j = 0; j < m; j++) {
            const double overlap = iou(found[i], truth[j]);
            if (taken[j] || overlap < limit) continue;
            if (best < 0 || overlap > iou(found[i], truth[best])) best = j;
        }
        hit[i] = best >= 0;
        if (best >= 0) taken[best] = 1;
    }
    /* END */
    (void)taken;
}

static double average_precision(const int *hit, int n, int m)
{
    double sum = 0;
    /* Your code, instead of the lines down to END: */
    for (int i = 0; i < n; i++) {
        if (!hit[i]) continue;
        double best = 0, hits = 0;
        for (int j = 0; j < n; j++) {
            hits += hit[j];
            if (j >= i) best = fmax(best, hits / (j + 1));
        }
        sum += best;
    }
    /* END */
    return sum / m;
}

static nn_box random_box(nn_ctx *nn)
{
    const nn_real x = (nn_real)nn_randint(nn, 0, 12), y = (nn_real)nn_randint(nn, 0, 12);
    const nn_box b = {x, y, x + (nn_real)nn_randint(nn, 3, 9), y + (nn_real)nn_randint(nn, 3, 9)};
    return b;
}

int main(void)
{
    const nn_box a = {2, 1, 12, 6}, moved = {3, 1, 13, 6};
    const nn_box away = {20, 1, 30, 6}, flat = {2, 2, 2, 5};
    expect_near("IoU with itself", iou(a, a), 1, 1e-6);
    expect_near("moved by 1", iou(a, moved), 45.0 / 55, 1e-6);
    expect_near("elsewhere", iou(a, away), 0, 1e-6);
    expect_near("two without area", iou(flat, flat), 0, 1e-6);
    const int cats[5] = {1, 0, 0, 1, 1};
    expect_near("AP by hand", average_precision(cats, 5, 4), (1 + 0.6 + 0.6) / 4, 1e-6);

    nn_ctx *nn = nn_create(16);
    nn_box found[MAX], truth[MAX];
    nn_object found_objects[MAX], true_objects[MAX];
    for (int i = 0; i < MAX; i++) {
        const nn_object t = {0, 0, random_box(nn), 0}, f = {0, 0, random_box(nn), (nn_real)-i};
        true_objects[i] = t, truth[i] = t.box;
        found_objects[i] = f, found[i] = f.box;
    }
    int keep[MAX] = {0}, nn_keep[MAX], hit[MAX] = {0}, nn_match[MAX];
    const int kept = suppress(found, MAX, 0.3, keep);
    const int nn_kept = nn_nms(nn, found_objects, MAX, 0.3, nn_keep);
    int same = 0;
    for (int i = 0; i < nn_kept && i < kept; i++) same += keep[i] == nn_keep[i];
    expect_near("boxes kept of 32", kept, nn_kept, 0);
    expect_near("of these the right ones", same, nn_kept, 0);
    match(found, MAX, truth, MAX, 0.4, hit);
    nn_detection_match(nn, found_objects, MAX, true_objects, MAX, 0.4, nn_match);
    int agree = 0;
    for (int i = 0; i < MAX; i++) agree += hit[i] == (nn_match[i] >= 0);
    expect_near("hits and misses of 32", agree, MAX, 0);
    const double ap = nn_detection_ap(nn, found_objects, MAX, true_objects, MAX, 0, 0.4,
                                      NN_AP_ALL_POINTS);
    expect_near("their average precision", average_precision(hit, MAX, MAX), ap, 1e-6);
    nn_destroy(nn);
    return check_done();
}
