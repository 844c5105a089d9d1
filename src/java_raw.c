/* SPDX-License-Identifier: MIT
 *
 * java_raw: packed arguments as a Java virtual machine has them on its stack.
 *
 * As raw, but a 64-bit integer or a double takes two words, with the value in the first, and there
 * are no structs.
 */
#include "fault.h"
#include "raw.h"

#include <string.h>

static size_t words_of(const ffi_type *type)
{
    switch (type->type) {
    case FFI_TYPE_UINT64:
    case FFI_TYPE_SINT64:
    case FFI_TYPE_DOUBLE:
        return 2;
    case FFI_TYPE_STRUCT:
    case FFI_TYPE_COMPLEX:
    case FFI_TYPE_VECTOR:
    case RX_TYPE_DESCRIBED:
        rx_fault_java_aggregate();
    default:
        return rx_align_up(type->size, sizeof(ffi_java_raw)) / sizeof(ffi_java_raw);
    }
}

size_t ffi_java_raw_size(ffi_cif *cif)
{
    size_t words = 0;
    for (unsigned i = 0; i < cif->nargs; i++)
        words += words_of(cif->arg_types[i]);
    return words * sizeof(ffi_java_raw);
}

void ffi_java_raw_to_ptrarray(ffi_cif *cif, ffi_java_raw *raw, void **args)
{
    for (unsigned i = 0; i < cif->nargs; i++) {
        args[i] = raw;
        raw += words_of(cif->arg_types[i]);
    }
}

void ffi_java_ptrarray_to_raw(ffi_cif *cif, void **args, ffi_java_raw *raw)
{
    for (unsigned i = 0; i < cif->nargs; i++) {
        const ffi_type *type = cif->arg_types[i];
        size_t words = words_of(type);
        if (!rx_raw_widen(raw, type, args[i]))
            memcpy(raw, args[i], type->size);
        raw += words;
    }
}

void ffi_java_raw_call(ffi_cif *cif, void (*fn)(void), void *rvalue, ffi_java_raw *avalue)
{
    void **args = __builtin_alloca(cif->nargs * sizeof *args);
    ffi_java_raw_to_ptrarray(cif, avalue, args);
    ffi_call(cif, fn, rvalue, args);
}

/* ---- Closures ---- */

static void translate(ffi_cif *cif, void *rvalue, void **avalue, void *user_data)
{
    ffi_java_raw_closure *closure = user_data;
    ffi_java_raw *raw = __builtin_alloca(ffi_java_raw_size(cif));
    ffi_java_ptrarray_to_raw(cif, avalue, raw);
    closure->fun(cif, rvalue, raw, closure->user_data);
}

ffi_status ffi_prep_java_raw_closure_loc(ffi_java_raw_closure *closure, ffi_cif *cif,
                                         void (*fun)(ffi_cif *, void *, ffi_java_raw *, void *),
                                         void *user_data, void *codeloc)
{
    return rx_raw_prepare((ffi_raw_closure *)closure, cif, translate, fun, user_data, codeloc);
}

ffi_status ffi_prep_java_raw_closure(ffi_java_raw_closure *closure, ffi_cif *cif,
                                     void (*fun)(ffi_cif *, void *, ffi_java_raw *, void *),
                                     void *user_data)
{
    return ffi_prep_java_raw_closure_loc(closure, cif, fun, user_data, closure);
}
