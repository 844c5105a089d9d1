/* SPDX-License-Identifier: MIT
 *
 * tell: the lines of a report on stderr, about a program as it was seen.
 */
#ifndef RXFFI_TELL_H
#define RXFFI_TELL_H

#include "image.h"
#include "policy.h"

void tell_line(const char *title, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How much what to do next matters. */
enum weight {
    NEXT_NONE,
    NEXT_NOTHING, /* there is nothing to do */
    NEXT_TRY,     /* nothing need be done */
    NEXT_OTHERS,  /* something else than libffi is in the way */
    NEXT_REPLACE, /* another libffi is used than rxffi */
    NEXT_PATTERN, /* a policy is known to be in the way of this program */
    NEXT_FATAL    /* rxffi is */
};

/* Keeps what matters most, and of two that matter alike the first. */
void advise(enum weight weight, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The last line: what to do next. */
void tell_next(void);

/* The path of the program, or words in its place. */
const char *image_path(const struct image *image);

/* Whether there is anything about it that concerns libffi or executable memory. */
bool image_is_worth_telling(const struct image *image);

void tell_image(const struct image *image, enum policy policy);

/* The known pattern that an object matches, if it does. */
void tell_pattern(const struct object *object);

#endif
