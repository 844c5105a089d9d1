/* SPDX-License-Identifier: MIT
 *
 * ffi_rx.h: what run-times build on top of libffi, in the library itself.
 *
 * libffi hands out a callback and leaves the rest to its user. This header has the rest: a pool
 * whose capacity is known, closures that keep errno, run hooks, end after one call, change their
 * target or are shared, calls that are moved to the thread that owns a run-time, scopes that end
 * what C holds, and types that ffi_type cannot say. Who uses none of it pays nothing for it. ffi.h
 * stays as it is, and its functions and these may be mixed: a closure of the pool is an
 * ffi_closure, a type an ffi_type.
 *
 * Is it there? A program that may also run on another libffi.so.8 asks before it uses any of it:
 *
 *     #pragma weak ffi_rx_version                      (or dlsym (RTLD_DEFAULT, "ffi_rx_version"))
 *     if (ffi_rx_version != NULL)
 *         ...
 *
 * Errors. Functions that can fail return 0 or a negative errno value, NULL, or an ffi_status; none
 * sets errno. Misuse that would corrupt memory ends the process with one line on stderr, as in
 * ffi.h.
 *
 * Structs that the caller fills begin with `size`, their sizeof, so that they can grow: a program
 * compiled with an older or newer header runs. What an older library does not know must be 0.
 *
 * Threads and signals. Any function may be called from any thread, unless it says who may. Those
 * that may be called in signal handlers and in a child of fork say so; the others may not.
 */
#ifndef FFI_RX_H
#define FFI_RX_H

#include "ffi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of rxffi that this header is of. */
#define FFI_RX_VERSION "0.1.0"

/* That of the library that runs, a static string: "0.1.0". Callable anywhere. */
FFI_API const char *ffi_rx_version(void);

#ifdef __cplusplus
}
#endif
#endif
