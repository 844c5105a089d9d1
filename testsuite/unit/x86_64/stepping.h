/* SPDX-License-Identifier: MIT
 *
 * stepping, x86_64: the processor's single-step flag, by which a signal handler runs after every
 * single instruction: what may happen at any moment, happens at each.
 */
#ifndef UNIT_STEPPING_H
#define UNIT_STEPPING_H

#include "unit.h"

#include <signal.h>

#define TRAP_FLAG "0x100"

/* The red zone, which a leaf function may be using, is left alone. */
static inline __attribute__((always_inline)) void start_stepping(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $" TRAP_FLAG ", (%%rsp); popfq;"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}

static inline __attribute__((always_inline)) void stop_stepping(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~" TRAP_FLAG ", (%%rsp); popfq;"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}

/* From then on, each step runs handler. */
static inline void at_each_step(void (*handler)(int, siginfo_t *, void *))
{
    SKIP_UNDER_THREAD_SANITIZER();
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = handler;
    sigaction(SIGTRAP, &action, NULL);
}

#endif
