/* SPDX-License-Identifier: MIT
 *
 * A client of libffi that says which one it runs on, as README.md has it: `rxffi VERSION`, or
 * `libffi`.
 */
#include <dlfcn.h>
#include <ffi_rx.h>
#include <stdio.h>

int main(void)
{
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) != FFI_OK)
        return 1;
    void *self = dlopen(NULL, RTLD_LAZY);
    const char *(*version)(void) = (const char *(*)(void))dlsym(self, "ffi_rx_version");
    if (version != NULL)
        printf("rxffi %s\n", version());
    else
        puts("libffi");
    return 0;
}
