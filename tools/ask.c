/* SPDX-License-Identifier: MIT
 *
 * ask: finds out by trying, in a child of its own that is under a policy: a child that hangs or
 * crashes is an answer too, and this process stays as free as it was.
 */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20 /* seconds that a child may take */

/* findings->done is false when the kernel could not put the child under the policy, or the child
 * did not come to its end. */
static void child(enum policy policy, question *question, const void *about,
                  struct findings *findings)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(PATIENCE);

    const char *why = policy_enter(policy);
    if (why) {
        snprintf(findings->words, sizeof findings->words, "%s", why);
        _exit(0);
    }
    question(about, findings);
    findings->done = true;
    _exit(0);
}

void ask(enum policy policy, question *question, const void *about, struct findings *findings)
{
    struct findings *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(findings, 0, sizeof *findings);
    if (shared == MAP_FAILED) {
        snprintf(findings->words, sizeof findings->words, "not asked: %s", strerror(errno));
        return;
    }

    fflush(NULL);
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        child(policy, question, about, shared);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    *findings = *shared;
    munmap(shared, sizeof *shared);

    if (pid < 0)
        snprintf(findings->words, sizeof findings->words, "not asked: %s", strerror(errno));
    else if (WIFSIGNALED(status))
        snprintf(findings->words, sizeof findings->words, "ended by a signal: %s",
                 strsignal(WTERMSIG(status)));
    else if (!findings->done && !findings->words[0])
        snprintf(findings->words, sizeof findings->words, "ended without an answer");
    if (!findings->done)
        findings->good = false;
}
