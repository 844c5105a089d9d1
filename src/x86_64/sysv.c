/* SPDX-License-Identifier: MIT
 *
 * sysv, x86_64: parameter passing of the System V psABI, section 3.2.3.
 *
 * An aggregate of up to two eightbytes is classified by what lies in each; a larger one travels in
 * memory. An argument takes registers for all its eightbytes or for none.
 */
#include "abi.h"
#include "layout.h"

/* The classes of an eightbyte. SSEUP is the second half of a vector. X87UP goes without saying, as
 * whatever has an X87 eightbyte either is one long double or travels in memory. */
enum eightbyte { PADDING, INTEGER, SSE, SSEUP, X87, COMPLEX_X87, MEMORY };

#define MAX_EIGHTBYTES 2

/* What classification finds: the class of each eightbyte. */
static unsigned found_of(enum eightbyte first, enum eightbyte second)
{
    return first | second << 4;
}

/* A 128-bit integer is classified as if it were a struct of two longs. */
static enum eightbyte first_of(rx_class c)
{
    return rx_class_kind(c) == FFI_TYPE_UINT128 ? INTEGER : rx_class_found(c) & 0xf;
}

static enum eightbyte second_of(rx_class c)
{
    return rx_class_kind(c) == FFI_TYPE_UINT128 ? INTEGER : rx_class_found(c) >> 4 & 0xf;
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
#define SSEUP_BIT 16

static inline enum eightbyte class_of_bits(unsigned bits)
{
    if (bits & MEMORY_BIT)
        return MEMORY;
    if ((bits & INTEGER_BITS) == INTEGER_BITS)
        return INTEGER;
    if (bits & X87_BIT)
        return bits & SSE_BIT ? MEMORY : X87;
    if (bits & SSE_BIT)
        return SSE;
    return bits & SSEUP_BIT ? SSEUP : PADDING;
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
        [FFI_TYPE_POINTER] = INTEGER_BITS, [FFI_TYPE_UINT128] = INTEGER_BITS,
        [FFI_TYPE_SINT128] = INTEGER_BITS,
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

/* The psABI knows __m64 and __m128. It has wider ones too, which travel in registers that a machine
 * need not have, and has none that is narrower. */
static ffi_status add_vector(struct whole *whole, const ffi_type *type, size_t offset)
{
    size_t size = rx_type_size(type);
    if (size != 8 && size != 16)
        return FFI_BAD_TYPEDEF;
    if (size == 16 && whole->end < 16)
        whole->bits[0] |= MEMORY_BIT; /* half of one is none, and is stored as none */
    add_scalar(whole, SSE_BIT, offset, 8);
    if (size == 16)
        add_scalar(whole, SSEUP_BIT, offset + 8, 8);
    return FFI_OK;
}

/* Members lie as layout.c would put them, but no more aligned than the struct itself, which is how
 * a packed struct is told. One that lies behind the end of the struct belongs to a union that is
 * said with all its members, and counts for nothing; nor does what lies behind `end`, the end of
 * the struct around it, so that the work is bounded by the size of the whole whatever the types
 * say. */
static ffi_status add_members(struct whole *whole, const ffi_type *type, size_t offset, size_t end,
                              unsigned depth)
{
    if (depth == RX_MAX_NESTING || type->elements == NULL)
        return FFI_BAD_TYPEDEF;
    size_t at = 0, most = rx_type_align(type);
    if (end - offset > rx_type_size(type))
        end = offset + rx_type_size(type);
    for (ffi_type **next = type->elements; *next != NULL; next++) {
        ffi_type *member = *next;
        bool unknown = rx_type_size(member) == 0 || member->type == FFI_TYPE_VECTOR;
        if (rx_unlikely(unknown) && rx_layout_complete(member) != FFI_OK)
            return FFI_BAD_TYPEDEF;
        size_t align = rx_type_align(member);
        if (rx_unlikely(!rx_is_power_of_two(align)))
            return FFI_BAD_TYPEDEF;
        at = rx_align_up(at, align < most ? align : most);
        size_t place = offset + at;
        if (rx_unlikely(at >= whole->end || place >= end))
            break;

        unsigned bits = bits_of(member);
        ffi_status status = FFI_OK;
        if (rx_unlikely((place & (align - 1)) != 0))
            whole->bits[0] |= MEMORY_BIT; /* rule 1: an unaligned field, as in a packed struct */
        else if (rx_likely(bits != 0))
            add_scalar(whole, bits, place, rx_type_size(member));
        else if (member->type == FFI_TYPE_STRUCT)
            status = add_members(whole, member, place, end, depth + 1);
        else if (member->type == FFI_TYPE_COMPLEX)
            status = add_complex(whole, member, place);
        else if (member->type == FFI_TYPE_VECTOR)
            status = add_vector(whole, member, place);
        else
            status = FFI_BAD_TYPEDEF;
        if (status != FFI_OK)
            return status;
        at += rx_type_size(member);
    }
    return FFI_OK;
}

static bool is_complex_of(const ffi_type *type, unsigned part)
{
    return type->type == FFI_TYPE_COMPLEX && type->elements[0] != NULL &&
           type->elements[0]->type == part;
}

/* More than two eightbytes travel in memory, but for a wide vector, or a struct of one. */
static ffi_status classify_large(const ffi_type *type)
{
    if (type->type == FFI_TYPE_COMPLEX)
        return is_complex_of(type, FFI_TYPE_UINT128) || is_complex_of(type, FFI_TYPE_SINT128)
                   ? FFI_OK
                   : FFI_BAD_TYPEDEF;
    for (unsigned depth = 0; type->type == FFI_TYPE_STRUCT; depth++) {
        if (depth == RX_MAX_NESTING || type->elements == NULL || type->elements[0] == NULL)
            return FFI_BAD_TYPEDEF;
        type = type->elements[0];
    }
    return type->type == FFI_TYPE_VECTOR && rx_type_size(type) > 16 ? FFI_BAD_TYPEDEF : FFI_OK;
}

static ffi_status classify_small(struct whole *whole, const ffi_type *type)
{
    switch (type->type) {
    case FFI_TYPE_COMPLEX:
        return add_complex(whole, type, 0);
    case FFI_TYPE_VECTOR:
        return add_vector(whole, type, 0);
    default:
        return add_members(whole, type, 0, whole->end, 0);
    }
}

ffi_status rx_sysv_classify(const ffi_type *type, unsigned *found)
{
    if (is_complex_of(type, FFI_TYPE_LONGDOUBLE)) {
        if (rx_type_size(type) != sizeof(_Complex long double))
            return FFI_BAD_TYPEDEF; /* st(0) and st(1) are stored whole */
        *found = found_of(COMPLEX_X87, COMPLEX_X87);
        return FFI_OK;
    }
    *found = found_of(MEMORY, MEMORY);
    if (rx_type_size(type) > MAX_EIGHTBYTES * 8)
        return classify_large(type);
    struct whole whole = {.end = rx_type_size(type)};
    ffi_status status = classify_small(&whole, type);
    enum eightbyte first = class_of_bits(whole.bits[0]), second = class_of_bits(whole.bits[1]);
    if (second == SSEUP && first != SSE)
        second = SSE;
    /* Rule 5: one eightbyte in memory takes the other along, and so does half a long double. */
    bool halved = (first == X87) != (second == X87) || (first == X87 && whole.end < 16);
    if (first != MEMORY && second != MEMORY && !halved)
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
