/* SPDX-License-Identifier: MIT
 *
 * class: the words of the scalar types, and the way to the architecture for the others.
 */
#include "class.h"
#include "arch.h"
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

rx_class rx_class_of_aggregate(ffi_abi abi, ffi_type *type)
{
    if (type == NULL || !rx_type_is_aggregate(type) || type->elements == NULL)
        return 0;
    if (rx_unlikely(rx_layout_complete(type) != FFI_OK || rx_type_size(type) > RX_MAX_SIZE))
        return 0;
    unsigned found;
    if (rx_arch_classify(abi, type, &found) != FFI_OK)
        return 0;
    return RX_CLASS_MAKE(type->type, found, __builtin_ctz(rx_type_align(type)), rx_type_size(type));
}
