/* SPDX-License-Identifier: MIT
 *
 * steps, x86_64: the pieces of code that a plan's steps name (steps.h), in that order.
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
    .type rx_step_codes, @object
rx_step_codes:
    .text

FUNC(rx_steps)
    .cfi_def_cfa rbp, 16
    .cfi_offset rbp, -16
    .cfi_offset rbx, -24
    .cfi_offset r12, -32

/* Begins a piece, and enters it into the table. */
.macro PIECE
    .balign 16
    .pushsection .rodata
    .short  99f - rx_steps
    .popsection
99: endbr64
.endm

/* rax = avalue[arg] */
.macro VALUE
    movzwl  ARG, %eax
    movq    (AVALUE, %rax, 8), %rax
.endm

/* Applies `do read-instruction, offset, suffix of the register` to each RX_READ_*. */
.macro FOR_EACH_READ do
    \do    movzbl, 0, d
    \do    movsbq, 0, q
    \do    movzwl, 0, d
    \do    movswq, 0, q
    \do    movl, 0, d
    \do    movslq, 0, q
    \do    movq, 0, q
    \do    movzbl, 8, d
    \do    movzwl, 8, d
    \do    movl, 8, d
    \do    movq, 8, q
.endm

/* ---- An argument in a general register ---- */

.macro LOAD insn, offset, reg
    PIECE
    VALUE
    \insn   \offset(%rax), %\reg
    GO      1
.endm

.macro LOAD_GENERAL insn, offset, width
    .ifc \width, d
    .irp reg, edi, esi, edx, ecx, r8d, r9d
    LOAD \insn, \offset, \reg
    .endr
    .else
    .irp reg, rdi, rsi, rdx, rcx, r8, r9
    LOAD \insn, \offset, \reg
    .endr
    .endif
.endm

    FOR_EACH_READ LOAD_GENERAL

/* ---- In a vector register ---- */

.macro LOAD_VECTOR insn, offset
    .irp reg, xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7
    LOAD \insn, \offset, \reg
    .endr
.endm

    LOAD_VECTOR movss, 0
    LOAD_VECTOR movsd, 0
    LOAD_VECTOR movss, 8
    LOAD_VECTOR movsd, 8
    LOAD_VECTOR movups, 0

/* ---- On the stack ---- */

.macro STACK insn, offset, width
    PIECE
    VALUE
    .ifc \width, d
    \insn   \offset(%rax), %ecx
    .else
    \insn   \offset(%rax), %rcx
    .endif
    movl    DST, %edx
    movq    %rcx, (%rsp, %rdx)
    GO      1
.endm

    FOR_EACH_READ STACK

    PIECE                                   /* n words of one value */
    VALUE
    movl    DST, %edx
    movl    NEXT_DST, %ecx
    addq    %rsp, %rdx
1:  movq    -8(%rax, %rcx, 8), %rsi
    movq    %rsi, -8(%rdx, %rcx, 8)
    decl    %ecx
    jnz     1b
    GO      2

    PIECE                                   /* n values of a word */
    movzwl  ARG, %eax
    movl    DST, %edx
    movl    NEXT_DST, %ecx
    leaq    (AVALUE, %rax, 8), %rax
    addq    %rsp, %rdx
1:  movq    -8(%rax, %rcx, 8), %rsi
    movq    (%rsi), %rsi
    movq    %rsi, -8(%rdx, %rcx, 8)
    decl    %ecx
    jnz     1b
    GO      2

/* ---- The address of the result ---- */

    PIECE
    movq    -24(%rbp), %rdi
    GO      1

/* ---- All arguments of one kind, in the first registers ---- */

.macro ONE insn, index, reg
    movq    8 * \index(AVALUE), %rax
    \insn   (%rax), %\reg
.endm

.macro ALL_GENERAL insn, n
    PIECE
    ONE     \insn, 0, rdi
    .if \n > 1
    ONE     \insn, 1, rsi
    .endif
    .if \n > 2
    ONE     \insn, 2, rdx
    .endif
    .if \n > 3
    ONE     \insn, 3, rcx
    .endif
    .if \n > 4
    ONE     \insn, 4, r8
    .endif
    .if \n > 5
    ONE     \insn, 5, r9
    .endif
    GO      1
