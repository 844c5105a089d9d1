/* SPDX-License-Identifier: MIT
 *
 * closure: callbacks that C calls: that each argument arrives in the handler, that each result
 * comes back, and what a closure's owner may do with it (src/closure.c). Structs are in
 * closure_structs.c; the memory that closures live in is in closure_memory.c.
 */
#include "unit.h"

#include <complex.h>
#include <float.h>
#include <pthread.h>

/* ---- There and back ---- */

/* Has a closure give its argument back, for each value. */
#define IS_GIVEN_BACK(c_type, ffi, wide, tag, ...)                                                 \
    static void give_##ffi(ffi_cif *cif, void *result, void **args, void *user_data)               \
    {                                                                                              \
        (void)cif;                                                                                 \
        (void)user_data;                                                                           \
        *(wide *)result = *(c_type *)args[0];                                                      \
    }                                                                                              \
    Test(closure, an_argument_and_result_of_type_##ffi)                                            \
    {                                                                                              \
        ffi_cif cif = signature(&ffi_type_##ffi, TYPES(&ffi_type_##ffi));                          \
        c_type (*code)(c_type) = callback(&cif, give_##ffi, NULL);                                 \
        c_type values[] = {__VA_ARGS__};                                                           \
        for (size_t i = 0; i < LENGTH(values); i++) {                                              \
            c_type got = code(values[i]);                                                          \
            cr_expect(eq(tag, got, values[i]), "value %zu", i);                                    \
        }                                                                                          \
    }

IS_GIVEN_BACK(uint8_t, uint8, ffi_arg, u8, 0, 1, 0x7f, 0x80, 0xff)
IS_GIVEN_BACK(int8_t, sint8, ffi_sarg, i8, 0, 1, 0x7f, -0x80, -1)
IS_GIVEN_BACK(uint16_t, uint16, ffi_arg, u16, 0, 1, 0x7fff, 0x8000, 0xffff)
IS_GIVEN_BACK(int16_t, sint16, ffi_sarg, i16, 0, 1, 0x7fff, -0x8000, -1)
IS_GIVEN_BACK(uint32_t, uint32, ffi_arg, u32, 0, 1, 0x7fffffff, 0x80000000, 0xffffffff)
IS_GIVEN_BACK(int32_t, sint32, ffi_sarg, i32, 0, 1, 0x7fffffff, INT32_MIN, -1)
IS_GIVEN_BACK(uint64_t, uint64, uint64_t, u64, 0, 1, INT64_MAX, UINT64_MAX)
IS_GIVEN_BACK(int64_t, sint64, int64_t, i64, 0, 1, INT64_MAX, INT64_MIN, -1)
IS_GIVEN_BACK(float, float, float, flt, 0, 1.5f, -1.5f, FLT_MIN, FLT_MAX)
IS_GIVEN_BACK(double, double, double, dbl, 0, 1.1, -1.1, DBL_MIN, DBL_MAX)
IS_GIVEN_BACK(long double, longdouble, long double, ldbl, 0, 1.1L, -1.1L, LDBL_MIN, LDBL_MAX)
IS_GIVEN_BACK(void *, pointer, void *, ptr, NULL, (void *)1, (void *)UINTPTR_MAX)

#define COMPLEX_IS_GIVEN_BACK(c_type, ffi, tag, real, imaginary)                                   \
    static void give_complex_##ffi(ffi_cif *cif, void *result, void **args, void *user_data)       \
    {                                                                                              \
        (void)cif;                                                                                 \
        (void)user_data;                                                                           \
        memcpy(result, args[0], 2 * sizeof(c_type));                                               \
    }                                                                                              \
    Test(closure, an_argument_and_result_of_type_complex_##ffi)                                    \
    {                                                                                              \
        ffi_type *type = &ffi_type_complex_##ffi;                                                  \
        ffi_cif cif = signature(type, TYPES(type));                                                \
        c_type _Complex (*code)(c_type _Complex) = callback(&cif, give_complex_##ffi, NULL);       \
        c_type value[] = {real, imaginary}, got[2];                                                \
        c_type _Complex given;                                                                     \
        memcpy(&given, value, sizeof given);                                                       \
        given = code(given);                                                                       \
        memcpy(got, &given, sizeof given);                                                         \
        cr_expect(eq(tag, got[0], value[0]));                                                      \
        cr_expect(eq(tag, got[1], value[1]));                                                      \
    }

COMPLEX_IS_GIVEN_BACK(float, float, flt, 1.5f, -2.5f)
COMPLEX_IS_GIVEN_BACK(double, double, dbl, 1.1, -2.2)
COMPLEX_IS_GIVEN_BACK(long double, longdouble, ldbl, 1.1L, -2.2L)

/* ---- Narrow integers ---- */

static void return_garbage_above(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)args;
    (void)user_data;
    *(ffi_arg *)result = 0x8182838485868788;
}

Test(closure, a_narrow_result_reaches_the_caller_as_a_whole_register)
{
    const struct {
        ffi_type *type;
        ffi_arg expected;
    } rows[] = {
        {&ffi_type_uint8, 0x88},
        {&ffi_type_sint8, (int8_t)0x88},
        {&ffi_type_uint16, 0x8788},
        {&ffi_type_sint16, (int16_t)0x8788},
        {&ffi_type_uint32, 0x85868788},
        {&ffi_type_sint32, (int32_t)0x85868788},
        {&ffi_type_uint64, 0x8182838485868788},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        ffi_cif cif = signature(rows[i].type, NO_TYPES);
        ffi_arg (*code)(void) = callback(&cif, return_garbage_above, NULL);
        ffi_arg got = code();
        cr_expect(eq(ulong, got, rows[i].expected), "row %zu", i);
    }
}

/* ---- Many arguments ---- */

static void add_longs(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    long sum = 0;
    for (unsigned i = 0; i < cif->nargs; i++)
        sum += (i + 1) * *(long *)args[i];
    *(ffi_sarg *)result = sum;
}

Test(closure, any_number_of_arguments_arrives)
{
    static ffi_type *types[1001];
    static void *list[1000];
    static long values[1000];
    long expected = 0;
    for (int n = 0; n < 1000; n++) {
        if (n <= 40 || (n > 250 && n < 260) || n > 995) {
            ffi_cif cif = signature(&ffi_type_slong, types);
            void *code;
            ffi_closure *closure = closure_of(&cif, add_longs, NULL, &code);
            long got = 0;
            ffi_call(&cif, FN(code), &got, list);
            cr_expect(eq(long, got, expected), "%d arguments", n);
            ffi_closure_free(closure);
        }
        types[n] = &ffi_type_slong;
        list[n] = &values[n];
        values[n] = 1000003L * n - 7;
        expected += (n + 1) * values[n];
    }
}

static void add_mixture(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    double sum = 0;
    for (unsigned i = 0; i < cif->nargs; i++) {
        double value = 0;
        switch (cif->arg_types[i]->type) {
        case FFI_TYPE_SINT8:
            value = *(int8_t *)args[i];
            break;
        case FFI_TYPE_SINT16:
            value = *(int16_t *)args[i];
            break;
        case FFI_TYPE_SINT64:
            value = *(int64_t *)args[i];
            break;
        case FFI_TYPE_FLOAT:
            value = *(float *)args[i];
            break;
        case FFI_TYPE_DOUBLE:
            value = *(double *)args[i];
            break;
        case FFI_TYPE_LONGDOUBLE:
            value = *(long double *)args[i];
            break;
        }
        sum += (i + 1) * value;
    }
    *(double *)result = sum;
}

Test(closure, a_mixture_of_twenty_arguments_keeps_its_order)
{
    ffi_type *c = &ffi_type_schar, *s = &ffi_type_sshort, *l = &ffi_type_slong;
    ffi_type *f = &ffi_type_float, *d = &ffi_type_double, *x = &ffi_type_longdouble;
    ffi_cif cif = signature(d, TYPES(c, f, s, d, l, f, l, d, c, f, s, d, x, f, l, d, x, c, f, d));
    double (*code)(int8_t, float, short, double, long, float, long, double, int8_t, float, short,
                   double, long double, float, long, double, long double, int8_t, float, double) =
        callback(&cif, add_mixture, NULL);
    double got = code(-1, 1.5f, -300, 2.5, 1L << 40, -3.5f, -5, 4.5, 6, -5.5f, 301, 6.5, -7.5L,
                      8.5f, 9, 9.5, 10.5L, -11, 12.5f, 13.5);
    double expected = -1 + 2 * 1.5 - 3 * 300 + 4 * 2.5 + 5.0 * (1L << 40) - 6 * 3.5 - 7 * 5 +
                      8 * 4.5 + 9 * 6 - 10 * 5.5 + 11 * 301 + 12 * 6.5 - 13 * 7.5 + 14 * 8.5 +
                      15 * 9 + 16 * 9.5 + 17 * 10.5 - 18 * 11 + 19 * 12.5 + 20 * 13.5;
    cr_expect(eq(dbl, got, expected));
}

/* ---- What the handler is given ---- */

static ffi_cif *seen_cif;
static void *seen_user_data;
static int calls;

static void note(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)result;
    (void)args;
    seen_cif = cif;
    seen_user_data = user_data;
    calls++;
}

Test(closure, the_handler_gets_its_cif_and_its_user_data)
{
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    int mine;
    void (*code)(void) = callback(&cif, note, &mine);
    code();
    cr_expect(eq(int, calls, 1));
    cr_expect(eq(ptr, seen_cif, &cif));
    cr_expect(eq(ptr, seen_user_data, &mine));
}

Test(closure, its_owner_may_read_what_it_was_prepared_with)
{
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    int mine;
    ffi_closure *closure = closure_of(&cif, note, &mine, NULL);
    cr_expect(eq(ptr, closure->cif, &cif));
    cr_expect(eq(ptr, (void *)closure->fun, (void *)note));
    cr_expect(eq(ptr, closure->user_data, &mine));
}

Test(closure, a_closure_may_be_prepared_again_for_something_else)
{
    ffi_cif first = signature(&ffi_type_void, NO_TYPES);
    ffi_cif second = signature(&ffi_type_double, TYPES(&ffi_type_double));
    void *code;
    ffi_closure *closure = closure_of(&first, note, NULL, &code);
    ((void (*)(void))code)();
    for (int i = 0; i < 3; i++) {
        ffi_status status = ffi_prep_closure_loc(closure, &second, give_double, NULL, code);
        cr_assert(eq(int, status, FFI_OK));
        double got = ((double (*)(double))code)(1.25);
        cr_expect(eq(dbl, got, 1.25));
        status = ffi_prep_closure_loc(closure, &first, note, &second, code);
        cr_assert(eq(int, status, FFI_OK));
        ((void (*)(void))code)();
        cr_expect(eq(ptr, seen_user_data, &second));
    }
    cr_expect(eq(int, calls, 4));
}

/* ---- Errors ---- */

Test(closure, what_is_missing_is_refused)
{
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    void *code;
    ffi_closure *c = ffi_closure_alloc(sizeof *c, &code);
    cr_assert(ne(ptr, c, NULL));
    ffi_status status = ffi_prep_closure_loc(NULL, &cif, note, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no closure");
    status = ffi_prep_closure_loc(c, NULL, note, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no cif");
    status = ffi_prep_closure_loc(c, &cif, NULL, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no function");
    status = ffi_prep_closure_loc(c, &cif, note, NULL, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no code");
    status = ffi_prep_closure_loc(c, &cif, note, NULL, code);
    cr_expect(eq(int, status, FFI_OK));
}

Test(closure, a_bad_abi_is_refused)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    const int bad[] = {FFI_FIRST_ABI, FFI_LAST_ABI, -1};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        cif.abi = bad[i];
        ffi_status status = ffi_prep_closure_loc(closure, &cif, note, NULL, code);
        cr_expect(eq(int, status, FFI_BAD_ABI), "abi %d", bad[i]);
    }
}

/* ---- Many at once ---- */

static void count_down(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    long n = *(long *)args[0];
    long (*self)(long) = *(void **)user_data;
    *(long *)result = n == 0 ? 0 : n + self(n - 1);
}

Test(closure, a_closure_may_call_itself)
{
    ffi_cif cif = signature(&ffi_type_slong, TYPES(&ffi_type_slong));
    void *code = NULL;
    closure_of(&cif, count_down, &code, &code);
    long got = ((long (*)(long))code)(1000);
    cr_expect(eq(long, got, 500500));
}

static void *call_often(void *code)
{
    long wrong = 0;
    for (long i = 0; i < 2000; i++)
        wrong += ((long (*)(long, long))code)(i, -i) != -i;
    return (void *)wrong;
}

Test(closure, threads_may_call_one_closure_at_once)
{
    ffi_cif cif = signature(&ffi_type_slong, TYPES(&ffi_type_slong, &ffi_type_slong));
    void *code = callback(&cif, add_longs, NULL); /* i + 2 * -i */
    pthread_t thread[4];
    for (size_t i = 0; i < LENGTH(thread); i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, call_often, code), 0));
    for (size_t i = 0; i < LENGTH(thread); i++) {
        void *wrong;
        pthread_join(thread[i], &wrong);
        cr_expect(eq(ptr, wrong, NULL));
    }
}
