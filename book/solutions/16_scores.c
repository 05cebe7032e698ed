/* Exercise 16.3: scores that hold (code, 30 minutes).
 *
 * scores: of two classes, 1 being positive. predicted and label are [n], 0 or 1. Set precision,
 * recall and F1 from the counts; whatever would be 0/0 is 0.
 *
 * auc: the part of all pairs, one positive and one negative, in which the positive has the higher
 * score; equal scores count half. NAN if there is no pair. Two loops will do.
 *
 * macro_f1: the mean of the F1 of each class, in which a class that is neither label nor prediction
 * does not count. Use scores: make predicted and label of one class against all others.
 */
#include "../exercises/check.h"

typedef struct three {
    double precision, recall, f1;
} three;

static three scores(const int *predicted, const int *label, int n)
{
    three s = {-1, -1, -1};
    /* Your code, instead of the lines down to END: */
    double tp = 0, fp = 0, fn = 0;
    for (int i = 0; i < n; i++) {
        tp += predicted[i] && label[i];
        fp += predicted[i] && !label[i];
        fn += !predicted[i] && label[i];
    }
    s.precision = tp > 0 ? tp / (tp + fp) : 0;
    s.recall = tp > 0 ? tp / (tp + fn) : 0;
    s.f1 = tp > 0 ? 2 * tp / (2 * tp + fp + fn) : 0;
    /* END */
    return s;
}

static double auc(const nn_real *score, const int *label, int n)
{
    /* Your code, instead of the lines down to END: */
    double wins = 0, pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (!label[i] || label[j]) continue;
            wins += score[i] > score[j] ? 1 : score[i] < score[j] ? 0 : 0.5;
            pairs++;
        }
    return pairs > 0 ? wins / pairs : (double)NAN;
    /* END */
}

enum { MAX = 64 };

static double macro_f1(const int *predicted, const int *label, int n, int classes)
{
    double sum = 0;
    int present = 0;
    for (int c = 0; c < classes; c++) {
        int one[MAX], other[MAX];
        /* Your code, instead of the lines down to END: */
        int occurs = 0;
        for (int i = 0; i < n; i++) {
            one[i] = predicted[i] == c;
            other[i] = label[i] == c;
            occurs += one[i] + other[i];
        }
        if (!occurs) continue;
        sum += scores(one, other, n).f1;
        present++;
        /* END */
    }
    return present ? sum / present : 0;
}

int main(void)
{
    nn_ctx *nn = nn_create(16);
    const int label[8] = {1, 1, 1, 1, 0, 0, 0, 0}, said[8] = {1, 1, 1, 0, 1, 1, 0, 0};
    const int none[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    three s = scores(said, label, 8); /* TP 3, FP 2, FN 1 */
    expect_near("precision", s.precision, 3.0 / 5, 1e-9);
    expect_near("recall", s.recall, 3.0 / 4, 1e-9);
    expect_near("F1", s.f1, 6.0 / 9, 1e-9);
    s = scores(none, label, 8);
    expect_near("never positive: precision", s.precision, 0, 1e-9);
    expect_near("never positive: F1", s.f1, 0, 1e-9);
    s = scores(none, none, 8);
    expect_near("no positives: recall", s.recall, 0, 1e-9);
    expect_near("no positives: F1", s.f1, 0, 1e-9);

    const nn_real score[6] = {0.9f, 0.7f, 0.4f, 0.8f, 0.7f, 0.2f};
    const int truth[6] = {1, 1, 1, 0, 0, 0};
    expect_near("AUC by hand", auc(score, truth, 6), 5.5 / 9, 1e-9);
    expect_near("no negatives: NaN", isnan(auc(score, truth, 3)) != 0, 1, 0);
    nn_real many[MAX];
    int labels[MAX], classes[MAX], guess[MAX];
    for (int i = 0; i < MAX; i++) {
        many[i] = (nn_real)nn_randint(nn, 0, 10); /* many are equal */
        labels[i] = nn_randint(nn, 0, 10) < 3;
        classes[i] = nn_randint(nn, 0, 4);
        guess[i] = nn_randint(nn, 0, 2) ? classes[i] : nn_randint(nn, 0, 4);
    }
    nn_roc_point point[MAX + 1];
    const int points = nn_roc_curve(many, labels, MAX, point);
    expect_near("AUC of 64 samples", auc(many, labels, MAX), nn_auc(point, points), 1e-9);

    int matrix[25]; /* the fifth class never occurs */
    nn_confusion_matrix(guess, classes, MAX, 5, matrix);
    expect_near("macro F1", macro_f1(guess, classes, MAX, 5),
                nn_precision_recall_f1(matrix, 5, NN_MACRO).f1, 1e-9);
    nn_destroy(nn);
    return check_done();
}
