/* SPDX-License-Identifier: MIT
 *
 * class: a type, reduced to the word that decides how it is passed (src/class.c). What an
 * architecture puts into the word is tested in the folder of that architecture.
 */
#include "unit.h"
#include "class.h"

static rx_class class_of(ffi_type *type)
{
    rx_class found = rx_class_of(FFI_DEFAULT_ABI, type);
    cr_assert(ne(u64, found, 0));
    return found;
}

static void expect_refused(ffi_type *type)
{
    cr_expect(eq(u64, rx_class_of(FFI_DEFAULT_ABI, type), 0));
}

static void expect_word(ffi_type *type, unsigned kind, uint32_t size, uint32_t align)
{
    rx_class found = class_of(type);
    cr_expect(eq(uint, rx_class_kind(found), kind), "kind of type code %d", type->type);
    cr_expect(eq(uint, rx_class_size(found), size), "size of type code %d", type->type);
    cr_expect(eq(uint, rx_class_align(found), align), "alignment of type code %d", type->type);
}

Test(class, a_word_says_kind_size_and_alignment)
{
    expect_word(&ffi_type_uint8, FFI_TYPE_UINT8, 1, 1);
    expect_word(&ffi_type_sint8, FFI_TYPE_SINT8, 1, 1);
    expect_word(&ffi_type_uint16, FFI_TYPE_UINT16, 2, 2);
    expect_word(&ffi_type_sint16, FFI_TYPE_SINT16, 2, 2);
    expect_word(&ffi_type_uint32, FFI_TYPE_UINT32, 4, 4);
    expect_word(&ffi_type_sint32, FFI_TYPE_SINT32, 4, 4);
    expect_word(&ffi_type_uint64, FFI_TYPE_UINT64, 8, 8);
    expect_word(&ffi_type_float, FFI_TYPE_FLOAT, 4, 4);
    expect_word(&ffi_type_double, FFI_TYPE_DOUBLE, 8, 8);
    expect_word(&ffi_type_longdouble, FFI_TYPE_LONGDOUBLE, sizeof(long double), 16);
    expect_word(&ffi_type_complex_double, FFI_TYPE_COMPLEX, 16, 8);
    expect_word(&ffi_type_uint128, FFI_TYPE_UINT128, 16, 16);
    expect_word(
        &(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(&ffi_type_double, &ffi_type_double)},
        FFI_TYPE_VECTOR, 16, 16);
    expect_word(STRUCT(&ffi_type_sshort, &ffi_type_schar), FFI_TYPE_STRUCT, 4, 2);
    expect_word(STRUCT_AS(1000000, 0x8000, &ffi_type_sint), FFI_TYPE_STRUCT, 1000000, 0x8000);
}

Test(class, what_is_passed_alike_has_one_word)
{
    ffi_type c_int = {4, 4, FFI_TYPE_INT, NULL};
    cr_expect(eq(u64, class_of(&c_int), class_of(&ffi_type_sint32)));
    cr_expect(eq(u64, class_of(&ffi_type_sint64), class_of(&ffi_type_uint64)));
    cr_expect(eq(u64, class_of(&ffi_type_pointer), class_of(&ffi_type_uint64)));
    cr_expect(eq(u64, class_of(&ffi_type_sint128), class_of(&ffi_type_uint128)));
    ffi_type *pair = STRUCT(&ffi_type_sint, &ffi_type_uint);
    cr_expect(eq(u64, class_of(pair), class_of(STRUCT(STRUCT(&ffi_type_uint), &ffi_type_sint))));
}

Test(class, a_type_is_not_told_by_its_address)
{
    ffi_type mine = ffi_type_double;
    cr_expect(eq(u64, class_of(&mine), class_of(&ffi_type_double)));
    ffi_type *number = &(ffi_type){16, 8, FFI_TYPE_COMPLEX, TYPES(&mine)};
    cr_expect(eq(u64, class_of(number), class_of(&ffi_type_complex_double)));
}

Test(class, what_is_passed_differently_has_different_words)
{
    ffi_type *types[] = {
        &ffi_type_uint8,
        &ffi_type_sint8,
        &ffi_type_uint16,
        &ffi_type_sint16,
        &ffi_type_uint32,
        &ffi_type_sint32,
        &ffi_type_uint64,
        &ffi_type_float,
        &ffi_type_double,
        &ffi_type_longdouble,
        &ffi_type_complex_float,
        &ffi_type_complex_double,
        &ffi_type_complex_longdouble,
        &ffi_type_uint128,
        &(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(&ffi_type_float, &ffi_type_float)},
        &(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(&ffi_type_double, &ffi_type_double)},
        STRUCT(&ffi_type_sint, &ffi_type_sint),
        STRUCT(&ffi_type_float, &ffi_type_float),
        STRUCT(&ffi_type_longdouble),
        STRUCT_AS(16, 16, &ffi_type_slong, &ffi_type_slong),
        STRUCT(&ffi_type_slong, &ffi_type_slong),
        bytes_type(16),
        STRUCT(&ffi_type_double, &ffi_type_double),
        bytes_type(17),
        bytes_type(18),
    };
    for (size_t i = 0; i < LENGTH(types); i++)
        for (size_t j = 0; j < i; j++)
            cr_expect(ne(u64, class_of(types[i]), class_of(types[j])), "types %zu and %zu", i, j);
}

