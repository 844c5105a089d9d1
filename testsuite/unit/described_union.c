/* SPDX-License-Identifier: MIT
 *
 * ffi_rx_union_new (src/described.c). The judge is the compiler: size, alignment, and functions of
 * the same union in C, called and calling back.
 */
#include "unit.h"
#include "described.h"
#include "layout.h"

union number {
    int i;
    double d;
    unsigned char c[11];
};

static ffi_type *number_type(void)
{
    return ffi_rx_union_new(TYPES(&ffi_type_sint, &ffi_type_double, bytes_type(11)));
}

Test(described_union, is_as_large_and_as_aligned_as_in_c)
{
    ffi_type *type = number_type();
    cr_assert(ne(ptr, type, NULL));
    cr_expect(eq(sz, type->size, sizeof(union number)));
    cr_expect(eq(sz, type->alignment, _Alignof(union number)));
    cr_expect(gt(int, type->type, FFI_TYPE_LAST), "no other libffi takes it for one of its own");
    ffi_rx_type_free(type);
}

Test(described_union, lists_its_members)
{
    ffi_type *type = ffi_rx_union_new(TYPES(&ffi_type_sint, &ffi_type_float));
    cr_expect(eq(ptr, type->elements[0], &ffi_type_sint));
    cr_expect(eq(ptr, type->elements[1], &ffi_type_float));
    cr_expect(eq(ptr, type->elements[2], NULL));
    size_t offsets[2] = {7, 7};
    cr_expect(eq(int, ffi_rx_struct_layout(type, offsets), 0));
    cr_expect(eq(sz, offsets[0], 0));
    cr_expect(eq(sz, offsets[1], 0));
}

/* ---- Calls ---- */

static union number doubled(int before, union number x, int behind)
{
    return (union number){.d = before == 1 && behind == 2 ? 2 * x.d : 0};
}

static void handle(ffi_cif *cif, void *result, void **args, void *data)
{
    (void)cif, (void)data;
    union number x;
    memcpy(&x, args[1], sizeof x);
    x = doubled(*(int *)args[0], x, *(int *)args[2]);
    memcpy(result, &x, sizeof x);
}

static void call_and_be_called(ffi_abi abi, ffi_type *type)
{
    ffi_cif cif = signature_in(abi, type, TYPES(&ffi_type_sint, type, &ffi_type_sint));
    int before = 1, behind = 2;
    union number x = {.d = 1.5}, result;
    ffi_call(&cif, FN(doubled), &result, VALUES(&before, &x, &behind));
    cr_expect(eq(dbl, result.d, 3));
    union number (*closure)(int, union number, int) =
        (union number(*)(int, union number, int))callback(&cif, handle, NULL);
    cr_expect(eq(dbl, closure(before, x, behind).d, 3));
}

Test(described_union, travels_as_in_c)
{
    call_and_be_called(FFI_DEFAULT_ABI, number_type());
}

Test(described_union, a_copy_stands_for_it)
{
    ffi_type copy = *number_type();
    call_and_be_called(FFI_DEFAULT_ABI, &copy);
}

struct pair {
    short s;
    union number n;
};

static short first_of(struct pair p)
{
    return p.s + (short)p.n.d;
}

Test(described_union, may_be_in_a_struct_of_libffis)
{
    ffi_type *pair = STRUCT(&ffi_type_sshort, number_type());
    ffi_cif cif = signature(&ffi_type_sshort, TYPES(pair));
    cr_expect(eq(sz, pair->size, sizeof(struct pair)));
    struct pair p = {1, {.d = 41}};
    ffi_arg result;
    ffi_call(&cif, FN(first_of), &result, VALUES(&p));
    cr_expect(eq(sz, result, 42));
}

Test(described_union, may_have_a_struct_of_libffis_which_is_laid_out)
{
    ffi_type *pair = STRUCT(&ffi_type_sshort, &ffi_type_double);
    ffi_type *type = ffi_rx_union_new(TYPES(pair, &ffi_type_schar));
    cr_expect(eq(sz, pair->size, 16));
    cr_expect(eq(sz, type->size, 16));
}

/* ---- What is refused ---- */

Test(described_union, without_members_is_none)
{
    cr_expect(eq(ptr, ffi_rx_union_new(NULL), NULL));
    cr_expect(eq(ptr, ffi_rx_union_new(NO_TYPES), NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_BAD_ARGUMENT));
}

Test(described_union, of_what_is_no_object_is_none)
{
    ffi_type unknown = {4, 4, FFI_TYPE_LAST + 1, NULL};
    ffi_type misaligned = {4, 3, FFI_TYPE_SINT32, NULL};
    ffi_type empty = {0, 4, FFI_TYPE_SINT32, NULL};
    ffi_type hollow = {8, 8, FFI_TYPE_STRUCT, NULL};
    ffi_type huge = {SIZE_MAX / 2, 1, FFI_TYPE_STRUCT, TYPES(&ffi_type_schar)};
    ffi_type self = {.type = FFI_TYPE_STRUCT};
    self.elements = TYPES(&self);
    ffi_type *bad[] = {&ffi_type_void, &unknown, &misaligned, &empty, &hollow, &huge, &self};
    for (size_t i = 0; i < LENGTH(bad); i++)
        cr_expect(eq(ptr, ffi_rx_union_new(TYPES(&ffi_type_sint, bad[i])), NULL), "%zu", i);
}

Test(described_union, nests_as_deep_as_is_promised)
{
    ffi_type *type = &ffi_type_sint;
    for (unsigned i = 0; i < RX_MAX_NESTING; i++) {
        type = ffi_rx_union_new(TYPES(type));
        cr_assert(ne(ptr, type, NULL), "%u", i);
    }
    signature(type, TYPES(type));
    cr_expect(eq(ptr, ffi_rx_union_new(TYPES(type)), NULL));
}

/* Each union has the one before it twice: to look at all there is would take for ever. */
Test(described_union, in_both_members_of_a_union_and_so_on_is_looked_at_for_a_while)
{
    ffi_type *type = &ffi_type_sint;
    for (unsigned i = 0; i < 100; i++)
        type = ffi_rx_union_new(TYPES(type, type));
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, type, TYPES(type));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}
