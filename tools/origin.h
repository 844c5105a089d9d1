/* SPDX-License-Identifier: MIT
 *
 * origin: why the loader took a library from where it is.
 */
#ifndef RXFFI_ORIGIN_H
#define RXFFI_ORIGIN_H

#include "image.h"

#define ORIGIN_SIZE (2 * PATH_MAX)

/* Writes to `words` why, in words. Returns whether it was preloaded: then nobody need have asked
 * for it. */
bool origin_of(const struct image *image, const struct object *library, char words[ORIGIN_SIZE]);

#endif
