/* SPDX-License-Identifier: MIT
 *
 * asm.h, aarch64: how a routine begins and ends.
 *
 * FUNC(name) ... END(name): a hidden function with unwind information from the first instruction to
 * the last. FRAME comes first in it: the return address is signed, and the instruction that signs
 * it is a landing pad for calls, and for jumps by x16 or x17. Whatever happens to the stack pointer
 * between FRAME and UNFRAME_RET, the unwind rules are theirs alone, by the frame pointer.
 */
#ifndef RX_ASM_H
#define RX_ASM_H

#include "config.h"
#include "area.h"

/* clang-format off */

/* Instructions by their numbers in the space of hints, which assemble for any processor and do
 * nothing on one without the feature. */
#define PACIASP hint 25
#define AUTIASP hint 29
#define BTI_C hint 34
#define BTI_J hint 36

#define FUNC(name)                                                                                 \
    .text;                                                                                         \
    .balign 64;                                                                                    \
    .globl name;                                                                                   \
    .hidden name;                                                                                  \
    .type name, %function;                                                                         \
    name:                                                                                          \
    .cfi_startproc

#define END(name)                                                                                  \
    .cfi_endproc;                                                                                  \
    .size name, .- name

/* Signs the return address, and sets up a frame of `bytes` whose record is the lowest in it ... */
#define FRAME(bytes)                                                                               \
    PACIASP;                                                                                       \
    .cfi_negate_ra_state;                                                                          \
    stp x29, x30, [sp, -(bytes)]!;                                                                 \
    .cfi_def_cfa_offset bytes;                                                                     \
    .cfi_offset x29, -(bytes);                                                                     \
    .cfi_offset x30, 8 - (bytes);                                                                  \
    mov x29, sp;                                                                                   \
    .cfi_def_cfa_register x29

/* ... what the unwind rules are in a routine that is entered with it ... */
#define IN_FRAME(bytes)                                                                            \
    .cfi_negate_ra_state;                                                                          \
    .cfi_def_cfa x29, bytes;                                                                       \
    .cfi_offset x29, -(bytes);                                                                     \
    .cfi_offset x30, 8 - (bytes)

/* ... and taken down, where the stack pointer is the frame pointer ... */
#define UNFRAME_RET(bytes)                                                                         \
    ldp x29, x30, [sp], bytes;                                                                     \
    .cfi_def_cfa sp, 0;                                                                            \
    .cfi_restore x29;                                                                              \
    .cfi_restore x30;                                                                              \
    AUTIASP;                                                                                       \
    .cfi_negate_ra_state;                                                                          \
    ret

/* ... in the middle of a routine, where what follows is in the frame again. */
#define UNFRAME_RET_HERE(bytes)                                                                    \
    .cfi_remember_state;                                                                           \
    UNFRAME_RET(bytes);                                                                            \
    .cfi_restore_state

/* No routine needs an executable stack; all have landing pads, and return to signed addresses. */
#define NOTES                                                                                      \
    .section .note.GNU-stack, "", %progbits;                                                       \
    .section .note.gnu.property, "a", %note;                                                       \
    .balign 8;                                                                                     \
    .long 4, 16, 5; /* sizes of name and contents; NT_GNU_PROPERTY_TYPE_0 */                       \
    .asciz "GNU";                                                                                  \
    .long 0xc0000000, 4, 3, 0 /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI, PAC */

/* clang-format on */

#endif
