/* SPDX-License-Identifier: MIT
 *
 * steps, aarch64: the pieces of code that a plan's steps name (steps.h), in that order.
 *
 * One function to the unwinder, which is entered with the frame of invoke.S set up, and which takes it
 * down at the end.
 */
#include "asm.h"
#include "steps.h"

    .section .rodata
    .balign 2
    .globl rx_step_codes
    .hidden rx_step_codes
    .type rx_step_codes, %object
rx_step_codes:
    .text

FUNC(rx_steps)
    IN_FRAME(CALL_FRAME)

/* Begins a piece, and enters it into the table. */
.macro PIECE
    .balign 16
    .pushsection .rodata
    .short  99f - rx_steps
    .popsection
99: BTI_J
.endm

/* There is no such piece: a number that no step has. */
.macro NO_PIECE
    .pushsection .rodata
    .short  0
    .popsection
.endm

/* reg = the address of the next value */
.macro VALUE reg
    ldr     \reg, [AVALUE], 8
.endm

/* ---- In general registers ---- */

.macro GENERAL insn, width
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    PIECE
    VALUE   x9
    \insn   \width\n, [x9]
    GO
    .endr
.endm

    GENERAL ldrb, w
    GENERAL ldrsb, x
    GENERAL ldrh, w
    GENERAL ldrsh, x
    GENERAL ldr, w
    GENERAL ldrsw, x
    GENERAL ldr, x

.macro TWO insn, n, high
    PIECE
    VALUE   x9
    ldr     x\n, [x9]
    \insn   \high, [x9, 8]
    GO
.endm

.macro TWO_EACH insn, width
    TWO     \insn, 0, \width\()1
    TWO     \insn, 1, \width\()2
    TWO     \insn, 2, \width\()3
    TWO     \insn, 3, \width\()4
    TWO     \insn, 4, \width\()5
    TWO     \insn, 5, \width\()6
    TWO     \insn, 6, \width\()7
.endm

    TWO_EACH ldrb, w
    TWO_EACH ldrh, w
    TWO_EACH ldr, w

.macro TWO_WHOLE n, high
    PIECE
    VALUE   x9
    ldp     x\n, x\high, [x9]
    GO
.endm

    TWO_WHOLE 0, 1
    TWO_WHOLE 1, 2
    TWO_WHOLE 2, 3
    TWO_WHOLE 3, 4
    TWO_WHOLE 4, 5
    TWO_WHOLE 5, 6
    TWO_WHOLE 6, 7

/* ---- In vector registers ---- */

.macro VECTOR width
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    PIECE
    VALUE   x9
    ldr     \width\n, [x9]
    GO
    .endr
.endm

    VECTOR  s
    VECTOR  d
    VECTOR  q

.macro SPREAD_2 width, bytes, a, b
    PIECE
    VALUE   x9
    ldp     \width\a, \width\b, [x9]
    GO
.endm

.macro SPREAD_3 width, bytes, a, b, c
    PIECE
    VALUE   x9
    ldp     \width\a, \width\b, [x9]
    ldr     \width\c, [x9, 2 * \bytes]
    GO
.endm

.macro SPREAD_4 width, bytes, a, b, c, d
    PIECE
    VALUE   x9
    ldp     \width\a, \width\b, [x9]
    ldp     \width\c, \width\d, [x9, 2 * \bytes]
    GO
.endm

.macro SPREAD width, bytes
    SPREAD_2 \width, \bytes, 0, 1
    SPREAD_2 \width, \bytes, 1, 2
    SPREAD_2 \width, \bytes, 2, 3
    SPREAD_2 \width, \bytes, 3, 4
    SPREAD_2 \width, \bytes, 4, 5
    SPREAD_2 \width, \bytes, 5, 6
    SPREAD_2 \width, \bytes, 6, 7
    SPREAD_3 \width, \bytes, 0, 1, 2
    SPREAD_3 \width, \bytes, 1, 2, 3
    SPREAD_3 \width, \bytes, 2, 3, 4
    SPREAD_3 \width, \bytes, 3, 4, 5
    SPREAD_3 \width, \bytes, 4, 5, 6
    SPREAD_3 \width, \bytes, 5, 6, 7
    NO_PIECE
    SPREAD_4 \width, \bytes, 0, 1, 2, 3
    SPREAD_4 \width, \bytes, 1, 2, 3, 4
    SPREAD_4 \width, \bytes, 2, 3, 4, 5
    SPREAD_4 \width, \bytes, 3, 4, 5, 6
    SPREAD_4 \width, \bytes, 4, 5, 6, 7
    NO_PIECE
    NO_PIECE
.endm

    SPREAD  s, 4
    SPREAD  d, 8
    SPREAD  q, 16

/* ---- Runs: values of one kind, in the first registers of it ---- */

/* Values a and b, if there are so many. */
.macro RUN_TWO insn, width, n, a, b
    .if \n > \b
    ldp     x9, x10, [AVALUE], 16
    \insn   \width\a, [x9]
    \insn   \width\b, [x10]
    .elseif \n > \a
    VALUE   x9
    \insn   \width\a, [x9]
    .endif
.endm

