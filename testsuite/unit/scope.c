/* SPDX-License-Identifier: MIT
 *
 * scope: closures that end together (src/scope.c, src/life.c).
 */
#include "scoped.h"

#include <pthread.h>

/* ---- The end of a scope ---- */

Test(scope, closures_of_any_kind_end_with_their_scope)
{
    int others = in_use();
    void *code[4];
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    plain_in(scope, &code[0]);
    scoped(scope, 5000, &code[1]);
    attributed_in(scope, give_back, &code[2], 0);
    attributed_in(scope, give_back, &code[3], FFI_RX_UNCOUNTED | FFI_RX_KEEP_ERRNO);
    for (size_t i = 0; i < LENGTH(code); i++)
        expect_works(code[i]);
    cr_expect(eq(int, in_use(), others + 9));
    ffi_rx_scope_free(scope);
    cr_expect(eq(int, in_use(), others));
    for (size_t i = 0; i < LENGTH(code); i++)
        expect_freed(code[i]);
}

Test(scope, an_empty_scope_and_none_at_all_can_be_freed)
{
    int others = in_use();
    ffi_rx_scope_free(ffi_rx_scope_new(NULL));
    ffi_rx_scope_free(NULL);
    cr_expect(eq(int, in_use(), others));
}

Test(scope, a_closure_that_was_never_prepared_ends_too)
{
    int others = in_use();
    void *code;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    cr_expect(ne(ptr, ffi_rx_scope_closure_alloc(scope, sizeof(ffi_closure), &code), NULL));
    expect_fault(call_it, code, "before ffi_prep_closure_loc");
    ffi_rx_scope_free(scope);
    cr_expect(eq(int, in_use(), others));
}

/* How many frees ago the closure of this code was freed. */
static uint64_t frees_since(const void *code)
{
    uint64_t n = 0;
    while (n < RX_RING_SIZE &&
           rx_ring.index[(rx_ring.tail - 1 - n) % RX_RING_SIZE] != rx_index_of_code(code))
        n++;
    return n;
}

Test(scope, inner_scopes_are_freed_before_outer_ones_and_the_latest_first)
{
    void *code[6];
    ffi_rx_scope *outer = ffi_rx_scope_new(NULL);
    plain_in(outer, &code[5]);
    ffi_rx_scope *first = ffi_rx_scope_new(outer), *second = ffi_rx_scope_new(outer);
    ffi_rx_scope *innermost = ffi_rx_scope_new(second);
    plain_in(second, &code[2]);
    plain_in(innermost, &code[0]);
    plain_in(first, &code[3]);
    plain_in(outer, &code[4]);
    plain_in(second, &code[1]);
    ffi_rx_scope_free(outer);
    for (size_t i = 0; i + 1 < LENGTH(code); i++)
        cr_expect(gt(u64, frees_since(code[i]), frees_since(code[i + 1])), "%zu", i);
}

Test(scope, an_inner_scope_may_be_freed_alone)
{
    int others = in_use();
    void *code[4];
    ffi_rx_scope *outer = ffi_rx_scope_new(NULL), *inner[3];
    for (int i = 0; i < 3; i++)
        plain_in(inner[i] = ffi_rx_scope_new(outer), &code[i]);
    plain_in(outer, &code[3]);
    const int order[] = {1, 2, 0};
    for (int i = 0; i < 3; i++) {
        ffi_rx_scope_free(inner[order[i]]);
        cr_expect(eq(int, in_use(), others + 3 + 3 * (2 - i)));
        expect_freed(code[order[i]]);
        expect_works(code[3]);
    }
    ffi_rx_scope_free(outer);
    cr_expect(eq(int, in_use(), others));
}

/* A stack that grew with the depth would be gone. */
static void *free_on_a_small_stack(void *scope)
{
    ffi_rx_scope_free(scope);
    return NULL;
}

Test(scope, scopes_may_be_nested_as_deep_as_the_pool_is)
{
    int others = in_use();
    ffi_rx_scope *outermost = ffi_rx_scope_new(NULL), *scope = outermost;
    for (int i = 0; i < 20000; i++)
        scope = ffi_rx_scope_new(scope);
    cr_expect(eq(int, in_use(), others + 20001));
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    cr_assert(eq(int, pthread_create(&thread, &small, free_on_a_small_stack, outermost), 0));
    pthread_join(thread, NULL);
    cr_expect(eq(int, in_use(), others));
}

