/* SPDX-License-Identifier: MIT
 *
 * memory: what a process has mapped and opened, by /proc of the observer (proc(5)). Files are told
 * apart by device and inode: a path may name another file by now, and a process in another root has
 * others.
 */
#include "observe.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mapping {
    unsigned long start, end, offset, inode;
    char perms[5], device[16], path[PATH_MAX];
};

static FILE *open_maps(pid_t pid)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(name, "re");
    if (!maps)
        fault("the observer cannot read %s", name);
    return maps;
}

static bool next_mapping(FILE *maps, struct mapping *m)
{
    static char line[PATH_MAX + 128];
    int path_at = 0;
    if (!fgets(line, sizeof line, maps))
        return false;
    if (sscanf(line, "%lx-%lx %4s %lx %15s %lu %n", &m->start, &m->end, m->perms, &m->offset,
               m->device, &m->inode, &path_at) != 6) {
        fault("the observer does not understand %s", line);
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    strcpy(m->path, line[path_at] ? line + path_at : "anonymous memory");
    return true;
}

static bool mapping_of(pid_t pid, uint64_t address, struct mapping *found)
{
    FILE *maps = open_maps(pid);
    bool is_there = false;
    while (maps && !is_there && next_mapping(maps, found))
        is_there = address >= found->start && address < found->end;
    if (maps)
        fclose(maps);
    return is_there;
}

static bool same_file(const struct mapping *a, const struct mapping *b)
{
    return a->inode && a->inode == b->inode && strcmp(a->device, b->device) == 0;
}

/* ---- The rules of memory ---- */

static void look_at_pair(const struct mapping *code, const struct mapping *m)
{
    if (m->perms[1] == 'w' && m->perms[3] == 's' && same_file(m, code) &&
        m->offset < code->offset + (code->end - code->start) &&
        code->offset < m->offset + (m->end - m->start))
        fault("writable alias of executable memory, %s and %s", code->perms, m->perms);
}

#define VIEWS 1024

/* Only mappings that can be one half of an alias are kept. */
void look_at_mappings(pid_t pid)
{
    static struct mapping m;
    static struct {
        struct mapping of[VIEWS];
        int count;
    } executable, writable;
    FILE *maps = open_maps(pid);
    executable.count = writable.count = 0;
    while (maps && next_mapping(maps, &m)) {
        if (m.perms[1] == 'w' && m.perms[2] == 'x')
            fault("memory that is writable and executable, %s", m.perms);
        if (m.perms[2] == 'x' && m.inode && executable.count < VIEWS)
            executable.of[executable.count++] = m;
        if (m.perms[1] == 'w' && m.perms[3] == 's' && m.inode && writable.count < VIEWS)
            writable.of[writable.count++] = m;
    }
    if (maps)
        fclose(maps);
    for (int i = 0; i < executable.count; i++)
        for (int j = 0; j < writable.count; j++)
            look_at_pair(&executable.of[i], &writable.of[j]);
}

static struct mapping library;

/* The path without what the kernel adds when the file has no name any more. */
static void cut_deleted(char *path)
{
    char *end = strstr(path, " (deleted)");
    if (end)
        *end = '\0';
}

void look_at_library(pid_t pid, uint64_t address, const char *expected)
{
    if (!mapping_of(pid, address, &library)) {
        fault("the library is not mapped");
        return;
    }
    cut_deleted(library.path);
    say("library %s", library.path);
    if (expected && strcmp(library.path, expected) != 0)
        fault("this is not %s", expected);
}

void look_at_code(pid_t pid, uint64_t address)
{
    static struct mapping code;
    if (!mapping_of(pid, address, &code)) {
        fault("code that is not mapped");
        return;
    }
    cut_deleted(code.path);
    say("code %s %s", code.perms, code.path);
    if (code.perms[1] == 'w' || code.perms[2] != 'x' || code.perms[3] != 'p')
        fault("code in a mapping that is %s", code.perms);
    if (!same_file(&code, &library))
        fault("code in %s", code.inode ? "another file than the library" : "no file");
}

/* ---- How much ---- */

int count_of_mappings(pid_t pid)
{
    static struct mapping m;
    int count = 0;
    FILE *maps = open_maps(pid);
    while (maps && next_mapping(maps, &m))
        count++;
    if (maps)
        fclose(maps);
    return count;
}

void resident_bytes(pid_t pid, long *all, long *anonymous)
{
    char name[64];
    long size = 0, resident = 0, of_files = 0;
    snprintf(name, sizeof name, "/proc/%d/statm", (int)pid);
    FILE *statm = fopen(name, "re");
    if (!statm || fscanf(statm, "%ld %ld %ld", &size, &resident, &of_files) != 3)
        fault("the observer cannot read %s", name);
    if (statm)
        fclose(statm);
    *all = resident * sysconf(_SC_PAGESIZE);
    *anonymous = (resident - of_files) * sysconf(_SC_PAGESIZE);
}

/* ---- Descriptors ---- */

#define DESCRIPTORS 256

static char kept[DESCRIPTORS][2 * PATH_MAX]; /* by number: what it was, and "" for none */

const char *name_of_descriptor(pid_t pid, int fd)
{
    static char path[PATH_MAX];
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)pid, fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    return path;
}

void remember_descriptors(pid_t pid)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        strcpy(kept[fd], name_of_descriptor(pid, fd));
}

void look_at_descriptors(pid_t pid)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        const char *now = name_of_descriptor(pid, fd);
        if (*now && strcmp(now, kept[fd]) != 0)
            fault("a descriptor that was kept, of %s", now);
    }
}
