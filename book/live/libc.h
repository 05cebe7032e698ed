/* As much of a C library as nn.h asks for in a browser, where there is none: book/tools/html.sh gives
 * this file the names math.h, stdlib.h and so on. A page starts anew in a new module, so memory need
 * not be given back; nn.h calls libm only in its naive kernels, which no page chooses.
 */
#ifndef LIVE_LIBC_H
#define LIVE_LIBC_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

static int errno;
static inline void abort(void) { __builtin_trap(); }
static inline char *getenv(const char *name) { return (void)name, NULL; }

/* What nn.h has other uses for: if a page came to need one of these, it could not be linked. */
int memcmp(const void *a, const void *b, size_t n);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strpbrk(const char *s, const char *any);
size_t strspn(const char *s, const char *any);
void *memchr(const void *s, int c, size_t n);
void qsort(void *all, size_t n, size_t size, int (*compare)(const void *, const void *));
double ldexp(double x, int e);
double fma(double x, double y, double z);

/* clang makes one instruction of each, and calls them by name where it copies structs */
void *memcpy(void *to, const void *from, size_t n) { return __builtin_memcpy(to, from, n); }
void *memmove(void *to, const void *from, size_t n) { return __builtin_memmove(to, from, n); }
void *memset(void *to, int byte, size_t n) { return __builtin_memset(to, byte, n); }
static size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n]) n++;
    return n;
}
static int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

/* ---- memory: each block stands behind its size, and a released one is not used again ---- */

extern unsigned char __heap_base; /* the linker's: what is behind it is free */
static size_t live_used;          /* bytes behind it */

static void *malloc(size_t size)
{
    const size_t page = 65536, start = ((size_t)&__heap_base + live_used + 15) / 16 * 16;
    const size_t have = __builtin_wasm_memory_size(0) * page;
    if (size > SIZE_MAX / 2 - start) return NULL;
    const size_t end = start + 16 + size;
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + page - 1) / page) == SIZE_MAX)
        return NULL;
    live_used = end - (size_t)&__heap_base;
    *(size_t *)start = size;
    return (void *)(start + 16);
}
static inline void free(void *p) { (void)p; }
static inline void *calloc(size_t n, size_t size) /* fresh memory is 0 */
{
    return size && n > SIZE_MAX / size ? NULL : malloc(n * size);
}
static inline void *realloc(void *p, size_t size)
{
    const size_t old = p ? ((size_t *)p)[-4] : 0;
    void *q = malloc(size);
    return q && p ? memcpy(q, p, old < size ? old : size) : q;
}

/* ---- text: %s and %d with a precision; of other things only their letter ---- */

static int vsnprintf(char *to, size_t room, const char *format, va_list arguments)
{
    size_t n = 0;
    for (; *format; format++) {
        char digits[12], *text = digits + 11;
        size_t most = SIZE_MAX;
        *text = 0;
        if (*format != '%') *--text = *format;
        else {
            if (*++format == '.')
                for (most = 0; *++format >= '0' && *format <= '9';)
                    most = 10 * most + (size_t)(*format - '0');
            if (*format == 's') text = va_arg(arguments, char *);
            else if (*format == 'd') {
                const int d = va_arg(arguments, int);
                unsigned rest = d < 0 ? 0 - (unsigned)d : (unsigned)d;
                do *--text = (char)('0' + rest % 10);
                while (rest /= 10);
                if (d < 0) *--text = '-';
            } else *--text = *format;
        }
        for (; *text && most > 0; text++, most--, n++)
            if (n + 1 < room) to[n] = *text;
    }
    if (room) to[n < room ? n : room - 1] = 0;
    return (int)n;
}
static int snprintf(char *to, size_t room, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(to, room, format, arguments);
    va_end(arguments);
    return n;
}

/* ---- mathematics ---- */

static inline double fabs(double x) { return __builtin_fabs(x); }
static inline float fabsf(float x) { return __builtin_fabsf(x); }
static inline double sqrt(double x) { return __builtin_sqrt(x); }
static inline float sqrtf(float x) { return __builtin_sqrtf(x); }
static inline double floor(double x) { return __builtin_floor(x); }
static inline double ceil(double x) { return __builtin_ceil(x); }
static inline double fmax(double x, double y) { return x > y || y != y ? x : y; }
static inline double fmin(double x, double y) { return x < y || y != y ? x : y; }
#define isfinite(x) ((x) - (x) == 0)
#define isnan(x) ((x) != (x))
#define isinf(x) (!isfinite(x) && !isnan(x))
#define INFINITY __builtin_inff()
#define HUGE_VAL __builtin_inf()
#define NAN __builtin_nanf("")
static double frexp(double x, int *e) /* x = m 2^e, m in [0.5, 1): for positive x, not subnormal */
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    *e = (int)(bits >> 52) - 1022;
    bits = (bits & 0xfffffffffffff) | (uint64_t)1022 << 52;
    memcpy(&x, &bits, sizeof x);
    return x;
}
#define LIVE_NONE(name) static inline double name(double x) { return __builtin_trap(), x; }
LIVE_NONE(exp)
LIVE_NONE(expm1)
LIVE_NONE(log)
LIVE_NONE(log1p)
LIVE_NONE(sin)
LIVE_NONE(cos)
LIVE_NONE(tanh)
LIVE_NONE(erfc)

#endif
