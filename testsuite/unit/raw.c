/* SPDX-License-Identifier: MIT
 *
 * raw: calls and closures whose arguments are packed into words (src/raw.c).
 */
#include "unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A signature with everything in it, and the values for it. */
struct point {
    double x;
    long n;
};

static double sum(int8_t a, uint16_t b, int c, long d, float e, double f, long double g,
                  struct point h, void *i, uint8_t j)
{
    return a + b + c + (double)d + e + f + (double)g + h.x + (double)h.n + (i != NULL) + j;
}

static struct values {
    int8_t a;
    uint16_t b;
    int c;
    long d;
    float e;
    double f;
    long double g;
    struct point h;
    void *i;
    uint8_t j;
} values = {-1, 65535, -70000, 1L << 33, 0.5f, 0.25, 0.125L, {1.5, -7}, &values, 255};

static void *list[] = {&values.a, &values.b, &values.c, &values.d, &values.e,
                       &values.f, &values.g, &values.h, &values.i, &values.j};

/* Of each argument the word that it begins at, and the words of all. */
static const unsigned word_of[] = {0, 1, 2, 3, 4, 5, 6, 8, 9, 10};
#define WORDS 11

static double expected(void)
{
    return sum(values.a, values.b, values.c, values.d, values.e, values.f, values.g, values.h,
               values.i, values.j);
}

static ffi_cif everything(ffi_type *result)
{
    static ffi_type *members[] = {&ffi_type_double, &ffi_type_slong, NULL};
    static ffi_type point = {.type = FFI_TYPE_STRUCT, .elements = members};
    static ffi_type *types[] = {&ffi_type_sint8,
                                &ffi_type_uint16,
                                &ffi_type_sint,
                                &ffi_type_slong,
                                &ffi_type_float,
                                &ffi_type_double,
                                &ffi_type_longdouble,
                                &point,
                                &ffi_type_pointer,
                                &ffi_type_uint8,
                                NULL};
    return signature(result, types);
}

/* ---- Sizes ---- */

static size_t size_of(ffi_type *type)
{
    ffi_cif cif = signature(&ffi_type_void, TYPES(type));
    return ffi_raw_size(&cif);
}

Test(raw, an_argument_takes_the_words_that_its_size_needs)
{
    ffi_type *one[] = {&ffi_type_uint8,  &ffi_type_sint8,  &ffi_type_uint16, &ffi_type_sint16,
                       &ffi_type_uint32, &ffi_type_sint32, &ffi_type_uint64, &ffi_type_sint64,
                       &ffi_type_float,  &ffi_type_double, &ffi_type_pointer};
    for (size_t i = 0; i < LENGTH(one); i++)
        cr_expect(eq(sz, size_of(one[i]), 8), "type %zu", i);
    cr_expect(eq(sz, size_of(&ffi_type_longdouble), sizeof(long double)));
}

Test(raw, a_struct_or_complex_number_takes_the_word_of_its_address)
{
    cr_expect(eq(sz, size_of(bytes_type(1)), 8));
    cr_expect(eq(sz, size_of(bytes_type(200)), 8));
    cr_expect(eq(sz, size_of(&ffi_type_complex_float), 8));
    cr_expect(eq(sz, size_of(&ffi_type_complex_longdouble), 8));
}

Test(raw, sizes_add_up)
{
    ffi_cif nothing = signature(&ffi_type_sint, NO_TYPES);
    cr_expect(eq(sz, ffi_raw_size(&nothing), 0));
    ffi_cif cif = everything(&ffi_type_double);
    cr_expect(eq(sz, ffi_raw_size(&cif), WORDS * sizeof(ffi_raw)));
}

/* ---- Conversions ---- */

