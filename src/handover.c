/* SPDX-License-Identifier: MIT
 *
 * handover: how a call gets from its caller to the owner of a queue, and back.
 *
 * A caller pushes its node on the inbox and sleeps. The owner takes all of the inbox at once, turns
 * it round, and does one call after the other. The state of the node tells the caller when it is
 * over.
 *
 * Why it is right; testsuite/models/queue.pml has it step by step, and spin tries every order.
 *
 * Once. A node is in one list from the push that succeeds on. Who takes the inbox has all that is
 * in it, and nobody else has: it is exchanged for NULL, or, at the end of the queue, for RX_ENDED,
 * which no push replaces. So a call is done, or given up, or its push has failed; never two of
 * these. (A push compares the head with what it has written as `next`. If that node was taken, and
 * one at the same address pushed, it is still the node before this one: there is no ABA problem.)
 *
 * In order. The inbox has the newest first, and is turned round when it is taken. It is taken when
 * what was taken before has been begun.
 *
 * The owner's list. Frames of the owner run inside each other: a callback runs the queue, or hands
 * over a call and serves the queue while it waits. They find the list whole. A signal handler could
 * find it halfway, so signals are held off for the moment in which a node is taken out.
 *
 * Memory order. The push releases the node, and who takes the inbox acquires it; later pushes are
 * read-modify-writes and continue its release sequence. The state is changed last, and releases
 * what the call has written, which the caller acquires. From then on the node may be gone, with its
 * frame. So the caller is woken by the address alone, or, if it owns queues itself, by its
 * rx_owner, which a reference keeps until it has been told.
 */
#include "queue.h"
#include "fault.h"
#include "guard.h"

/* rx_handed.state */
enum { WAITS, SLEEPS, DONE, CANCELED };

/* ---- To the owner ---- */

/* False if the queue has ended. */
static bool push(struct ffi_rx_queue *queue, struct rx_handed *call)
{
    struct rx_handed *head = atomic_load_explicit(&queue->inbox, memory_order_relaxed);
    do {
        if (head == RX_ENDED)
            return false;
        call->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&queue->inbox, &head, call,
                                                    memory_order_seq_cst, memory_order_relaxed));
    return true;
}

static bool post(struct ffi_rx_queue *queue, struct rx_handed *call)
{
    rx_queue_enter_posters(queue);
    bool posted = push(queue, call);
    if (posted) {
        rx_owner_tell(queue->owner);
        rx_queue_make_readable(queue);
    }
    rx_queue_leave_posters(queue);
    return posted;
}

/* ---- From the list of the owner ---- */

static struct rx_handed *turned_round(struct rx_handed *newest)
{
    struct rx_handed *oldest = NULL;
    while (newest != NULL) {
        struct rx_handed *before = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = before;
    }
    return oldest;
}

static bool has_post(struct ffi_rx_queue *queue)
{
    struct rx_handed *head = atomic_load_explicit(&queue->inbox, memory_order_relaxed);
    return head != NULL && head != RX_ENDED;
}

/* The next call, NULL if there is none. *open says whether the inbox may be looked into, and is
 * false from then on. */
static struct rx_handed *take(struct ffi_rx_queue *queue, bool *open)
{
    if (queue->oldest == NULL && !(*open && has_post(queue)))
        return NULL;
    uint64_t signals = rx_signals_off();
    if (queue->oldest == NULL && *open && has_post(queue)) {
        queue->oldest =
            turned_round(atomic_exchange_explicit(&queue->inbox, NULL, memory_order_acquire));
        *open = false;
    }
    struct rx_handed *call = queue->oldest;
    if (call != NULL)
        queue->oldest = call->next;
    rx_signals_on(signals);
    return call;
}

/* ---- And back ---- */

static void tell(struct rx_handed *call, uint32_t how)
{
    struct rx_owner *caller = call->caller;
    if (atomic_exchange_explicit(&call->state, how, memory_order_release) == SLEEPS)
        rx_futex_wake(&call->state);
    if (caller != NULL) {
        rx_owner_tell(caller);
        rx_owner_drop(caller);
    }
}

static void cancel(struct rx_handed *call)
{
    while (call != NULL) {
        struct rx_handed *next = call->next;
        tell(call, CANCELED);
        call = next;
    }
}

void rx_queue_end(struct ffi_rx_queue *queue)
{
    rx_queue_enter_posters(queue);
    uint64_t signals = rx_signals_off();
    struct rx_handed *first = queue->oldest;
    struct rx_handed *rest =
        atomic_exchange_explicit(&queue->inbox, RX_ENDED, memory_order_seq_cst);
    queue->oldest = NULL;
    rx_signals_on(signals);
    cancel(first);
    cancel(rest == RX_ENDED ? NULL : turned_round(rest));
    rx_queue_leave_posters(queue);
}

/* Unless a callback forked, and came back in the child: there is no caller there. */
static void finish(struct ffi_rx_queue *queue, struct rx_handed *call, uint32_t how)
{
    if (!rx_queue_is_parents(queue))
        tell(call, how);
}

