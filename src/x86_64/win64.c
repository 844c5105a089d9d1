/* SPDX-License-Identifier: MIT
 *
 * win64, x86_64: parameter passing of Microsoft's x64 calling convention, as FFI_WIN64, FFI_EFI64
 * and FFI_GNUW64.
 *
 * Each argument has one slot of eight bytes, and the caller reserves stack for the slots of the
 * first four too, which travel in registers: general ones, or vector ones for float and double. A
 * value of 1, 2, 4 or 8 bytes fills a slot; of any other a copy is passed by address.
 */
#include "abi.h"

#define REGISTERS 4

static bool fits_slot(rx_class c)
{
    uint32_t size = rx_class_size(c);
    return size <= 8 && rx_is_power_of_two(size);
}

static bool is_aggregate(rx_class c)
{
    return rx_class_kind(c) == FFI_TYPE_STRUCT || rx_class_kind(c) == FFI_TYPE_COMPLEX;
}

/* A struct is passed by its size, whatever is in it. A vector is not passed: its lanes say too
 * little of what Microsoft's compilers would make of it. */
ffi_status rx_win64_classify(const ffi_type *type, unsigned *found)
{
    *found = 0;
    return type->type == FFI_TYPE_VECTOR ? FFI_BAD_TYPEDEF : FFI_OK;
}

void rx_win64_place_result(struct rx_builder *b, rx_class result)
{
    b->stack = REGISTERS * 8;
    if (is_aggregate(result) && fits_slot(result)) {
        b->plan.ret = RX_RET_II;
        b->plan.ret_bytes = rx_class_size(result);
        return;
    }
    /* A 128-bit integer comes back as an __m128 does: so do gcc and clang have it. */
    b->plan.ret =
        rx_class_kind(result) == FFI_TYPE_UINT128 ? RX_RET_VECTOR : rx_ret_of_scalar(result);
    if (b->plan.ret == RX_RET_MEMORY) {
        b->plan.ret_in_memory = true;
        b->plan.sret = RX_GENERAL(b->general++);
    }
}

/* A float or a double travels in both registers of its slot: a variadic callee looks into the
 * general one, and nobody else does. */
static struct rx_arg floating(struct rx_builder *b, rx_class argument)
{
    unsigned slot = b->general++;
    b->vector++;
    struct rx_arg arg = rx_arg_word(argument, RX_VECTOR(slot));
    arg.op = rx_class_size(argument) == 4 ? RX_OP_BOTH32 : RX_OP_BOTH;
    arg.dst2 = RX_GENERAL(slot);
    return arg;
}

struct rx_arg rx_win64_place_argument(struct rx_builder *b, rx_class argument)
{
    unsigned kind = rx_class_kind(argument);
    bool in_register = b->general < REGISTERS;
    if (in_register && (kind == FFI_TYPE_FLOAT || kind == FFI_TYPE_DOUBLE))
        return floating(b, argument);

    uint32_t slot = in_register ? RX_GENERAL(b->general++) : rx_builder_stack(b, 8, 8);
    if (fits_slot(argument))
        return rx_arg_word(argument, slot);
    return (struct rx_arg){.op = RX_OP_REF, .dst = slot, .size = rx_class_size(argument)};
}
