/* SPDX-License-Identifier: MIT
 *
 * sysv, aarch64: what travels in which register by AAPCS64, 6.8.2 and 6.9 (src/aarch64/sysv.c). The
 * judge here is the text, whose rules the tests name; the compilers are in the suite abi.
 */
#include "unit.h"
#include "abi.h"

#define STACK(offset) (RX_AREA_STACK + (offset))

#define C &ffi_type_schar
#undef I /* of <complex.h> */
#define I &ffi_type_sint
#define L &ffi_type_slong
#define F &ffi_type_float
#define D &ffi_type_double
#define Q &ffi_type_longdouble
#define W &ffi_type_uint128
#define COMPLEX(part, size)                                                                        \
    (&(ffi_type){2 * (size), size, FFI_TYPE_COMPLEX, (ffi_type *[]){part, NULL}})
#define VECTOR(...) (&(ffi_type){0, 0, FFI_TYPE_VECTOR, TYPES(__VA_ARGS__)})

static const struct rx_plan *plan_of(ffi_type *result, ffi_type **arguments)
{
    ffi_cif cif = signature_in(FFI_SYSV, result, arguments);
    return rx_plan_of(&cif); /* which is never freed */
}

static void expect_at(const struct rx_plan *plan, unsigned i, uint32_t place, unsigned op)
{
    cr_expect(eq(u32, plan->args[i].dst, place), "argument %u", i);
    cr_expect(eq(uint, plan->args[i].op, op), "argument %u", i);
}

/* How type travels as the only argument, and comes back. */
static void expect(ffi_type *type, uint32_t place, unsigned op, unsigned ret)
{
    cr_expect(eq(uint, plan_of(type, NO_TYPES)->ret, ret), "the result");
    expect_at(plan_of(&ffi_type_void, TYPES(type)), 0, place, op);
}

/* In which place the last of these travels. */
static uint32_t last_place(ffi_type **types)
{
    const struct rx_plan *plan = plan_of(&ffi_type_void, types);
    return plan->args[plan->nargs - 1].dst;
}

/* ---- What a value is ---- */

Test(sysv, integers_and_pointers_travel_in_general_registers)
{
    expect(&ffi_type_uint8, RX_GENERAL(0), RX_OP_U8, RX_RET_U8);
    expect(&ffi_type_sint8, RX_GENERAL(0), RX_OP_S8, RX_RET_S8);
    expect(&ffi_type_uint16, RX_GENERAL(0), RX_OP_U16, RX_RET_U16);
    expect(&ffi_type_sint16, RX_GENERAL(0), RX_OP_S16, RX_RET_S16);
    expect(&ffi_type_uint32, RX_GENERAL(0), RX_OP_U32, RX_RET_U32);
    expect(&ffi_type_sint32, RX_GENERAL(0), RX_OP_S32, RX_RET_S32);
    expect(&ffi_type_uint64, RX_GENERAL(0), RX_OP_U64, RX_RET_U64);
    expect(&ffi_type_pointer, RX_GENERAL(0), RX_OP_U64, RX_RET_U64);
    expect(W, RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
}

Test(sysv, floating_point_travels_in_vector_registers)
{
    expect(F, RX_VECTOR(0), RX_OP_U32, RX_RET_FLOAT);
    expect(D, RX_VECTOR(0), RX_OP_U64, RX_RET_DOUBLE);
    expect(Q, RX_VECTOR(0), RX_OP_TWO, RX_RET_QUAD);
}

Test(sysv, short_vectors_travel_in_vector_registers)
{
    expect(VECTOR(F, F), RX_VECTOR(0), RX_OP_U64, RX_RET_DOUBLE);
    expect(VECTOR(I, I, I), RX_VECTOR(0), RX_OP_TWO, RX_RET_QUAD);
    expect(VECTOR(L, L), RX_VECTOR(0), RX_OP_TWO, RX_RET_QUAD);
}

Test(sysv, no_other_vector_is_passed)
{
    ffi_type *wrong[] = {VECTOR(F), VECTOR(C, C, C, C), VECTOR(D, D, D, D),
                         VECTOR(D, D, D, D, D, D, D, D, D)};
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        ffi_cif cif;
        ffi_status status = ffi_prep_cif(&cif, FFI_SYSV, 0, wrong[i], NULL);
        cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "vector %zu", i);
    }
}

