/* SPDX-License-Identifier: MIT
 *
 * types: the types that the library describes (src/types.c), and the layout of ffi_type itself,
 * which clients compiled long ago believe in.
 */
#include "unit.h"

#include <complex.h>

Test(types, the_type_object_is_laid_out_as_in_libffi)
{
    cr_expect(eq(sz, sizeof(ffi_type), 24));
    cr_expect(eq(sz, offsetof(ffi_type, size), 0));
    cr_expect(eq(sz, offsetof(ffi_type, alignment), 8));
    cr_expect(eq(sz, offsetof(ffi_type, type), 10));
    cr_expect(eq(sz, offsetof(ffi_type, elements), 16));
}

Test(types, the_type_codes_are_those_of_libffi)
{
    static const int codes[] = {
        FFI_TYPE_VOID,    FFI_TYPE_INT,     FFI_TYPE_FLOAT,   FFI_TYPE_DOUBLE, FFI_TYPE_LONGDOUBLE,
        FFI_TYPE_UINT8,   FFI_TYPE_SINT8,   FFI_TYPE_UINT16,  FFI_TYPE_SINT16, FFI_TYPE_UINT32,
        FFI_TYPE_SINT32,  FFI_TYPE_UINT64,  FFI_TYPE_SINT64,  FFI_TYPE_STRUCT, FFI_TYPE_POINTER,
        FFI_TYPE_COMPLEX, FFI_TYPE_UINT128, FFI_TYPE_SINT128, FFI_TYPE_VECTOR,
    };
    for (size_t i = 0; i < LENGTH(codes); i++)
        cr_expect(eq(int, codes[i], (int)i));
    cr_expect(eq(int, FFI_TYPE_LAST, FFI_TYPE_VECTOR));
}

#define EXPECT_SCALAR(name, c_type, code)                                                          \
    do {                                                                                           \
        cr_expect(eq(sz, ffi_type_##name.size, sizeof(c_type)), #name);                            \
        cr_expect(eq(sz, ffi_type_##name.alignment, _Alignof(c_type)), #name);                     \
        cr_expect(eq(int, ffi_type_##name.type, code), #name);                                     \
        cr_expect(eq(ptr, ffi_type_##name.elements, NULL), #name);                                 \
    } while (0)

Test(types, scalars_are_as_the_compiler_has_them)
{
    EXPECT_SCALAR(uint8, uint8_t, FFI_TYPE_UINT8);
    EXPECT_SCALAR(sint8, int8_t, FFI_TYPE_SINT8);
    EXPECT_SCALAR(uint16, uint16_t, FFI_TYPE_UINT16);
    EXPECT_SCALAR(sint16, int16_t, FFI_TYPE_SINT16);
    EXPECT_SCALAR(uint32, uint32_t, FFI_TYPE_UINT32);
    EXPECT_SCALAR(sint32, int32_t, FFI_TYPE_SINT32);
    EXPECT_SCALAR(uint64, uint64_t, FFI_TYPE_UINT64);
    EXPECT_SCALAR(sint64, int64_t, FFI_TYPE_SINT64);
    EXPECT_SCALAR(float, float, FFI_TYPE_FLOAT);
    EXPECT_SCALAR(double, double, FFI_TYPE_DOUBLE);
    EXPECT_SCALAR(longdouble, long double, FFI_TYPE_LONGDOUBLE);
    EXPECT_SCALAR(pointer, void *, FFI_TYPE_POINTER);
    EXPECT_SCALAR(uint128, unsigned __int128, FFI_TYPE_UINT128);
    EXPECT_SCALAR(sint128, __int128, FFI_TYPE_SINT128);
}

Test(types, c_names_mean_the_types_of_c)
{
    EXPECT_SCALAR(uchar, unsigned char, FFI_TYPE_UINT8);
    EXPECT_SCALAR(schar, signed char, FFI_TYPE_SINT8);
    EXPECT_SCALAR(ushort, unsigned short, FFI_TYPE_UINT16);
    EXPECT_SCALAR(sshort, short, FFI_TYPE_SINT16);
    EXPECT_SCALAR(uint, unsigned, FFI_TYPE_UINT32);
    EXPECT_SCALAR(sint, int, FFI_TYPE_SINT32);
    EXPECT_SCALAR(ulong, unsigned long, FFI_TYPE_UINT64);
    EXPECT_SCALAR(slong, long, FFI_TYPE_SINT64);
}

Test(types, void_has_the_size_of_a_byte)
{
    EXPECT_SCALAR(void, char, FFI_TYPE_VOID);
}

#define EXPECT_COMPLEX(name, c_type)                                                               \
    do {                                                                                           \
        cr_expect(eq(sz, ffi_type_complex_##name.size, sizeof(c_type complex)), #name);            \
        cr_expect(eq(sz, ffi_type_complex_##name.alignment, _Alignof(c_type complex)), #name);     \
        cr_expect(eq(int, ffi_type_complex_##name.type, FFI_TYPE_COMPLEX), #name);                 \
        cr_assert(ne(ptr, ffi_type_complex_##name.elements, NULL), #name);                         \
        cr_expect(eq(ptr, ffi_type_complex_##name.elements[0], &ffi_type_##name), #name);          \
        cr_expect(eq(ptr, ffi_type_complex_##name.elements[1], NULL), #name);                      \
    } while (0)

Test(types, a_complex_type_names_its_part)
{
    EXPECT_COMPLEX(float, float);
    EXPECT_COMPLEX(double, double);
    EXPECT_COMPLEX(longdouble, long double);
}

static void write_to(void *type)
{
    ((ffi_type *volatile)type)->size = 1;
}

Test(types, nobody_can_write_to_them)
{
    cr_expect(eq(int, ending_of(write_to, &ffi_type_sint).signal, SIGSEGV));
    cr_expect(eq(int, ending_of(write_to, &ffi_type_complex_double).signal, SIGSEGV));
}
