/* SPDX-License-Identifier: MIT
 *
 * scope_threads: scopes among threads, in signal handlers and in the child of a fork (src/scope.c).
 */
#include "scoped.h"

#include <pthread.h>

/* ---- Threads ---- */

enum { HELPERS = 2, ROUNDS = 20000, SLOTS = 64 };

static void *slots[SLOTS];
static bool is_enough;

/* Frees whatever lies in a slot. */
static void *free_what_there_is(void *unused)
{
    (void)unused;
    for (unsigned n = 0; !__atomic_load_n(&is_enough, __ATOMIC_ACQUIRE); n++) {
        ffi_closure_free(__atomic_exchange_n(&slots[n % SLOTS], NULL, __ATOMIC_ACQ_REL));
        if (n % SLOTS == 0)
            sched_yield();
    }
    return NULL;
}

static void fill_the_slots(ffi_rx_scope *scope)
{
    for (int i = 0; i < ROUNDS; i++) {
        void *code;
        ffi_closure *closure = plain_in(scope, &code);
        ffi_closure_free(__atomic_exchange_n(&slots[i % SLOTS], closure, __ATOMIC_ACQ_REL));
    }
}

static void *fill_a_scope_and_free_it(void *unused)
{
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    pthread_t helper[HELPERS];
    for (int i = 0; i < HELPERS; i++)
        pthread_create(&helper[i], NULL, free_what_there_is, unused);
    fill_the_slots(scope);
    __atomic_store_n(&is_enough, true, __ATOMIC_RELEASE);
    for (int i = 0; i < HELPERS; i++)
        pthread_join(helper[i], NULL);
    ffi_rx_scope_free(scope);
    return NULL;
}

Test(scope_threads, other_threads_may_free_closures_while_the_scope_allocates)
{
    int others = in_use();
    pthread_t owner;
    pthread_create(&owner, NULL, fill_a_scope_and_free_it, NULL);
    pthread_join(owner, NULL);
    cr_expect(eq(int, in_use(), others));
}

/* Each has a reference to what the scope has. */
static void *release_late(void *closure)
{
    sched_yield();
    ffi_rx_closure_release(closure);
    return NULL;
}

Test(scope_threads, other_threads_may_give_up_references_while_the_scope_ends)
{
    int others = in_use();
    for (int round = 0; round < 200; round++) {
        void *code;
        pthread_t thread[2];
        ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
        for (int i = 0; i < 2; i++) {
            ffi_closure *closure = plain_in(scope, &code);
            cr_assert(ne(ptr, ffi_rx_closure_retain(closure), NULL));
            pthread_create(&thread[i], NULL, release_late, closure);
        }
        ffi_rx_scope_free(scope);
        for (int i = 0; i < 2; i++)
            pthread_join(thread[i], NULL);
    }
    cr_expect(eq(int, in_use(), others));
}

/* ---- Signal handlers and forks ---- */

static _Atomic(int) handled, right_in_handler;

static void use_a_scope(int signal)
{
    (void)signal;
    void *code;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    ffi_closure *closure = ffi_rx_scope_closure_alloc(scope, sizeof *closure, &code);
    if (ffi_prep_closure_loc(closure, pointer_of_pointer(), give_back, NULL, code) == FFI_OK)
        right_in_handler += ((function *)code)(code) == code;
    ffi_rx_scope_free(scope);
    handled++;
}

static void *send_signals(void *target)
{
    for (int i = 1; i <= 500; i++) {
        pthread_kill(*(pthread_t *)target, SIGUSR1);
        while (handled < i)
            sched_yield();
    }
    return NULL;
}

Test(scope_threads, a_signal_handler_may_have_a_scope_of_its_own)
{
    int others = in_use();
    pthread_t self = pthread_self(), sender;
    signal(SIGUSR1, use_a_scope);
    pthread_create(&sender, NULL, send_signals, &self);
    while (handled < 500) {
        void *code;
        ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
        ffi_closure_free(plain_in(scope, &code));
        plain_in(scope, &code);
        ffi_rx_scope_free(scope);
    }
    pthread_join(sender, NULL);
    cr_expect(eq(int, right_in_handler, 500));
    cr_expect(eq(int, in_use(), others));
}

static int in_use_before;

static void go_on_in_a_child(void *scope)
{
    void *code;
    expect_works((plain_in(scope, &code), code));
    ffi_rx_scope_free(scope);
    _Exit(in_use() == in_use_before ? 42 : 1);
}

Test(scope_threads, the_child_of_a_fork_has_a_scope_of_its_own)
{
    void *code;
    in_use_before = in_use();
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    plain_in(scope, &code);
    cr_expect(eq(int, ending_of(go_on_in_a_child, scope).status, 42));
    expect_works(code);
    ffi_rx_scope_free(scope);
    cr_expect(eq(int, in_use(), in_use_before));
}
