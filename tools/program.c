/* SPDX-License-Identifier: MIT
 *
 * program: the COMMAND that rxffi-run executes. It finds the file as execvp(3) does and
 * follows scripts to the program that runs them. Then it looks for what would make the loader
 * ignore LD_PRELOAD without a word (ld.so(8)), or give the program writable and executable memory
 * behind the policy's back, and refuses such a program instead of pretending.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf_facts.h"
#include "rxffi-run.h"

#define SHELL "/bin/sh"

/* ---- Finding it ---- */

/* 0, or why execve would not have it. */
static int why_not_executable(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static int status_of(int error)
{
    return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

static int find_in_path(const char *name, char path[PATH_MAX])
{
    char standard[256] = "";
    const char *folders = getenv("PATH");
    if (!folders) {
        confstr(_CS_PATH, standard, sizeof standard);
        folders = standard;
    }

    /* execvp(3) goes on after a file that it may not execute, and reports it when no other is
     * found. An empty item is the current folder. */
    int error = ENOENT;
    for (const char *folder = folders;; folder++) {
        size_t length = strcspn(folder, ":");
        int n = length ? snprintf(path, PATH_MAX, "%.*s/%s", (int)length, folder, name)
                       : snprintf(path, PATH_MAX, "./%s", name);
        if (n > 0 && n < PATH_MAX) {
            int why = why_not_executable(path);
            if (!why)
                return 0;
            if (why == EACCES || why == EISDIR)
                error = EACCES;
        }
        folder += length;
        if (!*folder)
            break;
    }
    return complain(status_of(error), "%s: %s", name,
                    error == ENOENT ? "not found in PATH" : strerror(error));
}

int program_find(const char *name, char path[PATH_MAX])
{
    if (*name && !strchr(name, '/'))
        return find_in_path(name, path);

    int error = strlen(name) < PATH_MAX ? why_not_executable(name) : ENAMETOOLONG;
    if (error)
        return complain(status_of(error), "%s: %s", name, strerror(error));
    strcpy(path, name);
    return 0;
}

/* ---- Examining it ---- */

/* The kernel takes the first line of a script from this many bytes, and follows a script that is
 * run by a script this often (execve(2), "Interpreter scripts"). */
#define LINE_SIZE 256
#define MAX_SCRIPTS 5

/* Whether it is a script with an interpreter that the kernel would run, and which. */
static bool script_interpreter(int fd, char interpreter[PATH_MAX])
{
    char line[LINE_SIZE + 1];
    ssize_t got = pread(fd, line, LINE_SIZE, 0);
    if (got < 2 || line[0] != '#' || line[1] != '!')
        return false;
    line[got] = '\0';

    char *name = line + 2 + strspn(line + 2, " \t");
    size_t length = strcspn(name, " \t\n");
    if (!length || name + length == line + LINE_SIZE)
        return false;
    memcpy(interpreter, name, length);
    interpreter[length] = '\0';
    return true;
}

/* What makes the kernel set AT_SECURE, under which the loader ignores LD_PRELOAD: NULL if
 * nothing does. It goes by the file alone: where the kernel would not follow (a nosuid mount, a
 * caller who has these privileges already, no_new_privs) the answer is the same, so that it does
 * not change with who asks. */
static const char *privilege_of(int fd, const struct stat *st)
{
    if (st->st_mode & S_ISUID)
        return "is set-uid";
    /* Without group execution the bit has another meaning (inode(7)). */
    if ((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        return "is set-gid";
    if (fgetxattr(fd, "security.capability", NULL, 0) > 0)
        return "has file capabilities";
    return NULL;
}

static int examine_elf(const char *path, int fd, const struct program_use *use,
                       const struct elf_facts *facts)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return complain(STATUS_CANNOT_RUN, "%s: %s", path, strerror(errno));

    if (facts->kind == ELF_DAMAGED)
        return complain(STATUS_CANNOT_RUN, "%s: is a damaged ELF file", path);
    if (facts->kind == ELF_FOREIGN && (use->preload || policy_filters(use->policy)))
        return complain(STATUS_CANNOT_RUN,
                        "%s: is for another machine (%u-bit, ELF machine %u): neither the "
                        "library nor the filter is made for it",
                        path, facts->bits, facts->machine);
    if (facts->kind == ELF_FOREIGN)
        return 0;

    const char *privilege = privilege_of(fd, &st);
    if (use->preload && privilege)
        return complain(STATUS_CANNOT_RUN, "%s: %s: the loader would ignore the library", path,
                        privilege);
    if (use->traced && privilege)
        return complain(STATUS_CANNOT_RUN, "%s: %s: it gains no privileges while it is looked at",
                        path, privilege);
    if (use->preload && !facts->interpreter[0])
        return complain(STATUS_CANNOT_RUN,
                        "%s: is a static program: no library can be preloaded into it", path);
    if (facts->interpreter[0] && access(facts->interpreter, F_OK) != 0)
        return complain(STATUS_CANNOT_RUN, "%s: its loader %s: %s", path, facts->interpreter,
                        strerror(errno));
    /* The kernel makes these mappings itself, in execve, where no filter sees them; for a stack
     * not even PR_SET_MDWE is asked. */
    if (use->policy != POLICY_NONE && (facts->executable_stack || facts->writable_code))
        return complain(STATUS_CANNOT_RUN,
                        "%s: asks for an executable stack or a writable and executable segment: "
                        "execve grants that under every policy",
                        path);
    return 0;
}

int program_examine(const char *path, const struct program_use *use, char examined[PATH_MAX])
{
    if (!use->preload && !use->traced && use->policy == POLICY_NONE)
        return 0;

    char *current = examined, interpreter[PATH_MAX];
    strcpy(current, path);
    for (int scripts = 0; scripts <= MAX_SCRIPTS; scripts++) {
        int fd = open(current, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && scripts)
            return complain(STATUS_CANNOT_RUN, "%s: its interpreter %s: %s", path, current,
                            strerror(errno));
        if (fd < 0)
            return complain(STATUS_CANNOT_RUN, "%s: cannot be examined: %s", path, strerror(errno));

        struct elf_facts facts;
        elf_read_facts(fd, &facts);
        if (facts.kind != ELF_NONE) {
            int status = examine_elf(current, fd, use, &facts);
            close(fd);
            return status;
        }
        /* What the kernel does not know, execvp(3) gives to the shell. */
        if (!script_interpreter(fd, interpreter))
            strcpy(interpreter, SHELL);
        close(fd);
        strcpy(current, interpreter);
    }
    return complain(STATUS_CANNOT_RUN,
                    "%s: its interpreter is a script, and so on, more than %d times", path,
                    MAX_SCRIPTS);
}

/* ---- Executing it ---- */

/* Tells the shell to run the file, with the arguments behind its name. */
static void execute_by_shell(const char *path, char **argv)
{
    size_t count = 0;
    while (argv[count])
        count++;
    const char **shell_argv = calloc(count + 2, sizeof *shell_argv);
    if (!shell_argv)
        return;
    shell_argv[0] = SHELL;
    shell_argv[1] = path;
    memcpy(shell_argv + 2, argv + 1, count * sizeof *argv);
    execv(SHELL, (char *const *)shell_argv);
    free(shell_argv);
}

int program_execute(const char *path, char **argv)
{
    execv(path, argv);
    if (errno == ENOEXEC)
        execute_by_shell(path, argv);
    return complain(status_of(errno), "%s: %s", path, strerror(errno));
}
