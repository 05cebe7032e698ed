/* Metrics: against scikit-learn's numbers (golden/metrics.py), published and hand-worked examples,
 * brute force.
 *
 *     cc -std=c99 -O1 tests/test_ch16.c -lm -o test_ch16 && ./test_ch16
 *
 * Numbers such as 16.3 in comments and names are rows of the feature table, E63 of the errata.
 */
#include "capture.h"
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#include "golden/metrics.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))
static const double close_by = 1e-12;

static nn_ctx *nn; /* of the current case */

#define RUN_ALONE(test)    \
    do {                   \
        nn = nn_create(1); \
        RUN(test);         \
        CHECK(nn_ok(nn));  \
        nn_destroy(nn);    \
    } while (0)

/* ---- classes ---- */

static void classes_as_scikit_learn_16_1_16_3_16_5_16_6(void)
{
    for (const gold_class *g = gold_classes; g < gold_classes + COUNT(gold_classes); g++) {
        int matrix[16];
        nn_confusion_matrix(g->predicted, g->label, g->n, g->classes, matrix);
        CHECK(!memcmp(matrix, g->matrix, (size_t)(g->classes * g->classes) * sizeof *matrix));
        CHECK_NEAR(nn_accuracy(g->predicted, g->label, g->n), g->accuracy, close_by);
        for (int k = 0; k < 3 + g->classes; k++) { /* macro, micro, weighted; each class */
            const int which = k < 3 ? -1 - k : k - 3;
            const nn_class_scores s = nn_precision_recall_f1(matrix, g->classes, which);
            CHECK_NEAR(s.precision, g->score[k][0], close_by);
            CHECK_NEAR(s.recall, g->score[k][1], close_by);
            CHECK_NEAR(s.f1, g->score[k][2], close_by);
            CHECK_NEAR(s.iou, g->score[k][3], close_by);
            if (k < 3) CHECK_NEAR(s.specificity, g->specificity[k], close_by);
            /* E69: accuracy of two classes is (TP + TN) / all; of more, the trace */
            if (g->classes == 2 && k >= 3)
                CHECK_NEAR((s.tp + s.tn) / (s.tp + s.tn + s.fp + s.fn), g->accuracy, close_by);
        }
        const nn_class_scores micro = nn_precision_recall_f1(matrix, g->classes, NN_MICRO);
        CHECK_NEAR(micro.f1, g->accuracy, close_by);
        CHECK_NEAR(micro.tp + micro.fn, g->n, 0); /* 16.1: right and wrong sum to 1 */
    }
}

static void by_hand_16_3_16_5(void) /* E68: sensitivity is recall, specificity that of the rest */
{
    const int matrix[4] = {50, 10, 5, 35}; /* class 1 positive: TN, FP, FN, TP */
    const nn_class_scores s = nn_precision_recall_f1(matrix, 2, 1);
    const nn_class_scores rest = nn_precision_recall_f1(matrix, 2, 0);
    CHECK(s.tn == 50 && s.fp == 10 && s.fn == 5 && s.tp == 35);
    CHECK_NEAR(s.precision, 35.0 / 45, close_by);
    CHECK_NEAR(s.recall, 35.0 / 40, close_by);
    CHECK_NEAR(s.specificity, 50.0 / 60, close_by);
    CHECK_NEAR(s.specificity, rest.recall, 0);
    CHECK_NEAR(s.f1, 2 / (45.0 / 35 + 40.0 / 35), close_by); /* the harmonic mean */
}

static void imbalance_16_2(void) /* 95 to 5, and always 0 */
{
    int label[100] = {0}, always[100] = {0}, matrix[4];
    for (int i = 0; i < 5; i++) label[20 * i] = 1;
    nn_confusion_matrix(always, label, 100, 2, matrix);
    CHECK_NEAR(nn_accuracy(always, label, 100), 0.95, 0);
    CHECK_NEAR(nn_precision_recall_f1(matrix, 2, 1).f1, 0, 0);
    CHECK_NEAR(nn_precision_recall_f1(matrix, 2, NN_MACRO).recall, 0.5, 0);
}

static void labels_that_do_not_count(void)
{
    const int label[6] = {1, -1, 0, 2, -1, 1}, predicted[6] = {1, 2, 0, 1, 0, 1};
    const int kept[4] = {1, 0, 2, 1}, said[4] = {1, 0, 1, 1}, hit[4] = {1, 0, -1, 1};
    const nn_real score[4] = {(nn_real)0.5, (nn_real)0.75, 1, (nn_real)0.5};
    int room[12] = {0}, *const matrix = room + 3, wanted[9]; /* nothing is written before it */
    const int silent[2] = {-1, 1};
    nn_roc_point point[5];
    nn_calibration_bin bin[2];
    nn_confusion_matrix(predicted, label, 6, 3, matrix);
    nn_confusion_matrix(said, kept, 4, 3, wanted);
    CHECK(!memcmp(matrix, wanted, sizeof wanted) && !room[0] && !room[1] && !room[2]);
    CHECK_NEAR(nn_accuracy(predicted, label, 6), 0.75, 0);
    CHECK_NEAR(nn_accuracy(silent, label + 1, 2), 0, 0); /* -1 is no right answer, either */
    CHECK_INT(nn_roc_curve(score, hit, 4, point), 3);
    CHECK(point[2].tp == 2 && point[2].fp == 1);
    nn_calibration_error(score, hit, 4, 2, bin);
    CHECK(bin[0].n == 2 && bin[1].n == 1 && bin[1].accuracy == 0);
}

static void printed_16_6(void)
{
    const int matrix[9] = {50, 0, 0, 0, 47, 3, 0, 1, 1249};
    const char *const name[3] = {"setosa", "versicolor", "virginica"};
    CHECK_PRINTS(nn_confusion_print(matrix, 3, name),
                 "confusion matrix: rows are what is true, columns what was predicted\n"
                 "         0    1    2\n"
                 "    0   50    .    .  setosa\n"
                 "    1    .   47    3  versicolor\n"
                 "    2    .    1 1249  virginica\n");
    CHECK_PRINTS(nn_confusion_print(matrix + 4, 1, NULL),
                 "confusion matrix: rows are what is true, columns what was predicted\n"
                 "     0\n"
                 "  0 47\n");
}

/* ---- thresholds ---- */

