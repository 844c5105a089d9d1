/* SPDX-License-Identifier: MIT
 *
 * policies: conditions in which the kernel refuses executable memory. They share nothing with
 * rxffi-run's policies, on purpose.
 */
#include "hostile.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

/* A call fails with error when (argument & mask) == value, twice. Mask 0: no such test. */
struct denial {
    uint32_t call;
    int error;
    struct {
        int argument;
        uint32_t mask, value;
    } tests[2];
};

#define MAX_DENIALS 12

static void deny(const struct denial *denials)
{
    struct sock_filter code[MAX_DENIALS * 9 + 1];
    unsigned short n = 0;
    for (const struct denial *d = denials; d->error; d++) {
        unsigned tests = !!d->tests[0].mask + !!d->tests[1].mask;
        code[n++] =
            (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)};
        code[n++] = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 0, 3 * tests + 1, d->call};
        for (unsigned t = 0; t < tests; t++) {
            unsigned at = offsetof(struct seccomp_data, args) + 8 * d->tests[t].argument;
            unsigned rest = 3 * (tests - t - 1) + 1;
            code[n++] = (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0, at};
            code[n++] = (struct sock_filter){BPF_ALU | BPF_AND | BPF_K, 0, 0, d->tests[t].mask};
            code[n++] = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 0, rest, d->tests[t].value};
        }
        code[n++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | d->error};
    }
    code[n++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog program = {n, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0L, 0L) != 0)
        skip("this kernel has no seccomp filters");
}

/* ---- What is denied ---- */

#define W_X (PROT_WRITE | PROT_EXEC)

static void enter_none(void)
{
}

static void enter_mdwe(void)
{
    if (prctl(PR_SET_MDWE, 1L, 0L, 0L, 0L) != 0)
        skip("this kernel has no PR_SET_MDWE");
}

static void enter_systemd(void)
{
    deny((const struct denial[]){{SYS_mmap, EPERM, {{2, W_X, W_X}}},
                                 {SYS_mprotect, EPERM, {{2, PROT_EXEC, PROT_EXEC}}},
                                 {SYS_pkey_mprotect, EPERM, {{2, PROT_EXEC, PROT_EXEC}}},
                                 {SYS_shmat, EPERM, {{2, SHM_EXEC, SHM_EXEC}}},
                                 {SYS_memfd_create, EPERM, {{0}}},
                                 {0}});
}

static void enter_pax(void)
{
    deny((const struct denial[]){
        {SYS_mmap, EPERM, {{2, W_X, W_X}}},
        {SYS_mmap, EPERM, {{2, PROT_EXEC, PROT_EXEC}, {3, MAP_ANONYMOUS, MAP_ANONYMOUS}}},
        {SYS_mprotect, EACCES, {{2, PROT_EXEC, PROT_EXEC}}},
        {SYS_pkey_mprotect, EACCES, {{2, PROT_EXEC, PROT_EXEC}}},
        {0}});
}

static void enter_no_exec(void)
{
    deny((const struct denial[]){{SYS_mmap, EPERM, {{2, PROT_EXEC, PROT_EXEC}}},
                                 {SYS_mprotect, EPERM, {{2, PROT_EXEC, PROT_EXEC}}},
                                 {SYS_pkey_mprotect, EPERM, {{2, PROT_EXEC, PROT_EXEC}}},
                                 {0}});
}

static void enter_no_mapping(void)
{
    deny((const struct denial[]){{SYS_mmap, ENOMEM, {{0}}},
                                 {SYS_mprotect, EPERM, {{0}}},
                                 {SYS_pkey_mprotect, EPERM, {{0}}},
                                 {SYS_mremap, ENOMEM, {{0}}},
                                 {0}});
}

/* A kernel before 6.13, which can have guard pages only as mappings of their own. */
#define MADV_GUARD_INSTALL 102

static void enter_no_guards(void)
{
    deny(
        (const struct denial[]){{SYS_madvise, EINVAL, {{2, UINT32_MAX, MADV_GUARD_INSTALL}}}, {0}});
}

/* ---- Whether it is ---- */

static char page[65536] __attribute__((aligned(65536)));

static bool no_mapping_gets_executable(void)
{
    return mprotect(page, sizeof page, PROT_READ | PROT_EXEC) != 0 &&
           mmap(NULL, 1, PROT_READ | W_X, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static bool no_anonymous_code(void)
{
    return no_mapping_gets_executable() &&
           mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static bool no_memfd(void)
{
    return no_mapping_gets_executable() && syscall(SYS_memfd_create, "", 0L) == -1;
}

static bool no_mapping(void)
{
    return mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
           mprotect(page, sizeof page, PROT_READ) != 0;
}

static bool no_guards(void)
{
    return madvise(page, sizeof page, MADV_GUARD_INSTALL) != 0;
}

const struct condition policy_conditions[] = {
    {"none", enter_none, NULL, NULL},
    {"mdwe", enter_mdwe, no_mapping_gets_executable, NULL},
    {"systemd", enter_systemd, no_memfd, NULL},
    {"pax", enter_pax, no_anonymous_code, NULL},
    {"no-exec", enter_no_exec, no_anonymous_code, NULL},
    {"no-mapping", enter_no_mapping, no_mapping, NULL},
    {"no-guards", enter_no_guards, no_guards, NULL},
    {0},
};
