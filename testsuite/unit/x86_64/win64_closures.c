/* SPDX-License-Identifier: MIT
 *
 * win64_closures, x86_64: closures that are called by code which the compiler of these tests has
 * compiled for Microsoft's convention, and the registers that such code expects to find again.
 */
#include "sized.h"
#include "probe.h"

#define WIN64 __attribute__((ms_abi))

/* ---- Scalars ---- */

static void add_mixture(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(double *)result = *(double *)user_data + *(int8_t *)args[0] + 2 * *(float *)args[1] +
                        3 * *(int16_t *)args[2] + 4 * *(double *)args[3] + 5 * *(int *)args[4] +
                        6 * *(float *)args[5] + 7 * (double)*(long *)args[6];
}

typedef WIN64 double mixed_function(signed char, float, short, double, int, float, long);

static ffi_cif mixed(void)
{
    static ffi_type *types[] = {
        &ffi_type_schar, &ffi_type_float, &ffi_type_sshort, &ffi_type_double,
        &ffi_type_sint,  &ffi_type_float, &ffi_type_slong,  NULL};
    return signature_in(FFI_WIN64, &ffi_type_double, types);
}

static void expect_mixed(void *code)
{
    double got = ((mixed_function *)code)(-1, 1.5f, -300, 2.5, -70000, 3.5f, 1L << 40);
    double expected =
        0.25 - 1 + 2 * 1.5 - 3 * 300 + 4 * 2.5 - 5 * 70000 + 6 * 3.5 + 7 * (double)(1L << 40);
    cr_expect(eq(dbl, got, expected));
}

Test(win64_closures, seven_arguments_keep_their_order)
{
    ffi_cif cif = mixed();
    double more = 0.25;
    expect_mixed(callback(&cif, add_mixture, &more));
}

Test(win64_closures, a_closure_may_lie_elsewhere)
{
    ffi_cif cif = mixed();
    double more = 0.25;
    void *code;
    ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code), mine;
    ffi_status status = ffi_prep_closure_loc(&mine, &cif, add_mixture, &more, code);
    cr_assert(eq(int, status, FFI_OK));
    expect_mixed(code);
}

static void add_for_go(ffi_cif *cif, void *result, void **args, void *closure)
{
    cr_expect(eq(ptr, ((ffi_go_closure *)closure)->cif, cif));
    add_mixture(cif, result, args, &(double){0.25});
}

Test(win64_closures, go_closures_speak_it_too)
{
    ffi_cif cif = mixed();
    ffi_go_closure go;
    ffi_status status = ffi_prep_go_closure(&go, &cif, add_for_go);
    cr_assert(eq(int, status, FFI_OK));
    signed char a = -1;
    float b = 1.5f, f = 3.5f;
    short c = -300;
    double d = 2.5, result = 0;
    int e = -70000;
    long g = 7;
    ffi_call_go(&cif, FN(go.tramp), &result, VALUES(&a, &b, &c, &d, &e, &f, &g), &go);
    cr_expect(eq(dbl, result, 0.25 - 1 + 3 - 900 + 10 - 350000 + 21 + 49));
}

static void give_argument(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    memcpy(result, args[cif->nargs - 1], cif->rtype->size);
}

Test(win64_closures, scalar_results_come_back)
{
    ffi_cif f = signature_in(FFI_WIN64, &ffi_type_float, TYPES(&ffi_type_float));
    ffi_cif l = signature_in(FFI_WIN64, &ffi_type_slong, TYPES(&ffi_type_slong));
    WIN64 float (*float_code)(float) = callback(&f, give_argument, NULL);
    WIN64 long (*long_code)(long) = callback(&l, give_argument, NULL);
    cr_expect(eq(flt, float_code(1.5f), 1.5f));
    cr_expect(eq(long, long_code(-5), -5));
}

static void return_garbage_above(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)args;
    (void)user_data;
    *(ffi_arg *)result = 0x8182838485868788;
}

Test(win64_closures, a_narrow_result_reaches_the_caller_as_a_whole_register)
{
    ffi_cif u = signature_in(FFI_WIN64, &ffi_type_uint8, NO_TYPES);
    ffi_cif s = signature_in(FFI_WIN64, &ffi_type_sint16, NO_TYPES);
    WIN64 ffi_arg (*unsigned_code)(void) = callback(&u, return_garbage_above, NULL);
    WIN64 ffi_sarg (*signed_code)(void) = callback(&s, return_garbage_above, NULL);
    cr_expect(eq(ulong, unsigned_code(), 0x88));
    cr_expect(eq(long, signed_code(), (int16_t)0x8788));
}

