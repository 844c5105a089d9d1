/* SPDX-License-Identifier: MIT
 *
 * class: a type, reduced to the one word that decides how it is passed.
 *
 * Two types with the same word are passed alike in every place of every signature. A plan is a
 * function of such words and of nothing else: that is why equal signatures can share one, and why
 * no type is ever told by its address.
 *
 *   bits  0-7   kind: an FFI_TYPE code. Integers of one width and signedness have one kind.
 *   bits  8-19  what the architecture found out about an aggregate
 *   bits 20-24  log2 of the alignment
 *   bits 25-63  size in bytes
 */
#ifndef RX_CLASS_H
#define RX_CLASS_H

#include "rx.h"

typedef uint64_t rx_class;

/* No type, argument list or result is larger than this: offsets in a plan fit in 32 bits. */
#define RX_MAX_SIZE ((size_t)1 << 30)

#define RX_CLASS_MAKE(kind, found, align_log2, size)                                               \
    ((rx_class)(kind) | (rx_class)(found) << 8 | (rx_class)(align_log2) << 20 |                    \
     (rx_class)(size) << 25)

static inline unsigned rx_class_kind(rx_class c)
{
    return c & 0xff;
}

static inline unsigned rx_class_found(rx_class c)
{
    return c >> 8 & 0xfff;
}

static inline uint32_t rx_class_align(rx_class c)
{
    return UINT32_C(1) << (c >> 20 & 0x1f);
}

static inline uint32_t rx_class_size(rx_class c)
{
    return c >> 25;
}

static inline bool rx_class_is_void(rx_class c)
{
    return rx_class_kind(c) == FFI_TYPE_VOID;
}

/* The words of the scalar types by type code; 0 for the codes that are no scalar. */
extern RX_HIDDEN const rx_class rx_class_scalar[FFI_TYPE_LAST + 1];

/* What rx_class_of does for a type that is no scalar. */
ffi_status rx_class_of_aggregate(ffi_abi abi, ffi_type *type, rx_class *out);

/* Finds type's word, completing its layout if need be. Returns FFI_OK or FFI_BAD_TYPEDEF (for void,
 * too, which is no argument). Only a struct may have no size yet. */
static inline ffi_status rx_class_of(ffi_abi abi, ffi_type *type, rx_class *out)
{
    if (rx_unlikely(type == NULL || type->type > FFI_TYPE_LAST))
        return FFI_BAD_TYPEDEF;
    *out = rx_class_scalar[type->type];
    if (rx_likely(*out != 0))
        return rx_likely(type->size != 0) ? FFI_OK : FFI_BAD_TYPEDEF;
    return rx_class_of_aggregate(abi, type, out);
}

/* The same for a result, which may be void. */
static inline ffi_status rx_class_of_result(ffi_abi abi, ffi_type *type, rx_class *out)
{
    if (type != NULL && type->type == FFI_TYPE_VOID) {
        *out = RX_CLASS_MAKE(FFI_TYPE_VOID, 0, 0, 0);
        return type->size != 0 ? FFI_OK : FFI_BAD_TYPEDEF;
    }
    return rx_class_of(abi, type, out);
}

#endif
