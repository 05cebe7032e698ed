/* lint: do the pages keep to what GitHub and pandoc both show, and to the form of the book?
 *
 *     lint [--words LOW HIGH] HEADER PAGE.md ...
 *
 * Every page
 *   math      in ```math at the first column, or $..$ within a line; only commands listed below;
 *             inline nothing that Markdown takes for its own (so no \{ \, \\ * < > | and no _ but
 *             after a letter or digit: w_i^{(l)}, not w^{(l)}_i)
 *   links     [text](target): the file is there, and so is the anchor by GitHub's rule; none with
 *             an anchor into a file that is no page; web addresses are https and well formed, each
 *             once in a page; they are not followed
 *   images    ![what one sees, at least 20 characters](fig/ch06-name.svg), the file is there
 *   lines     at most 100 columns, except in tables, fences and lines with a link
 *   names     `nn_name` and `NN_NAME` in backticks are in HEADER (`nn_mlp_*`: some name begins so)
 * A chapter, 01-name.md to 16-name.md, or a part of one, 15a-name.md
 *   top       `# 6. Title`, `# 15a. Title`, then paragraphs that begin **Goal:**, **You need:** and **Run:**,
 *             before the first `## `; Run names `make ch06` and shows recorded output with @out
 *   end       the last two sections are `## Exercises` and `## Sources`
 *   exercises `### 6.1 Title (paper, 10 minutes)`, `### 15a.1 ..`, numbered; at least one paper, two code, one
 *             predict
 *   glossary  at least one link [term](glossary.md#term)
 *   length    LOW to HIGH words, 1,500 to 4,000, fences not counted
 *   HEADER    every public name declared in the section >>ch06 is named in the page, or in one of
 *             its parts, and has `Book: 6` in its paragraph there
 * The glossary, 19-glossary.md
 *   terms     `## term` in the order of their anchors; each links to a chapter whose page links to
 *             it or mentions it, and is linked from another of the PAGEs, if there are any
 */
#include "declared.h"

#include <stdarg.h>

enum { MAX_COLUMNS = 100, MIN_ALT = 20, LINE = 512, LAST_CHAPTER = 16 };

static const char *page; /* the one being read, for messages */
static int errors, low_words = 1500, high_words = 4000;
static char *code; /* HEADER without its comments */

static void complain(const char *path, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: ", path, line);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    errors++;
}

/* Is word (n letters) somewhere in text, not as a part of another word? prefix: or begins one. */
static int has_word(const char *text, const char *word, size_t n, int prefix)
{
    for (const char *p = text; (p = strchr(p, word[0])) != NULL; p++)
        if (!strncmp(p, word, n) && (p == text || !token_word(p[-1])) &&
            (prefix || !token_word(p[n])))
            return 1;
    return 0;
}

static int begins(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

/* The chapter a page is, or is a part of, from its name; 0 for other pages. */
static int chapter_of(const char *path)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const int digits = isdigit((unsigned char)base[0]) && isdigit((unsigned char)base[1]);
    const int part = digits && islower((unsigned char)base[2]);
    return digits && base[2 + part] == '-' ? atoi(base) : 0;
}

/* Its number in headings: "6" or "15a". */
static void label_of(const char *path, char label[4])
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    snprintf(label, 4, base[2] == '-' ? "%d" : "%d%c", chapter_of(path) % 100, base[2]);
}

/* ---- math ---- */

static const char *const commands =
    " alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho"
    " sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
    " frac tfrac sqrt sum prod int partial nabla infty binom cdot times odot oplus circ pm mp"
    " le ge ne lt gt ll gg approx equiv sim propto in notin subset cup cap forall exists"
    " to rightarrow leftarrow Rightarrow Leftrightarrow mapsto dots ldots cdots vdots ddots"
    " quad qquad text mathrm mathbf mathcal mathbb hat bar tilde vec overline underbrace overbrace"
    " max min arg exp log ln sin cos tan tanh lim det Pr top mid ell prime neg land lor"
    " left right lVert rVert lvert rvert langle rangle lfloor rfloor lceil rceil ";
static const char *const block_commands = " begin end ";
static const char *const block_signs = "\\,;!{}|"; /* \\ \, .. only in ```math */
static const char *const environments = " aligned cases matrix pmatrix bmatrix ";

static int listed(const char *list, const char *word, size_t n)
{
    for (const char *p = list; (p = strchr(p, ' ')) != NULL && *++p;)
        if (!strncmp(p, word, n) && p[n] == ' ') return 1;
    return 0;
}

