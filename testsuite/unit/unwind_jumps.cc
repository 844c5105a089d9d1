/* SPDX-License-Identifier: MIT
 *
 * unwind_jumps: longjmp and backtraces through calls and through closures.
 */
#include "unwind.h"

#include <csetjmp>
#include <execinfo.h>

/* ---- longjmp ---- */

static ffi_type *long_and_double[] = {&ffi_type_slong, &ffi_type_double};

static std::jmp_buf destination;

static void jump(long a, double b)
{
    std::longjmp(destination, static_cast<int>(a + static_cast<long>(b)));
}

static void jump_from_handler(ffi_cif *, void *, void **args, void *)
{
    std::longjmp(destination, static_cast<int>(*static_cast<long *>(args[0])));
}

Test(unwind, longjmp_leaves_a_called_function)
{
    ffi_cif cif = signature(&ffi_type_void, 2, long_and_double);
    static int jumps;
    long a = 40;
    double b = 2;
    void *values[] = {&a, &b};
    int came = setjmp(destination);
    if (came == 0 || ++jumps < 3)
        ffi_call(&cif, FFI_FN(jump), nullptr, values);
    cr_expect(eq(int, came, 42));
    cr_expect(eq(int, jumps, 3));
}

Test(unwind, longjmp_leaves_a_handler)
{
    static ffi_cif cif = signature(&ffi_type_double, 2, long_and_double);
    static void *code = callback(&cif, jump_from_handler, nullptr);
    static int jumps;
    int came = setjmp(destination);
    if (came == 0 || ++jumps < 3)
        reinterpret_cast<double (*)(long, double)>(code)(42, 1);
    cr_expect(eq(int, came, 42));
    cr_expect(eq(int, jumps, 3));
}

/* ---- backtrace ---- */

/* Functions whose addresses can be told: each has a section to itself, which the linker knows the
 * bounds of. */
#define TRACED(name) __attribute__((noinline, section("unit_" #name)))
#define BOUNDS(name) extern "C" const char __start_unit_##name[], __stop_unit_##name[]
BOUNDS(calls_closure);
BOUNDS(calls_ffi_call);

static void *trace[100];
static int depth;

static void take_trace(ffi_cif *, void *, void **, void *)
{
    depth = backtrace(trace, 100);
}

/* The number of the frame within these bounds; 0 if there is none. */
static int frame_within(const char *start, const char *stop)
{
    for (int i = 1; i < depth; i++) {
        const char *at = static_cast<const char *>(trace[i]);
        if (at > start && at <= stop)
            return i;
    }
    return 0;
}

TRACED(calls_closure) static long calls_closure(long (*code)(long, double), long n)
{
    return code(n, 1.5) + 1;
}

TRACED(calls_ffi_call) static long calls_ffi_call(ffi_cif *cif, void **values)
{
    long result = 0;
    ffi_call(cif, FFI_FN(calls_closure), &result, values);
    return result + 1;
}

Test(unwind, a_backtrace_in_a_handler_shows_who_called)
{
    ffi_type *outer_types[] = {&ffi_type_pointer, &ffi_type_slong};
    ffi_cif inner = signature(&ffi_type_slong, 2, long_and_double);
    ffi_cif outer = signature(&ffi_type_slong, 2, outer_types);
    void *code = callback(&inner, take_trace, nullptr);
    long n = 1;
    void *values[] = {&code, &n};
    calls_ffi_call(&outer, values);
    int closure_frame = frame_within(__start_unit_calls_closure, __stop_unit_calls_closure);
    int call_frame = frame_within(__start_unit_calls_ffi_call, __stop_unit_calls_ffi_call);
    cr_expect(gt(int, closure_frame, 0));
    cr_expect(gt(int, call_frame, closure_frame));
    cr_expect(gt(int, depth, call_frame + 1), "and who called those");
}