/* ---- Structs ---- */

static void flip_last(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    memcpy(result, args[cif->nargs - 1], cif->rtype->size);
    flip(result, cif->rtype->size);
}

#define GIVE_AND_TAKE(n)                                                                           \
    static bool flips_##n(void *code)                                                              \
    {                                                                                              \
        struct bytes##n s;                                                                         \
        fill(&s, n);                                                                               \
        s = ((WIN64 struct bytes##n(*)(struct bytes##n))code)(s);                                  \
        return is_flipped(&s, n);                                                                  \
    }                                                                                              \
    static bool flips_late_##n(void *code)                                                         \
    {                                                                                              \
        struct bytes##n s;                                                                         \
        fill(&s, n);                                                                               \
        s = ((WIN64 struct bytes##n(*)(long, double, long, double, struct bytes##n))code)(1, 2, 3, \
                                                                                          4, s);   \
        return is_flipped(&s, n);                                                                  \
    }
FOR_SIZES(GIVE_AND_TAKE)

static const struct row {
    size_t size;
    bool (*first)(void *);
    bool (*late)(void *);
} rows[] = {
#define ROW(n) {n, flips_##n, flips_late_##n},
    FOR_SIZES(ROW)};

Test(win64_closures, structs_of_each_size_arrive_and_come_back)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double;
    for (const struct row *row = rows; row < rows + LENGTH(rows); row++) {
        ffi_type *type = bytes_type(row->size);
        ffi_cif first = signature_in(FFI_WIN64, type, TYPES(type));
        ffi_cif late = signature_in(FFI_WIN64, type, TYPES(l, d, l, d, type));
        cr_expect(row->first(callback(&first, flip_last, NULL)), "size %zu", row->size);
        cr_expect(row->late(callback(&late, flip_last, NULL)), "size %zu, stacked", row->size);
    }
}

/* ---- Registers ---- */

/* A System V function may change all of these. */
static void change_registers(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)result;
    (void)args;
    ++*(int *)user_data;
    __asm__ volatile("movq $-1, %%rsi; movq $-1, %%rdi;"
                     "pcmpeqd %%xmm6, %%xmm6; pcmpeqd %%xmm7, %%xmm7; pcmpeqd %%xmm8, %%xmm8;"
                     "pcmpeqd %%xmm9, %%xmm9; pcmpeqd %%xmm10, %%xmm10; pcmpeqd %%xmm11, %%xmm11;"
                     "pcmpeqd %%xmm12, %%xmm12; pcmpeqd %%xmm13, %%xmm13;"
                     "pcmpeqd %%xmm14, %%xmm14; pcmpeqd %%xmm15, %%xmm15"
                     :
                     :
                     : "rsi", "rdi", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
                       "xmm13", "xmm14", "xmm15");
}

static void expect_registers_kept(void *code)
{
    struct registers before, after = {{0}, {{0}}};
    fill(&before, sizeof before);
    probe(code, &before, &after);
    for (size_t i = 0; i < LENGTH(before.general); i++)
        cr_expect(eq(ulong, after.general[i], before.general[i]), "%s", probe_general[i]);
    for (size_t i = 0; i < LENGTH(before.vector); i++)
        for (size_t half = 0; half < 2; half++)
            cr_expect(eq(ulong, after.vector[i][half], before.vector[i][half]), "xmm%zu", 6 + i);
}

Test(win64_closures, the_registers_of_the_caller_survive)
{
    for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
        ffi_cif cif = signature_in(FFI_WIN64, &ffi_type_void, NO_TYPES);
        int calls = 0;
        void *code;
        ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code), mine;
        ffi_status status =
            ffi_prep_closure_loc(elsewhere ? &mine : cell, &cif, change_registers, &calls, code);
        cr_assert(eq(int, status, FFI_OK));
        expect_registers_kept(code);
        cr_expect(eq(int, calls, 1));
    }
}

Test(win64_closures, they_survive_whatever_comes_back)
{
    ffi_type *types[] = {&ffi_type_slong, &ffi_type_float, &ffi_type_double, &ffi_type_schar,
                         bytes_type(8)};
    for (size_t i = 0; i < LENGTH(types); i++) {
        ffi_cif cif = signature_in(FFI_WIN64, types[i], NO_TYPES);
        int calls = 0;
        expect_registers_kept(callback(&cif, change_registers, &calls));
        cr_expect(eq(int, calls, 1));
    }
}
