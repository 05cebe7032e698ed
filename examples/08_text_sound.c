/* Augmentation of text, as tokens, and of sound: what changes, what stays, what may go wrong. */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { RATE = 16000, SAMPLES = RATE / 2 }; /* half a second */
enum { THE, FILM, MOVIE, PICTURE, WAS, NOT, GOOD, FINE, GREAT, BUT, LONG, SLOW };
static const char *const word[] = {"the",  "film", "movie", "picture", "was",  "not",
                                   "good", "fine", "great", "but",     "long", "slow"};

static void show(const char *what, const int *tokens, int n)
{
    printf("%-12s", what);
    for (int i = 0; i < n; i++) printf(" %s", word[tokens[i]]);
    printf("\n");
}

/* How often x rises through zero in a second, from the first time to the last. */
static double frequency(const nn_tensor *x)
{
    int first = -1, last = -1, count = -1;
    for (int i = 1; i < (int)x->size; i++)
        if (x->data[i - 1] < 0 && x->data[i] >= 0) {
            if (count++ < 0) first = i;
            last = i;
        }
    return (double)count * RATE / (last - first);
}

static void measure(const char *what, const nn_tensor *x)
{
    printf("%-22s %.3f s %5.0f Hz\n", what, (double)x->size / RATE, frequency(x));
}

int main(void)
{
    nn_ctx *nn = nn_create(3);

    printf("== text\n"); /* [text] */
    static const int synonyms[] = {FILM, MOVIE, PICTURE, -1, GOOD, FINE, GREAT, -1,
                                   LONG, SLOW,  -1,      -1};
    static const int text[] = {THE, FILM, WAS, NOT, GOOD, BUT, THE, PICTURE, WAS, LONG};
    enum { N = sizeof text / sizeof *text };
    const nn_eda replace = {synonyms, 0.5f, 0, 0}, insert = {synonyms, 0, 0.3f, 0};
    const nn_eda delete_some = {synonyms, 0, 0, 0.2f}, mild = {synonyms, 0.1f, 0.1f, 0.1f};
    int out[2 * N];
    show("as it is", text, N);
    show("replacement", out, nn_augment_tokens(nn, text, N, &replace, out));
    show("insertion", out, nn_augment_tokens(nn, text, N, &insert, out));
    show("deletion", out, nn_augment_tokens(nn, text, N, &delete_some, out));
    show("all, 0.1", out, nn_augment_tokens(nn, text, N, &mild, out)); /* [/text] */

    int lost = 0; /* a text without its "not" says the opposite: is the label still right? */
    for (int k = 0; k < 1000; k++) {
        int found = 0;
        const int n = nn_augment_tokens(nn, text, N, &mild, out);
        for (int i = 0; i < n; i++) found |= out[i] == NOT;
        lost += !found;
    }
    printf("of 1000 such texts %d have lost their \"not\"\n", lost);

    printf("\n== sound\n"); /* [sound] */
    nn_tensor *x = nn_full(nn, nn_shape1(SAMPLES), 0);
    for (int i = 0; i < SAMPLES; i++) x->data[i] = (nn_real)sin(6.283185307179586 * 440 * i / RATE);
    nn_tensor *slow = nn_time_pitch(x, RATE, 0.8f, 0), *high = nn_time_pitch(x, RATE, 1, 3);
    measure("as it is", x);
    measure("at 0.8 of the speed", slow);
    measure("3 semitones higher", high);
    nn_tensor *noisy = nn_white_noise(x, 10);
    const nn_stat tone = nn_stats(x), noise = nn_stats(nn_sub(noisy, x));
    printf("with noise at 10 dB    deviations: tone %.3f, noise %.3f\n", tone.std, noise.std);
    /* [/sound] */

    const double pitch = frequency(slow), higher = frequency(high);
    printf("\nexpected: 0.625 s of 440 Hz (to 1 %%), and 523.3 Hz (to 1 %%)\n");
    printf("got:      %.3f s of %.0f Hz, and %.0f Hz\n", (double)slow->size / RATE, pitch, higher);
    const int right = slow->size == 10000 && fabs(pitch - 440) < 4.4 && fabs(higher - 523.3) < 5.2;
    nn_destroy(nn);
    return !right;
}
