/* SPDX-License-Identifier: MIT
 *
 * guard, x86_64: the guards of guard.h.
 *
 * In all of them r11 is the address of `guard`, and r10 is scratch.
 */
#include "guard.h"

/* if (condition does not hold) bad |= bit; */
.macro BAD_UNLESS condition, bit, where
    j\condition 77f
    orq     $\bit, \where
77:
.endm

/* Direction flag and modes, at a place where nothing lies below rsp. */
.macro CHECK_MODES where
    pushfq
    popq    %r10
    testl   $0x400, %r10d
    BAD_UNLESS z, BAD_DIRECTION, \where
    stmxcsr GUARD_SCRATCH(%r11)
    movl    GUARD_SCRATCH(%r11), %r10d
    andl    $GUARD_MXCSR_CONTROL, %r10d
    cmpl    $GUARD_MXCSR, %r10d
    BAD_UNLESS e, BAD_MXCSR, \where
    fnstenv GUARD_ENVIRONMENT(%r11)         /* masks all exceptions: */
    fldcw   GUARD_ENVIRONMENT(%r11)
    cmpw    $GUARD_X87_CONTROL, GUARD_ENVIRONMENT(%r11)
    BAD_UNLESS e, BAD_X87_CONTROL, \where
.endm

.macro CHECK_X87_EMPTY where
    cmpw    $0xffff, GUARD_ENVIRONMENT + 8(%r11)
    BAD_UNLESS e, BAD_X87_STACK, \where
.endm

/* insn reg, base + 8 * i(r11) for the general registers, in the order of BAD_REGISTER. */
.macro SAVE_GENERAL base
    .set i, 0
    .irp reg, rbx, rbp, r12, r13, r14, r15, rsi, rdi
    movq    %\reg, \base + 8 * i(%r11)
    .set i, i + 1
    .endr
.endm

.macro LOAD_SIX base
    .set i, 0
    .irp reg, rbx, rbp, r12, r13, r14, r15
    movq    \base + 8 * i(%r11), %\reg
    .set i, i + 1
    .endr
.endm

.macro CHECK_SIX where
    .set i, 0
    .irp reg, rbx, rbp, r12, r13, r14, r15
    cmpq    GUARD_PATTERN + 8 * i(%r11), %\reg
    BAD_UNLESS e, (1<<i), \where
    .set i, i + 1
    .endr
.endm

    .text
    .globl guard_pass
    .type guard_pass, @function
guard_pass:
    endbr64
    leaq    guard(%rip), %r11
    movq    %r10, GUARD_SEEN_CHAIN(%r11)
    popq    GUARD_RETURN(%r11)              /* the stacked arguments are at rsp now, */
    movq    %rsp, GUARD_SP(%r11)
    testb   $15, %spl
    BAD_UNLESS z, BAD_ALIGNMENT, GUARD_BAD(%r11)
    CHECK_MODES GUARD_BAD(%r11)
    CHECK_X87_EMPTY GUARD_BAD(%r11)
    SAVE_GENERAL GUARD_SAVED
    LOAD_SIX GUARD_PATTERN
    movq    %rdi, GUARD_SEEN_FIRST(%r11)
    cmpq    $0, GUARD_WINDOWS(%r11)
    je      1f
    movq    %rcx, GUARD_SEEN_FIRST(%r11)
    movq    GUARD_PATTERN + 8 * 6(%r11), %rsi
    movq    GUARD_PATTERN + 8 * 7(%r11), %rdi
    .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups  %xmm\n, GUARD_SAVED_XMM + 16 * (\n - 6)(%r11)
    movups  GUARD_PATTERN_XMM + 16 * (\n - 6)(%r11), %xmm\n
    .endr
    jmp     2f
1:  .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    movups  GUARD_GARBAGE(%r11), %xmm\n
    .endr
2:  cmpq    $0, GUARD_KEEP_RAX(%r11)
    jne     3f
    movq    GUARD_GARBAGE(%r11), %rax
