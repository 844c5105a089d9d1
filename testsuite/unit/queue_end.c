/* SPDX-License-Identifier: MIT
 *
 * queue_end: what becomes of those who wait, and of those who come later, when a queue ends
 * (rx_queue_end in src/handover.c; src/owner.c). Exceptions are in queue_unwind.cc.
 */
#include "queue_users.h"

#include <errno.h>

struct adder {
    pthread_t thread;
    ffi_rx_queue *queue;
    int status;
    ffi_arg result;
};

static void *call_add(void *arg)
{
    struct adder *adder = arg;
    adder->status = status_of_add_by(adder->queue, 40, 2, &adder->result);
    return NULL;
}

/* Returns when its call is in the inbox. */
static void adder_start(struct adder *adder, ffi_rx_queue *queue)
{
    struct rx_handed *before = atomic_load(&queue->inbox);
    adder->queue = queue;
    pthread_create(&adder->thread, NULL, call_add, adder);
    while (atomic_load(&queue->inbox) == before)
        sched_yield();
}

static void expect_zeros(struct adder *adder)
{
    pthread_join(adder->thread, NULL);
    cr_expect(eq(int, adder->status, -ECANCELED));
    cr_expect(eq(ulong, adder->result, 0));
}

static void expect_zeros_later(ffi_rx_queue *queue)
{
    ffi_arg result;
    cr_expect(eq(int, status_of_add_by(queue, 40, 2, &result), -ECANCELED));
    cr_expect(eq(ulong, result, 0));
    cr_expect(eq(int, call_by(queue, nothing, 0), -ECANCELED));
}

static void expect_zeros_later_in_a_thread(void *queue)
{
    expect_zeros_later(queue);
}

Test(queue_end, who_waits_when_it_is_freed_gets_zeros_and_who_comes_later_too)
{
    struct adder adders[5];
    ffi_rx_queue *queue = ffi_rx_queue_new();
    rx_queue_hold(queue); /* as a closure does */
    for (size_t i = 0; i < LENGTH(adders); i++)
        adder_start(&adders[i], queue);
    cr_expect(eq(int, ffi_rx_queue_free(queue), 0));
    for (size_t i = 0; i < LENGTH(adders); i++)
        expect_zeros(&adders[i]);
    in_a_thread(expect_zeros_later_in_a_thread, queue);
    expect_zeros_later(queue);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), -ECANCELED));
    cr_expect(eq(int, ffi_rx_queue_fd(queue), -ECANCELED));
    cr_expect(eq(int, times_called, 0));
    rx_queue_drop(queue);
}

/* ---- Freed by a call ---- */

static void free_it(long queue)
{
    cr_expect(eq(int, ffi_rx_queue_free((ffi_rx_queue *)queue), 0));
}

Test(queue_end, a_call_may_free_it_and_is_the_last_that_is_made)
{
    struct caller callers[2];
    struct adder late;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    caller_start(&callers[0], queue, nothing, 0);
    caller_start(&callers[1], queue, free_it, (long)queue);
    adder_start(&late, queue);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 2));
    cr_expect(eq(int, caller_join(&callers[0]), 0));
    cr_expect(eq(int, caller_join(&callers[1]), 0));
    expect_zeros(&late);
    cr_expect(eq(int, times_called, 1));
}

static void free_it_and_look(long queue)
{
    rx_queue_hold((ffi_rx_queue *)queue);
    free_it(queue);
    expect_zeros_later((ffi_rx_queue *)queue);
    cr_expect(eq(int, ffi_rx_queue_run((ffi_rx_queue *)queue, -1), -ECANCELED));
    rx_queue_drop((ffi_rx_queue *)queue);
}

Test(queue_end, nor_can_the_owner_call_through_it_from_then_on)
{
    struct caller caller;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    caller_start(&caller, queue, free_it_and_look, (long)queue);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
    cr_expect(eq(int, caller_join(&caller), 0));
}

/* The owner sleeps in a hand-over, serves this, and finds its list of queues shorter. */
Test(queue_end, an_owner_that_sleeps_may_be_asked_to_free_it)
{
    struct runner other;
    ffi_rx_queue *mine[3] = {ffi_rx_queue_new(), ffi_rx_queue_new(), ffi_rx_queue_new()};
    struct caller callers[LENGTH(mine)];
    runner_start(&other);
    for (size_t i = 0; i < LENGTH(mine); i++)
        caller_start(&callers[i], mine[i], free_it, (long)mine[i]);
    while (rx_owner_self->queues != NULL)
        cr_expect(eq(int, add_by(other.queue, 1, 2), 3));
    for (size_t i = 0; i < LENGTH(mine); i++)
        cr_expect(eq(int, caller_join(&callers[i]), 0));
    runner_stop(&other);
}

/* ---- The owner's thread ends ---- */

struct short_lived {
    ffi_rx_queue *queue[2];
    pthread_barrier_t made, waited_for;
    void (*end)(void);
};

static void *make_and_end(void *arg)
{
    struct short_lived *life = arg;
    life->queue[0] = ffi_rx_queue_new();
    life->queue[1] = ffi_rx_queue_new();
    pthread_barrier_wait(&life->made);
    pthread_barrier_wait(&life->waited_for);
    life->end();
    return NULL;
}

