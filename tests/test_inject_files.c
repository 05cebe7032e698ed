/* What if the disk fails? Every call of nn.h that asks the system for something (memory, fopen, fread,
 * fwrite, fclose, rename, ..) can be made to fail here. Each scenario is run once undisturbed, then
 * again for each such call k: once with only the k-th failing, once with the k-th and all later ones.
 * Whatever fails: no crash, no block and no open file left behind, an error where something was not
 * done; the model that was to be loaded unchanged, the file that was to be replaced still there and
 * whole. (Of a line that calls more than eight times, the first eight, the 16th, the 32nd, ..) At the
 * end nn.h is read: a call in it that never failed here fails the test.
 *
 *     cc -std=c99 -O1 -g tests/test_inject_files.c -lm -o test_inject_files && ./test_inject_files
 *
 * Run from the root of the repository, where it writes build/inject.*.
 */
#define _POSIX_C_SOURCE 200809L /* fsync; the limit of a file's size */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined __unix__ || defined __APPLE__
#include <unistd.h>
#define NUMBER ((long)getpid()) /* two of these may run at once */
#else
#define NUMBER 0L
#endif

/* ---- the system, failing when told to ---- */

enum { LINES = 20000 };
static struct {
    long calls, fail_at;       /* so far; this one fails, counted from 1; 0: none */
    int and_all_after;
    int failed;                /* how many did */
    int files, blocks;         /* open, not freed */
    FILE *broken;              /* reading it has failed */
    int line_of[1 << 17];      /* of call k, [k - 1] */
    unsigned char met[LINES];  /* 1: the calls in this line of nn.h were made, 2: they failed, too */
} sys;

static int fails(int line)
{
    const long k = ++sys.calls;
    const int now = sys.fail_at && (sys.and_all_after ? k >= sys.fail_at : k == sys.fail_at);
    if (!sys.fail_at && k <= (long)(sizeof sys.line_of / sizeof *sys.line_of)) sys.line_of[k - 1] = line;
    sys.met[line] |= now ? 2 : 1;
    sys.failed += now;
    if (now) errno = EIO;
    return now;
}

static void *try_malloc(void *old, size_t size, int line)
{
    if (fails(line) || size > (size_t)1 << 28) return NULL;
    void *p = realloc(old, size);
    sys.blocks += p && !old;
    if (p && !old) memset(p, 0xa5, size);
    return p;
}

static FILE *try_open(const char *path, const char *mode, int line)
{
    FILE *file = fails(line) ? NULL : fopen(path, mode);
    sys.files += file != NULL;
    return file;
}

static size_t try_read(void *p, size_t size, size_t n, FILE *file, int line)
{
    if (!fails(line)) return fread(p, size, n, file);
    sys.broken = file;
    return fread(p, size, n / 2, file);
}

static int try_close(FILE *file, int line) /* the file is closed in any case */
{
    if (sys.broken == file) sys.broken = NULL;
    sys.files--;
    return fclose(file) || fails(line) ? EOF : 0;
}

#define NN_MALLOC(user, size) ((void)(user), try_malloc(NULL, size, __LINE__))
#define NN_REALLOC(user, p, size) ((void)(user), try_malloc(p, size, __LINE__))
#define NN_FREE(user, p) ((void)(user), sys.blocks--, free(p))
#define fopen(path, mode) try_open(path, mode, __LINE__)
#define fread(p, size, n, file) try_read(p, size, n, file, __LINE__)
#define fwrite(p, size, n, file) fwrite(p, size, (n) && fails(__LINE__) ? (n) / 2 : (n), file)
#define fseek(file, at, from) (fails(__LINE__) ? -1 : fseek(file, at, from))
#define ftell(file) (fails(__LINE__) ? -1L : ftell(file))
#define ferror(file) (fails(__LINE__) || (file) == sys.broken || ferror(file))
#define fflush(file) (fails(__LINE__) ? EOF : fflush(file))
#define fsync(number) (fails(__LINE__) ? -1 : fsync(number))
#define fclose(file) try_close(file, __LINE__)
#define rename(from, to) (fails(__LINE__) ? -1 : rename(from, to))
#define remove(path) (fails(__LINE__) ? -1 : remove(path))
#define NN_IMPLEMENTATION
#include "../nn.h"
#undef fopen
#undef fread
#undef fwrite
#undef fseek
#undef ftell
#undef ferror
#undef fflush
#undef fsync
#undef fclose
#undef rename
#undef remove
#include "test.h"

