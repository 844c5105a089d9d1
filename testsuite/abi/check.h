/* SPDX-License-Identifier: MIT
 *
 * check.h: one signature, called in both directions.
 */
#ifndef CHECK_H
#define CHECK_H

#include "harness.h"

/* Prepares, calls and is called by a signature, `rounds` times with other values. Returns NULL if
 * all is well, otherwise what went wrong first; "control: ..." if it is the compiler or the test
 * itself. */
const char *check_signature(const struct signature *s, unsigned rounds);

#endif