static void just_return(void)
{
}

static void exit_thread(void)
{
    pthread_exit(NULL);
}

static void be_cancelled(void)
{
    pthread_cancel(pthread_self());
    pthread_testcancel();
}

static void expect_an_end(void (*end)(void))
{
    struct short_lived life = {.end = end};
    struct adder adders[4];
    pthread_t thread;
    pthread_barrier_init(&life.made, NULL, 2);
    pthread_barrier_init(&life.waited_for, NULL, 2);
    pthread_create(&thread, NULL, make_and_end, &life);
    pthread_barrier_wait(&life.made);
    for (size_t i = 0; i < LENGTH(adders); i++)
        adder_start(&adders[i], life.queue[i % 2]);
    cr_expect(eq(int, ffi_rx_queue_free(life.queue[0]), -EPERM));
    pthread_barrier_wait(&life.waited_for);
    for (size_t i = 0; i < LENGTH(adders); i++)
        expect_zeros(&adders[i]);
    pthread_join(thread, NULL);
    expect_zeros_later(life.queue[0]);
    expect_zeros_later(life.queue[1]);
    cr_expect(eq(int, ffi_rx_queue_run(life.queue[0], -1), -EPERM));
    cr_expect(eq(int, ffi_rx_queue_free(life.queue[0]), 0));
    cr_expect(eq(int, ffi_rx_queue_free(life.queue[1]), 0));
    cr_expect(eq(int, times_called, 0));
}

Test(queue_end, it_ends_with_the_owner)
{
    expect_an_end(just_return);
    expect_an_end(exit_thread);
    expect_an_end(be_cancelled);
}

/* Threads after threads: none is taken for an owner that was before. */
static ffi_rx_queue *left;

static void make_one(void *unused)
{
    (void)unused;
    left = ffi_rx_queue_new();
}

static void look_at_it(void *unused)
{
    (void)unused;
    ffi_rx_queue *mine = ffi_rx_queue_new();
    expect_zeros_later(left);
    cr_expect(eq(int, ffi_rx_queue_run(left, 0), -EPERM));
    ffi_rx_queue_free(mine);
    cr_expect(eq(int, ffi_rx_queue_free(left), 0));
}

Test(queue_end, no_later_thread_is_taken_for_the_owner)
{
    for (int i = 0; i < 100; i++) {
        in_a_thread(make_one, NULL);
        in_a_thread(look_at_it, NULL);
    }
    cr_expect(eq(int, times_called, 0));
}

/* Destructors of other keys, before and behind the library's, call through it. */
static pthread_key_t keys[8];
static _Atomic(int) destructors;
static bool makes_another;

static void call_at_the_end(void *queue)
{
    ffi_arg result;
    int status = status_of_add_by(queue, 1, 2, &result);
    cr_expect(status == 0 || status == -ECANCELED);
    cr_expect(eq(int, (int)result, status == 0 ? 3 : 0));
    if (makes_another)
        ffi_rx_queue_free(ffi_rx_queue_new());
    destructors++;
}

static void make_with_keys(void *unused)
{
    (void)unused;
    left = ffi_rx_queue_new();
    for (size_t i = 0; i < LENGTH(keys); i++)
        pthread_setspecific(keys[i], left);
}

Test(queue_end, destructors_that_call_through_it_do_not_hang)
{
    for (size_t i = 0; i < LENGTH(keys); i++) {
        pthread_key_create(&keys[i], call_at_the_end);
        if (i == LENGTH(keys) / 2)
            in_a_thread(make_one, NULL); /* the library's key */
    }
    in_a_thread(make_with_keys, NULL);
    cr_expect(eq(int, destructors, LENGTH(keys)));
    cr_expect(eq(int, ffi_rx_queue_free(left), 0));
    makes_another = true;
    in_a_thread(make_with_keys, NULL);
    cr_expect(eq(int, destructors, 2 * LENGTH(keys)));
    cr_expect(eq(int, ffi_rx_queue_free(left), 0));
}

/* ---- A crowd, and an end at any moment ---- */

enum { CALLERS = 6 };
static _Atomic(int) made, given_up;

static void *call_until_it_ends(void *queue)
{
    ffi_arg result;
    int status;
    while ((status = status_of_add_by(queue, 1, 2, &result)) == 0)
        made += result == 3;
    given_up += status == -ECANCELED && result == 0;
    rx_queue_drop(queue);
    return NULL;
}

Test(queue_end, a_crowd_is_let_go_at_any_moment)
{
    for (int round = 0; round < 200; round++) {
        pthread_t threads[CALLERS];
        ffi_rx_queue *queue = ffi_rx_queue_new();
        made = given_up = times_called = 0;
        for (int i = 0; i < CALLERS; i++) {
            rx_queue_hold(queue);
            pthread_create(&threads[i], NULL, call_until_it_ends, queue);
        }
        int ran = 0;
        while (ran < round)
            ran += ffi_rx_queue_run(queue, -1);
        ffi_rx_queue_free(queue);
        for (int i = 0; i < CALLERS; i++)
            pthread_join(threads[i], NULL);
        cr_assert(eq(int, given_up, CALLERS));
        cr_assert(eq(int, made, ran));
        cr_assert(eq(int, times_called, ran));
    }
}