/* ---- files ---- */

static char own_file[64], own_tmp[72]; /* what is written, and what it is called until it is whole */

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) perror(path), exit(2);
}

/* The whole file, in memory that is good for the next call; its size is *size. -1: it is not there. */
static const unsigned char *read_file(const char *path, long *size)
{
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    *size = -1;
    if (!file) return bytes;
    *size = (long)fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return bytes;
}

static void silent(void *user, nn_code code, const char *message)
{
    (void)user, (void)code, (void)message;
}

/* ---- scenarios: 1 if what was to be done was done; else there is an error ---- */

typedef int scenario(nn_ctx *nn);

static int load_csv(nn_ctx *nn)
{
    const nn_csv_options options = {1, 0, NN_MISSING_ERROR, 1};
    char text[40000] = "a,b,kind\n"; /* more than one block, in memory and of the file */
    size_t n = strlen(text);
    while (n < sizeof text - 40) n += (size_t)sprintf(text + n, "%d,%g,kind%d\n", (int)n, (double)n / 8, (int)n % 6);
    write_file(own_file, text, n);
    nn_table t = nn_csv_load(nn, own_file, options);
    if (nn_ok(nn)) CHECK(t.rows > 1000 && t.cols == 3 && t.data && t.name && t.categories[2] == 6);
    else CHECK(!t.rows && !t.cols && !t.data && !t.name && !t.category);
    return t.rows > 0;
}

static int load_idx(nn_ctx *nn)
{
    static unsigned char images[16 + 3 * 200 * 200] = {0, 0, 8, 3,  0, 0, 0, 3,
                                                       0, 0, 0, 200, 0, 0, 0, 200};
    for (size_t i = 16; i < sizeof images; i++) images[i] = (unsigned char)(i % 251);
    write_file(own_file, images, sizeof images);
    nn_idx a = nn_idx_load(nn, own_file);
    if (nn_ok(nn)) CHECK(a.size == sizeof images - 16 && !memcmp(a.bytes, images + 16, a.size));
    else CHECK(!a.bytes && !a.size && !a.shape.ndim);
    return a.bytes != NULL;
}

static int load_text(nn_ctx *nn)
{
    write_file(own_file, "some words", 10);
    nn_text t = nn_text_load(nn, own_file);
    if (nn_ok(nn)) CHECK(t.size == 10 && strcmp(t.bytes, "some words") == 0);
    else CHECK(t.size == 0 && t.bytes[0] == 0);
    return t.size > 0;
}

static int load_vocab(nn_ctx *nn)
{
    static const char text[] = "words 3\n\"<unk>\"\n\"the\"\n\"42\"\n";
    write_file(own_file, text, sizeof text - 1);
    nn_vocab v = nn_vocab_load(nn, own_file);
    if (nn_ok(nn)) CHECK(v.n == 3 && v.unit == NN_WORDS && strcmp(v.token[2], "42") == 0);
    else CHECK(!v.n && !v.token);
    return v.n > 0;
}

/* A model whose weights fill more than one write. `first` is the value of the first weight. */
static nn_model *model_of(nn_ctx *nn, nn_real first, nn_optimizer **opt)
{
    const long fail_at = sys.fail_at;
    sys.fail_at = 0; /* this is not what is tried here */
    nn_seed(nn, 5);
    nn_model *model = nn_model_new(nn);
    nn_linear fc = nn_linear_new(model, "fc", 40, 30);
    nn_batch_norm_new(model, "bn", 30);
    fc.weight->data[0] = first;
    *opt = nn_adam(model, (nn_real)0.01);
    nn_step(*opt);
    CHECK(nn_ok(nn));
    sys.fail_at = fail_at;
    return model;
}

