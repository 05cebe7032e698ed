#!/usr/bin/env python3
"""Writes metrics.h, the numbers that tests/test_ch16.c compares nn.h with: scikit-learn's, on cases
with ties, empty classes, a single class, a single sample.

Run it with a Python that has scikit-learn (made with 1.2):  python3 tests/golden/metrics.py
"""
import os
import warnings

import numpy as np
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")  # about 0/0, which is what some cases are for
random = np.random.default_rng(16)
out = ["/* written by metrics.py: see there */"]


def braces(values, form="%.17g"):
    return "{" + ", ".join("HUGE_VAL" if np.isinf(v) else form % v for v in values) + "}"


def table(head, rows):
    out.append(f"static const {head} = {{")
    out.extend(f"    {row}," for row in rows)
    out.append("};")


def classification(classes, label, predicted):
    """n, classes, labels, predictions; accuracy; for macro, micro, weighted and each class:
    precision, recall, F1, Jaccard; specificity of macro, micro, weighted"""
    rows = []
    for average in ("macro", "micro", "weighted"):
        p, r, f, _ = m.precision_recall_fscore_support(label, predicted, average=average, zero_division=0)
        rows.append([p, r, f, m.jaccard_score(label, predicted, average=average, zero_division=0)])
    each = dict(labels=range(classes), average=None, zero_division=0)
    p, r, f, support = m.precision_recall_fscore_support(label, predicted, **each)
    rows += list(zip(p, r, f, m.jaccard_score(label, predicted, **each)))
    rows += [[0] * 4] * (4 - classes)
    there = m.multilabel_confusion_matrix(label, predicted).astype(float)  # those that occur
    tn, fp = there[:, 0, 0], there[:, 0, 1]
    of_each = np.divide(tn, tn + fp, out=np.zeros_like(tn), where=tn + fp > 0)
    occur = np.unique(np.concatenate([label, predicted]))
    specificity = [of_each.mean(), tn.sum() / max((tn + fp).sum(), 1), np.average(of_each, weights=support[occur])]
    matrix = m.confusion_matrix(label, predicted, labels=range(classes))
    return (f"{{{len(label)}, {classes}, {braces(label, '%d')}, {braces(predicted, '%d')}, "
            f"{braces(matrix.flatten(), '%d')},\n     {m.accuracy_score(label, predicted):.17g}, {{"
            + ",\n      ".join(braces(row) for row in rows) + "}, " + braces(specificity) + "}")


def random_classes(n, classes, right):
    label = random.integers(0, classes, n)
    return classes, label, np.where(random.random(n) < right, label, random.integers(0, classes, n))


cases = [
    random_classes(24, 4, 0.5), random_classes(24, 3, 0.7), random_classes(20, 2, 0.6),
    (4, np.array([0, 0, 1, 1, 0, 1, 0]), np.array([0, 1, 1, 1, 0, 0, 2])),  # 3 nowhere, 2 never true
    (4, np.array([0, 3, 3, 0]), np.array([0, 0, 0, 0])),                    # 3 never said
    (2, np.array([0] * 19 + [1]), np.array([0] * 20)),                      # the majority
    (2, np.array([1, 1, 1]), np.array([1, 1, 1])), (2, np.array([0, 0]), np.array([0, 0])),
    (2, np.array([1, 1, 1]), np.array([0, 0, 0])), (3, np.array([2]), np.array([2])),
    (3, np.array([2]), np.array([0])),
]
out.append("typedef struct gold_class { int n, classes, label[24], predicted[24], matrix[16]; double accuracy, "
           "score[7][4], specificity[3]; } gold_class;")
table("gold_class gold_classes[]", [classification(*c) for c in cases])


