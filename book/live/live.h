/* What the programs of the live pages share. They run in a page as WebAssembly, and in tests/live.c
 * as what they are, C programs: to the same bits.
 *
 * A page writes its controls into setting[], calls begin() in a new module, and then step() for each
 * picture; what it draws are the exported arrays. */
#define NN_IMPLEMENTATION
#define NN_NO_STDIO
#include "../../nn.h"

#define LIVE __attribute__((visibility("default"))) /* exported to the page */

LIVE extern double setting[];
LIVE void begin(void);
LIVE double step(void);   /* -> the loss before this step; NaN after an error */
LIVE unsigned hash(void); /* of all numbers that were learned: FNV-1a, 32 bits */

static unsigned hash_of(const nn_model *model, unsigned h)
{
    for (int i = 0; i < model->n_params; i++)
        for (size_t j = 0; j < model->param[i]->size; j++) {
            uint32_t bits;
            memcpy(&bits, &model->param[i]->data[j], sizeof bits);
            for (int k = 0; k < 4; k++) h = (h ^ (bits >> 8 * k & 255)) * 0x1000193u;
        }
    return h;
}
