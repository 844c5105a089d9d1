/* SPDX-License-Identifier: MIT
 *
 * sysv, aarch64: parameter passing of the procedure call standard for the Arm 64-bit architecture
 * (AAPCS64, 6.8.2 and 6.9).
 *
 * A floating-point value or a homogeneous aggregate of up to four of them travels in vector
 * registers, whole or not at all; every other value of up to 16 bytes in general registers,
 * likewise; of a larger one the address of a copy.
 */
#include "abi.h"
#include "members.h"

#define MAX_MEMBERS 4

/* What classification finds: how many members a homogeneous aggregate has, 0 for any other; and
 * whether the natural alignment, that of the most aligned member, is 16. */
#define MEMBERS 7
#define QUAD_ALIGNED 8

static bool is_aggregate(rx_class c)
{
    unsigned kind = rx_class_kind(c);
    return kind == FFI_TYPE_STRUCT || kind == FFI_TYPE_COMPLEX || kind == FFI_TYPE_VECTOR;
}

/* In how many vector registers does a value travel? */
static unsigned members_of(rx_class c)
{
    switch (rx_class_kind(c)) {
    case FFI_TYPE_FLOAT:
    case FFI_TYPE_DOUBLE:
    case FFI_TYPE_LONGDOUBLE:
        return 1;
    default:
        return is_aggregate(c) ? rx_class_found(c) & MEMBERS : 0;
    }
}

bool rx_is_quad_aligned(rx_class c)
{
    return is_aggregate(c) ? rx_class_found(c) & QUAD_ALIGNED : rx_class_align(c) == 16;
}

/* AAPCS64 10.1.8.2. */
const bool rx_arch_unnamed_bits_align = true;

/* ---- Classification ---- */

/* An aggregate in the making. */
struct whole {
    size_t size;
    rx_class base;  /* what the members are; 0 at first, MIXED when it is not homogeneous */
    unsigned seen;  /* how many types have been looked at */
    unsigned align; /* that of the most aligned member of the aggregate itself */
};

#define MIXED (~(rx_class)0)

/* An aggregate that is said with more members, inner ones too, is mixed: types can be nested so
 * that looking at all would take for ever. */
#define MAX_SEEN 4096

static void add(struct whole *whole, rx_class base)
{
    if (whole->base == 0)
        whole->base = base;
    else if (whole->base != base)
        whole->base = MIXED;
}

static rx_class base_of_scalar(const ffi_type *type)
{
    rx_class c = rx_class_scalar[type->type];
    return members_of(c) == 1 ? c : MIXED;
}

/* AAPCS64 5.1.2: a short vector has 8 or 16 bytes, whatever its lanes are. */
static rx_class base_of_vector(const ffi_type *type)
{
    size_t size = rx_type_size(type);
    return size == 8 || size == 16 ? RX_CLASS_MAKE(FFI_TYPE_VECTOR, 0, 0, size) : MIXED;
}

static bool is_scalar(const ffi_type *type)
{
    return type->type <= FFI_TYPE_LAST && type->type != FFI_TYPE_VOID &&
           rx_class_scalar[type->type] != 0;
}

static ffi_status add_complex(struct whole *whole, const ffi_type *type)
{
    const ffi_type *part = type->elements == NULL ? NULL : type->elements[0];
    if (part == NULL || part->type == FFI_TYPE_POINTER || !is_scalar(part))
        return FFI_BAD_TYPEDEF;
    add(whole, base_of_scalar(part));
    return FFI_OK;
}

/* Can no more be learned from members? */
static bool is_settled(const struct whole *whole)
{
    return whole->base == MIXED && (whole->size > 16 || whole->seen >= MAX_SEEN);
}

static ffi_status add_members(struct whole *whole, const ffi_type *type, unsigned depth);

