/* SPDX-License-Identifier: MIT
 *
 * pool_info: what a program may know of the pool, and decide (src/pool_info.c, src/tally.c,
 * src/refuse.c, src/lookup.c).
 */
#include "pool_users.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

static ffi_rx_pool_info query(void)
{
    ffi_rx_pool_info info = {.size = sizeof info};
    cr_assert(eq(int, ffi_rx_pool_query(&info), 0));
    return info;
}

static void take_some(int n)
{
    for (int i = 0; i < n; i++)
        cr_assert(ge(int, take(), 0));
}

/* Any n that are taken. */
static void give_some(int n)
{
    for (int i = 0; n != 0; i++)
        if (taken[i].closure != NULL) {
            give(i);
            n--;
        }
}

/* ---- Figures ---- */

Test(pool_info, a_program_that_has_no_closures)
{
    ffi_rx_pool_info info = query();
    cr_expect(eq(sz, info.size, sizeof info));
    cr_expect(eq(sz, info.builtin, RX_POOL_SIZE));
    cr_expect(eq(sz, info.capacity, RX_POOL_SIZE));
    cr_expect(eq(sz, info.live, 0));
    cr_expect(eq(sz, info.peak, 0));
    cr_expect(eq(sz, info.quarantined, 0));
    cr_expect(eq(sz, info.chunks, 0));
    cr_expect(eq(sz, info.limit, 0));
    cr_expect(eq(sz, info.allocations, 0));
    cr_expect(eq(sz, info.refusals, 0));
}

Test(pool_info, taking_and_giving_back_are_counted)
{
    take_some(1000);
    give_some(400);
    ffi_rx_pool_info info = query();
    cr_expect(eq(sz, info.live, 600));
    cr_expect(eq(sz, info.quarantined, 400));
    cr_expect(eq(sz, info.allocations, 1000));
    cr_expect(ge(sz, info.peak, 1000));
    cr_expect(le(sz, info.peak, 1000 + RX_RING_SIZE));
    for (int i = 0; i < 100000; i++)
        give(take());
    info = query();
    cr_expect(eq(sz, info.live, 600));
    cr_expect(eq(sz, info.allocations, 101000));
    cr_expect(le(sz, info.peak, 1000 + RX_RING_SIZE));
}

Test(pool_info, large_closures_are_counted_too)
{
    void *code;
    void *closure = ffi_closure_alloc(5000, &code);
    cr_expect(eq(sz, query().live, 1));
    ffi_closure_free(closure);
    cr_expect(eq(sz, query().live, 0));
    cr_expect(eq(sz, query().allocations, 1));
}

static void *take_and_give(void *unused)
{
    for (int i = 0; i < 5000; i++)
        give(take());
    return unused;
}

Test(pool_info, what_a_thread_did_that_has_ended_is_counted)
{
    pthread_t thread;
    cr_assert(eq(int, pthread_create(&thread, NULL, take_and_give, NULL), 0));
    pthread_join(thread, NULL);
    ffi_rx_pool_info info = query();
    cr_expect(eq(sz, info.live, 0));
    cr_expect(eq(sz, info.allocations, 5000));
}

Test(pool_info, growth_and_refusals_are_counted)
{
    take_all();
    take_some(1);
    ffi_rx_pool_info info = query();
    cr_expect(eq(sz, info.chunks, 1));
    cr_expect(eq(sz, info.capacity, 2 * RX_POOL_SIZE));
    cr_expect(eq(sz, info.live, RX_POOL_SIZE + 1));
    cr_expect(eq(sz, info.refusals, 1), "take_all ends with one");
}

Test(pool_info, a_struct_that_is_too_small_is_refused)
{
    ffi_rx_pool_info info = {.size = sizeof info - 1};
    cr_expect(eq(int, ffi_rx_pool_query(&info), -EINVAL));
    cr_expect(eq(int, ffi_rx_pool_query(NULL), -EINVAL));
}

/* ---- Reserving ---- */