static void curves_as_scikit_learn_16_4_16_7(void)
{
    for (const gold_ranking *g = gold_rankings; g < gold_rankings + COUNT(gold_rankings); g++) {
        nn_real score[30];
        nn_roc_point point[31];
        for (int i = 0; i < g->n; i++) score[i] = (nn_real)g->score[i];
        const int points = nn_roc_curve(score, g->label, g->n, point);
        CHECK_INT(points, g->points);
        for (int i = 0; i < points && points == g->points; i++) {
            CHECK_NEAR(point[i].threshold, g->threshold[i], 1e-6);
            CHECK_NEAR(point[i].fpr, g->fpr[i], close_by);
            CHECK_NEAR(point[i].recall, g->recall[i], close_by);
            CHECK_NEAR(point[i].precision, g->precision[i], close_by);
        }
        const double auc = nn_auc(point, points);
        if (g->auc < 0) CHECK(auc != auc); /* a single class: there is no pair */
        else CHECK_NEAR(auc, g->auc, close_by);
        CHECK_NEAR(nn_average_precision(point, points, 0, NN_AP_STEPS), g->ap, close_by);
    }
}

/* Mann and Whitney's U of all pairs; what each threshold does; the samples' order is no matter */
static void against_all_pairs_16_7(void)
{
    enum { N = 400 };
    nn_real score[N];
    int label[N], order[N], mixed_label[N];
    nn_real mixed[N];
    nn_roc_point point[N + 1], again[N + 1];
    for (int run = 0; run < 20; run++) {
        const int steps = run % 2 ? 30 : 100000;
        double wins = 0, pairs = 0;
        for (int i = 0; i < N; i++) {
            label[i] = nn_randint(nn, 0, 4) == 0;
            score[i] = (nn_real)(nn_randint(nn, 0, steps) + label[i] * steps / 3) / (nn_real)steps;
        }
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                if (!label[i] || label[j]) continue;
                wins += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
                pairs++;
            }
        const int points = nn_roc_curve(score, label, N, point);
        CHECK_NEAR(nn_auc(point, points), wins / pairs, 0); /* whole numbers: exact */
        for (int k = 0; k < points; k++) {
            int tp = 0, fp = 0;
            for (int i = 0; i < N; i++)
                if ((double)score[i] >= point[k].threshold) tp += label[i], fp += !label[i];
            CHECK(tp == point[k].tp && fp == point[k].fp);
            CHECK(k == 0 || point[k].threshold < point[k - 1].threshold);
        }
        nn_randperm(nn, order, N);
        for (int i = 0; i < N; i++) mixed[i] = score[order[i]], mixed_label[i] = label[order[i]];
        CHECK_INT(nn_roc_curve(mixed, mixed_label, N, again), points);
        CHECK(!memcmp(point, again, (size_t)points * sizeof *point));
    }
}

/* E68: of ten times as many negatives the ROC curve knows nothing, precision does. */
static void prevalence_16_7(void)
{
    enum { N = 60 };
    nn_real score[11 * N];
    int label[11 * N];
    nn_roc_point point[11 * N + 1];
    double auc[2], ap[2];
    for (int i = 0; i < N; i++) {
        label[i] = i % 3 == 0;
        score[i] = nn_normal(nn, (nn_real)label[i], 1);
    }
    for (int rare = 0; rare < 2; rare++) {
        int n = N;
        for (int i = 0; rare && i < N; i++)
            for (int k = 0; k < 9 && !label[i]; k++) label[n] = 0, score[n++] = score[i];
        const int points = nn_roc_curve(score, label, n, point);
        auc[rare] = nn_auc(point, points);
        ap[rare] = nn_average_precision(point, points, 0, NN_AP_STEPS);
    }
    CHECK_NEAR(auc[0], auc[1], close_by);
    CHECK(ap[1] < 0.6 * ap[0]);
}

/* Six boxes for four objects, of which one is not found. Right (1) and wrong, by falling score:
 *
 *     right       1    0    0    1    1    0
 *     precision   1   1/2  1/3  1/2  3/5  1/2
 *     recall     1/4  1/4  1/4  1/2  3/4  3/4
 *
 * The best precision there or further on is 1 up to recall 1/4, 3/5 up to 3/4, 0 beyond.
 *   steps      (1 + 1/2 + 3/5) / 4               = 0.525
 *   all points (1 + 3/5 + 3/5) / 4               = 0.55
 *   11 points  0, .1, .2: 1; .3 to .7: 3/5       = (3 + 5 * 3/5) / 11 = 6/11
 *   101 points 0 to .25: 1; .26 to .75: 3/5      = (26 + 50 * 3/5) / 101 = 56/101
 */
static void average_precision_by_hand_16_15(void)
{
    const nn_real score[6] = {6, 5, 4, 3, 2, 1};
    const int hit[6] = {1, 0, 0, 1, 1, 0};
    nn_roc_point point[7];
    const int points = nn_roc_curve(score, hit, 6, point);
    CHECK_NEAR(nn_average_precision(point, points, 4, NN_AP_STEPS), 0.525, close_by);
    CHECK_NEAR(nn_average_precision(point, points, 4, NN_AP_ALL_POINTS), 0.55, close_by);
    CHECK_NEAR(nn_average_precision(point, points, 4, NN_AP_11_POINTS), 6.0 / 11, close_by);
    CHECK_NEAR(nn_average_precision(point, points, 4, NN_AP_101_POINTS), 56.0 / 101, close_by);
    for (int how = NN_AP_STEPS; how <= NN_AP_101_POINTS; how++) { /* all right, and none */
        const int right[6] = {1, 1, 1, 1, 1, 1}, wrong[6] = {0};
        int n = nn_roc_curve(score, right, 6, point);
        CHECK_NEAR(nn_average_precision(point, n, 0, how), 1, close_by);
        CHECK_NEAR(nn_average_precision(point, 1, 6, how), 0, 0); /* nothing said */
        n = nn_roc_curve(score, wrong, 6, point);
        CHECK_NEAR(nn_average_precision(point, n, 0, how), 0, 0); /* no positives */
        CHECK_NEAR(nn_average_precision(point, n, 9, how), 0, 0);
        n = nn_roc_curve(score, hit + 2, 2, point); /* the second one is right: 1/2 everywhere */
        CHECK_NEAR(nn_average_precision(point, n, 0, how), 0.5, close_by);
    }
}

/* ---- calibration, numbers ---- */

