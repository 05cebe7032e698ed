/* Reading files and handling data sets: CSV, IDX, classes and targets, split, scaler, batches.
 *
 *     cc -std=c99 -O1 tests/test_data.c -lm -o test_data && ./test_data
 *
 * Run from the root of the repository. The oracles are other programs' numbers (awk, od: the
 * commands stand beside them), libc's strtod, bytes written by hand, and plain loops.
 */
#define _DEFAULT_SOURCE /* mkfifo, fork, MAP_ANONYMOUS, symlink */
#ifdef __unix__
#include "capture.h"
#endif
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* In a German locale these take 1.5 for 1: nn.h must not link with any of them. */
#define strtod  nn_h_depends_on_the_locale
#define strtof  nn_h_depends_on_the_locale
#define strtold nn_h_depends_on_the_locale
#define atof    nn_h_depends_on_the_locale
#define sscanf  nn_h_depends_on_the_locale
#define fscanf  nn_h_depends_on_the_locale
#define NN_IMPLEMENTATION
#include "../nn.h"
#undef strtod
#undef strtof
#undef strtold
#undef atof
#undef sscanf
#undef fscanf
#include "test.h"
#ifdef __unix__
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#endif

#define DATA "examples/data/"
#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static nn_ctx *nn; /* for all cases; each leaves it without error */

static const nn_csv_options plain = {0, ',', NN_MISSING_ERROR, 0};
static const nn_csv_options header = {1, ',', NN_MISSING_ERROR, 0};
static const nn_csv_options gaps = {0, ',', NN_MISSING_NAN, 0};
static const nn_csv_options words = {0, ',', NN_MISSING_ERROR, 1};

/* The checks name the input they are about: in a table the line number alone does not. */
static void check_at(int good, const char *what, const char *problem)
{
    if (!test_check(good, __FILE__, __LINE__))
        printf("\"%s\": %s; %s\n", what, problem, nn_error(nn));
}

/* There must be an error with this code, whose message has both texts; it is cleared. */
static void rejected(const char *what, nn_code code, const char *says, const char *and_says)
{
    const char *message = nn_error(nn);
    const int said = strstr(message, says) && strstr(message, and_says);
    if (!test_check(said && nn_error_code(nn) == code, __FILE__, __LINE__))
        printf("\"%s\": got error %d \"%s\", expected error %d with \"%s\" and \"%s\"\n", what,
               (int)nn_error_code(nn), message, (int)code, says, and_says);
    nn_error_clear(nn);
}

/* A copy without the final zero and exactly as long as it is, so that the sanitizers and valgrind
 * see a read behind its end. */
static void *exact_copy(const void *bytes, size_t size)
{
    void *copy = malloc(size ? size : 1);
    if (!copy) exit(2);
    if (size) memcpy(copy, bytes, size);
    return copy;
}

static nn_table parse_bytes(const char *text, size_t size, nn_csv_options options)
{
    char *copy = (char *)exact_copy(text, size);
    nn_table t = nn_csv_parse(nn, copy, size, options);
    free(copy); /* a table keeps nothing of the text */
    return t;
}

static nn_table parse(const char *text, nn_csv_options options)
{
    return parse_bytes(text, strlen(text), options);
}

static int is_nan(double x) { return x != x; }

/* Chance for the tests that does not come from the library: Marsaglia's xorshift. */
static unsigned long long chance_state = 88172645463325252u;
static int chance(int n)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (int)(chance_state >> 33) % n;
}

/* ---- the CSV files of examples/data ---- */

typedef struct csv_file {
    const char *name;
    nn_csv_options options;
    int rows, cols, missing;
    double first, last; /* as the file shows them; a category counts from 0, as it appears */
    double sum;         /* of row * column * value, both from 1: an exchange shows; by awk */
    int classes;
    const char *names[3]; /* first, second and last, of the classes, or else of the columns */
} csv_file;

/* sum: awk -F, 'NR > 1 {n++; for (i = 1; i <= NF; i++) w += n * i * $i} END {printf "%.12g\n", w}'
 * (NR > 0 for digits.csv); for categories with $i replaced by
 * ($i ~ /^[0-9.]*$/ ? $i : (i, $i) in id ? id[i, $i] : id[i, $i] = k[i]++). */
static const csv_file csv_files[] = {
    {"digits.csv", {0, 0, 0, 0}, 1797, 65, 0, 0, 8, 16809934574., 0, {"", "", ""}},
    {"iris.csv", {1, 0, 0, 0}, 150, 5, 0, 5.1, 2, 448651.2, 3,
     {"setosa", "versicolor", "virginica"}},
    {"wine_data.csv", {1, 0, 0, 0}, 178, 14, 0, 14.23, 2, 142526677.594, 3,
     {"class_0", "class_1", "class_2"}},
    {"breast_cancer.csv", {1, 0, 0, 0}, 569, 31, 0, 17.99, 1, 4381990770.39, 2,
     {"malignant", "benign", "benign"}},
    {"diabetes.csv", {1, ',', 0, 0}, 442, 11, 0, 59, 57, 510245764.601, 0,
     {"age", "sex", "target"}},
    {"sunspots.csv", {1, 0, 0, 0}, 309, 2, 0, 1700, 2.9, 96507508, 0,
     {"YEAR", "SUNACTIVITY", "SUNACTIVITY"}},
    /* A date such as 19580329 has more digits than a float: it is the nearest even number. */
    {"co2.csv", {1, 0, NN_MISSING_NAN, 0}, 2284, 2, 59, (double)(nn_real)19580329, 371.5,
     51851261100626., 0, {"date", "co2", "co2"}},
    {"penguins.csv", {1, 0, NN_MISSING_NAN, 1}, 333, 7, 0, 0, 0, 1580115615.4, 0,
     {"species", "island", "sex"}},
    {"g2p_4000.tsv", {0, '\t', 0, 1}, 4000, 2, 0, 0, 3955, 63266373836., 0, {"", "", ""}},
};

static nn_table load(const char *name, nn_csv_options options)
{
    char path[128];
    snprintf(path, sizeof path, DATA "%s", name);
    nn_table t = nn_csv_load(nn, path, options);
    if (!nn_ok(nn)) printf("%s\nrun me from the root of the repository\n", nn_error(nn)), exit(2);
    return t;
}

static void csv_shapes_and_sums(void)
{
    for (int f = 0; f < COUNT(csv_files); f++) {
        const csv_file *e = &csv_files[f];
        nn_table t = load(e->name, e->options);
        int missing = 0;
        double sum = 0;
        check_at(t.rows == e->rows && t.cols == e->cols, e->name, "rows or columns");
        if (t.rows != e->rows || t.cols != e->cols) continue;
        for (int i = 0; i < t.rows; i++)
            for (int j = 0; j < t.cols; j++) {
                const double v = (double)t.data[i * t.cols + j];
                if (is_nan(v)) missing++;
                else sum += (i + 1.0) * (j + 1.0) * v;
            }
        CHECK_INT(missing, e->missing);
        CHECK_NEAR(sum, e->sum, 1e-7 * e->sum);
        CHECK_NEAR(t.data[0], (nn_real)e->first, 0);
        CHECK_NEAR(t.data[t.rows * t.cols - 1], (nn_real)e->last, 0);
        CHECK_INT(t.classes, e->classes);
        CHECK_STR(e->classes ? t.class_name[0] : t.name[0], e->names[0]);
        CHECK_STR(e->classes ? t.class_name[1] : t.name[1], e->names[1]);
        CHECK_STR(e->classes ? t.class_name[t.classes - 1] : t.name[t.cols - 1], e->names[2]);
        if (e->classes) CHECK_STR(t.name[0], ""); /* a line of class names names no columns */
    }
}

/* A reader as plain as can be, for files without quotes around their data, compares every cell. */
static void csv_every_cell(void)
{
    for (int f = 0; f < COUNT(csv_files); f++) {
        const csv_file *e = &csv_files[f];
        nn_table t = load(e->name, e->options);
        char path[128], line[4096];
        snprintf(path, sizeof path, DATA "%s", e->name);
        const char *ends = e->options.delimiter == '\t' ? "\t\n" : ",\n";
        FILE *file = fopen(path, "r");
        if (!test_check(file != NULL, __FILE__, __LINE__)) continue;
        for (int i = 0; i < e->options.header; i++) CHECK(fgets(line, sizeof line, file) != NULL);
        int wrong = 0, row = 0;
        for (; fgets(line, sizeof line, file) && row < t.rows; row++) {
            char *cell = line;
            for (int j = 0; j < t.cols; j++) {
                char *end = cell + strcspn(cell, ends), *rest;
                *end = 0;
                const double got = (double)t.data[row * t.cols + j], expected = strtod(cell, &rest);
                if (cell == end) wrong += !is_nan(got);
                else if (t.category[j]) wrong += strcmp(t.category[j][(int)got], cell) != 0;
                else wrong += rest != end || got != (double)(nn_real)expected;
                cell = end + 1;
            }
        }
        check_at(row == t.rows && feof(file), e->name, "number of lines");
        check_at(wrong == 0, e->name, "cells differ from strtod's");
        fclose(file);
    }
}

static void csv_categories_of_penguins(void)
{
    /* tail -n +2 penguins.csv | cut -d, -f1 | sort | uniq -c; and with -f2, -f7 */
    static const struct {
        int column, categories;
        const char *name[3];
        int count[3];
    } expected[] = {
        {0, 3, {"Adelie", "Chinstrap", "Gentoo"}, {146, 68, 119}},
        {1, 3, {"Torgersen", "Biscoe", "Dream"}, {47, 163, 123}},
        {6, 2, {"MALE", "FEMALE", ""}, {168, 165, 0}},
    };
    nn_table t = load("penguins.csv", (nn_csv_options){1, ',', NN_MISSING_NAN, 1});
    for (int e = 0; e < COUNT(expected); e++) {
        const int c = expected[e].column;
        CHECK_INT(t.categories[c], expected[e].categories);
        for (int k = 0; k < expected[e].categories && k < t.categories[c]; k++) {
            int n = 0;
            for (int i = 0; i < t.rows; i++) n += t.data[i * t.cols + c] == (nn_real)k;
            CHECK_STR(t.category[c][k], expected[e].name[k]);
            CHECK_INT(n, expected[e].count[k]);
        }
    }
    for (int c = 2; c < 6; c++) CHECK(!t.category[c] && !t.categories[c]);
}

/* Sentences are read as categories; the limit of a field is told. */
static void csv_reads_sentences_up_to_a_limit(void)
{
    nn_table t = nn_csv_load(nn, DATA "udhr_langid.tsv", (nn_csv_options){0, '\t', 0, 1});
    CHECK_INT(t.rows, 729); /* wc -l */
    CHECK_INT(t.cols, 2);
    CHECK_INT(t.rows ? t.categories[0] : 0, 10);
    static char field[5000];
    memset(field, 'x', sizeof field);
    nn_csv_parse(nn, field, 4095, words);
    CHECK(nn_ok(nn));
    nn_csv_parse(nn, field, 4096, words);
    rejected("4096 bytes", NN_ERROR_LIMIT, "line 1, column 1", "longer than 4095 bytes");
}

static void csv_load_is_parse_of_the_file(void)
{
    nn_csv_load(nn, DATA "no_such_file.csv", plain);
    rejected("missing file", NN_ERROR_IO, "nn_csv_load", DATA "no_such_file.csv");
    nn_csv_load(nn, DATA, plain);
    rejected("directory", NN_ERROR_IO, "nn_csv_load", DATA);
    nn_csv_load(nn, NULL, plain);
    rejected("no path", NN_ERROR_ARGUMENT, "nn_csv_load", "path");
    nn_csv_load(nn, DATA "penguins.csv", header);
    rejected("no categories", NN_ERROR_FORMAT, DATA "penguins.csv", "line 2, column 1");
    nn_csv_load(nn, DATA "co2.csv", header); /* its first gap: grep -n ',$' co2.csv */
    rejected("a gap", NN_ERROR_FORMAT, DATA "co2.csv", "line 8, column 2");
    nn_csv_load(nn, DATA "iris.csv", plain);
    rejected("header not announced", NN_ERROR_FORMAT, "line 1, column 3", "header");
    nn_csv_parse(nn, NULL, 0, plain);
    rejected("no text", NN_ERROR_ARGUMENT, "nn_csv_parse", "text");
}

