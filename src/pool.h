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

/* Takes a trampoline, and sets its entry to unprepared. Returns -1 when none is left. */
int64_t rx_pool_take(void);

/* Gives trampoline i back, and sets its entry to freed. */
void rx_pool_give(uint32_t i);

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
