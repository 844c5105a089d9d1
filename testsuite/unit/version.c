/* SPDX-License-Identifier: MIT
 *
 * version: what the library says of itself (src/version.c).
 */
#include "unit.h"

#include <stdio.h>

Test(version, the_library_has_the_version_of_the_header)
{
    cr_expect(eq(str, (char *)ffi_get_version(), FFI_VERSION_STRING));
    cr_expect(eq(ulong, ffi_get_version_number(), FFI_VERSION_NUMBER));
}

Test(version, the_number_is_that_of_the_string)
{
    unsigned long major, minor, patch;
    cr_assert(eq(int, sscanf(ffi_get_version(), "%lu.%lu.%lu", &major, &minor, &patch), 3));
    cr_expect(eq(ulong, ffi_get_version_number(), 10000 * major + 100 * minor + patch));
}

Test(version, it_is_the_libffi_whose_interface_this_is)
{
    cr_expect(eq(ulong, ffi_get_version_number(), 30800));
}

Test(version, it_knows_its_default_abi_and_its_closures)
{
    cr_expect(eq(uint, ffi_get_default_abi(), FFI_DEFAULT_ABI));
    cr_expect(eq(sz, ffi_get_closure_size(), sizeof(ffi_closure)));
}

Test(version, of_rxffi_itself)
{
    cr_expect(eq(str, (char *)ffi_rx_version(), FFI_RX_VERSION));
}
