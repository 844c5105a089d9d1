/* SPDX-License-Identifier: MIT
 *
 * tally: how many closures are in use, and how many may be.
 *
 * What is handed out by a thread's ring is not counted: that would cost each allocation something.
 * So all that is in a ring counts as in use, until the pool has a limit (pool.c).
 */
#ifndef RX_TALLY_H
#define RX_TALLY_H

#include "rx.h"

struct rx_tally {
    size_t in_use;
    size_t peak;  /* the most that were in use */
    size_t limit; /* the most that may be; 0: any number */
    size_t freed; /* how many times */
    size_t refused;
};

extern RX_HIDDEN struct rx_tally rx_tally;

static inline size_t rx_tally_read(const size_t *number)
{
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

static inline void rx_tally_raise(size_t *number, size_t n)
{
    __atomic_fetch_add(number, n, __ATOMIC_RELAXED);
}

/* n more are in use, or one, unless that would be more than limit. */
void rx_tally_use(size_t n);
bool rx_tally_use_below(size_t limit);

/* n fewer are. */
static inline void rx_tally_drop(size_t n)
{
    __atomic_fetch_sub(&rx_tally.in_use, n, __ATOMIC_RELAXED);
}

#endif
