/* SPDX-License-Identifier: MIT
 *
 * jumps: a closure that notices longjmp, where the C library can tell; it is left by one. Prints
 * `noticed`, or `refused` if it was not to be had.
 */
#include <ffi_rx.h>

#include <setjmp.h>
#include <stdio.h>

static jmp_buf back;
static int times_left;

static void leave(void *data)
{
    (void)data;
    times_left++;
}

static void jump(ffi_cif *cif, void *result, void **args, void *data)
{
    (void)cif, (void)result, (void)args, (void)data;
    longjmp(back, 1);
}

int main(void)
{
    ffi_cif cif;
    void *code;
    ffi_rx_closure_attr attr = {.size = sizeof attr, .flags = FFI_RX_LONGJMP, .leave = leave};
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (closure == NULL || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) != FFI_OK)
        return 1;
    ffi_status status = ffi_rx_prep_closure(closure, &cif, jump, NULL, code, &attr);
    if (status != FFI_OK) {
        puts(ffi_rx_last_error() == FFI_RX_BAD_ARGUMENT ? "refused" : "refused, for no reason");
        return status != FFI_BAD_ARGTYPE;
    }
    if (setjmp(back) == 0)
        ((void (*)(void))code)();
    puts(times_left == 1 ? "noticed" : "not noticed");
    return 0;
}
