/* SPDX-License-Identifier: MIT
 *
 * entry, aarch64: the entries that trampolines jump to, for signatures that shapes.S has none for.
 *
 *     entry (the caller's arguments; x17 = closure)
 *     {
 *         char area[RX_AREA_FRAME], the caller's stacked arguments at area + RX_AREA_STACK;
 *         spill the argument registers into area;
 *         ret = run (x17, area);
 *         load the result from area + RX_AREA_RESULT by ret;
 *     }
 *
 * where run is rx_run_closure, rx_run_elsewhere, rx_run_attributed or rx_run_go. The area lies between the stack pointer and
 * the frame record. Windows functions preserve the same registers, so the entries are for both conventions.
 */
#include "asm.h"

#define RECORD 16
#define RESULT(offset) [sp, RX_AREA_RESULT + (offset)]

/* Where result `ret` is loaded: 16 bytes from the one before. The assembler refuses more code. */
.macro RESULT_OF ret
    .org    1b + 16 * (\ret)
    BTI_J
.endm

.macro RESULT_SPREAD ret, width, bytes
    RESULT_OF \ret
    ldp     \width\()0, \width\()1, RESULT(0)
    b       2f
    RESULT_OF \ret + 1
    ldp     \width\()0, \width\()1, RESULT(0)
    ldr     \width\()2, RESULT(2 * \bytes)
    b       2f
    RESULT_OF \ret + 2
    ldp     \width\()0, \width\()1, RESULT(0)
    ldp     \width\()2, \width\()3, RESULT(2 * \bytes)
    b       2f
.endm

.macro ENTRY name, closure, run, vector
FUNC(\name)
    FRAME(RECORD)
    sub     sp, sp, RX_AREA_FRAME
    stp     x0, x1, [sp, RX_AREA_GENERAL + 0x00]
    stp     x2, x3, [sp, RX_AREA_GENERAL + 0x10]
    stp     x4, x5, [sp, RX_AREA_GENERAL + 0x20]
    stp     x6, x7, [sp, RX_AREA_GENERAL + 0x30]
    str     x8, [sp, RX_AREA_SRET]
    .if \vector
    stp     q0, q1, [sp, RX_AREA_VECTOR + 0x00]
    stp     q2, q3, [sp, RX_AREA_VECTOR + 0x20]
    stp     q4, q5, [sp, RX_AREA_VECTOR + 0x40]
    stp     q6, q7, [sp, RX_AREA_VECTOR + 0x60]
    .endif
    mov     x0, \closure
    mov     x1, sp
    bl      \run

    adr     x9, 1f
    add     x9, x9, w0, uxtw 4
    br      x9
    .balign 16
1:  RESULT_OF RX_RET_VOID
    b       2f
    RESULT_OF RX_RET_U8
    ldrb    w0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_S8
    ldrsb   x0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_U16
    ldrh    w0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_S16
    ldrsh   x0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_U32
    ldr     w0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_S32
    ldrsw   x0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_U64
    ldr     x0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_FLOAT
    ldr     s0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_DOUBLE
    ldr     d0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_QUAD
    ldr     q0, RESULT(0)
    b       2f
    RESULT_OF RX_RET_PAIR
    ldp     x0, x1, RESULT(0)
    b       2f
    RESULT_OF RX_RET_BYTES
    ldp     x0, x1, RESULT(0)
    b       2f
    RESULT_SPREAD RX_RET_FLOATS(2), s, 4
    RESULT_SPREAD RX_RET_DOUBLES(2), d, 8
    RESULT_SPREAD RX_RET_QUADS(2), q, 16
    RESULT_OF RX_RET_MEMORY

2:  add     sp, sp, RX_AREA_FRAME
    UNFRAME_RET(RECORD)
END(\name)
.endm

    /* For signatures without arguments in vector registers, */
    ENTRY   rx_entry_general, x17, rx_run_closure, 0
    /* and for any. */
    ENTRY   rx_entry_all, x17, rx_run_closure, 1
    ENTRY   rx_entry_elsewhere, x17, rx_run_elsewhere, 1
    ENTRY   rx_entry_attributed, x17, rx_run_attributed, 1
    ENTRY   rx_entry_go, x18, rx_run_go, 1

/* ---- Closures that must not be called: x17 = cell ---- */

.macro FAULT_ENTRY name, fault
FUNC(\name)
    FRAME(RECORD)
    mov     x0, x17
    bl      \fault
    brk     1
END(\name)
.endm

    FAULT_ENTRY rx_arch_entry_unprepared, rx_called_unprepared
    FAULT_ENTRY rx_arch_entry_freed, rx_called_freed

    NOTES
