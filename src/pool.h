/* SPDX-License-Identifier: MIT
 *
 * pool: which trampolines are free.
 *
 * A trampoline is known by its index: trampoline i, cell i, entry word i and note i belong
 * together. The cell is the client's to write. The entry word, which decides where the trampoline
 * jumps, and the note are the library's own and lie elsewhere.
 */
#ifndef RX_POOL_H
#define RX_POOL_H

#include "arch.h"

#include <stdatomic.h>

/* What the library remembers of a trampoline beside its entry word. */
struct rx_note {
    _Atomic(uint32_t) next; /* while it is on the shared list: the next index + 1 */
    uint32_t place;         /* of the plan it was prepared with last, for messages */
    ffi_closure *elsewhere; /* the closure, when that is not in the cell */
    void *block;            /* malloc'd memory, when the client asked for more than a cell */
};

extern RX_HIDDEN struct rx_note rx_notes[RX_POOL_SIZE];

/* ---- The ring of a thread: the trampolines that it freed last, the oldest of them taken first
 * ---- */

#define RX_RING_SIZE 32 /* a power of two */
#define RX_RING_DELAY 16

struct rx_ring {
    uint32_t open;  /* its thread may use it, and is not doing so already */
    uint32_t state; /* pool.c's */
    uint32_t head;  /* what is taken next; these two run on, and are used modulo RX_RING_SIZE */
    uint32_t tail;  /* where what is freed next goes */
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

/* When the ring will not do. */
int64_t rx_pool_take_slowly(void);
void rx_pool_give_slowly(uint32_t i);

/* Takes a trampoline, and sets its entry to unprepared. Returns -1 when none is left. */
static inline int64_t rx_pool_take(void)
{
    struct rx_ring *r = &rx_ring;
    int64_t i = -1;
    if (rx_likely(rx_ring_enter(r))) {
        if (rx_likely(r->tail - r->head > RX_RING_DELAY))
            i = rx_ring_get(r);
        rx_ring_leave(r);
    }
    if (rx_unlikely(i < 0)) {
        i = rx_pool_take_slowly();
        if (i < 0)
            return -1;
    }
    __atomic_store_n(&rx_entry_words[i], rx_arch_entry_unprepared, __ATOMIC_RELEASE);
    return i;
}

/* Gives trampoline i back, and sets its entry to freed. */
static inline void rx_pool_give(uint32_t i)
{
    __atomic_store_n(&rx_entry_words[i], rx_arch_entry_freed, __ATOMIC_RELEASE);
    struct rx_ring *r = &rx_ring;
    if (rx_likely(rx_ring_enter(r))) {
        bool room = r->tail - r->head < RX_RING_SIZE;
        if (rx_likely(room))
            rx_ring_put(r, i);
        rx_ring_leave(r);
        if (rx_likely(room))
            return;
    }
    rx_pool_give_slowly(i);
}

/* ---- What is known of a trampoline ---- */

/* What the entry word says: is trampoline i the property of a client? */
static inline bool rx_pool_is_live(uint32_t i)
{
    rx_entry *entry = __atomic_load_n(&rx_entry_words[i], __ATOMIC_RELAXED);
    return entry != NULL && entry != rx_arch_entry_freed;
}

/* How many trampolines have ever been handed out: these have the lowest indices. */
uint32_t rx_pool_touched(void);

static inline void *rx_pool_code(uint32_t i)
{
    return (void *)(rx_trampolines + (size_t)i * RX_TRAMPOLINE_SIZE);
}

/* Whose trampoline starts at code? -1: nobody's. */
static inline int64_t rx_pool_index_of_code(const void *code)
{
    uintptr_t offset = (uintptr_t)code - (uintptr_t)rx_trampolines;
    if (offset >= (uintptr_t)RX_POOL_SIZE * RX_TRAMPOLINE_SIZE || offset % RX_TRAMPOLINE_SIZE != 0)
        return -1;
    return offset / RX_TRAMPOLINE_SIZE;
}

/* In whose cell is p? -1: in nobody's. */
static inline int64_t rx_pool_index_of_cell(const void *p)
{
    uintptr_t offset = (uintptr_t)p - (uintptr_t)rx_cells;
    return offset < (uintptr_t)RX_POOL_SIZE * RX_CELL_SIZE ? (int64_t)(offset / RX_CELL_SIZE) : -1;
}

#endif
