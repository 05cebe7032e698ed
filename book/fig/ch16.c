/* Figures of the runs in examples/16_*.c. 68: confusion matrices, of 100 people who were tested
 * and of a network that reads digits; 68b: ROC and precision-recall curve of a logistic regression,
 * with as many healthy as there are and with 20 times as many; 68c: what a network is sure of, and
 * how often it is right; 68d: boxes, and the average precision of the cats among them; 68e:
 * intervals of the accuracy from 50 test sets. */
#define NN_IMPLEMENTATION
#include "../../nn.h"
#include "../tools/plot.h"

static const nn_csv_options plain = {0}, with_header = {1, ',', NN_MISSING_ERROR, 0};

/* ---- a network with one hidden layer ---- */

enum { CLASSES = 10 };

typedef struct network {
    nn_linear fc1, fc2;
} network;

static nn_tensor *classify(void *user, nn_tensor *x) /* -> logits [N, CLASSES] */
{
    const network *net = (const network *)user;
    x = nn_reshape(x, nn_shape2(x->shape.dim[0], -1));
    return nn_linear_forward(&net->fc2, nn_relu(nn_linear_forward(&net->fc1, x)));
}

static network learn(nn_ctx *nn, const nn_dataset *train, int hidden, nn_real lr, int epochs)
{
    nn_model *model = nn_model_new(nn);
    network net;
    net.fc1 = nn_linear_new(model, "fc1", train->size, hidden);
    net.fc2 = nn_linear_new(model, "fc2", hidden, CLASSES);
    nn_optimizer *opt = nn_adam(model, lr);
    nn_batches b = nn_batches_new(train, 32, 1);
    while (b.epoch < epochs && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(classify(&net, nn_batch_x(&b)), b.label));
            nn_step(opt);
        }
    return net;
}

/* ---- 68: confusion matrices ---- */

static void cell(plot *p, double x, double y, double w, double h, int colour)
{
    const plot_point corner[4] = {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}};
    plot_lines(p, corner, 4, (plot_style){.line = PLOT_WHITE, .fill = colour, .width = 2});
}

static void number(plot *p, double x, double y, int n, int colour, int how)
{
    char text[16];
    snprintf(text, sizeof text, "%d", n);
    plot_text(p, x, y, text, colour, how);
}

