/* SPDX-License-Identifier: MIT
 *
 * hooks: functions of the client's around each call, and at the end of each thread that has called.
 *
 * Closures with the same hooks and the same data share a hook set, known by a number from 1 on; 0
 * is no hooks. A set is never given up, as threads that have called know its number.
 */
#ifndef RX_HOOKS_H
#define RX_HOOKS_H

#include "rx.h"

#define RX_HOOK_SETS 256

struct rx_hooks {
    void (*enter)(void *hook_data, int first);
    void (*leave)(void *hook_data);
    void (*thread_exit)(void *hook_data);
    void *hook_data;
};

/* The number of such a set, made if need be. Lock-free. -1, with a reason for ffi_rx_last_error,
 * when it cannot be had. */
int rx_hooks_number(const struct rx_hooks *hooks);

/* A call in this thread begins, and ends. */
void rx_hooks_enter(unsigned number);
void rx_hooks_leave(unsigned number);

#endif
