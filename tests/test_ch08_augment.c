/* Augmentation: images against PyTorch, colorsys and a sum over all pixels; text by counting; sound
 * by measuring tones. Numbers such as 8.12 in comments and names are rows of the feature table.
 *
 *     cc -std=c99 -O1 tests/test_ch08_augment.c -lm -o test_ch08_augment && ./test_ch08_augment
 */
#include "capture.h"
#include <stdlib.h>

static int allocations_left = -1; /* -1: as many as one likes */
static void *limited(size_t size)
{
    if (allocations_left == 0) return NULL;
    if (allocations_left > 0) allocations_left--;
    return malloc(size);
}
#define NN_MALLOC(user, size) ((void)(user), limited(size))
#define NN_REALLOC(user, p, size) ((void)(user), realloc(p, size))
#define NN_FREE(user, p) ((void)(user), free(p))

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "golden/augment.h"
#include "test.h"

enum { H = 5, W = 7, HW = H * W };
static const double pi = 3.14159265358979323846;
static const double eps = sizeof(nn_real) == sizeof(double) ? 1e-12 : 1e-6;

static void fill_random(nn_ctx *nn, nn_real *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = nn_uniform(nn, 0, 1);
}

static int same(const nn_real *a, const nn_real *b, int n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/* ---- 8.12: one image, explicit values ---- */

/* y[i, j] = x[row(i, j), col(i, j)], to the bit, for an m of -1, 0, 1 and a square image. */
static void exact_moves_row_8_12(void)
{
    enum { N = 4 };
    static const struct {
        nn_real m[6];
        int row[3], col[3]; /* the source is (row[0] + row[1] i + row[2] j, the same with col) */
    } moves[] = {
        {{1, 0, 0, 0, 1, 0}, {0, 1, 0}, {0, 0, 1}},           /* nothing */
        {{-1, 0, 0, 0, 1, 0}, {0, 1, 0}, {N - 1, 0, -1}},     /* mirrored */
        {{1, 0, 0, 0, -1, 0}, {N - 1, -1, 0}, {0, 0, 1}},     /* upside down */
        {{0, -1, 0, 1, 0, 0}, {N - 1, 0, -1}, {0, 1, 0}},     /* a quarter, clockwise */
        {{-1, 0, 0, 0, -1, 0}, {N - 1, -1, 0}, {N - 1, 0, -1}},
        {{0, 1, 0, -1, 0, 0}, {0, 0, 1}, {N - 1, -1, 0}},
        {{1, 0, 2, 0, 1, -1}, {1, 1, 0}, {-2, 0, 1}},         /* 2 to the right, 1 up */
        {{1, 0, -9, 0, 1, 9}, {-9, 1, 0}, {9, 0, 1}},         /* out of sight */
    };
    nn_ctx *nn = nn_create(1);
    nn_real x[2 * N * N], y[2 * N * N];
    fill_random(nn, x, 2 * N * N);
    for (int k = 0; k < 8; k++) {
        nn_affine(x, 2, N, N, moves[k].m, (nn_real)0.25, y);
        for (int at = 0; at < 2 * N * N; at++) {
            const int i = at / N % N, j = at % N;
            const int row = moves[k].row[0] + moves[k].row[1] * i + moves[k].row[2] * j;
            const int col = moves[k].col[0] + moves[k].col[1] * i + moves[k].col[2] * j;
            const int inside = row >= 0 && row < N && col >= 0 && col < N;
            CHECK_NEAR(y[at], inside ? (double)x[at / (N * N) * N * N + row * N + col] : 0.25, 0);
        }
    }
    nn_destroy(nn);
}

static void neighbours_do_not_leak_row_8_12(void) /* whole pixels: a NaN stays where it is */
{
    const nn_real x[3] = {1, (nn_real)NAN, 2}, m[6] = {1, 0, 0, 0, 1, 0};
    nn_real y[3];
    nn_affine(x, 1, 1, 3, m, (nn_real)NAN, y);
    CHECK(y[0] == 1 && y[1] != y[1] && y[2] == 2);
}

/* shift, then R(degrees) [1, -tan; 0, 1] scale, as torchvision's _get_inverse_affine_matrix has it
 * before it is inverted. */
static void matrix_row_8_12(void)
{
    static const double quarter[4][4] = {
        {1, 0, 0, 1}, {0, -1, 1, 0}, {-1, 0, 0, -1}, {0, 1, -1, 0}};
    nn_real m[6];
    for (int q = -8; q <= 8; q++) { /* exact */
        nn_affine_matrix((nn_real)(90 * q), 3, -2, 2, 0, m);
        const double *r = quarter[(q + 8) % 4];
        for (int k = 0; k < 4; k++) CHECK((double)m[k + k / 2] == 2 * r[k]);
        CHECK(m[2] == 3 && m[5] == -2);
    }
    for (int k = 0; k < 200; k++) {
        const double degrees = k * 3.7 - 370, shear = k % 17 * 9.5 - 75, scale = 0.3 + 0.01 * k;
        nn_affine_matrix((nn_real)degrees, 1, 2, (nn_real)scale, (nn_real)shear, m);
        const double c = cos(degrees * pi / 180), s = sin(degrees * pi / 180);
        const double t = tan(shear * pi / 180), e = eps * 4 * (1 + fabs(t)) * (1 + t * t) * scale;
        CHECK_NEAR(m[0], scale * c, e);
        CHECK_NEAR(m[1], scale * (-c * t - s), e);
        CHECK_NEAR(m[3], scale * s, e);
        CHECK_NEAR(m[4], scale * (-s * t + c), e);
    }
}

static double tent(double d) { return fabs(d) < 1 ? 1 - fabs(d) : 0; }

/* Bilinear interpolation as the sum over all pixels, also those around the image, of their value
 * times how near they are. */
static void sum_over_all_pixels_row_8_12(void)
{
    nn_ctx *nn = nn_create(2);
    nn_real x[HW], y[HW];
    const double fill = 0.75;
    for (int k = 0; k < 60; k++) {
        nn_real m[6] = {2, 0, 0, 0, 2, 0};           /* first a zoom by 2, then a shear, then all */
        if (k == 1) nn_affine_matrix(0, 0, 0, 1, 30, m);
        if (k > 1)
            for (int i = 0; i < 6; i++) m[i] = nn_uniform(nn, -2, 2);
        const double a = (double)m[0], b = (double)m[1], c = (double)m[3], d = (double)m[4];
        if (fabs(a * d - b * c) < 0.05) continue;
        fill_random(nn, x, HW);
        nn_affine(x, 1, H, W, m, (nn_real)fill, y);
        for (int i = 0; i < H; i++)
            for (int j = 0; j < W; j++) {
                const double right = j - (W - 1) / 2.0 - (double)m[2];
                const double down = i - (H - 1) / 2.0 - (double)m[5];
                const double u = (d * right - b * down) / (a * d - b * c) + (W - 1) / 2.0;
                const double v = (a * down - c * right) / (a * d - b * c) + (H - 1) / 2.0;
                double sum = fill; /* the tents of all places together are 1 */
                for (int at = 0; at < HW; at++)
                    sum += ((double)x[at] - fill) * tent(u - at % W) * tent(v - at / W);
                CHECK_NEAR(y[i * W + j], sum, 10 * eps);
            }
    }
    nn_destroy(nn);
}

static void pytorch_row_8_12(void) /* grid_sample */
{
    enum { SIZE = GOLD_C * GOLD_H * GOLD_W };
    nn_real x[SIZE], y[SIZE], m[6];
    for (int i = 0; i < SIZE; i++) x[i] = (nn_real)gold_image[i];
    for (int k = 0; k < GOLD_AFFINE; k++) {
        for (int i = 0; i < 6; i++) m[i] = (nn_real)gold_matrix[k][i];
        nn_affine(x, GOLD_C, GOLD_H, GOLD_W, m, 0, y);
        for (int i = 0; i < SIZE; i++) CHECK_NEAR(y[i], gold_affine[k * SIZE + i], 2e-6);
    }
}

static void colours_by_hand_row_8_12(void)
{
    /* two pixels: (0.2, 0.4, 0.6) of grey 0.363, and (1, 0.5, 0) of grey 0.5925 */
    const nn_real start[6] = {(nn_real)0.2, 1, (nn_real)0.4, (nn_real)0.5, (nn_real)0.6, 0};
    const double grey[2] = {0.363, 0.5925}, mean = (0.363 + 0.5925) / 2;
    for (int k = 0; k < 3; k++)
        for (int f = 0; f < 4; f++) {
            const nn_real factor = (nn_real)(0.5 * f);
            nn_real x[6];
            memcpy(x, start, sizeof x);
            nn_adjust_color(x, 3, 2, k == 0 ? factor : 1, k == 1 ? factor : 1, k == 2 ? factor : 1,
                            0);
            for (int i = 0; i < 6; i++) {
                const double zero = k == 0 ? 0 : k == 1 ? mean : grey[i % 2];
                const double v = zero + 0.5 * f * ((double)start[i] - zero);
                CHECK_NEAR(x[i], v < 0 ? 0 : v > 1 ? 1 : v, eps);
            }
            if (f == 2) CHECK(same(x, start, 6)); /* 1 is no change to the bit */
        }
    nn_real grey_image[4] = {0, (nn_real)0.5, (nn_real)0.6, (nn_real)0.9};
    nn_adjust_color(grey_image, 1, 4, 1, 2, 5, (nn_real)0.3); /* mean 0.5; no saturation, no hue */
    const double wanted[4] = {0, 0.5, 0.7, 1};
    for (int i = 0; i < 4; i++) CHECK_NEAR(grey_image[i], wanted[i], eps);
    nn_real all[3] = {(nn_real)0.1, (nn_real)0.2, (nn_real)0.3}; /* in order: 0.2 0.4 0.6 first */
    nn_adjust_color(all, 3, 1, 2, (nn_real)0.5, 0, 0);
    for (int i = 0; i < 3; i++) CHECK_NEAR(all[i], 0.363, eps); /* contrast leaves the mean */
}

static void hues_row_8_12(void) /* Python's colorsys; a full circle; grey */
{
    for (int k = 0; k < GOLD_HUES; k++) {
        nn_real x[3], y[3];
        for (int i = 0; i < 3; i++) x[i] = y[i] = (nn_real)gold_hue[k][i];
        nn_adjust_color(x, 3, 1, 1, 1, 1, (nn_real)gold_hue[k][3]);
        for (int i = 0; i < 3; i++) CHECK_NEAR(x[i], gold_hue[k][4 + i], 2e-6);
        for (int i = 0; i < 3; i++) x[i] = y[i];
        nn_adjust_color(x, 3, 1, 1, 1, 1, k % 2 ? 1 : -1);
        for (int i = 0; i < 3; i++) CHECK_NEAR(x[i], y[i], 4 * eps);
    }
    nn_real grey[3] = {(nn_real)0.3, (nn_real)0.3, (nn_real)0.3}, was = grey[0];
    nn_adjust_color(grey, 3, 1, 1, 1, 1, (nn_real)0.2);
    CHECK(grey[0] == was && grey[1] == was && grey[2] == was);
}

/* ---- 8.12: batches, by chance ---- */

static nn_tensor *images(nn_ctx *nn, int n, int c)
{
    nn_tensor *x = nn_rand(nn, nn_shape4(n, c, H, W), 0, 1);
    x->data[3] = (nn_real)-0.0; /* to the bit means this, too */
    return x;
}

static nn_augment everything(void)
{
    nn_augment a = nn_augment_new();
    a.flip_horizontal = a.flip_vertical = (nn_real)0.5;
    a.degrees = 30, a.shear = 20, a.scale_low = (nn_real)0.7, a.scale_high = (nn_real)1.4;
    a.translate = (nn_real)0.3, a.fill = (nn_real)0.5;
    a.brightness = a.contrast = a.saturation = (nn_real)0.5, a.hue = (nn_real)0.25;
    return a;
}

static void identity_at_strength_0_row_8_12(void)
{
    nn_ctx *nn = nn_create(3);
    nn_augment a = nn_augment_new(), strong = everything();
    a.fill = 7;
    for (int c = 1; c <= 3; c += 2) {
        nn_tensor *x = nn_requires_grad(images(nn, 4, c)), *y = nn_augment_images(x, &a);
        CHECK(y != x && y->data != x->data && nn_shape_equal(y->shape, x->shape));
        CHECK(same(y->data, x->data, 4 * c * HW));
        CHECK(!y->requires_grad && y->grad == NULL);
        nn_set_training(nn, 0); /* evaluation: a copy, whatever the strength, and no chance used */
        const uint64_t before = nn->random[0];
        y = nn_augment_images(x, &strong);
        CHECK(y != x && same(y->data, x->data, 4 * c * HW) && nn->random[0] == before);
        nn_set_training(nn, 1);
    }
    nn_destroy(nn);
}

static void seeded_row_8_12(void) /* the same again with the same seed; each image its own */
{
    nn_ctx *nn = nn_create(4);
    const nn_augment a = everything();
    nn_tensor *one = images(nn, 1, 3), *pair[2] = {one, one}, *x = nn_concat(0, 2, pair);
    nn_seed(nn, 5);
    nn_tensor *y = nn_augment_images(x, &a), *next = nn_augment_images(x, &a);
    nn_seed(nn, 5);
    nn_tensor *again = nn_augment_images(x, &a);
    nn_seed(nn, 6);
    nn_tensor *other = nn_augment_images(x, &a);
    CHECK(nn_shape_equal(y->shape, x->shape));
    CHECK(same(y->data, again->data, 6 * HW));
    CHECK(!same(y->data, other->data, 6 * HW) && !same(y->data, next->data, 6 * HW));
    CHECK(!same(y->data, y->data + 3 * HW, 3 * HW));
    CHECK(same(x->data, x->data + 3 * HW, 3 * HW)); /* x is what it was */
    if (sizeof(nn_real) == 4) { /* the same bits with every compiler and on every machine */
        uint64_t hash = 14695981039346656037u;
        for (size_t i = 0; i < y->size * 4; i++)
            hash = (hash ^ ((const unsigned char *)y->data)[i]) * 1099511628211u;
        CHECK(hash == 0x40a1c0db8fac6e07u);
    }
    nn_destroy(nn);
}

/* A single white pixel in the middle of 41 x 41 says where the middle went; two more, which way. */
enum { SIDE = 41 };
static double mass(const nn_real *y, double *row, double *col)
{
    double sum = 0;
    *row = *col = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        sum += (double)y[i];
        *row += (double)y[i] * (i / SIDE - SIDE / 2);
        *col += (double)y[i] * (i % SIDE - SIDE / 2);
    }
    *row /= sum, *col /= sum;
    return sum;
}

