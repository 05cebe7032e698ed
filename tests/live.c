/* The program of a live page, not as WebAssembly: cc -DPAGE='"../book/live/boundary.c"' tests/live.c
 * prints the last of 100 losses and the hash of what was learned, as tests/live.js does of the page. */
#ifndef PAGE
#define PAGE "../book/live/boundary.c"
#endif
#include PAGE

#include <stdio.h>

int main(void)
{
    double last = 0;
    begin();
    for (int i = 0; i < 100; i++) last = step();
    printf("%.6f %08x\n", last, hash());
    return !nn_ok(nn);
}
