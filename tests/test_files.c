/* Models in files: safetensors read and written, checkpoints, export as C.
 *
 *     cc -std=c99 -O1 tests/test_files.c -lm -o test_files && ./test_files
 *     ./test_files write DIRECTORY    one model per layer, for tests/golden/read_safetensors.py
 *
 * Run from the root of the repository. The oracles are bytes written by hand, files that PyTorch's
 * numbers are in (tests/golden), ldexp, and a training that was not interrupted.
 */
#define _XOPEN_SOURCE 700 /* setrlimit, SIGXFSZ, mkfifo, fork */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined __unix__ || defined __APPLE__
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define NN_IMPLEMENTATION
#include "../nn.h"
#include "test.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))
#define FILE_NAME "build/test_files.safetensors"

static nn_ctx *nn; /* for all cases; each leaves it without error */

/* Bytes written by hand: a header of its length, so many bytes of data. */
typedef struct blob {
    unsigned char *bytes;
    size_t size, header;
} blob;

static blob blob_of(uint64_t length, const char *header, size_t header_size, size_t data)
{
    blob b = {(unsigned char *)malloc(8 + header_size + data + 1), 8 + header_size + data,
              header_size};
    for (int i = 0; i < 8; i++) b.bytes[i] = (unsigned char)(length >> 8 * i);
    memcpy(b.bytes + 8, header, header_size);
    for (size_t i = 0; i < data; i++) b.bytes[8 + header_size + i] = (unsigned char)(i % 4 == 3 ? 63 : i);
    return b;
}

static void put_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
}

static blob get_file(const char *path)
{
    blob b = {(unsigned char *)malloc(1 << 20), 0, 0};
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    if (f) b.size = fread(b.bytes, 1, 1 << 20, f), fclose(f);
    return b;
}

static int exists(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f) fclose(f);
    return f != NULL;
}

/* A reader that gives one byte at a time, and fails at a place. */
typedef struct drip {
    const unsigned char *bytes;
    size_t at, size, fails_at;
} drip;
static size_t drip_read(void *user, void *to, size_t n)
{
    drip *d = (drip *)user;
    (void)n;
    if (d->at == d->fails_at) return (size_t)-1;
    if (d->at == d->size) return 0;
    *(unsigned char *)to = d->bytes[d->at++];
    return 1;
}
static int load_drip(nn_model *model, blob b, size_t fails_at)
{
    drip d = {b.bytes, 0, b.size, fails_at};
    nn_reader reader = {drip_read, &d};
    return nn_load_reader(model, reader);
}

/* The model of the hand-written files: a [2, 3] and b [2], 32 bytes. */
static nn_model *small_model(void)
{
    nn_model *model = nn_model_new(nn);
    nn_tensor *a = nn_param(model, "", "a", nn_shape2(2, 3)), *b = nn_buffer(model, "", "b", nn_shape1(2));
    for (int i = 0; i < 6; i++) a->data[i] = (nn_real)i + (nn_real)0.5;
    for (int i = 0; i < 2; i++) b->data[i] = (nn_real)-i;
    return model;
}

static int same_values(const nn_model *x, const nn_model *y)
{
    if (x->n_params != y->n_params) return 0;
    for (int i = 0; i < x->n_params; i++)
        if (memcmp(x->param[i]->data, y->param[i]->data, x->param[i]->size * sizeof(nn_real))) return 0;
    return 1;
}

static nn_model *model, *untouched; /* both small_model() */

/* There must be an error of this code with both texts, and the model is what it was. */
static void rejected(const char *what, int result, nn_code code, const char *says, const char *and_says)
{
    const char *message = nn_error(nn);
    const int good = !result && nn_error_code(nn) == code && strstr(message, says) &&
                     strstr(message, and_says) && same_values(model, untouched);
    if (!test_check(good, __FILE__, __LINE__))
        printf("%.60s: got %d, error %d \"%s\", expected error %d with \"%s\", \"%s\"%s\n", what, result,
               (int)nn_error_code(nn), message, (int)code, says, and_says,
               same_values(model, untouched) ? "" : "; the model has changed");
    nn_error_clear(nn);
}

static void accepted(const char *what, int result)
{
    if (!test_check(result && nn_ok(nn), __FILE__, __LINE__)) printf("%.60s: \"%s\"\n", what, nn_error(nn));
    nn_error_clear(nn);

}

static void restore(void)
{
    for (int i = 0; i < model->n_params; i++)
        memcpy(model->param[i]->data, untouched->param[i]->data, model->param[i]->size * sizeof(nn_real));
}

/* ---- malformed files ---- */

#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"
#define B "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]}"
#define WITH_A(dtype, shape, offsets) "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}," B "}"
#define SHAPED(shape) WITH_A("\"F32\"", shape, "[0,24]")
#define OFFSETS(a) WITH_A("\"F32\"", "[2,3]", a)
#define EXTRA(dtype, shape, offsets) "{" A "," B ",\"x\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

