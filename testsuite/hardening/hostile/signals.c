/* SPDX-License-Identifier: MIT
 *
 * signals: a scene in which a handler calls a closure, and makes and frees others, at every moment
 * of an allocation: when the pool is new, and when it is used up and has to grow. Where the
 * processor can step, the handler runs after every instruction; elsewhere a timer interrupts.
 */
#include "hostile.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
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

#else

#define SIGNAL SIGALRM

static void start(void)
{
    struct itimerval often = {{0, 50}, {0, 50}};
    setitimer(ITIMER_REAL, &often, NULL);
}

static void stop(void)
{
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
}

#endif

#define AROUND 40 /* closures, while signals come */
#define MANY 100000

static struct callback callbacks[MANY];

static void allocate_under_signals(int first)
{
    start();
    for (int i = first; i < first + AROUND; i++)
        callback_must_make(&callbacks[i], i);
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
