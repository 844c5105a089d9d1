/* SPDX-License-Identifier: MIT
 *
 * stepping_unwind, x86_64: after every instruction between a caller and a handler, a backtrace
 * reaches the caller: the unwind information is right at each (the CFI of src/x86_64's assembly).
 */
#include "attributed.h"
#include "sized.h"
#include "stepping.h"

#include <execinfo.h>

#define WIN64 __attribute__((ms_abi))

/* Functions in sections of their own, whose bounds the linker knows. */
#define TRACED(name) __attribute__((noinline, section("unit_" #name)))
extern const char __start_unit_stepped[], __stop_unit_stepped[];
extern const char __start_unit_beneath[], __stop_unit_beneath[];

static long steps, lost;
static const char *first_lost;

static bool is_within(const void *at, const char *start, const char *stop)
{
    return (const char *)at > start && (const char *)at <= stop;
}

static void look_at_each_step(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    /* The function that steps, too, moves its stack pointer, and nobody tells the unwinder. */
    if (is_within(info->si_addr, __start_unit_stepped, __stop_unit_stepped))
        return;
    void *trace[40];
    bool stepped = false, beneath = false;
    int depth = backtrace(trace, LENGTH(trace));
    for (int i = 1; i < depth; i++) {
        stepped |= is_within(trace[i], __start_unit_stepped, __stop_unit_stepped);
        beneath |= stepped && is_within(trace[i], __start_unit_beneath, __stop_unit_beneath);
    }
    steps++;
    if (!beneath && lost++ == 0)
        first_lost = info->si_addr;
}

/* ---- What is stepped through: a call with the stepping in its caller ---- */

static ffi_cif *cif_under_test;
static void *code_under_test;
static void **values_under_test;
static char result_under_test[64] __attribute__((aligned(16)));
static void *chain_under_test;

TRACED(stepped) static void call(void)
{
    start_stepping();
    ffi_call_go(cif_under_test, FN(code_under_test), result_under_test, values_under_test,
                chain_under_test);
    stop_stepping();
}

TRACED(stepped) static void call_and_drop(void)
{
    start_stepping();
    ffi_call(cif_under_test, FN(code_under_test), NULL, values_under_test);
    stop_stepping();
}

TRACED(beneath) static void call_from(void (*how)(void))
{
    how();
    __asm__ volatile(""); /* no tail call */
}

static void do_nothing(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)args;
    (void)user_data;
    if (cif->rtype->type == FFI_TYPE_LONGDOUBLE)
        *(long double *)result = 1;
}

/* Steps through a call of code. */
static void expect_no_frame_lost(ffi_cif *cif, void *code, void *chain)
{
    static long double zeros[16];
    void *values[40];
    for (unsigned i = 0; i < cif->nargs; i++)
        values[i] = zeros;
    void *warm_up[10];
    backtrace(warm_up, LENGTH(warm_up)); /* loads a library when it is first called */
    at_each_step(look_at_each_step);
    cif_under_test = cif;
    code_under_test = code;
    values_under_test = values;
    chain_under_test = chain;
    steps = lost = 0;
    call_from(call);
    if (chain == NULL)
        call_from(call_and_drop);
    extern const char __executable_start[];
    cr_expect(gt(long, steps, 100));
    cr_expect(eq(long, lost, 0), "of %ld steps, the first at 0x%lx of this program", steps,
              (long)(first_lost - __executable_start));
}

/* Steps through a call of a closure: through the way out and the way in. */
static void expect_no_frame_lost_in(ffi_cif *cif)
{
    expect_no_frame_lost(cif, callback(cif, do_nothing, NULL), NULL);
}

static ffi_type *results(size_t i)
{
    static ffi_type *scalars[] = {
        &ffi_type_void,   &ffi_type_uint8,  &ffi_type_sint8,      &ffi_type_uint16,
        &ffi_type_sint16, &ffi_type_uint32, &ffi_type_sint32,     &ffi_type_uint64,
        &ffi_type_float,  &ffi_type_double, &ffi_type_longdouble, &ffi_type_complex_double,
    };
    return i < LENGTH(scalars) ? scalars[i] : i < 30 ? bytes_type(i - LENGTH(scalars) + 1) : NULL;
}

