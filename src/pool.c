/* SPDX-License-Identifier: MIT
 *
 * pool: which trampolines are free.
 *
 * Three places hold free trampolines. Those that were never handed out lie above a mark that only
 * rises, so that memory is touched as it is needed. Freed ones go to a ring of the thread that
 * frees, first in, first out; before it runs low, others are put in front of them. Reuse is so
 * delayed by at least RX_RING_DELAY frees of the thread, in which a call through a stale function
 * pointer is caught. What does not fit into a ring goes to a list that all threads share.
 *
 * No step waits for another thread: the mark and the list change by compare-and-swap, a ring
 * belongs to one thread. A signal handler that interrupts its thread inside a ring finds it closed
 * and works on the shared list instead. In the child of a fork the rings of the threads that are
 * gone are lost, RX_RING_SIZE trampolines each at most; nothing is left locked.
 *
 * When all are in use, a chunk is added (chunk.h), which takes a few system calls.
 *
 * The list is a stack (R. K. Treiber, IBM RJ 5118, 1986) whose head carries a count beside the
 * index. Each change raises the count, so a head that was taken off and put back by others in
 * between (the ABA problem) is not mistaken for the same head until the count has gone round, 2^32
 * changes later.
 */
#include "pool.h"

#include <pthread.h>

/* ---- Never handed out ---- */

/* How many have been, counted from chunk to chunk. */
static _Atomic(uint64_t) mark;

/* After a chunk could not be made, so many takers do without before it is tried again. It takes
 * system calls. */
#define PATIENCE 64
static uint32_t patience;

/* Does chunk n exist, or can it be made? */
static bool grow_to(uint32_t n)
{
    if (rx_chunk_have(n))
        return true;
    __atomic_store_n(&patience, PATIENCE, __ATOMIC_RELAXED);
    return false;
}

/* Takes up to n indices that follow each other, returns how many and sets *first. With `grow`, a
 * chunk is made when there is none left. */
static uint32_t take_untouched(uint32_t n, uint32_t *first, bool grow)
{
    uint64_t start = atomic_load_explicit(&mark, memory_order_acquire);
    uint32_t chunk, within, count;
    do {
        chunk = start / RX_POOL_SIZE;
        within = start % RX_POOL_SIZE;
        if (chunk == RX_CHUNKS || !(grow ? grow_to(chunk) : rx_chunk_is_there(chunk)))
            return 0;
        count = RX_POOL_SIZE - within < n ? RX_POOL_SIZE - within : n;
    } while (!atomic_compare_exchange_weak_explicit(&mark, &start, start + count,
                                                    memory_order_acq_rel, memory_order_acquire));
    *first = chunk << RX_CHUNK_BITS | within;
    return count;
}

void rx_pool_each(bool (*visit)(uint32_t i, void *data), void *data)
{
    uint64_t end = atomic_load_explicit(&mark, memory_order_acquire);
    for (uint64_t n = 0; n < end; n++)
        if (!visit(n / RX_POOL_SIZE << RX_CHUNK_BITS | n % RX_POOL_SIZE, data))
            return;
}

/* ---- The shared list ----
 *
 * Why it is right; testsuite/models/list.pml has it step by step, and spin tries every order.
 *
 * A push or a pop takes effect at its successful exchange of the head, a pop that finds nothing at
 * its load of the head. In between nothing is held, so whoever stops there, for a signal or for
 * good, is in nobody's way; who fails, fails because another has succeeded.
 *
 * `next` of an index is written by its owner alone: from the exchange that popped it to the one
 * that pushes it. A pop reads it without being the owner, and may read what is out of date, or not
 * true yet. Then the index has been popped since the head was loaded, the count has risen, and the
 * exchange fails. The read itself is of memory that is never unmapped, in a chunk that is there.
 * Without the count the head might be the same index again, with another behind it. The count is
 * wrong only if a thread is stopped between load and exchange for a multiple of 2^32 changes, to
 * the unit, and meets the same index there.
 *
 * Memory order: the push releases what was written of the index, `next` included. All changes of
 * the head are read-modify-writes, so they continue the release sequence of every push before them,
 * and whoever acquires any later head has what belongs to each index below it. So a pop that
 * succeeds has read the `next` of that push, and the former owner's writes, and offset and table
 * entry of its chunk, come before the new owner's. A push reads nothing through the head: to load
 * it relaxed will do.
 */

/* The first index + 1, and above 32 bits the count of changes. */
static _Atomic(uint64_t) list;

static uint64_t changed(uint64_t head, uint32_t first)
{
    return ((head >> 32) + 1) << 32 | first;
}

