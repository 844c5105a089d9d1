/* SPDX-License-Identifier: MIT
 *
 * call_errno: calls with an errno of their own.
 */
#include "guard.h"

#include <errno.h>

struct call {
    struct rx_guard guard;
    ffi_cif *cif;
    void (*fn)(void);
    void *rvalue;
    void **avalue;
    int *err;
    int mine;
};

static void run(struct rx_guard *guard)
{
    struct call *call = (struct call *)guard;
    ffi_call(call->cif, call->fn, call->rvalue, call->avalue);
}

static void end(struct rx_guard *guard)
{
    struct call *call = (struct call *)guard;
    *call->err = errno;
    errno = call->mine;
}

void ffi_rx_call_errno(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue, int *err)
{
    struct call call = {{end}, cif, fn, rvalue, avalue, err, errno};
    errno = *err;
    rx_guarded(run, &call.guard);
    end(&call.guard);
}
