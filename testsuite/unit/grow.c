/* SPDX-License-Identifier: MIT
 *
 * grow: the ways in which a chunk is made, and what becomes of them on systems that this is not
 * (src/grow.c). This file has a copy of that room to itself, under names of its own, whose system
 * calls it answers.
 */
#include <fcntl.h>
#include <sys/mman.h>

static void *answered_mremap(void *from, size_t old, size_t len, int flags, void *place);
static int answered_open(const char *name, int flags);

#define rx_grow copy_of_grow
#define rx_ungrow copy_of_ungrow
#define rx_grow_set_aside copy_of_grow_set_aside
#define mremap answered_mremap
#define open answered_open
#include "../../src/grow.c"
#undef mremap
#undef open

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- The system ---- */

/* What mremap does to the old place of a page, or that it fails. */
static enum { MREMAPS, REFUSES, LEAVES_ZEROS, FORGETS } system_is;
static int mremaps, moves_back;

static void *answered_mremap(void *from, size_t old, size_t len, int flags, void *place)
{
    mremaps++;
    if (!(flags & MREMAP_DONTUNMAP)) {
        moves_back++;
        return mremap(from, old, len, flags, place);
    }
    if (system_is == REFUSES) {
        errno = EPERM;
        return MAP_FAILED;
    }
    /* Without a place the flag for one is not set, and the argument not looked at. */
    void *view = mremap(from, old, len, flags, place);
    if (view != MAP_FAILED && system_is == LEAVES_ZEROS)
        mmap(from, len, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (view != MAP_FAILED && system_is == FORGETS)
        munmap(from, len);
    return view;
}

/* The file that is there in place of the library's; NULL: its own. */
static const char *replaced_by;
static int opens, open_error;

static int answered_open(const char *name, int flags)
{
    opens++;
    if (open_error != 0) {
        errno = open_error;
        return -1;
    }
    return open(replaced_by != NULL ? replaced_by : name, flags);
}

/* ---- What is expected ---- */

static void expect_a_chunk(void)
{
    errno = 99;
    uintptr_t offset = copy_of_grow();
    cr_assert(ne(uptr, offset, 0));
    cr_expect(eq(int, errno, 99));
    cr_expect(eq(int, memcmp(rx_trampolines + offset, rx_trampolines, RX_CODE_SIZE), 0));
    cr_expect(eq(int, *(const unsigned char *)rx_trampolines,
                 *(const unsigned char *)(rx_trampolines + offset)));
    char *cell = (char *)rx_cells + offset;
    cr_expect(eq(int, cell[0], 0));
    memset(cell, 1, (size_t)RX_POOL_SIZE * RX_CELL_SIZE);
    copy_of_ungrow(offset);
    cr_expect(eq(int, errno, 99));
}

static size_t mappings(void)
{
    size_t lines = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    for (int c; (c = getc(maps)) != EOF;)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static void expect_none(void)
{
    mappings(); /* whatever stdio needs is there now */
    size_t before = mappings();
    errno = 99;
    cr_expect(eq(uptr, copy_of_grow(), 0));
    cr_expect(eq(int, errno, 99));
    cr_expect(eq(sz, mappings(), before), "nothing is left behind");
}

static void expect_spare_page_as_it_was(void)
{
    for (size_t i = 0; i < RX_PAGE_SIZE; i++)
        cr_assert(eq(int, rx_spare_page[i], rx_spare_byte));
}

/* ---- The tests ---- */

Test(grow, the_text_is_shown_again_without_a_file)
{
    SKIP_UNDER_EMULATOR("qemu unmaps what MREMAP_DONTUNMAP shall not");
    for (int i = 0; i < 3; i++)
        expect_a_chunk();
    cr_expect(eq(int, opens, 0));
    cr_expect(eq(int, mremaps, 4), "the first time it is tried");
    expect_spare_page_as_it_was();
}

Test(grow, where_mremap_is_refused_the_file_is_shown)
{
    system_is = REFUSES;
    expect_a_chunk();
    expect_a_chunk();
    cr_expect(eq(int, opens, 2));
}

Test(grow, what_was_refused_is_tried_again)
{
    SKIP_UNDER_EMULATOR("qemu unmaps what MREMAP_DONTUNMAP shall not");
    system_is = REFUSES;
    expect_a_chunk();
    system_is = MREMAPS;
    expect_a_chunk();
    cr_expect(eq(int, opens, 1));
}

Test(grow, a_page_that_leaves_zeros_behind_is_put_back)
{
    system_is = LEAVES_ZEROS;
    expect_a_chunk();
    cr_expect(eq(int, moves_back, 1));
    expect_spare_page_as_it_was();
    expect_a_chunk();
    cr_expect(eq(int, mremaps, 2), "and never moved again");
    cr_expect(eq(int, opens, 2));
}

Test(grow, a_page_that_is_forgotten_is_put_back)
{
    system_is = FORGETS;
    expect_a_chunk();
    expect_spare_page_as_it_was();
    expect_a_chunk();
    cr_expect(eq(int, mremaps, 2));
}

Test(grow, a_file_of_other_bytes_is_not_shown)
{
    system_is = REFUSES;
    char name[] = "replaced-XXXXXX";
    int fd = mkstemp(name);
    cr_assert(ge(int, fd, 0));
    replaced_by = name;
    expect_none();
    cr_assert(eq(int, ftruncate(fd, file_offset + RX_CODE_SIZE), 0));
    expect_none();

    /* All bytes but one. */
    cr_assert(eq(i64, pwrite(fd, rx_trampolines, RX_CODE_SIZE, file_offset), RX_CODE_SIZE));
    expect_a_chunk();
    cr_assert(eq(i64, pwrite(fd, "", 1, file_offset + RX_CODE_SIZE / 2), 1));
    expect_none();

    cr_assert(eq(int, ftruncate(fd, file_offset + RX_CODE_SIZE - 1), 0));
    expect_none();
    close(fd);
    unlink(name);
}

Test(grow, a_failure_that_passes_is_forgotten)
{
    system_is = REFUSES;
    static const int errors[] = {EMFILE, ENFILE, EACCES, ENOENT};
    for (size_t i = 0; i < LENGTH(errors); i++) {
        open_error = errors[i];
        expect_none();
    }
    open_error = 0;
    expect_a_chunk();
}
