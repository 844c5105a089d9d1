/* SPDX-License-Identifier: MIT
 *
 * filter: a seccomp filter that answers mmap, mprotect and mremap with EPERM.
 */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "which architecture is this?"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define END(action) BPF_STMT(BPF_RET | BPF_K, action)
#define IF(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip, 0)

int forbid_mappings(void)
{
    /* Calls of another architecture, and on x86_64 those of x32, whose numbers have bit 30, end the
     * process: their numbers mean something else. */
    struct sock_filter filter[] = {
        LOAD(arch),
        IF(ARCHITECTURE, 1),
        END(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        END(SECCOMP_RET_KILL_PROCESS),
        IF(__NR_mmap, 3),
        IF(__NR_mprotect, 2),
        IF(__NR_mremap, 1),
        END(SECCOMP_RET_ALLOW),
        END(SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
