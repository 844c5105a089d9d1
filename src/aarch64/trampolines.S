/* SPDX-License-Identifier: MIT
 *
 * trampolines, aarch64: the pool. Trampoline i does
 *
 *     x17 = &rx_cells[i];
 *     goto *rx_records[i].entry;
 *
 * and finds both relative to itself. It changes no register that carries an argument: x16 and x17 are
 * scratch between caller and callee (AAPCS64 6.1.1).
 *
 * Code and data are whole pages of the largest size that there is, so that any kernel can show them again,
 * at the same distance from each other, elsewhere. Around records and cells are pages that nobody
 * uses; grow.c makes them guards in the chunks that it adds.
 */
#include "asm.h"

#define BRK 0xd4200020  /* brk 1 */
#define UNDEFINED 0x01  /* four of them are no instruction */

    .section .text.rx_trampolines, "ax", %progbits
    .balign RX_PAGE_SIZE
    .globl rx_trampolines
    .hidden rx_trampolines
    .type rx_trampolines, %function
rx_trampolines:
    .cfi_startproc
    .set i, 0
    .rept RX_POOL_SIZE
    BTI_C
    adrp    x17, rx_cells + i * RX_CELL_SIZE
    add     x17, x17, :lo12:rx_cells + i * RX_CELL_SIZE
    adrp    x16, rx_records + i * RX_RECORD_SIZE
    ldr     x16, [x16, :lo12:rx_records + i * RX_RECORD_SIZE]
    br      x16
    .balignl RX_TRAMPOLINE_SIZE, BRK
    .set i, i + 1
    .endr
    .cfi_endproc
    .size rx_trampolines, . - rx_trampolines

    .balignl RX_PAGE_SIZE, BRK
    .globl rx_spare_page
    .hidden rx_spare_page
    .type rx_spare_page, %object
rx_spare_page:
    .fill RX_PAGE_SIZE, 1, UNDEFINED
    .size rx_spare_page, . - rx_spare_page

    .section .rodata
    .globl rx_spare_byte
    .hidden rx_spare_byte
    .type rx_spare_byte, %object
    .size rx_spare_byte, 1
rx_spare_byte:
    .byte UNDEFINED

    .section .bss.rx_pool, "aw", %nobits
    .balign RX_PAGE_SIZE
    .zero RX_PAGE_SIZE

    .globl rx_records
    .hidden rx_records
    .type rx_records, %object
rx_records:
    .zero RX_POOL_SIZE * RX_RECORD_SIZE
    .size rx_records, . - rx_records
    .zero RX_PAGE_SIZE

    .globl rx_cells
    .hidden rx_cells
    .type rx_cells, %object
rx_cells:
    .zero RX_POOL_SIZE * RX_CELL_SIZE
    .size rx_cells, . - rx_cells
    .zero RX_PAGE_SIZE

    .globl rx_chunk_end
    .hidden rx_chunk_end
rx_chunk_end:

    NOTES
