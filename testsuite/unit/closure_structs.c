/* SPDX-License-Identifier: MIT
 *
 * closure_structs: structs given to and got from closures (src/closure.c and the entries of the
 * architecture). What travels in which register is tested in the folder of the architecture.
 */
#include "sized.h"

/* ---- Every size: an argument, an argument behind those that took the registers, a result ---- */

static void flip_last(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    memcpy(result, args[cif->nargs - 1], cif->rtype->size);
    flip(result, cif->rtype->size);
}

#define GIVE_AND_TAKE(n)                                                                           \
    static bool flips_##n(void *code)                                                              \
    {                                                                                              \
        struct bytes##n s;                                                                         \
        fill(&s, n);                                                                               \
        s = ((struct bytes##n(*)(struct bytes##n))code)(s);                                        \
        return is_flipped(&s, n);                                                                  \
    }                                                                                              \
    static bool flips_late_##n(void *code)                                                         \
    {                                                                                              \
        struct bytes##n s;                                                                         \
        fill(&s, n);                                                                               \
        s = ((struct bytes##n(*)(long, double, long, double, long, double, long, double, long,     \
                                 double, long, double, long, double, long, double,                 \
                                 struct bytes##n))code)(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, \
                                                        14, 15, 16, s);                            \
        return is_flipped(&s, n);                                                                  \
    }
FOR_SIZES(GIVE_AND_TAKE)

static const struct row {
    size_t size;
    bool (*first)(void *);
    bool (*late)(void *);
} rows[] = {
#define ROW(n) {n, flips_##n, flips_late_##n},
    FOR_SIZES(ROW)};

Test(closure_structs, each_size_arrives_and_comes_back)
{
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        ffi_cif cif = signature(type, TYPES(type));
        cr_expect(row->first(callback(&cif, flip_last, NULL)), "size %zu", row->size);
    }
}

Test(closure_structs, each_size_arrives_when_registers_have_run_out)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double;
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        ffi_cif cif = signature(type, TYPES(l, d, l, d, l, d, l, d, l, d, l, d, l, d, l, d, type));
        cr_expect(row->late(callback(&cif, flip_last, NULL)), "size %zu", row->size);
    }
}

/* ---- Several in one call ---- */

struct point {
    double x;
    long n;
};

struct pair {
    float a, b, c;
};

static void add_members(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    double sum = 0;
    for (unsigned i = 0; i < cif->nargs; i++) {
        if (cif->arg_types[i]->size == sizeof(struct point)) {
            struct point *p = args[i];
            sum += (i + 1) * (p->x + p->n);
        } else {
            struct pair *p = args[i];
            sum += (i + 1) * (p->a + 2 * p->b + 3 * p->c);
        }
    }
    *(double *)result = sum;
}

Test(closure_structs, structs_that_are_gathered_do_not_disturb_each_other)
{
    ffi_type *point = STRUCT(&ffi_type_double, &ffi_type_slong);
    ffi_type *pair = STRUCT(&ffi_type_float, &ffi_type_float, &ffi_type_float);
    ffi_cif cif = signature(&ffi_type_double, TYPES(point, pair, point, pair, point, point, point));
    double (*code)(struct point, struct pair, struct point, struct pair, struct point, struct point,
                   struct point) = callback(&cif, add_members, NULL);
    struct point p[] = {{0.5, 1}, {1.5, -2}, {2.5, 3}, {3.5, -4}, {4.5, 5}};
    struct pair q[] = {{0.25f, -1.25f, 2.25f}, {-3.25f, 4.25f, 5.25f}};
    double got = code(p[0], q[0], p[1], q[1], p[2], p[3], p[4]);
    double expected = 1.5 + 2 * (0.25 - 2.5 + 6.75) - 3 * 0.5 + 4 * (-3.25 + 8.5 + 15.75) +
                      5 * 5.5 - 6 * 0.5 + 7 * 9.5;
    cr_expect(eq(dbl, got, expected));
}

