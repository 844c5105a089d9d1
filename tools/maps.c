/* SPDX-License-Identifier: MIT
 *
 * maps: reads /proc/PID/maps (proc(5)).
 *
 * Memory that is never W+X in one mapping may be so in two: a file, or a memfd, that is mapped
 * once to write and once to execute. Such an alias is a shared writable mapping of the same
 * device and inode that covers the same part of the file. Private mappings of it are no alias:
 * what is written there is copied first.
 */
#include "maps.h"

#include <string.h>
#include <unistd.h>

FILE *maps_open(pid_t pid)
{
    char name[64] = "/proc/self/maps";
    if (pid)
        snprintf(name, sizeof name, "/proc/%d/maps", (int)pid);
    return fopen(name, "re");
}

bool maps_next(FILE *maps, struct mapping *m)
{
    /* A path that is longer than any path is cut, and the rest of its line taken for no mapping. */
    static char line[sizeof m->path + 128];
    unsigned long start, end, offset, inode;
    int path_at = 0;

    do {
        if (!fgets(line, sizeof line, maps))
            return false;
    } while (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %n", &start, &end, m->can, &offset, &m->major,
                    &m->minor, &inode, &path_at) != 7);
    line[strcspn(line, "\n")] = '\0';
    m->start = start;
    m->end = end;
    m->offset = offset;
    m->inode = inode;
    snprintf(m->path, sizeof m->path, "%s", line + path_at);
    return true;
}

bool maps_write_and_execute(const struct mapping *m)
{
    return m->can[1] == 'w' && m->can[2] == 'x';
}

bool maps_is_writable_alias(const struct mapping *m, const struct mapping *code, uint64_t start,
                            uint64_t length)
{
    uint64_t in_file = start - code->start + code->offset;
    return m->can[1] == 'w' && m->can[3] == 's' && m->inode && m->inode == code->inode &&
           m->major == code->major && m->minor == code->minor && m->offset < in_file + length &&
           in_file < m->offset + (m->end - m->start);
}

bool maps_look_at(const void *code, struct code_memory *memory)
{
    static struct mapping m, of_code;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), address = (uintptr_t)code & ~(page - 1);
    bool found = false;

    FILE *maps = maps_open(0);
    if (!maps)
        return false;
    *memory = (struct code_memory){0};
    while (maps_next(maps, &m)) {
        memory->write_and_execute |= maps_write_and_execute(&m);
        if (address >= m.start && address < m.end) {
            of_code = m;
            found = true;
        }
    }
    memory->executable = found && of_code.can[2] == 'x';

    rewind(maps);
    while (found && maps_next(maps, &m))
        memory->writable_alias |= maps_is_writable_alias(&m, &of_code, address, page);
    fclose(maps);
    return found;
}
