/* SPDX-License-Identifier: MIT
 *
 * chunk: the trampolines by number, and where the parts of each are.
 *
 * The pool is a row of chunks. Chunk 0 is assembled into the library; when it is used up, others
 * are added (grow.c), each a second view of the same code with memory of its own behind it, at the
 * distances that the code was linked for:
 *
 *     rx_trampolines   RX_POOL_SIZE pieces of code, r-x
 *     rx_records       what the library keeps of each, rw-: where it jumps
 *     rx_cells         what the client may write of each, rw-
 *
 * There are guard pages on both sides of records and of cells. A trampoline is known by an index:
 * the number of its chunk above RX_CHUNK_BITS, and its own in the chunk below. Chunks are never
 * taken away, since a function pointer into one may be anywhere.
 */
#ifndef RX_CHUNK_H
#define RX_CHUNK_H

#include "arch.h"

/* What the library keeps of a trampoline. */
struct rx_record {
    rx_entry *entry; /* where it jumps */
    uint32_t next;   /* while it is on the shared list: the next index + 1 */
    uint32_t note;   /* pool.h's */
};
_Static_assert(sizeof(struct rx_record) == RX_RECORD_SIZE, "trampolines know the size");

extern RX_HIDDEN struct rx_record rx_records[];

#define RX_CHUNK_BITS 20
#define RX_CHUNKS 4095
_Static_assert(RX_POOL_SIZE <= 1 << RX_CHUNK_BITS, "an index has room for it");

/* How far chunk n lies from chunk 0; 0 if it is not there. Set once. */
extern RX_HIDDEN uintptr_t rx_chunk_offsets[RX_CHUNKS];

static inline uintptr_t rx_chunk_offset(uint32_t i)
{
    return rx_chunk_offsets[i >> RX_CHUNK_BITS];
}

static inline size_t rx_chunk_within(uint32_t i)
{
    return i & ((1 << RX_CHUNK_BITS) - 1);
}

/* ---- From an index to the parts: that of chunk 0, and as far on as the chunk is ---- */

static inline void *rx_code_at(size_t within, uintptr_t offset)
{
    return (char *)rx_trampolines + within * RX_TRAMPOLINE_SIZE + offset;
}

static inline struct rx_cell *rx_cell_at(size_t within, uintptr_t offset)
{
    return (struct rx_cell *)((char *)(rx_cells + within) + offset);
}

static inline struct rx_record *rx_record_at(size_t within, uintptr_t offset)
{
    return (struct rx_record *)((char *)(rx_records + within) + offset);
}

static inline void *rx_code_of(uint32_t i)
{
    return rx_code_at(rx_chunk_within(i), rx_chunk_offset(i));
}

static inline struct rx_cell *rx_cell_of(uint32_t i)
{
    return rx_cell_at(rx_chunk_within(i), rx_chunk_offset(i));
}

static inline struct rx_record *rx_record_of(uint32_t i)
{
    return rx_record_at(rx_chunk_within(i), rx_chunk_offset(i));
}

/* ---- From an address to an index ---- */

/* The number in chunk 0 of the trampoline that starts at code, or whose cell holds p; RX_POOL_SIZE
 * or more if there is none. */
static inline uintptr_t rx_built_in_code(const void *code)
{
    uintptr_t distance = (uintptr_t)code - (uintptr_t)rx_trampolines;
    return distance % RX_TRAMPOLINE_SIZE == 0 ? distance / RX_TRAMPOLINE_SIZE : UINTPTR_MAX;
}

static inline uintptr_t rx_built_in_cell(const void *p)
{
    return ((uintptr_t)p - (uintptr_t)rx_cells) / RX_CELL_SIZE;
}

/* The index in any chunk; -1 if there is none. */
int64_t rx_index_of_code(const void *code);
int64_t rx_index_of_cell(const void *p);

/* ---- Making chunks ---- */

/* Is chunk n, 0 to RX_CHUNKS - 1, there? */
bool rx_chunk_is_there(uint32_t n);

/* Sees to it that it is there. False when it cannot be made at present. Lock-free: who comes second
 * drops his own. Keeps errno. */
bool rx_chunk_have(uint32_t n);

/* Puts a chunk somewhere, or takes away one that nobody knows. In grow.c. Returns its distance from
 * chunk 0, 0 if it cannot be. */
uintptr_t rx_grow(void);
void rx_ungrow(uintptr_t offset);

/* Bytes from the first trampoline of a chunk to the end of its last guard. */
extern RX_HIDDEN const char rx_chunk_end[];

static inline size_t rx_chunk_span(void)
{
    return (uintptr_t)rx_chunk_end - (uintptr_t)rx_trampolines;
}

/* A chunk begins at a multiple of this power of two, which no chunk is larger than. */
static inline unsigned rx_chunk_stride_log2(void)
{
    return 64 - __builtin_clzl(rx_chunk_span() - 1);
}

#endif
