/* SPDX-License-Identifier: MIT
 *
 * places.h, aarch64: what check.c has to know of where arguments travel.
 */
#ifndef PLACES_H
#define PLACES_H

#include "area.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does what is said to lie at `at`, in front of the stacked arguments, lie nowhere? */
static inline bool goes_nowhere(size_t at, size_t size)
{
    (void)at;
    (void)size;
    return false;
}

/* The most that an argument is aligned to on the stack. */
#define MOST_ALIGNED 16 /* AAPCS64 6.8.2, C.4 and C.14 */

#endif
