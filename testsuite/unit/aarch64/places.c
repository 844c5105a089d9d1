/* SPDX-License-Identifier: MIT
 *
 * places, aarch64: that calls put every kind of value where the plan says, and that closures find
 * it there: each type at each place, and a great many signatures made by chance (src/aarch64's
 * steps.c, steps_code.S, shapes.S, invoke.S, entry.S). Whether the plan is right is for sysv.c, and
 * for the suite abi.
 */
#include "sized.h"
#include "abi.h"
#include "probe.h"

_Static_assert(sizeof(struct arguments) == RX_AREA_RESULT + 8 * PROBE_STACK, "in the area's order");

/* ---- Types: scalars, homogeneous aggregates, and structs of every size up to 40 ---- */

#define SCALARS 14
#define HOMOGENEOUS 12
#define SIZES 40

static ffi_type **some_types(size_t *n)
{
    static ffi_type *all[SCALARS + HOMOGENEOUS + SIZES + 2] = {
        &ffi_type_uint8,   &ffi_type_sint8,   &ffi_type_uint16,     &ffi_type_sint16,
        &ffi_type_uint32,  &ffi_type_sint32,  &ffi_type_uint64,     &ffi_type_sint64,
        &ffi_type_float,   &ffi_type_double,  &ffi_type_longdouble, &ffi_type_pointer,
        &ffi_type_uint128, &ffi_type_sint128,
    };
    static ffi_type *const bases[] = {&ffi_type_float, &ffi_type_double, &ffi_type_longdouble};
    static ffi_type structs[HOMOGENEOUS + 2], *members[HOMOGENEOUS + 2][5];
    *n = LENGTH(all);
    if (all[SCALARS] != NULL)
        return all;
    size_t count = SCALARS;
    for (size_t i = 0; i < HOMOGENEOUS; i++) {
        size_t made = 1 + i % 4;
        for (size_t m = 0; m < made; m++)
            members[i][m] = bases[i / 4];
        structs[i] = (ffi_type){0, 0, FFI_TYPE_STRUCT, members[i]};
        all[count++] = &structs[i];
    }
    for (size_t size = 1; size <= SIZES; size++)
        all[count++] = bytes_type(size);
    /* More aligned than their members: these are not where their type would have them. */
    for (size_t i = HOMOGENEOUS; i < LENGTH(structs); i++) {
        size_t made = i == HOMOGENEOUS ? 2 : 4;
        for (size_t m = 0; m < made; m++)
            members[i][m] = &ffi_type_double;
        structs[i] = (ffi_type){8 * made, 16, FFI_TYPE_STRUCT, members[i]};
        all[count++] = &structs[i];
    }
    return all;
}

/* ---- What the plan says ---- */

/* The words of an argument whose bytes are at value, by the plan's op. */
static uint64_t word_of(const unsigned char *value, size_t size, bool is_signed)
{
    uint64_t word = 0;
    memcpy(&word, value, size);
    if (is_signed && size < 8 && word >> (8 * size - 1))
        word |= ~UINT64_C(0) << 8 * size;
    return word;
}

static void put(struct arguments *to, uint32_t place, uint64_t word)
{
    if (place >= RX_AREA_STACK)
        place -= RX_AREA_STACK - offsetof(struct arguments, stack);
    memcpy((char *)to + place, &word, sizeof word);
}

static void put_argument(struct arguments *to, const struct rx_arg *arg, const unsigned char *value)
{
    size_t size = arg->size;
    switch (arg->op) {
    case RX_OP_S8:
    case RX_OP_S16:
    case RX_OP_S32:
        put(to, arg->dst, word_of(value, size, true));
        break;
    case RX_OP_TWO:
    case RX_OP_PAIR:
        put(to, arg->dst, word_of(value, 8, false));
        put(to, arg->op == RX_OP_TWO ? arg->dst + 8 : arg->dst2,
            word_of(value + 8, size - 8, false));
        break;
    case RX_OP_COPY:
    case RX_OP_MOVE:
        for (size_t i = 0; i < size; i += 8)
            put(to, arg->dst + i, word_of(value + i, 8, false));
        break;
    case RX_OP_SPREAD4:
        for (size_t i = 0; i < size; i += 4)
            put(to, arg->dst + 4 * i, word_of(value + i, 4, false));
        break;
    case RX_OP_SPREAD8:
        for (size_t i = 0; i < size; i += 8)
            put(to, arg->dst + 2 * i, word_of(value + i, 8, false));
        break;
    case RX_OP_REF:
        put(to, arg->dst, (uintptr_t)value);
        break;
    default:
        put(to, arg->dst, word_of(value, size, false));
    }
}

