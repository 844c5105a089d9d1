/* SPDX-License-Identifier: MIT
 *
 * attributed: what happens when C calls a closure that has attributes.
 *
 * Around the client's function is what was asked for: the call is counted, errno is kept. All of
 * that is undone in the opposite order when the function returns, or is left by an exception
 * (guard.h). What is needed afterwards is in the frame of the call: the closure may be gone by
 * then, unless the call is counted.
 */
#include "attributes.h"
#include "guard.h"

#include <errno.h>

struct call {
    struct rx_guard guard;
    struct rx_attributes *attributes;
    char *area;
    uint32_t flags;
    int error;    /* the caller's errno */
    unsigned ret; /* the plan's */
};

static inline struct call *call_of(struct rx_guard *guard)
{
    return (struct call *)guard;
}

static void run(struct rx_guard *guard)
{
    struct call *call = call_of(guard);
    const ffi_closure *closure = call->attributes->closure;
    call->ret = rx_run_target(closure->cif, closure->fun, closure->user_data, call->area);
}

static void leave(struct rx_guard *guard)
{
    const struct call *call = call_of(guard);
    if (call->flags & RX_COUNTED)
        rx_attributes_leave(call->attributes);
    if (call->flags & FFI_RX_KEEP_ERRNO)
        errno = call->error;
}

/* The closure may have got its attributes a moment ago, in another thread. The trampoline has read
 * the entry that was stored after them; reading it once more, or a later one, acquires them. */
static inline struct rx_attributes *attributes_of(void *cell)
{
    const struct rx_record *record = rx_record_of(rx_index_of_cell(cell));
    (void)__atomic_load_n(&record->entry, __ATOMIC_ACQUIRE);
    return rx_attributes_of(record);
}

unsigned rx_run_attributed(void *cell, char *area)
{
    struct rx_attributes *a = attributes_of(cell);
    struct call call = {
        .guard.cleanup = leave, .attributes = a, .area = area, .flags = rx_attributes_flags(a)};
    if (call.flags & FFI_RX_KEEP_ERRNO)
        call.error = errno;
    if (call.flags & FFI_RX_ONE_SHOT)
        rx_attributes_enter_once(a);
    else if (call.flags & RX_COUNTED)
        rx_attributes_enter(a);
    rx_guarded(run, &call.guard);
    leave(&call.guard);
    return call.ret;
}