static void calibration(void)
{
    nn_real p[40];
    nn_calibration_bin bin[GOLD_BINS];
    double error = 0;
    int full = 0;
    for (int i = 0; i < 40; i++) p[i] = (nn_real)gold_confidence[i];
    const double got = nn_calibration_error(p, gold_correct, 40, GOLD_BINS, bin);
    for (int b = 0; b < GOLD_BINS; b++) {
        if (!bin[b].n) continue;
        CHECK_NEAR(bin[b].accuracy, gold_accuracies[full], close_by);
        CHECK_NEAR(bin[b].confidence, gold_confidences[full], close_by);
        error += bin[b].n / 40.0 * fabs(gold_accuracies[full] - gold_confidences[full]);
        full++;
    }
    CHECK_INT(full, GOLD_FULL);
    CHECK_NEAR(got, error, close_by);
    /* by hand: 0.25 and 0.5 (an upper end) of which one is right; 0.75, right; 1 and 1, one right:
     * (2 |0.375 - 0.5| + 3 |11/12 - 2/3|) / 5 */
    const nn_real sure[5] = {(nn_real)0.25, (nn_real)0.5, (nn_real)0.75, 1, 1};
    const int right[5] = {1, 0, 1, 0, 1};
    CHECK_NEAR(nn_calibration_error(sure, right, 5, 2, bin), 0.2, close_by);
    CHECK(bin[0].n == 2 && bin[1].n == 3);
    for (int bins = 1; bins <= 100; bins++) /* every upper end is in its own bin */
        for (int b = 1; b <= bins; b++) {
            nn_calibration_bin each[100];
            const double end = (double)b / bins;
            nn_real edge = (nn_real)end;
            if ((double)edge > end) edge = (nn_real)(end - 1e-6);
            nn_calibration_error(&edge, right, 1, bins, each);
            CHECK_INT(each[b - 1].n, 1);
        }
}

static void numbers_as_scikit_learn_16_9_16_10(void)
{
    for (int k = 0; k < COUNT(gold_regressions); k++) {
        const gold_regression *g = &gold_regressions[k];
        nn_real y[12], target[12];
        for (int i = 0; i < g->n; i++) y[i] = (nn_real)g->y[i], target[i] = (nn_real)g->target[i];
        const nn_regression r = nn_regression_scores(y, target, g->n);
        CHECK_NEAR(r.mse, g->mse, 1e-9);
        CHECK_NEAR(r.rmse, g->rmse, 1e-9);
        CHECK_NEAR(r.mae, g->mae, 1e-9);
        CHECK_NEAR(r.r2, g->r2, 1e-9);
    }
    /* E63: the mean gives 0, the wrong order -3 */
    const nn_real target[3] = {1, 2, 3}, mean[3] = {2, 2, 2}, turned[3] = {3, 2, 1};
    CHECK_NEAR(nn_regression_scores(mean, target, 3).r2, 0, 0);
    CHECK_NEAR(nn_regression_scores(turned, target, 3).r2, -3, 0);
    CHECK_NEAR(nn_regression_scores(turned, target, 3).mse, 8.0 / 3, close_by);
    CHECK_NEAR(nn_regression_scores(turned, target, 3).mae, 4.0 / 3, close_by);
}

/* ---- texts ---- */

/* Words, parted by single spaces, as numbers: the same word the same number. */
static nn_tokens words(const char *text)
{
    static int id[64][32], next;
    static char known[200][16];
    nn_tokens t = {id[next % 64], 0};
    int *to = id[next++ % 64];
    for (; *text; text += *text == ' ') {
        const size_t length = strcspn(text, " ");
        int k = 0;
        while (known[k][0] && (strlen(known[k]) != length || strncmp(known[k], text, length))) k++;
        memcpy(known[k], text, length);
        to[t.n++] = k;
        text += length;
    }
    return t;
}

static void check_ngrams(const char *candidate, const nn_tokens *reference, int references,
                         int order, int match, int total)
{
    nn_bleu b = {{0}, {0}, 0, 0};
    nn_bleu_add(&b, words(candidate), reference, references);
    CHECK_NEAR(b.match[order - 1], match, 0);
    CHECK_NEAR(b.total[order - 1], total, 0);
}

static void bleu_of_the_paper_16_11(void) /* Papineni et al. 2002, sections 2.1 and 2.2; E65 */
{
    const nn_tokens mat[2] = {words("the cat is on the mat"), words("there is a cat on the mat")};
    check_ngrams("the the the the the the the", mat, 2, 1, 2, 7);
    check_ngrams("the the the the the the the", mat, 2, 2, 0, 6);
    const nn_tokens guide[3] = {
        words("it is a guide to action that ensures that the military will forever heed party "
              "commands"),
        words("it is the guiding principle which guarantees the military forces always being "
              "under the command of the party"),
        words("it is the practical guide for the army always to heed the directions of the party")};
    const char *const one = "it is a guide to action which ensures that the military always obeys "
                            "the commands of the party";
    const char *const two = "it is to insure the troops forever hearing the activity guidebook "
                            "that party direct";
    check_ngrams(one, guide, 3, 1, 17, 18);
    check_ngrams(one, guide, 3, 2, 10, 17);
    check_ngrams(two, guide, 3, 1, 8, 14);
    check_ngrams(two, guide, 3, 2, 1, 13);
    check_ngrams("of the", guide, 3, 1, 2, 2);
    check_ngrams("of the", guide, 3, 2, 1, 1);
    nn_bleu b = {{0}, {0}, 0, 0}; /* "of the" is precise, but short: the nearest has 16 words */
    nn_bleu_add(&b, words("of the"), guide, 3);
    CHECK_NEAR(b.reference_length, 16, 0);
    CHECK_NEAR(nn_bleu_score(&b, 2, NN_BLEU_PLAIN), exp(1 - 16.0 / 2), 1e-15);
}

/* Two candidates with two references each:
 *   the cat sat on the mat | the cat is on the mat, a cat sat on a mat
 *     6 of 6 words, 5 of 5 pairs, 2 of 4 triples (cat sat on, on the mat), 0 of 3 fours
 *   there is a dog         | there is a dog here, a dog is there today now
 *     4 of 4, 3 of 3, 2 of 2, 1 of 1
 * Together 10/10, 8/8, 4/6, 1/4; 10 words for 6 + 5: BLEU = e^(1 - 11/10) (4/6 1/4)^(1/4). */
