/* SPDX-License-Identifier: MIT
 *
 * ffitarget.h, aarch64: what of libffi's interface depends on the architecture. Included by ffi.h.
 */
#ifndef LIBFFI_TARGET_H
#define LIBFFI_TARGET_H

#ifndef LIBFFI_H
#error "include ffi.h, not ffitarget.h"
#endif

#if !defined(__aarch64__) || defined(__ILP32__) || defined(__AARCH64EB__)
#error "this ffi.h is for little-endian aarch64 with 64-bit pointers"
#endif

#ifndef AARCH64
#define AARCH64
#endif

/* The widest integer register, in which narrower integral results are returned. */
typedef unsigned long ffi_arg;
typedef signed long ffi_sarg;

typedef enum ffi_abi {
    FFI_FIRST_ABI = 0,
    FFI_SYSV,  /* AAPCS64 */
    FFI_WIN64, /* Windows: AAPCS64, but for variadic functions */
    FFI_LAST_ABI,
    FFI_DEFAULT_ABI = FFI_SYSV
} ffi_abi;

#define FFI_CLOSURES 1
#define FFI_GO_CLOSURES 1
#define FFI_NATIVE_RAW_API 0
#define FFI_TRAMPOLINE_SIZE 24

#define FFI_TARGET_HAS_COMPLEX_TYPE 1
#define FFI_TARGET_HAS_INT128 1
#define FFI_TARGET_HAS_VECTOR_TYPE 1

#endif
