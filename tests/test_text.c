/* Text and vocabularies: cutting into bytes, characters and words, counting, ids and back, files.
 *
 *     cc -std=c99 -O1 tests/test_text.c -lm -o test_text && ./test_text
 *
 * Run from the root of the repository. The oracles: tr, sort and uniq (the commands stand beside
 * the numbers), counting one by one, and what was put in.
 */
#include <stdio.h>
#include <stdlib.h>
#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))
#define BOOK "examples/data/devils_dictionary.txt"
#define WRITTEN "test_text.tmp"

static nn_ctx *nn;

static void quiet(void *user, nn_code code, const char *message)
{
    (void)user, (void)code, (void)message; /* the cases look at nn_error */
}

/* There must be an error with this code, whose message has both texts; it is cleared. */
static void rejected(const char *what, nn_code code, const char *says, const char *and_says)
{
    const char *message = nn_error(nn);
    if (!test_check(strstr(message, says) && strstr(message, and_says) && nn_error_code(nn) == code,
                    __FILE__, __LINE__))
        printf("\"%s\": got error %d \"%s\", expected error %d with \"%s\" and \"%s\"\n", what,
               (int)nn_error_code(nn), message, (int)code, says, and_says);
    nn_error_clear(nn);
}

static const char *written(const void *bytes, size_t size) /* in a file; its name */
{
    FILE *file = fopen(WRITTEN, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) exit(2);
    return WRITTEN;
}

static nn_vocab vocab(nn_unit unit, const char *text, int limit)
{
    return nn_vocab_new(nn, unit, text, strlen(text), limit);
}

/* ---- cutting, counting ---- */

static void tokens_in_order(void)
{
    static const struct {
        nn_unit unit;
        const char *text;
        int limit, n;
        const char *token[9];
    } table[] = {
        {NN_BYTES, "banana", 0, 4, {"<unk>", "a", "n", "b"}},
        {NN_BYTES, "abc", 0, 4, {"<unk>", "a", "b", "c"}}, /* ties: as they came */
        {NN_BYTES, "cba", 0, 4, {"<unk>", "c", "b", "a"}},
        {NN_BYTES, "banana", 3, 3, {"<unk>", "a", "n"}},
        {NN_BYTES, "banana", 1, 1, {"<unk>"}},
        {NN_BYTES, "banana", 100, 4, {"<unk>", "a", "n", "b"}},
        {NN_BYTES, "\xc3\xa4", 0, 3, {"<unk>", "\xc3", "\xa4"}},
        {NN_CHARS, "\xc3\xa4", 0, 2, {"<unk>", "\xc3\xa4"}},
        {NN_CHARS, "x\xe2\x82\xac\xf0\x9f\x98\x80x", 0, 4,
         {"<unk>", "x", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}},
        {NN_CHARS, "\xe2\x82", 0, 3, {"<unk>", "\xe2", "\x82"}}, /* cut off: byte by byte */
        {NN_CHARS, "\xff\xc3z", 0, 4, {"<unk>", "\xff", "\xc3", "z"}},
        {NN_CHARS, "\xed\xa0\x80", 0, 4, {"<unk>", "\xed", "\xa0", "\x80"}}, /* a surrogate is none */
        {NN_CHARS, "\xef\xbb\xbf" "a\r\n", 0, 5, {"<unk>", "\xef\xbb\xbf", "a", "\r", "\n"}},
        {NN_WORDS, "to be, or not to be.", 0, 7, {"<unk>", "to", "be", ",", "or", "not", "."}},
        {NN_WORDS, "The the THE", 0, 4, {"<unk>", "The", "the", "THE"}},
        {NN_LOWER_WORDS, "The the THE", 0, 2, {"<unk>", "the"}},
        {NN_LOWER_WORDS, "\xc3\x84" "B", 0, 2, {"<unk>", "\xc3\x84" "b"}}, /* ASCII only */
        {NN_WORDS, "don't\t\r\n x2--3", 0, 5, {"<unk>", "-", "don't", "x2", "3"}},
        {NN_WORDS, "<unk>", 0, 4, {"<unk>", "<", "unk", ">"}},
    };
    for (int e = 0; e < COUNT(table); e++) {
        nn_vocab v = vocab(table[e].unit, table[e].text, table[e].limit);
        CHECK_INT(v.n, table[e].n);
        for (int i = 0; i < table[e].n && i < v.n; i++) CHECK_STR(v.token[i], table[e].token[i]);
    }
    CHECK(nn_ok(nn));
}

