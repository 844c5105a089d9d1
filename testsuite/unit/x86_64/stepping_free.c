/* SPDX-License-Identifier: MIT
 *
 * stepping_free, x86_64: two threads free one closure, the second of them between any two
 * instructions of the first; and two that have done so take closures, the second between any two
 * instructions of the first (src/closure.c, src/pool.c). Whichever that is, the process ends with
 * one line, before two have the closure.
 */
#include "pool_users.h"
#include "stepping.h"

#include <pthread.h>
#include <unistd.h>

static int number; /* of the closure that is freed twice */
static void *closure;

static long steps, moment;
static int turn; /* of the other thread when odd */

static void pass_turn(int to)
{
    __atomic_store_n(&turn, to, __ATOMIC_RELEASE);
}

static void wait_for(int which)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != which)
        ;
}

/* Lets the other thread do what it does next. */
static void let_other(void)
{
    int now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
    pass_turn(now + 1);
    wait_for(now + 2);
}

static void let_other_at_the_moment(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    if (++steps == moment)
        let_other();
}

static void go_round(void)
{
    for (int i = 0; i < 3 * RX_RING_SIZE; i++)
        give(take());
}

/* Takes until it has the one that was freed twice, and keeps that. */
static void take_it(void)
{
    for (int i = 0; i < 3 * RX_RING_SIZE; i++) {
        int got = take();
        if (got == number)
            return;
        give(got);
    }
}

#define NO_SUCH_MOMENT 41
#define TWO_HAVE_IT 42
#define NOT_SEEN 43

static void leave(bool was_moment)
{
    if (!was_moment)
        _exit(NO_SUCH_MOMENT);
    go_round();
    let_other();
    go_round();
    _exit(taken_wrongly != 0 ? TWO_HAVE_IT : NOT_SEEN);
}

/* Turn by turn: frees, takes, takes again. */
static void *other(void *takes)
{
    go_round();
    wait_for(1);
    ffi_closure_free(closure);
    pass_turn(2);
    if (takes != NULL) {
        wait_for(3);
        take_it();
        pass_turn(4);
    }
    wait_for(takes != NULL ? 5 : 3);
    go_round();
    pass_turn(takes != NULL ? 6 : 4);
    return NULL;
}

static void begin(void *takes)
{
    pthread_t thread;
    alarm(60);
    go_round();
    number = take();
    closure = taken[number].closure;
    taken[number].closure = NULL;
    pthread_create(&thread, NULL, other, takes);
    at_each_step(let_other_at_the_moment);
}

static void free_twice(void *unused)
{
    begin(unused);
    start_stepping();
    ffi_closure_free(closure);
    stop_stepping();
    leave(steps >= moment);
}

static void take_twice(void *other_is_last)
{
    begin("takes");
    ffi_closure_free(closure);
    rx_set_state(rx_record_of(number), RX_LIVE_CELL);
    let_other();
    if (other_is_last == NULL)
        rx_set_state(rx_record_of(number), rx_ring.number);
    while (rx_ring.index[rx_ring.head % RX_RING_SIZE] != (uint32_t)number)
        give(take());
    start_stepping();
    take();
    stop_stepping();
    leave(steps >= moment);
}

/* ---- At every moment ---- */

/* More than taking or freeing has instructions. */
#define MOMENTS 80

static long ends, ends_named_by_a_take;

static void expect_an_end_at_every_moment(void (*act)(void *), void *arg)
{
    SKIP_UNDER_THREAD_SANITIZER();
    struct ending ending;
    for (moment = 1; moment <= MOMENTS; moment++) {
        ending = ending_of(act, arg);
        if (ending.status == NO_SUCH_MOMENT)
            continue;
        ends++;
        cr_expect(eq(int, ending.signal, SIGABRT), "moment %ld: status %d", moment, ending.status);
        char *end = strchr(ending.text, '\n');
        cr_expect(eq(ptr, end, ending.text + strlen(ending.text) - 1), "%s", ending.text);
        cr_expect(eq(int, strncmp(ending.text, "rxffi: ffi_closure_free of a closure ", 37), 0));
        ends_named_by_a_take += strstr(ending.text, "two threads at once") != NULL;
    }
    cr_expect(gt(long, ends, 30));
}

Test(stepping_free, the_other_frees_at_any_moment)
{
    expect_an_end_at_every_moment(free_twice, NULL);
    cr_expect(gt(long, ends_named_by_a_take, 3), "both got past the check at so many moments");
}

Test(stepping_free, the_other_takes_at_any_moment_when_it_was_the_last_to_free)
{
    expect_an_end_at_every_moment(take_twice, "last");
}

Test(stepping_free, the_other_takes_at_any_moment_when_it_was_the_first_to_free)
{
    expect_an_end_at_every_moment(take_twice, NULL);
}
