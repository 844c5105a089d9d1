/* SPDX-License-Identifier: MIT
 *
 * closure_memory: the memory that closures live in: what ffi_closure_alloc gives for each size,
 * closures that lie elsewhere, and executable memory that the client brings (src/closure.c).
 */
#include "unit.h"
#include "arch.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef long function(long);

/* result = args[0] + *user_data */
static void add(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(long *)result = *(long *)args[0] + *(long *)user_data;
}

static ffi_cif long_of_long(void)
{
    return signature(&ffi_type_slong, TYPES(&ffi_type_slong));
}

static bool is_inside(const void *p, const void *start, size_t size)
{
    return (uintptr_t)p - (uintptr_t)start < size;
}

/* ---- What is given for a size ---- */

/* All that real clients ask for, and what lies around the bounds. */
static const size_t sizes[] = {0, 1, 56, 72, 80, 112, 127, 128, 129, 256, 5000, 1 << 20};

Test(closure_memory, each_size_is_the_clients_to_write)
{
    long two = 2;
    ffi_cif cif = long_of_long();
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        size_t size = sizes[i] < sizeof(ffi_closure) ? sizeof(ffi_closure) : sizes[i];
        void *code[3];
        char *closure[3];
        for (int j = 0; j < 3; j++) {
            closure[j] = ffi_closure_alloc(sizes[i], &code[j]);
            cr_assert(ne(ptr, closure[j], NULL), "size %zu", sizes[i]);
            cr_assert(eq(uptr, (uintptr_t)closure[j] % _Alignof(ffi_closure), 0));
            memset(closure[j], 0xa5, size);
            ffi_status status =
                ffi_prep_closure_loc((ffi_closure *)closure[j], &cif, add, &two, code[j]);
            cr_assert(eq(int, status, FFI_OK));
        }
        memset(closure[1] + sizeof(ffi_closure), 0x5a, size - sizeof(ffi_closure));
        for (int j = 0; j < 3; j++)
            cr_expect(eq(long, ((function *)code[j])(40), 42), "size %zu", sizes[i]);
        for (size_t k = sizeof(ffi_closure); k < size; k++)
            if (closure[1][k] != 0x5a || (unsigned char)closure[0][k] != 0xa5)
                cr_fatal("size %zu: byte %zu is another's", sizes[i], k);
        for (int j = 0; j < 3; j++)
            ffi_closure_free(closure[j]);
    }
}

Test(closure_memory, up_to_128_bytes_come_from_the_library_itself)
{
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        void *code;
        void *closure = ffi_closure_alloc(sizes[i], &code);
        bool inside = is_inside(closure, rx_cells, (size_t)RX_POOL_SIZE * RX_CELL_SIZE);
        cr_expect(eq(int, inside, sizes[i] <= 128), "size %zu", sizes[i]);
        ffi_closure_free(closure);
    }
}

Test(closure_memory, code_is_in_the_librarys_own_text)
{
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        void *code = NULL;
        void *closure = ffi_closure_alloc(sizes[i], &code);
        size_t text = (size_t)RX_POOL_SIZE * RX_TRAMPOLINE_SIZE;
        cr_expect(is_inside(code, rx_trampolines, text), "size %zu", sizes[i]);
        ffi_closure_free(closure);
    }
}

Test(closure_memory, what_cannot_be_given_leaves_code_alone)
{
    void *code = &code;
    cr_expect(eq(ptr, ffi_closure_alloc(SIZE_MAX, &code), NULL));
    cr_expect(eq(ptr, code, &code));
    cr_expect(eq(ptr, ffi_closure_alloc(PTRDIFF_MAX, &code), NULL));
    cr_expect(eq(ptr, code, &code));
}

Test(closure_memory, a_closure_without_code_is_no_closure)
{
    cr_expect(eq(ptr, ffi_closure_alloc(sizeof(ffi_closure), NULL), NULL));
    cr_expect(eq(ptr, ffi_closure_alloc(5000, NULL), NULL));
}

Test(closure_memory, freeing_nothing_is_harmless)
{
    ffi_closure_free(NULL);
}

Test(closure_memory, a_closure_need_not_be_prepared)
{
    for (int i = 0; i < 3 * RX_POOL_SIZE; i++) {
        void *code;
        void *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
        cr_assert(ne(ptr, closure, NULL));
        ffi_closure_free(closure);
    }
}

#ifdef __GLIBC__
Test(closure_memory, a_large_closure_gives_its_memory_back)
{
    void *code;
    ffi_closure_free(ffi_closure_alloc(5000, &code));
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 100; i++)
        ffi_closure_free(ffi_closure_alloc(5000, &code));
    cr_expect(eq(sz, mallinfo2().uordblks, before));
}
#endif

