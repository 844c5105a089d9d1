/* SPDX-License-Identifier: MIT
 *
 * stepping_retain, x86_64: a signal handler shares a closure, between any two instructions of what
 * gives that its attributes (src/life.c, src/attributes.c). Both have a reference afterwards, to
 * the same attributes, and nothing is lost.
 */
#include "life.h"
#include "stepping.h"

static ffi_closure *closure;
static void *code;
static long steps, moment, refused;

static void retain_at_the_moment(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    if (++steps == moment)
        refused += ffi_rx_closure_retain(closure) != closure;
}

static void retain(void)
{
    refused += ffi_rx_closure_retain(closure) != closure;
}

static void prepare(void)
{
    refused += ffi_rx_prep_closure(closure, pointer_of_pointer(), give_back, NULL, code,
                                   &ATTR(FFI_RX_KEEP_ERRNO)) != FFI_OK;
}

/* `references` are what the closure has afterwards. */
static void expect_shared_at_every_moment(void (*act)(void), int references)
{
    int others = in_use();
    at_each_step(retain_at_the_moment);
    for (moment = 1;; moment++) {
        closure = plain(&code);
        steps = 0;
        start_stepping();
        act();
        stop_stepping();
        if (steps < moment)
            break;
        cr_expect(eq(long, refused, 0), "moment %ld", moment);
        cr_assert(eq(int, in_use(), others + 2), "moment %ld", moment);
        for (int held = references; held > 0; held--) {
            cr_expect(eq(ptr, ((function *)code)(code), code));
            ffi_rx_closure_release(closure);
        }
        cr_assert(eq(int, in_use(), others), "moment %ld", moment);
    }
    cr_expect(gt(long, moment, 100));
}

Test(stepping_retain, a_signal_that_shares_what_is_being_shared)
{
    expect_shared_at_every_moment(retain, 3);
}

Test(stepping_retain, a_signal_that_shares_what_is_being_prepared)
{
    expect_shared_at_every_moment(prepare, 2);
}
