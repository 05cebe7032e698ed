/* What weave and lint know of C: its tokens, and the declarations that stand at the top level of a
 * file. Enough for nn.h and its examples; nothing is preprocessed.
 */
#ifndef DECLARED_H
#define DECLARED_H

#include "source.h"

static int source_line(const char *text, const char *at) /* its number, from 1 */
{
    int line = 1;
    while (text < at) line += *text++ == '\n';
    return line;
}

/* ---- tokens ---- */

typedef enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_STRING,       /* or a character constant */
    TOKEN_COMMENT,
    TOKEN_PREPROCESSOR, /* a whole # line, with the lines that \ adds to it */
    TOKEN_OTHER         /* a number, or one character */
} token_kind;

typedef struct token {
    token_kind kind;
    const char *start, *end;
} token;

static int token_is(token t, const char *text)
{
    const size_t n = strlen(text);
    return t.kind != TOKEN_COMMENT && (size_t)(t.end - t.start) == n && !memcmp(t.start, text, n);
}

static const char *token_quoted(const char *p) /* the end of the string that begins at p */
{
    const char quote = *p++;
    while (*p && *p != quote && *p != '\n') p += *p == '\\' && p[1] ? 2 : 1;
    return *p == quote ? p + 1 : p;
}

static const char *token_comment(const char *p) /* the end of the comment that begins at p, or p */
{
    if (p[0] == '/' && p[1] == '/') return source_line_end(p);
    if (p[0] != '/' || p[1] != '*') return p;
    const char *end = strstr(p + 2, "*/");
    return end ? end + 2 : p + strlen(p);
}

/* The next token from *p on, which moves behind it; `text` is where the file begins. */
static token next_token(const char *text, const char **p)
{
    const char *s = *p;
    while (isspace((unsigned char)*s)) s++;
    const char *before = s; /* is this token the first of its line? */
    while (before > text && (before[-1] == ' ' || before[-1] == '\t')) before--;
    const int first = before == text || before[-1] == '\n';

    token t = {TOKEN_OTHER, s, s + 1};
    if (!*s) {
        t.kind = TOKEN_END;
        t.end = s;
    } else if (token_comment(s) > s) {
        t.kind = TOKEN_COMMENT;
        t.end = token_comment(s);
    } else if (*s == '"' || *s == '\'') {
        t.kind = TOKEN_STRING;
        t.end = token_quoted(s);
    } else if (*s == '#' && first) {
        t.kind = TOKEN_PREPROCESSOR;
        while (*s && *s != '\n')
            if (token_comment(s) > s) s = token_comment(s);
            else if (*s == '"' || *s == '\'') s = token_quoted(s);
            else s += *s == '\\' && s[1] ? 2 : 1;
        t.end = s;
    } else if (token_word(*s)) {
        if (!isdigit((unsigned char)*s)) t.kind = TOKEN_WORD;
        while (token_word(*s) || (t.kind == TOKEN_OTHER && *s == '.')) s++;
        t.end = s;
    }
    *p = t.end;
    return t;
}

/* ---- declarations ---- */

typedef enum declaration_kind {
    DECLARED_BODY,     /* with braces or a value: a function, struct, union, enum, table */
    DECLARED_TYPEDEF,  /* a typedef without braces */
    DECLARED_MACRO,
    DECLARED_PROTOTYPE /* of a function or variable */
} declaration_kind;

typedef struct declaration {
    declaration_kind kind;
    char name[2][64];        /* both of `typedef struct a {..} b;`, else name[1] is "" */
    const char *start, *end; /* from the comment directly above to the end of the last line */
    const char *code;        /* where it begins without that comment */
} declaration;

typedef struct declarations {
    declaration *at;
    int n;
} declarations;

static void declared_name(char name[64], const char *start, const char *end)
{
    const size_t n = end - start < 63 ? (size_t)(end - start) : 63;
    memcpy(name, start, n);
    name[n] = 0;
}

/* Adds d: with the comment that ends on the line above it and what follows on its last line. */
static void declared(declarations *all, declaration d, token above, const char *text)
{
    while (d.code > text && d.code[-1] != '\n' && isspace((unsigned char)d.code[-1])) d.code--;
    d.start = d.code;
    if (above.start && source_next_line(above.end) == d.code) d.start = above.start;
    const char *rest = d.end;
    while (*rest == ' ' || *rest == '\t') rest++;
    if (token_comment(rest) > rest) d.end = token_comment(rest);
    all->at = (declaration *)source_grow(all->at, (size_t)(all->n + 1) * sizeof d);
    all->at[all->n++] = d;
}

