/* SPDX-License-Identifier: MIT
 *
 * queue_closures: closures whose calls the owner of a queue makes (src/attributed.c).
 */
#include "attributed.h"
#include "queue_users.h"

#include <errno.h>

static void sum(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    called_by = pthread_self();
    times_called++;
    *(ffi_sarg *)result = *(int *)args[0] + *(int *)args[1] + (int)(intptr_t)user_data;
}

typedef int sum_function(int, int);

static ffi_cif *cif_of_sum(void)
{
    static ffi_cif cif;
    static ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint, NULL};
    cif = signature(&ffi_type_sint, types);
    return &cif;
}

static ffi_closure *sum_by(ffi_rx_queue *queue, unsigned flags, sum_function **code)
{
    ffi_rx_closure_attr attr = ATTR(flags, .queue = queue);
    return attributed(cif_of_sum(), sum, (void *)100, (void **)code, &attr);
}

/* ---- Who runs the handler ---- */

Test(queue_closures, the_owner_runs_the_handler_at_once)
{
    ffi_rx_queue *queue = ffi_rx_queue_new();
    for (size_t i = 0; i < LENGTH(plain_flags); i++) {
        sum_function *code;
        ffi_closure *closure = sum_by(queue, plain_flags[i], &code);
        cr_expect(eq(int, code(40, 2), 142));
        cr_expect(ne(int, pthread_equal(called_by, pthread_self()), 0));
        ffi_closure_free(closure);
    }
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 0));
    ffi_rx_queue_free(queue);
}

Test(queue_closures, for_others_the_owner_runs_it)
{
    struct runner owner;
    runner_start(&owner);
    for (size_t i = 0; i < LENGTH(plain_flags); i++) {
        sum_function *code;
        ffi_closure *closure = sum_by(owner.queue, plain_flags[i], &code);
        for (int n = 0; n < 300; n++) {
            cr_assert(eq(int, code(n, 2), n + 102));
            cr_assert(ne(int, pthread_equal(called_by, owner.thread), 0));
        }
        ffi_closure_free(closure);
    }
    cr_expect(eq(int, times_called, 300 * LENGTH(plain_flags)));
    runner_stop(&owner);
}

/* ---- errno is that of the thread where the handler runs ---- */

static void spoil_errno(ffi_cif *cif, void *result, void **args, void *expected)
{
    (void)cif;
    (void)args;
    cr_expect(eq(int, errno, (int)(intptr_t)expected));
    *(ffi_arg *)result = 0;
    errno = ENOLINK;
}

static void *call_it(void *code)
{
    errno = EDOM;
    ((sum_function *)code)(1, 2);
    cr_expect(eq(int, errno, EDOM));
    return NULL;
}

Test(queue_closures, errno_is_that_of_the_owner)
{
    static const unsigned flags[] = {0, FFI_RX_KEEP_ERRNO};
    ffi_rx_queue *queue = ffi_rx_queue_new();
    for (size_t i = 0; i < LENGTH(flags); i++) {
        void *code;
        pthread_t caller;
        ffi_rx_closure_attr attr = ATTR(flags[i], .queue = queue);
        attributed(cif_of_sum(), spoil_errno, (void *)EXDEV, &code, &attr);
        pthread_create(&caller, NULL, call_it, code);
        errno = EXDEV;
        cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
        cr_expect(eq(int, errno, flags[i] == 0 ? ENOLINK : EXDEV));
        pthread_join(caller, NULL);
    }
    ffi_rx_queue_free(queue);
}

/* ---- Arguments and results of any kind, and zeros of any kind when the queue has ended ---- */

struct pair {
    double a, b;
};

struct large {
    long at[9];
};

static void half(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(long double *)result = *(long double *)args[0] / 2;
}

static void swap(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    const struct pair *p = args[0];
    *(struct pair *)result = (struct pair){p->b, p->a};
}

/* Twelve arguments: some are on the stack of the caller. */
static void add_up(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    struct large l = {{0}};
    for (unsigned i = 0; i < cif->nargs; i++)
        l.at[i % LENGTH(l.at)] += *(long *)args[i];
    *(struct large *)result = l;
}

static void nothing_at_all(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)result;
    (void)args;
    (void)user_data;
    times_called++;
}

struct calls {
    long double (*half)(long double);
    struct pair (*swap)(struct pair);
    struct large (*add_up)(long, long, long, long, long, long, long, long, long, long, long, long);
    void (*nothing)(void);
};

