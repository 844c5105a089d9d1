/* SPDX-License-Identifier: MIT
 *
 * The mix of signatures: for each, a target to call, a handler that computes the same in a
 * closure, and a loop that calls a function pointer as compiled C code does.
 *
 * The target does little, but its result depends on every argument and on their order, so that
 * one comparison shows a lost, doubled or exchanged one. The loop serves twice: given the
 * target it is the floor, the direct call; given a closure's code it measures the closure. In
 * either case arguments are read from memory and the result is stored, as ffi_call does.
 */
#include "bench.h"

#include <string.h>

_Alignas(64) union value argument[MAX_ARGUMENTS];
_Alignas(64) union value result;

_Alignas(64) void *avalue[MAX_ARGUMENTS];

static const int pointed_at[MAX_ARGUMENTS] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};

/* Base two, leading digit first: one instruction an argument, and every place counts. */
#define DIGITS3(a, b, c) (((a)*2 + (b)) * 2 + (c))
#define DIGITS6(a, b, c, d, e, f) (DIGITS3(DIGITS3(a, b, c), d, e) * 2 + (f))

/* Argument i, as the caller has it and as a closure's handler is given it. */
#define IN(i, member) (argument[i].member)
#define GOT(i, member) (((const union value *)args[i])->member)

/* A loop of its own for every side. A processor predicts a call that has always gone to one
 * place better than one that has gone to two; with one loop for all, each side would pay for
 * the others. The empty asm makes the copies differ, or the compiler would fold them. */
#define LOOP(id, side, kept, type, parameters, in)                                                 \
    static                                                                                         \
        __attribute__((noinline, aligned(64))) void loop_##id##_##side(void (*fn)(void), size_t n) \
    {                                                                                              \
        type(*f) parameters = (type(*) parameters)fn;                                              \
        __asm__ volatile("" : : "i"(side));                                                        \
        while (n--)                                                                                \
            kept f in;                                                                             \
    }
#define LOOPS(id, kept, type, parameters, in)                                                      \
    LOOP(id, 0, kept, type, parameters, in)                                                        \
    LOOP(id, 1, kept, type, parameters, in)                                                        \
    LOOP(id, 2, kept, type, parameters, in)                                                        \
    LOOP(id, 3, kept, type, parameters, in)                                                        \
    LOOP(id, 4, kept, type, parameters, in)                                                        \
    LOOP(id, 5, kept, type, parameters, in)                                                        \
    LOOP(id, 6, kept, type, parameters, in)
_Static_assert(MAX_SIDES == 7, "as many loops as sides");

/* kept: the member of `result` that holds the function's type (widened where it is integral). */
#define SIGNATURE(id, type, kept, parameters, expression, in, got)                                 \
    static __attribute__((noinline, aligned(64))) type target_##id parameters                      \
    {                                                                                              \
        return expression;                                                                         \
    }                                                                                              \
    static inline type body_##id parameters                                                        \
    {                                                                                              \
        return expression;                                                                         \
    }                                                                                              \
    static __attribute__((aligned(64))) void handler_##id(ffi_cif *cif, void *ret, void **args,    \
                                                          void *user_data)                         \
    {                                                                                              \
        (void)cif, (void)user_data;                                                                \
        *(__typeof__(result.kept) *)ret = body_##id got;                                           \
    }                                                                                              \
    LOOPS(id, result.kept =, type, parameters, in)

SIGNATURE(int_int, int, s, (int a), a + 1, (IN(0, i)), (GOT(0, i)))

SIGNATURE(int_ptrs, int, s, (const int *a, const int *b), *a * 2 + *b, (IN(0, p), IN(1, p)),
          (GOT(0, p), GOT(1, p)))

SIGNATURE(long_6, long, s, (long a, long b, long c, long d, long e, long f),
          DIGITS6(a, b, c, d, e, f), (IN(0, l), IN(1, l), IN(2, l), IN(3, l), IN(4, l), IN(5, l)),
          (GOT(0, l), GOT(1, l), GOT(2, l), GOT(3, l), GOT(4, l), GOT(5, l)))

