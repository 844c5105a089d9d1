/* SPDX-License-Identifier: MIT
 *
 * trace: follows a program by ptrace(2), with all its threads and children, and has what they map
 * and ask for collected.
 *
 * It is seized and not made to stop at signals, so that job control, and whoever waits for it, find
 * it as ever. Nothing is changed in it. But it is slower, sees a TracerPid in its status, cannot be
 * traced by another, and a set-uid program that it starts gains no privileges.
 */
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image.h"
#include "requests.h"
#include "rxffi-run.h"

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

/* ---- Threads and processes ---- */

struct tracee {
    pid_t pid;
    struct image *image;
    struct request_state request;
};

static struct tracee *tracees;
static size_t tracee_count, tracee_room;

static struct tracee *known(pid_t pid)
{
    for (size_t i = 0; i < tracee_count; i++)
        if (tracees[i].pid == pid)
            return &tracees[i];
    return NULL;
}

/* A new one has the image of the process that it is a thread or a child of. NULL without memory. */
static struct tracee *tracee_of(pid_t pid)
{
    struct tracee *tracee = known(pid);
    if (tracee)
        return tracee;
    if (tracee_count == tracee_room) {
        struct tracee *more = realloc(tracees, (tracee_room + 64) * sizeof *more);
        if (!more)
            return NULL;
        tracees = more;
        tracee_room += 64;
    }
    struct tracee *parent = known((pid_t)status_number(pid, "Tgid:"));
    if (!parent)
        parent = known((pid_t)status_number(pid, "PPid:"));
    tracee = &tracees[tracee_count++];
    *tracee = (struct tracee){.pid = pid, .image = parent ? parent->image : images};
    return tracee;
}

static void forget(pid_t pid)
{
    struct tracee *tracee = known(pid);
    if (tracee)
        *tracee = tracees[--tracee_count];
}

/* ---- Stops ---- */

static void resume(int how, pid_t pid, int signal)
{
    ptrace(how, pid, 0L, (long)signal);
}

static bool is_stopping(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void stopped(pid_t pid, int status)
{
    struct tracee *tracee = tracee_of(pid);
    int signal = WSTOPSIG(status), event = status >> 16;

    if (event == PTRACE_EVENT_STOP && is_stopping(signal)) {
        resume(PTRACE_LISTEN, pid, 0);
        return;
    }
    if (tracee && event == PTRACE_EVENT_EXEC) {
        tracee->image = image_of(pid);
        tracee->request = (struct request_state){0};
    }
    if (tracee && tracee->image && event == PTRACE_EVENT_EXIT)
        image_end(tracee->image, pid);
    if (tracee && tracee->image && signal == (SIGTRAP | 0x80))
        request_at_call(&tracee->request, tracee->image, pid);
    resume(PTRACE_SYSCALL, pid, event || signal == (SIGTRAP | 0x80) ? 0 : signal);
}

/* ---- From beginning to end ---- */

static pid_t program;

static void pass_on(int signal)
{
    kill(program, signal);
}

/* Waits until it is seized: then the other end of the pipe is closed. */
static _Noreturn void child(int (*start)(void *), void *data, const int gate[2])
{
    char byte;
    close(gate[1]);
    while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
        ;
    close(gate[0]);
    _exit(start(data));
}

static bool seize(void)
{
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
                   PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    return ptrace(PTRACE_SEIZE, program, 0L, options) == 0;
}

/* Keys that interrupt or quit are for the program, and others pass what they send to this process
 * on. */
static void leave_signals_to_it(void)
{
    signal(SIGCHLD, SIG_DFL); /* or a status would be lost, where it was ignored */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, pass_on);
    signal(SIGHUP, pass_on);
}

int trace(int (*start)(void *data), void *data)
{
    int gate[2], status;
    if (pipe(gate) != 0 || (program = fork()) < 0) {
        complain(-1, "--explain: %s", strerror(errno));
        return -1;
    }
    if (program == 0)
        child(start, data, gate);
    close(gate[0]);
    leave_signals_to_it();
    if (!seize()) {
        complain(-1,
                 "--explain: ptrace: %s (a kernel with Yama may refuse it: "
                 "/proc/sys/kernel/yama/ptrace_scope)",
                 strerror(errno));
        kill(program, SIGKILL);
        return -1;
    }
    close(gate[1]);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno != EINTR)
            return -1;
        if (pid < 0)
            continue;
        if (WIFSTOPPED(status)) {
            stopped(pid, status);
            continue;
        }
        forget(pid);
        if (pid == program)
            return status;
    }
}