Test(pool_info, what_is_reserved_can_be_had_when_nothing_can_be_mapped)
{
    cr_assert(eq(int, ffi_rx_pool_reserve(2 * RX_POOL_SIZE), 0));
    cr_expect(eq(sz, query().capacity, 2 * RX_POOL_SIZE));
    take_some(10);
    cr_assert(eq(int, ffi_rx_pool_reserve(2 * RX_POOL_SIZE), 0), "beside those that are in use");
    cr_expect(eq(sz, query().capacity, 3 * RX_POOL_SIZE));
    forbid_growth();
    take_some(2 * RX_POOL_SIZE);
    allow_growth();
}

Test(pool_info, what_cannot_be_reserved_is_said)
{
    forbid_growth();
    cr_expect(eq(int, ffi_rx_pool_reserve(RX_POOL_SIZE), 0), "it is there");
    cr_expect(eq(int, ffi_rx_pool_reserve(RX_POOL_SIZE + 1), -ENOMEM));
    allow_growth();
    cr_expect(eq(int, ffi_rx_pool_reserve(SIZE_MAX), -ENOSPC));
    cr_expect(eq(int, ffi_rx_pool_reserve(RX_POOL_SIZE + 1), 0), "it recovers");
}

/* ---- A limit ---- */

static void expect_refusal(int why)
{
    void *code = NULL;
    size_t refusals = query().refusals;
    errno = 99;
    cr_expect(eq(ptr, ffi_closure_alloc(sizeof(ffi_closure), &code), NULL));
    cr_expect(eq(int, errno, 99));
    cr_expect(eq(ptr, code, NULL));
    cr_expect(eq(int, ffi_rx_last_error(), why));
    cr_expect(eq(sz, query().refusals, refusals + 1));
}

#define LIMIT 100

static int held[LIMIT];

static void take_up_to_limit(int from)
{
    for (int i = from; i < LIMIT; i++)
        cr_assert(ge(int, held[i] = take(), 0), "%d", i);
    expect_refusal(FFI_RX_AT_LIMIT);
}

/* However many there are already, and whatever lies in the ring of the thread. */
Test(pool_info, a_limit_is_kept_exactly)
{
    for (int already = 0; already < LIMIT; already += 7) {
        for (int i = 0; i < already; i++)
            held[i] = take();
        cr_assert(eq(int, ffi_rx_pool_set_limit(LIMIT), 0));
        cr_expect(eq(sz, query().limit, LIMIT));
        take_up_to_limit(already);
        for (int round = 0; round < 300; round++) {
            give(held[round % LIMIT]);
            cr_assert(ge(int, held[round % LIMIT] = take(), 0));
            expect_refusal(FFI_RX_AT_LIMIT);
        }
        give_all();
        take_up_to_limit(0);
        give_all();
        cr_expect(eq(sz, query().live, 0));
        cr_assert(eq(int, ffi_rx_pool_set_limit(0), 0));
        take_some(3 * LIMIT);
        give_all();
    }
    cr_expect(eq(int, take_all(), RX_POOL_SIZE), "none is lost");
}

Test(pool_info, under_a_limit_the_peak_is_exact)
{
    ffi_rx_pool_set_limit(50);
    take_some(10);
    give_all();
    take_some(20);
    cr_expect(eq(sz, query().peak, 20));
    cr_expect(eq(sz, query().allocations, 30));
}

Test(pool_info, who_has_more_than_a_new_limit_keeps_them)
{
    take_some(200);
    ffi_rx_pool_set_limit(LIMIT);
    for (int i = 0; i < LIMIT; i++) {
        expect_refusal(FFI_RX_AT_LIMIT);
        give_some(1);
    }
    expect_refusal(FFI_RX_AT_LIMIT);
    give_some(1);
    cr_expect(ge(int, take(), 0));
}

Test(pool_info, what_was_freed_waits_under_a_limit_too)
{
    ffi_rx_pool_set_limit(LIMIT);
    take_up_to_limit(0);
    give_all();
    int first = take();
    give(first);
    for (int i = 0; i < RX_RING_DELAY; i++) {
        int next = take();
        cr_assert(ne(int, next, first), "%d", i);
        give(next);
    }
}

