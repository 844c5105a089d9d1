/* SPDX-License-Identifier: MIT
 *
 * attempt: what the files of this program share. An attempt returns 0, the errno that it ended
 * with, or CANNOT_TRY.
 */
#ifndef HARDENING_ATTEMPT_H
#define HARDENING_ATTEMPT_H

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#define CANNOT_TRY 255

#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC

struct attempt {
    const char *name;
    int (*try)(void);
};

/* Each up to one without a name. */
extern const struct attempt memory_attempts[], machine_attempts[], other_attempts[];

extern const char *own_file;  /* a regular file that this program may execute and not write */
extern const char *work_file; /* one that it may do all with */
extern size_t page;

static inline int outcome(long result)
{
    return result == -1 ? errno : 0;
}

/* A page that is mapped so. If not even that can be had, that is no answer: it ends the process. */
void *anonymous(int prot);
void *of_file(int prot);

/* mmap of an anonymous page, and its outcome. */
int map(int prot, int flags);

#endif