#define LONG_NAME_SHOWN "a_name_of_more_than_63_bytes_is_shown_in_part_so_that_all_fits_"
enum { F = NN_ERROR_FORMAT, L = NN_ERROR_LIMIT, U = NN_ERROR_UNSUPPORTED, OK = NN_OK };
static const struct {
    int code;
    const char *says, *header;
    int data;
} headers[] = {
    /* ---- JSON ---- */
    {OK, "", "{" A "," B "}", 32},
    {OK, "", " \t\r\n{" A ",\r\n" B " } \r\n\t ", 32},
    {OK, "", "{" B "," A "}", 32},
    {OK, "", "{\"__metadata__\":{}," A "," B "}", 32},
    {OK, "", "{\"__metadata__\":{\"format\":\"pt\",\"\\u00e9\\ud83d\\ude00\":\"\\n\"}," A "," B "}", 32},
    {OK, "", "{\"\\u0061\":{\"data_offsets\":[0,24],\"shape\":[2,3],\"dtype\":\"F32\"}," B "}", 32},
    {OK, "", "{\"__metadata__\":{\"\\uFFFF\\uaBcD\\u00C9\\u07ff\\uD83D\\uDE00\":\"\\/\"}," A "," B "}", 32},
    {OK, "", "{\"__metadata__\":{\"\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\":\"\"}," A "," B "}", 32},
    {F, "offset 8: expected \"{\"", "[]", 0},
    {F, "offset 8: expected \"{\"", "\"a\"", 0},
    {F, "offset 8: expected \"{\"", "12", 0},
    {F, "offset 8: expected \"{\"", "null", 0},
    {F, "offset 8: expected \"{\"", "\xef\xbb\xbf{}", 0},
    {F, "offset 9: the header ends, expected", "{", 0},
    {F, "offset 8: expected", "\xff", 0},
    {F, "expected \"\"\"", "{" A "," B ",}", 32},
    {F, "expected \"\"\"", "{'a':1}", 0},
    {F, "expected \"\"\"", "{/* */}", 0},
    {F, "expected \"{\"", "{\"a\":NaN}", 0},
    {F, "offset 14: expected \":\"", "{ \"a\" 1}", 0},
    {F, "the header ends within a string", "{\"abc", 0},
    {F, "the header ends", "{" A, 32},
    {F, "text behind the header", "{" A "," B "}x", 32},
    {F, "text behind the header", "{" A "," B "}{}", 32},
    {F, "offset 10: not a character", "{\"\xc0\xaf\":{}}", 0},
    {F, "offset 10: not a character", "{\"\xe0\x80\xaf\":{}}", 0},
    {F, "offset 10: not a character", "{\"\xf4\x90\x80\x80\":{}}", 0},
    {F, "offset 10: not a character", "{\"\xed\xa0\x80\":{}}", 0},
    {F, "offset 10: not a character", "{\"\xe2\x82\":{}}", 0},
    {F, "offset 10: not a character", "{\"\n\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\ud800\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\ud800\\u0041\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\udc00\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\ud800", 0},
    {F, "offset 10: not a character", "{\"\\ud800\\x0000\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\ud800\\ue000\":{}}", 0},
    {F, "offset 10: not a character", "{\"\xf0\x80\x80\x80\":{}}", 0},
    {F, "offset 10: not a character", "{\"\xf5\x80\x80\x80\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\u0000\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\u00g0\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\x\":{}}", 0},
    {F, "offset 10: not a character", "{\"\\", 0},
    {F, "expected \"{\"", "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", 0},
    {F, "a second \"a\"", "{" A "," A "}", 24},
    {F, "a second \"a\"", "{" A "," B ",\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[32,36]}}", 36},
    {F, "a second \"dtype\"", "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0},
    {F, "a second \"shape\"", "{\"a\":{\"shape\":[],\"shape\":[]}}", 0},
    {F, "a second \"data_offsets\"", "{\"a\":{\"data_offsets\":[0,4],\"data_offsets\":[0,4]}}", 4},
    {F, "a second \"__metadata__\"", "{\"__metadata__\":{},\"__metadata__\":{}}", 0},
    {F, "expected \"{\"", "{\"__metadata__\":[]}", 0},
    {F, "expected \"\"\"", "{\"__metadata__\":{\"a\":1}}", 0},
    {F, "expected \"\"\"", "{\"__metadata__\":{\"a\":{}}}", 0},
    /* ---- one tensor ---- */
    {F, "missing: \"dtype\"", "{\"a\":{\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24},
    {F, "missing: \"shape\"", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,24]}}", 24},
    {F, "missing: \"data_offsets\"", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3]}}", 24},
    {F, "missing: \"dtype\"", "{\"a\":{}}", 0},
    {F, "unknown key \"more\"", "{\"a\":{\"more\":1}}", 0},
    {F, "unknown dtype \"F33\"", WITH_A("\"F33\"", "[2,3]", "[0,24]"), 32},
    {F, "unknown dtype \"f32\"", WITH_A("\"f32\"", "[2,3]", "[0,24]"), 32},
    {F, "expected \"\"\"", WITH_A("32", "[2,3]", "[0,24]"), 32},
    {F, "expected \"[\"", SHAPED("6"), 32},
    {F, "expected \"[\"", SHAPED("null"), 32},
    {F, "whole number", SHAPED("[-2,3]"), 32},
    {F, "whole number", SHAPED("[-0]"), 32},
    {F, "expected \"]\"", SHAPED("[1.5]"), 32},
    {F, "expected \"]\"", SHAPED("[1e2]"), 32},
    {F, "whole number", SHAPED("[\"2\",3]"), 32},
    {F, "whole number", SHAPED("[null]"), 32},
    {F, "whole number", SHAPED("[true]"), 32},
    {F, "leading 0", SHAPED("[02,3]"), 32},
    {F, "leading 0", SHAPED("[2,00]"), 32},
    {F, "whole number", SHAPED("[2,3,]"), 32},
    {L, "too many numbers", SHAPED("[1,1,1,2,3]"), 32},
    {F, "too large", SHAPED("[18446744073709551616]"), 32},
    {F, "impossible: \"a\"", SHAPED("[18446744073709551615]"), 32},
    {F, "impossible: \"a\"", SHAPED("[2,18446744073709551614]"), 32},
    {F, "impossible: \"a\"", SHAPED("[2,9223372036854775807]"), 32},
    {F, "impossible: \"a\"", SHAPED("[4294967296,4294967296]"), 32},
    {F, "impossible: \"a\"", SHAPED("[4611686018427387904,4]"), 32},
    {F, "do not fit dtype and shape of \"a\"", SHAPED("[65536,65536]"), 32},
    {F, "do not fit", SHAPED("[1073741830]"), 32}, /* times 4 is 24 in 32 bits */
    {F, "do not fit", SHAPED("[2,2]"), 32},
    {F, "do not fit", SHAPED("[2,4]"), 32},
    {F, "do not fit", SHAPED("[]"), 32},
    {F, "do not fit", WITH_A("\"F6_E2M3\"", "[1]", "[0,1]"), 32},
    /* ---- offsets ---- */
    {F, "do not fit", OFFSETS("[24,0]"), 32},
    {F, "whole number", OFFSETS("[-1,23]"), 32},
    {F, "two offsets", OFFSETS("[24]"), 32},
    {F, "two offsets", OFFSETS("[]"), 32},
    {F, "too many numbers", OFFSETS("[0,24,24]"), 32},
    {F, "expected \"]\"", OFFSETS("[0.0,24]"), 32},
    {F, "a gap before", OFFSETS("[32,56]"), 32},
    {F, "a gap before", OFFSETS("[18446744073709551591,18446744073709551615]"), 32},
    {F, "too large", OFFSETS("[18446744073709551615,18446744073709551639]"), 32},
    {F, "overlaps another: \"a\"", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 32},
    {F, "overlaps another: \"b\"", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[23,31]}}", 32},
    {F, "a gap before \"b\"", "{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[25,33]}}", 33},
    {F, "a gap before \"a\"", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[1,25]}}", 25},
    {F, "the tensors have 32 bytes, the file has 33", "{" A "," B "}", 33},
    {F, "the tensors have 32 bytes, the file has 36", "{" A "," B "}", 36},
    {F, "the tensors have 32 bytes, the file has 31", "{" A "," B "}", 31},
    {F, "the tensors have 32 bytes, the file has 0", "{" A "," B "}", 0},
    /* ---- not this model: see also `differences` ---- */
    {F, "\"b\" is missing", "{" A "}", 24},
    {F, "\"a\" is missing; \"b\" is missing", "{}", 0},
    {F, "\"a\" is [3, 2], here [2, 3]", SHAPED("[3,2]"), 32},
    {F, "\"a\" is [6], here [2, 3]", SHAPED("[6]"), 32},
    {F, "\"a\" is [2, 3, 1], here [2, 3]", SHAPED("[2,3,1]"), 32},
    {F, "it also has \"x\"", EXTRA("F32", "[]", "[32,36]"), 36},
    {F, "\"a\" is [0, 2147483647], here [2, 3]", "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,4294967296],\"data_offsets\":[0,0]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8},
    {F, "\"a\" is [0], here [2, 3]", "{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 8},
    {F, "\"b\" is [0], here [2]", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 24},
    {F, "it also has \"" LONG_NAME_SHOWN "\";", "{\"" LONG_NAME_SHOWN "hidden\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1},
    {F, "it also has \"x\"", EXTRA("F8_E4M3", "[3]", "[32,35]"), 35},
    {F, "it also has \"x\"", EXTRA("F4", "[4]", "[32,34]"), 34},
    {F, "it also has \"x\"", EXTRA("C64", "[2]", "[32,48]"), 48},
    {F, "it also has \"x\"", EXTRA("F32", "[0]", "[24,24]"), 32},
    {F, "it also has \"x\"", EXTRA("F32", "[2,0]", "[32,32]"), 32},
    {F, "it also has \"x\"", EXTRA("F32", "[0,18446744073709551615,2]", "[0,0]"), 32},
    {F, "it also has \"x?[2J\"", "{" A "," B ",\"x\\u001b[2J\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[32,33]}}", 33},
    {U, "not the dtype of \"a\"", WITH_A("\"I32\"", "[2,3]", "[0,24]"), 32},
    {U, "not the dtype of \"a\"", "{\"a\":{\"dtype\":\"I64\",\"shape\":[2,3],\"data_offsets\":[0,48]}," "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[48,56]}}", 56},
};

/* Each from memory, from a file and from a reader; from the last of these the codes may differ. */
static void try_everywhere(const char *what, blob b, int code, const char *says)
{
    const int loaded = nn_load_memory(model, b.bytes, b.size);
    if (code == OK) accepted(what, loaded), restore();
    else rejected(what, loaded, (nn_code)code, says, "nn_load_memory: bytes: ");
    put_file(FILE_NAME, b.bytes, b.size);
    const int read = nn_load(model, FILE_NAME);
    if (code == OK) accepted(what, read), restore();
    else rejected(what, read, (nn_code)code, says, "nn_load: " FILE_NAME ": ");
    const int dripped = load_drip(model, b, SIZE_MAX);
    if (code == OK) accepted(what, dripped), restore();
    else rejected(what, dripped, nn_error_code(nn), "", "nn_load_reader: reader: ");
    CHECK(nn_load_partial(model, FILE_NAME) >= 0); /* must not crash */
    nn_error_clear(nn);
    restore();
    free(b.bytes);
}

static void malformed_headers(void)
{
    for (int i = 0; i < COUNT(headers); i++) {
        const size_t size = strlen(headers[i].header);
        blob b = blob_of(size, headers[i].header, size, (size_t)headers[i].data);
        try_everywhere(headers[i].header, b, headers[i].code, headers[i].says);
    }
    printf("%d headers, ", COUNT(headers));
}

static void malformed_lengths(void)
{
    const char *good = "{" A "," B "}";
    const size_t n = strlen(good);
    const struct {
        uint64_t length;
        int code;
        const char *says;
    } lengths[] = {{0, F, "offset 0: the header is empty"},
                   {n - 1, F, "offset 121"},
                   {n + 1, F, "text behind the header"},
                   {n + 32, F, "text behind the header"},
                   {n + 33, F, "offset 0: the header would be longer than the file"},
                   {100000001, F, "longer than the file"},
                   {((uint64_t)1 << 32) + n, F, "longer than the file"},
                   {(uint64_t)1 << 63, F, "longer than the file"},
                   {UINT64_MAX, F, "longer than the file"},
                   {UINT64_MAX - 4, F, "longer than the file"},
                   {UINT64_MAX - 7, F, "longer than the file"},
                   {0xffffffff0000003c, F, "longer than the file"}};
    for (int i = 0; i < COUNT(lengths); i++)
        try_everywhere(lengths[i].says, blob_of(lengths[i].length, good, n, 32), lengths[i].code,
                       lengths[i].code == F && i == 1 ? "the header ends" : lengths[i].says);
    blob b = blob_of(100000001, good, n, 32); /* where nobody knows the size of the file */
    rejected("reader", load_drip(model, b, SIZE_MAX), NN_ERROR_LIMIT, "offset 0", "longer than 100000000");
    for (int i = 0; i < 3; i++) { /* lengths that look like the beginning of another kind of file, a little */
        const uint64_t length[] = {0x1f, 0x0180, 0x0680};
        blob padded = blob_of(length[i], "x", 1, 2000);
        rejected("padded", nn_load_memory(model, padded.bytes, padded.size), NN_ERROR_FORMAT, "offset 8: expected \"{\"", "bytes");
        free(padded.bytes);
    }
    const char zeros[2][9] = {"{\"\\\0\":1}", "{\"\\u00\0"}; /* a byte of value 0 in an escape */
    for (int i = 0; i < 2; i++) {
        blob zero = blob_of(9, zeros[i], 9, 0);
        rejected("zero", nn_load_memory(model, zero.bytes, zero.size), NN_ERROR_FORMAT, "offset 10: not a character", "bytes");
        free(zero.bytes);
    }
    for (size_t size = 0; size < 8; size++)
        rejected("short", nn_load_memory(model, b.bytes, size), NN_ERROR_FORMAT, "offset", "is cut off");
    free(b.bytes);
}

static void other_files(void)
{
    const struct {
        const char *bytes, *says;
    } files[] = {{"\x1f\x8b\x08\0\0\0\0\0\0\3abc", "gunzip"},
                 {"\x1f\x8b\x08\x08\x12\x34\x56\x78\0\3abc", "gunzip"},
                 {"PK\3\4\0\0\x08\x08\0\0abc", "torch.load"},
                 {"\x80\2\x8a\nl\xfc\x9c\x46\xf9 ", "torch.load"},
                 {"\x80\4\x95\0\0\0\0\0\0\0", "torch.load"},
                 {"version https://git-lfs.github.com/spec/v1", "git lfs pull"},
                 {"<!DOCTYPE html><html>", "longer than the file"},
                 {"{\"a\":{}}          ", "longer than the file"}};
    for (int i = 0; i < COUNT(files); i++) {
        blob b = {(unsigned char *)malloc(64), 64, 0};
        memset(b.bytes, 0, 64);
        memcpy(b.bytes, files[i].bytes, 10);
        if (i > 4) memcpy(b.bytes, files[i].bytes, strlen(files[i].bytes));
        try_everywhere(files[i].says, b, F, files[i].says);
    }
    /* gzip whose length happens to be one: told all the same */
    blob b = blob_of(0x088b1f, "x", 1, 600000);
    rejected("gzip", nn_load_memory(model, b.bytes, b.size), NN_ERROR_FORMAT, "gunzip", "bytes");
    free(b.bytes);
}

static void many(const char *each, int n, const char *end, nn_code code, const char *says)
{
    const size_t room = (size_t)n * (strlen(each) + 12) + 100;
    char *text = (char *)malloc(room), *p = text;
    *p++ = '{';
    for (int i = 0; i < n; i++) p += sprintf(p, each, i);
    p += sprintf(p, "%s", end);
    blob b = blob_of((uint64_t)(p - text), text, (size_t)(p - text), 0);
    const clock_t start = clock();
    rejected(each, nn_load_memory(model, b.bytes, b.size), code, says, "offset");
    CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 1);
    free(b.bytes);
    free(text);
}

static void attacks(void)
{
    many("\"%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},", 70000, "}", NN_ERROR_LIMIT,
         "too many tensors");
    many("\"%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},", 60000,
         "\"59\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", NN_ERROR_FORMAT, "a second \"59\"");
    many("\"\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},", 60000,
         "\"\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", NN_ERROR_FORMAT, "a second \"\"");
    many("[", 10000, "", NN_ERROR_FORMAT, "expected");
    char *text = (char *)malloc(1100000); /* a value of 1 MB is fine */
    int n = sprintf(text, "{\"__metadata__\":{\"x\":\"");
    memset(text + n, 'x', 1000000);
    n += 1000000;
    n += sprintf(text + n, "\"}," A "," B "}");
    blob b = blob_of((uint64_t)n, text, (size_t)n, 32);
    accepted("1 MB of metadata", nn_load_memory(model, b.bytes, b.size));
    restore();
    free(b.bytes);
    free(text);
}

/* Every file that is too short is rejected; every change of one byte of the header is rejected, or
 * gives a model that is saved and read to the same bytes again. */
static void changed_bytes(void)
{
    const char *good = "{\"__metadata__\":{\"k\":\"v\"}," A "," B "}";
    blob b = blob_of(strlen(good), good, strlen(good), 32);
    for (size_t size = 0; size < b.size; size++) {
        rejected("cut off", nn_load_memory(model, b.bytes, size), NN_ERROR_FORMAT, "bytes: ", "offset");
        blob cut = b;
        cut.size = size;
        rejected("cut off", load_drip(model, cut, SIZE_MAX), NN_ERROR_FORMAT, "reader: ", "is cut off");
        rejected("fails", load_drip(model, b, size), NN_ERROR_IO, "reader: ", "reading failed after");
    }
    rejected("fails at the end", load_drip(model, b, b.size), NN_ERROR_IO, "reader: ", "reading failed after");
    b.bytes[b.size] = 0; /* the byte behind, which blob_of has made room for */
    b.size++;
    rejected("one more", load_drip(model, b, SIZE_MAX), NN_ERROR_FORMAT, "reader: ", "more behind the tensors");
    b.size--;
    nn_model *other = small_model();
    int taken = 0, wrong = 0;
    for (size_t i = 0; i < 8 + b.header; i++)
        for (int delta = 1; delta < 256; delta++) {
            b.bytes[i] = (unsigned char)(b.bytes[i] + delta);
            unsigned char first[512], second[512];
            if (nn_load_memory(model, b.bytes, b.size)) {
                const size_t n = nn_save_memory(model, first, sizeof first);
                wrong += !nn_load_memory(other, first, n) || nn_save_memory(other, second, sizeof second) != n;
                wrong += memcmp(first, second, n) != 0;
                taken++;
                restore();
            } else wrong += nn_ok(nn) || !same_values(model, untouched);
            nn_error_clear(nn);
            b.bytes[i] = (unsigned char)(b.bytes[i] - delta);
        }
    CHECK_INT(wrong, 0);
    CHECK(taken > 100 && taken < 400); /* the letters of the metadata */
    printf("%d of %d changed bytes accepted\n", taken, 255 * (int)(8 + b.header));
    free(b.bytes);
}

/* ---- numbers ---- */

static double half(unsigned h, int fraction_bits, int exponent_bits)
{
    const int bias = (1 << (exponent_bits - 1)) - 1, exponent = (int)(h >> fraction_bits) & ((1 << exponent_bits) - 1);
    const double fraction = ldexp(h & ((1u << fraction_bits) - 1), -fraction_bits), sign = h >> 15 ? -1 : 1;
    if (exponent == (1 << exponent_bits) - 1) return fraction > 0 ? (double)NAN : sign * HUGE_VAL;
    return sign * (exponent ? ldexp(1 + fraction, exponent - bias) : ldexp(fraction, 1 - bias));
}

static void sixteen_bits(void)
{
    nn_model *all = nn_model_new(nn);
    nn_tensor *x = nn_param(all, "", "x", nn_shape2(256, 256));
    for (int bf16 = 0; bf16 < 2; bf16++) {
        char text[128];
        const int n = sprintf(text, "{\"x\":{\"dtype\":\"%s\",\"shape\":[256,256],\"data_offsets\":[0,131072]}}", bf16 ? "BF16" : "F16");
        blob b = blob_of((uint64_t)n, text, (size_t)n, 131072);
        for (unsigned i = 0; i < 65536; i++) {
            b.bytes[b.size - 131072 + 2 * i] = (unsigned char)(i & 255);
            b.bytes[b.size - 131072 + 2 * i + 1] = (unsigned char)(i >> 8);
        }
        CHECK(nn_load_memory(all, b.bytes, b.size));
        CHECK(!load_drip(all, b, b.size - 1) && strstr(nn_error(nn), "reading failed after") && nn_error_code(nn) == NN_ERROR_IO);
        nn_error_clear(nn);
        int wrong = 0;
        for (unsigned i = 0; i < 65536; i++) {
            const double expected = half(i, bf16 ? 7 : 10, bf16 ? 8 : 5), got = (double)x->data[i];
            if (expected != expected) wrong += got == got;
            else wrong += got != expected || signbit(got) != signbit(expected);
        }
        CHECK_INT(wrong, 0);
        free(b.bytes);
    }
}

/* F32 keeps its bits, NaN, -0 and subnormals too; F64 is rounded to the nearest float. */
static void all_bits(void)
{
    const uint32_t bits[6] = {0x7fc12345, 0xff800000, 0x80000000, 1, 0x7f7fffff, 0x3f800001};
    blob b = blob_of(strlen("{" A "," B "}"), "{" A "," B "}", strlen("{" A "," B "}"), 32);
    for (int i = 0; i < 24; i++) b.bytes[b.size - 32 + (size_t)i] = (unsigned char)(bits[i / 4] >> 8 * (i % 4));
    CHECK(nn_load_memory(model, b.bytes, b.size));
    for (int i = 0; i < 6 && sizeof(nn_real) == 4; i++) {
        uint32_t got;
        memcpy(&got, &model->param[0]->data[i], 4);
        CHECK_INT(got, bits[i]);
    }
    unsigned char out[512];
    const size_t n = nn_save_memory(model, out, sizeof out);
    if (sizeof(nn_real) == 4) CHECK(n > 32 && memcmp(out + n - 32, b.bytes + b.size - 32, 32) == 0);
    free(b.bytes);
    const double values[2] = {0.1, 1e-320};
    const char *text = "{\"a\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[16,28]},\"b\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}";
    b = blob_of(strlen(text), text, strlen(text), 28);
    for (size_t i = 0; i < 16; i++) {
        uint64_t u;
        memcpy(&u, &values[i / 8], 8);
        b.bytes[b.size - 28 + i] = (unsigned char)(u >> 8 * (i % 8));
    }
    CHECK(nn_load_memory(model, b.bytes, b.size));
    CHECK(model->param[1]->data[0] == (nn_real)0.1 && model->param[1]->data[1] == (nn_real)1e-320);
    free(b.bytes);
    restore();
}

/* ---- writing ---- */

/* Byte for byte what the reference implementation would write: sorted, padded with spaces. */
static void written_bytes(void)
{
    nn_model *m = nn_model_new(nn);
    nn_param(m, "", "b", nn_shape1(1))->data[0] = 1;
    nn_param(m, "a\"\\\n", "\xc3\xa9", nn_shape0())->data[0] = -2;
    const char *expected = "{\"__metadata__\":{\"format\":\"pt\",\"made_by\":\"nn.h 1\"},"
        "\"a\\\"\\\\\\u000a.\xc3\xa9\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
    unsigned char bytes[512];
    const size_t size = nn_save_memory(m, NULL, 0), length = (strlen(expected) + 7) / 8 * 8;
    if (sizeof(nn_real) == 4) {
        CHECK_INT(size, 8 + length + 8);
        memset(bytes, 0xee, sizeof bytes);
        CHECK_INT(nn_save_memory(m, bytes, size - 1), size);
        CHECK(bytes[size - 1] == 0xee);
        CHECK_INT(nn_save_memory(m, bytes, sizeof bytes), size);
        CHECK(bytes[0] == length && !bytes[1] && !bytes[7]);
        CHECK(memcmp(bytes + 8, expected, strlen(expected)) == 0);
        for (size_t i = strlen(expected); i < length; i++) CHECK(bytes[8 + i] == ' ');
        CHECK(memcmp(bytes + 8 + length, "\0\0\0\xc0\0\0\x80\x3f", 8) == 0);
        CHECK(bytes[size] == 0xee);
    }
    CHECK_INT(nn_save_memory(m, bytes, sizeof bytes), size);
    CHECK(nn_load_memory(m, bytes, size));
    char name[9] = "";
    for (int i = 0; i < 8; i++) { /* headers of every length: the numbers begin at a multiple of 8 */
        nn_model *named = nn_model_new(nn);
        name[i] = 'n';
        nn_param(named, "", name, nn_shape1(2))->data[1] = (nn_real)i;
        const size_t all = nn_save_memory(named, bytes, sizeof bytes);
        CHECK_INT(all % 8, 0);
        CHECK_INT(bytes[0] + 256u * bytes[1] + 8 + 2 * sizeof(nn_real), all);
        named->param[0]->data[1] = -1;
        CHECK(nn_load_memory(named, bytes, all) && named->param[0]->data[1] == (nn_real)i);
    }
    nn_model *empty = nn_model_new(nn);
    const size_t n = nn_save_memory(empty, bytes, sizeof bytes);
    CHECK(n > 8 && nn_load_memory(empty, bytes, n));
}

static void save_load_save(void)
{
    CHECK(nn_save(model, FILE_NAME));
    blob first = get_file(FILE_NAME);
    nn_model *other = small_model();
    memset(other->param[0]->data, 0, 6 * sizeof(nn_real));
    CHECK(nn_load(other, FILE_NAME) && same_values(other, model));
    CHECK(nn_save(other, FILE_NAME));
    blob second = get_file(FILE_NAME);
    CHECK(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0);
    CHECK(nn_save_memory(model, second.bytes, 1 << 20) == first.size);
    CHECK(memcmp(first.bytes, second.bytes, first.size) == 0 && !exists(FILE_NAME ".tmp"));
    free(first.bytes), free(second.bytes);
}

static void ignore(void *user, nn_code code, const char *message) { (void)user, (void)code, (void)message; }

static void failing_saves(void)
{
    rejected("no directory", nn_save(model, "build/no/such/file"), NN_ERROR_IO, "nn_save: ", "build/no/such/file.tmp: cannot be written");
    rejected("a directory", nn_save(model, "build"), NN_ERROR_IO, "build: cannot be replaced", "");
    CHECK(!exists("build.tmp"));
    rejected("empty", nn_save(model, ""), NN_ERROR_IO, "the path is empty", "");
    char *path = (char *)malloc(1 << 20);
    memset(path, 'x', 1 << 20);
    path[(1 << 20) - 1] = 0;
    rejected("long", nn_save(model, path), NN_ERROR_IO, "the path is too long", "");
    free(path);
    rejected("NULL", nn_save(model, NULL), NN_ERROR_ARGUMENT, "nn_save: path is NULL", "test_files.c:");
    put_file(FILE_NAME, "old", 3);
    nn_model *bad = nn_model_new(nn);
    nn_param(bad, "", "__metadata__", nn_shape1(1));
    rejected("__metadata__", nn_save(bad, FILE_NAME), NN_ERROR_ARGUMENT, "cannot have", "__metadata__");
    nn_model *latin = nn_model_new(nn);
    nn_param(latin, "", "a", nn_shape1(1));
    nn_param(latin, "", "\xe9", nn_shape1(1));
    rejected("latin 1", nn_save(latin, FILE_NAME), NN_ERROR_ARGUMENT, "cannot have a tensor named", "");
    nn_model *tied = small_model(); /* entered twice by hand: written once */
    tied->param[tied->n_params++] = tied->param[0];
    CHECK_INT(nn_save_memory(tied, NULL, 0), nn_save_memory(model, NULL, 0));
    tied->param[2] = model->param[0];
    rejected("two", nn_save(tied, FILE_NAME), NN_ERROR_ARGUMENT, "two tensors are named \"a\"", "");
    blob old = get_file(FILE_NAME);
    CHECK(old.size == 3 && memcmp(old.bytes, "old", 3) == 0);
    free(old.bytes);
}

/* A disk that is full after so many bytes: no file may become larger. What stood there is whole,
 * nothing is left beside it, and with room again it is saved. */
static void full_disk(void)
{
#if defined __unix__ || defined __APPLE__
    struct rlimit all, few;
    if (getrlimit(RLIMIT_FSIZE, &all)) return;
    void (*const before)(int) = signal(SIGXFSZ, SIG_IGN); /* a write fails instead */
    nn_model *net = nn_model_new(nn);
    nn_linear_new(net, "fc", 40, 60); /* larger than what stdio and nn.h gather */
    nn_optimizer *opt = nn_adam(net, (nn_real)0.01);
    nn_step(opt);
    char text[12000] = "";
    for (size_t i = 0, n = 0; n < sizeof text - 10; i++) n += (size_t)sprintf(text + n, "w%d ", (int)i);
    static nn_real weights[40 * 60 + 60], after[40 * 60 + 60];
    const nn_vocab v = nn_vocab_new(nn, NN_WORDS, text, strlen(text), 0);
    nn_model_get(net, weights);
    for (int what = 0; what < 4; what++) {
        size_t whole = 0;
        for (int room = -1; room < 6; room++) { /* first as much as it takes */
            const size_t limits[6] = {0, 1, 100, 4096, whole / 2, whole - (whole > 0)};
            put_file(FILE_NAME, "old", 3);
            few = all;
            if (room >= 0) few.rlim_cur = (rlim_t)limits[room];
            fflush(stdout);
            if (setrlimit(RLIMIT_FSIZE, &few)) break;
            const int saved = what == 0   ? nn_save(net, FILE_NAME)
                              : what == 1 ? nn_checkpoint_save(opt, NULL, FILE_NAME)
                              : what == 2 ? nn_vocab_save(&v, FILE_NAME)
                                          : nn_export_c(net, FILE_NAME, "net");
            setrlimit(RLIMIT_FSIZE, &all);
            const blob b = get_file(FILE_NAME);
            if (room < 0) whole = b.size;
            if (room < 0) CHECK(saved && nn_ok(nn) && whole > 4096);
            else CHECK(!saved && nn_error_code(nn) == NN_ERROR_IO && b.size == 3 && memcmp(b.bytes, "old", 3) == 0);
            CHECK(!exists(FILE_NAME ".tmp"));
            nn_model_get(net, after);
            CHECK(memcmp(weights, after, sizeof after) == 0);
            free(b.bytes);
            nn_error_clear(nn);
        }
    }
    signal(SIGXFSZ, before);
#else
    printf("full_disk: not on this system\n");
#endif
}

static size_t gives_up(void *user, void *to, size_t n)
{
    (void)to, (void)n;
    nn_fail((nn_ctx *)user, NN_ERROR_IO, "gives_up", "the line is dead");
    return 0;
}

static void failing_loads(void)
{
    rejected("none", nn_load(model, "build/no-such-file"), NN_ERROR_IO, "build/no-such-file: cannot be opened", "");
    rejected("empty", nn_load(model, ""), NN_ERROR_IO, "cannot be opened", "");
    rejected("a directory", nn_load(model, "build"), NN_ERROR_IO, "build: ", "");
    rejected("NULL", nn_load(model, NULL), NN_ERROR_ARGUMENT, "path is NULL", "test_files.c:");
    rejected("NULL", nn_load_partial(model, NULL), NN_ERROR_ARGUMENT, "path is NULL", "");
    rejected("NULL", nn_load_memory(model, NULL, 8), NN_ERROR_ARGUMENT, "bytes is NULL", "");
    rejected("NULL", (int)nn_save_memory(model, NULL, 8), NN_ERROR_ARGUMENT, "bytes is NULL", "");
    nn_reader none = {NULL, NULL};
    rejected("NULL", nn_load_reader(model, none), NN_ERROR_ARGUMENT, "reader.read is NULL", "");
    nn_reader quits = {gives_up, nn};
    rejected("gives up", nn_load_reader(model, quits), NN_ERROR_IO, "gives_up: the line is dead", "");
    put_file(FILE_NAME, "", 0);
    rejected("no bytes", nn_load(model, FILE_NAME), NN_ERROR_FORMAT, "offset 0: the file is cut off", FILE_NAME);
    nn_fail(nn, NN_ERROR_IO, "test", "an error"); /* after an error nothing is done */
    CHECK(!nn_save(model, FILE_NAME) && !nn_load(model, FILE_NAME) && !nn_save_memory(model, NULL, 0));
    nn_error_clear(nn);
    blob still = get_file(FILE_NAME);
    CHECK_INT(still.size, 0);
    free(still.bytes);
}

#ifdef __unix__
/* A pipe, whose size nobody knows: whole, cut off, with a byte too many. */
static void through_a_pipe(void)
{
    blob b = blob_of(strlen("{" A "," B "}"), "{" A "," B "}", strlen("{" A "," B "}"), 32);
    nn_model *same = small_model();
    CHECK(nn_load_memory(same, b.bytes, b.size));
    for (int more = -1; more <= 1; more++) {
        remove(FILE_NAME);
        if (!test_check(mkfifo(FILE_NAME, 0600) == 0, __FILE__, __LINE__)) return;
        fflush(stdout);
        const pid_t writer = fork();
        if (writer == 0) {
            FILE *pipe = fopen(FILE_NAME, "wb");
            const size_t n = b.size - (more < 0);
            _exit(!pipe || fwrite(b.bytes, 1, n, pipe) != n || (more > 0 && putc(0, pipe) == EOF) || fclose(pipe));
        }
        const int loaded = nn_load(model, FILE_NAME);
        waitpid(writer, NULL, 0);
        if (more == 0) accepted("pipe", loaded && same_values(model, same));
        else rejected("pipe", loaded, NN_ERROR_FORMAT, more < 0 ? "the file is cut off" : "there is more behind the tensors", FILE_NAME);
        restore();
    }
    remove(FILE_NAME);
    free(b.bytes);
}
#endif

/* A file of another network: the message lists what differs; partial takes the rest. */
static void differences(void)
{
    nn_model *big = nn_model_new(nn);
    nn_linear_new(big, "fc1", 4, 8);
    nn_linear_new(big, "fc2", 8, 3);
    nn_linear_new(big, "old", 2, 2);
    CHECK(nn_save(big, FILE_NAME));
    nn_model *net = nn_model_new(nn), *before = nn_model_new(nn);
    nn_linear_new(net, "fc1", 4, 8);
    nn_linear_new(net, "fc2", 8, 10);
    nn_linear_new(net, "new", 10, 2);
    for (int i = 0; i < net->n_params; i++) {
        nn_tensor *p = nn_param(before, "", net->param[i]->name, net->param[i]->shape);
        memcpy(p->data, net->param[i]->data, p->size * sizeof *p->data);
    }
    CHECK(!nn_load(net, FILE_NAME) && same_values(net, before));
    const char *says[] = {FILE_NAME ": of another model", "\"fc2.bias\" is [3], here [10]", "\"fc2.weight\" is [3, 8], here [10, 8]",
                          "it also has \"old.bias\"", "it also has \"old.weight\"", "\"new.weight\" is missing", "\"new.bias\" is missing",
                          "nn_load_partial takes what fits"};
    for (int i = 0; i < COUNT(says); i++) CHECK(strstr(nn_error(nn), says[i]) != NULL);
    CHECK_INT(nn_error_code(nn), NN_ERROR_FORMAT);
    nn_error_clear(nn);
    CHECK_INT(nn_load_partial(net, FILE_NAME), 2);
    CHECK(memcmp(net->param[0]->data, big->param[0]->data, 32 * sizeof(nn_real)) == 0);
    CHECK(memcmp(net->param[1]->data, big->param[1]->data, 8 * sizeof(nn_real)) == 0);
    for (int i = 2; i < 6; i++) CHECK(memcmp(net->param[i]->data, before->param[i]->data, net->param[i]->size * sizeof(nn_real)) == 0);
    CHECK_INT(nn_load_partial(model, FILE_NAME), 0);
    CHECK(strstr(nn_error(nn), "of another model") && nn_error_code(nn) == NN_ERROR_FORMAT);
    nn_error_clear(nn);
    for (int i = 0; i < 40; i++) { /* more than a message holds */
        char name[8];
        sprintf(name, i < 39 ? "p%d" : "q", i); /* the last would fit where a longer one did not */
        nn_param(big, "", name, nn_shape1(1));
    }
    CHECK(nn_save(big, FILE_NAME) && !nn_load(net, FILE_NAME));
    const char *more = strstr(nn_error(nn), "; and ");
    if (!more) printf("%s\n", nn_error(nn));
    CHECK(more && atoi(more + 6) > 20 && strstr(more, " more ("));
    nn_error_clear(nn);
}

/* ---- every layer, to PyTorch and back ----
 *
 * Each model has its input x and what PyTorch makes of it, y, as buffers. */

static nn_linear linear;
static nn_batch_norm norm;
static nn_mlp mlp;
static void linear_build(nn_model *m) { linear = nn_linear_new(m, "fc", 5, 3); }
static const nn_real *linear_run(nn_tensor *x) { return nn_linear_forward(&linear, x)->data; }
static void norm_build(nn_model *m) { norm = nn_batch_norm_new(m, "bn", 5); }
static const nn_real *norm_run(nn_tensor *x) { return nn_batch_norm_forward(&norm, x)->data; }
static void mlp_build(nn_model *m)
{
    const int width[3] = {5, 4, 3};
    mlp = nn_mlp_new(m, "mlp", width, 3, NN_TANH, NN_IDENTITY);
}
static const nn_real *mlp_run(nn_tensor *x) { return nn_mlp_forward(&mlp, x->data, 2); }

/* Of a recurrent layer x is one sequence of two steps, of a cell two sequences of one. */
static nn_rnn recurrent;
static nn_rnn_cell cell;
static nn_embedding embedding;
static nn_highway highway;
static nn_tensor *sequence(nn_tensor *x) { return nn_reshape(x, nn_shape3(1, 2, 5)); }
static void rnn_build(nn_model *m)
{
    const nn_rnn_options o = {2, 1, 0, 0, 0, 0, 0, 0};
    recurrent = nn_rnn_new_with(m, "rnn", 5, 3, o);
}
static const nn_real *rnn_run(nn_tensor *x) { return nn_rnn_forward(&recurrent, sequence(x), NULL, NULL).output->data; }
static void lstm_build(nn_model *m) { recurrent = nn_lstm_new(m, "lstm", 5, 3); }
static const nn_real *lstm_run(nn_tensor *x) { return nn_lstm_forward(&recurrent, sequence(x), NULL, NULL, NULL).output->data; }
static void gru_build(nn_model *m) { recurrent = nn_gru_new(m, "gru", 5, 3); }
static const nn_real *gru_run(nn_tensor *x) { return nn_gru_forward(&recurrent, sequence(x), NULL, NULL).output->data; }
static void rnn_cell_build(nn_model *m) { cell = nn_rnn_cell_new(m, "cell", 5, 3); }
static const nn_real *rnn_cell_run(nn_tensor *x) { return nn_rnn_cell_forward(&cell, x, NULL).h->data; }
static void lstm_cell_build(nn_model *m) { cell = nn_lstm_cell_new(m, "cell", 5, 3); }
static const nn_real *lstm_cell_run(nn_tensor *x) { return nn_lstm_cell_forward(&cell, x, NULL, NULL).h->data; }
static void gru_cell_build(nn_model *m) { cell = nn_gru_cell_new(m, "cell", 5, 3); }
static const nn_real *gru_cell_run(nn_tensor *x) { return nn_gru_cell_forward(&cell, x, NULL).h->data; }
static void embedding_build(nn_model *m) { embedding = nn_embedding_new(m, "embedding", 4, 3); }
static const nn_real *embedding_run(nn_tensor *x) /* the words 3 and 1 */
{
    const int words[2] = {3, 1};
    (void)x;
    return nn_embedding_forward(&embedding, words, 2)->data;
}
static void highway_build(nn_model *m) { highway = nn_highway_new(m, "highway", 5, NN_RELU, -1); }
static const nn_real *highway_run(nn_tensor *x) { return nn_highway_forward(&highway, x, NULL)->data; }
static const nn_attention_options causal = {0, 1, NULL, NULL, 0, 0, NULL};
static nn_layer_norm layer_norm;
static nn_multihead_attention attention;
static nn_encoder_layer layer_of; /* of an encoder, or a decoder */
static nn_encoder stack;
static nn_tensor *of_four(nn_tensor *x) { return nn_reshape(x, nn_shape3(1, 2, 4)); }
static nn_transformer_options transformer(int pre) { return (nn_transformer_options){2, 6, pre, pre, 0}; }
static void layer_norm_build(nn_model *m) { layer_norm = nn_layer_norm_new(m, "norm", 5); }
static const nn_real *layer_norm_run(nn_tensor *x) { return nn_layer_norm_forward(&layer_norm, x)->data; }
static void attention_build(nn_model *m) { attention = nn_multihead_attention_new(m, "attn", 4, 2); }
static const nn_real *attention_run(nn_tensor *x)
{
    x = of_four(x);
    return nn_multihead_attention_forward(&attention, x, x, causal, NULL)->data;
}
static void encoder_layer_build(nn_model *m) { layer_of = nn_encoder_layer_new(m, "layer", 4, transformer(0)); }
static const nn_real *encoder_layer_run(nn_tensor *x) { return nn_encoder_layer_forward(&layer_of, of_four(x), causal, NULL)->data; }
static void decoder_layer_build(nn_model *m) { layer_of = nn_decoder_layer_new(m, "layer", 4, transformer(0)); }
static const nn_real *decoder_layer_run(nn_tensor *x) /* what it decodes is its memory, too */
{
    return nn_decoder_layer_forward(&layer_of, of_four(x), of_four(x), causal, causal, NULL)->data;
}
static void encoder_build(nn_model *m) { stack = nn_encoder_new(m, "stack", 2, 4, transformer(1)); }
static const nn_real *encoder_run(nn_tensor *x) { return nn_encoder_forward(&stack, of_four(x), causal, NULL)->data; }
static void decoder_build(nn_model *m) { stack = nn_decoder_new(m, "stack", 1, 4, transformer(1)); }
static const nn_real *decoder_run(nn_tensor *x) { return nn_decoder_forward(&stack, of_four(x), of_four(x), causal, causal, NULL)->data; }
static nn_additive_attention additive;
static void additive_build(nn_model *m) { additive = nn_additive_attention_new(m, "additive", 5, 5, 3); }
static const nn_real *additive_run(nn_tensor *x) { return nn_additive_attention_forward(&additive, sequence(x), sequence(x), sequence(x), NULL, NULL)->data; }
static nn_graph_attention graph;
static void graph_build(nn_model *m) { graph = nn_graph_attention_new(m, "graph", 5, 3, 2); }
static const nn_real *graph_run(nn_tensor *x) /* node 1 listens to itself alone */
{
    nn_tensor *edges = nn_full(nn, nn_shape2(2, 2), 1);
    edges->data[2] = 0;
    return nn_graph_attention_forward(&graph, x, edges, NULL)->data;
}
static nn_conv2d conv;
static void conv2d_build(nn_model *m) { conv = nn_conv2d_new(m, "conv", 2, 3, 3, 2, 1); }
static const nn_real *conv2d_run(nn_tensor *x) { return nn_conv2d_forward(&conv, x)->data; }
static void conv1d_build(nn_model *m) { conv = nn_conv1d_new(m, "conv", 2, 3, 3, 1, 1); }
static const nn_real *conv1d_run(nn_tensor *x) { return nn_conv1d_forward(&conv, x)->data; }
static void transpose_build(nn_model *m) { conv = nn_conv_transpose2d_new(m, "conv", 2, 3, 3, 2, 1); }
static const nn_real *transpose_run(nn_tensor *x) { return nn_conv_transpose2d_forward(&conv, x)->data; }

static const struct layer {
    const char *function;
    void (*build)(nn_model *m);
    const nn_real *(*run)(nn_tensor *x);
    nn_shape x, y;
} layers[] = {{"nn_linear_new", linear_build, linear_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_batch_norm_new", norm_build, norm_run, {2, {2, 5}}, {2, {2, 5}}},
              {"nn_mlp_new", mlp_build, mlp_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_conv2d_new", conv2d_build, conv2d_run, {4, {2, 2, 4, 5}}, {4, {2, 3, 2, 3}}},
              {"nn_conv1d_new", conv1d_build, conv1d_run, {3, {2, 2, 5}}, {3, {2, 3, 5}}},
              {"nn_conv_transpose2d_new", transpose_build, transpose_run, {4, {2, 2, 2, 3}}, {4, {2, 3, 3, 5}}},
              {"nn_rnn_new", rnn_build, rnn_run, {2, {2, 5}}, {2, {2, 6}}},
              {"nn_lstm_new", lstm_build, lstm_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_gru_new", gru_build, gru_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_rnn_cell_new", rnn_cell_build, rnn_cell_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_lstm_cell_new", lstm_cell_build, lstm_cell_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_gru_cell_new", gru_cell_build, gru_cell_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_embedding_new", embedding_build, embedding_run, {2, {2, 5}}, {2, {2, 3}}},
              {"nn_highway_new", highway_build, highway_run, {2, {2, 5}}, {2, {2, 5}}},
              {"nn_layer_norm_new", layer_norm_build, layer_norm_run, {2, {2, 5}}, {2, {2, 5}}},
              {"nn_multihead_attention_new", attention_build, attention_run, {2, {2, 4}}, {2, {2, 4}}},
              {"nn_encoder_layer_new", encoder_layer_build, encoder_layer_run, {2, {2, 4}}, {2, {2, 4}}},
              {"nn_decoder_layer_new", decoder_layer_build, decoder_layer_run, {2, {2, 4}}, {2, {2, 4}}},
              {"nn_encoder_new", encoder_build, encoder_run, {2, {2, 4}}, {2, {2, 4}}},
              {"nn_decoder_new", decoder_build, decoder_run, {2, {2, 4}}, {2, {2, 4}}},
              {"nn_additive_attention_new", additive_build, additive_run, {2, {2, 5}}, {2, {2, 5}}},
              {"nn_graph_attention_new", graph_build, graph_run, {2, {2, 5}}, {2, {2, 6}}},
              {"nn_early_stopping_new", NULL, NULL, {0, {0}}, {0, {0}}}}; /* not a layer */

static nn_model *layer_model(const struct layer *l, nn_tensor **x, nn_tensor **y)
{
    nn_model *m = nn_model_new(nn);
    l->build(m);
    *x = nn_buffer(m, "", "x", l->x);
    *y = nn_buffer(m, "", "y", l->y);
    for (int i = 0; i < m->n_params; i++) /* no number as the layer made it; variances positive */
        for (size_t j = 0; j < m->param[i]->size; j++) m->param[i]->data[j] = nn_uniform(nn, (nn_real)0.25, 1);
    return m;
}

static const char *layer_file(char path[200], const char *directory, const struct layer *l)
{
    sprintf(path, "%.100s/%.40s.safetensors", directory, l->function);
    return path;
}

static int layers_write(const char *directory)
{
    for (int i = 0; i < COUNT(layers); i++) {
        nn_tensor *x, *y;
        char path[200];
        if (!layers[i].build) continue;
        nn_model *m = layer_model(&layers[i], &x, &y);
        memcpy(y->data, layers[i].run(x), y->size * sizeof *y->data);
        nn_save(m, layer_file(path, directory, &layers[i]));
    }
    return !nn_ok(nn);
}

/* Files with PyTorch's names, numbers and num_batches_tracked give PyTorch's outputs. */
static void from_pytorch(void)
{
    for (int i = 0; i < COUNT(layers); i++) {
        nn_tensor *x, *y;
        char path[200];
        if (!layers[i].build) continue;
        nn_model *m = layer_model(&layers[i], &x, &y);
        CHECK(nn_load(m, layer_file(path, "tests/golden", &layers[i])));
        const nn_real *got = layers[i].run(x);
        for (size_t j = 0; j < y->size; j++) CHECK_NEAR(got[j], y->data[j], 4e-6); /* norms of what is nearly alike */
        CHECK(nn_ok(nn));
        nn_error_clear(nn);
    }
}

/* Every layer that nn.h declares is in the table above. */
static void every_layer(void)
{
    FILE *f = fopen("nn.h", "r");
    char line[512];
    int found = 0;
    CHECK(f != NULL);
    while (f && fgets(line, sizeof line, f) && !strstr(line, "NN_IMPLEMENTATION\n#")) {
        char *end = strstr(line, "_new(nn_model *model,"), *start = end;
        if (!end || strncmp(line, "static", 6) == 0) continue;
        while (start > line && start[-1] != ' ' && start[-1] != '*') start--;
        int known = 0;
        for (int i = 0; i < COUNT(layers); i++)
            known += strlen(layers[i].function) == (size_t)(end + 4 - start) &&
                     strncmp(layers[i].function, start, (size_t)(end + 4 - start)) == 0;
        found += known;
        if (!test_check(known == 1, __FILE__, __LINE__)) printf("%.*s is not in the table of layers\n", (int)(end + 4 - start), start);
    }
    CHECK(found >= 7);
    if (f) fclose(f);
}

/* ---- checkpoints ---- */

enum { SAMPLES = 10, STEPS = 8 };
static nn_optimizer *rule_of(int rule, nn_model *m)
{
    const nn_real lr = (nn_real)0.05;
    return rule == 0 ? nn_sgd(m, lr) : rule == 1 ? nn_momentum(m, lr, (nn_real)0.9)
         : rule == 2 ? nn_nesterov(m, lr, (nn_real)0.9) : rule == 3 ? nn_adagrad(m, lr)
         : rule == 4 ? nn_rmsprop(m, lr) : rule == 5 ? nn_adam(m, lr) : nn_adamw(m, lr, (nn_real)0.1);
}

typedef struct training {
    nn_ctx *nn;
    nn_model *net;
    nn_linear fc1, fc2;
    nn_batch_norm bn;
    nn_optimizer *opt;
    nn_dataset data;
    nn_batches b;
} training;

static void training_new(training *t, int rule, uint64_t seed)
{
    static nn_real x[SAMPLES * 3];
    static int label[SAMPLES];
    for (int i = 0; i < SAMPLES * 3; i++) x[i] = (nn_real)((i * 7 % 11) / 11.0 - 0.5), label[i / 3] = i % 2;
    memset(t, 0, sizeof *t);
    t->nn = nn_create(seed);
    nn_on_error(t->nn, ignore, NULL);
    t->net = nn_model_new(t->nn);
    t->fc1 = nn_linear_new(t->net, "fc1", 3, 6);
    t->bn = nn_batch_norm_new(t->net, "bn", 6);
    t->fc2 = nn_linear_new(t->net, "fc2", 6, 2);
    t->opt = rule_of(rule, t->net);
    t->opt->weights_only = rule % 2;
    t->opt->weight_decay = (nn_real)0.01;
    t->data.ctx = t->nn, t->data.n = SAMPLES, t->data.sample = nn_shape1(3), t->data.size = 3;
    t->data.x = x, t->data.label = label, t->data.classes = 2;
    t->b = nn_batches_new(&t->data, 4, 1);
}

static void training_steps(training *t, int steps)
{
    for (int i = 0; i < steps; i++) {
        if (!nn_next_batch(&t->b)) nn_next_batch(&t->b);
        nn_clear(t->nn);
        nn_zero_grad(t->net);
        nn_tensor *h = nn_batch_norm_forward(&t->bn, nn_linear_forward(&t->fc1, nn_batch_x(&t->b)));
        nn_backward(nn_cross_entropy(nn_linear_forward(&t->fc2, nn_dropout(nn_relu(h), (nn_real)0.3)), t->b.label));
        t->opt->lr *= (nn_real)0.95;
        nn_step(t->opt);
    }
}

static void resumed(void)
{
    for (int rule = 0; rule < 7; rule++) {
        training whole;
        training_new(&whole, rule, 5);
        training_steps(&whole, STEPS);
        for (int k = 0; k <= STEPS; k++) {
            training first, second;
            training_new(&first, rule, 5);
            training_steps(&first, k);
            CHECK(nn_checkpoint_save(first.opt, &first.b, FILE_NAME));
            nn_destroy(first.nn);
            training_new(&second, rule, 99);
            training_steps(&second, k % 3); /* a program that did something else before */
            CHECK(nn_checkpoint_load(second.opt, &second.b, FILE_NAME));
            CHECK_INT(second.opt->step, k);
            CHECK_INT(second.opt->weights_only, rule % 2);
            training_steps(&second, STEPS - k);
            CHECK(nn_ok(second.nn) && same_values(whole.net, second.net));
            CHECK(memcmp(whole.nn->random, second.nn->random, sizeof second.nn->random) == 0);
            CHECK_INT(second.b.epoch, whole.b.epoch);
            nn_destroy(second.nn);
        }
        nn_destroy(whole.nn);
    }
}

/* Interrupted while a layer is frozen: it goes on, later, with the velocities it had. */
static void resumed_while_frozen(void)
{
    for (int rule = 0; rule < 7; rule++) {
        training whole, second;
        training_new(&whole, rule, 5);
        training_steps(&whole, 3);
        nn_freeze(whole.net, "fc1", 1);
        training_steps(&whole, 1);
        CHECK(nn_checkpoint_save(whole.opt, &whole.b, FILE_NAME));
        training_new(&second, rule, 99);
        nn_freeze(second.net, "fc1", 1);
        CHECK(nn_checkpoint_load(second.opt, &second.b, FILE_NAME));
        for (training *t = &whole; t; t = t == &whole ? &second : NULL) {
            training_steps(t, 1);
            nn_freeze(t->net, "fc1", 0);
            training_steps(t, 2);
        }
        CHECK(nn_ok(second.nn) && same_values(whole.net, second.net));
        nn_destroy(whole.nn);
        nn_destroy(second.nn);
    }
}

static void checkpoint_rejected(training *t, int rule, nn_code code, const char *says)
{
    training old;
    training_new(&old, rule, 99);
    uint64_t random[4];
    memcpy(random, t->nn->random, sizeof random);
    const int loaded = nn_checkpoint_load(t->opt, &t->b, FILE_NAME);
    if (!test_check(!loaded && nn_error_code(t->nn) == code && strstr(nn_error(t->nn), says), __FILE__, __LINE__))
        printf("got %d \"%s\", expected \"%s\"\n", loaded, nn_error(t->nn), says);
    CHECK(same_values(t->net, old.net) && memcmp(random, t->nn->random, sizeof random) == 0 && t->opt->step == 0);
    nn_error_clear(t->nn);
    nn_destroy(old.nn);
}

/* The file with one of its I64 numbers changed. */
static void poke(blob b, const char *name, int index, int64_t value)
{
    char wanted[64];
    unsigned char *copy = (unsigned char *)malloc(b.size);
    memcpy(copy, b.bytes, b.size);
    sprintf(wanted, "\"%s\":{\"dtype\":\"I64\"", name);
    char *text = (char *)malloc(b.size + 1);
    const size_t header = (size_t)b.bytes[0] | (size_t)b.bytes[1] << 8;
    memcpy(text, b.bytes + 8, header);
    text[header] = 0;
    const char *p = strstr(text, wanted);
    CHECK(p != NULL);
    if (p) {
        size_t at = 8 + header + strtoul(strstr(p, "data_offsets\":[") + 15, NULL, 10) + 8 * (size_t)index;
        for (int i = 0; i < 8; i++) copy[at + (size_t)i] = (unsigned char)((uint64_t)value >> 8 * i);
    }
    put_file(FILE_NAME, copy, b.size);
    free(copy), free(text);
}

static void checkpoint_mistakes(void)
{
    training a, t;
    training_new(&a, 5, 5);
    training_steps(&a, 4);
    CHECK(nn_checkpoint_save(a.opt, &a.b, FILE_NAME));
    training_new(&t, 0, 99);
    checkpoint_rejected(&t, 0, NN_ERROR_FORMAT, "\"optimizer.adam\"");
    nn_destroy(t.nn);
    training_new(&t, 5, 99);
    CHECK_INT(nn_load_partial(t.net, FILE_NAME), 8); /* the model alone */
    CHECK(same_values(t.net, a.net));
    nn_destroy(t.nn);
    training_new(&t, 5, 99);
    blob b = get_file(FILE_NAME);
    for (int i = 0; i < (int)b.size; i += i < 2000 ? 97 : 13) { /* cut off */
        put_file(FILE_NAME, b.bytes, (size_t)i);
        checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, FILE_NAME ": offset");
    }
    poke(b, "batches.order", 3, SAMPLES);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"batches.order\"");
    poke(b, "batches.order", 0, -1);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"batches.order\"");
    poke(b, "batches.position", 0, 5);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"batches.position\"");
    poke(b, "batches.position", 1, SAMPLES + 1);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"batches.position\"");
    poke(b, "batches.position", 2, (int64_t)1 << 40);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"batches.position\"");
    poke(b, "batches.position", 1, -1);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"batches.position\"");
    poke(b, "batches.position", 2, -1);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"batches.position\"");
    poke(b, "optimizer.step", 1, -1);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"optimizer.step\"");
    poke(b, "optimizer.step", 1, 2);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"optimizer.step\"");
    poke(b, "optimizer.step", 0, -1);
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"optimizer.step\"");
    nn_ctx *const mine = a.nn; /* a state of zeros would give zeros for ever */
    memset(mine->random, 0, sizeof mine->random);
    CHECK(nn_checkpoint_save(a.opt, &a.b, FILE_NAME));
    checkpoint_rejected(&t, 5, NN_ERROR_FORMAT, "\"random\"");
    put_file(FILE_NAME, b.bytes, b.size);
    free(b.bytes);
    CHECK(!nn_checkpoint_load(t.opt, NULL, FILE_NAME) && strstr(nn_error(t.nn), "it also has \"batches.order\""));
    nn_error_clear(t.nn);
    CHECK(!nn_checkpoint_load(t.opt, &a.b, FILE_NAME) && strstr(nn_error(t.nn), "another nn_ctx"));
    nn_error_clear(t.nn);
    nn_batches none;
    memset(&none, 0, sizeof none);
    none.ctx = t.nn;
    CHECK(!nn_checkpoint_save(t.opt, &none, FILE_NAME) && strstr(nn_error(t.nn), "result of a failed call"));
    nn_error_clear(t.nn);
    nn_optimizer *failed = nn_sgd(t.net, -1);
    nn_error_clear(t.nn);
    CHECK(!nn_checkpoint_save(failed, NULL, FILE_NAME) && strstr(nn_error(t.nn), "the optimizer is the result of a failed call"));
    nn_error_clear(t.nn);
    CHECK(!nn_checkpoint_load(t.opt, NULL, NULL) && nn_error_code(t.nn) == NN_ERROR_ARGUMENT);
    nn_error_clear(t.nn);
    CHECK(!nn_checkpoint_load(t.opt, NULL, "build/none") && nn_error_code(t.nn) == NN_ERROR_IO);
    nn_error_clear(t.nn);
    CHECK(nn_checkpoint_save(t.opt, NULL, FILE_NAME) && nn_checkpoint_load(t.opt, NULL, FILE_NAME));
    nn_param(t.net, "", "optimizer.step", nn_shape1(4)); /* a name that the checkpoint needs itself */
    CHECK(!nn_checkpoint_save(t.opt, NULL, FILE_NAME) && strstr(nn_error(t.nn), "two tensors are named \"optimizer.step\""));
    nn_error_clear(t.nn);
    nn_optimizer *nothing = nn_sgd(nn_model_new(t.nn), 1); /* of a model without parameters: its rate alone */
    CHECK(nn_checkpoint_save(nothing, NULL, FILE_NAME) && nn_ok(t.nn));
    nothing->lr = 2;
    CHECK(nn_checkpoint_load(nothing, NULL, FILE_NAME) && nothing->lr == 1);
    nn_destroy(t.nn);
    nn_destroy(a.nn);
}

