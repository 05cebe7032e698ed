/* weave: puts code and output into the fences of Markdown pages, so that no listing can drift.
 *
 *     weave [--check] PAGE.md ...      from the repository's root; the environment's CC compiles
 *
 * Above each fence stands a directive, an HTML comment alone on its line:
 *
 *     <!-- @code FILE name -->     the definition of that name in FILE (a function with its body, a
 *                                  struct, an enum, a table, a macro) with the comment above it
 *     <!-- @code FILE name; -->    its prototype instead
 *     <!-- @code FILE [mark] -->   the lines between comments [mark] and [/mark], each alone on its
 *                                  line; indented no more than they need
 *     <!-- @code FILE -->          all of FILE, without such comments
 *     <!-- @out FILE "== title" -->   the part of FILE under that line, up to the next "== " or
 *                                  "expected:" line
 *     <!-- @out FILE "got:" -->    from the line that begins so to the end; without text: all of it
 *     <!-- @run -->                the fence is a program, or statements for a main with nn.h; it
 *                                  must compile without warnings and end well
 *     <!-- @run fail -->           it must compile and then fail: to show an error message
 *     <!-- @run compile-fail -->   it must not compile
 *     <!-- @result -->             what the program in the last @run above printed
 *     <!-- @sh -->                 commands: every make target and every file named must be there
 *     <!-- @text REASON -->        not checked; at most 3 in a page
 *
 * ```math needs none. Without --check a page that differs is rewritten; with it, each fence that
 * differs is reported as `page:line: ..`, and the exit status is 1.
 */
#include "declared.h"

#include <stdarg.h>

enum { MAX_UNCHECKED = 3, LINE = 512 };

static const char *page;     /* the one being woven, for messages */
static int errors, listings, outputs, programs, unchecked;
static int check;

static void complain(int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: ", page, line);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    errors++;
}

/* ---- text that grows ---- */

typedef struct buffer {
    char *at;
    size_t size;
} buffer;

static void append(buffer *b, const char *start, const char *end)
{
    const size_t n = (size_t)(end - start);
    b->at = (char *)source_grow(b->at, b->size + n + 1);
    memcpy(b->at + b->size, start, n);
    b->size += n;
    b->at[b->size] = 0;
}

static int blank(const char *start, const char *end)
{
    while (start < end && isspace((unsigned char)*start)) start++;
    return start == end;
}

static int indent_of(const char *line)
{
    int n = 0;
    while (line[n] == ' ') n++;
    return n;
}

/* If the line is nothing but a comment with [name] or [/name] in it: the name, else NULL. */
static const char *mark_of(const char *line, char name[LINE])
{
    const char *end = source_line_end(line), *p = line;
    int comment = 0;
    for (; p < end && strchr(" \t/*#<!-", *p); p++) comment |= *p == '/' || *p == '#' || *p == '<';
    if (!comment || p == end || *p != '[') return NULL;
    const char *close = (const char *)memchr(p, ']', (size_t)(end - p));
    if (!close || close - p >= LINE) return NULL;
    for (const char *q = close + 1; q < end; q++)
        if (!strchr(" \t/*#->\r", *q)) return NULL;
    memcpy(name, p + 1, (size_t)(close - p - 1));
    name[close - p - 1] = 0;
    return name;
}

/* Lines from start to end without blank lines at both ends; of code also without marks, and moved
 * to the left as far as they go together. */
static void append_lines(buffer *b, const char *start, const char *end, int is_code)
{
    static const char newline[] = "\n";
    char mark[LINE];
    while (start < end && blank(start, source_line_end(start))) start = source_next_line(start);
    int indent = is_code ? 1000 : 0;
    for (const char *p = start; p < end; p = source_next_line(p))
        if (!blank(p, source_line_end(p)) && indent_of(p) < indent) indent = indent_of(p);
    size_t size = b->size; /* as far as the last line that is not blank */
    for (const char *p = start; p < end; p = source_next_line(p)) {
        const char *stop = source_line_end(p) < end ? source_line_end(p) : end;
        const int empty = blank(p, stop);
        if (is_code && mark_of(p, mark)) continue;
        if (!empty) append(b, p + indent, stop);
        append(b, newline, newline + 1);
        if (!empty) size = b->size;
    }
    if (b->at) b->at[b->size = size] = 0;
}

/* ---- what goes into a fence ---- */

static void code_mark(buffer *out, const char *text, const char *file, const char *mark, int line)
{
    char name[LINE], close[LINE];
    const char *start = NULL, *end = NULL;
    int starts = 0, ends = 0;
    snprintf(close, sizeof close, "/%s", mark);
    for (const char *p = text; *p; p = source_next_line(p)) {
        if (!mark_of(p, name)) continue;
        if (!strcmp(name, mark)) start = source_next_line(p), starts++;
        if (!strcmp(name, close)) end = p, ends++;
    }
    if (starts != 1 || ends != 1)
        complain(line, "%s has %d [%s] and %d [%s], not one of each", file, starts, mark, ends,
                 close);
    else if (end < start)
        complain(line, "%s: [%s] comes before [%s]", file, close, mark);
    else
        append_lines(out, start, end, 1);
}

