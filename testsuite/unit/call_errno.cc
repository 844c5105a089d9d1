/* SPDX-License-Identifier: MIT
 *
 * call_errno: calls with an errno of their own, however they end (src/call_errno.c): the function
 * returns, throws, jumps or ends its thread.
 */
#include "unwind.h"
#include "ffi_rx.h"

#include <cerrno>
#include <csetjmp>
#include <pthread.h>

static std::jmp_buf destination;

enum ending { RETURNS, THROWS, JUMPS, EXITS };

/* What it finds in errno comes back, and next is left there. */
static int take_errno(int next, int how)
{
    int before = errno;
    errno = next;
    switch (how) {
    case THROWS:
        throw 42L;
    case JUMPS:
        std::longjmp(destination, 1);
    case EXITS:
        pthread_exit(nullptr);
    default:
        return before;
    }
}

static int err;
static ffi_arg result;

static void call(void *rvalue, int how)
{
    static ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint};
    static ffi_cif cif = signature(&ffi_type_sint, 2, types);
    int next = ENOTTY;
    void *values[] = {&next, &how};
    err = ERANGE;
    errno = EDOM;
    ffi_rx_call_errno(&cif, FFI_FN(take_errno), rvalue, values, &err);
}

Test(call_errno, a_call_has_an_errno_of_its_own)
{
    call(&result, RETURNS);
    cr_expect(eq(int, errno, EDOM));
    cr_expect(eq(int, static_cast<int>(result), ERANGE));
    cr_expect(eq(int, err, ENOTTY));
}

Test(call_errno, also_one_whose_result_nobody_wants)
{
    call(nullptr, RETURNS);
    cr_expect(eq(int, errno, EDOM));
    cr_expect(eq(int, err, ENOTTY));
}

static void call_what_throws()
{
    call(&result, THROWS);
}

Test(call_errno, an_exception_that_leaves_it_leaves_errno_as_it_was)
{
    for (int i = 0; i < 3; i++) {
        cr_expect(eq(long, caught_from(call_what_throws), 42));
        cr_expect(eq(int, errno, EDOM));
        cr_expect(eq(int, err, ENOTTY));
    }
}

struct errno_at_end {
    int *seen;
    ~errno_at_end()
    {
        *seen = errno;
    }
};

static void *call_what_exits(void *seen)
{
    errno_at_end looks = {static_cast<int *>(seen)};
    call(&result, EXITS);
    return nullptr;
}

Test(call_errno, the_end_of_its_thread_does_so_too)
{
    int seen = 0;
    pthread_t thread;
    cr_assert(eq(int, pthread_create(&thread, nullptr, call_what_exits, &seen), 0));
    pthread_join(thread, nullptr);
    cr_expect(eq(int, seen, EDOM));
    cr_expect(eq(int, err, ENOTTY));
}

Test(call_errno, longjmp_is_not_noticed)
{
    if (setjmp(destination) == 0)
        call(&result, JUMPS);
    cr_expect(eq(int, errno, ENOTTY));
    cr_expect(eq(int, err, ERANGE));
}
