/* SPDX-License-Identifier: MIT
 *
 * witness: linked into the programs of the manual pages; tells on stderr which library they run on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>

static __attribute__((constructor)) void tell(void)
{
    /* The version string lies in the library. */
    Dl_info info;
    if (dladdr(ffi_get_version(), &info))
        fprintf(stderr, "%s\n", info.dli_fname);
}