/* Definitions count before macros; a macro that only stands beside a prototype (as those that note
 * a caller's line do) is not what a reader wants to see. */
static void code_name(buffer *out, const char *text, const char *file, const char *name, int line)
{
    char wanted[LINE];
    snprintf(wanted, sizeof wanted, "%s", name);
    const size_t n = strlen(wanted);
    const int prototype = n > 0 && wanted[n - 1] == ';';
    if (prototype) wanted[n - 1] = 0;
    const declarations all = declarations_of(text);
    int count[DECLARED_PROTOTYPE + 1] = {0}, lines[DECLARED_PROTOTYPE + 1][2] = {{0}};
    const declaration *found[DECLARED_PROTOTYPE + 1] = {NULL};
    for (int i = 0; i < all.n; i++) {
        const declaration *d = &all.at[i];
        if (strcmp(d->name[0], wanted) && strcmp(d->name[1], wanted)) continue;
        if (count[d->kind] < 2) lines[d->kind][count[d->kind]] = source_line(text, d->code);
        count[d->kind]++;
        found[d->kind] = d;
    }
    int kind = DECLARED_BODY;
    while (kind < DECLARED_MACRO && !count[kind]) kind++;
    if (prototype) kind = DECLARED_PROTOTYPE;
    if (count[kind] > 1)
        complain(line, "%s is in %s %d times: lines %d and %d", name, file, count[kind],
                 lines[kind][0], lines[kind][1]);
    else if (kind == DECLARED_MACRO && count[DECLARED_PROTOTYPE])
        complain(line, "%s: %s has only a prototype (write %s;)", file, name, name);
    else if (!count[kind])
        complain(line, "%s is not in %s", name, file);
    else
        append_lines(out, found[kind]->start, found[kind]->end, 1);
    free(all.at);
}

static void out_part(buffer *out, const char *text, const char *file, const char *title, int line)
{
    const size_t n = strlen(title);
    const int section = !strncmp(title, "== ", 3);
    const char *start = NULL, *end;
    for (const char *p = text; *p; p = source_next_line(p)) {
        if (strncmp(p, title, n)) continue;
        if (start) {
            complain(line, "%s has more than one line that begins \"%s\"", file, title);
            return;
        }
        start = p;
    }
    if (!start) {
        complain(line, "%s has no line that begins \"%s\"", file, title);
        return;
    }
    if (section) start = source_next_line(start);
    for (end = start; *end; end = source_next_line(end))
        if (section && (!strncmp(end, "== ", 3) || !strncmp(end, "expected:", 9))) break;
    append_lines(out, start, end, 0);
}

/* ---- programs ---- */

static buffer result;     /* what the last @run printed */
static int result_waits;  /* and nobody has shown it yet */

static int has_main(const char *text)
{
    token t, last = {TOKEN_END, NULL, NULL};
    for (const char *p = text; (t = next_token(text, &p)).kind != TOKEN_END; last = t)
        if (last.kind == TOKEN_WORD && token_is(last, "main") && token_is(t, "(")) return 1;
    return 0;
}

static int shell(const char *format, ...)
{
    char command[2 * LINE];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    fflush(stdout);
    return n < 0 || n >= (int)sizeof command ? -1 : system(command);
}

static int chapter_of_page(void) /* book/06-backpropagation.md -> 6; all chapters for other names */
{
    const char *base = strrchr(page, '/') ? strrchr(page, '/') + 1 : page;
    return isdigit((unsigned char)base[0]) && isdigit((unsigned char)base[1]) ? atoi(base) : 99;
}

/* Compiles and runs the fence as prog.c, whose lines count from the first of the fence: so error
 * messages show them. A program without NN_IMPLEMENTATION is linked with build/nn.o. */
