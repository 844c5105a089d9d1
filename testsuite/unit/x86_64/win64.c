/* SPDX-License-Identifier: MIT
 *
 * win64, x86_64: what travels in which register by Microsoft's x64 calling convention
 * (src/x86_64/win64.c). The judge here is the text ("x64 calling convention" of Microsoft's
 * documentation); the compilers are in win64_calls.c and win64_closures.c.
 */
#include "unit.h"
#include "abi.h"

/* Each argument has one slot of eight bytes: four of them travel in registers. */
#define STACK(slot) (RX_AREA_STACK + 8 * (slot))

static const ffi_abi abis[] = {FFI_WIN64, FFI_GNUW64};

static const struct rx_plan *plan_of(ffi_abi abi, ffi_type *result, ffi_type **arguments)
{
    ffi_cif cif = signature_in(abi, result, arguments);
    return rx_plan_of(&cif); /* which is never freed */
}

static void expect_at(const struct rx_plan *plan, unsigned i, uint32_t place, unsigned op)
{
    cr_expect(eq(u32, plan->args[i].dst, place), "argument %u", i);
    cr_expect(eq(uint, plan->args[i].op, op), "argument %u", i);
}

Test(win64, an_arguments_number_decides_its_register)
{
    ffi_type *i = &ffi_type_sint, *d = &ffi_type_double, *v = &ffi_type_void;
    for (size_t n = 0; n < LENGTH(abis); n++) {
        const struct rx_plan *plan = plan_of(abis[n], v, TYPES(i, d, i, d, i, d, i));
        expect_at(plan, 0, RX_GENERAL(0), RX_OP_S32); /* rcx */
        expect_at(plan, 1, RX_VECTOR(1), RX_OP_BOTH); /* xmm1 */
        expect_at(plan, 2, RX_GENERAL(2), RX_OP_S32); /* r8 */
        expect_at(plan, 3, RX_VECTOR(3), RX_OP_BOTH); /* xmm3 */
        expect_at(plan, 4, STACK(4), RX_OP_S32);
        expect_at(plan, 5, STACK(5), RX_OP_U64);
        expect_at(plan, 6, STACK(6), RX_OP_S32);
        cr_expect(eq(uint, plan->bytes, 64));
    }
}

Test(win64, floating_point_travels_in_both_registers)
{
    const struct rx_plan *plan =
        plan_of(FFI_WIN64, &ffi_type_void, TYPES(&ffi_type_double, &ffi_type_float));
    expect_at(plan, 0, RX_VECTOR(0), RX_OP_BOTH);
    cr_expect(eq(u32, plan->args[0].dst2, RX_GENERAL(0)));
    expect_at(plan, 1, RX_VECTOR(1), RX_OP_BOTH32);
    cr_expect(eq(u32, plan->args[1].dst2, RX_GENERAL(1)));
}

Test(win64, there_is_always_room_for_four_arguments)
{
    ffi_type *l = &ffi_type_slong;
    cr_expect(eq(uint, signature_in(FFI_WIN64, &ffi_type_void, NO_TYPES).bytes, 32));
    cr_expect(eq(uint, signature_in(FFI_WIN64, l, TYPES(l)).bytes, 32));
    cr_expect(eq(uint, signature_in(FFI_WIN64, l, TYPES(l, l, l, l)).bytes, 32));
    cr_expect(eq(uint, signature_in(FFI_WIN64, l, TYPES(l, l, l, l, l)).bytes, 48));
}

Test(win64, structs_of_1_2_4_and_8_bytes_are_as_integers)
{
    static const unsigned op[] = {
        [1] = RX_OP_U8, [2] = RX_OP_U16, [4] = RX_OP_U32, [8] = RX_OP_U64};
    for (size_t size = 1; size <= 20; size++) {
        ffi_type *type = bytes_type(size);
        const struct rx_plan *plan = plan_of(FFI_WIN64, &ffi_type_void, TYPES(type, type));
        bool fits = size <= 8 && rx_is_power_of_two(size);
        expect_at(plan, 0, RX_GENERAL(0), fits ? op[size] : RX_OP_REF);
        expect_at(plan, 1, RX_GENERAL(1), fits ? op[size] : RX_OP_REF);
    }
}

Test(win64, members_have_no_influence)
{
    ffi_type *f = &ffi_type_float, *d = &ffi_type_double, *v = &ffi_type_void;
    expect_at(plan_of(FFI_WIN64, v, TYPES(STRUCT(d))), 0, RX_GENERAL(0), RX_OP_U64);
    expect_at(plan_of(FFI_WIN64, v, TYPES(STRUCT(f))), 0, RX_GENERAL(0), RX_OP_U32);
    expect_at(plan_of(FFI_WIN64, v, TYPES(STRUCT(f, f))), 0, RX_GENERAL(0), RX_OP_U64);
    expect_at(plan_of(FFI_WIN64, v, TYPES(STRUCT(d, d))), 0, RX_GENERAL(0), RX_OP_REF);
}

Test(win64, what_fits_no_slot_is_passed_by_address)
{
    ffi_type *l = &ffi_type_slong, *x = &ffi_type_longdouble, *v = &ffi_type_void;
    ffi_type *z = &ffi_type_complex_double, *c = &ffi_type_complex_float;
    const struct rx_plan *plan = plan_of(FFI_GNUW64, v, TYPES(x, z, c, l, x, bytes_type(3)));
    expect_at(plan, 0, RX_GENERAL(0), RX_OP_REF);
    expect_at(plan, 1, RX_GENERAL(1), RX_OP_REF);
    expect_at(plan, 2, RX_GENERAL(2), RX_OP_U64);
    expect_at(plan, 4, STACK(4), RX_OP_REF);
    expect_at(plan, 5, STACK(5), RX_OP_REF);
    cr_expect(eq(uint, plan->bytes, 48));
}

