/* SPDX-License-Identifier: MIT
 *
 * unit: what the tests of all rooms share. And the first test of all: that it is this library, and
 * no other, that they test. Criterion itself is linked with some libffi.so.8, so this is no matter
 * of course.
 */
#include "unit.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern const char __executable_start[], etext[];

static bool is_in_this_program(void (*function)(void))
{
    uintptr_t address = (uintptr_t)function;
    return address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
}

Test(unit, the_library_that_is_tested_is_in_this_program)
{
    cr_expect(is_in_this_program(FN(ffi_call)));
    cr_expect(is_in_this_program(FN(ffi_prep_cif)));
    cr_expect(is_in_this_program(FN(ffi_closure_alloc)));
    cr_expect(is_in_this_program(FN(ffi_get_version)));

    Dl_info found, self;
    cr_assert(ne(int, dladdr((void *)ffi_call, &found), 0));
    cr_assert(ne(int, dladdr(__executable_start, &self), 0));
    cr_expect(eq(ptr, found.dli_fbase, self.dli_fbase));
}

Test(unit, the_dynamic_linker_finds_it_there_too)
{
    void *seen = dlsym(RTLD_DEFAULT, "ffi_call");
    cr_expect(eq(ptr, seen, (void *)ffi_call));
}

/* ---- Signatures and closures ---- */

static unsigned length_of(ffi_type **list)
{
    unsigned n = 0;
    while (list[n] != NULL)
        n++;
    return n;
}

ffi_cif signature_in(ffi_abi abi, ffi_type *result, ffi_type **arguments)
{
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, abi, length_of(arguments), result, arguments);
    cr_assert(eq(int, status, FFI_OK));
    return cif;
}

ffi_cif signature(ffi_type *result, ffi_type **arguments)
{
    return signature_in(FFI_DEFAULT_ABI, result, arguments);
}

ffi_cif variadic_signature(ffi_abi abi, unsigned nfixed, ffi_type *result, ffi_type **arguments)
{
    ffi_cif cif;
    ffi_status status =
        ffi_prep_cif_var(&cif, abi, nfixed, length_of(arguments), result, arguments);
    cr_assert(eq(int, status, FFI_OK));
    return cif;
}

ffi_closure *closure_of(ffi_cif *cif, handler *fun, void *user_data, void **code)
{
    void *address = NULL;
    ffi_closure *closure = ffi_closure_alloc(sizeof(ffi_closure), &address);
    cr_assert(ne(ptr, closure, NULL));
    cr_assert(ne(ptr, address, NULL));
    ffi_status status = ffi_prep_closure_loc(closure, cif, fun, user_data, address);
    cr_assert(eq(int, status, FFI_OK));
    if (code != NULL)
        *code = address;
    return closure;
}

void *callback(ffi_cif *cif, handler *fun, void *user_data)
{
    void *code;
    closure_of(cif, fun, user_data, &code);
    return code;
}

ffi_type *bytes_type(size_t n)
{
    static ffi_type types[257];
    static ffi_type *members[257][258];
    cr_assert(all(gt(sz, n, 0), lt(sz, n, LENGTH(types))));
    for (size_t i = 0; i < n; i++)
        members[n][i] = &ffi_type_uint8;
    types[n] = (ffi_type){n, 1, FFI_TYPE_STRUCT, members[n]};
    return &types[n];
}

/* ---- Memory ---- */

void *at_page_end(size_t size)
{
    size_t page = sysconf(_SC_PAGESIZE);
    size_t usable = rx_align_up(size, page);
    char *start =
        mmap(NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(ne(ptr, start, MAP_FAILED));
    cr_assert(eq(int, mprotect(start + usable, page, PROT_NONE), 0));
    return start + usable - size;
}

Test(unit, at_page_end_is_the_end_indeed)
{
    volatile char *last = at_page_end(1);
    *last = 1;
    cr_expect(eq(int, *last, 1));
}

Test(unit, nothing_is_behind_the_page_end, .signal = SIGSEGV)
{
    volatile char *last = at_page_end(1);
    last[1] = 1;
}

/* ---- Processes ---- */

static void do_and_exit(void (*act)(void *), void *arg)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Of Criterion's, and of a sanitizer's. */
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    for (size_t i = 0; i < LENGTH(deadly); i++)
        signal(deadly[i], SIG_DFL);
    act(arg);
    _exit(0);
}

static void read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t n;
    while (length < size - 1 && (n = read(fd, text + length, size - 1 - length)) > 0)
        length += n;
    text[length] = '\0';
}

struct ending ending_of(void (*act)(void *), void *arg)
{
    int ends[2];
    cr_assert(eq(int, pipe(ends), 0));
    pid_t child = fork();
    cr_assert(ge(int, child, 0));
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        do_and_exit(act, arg);
    }
    struct ending ending = {0};
    close(ends[1]);
    read_all(ends[0], ending.text, sizeof ending.text);
    close(ends[0]);
    /* What an emulator has to say itself of a signal comes behind it. */
    char *emulator = strstr(ending.text, "qemu: uncaught target signal");
    if (emulator != NULL)
        *emulator = '\0';
    int status;
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    ending.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ending.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return ending;
}
