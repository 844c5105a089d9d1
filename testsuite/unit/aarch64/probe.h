/* SPDX-License-Identifier: MIT
 *
 * probe, aarch64: what only assembly can see and do. In probe.S.
 */
#ifndef UNIT_PROBE_H
#define UNIT_PROBE_H

#include <stdint.h>

/* What a function has to keep (AAPCS64 6.1.1 and 6.1.2): x19-28; the lower halves of v8-15. */
struct registers {
    uint64_t general[10];
    uint64_t vector[8];
};

/* Calls code, with no arguments, with these registers, and notes what they are afterwards. */
void probe(void *code, const struct registers *before, struct registers *after);

/* The registers and the stack of a call: x0-7; v0-7; the first words of the stacked arguments. */
#define PROBE_STACK 128

struct arguments {
    uint64_t general[8];
    uint64_t sret; /* x8 */
    uint64_t unused;
    uint64_t vector[8][2];
    uint64_t stack[PROBE_STACK];
};

/* A function that notes in probe_taken what it is given: registers, and as many words of the stack
 * as probe_stack says. Returns nothing. */
extern struct arguments probe_taken;
extern uint64_t probe_stack;
void probe_take(void);

/* Calls code with these. */
void probe_give(void *code, const struct arguments *arguments);

/* Return x18 and the stack pointer, as they are at the function's entry. */
void *probe_x18(void);
void *probe_sp(void);

/* Calls code with object in x18, and returns what it returns. */
uint64_t probe_chained(void *code, void *object);

#endif
