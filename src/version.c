/* SPDX-License-Identifier: MIT
 *
 * version: what the library says of itself.
 */
#include "rx.h"

_Static_assert(__builtin_strcmp(FFI_RX_VERSION, PACKAGE_VERSION) == 0,
               "ffi_rx.h is of this version");

const char *ffi_get_version(void)
{
    return FFI_VERSION_STRING;
}

unsigned long ffi_get_version_number(void)
{
    return FFI_VERSION_NUMBER;
}

unsigned int ffi_get_default_abi(void)
{
    return FFI_DEFAULT_ABI;
}

size_t ffi_get_closure_size(void)
{
    return sizeof(ffi_closure);
}

const char *ffi_rx_version(void)
{
    return FFI_RX_VERSION;
}
