/* SPDX-License-Identifier: MIT
 *
 * win64_unwind, x86_64: C++ exceptions and longjmp through calls and closures of Microsoft's
 * convention, whose entries keep more registers than others.
 */
#include "unwind.h"

#include <csetjmp>

#define WIN64 __attribute__((ms_abi))

static ffi_type *types[] = {&ffi_type_slong, &ffi_type_double, &ffi_type_slong,
                            &ffi_type_slong, &ffi_type_slong,  &ffi_type_double};

typedef WIN64 double function(long, double, long, long, long, double);

/* ---- Calls ---- */

static WIN64 double throw_sum(long a, double b, long c, long d, long e, double f)
{
    throw a + static_cast<long>(b) + c + d + e + static_cast<long>(f);
}

static void call_throw_sum()
{
    frame mine;
    ffi_cif cif = signature_in(FFI_WIN64, &ffi_type_double, 6, types);
    long a = 1, c = 4, d = 8, e = 16;
    double b = 2, f = 32, result;
    void *values[] = {&a, &b, &c, &d, &e, &f};
    ffi_call(&cif, FFI_FN(throw_sum), &result, values);
}

Test(win64_unwind, an_exception_leaves_a_called_function)
{
    for (int i = 0; i < 3; i++) {
        frame::left = 0;
        cr_expect(eq(long, caught_from(call_throw_sum), 63));
        cr_expect(eq(int, frame::left, 2));
    }
}

/* ---- Closures ---- */

static void *code_under_test;

static void throw_last(ffi_cif *, void *, void **args, void *user_data)
{
    frame mine;
    throw static_cast<long>(*static_cast<double *>(args[5])) + *static_cast<long *>(user_data);
}

static void call_code()
{
    frame mine;
    reinterpret_cast<function *>(code_under_test)(1, 2, 3, 4, 5, 40);
}

static long two = 2;

Test(win64_unwind, an_exception_leaves_a_handler)
{
    ffi_cif cif = signature_in(FFI_WIN64, &ffi_type_double, 6, types);
    code_under_test = callback(&cif, throw_last, &two);
    for (int i = 0; i < 3; i++) {
        frame::left = 0;
        cr_expect(eq(long, caught_from(call_code), 42));
        cr_expect(eq(int, frame::left, 3));
    }
}

Test(win64_unwind, an_exception_leaves_the_handler_of_a_closure_elsewhere)
{
    ffi_cif cif = signature_in(FFI_WIN64, &ffi_type_double, 6, types);
    ffi_closure mine;
    ffi_closure_alloc(sizeof mine, &code_under_test);
    ffi_status status = ffi_prep_closure_loc(&mine, &cif, throw_last, &two, code_under_test);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(long, caught_from(call_code), 42));
}

static std::jmp_buf destination;

static void jump_by_last(ffi_cif *, void *, void **args, void *)
{
    std::longjmp(destination, static_cast<int>(*static_cast<double *>(args[5])));
}

Test(win64_unwind, longjmp_leaves_a_handler)
{
    static ffi_cif cif = signature_in(FFI_WIN64, &ffi_type_double, 6, types);
    code_under_test = callback(&cif, jump_by_last, nullptr);
    static int jumps;
    int came = setjmp(destination);
    if (came == 0 || ++jumps < 3)
        call_code();
    cr_expect(eq(int, came, 40));
    cr_expect(eq(int, jumps, 3));
}
