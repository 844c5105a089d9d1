/* SPDX-License-Identifier: MIT
 *
 * eightbytes: classification of aggregates, psABI 3.2.3.
 *
 * An aggregate of up to two eightbytes is classified by what lies in each; a larger one travels in
 * memory.
 */
#include "eightbytes.h"
#include "members.h"

/* psABI 3.1.2, "Bit-Fields". */
const bool rx_arch_unnamed_bits_align = false;

/* ---- Classification ----
 *
 * While an eightbyte's fields are gone through, its class is a set of bits, and merging two classes
 * (psABI 3.2.3, "Classification", rule 4) is the union of the sets: INTEGER holds the bit of SSE,
 * and so outdoes it. What lies in one place more than once, as in a union, needs care; see there.
 */
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
        return bits & (SSE_BIT | SSEUP_BIT) ? MEMORY : X87;
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
    unsigned structs; /* inner ones that have been looked at */
    size_t end;
};

/* No more than 16 members nested to the deepest level, but for unions, which can be nested so that
 * looking at all would take for ever. */
#define MAX_STRUCTS (MAX_EIGHTBYTES * 8 * RX_MAX_NESTING)

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

/* Rule 5 (b): the upper half of a long double, X87UP, without the lower one is in memory. */
static bool is_upper_alone(enum eightbyte first, enum eightbyte second)
{
    return second == X87 && first != X87;
}

static ffi_status add_members(struct whole *whole, const ffi_type *type, size_t offset, size_t end,
                              unsigned depth);

/* Two members of a described type may share a place, so the order in which classes are merged tells
 * when a long double is among them: what lies deeper is merged for itself first ... */
static ffi_status add_apart(struct whole *whole, const ffi_type *type, size_t offset, size_t end,
                            unsigned depth)
{
    struct whole inner = {.end = whole->end, .structs = whole->structs};
    ffi_status status = add_members(&inner, type, offset, end, depth);
    whole->structs = inner.structs;
    if (is_upper_alone(class_of_bits(inner.bits[0]), class_of_bits(inner.bits[1])))
        inner.bits[0] |= MEMORY_BIT;
    for (unsigned i = 0; i < MAX_EIGHTBYTES; i++)
        whole->bits[i] |= inner.bits[i];
    return status;
}

/* ... and where X87 has met SSE, no INTEGER that comes later mends it. */
static void merge_in_order(struct whole *whole)
{
    for (unsigned i = 0; i < MAX_EIGHTBYTES; i++)
        if (class_of_bits(whole->bits[i]) == MEMORY)
            whole->bits[i] |= MEMORY_BIT;
}

/* A member that lies behind the end of the struct belongs to a union that is said with all its
 * members, and counts for nothing; nor does what lies behind `end`, the end of the struct around
 * it. So the work is bounded by the size of the whole whatever the types say, but for unions in
 * unions.
 */
static inline __attribute__((always_inline)) ffi_status add_all(struct whole *whole,
                                                                const ffi_type *type,
                                                                struct rx_members m, size_t offset,
                                                                size_t end, unsigned depth)
{
    if (depth == RX_MAX_NESTING || type->elements == NULL)
        return FFI_BAD_TYPEDEF;
    if (end - offset > rx_type_size(type))
        end = offset + rx_type_size(type);
    while (!rx_members_end(&m)) {
        ffi_status status = rx_members_next(&m);
        if (rx_unlikely(status != FFI_OK))
            return status;
        size_t place = offset + m.at;
        if (rx_unlikely(m.at >= whole->end || place >= end))
            break;

        unsigned bits = bits_of(m.type);
        if (rx_unlikely((place & (m.align - 1)) != 0))
            whole->bits[0] |= MEMORY_BIT; /* rule 1: an unaligned field, as in a packed struct */
        else if (rx_likely(bits != 0))
            add_scalar(whole, bits, place, m.size);
        else if (rx_type_is_struct(m.type))
            status = ++whole->structs > MAX_STRUCTS ? FFI_BAD_TYPEDEF
                     : m.described != NULL ? add_apart(whole, m.type, place, end, depth + 1)
                                           : add_members(whole, m.type, place, end, depth + 1);
        else if (m.type->type == FFI_TYPE_COMPLEX)
            status = add_complex(whole, m.type, place);
        else if (m.type->type == FFI_TYPE_VECTOR)
            status = add_vector(whole, m.type, place);
        else
            status = FFI_BAD_TYPEDEF;
        if (status != FFI_OK)
            return status;
        if (m.described != NULL)
            merge_in_order(whole);
    }
    return FFI_OK;
}