3:  movq    GUARD_CHAIN(%r11), %r10
    call    *GUARD_TARGET(%r11)             /* ... so this makes the frame that there was. */

    leaq    guard(%rip), %r11
    movq    %rax, GUARD_SEEN_RAX(%r11)
    cmpq    %rsp, GUARD_SP(%r11)
    BAD_UNLESS e, BAD_STACK, GUARD_BAD(%r11)
    movq    GUARD_SP(%r11), %rsp
    CHECK_SIX GUARD_BAD(%r11)
    /* Below rsp may be nothing of ours, and nothing of a caller's either. */
    CHECK_MODES GUARD_BAD(%r11)
    LOAD_SIX GUARD_SAVED
    movq    GUARD_GARBAGE(%r11), %rcx
    movq    %rcx, %r8
    movq    %rcx, %r9
    movq    %rcx, %r10
    .irp n, 2, 3, 4, 5
    movups  GUARD_GARBAGE(%r11), %xmm\n
    .endr
    cmpq    $0, GUARD_WINDOWS(%r11)
    je      5f
    cmpq    GUARD_PATTERN + 8 * 6(%r11), %rsi
    BAD_UNLESS e, (1<<6), GUARD_BAD(%r11)
    cmpq    GUARD_PATTERN + 8 * 7(%r11), %rdi
    BAD_UNLESS e, (1<<7), GUARD_BAD(%r11)
    movq    GUARD_SAVED + 8 * 6(%r11), %rsi
    movq    GUARD_SAVED + 8 * 7(%r11), %rdi
    .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    pcmpeqd GUARD_PATTERN_XMM + 16 * (\n - 6)(%r11), %xmm\n
    pmovmskb %xmm\n, %r10d
    cmpl    $0xffff, %r10d
    BAD_UNLESS e, BAD_VECTOR, GUARD_BAD(%r11)
    movups  GUARD_SAVED_XMM + 16 * (\n - 6)(%r11), %xmm\n
    .endr
    jmp     6f
5:  movq    %rcx, %rsi
    movq    %rcx, %rdi
    .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups  GUARD_GARBAGE(%r11), %xmm\n
    .endr
6:  xorq    GUARD_POISON(%r11), %rax
    jmp     *GUARD_RETURN(%r11)
    .size guard_pass, . - guard_pass

    .globl guard_call
    .type guard_call, @function
guard_call:
    endbr64
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    subq    $24, %rsp
    stmxcsr (%rsp)
    fnstcw  4(%rsp)
    movl    $GUARD_MXCSR, 8(%rsp)
    ldmxcsr 8(%rsp)
    movl    $GUARD_X87_CONTROL, 8(%rsp)
    fldcw   8(%rsp)
    movq    %rsp, outer_sp(%rip)

    movq    %rdi, %rax
    movq    %rsi, %rdi
    movq    %rdx, %rsi
    movq    %rcx, %rdx
    movq    %r8, %rcx
    movq    %r9, %r8
    leaq    guard(%rip), %r11
    LOAD_SIX GUARD_PATTERN
    notq    %rbx                            /* not what guard_pass puts there */
    notq    %r12
    notq    %r13
    notq    %r14
    notq    %r15
    notq    %rbp
    call    *%rax

    leaq    guard(%rip), %r11
    xorl    %eax, %eax
    cmpq    %rsp, outer_sp(%rip)
    BAD_UNLESS e, BAD_STACK, %rax
    movq    outer_sp(%rip), %rsp
    notq    %rbx
    notq    %r12
    notq    %r13
    notq    %r14
    notq    %r15
    notq    %rbp
    CHECK_SIX %rax
    movups  GUARD_ENVIRONMENT(%r11), %xmm0  /* guard_pass's finding is to survive */
    CHECK_MODES %rax
    CHECK_X87_EMPTY %rax
    movups  %xmm0, GUARD_ENVIRONMENT(%r11)
    cld
    fninit                                  /* a wrong call must not spoil the next */
    ldmxcsr (%rsp)
    fldcw   4(%rsp)
    addq    $24, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret
    .size guard_call, . - guard_call

    .globl guard_handler
    .type guard_handler, @function
guard_handler:
    endbr64
    leaq    guard(%rip), %r11
    leaq    8(%rsp), %r10
    testb   $15, %r10b
    BAD_UNLESS z, BAD_ALIGNMENT, GUARD_BAD(%r11)
    CHECK_MODES GUARD_BAD(%r11)
    CHECK_X87_EMPTY GUARD_BAD(%r11)
    subq    $8, %rsp
    call    handle
    addq    $8, %rsp
    .size guard_handler, . - guard_handler  /* and goes on: */

    .globl guard_garbage
    .type guard_garbage, @function
guard_garbage:
    endbr64
    leaq    guard(%rip), %r11
    movq    GUARD_GARBAGE(%r11), %rax
    .irp reg, rcx, rdx, rsi, rdi, r8, r9, r10
    movq    %rax, %\reg
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups  GUARD_GARBAGE(%r11), %xmm\n
    .endr
    ret
    .size guard_garbage, . - guard_garbage

    .local outer_sp
    .comm outer_sp, 8, 8

    .section .note.GNU-stack, "", @progbits
