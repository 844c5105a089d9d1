/* SPDX-License-Identifier: MIT
 *
 * observe: runs a program, and tells whether it kept the rules of W^X between its marks (mark.h).
 *
 *     observe [--library=PATH] [--no-calls] [--may-open-library] [--mappings=N] [--seconds=N]
 *             PROGRAM ARGUMENT...
 *
 * The program is traced with all its threads and children, so that it needs nothing for being
 * observed: it may have no descriptor left, no /proc and no file that it may open. Between
 * MARK_BEGIN and MARK_END
 *   - no mapping is writable and executable, after any call that changes mappings and at the marks;
 *   - no executable page of a file has a shared writable view;
 *   - no file is opened or created, and no descriptor kept; with --may-open-library, the library's
 * own file may be opened for reading;
 *   - the code of closures lies in a private r-x mapping of the library's own file;
 *   - with --no-calls, there is no system call at all;
 *   - with --mappings=N, there are not more at MARK_MEMORY.
 *
 * It prints `library PATH`, `code PERMS PATH`, `figure TEXT`, `calls N`, `skip REASON`, `signal N`
 * when the program was ended by one, and a line `fault TEXT` for each rule that was broken. Exit
 * status: 0 no fault, 1 faults, 77 skipped, 99 it could not observe. A program that takes longer
 * than N seconds (60) is killed.
 */
#include "mark.h"
#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_SKIP 77
#define STATUS_BROKEN 99

static const char *expected_library;
static bool no_calls, may_open_library;
static unsigned seconds = 60;
static int most_mappings;

static pid_t program;
static bool watching, ended, skipped;
static unsigned long calls;

/* ---- The threads and processes that are traced ---- */

#define MAX_TRACEES 4096

static struct tracee {
    pid_t pid;
    bool started;                    /* its first stop has been seen */
    struct __ptrace_syscall_info in; /* the call that it is in */
} tracees[MAX_TRACEES];

static struct tracee *tracee_of(pid_t pid)
{
    struct tracee *unused = NULL;
    for (int i = 0; i < MAX_TRACEES; i++) {
        if (tracees[i].pid == pid)
            return &tracees[i];
        if (!unused && tracees[i].pid == 0)
            unused = &tracees[i];
    }
    if (!unused) {
        fault("more threads and processes than the observer can follow");
        exit(1);
    }
    *unused = (struct tracee){.pid = pid};
    return unused;
}

