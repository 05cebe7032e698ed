/* The test kit: named cases, both values shown when they differ, the seed shown, and as the last
 * line `N passed, N failed`.
 *
 *     static void adds(void) { CHECK_NEAR(1 + 1, 2, 0); }
 *     int main(void) { RUN(adds); return test_summary(); }
 */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <stdio.h>
#include <string.h>

static int test_passed, test_failed, test_bad; /* test_bad: failed checks in the current case */
static int test_counted;                       /* those of them that a case was failed for */
static unsigned long long test_seed;           /* set it where a case is random; shown on failure */

static int test_check(int good, const char *file, int line)
{
    if (!good) test_bad++;
    if (!good) printf("  %s:%d (seed %llu): ", file, line, test_seed);
    return good;
}

#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!test_check(!!(condition), __FILE__, __LINE__)) printf("%s\n", #condition);        \
    } while (0)

#define CHECK_INT(got, expected)                                                               \
    do {                                                                                       \
        long long g_ = (long long)(got), e_ = (long long)(expected);                           \
        if (!test_check(g_ == e_, __FILE__, __LINE__))                                         \
            printf("%s is %lld, expected %lld\n", #got, g_, e_);                               \
    } while (0)

/* Not further apart than tolerance; NaN is never near. */
#define CHECK_NEAR(got, expected, tolerance)                                                   \
    do {                                                                                       \
        double g_ = (double)(got), e_ = (double)(expected), t_ = (double)(tolerance);          \
        if (!test_check(g_ == e_ || fabs(g_ - e_) <= t_, __FILE__, __LINE__))                  \
            printf("%s is %.9g, expected %.9g, tolerance %.3g\n", #got, g_, e_, t_);           \
    } while (0)

#define CHECK_STR(got, expected)                                                               \
    do {                                                                                       \
        const char *g_ = (got), *e_ = (expected);                                              \
        if (!test_check(strcmp(g_, e_) == 0, __FILE__, __LINE__))                              \
            printf("got      \"%s\"\n    expected \"%s\"\n", g_, e_);                          \
    } while (0)

/* Checks between the cases, such as what a case has left behind, count, too. */
static void test_between(void)
{
    const int more = test_bad - test_counted;
    if (more > 0) test_failed++, printf("FAIL between the cases: %d checks\n", more);
    test_bad = test_counted = 0;
}

#define RUN(test)                                                                              \
    do {                                                                                       \
        test_between();                                                                        \
        test();                                                                                \
        if (test_bad) test_failed++, printf("FAIL %s: %d checks\n", #test, test_bad);          \
        else test_passed++;                                                                    \
        test_counted = test_bad;                                                               \
        fflush(stdout);                                                                        \
    } while (0)

static int test_summary(void)
{
    test_between();
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}

#endif
