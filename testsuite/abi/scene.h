/* SPDX-License-Identifier: MIT
 *
 * scene.h: the call that is under way. Both sides of it look here: whoever sends it sets the scene,
 * and whoever receives it compares what arrives with that, and answers with what it says.
 */
#ifndef SCENE_H
#define SCENE_H

#include "harness.h"
#include "values.h"

struct scene {
    const struct signature *s;
    const char *stage;
    struct object args[MOST_ARGUMENTS];
    void *avalue[MOST_ARGUMENTS];
    struct object answer;
    unsigned arrivals;
    ffi_cif *cif;
    void *data; /* what the closure's function is given as user data */
    bool scribbles;
    bool failed;
    char failure[256];
};

extern struct scene now;

/* What a closure's function leaves in errno. */
#define ERRNO_OF_HANDLER 1002

/* Remembers what went wrong; the first failure only, as the others follow from it. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prepares *cif for the signature, with `types` and `copies` to point to. Returns false if it
 * cannot. */
bool prepare(ffi_cif *cif, ffi_type **types, ffi_type *copies);

#endif
