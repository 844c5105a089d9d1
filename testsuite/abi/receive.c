/* SPDX-License-Identifier: MIT
 *
 * receive: the receiving side of calls. A compiled callee comes here by `arrive`, a closure's
 * function by `handle`; both are looked at through the same eyes.
 */
#include "guard.h"
#include "scene.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct scene now;

void fail(const char *format, ...)
{
    if (now.failed)
        return;
    now.failed = true;
    size_t n = snprintf(now.failure, sizeof now.failure, "%s: ", now.stage);
    va_list ap;
    va_start(ap, format);
    vsnprintf(now.failure + n, sizeof now.failure - n, format, ap);
    va_end(ap);
}

/* What a receiver finds of argument i. It is its own, to do with as it likes. */
static void check_argument(unsigned i, void *at)
{
    const struct type *type = now.s->args[i];
    size_t most = guard_alignment(now.s), align = type->align < most ? type->align : most;
    if ((uintptr_t)at % align != 0)
        fail("argument %u lies at an address that is no multiple of %zu", i, align);
    if (!values_equal(type, at, now.args[i].at))
        fail("argument %u has another value", i);
    if (now.scribbles)
        memset(at, 0x5a, type->size);
}

void *arrive(void *const *at, const long long *wide)
{
    now.arrivals++;
    for (unsigned i = 0; i < now.s->nargs; i++) {
        const struct type *type = now.s->args[i];
        check_argument(i, at[i]);
        if (type->integer != 0 && type->size < 8 && *wide++ != widened(type, now.args[i].at))
            fail("argument %u is not extended", i);
    }
    return now.answer.at;
}

/* The function of the closures, by way of guard_handler. */
void handle(ffi_cif *cif, void *ret, void **avalue, void *data)
{
    now.arrivals++;
    if (cif != now.cif)
        fail("the closure's function got another cif");
    if (data != now.data)
        fail("the closure's function got other user data");
    for (unsigned i = 0; i < now.s->nargs; i++)
        check_argument(i, avalue[i]);
    errno = ERRNO_OF_HANDLER;
    const struct type *type = now.s->result;
    if (type == NULL)
        return;
    if (type->integer != 0) {
        ffi_arg word = widened(type, now.answer.at);
        memcpy(ret, &word, sizeof word);
    } else {
        memcpy(ret, now.answer.at, type->size);
    }
}
