/* SPDX-License-Identifier: MIT
 *
 * alloc: how closures are had and given back.
 *
 * A closure is a trampoline and its cell. The common ways are a few instructions each, in the chunk
 * that the thread used last; what is more than a cell, in another chunk or no closure at all goes
 * the slow way.
 */
#include "attributes.h"
#include "fault.h"
#include "refuse.h"
#include "tally.h"

#include <stdlib.h>

/* ---- Allocation ---- */

static inline void *hand_out(uint32_t i, void **code)
{
    size_t within = rx_chunk_within(i);
    uintptr_t offset = rx_chunk_offset(i);
    struct rx_record *record = rx_record_at(within, offset);
    rx_ring.chunk = i >> RX_CHUNK_BITS;
    rx_pass_on(record, rx_ring.number, RX_LIVE_CELL);
    rx_set_entry(record, rx_arch_entry_unprepared);
    rx_set_place(record, 0);
    *code = rx_code_at(within, offset);
    return rx_cell_at(within, offset);
}

static __attribute__((noinline)) void *alloc_slowly(void **code)
{
    int64_t i = rx_pool_take_slowly();
    return i < 0 ? NULL : hand_out(i, code);
}

static inline void *alloc_cell(void **code)
{
    int64_t i = rx_pool_take();
    return rx_likely(i >= 0) ? hand_out(i, code) : alloc_slowly(code);
}

/* More than a cell holds: the closure is malloc'd, and the cell forwards to it. */
static __attribute__((noinline)) void *alloc_block(size_t size, void **code)
{
    void *block = code != NULL ? malloc(size) : NULL;
    if (block == NULL) {
        rx_tally_raise(&rx_tally.refused, 1);
        rx_refuse(code != NULL ? FFI_RX_NO_MEMORY : FFI_RX_BAD_ARGUMENT);
        return NULL;
    }
    struct forward *forward = alloc_cell(code);
    if (forward == NULL) {
        free(block);
        return NULL;
    }
    forward->block = block;
    rx_set_state(rx_record_of(rx_index_of_code(*code)), RX_LIVE_BLOCK);
    return block;
}

void *ffi_closure_alloc(size_t size, void **code)
{
    if (rx_unlikely(code == NULL || size > RX_CELL_SIZE))
        return alloc_block(size, code);
    return alloc_cell(code);
}

/* ---- Release ---- */

static inline void give(struct rx_record *record, uint32_t i)
{
    rx_set_entry(record, rx_arch_entry_freed);
    rx_set_state(record, rx_ring.number);
    if (rx_unlikely(!rx_pool_give(i)))
        rx_pool_give_slowly(i);
}

/* What is in a cell but is no closure of a client's, or one with attributes. */
static __attribute__((noinline, cold)) void free_uncommon(void *closure,
                                                          const struct rx_record *record)
{
    unsigned state = rx_state(record);
    bool inside = (uintptr_t)closure % RX_CELL_SIZE != 0;
    if (!inside && rx_has_attributes(state) && !rx_is_block(state))
        rx_attributes_free(rx_attributes_of(record));
    else
        rx_fault_free(inside || !rx_is_free(state) ? RX_FREED_INSIDE : RX_FREED_TWICE, closure);
}

/* closure is `distance` behind the first cell of chunk n, which lies at offset. */
static inline void free_cell(void *closure, uint32_t n, uintptr_t offset, uintptr_t distance)
{
    struct rx_record *record = rx_record_by_cell(distance, offset);
    if (rx_unlikely(distance % RX_CELL_SIZE != 0 || rx_state(record) != RX_LIVE_CELL))
        free_uncommon(closure, record);
    else
        give(record, n << RX_CHUNK_BITS | distance / RX_CELL_SIZE);
}

void rx_give_closure(uint32_t i)
{
    struct rx_record *record = rx_record_of(i);
    void *block = rx_is_block(rx_state(record)) ? ((struct forward *)rx_cell_of(i))->block : NULL;
    give(record, i);
    free(block);
}

static void free_block(void *block)
{
    int64_t i = rx_index_of_block(block);
    if (i < 0)
        rx_fault_free(RX_FREED_FOREIGN, block);
    if (rx_has_attributes(rx_state(rx_record_of(i))))
        rx_attributes_free(rx_attributes_of(rx_record_of(i)));
    else
        rx_give_closure(i);
}

/* What is in no cell. */
static __attribute__((noinline)) void free_other(void *closure)
{
    if (closure != NULL)
        free_block(closure);
}

static __attribute__((noinline)) void free_elsewhere(void *closure)
{
    uint32_t n = rx_chunk_of(closure);
    uintptr_t offset = rx_chunk_offset_of(n);
    uintptr_t distance = rx_cell_distance(closure, offset);
    if (rx_unlikely(distance >= RX_CELLS_SIZE)) {
        free_other(closure);
        return;
    }
    rx_ring.chunk = n;
    free_cell(closure, n, offset, distance);
}

void ffi_closure_free(void *closure)
{
    uint32_t n = rx_ring.chunk;
    uintptr_t offset = rx_chunk_offset_of(n);
    uintptr_t distance = rx_cell_distance(closure, offset);
    if (rx_likely(distance < RX_CELLS_SIZE))
        free_cell(closure, n, offset, distance);
    else
        free_elsewhere(closure);
}
