/* SPDX-License-Identifier: MIT
 *
 * trampolines, x86_64: the pool. Trampoline i does
 *
 *     r10 = &rx_cells[i];
 *     goto *rx_records[i].entry;
 *
 * and finds both relative to itself. It changes no register that carries an argument (r10 is the
 * static chain, r11 scratch: psABI figure 3.4), and no flag matters at a function's entry.
 *
 * Code and data are whole pages, so that the kernel can show them again, at the same distance from
 * each other, elsewhere. Around records and cells are pages that nobody uses; grow.c makes them
 * guards in the chunks that it adds.
 */
#include "asm.h"

#define INT3 0xcc

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
    jmpq *rx_records + i * RX_RECORD_SIZE(%rip)
    .balign RX_TRAMPOLINE_SIZE, INT3
    .set i, i + 1
    .endr
    .cfi_endproc
    .size rx_trampolines, . - rx_trampolines

    .balign RX_PAGE_SIZE, INT3
    .globl rx_spare_page
    .hidden rx_spare_page
    .type rx_spare_page, @object
rx_spare_page:
    .fill RX_PAGE_SIZE, 1, INT3
    .size rx_spare_page, . - rx_spare_page

    .section .rodata
    .globl rx_spare_byte
    .hidden rx_spare_byte
    .type rx_spare_byte, @object
    .size rx_spare_byte, 1
rx_spare_byte:
    .byte INT3

    .section .bss.rx_pool, "aw", @nobits
    .balign RX_PAGE_SIZE
    .zero RX_PAGE_SIZE

    .globl rx_records
    .hidden rx_records
    .type rx_records, @object
rx_records:
    .zero RX_POOL_SIZE * RX_RECORD_SIZE
    .size rx_records, . - rx_records
    .zero RX_PAGE_SIZE

    .globl rx_cells
    .hidden rx_cells
    .type rx_cells, @object
rx_cells:
    .zero RX_POOL_SIZE * RX_CELL_SIZE
    .size rx_cells, . - rx_cells
    .zero RX_PAGE_SIZE

    .globl rx_chunk_end
    .hidden rx_chunk_end
rx_chunk_end:

    NOTES