struct serving {
    struct rx_guard guard;
    struct ffi_rx_queue *queue;
    struct rx_handed *call;
};

static void work(struct rx_guard *guard)
{
    struct rx_handed *call = ((struct serving *)guard)->call;
    call->work(call->arg);
}

static void work_was_left(struct rx_guard *guard)
{
    struct serving *serving = (struct serving *)guard;
    finish(serving->queue, serving->call, CANCELED);
    rx_queue_drop(serving->queue);
}

/* A callback may free the queue: what is held here is there until the end. */
int rx_queue_serve(struct ffi_rx_queue *queue, int most)
{
    struct serving serving = {.guard.cleanup = work_was_left, .queue = queue};
    int done = 0;
    bool open = true;
    rx_queue_hold(queue);
    for (; done < most && (serving.call = take(queue, &open)) != NULL; done++) {
        rx_guarded(work, &serving.guard);
        finish(queue, serving.call, DONE);
    }
    rx_queue_calm(queue);
    rx_queue_drop(queue);
    return done;
}

/* ---- Waiting ---- */

static bool is_over(struct rx_handed *call)
{
    return atomic_load_explicit(&call->state, memory_order_acquire) >= DONE;
}

static void sleep_until_over(struct rx_handed *call)
{
    uint32_t waits = WAITS;
    atomic_compare_exchange_strong_explicit(&call->state, &waits, SLEEPS, memory_order_relaxed,
                                            memory_order_relaxed);
    while (!is_over(call))
        rx_futex_wait(&call->state, SLEEPS, NULL);
}

/* Does one call that waits for this thread, if there is one. */
static bool serve_one(struct rx_owner *self)
{
    struct ffi_rx_queue *queue = self->queues;
    while (queue != NULL && rx_queue_serve(queue, 1) == 0)
        queue = queue->next;
    return queue != NULL;
}

/* Who owns queues serves them meanwhile: the call may need this thread to get done. */
static void serve_until_over(struct rx_owner *self, struct rx_handed *call)
{
    for (;;) {
        uint32_t seen = rx_owner_look(self);
        if (is_over(call))
            return;
        if (!serve_one(self))
            rx_owner_sleep(self, seen, NULL);
    }
}

/* What this thread has handed over and waits for, the innermost first. */
static RX_TLS struct rx_handed *handed_over;

struct waiting {
    struct rx_guard guard;
    struct ffi_rx_queue *queue;
    struct rx_handed call;
};

static void wait(struct rx_guard *guard)
{
    struct rx_handed *call = &((struct waiting *)guard)->call;
    if (call->caller != NULL)
        serve_until_over(call->caller, call);
    else
        sleep_until_over(call);
}

static void has_waited(struct waiting *waiting)
{
    handed_over = waiting->call.around;
    rx_queue_drop(waiting->queue);
}

static void left_twice(struct rx_guard *guard)
{
    (void)guard;
    rx_fault_exception_in_wait();
}

/* What was served has been left by an exception. The node is in use until the call is over, so the
 * exception has to wait for that. */
static void wait_was_left(struct rx_guard *guard)
{
    struct waiting *waiting = (struct waiting *)guard;
    guard->cleanup = left_twice;
    rx_guarded(wait, guard);
    has_waited(waiting);
}

static int hand_over(struct ffi_rx_queue *queue, void (*work)(void *), void *arg)
{
    struct waiting waiting = {
        .guard.cleanup = wait_was_left,
        .queue = queue,
        .call = {.work = work, .arg = arg, .caller = rx_owner_self, .around = handed_over}};
    struct rx_handed *call = &waiting.call;
    atomic_init(&call->state, WAITS);
    rx_queue_hold(queue);
    if (call->caller != NULL)
        rx_owner_hold(call->caller);
    handed_over = call;
    if (post(queue, call))
        rx_guarded(wait, &waiting.guard);
    else
        tell(call, CANCELED);
    has_waited(&waiting);
    return atomic_load_explicit(&call->state, memory_order_relaxed) == DONE ? 0 : -ECANCELED;
}

int rx_queue_do(struct ffi_rx_queue *queue, void (*work)(void *), void *arg)
{
    if (!rx_queue_is_mine(queue))
        return rx_queue_is_parents(queue) ? -ECANCELED : hand_over(queue, work, arg);
    if (rx_queue_has_ended(queue))
        return -ECANCELED;
    work(arg);
    return 0;
}

/* Who forked in a signal handler may come back to a sleep. What it sleeps by must change, for after
 * the handler the kernel goes on with the sleep by itself. */
void rx_queue_was_forked(void)
{
    for (struct rx_handed *call = handed_over; call != NULL; call = call->around)
        atomic_store_explicit(&call->state, CANCELED, memory_order_relaxed);
    struct rx_owner *self = rx_owner_self;
    if (self == NULL)
        return;
    for (struct ffi_rx_queue *queue = self->queues; queue != NULL; queue = queue->next) {
        atomic_store_explicit(&queue->inbox, NULL, memory_order_relaxed);
        atomic_store_explicit(&queue->posters, 0, memory_order_relaxed);
        queue->oldest = NULL;
    }
    rx_owner_tell(self);
}