static void check_math(const char *start, const char *end, int block, int line)
{
    int braces = 0, lefts = 0, begun = 0;
    for (const char *p = start; p < end; p++) {
        if (*p == '{') braces++;
        if (*p == '}' && --braces < 0) break;
        if (!block && *p == '_' && (p == start || !isalnum((unsigned char)p[-1])))
            complain(page, line, "inline, _ must follow a letter or digit; write w_i^{(l)}");
        if (!block && strchr("*<>|&#%~`", *p))
            complain(page, line, "inline math cannot have %c: Markdown takes it for its own", *p);
        if (*p != '\\') continue;
        const char *word = ++p;
        while (p < end && isalpha((unsigned char)*p)) p++;
        const size_t n = (size_t)(p - word);
        if (n == 0) {
            if (!block || p == end || !strchr(block_signs, *p))
                complain(page, line, "\\%c is not for %s math", *p, block ? "fenced" : "inline");
            continue; /* with the sign: \{ is no brace */
        }
        if (!listed(commands, word, n) && !(block && listed(block_commands, word, n)))
            complain(page, line, "\\%.*s is not among the commands for %s math", (int)n, word,
                     block ? "fenced" : "inline");
        lefts += n == 4 && begins(word, "left") ? 1 : n == 5 && begins(word, "right") ? -1 : 0;
        if ((n == 5 && begins(word, "begin")) || (n == 3 && begins(word, "end"))) {
            begun += n == 5 ? 1 : -1;
            if (*p != '{' || !listed(environments, p + 1, strcspn(p + 1, "}")))
                complain(page, line, "\\%.*s%.*s is not among the environments", (int)n, word,
                         (int)strcspn(p, "}\n") + 1, p);
        }
        p--;
    }
    if (braces) complain(page, line, "braces do not balance");
    if (lefts) complain(page, line, "\\left and \\right do not balance");
    if (begun) complain(page, line, "\\begin and \\end do not balance");
}

/* Checks the $..$ of a line and blanks them out. */
static void inline_math(char *text, int line)
{
    for (char *p = text; (p = strchr(p, '$')) != NULL; p++) {
        if (p > text && p[-1] == '\\') continue;
        if (p[1] == '$') {
            complain(page, line, "$$ is not shown everywhere; use a ```math fence");
            return;
        }
        char *end = strchr(p + 1, '$');
        if (!end) {
            complain(page, line, "inline math $..$ ends on the line where it begins");
            return;
        }
        if (p[1] == ' ' || end[-1] == ' ') complain(page, line, "no blank inside the $ of $..$");
        if (p > text && !strchr(" (\"", p[-1]))
            complain(page, line, "$..$ must follow a blank or (");
        if (end[1] && !strchr(" .,;:!?)\"", end[1]))
            complain(page, line, "$..$ must be followed by a blank or . , ; : ! ? )");
        check_math(p + 1, end, 0, line);
        memset(p, ' ', (size_t)(end - p) + 1);
        p = end;
    }
}

/* ---- links ---- */

/* The anchor GitHub gives a heading: small letters, blanks to -, punctuation dropped. */
static void slug_of(const char *heading, char slug[LINE])
{
    size_t n = 0;
    const char *end = source_line_end(heading), *p = heading + strspn(heading, "#");
    while (*p == ' ') p++;
    while (end > p && end[-1] == ' ') end--;
    for (; p < end && n + 8 < LINE; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c == ' ') slug[n++] = '-';
        else if (isalnum(c) || c == '_' || c == '-' || c >= 128) slug[n++] = (char)tolower(c);
    }
    slug[n] = 0;
}

/* Of equal headings the second is name-1, the third name-2. */
static int has_anchor(const char *text, const char *anchor)
{
    char slug[LINE];
    const char *dash = strrchr(anchor, '-');
    const int number = dash ? atoi(dash + 1) : 0;
    int fence = 0, before = 0;
    for (const char *p = text; *p; p = source_next_line(p)) {
        if (begins(p, "```")) fence = !fence;
        if (fence || *p != '#') continue;
        slug_of(p, slug);
        if (!strcmp(slug, anchor)) return 1;
        if (number > 0 && strlen(slug) == (size_t)(dash - anchor) && begins(anchor, slug) &&
            before++ == number)
            return 1;
    }
    return 0;
}

