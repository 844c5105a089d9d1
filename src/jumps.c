/* SPDX-License-Identifier: MIT
 *
 * jumps: guards that longjmp does not pass either.
 *
 * glibc's longjmp runs the cleanup buffers of a thread that lie in what it leaves, by their
 * addresses, as they were before cancellation became unwinding. It still has the functions that
 * such programs call, though no header declares them. A static program has them only by chance, and
 * other C libraries have none whose longjmp looks at them.
 */
#include "guard.h"

#include <pthread.h>

#ifdef __GLIBC__

void _pthread_cleanup_push(struct _pthread_cleanup_buffer *, void (*)(void *), void *)
    __attribute__((weak));
void _pthread_cleanup_pop(struct _pthread_cleanup_buffer *, int) __attribute__((weak));

struct jump_guard {
    struct rx_guard guard; /* against what is unwound; and against longjmp: */
    struct _pthread_cleanup_buffer buffer;
    void (*run)(struct rx_guard *guard);
    struct rx_guard *inner;
};

/* An exception passes: the buffer goes with its frame. */
static void unwound(struct rx_guard *guard)
{
    struct jump_guard *jump = (struct jump_guard *)guard;
    _pthread_cleanup_pop(&jump->buffer, 0);
    jump->inner->cleanup(jump->inner);
}

/* longjmp passes, and has taken the buffer away. */
static void jumped(void *guard)
{
    struct rx_guard *inner = guard;
    inner->cleanup(inner);
}

static void run_inner(struct rx_guard *guard)
{
    struct jump_guard *jump = (struct jump_guard *)guard;
    jump->run(jump->inner);
}

bool rx_guard_knows_jumps(void)
{
    return _pthread_cleanup_push != NULL && _pthread_cleanup_pop != NULL;
}

/* The buffer lies outside the frame that the unwinder stops at, so unwinding, which looks at such
 * buffers as well, comes to that first. */
void rx_guarded_from_jumps(void (*run)(struct rx_guard *guard), struct rx_guard *guard)
{
    struct jump_guard jump = {.guard.cleanup = unwound, .run = run, .inner = guard};
    _pthread_cleanup_push(&jump.buffer, jumped, guard);
    rx_guarded(run_inner, &jump.guard);
    _pthread_cleanup_pop(&jump.buffer, 0);
}

#else

bool rx_guard_knows_jumps(void)
{
    return false;
}

void rx_guarded_from_jumps(void (*run)(struct rx_guard *guard), struct rx_guard *guard)
{
    rx_guarded(run, guard);
}

#endif
