/* SPDX-License-Identifier: MIT
 *
 * probe, x86_64: what only assembly can see and do.
 */
#include "asm.h"

#define HOME 32                 /* the room for Windows' four arguments, then: */
#define AFTER 32(%rsp)

/* void probe (void *code, const struct registers *before, struct registers *after) */
FUNC(probe)
    FRAME
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    subq    $HOME + 24, %rsp
    movq    %rdx, AFTER
    movq    %rbp, 40(%rsp)
    movq    %rdi, %rax
    movq    0x00(%rsi), %rbx
    movq    0x08(%rsi), %rbp
    movq    0x10(%rsi), %r12
    movq    0x18(%rsi), %r13
    movq    0x20(%rsi), %r14
    movq    0x28(%rsi), %r15
    movq    0x30(%rsi), %rdi
    movups  0x40(%rsi), %xmm6
    movups  0x50(%rsi), %xmm7
    movups  0x60(%rsi), %xmm8
    movups  0x70(%rsi), %xmm9
    movups  0x80(%rsi), %xmm10
    movups  0x90(%rsi), %xmm11
    movups  0xa0(%rsi), %xmm12
    movups  0xb0(%rsi), %xmm13
    movups  0xc0(%rsi), %xmm14
    movups  0xd0(%rsi), %xmm15
    movq    0x38(%rsi), %rsi
    call    *%rax
    movq    AFTER, %rcx
    movq    %rbx, 0x00(%rcx)
    movq    %rbp, 0x08(%rcx)
    movq    %r12, 0x10(%rcx)
    movq    %r13, 0x18(%rcx)
    movq    %r14, 0x20(%rcx)
    movq    %r15, 0x28(%rcx)
    movq    %rdi, 0x30(%rcx)
    movq    %rsi, 0x38(%rcx)
    movups  %xmm6, 0x40(%rcx)
    movups  %xmm7, 0x50(%rcx)
    movups  %xmm8, 0x60(%rcx)
    movups  %xmm9, 0x70(%rcx)
    movups  %xmm10, 0x80(%rcx)
    movups  %xmm11, 0x90(%rcx)
    movups  %xmm12, 0xa0(%rcx)
    movups  %xmm13, 0xb0(%rcx)
    movups  %xmm14, 0xc0(%rcx)
    movups  %xmm15, 0xd0(%rcx)
    movq    40(%rsp), %rbp
    addq    $HOME + 24, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    UNFRAME_RET
END(probe)

#define VECTOR 0x30
#define STACK 0xb0
#define STACK_WORDS 64

/* void probe_take (any arguments) */
FUNC(probe_take)
    leaq    probe_taken(%rip), %rax
    movq    %rdi, 0x00(%rax)
    movq    %rsi, 0x08(%rax)
    movq    %rdx, 0x10(%rax)
    movq    %rcx, 0x18(%rax)
    movq    %r8, 0x20(%rax)
    movq    %r9, 0x28(%rax)
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7
    movups  %xmm\i, VECTOR + 0x10 * \i(%rax)
    .endr
    movq    probe_stack(%rip), %rcx
    leaq    8(%rsp), %rsi
    leaq    STACK(%rax), %rdi
    cld
    rep movsq
    ret
END(probe_take)

/* void probe_give (void *code, const struct arguments *arguments) */
FUNC(probe_give)
    FRAME
    subq    $8 * STACK_WORDS, %rsp
    movq    %rdi, %rax
    movq    %rsi, %r11
    leaq    STACK(%r11), %rsi
    movq    %rsp, %rdi
    movl    $STACK_WORDS, %ecx
    cld
    rep movsq
    movq    0x00(%r11), %rdi
    movq    0x08(%r11), %rsi
    movq    0x10(%r11), %rdx
    movq    0x18(%r11), %rcx
    movq    0x20(%r11), %r8
    movq    0x28(%r11), %r9
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7
    movups  VECTOR + 0x10 * \i(%r11), %xmm\i
    .endr
    call    *%rax
    UNFRAME_RET
END(probe_give)

FUNC(probe_al)
    movzbl  %al, %eax
    ret
END(probe_al)

FUNC(probe_r10)
    movq    %r10, %rax
    ret
END(probe_r10)

FUNC(probe_rsp)
    movq    %rsp, %rax
    ret
END(probe_rsp)

    .bss
    .balign 16
    .globl probe_taken, probe_stack
probe_taken:
    .zero STACK + 8 * STACK_WORDS
probe_stack:
    .zero 8

    NOTES