/* tr -cs "A-Za-z0-9'" '\n' <BOOK | grep . | sort | uniq -c | sort -rn; wc -c BOOK */
static void a_whole_book(void)
{
    nn_text book = nn_text_load(nn, BOOK);
    if (!test_check(nn_ok(nn), __FILE__, __LINE__)) return;
    CHECK_INT(book.bytes[book.size], 0);
    for (int unit = NN_BYTES; unit <= NN_LOWER_WORDS; unit++) {
        nn_vocab v = nn_vocab_new(nn, (nn_unit)unit, book.bytes, book.size, 0);
        int n = 0, wrong = 0, *count = (int *)calloc((size_t)v.n, sizeof(int));
        const int *ids = nn_vocab_encode(&v, book.bytes, book.size, &n);
        if (!count || !ids) exit(2);
        for (int i = 0; i < n; i++) count[ids[i]]++;
        CHECK_INT(count[0], 0); /* without a limit nothing is unknown */
        for (int i = 2; i < v.n; i++) wrong += count[i] > count[i - 1];
        CHECK_INT(wrong, 0);
        if (unit == NN_BYTES) {
            int seen[256] = {0}, distinct = 0;
            for (size_t i = 0; i < book.size; i++)
                distinct += !seen[(unsigned char)book.bytes[i]]++;
            CHECK_INT(v.n, distinct + 1);
            for (int i = 1; i < v.n; i++)
                wrong += count[i] != seen[(unsigned char)v.token[i][0]];
            CHECK_INT(wrong, 0);
        }
        nn_text again = nn_vocab_decode(&v, ids, n);
        if (unit <= NN_CHARS) /* to the last byte */
            CHECK(again.size == book.size && memcmp(again.bytes, book.bytes, book.size) == 0);
        int m = 0;
        const int *same = nn_vocab_encode(&v, again.bytes, again.size, &m);
        CHECK(m == n && memcmp(ids, same, (size_t)n * sizeof *ids) == 0);
        nn_vocab few = nn_vocab_new(nn, (nn_unit)unit, book.bytes, book.size, 20);
        ids = nn_vocab_encode(&few, book.bytes, book.size, &n);
        int unknown = 0, rest = 0;
        for (int i = 0; i < n; i++) unknown += ids[i] == 0;
        for (int i = 20; i < v.n; i++) rest += count[i];
        CHECK_INT(few.n, 20);
        CHECK_INT(unknown, rest);
        free(count);
    }
    CHECK(nn_ok(nn));
}

static void every_byte_comes_back(void)
{
    char all[512];
    for (int i = 0; i < 512; i++) all[i] = (char)(i * 7);
    for (int unit = NN_BYTES; unit <= NN_CHARS; unit++) {
        int n;
        nn_vocab v = nn_vocab_new(nn, (nn_unit)unit, all, 512, 0);
        const int *ids = nn_vocab_encode(&v, all, 512, &n);
        nn_text t = nn_vocab_decode(&v, ids, n);
        CHECK(t.size == 512 && memcmp(t.bytes, all, 512) == 0);
        if (unit == NN_BYTES) CHECK_INT(v.n, 257);
    }
}

static void unknown_and_nothing(void)
{
    nn_vocab v = vocab(NN_WORDS, "the cat sat", 0);
    int n = -1;
    const int *ids = nn_vocab_encode(&v, "the dog sat", 11, &n);
    CHECK(n == 3 && ids[0] == 1 && ids[1] == 0 && ids[2] == 3);
    CHECK_STR(nn_vocab_decode(&v, ids, n).bytes, "the <unk> sat");
    CHECK(!nn_vocab_encode(&v, "", 0, &n) && n == 0);
    CHECK(!nn_vocab_encode(&v, " \n", 2, &n) && n == 0);
    CHECK_STR(nn_vocab_decode(&v, NULL, 0).bytes, "");
    static char run[10000]; /* a word without end is cut into pieces that a file can hold */
    memset(run, 'x', sizeof run);
    v = nn_vocab_new(nn, NN_WORDS, run, sizeof run, 0);
    CHECK_INT(v.n, 3);
    CHECK_INT(strlen(v.token[1]), 4095);
    CHECK(nn_ok(nn));
}

