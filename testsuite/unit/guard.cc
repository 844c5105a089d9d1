/* SPDX-License-Identifier: MIT
 *
 * guard: what is undone when a call of a closure with attributes does not return: an exception
 * passes, its thread exits or is canceled (src/guard.c). What is looked at is errno, and how many
 * trampolines are in use when the closure was freed inside.
 */
#include "unwind.h"
#include "ffi_rx.h"

#include <cerrno>
#include <pthread.h>

extern "C" int in_use(void);

struct scene {
    ffi_closure *closure;
    void *code;
    bool frees;
};

static scene make_scene(unsigned flags, handler *fun, bool frees)
{
    static ffi_type *types[] = {&ffi_type_pointer};
    static ffi_cif cif = signature(&ffi_type_void, 1, types);
    ffi_rx_closure_attr attr = {};
    attr.size = sizeof attr;
    attr.flags = flags;
    scene made = {nullptr, nullptr, frees};
    made.closure = static_cast<ffi_closure *>(ffi_closure_alloc(sizeof(ffi_closure), &made.code));
    ffi_status status = ffi_rx_prep_closure(made.closure, &cif, fun, nullptr, made.code, &attr);
    cr_assert(eq(int, status, FFI_OK));
    return made;
}

static void call(scene *of)
{
    errno = EDOM;
    reinterpret_cast<void (*)(scene *)>(of->code)(of);
}

static scene *begin(void **args)
{
    auto of = *static_cast<scene **>(args[0]);
    errno = ENOTTY;
    if (of->frees)
        ffi_closure_free(of->closure);
    return of;
}

/* ---- Exceptions ---- */

static void throw_42(ffi_cif *, void *, void **args, void *)
{
    frame mine;
    begin(args);
    throw 42L;
}

static scene under_test;

static void call_under_test()
{
    call(&under_test);
}

Test(guard, an_exception_that_passes_leaves_errno_as_it_was)
{
    for (int i = 0; i < 3; i++) {
        under_test = make_scene(FFI_RX_KEEP_ERRNO, throw_42, false);
        cr_expect(eq(long, caught_from(call_under_test), 42));
        cr_expect(eq(int, errno, EDOM));
    }
}

Test(guard, a_closure_that_freed_itself_is_gone_after_an_exception)
{
    int before = in_use();
    for (int i = 0; i < 3; i++) {
        under_test = make_scene(0, throw_42, true);
        cr_expect(eq(int, in_use(), before + 2));
        cr_expect(eq(long, caught_from(call_under_test), 42));
        cr_expect(eq(int, in_use(), before));
    }
}

static void catch_own(ffi_cif *, void *, void **args, void *)
{
    try {
        begin(args);
        throw 42L;
    } catch (long) {
    }
}

Test(guard, an_exception_that_stays_inside_is_no_end)
{
    int before = in_use();
    under_test = make_scene(FFI_RX_KEEP_ERRNO, catch_own, true);
    cr_expect(eq(long, caught_from(call_under_test), -1));
    cr_expect(eq(int, errno, EDOM));
    cr_expect(eq(int, in_use(), before));
}

static scene nested[100];

static void descend(ffi_cif *, void *, void **args, void *)
{
    scene *of = begin(args);
    if (of == &nested[99])
        throw 42L;
    call(of + 1);
}

static void call_nested()
{
    call(nested);
}

Test(guard, an_exception_passes_a_hundred_calls)
{
    int before = in_use();
    for (scene &each : nested)
        each = make_scene(FFI_RX_KEEP_ERRNO, descend, true);
    cr_expect(eq(long, caught_from(call_nested), 42));
    cr_expect(eq(int, errno, EDOM));
    cr_expect(eq(int, in_use(), before));
}

/* ---- Threads that end inside ---- */

static void exit_thread(ffi_cif *, void *, void **args, void *)
{
    frame mine;
    begin(args);
    pthread_exit(nullptr);
}

static void wait_for_ever(ffi_cif *, void *, void **args, void *)
{
    frame mine;
    begin(args);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, nullptr);
    pthread_cancel(pthread_self());
    for (;;)
        pthread_testcancel();
}

struct errno_at_end {
    int *seen;
    ~errno_at_end()
    {
        *seen = errno;
    }
};

static void *call_in_thread(void *seen)
{
    errno_at_end looks = {static_cast<int *>(seen)};
    call_under_test();
    return nullptr;
}

static void expect_undone(handler *ends)
{
    int before = in_use();
    for (int i = 0; i < 3; i++) {
        int seen = 0;
        pthread_t thread;
        frame::left = 0;
        under_test = make_scene(FFI_RX_KEEP_ERRNO, ends, true);
        cr_assert(eq(int, pthread_create(&thread, nullptr, call_in_thread, &seen), 0));
        pthread_join(thread, nullptr);
        cr_expect(eq(int, frame::left, 1));
        cr_expect(eq(int, seen, EDOM));
        cr_expect(eq(int, in_use(), before));
    }
}

Test(guard, a_thread_that_exits_has_left)
{
    expect_undone(exit_thread);
}

Test(guard, a_thread_that_is_canceled_has_left)
{
    expect_undone(wait_for_ever);
}
