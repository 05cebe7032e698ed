/* Reading Morse code without being told where a letter begins: the network sees a noisy key, up or
 * down, frame by frame; the targets are the letters alone. CTC sums over all the places where they
 * may be.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

enum { LETTERS = 6, CLASSES = LETTERS + 1, BLANK = LETTERS, MOST = 5, T = 88, N = 16,
       REACH = 9, WINDOW = 2 * REACH + 1 };
static const char letter[] = "ETAINM-";
static const char *const code[LETTERS] = {".", "-", ".-", "..", "-.", "--"};

/* N messages: how many frames each has, its letters, ended by -1, and what each frame sees of it. */
static int frames[N], text[N][MOST];
static nn_real window[N][T][WINDOW];

static void send(nn_ctx *nn, int m) /* makes message m, of 2 to 4 letters */
{
    nn_real key[T + 2 * REACH] = {0};
    int t = REACH + nn_randint(nn, 1, 6);
    const int n = nn_randint(nn, 2, MOST);
    for (int i = 0; i < MOST; i++) text[m][i] = -1;
    for (int i = 0; i < n; i++, t += nn_randint(nn, 5, 7)) {
        text[m][i] = nn_randint(nn, 0, LETTERS);
        for (const char *c = code[text[m][i]]; *c; c++) { /* every hand has its rhythm */
            const int down = *c == '.' ? nn_randint(nn, 1, 3) : nn_randint(nn, 4, 6);
            for (int j = 0; j < down; j++) key[t++] = 1;
            t += nn_randint(nn, 1, 3);
        }
    }
    frames[m] = t - REACH < T ? t - REACH : T;
    for (int i = 0; i < T + 2 * REACH; i++) key[i] += nn_normal(nn, 0, 0.1f);
    for (int i = 0; i < T; i++) memcpy(window[m][i], key + i, sizeof window[m][i]);
}

static nn_tensor *forward(nn_ctx *nn, const nn_linear *layer) /* [N, T, CLASSES] for new messages */
{
    nn_clear(nn);
    for (int m = 0; m < N; m++) send(nn, m);
    nn_tensor *x = nn_input(nn, window[0][0], nn_shape3(N, T, WINDOW));
    return nn_linear_forward(&layer[1], nn_tanh(nn_linear_forward(&layer[0], x)));
}

int main(void)
{
    nn_ctx *nn = nn_create(42);
    nn_model *model = nn_model_new(nn);
    nn_linear layer[2] = {nn_linear_new(model, "hidden", WINDOW, 32),
                          nn_linear_new(model, "output", 32, CLASSES)};
    nn_optimizer *opt = nn_adam(model, 0.01f);
    printf("== learning from %d messages a step\n", N);
    for (int step = 0; step <= 1000; step++) {
        /* [ctc] */
        nn_tensor *z = forward(nn, layer); /* logits [N, T, CLASSES] */
        nn_tensor *loss = nn_ctc(z, frames, text[0], MOST, BLANK);
        /* [/ctc] */
        if (step % 200 == 0) printf("step %4d: loss %.3f\n", step, (double)nn_item(loss));
        nn_zero_grad(model);
        nn_backward(loss);
        nn_step(opt);
    }

    int read[N][T], best[N * T], right[2] = {0, 0};
    nn_set_grad_enabled(nn, 0);
    for (int round = 0; round < 10; round++) {
        const nn_tensor *z = forward(nn, layer);
        for (int k = 0; k < 2; k++) {
            nn_ctc_decode(z, frames, BLANK, k ? 5 : 0, read[0]);
            for (int m = 0; m < N; m++) right[k] += !memcmp(read[m], text[m], sizeof text[m]);
        }
    }
    printf("\n== one more message, frame by frame (- is the blank)\n");
    nn_argmax(forward(nn, layer), best);
    for (int t = 0; t < frames[0]; t++) printf("%c", window[0][t][REACH] > 0.5f ? '#' : '.');
    printf(" the key\n");
    for (int t = 0; t < frames[0]; t++) printf("%c", letter[best[t]]);
    printf(" read\nsent: ");
    for (int i = 0; text[0][i] >= 0; i++) printf("%c", letter[text[0][i]]);

    printf("\n\nexpected: at least 144 of 160 new messages read without a mistake\n");
    printf("got:      %d by the best path, %d with 5 prefixes\n", right[0], right[1]);
    nn_destroy(nn);
    return !(right[0] >= 144 && right[1] >= 144);
}
