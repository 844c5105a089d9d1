/* SPDX-License-Identifier: MIT
 *
 * described_classes, x86_64: what psABI 3.2.3 makes of unions, bit-fields and packed structs
 * (src/x86_64/eightbytes.c). The places in the plan tell.
 */
#include "unit.h"
#include "plan.h"

/* Do two structs of that type travel in registers, and nothing of them on the stack? */
static bool in_registers(ffi_type *type)
{
    cr_assert(ne(ptr, type, NULL));
    ffi_cif cif = signature(&ffi_type_void, TYPES(type, type));
    return cif.bytes == 0;
}

static ffi_type *packed(ffi_type *first, ffi_type *second)
{
    return ffi_rx_struct_new((ffi_rx_member[]){{first, 0, 0}, {second, 0, 0}}, 2, 1, 0);
}

/* Rule 4 (d): INTEGER outdoes X87, and so nothing of a long double is left. */
Test(described_classes, a_long_double_that_shares_both_its_eightbytes_with_integers_is_integers)
{
    ffi_type *longs = STRUCT(&ffi_type_slong, &ffi_type_slong);
    cr_expect(in_registers(ffi_rx_union_new(TYPES(&ffi_type_longdouble, longs))));
    cr_expect(not(in_registers(ffi_rx_union_new(TYPES(&ffi_type_longdouble, &ffi_type_slong)))));
}

/* Rule 4 (e): X87 and SSE are MEMORY; with an INTEGER first it does not come to that. */
Test(described_classes, members_of_a_union_are_merged_in_their_order)
{
    ffi_type *ints = STRUCT(&ffi_type_sint, &ffi_type_sint, &ffi_type_sint, &ffi_type_sint);
    ffi_type *l = &ffi_type_longdouble, *f = &ffi_type_float;
    cr_expect(in_registers(ffi_rx_union_new(TYPES(ints, l, f))));
    cr_expect(in_registers(ffi_rx_union_new(TYPES(l, ints, f))));
    cr_expect(not(in_registers(ffi_rx_union_new(TYPES(l, f, ints)))));
    cr_expect(not(in_registers(ffi_rx_union_new(TYPES(ints, ffi_rx_union_new(TYPES(l, f)))))));
    cr_expect(not(in_registers(
        ffi_rx_union_new(TYPES(ints, ffi_rx_union_new(TYPES(l, l, &ffi_type_sint)))))));
}

/* Rule 4 (e) again: X87UP and SSEUP are MEMORY, though the first eightbyte is INTEGER by then. */
Test(described_classes, a_long_double_behind_a_vector_is_in_memory)
{
    ffi_type vector = {0, 0, FFI_TYPE_VECTOR, TYPES(&ffi_type_double, &ffi_type_double)};
    ffi_type *i = &ffi_type_sint, *l = &ffi_type_longdouble, *wide = &ffi_type_sint128;
    cr_expect(not(in_registers(ffi_rx_union_new(TYPES(&vector, i, l, wide)))));
    cr_expect(in_registers(ffi_rx_union_new(TYPES(&vector, i, wide, l))));
}

/* Rule 4 (d) for the upper half of a long double alone. The lower half without it is X87, which no
 * argument has in registers, but not MEMORY: INTEGER can still outdo it. */
Test(described_classes, integers_may_outdo_a_long_double_half_by_half)
{
    ffi_type *i = &ffi_type_sint, *l = &ffi_type_longdouble;
    const ffi_rx_member second[] = {{&ffi_type_uint64, 64, FFI_RX_UNNAMED}, {i, 0, 0}};
    ffi_type *upper = ffi_rx_union_new(TYPES(ffi_rx_struct_new(second, 2, 0, 0), l));
    cr_expect(not(in_registers(upper)));
    cr_expect(in_registers(ffi_rx_union_new(TYPES(upper, i))));
}

/* Rule 1: an unaligned field; a bit-field is none. */
Test(described_classes, unaligned_fields_are_in_memory)
{
    cr_expect(not(in_registers(packed(&ffi_type_schar, &ffi_type_sint))));
    cr_expect(in_registers(packed(&ffi_type_sint, &ffi_type_schar)));
    ffi_rx_member bits[] = {{&ffi_type_schar, 0, 0}, {&ffi_type_sint, 32, 0}};
    cr_expect(in_registers(ffi_rx_struct_new(bits, 2, 1, 0)));
}

/* A bit-field is an INTEGER where it is, and padding if it has no name. */
Test(described_classes, bits_are_integers_in_the_eightbytes_that_they_touch)
{
    ffi_rx_member named[] = {{&ffi_type_float, 0, 0}, {&ffi_type_sint, 9, 0}};
    ffi_rx_member unnamed[] = {{&ffi_type_float, 0, 0}, {&ffi_type_sint, 9, FFI_RX_UNNAMED}};
    ffi_type *i = ffi_rx_struct_new(named, 2, 0, 0), *s = ffi_rx_struct_new(unnamed, 2, 0, 0);
    cr_expect(ne(u64, rx_class_of(FFI_UNIX64, i), rx_class_of(FFI_UNIX64, s)));
    cr_expect(eq(u64, rx_class_of(FFI_UNIX64, i),
                 rx_class_of(FFI_UNIX64, STRUCT(&ffi_type_float, &ffi_type_sint))));
    cr_expect(eq(u64, rx_class_of(FFI_UNIX64, s),
                 rx_class_of(FFI_UNIX64, STRUCT(&ffi_type_float, &ffi_type_float))));
}

Test(described_classes, windows_asks_for_the_size_only)
{
    ffi_rx_member members[] = {{&ffi_type_slong, 40, 0}};
    ffi_type *type = ffi_rx_struct_new(members, 1, 0, 0);
    cr_expect(
        eq(u64, rx_class_of(FFI_WIN64, type), rx_class_of(FFI_WIN64, STRUCT(&ffi_type_double))));
}

Test(described_classes, a_union_of_a_wide_vector_is_refused)
{
    ffi_type *d = &ffi_type_double;
    ffi_type wide = {0, 0, FFI_TYPE_VECTOR, TYPES(d, d, d, d)};
    ffi_type *type = ffi_rx_union_new(TYPES(d, STRUCT(&wide)));
    cr_assert(ne(ptr, type, NULL));
    cr_expect(eq(u64, rx_class_of(FFI_UNIX64, type), 0));
    cr_expect(ne(u64, rx_class_of(FFI_UNIX64, STRUCT(d, type)), 0), "in memory it may be");
}
