/* SPDX-License-Identifier: MIT
 *
 * call_plan: handles on plans (src/call_plan.c), and calls by them (src/call.c): of signatures that
 * have a plan in the arena, that have too many arguments for it, or for which there was no room.
 */
#include "unit.h"

#include <complex.h>
#include <stdarg.h>

static bool is_in_arena(ffi_call_plan *plan)
{
    return (uintptr_t)plan - (uintptr_t)rx_plan_arena < RX_PLAN_ARENA;
}

/* ---- Handles ---- */

Test(call_plan, null_is_harmless)
{
    cr_expect(eq(ptr, ffi_call_plan_alloc(NULL), NULL));
    ffi_call_plan_free(NULL);
    cr_expect(eq(sz, ffi_call_plan_size(NULL), 0));
}

Test(call_plan, a_handle_is_the_interned_plan)
{
    ffi_cif cif = signature(&ffi_type_double, TYPES(&ffi_type_sint, &ffi_type_float));
    ffi_call_plan *plan = ffi_call_plan_alloc(&cif), *again = ffi_call_plan_alloc(&cif);
    cr_expect(eq(ptr, plan, (void *)rx_plan_of(&cif)));
    cr_expect(eq(ptr, again, plan));
    ffi_call_plan_free(plan);
    cr_expect(eq(ptr, ffi_call_plan_alloc(&cif), again), "as often as one likes");
}

/* Signatures of n longs. */
static ffi_cif longs(ffi_type **types, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        types[i] = &ffi_type_slong;
    types[n] = NULL;
    return n == 0 ? signature(&ffi_type_slong, types)
                  : variadic_signature(FFI_DEFAULT_ABI, 1, &ffi_type_slong, types);
}

Test(call_plan, the_size_is_stable_and_grows_with_the_signature)
{
    static ffi_type *types[401];
    size_t last = 1;
    for (unsigned n = 0; n <= 400; n++) {
        ffi_cif cif = longs(types, n);
        ffi_call_plan *plan = ffi_call_plan_alloc(&cif);
        cr_assert(ne(ptr, plan, NULL));
        size_t size = ffi_call_plan_size(plan);
        cr_expect(ge(sz, size, last), "%u arguments", n);
        cr_expect(eq(sz, ffi_call_plan_size(plan), size));
        last = size;
        ffi_call_plan_free(plan);
    }
}

/* ---- Calls ---- */

static long sum(long n, ...)
{
    va_list ap;
    va_start(ap, n);
    long all = n;
    for (long i = 1; i < n; i++)
        all += i * va_arg(ap, long);
    va_end(ap);
    return all;
}

static long expected_sum(unsigned n)
{
    long all = n;
    for (unsigned i = 1; i < n; i++)
        all += i * (1000 + (long)i);
    return all;
}

/* Calls sum by a plan of n arguments, 1 or more. */
static void expect_sum(unsigned n, bool in_arena)
{
    static ffi_type *types[1001];
    static long numbers[1000];
    static void *values[1000];
    for (unsigned i = 0; i < n; i++) {
        numbers[i] = i == 0 ? n : 1000 + i;
        values[i] = &numbers[i];
    }
    ffi_cif cif = longs(types, n);
    ffi_call_plan *plan = ffi_call_plan_alloc(&cif);
    cr_assert(ne(ptr, plan, NULL));
    cr_expect(eq(int, is_in_arena(plan), in_arena), "%u arguments", n);
    for (int i = 0; i < 3; i++) {
        long result = 0;
        ffi_call_plan_invoke(plan, FN(sum), &result, values);
        cr_expect(eq(long, result, expected_sum(n)), "%u arguments", n);
        ffi_call_plan_invoke(plan, FN(sum), NULL, values);
    }
    ffi_call_plan_free(plan);
}

Test(call_plan, calls_by_a_plan_of_any_number_of_arguments)
{
    for (unsigned n = 1; n <= 256; n += n < 20 ? 1 : 59)
        expect_sum(n, true);
    expect_sum(257, false);
    expect_sum(258, false);
    expect_sum(1000, false);
}

static void fill_arena(void)
{
    for (unsigned n = 200; n != 0; n = n > 1 ? 1 : 0) {
        for (size_t count = 1;; count++) {
            ffi_type *types[201] = {NULL};
            ffi_type size = {count, 1, FFI_TYPE_STRUCT, TYPES(&ffi_type_uint8)};
            types[0] = &size;
            for (unsigned i = 1; i < n; i++)
                types[i] = &ffi_type_slong;
            ffi_cif cif = signature(&ffi_type_void, types);
            if (rx_plan_of(&cif) == NULL)
                break;
        }
    }
}

Test(call_plan, calls_by_a_plan_for_which_there_is_no_room)
{
    expect_sum(3, true);
    fill_arena();
    expect_sum(3, true); /* keeps its place */
    expect_sum(7, false);
    expect_sum(200, false);
    expect_sum(300, false);
}

Test(call_plan, a_plan_of_its_own_outlives_the_cif)
{
    static ffi_type *types[401];
    long numbers[400];
    void *values[400];
    for (unsigned i = 0; i < LENGTH(numbers); i++) {
        numbers[i] = i == 0 ? 400 : 1000 + i;
        values[i] = &numbers[i];
    }
    ffi_cif cif = longs(types, 400);
    ffi_call_plan *plan = ffi_call_plan_alloc(&cif);
    memset(&cif, 0xff, sizeof cif);
    memset(types, 0xff, sizeof types);
    long result;
    ffi_call_plan_invoke(plan, FN(sum), &result, values);
    cr_expect(eq(long, result, expected_sum(400)));
    ffi_call_plan_free(plan);
}

static int8_t narrow(int8_t a)
{
    return a - 1;
}

