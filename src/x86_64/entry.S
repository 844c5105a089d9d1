/* SPDX-License-Identifier: MIT
 *
 * entry, x86_64: the entries that trampolines jump to, for signatures that shapes.S has none for.
 *
 *     entry (the caller's arguments; r10 = closure)
 *     {
 *         char area[RX_AREA_FRAME], the caller's stacked arguments at area + RX_AREA_STACK;
 *         spill the argument registers into area;
 *         ret = run (r10, area);
 *         load the result from area + RX_AREA_RESULT by ret;
 *     }
 *
 * where run is rx_run_closure, rx_run_elsewhere, rx_run_attributed or rx_run_go. The area ends at the frame pointer:
 * rbp - RX_AREA_FRAME is its start.
 */
#include "asm.h"

#define AREA(offset) offset - RX_AREA_FRAME(%rbp)
#define RESULT(offset) AREA(RX_AREA_RESULT + offset)

/* eax = run (r10, area) */
.macro RUN run
    movq    %r10, %rdi
    leaq    AREA(0), %rsi
    call    \run
.endm

/* Loads the result by eax, RX_RET_*, and takes the way out behind each case. */
.macro LOAD_RESULT out
    cmpl    $RX_RET_VOID, %eax
    je      10f
    leaq    9f(%rip), %rcx
    movl    %eax, %eax                      /* the upper half is undefined */
    movslq  (%rcx, %rax, 4), %rax
    addq    %rcx, %rax
    jmp     *%rax

10: \out                                    /* void */
11: endbr64                                 /* u8 */
    movzbl  RESULT(0), %eax
    \out
12: endbr64                                 /* s8 */
    movsbq  RESULT(0), %rax
    \out
13: endbr64                                 /* u16 */
    movzwl  RESULT(0), %eax
    \out
14: endbr64                                 /* s16 */
    movswq  RESULT(0), %rax
    \out
15: endbr64                                 /* u32 */
    movl    RESULT(0), %eax
    \out
16: endbr64                                 /* s32 */
    movslq  RESULT(0), %rax
    \out
17: endbr64                                 /* u64, and the address of a result in memory */
    movq    RESULT(0), %rax
    \out
18: endbr64                                 /* float */
    movss   RESULT(0), %xmm0
    \out
19: endbr64                                 /* double */
    movsd   RESULT(0), %xmm0
    \out
20: endbr64                                 /* long double */
    fldt    RESULT(0)
    \out
21: endbr64                                 /* complex long double */
    fldt    RESULT(16)
    fldt    RESULT(0)
    \out
22: endbr64                                 /* integer, integer */
    movq    RESULT(0), %rax
    movq    RESULT(8), %rdx
    \out
23: endbr64                                 /* integer, sse */
    movq    RESULT(0), %rax
    movsd   RESULT(8), %xmm0
    \out
24: endbr64                                 /* sse, integer */
    movsd   RESULT(0), %xmm0
    movq    RESULT(8), %rax
    \out
25: endbr64                                 /* sse, sse */
    movsd   RESULT(0), %xmm0
    movsd   RESULT(8), %xmm1
    \out
26: endbr64                                 /* a vector */
    movaps  RESULT(0), %xmm0
    \out

    .section .rodata
    .balign 4
9:  .long   0, 11b - 9b, 12b - 9b, 13b - 9b, 14b - 9b, 15b - 9b, 16b - 9b, 17b - 9b
    .long   18b - 9b, 19b - 9b, 20b - 9b, 21b - 9b, 22b - 9b, 23b - 9b, 24b - 9b, 25b - 9b
    .long   26b - 9b, 17b - 9b
    .text
.endm

/* ---- System V ---- */

.macro SYSV_OUT
    UNFRAME_RET
.endm

.macro SYSV_ENTRY name, run, vector
FUNC(\name)
    FRAME
    subq    $RX_AREA_FRAME, %rsp
    movq    %rdi, AREA(RX_AREA_GENERAL + 0x00)
    movq    %rsi, AREA(RX_AREA_GENERAL + 0x08)
    movq    %rdx, AREA(RX_AREA_GENERAL + 0x10)
    movq    %rcx, AREA(RX_AREA_GENERAL + 0x18)
    movq    %r8, AREA(RX_AREA_GENERAL + 0x20)
    movq    %r9, AREA(RX_AREA_GENERAL + 0x28)
    .if \vector
    movaps  %xmm0, AREA(RX_AREA_VECTOR + 0x00)
    movaps  %xmm1, AREA(RX_AREA_VECTOR + 0x10)
    movaps  %xmm2, AREA(RX_AREA_VECTOR + 0x20)
    movaps  %xmm3, AREA(RX_AREA_VECTOR + 0x30)
    movaps  %xmm4, AREA(RX_AREA_VECTOR + 0x40)
    movaps  %xmm5, AREA(RX_AREA_VECTOR + 0x50)
    movaps  %xmm6, AREA(RX_AREA_VECTOR + 0x60)
    movaps  %xmm7, AREA(RX_AREA_VECTOR + 0x70)
    .endif
    RUN     \run
    LOAD_RESULT SYSV_OUT
