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

/* The words of the scalar types and void by type code; 0 for the others. */
extern RX_HIDDEN const rx_class rx_class_scalar[FFI_TYPE_LAST + 1];

/* void: no other type's word, and not 0. */
#define RX_CLASS_VOID RX_CLASS_MAKE(FFI_TYPE_VOID, 0, 1, 0)

/* The word of a scalar type or void, 0 if type is anything else or malformed. */
static inline rx_class rx_class_of_scalar(const ffi_type *type)
{
    if (rx_unlikely(type == NULL || type->type > FFI_TYPE_LAST || type->size == 0))
        return 0;
    return rx_class_scalar[type->type];
}

/* The same for the types that rx_class_of_scalar does not know. */
rx_class rx_class_of_aggregate(ffi_abi abi, ffi_type *type);

/* The word of a type, whose layout is completed if need be: only a struct or a vector may have no
 * size yet. 0 if type is malformed. */
static inline rx_class rx_class_of(ffi_abi abi, ffi_type *type)
{
    rx_class class = rx_class_of_scalar(type);
    return rx_likely(class != 0) ? class : rx_class_of_aggregate(abi, type);
}

#endif
