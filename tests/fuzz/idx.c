/* Any bytes as IDX images and labels: the first byte says how many at the end are the labels. */
#include "fuzz.h"

/* Parses a copy of exactly this size; after an error there is nothing. */
static nn_idx parse(nn_ctx *nn, const uint8_t *bytes, size_t size, uint8_t *copy)
{
    memcpy(copy, bytes, size);
    nn_idx a = nn_idx_parse(nn, copy, size);
    if (!nn_ok(nn)) {
        MUST(!a.bytes && !a.size && !a.shape.ndim);
        fuzz_failed(nn, NN_ERROR_FORMAT, NN_ERROR_UNSUPPORTED);
        return a;
    }
    const size_t head = (size_t)(a.bytes - copy);
    size_t elements = 1;
    MUST(a.shape.ndim >= 1 && a.shape.ndim <= NN_MAX_DIMS && head == 4 + 4 * (size_t)a.shape.ndim);
    for (int i = 0; i < a.shape.ndim; i++) elements *= (size_t)a.shape.dim[i];
    MUST(elements == a.size && (size - head) % a.size == 0 && a.size <= size);
    const double last = nn_idx_value(&a, a.size - 1), first = nn_idx_value(&a, 0);
    if (a.type == 0x08) MUST(last == copy[size - 1] && first == copy[head]);
    if (a.type == 0x09) MUST(last == (copy[size - 1] ^ 128) - 128);
    if (a.type == 0x0b) MUST(first == ((copy[head] ^ 128) - 128) * 256 + copy[head + 1]);
    MUST(nn_idx_value(&a, a.size) != nn_idx_value(&a, a.size)); /* NaN: there is none */
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size) return 0;
    const size_t n_labels = bytes[0] < size ? bytes[0] : 0, n_images = size - 1 - n_labels;
    uint8_t *x = (uint8_t *)malloc(n_images + !n_images), *y = (uint8_t *)malloc(n_labels + !n_labels);
    nn_ctx *nn = fuzz_create();
    nn_idx images = parse(nn, bytes + 1, n_images, x), labels = parse(nn, bytes + 1 + n_images, n_labels, y);
    if (images.bytes) {
        nn_dataset d = nn_dataset_idx(&images, &labels);
        if (!nn_ok(nn)) {
            MUST(!d.n && !d.bytes && !d.label);
            fuzz_failed(nn, NN_ERROR_FORMAT, NN_ERROR_SHAPE);
        } else {
            for (int i = 0; i < d.n; i++) MUST(d.label[i] >= 0 && d.label[i] < d.classes);
            const nn_tensor *t = nn_dataset_x(&d);
            MUST(nn_ok(nn) && t->size == images.size && t->data[t->size - 1] == (nn_real)x[n_images - 1] / 255);
        }
    }
    MUST(fuzz_memory.most <= ((size_t)1 << 20) + 64 * size);
    fuzz_destroy(nn);
    free(x);
    free(y);
    return 0;
}
