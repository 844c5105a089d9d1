/* SPDX-License-Identifier: MIT
 *
 * chunk: trampolines beyond those that are built in (src/chunk.c): they work like the others, and
 * every address is told from every other. How a chunk is made is tested in grow.c.
 */
#include "unit.h"
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(ffi_arg *)result = *(int *)args[0] + (uintptr_t)user_data;
}

#define MANY (3 * RX_POOL_SIZE + 100)

static ffi_closure *closures[MANY];
static void *codes[MANY];

static void take_many(ffi_cif *cif)
{
    for (uintptr_t i = 0; i < MANY; i++) {
        closures[i] = ffi_closure_alloc(sizeof(ffi_closure), &codes[i]);
        cr_assert(ne(ptr, closures[i], NULL), "number %zu", i);
        ffi_status status = ffi_prep_closure_loc(closures[i], cif, answer, (void *)i, codes[i]);
        cr_assert(eq(int, status, FFI_OK));
    }
}

Test(chunk, closures_beyond_the_built_in_pool_work)
{
    ffi_cif cif = signature(&ffi_type_sint, TYPES(&ffi_type_sint));
    for (int round = 0; round < 2; round++) {
        take_many(&cif);
        for (int i = 0; i < MANY; i++)
            cr_assert(eq(int, ((int (*)(int))codes[i])(round), i + round));
        for (int i = 0; i < MANY; i++)
            ffi_closure_free(closures[i]);
    }
    cr_expect(eq(uptr, rx_chunk_offsets[4], 0), "the second round made no chunk");
}

Test(chunk, large_closures_work_there_too)
{
    ffi_cif cif = signature(&ffi_type_sint, TYPES(&ffi_type_sint));
    take_many(&cif);
    void *code;
    ffi_closure *large = ffi_closure_alloc(5000, &code);
    cr_assert(ne(ptr, large, NULL));
    memset(large, 0x5a, 5000);
    ffi_status status = ffi_prep_closure_loc(large, &cif, answer, (void *)7, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(int, ((int (*)(int))code)(1), 8));
    ffi_closure_free(large);
}

/* ---- Indices and addresses ---- */

Test(chunk, an_index_and_its_addresses_name_each_other)
{
    cr_assert(rx_chunk_have(1));
    cr_assert(rx_chunk_have(2));
    for (uint32_t chunk = 0; chunk < 3; chunk++)
        for (uint32_t within = 0; within < RX_POOL_SIZE; within++) {
            uint32_t i = chunk << RX_CHUNK_BITS | within;
            char *code = rx_code_of(i), *cell = (char *)rx_cell_of(i);
            cr_assert(eq(i64, rx_index_of_code(code), i));
            cr_assert(eq(i64, rx_index_of_code(code + 1), -1));
            cr_assert(eq(i64, rx_index_of_code(code + RX_TRAMPOLINE_SIZE / 2), -1));
            cr_assert(eq(i64, rx_index_of_cell(cell), i));
            cr_assert(eq(i64, rx_index_of_cell(cell + RX_CELL_SIZE - 1), i));
        }
}

Test(chunk, the_library_may_lie_in_the_granule_of_a_chunk)
{
    cr_assert(rx_chunk_have(1));
    const char *places[] = {rx_trampolines, (const char *)rx_cells,
                            (const char *)(rx_cells + RX_POOL_SIZE) - 1};
    for (size_t i = 0; i < LENGTH(places); i++) {
        uint64_t granule = (uintptr_t)places[i] >> RX_GRANULE_LOG2;
        rx_chunk_slots[granule % RX_CHUNK_SLOTS] = granule << 12 | 1;
    }
    cr_expect(eq(i64, rx_index_of_code(rx_trampolines), 0));
    cr_expect(eq(i64, rx_index_of_cell(rx_cells), 0));
    cr_expect(eq(i64, rx_index_of_cell(places[2]), RX_POOL_SIZE - 1));
    void *code;
    void *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    cr_assert(eq(i64, rx_index_of_cell(closure) >> RX_CHUNK_BITS, 0));
    rx_ring.chunk = 1; /* as if the thread had last had a closure of that chunk */
    ffi_closure_free(closure);
}

static void expect_nobodys(const char *p)
{
    cr_expect(eq(i64, rx_index_of_code(p), -1), "%p", (void *)p);
    cr_expect(eq(i64, rx_index_of_cell(p), -1), "%p", (void *)p);
}

