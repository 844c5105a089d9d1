/* SPDX-License-Identifier: MIT
 *
 * closure: what the rooms of closures share.
 */
#ifndef RX_CLOSURE_H
#define RX_CLOSURE_H

#include "arch.h"

typedef void handler(ffi_cif *cif, void *result, void **args, void *user_data);

/* What a cell holds when the closure is not in it: where it is. */
struct forward {
    ffi_closure *closure;
    void *block; /* malloc's, if the client asked for more than a cell */
};

/* ---- lookup.c ---- */

/* The trampoline that closure, or a block of malloc's, was allocated with; -1 if it is not
 * allocated. */
int64_t rx_index_of_closure(const void *closure);
int64_t rx_index_of_block(const void *block);

/* What ffi_closure_alloc gave for trampoline i, which is a closure's. */
void *rx_given(uint32_t i);

/* ---- alloc.c ---- */

/* Gives back trampoline i, which is a closure's, and its block. */
void rx_give_closure(uint32_t i);

/* ---- closure.c ---- */

typedef rx_entry *rx_entry_chooser(const struct rx_plan *plan);

/* The entry for a cif's plan, wherever that is. */
rx_entry *rx_entry_of(const ffi_cif *cif, rx_entry_chooser *choose);

/* Where the closure of trampoline i lies, as it was prepared last. */
ffi_closure *rx_prepared_closure(uint32_t i);

/* Can a closure be prepared with these? FFI_OK, or how ffi_prep_closure_loc refuses them. */
ffi_status rx_check_preparation(const ffi_closure *closure, const ffi_cif *cif, handler *fun,
                                const void *codeloc);

/* Prepares a closure, in its cell or elsewhere, for trampoline i. Calls go through its attributes,
 * if it is attributed. */
void rx_prepare(uint32_t i, ffi_closure *closure, ffi_cif *cif, handler *fun, void *user_data,
                bool attributed);

/* Runs fun as rx_run_closure does. */
unsigned rx_run_target(ffi_cif *cif, handler *fun, void *user_data, char *area);

#endif
