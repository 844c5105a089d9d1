/* SPDX-License-Identifier: MIT
 *
 * java_raw: packed arguments as Java has them: a 64-bit integer or a double takes two words
 * (src/java_raw.c).
 */
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

static double sum(int a, long b, float c, double d, void *e, int8_t f, uint16_t g, uint64_t h,
                  long double i)
{
    return a + (double)b + c + d + (e != NULL) + f + g + (double)h + (double)i;
}

static struct values {
    int a;
    long b;
    float c;
    double d;
    void *e;
    int8_t f;
    uint16_t g;
    uint64_t h;
    long double i;
} values = {-70000, 1L << 33, 0.5f, 0.25, &values, -1, 65535, 1L << 34, 0.125L};

static void *list[] = {&values.a, &values.b, &values.c, &values.d, &values.e,
                       &values.f, &values.g, &values.h, &values.i};

/* Of each argument the word that it begins at, and the words of all. */
static const unsigned word_of[] = {0, 1, 3, 4, 6, 7, 8, 9, 11};
#define WORDS 13

static double expected(void)
{
    return sum(values.a, values.b, values.c, values.d, values.e, values.f, values.g, values.h,
               values.i);
}

static ffi_cif everything(ffi_type *result)
{
    static ffi_type *types[] = {&ffi_type_sint,       &ffi_type_slong,
                                &ffi_type_float,      &ffi_type_double,
                                &ffi_type_pointer,    &ffi_type_sint8,
                                &ffi_type_uint16,     &ffi_type_uint64,
                                &ffi_type_longdouble, NULL};
    return signature(result, types);
}

/* ---- Sizes ---- */

static size_t size_of(ffi_type *type)
{
    ffi_cif cif = signature(&ffi_type_void, TYPES(type));
    return ffi_java_raw_size(&cif);
}

Test(java_raw, what_java_calls_long_and_double_takes_two_words)
{
    cr_expect(eq(sz, size_of(&ffi_type_uint64), 16));
    cr_expect(eq(sz, size_of(&ffi_type_sint64), 16));
    cr_expect(eq(sz, size_of(&ffi_type_double), 16));
}

Test(java_raw, everything_else_takes_what_it_needs)
{
    ffi_type *one[] = {&ffi_type_uint8,  &ffi_type_sint8,  &ffi_type_uint16, &ffi_type_sint16,
                       &ffi_type_uint32, &ffi_type_sint32, &ffi_type_float,  &ffi_type_pointer};
    for (size_t i = 0; i < LENGTH(one); i++)
        cr_expect(eq(sz, size_of(one[i]), 8), "type %zu", i);
    cr_expect(eq(sz, size_of(&ffi_type_longdouble), 16));
}

Test(java_raw, sizes_add_up)
{
    ffi_cif nothing = signature(&ffi_type_sint, NO_TYPES);
    cr_expect(eq(sz, ffi_java_raw_size(&nothing), 0));
    ffi_cif cif = everything(&ffi_type_double);
    cr_expect(eq(sz, ffi_java_raw_size(&cif), WORDS * sizeof(ffi_java_raw)));
}

/* ---- Conversions ---- */

Test(java_raw, packing_puts_the_value_into_the_first_word)
{
    ffi_cif cif = everything(&ffi_type_double);
    ffi_java_raw raw[WORDS + 1];
    memset(raw, 0x5a, sizeof raw);
    ffi_java_ptrarray_to_raw(&cif, list, raw);
    cr_expect(eq(long, raw[0].sint, -70000));
    cr_expect(eq(long, raw[1].sint, 1L << 33));
    cr_expect(eq(flt, raw[3].flt, 0.5f));
    cr_expect(eq(int, memcmp(&raw[4], &values.d, sizeof values.d), 0));
    cr_expect(eq(ptr, raw[6].ptr, &values));
    cr_expect(eq(long, raw[7].sint, -1));
    cr_expect(eq(ulong, raw[8].uint, 65535));
    cr_expect(eq(ulong, raw[9].uint, 1L << 34));
    cr_expect(eq(int, memcmp(&raw[11], &values.i, 10), 0));
    cr_expect(eq(ulong, raw[WORDS].uint, 0x5a5a5a5a5a5a5a5a), "behind the end");
}