Test(sysv, a_homogeneous_aggregate_has_up_to_four_members)
{
    expect(STRUCT(F), RX_VECTOR(0), RX_OP_U32, RX_RET_FLOAT);
    expect(STRUCT(F, F), RX_VECTOR(0), RX_OP_SPREAD4, RX_RET_FLOATS(2));
    expect(STRUCT(F, F, F), RX_VECTOR(0), RX_OP_SPREAD4, RX_RET_FLOATS(3));
    expect(STRUCT(F, F, F, F), RX_VECTOR(0), RX_OP_SPREAD4, RX_RET_FLOATS(4));
    expect(STRUCT(F, F, F, F, F), RX_GENERAL(0), RX_OP_REF, RX_RET_MEMORY);
    expect(STRUCT(D), RX_VECTOR(0), RX_OP_U64, RX_RET_DOUBLE);
    expect(STRUCT(D, D, D, D), RX_VECTOR(0), RX_OP_SPREAD8, RX_RET_DOUBLES(4));
    expect(STRUCT(D, D, D, D, D), RX_GENERAL(0), RX_OP_REF, RX_RET_MEMORY);
    expect(STRUCT(Q), RX_VECTOR(0), RX_OP_TWO, RX_RET_QUAD);
    expect(STRUCT(Q, Q, Q, Q), RX_VECTOR(0), RX_OP_COPY, RX_RET_QUADS(4));
    expect(STRUCT(Q, Q, Q, Q, Q), RX_GENERAL(0), RX_OP_REF, RX_RET_MEMORY);
}

Test(sysv, inner_structs_and_complex_numbers_count_by_their_members)
{
    ffi_type *z = &ffi_type_complex_double;
    expect(&ffi_type_complex_float, RX_VECTOR(0), RX_OP_SPREAD4, RX_RET_FLOATS(2));
    expect(z, RX_VECTOR(0), RX_OP_SPREAD8, RX_RET_DOUBLES(2));
    expect(&ffi_type_complex_longdouble, RX_VECTOR(0), RX_OP_COPY, RX_RET_QUADS(2));
    expect(STRUCT(STRUCT(D), z), RX_VECTOR(0), RX_OP_SPREAD8, RX_RET_DOUBLES(3));
    expect(STRUCT(z, z), RX_VECTOR(0), RX_OP_SPREAD8, RX_RET_DOUBLES(4));
    expect(STRUCT(z, STRUCT(D, z)), RX_GENERAL(0), RX_OP_REF, RX_RET_MEMORY);
}

