/* SPDX-License-Identifier: MIT
 *
 * target, aarch64: the numbers of the interface that depend on the architecture (ffitarget.h),
 * which clients compiled long ago believe in.
 */
#include "unit.h"

Test(target, abis_have_the_numbers_of_libffi)
{
    cr_expect(eq(int, FFI_FIRST_ABI, 0));
    cr_expect(eq(int, FFI_SYSV, 1));
    cr_expect(eq(int, FFI_WIN64, 2));
    cr_expect(eq(int, FFI_LAST_ABI, 3));
    cr_expect(eq(int, FFI_DEFAULT_ABI, FFI_SYSV));
    cr_expect(eq(uint, ffi_get_default_abi(), FFI_SYSV));
}

Test(target, an_argument_word_has_eight_bytes)
{
    cr_expect(eq(sz, sizeof(ffi_arg), 8));
    cr_expect(eq(sz, sizeof(ffi_sarg), 8));
    cr_expect(eq(sz, FFI_SIZEOF_ARG, 8));
    cr_expect(gt(ulong, (ffi_arg)-1, 0));
    cr_expect(lt(long, (ffi_sarg)-1, 0));
}

Test(target, closures_are_laid_out_as_in_libffi)
{
    cr_expect(eq(sz, FFI_TRAMPOLINE_SIZE, 24));
    cr_expect(eq(sz, sizeof(ffi_closure), 48));
    cr_expect(eq(sz, _Alignof(ffi_closure), 8));
    cr_expect(eq(sz, offsetof(ffi_closure, tramp), 0));
    cr_expect(eq(sz, offsetof(ffi_closure, ftramp), 0));
    cr_expect(eq(sz, offsetof(ffi_closure, cif), 24));
    cr_expect(eq(sz, offsetof(ffi_closure, fun), 32));
    cr_expect(eq(sz, offsetof(ffi_closure, user_data), 40));
    cr_expect(eq(sz, ffi_get_closure_size(), 48));
}

Test(target, raw_closures_are_laid_out_as_in_libffi)
{
    cr_expect(eq(sz, sizeof(ffi_raw_closure), 64));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, cif), 24));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, translate_args), 32));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, this_closure), 40));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, fun), 48));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, user_data), 56));
    cr_expect(eq(sz, sizeof(ffi_java_raw_closure), 64));
    cr_expect(eq(sz, offsetof(ffi_java_raw_closure, fun), 48));
    cr_expect(eq(sz, sizeof(ffi_raw), 8));
    cr_expect(eq(sz, sizeof(ffi_java_raw), 8));
}

Test(target, features_are_said)
{
    cr_expect(eq(int, FFI_CLOSURES, 1));
    cr_expect(eq(int, FFI_GO_CLOSURES, 1));
    cr_expect(eq(int, FFI_NATIVE_RAW_API, 0));
#ifndef FFI_TARGET_HAS_COMPLEX_TYPE
    cr_fatal("FFI_TARGET_HAS_COMPLEX_TYPE is not defined");
#endif
}
