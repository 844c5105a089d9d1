/* SPDX-License-Identifier: MIT
 *
 * queue_signals: queues in signal handlers (src/handover.c, src/owner.c). A test that hangs has
 * failed.
 */
#include "queue_users.h"

#include <errno.h>

static ffi_rx_queue *queue_of_handler;
static _Atomic(int) handled, right_in_handler;

static void call_in_handler(int signal)
{
    (void)signal;
    int before = errno;
    right_in_handler += add_by(queue_of_handler, handled, 2) == handled + 2;
    handled++;
    errno = before;
}

Test(queue_signals, a_signal_handler_may_call)
{
    struct runner owner;
    runner_start(&owner);
    queue_of_handler = owner.queue;
    on_signal(call_in_handler);
    for (int i = 0; i < 100; i++)
        raise(SIGUSR1);
    cr_expect(eq(int, right_in_handler, 100));
    runner_stop(&owner);
}

/* Signals come at any instruction of who is busy, each when the one before has been handled:
 * without a pause in between, who is slow would do nothing else. */
static _Atomic(bool) is_enough;

static void *send_signals(void *target)
{
    while (!is_enough) {
        int before = handled;
        pthread_kill(*(pthread_t *)target, SIGUSR1);
        while (handled == before && !is_enough)
            sched_yield();
    }
    return NULL;
}

static void call_under_signals(ffi_rx_queue *queue, pthread_t target)
{
    pthread_t sender;
    pthread_create(&sender, NULL, send_signals, &target);
    int calls = 0;
    for (; calls < 5000 || handled < 500; calls++)
        cr_assert(eq(int, add_by(queue, calls, 2), calls + 2));
    is_enough = true;
    pthread_join(sender, NULL);
    add_by(queue, 1, 2); /* behind the last signal to the owner */
    cr_expect(eq(int, right_in_handler, handled));
    cr_expect(eq(int, times_called, calls + 1 + handled));
}

Test(queue_signals, a_caller_is_interrupted_by_calls)
{
    struct runner owner;
    runner_start(&owner);
    queue_of_handler = owner.queue;
    on_signal(call_in_handler);
    call_under_signals(owner.queue, pthread_self());
    runner_stop(&owner);
}

/* The handler's calls are made at once, in the middle of ffi_rx_queue_run, which goes on. */
Test(queue_signals, an_owner_is_interrupted_by_calls_through_its_own_queue)
{
    struct runner owner;
    runner_start(&owner);
    queue_of_handler = owner.queue;
    on_signal(call_in_handler);
    call_under_signals(owner.queue, owner.thread);
    runner_stop(&owner);
}

/* The handler sleeps, and serves the queue that it interrupted: in a ring it has to. */
static struct runner first, second;

static int add_back(int a, int b)
{
    return add_by(first.queue, a, b);
}

static void call_the_second(int signal)
{
    (void)signal;
    int before = errno, a = handled, b = 2;
    ffi_cif cif;
    ffi_arg result;
    ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint};
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) == FFI_OK &&
        ffi_rx_queue_call(second.queue, &cif, FN(add_back), &result, VALUES(&a, &b)) == 0)
        right_in_handler += (int)result == a + b;
    handled++;
    errno = before;
}

Test(queue_signals, an_owner_is_interrupted_by_calls_through_a_ring)
{
    SKIP_UNDER_THREAD_SANITIZER();
    runner_start(&first);
    runner_start(&second);
    on_signal(call_the_second);
    call_under_signals(first.queue, first.thread);
    runner_stop(&first);
    runner_stop(&second);
}

/* A run that waits is not ended by signals. */
static void *interrupt_and_call(void *target)
{
    for (int i = 0; i < 50; i++) {
        int before = handled;
        pthread_kill(*(pthread_t *)target, SIGUSR1);
        while (handled == before)
            sched_yield();
    }
    call_by(queue_of_handler, nothing, 0);
    return NULL;
}

Test(queue_signals, a_run_that_waits_goes_on_after_a_signal)
{
    SKIP_UNDER_THREAD_SANITIZER();
    pthread_t self = pthread_self(), other;
    queue_of_handler = ffi_rx_queue_new();
    on_signal(call_in_handler);
    pthread_create(&other, NULL, interrupt_and_call, &self);
    cr_expect(eq(int, ffi_rx_queue_run(queue_of_handler, -1), 1));
    pthread_join(other, NULL);
    cr_expect(eq(int, right_in_handler, 50));
    ffi_rx_queue_free(queue_of_handler);
}