Test(class, a_struct_is_completed_on_the_way)
{
    ffi_type *type = STRUCT(&ffi_type_schar, STRUCT(&ffi_type_slong));
    expect_word(type, FFI_TYPE_STRUCT, 16, 8);
    cr_expect(eq(sz, type->size, 16));
}

Test(class, void_has_a_word_of_its_own)
{
    rx_class found = rx_class_of(FFI_DEFAULT_ABI, &ffi_type_void);
    cr_expect(eq(u64, found, RX_CLASS_VOID));
    cr_expect(ne(u64, found, 0));
    cr_expect(eq(uint, rx_class_kind(found), FFI_TYPE_VOID));
    cr_expect(eq(uint, rx_class_size(found), 0));
    expect_refused(&(ffi_type){0, 1, FFI_TYPE_VOID, NULL});
}

Test(class, what_makes_no_sense_is_refused)
{
    expect_refused(NULL);
    expect_refused(&(ffi_type){4, 4, FFI_TYPE_LAST + 1, NULL});
    expect_refused(&(ffi_type){4, 4, 0xffff, NULL});
    expect_refused(&(ffi_type){0, 4, FFI_TYPE_SINT32, NULL});
    expect_refused(&(ffi_type){8, 4, FFI_TYPE_STRUCT, NULL});
    expect_refused(&(ffi_type){8, 4, FFI_TYPE_COMPLEX, NULL});
    expect_refused(&(ffi_type){8, 4, FFI_TYPE_COMPLEX, NO_TYPES});
    expect_refused(&(ffi_type){0, 4, FFI_TYPE_COMPLEX, TYPES(&ffi_type_float)});
    expect_refused(STRUCT_AS(8, 0, &ffi_type_slong));
    expect_refused(STRUCT_AS(8, 3, &ffi_type_slong));
}

Test(class, complex_numbers_have_parts_that_are_numbers)
{
    ffi_type *pair = STRUCT(&ffi_type_float);
    expect_refused(&(ffi_type){8, 4, FFI_TYPE_COMPLEX, TYPES(pair)});
    expect_refused(&(ffi_type){8, 4, FFI_TYPE_COMPLEX, TYPES(&ffi_type_void)});
    expect_refused(&(ffi_type){16, 8, FFI_TYPE_COMPLEX, TYPES(&ffi_type_complex_float)});
    expect_refused(&(ffi_type){16, 8, FFI_TYPE_COMPLEX, TYPES(&ffi_type_pointer)});
    expect_word(&(ffi_type){8, 4, FFI_TYPE_COMPLEX, TYPES(&ffi_type_sint)}, FFI_TYPE_COMPLEX, 8, 4);
}

Test(class, nothing_is_larger_than_the_bound)
{
    expect_word(STRUCT_AS(RX_MAX_SIZE, 8, &ffi_type_slong), FFI_TYPE_STRUCT, RX_MAX_SIZE, 8);
    expect_refused(STRUCT_AS(RX_MAX_SIZE + 8, 8, &ffi_type_slong));
    expect_refused(STRUCT_AS(SIZE_MAX - 7, 8, &ffi_type_slong));
}

/* Each struct says that it has 16 members, all of one byte, and 16 bytes; and lies in one of one
 * byte and 16 members, and so on: gone through one by one there would be 16 to the power of 30. */
Test(class, the_work_is_bounded_whatever_the_types_say, .timeout = 20)
{
    static ffi_type types[30];
    static ffi_type *members[30][17];
    for (size_t i = 0; i < LENGTH(types); i++) {
        for (size_t k = 0; k < 16; k++)
            members[i][k] = i == 0 ? &ffi_type_uint8 : &types[i - 1];
        types[i] = (ffi_type){i % 2 == 0 ? 16 : 1, 1, FFI_TYPE_STRUCT, members[i]};
    }
    for (size_t i = 0; i < LENGTH(types); i++) {
        ffi_cif cif;
        cr_expect(eq(int, ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &types[i], NULL), FFI_OK));
        cr_expect(
            eq(int, ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &types[i], TYPES(&types[i])), FFI_OK));
    }
    /* And where all are of one byte. */
    for (size_t i = 0; i < LENGTH(types); i++)
        types[i].size = 1;
    cr_expect(ne(u64, class_of(&types[29]), 0));
    types[29].size = 16;
    cr_expect(ne(u64, class_of(&types[29]), 0));
}
