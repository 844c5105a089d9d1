/* SPDX-License-Identifier: MIT
 *
 * maps: what /proc/self/maps says about the memory that a closure's code lies in.
 */
#ifndef RXFFI_MAPS_H
#define RXFFI_MAPS_H

#include <stdbool.h>

struct code_memory {
    bool executable;        /* the page of the code can be executed */
    bool writable_alias;    /* and is seen through another mapping, which can be written to */
    bool write_and_execute; /* some mapping of the process is W+X, that of the code or another */
};

/* Fills in `memory` for the page that `code` lies in. Returns false if /proc/self/maps cannot be
 * read or does not know the address: then nothing can be said. */
bool maps_look_at(const void *code, struct code_memory *memory);

#endif
