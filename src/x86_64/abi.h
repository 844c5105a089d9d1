/* SPDX-License-Identifier: MIT
 *
 * abi.h, x86_64: the two calling conventions, as abi.c chooses between them. The functions of each
 * are those of arch.h for one convention.
 */
#ifndef RX_X86_64_ABI_H
#define RX_X86_64_ABI_H

#include "arch.h"

#define RX_GENERAL(n) (RX_AREA_GENERAL + 8 * (n))
#define RX_VECTOR(n) (RX_AREA_VECTOR + 16 * (n))

ffi_status rx_sysv_classify(const ffi_type *type, unsigned *found);
void rx_sysv_place_result(struct rx_builder *b, rx_class result);
struct rx_arg rx_sysv_place_argument(struct rx_builder *b, rx_class argument);

ffi_status rx_win64_classify(const ffi_type *type, unsigned *found);
void rx_win64_place_result(struct rx_builder *b, rx_class result);
struct rx_arg rx_win64_place_argument(struct rx_builder *b, rx_class argument);

/* How a scalar result comes back in both conventions; RX_RET_MEMORY for what is no such scalar. */
unsigned rx_ret_of_scalar(rx_class result);

/* The place dst for a value of up to eight bytes, extended as its kind says. */
struct rx_arg rx_arg_word(rx_class argument, uint32_t dst);

/* Writes the steps of a plan; plan->last is set. False when steps cannot say it. In steps.c. */
bool rx_write_steps(const struct rx_plan *plan, const struct rx_arg *args, struct rx_step *steps);
struct rx_step rx_last_step(const struct rx_plan *plan);

#endif