static void ranges_row_8_12(void)
{
    enum { N = 400 };
    nn_ctx *nn = nn_create(7);
    nn_tensor *dot = nn_full(nn, nn_shape4(N, 1, SIDE, SIDE), 0), *right;
    for (int i = 0; i < N; i++) dot->data[i * SIDE * SIDE + SIDE * SIDE / 2] = 1;
    right = nn_detach(dot); /* 12 to the right of the middle, a blob that any turn leaves whole */
    for (int i = 0; i < N * SIDE * SIDE; i++) {
        const int row = i / SIDE % SIDE - SIDE / 2, col = i % SIDE - SIDE / 2;
        right->data[i] = abs(row) <= 2 && abs(col - 12) <= 2;
    }
    double r, c, least[2] = {99, 99}, most[2] = {-99, -99};
    nn_augment a = nn_augment_new();
    a.translate = (nn_real)0.1; /* of 41: 4 pixels */
    nn_tensor *y = nn_augment_images(dot, &a);
    int seen[9][9] = {{0}}, count = 0;
    for (int i = 0; i < N; i++) {
        CHECK_NEAR(mass(y->data + i * SIDE * SIDE, &r, &c), 1, 0); /* whole pixels */
        const int row = (int)r + 4, col = (int)c + 4;
        CHECK(row >= 0 && row < 9 && col >= 0 && col < 9 && r == row - 4 && c == col - 4);
        if (row >= 0 && row < 9 && col >= 0 && col < 9) count += !seen[row][col]++;
    }
    CHECK(count > 75); /* of 81 places nearly all in 400 draws; 0.6 are missed on the average */

    a = nn_augment_new();
    a.degrees = 40;
    y = nn_augment_images(right, &a);
    for (int i = 0; i < N; i++) {
        mass(y->data + i * SIDE * SIDE, &r, &c);
        CHECK_NEAR(sqrt(r * r + c * c), 12, 0.05);
        const double angle = atan2(r, c) * 180 / pi;
        CHECK(fabs(angle) < 40.5);
        least[0] = fmin(least[0], angle), most[0] = fmax(most[0], angle);
    }
    CHECK(least[0] < -38 && most[0] > 38);

    a = nn_augment_new();
    a.scale_low = (nn_real)0.5, a.scale_high = (nn_real)1.25;
    y = nn_augment_images(right, &a);
    for (int i = 0; i < N; i++) {
        mass(y->data + i * SIDE * SIDE, &r, &c);
        CHECK_NEAR(r, 0, 1e-4);
        CHECK(c > 0.5 * 12 - 0.1 && c < 1.25 * 12 + 0.1);
        least[1] = fmin(least[1], c), most[1] = fmax(most[1], c);
    }
    CHECK(least[1] < 6.2 && most[1] > 14.8);

    nn_tensor *below = nn_transpose(right, 2, 3);
    a = nn_augment_new();
    a.shear = 30; /* goes left or right by up to 12 tan 30 */
    y = nn_augment_images(below, &a);
    least[0] = 99, most[0] = -99;
    for (int i = 0; i < N; i++) {
        mass(y->data + i * SIDE * SIDE, &r, &c);
        CHECK_NEAR(r, 12, 1e-4);
        least[0] = fmin(least[0], c), most[0] = fmax(most[0], c);
    }
    CHECK(least[0] > -12 * tan(pi / 6) - 0.1 && least[0] < -6.5);
    CHECK(most[0] < 12 * tan(pi / 6) + 0.1 && most[0] > 6.5);

    a = nn_augment_new();
    a.flip_horizontal = (nn_real)0.25;
    y = nn_augment_images(right, &a);
    for (int i = count = 0; i < N; i++) {
        mass(y->data + i * SIDE * SIDE, &r, &c);
        CHECK(r == 0 && fabs(c) == 12);
        count += c < 0;
    }
    CHECK_NEAR(count, 100, 35); /* 4 deviations of 8.7 */
    a = nn_augment_new();
    a.flip_vertical = (nn_real)0.75;
    y = nn_augment_images(below, &a);
    for (int i = count = 0; i < N; i++) {
        mass(y->data + i * SIDE * SIDE, &r, &c);
        CHECK(c == 0 && fabs(r) == 12);
        count += r < 0;
    }
    CHECK_NEAR(count, 300, 35);
    nn_destroy(nn);
}

