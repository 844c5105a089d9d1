/* SPDX-License-Identifier: MIT
 *
 * guard, x86_64: what the guards have seen, in words.
 */
#include "guard.h"

#include <stddef.h>

struct guard guard __attribute__((aligned(16)));

const char *guard_name(unsigned bit)
{
    static const char *const names[] = {
        "rbx",
        "rbp",
        "r12",
        "r13",
        "r14",
        "r15",
        "rsi",
        "rdi",
        "one of xmm6-15",
        "the direction flag",
        "mxcsr",
        "the x87 control word",
        "the x87 stack",
        "the stack pointer",
        "the alignment of the stack",
    };
    return bit < sizeof names / sizeof *names ? names[bit] : NULL;
}

unsigned guard_depth(void)
{
    unsigned tags = guard.environment.tags, depth = 0;
    for (unsigned i = 0; i < 8; i++)
        depth += (tags >> 2 * i & 3) != 3;
    return depth;
}

static bool is_wide_integer(const ffi_type *type)
{
    return type->type == FFI_TYPE_UINT128 || type->type == FFI_TYPE_SINT128;
}

bool guard_address_returned(const struct signature *s)
{
    const struct type *t = s->result;
    bool in_memory = false;
    if (t != NULL && s->windows) /* Microsoft x64, "Return values" */
        in_memory = !is_wide_integer(t->ffi) && (t->size > 8 || (t->size & (t->size - 1)) != 0);
    else if (t != NULL && t->ffi->type == FFI_TYPE_STRUCT) /* psABI 3.2.3, those of class MEMORY */
        in_memory = t->size > 16;
    else if (t != NULL && t->ffi->type == FFI_TYPE_COMPLEX)
        in_memory = is_wide_integer(t->ffi->elements[0]);
    return !in_memory || guard.seen_rax == guard.seen_first;
}

/* Microsoft x64, "Parameter passing": a copy that is passed by address is aligned to 16. */
size_t guard_alignment(const struct signature *s)
{
    return s->windows ? 16 : SIZE_MAX;
}

/* ---- What assembly believes ---- */

#define SAME(number, member) _Static_assert((number) == offsetof(struct guard, member), #member)

SAME(GUARD_TARGET, target);
SAME(GUARD_CHAIN, chain);
SAME(GUARD_WINDOWS, windows);
SAME(GUARD_KEEP_RAX, variadic);
SAME(GUARD_POISON, poison);
SAME(GUARD_BAD, bad);
SAME(GUARD_SEEN_CHAIN, seen_chain);
SAME(GUARD_SEEN_FIRST, seen_first);
SAME(GUARD_SEEN_RAX, seen_rax);
SAME(GUARD_ENVIRONMENT, environment);
SAME(GUARD_RETURN, back);
SAME(GUARD_SP, sp);
SAME(GUARD_SAVED, saved);
SAME(GUARD_SAVED_XMM, saved_vector);
SAME(GUARD_PATTERN, pattern);
SAME(GUARD_PATTERN_XMM, pattern_vector);
SAME(GUARD_GARBAGE, garbage);
SAME(GUARD_SCRATCH, scratch);
_Static_assert(GUARD_PATTERN_XMM % 16 == 0, "is compared with in place");
