/* SPDX-License-Identifier: MIT
 *
 * ffi_rx_array_new (src/described.c): arrays, which are members of others, and nothing else.
 */
#include "unit.h"
#include "described.h"

struct matrix {
    char name;
    float cell[2][3];
};

static ffi_type *matrix_type(void)
{
    ffi_type *rows = ffi_rx_array_new(ffi_rx_array_new(&ffi_type_float, 3), 2);
    return ffi_rx_struct_new((ffi_rx_member[]){{&ffi_type_schar, 0, 0}, {rows, 0, 0}}, 2, 0, 0);
}

Test(described_array, is_as_large_as_its_elements)
{
    ffi_type *type = ffi_rx_array_new(&ffi_type_sshort, 5);
    cr_expect(eq(sz, type->size, 10));
    cr_expect(eq(sz, type->alignment, 2));
    cr_expect(eq(ptr, type->elements[0], &ffi_type_sshort));
    cr_expect(eq(ptr, type->elements[1], NULL));
    ffi_rx_type_free(type);
}

Test(described_array, may_have_more_elements_than_anybody_would_list)
{
    ffi_type *type = ffi_rx_array_new(&ffi_type_double, 10000000);
    cr_expect(eq(sz, type->size, 80000000));
    ffi_type *in = STRUCT(type);
    signature(in, TYPES(in));
}

static float sum(struct matrix m)
{
    float sum = m.name;
    for (unsigned i = 0; i < 6; i++)
        sum += m.cell[i / 3][i % 3];
    return sum;
}

Test(described_array, of_arrays_travels_in_a_struct_as_in_c)
{
    ffi_type *type = matrix_type();
    cr_expect(eq(sz, type->size, sizeof(struct matrix)));
    ffi_cif cif = signature(&ffi_type_float, TYPES(type));
    struct matrix m = {1, {{2, 3, 4}, {5, 6, 7}}};
    float result;
    ffi_call(&cif, FN(sum), &result, VALUES(&m));
    cr_expect(eq(flt, result, 28));
}

Test(described_array, is_passed_by_no_c_function)
{
    ffi_type *type = ffi_rx_array_new(&ffi_type_float, 2);
    ffi_cif cif;
    for (ffi_abi abi = FFI_FIRST_ABI + 1; abi < FFI_LAST_ABI; abi++) {
        ffi_status status = ffi_prep_cif(&cif, abi, 1, &ffi_type_void, TYPES(type));
        cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
        status = ffi_prep_cif(&cif, abi, 0, type, NULL);
        cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    }
}

Test(described_array, without_elements_is_none)
{
    cr_expect(eq(ptr, ffi_rx_array_new(&ffi_type_sint, 0), NULL));
    cr_expect(eq(ptr, ffi_rx_array_new(NULL, 1), NULL));
    cr_expect(eq(ptr, ffi_rx_array_new(&ffi_type_void, 1), NULL));
}

Test(described_array, has_elements_one_behind_the_other)
{
    ffi_type sparse = {4, 8, FFI_TYPE_SINT32, NULL};
    cr_expect(eq(ptr, ffi_rx_array_new(&sparse, 2), NULL));
}

Test(described_array, whose_size_overflows_is_none)
{
    cr_expect(eq(ptr, ffi_rx_array_new(&ffi_type_double, SIZE_MAX / 8 + 1), NULL));
    cr_expect(eq(ptr, ffi_rx_array_new(&ffi_type_double, SIZE_MAX / 64), NULL));
    cr_expect(ne(ptr, ffi_rx_array_new(&ffi_type_schar, SIZE_MAX / 64), NULL));
}
