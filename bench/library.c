/* SPDX-License-Identifier: MIT
 *
 * Opening one libffi.so.8 beside others, and proving that it is the one asked for.
 *
 * All of them have the same SONAME and export the same names, so a mistake here would
 * silently measure one library twice. What is promised after library_open():
 *
 *   - no libffi is in the program's global scope (LD_PRELOAD, or a dependency), so that
 *     nothing inside the library is bound to another one's symbols;
 *   - each function and each ffi_type object lies in one object, dladdr names its file, and
 *     /proc/self/maps shows that file mapped there;
 *   - that file is the path given, and no two libraries share a load address.
 *
 * Anything else ends the program.
 */
#include "bench.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The file that /proc/self/maps shows at this address; the caller frees it. */
static char *mapped_file(const void *address)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        die("cannot read /proc/self/maps");
    char *line = NULL, *file = NULL;
    size_t room = 0;
    while (!file && getline(&line, &room, maps) > 0) {
        uintptr_t start, end;
        int path = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s %n", &start, &end, &path) < 2)
            continue;
        if ((uintptr_t)address >= start && (uintptr_t)address < end && path) {
            line[strcspn(line, "\n")] = '\0';
            file = strdup(line + path);
        }
    }
    free(line);
    fclose(maps);
    return file;
}

static bool same_file(const char *path, const char *real)
{
    char *other = realpath(path, NULL);
    bool same = other && strcmp(other, real) == 0;
    free(other);
    return same;
}

static void prove_origin(const struct library *lib, const char *symbol, const void *address)
{
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_fname || !same_file(info.dli_fname, lib->path))
        die("%s: %s does not come from there", lib->path, symbol);
    if (info.dli_fbase != lib->base)
        die("%s: %s comes from a second copy", lib->path, symbol);

    /* A data object may have been moved to anonymous memory (.bss): dladdr has to do for it.
     * Code lies in the file itself. */
    char *file = mapped_file(address);
    if (!file || (*file && strcmp(file, lib->path) != 0))
        die("%s: %s lies in %s", lib->path, symbol, file && *file ? file : "no mapping");
    free(file);
}

/* The library's symbol, or NULL when it has none. */
static void *find(const struct library *lib, const char *symbol)
{
    void *address = dlsym(lib->handle, symbol);
    if (address)
        prove_origin(lib, symbol, address);
    return address;
}

static void *need(const struct library *lib, const char *symbol)
{
    void *address = find(lib, symbol);
    if (!address)
        die("%s: no %s in it", lib->path, symbol);
    return address;
}

/* Struct types are made for each library, out of its own scalar types. */
static void make_struct(struct library *lib, enum type type, size_t count, const enum type *members)
{
    size_t i = type - T_SCALARS;
    for (size_t m = 0; m < count; m++)
        lib->members[i][m] = lib->type[members[m]];
    lib->members[i][count] = NULL;
    lib->structs[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = lib->members[i]};
    lib->type[type] = &lib->structs[i];
}

static void make_types(struct library *lib)
{
    static const char *const names[T_SCALARS] = {
        [T_VOID] = "ffi_type_void",     [T_UINT8] = "ffi_type_uint8",
        [T_SINT8] = "ffi_type_sint8",   [T_UINT16] = "ffi_type_uint16",
        [T_SINT16] = "ffi_type_sint16", [T_SINT32] = "ffi_type_sint32",
        [T_SINT64] = "ffi_type_sint64", [T_FLOAT] = "ffi_type_float",
        [T_DOUBLE] = "ffi_type_double", [T_POINTER] = "ffi_type_pointer",
    };
    for (size_t i = 0; i < T_SCALARS; i++)
        lib->type[i] = need(lib, names[i]);

    make_struct(lib, T_2_DOUBLE, 2, (const enum type[]){T_DOUBLE, T_DOUBLE});
    make_struct(lib, T_4_LONG, 4, (const enum type[]){T_SINT64, T_SINT64, T_SINT64, T_SINT64});
    make_struct(lib, T_3_FLOAT, 3, (const enum type[]){T_FLOAT, T_FLOAT, T_FLOAT});
    make_struct(lib, T_INT_FLOAT_LONG, 3, (const enum type[]){T_SINT32, T_FLOAT, T_SINT64});
}

/* What to call it when the command line does not say. Releases before 3.5 cannot be asked for
 * their version; those that come under a file name of their own are known by that. */
