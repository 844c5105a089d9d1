/* SPDX-License-Identifier: MIT
 *
 * call_plan: the handles on plans that libffi 3.8 gives to its clients.
 *
 * A prepared cif has a plan already, which is never freed and which all equal signatures share; the
 * handle is its address. Only a plan that found no place in the arena is made for its client.
 * ffi_call_plan_invoke is in call.c.
 */
#include "plan.h"

#include <stdlib.h>

ffi_call_plan *ffi_call_plan_alloc(ffi_cif *cif)
{
    if (cif == NULL)
        return NULL;
    const struct rx_plan *plan = rx_plan_of(cif);
    if (plan == NULL) {
        void *memory = malloc(rx_plan_size(cif->nargs));
        if (memory == NULL)
            return NULL;
        plan = rx_plan_compile(memory, cif);
    }
    return (ffi_call_plan *)plan;
}

static bool is_in_arena(const ffi_call_plan *handle)
{
    return (uintptr_t)handle - (uintptr_t)rx_plan_arena < RX_PLAN_ARENA;
}

void ffi_call_plan_free(ffi_call_plan *handle)
{
    if (!is_in_arena(handle))
        free(handle);
}

size_t ffi_call_plan_size(ffi_call_plan *handle)
{
    return handle == NULL ? 0 : rx_plan_size(rx_plan_of_handle(handle)->nargs);
}
