/* SPDX-License-Identifier: MIT
 *
 * stepping_cet, x86_64: what a processor with indirect branch tracking and shadow stacks would
 * check, done after every instruction: an indirect jump or call leads to an endbr64, a return goes
 * back to where its call came from. The library's notes promise both, and few machines hold it to
 * that.
 */
#include "attributed.h"
#include "sized.h"
#include "arch.h"
#include "stepping.h"

#include <ucontext.h>

/* ---- Which code is the library's: what lies between these, as an archive is linked in one piece
 * ---- */

RX_HIDDEN extern const char rx_call_steps[], rx_steps[], rx_shapes[], rx_entry_win64[];

static const char *first_code, *last_code;

static void find_library(void)
{
    const char *const code[] = {
        (const char *)ffi_call,
        (const char *)ffi_prep_cif,
        (const char *)ffi_closure_alloc,
        (const char *)ffi_raw_call,
        (const char *)rx_fill,
        rx_call_steps,
        rx_steps,
        rx_shapes,
        rx_entry_win64,
        rx_trampolines,
        rx_trampolines + (size_t)RX_POOL_SIZE * RX_TRAMPOLINE_SIZE,
    };
    first_code = last_code = code[0];
    for (size_t i = 1; i < LENGTH(code); i++) {
        if (code[i] < first_code)
            first_code = code[i];
        if (code[i] > last_code)
            last_code = code[i];
    }
}

static bool is_library(const unsigned char *at)
{
    return (const char *)at >= first_code && (const char *)at < last_code;
}

/* ---- The processor's part ---- */

enum kind { OTHER, CALL, INDIRECT_CALL, INDIRECT_JUMP, RETURN };

static enum kind kind_of(const unsigned char *at)
{
    bool notrack = false;
    while (*at == 0x3e || *at == 0x66 || *at == 0xf2 || *at == 0xf3 || (*at & 0xf0) == 0x40)
        notrack |= *at++ == 0x3e;
    if (*at == 0xe8)
        return CALL;
    if (*at == 0xc3 || *at == 0xc2)
        return RETURN;
    if (*at == 0xff && (at[1] >> 3 & 7) == 2)
        return notrack ? CALL : INDIRECT_CALL;
    if (*at == 0xff && (at[1] >> 3 & 7) == 4)
        return notrack ? OTHER : INDIRECT_JUMP;
    return OTHER;
}

static const unsigned char *last; /* the instruction that was executed last */
static uint64_t shadow[64];
static unsigned depth;
static long steps, tracked, returns, untracked, unpaired;
static const unsigned char *first_wrong;

static void fault(long *count)
{
    if ((*count)++ == 0)
        first_wrong = last;
}

static void check_step(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *now = (const unsigned char *)registers[REG_RIP];
    enum kind kind = last != NULL ? kind_of(last) : OTHER;
    steps++;
    if ((kind == INDIRECT_CALL || kind == INDIRECT_JUMP) && is_library(last) && is_library(now)) {
        tracked++;
        if (memcmp(now, "\xf3\x0f\x1e\xfa", 4) != 0)
            fault(&untracked);
    }
    if ((kind == CALL || kind == INDIRECT_CALL) && depth < LENGTH(shadow)) {
        shadow[depth++] = *(uint64_t *)registers[REG_RSP];
    } else if (kind == RETURN) {
        returns++;
        if (depth == 0 || shadow[--depth] != (uint64_t)now)
            fault(&unpaired);
    }
    last = now;
}

/* ---- What is checked: calls of closures, so that each is a way out and a way in ---- */

static void do_nothing(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)args;
    (void)user_data;
    if (cif->rtype->type == FFI_TYPE_LONGDOUBLE)
        *(long double *)result = 1;
}

static __attribute__((noinline)) void step_through(ffi_cif *cif, void *code, void *chain)
{
    static _Alignas(64) char zeros[64], result[64];
    void *values[16];
    for (unsigned i = 0; i < cif->nargs; i++)
        values[i] = zeros;
    find_library();
    at_each_step(check_step);
    last = NULL;
    depth = 0;
    start_stepping();
    if (chain != NULL)
        ffi_call_go(cif, FN(code), result, values, chain);
    else
        ffi_call(cif, FN(code), result, values);
    stop_stepping();
}

static void expect_all_checked(void)
{
    cr_expect(gt(long, steps, 100));
    cr_expect(gt(long, tracked, 0));
    cr_expect(gt(long, returns, 0));
    extern const char __executable_start[];
    long where = (const char *)first_wrong - __executable_start;
    cr_expect(eq(long, untracked, 0), "of %ld jumps, the first at 0x%lx", tracked, where);
    cr_expect(eq(long, unpaired, 0), "of %ld returns, the first at 0x%lx", returns, where);
}

static void check(ffi_abi abi, ffi_type *result, ffi_type **arguments)
{
    ffi_cif cif = signature_in(abi, result, arguments);
    void *code;
    ffi_closure *closure = closure_of(&cif, do_nothing, NULL, &code);
    step_through(&cif, code, NULL);
    ffi_closure_free(closure);
}

static ffi_type *types[32];

