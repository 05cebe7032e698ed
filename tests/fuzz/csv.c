/* Any bytes as CSV: the first one says with which options. What is accepted is whole and the same
 * when it is read again; what is rejected leaves nothing but its message. */
#include "fuzz.h"

static void check_table(const nn_table *t, nn_csv_options options)
{
    MUST(t->rows > 0 && t->cols > 0 && t->data);
    for (int c = 0; c < t->cols; c++) {
        MUST(t->name[c]);
        for (int i = 0; i < t->rows; i++) {
            const nn_real v = t->data[i * t->cols + c];
            if (v != v) MUST(options.missing == NN_MISSING_NAN);
            else MUST(v - v == 0); /* not infinite */
            if (t->categories[c] && v == v) MUST(v >= 0 && v < (nn_real)t->categories[c]);
        }
        for (int i = 0; i < t->categories[c]; i++)
            for (int j = 0; j < i; j++) MUST(strcmp(t->category[c][i], t->category[c][j]) != 0);
    }
    for (int i = 0; i < t->classes; i++) MUST(t->class_name[i]);
}

static void use_data(const nn_table *t, int column)
{
    nn_ctx *nn = t->ctx;
    nn_dataset all = nn_dataset_classes(t, column), train, test;
    if (!nn_ok(nn)) {
        fuzz_failed(nn, NN_ERROR_FORMAT, NN_ERROR_SHAPE);
        MUST(!all.n && !all.x && !all.label);
        all = nn_dataset_targets(t, column);
        if (!nn_ok(nn)) fuzz_failed(nn, NN_ERROR_FORMAT, NN_ERROR_SHAPE);
        else MUST(all.n == t->rows && all.size == t->cols - 1);
        return;
    }
    for (int i = 0; i < all.n; i++) MUST(all.label[i] >= 0 && all.label[i] < all.classes);
    nn_split_stratified(&all, 0.3, &train, &test);
    if (!nn_ok(nn)) {
        fuzz_failed(nn, NN_ERROR_ARGUMENT, NN_ERROR_ARGUMENT);
        return;
    }
    MUST(train.n && test.n && train.n + test.n == all.n);
    nn_scaler s = nn_scaler_fit(&train);
    nn_scaler_apply(&s, &test);
    nn_batches b = nn_batches_new(&test, 2, 1);
    MUST(nn_next_batch(&b) && nn_batch_x(&b)->shape.dim[1] == all.size && nn_ok(nn));
}

/* A table of one number: that which the C library reads, too. */
static void check_number(const nn_table *t, const char *text, size_t size)
{
    char digits[5000];
    if (t->rows != 1 || t->cols != 1 || t->categories[0] || size >= sizeof digits) return;
    memcpy(digits, text, size);
    digits[size] = 0;
    const char *const start = digits + strspn(digits, "\r\n \"");
    char *end;
    const nn_real expected = (nn_real)strtod(start, &end), got = t->data[0];
    if (end > start && got == got) MUST(got == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size) return 0;
    static const char delimiter[4] = {0, ';', '\t', ' '};
    const int o = bytes[0];
    const nn_csv_options options = {o & 3, delimiter[o >> 2 & 3],
                                    o & 16 ? NN_MISSING_NAN : NN_MISSING_ERROR, o >> 5 & 1};
    const char *text = (const char *)bytes + 1;
    nn_ctx *nn = fuzz_create();
    nn_table t = nn_csv_parse(nn, text, size - 1, options);
    MUST(fuzz_memory.most <= ((size_t)1 << 20) + 128 * size);
    if (!nn_ok(nn)) {
        MUST(!t.rows && !t.cols && !t.data && !t.name && !t.category && !t.class_name);
        fuzz_failed(nn, NN_ERROR_FORMAT, NN_ERROR_UNSUPPORTED);
    } else {
        check_table(&t, options);
        nn_table again = nn_csv_parse(nn, text, size - 1, options);
        MUST(nn_ok(nn) && again.rows == t.rows && again.cols == t.cols);
        MUST(!memcmp(t.data, again.data, (size_t)t.rows * (size_t)t.cols * sizeof *t.data));
        if (!options.header) check_number(&t, text, size - 1);
        use_data(&t, (o >> 6 & 3) - 1);
    }
    fuzz_destroy(nn);
    return 0;
}
