/* SPDX-License-Identifier: MIT
 *
 * stepping_queue, x86_64: a signal handler calls through a queue, between any two instructions of a
 * call that goes through the same queue (src/handover.c, src/owner.c). The owner sleeps when the
 * first call begins. Both are made, and nobody waits for ever.
 */
#include "queue_users.h"
#include "owner.h"
#include "stepping.h"

#include <unistd.h>

static ffi_rx_queue *queue;
static ffi_cif cif;
static long steps, moment, wrong;

static void call(int a)
{
    int b = 2;
    ffi_arg sum = 0;
    if (ffi_rx_queue_call(queue, &cif, FN(add), &sum, VALUES(&a, &b)) != 0 || (int)sum != a + 2)
        wrong++;
}

static void call_at_the_moment(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    if (++steps == moment)
        call(100);
}

static void wait_until_the_owner_sleeps(void)
{
    while ((atomic_load(&queue->owner->happened) & 1) == 0)
        usleep(10);
}

Test(stepping_queue, a_signal_that_calls_through_the_queue_that_is_being_called_through)
{
    alarm(120); /* a wake-up that is lost is waited for without end */
    struct runner owner;
    runner_start(&owner);
    queue = owner.queue;
    cif = signature(&ffi_type_sint, TYPES(&ffi_type_sint, &ffi_type_sint));
    at_each_step(call_at_the_moment);
    for (moment = 1;; moment++) {
        int before = times_called;
        wait_until_the_owner_sleeps();
        steps = 0;
        start_stepping();
        call(1);
        stop_stepping();
        if (steps < moment)
            break;
        cr_assert(eq(long, wrong, 0), "moment %ld", moment);
        cr_assert(eq(int, times_called, before + 2), "moment %ld", moment);
    }
    cr_expect(gt(long, moment, 200));
    runner_stop(&owner);
}
