/* Any bytes as a safetensors file for one of four models. In the first byte: which, and whether the
 * rest is a whole file, or a header and, behind a byte 0, data, to which the length is put in front
 * (a fuzzer would have to guess it). What is rejected changes nothing; what is accepted comes back
 * the same when it is saved and loaded; and it makes no difference whether the bytes come from
 * memory or, their number unknown, piece by piece. */
#include "fuzz.h"

static nn_model *model_of(nn_ctx *nn, int kind)
{
    nn_model *model = nn_model_new(nn);
    if (kind == 1) nn_linear_new(model, "fc", 2, 1);
    else if (kind == 2) nn_param(model, "n", "weight", nn_shape1(2)), nn_buffer(model, "n", "mean", nn_shape1(2));
    else if (kind == 3) nn_param(model, "", "a", nn_shape0()), nn_param(model, "", "b", nn_shape4(1, 2, 1, 2));
    else nn_param(model, "", "w", nn_shape1(2));
    return model;
}

typedef struct pieces {
    const uint8_t *at, *end;
    size_t next; /* size of a piece: 1, 2, 3, .. */
} pieces;

static size_t read_piece(void *user, void *to, size_t n)
{
    pieces *p = (pieces *)user;
    const size_t left = (size_t)(p->end - p->at);
    if (n > p->next) n = p->next;
    if (n > left) n = left;
    p->next++;
    memcpy(to, p->at, n);
    p->at += n;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size) return 0;
    const int kind = bytes[0] & 3, framed = bytes[0] & 4, partial = bytes[0] & 8;
    const uint8_t *text = bytes + 1, *zero = framed ? (const uint8_t *)memchr(text, 0, size - 1) : NULL;
    const size_t length = zero ? (size_t)(zero - text) : size - 1;
    const size_t n = framed ? 8 + size - 1 - (zero != NULL) : size - 1;
    uint8_t *file = (uint8_t *)malloc(n + !n); /* of exactly this size */
    if (framed) {
        for (int i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)length >> 8 * i);
        memcpy(file + 8, text, length);
        memcpy(file + 8 + length, text + length + (zero != NULL), n - 8 - length);
    } else memcpy(file, text, n);

    static nn_real before[16], after[16], other[16];
    nn_ctx *nn = fuzz_create();
    nn_model *model = model_of(nn, kind), *second = model_of(nn, kind);
    const size_t numbers = nn_model_size(model) * sizeof(nn_real);
    nn_model_get(model, before);
    nn_model_get(second, other);
    /* partial: what nn_load_partial does with a file */
    if (partial) nn__load(model, nn__from_memory(nn, "fuzz", "bytes", file, n), 1);
    else nn_load_memory(model, file, n);
    MUST(fuzz_memory.most <= ((size_t)1 << 20) + 64 * n);
    const int good = nn_ok(nn);
    nn_model_get(model, after);
    if (!good) {
        MUST(memcmp(before, after, numbers) == 0);
        fuzz_failed(nn, NN_ERROR_FORMAT, NN_ERROR_UNSUPPORTED);
    } else {
        uint8_t saved[1024], again[1024];
        const size_t s = nn_save_memory(model, NULL, 0);
        MUST(s > 8 && s <= sizeof saved && nn_save_memory(model, saved, s) == s);
        MUST(nn_load_memory(second, saved, s) && nn_save_memory(second, again, s) == s);
        MUST(memcmp(saved, again, s) == 0);
        nn_model_set(second, other);
    }
    if (!partial) {
        pieces p = {file, file + n, 1};
        const nn_reader reader = {read_piece, &p};
        fuzz_memory.limit = (size_t)1 << 22; /* a header announced too long finds no memory */
        const int same = nn_load_reader(second, reader);
        fuzz_memory.limit = 0;
        MUST(same == good && same == nn_ok(nn));
        nn_model_get(second, before);
        MUST(memcmp(before, same ? after : other, numbers) == 0);
        if (!same) fuzz_failed(nn, NN_ERROR_MEMORY, NN_ERROR_UNSUPPORTED);
    }
    fuzz_destroy(nn);
    free(file);
    return 0;
}