static void expect_right(const struct calls *calls)
{
    cr_expect(eq(ldbl, calls->half(3), 1.5L));
    struct pair p = calls->swap((struct pair){1, 2});
    cr_expect(eq(dbl, p.a, 2));
    cr_expect(eq(dbl, p.b, 1));
    struct large l = calls->add_up(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    for (long i = 0; i < 9; i++)
        cr_expect(eq(long, l.at[i], i < 3 ? 2 * i + 11 : i + 1));
    int before = times_called;
    calls->nothing();
    cr_expect(eq(int, times_called, before + 1));
}

static void expect_zeros(const struct calls *calls)
{
    cr_expect(eq(ldbl, calls->half(3), 0));
    struct pair p = calls->swap((struct pair){1, 2});
    cr_expect(eq(dbl, p.a, 0));
    cr_expect(eq(dbl, p.b, 0));
    struct large l = calls->add_up(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    for (long i = 0; i < 9; i++)
        cr_expect(eq(long, l.at[i], 0));
    int before = times_called;
    calls->nothing();
    cr_expect(eq(int, times_called, before));
}

static void expect_zeros_in_a_thread(void *calls)
{
    expect_zeros(calls);
}

Test(queue_closures, results_of_any_kind_come_back_and_zeros_of_any_kind_at_the_end)
{
    struct runner owner;
    runner_start(&owner);
    ffi_type *of_long = &ffi_type_slong;
    ffi_type *pair = STRUCT(&ffi_type_double, &ffi_type_double);
    ffi_type *large =
        STRUCT(of_long, of_long, of_long, of_long, of_long, of_long, of_long, of_long, of_long);
    ffi_cif cifs[] = {
        signature(&ffi_type_longdouble, TYPES(&ffi_type_longdouble)),
        signature(pair, TYPES(pair)),
        signature(large, TYPES(of_long, of_long, of_long, of_long, of_long, of_long, of_long,
                               of_long, of_long, of_long, of_long, of_long)),
        signature(&ffi_type_void, NO_TYPES),
    };
    handler *handlers[] = {half, swap, add_up, nothing_at_all};
    ffi_rx_closure_attr attr = ATTR(0, .queue = owner.queue);
    void *code[LENGTH(cifs)];
    for (size_t i = 0; i < LENGTH(cifs); i++)
        attributed(&cifs[i], handlers[i], NULL, &code[i], &attr);
    struct calls calls = {(void *)code[0], (void *)code[1], (void *)code[2], (void *)code[3]};
    for (int i = 0; i < 10; i++)
        expect_right(&calls);
    runner_stop(&owner);
    expect_zeros(&calls);
    in_a_thread(expect_zeros_in_a_thread, &calls);
}

/* ---- Who keeps the queue ---- */

static uint32_t refs_of(ffi_rx_queue *queue)
{
    return atomic_load(&queue->refs);
}

Test(queue_closures, a_closure_keeps_the_queue_until_it_is_gone)
{
    for (size_t i = 0; i < LENGTH(plain_flags); i++) {
        sum_function *code;
        ffi_rx_queue *queue = ffi_rx_queue_new();
        ffi_closure *closure = sum_by(queue, plain_flags[i], &code);
        cr_expect(eq(u32, refs_of(queue), 2));
        ffi_rx_queue_free(queue);
        cr_expect(eq(u32, refs_of(queue), 1));
        cr_expect(eq(int, code(1, 2), 0));
        ffi_closure_free(closure);
    }
}

Test(queue_closures, prepared_again_it_has_another_queue_or_none)
{
    struct runner owner;
    runner_start(&owner);
    sum_function *code;
    ffi_rx_queue *mine = ffi_rx_queue_new();
    ffi_closure *closure = sum_by(owner.queue, 0, &code);
    cr_expect(eq(int, code(1, 2), 103));
    cr_expect(ne(int, pthread_equal(called_by, owner.thread), 0));

    ffi_rx_closure_attr attr = ATTR(0, .queue = mine);
    ffi_rx_prep_closure(closure, cif_of_sum(), sum, NULL, (void *)code, &attr);
    while (refs_of(owner.queue) != 1) /* the run that made the call may not be over */
        sched_yield();
    cr_expect(eq(u32, refs_of(mine), 2));
    cr_expect(eq(int, code(1, 2), 3));
    cr_expect(ne(int, pthread_equal(called_by, pthread_self()), 0));

    ffi_prep_closure_loc(closure, cif_of_sum(), sum, NULL, (void *)code);
    cr_expect(eq(u32, refs_of(mine), 1));
    cr_expect(eq(int, code(1, 2), 3));
    ffi_rx_queue_free(mine);
    cr_expect(eq(int, code(1, 2), 3));
    ffi_closure_free(closure);
    runner_stop(&owner);
}

/* ---- Calls that wait are inside ---- */

static void *call_sum(void *code)
{
    return (void *)(intptr_t)((sum_function *)code)(40, 2);
}

static pthread_t start_call(ffi_rx_queue *queue, sum_function *code)
{
    pthread_t caller;
    struct rx_handed *before = atomic_load(&queue->inbox);
    pthread_create(&caller, NULL, call_sum, (void *)code);
    while (atomic_load(&queue->inbox) == before)
        sched_yield();
    return caller;
}

static long result_of(pthread_t caller)
{
    void *result;
    pthread_join(caller, &result);
    return (long)result;
}

/* Its closure has been freed when it returns. */
static pthread_t start_last_call(ffi_rx_queue *queue)
{
    sum_function *code;
    int before = in_use();
    ffi_closure *closure = sum_by(queue, 0, &code);
    pthread_t caller = start_call(queue, code);
    ffi_closure_free(closure);
    cr_expect(eq(int, in_use(), before + 2));
    return caller;
}

Test(queue_closures, a_closure_may_be_freed_while_its_call_waits)
{
    int before = in_use();
    ffi_rx_queue *queue = ffi_rx_queue_new();
    pthread_t caller = start_last_call(queue);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
    cr_expect(eq(long, result_of(caller), 142));
    cr_expect(eq(int, in_use(), before));
    cr_expect(eq(u32, refs_of(queue), 1));
    ffi_rx_queue_free(queue);
}

Test(queue_closures, and_while_its_queue_ends)
{
    int before = in_use();
    ffi_rx_queue *queue = ffi_rx_queue_new();
    pthread_t caller = start_last_call(queue);
    ffi_rx_queue_free(queue);
    cr_expect(eq(long, result_of(caller), 0));
    cr_expect(eq(int, in_use(), before));
}