static void colour_ranges_row_8_12(void)
{
    enum { N = 500 };
    const nn_real pixel[2][3] = {{(nn_real)0.6, (nn_real)0.4, (nn_real)0.5},
                                 {(nn_real)0.4, (nn_real)0.6, (nn_real)0.5}};
    nn_ctx *nn = nn_create(8);
    nn_tensor *x = nn_full(nn, nn_shape4(N, 3, 1, 2), 0);
    for (int i = 0; i < 6 * N; i++) x->data[i] = pixel[i % 2][i / 2 % 3];
    for (int k = 0; k < 4; k++) {
        nn_augment a = nn_augment_new();
        nn_real *const strength[4] = {&a.brightness, &a.contrast, &a.saturation, &a.hue};
        *strength[k] = (nn_real)0.4;
        nn_tensor *y = nn_augment_images(x, &a);
        double least = 99, most = -99;
        for (int i = 0; i < N; i++) { /* what was drawn, from red (0) and green (2) of a pixel */
            const nn_real *p = y->data + 6 * i;
            const double ratio = k == 0 ? (double)p[0] / 0.6 : ((double)p[0] - (double)p[2]) / 0.2;
            double drawn = ratio; /* brightness, contrast, saturation */
            if (k == 3) {         /* 1 for this colour, whose hue is 330 degrees; then by atan2 */
                const double r = (double)p[0], g = (double)p[2], b = (double)p[4];
                const double turn = atan2(sqrt(3) * (g - b), 2 * r - g - b) / (2 * pi);
                drawn = 0.5 + fmod(turn + 19 / 12.0, 1);
            }
            least = fmin(least, drawn), most = fmax(most, drawn);
        }
        CHECK(least > 0.59 && least < 0.62 && most < 1.41 && most > 1.38);
    }
    nn_destroy(nn);
}

