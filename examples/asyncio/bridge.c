/* SPDX-License-Identifier: MIT
 *
 * bridge: makes of any C function one with the same signature that runs in the thread of an event
 * loop, whoever calls it. All of it is the queue; the handler just calls on.
 */
#include <ffi_rx.h>

#include <stdlib.h>

struct bridge {
    ffi_cif cif;
    ffi_closure *closure;
};

static void call_on(ffi_cif *cif, void *result, void **args, void *function)
{
    ffi_call(cif, FFI_FN(function), result, args);
}

/* double (struct reading) is the only signature here; its types live as long as the program. */
static ffi_type *members[] = {&ffi_type_sint, &ffi_type_sint, &ffi_type_double, NULL};
static ffi_type reading = {.type = FFI_TYPE_STRUCT, .elements = members};
static ffi_type *types[] = {&reading};

/* Returns the new function's address, and in *out what bridge_close wants; NULL if there is no
 * memory. To be called in the loop's thread, which owns the queue. */
void *bridge_open(ffi_rx_queue *queue, void *function, struct bridge **out)
{
    void *code;
    struct bridge *bridge = malloc(sizeof *bridge);
    ffi_rx_closure_attr attr = {.size = sizeof attr, .queue = queue};
    if (bridge == NULL)
        return NULL;
    bridge->closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (bridge->closure == NULL) {
        free(bridge);
        return NULL;
    }
    ffi_prep_cif(&bridge->cif, FFI_DEFAULT_ABI, 1, &ffi_type_double, types);
    ffi_rx_prep_closure(bridge->closure, &bridge->cif, call_on, function, code, &attr);
    *out = bridge;
    return code;
}

void bridge_close(struct bridge *bridge)
{
    ffi_closure_free(bridge->closure);
    free(bridge);
}
