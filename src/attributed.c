/* SPDX-License-Identifier: MIT
 *
 * attributed: what happens when C calls a closure that has attributes.
 *
 * Around the client's function is what was asked for: the call is counted, errno is kept, hooks
 * run. All of that is undone in the opposite order when the function returns, or is left by an
 * exception (guard.h). What is needed afterwards is in the frame of the call: the closure may be
 * gone by then, unless the call is counted.
 */
#include "attributes.h"
#include "guard.h"
#include "hooks.h"
#include "queue.h"

#include <errno.h>

struct call {
    struct rx_guard guard;
    struct rx_attributes *attributes;
    char *area;
    uint32_t flags;
    uint32_t hooks;
    bool entered; /* the hooks */
    int error;    /* errno, before */
    unsigned ret; /* the plan's */
};

static inline struct call *call_of(struct rx_guard *guard)
{
    return (struct call *)guard;
}

/* What a call has of before or of after ffi_rx_closure_retarget, it has of that alone. It is looked
 * at when the hooks have been entered: a run-time that moves what it calls does so under the lock
 * that `enter` takes. */
static inline struct rx_target target_of(const struct call *call)
{
    const struct rx_attributes *a = call->attributes;
    if (call->flags & FFI_RX_RETARGETABLE)
        return rx_targets_get(&a->targets);
    return (struct rx_target){a->closure->fun, a->closure->user_data};
}

static void run(struct rx_guard *guard)
{
    struct call *call = call_of(guard);
    ffi_cif *cif = call->attributes->closure->cif;
    if (call->hooks != 0) {
        rx_hooks_enter(call->hooks);
        call->entered = true;
    }
    struct rx_target target = target_of(call);
    call->ret = rx_run_target(cif, target.fun, target.user_data, call->area);
}

static void run_guarded(struct call *call)
{
    if (call->flags & FFI_RX_LONGJMP)
        rx_guarded_from_jumps(run, &call->guard);
    else
        rx_guarded(run, &call->guard);
}

/* What is around the client's function, in the thread that it runs in. */
static void begin(struct call *call)
{
    if (call->flags & FFI_RX_KEEP_ERRNO)
        call->error = errno;
}

static void leave_hooks(const struct call *call)
{
    if (call->entered)
        rx_hooks_leave(call->hooks);
}

static void restore_errno(const struct call *call)
{
    if (call->flags & FFI_RX_KEEP_ERRNO)
        errno = call->error;
}

/* And around that, in the thread that calls: the call is counted. */
static void enter(const struct call *call)
{
    if (call->flags & FFI_RX_ONE_SHOT)
        rx_attributes_enter_once(call->attributes);
    else if (call->flags & RX_COUNTED)
        rx_attributes_enter(call->attributes);
}

static void leave(const struct call *call)
{
    if (call->flags & RX_COUNTED)
        rx_attributes_leave(call->attributes);
}

/* ---- By whoever calls: both in one frame ---- */

static void end_and_leave(struct rx_guard *guard)
{
    const struct call *call = call_of(guard);
    leave_hooks(call);
    leave(call);
    restore_errno(call);
}

static void run_here(struct call *call)
{
    call->guard.cleanup = end_and_leave;
    begin(call);
    run_guarded(call);
    end_and_leave(&call->guard);
}

/* ---- By the owner of a queue ---- */

struct passing {
    struct rx_guard guard;
    struct call *call;
};

static void end(struct rx_guard *guard)
{
    leave_hooks(call_of(guard));
    restore_errno(call_of(guard));
}

static void make(void *arg)
{
    struct call *call = arg;
    call->guard.cleanup = end;
    begin(call);
    run_guarded(call);
    end(&call->guard);
}

static void give_zeros(ffi_cif *cif, void *result, void **args, void *unused)
{
    (void)args;
    (void)unused;
    rx_zero_result(cif, result);
}

static void pass(struct rx_guard *guard)
{
    struct call *call = ((struct passing *)guard)->call;
    ffi_cif *cif = call->attributes->closure->cif;
    if (rx_queue_do(call->attributes->queue, make, call) != 0)
        call->ret = rx_run_target(cif, give_zeros, NULL, call->area);
}

static void has_passed(struct rx_guard *guard)
{
    leave(((struct passing *)guard)->call);
}

static void run_by_queue(struct call *call)
{
    struct passing passing = {.guard.cleanup = has_passed, .call = call};
    rx_guarded(pass, &passing.guard);
    has_passed(&passing.guard);
}

/* ---- */

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
        .attributes = a, .area = area, .flags = rx_attributes_flags(a), .hooks = a->hooks};
    enter(&call);
    if (a->queue != NULL)
        run_by_queue(&call);
    else
        run_here(&call);
    return call.ret;
}