/* What stands in own_file is replaced as a whole, or left alone; nothing else is left beside it. */
static int save_with(nn_ctx *nn, int (*save)(nn_optimizer *, const char *))
{
    static const char old[] = "what was here before";
    static unsigned char good[1 << 20];
    static long good_size;
    static int (*good_of)(nn_optimizer *, const char *);
    nn_optimizer *opt;
    model_of(nn, 7, &opt);
    write_file(own_file, old, sizeof old);
    nn_error_clear(nn);
    const int failed = sys.failed, done = save(opt, own_file);
    CHECK(!done || sys.failed == failed); /* not even fclose fails unnoticed */
    long size;
    const unsigned char *bytes = read_file(own_file, &size);
    if (good_of != save && done && size > 0) good_of = save, good_size = size, memcpy(good, bytes, (size_t)size);
    if (done) CHECK(size == good_size && memcmp(bytes, good, (size_t)size) == 0);
    else CHECK(size == sizeof old && memcmp(bytes, old, sizeof old) == 0);
    read_file(own_tmp, &size);
    if (sys.failed < 2) CHECK_INT(size, -1); /* or its removal failed, too */
    remove(own_tmp);
    return done;
}
static int save(nn_optimizer *opt, const char *path) { return nn_save(opt->model, path); }
static int export_c(nn_optimizer *opt, const char *path) { return nn_export_c(opt->model, path, "net"); }
static int checkpoint(nn_optimizer *opt, const char *path) { return nn_checkpoint_save(opt, NULL, path); }
static int vocab(nn_optimizer *opt, const char *path)
{
    nn_vocab v = nn_vocab_new(opt->ctx, NN_CHARS, "a \"text\"", 8, 0);
    return v.n && nn_vocab_save(&v, path);
}
static int save_vocab(nn_ctx *nn) { return save_with(nn, vocab); }
static int save_model(nn_ctx *nn) { return save_with(nn, save); }
static int save_c(nn_ctx *nn) { return save_with(nn, export_c); }
static int save_checkpoint(nn_ctx *nn) { return save_with(nn, checkpoint); }

static int load_all(nn_optimizer *opt, const char *path) { return nn_load(opt->model, path); }
static int load_partial(nn_optimizer *opt, const char *path) { return nn_load_partial(opt->model, path); }
static int resume(nn_optimizer *opt, const char *path) { return nn_checkpoint_load(opt, NULL, path); }

/* The model is that of the file, or what it was. */
static int load_with(nn_ctx *nn, int (*write)(nn_optimizer *, const char *), int (*load)(nn_optimizer *, const char *))
{
    static nn_real before[4000], after[4000], wanted[4000];
    nn_optimizer *opt, *to;
    const nn_model *model = model_of(nn, 7, &opt);
    const long fail_at = sys.fail_at;
    sys.fail_at = 0;
    CHECK(write(opt, own_file));
    sys.fail_at = fail_at;
    nn_model *into = model_of(nn, 8, &to);
    nn_model_get(model, wanted);
    nn_model_get(into, before);
    to->lr = 5;
    const int done = load(to, own_file) != 0;
    nn_model_get(into, after);
    CHECK(memcmp(after, done ? wanted : before, nn_model_size(into) * sizeof *after) == 0);
    if (load == resume) CHECK(to->lr == (done ? opt->lr : 5));
    return done;
}
static int load_model(nn_ctx *nn) { return load_with(nn, save, load_all); }
static int load_part(nn_ctx *nn) { return load_with(nn, save, load_partial); }
static int load_checkpoint(nn_ctx *nn) { return load_with(nn, checkpoint, resume); }

/* ---- the driver ---- */

static long run_one(scenario f, long k, int and_all_after)
{
    sys.calls = sys.failed = sys.files = 0;
    sys.fail_at = k, sys.and_all_after = and_all_after;
    nn_ctx *nn = nn_create(7);
    if (nn) {
        nn_on_error(nn, silent, NULL);
        const int done = f(nn);
        CHECK(done == nn_ok(nn));
        if (!nn_ok(nn)) {
            const nn_code code = nn_error_code(nn);
            CHECK(sys.failed && (code == NN_ERROR_MEMORY || code == NN_ERROR_IO) && nn_error(nn)[0]);
        }
        sys.fail_at = 0; /* all is well again: so is the context */
        nn_error_clear(nn);
        if (!done) CHECK(f(nn) && nn_ok(nn));
    }
    CHECK(nn || sys.failed);
    const long calls = sys.calls;
    nn_destroy(nn);
    CHECK_INT(sys.blocks, 0);
    CHECK_INT(sys.files, 0);
    return calls;
}

static void inject(const char *name, scenario f)
{
    static int line_of[sizeof sys.line_of / sizeof *sys.line_of], times[LINES];
    const long calls = run_one(f, 0, 0);
    CHECK(calls > 1 && calls < (long)(sizeof line_of / sizeof *line_of));
    memcpy(line_of, sys.line_of, sizeof line_of);
    memset(times, 0, sizeof times);
    for (long k = 1; k <= calls; k++) {
        const int n = ++times[line_of[k - 1]];
        if (n > 8 && (n & (n - 1))) continue;
        for (int after = 0; after < 2; after++) {
            const int bad = test_bad;
            run_one(f, k, after);
            if (test_bad > bad) printf("    %s: call %ld of %ld%s\n", name, k, calls, after ? " and all after it" : "");
        }
    }
    remove(own_file);
}

