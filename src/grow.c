/* SPDX-License-Identifier: MIT
 *
 * grow: makes a chunk: a second view of the code table, with memory of its own behind it.
 *
 * No code is written and none is generated: what is executed is the library's own text, shown once
 * more. There are two ways to have it shown, and neither asks for memory that is writable and
 * executable, now or at another time:
 *
 *   - mremap with MREMAP_DONTUNMAP (Linux 5.13 for a file) of the table's own pages. They move, and
 *     the old place, still mapped to the file, faults them in again. It needs no file, no path and
 *     no PROT_EXEC. Where the text is anonymous memory (a loader that copied it, a huge page), it
 *     would leave zeros behind, and an emulator may forget the old place; so it is tried on a page
 *     that no trampoline is on, once, and never used where the two views are not alike.
 *   - the library's file, mapped again. Only if the bytes are those that are running: the file may
 *     have been replaced, or the path may mean another file by now.
 *
 * When neither is possible there is no chunk, this time: nothing is remembered of a failure that
 * may pass. All of this is system calls, so it may happen in a signal handler or a child of fork.
 */
#include "chunk.h"
#include "refuse.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

/* ---- Guards ---- */

/* The page in front of a part of the chunk at offset. Without a mapping of its own where the kernel
 * can do that; else with one, if it may. */
static void guard_before(const void *part, uintptr_t offset, bool may_be_mapping)
{
    void *page = (void *)((uintptr_t)part + offset - RX_PAGE_SIZE);
    if (madvise(page, RX_PAGE_SIZE, MADV_GUARD_INSTALL) != 0 && may_be_mapping)
        mprotect(page, RX_PAGE_SIZE, PROT_NONE);
}

/* As mappings, they make six out of the three that a chunk is, of the 65,530 that a process can
 * have. After so many chunks only the first guard is one: it is part of what is not used before it.
 */
#define CHUNKS_GUARDED_BY_MAPPINGS 8

/* Not in chunk 0, which is the library's own data: a conservative garbage collector reads all of
 * that, as the segments of the file say. There the pages are left unused. */
static void guard_chunk(uintptr_t offset)
{
    static uint32_t chunks;
    bool early = __atomic_fetch_add(&chunks, 1, __ATOMIC_RELAXED) < CHUNKS_GUARDED_BY_MAPPINGS;
    guard_before(rx_records, offset, true);
    guard_before(rx_cells, offset, early);
    guard_before(rx_chunk_end, offset, early);
}

/* ---- The first way: mremap ---- */

/* Can the kernel read 8 bytes at p? An invalid request, but it is read first. */
static bool is_readable(const void *p)
{
    return syscall(SYS_rt_sigprocmask, -1, p, NULL, 8) == 0 || errno != EFAULT;
}

static bool is_spare_page(const char *page)
{
    for (size_t at = 0; at < RX_PAGE_SIZE; at += 4096)
        if (!is_readable(page + at))
            return false;
    for (size_t at = 0; at < RX_PAGE_SIZE; at++)
        if (page[at] != rx_spare_byte)
            return false;
    return true;
}

/* A second view of len bytes at `from`, at `place` or, if that is NULL, anywhere. */
static void *view_again(const char *from, size_t len, char *place)
{
    int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP | (place != NULL ? MREMAP_FIXED : 0);
    void *view = mremap((void *)from, len, len, flags, place);
    return view == MAP_FAILED ? NULL : view;
}

enum { UNTRIED, WORKS, HARMS };
static int mremap_here = UNTRIED;

static bool mremap_works(void)
{
    int known = __atomic_load_n(&mremap_here, __ATOMIC_RELAXED);
    if (known != UNTRIED)
        return known == WORKS;
    char *view = view_again(rx_spare_page, RX_PAGE_SIZE, NULL);
    if (view == NULL)
        return false; /* this time */
    bool works = is_spare_page(view) && is_spare_page(rx_spare_page);
    if (works)
        munmap(view, RX_PAGE_SIZE);
    else
        mremap(view, RX_PAGE_SIZE, RX_PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
               (char *)rx_spare_page);
    __atomic_store_n(&mremap_here, works ? WORKS : HARMS, __ATOMIC_RELAXED);
    return works;
}

