/* SPDX-License-Identifier: MIT
 *
 * pool_threads: the pool among threads, in signal handlers and in the child of a fork (src/pool.c).
 * Nothing may be handed out twice, nothing may be lost, nothing may wait for what is gone.
 */
#include "pool_users.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

static void run_threads(int n, void *(*run)(void *))
{
    pthread_t thread[THREADS];
    for (int i = 0; i < n; i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, run, (void *)(intptr_t)i), 0));
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

static void expect_a_whole_pool(void)
{
    cr_expect(eq(int, taken_wrongly, 0));
    give_all();
    cr_expect(eq(int, take_all(), whole_pool()));
}

/* ---- Threads ---- */

#define HELD 200

static void *take_and_give(void *which)
{
    unsigned seed = (intptr_t)which + 1;
    int held[HELD], n = 0;
    for (int i = 0; i < 20000; i++) {
        int got = n < HELD && rand_r(&seed) % 2 == 0 ? take() : -1;
        if (got >= 0) {
            held[n++] = got;
        } else if (n != 0) {
            int some = rand_r(&seed) % n;
            give(held[some]);
            held[some] = held[--n];
        }
    }
    while (n != 0)
        give(held[--n]);
    return NULL;
}

Test(pool_threads, nothing_is_handed_out_twice)
{
    run_threads(THREADS, take_and_give);
    expect_a_whole_pool();
}

static void *surge(void *unused)
{
    enum { MANY = 1500 };
    static _Thread_local int held[MANY];
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < MANY; i++)
            held[i] = take();
        for (int i = 0; i < MANY; i++)
            if (held[i] >= 0)
                give(held[i]);
    }
    return unused;
}

Test(pool_threads, a_surge_of_all_threads_is_survived)
{
    run_threads(THREADS, surge);
    expect_a_whole_pool();
}

/* What one thread has taken another gives back. */
static int handed_over[20000];

static void *hand_over_or_give(void *which)
{
    bool taker = (intptr_t)which == 0;
    for (size_t i = 0; i < LENGTH(handed_over); i++) {
        if (taker) {
            int got;
            while ((got = take()) < 0)
                sched_yield();
            __atomic_store_n(&handed_over[i], got + 1, __ATOMIC_RELEASE);
        } else {
            int got;
            while ((got = __atomic_load_n(&handed_over[i], __ATOMIC_ACQUIRE)) == 0)
                sched_yield();
            give(got - 1);
        }
    }
    return NULL;
}

Test(pool_threads, one_thread_may_give_back_what_another_took)
{
    run_threads(2, hand_over_or_give);
    expect_a_whole_pool();
}

#define DELAY 16

static int taken_by_another;

static void *give_and_look(void *unused)
{
    give(taken_by_another);
    for (int i = 0; i < DELAY; i++)
        cr_expect(ne(int, take(), taken_by_another), "again after %d others", i);
    return unused;
}

Test(pool_threads, what_was_just_freed_has_to_wait_in_any_thread)
{
    taken_by_another = take();
    run_threads(1, give_and_look);
}

/* ---- Threads that end ---- */

static void *take_and_give_one(void *unused)
{
    give(take());
    return unused;
}

Test(pool_threads, a_thread_that_ends_gives_everything_back)
{
    for (int i = 0; i < 2 * RX_POOL_SIZE / 32; i++)
        run_threads(1, take_and_give_one);
    expect_a_whole_pool();
}

static void give_at_the_end(void *index)
{
    give((intptr_t)index - 1);
    give(take());
}

static pthread_key_t late_key;

static void *take_for_later(void *unused)
{
    pthread_setspecific(late_key, (void *)(intptr_t)(take() + 1));
    return unused;
}

Test(pool_threads, a_threads_last_destructors_may_take_and_give)
{
    /* After the library's own, whose key is older. */
    cr_assert(eq(int, pthread_key_create(&late_key, give_at_the_end), 0));
    for (int i = 0; i < 2 * RX_POOL_SIZE / 32; i++)
        run_threads(1, take_for_later);
    expect_a_whole_pool();
}

/* ---- Signals ---- */

static int handled;

static void take_and_give_in_a_handler(int signal)
{
    (void)signal;
    int one = take(), other = take();
    if (one >= 0)
        give(one);
    if (other >= 0)
        give(other);
    __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

#define SIGNALS 2000

static void *send_signals(void *target)
{
    for (int i = 0; i < SIGNALS; i++) {
        int before = __atomic_load_n(&handled, __ATOMIC_RELAXED);
        pthread_kill(*(pthread_t *)target, SIGUSR1);
        while (__atomic_load_n(&handled, __ATOMIC_RELAXED) == before)
            sched_yield();
    }
    return NULL;
}

Test(pool_threads, a_signal_handler_may_take_and_give)
{
    signal(SIGUSR1, take_and_give_in_a_handler);
    pthread_t self = pthread_self(), sender;
    cr_assert(eq(int, pthread_create(&sender, NULL, send_signals, &self), 0));
    static int held[100];
    while (__atomic_load_n(&handled, __ATOMIC_RELAXED) < SIGNALS) {
        for (size_t i = 0; i < LENGTH(held); i++)
            held[i] = take();
        for (size_t i = 0; i < LENGTH(held); i++)
            if (held[i] >= 0)
                give(held[i]);
    }
    pthread_join(sender, NULL);
    expect_a_whole_pool();
}

/* ---- Fork ---- */

static void answer(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)args;
    *(ffi_arg *)result = (uintptr_t)user_data;
}

/* Takes, prepares, calls and gives back; exits with 42. */
static void use_closures(void *unused)
{
    (void)unused;
    alarm(60); /* a child that waits for ever must not */
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_sint, NULL) != FFI_OK)
        _exit(1);
    for (int i = 0; i < 1000; i++) {
        void *code;
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
        if (closure == NULL ||
            ffi_prep_closure_loc(closure, &cif, answer, (void *)42, code) != FFI_OK ||
            ((int (*)(void))code)() != 42)
            _exit(2);
        ffi_closure_free(closure);
    }
    _exit(42);
}

Test(pool_threads, a_child_has_closures_of_its_own)
{
    ffi_cif cif = signature(&ffi_type_sint, NO_TYPES);
    int (*code)(void) = callback(&cif, answer, (void *)7);
    struct ending ending = ending_of(use_closures, NULL);
    cr_expect(eq(int, ending.status, 42), "signal %d", ending.signal);
    cr_expect(eq(int, code(), 7));
}

static bool enough;

static void *take_and_give_until_enough(void *unused)
{
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED))
        give(take());
    return unused;
}

Test(pool_threads, a_child_need_not_wait_for_threads_that_are_gone)
{
    SKIP_UNDER_THREAD_SANITIZER();
    pthread_t thread[3];
    for (size_t i = 0; i < LENGTH(thread); i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, take_and_give_until_enough, NULL), 0));
    for (int i = 0; i < 100; i++) {
        struct ending ending = ending_of(use_closures, NULL);
        cr_expect(eq(int, ending.status, 42), "signal %d", ending.signal);
    }
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < LENGTH(thread); i++)
        pthread_join(thread[i], NULL);
}
