/* SPDX-License-Identifier: MIT
 *
 * invoke, x86_64: the call routines.
 *
 *     void rx_call_sysv (const struct rx_plan *plan, void (*fn) (void), void *rvalue,
 *                        void **avalue, void *chain)
 *     {
 *         char area[plan->frame], with area + RX_AREA_STACK aligned to plan->align;
 *         rx_fill (area, plan, avalue, rvalue);
 *         load the argument registers from area, chain into r10;
 *         rsp = area + RX_AREA_STACK;
 *         fn ();
 *         store the result by plan->ret at rvalue;
 *     }
 *
 * rx_call_win64 is the same but for the registers that it loads. Its callee keeps more registers than
 * a System V caller expects (rsi, rdi, xmm6-15), so nothing need be saved for it.
 *
 *     register  holds, from FRAME to the end
 *     rbx       plan
 *     r12       fn
 *     r13       rvalue
 *     r14       chain
 */
#include "asm.h"

#define PLAN %rbx
#define FN %r12
#define RVALUE %r13
#define CHAIN %r14

/* Up to the filled area, at rsp. */
.macro ENTER
    FRAME
    pushq   PLAN
    pushq   FN
    pushq   RVALUE
    pushq   CHAIN
    .cfi_offset rbx, -24
    .cfi_offset r12, -32
    .cfi_offset r13, -40
    .cfi_offset r14, -48
    movq    %rdi, PLAN
    movq    %rsi, FN
    movq    %rdx, RVALUE
    movq    %r8, CHAIN

    /* Room for the frame and for rounding up. */
    movl    RX_PLAN_FRAME(PLAN), %eax
    movl    RX_PLAN_ALIGN(PLAN), %edx
    addq    %rdx, %rax
    cmpq    $RX_PAGE_SIZE, %rax
    ja      2f
1:  subq    %rax, %rsp
    leaq    RX_AREA_STACK - 1(%rsp, %rdx), %rsp
    negq    %rdx
    andq    %rdx, %rsp
    subq    $RX_AREA_STACK, %rsp

    cmpb    $0, RX_PLAN_FILLS(PLAN)
    je      3f
    movq    %rsp, %rdi
    movq    PLAN, %rsi
    movq    %rcx, %rdx                      /* avalue */
    movq    RVALUE, %rcx
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

/* RVALUE <- the result; out of the frame. rax, rdx, xmm0, xmm1 and the x87 stack hold what fn left.
 * Each case is reached by an indirect jump, hence endbr64. */
.macro LEAVE_WITH_RESULT
    movzbl  RX_PLAN_RET(PLAN), %ecx
    leaq    9f(%rip), %r11
    movslq  (%r11, %rcx, 4), %rcx
    addq    %r11, %rcx
    jmp     *%rcx

10: endbr64                                 /* u8 */
    movzbl  %al, %eax
    jmp     17f
11: endbr64                                 /* s8 */
    movsbq  %al, %rax
    jmp     17f
12: endbr64                                 /* u16 */
    movzwl  %ax, %eax
    jmp     17f
13: endbr64                                 /* s16 */
    movswq  %ax, %rax
    jmp     17f
14: endbr64                                 /* u32 */
    movl    %eax, %eax
    jmp     17f
15: endbr64                                 /* s32 */
    cltq
    jmp     17f
16: endbr64                                 /* u64 */
17: movq    %rax, (RVALUE)
18: endbr64                                 /* void, memory: nothing to store */
19: movq    -8(%rbp), PLAN
    movq    -16(%rbp), FN
    movq    -32(%rbp), CHAIN
    movq    -24(%rbp), RVALUE
    .cfi_remember_state
    .cfi_restore rbx
    .cfi_restore r12
    .cfi_restore r13
    .cfi_restore r14
    leave
    .cfi_def_cfa rsp, 8
    ret
    .cfi_restore_state

20: endbr64                                 /* float */
    movss   %xmm0, (RVALUE)
    jmp     19b
21: endbr64                                 /* double */
    movsd   %xmm0, (RVALUE)
    jmp     19b
22: endbr64                                 /* long double, or a struct of one */
    fstpt   (RVALUE)
    jmp     19b
23: endbr64                                 /* complex long double */
    fstpt   (RVALUE)
    fstpt   16(RVALUE)
    jmp     19b

    /* Structs in registers: rax, rdx <- the eightbytes in order. */
