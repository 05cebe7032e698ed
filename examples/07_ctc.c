/* Reading Morse code without being told where a letter begins: the network sees a noisy key, up or
 * down, frame by frame; the targets are the letters alone. CTC sums over all the places where they
 * may be.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LETTERS = 6, CLASSES = LETTERS + 1, BLANK = LETTERS, MOST = 4, T = 88, N = 16,
       REACH = 9, WINDOW = 2 * REACH + 1 };
static const char letter[] = "ETAINM";
static const char *const code[LETTERS] = {".", "-", ".-", "..", "-.", "--"};

/* One message: its letters text [MOST], ended by -1; window [T, WINDOW]: what each frame sees. */
static int send(nn_ctx *nn, int *text, nn_real *window)
{
    nn_real key[T + 2 * REACH] = {0};
    int t = REACH + nn_randint(nn, 1, 6);
    const int n = nn_randint(nn, 2, MOST + 1);
    for (int i = 0; i < MOST; i++) {
        text[i] = i < n ? nn_randint(nn, 0, LETTERS) : -1;
        for (const char *c = i < n ? code[text[i]] : ""; *c; c++) { /* every hand has its rhythm */
            const int down = *c == '.' ? nn_randint(nn, 1, 3) : nn_randint(nn, 4, 6);
            for (int j = 0; j < down; j++) key[t++] = 1;
            t += nn_randint(nn, 1, 3);
        }
        if (i < n) t += nn_randint(nn, 5, 7);
    }
    for (int i = 0; i < T + 2 * REACH; i++) key[i] += nn_normal(nn, 0, 0.1f);
    for (int i = 0; i < T; i++) memcpy(window + i * WINDOW, key + i, WINDOW * sizeof *key);
    return t - REACH < T ? t - REACH : T; /* frames */
}

typedef struct batch {
    int frames[N], text[N][MOST];
    nn_real window[N][T * WINDOW];
} batch;

static nn_tensor *forward(nn_ctx *nn, const nn_linear *layer, batch *b)
{
    for (int i = 0; i < N; i++) b->frames[i] = send(nn, b->text[i], b->window[i]);
    nn_tensor *x = nn_input(nn, b->window[0], nn_shape3(N, T, WINDOW));
    return nn_linear_forward(&layer[1], nn_tanh(nn_linear_forward(&layer[0], x))); /* [N, T, C] */
}

int main(void)
{
    static batch b;
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_linear layer[2] = {nn_linear_new(model, "hidden", WINDOW, 32),
                          nn_linear_new(model, "output", 32, CLASSES)};
    nn_optimizer *opt = nn_adam(model, 0.01f);
    printf("== learning from %d messages a step\n", N);
    for (int step = 0; step <= 1000; step++) {
        nn_clear(nn);
        nn_zero_grad(model);
        /* [ctc] */
        nn_tensor *z = forward(nn, layer, &b); /* logits [N, T, CLASSES] */
        nn_tensor *loss = nn_ctc(z, b.frames, b.text[0], MOST, BLANK);
        /* [/ctc] */
        if (step % 200 == 0) printf("step %4d: loss %.3f\n", step, (double)nn_item(loss));
        nn_backward(loss);
        nn_step(opt);
    }

    int read[N][T], right[2] = {0, 0};
    nn_set_grad_enabled(nn, 0);
    for (int round = 0; round < 10; round++) {
        nn_clear(nn);
        nn_tensor *z = forward(nn, layer, &b);
        for (int beams = 0; beams <= 5; beams += 5) {
            nn_ctc_decode(z, b.frames, BLANK, beams, read[0]);
            for (int i = 0; i < N; i++)
                right[beams > 0] += memcmp(read[i], b.text[i], sizeof b.text[i]) == 0 &&
                                    read[i][MOST] == -1;
        }
    }
    printf("\n== one more message, frame by frame (- is the blank)\n");
    const nn_tensor *z = nn_slice(forward(nn, layer, &b), 0, 0, 1);
    int best[T];
    nn_argmax(z, best);
    for (int t = 0; t < b.frames[0]; t++)
        printf("%c", b.window[0][t * WINDOW + REACH] > 0.5f ? '#' : '.');
    printf(" the key\n");
    for (int t = 0; t < b.frames[0]; t++) printf("%c", best[t] == BLANK ? '-' : letter[best[t]]);
    printf(" read\nsent: ");
    for (int i = 0; i < MOST && b.text[0][i] >= 0; i++) printf("%c", letter[b.text[0][i]]);

    printf("\n\nexpected: at least 144 of 160 new messages read without a mistake\n");
    printf("got:      %d by the best path, %d with 5 prefixes\n", right[0], right[1]);
    nn_destroy(nn);
    return !(right[0] >= 144 && right[1] >= 144);
}
