/* SPDX-License-Identifier: MIT
 *
 * described: unions, arrays, and structs with bit-fields, which ffi_type alone cannot say.
 *
 * Such a type is an ffi_type with a code of its own. Its `elements` is a list of its members' types
 * like any other's, but one that lies in a block of the library's, with what else there is to know
 * around it: so a type is told by its code and its elements, a copy of it is as good as itself, and
 * another libffi refuses the code. The block never changes once it is made.
 */
#ifndef RX_DESCRIBED_H
#define RX_DESCRIBED_H

#include "rx.h"

/* Of a member: a whole object, or part of one. */
enum rx_field_kind {
    RX_FIELD_WHOLE,
    RX_FIELD_BITS,
    RX_FIELD_UNNAMED, /* bits that nobody can name: padding, as C has it (ISO C 6.7.2.1) */
};

struct rx_field {
    size_t bit;     /* where it begins: its offset in bits */
    uint32_t width; /* in bits, unless it is whole */
    uint32_t kind;
};

struct rx_described {
    ffi_type type;          /* what the client has */
    size_t count;           /* of an array: how often its only member lies there, one behind the
                               other; otherwise 0 */
    unsigned short natural; /* the alignment that its members ask for */
    unsigned short depth;   /* of such types in such types, 1 for one that has none */
    bool dense;             /* is there no padding between or behind the members? */
    const struct rx_field *fields; /* one for each element; they lie behind the NULL */
    ffi_type *elements[];
};

static inline bool rx_is_described(const ffi_type *type)
{
    return type->type == RX_TYPE_DESCRIBED;
}

static inline const struct rx_described *rx_described_of(const ffi_type *type)
{
    return (const struct rx_described *)((const char *)type->elements -
                                         offsetof(struct rx_described, elements));
}

#endif
