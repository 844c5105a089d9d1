/* SPDX-License-Identifier: MIT
 *
 * queue_users: what the tests of queues share.
 */
#include "queue_users.h"

#include <sched.h>

/* ---- Functions to call ---- */

_Atomic(int) times_called;
pthread_t called_by;

static void note(void)
{
    times_called++;
    called_by = pthread_self();
}

int add(int a, int b)
{
    note();
    return a + b;
}

void nothing(long unused)
{
    (void)unused;
    note();
}

int status_of_add_by(ffi_rx_queue *queue, int a, int b, ffi_arg *result)
{
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint};
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) != FFI_OK)
        return -1;
    *result = 0x5555555555555555;
    return ffi_rx_queue_call(queue, &cif, FN(add), result, VALUES(&a, &b));
}

int add_by(ffi_rx_queue *queue, int a, int b)
{
    ffi_arg result;
    return status_of_add_by(queue, a, b, &result) == 0 ? (int)result : -1000;
}

int call_by(ffi_rx_queue *queue, void (*fn)(long), long argument)
{
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_slong};
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, types) != FFI_OK)
        return -1;
    return ffi_rx_queue_call(queue, &cif, FN(fn), NULL, VALUES(&argument));
}

/* ---- Threads ---- */

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    cr_assert(eq(int, pthread_create(thread, NULL, run, arg), 0));
}

static _Thread_local bool is_stopped;

static void stop(long unused)
{
    (void)unused;
    is_stopped = true;
}

static void *run_until_stopped(void *arg)
{
    struct runner *runner = arg;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    __atomic_store_n(&runner->queue, queue, __ATOMIC_RELEASE);
    while (!is_stopped)
        if (ffi_rx_queue_run(queue, -1) <= 0)
            abort();
    if (ffi_rx_queue_free(queue) != 0)
        abort();
    return NULL;
}

void runner_start(struct runner *runner)
{
    runner->queue = NULL;
    start(&runner->thread, run_until_stopped, runner);
    while (__atomic_load_n(&runner->queue, __ATOMIC_ACQUIRE) == NULL)
        sched_yield();
}

void runner_stop(struct runner *runner)
{
    cr_expect(eq(int, call_by(runner->queue, stop, 0), 0));
    pthread_join(runner->thread, NULL);
}

static void *call_once(void *arg)
{
    struct caller *caller = arg;
    caller->status = call_by(caller->queue, caller->fn, caller->argument);
    return NULL;
}

void caller_start(struct caller *caller, ffi_rx_queue *queue, void (*fn)(long), long argument)
{
    struct rx_handed *before = atomic_load(&queue->inbox);
    *caller = (struct caller){.queue = queue, .fn = fn, .argument = argument, .status = 1};
    start(&caller->thread, call_once, caller);
    while (atomic_load(&queue->inbox) == before)
        sched_yield();
}

int caller_join(struct caller *caller)
{
    pthread_join(caller->thread, NULL);
    return caller->status;
}

struct caller latecomer;

void let_one_come(long queue)
{
    caller_start(&latecomer, (ffi_rx_queue *)queue, nothing, 0);
}

struct act {
    void (*act)(void *);
    void *arg;
};

static void *do_act(void *arg)
{
    struct act *act = arg;
    act->act(act->arg);
    return NULL;
}

void in_a_thread(void (*act)(void *), void *arg)
{
    pthread_t thread;
    start(&thread, do_act, &(struct act){act, arg});
    pthread_join(thread, NULL);
}

void on_signal(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
}
