/* SPDX-License-Identifier: MIT
 *
 * raw: what the two kinds of packed arguments have in common.
 */
#ifndef RX_RAW_H
#define RX_RAW_H

#include "rx.h"

/* Widens an integer narrower than a word into *raw; false if type is no such integer. */
bool rx_raw_widen(ffi_raw *raw, const ffi_type *type, const void *value);

/* Prepares a closure with a handler that packs the arguments and calls fun. */
ffi_status rx_raw_prepare(ffi_raw_closure *closure, ffi_cif *cif,
                          void (*translator)(ffi_cif *, void *, void **, void *),
                          void (*fun)(ffi_cif *, void *, ffi_raw *, void *), void *user_data,
                          void *codeloc);

#endif
