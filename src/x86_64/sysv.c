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

/* ---- Classification ---- */

/* psABI 3.2.3, "Classification", rule 4. */
static enum eightbyte merge(enum eightbyte a, enum eightbyte b)
{
    if (a == b || b == PADDING)
        return a;
    if (a == PADDING)
        return b;
    if (a == MEMORY || b == MEMORY)
        return MEMORY;
    if (a == INTEGER || b == INTEGER)
        return INTEGER;
    if (a == X87 || b == X87)
        return MEMORY;
    return SSE;
}

static ffi_status scalar_class(const ffi_type *type, enum eightbyte *class)
{
    switch (type->type) {
    case FFI_TYPE_VOID:
        return FFI_BAD_TYPEDEF;
    case FFI_TYPE_FLOAT:
    case FFI_TYPE_DOUBLE:
        *class = SSE;
        return FFI_OK;
    case FFI_TYPE_LONGDOUBLE:
        *class = X87;
        return FFI_OK;
    default:
        *class = INTEGER;
        return FFI_OK;
    }
}

static ffi_status classify_members(const ffi_type *type, size_t offset, size_t end, unsigned depth,
                                   enum eightbyte *classes);

/* Merges the classes of the type at offset into those of the whole, which ends at `end`. */
static ffi_status classify_at(const ffi_type *type, size_t offset, size_t end, unsigned depth,
                              enum eightbyte *classes)
{
    if (type->type > FFI_TYPE_LAST || !rx_is_power_of_two(type->alignment))
        return FFI_BAD_TYPEDEF;
    /* Rule 1: an unaligned field, as in a packed struct. */
    if (offset % type->alignment != 0) {
        classes[0] = MEMORY;
        return FFI_OK;
    }
    if (type->type == FFI_TYPE_STRUCT)
        return classify_members(type, offset, end, depth + 1, classes);

    const ffi_type *part = type;
    if (type->type == FFI_TYPE_COMPLEX) {
        part = type->elements == NULL ? NULL : type->elements[0];
        if (part == NULL || part->type >= FFI_TYPE_STRUCT || part->size == 0)
            return FFI_BAD_TYPEDEF;
    }
    enum eightbyte class;
    ffi_status status = scalar_class(part, &class);
    for (size_t at = offset; status == FFI_OK && at < offset + type->size && at < end;
         at += part->size < 8 ? part->size : 8)
        classes[at / 8] = merge(classes[at / 8], class);
    return status;
}

/* Members lie as layout.c would put them, but no more aligned than the struct itself, which is how
 * a packed struct is told. One that lies behind the end of the struct belongs to a union that is
 * said with all its members, and counts for nothing. */
static ffi_status classify_members(const ffi_type *type, size_t offset, size_t end, unsigned depth,
                                   enum eightbyte *classes)
{
    if (depth == RX_MAX_NESTING || type->elements == NULL)
        return FFI_BAD_TYPEDEF;
    size_t at = 0;
    for (ffi_type **member = type->elements; *member != NULL; member++) {
        unsigned short align = (*member)->alignment;
        if (!rx_is_power_of_two(align) || (*member)->size == 0)
            return FFI_BAD_TYPEDEF;
        at = rx_align_up(at, align < type->alignment ? align : type->alignment);
        if (at >= type->size || offset + at >= end)
            break;
        ffi_status status = classify_at(*member, offset + at, end, depth, classes);
        if (status != FFI_OK)
            return status;
        at += (*member)->size;
    }
    return FFI_OK;
}

ffi_status rx_sysv_classify(const ffi_type *type, unsigned *found)
{
    if (type->type == FFI_TYPE_COMPLEX && type->elements[0] != NULL &&
        type->elements[0]->type == FFI_TYPE_LONGDOUBLE) {
        *found = found_of(COMPLEX_X87, COMPLEX_X87);
        return FFI_OK;
    }
    *found = found_of(MEMORY, MEMORY);
    if (type->size > MAX_EIGHTBYTES * 8) {
        /* Larger than any complex type but that. */
        return type->type == FFI_TYPE_STRUCT ? FFI_OK : FFI_BAD_TYPEDEF;
    }
    enum eightbyte classes[MAX_EIGHTBYTES] = {PADDING, PADDING};
    ffi_status status = classify_at(type, 0, type->size, 0, classes);
    /* Rule 5: one eightbyte in memory takes the other along, and so does half a long double. */
    if (status == FFI_OK && classes[0] != MEMORY && classes[1] != MEMORY &&
        (classes[0] == X87) == (classes[1] == X87))
        *found = found_of(classes[0], classes[1]);
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
