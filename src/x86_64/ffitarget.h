/* SPDX-License-Identifier: MIT
 *
 * ffitarget.h, x86_64: what of libffi's interface depends on the architecture. Included by ffi.h.
 */
#ifndef LIBFFI_TARGET_H
#define LIBFFI_TARGET_H

#ifndef LIBFFI_H
#error "include ffi.h, not ffitarget.h"
#endif

#if !defined(__x86_64__) || defined(__ILP32__)
#error "this ffi.h is for x86_64 with 64-bit pointers"
#endif

#ifndef X86_64
#define X86_64
#endif

/* The widest integer register, in which narrower integral results are returned. */
typedef unsigned long ffi_arg;
typedef signed long ffi_sarg;

typedef enum ffi_abi {
    FFI_FIRST_ABI = 1,
    FFI_UNIX64, /* System V psABI */
    FFI_WIN64,  /* Microsoft x64 */
    FFI_EFI64 = FFI_WIN64,
    FFI_GNUW64, /* Microsoft x64 as GCC speaks it: long double has 80 bits */
    FFI_LAST_ABI,
    FFI_DEFAULT_ABI = FFI_UNIX64
} ffi_abi;

#define FFI_CLOSURES 1
#define FFI_GO_CLOSURES 1
#define FFI_NATIVE_RAW_API 0
#define FFI_TRAMPOLINE_SIZE 32

#define FFI_TARGET_HAS_COMPLEX_TYPE 1
#define FFI_TARGET_HAS_INT128 1
#define FFI_TARGET_HAS_VECTOR_TYPE 1

#endif
