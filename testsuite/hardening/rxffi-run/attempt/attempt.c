/* SPDX-License-Identifier: MIT
 *
 * attempt: tries everything that a W^X policy may refuse, and what every policy must leave
 * alone. Each thing is tried in a child, which inherits the policy; one line tells how it ended:
 *
 *     NAME ok | EPERM | EACCES | ENOSYS | another error's number | SIGNAL n | cannot be tried
 *
 * With an argument, tells by its exit status what can be expected of this kernel at all:
 *
 *     attempt --has-mdwe       PR_SET_MDWE works
 *     attempt --has-seccomp    seccomp filters work
 *
 * It shares nothing with rxffi-run, on purpose: not its constants, and not its list.
 */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *own_file, *work_file;
size_t page;

static void report(const char *name, int status)
{
    int error = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

    if (WIFSIGNALED(status))
        printf("%s SIGNAL %d\n", name, WTERMSIG(status));
    else if (error == CANNOT_TRY)
        printf("%s cannot be tried\n", name);
    else if (error == 0)
        printf("%s ok\n", name);
    else if (error == EPERM || error == EACCES || error == ENOSYS)
        printf("%s %s\n", name, error == EPERM ? "EPERM" : error == EACCES ? "EACCES" : "ENOSYS");
    else
        printf("%s %d\n", name, error);
}

static int has_seccomp(void)
{
    struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {1, allow};
    return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0L, 0L) == 0;
}

static void try_all(const struct attempt *attempts)
{
    for (; attempts->name; attempts++) {
        int status = 0;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            _exit(attempts->try());
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
            exit(2);
        report(attempts->name, status);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--has-mdwe") == 0)
        return prctl(65 /* PR_SET_MDWE */, 1L, 0L, 0L, 0L) != 0;
    if (argc == 2 && strcmp(argv[1], "--has-seccomp") == 0)
        return !has_seccomp();
    if (argc != 2)
        return 2;

    own_file = argv[0];
    work_file = argv[1];
    page = (size_t)sysconf(_SC_PAGESIZE);
    int fd = open(work_file, O_RDWR | O_CREAT | O_CLOEXEC, 0700);
    if (fd < 0 || ftruncate(fd, (off_t)page) != 0)
        return 2;
    close(fd);

    try_all(memory_attempts);
    try_all(machine_attempts);
    try_all(other_attempts);
    return fflush(stdout) ? 2 : 0;
}
