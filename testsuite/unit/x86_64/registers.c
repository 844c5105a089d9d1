/* SPDX-License-Identifier: MIT
 *
 * registers, x86_64: what the psABI says of registers beside the arguments: al, the static chain,
 * the ones that belong to the caller, the alignment of the stack.
 */
#include "sized.h"
#include "probe.h"

/* ---- Going out ---- */

Test(registers, al_says_how_many_vector_registers_are_used)
{
    ffi_type *d = &ffi_type_double, *u = &ffi_type_uint, *z = &ffi_type_complex_double;
    double value[2] = {0};
    ffi_type *types[12] = {NULL};
    void *list[11];
    for (unsigned n = 0; n <= 10; n++) {
        ffi_cif cif = signature_in(FFI_UNIX64, u, types);
        ffi_arg al = 0;
        ffi_call(&cif, FN(probe_al), &al, list);
        cr_expect(eq(ulong, al, n < 8 ? n : 8), "%u doubles", n);
        types[n] = d;
        list[n] = value;
    }
    ffi_cif cif = signature_in(FFI_UNIX64, u, TYPES(z, &ffi_type_sint, &ffi_type_float, z));
    ffi_arg al = 0;
    ffi_call(&cif, FN(probe_al), &al, VALUES(value, value, value, value));
    cr_expect(eq(ulong, al, 5));
    cif = variadic_signature(FFI_UNIX64, 1, u, TYPES(&ffi_type_sint, d, d));
    ffi_call(&cif, FN(probe_al), &al, VALUES(value, value, value));
    cr_expect(eq(ulong, al, 2));
}

Test(registers, the_static_chain_is_r10)
{
    int object;
    void *chain = NULL;
    const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64};
    for (size_t i = 0; i < LENGTH(abis); i++) {
        ffi_cif cif = signature_in(abis[i], &ffi_type_pointer, NO_TYPES);
        ffi_call_go(&cif, FN(probe_r10), &chain, NULL, &object);
        cr_expect(eq(ptr, chain, &object), "abi %d", abis[i]);
    }
}

Test(registers, the_stack_is_aligned_for_a_called_function)
{
    ffi_type *types[21] = {NULL};
    void *list[20];
    double value = 0;
    for (int n = 0; n < 20; n++) {
        const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64};
        for (size_t i = 0; i < LENGTH(abis); i++) {
            ffi_cif cif = signature_in(abis[i], &ffi_type_pointer, types);
            void *rsp = NULL;
            ffi_call(&cif, FN(probe_rsp), &rsp, list);
            cr_expect(eq(uptr, ((uintptr_t)rsp + 8) % 16, 0), "%d arguments, abi %d", n, abis[i]);
        }
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
    ffi_cif cif = signature_in(FFI_UNIX64, type, TYPES(type, &ffi_type_slong, &ffi_type_double));
    char s[16] = {0}, result[16];
    long a = 1;
    double b = 2;
    ffi_call(&cif, FN(flip_sixteen), result, VALUES(s, &a, &b));
    ffi_call(&cif, FN(flip_sixteen), NULL, VALUES(s, &a, &b));
}

static void expect_caller_saved(void *code)
{
    struct registers before, after = {{0}, {{0}}};
    fill(&before, sizeof before);
    probe(code, &before, &after);
    for (size_t i = 0; i < 6; i++)
        cr_expect(eq(ulong, after.general[i], before.general[i]), "%s", probe_general[i]);
}

Test(registers, a_call_leaves_the_callers_registers_alone)
{
    expect_caller_saved((void *)call_something);
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
    __asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15");
}

Test(registers, a_closure_leaves_the_callers_registers_alone)
{
    ffi_type *types[] = {&ffi_type_void, &ffi_type_slong, &ffi_type_double, bytes_type(16)};
    for (size_t i = 0; i < LENGTH(types); i++) {
        ffi_cif cif = signature_in(FFI_UNIX64, types[i], NO_TYPES);
        expect_caller_saved(callback(&cif, look_at_the_stack, NULL));
    }
    cr_expect(eq(uint, calls, LENGTH(types)));
}

Test(registers, the_stack_is_aligned_for_a_handler)
{
    ffi_type *types[21] = {NULL};
    void *list[20];
    double value = 0;
    for (int n = 0; n < 20; n++) {
        const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64};
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

/* ---- The trampoline in the client's memory ---- */

Test(registers, a_classic_trampoline_begins_with_a_landing_pad)
{
    static _Alignas(16) char memory[128];
    ffi_closure *closure = (ffi_closure *)memory;
    ffi_cif cif = signature_in(FFI_UNIX64, &ffi_type_void, NO_TYPES);
    ffi_status status = ffi_prep_closure_loc(closure, &cif, look_at_the_stack, NULL, closure);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(int, memcmp(closure->tramp, "\xf3\x0f\x1e\xfa", 4), 0));
    for (size_t i = sizeof *closure; i < sizeof memory; i++)
        cr_expect(eq(int, memory[i], 0), "byte %zu is not the library's to write", i);
}
