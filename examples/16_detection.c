/* Cats and dogs in two pictures, as a detector would report them: boxes with scores. Overlap (IoU)
 * says which box means the same; non-maximum suppression, which to keep; matching, which are right;
 * average precision, how good all are, by three conventions; its mean over labels is mAP.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { CAT, DOG, PICTURES = 2, WIDE = 40, HIGH = 12, TRUE_ONES = 6, FOUND = 10 };

/* [boxes] */
static const nn_object truth[TRUE_ONES] = { /* picture, label, box */
    {0, CAT, {2, 1, 12, 6}, 0},  {0, CAT, {20, 2, 30, 7}, 0},  {0, DOG, {30, 6, 38, 11}, 0},
    {1, CAT, {4, 2, 14, 10}, 0}, {1, CAT, {30, 8, 38, 11}, 0}, {1, DOG, {17, 1, 27, 9}, 0}};
static const nn_object found[FOUND] = { /* and score */
    {0, CAT, {2, 1, 12, 6}, 0.95f},   {0, CAT, {3, 1, 13, 6}, 0.90f},
    {0, CAT, {20, 2, 30, 6}, 0.60f},  {0, DOG, {29, 6, 37, 11}, 0.80f},
    {0, CAT, {14, 8, 19, 11}, 0.75f}, {1, CAT, {4, 4, 14, 10}, 0.55f},
    {1, CAT, {16, 1, 26, 8}, 0.70f},  {1, DOG, {18, 1, 27, 9}, 0.65f},
    {1, DOG, {17, 2, 26, 9}, 0.62f},  {1, DOG, {2, 2, 13, 10}, 0.30f}};
/* [/boxes] */
static const char *const label_name[2] = {"cat", "dog"};

/* True boxes with their first letter along the edge, found ones with a number. */
static void draw(char picture[HIGH][WIDE + 1], nn_box b, char sign)
{
    const int x1 = (int)b.x1, y1 = (int)b.y1, x2 = (int)b.x2, y2 = (int)b.y2;
    for (int y = y1; y <= y2; y++)
        for (int x = x1; x <= x2; x++)
            if (y == y1 || y == y2 || x == x1 || x == x2) picture[y][x] = sign;
}

static void print_picture(int image, const nn_object *kept, int n)
{
    char picture[HIGH][WIDE + 1];
    for (int y = 0; y < HIGH; y++) snprintf(picture[y], WIDE + 1, "%*s", WIDE, "");
    for (int i = 0; i < TRUE_ONES; i++)
        if (truth[i].image == image) draw(picture, truth[i].box, label_name[truth[i].label][0]);
    for (int i = 0; i < n; i++)
        if (kept[i].image == image) draw(picture, kept[i].box, (char)('0' + i));
    for (int y = 0; y < HIGH; y++) printf("|%s|\n", picture[y]);
}

int main(void)
{
    nn_ctx *nn = nn_create(16);
    printf("== IoU of a box with itself, moved by 1, with the next cat: %.3f, %.3f, %.3f\n",
           nn_iou(found[0].box, truth[0].box), nn_iou(found[1].box, truth[0].box),
           nn_iou(found[1].box, truth[1].box));

    /* [suppression] */
    int keep[FOUND];
    nn_object kept[FOUND];
    const int n = nn_nms(nn, found, FOUND, 0.5, keep);
    for (int i = 0; i < n; i++) kept[i] = found[keep[i]];
    /* [/suppression] */
    printf("\n== non-maximum suppression keeps %d of %d\n", n, FOUND);
    for (int image = 0; image < PICTURES; image++) {
        printf("picture %d\n", image);
        print_picture(image, kept, n);
    }

    /* [matching] */
    int match[FOUND];
    const int right = nn_detection_match(nn, kept, n, truth, TRUE_ONES, 0.5, match);
    printf("\n== matched at IoU 0.5: %d\n", right);
    for (int i = 0; i < n; i++) {
        printf("%d  %s  score %.2f  ", i, label_name[kept[i].label], (double)kept[i].score);
        if (match[i] < 0) printf("no object\n");
        else printf("IoU %.2f\n", nn_iou(kept[i].box, truth[match[i]].box));
    }
    /* [/matching] */

    static const char *const convention[4] = {"steps", "all points", "11 points", "101 points"};
    double ap[4][3];
    printf("\n== average precision at IoU 0.5\n%38s %7s %7s\n", "cat", "dog", "mAP");
    for (int how = 0; how < 4; how++) {
        for (int label = 0; label < 3; label++) /* 2: -1, all labels */
            ap[how][label] = nn_detection_ap(nn, kept, n, truth, TRUE_ONES,
                                             label < 2 ? label : -1, 0.5, how);
        printf("%-29s %8.3f %7.3f %7.3f\n", convention[how], ap[how][0], ap[how][1], ap[how][2]);
    }
    const double without = nn_detection_ap(nn, found, FOUND, truth, TRUE_ONES, -1, 0.5,
                                           NN_AP_ALL_POINTS);
    const double coco = nn_detection_ap(nn, kept, n, truth, TRUE_ONES, -1, 0, NN_AP_101_POINTS);
    printf("all points, without suppression %22.3f\n", without);
    printf("COCO: mean over IoU 0.50, 0.55, .., 0.95 %13.3f\n", coco);

    /* [by-hand] */
    /* Cats by score: right, wrong, wrong, right, right; one of four is not found. Precision 1, 1/2,
     * 1/3, 2/4, 3/5; the best there or further on: 1 up to recall 1/4, 3/5 up to 3/4. */
    const double by_hand[4] = {(1 + 2 / 4.0 + 3 / 5.0) / 4, (1 + 3 / 5.0 + 3 / 5.0) / 4,
                               (3 + 5 * 3 / 5.0) / 11, (26 + 50 * 3 / 5.0) / 101};
    /* [/by-hand] */
    double off = 0;
    for (int how = 0; how < 4; how++) off = fmax(off, fabs(ap[how][0] - by_hand[how]));
    printf("\nexpected: cats %.3f, %.3f, %.3f, %.3f, by hand; suppression makes it better\n",
           by_hand[0], by_hand[1], by_hand[2], by_hand[3]);
    printf("got:      cats %.3f, %.3f, %.3f, %.3f; mAP %.3f and %.3f\n", ap[0][0], ap[1][0],
           ap[2][0], ap[3][0], ap[1][2], without);
    const int ok = nn_ok(nn) && off < 1e-9 && ap[1][2] > without;
    nn_destroy(nn);
    return !ok;
}
