/* SPDX-License-Identifier: MIT
 *
 * object: what is known of the files that programs have mapped to execute. A file is read once, and
 * as the process sees it, which may be in another root.
 */
#include "object.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_symbols.h"

static const char *const symbols[SYMBOL_COUNT + 1] = {
    [SYMBOL_CALL] = "ffi_call",
    [SYMBOL_ALLOC] = "ffi_closure_alloc",
    [SYMBOL_PREPARE] = "ffi_prep_closure",
    [SYMBOL_PREPARE_LOC] = "ffi_prep_closure_loc",
    [SYMBOL_RXFFI] = "ffi_rx_version",
    [SYMBOL_JAVA] = "JNI_CreateJavaVM",
    [SYMBOL_SPIDERMONKEY] = "_ZN2JS6detail25InitWithFailureDiagnosticEb",
    [SYMBOL_PYPY] = "rpython_startup_code",
    [SYMBOL_ADJUSTOR] = "createAdjustor",
    [SYMBOL_GUILE] = "scm_init_guile",
    [SYMBOL_ECL] = "cl_boot",
};

static void read_file(struct object *object, pid_t pid)
{
    char name[sizeof((struct mapping *)0)->path + 32];
    struct stat st;
    snprintf(name, sizeof name, "/proc/%d/root%s", (int)pid, object->path);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_ino == object->inode) {
        elf_read_facts(fd, &object->facts);
        elf_find_symbols(fd, symbols, &object->defines, &object->imports);
    }
    close(fd);
}

struct object *object_of(pid_t pid, const struct mapping *m)
{
    static struct object *all;
    if (!m->inode)
        return NULL;
    for (struct object *o = all; o; o = o->next)
        if (o->inode == m->inode && o->major == m->major && o->minor == m->minor)
            return o;

    struct object *object = calloc(1, sizeof *object);
    char *path = strdup(m->path);
    if (!object || !path) {
        free(object);
        free(path);
        return NULL;
    }
    object->inode = m->inode;
    object->major = m->major;
    object->minor = m->minor;
    object->path = path;
    read_file(object, pid);
    object->next = all;
    all = object;
    return object;
}

bool object_defines(const struct object *object, enum symbol symbol)
{
    return object->defines >> symbol & 1;
}

bool object_imports(const struct object *object, enum symbol symbol)
{
    return object->imports >> symbol & 1;
}

bool object_is_libffi(const struct object *object)
{
    return strncmp(object->facts.soname, "libffi", 6) == 0 && object_defines(object, SYMBOL_CALL);
}

bool object_has_copy(const struct object *object)
{
    return (object_defines(object, SYMBOL_CALL) || object_defines(object, SYMBOL_PREPARE_LOC)) &&
           !object_is_libffi(object);
}
