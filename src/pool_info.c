/* SPDX-License-Identifier: MIT
 *
 * pool_info: what a program may know of the pool, and decide.
 */
#include "pool.h"
#include "stock.h"
#include "tally.h"

#include <errno.h>
#include <string.h>

/* ---- Asking ---- */

struct count {
    size_t live;
    size_t freed;
};

static bool count(uint32_t i, void *data)
{
    struct count *count = data;
    const struct rx_record *record = rx_record_of(i);
    unsigned state = rx_state(record);
    count->live += rx_is_closure(state);
    count->freed += rx_is_free(state) && rx_was_used(record);
    return true;
}

static size_t chunks(void)
{
    uint32_t n = 1;
    while (rx_chunk_is_there(n))
        n++;
    return n;
}

int ffi_rx_pool_query(ffi_rx_pool_info *info)
{
    if (info == NULL || info->size < sizeof *info)
        return -EINVAL;
    struct count now = {0, 0};
    size_t freed = rx_pool_freed();
    rx_stock_each(count, &now);
    size_t peak = rx_tally_read(&rx_tally.peak);
    *info = (ffi_rx_pool_info){
        .size = info->size,
        .builtin = RX_POOL_SIZE,
        .capacity = chunks() * RX_POOL_SIZE,
        .live = now.live,
        .peak = peak > now.live ? peak : now.live,
        .quarantined = now.freed,
        .chunks = chunks() - 1,
        .limit = rx_tally_read(&rx_tally.limit),
        .allocations = freed + now.live,
        .refusals = rx_tally_read(&rx_tally.refused),
    };
    return 0;
}

/* ---- Deciding ---- */

int ffi_rx_pool_reserve(size_t n)
{
    switch (rx_stock_reserve(n)) {
    case FFI_RX_NO_ERROR:
        return 0;
    case FFI_RX_FULL:
        return -ENOSPC;
    case FFI_RX_NO_VIEW:
        return -EPERM;
    default:
        return -ENOMEM;
    }
}

int ffi_rx_pool_set_limit(size_t n)
{
    __atomic_store_n(&rx_tally.limit, n, __ATOMIC_RELAXED);
    rx_pool_see_limit();
    return 0;
}
