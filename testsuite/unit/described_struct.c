/* SPDX-License-Identifier: MIT
 *
 * ffi_rx_struct_new and ffi_rx_struct_layout (src/described.c). The judge is the compiler, which is
 * asked for a bit-field's place by setting all of it.
 */
#include "unit.h"
#include "described.h"

#include <errno.h>

#define WHOLE(type)                                                                                \
    {                                                                                              \
        &ffi_type_##type, 0, 0                                                                     \
    }
#define BITS(type, n)                                                                              \
    {                                                                                              \
        &ffi_type_##type, n, 0                                                                     \
    }
#define UNNAMED(type, n)                                                                           \
    {                                                                                              \
        &ffi_type_##type, n, FFI_RX_UNNAMED                                                        \
    }
#define UNIT_END(type)                                                                             \
    {                                                                                              \
        &ffi_type_##type, 0, FFI_RX_BIT_FIELD                                                      \
    }
#define MEMBERS(...) ((ffi_rx_member[]){__VA_ARGS__}), LENGTH(((ffi_rx_member[]){__VA_ARGS__}))

/* Where the first of the bits that are set in object is. */
static size_t first_bit(const void *object, size_t size)
{
    const unsigned char *bytes = object;
    size_t bit = 0;
    while (bit < 8 * size && !(bytes[bit / 8] >> bit % 8 & 1))
        bit++;
    return bit;
}

#define BIT_OF(c_type, field)                                                                      \
    ({                                                                                             \
        c_type object;                                                                             \
        memset(&object, 0, sizeof object);                                                         \
        object.field = -1;                                                                         \
        first_bit(&object, sizeof object);                                                         \
    })

#define MOST 16

static size_t offset_of(const ffi_type *type, size_t i)
{
    size_t offsets[MOST];
    int error = ffi_rx_struct_layout(type, offsets);
    cr_assert(eq(int, error, 0));
    return offsets[i];
}

#define EXPECT_LAYOUT(type, c_type)                                                                \
    do {                                                                                           \
        cr_assert(ne(ptr, type, NULL));                                                            \
        cr_expect(eq(sz, type->size, sizeof(c_type)));                                             \
        cr_expect(eq(sz, type->alignment, _Alignof(c_type)));                                      \
    } while (0)