static void mistakes(void)
{
    nn_vocab v = vocab(NN_BYTES, "abc", 0), none = v;
    const int bad[] = {1, 4}, negative[] = {1, 2, -1};
    int n;
    nn_vocab_decode(&v, bad, 2);
    rejected("id 4", NN_ERROR_ARGUMENT, "nn_vocab_decode", "ids[1] is 4, not one of 4 tokens");
    nn_vocab_decode(&v, negative, 3);
    rejected("id -1", NN_ERROR_ARGUMENT, "test_text.c", "ids[2] is -1");
    nn_vocab_decode(&v, NULL, 1);
    rejected("no ids", NN_ERROR_ARGUMENT, "nn_vocab_decode", "ids[0]");
    nn_vocab_encode(&v, NULL, 1, &n);
    rejected("no text", NN_ERROR_ARGUMENT, "nn_vocab_encode", "NULL");
    nn_vocab_encode(&v, "a", 1, NULL);
    rejected("no n", NN_ERROR_ARGUMENT, "nn_vocab_encode", "NULL");
    CHECK(!nn_vocab_encode(&v, "a", (size_t)INT32_MAX + 1, &n) && n == 0); /* not a byte is read */
    rejected("2 GiB", NN_ERROR_LIMIT, "nn_vocab_encode", "a text of 2147483648 bytes");
    none.n = 0;
    nn_vocab_encode(&none, "a", 1, &n);
    rejected("empty", NN_ERROR_ARGUMENT, "nn_vocab_encode", "empty");
    CHECK_INT(nn_vocab_save(&none, WRITTEN), 0);
    rejected("empty", NN_ERROR_ARGUMENT, "nn_vocab_save", "empty");
    CHECK_INT(vocab(NN_BYTES, "", 0).n, 0);
    rejected("empty text", NN_ERROR_ARGUMENT, "nn_vocab_new", "no token");
    CHECK_INT(vocab(NN_WORDS, " \n\t", 0).n, 0);
    rejected("white space", NN_ERROR_ARGUMENT, "nn_vocab_new", "no token");
    nn_vocab_new(nn, NN_BYTES, NULL, 3, 0);
    rejected("NULL", NN_ERROR_ARGUMENT, "nn_vocab_new", "text is NULL");
    vocab((nn_unit)4, "a", 0);
    rejected("unit 4", NN_ERROR_ARGUMENT, "nn_vocab_new", "unit 4");
    vocab(NN_BYTES, "a", -1);
    rejected("limit -1", NN_ERROR_ARGUMENT, "nn_vocab_new", "limit -1");
}

/* ---- files ---- */

static void saved_and_loaded(void)
{
    static const char *const table[] = {
        "a\nb\r\n\t \"quoted\" , ; \\ ? NA 1 2.5", "\xff\xc3\xa4\xe2\x82\xac",
        "NA ? null nan NaN N/A",
        "\"", "\"\"\"", "\r\r\n\n", " ", ",", "#", "1 22 333", "'", "<unk>"};
    for (int e = 0; e < COUNT(table); e++)
        for (int unit = NN_BYTES; unit <= NN_LOWER_WORDS; unit++) {
            nn_vocab v = vocab((nn_unit)unit, table[e], 0);
            if (!nn_ok(nn)) { /* only white space: no words */
                nn_error_clear(nn);
                continue;
            }
            CHECK_INT(nn_vocab_save(&v, WRITTEN), 1);
            nn_vocab w = nn_vocab_load(nn, WRITTEN);
            if (!test_check(w.n == v.n && w.unit == v.unit, __FILE__, __LINE__))
                printf("\"%s\": %s\n", table[e], nn_error(nn));
            for (int i = 0; i < v.n && i < w.n; i++) CHECK_STR(w.token[i], v.token[i]);
            int n = 0, m = 0;
            const int *a = nn_vocab_encode(&v, table[e], strlen(table[e]), &n);
            const int *b = nn_vocab_encode(&w, table[e], strlen(table[e]), &m);
            CHECK(n == m && memcmp(a, b, (size_t)n * sizeof *a) == 0);
            nn_error_clear(nn);
        }
    nn_vocab v = vocab(NN_WORDS, "say \"hi\"", 0);
    CHECK_INT(nn_vocab_save(&v, WRITTEN), 1);
    CHECK_STR(nn_text_load(nn, WRITTEN).bytes,
              "words 4\n\"<unk>\"\n\"\"\"\"\n\"say\"\n\"hi\"\n");
    CHECK_INT(nn_vocab_save(&v, "no/such/directory/v"), 0);
    rejected("no directory", NN_ERROR_IO, "nn_vocab_save", "no/such/directory/v");
    nn_vocab zero = nn_vocab_new(nn, NN_BYTES, "a\0b", 3, 0);
    CHECK_INT(zero.n, 4);
    CHECK_INT(nn_vocab_save(&zero, WRITTEN), 0);
    rejected("byte 0", NN_ERROR_UNSUPPORTED, "nn_vocab_save", "token 2 is a byte of value 0");
    CHECK_INT(nn_vocab_load(nn, WRITTEN).n, 4); /* the old file is still there */
    remove(WRITTEN);
    CHECK(nn_ok(nn));
}

