/* SPDX-License-Identifier: MIT
 *
 * queue: calls that another thread makes (src/queue.c, src/handover.c): who makes them, how often,
 * in which order, and what comes back. Queues of queues, ends, signals and forks are in files of
 * their own.
 */
#include "queue_users.h"

#include <complex.h>
#include <errno.h>

/* ---- Who makes a call ---- */

Test(queue, the_owner_makes_a_call_at_once)
{
    ffi_rx_queue *queue = ffi_rx_queue_new();
    cr_expect(eq(int, add_by(queue, 40, 2), 42));
    cr_expect(ne(int, pthread_equal(called_by, pthread_self()), 0));
    cr_expect(eq(int, times_called, 1));
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 0));
    cr_expect(eq(int, ffi_rx_queue_free(queue), 0));
}

Test(queue, for_others_the_owner_makes_it)
{
    struct runner owner;
    runner_start(&owner);
    for (int i = 1; i <= 1000; i++) {
        cr_assert(eq(int, add_by(owner.queue, i, 2), i + 2));
        cr_assert(eq(int, times_called, i));
        cr_assert(ne(int, pthread_equal(called_by, owner.thread), 0));
    }
    runner_stop(&owner);
}

static long order[20], made;

static void note_order(long n)
{
    order[made++] = n;
}

Test(queue, what_waits_is_made_once_and_in_the_order_of_arrival)
{
    static struct caller callers[LENGTH(order)];
    ffi_rx_queue *queue = ffi_rx_queue_new();
    for (size_t i = 0; i < LENGTH(order); i++)
        caller_start(&callers[i], queue, note_order, i);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), LENGTH(order)));
    for (size_t i = 0; i < LENGTH(order); i++) {
        cr_expect(eq(int, caller_join(&callers[i]), 0));
        cr_expect(eq(long, order[i], i));
    }
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 0));
    cr_expect(eq(int, ffi_rx_queue_free(queue), 0));
}

Test(queue, what_comes_in_meanwhile_is_left_for_the_next_time)
{
    struct caller first;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    caller_start(&first, queue, let_one_come, (long)queue);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
    cr_expect(eq(int, times_called, 0));
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 1));
    cr_expect(eq(int, times_called, 1));
    cr_expect(eq(int, caller_join(&first), 0));
    cr_expect(eq(int, caller_join(&latecomer), 0));
    ffi_rx_queue_free(queue);
}

/* ---- What comes back ---- */

static signed char minus_three(void)
{
    return -3;
}

static float half(float x)
{
    return x / 2;
}

static long double third(long double x)
{
    return x / 3;
}

static double complex turned(double complex z)
{
    return z * I;
}

struct pair {
    double a, b;
};

struct large {
    long at[9];
};

static struct pair swapped(struct pair p)
{
    return (struct pair){p.b, p.a};
}

static struct large next_of(struct large l, int step)
{
    for (size_t i = 0; i < LENGTH(l.at); i++)
        l.at[i] += step;
    return l;
}

static void expect_results_by(ffi_rx_queue *queue)
{
    ffi_type *pair = STRUCT(&ffi_type_double, &ffi_type_double);
    ffi_type *of_long = &ffi_type_slong;
    ffi_type *large =
        STRUCT(of_long, of_long, of_long, of_long, of_long, of_long, of_long, of_long, of_long);
    ffi_sarg small = 5;
    ffi_cif cif = signature(&ffi_type_schar, NO_TYPES);
    cr_expect(eq(int, ffi_rx_queue_call(queue, &cif, FN(minus_three), &small, NULL), 0));
    cr_expect(eq(long, small, -3));
    cr_expect(eq(int, ffi_rx_queue_call(queue, &cif, FN(minus_three), NULL, NULL), 0));

    float f = 3;
    cif = signature(&ffi_type_float, TYPES(&ffi_type_float));
    cr_expect(eq(int, ffi_rx_queue_call(queue, &cif, FN(half), &f, VALUES(&f)), 0));
    cr_expect(eq(flt, f, 1.5f));

    long double x = 1;
    cif = signature(&ffi_type_longdouble, TYPES(&ffi_type_longdouble));
    cr_expect(eq(int, ffi_rx_queue_call(queue, &cif, FN(third), &x, VALUES(&x)), 0));
    cr_expect(eq(ldbl, x, 1 / 3.0L));

    double complex z = 2 + 3 * I;
    cif = signature(&ffi_type_complex_double, TYPES(&ffi_type_complex_double));
    cr_expect(eq(int, ffi_rx_queue_call(queue, &cif, FN(turned), &z, VALUES(&z)), 0));
    cr_expect(eq(dbl, creal(z), -3));
    cr_expect(eq(dbl, cimag(z), 2));

    struct pair p = {1, 2};
    cif = signature(pair, TYPES(pair));
    cr_expect(eq(int, ffi_rx_queue_call(queue, &cif, FN(swapped), &p, VALUES(&p)), 0));
    cr_expect(eq(dbl, p.a, 2));
    cr_expect(eq(dbl, p.b, 1));

    struct large l = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
    int step = 100;
    cif = signature(large, TYPES(large, &ffi_type_sint));
    cr_expect(eq(int, ffi_rx_queue_call(queue, &cif, FN(next_of), &l, VALUES(&l, &step)), 0));
    for (size_t i = 0; i < LENGTH(l.at); i++)
        cr_expect(eq(long, l.at[i], 101 + i));
}

