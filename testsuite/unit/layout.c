/* SPDX-License-Identifier: MIT
 *
 * layout: where the members of a struct lie and how large it is (src/layout.c). The judge is the
 * compiler: sizeof, _Alignof and offsetof of the same struct in C.
 */
#include "unit.h"
#include "layout.h"

#include <pthread.h>

/* Lays type out, expecting size and align. */
static void expect_layout(ffi_type *type, size_t size, size_t align)
{
    ffi_status status = rx_layout_complete(type);
    cr_expect(eq(int, status, FFI_OK));
    cr_expect(eq(sz, type->size, size));
    cr_expect(eq(sz, type->alignment, align));
}

static void expect_refused(ffi_type *type)
{
    size_t size = type->size;
    unsigned short align = type->alignment;
    ffi_status status = rx_layout_complete(type);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    cr_expect(eq(sz, type->size, size), "an error changes nothing");
    cr_expect(eq(sz, type->alignment, align), "an error changes nothing");
}

/* ---- Where members lie ---- */

struct mixed {
    char a;
    short b;
    char c;
    int d;
    char e;
    long f;
    float g;
    double h;
    char i;
    long double j;
    char k;
    void *l;
    char m;
};

Test(layout, each_member_lies_at_the_next_multiple_of_its_alignment)
{
    ffi_type *type =
        STRUCT(&ffi_type_schar, &ffi_type_sshort, &ffi_type_schar, &ffi_type_sint, &ffi_type_schar,
               &ffi_type_slong, &ffi_type_float, &ffi_type_double, &ffi_type_schar,
               &ffi_type_longdouble, &ffi_type_schar, &ffi_type_pointer, &ffi_type_schar);
    const size_t expected[] = {
        offsetof(struct mixed, a), offsetof(struct mixed, b), offsetof(struct mixed, c),
        offsetof(struct mixed, d), offsetof(struct mixed, e), offsetof(struct mixed, f),
        offsetof(struct mixed, g), offsetof(struct mixed, h), offsetof(struct mixed, i),
        offsetof(struct mixed, j), offsetof(struct mixed, k), offsetof(struct mixed, l),
        offsetof(struct mixed, m),
    };
    size_t offsets[LENGTH(expected)];
    ffi_status status = ffi_get_struct_offsets(FFI_DEFAULT_ABI, type, offsets);
    cr_assert(eq(int, status, FFI_OK));
    for (size_t i = 0; i < LENGTH(expected); i++)
        cr_expect(eq(sz, offsets[i], expected[i]), "member %zu", i);
    cr_expect(eq(sz, type->size, sizeof(struct mixed)));
    cr_expect(eq(sz, type->alignment, _Alignof(struct mixed)));
}

Test(layout, a_struct_is_padded_to_a_multiple_of_its_alignment)
{
    expect_layout(STRUCT(&ffi_type_double, &ffi_type_schar), 16, 8);
    expect_layout(STRUCT(&ffi_type_longdouble, &ffi_type_schar), sizeof(long double) + 16, 16);
    expect_layout(STRUCT(&ffi_type_sshort, &ffi_type_schar), 4, 2);
}

Test(layout, an_array_is_a_repeated_member)
{
    expect_layout(bytes_type(16), 16, 1);
    ffi_type *c = &ffi_type_schar, *s = &ffi_type_sshort;
    expect_layout(STRUCT(c, c, c, c, c), 5, 1);
    expect_layout(STRUCT(c, s, s, s), 8, 2);
}

Test(layout, a_complex_member_is_aligned_as_its_parts)
{
    ffi_type *c = &ffi_type_schar;
    struct f {
        char c;
        _Complex float z;
    };
    struct d {
        char c;
        _Complex double z;
    };
    struct l {
        char c;
        _Complex long double z;
    };
    expect_layout(STRUCT(c, &ffi_type_complex_float), sizeof(struct f), _Alignof(struct f));
    expect_layout(STRUCT(c, &ffi_type_complex_double), sizeof(struct d), _Alignof(struct d));
    expect_layout(STRUCT(c, &ffi_type_complex_longdouble), sizeof(struct l), _Alignof(struct l));
}

