/* A neuron that spikes, as those of the brain do: the current through its synapses charges it, it
 * leaks, and at -50 mV it fires and starts anew. The stronger the current, the more often.
 */
#define NN_IMPLEMENTATION
#include "../nn.h"

int main(void)
{
    const nn_real dt = 0.01f; /* ms */

    printf("== the voltage under 2 nA\n");
    nn_lif neuron = nn_lif_new();
    for (int k = 1; k <= 2000; k++) {
        const int spike = nn_lif_step(&neuron, 2, dt);
        if (spike || k % 400 == 0)
            printf("%5.2f ms  %6.2f mV%s\n", k * (double)dt, (double)neuron.v,
                   spike ? "  spike, and reset" : "");
    }

    /* Between two spikes v(t) = rest + R I (1 - e^(-t/tau)) climbs to the threshold, after a pause
     * t_ref: f = 1 / (t_ref + tau ln(R I / (R I - (threshold - rest)))). */
    printf("\n== current, spikes in a second, and by the formula\n");
    double worst = 0;
    for (int tenths = 10; tenths <= 50; tenths += tenths < 20 ? 2 : 10) {
        const double current = tenths / 10.0, rise = 10 * current; /* R I in mV */
        int spikes = 0;
        neuron = nn_lif_new();
        for (int k = 0; k < 100000; k++) spikes += nn_lif_step(&neuron, (nn_real)current, dt);
        const double exact = rise > 15 ? 1000 / (2 + 10 * log(rise / (rise - 15))) : 0;
        printf("%.1f nA %5d %7.1f  |%.*s\n", current, spikes, exact, spikes / 5,
               "########################################");
        worst = fmax(worst, fabs(spikes - exact));
    }
    printf("\nexpected: the count and the formula differ by at most 1.5 spikes in a second\n");
    printf("got:      %.2f\n", worst);
    return !(worst <= 1.5);
}
