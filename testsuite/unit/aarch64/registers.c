/* SPDX-License-Identifier: MIT
 *
 * registers, aarch64: what AAPCS64 says of registers beside the arguments (6.1): the ones that a
 * function has to keep, the static chain, the alignment of the stack.
 */
#include "sized.h"
#include "arch.h"
#include "probe.h"

static const ffi_abi abis[] = {FFI_SYSV, FFI_WIN64};

/* ---- Going out ---- */

Test(registers, the_static_chain_is_x18)
{
    int object;
    for (size_t i = 0; i < LENGTH(abis); i++) {
        ffi_cif cif = signature_in(abis[i], &ffi_type_pointer, NO_TYPES);
        void *chain = NULL;
        ffi_call_go(&cif, FN(probe_x18), &chain, NULL, &object);
        cr_expect(eq(ptr, chain, &object), "abi %d", abis[i]);
    }
}

Test(registers, the_stack_is_aligned_for_a_called_function)
{
    ffi_type *types[21] = {NULL};
    void *list[20];
    double value = 0;
    for (int n = 0; n < 20; n++) {
        ffi_cif cif = signature(&ffi_type_pointer, types);
        void *sp = NULL;
        ffi_call(&cif, FN(probe_sp), &sp, list);
        cr_expect(eq(uptr, (uintptr_t)sp % 16, 0), "%d arguments", n);
        ffi_call_go(&cif, FN(probe_sp), &sp, list, NULL);
        cr_expect(eq(uptr, (uintptr_t)sp % 16, 0), "%d arguments, through the area", n);
        types[n] = &ffi_type_double;
        list[n] = &value;
    }
}

static struct bytes16 flip_sixteen(struct bytes16 s, long a, double b)
{
    s.at[0] += a + (long)b;
    return s;
}

static void call_something(void)
{
    ffi_type *type = bytes_type(16);
    ffi_cif cif = signature(type, TYPES(type, &ffi_type_slong, &ffi_type_double));
    char s[16] = {0}, result[16];
    long a = 1;
    double b = 2;
    ffi_call(&cif, FN(flip_sixteen), result, VALUES(s, &a, &b));
    ffi_call(&cif, FN(flip_sixteen), NULL, VALUES(s, &a, &b));
    ffi_call_go(&cif, FN(flip_sixteen), result, VALUES(s, &a, &b), s);
}

static void expect_kept(void *code)
{
    struct registers before, after = {{0}, {0}};
    fill(&before, sizeof before);
    probe(code, &before, &after);
    for (size_t i = 0; i < LENGTH(before.general); i++)
        cr_expect(eq(u64, after.general[i], before.general[i]), "x%zu", 19 + i);
    for (size_t i = 0; i < LENGTH(before.vector); i++)
        cr_expect(eq(u64, after.vector[i], before.vector[i]), "d%zu", 8 + i);
}

Test(registers, a_call_leaves_the_callers_registers_alone)
{
    expect_kept((void *)call_something);
}

/* ---- Coming in ---- */

static unsigned misaligned, calls;

static void look_at_the_stack(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)result;
    (void)args;
    (void)user_data;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    __asm__("" : "+r"(frame));
    misaligned += frame % 16 != 0;
    calls++;
    __asm__ volatile(""
                     :
                     :
                     : "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "v8",
                       "v9", "v10", "v11", "v12", "v13", "v14", "v15");
}

Test(registers, a_closure_leaves_the_callers_registers_alone)
{
    ffi_type *types[] = {&ffi_type_void, &ffi_type_slong, &ffi_type_double, bytes_type(16)};
    for (size_t i = 0; i < LENGTH(types); i++) {
        ffi_cif cif = signature(types[i], NO_TYPES);
        expect_kept(callback(&cif, look_at_the_stack, NULL));
    }
    cr_expect(eq(uint, calls, LENGTH(types)));
}

Test(registers, the_stack_is_aligned_for_a_handler)
{
    ffi_type *types[21] = {NULL};
    void *list[20];
    double value = 0;
    for (int n = 0; n < 20; n++) {
        for (size_t i = 0; i < LENGTH(abis); i++) {
            ffi_cif cif = signature_in(abis[i], &ffi_type_void, types);
            ffi_call(&cif, FN(callback(&cif, look_at_the_stack, NULL)), NULL, list);
        }
        types[n] = &ffi_type_double;
        list[n] = &value;
    }
    cr_expect(eq(uint, calls, 40));
    cr_expect(eq(uint, misaligned, 0));
}

static void return_user_data(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)args;
    *(void **)result = user_data;
}

Test(registers, a_go_closure_is_found_by_x18)
{
    ffi_cif cif = signature(&ffi_type_pointer, NO_TYPES);
    ffi_go_closure closure;
    cr_assert(eq(int, ffi_prep_go_closure(&closure, &cif, return_user_data), FFI_OK));
    cr_expect(eq(u64, probe_chained(closure.tramp, &closure), (uint64_t)&closure));
}

/* ---- The trampoline in the client's memory ---- */

Test(registers, a_classic_trampoline_begins_with_a_landing_pad)
{
    static _Alignas(16) char memory[128];
    ffi_closure *closure = (ffi_closure *)memory;
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    ffi_status status = ffi_prep_closure_loc(closure, &cif, look_at_the_stack, NULL, closure);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(int, memcmp(closure->tramp, "\x5f\x24\x03\xd5", 4), 0)); /* bti c */
    for (size_t i = sizeof *closure; i < sizeof memory; i++)
        cr_expect(eq(int, memory[i], 0), "byte %zu is not the library's to write", i);
}