/* More brightness does not turn the images otherwise: each draws the same amount of chance. */
static void strengths_do_not_disturb_row_8_12(void)
{
    nn_ctx *nn = nn_create(9);
    nn_augment a = everything();
    a.contrast = a.saturation = a.hue = a.brightness = 0, a.fill = 0;
    nn_tensor *x = nn_full(nn, nn_shape4(6, 1, H, W), (nn_real)0.3);
    for (int i = 0; i < 6 * HW; i++) x->data[i] = (nn_real)(0.3 + 0.005 * (i % HW));
    nn_seed(nn, 1);
    nn_tensor *y = nn_augment_images(x, &a);
    a.brightness = (nn_real)0.5;
    nn_seed(nn, 1);
    nn_tensor *z = nn_augment_images(x, &a);
    for (int n = 0; n < 6; n++) {
        const nn_real *p = y->data + n * HW, *q = z->data + n * HW;
        for (int i = 0; i < HW; i++)
            CHECK_NEAR(q[i] * p[HW / 2], p[i] * q[HW / 2], 10 * eps); /* one factor for all */
    }
    const nn_augment none = nn_augment_new(), all = everything();
    uint64_t after[4];
    nn_seed(nn, 2);
    nn_augment_images(x, &none);
    memcpy(after, nn->random, sizeof after);
    nn_seed(nn, 2);
    nn_augment_images(x, &all);
    CHECK(memcmp(after, nn->random, sizeof after) == 0);
    nn_destroy(nn);
}

/* ---- 8.13 ---- */

enum { TOKENS = 12 };
static const int text[TOKENS] = {5, 3, 8, 5, 20, 21, 2, 9, 30, 3, 1, 40};
static const int synonyms[] = {5, 50, 51, 52, -1, 3, 60, -1, 99, -1, 3, 70, -1, 20, 21, 22, -1, -1};

/* The number of the group that t is in (the first one), or -1. */
static int group_of(int t)
{
    for (int i = 0, g = 0; synonyms[i] >= 0 || (i && synonyms[i - 1] >= 0); i++) {
        if (synonyms[i] == t) return g;
        g += synonyms[i] < 0;
    }
    return -1;
}

static void replacement_row_8_13(void)
{
    nn_ctx *nn = nn_create(10);
    const nn_eda all = {synonyms, 1, 0, 0}, some = {synonyms, (nn_real)0.25, 0, 0};
    int out[2 * TOKENS], count[100] = {0}, replaced = 0;
    for (int k = 0; k < 3000; k++) {
        CHECK_INT(nn_augment_tokens(nn, text, TOKENS, &all, out), TOKENS);
        for (int i = 0; i < TOKENS; i++) {
            const int g = group_of(text[i]);
            if (g < 0) CHECK_INT(out[i], text[i]);
            else CHECK(out[i] != text[i] && group_of(out[i]) == g);
        }
        count[out[0]]++;
        nn_augment_tokens(nn, text, TOKENS, &some, out);
        for (int i = 0; i < TOKENS; i++) replaced += out[i] != text[i];
    }
    for (int i = 50; i <= 52; i++) CHECK_NEAR(count[i], 1000, 110); /* 4 deviations of 26 */
    CHECK_INT(count[50] + count[51] + count[52], 3000);
    CHECK_NEAR(replaced / 3000.0, 6 * 0.25, 0.08); /* 6 of the tokens have synonyms */
    nn_destroy(nn);
}

