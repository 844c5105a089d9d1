/* SPDX-License-Identifier: MIT
 *
 * hooks: functions of the client's around each call, and at the end of each thread that has called.
 *
 * A set lies in the cell of a trampoline that nobody is given, so that it is had without malloc.
 * The table of them only grows: who finds a set that is equal takes that, who loses the race for a
 * place looks at the winner first.
 */
#include "hooks.h"
#include "attributes.h"
#include "refuse.h"

#include <pthread.h>

static struct rx_hooks *sets[RX_HOOK_SETS];
_Static_assert(sizeof(struct rx_hooks) <= RX_CELL_SIZE, "a set lies in a cell");

static bool is_equal(const struct rx_hooks *a, const struct rx_hooks *b)
{
    return a->enter == b->enter && a->leave == b->leave && a->thread_exit == b->thread_exit &&
           a->hook_data == b->hook_data;
}

/* ---- The key of threads that want thread_exit: there is none before somebody does ---- */

/* It, plus one. */
static uint32_t exit_key;

static void thread_ends(void *unused);

static bool have_exit_key(void)
{
    uint32_t seen = __atomic_load_n(&exit_key, __ATOMIC_ACQUIRE);
    pthread_key_t made;
    if (seen != 0)
        return true;
    if (pthread_key_create(&made, thread_ends) != 0)
        return false;
    if (!__atomic_compare_exchange_n(&exit_key, &seen, made + 1, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        pthread_key_delete(made);
    return true;
}

/* ---- The sets ---- */

static struct rx_hooks *copy_of(const struct rx_hooks *hooks)
{
    int64_t i = rx_second_take();
    if (i < 0)
        return NULL;
    struct rx_hooks *copy = (struct rx_hooks *)rx_cell_of(i);
    *copy = *hooks;
    return copy;
}

static void drop(struct rx_hooks *copy)
{
    if (copy != NULL)
        rx_second_give(rx_index_of_cell(copy));
}

int rx_hooks_number(const struct rx_hooks *hooks)
{
    static const struct rx_hooks none;
    struct rx_hooks *copy = NULL;
    if (is_equal(hooks, &none))
        return 0;
    if (hooks->thread_exit != NULL && !have_exit_key()) {
        rx_refuse(FFI_RX_NO_MEMORY);
        return -1;
    }
    for (int n = 0; n < RX_HOOK_SETS; n++) {
        struct rx_hooks *seen = __atomic_load_n(&sets[n], __ATOMIC_ACQUIRE);
        if (seen == NULL) {
            if (copy == NULL && (copy = copy_of(hooks)) == NULL)
                return -1;
            if (__atomic_compare_exchange_n(&sets[n], &seen, copy, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE))
                return n + 1;
        }
        if (is_equal(seen, hooks)) {
            drop(copy);
            return n + 1;
        }
    }
    drop(copy);
    rx_refuse(FFI_RX_FULL);
    return -1;
}

static inline const struct rx_hooks *set_of(unsigned number)
{
    return __atomic_load_n(&sets[number - 1], __ATOMIC_RELAXED);
}

/* ---- What this thread has called, a bit for each set. Signal handlers may call, too. ---- */

static RX_TLS uint64_t called[RX_HOOK_SETS / 64];

static inline uint64_t *word_of(unsigned number)
{
    return &called[(number - 1) / 64];
}

static inline uint64_t bit_of(unsigned number)
{
    return (uint64_t)1 << (number - 1) % 64;
}

static inline bool has_called(unsigned number)
{
    return (__atomic_load_n(word_of(number), __ATOMIC_RELAXED) & bit_of(number)) != 0;
}

static __attribute__((noinline)) int see_first(const struct rx_hooks *hooks, unsigned number)
{
    uint64_t before = __atomic_fetch_or(word_of(number), bit_of(number), __ATOMIC_RELAXED);
    if (before & bit_of(number))
        return 0;
    if (hooks->thread_exit != NULL)
        pthread_setspecific(__atomic_load_n(&exit_key, __ATOMIC_RELAXED) - 1, called);
    return 1;
}

/* What thread_exit itself calls is no first call, and has no end of its own; what is called after
 * it is, and has: the C library comes back here then. */
static void thread_ends(void *unused)
{
    (void)unused;
    for (unsigned number = 1; number <= RX_HOOK_SETS; number++) {
        if (!has_called(number) || set_of(number)->thread_exit == NULL)
            continue;
        set_of(number)->thread_exit(set_of(number)->hook_data);
        __atomic_fetch_and(word_of(number), ~bit_of(number), __ATOMIC_RELAXED);
    }
}

/* ---- Calls ---- */

void rx_hooks_enter(unsigned number)
{
    const struct rx_hooks *hooks = set_of(number);
    int first = rx_likely(has_called(number)) ? 0 : see_first(hooks, number);
    if (hooks->enter != NULL)
        hooks->enter(hooks->hook_data, first);
}

void rx_hooks_leave(unsigned number)
{
    const struct rx_hooks *hooks = set_of(number);
    if (hooks->leave != NULL)
        hooks->leave(hooks->hook_data);
}
