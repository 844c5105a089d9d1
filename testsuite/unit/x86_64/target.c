/* SPDX-License-Identifier: MIT
 *
 * target, x86_64: the numbers of the interface that depend on the architecture (ffitarget.h), which
 * clients compiled long ago believe in.
 */
#include "unit.h"

Test(target, abis_have_the_numbers_of_libffi)
{
    cr_expect(eq(int, FFI_FIRST_ABI, 1));
    cr_expect(eq(int, FFI_UNIX64, 2));
    cr_expect(eq(int, FFI_WIN64, 3));
    cr_expect(eq(int, FFI_EFI64, 3));
    cr_expect(eq(int, FFI_GNUW64, 4));
    cr_expect(eq(int, FFI_LAST_ABI, 5));
    cr_expect(eq(int, FFI_DEFAULT_ABI, FFI_UNIX64));
    cr_expect(eq(uint, ffi_get_default_abi(), FFI_UNIX64));
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
    cr_expect(eq(sz, FFI_TRAMPOLINE_SIZE, 32));
    cr_expect(eq(sz, sizeof(ffi_closure), 56));
    cr_expect(eq(sz, _Alignof(ffi_closure), 8));
    cr_expect(eq(sz, offsetof(ffi_closure, tramp), 0));
    cr_expect(eq(sz, offsetof(ffi_closure, ftramp), 0));
    cr_expect(eq(sz, offsetof(ffi_closure, cif), 32));
    cr_expect(eq(sz, offsetof(ffi_closure, fun), 40));
    cr_expect(eq(sz, offsetof(ffi_closure, user_data), 48));
    cr_expect(eq(sz, ffi_get_closure_size(), 56));
}

Test(target, raw_closures_are_laid_out_as_in_libffi)
{
    cr_expect(eq(sz, sizeof(ffi_raw_closure), 72));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, cif), 32));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, translate_args), 40));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, this_closure), 48));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, fun), 56));
    cr_expect(eq(sz, offsetof(ffi_raw_closure, user_data), 64));
    cr_expect(eq(sz, sizeof(ffi_java_raw_closure), 72));
    cr_expect(eq(sz, offsetof(ffi_java_raw_closure, fun), 56));
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
#ifndef FFI_TARGET_HAS_INT128
    cr_fatal("FFI_TARGET_HAS_INT128 is not defined");
#endif
#ifndef FFI_TARGET_HAS_VECTOR_TYPE
    cr_fatal("FFI_TARGET_HAS_VECTOR_TYPE is not defined");
#endif
}
