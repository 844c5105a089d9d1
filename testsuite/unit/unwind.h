/* SPDX-License-Identifier: MIT
 *
 * unwind: what the tests in C++ share.
 */
#ifndef UNIT_UNWIND_H
#define UNIT_UNWIND_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "ffi.h"

typedef void handler(ffi_cif *, void *, void **, void *);

inline ffi_cif signature_in(ffi_abi abi, ffi_type *result, unsigned nargs, ffi_type **types)
{
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, abi, nargs, result, types);
    cr_assert(eq(int, status, FFI_OK));
    return cif;
}

inline ffi_cif signature(ffi_type *result, unsigned nargs, ffi_type **types)
{
    return signature_in(FFI_DEFAULT_ABI, result, nargs, types);
}

/* The code of a prepared closure, which lives until the test ends. */
inline void *callback(ffi_cif *cif, handler *fun, void *user_data)
{
    void *code = nullptr;
    auto closure = static_cast<ffi_closure *>(ffi_closure_alloc(sizeof(ffi_closure), &code));
    cr_assert(ne(ptr, closure, nullptr));
    ffi_status status = ffi_prep_closure_loc(closure, cif, fun, user_data, code);
    cr_assert(eq(int, status, FFI_OK));
    return code;
}

/* Counts the frames that were left properly. */
struct frame {
    static int left;
    ~frame()
    {
        left++;
    }
};

/* The number that function throws, -1 if it throws none. */
inline long caught_from(void (*function)())
{
    try {
        frame mine;
        function();
    } catch (long number) {
        return number;
    }
    return -1;
}

#endif
