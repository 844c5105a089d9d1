/* SPDX-License-Identifier: MIT
 *
 * check: rxffi-run --check, and the two questions that it asks in child processes.
 */
#ifndef RXFFI_CHECK_H
#define RXFFI_CHECK_H

#include <limits.h>
#include <stdbool.h>

#include "policy.h"

/* The whole report, on stdout. `library` is absolute, or NULL: then the system's libffi.so.8 is
 * the one that is judged. Returns the exit status. */
int check(const char *library);

/* What a child found out. It lies in memory that is shared with the child. */
struct findings {
    bool done;             /* the child came to its end */
    bool good;             /* the answer to the question is yes, without reserve */
    char words[256];       /* the answer, in words; several are separated by ", " */
    char loaded[PATH_MAX]; /* the file that the library was loaded from */
};

/* Whether the policy that this process is under refuses all that `policy` is meant to refuse.
 * For POLICY_NONE: whether nothing is refused; if something is, its names are the words. */
void kernel_bites(enum policy policy, struct findings *findings);

/* Whether closures of the library work in this process, on memory that is not writable. `name` is
 * a path or "libffi.so.8". */
void library_trial(const char *name, struct findings *findings);

#endif