/* https://host.org, then what one can type into a browser as it is; not named before on this page. */
static void check_address(const char *text, const char *address, int line)
{
    static const char *const signs = "-._~/?#&=%:@+,;(";
    char link[LINE + 4];
    const char *host = address + strlen("https://"), *p = host;
    if (!begins(address, "https://")) {
        complain(page, line, "a web address begins https://");
        return;
    }
    while (isalnum((unsigned char)*p) || (strchr("-.", *p) && *p)) p++;
    const size_t n = (size_t)(p - host);
    int good = memchr(host, '.', n) && host[0] != '.' && (!*p || *p == '/');
    for (; *p; p++) good &= isalnum((unsigned char)*p) || strchr(signs, *p);
    if (!good || strchr(".,", p[-1])) complain(page, line, "no web address: %s", address);
    snprintf(link, sizeof link, "](%s)", address);
    const char *first = strstr(text, link);
    if (first && source_line(text, first) < line) complain(page, line, "once is enough: %s", address);
}

/* One target of this page; whether it leads to a term of the glossary. */
static int check_target(const char *text, const char *target, int line, int is_image)
{
    char path[2 * LINE];
    if (begins(target, "https:") || begins(target, "http:")) {
        check_address(text, target, line);
        return 0;
    }
    const char *anchor = strchr(target, '#');
    const size_t n = anchor ? (size_t)(anchor - target) : strlen(target);
    const char *slash = strrchr(page, '/');
    snprintf(path, sizeof path, "%.*s%.*s", slash ? (int)(slash - page) + 1 : 0, page, (int)n,
             target);
    const size_t m = strlen(path);
    const int is_page = m > 3 && !strcmp(path + m - 3, ".md");

    FILE *f = n ? fopen(path, "rb") : NULL;
    if (f) fclose(f);
    if (!*target) {
        complain(page, line, "a link to nowhere");
    } else if (*target == '/' || (n && !f)) {
        complain(page, line, "there is no %s", path);
    } else if (anchor && is_image) {
        complain(page, line, "an image has no anchor: %s", target);
    } else if (anchor && n && !is_page) {
        complain(page, line, "an anchor into %s would drift", path);
    } else if (anchor) {
        char *other = n ? source_read(path) : NULL;
        if (!has_anchor(other ? other : text, anchor + 1))
            complain(page, line, "there is no heading for %s", target);
        free(other);
    }
    return anchor && m >= 11 && !strcmp(path + m - 11, "glossary.md");
}

/* Checks the links and images of a line whose code and math were blanked out; how many of them lead
 * to the glossary. The texts of links are read from `raw`, the line as it is. */
static int check_links(const char *text, const char *prose, const char *raw, int line)
{
    char target[LINE];
    int terms = 0;
    if (prose[0] == '[' && strstr(prose, "]: "))
        complain(page, line, "links are written inline: [text](target)");
    if (strstr(prose, "<img") || strstr(prose, "<a "))
        complain(page, line, "links and images are written in Markdown");
    if (strstr(prose, "![") && !strstr(prose, "]("))
        complain(page, line, "an image is written on one line");
    for (const char *p = prose; (p = strstr(p, "](")) != NULL; p++) {
        const size_t n = strcspn(p + 2, ")");
        if (!p[2 + n] || n >= sizeof target) {
            complain(page, line, "a link ends on the line where it begins");
            return terms;
        }
        memcpy(target, raw + (p - prose) + 2, n);
        target[n] = 0;
        const char *open = p;
        while (open > prose && *open != '[') open--;
        const int is_image = *open == '[' && open > prose && open[-1] == '!';
        if (is_image && p - open - 1 < MIN_ALT)
            complain(page, line, "the text of an image says what one sees: %d letters or more",
                     MIN_ALT);
        terms += check_target(text, target, line, is_image);
    }
    return terms;
}

/* ---- lines ---- */

/* The names in a code span; then it is blanked out. Returns 0 if a span does not end. */
static int code_spans(char *text, int line)
{
    for (char *p = text; (p = strchr(p, '`')) != NULL; p++) {
        const size_t ticks = strspn(p, "`");
        char *end = p + ticks;
        while (*end && strspn(end, "`") != ticks) end += *end == '`' ? strspn(end, "`") : 1;
        if (!*end) return 0;
        for (char *q = p; q < end;) {
            size_t n = 0;
            while (token_word(q[n])) n++;
            const int ours = n > 3 && (begins(q, "nn_") || begins(q, "NN_"));
            if (ours && !has_word(code, q, n, q[n] == '*'))
                complain(page, line, "there is no %.*s in the header", (int)n, q);
            q += n ? n : 1;
        }
        memset(p, ' ', (size_t)(end - p) + ticks);
        p = end + ticks - 1;
    }
    return 1;
}

