/* SPDX-License-Identifier: MIT
 *
 * chunk: which chunks there are, and in which of them an address is.
 *
 * A hash table says which chunk an address is in (chunk.h). It is open-addressed and only grows. A
 * chunk is in the table before any index of it is handed out: whoever finds a chunk that is there
 * sees to that, whether or not he was the one to make it; and not before it is certain that it is
 * this chunk, as an address that was dropped may come back. testsuite/models/chunk.pml has these
 * steps, and spin tries every order of them.
 */
#include "chunk.h"

uintptr_t rx_chunk_offsets[RX_CHUNKS];
uint64_t rx_chunk_slots[RX_CHUNK_SLOTS];
unsigned rx_chunk_stride_log2;

_Static_assert(RX_CHUNKS <= RX_CHUNK_SLOTS / 2, "there is always a free slot, and a near one");
_Static_assert(RX_CHUNKS <= 1 << 12, "a slot has room for the number");

static size_t stride(void)
{
    unsigned log2 = 64 - __builtin_clzl(rx_chunk_span() - 1);
    __atomic_store_n(&rx_chunk_stride_log2, log2, __ATOMIC_RELAXED);
    return (size_t)1 << log2;
}

static void enter(uintptr_t offset, uint32_t n)
{
    uint64_t tag = ((uintptr_t)rx_trampolines + offset) / stride();
    uint64_t wanted = tag << 12 | n;
    for (uint64_t probe = tag;; probe++) {
        uint64_t seen = 0;
        if (__atomic_compare_exchange_n(&rx_chunk_slots[probe % RX_CHUNK_SLOTS], &seen, wanted,
                                        false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            seen == wanted)
            return;
    }
}

bool rx_chunk_is_there(uint32_t n)
{
    if (n == 0)
        return true;
    uintptr_t offset = __atomic_load_n(&rx_chunk_offsets[n], __ATOMIC_ACQUIRE);
    if (offset == 0)
        return false;
    enter(offset, n);
    return true;
}

bool rx_chunk_have(uint32_t n)
{
    if (rx_chunk_is_there(n))
        return true;
    uintptr_t made = rx_grow(stride()), seen = 0;
    if (made == 0)
        return false;
    if (__atomic_compare_exchange_n(&rx_chunk_offsets[n], &seen, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        rx_seal_chunk(made);
    else
        rx_ungrow(made);
    return rx_chunk_is_there(n);
}