static void bleu_of_a_corpus_16_11(void)
{
    nn_bleu b = {{0}, {0}, 0, 0};
    const nn_tokens cat[2] = {words("the cat is on the mat"), words("a cat sat on a mat")};
    const nn_tokens dog[2] = {words("a dog is there today now"), words("there is a dog here")};
    CHECK_NEAR(nn_bleu_score(&b, 4, NN_BLEU_PLAIN), 0, 0); /* nothing said */
    nn_bleu_add(&b, words("the cat sat on the mat"), cat, 2);
    CHECK_NEAR(nn_bleu_score(&b, 4, NN_BLEU_PLAIN), 0, 0); /* no match of four */
    CHECK_NEAR(nn_bleu_score(&b, 4, NN_BLEU_ADD_ONE), pow(3.0 / 5 * 1 / 4, 0.25), close_by);
    nn_bleu_add(&b, words("there is a dog"), dog, 2);
    const double match[4] = {10, 8, 4, 1}, total[4] = {10, 8, 6, 4};
    CHECK(!memcmp(b.match, match, sizeof match) && !memcmp(b.total, total, sizeof total));
    CHECK(b.length == 10 && b.reference_length == 11);
    CHECK_NEAR(nn_bleu_score(&b, 4, NN_BLEU_PLAIN), exp(-0.1) * pow(1.0 / 6, 0.25), close_by);
    CHECK_NEAR(nn_bleu_score(&b, 3, NN_BLEU_PLAIN), exp(-0.1) * pow(2.0 / 3, 1.0 / 3), close_by);
    CHECK_NEAR(nn_bleu_score(&b, 4, NN_BLEU_ADD_ONE), exp(-0.1) * pow(5.0 / 7 * 2 / 5, 0.25),
               close_by);
    nn_bleu same = {{0}, {0}, 0, 0}, longer = same, empty = same;
    nn_bleu_add(&same, words("there is a dog here"), dog, 2);
    CHECK_NEAR(nn_bleu_score(&same, 4, NN_BLEU_PLAIN), 1, close_by);
    nn_bleu_add(&longer, words("there is a dog here now"), &dog[1], 1); /* BP 1 */
    CHECK_NEAR(nn_bleu_score(&longer, 1, NN_BLEU_PLAIN), 5.0 / 6, close_by);
    nn_bleu_add(&empty, words(""), dog, 2);
    CHECK_NEAR(nn_bleu_score(&empty, 4, NN_BLEU_ADD_ONE), 0, 0);
    nn_bleu tie = {{0}, {0}, 0, 0}; /* of lengths 3 and 5, as near to 4, the shorter */
    const nn_tokens lengths[2] = {words("there is a dog here"), words("there is a")};
    nn_bleu_add(&tie, words("there is a dog"), lengths, 2);
    CHECK_NEAR(tie.reference_length, 3, 0);
    const nn_tokens turned[2] = {lengths[1], lengths[0]}, the_cat = words("the cat");
    nn_bleu_add(&tie, words("there is a dog"), turned, 2);
    CHECK_NEAR(tie.reference_length, 6, 0);
    nn_bleu half = {{0}, {0}, 0, 0}; /* 1/2 of the words as they are, (0 + 1) / (1 + 1) pairs */
    nn_bleu_add(&half, words("the dog"), &the_cat, 1);
    CHECK_NEAR(nn_bleu_score(&half, 2, NN_BLEU_ADD_ONE), 0.5, close_by);
}

static void check_rouge(nn_rouge r, double precision, double recall)
{
    CHECK_NEAR(r.precision, precision, close_by);
    CHECK_NEAR(r.recall, recall, close_by);
    const double sum = precision + recall;
    CHECK_NEAR(r.f1, sum > 0 ? 2 * precision * recall / sum : 0, close_by);
}

static void rouge_16_12(void)
{
    /* Lin 2004, section 3: ROUGE-2 takes both for equal, ROUGE-L does not: 3/4 and 2/4 */
    const nn_tokens police = words("police killed the gunman");
    const nn_tokens kill = words("police kill the gunman"), by = words("the gunman kill police");
    check_rouge(nn_rouge_n(kill, &police, 1, 2), 1.0 / 3, 1.0 / 3);
    check_rouge(nn_rouge_n(by, &police, 1, 2), 1.0 / 3, 1.0 / 3);
    check_rouge(nn_rouge_l(nn, kill, &police, 1), 0.75, 0.75);
    check_rouge(nn_rouge_l(nn, by, &police, 1), 0.5, 0.5);
    check_rouge(nn_rouge_l(nn, words("the gunman police killed"), &police, 1), 0.5, 0.5);
    /* E66: each word as often as both have it, so that recall cannot exceed 1 */
    const nn_tokens cat = words("the cat sat");
    check_rouge(nn_rouge_n(words("the the the the"), &cat, 1, 1), 1.0 / 4, 1.0 / 3);
    check_rouge(nn_rouge_n(words("the cat sat the cat"), &cat, 1, 1), 3.0 / 5, 1);
    /* of several references the best: words 2/2 and 2/4, or 1/2 and 1/1 */
    const nn_tokens several[3] = {words("a cat sat down"), words("cat"), words("no")};
    check_rouge(nn_rouge_n(words("a cat"), several, 3, 1), 1, 0.5);
    check_rouge(nn_rouge_n(words("a cat"), several + 1, 2, 1), 0.5, 1);
    check_rouge(nn_rouge_l(nn, words("cat a"), several, 2), 0.5, 1);
    /* 0/0 is 0 */
    check_rouge(nn_rouge_n(words("cat"), &several[1], 1, 2), 0, 0);
    check_rouge(nn_rouge_l(nn, words(""), &several[1], 1), 0, 0);
    const nn_tokens none = words("");
    check_rouge(nn_rouge_l(nn, none, &none, 1), 0, 0);
}

static void longest_common_subsequence_16_12(void) /* against all subsequences */
{
    for (int run = 0; run < 200; run++) {
        int a[10], b[12], longest = 0;
        const nn_tokens x = {a, 1 + run % 10}, y = {b, 12};
        for (int i = 0; i < 10; i++) a[i] = nn_randint(nn, 0, 4);
        for (int i = 0; i < 12; i++) b[i] = nn_randint(nn, 0, 4);
        for (int set = 1; set < 1 << x.n; set++) {
            int at = 0, length = 0, fits = 1;
            for (int i = 0; i < x.n && fits; i++) {
                if (!(set >> i & 1)) continue;
                while (at < y.n && b[at] != a[i]) at++;
                fits = at++ < y.n;
                length++;
            }
            if (fits && length > longest) longest = length;
        }
        CHECK_NEAR(nn_rouge_l(nn, x, &y, 1).recall, longest / 12.0, close_by);
    }
}

