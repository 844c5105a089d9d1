/* SPDX-License-Identifier: MIT
 *
 * retarget: closures whose target changes while they are called.
 *
 * Why it is right; testsuite/models/retarget.pml has it step by step, and spin tries every order. A
 * writer makes the version odd, fills the place that is not read, and makes the version the next
 * even number: from then on that place is read. A reader takes the version without its lowest bit,
 * reads the place that it names, and looks whether it is still the same. The place of a version is
 * not written before the next version is there. So who has read anything of a later writer's finds
 * another version: he has acquired what that writer released with each word, the version before
 * included. The version is wrong only if it goes round, 2^31 changes later, to the unit, in
 * between.
 *
 * Nobody waits. A reader tries again only if there is a new version. A signal handler that has
 * interrupted a writer reads the version before; who finds a writer at work is told so.
 */
#include "attributes.h"

#include <errno.h>

static void store(struct rx_target *place, struct rx_target target)
{
    __atomic_store_n(&place->fun, target.fun, __ATOMIC_RELEASE);
    __atomic_store_n(&place->user_data, target.user_data, __ATOMIC_RELEASE);
}

void rx_targets_begin(struct rx_targets *targets, struct rx_target first)
{
    store(&targets->place[0], first);
    __atomic_store_n(&targets->version, 0, __ATOMIC_RELEASE);
}

int rx_targets_set(struct rx_targets *targets, struct rx_target next)
{
    uint32_t version = __atomic_load_n(&targets->version, __ATOMIC_RELAXED) & ~1u;
    if (!__atomic_compare_exchange_n(&targets->version, &version, version | 1, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return -EBUSY;
    store(&targets->place[((version >> 1) + 1) & 1], next);
    __atomic_store_n(&targets->version, version + 2, __ATOMIC_RELEASE);
    return 0;
}

struct rx_target rx_targets_get(const struct rx_targets *targets)
{
    uint32_t now = __atomic_load_n(&targets->version, __ATOMIC_ACQUIRE) & ~1u, before;
    struct rx_target found;
    do {
        before = now;
        const struct rx_target *place = &targets->place[(before >> 1) & 1];
        found.fun = __atomic_load_n(&place->fun, __ATOMIC_ACQUIRE);
        found.user_data = __atomic_load_n(&place->user_data, __ATOMIC_ACQUIRE);
        now = __atomic_load_n(&targets->version, __ATOMIC_ACQUIRE) & ~1u;
    } while (rx_unlikely(now != before));
    return found;
}

int ffi_rx_closure_retarget(ffi_closure *closure, handler *fun, void *user_data)
{
    int64_t i = closure != NULL && fun != NULL ? rx_index_of_closure(closure) : -1;
    if (i < 0 || !rx_has_attributes(rx_state(rx_record_of(i))))
        return -EINVAL;
    struct rx_attributes *a = rx_attributes_of(rx_record_of(i));
    if (!(rx_attributes_flags(a) & FFI_RX_RETARGETABLE))
        return -EINVAL;
    int error = rx_targets_set(&a->targets, (struct rx_target){fun, user_data});
    if (error == 0) {
        /* For who looks at the closure; calls do not. */
        __atomic_store_n(&a->closure->fun, fun, __ATOMIC_RELAXED);
        __atomic_store_n(&a->closure->user_data, user_data, __ATOMIC_RELAXED);
    }
    return error;
}
