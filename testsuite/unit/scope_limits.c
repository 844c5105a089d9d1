/* SPDX-License-Identifier: MIT
 *
 * scope_limits: the room that scopes take, and what is none (src/scope.c).
 */
#include "scoped.h"
#include "refuse.h"

/* ---- Room ---- */

Test(scope_limits, what_has_ended_comes_back_while_the_scope_goes_on)
{
    enum { LIVE = 100 };
    int others = in_use(), most = 0;
    void *code[LIVE];
    ffi_closure *closure[LIVE];
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    for (int i = 0; i < LIVE; i++)
        closure[i] = plain_in(scope, &code[i]);
    for (int i = 0; i < 20000; i++) {
        int k = (i * 7919) % LIVE;
        ffi_closure_free(closure[k]);
        closure[k] = plain_in(scope, &code[k]);
        if (i % 100 == 0) {
            int now = in_use() - others;
            most = now > most ? now : most;
        }
    }
    cr_expect(le(int, most, 3 * LIVE + 10));
    for (int i = 0; i < LIVE; i++)
        expect_works(code[i]);
    ffi_rx_scope_free(scope);
    cr_expect(eq(int, in_use(), others));
}

Test(scope_limits, a_closure_of_a_scope_is_one_to_the_limit_and_a_scope_is_none)
{
    void *code[2] = {NULL, NULL};
    cr_assert(eq(int, ffi_rx_pool_set_limit(1), 0));
    ffi_rx_scope *outer = ffi_rx_scope_new(NULL), *inner = ffi_rx_scope_new(outer);
    cr_assert(ne(ptr, inner, NULL));
    plain_in(inner, &code[0]);
    int before = in_use();
    cr_expect(eq(ptr, ffi_rx_scope_closure_alloc(inner, sizeof(ffi_closure), &code[1]), NULL));
    cr_expect(eq(ptr, code[1], NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_AT_LIMIT));
    cr_expect(eq(int, in_use(), before));
    ffi_rx_scope_free(inner);
    plain_in(outer, &code[1]);
    expect_works(code[1]);
}

/* One trampoline is left: for the closure, and not for its attributes. */
Test(scope_limits, without_room_nothing_is_changed)
{
    SKIP_UNDER_THREAD_SANITIZER();
    void *code = NULL, *another;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    ffi_closure *last = plain(&another);
    take_all();
    forbid_growth();
    cr_expect(eq(ptr, ffi_rx_scope_new(scope), NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_NO_MEMORY));
    cr_expect(eq(ptr, ffi_rx_scope_closure_alloc(scope, sizeof *last, &code), NULL));
    ffi_closure_free(last);
    int before = in_use();
    cr_expect(eq(ptr, ffi_rx_scope_closure_alloc(scope, sizeof *last, &code), NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_NO_MEMORY));
    cr_expect(eq(ptr, code, NULL));
    cr_expect(eq(int, in_use(), before));
    allow_growth();
    plain_in(scope, &code);
    expect_works(code);
}

Test(scope_limits, without_a_place_for_the_code_there_is_no_closure)
{
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    int before = in_use();
    cr_expect(eq(ptr, ffi_rx_scope_closure_alloc(scope, sizeof(ffi_closure), NULL), NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_BAD_ARGUMENT));
    cr_expect(eq(int, in_use(), before));
}

/* ---- Misuse ---- */

static void free_scope_again(void *scope)
{
    ffi_rx_scope_free(scope);
    ffi_rx_scope_free(scope);
}

static void free_it_as_scope(void *what)
{
    ffi_rx_scope_free(what);
}

static void make_inside(void *what)
{
    ffi_rx_scope_new(what);
}

static void allocate_in(void *what)
{
    void *code;
    ffi_rx_scope_closure_alloc(what, sizeof(ffi_closure), &code);
}

static ffi_rx_scope *freed_first;

static void free_outer_then_inner(void *inner)
{
    ffi_rx_scope_free(freed_first);
    ffi_rx_scope_free(inner);
}

Test(scope_limits, what_is_no_scope_ends_the_process)
{
    void *code;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    const char *what = "use of a scope that is not there";
    void *const wrong[] = {plain(&code), code, (char *)scope + 8, &code, plain_in(scope, &code)};
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        expect_fault(free_it_as_scope, wrong[i], what);
        expect_fault(make_inside, wrong[i], what);
        expect_fault(allocate_in, wrong[i], what);
    }
    expect_fault(allocate_in, NULL, what);
    expect_fault(free_scope_again, scope, what);
    freed_first = scope;
    expect_fault(free_outer_then_inner, ffi_rx_scope_new(scope), what);
}

Test(scope_limits, a_scope_is_no_closure)
{
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    void *code = rx_code_of(rx_index_of_cell(scope));
    cr_expect(eq(ptr, ffi_rx_closure_of(code), NULL));
    cr_expect(eq(ptr, ffi_rx_code_of((ffi_closure *)scope), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_retain((ffi_closure *)scope), NULL));
    expect_fault(free_it, scope, "ffi_closure_free of an address inside a closure");
    expect_freed(code);
}

static void free_the_closure_again(void *closure)
{
    ffi_rx_scope_free(freed_first);
    ffi_closure_free(closure);
}

Test(scope_limits, a_closure_that_is_freed_after_its_scope_is_freed_twice)
{
    void *code;
    freed_first = ffi_rx_scope_new(NULL);
    expect_fault(free_the_closure_again, plain_in(freed_first, &code), "double free");
}
