/* SPDX-License-Identifier: MIT
 *
 * invoke, aarch64: calls out.
 *
 * There are two ways in. rx_call_steps executes the steps of a plan, each of which loads an argument
 * register or writes to the stack straight from avalue. rx_call_area has the area filled by rx_fill and
 * loads all argument registers from there; it serves any plan, and Go's static chain. Both ways end in the
 * plan's last step, in steps_code.S, which calls, stores the result and takes down the frame (steps.h).
 */
#include "asm.h"
#include "steps.h"

/* (const struct rx_plan *plan, void (*fn) (void), void *rvalue, void **avalue, void *chain) */

/* The stack that steps ask for is less than a page. */
FUNC(rx_call_steps)
    FRAME(CALL_FRAME)
    ldp     w9, w10, [x0, RX_PLAN_ROOM]     /* and steps */
    stp     x2, x0, [x29, CALL_RVALUE]      /* and CALL_PLAN */
    add     STEP, x0, x10
    adr     STEPS, rx_steps
    mov     AVALUE, x3
    mov     FN, x1
    sub     sp, sp, x9
    GO
END(rx_call_steps)

/*
 *     char area[plan->frame], with area + RX_AREA_STACK aligned to plan->align;
 *     rx_fill (area, plan, avalue, rvalue);
 *     load the argument registers from area, chain into x18;
 *     sp = area + RX_AREA_STACK;
 *     execute plan->last;
 */
FUNC(rx_call_area)
    FRAME(CALL_FRAME)
    stp     x2, x0, [x29, CALL_RVALUE]      /* and CALL_PLAN */
    stp     x1, x4, [x29, CALL_FN]          /* and CALL_CHAIN */

    /* Room for the frame and for rounding up. */
    ldp     w9, w10, [x0, RX_PLAN_FRAME]    /* and align */
    add     x9, x9, x10
    cmp     x9, RX_GUARD_SIZE
    b.hi    2f
1:  mov     x11, sp
    sub     x11, x11, x9
    add     x11, x11, RX_AREA_STACK - 1
    add     x11, x11, x10
    neg     x10, x10
    and     x11, x11, x10
    sub     sp, x11, RX_AREA_STACK

    mov     x9, x2
    mov     x1, x0                          /* plan */
    mov     x2, x3                          /* avalue */
    mov     x3, x9                          /* rvalue */
    mov     x0, sp
    bl      rx_fill

    ldp     q0, q1, [sp, RX_AREA_VECTOR + 0x00]
    ldp     q2, q3, [sp, RX_AREA_VECTOR + 0x20]
    ldp     q4, q5, [sp, RX_AREA_VECTOR + 0x40]
    ldp     q6, q7, [sp, RX_AREA_VECTOR + 0x60]
    ldp     x0, x1, [sp, RX_AREA_GENERAL + 0x00]
    ldp     x2, x3, [sp, RX_AREA_GENERAL + 0x10]
    ldp     x4, x5, [sp, RX_AREA_GENERAL + 0x20]
    ldp     x6, x7, [sp, RX_AREA_GENERAL + 0x30]
    ldr     x8, [sp, RX_AREA_SRET]
    ldr     x9, [x29, CALL_PLAN]
    ldp     FN, x18, [x29, CALL_FN]
    add     STEP, x9, RX_PLAN_LAST
    adr     STEPS, rx_steps
    add     sp, sp, RX_AREA_STACK
    GO

    /* More than a guard page is touched page by page, so that it cannot reach over one. */
2:  sub     sp, sp, RX_GUARD_SIZE
    str     xzr, [sp]
    sub     x9, x9, RX_GUARD_SIZE
    cmp     x9, RX_GUARD_SIZE
    b.hi    2b
    b       1b
END(rx_call_area)

    NOTES
