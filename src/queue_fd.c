/* SPDX-License-Identifier: MIT
 *
 * queue_fd: the eventfd of a queue, readable while calls wait.
 *
 * It is made when it is first asked for. Who posts a call makes it readable, and the owner, when it
 * has found nothing more to do, takes that back. It may be readable for nothing, for a caller may
 * write after its call was taken, but never the other way: who posts puts the call into the inbox
 * and then looks for an eventfd; who makes one publishes it and then looks into the inbox; who
 * takes the readability back looks there afterwards, too. All four are in one order (seq_cst), so
 * one of two sees what the other did.
 *
 * Nor is it closed while anybody may be about to write to it: descriptors are used again, and the
 * eight bytes would land in a file of the program's.
 */
#include "queue.h"

#include <sys/eventfd.h>

static bool has_call(struct ffi_rx_queue *queue)
{
    struct rx_handed *head = atomic_load_explicit(&queue->inbox, memory_order_seq_cst);
    return queue->oldest != NULL || (head != NULL && head != RX_ENDED);
}

void rx_queue_make_readable(struct ffi_rx_queue *queue)
{
    int fd = atomic_load_explicit(&queue->fd, memory_order_seq_cst);
    if (fd < 0)
        return;
    int before = errno;
    uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof one); /* it is readable already, if it is so full */
    (void)ignored;
    errno = before;
}

void rx_queue_calm(struct ffi_rx_queue *queue)
{
    int fd = atomic_load_explicit(&queue->fd, memory_order_relaxed);
    if (fd < 0 || has_call(queue))
        return;
    int before = errno;
    uint64_t count;
    ssize_t ignored = syscall(SYS_read, fd, &count, sizeof count);
    (void)ignored;
    errno = before;
    if (has_call(queue))
        rx_queue_make_readable(queue);
}

void rx_queue_enter_posters(struct ffi_rx_queue *queue)
{
    atomic_fetch_add_explicit(&queue->posters, 1, memory_order_seq_cst);
}

void rx_queue_leave_posters(struct ffi_rx_queue *queue)
{
    if (atomic_fetch_sub_explicit(&queue->posters, 1, memory_order_seq_cst) != 1 ||
        !rx_queue_has_ended(queue))
        return;
    int fd = atomic_exchange_explicit(&queue->fd, -1, memory_order_seq_cst);
    if (fd >= 0)
        close(fd);
}

int ffi_rx_queue_fd(const ffi_rx_queue *handle)
{
    ffi_rx_queue *queue = (ffi_rx_queue *)handle; /* to its owner it looks the same afterwards */
    if (!rx_queue_is_mine(queue))
        return -EPERM;
    if (rx_queue_has_ended(queue) || rx_queue_is_parents(queue))
        return -ECANCELED;
    int fd = atomic_load_explicit(&queue->fd, memory_order_relaxed);
    if (fd >= 0)
        return fd;
    int before = errno;
    fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        fd = -errno;
    errno = before;
    if (fd < 0)
        return fd;
    atomic_store_explicit(&queue->fd, fd, memory_order_seq_cst);
    if (has_call(queue))
        rx_queue_make_readable(queue);
    return fd;
}
