/* Any bytes as text for a vocabulary, or as a vocabulary that was saved; the first byte says which,
 * in what units, and how many tokens at most. All that a text is made of is found again. */
#define FUZZ_ALL
#include "fuzz.h"

/* As nn_vocab_save writes it, read again. */
static void check_saved(const nn_vocab *v)
{
    static const char *const units[] = {"bytes", "chars", "words", "lower_words"};
    static char text[1 << 16];
    size_t n = (size_t)sprintf(text, "%s %d\n", units[v->unit], v->n);
    for (int i = 0; i < v->n; i++) {
        if (!v->token[i][0] || n + 2 * strlen(v->token[i]) + 8 > sizeof text) return;
        text[n++] = '"';
        for (const char *p = v->token[i]; *p; p++) {
            if (*p == '"') text[n++] = '"';
            text[n++] = *p;
        }
        n += (size_t)sprintf(text + n, "\"\n");
    }
    nn_vocab again = nn_vocab_parse(v->ctx, text, n);
    MUST(nn_ok(v->ctx) && again.n == v->n && again.unit == v->unit);
    for (int i = 0; i < v->n; i++) MUST(strcmp(v->token[i], again.token[i]) == 0);
}

/* Byte pairs of these bytes, which any bytes survive. */
static void check_pairs(const char *text, size_t size, int tokens)
{
    nn_ctx *nn = fuzz_create();
    int n, beginning = 0;
    const nn_bpe b = nn_bpe_train(nn, text, size, tokens);
    MUST(fuzz_memory.most <= ((size_t)1 << 20) + 256 * size);
    if (!size) MUST(!b.n && !b.merge);
    if (!size) fuzz_failed(nn, NN_ERROR_ARGUMENT, NN_ERROR_ARGUMENT);
    else {
        MUST(nn_ok(nn) && b.n >= 256 && b.n <= tokens);
        const int *ids = nn_bpe_encode(&b, text, size, &n);
        const nn_text t = nn_bpe_decode(&b, ids, n);
        MUST(nn_ok(nn) && t.size == size && memcmp(t.bytes, text, size) == 0);
        for (int i = 256; i < b.n; i++) {
            const nn_text token = nn_bpe_decode(&b, &i, 1);
            for (size_t k = 1; k < token.size; k++) beginning |= (unsigned char)token.bytes[k] <= ' ';
        }
        MUST(!beginning);
    }
    fuzz_destroy(nn);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size) return 0;
    const nn_unit unit = (nn_unit)(bytes[0] & 3);
    const int limit = bytes[0] >> 3 & 7, saved = bytes[0] & 4;
    const char *text = (const char *)bytes + 1;
    int n = 0, m = 0;
    size--;
    check_pairs(text, size, 256 + bytes[0]);
    nn_ctx *nn = fuzz_create();
    nn_vocab v = saved ? nn_vocab_parse(nn, text, size) : nn_vocab_new(nn, unit, text, size, limit);
    MUST(fuzz_memory.most <= ((size_t)1 << 20) + 256 * size);
    if (!nn_ok(nn)) {
        MUST(!v.n && !v.token);
        if (saved) fuzz_failed(nn, NN_ERROR_FORMAT, NN_ERROR_UNSUPPORTED);
        else fuzz_failed(nn, NN_ERROR_ARGUMENT, NN_ERROR_ARGUMENT);
        fuzz_destroy(nn);
        return 0;
    }
    MUST(v.n > 0 && strcmp(v.token[0], "<unk>") == 0);
    if (!saved && limit) MUST(v.n <= limit);
    for (int i = 0; i < v.n; i++)
        for (int j = 0; j < i && i < 50; j++) MUST(strcmp(v.token[i], v.token[j]) != 0);
    const int *ids = nn_vocab_encode(&v, text, size, &n);
    for (int i = 0; i < n; i++) {
        MUST(ids[i] >= 0 && ids[i] < v.n);
        if (!saved && !limit) MUST(ids[i] > 0);
    }
    const nn_text t = nn_vocab_decode(&v, ids, n);
    if (!saved && !limit && unit < NN_WORDS) MUST(t.size == size && memcmp(t.bytes, text, size) == 0);
    if (!saved && !limit) { /* words are the same with a space between them */
        const int *again = nn_vocab_encode(&v, t.bytes, t.size, &m);
        MUST(m == n && memcmp(ids, again, (size_t)n * sizeof *ids) == 0);
    }
    MUST(nn_ok(nn));
    check_saved(&v);
    fuzz_destroy(nn);
    return 0;
}