static void perplexity_16_13(void)
{
    for (int v = 2; v <= 1000; v *= 5) { /* of V tokens that are equally likely: V */
        int label[3] = {0, v - 1, v / 2};
        nn_set_reduction(nn, NN_REDUCE_NONE);
        const nn_tensor *loss = nn_cross_entropy(nn_full(nn, nn_shape2(3, v), 0), label);
        CHECK_NEAR(nn_perplexity(loss->data, 3), v, 1e-6 * v);
        nn_set_reduction(nn, NN_REDUCE_MEAN);
    }
    const nn_real sure[2] = {0, 0}, halves[2] = {0, (nn_real)log(4.0)}, bad[1] = {800};
    CHECK_NEAR(nn_perplexity(sure, 2), 1, 0);
    CHECK_NEAR(nn_perplexity(halves, 2), 2, 1e-6); /* 1 / sqrt(1 1/4) */
    CHECK(nn_perplexity(sure, 2) < nn_perplexity(halves, 2)); /* E64: lower is surer */
    CHECK(nn_perplexity(bad, 1) == HUGE_VAL);
    for (int i = -50; i <= 50; i++)
        CHECK_NEAR(nn__exp_exactly_repeatable(i * 0.37) / exp(i * 0.37), 1, 1e-14);
}

/* ---- objects ---- */

static nn_box box(double x1, double y1, double x2, double y2)
{
    const nn_box b = {(nn_real)x1, (nn_real)y1, (nn_real)x2, (nn_real)y2};
    return b;
}

static nn_object object(int image, int label, double score, nn_box b)
{
    const nn_object o = {image, label, b, (nn_real)score};
    return o;
}

static void iou_16_14(void)
{
    const nn_box a = box(0, 0, 10, 10), line = box(2, 2, 2, 8), point = box(3, 3, 3, 3);
    CHECK_NEAR(nn_iou(a, a), 1, 0);
    CHECK_NEAR(nn_iou(a, box(5, 5, 15, 15)), 25.0 / 175, close_by);
    CHECK_NEAR(nn_iou(a, box(2, 2, 4, 7)), 0.1, close_by); /* inside */
    CHECK_NEAR(nn_iou(a, box(20, 0, 30, 10)), 0, 0);       /* disjoint */
    CHECK_NEAR(nn_iou(a, box(20, 20, 30, 30)), 0, 0);      /* in both directions */
    CHECK_NEAR(nn_iou(a, box(10, 0, 20, 10)), 0, 0);       /* an edge in common */
    CHECK_NEAR(nn_iou(a, line), 0, 0);
    CHECK_NEAR(nn_iou(line, line), 0, 0);                  /* 0/0 */
    CHECK_NEAR(nn_iou(point, point), 0, 0);
    for (int run = 0; run < 50; run++) { /* boxes and masks, by counting squares */
        nn_box b[2];
        int mask[2][400] = {{0}}, matrix[4], common = 0, either = 0;
        for (int k = 0; k < 2; k++) {
            const int x = nn_randint(nn, 0, 15), y = nn_randint(nn, 0, 15);
            b[k] = box(x, y, x + nn_randint(nn, 1, 6), y + nn_randint(nn, 1, 6));
            for (int i = 0; i < 400; i++)
                mask[k][i] = i % 20 >= (int)b[k].x1 && i % 20 < (int)b[k].x2 &&
                             i / 20 >= (int)b[k].y1 && i / 20 < (int)b[k].y2;
        }
        for (int i = 0; i < 400; i++) {
            common += mask[0][i] && mask[1][i];
            either += mask[0][i] || mask[1][i];
        }
        nn_confusion_matrix(mask[0], mask[1], 400, 2, matrix);
        CHECK_NEAR(nn_iou(b[0], b[1]), (double)common / either, close_by);
        CHECK_NEAR(nn_precision_recall_f1(matrix, 2, 1).iou, (double)common / either, close_by);
        CHECK_NEAR(nn_iou(b[0], b[1]), nn_iou(b[1], b[0]), 0);
    }
}

/* Overlaps: 0 with 1: 90/110, 0 with 2: 50/150, 1 with 2: 60/140; 3 is 0 again, 4 of another label,
 * 5 in another image. */
static void suppression_by_hand_16_15(void)
{
    nn_object o[6] = {object(0, 0, 0.9, box(0, 0, 10, 10)), object(0, 0, 0.8, box(1, 0, 11, 10)),
                      object(0, 0, 0.7, box(5, 0, 15, 10)), object(0, 0, 0.9, box(0, 0, 10, 10)),
                      object(0, 1, 0.85, box(0, 0, 10, 10)), object(1, 0, 0.1, box(0, 0, 10, 10))};
    int keep[6];
    CHECK_INT(nn_nms(nn, o, 6, 0.4, keep), 4); /* 1 goes, so it cannot take 2 along */
    CHECK(keep[0] == 0 && keep[1] == 4 && keep[2] == 2 && keep[3] == 5);
    CHECK_INT(nn_nms(nn, o, 6, 0.3, keep), 3);
    CHECK(keep[0] == 0 && keep[1] == 4 && keep[2] == 5);
    CHECK_INT(nn_nms(nn, o, 6, 0.85, keep), 5);
    CHECK(keep[2] == 1);
    CHECK_INT(nn_nms(nn, o, 6, 1, keep), 6); /* not above 1 */
    CHECK(keep[0] == 0 && keep[1] == 3);     /* of equals the first first */
    o[0].box = box(0, 0, 10, 5);             /* half of 3: equal to the threshold stays */
    CHECK_INT(nn_nms(nn, o, 4, 0.5, keep), 3);
    CHECK(keep[0] == 0 && keep[1] == 3 && keep[2] == 2);
    CHECK_INT(nn_nms(nn, NULL, 0, 0.5, keep), 0);
}

