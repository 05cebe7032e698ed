/* What the fuzz targets share: an allocator that counts, a handler that listens, MUST, and a main
 * that runs a target on files where there is no fuzzer:
 *
 *     cc -std=c99 -O1 -g tests/fuzz/csv.c -lm -o fuzz_csv && ./fuzz_csv tests/fuzz/corpus/csv/\*
 *     clang -O2 -g -DFUZZING -fsanitize=fuzzer,address tests/fuzz/csv.c -o fuzz_csv && ./fuzz_csv DIRECTORY
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* An invariant. A fuzzer keeps the input with which it does not hold. */
static const char *fuzz_file = "";
#define MUST(condition)                                                                        \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, fuzz_file, #condition);     \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

/* ---- memory: what is in use, and the most since fuzz_create ---- */

static struct fuzz_memory {
    size_t now, most;
    size_t limit;   /* larger requests find no memory; 0: they are a mistake above a gigabyte */
    void *spare[4]; /* blocks of the usual size are used again, which is much faster */
    int spares;
} fuzz_memory;
enum { FUZZ_TAG = 64, FUZZ_USUAL = 1 << 18 }; /* the size stands FUZZ_TAG bytes before a block */

static void *fuzz_malloc(size_t size)
{
    const int usual = size >= FUZZ_USUAL && size < FUZZ_USUAL + 1024;
    char *p = NULL;
    if (fuzz_memory.limit && size > fuzz_memory.limit) return NULL;
    if (usual && fuzz_memory.spares) p = (char *)fuzz_memory.spare[--fuzz_memory.spares];
    else if (size < (size_t)1 << 30) p = (char *)malloc(FUZZ_TAG + (usual ? FUZZ_USUAL + 1024 : size));
    MUST(p); /* nobody needs a gigabyte for a few bytes */
    memcpy(p, &size, sizeof size);
    fuzz_memory.now += size;
    if (fuzz_memory.now > fuzz_memory.most) fuzz_memory.most = fuzz_memory.now;
    return p + FUZZ_TAG;
}

static void fuzz_free(void *block)
{
    char *p = (char *)block - FUZZ_TAG;
    size_t size;
    memcpy(&size, p, sizeof size);
    fuzz_memory.now -= size;
    const int usual = size >= FUZZ_USUAL && size < FUZZ_USUAL + 1024;
    if (usual && fuzz_memory.spares < 4) fuzz_memory.spare[fuzz_memory.spares++] = p;
    else free(p);
}

static void *fuzz_realloc(void *block, size_t size)
{
    size_t old;
    memcpy(&old, (char *)block - FUZZ_TAG, sizeof old);
    void *p = fuzz_malloc(size);
    if (!p) return NULL;
    memcpy(p, block, old < size ? old : size);
    fuzz_free(block);
    return p;
}

#define NN_MALLOC(user, size) ((void)(user), fuzz_malloc(size))
#define NN_REALLOC(user, p, size) ((void)(user), fuzz_realloc(p, size))
#define NN_FREE(user, p) ((void)(user), fuzz_free(p))
#ifndef FUZZ_ALL /* files need little else, and sanitizers make compilers slow */
#define NN_CHAPTERS 1
#define NN_NO_SIMD
#endif
#define NN_IMPLEMENTATION
#include "../../nn.h"

/* ---- a context, and its errors ---- */

static int fuzz_told; /* how often the handler was called */
static void fuzz_hear(void *user, nn_code code, const char *message)
{
    (void)user;
    MUST(code != NN_OK && message[0]);
    fuzz_told++;
}

static nn_ctx *fuzz_create(void)
{
    nn_ctx *nn = nn_create(1);
    fuzz_told = 0;
    fuzz_memory.most = fuzz_memory.now;
    nn_on_error(nn, fuzz_hear, NULL);
    return nn;
}

static void fuzz_destroy(nn_ctx *nn)
{
    nn_destroy(nn);
    MUST(fuzz_memory.now == 0);
}

/* After a call that has failed: the code is one of low..high, there is a message, told once. */
static void fuzz_failed(nn_ctx *nn, nn_code low, nn_code high)
{
    MUST(nn_error_code(nn) >= low && nn_error_code(nn) <= high);
    MUST(nn_error(nn)[0] && memchr(nn_error(nn), 0, sizeof nn->message));
    MUST(fuzz_told == 1);
    nn_error_clear(nn);
    fuzz_told = 0;
}

/* ---- without a fuzzer ---- */

#ifndef FUZZING
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(fuzz_file = argv[i], "rb");
        static uint8_t read[1 << 20];
        const size_t size = file ? fread(read, 1, sizeof read, file) : 0;
        uint8_t *bytes = (uint8_t *)malloc(size + !size); /* exactly: nothing behind it is ours */
        if (!file || !bytes) return perror(argv[i]), 1;
        fclose(file);
        memcpy(bytes, read, size);
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
    }
    while (fuzz_memory.spares) free(fuzz_memory.spare[--fuzz_memory.spares]);
    printf("%d passed, 0 failed\n", argc - 1);
    return 0;
}
#endif
#endif
