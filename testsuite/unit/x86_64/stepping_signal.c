/* SPDX-License-Identifier: MIT
 *
 * stepping_signal, x86_64: a signal handler that takes, gives back, prepares and calls closures,
 * run between the instructions of the same things (src/pool.c, src/alloc.c, src/intern.c, src/closure.c). What
 * holds a lock, or is for a moment in no order, does not survive this.
 */
#include "pool_users.h"
#include "stepping.h"

static long steps, wrong;

/* ---- Taking and giving back ---- */

#define KEPT 50

/* A change by compare-and-swap begins anew when the handler has changed the same thing; it gets
 * through as the handler does not do so every time. It is a prime number, so that each instruction
 * is hit. */
#define PERIOD 37

static int kept[KEPT];
static int n_kept;

static void keep(int got)
{
    if (got < 0) {
        wrong++;
        return;
    }
    kept[n_kept++] = got;
    if (n_kept == KEPT)
        while (n_kept != 0)
            give(kept[--n_kept]);
}

/* Takes two, gives the first back and keeps the second: what was first in a list is so again, but
 * what was second is gone (the ABA problem). Or takes one, and gives it back or keeps it. */
static void take_and_give_at_some_steps(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    if (++steps % PERIOD != 0)
        return;
    int first = take();
    if (first < 0) {
        wrong++;
        return;
    }
    switch (steps / PERIOD % 3) {
    case 0:
        keep(take());
        give(first);
        break;
    case 1:
        keep(first);
        break;
    case 2:
        give(first);
        break;
    }
}

Test(stepping_signal, a_signal_between_any_two_instructions_of_taking_and_giving)
{
    at_each_step(take_and_give_at_some_steps);
    static int held[100];
    for (int round = 0; round < 15; round++) {
        for (size_t i = 0; i < LENGTH(held); i++) {
            start_stepping();
            held[i] = take();
            stop_stepping();
            wrong += held[i] < 0;
        }
        for (size_t i = 0; i < LENGTH(held); i++) {
            start_stepping();
            give(held[i]);
            stop_stepping();
        }
    }
    cr_expect(gt(long, steps, 20000));
    cr_expect(eq(long, wrong, 0));
    cr_expect(eq(int, taken_wrongly, 0));
    give_all();
    cr_expect(eq(int, take_all(), RX_POOL_SIZE));
}

/* ---- Preparing a signature for the first time ---- */

static ffi_type *types[9];
static unsigned step_flags;

static void prepare_at_each_step(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    steps++;
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 8, &ffi_type_void, types) != FFI_OK)
        wrong++;
    else if (step_flags == 0)
        step_flags = cif.flags;
    else
        wrong += step_flags != cif.flags;
    ffi_type *other[] = {types[steps % 8], types[steps / 8 % 8]};
    wrong += ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_void, other) != FFI_OK;
}

/* The handler waits until the first of all has prepared `skip` instructions. */
static long skip;

static void prepare_after_some_steps(int signal, siginfo_t *info, void *context)
{
    if (skip-- <= 0)
        prepare_at_each_step(signal, info, context);
}

Test(stepping_signal, a_signal_between_any_two_instructions_of_preparing)
{
    at_each_step(prepare_after_some_steps);
    for (long round = 0; round < 256; round++) {
        for (int bit = 0; bit < 8; bit++)
            types[bit] = round >> bit & 1 ? &ffi_type_double : &ffi_type_slong;
        ffi_cif cif;
        step_flags = 0;
        skip = 5 * round; /* so that the handler is the first to prepare it, at all places */
        start_stepping();
        ffi_status status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 8, &ffi_type_void, types);
        stop_stepping();
        cr_assert(eq(int, status, FFI_OK));
        if (step_flags != 0)
            cr_expect(eq(uint, cif.flags, step_flags), "round %ld", round);
    }
    cr_expect(gt(long, steps, 20000));
    cr_expect(eq(long, wrong, 0));
}

/* ---- Calling ---- */

static void add(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(double *)result = *(long *)args[0] + *(double *)args[1] + *(long *)user_data;
}

static void *code_under_test;
static ffi_cif cif_under_test;

static double call_once(long n)
{
    double d = 0.5, result = 0;
    ffi_call(&cif_under_test, FN(code_under_test), &result, VALUES(&n, &d));
    return result;
}

static void call_at_each_step(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    steps++;
    wrong += call_once(steps) != steps + 0.5 + 1000;
}

Test(stepping_signal, a_signal_between_any_two_instructions_of_a_call)
{
    long thousand = 1000;
    cif_under_test = signature(&ffi_type_double, TYPES(&ffi_type_slong, &ffi_type_double));
    code_under_test = callback(&cif_under_test, add, &thousand);
    at_each_step(call_at_each_step);
    for (long i = 0; i < 20; i++) {
        start_stepping();
        double got = call_once(i);
        stop_stepping();
        cr_expect(eq(dbl, got, i + 1000.5));
    }
    cr_expect(gt(long, steps, 1000));
    cr_expect(eq(long, wrong, 0));
}
