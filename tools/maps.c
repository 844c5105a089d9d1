/* SPDX-License-Identifier: MIT
 *
 * maps: reads /proc/self/maps (proc(5)) for the memory that a closure's code lies in.
 *
 * Memory that is never W+X in one mapping may be so in two: a file, or a memfd, that is mapped
 * once to write and once to execute. Such an alias is a shared writable mapping of the same
 * device and inode that covers the same part of the file. Private mappings of it are no alias:
 * what is written there is copied first.
 */
#include "maps.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

struct mapping {
    uint64_t start, end, offset, inode;
    unsigned major, minor;
    char can[5]; /* "r-xp", "rw-s", ... */
};

/* The next mapping; the path behind the inode is left unread, however long it is. */
static bool next_mapping(FILE *maps, struct mapping *m)
{
    unsigned long start, end, offset, inode;
    if (fscanf(maps, "%lx-%lx %4s %lx %x:%x %lu%*[^\n]", &start, &end, m->can, &offset, &m->major,
               &m->minor, &inode) != 7)
        return false;
    m->start = start;
    m->end = end;
    m->offset = offset;
    m->inode = inode;
    return true;
}

/* Whether `m` is a writable view of the byte of a file that `code` shows at `address`. */
static bool is_writable_alias(const struct mapping *m, const struct mapping *code, uint64_t address)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t in_file = (address - code->start + code->offset) & ~(page - 1);
    return m->can[1] == 'w' && m->can[3] == 's' && m->inode && m->inode == code->inode &&
           m->major == code->major && m->minor == code->minor && in_file >= m->offset &&
           in_file - m->offset < m->end - m->start;
}

bool maps_look_at(const void *code, struct code_memory *memory)
{
    uint64_t address = (uintptr_t)code;
    struct mapping m, of_code = {0};
    bool found = false;

    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        return false;
    *memory = (struct code_memory){0};
    while (next_mapping(maps, &m)) {
        if (m.can[1] == 'w' && m.can[2] == 'x')
            memory->write_and_execute = true;
        if (address >= m.start && address < m.end) {
            of_code = m;
            found = true;
        }
    }
    memory->executable = found && of_code.can[2] == 'x';

    rewind(maps);
    while (found && next_mapping(maps, &m)) {
        if (is_writable_alias(&m, &of_code, address))
            memory->writable_alias = true;
    }
    fclose(maps);
    return found;
}
