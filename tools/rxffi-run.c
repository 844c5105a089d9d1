/* SPDX-License-Identifier: MIT
 *
 * rxffi-run: runs a program with the library preloaded, under a W^X policy of choice. This file
 * reads the command line and says in which order things happen: everything that can be found
 * wrong is found before the policy is entered, and the policy is entered before the library is
 * loaded for the first time.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "rxffi-run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "explain.h"
#include "library.h"
#include "policy.h"
#include "program.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif
/* The build gives the path at which the library is installed. */
#ifndef RXFFI_LIBRARY
#define RXFFI_LIBRARY "/usr/local/lib/libffi.so.8"
#endif

static const char help[] =
    "Usage: rxffi-run [--wx=POLICY] [--lib=PATH] [--] COMMAND [ARGUMENT]...\n"
    "       rxffi-run --explain [--wx=POLICY] [--lib=PATH] [--] COMMAND [ARGUMENT]...\n"
    "       rxffi-run --check [--lib=PATH]\n"
    "Runs COMMAND with rxffi's libffi.so.8 preloaded, under a policy on writable and\n"
    "executable memory; or tells what this machine enforces and what works under it.\n"
    "\n"
    "  --wx=none     no policy (this is the default)\n"
    "  --wx=mdwe     PR_SET_MDWE: the kernel refuses W+X, and X where it was not\n"
    "  --wx=systemd  the seccomp filter of systemd's MemoryDenyWriteExecute=\n"
    "  --wx=pax      a seccomp filter of what PaX MPROTECT forbids\n"
    "  --wx=strict   all of these, and no memfd_create, and no shared executable mapping\n"
    "  --lib=PATH    the library to preload; the default is\n"
    "                " RXFFI_LIBRARY "\n"
    "  --lib=none    preload nothing: COMMAND uses the system's libffi\n"
    "  --explain     tell, when COMMAND has ended, which libffi it ran on and what to do\n"
    "  --check       a table of the policies, and whether closures work under each\n"
    "  --help, --version\n"
    "\n"
    "Exit status: COMMAND's; 125 if rxffi-run fails, 126 if COMMAND cannot be run so, 127 if\n"
    "it is not found. With --check: 0 if the library works under every policy that this\n"
    "kernel can enforce, 1 if not, 125 if that cannot be told.\n";

int complain(int status, const char *format, ...)
{
    char line[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    fprintf(stderr, "rxffi-run: %s\n", line);
    return status;
}

struct options {
    enum policy policy;
    const char *library; /* NULL: none */
    bool check, explain, has_policy;
    char **command;
};

static int print(const char *text)
{
    if (fputs(text, stdout) == EOF || fflush(stdout) != 0)
        return complain(STATUS_FAILED, "standard output: %s", strerror(errno));
    return 0;
}

/* The text behind `name`, which ends in '=', if the option is of that name. */
static const char *value_of(const char *option, const char *name)
{
    size_t length = strlen(name);
    return strncmp(option, name, length) == 0 ? option + length : NULL;
}

static int read_option(const char *option, struct options *options)
{
    const char *value;

    if ((value = value_of(option, "--wx="))) {
        options->has_policy = true;
        if (!policy_by_name(value, &options->policy))
            return complain(STATUS_FAILED,
                            "--wx=%s: the policies are none, mdwe, systemd, pax and strict", value);
    } else if ((value = value_of(option, "--lib="))) {
        if (!*value)
            return complain(STATUS_FAILED, "--lib= without a path");
        options->library = strcmp(value, "none") == 0 ? NULL : value;
    } else if (strcmp(option, "--check") == 0) {
        options->check = true;
    } else if (strcmp(option, "--explain") == 0) {
        options->explain = true;
    } else if (strcmp(option, "--wx") == 0 || strcmp(option, "--lib") == 0) {
        return complain(STATUS_FAILED, "%s: the value belongs behind it, as in %s=none", option,
                        option);
    } else {
        return complain(STATUS_FAILED, "%s: there is no such option; see rxffi-run --help", option);
    }
    return 0;
}

/* Options end at the first argument that is none, so that COMMAND's own are left to it. */
static int read_options(char **arguments, struct options *options)
{
    *options = (struct options){.library = RXFFI_LIBRARY};
    for (; *arguments && (*arguments)[0] == '-'; arguments++) {
        if (strcmp(*arguments, "--") == 0) {
            arguments++;
            break;
        }
        int status = read_option(*arguments, options);
        if (status)
            return status;
    }
    options->command = arguments;

    if (options->check && options->has_policy)
        return complain(STATUS_FAILED, "--check tries every policy: it takes no --wx");
    if (options->check && options->explain)
        return complain(STATUS_FAILED, "--check and --explain are two things");
    if (options->check && *arguments)
        return complain(STATUS_FAILED, "--check takes no COMMAND");
    if (!options->check && !*arguments)
        return complain(STATUS_FAILED, "which COMMAND? See rxffi-run --help");
    return 0;
}

struct run {
    const struct options *options;
    const char *library;
    char path[PATH_MAX];
};

/* From here on there is no way back. */
static int start(void *data)
{
    struct run *run = data;
    const char *why = policy_enter(run->options->policy);
    if (why)
        return complain(STATUS_FAILED, "--wx=%s: %s", policy_name(run->options->policy), why);
    int status = run->library ? library_try(run->library) : 0;
    if (!status && run->library)
        status = library_preload(run->library);
    return status ? status : program_execute(run->path, run->options->command);
}

static int run(const struct options *options, const char *library)
{
    struct run run = {.options = options, .library = library};
    struct program_use use = {options->policy, library != NULL, options->explain};
    char examined[PATH_MAX];

    int status = program_find(options->command[0], run.path);
    if (status)
        return status;
    status = program_examine(run.path, &use, examined);
    if (status)
        return options->explain ? explain_file(examined, status) : status;
    return options->explain ? explain(options->policy, start, &run) : start(&run);
}

int main(int argc, char **argv)
{
    struct options options;
    char library[PATH_MAX];

    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return print(help);
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return print("rxffi-run (rxffi) " PACKAGE_VERSION "\n");

    int status = read_options(argv + (argc > 0), &options);
    if (!status && options.library)
        status = library_find(options.library, library);
    if (status)
        return status;
    const char *found = options.library ? library : NULL;
    return options.check ? check(found) : run(&options, found);
}
