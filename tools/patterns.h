/* SPDX-License-Identifier: MIT
 *
 * patterns: what is known to be incompatible with a W^X policy, or with trampolines that cannot be
 * written to.
 */
#ifndef RXFFI_PATTERNS_H
#define RXFFI_PATTERNS_H

#include "object.h"

struct pattern {
    const char *soname; /* as in glob(7); NULL: any */
    unsigned long defines, imports,
        lacks;                           /* symbols, as bits of 1 << enum symbol; lacks: imports */
    bool (*also)(const struct object *); /* NULL: nothing else */
    bool without_policy;                 /* it fails on rxffi even so */
    const char *what;                    /* what an object is that matches */
    const char *next;                    /* what its user can do */
};

/* The first pattern that an object matches; NULL if there is none. */
const struct pattern *pattern_of(const struct object *object);

#endif
