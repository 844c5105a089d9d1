/* SPDX-License-Identifier: MIT
 *
 * life: what the tests of how long closures live share.
 */
#ifndef UNIT_LIFE_H
#define UNIT_LIFE_H

#include "attributed.h"

static inline ffi_cif *pointer_of_pointer(void)
{
    static ffi_cif cif;
    cif = signature(&ffi_type_pointer, TYPES(&ffi_type_pointer));
    return &cif;
}

typedef void *function(void *);

static inline void give_back(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(void **)result = *(void **)args[0];
}

static inline ffi_closure *plain(void **code)
{
    return closure_of(pointer_of_pointer(), give_back, NULL, code);
}

static inline void expect_fault(void (*act)(void *), void *arg, const char *what)
{
    struct ending ending = ending_of(act, arg);
    cr_expect(eq(int, ending.signal, SIGABRT));
    cr_expect(ne(ptr, strstr(ending.text, what), NULL), "%s", ending.text);
}

static inline void call_it(void *code)
{
    ((function *)code)(NULL);
}

static inline void free_it(void *closure)
{
    ffi_closure_free(closure);
}

#endif