/* ---- A closure elsewhere than its cell ---- */

Test(closure_memory, a_closure_may_lie_elsewhere)
{
    long two = 2, three = 3;
    ffi_cif cif = long_of_long();
    void *code;
    ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code);
    ffi_closure *mine = malloc(sizeof *mine);
    ffi_status status = ffi_prep_closure_loc(mine, &cif, add, &two, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(long, ((function *)code)(40), 42));

    /* And back again. */
    status = ffi_prep_closure_loc(cell, &cif, add, &three, code);
    cr_assert(eq(int, status, FFI_OK));
    memset(mine, 0x5a, sizeof *mine);
    cr_expect(eq(long, ((function *)code)(40), 43));
    free(mine);
    ffi_closure_free(cell);
}

static void add_double(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(double *)result = *(long *)args[0] + *(double *)args[1] + *(long *)user_data;
}

Test(closure_memory, a_closure_elsewhere_takes_floating_point)
{
    ffi_cif cif = signature(&ffi_type_double, TYPES(&ffi_type_slong, &ffi_type_double));
    long two = 2;
    void *code;
    ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code), mine;
    ffi_status status = ffi_prep_closure_loc(&mine, &cif, add_double, &two, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(dbl, ((double (*)(long, double))code)(40, 1.5), 43.5));
    ffi_closure_free(cell);
}

Test(closure_memory, a_prepared_closure_is_only_read)
{
    long two = 2;
    ffi_cif cif = long_of_long();
    void *code;
    ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code);
    size_t page = sysconf(_SC_PAGESIZE);
    ffi_closure *mine = at_page_end(page);
    ffi_status status = ffi_prep_closure_loc(mine, &cif, add, &two, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_assert(eq(int, mprotect(mine, page, PROT_READ), 0));
    cr_expect(eq(long, ((function *)code)(40), 42));
    ffi_closure_free(cell);
}

/* ---- Executable memory of the client's ---- */

static void *executable_page(void)
{
    void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        cr_skip("this system allows no memory that is writable and executable");
    return page;
}

Test(closure_memory, a_client_may_bring_executable_memory)
{
    long two = 2;
    ffi_cif cif = long_of_long();
    ffi_closure *closure = executable_page();
    for (int i = 0; i < 20; i++) {
        ffi_status status = ffi_prep_closure_loc(&closure[i], &cif, add,
                                                 i % 2 == 0 ? &two : &(long){3}, &closure[i]);
        cr_assert(eq(int, status, FFI_OK));
    }
    __builtin___clear_cache((char *)closure, (char *)(closure + 20));
    cr_expect(eq(long, ((function *)&closure[0])(40), 42));
    cr_expect(eq(long, ((function *)&closure[18])(40), 42));
}

Test(closure_memory, and_make_it_read_only_afterwards)
{
    long two = 2;
    ffi_cif cif = long_of_long();
    ffi_closure *closure = executable_page();
    ffi_status status = ffi_prep_closure_loc(closure, &cif, add, &two, closure);
    cr_assert(eq(int, status, FFI_OK));
    cr_assert(eq(int, mprotect(closure, sysconf(_SC_PAGESIZE), PROT_READ | PROT_EXEC), 0));
    for (long i = 0; i < 3; i++)
        cr_expect(eq(long, ((function *)closure)(i), i + 2));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
Test(closure_memory, the_old_form_is_for_executable_memory)
{
    long two = 2;
    ffi_cif cif = long_of_long();
    ffi_closure *closure = executable_page();
    ffi_status status = ffi_prep_closure(closure, &cif, add, &two);
    cr_assert(eq(int, status, FFI_OK));
    __builtin___clear_cache((char *)closure, (char *)(closure + 1));
    cr_expect(eq(long, ((function *)closure)(40), 42));
    status = ffi_prep_closure(NULL, &cif, add, &two);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_prep_closure(closure, NULL, add, &two);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}
#pragma GCC diagnostic pop

/* Written at one address, executed at another. */
Test(closure_memory, executable_memory_may_have_two_addresses)
{
    size_t page = sysconf(_SC_PAGESIZE);
    int fd = memfd_create("closures", 0);
    if (fd < 0 || ftruncate(fd, page) != 0)
        cr_skip("this system has no memfd_create");
    ffi_closure *writable = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *executable = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    if (writable == MAP_FAILED || executable == MAP_FAILED)
        cr_skip("this system maps no memory twice");
    long two = 2;
    ffi_cif cif = long_of_long();
    ffi_status status = ffi_prep_closure_loc(writable, &cif, add, &two, executable);
    cr_assert(eq(int, status, FFI_OK));
    __builtin___clear_cache((char *)executable, (char *)executable + page);
    cr_expect(eq(long, ((function *)executable)(40), 42));
}
