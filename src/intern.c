/* SPDX-License-Identifier: MIT
 *
 * intern: the table in which equal signatures meet.
 *
 * The table is open-addressed and only ever grows, by one compare-and-swap of a slot from 0 to a
 * reference. Plans live in a static arena behind a bump pointer and are complete before their
 * reference is published, so a reader needs no lock, and nothing that a fork or a signal interrupts
 * can leave the table in a state that another thread would have to wait for. When the arena or a
 * run of slots is full, a signature has no place there and its plan is compiled at each call.
 */
#include "plan.h"

#include <stdatomic.h>
#include <string.h>

/* ---- The arena ---- */

char rx_plan_arena[RX_PLAN_ARENA] __attribute__((aligned(64)));

/* Bytes handed out; the first unit is nobody's, as place 0 means none. */
static _Atomic(uint32_t) arena_used = RX_PLAN_UNIT;

static void *arena_take(size_t size)
{
    size = rx_align_up(size, RX_PLAN_UNIT);
    uint32_t start = atomic_load_explicit(&arena_used, memory_order_relaxed);
    do
        if (size > RX_PLAN_ARENA - start)
            return NULL;
    while (!atomic_compare_exchange_weak_explicit(&arena_used, &start, start + size,
                                                  memory_order_relaxed, memory_order_relaxed));
    return rx_plan_arena + start;
}

/* Takes memory back if nothing has been handed out since; otherwise it is lost, which is bounded by
 * the number of threads that meet in one signature. */
static void arena_give_back(void *memory, size_t size)
{
    uint32_t start = (char *)memory - rx_plan_arena;
    uint32_t end = start + rx_align_up(size, RX_PLAN_UNIT);
    atomic_compare_exchange_strong_explicit(&arena_used, &end, start, memory_order_relaxed,
                                            memory_order_relaxed);
}

/* ---- The table ---- */

/* A signature of more arguments is not interned. */
#define KEY_ARGS 256

/* What a plan is a function of. */
struct key {
    uint64_t hash;
    size_t words;
    const ffi_type *aggregate; /* the last one that was classified */
    rx_class aggregate_class;
    rx_class word[2 + KEY_ARGS]; /* abi, argument counts; result; arguments */
};

#define SLOTS (1 << 15)
#define PROBES 64

/* A slot is 0, or a place below 16 bits of its hash. */
static _Atomic(uint32_t) slots[SLOTS];

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
    return ((hash << 5 | hash >> 59) ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The upper bits of a product are the ones that depend on all of it. */
static inline uint32_t slot_of(uint64_t hash, unsigned probe)
{
    return ((uint32_t)(hash >> 32) + probe) % SLOTS;
}

static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 48) << 16;
}

/* An aggregate that occurs again in a signature, as result and argument, say, is classified once.
 */
static __attribute__((noinline)) rx_class class_of_aggregate(struct key *key, ffi_abi abi,
                                                             ffi_type *type)
{
    if (type == NULL || type != key->aggregate) {
        key->aggregate = type;
        key->aggregate_class = rx_class_of_aggregate(abi, type);
    }
    return key->aggregate_class;
}

static inline rx_class class_of(struct key *key, ffi_abi abi, ffi_type *type)
{
    rx_class class = rx_class_of_scalar(type);
    return rx_likely(class != 0) ? class : class_of_aggregate(key, abi, type);
}

/* False if a type is malformed. */
static inline bool make_key(struct key *key, const ffi_cif *cif, unsigned nfixed)
{
    ffi_abi abi = cif->abi;
    ffi_type **types = cif->arg_types;
    unsigned nargs = cif->nargs;
    key->aggregate = NULL;
    key->word[0] = (uint64_t)abi | (uint64_t)nargs << 8 | (uint64_t)nfixed << 40;
    rx_class class = class_of(key, abi, cif->rtype);
    if (rx_unlikely(class == 0))
        return false;
    key->word[1] = class;
    uint64_t hash = mix(key->word[0], class);
    for (unsigned i = 0; i < nargs; i++) {
        class = class_of(key, abi, types[i]);
        if (rx_unlikely(class == 0))
            return false;
        key->word[2 + i] = class;
        hash = mix(hash, class);
    }
    key->words = 2 + nargs;
    key->hash = hash;
    return true;
}

/* A plan's key lies behind it. */
static rx_class *key_of(struct rx_plan *plan, size_t nargs)
{
    return (rx_class *)((char *)plan + rx_plan_size(nargs));
}

static struct rx_plan *plan_at(uint32_t slot)
{
    return (struct rx_plan *)(rx_plan_arena + (slot & 0xffff) * (size_t)RX_PLAN_UNIT);
}