/* Goes through the members, of which there are `bytes` in the end. */
static inline __attribute__((always_inline)) ffi_status add_all(struct whole *whole,
                                                                const ffi_type *type,
                                                                struct rx_members m, unsigned depth,
                                                                size_t *bytes)
{
    if (depth == RX_MAX_NESTING || type->elements == NULL)
        return FFI_BAD_TYPEDEF;
    while (!rx_members_end(&m) && !is_settled(whole)) {
        ffi_status status = rx_members_next(&m);
        if (rx_unlikely(status != FFI_OK))
            return status;
        if (depth == 0 && m.align > whole->align)
            whole->align = m.align;
        if (rx_unlikely(++whole->seen == MAX_SEEN))
            whole->base = MIXED;

        if (rx_likely(is_scalar(m.type)))
            add(whole, base_of_scalar(m.type));
        else if (rx_type_is_struct(m.type))
            status = add_members(whole, m.type, depth + 1);
        else if (m.type->type == FFI_TYPE_COMPLEX)
            status = add_complex(whole, m.type);
        else if (m.type->type == FFI_TYPE_VECTOR)
            add(whole, base_of_vector(m.type));
        else
            status = FFI_BAD_TYPEDEF;
        if (status != FFI_OK)
            return status;
        *bytes += m.size;
    }
    return FFI_OK;
}

/* A homogeneous aggregate has no padding, and none in it has. */
static __attribute__((noinline)) ffi_status add_described(struct whole *whole, const ffi_type *type,
                                                          unsigned depth)
{
    size_t unused = 0;
    ffi_status status = add_all(whole, type, rx_members_of_described(type), depth, &unused);
    if (whole->seen >= MAX_SEEN)
        return FFI_BAD_TYPEDEF; /* unions in unions, of which nobody can say what they are */
    if (!rx_described_of(type)->dense)
        whole->base = MIXED;
    if (depth == 0)
        whole->align = rx_described_of(type)->natural;
    return status;
}

/* Of a struct of libffi's the size tells how many members there are, not how many were said, which
 * may be a part of an array or more than a union holds; but in one that is more aligned than its
 * members, what nobody has said is padding. */
static ffi_status add_members(struct whole *whole, const ffi_type *type, unsigned depth)
{
    if (rx_unlikely(rx_is_described(type)))
        return add_described(whole, type, depth);
    size_t bytes = 0;
    ffi_status status = add_all(whole, type, rx_members_of_struct(type), depth, &bytes);
    if (bytes < rx_type_size(type) && rx_type_align(type) > rx_class_size(whole->base))
        whole->base = MIXED;
    return status;
}

/* AAPCS64 5.9.5: how many members does a homogeneous aggregate have? */
static unsigned count_members(const struct whole *whole)
{
    if (whole->base == 0 || whole->base == MIXED)
        return 0;
    size_t size = rx_class_size(whole->base);
    if (whole->size % size != 0 || whole->size > MAX_MEMBERS * size)
        return 0;
    return whole->size / size;
}

static ffi_status classify_vector(const ffi_type *type, unsigned *found)
{
    *found = rx_type_size(type) == 16 ? 1 | QUAD_ALIGNED : 1;
    return base_of_vector(type) == MIXED ? FFI_BAD_TYPEDEF : FFI_OK;
}

ffi_status rx_arch_classify(ffi_abi abi, const ffi_type *type, unsigned *found)
{
    (void)abi; /* both ask for the same */
    if (type->type == FFI_TYPE_VECTOR)
        return classify_vector(type, found);
    struct whole whole = {.size = rx_type_size(type)};
    *found = 0;
    if (whole.size > MAX_MEMBERS * 16)
        return FFI_OK;
    unsigned align = rx_type_align(type);
    ffi_status status;
    if (type->type == FFI_TYPE_COMPLEX) {
        whole.align = align;
        status = add_complex(&whole, type);
    } else {
        status = add_members(&whole, type, 0);
    }
    *found = count_members(&whole);
    /* A struct that is less aligned than its members is a packed one, and so are they in it. */
    if (whole.align >= 16 && align >= 16)
        *found |= QUAD_ALIGNED;
    return status;
}

/* ---- Results: as the first argument would travel, or in memory if that is by address ---- */

static unsigned ret_of_members(unsigned members, uint32_t bytes)
{
    switch (bytes) {
    case 4:
        return members == 1 ? RX_RET_FLOAT : RX_RET_FLOATS(members);
    case 8:
        return members == 1 ? RX_RET_DOUBLE : RX_RET_DOUBLES(members);
    default:
        return members == 1 ? RX_RET_QUAD : RX_RET_QUADS(members);
    }
}

static unsigned ret_of_size(uint32_t size)
{
    if (size > 16)
        return RX_RET_MEMORY;
    return size == 16 ? RX_RET_PAIR : size == 8 ? RX_RET_U64 : RX_RET_BYTES;
}

