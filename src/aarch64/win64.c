/* SPDX-License-Identifier: MIT
 *
 * win64, aarch64: parameter passing of Windows ("Overview of ARM64 ABI conventions"), as FFI_WIN64.
 *
 * It is AAPCS64 but for variadic functions, to which everything is passed as if vector registers
 * did not exist and an aggregate of floating-point values were like any other: on a stack of which
 * x0-7 hold the first 64 bytes.
 */
#include "abi.h"

/* On that stack. A value of two words may lie in x7 and in memory. */
static struct rx_arg in_row(struct rx_builder *b, rx_class argument)
{
    if (rx_is_quad_aligned(argument))
        b->general = rx_align_up(b->general, 2);
    if (b->general == RX_REGISTERS)
        return rx_arg_on_stack(b, argument);
    struct rx_arg arg = rx_arg_at(argument, RX_GENERAL(b->general++));
    if (arg.size > 8) {
        if (b->general < RX_REGISTERS) {
            b->general++;
        } else {
            arg.op = RX_OP_PAIR;
            arg.dst2 = rx_builder_stack(b, 8, 8);
        }
    }
    return arg;
}

struct rx_arg rx_win64_place_argument(struct rx_builder *b, rx_class argument)
{
    if (!b->variadic)
        return rx_sysv_place_argument(b, argument);
    uint32_t size = rx_class_size(argument);
    if (size <= 16)
        return in_row(b, argument);
    struct rx_arg arg = in_row(b, rx_class_scalar[FFI_TYPE_POINTER]);
    arg.op = RX_OP_REF;
    arg.size = size;
    return arg;
}
