/* SPDX-License-Identifier: MIT
 *
 * call_structs: structs given to and got from ffi_call, each at the end of readable memory: a read
 * or a write by one byte too many ends the test (src/call.c and the call routines of the
 * architecture). What travels in which register is tested in the folder of the architecture.
 */
#include "sized.h"

/* ---- Every size: an argument, an argument behind those that took the registers, a result ---- */

#define FLIP(n)                                                                                    \
    static struct bytes##n flip_##n(struct bytes##n s)                                             \
    {                                                                                              \
        flip(&s, n);                                                                               \
        return s;                                                                                  \
    }                                                                                              \
    static struct bytes##n flip_late_##n(long a, double b, long c, double d, long e, double f,     \
                                         long g, double h, long i, double j, long k, double l,     \
                                         long m, double o, long p, double q, struct bytes##n s)    \
    {                                                                                              \
        if (a + c + e + g + i + k + m + p == 64 && b + d + f + h + j + l + o + q == 20)            \
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

Test(call_structs, each_size_is_read_and_stored_exactly)
{
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        ffi_cif cif = signature(type, TYPES(type));
        void *argument = at_page_end(row->size), *result = at_page_end(row->size);
        fill(argument, row->size);
        ffi_call(&cif, FN(row->first), result, VALUES(argument));
        cr_expect(is_flipped(result, row->size), "size %zu", row->size);
    }
}

Test(call_structs, nothing_in_front_of_a_result_is_touched)
{
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        ffi_cif cif = signature(type, TYPES(type));
        char argument[MAX_SIZE], *guarded = at_page_end(row->size + 8);
        fill(argument, row->size);
        memset(guarded, 0x11, row->size + 8);
        ffi_call(&cif, FN(row->first), guarded + 8, VALUES(argument));
        cr_expect(is_flipped(guarded + 8, row->size), "size %zu", row->size);
        cr_expect(eq(int, memcmp(guarded, "\x11\x11\x11\x11\x11\x11\x11\x11", 8), 0));
    }
}

/* Eight longs and eight doubles, by turns: more than any architecture has registers for. */
static ffi_type **with_registers_taken(ffi_type *last)
{
    static ffi_type *list[18];
    for (int i = 0; i < 16; i++)
        list[i] = i % 2 == 0 ? &ffi_type_slong : &ffi_type_double;
    list[16] = last;
    return list;
}

Test(call_structs, each_size_is_read_exactly_when_registers_have_run_out)
{
    long l = 8;
    double d = 2.5;
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        ffi_cif cif = signature(type, with_registers_taken(type));
        void *argument = at_page_end(row->size), *result = at_page_end(row->size);
        fill(argument, row->size);
        ffi_call(&cif, FN(row->late), result,
                 VALUES(&l, &d, &l, &d, &l, &d, &l, &d, &l, &d, &l, &d, &l, &d, &l, &d, argument));
        cr_expect(is_flipped(result, row->size), "size %zu", row->size);
    }
}

/* ---- Scalars are read exactly, too, wherever they travel ---- */

static int calls;

static void take_anything(void)
{
    calls++;
}

Test(call_structs, each_scalar_is_read_exactly)
{
    ffi_type *types[] = {
        &ffi_type_uint8,         &ffi_type_sint8,          &ffi_type_uint16,
        &ffi_type_sint16,        &ffi_type_uint32,         &ffi_type_sint32,
        &ffi_type_uint64,        &ffi_type_sint64,         &ffi_type_pointer,
        &ffi_type_float,         &ffi_type_double,         &ffi_type_longdouble,
        &ffi_type_complex_float, &ffi_type_complex_double, &ffi_type_complex_longdouble};
    long l = 8;
    double d = 2.5;
    for (size_t i = 0; i < LENGTH(types); i++) {
        void *value = at_page_end(types[i]->size);
        memset(value, 0, types[i]->size);
        ffi_cif cif = signature(&ffi_type_void, TYPES(types[i], types[i]));
        ffi_call(&cif, FN(take_anything), NULL, VALUES(value, value));
        cif = signature(&ffi_type_void, with_registers_taken(types[i]));
        ffi_call(&cif, FN(take_anything), NULL,
                 VALUES(&l, &d, &l, &d, &l, &d, &l, &d, &l, &d, &l, &d, &l, &d, &l, &d, value));
    }
    cr_expect(eq(int, calls, 2 * LENGTH(types)));
}