static void insertion_row_8_13(void)
{
    nn_ctx *nn = nn_create(11);
    static const int rich[6] = {5, 20, 5, 50, 22, 21};
    const nn_eda all = {synonyms, 0, 1, 0}, some = {synonyms, 0, (nn_real)0.3, 0};
    int out[2 * TOKENS], length = 0, other = 0;
    for (int k = 0; k < 2000; k++) {
        CHECK_INT(nn_augment_tokens(nn, rich, 6, &all, out), 12); /* all have synonyms */
        for (int i = 0; i < 6; i++) {
            CHECK_INT(out[2 * i], rich[i]);
            const int g = group_of(out[2 * i + 1]); /* of any of them */
            CHECK(g == group_of(5) || g == group_of(20));
            other += g != group_of(rich[i]);
        }
        const int n = nn_augment_tokens(nn, text, TOKENS, &some, out);
        CHECK(n >= TOKENS && n <= 2 * TOKENS);
        length += n - TOKENS;
        int at = 0; /* the text is still there, in its order */
        for (int i = 0; i < n && at < TOKENS; i++) at += out[i] == text[at];
        CHECK_INT(at, TOKENS);
    }
    CHECK_NEAR(other, 6000, 220); /* half of 12,000; 4 deviations of 55 */
    CHECK_NEAR(length / 2000.0, TOKENS * 0.3 * 6 / 12, 0.13); /* half the draws have no synonym */
    nn_destroy(nn);
}

static void deletion_row_8_13(void)
{
    nn_ctx *nn = nn_create(12);
    static const int numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const nn_eda all = {NULL, 0, 0, 1}, some = {NULL, 0, 0, (nn_real)0.2};
    int out[16], stayed[8] = {0}, kept[8] = {0};
    for (int k = 0; k < 4000; k++) {
        CHECK_INT(nn_augment_tokens(nn, numbers, 8, &all, out), 1); /* never empty */
        CHECK(out[0] >= 0 && out[0] < 8);
        stayed[out[0] & 7]++;
        const int n = nn_augment_tokens(nn, numbers, 8, &some, out);
        CHECK(n >= 1 && n <= 8);
        for (int i = 0; i < n; i++) kept[out[i] & 7]++;
        for (int i = 1; i < n; i++) CHECK(out[i] > out[i - 1]);
    }
    for (int i = 0; i < 8; i++) {
        CHECK_NEAR(stayed[i], 500, 90); /* 4 deviations of 21 */
        CHECK_NEAR(kept[i], 3200, 110);
    }
    nn_destroy(nn);
}

static void off_and_seeded_row_8_13(void)
{
    nn_ctx *nn = nn_create(13);
    const nn_eda none = {synonyms, 0, 0, 0};
    const nn_eda all = {synonyms, (nn_real)0.5, (nn_real)0.5, (nn_real)0.5};
    int out[2 * TOKENS], again[2 * TOKENS], differ = 0;
    CHECK_INT(nn_augment_tokens(nn, text, TOKENS, &none, out), TOKENS);
    CHECK(memcmp(out, text, sizeof text) == 0);
    nn_set_training(nn, 0);
    CHECK_INT(nn_augment_tokens(nn, text, TOKENS, &all, out), TOKENS);
    CHECK(memcmp(out, text, sizeof text) == 0);
    nn_set_training(nn, 1);
    for (uint64_t seed = 0; seed < 50; seed++) {
        nn_seed(nn, seed);
        const int n = nn_augment_tokens(nn, text, TOKENS, &all, out);
        nn_seed(nn, seed);
        CHECK_INT(nn_augment_tokens(nn, text, TOKENS, &all, again), n);
        CHECK(memcmp(out, again, (size_t)n * sizeof *out) == 0);
        const int m = nn_augment_tokens(nn, text, TOKENS, &all, again);
        differ += m != n || memcmp(out, again, (size_t)n * sizeof *out) != 0;
    }
    CHECK_INT(differ, 50);
    nn_destroy(nn);
}

/* ---- 8.14 ---- */

enum { RATE = 16000 };

static nn_tensor *tone(nn_ctx *nn, int n, double hertz)
{
    nn_tensor *x = nn_full(nn, nn_shape1(n), 0);
    for (int i = 0; i < n; i++) x->data[i] = (nn_real)(0.5 * sin(2 * pi * hertz * i / RATE));
    return x;
}

/* From the first to the last time that it rises through 0, between the samples. */
static double frequency(const nn_real *x, int n)
{
    double first = 0, last = 0;
    int periods = -1;
    for (int i = 0; i + 1 < n; i++) {
        if (!(x[i] < 0 && x[i + 1] >= 0)) continue;
        last = i + (double)x[i] / ((double)x[i] - (double)x[i + 1]);
        if (++periods == 0) first = last;
    }
    return periods * RATE / (last - first);
}

static double power(const nn_real *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum / n;
}

static void time_stretch_row_8_14(void) /* another length, the same frequency and loudness */
{
    static const double rates[] = {0.1, 0.5, 0.8, 0.97, 1.1, 1.5, 2, 3.7, 10};
    static const double hertz[] = {110, 440, 1234.5, 5000};
    nn_ctx *nn = nn_create(14);
    for (int i = 0; i < 9; i++)
        for (int j = 0; j < 4; j++) {
            nn_clear(nn);
            nn_tensor *y = nn_time_pitch(tone(nn, RATE / 2, hertz[j]), RATE, (nn_real)rates[i],
                                         0);
            const int m = (int)floor(RATE / 2 / rates[i] + 0.5);
            CHECK_INT(y->shape.dim[0], m);
            CHECK_NEAR(frequency(y->data, m) / hertz[j], 1, 0.003);
            for (int at = 0; at + 800 <= m - 400; at += 400) /* no hole where blocks meet */
                CHECK_NEAR(power(y->data + at, 800), 0.125, 0.0125);
        }
    nn_destroy(nn);
}

