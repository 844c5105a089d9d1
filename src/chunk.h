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
 * On both sides of records and of cells is a page that nobody uses; in chunks that are added, it is
 * a guard. A trampoline is known by an index: the number of its chunk above RX_CHUNK_BITS, and its
 * own in the chunk below. Chunks are never taken away, since a function pointer into one may be
 * anywhere.
 */
#ifndef RX_CHUNK_H
#define RX_CHUNK_H

#include "arch.h"

/* What the library keeps of a trampoline. */
struct rx_record {
    rx_entry *entry; /* where it jumps */
    union {
        struct {
            uint32_t next;  /* on the shared list: the next index + 1; with attributes: theirs */
            uint16_t place; /* of the plan that it was prepared with last, for messages; or 0 */
            uint16_t state; /* whose it is: pool.h's */
        };
        uint64_t rest; /* all of that at once */
    };
};
_Static_assert(sizeof(struct rx_record) == RX_RECORD_SIZE, "trampolines know the size");

extern RX_HIDDEN struct rx_record rx_records[];

#define RX_CHUNK_BITS 20
#define RX_CHUNKS 4095
_Static_assert(RX_POOL_SIZE <= 1 << RX_CHUNK_BITS, "an index has room for it");

/* How far chunk n lies from chunk 0; 0 if it is not there. Set once. */
extern RX_HIDDEN uintptr_t rx_chunk_offsets[RX_CHUNKS];

static inline uintptr_t rx_chunk_offset_of(uint32_t n)
{
    return __atomic_load_n(&rx_chunk_offsets[n], __ATOMIC_RELAXED);
}

static inline uintptr_t rx_chunk_offset(uint32_t i)
{
    return rx_chunk_offset_of(i >> RX_CHUNK_BITS);
}

static inline size_t rx_chunk_within(uint32_t i)
{
    return i & ((1 << RX_CHUNK_BITS) - 1);
}

/* Bytes from the first trampoline of a chunk to the end of its last guard. */
extern RX_HIDDEN const char rx_chunk_end[];

static inline size_t rx_chunk_span(void)
{
    return (uintptr_t)rx_chunk_end - (uintptr_t)rx_trampolines;
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

/* How far code is behind the first trampoline, or p behind the first cell, of the chunk at offset.
 * In the chunk, if that is less than the size of the part. */
static inline uintptr_t rx_code_distance(const void *code, uintptr_t offset)
{
    return (uintptr_t)code - (uintptr_t)rx_trampolines - offset;
}

static inline uintptr_t rx_cell_distance(const void *p, uintptr_t offset)
{
    return (uintptr_t)p - (uintptr_t)rx_cells - offset;
}

#define RX_CODE_SIZE ((size_t)RX_POOL_SIZE * RX_TRAMPOLINE_SIZE)
#define RX_CELLS_SIZE ((size_t)RX_POOL_SIZE * RX_CELL_SIZE)

/* From there to the other parts, which are in proportion. */
_Static_assert(RX_CELL_SIZE % RX_TRAMPOLINE_SIZE == 0 && RX_CELL_SIZE % RX_RECORD_SIZE == 0 &&
                   RX_TRAMPOLINE_SIZE % RX_RECORD_SIZE == 0,
               "the proportions are whole");

static inline struct rx_cell *rx_cell_by_code(uintptr_t distance, uintptr_t offset)
{
    uintptr_t cells = (uintptr_t)rx_cells + offset;
    return (struct rx_cell *)(cells + distance * (RX_CELL_SIZE / RX_TRAMPOLINE_SIZE));
}

static inline struct rx_record *rx_record_by_code(uintptr_t distance, uintptr_t offset)
{
    uintptr_t records = (uintptr_t)rx_records + offset;
    return (struct rx_record *)(records + distance / (RX_TRAMPOLINE_SIZE / RX_RECORD_SIZE));
}

static inline struct rx_record *rx_record_by_cell(uintptr_t distance, uintptr_t offset)
{
    uintptr_t records = (uintptr_t)rx_records + offset;
    return (struct rx_record *)(records + distance / (RX_CELL_SIZE / RX_RECORD_SIZE));
}

/* A chunk begins at a multiple of a granule, and nearly always fits into one. A hash table says
 * which chunk is in a granule: a slot is 0, or the granule's number above 12 bits for that of the
 * chunk. */
#define RX_GRANULE_LOG2 24
#define RX_GRANULE ((size_t)1 << RX_GRANULE_LOG2)
#define RX_CHUNK_SLOTS 8192
extern RX_HIDDEN uint64_t rx_chunk_slots[RX_CHUNK_SLOTS];

/* The number of the chunk that p may be in, 0 if there is no other. The library itself may lie in
 * the granule of a chunk. */
static inline uint32_t rx_chunk_of(const void *p)
{
    if ((uintptr_t)p - (uintptr_t)rx_trampolines < rx_chunk_span())
        return 0;
    uint64_t granule = (uintptr_t)p >> RX_GRANULE_LOG2;
    for (uint64_t probe = granule;; probe++) {
        uint64_t seen = __atomic_load_n(&rx_chunk_slots[probe % RX_CHUNK_SLOTS], __ATOMIC_ACQUIRE);
        if (rx_likely(seen >> 12 == granule))
            return seen & 0xfff;
        if (seen == 0)
            return 0;
    }
}

/* The index of the trampoline that starts at code, or in whose cell p is; -1 if there is none. */
static inline int64_t rx_index_of_code(const void *code)
{
    uint32_t n = rx_chunk_of(code);
    uintptr_t distance = rx_code_distance(code, rx_chunk_offset_of(n));
    if (distance >= RX_CODE_SIZE || distance % RX_TRAMPOLINE_SIZE != 0)
        return -1;
    return n << RX_CHUNK_BITS | distance / RX_TRAMPOLINE_SIZE;
}

static inline int64_t rx_index_of_cell(const void *p)
{
    uint32_t n = rx_chunk_of(p);
    uintptr_t distance = rx_cell_distance(p, rx_chunk_offset_of(n));
    return distance < RX_CELLS_SIZE ? (int64_t)(n << RX_CHUNK_BITS | distance / RX_CELL_SIZE) : -1;
}

/* The index of the trampoline whose record this is. */
static inline uint32_t rx_index_of_record(const struct rx_record *record)
{
    uint32_t n = rx_chunk_of(record);
    uintptr_t first = (uintptr_t)rx_records + rx_chunk_offset_of(n);
    return n << RX_CHUNK_BITS | ((uintptr_t)record - first) / RX_RECORD_SIZE;
}

/* ---- Making chunks ---- */

/* Is chunk n there? No more than RX_CHUNKS can be. */
bool rx_chunk_is_there(uint32_t n);

/* Sees to it that it is there. False when it cannot be made at present; rx_why_not then says why.
 * Lock-free: who comes second drops his own. Keeps errno. */
bool rx_chunk_have(uint32_t n);

/* Puts a chunk somewhere at a multiple of a granule, or takes away one that nobody knows. In
 * grow.c. Returns its distance from chunk 0, 0 if it cannot be; rx_why_not then says why. */
uintptr_t rx_grow(void);
void rx_ungrow(uintptr_t offset);

/* Sets a second view of the code aside, from which chunks are shown from then on: the first is
 * about to be sealed. Called once, before main. */
void rx_grow_set_aside(void);

/* Seals the code of a chunk that is there, if the library is sealed. In seal.c. */
#ifdef RX_MSEAL
void rx_seal_chunk(uintptr_t offset);
#else
static inline void rx_seal_chunk(uintptr_t offset)
{
    (void)offset;
}
#endif

#endif
