/* SPDX-License-Identifier: MIT
 *
 * forged: what an attacker would try who can write memory and has no code of his own: with BTI and
 * PAC the processor stops it in the library's code.
 *
 *     forged jump      to the second instruction of a closure's code, behind its landing pad
 *     forged return    from a closure's handler through a frame of the library's whose return
 *                      address he has overwritten
 *
 * Prints `closure 42`, which is a call as it should be, and `stopped` or `got through`.
 */
#include <ffi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static ffi_cif cif;
static void *code;

static void say_and_exit(const char *text)
{
    _exit(write(1, text, strlen(text)) < 0);
}

static void trapped(int signal)
{
    (void)signal;
    say_and_exit("stopped\n");
}

static void arrived(void)
{
    say_and_exit("got through\n");
}

static void answer(ffi_cif *of, void *result, void **values, void *forges)
{
    (void)of;
    (void)values;
    /* AAPCS64 6.4.6: a frame record is the caller's, and where the caller goes on. */
    void **frame = __builtin_frame_address(0), **frame_of_library = *frame;
    *(ffi_sarg *)result = 42;
    if (forges)
        frame_of_library[1] = (void *)arrived;
}

static int call(size_t offset)
{
    int (*function)(void);
    char *at = (char *)code + offset;
    memcpy(&function, &at, sizeof function);
    return function();
}

static void prepare(ffi_closure *closure, void *forges)
{
    if (ffi_prep_closure_loc(closure, &cif, answer, forges, code) != FFI_OK)
        _exit(1);
}

int main(int argc, char **argv)
{
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (argc != 2 || !closure ||
        ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_sint, NULL) != FFI_OK)
        return 1;
    prepare(closure, NULL);
    printf("closure %d\n", call(0));
    fflush(stdout);
    signal(SIGILL, trapped);
    signal(SIGSEGV, trapped);
    if (strcmp(argv[1], "return") == 0)
        prepare(closure, closure);
    call(strcmp(argv[1], "jump") == 0 ? 4 : 0);
    arrived();
}
