/* SPDX-License-Identifier: MIT
 *
 * layout: where the members of a struct lie, and how large it is.
 *
 * The rule for a struct is that of both platforms (psABI 3.1.2 "Aggregates and Unions";
 * AAPCS64 5.9): a member lies at the next multiple of its alignment, a struct is aligned as its
 * most aligned member, and its size is a multiple of that. Whoever describes another layout sets
 * size and alignment himself.
 */
#include "layout.h"
#include "described.h"

static ffi_status complete(ffi_type *type, unsigned depth);

/* The result is worked out aside and written at the end: size is what tells other threads, and the
 * recursion itself, that a type is complete, so it is written last. */
static ffi_status lay_out(ffi_type *type, size_t *offsets, unsigned depth)
{
    if (depth == RX_MAX_NESTING || type->elements == NULL)
        return FFI_BAD_TYPEDEF;

    size_t end = 0;
    unsigned short align = 1;
    for (size_t i = 0; type->elements[i] != NULL; i++) {
        ffi_type *member = type->elements[i];
        ffi_status status = complete(member, depth + 1);
        if (status != FFI_OK)
            return status;
        unsigned short member_align = rx_type_align(member);
        if (member_align > align)
            align = member_align;
        size_t offset = rx_align_up(end, member_align);
        if (offset < end || __builtin_add_overflow(offset, rx_type_size(member), &end))
            return FFI_BAD_TYPEDEF;
        if (offsets != NULL)
            offsets[i] = offset;
    }
    size_t size = rx_align_up(end, align);
    if (size == 0 || size < end)
        return FFI_BAD_TYPEDEF;

    __atomic_store_n(&type->alignment, align, __ATOMIC_RELAXED);
    __atomic_store_n(&type->size, size, __ATOMIC_RELEASE);
    return FFI_OK;
}

static bool is_lane(const ffi_type *type)
{
    switch (type->type) {
    case FFI_TYPE_FLOAT:
    case FFI_TYPE_DOUBLE:
    case FFI_TYPE_UINT8:
    case FFI_TYPE_SINT8:
    case FFI_TYPE_UINT16:
    case FFI_TYPE_SINT16:
    case FFI_TYPE_UINT32:
    case FFI_TYPE_SINT32:
    case FFI_TYPE_UINT64:
    case FFI_TYPE_SINT64:
        return true;
    default:
        return false;
    }
}

/* A vector is nothing but its lanes, so they are looked at each time, and a size that was set is
 * believed only if it is theirs. */
static ffi_status lay_out_vector(ffi_type *type)
{
    ffi_type **lanes = type->elements;
    if (lanes == NULL || lanes[0] == NULL || !is_lane(lanes[0]))
        return FFI_BAD_TYPEDEF;
    size_t bytes = 0, size = 1;
    for (size_t i = 0; lanes[i] != NULL; i++)
        if (lanes[i]->type != lanes[0]->type ||
            __builtin_add_overflow(bytes, rx_type_size(lanes[0]), &bytes))
            return FFI_BAD_TYPEDEF;
    if (bytes == 0 || bytes > SIZE_MAX / 2)
        return FFI_BAD_TYPEDEF;
    while (size < bytes)
        size *= 2;
    unsigned short align = size < 16 ? size : 16;

    if (rx_type_size(type) != 0)
        return rx_type_size(type) == size && rx_type_align(type) == align ? FFI_OK
                                                                          : FFI_BAD_TYPEDEF;
    __atomic_store_n(&type->alignment, align, __ATOMIC_RELAXED);
    __atomic_store_n(&type->size, size, __ATOMIC_RELEASE);
    return FFI_OK;
}

static ffi_status complete(ffi_type *type, unsigned depth)
{
    if (type->type == FFI_TYPE_VECTOR)
        return lay_out_vector(type);
    if (rx_type_size(type) == 0) {
        if (type->type != FFI_TYPE_STRUCT)
            return FFI_BAD_TYPEDEF;
        ffi_status status = lay_out(type, NULL, depth);
        if (status != FFI_OK)
            return status;
    }
    bool known = rx_likely(type->type <= FFI_TYPE_LAST) || rx_is_described(type);
    return known && rx_is_power_of_two(rx_type_align(type)) ? FFI_OK : FFI_BAD_TYPEDEF;
}

ffi_status rx_layout_complete(ffi_type *type)
{
    return complete(type, 0);
}

ffi_status rx_layout_struct(ffi_type *type, size_t *offsets)
{
    return lay_out(type, offsets, 0);
}

ffi_status ffi_get_struct_offsets(ffi_abi abi, ffi_type *struct_type, size_t *offsets)
{
    if (!rx_is_abi(abi))
        return FFI_BAD_ABI;
    if (struct_type == NULL || struct_type->type != FFI_TYPE_STRUCT)
        return FFI_BAD_TYPEDEF;
    return rx_layout_struct(struct_type, offsets);
}
