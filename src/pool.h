/* SPDX-License-Identifier: MIT
 *
 * pool: which trampolines are free.
 *
 * A trampoline is known by its index (chunk.h). The cell is the client's to write. The record,
 * which says where the trampoline jumps, is the library's own and lies elsewhere.
 */
#ifndef RX_POOL_H
#define RX_POOL_H

#include "chunk.h"
#include "fault.h"

#include <stdatomic.h>

/* ---- The ring of a thread: the trampolines that it freed last, the oldest of them taken first
 * ---- */

#define RX_RING_SIZE 32 /* a power of two */
#define RX_RING_DELAY 16

struct rx_ring {
    uint32_t open;  /* its thread may use it, and is not doing so already */
    uint32_t state; /* pool.c's, like idle and told */
    uint64_t head;  /* what is taken next; these two run on, and are used modulo RX_RING_SIZE */
    uint64_t tail;  /* where what is freed next goes: so many were freed */
    uint64_t told;
    uint32_t idle;
    uint32_t number; /* what the records of those in it say; 0 before it is used, then always the
                      * same */
    uint32_t chunk;  /* in which its thread took or freed last: where to look first */
    uint32_t index[RX_RING_SIZE];
};

extern RX_HIDDEN RX_TLS struct rx_ring rx_ring;

/* A signal handler may interrupt its thread anywhere, and finds the ring closed if it was being
 * used. */
static inline bool rx_ring_enter(struct rx_ring *r)
{
    if (rx_unlikely(r->open == 0))
        return false;
    r->open = 0;
    atomic_signal_fence(memory_order_seq_cst);
    return true;
}

static inline void rx_ring_leave(struct rx_ring *r)
{
    atomic_signal_fence(memory_order_seq_cst);
    r->open = 1;
}

static inline uint32_t rx_ring_get(struct rx_ring *r)
{
    return r->index[r->head++ % RX_RING_SIZE];
}

static inline void rx_ring_put(struct rx_ring *r, uint32_t i)
{
    r->index[r->tail % RX_RING_SIZE] = i;
    atomic_signal_fence(memory_order_seq_cst);
    r->tail++;
}

/* ---- Taking and giving ---- */

/* Takes a trampoline from the ring of this thread, whose number its record has; -1 when the ring
 * will not do, and the other has to be asked, which gives -1 when there is none. */
static inline int64_t rx_pool_take(void)
{
    struct rx_ring *r = &rx_ring;
    int64_t i = -1;
    if (rx_likely(rx_ring_enter(r))) {
        if (rx_likely(r->tail - r->head > RX_RING_DELAY))
            i = rx_ring_get(r);
        rx_ring_leave(r);
    }
    return i;
}

int64_t rx_pool_take_slowly(void);

/* Puts trampoline i, whose record has the number of the ring, into it; false when the ring will not
 * do, and the other has to be asked.
 */
static inline bool rx_pool_give(uint32_t i)
{
    struct rx_ring *r = &rx_ring;
    if (rx_unlikely(!rx_ring_enter(r)))
        return false;
    bool room = r->tail - r->head < RX_RING_SIZE;
    if (rx_likely(room))
        rx_ring_put(r, i);
    rx_ring_leave(r);
    return room;
}

void rx_pool_give_slowly(uint32_t i);

/* The same for a trampoline that is no closure, and does not count as one: no limit applies to it.
 * -1, and the reason for ffi_rx_last_error, when there is none. */
int64_t rx_pool_take_second(void);
void rx_pool_give_second(uint32_t i);

/* How many closures were freed: by this thread, and by others when they were last in pool.c. */
size_t rx_pool_freed(void);

/* The limit has changed: this thread is the first to go by it. */
void rx_pool_see_limit(void);

/* ---- What is known of a trampoline ---- */

/* rx_record.state: whose it is. Above these it is the number of the ring that it is in. */
enum {
    RX_FREE,                /* nobody's, and in no ring */
    RX_LIVE_CELL,           /* a client's, who was given the cell, */
    RX_LIVE_BLOCK,          /* or a block of malloc's */
    RX_WITH_ATTRIBUTES = 4, /* added to a client's: it has a second one */
    RX_SECOND = 8,          /* the library's own, for something else, */
    RX_SCOPE,               /* or a scope, which a client has */
    RX_IN_RING = 16         /* the first ring's */
};

/* Atomic, as whoever looks for a block reads the records of others. */
static inline void rx_set_state(struct rx_record *record, unsigned state)
{
    __atomic_store_n(&record->state, state, __ATOMIC_RELAXED);
}

static inline unsigned rx_state(const struct rx_record *record)
{
    return __atomic_load_n(&record->state, __ATOMIC_RELAXED);
}

/* Is it a client's closure? */
static inline bool rx_is_closure(unsigned state)
{
    return state < RX_SECOND && state != RX_FREE;
}

static inline bool rx_is_free(unsigned state)
{
    return state == RX_FREE || state >= RX_IN_RING;
}

static inline bool rx_is_block(unsigned state)
{
    return (state & ~RX_WITH_ATTRIBUTES) == RX_LIVE_BLOCK;
}

static inline bool rx_has_attributes(unsigned state)
{
    return state < RX_SECOND && (state & RX_WITH_ATTRIBUTES) != 0;
}

/* The index of its second one. */
static inline uint32_t rx_second_of(const struct rx_record *record)
{
    return __atomic_load_n(&record->next, __ATOMIC_RELAXED) - 1;
}

/* The trampoline of this record goes on from where it is. If the record says that it is elsewhere,
 * it is in two places: it was given back twice. */
static inline void rx_pass_on(struct rx_record *record, uint16_t from, uint16_t to)
{
    if (rx_unlikely(rx_state(record) != from))
        rx_fault_given_twice(record);
    rx_set_state(record, to);
}

static inline void rx_set_place(struct rx_record *record, unsigned place)
{
    __atomic_store_n(&record->place, place, __ATOMIC_RELAXED);
}

static inline rx_entry *rx_entry_in(const struct rx_record *record)
{
    return __atomic_load_n(&record->entry, __ATOMIC_RELAXED);
}

/* Has it ever been handed out? */
static inline bool rx_was_used(const struct rx_record *record)
{
    return rx_entry_in(record) != NULL;
}

static inline void rx_set_entry(struct rx_record *record, rx_entry *entry)
{
    __atomic_store_n(&record->entry, entry, __ATOMIC_RELEASE);
}

#endif
