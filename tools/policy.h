/* SPDX-License-Identifier: MIT
 *
 * policy: the W^X policies that rxffi-run can put a process under. A policy is for life: it
 * cannot be taken back, and children and the programs they execute inherit it.
 */
#ifndef RXFFI_POLICY_H
#define RXFFI_POLICY_H

#include <stdbool.h>
#include <sys/prctl.h>

/* Linux 6.3; the headers of Debian 12 are of 6.1. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)
#endif
#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif

enum policy {
    POLICY_NONE,
    POLICY_MDWE,
    POLICY_SYSTEMD,
    POLICY_PAX,
    POLICY_STRICT,
    POLICY_COUNT,
};

const char *policy_name(enum policy policy);

/* Finds the policy of that name; false if there is none. */
bool policy_by_name(const char *name, enum policy *policy);

/* Whether the policy has a seccomp filter, which lets through only the machine's own table of
 * system calls. */
bool policy_filters(enum policy policy);

/* Whether this process is under PR_SET_MDWE, and under a seccomp filter, wherever they came from. A
 * kernel that cannot tell has none in force. */
bool policy_has_mdwe(void);
bool policy_has_filter(void);

/* Puts the calling process under the policy. Returns NULL, or why the kernel cannot do it, in
 * words; the process may then be under a part of the policy and should end. */
const char *policy_enter(enum policy policy);

#endif
