/* SPDX-License-Identifier: MIT
 *
 * closure: what the rooms of closures share.
 */
#ifndef RX_CLOSURE_H
#define RX_CLOSURE_H

#include "arch.h"

/* What a cell holds when the closure is not in it: where it is. */
struct forward {
    ffi_closure *closure;
    void *block; /* malloc's, if the client asked for more than a cell */
};

#endif
