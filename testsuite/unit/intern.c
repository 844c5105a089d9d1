/* SPDX-License-Identifier: MIT
 *
 * intern: that equal signatures share one plan and different ones never do, whoever prepares them,
 * and that a signature for which there is no room is as good as any other (src/intern.c). How a
 * plan is found among others is in intern_table.c; what it says is tested in the folder of the
 * architecture.
 */
#include "unit.h"

#include <pthread.h>

/* ---- Sharing ---- */

Test(intern, equal_signatures_share_a_plan)
{
    ffi_cif one = signature(&ffi_type_double, TYPES(&ffi_type_sint, &ffi_type_double));
    ffi_cif two = signature(&ffi_type_double, TYPES(&ffi_type_sint, &ffi_type_double));
    cr_assert(ne(ptr, (void *)rx_plan_of(&one), NULL));
    cr_expect(eq(ptr, (void *)rx_plan_of(&one), (void *)rx_plan_of(&two)));
    cr_expect(eq(uint, one.flags, two.flags));
    cr_expect(eq(uint, one.bytes, two.bytes));
}

Test(intern, types_are_equal_that_are_described_alike)
{
    ffi_type my_int = {4, 4, FFI_TYPE_INT, NULL}, my_double = ffi_type_double;
    ffi_type *pair = STRUCT(&ffi_type_float, &ffi_type_float);
    ffi_type *my_pair = STRUCT(&(ffi_type){4, 4, FFI_TYPE_FLOAT, NULL}, &ffi_type_float);
    ffi_cif one = signature(&ffi_type_double, TYPES(&ffi_type_sint, pair, &ffi_type_pointer));
    ffi_cif two = signature(&my_double, TYPES(&my_int, my_pair, &ffi_type_ulong));
    cr_expect(eq(uint, one.flags, two.flags));
}

Test(intern, different_signatures_have_different_plans)
{
    ffi_type *i = &ffi_type_sint, *u = &ffi_type_uint, *l = &ffi_type_slong, *d = &ffi_type_double;
    ffi_type *f = &ffi_type_float, *c = &ffi_type_schar, *v = &ffi_type_void;
    ffi_cif cifs[] = {
        signature(v, NO_TYPES),
        signature(i, NO_TYPES),
        signature(u, NO_TYPES),
        signature(v, TYPES(i)),
        signature(v, TYPES(u)),
        signature(v, TYPES(c)),
        signature(v, TYPES(l)),
        signature(v, TYPES(f)),
        signature(v, TYPES(d)),
        signature(v, TYPES(i, d)),
        signature(v, TYPES(d, i)),
        signature(v, TYPES(i, i)),
        signature(v, TYPES(i, i, i)),
        signature(i, TYPES(i)),
        signature(i, TYPES(i, i)),
        signature(v, TYPES(STRUCT(i, i))),
        signature(v, TYPES(STRUCT(f, f))),
        signature(STRUCT(i, i), NO_TYPES),
        signature(bytes_type(17), NO_TYPES),
        signature(bytes_type(18), NO_TYPES),
        signature(v, TYPES(STRUCT_AS(32, 8, l))),
        signature(v, TYPES(STRUCT_AS(32, 16, l))),
        signature_in(FFI_LAST_ABI - 1, v, TYPES(i, d)),
    };
    for (size_t a = 0; a < LENGTH(cifs); a++)
        for (size_t b = 0; b < a; b++)
            cr_expect(ne(ptr, (void *)rx_plan_of(&cifs[a]), (void *)rx_plan_of(&cifs[b])),
                      "signatures %zu and %zu", a, b);
}

Test(intern, preparing_again_uses_nothing_up)
{
    ffi_cif first = signature(&ffi_type_sint, TYPES(&ffi_type_double));
    for (int i = 0; i < 200000; i++) {
        ffi_cif again = signature(&ffi_type_sint, TYPES(&ffi_type_double));
        cr_assert(eq(uint, again.flags, first.flags));
    }
    ffi_cif other = signature(&ffi_type_sint, TYPES(&ffi_type_float));
    cr_expect(ne(ptr, (void *)rx_plan_of(&other), NULL));
}

