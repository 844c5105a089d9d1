/* SPDX-License-Identifier: MIT
 *
 * sysv, x86_64: parameter passing of the System V psABI, section 3.2.3.
 *
 * An aggregate of up to two eightbytes is classified by what lies in each; a larger one travels in
 * memory. An argument takes registers for all its eightbytes or for none.
 */
#include "abi.h"
#include "layout.h"

/* The classes of an eightbyte. SSEUP does not occur: there are no vectors. X87UP goes without
 * saying, as whatever has an X87 eightbyte either is one long double or travels in memory. */
enum eightbyte { PADDING, INTEGER, SSE, X87, COMPLEX_X87, MEMORY };

#define MAX_EIGHTBYTES 2

/* What classification finds: the class of each eightbyte. */
static unsigned found_of(enum eightbyte first, enum eightbyte second)
{
    return first | second << 4;
}

static enum eightbyte first_of(rx_class c)
{
    return rx_class_found(c) & 0xf;
}

static enum eightbyte second_of(rx_class c)
{
    return rx_class_found(c) >> 4 & 0xf;
}

/* ---- Classification ----
 *
 * While an eightbyte's fields are gone through, its class is a set of bits, and merging two classes
 * (psABI 3.2.3, "Classification", rule 4) is the union of the sets: INTEGER holds the bit of SSE,
 * and so outdoes it. */
#define SSE_BIT 1
#define INTEGER_BITS 3
#define X87_BIT 4
#define MEMORY_BIT 8

static enum eightbyte class_of_bits(unsigned bits)
{
    if (bits & MEMORY_BIT)
        return MEMORY;
    if ((bits & INTEGER_BITS) == INTEGER_BITS)
        return INTEGER;
    if (bits & X87_BIT)
        return bits & SSE_BIT ? MEMORY : X87;
    return bits & SSE_BIT ? SSE : PADDING;
}

/* 0 for what is no scalar. */
static unsigned bits_of(const ffi_type *type)
{
    static const uint8_t bits[FFI_TYPE_LAST + 1] = {
        [FFI_TYPE_INT] = INTEGER_BITS,     [FFI_TYPE_FLOAT] = SSE_BIT,
        [FFI_TYPE_DOUBLE] = SSE_BIT,       [FFI_TYPE_LONGDOUBLE] = X87_BIT,
        [FFI_TYPE_UINT8] = INTEGER_BITS,   [FFI_TYPE_SINT8] = INTEGER_BITS,
        [FFI_TYPE_UINT16] = INTEGER_BITS,  [FFI_TYPE_SINT16] = INTEGER_BITS,
        [FFI_TYPE_UINT32] = INTEGER_BITS,  [FFI_TYPE_SINT32] = INTEGER_BITS,
        [FFI_TYPE_UINT64] = INTEGER_BITS,  [FFI_TYPE_SINT64] = INTEGER_BITS,
        [FFI_TYPE_POINTER] = INTEGER_BITS,
    };
    return type->type <= FFI_TYPE_LAST ? bits[type->type] : 0;
}

/* An aggregate in the making: the bits of its eightbytes, and its size, no larger than they are. */
struct whole {
    uint8_t bits[MAX_EIGHTBYTES];
    size_t end;
};

/* offset lies in front of the end; what lies behind it counts for nothing. */
static inline void add_scalar(struct whole *whole, unsigned bits, size_t offset, size_t size)
{
    whole->bits[offset / 8] |= bits;
    if (rx_unlikely(offset < 8 && offset + size > 8 && whole->end > 8))
        whole->bits[1] |= bits;
}

static ffi_status add_complex(struct whole *whole, const ffi_type *type, size_t offset)
{
    const ffi_type *part = type->elements == NULL ? NULL : type->elements[0];
    unsigned bits = part == NULL || part->type == FFI_TYPE_POINTER ? 0 : bits_of(part);
    if (bits == 0)
        return FFI_BAD_TYPEDEF;
    add_scalar(whole, bits, offset, rx_type_size(type));
    return FFI_OK;
}

/* Members lie as layout.c would put them, but no more aligned than the struct itself, which is how
 * a packed struct is told. One that lies behind the end of the struct belongs to a union that is
 * said with all its members, and counts for nothing. */
static ffi_status add_members(struct whole *whole, const ffi_type *type, size_t offset,
                              unsigned depth)
{
    if (depth == RX_MAX_NESTING || type->elements == NULL)
        return FFI_BAD_TYPEDEF;
    size_t at = 0, size = rx_type_size(type), most = rx_type_align(type);
    for (ffi_type **next = type->elements; *next != NULL; next++) {
        ffi_type *member = *next;
        if (rx_unlikely(rx_type_size(member) == 0) && rx_layout_complete(member) != FFI_OK)
            return FFI_BAD_TYPEDEF;
        size_t align = rx_type_align(member);
        if (rx_unlikely(!rx_is_power_of_two(align)))
            return FFI_BAD_TYPEDEF;
        at = rx_align_up(at, align < most ? align : most);
        size_t place = offset + at;
        if (rx_unlikely(at >= size || place >= whole->end))
            break;

        unsigned bits = bits_of(member);
        ffi_status status = FFI_OK;
        if (rx_unlikely((place & (align - 1)) != 0))
            whole->bits[0] |= MEMORY_BIT; /* rule 1: an unaligned field, as in a packed struct */
        else if (rx_likely(bits != 0))
            add_scalar(whole, bits, place, rx_type_size(member));
        else if (member->type == FFI_TYPE_STRUCT)
            status = add_members(whole, member, place, depth + 1);
        else if (member->type == FFI_TYPE_COMPLEX)
            status = add_complex(whole, member, place);
        else
            status = FFI_BAD_TYPEDEF;
        if (status != FFI_OK)
            return status;
        at += rx_type_size(member);
    }
    return FFI_OK;
}

static bool is_complex_long_double(const ffi_type *type)
{
    return type->type == FFI_TYPE_COMPLEX && type->elements[0] != NULL &&
           type->elements[0]->type == FFI_TYPE_LONGDOUBLE;
}

ffi_status rx_sysv_classify(const ffi_type *type, unsigned *found)
{
    if (is_complex_long_double(type)) {
        *found = found_of(COMPLEX_X87, COMPLEX_X87);
        return FFI_OK;
    }
    *found = found_of(MEMORY, MEMORY);
    if (rx_type_size(type) > MAX_EIGHTBYTES * 8) {
        /* Larger than any complex type but that. */
        return type->type == FFI_TYPE_STRUCT ? FFI_OK : FFI_BAD_TYPEDEF;
    }
    struct whole whole = {.end = rx_type_size(type)};
    ffi_status status = type->type == FFI_TYPE_STRUCT ? add_members(&whole, type, 0, 0)
                                                      : add_complex(&whole, type, 0);
    enum eightbyte first = class_of_bits(whole.bits[0]), second = class_of_bits(whole.bits[1]);
    /* Rule 5: one eightbyte in memory takes the other along, and so does half a long double. */
    if (first != MEMORY && second != MEMORY && (first == X87) == (second == X87))
        *found = found_of(first, second);
    return status;
}

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
        switch (first_of(result)) {
        case MEMORY:
            return RX_RET_MEMORY;
        case X87:
            return RX_RET_X87;
        case COMPLEX_X87:
            return RX_RET_X87_PAIR;
        default:
            return ret_of_pair(first_of(result), second_of(result));
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
