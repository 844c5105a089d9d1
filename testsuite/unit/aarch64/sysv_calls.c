/* SPDX-License-Identifier: MIT
 *
 * sysv_calls, aarch64: values of every kind between the library and the compiler that these tests
 * are compiled by: as arguments and results, of calls and of closures, in registers and on the
 * stack.
 */
#include "unit.h"

#define C &ffi_type_schar
#undef I /* of <complex.h> */
#define I &ffi_type_sint
#define L &ffi_type_slong
#define F &ffi_type_float
#define D &ffi_type_double
#define W &ffi_type_uint128

#define VECTOR(...) (&(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(__VA_ARGS__)})
#define COMPLEX(part, size) (&(ffi_type){2 * (size), size, FFI_TYPE_COMPLEX, TYPES(part)})

/* ---- The types: the library's word for each, and how many of its bytes are no padding ---- */

typedef unsigned __int128 w;
typedef float v4f __attribute__((vector_size(16)));
typedef int v4i __attribute__((vector_size(16)));
typedef float v2f __attribute__((vector_size(8)));
typedef signed char v8c __attribute__((vector_size(8)));
typedef _Complex int ci;
typedef _Complex signed char cc;
typedef _Complex long cl;
typedef _Complex long double cq;
typedef struct {
    w at;
} s_w;
typedef struct {
    w at;
    char c;
} s_wc;
typedef struct __attribute__((packed)) {
    w at;
} s_packed;
typedef struct __attribute__((packed)) {
    char c;
    w at;
} s_odd;
typedef struct __attribute__((aligned(16))) {
    long at;
} s_whole;
typedef struct {
    s_whole at;
} s_member;
typedef struct __attribute__((aligned(16))) {
    float at[4];
} s_floats;
typedef struct __attribute__((aligned(32))) {
    double at[4];
} s_doubles;
typedef struct {
    v4f at;
    v4i more;
} s_vectors;
typedef struct {
    v2f at[3];
} s_short;
typedef struct {
    v2f at;
    double d;
} s_mixed;
typedef struct {
    ci at;
    float f;
} s_complex;
typedef union {
    float f;
    float at[4];
} u_floats;
typedef union {
    double d;
    float at[2];
} u_mixed;

#define FOR_TYPES(DO)                                                                              \
    DO(w, W, 16)                                                                                   \
    DO(v4f, VECTOR(F, F, F, F), 16)                                                                \
    DO(v2f, VECTOR(F, F), 8)                                                                       \
    DO(v8c, VECTOR(C, C, C, C, C, C, C, C), 8)                                                     \
    DO(ci, COMPLEX(I, 4), 8)                                                                       \
    DO(cc, COMPLEX(C, 1), 2)                                                                       \
    DO(cl, COMPLEX(L, 8), 16)                                                                      \
    DO(cq, &ffi_type_complex_longdouble, 32)                                                       \
    DO(s_w, STRUCT(W), 16)                                                                         \
    DO(s_wc, STRUCT(W, C), 17)                                                                     \
    DO(s_packed, STRUCT_AS(16, 1, W), 16)                                                          \
    DO(s_odd, STRUCT_AS(17, 1, C, W), 17)                                                          \
    DO(s_whole, STRUCT_AS(16, 16, L), 8)                                                           \
    DO(s_member, STRUCT(STRUCT_AS(16, 16, L)), 8)                                                  \
    DO(s_floats, STRUCT_AS(16, 16, F, F, F, F), 16)                                                \
    DO(s_doubles, STRUCT_AS(32, 32, D, D, D, D), 32)                                               \
    DO(s_vectors, STRUCT(VECTOR(F, F, F, F), VECTOR(I, I, I, I)), 32)                              \
    DO(s_short, STRUCT(VECTOR(F, F), VECTOR(F, F), VECTOR(F, F)), 24)                              \
    DO(s_mixed, STRUCT(VECTOR(F, F), D), 16)                                                       \
    DO(s_complex, STRUCT(COMPLEX(I, 4), F), 12)                                                    \
    DO(u_floats, STRUCT_AS(16, 4, F, F, F, F, F), 16)                                              \
    DO(u_mixed, STRUCT_AS(8, 8, D, F, F), 8)

/* ---- The functions: four values among others, one of which comes back ---- */

#define COUNT 4

#define FUNCTION(name, type, meaning)                                                              \
    static name pick_##name(int which, name a, float f, name b, long l, double d, name c, int i,   \
                            name e)                                                                \
    {                                                                                              \
        static const name wrong;                                                                   \
        if (f != 1 || l != 2 || d != 3 || i != 4)                                                  \
            return wrong;                                                                          \
        return which == 0 ? a : which == 1 ? b : which == 2 ? c : e;                               \
    }                                                                                              \
    static void from_c_##name(void *code, int which, const void *values, void *result)             \
    {                                                                                              \
        const name *v = values;                                                                    \
        name (*function)(int, name, float, name, long, double, name, int, name) = code;            \
        *(name *)result = function(which, v[0], 1, v[1], 2, 3, v[2], 4, v[3]);                     \
    }
FOR_TYPES(FUNCTION)

/* What a closure does is to call the function: so its values go through both. */
static void call_on(ffi_cif *cif, void *result, void **args, void *function)
{
    for (unsigned i = 0; i < cif->nargs; i++) {
        unsigned align = cif->arg_types[i]->alignment;
        cr_expect(eq(uptr, (uintptr_t)args[i] % (align < 16 ? align : 16), 0), "argument %u", i);
    }
    ffi_call(cif, FN(function), result, args);
}

static void expect_travels(ffi_type *type, size_t size, size_t meaning, void *function,
                           void (*from_c)(void *, int, const void *, void *))
{
    ffi_cif cif = signature(type, TYPES(I, type, F, type, L, D, type, I, type));
    cr_assert(eq(sz, type->size, size), "the test describes another type");
    void *code = callback(&cif, call_on, function);
    _Alignas(32) unsigned char values[COUNT * 32], result[32];
    for (size_t i = 0; i < sizeof values; i++)
        values[i] = 1 + i % 61;
    for (int which = 0; which < COUNT; which++) {
        memset(result, 0, sizeof result);
        from_c(code, which, values, result);
        cr_expect(eq(int, memcmp(result, values + which * size, meaning), 0), "value %d", which);
    }
}

#define TEST(name, type, meaning)                                                                  \
    Test(sysv_calls, name##_arrives)                                                               \
    {                                                                                              \
        expect_travels(type, sizeof(name), meaning, (void *)pick_##name, from_c_##name);           \
    }
FOR_TYPES(TEST)
