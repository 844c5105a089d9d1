/* SPDX-License-Identifier: MIT
 *
 * guard, aarch64: the guards of guard.h.
 *
 * In all of them x16 is the address of `guard`, x17 is scratch, and x15 is what has been found BAD_.
 * None of the three carries an argument or a result (AAPCS64 6.1.1).
 */
#include "guard.h"

/* if (condition does not hold) x15 |= bit; */
.macro BAD_UNLESS condition, bit
    b.\condition 77f
    orr     x15, x15, #\bit
77:
.endm

.macro GUARD_ADDRESS
    adrp    x16, guard
    add     x16, x16, :lo12:guard
.endm

.macro CHECK_FPCR
    mrs     x17, fpcr
    cmp     x17, #GUARD_FPCR
    BAD_UNLESS eq, BAD_FPCR
.endm

.macro CHECK_ALIGNMENT
    mov     x17, sp
    tst     x17, #15
    BAD_UNLESS eq, BAD_ALIGNMENT
.endm

.macro ADD_TO_BAD
    ldr     x17, [x16, #GUARD_BAD]
    orr     x17, x17, x15
    str     x17, [x16, #GUARD_BAD]
.endm

/* x19 to x29, and the low halves of v8 to v15: insn reg, [x16, place] */
.macro EACH_GENERAL insn, base
    .irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    \insn   x\n, [x16, #\base + 8 * (\n - 19)]
    .endr
.endm

.macro EACH_VECTOR insn, base
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    \insn   d\n, [x16, #\base + 8 * (\n - 8)]
    .endr
.endm

/* Are they the patterns? */
.macro CHECK_PRESERVED
    .irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    ldr     x17, [x16, #GUARD_PATTERN + 8 * (\n - 19)]
    cmp     x17, x\n
    BAD_UNLESS eq, (1<<(\n - 19))
    .endr
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    ldr     x17, [x16, #GUARD_PATTERN_VECTOR + 8 * (\n - 8)]
    fmov    x14, d\n
    cmp     x17, x14
    BAD_UNLESS eq, BAD_VECTOR
    .endr
.endm

/* Not what guard_pass puts there. */
.macro INVERT
    .irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    mvn     x\n, x\n
    .endr
    .irp v, v8.8b, v9.8b, v10.8b, v11.8b, v12.8b, v13.8b, v14.8b, v15.8b
    mvn     \v, \v
    .endr
.endm

/* What no function preserves and no result is in, but x15 to x17. */
.macro FILL_WITH_GARBAGE
    ldr     x17, [x16, #GUARD_GARBAGE]
    .irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18
    mov     x\n, x17
    .endr
    .irp n, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ldr     q\n, [x16, #GUARD_GARBAGE]
    .endr
.endm

    .text
    .globl guard_pass
    .type guard_pass, @function
guard_pass:
    hint    #34                             /* bti c */
    GUARD_ADDRESS
    mov     x15, #0
    str     x18, [x16, #GUARD_SEEN_CHAIN]
    str     x30, [x16, #GUARD_RETURN]
    mov     x17, sp                         /* the stacked arguments are here, and stay */
    str     x17, [x16, #GUARD_SP]
    CHECK_ALIGNMENT
    CHECK_FPCR
    ADD_TO_BAD
    EACH_GENERAL str, GUARD_SAVED
    EACH_VECTOR str, GUARD_SAVED_VECTOR
    EACH_GENERAL ldr, GUARD_PATTERN
    EACH_VECTOR ldr, GUARD_PATTERN_VECTOR
    ldr     x17, [x16, #GUARD_GARBAGE]
    .irp n, 9, 10, 11, 12, 13, 14, 15
    mov     x\n, x17
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ldr     q\n, [x16, #GUARD_GARBAGE]
    .endr
    ldr     x18, [x16, #GUARD_CHAIN]
    ldr     x16, [x16, #GUARD_TARGET]
    blr     x16

    GUARD_ADDRESS
    mov     x15, #0
    ldr     x14, [x16, #GUARD_SP]
    mov     x17, sp
    cmp     x17, x14
    BAD_UNLESS eq, BAD_STACK
    mov     sp, x14
    CHECK_PRESERVED
    CHECK_FPCR
    ADD_TO_BAD
    EACH_GENERAL ldr, GUARD_SAVED
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15    /* of these a function preserves the low halves */
    ldr     x17, [x16, #GUARD_SAVED_VECTOR + 8 * (\n - 8)]
    ldr     q\n, [x16, #GUARD_GARBAGE]
    mov     v\n\().d[0], x17
    .endr
    FILL_WITH_GARBAGE
    ldr     x17, [x16, #GUARD_POISON]
    eor     x0, x0, x17
    ldr     x30, [x16, #GUARD_RETURN]
    ret
    .size guard_pass, . - guard_pass

    .globl guard_call
    .type guard_call, @function
guard_call:
    hint    #34
    stp     x29, x30, [sp, #-176]!
    mov     x29, sp
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    stp     d8, d9, [sp, #96]
    stp     d10, d11, [sp, #112]
    stp     d12, d13, [sp, #128]
    stp     d14, d15, [sp, #144]
    mrs     x9, fpcr
    str     x9, [sp, #160]
    mov     x9, #GUARD_FPCR
    msr     fpcr, x9
    adrp    x10, outer_sp
    mov     x9, sp
    str     x9, [x10, :lo12:outer_sp]

    GUARD_ADDRESS
    EACH_GENERAL ldr, GUARD_PATTERN
    EACH_VECTOR ldr, GUARD_PATTERN_VECTOR
    INVERT
    mov     x9, x0
    mov     x0, x1
    mov     x1, x2
    mov     x2, x3
    mov     x3, x4
    mov     x4, x5
    blr     x9

    GUARD_ADDRESS
    mov     x15, #0
    adrp    x10, outer_sp
    ldr     x14, [x10, :lo12:outer_sp]
    mov     x17, sp
    cmp     x17, x14
    BAD_UNLESS eq, BAD_STACK
    mov     sp, x14
    INVERT
    CHECK_PRESERVED
    CHECK_FPCR
    mov     x0, x15
    ldr     x9, [sp, #160]
    msr     fpcr, x9
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     d8, d9, [sp, #96]
    ldp     d10, d11, [sp, #112]
    ldp     d12, d13, [sp, #128]
    ldp     d14, d15, [sp, #144]
    ldp     x29, x30, [sp], #176
    ret
    .size guard_call, . - guard_call

    .globl guard_handler
    .type guard_handler, @function
guard_handler:
    hint    #34
    stp     x29, x30, [sp, #-16]!
    mov     x29, sp
    GUARD_ADDRESS
    mov     x15, #0
    CHECK_ALIGNMENT
    CHECK_FPCR
    ADD_TO_BAD
    bl      handle
    ldp     x29, x30, [sp], #16
    .size guard_handler, . - guard_handler  /* and goes on: */

    .globl guard_garbage
    .type guard_garbage, @function
guard_garbage:
    hint    #34
    GUARD_ADDRESS
    FILL_WITH_GARBAGE
    mov     x0, x17
    mov     x1, x17
    mov     x15, x17
    .irp n, 0, 1, 2, 3
    ldr     q\n, [x16, #GUARD_GARBAGE]
    .endr
    ret
    .size guard_garbage, . - guard_garbage

    .local outer_sp
    .comm outer_sp, 8, 8

    .section .note.GNU-stack, "", @progbits