SIGNATURE(long_12, long, s,
          (long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k,
           long l),
          DIGITS6(a, b, c, d, e, f) - DIGITS6(g, h, i, j, k, l),
          (IN(0, l), IN(1, l), IN(2, l), IN(3, l), IN(4, l), IN(5, l), IN(6, l), IN(7, l), IN(8, l),
           IN(9, l), IN(10, l), IN(11, l)),
          (GOT(0, l), GOT(1, l), GOT(2, l), GOT(3, l), GOT(4, l), GOT(5, l), GOT(6, l), GOT(7, l),
           GOT(8, l), GOT(9, l), GOT(10, l), GOT(11, l)))

SIGNATURE(doubles, double, d, (double a, double b), a - b, (IN(0, d), IN(1, d)),
          (GOT(0, d), GOT(1, d)))

SIGNATURE(float_8, float, f,
          (float a, float b, float c, float d, float e, float f, float g, float h),
          (a - b) * (c - d) + (e - f) * (g - h) * 2,
          (IN(0, f), IN(1, f), IN(2, f), IN(3, f), IN(4, f), IN(5, f), IN(6, f), IN(7, f)),
          (GOT(0, f), GOT(1, f), GOT(2, f), GOT(3, f), GOT(4, f), GOT(5, f), GOT(6, f), GOT(7, f)))

SIGNATURE(mixed, double, d, (int a, double b, const int *c, float d, short e, long f),
          b - d + (double)(DIGITS3(a, *c, e) * 2 + f),
          (IN(0, i), IN(1, d), IN(2, p), IN(3, f), IN(4, s16), IN(5, l)),
          (GOT(0, i), GOT(1, d), GOT(2, p), GOT(3, f), GOT(4, s16), GOT(5, l)))

SIGNATURE(narrow, uint8_t, u, (uint8_t a, int8_t b, uint16_t c), (uint8_t)DIGITS3(a, b, c),
          (IN(0, u8), IN(1, s8), IN(2, u16)), (GOT(0, u8), GOT(1, s8), GOT(2, u16)))

SIGNATURE(two_double, struct two_double, dd, (struct two_double v, int n),
          ((struct two_double){v.b, v.a + n}), (IN(0, dd), IN(1, i)), (GOT(0, dd), GOT(1, i)))

SIGNATURE(four_long, struct four_long, llll, (struct four_long v, int8_t n),
          ((struct four_long){v.a + n, v.b + n, v.c + n, v.d + n}), (IN(0, llll), IN(1, s8)),
          (GOT(0, llll), GOT(1, s8)))

SIGNATURE(three_float, struct three_float, fff, (struct three_float v, int n),
          ((struct three_float){v.a, v.b, v.c + (float)n}), (IN(0, fff), IN(1, i)),
          (GOT(0, fff), GOT(1, i)))

SIGNATURE(int_float_long, struct int_float_long, ifl, (struct int_float_long v, int8_t n),
          ((struct int_float_long){v.a + n, v.b, v.c - n}), (IN(0, ifl), IN(1, s8)),
          (GOT(0, ifl), GOT(1, s8)))

/* void() leaves its mark in `result` itself, so that it is compared like the others. */
static __attribute__((noinline, aligned(64))) void target_void(void)
{
    result.u = 1;
}

static __attribute__((aligned(64))) void handler_void(ffi_cif *cif, void *ret, void **args,
                                                      void *user_data)
{
    (void)cif, (void)ret, (void)args, (void)user_data;
    result.u = 1;
}

LOOPS(void, , void, (void), ())

