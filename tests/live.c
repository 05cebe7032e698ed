/* The program of a live page, not as WebAssembly: cc -DPAGE='"../book/live/boundary.c"' tests/live.c
 * prints the last of 100 losses and the hash of what was learned, as tests/live.js does of the page. */
#include PAGE

#include <stdio.h>

int main(void)
{
    double loss = 0;
    begin();
    for (int i = 0; i < 100; i++) loss = step();
    printf("%.6f %08x\n", loss, hash());
    return !nn_ok(nn);
}
