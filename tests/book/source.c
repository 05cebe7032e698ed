/* What weave must find its way through: read, never compiled. */
#define NOTE(x)                                                                                    \
    note(x, "}") /* { and
                    two lines */

/* The comment above, and "{" in it, belong to the struct. */
typedef struct pair {
    int a; /* } */
    int b; // {
} pair;

typedef void (*callback)(void *user, int code);
enum { FIRST = 1, SECOND };

/* 2 x. */
int twice(int x); /* x is
                     not changed */
int only_declared(int x);
#define twice(x) twice(NOTE(x))
#define only_declared(x) only_declared(NOTE(x))
extern "C" {
TARGET("avx2")
static const char *const names[] = {"{", "}}", "\"}", 0};

/* Not directly above. */

// Two lines
// above.
int twice(int x)
{
    const char brace = '}', quote = '"';

    /* [body] */
    if (x > 0) { // one more {
        NOTE(x);

        x--;
    }
    /* [/body] */
    return x + x;
}

#if A
static int either(int x) {
#else
static int either(long x) {
#endif
    return (int)x;
}
static int NN__(pass)(int x) { return x; }
int one_line(void) { return 1; } /* and its comment */
}

double again(void) { return 1; }
double again(void) { return 2; }
#define AGAIN 1
#undef AGAIN
#define AGAIN 2
/* [open] */
/* [/late] */
/* [late] */
static const int limit = (3) + other; /* 4 */
