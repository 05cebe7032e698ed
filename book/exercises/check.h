/* What the exercises share. An exercise is a program with holes: your code goes in place of the
 * lines between the comments `Your code, instead of the lines down to END:` and `END`. Then, in the
 * repository's root,
 *
 *     cc -g book/exercises/01_neuron.c -lm && ./a.out
 *
 * shows what was expected and what yours gives. The exit status is 0 when all agree, 1 until then.
 * A solution of the same name, the same but for the holes, is in book/solutions.
 */
#ifndef CHECK_H
#define CHECK_H

#define NN_IMPLEMENTATION
#include "../../nn.h"

#include <math.h>
#include <stdio.h>

static int check_lines, check_wrong, check_values_wrong; /* values: what is no slope */

static int check_line(const char *what, double yours, double expected, double tolerance)
{
    const int right = fabs(yours - expected) <= tolerance; /* NaN is not */
    printf("%-28s expected %10.4g   yours %10.4g%s\n", what, expected, yours,
           right ? "" : "   <-- differs");
    check_lines++;
    check_wrong += !right;
    return right;
}

/* One line: is yours within tolerance of expected? */
static void expect_near(const char *what, double yours, double expected, double tolerance)
{
    check_values_wrong += !check_line(what, yours, expected, tolerance);
}

/* One line for each x[i]: is yours[i] the slope of f there? Expected is the central difference
 * (f(x + h) - f(x - h)) / 2h. At most 16 numbers. f may be what you are writing, and a wrong f has
 * wrong slopes: there is no verdict while a value above differs. */
static void expect_gradient(const char *what, double (*f)(const double *x, int n), const double *x,
                            int n, const double *yours)
{
    const double h = 1e-5;
    if (check_values_wrong) {
        printf("%-28s compared when the values above agree\n", what);
        check_lines += n, check_wrong += n;
        return;
    }
    for (int i = 0; i < n && n <= 16; i++) {
        double moved[16];
        char name[64];
        for (int j = 0; j < n; j++) moved[j] = x[j];
        moved[i] = x[i] + h;
        const double above = f(moved, n);
        moved[i] = x[i] - h;
        const double slope = (above - f(moved, n)) / (2 * h);
        snprintf(name, sizeof name, "%s[%d]", what, i);
        check_line(name, yours[i], slope, 1e-6 * (1 + fabs(slope)));
    }
}

/* The last line of main: return check_done(); */
static int check_done(void)
{
    (void)expect_near, (void)expect_gradient; /* not every exercise has both */
    if (check_wrong)
        printf("\nnot yet: %d of %d agree\n", check_lines - check_wrong, check_lines);
    else printf("\nsolved: all %d agree\n", check_lines);
    return check_wrong || !check_lines;
}

#endif
