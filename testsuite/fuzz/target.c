/* SPDX-License-Identifier: MIT
 *
 * target: any bytes, as types and a signature of them, prepared. What the library answers is an
 * error, or a plan that check.c believes in: never a crash, a hang, or a byte beside what it was
 * given.
 *
 * The bytes say a graph of types (a member may be any of them, also one that it is part of), with
 * whatever sizes, alignments and codes, and then a signature. Every object has an allocation of its
 * own, no larger than it has to be, so that the address sanitizer sees the end of each.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* ---- The bytes: zeros behind the end ---- */

struct input {
    const uint8_t *at, *end;
};

static unsigned byte(struct input *in)
{
    return in->at == in->end ? 0 : *in->at++;
}

static uint64_t word(struct input *in, unsigned bytes)
{
    uint64_t value = 0;
    while (bytes-- != 0)
        value = value << 8 | byte(in);
    return value;
}

/* ---- Types ---- */

#define MOST_TYPES 32
#define MOST_RUNS 16
#define MOST_REPEATS 64

static ffi_type c_int = {4, 4, FFI_TYPE_INT, NULL};

static ffi_type *const scalars[] = {
    &ffi_type_void,
    &ffi_type_uint8,
    &ffi_type_sint8,
    &ffi_type_uint16,
    &ffi_type_sint16,
    &ffi_type_uint32,
    &ffi_type_sint32,
    &ffi_type_uint64,
    &ffi_type_sint64,
    &ffi_type_uint128,
    &ffi_type_sint128,
    &ffi_type_float,
    &ffi_type_double,
    &ffi_type_longdouble,
    &ffi_type_pointer,
    &ffi_type_complex_float,
    &ffi_type_complex_double,
    &ffi_type_complex_longdouble,
    &c_int,
};

struct types {
    unsigned count;
    ffi_type *type[MOST_TYPES];
    ffi_type *made[MOST_TYPES]; /* what a function has made, of which type is a copy; or NULL */
};

static ffi_type *pick(struct input *in, const struct types *types)
{
    unsigned n = byte(in);
    if (n < LENGTH(scalars) || types->count == 0)
        return scalars[n % LENGTH(scalars)];
    return types->type[n % types->count];
}

/* A list that ends in NULL, of runs of one type each. */
static ffi_type **list(struct input *in, const struct types *types, unsigned *length)
{
    ffi_type *all[MOST_RUNS * MOST_REPEATS];
    unsigned n = 0;
    for (unsigned runs = byte(in) % MOST_RUNS; runs != 0; runs--) {
        ffi_type *type = pick(in, types);
        for (unsigned repeats = byte(in) % MOST_REPEATS + 1; repeats != 0; repeats--)
            all[n++] = type;
    }
    ffi_type **exact = malloc((n + 1) * sizeof *exact);
    memcpy(exact, all, n * sizeof *exact);
    exact[n] = NULL;
    if (length != NULL)
        *length = n;
    return exact;
}

/* What the functions of ffi_rx.h make of those that have been described; NULL if they refuse. */
static ffi_type *make(struct input *in, const struct types *types)
{
    unsigned how = byte(in);
    if (how % 4 == 0) {
        ffi_type **members = list(in, types, NULL);
        ffi_type *type = ffi_rx_union_new(members);
        free(members);
        return type;
    }
    if (how % 4 == 1) {
        ffi_type *element = pick(in, types);
        return ffi_rx_array_new(element, word(in, how / 4 % 9));
    }
    ffi_rx_member members[MOST_RUNS];
    unsigned n = byte(in) % (MOST_RUNS + 1), pack = how / 4 % 4 == 0 ? byte(in) : 0;
    unsigned align = how / 16 % 4 == 0 ? word(in, 2) : 0;
    for (unsigned i = 0; i < n; i++) {
        members[i].type = pick(in, types);
        unsigned bits = byte(in);
        members[i].bits = bits < 64 ? 0 : bits - 63;
        members[i].flags = bits % 8 == 0 ? byte(in) : 0;
    }
    ffi_type *type = ffi_rx_struct_new(members, n, pack, align);
    size_t *offsets = malloc(n * sizeof *offsets + 1);
    CHECK(type == NULL || ffi_rx_struct_layout(type, offsets) == 0);
    for (unsigned i = 0; type != NULL && i < n; i++)
        CHECK(offsets[i] + members[i].bits <= 8 * (type->size + 16));
    free(offsets);
    return type;
}

