/* SPDX-License-Identifier: MIT
 *
 * library: the libffi.so.8 that is preloaded. The loader warns about a library that it cannot
 * preload and goes on without it, so that a program would run on another libffi than it was asked
 * to run on. Here everything that would end so is found before COMMAND starts, and is an error.
 */
#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_facts.h"
#include "rxffi-run.h"

#define SONAME "libffi.so.8"

/* ld.so(8): the items of LD_PRELOAD are separated by blanks and colons, nothing quotes them, and
 * $ORIGIN, $LIB and $PLATFORM are replaced in them. */
static const char unsayable[] = " \t\n\v\f\r:$";

/* COMMAND and its children may go to another folder, where a relative path names nothing. */
static int make_absolute(const char *given, char path[PATH_MAX])
{
    size_t length = 0;
    if (given[0] != '/') {
        if (!getcwd(path, PATH_MAX - 1))
            return complain(STATUS_FAILED, "%s: current folder: %s", given, strerror(errno));
        length = strlen(path);
        path[length++] = '/';
    }
    if (length + strlen(given) >= PATH_MAX)
        return complain(STATUS_FAILED, "%s: %s", given, strerror(ENAMETOOLONG));
    strcpy(path + length, given);
    return 0;
}

int library_find(const char *given, char path[PATH_MAX])
{
    int status = make_absolute(given, path);
    if (status)
        return status;
    if (path[strcspn(path, unsayable)])
        return complain(STATUS_FAILED,
                        "%s: LD_PRELOAD cannot name a library whose path contains a blank, a "
                        "colon or a dollar sign",
                        path);

    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        return complain(STATUS_FAILED, "library %s: %s", path, strerror(errno));
    struct elf_facts facts;
    elf_read_facts(fd, &facts);
    close(fd);

    if (S_ISDIR(st.st_mode))
        return complain(STATUS_FAILED, "library %s: %s", path, strerror(EISDIR));
    if (facts.kind == ELF_FOREIGN)
        return complain(STATUS_FAILED,
                        "library %s: is for another machine (%u-bit, ELF machine %u)", path,
                        facts.bits, facts.machine);
    if (facts.kind != ELF_NATIVE || !facts.shared)
        return complain(STATUS_FAILED, "library %s: is not an ELF shared object", path);
    if (strcmp(facts.soname, SONAME) != 0)
        return complain(STATUS_FAILED, "library %s: its SONAME is \"%s\" and not " SONAME, path,
                        facts.soname);
    return 0;
}

int library_try(const char *path)
{
    if (dlopen(path, RTLD_NOW | RTLD_LOCAL))
        return 0;
    return complain(STATUS_FAILED, "library cannot be loaded: %s", dlerror());
}

int library_preload(const char *path)
{
    const char *others = getenv("LD_PRELOAD");
    char *value = NULL;
    if (asprintf(&value, others && *others ? "%s:%s" : "%s", path, others) < 0 ||
        setenv("LD_PRELOAD", value, 1) != 0)
        return complain(STATUS_FAILED, "LD_PRELOAD: %s", strerror(ENOMEM));
    free(value);
    return 0;
}
