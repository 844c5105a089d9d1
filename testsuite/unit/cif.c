/* SPDX-License-Identifier: MIT
 *
 * cif: what ffi_prep_cif and ffi_prep_cif_var accept, and with which status they refuse the rest
 * (src/cif.c). Nothing that a client can say here may crash.
 */
#include "unit.h"

static ffi_status prepare(ffi_type *result, unsigned nargs, ffi_type **arguments)
{
    ffi_cif cif;
    return ffi_prep_cif(&cif, FFI_DEFAULT_ABI, nargs, result, arguments);
}

/* A type that is refused as the result, as an argument, and as an argument behind good ones. */
static void expect_refused(ffi_type *type)
{
    ffi_type *good = &ffi_type_sint;
    ffi_status status = prepare(type, 0, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = prepare(good, 1, (ffi_type *[]){type});
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = prepare(good, 3, (ffi_type *[]){good, good, type});
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}

static void expect_accepted(ffi_type *type)
{
    ffi_status status = prepare(type, 0, NULL);
    cr_expect(eq(int, status, FFI_OK));
    status = prepare(&ffi_type_void, 1, (ffi_type *[]){type});
    cr_expect(eq(int, status, FFI_OK));
}

/* ---- What is accepted ---- */

Test(cif, the_cif_is_laid_out_as_in_libffi)
{
    cr_expect(eq(sz, sizeof(ffi_cif), 32));
    cr_expect(eq(sz, offsetof(ffi_cif, abi), 0));
    cr_expect(eq(sz, offsetof(ffi_cif, nargs), 4));
    cr_expect(eq(sz, offsetof(ffi_cif, arg_types), 8));
    cr_expect(eq(sz, offsetof(ffi_cif, rtype), 16));
    cr_expect(eq(sz, offsetof(ffi_cif, bytes), 24));
    cr_expect(eq(sz, offsetof(ffi_cif, flags), 28));
}

Test(cif, what_was_said_can_be_read_back)
{
    ffi_type *args[] = {&ffi_type_sint, &ffi_type_double};
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_pointer, args);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(int, cif.abi, FFI_DEFAULT_ABI));
    cr_expect(eq(uint, cif.nargs, 2));
    cr_expect(eq(ptr, cif.arg_types, args));
    cr_expect(eq(ptr, cif.rtype, &ffi_type_pointer));
}

Test(cif, every_scalar_is_good_for_an_argument_and_a_result)
{
    ffi_type *scalars[] = {
        &ffi_type_uint8,         &ffi_type_sint8,          &ffi_type_uint16,
        &ffi_type_sint16,        &ffi_type_uint32,         &ffi_type_sint32,
        &ffi_type_uint64,        &ffi_type_sint64,         &ffi_type_float,
        &ffi_type_double,        &ffi_type_longdouble,     &ffi_type_pointer,
        &ffi_type_complex_float, &ffi_type_complex_double, &ffi_type_complex_longdouble,
    };
    for (size_t i = 0; i < LENGTH(scalars); i++)
        expect_accepted(scalars[i]);
    expect_accepted(&(ffi_type){4, 4, FFI_TYPE_INT, NULL});
}

Test(cif, every_abi_between_the_bounds_is_good)
{
    ffi_cif cif;
    for (int abi = FFI_FIRST_ABI + 1; abi < FFI_LAST_ABI; abi++) {
        ffi_status status = ffi_prep_cif(&cif, abi, 1, &ffi_type_void, TYPES(&ffi_type_sint));
        cr_expect(eq(int, status, FFI_OK), "abi %d", abi);
    }
}

Test(cif, no_arguments_need_no_list)
{
    ffi_status status = prepare(&ffi_type_void, 0, NULL);
    cr_expect(eq(int, status, FFI_OK));
}

Test(cif, a_struct_is_completed_by_preparing)
{
    ffi_type *argument = STRUCT(&ffi_type_schar, &ffi_type_sint);
    ffi_type *result = STRUCT(&ffi_type_schar, STRUCT(&ffi_type_double));
    ffi_status status = prepare(result, 1, TYPES(argument));
    cr_expect(eq(int, status, FFI_OK));
    cr_expect(eq(sz, argument->size, 8));
    cr_expect(eq(sz, result->size, 16));
    cr_expect(eq(int, result->alignment, 8));
}

Test(cif, a_struct_is_completed_within_one_whose_size_is_set)
{
    ffi_type *inner = STRUCT(&ffi_type_schar, &ffi_type_sint);
    expect_accepted(STRUCT_AS(8, 4, inner));
    cr_expect(eq(sz, inner->size, 8));
    inner = STRUCT(&ffi_type_schar, &ffi_type_sint);
    expect_accepted(STRUCT_AS(16, 8, &ffi_type_double, inner));
    cr_expect(eq(sz, inner->size, 8));
}

