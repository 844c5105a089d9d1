/* SPDX-License-Identifier: MIT
 *
 * tally: how many closures are in use, and how many may be.
 */
#include "tally.h"

struct rx_tally rx_tally;

static void see_peak(size_t in_use)
{
    size_t peak = rx_tally_read(&rx_tally.peak);
    while (in_use > peak && !__atomic_compare_exchange_n(&rx_tally.peak, &peak, in_use, true,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void rx_tally_use(size_t n)
{
    see_peak(__atomic_add_fetch(&rx_tally.in_use, n, __ATOMIC_RELAXED));
}

bool rx_tally_use_below(size_t limit)
{
    size_t in_use = rx_tally_read(&rx_tally.in_use);
    do
        if (in_use >= limit)
            return false;
    while (!__atomic_compare_exchange_n(&rx_tally.in_use, &in_use, in_use + 1, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    see_peak(in_use + 1);
    return true;
}
