/* SPDX-License-Identifier: MIT
 *
 * win64, aarch64: what travels in which register by Windows's convention (src/aarch64/win64.c). The
 * judge here is the text ("Overview of ARM64 ABI conventions" of Microsoft's documentation).
 */
#include "unit.h"
#include "abi.h"

#define STACK(offset) (RX_AREA_STACK + (offset))

#undef I /* of <complex.h> */
#define I &ffi_type_sint
#define L &ffi_type_slong
#define F &ffi_type_float
#define D &ffi_type_double
#define W &ffi_type_uint128

static const struct rx_plan *variadic(unsigned nfixed, ffi_type *result, ffi_type **arguments)
{
    ffi_cif cif = variadic_signature(FFI_WIN64, nfixed, result, arguments);
    return rx_plan_of(&cif);
}

static void expect_at(const struct rx_plan *plan, unsigned i, uint32_t place, unsigned op)
{
    cr_expect(eq(u32, plan->args[i].dst, place), "argument %u", i);
    cr_expect(eq(uint, plan->args[i].op, op), "argument %u", i);
}

Test(win64, without_a_variable_part_it_is_as_sysv)
{
    ffi_type *hfa = STRUCT(D, D, D), *large = bytes_type(17);
    ffi_type **types = TYPES(I, D, hfa, W, large, L, L, L, L, F, hfa, F);
    ffi_cif ours = signature_in(FFI_WIN64, hfa, types), theirs = signature_in(FFI_SYSV, hfa, types);
    const struct rx_plan *a = rx_plan_of(&ours), *b = rx_plan_of(&theirs);
    cr_expect(ne(ptr, (void *)a, (void *)b));
    for (unsigned i = 0; i < a->nargs; i++)
        cr_expect(eq(int, memcmp(&a->args[i], &b->args[i], sizeof a->args[i]), 0), "argument %u",
                  i);
    cr_expect(eq(uint, a->ret, b->ret));
}

Test(win64, a_variadic_function_is_given_nothing_in_vector_registers)
{
    const struct rx_plan *plan = variadic(1, D, TYPES(F, D, I, &ffi_type_longdouble, D));
    expect_at(plan, 0, RX_GENERAL(0), RX_OP_U32);
    expect_at(plan, 1, RX_GENERAL(1), RX_OP_U64);
    expect_at(plan, 2, RX_GENERAL(2), RX_OP_S32);
    expect_at(plan, 3, RX_GENERAL(4), RX_OP_TWO);
    expect_at(plan, 4, RX_GENERAL(6), RX_OP_U64);
    cr_expect(eq(uint, plan->ret, RX_RET_DOUBLE));
}

Test(win64, it_makes_no_difference_which_arguments_are_named)
{
    for (unsigned nfixed = 0; nfixed <= 2; nfixed++) {
        const struct rx_plan *plan = variadic(nfixed, I, TYPES(D, D));
        expect_at(plan, 0, RX_GENERAL(0), RX_OP_U64);
        expect_at(plan, 1, RX_GENERAL(1), RX_OP_U64);
    }
}

Test(win64, a_variadic_function_is_given_aggregates_by_their_size)
{
    const struct rx_plan *plan =
        variadic(0, I, TYPES(STRUCT(F, F), STRUCT(D, D), STRUCT(D, D, D), STRUCT(F)));
    expect_at(plan, 0, RX_GENERAL(0), RX_OP_U64);
    expect_at(plan, 1, RX_GENERAL(1), RX_OP_TWO);
    expect_at(plan, 2, RX_GENERAL(3), RX_OP_REF);
    expect_at(plan, 3, RX_GENERAL(4), RX_OP_U32);
}

Test(win64, a_struct_may_lie_in_x7_and_in_memory)
{
    ffi_type *l2 = STRUCT(L, L);
    const struct rx_plan *plan = variadic(1, I, TYPES(L, L, L, L, L, L, L, l2, L));
    expect_at(plan, 7, RX_GENERAL(7), RX_OP_PAIR);
    cr_expect(eq(u32, plan->args[7].dst2, STACK(0)));
    expect_at(plan, 8, STACK(8), RX_OP_U64);
    cr_expect(eq(uint, plan->bytes, 16));
}

Test(win64, but_not_one_that_is_aligned_to_16)
{
    const struct rx_plan *plan = variadic(1, I, TYPES(L, L, L, L, L, L, L, W, L, W));
    expect_at(plan, 7, STACK(0), RX_OP_TWO);
    expect_at(plan, 8, STACK(16), RX_OP_U64);
    expect_at(plan, 9, STACK(32), RX_OP_TWO);
}

/* ---- What arrives: the function is one with the same arguments, of which all are integers ---- */

struct two {
    long a, b;
};

static long take(long a, long b, long c, long d, long e, long f, long g, long x7, long s0, long s1)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * x7 + 9 * s0 + 10 * s1;
}

static void give(ffi_cif *cif, void *result, void **args, void *user_data)
{
    const double *first = args[0];
    const struct two *two = args[7];
    const long *last = args[8];
    (void)cif;
    (void)user_data;
    *(ffi_arg *)result = *first + 10 * two->a + 100 * two->b + 1000 * *last;
}

Test(win64, what_lies_in_two_places_arrives)
{
    ffi_type *l2 = STRUCT(L, L);
    ffi_cif cif = variadic_signature(FFI_WIN64, 1, L, TYPES(L, L, L, L, L, L, L, l2, L));
    long v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, result = 0;
    struct two two = {8, 9};
    ffi_call(&cif, FN(take), &result,
             VALUES(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &two, &v[9]));
    cr_expect(eq(long, result, 385));

    cif = variadic_signature(FFI_WIN64, 1, L, TYPES(D, L, L, L, L, L, L, l2, L));
    long (*code)(long, long, long, long, long, long, long, long, long, long) =
        callback(&cif, give, NULL);
    double d = 7;
    long word;
    memcpy(&word, &d, sizeof word);
    cr_expect(eq(long, code(word, 0, 0, 0, 0, 0, 0, 4, 5, 6), 6547));
}