static void vocabularies_refused(void)
{
    static const struct {
        const char *text;
        size_t size; /* 0: all */
        nn_code code;
        const char *says, *and_says;
    } table[] = {
        {"", 0, NN_ERROR_FORMAT, "no data", ""},
        {"words 1\n", 0, NN_ERROR_FORMAT, "no data", ""},
        {"<unk>\na\n", 0, NN_ERROR_FORMAT, "line 1 is \"<unk>\"", "\"words 1\" would be right"},
        {"words\n<unk>\na\n", 0, NN_ERROR_FORMAT, "line 1 is \"words\"", "\"words 2\""},
        {"words 3\n<unk>\na\n", 0, NN_ERROR_FORMAT, "line 1 is \"words 3\"", "before 2 tokens"},
        {"words 1\n<unk>\na\n", 0, NN_ERROR_FORMAT, "line 1 is \"words 1\"", "before 2 tokens"},
        {"Words 2\n<unk>\na\n", 0, NN_ERROR_FORMAT, "line 1 is \"Words 2\"", ""},
        {"words 2\na\n<unk>\n", 0, NN_ERROR_FORMAT, "line 2", "not <unk>"},
        {"words 3\n<unk>\na\na\n", 0, NN_ERROR_FORMAT, "token 2 is there twice", ""},
        {"words 3\n<unk>\n\"a\n\"b\"\n", 0, NN_ERROR_FORMAT, "line 4, column 1", "quote"},
        {"words 3\n<unk>\na\n\"b", 0, NN_ERROR_FORMAT, "line 4, column 1", "quote is not closed"},
        {"words 2\n<unk>\n\"\"\n", 0, NN_ERROR_FORMAT, "line 3, column 1", "missing"},
        {"words 2\n<unk>\n?\n", 0, NN_ERROR_FORMAT, "line 3, column 1", "missing"},
        {"words 2\n<unk>\na,b\n", 0, NN_ERROR_FORMAT, "line 3, column 2", "more fields"},
        {"words 2\n<unk>,1\na,2\n", 0, NN_ERROR_FORMAT, "header has 1 fields", ""},
        {"words 2,x\n<unk>,1\na,2\n", 0, NN_ERROR_FORMAT, "line 1 is \"words 2\"", ""},
        {"words 2\n1\n2\n", 0, NN_ERROR_FORMAT, "line 1 is \"words 2\"", ""},
        {"words 2\n<unk>\na\0b\n", 18, NN_ERROR_FORMAT, "line 3, column 1", "a byte of value 0"},
        {"\x1f\x8b\x08", 0, NN_ERROR_FORMAT, "is compressed", "gunzip it first"},
        {"\xff\xfew", 0, NN_ERROR_FORMAT, "is UTF-16", ""},
        {"<!DOCTYPE html>", 0, NN_ERROR_FORMAT, "is a web page", ""},
    };
    for (int e = 0; e < COUNT(table); e++) {
        const size_t size = table[e].size ? table[e].size : strlen(table[e].text);
        CHECK_INT(nn_vocab_parse(nn, table[e].text, size).n, 0);
        rejected(table[e].text, table[e].code, "nn_vocab_parse: text: ", table[e].says);
        CHECK_INT(nn_vocab_load(nn, written(table[e].text, size)).n, 0);
        CHECK(strstr(nn_error(nn), table[e].and_says) != NULL);
        rejected(table[e].text, table[e].code, "nn_vocab_load: " WRITTEN ": ", table[e].says);
    }
    static char line[5000] = "words 2\n<unk>\n"; /* a token too long */
    memset(line + strlen(line), 'x', 4096);
    CHECK_INT(nn_vocab_load(nn, written(line, strlen(line))).n, 0);
    rejected("4096 bytes", NN_ERROR_LIMIT, "line 3, column 1", "longer than 4095 bytes");
    CHECK_INT(nn_vocab_load(nn, "no/such/file").n, 0);
    rejected("no file", NN_ERROR_IO, "nn_vocab_load: no/such/file", "cannot be opened");
    nn_vocab_parse(nn, NULL, 3);
    rejected("NULL", NN_ERROR_ARGUMENT, "nn_vocab_parse", "NULL");
    CHECK_INT(nn_vocab_parse(nn, "chars 2\r\n<unk>\r\na", 17).n, 2); /* from another editor */
    remove(WRITTEN);
    CHECK(nn_ok(nn));
}

