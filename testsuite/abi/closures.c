/* SPDX-License-Identifier: MIT
 *
 * closures: see closures.h. Closures with attributes go through an entry of their own, and through
 * functions of the client's and the library's before and after the one that is called: arguments
 * and result are to pass all that, whatever the hooks leave in registers.
 */
#include "closures.h"
#include "guard.h"
#include "scene.h"

#include <errno.h>
#include <ffi_rx.h>

/* Another library has none of these. */
#pragma weak ffi_rx_prep_closure
#pragma weak ffi_rx_closure_retarget
#pragma weak ffi_rx_closure_retain
#pragma weak ffi_rx_closure_release
#pragma weak ffi_rx_queue_new

typedef void function(ffi_cif *, void *, void **, void *);

/* ---- What was drawn, and what came of it ---- */

enum { NEVER, BEFORE_THE_CALL, IN_ENTER };

#define ERRNO_OF_CALLER 1001
#define ERRNO_OF_HOOKS 1003 /* ERRNO_OF_HANDLER is between them */

static struct {
    ffi_closure *closure;
    ffi_rx_closure_attr attr;
    int retargeted; /* when? */
    bool retained;
    unsigned entered, left;
} drawn;

static void retarget(void)
{
    if (ffi_rx_closure_retarget(drawn.closure, (function *)guard_handler, now.data) != 0)
        fail("it is not retargeted");
}

/* ---- Hooks, whose data is `drawn` ---- */

static void enter(void *data, int first)
{
    static bool called[2]; /* without leave, and with it: two sets of hooks */
    bool *before = &called[drawn.attr.leave != NULL];
    if (data != &drawn || drawn.entered++ != 0 || now.arrivals != 0)
        fail("enter is called otherwise than once, before the closure's function");
    if (first != !*before)
        fail("enter is told that first is %d", first);
    *before = true;
    if (drawn.retargeted == IN_ENTER)
        retarget();
    errno = ERRNO_OF_HOOKS;
    guard_garbage();
}

static void leave(void *data)
{
    if (data != &drawn || drawn.left++ != 0 || now.arrivals != 1)
        fail("leave is called otherwise than once, after the closure's function");
    errno = ERRNO_OF_HOOKS;
    guard_garbage();
}

/* ---- Before the call ---- */

static void replaced(ffi_cif *cif, void *result, void **args, void *data)
{
    (void)cif, (void)result, (void)args, (void)data;
    fail("a function is called that was replaced");
}

/* The owner of the queue is who calls: another thread has other modes than guard.h asks for. */
static ffi_rx_queue *own_queue(void)
{
    static ffi_rx_queue *queue;
    return queue != NULL ? queue : (queue = ffi_rx_queue_new());
}

static void draw(ffi_closure *closure)
{
    drawn.closure = closure;
    drawn.entered = drawn.left = 0;
    drawn.attr = (ffi_rx_closure_attr){
        .size = sizeof drawn.attr,
        .flags = random_word() & (FFI_RX_KEEP_ERRNO | FFI_RX_ONE_SHOT | FFI_RX_RETARGETABLE |
                                  FFI_RX_UNCOUNTED | FFI_RX_LONGJMP),
        .enter = random_one_in(2) ? enter : NULL,
        .leave = random_one_in(2) ? leave : NULL,
        .hook_data = &drawn,
        .queue = random_one_in(4) ? own_queue() : NULL,
    };
    drawn.retargeted = NEVER;
    if (drawn.attr.flags & FFI_RX_RETARGETABLE)
        drawn.retargeted =
            drawn.attr.enter != NULL && random_one_in(2) ? IN_ENTER : BEFORE_THE_CALL;
    drawn.retained = random_one_in(4);
}

const char *closure_prepare(ffi_closure *closure, void *code)
{
    function *handler = (function *)guard_handler;
    drawn.closure = NULL;
    if (ffi_rx_prep_closure == NULL || random_one_in(3))
        return ffi_prep_closure_loc(closure, now.cif, handler, now.data, code) == FFI_OK ? "closure"
                                                                                         : NULL;
    draw(closure);
    bool other = drawn.retargeted != NEVER;
    if (ffi_rx_prep_closure(closure, now.cif, other ? replaced : handler, other ? NULL : now.data,
                            code, &drawn.attr) != FFI_OK ||
        (drawn.retained && ffi_rx_closure_retain(closure) != closure))
        return NULL;
    if (drawn.retargeted == BEFORE_THE_CALL)
        retarget();
    errno = ERRNO_OF_CALLER;
    return "closure with attributes";
}

/* ---- After it ---- */

static void check_errno(int found)
{
    int expected = drawn.attr.flags & FFI_RX_KEEP_ERRNO ? ERRNO_OF_CALLER
                   : drawn.attr.leave != NULL           ? ERRNO_OF_HOOKS
                                                        : ERRNO_OF_HANDLER;
    if (found != expected)
        fail("errno is %d instead of %d", found, expected);
}

void closure_end(ffi_closure *closure)
{
    int found = errno;
    if (drawn.closure == NULL) {
        ffi_closure_free(closure);
        return;
    }
    check_errno(found);
    if (drawn.entered != (drawn.attr.enter != NULL) || drawn.left != (drawn.attr.leave != NULL))
        fail("hooks are left out");
    if (drawn.retained)
        ffi_rx_closure_release(closure);
    if (!(drawn.attr.flags & FFI_RX_ONE_SHOT))
        ffi_closure_free(closure);
}
