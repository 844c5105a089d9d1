/* SPDX-License-Identifier: MIT
 *
 * kernel: runs a program as if on another kernel: a seccomp filter answers a call in its place.
 *
 *     kernel no-mdwe COMMAND...       PR_SET_MDWE is not known (before Linux 6.3): EINVAL
 *     kernel no-seccomp COMMAND...    seccomp filters are not built in: EINVAL
 *     kernel lying-mdwe COMMAND...    PR_SET_MDWE says that it succeeded, and does nothing
 *     kernel lying-seccomp COMMAND... the same for seccomp filters
 *     kernel no-ptrace COMMAND...     nobody may be traced (Yama): EPERM
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SET_MDWE 65  /* PR_SET_MDWE, which old headers lack */
#define SEIZE 0x4206 /* PTRACE_SEIZE, whose header does not go with others */

int main(int argc, char **argv)
{
    const char *kind = argc > 2 ? argv[1] : "";
    bool tracing = strstr(kind, "ptrace");
    uint32_t call = tracing ? __NR_ptrace : __NR_prctl;
    uint32_t option = tracing ? SEIZE : strstr(kind, "mdwe") ? SET_MDWE : PR_SET_SECCOMP;
    uint32_t error = strncmp(kind, "lying", 5) == 0 ? 0 : tracing ? EPERM : EINVAL;
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, call},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, option},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};

    if (!*kind || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0L, 0L) != 0) {
        perror("kernel");
        return 99;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 99;
}