static inline uint32_t place_of(const struct rx_plan *plan)
{
    return (uint32_t)((const char *)plan - rx_plan_arena) / RX_PLAN_UNIT;
}

static inline bool is_plan_of(struct rx_plan *plan, const struct key *key)
{
    if (plan->nargs != key->words - 2)
        return false;
    const rx_class *words = key_of(plan, plan->nargs);
    for (size_t i = 0; i < key->words; i++)
        if (words[i] != key->word[i])
            return false;
    return true;
}

/* Bytes of a plan and its key. */
static size_t size_with(const struct key *key)
{
    return rx_plan_size(key->words - 2) + key->words * sizeof(rx_class);
}

/* Makes the plan of key in the arena. *out is NULL when there is no room. */
static ffi_status make_plan(const struct key *key, const ffi_cif *cif, unsigned nfixed,
                            struct rx_plan **out)
{
    struct rx_plan *plan = *out = arena_take(size_with(key));
    if (plan == NULL)
        return FFI_OK;
    ffi_status status = rx_plan_compile_into(plan, plan->args, cif, nfixed);
    if (status != FFI_OK)
        arena_give_back(plan, size_with(key));
    else
        memcpy(key_of(plan, cif->nargs), key->word, key->words * sizeof(rx_class));
    return status;
}

/* Finds the plan of key, or adds it. *out is NULL when there is no room. */
static __attribute__((noinline)) ffi_status find_or_add(const struct key *key, const ffi_cif *cif,
                                                        unsigned nfixed, struct rx_plan **out)
{
    uint32_t tag = tag_of(key->hash);
    struct rx_plan *made = NULL;
    uint32_t made_slot = 0;

    for (unsigned probe = 0; probe < PROBES; probe++) {
        _Atomic(uint32_t) *slot = &slots[slot_of(key->hash, probe)];
        uint32_t seen = atomic_load_explicit(slot, memory_order_acquire);
        if (seen == 0) {
            if (made == NULL) {
                ffi_status status = make_plan(key, cif, nfixed, &made);
                if (status != FFI_OK || made == NULL) {
                    *out = NULL;
                    return status;
                }
                made_slot = tag | place_of(made);
            }
            if (atomic_compare_exchange_strong_explicit(
                    slot, &seen, made_slot, memory_order_acq_rel, memory_order_acquire)) {
                *out = made;
                return FFI_OK;
            }
        }
        /* Here seen is another's reference, maybe one that came in between. */
        if ((seen & 0xffff0000) == tag && is_plan_of(plan_at(seen), key)) {
            if (made != NULL)
                arena_give_back(made, size_with(key));
            *out = plan_at(seen);
            return FFI_OK;
        }
    }
    if (made != NULL)
        arena_give_back(made, size_with(key));
    *out = NULL;
    return FFI_OK;
}

/* Without a place: the signature is only checked, and measured. */
static ffi_status leave_out(ffi_cif *cif, unsigned nfixed)
{
    struct rx_plan head;
    ffi_status status = rx_plan_compile_into(&head, NULL, cif, nfixed);
    cif->bytes = head.bytes;
    cif->flags = nfixed << 16;
    return status;
}

ffi_status rx_plan_intern(ffi_cif *cif, unsigned nfixed)
{
    if (cif->nargs > KEY_ARGS)
        return leave_out(cif, nfixed);

    struct key key;
    if (rx_unlikely(!make_key(&key, cif, nfixed)))
        return FFI_BAD_TYPEDEF;

    /* Nearly always a known signature, in the first slot of its hash. */
    uint32_t seen = atomic_load_explicit(&slots[slot_of(key.hash, 0)], memory_order_acquire);
    struct rx_plan *plan = plan_at(seen);
    if (rx_unlikely((seen & 0xffff0000) != tag_of(key.hash) || seen == 0 ||
                    !is_plan_of(plan, &key))) {
        ffi_status status = find_or_add(&key, cif, nfixed, &plan);
        if (status != FFI_OK)
            return status;
        if (plan == NULL)
            return leave_out(cif, nfixed);
    }
    cif->bytes = plan->bytes;
    cif->flags = nfixed << 16 | place_of(plan);
    return FFI_OK;
}

const rx_class *rx_plan_words(unsigned place, unsigned *nargs)
{
    if (place == 0 || place >= RX_PLAN_PLACES)
        return NULL;
    struct rx_plan *plan = plan_at(place);
    *nargs = plan->nargs;
    return key_of(plan, plan->nargs);
}
