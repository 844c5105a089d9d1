/* SPDX-License-Identifier: MIT
 *
 * described: makes unions, arrays, and structs with bit-fields, packed ones and over-aligned ones.
 *
 * Layout is that of both platforms' ABIs: psABI 3.1.2 ("Aggregates and Unions", "Bit-Fields") and
 * AAPCS64 5.9 and 10.1.8; `pack` is what #pragma pack is to gcc and clang, `align` what their
 * attribute aligned is.
 */
#include "described.h"
#include "arch.h"
#include "fault.h"
#include "layout.h"
#include "refuse.h"

#include <errno.h>
#include <stdlib.h>

/* No type is larger, so that twice its size in bits, and what rounding up adds, is still a number.
 */
#define LARGEST (SIZE_MAX / 64)

/* Of more the block would have a size that is no number. */
#define MOST_MEMBERS (LARGEST / (sizeof(ffi_type *) + sizeof(struct rx_field)))

/* The largest that an ffi_type has room for. */
#define MOST_ALIGN 0x8000

/* #pragma pack knows no more than that. */
#define MOST_PACK 16

/* ---- A type in the making ---- */

/* C has no such type. */
static ffi_type *refuse(struct rx_described *block)
{
    free(block);
    rx_refuse(FFI_RX_BAD_ARGUMENT);
    return NULL;
}

/* A block for n members, with nothing in it; NULL without memory. */
static struct rx_described *block_of(size_t n)
{
    size_t elements = (n + 1) * sizeof(ffi_type *);
    size_t size = sizeof(struct rx_described) + elements + n * sizeof(struct rx_field);
    int error = errno;
    struct rx_described *block = n > MOST_MEMBERS ? NULL : calloc(1, size);
    if (block == NULL) {
        rx_refuse(FFI_RX_NO_MEMORY);
        errno = error;
        return NULL;
    }
    block->type = (ffi_type){0, 1, RX_TYPE_DESCRIBED, block->elements};
    block->natural = 1;
    block->depth = 1;
    block->fields = (const struct rx_field *)((char *)block->elements + elements);
    return block;
}

static struct rx_field *field_of(struct rx_described *block, size_t i)
{
    return (struct rx_field *)&block->fields[i];
}

static void ask_alignment(struct rx_described *block, size_t align)
{
    if (align > block->natural)
        block->natural = align;
}

/* Takes type in as member i. False if no object can have it. */
static bool take(struct rx_described *block, size_t i, ffi_type *type)
{
    if (type == NULL || type->type == FFI_TYPE_VOID || rx_layout_complete(type) != FFI_OK)
        return false;
    if (rx_type_size(type) > LARGEST || (rx_type_is_aggregate(type) && type->elements == NULL))
        return false;
    unsigned depth = rx_is_described(type) ? rx_described_of(type)->depth + 1 : 1;
    if (depth > RX_MAX_NESTING)
        return false;
    if (depth > block->depth)
        block->depth = depth;
    block->elements[i] = type;
    return true;
}

/* Gives the type out, whose members end at `end` and have `bytes` between them. */
static ffi_type *finish(struct rx_described *block, size_t end, size_t bytes, size_t align)
{
    block->type.alignment = align > block->natural ? align : block->natural;
    block->type.size = rx_align_up(end, block->type.alignment);
    block->dense = bytes == block->type.size;
    return &block->type;
}

/* ---- Unions and arrays ---- */

ffi_type *ffi_rx_union_new(ffi_type *const *members)
{
    size_t n = 0, largest = 0;
    while (members != NULL && members[n] != NULL)
        n++;
    if (n == 0)
        return refuse(NULL);
    struct rx_described *block = block_of(n);
    if (block == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!take(block, i, members[i]))
            return refuse(block);
        ask_alignment(block, rx_type_align(members[i]));
        if (rx_type_size(members[i]) > largest)
            largest = rx_type_size(members[i]);
    }
    return finish(block, largest, largest, 1);
}

ffi_type *ffi_rx_array_new(ffi_type *element, size_t count)
{
    size_t size;
    if (count == 0)
        return refuse(NULL);
    struct rx_described *block = block_of(1);
    if (block == NULL)
        return NULL;
    if (!take(block, 0, element))
        return refuse(block);
    size_t align = rx_type_align(element);
    if (rx_type_size(element) % align != 0 ||
        __builtin_mul_overflow(rx_type_size(element), count, &size) || size > LARGEST)
        return refuse(block);
    block->count = count;
    ask_alignment(block, align);
    return finish(block, size, size, 1);
}

