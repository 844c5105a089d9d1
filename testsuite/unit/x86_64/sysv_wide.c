/* SPDX-License-Identifier: MIT
 *
 * sysv_wide, x86_64: what 128-bit integers, vectors and complex integers travel in, by the System V
 * psABI, section 3.2.3 (src/x86_64/sysv.c), and that types whose size is a lie are no way to make
 * the library write beside a result. The judge is the text; the compilers are those of the suite
 * abi.
 */
#include "unit.h"
#include "abi.h"

#define STACK(offset) (RX_AREA_STACK + (offset))
#define VECTOR(...) (&(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(__VA_ARGS__)})

#define F &ffi_type_float
#define D &ffi_type_double
#define L &ffi_type_slong
#define Q &ffi_type_sint128
#define V2F VECTOR(F, F)
#define V4F VECTOR(F, F, F, F)

static struct rx_plan *plan;

static const struct rx_plan *plan_of(ffi_type *result, ffi_type **arguments)
{
    static char memory[4096];
    ffi_cif cif = signature_in(FFI_UNIX64, result, arguments);
    cr_assert(le(sz, rx_plan_size(cif.nargs), sizeof memory));
    return plan = (struct rx_plan *)rx_plan_compile(memory, &cif);
}

/* second: of the second eightbyte; ONE_PLACE when both travel together, in memory or in a vector
 * register, or when there is just one. */
#define ONE_PLACE UINT32_MAX

static void expect_at(unsigned i, uint32_t first, uint32_t second)
{
    const struct rx_arg *arg = &plan->args[i];
    bool two = arg->op == RX_OP_PAIR || arg->op == RX_OP_TWO;
    cr_expect(eq(u32, arg->dst, first), "argument %u", i);
    cr_expect(eq(int, two, second != ONE_PLACE), "argument %u", i);
    if (two)
        cr_expect(eq(u32, arg->op == RX_OP_TWO ? arg->dst + 8 : arg->dst2, second), "argument %u",
                  i);
}

/* How type travels as the only argument, and comes back. */
static void expect(ffi_type *type, uint32_t first, uint32_t second, unsigned ret)
{
    cr_expect(eq(uint, plan_of(type, NO_TYPES)->ret, ret), "the result");
    plan_of(&ffi_type_void, TYPES(type));
    expect_at(0, first, second);
}

#define expect_in_memory(type) expect(type, STACK(0), ONE_PLACE, RX_RET_MEMORY)

static void expect_refused(ffi_type *type)
{
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, FFI_UNIX64, 0, type, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "as a result");
    status = ffi_prep_cif(&cif, FFI_UNIX64, 1, &ffi_type_void, TYPES(type));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "as an argument");
}

/* ---- 128-bit integers: as struct { long, long }, but aligned to 16 in memory ---- */

