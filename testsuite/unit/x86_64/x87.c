/* SPDX-License-Identifier: MIT
 *
 * x87, x86_64: the x87 stack is empty after every call (psABI 3.2.1), also when what a function
 * has left there is not wanted.
 */
#include "unit.h"

#include <complex.h>

/* Of the tags that fnstenv stores, all ones mean an empty stack; it masks the exceptions, too. */
static bool is_empty(void)
{
    struct {
        uint32_t control, status, tags, rest[4];
    } environment;
    __asm__ volatile("fnstenv %0\n\tfldcw %0" : "=m"(environment));
    return (environment.tags & 0xffff) == 0xffff;
}

static long double extended(void)
{
    return 1.5L;
}

static complex long double pair(void)
{
    return 1.5L + 2.5L * I;
}

struct lone {
    long double x;
};

static struct lone lone(void)
{
    return (struct lone){1.5L};
}

static void handle(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)args;
    (void)user_data;
    if (cif->rtype->type == FFI_TYPE_COMPLEX)
        *(complex long double *)result = pair();
    else
        *(long double *)result = 1.5L;
}

#undef I

Test(x87, the_stack_is_empty_after_every_call)
{
    struct {
        ffi_type *type;
        void (*function)(void);
    } rows[] = {
        {&ffi_type_longdouble, FN(extended)},
        {&ffi_type_complex_longdouble, FN(pair)},
        {STRUCT(&ffi_type_longdouble), FN(lone)},
        {STRUCT(STRUCT(&ffi_type_longdouble)), FN(lone)},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        ffi_cif cif = signature_in(FFI_UNIX64, rows[i].type, NO_TYPES);
        ffi_call_plan *plan = ffi_call_plan_alloc(&cif);
        void (*functions[])(void) = {rows[i].function, FN(callback(&cif, handle, NULL))};
        for (size_t f = 0; f < LENGTH(functions); f++) {
            complex long double result = 0;
            bool good = is_empty();
            ffi_call(&cif, functions[f], &result, NULL);
            good &= is_empty() && creall(result) == 1.5L;
            ffi_call(&cif, functions[f], NULL, NULL);
            good &= is_empty();
            ffi_call_go(&cif, functions[f], NULL, NULL, NULL);
            good &= is_empty();
            ffi_call_plan_invoke(plan, functions[f], &result, NULL);
            good &= is_empty();
            ffi_call_plan_invoke(plan, functions[f], NULL, NULL);
            good &= is_empty();
            cr_expect(good, "row %zu, function %zu", i, f);
        }
        ffi_call_plan_free(plan);
    }
}