/* Where the table is shown from: itself, or a view that was set aside. */
static const char *source = rx_trampolines;

void rx_grow_set_aside(void)
{
    if (!mremap_works())
        return;
    char *view = view_again(rx_trampolines, RX_CODE_SIZE, NULL);
    if (view != NULL)
        source = view;
}

/* ---- The second way: the file ---- */

/* Where the table is in the file of the library, or of the program that it is linked into. Asked
 * for at the start, as the dynamic linker takes a lock to answer. */
static const char *file_name;
static off_t file_offset;

static int find_file(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    uintptr_t table = (uintptr_t)rx_trampolines - info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && table - segment->p_vaddr < segment->p_filesz) {
            file_name = info->dlpi_name[0] != '\0' ? info->dlpi_name : "/proc/self/exe";
            file_offset = table - segment->p_vaddr + segment->p_offset;
            return 1;
        }
    }
    return 0;
}

static __attribute__((constructor)) void remember_file(void)
{
    dl_iterate_phdr(find_file, NULL);
}

/* What lies behind the end of a file must not be touched. */
static bool is_whole(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 && file.st_size >= file_offset + (off_t)RX_CODE_SIZE;
}

static bool view_file(char *place)
{
    if (file_name == NULL)
        return false;
    int fd = open(file_name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool shown = is_whole(fd) && mmap(place, RX_CODE_SIZE, PROT_READ | PROT_EXEC,
                                      MAP_PRIVATE | MAP_FIXED, fd, file_offset) != MAP_FAILED;
    close(fd);
    return shown && memcmp(place, rx_trampolines, RX_CODE_SIZE) == 0;
}

/* ---- A chunk ---- */

/* Address space of span bytes at a multiple of a granule: where the kernel puts it, if that will
 * do. */
static char *reserve(size_t span)
{
    size_t stride = rx_align_up(span, RX_GRANULE);
    static uintptr_t lowest; /* a chunk so far: the next is likely to fit below it */
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    uintptr_t below = __atomic_load_n(&lowest, __ATOMIC_RELAXED);
    char *place = mmap((void *)(below != 0 ? below - stride : 0), span, PROT_NONE, flags, -1, 0);
    if (place != MAP_FAILED && (uintptr_t)place % RX_GRANULE != 0) {
        munmap(place, span);
        char *room = mmap(NULL, span + stride, PROT_NONE, flags, -1, 0);
        if (room == MAP_FAILED)
            return NULL;
        place = (char *)rx_align_up((uintptr_t)room, RX_GRANULE);
        if (place != room)
            munmap(room, place - room);
        munmap(place + span, room + stride - place);
    }
    if (place == MAP_FAILED)
        return NULL;
    __atomic_store_n(&lowest, (uintptr_t)place, __ATOMIC_RELAXED);
    return place;
}

/* Where there is no memory for another mapping, the second way cannot lead anywhere either. */
static bool show_code(char *place)
{
    if (mremap_works() && view_again(source, RX_CODE_SIZE, place) != NULL)
        return true;
    return errno != ENOMEM && view_file(place);
}

static bool furnish(char *place, uintptr_t offset)
{
    char *data = (char *)((uintptr_t)rx_records + offset - RX_PAGE_SIZE);
    if (mprotect(data, place + rx_chunk_span() - data, PROT_READ | PROT_WRITE) != 0)
        return false;
    guard_chunk(offset);
    errno = 0;
    if (show_code(place))
        return true;
    if (errno != ENOMEM)
        rx_why_not = FFI_RX_NO_VIEW;
    return false;
}

uintptr_t rx_grow(void)
{
    int saved = errno;
    rx_why_not = FFI_RX_NO_MEMORY;
    uintptr_t offset = 0;
    char *place = reserve(rx_chunk_span());
    if (place != NULL) {
        offset = (uintptr_t)place - (uintptr_t)rx_trampolines;
        if (!furnish(place, offset)) {
            rx_ungrow(offset);
            offset = 0;
        }
    }
    errno = saved;
    return offset;
}

void rx_ungrow(uintptr_t offset)
{
    int saved = errno;
    munmap((char *)rx_trampolines + offset, rx_chunk_span());
    errno = saved;
}
