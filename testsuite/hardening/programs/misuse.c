/* SPDX-License-Identifier: MIT
 *
 * misuse: a program that misuses a closure, after it has made N others that stay alive.
 *
 *     misuse KIND N
 *
 * It prints on stdout the library that it uses and the addresses that its end has to name, `closure
 * 0x...` and `code 0x...`, or `address 0x...` for what is no closure; and "survived", if it does.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ffi_cif cif;
static ffi_closure *closure;
static void *code;

static void handler(ffi_cif *of, void *result, void **values, void *unused)
{
    (void)of;
    (void)values;
    (void)unused;
    *(ffi_sarg *)result = 1;
}

static void *make(void **its_code)
{
    ffi_closure *made = ffi_closure_alloc(sizeof *made, its_code);
    if (!made || ffi_prep_closure_loc(made, &cif, handler, NULL, *its_code) != FFI_OK) {
        puts("no closure");
        exit(1);
    }
    return made;
}

static void tell(const char *what, const void *address)
{
    printf("%s %p\n", what, address);
    fflush(stdout);
}

static void call(void)
{
    int (*function)(short, float);
    memcpy(&function, &code, sizeof function);
    function(1, 2);
}

/* ---- The misuses ---- */

static void double_free(void)
{
    ffi_closure_free(closure);
    ffi_closure_free(closure);
}

static void free_elsewhere(void *address)
{
    tell("address", address);
    ffi_closure_free(address);
}

static void free_heap(void)
{
    free_elsewhere((char *)malloc(256) + 16);
}

static void free_stack(void)
{
    char memory[256];
    free_elsewhere(memory);
}

static void free_interior(void)
{
    free_elsewhere((char *)closure + 16);
}

static void free_code(void)
{
    free_elsewhere(code);
}

static void call_freed(void)
{
    ffi_closure_free(closure);
    call();
}

/* Others take and give back in the meantime: its own cell waits. */
static void call_freed_later(void)
{
    void *other_code;
    ffi_closure_free(closure);
    for (int i = 0; i < 10; i++)
        make(&other_code);
    call();
}

static void call_unprepared(void)
{
    closure = ffi_closure_alloc(sizeof *closure, &code);
    tell("closure", closure);
    tell("code", code);
    call();
}

static void prepare_freed(void)
{
    ffi_closure_free(closure);
    ffi_prep_closure_loc(closure, &cif, handler, NULL, code);
}

static void free_null(void)
{
    ffi_closure_free(NULL);
}

static const struct {
    const char *name;
    void (*misuse)(void);
} kinds[] = {
    {"double-free", double_free},
    {"free-heap", free_heap},
    {"free-stack", free_stack},
    {"free-interior", free_interior},
    {"free-code", free_code},
    {"call-freed", call_freed},
    {"call-freed-later", call_freed_later},
    {"call-unprepared", call_unprepared},
    {"prepare-freed", prepare_freed},
    {"free-null", free_null},
};

int main(int argc, char **argv)
{
    static ffi_type *types[] = {&ffi_type_sshort, &ffi_type_float};
    Dl_info info;
    void *other_code;
    if (argc != 3 || !dladdr((void *)ffi_prep_cif, &info))
        return 2;
    printf("library %s\n", info.dli_fname);
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) != FFI_OK)
        return 2;
    for (int i = 0; i < atoi(argv[2]); i++)
        make(&other_code);
    closure = make(&code);
    call();
    if (strcmp(argv[1], "call-unprepared") != 0) {
        tell("closure", closure);
        tell("code", code);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        kinds[i].misuse();
        puts("survived");
        return 0;
    }
    return 2;
}
