/* SPDX-License-Identifier: MIT
 *
 * pool_twice: a closure that two threads free at the same moment, so that each finds it allocated
 * (src/pool.c). It lies in two places then, and nobody is to get it from the second. The moment is
 * made here: the second to free finds the record as it was before the first wrote it.
 * x86_64/stepping_free.c has every order of the two.
 */
#include "pool_users.h"

#include <pthread.h>
#include <unistd.h>

/* As the thread does that looked at the record before the other wrote it. */
static void free_late(int number)
{
    void *closure = rx_cell_of(number);
    rx_set_state(rx_record_of(number), RX_LIVE_CELL);
    ffi_closure_free(closure);
}

/* Everything in the ring of the thread is taken and given back. */
static void go_round(void)
{
    for (int i = 0; i < 3 * RX_RING_SIZE; i++)
        give(take());
}

static void *go_round_in_thread(void *unused)
{
    go_round();
    return unused;
}

static void *free_late_in_thread(void *number)
{
    free_late((intptr_t)number);
    return NULL;
}

static void *free_late_and_go_round(void *number)
{
    free_late((intptr_t)number);
    go_round();
    return NULL;
}

static void in_another_thread(void *(*run)(void *), int number)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, (void *)(intptr_t)number) != 0)
        _exit(1);
    pthread_join(thread, NULL);
}

/* One of the pool's that this thread has and is about to free. */
static int about_to_free(void)
{
    alarm(20); /* what is not seen may be a list without end */
    go_round();
    int number = take();
    taken[number].closure = NULL;
    return number;
}

/* ---- What two threads do with it ---- */

static void second_takes_and_then_first(void *unused)
{
    (void)unused;
    int number = about_to_free();
    ffi_closure_free(rx_cell_of(number));
    in_another_thread(free_late_and_go_round, number);
    go_round();
}

/* The thread stays, as its end would empty its ring. */
static int both_freed, first_is_done;

static void *free_late_and_stay(void *number)
{
    free_late((intptr_t)number);
    __atomic_store_n(&both_freed, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&first_is_done, __ATOMIC_ACQUIRE))
        sched_yield();
    go_round();
    return NULL;
}

static void first_takes(void *give_many)
{
    pthread_t thread;
    int number = about_to_free();
    int held[RX_RING_SIZE];
    for (int i = 0; i < RX_RING_SIZE; i++)
        held[i] = take();
    ffi_closure_free(rx_cell_of(number));
    if (pthread_create(&thread, NULL, free_late_and_stay, (void *)(intptr_t)number) != 0)
        _exit(1);
    while (!__atomic_load_n(&both_freed, __ATOMIC_ACQUIRE))
        sched_yield();
    /* More than the ring has room for: the oldest go to the list that all share. */
    for (int i = 0; give_many != NULL && i < RX_RING_SIZE; i++)
        give(held[i]);
    go_round();
}

static void thread_ends_with_it(void *unused)
{
    (void)unused;
    int number = about_to_free();
    ffi_closure_free(rx_cell_of(number));
    in_another_thread(free_late_in_thread, number);
    go_round();
}

static void another_takes_it_from_an_ended_thread(void *unused)
{
    (void)unused;
    int number = about_to_free();
    ffi_closure_free(rx_cell_of(number));
    in_another_thread(free_late_in_thread, number);
    in_another_thread(go_round_in_thread, 0);
    go_round();
}

/* As in signal handlers that have interrupted their threads inside the rings. */
static void both_give_it_to_the_list(void *unused)
{
    (void)unused;
    int number = about_to_free();
    struct rx_ring before = rx_ring;
    rx_ring.open = rx_ring.idle = 0;
    ffi_closure_free(rx_cell_of(number));
    free_late(number);
    rx_ring.open = before.open;
    rx_ring.idle = before.idle;
    take_all();
}

static void one_gives_it_to_the_list(void *unused)
{
    (void)unused;
    int number = about_to_free();
    struct rx_ring before = rx_ring;
    ffi_closure_free(rx_cell_of(number));
    rx_ring.open = rx_ring.idle = 0;
    free_late(number);
    rx_ring.open = before.open;
    rx_ring.idle = before.idle;
    take_all();
}

/* ---- All end the same way ---- */

static void expect_named(void (*act)(void *), void *arg)
{
    struct ending ending = ending_of(act, arg);
    cr_expect(eq(int, ending.signal, SIGABRT), "status %d", ending.status);
    const char what[] = "rxffi: ffi_closure_free of a closure by two threads at once: closure 0x";
    cr_expect(eq(int, strncmp(ending.text, what, strlen(what)), 0), "%s", ending.text);
    cr_expect(ne(ptr, strstr(ending.text, " (code 0x"), NULL), "%s", ending.text);
    cr_expect(eq(ptr, strchr(ending.text, '\n'), ending.text + strlen(ending.text) - 1));
}

Test(pool_twice, the_second_to_free_takes_it_and_then_the_first)
{
    expect_named(second_takes_and_then_first, NULL);
}

Test(pool_twice, the_first_to_free_takes_it)
{
    expect_named(first_takes, NULL);
}

Test(pool_twice, the_first_to_free_gives_many_back)
{
    expect_named(first_takes, "many");
}

Test(pool_twice, the_second_to_free_ends)
{
    expect_named(thread_ends_with_it, NULL);
}

Test(pool_twice, a_third_takes_it)
{
    expect_named(another_takes_it_from_an_ended_thread, NULL);
}

Test(pool_twice, both_free_it_in_signal_handlers)
{
    expect_named(both_give_it_to_the_list, NULL);
}

Test(pool_twice, one_frees_it_in_a_signal_handler)
{
    expect_named(one_gives_it_to_the_list, NULL);
}
