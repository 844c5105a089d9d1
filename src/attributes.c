/* SPDX-License-Identifier: MIT
 *
 * attributes: closures are prepared with attributes, and lose them.
 */
#include "attributes.h"
#include "fault.h"
#include "guard.h"
#include "hooks.h"
#include "queue.h"
#include "refuse.h"

#define KNOWN_FLAGS                                                                                \
    (FFI_RX_KEEP_ERRNO | FFI_RX_ONE_SHOT | FFI_RX_RETARGETABLE | FFI_RX_UNCOUNTED | FFI_RX_LONGJMP)

/* Is there anything in it that this library does not know? A program that was compiled with a newer
 * header has more, which is 0 if it is not used. */
static bool is_understood(const ffi_rx_closure_attr *attr)
{
    if (attr->size < sizeof *attr || (attr->flags & ~KNOWN_FLAGS) != 0)
        return false;
    if ((attr->flags & FFI_RX_LONGJMP) && !rx_guard_knows_jumps())
        return false;
    const char *bytes = (const char *)attr;
    for (size_t i = sizeof *attr; i < attr->size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* A one-shot closure is always counted: the end of its call is the end of it. */
static uint32_t flags_of(const ffi_rx_closure_attr *attr)
{
    bool uncounted = (attr->flags & (FFI_RX_UNCOUNTED | FFI_RX_ONE_SHOT)) == FFI_RX_UNCOUNTED;
    return uncounted ? attr->flags : attr->flags | RX_COUNTED;
}

static void set_flags(struct rx_attributes *a, uint32_t flags)
{
    __atomic_store_n(&a->flags, flags, __ATOMIC_RELAXED);
}

void rx_attributes_set_queue(struct rx_attributes *a, ffi_rx_queue *queue)
{
    ffi_rx_queue *before = a->queue;
    if (queue != NULL)
        rx_queue_hold(queue);
    a->queue = queue;
    if (before != NULL)
        rx_queue_drop(before);
}

ffi_status ffi_rx_prep_closure(ffi_closure *closure, ffi_cif *cif, handler *fun, void *user_data,
                               void *code, const ffi_rx_closure_attr *attr)
{
    if (attr == NULL)
        return ffi_prep_closure_loc(closure, cif, fun, user_data, code);
    ffi_status status = rx_check_preparation(closure, cif, fun, code);
    if (status != FFI_OK)
        return status;
    int64_t i = rx_index_of_code(code);
    if (i < 0 || !is_understood(attr)) {
        rx_refuse(FFI_RX_BAD_ARGUMENT);
        return FFI_BAD_ARGTYPE;
    }
    if (!rx_is_closure(rx_state(rx_record_of(i))))
        rx_fault_prepared_after_free(code);
    int hooks = rx_hooks_number(
        &(struct rx_hooks){attr->enter, attr->leave, attr->thread_exit, attr->hook_data});
    struct rx_attributes *a = hooks >= 0 ? rx_attributes_have(i) : NULL;
    if (a == NULL)
        return FFI_BAD_ARGTYPE;
    if (!rx_has_references(a))
        rx_fault_prepared_after_free(code);
    a->closure = closure;
    a->hooks = hooks;
    rx_targets_begin(&a->targets, (struct rx_target){fun, user_data});
    set_flags(a, flags_of(attr));
    rx_attributes_set_queue(a, attr->queue);
    rx_prepare(i, closure, cif, fun, user_data, true);
    return FFI_OK;
}

bool rx_attributes_prepare_plainly(uint32_t i, ffi_closure *closure)
{
    struct rx_attributes *a = rx_attributes_of(rx_record_of(i));
    if (!rx_has_references(a))
        rx_fault_prepared_after_free(rx_code_of(i));
    uint32_t counted = rx_attributes_flags(a) & RX_COUNTED;
    a->closure = closure;
    a->hooks = 0;
    set_flags(a, counted);
    rx_attributes_set_queue(a, NULL);
    return counted != 0;
}
