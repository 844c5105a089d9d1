/* SPDX-License-Identifier: MIT
 *
 * program: the COMMAND that rxffi-run executes.
 */
#ifndef RXFFI_PROGRAM_H
#define RXFFI_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

#include "policy.h"

/* Finds the file that execvp(3) would execute for `name`. Returns 0, or an exit status after
 * saying what is wrong. */
int program_find(const char *name, char path[PATH_MAX]);

/* Makes sure that the program at `path`, or the interpreter that runs it if it is a script, would
 * take a preloaded library (if `preload`) and really would be under the policy. Returns 0, or
 * an exit status after saying why not. */
int program_examine(const char *path, bool preload, enum policy policy);

/* Executes it. Comes back only with an exit status, after saying what was wrong. */
int program_execute(const char *path, char **argv);

#endif
