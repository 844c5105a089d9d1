/* SPDX-License-Identifier: MIT
 *
 * guard, x86_64: the frame that the unwinder stops at (guard.h).
 *
 *     void rx_guarded (void (*run) (struct rx_guard *), struct rx_guard *guard)
 *     {
 *         run (guard);
 *     }
 *
 * guard.c finds guard at rbp + RX_GUARD_PLACE.
 */
#include "asm.h"

/* The distance to the routine, in four bytes that are signed (LSB 4.1, 10.5.1: DW_EH_PE_pcrel, _sdata4). */
#define PCREL_SDATA4 0x1b

FUNC(rx_guarded)
    .cfi_personality PCREL_SDATA4, rx_guard_personality
    FRAME
    subq    $16, %rsp
    movq    %rsi, RX_GUARD_PLACE(%rbp)
    movq    %rdi, %rax
    movq    %rsi, %rdi
    call    *%rax
    UNFRAME_RET
END(rx_guarded)

    NOTES
