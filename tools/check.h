/* SPDX-License-Identifier: MIT
 *
 * check: rxffi-run --check, and the questions that are asked in child processes.
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

typedef void question(const void *about, struct findings *findings);

/* Asks in a child that is under the policy. */
void ask(enum policy policy, question *question, const void *about, struct findings *findings);

/* Whether the policy that this process is under refuses all that a policy, *about, is meant to
 * refuse. For POLICY_NONE: whether nothing is refused; if something is, its names are the words. */
void kernel_bites(const void *about, struct findings *findings);

/* What this process is refused; `loaded` is what it is under, in words, and which policy refuses
 * the same. */
void kernel_policy(const void *about, struct findings *findings);

/* Whether closures of the library work in this process, on memory that is not writable. `about` is
 * its name: a path or "libffi.so.8". */
void library_trial(const void *about, struct findings *findings);

#endif
