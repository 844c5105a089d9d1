/* SPDX-License-Identifier: MIT
 *
 * guard.h, x86_64: what a call must leave alone, and how that is seen. For C and assembly. Every
 * architecture has a folder with a guard.h that gives the harness the same functions.
 *
 * There are two guards. guard_call makes a call from the outside, with a pattern in every register
 * that a callee has to preserve, and modes of its own. guard_pass stands between a caller and its
 * callee: it has no arguments and passes all of them on, with patterns in those registers, and on
 * the way back it fills with garbage what a callee may change. So whoever calls guard_pass is seen
 * at its callee's side, and whoever it calls from its caller's.
 */
#ifndef GUARD_H
#define GUARD_H

/* ---- What is found: the bits of guard.bad, and of what guard_call returns ---- */
#define BAD_REGISTER 0xff   /* one bit for each of rbx rbp r12 r13 r14 r15 rsi rdi */
#define BAD_VECTOR 0x100    /* one of xmm6-15, for the Windows conventions */
#define BAD_DIRECTION 0x200 /* the direction flag is set */
#define BAD_MXCSR 0x400     /* the control bits of mxcsr */
#define BAD_X87_CONTROL 0x800
#define BAD_X87_STACK 0x1000 /* is not empty where a call begins, or after ffi_call */
#define BAD_STACK 0x2000     /* the stack pointer after a call */
#define BAD_ALIGNMENT 0x4000 /* the stack pointer at a call is no multiple of 16 */

/* ---- The modes while a guarded call is under way: rounding towards zero, unlike the default ----
 */
#define GUARD_MXCSR 0x7f80
#define GUARD_MXCSR_CONTROL 0xffc0
#define GUARD_X87_CONTROL 0x0f7f

/* ---- struct guard ---- */
#define GUARD_TARGET 0
#define GUARD_CHAIN 8
#define GUARD_WINDOWS 16
#define GUARD_KEEP_RAX 24
#define GUARD_POISON 32
#define GUARD_BAD 40
#define GUARD_SEEN_CHAIN 48
#define GUARD_SEEN_FIRST 56
#define GUARD_SEEN_RAX 64
#define GUARD_ENVIRONMENT 72
#define GUARD_RETURN 104
#define GUARD_SP 112
#define GUARD_SAVED 120
#define GUARD_SAVED_XMM 192
#define GUARD_PATTERN 352
#define GUARD_PATTERN_XMM 416
#define GUARD_GARBAGE 576
#define GUARD_SCRATCH 592

#ifndef __ASSEMBLER__
#include "harness.h"

#include <stdbool.h>

struct guard {
    /* In: */
    void (*target)(void); /* what guard_pass calls */
    void *chain;          /* with this in the static chain register */
    uint64_t windows;     /* by a Windows convention */
    uint64_t variadic;    /* al says how many vector registers it is given */
    uint64_t poison;      /* bits to flip in the result register when it has returned */
    /* Out, from guard_pass: */
    uint64_t bad;
    void *seen_chain;    /* what came in the static chain register */
    uint64_t seen_first; /* and in the first argument's */
    uint64_t seen_rax;   /* what the target returned in rax */
    struct {
        uint32_t control, status, tags, rest[5]; /* as fnstenv writes it */
    } environment;                               /* the x87's, when the target had returned */
    /* Its own: */
    uint64_t back, sp, saved[9];
    char saved_vector[10][16];
    uint64_t pattern[8];
    char pattern_vector[10][16];
    char garbage[16];
    char scratch[16];
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

/* How many registers that are a stack by themselves (the x87's) the last target's result took. */
unsigned guard_depth(void);

/* If the last target's result, that of s, is in memory: has its address come back as it should? */
bool guard_address_returned(const struct signature *s);

/* The most that the convention of s aligns an argument to. */
size_t guard_alignment(const struct signature *s);
#endif

#endif
