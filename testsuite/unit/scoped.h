/* SPDX-License-Identifier: MIT
 *
 * scoped: what the tests of scopes share.
 */
#ifndef UNIT_SCOPED_H
#define UNIT_SCOPED_H

#include "life.h"

/* ---- Closures of a scope, prepared or the test fails ---- */

static inline ffi_closure *scoped(ffi_rx_scope *scope, size_t size, void **code)
{
    ffi_closure *closure = ffi_rx_scope_closure_alloc(scope, size, code);
    cr_assert(ne(ptr, closure, NULL));
    ffi_status status = ffi_prep_closure_loc(closure, pointer_of_pointer(), give_back, NULL, *code);
    cr_assert(eq(int, status, FFI_OK));
    return closure;
}

static inline ffi_closure *plain_in(ffi_rx_scope *scope, void **code)
{
    return scoped(scope, sizeof(ffi_closure), code);
}

static inline ffi_closure *attributed_in(ffi_rx_scope *scope, handler *fun, void **code,
                                         unsigned flags)
{
    ffi_closure *closure = ffi_rx_scope_closure_alloc(scope, sizeof *closure, code);
    cr_assert(ne(ptr, closure, NULL));
    ffi_status status =
        ffi_rx_prep_closure(closure, pointer_of_pointer(), fun, NULL, *code, &ATTR(flags));
    cr_assert(eq(int, status, FFI_OK));
    return closure;
}

static inline void expect_works(void *code)
{
    cr_expect(eq(ptr, ((function *)code)(code), code));
}

static inline void expect_freed(void *code)
{
    expect_fault(call_it, code, "call of a closure after ffi_closure_free");
}

#endif
