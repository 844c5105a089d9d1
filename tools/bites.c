/* SPDX-License-Identifier: MIT
 *
 * bites: does the kernel really refuse what a policy forbids?  Each thing is tried in a process
 * that is under the policy, and undone if it was allowed. A thing that this kernel does not
 * have at all counts as refused.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Whether a mapping could not be made; one that could is taken away again. */
static bool refused(void *mapping)
{
    if (mapping == MAP_FAILED)
        return true;
    munmap(mapping, page_size());
    return false;
}

static void *anonymous(int prot)
{
    return mmap(NULL, page_size(), prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool anonymous_write_and_execute(void)
{
    return refused(anonymous(PROT_READ | PROT_WRITE | PROT_EXEC));
}

static bool anonymous_execute(void)
{
    return refused(anonymous(PROT_READ | PROT_EXEC));
}

static bool mprotect_execute(void)
{
    void *page = anonymous(PROT_READ | PROT_WRITE);
    bool no = page == MAP_FAILED || mprotect(page, page_size(), PROT_READ | PROT_EXEC) != 0;
    refused(page);
    return no;
}

/* Key -1 is no key: this works on processors that have none. */
static bool pkey_mprotect_execute(void)
{
    void *page = anonymous(PROT_READ | PROT_WRITE);
    bool no = page == MAP_FAILED ||
              syscall(SYS_pkey_mprotect, page, page_size(), PROT_READ | PROT_EXEC, -1L) != 0;
    refused(page);
    return no;
}

static bool shmat_execute(void)
{
    /* SHM_EXEC asks for the right to execute, as of a file (shmat(2)). */
    int id = shmget(IPC_PRIVATE, page_size(), IPC_CREAT | 0700);
    if (id < 0)
        return true;
    void *at = shmat(id, NULL, SHM_EXEC);
    shmctl(id, IPC_RMID, NULL);
    if (at == (void *)-1)
        return true;
    shmdt(at);
    return false;
}

static bool shared_execute(void)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int anonymously = fd < 0 ? MAP_ANONYMOUS : 0;
    void *page = mmap(NULL, page_size(), PROT_READ | PROT_EXEC, MAP_SHARED | anonymously, fd, 0);
    if (fd >= 0)
        close(fd);
    return refused(page);
}

static bool memfd(void)
{
    int fd = (int)syscall(SYS_memfd_create, "rxffi-run", 1L /* MFD_CLOEXEC */);
    if (fd < 0)
        return true;
    close(fd);
    return false;
}

static bool read_implies_execute(void)
{
    int before = personality(0xffffffff);
    if (before == -1 || personality((unsigned long)before | READ_IMPLIES_EXEC) == -1)
        return true;
    personality((unsigned long)before);
    return false;
}

#define MDWE (1u << POLICY_MDWE)
#define SYSTEMD (1u << POLICY_SYSTEMD)
#define PAX (1u << POLICY_PAX)
#define STRICT (1u << POLICY_STRICT)

/* personality comes last, and what it changed is put back. */
static const struct {
    unsigned policies; /* which are meant to refuse it */
    const char *name;
    bool (*refused)(void);
} bites[] = {
    {MDWE | SYSTEMD | PAX | STRICT, "anonymous W+X", anonymous_write_and_execute},
    {MDWE | SYSTEMD | PAX | STRICT, "mprotect +X", mprotect_execute},
    {MDWE | SYSTEMD | PAX | STRICT, "pkey_mprotect +X", pkey_mprotect_execute},
    {MDWE | SYSTEMD | PAX | STRICT, "shmat W+X", shmat_execute},
    {PAX | STRICT, "anonymous X", anonymous_execute},
    {STRICT, "shared X", shared_execute},
    {STRICT, "memfd_create", memfd},
    {PAX | STRICT, "READ_IMPLIES_EXEC", read_implies_execute},
};

#define COUNT (sizeof bites / sizeof *bites)

/* Which of these are refused, a bit for each; those of a policy, or all. */
static unsigned refusals(unsigned policy)
{
    unsigned refused = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (bites[i].policies & policy && bites[i].refused())
            refused |= 1u << i;
    return refused;
}

static unsigned meant_by(unsigned policy)
{
    unsigned meant = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (bites[i].policies & policy)
            meant |= 1u << i;
    return meant;
}

static void name_them(unsigned which, struct findings *findings)
{
    size_t length = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (which >> i & 1 && length < sizeof findings->words)
            length += (size_t)snprintf(findings->words + length, sizeof findings->words - length,
                                       "%s%s", length ? ", " : "", bites[i].name);
}

void kernel_bites(const void *about, struct findings *findings)
{
    const enum policy *policy = about;
    unsigned mask = *policy == POLICY_NONE ? ~0u : 1u << *policy;
    unsigned meant = *policy == POLICY_NONE ? 0 : meant_by(mask);
    unsigned wrong = refusals(mask) ^ meant;
    findings->good = wrong == 0;
    name_them(wrong, findings);
}

/* ---- What is in force? ---- */

/* Which policy refuses just this, if one does: strict before those that are parts of it. */
static const char *policy_like(unsigned refused, bool filtered)
{
    if (refused == meant_by(STRICT) && filtered)
        return "strict";
    if (refused == meant_by(PAX) && filtered)
        return "pax";
    if (refused == meant_by(SYSTEMD) && filtered && !policy_has_mdwe())
        return "systemd";
    return refused == meant_by(MDWE) && policy_has_mdwe() ? "mdwe" : NULL;
}

void kernel_policy(const void *about, struct findings *findings)
{
    (void)about;
    bool filtered = policy_has_filter();
    unsigned refused = refusals(~0u);
    const char *like = policy_like(refused, filtered);

    findings->good = !refused;
    name_them(refused, findings);
    if (!refused)
        strcpy(findings->words, "nothing");
    snprintf(findings->loaded, sizeof findings->loaded, "%s, %s%s%s%s",
             policy_has_mdwe() ? "PR_SET_MDWE" : "no PR_SET_MDWE",
             filtered ? "a seccomp filter" : "no seccomp filter", like ? "; what --wx=" : "",
             like ? like : "", like ? " refuses" : "");
}