/* ---- export ---- */

static void exported(void)
{
    nn_model *m = nn_model_new(nn);
    nn_linear fc = nn_linear_new(m, "fc.1", 5, 3);
    nn_tensor *x = nn_buffer(m, "", "x", nn_shape1(5)), *y = nn_buffer(m, "", "y", nn_shape1(3));
    nn_tensor *odd = nn_buffer(m, "", "odd", nn_shape3(2, 1, 4)), *one = nn_buffer(m, "", "one", nn_shape0());
    const nn_real values[8] = {1e-30f, 3e38f, 16777215, 0, -0.0f, 1, 0.1f, 1e-45f};
    for (int i = 0; i < 5; i++) x->data[i] = (nn_real)(i - 2) / 3;
    memcpy(odd->data, values, sizeof values);
    one->data[0] = (nn_real)1 / 3;
    memcpy(y->data, nn_linear_forward(&fc, nn_input(nn, x->data, nn_shape2(1, 5)))->data, 3 * sizeof(nn_real));
    const char *locale = setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed: 0,5 */
    CHECK(nn_export_c(m, "build/test_export.h", "net"));
    setlocale(LC_ALL, "C");
    printf("locale de_DE.UTF-8: %s\n", locale ? "tried" : "not installed");
    FILE *f = fopen("build/test_export.c", "w");
    CHECK(f != NULL);
    if (!f) return;
    fprintf(f, "#include <math.h>\n#include <string.h>\n#include \"test_export.h\"\nstatic const unsigned bits[] = {");
    for (int i = 0; i < 8; i++) {
        uint32_t u;
        float v = (float)odd->data[i];
        memcpy(&u, &v, 4);
        fprintf(f, "%luu, ", (unsigned long)u);
    }
    fprintf(f, "0};\n"
               "int main(void)\n{\n"
               "    for (int i = 0; i < net_fc_1_weight_dim0; i++) {\n"
               "        float sum = net_fc_1_bias[i];\n"
               "        for (int j = 0; j < net_fc_1_weight_dim1; j++) sum += net_fc_1_weight[i][j] * net_x[j];\n"
               "        if (!(fabs(sum - net_y[i]) <= 1e-6)) return 1;\n"
               "    }\n"
               "    if (net_odd_dim0 != 2 || net_odd_dim1 != 1 || net_odd_dim2 != 4 || net_one != 1.0f / 3) return 2;\n"
               "    return memcmp(bits, net_odd, 32) ? 3 : 0;\n}\n");
    CHECK(fclose(f) == 0);
    char command[300];
    const char *cc = getenv("CC");
    sprintf(command, "%.80s -std=c99 build/test_export.c -o build/test_export -lm && build/test_export", cc ? cc : "cc");
    CHECK_INT(system(command), 0);

    const char *path = "build/test_export.h";
    rejected("prefix", nn_export_c(m, path, NULL), NN_ERROR_ARGUMENT, "the prefix is NULL", "");
    rejected("prefix", nn_export_c(m, path, ""), NN_ERROR_ARGUMENT, "the prefix is \"\"", "");
    rejected("prefix", nn_export_c(m, path, "1a"), NN_ERROR_ARGUMENT, "the prefix is \"1a\"", "");
    rejected("prefix", nn_export_c(m, path, "a b"), NN_ERROR_ARGUMENT, "the prefix is \"a b\"", "");
    rejected("prefix", nn_export_c(m, path, "-a"), NN_ERROR_ARGUMENT, "the prefix is \"-a\"", "");
    rejected("prefix", nn_export_c(m, path, "a{"), NN_ERROR_ARGUMENT, "the prefix is \"a{\"", "");
    rejected("prefix", nn_export_c(m, path, "a[1]"), NN_ERROR_ARGUMENT, "the prefix is \"a[1]\"", "");
    rejected("prefix", nn_export_c(m, path, "a:b"), NN_ERROR_ARGUMENT, "the prefix is \"a:b\"", "");
    rejected("prefix", nn_export_c(m, path, "of_33_bytes_which_is_one_too_many"), NN_ERROR_ARGUMENT, "of at most 32 letters", "");
    CHECK(nn_export_c(m, path, "Of_32_bytes_Which_is_Just_Right0"));
    rejected("path", nn_export_c(m, NULL, "net"), NN_ERROR_ARGUMENT, "path is NULL", "");
    nn_buffer(m, "", "fc-1.bias", nn_shape1(1));
    rejected("same name", nn_export_c(m, path, "net"), NN_ERROR_ARGUMENT, "two tensors are named \"net_fc_1_bias\"", "");
    m->n_params--;
    one->data[0] = (nn_real)NAN;
    rejected("NaN", nn_export_c(m, path, "net"), NN_ERROR_NONFINITE, "one", "nan");
}

