/* SPDX-License-Identifier: MIT
 *
 * sysv_calls, x86_64: structs of every class between the library and the compiler that these tests
 * are compiled by: arguments and results, of calls and of closures, in registers and on the stack.
 */
#include "unit.h"

#define C &ffi_type_schar
#define S &ffi_type_sshort
#undef I /* of <complex.h> */
#define I &ffi_type_sint
#define L &ffi_type_slong
#define F &ffi_type_float
#define D &ffi_type_double
#define X &ffi_type_longdouble
#define P &ffi_type_pointer

/* ---- Which bytes of a struct mean something ---- */

/* Sets the bytes of mask that belong to a member, and not to padding. Members lie as the compiler
 * puts them, or closer in a packed struct. */
static void mark(const ffi_type *type, char *mask)
{
    if (type->type == FFI_TYPE_COMPLEX) {
        mark(type->elements[0], mask);
        mark(type->elements[0], mask + type->elements[0]->size);
    } else if (type->type == FFI_TYPE_LONGDOUBLE) {
        memset(mask, 1, 10);
    } else if (type->type != FFI_TYPE_STRUCT) {
        memset(mask, 1, type->size);
    } else {
        size_t at = 0;
        for (ffi_type **member = type->elements; *member != NULL; member++) {
            size_t align = (*member)->alignment;
            at = rx_align_up(at, align < type->alignment ? align : type->alignment);
            mark(*member, mask + at);
            at += (*member)->size;
        }
    }
}

#define MAX_STRUCT 64

/* Every byte of the value says which value it is of, and where it lies. */
static void set(char *value, size_t size, int which)
{
    for (size_t i = 0; i < size; i++)
        value[i] = 1 + 64 * (which % 3) + (7 * which + i) % 61;
}

static bool same(const char *a, const char *b, const char *mask)
{
    for (size_t i = 0; i < MAX_STRUCT; i++)
        if (mask[i] && a[i] != b[i])
            return false;
    return true;
}

/* ---- The functions: each takes six structs, more than registers hold, and returns one ---- */

#define COUNT 6

static void pick(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    memcpy(result, args[1 + *(int *)args[0]], cif->rtype->size);
}

/* callee is the compiler's function; from_c calls a closure as the compiler does. */
static void expect_travels(ffi_type *type, size_t size, void *callee,
                           void (*from_c)(void *code, int which, char *values, char *result))
{
    ffi_cif cif = signature_in(FFI_UNIX64, type, TYPES(I, type, type, type, type, type, type));
    cr_assert(eq(sz, type->size, size), "the test describes another struct");
    void *code = callback(&cif, pick, NULL);
    char mask[MAX_STRUCT] = {0};
    mark(type, mask);
    _Alignas(64) char values[COUNT * MAX_STRUCT] = {0};
    for (int i = 0; i < COUNT; i++)
        set(values + i * size, size, i);
    for (int which = 0; which < COUNT; which++) {
        const char *expected = values + which * size;
        _Alignas(64) char result[MAX_STRUCT] = {0};
        ffi_call(&cif, FN(callee), result,
                 VALUES(&which, values, values + size, values + 2 * size, values + 3 * size,
                        values + 4 * size, values + 5 * size));
        cr_expect(same(result, expected, mask), "a call, struct %d", which);
        memset(result, 0, sizeof result);
        from_c(code, which, values, result);
        cr_expect(same(result, expected, mask), "a closure, struct %d", which);
    }
}

