/* SPDX-License-Identifier: MIT
 *
 * signals: a scene in which a handler calls a closure, and makes and frees others, at every moment
 * of an allocation: when the pool is new, and when it is used up and has to grow. Where the
 * processor can be told to step, the handler runs after every instruction; elsewhere a timer
 * interrupts, by chance, and allocation is tried until it has often done so.
 */
#include "hostile.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct callback called;
static volatile long handled;

static void call_and_allocate(int signal)
{
    struct callback mine[2];
    (void)signal;
    handled++;
    if (!callback_is_right(&called))
        wrong("a wrong result, in a signal handler");
    for (int i = 0; i < 2; i++)
        if (!callback_make(&mine[i], i + 50))
            wrong("no closure in a signal handler");
    for (int i = 0; i < 2; i++) {
        if (!callback_is_right(&mine[i]))
            wrong("a wrong result, of a closure that a signal handler made");
        callback_free(&mine[i]);
    }
}

#if defined __x86_64__

#define SIGNAL SIGTRAP
#define LEAST 1

static void start(void)
{
    /* The trap flag; what a leaf function keeps below the stack pointer is left alone. */
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
            : "memory", "cc");
}

static void stop(void)
{
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
            : "memory", "cc");
}

/* All do, by themselves. */
static void let_one_come(void)
{
}

#else

#define SIGNAL SIGUSR1
#define LEAST 100

static timer_t timer;

static void start(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGNAL};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        wrong("no timer");
}

static void stop(void)
{
    timer_delete(timer);
}

/* Once, so that a machine that is slow has time for more than signals; a little later each time. */
static void let_one_come(void)
{
    static long nanoseconds;
    nanoseconds = (nanoseconds + 977) % 20000;
    struct itimerspec soon = {{0, 0}, {0, nanoseconds + 1}};
    timer_settime(timer, 0, &soon, NULL);
}

#endif

#define AROUND 40 /* closures, while signals come */
#define MANY 100000

static struct callback callbacks[MANY];

static void allocate_under_signals(int first)
{
    long before = handled;
    start();
    for (int i = first; i < first + AROUND; i++) {
        let_one_come();
        callback_must_make(&callbacks[i], i);
    }
    while (handled - before < LEAST) {
        callback_free(&callbacks[first]);
        let_one_come();
        callback_must_make(&callbacks[first], first);
    }
    stop();
}

static void too_long(int signal)
{
    (void)signal;
    wrong("a signal handler that hangs");
}

/* At the start, and around closure n: where the pool ends. */
void scene_signals(int n)
{
    if (n + AROUND > MANY)
        wrong("the test has no room for %d closures", n);
    signal(SIGALRM, too_long);
    alarm(patience());
    callback_must_make(&called, 3);
    signal(SIGNAL, call_and_allocate);
    allocate_under_signals(0);
    for (int i = AROUND; i < n - AROUND / 2; i++)
        callback_must_make(&callbacks[i], i);
    allocate_under_signals(n - AROUND / 2);
    figure("%ld signals", handled);
    if (handled < 100)
        wrong("hardly a signal came");
    for (int i = 0; i < n + AROUND / 2; i++) {
        if (!callback_is_right(&callbacks[i]))
            wrong("a wrong result, of closure %d", i);
        callback_free(&callbacks[i]);
    }
    callback_free(&called);
    alarm(0);
    callbacks_use(1000);
}
