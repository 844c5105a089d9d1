/* SPDX-License-Identifier: MIT
 *
 * queue_unwind: calls that are left by an exception, by pthread_exit or by a cancellation
 * (src/handover.c, src/guard.h). Their callers wake up with zeros; what leaves goes on in the
 * owner.
 */
#include "unwind.h"

#include "ffi_rx.h"

#include <atomic>
#include <cerrno>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Callers, each in a thread of its own ---- */

struct caller {
    pthread_t thread;
    ffi_rx_queue *queue;
    long (*fn)(long);
    long argument;
    long result;
    int status;
};

static int call_by(ffi_rx_queue *queue, long (*fn)(long), long argument, long *result)
{
    ffi_type *types[] = {&ffi_type_slong};
    ffi_cif cif = signature(&ffi_type_slong, 1, types);
    void *values[] = {&argument};
    *result = -1;
    return ffi_rx_queue_call(queue, &cif, FFI_FN(fn), result, values);
}

static void *call(void *arg)
{
    auto caller = static_cast<struct caller *>(arg);
    caller->status = call_by(caller->queue, caller->fn, caller->argument, &caller->result);
    return nullptr;
}

static void start(caller *of, ffi_rx_queue *queue, long (*fn)(long), long argument)
{
    of->queue = queue;
    of->fn = fn;
    of->argument = argument;
    pthread_create(&of->thread, nullptr, call, of);
}

static void expect(caller *of, int status, long result)
{
    pthread_join(of->thread, nullptr);
    cr_expect(eq(int, of->status, status));
    cr_expect(eq(long, of->result, result));
}

static std::atomic<int> begun;

static long throw_it(long n)
{
    frame mine;
    begun++;
    throw n;
}

static long add_one(long n)
{
    begun++;
    return n + 1;
}

/* ---- Out of ffi_rx_queue_run ---- */

static ffi_rx_queue *mine;

static void run_mine()
{
    ffi_rx_queue_run(mine, -1);
}

static long caught_from_run()
{
    long caught;
    while ((caught = caught_from(run_mine)) == -1)
        ;
    return caught;
}

Test(queue_unwind, an_exception_goes_on_in_the_owner_and_the_caller_gets_zeros)
{
    caller callers[2];
    mine = ffi_rx_queue_new();
    for (int i = 0; i < 3; i++) {
        frame::left = 0;
        start(&callers[0], mine, throw_it, 42);
        start(&callers[1], mine, add_one, 1);
        cr_expect(eq(long, caught_from_run(), 42));
        cr_expect(ge(int, frame::left, 2));
        expect(&callers[0], -ECANCELED, 0);
        while (begun < 2)
            run_mine();
        expect(&callers[1], 0, 2);
        begun = 0;
    }
    cr_expect(eq(int, ffi_rx_queue_run(mine, 0), 0));
    cr_expect(eq(int, ffi_rx_queue_free(mine), 0));
}

/* What waits behind the call that was left can be seen by poll, and comes next. */
static caller behind[3];

static long let_others_come_and_throw(long n)
{
    for (auto &caller : behind)
        start(&caller, mine, add_one, n);
    ffi_rx_queue_run(mine, -1);
    throw n;
}

Test(queue_unwind, what_waits_stays_for_the_next_run)
{
    caller first;
    mine = ffi_rx_queue_new();
    pollfd wait = {ffi_rx_queue_fd(mine), POLLIN, 0};
    start(&first, mine, let_others_come_and_throw, 42);
    cr_expect(eq(long, caught_from_run(), 42));
    expect(&first, -ECANCELED, 0);
    while (begun < 3) {
        cr_assert(eq(int, poll(&wait, 1, -1), 1));
        ffi_rx_queue_run(mine, 0);
    }
    for (auto &caller : behind)
        expect(&caller, 0, 43);
    ffi_rx_queue_free(mine);
}

/* ---- The owner's thread ends in a call ---- */

static long exit_thread(long)
{
    frame mine;
    pthread_exit(nullptr);
}

static long be_cancelled(long)
{
    frame mine;
    pthread_cancel(pthread_self());
    pthread_testcancel();
    return 0;
}

static std::atomic<ffi_rx_queue *> of_thread;

static void *run_for_ever(void *)
{
    frame here;
    of_thread = ffi_rx_queue_new();
    for (;;)
        ffi_rx_queue_run(of_thread, -1);
}

static void expect_an_end_by(long (*end)(long))
{
    pthread_t thread;
    caller callers[4];
    of_thread = nullptr;
    frame::left = 0;
    pthread_create(&thread, nullptr, run_for_ever, nullptr);
    while (of_thread == nullptr)
        sched_yield();
    for (auto &caller : callers)
        start(&caller, of_thread, end, 1);
    for (auto &caller : callers)
        expect(&caller, -ECANCELED, 0);
    pthread_join(thread, nullptr);
    cr_expect(eq(int, frame::left, 2));
    cr_expect(eq(int, ffi_rx_queue_free(of_thread), 0));
}

Test(queue_unwind, a_thread_that_ends_in_a_call_ends_its_queue)
{
    expect_an_end_by(exit_thread);
    expect_an_end_by(be_cancelled);
}

/* ---- Out of a call that the owner sleeps in ---- */

static std::atomic<bool> other_stops;
static std::atomic<int> ended;

/* In the thread of the other: its call to this thread is left, and gives zeros; then it goes on for
 * as long as it likes, and may ask for something more. */
static long call_back_twice(long n)
{
    long result;
    cr_expect(eq(int, call_by(mine, throw_it, n, &result), -ECANCELED));
    cr_expect(eq(long, result, 0));
    cr_expect(eq(int, call_by(mine, add_one, n, &result), 0));
    cr_expect(eq(long, result, n + 1));
    ended++;
    return n;
}

static long stop(long)
{
    other_stops = true;
    return 0;
}

static void *run_until_stopped(void *)
{
    ffi_rx_queue *queue = ffi_rx_queue_new();
    of_thread = queue;
    while (!other_stops)
        ffi_rx_queue_run(queue, -1);
    ffi_rx_queue_free(queue);
    return nullptr;
}

static pthread_t start_other()
{
    pthread_t thread;
    of_thread = nullptr;
    pthread_create(&thread, nullptr, run_until_stopped, nullptr);
    while (of_thread == nullptr)
        sched_yield();
    return thread;
}

static void call_the_other()
{
    long result;
    call_by(of_thread, call_back_twice, 42, &result);
}

Test(queue_unwind, an_exception_leaves_a_call_that_sleeps_when_that_is_over)
{
    pthread_t thread = start_other();
    long result;
    mine = ffi_rx_queue_new();
    for (int i = 1; i <= 100; i++) {
        cr_expect(eq(long, caught_from(call_the_other), 42));
        cr_assert(eq(int, ended, i));
    }
    cr_expect(eq(int, call_by(of_thread, stop, 0, &result), 0));
    pthread_join(thread, nullptr);
    ffi_rx_queue_free(mine);
}

/* A second exception while the first one waits: as in C++, that is the end. */
static long call_back_and_again(long n)
{
    long result;
    call_by(mine, throw_it, n, &result);
    call_by(mine, throw_it, n, &result);
    return n;
}

static void call_the_other_for_two()
{
    long result;
    call_by(of_thread, call_back_and_again, 42, &result);
}

Test(queue_unwind, two_at_once_are_the_end, .signal = SIGABRT)
{
    start_other();
    mine = ffi_rx_queue_new();
    caught_from(call_the_other_for_two);
}
