/* SPDX-License-Identifier: MIT
 *
 * attributes: closures that are prepared with attributes: what is refused, that they are closures
 * like any others, and errno (src/attributes.c, src/attributed.c). How long they live is in life.c.
 */
#include "attributed.h"

#include <errno.h>

static void answer(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(long *)result = *(long *)args[0] + (intptr_t)user_data;
}

typedef long function(long);

static ffi_cif *long_of_long(void)
{
    static ffi_cif cif;
    cif = signature(&ffi_type_slong, TYPES(&ffi_type_slong));
    return &cif;
}

/* ---- What is refused ---- */

Test(attributes, what_a_closure_needs_is_needed)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_cif *cif = long_of_long(), bad = *cif;
    bad.abi = FFI_LAST_ABI;
    ffi_rx_closure_attr attr = ATTR(0);
    cr_expect(eq(int, ffi_rx_prep_closure(NULL, cif, answer, NULL, code, &attr), FFI_BAD_TYPEDEF));
    cr_expect(
        eq(int, ffi_rx_prep_closure(closure, NULL, answer, NULL, code, &attr), FFI_BAD_TYPEDEF));
    cr_expect(eq(int, ffi_rx_prep_closure(closure, cif, NULL, NULL, code, &attr), FFI_BAD_TYPEDEF));
    cr_expect(
        eq(int, ffi_rx_prep_closure(closure, cif, answer, NULL, NULL, &attr), FFI_BAD_TYPEDEF));
    cr_expect(eq(int, ffi_rx_prep_closure(closure, &bad, answer, NULL, code, &attr), FFI_BAD_ABI));
}

/* Is attr refused, and does the closure stay what it was? */
static void expect_refused(const ffi_rx_closure_attr *attr)
{
    void *code;
    ffi_closure *closure = closure_of(long_of_long(), answer, (void *)2, &code);
    ffi_status status = ffi_rx_prep_closure(closure, closure->cif, answer, (void *)3, code, attr);
    cr_expect(eq(int, status, FFI_BAD_ARGTYPE));
    cr_expect(eq(long, ((function *)code)(40), 42));
    ffi_closure_free(closure);
}

Test(attributes, what_is_not_known_is_refused)
{
    expect_refused(&ATTR(0x40000000));
    expect_refused(&ATTR(0x80000000));
    expect_refused(&(ffi_rx_closure_attr){.size = 0});
    expect_refused(&(ffi_rx_closure_attr){.size = sizeof(ffi_rx_closure_attr) - 1});
}

Test(attributes, a_newer_program_may_have_more_as_long_as_it_is_0)
{
    struct {
        ffi_rx_closure_attr attr;
        long more[2];
    } newer = {.attr.size = sizeof newer};
    void *code;
    attributed(long_of_long(), answer, (void *)2, &code, &newer.attr);
    cr_expect(eq(long, ((function *)code)(40), 42));
    newer.more[1] = 1L << 56;
    expect_refused(&newer.attr);
}

Test(attributes, code_that_is_not_of_the_pool_has_none)
{
    ffi_closure closure = {.cif = NULL};
    ffi_status status =
        ffi_rx_prep_closure(&closure, long_of_long(), answer, NULL, &closure, &ATTR(0));
    cr_expect(eq(int, status, FFI_BAD_ARGTYPE));
    cr_expect(eq(ptr, closure.cif, NULL));
}

Test(attributes, without_room_in_the_pool_there_are_none)
{
    SKIP_UNDER_THREAD_SANITIZER();
    void *code;
    ffi_closure *closure = closure_of(long_of_long(), answer, (void *)2, &code);
    take_all();
    forbid_growth();
    ffi_status status =
        ffi_rx_prep_closure(closure, closure->cif, answer, (void *)3, code, &ATTR(0));
    allow_growth();
    cr_expect(eq(int, status, FFI_BAD_ARGTYPE));
    cr_expect(eq(long, ((function *)code)(40), 42));
}

static void prepare_after_free(void *unused)
{
    (void)unused;
    void *code;
    ffi_closure *closure = closure_of(long_of_long(), answer, NULL, &code);
    ffi_closure_free(closure);
    ffi_rx_prep_closure(closure, long_of_long(), answer, NULL, code, &ATTR(0));
}

Test(attributes, a_closure_that_was_freed_is_not_prepared)
{
    struct ending ending = ending_of(prepare_after_free, NULL);
    cr_expect(eq(int, ending.signal, SIGABRT));
    cr_expect(ne(ptr, strstr(ending.text, "of a closure that is not allocated"), NULL));
}

/* ---- Closures like any others ---- */

Test(attributes, without_attr_it_is_ffi_prep_closure_loc)
{
    void *code;
    int before = in_use();
    ffi_closure *closure = attributed(long_of_long(), answer, (void *)2, &code, NULL);
    cr_expect(eq(long, ((function *)code)(40), 42));
    cr_expect(eq(int, in_use(), before + 1));
    ffi_closure_free(closure);
}

Test(attributes, a_closure_with_attributes_takes_two_and_gives_two_back)
{
    for (size_t i = 0; i < LENGTH(plain_flags); i++) {
        void *code;
        int before = in_use();
        ffi_closure *closure =
            attributed(long_of_long(), answer, (void *)2, &code, &ATTR(plain_flags[i]));
        for (long n = 0; n < 3; n++)
            cr_expect(eq(long, ((function *)code)(n), n + 2));
        cr_expect(eq(int, in_use(), before + 2));
        ffi_closure_free(closure);
        cr_expect(eq(int, in_use(), before));
    }
}

