/* SPDX-License-Identifier: MIT
 *
 * types: the scalar and complex types that the library describes for its clients.
 *
 * They are constant. The header declares them without const, as clients put their addresses into
 * lists of plain pointers; nobody may write to them, and here nobody can.
 */
#include "rx.h"

/* The header's declarations would contradict const, so the types are defined under names of their
 * own and exported under the public ones. */
/* clang-format off */
#define TYPE(name, c_type, code)                                                                   \
    __attribute__((visibility("hidden")))                                                          \
    const ffi_type rx_type_##name = {sizeof(c_type), _Alignof(c_type), code, NULL};                \
    extern ffi_type ffi_type_##name                                                                \
        __attribute__((alias("rx_type_" #name), visibility("default")))
/* clang-format on */

/* As in libffi, void has the size of a byte. */
TYPE(void, char, FFI_TYPE_VOID);
TYPE(uint8, uint8_t, FFI_TYPE_UINT8);
TYPE(sint8, int8_t, FFI_TYPE_SINT8);
TYPE(uint16, uint16_t, FFI_TYPE_UINT16);
TYPE(sint16, int16_t, FFI_TYPE_SINT16);
TYPE(uint32, uint32_t, FFI_TYPE_UINT32);
TYPE(sint32, int32_t, FFI_TYPE_SINT32);
TYPE(uint64, uint64_t, FFI_TYPE_UINT64);
TYPE(sint64, int64_t, FFI_TYPE_SINT64);
TYPE(float, float, FFI_TYPE_FLOAT);
TYPE(double, double, FFI_TYPE_DOUBLE);
TYPE(longdouble, long double, FFI_TYPE_LONGDOUBLE);
TYPE(pointer, void *, FFI_TYPE_POINTER);
TYPE(uint128, unsigned __int128, FFI_TYPE_UINT128);
TYPE(sint128, __int128, FFI_TYPE_SINT128);

#define COMPLEX_TYPE(name, c_type, part)                                                           \
    static ffi_type *const name##_parts[] = {(ffi_type *)&rx_type_##part, NULL};                   \
    __attribute__((visibility("hidden"))) const ffi_type rx_type_complex_##name = {                \
        sizeof(c_type), _Alignof(c_type), FFI_TYPE_COMPLEX, (ffi_type **)name##_parts};            \
    extern ffi_type ffi_type_complex_##name                                                        \
        __attribute__((alias("rx_type_complex_" #name), visibility("default")))

COMPLEX_TYPE(float, _Complex float, float);
COMPLEX_TYPE(double, _Complex double, double);
COMPLEX_TYPE(longdouble, _Complex long double, longdouble);
