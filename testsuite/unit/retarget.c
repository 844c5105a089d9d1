/* SPDX-License-Identifier: MIT
 *
 * retarget: closures that change their handler and its data together, while they are called
 * (src/retarget.c).
 */
#include "attributed.h"
#include "retarget.h"

#include <errno.h>
#include <pthread.h>

typedef long function(void);

/* Each of two handlers has data that the other would not have. */
static void even(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)args;
    *(long *)result = (intptr_t)user_data % 2 == 0 ? (intptr_t)user_data : -1;
}

static void odd(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)args;
    *(long *)result = (intptr_t)user_data % 2 == 1 ? (intptr_t)user_data : -1;
}

static ffi_closure *make(unsigned flags, function **code)
{
    static ffi_cif cif;
    void *its_code;
    cif = signature(&ffi_type_slong, NO_TYPES);
    ffi_closure *closure = attributed(&cif, even, (void *)0, &its_code, &ATTR(flags));
    *code = its_code;
    return closure;
}

Test(retarget, handler_and_data_change_each_time)
{
    function *code;
    ffi_closure *closure = make(FFI_RX_RETARGETABLE, &code);
    for (long i = 1; i < 10; i++) {
        int error = ffi_rx_closure_retarget(closure, i % 2 ? odd : even, (void *)i);
        cr_expect(eq(int, error, 0));
        cr_expect(eq(long, code(), i));
        cr_expect(eq(ptr, closure->user_data, (void *)i));
        cr_expect(eq(ptr, (void *)closure->fun, i % 2 ? (void *)odd : (void *)even));
    }
    ffi_rx_prep_closure(closure, closure->cif, even, (void *)42, (void *)code,
                        &ATTR(FFI_RX_RETARGETABLE));
    cr_expect(eq(long, code(), 42));
}

Test(retarget, only_what_was_prepared_for_it_changes)
{
    function *code;
    ffi_closure *closure = make(0, &code), *free_one = make(FFI_RX_RETARGETABLE, &code);
    int unrelated[32];
    void *plain_code;
    cr_expect(eq(int, ffi_rx_closure_retarget(closure, odd, NULL), -EINVAL));
    cr_expect(eq(int, ffi_rx_closure_retarget(free_one, NULL, NULL), -EINVAL));
    cr_expect(eq(int, ffi_rx_closure_retarget(NULL, odd, NULL), -EINVAL));
    cr_expect(eq(int, ffi_rx_closure_retarget((void *)unrelated, odd, NULL), -EINVAL));
    ffi_closure *plain = closure_of(closure->cif, even, NULL, &plain_code);
    cr_expect(eq(int, ffi_rx_closure_retarget(plain, odd, NULL), -EINVAL));
    ffi_prep_closure_loc(free_one, closure->cif, even, (void *)42, (void *)code);
    cr_expect(eq(int, ffi_rx_closure_retarget(free_one, odd, NULL), -EINVAL));
    cr_expect(eq(long, code(), 42));
    ffi_closure_free(free_one);
    cr_expect(eq(int, ffi_rx_closure_retarget(free_one, odd, NULL), -EINVAL));
}

Test(retarget, who_finds_a_writer_at_work_is_told_and_readers_go_on)
{
    struct rx_targets targets;
    rx_targets_begin(&targets, (struct rx_target){even, (void *)2});
    targets.version |= 1;
    cr_expect(eq(int, rx_targets_set(&targets, (struct rx_target){odd, (void *)3}), -EBUSY));
    struct rx_target found = rx_targets_get(&targets);
    cr_expect(eq(ptr, found.user_data, (void *)2));
}

static bool enough;

static void *call_until_enough(void *code)
{
    long wrong = 0;
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED))
        wrong += ((function *)code)() < 0;
    return (void *)wrong;
}

Test(retarget, no_call_has_the_handler_of_one_and_the_data_of_another)
{
    enum { THREADS = 2 };
    function *code;
    pthread_t thread[THREADS];
    ffi_closure *closure = make(FFI_RX_RETARGETABLE, &code);
    for (int i = 0; i < THREADS; i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, call_until_enough, code), 0));
    for (long i = 0; i < 200000; i++)
        if (ffi_rx_closure_retarget(closure, i % 2 ? odd : even, (void *)i) != 0)
            cr_fatal("nobody else writes");
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(thread[i], &wrong);
        cr_expect(eq(ptr, wrong, NULL));
    }
}