Test(attributes, a_closure_may_be_prepared_again_in_any_way)
{
    void *code;
    int before = in_use();
    ffi_closure *closure = attributed(long_of_long(), answer, (void *)2, &code, &ATTR(0));
    cr_expect(eq(long, ((function *)code)(40), 42));
    for (size_t i = 0; i < LENGTH(plain_flags); i++) {
        ffi_rx_prep_closure(closure, long_of_long(), answer, (void *)3, code,
                            &ATTR(plain_flags[i]));
        cr_expect(eq(long, ((function *)code)(40), 43));
        ffi_prep_closure_loc(closure, long_of_long(), answer, (void *)4, code);
        cr_expect(eq(long, ((function *)code)(40), 44));
    }
    cr_expect(eq(int, in_use(), before + 2));
    ffi_closure_free(closure);
    cr_expect(eq(int, in_use(), before));
}

Test(attributes, a_large_closure_may_have_them)
{
    void *code;
    int before = in_use();
    ffi_closure *closure = ffi_closure_alloc(5000, &code);
    ffi_status status =
        ffi_rx_prep_closure(closure, long_of_long(), answer, (void *)2, code, &ATTR(0));
    cr_assert(eq(int, status, FFI_OK));
    memset((char *)closure + sizeof *closure, 0x5a, 5000 - sizeof *closure);
    cr_expect(eq(long, ((function *)code)(40), 42));
    ffi_closure_free(closure);
    cr_expect(eq(int, in_use(), before));
}

Test(attributes, a_closure_elsewhere_may_have_them)
{
    void *code;
    int before = in_use();
    ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code), mine;
    ffi_status status =
        ffi_rx_prep_closure(&mine, long_of_long(), answer, (void *)2, code, &ATTR(0));
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(long, ((function *)code)(40), 42));
    status = ffi_rx_prep_closure(cell, long_of_long(), answer, (void *)3, code, &ATTR(0));
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(long, ((function *)code)(40), 43));
    ffi_closure_free(cell);
    cr_expect(eq(int, in_use(), before));
}

static void add_longs(ffi_cif *cif, void *result, void **args, void *user_data)
{
    long sum = (intptr_t)user_data;
    for (unsigned i = 0; i < cif->nargs; i++)
        sum += (i + 1) * *(long *)args[i];
    *(long *)result = sum;
}

Test(attributes, a_closure_without_a_place_for_its_plan_may_have_them)
{
    static ffi_type *types[301];
    static void *list[300];
    static long values[300];
    long expected = 2;
    for (int i = 0; i < 300; i++) {
        types[i] = &ffi_type_slong;
        values[i] = i * 1000003L;
        list[i] = &values[i];
        expected += (i + 1) * values[i];
    }
    ffi_cif cif = signature(&ffi_type_slong, types);
    void *code;
    attributed(&cif, add_longs, (void *)2, &code, &ATTR(0));
    long got = 0;
    ffi_call(&cif, FN(code), &got, list);
    cr_expect(eq(long, got, expected));
}

struct large {
    long double x87;
    double at[5];
};

static void mix(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    struct large *from = args[1], *to = result;
    *to = (struct large){.x87 = from->x87 + *(float *)args[0]};
    for (int i = 0; i < 5; i++)
        to->at[i] = from->at[4 - i] * *(double *)args[2] + (intptr_t)user_data;
}

Test(attributes, structs_in_memory_and_floating_point_pass)
{
    ffi_type *type = STRUCT(&ffi_type_longdouble, &ffi_type_double, &ffi_type_double,
                            &ffi_type_double, &ffi_type_double, &ffi_type_double);
    ffi_cif cif = signature(type, TYPES(&ffi_type_float, type, &ffi_type_double));
    void *code;
    attributed(&cif, mix, (void *)2, &code, &ATTR(0));
    struct large value = {1.5L, {1, 2, 3, 4, 5}};
    struct large got = ((struct large(*)(float, struct large, double))code)(0.25f, value, 10);
    cr_expect(eq(ldbl, got.x87, 1.75L));
    for (int i = 0; i < 5; i++)
        cr_expect(eq(dbl, got.at[i], (5 - i) * 10 + 2));
}

/* ---- errno ---- */

static int seen;

static void spoil_errno(ffi_cif *cif, void *result, void **args, void *user_data)
{
    seen = errno;
    answer(cif, result, args, user_data);
    errno = ENOTTY;
}

Test(attributes, errno_is_kept_if_that_is_asked_for)
{
    void *keeps, *spoils;
    attributed(long_of_long(), spoil_errno, (void *)2, &keeps, &ATTR(FFI_RX_KEEP_ERRNO));
    attributed(long_of_long(), spoil_errno, (void *)2, &spoils, &ATTR(0));
    errno = EDOM;
    long got = ((function *)keeps)(40);
    int after = errno;
    cr_expect(eq(long, got, 42));
    cr_expect(eq(int, seen, EDOM));
    cr_expect(eq(int, after, EDOM));
    errno = EDOM;
    ((function *)spoils)(40);
    after = errno;
    cr_expect(eq(int, after, ENOTTY));
}

static void call_inner(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    errno = ERANGE;
    *(long *)result = ((function *)user_data)(*(long *)args[0]) + (errno == ERANGE ? 0 : 1000);
    errno = ENOTTY;
}

Test(attributes, errno_is_kept_by_each_of_nested_calls)
{
    void *inner, *outer;
    attributed(long_of_long(), spoil_errno, (void *)2, &inner, &ATTR(FFI_RX_KEEP_ERRNO));
    attributed(long_of_long(), call_inner, inner, &outer, &ATTR(FFI_RX_KEEP_ERRNO));
    errno = EDOM;
    long got = ((function *)outer)(40);
    int after = errno;
    cr_expect(eq(long, got, 42));
    cr_expect(eq(int, after, EDOM));
}