static size_t make_types(void)
{
    ffi_type *scalars[] = {
        &ffi_type_uint8,      &ffi_type_sint8,          &ffi_type_uint16,
        &ffi_type_sint16,     &ffi_type_uint32,         &ffi_type_sint32,
        &ffi_type_uint64,     &ffi_type_float,          &ffi_type_double,
        &ffi_type_longdouble, &ffi_type_complex_double, &ffi_type_complex_longdouble,
    };
    static ffi_type *mixed[][3] = {{&ffi_type_uint64, &ffi_type_double},
                                   {&ffi_type_double, &ffi_type_uint64},
                                   {&ffi_type_double, &ffi_type_float},
                                   {&ffi_type_longdouble}};
    static ffi_type structs[LENGTH(mixed)];
    size_t n = 0;
    for (size_t i = 0; i < LENGTH(scalars); i++)
        types[n++] = scalars[i];
    for (size_t i = 0; i < LENGTH(mixed); i++) {
        structs[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = mixed[i]};
        types[n++] = &structs[i];
    }
    for (size_t size = 1; size <= 16; size += size < 9 ? 1 : 3)
        types[n++] = bytes_type(size);
    types[n++] = bytes_type(24);
    return n;
}

Test(stepping_cet, whatever_comes_back)
{
    size_t n = make_types();
    for (size_t i = 0; i < n; i++) {
        ffi_type *list[10] = {NULL};
        for (unsigned args = 0; args < 9; args++) {
            check(FFI_UNIX64, types[i], list);
            list[args] = &ffi_type_double;
        }
        ffi_type *l = &ffi_type_slong;
        check(FFI_UNIX64, types[i], TYPES(l));
        check(FFI_UNIX64, types[i], TYPES(l, l, l, l, l, l));
        check(FFI_UNIX64, types[i], TYPES(l, l, l, l, l, l, l));
        check(FFI_UNIX64, types[i], TYPES(l, &ffi_type_double));
        check(FFI_WIN64, types[i], TYPES(l, &ffi_type_double));
    }
    check(FFI_UNIX64, &ffi_type_void, NO_TYPES);
    expect_all_checked();
}

Test(stepping_cet, whatever_goes_in)
{
    size_t n = make_types();
    ffi_type *fillers[] = {&ffi_type_slong, &ffi_type_double};
    for (size_t i = 0; i < n; i++) {
        for (size_t f = 0; f < LENGTH(fillers); f++) {
            ffi_type *list[11] = {NULL};
            for (unsigned before = 0; before < 10; before++) {
                list[before] = types[i];
                check(FFI_UNIX64, &ffi_type_void, list);
                list[before] = fillers[f];
            }
        }
        check(FFI_WIN64, &ffi_type_void, TYPES(types[i], types[i]));
    }
    expect_all_checked();
}

Test(stepping_cet, any_number_of_equal_arguments)
{
    ffi_type *kinds[] = {&ffi_type_slong, &ffi_type_sint, &ffi_type_float, &ffi_type_double};
    for (size_t k = 0; k < LENGTH(kinds); k++) {
        ffi_type *list[13] = {NULL};
        for (unsigned n = 0; n < 12; n++) {
            check(FFI_UNIX64, &ffi_type_sint, list);
            list[n] = kinds[k];
        }
    }
    expect_all_checked();
}

Test(stepping_cet, closures_of_every_kind)
{
    const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64};
    for (size_t i = 0; i < LENGTH(abis); i++) {
        ffi_cif cif =
            signature_in(abis[i], &ffi_type_sint, TYPES(&ffi_type_double, bytes_type(24)));
        ffi_closure mine;
        void *code;
        ffi_closure_alloc(sizeof mine, &code);
        ffi_status status = ffi_prep_closure_loc(&mine, &cif, do_nothing, NULL, code);
        cr_assert(eq(int, status, FFI_OK));
        step_through(&cif, code, NULL);

        ffi_go_closure go;
        status = ffi_prep_go_closure(&go, &cif, do_nothing);
        cr_assert(eq(int, status, FFI_OK));
        step_through(&cif, go.tramp, &go);

        attributed(&cif, do_nothing, NULL, &code, &ATTR_EVERYTHING(ffi_rx_queue_new()));
        step_through(&cif, code, NULL);
    }
    expect_all_checked();
}

/* The check itself. */
__asm__(".text\n"
        ".globl unit_jumps_astray\n"
        "unit_jumps_astray: leaq 1f(%rip), %rax; jmp *%rax; 1: ret\n"
        ".globl unit_returns_astray\n"
        "unit_returns_astray: leaq 1f(%rip), %rax; pushq %rax; ret; 1: ret\n");
extern void unit_jumps_astray(void), unit_returns_astray(void);

Test(stepping_cet, what_goes_astray_is_noticed)
{
    at_each_step(check_step);
    start_stepping();
    first_code = NULL; /* everything is the library's */
    last_code = (const char *)UINTPTR_MAX;
    unit_jumps_astray();
    unit_returns_astray();
    stop_stepping();
    cr_expect(eq(long, untracked, 1));
    cr_expect(ge(long, unpaired, 1));
}
