/* SPDX-License-Identifier: MIT
 *
 * stock: the free trampolines that are no thread's.
 */
#ifndef RX_STOCK_H
#define RX_STOCK_H

#include "chunk.h"

/* Takes up to n that were never handed out and follow each other: returns how many and sets *first.
 * With `grow`, a chunk is made when there is none left. */
uint32_t rx_stock_untouched(uint32_t n, uint32_t *first, bool grow);

/* Is it worth while to try and grow, though there is something else to hand out? */
bool rx_stock_is_time_to_grow(void);

/* Puts n back, at least one. */
void rx_stock_push(uint32_t n, const uint32_t index[]);

/* Takes up to n of those that were put back, the last one first, and returns how many. */
uint32_t rx_stock_pop(uint32_t n, uint32_t index[]);

/* Sees to it that n are there that were never handed out. Returns 0, or why not: FFI_RX_*. */
int rx_stock_reserve(uint64_t n);

/* Calls visit for each trampoline that has ever been taken, until it says false. */
void rx_stock_each(bool (*visit)(uint32_t i, void *data), void *data);

#endif
