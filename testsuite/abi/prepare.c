/* SPDX-License-Identifier: MIT
 *
 * prepare: has the library prepare a signature, and compares layouts.
 */
#include "scene.h"

#include <ffi_rx.h>

/* What could not be made is left with a size of 0, and so fails where it is used. */
void described(struct type *type, ffi_type *copy, ffi_type *made)
{
    if (made == NULL)
        return;
    *copy = *made;
    type->ffi = made;
}

size_t first_bit(const void *object, size_t size)
{
    const unsigned char *bytes = object;
    for (size_t bit = 0; bit < 8 * size; bit++)
        if (bytes[bit / 8] >> bit % 8 & 1)
            return bit;
    return UNKNOWN_PLACE;
}

/* Another library does not have it. */
#pragma weak ffi_rx_struct_layout

static void check_places(const struct type *type)
{
    static size_t places[LARGEST_TYPE];
    if (ffi_rx_struct_layout(type->ffi, places) != 0)
        fail("ffi_rx_struct_layout refuses");
    for (unsigned i = 0; i < type->place_count; i++)
        if (type->places[i] != UNKNOWN_PLACE && places[i] != type->places[i])
            fail("member %u begins at bit %zu instead of %zu", i, places[i], type->places[i]);
}

/* Does the library find the layout that the compiler has? */
static void check_layout(const struct type *type)
{
    if (type->ffi->size != type->size || type->ffi->alignment != type->align)
        fail("a struct of size %zu, alignment %zu is laid out with %zu, %u", type->size,
             type->align, type->ffi->size, type->ffi->alignment);
    if (type->places != NULL)
        check_places(type);
    if (type->offsets == NULL)
        return;
    static size_t offsets[LARGEST_TYPE];
    ffi_type copy = *type->ffi;
    if (ffi_get_struct_offsets(now.s->abi, &copy, offsets) != FFI_OK)
        fail("ffi_get_struct_offsets refuses");
    for (unsigned i = 0; i < type->offset_count; i++)
        if (offsets[i] != type->offsets[i])
            fail("offset of member %u is %zu instead of %zu", i, offsets[i], type->offsets[i]);
}

/* A type is what it says, wherever it lies: at random, a copy stands for it. */
static ffi_type *said(const struct type *type, ffi_type *copy)
{
    if (type == NULL)
        return &ffi_type_void;
    if (!random_one_in(4) || type->ffi->size == 0)
        return type->ffi;
    *copy = *type->ffi;
    return copy;
}

bool prepare(ffi_cif *cif, ffi_type **types, ffi_type *copies)
{
    const struct signature *s = now.s;
    now.stage = "preparation";
    for (unsigned i = 0; i < s->nargs; i++)
        types[i] = said(s->args[i], &copies[i]);
    ffi_type *result = said(s->result, &copies[s->nargs]);
    ffi_status status = s->nfixed < 0
                            ? ffi_prep_cif(cif, s->abi, s->nargs, result, types)
                            : ffi_prep_cif_var(cif, s->abi, s->nfixed, s->nargs, result, types);
    if (status != FFI_OK) {
        fail("status %d", status);
        return false;
    }
    for (unsigned i = 0; i < s->nargs; i++)
        check_layout(s->args[i]);
    if (s->result != NULL)
        check_layout(s->result);
    return true;
}