/* ---- Closures that end earlier, or later ---- */

Test(scope, a_freed_closure_is_out_of_its_scope)
{
    int others = in_use();
    void *code, *another;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    ffi_closure *closure = plain_in(scope, &code), *next;
    ffi_closure_free(closure);
    expect_freed(code);
    while ((next = plain(&another)) != closure)
        ffi_closure_free(next);
    ffi_rx_scope_free(scope);
    expect_works(another);
    ffi_closure_free(closure);
    cr_expect(gt(int, in_use(), others));
}

Test(scope, a_freed_large_closure_is_out_of_its_scope)
{
    int others = in_use();
    void *code;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    ffi_closure_free(scoped(scope, 5000, &code));
    ffi_rx_scope_free(scope);
    cr_expect(eq(int, in_use(), others));
}

Test(scope, a_one_shot_closure_is_out_of_its_scope_when_it_was_called)
{
    int others = in_use();
    void *code[2];
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    attributed_in(scope, give_back, &code[0], FFI_RX_ONE_SHOT);
    attributed_in(scope, give_back, &code[1], FFI_RX_ONE_SHOT);
    expect_works(code[0]);
    ffi_rx_scope_free(scope);
    cr_expect(eq(int, in_use(), others));
    expect_freed(code[0]);
    expect_freed(code[1]);
}

Test(scope, a_reference_keeps_a_closure_beyond_its_scope)
{
    int others = in_use();
    void *code;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    ffi_closure *closure = plain_in(scope, &code);
    cr_expect(eq(ptr, ffi_rx_closure_retain(closure), closure));
    ffi_rx_scope_free(scope);
    expect_works(code);
    cr_expect(eq(int, in_use(), others + 2));
    ffi_rx_closure_release(closure);
    cr_expect(eq(int, in_use(), others));
    expect_freed(code);
}

Test(scope, a_reference_that_is_given_up_leaves_the_scopes)
{
    int others = in_use();
    void *code;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    ffi_closure *closure = plain_in(scope, &code);
    ffi_rx_closure_retain(closure);
    ffi_rx_closure_release(closure);
    expect_works(code);
    ffi_rx_scope_free(scope);
    cr_expect(eq(int, in_use(), others));
}

Test(scope, a_reference_keeps_a_closure_that_was_freed_before_its_scope)
{
    int others = in_use();
    void *code;
    ffi_rx_scope *scope = ffi_rx_scope_new(NULL);
    ffi_closure *closure = plain_in(scope, &code);
    ffi_rx_closure_retain(closure);
    ffi_closure_free(closure);
    ffi_rx_scope_free(scope);
    expect_works(code);
    ffi_rx_closure_release(closure);
    cr_expect(eq(int, in_use(), others));
}

/* ---- Inside a call ---- */

static ffi_rx_scope *scope_of_handler;
static int in_use_inside;

static void free_scope(ffi_cif *cif, void *result, void **args, void *user_data)
{
    give_back(cif, result, args, user_data);
    ffi_rx_scope_free(scope_of_handler);
    in_use_inside = in_use();
}

Test(scope, a_call_that_is_inside_and_counted_keeps_its_closure)
{
    int others = in_use();
    void *code;
    scope_of_handler = ffi_rx_scope_new(NULL);
    attributed_in(scope_of_handler, free_scope, &code, 0);
    expect_works(code);
    cr_expect(eq(int, in_use_inside, others + 2));
    cr_expect(eq(int, in_use(), others));
}

Test(scope, a_handler_may_free_the_scope_of_its_plain_closure)
{
    int others = in_use();
    void *code;
    scope_of_handler = ffi_rx_scope_new(NULL);
    ffi_closure *closure = plain_in(scope_of_handler, &code);
    closure->fun = free_scope;
    expect_works(code);
    cr_expect(eq(int, in_use_inside, others));
    cr_expect(eq(int, in_use(), others));
}