static void suppression_is_greedy_16_15(void) /* what is gone overlaps a kept one before it */
{
    enum { N = 60 };
    nn_object o[N];
    int keep[N];
    for (int run = 0; run < 30; run++) {
        for (int i = 0; i < N; i++) {
            const double x = nn_randint(nn, 0, 30), y = nn_randint(nn, 0, 30);
            o[i] = object(0, nn_randint(nn, 0, 2), nn_randint(nn, 0, 20),
                          box(x, y, x + nn_randint(nn, 1, 20), y + nn_randint(nn, 1, 20)));
        }
        const int kept = nn_nms(nn, o, N, 0.3, keep);
        for (int i = 0; i < N; i++) {
            int is_kept = 0, covered = 0;
            for (int k = 0; k < kept; k++) {
                const nn_object *a = &o[keep[k]];
                if (keep[k] == i) is_kept = 1;
                const int before = a->score > o[i].score || (a->score == o[i].score && keep[k] < i);
                covered |= before && a->label == o[i].label && nn_iou(a->box, o[i].box) > 0.3;
            }
            CHECK_INT(is_kept, !covered);
        }
    }
}

/* Label 0 is the example above: objects A, B in image 0, C, D in image 1, and these boxes:
 *
 *     score 0.9  A itself                                      1
 *           0.8  A moved by 1: IoU 90/110, but A is taken      0
 *           0.7  nowhere                                       0
 *           0.6  four fifths of B                              1 up to IoU 0.80, else 0
 *           0.5  three fifths of C                             1 up to IoU 0.60, else 0
 *           0.4  two fifths of D                               0
 *
 * At IoU 0.50, 0.55, 0.60 AP is what was found there, 56/101 for COCO. From 0.65 to 0.80 right are
 * 1, 0, 0, 1: 26 levels with 1 and 25 with 2/4 give 38.5/101; from 0.85 on only the first: 26/101.
 * Their mean is (3 56 + 4 38.5 + 3 26) / 1010 = 400/1010.
 * Label 1 is found exactly, once (AP 1); label 2 never (0); label 7 is no label of the truth. */
static void detection_by_hand_16_15(void) /* E67: matching, interpolation, COCO's mean */
{
    const nn_object truth[6] = {
        object(0, 0, 0, box(0, 0, 10, 10)), object(0, 0, 0, box(20, 0, 30, 10)),
        object(1, 0, 0, box(0, 0, 10, 10)), object(1, 0, 0, box(50, 50, 60, 60)),
        object(0, 1, 0, box(0, 0, 10, 10)), object(1, 2, 0, box(0, 0, 10, 10))};
    const nn_object found[8] = {
        object(1, 0, 0.4, box(50, 50, 60, 54)), object(0, 0, 0.8, box(1, 0, 11, 10)),
        object(0, 0, 0.9, box(0, 0, 10, 10)),   object(1, 0, 0.7, box(30, 30, 40, 40)),
        object(1, 0, 0.5, box(0, 0, 10, 6)),    object(0, 0, 0.6, box(20, 0, 30, 8)),
        object(0, 1, 0.3, box(0, 0, 10, 10)),   object(0, 7, 0.95, box(0, 0, 10, 10))};
    const int wanted[8] = {-1, -1, 0, -1, 2, 1, 4, -1};
    int match[8];
    CHECK_INT(nn_detection_match(nn, found, 8, truth, 6, 0.5, match), 4);
    CHECK(!memcmp(match, wanted, sizeof wanted));
    CHECK_INT(nn_detection_match(nn, found, 8, truth, 6, 0.8, match), 3); /* equal is enough */
    CHECK_INT(match[4], -1);
    CHECK_INT(match[5], 1);
    const double ap[4] = {0.525, 0.55, 6.0 / 11, 56.0 / 101};
    for (int how = NN_AP_STEPS; how <= NN_AP_101_POINTS; how++) {
        CHECK_NEAR(nn_detection_ap(nn, found, 8, truth, 6, 0, 0.5, how), ap[how], close_by);
        CHECK_NEAR(nn_detection_ap(nn, found, 8, truth, 6, 1, 0.5, how), 1, close_by);
        CHECK_NEAR(nn_detection_ap(nn, found, 8, truth, 6, 2, 0.5, how), 0, 0);
        CHECK_NEAR(nn_detection_ap(nn, found, 8, truth, 6, 7, 0.5, how), 0, 0);
        CHECK_NEAR(nn_detection_ap(nn, found, 8, truth, 6, -1, 0.5, how), (ap[how] + 1) / 3,
                   close_by);
    }
    CHECK_NEAR(nn_detection_ap(nn, found, 8, truth, 6, 0, 0, NN_AP_101_POINTS), 400.0 / 1010,
               close_by);
    CHECK_NEAR(nn_detection_ap(nn, found, 8, truth, 6, -1, 0, NN_AP_101_POINTS),
               (400.0 / 1010 + 1) / 3, close_by);
    CHECK_NEAR(nn_detection_ap(nn, NULL, 0, truth, 6, -1, 0.5, NN_AP_STEPS), 0, 0);
    CHECK_NEAR(nn_detection_ap(nn, found, 8, NULL, 0, -1, 0.5, NN_AP_STEPS), 0, 0);
}

/* The surer box takes the object it fits best; the next one what is left, as COCO has it. */
static void matching_one_to_one_16_15(void)
{
    const nn_object truth[2] = {object(0, 0, 0, box(0, 0, 10, 10)),
                                object(0, 0, 0, box(2, 0, 12, 10))};
    const nn_object found[3] = {object(0, 0, 0.5, box(0, 0, 10, 10)),
                                object(0, 0, 0.9, box(0.5, 0, 10.5, 10)),
                                object(0, 0, 0.4, box(0, 0, 10, 10))};
    int match[3];
    CHECK_INT(nn_detection_match(nn, found, 3, truth, 2, 0.5, match), 2);
    CHECK_INT(match[1], 0);
    CHECK_INT(match[0], 1); /* its own is taken; IoU with the other is 80/120 */
    CHECK_INT(match[2], -1);
    CHECK_INT(nn_detection_match(nn, found, 3, truth, 2, 0.7, match), 1);
    const nn_object twins[2] = {truth[0], truth[0]}; /* of equals the first */
    CHECK_INT(nn_detection_match(nn, found, 1, twins, 2, 0.5, match), 1);
    CHECK_INT(match[0], 0);
}

/* ---- any model, any metric ---- */

