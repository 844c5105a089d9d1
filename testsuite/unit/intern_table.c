/* SPDX-License-Identifier: MIT
 *
 * intern_table: the table in which equal signatures meet, when signatures collide in it
 * (src/intern.c). Collisions are too rare to be met by chance, so this file has a copy of that room
 * to itself, under names of its own, and asks it which signatures collide.
 */
#define rx_plan_arena copy_of_plan_arena
#define rx_plan_intern copy_of_plan_intern
#define rx_plan_words copy_of_plan_words
#include "../../src/intern.c"

#include "unit.h"

#include <stdlib.h>

/* ---- Signatures of one argument, numbered ---- */

#define CANDIDATES 300000

static ffi_type *uint8_member[] = {&ffi_type_uint8, NULL};

/* The argument, or the result, is a struct of some size that the number decides, large enough to be
 * told by nothing but its size. */
static bool in_the_result;

static struct numbered {
    ffi_type type;
    ffi_type *types[1];
    ffi_cif cif;
} numbered[CANDIDATES];

static struct candidate {
    uint64_t hash;
    size_t number;
} candidates[CANDIDATES];

/* Sizes in no regular order, which a hash function might keep: splitmix64 (S. Vigna). */
static size_t size_of(size_t n)
{
    uint64_t x = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return 100 + (x ^ x >> 31) % (RX_MAX_SIZE / 2);
}

static ffi_cif *number(size_t n)
{
    struct numbered *s = &numbered[n];
    s->type = (ffi_type){size_of(n), 1, FFI_TYPE_STRUCT, uint8_member};
    s->types[0] = in_the_result ? &ffi_type_sint : &s->type;
    s->cif = (ffi_cif){.abi = FFI_DEFAULT_ABI,
                       .nargs = 1,
                       .rtype = in_the_result ? &s->type : &ffi_type_sint,
                       .arg_types = s->types};
    return &s->cif;
}

static uint64_t hash_of(size_t n)
{
    struct key key;
    cr_assert(make_key(&key, number(n), RX_NOT_VARIADIC));
    return key.hash;
}

static int by_slot_and_tag(const void *a, const void *b)
{
    uint64_t x = ((const struct candidate *)a)->hash, y = ((const struct candidate *)b)->hash;
    if (slot_of(x, 0) != slot_of(y, 0))
        return slot_of(x, 0) < slot_of(y, 0) ? -1 : 1;
    return tag_of(x) < tag_of(y) ? -1 : tag_of(x) > tag_of(y);
}

/* All candidates, those next to each other that collide. */
static void sort_candidates(void)
{
    for (size_t n = 0; n < CANDIDATES; n++)
        candidates[n] = (struct candidate){hash_of(n), n};
    qsort(candidates, CANDIDATES, sizeof *candidates, by_slot_and_tag);
}

static ffi_cif intern(size_t n)
{
    ffi_cif *cif = number(n);
    ffi_status status = rx_plan_intern(cif, RX_NOT_VARIADIC);
    cr_assert(eq(int, status, FFI_OK));
    return *cif;
}

static uint32_t size_in_plan(const ffi_cif *cif)
{
    const struct rx_plan *plan = rx_plan_of(cif);
    return plan == NULL ? 0 : in_the_result ? plan->ret_size : plan->args[0].size;
}

/* ---- The tests ---- */

static void expect_colliding_signatures_told_apart(void)
{
    sort_candidates();
    int pairs = 0;
    for (size_t i = 1; i < CANDIDATES && pairs < 50; i++) {
        if (by_slot_and_tag(&candidates[i - 1], &candidates[i]) != 0)
            continue;
        size_t one = candidates[i - 1].number, two = candidates[i].number;
        if (size_of(one) == size_of(two))
            continue;
        pairs++;
        ffi_cif first = intern(one), second = intern(two);
        cr_expect(eq(uint, size_in_plan(&first), size_of(one)));
        cr_expect(eq(uint, size_in_plan(&second), size_of(two)));
        cr_expect(eq(uint, intern(one).flags, first.flags));
        cr_expect(eq(uint, intern(two).flags, second.flags));
    }
    cr_expect(ge(int, pairs, 1), "no two signatures collide");
}

Test(intern_table, arguments_of_one_slot_and_one_tag_are_told_apart)
{
    expect_colliding_signatures_told_apart();
}

Test(intern_table, results_of_one_slot_and_one_tag_are_told_apart)
{
    in_the_result = true;
    expect_colliding_signatures_told_apart();
}

Test(intern_table, a_run_of_slots_that_is_full_leaves_signatures_out)
{
    sort_candidates();
    /* The first slots are filled by candidates that want them, in the order in which they come. */
    size_t i = 0, left_out = 0;
    while (i < CANDIDATES && slot_of(candidates[i].hash, 0) < PROBES) {
        ffi_cif cif = intern(candidates[i].number);
        if (size_in_plan(&cif) == 0)
            left_out++;
        else
            cr_expect(eq(uint, size_in_plan(&cif), size_of(candidates[i].number)));
        i++;
    }
    cr_expect(gt(sz, left_out, 0), "of %zu signatures", i);
    for (size_t j = 0; j < i; j++) {
        unsigned before = numbered[candidates[j].number].cif.flags;
        cr_expect(eq(uint, intern(candidates[j].number).flags, before));
    }
    /* Elsewhere in the table there is room. */
    ffi_cif cif = intern(candidates[CANDIDATES / 2].number);
    cr_expect(ne(uint, size_in_plan(&cif), 0));
}

Test(intern_table, a_table_that_is_full_to_the_last_slot_wraps_round)
{
    sort_candidates();
    size_t i = CANDIDATES;
    while (i != 0 && slot_of(candidates[i - 1].hash, 0) == SLOTS - 1)
        i--;
    cr_assert(ge(sz, CANDIDATES - i, 2), "too few candidates for the last slot");
    for (; i < CANDIDATES; i++) {
        ffi_cif cif = intern(candidates[i].number);
        cr_expect(eq(uint, size_in_plan(&cif), size_of(candidates[i].number)));
    }
}
