/* SPDX-License-Identifier: MIT
 *
 * unwind: C++ exceptions through calls and through closures. They depend on the unwind information
 * of the library's assembly; at every single instruction it is looked at in the folder of the
 * architecture. longjmp and backtraces are in unwind_jumps.cc.
 */
#include "unwind.h"

#include <stdexcept>
#include <string>

int frame::left;

/* ---- Out of a called function ---- */

static double throw_sum(int a, double b, long c, long d, long e, long f, long g, long h, double i)
{
    frame mine;
    throw std::runtime_error(std::to_string(static_cast<long>(a + b + c + d + e + f + g + h + i)));
}

static ffi_type *nine_types[] = {&ffi_type_sint,  &ffi_type_double, &ffi_type_slong,
                                 &ffi_type_slong, &ffi_type_slong,  &ffi_type_slong,
                                 &ffi_type_slong, &ffi_type_slong,  &ffi_type_double};

static void call_throw_sum(void *result)
{
    frame mine;
    ffi_cif cif = signature(&ffi_type_double, 9, nine_types);
    int a = 1;
    double b = 2, i = 256;
    long v[] = {4, 8, 16, 32, 64, 128};
    void *values[] = {&a, &b, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &i};
    ffi_call(&cif, FFI_FN(throw_sum), result, values);
}

Test(unwind, an_exception_leaves_a_called_function)
{
    for (int i = 0; i < 3; i++) {
        std::string what;
        double result = 0;
        frame::left = 0;
        try {
            call_throw_sum(i == 0 ? nullptr : &result);
        } catch (const std::runtime_error &error) {
            what = error.what();
        }
        cr_expect(eq(str, what, std::string("511")));
        cr_expect(eq(int, frame::left, 2));
        cr_expect(eq(dbl, result, 0));
    }
}

struct large {
    char at[20000];
};

static void throw_large(large)
{
    throw 42;
}

Test(unwind, an_exception_leaves_a_function_with_a_large_frame)
{
    ffi_type *member[] = {&ffi_type_schar, nullptr};
    ffi_type type = {sizeof(large), 1, FFI_TYPE_STRUCT, member};
    ffi_type *types[] = {&type};
    ffi_cif cif = signature(&ffi_type_void, 1, types);
    static large value;
    void *values[] = {&value};
    int caught = 0;
    try {
        ffi_call(&cif, FFI_FN(throw_large), nullptr, values);
    } catch (int number) {
        caught = number;
    }
    cr_expect(eq(int, caught, 42));
}

/* ---- Out of a handler ---- */

static void throw_first(ffi_cif *, void *, void **args, void *user_data)
{
    frame mine;
    throw *static_cast<long *>(args[0]) + *static_cast<long *>(user_data);
}

typedef long integers(long, long);
typedef double mixed(long, double, long, long, long, long, long, long, double, double);

static ffi_type *mixed_types[] = {
    &ffi_type_slong, &ffi_type_double, &ffi_type_slong, &ffi_type_slong,  &ffi_type_slong,
    &ffi_type_slong, &ffi_type_slong,  &ffi_type_slong, &ffi_type_double, &ffi_type_double};
static long two = 2;
static void *code_under_test;

static void call_integers()
{
    frame mine;
    reinterpret_cast<integers *>(code_under_test)(40, 1);
}

static void call_mixed()
{
    frame mine;
    reinterpret_cast<mixed *>(code_under_test)(40, 1, 2, 3, 4, 5, 6, 7, 8, 9);
}

Test(unwind, an_exception_leaves_a_handler)
{
    ffi_cif cif = signature(&ffi_type_slong, 1, nine_types + 2);
    code_under_test = callback(&cif, throw_first, &two);
    for (int i = 0; i < 3; i++) {
        frame::left = 0;
        cr_expect(eq(long, caught_from(call_integers), 42));
        cr_expect(eq(int, frame::left, 3));
    }
}

Test(unwind, an_exception_leaves_a_handler_of_a_mixture)
{
    ffi_cif cif = signature(&ffi_type_double, 10, mixed_types);
    code_under_test = callback(&cif, throw_first, &two);
    for (int i = 0; i < 3; i++)
        cr_expect(eq(long, caught_from(call_mixed), 42));
}

Test(unwind, an_exception_leaves_the_handler_of_a_closure_elsewhere)
{
    ffi_cif cif = signature(&ffi_type_slong, 1, nine_types + 2);
    ffi_closure mine;
    ffi_closure_alloc(sizeof mine, &code_under_test);
    ffi_status status = ffi_prep_closure_loc(&mine, &cif, throw_first, &two, code_under_test);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(long, caught_from(call_integers), 42));
}

static void throw_for_go(ffi_cif *, void *, void **args, void *)
{
    throw *static_cast<long *>(args[0]) + 2;
}

static ffi_go_closure go;

static void call_go()
{
    frame mine;
    long value = 40, result;
    void *values[] = {&value};
    ffi_call_go(go.cif, FFI_FN(go.tramp), &result, values, &go);
}

Test(unwind, an_exception_leaves_the_handler_of_a_go_closure)
{
    ffi_cif cif = signature(&ffi_type_slong, 1, nine_types + 2);
    ffi_status status = ffi_prep_go_closure(&go, &cif, throw_for_go);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(long, caught_from(call_go), 42));
}

static void throw_from_raw(ffi_cif *, void *, ffi_raw *raw, void *user_data)
{
    throw static_cast<long>(raw[0].sint) + *static_cast<long *>(user_data);
}

Test(unwind, an_exception_leaves_the_handler_of_a_raw_closure)
{
    ffi_cif cif = signature(&ffi_type_slong, 1, nine_types + 2);
    auto closure = static_cast<ffi_raw_closure *>(
        ffi_closure_alloc(sizeof(ffi_raw_closure), &code_under_test));
    ffi_status status =
        ffi_prep_raw_closure_loc(closure, &cif, throw_from_raw, &two, code_under_test);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(long, caught_from(call_integers), 42));
}

/* ---- Through many of both ---- */

static void descend(ffi_cif *cif, void *result, void **args, void *user_data)
{
    frame mine;
    long left = *static_cast<long *>(args[0]) - 1;
    void *values[] = {&left};
    if (left == 0)
        throw 42L;
    ffi_call(cif, FFI_FN(*static_cast<void **>(user_data)), result, values);
}

static void call_descend()
{
    reinterpret_cast<long (*)(long)>(code_under_test)(100);
}

Test(unwind, an_exception_leaves_a_hundred_calls_and_closures)
{
    ffi_cif cif = signature(&ffi_type_slong, 1, nine_types + 2);
    code_under_test = callback(&cif, descend, &code_under_test);
    cr_expect(eq(long, caught_from(call_descend), 42));
    cr_expect(eq(int, frame::left, 101));
}