END(\name)
.endm

    /* For signatures without arguments in vector registers, */
    SYSV_ENTRY rx_entry_sysv_general, rx_run_closure, 0
    /* and for any. */
    SYSV_ENTRY rx_entry_sysv, rx_run_closure, 1
    SYSV_ENTRY rx_entry_sysv_elsewhere, rx_run_elsewhere, 1
    SYSV_ENTRY rx_entry_sysv_attributed, rx_run_attributed, 1
    SYSV_ENTRY rx_entry_sysv_go, rx_run_go, 1

/* ---- Windows ----
 *
 * The caller expects to find rsi, rdi and xmm6-15 as they were, which System V code, and so
 * everything that is called from here, may change. They are kept below the area. */

#define WIN64_KEPT 176
#define KEPT(n) -(n) - RX_AREA_FRAME(%rbp)
#define KEPT_CFA(n) -(n) - RX_AREA_FRAME - 16 /* the same from the CFA, which is rbp + 16 */

.macro WIN64_KEEP insn, reg, cfi_reg, n
    \insn   %\reg, KEPT(\n)
    .cfi_offset \cfi_reg, KEPT_CFA(\n)
.endm

.macro WIN64_OUT
    jmp     8f
.endm

.macro WIN64_ENTRY name, run
FUNC(\name)
    FRAME
    subq    $RX_AREA_FRAME + WIN64_KEPT, %rsp
    WIN64_KEEP movq, rsi, rsi, 8
    WIN64_KEEP movq, rdi, rdi, 16
    WIN64_KEEP movaps, xmm6, xmm6, 32
    WIN64_KEEP movaps, xmm7, xmm7, 48
    WIN64_KEEP movaps, xmm8, xmm8, 64
    WIN64_KEEP movaps, xmm9, xmm9, 80
    WIN64_KEEP movaps, xmm10, xmm10, 96
    WIN64_KEEP movaps, xmm11, xmm11, 112
    WIN64_KEEP movaps, xmm12, xmm12, 128
    WIN64_KEEP movaps, xmm13, xmm13, 144
    WIN64_KEEP movaps, xmm14, xmm14, 160
    WIN64_KEEP movaps, xmm15, xmm15, 176
    movq    %rcx, AREA(RX_AREA_GENERAL + 0x00)
    movq    %rdx, AREA(RX_AREA_GENERAL + 0x08)
    movq    %r8, AREA(RX_AREA_GENERAL + 0x10)
    movq    %r9, AREA(RX_AREA_GENERAL + 0x18)
    movaps  %xmm0, AREA(RX_AREA_VECTOR + 0x00)
    movaps  %xmm1, AREA(RX_AREA_VECTOR + 0x10)
    movaps  %xmm2, AREA(RX_AREA_VECTOR + 0x20)
    movaps  %xmm3, AREA(RX_AREA_VECTOR + 0x30)
    RUN     \run
    LOAD_RESULT WIN64_OUT

8:  movq    KEPT(8), %rsi
    movq    KEPT(16), %rdi
    movaps  KEPT(32), %xmm6
    movaps  KEPT(48), %xmm7
    movaps  KEPT(64), %xmm8
    movaps  KEPT(80), %xmm9
    movaps  KEPT(96), %xmm10
    movaps  KEPT(112), %xmm11
    movaps  KEPT(128), %xmm12
    movaps  KEPT(144), %xmm13
    movaps  KEPT(160), %xmm14
    movaps  KEPT(176), %xmm15
    UNFRAME_RET
END(\name)
.endm

    WIN64_ENTRY rx_entry_win64, rx_run_closure
    WIN64_ENTRY rx_entry_win64_elsewhere, rx_run_elsewhere
    WIN64_ENTRY rx_entry_win64_attributed, rx_run_attributed
    WIN64_ENTRY rx_entry_win64_go, rx_run_go

/* ---- Closures that must not be called: r10 = cell ---- */

.macro FAULT_ENTRY name, fault
FUNC(\name)
    FRAME
    movq    %r10, %rdi
    call    \fault
    hlt
END(\name)
.endm

    FAULT_ENTRY rx_arch_entry_unprepared, rx_called_unprepared
    FAULT_ENTRY rx_arch_entry_freed, rx_called_freed

    NOTES
