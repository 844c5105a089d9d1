/* SPDX-License-Identifier: MIT
 *
 * queue_users: what the tests of queues share: an owner in a thread of its own, callers that are
 * known to wait, and functions to call.
 */
#ifndef UNIT_QUEUE_USERS_H
#define UNIT_QUEUE_USERS_H

#include "unit.h"
#include "queue.h"

#include <pthread.h>

/* ---- Functions to call ---- */

/* They note that they were called, and by which thread the last time. */
extern _Atomic(int) times_called;
extern pthread_t called_by;

int add(int a, int b);
void nothing(long);

/* By a queue: the sum, -1000 if the call was not made. */
int add_by(ffi_rx_queue *queue, int a, int b);
/* The status; *result is not 0 before. */
int status_of_add_by(ffi_rx_queue *queue, int a, int b, ffi_arg *result);
int call_by(ffi_rx_queue *queue, void (*fn)(long), long argument);

/* ---- An owner, which runs its queue until it is stopped ---- */

struct runner {
    pthread_t thread;
    ffi_rx_queue *queue;
};

void runner_start(struct runner *runner);
void runner_stop(struct runner *runner); /* frees the queue, too */

/* ---- A caller in a thread of its own: one call ---- */

struct caller {
    pthread_t thread;
    ffi_rx_queue *queue;
    void (*fn)(long);
    long argument;
    int status;
};

/* Returns when its call is in the inbox. One after the other. */
void caller_start(struct caller *caller, ffi_rx_queue *queue, void (*fn)(long), long argument);
/* Returns the status of its call. */
int caller_join(struct caller *caller);

/* A call that lets one more come, of nothing, through the same queue. */
extern struct caller latecomer;
void let_one_come(long queue);

/* SIGUSR1 is handled, and the kernel then goes on with what it interrupted, by itself. */
void on_signal(void (*handler)(int));

/* Runs act (arg) in a thread, and joins it. */
void in_a_thread(void (*act)(void *), void *arg);

#endif