static int columns(const char *text) /* letters, not bytes, of UTF-8 */
{
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static int count_words(const char *text)
{
    int n = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        for (size_t i = 0; i < length; i++)
            if (isalnum((unsigned char)text[i])) {
                n++;
                break;
            }
        text += length + strspn(text + length, " ");
    }
    return n;
}

/* ---- chapters ---- */

typedef struct outline { /* what was seen of a chapter so far */
    int chapter;
    char label[4];
    int seen;            /* a bit for each of Goal, You need, Run */
    int make, out;       /* Run's command and output */
    int sections;        /* `## ` lines */
    char last[2][LINE];  /* the last two of them */
    int paper, code, predict, exercises;
    int words, terms;
} outline;

static void outline_line(outline *o, const char *text, int line)
{
    static const char *const tops[] = {"**Goal:**", "**You need:**", "**Run:**"};
    char expected[64];
    if (line == 1) {
        snprintf(expected, sizeof expected, "# %s. ", o->label);
        if (!begins(text, expected)) complain(page, 1, "the first line is `%sTitle`", expected);
    }
    for (int i = 0; i < 3; i++)
        if (begins(text, tops[i])) {
            if (o->seen >> i || o->sections) complain(page, line, "%s is out of place", tops[i]);
            o->seen |= 1 << i;
        }
    snprintf(expected, sizeof expected, "`make ch%02d`", o->chapter);
    if (!o->sections && o->seen & 4) {
        o->make |= strstr(text, expected) != NULL;
        o->out |= begins(text, "<!-- @out ");
    }
    if (begins(text, "## ")) {
        o->sections++;
        strcpy(o->last[0], o->last[1]);
        snprintf(o->last[1], sizeof o->last[1], "%.*s", LINE - 1, text);
    }
    if (begins(text, "### ") && !strcmp(o->last[1], "## Exercises")) {
        char kind[16] = "";
        int minutes = 0, number = 0;
        const size_t label = strlen(o->label);
        const char *open = strrchr(text, '(');
        if (open) sscanf(open, "(%15[a-z], %d minutes)", kind, &minutes);
        if (!strncmp(text + 4, o->label, label)) sscanf(text + 4 + label, ".%d ", &number);
        o->paper += !strcmp(kind, "paper");
        o->code += !strcmp(kind, "code");
        o->predict += !strcmp(kind, "predict");
        o->exercises++;
        if (number != o->exercises || minutes < 1 ||
            (strcmp(kind, "paper") && strcmp(kind, "code") && strcmp(kind, "predict")))
            complain(page, line, "an exercise is `### %s.%d Title (KIND, 10 minutes)`, KIND being "
                     "paper, code or predict", o->label, o->exercises);
    }
}

static void outline_end(const outline *o)
{
    static const char *const tops[] = {"**Goal:**", "**You need:**", "**Run:**"};
    for (int i = 0; i < 3; i++)
        if (!(o->seen >> i & 1)) complain(page, 1, "no paragraph begins %s", tops[i]);
    if (o->seen & 4 && !o->make) complain(page, 1, "Run does not name `make ch%02d`", o->chapter);
    if (o->seen & 4 && !o->out) complain(page, 1, "Run shows no recorded output (@out)");
    if (strcmp(o->last[0], "## Exercises") || strcmp(o->last[1], "## Sources"))
        complain(page, 1, "the last sections are `## Exercises` and `## Sources`");
    if (o->paper < 1 || o->code < 2 || o->predict < 1)
        complain(page, 1, "exercises: %d paper, %d code, %d predict; at least 1, 2 and 1", o->paper,
                 o->code, o->predict);
    if (!o->terms) complain(page, 1, "no link [term](glossary.md#term)");
    if (o->words < low_words || o->words > high_words)
        complain(page, 1, "%d words; a chapter has %d to %d", o->words, low_words, high_words);
}

