/* SPDX-License-Identifier: MIT
 *
 * sysv, x86_64: what travels in which register by the System V psABI, section 3.2.3
 * (src/x86_64/sysv.c). The judge here is the text; the compilers are in sysv_calls.c.
 */
#include "unit.h"
#include "abi.h"

#define STACK(offset) (RX_AREA_STACK + (offset))
#define NOWHERE RX_AREA_NOWHERE

/* Where the eightbytes of an argument travel; for one in memory, where it begins. */
struct place {
    uint32_t first, second;
};

static struct place place_of(const struct rx_plan *plan, unsigned i)
{
    const struct rx_arg *arg = &plan->args[i];
    switch (arg->op) {
    case RX_OP_TWO:
        return (struct place){arg->dst, arg->dst + 8};
    case RX_OP_PAIR:
        return (struct place){arg->dst, arg->dst2};
    default:
        return (struct place){arg->dst, 0};
    }
}

static void expect_at(const struct rx_plan *plan, unsigned i, uint32_t first, uint32_t second)
{
    struct place place = place_of(plan, i);
    cr_expect(eq(u32, place.first, first), "argument %u", i);
    cr_expect(eq(u32, place.second, second), "argument %u", i);
}

/* How type travels as the only argument, and comes back. */
static void expect(ffi_type *type, uint32_t first, uint32_t second, unsigned ret)
{
    ffi_cif cif = signature_in(FFI_UNIX64, type, NO_TYPES);
    cr_expect(eq(uint, rx_plan_of(&cif)->ret, ret), "the result");
    cif = signature_in(FFI_UNIX64, &ffi_type_void, TYPES(type));
    expect_at(rx_plan_of(&cif), 0, first, second);
}

#define expect_in_memory(type) expect(type, STACK(0), 0, RX_RET_MEMORY)

/* ---- Scalars: psABI 3.2.3, "Classification" ---- */

Test(sysv, integers_and_pointers_are_integer)
{
    expect(&ffi_type_uint8, RX_GENERAL(0), 0, RX_RET_U8);
    expect(&ffi_type_sint8, RX_GENERAL(0), 0, RX_RET_S8);
    expect(&ffi_type_uint16, RX_GENERAL(0), 0, RX_RET_U16);
    expect(&ffi_type_sint16, RX_GENERAL(0), 0, RX_RET_S16);
    expect(&ffi_type_uint32, RX_GENERAL(0), 0, RX_RET_U32);
    expect(&ffi_type_sint32, RX_GENERAL(0), 0, RX_RET_S32);
    expect(&ffi_type_uint64, RX_GENERAL(0), 0, RX_RET_U64);
    expect(&ffi_type_sint64, RX_GENERAL(0), 0, RX_RET_U64);
    expect(&ffi_type_pointer, RX_GENERAL(0), 0, RX_RET_U64);
}

Test(sysv, float_and_double_are_sse)
{
    expect(&ffi_type_float, RX_VECTOR(0), 0, RX_RET_FLOAT);
    expect(&ffi_type_double, RX_VECTOR(0), 0, RX_RET_DOUBLE);
}

Test(sysv, long_double_is_x87_and_travels_in_memory)
{
    expect(&ffi_type_longdouble, STACK(0), 0, RX_RET_X87);
}