.endm

    .irp n, 1, 2, 3, 4, 5, 6
    ALL_GENERAL movq, \n
    .endr
    .irp n, 1, 2, 3, 4, 5, 6
    ALL_GENERAL movslq, \n
    .endr

.macro ALL_VECTOR insn, n
    PIECE
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7
    .if \n > \i
    ONE     \insn, \i, xmm\i
    .endif
    .endr
    GO      1
.endm

    .irp n, 1, 2, 3, 4, 5, 6, 7, 8
    ALL_VECTOR movsd, \n
    .endr
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8
    ALL_VECTOR movss, \n
    .endr

/* ---- The call, and the result ---- */

/* psABI 3.2.3: al is an upper bound of the vector registers that a variadic callee is given. */
.macro CALL_FN
    PIECE
    movzwl  ARG, %eax
    call    *FN
    movq    -24(%rbp), %rdi                 /* rvalue */
.endm

.macro RETURN
    movq    -8(%rbp), %rbx
    movq    -16(%rbp), %r12
    .cfi_remember_state
    .cfi_restore rbx
    .cfi_restore r12
    leave
    .cfi_def_cfa rsp, 8
    .cfi_restore rbp
    ret
    .cfi_restore_state
.endm

    CALL_FN                                    /* void */
    RETURN

    CALL_FN                                    /* u8 ... */
    movzbl  %al, %eax
    movq    %rax, (%rdi)
    RETURN

    CALL_FN
    movsbq  %al, %rax
    movq    %rax, (%rdi)
    RETURN

    CALL_FN
    movzwl  %ax, %eax
    movq    %rax, (%rdi)
    RETURN

    CALL_FN
    movswq  %ax, %rax
    movq    %rax, (%rdi)
    RETURN

    CALL_FN
    movl    %eax, %eax
    movq    %rax, (%rdi)
    RETURN

    CALL_FN
    cltq
    movq    %rax, (%rdi)
    RETURN

    CALL_FN                                    /* ... u64 */
    movq    %rax, (%rdi)
    RETURN

    CALL_FN                                    /* float */
    movss   %xmm0, (%rdi)
    RETURN

    CALL_FN                                    /* double */
    movsd   %xmm0, (%rdi)
    RETURN

    CALL_FN                                    /* long double, or a struct of one */
    fstpt   (%rdi)
    RETURN

    CALL_FN                                    /* complex long double */
    fstpt   (%rdi)
    fstpt   16(%rdi)
    RETURN

    CALL_FN                                    /* integer, integer */
    jmp     1f

    CALL_FN                                    /* integer, sse */
    movq    %xmm0, %rdx
    jmp     1f

    CALL_FN                                    /* sse, integer */
    movq    %rax, %rdx
    movq    %xmm0, %rax
    jmp     1f

    CALL_FN                                    /* sse, sse */
    movq    %xmm0, %rax
    movq    %xmm1, %rdx

    /* rax and rdx are the eightbytes of a struct in order; ret_bytes of them are wanted. */
1:  movl    DST, %ecx
    cmpl    $8, %ecx
    jb      2f
    movq    %rax, (%rdi)
    je      3f
    movq    %rdx, %rax
    addq    $8, %rdi
    subl    $8, %ecx
    cmpl    $8, %ecx
    jb      2f
    movq    %rax, (%rdi)
3:  RETURN

    /* The last ecx bytes, 1 to 7, and none behind them: rvalue may end at the end of a page. */
2:  testb   $4, %cl
    jz      1f
    movl    %eax, (%rdi)
    shrq    $32, %rax
    addq    $4, %rdi
1:  testb   $2, %cl
    jz      1f
    movw    %ax, (%rdi)
    shrq    $16, %rax
    addq    $2, %rdi
1:  testb   $1, %cl
    jz      1f
    movb    %al, (%rdi)
1:  RETURN

    CALL_FN                                    /* a vector */
    movups  %xmm0, (%rdi)
    RETURN

    CALL_FN                                    /* in memory, where rvalue says */
    RETURN
END(rx_steps)

    .section .rodata
    .size rx_step_codes, . - rx_step_codes

    NOTES
