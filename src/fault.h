/* SPDX-License-Identifier: MIT
 *
 * fault: the end of a program that misuses closures or types. One line on stderr, then abort.
 *
 * Only async-signal-safe functions are used: a fault may happen anywhere.
 */
#ifndef RX_FAULT_H
#define RX_FAULT_H

#include "chunk.h"

enum rx_free_fault {
    RX_FREED_TWICE,   /* a cell that is no client's at present */
    RX_FREED_INSIDE,  /* an address in a live cell that was not handed out */
    RX_FREED_FOREIGN, /* no closure of this library's */
};

void rx_fault_free(enum rx_free_fault fault, const void *closure) __attribute__((noreturn));
/* The trampoline of this record is free in two places, or free and a client's. */
void rx_fault_given_twice(const struct rx_record *record) __attribute__((noreturn, cold));
void rx_fault_prepared_after_free(const void *code) __attribute__((noreturn));
/* No scope, or one that was freed. */
void rx_fault_scope(const void *scope) __attribute__((noreturn, cold));
void rx_fault_free_type(const ffi_type *type) __attribute__((noreturn));
void rx_fault_java_aggregate(void) __attribute__((noreturn));
void rx_fault_exception_in_wait(void) __attribute__((noreturn));

#endif
