/* SPDX-License-Identifier: MIT
 *
 * refuse: why this thread was refused something.
 */
#include "refuse.h"

RX_TLS int rx_why_not;
static RX_TLS int last_error;

void rx_refuse(int why)
{
    last_error = why;
}

int ffi_rx_last_error(void)
{
    return last_error;
}

const char *ffi_rx_strerror(int error)
{
    switch (error) {
    case FFI_RX_NO_ERROR:
        return "no error";
    case FFI_RX_AT_LIMIT:
        return "as many closures are in use as the program has allowed";
    case FFI_RX_NO_MEMORY:
        return "no memory, no address space or too many mappings";
    case FFI_RX_NO_VIEW:
        return "the kernel does not show the trampolines a second time";
    case FFI_RX_FULL:
        return "the pool is as large as it can be, or there are no more hooks";
    case FFI_RX_BAD_ARGUMENT:
        return "an argument is not valid";
    default:
        return "unknown error";
    }
}