Test(intern, a_plan_names_its_words)
{
    ffi_cif cif = signature(&ffi_type_double, TYPES(&ffi_type_sint, bytes_type(20)));
    unsigned nargs = 0;
    const rx_class *words = rx_plan_words(cif.flags & (RX_PLAN_PLACES - 1), &nargs);
    cr_assert(ne(ptr, (void *)words, NULL));
    cr_expect(eq(uint, nargs, 2));
    cr_expect(eq(uint, rx_class_kind(words[1]), FFI_TYPE_DOUBLE));
    cr_expect(eq(uint, rx_class_kind(words[2]), FFI_TYPE_SINT32));
    cr_expect(eq(uint, rx_class_size(words[3]), 20));
    cr_expect(eq(ptr, (void *)rx_plan_words(0, &nargs), NULL));
}

/* ---- Threads ---- */

#define THREADS 4
#define SIGNATURES 500

static pthread_barrier_t start;
static unsigned flags[THREADS][SIGNATURES];

static void *prepare_all(void *which)
{
    for (size_t i = 0; i < SIGNATURES; i++) {
        ffi_type *types[9] = {NULL};
        for (size_t bit = 0; bit < 9; bit++)
            types[bit] = i >> bit & 1 ? &ffi_type_double : &ffi_type_slong;
        ffi_cif cif;
        pthread_barrier_wait(&start);
        flags[(intptr_t)which][i] =
            ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 9, &ffi_type_void, types) == FFI_OK ? cif.flags : 0;
    }
    return NULL;
}

static void run_threads(void *(*run)(void *))
{
    pthread_barrier_init(&start, NULL, THREADS);
    pthread_t thread[THREADS];
    for (intptr_t i = 0; i < THREADS; i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, run, (void *)i), 0));
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

Test(intern, threads_that_meet_in_a_signature_share_a_plan)
{
    run_threads(prepare_all);
    for (size_t i = 0; i < SIGNATURES; i++) {
        cr_expect(ne(uint, flags[0][i], 0), "signature %zu", i);
        for (size_t t = 1; t < THREADS; t++)
            cr_expect(eq(uint, flags[t][i], flags[0][i]), "signature %zu, thread %zu", i, t);
        for (size_t j = 0; j < i; j++)
            cr_expect(ne(uint, flags[0][i], flags[0][j]), "signatures %zu and %zu", i, j);
    }
}

/* Types that no one has completed yet. */
static ffi_type fresh[SIGNATURES];

static void *prepare_with_fresh_types(void *which)
{
    for (size_t i = 0; i < SIGNATURES; i++) {
        ffi_cif cif;
        pthread_barrier_wait(&start);
        flags[(intptr_t)which][i] =
            ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &fresh[i], TYPES(&fresh[i])) == FFI_OK
                ? cif.flags
                : 0;
    }
    return NULL;
}

Test(intern, threads_may_prepare_with_a_type_that_none_has_completed)
{
    static ffi_type *inner_members[] = {&ffi_type_sshort, &ffi_type_float, NULL};
    static ffi_type inner[SIGNATURES];
    static ffi_type *members[SIGNATURES][3];
    for (size_t i = 0; i < SIGNATURES; i++) {
        inner[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = inner_members};
        members[i][0] = &inner[i];
        members[i][1] = &ffi_type_double;
        fresh[i] = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = members[i]};
    }
    run_threads(prepare_with_fresh_types);
    for (size_t i = 0; i < SIGNATURES; i++)
        for (size_t t = 0; t < THREADS; t++) {
            cr_expect(ne(uint, flags[t][i], 0), "type %zu, thread %zu", i, t);
            cr_expect(eq(uint, flags[t][i], flags[0][0]), "type %zu, thread %zu", i, t);
        }
    cr_expect(eq(sz, fresh[0].size, 16));
}

/* ---- No room ---- */

static bool has_place(const ffi_cif *cif)
{
    return rx_plan_of(cif) != NULL;
}

/* Fills the arena with signatures of n arguments, and returns how many had a place. */
static int fill_arena(unsigned n)
{
    static ffi_type *types[257];
    for (int count = 0;; count++) {
        ffi_type size = {count + 1, 1, FFI_TYPE_STRUCT, TYPES(&ffi_type_uint8)};
        types[0] = &size;
        for (unsigned i = 1; i < n; i++)
            types[i] = &ffi_type_slong;
        types[n] = NULL;
        ffi_cif cif = signature(&ffi_type_void, types);
        if (!has_place(&cif))
            return count;
    }
}

