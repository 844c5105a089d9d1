/* SPDX-License-Identifier: MIT
 *
 * The same work on N threads for a fixed time, in a process that has no others.
 *
 * Two figures, as neither says everything. `together` is the time from one operation to the
 * next, whichever thread makes it: what the program gets done. It falls with every thread until
 * each processor has one, at best, and then stays. `each` is the processor time that an operation
 * takes from its thread: it does not contain the waiting for a processor, so it can be compared at
 * any number of threads, and should stay as it is with one. It does not contain the waiting for a
 * sleeping lock either; that only the first figure shows.
 */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

enum { MAX_HANDS = 64, BATCH = 64, ATTEMPTS = 8 };
enum { WORK_NS = 20000000 };

struct hand {
    pthread_t thread;
    size_t index;
    struct job job; /* its own: nothing of the benchmark's is written by two threads */
    union value result;
    size_t operations;
    double cpu_ns;
    double waited_ns;
};

static atomic_size_t ready;
static atomic_bool go, stop;
static bool one_each; /* a processor for each thread */
static void (*run)(struct hand *hand, size_t n);

static void run_closures(struct hand *hand, size_t n)
{
    job_run_alloc(&hand->job, n);
}

static void run_calls(struct hand *hand, size_t n)
{
    struct job *job = &hand->job;
    const struct signature *sig = job->row->sig;
    const struct library *lib = job->library;
    while (n--) {
        if (lib->prep_cif(&job->cif, FFI_DEFAULT_ABI, sig->nargs, lib->type[sig->result],
                          job->types) != FFI_OK)
            job_fail(job, "ffi_prep_cif fails");
        lib->call(&job->cif, sig->target, &hand->result, avalue);
    }
}

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* How long this thread has been ready to run and had no processor, where the kernel counts it. */
static double waited(void)
{
    double ns = 0;
    FILE *file = fopen("/proc/thread-self/schedstat", "re");
    if (file && fscanf(file, "%*s %lf", &ns) != 1)
        ns = 0;
    if (file)
        fclose(file);
    return ns;
}

static void pause_ns(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* Keeps this thread on the program's processor number `index`. Left to itself the kernel may let
 * two threads share one for as long as a round. */
static void stay_on(size_t index)
{
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && index-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof one, &one);
            return;
        }
}

/* What a thread needs once (a cache of its own, perhaps) it gets before the time begins. */
static void *hand_main(void *data)
{
    struct hand *me = data;
    if (one_each)
        stay_on(me->index);
    run(me, 1000);
    atomic_fetch_add(&ready, 1);
    while (!atomic_load(&go))
        if (!one_each)
            pause_ns(10000);
    double before = waited();
    double start = cpu_now();
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        run(me, BATCH);
        me->operations += BATCH;
    }
    me->cpu_ns = cpu_now() - start;
    me->waited_ns = waited() - before;
    return NULL;
}

struct round {
    double together, each;
    double waited_ns; /* by the thread that had to wait longest */
};

static void work(struct hand *hands, size_t count, struct round *round)
{
    atomic_store(&ready, 0);
    atomic_store(&go, false);
    atomic_store(&stop, false);
    for (size_t i = 0; i < count; i++) {
        hands[i].index = i;
        hands[i].operations = 0;
        if (pthread_create(&hands[i].thread, NULL, hand_main, &hands[i]) != 0)
            die("cannot create a thread");
    }
    while (atomic_load(&ready) < count)
        pause_ns(100000);
    double start = now();
    atomic_store(&go, true);
    pause_ns(WORK_NS);
    atomic_store(&stop, true);
    double wall_ns = now() - start;

    double operations = 0, cpu_ns = 0;
    round->waited_ns = 0;
    for (size_t i = 0; i < count; i++) {
        pthread_join(hands[i].thread, NULL);
        operations += (double)hands[i].operations;
        cpu_ns += hands[i].cpu_ns;
        if (hands[i].waited_ns > round->waited_ns)
            round->waited_ns = hands[i].waited_ns;
        if (*hands[i].job.reason)
            die("%s: %s", hands[i].job.library->name, hands[i].job.reason);
    }
    if (operations == 0)
        die("no thread got to work");
    round->together = wall_ns / operations;
    round->each = cpu_ns / operations;
}

/* The first round in which no thread had to wait for a processor though there is one for each;
 * after a few attempts, the one in which they waited least. */
void alone_threads(struct job *job, bool calls, size_t count)
{
    static struct hand hands[MAX_HANDS];
    if (count > MAX_HANDS)
        die("more than %d threads", MAX_HANDS);
    run = calls ? run_calls : run_closures;
    one_each = count <= processors();
    for (size_t i = 0; i < count; i++)
        hands[i].job = *job;

    struct round round, best = {0};
    bool good = false;
    for (int attempt = 0; attempt < ATTEMPTS && !good; attempt++) {
        work(hands, count, &round);
        if (attempt == 0 || round.waited_ns < best.waited_ns)
            best = round;
        good = !one_each || round.waited_ns < 0.02 * WORK_NS;
    }
    printf("together %.4f\neach %.4f\ndisturbed %d\n", best.together, best.each, !good);
}
