/* SPDX-License-Identifier: MIT
 *
 * requests: a system call that asks for executable memory, and who made it.
 */
#ifndef RXFFI_REQUESTS_H
#define RXFFI_REQUESTS_H

#include <stdint.h>
#include <sys/types.h>

#include "image.h"

/* What a thread is being in the middle of. All zero at first. */
struct request_state {
    const char *what;         /* what its system call asks for, if that is of interest */
    const struct object *who; /* the same */
    bool maps;                /* the system call may change mappings */
    bool mdwe;                /* the system call is PR_SET_MDWE */
};

/* To be called whenever a traced thread stops at the begin or the end of a system call. */
void request_at_call(struct request_state *state, struct image *image, pid_t pid);

#endif