#define THREADS 6

static void *take_as_many_as_can_be_had(void *unused)
{
    for (int round = 0; round < 2000; round++) {
        int mine[LIMIT], n = 0;
        while (n < LIMIT / 4 && (mine[n] = take()) >= 0)
            n++;
        while (n != 0)
            give(mine[--n]);
    }
    return unused;
}

Test(pool_info, a_limit_holds_among_threads)
{
    cr_assert(eq(int, ffi_rx_pool_set_limit(LIMIT), 0));
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        cr_assert(eq(int, pthread_create(&threads[i], NULL, take_as_many_as_can_be_had, NULL), 0));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ffi_rx_pool_info info = query();
    cr_expect(eq(int, taken_wrongly, 0));
    cr_expect(le(sz, info.peak, LIMIT));
    cr_expect(eq(sz, info.live, 0));
    take_up_to_limit(0);
}

/* ---- Why ---- */

Test(pool_info, each_refusal_has_its_reason)
{
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_NO_ERROR));
    void *code;
    ffi_closure_alloc(100, NULL);
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_BAD_ARGUMENT));
    cr_expect(eq(ptr, ffi_closure_alloc(SIZE_MAX / 2, &code), NULL));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_NO_MEMORY));
    take_all();
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_NO_MEMORY));
    ffi_rx_pool_set_limit(1);
    expect_refusal(FFI_RX_AT_LIMIT);
    ffi_rx_pool_set_limit(0);
    cr_expect(ge(int, take(), 0));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_AT_LIMIT), "what succeeds leaves it");
}

Test(pool_info, each_reason_has_words)
{
    for (int i = FFI_RX_NO_ERROR; i <= FFI_RX_BAD_ARGUMENT; i++)
        for (int j = -1; j < i; j++)
            cr_expect(ne(str, (char *)ffi_rx_strerror(i), (char *)ffi_rx_strerror(j)));
    cr_expect(eq(str, (char *)ffi_rx_strerror(12345), (char *)ffi_rx_strerror(-1)));
}

/* ---- Which closure is it? ---- */

static void find_and_lose(size_t size)
{
    void *code;
    void *closure = ffi_closure_alloc(size, &code);
    cr_expect(eq(ptr, ffi_rx_closure_of(code), closure));
    cr_expect(eq(ptr, ffi_rx_code_of(closure), code));
    cr_expect(eq(ptr, ffi_rx_closure_of((char *)code + 1), NULL));
    cr_expect(eq(ptr, ffi_rx_code_of((void *)((char *)closure + 8)), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_of(closure), NULL));
    cr_expect(eq(ptr, ffi_rx_code_of(code), NULL));
    ffi_closure_free(closure);
    cr_expect(eq(ptr, ffi_rx_closure_of(code), NULL));
    cr_expect(eq(ptr, ffi_rx_code_of(closure), NULL));
}

Test(pool_info, a_closure_is_found_by_its_code_and_the_other_way_round)
{
    find_and_lose(sizeof(ffi_closure));
    find_and_lose(RX_CELL_SIZE);
    find_and_lose(RX_CELL_SIZE + 1);
    take_all();
    find_and_lose(sizeof(ffi_closure)); /* in a chunk that was added */
    find_and_lose(5000);
}

Test(pool_info, what_is_no_closure_belongs_to_none)
{
    void *heap = malloc(100);
    const void *others[] = {NULL, &heap, heap, (void *)0x10, others, find_and_lose};
    for (size_t i = 0; i < LENGTH(others); i++) {
        cr_expect(eq(ptr, ffi_rx_closure_of(others[i]), NULL));
        cr_expect(eq(ptr, ffi_rx_code_of(others[i]), NULL));
    }
    cr_expect(eq(ptr, ffi_rx_closure_of(rx_code_of(7)), NULL), "never allocated");
    cr_expect(eq(ptr, ffi_rx_code_of((void *)rx_cell_of(7)), NULL));
    free(heap);
}
