/* SPDX-License-Identifier: MIT
 *
 * class: the words of the scalar types, and the way to the architecture for the others.
 */
#include "class.h"
#include "arch.h"
#include "described.h"
#include "layout.h"

#define SCALAR(kind, c_type) RX_CLASS_MAKE(kind, 0, __builtin_ctz(_Alignof(c_type)), sizeof(c_type))

const rx_class rx_class_scalar[FFI_TYPE_LAST + 1] = {
    [FFI_TYPE_VOID] = RX_CLASS_VOID,
    [FFI_TYPE_INT] = SCALAR(FFI_TYPE_SINT32, int32_t),
    [FFI_TYPE_UINT8] = SCALAR(FFI_TYPE_UINT8, uint8_t),
    [FFI_TYPE_SINT8] = SCALAR(FFI_TYPE_SINT8, int8_t),
    [FFI_TYPE_UINT16] = SCALAR(FFI_TYPE_UINT16, uint16_t),
    [FFI_TYPE_SINT16] = SCALAR(FFI_TYPE_SINT16, int16_t),
    [FFI_TYPE_UINT32] = SCALAR(FFI_TYPE_UINT32, uint32_t),
    [FFI_TYPE_SINT32] = SCALAR(FFI_TYPE_SINT32, int32_t),
    /* A word that fills a register is passed alike whatever it means. */
    [FFI_TYPE_UINT64] = SCALAR(FFI_TYPE_UINT64, uint64_t),
    [FFI_TYPE_SINT64] = SCALAR(FFI_TYPE_UINT64, uint64_t),
    [FFI_TYPE_POINTER] = SCALAR(FFI_TYPE_UINT64, uint64_t),
    [FFI_TYPE_FLOAT] = SCALAR(FFI_TYPE_FLOAT, float),
    [FFI_TYPE_DOUBLE] = SCALAR(FFI_TYPE_DOUBLE, double),
    [FFI_TYPE_LONGDOUBLE] = SCALAR(FFI_TYPE_LONGDOUBLE, long double),
    [FFI_TYPE_UINT128] = SCALAR(FFI_TYPE_UINT128, unsigned __int128),
    [FFI_TYPE_SINT128] = SCALAR(FFI_TYPE_UINT128, unsigned __int128),
};

/* Makes sure that a type with elements is complete, as nearly all are already. */
static inline bool is_complete(ffi_type *type)
{
    if (rx_unlikely(rx_type_size(type) == 0 || type->type == FFI_TYPE_VECTOR))
        return rx_layout_complete(type) == FFI_OK;
    return rx_is_power_of_two(rx_type_align(type));
}

/* The word of a type with elements, but for its kind; 0 if it is malformed. */
static inline rx_class without_kind(ffi_abi abi, ffi_type *type)
{
    if (rx_unlikely(!is_complete(type) || rx_type_size(type) > RX_MAX_SIZE))
        return 0;
    unsigned found;
    if (rx_arch_classify(abi, type, &found) != FFI_OK)
        return 0;
    return RX_CLASS_MAKE(0, found, __builtin_ctz(rx_type_align(type)), rx_type_size(type));
}

static rx_class of_kind(rx_class class, unsigned kind)
{
    return class == 0 ? 0 : class | kind;
}

/* C passes no array. */
static __attribute__((noinline)) rx_class class_of_described(ffi_abi abi, ffi_type *type)
{
    if (type->elements == NULL || rx_described_of(type)->count != 0)
        return 0;
    return of_kind(without_kind(abi, type), FFI_TYPE_STRUCT);
}

rx_class rx_class_of_aggregate(ffi_abi abi, ffi_type *type)
{
    if (type == NULL)
        return 0;
    if (rx_unlikely(rx_is_described(type)))
        return class_of_described(abi, type);
    if (!rx_type_is_aggregate(type) || type->elements == NULL)
        return 0;
    return of_kind(without_kind(abi, type), type->type);
}
