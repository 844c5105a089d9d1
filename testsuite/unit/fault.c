/* SPDX-License-Identifier: MIT
 *
 * fault: the end of a program that misuses closures: one line on stderr that names the fault and
 * the address, and SIGABRT (src/fault.c). Each misuse is done in a child process.
 */
#include "pool_users.h"
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>

static void answer(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)args;
    *(ffi_arg *)result = (uintptr_t)user_data;
}

static ffi_cif *cif(void)
{
    static ffi_cif cif;
    static ffi_type *types[] = {&ffi_type_sint8, &ffi_type_pointer, NULL};
    cif = signature(&ffi_type_double, types);
    return &cif;
}

/* Does act (arg) end as it shall? what is part of the line; address is, too, unless it is NULL. */
static void expect_fault(void (*act)(void *), void *arg, const char *what, const void *address)
{
    struct ending ending = ending_of(act, arg);
    cr_expect(eq(int, ending.signal, SIGABRT));
    size_t length = strlen(ending.text);
    cr_assert(gt(sz, length, 0), "nothing was said");
    char *end = strchr(ending.text, '\n');
    cr_expect(eq(ptr, end, ending.text + length - 1), "not one line: %s", ending.text);
    cr_expect(eq(int, strncmp(ending.text, "rxffi: ", 7), 0), "%s", ending.text);
    cr_expect(ne(ptr, strstr(ending.text, what), NULL), "%s", ending.text);
    if (address != NULL) {
        char text[32];
        snprintf(text, sizeof text, "0x%lx", (unsigned long)(uintptr_t)address);
        char *found = strstr(ending.text, text);
        cr_expect(ne(ptr, found, NULL), "no %s: %s", text, ending.text);
        if (found != NULL)
            cr_expect(eq(ptr, strchr("0123456789abcdef", found[strlen(text)]), NULL));
    }
}

static void free_it(void *closure)
{
    ffi_closure_free(closure);
}

static void call_it(void *code)
{
    ((void (*)(void))code)();
}

/* ---- Freeing ---- */

static void free_twice(void *closure)
{
    ffi_closure_free(closure);
    ffi_closure_free(closure);
}

Test(fault, a_double_free)
{
    void *closure = closure_of(cif(), answer, NULL, NULL);
    expect_fault(free_twice, closure, "ffi_closure_free of a closure that is not allocated",
                 closure);
    expect_fault(free_twice, closure, "double free", closure);
    expect_fault(free_twice, closure, "double (sint8, word)", closure);
}

Test(fault, a_double_free_of_a_closure_that_was_never_prepared)
{
    void *code, *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    expect_fault(free_twice, closure, "double free", closure);
}

static void free_twice_with_others_between(void *closure)
{
    ffi_closure_free(closure);
    for (int i = 0; i < 10; i++) {
        void *code;
        if (ffi_closure_alloc(sizeof(ffi_closure), &code) == closure)
            _Exit(1); /* then it was no double free */
    }
    ffi_closure_free(closure);
}

Test(fault, a_double_free_after_others_have_allocated)
{
    void *closure = closure_of(cif(), answer, NULL, NULL);
    expect_fault(free_twice_with_others_between, closure, "double free", closure);
}

Test(fault, a_double_free_of_a_large_closure)
{
    void *code, *closure = ffi_closure_alloc(5000, &code);
    expect_fault(free_twice, closure, "ffi_closure_free", closure);
}

Test(fault, a_free_of_what_was_never_allocated)
{
    expect_fault(free_it, &rx_cells[RX_POOL_SIZE - 1], "not allocated",
                 &rx_cells[RX_POOL_SIZE - 1]);
}

Test(fault, a_free_of_memory_that_is_no_closure)
{
    char on_stack[128];
    static char in_data[128];
    void *on_heap = malloc(128);
    const char *what = "ffi_closure_free of an address that is no closure";
    closure_of(cif(), answer, NULL, NULL);
    expect_fault(free_it, on_stack, what, on_stack);
    expect_fault(free_it, in_data, what, in_data);
    expect_fault(free_it, on_heap, what, on_heap);
    expect_fault(free_it, (void *)1, what, (void *)1);
    free(on_heap);
}

Test(fault, a_free_of_a_code_address)
{
    void *code;
    closure_of(cif(), answer, NULL, &code);
    expect_fault(free_it, code, "no closure", code);
    expect_fault(free_it, code, "it is the code of one", code);
}

