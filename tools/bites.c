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

void kernel_bites(enum policy policy, struct findings *findings)
{
    bool meant_any = policy != POLICY_NONE;
    size_t length = 0;

    findings->good = true;
    for (size_t i = 0; i < sizeof bites / sizeof *bites; i++) {
        bool meant = bites[i].policies & 1u << policy;
        if (meant_any && !meant)
            continue;
        if (bites[i].refused() == meant)
            continue;
        findings->good = false;
        if (length < sizeof findings->words)
            length += (size_t)snprintf(findings->words + length, sizeof findings->words - length,
                                       "%s%s", length ? ", " : "", bites[i].name);
    }
}
