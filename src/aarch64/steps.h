/* SPDX-License-Identifier: MIT
 *
 * steps.h, aarch64: the threaded code that ffi_call runs, for C and assembly alike.
 *
 * A plan's steps are numbers of pieces of code in steps_code.S, with an operand or two each. A
 * piece does its work and goes to the code of the next step; the last one calls. Steps take the
 * values of avalue one after the other, so that none need say which.
 *
 * The codes in a plan are distances from rx_steps; rx_step_codes[n] is that of piece n:
 */
#ifndef RX_STEPS_H
#define RX_STEPS_H

#include "area.h"

/* How a value of up to a word is read, and extended. */
#define RX_READ_U8 0
#define RX_READ_S8 1
#define RX_READ_U16 2
#define RX_READ_S16 3
#define RX_READ_U32 4
#define RX_READ_S32 5
#define RX_READ_U64 6
#define RX_READS 7

/* How much there is of the second word of a value of two, or of a value in a vector register. */
#define RX_HIGH_U8 0
#define RX_HIGH_U16 1
#define RX_HIGH_U32 2
#define RX_HIGH_U64 3
#define RX_HIGHS 4
#define RX_FLOAT 0
#define RX_DOUBLE 1
#define RX_QUAD 2
#define RX_VECTORS 3

#define RX_RUN 8 /* the longest run of values of one kind */

/* The pieces. dst is an offset in the stacked arguments, and the copies behind them. */
#define RX_STEP_GENERAL(read, n) ((read)*8 + (n)) /* the value in general register n */
/* the value, of two words, in general registers n and n + 1, n up to 6 */
#define RX_STEP_TWO(high, n) (RX_STEP_GENERAL(RX_READS, 0) + (high)*7 + (n))
#define RX_STEP_VECTOR(vector, n) (RX_STEP_TWO(RX_HIGHS, 0) + (vector)*8 + (n))
/* the value's members, 2 to 4, in vector registers from n on */
#define RX_STEP_SPREAD(vector, members, n)                                                         \
    (RX_STEP_VECTOR(RX_VECTORS, 0) + ((vector)*3 + (members)-2) * 7 + (n))
/* n values, 2 to RX_RUN, in the first n registers */
#define RX_STEP_RUN_U64(n) (RX_STEP_SPREAD(RX_VECTORS, 2, 0) + (n)-2)
#define RX_STEP_RUN_S32(n) (RX_STEP_RUN_U64(RX_RUN + 1) + (n)-2)
#define RX_STEP_RUN_DOUBLE(n) (RX_STEP_RUN_S32(RX_RUN + 1) + (n)-2)
#define RX_STEP_RUN_FLOAT(n) (RX_STEP_RUN_DOUBLE(RX_RUN + 1) + (n)-2)
#define RX_STEP_STACK(read) (RX_STEP_RUN_FLOAT(RX_RUN + 1) + (read)) /* the value at dst */
#define RX_STEP_STACK_TWO(high) (RX_STEP_STACK(RX_READS) + (high))   /* the same of two words */
#define RX_STEP_STACK_PAIRS RX_STEP_STACK_TWO(RX_HIGHS) /* arg pairs of words, one pair at least */
#define RX_STEP_COPY (RX_STEP_STACK_PAIRS + 1)          /* arg bytes of the value, 16 at least */
#define RX_STEP_REF(n) (RX_STEP_COPY + 1 + (n))         /* where the last COPY went, in register n */
#define RX_STEP_STACK_REF RX_STEP_REF(8)                /* ... or at dst */
#define RX_STEP_SRET (RX_STEP_STACK_REF + 1)            /* rvalue, in x8 */
/* The call; ret is one of RX_RET_*. */
#define RX_STEP_CALL(ret) (RX_STEP_SRET + 1 + (ret))

/* A plan that takes more room on the stack is called through the area. */
#define RX_STEPS_ROOM_MAX 2048

#ifdef __ASSEMBLER__
/* clang-format off */

/* Until the call:
 *
 *     x13         what is behind the step that is being executed
 *     x14         rx_steps
 *     x15         the next of avalue
 *     x17         fn
 *     x9-12, v16  nothing that lasts, but x11 from a COPY to its REF
 *
 * x16 is where GO jumps to, a landing pad for jumps: pieces are never called. */
#define STEP x13
#define STEPS x14
#define AVALUE x15
#define FN x17

/* struct rx_step */
#define ARG [STEP, -6]
#define DST [STEP, -4]

/* Goes to the code of the next step. */
.macro GO
    ldrh    w16, [STEP], 8
    add     x16, STEPS, x16
    br      x16
.endm

/* ---- The frame of a call, from the frame pointer; rx_steps takes it down ---- */
#define CALL_FRAME 48
#define CALL_RVALUE 16
#define CALL_PLAN 24
#define CALL_FN 32
#define CALL_CHAIN 40

/* clang-format on */
#endif

#endif
