/* SPDX-License-Identifier: MIT
 *
 * attributed: what the tests of closures with attributes share.
 */
#ifndef UNIT_ATTRIBUTED_H
#define UNIT_ATTRIBUTED_H

#include "pool_users.h"

#define ATTR(...) ((ffi_rx_closure_attr){.size = sizeof(ffi_rx_closure_attr), .flags = __VA_ARGS__})

static inline void on_enter(void *hook_data, int first)
{
    (void)hook_data;
    (void)first;
}

static inline void on_leave(void *hook_data)
{
    (void)hook_data;
}

/* All that may be around a handler that is called again. */
#define ATTR_EVERYTHING(its_queue)                                                                 \
    ((ffi_rx_closure_attr){.size = sizeof(ffi_rx_closure_attr),                                    \
                           .flags = FFI_RX_KEEP_ERRNO | FFI_RX_RETARGETABLE | FFI_RX_LONGJMP,      \
                           .enter = on_enter,                                                      \
                           .leave = on_leave,                                                      \
                           .queue = its_queue})

/* Flags, alone and together, that a handler does not notice. */
static const unsigned plain_flags[] = {0, FFI_RX_KEEP_ERRNO, FFI_RX_UNCOUNTED,
                                       FFI_RX_KEEP_ERRNO | FFI_RX_UNCOUNTED};

/* A closure with attributes, prepared or the test fails. */
static inline ffi_closure *attributed(ffi_cif *cif, handler *fun, void *user_data, void **code,
                                      const ffi_rx_closure_attr *attr)
{
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, code);
    cr_assert(ne(ptr, closure, NULL));
    ffi_status status = ffi_rx_prep_closure(closure, cif, fun, user_data, *code, attr);
    cr_assert(eq(int, status, FFI_OK));
    return closure;
}

#endif