/* ---- Structs ---- */

static bool is_integer(const ffi_type *type)
{
    unsigned code = type->type;
    return code == FFI_TYPE_INT || (code >= FFI_TYPE_UINT8 && code <= FFI_TYPE_SINT64) ||
           code == FFI_TYPE_UINT128 || code == FFI_TYPE_SINT128;
}

static bool is_bit_field(const ffi_rx_member *member)
{
    return member->bits != 0 || member->flags & FFI_RX_BIT_FIELD;
}

static bool is_well_formed(const ffi_rx_member *member)
{
    if (member->flags & ~(FFI_RX_BIT_FIELD | FFI_RX_UNNAMED))
        return false;
    if (!is_bit_field(member))
        return !(member->flags & FFI_RX_UNNAMED);
    return is_integer(member->type) && member->bits <= 8 * rx_type_size(member->type);
}

static size_t less_aligned(size_t align, unsigned pack)
{
    return pack != 0 && pack < align ? pack : align;
}

/* Places a bit-field at the next bit at which it is within one storage unit of its type; in a
 * packed struct at the next bit. One of no width ends the unit, and is not packed. */
static void place_bits(struct rx_described *block, size_t i, const ffi_rx_member *member,
                       size_t bit, unsigned pack)
{
    size_t align = rx_type_align(member->type), unit = rx_type_size(member->type);
    bool fits = pack != 0 || bit % (8 * align) + member->bits <= 8 * unit;
    bool unnamed = member->bits == 0 || member->flags & FFI_RX_UNNAMED;
    if (member->bits == 0 || !fits)
        bit = rx_align_up(bit, 8 * align);
    *field_of(block, i) = (struct rx_field){
        .bit = bit, .width = member->bits, .kind = unnamed ? RX_FIELD_UNNAMED : RX_FIELD_BITS};
    if (!unnamed || rx_arch_unnamed_bits_align)
        ask_alignment(block, member->bits == 0 ? align : less_aligned(align, pack));
}

static void place_whole(struct rx_described *block, size_t i, ffi_type *type, size_t bit,
                        unsigned pack)
{
    size_t align = less_aligned(rx_type_align(type), pack);
    *field_of(block, i) =
        (struct rx_field){.bit = rx_align_up(bit, 8 * align), .width = 0, .kind = RX_FIELD_WHOLE};
    ask_alignment(block, align);
}

ffi_type *ffi_rx_struct_new(const ffi_rx_member *members, size_t n, unsigned pack, unsigned align)
{
    bool packs = pack == 0 || (rx_is_power_of_two(pack) && pack <= MOST_PACK);
    bool aligns = align == 0 || (rx_is_power_of_two(align) && align <= MOST_ALIGN);
    if (members == NULL || n == 0 || !packs || !aligns)
        return refuse(NULL);
    struct rx_described *block = block_of(n);
    if (block == NULL)
        return NULL;
    size_t end = 0,
           bits = 0; /* where the last member ends, and how many bits the named ones have */
    for (size_t i = 0; i < n; i++) {
        const ffi_rx_member *member = &members[i];
        if (!take(block, i, member->type) || !is_well_formed(member))
            return refuse(block);
        size_t width = member->bits;
        if (is_bit_field(member)) {
            place_bits(block, i, member, end, pack);
        } else {
            place_whole(block, i, member->type, end, pack);
            width = 8 * rx_type_size(member->type);
        }
        end = block->fields[i].bit + width;
        if (end / 8 > LARGEST)
            return refuse(block);
        if (block->fields[i].kind != RX_FIELD_UNNAMED)
            bits += width;
    }
    if (bits == 0)
        return refuse(block); /* ISO C 6.7.2.1: a struct has a named member */
    return finish(block, (end + 7) / 8, bits / 8, align);
}

/* ---- What there is to know of them, and their end ---- */

int ffi_rx_struct_layout(const ffi_type *type, size_t *bit_offsets)
{
    if (type == NULL || !rx_is_described(type))
        return -EINVAL;
    const struct rx_field *field = rx_described_of(type)->fields;
    for (size_t i = 0; type->elements[i] != NULL && bit_offsets != NULL; i++)
        bit_offsets[i] = field[i].bit;
    return 0;
}

void ffi_rx_type_free(ffi_type *type)
{
    if (type == NULL)
        return;
    if (!rx_is_described(type) || &rx_described_of(type)->type != type)
        rx_fault_free_type(type);
    free(type);
}
