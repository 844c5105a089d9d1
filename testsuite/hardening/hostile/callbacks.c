/* SPDX-License-Identifier: MIT
 *
 * callbacks: closures with right results, on the libffi that `api` says. Nothing here makes a
 * system call or allocates memory but the library, and the marks.
 */
#include "hostile.h"

#include <string.h>

struct api api;

static ffi_cif cif;

void api_use(struct api which)
{
    static ffi_type *types[2];
    api = which;
    types[0] = api.type_short;
    types[1] = api.type_float;
    mark(MARK_LIBRARY, api.library);
    if (api.prep_cif(&cif, FFI_DEFAULT_ABI, 2, api.type_int, types) != FFI_OK)
        wrong("ffi_prep_cif");
}

static void handler(ffi_cif *of, void *result, void **values, void *number)
{
    (void)of;
    *(ffi_sarg *)result = (int)(long)number + *(short *)values[0] + (int)(*(float *)values[1] * 2);
}

void callback_prepare(struct callback *c, int number)
{
    c->number = number;
    if (api.prep_closure(c->closure, &cif, handler, (void *)(long)number, c->code) != FFI_OK)
        wrong("ffi_prep_closure_loc");
}

bool callback_make(struct callback *c, int number)
{
    c->closure = api.alloc(sizeof(ffi_closure), &c->code);
    if (!c->closure)
        return false;
    callback_prepare(c, number);
    return true;
}

void callback_must_make(struct callback *c, int number)
{
    if (!callback_make(c, number))
        wrong("no closure");
}

bool callback_is_right(const struct callback *c)
{
    int (*call)(short, float);
    memcpy(&call, &c->code, sizeof call);
    return call((short)-3, 2.5F) == c->number + 2;
}

void callback_free(struct callback *c)
{
    api.free(c->closure);
}

/* ---- Many of them ---- */

#define MANY 100000

static struct callback callbacks[MANY];

static void make_from(int first, int n, int number)
{
    for (int i = first; i < n; i++)
        if (!callback_make(&callbacks[i], number + i))
            wrong("no closure after %d", i);
}

static void call_from(int first, int n)
{
    for (int i = first; i < n; i++)
        if (!callback_is_right(&callbacks[i]))
            wrong("a wrong result, of closure %d", i);
}

static ffi_closure *own;

static void free_itself(ffi_cif *of, void *result, void **values, void *unused)
{
    (void)of;
    (void)values;
    (void)unused;
    api.free(own);
    *(ffi_sarg *)result = 42;
}

static void call_what_frees_itself(void)
{
    void *code;
    int (*call)(short, float);
    own = api.alloc(sizeof *own, &code);
    if (!own || api.prep_closure(own, &cif, free_itself, NULL, code) != FFI_OK)
        wrong("no closure to free itself");
    memcpy(&call, &code, sizeof call);
    if (call(1, 1) != 42)
        wrong("a wrong result, of a closure that frees itself");
}

void callbacks_use(int n)
{
    if (n > MANY)
        wrong("the test has no room for %d closures", n);
    make_from(0, n, 0);
    call_from(0, n);
    mark(MARK_CODE, callbacks[0].code);
    mark(MARK_CODE, callbacks[n / 2].code);
    mark(MARK_CODE, callbacks[n - 1].code);
    for (int i = 0; i < n; i += 2)
        callback_free(&callbacks[i]);
    for (int i = 0; i < n; i += 2)
        callback_must_make(&callbacks[i], 2 * n + i);
    call_from(0, n);
    for (int i = 0; i < n; i++)
        callback_free(&callbacks[i]);
    call_what_frees_itself();
    api.free(NULL);
}