Test(cif, bytes_is_the_size_of_the_stacked_arguments)
{
    ffi_type *l = &ffi_type_slong;
    cr_expect(eq(uint, signature(l, TYPES(l, l)).bytes, 0));
    ffi_type *large = bytes_type(100);
    cr_expect(ge(uint, signature(l, TYPES(l, l, l, l, l, l, l, l, l, l)).bytes, 16));
    cr_expect(ge(uint, signature(l, TYPES(large, large, l, l, l, l, l, l, l, l, l, l)).bytes, 16));
}

/* ---- What is refused ---- */

Test(cif, null_is_no_cif_no_result_and_no_list)
{
    ffi_cif cif;
    ffi_type *l = &ffi_type_slong;
    ffi_status status = ffi_prep_cif(NULL, FFI_DEFAULT_ABI, 1, l, TYPES(l));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, NULL, TYPES(l));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, l, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    expect_refused(NULL);
}

Test(cif, an_abi_out_of_range_is_refused)
{
    ffi_cif cif;
    const int bad[] = {FFI_FIRST_ABI,    FFI_FIRST_ABI - 1, FFI_LAST_ABI,
                       FFI_LAST_ABI + 1, 0x7fffffff,        -1};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        ffi_status status = ffi_prep_cif(&cif, (ffi_abi)bad[i], 0, &ffi_type_void, NULL);
        cr_expect(eq(int, status, FFI_BAD_ABI), "abi %d", bad[i]);
        status =
            ffi_prep_cif_var(&cif, (ffi_abi)bad[i], 1, 1, &ffi_type_void, TYPES(&ffi_type_sint));
        cr_expect(eq(int, status, FFI_BAD_ABI), "abi %d", bad[i]);
    }
}

Test(cif, an_unknown_type_code_is_refused)
{
    for (unsigned code = FFI_TYPE_LAST + 1; code <= 0xffff; code = code * 2 + 1)
        expect_refused(&(ffi_type){8, 8, code, NULL});
}

Test(cif, a_void_argument_is_passed_as_none)
{
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &ffi_type_sint,
                                     TYPES(&ffi_type_void, &ffi_type_sint, &ffi_type_void));
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(uint, cif.bytes, 0));
    int minus_three = -3;
    ffi_arg result;
    ffi_call(&cif, FFI_FN(abs), &result, (void *[]){NULL, &minus_three, NULL});
    cr_expect(eq(int, (int)result, 3));
    status = prepare(&ffi_type_void, 0, NULL);
    cr_expect(eq(int, status, FFI_OK));
}

Test(cif, a_scalar_has_a_size)
{
    for (unsigned short code = FFI_TYPE_VOID; code <= FFI_TYPE_LAST; code++)
        if (code != FFI_TYPE_STRUCT)
            expect_refused(
                &(ffi_type){0, 8, code, code == FFI_TYPE_COMPLEX ? TYPES(&ffi_type_float) : NULL});
}

Test(cif, a_struct_has_members)
{
    ffi_type *empty = &(ffi_type){.type = FFI_TYPE_STRUCT, .elements = NO_TYPES};
    expect_refused(empty);
    expect_refused(STRUCT(empty));
    expect_refused(STRUCT(&ffi_type_sint, empty));
    expect_refused(&(ffi_type){.type = FFI_TYPE_STRUCT});
    expect_refused(&(ffi_type){16, 8, FFI_TYPE_STRUCT, NULL});
    expect_refused(STRUCT(&ffi_type_sint, &(ffi_type){.type = FFI_TYPE_STRUCT}));
}

Test(cif, a_struct_in_itself_is_refused)
{
    ffi_type self = {.type = FFI_TYPE_STRUCT};
    self.elements = TYPES(&self);
    expect_refused(&self);

    ffi_type one = {.type = FFI_TYPE_STRUCT}, other = {.type = FFI_TYPE_STRUCT};
    one.elements = TYPES(&ffi_type_schar, &other);
    other.elements = TYPES(&ffi_type_schar, &one);
    expect_refused(&one);
    expect_refused(&other);
}

Test(cif, nor_does_a_size_that_is_said_make_it_good)
{
    ffi_type self = {8, 8, FFI_TYPE_STRUCT, NULL};
    self.elements = TYPES(&self);
    expect_refused(&self);

    ffi_type one = {16, 8, FFI_TYPE_STRUCT, NULL}, other = {16, 8, FFI_TYPE_STRUCT, NULL};
    one.elements = TYPES(&other);
    other.elements = TYPES(&one);
    expect_refused(&one);
}