static unsigned ret_of(rx_class result)
{
    uint32_t size = rx_class_size(result);
    unsigned members = members_of(result);
    if (members != 0)
        return ret_of_members(members, size / members);
    switch (rx_class_kind(result)) {
    case FFI_TYPE_VOID:
        return RX_RET_VOID;
    case FFI_TYPE_UINT8:
        return RX_RET_U8;
    case FFI_TYPE_SINT8:
        return RX_RET_S8;
    case FFI_TYPE_UINT16:
        return RX_RET_U16;
    case FFI_TYPE_SINT16:
        return RX_RET_S16;
    case FFI_TYPE_UINT32:
        return RX_RET_U32;
    case FFI_TYPE_SINT32:
        return RX_RET_S32;
    default:
        return ret_of_size(size);
    }
}

void rx_arch_place_result(struct rx_builder *b, rx_class result)
{
    b->plan.ret = ret_of(result);
    b->plan.ret_bytes = rx_class_size(result);
    if (b->plan.ret == RX_RET_MEMORY) {
        b->plan.ret_in_memory = true;
        b->plan.sret = RX_AREA_SRET;
    }
}

/* ---- Arguments: the numbers are those of the rules in 6.8.2 ---- */

/* An attribute may have aligned the type to 16, but not its place; a closure's function is to find
 * it aligned, which takes an op that gathers. */
static bool is_misplaced(rx_class argument, uint32_t dst)
{
    return rx_class_align(argument) > 8 && dst % 16 != 0;
}

struct rx_arg rx_arg_at(rx_class argument, uint32_t dst)
{
    uint32_t size = rx_class_size(argument);
    struct rx_arg arg = {.dst = dst, .dst2 = dst + 8, .size = size};
    if (size <= 8) {
        arg.op = rx_op_of_word(argument);
        arg.tail = size;
    } else if (size <= 16) {
        arg.op = is_misplaced(argument, dst) ? RX_OP_PAIR : RX_OP_TWO;
        arg.tail = size - 8;
    } else {
        arg.op = RX_OP_COPY;
    }
    return arg;
}

/* C.4, C.5 and C.14 to C.17. */
struct rx_arg rx_arg_on_stack(struct rx_builder *b, rx_class argument)
{
    uint32_t size = rx_class_size(argument);
    uint32_t dst = rx_builder_stack(b, size, rx_is_quad_aligned(argument) ? 16 : 8);
    struct rx_arg arg = rx_arg_at(argument, dst);
    if (size > 16 && is_misplaced(argument, dst))
        arg.op = RX_OP_MOVE; /* four members of 8 bytes: with fewer there would be padding */
    return arg;
}

static struct rx_arg in_vector(struct rx_builder *b, rx_class argument, unsigned members)
{
    if (b->vector + members > RX_REGISTERS) {
        b->vector = RX_REGISTERS; /* C.3 */
        return rx_arg_on_stack(b, argument);
    }
    uint32_t dst = RX_VECTOR(b->vector); /* C.1, C.2 */
    b->vector += members;
    struct rx_arg arg = rx_arg_at(argument, dst);
    if (members > 1 && arg.size == 4 * members)
        arg.op = RX_OP_SPREAD4;
    else if (members > 1 && arg.size == 8 * members)
        arg.op = RX_OP_SPREAD8;
    return arg;
}

static struct rx_arg in_general(struct rx_builder *b, rx_class argument)
{
    unsigned words = rx_align_up(rx_class_size(argument), 8) / 8;
    if (rx_is_quad_aligned(argument))
        b->general = rx_align_up(b->general, 2); /* C.10 */
    if (b->general + words > RX_REGISTERS) {
        b->general = RX_REGISTERS; /* C.13 */
        return rx_arg_on_stack(b, argument);
    }
    struct rx_arg arg = rx_arg_at(argument, RX_GENERAL(b->general)); /* C.9, C.11, C.12 */
    b->general += words;
    return arg;
}

struct rx_arg rx_sysv_place_argument(struct rx_builder *b, rx_class argument)
{
    unsigned members = members_of(argument);
    if (members != 0)
        return in_vector(b, argument, members);
    uint32_t size = rx_class_size(argument);
    if (size <= 16)
        return in_general(b, argument);
    struct rx_arg arg = in_general(b, rx_class_scalar[FFI_TYPE_POINTER]); /* B.4 */
    arg.op = RX_OP_REF;
    arg.size = size;
    return arg;
}