Test(raw, packing_widens_integers_and_keeps_the_rest)
{
    ffi_cif cif = everything(&ffi_type_double);
    ffi_raw raw[WORDS + 1];
    memset(raw, 0x5a, sizeof raw);
    ffi_ptrarray_to_raw(&cif, list, raw);
    cr_expect(eq(long, raw[0].sint, -1));
    cr_expect(eq(ulong, raw[1].uint, 65535));
    cr_expect(eq(long, raw[2].sint, -70000));
    cr_expect(eq(long, raw[3].sint, 1L << 33));
    cr_expect(eq(flt, raw[4].flt, 0.5f));
    cr_expect(eq(int, memcmp(&raw[5], &values.f, sizeof values.f), 0));
    cr_expect(eq(int, memcmp(&raw[6], &values.g, 10), 0));
    cr_expect(eq(ptr, raw[8].ptr, &values.h));
    cr_expect(eq(ptr, raw[9].ptr, &values));
    cr_expect(eq(ulong, raw[10].uint, 255));
    cr_expect(eq(ulong, raw[11].uint, 0x5a5a5a5a5a5a5a5a), "behind the end");
}

Test(raw, every_narrow_integer_is_widened_by_its_sign)
{
    uint64_t value = 0x8182838485868788;
    ffi_type c_int = {4, 4, FFI_TYPE_INT, NULL};
    const struct {
        ffi_type *type;
        ffi_arg expected;
    } rows[] = {
        {&ffi_type_uint8, 0x88},        {&ffi_type_sint8, (int8_t)0x88},
        {&ffi_type_uint16, 0x8788},     {&ffi_type_sint16, (int16_t)0x8788},
        {&ffi_type_uint32, 0x85868788}, {&ffi_type_sint32, (int32_t)0x85868788},
        {&c_int, (int32_t)0x85868788},  {&ffi_type_uint64, 0x8182838485868788},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        ffi_cif cif = signature(&ffi_type_void, TYPES(rows[i].type));
        ffi_raw raw;
        ffi_ptrarray_to_raw(&cif, VALUES(&value), &raw);
        cr_expect(eq(ulong, raw.uint, rows[i].expected), "row %zu", i);
    }
}

Test(raw, unpacking_points_into_the_words)
{
    ffi_cif cif = everything(&ffi_type_double);
    ffi_raw raw[WORDS];
    ffi_ptrarray_to_raw(&cif, list, raw);
    void *args[LENGTH(list) + 1];
    args[LENGTH(list)] = &cif;
    ffi_raw_to_ptrarray(&cif, raw, args);
    for (size_t i = 0; i < LENGTH(list); i++) {
        void *place = i == 7 ? (void *)&values.h : (void *)&raw[word_of[i]];
        cr_expect(eq(ptr, args[i], place), "argument %zu", i);
        size_t size = i == 6 ? 10 : cif.arg_types[i]->size;
        cr_expect(eq(int, memcmp(args[i], list[i], size), 0), "argument %zu", i);
    }
    cr_expect(eq(ptr, args[LENGTH(list)], &cif), "behind the end");
}

/* ---- Calls ---- */

Test(raw, a_raw_call_is_a_call)
{
    ffi_cif cif = everything(&ffi_type_double);
    ffi_raw raw[WORDS];
    ffi_ptrarray_to_raw(&cif, list, raw);
    double result = 0;
    ffi_raw_call(&cif, FN(sum), &result, raw);
    cr_expect(eq(dbl, result, expected()));
    ffi_raw_call(&cif, FN(sum), NULL, raw);
}

static short minus_one(void)
{
    return -1;
}

Test(raw, a_raw_call_widens_its_result)
{
    ffi_cif cif = signature(&ffi_type_sshort, NO_TYPES);
    ffi_sarg result = 0;
    ffi_raw_call(&cif, FN(minus_one), &result, NULL);
    cr_expect(eq(long, result, -1));
}

/* ---- Closures ---- */

static void sum_raw(ffi_cif *cif, void *result, ffi_raw *raw, void *user_data)
{
    void *args[LENGTH(list)];
    ffi_raw_to_ptrarray(cif, raw, args);
    double got =
        sum(raw[0].sint, raw[1].uint, raw[2].sint, raw[3].sint, raw[4].flt, *(double *)&raw[5],
            *(long double *)args[6], *(struct point *)raw[8].ptr, raw[9].ptr, raw[10].uint);
    *(double *)result = got + *(double *)user_data;
}

