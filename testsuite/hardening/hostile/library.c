/* SPDX-License-Identifier: MIT
 *
 * library: conditions of the library's own file and mappings. The file is a copy made for the test.
 */
#include "hostile.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

/* The file that the library's code is mapped from, while it has a name. */
static const char *library_file(void)
{
    static char path[PATH_MAX];
#ifdef STATIC
    if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        wrong("/proc/self/exe");
#else
    Dl_info info;
    if (!dladdr(ffi_prep_cif, &info) || !realpath(info.dli_fname, path))
        wrong("dladdr");
#endif
    return path;
}

static void enter_deleted(void)
{
    if (unlink(library_file()) != 0)
        wrong("unlink: %s", strerror(errno));
}

/* By a file of the same size, all of it code that traps. */
static void enter_replaced(void)
{
    const char *path = library_file();
    struct stat of_library;
    char trap[4096];
    int fd = open("another", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    memset(trap, 0xcc, sizeof trap);
    if (stat(path, &of_library) != 0 || fd < 0)
        wrong("another file: %s", strerror(errno));
    for (off_t left = of_library.st_size; left > 0; left -= (off_t)sizeof trap)
        if (write(fd, trap, sizeof trap) != sizeof trap)
            wrong("write");
    if (ftruncate(fd, of_library.st_size) != 0 || close(fd) != 0 || rename("another", path) != 0)
        wrong("rename: %s", strerror(errno));
}

/* ---- mseal(2), Linux 6.10: no mapping of the library can be changed any more ---- */

static int seal_if_library(struct dl_phdr_info *object, size_t size, void *page)
{
    (void)size;
    bool is_library = false;
    uintptr_t in_page = *(size_t *)page - 1;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        is_library |= p->p_type == PT_LOAD &&
                      (uintptr_t)api.library - object->dlpi_addr - p->p_vaddr < p->p_memsz;
    }
    for (int i = 0; is_library && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        uintptr_t start = (object->dlpi_addr + p->p_vaddr) & ~in_page;
        uintptr_t end = (object->dlpi_addr + p->p_vaddr + p->p_memsz + in_page) & ~in_page;
        if (p->p_type == PT_LOAD && syscall(SYS_mseal, start, end - start, 0L) != 0) {
            if (errno == ENOSYS)
                skip("this kernel has no mseal (Linux 6.10)");
            wrong("mseal: %s", strerror(errno));
        }
    }
    return is_library;
}

static void enter_sealed(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (!dl_iterate_phdr(seal_if_library, &page))
        wrong("the library is not found");
}

static bool is_sealed(const void *address)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)address & ~(uintptr_t)(page - 1));
    return mprotect(start, page, PROT_READ) == -1 && errno == EPERM;
}

/* Its code, and that of closures. */
static bool library_is_sealed(void)
{
    struct callback c;
    callback_must_make(&c, 1);
    if (!is_sealed(c.code))
        wrong("the code of closures is not sealed");
    callback_free(&c);
    return is_sealed(api.library);
}

const struct condition library_conditions[] = {
    {"deleted", enter_deleted, NULL, NULL},
    {"replaced", enter_replaced, NULL, NULL},
    {"sealed", enter_sealed, library_is_sealed, NULL},
    {0},
};
