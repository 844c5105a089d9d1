/* SPDX-License-Identifier: MIT
 *
 * asm.h, x86_64: how a routine begins and ends.
 *
 * FUNC(name) ... END(name): a hidden function that may be reached by an indirect jump or call (it
 * begins with endbr64), with unwind information from the first instruction to the last.
 * The routines keep a frame pointer, so the unwind rules are those of FRAME and UNFRAME alone,
 * whatever happens to the stack pointer between them.
 */
#ifndef RX_ASM_H
#define RX_ASM_H

#include "config.h"
#include "area.h"

/* clang-format off */

#define FUNC(name)                                                                                 \
    .text;                                                                                         \
    .balign 64;                                                                                    \
    .globl name;                                                                                   \
    .hidden name;                                                                                  \
    .type name, @function;                                                                         \
    name:                                                                                          \
    .cfi_startproc;                                                                                \
    endbr64

#define END(name)                                                                                  \
    .cfi_endproc;                                                                                  \
    .size name, .- name

/* The frame pointer set up ... */
#define FRAME                                                                                      \
    pushq %rbp;                                                                                    \
    .cfi_def_cfa_offset 16;                                                                        \
    .cfi_offset rbp, -16;                                                                          \
    movq %rsp, %rbp;                                                                               \
    .cfi_def_cfa_register rbp

/* ... and taken down. Code that follows a return in the middle of a routine is in the frame again. */
#define UNFRAME_RET                                                                                \
    leave;                                                                                         \
    .cfi_remember_state;                                                                           \
    .cfi_def_cfa rsp, 8;                                                                           \
    ret;                                                                                           \
    .cfi_restore_state

/* No routine needs an executable stack; all have landing pads, and pair calls with returns. */
#define NOTES                                                                                      \
    .section .note.GNU-stack, "", @progbits;                                                       \
    .section .note.gnu.property, "a", @note;                                                       \
    .balign 8;                                                                                     \
    .long 4, 16, 5; /* sizes of name and contents; NT_GNU_PROPERTY_TYPE_0 */                       \
    .asciz "GNU";                                                                                  \
    .long 0xc0000002, 4, 3, 0 /* GNU_PROPERTY_X86_FEATURE_1_AND: IBT, SHSTK */

/* clang-format on */

#endif