/* Which bytes of it an argument takes. */
static void mark_argument(struct arguments *mask, const struct rx_arg *arg)
{
    static const unsigned char ones[64] = {[0 ... 63] = 0xff};
    struct rx_arg whole = *arg;
    if (arg->op == RX_OP_REF)
        return; /* the address of a copy, which closures look at */
    if (arg->op == RX_OP_S8 || arg->op == RX_OP_S16 || arg->op == RX_OP_S32 ||
        (arg->op <= RX_OP_PART && arg->dst < RX_AREA_SRET))
        whole.op = RX_OP_U64, whole.size = 8; /* a whole register is defined */
    put_argument(mask, &whole, ones);
}

/* ---- Both directions ---- */

#define MAX_ARGS 20

/* Also of a signature for which there was no room. */
static const struct rx_plan *plan_of(const ffi_cif *cif)
{
    static uint64_t memory[256];
    cr_assert(le(sz, rx_plan_size(cif->nargs), sizeof memory));
    const struct rx_plan *plan = rx_plan_of(cif);
    return plan != NULL ? plan : rx_plan_compile(memory, cif);
}

static unsigned handled, handled_wrongly;

static void compare(ffi_cif *cif, void *result, void **args, void *values)
{
    (void)result;
    handled++;
    for (unsigned i = 0; i < cif->nargs; i++) {
        handled_wrongly += memcmp(args[i], ((void **)values)[i], cif->arg_types[i]->size) != 0;
        handled_wrongly += (uintptr_t)args[i] % cif->arg_types[i]->alignment != 0;
    }
}

/* Nothing is ever computed with the values, so any bytes will do. */
static void expect_places(ffi_cif *cif)
{
    static char *ends;
    if (ends == NULL)
        ends = (char *)at_page_end(64) + 64;
    const struct rx_plan *plan = plan_of(cif);
    cr_assert(le(uint, plan->bytes, sizeof probe_taken.stack));
    struct arguments expected, mask;
    memset(&expected, 0, sizeof expected);
    memset(&mask, 0, sizeof mask);
    _Alignas(16) unsigned char memory[MAX_ARGS][64];
    void *values[MAX_ARGS];
    for (unsigned i = 0; i < cif->nargs; i++) {
        size_t size = plan->args[i].size;
        fill(memory[i], size);
        memory[i][0] += i;
        memory[i][size - 1] ^= 0x80 * (i % 2);
        values[i] = memory[i];
        put_argument(&expected, &plan->args[i], memory[i]);
        mark_argument(&mask, &plan->args[i]);
    }
    probe_stack = plan->bytes / 8;
    memset(&probe_taken, 0, sizeof probe_taken);
    /* Each in turn lies where memory ends. */
    for (unsigned i = 0; i < cif->nargs; i++) {
        size_t size = plan->args[i].size;
        values[i] = memcpy(ends - size, memory[i], size);
        ffi_call(cif, FN(probe_take), NULL, values);
        values[i] = memory[i];
    }
    const unsigned char *got = (void *)&probe_taken, *want = (void *)&expected;
    for (size_t i = 0; i < sizeof probe_taken; i++)
        if (((unsigned char *)&mask)[i] != 0 && got[i] != want[i])
            cr_fail("byte %zu: %02x, not %02x", i, got[i], want[i]);

    void *code;
    ffi_closure *closure = closure_of(cif, compare, values, &code);
    handled = handled_wrongly = 0;
    probe_give(code, &expected);
    cr_expect(eq(uint, handled, 1));
    cr_expect(eq(uint, handled_wrongly, 0));
    ffi_closure_free(closure);
}

/* ---- Each type at each place ---- */

