/* SPDX-License-Identifier: MIT
 *
 * references: closures that are shared (src/life.c).
 */
#include "life.h"

static void expect_shared(ffi_closure *closure, void *code, int others)
{
    for (int references = 2; references < 5; references++)
        cr_expect(eq(ptr, ffi_rx_closure_retain(closure), closure));
    for (int references = 4; references > 1; references--) {
        if (references % 2 == 0)
            ffi_rx_closure_release(closure);
        else
            ffi_closure_free(closure);
        cr_expect(eq(ptr, ((function *)code)(code), code));
        cr_expect(eq(int, in_use(), others + 2));
    }
    ffi_rx_closure_release(closure);
    cr_expect(eq(int, in_use(), others));
    expect_fault(call_it, code, "call of a closure after ffi_closure_free");
}

Test(references, a_closure_lives_until_each_reference_is_given_up)
{
    for (size_t i = 0; i < LENGTH(plain_flags); i++) {
        void *code;
        int others = in_use();
        ffi_closure *closure =
            attributed(pointer_of_pointer(), give_back, NULL, &code, &ATTR(plain_flags[i]));
        expect_shared(closure, code, others);
    }
}

Test(references, a_closure_without_attributes_may_be_shared)
{
    void *code;
    int others = in_use();
    ffi_closure *closure = plain(&code);
    expect_shared(closure, code, others);
}

Test(references, a_large_closure_may_be_shared)
{
    void *code;
    int others = in_use();
    ffi_closure *closure = ffi_closure_alloc(5000, &code);
    ffi_status status = ffi_prep_closure_loc(closure, pointer_of_pointer(), give_back, NULL, code);
    cr_assert(eq(int, status, FFI_OK));
    expect_shared(closure, code, others);
}

Test(references, a_closure_elsewhere_is_shared_by_what_it_was_allocated_as)
{
    void *code;
    int others = in_use();
    ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code), mine;
    memset(cell, 0x5a, sizeof *cell);
    ffi_status status = ffi_prep_closure_loc(&mine, pointer_of_pointer(), give_back, NULL, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(ptr, ffi_rx_closure_retain(&mine), NULL));
    expect_shared(cell, code, others);
}

Test(references, a_closure_may_be_shared_before_it_is_prepared)
{
    void *code;
    int others = in_use();
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    cr_expect(eq(ptr, ffi_rx_closure_retain(closure), closure));
    expect_fault(call_it, code, "before ffi_prep_closure_loc");
    ffi_prep_closure_loc(closure, pointer_of_pointer(), give_back, NULL, code);
    ffi_closure_free(closure);
    cr_expect(eq(ptr, ((function *)code)(code), code));
    ffi_closure_free(closure);
    cr_expect(eq(int, in_use(), others));
}

Test(references, what_is_no_closure_is_not_shared)
{
    void *code;
    char *closure = (char *)plain(&code);
    cr_expect(eq(ptr, ffi_rx_closure_retain(NULL), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_retain((ffi_closure *)(closure + 16)), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_retain(code), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_retain((ffi_closure *)&code), NULL));
    ffi_closure_free(closure);
    cr_expect(eq(ptr, ffi_rx_closure_retain((ffi_closure *)closure), NULL));
    ffi_rx_closure_release(NULL);
}

Test(references, without_room_in_the_pool_a_closure_is_not_shared)
{
    SKIP_UNDER_THREAD_SANITIZER();
    void *code;
    ffi_closure *closure = plain(&code);
    take_all();
    forbid_growth();
    cr_expect(eq(ptr, ffi_rx_closure_retain(closure), NULL));
    allow_growth();
    cr_expect(eq(ptr, ((function *)code)(code), code));
}

static void release_too_often(void *closure)
{
    ffi_rx_closure_retain(closure);
    for (int i = 0; i < 3; i++)
        ffi_rx_closure_release(closure);
}

Test(references, too_many_releases_are_a_double_free)
{
    void *code;
    expect_fault(release_too_often, plain(&code), "double free");
    ffi_closure *closure = attributed(pointer_of_pointer(), give_back, NULL, &code, &ATTR(0));
    expect_fault(release_too_often, closure, "double free");
}