static void csv_from_a_file(void) { inject("load_csv", load_csv); }
static void idx_from_a_file(void) { inject("load_idx", load_idx); }

static void text_from_a_file(void) { inject("load_text", load_text); }
static void vocab_from_a_file(void) { inject("load_vocab", load_vocab); }
static void vocab_to_a_file(void) { inject("save_vocab", save_vocab); }
static void model_to_a_file(void) { inject("save_model", save_model); }
static void model_to_c(void) { inject("save_c", save_c); }
static void checkpoint_to_a_file(void) { inject("save_checkpoint", save_checkpoint); }
static void model_from_a_file(void) { inject("load_model", load_model); }
static void part_from_a_file(void) { inject("load_part", load_part); }
static void checkpoint_from_a_file(void) { inject("load_checkpoint", load_checkpoint); }

/* Whether the line calls something that can fail: its name, or NULL. */
static const char *call_in(const char *line)
{
    static const char *const names[] = {"NN_MALLOC(", "NN_REALLOC(", "fopen(", "fread(", "fwrite(", "fseek(", "ftell(",
                                        "ferror(", "fflush(", "fsync(", "fclose(", "rename(", "remove("};
    /* others that nobody may use without a line above, for then nothing would be shown */
    static const char *const unknown[] = {"fgets(", "fgetc(", "getc(", "fputs(", "fputc(", "putc(", "freopen(", "tmpfile(",
                                          "setvbuf(", "fscanf(", "mmap(", "malloc(", "realloc(", "calloc("};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *at = strstr(line, names[i]);
        if (at && !strstr(line, "fflush(stdout)") && (at == line || !strchr("_abcdefghijklmnopqrstuvwxyz", at[-1])))
            return names[i];
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        const char *at = strstr(line, unknown[i]);
        if (at && (at == line || !strchr("_abcdefghijklmnopqrstuvwxyz", at[-1]))) CHECK_STR(unknown[i], "known here");
    }
    return NULL;
}

/* Every call of nn.h, by its text: it was made, and made to fail. */
static void every_call_has_failed(void)
{
    char line[400];
    int number = 0, calls = 0, code = 0, comment = 0;
    FILE *file = fopen("nn.h", "r");
    if (!file) perror("nn.h"), exit(2);
    while (fgets(line, sizeof line, file) && ++number < LINES) {
        if (strncmp(line, "#ifdef _WIN32", 13) == 0) code = 0; /* not compiled here */
        if (strncmp(line, "/* ---- errors: everything", 26) == 0 || (!code && strncmp(line, "#endif", 6) == 0)) code = 1;
        char *begin = strstr(line, "/*"), *end = strstr(line, "*/");
        const int skip = comment;
        if (end) comment = 0;
        if (begin && !end) comment = 1;
        if (begin) *begin = 0;
        const char *name = skip || !code || line[0] == '#' ? NULL : call_in(line);
        if (!name) continue;
#if !defined __unix__ && !defined __APPLE__
        if (strcmp(name, "fsync(") == 0) continue; /* not compiled here */
#endif
        calls++;
        if (!(sys.met[number] & 2)) {
            CHECK_STR(name, sys.met[number] ? "made to fail" : "called here");
            printf("    nn.h:%d: %s", number, line);
        }
    }
    fclose(file);
    CHECK(calls > 6);
    printf("%d calls of the system in nn.h\n", calls);
}

int main(void)
{
    snprintf(own_file, sizeof own_file, "build/inject.%ld.tmp", NUMBER);
    snprintf(own_tmp, sizeof own_tmp, "%s.tmp", own_file);
    RUN(csv_from_a_file);
    RUN(idx_from_a_file);
    RUN(text_from_a_file);
    RUN(vocab_from_a_file);
    RUN(vocab_to_a_file);
    RUN(model_to_a_file);
    RUN(model_to_c);
    RUN(checkpoint_to_a_file);
    RUN(model_from_a_file);
    RUN(part_from_a_file);
    RUN(checkpoint_from_a_file);
    RUN(every_call_has_failed);
    return test_summary();
}