typedef double function(int8_t, uint16_t, int, long, float, double, long double, struct point,
                        void *, uint8_t);

static double call_typed(void *code)
{
    return ((function *)code)(values.a, values.b, values.c, values.d, values.e, values.f, values.g,
                              values.h, values.i, values.j);
}

Test(raw, a_raw_closure_gets_words)
{
    ffi_cif cif = everything(&ffi_type_double);
    double more = 1000;
    void *code;
    ffi_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_status status = ffi_prep_raw_closure_loc(closure, &cif, sum_raw, &more, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(dbl, call_typed(code), expected() + 1000));
    cr_expect(eq(ptr, closure->cif, &cif));
    cr_expect(eq(ptr, (void *)closure->fun, (void *)sum_raw));
    cr_expect(eq(ptr, closure->user_data, &more));
    ffi_closure_free(closure);
}

static void give_struct(ffi_cif *cif, void *result, ffi_raw *raw, void *user_data)
{
    (void)user_data;
    memcpy(result, raw[1].ptr, cif->rtype->size);
}

Test(raw, a_raw_closure_returns_structs)
{
    static const size_t sizes[] = {3, 16, 100};
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        ffi_type *type = bytes_type(sizes[i]);
        ffi_cif cif = signature(type, TYPES(&ffi_type_sint, type));
        void *code;
        ffi_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
        ffi_status status = ffi_prep_raw_closure_loc(closure, &cif, give_struct, NULL, code);
        cr_assert(eq(int, status, FFI_OK));
        char value[100], result[100] = {0};
        int number = 1;
        memset(value, 0x77, sizeof value);
        ffi_call(&cif, FN(code), result, VALUES(&number, value));
        cr_expect(eq(int, memcmp(result, value, sizes[i]), 0), "size %zu", sizes[i]);
    }
}

static void nothing(ffi_cif *cif, void *result, ffi_raw *raw, void *user_data)
{
    (void)cif;
    (void)result;
    (void)raw;
    ++*(int *)user_data;
}

Test(raw, a_raw_closure_may_have_no_arguments)
{
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    int calls = 0;
    void *code;
    ffi_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_status status = ffi_prep_raw_closure_loc(closure, &cif, nothing, &calls, code);
    cr_assert(eq(int, status, FFI_OK));
    ((void (*)(void))code)();
    cr_expect(eq(int, calls, 1));
}

Test(raw, a_raw_closure_may_lie_in_the_clients_executable_memory)
{
    ffi_raw_closure *closure = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE | PROT_EXEC,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (closure == MAP_FAILED)
        cr_skip("this system allows no memory that is writable and executable");
    ffi_cif cif = everything(&ffi_type_double);
    double more = 1000;
    ffi_status status = ffi_prep_raw_closure(closure, &cif, sum_raw, &more);
    cr_assert(eq(int, status, FFI_OK));
    __builtin___clear_cache((char *)closure, (char *)(closure + 1));
    cr_expect(eq(dbl, call_typed(closure), expected() + 1000));
}

Test(raw, what_is_missing_is_refused)
{
    ffi_cif cif = signature(&ffi_type_void, NO_TYPES);
    void *code;
    ffi_raw_closure *c = ffi_closure_alloc(sizeof *c, &code);
    ffi_status status = ffi_prep_raw_closure_loc(NULL, &cif, nothing, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no closure");
    status = ffi_prep_raw_closure_loc(c, NULL, nothing, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no cif");
    status = ffi_prep_raw_closure_loc(c, &cif, NULL, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no function");
    status = ffi_prep_raw_closure_loc(c, &cif, nothing, NULL, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no code");
    status = ffi_prep_raw_closure(NULL, &cif, nothing, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no closure");
    cif.abi = FFI_LAST_ABI;
    status = ffi_prep_raw_closure_loc(c, &cif, nothing, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_ABI));
}
