/* SPDX-License-Identifier: MIT
 *
 * closures.h: closures in all the ways in which the library has them.
 */
#ifndef CLOSURES_H
#define CLOSURES_H

#include "harness.h"

/* Prepares closure for one call, the scene's (scene.h), in a way drawn at random: plainly, or with
 * attributes of ffi_rx.h. Returns the name of the way; NULL if it is refused. */
const char *closure_prepare(ffi_closure *closure, void *code);

/* The call is over: compares what the attributes are to bring about, and frees the closure. */
void closure_end(ffi_closure *closure);

#endif
