/* SPDX-License-Identifier: MIT
 *
 * steps.h, x86_64: the threaded code that ffi_call runs, for C and assembly alike.
 *
 * A plan's steps are numbers of pieces of code in steps.S, with an operand or two each. A piece
 * does its work and goes to the code of the next step; the last one calls. Steps that write to the
 * stack come first, because they use argument registers for their own purposes.
 *
 * The codes in a plan are distances from rx_steps; rx_step_codes[n] is that of piece n:
 */
#ifndef RX_STEPS_H
#define RX_STEPS_H

#include "area.h"

/* How a value is read, from avalue[arg]: the first word of it, extended ... */
#define RX_READ_U8 0
#define RX_READ_S8 1
#define RX_READ_U16 2
#define RX_READ_S16 3
#define RX_READ_U32 4
#define RX_READ_S32 5
#define RX_READ_U64 6
/* ... or its second word, of which so many bits exist. */
#define RX_READ_HIGH_U8 7
#define RX_READ_HIGH_U16 8
#define RX_READ_HIGH_U32 9
#define RX_READ_HIGH_U64 10
#define RX_READS 11

/* The same into a vector register. */
#define RX_READ_FLOAT 0
#define RX_READ_DOUBLE 1
#define RX_READ_HIGH_FLOAT 2
#define RX_READ_HIGH_DOUBLE 3
#define RX_READ_VECTOR 4
#define RX_VECTOR_READS 5

#define RX_GENERAL_REGISTERS 6
#define RX_VECTOR_REGISTERS 8

/* The pieces. Operands: arg is an index into avalue, dst an offset in the stacked arguments. */
#define RX_STEP_GENERAL(read, n) ((read)*RX_GENERAL_REGISTERS + (n)) /* general register n */
#define RX_STEP_VECTOR(read, n)                                                                    \
    (RX_STEP_GENERAL(RX_READS, 0) + (read)*RX_VECTOR_REGISTERS + (n))     /* vector register n */
#define RX_STEP_STACK(read) (RX_STEP_VECTOR(RX_VECTOR_READS, 0) + (read)) /* a word at dst */
/* n words (the dst of the slot that follows) of the value at avalue[arg], to dst */
#define RX_STEP_COPY RX_STEP_STACK(RX_READS)
/* n values (likewise) of a word each, avalue[arg] and those behind it, to dst */
#define RX_STEP_STACK_WORDS (RX_STEP_COPY + 1)
#define RX_STEP_SRET (RX_STEP_COPY + 2) /* rvalue, as the first argument */
/* The values at avalue[0] to avalue[n - 1], in the first n registers */
#define RX_STEP_ALL_U64(n) (RX_STEP_SRET + (n))
#define RX_STEP_ALL_S32(n) (RX_STEP_ALL_U64(RX_GENERAL_REGISTERS) + (n))
#define RX_STEP_ALL_DOUBLE(n) (RX_STEP_ALL_S32(RX_GENERAL_REGISTERS) + (n))
#define RX_STEP_ALL_FLOAT(n) (RX_STEP_ALL_DOUBLE(RX_VECTOR_REGISTERS) + (n))
/* The call; ret is one of RX_RET_*, arg the number of vector registers, dst is ret_bytes. */
#define RX_STEP_CALL(ret) (RX_STEP_ALL_FLOAT(RX_VECTOR_REGISTERS) + 1 + (ret))

/* A plan with more bytes of stacked arguments is called through the area. */
#define RX_STEPS_STACK_MAX 2048

#ifdef __ASSEMBLER__
/* clang-format off */

/*     register    holds, from the way in to the call
 *     rbx         the step that is being executed; it stays until the result is stored
 *     r12         rx_steps
 *     r10         avalue; at the call, the static chain
 *     r11         fn
 *     rax         nothing that lasts */
#define STEP %rbx
#define STEPS %r12
#define AVALUE %r10
#define FN %r11

/* struct rx_step */
#define ARG 2(STEP)
#define DST 4(STEP)
#define NEXT_DST 12(STEP)

/* Goes to the code of the step which is n slots on. */
.macro GO n
    movzwl  8 * \n(STEP), %eax
    .if \n
    addq    $8 * \n, STEP
    .endif
    addq    STEPS, %rax
    jmp     *%rax
.endm

/* clang-format on */
#endif

#endif
