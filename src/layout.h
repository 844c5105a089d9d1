/* SPDX-License-Identifier: MIT
 *
 * layout: where the members of a struct lie, and how large structs and vectors are.
 */
#ifndef RX_LAYOUT_H
#define RX_LAYOUT_H

#include "rx.h"

/* How deep structs may be nested. A struct that is its own member is deeper than any bound. */
#define RX_MAX_NESTING 256

/* Makes sure that type has a size and an alignment: lays it out if it is a struct of size 0, and so
 * on inwards; a vector's lanes are looked at each time. Returns FFI_OK or FFI_BAD_TYPEDEF; on an
 * error nothing of type itself is changed. Threads may complete one type at once. */
ffi_status rx_layout_complete(ffi_type *type);

/* Lays a struct out anew whatever its size says; offsets may be NULL. */
ffi_status rx_layout_struct(ffi_type *type, size_t *offsets);

#endif