/* ---- Floats in front of bytes: two kinds of register, the second filled in part ---- */

#define WITH_FLOATS(n)                                                                             \
    struct __attribute__((packed)) floats##n {                                                     \
        float x, y;                                                                                \
        unsigned char at[n];                                                                       \
    };                                                                                             \
    static struct floats##n swap_##n(int before, struct floats##n s)                               \
    {                                                                                              \
        struct floats##n result = {s.y + before, s.x - before, {0}};                               \
        memcpy(result.at, s.at, n);                                                                \
        flip(result.at, n);                                                                        \
        return result;                                                                             \
    }
#define FOR_TAILS(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8)
FOR_TAILS(WITH_FLOATS)

Test(call_structs, the_second_part_is_read_and_stored_exactly)
{
    void *functions[] = {NULL,           (void *)swap_1, (void *)swap_2,
                         (void *)swap_3, (void *)swap_4, (void *)swap_5,
                         (void *)swap_6, (void *)swap_7, (void *)swap_8};
    for (size_t n = 1; n < LENGTH(functions); n++) {
        ffi_type *members[11] = {&ffi_type_float, &ffi_type_float};
        for (size_t i = 0; i < n; i++)
            members[2 + i] = &ffi_type_uint8;
        ffi_type type = {8 + n, 1, FFI_TYPE_STRUCT, members};
        ffi_cif cif = signature(&type, TYPES(&ffi_type_sint, &type));
        int before = 1;
        char *argument = at_page_end(8 + n), *result = at_page_end(8 + n);
        memcpy(argument, (float[]){1.5f, -2.5f}, 8);
        fill(argument + 8, n);
        ffi_call(&cif, FN(functions[n]), result, VALUES(&before, argument));
        float got[2];
        memcpy(got, result, 8);
        cr_expect(eq(flt, got[0], -1.5f), "%zu bytes behind", n);
        cr_expect(eq(flt, got[1], 0.5f), "%zu bytes behind", n);
        cr_expect(is_flipped(result + 8, n), "%zu bytes behind", n);
    }
}

/* ---- Large ones, and results that nobody wants ---- */

struct large {
    long at[100];
};

static struct large reverse(struct large s)
{
    struct large result;
    for (size_t i = 0; i < LENGTH(s.at); i++)
        result.at[i] = s.at[LENGTH(s.at) - 1 - i];
    memset(&s, 0x5a, sizeof s); /* the callee owns its argument */
    return result;
}

Test(call_structs, a_large_struct_is_copied_for_the_function)
{
    ffi_type *type = STRUCT_AS(sizeof(struct large), _Alignof(struct large), &ffi_type_slong);
    ffi_cif cif = signature(type, TYPES(type));
    struct large value, before, result;
    for (size_t i = 0; i < LENGTH(value.at); i++)
        value.at[i] = 1000 + i;
    before = value;
    void *list[] = {&value};
    ffi_call(&cif, FN(reverse), &result, list);
    for (size_t i = 0; i < LENGTH(value.at); i++)
        cr_expect(eq(long, result.at[i], 1099 - (long)i));
    cr_expect(eq(int, memcmp(&value, &before, sizeof value), 0));
    cr_expect(eq(ptr, list[0], &value));
}

Test(call_structs, a_struct_result_may_be_dropped)
{
    char argument[MAX_SIZE] = {0};
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        ffi_cif cif = signature(type, TYPES(type));
        ffi_call(&cif, FN(row->first), NULL, VALUES(argument));
    }
    ffi_type *type = STRUCT_AS(sizeof(struct large), _Alignof(struct large), &ffi_type_slong);
    ffi_cif cif = signature(type, TYPES(type));
    struct large value = {{0}};
    ffi_call(&cif, FN(reverse), NULL, VALUES(&value));
    cr_expect(eq(long, value.at[0], 0));
}