static void lint_page(const char *text)
{
    char raw[8 * LINE], prose[8 * LINE];
    outline o;
    memset(&o, 0, sizeof o);
    o.chapter = chapter_of(page);
    const int is_chapter = o.chapter >= 1 && o.chapter <= LAST_CHAPTER;
    if (is_chapter) label_of(page, o.label);
    const char *math = NULL; /* where a ```math fence begins */
    int fence = 0, line = 1;
    for (const char *p = text; *p; p = source_next_line(p), line++) {
        const size_t n = (size_t)(source_line_end(p) - p);
        if (begins(p, "```")) {
            fence = !fence;
            if (!fence && math) check_math(math, p, 1, line);
            math = fence && begins(p, "```math\n") ? source_next_line(p) : NULL;
            continue;
        }
        if (math && n == strspn(p, " ")) complain(page, line, "no blank line inside ```math");
        if (fence) continue;
        if (n >= sizeof raw) {
            complain(page, line, "a line of %d characters", (int)n);
            continue;
        }
        memcpy(raw, p, n);
        raw[n] = 0;
        strcpy(prose, raw);
        if (is_chapter) outline_line(&o, raw, line);
        if (begins(raw, "<!-- @")) continue;
        o.words += count_words(raw);
        if (raw[0] == '#' && strchr(raw, '$')) complain(page, line, "no math in a heading");
        if (!code_spans(prose, line)) complain(page, line, "code in backticks ends on its line");
        inline_math(prose, line);
        if (strstr(prose, "\\(") || strstr(prose, "\\[") || strstr(prose, "\\begin"))
            complain(page, line, "math stands in $..$ or a ```math fence");
        o.terms += check_links(text, prose, raw, line);
        if (columns(raw) > MAX_COLUMNS && raw[0] != '|' && !strstr(prose, "]("))
            complain(page, line, "%d columns; at most %d", columns(raw), MAX_COLUMNS);
    }
    if (fence) complain(page, line, "a fence is never closed");
    if (is_chapter) outline_end(&o);
}

/* ---- the header ---- */

/* The chapter in whose section `at` stands: the >>ch06 of the last ==== line above; or 0. */
static int section_of(const char *header, const char *at)
{
    int chapter = 0;
    for (const char *p = header; p < at; p = source_next_line(p)) {
        if (!begins(p, "/* ====")) continue;
        const char *mark = strstr(p, ">>");
        chapter = mark && mark < source_line_end(p) && begins(mark, ">>ch") ? atoi(mark + 4) : 0;
    }
    return chapter;
}

/* N of the `Book: N` in the paragraph (the lines without a blank or # line between) of at; or 0. */
static int book_of(const char *header, const char *at)
{
    const char *start = at, *end = at;
    while (start > header && !(start[-1] == '\n' && strchr("\n#", start[0]))) start--;
    while (*end && !(end[0] == '\n' && strchr("\n#", end[1]))) end++;
    const char *book = strstr(start, "Book: ");
    return book && book < end ? atoi(book + 6) : 0;
}

static void lint_header(const char *path, const char *header, const char *const *pages,
                        char *const *texts, int n)
{
    const char *implementation = strstr(header, "#ifdef NN_IMPLEMENTATION");
    const declarations all = declarations_of(header);
    for (int i = 0; i < all.n; i++) {
        const declaration *d = &all.at[i];
        if (implementation && d->code > implementation) break;
        const char *name = begins(d->name[0], "nn_") ? d->name[0] : d->name[1];
        const int chapter = section_of(header, d->code), book = book_of(header, d->code);
        const int line = source_line(header, d->code);
        if (!chapter || d->kind == DECLARED_MACRO || !begins(name, "nn_") || begins(name, "nn__"))
            continue;
        if (book && book != chapter)
            complain(path, line, "%s is in section >>ch%02d, not Book: %d", name, chapter, book);
        const char *part = NULL; /* the last page of the chapter, if there is one */
        int named = 0;
        for (int k = 0; k < n; k++) {
            if (chapter_of(pages[k]) != chapter) continue;
            part = pages[k];
            named |= has_word(texts[k], name, strlen(name), 0);
        }
        if (part && !named) complain(part, 1, "%s of section >>ch%02d is not named", name, chapter);
        if (part && !book && d->kind == DECLARED_PROTOTYPE)
            complain(path, line, "no `Book: %d` in the paragraph of %s", chapter, name);
    }
    free(all.at);
}

/* ---- the glossary ---- */

