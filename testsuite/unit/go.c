/* SPDX-License-Identifier: MIT
 *
 * go: Go closures, and calls of them by ffi_call_go (src/closure.c, src/call.c). The static chain
 * register itself is looked at in the folder of the architecture.
 */
#include "sized.h"

struct adder {
    ffi_go_closure go;
    double more;
};

/* result = the sum of the arguments, and of what lies behind the closure */
static void add(ffi_cif *cif, void *result, void **args, void *closure)
{
    double sum = ((struct adder *)closure)->more;
    for (unsigned i = 0; i < cif->nargs; i++)
        sum += cif->arg_types[i]->type == FFI_TYPE_DOUBLE ? *(double *)args[i]
                                                          : (double)*(long *)args[i];
    if (cif->rtype->type == FFI_TYPE_DOUBLE)
        *(double *)result = sum;
    else
        *(ffi_sarg *)result = (ffi_sarg)sum;
}

static void prepare(struct adder *adder, ffi_cif *cif)
{
    ffi_status status = ffi_prep_go_closure(&adder->go, cif, add);
    cr_assert(eq(int, status, FFI_OK));
}

/* A Go function value is a pointer to a struct that begins with the code's address. */
static void (*code_of(struct adder *adder))(void)
{
    return FN(adder->go.tramp);
}

Test(go, the_closure_is_laid_out_as_in_libffi)
{
    cr_expect(eq(sz, sizeof(ffi_go_closure), 24));
    cr_expect(eq(sz, offsetof(ffi_go_closure, tramp), 0));
    cr_expect(eq(sz, offsetof(ffi_go_closure, cif), 8));
    cr_expect(eq(sz, offsetof(ffi_go_closure, fun), 16));
}

Test(go, a_closure_finds_itself)
{
    ffi_cif cif = signature(&ffi_type_slong, TYPES(&ffi_type_slong));
    struct adder one = {.more = 100}, two = {.more = 200};
    prepare(&one, &cif);
    prepare(&two, &cif);
    long value = 7, result = 0;
    ffi_call_go(&cif, code_of(&one), &result, VALUES(&value), &one);
    cr_expect(eq(long, result, 107));
    ffi_call_go(&cif, code_of(&two), &result, VALUES(&value), &two);
    cr_expect(eq(long, result, 207));
}

Test(go, a_closure_takes_floating_point)
{
    ffi_cif cif = signature(&ffi_type_double, TYPES(&ffi_type_double, &ffi_type_slong));
    struct adder adder = {.more = 0.25};
    prepare(&adder, &cif);
    double d = 1.5, result = 0;
    long l = 40;
    ffi_call_go(&cif, code_of(&adder), &result, VALUES(&d, &l), &adder);
    cr_expect(eq(dbl, result, 41.75));
}

Test(go, a_closure_takes_arguments_on_the_stack)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double;
    ffi_cif cif = signature(l, TYPES(l, d, l, d, l, d, l, d, l, d, l, d, l, d, l, d, l, d, l, d));
    struct adder adder = {.more = 1000};
    prepare(&adder, &cif);
    long v = 3, result = 0;
    double w = 5;
    ffi_call_go(
        &cif, code_of(&adder), &result,
        VALUES(&v, &w, &v, &w, &v, &w, &v, &w, &v, &w, &v, &w, &v, &w, &v, &w, &v, &w, &v, &w),
        &adder);
    cr_expect(eq(long, result, 1080));
}

static long sum_and_difference(long a, long b)
{
    return 1000 * (a + b) + (a - b);
}

Test(go, a_call_with_a_chain_is_a_call)
{
    ffi_cif cif = signature(&ffi_type_slong, TYPES(&ffi_type_slong, &ffi_type_slong));
    long a = 50, b = 8, result = 0;
    ffi_call_go(&cif, FN(sum_and_difference), &result, VALUES(&a, &b), &cif);
    cr_expect(eq(long, result, 58042));
    ffi_call_go(&cif, FN(sum_and_difference), NULL, VALUES(&a, &b), NULL);
}

static void give_back(ffi_cif *cif, void *result, void **args, void *closure)
{
    (void)closure;
    memcpy(result, args[0], cif->rtype->size);
}

Test(go, a_struct_goes_there_and_back)
{
    struct adder adder;
    for (size_t size = 1; size <= 40; size++) {
        ffi_type *type = bytes_type(size);
        ffi_cif cif = signature(type, TYPES(type));
        ffi_status status = ffi_prep_go_closure(&adder.go, &cif, give_back);
        cr_assert(eq(int, status, FFI_OK));
        char value[40], result[40] = {0};
        fill(value, size);
        ffi_call_go(&cif, code_of(&adder), result, VALUES(value), &adder);
        cr_expect(eq(int, memcmp(result, value, size), 0), "size %zu", size);
    }
}

Test(go, what_is_missing_is_refused)
{
    ffi_go_closure closure;
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    ffi_status status = ffi_prep_go_closure(NULL, &cif, add);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no closure");
    status = ffi_prep_go_closure(&closure, NULL, add);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no cif");
    status = ffi_prep_go_closure(&closure, &cif, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no function");
    const int bad[] = {FFI_FIRST_ABI, FFI_LAST_ABI, -1};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        cif.abi = bad[i];
        status = ffi_prep_go_closure(&closure, &cif, add);
        cr_expect(eq(int, status, FFI_BAD_ABI), "abi %d", bad[i]);
    }
}
