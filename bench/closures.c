/* SPDX-License-Identifier: MIT
 *
 * Closures: calling one, and making and freeing them with one alive, with many alive, and on
 * several threads at once.
 *
 * A closure is called by the same loop that calls the target directly, so the difference
 * between the two columns is the way through the library and the handler. Before allocation
 * is timed, closures made in the same way are called, every one of those that stay alive.
 */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

ffi_closure *job_new_closure(struct job *job, handler_fn *handler, void *user_data, void **code)
{
    const struct library *lib = job->library;
    ffi_closure *closure = lib->closure_alloc(sizeof *closure, code);
    if (!closure) {
        job_fail(job, "ffi_closure_alloc gives NULL");
        return NULL;
    }
    if (lib->prep_closure_loc(closure, &job->cif, handler, user_data, *code) != FFI_OK) {
        lib->closure_free(closure);
        job_fail(job, "ffi_prep_closure_loc fails");
        return NULL;
    }
    return closure;
}

/* ---- a closure call ---- */

static void run_closure(struct job *job, size_t n)
{
    job->row->sig->loop[job->side]((void (*)(void))job->code, n);
}

static enum outcome setup_closure(struct job *job)
{
    job->run = job_run_direct;
    if (job->library) {
        if (job_prep_cif(job) != OK)
            return FAILED;
        job->closure = job_new_closure(job, job->row->sig->handler, NULL, &job->code);
        if (!job->closure)
            return FAILED;
        job->run = run_closure;
    }
    return job_verify(job);
}

static void teardown_closure(struct job *job)
{
    if (job->closure)
        job->library->closure_free(job->closure);
}

/* ---- alloc + prep + free ---- */

void job_run_alloc(struct job *job, size_t n)
{
    const struct library *lib = job->library;
    handler_fn *handler = job->row->sig->handler;
    while (n--) {
        void *code;
        ffi_closure *closure = job_new_closure(job, handler, NULL, &code);
        if (!closure)
            return;
        lib->closure_free(closure);
    }
}

/* A few hundred closures come and go first: more than any cache or quarantine of freed ones
 * holds, so that the one called afterwards has been used before. */
static enum outcome setup_alloc(struct job *job)
{
    if (job_prep_cif(job) != OK)
        return FAILED;
    job_run_alloc(job, 500);
    if (*job->reason || setup_closure(job) != OK)
        return FAILED;
    job->run = job_run_alloc;
    return OK;
}

/* ---- the same with many alive ---- */

struct live {
    size_t count;
    struct {
        ffi_closure *closure;
        void *code;
    } of[];
};

void handler_number(ffi_cif *cif, void *ret, void **args, void *user_data)
{
    (void)cif;
    *(ffi_sarg *)ret = *(int *)args[0] + (int)(intptr_t)user_data;
}

static enum outcome setup_alloc_live(struct job *job)
{
    size_t count = job->row->count;
    if (job_prep_cif(job) != OK)
        return FAILED;
    job->live = malloc(sizeof *job->live + count * sizeof job->live->of[0]);
    if (!job->live)
        return job_fail(job, "no memory");

    struct live *live = job->live;
    for (live->count = 0; live->count < count; live->count++) {
        size_t i = live->count;
        live->of[i].closure =
            job_new_closure(job, handler_number, (void *)(intptr_t)i, &live->of[i].code);
        if (!live->of[i].closure)
            return job_fail(job, "no more than %zu closures at once", i);
    }
    for (size_t i = 0; i < count; i++)
        if (((int (*)(int))live->of[i].code)(1000) != 1000 + (int)i)
            return job_fail(job, "closure %zu of %zu is not itself", i, count);
    return setup_alloc(job);
}

static void teardown_alloc_live(struct job *job)
{
    teardown_closure(job);
    for (size_t i = 0; job->live && i < job->live->count; i++)
        job->library->closure_free(job->live->of[i].closure);
    free(job->live);
}

/* ---- the same on several threads ---- */

struct team {
    atomic_size_t ready;
    size_t size;
    size_t operations;
};

struct member {
    pthread_t thread;
    struct team *team;
    struct job job; /* its own: nothing of the benchmark's is written by two threads */
    uint64_t start, end;
    bool disturbed;
};

/* How often this thread has lost its processor to another. */
static long preemptions(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

/* All start together and each is timed by itself, so that creating threads costs nothing. */
static void *member_main(void *data)
{
    struct member *me = data;
    atomic_fetch_add(&me->team->ready, 1);
    while (atomic_load(&me->team->ready) < me->team->size)
        ;
    long before = preemptions();
    me->start = (uint64_t)now();
    job_run_alloc(&me->job, me->team->operations);
    me->end = (uint64_t)now();
    me->disturbed = preemptions() != before;
    return NULL;
}

enum { MAX_THREADS = 64 };

/* n operations on each thread; the slowest thread's time counts.
 *
 * Threads that run one after the other do not meet, and are faster for it. So it is not the
 * best round that counts but the median, and none in which a thread had to give way or began
 * much later than another. */
static void run_threads(struct job *job, size_t n)
{
    static struct member member[MAX_THREADS];
    size_t size = job->row->count;
    struct team team = {.size = size, .operations = n};
    uint64_t earliest = UINT64_MAX, latest = 0;

    for (size_t i = 0; i < size; i++) {
        member[i].team = &team;
        member[i].job = *job;
        if (i > 0 && pthread_create(&member[i].thread, NULL, member_main, &member[i]) != 0)
            die("cannot create a thread");
    }
    member_main(&member[0]);
    for (size_t i = 0; i < size; i++) {
        const struct member *m = &member[i];
        if (i > 0)
            pthread_join(m->thread, NULL);
        if (m->end - m->start > job->own_ns)
            job->own_ns = m->end - m->start;
        if (m->start < earliest)
            earliest = m->start;
        if (m->start > latest)
            latest = m->start;
        job->disturbed |= m->disturbed;
        if (*m->job.reason)
            memcpy(job->reason, m->job.reason, sizeof job->reason);
    }
    job->disturbed |= latest - earliest > job->own_ns / 8;
}

size_t processors(void)
{
    cpu_set_t cpus;
    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (size_t)CPU_COUNT(&cpus) : 1;
}

/* Threads that take turns on one processor would say nothing. */
static enum outcome setup_threads(struct job *job)
{
    size_t threads = job->row->count;
    if (threads > MAX_THREADS)
        return job_fail(job, "more than %d threads", MAX_THREADS);
    if (processors() < threads) {
        job_fail(job, "needs %zu processors", threads);
        return ABSENT;
    }
    if (setup_alloc(job) != OK)
        return FAILED;
    run_threads(job, 100);
    job->run = run_threads;
    return *job->reason ? FAILED : OK;
}

const struct work work_closure = {
    .setup = setup_closure, .teardown = teardown_closure, .has_direct = true};
const struct work work_alloc = {.setup = setup_alloc, .teardown = teardown_closure};
const struct work work_alloc_live = {.setup = setup_alloc_live, .teardown = teardown_alloc_live};
const struct work work_alloc_threads = {
    .setup = setup_threads, .teardown = teardown_closure, .by_median = true};