/* More than fit into the room that the common closures have. */
Test(closure_structs, many_structs_are_gathered)
{
    ffi_type *point = STRUCT(&ffi_type_double, &ffi_type_slong);
    ffi_type *types[41] = {NULL};
    void *list[40];
    struct point values[40];
    double expected = 0;
    for (int n = 0; n < 40; n++) {
        types[n] = point;
        list[n] = &values[n];
        values[n] = (struct point){n + 0.5, 1000 * n};
        expected += (n + 1) * (values[n].x + values[n].n);
        ffi_cif cif = signature(&ffi_type_double, types);
        double got = 0;
        ffi_call(&cif, FN(callback(&cif, add_members, NULL)), &got, list);
        cr_expect(eq(dbl, got, expected), "%d structs", n + 1);
    }
}

/* ---- Large and aligned ones ---- */

struct large {
    long at[100];
};

static void reverse(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    struct large *from = args[0], *to = result;
    for (size_t i = 0; i < LENGTH(from->at); i++)
        to->at[i] = from->at[LENGTH(from->at) - 1 - i];
}

Test(closure_structs, a_large_struct_arrives_and_comes_back)
{
    ffi_type *type = STRUCT_AS(sizeof(struct large), _Alignof(struct large), &ffi_type_slong);
    ffi_cif cif = signature(type, TYPES(type));
    struct large (*code)(struct large) = callback(&cif, reverse, NULL);
    struct large value;
    for (size_t i = 0; i < LENGTH(value.at); i++)
        value.at[i] = 1000 + i;
    struct large got = code(value);
    for (size_t i = 0; i < LENGTH(value.at); i++)
        cr_expect(eq(long, got.at[i], 1099 - (long)i));
}

static unsigned misaligned;

static void check_alignment(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)result;
    (void)user_data;
    for (unsigned i = 0; i < cif->nargs; i++)
        misaligned += (uintptr_t)args[i] % cif->arg_types[i]->alignment != 0;
}

struct aligned16 {
    _Alignas(16) long at;
};

struct aligned64 {
    _Alignas(64) long at;
};

Test(closure_structs, arguments_are_aligned_for_the_handler)
{
    ffi_type *l = &ffi_type_slong, *x = &ffi_type_longdouble;
    ffi_type *a16 = STRUCT(STRUCT_AS(16, 16, l)), *a64 = STRUCT(STRUCT_AS(64, 64, l));
    ffi_cif cif = signature(&ffi_type_void, TYPES(a16, l, a64, x, l, a16, a16, a16, a16, l, a64));
    void *code = callback(&cif, check_alignment, NULL);
    struct aligned16 s = {1};
    struct aligned64 t = {1};
    long double one = 1;
    /* By the library: compilers align a copy that they pass by address to 16 only. */
    ffi_call(&cif, FN(code), NULL, VALUES(&s, &one, &t, &one, &one, &s, &s, &s, &s, &one, &t));
    cr_expect(eq(uint, misaligned, 0));
}

/* ---- A closure that is gone before its result is ---- */

static ffi_closure *suicidal;

static void free_itself(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    size_t size = cif->rtype->size;
    memcpy(result, args[0], size);
    ffi_closure_free(suicidal);
    memset(suicidal, 0x5a, 128); /* whatever its next owner may do */
}

Test(closure_structs, a_closure_may_free_itself_in_its_handler)
{
    ffi_type *types[] = {&ffi_type_slong, &ffi_type_double, &ffi_type_longdouble,
                         bytes_type(3),   bytes_type(16),   bytes_type(200)};
    for (size_t i = 0; i < LENGTH(types); i++) {
        ffi_cif cif = signature(types[i], TYPES(types[i]));
        void *code;
        suicidal = closure_of(&cif, free_itself, NULL, &code);
        char value[256], got[256] = {0};
        fill(value, sizeof value);
        size_t size = types[i] == &ffi_type_longdouble ? 10 : types[i]->size;
        if (types[i] == &ffi_type_longdouble)
            memcpy(value, &(long double){1.1L}, size);
        ffi_call(&cif, FN(code), got, VALUES(value));
        cr_expect(eq(int, memcmp(got, value, size), 0), "type %zu", i);
    }
}