Test(places, each_type_behind_any_number_of_others)
{
    size_t n;
    ffi_type **types = some_types(&n);
    ffi_type *fillers[] = {&ffi_type_slong, &ffi_type_double, &ffi_type_sint, &ffi_type_float};
    for (size_t i = 0; i < n; i++) {
        for (size_t f = 0; f < LENGTH(fillers); f++) {
            ffi_type *list[12] = {NULL};
            for (unsigned before = 0; before < 10; before++) {
                list[before] = types[i];
                ffi_cif cif = signature_in(FFI_SYSV, &ffi_type_void, list);
                expect_places(&cif);
                list[before] = fillers[f];
            }
        }
    }
}

Test(places, any_number_of_each_type)
{
    size_t n;
    ffi_type **types = some_types(&n);
    for (size_t i = 0; i < n; i++) {
        ffi_type *list[13] = {NULL};
        for (unsigned count = 0; count < 12; count++) {
            list[count] = types[i];
            ffi_cif cif = signature_in(FFI_SYSV, &ffi_type_void, list);
            expect_places(&cif);
        }
    }
}

/* ---- By chance ---- */

static uint32_t random_below(uint32_t n)
{
    static uint64_t state = 1; /* the same tests each time: Knuth's MMIX generator */
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 32) * n >> 32);
}

/* More than there is room for: those that come late are compiled at each call. */
Test(places, signatures_made_by_chance)
{
    size_t n;
    ffi_type **types = some_types(&n);
    int left_out = 0;
    for (int round = 0; round < 3000; round++) {
        ffi_type *list[MAX_ARGS + 1] = {NULL};
        unsigned count = random_below(MAX_ARGS);
        for (unsigned i = 0; i < count; i++)
            list[i] = types[random_below(random_below(2) == 0 ? 12 : n)];
        ffi_cif cif = signature_in(FFI_SYSV, &ffi_type_void, list);
        if (cif.bytes <= sizeof probe_taken.stack)
            expect_places(&cif);
        left_out += rx_plan_of(&cif) == NULL;
    }
    cr_expect(gt(int, left_out, 100));
}

/* ---- Results, of closures with every number of arguments ---- */

static const uint64_t result_bits = 0x8182838485868788;

static void give_result(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    for (unsigned i = 0; i < cif->nargs; i++)
        handled_wrongly += *(uint64_t *)args[i] != 1000 + i;
    if (cif->rtype->type != FFI_TYPE_VOID)
        memcpy(result, &result_bits, sizeof result_bits);
}

static uint64_t expected_result(const ffi_type *type)
{
    switch (type->type) {
    case FFI_TYPE_VOID:
        return 0;
    case FFI_TYPE_FLOAT:
        return (uint32_t)result_bits;
    case FFI_TYPE_SINT8:
    case FFI_TYPE_SINT16:
    case FFI_TYPE_SINT32:
        return word_of((const unsigned char *)&result_bits, type->size, true);
    default:
        return word_of((const unsigned char *)&result_bits, type->size, false);
    }
}

Test(places, each_result_of_closures_with_any_number_of_arguments)
{
    ffi_type *results[] = {&ffi_type_void,   &ffi_type_uint8,  &ffi_type_sint8,  &ffi_type_uint16,
                           &ffi_type_sint16, &ffi_type_uint32, &ffi_type_sint32, &ffi_type_uint64,
                           &ffi_type_float,  &ffi_type_double, bytes_type(8)};
    ffi_type *kinds[] = {&ffi_type_uint64, &ffi_type_double};
    uint64_t values[12];
    void *list[12];
    for (unsigned i = 0; i < LENGTH(values); i++) {
        values[i] = 1000 + i;
        list[i] = &values[i];
    }
    for (size_t r = 0; r < LENGTH(results); r++) {
        for (size_t k = 0; k < LENGTH(kinds); k++) {
            ffi_type *types[13] = {NULL};
            for (unsigned n = 0; n <= 12; n++) {
                ffi_cif cif = signature_in(FFI_SYSV, results[r], types);
                void *code;
                ffi_closure *closure = closure_of(&cif, give_result, NULL, &code);
                uint64_t result = 0;
                ffi_call(&cif, FN(code), &result, list);
                cr_expect(eq(u64, result, expected_result(results[r])),
                          "result %zu, %u of kind %zu", r, n, k);
                cr_expect(eq(uint, handled_wrongly, 0), "result %zu, %u of kind %zu", r, n, k);
                ffi_closure_free(closure);
                if (n < 12)
                    types[n] = kinds[k];
            }
        }
    }
}
