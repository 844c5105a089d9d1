/* SPDX-License-Identifier: MIT
 *
 * pool: which trampolines are free (src/pool.c, src/stock.c), in one thread: the pool is used up
 * exactly, comes back completely, and hands nothing out again too soon. Threads, signals and fork
 * are in pool_threads.c.
 */
#include "pool_users.h"
#include "stock.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Using it up ---- */

Test(pool, the_pool_is_used_up_exactly)
{
    cr_expect(eq(int, take_all(), RX_POOL_SIZE));
}

Test(pool, a_pool_that_is_used_up_says_so)
{
    take_all();
    forbid_growth();
    for (int i = 0; i < 3; i++) {
        void *code = &code;
        cr_expect(eq(ptr, ffi_closure_alloc(sizeof(ffi_closure), &code), NULL));
        cr_expect(eq(ptr, code, &code));
        cr_expect(eq(ptr, ffi_closure_alloc(5000, &code), NULL));
        cr_expect(eq(ptr, code, &code));
    }
    allow_growth();
    cr_expect(eq(int, take(), RX_POOL_SIZE), "the first of another chunk");
}

Test(pool, closure_and_code_belong_together)
{
    take_all();
    for (unsigned i = 0; i < RX_POOL_SIZE; i++) {
        cr_assert(eq(ptr, taken[i].closure, &rx_cells[i]));
        cr_assert(eq(ptr, taken[i].code, rx_code_of(i)));
    }
}

Test(pool, what_is_given_back_can_be_had_again)
{
    take_all();
    forbid_growth();
    for (unsigned i = 0; i < 100; i++) {
        unsigned given = i * 163 % RX_POOL_SIZE;
        give(given);
        cr_assert(eq(int, take(), (int)given), "there is no other");
        cr_assert(eq(int, take(), -1));
    }
}

Test(pool, all_of_it_comes_back)
{
    for (int round = 0; round < 3; round++) {
        cr_assert(eq(int, take_all(), RX_POOL_SIZE), "round %d", round);
        give_all();
    }
}

/* Not many: each is looked for among all. */
Test(pool, large_closures_come_back_too)
{
    static void *closures[RX_POOL_SIZE / 16];
    void *code;
    for (int round = 0; round < 2; round++) {
        int others = in_use();
        for (size_t i = 0; i < LENGTH(closures); i++) {
            closures[i] = ffi_closure_alloc(129, &code);
            cr_assert(ne(ptr, closures[i], NULL), "round %d", round);
        }
        cr_expect(eq(int, in_use(), others + (int)LENGTH(closures)));
        for (size_t i = 0; i < LENGTH(closures); i++)
            ffi_closure_free(closures[i]);
        cr_expect(eq(int, in_use(), others));
    }
}

/* ---- Waiting ---- */

/* Between a free and the next use of the same trampoline at least so many others are taken or
 * freed. */
#define DELAY 16

#define MANY (RX_POOL_SIZE / 4)

static long events = 1;
static long freed_at[RX_POOL_SIZE]; /* in events; 0: never */

static int take_in_time(void)
{
    int i = take();
    cr_assert(ge(int, i, 0));
    if (freed_at[i] != 0)
        cr_assert(gt(long, events - freed_at[i], DELAY), "trampoline %d", i);
    events++;
    return i;
}

static void give_in_time(int i)
{
    freed_at[i] = events++;
    give(i);
}

Test(pool, what_was_just_freed_has_to_wait)
{
    for (int i = 0; i < 1000; i++)
        give_in_time(take_in_time());
}

Test(pool, it_waits_however_many_are_taken)
{
    srand(1);
    static int held[MANY];
    int n = 0;
    for (int i = 0; i < 200000; i++) {
        if (n == 0 || (n < (int)LENGTH(held) && rand() % 2 == 0)) {
            held[n++] = take_in_time();
        } else {
            int which = rand() % n;
            give_in_time(held[which]);
            held[which] = held[--n];
        }
    }
}

Test(pool, it_waits_when_many_are_freed_at_once)
{
    static int held[MANY];
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < LENGTH(held); i++)
            held[i] = take_in_time();
        for (size_t i = 0; i < LENGTH(held); i++)
            give_in_time(held[i]);
    }
}

/* ---- Little is touched ---- */

Test(pool, errno_is_left_alone)
{
    errno = 99;
    for (int i = 0; i < 1000; i++)
        give(take());
    take_all();
    forbid_growth();
    errno = 99;
    void *code;
    cr_expect(eq(ptr, ffi_closure_alloc(sizeof(ffi_closure), &code), NULL));
    cr_expect(eq(int, errno, 99), "when there is none");
    allow_growth();
    errno = 99;
    cr_expect(ge(int, take(), 0));
    cr_expect(eq(int, errno, 99), "when there are more");
}

static bool count(uint32_t i, void *counter)
{
    (void)i;
    ++*(int *)counter;
    return true;
}

Test(pool, a_program_with_few_closures_touches_few)
{
    for (int i = 0; i < 100000; i++)
        give(take());
    int touched = 0;
    rx_stock_each(count, &touched);
    cr_expect(le(int, touched, 64));
}