Test(fault, a_free_of_an_address_inside_a_closure)
{
    char *closure = (char *)closure_of(cif(), answer, NULL, NULL);
    const char *what = "ffi_closure_free of an address inside a closure";
    expect_fault(free_it, closure + 1, what, closure + 1);
    expect_fault(free_it, closure + 64, what, closure + 64);
    expect_fault(free_it, closure + 127, what, closure + 127);
    void *code;
    char *large = ffi_closure_alloc(5000, &code);
    expect_fault(free_it, large + 8, "no closure", large + 8);
}

Test(fault, a_free_of_the_unused_cell_of_a_large_closure)
{
    void *code;
    ffi_closure_alloc(5000, &code);
    void *cell = &rx_cells[rx_index_of_code(code)];
    expect_fault(free_it, cell, "inside a closure", cell);
}

/* ---- Calling and preparing ---- */

static void free_and_call(void *closure)
{
    void *code = rx_code_of(rx_index_of_cell(closure));
    ffi_closure_free(closure);
    call_it(code);
}

Test(fault, a_call_after_free)
{
    void *code, *closure = closure_of(cif(), answer, NULL, &code);
    expect_fault(free_and_call, closure, "call of a closure after ffi_closure_free", closure);
    expect_fault(free_and_call, closure, "its signature was double (sint8, word)", code);
}

static void free_and_call_with_others_between(void *closure)
{
    void *code = rx_code_of(rx_index_of_cell(closure));
    ffi_closure_free(closure);
    for (int i = 0; i < 10; i++)
        closure_of(cif(), answer, NULL, NULL);
    call_it(code);
}

Test(fault, a_call_after_free_when_others_are_in_use)
{
    void *code, *closure = closure_of(cif(), answer, NULL, &code);
    expect_fault(free_and_call_with_others_between, closure, "double (sint8, word)", code);
}

Test(fault, a_call_before_prepare)
{
    void *code, *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    expect_fault(call_it, code, "call of a closure before ffi_prep_closure_loc", closure);
    expect_fault(call_it, code, "(code 0x", code);
}

static void take_again_and_call(void *closure)
{
    void *code;
    ffi_closure_free(closure);
    forbid_growth(); /* before it is handed out again, the pool would rather grow */
    do
        if (ffi_closure_alloc(sizeof(ffi_closure), &code) == NULL)
            _Exit(1);
    while (code != rx_code_of(rx_index_of_cell(closure)));
    call_it(code);
}

Test(fault, a_call_before_prepare_of_a_closure_that_was_used_before)
{
    void *closure = closure_of(cif(), answer, NULL, NULL);
    expect_fault(take_again_and_call, closure, "before ffi_prep_closure_loc", closure);
}

static void free_and_prepare(void *closure)
{
    void *code = rx_code_of(rx_index_of_cell(closure));
    ffi_closure_free(closure);
    ffi_prep_closure_loc(closure, cif(), answer, NULL, code);
}

Test(fault, a_prepare_after_free)
{
    void *code, *closure = closure_of(cif(), answer, NULL, &code);
    expect_fault(free_and_prepare, closure,
                 "ffi_prep_closure_loc of a closure that is not allocated", code);
}

/* ---- What is said ---- */

static void free_and_call_with_a_long_signature(void *unused)
{
    (void)unused;
    ffi_type *types[101] = {NULL};
    for (int i = 0; i < 100; i++)
        types[i] = i % 2 == 0 ? &ffi_type_longdouble : &ffi_type_complex_double;
    ffi_cif cif = signature(bytes_type(33), types);
    free_and_call(closure_of(&cif, answer, NULL, NULL));
}

Test(fault, a_long_signature_is_cut_but_the_line_is_one)
{
    expect_fault(free_and_call_with_a_long_signature, NULL,
                 "its signature was struct of 33 (long double, complex of 16, ", NULL);
}

static void size_of_a_java_struct(void *cif)
{
    ffi_java_raw_size(cif);
}

static void call_with_a_java_struct(void *cif)
{
    ffi_java_raw raw = {0};
    ffi_java_raw_call(cif, FN(answer), NULL, &raw);
}

Test(fault, a_struct_for_java)
{
    ffi_cif with_struct = signature(&ffi_type_void, TYPES(bytes_type(8)));
    expect_fault(size_of_a_java_struct, &with_struct, "Java", NULL);
    expect_fault(call_with_a_java_struct, &with_struct, "Java", NULL);
    ffi_cif with_complex = signature(&ffi_type_void, TYPES(&ffi_type_complex_float));
    expect_fault(size_of_a_java_struct, &with_complex, "Java", NULL);
}
