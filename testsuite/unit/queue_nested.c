/* SPDX-License-Identifier: MIT
 *
 * queue_nested: owners that call each other, and callbacks that run their queue (src/handover.c).
 */
#include "queue_users.h"

/* ---- Rings: each step is a call through the queue of the next owner ---- */

enum { OWNERS = 3 };

static struct runner owners[OWNERS];
static _Atomic(int) steps;

/* Calls itself in the thread of the next owner, until n is 0. */
static int step(int n)
{
    struct runner *here = &owners[n % OWNERS];
    cr_expect(ne(int, pthread_equal(pthread_self(), here->thread), 0));
    steps++;
    if (n == 0)
        return 0;
    ffi_cif cif = signature(&ffi_type_sint, TYPES(&ffi_type_sint));
    ffi_arg result;
    int next = n - 1;
    int status =
        ffi_rx_queue_call(owners[next % OWNERS].queue, &cif, FN(step), &result, VALUES(&next));
    return status == 0 ? 1 + (int)result : -1000000;
}

static int steps_from(int n)
{
    ffi_cif cif = signature(&ffi_type_sint, TYPES(&ffi_type_sint));
    ffi_arg result;
    steps = 0;
    if (ffi_rx_queue_call(owners[n % OWNERS].queue, &cif, FN(step), &result, VALUES(&n)) != 0)
        return -1;
    return (int)result;
}

Test(queue_nested, a_ring_of_owners_gets_on)
{
    static const int lengths[] = {1, 2, 3, 4, 50, 200};
    for (int i = 0; i < OWNERS; i++)
        runner_start(&owners[i]);
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        cr_expect(eq(int, steps_from(lengths[i]), lengths[i]));
        cr_expect(eq(int, steps, lengths[i] + 1));
    }
    for (int i = 0; i < OWNERS; i++)
        runner_stop(&owners[i]);
}

static void step_often(void *unused)
{
    (void)unused;
    ffi_cif cif = signature(&ffi_type_sint, TYPES(&ffi_type_sint));
    for (int i = 0; i < 300; i++) {
        ffi_arg result;
        int n = 4 + i % 5;
        int status =
            ffi_rx_queue_call(owners[n % OWNERS].queue, &cif, FN(step), &result, VALUES(&n));
        cr_assert(eq(int, status, 0));
        cr_assert(eq(int, (int)result, n));
    }
}

static void *step_often_in_a_thread(void *unused)
{
    step_often(unused);
    return NULL;
}

Test(queue_nested, many_rings_at_once_get_on)
{
    pthread_t threads[4];
    for (int i = 0; i < OWNERS; i++)
        runner_start(&owners[i]);
    for (size_t i = 0; i < LENGTH(threads); i++)
        pthread_create(&threads[i], NULL, step_often_in_a_thread, NULL);
    for (size_t i = 0; i < LENGTH(threads); i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < OWNERS; i++)
        runner_stop(&owners[i]);
}

/* ---- An owner that sleeps serves all of its queues ---- */

static ffi_rx_queue *mine[2];

static void call_both(long unused)
{
    (void)unused;
    cr_expect(eq(int, call_by(mine[0], nothing, 0), 0));
    cr_expect(eq(int, call_by(mine[1], nothing, 0), 0));
}

Test(queue_nested, an_owner_that_sleeps_serves_all_of_its_queues)
{
    struct runner other;
    runner_start(&other);
    mine[0] = ffi_rx_queue_new();
    mine[1] = ffi_rx_queue_new();
    cr_expect(eq(int, call_by(other.queue, call_both, 0), 0));
    cr_expect(eq(int, times_called, 2));
    cr_expect(ne(int, pthread_equal(called_by, pthread_self()), 0));
    cr_expect(eq(int, ffi_rx_queue_run(mine[0], 0), 0));
    cr_expect(eq(int, ffi_rx_queue_free(mine[0]), 0));
    cr_expect(eq(int, ffi_rx_queue_free(mine[1]), 0));
    runner_stop(&other);
}

/* ---- Runs inside a call ---- */

static int ran_inside;
static struct caller more[3];

static void run_inside(long let_more_come)
{
    if (let_more_come)
        for (size_t i = 0; i < LENGTH(more); i++)
            caller_start(&more[i], mine[0], nothing, 0);
    int ran = ffi_rx_queue_run(mine[0], 0);
    cr_expect(ge(int, ran, 0));
    ran_inside += ran;
}

Test(queue_nested, a_run_inside_a_call_makes_what_waits_and_loses_nothing)
{
    struct caller callers[6];
    mine[0] = ffi_rx_queue_new();
    caller_start(&callers[0], mine[0], nothing, 0);
    caller_start(&callers[1], mine[0], run_inside, 1);
    for (size_t i = 2; i < LENGTH(callers); i++)
        caller_start(&callers[i], mine[0], i == 3 ? run_inside : nothing, 0);
    int ran = ffi_rx_queue_run(mine[0], -1);
    cr_expect(eq(int, ran + ran_inside, LENGTH(callers) + LENGTH(more)));
    cr_expect(eq(int, times_called, LENGTH(callers) - 2 + LENGTH(more)));
    for (size_t i = 0; i < LENGTH(callers); i++)
        cr_expect(eq(int, caller_join(&callers[i]), 0));
    for (size_t i = 0; i < LENGTH(more); i++)
        cr_expect(eq(int, caller_join(&more[i]), 0));
    cr_expect(eq(int, ffi_rx_queue_run(mine[0], 0), 0));
    ffi_rx_queue_free(mine[0]);
}

/* A callback that waits for another thread, which needs its thread: by running the queue. */
static bool is_finished;

static void *call_and_finish(void *unused)
{
    cr_expect(eq(int, call_by(mine[0], nothing, 0), 0));
    __atomic_store_n(&is_finished, true, __ATOMIC_RELEASE);
    return unused;
}

static void wait_for_another(long unused)
{
    (void)unused;
    pthread_t other;
    pthread_create(&other, NULL, call_and_finish, NULL);
    while (!__atomic_load_n(&is_finished, __ATOMIC_ACQUIRE))
        ffi_rx_queue_run(mine[0], 1);
    pthread_join(other, NULL);
}

Test(queue_nested, an_owner_that_waits_inside_a_callback_runs_the_queue_meanwhile)
{
    struct caller caller;
    mine[0] = ffi_rx_queue_new();
    caller_start(&caller, mine[0], wait_for_another, 0);
    cr_expect(eq(int, ffi_rx_queue_run(mine[0], -1), 1));
    cr_expect(eq(int, caller_join(&caller), 0));
    cr_expect(eq(int, times_called, 1));
    ffi_rx_queue_free(mine[0]);
}