static double mean_of(void *user, const int *index, int n)
{
    const nn_real *x = (const nn_real *)user;
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (double)x[index[i]];
    return sum / n;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bootstrap_by_definition(void)
{
    enum { N = 30, R = 201 };
    nn_real x[N];
    double value[R], sum = 0, squares = 0;
    for (int i = 0; i < N; i++) x[i] = nn_normal(nn, 5, 2);
    nn_seed(nn, 9);
    const nn_interval r = nn_bootstrap_interval(nn, mean_of, x, N, R, 0.9);
    nn_seed(nn, 9);
    const nn_interval again = nn_bootstrap_interval(nn, mean_of, x, N, R, 0.9);
    CHECK(!memcmp(&r, &again, sizeof r));
    nn_seed(nn, 9);
    for (int k = 0; k < R; k++) {
        int index[N];
        for (int i = 0; i < N; i++) index[i] = nn_randint(nn, 0, N);
        value[k] = mean_of(x, index, N);
        sum += value[k];
    }
    for (int k = 0; k < R; k++) squares += (value[k] - sum / R) * (value[k] - sum / R);
    qsort(value, R, sizeof *value, by_size);
    CHECK_INT(r.resamples, R);
    CHECK_NEAR(r.low, value[10], close_by); /* 5 % of 200 steps */
    CHECK_NEAR(r.high, value[190], close_by);
    CHECK_NEAR(r.std, sqrt(squares / (R - 1)), close_by);
    double mean = 0, spread = 0;
    for (int i = 0; i < N; i++) mean += (double)x[i] / N;
    for (int i = 0; i < N; i++) spread += ((double)x[i] - mean) * ((double)x[i] - mean);
    CHECK_NEAR(r.value, mean, close_by);
    CHECK_NEAR(r.std / sqrt(spread / N / N), 1, 0.15); /* a mean's standard error */
    CHECK_NEAR(nn_bootstrap_interval(nn, mean_of, x, N, 2, 0.5).resamples, 2, 0);
    const nn_interval one = nn_bootstrap_interval(nn, mean_of, x, 1, 10, 0.95);
    CHECK(one.low == one.value && one.high == one.value);
    CHECK_NEAR(one.std, 0, close_by);
}

static void bootstrap_covers(void) /* in about 95 % of 1,000 samples the interval has the truth */
{
    enum { N = 50 };
    int covered = 0;
    for (int run = 0; run < 1000; run++) {
        nn_real x[N];
        for (int i = 0; i < N; i++) x[i] = nn_normal(nn, 5, 2);
        const nn_interval r = nn_bootstrap_interval(nn, mean_of, x, N, 150, 0.95);
        covered += r.low <= 5 && 5 <= r.high;
    }
    CHECK(covered >= 920 && covered <= 965);
}

typedef struct ranked {
    nn_real score[6];
    int label[6];
} ranked;

static double auc_of(void *user, const int *index, int n)
{
    const ranked *all = (const ranked *)user;
    ranked some;
    nn_roc_point point[7];
    for (int i = 0; i < n; i++) some.score[i] = all->score[index[i]];
    for (int i = 0; i < n; i++) some.label[i] = all->label[index[i]];
    nn_clear(nn); /* a metric may run a model */
    nn_full(nn, nn_shape1(1000), 7);
    return nn_auc(point, nn_roc_curve(some.score, some.label, n, point));
}

static void bootstrap_leaves_out_nan(void) /* samples of one class only have no AUC */
{
    ranked all = {{1, 2, 3, 4, 5, 6}, {0, 0, 0, 1, 0, 1}};
    const nn_interval r = nn_bootstrap_interval(nn, auc_of, &all, 6, 1000, 0.9);
    CHECK_NEAR(r.value, 7.0 / 8, close_by);
    CHECK(r.resamples > 850 && r.resamples < 950); /* (2/3)^6 + (1/3)^6 of 1,000 are left out */
    CHECK(r.low < r.value && r.value < r.high && r.high == 1);
}

typedef struct network {
    nn_linear fc;
    int calls, largest, training, grad_enabled, wrong;
} network;

static nn_tensor *forward(void *user, nn_tensor *x)
{
    network *net = (network *)user;
    net->calls++;
    if (x->shape.dim[0] > net->largest) net->largest = x->shape.dim[0];
    net->training |= nn->training;
    net->grad_enabled |= nn->grad_enabled;
    if (net->wrong == 1) return NULL;
    if (net->wrong == 2) return x;
    return nn_dropout(nn_linear_forward(&net->fc, x), (nn_real)0.5);
}

static void evaluation_16_16(void)
{
    static const char csv[] = "1,2,0\n3,4,1\n5,6,0\n7,8,1\n9,10,0\n";
    const nn_csv_options plain = {0, 0, 0, 0};
    nn_table table = nn_csv_parse(nn, csv, strlen(csv), plain);
    const nn_dataset data = nn_dataset_classes(&table, -1);
    nn_model *model = nn_model_new(nn);
    network net = {nn_linear_new(model, "fc", 2, 3), 0, 0, 0, 0, 0};
    nn_real out[15], other[15];
    const nn_tensor *z = nn_linear_forward(&net.fc, nn_dataset_x(&data));
    memcpy(other, z->data, sizeof other);
    for (int batch = 1; batch <= 7; batch++) {
        net.calls = net.largest = 0;
        memset(out, 0, sizeof out);
        CHECK(nn_evaluate(&data, forward, &net, batch, 3, out));
        CHECK(!memcmp(out, other, sizeof out));
        CHECK_INT(net.calls, (5 + batch - 1) / batch);
        CHECK_INT(net.largest, batch < 5 ? batch : 5);
    }
    CHECK(!net.training && !net.grad_enabled && nn->training && nn->grad_enabled);
    nn_set_grad_enabled(nn, 0);
    nn_set_training(nn, 0);
    CHECK(nn_evaluate(&data, forward, &net, 2, 3, out));
    CHECK(!nn->training && !nn->grad_enabled);
    nn_set_grad_enabled(nn, 1);
    /* pictures are bytes: as their batches, divided by 255 */
    static const unsigned char idx[12 + 6] = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2,
                                              0, 255, 51, 102, 204, 153};
    static const unsigned char of[8 + 3] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 0};
    const nn_idx pictures = nn_idx_parse(nn, idx, sizeof idx);
    const nn_idx labels = nn_idx_parse(nn, of, sizeof of);
    const nn_dataset bytes = nn_dataset_idx(&pictures, &labels);
    net.wrong = 2; /* the pictures themselves */
    CHECK(nn_evaluate(&bytes, forward, &net, 2, 2, out));
    for (int i = 0; i < 6; i++) CHECK_NEAR(out[i], idx[12 + i] / 255.0, 1e-6);
}

