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

/* How it is going to be run. */
struct program_use {
    enum policy policy;
    bool preload; /* with a library in LD_PRELOAD */
    bool traced;  /* by ptrace(2) */
};

/* Makes sure that the program at `path`, or the interpreter that runs it if it is a script, would
 * take a preloaded library and really would be under the policy, and that being traced takes
 * nothing from it. Returns 0, or an exit status after saying why not; then `examined` is the file
 * that is at fault, if that could be read. */
int program_examine(const char *path, const struct program_use *use, char examined[PATH_MAX]);

/* Executes it. Comes back only with an exit status, after saying what was wrong. */
int program_execute(const char *path, char **argv);

#endif
