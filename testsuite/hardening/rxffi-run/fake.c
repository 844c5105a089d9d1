/* SPDX-License-Identifier: MIT
 *
 * fake: libraries that call themselves libffi.so.8 and are none, or a bad one. Each is made
 * with one of these macros:
 *
 *   FAKE_EMPTY     exports nothing
 *   FAKE_UNBOUND   needs a symbol that no library has, so that it cannot be loaded
 *   FAKE_NONE      has no closures to give
 *   FAKE_WRONG     its closures give a wrong result
 *   FAKE_CRASH     its closures crash
 *   FAKE_WX        no libffi at all: maps a page that is writable and executable when it is loaded
 *   FAKE_VIEW      no libffi either: maps a part of a file, to read and write, when it is loaded.
 * The environment says which: RXFFI_TEST_VIEW=shared|private FIRST-BYTE LENGTH PATH
 */
#include <fcntl.h>
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifdef FAKE_UNBOUND
extern int rxffi_test_no_such_symbol(void);
int rxffi_test_symbol(void);
int rxffi_test_symbol(void)
{
    return rxffi_test_no_such_symbol();
}
#endif

#ifdef FAKE_WX
__attribute__((constructor)) static void map(void)
{
    if (mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
        MAP_FAILED)
        abort();
}
#endif

#ifdef FAKE_VIEW
__attribute__((constructor)) static void map(void)
{
    const char *view = getenv("RXFFI_TEST_VIEW");
    char kind, path[4096];
    long first, length;
    if (!view)
        return;
    if (sscanf(view, "%c%*s %ld %ld %4095[^\n]", &kind, &first, &length, path) != 4)
        abort();
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (mmap(NULL, (size_t)length, PROT_READ | PROT_WRITE, kind == 's' ? MAP_SHARED : MAP_PRIVATE,
             fd, first) == MAP_FAILED)
        abort();
}
#endif

#if defined FAKE_NONE || defined FAKE_WRONG || defined FAKE_CRASH
ffi_type ffi_type_sint32 = {4, 4, FFI_TYPE_SINT32, NULL};
ffi_type ffi_type_double = {8, 8, FFI_TYPE_DOUBLE, NULL};

static int wrong(int a, double b)
{
    return a + (int)b;
}

static int crash(int a, double b)
{
    return *(volatile int *)(long)(a + 6) + (int)b;
}

void *ffi_closure_alloc(size_t size, void **code)
{
    static int (*const functions[])(int, double) = {wrong, crash};
#if defined FAKE_NONE
    (void)functions;
    (void)size;
    (void)code;
    return NULL;
#elif defined FAKE_WRONG
    *code = (void *)functions[0];
    return malloc(size);
#else
    *code = (void *)functions[1];
    return malloc(size);
#endif
}

void ffi_closure_free(void *closure)
{
    free(closure);
}

ffi_status ffi_prep_cif(ffi_cif *cif, ffi_abi abi, unsigned nargs, ffi_type *rtype,
                        ffi_type **types)
{
    *cif = (ffi_cif){.abi = abi, .nargs = nargs, .rtype = rtype, .arg_types = types};
    return FFI_OK;
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif,
                                void (*function)(ffi_cif *, void *, void **, void *),
                                void *user_data, void *code)
{
    (void)code;
    closure->cif = cif;
    closure->fun = function;
    closure->user_data = user_data;
    return FFI_OK;
}
#endif
