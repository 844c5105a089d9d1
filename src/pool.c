/* SPDX-License-Identifier: MIT
 *
 * pool: which trampolines are free: the rings of the threads, over a stock that they share.
 *
 * Freed trampolines go to a ring of the thread that frees, first in, first out; before it runs low,
 * others are put in front of them. Reuse is so delayed by at least RX_RING_DELAY frees of the
 * thread, in which a call through a stale function pointer is caught. What does not fit into a ring
 * goes to the stock (stock.h), and what a ring lacks comes from there. When all are in use, a chunk
 * is added (chunk.h), which takes a few system calls.
 *
 * What two threads free at the same moment is in two rings, and only one of them may hand it out:
 * that whose number the record has (rx_pass_on). testsuite/models/twice.pml has this step by step.
 *
 * No step waits for another thread: the stock is lock-free, a ring belongs to one thread. A signal
 * handler that interrupts its thread inside a ring finds it closed and works on the stock instead.
 * In the child of a fork the rings of the threads that are gone are lost, RX_RING_SIZE trampolines
 * each at most; nothing is left locked.
 *
 * When the pool has a limit, each closure is counted (tally.h): a thread's ring is then closed to
 * the short way of pool.h, from the next time that its thread comes here. What is in a ring that is
 * open counts as in use, what is in one that is closed does not.
 */
#include "pool.h"
#include "refuse.h"
#include "stock.h"
#include "tally.h"

#include <pthread.h>

RX_TLS struct rx_ring rx_ring;

/* rx_ring.state. What is OPEN is so to the short way, and counted. */
enum { RING_NEW, RING_OPEN, RING_CLOSED, RING_ENDED };

static uint32_t ring_count(const struct rx_ring *r)
{
    return r->tail - r->head;
}

/* How many were freed into this ring is told to others when its thread is here. */
static void tell_freed(struct rx_ring *r)
{
    if (r->told != r->tail)
        rx_tally_raise(&rx_tally.freed, r->tail - r->told);
    r->told = r->tail;
}

/* Puts the n oldest into the stock. */
static void put_back(struct rx_ring *r, uint32_t n)
{
    uint32_t index[RX_RING_SIZE];
    if (n == 0)
        return;
    for (uint32_t k = 0; k < n; k++) {
        index[k] = rx_ring_get(r);
        rx_pass_on(rx_record_of(index[k]), r->number, RX_FREE);
    }
    rx_stock_push(n, index);
    if (r->state == RING_OPEN)
        rx_tally_drop(n);
}

/* ---- When a thread ends, its ring is emptied by the destructor of this key ---- */

static pthread_key_t ring_key;
static bool have_ring_key;

static void ring_end(void *arg)
{
    struct rx_ring *r = arg;
    r->open = r->idle = 0;
    atomic_signal_fence(memory_order_seq_cst);
    tell_freed(r);
    put_back(r, ring_count(r));
    r->state = RING_ENDED;
}

static __attribute__((constructor)) void make_ring_key(void)
{
    have_ring_key = pthread_key_create(&ring_key, ring_end) == 0;
}

static __attribute__((destructor)) void delete_ring_key(void)
{
    if (have_ring_key)
        pthread_key_delete(ring_key);
    have_ring_key = false;
}

/* ---- Entering the ring from here ---- */

/* The two gates of a ring, `open` for the short way and `idle` for this one: at most one is open,
 * and none while its thread is inside. */
static bool pass(struct rx_ring *r)
{
    if (rx_ring_enter(r))
        return true;
    if (r->idle == 0)
        return false;
    r->idle = 0;
    atomic_signal_fence(memory_order_seq_cst);
    return true;
}

static void leave(struct rx_ring *r)
{
    if (r->state == RING_OPEN) {
        rx_ring_leave(r);
    } else {
        atomic_signal_fence(memory_order_seq_cst);
        r->idle = 1;
    }
}

/* Opens the ring to the short way or closes it, as there is a limit or not. */
static void conform(struct rx_ring *r, bool limited)
{
    if (limited && r->state == RING_OPEN) {
        r->state = RING_CLOSED;
        rx_tally_drop(ring_count(r));
    } else if (!limited && r->state == RING_CLOSED) {
        r->state = RING_OPEN;
        rx_tally_use(ring_count(r));
    }
}

/* Rings have numbers of their own, as many as a record has room for. A signal handler may have
 * given this one its number in the meantime, and records have it. */