Test(sysv, vectors_of_one_size_are_homogeneous_whatever_their_lanes)
{
    ffi_type *f = VECTOR(F, F, F, F), *i = VECTOR(I, I, I, I), *h = VECTOR(F, F);
    expect(STRUCT(f, i), RX_VECTOR(0), RX_OP_COPY, RX_RET_QUADS(2));
    expect(STRUCT(h, h, h), RX_VECTOR(0), RX_OP_SPREAD8, RX_RET_DOUBLES(3));
    expect(STRUCT(f, h), RX_GENERAL(0), RX_OP_REF, RX_RET_MEMORY);
    expect(STRUCT(f, Q), RX_GENERAL(0), RX_OP_REF, RX_RET_MEMORY);
    expect(STRUCT(h, D), RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
}

Test(sysv, mixed_members_are_no_homogeneous_aggregate)
{
    expect(STRUCT(F, D), RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
    expect(STRUCT(F, I), RX_GENERAL(0), RX_OP_U64, RX_RET_U64);
    expect(STRUCT(I, F), RX_GENERAL(0), RX_OP_U64, RX_RET_U64);
    expect(STRUCT(D, C), RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
}

Test(sysv, a_union_is_homogeneous_if_all_its_members_are)
{
    ffi_type *f4 = STRUCT(F, F, F, F);
    expect(STRUCT_AS(16, 4, F, f4), RX_VECTOR(0), RX_OP_SPREAD4, RX_RET_FLOATS(4));
    expect(STRUCT_AS(8, 8, D, F, F), RX_GENERAL(0), RX_OP_U64, RX_RET_U64);
    expect(STRUCT_AS(8, 8, D, L), RX_GENERAL(0), RX_OP_U64, RX_RET_U64);
    /* An array that is said by one of its elements. */
    expect(STRUCT_AS(12, 4, F), RX_VECTOR(0), RX_OP_SPREAD4, RX_RET_FLOATS(3));
}

Test(sysv, padding_is_no_member)
{
    expect(STRUCT_AS(16, 16, D), RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
    expect(STRUCT(STRUCT_AS(8, 8, F), STRUCT_AS(8, 8, F)), RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
    expect(STRUCT_AS(16, 16, D, D), RX_VECTOR(0), RX_OP_SPREAD8, RX_RET_DOUBLES(2));
}

Test(sysv, complex_integers_are_as_structs_of_two)
{
    expect(COMPLEX(C, 1), RX_GENERAL(0), RX_OP_U16, RX_RET_BYTES);
    expect(COMPLEX(I, 4), RX_GENERAL(0), RX_OP_U64, RX_RET_U64);
    expect(COMPLEX(L, 8), RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
    expect(COMPLEX(W, 16), RX_GENERAL(0), RX_OP_REF, RX_RET_MEMORY);
}

Test(sysv, other_aggregates_travel_by_their_size)
{
    for (size_t size = 1; size <= 40; size++) {
        const struct rx_plan *plan = plan_of(bytes_type(size), TYPES(bytes_type(size), I));
        cr_expect(eq(u32, plan->args[0].dst, RX_GENERAL(0)), "%zu bytes", size);
        cr_expect(eq(int, plan->args[0].op == RX_OP_REF, size > 16), "%zu bytes", size);
        bool two = size > 8 && size <= 16;
        cr_expect(eq(u32, plan->args[1].dst, RX_GENERAL(two ? 2 : 1)), "%zu bytes", size);
        cr_expect(eq(int, plan->ret_in_memory, size > 16), "%zu bytes", size);
        if (size > 16)
            cr_expect(eq(u32, plan->sret, RX_AREA_SRET), "x8");
    }
}

/* ---- Which register: the rules by their numbers ---- */

Test(sysv, c3_no_register_is_filled_behind_an_aggregate_on_the_stack)
{
    ffi_type *hfa = STRUCT(F, F, F);
    const struct rx_plan *plan = plan_of(&ffi_type_void, TYPES(D, D, D, D, D, D, hfa, F, D, Q));
    expect_at(plan, 6, STACK(0), RX_OP_TWO);
    expect_at(plan, 7, STACK(16), RX_OP_U32);
    expect_at(plan, 8, STACK(24), RX_OP_U64);
    expect_at(plan, 9, STACK(32), RX_OP_TWO);
    cr_expect(eq(uint, plan->bytes, 48));
}

Test(sysv, c4_aggregates_on_the_stack_are_aligned_to_8_or_16)
{
    ffi_type *f = STRUCT(F, F, F, F), *q = STRUCT(Q, Q);
    const struct rx_plan *plan = plan_of(&ffi_type_void, TYPES(D, D, D, D, D, D, D, D, D, f, q, F));
    expect_at(plan, 8, STACK(0), RX_OP_U64);
    expect_at(plan, 9, STACK(8), RX_OP_TWO);
    expect_at(plan, 10, STACK(32), RX_OP_COPY);
    expect_at(plan, 11, STACK(64), RX_OP_U32);
}

Test(sysv, c4_aggregates_of_packed_members_are_aligned_to_8)
{
    ffi_type *q = STRUCT_AS(16, 2, Q), *qq = STRUCT_AS(32, 1, Q, Q);
    const struct rx_plan *plan =
        plan_of(&ffi_type_void, TYPES(D, D, D, D, D, D, D, D, D, q, qq, F));
    expect_at(plan, 9, STACK(8), RX_OP_TWO);
    expect_at(plan, 10, STACK(24), RX_OP_COPY);
    expect_at(plan, 11, STACK(56), RX_OP_U32);
}

Test(sysv, c10_what_is_aligned_to_16_begins_in_an_even_register)
{
    cr_expect(eq(u32, last_place(TYPES(I, W)), RX_GENERAL(2)));
    cr_expect(eq(u32, last_place(TYPES(I, I, W)), RX_GENERAL(2)));
    cr_expect(eq(u32, last_place(TYPES(I, W, I)), RX_GENERAL(4)));
    cr_expect(eq(u32, last_place(TYPES(I, STRUCT(W))), RX_GENERAL(2)));
    cr_expect(eq(u32, last_place(TYPES(I, STRUCT(STRUCT_AS(16, 16, C)))), RX_GENERAL(2)));
    cr_expect(eq(u32, last_place(TYPES(I, I, I, I, I, I, I, W)), STACK(0)));
}

Test(sysv, c10_does_not_look_at_what_was_asked_for_the_whole_alone)
{
    cr_expect(eq(u32, last_place(TYPES(I, STRUCT_AS(16, 16, L, L))), RX_GENERAL(1)));
    cr_expect(eq(u32, last_place(TYPES(I, STRUCT_AS(16, 1, W))), RX_GENERAL(1)));
}

Test(sysv, c13_no_register_is_filled_behind_a_value_on_the_stack)
{
    ffi_type *l2 = STRUCT(L, L);
    const struct rx_plan *plan = plan_of(&ffi_type_void, TYPES(L, L, L, L, L, L, L, l2, C, D, W));
    expect_at(plan, 7, STACK(0), RX_OP_TWO);
    expect_at(plan, 8, STACK(16), RX_OP_S8);
    expect_at(plan, 9, RX_VECTOR(0), RX_OP_U64);
    expect_at(plan, 10, STACK(32), RX_OP_TWO); /* C.14 */
    cr_expect(eq(uint, plan->bytes, 48));
}

Test(sysv, the_two_kinds_of_registers_are_filled_independently)
{
    const struct rx_plan *plan = plan_of(&ffi_type_void, TYPES(I, D, L, F, STRUCT(D, D), C));
    expect_at(plan, 0, RX_GENERAL(0), RX_OP_S32);
    expect_at(plan, 1, RX_VECTOR(0), RX_OP_U64);
    expect_at(plan, 2, RX_GENERAL(1), RX_OP_U64);
    expect_at(plan, 3, RX_VECTOR(1), RX_OP_U32);
    expect_at(plan, 4, RX_VECTOR(2), RX_OP_SPREAD8);
    expect_at(plan, 5, RX_GENERAL(2), RX_OP_S8);
}

Test(sysv, the_address_of_a_copy_travels_as_a_pointer)
{
    ffi_type *large = bytes_type(24);
    const struct rx_plan *plan =
        plan_of(&ffi_type_void, TYPES(large, I, L, L, L, L, L, L, large, STRUCT_AS(64, 64, C)));
    expect_at(plan, 0, RX_GENERAL(0), RX_OP_REF);
    expect_at(plan, 1, RX_GENERAL(1), RX_OP_S32);
    expect_at(plan, 8, STACK(0), RX_OP_REF);
    expect_at(plan, 9, STACK(8), RX_OP_REF);
    cr_expect(eq(u32, (plan->args[9].dst2 - RX_AREA_STACK) % 64, 0));
    cr_expect(eq(uint, plan->align, 64));
}

Test(sysv, variadic_arguments_travel_like_any_other)
{
    ffi_cif cif = variadic_signature(FFI_SYSV, 1, &ffi_type_void, TYPES(D, D, STRUCT(F, F), W));
    const struct rx_plan *plan = rx_plan_of(&cif);
    expect_at(plan, 0, RX_VECTOR(0), RX_OP_U64);
    expect_at(plan, 1, RX_VECTOR(1), RX_OP_U64);
    expect_at(plan, 2, RX_VECTOR(2), RX_OP_SPREAD4);
    expect_at(plan, 3, RX_GENERAL(0), RX_OP_TWO);
}

/* ---- Types that make no sense ---- */

Test(sysv, nested_types_cannot_take_for_ever)
{
    /* Each has the one before twice in it: 2 to the 100 members. */
    static ffi_type type[100], *members[LENGTH(type)][3];
    for (size_t i = 0; i < LENGTH(type); i++) {
        members[i][0] = members[i][1] = i == 0 ? F : &type[i - 1];
        type[i] = (ffi_type){16, 4, FFI_TYPE_STRUCT, members[i]};
    }
    expect(&type[1], RX_VECTOR(0), RX_OP_SPREAD4, RX_RET_FLOATS(4));
    expect(&type[99], RX_GENERAL(0), RX_OP_TWO, RX_RET_PAIR);
}