Test(chunk, what_is_around_a_chunk_is_in_none)
{
    char local = 0;
    expect_nobodys(&local);
    expect_nobodys(NULL);
    expect_nobodys((char *)UINTPTR_MAX);
    for (uint32_t chunk = 0; chunk < 2; chunk++) {
        cr_assert(chunk == 0 || rx_chunk_have(chunk));
        uintptr_t offset = rx_chunk_offsets[chunk];
        expect_nobodys(rx_trampolines + offset - 1);
        expect_nobodys(rx_trampolines + offset + (size_t)RX_POOL_SIZE * RX_TRAMPOLINE_SIZE);
        expect_nobodys((char *)rx_records + offset);
        expect_nobodys((char *)rx_cells + offset - 1);
        expect_nobodys((char *)(rx_cells + RX_POOL_SIZE) + offset);
        expect_nobodys(rx_chunk_end + offset);
    }
}

Test(chunk, asking_again_makes_no_other)
{
    cr_assert(rx_chunk_have(1));
    uintptr_t offset = rx_chunk_offsets[1];
    cr_expect(rx_chunk_have(1));
    cr_expect(eq(uptr, rx_chunk_offsets[1], offset));
}

/* ---- Protection ---- */

/* The protection of the mapping that p is in: "r-xp", say. */
static const char *protection(const void *p)
{
    static char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    cr_assert(ne(ptr, maps, NULL));
    unsigned long start, end;
    char *found = NULL;
    while (found == NULL && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx", &start, &end) == 2 && (uintptr_t)p - start < end - start)
            found = strchr(line, ' ') + 1;
    fclose(maps);
    cr_assert(ne(ptr, found, NULL));
    found[4] = '\0';
    return found;
}

Test(chunk, code_is_never_writable_and_data_never_executable)
{
    for (uint32_t chunk = 0; chunk < 3; chunk++) {
        cr_assert(chunk == 0 || rx_chunk_have(chunk));
        uint32_t first = chunk << RX_CHUNK_BITS, last = first + RX_POOL_SIZE - 1;
        for (uint32_t i = first;; i = last) {
            cr_expect(eq(str, (char *)protection(rx_code_of(i)), "r-xp"));
            cr_expect(eq(str, (char *)protection(rx_cell_of(i)), "rw-p"));
            cr_expect(eq(str, (char *)protection(rx_record_of(i)), "rw-p"));
            if (i == last)
                break;
        }
    }
}

static void write_to(void *p)
{
    *(volatile char *)p = 1;
    exit(0);
}

/* The first byte of each page that is in front of, between and behind records and cells. */
static void margins(uintptr_t offset, uintptr_t margin[3])
{
    margin[0] = (uintptr_t)rx_records - RX_PAGE_SIZE + offset;
    margin[1] = (uintptr_t)(rx_records + RX_POOL_SIZE) + offset;
    margin[2] = (uintptr_t)(rx_cells + RX_POOL_SIZE) + offset;
}

Test(chunk, there_are_guards_around_records_and_cells)
{
    SKIP_UNDER_EMULATOR("qemu says that MADV_GUARD_INSTALL is done, and does nothing");
    cr_assert(rx_chunk_have(1));
    uintptr_t margin[3];
    margins(rx_chunk_offsets[1], margin);
    for (size_t i = 0; i < LENGTH(margin); i++) {
        struct ending ending = ending_of(write_to, (void *)margin[i]);
        cr_expect(eq(int, ending.signal, 11), "the first byte of margin %zu", i);
        ending = ending_of(write_to, (void *)(margin[i] + RX_PAGE_SIZE - 1));
        cr_expect(eq(int, ending.signal, 11), "the last byte of margin %zu", i);
    }
}

/* A conservative garbage collector, Guile's for one, reads all data of a library that its file says
 * can be written. */
Test(chunk, the_librarys_own_data_can_be_read)
{
    uintptr_t margin[3];
    margins(0, margin);
    for (size_t i = 0; i < LENGTH(margin); i++)
        for (size_t at = 0; at < RX_PAGE_SIZE; at++)
            cr_assert(eq(int, *(volatile char *)(margin[i] + at), 0), "margin %zu", i);
}
