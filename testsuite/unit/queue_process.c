/* SPDX-License-Identifier: MIT
 *
 * queue_process: queues in the children of fork and vfork, and under a clock that nobody may ask
 * (src/handover.c, src/futex.h). A test that hangs has failed.
 */
#include "queue_users.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- fork ---- */

static void expect_well(pid_t child)
{
    int status;
    cr_assert(gt(int, child, 0));
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_expect(eq(int, status, 0));
}

static bool gives_zeros(ffi_rx_queue *queue)
{
    ffi_arg result;
    return status_of_add_by(queue, 1, 2, &result) == -ECANCELED && result == 0;
}

Test(queue_process, in_the_child_of_another_thread_calls_give_zeros)
{
    struct runner owner;
    runner_start(&owner);
    pid_t child = fork();
    if (child == 0)
        _exit(!gives_zeros(owner.queue) || ffi_rx_queue_run(owner.queue, -1) != -EPERM ||
              ffi_rx_queue_free(owner.queue) != 0);
    expect_well(child);
    cr_expect(eq(int, add_by(owner.queue, 1, 2), 3));
    runner_stop(&owner);
}

Test(queue_process, in_the_child_of_the_owner_too_but_for_its_own_calls)
{
    struct caller waits;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    int fd = ffi_rx_queue_fd(queue);
    caller_start(&waits, queue, nothing, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(add_by(queue, 1, 2) != 3 || ffi_rx_queue_run(queue, -1) != -ECANCELED ||
              ffi_rx_queue_fd(queue) != -ECANCELED || ffi_rx_queue_free(queue) != 0 ||
              close(fd) == 0);
    expect_well(child);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
    cr_expect(eq(int, caller_join(&waits), 0));
    ffi_rx_queue_free(queue);
}

static bool gave_zeros;

static void set_if_zeros(void *queue)
{
    gave_zeros = gives_zeros(queue);
}

static int use_new_threads(ffi_rx_queue *queue)
{
    struct caller caller;
    in_a_thread(set_if_zeros, queue);
    ffi_rx_queue *its_own = ffi_rx_queue_new();
    caller_start(&caller, its_own, nothing, 0);
    return !gave_zeros || ffi_rx_queue_run(its_own, -1) != 1 || caller_join(&caller) != 0 ||
           times_called != 1 || ffi_rx_queue_free(its_own) != 0;
}

Test(queue_process, new_threads_of_a_child_get_zeros_from_the_parents_queue_and_can_use_its_own)
{
    SKIP_UNDER_THREAD_SANITIZER();
    SKIP_UNDER_EMULATOR("qemu starts no thread in the child of a program that has threads");
    struct caller waits;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    caller_start(&waits, queue, nothing, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(use_new_threads(queue));
    expect_well(child);
    cr_expect(eq(int, ffi_rx_queue_run(queue, -1), 1));
    cr_expect(eq(int, caller_join(&waits), 0));
    ffi_rx_queue_free(queue);
}

/* The child is made in a call, and returns from it: nobody is there whom it could tell. */
static pid_t made_in_call;

static void make_child(long unused)
{
    (void)unused;
    made_in_call = fork();
}

Test(queue_process, a_child_may_return_from_the_call_that_it_was_made_in)
{
    struct caller callers[2];
    ffi_rx_queue *queue = ffi_rx_queue_new();
    caller_start(&callers[0], queue, make_child, 0);
    caller_start(&callers[1], queue, nothing, 0);
    int ran = ffi_rx_queue_run(queue, -1);
    if (made_in_call == 0)
        _exit(ran != 1 || times_called != 0 || ffi_rx_queue_run(queue, -1) != -ECANCELED ||
              add_by(queue, 1, 2) != 3);
    expect_well(made_in_call);
    cr_expect(eq(int, ran, 2));
    cr_expect(eq(int, caller_join(&callers[0]), 0));
    cr_expect(eq(int, caller_join(&callers[1]), 0));
    ffi_rx_queue_free(queue);
}

/* The same of an owner that sleeps in another queue, whose owner is not there either. */
static void have_child_made(long queue)
{
    call_by((ffi_rx_queue *)queue, make_child, 0);
}

Test(queue_process, a_child_may_return_to_a_call_that_was_handed_over)
{
    struct runner other;
    runner_start(&other);
    ffi_rx_queue *mine = ffi_rx_queue_new();
    int status = call_by(other.queue, have_child_made, (long)mine);
    if (made_in_call == 0)
        _exit(status != -ECANCELED || ffi_rx_queue_free(mine) != 0);
    expect_well(made_in_call);
    cr_expect(eq(int, status, 0));
    ffi_rx_queue_free(mine);
    runner_stop(&other);
}

/* A signal handler that forks interrupts who sleeps. */
static ffi_rx_queue *queue_of_handler;
static _Atomic(int) handled;

static void fork_in_handler(int signal)
{
    (void)signal;
    made_in_call = fork();
    handled++;
}

static void interrupt(long target)
{
    pthread_kill((pthread_t)target, SIGUSR1);
    while (handled == 0)
        sched_yield();
}

Test(queue_process, a_child_does_not_go_on_sleeping)
{
    struct runner owner;
    runner_start(&owner);
    on_signal(fork_in_handler);
    int status = call_by(owner.queue, interrupt, (long)pthread_self());
    if (made_in_call == 0)
        _exit(status != -ECANCELED);
    expect_well(made_in_call);
    cr_expect(eq(int, status, 0));
    runner_stop(&owner);
}

static void *interrupt_the_run(void *target)
{
    interrupt(*(long *)target);
    call_by(queue_of_handler, nothing, 0);
    return NULL;
}

Test(queue_process, nor_does_a_child_go_on_waiting_in_a_run)
{
    long self = (long)pthread_self();
    pthread_t other;
    queue_of_handler = ffi_rx_queue_new();
    on_signal(fork_in_handler);
    pthread_create(&other, NULL, interrupt_the_run, &self);
    int ran = ffi_rx_queue_run(queue_of_handler, -1);
    if (made_in_call == 0)
        _exit(ran != -ECANCELED);
    expect_well(made_in_call);
    cr_expect(eq(int, ran, 1));
    pthread_join(other, NULL);
    ffi_rx_queue_free(queue_of_handler);
}

static volatile bool right_in_child;

Test(queue_process, the_child_of_a_vfork_may_call)
{
    SKIP_UNDER_THREAD_SANITIZER();
    SKIP_UNDER_EMULATOR("an emulator's vfork is a fork that nobody is told of");
    struct runner owner;
    runner_start(&owner);
    pid_t child = vfork();
    if (child == 0) {
        right_in_child = add_by(owner.queue, 1, 2) == 3;
        _exit(0);
    }
    expect_well(child);
    cr_expect(right_in_child);
    cr_expect(eq(int, add_by(owner.queue, 1, 2), 3));
    runner_stop(&owner);
}

/* ---- A clock that is set makes no difference: only the monotonic one is asked ---- */

#define ARGUMENT(n) offsetof(struct seccomp_data, args[n])

/* Ends the process at a futex by CLOCK_REALTIME, and at one whose time is not absolute (plain
 * FUTEX_WAIT), where a signal would begin it anew. */
static void allow_only_the_monotonic_clock(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(1)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FUTEX_CLOCK_REALTIME, 3, 0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, FUTEX_CMD_MASK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FUTEX_WAIT, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {LENGTH(code), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(77);
}

static void wait_a_little(void *unused)
{
    (void)unused;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    allow_only_the_monotonic_clock();
    _exit(ffi_rx_queue_run(queue, 2) != 0);
}

static void wait_by_the_other_clock(void *unused)
{
    (void)unused;
    _Atomic(uint32_t) word = 0;
    allow_only_the_monotonic_clock();
    syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, ~0u);
}

Test(queue_process, a_wait_is_as_long_as_the_monotonic_clock_says)
{
    SKIP_UNDER_EMULATOR("an emulator has no filters of system calls");
    struct ending waited = ending_of(wait_a_little, NULL);
    if (waited.status == 77)
        cr_skip("no filters of system calls");
    cr_expect(eq(int, waited.signal, 0));
    cr_expect(eq(int, waited.status, 0));
    cr_expect(eq(int, ending_of(wait_by_the_other_clock, NULL).signal, SIGSYS));
}
