/* SPDX-License-Identifier: MIT
 *
 * queue: calls that are made by the thread that owns the queue, whoever calls.
 *
 * A call that is handed over is a node in the frame of its caller, who sleeps until it is over. So
 * nothing is allocated, nothing is copied, and what the call reads and writes of the caller's stays
 * where it is.
 */
#ifndef RX_QUEUE_H
#define RX_QUEUE_H

#include "owner.h"

struct rx_handed {
    struct rx_handed *next;   /* in the inbox the one before it, in the owner's list behind it */
    struct rx_handed *around; /* what its thread had handed over already, and still waits for */
    void (*work)(void *arg);
    void *arg;
    struct rx_owner *caller; /* if its thread owns queues: it sleeps there, not at `state` */
    _Atomic(uint32_t) state; /* handover.c's */
};

struct ffi_rx_queue {
    _Atomic(struct rx_handed *) inbox; /* the newest call, each names the one before */
    _Atomic(uint32_t) refs;            /* the handle, closures, whoever is in a function of it */
    _Atomic(uint32_t) posters;         /* who may be about to write to fd: queue_fd.c */
    _Atomic(int) fd;                   /* of an eventfd; -1 if nobody has asked for it */
    uint32_t forks;                    /* rx_forks, when it was made */
    struct rx_owner *owner;
    /* The owner's own, changed with signals off: */
    struct rx_handed *oldest; /* of the calls that were taken out of the inbox; the next one next */
    struct ffi_rx_queue *next; /* of the same owner */
};

/* What the inbox holds from the end of the queue on. */
#define RX_ENDED ((struct rx_handed *)1)

static inline bool rx_queue_has_ended(const struct ffi_rx_queue *queue)
{
    return atomic_load_explicit(&queue->inbox, memory_order_relaxed) == RX_ENDED;
}

/* Does it belong to the thread that asks? No later thread is taken for an owner that has ended: the
 * queue keeps that one's rx_owner. */
static inline bool rx_queue_is_mine(const struct ffi_rx_queue *queue)
{
    return queue->owner == rx_owner_self;
}

/* Is this the child of a fork, and the queue its parent's? Its callers are not here, nor is its
 * owner, unless that is who forked. */
static inline bool rx_queue_is_parents(const struct ffi_rx_queue *queue)
{
    return queue->forks != atomic_load_explicit(&rx_forks, memory_order_relaxed);
}

static inline void rx_queue_hold(struct ffi_rx_queue *queue)
{
    atomic_fetch_add_explicit(&queue->refs, 1, memory_order_relaxed);
}

void rx_queue_drop(struct ffi_rx_queue *queue);

/* The result of a call that was not made. */
void rx_zero_result(const ffi_cif *cif, void *rvalue);

/* ---- handover.c ---- */

/* In a child of fork, for its thread: nobody will do what it waits for, and nobody waits for it. */
void rx_queue_was_forked(void);

/* Has the owner do work (arg), and returns when that is over: 0, or -ECANCELED if it was not done,
 * or not to its end. */
int rx_queue_do(struct ffi_rx_queue *queue, void (*work)(void *), void *arg);

/* For the owner: does what waits, no more than `most` of it, and returns how much that was. What
 * comes in meanwhile is left for the next time. */
int rx_queue_serve(struct ffi_rx_queue *queue, int most);

/* For the owner: ends the queue. Whoever waits is told so, and who comes later, too. */
void rx_queue_end(struct ffi_rx_queue *queue);

/* ---- queue_fd.c: the eventfd, readable while calls wait ---- */

/* Between these two an eventfd that is there is not closed. The last one to leave a queue that has
 * ended closes it. */
void rx_queue_enter_posters(struct ffi_rx_queue *queue);
void rx_queue_leave_posters(struct ffi_rx_queue *queue);

/* For a poster that has put a call into the inbox. */
void rx_queue_make_readable(struct ffi_rx_queue *queue);

/* For the owner, who has found nothing more to do: it is not readable any more, unless something
 * has come in. */
void rx_queue_calm(struct ffi_rx_queue *queue);

#endif
