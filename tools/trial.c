/* SPDX-License-Identifier: MIT
 *
 * trial: do closures of a library work in this process, and on what memory?  The library is
 * loaded by hand, so that any libffi.so.8 can be tried; of ffi.h only the types are used. More
 * closures are alive at once than fit into a page of any libffi's.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "maps.h"

#define CLOSURES 1000
#define PAGE 4096 /* the smallest there is */

struct libffi {
    ffi_status (*prep_cif)(ffi_cif *, ffi_abi, unsigned, ffi_type *, ffi_type **);
    void *(*closure_alloc)(size_t, void **);
    void (*closure_free)(void *);
    ffi_status (*prep_closure_loc)(ffi_closure *, ffi_cif *,
                                   void (*)(ffi_cif *, void *, void **, void *), void *, void *);
    ffi_type *sint32, *real;
};

static void answer(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void answer(struct findings *findings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(findings->words, sizeof findings->words, format, arguments);
    va_end(arguments);
}

/* Puts the symbol's address in the pointer at `pointer`, to a function or to data: POSIX has both
 * fit into a void *, C has no cast for it. */
static bool find(void *handle, const char *name, void *pointer)
{
    void *address = dlsym(handle, name);
    memcpy(pointer, &address, sizeof address);
    return address != NULL;
}

static bool load(const char *name, struct libffi *ffi, struct findings *findings)
{
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        answer(findings, "cannot be loaded: %s", dlerror());
        return false;
    }
    if (!find(handle, "ffi_prep_cif", &ffi->prep_cif) ||
        !find(handle, "ffi_closure_alloc", &ffi->closure_alloc) ||
        !find(handle, "ffi_closure_free", &ffi->closure_free) ||
        !find(handle, "ffi_prep_closure_loc", &ffi->prep_closure_loc) ||
        !find(handle, "ffi_type_sint32", &ffi->sint32) ||
        !find(handle, "ffi_type_double", &ffi->real)) {
        answer(findings, "is no libffi: %s", dlerror());
        return false;
    }
    Dl_info info;
    if (dladdr(dlsym(handle, "ffi_prep_cif"), &info) && info.dli_fname)
        snprintf(findings->loaded, sizeof findings->loaded, "%s", info.dli_fname);
    return true;
}

/* int (int a, double b) { return *mine + a * b; }, as a closure's function sees it. */
static void handler(ffi_cif *cif, void *result, void **values, void *mine)
{
    (void)cif;
    int a = *(int *)values[0];
    double b = *(double *)values[1];
    *(ffi_sarg *)result = *(int *)mine + (int)(a * b);
}

typedef int callback(int, double);

static bool make_closures(const struct libffi *ffi, ffi_cif *cif, int *numbers,
                          ffi_closure **closures, void **code, struct findings *findings)
{
    for (int i = 0; i < CLOSURES; i++) {
        numbers[i] = i;
        closures[i] = ffi->closure_alloc(sizeof *closures[i], &code[i]);
        if (!closures[i]) {
            answer(findings, i ? "no closure after %d" : "no closure", i);
            return false;
        }
        if (ffi->prep_closure_loc(closures[i], cif, handler, &numbers[i], code[i]) != FFI_OK) {
            answer(findings, "ffi_prep_closure_loc fails");
            return false;
        }
    }
    return true;
}

static bool call_closures(const int *numbers, void **code, struct findings *findings)
{
    for (int i = 0; i < CLOSURES; i++) {
        callback *call;
        memcpy(&call, &code[i], sizeof call);
        if (call(-6, 7.0) != numbers[i] - 42) {
            answer(findings, "closures give wrong results");
            return false;
        }
    }
    return true;
}

/* They work: is that all that can be said?  Looks at every page that has code. */
static void judge_memory(void **code, struct findings *findings)
{
    struct code_memory memory;

    for (int i = 0; i < CLOSURES; i++) {
        if (i && (uintptr_t)code[i] / PAGE == (uintptr_t)code[i - 1] / PAGE)
            continue;
        if (!maps_look_at(code[i], &memory))
            answer(findings, "works, memory unknown: /proc/self/maps is not readable");
        else if (memory.write_and_execute)
            answer(findings, "works on W+X memory");
        else if (memory.writable_alias)
            answer(findings, "works by a writable alias");
        else if (!memory.executable)
            answer(findings, "works on memory that is not executable");
        else
            continue;
        return;
    }
    answer(findings, "works");
    findings->good = true;
}

void library_trial(const void *about, struct findings *findings)
{
    static int numbers[CLOSURES];
    static ffi_closure *closures[CLOSURES];
    static void *code[CLOSURES];
    struct libffi ffi;
    ffi_cif cif;

    if (!load(about, &ffi, findings))
        return;
    ffi_type *types[] = {ffi.sint32, ffi.real};
    if (ffi.prep_cif(&cif, FFI_DEFAULT_ABI, 2, ffi.sint32, types) != FFI_OK) {
        answer(findings, "ffi_prep_cif fails");
        return;
    }
    if (!make_closures(&ffi, &cif, numbers, closures, code, findings) ||
        !call_closures(numbers, code, findings))
        return;
    judge_memory(code, findings);
    for (int i = 0; i < CLOSURES; i++)
        ffi.closure_free(closures[i]);
}
