/* SPDX-License-Identifier: MIT
 *
 * area.h, aarch64: the area of a call, and every other number that C and assembly must agree on.
 * abi.c holds a static assertion for each that C knows by another name.
 */
#ifndef RX_AREA_H
#define RX_AREA_H

/* ---- The area (plan.h says what it is for) ----
 *
 * The distance from its start to the stacked arguments is that of a closure's frame: the registers,
 * the result, the frame record. */
#define RX_AREA_GENERAL 0  /* x0-7, 8 bytes each; even pairs are aligned to 16 */
#define RX_AREA_SRET 64    /* x8 */
#define RX_AREA_VECTOR 80  /* v0-7, 16 bytes each, the start a multiple of 16 */
#define RX_AREA_RESULT 208 /* 64 bytes, the start a multiple of 16: four members of 16 bytes */
#define RX_AREA_FRAME 272  /* the end of what a closure's frame holds below its record */
#define RX_AREA_STACK 288

/* ---- struct rx_plan ---- */
#define RX_PLAN_FRAME 0
#define RX_PLAN_ALIGN 4
#define RX_PLAN_RET_BYTES 30
#define RX_PLAN_ROOM 36
#define RX_PLAN_STEPS 40
#define RX_PLAN_LAST 44

/* ---- rx_plan.ret: how the result comes back ---- */
#define RX_RET_VOID 0
#define RX_RET_U8 1 /* in w0 ... */
#define RX_RET_S8 2
#define RX_RET_U16 3
#define RX_RET_S16 4
#define RX_RET_U32 5
#define RX_RET_S32 6
#define RX_RET_U64 7   /* ... or x0 */
#define RX_RET_FLOAT 8 /* in s0, and so a struct of one */
#define RX_RET_DOUBLE 9
#define RX_RET_QUAD 10                          /* 16 bytes in v0 */
#define RX_RET_PAIR 11                          /* 16 bytes in x0, x1 */
#define RX_RET_BYTES 12                         /* a struct of ret_bytes, less than that */
#define RX_RET_FLOATS(members) (11 + (members)) /* in s0 and those behind it, 2 to 4 */
#define RX_RET_DOUBLES(members) (14 + (members))
#define RX_RET_QUADS(members) (17 + (members))
#define RX_RET_MEMORY 22 /* where x8 says */

/* ---- Closures: ffi_closure, and the entries ---- */
#define RX_CLOSURE_CIF 24
#define RX_CLOSURE_FUN 32
#define RX_CLOSURE_USER_DATA 40

/* rx_plan.entry */
#define RX_ENTRY_ALL 0
#define RX_ENTRY_GENERAL 1 /* no arguments in vector registers */
#define RX_SHAPE_RETS 10   /* RX_RET_VOID to RX_RET_DOUBLE */
#define RX_SHAPE_GENERAL(n, ret) (2 + (n)*RX_SHAPE_RETS + (ret)) /* n: 0 to 8 */
#define RX_SHAPE_VECTOR(n, ret) (RX_SHAPE_GENERAL(8 + (n), ret)) /* n: 1 to 8 */

/* ---- The frame of rx_guarded ---- */
#define RX_GUARD_REGISTER 29 /* x29 (DWARF for the Arm 64-bit Architecture, 4.1) */
#define RX_GUARD_PLACE 16

/* ---- The pool ---- */
#define RX_TRAMPOLINE_SIZE 32
#define RX_RECORD_SIZE 16
#define RX_CELL_SIZE 128
#define RX_PAGE_SIZE 65536 /* the largest that a kernel for this architecture has */

/* ---- The stack ---- */
#define RX_GUARD_SIZE 4096 /* the smallest page, and so the smallest guard page */

#endif
