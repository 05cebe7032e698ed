/* Networks as tables: which units are visible, which hidden, how many numbers there are to learn,
 * and when a network is called deep.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

int main(void)
{
    const int one_layer[2] = {64, 10}, shallow[3] = {64, 32, 10}, deep[4] = {64, 32, 16, 10};

    printf("== a layer of ten neurons on 64 pixels\n");
    const size_t n1 = nn_print_layers(one_layer, 2);
    printf("\n== with 32 hidden units between them\n");
    const size_t n2 = nn_print_layers(shallow, 3);
    printf("\n== with two hidden layers\n");
    const size_t n3 = nn_print_layers(deep, 4);

    const size_t by_hand = (32 * 64 + 32) + (16 * 32 + 16) + (10 * 16 + 10);
    printf("\nexpected: %zu parameters in the deep one, the sum of [out, in] + [out]\n", by_hand);
    printf("got:      %zu (the others: %zu and %zu)\n", n3, n1, n2);
    return n3 != by_hand;
}
