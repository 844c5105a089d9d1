/* SPDX-License-Identifier: MIT
 *
 * check: see check.h. The sending side of calls, in both directions; receive.c is the other.
 */
#include "check.h"
#include "closures.h"
#include "guard.h"
#include "scene.h"

#include <string.h>

/* ---- What is looked at after each call ---- */

static void check_guard(uint64_t outer)
{
    for (unsigned i = 0; guard_name(i) != NULL; i++) {
        if (guard.bad >> i & 1)
            fail("%s is wrong at the call, or not preserved by the callee", guard_name(i));
        if (outer >> i & 1)
            fail("%s is not preserved for the caller", guard_name(i));
    }
}

/* How the compiler's own callee returns, in what no C program sees. */
static unsigned expected_depth;

static void check_return(void)
{
    if (guard_depth() != expected_depth)
        fail("the result is %u values on the x87 stack instead of %u", guard_depth(),
             expected_depth);
    if (!guard_address_returned(now.s))
        fail("the result's address is not returned");
}

static void check_objects(void *const *avalue)
{
    for (unsigned i = 0; i < now.s->nargs; i++) {
        if (!object_intact(&now.args[i]))
            fail("the caller's argument %u is changed", i);
        if (now.avalue[i] != avalue[i])
            fail("avalue[%u] is changed", i);
    }
    if (now.arrivals != 1)
        fail("called %u times instead of once", now.arrivals);
}

/* ---- The calls ---- */

static void begin(const char *stage, void (*target)(void), void *chain, uint64_t poison)
{
    now.stage = stage;
    now.arrivals = 0;
    guard.target = target;
    guard.chain = chain;
    guard.windows = now.s->windows;
    guard.variadic = now.s->nfixed >= 0;
    guard.poison = poison;
    guard.bad = 0;
}

/* A compiled caller calls target. */
static void call_from_c(const char *stage, void (*target)(void), void *chain)
{
    const struct signature *s = now.s;
    struct object r;
    long long wide = 0;
    if (s->result != NULL)
        object_make_room(&r, MOST_ARGUMENTS + 1, s->result->size, s->result->align);
    begin(stage, target, chain, 0);
    uint64_t bad = guard_call((void (*)(void))s->caller, (void *)guard_pass, now.avalue,
                              s->result != NULL ? r.at : NULL, &wide, NULL);
    if (target == s->callee)
        expected_depth = guard_depth();
    check_guard(bad);
    check_return();
    if (s->result != NULL) {
        if (!values_equal(s->result, r.at, now.answer.at))
            fail("the result has another value");
        if (s->result->integer != 0 && wide != widened(s->result, now.answer.at))
            fail("the result is not extended");
        if (!object_margins_intact(&r))
            fail("bytes beside the result are changed");
    }
    check_objects(now.avalue);
}

static bool is_narrow(const struct type *type)
{
    return type != NULL && type->integer != 0 && type->size < sizeof(ffi_arg);
}

/* An older library has no call plans. */
#pragma weak ffi_call_plan_alloc
#pragma weak ffi_call_plan_invoke
#pragma weak ffi_call_plan_free

/* The ways of the library to make a call. */
enum way { BY_CIF, BY_CIF_GO, BY_PLAN };

static enum way any_way(void)
{
    if (random_one_in(6))
        return BY_CIF_GO;
    return random_one_in(6) && ffi_call_plan_alloc != NULL ? BY_PLAN : BY_CIF;
}

static const char *name_of(enum way way, bool dropped)
{
    static const char *const names[][2] = {
        [BY_CIF] = {"ffi_call", "ffi_call, rvalue NULL"},
        [BY_CIF_GO] = {"ffi_call_go", "ffi_call_go, rvalue NULL"},
        [BY_PLAN] = {"ffi_call_plan_invoke", "ffi_call_plan_invoke, rvalue NULL"},
    };
    return names[way][dropped];
}