static void events_move_row_8_14(void) /* tones of 50 ms after 0.3 and 0.7 s: when do they begin? */
{
    static const double rates[] = {0.5, 0.8, 1.25, 2};
    nn_ctx *nn = nn_create(15);
    nn_tensor *x = tone(nn, RATE, 500);
    for (int i = 0; i < RATE; i++)
        if (i < 4800 || (i >= 5600 && i < 11200) || i >= 12000) x->data[i] = 0;
    for (int k = 0; k < 4; k++) {
        nn_tensor *y = nn_time_pitch(x, RATE, (nn_real)rates[k], 0);
        const int m = y->shape.dim[0], half = m / 2;
        const double error = 0.03 * RATE * fmax(1, 1 / rates[k]); /* 30 ms, of x or of y */
        int first = 0, second = half;
        while (first < half && fabs((double)y->data[first]) < 0.2) first++;
        while (second < m && fabs((double)y->data[second]) < 0.2) second++;
        CHECK_NEAR(first, 4800 / rates[k], error);
        CHECK_NEAR(second, 11200 / rates[k], error);
    }
    nn_destroy(nn);
}

/* Three tones that never come back to the same phases: no two places fit, but nothing clicks where
 * blocks meet. */
static void no_clicks_row_8_14(void)
{
    nn_ctx *nn = nn_create(15);
    nn_tensor *x = nn_add(tone(nn, RATE, 211), tone(nn, RATE, 317.7));
    x = nn_add(x, tone(nn, RATE, 593.1));
    double steepest = 0;
    for (int i = 1; i < RATE; i++)
        steepest = fmax(steepest, fabs((double)x->data[i] - (double)x->data[i - 1]));
    for (int k = 0; k < 60; k++) {
        const nn_real rate = (nn_real)(0.6 + 0.02 * k); /* 0.6 .. 1.78 */
        const nn_tensor *y = nn_time_pitch(nn_slice(x, 0, 0, 3000 + 17 * k), RATE, rate, 0);
        for (int i = 1; i < (int)y->size; i++)
            CHECK(fabs((double)y->data[i] - (double)y->data[i - 1]) < 1.1 * steepest);
    }
    nn_destroy(nn);
}

static void pitch_row_8_14(void) /* another frequency, the same length and loudness */
{
    static const double semitones[] = {-24, -12, -5, 0.5, 3, 7, 12, 24};
    nn_ctx *nn = nn_create(16);
    for (int i = 0; i < 8; i++) {
        const double wanted = 440 * pow(2, semitones[i] / 12);
        nn_tensor *y = nn_time_pitch(tone(nn, RATE, 440), RATE, 1, (nn_real)semitones[i]);
        CHECK_INT(y->shape.dim[0], RATE);
        CHECK_NEAR(frequency(y->data + 800, RATE - 1600) / wanted, 1, 0.003);
        CHECK_NEAR(power(y->data + 800, RATE - 1600), 0.125, 0.006);
        y = nn_time_pitch(tone(nn, RATE, 440), RATE, 2, (nn_real)semitones[i]); /* both */
        CHECK_INT(y->shape.dim[0], RATE / 2);
        CHECK_NEAR(frequency(y->data + 800, RATE / 2 - 1600) / wanted, 1, 0.004);
    }
    /* 6 kHz an octave up would be 12 kHz, more than 16 kHz can hold: silence, not 4 kHz */
    nn_tensor *y = nn_time_pitch(tone(nn, RATE, 6000), RATE, 1, 12);
    CHECK(power(y->data + 800, RATE - 1600) < 1e-5);
    nn_destroy(nn);
}

static void nothing_to_do_row_8_14(void) /* rate 1, 0 semitones: the bits; the end, silence, rows */
{
    nn_ctx *nn = nn_create(17);
    for (int n = 320; n < 1700; n += 77) {
        nn_tensor *x = nn_randn(nn, nn_shape1(n));
        CHECK(same(nn_time_pitch(x, RATE, 1, 0)->data, x->data, n));
        for (int k = 0; k < 5; k++) { /* a constant has no begin, end or speed */
            static const double rates[] = {0.13, 0.6, 0.9, 1.3, 8.5};
            nn_tensor *one = nn_full(nn, nn_shape1(n), 1);
            const nn_tensor *y = nn_time_pitch(one, RATE, (nn_real)rates[k], 0);
            for (int i = 0; i < (int)y->size; i++) CHECK_NEAR(y->data[i], 1, 0);
        }
    }
    nn_tensor *y = nn_time_pitch(nn_full(nn, nn_shape1(999), 0), RATE, (nn_real)0.7, 4);
    CHECK_NEAR(power(y->data, y->shape.dim[0]), 0, 0);
    y = nn_time_pitch(nn_full(nn, nn_shape1(999), 1), RATE, 1, 4); /* all weights together are 1 */
    for (int i = 0; i < 999; i++) CHECK_NEAR(y->data[i], 1, 20 * eps);

    nn_tensor *x = nn_randn(nn, nn_shape3(2, 2, 3000));
    y = nn_time_pitch(x, RATE, (nn_real)1.3, -3);
    CHECK(nn_shape_equal(y->shape, nn_shape3(2, 2, 2308)) && !y->requires_grad);
    for (int i = 0; i < 4; i++) {
        nn_tensor *row = nn_input(nn, x->data + 3000 * i, nn_shape1(3000));
        const nn_tensor *alone = nn_time_pitch(row, RATE, (nn_real)1.3, -3);
        CHECK(same(alone->data, y->data + 2308 * i, 2308));
    }
    nn_destroy(nn);
}

static void same_bits_row_8_14(void) /* with each set of kernels */
{
    static const char *const kernels[] = {"scalar", "avx2", "avx512", "neon"};
    uint64_t first = 0;
    for (int k = 0; k < 4; k++) {
        nn_ctx *nn = nn_create(18);
        if (nn_set_simd(nn, kernels[k])) {
            nn_tensor *x = nn_white_noise(tone(nn, 5000, 300), 6);
            nn_tensor *y = nn_time_pitch(x, RATE, (nn_real)1.3, (nn_real)-2.5);
            uint64_t hash = 14695981039346656037u;
            for (size_t i = 0; i < y->size * sizeof(nn_real); i++)
                hash = (hash ^ ((const unsigned char *)y->data)[i]) * 1099511628211u;
            if (!first) first = hash;
            CHECK(hash == first);
        }
        nn_destroy(nn);
    }
}

