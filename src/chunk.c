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
#include "refuse.h"

uintptr_t rx_chunk_offsets[RX_CHUNKS];
uint64_t rx_chunk_slots[RX_CHUNK_SLOTS];

_Static_assert(RX_CHUNKS <= 1 << 12, "a slot has room for the number");

/* A chunk takes more than one granule only in a program with much data that the library is linked
 * into. */
static size_t granules(void)
{
    return (rx_chunk_span() + RX_GRANULE - 1) / RX_GRANULE;
}

static void enter_granule(uint64_t granule, uint32_t n)
{
    uint64_t wanted = granule << 12 | n;
    for (uint64_t probe = granule;; probe++) {
        uint64_t seen = 0;
        if (__atomic_compare_exchange_n(&rx_chunk_slots[probe % RX_CHUNK_SLOTS], &seen, wanted,
                                        false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            seen == wanted)
            return;
    }
}

static void enter(uintptr_t offset, uint32_t n)
{
    uint64_t first = ((uintptr_t)rx_trampolines + offset) >> RX_GRANULE_LOG2;
    for (size_t i = 0; i < granules(); i++)
        enter_granule(first + i, n);
}

bool rx_chunk_is_there(uint32_t n)
{
    if (n == 0)
        return true;
    if (n >= RX_CHUNKS)
        return false;
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
    /* Half of the slots stay free, so that a free one is always near. */
    if (n >= RX_CHUNKS || n * granules() > RX_CHUNK_SLOTS / 2) {
        rx_why_not = FFI_RX_FULL;
        return false;
    }
    uintptr_t made = rx_grow(), seen = 0;
    if (made == 0)
        return false;
    if (__atomic_compare_exchange_n(&rx_chunk_offsets[n], &seen, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        rx_seal_chunk(made);
    else
        rx_ungrow(made);
    return rx_chunk_is_there(n);
}
