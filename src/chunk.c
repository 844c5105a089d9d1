/* SPDX-License-Identifier: MIT
 *
 * chunk: which chunks there are, and in which of them an address is.
 *
 * A chunk begins at a multiple of a power of two and is no longer than that, so the upper bits of
 * an address name the only chunk that it can be in; a hash table of those says whether there is
 * one. It is open-addressed and only grows. A chunk is in the table before any index of it is
 * handed out: whoever finds a chunk that is there sees to that, whether or not he was the one to
 * make it.
 */
#include "chunk.h"

uintptr_t rx_chunk_offsets[RX_CHUNKS];

/* ---- The table: the tag of an address above 12 bits for the number ---- */

#define SLOTS 8192
_Static_assert(RX_CHUNKS < SLOTS / 2 + 1 && RX_CHUNKS < 1 << 12, "there is always a free slot");

static uint64_t slots[SLOTS];

static uint64_t tag_of(const void *p)
{
    return (uintptr_t)p >> rx_chunk_stride_log2();
}

static void enter(uint64_t tag, uint32_t n)
{
    uint64_t wanted = tag << 12 | n;
    for (uint64_t probe = tag;; probe++) {
        uint64_t seen = 0;
        if (__atomic_compare_exchange_n(&slots[probe % SLOTS], &seen, wanted, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            seen == wanted)
            return;
    }
}

/* The number of the chunk that p may be in, 0 if there is none. */
static uint32_t find(const void *p)
{
    uint64_t tag = tag_of(p);
    for (uint64_t probe = tag;; probe++) {
        uint64_t seen = __atomic_load_n(&slots[probe % SLOTS], __ATOMIC_ACQUIRE);
        if (seen == 0 || seen >> 12 == tag)
            return seen & 0xfff;
    }
}

/* ---- What others ask ---- */

int64_t rx_index_of_code(const void *code)
{
    uint32_t n = find(code);
    uintptr_t i = rx_built_in_code((const char *)code - rx_chunk_offsets[n]);
    return i < RX_POOL_SIZE ? (int64_t)(i | (uint64_t)n << RX_CHUNK_BITS) : -1;
}

int64_t rx_index_of_cell(const void *p)
{
    uint32_t n = find(p);
    uintptr_t i = rx_built_in_cell((const char *)p - rx_chunk_offsets[n]);
    return i < RX_POOL_SIZE ? (int64_t)(i | (uint64_t)n << RX_CHUNK_BITS) : -1;
}

bool rx_chunk_is_there(uint32_t n)
{
    if (n == 0)
        return true;
    uintptr_t offset = __atomic_load_n(&rx_chunk_offsets[n], __ATOMIC_ACQUIRE);
    if (offset == 0)
        return false;
    enter(tag_of(rx_trampolines + offset), n);
    return true;
}

bool rx_chunk_have(uint32_t n)
{
    if (rx_chunk_is_there(n))
        return true;
    uintptr_t made = rx_grow(), seen = 0;
    if (made == 0)
        return false;
    if (!__atomic_compare_exchange_n(&rx_chunk_offsets[n], &seen, made, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        rx_ungrow(made);
    return rx_chunk_is_there(n);
}
