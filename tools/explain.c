/* SPDX-License-Identifier: MIT
 *
 * explain: rxffi-run --explain, a report on which libffi a program runs on, on which memory and
 * under which policy, and what to do next.
 *
 * It tells what was seen while the program ran, or why it was not run. What did not happen in that
 * time it cannot know: a library that would have been loaded later, a callback that was not asked
 * for.
 */
#include "explain.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "rxffi-run.h"
#include "tell.h"
#include "trace.h"

/* ---- The policy ---- */

static void tell_context(void)
{
    char text[256] = "";
    FILE *file = fopen("/proc/self/attr/current", "re");
    if (file && fgets(text, sizeof text, file)) {
        text[strcspn(text, "\n")] = '\0';
        tell_line("context", "%s", text);
    }
    if (file)
        fclose(file);
}

static void tell_policy(enum policy policy)
{
    static struct findings findings;
    ask(policy, kernel_policy, NULL, &findings);
    tell_line("policy", "--wx=%s; in force: %s", policy_name(policy), findings.loaded);
    tell_line("refuses", "%s", findings.words);
    tell_context();
    for (const struct image *i = images; i; i = i->next) {
        if (i->filter && !policy_filters(policy) && !policy_has_filter())
            tell_line("policy", "%s put itself under a seccomp filter", image_path(i));
        if (i->mdwe)
            tell_line("policy", "%s put itself under PR_SET_MDWE", image_path(i));
    }
}

/* ---- The report ---- */

static int shell_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void tell_end(int status)
{
    if (WIFSIGNALED(status))
        tell_line("ended", "by a signal: %s", strsignal(WTERMSIG(status)));
    else
        tell_line("ended", "with status %d", WEXITSTATUS(status));
}

int explain(enum policy policy, int (*start)(void *data), void *data)
{
    int status = trace(start, data);
    if (status < 0)
        return STATUS_FAILED;
    if (!images) /* it was not executed, and has said why */
        return shell_status(status);

    unsigned told = 0, others = 0;
    tell_line("explain", "what was seen until it ended");
    for (const struct image *i = images; i; i = i->next) {
        if (image_is_worth_telling(i) || (!i->next && !told)) {
            tell_image(i, policy);
            told++;
        } else {
            others++;
        }
    }
    if (others)
        tell_line("others", "%u program%s that did not use libffi", others, others == 1 ? "" : "s");
    tell_policy(policy);
    tell_end(status);
    tell_next();
    return shell_status(status);
}

static void advise_on_file(const struct object *object)
{
    if (object_has_copy(object))
        advise(NEXT_REPLACE, "link it with libffi.so.8 instead of a copy");
    else if (object->facts.interpreter[0])
        advise(NEXT_TRY, "if it uses libffi, install rxffi in front of the system's: that takes no "
                         "LD_PRELOAD");
    else
        advise(NEXT_TRY, "--lib=none runs it as it is");
}

int explain_file(const char *path, int status)
{
    static struct mapping m;
    struct stat st;
    if (!realpath(path, m.path) || stat(path, &st) != 0)
        return status;
    m.inode = st.st_ino;
    const struct object *object = object_of(getpid(), &m);
    if (!object)
        return status;

    tell_line("program", "%s: not run; what its file has", object->path);
    if (object_has_copy(object))
        tell_line("libffi", "a copy, linked into it");
    else if (object->facts.libffi[0])
        tell_line("libffi", "needs %s", object->facts.libffi);
    else
        tell_line("libffi",
                  "none that can be seen; a library may bring one, or a copy have no symbols");
    tell_pattern(object);
    advise_on_file(object);
    tell_next();
    return status;
}
