/* SPDX-License-Identifier: MIT
 *
 * shapes, x86_64: closure entries for the common signatures, whose arguments are all in general registers
 * or all in vector registers, each in a register of its own, and whose result is a scalar.
 *
 *     entry (the caller's arguments; r10 = closure)
 *     {
 *         char result[16];
 *         void *avalue[n];
 *         word arguments[n] = { the first n registers of the kind };
 *         avalue[i] = &arguments[i];
 *         closure->fun (closure->cif, result, avalue, closure->user_data);
 *         return *(type *) result;
 *     }
 *
 * No plan is looked at, and nothing is read from the closure after the call. There is an entry for each
 * kind, n and RX_RET_*. They are entered into rx_arch_entries, behind the entries for all signatures, in the
 * order of RX_SHAPE_GENERAL and RX_SHAPE_VECTOR.
 */
#include "asm.h"

#define RESULT 0(%rsp)

    .section .rodata
    .balign 4
    .globl rx_arch_entries
    .hidden rx_arch_entries
    .type rx_arch_entries, @object
rx_arch_entries:
    .long   rx_entry_win64 - .
    .long   rx_entry_sysv - .
    .long   rx_entry_sysv_general - .

FUNC(rx_shapes)

/* Room for the result, n pointers and n words, and for the stack to be aligned at the call. */
.macro SHAPE_BEGIN n
    .balign 32
    .pushsection .rodata
    .long   99f - .
    .popsection
99: endbr64
    .cfi_def_cfa rsp, 8
    .set    avalue, 16
    .set    arguments, 16 + 8 * \n
    .set    frame, 24 + 16 * \n
    subq    $frame, %rsp
    .cfi_def_cfa_offset frame + 8
.endm

.macro SPILL n, index, insn, reg
    .if \n > \index
    \insn   %\reg, arguments + 8 * \index(%rsp)
    leaq    arguments + 8 * \index(%rsp), %rax
    movq    %rax, avalue + 8 * \index(%rsp)
    .endif
.endm

.macro SHAPE_END ret
    movq    RX_CLOSURE_CIF(%r10), %rdi
    movq    %rsp, %rsi
    leaq    avalue(%rsp), %rdx
    movq    RX_CLOSURE_USER_DATA(%r10), %rcx
    call    *RX_CLOSURE_FUN(%r10)
    .if \ret == RX_RET_U8
    movzbl  RESULT, %eax
    .elseif \ret == RX_RET_S8
    movsbq  RESULT, %rax
    .elseif \ret == RX_RET_U16
    movzwl  RESULT, %eax
    .elseif \ret == RX_RET_S16
    movswq  RESULT, %rax
    .elseif \ret == RX_RET_U32
    movl    RESULT, %eax
    .elseif \ret == RX_RET_S32
    movslq  RESULT, %rax
    .elseif \ret == RX_RET_U64
    movq    RESULT, %rax
    .elseif \ret == RX_RET_FLOAT
    movss   RESULT, %xmm0
    .elseif \ret == RX_RET_DOUBLE
    movsd   RESULT, %xmm0
    .endif
    addq    $frame, %rsp
    .cfi_def_cfa_offset 8
    ret
.endm

.macro GENERAL_SHAPE n, ret
    SHAPE_BEGIN \n
    SPILL   \n, 0, movq, rdi
    SPILL   \n, 1, movq, rsi
    SPILL   \n, 2, movq, rdx
    SPILL   \n, 3, movq, rcx
    SPILL   \n, 4, movq, r8
    SPILL   \n, 5, movq, r9
    SHAPE_END \ret
.endm

.macro VECTOR_SHAPE n, ret
    SHAPE_BEGIN \n
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7
    SPILL   \n, \i, movsd, xmm\i
    .endr
    SHAPE_END \ret
.endm

/* void to double */
.macro FOR_EACH_RET shape, n
    .irp ret, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
    \shape  \n, \ret
    .endr
.endm

    .irp n, 0, 1, 2, 3, 4, 5, 6
    FOR_EACH_RET GENERAL_SHAPE, \n
    .endr
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8
    FOR_EACH_RET VECTOR_SHAPE, \n
    .endr
END(rx_shapes)

    .section .rodata
    .size rx_arch_entries, . - rx_arch_entries

    NOTES