Test(layout, nested_structs_are_laid_out_inwards)
{
    ffi_type *inner = STRUCT(&ffi_type_schar, &ffi_type_sint);
    ffi_type *middle = STRUCT(&ffi_type_schar, inner, &ffi_type_schar);
    ffi_type *outer = STRUCT(middle, &ffi_type_double);
    expect_layout(outer, 24, 8);
    cr_expect(eq(sz, inner->size, 8));
    cr_expect(eq(sz, middle->size, 16));
    cr_expect(eq(int, middle->alignment, 4));
}

Test(layout, one_struct_may_be_a_member_twice)
{
    ffi_type *point = STRUCT(&ffi_type_float, &ffi_type_float);
    expect_layout(STRUCT(point, point, point), 24, 4);
}

/* ---- What is said is believed ---- */

Test(layout, a_struct_whose_size_is_set_is_taken_as_it_stands)
{
    ffi_type *said = STRUCT_AS(40, 8, &ffi_type_schar);
    expect_layout(said, 40, 8);
    expect_layout(STRUCT(&ffi_type_schar, said), 48, 8);

    ffi_type *packed = STRUCT_AS(5, 1, &ffi_type_schar, &ffi_type_sint);
    expect_layout(packed, 5, 1);
    expect_layout(STRUCT(&ffi_type_schar, packed, &ffi_type_schar), 7, 1);
}

Test(layout, asking_for_offsets_lays_out_anew)
{
    ffi_type *type = STRUCT_AS(40, 16, &ffi_type_schar, &ffi_type_sint);
    size_t offsets[2];
    ffi_status status = ffi_get_struct_offsets(FFI_DEFAULT_ABI, type, offsets);
    cr_expect(eq(int, status, FFI_OK));
    cr_expect(eq(sz, offsets[1], 4));
    cr_expect(eq(sz, type->size, 8));
    cr_expect(eq(int, type->alignment, 4));
}

Test(layout, offsets_may_be_left_out)
{
    ffi_type *type = STRUCT(&ffi_type_schar, &ffi_type_sint);
    ffi_status status = ffi_get_struct_offsets(FFI_DEFAULT_ABI, type, NULL);
    cr_expect(eq(int, status, FFI_OK));
    cr_expect(eq(sz, type->size, 8));
}

Test(layout, a_member_may_be_described_by_an_object_of_the_clients)
{
    ffi_type mine = {sizeof(double), _Alignof(double), FFI_TYPE_DOUBLE, NULL};
    expect_layout(STRUCT(&ffi_type_schar, &mine), 16, 8);
}

/* ---- What is refused ---- */

Test(layout, offsets_are_of_structs_only)
{
    size_t offset;
    ffi_status status = ffi_get_struct_offsets(FFI_DEFAULT_ABI, NULL, &offset);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_get_struct_offsets(FFI_DEFAULT_ABI, &ffi_type_sint, &offset);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_get_struct_offsets(FFI_DEFAULT_ABI, &ffi_type_complex_float, &offset);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}

Test(layout, offsets_depend_on_a_good_abi)
{
    size_t offset;
    ffi_type *type = STRUCT(&ffi_type_sint);
    ffi_status status = ffi_get_struct_offsets(FFI_FIRST_ABI, type, &offset);
    cr_expect(eq(int, status, FFI_BAD_ABI));
    status = ffi_get_struct_offsets(FFI_LAST_ABI, type, &offset);
    cr_expect(eq(int, status, FFI_BAD_ABI));
    cr_expect(eq(sz, type->size, 0));
}

Test(layout, a_struct_has_members)
{
    ffi_type *empty = &(ffi_type){.type = FFI_TYPE_STRUCT, .elements = NO_TYPES};
    expect_refused(empty);
    expect_refused(STRUCT(&ffi_type_sint, empty));
    expect_refused(&(ffi_type){.type = FFI_TYPE_STRUCT});
}

Test(layout, only_a_struct_may_have_no_size_yet)
{
    expect_refused(STRUCT(&(ffi_type){0, 4, FFI_TYPE_SINT32, NULL}));
    expect_refused(STRUCT(&(ffi_type){0, 4, FFI_TYPE_COMPLEX, TYPES(&ffi_type_float)}));
}