static void texts_in_files(void)
{
    static const struct {
        const char *text;
        size_t size;
        const char *says; /* NULL: accepted as it is */
    } table[] = {
        {"", 0, NULL}, {"x", 1, NULL}, {"a\r\nb", 4, NULL}, {"\xef\xbb\xbf" "a", 4, NULL},
        {"\0\0", 2, NULL}, {"\xff", 1, NULL}, {"a\xfe\xff", 3, NULL}, {"no newline", 10, NULL},
        {"<html>", 6, NULL}, {"P", 1, NULL}, {"\x7f" "ELF\1", 5, NULL},
        {"\x1f\x8b\x08", 3, "gunzip it first"}, {"PK\3\4", 4, "unzip it first"},
        {"\xff\xfe" "a", 3, "save it as UTF-8"}, {"\xfe\xff" "a", 3, "save it as UTF-8"},
    };
    for (int e = 0; e < COUNT(table); e++) {
        nn_text t = nn_text_load(nn, written(table[e].text, table[e].size));
        if (table[e].says) rejected("text", NN_ERROR_FORMAT, WRITTEN ": is ", table[e].says);
        CHECK_INT(t.size, table[e].says ? 0 : table[e].size);
        CHECK(memcmp(t.bytes, table[e].text, t.size) == 0 && t.bytes[t.size] == 0);
    }
    CHECK_INT(nn_text_load(nn, NULL).size, 0);
    rejected("NULL", NN_ERROR_ARGUMENT, "nn_text_load", "path is NULL");
    CHECK_INT(nn_text_load(nn, "no/such/file").size, 0);
    rejected("no file", NN_ERROR_IO, "no/such/file", "cannot be opened");
    remove(WRITTEN);
}

/* A file that is kept stays as it is, whatever is read, refused and made after it. */
static void files_stay(void)
{
    nn_ctx *other = nn_create(1);
    nn_on_error(other, quiet, NULL);
    nn_text a = nn_text_load(other, BOOK);
    nn_csv_options header = {1, 0, 0, 0};
    nn_csv_load(other, "examples/data/penguins.csv", header);
    CHECK(!nn_ok(other));
    nn_error_clear(other);
    nn_csv_load(other, "examples/data/iris.csv", header);
    nn_text b = nn_text_load(other, BOOK);
    nn_param(nn_model_new(other), "", "w", nn_shape1(100000));
    CHECK(nn_ok(other) && a.bytes != b.bytes && a.size == b.size);
    CHECK(memcmp(a.bytes, b.bytes, a.size) == 0);
    nn_destroy(other);
}

int main(void)
{
    nn = nn_create(1);
    if (!nn) return 2;
    nn_on_error(nn, quiet, NULL);
    RUN(tokens_in_order);
    RUN(a_whole_book);
    RUN(every_byte_comes_back);
    RUN(unknown_and_nothing);
    RUN(mistakes);
    RUN(saved_and_loaded);
    RUN(vocabularies_refused);
    RUN(texts_in_files);
    RUN(files_stay);
    nn_destroy(nn);
    return test_summary();
}
