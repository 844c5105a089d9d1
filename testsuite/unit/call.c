/* SPDX-License-Identifier: MIT
 *
 * call: ffi_call with scalars: that each arrives, that each result comes back, and that nothing
 * else is touched (src/call.c). Structs, and how exactly memory is read, are in call_structs.c;
 * what goes through the stack is in call_stack.c.
 */
#include "unit.h"

#include <complex.h>
#include <errno.h>
#include <float.h>

/* ---- There and back ---- */

/* Calls a function that gives its argument back, for each value; the result is read as an ffi_arg
 * if it is narrower. */
#define GIVES_BACK(c_type, ffi, wide, tag, ...)                                                    \
    static c_type give_##ffi(c_type x)                                                             \
    {                                                                                              \
        return x;                                                                                  \
    }                                                                                              \
    Test(call, an_argument_and_result_of_type_##ffi)                                               \
    {                                                                                              \
        ffi_cif cif = signature(&ffi_type_##ffi, TYPES(&ffi_type_##ffi));                          \
        c_type values[] = {__VA_ARGS__};                                                           \
        for (size_t i = 0; i < LENGTH(values); i++) {                                              \
            wide result;                                                                           \
            memset(&result, 0x5a, sizeof result);                                                  \
            ffi_call(&cif, FN(give_##ffi), &result, VALUES(&values[i]));                           \
            cr_expect(eq(tag, result, (wide)values[i]), "value %zu", i);                           \
        }                                                                                          \
    }

GIVES_BACK(uint8_t, uint8, ffi_arg, ulong, 0, 1, 0x7f, 0x80, 0xff)
GIVES_BACK(int8_t, sint8, ffi_sarg, long, 0, 1, 0x7f, -0x80, -1)
GIVES_BACK(uint16_t, uint16, ffi_arg, ulong, 0, 1, 0x7fff, 0x8000, 0xffff)
GIVES_BACK(int16_t, sint16, ffi_sarg, long, 0, 1, 0x7fff, -0x8000, -1)
GIVES_BACK(uint32_t, uint32, ffi_arg, ulong, 0, 1, 0x7fffffff, 0x80000000, 0xffffffff)
GIVES_BACK(int32_t, sint32, ffi_sarg, long, 0, 1, 0x7fffffff, INT32_MIN, -1)
GIVES_BACK(uint64_t, uint64, uint64_t, ulong, 0, 1, INT64_MAX, UINT64_MAX)
GIVES_BACK(int64_t, sint64, int64_t, long, 0, 1, INT64_MAX, INT64_MIN, -1)
GIVES_BACK(float, float, float, flt, 0, 1.5f, -1.5f, FLT_MIN, FLT_MAX)
GIVES_BACK(double, double, double, dbl, 0, 1.1, -1.1, DBL_MIN, DBL_MAX)
GIVES_BACK(long double, longdouble, long double, ldbl, 0, 1.1L, -1.1L, LDBL_MIN, LDBL_MAX)
GIVES_BACK(void *, pointer, void *, ptr, NULL, (void *)1, (void *)UINTPTR_MAX)

/* Complex numbers as their two parts. */
#define GIVES_COMPLEX_BACK(c_type, ffi, tag, real, imaginary)                                      \
    static c_type _Complex give_complex_##ffi(c_type _Complex x)                                   \
    {                                                                                              \
        return x;                                                                                  \
    }                                                                                              \
    Test(call, an_argument_and_result_of_type_complex_##ffi)                                       \
    {                                                                                              \
        ffi_type *type = &ffi_type_complex_##ffi;                                                  \
        ffi_cif cif = signature(type, TYPES(type));                                                \
        c_type value[] = {real, imaginary}, result[] = {0, 0};                                     \
        ffi_call(&cif, FN(give_complex_##ffi), result, VALUES(value));                             \
        cr_expect(eq(tag, result[0], value[0]));                                                   \
        cr_expect(eq(tag, result[1], value[1]));                                                   \
    }

GIVES_COMPLEX_BACK(float, float, flt, 1.5f, -2.5f)
GIVES_COMPLEX_BACK(double, double, dbl, 1.1, -2.2)
GIVES_COMPLEX_BACK(long double, longdouble, ldbl, 1.1L, -2.2L)

Test(call, an_int_of_the_clients_is_an_int)
{
    ffi_type c_int = {4, 4, FFI_TYPE_INT, NULL};
    ffi_cif cif = signature(&c_int, TYPES(&c_int));
    int value = -5;
    ffi_sarg result = 0;
    ffi_call(&cif, FN(give_sint32), &result, VALUES(&value));
    cr_expect(eq(long, result, -5));
}

/* ---- Widening ---- */

static long whole_register(long x)
{
    return x;
}

Test(call, a_narrow_integer_arrives_as_a_whole_register)
{
    uint64_t value = 0x8182838485868788;
    const struct {
        ffi_type *type;
        long expected;
    } rows[] = {
        {&ffi_type_uint8, 0x88},        {&ffi_type_sint8, (int8_t)0x88},
        {&ffi_type_uint16, 0x8788},     {&ffi_type_sint16, (int16_t)0x8788},
        {&ffi_type_uint32, 0x85868788}, {&ffi_type_sint32, (int32_t)0x85868788},
        {&ffi_type_sint64, value},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        ffi_cif cif = signature(&ffi_type_slong, TYPES(rows[i].type));
        long result = 0;
        ffi_call(&cif, FN(whole_register), &result, VALUES(&value));
        cr_expect(eq(long, result, rows[i].expected), "row %zu", i);
    }
}

static uint64_t leave_garbage_above(void)
{
    return 0x8182838485868788;
}

Test(call, a_narrow_result_fills_an_ffi_arg_and_no_more)
{
    const struct {
        ffi_type *type;
        ffi_arg expected;
    } rows[] = {
        {&ffi_type_uint8, 0x88},        {&ffi_type_sint8, (int8_t)0x88},
        {&ffi_type_uint16, 0x8788},     {&ffi_type_sint16, (int16_t)0x8788},
        {&ffi_type_uint32, 0x85868788}, {&ffi_type_sint32, (int32_t)0x85868788},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        ffi_cif cif = signature(rows[i].type, NO_TYPES);
        ffi_arg *result = at_page_end(sizeof *result);
        result[-1] = 0x5a5a;
        ffi_call(&cif, FN(leave_garbage_above), result, NULL);
        cr_expect(eq(ulong, *result, rows[i].expected), "row %zu", i);
        cr_expect(eq(ulong, result[-1], 0x5a5a));
    }
}

Test(call, a_result_that_is_no_integer_has_its_own_size)
{
    float f = 1.5f, *f_result = at_page_end(sizeof f);
    ffi_cif cif = signature(&ffi_type_float, TYPES(&ffi_type_float));
    ffi_call(&cif, FN(give_float), f_result, VALUES(&f));
    cr_expect(eq(flt, *f_result, f));

    double d = 1.1, *d_result = at_page_end(sizeof d);
    cif = signature(&ffi_type_double, TYPES(&ffi_type_double));
    ffi_call(&cif, FN(give_double), d_result, VALUES(&d));
    cr_expect(eq(dbl, *d_result, d));

    long double l = 1.1L, *l_result = at_page_end(sizeof l);
    cif = signature(&ffi_type_longdouble, TYPES(&ffi_type_longdouble));
    ffi_call(&cif, FN(give_longdouble), l_result, VALUES(&l));
    cr_expect(eq(ldbl, *l_result, l));
}

static bool was_called;

static void do_nothing(void)
{
    was_called = true;
}

Test(call, void_stores_nothing)
{
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    ffi_arg result[] = {0x5a, 0x5a};
    ffi_call(&cif, FN(do_nothing), result, NULL);
    cr_expect(was_called);
    cr_expect(eq(ulong, result[0], 0x5a));
    cr_expect(eq(ulong, result[1], 0x5a));
}

/* ---- Results that nobody wants ---- */

Test(call, any_scalar_result_may_be_dropped)
{
    uint64_t value[4] = {0};
#define DROP(ffi)                                                                                  \
    do {                                                                                           \
        ffi_cif cif = signature(&ffi_type_##ffi, TYPES(&ffi_type_##ffi));                          \
        for (int times = 0; times < 20; times++)                                                   \
            ffi_call(&cif, FN(give_##ffi), NULL, VALUES(value));                                   \
    } while (0)
    DROP(uint8);
    DROP(sint8);
    DROP(uint16);
    DROP(sint16);
    DROP(uint32);
    DROP(sint32);
    DROP(uint64);
    DROP(sint64);
    DROP(pointer);
    DROP(float);
    DROP(double);
    DROP(longdouble);
    DROP(complex_float);
    DROP(complex_double);
    DROP(complex_longdouble);
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    ffi_call(&cif, FN(do_nothing), NULL, NULL);
    cr_expect(was_called);
}

/* libffi 3.8.0 leaves such results on the x87 stack, which has eight places. */
Test(call, dropping_a_long_double_leaves_floating_point_in_order)
{
    long double value[] = {1.25L, 2.5L}, result = 0;
    ffi_cif one = signature(&ffi_type_longdouble, TYPES(&ffi_type_longdouble));
    ffi_type *complex_type = &ffi_type_complex_longdouble;
    ffi_cif two = signature(complex_type, TYPES(complex_type));
    for (int i = 0; i < 20; i++) {
        ffi_call(&one, FN(give_longdouble), NULL, VALUES(value));
        ffi_call(&two, FN(give_complex_longdouble), NULL, VALUES(value));
    }
    ffi_call(&one, FN(give_longdouble), &result, VALUES(value));
    cr_expect(eq(ldbl, result, 1.25L));
    volatile long double a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
    cr_expect(eq(ldbl, a + (b + (c + (d + (e + (f + (g + h)))))), 36));
}

/* ---- What is left alone ---- */

static double take_some(int8_t a, float b, double c, void *d, long double e)
{
    return a + b + c + (d != NULL) + (double)e;
}

Test(call, neither_the_list_nor_the_values_change)
{
    struct values {
        int8_t a;
        float b;
        double c;
        void *d;
        long double e;
    } values = {-1, 2.5f, 3.25, &values, 4.5L}, before;
    memcpy(&before, &values, sizeof values);
    void *list[] = {&values.a, &values.b, &values.c, &values.d, &values.e};
    void *list_before[LENGTH(list)];
    memcpy(list_before, list, sizeof list);
    ffi_cif cif =
        signature(&ffi_type_double, TYPES(&ffi_type_sint8, &ffi_type_float, &ffi_type_double,
                                          &ffi_type_pointer, &ffi_type_longdouble));
    double result = 0;
    ffi_call(&cif, FN(take_some), &result, list);
    cr_expect(eq(dbl, result, 10.25));
    cr_expect(eq(int, memcmp(&values, &before, sizeof values), 0));
    cr_expect(eq(int, memcmp(list, list_before, sizeof list), 0));
}

static void set_errno_to(int value)
{
    errno = value;
}

Test(call, errno_is_what_the_function_leaves)
{
    errno = 12;
    ffi_cif cif = signature(&ffi_type_void, TYPES(&ffi_type_sint));
    cr_expect(eq(int, errno, 12));
    int value = 34;
    ffi_call(&cif, FN(set_errno_to), NULL, VALUES(&value));
    cr_expect(eq(int, errno, 34));
}

/* ---- Signatures ---- */

Test(call, a_cif_may_be_copied_and_the_first_one_spoilt)
{
    ffi_cif first = signature(&ffi_type_double, TYPES(&ffi_type_double));
    ffi_cif copy = first;
    memset(&first, 0x5a, sizeof first);
    double value = 1.1, result = 0;
    ffi_call(&copy, FN(give_double), &result, VALUES(&value));
    cr_expect(eq(dbl, result, 1.1));
}

static long factorial(long n, ffi_cif *cif)
{
    if (n == 0)
        return 1;
    long less = n - 1, result = 0;
    ffi_call(cif, FN(factorial), &result, VALUES(&less, &cif));
    return n * result;
}

Test(call, a_called_function_may_call)
{
    ffi_cif cif = signature(&ffi_type_slong, TYPES(&ffi_type_slong, &ffi_type_pointer));
    cr_expect(eq(long, factorial(10, &cif), 3628800));
}
