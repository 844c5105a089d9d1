/* SPDX-License-Identifier: MIT
 *
 * invoke, x86_64: calls out.
 *
 * There are two ways in. rx_call_steps executes the steps of a plan, each of which loads an argument
 * register or writes to the stack straight from avalue. rx_call_sysv and rx_call_win64 have the area
 * filled by rx_fill and load all argument registers from there; they serve any plan, and Go's static
 * chain. Both ways end in the plan's last step, in steps.S, which calls and stores the result.
 *
 * The frame, which rx_steps takes down:
 *
 *     rbp - 8     rbx of the caller
 *     rbp - 16    r12 of the caller
 *     rbp - 24    rvalue
 *     rbp - 32    fn
 */
#include "asm.h"
#include "steps.h"

/* (const struct rx_plan *plan, void (*fn) (void), void *rvalue, void **avalue, void *chain) */
.macro ENTER
    FRAME
    pushq   %rbx
    pushq   %r12
    .cfi_offset rbx, -24
    .cfi_offset r12, -32
    pushq   %rdx
    pushq   %rsi
.endm

/* The stack that steps ask for is less than a page. */
FUNC(rx_call_steps)
    ENTER
    movl    RX_PLAN_STEPS(%rdi), %ebx
    movl    RX_PLAN_BYTES(%rdi), %eax
    addq    %rdi, STEP
    subq    %rax, %rsp
    movq    %rcx, AVALUE
    movq    %rsi, FN
    leaq    rx_steps(%rip), STEPS
    GO      0
END(rx_call_steps)

/*
 *     char area[plan->frame], with area + RX_AREA_STACK aligned to plan->align;
 *     rx_fill (area, plan, avalue, rvalue);
 *     load the argument registers from area, chain into r10;
 *     rsp = area + RX_AREA_STACK;
 *     execute plan->last;
 *
 * Until then rbx holds plan, and r12 chain. A Windows callee keeps more registers than a System V caller
 * expects (rsi, rdi, xmm6-15), so nothing need be saved for it.
 */
.macro FILL
    movq    %rdi, %rbx
    movq    %r8, %r12

    /* Room for the frame and for rounding up. */
    movl    RX_PLAN_FRAME(%rbx), %eax
    movl    RX_PLAN_ALIGN(%rbx), %edx
    addq    %rdx, %rax
    cmpq    $RX_PAGE_SIZE, %rax
    ja      2f
1:  subq    %rax, %rsp
    leaq    RX_AREA_STACK - 1(%rsp, %rdx), %rsp
    negq    %rdx
    andq    %rdx, %rsp
    subq    $RX_AREA_STACK, %rsp

    movq    %rsp, %rdi
    movq    %rbx, %rsi
    movq    %rcx, %rdx                      /* avalue */
    movq    -24(%rbp), %rcx                 /* rvalue */
    call    rx_fill
    jmp     3f

    /* More than a page is touched page by page, so that it cannot reach over a guard page. */
2:  subq    $RX_PAGE_SIZE, %rsp
    orq     $0, (%rsp)
    subq    $RX_PAGE_SIZE, %rax
    cmpq    $RX_PAGE_SIZE, %rax
    ja      2b
    jmp     1b
3:
.endm

.macro GO_LAST
    movq    %r12, %r10
    movq    -32(%rbp), FN
    leaq    RX_PLAN_LAST(%rbx), STEP
    leaq    rx_steps(%rip), STEPS
    addq    $RX_AREA_STACK, %rsp
    GO      0
.endm

FUNC(rx_call_sysv)
    ENTER
    FILL
    movaps  RX_AREA_VECTOR + 0x00(%rsp), %xmm0
    movaps  RX_AREA_VECTOR + 0x10(%rsp), %xmm1
    movaps  RX_AREA_VECTOR + 0x20(%rsp), %xmm2
    movaps  RX_AREA_VECTOR + 0x30(%rsp), %xmm3
    movaps  RX_AREA_VECTOR + 0x40(%rsp), %xmm4
    movaps  RX_AREA_VECTOR + 0x50(%rsp), %xmm5
    movaps  RX_AREA_VECTOR + 0x60(%rsp), %xmm6
    movaps  RX_AREA_VECTOR + 0x70(%rsp), %xmm7
    movq    RX_AREA_GENERAL + 0x00(%rsp), %rdi
    movq    RX_AREA_GENERAL + 0x08(%rsp), %rsi
    movq    RX_AREA_GENERAL + 0x10(%rsp), %rdx
    movq    RX_AREA_GENERAL + 0x18(%rsp), %rcx
    movq    RX_AREA_GENERAL + 0x20(%rsp), %r8
    movq    RX_AREA_GENERAL + 0x28(%rsp), %r9
    GO_LAST
END(rx_call_sysv)

FUNC(rx_call_win64)
    ENTER
    FILL
    movaps  RX_AREA_VECTOR + 0x00(%rsp), %xmm0
    movaps  RX_AREA_VECTOR + 0x10(%rsp), %xmm1
    movaps  RX_AREA_VECTOR + 0x20(%rsp), %xmm2
    movaps  RX_AREA_VECTOR + 0x30(%rsp), %xmm3
    movq    RX_AREA_GENERAL + 0x00(%rsp), %rcx
    movq    RX_AREA_GENERAL + 0x08(%rsp), %rdx
    movq    RX_AREA_GENERAL + 0x10(%rsp), %r8
    movq    RX_AREA_GENERAL + 0x18(%rsp), %r9
    GO_LAST
END(rx_call_win64)

    NOTES