static void run(const char *start, const char *end, const char *how, int line)
{
    buffer text = {NULL, 0};
    append(&text, start, end);
    FILE *f = fopen("build/prog.c", "wb");
    if (!f) {
        complain(line, "build/prog.c cannot be written (is this the repository's root?)");
        return;
    }
    const int whole = has_main(text.at), alone = strstr(text.at, "NN_IMPLEMENTATION") != NULL;
    if (!whole)
        fprintf(f, "#include \"nn.h\"\n#include <math.h>\n#include <string.h>\n"
                   "int main(void)\n{\n");
    fprintf(f, "#line 1\n%s", text.at);
    if (!whole) fprintf(f, "    return 0;\n}\n");
    fclose(f);
    free(text.at);

    const char *cc = getenv("CC") ? getenv("CC") : "cc";
    const int must_not = !strcmp(how, "compile-fail"), must_fail = !strcmp(how, "fail");
    const int compiled =
        !shell("cd build && %s -std=c99 -Wall -Wextra %s -DNN_CHAPTERS=%d -I.. prog.c %s -o prog "
               "-lm >prog.log 2>&1",
               cc, must_not ? "" : "-Werror", chapter_of_page(), alone ? "" : "nn.o");
    const int ended = compiled && !must_not && !shell("exec build/prog >build/prog.log 2>&1");
    char *log = source_read("build/prog.log");
    programs++;
    result.size = 0;
    if (must_not && compiled) complain(line, "this compiles, and should not");
    else if (!must_not && !compiled) complain(line, "this does not compile:\n%s", log);
    else if (compiled && ended == must_fail)
        complain(line, "this program %s:\n%s", ended ? "should fail, and does not" : "fails", log);
    else if (log && *log) append_lines(&result, log, log + strlen(log), 0);
    result_waits = !must_not;
    free(log);
}

/* make TARGET must be known to make; words that begin with a directory of ours must be files. */
static void commands(const char *start, const char *end, int line)
{
    static const char *const ours[] = {"examples/", "book/", "tests/"};
    const char *safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/=. ";
    char command[LINE];
    for (const char *p = start; p < end; p = source_next_line(p)) {
        line++;
        const size_t n = strcspn(p, "#\n"); /* a comment of the shell is not part of it */
        if (n >= sizeof command) continue;
        memcpy(command, p, n);
        command[n] = 0;
        if (!strncmp(command, "make ", 5) &&
            (strspn(command, safe) != n || shell("%s -n >/dev/null 2>&1", command)))
            complain(line, "make does not know this: %s", command);
        for (char *word = strtok(command, " \t;&|<>"); word; word = strtok(NULL, " \t;&|<>"))
            for (int i = 0; i < 3; i++) {
                if (strncmp(word, ours[i], strlen(ours[i]))) continue;
                FILE *f = fopen(word, "rb");
                if (f) fclose(f);
                else complain(line, "there is no %s", word);
            }
    }
}

/* ---- directives ---- */

typedef struct directive {
    int line;                   /* 0: none */
    char kind[16], rest[LINE];  /* "code", "nn.h nn_softmax" */
} directive;

static directive parse_directive(const char *p, int line)
{
    directive d = {0, "", ""};
    const char *close = strstr(p, "-->"), *end = source_line_end(p);
    if (strncmp(p, "<!-- @", 6)) return d;
    d.line = line;
    p += 6;
    if (!close || close > end || !blank(close + 3, end) || close - p >= LINE) {
        complain(line, "a directive is one comment alone on its line");
        d.line = 0;
        return d;
    }
    size_t n = strcspn(p, " "), m = 0;
    if (n < sizeof d.kind) memcpy(d.kind, p, n);
    p += n;
    while (p < close && *p == ' ') p++;
    for (; p < close; p++) d.rest[m++] = *p;
    while (m > 0 && d.rest[m - 1] == ' ') m--;
    d.rest[m] = 0;
    return d;
}

/* What should stand in the fence whose body is start..end: in `now`, which is freshly empty. */
static void weave_fence(const directive *d, const char *start, const char *end, buffer *now)
{
    char file[LINE], *what = file;
    const int before = errors;
    strcpy(file, d->rest);
    what += strcspn(file, " ");
    if (*what) *what++ = 0; /* file is now the first word of rest, what the others */
    const int last = (int)strlen(what) - 1;

    if (!strcmp(d->kind, "code") || !strcmp(d->kind, "out")) {
        char *text = source_read(file);
        const int is_code = d->kind[0] == 'c';
        if (!text) complain(d->line, "the file %s cannot be read", file);
        else if (!*what) append_lines(now, text, text + strlen(text), is_code);
        else if (is_code && what[0] == '[' && what[last] == ']')
            what[last] = 0, code_mark(now, text, file, what + 1, d->line);
        else if (is_code) code_name(now, text, file, what, d->line);
        else if (last > 0 && what[0] == '"' && what[last] == '"')
            what[last] = 0, out_part(now, text, file, what + 1, d->line);
        else complain(d->line, "@out FILE \"line\", with the quotes");
        if (is_code) listings++;
        else outputs++;
        free(text);
    } else if (!strcmp(d->kind, "result")) {
        if (!result_waits) complain(d->line, "@result without a @run above that printed it");
        else if (result.size) append(now, result.at, result.at + result.size);
        result_waits = 0;
    } else {
        append(now, start, end);
        if (!strcmp(d->kind, "run")) {
            if (*d->rest && strcmp(d->rest, "fail") && strcmp(d->rest, "compile-fail"))
                complain(d->line, "@run, @run fail or @run compile-fail, not @run %s", d->rest);
            else run(start, end, d->rest, d->line);
        } else if (!strcmp(d->kind, "sh")) {
            commands(start, end, d->line + 1);
        } else if (!strcmp(d->kind, "text")) {
            unchecked++;
            if (!*d->rest) complain(d->line, "@text needs a reason");
            else if (!check) printf("%s:%d: not checked: %s\n", page, d->line, d->rest);
        } else complain(d->line, "@%s is no directive", d->kind);
    }
    if (now->size && (!strncmp(now->at, "```", 3) || strstr(now->at, "\n```")))
        complain(d->line, "a line that begins with ``` cannot stand in a fence");
    if (errors > before) now->size = 0, append(now, start, end); /* leave the fence as it is */
}