def ranking(label, score):
    """n, labels, scores; the points of the ROC curve; AUC, AP"""
    fpr, tpr, threshold = m.roc_curve(label, score, drop_intermediate=False)
    threshold[0] = np.inf
    precision, recall, _ = m.precision_recall_curve(label, score)
    n = len(threshold)  # of the precision-recall curve from the end: the same thresholds
    one = len(set(label)) == 1
    auc = -1 if one else m.roc_auc_score(label, score)
    nan = np.nan_to_num
    return (f"{{{len(label)}, {braces(label, '%d')}, {braces(score, '%.9g')}, {n},\n     {braces(threshold, '%.9g')},\n"
            f"     {braces(nan(fpr))},\n     {braces(nan(tpr))},\n     {braces(precision[::-1][:n])},\n"
            f"     {auc:.17g}, {m.average_precision_score(label, score):.17g}}}")


rankings = []
for n, steps in ((30, 1000), (30, 8), (30, 3)):  # fewer steps, more ties
    label = random.integers(0, 2, n)
    rankings.append((label, np.floor((0.5 * label + random.random(n)) * steps) / steps))
rankings += [
    (np.array([0, 1, 0, 1, 1]), np.full(5, 0.5)), (np.array([1, 1, 0, 0]), np.array([4, 3, 2, 1.0])),
    (np.array([0, 0, 1, 1]), np.array([4, 3, 2, 1.0])), (np.array([1]), np.array([0.25])),
    (np.array([0]), np.array([0.25])), (np.array([1, 1, 1]), np.array([3, 1, 2.0])),
    (np.array([0, 0, 0]), np.array([3, 1, 1.0])), (np.array([0, 1]), np.array([-1.5, -1.5])),
]
rankings = [(label, score.astype(np.float32)) for label, score in rankings]
out.append("typedef struct gold_ranking { int n, label[30]; double score[30]; int points; double threshold[31], "
           "fpr[31], recall[31], precision[31], auc, ap; } gold_ranking;")
table("gold_ranking gold_rankings[]", [ranking(*r) for r in rankings])


def regression(target, y):
    mse = m.mean_squared_error(target, y)
    r2 = m.r2_score(target, y) if len(y) > 1 else float(target[0] == y[0])
    return (f"{{{len(y)}, {braces(target)}, {braces(y)}, {mse:.17g}, {mse ** 0.5:.17g}, "
            f"{m.mean_absolute_error(target, y):.17g}, {r2:.17g}}}")


regressions = []
for _ in range(3):
    target = random.normal(100, 5, 12)
    regressions.append((target, target + random.normal(0, 4, 12)))
regressions += [
    (np.array([1, 2, 3.0]), np.array([2, 2, 2.0])), (np.array([1, 2, 3.0]), np.array([3, 2, 1.0])),
    (np.array([5, 5, 5.0]), np.array([5, 5, 5.0])), (np.array([5, 5, 5.0]), np.array([5, 5, 6.0])),
    (np.array([0.1] * 7), np.array([0.1] * 6 + [0.3])), (np.array([3.0]), np.array([4.0])),
]
regressions = [(t.astype(np.float32).astype(float), y.astype(np.float32).astype(float)) for t, y in regressions]
out.append("typedef struct gold_regression { int n; double target[12], y[12], mse, rmse, mae, r2; } gold_regression;")
table("gold_regression gold_regressions[]", [regression(*r) for r in regressions])

# Calibration: scikit-learn leaves out empty bins.
p = np.concatenate([np.floor(random.random(36) * 64) / 64, [0, 1, 0.25, 0.5]]).astype(np.float32)
label = (random.random(40) < p).astype(int)
true, mean = calibration_curve(label, p.astype(float), n_bins=8)
out.append(f"static const double gold_confidence[40] = {braces(p, '%.9g')};")
out.append(f"static const int gold_correct[40] = {braces(label, '%d')};")
out.append(f"enum {{ GOLD_BINS = 8, GOLD_FULL = {len(true)} }};")
out.append(f"static const double gold_accuracies[GOLD_FULL] = {braces(true)};")
out.append(f"static const double gold_confidences[GOLD_FULL] = {braces(mean)};")

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.h"), "w") as f:
    f.write("\n".join(out) + "\n")
