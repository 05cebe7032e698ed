/* One model, many decisions: logistic regression says from two measurements of cells how likely a
 * tumour is malignant. From which probability on should it be said? And how good is the model,
 * whatever the answer: the areas under its curves, with what chance may have done to them.
 *
 *     16_thresholds [SEED]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { MAX_TEST = 600, RESAMPLES = 500, WIDE = 41, HIGH = 15 };

/* [model] */
static nn_tensor *logit(void *user, nn_tensor *x) /* [N, 30] -> [N, 1]: smoothness, compactness */
{
    return nn_linear_forward((const nn_linear *)user, nn_slice(x, 1, 4, 6));
}
/* [/model] */

static void learn(nn_ctx *nn, nn_linear *unit, const nn_dataset *train)
{
    nn_model *model = nn_model_new(nn);
    *unit = nn_linear_new(model, "unit", 2, 1);
    nn_optimizer *opt = nn_momentum(model, 0.1f, 0.9f);
    for (int step = 0; step < 200 && nn_ok(nn); step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        nn_tensor *t = nn_full(nn, nn_shape2(train->n, 1), 0);
        for (int i = 0; i < train->n; i++) t->data[i] = train->label[i] == 0; /* 0: malignant */
        nn_backward(nn_bce_with_logits(logit(unit, nn_dataset_x(train)), t));
        nn_step(opt);
    }
}

/* [interval] */
typedef struct sample {
    const nn_real *score;
    const int *label;
    int precision; /* 1: average precision; 0: area under the ROC curve */
} sample;

static double area(void *user, const int *index, int n) /* of the samples with these numbers */
{
    const sample *all = (const sample *)user;
    static nn_real score[MAX_TEST];
    static int label[MAX_TEST];
    static nn_roc_point point[MAX_TEST + 1];
    for (int i = 0; i < n; i++) score[i] = all->score[index[i]], label[i] = all->label[index[i]];
    const int points = nn_roc_curve(score, label, n, point);
    return all->precision ? nn_average_precision(point, points, 0, NN_AP_STEPS)
                          : nn_auc(point, points);
}
/* [/interval] */

/* Where the curve goes through a picture of WIDE x HIGH characters; x and y in 0..1. */
static void draw(char picture[HIGH][WIDE + 1], double x, double y, char sign)
{
    picture[(int)((1 - y) * (HIGH - 1) + 0.5)][(int)(x * (WIDE - 1) + 0.5)] = sign;
}

int main(int argc, char **argv)
{
    static nn_real z[MAX_TEST];
    static int label[MAX_TEST], said[MAX_TEST];
    static nn_roc_point point[MAX_TEST + 1];
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 16);
    const nn_csv_options with_header = {1, ',', NN_MISSING_ERROR, 0};
    nn_table table = nn_csv_load(nn, "examples/data/breast_cancer.csv", with_header);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    nn_split_stratified(&all, 0.5, &train, &test);
    const nn_scaler scaler = nn_scaler_fit(&train);
    nn_scaler_apply(&scaler, &train);
    nn_scaler_apply(&scaler, &test);
    nn_linear unit;
    if (!nn_ok(nn)) return 1;
    learn(nn, &unit, &train);
    if (!nn_evaluate(&test, logit, &unit, 100, 1, z)) return 1;
    const nn_real *p = nn_sigmoid(nn_input(nn, z, nn_shape1(test.n)))->data;
    for (int i = 0; i < test.n; i++) label[i] = test.label[i] == 0;

    printf("== thresholds\n%21s  found  missed  false alarms  precision  recall     F1\n",
           "malignant from p >=");
    for (int percent = 10; percent <= 90; percent += 10) {
        int matrix[4];
        for (int i = 0; i < test.n; i++) said[i] = (double)p[i] >= percent / 100.0;
        nn_confusion_matrix(said, label, test.n, 2, matrix);
        const nn_class_scores s = nn_precision_recall_f1(matrix, 2, 1);
        printf("%21.1f  %5.0f  %6.0f  %12.0f  %9.3f  %6.3f  %5.3f\n", percent / 100.0, s.tp, s.fn,
               s.fp, s.precision, s.recall, s.f1);
    }

    /* [curve] */
    const int points = nn_roc_curve(p, label, test.n, point);
    const double auc = nn_auc(point, points);
    const double ap = nn_average_precision(point, points, 0, NN_AP_STEPS);
    /* [/curve] */
    char picture[HIGH][WIDE + 1];
    for (int y = 0; y < HIGH; y++) snprintf(picture[y], WIDE + 1, "%*s", WIDE, "");
    for (int x = 0; x < WIDE; x++) draw(picture, x / (WIDE - 1.0), x / (WIDE - 1.0), '.');
    for (int i = 0; i < points; i++) draw(picture, point[i].fpr, point[i].recall, '#');
    printf("\n== ROC curve: recall upwards, false alarms (part of the healthy) to the right\n");
    for (int y = 0; y < HIGH; y++)
        printf("%s|%s|\n", y == 0 ? "1 " : y == HIGH - 1 ? "0 " : "  ", picture[y]);

    sample samples[2] = {{p, label, 0}, {p, label, 1}};
    nn_interval interval[2];
    for (int k = 0; k < 2; k++)
        interval[k] = nn_bootstrap_interval(nn, area, &samples[k], test.n, RESAMPLES, 0.95);
    printf("\n== of %d tumours, a third malignant\n%31s  95 %% interval\n", test.n, "value");
    for (int k = 0; k < 2; k++)
        printf("%-24s  %.3f  %.3f to %.3f\n", k ? "average precision" : "area under the ROC curve",
               interval[k].value, interval[k].low, interval[k].high);
    printf("guessing                  0.5 and %.3f\n", (double)point[points - 1].tp / test.n);

    printf("\nexpected: AUC above 0.8, surely more than guessing; the ROC curve looks better than\n"
           "          the other one\n");
    printf("got:      %.3f, at least %.3f; average precision %.3f\n", auc, interval[0].low, ap);
    const int ok = nn_ok(nn) && auc > 0.8 && interval[0].low > 0.7 && ap < auc;
    nn_destroy(nn);
    return !ok;
}