/* Does text have the words of `term`, whatever the case and what joins them? */
static int mentions(const char *text, const char *term, size_t n)
{
    for (const char *at = text; *at; at++) {
        const char *p = at, *q = term, *end = term + n;
        if (at > text && isalnum((unsigned char)at[-1])) continue;
        while (q < end && *p) {
            if (strchr(" -", *q)) {
                if (!strchr(" -\n", *p)) break;
                p += strspn(p, " -\n");
                q++;
            } else if (tolower((unsigned char)*p++) != tolower((unsigned char)*q++)) {
                break;
            } else if (q == end) {
                return 1;
            }
        }
    }
    return 0;
}

/* The entry from its heading to `end`: a chapter is linked, and its page has the term. */
static void lint_entry(const char *entry, const char *end, const char *link, int line)
{
    char path[2 * LINE];
    const char *term = entry + 3, *slash = strrchr(page, '/');
    const size_t n = (size_t)(source_line_end(term) - term);
    int chapters = 0;
    for (const char *p = entry; (p = strstr(p, "](")) != NULL && p < end; p++) {
        snprintf(path, sizeof path, "%.*s%.*s", slash ? (int)(slash - page) + 1 : 0, page,
                 (int)strcspn(p + 2, "#)"), p + 2);
        if (!chapter_of(path)) continue;
        chapters++;
        char *text = source_read(path); /* if there is none, check_target has said so */
        if (text && !strstr(text, link) && !mentions(text, term, n))
            complain(page, line, "%s does not have %.*s", path, (int)n, term);
        free(text);
    }
    if (!chapters) complain(page, line, "%.*s names no chapter", (int)n, term);
}

static void lint_glossary(const char *text, char *const *texts, int n)
{
    char slug[LINE], last[LINE] = "", link[2 * LINE];
    const char *name = strrchr(page, '/') ? strrchr(page, '/') + 1 : page;
    int line = 1;
    for (const char *p = text, *next; *p; p = next, line++) {
        next = source_next_line(p);
        if (!begins(p, "## ")) continue;
        const char *end = next;
        while (*end && !begins(end, "## ")) end = source_next_line(end);
        slug_of(p, slug);
        if (strcmp(last, slug) >= 0) complain(page, line, "%s stands after %s", slug, last);
        strcpy(last, slug);
        snprintf(link, sizeof link, "%s#%s)", name, slug);
        lint_entry(p, end, link, line);
        int linked = 0;
        for (int k = 0; k < n; k++) linked |= texts[k] != text && strstr(texts[k], link);
        if (n > 1 && !linked) complain(page, line, "no other page links to %s", slug);
    }
}

/* A copy of a C file with blanks for its comments. */
static char *without_comments(const char *text)
{
    char *copy = (char *)source_grow(NULL, strlen(text) + 1);
    strcpy(copy, text);
    token t;
    for (const char *p = text; (t = next_token(text, &p)).kind != TOKEN_END;)
        if (t.kind == TOKEN_COMMENT)
            memset(copy + (t.start - text), ' ', (size_t)(t.end - t.start));
    return copy;
}

int main(int argc, char **argv)
{
    int i = 1;
    if (argc > 3 && !strcmp(argv[1], "--words")) {
        low_words = atoi(argv[2]);
        high_words = atoi(argv[3]);
        i = 4;
    }
    char *header = i < argc ? source_read(argv[i]) : NULL;
    if (!header) {
        fprintf(stderr, "usage: lint [--words LOW HIGH] HEADER PAGE.md ...\n");
        return 2;
    }
    const char *header_path = argv[i++];
    const int n = argc - i;
    char **texts = (char **)source_grow(NULL, (size_t)(n + 1) * sizeof *texts);
    code = without_comments(header);
    for (int k = 0; k < n; k++) {
        page = argv[i + k];
        texts[k] = source_read(page);
        if (!texts[k]) {
            fprintf(stderr, "lint: %s cannot be read\n", page);
            return 2;
        }
        lint_page(texts[k]);
    }
    for (int k = 0; k < n; k++) {
        page = argv[i + k];
        const char *name = strstr(page, "-glossary.md");
        if (chapter_of(page) && name && !name[12]) lint_glossary(texts[k], texts, n);
    }
    lint_header(header_path, header, (const char *const *)argv + i, texts, n);
    for (int k = 0; k < n; k++) free(texts[k]);
    free(texts);
    free(code);
    free(header);
    printf("lint: %d pages, %d errors\n", n, errors);
    return errors > 0;
}
