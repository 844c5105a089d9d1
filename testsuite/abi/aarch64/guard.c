/* SPDX-License-Identifier: MIT
 *
 * guard, aarch64: what the guards have seen, in words.
 */
#include "guard.h"

#include <stddef.h>

struct guard guard;

const char *guard_name(unsigned bit)
{
    static const char *const names[] = {
        "x19",
        "x20",
        "x21",
        "x22",
        "x23",
        "x24",
        "x25",
        "x26",
        "x27",
        "x28",
        "x29",
        "one of d8-15",
        "fpcr",
        "the stack pointer",
        "the alignment of the stack",
    };
    return bit < sizeof names / sizeof *names ? names[bit] : NULL;
}

unsigned guard_depth(void)
{
    return 0;
}

bool guard_address_returned(const struct signature *s)
{
    (void)s;
    return true;
}

/* AAPCS64 6.8.2 B.6: the copy of an argument is aligned to 8 or to 16. */
size_t guard_alignment(const struct signature *s)
{
    (void)s;
    return 16;
}

/* ---- What assembly believes ---- */

#define SAME(number, member) _Static_assert((number) == offsetof(struct guard, member), #member)

SAME(GUARD_TARGET, target);
SAME(GUARD_CHAIN, chain);
SAME(GUARD_POISON, poison);
SAME(GUARD_BAD, bad);
SAME(GUARD_SEEN_CHAIN, seen_chain);
SAME(GUARD_RETURN, back);
SAME(GUARD_SP, sp);
SAME(GUARD_SAVED, saved);
SAME(GUARD_SAVED_VECTOR, saved_vector);
SAME(GUARD_PATTERN, pattern);
SAME(GUARD_PATTERN_VECTOR, pattern_vector);
SAME(GUARD_GARBAGE, garbage);
