/* SPDX-License-Identifier: MIT
 *
 * fuzz.h: the target, what it has looked at, and what it does when something is wrong.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "plan.h"

#include <stdio.h>
#include <stdlib.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Ends the process, which is how the fuzzer and the replay learn of it. */
#define CHECK(holds)                                                                               \
    ((holds)                                                                                       \
         ? (void)0                                                                                 \
         : (fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds), abort()))

/* Prepares what the bytes say. libFuzzer's name for it. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A struct that ffi_get_struct_offsets has laid out. */
void check_offsets(const ffi_type *type, const size_t *offsets);

/* A signature that ffi_prep_cif has accepted: its plan, what else reads a cif, and calls. */
void check_prepared(ffi_cif *cif);

#endif
