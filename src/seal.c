/* SPDX-License-Identifier: MIT
 *
 * seal: makes the library's code and read-only data unchangeable (mseal, Linux 6.10): no munmap,
 * mremap, mprotect or MAP_FIXED mapping can take their place any more. Empty without
 * --enable-mseal.
 *
 * Only an object that is never unloaded seals itself: the shared library says so in its dynamic
 * section, a program that it is linked into does not. A sealed table cannot be shown again by
 * mremap, so a second view of it is set aside first; chunks are shown from there, and sealed in
 * their turn.
 */
#include "chunk.h"

#ifdef RX_MSEAL

#include <errno.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mseal
#define SYS_mseal 462 /* on every architecture */
#endif

extern RX_HIDDEN const ElfW(Ehdr) __ehdr_start;
extern RX_HIDDEN ElfW(Dyn) _DYNAMIC[] __attribute__((weak));

static bool is_sealing;

static int seal(uintptr_t start, uintptr_t end)
{
    return syscall(SYS_mseal, start, end - start, 0);
}

static bool stays_loaded(void)
{
    if (_DYNAMIC == NULL)
        return false;
    for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_FLAGS_1)
            return (entry->d_un.d_val & DF_1_NODELETE) != 0;
    return false;
}

/* The loader maps whole pages: those of a segment from the one that it begins in to the one that it
 * ends in; of what is made read-only after relocation, those that are in it from end to end. */
static void seal_segment(const ElfW(Phdr) * segment, uintptr_t base, uintptr_t page)
{
    uintptr_t start = base + segment->p_vaddr, end = start + segment->p_memsz;
    if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
        seal(start & -page, rx_align_up(end, page));
    else if (segment->p_type == PT_GNU_RELRO)
        seal(start & -page, end & -page);
}

static __attribute__((constructor)) void seal_library(void)
{
    int saved = errno;
    if (stays_loaded() && seal(0, 0) == 0) {
        is_sealing = true;
        rx_grow_set_aside();
        const ElfW(Phdr) *segments =
            (const ElfW(Phdr) *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
        /* The file's first segment holds its header, and begins at address 0. */
        for (int i = 0; i < __ehdr_start.e_phnum; i++)
            seal_segment(&segments[i], (uintptr_t)&__ehdr_start, sysconf(_SC_PAGESIZE));
    }
    errno = saved;
}

void rx_seal_chunk(uintptr_t offset)
{
    int saved = errno;
    uintptr_t code = (uintptr_t)rx_trampolines + offset;
    if (is_sealing)
        seal(code, code + RX_CODE_SIZE);
    errno = saved;
}

#endif