Test(layout, a_member_has_a_known_type_code)
{
    expect_refused(STRUCT(&(ffi_type){4, 4, FFI_TYPE_LAST + 1, NULL}));
    expect_refused(STRUCT(&(ffi_type){4, 4, 0xffff, NULL}));
}

Test(layout, an_alignment_is_a_power_of_two)
{
    static const unsigned short bad[] = {0, 3, 6, 12, 0xffff};
    for (size_t i = 0; i < LENGTH(bad); i++)
        expect_refused(STRUCT(&(ffi_type){12, bad[i], FFI_TYPE_SINT32, NULL}));
    expect_refused(STRUCT_AS(12, 3, &ffi_type_sint));
    expect_layout(STRUCT(&(ffi_type){0x8000, 0x8000, FFI_TYPE_SINT32, NULL}), 0x8000, 0x8000);
}

Test(layout, sizes_that_overflow_are_refused)
{
    ffi_type *c = &ffi_type_schar;
    ffi_type huge = {SIZE_MAX - 3, 1, FFI_TYPE_STRUCT, TYPES(c)};
    expect_refused(STRUCT(&huge, c, c, c, c)); /* the sum */
    expect_refused(STRUCT(c, c, c, c, &huge));
    expect_refused(STRUCT(&huge, &huge));
    expect_refused(STRUCT(&huge, &ffi_type_longdouble)); /* the offset, rounded up */
    huge.alignment = 16;
    expect_refused(STRUCT(&huge)); /* the size, rounded up */
}

/* ---- Nesting ---- */

/* A chain of n structs, each the only member of the one before; the last has an int. */
static ffi_type *chain(ffi_type *types, ffi_type *(*members)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        members[i][0] = i + 1 < n ? &types[i + 1] : &ffi_type_sint;
        members[i][1] = NULL;
        types[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = members[i]};
    }
    return types;
}

Test(layout, structs_nest_as_deep_as_is_promised)
{
    static ffi_type types[RX_MAX_NESTING + 1];
    static ffi_type *members[RX_MAX_NESTING + 1][2];
    expect_layout(chain(types, members, 100), 4, 4);
    expect_layout(chain(types, members, RX_MAX_NESTING), 4, 4);
    expect_refused(chain(types, members, RX_MAX_NESTING + 1));
}

Test(layout, a_struct_in_itself_is_refused)
{
    ffi_type self = {.type = FFI_TYPE_STRUCT};
    self.elements = TYPES(&ffi_type_sint, &self);
    expect_refused(&self);

    ffi_type one = {.type = FFI_TYPE_STRUCT}, other = {.type = FFI_TYPE_STRUCT};
    one.elements = TYPES(&other);
    other.elements = TYPES(&one);
    expect_refused(&one);
    expect_refused(&other);
}

/* ---- Threads ---- */

#define THREADS 4
#define ROUNDS 200

struct race {
    pthread_barrier_t start;
    ffi_type *type[ROUNDS];
    bool wrong;
};

static void *complete_all(void *arg)
{
    struct race *race = arg;
    for (size_t i = 0; i < ROUNDS; i++) {
        ffi_type *type = race->type[i];
        pthread_barrier_wait(&race->start);
        /* Others may be writing the same values still. */
        if (rx_layout_complete(type) != FFI_OK ||
            __atomic_load_n(&type->size, __ATOMIC_RELAXED) != 24 ||
            __atomic_load_n(&type->alignment, __ATOMIC_RELAXED) != 8)
            __atomic_store_n(&race->wrong, true, __ATOMIC_RELAXED);
    }
    return NULL;
}

Test(layout, threads_may_complete_one_type_at_once)
{
    static struct race race;
    static ffi_type inner[ROUNDS], outer[ROUNDS];
    static ffi_type *inner_members[] = {&ffi_type_schar, &ffi_type_double, NULL};
    static ffi_type *outer_members[ROUNDS][3];
    for (size_t i = 0; i < ROUNDS; i++) {
        inner[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = inner_members};
        outer_members[i][0] = &inner[i];
        outer_members[i][1] = &ffi_type_float;
        outer[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = outer_members[i]};
        race.type[i] = &outer[i];
    }
    pthread_barrier_init(&race.start, NULL, THREADS);
    pthread_t thread[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, complete_all, &race), 0));
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    cr_expect(not(race.wrong));
}
