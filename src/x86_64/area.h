/* SPDX-License-Identifier: MIT
 *
 * area.h, x86_64: the area of a call, and every other number that C and assembly must agree on.
 * abi.c holds a static assertion for each that C knows by another name.
 */
#ifndef RX_AREA_H
#define RX_AREA_H

/* ---- The area (plan.h says what it is for) ----
 *
 * The distance from its start to the stacked arguments is that of a closure's frame: the registers,
 * the result, the saved frame pointer, the return address. */
#define RX_AREA_GENERAL 0  /* rdi rsi rdx rcx r8 r9; Windows: rcx rdx r8 r9; 8 bytes each */
#define RX_AREA_VECTOR 48  /* xmm0-7; Windows: xmm0-3; 16 bytes each, the start a multiple of 16 */
#define RX_AREA_RESULT 176 /* 32 bytes, the start a multiple of 16: a complex long double */
#define RX_AREA_FRAME 208  /* the end of what a closure's frame holds */
#define RX_AREA_STACK 224

/* An eightbyte that is all padding travels nowhere; in a plan it goes here. */
#define RX_AREA_NOWHERE RX_AREA_RESULT

/* ---- struct rx_plan ---- */
#define RX_PLAN_FRAME 0
#define RX_PLAN_ALIGN 4
#define RX_PLAN_BYTES 8
#define RX_PLAN_STEPS 40
#define RX_PLAN_LAST 44

/* ---- rx_plan.ret: how the result comes back ---- */
#define RX_RET_VOID 0
#define RX_RET_U8 1 /* in al ... */
#define RX_RET_S8 2
#define RX_RET_U16 3
#define RX_RET_S16 4
#define RX_RET_U32 5
#define RX_RET_S32 6
#define RX_RET_U64 7
#define RX_RET_FLOAT 8 /* in xmm0 */
#define RX_RET_DOUBLE 9
#define RX_RET_X87 10      /* in st(0) */
#define RX_RET_X87_PAIR 11 /* in st(0), st(1) */
#define RX_RET_II 12       /* a struct of ret_bytes in rax, rdx */
#define RX_RET_IS 13       /* rax, xmm0 */
#define RX_RET_SI 14       /* xmm0, rax */
#define RX_RET_SS 15       /* xmm0, xmm1 */
#define RX_RET_VECTOR 16   /* a vector, or a struct of one, in the whole of xmm0 */
#define RX_RET_MEMORY 17   /* where the caller said, whose address comes back in rax */

/* ---- Closures: ffi_closure, and the entries ---- */
#define RX_CLOSURE_CIF 32
#define RX_CLOSURE_FUN 40
#define RX_CLOSURE_USER_DATA 48

/* rx_plan.entry */
#define RX_ENTRY_WIN64 0
#define RX_ENTRY_SYSV 1
#define RX_ENTRY_SYSV_GENERAL 2 /* no arguments in vector registers */
#define RX_SHAPE_RETS 10        /* RX_RET_VOID to RX_RET_DOUBLE */
#define RX_SHAPE_GENERAL(n, ret) (3 + (n)*RX_SHAPE_RETS + (ret)) /* n: 0 to 6 */
#define RX_SHAPE_VECTOR(n, ret) (RX_SHAPE_GENERAL(6 + (n), ret)) /* n: 1 to 8 */

/* ---- The frame of rx_guarded ---- */
#define RX_GUARD_REGISTER 6 /* rbp (psABI figure 3.36) */
#define RX_GUARD_PLACE -8

/* ---- The pool ---- */
#define RX_TRAMPOLINE_SIZE 32
#define RX_RECORD_SIZE 16
#define RX_CELL_SIZE 128
#define RX_PAGE_SIZE 4096 /* the largest that a kernel for this architecture has */

#endif
