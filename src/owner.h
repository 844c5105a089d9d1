/* SPDX-License-Identifier: MIT
 *
 * owner: a thread that owns queues. It has one place to sleep, whatever it waits for: calls in any
 * of its queues, or the end of a call that it handed over itself.
 *
 * The place is a count of what has happened. Who waits looks at the count, then at everything that
 * it waits for, and sleeps if the count is still the same; who makes something happen raises the
 * count afterwards. Frames of one thread may wait inside each other, also in a signal handler that
 * interrupted the wait: a count tells each of them, where a flag would tell only the one that takes
 * it down.
 */
#ifndef RX_OWNER_H
#define RX_OWNER_H

#include "futex.h"

struct rx_owner {
    _Atomic(uint32_t) happened;  /* the count, times two; odd when the thread sleeps */
    _Atomic(uint32_t) refs;      /* the thread, its queues, the calls that it has handed over */
    struct ffi_rx_queue *queues; /* linked by `next`; changed with signals off */
};

/* This thread, if it has ever made a queue. */
extern RX_HIDDEN RX_TLS struct rx_owner *rx_owner_self;

/* How often this process, or the one that it is the child of, was the child of a fork. */
extern RX_HIDDEN _Atomic(uint32_t) rx_forks;

/* This thread, made an owner if need be; NULL when there is no memory, or no key. */
struct rx_owner *rx_owner_make(void);

/* A queue of this thread's, from when it is made to when it ends. */
void rx_owner_add(struct rx_owner *owner, struct ffi_rx_queue *queue);
void rx_owner_remove(struct rx_owner *owner, struct ffi_rx_queue *queue);

static inline void rx_owner_hold(struct rx_owner *owner)
{
    atomic_fetch_add_explicit(&owner->refs, 1, memory_order_relaxed);
}

void rx_owner_drop(struct rx_owner *owner);

/* What the thread looks at before it looks at what it waits for, ... */
static inline uint32_t rx_owner_look(struct rx_owner *owner)
{
    return atomic_load_explicit(&owner->happened, memory_order_acquire) & ~1u;
}

/* ... and what it sleeps by when it has found nothing. May return for no reason. False when the
 * deadline, if there is one, has passed. */
bool rx_owner_sleep(struct rx_owner *owner, uint32_t seen, const struct timespec *deadline);

/* Something that it may wait for has happened. */
void rx_owner_tell(struct rx_owner *owner);

#endif