/* ---- mistakes of calls that have no context ---- */

static void mistakes(void)
{
    const int label[2] = {0, 1}, far[2] = {0, 3}, none[2] = {-1, -1}, id[2] = {1, 2};
    const nn_real score[2] = {(nn_real)0.5, 2}, nan[2] = {0, (nn_real)NAN};
    const nn_tokens two = {id, 2}, missing = {NULL, 2}, negative = {id, -1};
    int matrix[4] = {0};
    nn_roc_point point[3];
    nn_calibration_bin bin[1];
    nn_bleu b = {{0}, {0}, 0, 0};
    CHECK_MISTAKE(nn_accuracy(label, NULL, 2), "nn_accuracy: argument 2 is NULL");
    CHECK_MISTAKE(nn_accuracy(label, label, 0), "nn_accuracy: 0 samples, 2147483647 classes");
    CHECK_MISTAKE(nn_accuracy(label, none, 2), "nn_accuracy: all of 2 labels are -1");
    CHECK_MISTAKE(nn_confusion_matrix(label, far, 2, 3, matrix),
                  "nn_confusion_matrix: label[1] is 3, not -1 to 2");
    CHECK_MISTAKE(nn_confusion_matrix(far, label, 2, 2, matrix),
                  "nn_confusion_matrix: predicted[1] is 3, not 0 to 1");
    CHECK_MISTAKE(nn_confusion_matrix(label, label, 2, 2, NULL),
                  "nn_confusion_matrix: argument 5 is NULL");
    CHECK_MISTAKE(nn_confusion_print(matrix, 0, NULL), "nn_confusion_print: 0 classes");
    CHECK_MISTAKE(nn_precision_recall_f1(matrix, 2, 2),
                  "nn_precision_recall_f1: which is 2; there are 2 classes");
    CHECK_MISTAKE(nn_precision_recall_f1(matrix, 2, -4),
                  "nn_precision_recall_f1: which is -4; there are 2 classes");
    CHECK_MISTAKE(nn_roc_curve(nan, label, 2, point), "nn_roc_curve: score[1] is NaN");
    CHECK_MISTAKE(nn_roc_curve(score, far, 2, point), "nn_roc_curve: label[1] is 3, not -1 to 1");
    CHECK_MISTAKE(nn_roc_curve(score, label, 2, NULL), "nn_roc_curve: argument 4 is NULL");
    nn_roc_curve(score, label, 2, point);
    CHECK_MISTAKE(nn_auc(point, 0), "nn_auc: 0 points");
    CHECK_MISTAKE(nn_average_precision(point, 3, -1, NN_AP_STEPS),
                  "nn_average_precision: how is 0, positives -1, of which the curve has 1");
    CHECK_MISTAKE(nn_average_precision(point, 3, 0, 4),
                  "nn_average_precision: how is 4, positives 0, of which the curve has 1");
    CHECK_MISTAKE(nn_calibration_error(score, label, 2, 1, bin),
                  "nn_calibration_error: confidence[1] is 2, not 0 to 1");
    CHECK_MISTAKE(nn_calibration_error(score, label, 1, 0, bin), "nn_calibration_error: 0 bins");
    CHECK_MISTAKE(nn_calibration_error(score, label, 1, 1, NULL),
                  "nn_calibration_error: argument 5 is NULL");
    CHECK_MISTAKE(nn_regression_scores(score, NULL, 1), "nn_regression_scores: argument 2 is NULL");
    CHECK_MISTAKE(nn_regression_scores(score, score, 0), "nn_regression_scores: 0 samples");
    CHECK_MISTAKE(nn_perplexity(score, 0), "nn_perplexity: 0 losses");
    CHECK_MISTAKE(nn_bleu_add(&b, missing, &two, 1),
                  "nn_bleu_add: the candidate has 2 tokens, which are NULL");
    CHECK_MISTAKE(nn_bleu_add(&b, two, &negative, 1), "nn_bleu_add: a reference has -1 tokens");
    CHECK_MISTAKE(nn_bleu_add(&b, two, &two, 0), "nn_bleu_add: 0 references");
    CHECK_MISTAKE(nn_bleu_score(&b, 5, NN_BLEU_PLAIN),
                  "nn_bleu_score: order 5, not 1 to 4, smoothing 0");
    CHECK_MISTAKE(nn_rouge_n(two, &two, 1, 0), "nn_rouge_n: order is 0, below 1");
    CHECK_MISTAKE(nn_iou(box(1, 0, 0, 1), box(0, 0, 1, 1)),
                  "nn_iou: a box with x 1 to 0, y 0 to 1");
    CHECK_MISTAKE(nn_iou(box(0, 0, 1, 1), box(0, 0, HUGE_VAL, 1)),
                  "nn_iou: a box with x 0 to inf, y 0 to 1");
}

int main(void)
{
    RUN_ALONE(classes_as_scikit_learn_16_1_16_3_16_5_16_6);
    RUN_ALONE(by_hand_16_3_16_5);
    RUN_ALONE(imbalance_16_2);
    RUN_ALONE(labels_that_do_not_count);
    RUN_ALONE(printed_16_6);
    RUN_ALONE(curves_as_scikit_learn_16_4_16_7);
    RUN_ALONE(against_all_pairs_16_7);
    RUN_ALONE(prevalence_16_7);
    RUN_ALONE(average_precision_by_hand_16_15);
    RUN_ALONE(calibration);
    RUN_ALONE(numbers_as_scikit_learn_16_9_16_10);
    RUN_ALONE(bleu_of_the_paper_16_11);
    RUN_ALONE(bleu_of_a_corpus_16_11);
    RUN_ALONE(rouge_16_12);
    RUN_ALONE(longest_common_subsequence_16_12);
    RUN_ALONE(perplexity_16_13);
    RUN_ALONE(iou_16_14);
    RUN_ALONE(suppression_by_hand_16_15);
    RUN_ALONE(suppression_is_greedy_16_15);
    RUN_ALONE(detection_by_hand_16_15);
    RUN_ALONE(matching_one_to_one_16_15);
    RUN_ALONE(bootstrap_by_definition);
    RUN_ALONE(bootstrap_covers);
    RUN_ALONE(bootstrap_leaves_out_nan);
    RUN_ALONE(evaluation_16_16);
    RUN_ALONE(mistakes);
    return test_summary();
}