/* Everything declared at the top level of text, and every macro. */
static declarations declarations_of(const char *text)
{
    declarations all = {NULL, 0};
    declaration d = {DECLARED_PROTOTYPE, {"", ""}, NULL, NULL, NULL};
    const token nothing = {TOKEN_END, NULL, NULL};
    token above = nothing;                       /* the last comment that begins a line */
    token last = nothing, before_last = nothing; /* tokens of this declaration so far */
    token word = nothing;                        /* its last word outside ( [ { and before = */
    int braces = 0, round = 0;                   /* how deep; round counts [ too */
    int is_typedef = 0, is_call = 0, has_value = 0, has_parameters = 0, is_enum = 0;
    int saved[64] = {0}, ifs = 0;                /* braces at each #if: #else starts there again */

    for (const char *p = text;;) {
        const token t = next_token(text, &p);
        if (t.kind == TOKEN_END) break;
        if (t.kind == TOKEN_COMMENT) {
            const char *line = t.start;
            while (line > text && line[-1] == ' ') line--;
            if (!d.code && (line == text || line[-1] == '\n')) {
                const int joined = above.start && source_next_line(above.end) == line;
                if (!joined) above.start = line;
                above.end = t.end;
                above.kind = t.kind;
            }
            continue;
        }
        if (t.kind == TOKEN_PREPROCESSOR) {
            const char *q = t.start + 1;
            const token command = next_token(text, &q), name = next_token(text, &q);
            if (token_is(command, "define")) {
                declaration macro = {DECLARED_MACRO, {"", ""}, NULL, t.end, t.start};
                declared_name(macro.name[0], name.start, name.end);
                declared(&all, macro, above, text);
            } else if (!strncmp(command.start, "if", 2)) {
                if (ifs < 64) saved[ifs] = braces;
                ifs++;
            } else if (token_is(command, "endif")) {
                if (ifs > 0) ifs--;
            } else if (!strncmp(command.start, "el", 2) && ifs > 0 && ifs <= 64) {
                braces = saved[ifs - 1];
            }
            above = nothing;
            if (last.start && last.start == d.code) d.code = NULL; /* a macro on its own line */
            continue;
        }

        int done = 0, forget = 0;
        const int outside = braces == 0 && round == 0;
        if (!d.code) {
            d.code = t.start;
            is_typedef = token_is(t, "typedef");
        }
        if (token_is(t, "(") || token_is(t, "[")) {
            const int named = last.kind == TOKEN_WORD && !token_is(last, "__attribute__");
            if (outside && token_is(t, "(") && !has_value) {
                if (named && last.start == d.code) {
                    is_call = 1; /* a macro used as a line of its own */
                } else if (named && !has_parameters) {
                    has_parameters = 1;
                    declared_name(d.name[0], last.start, last.end);
                } else if (has_parameters && token_is(last, ")")) { /* NN__(name)(..) */
                    const char *start = last.end;
                    while (start > d.code && !isspace((unsigned char)start[-1])) start--;
                    if (!strchr(d.name[0], '(') && !strncmp(start, "NN__(", 5))
                        declared_name(d.name[0], start, last.end);
                }
            }
            round++;
        } else if (token_is(t, ")") || token_is(t, "]")) {
            round--;
            if (is_call && round == 0 && braces == 0) forget = 1;
        } else if (token_is(t, "=") && outside) {
            has_value = 1;
        } else if (token_is(t, "{")) {
            if (outside && last.kind == TOKEN_STRING) { /* extern "C" { */
                forget = 1;
            } else {
                if (outside && !has_parameters && !has_value && last.kind == TOKEN_WORD) {
                    is_enum = token_is(last, "enum");
                    if (!is_enum && !token_is(last, "struct") && !token_is(last, "union"))
                        declared_name(d.name[0], last.start, last.end);
                }
                if (outside) d.kind = DECLARED_BODY;
                braces++;
            }
        } else if (token_is(t, "}")) {
            if (braces > 0) braces--;
            else forget = 1; /* the end of extern "C" */
            done = !forget && braces == 0 && has_parameters && !has_value && !is_typedef;
        } else if (token_is(t, ";") && outside) {
            done = 1;
            if (has_value) d.kind = DECLARED_BODY;
            if (is_typedef && d.kind != DECLARED_BODY) d.kind = DECLARED_TYPEDEF;
            if (!has_parameters && word.start)
                declared_name(d.name[d.name[0][0] != 0], word.start, word.end);
        } else if (t.kind == TOKEN_WORD) {
            if (outside && !has_value) word = t;
            if (is_typedef && round == 1 && braces == 0 && token_is(last, "*") &&
                token_is(before_last, "("))
                declared_name(d.name[0], t.start, t.end); /* typedef void (*name)(..) */
            if (is_enum && !d.name[0][0]) declared_name(d.name[0], t.start, t.end);
        }

        before_last = last;
        last = t;
        if (done) {
            d.end = t.end;
            if (!strcmp(d.name[0], d.name[1])) d.name[1][0] = 0;
            declared(&all, d, above, text);
        }
        if (done || forget) {
            memset(&d, 0, sizeof d);
            d.kind = DECLARED_PROTOTYPE;
            above = last = before_last = word = nothing;
            is_typedef = is_call = has_value = has_parameters = is_enum = 0;
            round = 0;
        }
    }
    return all;
}

#endif