#define TRAVELS(name, type, ...)                                                                   \
    struct name __VA_ARGS__;                                                                       \
    static struct name pick_##name(int which, struct name a, struct name b, struct name c,         \
                                   struct name d, struct name e, struct name f)                    \
    {                                                                                              \
        switch (which) {                                                                           \
        case 0:                                                                                    \
            return a;                                                                              \
        case 1:                                                                                    \
            return b;                                                                              \
        case 2:                                                                                    \
            return c;                                                                              \
        case 3:                                                                                    \
            return d;                                                                              \
        case 4:                                                                                    \
            return e;                                                                              \
        default:                                                                                   \
            return f;                                                                              \
        }                                                                                          \
    }                                                                                              \
    static void from_c_##name(void *code, int which, char *values, char *result)                   \
    {                                                                                              \
        struct name v[COUNT], r;                                                                   \
        memcpy(v, values, sizeof v);                                                               \
        r = ((struct name(*)(int, struct name, struct name, struct name, struct name, struct name, \
                             struct name))code)(which, v[0], v[1], v[2], v[3], v[4], v[5]);        \
        memcpy(result, &r, sizeof r);                                                              \
    }                                                                                              \
    Test(sysv_calls, name)                                                                         \
    {                                                                                              \
        expect_travels(type, sizeof(struct name), (void *)pick_##name, from_c_##name);             \
    }

/* ---- One eightbyte ---- */

TRAVELS(one_char, STRUCT(C), { signed char a; })
TRAVELS(three_chars, STRUCT(C, C, C), { signed char a, b, c; })
TRAVELS(one_int, STRUCT(I), { int a; })
TRAVELS(int_and_float, STRUCT(I, F), {
    int a;
    float b;
})
TRAVELS(float_and_int, STRUCT(F, I), {
    float a;
    int b;
})
TRAVELS(one_float, STRUCT(F), { float a; })
TRAVELS(two_floats, STRUCT(F, F), { float a, b; })
TRAVELS(one_double, STRUCT(D), { double a; })
TRAVELS(one_pointer, STRUCT(P), { void *a; })
TRAVELS(one_complex_float, STRUCT(&ffi_type_complex_float), { float _Complex a; })

/* ---- Two ---- */

TRAVELS(two_longs, STRUCT(L, L), { long a, b; })
TRAVELS(long_and_short, STRUCT(L, S), {
    long a;
    short b;
})
TRAVELS(char_and_pointer, STRUCT(C, P), {
    signed char a;
    void *b;
})
TRAVELS(two_doubles, STRUCT(D, D), { double a, b; })
TRAVELS(three_floats, STRUCT(F, F, F), { float a, b, c; })
TRAVELS(four_floats, STRUCT(F, F, F, F), { float a, b, c, d; })
TRAVELS(float_and_double, STRUCT(F, D), {
    float a;
    double b;
})
TRAVELS(int_and_double, STRUCT(I, D), {
    int a;
    double b;
})
TRAVELS(double_and_char, STRUCT(D, C), {
    double a;
    signed char b;
})
TRAVELS(floats_and_int, STRUCT(F, F, I), {
    float a, b;
    int c;
})
TRAVELS(ints_around_float, STRUCT(F, I, F), {
    float a;
    int b;
    float c;
})
TRAVELS(five_shorts, STRUCT(S, S, S, S, S), { short a[5]; })
TRAVELS(float_and_complex, STRUCT(F, &ffi_type_complex_float), {
    float a;
    float _Complex b;
})
TRAVELS(int_and_complex, STRUCT(I, &ffi_type_complex_float), {
    int a;
    float _Complex b;
})
TRAVELS(one_complex_double, STRUCT(&ffi_type_complex_double), { double _Complex a; })
TRAVELS(nested, STRUCT(STRUCT(C, STRUCT(S, F)), F), {
    struct {
        signed char a;
        struct {
            short b;
            float c;
        } d;
    } e;
    float f;
})
TRAVELS(array_of_structs, STRUCT(STRUCT(S, S), STRUCT(S, S), STRUCT(S, S)), {
    struct {
        short a, b;
    } c[3];
})

/* ---- In memory, or back in an x87 register ---- */

TRAVELS(three_longs, STRUCT(L, L, L), { long a, b, c; })
TRAVELS(two_doubles_and_char, STRUCT(D, D, C), {
    double a, b;
    signed char c;
})
TRAVELS(one_long_double, STRUCT(X), { long double a; })
TRAVELS(nested_long_double, STRUCT(STRUCT(X)), {
    struct {
        long double a;
    } b;
})
TRAVELS(two_long_doubles, STRUCT(X, X), { long double a, b; })
TRAVELS(long_double_and_char, STRUCT(X, C), {
    long double a;
    signed char b;
})
TRAVELS(one_complex_long_double, STRUCT(&ffi_type_complex_longdouble), { long double _Complex a; })

/* ---- Whose size and alignment are said ---- */

TRAVELS(packed, STRUCT_AS(5, 1, C, I), {
    signed char a;
    int b;
} __attribute__((packed)))
TRAVELS(packed_but_aligned, STRUCT_AS(9, 1, L, C), {
    long a;
    signed char b;
} __attribute__((packed)))
TRAVELS(packed_floats, STRUCT_AS(9, 1, F, F, C), {
    float a, b;
    signed char c;
} __attribute__((packed)))
TRAVELS(union_of_double, STRUCT_AS(8, 8, D), {
    union {
        double a;
        float b;
    } c;
})
TRAVELS(union_of_long, STRUCT_AS(8, 8, L), {
    union {
        double a;
        long b;
    } c;
})
TRAVELS(over_aligned_int, STRUCT_AS(16, 16, I), { _Alignas(16) int a; })
TRAVELS(over_aligned_double, STRUCT_AS(16, 16, D), { _Alignas(16) double a; })
TRAVELS(over_aligned_longs, STRUCT_AS(16, 16, L, L), {
    _Alignas(16) long a;
    long b;
})
TRAVELS(aligned_to_32, STRUCT_AS(32, 32, I, F), {
    _Alignas(32) int a;
    float b;
})
TRAVELS(aligned_to_64, STRUCT_AS(64, 64, I, F), {
    _Alignas(64) int a;
    float b;
})

/* ---- A result in memory that nobody wants ---- */

static uintptr_t result_was_at;

static void *note_where(void *result)
{
    result_was_at = (uintptr_t)result;
    return memset(result, 1, 64);
}

Test(sysv_calls, a_dropped_result_is_aligned_as_its_type)
{
    ffi_cif cif = signature_in(FFI_UNIX64, STRUCT_AS(64, 64, C), NO_TYPES);
    for (int i = 0; i < 8; i++) {
        char *shift = __builtin_alloca(16 * i + 1);
        shift[0] = i;
        ffi_call(&cif, FN(note_where), NULL, NULL);
        cr_expect(eq(uptr, result_was_at % 64, 0));
    }
}
