/* SPDX-License-Identifier: MIT
 *
 * guard: what is done at the end of a call, also when the call does not return: when an exception
 * passes, or the forced unwinding of pthread_exit and of a cancellation.
 *
 * The frame of rx_guarded names a personality routine of the library's own, which the unwinder asks
 * what to do there. So no C++ run-time is needed, and whichever unwinder comes is used.
 */
#ifndef RX_GUARD_H
#define RX_GUARD_H

#include "rx.h"

/* A part of whatever the call and its end need to know. */
struct rx_guard {
    void (*cleanup)(struct rx_guard *guard);
};

/* Calls run (guard). If that does not return but is unwound, guard->cleanup (guard) is called
 * instead, once, before the frame is left; what is below it on the stack is still there. Otherwise
 * the caller cleans up himself. In guard.S. */
void rx_guarded(void (*run)(struct rx_guard *guard), struct rx_guard *guard);

/* The same also if longjmp leaves run; for where that is known: glibc, linked dynamically. In
 * jumps.c. */
void rx_guarded_from_jumps(void (*run)(struct rx_guard *guard), struct rx_guard *guard);
bool rx_guard_knows_jumps(void);

#endif