Test(sysv_wide, an_int128_is_two_integers)
{
    expect(&ffi_type_sint128, RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect(&ffi_type_uint128, RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect(STRUCT(Q), RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect(STRUCT(STRUCT(Q)), RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect_in_memory(STRUCT(Q, &ffi_type_schar));
    expect_in_memory(STRUCT_AS(17, 1, &ffi_type_schar, Q));
}

Test(sysv_wide, an_int128_takes_two_registers_or_none)
{
    plan_of(&ffi_type_void, TYPES(L, L, L, L, Q, L));
    expect_at(4, RX_GENERAL(4), RX_GENERAL(5));
    expect_at(5, STACK(0), ONE_PLACE);

    plan_of(&ffi_type_void, TYPES(L, L, L, L, L, Q, L, L));
    expect_at(5, STACK(0), ONE_PLACE);
    expect_at(6, RX_GENERAL(5), ONE_PLACE); /* which is left */
    expect_at(7, STACK(16), ONE_PLACE);
}

Test(sysv_wide, an_int128_on_the_stack_is_aligned)
{
    plan_of(&ffi_type_void, TYPES(L, L, L, L, L, L, L, Q, L, Q));
    expect_at(6, STACK(0), ONE_PLACE);
    expect_at(7, STACK(16), ONE_PLACE);
    expect_at(8, STACK(32), ONE_PLACE);
    expect_at(9, STACK(48), ONE_PLACE);
    cr_expect(eq(uint, plan->bytes, 64));
}

/* ---- Vectors: __m64 is SSE, __m128 is SSE and SSEUP, in one register ---- */

Test(sysv_wide, a_vector_travels_in_one_register)
{
    ffi_type *c = &ffi_type_schar, *i = &ffi_type_sint;
    expect(V2F, RX_VECTOR(0), ONE_PLACE, RX_RET_SS);
    expect(VECTOR(c, c, c, c, c, c, c, c), RX_VECTOR(0), ONE_PLACE, RX_RET_SS);
    expect(V4F, RX_VECTOR(0), ONE_PLACE, RX_RET_VECTOR);
    expect(VECTOR(D, D), RX_VECTOR(0), ONE_PLACE, RX_RET_VECTOR);
    expect(VECTOR(L, L), RX_VECTOR(0), ONE_PLACE, RX_RET_VECTOR);
    expect(VECTOR(i, i, i), RX_VECTOR(0), ONE_PLACE, RX_RET_VECTOR);
    cr_expect(eq(uint, plan_of(&ffi_type_void, TYPES(V4F, V2F, D))->nvector, 3));
}

Test(sysv_wide, a_struct_of_a_vector_is_as_the_vector)
{
    expect(STRUCT(V4F), RX_VECTOR(0), ONE_PLACE, RX_RET_VECTOR);
    expect(STRUCT(STRUCT(STRUCT(V4F))), RX_VECTOR(0), ONE_PLACE, RX_RET_VECTOR);
    expect(STRUCT(V2F), RX_VECTOR(0), ONE_PLACE, RX_RET_SS);
}

Test(sysv_wide, vectors_share_a_struct_with_others)
{
    expect(STRUCT(V2F, V2F), RX_VECTOR(0), RX_VECTOR(1), RX_RET_SS);
    expect(STRUCT(V2F, L), RX_VECTOR(0), RX_GENERAL(0), RX_RET_SI);
    expect(STRUCT(L, V2F), RX_GENERAL(0), RX_VECTOR(0), RX_RET_IS);
    expect_in_memory(STRUCT(V4F, V4F));
    expect_in_memory(STRUCT(V4F, &ffi_type_schar));
    expect_in_memory(STRUCT_AS(24, 8, L, V4F));
}

Test(sysv_wide, the_ninth_vector_is_on_the_stack)
{
    plan_of(&ffi_type_void, TYPES(D, V4F, D, V4F, V2F, D, D, D, D, V4F, V2F, V4F));
    expect_at(1, RX_VECTOR(1), ONE_PLACE);
    expect_at(4, RX_VECTOR(4), ONE_PLACE);
    expect_at(7, RX_VECTOR(7), ONE_PLACE);
    expect_at(8, STACK(0), ONE_PLACE);
    expect_at(9, STACK(16), ONE_PLACE);
    expect_at(10, STACK(32), ONE_PLACE);
    expect_at(11, STACK(48), ONE_PLACE);
    cr_expect(eq(uint, plan->bytes, 64));
    cr_expect(eq(uint, plan->nvector, 8));
}

Test(sysv_wide, vectors_that_the_psabi_does_not_pass_are_refused)
{
    ffi_type *s = &ffi_type_sshort;
    expect_refused(VECTOR(F));
    expect_refused(VECTOR(s, s));
    expect_refused(VECTOR(D, D, D));
    expect_refused(VECTOR(D, D, D, D));
    expect_refused(STRUCT(VECTOR(D, D, D, D)));
    expect_refused(STRUCT(STRUCT(VECTOR(F))));
}

/* ---- Complex integers: as a struct of the parts ---- */

Test(sysv_wide, complex_integers_are_integer)
{
    expect(&(ffi_type){4, 2, FFI_TYPE_COMPLEX, TYPES(&ffi_type_sshort)}, RX_GENERAL(0), ONE_PLACE,
           RX_RET_II);
    expect(&(ffi_type){16, 8, FFI_TYPE_COMPLEX, TYPES(L)}, RX_GENERAL(0), RX_GENERAL(1), RX_RET_II);
    expect_in_memory((&(ffi_type){32, 16, FFI_TYPE_COMPLEX, TYPES(Q)}));
}

/* ---- Sizes that are lies ---- */

/* A value that is stored whole has room for the whole of it. */
static void expect_stored_within(ffi_type *type)
{
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_UNIX64, 0, type, NULL) != FFI_OK)
        return;
    switch (rx_plan_of(&cif)->ret) {
    case RX_RET_VECTOR:
    case RX_RET_X87:
        cr_expect(ge(sz, type->size, 16));
        break;
    case RX_RET_X87_PAIR:
        cr_expect(ge(sz, type->size, 32));
        break;
    default:
        if (!rx_plan_of(&cif)->ret_in_memory)
            cr_expect(eq(uint, rx_plan_of(&cif)->ret_bytes, type->size));
    }
}

Test(sysv_wide, half_a_value_is_none)
{
    for (size_t size = 1; size < 16; size++) {
        expect_in_memory(STRUCT_AS(size, 1, &ffi_type_longdouble));
        expect_in_memory(STRUCT_AS(size, 1, V4F));
        expect_stored_within(STRUCT_AS(size, 1, STRUCT(V4F)));
        expect_stored_within(STRUCT_AS(size, 1, Q));
        expect_stored_within(STRUCT_AS(size, 1, V2F));
        expect_stored_within(STRUCT_AS(size, 1, &ffi_type_complex_double));
    }
    for (size_t size = 1; size < 64; size++)
        if (size != 32)
            expect_refused(&(ffi_type){size, 16, FFI_TYPE_COMPLEX, TYPES(&ffi_type_longdouble)});
}