/* In the default handler these abort; here they stick. */
static void no_model(void)
{
    nn_model *const failed = &nn->failed_model;
    rejected("failed", nn_save(failed, FILE_NAME), NN_ERROR_ARGUMENT, "the model is the result of a failed call", "");
    rejected("failed", nn_load(failed, FILE_NAME), NN_ERROR_ARGUMENT, "the model is the result of a failed call", "");
}

int main(int argc, char **argv)
{
    nn = nn_create(7);
    if (argc == 3 && strcmp(argv[1], "write") == 0) {
        nn_set_training(nn, 0);
        return layers_write(argv[2]);
    }
    nn_on_error(nn, ignore, NULL);
    nn_set_training(nn, 0);
    model = small_model(), untouched = small_model();
    RUN(malformed_headers);
    RUN(malformed_lengths);
    RUN(other_files);
    RUN(attacks);
    RUN(changed_bytes);
    RUN(sixteen_bits);
    RUN(all_bits);
    RUN(written_bytes);
    RUN(save_load_save);
    RUN(failing_saves);
    RUN(full_disk);
    RUN(failing_loads);
#ifdef __unix__
    RUN(through_a_pipe);
#endif
    RUN(differences);
    RUN(every_layer);
    RUN(from_pytorch);
    RUN(resumed);
    RUN(resumed_while_frozen);
    RUN(checkpoint_mistakes);
    RUN(exported);
    RUN(no_model);
    remove(FILE_NAME);
    nn_destroy(nn);
    return test_summary();
}
