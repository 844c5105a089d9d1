/* SPDX-License-Identifier: MIT
 *
 * pool_users: taking from the pool and giving back, with a record of who has what.
 */
#include "pool_users.h"

struct taken taken[RX_POOL_SIZE];
int taken_wrongly;

int take(void)
{
    void *code = NULL;
    void *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (closure == NULL)
        return -1;
    int64_t i = rx_pool_index_of_code(code);
    if (i < 0 || __atomic_exchange_n(&taken[i].closure, closure, __ATOMIC_ACQ_REL) != NULL) {
        __atomic_add_fetch(&taken_wrongly, 1, __ATOMIC_RELAXED);
        return -1;
    }
    taken[i].code = code;
    return i;
}

void give(int i)
{
    void *closure = taken[i].closure;
    __atomic_store_n(&taken[i].closure, NULL, __ATOMIC_RELEASE);
    ffi_closure_free(closure);
}

int take_all(void)
{
    int n = 0;
    while (take() >= 0)
        n++;
    cr_expect(eq(int, taken_wrongly, 0));
    return n;
}

void give_all(void)
{
    for (unsigned i = 0; i < RX_POOL_SIZE; i++)
        if (taken[i].closure != NULL)
            give(i);
}
