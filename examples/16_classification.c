/* What accuracy does not tell. A set of 95 to 5, on which it is best to say always the same; and a
 * network that reads digits, whose confusion matrix shows which it takes for which.
 *
 *     16_classification [SEED]
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { CLASSES = 10, PIXELS = 64, MAX_TEST = 600 };

/* [imbalance] */
/* 5 of 100 are ill, the first ones. `found` of them are said to be, and `alarms` of the others. */
static nn_class_scores test_for_illness(int found, int alarms, double *accuracy)
{
    int ill[100] = {0}, said[100] = {0}, matrix[2][2];
    for (int i = 0; i < 5; i++) ill[i] = 1;
    for (int i = 0; i < found; i++) said[i] = 1;
    for (int i = 0; i < alarms; i++) said[5 + i] = 1;
    nn_confusion_matrix(said, ill, 100, 2, matrix[0]);
    *accuracy = nn_accuracy(said, ill, 100);
    return nn_precision_recall_f1(matrix[0], 2, 1); /* of class 1 */
}
/* [/imbalance] */

/* [model] */
typedef struct network {
    nn_linear fc1, fc2;
} network;

static nn_tensor *classify(void *user, nn_tensor *x) /* [N, PIXELS] -> [N, CLASSES] */
{
    const network *net = (const network *)user;
    return nn_linear_forward(&net->fc2, nn_relu(nn_linear_forward(&net->fc1, x)));
}
/* [/model] */

static network learn(nn_ctx *nn, const nn_dataset *train)
{
    nn_model *model = nn_model_new(nn);
    network net;
    net.fc1 = nn_linear_new(model, "fc1", PIXELS, 16);
    net.fc2 = nn_linear_new(model, "fc2", 16, CLASSES);
    nn_optimizer *opt = nn_adam(model, 0.01f);
    nn_batches b = nn_batches_new(train, 32, 1);
    while (b.epoch < 10 && nn_ok(nn))
        while (nn_next_batch(&b)) {
            nn_clear(nn);
            nn_zero_grad(model);
            nn_backward(nn_cross_entropy(classify(&net, nn_batch_x(&b)), b.label));
            nn_step(opt);
        }
    return net;
}

static void print_scores(const char *name, nn_class_scores s)
{
    printf("%-10s  %9.3f  %6.3f  %11.3f  %5.3f\n", name, s.precision, s.recall, s.specificity,
           s.f1);
}

int main(int argc, char **argv)
{
    printf("== 5 of 100 are ill\n%37s  %9s  %6s    F1\n", "accuracy", "precision", "recall");
    static const struct {
        const char *name;
        int found, alarms;
    } tests[3] = {{"always: healthy", 0, 0}, {"finds 4, alarms 6", 4, 6}, {"always: ill", 5, 95}};
    double accuracy[3];
    nn_class_scores s[3];
    for (int i = 0; i < 3; i++) {
        s[i] = test_for_illness(tests[i].found, tests[i].alarms, &accuracy[i]);
        printf("%-27s %9.2f  %9.2f  %6.2f  %.2f\n", tests[i].name, accuracy[i], s[i].precision,
               s[i].recall, s[i].f1);
    }

    static nn_real z[MAX_TEST * CLASSES];
    static int seen[MAX_TEST], matrix[CLASSES * CLASSES];
    nn_ctx *nn = nn_create(argc > 1 ? strtoul(argv[1], NULL, 10) : 16);
    const nn_csv_options plain = {0};
    nn_table table = nn_csv_load(nn, "examples/data/digits.csv", plain);
    nn_dataset all = nn_dataset_classes(&table, -1), train, test;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)all.n * PIXELS; i++) all.x[i] /= 16; /* ink: 0 .. 1 */
    nn_split_stratified(&all, 0.3, &train, &test);
    if (!nn_ok(nn)) return 1;
    network net = learn(nn, &train);
    /* [evaluate] */
    if (!nn_evaluate(&test, classify, &net, 100, CLASSES, z)) return 1;
    nn_argmax(nn_input(nn, z, nn_shape2(test.n, CLASSES)), seen);
    nn_confusion_matrix(seen, test.label, test.n, CLASSES, matrix);
    /* [/evaluate] */
    printf("\n== %d digits that were not learned from\n", test.n);
    nn_confusion_print(matrix, CLASSES, NULL);
    printf("\n== by digit\n            precision  recall  specificity     F1\n");
    for (int c = 0; c < CLASSES; c++) {
        const char name[2] = {(char)('0' + c), 0};
        print_scores(name, nn_precision_recall_f1(matrix, CLASSES, c));
    }
    const nn_class_scores micro = nn_precision_recall_f1(matrix, CLASSES, NN_MICRO);
    print_scores("macro", nn_precision_recall_f1(matrix, CLASSES, NN_MACRO));
    print_scores("weighted", nn_precision_recall_f1(matrix, CLASSES, NN_WEIGHTED));
    print_scores("micro", micro);

    const double right = nn_accuracy(seen, test.label, test.n);
    printf("\nexpected: the best accuracy has F1 0, and the better test F1 %.2f;\n", 8.0 / 15);
    printf("          of digits at least 91 %% are right, which is the micro average\n");
    printf("got:      F1 %.2f and %.2f; %.1f %% right\n", s[0].f1, s[1].f1, 100 * right);
    nn_destroy(nn);
    return !(accuracy[0] > accuracy[1] && s[0].f1 == 0 && fabs(s[1].f1 - 8.0 / 15) < 1e-9 &&
             right >= 0.91 && fabs(micro.f1 - right) < 1e-9);
}
