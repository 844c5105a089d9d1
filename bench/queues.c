/* SPDX-License-Identifier: MIT
 *
 * Queues: a closure whose calls are made by the thread that owns a queue. By the owner itself it is
 * called as any other; from another thread the call goes there and comes back, and the caller
 * sleeps meanwhile.
 *
 * Beside that stands, as the direct call, what a program would write: a function that gives its
 * argument to another thread and waits for the result, by a condition variable or by two pipes.
 */
#include "bench.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

/* ---- The other thread, one for each side ---- */

struct partner {
    pthread_t thread;
    struct job *job;
    sem_t ready;
    bool stop;
    ffi_rx_queue *queue;
};

static struct partner partner[MAX_SIDES];

static void run_code(struct job *job, size_t n)
{
    job->row->sig->loop[job->side]((void (*)(void))job->code, n);
}

static void start(struct job *job, void *(*work)(void *))
{
    struct partner *p = &partner[job->side];
    memset(p, 0, sizeof *p);
    p->job = job;
    sem_init(&p->ready, 0, 0);
    if (pthread_create(&p->thread, NULL, work, p) != 0)
        die("cannot create a thread");
    sem_wait(&p->ready);
}

static int target(struct partner *p, int value)
{
    return ((int (*)(int))p->job->row->sig->target)(value);
}

/* ---- By a queue ---- */

/* The queue is the calling thread's. */
static enum outcome make_closure(struct job *job, ffi_rx_queue *queue)
{
    const struct library *lib = job->library;
    ffi_rx_closure_attr attr = {.size = sizeof attr, .queue = queue};
    if (job_prep_cif(job) != OK)
        return FAILED;
    job->closure = lib->closure_alloc(sizeof *job->closure, &job->code);
    if (queue == NULL || job->closure == NULL ||
        lib->rx_prep_closure(job->closure, &job->cif, job->row->sig->handler, NULL, job->code,
                             &attr) != FFI_OK)
        return job_fail(job, "no closure with a queue");
    job->run = run_code;
    return OK;
}

static void *serve(void *arg)
{
    struct partner *p = arg;
    const struct library *lib = p->job->library;
    p->queue = lib->rx_queue_new();
    make_closure(p->job, p->queue);
    sem_post(&p->ready);
    while (!p->stop)
        lib->rx_queue_run(p->queue, -1);
    lib->rx_queue_free(p->queue);
    return NULL;
}

static int stop_serving(int side)
{
    partner[side].stop = true;
    return 0;
}

static void stop_queue(struct job *job)
{
    struct partner *p = &partner[job->side];
    int side = (int)job->side;
    void *values[] = {&side};
    job->library->rx_queue_call(p->queue, &job->cif, (void (*)(void))stop_serving, NULL, values);
    pthread_join(p->thread, NULL);
    job->library->closure_free(job->closure);
}

static enum outcome setup_queue(struct job *job)
{
    if (!job->library->rx_prep_closure)
        return ABSENT;
    start(job, serve);
    return *job->reason ? FAILED : job_verify(job);
}

/* ---- Here ---- */

static enum outcome setup_here(struct job *job)
{
    job->run = job_run_direct;
    if (job->library) {
        if (!job->library->rx_prep_closure)
            return ABSENT;
        partner[job->side].queue = job->library->rx_queue_new();
        if (make_closure(job, partner[job->side].queue) != OK)
            return FAILED;
    }
    return job_verify(job);
}

static void teardown_here(struct job *job)
{
    if (!job->closure)
        return;
    job->library->closure_free(job->closure);
    job->library->rx_queue_free(partner[job->side].queue);
}

/* ---- By a condition variable ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static enum turn { NOTHING, ASKED, ANSWERED } turn;
static int value;

static void change_to(enum turn next)
{
    turn = next;
    pthread_cond_signal(&change);
}

static void wait_for(enum turn wanted)
{
    while (turn != wanted)
        pthread_cond_wait(&change, &lock);
}

static int by_condition(int argument)
{
    pthread_mutex_lock(&lock);
    value = argument;
    change_to(ASKED);
    wait_for(ANSWERED);
    int answer = value;
    turn = NOTHING;
    pthread_mutex_unlock(&lock);
    return answer;
}

static void *answer_by_condition(void *arg)
{
    struct partner *p = arg;
    pthread_mutex_lock(&lock);
    sem_post(&p->ready);
    for (;;) {
        wait_for(ASKED);
        if (p->stop)
            break;
        value = target(p, value);
        change_to(ANSWERED);
    }
    turn = NOTHING;
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* ---- By two pipes ---- */

static int question[2], answer[2];

static void put(const int *pipe, int n)
{
    if (write(pipe[1], &n, sizeof n) != sizeof n)
        die("a pipe cannot be written to");
}

static int get(const int *pipe)
{
    int n;
    if (read(pipe[0], &n, sizeof n) != sizeof n)
        die("a pipe cannot be read");
    return n;
}

static int by_pipe(int argument)
{
    put(question, argument);
    return get(answer);
}

static void *answer_by_pipe(void *arg)
{
    struct partner *p = arg;
    sem_post(&p->ready);
    for (;;) {
        int n = get(question);
        if (p->stop)
            return NULL;
        put(answer, target(p, n));
    }
}

/* ---- The works ---- */

static enum outcome setup_by(struct job *job, int (*function)(int), void *(*work)(void *))
{
    job->code = (void *)function;
    job->run = run_code;
    start(job, work);
    return job_verify(job);
}

static enum outcome setup_or_condition(struct job *job)
{
    return job->library ? setup_queue(job) : setup_by(job, by_condition, answer_by_condition);
}

static enum outcome setup_or_pipe(struct job *job)
{
    if (job->library)
        return setup_queue(job);
    if (pipe(question) != 0 || pipe(answer) != 0)
        die("no pipe");
    return setup_by(job, by_pipe, answer_by_pipe);
}

static void teardown_or_condition(struct job *job)
{
    if (job->closure)
        stop_queue(job);
    if (job->library)
        return;
    pthread_mutex_lock(&lock);
    partner[0].stop = true;
    change_to(ASKED);
    pthread_mutex_unlock(&lock);
    pthread_join(partner[0].thread, NULL);
}

static void teardown_or_pipe(struct job *job)
{
    if (job->closure)
        stop_queue(job);
    if (job->library)
        return;
    partner[0].stop = true;
    put(question, 0);
    pthread_join(partner[0].thread, NULL);
    for (int i = 0; i < 2; i++) {
        close(question[i]);
        close(answer[i]);
    }
}

const struct work work_queue_here = {
    .setup = setup_here, .teardown = teardown_here, .has_direct = true};
const struct work work_queue_or_condition = {.setup = setup_or_condition,
                                             .teardown = teardown_or_condition,
                                             .has_direct = true,
                                             .by_median = true};
const struct work work_queue_or_pipe = {
    .setup = setup_or_pipe, .teardown = teardown_or_pipe, .has_direct = true, .by_median = true};
