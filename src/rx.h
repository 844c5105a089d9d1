/* SPDX-License-Identifier: MIT
 *
 * What every file of the library begins with: the public interface, exported, and a few words that
 * the compiler needs to hear. Internal symbols begin with rx_ and are hidden.
 */
#ifndef RX_H
#define RX_H

#include "config.h"

#define FFI_API __attribute__((visibility("default")))
#define FFI_EXTERN extern __attribute__((visibility("default")))
#include "ffi.h"
#include "ffi_rx.h"

#include <stdbool.h>
#include <stdint.h>

/* For declarations of internal data, and of functions whose address is taken: they are reached
 * relative to the program counter, not through a table. */
#define RX_HIDDEN __attribute__((visibility("hidden")))

#define rx_likely(x) __builtin_expect(!!(x), 1)
#define rx_unlikely(x) __builtin_expect(!!(x), 0)

/* align is a power of two. */
static inline size_t rx_align_up(size_t n, size_t align)
{
    return (n + align - 1) & -align;
}

static inline bool rx_is_power_of_two(size_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* A type's size and alignment, which other threads may be completing with the same values. */
static inline size_t rx_type_size(const ffi_type *type)
{
    return __atomic_load_n(&type->size, __ATOMIC_ACQUIRE);
}

static inline unsigned short rx_type_align(const ffi_type *type)
{
    return __atomic_load_n(&type->alignment, __ATOMIC_RELAXED);
}

/* The type code of described.h, which no libffi has. */
#define RX_TYPE_DESCRIBED 0x7278

/* The types that are passed as C passes structs and unions. */
static inline bool rx_type_is_struct(const ffi_type *type)
{
    return type->type == FFI_TYPE_STRUCT || type->type == RX_TYPE_DESCRIBED;
}

/* The types that have elements. */
static inline bool rx_type_is_aggregate(const ffi_type *type)
{
    return rx_type_is_struct(type) || type->type == FFI_TYPE_COMPLEX ||
           type->type == FFI_TYPE_VECTOR;
}

static inline bool rx_is_abi(ffi_abi abi)
{
    return abi > FFI_FIRST_ABI && abi < FFI_LAST_ABI;
}

#endif