static void number(struct rx_ring *r)
{
    static uint32_t rings;
    uint32_t none = 0, before = __atomic_fetch_add(&rings, 1, __ATOMIC_RELAXED);
    uint32_t next = RX_IN_RING + before % (UINT16_MAX + 1 - RX_IN_RING);
    __atomic_compare_exchange_n(&r->number, &none, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* A signal handler may have done this in the meantime, and used the ring. */
static void make(struct rx_ring *r)
{
    uint32_t seen = RING_NEW;
    if (__atomic_compare_exchange_n(&r->state, &seen, RING_CLOSED, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
        r->idle = 1;
}

/* Enters the ring of this thread, for the first time maybe. NULL when it cannot be used: this is a
 * signal handler that interrupted its thread inside the ring, or the thread is ending. */
static struct rx_ring *enter(bool limited)
{
    struct rx_ring *r = &rx_ring;
    if (rx_unlikely(r->number == 0))
        number(r);
    if (r->state == RING_NEW && have_ring_key && pthread_setspecific(ring_key, r) == 0)
        make(r);
    if (!pass(r))
        return NULL;
    conform(r, limited);
    return r;
}

/* ---- Taking ---- */

static int64_t take_from_stock(void)
{
    uint32_t i;
    if (rx_stock_pop(1, &i) == 0 && rx_stock_untouched(1, &i, true) == 0)
        return -1;
    rx_pass_on(rx_record_of(i), RX_FREE, rx_ring.number);
    return i;
}

static void put_in_front(struct rx_ring *r, uint32_t i)
{
    rx_pass_on(rx_record_of(i), RX_FREE, r->number);
    r->index[--r->head % RX_RING_SIZE] = i;
}

/* Others, which have been free for longer than those in the ring, go in front of them. */
static void refill(struct rx_ring *r, bool grow)
{
    uint32_t before = ring_count(r), room = RX_RING_SIZE - before;
    uint32_t index[RX_RING_SIZE], first;
    uint32_t popped = rx_stock_pop(room, index);
    for (uint32_t k = 0; k < popped; k++)
        put_in_front(r, index[k]);
    uint32_t n = popped < room ? rx_stock_untouched(room - popped, &first, grow) : 0;
    while (n-- != 0)
        put_in_front(r, first + n);
    if (r->state == RING_OPEN)
        rx_tally_use(ring_count(r) - before);
}

/* May the next one of the ring be handed out? Not before it has waited, if it was ever used. */
static bool is_ready(const struct rx_ring *r)
{
    return ring_count(r) > RX_RING_DELAY ||
           (ring_count(r) != 0 && !rx_was_used(rx_record_of(r->index[r->head % RX_RING_SIZE])));
}

/* Only when there is nothing else is a trampoline handed out that has not waited. */
static int64_t take_from_ring(struct rx_ring *r)
{
    if (r->state == RING_OPEN || !is_ready(r))
        refill(r, false);
    if (!is_ready(r) && (ring_count(r) == 0 || rx_stock_is_time_to_grow()))
        refill(r, true);
    return ring_count(r) != 0 ? (int64_t)rx_ring_get(r) : -1;
}

/* With a limit, one more is in use already. */
static int64_t take(bool limited)
{
    struct rx_ring *r = enter(limited);
    if (r != NULL) {
        tell_freed(r);
        int64_t taken = take_from_ring(r);
        leave(r);
        return taken;
    }
    int64_t taken = take_from_stock();
    if (taken >= 0 && !limited)
        rx_tally_use(1);
    return taken;
}

static int64_t refuse(int why)
{
    rx_tally_raise(&rx_tally.refused, 1);
    rx_refuse(why);
    return -1;
}

int64_t rx_pool_take_slowly(void)
{
    size_t limit = rx_tally_read(&rx_tally.limit);
    if (limit != 0 && !rx_tally_use_below(limit))
        return refuse(FFI_RX_AT_LIMIT);
    int64_t taken = take(limit != 0);
    if (taken >= 0)
        return taken;
    if (limit != 0)
        rx_tally_drop(1);
    return refuse(rx_why_not);
}

/* One that is no closure is not counted, and has no limit. */
int64_t rx_pool_take_second(void)
{
    int64_t taken = rx_pool_take();
    bool counted = taken >= 0 || rx_tally_read(&rx_tally.limit) == 0;
    if (taken < 0)
        taken = take(!counted);
    if (taken < 0)
        rx_refuse(rx_why_not);
    else if (counted)
        rx_tally_drop(1);
    return taken;
}

/* ---- Giving back ---- */

/* Into the ring; when that is full, the oldest make room. */
static void give_to_ring(struct rx_ring *r, uint32_t i)
{
    if (ring_count(r) == RX_RING_SIZE)
        put_back(r, RX_RING_DELAY / 2);
    rx_set_state(rx_record_of(i), r->number);
    rx_ring_put(r, i);
    if (r->state != RING_OPEN)
        rx_tally_drop(1);
}

void rx_pool_give_slowly(uint32_t i)
{
    struct rx_ring *r = enter(rx_tally_read(&rx_tally.limit) != 0);
    if (r != NULL) {
        give_to_ring(r, i);
        tell_freed(r);
        leave(r);
    } else {
        rx_set_state(rx_record_of(i), RX_FREE);
        rx_stock_push(1, &i);
        rx_tally_raise(&rx_tally.freed, 1);
        rx_tally_drop(1);
    }
}

void rx_pool_give_second(uint32_t i)
{
    rx_tally_raise(&rx_tally.in_use, 1);
    rx_tally_raise(&rx_tally.freed, -1);
    if (!rx_pool_give(i))
        rx_pool_give_slowly(i);
}

size_t rx_pool_freed(void)
{
    return rx_tally_read(&rx_tally.freed) + rx_ring.tail - rx_ring.told;
}

void rx_pool_see_limit(void)
{
    struct rx_ring *r = enter(rx_tally_read(&rx_tally.limit) != 0);
    if (r != NULL)
        leave(r);
}
