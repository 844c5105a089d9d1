/* SPDX-License-Identifier: MIT
 *
 * requests: which system calls ask for executable memory, other than for the code of a file that is
 * mapped as every library is; and from which object the call came.
 *
 * That is told by the stack: the C library's functions that make these calls are short, so one of
 * the first words there is where they return to. It is a guess, which nothing but the report
 * depends on.
 */
#include "requests.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "machine.h"
#include "policy.h"

/* <linux/ptrace.h> has the struct under another name, and not beside <sys/ptrace.h>. */
typedef struct __ptrace_syscall_info call_info;

/* ---- Who ---- */

#define WORDS 256

static size_t read_stack(pid_t pid, uint64_t at, uint64_t words[WORDS])
{
    struct iovec here = {words, WORDS * sizeof *words},
                 there = {(void *)(uintptr_t)at, WORDS * sizeof *words};
    ssize_t got = -1;
    /* It may end before that. */
    while (got < 0 && there.iov_len >= sizeof *words) {
        got = process_vm_readv(pid, &here, 1, &there, 1, 0);
        there.iov_len /= 2;
    }
    return got < 0 ? 0 : (size_t)got / sizeof *words;
}

/* The C library and its like, which make calls for others. */
static bool is_between(const struct object *object)
{
    const char *soname = object->facts.soname;
    return strncmp(soname, "libc.", 5) == 0 || strncmp(soname, "libpthread.", 11) == 0;
}

/* The object that has the code of the first word which is an address in one. */
static const struct object *caller(pid_t pid, const call_info *info)
{
    static struct mapping m;
    static uint64_t words[WORDS + 1];
    words[0] = info->instruction_pointer;
    size_t count = 1 + read_stack(pid, info->stack_pointer, words + 1), first = count;
    const struct object *found = NULL;

    FILE *maps = maps_open(pid);
    while (maps && maps_next(maps, &m)) {
        const struct object *object = m.can[2] == 'x' ? object_of(pid, &m) : NULL;
        if (!object || is_between(object))
            continue;
        for (size_t i = 0; i < first; i++)
            if (words[i] >= m.start && words[i] < m.end) {
                first = i;
                found = object;
            }
    }
    if (maps)
        fclose(maps);
    return found;
}

/* ---- What ---- */

/* Whether all of this memory can be executed already. */
static bool is_executable(pid_t pid, uint64_t start, uint64_t length)
{
    static struct mapping m;
    uint64_t at = start;
    FILE *maps = maps_open(pid);
    while (maps && maps_next(maps, &m))
        if (at >= m.start && at < m.end && m.can[2] == 'x')
            at = m.end;
    if (maps)
        fclose(maps);
    return at >= start + length;
}

static const char *asked_for(pid_t pid, uint64_t call, const uint64_t args[6])
{
    bool executes = args[2] & PROT_EXEC, writes = args[2] & PROT_WRITE;

    switch (call) {
    case SYS_mmap:
        if (executes && writes)
            return "mmap of writable and executable memory";
        if (executes && args[3] & MAP_ANONYMOUS)
            return "mmap of anonymous executable memory";
        return executes && args[3] & MAP_SHARED ? "mmap of shared executable memory" : NULL;
    case SYS_mprotect:
    case SYS_pkey_mprotect:
        if (executes && writes)
            return "mprotect to writable and executable";
        return executes && !is_executable(pid, args[0], args[1]) ? "mprotect to executable" : NULL;
    case SYS_shmat:
        return args[2] & SHM_EXEC ? "shmat of executable memory" : NULL;
    case SYS_personality:
        return args[0] != UINT32_MAX && args[0] & READ_IMPLIES_EXEC
                   ? "personality READ_IMPLIES_EXEC"
                   : NULL;
    }
    return NULL;
}

static bool changes_mappings(uint64_t call, const uint64_t args[6])
{
    switch (call) {
    case SYS_mmap:
        /* With PROT_WRITE, it may be the other half of an alias. */
        return args[2] & PROT_EXEC || (args[2] & PROT_WRITE && args[3] & MAP_SHARED);
    case SYS_mprotect:
    case SYS_pkey_mprotect:
        return args[2] & PROT_EXEC;
    }
    return call == SYS_mremap || call == SYS_shmat;
}

/* ---- Begin and end of a call ---- */

void request_at_call(struct request_state *state, struct image *image, pid_t pid)
{
    call_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
        return;
    /* The calls of another table (i386) have other numbers. */
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.arch == MACHINE_AUDIT) {
        const uint64_t *args = (const uint64_t *)info.entry.args;
        state->what = asked_for(pid, info.entry.nr, args);
        state->who = state->what ? caller(pid, &info) : NULL;
        state->maps = changes_mappings(info.entry.nr, args);
        state->mdwe = info.entry.nr == SYS_prctl && args[0] == PR_SET_MDWE;
        return;
    }
    if (info.op != PTRACE_SYSCALL_INFO_EXIT)
        return;
    if (state->what)
        image_note(image, state->what, state->who, info.exit.is_error ? (int)-info.exit.rval : 0);
    if (state->maps && !info.exit.is_error)
        image_look(image, pid);
    if (state->mdwe && !info.exit.is_error)
        image->mdwe = true;
    *state = (struct request_state){0};
}