static void report_difference(const directive *d, const char *was, const char *end, const char *now)
{
    int line = d->line + 2; /* below the directive and the opening of the fence */
    while (was < end && *now && source_line_end(was) - was == source_line_end(now) - now &&
           !strncmp(was, now, (size_t)(source_line_end(was) - was))) {
        was = source_next_line(was);
        now = source_next_line(now);
        line++;
    }
    const int n = was < end ? (int)(source_line_end(was) - was) : 0;
    const int m = (int)(source_line_end(now) - now);
    complain(line, "differs from @%s%s%s\n    page: %.*s\n    now:  %.*s", d->kind,
             *d->rest ? " " : "", d->rest, was < end ? n : 5, was < end ? was : "(end)",
             *now ? m : 5, *now ? now : "(end)");
}

static void weave(void)
{
    char *text = source_read(page);
    if (!text) {
        complain(1, "cannot be read");
        return;
    }
    const int errors_before = errors, unchecked_before = unchecked;
    buffer out = {NULL, 0};
    directive d = {0, "", ""};
    int line = 1;
    result_waits = 0;
    for (const char *p = text; *p; p = source_next_line(p), line++) {
        const char *next = source_next_line(p);
        const int is_fence = !strncmp(p, "```", 3);
        append(&out, p, next);
        if (d.line && !is_fence) complain(d.line, "no fence below this directive");
        if (!is_fence) {
            d = parse_directive(p, line);
            if (!d.line && !strncmp(p + indent_of(p), "```", 3))
                complain(line, "a fence begins in the first column");
            continue;
        }
        const char *end = next;
        while (*end && strncmp(end, "```", 3)) end = source_next_line(end);
        if (!*end) {
            complain(line, "this fence is never closed");
            d.line = 0;
            break;
        }
        const int is_math = !strncmp(p, "```math\n", 8);
        if (!d.line && !is_math) complain(line, "a fence without a directive above it");
        buffer now = {NULL, 0};
        append(&now, next, next); /* "" */
        if (d.line) weave_fence(&d, next, end, &now);
        else append(&now, next, end);
        if (now.size != (size_t)(end - next) || memcmp(now.at, next, now.size)) {
            if (check) report_difference(&d, next, end, now.at);
        }
        append(&out, now.at, now.at + now.size);
        free(now.at);
        line += 1;
        for (const char *q = next; q < end; q++) line += *q == '\n';
        append(&out, end, source_next_line(end));
        p = end;
        d.line = 0;
    }
    if (d.line) complain(d.line, "no fence below this directive");
    if (unchecked - unchecked_before > MAX_UNCHECKED)
        complain(1, "%d fences are not checked (@text); %d may be", unchecked - unchecked_before,
                 MAX_UNCHECKED);

    if (!check && errors == errors_before && out.at && strcmp(out.at, text)) {
        char copy[LINE];
        snprintf(copy, sizeof copy, "%s.tmp", page);
        FILE *f = fopen(copy, "wb");
        int good = f && fwrite(out.at, 1, out.size, f) == out.size;
        if (f && fclose(f)) good = 0;
        if (good && !rename(copy, page)) printf("%s: rewritten\n", page);
        else complain(1, "cannot be written");
    }
    free(out.at);
    free(text);
}

int main(int argc, char **argv)
{
    int first = 1;
    check = argc > 1 && !strcmp(argv[1], "--check");
    first += check;
    if (first >= argc) {
        fprintf(stderr, "usage: weave [--check] PAGE.md ...\n");
        return 2;
    }
    for (int i = first; i < argc; i++) {
        page = argv[i];
        weave();
    }
    printf("weave: %d pages, %d listings, %d outputs, %d programs, %d not checked; %d errors\n",
           argc - first, listings, outputs, programs, unchecked, errors);
    free(result.at);
    return errors > 0;
}
