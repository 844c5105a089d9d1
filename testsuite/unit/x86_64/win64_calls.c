/* SPDX-License-Identifier: MIT
 *
 * win64_calls, x86_64: calls of functions that the compiler of these tests has compiled for
 * Microsoft's convention.
 */
#include "sized.h"

#include <stdarg.h>

#define WIN64 __attribute__((ms_abi))

static const ffi_abi abis[] = {FFI_WIN64, FFI_EFI64, FFI_GNUW64};

/* ---- Scalars ---- */

static WIN64 double mixture(char a, float b, short c, double d, int e, float f, long g, double h,
                            char i, float j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

Test(win64_calls, ten_arguments_keep_their_order)
{
    ffi_type *ct = &ffi_type_schar, *st = &ffi_type_sshort, *it = &ffi_type_sint;
    ffi_type *lt = &ffi_type_slong, *ft = &ffi_type_float, *dt = &ffi_type_double;
    char a = -1, i = 7;
    float b = 1.5f, f = -2.5f, j = 3.5f;
    short c = -300;
    double d = 4.5, h = 5.25;
    int e = -70000;
    long g = 1L << 40;
    for (size_t n = 0; n < LENGTH(abis); n++) {
        ffi_cif cif = signature_in(abis[n], dt, TYPES(ct, ft, st, dt, it, ft, lt, dt, ct, ft));
        double result = 0;
        ffi_call(&cif, FN(mixture), &result, VALUES(&a, &b, &c, &d, &e, &f, &g, &h, &i, &j));
        cr_expect(eq(dbl, result, mixture(a, b, c, d, e, f, g, h, i, j)), "abi %d", abis[n]);
    }
}

static WIN64 float second_float(float a, float b)
{
    return b - a;
}

Test(win64_calls, floats_come_back)
{
    ffi_type *f = &ffi_type_float;
    ffi_cif cif = signature_in(FFI_WIN64, f, TYPES(f, f));
    float a = 0.5f, b = 4.75f, *result = at_page_end(sizeof *result);
    ffi_call(&cif, FN(second_float), result, VALUES(&a, &b));
    cr_expect(eq(flt, *result, 4.25f));
}

static WIN64 uint64_t leave_garbage_above(void)
{
    return 0x8182838485868788;
}

Test(win64_calls, a_narrow_result_fills_an_ffi_arg_and_no_more)
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
        ffi_cif cif = signature_in(FFI_WIN64, rows[i].type, NO_TYPES);
        ffi_arg *result = at_page_end(sizeof *result);
        ffi_call(&cif, FN(leave_garbage_above), result, NULL);
        cr_expect(eq(ulong, *result, rows[i].expected), "row %zu", i);
        ffi_call(&cif, FN(leave_garbage_above), NULL, NULL);
    }
}

/* A variadic function looks for every argument in the general registers, floating point too. */
static WIN64 double sum_of_doubles(int n, ...)
{
    double sum = 0;
    __builtin_ms_va_list list;
    __builtin_ms_va_start(list, n);
    for (int i = 0; i < n; i++)
        sum += (i + 1) * __builtin_va_arg(list, double);
    __builtin_ms_va_end(list);
    return sum;
}

Test(win64_calls, variadic_doubles_arrive)
{
    ffi_type *d = &ffi_type_double;
    ffi_cif cif = variadic_signature(FFI_WIN64, 1, d, TYPES(&ffi_type_sint, d, d, d, d, d));
    int n = 5;
    double v[] = {1.5, -2.5, 3.5, 4.25, -5.25}, result = 0;
    ffi_call(&cif, FN(sum_of_doubles), &result, VALUES(&n, &v[0], &v[1], &v[2], &v[3], &v[4]));
    cr_expect(eq(dbl, result, sum_of_doubles(n, v[0], v[1], v[2], v[3], v[4])));
}

/* ---- Structs ---- */

#define FLIP(n)                                                                                    \
    static WIN64 struct bytes##n flip_##n(struct bytes##n s)                                       \
    {                                                                                              \
        flip(&s, n);                                                                               \
        return s;                                                                                  \
    }                                                                                              \
    static WIN64 struct bytes##n flip_late_##n(long a, double b, long c, double d,                 \
                                               struct bytes##n s)                                  \
    {                                                                                              \
        if (a + c == 2 && b + d == 3)                                                              \
            flip(&s, n);                                                                           \
        return s;                                                                                  \
    }
