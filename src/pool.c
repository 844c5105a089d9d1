/* SPDX-License-Identifier: MIT
 *
 * pool: which trampolines are free.
 *
 * Three places hold free trampolines. Those that were never handed out lie above a mark that only
 * rises, so that memory is touched as it is needed. Freed ones go to a ring of the thread that
 * frees, first in, first out; the ring is refilled before it runs low and reuse is so delayed by at
 * least RING_DELAY frees of the thread, in which a call through a stale function pointer is caught.
 * What does not fit into a ring goes to a list that all threads share.
 *
 * No step waits for another thread: the mark and the list change by compare-and-swap, a ring
 * belongs to one thread. A signal handler that interrupts its thread inside a ring sees `busy` and
 * works on the shared list instead. In the child of a fork the rings of the threads that are gone
 * are lost, RING_SIZE trampolines each at most; nothing is left locked.
 *
 * The list is a stack (R. K. Treiber, IBM RJ 5118, 1986) whose head carries a count beside the
 * index. Each change raises the count, so a head that was taken off and put back by others in
 * between (the ABA problem) is not mistaken for the same head until the count has gone round, 2^32
 * changes later.
 */
#include "pool.h"

#include <pthread.h>

struct rx_note rx_notes[RX_POOL_SIZE];

/* ---- Never handed out ---- */

static _Atomic(uint32_t) mark;

uint32_t rx_pool_touched(void)
{
    return atomic_load_explicit(&mark, memory_order_acquire);
}

/* Takes up to n indices that follow each other, returns how many and sets *first. */
static uint32_t take_untouched(uint32_t n, uint32_t *first)
{
    uint32_t start = atomic_load_explicit(&mark, memory_order_relaxed);
    uint32_t count;
    do {
        count = RX_POOL_SIZE - start < n ? RX_POOL_SIZE - start : n;
        if (count == 0)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&mark, &start, start + count,
                                                    memory_order_acq_rel, memory_order_relaxed));
    *first = start;
    return count;
}

/* ---- The shared list ---- */

/* The first index + 1, and above 32 bits the count of changes. */
static _Atomic(uint64_t) list;

static uint64_t changed(uint64_t head, uint32_t first)
{
    return ((head >> 32) + 1) << 32 | first;
}

static void list_push(uint32_t i)
{
    uint64_t head = atomic_load_explicit(&list, memory_order_relaxed);
    do
        atomic_store_explicit(&rx_notes[i].next, (uint32_t)head, memory_order_relaxed);
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
        next = atomic_load_explicit(&rx_notes[first - 1].next, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(&list, &head, changed(head, next),
                                                    memory_order_acquire, memory_order_acquire));
    *i = first - 1;
    return true;
}

static int64_t take_shared(void)
{
    uint32_t i;
    if (list_pop(&i) || take_untouched(1, &i) != 0)
        return i;
    return -1;
}

/* ---- The ring of a thread ---- */

#define RING_SIZE 32 /* a power of two */
#define RING_DELAY 16

struct ring {
    uint32_t busy;  /* its thread is changing it */
    uint32_t state; /* one of the three below */
    uint32_t head;  /* the oldest */
    uint32_t count;
    uint32_t index[RING_SIZE];
};

enum { RING_NEW, RING_READY, RING_ENDED };

static RX_TLS struct ring ring;

/* When a thread ends, its ring is emptied by the destructor of this key. */
static pthread_key_t ring_key;
static bool have_ring_key;

static void ring_put(struct ring *r, uint32_t i)
{
    r->index[(r->head + r->count++) % RING_SIZE] = i;
}

static uint32_t ring_get(struct ring *r)
{
    uint32_t i = r->index[r->head];
    r->head = (r->head + 1) % RING_SIZE;
    r->count--;
    return i;
}

static void ring_end(void *arg)
{
    struct ring *r = arg;
    r->state = RING_ENDED;
    while (r->count != 0)
        list_push(ring_get(r));
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

/* The ring of this thread, busy; NULL when it cannot be used now. */
static inline struct ring *ring_enter(void)
{
    struct ring *r = &ring;
    if (rx_unlikely(r->busy))
        return NULL;
    r->busy = 1;
    atomic_signal_fence(memory_order_seq_cst);
    if (rx_likely(r->state == RING_READY))
        return r;
    if (r->state == RING_NEW && have_ring_key && pthread_setspecific(ring_key, r) == 0) {
        r->state = RING_READY;
        return r;
    }
    atomic_signal_fence(memory_order_seq_cst);
    r->busy = 0;
    return NULL;
}

static inline void ring_leave(struct ring *r)
{
    atomic_signal_fence(memory_order_seq_cst);
    r->busy = 0;
}

/* Brings trampolines that have been free for longer, so that those in the ring can wait. */
static __attribute__((noinline)) void ring_refill(struct ring *r)
{
    uint32_t i;
    while (r->count < RING_SIZE && list_pop(&i))
        ring_put(r, i);
    uint32_t first, n = take_untouched(RING_SIZE - r->count, &first);
    while (n-- != 0)
        ring_put(r, first++);
}

static __attribute__((noinline)) void ring_spill(struct ring *r)
{
    while (r->count > RING_SIZE - RING_DELAY / 2)
        list_push(ring_get(r));
}

/* ---- Taking and giving ---- */

static inline int64_t take(void)
{
    struct ring *r = ring_enter();
    if (rx_unlikely(r == NULL))
        return take_shared();
    if (rx_unlikely(r->count <= RING_DELAY))
        ring_refill(r);
    int64_t i = rx_likely(r->count != 0) ? (int64_t)ring_get(r) : -1;
    ring_leave(r);
    return i;
}

int64_t rx_pool_take(void)
{
    int64_t i = take();
    if (rx_likely(i >= 0))
        __atomic_store_n(&rx_entry_words[i], rx_arch_entry_unprepared, __ATOMIC_RELEASE);
    return i;
}

void rx_pool_give(uint32_t i)
{
    __atomic_store_n(&rx_entry_words[i], rx_arch_entry_freed, __ATOMIC_RELEASE);
    struct ring *r = ring_enter();
    if (rx_unlikely(r == NULL)) {
        list_push(i);
        return;
    }
    if (rx_unlikely(r->count == RING_SIZE))
        ring_spill(r);
    ring_put(r, i);
    ring_leave(r);
}
