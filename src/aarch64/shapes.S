/* SPDX-License-Identifier: MIT
 *
 * shapes, aarch64: closure entries for the common signatures, whose arguments are all in general registers
 * or all in vector registers, each in a register of its own, and whose result is a scalar.
 *
 *     entry (the caller's arguments; x17 = closure)
 *     {
 *         char result[16];
 *         void *avalue[n];
 *         word arguments[n] = { the first n registers of the kind };
 *         avalue[i] = &arguments[i];
 *         closure->fun (closure->cif, result, avalue, closure->user_data);
 *         return *(type *) result;
 *     }
 *
 * No plan is looked at, and nothing is read from the closure after the call. There is an entry for each
 * kind, n and RX_RET_*. They are entered into rx_arch_entries, behind the entries for all signatures, in the
 * order of RX_SHAPE_GENERAL and RX_SHAPE_VECTOR.
 */
#include "asm.h"

/* The frame: behind its record, */
#define RESULT 16
#define AVALUE 32

    .section .rodata
    .balign 4
    .globl rx_arch_entries
    .hidden rx_arch_entries
    .type rx_arch_entries, %object
rx_arch_entries:
    .long   rx_entry_all - .
    .long   rx_entry_general - .

FUNC(rx_shapes)

/* Room for the record, the result, n pointers and n words. */
.macro SHAPE_BEGIN n
    .balign 32
    .pushsection .rodata
    .long   99f - .
    .popsection
99: .cfi_def_cfa sp, 0
    .set    arguments, AVALUE + 8 * \n
    .set    frame, AVALUE + 16 * \n
    FRAME(frame)
.endm

/* Arguments a and b, if there are so many. */
.macro SPILL n, kind, a, b
    .if \n > \b
    stp     \kind\a, \kind\b, [sp, arguments + 8 * \a]
    add     x9, sp, arguments + 8 * \a
    add     x10, sp, arguments + 8 * \b
    stp     x9, x10, [sp, AVALUE + 8 * \a]
    .elseif \n > \a
    str     \kind\a, [sp, arguments + 8 * \a]
    add     x9, sp, arguments + 8 * \a
    str     x9, [sp, AVALUE + 8 * \a]
    .endif
.endm

.macro SHAPE_END ret
    ldp     x0, x9, [x17, RX_CLOSURE_CIF]   /* and RX_CLOSURE_FUN */
    ldr     x3, [x17, RX_CLOSURE_USER_DATA]
    add     x1, sp, RESULT
    add     x2, sp, AVALUE
    blr     x9
    .if \ret == RX_RET_U8
    ldrb    w0, [sp, RESULT]
    .elseif \ret == RX_RET_S8
    ldrsb   x0, [sp, RESULT]
    .elseif \ret == RX_RET_U16
    ldrh    w0, [sp, RESULT]
    .elseif \ret == RX_RET_S16
    ldrsh   x0, [sp, RESULT]
    .elseif \ret == RX_RET_U32
    ldr     w0, [sp, RESULT]
    .elseif \ret == RX_RET_S32
    ldrsw   x0, [sp, RESULT]
    .elseif \ret == RX_RET_U64
    ldr     x0, [sp, RESULT]
    .elseif \ret == RX_RET_FLOAT
    ldr     s0, [sp, RESULT]
    .elseif \ret == RX_RET_DOUBLE
    ldr     d0, [sp, RESULT]
    .endif
    UNFRAME_RET(frame)
.endm

.macro SHAPE kind, n, ret
    SHAPE_BEGIN \n
    SPILL   \n, \kind, 0, 1
    SPILL   \n, \kind, 2, 3
    SPILL   \n, \kind, 4, 5
    SPILL   \n, \kind, 6, 7
    SHAPE_END \ret
.endm

/* void to double */
.macro FOR_EACH_RET kind, n
    .irp ret, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
    SHAPE   \kind, \n, \ret
    .endr
.endm

    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8
    FOR_EACH_RET x, \n
    .endr
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8
    FOR_EACH_RET d, \n
    .endr
END(rx_shapes)

    .section .rodata
    .size rx_arch_entries, . - rx_arch_entries

    NOTES