FOR_SIZES(FLIP)

static const struct row {
    size_t size;
    void *first;
    void *late;
} rows[] = {
#define ROW(n) {n, (void *)flip_##n, (void *)flip_late_##n},
    FOR_SIZES(ROW)};

Test(win64_calls, structs_of_each_size_are_read_and_stored_exactly)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double;
    long one = 1;
    double half = 1.5;
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        void *argument = at_page_end(row->size), *result = at_page_end(row->size);
        fill(argument, row->size);
        ffi_cif cif = signature_in(FFI_WIN64, type, TYPES(type));
        ffi_call(&cif, FN(row->first), result, VALUES(argument));
        cr_expect(is_flipped(result, row->size), "size %zu", row->size);

        memset(result, 0, row->size);
        cif = signature_in(FFI_WIN64, type, TYPES(l, d, l, d, type));
        ffi_call(&cif, FN(row->late), result, VALUES(&one, &half, &one, &half, argument));
        cr_expect(is_flipped(result, row->size), "size %zu, on the stack", row->size);
        ffi_call(&cif, FN(row->late), NULL, VALUES(&one, &half, &one, &half, argument));
    }
}

struct large {
    long at[50];
};

static struct large *seen;

static WIN64 void spoil(struct large s, struct large *original)
{
    seen = &s != original ? original : NULL;
    memset(&s, 0x5a, sizeof s);
    __asm__ volatile("" : : "r"(&s) : "memory");
}

Test(win64_calls, what_is_passed_by_address_is_a_copy)
{
    ffi_type *type = STRUCT_AS(sizeof(struct large), 8, &ffi_type_slong);
    ffi_cif cif = signature_in(FFI_WIN64, &ffi_type_void, TYPES(type, &ffi_type_pointer));
    struct large value = {{1, 2, 3}}, before = value, *address = &value;
    void *list[] = {&value, &address};
    ffi_call(&cif, FN(spoil), NULL, list);
    cr_expect(eq(ptr, seen, &value));
    cr_expect(eq(int, memcmp(&value, &before, sizeof value), 0));
    cr_expect(eq(ptr, list[0], &value));
}

/* What arrives when the parameter is declared as the pointer that it is. */
static WIN64 long alignment_of(const void *a, const void *b, long c, const void *d, const void *e)
{
    return (long)(((uintptr_t)a | (uintptr_t)b | (uintptr_t)e) % 16 | (uintptr_t)d % 64) + c;
}

Test(win64_calls, copies_are_aligned)
{
    ffi_type *l = &ffi_type_slong, *wide = STRUCT_AS(64, 64, l), *x = &ffi_type_longdouble;
    ffi_type *three = bytes_type(3);
    ffi_cif cif = signature_in(FFI_GNUW64, l, TYPES(three, x, l, wide, x));
    _Alignas(64) char bytes[64] = {0};
    long double number = 1;
    for (long depth = 0; depth < 8; depth++) {
        char *shift = __builtin_alloca(16 * depth + 1);
        shift[0] = 0;
        long result = -1;
        ffi_call(&cif, FN(alignment_of), &result, VALUES(bytes, &number, &depth, bytes, &number));
        cr_expect(eq(long, result, depth));
    }
}

/* As GCC passes it, on Windows and here; clang only there. */
#ifndef __clang__
static WIN64 long double long_double_sum(long double a, int b, long double c)
{
    return a + b + c;
}

Test(win64_calls, long_doubles_travel_by_address)
{
    ffi_type *x = &ffi_type_longdouble;
    ffi_cif cif = signature_in(FFI_GNUW64, x, TYPES(x, &ffi_type_sint, x));
    long double a = 1.1L, c = 2.2L, result = 0;
    int b = 3;
    ffi_call(&cif, FN(long_double_sum), &result, VALUES(&a, &b, &c));
    cr_expect(eq(ldbl, result, a + b + c));
}
#endif