static __attribute__((noinline)) ffi_status add_described(struct whole *whole, const ffi_type *type,
                                                          size_t offset, size_t end, unsigned depth)
{
    return add_all(whole, type, rx_members_of_described(type), offset, end, depth);
}

static ffi_status add_members(struct whole *whole, const ffi_type *type, size_t offset, size_t end,
                              unsigned depth)
{
    if (rx_unlikely(rx_is_described(type)))
        return add_described(whole, type, offset, end, depth);
    return add_all(whole, type, rx_members_of_struct(type), offset, end, depth);
}

static bool is_complex_of(const ffi_type *type, unsigned part)
{
    return type->type == FFI_TYPE_COMPLEX && type->elements[0] != NULL &&
           type->elements[0]->type == part;
}

/* The first thing in type that is no struct of libffi's, `depth` deep in all; NULL if there is
 * none. */
static inline const ffi_type *innermost(const ffi_type *type, unsigned *depth)
{
    for (; type->type == FFI_TYPE_STRUCT; ++*depth) {
        if (*depth >= RX_MAX_NESTING || type->elements == NULL || type->elements[0] == NULL)
            return NULL;
        type = type->elements[0];
    }
    return type;
}

/* A described type may be a union, of which any member may be such a vector. */
static ffi_status classify_large_described(const ffi_type *type, unsigned depth, unsigned *structs);

/* More than two eightbytes travel in memory, but for a wide vector, or a struct of one. */
static inline ffi_status classify_large_struct(const ffi_type *type, unsigned depth,
                                               unsigned *structs)
{
    type = innermost(type, &depth);
    if (type == NULL)
        return FFI_BAD_TYPEDEF;
    if (rx_unlikely(rx_is_described(type)))
        return classify_large_described(type, depth, structs);
    return type->type == FFI_TYPE_VECTOR && rx_type_size(type) > 16 ? FFI_BAD_TYPEDEF : FFI_OK;
}

static __attribute__((noinline)) ffi_status
classify_large_described(const ffi_type *type, unsigned depth, unsigned *structs)
{
    if (depth >= RX_MAX_NESTING || ++*structs > MAX_STRUCTS)
        return FFI_BAD_TYPEDEF;
    const struct rx_field *field = rx_described_of(type)->fields;
    for (unsigned i = 0; type->elements[i] != NULL; i++)
        if (field[i].bit == 0 &&
            classify_large_struct(type->elements[i], depth + 1, structs) != FFI_OK)
            return FFI_BAD_TYPEDEF;
    return FFI_OK;
}

static ffi_status classify_large(const ffi_type *type)
{
    unsigned structs = 0;
    if (type->type != FFI_TYPE_COMPLEX)
        return classify_large_struct(type, 0, &structs);
    return is_complex_of(type, FFI_TYPE_UINT128) || is_complex_of(type, FFI_TYPE_SINT128)
               ? FFI_OK
               : FFI_BAD_TYPEDEF;
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
    /* Rule 5: one eightbyte in memory takes the other along. So does the lower half of a long
     * double without the upper one: as an argument because X87 is passed so, and as a result
     * because no compiler has it in st(0) and rax. */
    bool halved =
        is_upper_alone(first, second) || (first == X87 && (second != X87 || whole.end < 16));
    if (first != MEMORY && second != MEMORY && !halved)
        *found = found_of(first, second);
    return status;
}