#define CODE(id, kept)                                                                             \
    .target = (void (*)(void))target_##id, .handler = handler_##id,                                \
    .result_size = sizeof result.kept,                                                             \
    .loop = {loop_##id##_0, loop_##id##_1, loop_##id##_2, loop_##id##_3,                           \
             loop_##id##_4, loop_##id##_5, loop_##id##_6}

#define SIX(type) type, type, type, type, type, type

const struct signature mix[] = {
    {"void()", T_VOID, .nargs = 0, CODE(void, u)},
    {"int(int)", T_SINT32, .nargs = 1, .arg = {T_SINT32}, CODE(int_int, s)},
    {"int(ptr, ptr)", T_SINT32, .nargs = 2, .arg = {T_POINTER, T_POINTER}, CODE(int_ptrs, s)},
    {"long(6 long)", T_SINT64, .nargs = 6, .arg = {SIX(T_SINT64)}, CODE(long_6, s)},
    {"long(12 long)", T_SINT64, .nargs = 12, .arg = {SIX(T_SINT64), SIX(T_SINT64)},
     CODE(long_12, s)},
    {"double(double, double)", T_DOUBLE, .nargs = 2, .arg = {T_DOUBLE, T_DOUBLE}, CODE(doubles, d)},
    {"float(8 float)", T_FLOAT, .nargs = 8, .arg = {SIX(T_FLOAT), T_FLOAT, T_FLOAT},
     CODE(float_8, f)},
    {"double(int, double, ptr, float, short, long)", T_DOUBLE, .nargs = 6,
     .arg = {T_SINT32, T_DOUBLE, T_POINTER, T_FLOAT, T_SINT16, T_SINT64}, CODE(mixed, d)},
    {"uint8(uint8, int8, uint16)", T_UINT8, .nargs = 3, .arg = {T_UINT8, T_SINT8, T_UINT16},
     CODE(narrow, u)},
    {"{2 double}({2 double}, int)", T_2_DOUBLE, .nargs = 2, .arg = {T_2_DOUBLE, T_SINT32},
     CODE(two_double, dd)},
    {"{4 long}({4 long}, char)", T_4_LONG, .nargs = 2, .arg = {T_4_LONG, T_SINT8},
     CODE(four_long, llll)},
    {"{3 float}({3 float}, int)", T_3_FLOAT, .nargs = 2, .arg = {T_3_FLOAT, T_SINT32},
     CODE(three_float, fff)},
    {"{int,float,long}({int,float,long}, char)", T_INT_FLOAT_LONG, .nargs = 2,
     .arg = {T_INT_FLOAT_LONG, T_SINT8}, CODE(int_float_long, ifl)},
};
const size_t mix_size = sizeof mix / sizeof *mix;

const struct signature *signature_find(const char *name)
{
    for (size_t i = 0; i < mix_size; i++)
        if (strcmp(mix[i].name, name) == 0)
            return &mix[i];
    die("no signature %s in the mix", name);
}

/* Values differ by position, are exact in every type, and set bits above an argument's own
 * width, which a callee must not see. */
void signature_load(const struct signature *sig)
{
    memset(argument, 0xa5, sizeof argument);
    for (unsigned i = 0; i < sig->nargs; i++) {
        union value *v = avalue[i] = &argument[i];
        int digit = (int)((i * 7 + 3) % 23);
        switch (sig->arg[i]) {
        case T_UINT8:
            v->u8 = (uint8_t)(200 + digit);
            break;
        case T_SINT8:
            v->s8 = (int8_t)(-5 - digit);
            break;
        case T_UINT16:
            v->u16 = (uint16_t)(60000 + digit);
            break;
        case T_SINT16:
            v->s16 = (int16_t)(-300 - digit);
            break;
        case T_SINT32:
            v->i = -70000 - digit;
            break;
        case T_SINT64:
            v->l = 0x100000000L * digit - 1;
            break;
        case T_FLOAT:
            v->f = (float)digit / 4;
            break;
        case T_DOUBLE:
            v->d = 1e9 + digit;
            break;
        case T_POINTER:
            v->p = &pointed_at[i];
            break;
        case T_2_DOUBLE:
            v->dd = (struct two_double){1.5, -2.25};
            break;
        case T_4_LONG:
            v->llll = (struct four_long){1L << 40, -2, 3L << 50, -4};
            break;
        case T_3_FLOAT:
            v->fff = (struct three_float){0.5f, 1.25f, -3.75f};
            break;
        case T_INT_FLOAT_LONG:
            v->ifl = (struct int_float_long){-6, 7.5f, 8L << 40};
            break;
        default:
            die("%s: argument %u has no value", sig->name, i);
        }
    }
}