Test(queue, results_of_any_kind_come_back)
{
    struct runner owner;
    runner_start(&owner);
    expect_results_by(owner.queue);
    runner_stop(&owner);
    ffi_rx_queue *mine = ffi_rx_queue_new();
    expect_results_by(mine);
    ffi_rx_queue_free(mine);
}

static void change_errno(long expected)
{
    cr_expect(eq(int, errno, expected));
    errno = ENOLINK;
}

Test(queue, a_call_has_the_errno_of_the_owner_and_its_caller_keeps_its_own)
{
    struct caller caller;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    caller_start(&caller, queue, change_errno, EXDEV);
    errno = EXDEV;
    ffi_rx_queue_run(queue, -1);
    cr_expect(eq(int, errno, ENOLINK));
    caller_join(&caller);
    errno = EDOM;
    cr_expect(eq(int, ffi_rx_queue_run(queue, 1), 0));
    cr_expect(eq(int, errno, EDOM));
    ffi_rx_queue_free(queue);

    struct runner owner;
    runner_start(&owner);
    errno = EDOM;
    for (int i = 0; i < 100; i++)
        add_by(owner.queue, 1, 2);
    cr_expect(eq(int, errno, EDOM));
    runner_stop(&owner);
}

/* ---- Waiting ---- */

Test(queue, a_run_that_does_not_wait_or_waits_in_vain_has_done_nothing)
{
    ffi_rx_queue *queue = ffi_rx_queue_new();
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 0));
    cr_expect(eq(int, ffi_rx_queue_run(queue, 1), 0));
    cr_expect(eq(int, ffi_rx_queue_run(queue, 1), 0));
    ffi_rx_queue_free(queue);
}

static void call_one(void *queue)
{
    cr_expect(eq(int, call_by(queue, nothing, 0), 0));
}

static void *call_one_in_a_thread(void *queue)
{
    call_one(queue);
    return NULL;
}

Test(queue, a_run_waits_for_the_first_call)
{
    static const int waits[] = {-1, -1000, 1000000000};
    ffi_rx_queue *queue = ffi_rx_queue_new();
    for (size_t i = 0; i < LENGTH(waits); i++) {
        pthread_t caller;
        pthread_create(&caller, NULL, call_one_in_a_thread, queue);
        cr_expect(eq(int, ffi_rx_queue_run(queue, waits[i]), 1));
        pthread_join(caller, NULL);
    }
    ffi_rx_queue_free(queue);
}

/* ---- Who may ---- */

static void use_as_another(void *queue)
{
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), -EPERM));
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), -EPERM));
    cr_expect(eq(int, ffi_rx_queue_fd(queue), -EPERM));
    cr_expect(eq(int, ffi_rx_queue_free(queue), -EPERM));
    /* Nor as the owner of another. */
    ffi_rx_queue *mine = ffi_rx_queue_new();
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), -EPERM));
    cr_expect(eq(int, ffi_rx_queue_free(queue), -EPERM));
    cr_expect(eq(int, ffi_rx_queue_free(mine), 0));
}

Test(queue, only_the_owner_runs_polls_and_frees_it)
{
    ffi_rx_queue *queue = ffi_rx_queue_new();
    in_a_thread(use_as_another, queue);
    cr_expect(eq(int, add_by(queue, 1, 2), 3));
    cr_expect(eq(int, ffi_rx_queue_free(queue), 0));
}
