/* compare: is this output what was recorded?
 *
 *     compare [-r REL] [-a ABS] RECORDED GOT
 *
 * Text must be the same to the letter. A number may differ by ABS + REL times the recorded one, 0
 * and 0 if not given: the same value, so -0 equals 0. The count of blanks before a number does not
 * matter. NaN and infinity are never right, not even recorded. Exit status 0: the same; 1: not,
 * with the first difference; 2: wrong usage or a file that cannot be read.
 */
#include "source.h"

#include <math.h>

/* The number that begins at p and does not belong to a name such as y2: its end in *end. */
static int number_at(const char *line, const char *p, double *value, const char **end)
{
    const char *q = p;
    if (p > line && (token_word(p[-1]) || p[-1] == '.')) return 0;
    if (*q == '-' || *q == '+') q++;
    if (!isdigit((unsigned char)*q) && !(*q == '.' && isdigit((unsigned char)q[1]))) return 0;
    while (isdigit((unsigned char)*q)) q++;
    if (*q == '.') q++;
    while (isdigit((unsigned char)*q)) q++;
    if (*q == 'e' || *q == 'E') {
        const char *e = q + 1;
        if (*e == '-' || *e == '+') e++;
        if (isdigit((unsigned char)*e)) q = e;
        while (isdigit((unsigned char)*q)) q++;
    }
    if (token_word(*q)) return 0; /* 0x1f, 2d */
    *value = strtod(p, NULL);
    *end = q;
    return 1;
}

static int not_finite(const char *line) /* has it a word nan, inf or infinity? */
{
    for (const char *p = line; *p && *p != '\n';) {
        char word[9] = "";
        size_t n = 0;
        while (token_word(p[n])) n++;
        for (size_t i = 0; i < n && n < sizeof word; i++)
            word[i] = (char)tolower((unsigned char)p[i]);
        if (!strcmp(word, "nan") || !strcmp(word, "inf") || !strcmp(word, "infinity")) return 1;
        p += n ? n : 1;
    }
    return 0;
}

static const char *blanks(const char *p)
{
    while (*p == ' ') p++;
    return p;
}

static int same_line(const char *a, const char *b, double relative, double absolute)
{
    const char *a_start = a, *b_start = b;
    for (;;) {
        double x, y;
        const char *a_end, *b_end;
        if (number_at(a_start, blanks(a), &x, &a_end) &&
            number_at(b_start, blanks(b), &y, &b_end)) {
            if (!(fabs(x - y) <= absolute + relative * fabs(x))) return 0;
            a = a_end;
            b = b_end;
            continue;
        }
        const int a_over = !*a || *a == '\n', b_over = !*b || *b == '\n';
        if (a_over || b_over) return a_over && b_over;
        if (*a++ != *b++) return 0;
    }
}

int main(int argc, char **argv)
{
    double relative = 0, absolute = 0;
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
        if (!strcmp(argv[i], "-r")) relative = atof(argv[i + 1]);
        else if (!strcmp(argv[i], "-a")) absolute = atof(argv[i + 1]);
        else break;
    if (argc - i != 2 || !(relative >= 0) || !(absolute >= 0)) {
        fprintf(stderr, "usage: compare [-r REL] [-a ABS] RECORDED GOT\n");
        return 2;
    }
    const char *name[2] = {argv[i], argv[i + 1]};
    char *text[2];
    for (int f = 0; f < 2; f++)
        if (!(text[f] = source_read(name[f]))) {
            fprintf(stderr, "compare: %s cannot be read\n", name[f]);
            return 2;
        }
    const char *a = text[0], *b = text[1];
    int line = 1, bad = 0;
    for (; !bad && (*a || *b); a = source_next_line(a), b = source_next_line(b), line++) {
        for (int f = 0; f < 2; f++)
            if (not_finite(f ? b : a)) {
                printf("%s:%d: NaN and infinity are never right\n", name[f], line);
                bad = 1;
            }
        if (!bad && (!*a != !*b || !same_line(a, b, relative, absolute))) {
            printf("%s:%d: differs from %s\n", name[1], line, name[0]);
            printf("    recorded: %.*s\n    got:      %.*s\n", (int)(source_line_end(a) - a), a,
                   (int)(source_line_end(b) - b), b);
            bad = 1;
        }
    }
    free(text[0]);
    free(text[1]);
    return bad;
}