static void list_push(uint32_t i)
{
    uint32_t *next = &rx_record_of(i)->next;
    uint64_t head = atomic_load_explicit(&list, memory_order_relaxed);
    do
        __atomic_store_n(next, (uint32_t)head, __ATOMIC_RELAXED);
    while (!atomic_compare_exchange_weak_explicit(&list, &head, changed(head, i + 1),
                                                  memory_order_release, memory_order_relaxed));
}

static bool list_pop(uint32_t *i)
{
    uint64_t head = atomic_load_explicit(&list, memory_order_acquire);
    uint32_t first, next;
    do {
        first = (uint32_t)head;
        if (first == 0)
            return false;
        /* Maybe out of date already; then the count has changed, and the exchange fails. */
        next = __atomic_load_n(&rx_record_of(first - 1)->next, __ATOMIC_RELAXED);
    } while (!atomic_compare_exchange_weak_explicit(&list, &head, changed(head, next),
                                                    memory_order_acquire, memory_order_acquire));
    *i = first - 1;
    return true;
}

static int64_t take_shared(void)
{
    uint32_t i;
    if (list_pop(&i) || take_untouched(1, &i, true) != 0)
        return i;
    return -1;
}

/* ---- The ring of a thread ---- */

RX_TLS struct rx_ring rx_ring;

enum { RING_NEW, RING_READY, RING_ENDED };

/* When a thread ends, its ring is emptied by the destructor of this key. */
static pthread_key_t ring_key;
static bool have_ring_key;

static uint32_t ring_count(const struct rx_ring *r)
{
    return r->tail - r->head;
}

static void ring_end(void *arg)
{
    struct rx_ring *r = arg;
    r->open = 0;
    r->state = RING_ENDED;
    while (ring_count(r) != 0)
        list_push(rx_ring_get(r));
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

/* Enters the ring of this thread, for the first time maybe. NULL when it cannot be used: this is a
 * signal handler that interrupted its thread inside the ring, or the thread is ending. */
static struct rx_ring *enter_or_make(void)
{
    struct rx_ring *r = &rx_ring;
    if (r->state == RING_NEW && have_ring_key && pthread_setspecific(ring_key, r) == 0) {
        /* A signal handler may have come this far in the meantime, and has left again. */
        r->state = RING_READY;
        r->open = 1;
    }
    return rx_ring_enter(r) ? r : NULL;
}

static void put_in_front(struct rx_ring *r, uint32_t i)
{
    r->index[--r->head % RX_RING_SIZE] = i;
}

/* Others, which have been free for longer than those in the ring, go in front of them. */
static void refill(struct rx_ring *r, bool grow)
{
    uint32_t i, first;
    while (ring_count(r) < RX_RING_SIZE && list_pop(&i))
        put_in_front(r, i);
    uint32_t n = take_untouched(RX_RING_SIZE - ring_count(r), &first, grow);
    while (n-- != 0)
        put_in_front(r, first + n);
}

/* May the next one of the ring be handed out? Not before it has waited, if it was ever used. */
static bool is_ready(const struct rx_ring *r)
{
    return ring_count(r) > RX_RING_DELAY ||
           (ring_count(r) != 0 && !rx_was_used(rx_record_of(r->index[r->head % RX_RING_SIZE])));
}

/* Is it worth while to try and grow, though there is something in the ring? */
static bool is_time_to_grow(void)
{
    uint32_t left = __atomic_load_n(&patience, __ATOMIC_RELAXED);
    if (left == 0)
        return true;
    __atomic_store_n(&patience, left - 1, __ATOMIC_RELAXED);
    return false;
}

/* Takes one when the ring is low. Only when there is nothing else is a trampoline handed out that
 * has not waited. */
int64_t rx_pool_take_slowly(void)
{
    struct rx_ring *r = enter_or_make();
    if (r == NULL)
        return take_shared();
    refill(r, false);
    if (!is_ready(r) && (ring_count(r) == 0 || is_time_to_grow()))
        refill(r, true);
    int64_t taken = ring_count(r) != 0 ? (int64_t)rx_ring_get(r) : -1;
    rx_ring_leave(r);
    return taken;
}

/* Gives one back when the ring is full: the oldest make room. */
void rx_pool_give_slowly(uint32_t i)
{
    struct rx_ring *r = enter_or_make();
    if (r == NULL) {
        list_push(i);
        return;
    }
    while (ring_count(r) > RX_RING_SIZE - RX_RING_DELAY / 2)
        list_push(rx_ring_get(r));
    rx_ring_put(r, i);
    rx_ring_leave(r);
}