24: endbr64                                 /* integer, sse */
    movq    %xmm0, %rdx
    jmp     27f
25: endbr64                                 /* sse, integer */
    movq    %rax, %rdx
    movq    %xmm0, %rax
    jmp     27f
26: endbr64                                 /* sse, sse */
    movq    %xmm0, %rax
    movq    %xmm1, %rdx
    jmp     27f
30: endbr64                                 /* integer, integer */
27: movzbl  RX_PLAN_RET_BYTES(PLAN), %ecx
    cmpl    $8, %ecx
    jb      28f
    movq    %rax, (RVALUE)
    je      19b
    movq    %rdx, %rax
    addq    $8, RVALUE
    subl    $8, %ecx
    cmpl    $8, %ecx
    jb      28f
    movq    %rax, (RVALUE)
    jmp     19b

    /* The last ecx bytes, 1 to 7, and none behind them: rvalue may end at the end of a page. */
28: testb   $4, %cl
    jz      1f
    movl    %eax, (RVALUE)
    shrq    $32, %rax
    addq    $4, RVALUE
1:  testb   $2, %cl
    jz      1f
    movw    %ax, (RVALUE)
    shrq    $16, %rax
    addq    $2, RVALUE
1:  testb   $1, %cl
    jz      19b
    movb    %al, (RVALUE)
    jmp     19b

    .section .rodata
    .balign 4
9:  .long   18b - 9b, 10b - 9b, 11b - 9b, 12b - 9b, 13b - 9b, 14b - 9b, 15b - 9b, 16b - 9b
    .long   20b - 9b, 21b - 9b, 22b - 9b, 23b - 9b, 30b - 9b, 24b - 9b, 25b - 9b, 26b - 9b
    .long   18b - 9b
    .text
.endm

FUNC(rx_call_sysv)
    ENTER
    /* psABI 3.2.3: al is an upper bound of the vector registers that a variadic callee is given. */
    movzbl  RX_PLAN_NVECTOR(PLAN), %eax
    testl   %eax, %eax
    jz      1f
    movaps  RX_AREA_VECTOR + 0x00(%rsp), %xmm0
    movaps  RX_AREA_VECTOR + 0x10(%rsp), %xmm1
    movaps  RX_AREA_VECTOR + 0x20(%rsp), %xmm2
    movaps  RX_AREA_VECTOR + 0x30(%rsp), %xmm3
    movaps  RX_AREA_VECTOR + 0x40(%rsp), %xmm4
    movaps  RX_AREA_VECTOR + 0x50(%rsp), %xmm5
    movaps  RX_AREA_VECTOR + 0x60(%rsp), %xmm6
    movaps  RX_AREA_VECTOR + 0x70(%rsp), %xmm7
1:  movq    RX_AREA_GENERAL + 0x00(%rsp), %rdi
    movq    RX_AREA_GENERAL + 0x08(%rsp), %rsi
    movq    RX_AREA_GENERAL + 0x10(%rsp), %rdx
    movq    RX_AREA_GENERAL + 0x18(%rsp), %rcx
    movq    RX_AREA_GENERAL + 0x20(%rsp), %r8
    movq    RX_AREA_GENERAL + 0x28(%rsp), %r9
    movq    CHAIN, %r10
    addq    $RX_AREA_STACK, %rsp
    call    *FN
    LEAVE_WITH_RESULT
END(rx_call_sysv)

FUNC(rx_call_win64)
    ENTER
    movaps  RX_AREA_VECTOR + 0x00(%rsp), %xmm0
    movaps  RX_AREA_VECTOR + 0x10(%rsp), %xmm1
    movaps  RX_AREA_VECTOR + 0x20(%rsp), %xmm2
    movaps  RX_AREA_VECTOR + 0x30(%rsp), %xmm3
    movq    RX_AREA_GENERAL + 0x00(%rsp), %rcx
    movq    RX_AREA_GENERAL + 0x08(%rsp), %rdx
    movq    RX_AREA_GENERAL + 0x10(%rsp), %r8
    movq    RX_AREA_GENERAL + 0x18(%rsp), %r9
    movq    CHAIN, %r10
    addq    $RX_AREA_STACK, %rsp
    call    *FN
    LEAVE_WITH_RESULT
END(rx_call_win64)

    NOTES