static void describe(struct input *in, struct types *types, ffi_type *type)
{
    static const unsigned short codes[] = {FFI_TYPE_STRUCT, FFI_TYPE_STRUCT,  FFI_TYPE_STRUCT,
                                           FFI_TYPE_STRUCT, FFI_TYPE_COMPLEX, FFI_TYPE_VECTOR};
    unsigned how = byte(in);
    type->type = how % 8 < LENGTH(codes) ? codes[how % 8] : byte(in) % 32;
    switch (how / 8 % 4) {
    case 0:
        type->size = 0;
        break;
    case 1:
        type->size = byte(in);
        break;
    case 2:
        type->size = word(in, 2);
        break;
    case 3:
        type->size = word(in, 8);
        break;
    }
    switch (how / 32 % 4) {
    case 0:
        type->alignment = 0;
        break;
    case 1:
        type->alignment = 1 << byte(in) % 16;
        break;
    case 2:
        type->alignment = word(in, 2);
        break;
    case 3:
        type->alignment = 8;
        break;
    }
    type->elements = how / 128 != 0 ? NULL : list(in, types, NULL);
}

/* Does the next byte say so? If not, it is still to be read. */
static bool is_made(struct input *in)
{
    bool made = in->at != in->end && *in->at % 8 == 7;
    in->at += made;
    return made;
}

static void describe_all(struct input *in, struct types *types)
{
    types->count = byte(in) % MOST_TYPES;
    for (unsigned i = 0; i < types->count; i++)
        types->type[i] = malloc(sizeof(ffi_type));
    struct types before = *types;
    for (unsigned i = 0; i < types->count; i++) {
        before.count = i;
        types->made[i] = is_made(in) ? make(in, &before) : NULL;
        if (types->made[i] != NULL)
            *types->type[i] = *types->made[i];
        else
            describe(in, types, types->type[i]);
    }
}

static void forget_all(struct types *types)
{
    for (unsigned i = 0; i < types->count; i++) {
        if (types->made[i] == NULL)
            free(types->type[i]->elements);
        ffi_rx_type_free(types->made[i]);
        free(types->type[i]);
    }
}

/* ---- What is done with them ---- */

static void lay_out_all(const struct types *types, ffi_abi abi)
{
    for (unsigned i = 0; i < types->count; i++) {
        ffi_type *type = types->type[i];
        unsigned n = 0;
        while (type->elements != NULL && type->elements[n] != NULL)
            n++;
        size_t *offsets = malloc(n * sizeof *offsets + 1);
        if (ffi_get_struct_offsets(abi, type, offsets) == FFI_OK)
            check_offsets(type, offsets);
        free(offsets);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct types types;
    describe_all(&in, &types);

    unsigned nargs, nfixed = 0, how = byte(&in), abi = byte(&in);
    abi = abi < 224 ? FFI_FIRST_ABI + 1 + abi % (FFI_LAST_ABI - FFI_FIRST_ABI - 1) : word(&in, 4);
    ffi_type *result = pick(&in, &types);
    ffi_type **args = list(&in, &types, &nargs);
    if (how & 1)
        lay_out_all(&types, abi);
    if (how & 2)
        args[nargs / 2] = NULL;

    ffi_cif cif;
    bool variadic = how & 4;
    if (variadic)
        nfixed = word(&in, 2);
    ffi_status status = variadic ? ffi_prep_cif_var(&cif, abi, nfixed, nargs, result, args)
                                 : ffi_prep_cif(&cif, abi, nargs, result, args);
    if (status == FFI_OK) {
        check_prepared(&cif);
        ffi_cif again;
        status = variadic ? ffi_prep_cif_var(&again, abi, nfixed, nargs, result, args)
                          : ffi_prep_cif(&again, abi, nargs, result, args);
        CHECK(status == FFI_OK && again.bytes == cif.bytes);
        CHECK(again.flags == cif.flags || rx_plan_of(&again) == NULL || rx_plan_of(&cif) == NULL);
    }
    if (how & 8)
        lay_out_all(&types, abi);
    free(args);
    forget_all(&types);
    return 0;
}
