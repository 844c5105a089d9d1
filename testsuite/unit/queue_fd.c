/* SPDX-License-Identifier: MIT
 *
 * queue_fd: the descriptor of a queue (src/queue_fd.c): when there is one, and when it can be read.
 */
#include "queue_users.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

static bool is_readable(int fd)
{
    struct pollfd poll_it = {.fd = fd, .events = POLLIN};
    cr_assert(ge(int, poll(&poll_it, 1, 0), 0));
    return poll_it.revents == POLLIN;
}

/* The lowest that is free: it rises when one is kept. */
static int free_descriptor(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

Test(queue_fd, there_is_none_before_it_is_asked_for)
{
    struct runner owner;
    int before = free_descriptor();
    runner_start(&owner);
    ffi_rx_queue *queue = ffi_rx_queue_new();
    cr_expect(eq(int, add_by(owner.queue, 1, 2), 3));
    cr_expect(eq(int, free_descriptor(), before));
    int fd = ffi_rx_queue_fd(queue);
    cr_expect(eq(int, fd, before));
    cr_expect(eq(int, ffi_rx_queue_fd(queue), fd));
    cr_expect(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC));
    cr_expect(ne(int, free_descriptor(), before));
    ffi_rx_queue_free(queue);
    cr_expect(eq(int, free_descriptor(), before));
    runner_stop(&owner);
}

Test(queue_fd, it_is_readable_while_calls_wait)
{
    struct caller callers[3];
    ffi_rx_queue *queue = ffi_rx_queue_new();
    int fd = ffi_rx_queue_fd(queue);
    cr_expect(not(is_readable(fd)));
    for (int round = 0; round < 100; round++) {
        for (size_t i = 0; i < LENGTH(callers); i++)
            caller_start(&callers[i], queue, nothing, 0);
        while (!is_readable(fd))
            ;
        cr_expect(eq(int, ffi_rx_queue_run(queue, 0), LENGTH(callers)));
        for (size_t i = 0; i < LENGTH(callers); i++)
            caller_join(&callers[i]);
        /* A caller that was slow may have written since. */
        cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 0));
        cr_expect(not(is_readable(fd)));
    }
    ffi_rx_queue_free(queue);
}

Test(queue_fd, it_is_readable_if_calls_wait_already)
{
    struct caller caller;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    caller_start(&caller, queue, nothing, 0);
    cr_expect(is_readable(ffi_rx_queue_fd(queue)));
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 1));
    caller_join(&caller);
    ffi_rx_queue_free(queue);
}

Test(queue_fd, it_stays_readable_for_what_a_run_has_left)
{
    struct caller caller;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    int fd = ffi_rx_queue_fd(queue);
    caller_start(&caller, queue, let_one_come, (long)queue);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
    while (!is_readable(fd))
        ;
    cr_expect(eq(int, ffi_rx_queue_run(queue, 0), 1));
    caller_join(&caller);
    caller_join(&latecomer);
    ffi_rx_queue_free(queue);
}

enum { THREADS = 4, CALLS = 500 };

static void *call_often(void *queue)
{
    for (int i = 0; i < CALLS; i++)
        call_by(queue, nothing, 0);
    return NULL;
}

Test(queue_fd, a_loop_of_poll_and_run_misses_nothing)
{
    static pthread_t threads[THREADS];
    ffi_rx_queue *queue = ffi_rx_queue_new();
    struct pollfd wait = {.fd = ffi_rx_queue_fd(queue), .events = POLLIN};
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_often, queue);
    int done = 0;
    while (done < THREADS * CALLS) {
        cr_assert(eq(int, poll(&wait, 1, -1), 1));
        done += ffi_rx_queue_run(queue, 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_expect(eq(int, times_called, THREADS *CALLS));
    ffi_rx_queue_free(queue);
}

Test(queue_fd, where_there_is_none_to_be_had_the_queue_works_without)
{
    struct caller caller;
    struct rlimit limit, none;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){0, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    errno = EDOM;
    cr_expect(eq(int, ffi_rx_queue_fd(queue), -EMFILE));
    cr_expect(eq(int, errno, EDOM));
    caller_start(&caller, queue, nothing, 0);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
    caller_join(&caller);
    setrlimit(RLIMIT_NOFILE, &limit);
    cr_expect(ge(int, ffi_rx_queue_fd(queue), 0));
    ffi_rx_queue_free(queue);
}

/* Descriptors are used again: whoever is about to write to one that has ended must not. */
Test(queue_fd, it_is_closed_when_nobody_may_write_to_it_any_more)
{
    ffi_rx_queue *queue = ffi_rx_queue_new();
    int fd = ffi_rx_queue_fd(queue);
    rx_queue_hold(queue);
    rx_queue_enter_posters(queue); /* a caller that has not got any further */
    cr_expect(eq(int, ffi_rx_queue_free(queue), 0));
    cr_expect(ne(int, fcntl(fd, F_GETFD), -1));
    rx_queue_leave_posters(queue);
    cr_expect(eq(int, fcntl(fd, F_GETFD), -1));
    rx_queue_drop(queue);
}
