/* SPDX-License-Identifier: MIT
 *
 * raw: calls and closures whose arguments are packed into an array of words.
 *
 * The packing: each argument begins at a word and takes as many as its size needs; an integer is
 * widened to a word; of a struct, a complex value or a vector
 * the word is its address. Both supported
 * architectures are little-endian, so a pointer to a word is a pointer to the value in it.
 */
#include "raw.h"

#include <string.h>

static bool is_by_address(const ffi_type *type)
{
    return rx_type_is_aggregate(type);
}

static size_t words_of(const ffi_type *type)
{
    return is_by_address(type) ? 1 : rx_align_up(type->size, sizeof(ffi_raw)) / sizeof(ffi_raw);
}

size_t ffi_raw_size(ffi_cif *cif)
{
    size_t words = 0;
    for (unsigned i = 0; i < cif->nargs; i++)
        words += words_of(cif->arg_types[i]);
    return words * sizeof(ffi_raw);
}

void ffi_raw_to_ptrarray(ffi_cif *cif, ffi_raw *raw, void **args)
{
    for (unsigned i = 0; i < cif->nargs; i++) {
        const ffi_type *type = cif->arg_types[i];
        args[i] = is_by_address(type) ? raw->ptr : raw;
        raw += words_of(type);
    }
}

bool rx_raw_widen(ffi_raw *raw, const ffi_type *type, const void *value)
{
    switch (type->type) {
    case FFI_TYPE_UINT8:
        raw->uint = *(const uint8_t *)value;
        return true;
    case FFI_TYPE_SINT8:
        raw->sint = *(const int8_t *)value;
        return true;
    case FFI_TYPE_UINT16:
        raw->uint = *(const uint16_t *)value;
        return true;
    case FFI_TYPE_SINT16:
        raw->sint = *(const int16_t *)value;
        return true;
    case FFI_TYPE_UINT32:
        raw->uint = *(const uint32_t *)value;
        return true;
    case FFI_TYPE_INT:
    case FFI_TYPE_SINT32:
        raw->sint = *(const int32_t *)value;
        return true;
    default:
        return false;
    }
}

void ffi_ptrarray_to_raw(ffi_cif *cif, void **args, ffi_raw *raw)
{
    for (unsigned i = 0; i < cif->nargs; i++) {
        const ffi_type *type = cif->arg_types[i];
        if (is_by_address(type))
            raw->ptr = args[i];
        else if (!rx_raw_widen(raw, type, args[i]))
            memcpy(raw, args[i], type->size);
        raw += words_of(type);
    }
}

void ffi_raw_call(ffi_cif *cif, void (*fn)(void), void *rvalue, ffi_raw *avalue)
{
    void **args = __builtin_alloca(cif->nargs * sizeof *args);
    ffi_raw_to_ptrarray(cif, avalue, args);
    ffi_call(cif, fn, rvalue, args);
}

/* ---- Closures ---- */

/* The handler of the closure proper: packs the arguments for the client's. */
static void translate(ffi_cif *cif, void *rvalue, void **avalue, void *user_data)
{
    ffi_raw_closure *closure = user_data;
    ffi_raw *raw = __builtin_alloca(ffi_raw_size(cif));
    ffi_ptrarray_to_raw(cif, avalue, raw);
    closure->fun(cif, rvalue, raw, closure->user_data);
}

ffi_status ffi_prep_raw_closure_loc(ffi_raw_closure *closure, ffi_cif *cif,
                                    void (*fun)(ffi_cif *, void *, ffi_raw *, void *),
                                    void *user_data, void *codeloc)
{
    return rx_raw_prepare(closure, cif, translate, fun, user_data, codeloc);
}

ffi_status ffi_prep_raw_closure(ffi_raw_closure *closure, ffi_cif *cif,
                                void (*fun)(ffi_cif *, void *, ffi_raw *, void *), void *user_data)
{
    return ffi_prep_raw_closure_loc(closure, cif, fun, user_data, closure);
}

/* A raw closure begins as a closure does; what it passes to its translator as user_data is itself.
 */
_Static_assert(offsetof(ffi_raw_closure, cif) == offsetof(ffi_closure, cif) &&
                   offsetof(ffi_raw_closure, translate_args) == offsetof(ffi_closure, fun) &&
                   offsetof(ffi_raw_closure, this_closure) == offsetof(ffi_closure, user_data) &&
                   sizeof(ffi_raw_closure) == sizeof(ffi_java_raw_closure),
               "ffi_raw_closure begins as ffi_closure does");

ffi_status rx_raw_prepare(ffi_raw_closure *closure, ffi_cif *cif,
                          void (*translator)(ffi_cif *, void *, void **, void *),
                          void (*fun)(ffi_cif *, void *, ffi_raw *, void *), void *user_data,
                          void *codeloc)
{
    if (closure == NULL || fun == NULL)
        return FFI_BAD_TYPEDEF;
    closure->fun = fun;
    closure->user_data = user_data;
    return ffi_prep_closure_loc((ffi_closure *)closure, cif, translator, closure, codeloc);
}
