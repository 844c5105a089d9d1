/* SPDX-License-Identifier: MIT
 *
 * places.h, x86_64: what check.c has to know of where arguments travel.
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
    return at == RX_AREA_NOWHERE && size <= 8;
}

/* The most that an argument is aligned to on the stack. */
#define MOST_ALIGNED UINT32_MAX /* psABI 3.2.3: as its type is */

#endif