Test(intern, the_arena_has_room_for_thousands_of_short_signatures)
{
    cr_expect(ge(int, fill_arena(1), 5000));
}

struct thirds {
    double x;
    long n;
    char bytes[17];
};

static struct thirds exchange(struct thirds s, long a, float b, long double c)
{
    s.x += a;
    s.n += (long)b;
    s.bytes[16] += (char)c;
    return s;
}

static void handle_exchange(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(struct thirds *)result = exchange(*(struct thirds *)args[0], *(long *)args[1],
                                        *(float *)args[2], *(long double *)args[3]);
}

/* Calls fn, and a closure, by cif. */
static void expect_exchange(ffi_cif *cif)
{
    struct thirds s = {0.5, 7, {0}}, result;
    long a = 2;
    float b = 3;
    long double c = 4;
    void *code = callback(cif, handle_exchange, NULL);
    void *functions[] = {(void *)exchange, code};
    for (size_t i = 0; i < LENGTH(functions); i++) {
        memset(&result, 0, sizeof result);
        ffi_call(cif, FN(functions[i]), &result, VALUES(&s, &a, &b, &c));
        cr_expect(eq(dbl, result.x, 2.5));
        cr_expect(eq(long, result.n, 10));
        cr_expect(eq(int, result.bytes[16], 4));
        ffi_call(cif, FN(functions[i]), NULL, VALUES(&s, &a, &b, &c));
    }
    struct thirds (*typed)(struct thirds, long, float, long double) = code;
    result = typed(s, a, b, c);
    cr_expect(eq(dbl, result.x, 2.5));
    cr_expect(eq(long, result.n, 10));
    cr_expect(eq(int, result.bytes[16], 4));
}

Test(intern, a_signature_without_a_place_works_all_the_same)
{
    cr_assert(gt(int, fill_arena(200), 100));
    fill_arena(1);
    fill_arena(0);
    ffi_type *type = STRUCT_AS(sizeof(struct thirds), 8, &ffi_type_double);
    ffi_cif cif =
        signature(type, TYPES(type, &ffi_type_slong, &ffi_type_float, &ffi_type_longdouble));
    cr_assert(not(has_place(&cif)));
    expect_exchange(&cif);
    ffi_cif again =
        signature(type, TYPES(type, &ffi_type_slong, &ffi_type_float, &ffi_type_longdouble));
    cr_expect(eq(uint, again.flags, cif.flags));
    cr_expect(eq(uint, again.bytes, cif.bytes));
}

Test(intern, the_same_signature_works_with_a_place)
{
    ffi_type *type = STRUCT_AS(sizeof(struct thirds), 8, &ffi_type_double);
    ffi_cif cif =
        signature(type, TYPES(type, &ffi_type_slong, &ffi_type_float, &ffi_type_longdouble));
    cr_assert(has_place(&cif));
    expect_exchange(&cif);
}

Test(intern, what_had_a_place_keeps_it_when_the_arena_is_full)
{
    ffi_cif before = signature(&ffi_type_double, TYPES(&ffi_type_double));
    fill_arena(200);
    fill_arena(1);
    ffi_cif after = signature(&ffi_type_double, TYPES(&ffi_type_double));
    cr_expect(has_place(&before));
    cr_expect(eq(uint, after.flags, before.flags));
}

Test(intern, errors_are_errors_also_without_room)
{
    fill_arena(200);
    fill_arena(1);
    ffi_cif cif;
    ffi_type *half = STRUCT_AS((size_t)1 << 29, 8, &ffi_type_schar);
    ffi_status status =
        ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &ffi_type_void, TYPES(half, half, half));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, TYPES(STRUCT(NULL)));
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}

Test(intern, errors_are_errors_also_in_long_signatures)
{
    static ffi_type *types[1000];
    for (size_t i = 0; i < LENGTH(types); i++)
        types[i] = &ffi_type_slong;
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1000, &ffi_type_void, types);
    cr_expect(eq(int, status, FFI_OK));
    cr_expect(not(has_place(&cif)));
    types[999] = STRUCT(NULL);
    status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1000, &ffi_type_void, types);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
    types[999] = NULL;
    status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1000, &ffi_type_void, types);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF));
}
