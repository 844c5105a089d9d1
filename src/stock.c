/* SPDX-License-Identifier: MIT
 *
 * stock: the free trampolines that are no thread's.
 *
 * Those that were never handed out lie above a mark that only rises, so that memory is touched as
 * it is needed. Freed ones are on a list that all threads share. Both change by compare-and-swap:
 * no step waits for another thread, and whoever stops in between leaves nothing locked.
 *
 * The list is a stack (R. K. Treiber, IBM RJ 5118, 1986) whose head carries a count beside the
 * index. Each change raises the count, so a head that was taken off and put back by others in
 * between (the ABA problem) is not mistaken for the same head until the count has gone round, 2^32
 * changes later.
 */
#include "stock.h"
#include "refuse.h"

#include <stdatomic.h>

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

bool rx_stock_is_time_to_grow(void)
{
    uint32_t left = __atomic_load_n(&patience, __ATOMIC_RELAXED);
    if (left == 0)
        return true;
    __atomic_store_n(&patience, left - 1, __ATOMIC_RELAXED);
    return false;
}

uint32_t rx_stock_untouched(uint32_t n, uint32_t *first, bool grow)
{
    uint64_t start = atomic_load_explicit(&mark, memory_order_acquire);
    uint32_t chunk, within, count;
    do {
        chunk = start / RX_POOL_SIZE;
        within = start % RX_POOL_SIZE;
        if (!(grow ? grow_to(chunk) : rx_chunk_is_there(chunk)))
            return 0;
        count = RX_POOL_SIZE - within < n ? RX_POOL_SIZE - within : n;
    } while (!atomic_compare_exchange_weak_explicit(&mark, &start, start + count,
                                                    memory_order_acq_rel, memory_order_acquire));
    *first = chunk << RX_CHUNK_BITS | within;
    return count;
}

int rx_stock_reserve(uint64_t n)
{
    uint64_t start = atomic_load_explicit(&mark, memory_order_acquire);
    if (n > (uint64_t)RX_CHUNKS * RX_POOL_SIZE - start)
        return FFI_RX_FULL;
    for (uint64_t chunk = start / RX_POOL_SIZE; chunk * RX_POOL_SIZE < start + n; chunk++)
        if (!rx_chunk_have(chunk))
            return rx_why_not;
    return FFI_RX_NO_ERROR;
}

void rx_stock_each(bool (*visit)(uint32_t i, void *data), void *data)
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
 * A push or a pop, of one or of several, takes effect at its successful exchange of the head, a pop
 * that finds nothing at its load of the head. In between nothing is held, so whoever stops there,
 * for a signal or for good, is in nobody's way; who fails, fails because another has succeeded.
 *
 * `next` of an index is written by its owner alone: from the exchange that popped it to the one
 * that pushes it. A pop reads it without being the owner, along the list, and may read what is out
 * of date, or not true yet, and follow that. Then the index has been popped since the head was
 * loaded, the count has risen, and the exchange fails. What is followed is always the number of a
 * trampoline or 0, so each read is of memory that is never unmapped: in a chunk that is there, or,
 * if the thread does not know of that one yet, in the first one. Without the count the head might
 * be the same index again, with another behind it. The count is wrong only if a thread is stopped
 * between load and exchange for a multiple of 2^32 changes, to the unit, and meets the same index
 * there.
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

static inline uint64_t changed(uint64_t head, uint32_t first)
{
    return ((head >> 32) + 1) << 32 | first;
}

static _Atomic(uint32_t) *next_of(uint32_t i)
{
    return (_Atomic(uint32_t) *)&rx_record_of(i)->next;
}

void rx_stock_push(uint32_t n, const uint32_t index[])
{
    for (uint32_t k = 1; k < n; k++)
        atomic_store_explicit(next_of(index[k]), index[k - 1] + 1, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&list, memory_order_relaxed);
    do
        atomic_store_explicit(next_of(index[0]), (uint32_t)head, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&list, &head, changed(head, index[n - 1] + 1),
                                                  memory_order_release, memory_order_relaxed));
}

/* Walks down the list from *first, up to n, and returns how many there are. */
static inline uint32_t walk(uint32_t *first, uint32_t n, uint32_t index[])
{
    uint32_t count = 0;
    for (; count < n && *first != 0; count++) {
        index[count] = *first - 1;
        *first = atomic_load_explicit(next_of(*first - 1), memory_order_relaxed);
    }
    return count;
}

uint32_t rx_stock_pop(uint32_t n, uint32_t index[])
{
    uint64_t head = atomic_load_explicit(&list, memory_order_acquire);
    for (;; n = (n + 1) / 2) { /* who is disturbed is content with fewer, and sooner done */
        uint32_t first = (uint32_t)head;
        uint32_t count = walk(&first, n, index);
        if (count == 0 ||
            atomic_compare_exchange_weak_explicit(&list, &head, changed(head, first),
                                                  memory_order_acquire, memory_order_acquire))
            return count;
    }
}
