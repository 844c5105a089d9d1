/* SPDX-License-Identifier: MIT
 *
 * abi.h, aarch64: the two calling conventions, as abi.c chooses between them. The functions of each
 * are those of arch.h for one convention; what does not differ is in sysv.c.
 */
#ifndef RX_AARCH64_ABI_H
#define RX_AARCH64_ABI_H

#include "arch.h"

#define RX_GENERAL(n) (RX_AREA_GENERAL + 8 * (n))
#define RX_VECTOR(n) (RX_AREA_VECTOR + 16 * (n))

#define RX_REGISTERS 8 /* for arguments, of each kind */

struct rx_arg rx_sysv_place_argument(struct rx_builder *b, rx_class argument);
struct rx_arg rx_win64_place_argument(struct rx_builder *b, rx_class argument);

/* The value at dst, extended to a word if it is narrower. */
struct rx_arg rx_arg_at(rx_class argument, uint32_t dst);

/* The value behind the stacked arguments. */
struct rx_arg rx_arg_on_stack(struct rx_builder *b, rx_class argument);

/* Does a value of that class begin at a multiple of 16 bytes, and in a register of even number? */
bool rx_is_quad_aligned(rx_class c);

/* Writes the steps of a plan; plan->last is set. False when steps cannot say it. In steps.c. */
bool rx_write_steps(const struct rx_plan *plan, const struct rx_arg *args, struct rx_step *steps);
struct rx_step rx_last_step(const struct rx_plan *plan);

#endif
