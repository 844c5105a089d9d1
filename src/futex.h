/* SPDX-License-Identifier: MIT
 *
 * futex: how a thread sleeps until a word changes, and what keeps signal handlers away for a few
 * instructions. By bare system calls: they are no cancellation points, and leave errno alone.
 */
#ifndef RX_FUTEX_H
#define RX_FUTEX_H

#include "rx.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* futex(2)'s numbers, of its private kind: <linux/futex.h> is not where musl's headers are. */
#define RX_FUTEX_WAKE (1 | 128)
#define RX_FUTEX_WAIT_BITSET (9 | 128)
#define RX_FUTEX_ANY 0xffffffffu

/* Sleeps as long as *word is `value`, not beyond *deadline (of CLOCK_MONOTONIC, absolute, so that
 * neither a clock that is set nor a signal changes how long it is) if that is not NULL. May return
 * for no reason. False when the deadline has passed. */
static inline bool rx_futex_wait(_Atomic(uint32_t) *word, uint32_t value,
                                 const struct timespec *deadline)
{
    int before = errno;
    bool late =
        syscall(SYS_futex, word, RX_FUTEX_WAIT_BITSET, value, deadline, NULL, RX_FUTEX_ANY) != 0 &&
        errno == ETIMEDOUT;
    errno = before;
    return !late;
}

/* Wakes who sleeps there. Nothing is read or written: the word itself may be gone by now, and who
 * sleeps there instead must expect to be woken for no reason. */
static inline void rx_futex_wake(_Atomic(uint32_t) *word)
{
    int before = errno;
    syscall(SYS_futex, word, RX_FUTEX_WAKE, 1, NULL, NULL, 0);
    errno = before;
}

/* Holds all signals off; rx_signals_on, with what it returned, lets them come again. */
static inline uint64_t rx_signals_off(void)
{
    uint64_t all = ~UINT64_C(0), before = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, sizeof all);
    return before;
}

static inline void rx_signals_on(uint64_t before)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
}

#endif
