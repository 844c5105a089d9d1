/* SPDX-License-Identifier: MIT
 *
 * probe, x86_64: what only assembly can see and do. In probe.S.
 */
#ifndef UNIT_PROBE_H
#define UNIT_PROBE_H

#include <stdint.h>

/* rbx, rbp, r12-r15, rdi, rsi; xmm6-15. System V functions keep the first six, Windows functions
 * all. */
struct registers {
    uint64_t general[8];
    uint64_t vector[10][2];
};

static const char *const probe_general[]
    __attribute__((unused)) = {"rbx", "rbp", "r12", "r13", "r14", "r15", "rdi", "rsi"};

/* Calls code, with no arguments and room for Windows' four, with these registers, and notes what
 * they are afterwards. */
void probe(void *code, const struct registers *before, struct registers *after);

/* The registers and the stack of a call, in the order of the area: rdi rsi rdx rcx r8 r9; xmm0-7;
 * the first words of the stacked arguments. */
#define PROBE_STACK 64

struct arguments {
    uint64_t general[6];
    uint64_t vector[8][2];
    uint64_t stack[PROBE_STACK];
};

/* A function that notes in probe_taken what it is given: general and vector registers, and as many
 * words of the stack as probe_stack says. Returns nothing. */
extern struct arguments probe_taken;
extern uint64_t probe_stack;
void probe_take(void);

/* Calls code with these. */
void probe_give(void *code, const struct arguments *arguments);

/* Return al and r10, as they are at the function's entry. */
unsigned probe_al(void);
void *probe_r10(void);

/* Returns the stack pointer at the function's entry. */
void *probe_rsp(void);

#endif