/* The library calls the compiled callee. */
static void call_from_library(enum way way, bool dropped)
{
    static void (*const functions[])(void) = {
        [BY_CIF] = (void (*)(void))ffi_call,
        [BY_CIF_GO] = (void (*)(void))ffi_call_go,
    };
    bool go = way == BY_CIF_GO;
    ffi_call_plan *plan = NULL;
    const struct signature *s = now.s;
    struct object r;
    if (is_narrow(s->result))
        object_make_room(&r, MOST_ARGUMENTS + 1, sizeof(ffi_arg), sizeof(ffi_arg));
    else if (s->result != NULL)
        object_make_room(&r, MOST_ARGUMENTS + 1, s->result->size, s->result->align);
    else
        object_make_room(&r, MOST_ARGUMENTS + 1, 0, 1);

    /* What is left of rax behind a narrow integer means nothing. */
    uint64_t poison = is_narrow(s->result) ? random_word() << (8 * s->result->size - 1) << 1 : 0;
    void *chain = go ? (void *)random_word() : NULL;
    void *avalue[MOST_ARGUMENTS];
    memcpy(avalue, now.avalue, sizeof avalue);
    if (way == BY_PLAN)
        plan = ffi_call_plan_alloc(now.cif);
    begin(name_of(way, dropped), s->callee, (void *)random_word(), poison);
    uint64_t bad =
        guard_call(way == BY_PLAN ? (void (*)(void))ffi_call_plan_invoke : functions[way],
                   way == BY_PLAN ? (void *)plan : (void *)now.cif, (void *)guard_pass,
                   dropped ? NULL : r.at, s->nargs == 0 && random_one_in(2) ? NULL : avalue, chain);
    if (way == BY_PLAN)
        ffi_call_plan_free(plan);
    check_guard(bad);
    check_return();
    if (go && guard.seen_chain != chain)
        fail("the static chain has another value");
    if (dropped || s->result == NULL) {
        if (!object_intact(&r))
            fail("rvalue is written to");
    } else {
        ffi_arg word = is_narrow(s->result) ? widened(s->result, now.answer.at) : 0;
        if (!values_equal(s->result, r.at, now.answer.at))
            fail("the result has another value");
        if (is_narrow(s->result) && memcmp(r.at, &word, sizeof word) != 0)
            fail("the result is not extended to an ffi_arg");
        if (!object_margins_intact(&r))
            fail("bytes beside rvalue are changed");
    }
    check_objects(avalue);
}

static void call_closure(void)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    now.data = &now.data;
    now.stage = "closure";
    const char *way = closure != NULL ? closure_prepare(closure, code) : NULL;
    if (way == NULL) {
        fail("it is not prepared");
        return;
    }
    call_from_c(way, (void (*)(void))code, (void *)random_word());
    closure_end(closure);
}

static void call_go_closure(void)
{
    ffi_go_closure go;
    now.data = &go;
    if (ffi_prep_go_closure(&go, now.cif, (void *)guard_handler) != FFI_OK)
        fail("it is not prepared");
    else
        call_from_c("go closure", (void (*)(void))go.tramp, &go);
}

/* ---- Both directions ---- */

static void check_once(void)
{
    const struct signature *s = now.s;
    ffi_cif cif;
    ffi_type *types[MOST_ARGUMENTS], copies[MOST_ARGUMENTS + 1];
    if (!prepare(&cif, types, copies))
        return;
    now.cif = &cif;

    random_bytes(guard.pattern, sizeof guard.pattern);
    random_bytes(guard.pattern_vector, sizeof guard.pattern_vector);
    random_bytes(guard.garbage, sizeof guard.garbage);
    for (unsigned i = 0; i < s->nargs; i++) {
        object_make(&now.args[i], i, s->args[i]);
        now.avalue[i] = now.args[i].at;
    }
    if (s->result != NULL)
        object_make(&now.answer, MOST_ARGUMENTS, s->result);
    now.scribbles = random_one_in(2);

    call_from_c("control", s->callee, NULL);
    if (now.failed)
        return;
    call_from_library(any_way(), random_one_in(6));
    if (random_one_in(6))
        call_go_closure();
    else
        call_closure();
}

const char *check_signature(const struct signature *s, unsigned rounds)
{
    now.s = s;
    now.failed = false;
    random_seed(s->seed);
    for (unsigned i = 0; i < rounds && !now.failed; i++)
        check_once();
    return now.failed ? now.failure : NULL;
}