static void name_library(struct library *lib)
{
    static const struct {
        const char *file, *name;
    } old[] = {
        {"libffi.so.8.1.0", "libffi 3.4.2"},
        {"libffi.so.8.1.2", "libffi 3.4.4"},
    };
    if (find(lib, "ffi_rx_version")) {
        snprintf(lib->name, sizeof lib->name, "rxffi");
        return;
    }
    const char *(*version)(void) = (const char *(*)(void))find(lib, "ffi_get_version");
    if (version) {
        snprintf(lib->name, sizeof lib->name, "libffi %.32s", version());
        return;
    }
    const char *slash = strrchr(lib->path, '/');
    const char *file = slash ? slash + 1 : lib->path;
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (strcmp(file, old[i].file) == 0)
            file = old[i].name;
    snprintf(lib->name, sizeof lib->name, "%.40s", file);
}

void library_open(struct library *lib, const char *word)
{
    if (dlsym(RTLD_DEFAULT, "ffi_call"))
        die("a libffi is already loaded for the whole program (LD_PRELOAD?): "
            "the others would be bound to it");

    /* NAME=PATH, unless the '=' is part of the path itself. */
    const char *path = word;
    size_t name = strcspn(word, "=/");
    if (word[name] == '=' && name > 0)
        path = word + name + 1;
    else
        name = 0;

    memset(lib, 0, sizeof *lib);
    lib->path = realpath(path, NULL);
    if (!lib->path)
        die("%s: no such library", path);
    lib->handle = dlopen(lib->path, RTLD_NOW | RTLD_LOCAL);
    if (!lib->handle)
        die("%s", dlerror());

    Dl_info info;
    void *call = dlsym(lib->handle, "ffi_call");
    if (!call || !dladdr(call, &info))
        die("%s: no ffi_call in it", lib->path);
    lib->base = info.dli_fbase;

    lib->prep_cif = (__typeof__(lib->prep_cif))need(lib, "ffi_prep_cif");
    lib->call = (__typeof__(lib->call))need(lib, "ffi_call");
    lib->closure_alloc = (__typeof__(lib->closure_alloc))need(lib, "ffi_closure_alloc");
    lib->closure_free = (__typeof__(lib->closure_free))need(lib, "ffi_closure_free");
    lib->prep_closure_loc = (__typeof__(lib->prep_closure_loc))need(lib, "ffi_prep_closure_loc");
    lib->plan_alloc = (call_plan_alloc_fn *)find(lib, "ffi_call_plan_alloc");
    if (lib->plan_alloc) {
        lib->plan_invoke = (call_plan_invoke_fn *)need(lib, "ffi_call_plan_invoke");
        lib->plan_free = (call_plan_free_fn *)need(lib, "ffi_call_plan_free");
    }
    lib->rx_prep_closure = (__typeof__(lib->rx_prep_closure))find(lib, "ffi_rx_prep_closure");
    if (lib->rx_prep_closure) {
        lib->rx_call_errno = (__typeof__(lib->rx_call_errno))need(lib, "ffi_rx_call_errno");
        lib->rx_scope_new = (__typeof__(lib->rx_scope_new))need(lib, "ffi_rx_scope_new");
        lib->rx_scope_closure_alloc =
            (__typeof__(lib->rx_scope_closure_alloc))need(lib, "ffi_rx_scope_closure_alloc");
        lib->rx_scope_free = (__typeof__(lib->rx_scope_free))need(lib, "ffi_rx_scope_free");
        lib->rx_queue_new = (__typeof__(lib->rx_queue_new))need(lib, "ffi_rx_queue_new");
        lib->rx_queue_run = (__typeof__(lib->rx_queue_run))need(lib, "ffi_rx_queue_run");
        lib->rx_queue_call = (__typeof__(lib->rx_queue_call))need(lib, "ffi_rx_queue_call");
        lib->rx_queue_free = (__typeof__(lib->rx_queue_free))need(lib, "ffi_rx_queue_free");
    }
    make_types(lib);

    if (name)
        snprintf(lib->name, sizeof lib->name, "%.*s", (int)(name > 40 ? 40 : name), word);
    else
        name_library(lib);
}

void libraries_distinct(struct library *libs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned same = 1;
        for (size_t j = 0; j < i; j++) {
            bool here = libs[i].base && libs[i].base == libs[j].base;
            if (here || strcmp(libs[i].path, libs[j].path) == 0)
                die("%s and %s are one and the same library", libs[j].path, libs[i].path);
            size_t length = strlen(libs[i].name);
            if (strncmp(libs[i].name, libs[j].name, length) == 0 &&
                (!libs[j].name[length] || strncmp(libs[j].name + length, " (", 2) == 0))
                same++;
        }
        if (same > 1) {
            size_t end = strlen(libs[i].name);
            snprintf(libs[i].name + end, sizeof libs[i].name - end, " (%u)", same);
        }
    }
}