#define EXPECT_BIT(type, i, c_type, field)                                                         \
    cr_expect(eq(sz, offset_of(type, i), BIT_OF(c_type, field)), #field)

/* ---- Where bit-fields lie ---- */

Test(described_struct, a_bit_field_lies_within_a_unit_of_its_type)
{
    struct c {
        unsigned char a;
        int b : 3;
        long c : 40;
        int d : 30;
        unsigned short e : 2;
        double f;
        unsigned char g : 8;
    };
    ffi_type *type =
        ffi_rx_struct_new(MEMBERS(WHOLE(uchar), BITS(sint, 3), BITS(slong, 40), BITS(sint, 30),
                                  BITS(ushort, 2), WHOLE(double), BITS(uchar, 8)),
                          0, 0);
    EXPECT_LAYOUT(type, struct c);
    EXPECT_BIT(type, 1, struct c, b);
    EXPECT_BIT(type, 2, struct c, c);
    EXPECT_BIT(type, 3, struct c, d);
    EXPECT_BIT(type, 4, struct c, e);
    cr_expect(eq(sz, offset_of(type, 5), 8 * offsetof(struct c, f)));
    EXPECT_BIT(type, 6, struct c, g);
}

Test(described_struct, one_of_no_width_ends_a_unit)
{
    struct c {
        unsigned char a : 3;
        int : 0;
        unsigned char b : 3;
        short : 0;
        unsigned char c;
    };
    ffi_type *type = ffi_rx_struct_new(
        MEMBERS(BITS(uchar, 3), UNIT_END(sint), BITS(uchar, 3), UNIT_END(sshort), WHOLE(uchar)), 0,
        0);
    EXPECT_LAYOUT(type, struct c);
    EXPECT_BIT(type, 2, struct c, b);
    EXPECT_BIT(type, 4, struct c, c);
    cr_expect(eq(sz, offset_of(type, 1), 32));
}

Test(described_struct, unnamed_ones_take_room)
{
    struct c {
        unsigned char a : 3;
        int : 7;
        unsigned char b : 3;
    };
    ffi_type *type =
        ffi_rx_struct_new(MEMBERS(BITS(uchar, 3), UNNAMED(sint, 7), BITS(uchar, 3)), 0, 0);
    EXPECT_LAYOUT(type, struct c);
    EXPECT_BIT(type, 2, struct c, b);
}

Test(described_struct, packed_bit_fields_follow_each_other)
{
#pragma pack(push, 2)
    struct c {
        unsigned char a;
        long b : 60;
        int : 0;
        int c : 20;
        double d;
    };
#pragma pack(pop)
    ffi_type *type = ffi_rx_struct_new(
        MEMBERS(WHOLE(uchar), BITS(slong, 60), UNIT_END(sint), BITS(sint, 20), WHOLE(double)), 2,
        0);
    EXPECT_LAYOUT(type, struct c);
    EXPECT_BIT(type, 1, struct c, b);
    EXPECT_BIT(type, 3, struct c, c);
    cr_expect(eq(sz, offset_of(type, 4), 8 * offsetof(struct c, d)));
}

Test(described_struct, may_be_aligned_more_than_its_members)
{
    struct c {
        unsigned char a;
        int b : 3;
    } __attribute__((aligned(64)));
    ffi_type *type = ffi_rx_struct_new(MEMBERS(WHOLE(uchar), BITS(sint, 3)), 0, 64);
    EXPECT_LAYOUT(type, struct c);
    type = ffi_rx_struct_new(MEMBERS(WHOLE(uchar), WHOLE(double)), 0, 2);
    cr_expect(eq(int, type->alignment, 8), "attribute aligned never makes less of it");
}

Test(described_struct, int_as_libffi_3_has_it_is_an_integer)
{
    ffi_type c_int = {4, 4, FFI_TYPE_INT, NULL};
    ffi_type *type = ffi_rx_struct_new((ffi_rx_member[]){{&c_int, 31, FFI_RX_BIT_FIELD}}, 1, 0, 0);
    cr_assert(ne(ptr, type, NULL));
}

/* ---- Calls ---- */

struct flags {
    unsigned on : 1;
    int level : 7;
    float weight;
    unsigned long stamp : 50;
};

static struct flags next_of(struct flags f)
{
    return (struct flags){!f.on, f.level - 1, 2 * f.weight, f.stamp + 1};
}

static void handle(ffi_cif *cif, void *result, void **args, void *data)
{
    (void)cif, (void)data;
    struct flags f;
    memcpy(&f, args[0], sizeof f);
    f = next_of(f);
    memcpy(result, &f, sizeof f);
}

static void expect_next(struct flags f)
{
    cr_expect(eq(int, f.on, 0));
    cr_expect(eq(int, f.level, -4));
    cr_expect(eq(flt, f.weight, 5));
    cr_expect(eq(u64, f.stamp, UINT64_C(0x3000000000001)));
}

Test(described_struct, with_bit_fields_travels_as_in_c)
{
    ffi_type *type = ffi_rx_struct_new(
        MEMBERS(BITS(uint, 1), BITS(sint, 7), WHOLE(float), BITS(ulong, 50)), 0, 0);
    ffi_cif cif = signature(type, TYPES(type));
    struct flags f = {1, -3, 2.5, 0x3000000000000}, result;
    ffi_call(&cif, FN(next_of), &result, VALUES(&f));
    expect_next(result);
    struct flags (*closure)(struct flags) =
        (struct flags(*)(struct flags))callback(&cif, handle, NULL);
    expect_next(closure(f));
}

#pragma pack(push, 1)
struct odd {
    char c;
    double d;
    short s;
};
#pragma pack(pop)

static double sum(struct odd o)
{
    return o.c + o.d + o.s;
}

Test(described_struct, packed_travels_as_in_c)
{
    ffi_type *type = ffi_rx_struct_new(MEMBERS(WHOLE(schar), WHOLE(double), WHOLE(sshort)), 1, 0);
    EXPECT_LAYOUT(type, struct odd);
    ffi_cif cif = signature(&ffi_type_double, TYPES(type));
    struct odd o = {1, 2.5, 3};
    double result;
    ffi_call(&cif, FN(sum), &result, VALUES(&o));
    cr_expect(eq(dbl, result, 6.5));
}

/* ---- What is refused ---- */

static void expect_none(ffi_rx_member member)
{
    ffi_rx_member members[] = {{&ffi_type_sint, 0, 0}, member};
    cr_expect(eq(ptr, ffi_rx_struct_new(members, 2, 0, 0), NULL));
}

Test(described_struct, without_a_member_that_has_a_name_is_none)
{
    cr_expect(eq(ptr, ffi_rx_struct_new(NULL, 1, 0, 0), NULL));
    cr_expect(eq(ptr, ffi_rx_struct_new((ffi_rx_member[]){WHOLE(sint)}, 0, 0, 0), NULL));
    cr_expect(eq(ptr, ffi_rx_struct_new(MEMBERS(UNNAMED(sint, 3), UNIT_END(sint)), 0, 0), NULL));
}

Test(described_struct, of_what_is_no_object_is_none)
{
    expect_none((ffi_rx_member){NULL, 0, 0});
    expect_none((ffi_rx_member){NULL, 3, 0});
    expect_none((ffi_rx_member){&ffi_type_void, 0, 0});
    expect_none((ffi_rx_member){&(ffi_type){4, 4, FFI_TYPE_LAST + 1, NULL}, 0, 0});
}

Test(described_struct, a_bit_field_is_an_integer_and_no_wider_than_that)
{
    expect_none((ffi_rx_member){&ffi_type_sint, 33, 0});
    expect_none((ffi_rx_member){&ffi_type_uchar, 9, FFI_RX_UNNAMED});
    expect_none((ffi_rx_member){&ffi_type_uint128, 129, 0});
    expect_none((ffi_rx_member){&ffi_type_float, 3, 0});
    expect_none((ffi_rx_member){&ffi_type_pointer, 3, 0});
    expect_none((ffi_rx_member){&ffi_type_double, 0, FFI_RX_BIT_FIELD});
    expect_none((ffi_rx_member){STRUCT(&ffi_type_sint), 3, 0});
}

Test(described_struct, flags_are_those_that_are_known)
{
    expect_none((ffi_rx_member){&ffi_type_sint, 0, 4});
    expect_none((ffi_rx_member){&ffi_type_sint, 3, FFI_RX_BIT_FIELD | 0x80000000});
    expect_none((ffi_rx_member){&ffi_type_sint, 0, FFI_RX_UNNAMED});
}

Test(described_struct, pack_and_align_are_powers_of_two_that_c_has)
{
    static const unsigned packs[] = {3, 5, 6, 32, UINT32_MAX};
    for (size_t i = 0; i < LENGTH(packs); i++)
        cr_expect(eq(ptr, ffi_rx_struct_new(MEMBERS(WHOLE(sint)), packs[i], 0), NULL));
    static const unsigned aligns[] = {3, 12, 0x10000, UINT32_MAX};
    for (size_t i = 0; i < LENGTH(aligns); i++)
        cr_expect(eq(ptr, ffi_rx_struct_new(MEMBERS(WHOLE(sint)), 0, aligns[i]), NULL));
    cr_expect(ne(ptr, ffi_rx_struct_new(MEMBERS(WHOLE(sint)), 16, 0x8000), NULL));
}

Test(described_struct, whose_size_overflows_is_none)
{
    ffi_type *half = ffi_rx_array_new(&ffi_type_schar, SIZE_MAX / 128);
    ffi_rx_member members[] = {{half, 0, 0}, {half, 0, 0}, {half, 0, 0}};
    cr_expect(ne(ptr, ffi_rx_struct_new(members, 2, 0, 0), NULL));
    cr_expect(eq(ptr, ffi_rx_struct_new(members, 3, 0, 0), NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_BAD_ARGUMENT));
    cr_expect(eq(ptr, ffi_rx_struct_new(members, SIZE_MAX / 8, 0, 0), NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_NO_MEMORY));
}

Test(described_struct, layout_is_told_of_these_types_only)
{
    size_t offset;
    cr_expect(eq(int, ffi_rx_struct_layout(NULL, &offset), -EINVAL));
    cr_expect(eq(int, ffi_rx_struct_layout(&ffi_type_sint, &offset), -EINVAL));
    cr_expect(eq(int, ffi_rx_struct_layout(STRUCT(&ffi_type_sint), &offset), -EINVAL));
    ffi_type *type = ffi_rx_struct_new(MEMBERS(WHOLE(sint)), 0, 0);
    cr_expect(eq(int, ffi_rx_struct_layout(type, NULL), 0));
}

/* ---- The end ---- */

static void free_type(void *type)
{
    ffi_rx_type_free(type);
}

Test(described_struct, only_what_was_made_is_freed)
{
    ffi_rx_type_free(NULL);
    ffi_type *type = ffi_rx_struct_new(MEMBERS(WHOLE(sint)), 0, 0);
    ffi_type copy = *type;
    ffi_type *bad[] = {&copy, &ffi_type_sint, STRUCT(&ffi_type_sint)};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct ending end = ending_of(free_type, bad[i]);
        cr_expect(eq(int, end.signal, SIGABRT));
        cr_expect(ne(ptr, strstr(end.text, "ffi_rx_type_free of a type that"), NULL));
    }
    ffi_rx_type_free(type);
}