static const char *text_at(pid_t pid, uint64_t address)
{
    static char text[256];
    struct iovec here = {text, sizeof text - 1},
                 there = {(void *)(uintptr_t)address, sizeof text - 1};
    ssize_t n = -1;
    /* The text may end just before a page that is not there. */
    while (n < 0 && there.iov_len > 0) {
        n = process_vm_readv(pid, &here, 1, &there, 1, 0);
        here.iov_len = there.iov_len /= 2;
    }
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

/* ---- Marks ---- */

static void weigh(pid_t pid, long closures)
{
    static long all_before, anonymous_before;
    long all, anonymous;
    resident_bytes(pid, &all, &anonymous);
    if (closures == 0) {
        all_before = all;
        anonymous_before = anonymous;
        return;
    }
    int mappings = count_of_mappings(pid);
    say("figure %d mappings, %.0f bytes a closure and %.0f of code", mappings,
        (double)(anonymous - anonymous_before) / (double)closures,
        (double)(all - all_before - anonymous + anonymous_before) / (double)closures);
    if (most_mappings && mappings > most_mappings)
        fault("%d mappings, more than %d", mappings, most_mappings);
}

static void marked(pid_t pid, uint64_t which, uint64_t value)
{
    switch (which) {
    case MARK_BEGIN:
        if (!watching) {
            remember_descriptors(pid);
            look_at_mappings(pid);
        }
        watching = true;
        break;
    case MARK_END:
        look_at_mappings(pid);
        if (watching)
            look_at_descriptors(pid);
        watching = false;
        ended = true;
        break;
    case MARK_LIBRARY:
        look_at_library(pid, value, expected_library);
        break;
    case MARK_CODE:
        look_at_code(pid, value);
        look_at_mappings(pid);
        break;
    case MARK_WRONG:
        fault("%s", text_at(pid, value));
        break;
    case MARK_SKIP:
        say("skip %s", text_at(pid, value));
        skipped = true;
        break;
    case MARK_FIGURE:
        say("figure %s", text_at(pid, value));
        break;
    case MARK_MEMORY:
        weigh(pid, (long)value);
        break;
    }
}

/* ---- System calls between the marks ---- */

static bool opens(uint64_t call)
{
    switch (call) {
#ifdef SYS_open
    case SYS_open:
    case SYS_creat:
#endif
    case SYS_openat:
    case SYS_openat2:
    case SYS_memfd_create:
        return true;
    }
    return false;
}

/* Calls after which a mapping may be executable, or a file's mapping be written, that was not so
 * before. */
static bool may_break_rules(uint64_t call, const uint64_t *args)
{
    switch (call) {
    case SYS_mmap:
        return args[2] & PROT_EXEC || (args[2] & PROT_WRITE && !(args[3] & MAP_ANONYMOUS));
    case SYS_mprotect:
    case SYS_pkey_mprotect:
        return args[2] & (PROT_EXEC | PROT_WRITE);
    }
    return call == SYS_mremap || call == SYS_shmat;
}

static void returned(struct tracee *t, const struct __ptrace_syscall_info *out)
{
    if (out->exit.is_error)
        return;
    if (opens(t->in.entry.nr)) {
        const char *name = name_of_descriptor(t->pid, (int)out->exit.rval);
        bool is_library = expected_library && strcmp(name, expected_library) == 0;
        bool reads = t->in.entry.nr == SYS_openat && (t->in.entry.args[2] & O_ACCMODE) == O_RDONLY;
        if (!(may_open_library && is_library && reads))
            fault("opened %s", name);
    }
    if (may_break_rules(t->in.entry.nr, (const uint64_t *)t->in.entry.args))
        look_at_mappings(t->pid);
}

static void at_call(struct tracee *t)
{
    struct __ptrace_syscall_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof info, &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        if (watching && t->in.entry.nr != MARK_CALL)
            returned(t, &info);
        return;
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    t->in = info;
    if (info.entry.nr == MARK_CALL) {
        marked(t->pid, info.entry.args[0], info.entry.args[1]);
    } else if (watching) {
        calls++;
        if (no_calls)
            fault("system call %lu", (unsigned long)info.entry.nr);
    }
}

/* ---- Following ---- */

static void too_long(int signal)
{
    (void)signal;
    fault("not done after %u seconds", seconds);
    _exit(1); /* PTRACE_O_EXITKILL ends all others */
}

static void start(char **argv)
{
    program = fork();
    if (program == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execvp(*argv, argv);
        perror(*argv);
        _exit(127);
    }
    int status;
    if (program < 0 || waitpid(program, &status, 0) != program || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, program, 0,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) != 0) {
        perror("observe");
        exit(STATUS_BROKEN);
    }
    tracee_of(program)->started = true;
    ptrace(PTRACE_SYSCALL, program, 0, 0);
}

/* What the process is to get when it goes on: its signal, unless the signal is of the tracing. */
static int signal_at_stop(struct tracee *t, int status)
{
    int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
        at_call(t);
        return 0;
    }
    if (status >> 16 != 0)
        return 0;
    if (signal == SIGSTOP && !t->started) {
        t->started = true;
        return 0;
    }
    return signal;
}

static void follow(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (pid < 0)
            continue;
        struct tracee *t = tracee_of(pid);
        if (WIFSTOPPED(status)) {
            ptrace(PTRACE_SYSCALL, pid, 0, signal_at_stop(t, status));
            continue;
        }
        t->pid = 0;
        if (pid != program)
            continue;
        if (WIFSIGNALED(status))
            say("signal %d", WTERMSIG(status));
        else if (WEXITSTATUS(status) != 0 && !skipped && !any_fault())
            fault("ended with status %d", WEXITSTATUS(status));
        if (!ended && !skipped && (WIFSIGNALED(status) || !any_fault()))
            fault("ended early%s", WIFSIGNALED(status) ? ", by a signal" : "");
        return;
    }
}

int main(int argc, char **argv)
{
    for (argv++; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
        if (strncmp(*argv, "--library=", 10) == 0)
            expected_library = *argv + 10;
        else if (strcmp(*argv, "--no-calls") == 0)
            no_calls = true;
        else if (strcmp(*argv, "--may-open-library") == 0)
            may_open_library = true;
        else if (strncmp(*argv, "--mappings=", 11) == 0)
            most_mappings = atoi(*argv + 11);
        else if (strncmp(*argv, "--seconds=", 10) == 0)
            seconds = (unsigned)atoi(*argv + 10);
        else
            return STATUS_BROKEN;
    }
    if (argc < 2 || !*argv)
        return STATUS_BROKEN;
    signal(SIGALRM, too_long);
    start(argv);
    alarm(seconds);
    follow();
    say("calls %lu", calls);
    return skipped ? STATUS_SKIP : any_fault();
}
