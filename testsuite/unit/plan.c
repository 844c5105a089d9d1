/* SPDX-License-Identifier: MIT
 *
 * plan: signatures compiled into data (src/plan.c), as far as plans are alike on all architectures.
 * Where an argument travels is tested in the folder of the architecture; how plans are shared in
 * intern.c.
 */
#include "unit.h"

/* The plan of *cif compiled anew, in memory that the next one takes. */
static const struct rx_plan *compile(const ffi_cif *cif)
{
    static _Alignas(8) char memory[2048];
    memset(memory, 0, sizeof memory);
    cr_assert(le(sz, rx_plan_size(cif->nargs), sizeof memory));
    return rx_plan_compile(memory, cif);
}

static ffi_type *point(void)
{
    static ffi_type *members[] = {&ffi_type_double, &ffi_type_slong, NULL};
    static ffi_type type = {16, 8, FFI_TYPE_STRUCT, members};
    return &type;
}

Test(plan, a_plan_knows_the_signature)
{
    ffi_cif cif = signature(&ffi_type_sshort, TYPES(&ffi_type_sint, point(), &ffi_type_float));
    const struct rx_plan *plan = rx_plan_of(&cif);
    cr_expect(eq(uint, plan->nargs, 3));
    cr_expect(eq(uint, plan->ret_size, 2));
    cr_expect(eq(uint, plan->args[0].size, 4));
    cr_expect(eq(uint, plan->args[1].size, 16));
    cr_expect(eq(uint, plan->args[2].size, 4));
    cr_expect(eq(uint, plan->bytes, cif.bytes));
    cr_expect(not(plan->ret_in_memory));
}

Test(plan, a_plan_compiled_anew_is_the_interned_one)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double, *x = &ffi_type_longdouble;
    ffi_type *large = bytes_type(100), *wide = STRUCT_AS(64, 64, l);
    for (int abi = FFI_FIRST_ABI + 1; abi < FFI_LAST_ABI; abi++) {
        ffi_cif cifs[] = {
            signature_in(abi, &ffi_type_void, NO_TYPES),
            signature_in(abi, d, TYPES(l, d, x, point())),
            signature_in(abi, large, TYPES(large, l, wide, d, large, point(), point(), point())),
            signature_in(abi, point(), TYPES(d, d, d, d, d, d, d, d, d, d, l, l, l, l, l, l, l)),
            variadic_signature(abi, 1, x, TYPES(l, d, large)),
        };
        for (size_t i = 0; i < LENGTH(cifs); i++) {
            const struct rx_plan *interned = rx_plan_of(&cifs[i]);
            cr_assert(ne(ptr, (void *)interned, NULL));
            int differ = memcmp(interned, compile(&cifs[i]), rx_plan_size(cifs[i].nargs));
            cr_expect(eq(int, differ, 0), "abi %d, signature %zu", abi, i);

            struct rx_plan measured;
            ffi_status status =
                rx_plan_compile_into(&measured, NULL, &cifs[i], cifs[i].flags >> 16);
            cr_expect(eq(int, status, FFI_OK));
            /* The routines are chosen when the arguments are there. */
            differ = memcmp(interned, &measured, offsetof(struct rx_plan, call));
            cr_expect(eq(int, differ, 0), "abi %d, signature %zu, measured", abi, i);
        }
    }
}

Test(plan, no_two_arguments_overlap)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double, *x = &ffi_type_longdouble;
    ffi_type *c = &ffi_type_schar, *large = bytes_type(33), *wide = STRUCT_AS(64, 64, l);
    for (int abi = FFI_FIRST_ABI + 1; abi < FFI_LAST_ABI; abi++) {
        ffi_cif cif = signature_in(abi, large,
                                   TYPES(l, d, c, point(), large, x, d, point(), wide, l, c,
                                         point(), large, x, c, l, d, wide, c, point()));
        const struct rx_plan *plan = rx_plan_of(&cif);
        char used[4096] = {0};
        cr_assert(le(uint, plan->frame, sizeof used));
        if (plan->ret_in_memory)
            memset(used + plan->sret, 1, 8);
        for (unsigned i = 0; i < plan->nargs; i++) {
            const struct rx_arg *arg = &plan->args[i];
            struct {
                uint32_t at, size;
            } pieces[2] = {{arg->dst, 8}, {arg->dst2, 8}};
            unsigned n = 1;
            switch (arg->op) {
            case RX_OP_TWO:
                pieces[0].size = 16;
                break;
            case RX_OP_COPY:
                pieces[0].size = rx_align_up(arg->size, 8);
                break;
            case RX_OP_PAIR:
            case RX_OP_BOTH:
            case RX_OP_BOTH32:
                n = 2;
                break;
            case RX_OP_REF:
                pieces[1].size = arg->size;
                n = 2;
                break;
            }
            while (n-- != 0) {
                cr_assert(le(uint, pieces[n].at + pieces[n].size, plan->frame),
                          "abi %d, argument %u", abi, i);
                for (uint32_t k = 0; k < pieces[n].size; k++)
                    cr_assert(not(used[pieces[n].at + k]++), "abi %d, argument %u", abi, i);
            }
        }
    }
}

Test(plan, the_stack_is_aligned_for_the_most_aligned_argument)
{
    ffi_type *l = &ffi_type_slong;
    ffi_cif plain = signature(l, TYPES(l, l, l, l, l, l, l, l, l));
    cr_expect(eq(uint, rx_plan_of(&plain)->align, 16));
    ffi_cif wide = signature(l, TYPES(l, STRUCT_AS(64, 64, l), STRUCT_AS(32, 32, l)));
    cr_expect(eq(uint, rx_plan_of(&wide)->align, 64));
}

Test(plan, a_large_result_is_in_memory)
{
    ffi_cif cif = signature(bytes_type(100), NO_TYPES);
    cr_expect(rx_plan_of(&cif)->ret_in_memory);
    cr_expect(eq(uint, rx_plan_of(&cif)->ret_size, 100));
}
