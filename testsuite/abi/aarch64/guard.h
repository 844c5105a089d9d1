/* SPDX-License-Identifier: MIT
 *
 * guard.h, aarch64: what a call must leave alone, and how that is seen. For C and assembly; what
 * the two guards do is told in x86_64's.
 */
#ifndef GUARD_H
#define GUARD_H

/* ---- What is found: the bits of guard.bad, and of what guard_call returns ---- */
#define BAD_REGISTER 0x7ff   /* one bit for each of x19 to x29 (AAPCS64 6.1.1) */
#define BAD_VECTOR 0x800     /* one of d8 to d15 (6.1.2) */
#define BAD_FPCR 0x1000      /* the modes of floating-point arithmetic */
#define BAD_STACK 0x2000     /* the stack pointer after a call */
#define BAD_ALIGNMENT 0x4000 /* the stack pointer at a call is no multiple of 16 (6.4.5.2) */

/* ---- The mode while a guarded call is under way: rounding towards zero, unlike the default ----
 */
#define GUARD_FPCR 0xc00000

/* ---- struct guard ---- */
#define GUARD_TARGET 0
#define GUARD_CHAIN 8
#define GUARD_POISON 32
#define GUARD_BAD 40
#define GUARD_SEEN_CHAIN 48
#define GUARD_RETURN 56
#define GUARD_SP 64
#define GUARD_SAVED 72
#define GUARD_SAVED_VECTOR 160
#define GUARD_PATTERN 224
#define GUARD_PATTERN_VECTOR 312
#define GUARD_GARBAGE 384

#ifndef __ASSEMBLER__
#include "harness.h"

#include <stdbool.h>

struct guard {
    /* In: */
    void (*target)(void); /* what guard_pass calls */
    void *chain;          /* with this in the static chain register, x18 */
    uint64_t windows;     /* by a Windows convention */
    uint64_t variadic;
    uint64_t poison; /* bits to flip in the result register when it has returned */
    /* Out, from guard_pass: */
    uint64_t bad;
    void *seen_chain; /* what came in the static chain register */
    /* Its own: */
    uint64_t back, sp, saved[11], saved_vector[8];
    uint64_t pattern[11], pattern_vector[8];
    char garbage[16] __attribute__((aligned(16)));
};

extern struct guard guard;

/* Calls fn (a, b, c, d, e). Returns what is BAD_ afterwards. */
uint64_t guard_call(void (*fn)(void), void *a, void *b, void *c, void *d, void *e);

/* Has any signature; see above. */
void guard_pass(void);

/* The function of each closure: looks at stack and modes, adds to guard.bad, calls handle, and
 * fills with garbage what a function may change. */
void guard_handler(void);

/* Fills with garbage what a function may change, and returns: what guard_handler ends with, for
 * hooks. */
void guard_garbage(void);

/* The name of bit number `bit` of what is BAD_; NULL behind the last. */
const char *guard_name(unsigned bit);

/* There is no register here that is a stack by itself, and none has the address of a result in
 * memory when a function returns (AAPCS64 6.9). */
unsigned guard_depth(void);
bool guard_address_returned(const struct signature *s);

/* The most that the convention of s aligns an argument to. */
size_t guard_alignment(const struct signature *s);
#endif

#endif