.macro RUN insn, width
    .irp n, 2, 3, 4, 5, 6, 7, 8
    PIECE
    RUN_TWO \insn, \width, \n, 0, 1
    RUN_TWO \insn, \width, \n, 2, 3
    RUN_TWO \insn, \width, \n, 4, 5
    RUN_TWO \insn, \width, \n, 6, 7
    GO
    .endr
.endm

    RUN     ldr, x
    RUN     ldrsw, x
    RUN     ldr, d
    RUN     ldr, s

/* ---- On the stack ---- */

.macro STACK insn, width
    PIECE
    VALUE   x9
    ldr     w10, DST
    \insn   \width\()9, [x9]
    str     x9, [sp, x10]
    GO
.endm

    STACK   ldrb, w
    STACK   ldrsb, x
    STACK   ldrh, w
    STACK   ldrsh, x
    STACK   ldr, w
    STACK   ldrsw, x
    STACK   ldr, x

.macro STACK_TWO insn, width
    PIECE
    VALUE   x9
    ldr     w10, DST
    add     x10, sp, x10
    \insn   \width\()11, [x9, 8]
    ldr     x9, [x9]
    stp     x9, x11, [x10]
    GO
.endm

    STACK_TWO ldrb, w
    STACK_TWO ldrh, w
    STACK_TWO ldr, w
    STACK_TWO ldr, x

    PIECE                                   /* pairs of words */
    ldr     w11, DST
    ldrh    w12, ARG
    add     x11, sp, x11
1:  ldp     x9, x10, [AVALUE], 16
    ldr     x9, [x9]
    ldr     x10, [x10]
    stp     x9, x10, [x11], 16
    subs    w12, w12, 1
    b.ne    1b
    GO

    /* x11 = sp + dst: 16 bytes at a time, backwards, the first ones last, maybe again. */
    PIECE
    VALUE   x9
    ldr     w11, DST
    ldrh    w12, ARG
    add     x11, sp, x11
    sub     x12, x12, 16
1:  ldr     q16, [x9, x12]
    str     q16, [x11, x12]
    subs    x12, x12, 16
    b.hi    1b
    ldr     q16, [x9]
    str     q16, [x11]
    GO

    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    PIECE
    mov     x\n, x11
    GO
    .endr

    PIECE
    ldr     w10, DST
    str     x11, [sp, x10]
    GO

/* ---- The address of the result ---- */

    PIECE
    ldr     x8, [x29, CALL_RVALUE]
    GO

/* ---- The call, and the result ---- */

.macro RETURN
    mov     sp, x29
    UNFRAME_RET_HERE(CALL_FRAME)
.endm

.macro CALL
    PIECE
    blr     FN
    ldr     x9, [x29, CALL_RVALUE]
.endm

    PIECE                                   /* void */
    blr     FN
    RETURN

    CALL                                    /* u8 ... */
    and     w0, w0, 0xff
    str     x0, [x9]
    RETURN

    CALL
    sxtb    x0, w0
    str     x0, [x9]
    RETURN

    CALL
    and     w0, w0, 0xffff
    str     x0, [x9]
    RETURN

    CALL
    sxth    x0, w0
    str     x0, [x9]
    RETURN

    CALL
    mov     w0, w0
    str     x0, [x9]
    RETURN

    CALL
    sxtw    x0, w0
    str     x0, [x9]
    RETURN

    CALL                                    /* ... u64 */
    str     x0, [x9]
    RETURN

    CALL                                    /* float */
    str     s0, [x9]
    RETURN

    CALL                                    /* double */
    str     d0, [x9]
    RETURN

    CALL                                    /* 16 bytes in v0 */
    str     q0, [x9]
    RETURN

    CALL                                    /* 16 bytes in x0, x1 */
    stp     x0, x1, [x9]
    RETURN

    CALL                                    /* fewer: by the bits of their number */
    ldr     x10, [x29, CALL_PLAN]
    ldrb    w10, [x10, RX_PLAN_RET_BYTES]
    tbz     w10, 3, 1f
    str     x0, [x9], 8
    mov     x0, x1
1:  tbz     w10, 2, 1f
    str     w0, [x9], 4
    lsr     x0, x0, 32
1:  tbz     w10, 1, 1f
    strh    w0, [x9], 2
    lsr     x0, x0, 16
1:  tbz     w10, 0, 1f
    strb    w0, [x9]
1:  RETURN

.macro CALL_SPREAD width, bytes
    CALL
    stp     \width\()0, \width\()1, [x9]
    RETURN
    CALL
    stp     \width\()0, \width\()1, [x9]
    str     \width\()2, [x9, 2 * \bytes]
    RETURN
    CALL
    stp     \width\()0, \width\()1, [x9]
    stp     \width\()2, \width\()3, [x9, 2 * \bytes]
    RETURN
.endm

    CALL_SPREAD s, 4
    CALL_SPREAD d, 8
    CALL_SPREAD q, 16

    PIECE                                   /* in memory, where x8 said */
    blr     FN
    RETURN
END(rx_steps)

    .section .rodata
    .size rx_step_codes, . - rx_step_codes

    NOTES