static void white_noise_row_8_14(void)
{
    enum { N = 100000 };
    nn_ctx *nn = nn_create(19);
    static const double snrs[] = {-10, 0, 3, 20};
    for (int k = 0; k < 4; k++) {
        nn_clear(nn);
        nn_tensor *x = tone(nn, N, 440), *y = nn_white_noise(x, (nn_real)snrs[k]);
        nn_tensor *noise = nn_sub(y, x);
        const double noisy = power(noise->data, N);
        CHECK_NEAR(10 * log10(power(x->data, N) / noisy), snrs[k], 0.1);
        double mean = 0, next = 0; /* white: no number says anything about the one after it */
        for (int i = 0; i < N; i++) mean += (double)noise->data[i] / N;
        for (int i = 1; i < N; i++) next += (double)noise->data[i] * (double)noise->data[i - 1] / N;
        CHECK_NEAR(mean / sqrt(noisy), 0, 0.013); /* 4 deviations of 1 / sqrt(N) */
        CHECK_NEAR(next / noisy, 0, 0.013);
    }
    nn_tensor *x = nn_full(nn, nn_shape2(2, 1000), 0); /* a silent row stays silent */
    for (int i = 1000; i < 2000; i++) x->data[i] = 1;
    nn_tensor *y = nn_white_noise(x, 10);
    CHECK(same(y->data, x->data, 1000) && !same(y->data + 1000, x->data + 1000, 1000));
    nn_seed(nn, 3);
    y = nn_white_noise(x, 10);
    nn_seed(nn, 3);
    CHECK(same(nn_white_noise(x, 10)->data, y->data, 2000));
    nn_destroy(nn);
}

/* ---- mistakes ---- */

static char heard[512];
static void hear(void *user, nn_code code, const char *message)
{
    (void)user;
    (void)code;
    snprintf(heard, sizeof heard, "%s", message);
}

/* The call is refused with this code and "FILE:LINE: text". */
#define EXPECT(call, code_, text)                                                          \
    do {                                                                                   \
        const int line_ = __LINE__;                                                        \
        char wanted_[512] = "";                                                            \
        heard[0] = 0;                                                                      \
        nn->file = "elsewhere";                                                            \
        (void)(call);                                                                      \
        for (int off = -1; off < 3 && strcmp(wanted_, heard) != 0; off++)                  \
            snprintf(wanted_, sizeof wanted_, "%s:%d: %s", __FILE__, line_ - off, text);   \
        CHECK_STR(heard, wanted_);                                                         \
        CHECK_INT(nn_error_code(nn), code_);                                               \
        nn_error_clear(nn);                                                                \
    } while (0)
#define ARG NN_ERROR_ARGUMENT

static void mistakes(void)
{
    nn_ctx *nn = nn_create(20);
    nn_on_error(nn, hear, NULL);
    nn_tensor *x = images(nn, 2, 3), *flat = nn_rand(nn, nn_shape2(3, 1000), 0, 1);
    nn_augment a = nn_augment_new();
    EXPECT(nn_augment_images(x, NULL), ARG, "nn_augment_images: argument 2 is NULL");
    EXPECT(nn_augment_images(flat, &a), NN_ERROR_SHAPE,
           "nn_augment_images: x is [3, 1000], not [N, 1 or 3, H, W]");
    EXPECT(nn_augment_images(images(nn, 2, 2), &a), NN_ERROR_SHAPE,
           "nn_augment_images: x is [2, 2, 5, 7], not [N, 1 or 3, H, W]");
    nn_real *const field[] = {&a.flip_horizontal, &a.flip_vertical, &a.degrees, &a.shear,
                              &a.scale_low, &a.scale_high, &a.translate, &a.brightness,
                              &a.contrast, &a.saturation, &a.hue};
    static const char *const wrong[] = {"flip_horizontal is -1, not in 0..1",
                                        "flip_vertical is -1, not in 0..1",
                                        "degrees is -1, not in 0..180",
                                        "shear is -1, not in 0..80",
                                        "scale_low is -1, not in 0.001..1000",
                                        "scale_high is -1, not in 1..1000",
                                        "translate is -1, not in 0..1",
                                        "brightness is -1, not in 0..1",
                                        "contrast is -1, not in 0..1",
                                        "saturation is -1, not in 0..1",
                                        "hue is -1, not in 0..0.5"};
    for (int i = 0; i < 11; i++) {
        char message[80];
        snprintf(message, sizeof message, "nn_augment_images: %s", wrong[i]);
        a = nn_augment_new();
        *field[i] = -1;
        EXPECT(nn_augment_images(x, &a), ARG, message);
        *field[i] = (nn_real)NAN;
        heard[0] = 0;
        CHECK_INT(nn_augment_images(x, &a)->size, 0);
        CHECK(strstr(heard, "is nan") || strstr(heard, "is -nan"));
        nn_error_clear(nn);
    }

    const int tokens[3] = {1, -1, 2};
    int out[6];
    const nn_eda zero = {NULL, 0, 0, 0};
    const nn_eda bad[3] = {{NULL, 2, 0, 0}, {NULL, 0, 2, 0}, {NULL, 0, 0, 2}};
    static const char *const null = "nn_augment_tokens: an argument is NULL";
    EXPECT(nn_augment_tokens(nn, NULL, 1, &zero, out), ARG, null);
    EXPECT(nn_augment_tokens(nn, tokens, 1, NULL, out), ARG, null);
    EXPECT(nn_augment_tokens(nn, tokens, 1, &zero, NULL), ARG, null);
    EXPECT(nn_augment_tokens(nn, tokens, 0, &zero, out), ARG, "nn_augment_tokens: 0 tokens");
    EXPECT(nn_augment_tokens(nn, tokens, 3, &zero, out), ARG, "nn_augment_tokens: tokens[1] is -1");
    EXPECT(nn_augment_tokens(nn, tokens, 1, &bad[0], out), ARG,
           "nn_augment_tokens: replacement is 2, not in 0..1");
    EXPECT(nn_augment_tokens(nn, tokens, 1, &bad[1], out), ARG,
           "nn_augment_tokens: insertion is 2, not in 0..1");
    EXPECT(nn_augment_tokens(nn, tokens, 1, &bad[2], out), ARG,
           "nn_augment_tokens: deletion is 2, not in 0..1");

    EXPECT(nn_time_pitch(flat, 0, 1, 0), ARG,
           "nn_time_pitch: the sample rate is 0, not in 1000..1e+06");
    EXPECT(nn_time_pitch(flat, RATE, 0, 0), ARG, "nn_time_pitch: the rate is 0, not in 0.1..10");
    EXPECT(nn_time_pitch(flat, RATE, 1, 25), ARG,
           "nn_time_pitch: semitones is 25, not in -24..24");
    EXPECT(nn_time_pitch(nn_slice(flat, 1, 0, 319), RATE, 1, 0), NN_ERROR_SHAPE,
           "nn_time_pitch: x is [3, 319], not [.., T] with T in 320..33554431");
    EXPECT(nn_time_pitch(nn_sum(flat), RATE, 1, 0), NN_ERROR_SHAPE,
           "nn_time_pitch: x is [], not [.., T] with T in 320..33554431");
    EXPECT(nn_white_noise(flat, 101), ARG, "nn_white_noise: snr is 101, not in -100..100");
    nn_destroy(nn);
}

