/* SPDX-License-Identifier: MIT
 *
 * owner: threads that own queues, from the first queue that one makes until it ends.
 *
 * Why no wake-up is lost; testsuite/models/queue.pml has it step by step. The count is one word,
 * and all that changes it are read-modify-writes, so they are in one order. Who tells has made
 * something happen before, and releases that by raising the count. If the sleeper has looked at the
 * count after that, it has acquired what happened, and finds it. If it has looked before, the word
 * is no longer what it has seen: then either its exchange fails, or the kernel finds another value
 * there, or, if it sleeps already, who raises the count finds the odd bit, and wakes it. So nothing
 * here needs two words to be in one order.
 *
 * Only the sleeper takes the odd bit down, when it is awake. Whoever tells may be stopped before it
 * wakes the sleeper, by a signal whose handler calls through the same queue and waits: so what the
 * handler tells must wake it, too.
 *
 * The count is wrong only if it goes round, 2^31 times telling, to the unit, between a look and the
 * sleep.
 */
#include "owner.h"
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>

RX_TLS struct rx_owner *rx_owner_self;
_Atomic(uint32_t) rx_forks;

/* ---- Sleeping, and being told ---- */

bool rx_owner_sleep(struct rx_owner *owner, uint32_t seen, const struct timespec *deadline)
{
    uint32_t now = seen;
    /* It may be odd from a sleep that a longjmp has left, or that this is a handler inside of. */
    if (!atomic_compare_exchange_strong_explicit(&owner->happened, &now, seen | 1,
                                                 memory_order_relaxed, memory_order_relaxed) &&
        now != (seen | 1))
        return true;
    bool in_time = rx_futex_wait(&owner->happened, seen | 1, deadline);
    /* A handler that interrupted a sleep and slept itself ends that by this, too: the kernel then
     * finds another value. */
    atomic_fetch_and_explicit(&owner->happened, ~1u, memory_order_relaxed);
    return in_time;
}

void rx_owner_tell(struct rx_owner *owner)
{
    if (atomic_fetch_add_explicit(&owner->happened, 2, memory_order_release) & 1)
        rx_futex_wake(&owner->happened);
}

/* ---- Its queues: a signal handler that hands over a call looks through them ---- */

void rx_owner_add(struct rx_owner *owner, struct ffi_rx_queue *queue)
{
    uint64_t signals = rx_signals_off();
    queue->next = owner->queues;
    owner->queues = queue;
    rx_signals_on(signals);
}

void rx_owner_remove(struct rx_owner *owner, struct ffi_rx_queue *queue)
{
    uint64_t signals = rx_signals_off();
    struct ffi_rx_queue **link = &owner->queues;
    while (*link != queue)
        link = &(*link)->next;
    *link = queue->next;
    rx_signals_on(signals);
}

/* ---- From the first queue to the end of the thread ---- */

void rx_owner_drop(struct rx_owner *owner)
{
    if (atomic_fetch_sub_explicit(&owner->refs, 1, memory_order_acq_rel) == 1)
        free(owner);
}

/* A thread that ends without having freed its queues. */
static void thread_ends(void *arg)
{
    struct rx_owner *owner = arg;
    struct ffi_rx_queue *queue;
    while ((queue = owner->queues) != NULL) {
        rx_owner_remove(owner, queue);
        rx_queue_end(queue);
    }
    rx_owner_self = NULL;
    rx_owner_drop(owner);
}

/* In the child, before fork returns there. */
static void thread_was_forked(void)
{
    atomic_fetch_add_explicit(&rx_forks, 1, memory_order_relaxed);
    rx_queue_was_forked();
}

#ifdef __GLIBC__
/* pthread_atfork, without the object that it comes in, which has no landing pads. The handle is
 * that of the shared object that this is a part of, if it can be unloaded: start files have it. */
extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                             void *dso);
extern RX_HIDDEN char __dso_handle[] __attribute__((weak));

static int have_fork_watched(void)
{
    return __register_atfork(NULL, NULL, thread_was_forked, __dso_handle);
}
#else
static int have_fork_watched(void)
{
    return pthread_atfork(NULL, NULL, thread_was_forked);
}
#endif

/* The key by which a thread's end is seen, plus one. It and the watch on forks are had with the
 * first queue of the process; programs without one have neither. */
static _Atomic(uint32_t) key_plus_1;

static bool have_key(pthread_key_t *key)
{
    uint32_t seen = atomic_load_explicit(&key_plus_1, memory_order_acquire);
    if (seen == 0) {
        /* Who comes second watches forks as well, which makes no difference. */
        if (have_fork_watched() != 0 || pthread_key_create(key, thread_ends) != 0)
            return false;
        if (atomic_compare_exchange_strong_explicit(&key_plus_1, &seen, *key + 1,
                                                    memory_order_acq_rel, memory_order_acquire))
            return true;
        pthread_key_delete(*key);
    }
    *key = seen - 1;
    return true;
}

struct rx_owner *rx_owner_make(void)
{
    if (rx_owner_self != NULL)
        return rx_owner_self;
    pthread_key_t key;
    struct rx_owner *owner = malloc(sizeof *owner);
    if (owner == NULL || !have_key(&key) || pthread_setspecific(key, owner) != 0) {
        free(owner);
        return NULL;
    }
    atomic_init(&owner->happened, 0);
    atomic_init(&owner->refs, 1);
    owner->queues = NULL;
    rx_owner_self = owner;
    return owner;
}