static int confusion(const char *directory)
{
    static nn_real z[600 * CLASSES];
    static int seen[600], matrix[CLASSES * CLASSES];
    nn_ctx *nn = nn_create(16);
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * all.size; i++) all.x[i] /= 16;
    nn_split_stratified(&all, 0.3, &train, &test);
    if (!nn_ok(nn)) return 0;
    network net = learn(nn, &train, 16, 0.01f, 10);
    if (!nn_evaluate(&test, classify, &net, 100, CLASSES, z)) return 0;
    nn_argmax(nn_input(nn, z, nn_shape2(test.n, CLASSES)), seen);
    nn_confusion_matrix(seen, test.label, test.n, CLASSES, matrix);

    plot p = plot_new(640, 376, "Confusion matrices",
                      "Left, two classes: of 5 who are ill 4 are found (TP) and 1 is missed (FN); "
                      "of 95 who are healthy 6 are false alarms (FP) and 89 are not (TN). Right, "
                      "ten digits: 44 to 54 on the diagonal; beside it mostly 1s, at most 4: an 8 "
                      "taken for a 1.");
    static const char *const name[2][2] = {{"TP", "FN"}, {"FP", "TN"}};
    static const int count[2][2] = {{4, 1}, {6, 89}};
    plot_text(&p, 150, 20, "(a) ill or healthy", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 158, 52, "said to be", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 16, 190, "is", PLOT_INK, PLOT_MIDDLE | PLOT_UP);
    for (int i = 0; i < 2; i++) {
        const char *const state = i ? "healthy" : "ill";
        plot_text(&p, 108 + 96 * i, 76, state, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
        plot_text(&p, 42, 140 + 96 * i, state, PLOT_INK, PLOT_MIDDLE | PLOT_UP | PLOT_SMALL);
        for (int j = 0; j < 2; j++) {
            const double x = 60 + 96 * j, y = 92 + 96 * i;
            cell(&p, x, y, 96, 96, PLOT_LIGHT(i == j ? PLOT_BLUE : PLOT_ORANGE));
            plot_text(&p, x + 48, y + 34, name[i][j], PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
            number(&p, x + 48, y + 62, count[i][j], PLOT_INK, PLOT_MIDDLE);
        }
    }
    plot_text(&p, 150, 318, "accuracy 93/100\nprecision 4/10, recall 4/5", PLOT_INK,
              PLOT_MIDDLE | PLOT_SMALL);
    plot_text(&p, 462, 20, "(b) which digit?", PLOT_INK, PLOT_MIDDLE | PLOT_BOLD);
    plot_text(&p, 472, 52, "taken for", PLOT_INK, PLOT_MIDDLE);
    plot_text(&p, 304, 220, "is", PLOT_INK, PLOT_MIDDLE | PLOT_UP);
    for (int i = 0; i < CLASSES; i++) {
        number(&p, 346 + 29 * i, 76, i, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
        number(&p, 324, 105 + 26 * i, i, PLOT_INK, PLOT_RIGHT | PLOT_SMALL);
        for (int j = 0; j < CLASSES; j++) {
            const int n = matrix[i * CLASSES + j];
            const double x = 332 + 29 * j, y = 92 + 26 * i;
            const int wrong = n > 1 ? PLOT_ORANGE : PLOT_LIGHT(PLOT_ORANGE);
            cell(&p, x, y, 29, 26,
                 i == j ? PLOT_LIGHT(PLOT_BLUE) : n ? wrong : PLOT_LIGHT(PLOT_GREY));
            if (n) number(&p, x + 14.5, y + 13, n, PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
        }
    }
    nn_destroy(nn);
    return plot_save(&p, directory, "68-confusion-matrix");
}

/* ---- 68b: ROC and precision-recall ---- */

enum { MAX = 600, TIMES = 20, MANY = MAX * (TIMES + 1) };

static nn_tensor *logit(void *user, nn_tensor *x) /* [N, 30] -> [N, 1] */
{
    return nn_linear_forward((const nn_linear *)user, nn_slice(x, 1, 4, 6));
}

static int curves(const char *directory)
{
    static nn_real z[MAX], score[MANY];
    static int label[MANY];
    static nn_roc_point point[2][MANY + 1];
    static double fpr[2][MANY + 1], recall[2][MANY + 1], precision[2][MANY + 1];
    nn_ctx *nn = nn_create(16);
    nn_table table = nn_csv_load(nn, "examples/data/breast_cancer.csv", with_header);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    nn_split_stratified(&all, 0.5, &train, &test);
    const nn_scaler scaler = nn_scaler_fit(&train);
    nn_scaler_apply(&scaler, &train);
    nn_scaler_apply(&scaler, &test);
    nn_model *model = nn_model_new(nn);
    nn_linear unit = nn_linear_new(model, "unit", 2, 1);
    nn_optimizer *opt = nn_momentum(model, 0.1f, 0.9f);
    for (int step = 0; step < 200 && nn_ok(nn); step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *t = nn_full(nn, nn_shape2(train.n, 1), 0);
        for (int i = 0; i < train.n; i++) t->data[i] = train.label[i] == 0; /* 0: malignant */
        nn_backward(nn_bce_with_logits(logit(&unit, nn_dataset_x(&train)), t));
        nn_step(opt);
    }
    if (!nn_evaluate(&test, logit, &unit, 100, 1, z)) return 0;
    const nn_real *p1 = nn_sigmoid(nn_input(nn, z, nn_shape1(test.n)))->data;

    plot p = plot_new(640, 400, "ROC and precision-recall curve",
                      "Left, recall over the share of false alarms: a bow from 0, 0 to 1, 1, above "
                      "the diagonal; the same with 20 times as many healthy. Right, precision over "
                      "recall: from 1 to 0.37; with 20 times as many healthy it is below, falling "
                      "to 0.03.");
    const plot_spec of_roc = {.x = plot_range(0, 1, "false alarms, of the healthy"),
                              .y = plot_range(0, 1, "recall"), .title = "ROC"};
    const plot_spec of_pr = {.x = plot_range(0, 1, "recall"), .y = plot_range(0, 1, "precision"),
                             .title = "precision-recall"};
    const plot_panel roc = plot_axes(&p, 4, 4, 310, 310, of_roc);
    const plot_panel pr = plot_axes(&p, 326, 4, 310, 310, of_pr);
    const double diagonal[2] = {0, 1};
    plot_curve(&roc, diagonal, diagonal, 2, (plot_style){.line = PLOT_GREY, .dash = 3});
    for (int k = 0; k < 2; k++) {
        int n = 0;
        for (int i = 0; i < test.n; i++)
            for (int times = k && test.label[i] ? TIMES : 1; times > 0; times--, n++)
                score[n] = p1[i], label[n] = test.label[i] == 0;
        const int points = nn_roc_curve(score, label, n, point[k]);
        int at = 0; /* the last threshold that is not below one half */
        for (int i = 0; i < points; i++) {
            fpr[k][i] = point[k][i].fpr;
            recall[k][i] = point[k][i].recall;
            precision[k][i] = point[k][i].precision;
            if (point[k][i].threshold >= 0.5) at = i;
        }
        const double share = (double)point[k][points - 1].tp / n, shares[2] = {share, share};
        const plot_style line = {.line = k ? PLOT_RED : PLOT_BLUE, .width = k ? 2 : 4,
                                 .dash = k ? 6 : 0};
        plot_curve(&pr, diagonal, shares, 2, (plot_style){.line = PLOT_GREY, .dash = 3});
        plot_curve(&roc, fpr[k], recall[k], points, line);
        plot_curve(&pr, recall[k], precision[k], points, line);
        const int mark = k ? PLOT_SQUARE : PLOT_DOT;
        const plot_style filled = plot_filled(PLOT_INK, line.line);
        plot_points(&roc, &fpr[k][at], &recall[k][at], 1, mark, k ? 4 : 7, filled);
        plot_points(&pr, &recall[k][at], &precision[k][at], 1, mark, k ? 4 : 7, filled);
        char text[96], auc[24], ap[24];
        snprintf(text, sizeof text, "%s: AUC %s, average precision %s",
                 k ? "20 times as many healthy" : "the patients as they are",
                 plot_number(auc, nn_auc(point[k], points), 3),
                 plot_number(ap, nn_average_precision(point[k], points, 0, NN_AP_STEPS), 3));
        plot_key(&p, 70, 332 + 22 * k, PLOT_LINE, line, text);
    }
    plot_key(&p, 70, 376, PLOT_LINE, (plot_style){.line = PLOT_GREY, .dash = 3},
             "guessing; the dots: malignant is said from 0.5 on");
    const int good = nn_ok(nn);
    nn_destroy(nn);
    return good && plot_save(&p, directory, "68b-curves");
}

/* ---- 68c: reliability ---- */

enum { BINS = 10 };

static double reliability_of(nn_ctx *nn, const nn_real *z, const nn_dataset *data, int tenths,
                             nn_calibration_bin *bin)
{
    static int seen[MAX], correct[MAX];
    nn_tensor *logits = nn_input(nn, z, nn_shape2(data->n, CLASSES));
    nn_tensor *p = nn_softmax(nn_scale(logits, (nn_real)(1 / (tenths / 10.0))));
    nn_argmax(p, seen);
    for (int i = 0; i < data->n; i++) correct[i] = seen[i] == data->label[i];
    return nn_calibration_error(nn_max_axis(p, 1)->data, correct, data->n, BINS, bin);
}

static int reliability(const char *directory)
{
    static nn_real z[2][MAX * CLASSES];
    nn_ctx *nn = nn_create(1);
    const nn_idx images = nn_idx_load(nn, "examples/data/fashion-train-800-images-idx3-ubyte");
    const nn_idx labels = nn_idx_load(nn, "examples/data/fashion-train-800-labels-idx1-ubyte");
    nn_dataset all = nn_dataset_idx(&images, &labels), rest, train, held_out, test;
    nn_split_stratified(&all, 0.6, &train, &rest);
    nn_split_stratified(&rest, 0.75, &held_out, &test);
    if (!nn_ok(nn)) return 0;
    network net = learn(nn, &train, 32, 0.003f, 200);
    if (!nn_evaluate(&held_out, classify, &net, 100, CLASSES, z[0])) return 0;
    if (!nn_evaluate(&test, classify, &net, 100, CLASSES, z[1])) return 0;
    int tenths[2] = {10, 10};
    double lowest = HUGE_VAL;
    for (int t = 5; t <= 50; t++) {
        nn_tensor *logits = nn_input(nn, z[0], nn_shape2(held_out.n, CLASSES));
        nn_tensor *loss = nn_cross_entropy(nn_scale(logits, 10 / (nn_real)t), held_out.label);
        if ((double)nn_item(loss) < lowest) lowest = (double)nn_item(loss), tenths[1] = t;
    }

    plot p = plot_new(640, 350, "Reliability diagrams",
                      "Two diagrams of bars, the share of right answers over how sure the network "
                      "is, with a diagonal. Left, temperature 1: all bars are below the diagonal, "
                      "and of 361 pictures 286 are in the last. Right, temperature 2.1: the bars "
                      "are close to the diagonal.");
    for (int k = 0; k < 2; k++) {
        nn_calibration_bin bin[BINS];
        const double error = reliability_of(nn, z[1], &test, tenths[k], bin);
        char title[64], t[24], e[24];
        snprintf(title, sizeof title, "$T$ = %s: error %s", plot_number(t, tenths[k] / 10.0, 1),
                 plot_number(e, error, 3));
        const plot_spec spec = {.x = plot_range(0.2, 1, "sure of"), .title = title,
                                .y = plot_range(0, 1, k ? NULL : "share right")};
        const plot_panel a = plot_axes(&p, k ? 336 : 4, 4, k ? 300 : 320, 310, spec);
        const double end[2] = {0.2, 1};
        for (int b = 2; b < BINS; b++) {
            const double middle = (b + 0.5) / BINS;
            if (bin[b].n)
                plot_bars(&a, &middle, &bin[b].accuracy, 1, 0.094,
                          plot_filled(PLOT_NONE, PLOT_SKY));
        }
        plot_curve(&a, end, end, 2, (plot_style){.line = PLOT_INK, .width = 1.5});
        for (int b = 2; b < BINS; b++) {
            const double middle = (b + 0.5) / BINS;
            if (!bin[b].n) continue;
            plot_points(&a, &bin[b].confidence, &bin[b].accuracy, 1, PLOT_DOT, 4,
                        plot_filled(PLOT_INK, PLOT_RED));
            number(&p, plot_x(&a, middle), plot_y(&a, 0.06), bin[b].n, PLOT_INK,
                   PLOT_MIDDLE | PLOT_SMALL);
        }
    }
    plot_text(&p, 320, 332, "in the bars: how many pictures; dots: means; line: as sure as right",
              PLOT_INK, PLOT_MIDDLE | PLOT_SMALL);
    const int good = nn_ok(nn);
    nn_destroy(nn);
    return good && plot_save(&p, directory, "68c-reliability");
}

/* ---- 68d: boxes ---- */

enum { CAT, DOG, TRUE_ONES = 6, FOUND = 10 };

static const nn_object truth[TRUE_ONES] = {
    {0, CAT, {2, 1, 12, 6}, 0},  {0, CAT, {20, 2, 30, 7}, 0},  {0, DOG, {30, 6, 38, 11}, 0},
    {1, CAT, {4, 2, 14, 10}, 0}, {1, CAT, {30, 8, 38, 11}, 0}, {1, DOG, {17, 1, 27, 9}, 0}};
static const nn_object found[FOUND] = {
    {0, CAT, {2, 1, 12, 6}, 0.95f},   {0, CAT, {3, 1, 13, 6}, 0.90f},
    {0, CAT, {20, 2, 30, 6}, 0.60f},  {0, DOG, {29, 6, 37, 11}, 0.80f},
    {0, CAT, {14, 8, 19, 11}, 0.75f}, {1, CAT, {4, 4, 14, 10}, 0.55f},
    {1, CAT, {16, 1, 26, 8}, 0.70f},  {1, DOG, {18, 1, 27, 9}, 0.65f},
    {1, DOG, {17, 2, 26, 9}, 0.62f},  {1, DOG, {2, 2, 13, 10}, 0.30f}};

/* Where the class and score of a box stand, in the units of boxes, and what is between them: such
 * that they meet no line and no other text. */
static const struct { double x, y; char between; } label[FOUND] = {
    {7, 4.5, '\n'},    {15.6, 3.5, '\n'}, {25, 4.5, '\n'},   {33.4, 9.4, '\n'}, {16.5, 9.5, '\n'},
    {9, 8.4, '\n'},    {20.8, 0.3, ' '}, {22, 5, '\n'},     {29.8, 5, '\n'},   {7.5, 1.3, ' '}};

static const plot_style truly = {.line = PLOT_GREEN, .width = 6};
static const plot_style right = {.line = PLOT_BLUE, .width = 2};
static const plot_style wrong = {.line = PLOT_RED, .width = 2, .dash = 5};
static const plot_style dropped = {.line = PLOT_GREY, .width = 1.5, .dash = 2};

static void draw_box(plot *p, double left, double top, nn_box b, plot_style s)
{
    const double x = left + 7.4 * (double)b.x1, x2 = left + 7.4 * (double)b.x2;
    const double y = top + 15 * (double)b.y1, y2 = top + 15 * (double)b.y2;
    const plot_point at[5] = {{x, y}, {x2, y}, {x2, y2}, {x, y2}, {x, y}};
    plot_lines(p, at, 5, s);
}

static int boxes(const char *directory)
{
    nn_ctx *nn = nn_create(16);
    int keep[FOUND], match[FOUND], kept_as[FOUND];
    nn_object kept[FOUND];
    const int n = nn_nms(nn, found, FOUND, 0.5, keep);
    for (int i = 0; i < FOUND; i++) kept_as[i] = -1;
    for (int i = 0; i < n; i++) kept[i] = found[keep[i]], kept_as[keep[i]] = i;
    nn_detection_match(nn, kept, n, truth, TRUE_ONES, 0.5, match);

    plot p = plot_new(640, 460, "Boxes and average precision",
                      "Above, two pictures with true boxes and those that were found, each with "
                      "class and score in its colour. "
                      "Below, precision over recall of the cats: 1, 1/2, 1/3, 2/4, 3/5, ending at "
                      "recall 3/4, and the best there or further on: 1 up to 1/4, 3/5 up to 3/4.");
    for (int image = 0; image < 2; image++) {
        const double left = 12 + 318 * image, top = 30;
        const plot_point edge[4] = {{left, top}, {left + 298, top}, {left + 298, top + 174},
                                    {left, top + 174}};
        plot_lines(&p, edge, 4, plot_filled(PLOT_NONE, PLOT_LIGHT(PLOT_GREY)));
        plot_text(&p, left + 149, 16, image ? "picture 1" : "picture 0", PLOT_INK,
                  PLOT_MIDDLE | PLOT_BOLD);
        for (int i = 0; i < TRUE_ONES; i++)
            if (truth[i].image == image) draw_box(&p, left, top, truth[i].box, truly);
        for (int i = 0; i < FOUND; i++) {
            const int k = kept_as[i];
            if (found[i].image != image) continue;
            const plot_style s = k < 0 ? dropped : match[k] >= 0 ? right : wrong;
            char text[32], score[24];
            snprintf(text, sizeof text, "%s%c%s", found[i].label == CAT ? "cat" : "dog",
                     label[i].between, plot_number(score, (double)found[i].score, 2));
            draw_box(&p, left, top, found[i].box, s);
            plot_text(&p, left + 7.4 * label[i].x, top + 15 * label[i].y, text, s.line,
                      PLOT_MIDDLE | PLOT_SMALL);
        }
    }
    plot_text(&p, 330 + 7.4 * 34, 30 + 15 * 9.5, "cat,\nmissed", truly.line,
              PLOT_MIDDLE | PLOT_SMALL);
    double x = plot_key(&p, 30, 222, PLOT_LINE, truly, "true");
    x = plot_key(&p, x + 12, 222, PLOT_LINE, right, "found, right");
    x = plot_key(&p, x + 12, 222, PLOT_LINE, wrong, "found, wrong");
    plot_key(&p, x + 12, 222, PLOT_LINE, dropped, "suppressed");

    nn_real score[FOUND];
    int hit[FOUND], cats = 0, of = 0;
    for (int i = 0; i < n; i++)
        if (kept[i].label == CAT) score[cats] = kept[i].score, hit[cats++] = match[i] >= 0;
    for (int i = 0; i < TRUE_ONES; i++) of += truth[i].label == CAT;
    nn_roc_point point[FOUND + 1];
    const int points = nn_roc_curve(score, hit, cats, point);
    double recall[FOUND + 1] = {0}, precision[FOUND + 1] = {0};
    double step_x[2 * FOUND + 2], step_y[2 * FOUND + 2];
    for (int i = 0; i < points; i++)
        recall[i] = (double)point[i].tp / of, precision[i] = point[i].precision;
    int steps = 0;
    for (int i = 1; i < points; i++) { /* the best here or further on */
        double best = 0;
        for (int j = i; j < points; j++) best = fmax(best, precision[j]);
        step_x[steps] = recall[i - 1], step_y[steps++] = best;
        step_x[steps] = recall[i], step_y[steps++] = best;
    }
    step_x[steps] = recall[points - 1], step_y[steps++] = 0;
    const plot_spec spec = {.x = plot_range(0, 1, "recall"), .y = plot_range(0, 1, "precision"),
                            .title = "the cats, by score"};
    const plot_panel a = plot_axes(&p, 4, 238, 380, 220, spec);
    plot_curve(&a, step_x, step_y, steps, (plot_style){.line = PLOT_ORANGE, .width = 3});
    const plot_style so_far = {.line = PLOT_INK, .width = 1.5, .dash = 3};
    plot_curve(&a, recall + 1, precision + 1, points - 1, so_far);
    for (int i = 1; i < points; i++)
        plot_points(&a, &recall[i], &precision[i], 1, hit[i - 1] ? PLOT_DOT : PLOT_SQUARE, 5,
                    plot_filled(PLOT_INK, hit[i - 1] ? PLOT_BLUE : PLOT_RED));
    static const char *const name[4] = {"steps", "all points", "11 points", "101 points"};
    plot_text(&p, 410, 258, "average precision", PLOT_INK, PLOT_LEFT | PLOT_BOLD);
    for (int how = 0; how < 4; how++) {
        char number_of[24];
        const double ap = nn_average_precision(point, points, of, how);
        plot_text(&p, 410, 286 + 22 * how, name[how], PLOT_INK, PLOT_LEFT);
        plot_text(&p, 550, 286 + 22 * how, plot_number(number_of, ap, 3), PLOT_INK, PLOT_RIGHT);
    }
    plot_key(&p, 416, 382, PLOT_DOT, plot_filled(PLOT_INK, PLOT_BLUE), "right");
    plot_key(&p, 500, 382, PLOT_SQUARE, plot_filled(PLOT_INK, PLOT_RED), "wrong");
    plot_key(&p, 424, 406, PLOT_LINE, so_far, "so far");
    plot_key(&p, 424, 436, PLOT_LINE, (plot_style){.line = PLOT_ORANGE, .width = 3},
             "the best there or\nfurther on");
    const int good = nn_ok(nn);
    nn_destroy(nn);
    return good && plot_save(&p, directory, "68d-boxes");
}

/* ---- 68e: what 95 % means ---- */

enum { SETS = 50, TESTED = 300 };

static double accuracy(void *user, const int *index, int n)
{
    const int *is_right = (const int *)user;
    double sum = 0;
    for (int i = 0; i < n; i++) sum += is_right[index[i]];
    return sum / n;
}

static int intervals(const char *directory)
{
    nn_ctx *nn = nn_create(16);
    plot p = plot_new(640, 270, "Intervals from 50 test sets",
                      "50 vertical lines with a dot each, intervals of the accuracy from 50 test "
                      "sets of 300. All but two cross the horizontal line at 0.9; those are red.");
    const plot_spec spec = {.x = plot_range(0, SETS + 1, "test set"),
                            .y = plot_range(0.78, 1, "accuracy")};
    const plot_panel a = plot_axes(&p, 4, 4, 632, 260, spec);
    const double across[2] = {0, SETS + 1}, truth_is[2] = {0.9, 0.9};
    plot_curve(&a, across, truth_is, 2, (plot_style){.line = PLOT_GREEN, .width = 2});
    for (int k = 0; k < SETS; k++) {
        int is_right[TESTED];
        for (int i = 0; i < TESTED; i++) is_right[i] = nn_randint(nn, 0, 10) != 0;
        const nn_interval v = nn_bootstrap_interval(nn, accuracy, is_right, TESTED, 1000, 0.95);
        const int miss = v.low > 0.9 || v.high < 0.9;
        const double x[2] = {k + 1, k + 1}, y[2] = {v.low, v.high};
        const int colour = miss ? PLOT_RED : PLOT_BLUE;
        plot_curve(&a, x, y, 2, (plot_style){.line = colour, .width = miss ? 4 : 2});
        plot_points(&a, x, &v.value, 1, PLOT_DOT, 3.5, plot_filled(PLOT_INK, colour));
    }
    const int good = nn_ok(nn);
    nn_destroy(nn);
    return good && plot_save(&p, directory, "68e-intervals");
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "book/fig";
    return !(confusion(directory) && curves(directory) && reliability(directory) &&
             boxes(directory) && intervals(directory));
}