Test(java_raw, unpacking_points_into_the_words)
{
    ffi_cif cif = everything(&ffi_type_double);
    ffi_java_raw raw[WORDS];
    ffi_java_ptrarray_to_raw(&cif, list, raw);
    void *args[LENGTH(list) + 1];
    args[LENGTH(list)] = &cif;
    ffi_java_raw_to_ptrarray(&cif, raw, args);
    for (size_t i = 0; i < LENGTH(list); i++) {
        cr_expect(eq(ptr, args[i], &raw[word_of[i]]), "argument %zu", i);
        size_t size = i == 8 ? 10 : cif.arg_types[i]->size;
        cr_expect(eq(int, memcmp(args[i], list[i], size), 0), "argument %zu", i);
    }
    cr_expect(eq(ptr, args[LENGTH(list)], &cif), "behind the end");
}

/* ---- Calls and closures ---- */

Test(java_raw, a_java_call_is_a_call)
{
    ffi_cif cif = everything(&ffi_type_double);
    ffi_java_raw raw[WORDS];
    ffi_java_ptrarray_to_raw(&cif, list, raw);
    double result = 0;
    ffi_java_raw_call(&cif, FN(sum), &result, raw);
    cr_expect(eq(dbl, result, expected()));
    ffi_java_raw_call(&cif, FN(sum), NULL, raw);
}

static void sum_raw(ffi_cif *cif, void *result, ffi_java_raw *raw, void *user_data)
{
    long double last;
    memcpy(&last, &raw[11], sizeof last);
    double got = sum(raw[0].sint, raw[1].sint, raw[3].flt, *(double *)&raw[4], raw[6].ptr,
                     raw[7].sint, raw[8].uint, raw[9].uint, last);
    cr_expect(eq(uint, cif->nargs, LENGTH(list)));
    *(double *)result = got + *(double *)user_data;
}

static double call_typed(void *code)
{
    return ((double (*)(int, long, float, double, void *, int8_t, uint16_t, uint64_t,
                        long double))code)(values.a, values.b, values.c, values.d, values.e,
                                           values.f, values.g, values.h, values.i);
}

Test(java_raw, a_java_closure_gets_words)
{
    ffi_cif cif = everything(&ffi_type_double);
    double more = 1000;
    void *code;
    ffi_java_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_status status = ffi_prep_java_raw_closure_loc(closure, &cif, sum_raw, &more, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(dbl, call_typed(code), expected() + 1000));
    ffi_closure_free(closure);
}

Test(java_raw, a_java_closure_may_lie_in_the_clients_executable_memory)
{
    ffi_java_raw_closure *closure =
        mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (closure == MAP_FAILED)
        cr_skip("this system allows no memory that is writable and executable");
    ffi_cif cif = everything(&ffi_type_double);
    double more = 1000;
    ffi_status status = ffi_prep_java_raw_closure(closure, &cif, sum_raw, &more);
    cr_assert(eq(int, status, FFI_OK));
    __builtin___clear_cache((char *)closure, (char *)(closure + 1));
    cr_expect(eq(dbl, call_typed(closure), expected() + 1000));
}

static void minus_one(ffi_cif *cif, void *result, ffi_java_raw *raw, void *user_data)
{
    (void)cif;
    (void)raw;
    (void)user_data;
    *(ffi_sarg *)result = -1;
}

Test(java_raw, a_java_closure_returns_narrow_integers)
{
    ffi_cif cif = signature(&ffi_type_sint8, NO_TYPES);
    void *code;
    ffi_java_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_status status = ffi_prep_java_raw_closure_loc(closure, &cif, minus_one, NULL, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(int, ((int8_t(*)(void))code)(), -1));
}

Test(java_raw, what_is_missing_is_refused)
{
    ffi_cif cif = signature(&ffi_type_sint8, NO_TYPES);
    void *code;
    ffi_java_raw_closure *c = ffi_closure_alloc(sizeof *c, &code);
    ffi_status status = ffi_prep_java_raw_closure_loc(NULL, &cif, minus_one, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no closure");
    status = ffi_prep_java_raw_closure_loc(c, NULL, minus_one, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no cif");
    status = ffi_prep_java_raw_closure_loc(c, &cif, NULL, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no function");
    status = ffi_prep_java_raw_closure_loc(c, &cif, minus_one, NULL, NULL);
    cr_expect(eq(int, status, FFI_BAD_TYPEDEF), "no code");
    cif.abi = FFI_FIRST_ABI;
    status = ffi_prep_java_raw_closure_loc(c, &cif, minus_one, NULL, code);
    cr_expect(eq(int, status, FFI_BAD_ABI));
}

/* That a struct ends the process is in fault.c. */
