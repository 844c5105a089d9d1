/* SPDX-License-Identifier: MIT
 *
 * maps: what /proc/PID/maps says about the memory of a process.
 */
#ifndef RXFFI_MAPS_H
#define RXFFI_MAPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct mapping {
    uint64_t start, end, offset, inode;
    unsigned major, minor;
    char can[5];              /* "r-xp", "rw-s", ... */
    char path[PATH_MAX + 16]; /* "" for anonymous memory; " (deleted)" may be behind it */
};

/* The mappings of a process, 0 for this one; NULL if they cannot be read. The caller closes it. */
FILE *maps_open(pid_t pid);
bool maps_next(FILE *maps, struct mapping *m);

bool maps_write_and_execute(const struct mapping *m);

/* Whether `m` is a writable view of some of what `code` shows from `start` on, `length` bytes of
 * it. */
bool maps_is_writable_alias(const struct mapping *m, const struct mapping *code, uint64_t start,
                            uint64_t length);

/* The memory that a closure's code lies in. */
struct code_memory {
    bool executable;        /* the page of the code can be executed */
    bool writable_alias;    /* and is seen through another mapping, which can be written to */
    bool write_and_execute; /* some mapping of the process is W+X, that of the code or another */
};

/* Fills in `memory` for the page of this process that `code` lies in. Returns false if
 * /proc/self/maps cannot be read or does not know the address: then nothing can be said. */
bool maps_look_at(const void *code, struct code_memory *memory);

#endif
