/* SPDX-License-Identifier: MIT
 *
 * vectors: how large a vector is, and what is none (src/layout.c, and class.c for what every
 * architecture refuses). Where vectors travel is tested in the folder of the architecture.
 */
#include "unit.h"
#include "class.h"
#include "layout.h"

#define VECTOR(...) (&(ffi_type){.type = FFI_TYPE_VECTOR, .elements = TYPES(__VA_ARGS__)})
#define VECTOR_AS(bytes, align, ...)                                                               \
    (&(ffi_type){bytes, align, FFI_TYPE_VECTOR, TYPES(__VA_ARGS__)})

static void expect_layout(ffi_type *type, size_t size, size_t align)
{
    cr_expect(eq(int, rx_layout_complete(type), FFI_OK));
    cr_expect(eq(sz, type->size, size));
    cr_expect(eq(sz, type->alignment, align));
}

static void expect_refused(ffi_type *type)
{
    ffi_type before = *type;
    ffi_cif cif;
    cr_expect(eq(int, rx_layout_complete(type), FFI_BAD_TYPEDEF));
    cr_expect(eq(int, memcmp(type, &before, sizeof before), 0), "an error changes nothing");
    cr_expect(eq(u64, rx_class_of(FFI_DEFAULT_ABI, type), 0));
    cr_expect(eq(int, ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, type, NULL), FFI_BAD_TYPEDEF));
    cr_expect(eq(int, rx_layout_complete(STRUCT(&ffi_type_sint, type)), FFI_BAD_TYPEDEF));
    cr_expect(eq(u64, rx_class_of(FFI_DEFAULT_ABI, STRUCT_AS(16, 16, type)), 0));
}

/* A vector of n lanes, for one that is in no list. */
static ffi_type *vector_of(ffi_type *lane, unsigned n)
{
    static ffi_type type;
    static ffi_type *lanes[600];
    cr_assert(lt(uint, n, LENGTH(lanes)));
    for (unsigned i = 0; i < n; i++)
        lanes[i] = lane;
    lanes[n] = NULL;
    type = (ffi_type){.type = FFI_TYPE_VECTOR, .elements = lanes};
    return &type;
}

Test(vectors, every_lane_has_the_layout_of_the_compilers_vector)
{
#define EXPECT(lane, c_type)                                                                       \
    do {                                                                                           \
        typedef c_type eight __attribute__((vector_size(8)));                                      \
        typedef c_type sixteen __attribute__((vector_size(16)));                                   \
        expect_layout(vector_of(&ffi_type_##lane, 8 / sizeof(c_type)), sizeof(eight),              \
                      _Alignof(eight));                                                            \
        expect_layout(vector_of(&ffi_type_##lane, 16 / sizeof(c_type)), sizeof(sixteen),           \
                      _Alignof(sixteen));                                                          \
    } while (0)
    EXPECT(uint8, uint8_t);
    EXPECT(sint8, int8_t);
    EXPECT(uint16, uint16_t);
    EXPECT(sint16, int16_t);
    EXPECT(uint32, uint32_t);
    EXPECT(sint32, int32_t);
    EXPECT(uint64, uint64_t);
    EXPECT(sint64, int64_t);
    EXPECT(float, float);
    EXPECT(double, double);
#undef EXPECT
}

Test(vectors, the_size_is_a_power_of_two_and_the_alignment_no_more_than_16)
{
    for (unsigned n = 1; n < 600; n++) {
        size_t size = 1;
        while (size < n)
            size *= 2;
        expect_layout(vector_of(&ffi_type_uint8, n), size, size < 16 ? size : 16);
        expect_layout(vector_of(&ffi_type_double, n), 8 * size, size < 2 ? 8 : 16);
    }
}

Test(vectors, a_vector_is_aligned_in_a_struct)
{
    typedef float four __attribute__((vector_size(16)));
    struct both {
        char c;
        four v;
        char d;
    };
    ffi_type *f = &ffi_type_float, *c = &ffi_type_schar;
    ffi_type *type = STRUCT(c, VECTOR(f, f, f, f), c);
    expect_layout(type, sizeof(struct both), _Alignof(struct both));
    size_t offsets[3];
    cr_expect(eq(int, ffi_get_struct_offsets(FFI_DEFAULT_ABI, type, offsets), FFI_OK));
    cr_expect(eq(sz, offsets[1], offsetof(struct both, v)));
    cr_expect(eq(sz, offsets[2], offsetof(struct both, d)));
}

Test(vectors, a_lane_is_told_by_what_it_says)
{
    ffi_type mine = ffi_type_float;
    expect_layout(VECTOR(&mine, &ffi_type_float, &mine, &mine), 16, 16);
}

Test(vectors, a_size_that_is_set_is_that_of_the_lanes)
{
    ffi_type *f = &ffi_type_float;
    expect_layout(VECTOR_AS(16, 16, f, f, f, f), 16, 16);
    expect_layout(VECTOR_AS(16, 16, f, f, f), 16, 16);
    expect_refused(VECTOR_AS(32, 16, f, f, f, f));
    expect_refused(VECTOR_AS(12, 4, f, f, f));
    expect_refused(VECTOR_AS(16, 8, f, f, f, f));
    expect_refused(VECTOR_AS(16, 32, f, f, f, f));
    expect_refused(VECTOR_AS(16, 0, f, f, f, f));
    expect_refused(VECTOR_AS(SIZE_MAX, 16, f, f, f, f));
}

Test(vectors, lanes_are_of_one_type)
{
    ffi_type *f = &ffi_type_float, *i = &ffi_type_sint, *d = &ffi_type_double;
    expect_refused(VECTOR(f, f, i, f));
    expect_refused(VECTOR(f, i));
    expect_refused(VECTOR(d, f));
    expect_refused(VECTOR(&ffi_type_uint, i));
}

Test(vectors, there_are_lanes)
{
    expect_refused(&(ffi_type){.type = FFI_TYPE_VECTOR});
    expect_refused(&(ffi_type){.type = FFI_TYPE_VECTOR, .elements = NO_TYPES});
    expect_refused(&(ffi_type){16, 16, FFI_TYPE_VECTOR, NULL});
    expect_refused(&(ffi_type){16, 16, FFI_TYPE_VECTOR, NO_TYPES});
    expect_refused(VECTOR(&(ffi_type){0, 4, FFI_TYPE_FLOAT, NULL}));
}

Test(vectors, a_lane_is_a_number_of_up_to_64_bits)
{
    ffi_type *refused[] = {
        &ffi_type_void,          &ffi_type_longdouble,
        &ffi_type_pointer,       &ffi_type_uint128,
        &ffi_type_sint128,       &ffi_type_complex_float,
        STRUCT(&ffi_type_float), VECTOR(&ffi_type_float, &ffi_type_float),
    };
    for (size_t i = 0; i < LENGTH(refused); i++) {
        expect_refused(VECTOR(refused[i], refused[i]));
        expect_refused(VECTOR_AS(16, 16, refused[i], refused[i]));
    }
}

Test(vectors, a_size_that_overflows_is_refused)
{
    ffi_type huge = {SIZE_MAX / 2 + 1, 4, FFI_TYPE_FLOAT, NULL};
    expect_refused(VECTOR(&huge));
    expect_refused(VECTOR(&huge, &huge));
    expect_refused(VECTOR(&huge, &huge, &huge));
    huge.size = SIZE_MAX;
    expect_refused(VECTOR(&huge));
    expect_refused(VECTOR(&huge, &ffi_type_float));
}
