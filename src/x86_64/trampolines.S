/* SPDX-License-Identifier: MIT
 *
 * trampolines, x86_64: the pool. Trampoline i does
 *
 *     r10 = &rx_cells[i];
 *     goto *rx_entry_words[i];
 *
 * and finds both relative to itself. It changes no register that carries an argument (r10 is the
 * static chain, r11 scratch: psABI figure 3.4), and no flag matters at a function's entry.
 *
 * Code and data are whole pages, so that the kernel can show them again, at the same distance from
 * each other, elsewhere.
 */
#include "asm.h"

#define RX_CELL_SIZE 128
#define RX_ENTRY_SIZE 8

    .section .text.rx_trampolines, "ax", @progbits
    .balign RX_PAGE_SIZE
    .globl rx_trampolines
    .hidden rx_trampolines
    .type rx_trampolines, @function
rx_trampolines:
    .cfi_startproc
    .set i, 0
    .rept RX_POOL_SIZE
    endbr64
    leaq rx_cells + i * RX_CELL_SIZE(%rip), %r10
    jmpq *rx_entry_words + i * RX_ENTRY_SIZE(%rip)
    .balign RX_TRAMPOLINE_SIZE, 0xcc /* int3 */
    .set i, i + 1
    .endr
    .cfi_endproc
    .size rx_trampolines, . - rx_trampolines
    .balign RX_PAGE_SIZE, 0xcc

    .section .bss.rx_pool, "aw", @nobits
    .balign RX_PAGE_SIZE
    .globl rx_cells
    .hidden rx_cells
    .type rx_cells, @object
rx_cells:
    .zero RX_POOL_SIZE * RX_CELL_SIZE
    .size rx_cells, . - rx_cells

    .balign RX_PAGE_SIZE
    .globl rx_entry_words
    .hidden rx_entry_words
    .type rx_entry_words, @object
rx_entry_words:
    .zero RX_POOL_SIZE * RX_ENTRY_SIZE
    .size rx_entry_words, . - rx_entry_words
    .balign RX_PAGE_SIZE

    NOTES