Test(cif, an_alignment_is_a_power_of_two)
{
    static const unsigned short bad[] = {0, 3, 24, 0xffff};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        expect_refused(STRUCT_AS(8, bad[i], &ffi_type_slong));
        expect_refused(STRUCT(&(ffi_type){8, bad[i], FFI_TYPE_SINT64, NULL}));
    }
}

Test(cif, sizes_that_overflow_are_refused)
{
    ffi_type *huge = STRUCT_AS(SIZE_MAX - 7, 8, &ffi_type_schar);
    expect_refused(huge);
    expect_refused(STRUCT(huge, &ffi_type_slong));
    expect_refused(STRUCT_AS((size_t)1 << 32, 8, &ffi_type_schar)); /* 0 in 32 bits */
    expect_refused(STRUCT_AS(((size_t)1 << 39) + 8, 8, &ffi_type_schar));
}

Test(cif, arguments_of_more_than_a_gibibyte_are_refused)
{
    ffi_type *half = STRUCT_AS((size_t)1 << 29, 8, &ffi_type_schar);
    ffi_type *v = &ffi_type_void, *l = &ffi_type_slong;
    for (int abi = FFI_FIRST_ABI + 1; abi < FFI_LAST_ABI; abi++) {
        ffi_cif cif;
        ffi_status status = ffi_prep_cif(&cif, abi, 1, v, TYPES(half));
        cr_expect(eq(int, status, FFI_OK), "abi %d", abi);
        status = ffi_prep_cif(&cif, abi, 3, v, TYPES(half, half, half));
        cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "abi %d", abi);
        /* The sum would be small again in 32 bits. */
        status =
            ffi_prep_cif(&cif, abi, 9, v, TYPES(half, half, half, half, half, half, half, half, l));
        cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "abi %d", abi);
    }
}

/* ---- Variadic functions ---- */

static ffi_status prepare_variadic(unsigned nfixed, unsigned ntotal, ffi_type **arguments)
{
    ffi_cif cif;
    return ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, nfixed, ntotal, &ffi_type_sint, arguments);
}

Test(cif, what_c_promotes_is_no_variadic_argument)
{
    ffi_type *promoted[] = {&ffi_type_float, &ffi_type_uint8, &ffi_type_sint8, &ffi_type_uint16,
                            &ffi_type_sint16};
    ffi_type *i = &ffi_type_sint;
    for (size_t n = 0; n < LENGTH(promoted); n++) {
        ffi_status status = prepare_variadic(1, 2, TYPES(i, promoted[n]));
        cr_expect(eq(int, status, FFI_BAD_ARGTYPE), "type %zu", n);
        status = prepare_variadic(1, 3, TYPES(i, i, promoted[n]));
        cr_expect(eq(int, status, FFI_BAD_ARGTYPE), "type %zu", n);
        status = prepare_variadic(2, 3, TYPES(i, promoted[n], i));
        cr_expect(eq(int, status, FFI_OK), "type %zu, in front of the ...", n);
    }
}

Test(cif, everything_else_is_a_variadic_argument)
{
    ffi_type *good[] = {
        &ffi_type_uint32, &ffi_type_sint32, &ffi_type_uint64,         &ffi_type_sint64,
        &ffi_type_double, &ffi_type_float,  &ffi_type_longdouble,     &ffi_type_pointer,
        bytes_type(1),    bytes_type(100),  &ffi_type_complex_double, &ffi_type_complex_float,
    };
    good[5] = STRUCT(&ffi_type_float);
    for (size_t n = 0; n < LENGTH(good); n++) {
        ffi_status status = prepare_variadic(1, 2, TYPES(&ffi_type_sint, good[n]));
        cr_expect(eq(int, status, FFI_OK), "type %zu", n);
    }
}

Test(cif, there_may_be_no_variadic_argument)
{
    ffi_status status = prepare_variadic(1, 1, TYPES(&ffi_type_float));
    cr_expect(eq(int, status, FFI_OK));
}

Test(cif, there_are_no_more_fixed_arguments_than_all)
{
    ffi_status status = prepare_variadic(2, 1, TYPES(&ffi_type_sint, &ffi_type_sint));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = prepare_variadic(UINT32_MAX, 1, TYPES(&ffi_type_sint));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}

Test(cif, a_variadic_signature_is_checked_like_any_other)
{
    ffi_cif cif;
    ffi_type *i = &ffi_type_sint;
    ffi_status status = prepare_variadic(1, 2, (ffi_type *[]){i, NULL});
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = prepare_variadic(1, 2, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_prep_cif_var(NULL, FFI_DEFAULT_ABI, 1, 1, i, TYPES(i));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 1, 1, NULL, TYPES(i));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}
