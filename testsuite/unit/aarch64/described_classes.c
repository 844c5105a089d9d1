/* SPDX-License-Identifier: MIT
 *
 * described_classes, aarch64: what AAPCS64 makes of unions, arrays, bit-fields and packed structs
 * (src/aarch64/sysv.c): homogeneous aggregates, 5.9.5, and natural alignment.
 */
#include "unit.h"

static rx_class of(ffi_type *type)
{
    cr_assert(ne(ptr, type, NULL));
    return rx_class_of(FFI_SYSV, type);
}

static ffi_type *floats(unsigned n)
{
    return ffi_rx_struct_new((ffi_rx_member[]){{ffi_rx_array_new(&ffi_type_float, n), 0, 0}}, 1, 0,
                             0);
}

/* Are two floats and `type` alike? */
static bool is_two_floats(ffi_type *type)
{
    return of(type) == of(STRUCT(&ffi_type_float, &ffi_type_float));
}

Test(described_classes, a_union_is_homogeneous_as_its_members_are)
{
    cr_expect(is_two_floats(ffi_rx_union_new(TYPES(&ffi_type_float, floats(2)))));
    cr_expect(not(is_two_floats(ffi_rx_union_new(TYPES(&ffi_type_double, floats(2))))));
    cr_expect(not(is_two_floats(ffi_rx_union_new(TYPES(&ffi_type_sint, floats(2))))));
}

/* Of whichever comes first: what all of it would be homogeneous by is one of the members. */
Test(described_classes, members_that_differ_make_no_homogeneous_aggregate)
{
    ffi_type *f = &ffi_type_float, *d = &ffi_type_double, *l = &ffi_type_slong;
    ffi_type *q = &ffi_type_longdouble, *two = floats(2);
    ffi_rx_member last[] = {{two, 0, 0}, {d, 0, 0}}, first[] = {{d, 0, 0}, {two, 0, 0}},
                  wider[] = {{two, 0, 0}, {two, 0, 0}, {q, 0, 0}};
    ffi_type *mixed[] = {
        ffi_rx_union_new(TYPES(two, d)),
        ffi_rx_union_new(TYPES(d, two)),
        ffi_rx_union_new(TYPES(d, l)),
        ffi_rx_union_new(TYPES(l, d)),
        ffi_rx_struct_new(last, 2, 0, 0),
        ffi_rx_struct_new(first, 2, 0, 0),
        ffi_rx_union_new(TYPES(ffi_rx_array_new(f, 4), ffi_rx_array_new(d, 2))),
    };
    for (size_t i = 0; i < LENGTH(mixed); i++) {
        ffi_type *integers = mixed[i]->size == 8 ? STRUCT(l) : STRUCT(l, l);
        cr_expect(eq(u64, of(mixed[i]), of(integers)), "%zu", i);
        cr_expect(eq(u64, of(STRUCT(mixed[i])), of(integers)), "%zu in a struct", i);
    }
    ffi_type *wide = &ffi_type_uint128;
    cr_expect(eq(u64, of(ffi_rx_struct_new(wider, 3, 0, 0)), of(STRUCT(wide, wide))));
    cr_expect(eq(u64, of(ffi_rx_union_new(TYPES(q, d))), of(STRUCT(wide))));
}

Test(described_classes, an_array_is_as_many_members_as_it_has_elements)
{
    cr_expect(is_two_floats(floats(2)));
    ffi_type *f = &ffi_type_float;
    cr_expect(eq(u64, of(floats(4)), of(STRUCT(f, f, f, f))));
    cr_expect(eq(u64, of(floats(5)), of(STRUCT(f, f, f, f, f))));
}

Test(described_classes, padding_anywhere_makes_no_homogeneous_aggregate)
{
    ffi_rx_member one[] = {{&ffi_type_float, 0, 0}};
    ffi_type *padded = ffi_rx_struct_new(one, 1, 0, 8);
    cr_expect(not(is_two_floats(padded)));
    cr_expect(not(is_two_floats(ffi_rx_union_new(TYPES(padded, floats(1))))));
    ffi_rx_member unnamed[] = {{&ffi_type_float, 0, 0}, {&ffi_type_sint, 32, FFI_RX_UNNAMED}};
    cr_expect(not(is_two_floats(ffi_rx_struct_new(unnamed, 2, 0, 0))));
}

/* It is no part of the layout, at which 5.9.5 looks. */
Test(described_classes, a_bit_field_of_no_width_is_nothing)
{
    ffi_rx_member members[] = {
        {&ffi_type_float, 0, 0}, {&ffi_type_sint, 0, FFI_RX_BIT_FIELD}, {&ffi_type_float, 0, 0}};
    cr_expect(is_two_floats(ffi_rx_struct_new(members, 3, 0, 0)));
}

/* An attribute of the whole counts for nothing, packing of its members does. */
Test(described_classes, natural_alignment_is_that_of_the_members_as_they_are_packed)
{
    ffi_type *wide = &ffi_type_uint128;
    ffi_rx_member members[] = {{wide, 0, 0}}, bits[] = {{wide, 100, 0}},
                  two[] = {{&ffi_type_slong, 0, 0}};
    cr_expect(eq(u64, of(ffi_rx_struct_new(members, 1, 0, 0)), of(STRUCT(wide))));
    cr_expect(eq(u64, of(ffi_rx_struct_new(bits, 1, 0, 0)), of(STRUCT(wide))));
    cr_expect(ne(u64, of(ffi_rx_struct_new(members, 1, 1, 16)), of(STRUCT(wide))));
    cr_expect(ne(u64, of(ffi_rx_struct_new(two, 1, 0, 16)), of(STRUCT(wide))));
}