static void no_memory(void) /* at the first or the second request */
{
    const nn_augment a = everything();
    for (int allowed = 0; allowed < 2; allowed++)
        for (int k = 0; k < 3; k++) {
            nn_ctx *nn = nn_create(21);
            nn_on_error(nn, hear, NULL);
            nn_tensor *x = nn_full(nn, nn_shape4(1, 1, 4, 100000), 0);
            allocations_left = allowed;
            const nn_tensor *y = k == 0   ? nn_time_pitch(x, RATE, 1, 1)
                                 : k == 1 ? nn_white_noise(x, 10)
                                          : nn_augment_images(x, &a);
            CHECK(k > 0 && allowed == 1 ? nn_ok(nn) : nn_error_code(nn) == NN_ERROR_MEMORY);
            CHECK((y->size == 0) == !nn_ok(nn));
            allocations_left = -1;
            nn_destroy(nn);
        }
}

static void mistakes_without_a_context(void)
{
    const nn_real m[6] = {1, 2, 0, 2, 4, 0}, one[6] = {1, 0, 0, 0, 1, 0};
    const nn_real far_away[6] = {1, 0, 0, 0, (nn_real)HUGE_VAL, 0};
    nn_real x[4] = {0, 1, 2, 3}, y[4] = {9, 9, 9, 9};
    CHECK_MISTAKE(nn_affine(NULL, 1, 2, 2, one, 0, y), "nn_affine: an array is NULL, or y is x");
    CHECK_MISTAKE(nn_affine(x, 1, 2, 2, NULL, 0, y), "nn_affine: an array is NULL, or y is x");
    CHECK_MISTAKE(nn_affine(x, 1, 2, 2, one, 0, NULL), "nn_affine: an array is NULL, or y is x");
    CHECK_MISTAKE(nn_affine(x, 1, 2, 2, one, 0, x), "nn_affine: an array is NULL, or y is x");
    CHECK_MISTAKE(nn_affine(x, 1, 2, 2, m, 0, y), "nn_affine: m has determinant 0");
    CHECK_MISTAKE(nn_affine(x, 1, 2, 2, far_away, 0, y), "nn_affine: m has determinant inf");
    CHECK_MISTAKE(nn_affine_matrix(0, 0, 0, 1, 0, NULL), "nn_affine_matrix: argument 1 is NULL");
    CHECK_MISTAKE(nn_adjust_color(NULL, 3, 1, 1, 1, 1, 0), "nn_adjust_color: argument 1 is NULL");
    CHECK_MISTAKE(nn_adjust_color(x, 2, 2, 2, 1, 1, 0),
                  "nn_adjust_color: 2 channels, factors 2, 1, 1");
    CHECK_MISTAKE(nn_adjust_color(x, 1, 2, 1, -1, 1, 0),
                  "nn_adjust_color: 1 channels, factors 1, -1, 1");
    CHECK_MISTAKE(nn_adjust_color(x, 1, 2, 1, 1, -1, 0),
                  "nn_adjust_color: 1 channels, factors 1, 1, -1");
    CHECK_MISTAKE(nn_augment_images(NULL, NULL), "nn_augment_images: argument 1 is NULL");
    CHECK_MISTAKE(nn_augment_tokens(NULL, NULL, 1, NULL, NULL),
                  "nn_augment_tokens: argument 1 is NULL");
    CHECK_MISTAKE(nn_time_pitch(NULL, RATE, 1, 0), "nn_time_pitch: argument 1 is NULL");
    CHECK_MISTAKE(nn_white_noise(NULL, 10), "nn_white_noise: argument 1 is NULL");
    CHECK(x[1] == 1 && x[3] == 3 && y[0] == 9 && y[3] == 9); /* nothing has changed */
}

int main(void)
{
    RUN(exact_moves_row_8_12);
    RUN(neighbours_do_not_leak_row_8_12);
    RUN(matrix_row_8_12);
    RUN(sum_over_all_pixels_row_8_12);
    RUN(pytorch_row_8_12);
    RUN(colours_by_hand_row_8_12);
    RUN(hues_row_8_12);
    RUN(identity_at_strength_0_row_8_12);
    RUN(seeded_row_8_12);
    RUN(ranges_row_8_12);
    RUN(colour_ranges_row_8_12);
    RUN(strengths_do_not_disturb_row_8_12);
    RUN(replacement_row_8_13);
    RUN(insertion_row_8_13);
    RUN(deletion_row_8_13);
    RUN(off_and_seeded_row_8_13);
    RUN(time_stretch_row_8_14);
    RUN(events_move_row_8_14);
    RUN(no_clicks_row_8_14);
    RUN(pitch_row_8_14);
    RUN(nothing_to_do_row_8_14);
    RUN(same_bits_row_8_14);
    RUN(white_noise_row_8_14);
    RUN(mistakes);
    RUN(no_memory);
    RUN(mistakes_without_a_context);
    return test_summary();
}
