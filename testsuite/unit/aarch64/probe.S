/* SPDX-License-Identifier: MIT
 *
 * probe, aarch64: what only assembly can see and do.
 */
#include "asm.h"

#define PROBE_FRAME 176
#define AFTER 160

/* op on each register that a function has to keep, at base. */
.macro KEPT op, base
    \op     x19, x20, [\base, 0x00]
    \op     x21, x22, [\base, 0x10]
    \op     x23, x24, [\base, 0x20]
    \op     x25, x26, [\base, 0x30]
    \op     x27, x28, [\base, 0x40]
    \op     d8, d9, [\base, 0x50]
    \op     d10, d11, [\base, 0x60]
    \op     d12, d13, [\base, 0x70]
    \op     d14, d15, [\base, 0x80]
.endm

/* void probe (void *code, const struct registers *before, struct registers *after) */
FUNC(probe)
    FRAME(PROBE_FRAME)
    add     x9, sp, 16
    KEPT    stp, x9
    str     x2, [sp, AFTER]
    KEPT    ldp, x1
    blr     x0
    ldr     x2, [sp, AFTER]
    KEPT    stp, x2
    add     x9, sp, 16
    KEPT    ldp, x9
    UNFRAME_RET(PROBE_FRAME)
END(probe)

#define SRET 0x40
#define VECTOR 0x50
#define STACK 0xd0
#define STACK_WORDS 128

.macro ARGUMENTS op, base
    \op     x2, x3, [\base, 0x10]
    \op     x4, x5, [\base, 0x20]
    \op     x6, x7, [\base, 0x30]
    \op     q0, q1, [\base, VECTOR + 0x00]
    \op     q2, q3, [\base, VECTOR + 0x20]
    \op     q4, q5, [\base, VECTOR + 0x40]
    \op     q6, q7, [\base, VECTOR + 0x60]
    \op     x0, x1, [\base, 0x00]
.endm

/* void probe_take (any arguments) */
FUNC(probe_take)
    BTI_C
    adrp    x9, probe_taken
    add     x9, x9, :lo12:probe_taken
    ARGUMENTS stp, x9
    str     x8, [x9, SRET]
    adrp    x10, probe_stack
    ldr     x10, [x10, :lo12:probe_stack]
    add     x9, x9, STACK
    mov     x11, sp
1:  cbz     x10, 2f
    ldr     x12, [x11], 8
    str     x12, [x9], 8
    sub     x10, x10, 1
    b       1b
2:  ret
END(probe_take)

/* void probe_give (void *code, const struct arguments *arguments) */
FUNC(probe_give)
    FRAME(16)
    sub     sp, sp, 8 * STACK_WORDS
    mov     x17, x0
    mov     x9, x1
    add     x10, x9, STACK
    mov     x11, sp
    mov     x12, STACK_WORDS
1:  ldr     x13, [x10], 8
    str     x13, [x11], 8
    subs    x12, x12, 1
    b.ne    1b
    ARGUMENTS ldp, x9
    ldr     x8, [x9, SRET]
    blr     x17
    mov     sp, x29
    UNFRAME_RET(16)
END(probe_give)

FUNC(probe_x18)
    BTI_C
    mov     x0, x18
    ret
END(probe_x18)

FUNC(probe_sp)
    BTI_C
    mov     x0, sp
    ret
END(probe_sp)

/* uint64_t probe_chained (void *code, void *object) */
FUNC(probe_chained)
    FRAME(16)
    mov     x18, x1
    blr     x0
    UNFRAME_RET(16)
END(probe_chained)

    .bss
    .balign 16
    .globl probe_taken
    .type probe_taken, %object
probe_taken:
    .zero STACK + 8 * STACK_WORDS
    .size probe_taken, . - probe_taken
    .globl probe_stack
    .type probe_stack, %object
probe_stack:
    .zero 8
    .size probe_stack, . - probe_stack

    NOTES