/* ---- CSV: what is accepted ---- */

#define NONE HUGE_VAL /* stands in the tables for a missing value */

static void csv_forms(void)
{
    static const struct {
        const char *text;
        nn_csv_options options;
        int rows, cols;
        double value[6];
    } table[] = {
        {"1,2\n3,4\n", {0, 0, 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"1,2\n3,4", {0, ',', 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"1,2\r\n3,4\r\n", {0, 0, 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"1,2\r3,4\r", {0, 0, 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"1\n2\r\n3\r4", {0, 0, 0, 0}, 4, 1, {1, 2, 3, 4}},
        {"7", {0, 0, 0, 0}, 1, 1, {7}},
        {"\n\n1,2\n\n\r\n3,4\n\n", {0, 0, 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"\xef\xbb\xbf" "1,2\n", {0, 0, 0, 0}, 1, 2, {1, 2}},
        {"\xef\xbb\xbf" "a,b\r\n1,2\r\n", {1, 0, 0, 0}, 1, 2, {1, 2}},
        {"1;2\n3;4\n", {0, ';', 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"1\t2\n3\t4\n", {0, '\t', 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"1|2\n", {0, '|', 0, 0}, 1, 2, {1, 2}},
        {"  1 , 2  \n", {0, 0, 0, 0}, 1, 2, {1, 2}},
        {"\"1\",\"2\"\n \"3\" , \"4\" \n", {0, 0, 0, 0}, 2, 2, {1, 2, 3, 4}},
        {"\"1\"", {0, 0, 0, 0}, 1, 1, {1}},
        {"\"a,\nb\",c\n1,2\n", {1, 0, 0, 0}, 1, 2, {1, 2}},
        {"title\na,b\n1,2\n", {2, 0, 0, 0}, 1, 2, {1, 2}},
        {"1,,3\n", {0, 0, NN_MISSING_NAN, 0}, 1, 3, {1, NONE, 3}},
        {"1,\n,2\n", {0, 0, NN_MISSING_NAN, 0}, 2, 2, {1, NONE, NONE, 2}},
        {"1,", {0, 0, NN_MISSING_NAN, 0}, 1, 2, {1, NONE}},
        {",\n", {0, 0, NN_MISSING_NAN, 0}, 1, 2, {NONE, NONE}},
        {"NA,N/A,?,nan,NaN,null\n", {0, 0, NN_MISSING_NAN, 0}, 1, 6,
         {NONE, NONE, NONE, NONE, NONE, NONE}},
        {"1\t\t3\n", {0, '\t', NN_MISSING_NAN, 0}, 1, 3, {1, NONE, 3}},
        /* a category counts from 0 in the order of appearance, each column for itself */
        {"b,x\na,x\nb,y\n", {0, 0, 0, 1}, 3, 2, {0, 0, 1, 0, 0, 1}},
        {"b,1\n7,2\nb,3\n", {0, 0, 0, 1}, 3, 2, {0, 1, 1, 2, 0, 3}},
        {",1\nb,2\nNA,3\n", {0, 0, NN_MISSING_NAN, 1}, 3, 2, {NONE, 1, 0, 2, NONE, 3}},
        {"B\nb\n\"b\"\n b \n", {0, 0, 0, 1}, 4, 1, {0, 1, 1, 1}},
        {"\"1\",b\n\"2\",c\n", {0, 0, 0, 1}, 2, 2, {1, 0, 2, 1}},
        {"1 \"2\" 3\n4 5 \"6\"\n", {0, ' ', 0, 0}, 2, 3, {1, 2, 3, 4, 5, 6}},
        {"\"1\"  3\n", {0, ' ', NN_MISSING_NAN, 0}, 1, 3, {1, NONE, 3}},
    };
    for (int e = 0; e < COUNT(table); e++) {
        nn_table t = parse(table[e].text, table[e].options);
        int good = t.rows == table[e].rows && t.cols == table[e].cols && t.data;
        check_at(good, table[e].text, "rows or columns");
        for (int i = 0; good && i < t.rows * t.cols; i++) {
            const double got = (double)t.data[i], expected = table[e].value[i];
            check_at(expected == NONE ? is_nan(got) : got == expected, table[e].text, "value");
        }
        nn_error_clear(nn);
    }
}

static void csv_texts_in_quotes(void)
{
    nn_table t = parse("\"a,b\",1\n\"say \"\"hi\"\"\",1\n\"two\nlines\",1\n\" pad \",1\n"
                       "in\"side,1\n\"\"\"\",1\n\"r\r\n\",1", words);
    static const char *const expected[] = {"a,b", "say \"hi\"", "two\nlines", " pad ", "in\"side",
                                           "\"", "r\r\n"};
    CHECK_INT(t.rows, 7);
    CHECK_INT(t.categories ? t.categories[0] : 0, 7);
    for (int i = 0; t.rows == 7 && i < 7; i++) {
        CHECK_INT(t.data[2 * i], i);
        CHECK_STR(t.category[0][i], expected[i]);
    }
    t = parse("a;\"b;c\"\nd;\"e\tf\"\n", (nn_csv_options){0, ';', 0, 1});
    CHECK_STR(t.rows == 2 ? t.category[1][0] : "", "b;c");
    CHECK_STR(t.rows == 2 ? t.category[1][1] : "", "e\tf");
    CHECK(nn_ok(nn));
}

static void csv_names(void)
{
    nn_table t = parse(" height , \"width, cm\" ,\"\"\n1,2,3\n", header);
    CHECK_STR(t.cols == 3 ? t.name[0] : "no", "height");
    CHECK_STR(t.cols == 3 ? t.name[1] : "no", "width, cm");
    CHECK_STR(t.cols == 3 ? t.name[2] : "no", "");
    CHECK_INT(t.classes, 0);
    t = parse("not,the,names\na,b\n1,2\n", (nn_csv_options){2, 0, 0, 0}); /* the last of them */
    CHECK_STR(t.cols == 2 ? t.name[1] : "no", "b");
    t = parse("1,2\n", plain);
    CHECK_STR(t.cols == 2 ? t.name[1] : "no", "");
    t = parse("2,1,cat,dog\n0.5,0\n1.5,1\n", header);
    CHECK_INT(t.classes, 2);
    CHECK_STR(t.classes == 2 ? t.class_name[0] : "no", "cat");
    CHECK_STR(t.classes == 2 ? t.class_name[1] : "no", "dog");
    t = parse("3,1,cat,dog\n0.5,0\n1.5,1\n", header); /* there are not 3 rows */
    CHECK_INT(t.rows, 0);
    rejected("3 rows", NN_ERROR_FORMAT, "the header has 4 fields (\"3\", ..)", "2 rows of 2");
    t = parse("2,2,cat,dog\n0.5,0\n1.5,1\n", header); /* there are not 2 features */
    rejected("2 features", NN_ERROR_FORMAT, "the header has 4 fields", "2 rows of 2");
    t = parse("2,x,cat,dog\n0.5,0\n1.5,1\n", header); /* x is no number of features */
    rejected("x features", NN_ERROR_FORMAT, "the header has 4 fields", "2 rows of 2");
    t = parse("a,b,c\n1,2\n", header);
    rejected("three names", NN_ERROR_FORMAT, "the header has 3 fields (\"a\", ..)", "1 rows of 2");
    t = parse("2,x,cat\n0.5\n1.5\n", header); /* x is not the number 0 */
    rejected("no features", NN_ERROR_FORMAT, "the header has 3 fields (\"2\", ..)", "2 rows of 1");
}

/* ---- CSV: numbers ---- */

static void numbers_of_every_form(void)
{
    static const char *const table[] = {
        "0", "1", "+1", "-1", ".5", "-.5", "5.", "+5.", "1e5", "1E5", "1e+5", "1E-3", "5.e2",
        ".5e-2", "00012", "0.1", "1e05", "0e999999999", "0.12345678901234567", "12345678901234567",
        "16777217", "-9007199254740993", "3.1415926535897932384626433832795",
        "1.00000005960464477539", "18446744073709551615", "18446744073709551616",
        "123456789012345678901234567890", "3.4028234e38", "1.17549435e-38", "1e-40", "1.4e-45",
        "7e-46", "1e-46", "1e-400", "-1e-99999999999999999999",
        "1e-4294967297", /* 2^32 + 1: not -1 */
        "0.000000000000000000000000000000000000000000000000000000001e60",
        "100000000000000000000000000000000000000000000000000000000000e-57",
    };
    for (int e = 0; e < COUNT(table); e++) {
        nn_table t = parse(table[e], plain);
        const float expected = (float)strtod(table[e], NULL);
        const int one = t.rows == 1 && t.cols == 1;
        check_at(one && (float)t.data[0] == expected, table[e], "not strtod's");
        nn_error_clear(nn);
    }
    nn_table t = parse("0,-0,-0.0,-1e-400\n", plain);
    for (int i = 0; i < t.cols; i++) CHECK_INT(signbit((double)t.data[i]) != 0, i > 0);
}

/* 6000 numbers of up to 25 digits, with and without point and exponent: the float must be the one
 * that strtod gives. */
static void numbers_by_chance(void)
{
    enum { N = 6000, SIZE = 48 };
    static char text[N][SIZE], all[N * SIZE];
    char *end = all;
    for (int i = 0; i < N; i++) {
        char *p = text[i];
        const int digits = 1 + chance(25), point = chance(3) ? chance(digits + 1) : -1;
        if (chance(3) == 0) *p++ = chance(2) ? '-' : '+';
        for (int d = 0; d <= digits; d++) {
            if (d == point) *p++ = '.';
            if (d < digits) *p++ = (char)('0' + chance(10));
        }
        if (chance(2)) p += sprintf(p, "%c%d", chance(2) ? 'e' : 'E', chance(120) - 60);
        *p = 0;
        if (fabs(strtod(text[i], NULL)) > 3.4e38) strcpy(text[i], "0"); /* not a float */
        end += sprintf(end, "%s\n", text[i]);
    }
    nn_table t = parse(all, plain);
    CHECK_INT(t.rows, N);
    CHECK_INT(t.cols, 1);
    for (int i = 0; i < t.rows; i++)
        check_at((float)t.data[i] == (float)strtod(text[i], NULL), text[i], "not strtod's");
}

/* What printf writes with 9 (or 17) digits comes back as the same number, to the bit. */
static void numbers_round_trip(void)
{
    for (int i = 0; i < 2000; i++) {
        const unsigned bits = (unsigned)chance(1 << 24) << 8 ^ (unsigned)chance(1 << 16);
        float f;
        char text[64];
        memcpy(&f, &bits, sizeof f);
        if (f - f != 0) continue; /* NaN, infinity */
        snprintf(text, sizeof text, i % 2 ? "%.9g" : "%.17g", (double)f);
        nn_table t = parse(text, plain);
        const float got = t.rows == 1 ? (float)t.data[0] : 0;
        check_at(memcmp(&got, &f, sizeof f) == 0, text, "not the same float");
    }
}

/* ---- the double itself, before a float build rounds it ---- */

static void number_is_strtods(const char *text)
{
    double got = -1, expected = strtod(text, NULL);
    if (!nn__number(text, &got) || memcmp(&got, &expected, sizeof got) != 0) {
        test_check(0, __FILE__, __LINE__);
        printf("%.60s: %a, strtod says %a\n", text, got, expected);
    }
}

static void numbers_to_the_last_bit(void)
{
    static const char *const hard[] = {
        "0", "-0", "0.0e5", "5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324",
        "2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308",
        "1.7976931348623157e308", "1.7976931348623158e308", "9007199254740993", /* half way */
        "9007199254740993.000000000000000000000000000000000000001",
        "9007199254740992.9999999999999",
        "9007199254740995", "0.1", "0.3", "1e22", "1e23", "8.5e22", "123456789012345678e-22",
        "1e-22", "1e-23", "6.02214076e23",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124", "12345678901234567890.",
        "1.00000000000000011102230246251565404236316680908203126", "99999999999999999999e-20",
        "0.000000000000000000000000000000000000000000000000000001e54", "00000000000000000000001",
        "1e-999", "4.9e-324", "3e-324", "2e-324", "179769313486231570000000000000000000000e270"};
    for (int e = 0; e < COUNT(hard); e++) number_is_strtods(hard[e]);
    char text[1300];
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = (uint64_t)chance(1 << 30) << 34 ^ (uint64_t)chance(1 << 30) << 12 ^
                        (uint64_t)chance(1 << 12);
        if (i % 4 == 0) bits &= ~((uint64_t)0x7ff << 52); /* a denormal */
        double d;
        memcpy(&d, &bits, sizeof d);
        if (d - d != 0) continue;
        snprintf(text, sizeof text, "%.*e", 1 + chance(25), d);
        number_is_strtods(text);
        snprintf(text, sizeof text, "%d.%08d%08de%d", chance(100), chance(100000000),
                 chance(100000000), chance(60) - 45);
        number_is_strtods(text);
        if (i % 50) continue;
        int n = snprintf(text, sizeof text, "%.1100e", d); /* every digit there is, and more */
        number_is_strtods(text);
        for (int k = 0; k < 400; k++) text[k] = (char)('0' + chance(10));
        text[chance(400)] = '.';
        n = snprintf(text + 400, sizeof text - 400, "e%d", chance(800) - 600);
        CHECK(n > 0);
        number_is_strtods(text);
        text[399] = '.', text[chance(399)] = '1', text[400] = 0;
        if (strchr(text, '.') == text + 399) number_is_strtods(text);
    }
}

/* Just between two doubles: the even one; a digit more, far behind, decides. glibc writes all the
 * digits of a double; the number in the middle has those of x and of the next, halved by hand. */
static void numbers_half_way(void)
{
    for (int i = 0; i < 500; i++) {
        const uint64_t m =
            (uint64_t)chance(1 << 30) << 22 | (uint64_t)1 << 52 | (unsigned)chance(4);
        const int up = chance(11); /* 2 m + 1 times 2^up has at most 65 bits */
        char text[64], digits[64];
        int n = 0, k = 0;
        uint64_t high = (2 * m + 1) >> (64 - up - 1) >> 1, low = (2 * m + 1) << up;
        while (high || low) { /* two words divided by 10 */
            const uint64_t r = high % 10;
            high /= 10;
            uint64_t rest = r, q = 0;
            for (int b = 63; b >= 0; b--) {
                rest = rest << 1 | (low >> b & 1);
                q = q << 1 | (rest >= 10);
                if (rest >= 10) rest -= 10;
            }
            low = q;
            digits[n++] = (char)('0' + rest);
        }
        while (n) text[k++] = digits[--n];
        text[k] = 0;
        const double even = ldexp((double)(m + (m & 1)), up + 1);
        const double next = ldexp((double)(m + 1), up + 1);
        double got = 0;
        CHECK(nn__number(text, &got) && got == even);
        memcpy(text + k, ".000000001", 11);
        CHECK(nn__number(text, &got) && got == next);
        number_is_strtods(text);
    }
}

static void numbers_in_every_locale(void)
{
    static const char *const comma[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8",
                                        "fr_FR", "pl_PL.UTF-8", "German_Germany.1252", "C"};
    for (int i = 0; i < COUNT(comma); i++) {
        if (!setlocale(LC_ALL, comma[i])) continue;
        nn_table t = parse("1.5;-2.25e-1\n", (nn_csv_options){0, ';', 0, 0});
        check_at(t.cols == 2 && t.data[0] == (nn_real)1.5 && t.data[1] == (nn_real)-0.225, comma[i],
                 "another number");
        parse("1,5;2\n", (nn_csv_options){0, ';', 0, 0});
        rejected(comma[i], NN_ERROR_FORMAT, "line 1, column 1", "1,5");
    }
    setlocale(LC_ALL, "C");
}

static void numbers_refused(void)
{
    static const char *const table[] = {
        "1e", "1e+", "1E-", "1ex", "1e:", "e5", ".e5", "--1", "+-1", "-", "+", ".", "1.2.3", "1..2", "1e5.0",
        "1e1e1", "0x10", "0x1p3", "1f", "1 2", "1_000", "1'000", "$1", "1%", "abc", "inf", "-inf",
        "infinity", "true", "1\x01", "\xd9\xa3" /* the Arabic digit 3 */,
        "\xe2\x88\x92\x31" /* 1 behind U+2212, the typographer's minus */,
    };
    for (int e = 0; e < COUNT(table); e++) {
        char text[64];
        snprintf(text, sizeof text, "1,2,3\n4,5,%s\n", table[e]);
        nn_table t = parse(text, plain);
        CHECK(!t.rows && !t.cols && !t.data);
        rejected(table[e], NN_ERROR_FORMAT, "line 2, column 3", "not a number");
        snprintf(text, sizeof text, "a,b\r\n\r\n%s,5\r\n", table[e]);
        parse(text, header);
        rejected(table[e], NN_ERROR_FORMAT, "line 3, column 1", "not a number");
    }
}

/* ---- CSV: what is rejected ---- */

#define WRITTEN "test_data.tmp"
static const char *written(const void *bytes, size_t size) /* in a file; its name */
{
    FILE *file = fopen(WRITTEN, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) exit(2);
    return WRITTEN;
}

static void csv_refused(void)
{
    static const struct {
        const char *text;
        nn_csv_options options;
        const char *place, *says;
    } table[] = {
        {"", {0, 0, 0, 0}, "no data", ""},
        {"\n", {0, 0, 0, 0}, "no data", ""},
        {"\r\n\n\r", {0, 0, 0, 0}, "no data", ""},
        {"\xef\xbb\xbf", {0, 0, 0, 0}, "no data", ""},
        {"a,b\n", {1, 0, 0, 0}, "no data", ""},
        {"1,2\n", {3, 0, 0, 0}, "no data", ""},
        {"1,2\n3\n", {0, 0, 0, 0}, "line 2", "fewer"},
        {"1,2\n3", {0, 0, 0, 0}, "line 2", "fewer"},
        {"1,2,3\n\n4,5\n6,7,8\n", {0, 0, 0, 0}, "line 3", "fewer"},
        {"1,2\n3,4,5\n", {0, 0, 0, 0}, "line 2, column 3", "more"},
        {"a,b\n1,2\n3,4,\n", {1, 0, NN_MISSING_NAN, 0}, "line 3, column 3", "more"},
        {"1,2\r3,4,5\r", {0, 0, 0, 0}, "line 2, column 3", "more"},
        {"1,\n", {0, 0, 0, 0}, "line 1, column 2", "missing"},
        {"1,2\n3,NA\n", {0, 0, 0, 0}, "line 2, column 2", "missing"},
        {"a,1\n,2\n", {0, 0, 0, 1}, "line 2, column 1", "missing"},
        {"1,x\n", {1, 0, 0, 0}, "no data", ""},
        {"x,1\n2,3\n", {0, 0, 0, 0}, "line 1, column 1", "header"},
        {"1,a\n2,b\n", {0, 0, 0, 0}, "line 1, column 2", "\"a\""},
        {"1,a\nb,a\n", {0, 0, 0, 1}, "line 2, column 1", "\"b\""},
        {"a;b\n1;2\n", {1, 0, 0, 0}, "line 2, column 1", "delimiter"},
        {"a\tb\n1\t2\n", {1, 0, 0, 0}, "line 2, column 1", "delimiter"},
        {"1,\"2\n", {0, 0, 0, 0}, "line 1, column 2", "quote"},
        {"\"a,b\n1,2\n", {1, 0, 0, 0}, "line 1, column 1", "quote"},
        {"1,2\n3,\"4\"\"\n5,6\n", {0, 0, 0, 0}, "line 2, column 2", "quote"},
        {"1,\"2\"x\n", {0, 0, 0, 0}, "line 1, column 2", "behind"},
        {"1,\"2\" \"3\"\n", {0, 0, 0, 0}, "line 1, column 2", "behind"},
        /* what people really do */
        {"   \n", {0, 0, 0, 0}, "line 1, column 1", "missing"},
        {"1,2,\n3,4,\n", {0, 0, 0, 0}, "line 1, column 3", "does the line end with a delimiter?"},
        {"a,b\n1,2,\n", {1, 0, 0, 0}, "line 2, column 3", "does the line end with a delimiter?"},
        {"1,2\n3,4,\n", {0, 0, 0, 0}, "line 2, column 3", "does it end with a delimiter?"},
        {"1,2\n3,4,,\n", {0, 0, 0, 0}, "line 2, column 3", "more fields than the first"},
        {"# made by hand\n1,2\n", {0, 0, 0, 0}, "line 1, column 1", "comments are not read"},
        {"1,2 # good\n", {0, 0, 0, 0}, "line 1, column 2", "\"2 # good\""},
        {"1,5;2,5\n", {0, ';', 0, 0}, "line 1, column 1", "a decimal comma?"},
        {"\"1,5\",2\n", {0, 0, 0, 0}, "line 1, column 1", "a decimal comma?"},
        {"1|2\n", {0, 0, 0, 0}, "line 1, column 1", "options.delimiter"},
        {"1,inf\n", {0, 0, 0, 0}, "line 1, column 2", "infinity is not accepted"},
        {"1,2\n-Infinity,3\n", {0, 0, 0, 0}, "line 2, column 1", "infinity is not accepted"},
        {"1,nan\n", {0, 0, 0, 0}, "line 1, column 2", "missing"},
        {"1,?\n", {0, 0, 0, 0}, "line 1, column 2", "missing"},
        {"1,null\n", {0, 0, 0, 0}, "line 1, column 2", "missing"},
        {"1,\"NA\"\n", {0, 0, NN_MISSING_NAN, 0}, "line 1, column 2", "\"NA\" is not a number"},
        {"\xff\xfe" "1\n", {0, 0, 0, 0}, "is UTF-16", "UTF-8"},
        {"\xfe\xff" "1\n", {0, 0, 0, 0}, "is UTF-16", "UTF-8"},
        {"\x1f\x8b\x08", {0, 0, 0, 0}, "is compressed", "gunzip it first"},
        {"PK\x03\x04", {0, 0, 0, 0}, "is a zip archive", "unzip it first"},
        {"<!DOCTYPE html>\n<html>", {0, 0, 0, 1}, "is a web page", "download it again"},
        {"<html>", {0, 0, 0, 1}, "is a web page", "download it again"},
        {"1,2\n1e999,3\n", {0, 0, 0, 0}, "line 2, column 1", "too large"},
        {"a,b\n1,0x1p3\n", {1, 0, 0, 0}, "line 2, column 2", "\"0x1p3\" is not a number"},
        {"1,2\n3,4\n", {1, 0, 0, 0}, "header", "is it data"},
        {"1,2\n\n\n3\n", {0, 0, 0, 0}, "line 4", "fewer"},
        {"a b\n1 2\n", {1, 0, 0, 0}, "line 2, column 1", "\"1 2\" is not a number"},
        {"1,,3\n", {0, 0, 0, 0}, "line 1, column 2", "the value is missing (options"},
        {"1,2\n\"Doe, Jane\",3\n", {0, 0, 0, 0}, "line 2, column 1", "a category?"},
        {"1,2\n\"Doe,Jane\",3\n", {0, 0, 0, 0}, "line 2, column 1", "a category?"},
        {"\"a\"x\nb\n1\n", {2, 0, 0, 0}, "line 1, column 1", "behind the closing quote"},
        {"1,2\n3,4,\"5\n", {0, 0, 0, 0}, "line 2, column 3", "the quote is not closed"},
    };
    for (int e = 0; e < COUNT(table); e++) {
        nn_table t = parse(table[e].text, table[e].options);
        CHECK(!t.rows && !t.cols && !t.data && !t.classes);
        rejected(table[e].text, NN_ERROR_FORMAT, table[e].place, table[e].says);
        t = nn_csv_load(nn, written(table[e].text, strlen(table[e].text)), table[e].options);
        CHECK(!t.rows && !t.cols && !t.data && !t.classes);
        rejected(table[e].text, NN_ERROR_FORMAT, "nn_csv_load: " WRITTEN ": ", table[e].place);
    }
    remove(WRITTEN);
}

static void csv_field_of_any_length(void)
{
    static char text[5000];
    for (int size = 1; size < 4000; size += size < 300 ? 1 : 500) {
        memcpy(text, "1,", 2);
        memset(text + 2, 'x', (size_t)size);
        memcpy(text + 2 + size, "\n", 2);
        nn_table t = parse(text, words);
        if (t.rows) CHECK_INT(strlen(t.category[1][0]), size);
        else rejected("long field", NN_ERROR_LIMIT, "line 1, column 2", "too long");
        CHECK(t.rows || size > 200);
    }
    for (int quoted = 0; quoted < 2; quoted++) { /* digits as well as letters */
        memset(text, '7', 4999);
        memcpy(text, quoted ? "1,\"" : "1,7", 3);
        memcpy(text + 4990, quoted ? "\"\n" : "7\n", 3);
        parse(text, plain);
        rejected("4988 digits", NN_ERROR_LIMIT, "line 1, column 2", "longer than 4095 bytes");
    }
}

/* After an error nothing is read until it is cleared, and then everything works again. */
static void errors_stick(void)
{
    parse("x\n", plain);
    nn_table t = parse("1\n", plain);
    CHECK_INT(t.rows, 0);
    nn_idx a = nn_idx_load(nn, DATA "fashion-t10k-200-labels-idx1-ubyte");
    CHECK(!a.size && !a.bytes);
    nn_dataset d = nn_dataset_classes(&t, -1);
    CHECK_INT(d.n, 0);
    rejected("the first error", NN_ERROR_FORMAT, "line 1, column 1", "\"x\"");
    d = nn_dataset_classes(&t, -1); /* of a table that could not be read */
    rejected("no table", NN_ERROR_ARGUMENT, "nn_dataset_classes", "");
    CHECK_INT(parse("1\n", plain).rows, 1);
}

static void csv_delimiters_that_cannot_be(void)
{
    static const char bad[] = "0123456789.+-eE\"\r\n";
    for (int i = 0; bad[i]; i++) {
        parse("1,2\n", (nn_csv_options){0, bad[i], 0, 0});
        rejected("delimiter", NN_ERROR_ARGUMENT, "nn_csv_parse", "options.delimiter");
    }
}

/* Large in one direction: a million columns, a million rows, a field of a megabyte, and 100,000
 * categories, which are found by hashing: one by one it would take minutes. */
static void csv_of_extreme_shapes(void)
{
    enum { N = 1000000, SIZE = 2 * N };
    char *text = (char *)malloc(SIZE);
    if (!text) exit(2);
    for (int rows = 0; rows < 2; rows++) {
        for (int i = 0; i < N; i++) text[2 * i] = '7', text[2 * i + 1] = rows ? '\n' : ',';
        text[SIZE - 1] = '\n';
        nn_table t = nn_csv_parse(nn, text, SIZE, plain);
        CHECK_INT(t.rows, rows ? N : 1);
        CHECK_INT(t.cols, rows ? 1 : N);
        CHECK(t.data && t.data[0] == 7 && t.data[N - 1] == 7);
    }
    memset(text, '7', N);
    nn_csv_parse(nn, text, N, plain);
    rejected("a megabyte of digits", NN_ERROR_LIMIT, "line 1, column 1", "longer than 4095 bytes");
    memset(text, 'x', N);
    nn_csv_parse(nn, text, N, words);
    rejected("a megabyte of letters", NN_ERROR_LIMIT, "line 1, column 1", "longer than 4095 bytes");
    int n = 0;
    for (int i = 0; i < 100000; i++) n += sprintf(text + n, "k%d\n", i);
    nn_table t = nn_csv_parse(nn, text, (size_t)n, words);
    CHECK_INT(t.rows ? t.categories[0] : 0, 100000);
    CHECK(t.rows == 100000 && t.data[99999] == 99999);
    free(text);
    CHECK(nn_ok(nn));
}

/* A failure gives its memory back: a thousand of them take no more than one. */
static void csv_failures_take_no_memory(void)
{
    for (int i = 0; i < 1000; i++) {
        static char line[2000];
        memset(line, 'a' + i % 26, sizeof line - 1);
        const size_t before = nn->allocations;
        nn_csv_parse(nn, line, sizeof line - 1, (nn_csv_options){1, 0, 0, 0}); /* names, no data */
        if (i > 2) CHECK_INT(nn->allocations - before, 0);
        rejected("no data", NN_ERROR_FORMAT, "no data", "");
    }
}

static void csv_statistics(void)
{
    nn_table t = parse("a,b,c\n1,5,x\n2,5,y\nNA,5,x\n9,5,x\n", (nn_csv_options){1, 0, 1, 1});
    nn_stat a = nn_table_stats(&t, 0), b = nn_table_stats(&t, 1), c = nn_table_stats(&t, -1);
    CHECK(a.min == 1 && a.max == 9 && a.mean == 4 && a.size == 4 && a.nan == 1);
    CHECK_NEAR(a.std, 3.5590260840104371, 1e-15); /* the root of (9 + 4 + 25) / 3 */
    CHECK(b.min == 5 && b.max == 5 && b.mean == 5 && b.std == 0 && b.nan == 0);
    CHECK(c.min == 0 && c.max == 1 && c.mean == 0.25 && c.zero == 3);
    nn_table_stats(&t, 3);
    rejected("column 3", NN_ERROR_ARGUMENT, "nn_table_stats", "there is no column 3 of 3");
    nn_table_stats(&t, -2);
    rejected("column -2", NN_ERROR_ARGUMENT, "nn_table_stats", "-2");
}

#ifdef __unix__
/* Nothing behind the last byte is looked at: there the memory ends. */
static void files_at_the_end_of_a_page(void)
{
    static const char *const table[] = {"1", "1.", "1e5", "-", "1,", "1,2\n3,4", "\"1\"", "1\r",
                                        "\"", "1e", "+", ".", "\xef\xbb\xbf", "\x1f", "P", "NA", " "};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *p = (char *)mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                           -1, 0);
    const int there = p != MAP_FAILED && mprotect(p + page, page, PROT_NONE) == 0;
    if (!test_check(there, __FILE__, __LINE__)) return;
    for (int e = 0; e < COUNT(table); e++) {
        const size_t size = strlen(table[e]);
        memcpy(p + page - size, table[e], size);
        nn_csv_parse(nn, p + page - size, size, gaps);
        nn_error_clear(nn);
        nn_idx_parse(nn, p + page - size, size);
        nn_error_clear(nn);
        int n;
        nn_vocab v = nn_vocab_new(nn, NN_CHARS, p + page - size, size, 0);
        nn_vocab_encode(&v, p + page - size, size, &n);
        nn_vocab_parse(nn, p + page - size, size);
        nn_error_clear(nn);
    }
    munmap(p, 2 * page);
}

/* What is no file of a disk: a directory and an empty path are errors of I/O, a device without end
 * is a limit, a pipe is read. */
/* A line for each column; of more than three categories the first three. */
static void table_printed(void)
{
    nn_table t = parse("height,colour,\"\"\n1,red,b\n?,green,a\n-2,blue,b\n4,white,a\n",
                       (nn_csv_options){1, 0, NN_MISSING_NAN, 1});
    CHECK_PRINTS(nn_table_print(&t),
                 "table [4, 3]\n"
                 "              column       min       max      mean       std   missing\n"
                 "  0           height        -2         4         1     2.449         1\n"
                 "  1           colour                                                 0  red, green, blue, .. (4)\n"
                 "  2                                                                  0  b, a\n");
    CHECK_PRINTS(nn_table_print(NULL), "NULL\n");
    CHECK(nn_ok(nn));
}

static void files_of_other_kinds(void)
{
    nn_idx_load(nn, DATA);
    rejected("directory", NN_ERROR_IO, "nn_idx_load", "reading failed");
    nn_text_load(nn, DATA);
    rejected("directory", NN_ERROR_IO, "nn_text_load", "reading failed");
    nn_idx_load(nn, "");
    rejected("empty path", NN_ERROR_IO, "nn_idx_load", "cannot be opened");
    nn_csv_load(nn, "/dev/zero", plain);
    rejected("no end", NN_ERROR_LIMIT, "/dev/zero", "no end after 268435456 bytes");
    nn_csv_load(nn, written("", 0), plain);
    rejected("nothing", NN_ERROR_FORMAT, WRITTEN, "no data");
    remove(WRITTEN);
    /* a disk that is full, early and late, and a device instead of a file */
    nn_vocab few = nn_vocab_new(nn, NN_BYTES, "abc", 3, 0);
    static char text[300000];
    for (int i = 0; i < COUNT(text); i++) /* 60,000 words of four letters */
        text[i] = i % 5 == 4 ? ' ' : (char)('a' + (i / 5 >> 4 * (i % 5) & 15));
    nn_vocab many = nn_vocab_new(nn, NN_WORDS, text, COUNT(text), 0);
    CHECK_INT(many.n, 60001);
    for (int i = 0; i < 2; i++) {
        remove(WRITTEN ".tmp");
        CHECK(symlink("/dev/full", WRITTEN ".tmp") == 0);
        CHECK(!nn_vocab_save(i ? &many : &few, WRITTEN));
        rejected("full", NN_ERROR_IO, "nn_vocab_save: " WRITTEN ": writing failed", "space");
        CHECK(!fopen(WRITTEN, "rb") && !fopen(WRITTEN ".tmp", "rb")); /* neither is there */
    }
    CHECK(symlink("/dev/null", WRITTEN ".tmp") == 0);
    CHECK(nn_vocab_save(&few, WRITTEN) && nn_text_load(nn, WRITTEN).size == 0 && nn_ok(nn));
    remove(WRITTEN);
    if (!test_check(mkfifo(WRITTEN, 0600) == 0, __FILE__, __LINE__)) return;
    fflush(stdout);
    const pid_t writer = fork();
    if (writer == 0) {
        FILE *pipe = fopen(WRITTEN, "wb"); /* more than the first portion of the reader */
        for (int i = 0; pipe && i < 100000; i++) fprintf(pipe, "%d,%d\n", i, -i);
        _exit(!pipe || fclose(pipe) != 0);
    }
    nn_table t = nn_csv_load(nn, WRITTEN, plain);
    waitpid(writer, NULL, 0);
    remove(WRITTEN);
    CHECK_INT(t.rows, 100000);
    CHECK(t.cols == 2 && t.data[2 * 99999] == 99999 && t.data[2 * 99999 + 1] == -99999);
}
#endif

/* ---- IDX ---- */

static void idx_fashion(void)
{
    static const struct {
        const char *name;
        int n;
        double sum, weighted; /* of the bytes: od -An -v -tu1 -w1 -j16 images | awk '{s += $1;
                                 w += NR % 1000 * $1} END {printf "%.0f %.0f\n", s, w}' */
        int label[4];         /* first three and last: od -An -v -tu1 -w1 -j8 labels */
        int histogram[10];    /* the same | sort -n | uniq -c */
    } table[] = {
        {"fashion-train-800", 800, 45674351, 22848374447., {9, 0, 0, 1},
         {82, 84, 70, 73, 81, 79, 80, 89, 85, 77}},
        {"fashion-t10k-200", 200, 11795585, 5907556205., {9, 2, 1, 1},
         {20, 27, 27, 17, 21, 16, 16, 20, 18, 18}},
    };
    for (int e = 0; e < COUNT(table); e++) {
        const int n = table[e].n;
        char path[128];
        snprintf(path, sizeof path, DATA "%s-images-idx3-ubyte", table[e].name);
        nn_idx images = nn_idx_load(nn, path);
        snprintf(path, sizeof path, DATA "%s-labels-idx1-ubyte", table[e].name);
        nn_idx labels = nn_idx_load(nn, path);
        CHECK(nn_ok(nn));
        CHECK_INT(images.type, 0x08);
        CHECK(nn_shape_equal(images.shape, nn_shape3(n, 28, 28)));
        CHECK(nn_shape_equal(labels.shape, nn_shape1(n)));
        CHECK_INT(images.size, n * 784);
        CHECK_INT(labels.size, n);
        double sum = 0, weighted = 0;
        int histogram[10] = {0}, wrong = 0;
        for (size_t i = 0; i < images.size; i++) {
            sum += images.bytes[i];
            weighted += (double)((i + 1) % 1000) * images.bytes[i];
            wrong += nn_idx_value(&images, i) != images.bytes[i];
        }
        for (size_t i = 0; i < labels.size; i++)
            if (labels.bytes[i] < 10) histogram[labels.bytes[i]]++;
        CHECK_INT(wrong, 0);
        CHECK_NEAR(sum, table[e].sum, 0);
        CHECK_NEAR(weighted, table[e].weighted, 0);
        for (int k = 0; k < 10; k++) CHECK_INT(histogram[k], table[e].histogram[k]);

        nn_dataset d = nn_dataset_idx(&images, &labels);
        CHECK_INT(d.n, n);
        CHECK(nn_shape_equal(d.sample, nn_shape2(28, 28)));
        CHECK_INT(d.size, 784);
        CHECK_INT(d.classes, 10);
        CHECK(!d.x && !d.target && d.bytes && d.label);
        for (int i = 0; i < 3; i++) CHECK_INT(d.label[i], table[e].label[i]);
        CHECK_INT(d.label[n - 1], table[e].label[3]);
        CHECK_INT(memcmp(d.bytes, images.bytes, images.size), 0);
    }
}

/* The element types, each a vector written by hand, the highest byte first. */
static const struct idx_type {
    int type, each, n;
    unsigned char bytes[32];
    double value[4];
} idx_types[] = {
    {0x08, 1, 4, {0, 1, 0x7f, 0xff}, {0, 1, 127, 255}},
    {0x09, 1, 4, {0, 0x7f, 0x80, 0xff}, {0, 127, -128, -1}},
    {0x0b, 2, 4, {0, 1, 0x7f, 0xff, 0x80, 0, 0xff, 0xfe}, {1, 32767, -32768, -2}},
    {0x0c, 4, 4, {0, 0, 1, 0, 0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
     {256, 2147483647, -2147483648., -1}},
    {0x0d, 4, 4, {0x3f, 0x80, 0, 0, 0xc0, 0x49, 0x0f, 0xdb, 0x7f, 0x7f, 0xff, 0xff, 0, 0, 0, 1},
     {1, -3.1415927410125732, 3.4028234663852886e38, 1.4012984643248171e-45}},
    {0x0e, 8, 3, {0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xbf, 0xe0, 0, 0, 0, 0, 0, 0,
                  0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18},
     {1, -0.5, 3.141592653589793}},
};

/* A file with `size` bytes of data into `file`; its size. */
static size_t idx_file(unsigned char *file, int type, int ndim, const int *dim, const void *data,
                       size_t size)
{
    unsigned char *p = file;
    *p++ = 0, *p++ = 0, *p++ = (unsigned char)type, *p++ = (unsigned char)ndim;
    for (int i = 0; i < ndim; i++)
        for (int shift = 24; shift >= 0; shift -= 8) *p++ = (unsigned char)(dim[i] >> shift);
    if (size) memcpy(p, data, size);
    return (size_t)(p - file) + size;
}

static void idx_all_types(void)
{
    for (int e = 0; e < COUNT(idx_types); e++) {
        const struct idx_type *t = &idx_types[e];
        unsigned char file[64];
        const size_t size = idx_file(file, t->type, 1, &t->n, t->bytes, (size_t)(t->each * t->n));
        nn_idx a = nn_idx_parse(nn, file, size);
        CHECK(nn_ok(nn));
        CHECK_INT(a.type, t->type);
        CHECK(nn_shape_equal(a.shape, nn_shape1(t->n)));
        CHECK_INT(a.size, t->n);
        CHECK(a.bytes == file + 8);
        for (int i = 0; i < t->n; i++) CHECK_NEAR(nn_idx_value(&a, (size_t)i), t->value[i], 0);
        CHECK(is_nan(nn_idx_value(&a, a.size))); /* behind the end */
    }
}

static void idx_all_dimensions(void)
{
    static const int dim[] = {2, 3, 1, 2};
    static const unsigned char data[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const nn_shape shape[] = {{1, {2}}, {2, {2, 3}}, {3, {2, 3, 1}}, {4, {2, 3, 1, 2}}};
    static const size_t bytes[] = {2, 6, 6, 12};
    unsigned char file[64];
    for (int n = 1; n <= 4; n++) {
        nn_idx a = nn_idx_parse(nn, file, idx_file(file, 0x08, n, dim, data, bytes[n - 1]));
        CHECK(nn_shape_equal(a.shape, shape[n - 1]));
        CHECK_INT(a.size, bytes[n - 1]);
        CHECK_NEAR(nn_idx_value(&a, a.size - 1), (double)bytes[n - 1], 0);
    }
    CHECK(nn_ok(nn));
}

/* Cut at every byte, and with one byte too many, no type is ever accepted. */
static void idx_cut_or_too_long(void)
{
    for (int e = 0; e < COUNT(idx_types); e++) {
        const struct idx_type *t = &idx_types[e];
        const int dim[2] = {1, t->n};
        unsigned char file[64] = {0};
        const size_t size = idx_file(file, t->type, 2, dim, t->bytes, (size_t)(t->each * t->n));
        for (size_t cut = 0; cut <= size + 1; cut++) {
            unsigned char *copy = (unsigned char *)exact_copy(file, cut);
            nn_idx a = nn_idx_parse(nn, copy, cut);
            free(copy);
            if (cut == size) CHECK(nn_ok(nn));
            else CHECK(!a.size && !a.bytes);
            const char *says = cut < 4 ? "not an IDX file" : cut < 8 ? "offset 4"
                             : cut < 12 ? "offset 8" : "announces";
            if (cut != size) rejected("cut", NN_ERROR_FORMAT, "nn_idx_parse", says);
        }
    }
}

static void idx_refused(void)
{
    static const struct {
        const char *what;
        unsigned char file[24];
        size_t size;
        nn_code code;
        const char *says;
    } table[] = {
        {"gzip", {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, 10, NN_ERROR_FORMAT, "gunzip"},
        {"two bytes of gzip", {0x1f, 0x8b}, 2, NN_ERROR_FORMAT, "gunzip"},
        {"zip", {'P', 'K', 3, 4, 0, 0, 0, 0}, 8, NN_ERROR_FORMAT, "unzip"},
        {"web page", {'<', '!', 'D', 'O', 'C', 'T'}, 6, NN_ERROR_FORMAT, "web page"},
        {"little endian", {1, 8, 0, 0, 1, 0, 0, 0, 5}, 9, NN_ERROR_FORMAT, "not an IDX"},
        {"second byte", {0, 1, 8, 1, 0, 0, 0, 1, 5}, 9, NN_ERROR_FORMAT, "offset 0"},
        {"type 0", {0, 0, 0, 1, 0, 0, 0, 1, 5}, 9, NN_ERROR_FORMAT, "0x00"},
        {"type 7", {0, 0, 7, 1, 0, 0, 0, 1, 5}, 9, NN_ERROR_FORMAT, "0x07"},
        {"type 10", {0, 0, 10, 1, 0, 0, 0, 1, 5}, 9, NN_ERROR_FORMAT, "0x0a"},
        {"type 15", {0, 0, 15, 1, 0, 0, 0, 1, 5}, 9, NN_ERROR_FORMAT, "0x0f"},
        {"type 255", {0, 0, 255, 1, 0, 0, 0, 1, 5}, 9, NN_ERROR_FORMAT, "0xff"},
        {"no dimension", {0, 0, 8, 0, 5}, 5, NN_ERROR_LIMIT, "0 dimensions"},
        {"5 dimensions", {0, 0, 8, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, 24,
         NN_ERROR_LIMIT, "5 dimensions"},
        {"255 dimensions", {0, 0, 8, 255, 0, 0, 0, 1}, 8, NN_ERROR_LIMIT, "255 dimensions"},
        {"size 0", {0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 0}, 12, NN_ERROR_FORMAT, "dimension 1 is 0"},
        {"size 2^31", {0, 0, 8, 1, 0x80, 0, 0, 0}, 8, NN_ERROR_LIMIT, "2147483648"},
        {"size 2^32 - 1", {0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff}, 8, NN_ERROR_LIMIT, "4294967295"},
        {"big in front", {1, 8, 0, 0, 1, 0, 0, 0, 5}, 9, NN_ERROR_FORMAT, "lowest byte first"},
        {"neither", {1, 8, 0, 3, 1, 0, 0, 0, 5}, 9, NN_ERROR_FORMAT, "offset 0: not an IDX file"},
        {"MNIST's, turned round", {3, 8, 0, 0, 96, 234, 0, 0}, 8, NN_ERROR_FORMAT,
         "lowest byte first"},
        {"UTF-16", {0xff, 0xfe, '1', 0}, 4, NN_ERROR_FORMAT, "is UTF-16"},
        {"html", {'<', 'h', 't', 'm', 'l', '>'}, 6, NN_ERROR_FORMAT, "is a web page"},
        {"text", {'1', ',', '2', 10}, 4, NN_ERROR_FORMAT, "offset 0: not an IDX file"},
        {"nothing", {0}, 0, NN_ERROR_FORMAT, "offset 0: not an IDX file"},
        {"one image more", {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4}, 16, NN_ERROR_FORMAT,
         "[3, 2] announces 6 bytes of data, there are 4"},
        {"one image less", {0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4}, 16, NN_ERROR_FORMAT,
         "[1, 2] announces 2 bytes of data, there are 4"},
        {"no image", {0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28}, 16, NN_ERROR_FORMAT,
         "offset 4: dimension 0 is 0"},
        {"half a float", {0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0x80}, 10, NN_ERROR_FORMAT,
         "announces 4 bytes of data, there are 2"},
        {"2^32 - 1 cubed",
         {0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}, 16,
         NN_ERROR_LIMIT, "offset 4: dimension 0 is 4294967295"},
        {"2^16 2^16", {0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0}, 12, /* too much for 32 bits */
         sizeof(size_t) > 4 ? NN_ERROR_FORMAT : NN_ERROR_LIMIT, ""},
        {"2^28 2^28 2^8", /* is 0 in 64 bits */
         {0, 0, 8, 3, 0x10, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 1, 0}, 16, NN_ERROR_LIMIT, "dimension"},
        {"2^30 2^30 doubles", /* 2^63 bytes */
         {0, 0, 14, 2, 0x40, 0, 0, 0, 0x40, 0, 0, 0}, 12, NN_ERROR_LIMIT, "dimension"},
    };
    for (int e = 0; e < COUNT(table); e++) {
        unsigned char *copy = (unsigned char *)exact_copy(table[e].file, table[e].size);
        nn_idx a = nn_idx_parse(nn, copy, table[e].size);
        free(copy);
        CHECK(!a.size && !a.bytes);
        rejected(table[e].what, table[e].code, "nn_idx_parse", table[e].says);
        a = nn_idx_load(nn, written(table[e].file, table[e].size));
        CHECK(!a.size && !a.bytes);
        rejected(table[e].what, table[e].code, "nn_idx_load: " WRITTEN ": ", table[e].says);
    }
    remove(WRITTEN);
    nn_idx_parse(nn, NULL, 0);
    rejected("no bytes", NN_ERROR_ARGUMENT, "nn_idx_parse", "bytes");
    nn_idx_load(nn, DATA "no_such_file");
    rejected("missing file", NN_ERROR_IO, "nn_idx_load", DATA "no_such_file");
    nn_idx_load(nn, DATA "iris.csv");
    rejected("another file", NN_ERROR_FORMAT, DATA "iris.csv", "not an IDX");
}

static void idx_labels_for_images(void)
{
    nn_idx images = nn_idx_load(nn, DATA "fashion-t10k-200-images-idx3-ubyte");
    nn_idx labels = nn_idx_load(nn, DATA "fashion-t10k-200-labels-idx1-ubyte");
    nn_idx other = nn_idx_load(nn, DATA "fashion-train-800-labels-idx1-ubyte");
    CHECK_INT(nn_dataset_idx(&labels, &images).n, 0);
    rejected("exchanged", NN_ERROR_FORMAT, "nn_dataset_idx", "are these the labels");
    CHECK_INT(nn_dataset_idx(&images, &images).n, 0);
    rejected("images twice", NN_ERROR_FORMAT, "labels [200, 28, 28]", "are these images");
    CHECK_INT(nn_dataset_idx(&images, &other).n, 0);
    rejected("the other labels", NN_ERROR_FORMAT, "images are [200, 28, 28]", "labels [800]");
    CHECK_INT(nn_dataset_idx(&images, NULL).n, 0);
    CHECK(nn_error_code(nn) >= NN_ERROR_ARGUMENT);
    nn_error_clear(nn);
}

/* ---- data sets from tables ---- */

static void dataset_classes_of_iris(void)
{
    nn_table t = load("iris.csv", header);
    for (int column = -1; column <= 4; column += 5) { /* two names for the last */
        nn_dataset d = nn_dataset_classes(&t, column);
        CHECK_INT(d.n, 150);
        CHECK(nn_shape_equal(d.sample, nn_shape1(4)));
        CHECK_INT(d.size, 4);
        CHECK_INT(d.classes, 3);
        CHECK(!d.target && !d.bytes);
        CHECK_STR(d.class_name ? d.class_name[2] : "", "virginica");
        int wrong = 0;
        for (int i = 0; i < d.n; i++) {
            wrong += d.label[i] != i / 50; /* the file is sorted: 50 of each */
            for (int j = 0; j < 4; j++) wrong += d.x[i * 4 + j] != t.data[i * 5 + j];
        }
        CHECK_INT(wrong, 0);
    }
    static const int bad[] = {5, -6, 1000000};
    for (int i = 0; i < COUNT(bad); i++) {
        CHECK_INT(nn_dataset_classes(&t, bad[i]).n, 0);
        rejected("column", NN_ERROR_ARGUMENT, "nn_dataset_classes", "column");
    }
    CHECK_INT(nn_dataset_classes(&t, 0).n, 0); /* 5.1 is no class */
    rejected("sepal length", NN_ERROR_FORMAT, "row 0", "5.1");
    t = parse("1,0\n2,-1\n", plain);
    CHECK_INT(nn_dataset_classes(&t, 1).n, 0);
    rejected("negative class", NN_ERROR_FORMAT, "row 1", "-1");
    t = parse("1,0\n2,\n", gaps);
    CHECK_INT(nn_dataset_classes(&t, 1).n, 0);
    rejected("missing class", NN_ERROR_FORMAT, "row 1", "");
    t = parse("1\n2\n", plain);
    CHECK_INT(nn_dataset_classes(&t, 0).n, 0);
    rejected("no features", NN_ERROR_ARGUMENT, "nn_dataset_classes", "");
}

static void dataset_classes_of_penguins(void)
{
    nn_table t = load("penguins.csv", (nn_csv_options){1, 0, NN_MISSING_NAN, 1});
    nn_dataset d = nn_dataset_classes(&t, 0);
    CHECK_INT(d.classes, 3);
    CHECK_STR(d.class_name ? d.class_name[1] : "", "Chinstrap");
    CHECK_NEAR(d.x[1], (nn_real)39.1, 0); /* Torgersen, 39.1, ...: the first column is gone */
    CHECK_INT(d.label[d.n - 1], 2);
    d = nn_dataset_classes(&t, 1); /* from the middle */
    CHECK_INT(d.size, 6);
    CHECK_NEAR(d.x[1], (nn_real)39.1, 0);
    CHECK_STR(d.class_name ? d.class_name[2] : "", "Dream");
}

static void dataset_targets_of_diabetes(void)
{
    nn_table t = load("diabetes.csv", header);
    nn_dataset d = nn_dataset_targets(&t, -1);
    CHECK_INT(d.n, 442);
    CHECK_INT(d.size, 10);
    CHECK(!d.label && !d.classes && !d.bytes && d.target);
    double sum = 0;
    for (int i = 0; i < d.n; i++) sum += (double)d.target[i];
    CHECK_NEAR(sum, 67243, 0); /* awk -F, 'NR > 1 {s += $11} END {print s}' */
    CHECK_NEAR(d.target[0], 151, 0);
    CHECK_NEAR(d.x[10], 48, 0);
    d = nn_dataset_targets(&t, 2);
    CHECK_NEAR(d.target[0], (nn_real)32.1, 0);
    CHECK_NEAR(d.x[2], 101, 0);
    CHECK_NEAR(d.x[9], 151, 0);
    CHECK_INT(nn_dataset_targets(&t, -2).n, 0);
    rejected("column", NN_ERROR_ARGUMENT, "there is no column -2", "(0 to 10, or -1 for the last)");
    d = nn_dataset_targets(&t, 1);
    CHECK_NEAR(d.target[0], 2, 0);
    CHECK_NEAR(d.x[1], (nn_real)32.1, 0);
    CHECK_INT(nn_dataset_targets(&t, 11).n, 0);
    rejected("column", NN_ERROR_ARGUMENT, "nn_dataset_targets", "11");
}

/* ---- split ---- */

enum { MAX_N = 64 };

/* Samples that tell who they are: x = {i, -i}, label or target 3 i + 1. */
typedef struct numbered {
    nn_dataset data;
    nn_real x[2 * MAX_N], target[MAX_N];
    unsigned char bytes[2 * MAX_N];
    int label[MAX_N];
} numbered;

static void make_numbered(numbered *s, int n, int as_bytes, int as_targets)
{
    memset(s, 0, sizeof *s);
    for (int i = 0; i < n; i++) {
        s->x[2 * i] = (nn_real)i, s->x[2 * i + 1] = (nn_real)-i;
        s->bytes[2 * i] = (unsigned char)i, s->bytes[2 * i + 1] = (unsigned char)(255 - i);
        s->label[i] = 3 * i + 1;
        s->target[i] = (nn_real)(3 * i + 1);
    }
    s->data.ctx = nn;
    s->data.n = n;
    s->data.sample = nn_shape1(2);
    s->data.size = 2;
    if (as_bytes) s->data.bytes = s->bytes;
    else s->data.x = s->x;
    if (as_targets) s->data.target = s->target;
    else s->data.label = s->label, s->data.classes = 3 * n + 1;
}

/* Which sample stands at position i; -1 if its parts do not belong together. */
static int who(const nn_dataset *d, int i)
{
    const int id = d->bytes ? d->bytes[2 * i] : (int)d->x[2 * i];
    const int other = d->bytes ? 255 - d->bytes[2 * i + 1] : (int)-d->x[2 * i + 1];
    const int answer = d->label ? d->label[i] : (int)d->target[i];
    return other == id && answer == 3 * id + 1 ? id : -1;
}

static void split_deals_every_sample_once(void)
{
    static const struct {
        int n;
        double fraction;
        int test;
    } table[] = {{50, 0.2, 10}, {10, 0.25, 3}, {10, 0.24, 2}, {10, 0.26, 3}, {64, 0.5, 32},
                 {7, 0.5, 4}, {3, 0.01, 1}, {2, 0.01, 1}, {2, 0.99, 1}, {3, 0.99, 2}, {9, 0.9, 8}};
    for (int e = 0; e < COUNT(table); e++)
        for (int kind = 0; kind < 4; kind++) {
            static numbered s;
            nn_dataset train, test;
            int seen[MAX_N] = {0}, wrong = 0;
            const int n = table[e].n;
            make_numbered(&s, n, kind & 1, kind >> 1);
            nn_split(&s.data, table[e].fraction, &train, &test);
            CHECK_INT(test.n, table[e].test);
            CHECK_INT(train.n, n - table[e].test);
            CHECK_INT(test.classes, s.data.classes);
            CHECK(nn_shape_equal(train.sample, nn_shape1(2)) && train.size == 2);
            CHECK(!train.x == !s.data.x && !train.label == !s.data.label);
            for (int i = 0; i < train.n + test.n; i++) {
                const int id = i < train.n ? who(&train, i) : who(&test, i - train.n);
                if (id < 0 || id >= n) wrong++;
                else wrong += seen[id]++;
            }
            CHECK_INT(wrong, 0);
            memset(s.x, 0, sizeof s.x), memset(s.bytes, 0, sizeof s.bytes); /* they are copies */
            wrong = 0;
            for (int i = 0; i < train.n; i++) wrong += who(&train, i) < 0;
            CHECK_INT(wrong, 0);
        }
}

static void split_depends_on_the_seed_alone(void)
{
    static numbered s;
    make_numbered(&s, 60, 0, 0);
    nn_dataset train[3], test[3];
    for (int i = 0; i < 3; i++) {
        nn_seed(nn, i < 2 ? 5 : 6);
        nn_split(&s.data, 0.3, &train[i], &test[i]);
    }
    const size_t bytes = 2 * sizeof(nn_real);
    CHECK(memcmp(train[0].x, train[1].x, 42 * bytes) == 0);
    CHECK(memcmp(test[0].x, test[1].x, 18 * bytes) == 0);
    CHECK(memcmp(train[0].x, train[2].x, 42 * bytes) != 0);
    CHECK(memcmp(test[0].x, test[2].x, 18 * bytes) != 0);
}

/* Over 400 splits in halves each of 10 samples is a test sample 200 times, give or take 5 of the
 * binomial's standard deviations of 10. */
static void split_prefers_no_sample(void)
{
    static numbered s;
    int tested[10] = {0};
    make_numbered(&s, 10, 0, 0);
    nn_seed(nn, 1);
    for (int round = 0; round < 400; round++) {
        nn_dataset train, test;
        nn_split(&s.data, 0.5, &train, &test);
        for (int i = 0; i < test.n; i++) tested[who(&test, i)]++;
    }
    for (int i = 0; i < 10; i++) CHECK_NEAR(tested[i], 200, 50);
}

static void split_refuses(void)
{
    static const double bad[] = {0, 1, -0.5, 1.5, 80};
    static numbered s;
    nn_dataset train, test;
    make_numbered(&s, 10, 0, 0);
    for (int i = 0; i <= COUNT(bad); i++) {
        nn_split(&s.data, i < COUNT(bad) ? bad[i] : (double)NAN, &train, &test);
        CHECK(!train.n && !test.n);
        rejected("fraction", NN_ERROR_ARGUMENT, "test_data.c", "nn_split");
    }
    nn_split(&s.data, 0.5, &train, NULL);
    CHECK(!train.n);
    rejected("no test", NN_ERROR_ARGUMENT, "nn_split", "train or test is NULL");
    nn_split(&s.data, 0.5, NULL, &test);
    CHECK(!test.n);
    rejected("no train", NN_ERROR_ARGUMENT, "nn_split", "train or test is NULL");
    s.data.n = 1;
    nn_split(&s.data, 0.5, &train, &test);
    rejected("one sample", NN_ERROR_ARGUMENT, "nn_split", "1 samples");
}

/* ---- scaler ---- */

static double column_mean(const nn_dataset *d, int j)
{
    double sum = 0;
    for (int i = 0; i < d->n; i++) sum += (double)d->x[i * d->size + j];
    return sum / d->n;
}

static double column_std(const nn_dataset *d, int j)
{
    double sum = 0, mean = column_mean(d, j);
    for (int i = 0; i < d->n; i++) {
        const double away = (double)d->x[i * d->size + j] - mean;
        sum += away * away;
    }
    return sqrt(sum / d->n);
}

/* digits has columns that never change (corners are always white); wine has columns of very
 * different size, 0.1 and 1000. */
static void scaler_on_real_data(void)
{
    static const struct {
        const char *name;
        int header, constant; /* columns of one value: awk */
    } table[] = {{"digits.csv", 0, 3}, {"wine_data.csv", 1, 0}, {"breast_cancer.csv", 1, 0}};
    for (int e = 0; e < COUNT(table); e++) {
        nn_table t = load(table[e].name, table[e].header ? header : plain);
        nn_dataset all = nn_dataset_classes(&t, -1), train, test, raw_train, raw_test;
        nn_seed(nn, 3);
        nn_split(&all, 0.3, &train, &test);
        nn_seed(nn, 3);
        nn_split(&all, 0.3, &raw_train, &raw_test); /* the same again, to be left as it is */
        nn_scaler s = nn_scaler_fit(&train);
        CHECK_INT(s.size, train.size);
        nn_scaler_apply(&s, &train);
        nn_scaler_apply(&s, &test);
        int constant = 0;
        for (int j = 0; j < all.size; j++) {
            const double mean = column_mean(&raw_train, j), std = column_std(&raw_train, j);
            double worst = 0; /* error, as a part of the sizes that were subtracted */
            constant += column_std(&all, j) == 0;
            CHECK_NEAR(s.mean[j], mean, 1e-6 * fabs(mean));
            CHECK_NEAR(s.std[j], std, 1e-6 * std);
            CHECK_NEAR(column_mean(&train, j), 0, 1e-5);
            CHECK_NEAR(column_std(&train, j), std > 0 ? 1 : 0, 1e-5);
            for (int i = 0; i < test.n; i++) { /* with the numbers of the training set */
                const double x = (double)raw_test.x[i * test.size + j];
                const double expected = std > 0 ? (x - mean) / std : 0;
                const double size = std > 0 && mean > 0 ? (fabs(x) + mean) / std : 1;
                const double error = fabs((double)test.x[i * test.size + j] - expected);
                if (!(error <= worst * size)) worst = error / size;
            }
            CHECK_NEAR(worst, 0, 1e-6);
        }
        CHECK_INT(constant, table[e].constant);
    }
    CHECK(nn_ok(nn));
}

static void scaler_by_hand(void)
{
    nn_table t = parse("1,0.1,0\n2,0.1,0\n3,0.1,0\n6,0.1,0\n", plain);
    nn_dataset d = nn_dataset_targets(&t, -1);
    nn_scaler s = nn_scaler_fit(&d); /* mean 3, squares 4 + 1 + 0 + 9 = 14, std sqrt(14 / 4) */
    CHECK_NEAR(s.mean[0], 3, 0);
    CHECK_NEAR(s.std[0], 1.8708286933869707, 1e-7);
    nn_scaler_apply(&s, &d);
    CHECK_NEAR(d.x[0], -1.0690449676496976, 1e-6);
    CHECK_NEAR(d.x[6], 1.6035674514745464, 1e-6);
    for (int i = 0; i < 4; i++) CHECK_NEAR(d.x[2 * i + 1], 0, 0); /* never changes: 0 */
    t = parse("1,7,0\n", plain); /* another set, in which the constant is not what it was */
    nn_dataset other = nn_dataset_targets(&t, -1);
    nn_scaler_apply(&s, &other);
    CHECK_NEAR(other.x[0], -1.0690449676496976, 1e-6);
    CHECK_NEAR(other.x[1], 6.9, 1e-6); /* only shifted */
    CHECK(nn_ok(nn));
}

/* The mean of three or six 0.1 in double is not 0.1: without care a library in double divides the
 * rounding error by itself. */
static void scaler_and_constants_that_round(void)
{
    for (int n = 1; n <= 7; n++) {
        char text[64] = "";
        for (int i = 0; i < n; i++) strcat(text, "0.1,1\n");
        nn_table t = parse(text, plain);
        nn_dataset d = nn_dataset_targets(&t, -1);
        nn_scaler s = nn_scaler_fit(&d);
        nn_scaler_apply(&s, &d);
        for (int i = 0; i < d.n; i++) CHECK_NEAR(d.x[i], 0, 0);
    }
    CHECK(nn_ok(nn));
}

static void scaler_refuses(void)
{
    static numbered s;
    make_numbered(&s, 5, 0, 0);
    nn_scaler fit = nn_scaler_fit(&s.data);
    nn_table t = parse("1,2,3,0\n", plain);
    nn_dataset wide = nn_dataset_targets(&t, -1);
    nn_scaler_apply(&fit, &wide);
    CHECK_NEAR(wide.x[0], 1, 0);
    rejected("3 features", NN_ERROR_SHAPE, "nn_scaler_apply", "2 features, the data has 3");
    s.data.n = 0;
    CHECK_INT(nn_scaler_fit(&s.data).size, 0);
    rejected("no rows", NN_ERROR_ARGUMENT, "nn_scaler_fit", "there are no samples");
    s.data.x = NULL; /* as a data set that could not be made */
    nn_scaler_apply(&fit, &s.data);
    rejected("nothing", NN_ERROR_SHAPE, "nn_scaler_apply", "the scaler is for 2 features");
    nn_scaler_apply(&fit, NULL);
    rejected("NULL", NN_ERROR_SHAPE, "nn_scaler_apply", "2 features, the data has 0");
    make_numbered(&s, 5, 1, 0);
    nn_scaler_fit(&s.data);
    rejected("bytes", NN_ERROR_ARGUMENT, "nn_scaler_fit", "");
    nn_scaler_apply(&fit, &s.data);
    CHECK(nn_error_code(nn) >= NN_ERROR_ARGUMENT);
    nn_error_clear(nn);
}

/* ---- batches ---- */

/* Sizes, labels, targets and rows of one epoch, each sample once; order becomes theirs. */
static void one_epoch(nn_batches *b, const nn_dataset *d, int batch_size, int *order)
{
    int seen[MAX_N] = {0}, dealt = 0, wrong = 0;
    const int epoch = b->epoch;
    for (int n; (n = nn_next_batch(b)) != 0;) {
        const int left = d->n - dealt;
        CHECK_INT(n, left < batch_size ? left : batch_size);
        CHECK_INT(b->n, n);
        nn_clear(nn);
        nn_tensor *x = nn_batch_x(b);
        CHECK(nn_shape_equal(x->shape, nn_shape2(n, 2)));
        nn_tensor *target = d->target ? nn_batch_target(b) : NULL;
        if (target) CHECK(nn_shape_equal(target->shape, nn_shape2(n, 1)));
        if (n > left || !nn_ok(nn)) break;
        for (int i = 0; i < n; i++) {
            const int id = b->row[i];
            const nn_real first = d->bytes ? (nn_real)id / 255 : (nn_real)id;
            const nn_real second = d->bytes ? (nn_real)(255 - id) / 255 : (nn_real)-id;
            wrong += id < 0 || id >= d->n || seen[id]++;
            wrong += x->data[2 * i] != first || x->data[2 * i + 1] != second;
            wrong += target ? target->data[i] != (nn_real)(3 * id + 1) || b->label[i] != -1
                            : b->label[i] != 3 * id + 1;
            order[dealt++] = id;
        }
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(dealt, d->n);
    CHECK_INT(b->epoch, epoch + 1);
}

static void batches_deal_every_sample_once(void)
{
    static const struct {
        int n, batch_size;
    } table[] = {{10, 4}, {10, 5}, {10, 10}, {10, 11}, {10, 1}, {1, 3}, {64, 7}, {13, 1 << 30}};
    for (int e = 0; e < COUNT(table); e++)
        for (int kind = 0; kind < 8; kind++) {
            static numbered s;
            int order[3][MAX_N];
            const int n = table[e].n, shuffle = kind & 4;
            make_numbered(&s, n, kind & 1, (kind & 2) != 0);
            nn_batches b = nn_batches_new(&s.data, table[e].batch_size, shuffle);
            for (int epoch = 0; epoch < 3; epoch++)
                one_epoch(&b, &s.data, table[e].batch_size, order[epoch]);
            for (int i = 0; !shuffle && i < n; i++) CHECK(order[0][i] == i && order[2][i] == i);
            if (!shuffle || n < 10) continue; /* 10 keep their order once in 3,628,800 times */
            const size_t bytes = (size_t)n * sizeof(int);
            CHECK(memcmp(order[0], order[1], bytes) != 0);
            CHECK(memcmp(order[1], order[2], bytes) != 0);
            CHECK(memcmp(order[0], order[2], bytes) != 0);
        }
    CHECK(nn_ok(nn));
}

/* Each has memory of its own, enough for its largest batch. */
static void batches_of_two_at_a_time(void)
{
    static numbered s;
    int order[MAX_N];
    make_numbered(&s, 60, 0, 0);
    nn_batches a = nn_batches_new(&s.data, 60, 1), b = nn_batches_new(&s.data, 50, 0);
    for (int epoch = 0; epoch < 2; epoch++) {
        CHECK_INT(nn_next_batch(&a), 60);
        one_epoch(&b, &s.data, 50, order);
        for (int i = 0; i < 60; i++) CHECK(order[i] == i && a.label[i] == 3 * a.row[i] + 1);
        CHECK_INT(nn_next_batch(&a), 0);
    }
}

static void batches_depend_on_the_seed_alone(void)
{
    static numbered s;
    int order[3][MAX_N];
    make_numbered(&s, 40, 0, 0);
    for (int i = 0; i < 3; i++) {
        nn_seed(nn, i < 2 ? 8 : 9);
        nn_batches b = nn_batches_new(&s.data, 6, 1);
        one_epoch(&b, &s.data, 6, order[i]);
    }
    CHECK(memcmp(order[0], order[1], 40 * sizeof(int)) == 0);
    CHECK(memcmp(order[0], order[2], 40 * sizeof(int)) != 0);
}

static void batches_of_images(void)
{
    nn_idx images = nn_idx_load(nn, DATA "fashion-t10k-200-images-idx3-ubyte");
    nn_idx labels = nn_idx_load(nn, DATA "fashion-t10k-200-labels-idx1-ubyte");
    nn_dataset d = nn_dataset_idx(&images, &labels);
    nn_batches b = nn_batches_new(&d, 64, 1);
    int wrong = 0, n = 0;
    while (nn_next_batch(&b)) {
        nn_clear(nn);
        nn_tensor *x = nn_batch_x(&b);
        CHECK(nn_shape_equal(x->shape, nn_shape3(b.n, 28, 28)));
        for (int i = 0; i < b.n; i++) {
            wrong += b.label[i] != labels.bytes[b.row[i]];
            for (int j = 0; j < 784; j++)
                wrong += x->data[i * 784 + j] != (nn_real)((nn_real)images.bytes[b.row[i] * 784 + j] / 255);
        }
        n += b.n;
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(n, 200);
    CHECK_INT(b.epoch, 1);
}

static void batches_refuse(void)
{
    static numbered s;
    make_numbered(&s, 5, 0, 0);
    nn_batches b = nn_batches_new(&s.data, 0, 1);
    CHECK_INT(nn_next_batch(&b), 0);
    rejected("size 0", NN_ERROR_ARGUMENT, "test_data.c", "nn_batches_new");
    CHECK_INT(nn_next_batch(&b), 0);
    CHECK(nn_ok(nn)); /* what is empty ends at once */
    b = nn_batches_new(&s.data, -3, 1);
    rejected("size -3", NN_ERROR_ARGUMENT, "nn_batches_new", "-3");
    b = nn_batches_new(&s.data, 2, 0);
    CHECK_INT(nn_batch_x(&b)->size, 0);
    rejected("too early", NN_ERROR_ARGUMENT, "nn_batch_x", "nn_next_batch");
    while (nn_next_batch(&b)) CHECK_INT(nn_batch_x(&b)->shape.dim[0], b.n);
    CHECK_INT(nn_batch_x(&b)->size, 0);
    rejected("too late", NN_ERROR_ARGUMENT, "nn_batch_x", "nn_next_batch");
    nn_fail(nn, NN_ERROR_NONFINITE, "test_data.c", "it explodes");
    for (int i = 0; b.epoch < 9 && i < 9; i++) /* a loop over epochs ends */
        while (nn_next_batch(&b)) nn_clear(nn);
    CHECK_INT(b.epoch, 9);
    rejected("after an error", NN_ERROR_NONFINITE, "test_data.c", "explodes");
    nn_next_batch(&b);
    CHECK_INT(nn_batch_target(&b)->size, 0);
    rejected("labels only", NN_ERROR_ARGUMENT, "nn_batch_target", "targets");
    s.data.n = 0;
    b = nn_batches_new(&s.data, 2, 0);
    rejected("no samples", NN_ERROR_ARGUMENT, "nn_batches_new", "0 samples");
}

/* ---- all samples at once; labels as rows ---- */

static void dataset_as_tensors(void)
{
    static numbered s;
    for (int as_bytes = 0; as_bytes < 2; as_bytes++) {
        make_numbered(&s, 9, as_bytes, 1);
        nn_clear(nn);
        nn_tensor *x = nn_dataset_x(&s.data), *target = nn_dataset_target(&s.data);
        CHECK(nn_shape_equal(x->shape, nn_shape2(9, 2)));
        CHECK(nn_shape_equal(target->shape, nn_shape2(9, 1)));
        for (int i = 0; i < 9; i++) {
            CHECK_NEAR(x->data[2 * i], (nn_real)(as_bytes ? (nn_real)i / 255 : (nn_real)i), 0);
            CHECK_NEAR(x->data[2 * i + 1],
                       (nn_real)(as_bytes ? (nn_real)(255 - i) / 255 : (nn_real)-i), 0);
            CHECK_NEAR(target->data[i], 3 * i + 1, 0);
        }
        CHECK(as_bytes || x->data != s.data.x); /* a copy */
    }
    nn_idx a = nn_idx_load(nn, DATA "fashion-t10k-200-images-idx3-ubyte");
    nn_idx b = nn_idx_load(nn, DATA "fashion-t10k-200-labels-idx1-ubyte");
    nn_dataset fashion = nn_dataset_idx(&a, &b);
    CHECK(nn_shape_equal(nn_dataset_x(&fashion)->shape, nn_shape3(200, 28, 28)));
    CHECK(nn_ok(nn));
    CHECK_INT(nn_dataset_target(&fashion)->size, 0);
    rejected("labels only", NN_ERROR_ARGUMENT, "nn_dataset_target", "targets");
    fashion.sample = nn_shape4(1, 28, 28, 1); /* with the batch that would be five dimensions */
    CHECK_INT(nn_dataset_x(&fashion)->size, 0);
    rejected("5 dimensions", NN_ERROR_ARGUMENT, "nn_dataset_x", "of [1, 28, 28, 1]");
}

static void one_hot(void)
{
    static const int labels[] = {2, -1, 0, 3};
    static const int expected[4][4] = {{0, 0, 1, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 1}};
    nn_tensor *x = nn_one_hot(nn, labels, 4, 4);
    CHECK(nn_shape_equal(x->shape, nn_shape2(4, 4)));
    for (int i = 0; i < 16; i++) CHECK_NEAR(x->data[i], expected[i / 4][i % 4], 0);
    CHECK_INT(nn_one_hot(nn, labels, 4, 3)->size, 0);
    rejected("label 3 of 3", NN_ERROR_ARGUMENT, "nn_one_hot", "labels[3] is 3");
    const int negative = -2;
    CHECK_INT(nn_one_hot(nn, &negative, 1, 3)->size, 0);
    rejected("label -2", NN_ERROR_ARGUMENT, "nn_one_hot", "labels[0] is -2");
    CHECK_INT(nn_one_hot(nn, NULL, 1, 3)->size, 0);
    rejected("no labels", NN_ERROR_ARGUMENT, "nn_one_hot", "NULL");
}

/* ---- never wrong in silence ---- */

static void unclosed_quote_as_the_last_byte(void)
{
    static const char *const table[] = {"1,\"", "1,2\n3,\"", "1,\"2\"\"", "1,\"\"\""};
    for (int e = 0; e < COUNT(table); e++) {
        CHECK_INT(parse(table[e], (nn_csv_options){0, 0, NN_MISSING_NAN, 1}).rows, 0);
        rejected(table[e], NN_ERROR_FORMAT, "column 2", "quote");
    }
}

/* An editor's line number, also after a field of two lines. */
static void lines_count_inside_quotes(void)
{
    parse("\"a\nb\",c\n1,x\n", header);
    rejected("newline in header", NN_ERROR_FORMAT, "line 3, column 2", "\"x\"");
    parse("\"a\r\nb\",1\nc,x\n", words);
    rejected("newline in data", NN_ERROR_FORMAT, "line 3, column 2", "\"x\"");
}

static void zero_bytes_in_text(void)
{
    static const struct {
        char text[12];
        size_t size;
    } table[] = {{"1,\0\n", 4}, {"1,NA\0x\n", 7}, {"1,2\0\n", 5}, {"a\0b,1\n", 6}};
    for (int e = 0; e < COUNT(table); e++) {
        parse_bytes(table[e].text, table[e].size, (nn_csv_options){0, 0, NN_MISSING_NAN, 1});
        rejected("zero byte", NN_ERROR_FORMAT, "line 1, column", "");
    }
}

static void numbers_beyond_nn_real(void)
{
    static const char *const table[] = {"1e999", "-1e999", "1e99999999999999999999",
                                        "1e4294967297" /* 2^32 + 1: not 1 */};
    for (int e = 0; e < COUNT(table); e++) {
        parse(table[e], plain);
        CHECK_STR(nn_ok(nn) ? table[e] : "refused", "refused");
        nn_error_clear(nn);
    }
    nn_table t = parse("1e39", plain); /* fits a double only */
    CHECK(sizeof(nn_real) > sizeof(float) ? t.rows == 1 : !nn_ok(nn));
    nn_error_clear(nn);
}

/* One missing value must not turn the values that are there into something that looks like data. */
static void scaler_and_missing_values(void)
{
    nn_table t = parse("1,0\n2,0\nNA,0\n6,0\n", gaps);
    nn_dataset d = nn_dataset_targets(&t, 1);
    nn_scaler s = nn_scaler_fit(&d);
    nn_scaler_apply(&s, &d);
    CHECK(!nn_ok(nn) || d.x[0] != d.x[1]);
    CHECK(!nn_ok(nn) || is_nan((double)d.x[2]));
    nn_error_clear(nn);
}

/* Labels of any IDX type must be whole numbers from 0 (or -1) before they may index anything. */
static void labels_are_whole_numbers(void)
{
    static const struct {
        const char *what;
        int type, each;
        unsigned char bytes[8];
    } table[] = {
        {"-128", 0x09, 1, {0, 0x80}},
        {"2147483647", 0x0c, 4, {0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}},
        {"1.5", 0x0d, 4, {0, 0, 0, 0, 0x3f, 0xc0, 0, 0}},
        {"NaN", 0x0d, 4, {0, 0, 0, 0, 0x7f, 0xc0, 0, 0}},
        {"1e38", 0x0d, 4, {0, 0, 0, 0, 0x7e, 0x96, 0x76, 0x99}},
    };
    static const int dim[] = {2, 1};
    unsigned char image_file[64], label_file[64];
    nn_idx images = nn_idx_parse(nn, image_file, idx_file(image_file, 0x08, 2, dim, "ab", 2));
    for (int e = 0; e < COUNT(table); e++) {
        const size_t size = idx_file(label_file, table[e].type, 1, dim, table[e].bytes,
                                     2 * (size_t)table[e].each);
        nn_idx labels = nn_idx_parse(nn, label_file, size);
        CHECK_INT(nn_dataset_idx(&images, &labels).n, 0);
        CHECK_STR(nn_error_code(nn) == NN_ERROR_FORMAT ? "refused" : table[e].what, "refused");
        nn_error_clear(nn);
    }
}

static void hint_for_semicolons_and_tabs(void)
{
    parse("1;2\n3;4\n", plain);
    rejected("semicolons", NN_ERROR_FORMAT, "line 1, column 1", "delimiter");
    parse("1\t2\n3\t4\n", plain);
    rejected("tabs", NN_ERROR_FORMAT, "line 1, column 1", "delimiter");
}

static int elsewhere(void) { return nn_full(nn, nn_shape1(1), 0), __LINE__; }

/* A message that names a line must name the line of the call, not of an earlier one. */
static void mistakes_name_no_other_line(void)
{
    nn_table t = parse("1.5,2\n", plain);
    nn_dataset good = nn_dataset_targets(&t, 1), empty = good;
    nn_scaler s = nn_scaler_fit(&good);
    empty.x = NULL, empty.target = NULL;
    for (int i = 0; i < 6; i++) {
        static const char *const name[] = {
            "nn_csv_parse",  "nn_dataset_classes", "nn_dataset_targets",
            "nn_scaler_fit", "nn_scaler_apply",    "nn_dataset_target"};
        char place[32];
        snprintf(place, sizeof place, "test_data.c:%d:", elsewhere());
        if (i == 0) nn_csv_parse(nn, NULL, 0, plain);
        if (i == 1) nn_dataset_classes(&t, 0);
        if (i == 2) nn_dataset_targets(&t, 7);
        if (i == 3) nn_scaler_fit(&empty);
        if (i == 4) nn_scaler_apply(&s, &empty);
        if (i == 5) nn_dataset_target(&empty);
        CHECK(!nn_ok(nn));
        check_at(!strstr(nn_error(nn), place), name[i], "names an earlier call's line");
        nn_error_clear(nn);
    }
}

static void quiet(void *user, nn_code code, const char *message)
{
    (void)user, (void)code, (void)message; /* the cases look at nn_error */
}

int main(void)
{
    nn = nn_create(1);
    if (!nn) return 2;
    nn_on_error(nn, quiet, NULL);

    RUN(csv_shapes_and_sums);
    RUN(csv_every_cell);
    RUN(csv_categories_of_penguins);
    RUN(csv_reads_sentences_up_to_a_limit);
    RUN(csv_load_is_parse_of_the_file);
    RUN(csv_forms);
    RUN(csv_texts_in_quotes);
    RUN(csv_names);
    RUN(numbers_of_every_form);
    RUN(numbers_by_chance);
    RUN(numbers_round_trip);
    RUN(numbers_to_the_last_bit);
    RUN(numbers_half_way);
    RUN(numbers_in_every_locale);
    RUN(numbers_refused);
    RUN(csv_refused);
    RUN(csv_field_of_any_length);
    RUN(csv_delimiters_that_cannot_be);
    RUN(csv_of_extreme_shapes);
    RUN(csv_failures_take_no_memory);
    RUN(csv_statistics);
#ifdef __unix__
    RUN(files_at_the_end_of_a_page);
    RUN(files_of_other_kinds);
    RUN(table_printed);
#endif
    RUN(errors_stick);

    RUN(idx_fashion);
    RUN(idx_all_types);
    RUN(idx_all_dimensions);
    RUN(idx_cut_or_too_long);
    RUN(idx_refused);
    RUN(idx_labels_for_images);

    RUN(dataset_classes_of_iris);
    RUN(dataset_classes_of_penguins);
    RUN(dataset_targets_of_diabetes);
    RUN(split_deals_every_sample_once);
    RUN(split_depends_on_the_seed_alone);
    RUN(split_prefers_no_sample);
    RUN(split_refuses);
    RUN(scaler_on_real_data);
    RUN(scaler_by_hand);
    RUN(scaler_and_constants_that_round);
    RUN(scaler_refuses);
    RUN(batches_deal_every_sample_once);
    RUN(batches_of_two_at_a_time);
    RUN(batches_depend_on_the_seed_alone);
    RUN(batches_of_images);
    RUN(batches_refuse);
    RUN(dataset_as_tensors);
    RUN(one_hot);

    RUN(unclosed_quote_as_the_last_byte);
    RUN(lines_count_inside_quotes);
    RUN(zero_bytes_in_text);
    RUN(numbers_beyond_nn_real);
    RUN(scaler_and_missing_values);
    RUN(labels_are_whole_numbers);
    RUN(hint_for_semicolons_and_tabs);
    RUN(mistakes_name_no_other_line);

    nn_destroy(nn);
    return test_summary();
}