Test(stepping_unwind, no_frame_is_lost_whatever_comes_back)
{
    for (size_t i = 0; results(i) != NULL; i++) {
        ffi_cif cif = signature_in(FFI_UNIX64, results(i), NO_TYPES);
        expect_no_frame_lost_in(&cif);
        cif = signature_in(FFI_WIN64, results(i), NO_TYPES);
        expect_no_frame_lost_in(&cif);
    }
}

Test(stepping_unwind, no_frame_is_lost_whatever_goes_in)
{
    ffi_type *c = &ffi_type_schar, *l = &ffi_type_slong, *d = &ffi_type_double;
    ffi_type *f = &ffi_type_float, *x = &ffi_type_longdouble, *s = STRUCT(l, d);
    ffi_type **lists[] = {
        TYPES(l),          TYPES(d),    TYPES(c, f),    TYPES(l, l, l, l, l, l, l, l, l),
        TYPES(x, s, l, s), TYPES(s, s), TYPES(x, x, x), TYPES(bytes_type(33), d, bytes_type(7)),
    };
    for (size_t i = 0; i < LENGTH(lists); i++) {
        ffi_cif cif = signature_in(FFI_UNIX64, &ffi_type_void, lists[i]);
        expect_no_frame_lost_in(&cif);
        cif = signature_in(FFI_WIN64, &ffi_type_void, lists[i]);
        expect_no_frame_lost_in(&cif);
    }
}

Test(stepping_unwind, no_frame_is_lost_in_a_closure_that_lies_elsewhere)
{
    const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64};
    for (size_t i = 0; i < LENGTH(abis); i++) {
        ffi_cif cif = signature_in(abis[i], &ffi_type_sint, TYPES(&ffi_type_double));
        ffi_closure mine;
        void *code;
        ffi_closure_alloc(sizeof mine, &code);
        ffi_status status = ffi_prep_closure_loc(&mine, &cif, do_nothing, NULL, code);
        cr_assert(eq(int, status, FFI_OK));
        expect_no_frame_lost(&cif, code, NULL);
    }
}

Test(stepping_unwind, no_frame_is_lost_in_a_go_closure)
{
    const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64};
    for (size_t i = 0; i < LENGTH(abis); i++) {
        ffi_cif with_vector = signature_in(abis[i], &ffi_type_sint, TYPES(&ffi_type_double));
        ffi_cif without = signature_in(abis[i], &ffi_type_sint, TYPES(&ffi_type_slong));
        ffi_cif *cifs[] = {&with_vector, &without};
        for (size_t j = 0; j < LENGTH(cifs); j++) {
            ffi_go_closure go;
            ffi_status status = ffi_prep_go_closure(&go, cifs[j], do_nothing);
            cr_assert(eq(int, status, FFI_OK));
            expect_no_frame_lost(cifs[j], go.tramp, &go);
        }
    }
}

/* Through all that may be around the handler. */
Test(stepping_unwind, no_frame_is_lost_in_a_closure_with_attributes)
{
    const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64};
    const ffi_rx_closure_attr attrs[] = {ATTR(FFI_RX_UNCOUNTED), ATTR_EVERYTHING(NULL),
                                         ATTR_EVERYTHING(ffi_rx_queue_new())};
    for (size_t i = 0; i < LENGTH(abis); i++)
        for (size_t j = 0; j < LENGTH(attrs); j++)
            for (size_t k = 0; results(k) != NULL; k += 3) {
                ffi_cif cif = signature_in(abis[i], results(k), TYPES(&ffi_type_double));
                void *code;
                attributed(&cif, do_nothing, NULL, &code, &attrs[j]);
                expect_no_frame_lost(&cif, code, NULL);
            }
}

static void end_at_fault(int signal)
{
    (void)signal;
    _Exit(lost == 0 && steps > 10 ? 42 : 1);
}

/* Up to the end of the process. */
static void call_what_must_not_be_called(void *code)
{
    signal(SIGABRT, end_at_fault);
    ffi_cif cif = signature_in(FFI_UNIX64, &ffi_type_void, NO_TYPES);
    expect_no_frame_lost(&cif, code, NULL);
}

Test(stepping_unwind, no_frame_is_lost_on_the_way_to_a_fault)
{
    SKIP_UNDER_THREAD_SANITIZER();
    void *code;
    ffi_closure_alloc(sizeof(ffi_closure), &code);
    struct ending ending = ending_of(call_what_must_not_be_called, code);
    cr_expect(eq(int, ending.status, 42), "signal %d, said %s", ending.signal, ending.text);
}