Test(call_plan, a_narrow_result_fills_an_ffi_arg)
{
    ffi_cif cif = signature(&ffi_type_sint8, TYPES(&ffi_type_sint8));
    ffi_call_plan *plan = ffi_call_plan_alloc(&cif);
    int8_t value = -100;
    ffi_arg result[2] = {0, 42};
    ffi_call_plan_invoke(plan, FN(narrow), result, VALUES(&value));
    cr_expect(eq(long, (ffi_sarg)result[0], -101));
    cr_expect(eq(ulong, result[1], 42));
}

/* ---- Results that nobody wants ---- */

typedef float v4f __attribute__((vector_size(16)));
typedef float v2f __attribute__((vector_size(8)));
typedef _Complex short complex_short;
typedef _Complex long complex_long;

struct one {
    long double x;
};
struct small {
    double x;
    long n;
};
struct words {
    long n;
    double x;
};
struct odd {
    char bytes[11];
};
struct floats {
    float x[3];
};
struct doubles {
    double x[4];
};
struct quads {
    v4f x[2];
};
struct large {
    char bytes[5000];
};
struct wide {
    _Alignas(64) char bytes[64];
};

static unsigned calls;

/* More often than a stack of registers has places. */
#define TIMES 20

static void drop(ffi_type *type, void (*function)(void), size_t size)
{
    static _Alignas(64) char value[5000], result[5000];
    for (size_t i = 0; i < 64; i++)
        value[i] = 1;
    ffi_cif cif = signature(type, TYPES(type));
    ffi_call_plan *plan = ffi_call_plan_alloc(&cif);
    calls = 0;
    for (int i = 0; i < TIMES; i++) {
        ffi_call_plan_invoke(plan, function, NULL, VALUES(value));
        ffi_call(&cif, function, NULL, VALUES(value));
    }
    cr_expect(eq(uint, calls, 2 * TIMES));
    /* What is wanted still comes. */
    memset(result, 0, sizeof result);
    ffi_call_plan_invoke(plan, function, result, VALUES(value));
    cr_expect(eq(int, memcmp(result, value, size), 0));
    volatile long double two = 2, three = 3;
    cr_expect(eq(ldbl, two * three, 6));
    ffi_call_plan_free(plan);
}

#define X87_BYTES (__LDBL_MANT_DIG__ == 64 ? 10 : sizeof(long double))
#define F &ffi_type_float
#define D &ffi_type_double
#define VECTOR(...) (&(ffi_type){0, 0, FFI_TYPE_VECTOR, TYPES(__VA_ARGS__)})
#define COMPLEX(c, part) (&(ffi_type){2 * sizeof(c), sizeof(c), FFI_TYPE_COMPLEX, TYPES(part)})
#define V4F VECTOR(F, F, F, F)

/* size: bytes that mean something. */
#define MAY_BE_DROPPED(name, c_type, type, size)                                                   \
    static c_type give_##name(c_type value)                                                        \
    {                                                                                              \
        calls++;                                                                                   \
        return value;                                                                              \
    }                                                                                              \
    Test(call_plan, name##_may_be_dropped)                                                         \
    {                                                                                              \
        drop(type, FN(give_##name), size);                                                         \
    }

MAY_BE_DROPPED(a_char, char, &ffi_type_schar, 1)
MAY_BE_DROPPED(an_int, int, &ffi_type_sint, sizeof(int))
MAY_BE_DROPPED(a_long, long, &ffi_type_slong, sizeof(long))
MAY_BE_DROPPED(an_int128, __int128, &ffi_type_sint128, sizeof(__int128))
MAY_BE_DROPPED(a_float, float, &ffi_type_float, sizeof(float))
MAY_BE_DROPPED(a_double, double, &ffi_type_double, sizeof(double))
MAY_BE_DROPPED(a_long_double, long double, &ffi_type_longdouble, X87_BYTES)
MAY_BE_DROPPED(a_complex_float, complex float, &ffi_type_complex_float, sizeof(complex float))
MAY_BE_DROPPED(a_complex_double, complex double, &ffi_type_complex_double, sizeof(complex double))
MAY_BE_DROPPED(a_complex_long_double, complex long double, &ffi_type_complex_longdouble, X87_BYTES)
MAY_BE_DROPPED(a_complex_short, complex_short, COMPLEX(short, &ffi_type_sshort), 4)
MAY_BE_DROPPED(a_complex_long, complex_long, COMPLEX(long, &ffi_type_slong), 16)
MAY_BE_DROPPED(a_vector, v4f, V4F, sizeof(v4f))
MAY_BE_DROPPED(a_short_vector, v2f, VECTOR(F, F), sizeof(v2f))
MAY_BE_DROPPED(a_struct_of_a_long_double, struct one, STRUCT(&ffi_type_longdouble), X87_BYTES)
MAY_BE_DROPPED(a_small_struct, struct small, STRUCT(&ffi_type_double, &ffi_type_slong), 16)
MAY_BE_DROPPED(a_struct_the_other_way, struct words, STRUCT(&ffi_type_slong, D), 16)
MAY_BE_DROPPED(an_odd_struct, struct odd, bytes_type(11), 11)
MAY_BE_DROPPED(three_floats, struct floats, STRUCT(F, F, F), 12)
MAY_BE_DROPPED(four_doubles, struct doubles, STRUCT(D, D, D, D), 32)
MAY_BE_DROPPED(two_vectors, struct quads, STRUCT(V4F, V4F), 32)
MAY_BE_DROPPED(a_large_struct, struct large, STRUCT_AS(5000, 1, &ffi_type_schar), 5000)
MAY_BE_DROPPED(an_aligned_struct, struct wide, STRUCT_AS(64, 64, &ffi_type_schar), 64)
