/* SPDX-License-Identifier: MIT
 *
 * values.h: objects with random values, placed so that whoever reads or writes beside them is seen.
 */
#ifndef VALUES_H
#define VALUES_H

#include "harness.h"

#include <stdbool.h>

/* Around an object are up to that many bytes that nobody has any business with. */
#define MARGIN 64

struct object {
    const struct type *type; /* NULL: room of `size` bytes for no value */
    char *at;
    size_t size;
    char *from, *to; /* the object and its margins */
    char before[LARGEST_TYPE + 2 * MARGIN];
};

/* Random numbers: a function of the last seed. */
void random_seed(uint64_t seed);
uint64_t random_word(void);
bool random_one_in(unsigned n);
void random_bytes(void *to, size_t size);

/* Finds memory for the objects; once. */
void objects_begin(void);

/* Puts an object of `type`, with a random value, into place number `place` (0 to MOST_ARGUMENTS +
 * 1). At random it ends where the page does, with nothing mapped behind it. */
void object_make(struct object *o, unsigned place, const struct type *type);

/* The same for the result of a call: random bytes in room of `size` bytes aligned to `align`. */
void object_make_room(struct object *o, unsigned place, size_t size, size_t align);

/* Is every byte of the object and of its margins as it was made? Only of the margins? */
bool object_intact(const struct object *o);
bool object_margins_intact(const struct object *o);

/* Are the scalars and bit-fields of two values of a type the same, padding aside? */
bool values_equal(const struct type *type, const void *a, const void *b);

/* The value of an integer, widened to 64 bits. */
int64_t widened(const struct type *type, const void *at);

#endif
