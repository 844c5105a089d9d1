/* SPDX-License-Identifier: MIT
 *
 * queue: what a program does with the queues of its threads.
 */
#include "queue.h"
#include "refuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- From the first to the last ---- */

void rx_queue_drop(struct ffi_rx_queue *queue)
{
    if (atomic_fetch_sub_explicit(&queue->refs, 1, memory_order_acq_rel) != 1)
        return;
    rx_owner_drop(queue->owner);
    free(queue);
}

ffi_rx_queue *ffi_rx_queue_new(void)
{
    int error = errno;
    struct rx_owner *owner = rx_owner_make();
    ffi_rx_queue *queue = owner == NULL ? NULL : malloc(sizeof *queue);
    if (queue == NULL) {
        rx_refuse(FFI_RX_NO_MEMORY);
        errno = error;
        return NULL;
    }
    atomic_init(&queue->inbox, NULL);
    atomic_init(&queue->refs, 1);
    atomic_init(&queue->posters, 0);
    atomic_init(&queue->fd, -1);
    queue->forks = atomic_load_explicit(&rx_forks, memory_order_relaxed);
    queue->owner = owner;
    queue->oldest = NULL;
    rx_owner_hold(owner);
    rx_owner_add(owner, queue);
    return queue;
}

/* The owner has taken the queue off its list when it has ended it. */
int ffi_rx_queue_free(ffi_rx_queue *queue)
{
    if (rx_queue_is_mine(queue)) {
        rx_owner_remove(queue->owner, queue);
        rx_queue_end(queue);
    } else if (!rx_queue_has_ended(queue) && !rx_queue_is_parents(queue)) {
        return -EPERM;
    }
    rx_queue_drop(queue);
    return 0;
}

/* ---- Running ---- */

#define NS_IN_S 1000000000

static struct timespec after(int ms)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += ms / 1000;
    time.tv_nsec += ms % 1000 * 1000000L;
    if (time.tv_nsec >= NS_IN_S) {
        time.tv_sec++;
        time.tv_nsec -= NS_IN_S;
    }
    return time;
}

/* Runs the queue until it has done something, or the deadline has passed, or there is no sense in
 * waiting. */
static int run(ffi_rx_queue *queue, bool wait, const struct timespec *deadline)
{
    for (;;) {
        uint32_t seen = rx_owner_look(queue->owner);
        int done = rx_queue_serve(queue, INT_MAX);
        if (done != 0)
            return done;
        if (rx_queue_has_ended(queue) || rx_queue_is_parents(queue))
            return -ECANCELED;
        if (!wait)
            return 0;
        wait = rx_owner_sleep(queue->owner, seen, deadline);
    }
}

int ffi_rx_queue_run(ffi_rx_queue *queue, int timeout_ms)
{
    if (!rx_queue_is_mine(queue))
        return -EPERM;
    if (rx_queue_is_parents(queue))
        return -ECANCELED;
    struct timespec deadline;
    if (timeout_ms > 0)
        deadline = after(timeout_ms);
    return run(queue, timeout_ms != 0, timeout_ms > 0 ? &deadline : NULL);
}

/* ---- Calling ---- */

void rx_zero_result(const ffi_cif *cif, void *rvalue)
{
    unsigned type = cif->rtype->type;
    size_t size = type == FFI_TYPE_VOID ? 0 : rx_type_size(cif->rtype);
    bool is_integer = !rx_type_is_aggregate(cif->rtype) && type != FFI_TYPE_FLOAT;
    if (is_integer && size != 0 && size < sizeof(ffi_arg))
        size = sizeof(ffi_arg);
    memset(rvalue, 0, size);
}

struct outgoing {
    ffi_cif *cif;
    void (*fn)(void);
    void *rvalue;
    void **avalue;
};

static void call(void *arg)
{
    struct outgoing *out = arg;
    ffi_call(out->cif, out->fn, out->rvalue, out->avalue);
}

int ffi_rx_queue_call(ffi_rx_queue *queue, ffi_cif *cif, void (*fn)(void), void *rvalue,
                      void **avalue)
{
    struct outgoing out = {cif, fn, rvalue, avalue};
    int status = rx_queue_do(queue, call, &out);
    if (status != 0 && rvalue != NULL)
        rx_zero_result(cif, rvalue);
    return status;
}
