/* What the tools share: reading a whole file, walking through its lines. */
#ifndef SOURCE_H
#define SOURCE_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *source_grow(void *p, size_t size)
{
    p = realloc(p, size);
    if (!p) fprintf(stderr, "out of memory\n"), exit(2);
    return p;
}

/* The whole file with a 0 after it, or NULL; to be freed. */
static char *source_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *text = (char *)source_grow(NULL, 1);
    size_t size = 0, n;
    char part[4096];
    while ((n = fread(part, 1, sizeof part, f)) > 0) {
        text = (char *)source_grow(text, size + n + 1);
        memcpy(text + size, part, n);
        size += n;
    }
    const int bad = ferror(f);
    fclose(f);
    text[size] = 0;
    if (bad || strlen(text) != size) free(text), text = NULL; /* a text has no 0 in it */
    return text;
}

static const char *source_line_end(const char *p) /* its '\n', or the end of the text */
{
    while (*p && *p != '\n') p++;
    return p;
}

static const char *source_next_line(const char *p)
{
    p = source_line_end(p);
    return *p ? p + 1 : p;
}

/* Can c be a part of a name? */
static int token_word(int c) { return isalnum((unsigned char)c) || c == '_'; }

#endif
