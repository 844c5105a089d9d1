/* SPDX-License-Identifier: MIT
 *
 * explain: rxffi-run --explain.
 */
#ifndef RXFFI_EXPLAIN_H
#define RXFFI_EXPLAIN_H

#include "policy.h"

/* Runs a program: start(data) is called in a child process, enters the policy and executes it. Then
 * tells on stderr what was seen. Returns the exit status, that of the program as a shell has it. */
int explain(enum policy policy, int (*start)(void *data), void *data);

/* Tells what can be told of a program that is not run: what lies in its file. Returns status. */
int explain_file(const char *path, int status);

#endif
