/* SPDX-License-Identifier: MIT
 *
 * guard, aarch64: the frame that the unwinder stops at (guard.h).
 *
 *     void rx_guarded (void (*run) (struct rx_guard *), struct rx_guard *guard)
 *     {
 *         run (guard);
 *     }
 *
 * guard.c finds guard at x29 + RX_GUARD_PLACE.
 */
#include "asm.h"

/* The record, and the guard behind it. */
#define GUARDED 32

/* The distance to the routine, in four bytes that are signed (LSB 4.1, 10.5.1: DW_EH_PE_pcrel, _sdata4). */
#define PCREL_SDATA4 0x1b

FUNC(rx_guarded)
    .cfi_personality PCREL_SDATA4, rx_guard_personality
    FRAME(GUARDED)
    str     x1, [sp, RX_GUARD_PLACE]
    mov     x2, x0
    mov     x0, x1
    blr     x2
    UNFRAME_RET(GUARDED)
END(rx_guarded)

    NOTES