Test(win64, copies_lie_behind_the_arguments_and_are_aligned)
{
    ffi_type *l = &ffi_type_slong;
    ffi_type *wide = STRUCT_AS(64, 64, l);
    const struct rx_plan *plan = plan_of(FFI_WIN64, &ffi_type_void,
                                         TYPES(bytes_type(3), wide, l, l, l, bytes_type(17), wide));
    static const unsigned copied[] = {0, 1, 5, 6};
    static const uint32_t align[] = {16, 64, 16, 64};
    for (size_t n = 0; n < LENGTH(copied); n++) {
        const struct rx_arg *arg = &plan->args[copied[n]];
        cr_expect(ge(u32, arg->dst2, RX_AREA_STACK + plan->bytes), "argument %u", copied[n]);
        cr_expect(le(u32, arg->dst2 + arg->size, plan->frame), "argument %u", copied[n]);
        cr_expect(eq(u32, (arg->dst2 - RX_AREA_STACK) % align[n], 0), "argument %u", copied[n]);
    }
    cr_expect(eq(uint, plan->align, 64));
}

Test(win64, results_are_in_rax_or_xmm0_or_in_memory)
{
    const struct {
        ffi_type *type;
        unsigned ret;
    } rows[] = {
        {&ffi_type_void, RX_RET_VOID},
        {&ffi_type_uint8, RX_RET_U8},
        {&ffi_type_sint8, RX_RET_S8},
        {&ffi_type_uint16, RX_RET_U16},
        {&ffi_type_sint16, RX_RET_S16},
        {&ffi_type_uint32, RX_RET_U32},
        {&ffi_type_sint32, RX_RET_S32},
        {&ffi_type_uint64, RX_RET_U64},
        {&ffi_type_pointer, RX_RET_U64},
        {&ffi_type_float, RX_RET_FLOAT},
        {&ffi_type_double, RX_RET_DOUBLE},
        {&ffi_type_longdouble, RX_RET_MEMORY},
        {&ffi_type_complex_float, RX_RET_II},
        {&ffi_type_complex_double, RX_RET_MEMORY},
        {STRUCT(&ffi_type_double), RX_RET_II},
        {bytes_type(1), RX_RET_II},
        {bytes_type(3), RX_RET_MEMORY},
        {bytes_type(8), RX_RET_II},
        {bytes_type(9), RX_RET_MEMORY},
        {bytes_type(16), RX_RET_MEMORY},
        {&ffi_type_uint128, RX_RET_VECTOR},
        {&ffi_type_sint128, RX_RET_VECTOR},
        {STRUCT(&ffi_type_sint128), RX_RET_MEMORY},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct rx_plan *plan = plan_of(FFI_WIN64, rows[i].type, NO_TYPES);
        cr_expect(eq(uint, plan->ret, rows[i].ret), "row %zu", i);
        cr_expect(eq(int, plan->ret_in_memory, rows[i].ret == RX_RET_MEMORY), "row %zu", i);
    }
}

Test(win64, the_address_of_a_result_takes_the_first_slot)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double;
    const struct rx_plan *plan = plan_of(FFI_WIN64, bytes_type(20), TYPES(d, l, l, l));
    cr_expect(eq(uint, plan->sret, RX_GENERAL(0)));
    expect_at(plan, 0, RX_VECTOR(1), RX_OP_BOTH);
    expect_at(plan, 1, RX_GENERAL(2), RX_OP_U64);
    expect_at(plan, 2, RX_GENERAL(3), RX_OP_U64);
    expect_at(plan, 3, STACK(4), RX_OP_U64);
}

/* As gcc and clang have them. */
Test(win64, an_int128_is_passed_by_address)
{
    ffi_type *q = &ffi_type_sint128, *l = &ffi_type_slong;
    const struct rx_plan *plan = plan_of(FFI_GNUW64, &ffi_type_uint128, TYPES(q, l, q, l, q));
    expect_at(plan, 0, RX_GENERAL(0), RX_OP_REF); /* the result takes no slot */
    expect_at(plan, 1, RX_GENERAL(1), RX_OP_U64);
    expect_at(plan, 2, RX_GENERAL(2), RX_OP_REF);
    expect_at(plan, 4, STACK(4), RX_OP_REF);
    for (unsigned i = 0; i < 5; i += 2)
        cr_expect(eq(u32, (plan->args[i].dst2 - RX_AREA_STACK) % 16, 0), "argument %u", i);
}

Test(win64, vectors_are_refused)
{
    ffi_type *f = &ffi_type_float, *d = &ffi_type_double;
    ffi_type *vectors[] = {
        &(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(f, f)},
        &(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(f, f, f, f)},
        &(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(d, d, d, d)},
    };
    for (size_t n = 0; n < LENGTH(abis); n++) {
        for (size_t i = 0; i < LENGTH(vectors); i++) {
            ffi_cif cif;
            ffi_status status = ffi_prep_cif(&cif, abis[n], 0, vectors[i], NULL);
            cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
            status = ffi_prep_cif(&cif, abis[n], 1, &ffi_type_void, TYPES(vectors[i]));
            cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
        }
    }
}
