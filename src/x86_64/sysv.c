/* SPDX-License-Identifier: MIT
 *
 * sysv, x86_64: parameter passing of the System V psABI, section 3.2.3.
 *
 * An aggregate has been classified by what lies in each of its eightbytes (eightbytes.c). An
 * argument takes registers for all of them or for none.
 */
#include "eightbytes.h"

/* ---- Results ---- */

static unsigned ret_of_pair(enum eightbyte first, enum eightbyte second)
{
    /* Padding comes back in any register that the other eightbyte leaves alone. */
    if (first == PADDING)
        first = second == SSE ? INTEGER : SSE;
    if (first == SSE)
        return second == INTEGER ? RX_RET_SI : RX_RET_SS;
    return second == SSE ? RX_RET_IS : RX_RET_II;
}

static unsigned ret_of(rx_class result)
{
    switch (rx_class_kind(result)) {
    case FFI_TYPE_LONGDOUBLE:
        return RX_RET_X87;
    case FFI_TYPE_STRUCT:
    case FFI_TYPE_COMPLEX:
    case FFI_TYPE_VECTOR:
    case FFI_TYPE_UINT128:
        switch (first_of(result)) {
        case MEMORY:
            return RX_RET_MEMORY;
        case X87:
            return RX_RET_X87;
        case COMPLEX_X87:
            return RX_RET_X87_PAIR;
        default:
            return second_of(result) == SSEUP ? RX_RET_VECTOR
                                              : ret_of_pair(first_of(result), second_of(result));
        }
    default:
        return rx_ret_of_scalar(result);
    }
}

void rx_sysv_place_result(struct rx_builder *b, rx_class result)
{
    b->plan.ret = ret_of(result);
    b->plan.ret_bytes = rx_class_size(result);
    if (b->plan.ret == RX_RET_MEMORY) {
        /* Its address travels as if it were the first argument, and comes back in rax. */
        b->plan.ret_in_memory = true;
        b->plan.sret = RX_GENERAL(b->general++);
    }
}

/* ---- Arguments ---- */

#define GENERAL_REGISTERS 6
#define VECTOR_REGISTERS 8

static struct rx_arg on_stack(struct rx_builder *b, rx_class argument)
{
    uint32_t size = rx_class_size(argument);
    uint32_t align = rx_class_align(argument);
    return (struct rx_arg){
        .op = RX_OP_COPY, .dst = rx_builder_stack(b, size, align > 8 ? align : 8), .size = size};
}

/* A value of one word, extended if it is an integer: gcc and clang rely on that up to 32 bits. */
static struct rx_arg one_word(struct rx_builder *b, rx_class argument, enum eightbyte class)
{
    if (class == INTEGER && b->general < GENERAL_REGISTERS)
        return rx_arg_word(argument, RX_GENERAL(b->general++));
    if (class == SSE && b->vector < VECTOR_REGISTERS)
        return rx_arg_word(argument, RX_VECTOR(b->vector++));
    return rx_arg_word(argument, rx_builder_stack(b, 8, 8));
}

static uint32_t place_eightbyte(struct rx_builder *b, enum eightbyte class)
{
    switch (class) {
    case INTEGER:
        return RX_GENERAL(b->general++);
    case SSE:
        return RX_VECTOR(b->vector++);
    default:
        return RX_AREA_NOWHERE;
    }
}

static struct rx_arg aggregate(struct rx_builder *b, rx_class argument)
{
    enum eightbyte first = first_of(argument), second = second_of(argument);
    if (first == MEMORY || first == X87 || first == COMPLEX_X87)
        return on_stack(b, argument);

    unsigned general = (first == INTEGER) + (second == INTEGER);
    unsigned vector = (first == SSE) + (second == SSE);
    if (b->general + general > GENERAL_REGISTERS || b->vector + vector > VECTOR_REGISTERS)
        return on_stack(b, argument);

    uint32_t size = rx_class_size(argument);
    if (size <= 8)
        return rx_arg_word(argument, place_eightbyte(b, first));

    struct rx_arg arg = {.size = size, .tail = size - 8};
    arg.dst = place_eightbyte(b, first);
    if (second == SSEUP) {
        arg.op = RX_OP_COPY;
        return arg;
    }
    arg.dst2 = place_eightbyte(b, second);
    bool adjacent = arg.dst2 == arg.dst + 8 && rx_class_align(argument) <= 8;
    arg.op = adjacent ? RX_OP_TWO : RX_OP_PAIR;
    return arg;
}

struct rx_arg rx_sysv_place_argument(struct rx_builder *b, rx_class argument)
{
    switch (rx_class_kind(argument)) {
    case FFI_TYPE_STRUCT:
    case FFI_TYPE_COMPLEX:
    case FFI_TYPE_VECTOR:
    case FFI_TYPE_UINT128:
        return aggregate(b, argument);
    case FFI_TYPE_LONGDOUBLE:
        return on_stack(b, argument);
    case FFI_TYPE_FLOAT:
    case FFI_TYPE_DOUBLE:
        return one_word(b, argument, SSE);
    default:
        return one_word(b, argument, INTEGER);
    }
}