Test(sysv, complex_numbers_are_as_structs_of_two_parts_but_for_long_double)
{
    expect(&ffi_type_complex_float, RX_VECTOR(0), 0, RX_RET_SS);
    expect(&ffi_type_complex_double, RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
    expect(&ffi_type_complex_longdouble, STACK(0), 0, RX_RET_X87_PAIR);
}

Test(sysv, complex_integers_are_integer)
{
    expect(&(ffi_type){2, 1, FFI_TYPE_COMPLEX, TYPES(&ffi_type_schar)}, RX_GENERAL(0), 0,
           RX_RET_II);
    expect(&(ffi_type){8, 4, FFI_TYPE_COMPLEX, TYPES(&ffi_type_sint)}, RX_GENERAL(0), 0, RX_RET_II);
    expect(&(ffi_type){16, 8, FFI_TYPE_COMPLEX, TYPES(&ffi_type_slong)}, RX_GENERAL(0),
           RX_GENERAL(1), RX_RET_II);
}

/* ---- Aggregates: rules 1 to 5 ---- */

Test(sysv, the_class_words_of_16_bytes_tell_registers_and_alignment)
{
    ffi_type *types[] = {
        STRUCT(&ffi_type_slong, &ffi_type_slong),
        STRUCT(&ffi_type_slong, &ffi_type_double),
        STRUCT(&ffi_type_double, &ffi_type_slong),
        STRUCT_AS(16, 16, &ffi_type_slong, &ffi_type_slong),
    };
    for (size_t i = 0; i < LENGTH(types); i++)
        for (size_t j = 0; j < i; j++)
            cr_expect(ne(u64, rx_class_of(FFI_UNIX64, types[i]), rx_class_of(FFI_UNIX64, types[j])),
                      "types %zu and %zu", i, j);
}

Test(sysv, each_eightbyte_is_classified_by_what_is_in_it)
{
    ffi_type *c = &ffi_type_schar, *i = &ffi_type_sint, *l = &ffi_type_slong;
    ffi_type *f = &ffi_type_float, *d = &ffi_type_double;
    expect(STRUCT(i), RX_GENERAL(0), 0, RX_RET_II);
    expect(STRUCT(f), RX_VECTOR(0), 0, RX_RET_SS);
    expect(STRUCT(d), RX_VECTOR(0), 0, RX_RET_SS);
    expect(STRUCT(l, l), RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect(STRUCT(d, d), RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
    expect(STRUCT(i, d), RX_GENERAL(0), RX_VECTOR(0), RX_RET_IS);
    expect(STRUCT(c, d), RX_GENERAL(0), RX_VECTOR(0), RX_RET_IS);
    expect(STRUCT(d, i), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
    expect(STRUCT(f, f, i), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
}

Test(sysv, integer_wins_within_an_eightbyte)
{
    ffi_type *c = &ffi_type_schar, *i = &ffi_type_sint, *f = &ffi_type_float;
    expect(STRUCT(i, f), RX_GENERAL(0), 0, RX_RET_II);
    expect(STRUCT(f, i), RX_GENERAL(0), 0, RX_RET_II);
    expect(STRUCT(f, c), RX_GENERAL(0), 0, RX_RET_II);
    expect(STRUCT(f, i, f), RX_GENERAL(0), RX_VECTOR(0), RX_RET_IS);
    expect(STRUCT(f, f, f, i), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
}

Test(sysv, floats_share_eightbytes)
{
    ffi_type *f = &ffi_type_float, *d = &ffi_type_double;
    expect(STRUCT(f, f), RX_VECTOR(0), 0, RX_RET_SS);
    expect(STRUCT(f, f, f), RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
    expect(STRUCT(f, f, f, f), RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
    expect(STRUCT(f, d), RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
}

Test(sysv, arrays_are_repeated_members)
{
    ffi_type *s = &ffi_type_sshort;
    expect(bytes_type(3), RX_GENERAL(0), 0, RX_RET_II);
    expect(bytes_type(9), RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect(bytes_type(16), RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect(STRUCT(s, s, s, s, s), RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
}

Test(sysv, more_than_two_eightbytes_are_in_memory)
{
    ffi_type *f = &ffi_type_float;
    expect_in_memory(bytes_type(17));
    expect_in_memory(STRUCT(f, f, f, f, f));
    expect_in_memory(STRUCT(&ffi_type_slong, &ffi_type_slong, &ffi_type_schar));
    expect_in_memory(bytes_type(256));
}

Test(sysv, a_struct_of_one_long_double_is_x87)
{
    ffi_type *x = &ffi_type_longdouble;
    expect(STRUCT(x), STACK(0), 0, RX_RET_X87);
    expect(STRUCT(STRUCT(STRUCT(x))), STACK(0), 0, RX_RET_X87);
    expect_in_memory(STRUCT(x, &ffi_type_schar));
    expect_in_memory(STRUCT(x, x));
    expect_in_memory(STRUCT_AS(8, 8, x)); /* half of one is no x87 value */
}

Test(sysv, complex_members_are_two_members)
{
    ffi_type *f = &ffi_type_float, *i = &ffi_type_sint, *z = &ffi_type_complex_float;
    expect(STRUCT(z), RX_VECTOR(0), 0, RX_RET_SS);
    expect(STRUCT(&ffi_type_complex_double), RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
    expect(STRUCT(f, z), RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
    expect(STRUCT(i, z), RX_GENERAL(0), RX_VECTOR(0), RX_RET_IS);
    expect(STRUCT(z, i), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
    expect_in_memory(STRUCT(&ffi_type_complex_longdouble));
    expect_in_memory(STRUCT(&ffi_type_complex_double, &ffi_type_schar));
}

Test(sysv, nested_structs_are_classified_member_by_member)
{
    ffi_type *c = &ffi_type_schar, *i = &ffi_type_sint, *f = &ffi_type_float;
    expect(STRUCT(STRUCT(f), STRUCT(STRUCT(i))), RX_GENERAL(0), 0, RX_RET_II);
    expect(STRUCT(STRUCT(f, f), STRUCT(f, c)), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
    ffi_type *point = STRUCT(&ffi_type_sshort, &ffi_type_sshort);
    expect(STRUCT(point, point, f), RX_GENERAL(0), RX_VECTOR(0), RX_RET_IS);
    ffi_type *inner = STRUCT(c, f); /* its padding is no class */
    expect(STRUCT(f, inner), RX_GENERAL(0), RX_VECTOR(0), RX_RET_IS);
}

Test(sysv, nesting_has_no_influence)
{
    static ffi_type types[100];
    static ffi_type *members[100][3];
    for (size_t i = 0; i < LENGTH(types); i++) {
        members[i][0] = i + 1 < LENGTH(types) ? &types[i + 1] : &ffi_type_double;
        types[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = members[i]};
    }
    members[99][1] = &ffi_type_sint;
    expect(&types[0], RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
}

/* ---- What is said is believed ---- */

Test(sysv, unaligned_members_are_in_memory)
{
    ffi_type *c = &ffi_type_schar, *s = &ffi_type_sshort, *i = &ffi_type_sint;
    expect_in_memory(STRUCT_AS(5, 1, c, i));
    expect_in_memory(STRUCT_AS(5, 1, c, c, c, s));
    expect_in_memory(STRUCT_AS(9, 1, c, &ffi_type_double));
    expect_in_memory(STRUCT_AS(5, 1, c, STRUCT_AS(4, 4, i)));
    expect_in_memory(STRUCT_AS(6, 2, s, i));
}

Test(sysv, packed_structs_whose_members_are_aligned_are_not)
{
    ffi_type *c = &ffi_type_schar, *i = &ffi_type_sint, *f = &ffi_type_float;
    expect(STRUCT_AS(5, 1, i, c), RX_GENERAL(0), 0, RX_RET_II);
    expect(STRUCT_AS(9, 1, f, f, c), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
    expect(STRUCT_AS(9, 1, &ffi_type_slong, c), RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
}

Test(sysv, a_union_is_said_with_its_largest_member)
{
    ffi_type *point = STRUCT_AS(16, 8, &ffi_type_double, &ffi_type_sint);
    expect(STRUCT_AS(8, 8, &ffi_type_double), RX_VECTOR(0), 0, RX_RET_SS);
    expect(STRUCT_AS(16, 8, point), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
    expect_in_memory(STRUCT_AS(24, 8, point));
}

Test(sysv, of_a_union_said_with_all_members_those_behind_the_end_do_not_count)
{
    expect(STRUCT_AS(8, 8, &ffi_type_double, &ffi_type_slong), RX_VECTOR(0), 0, RX_RET_SS);
    expect(STRUCT_AS(8, 8, &ffi_type_slong, &ffi_type_double), RX_GENERAL(0), 0, RX_RET_II);
}

Test(sysv, padding_of_an_over_aligned_struct_travels_nowhere)
{
    expect(STRUCT_AS(16, 16, &ffi_type_sint), RX_GENERAL(0), NOWHERE, RX_RET_II);
    expect(STRUCT_AS(16, 16, &ffi_type_double), RX_VECTOR(0), NOWHERE, RX_RET_SS);
    expect_in_memory(STRUCT_AS(32, 32, &ffi_type_sint));
}

/* ---- Passing: which register, and what happens when they run out ---- */

/* psABI figure 3.5, without its __m256. */
Test(sysv, the_example_of_the_psabi)
{
    ffi_type *i = &ffi_type_sint, *d = &ffi_type_double, *x = &ffi_type_longdouble;
    ffi_type *structparm = STRUCT(i, i, d);
    ffi_cif cif =
        signature_in(FFI_UNIX64, &ffi_type_void, TYPES(i, i, structparm, i, i, x, d, d, i, i, i));
    const struct rx_plan *plan = rx_plan_of(&cif);
    expect_at(plan, 0, RX_GENERAL(0), 0);            /* e: rdi */
    expect_at(plan, 1, RX_GENERAL(1), 0);            /* f: rsi */
    expect_at(plan, 2, RX_GENERAL(2), RX_VECTOR(0)); /* s: rdx, xmm0 */
    expect_at(plan, 3, RX_GENERAL(3), 0);            /* g: rcx */
    expect_at(plan, 4, RX_GENERAL(4), 0);            /* h: r8 */
    expect_at(plan, 5, STACK(0), 0);                 /* ld */
    expect_at(plan, 6, RX_VECTOR(1), 0);             /* m: xmm1 */
    expect_at(plan, 7, RX_VECTOR(2), 0);             /* n: xmm2 */
    expect_at(plan, 8, RX_GENERAL(5), 0);            /* i: r9 */
    expect_at(plan, 9, STACK(16), 0);                /* j */
    expect_at(plan, 10, STACK(24), 0);               /* k */
    cr_expect(eq(uint, cif.bytes, 32));
    cr_expect(eq(uint, plan->nvector, 3));
}

Test(sysv, an_argument_takes_registers_for_all_its_parts_or_for_none)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double, *v = &ffi_type_void;
    ffi_cif cif = signature_in(FFI_UNIX64, v, TYPES(l, l, l, l, l, STRUCT(l, l), l, l));
    expect_at(rx_plan_of(&cif), 5, STACK(0), 0);
    expect_at(rx_plan_of(&cif), 6, RX_GENERAL(5), 0); /* which is left */
    expect_at(rx_plan_of(&cif), 7, STACK(16), 0);

    cif = signature_in(FFI_UNIX64, v, TYPES(d, d, d, d, d, d, d, STRUCT(d, d), d, d));
    expect_at(rx_plan_of(&cif), 7, STACK(0), 0);
    expect_at(rx_plan_of(&cif), 8, RX_VECTOR(7), 0);
    expect_at(rx_plan_of(&cif), 9, STACK(16), 0);

    cif = signature_in(FFI_UNIX64, v, TYPES(l, l, l, l, l, l, STRUCT(d, l), d, STRUCT(d, d)));
    expect_at(rx_plan_of(&cif), 6, STACK(0), 0);
    expect_at(rx_plan_of(&cif), 7, RX_VECTOR(0), 0);
    expect_at(rx_plan_of(&cif), 8, RX_VECTOR(1), RX_VECTOR(2));
}

Test(sysv, stacked_arguments_are_aligned)
{
    ffi_type *c = &ffi_type_schar, *x = &ffi_type_longdouble, *v = &ffi_type_void;
    ffi_type *l = &ffi_type_slong, *large = bytes_type(17);
    ffi_cif cif =
        signature_in(FFI_UNIX64, v, TYPES(large, c, x, large, STRUCT_AS(64, 32, l), large, x));
    const struct rx_plan *plan = rx_plan_of(&cif);
    expect_at(plan, 0, STACK(0), 0);
    expect_at(plan, 1, RX_GENERAL(0), 0);
    expect_at(plan, 2, STACK(32), 0);
    expect_at(plan, 3, STACK(48), 0);
    expect_at(plan, 4, STACK(96), 0);
    expect_at(plan, 5, STACK(160), 0);
    expect_at(plan, 6, STACK(192), 0);
    cr_expect(eq(uint, cif.bytes, 208));
    cr_expect(eq(uint, plan->align, 32));
}

Test(sysv, the_address_of_a_result_in_memory_is_the_first_argument)
{
    ffi_type *l = &ffi_type_slong;
    ffi_cif cif = signature_in(FFI_UNIX64, bytes_type(17), TYPES(l, l, l, l, l, l));
    const struct rx_plan *plan = rx_plan_of(&cif);
    cr_expect(eq(uint, plan->sret, RX_GENERAL(0)));
    expect_at(plan, 0, RX_GENERAL(1), 0);
    expect_at(plan, 4, RX_GENERAL(5), 0);
    expect_at(plan, 5, STACK(0), 0);
}
