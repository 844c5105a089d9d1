/* SPDX-License-Identifier: MIT
 *
 * loading: a program that is not linked with libffi loads one, and uses N closures.
 *
 *     loading plain PATH N      dlopen
 *     loading space PATH N      dlmopen, into a name space of its own
 *     loading memory PATH N     dlopen of a copy in memory, whose descriptor is closed then
 *     loading cycles PATH N     dlopen and dlclose, 300 times: nothing must grow
 */
#include "../hostile/hostile.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *must_find(void *handle, const char *name)
{
    void *found = dlsym(handle, name);
    if (!found)
        wrong("no %s", name);
    return found;
}

static void use(void *handle)
{
    struct api found;
    if (!handle)
        wrong("%s", dlerror());
    *(void **)&found.alloc = must_find(handle, "ffi_closure_alloc");
    *(void **)&found.free = must_find(handle, "ffi_closure_free");
    *(void **)&found.prep_closure = must_find(handle, "ffi_prep_closure_loc");
    *(void **)&found.prep_cif = must_find(handle, "ffi_prep_cif");
    found.type_int = must_find(handle, "ffi_type_sint32");
    found.type_short = must_find(handle, "ffi_type_sint16");
    found.type_float = must_find(handle, "ffi_type_float");
    found.library = must_find(handle, "ffi_prep_cif");
    api_use(found);
}

static void *open_copy(const char *path)
{
    static char bytes[1 << 16];
    char name[64];
    ssize_t n;
    int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("library", MFD_CLOEXEC);
    if (from < 0 || to < 0)
        skip("no memory can be had as a file");
    while ((n = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)n) != n)
            wrong("write");
    close(from);
    snprintf(name, sizeof name, "/proc/self/fd/%d", to);
    void *handle = dlopen(name, RTLD_NOW);
    close(to);
    return handle;
}

/* ---- What could grow ---- */

static int lines_of_maps(void)
{
    int lines = 0, c;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        wrong("/proc/self/maps");
    while ((c = getc(maps)) != EOF)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static int descriptors(void)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        wrong("/proc/self/fd");
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

#define CYCLES 300
#define WARM 10 /* what the C library keeps for itself */

/* Whether the library goes or stays when it is closed is its own affair. */
static void cycle(const char *path, int n)
{
    int mappings = 0, opened = 0;
    for (int i = 0; i < CYCLES; i++) {
        void *handle = dlopen(path, RTLD_NOW);
        use(handle);
        callbacks_use(n);
        if (dlclose(handle) != 0)
            wrong("%s", dlerror());
        if (i == WARM) {
            mappings = lines_of_maps();
            opened = descriptors();
        }
    }
    int more_mappings = lines_of_maps() - mappings, more_opened = descriptors() - opened;
    if (more_mappings > 0 || more_opened > 0)
        wrong("%d mappings and %d descriptors more after %d cycles", more_mappings, more_opened,
              CYCLES - WARM - 1);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const char *how = argv[1], *path = argv[2];
    int n = atoi(argv[3]);
    if (strcmp(how, "cycles") == 0) {
        cycle(path, n);
    } else {
        if (strcmp(how, "plain") == 0)
            use(dlopen(path, RTLD_NOW));
        else if (strcmp(how, "space") == 0)
            use(dlmopen(LM_ID_NEWLM, path, RTLD_NOW));
        else if (strcmp(how, "memory") == 0)
            use(open_copy(path));
        else
            return 2;
        mark(MARK_BEGIN, NULL);
        callbacks_use(n);
    }
    mark(MARK_END, NULL);
    return 0;
}
