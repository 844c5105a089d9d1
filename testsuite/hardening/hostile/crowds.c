/* SPDX-License-Identifier: MIT
 *
 * crowds: scenes with threads.
 */
#include "hostile.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

static void start(pthread_t *threads, int n, void *(*run)(void *))
{
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i) != 0)
            wrong("pthread_create");
}

static void join(pthread_t *threads, int n)
{
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

/* ---- A surge: every thread takes many at the same time, and gives them back ---- */

#define ROUNDS 5
#define MOST 10000

static int for_each;

static void *take_and_give(void *which)
{
    static struct callback held[THREADS][MOST];
    struct callback *mine = held[(intptr_t)which];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < for_each; i++)
            callback_must_make(&mine[i], (int)(intptr_t)which * 1000000 + i);
        if (round == 0)
            mark(MARK_CODE, mine[for_each - 1].code);
        for (int i = 0; i < for_each; i++)
            if (!callback_is_right(&mine[i]))
                wrong("a wrong result among threads");
        for (int i = 0; i < for_each; i++)
            callback_free(&mine[i]);
    }
    return NULL;
}

void scene_surge(int n)
{
    pthread_t threads[THREADS];
    for_each = n / THREADS < MOST ? n / THREADS : MOST;
    start(threads, THREADS, take_and_give);
    join(threads, THREADS);
    callbacks_use(1000);
}

/* ---- A storm: every thread makes, calls and frees at random ---- */

#define STEPS 20000

static void *make_and_free(void *which)
{
    static struct callback held[THREADS][MOST];
    struct callback *mine = held[(intptr_t)which];
    unsigned seed = (unsigned)(intptr_t)which + 1;
    int n = 0;
    for (int i = 0; i < STEPS; i++) {
        if (n == 0 || (n < for_each && rand_r(&seed) % 2 == 0)) {
            callback_must_make(&mine[n++], (int)(intptr_t)which * 1000000 + i);
            continue;
        }
        int some = (int)(rand_r(&seed) % (unsigned)n);
        if (!callback_is_right(&mine[some]))
            wrong("a wrong result in a storm");
        callback_free(&mine[some]);
        mine[some] = mine[--n];
    }
    while (n != 0)
        callback_free(&mine[--n]);
    return NULL;
}

void scene_storm(int n)
{
    pthread_t threads[THREADS];
    for_each = n / THREADS < MOST ? n / THREADS : MOST;
    start(threads, THREADS, make_and_free);
    join(threads, THREADS);
    callbacks_use(1000);
}

/* ---- An exchange: what one thread makes, another calls and frees ---- */

static struct callback exchanged[THREADS][MOST];
static int made_by[THREADS]; /* how many each has made so far */

static void *make_for_the_next(void *which)
{
    intptr_t self = (intptr_t)which, other = (self + 1) % THREADS;
    int taken = 0;
    for (int i = 0; i < for_each; i++) {
        callback_must_make(&exchanged[self][i], (int)self * 1000000 + i);
        __atomic_store_n(&made_by[self], i + 1, __ATOMIC_RELEASE);
        /* As far as the other has come; the last are waited for. */
        do {
            int there = __atomic_load_n(&made_by[other], __ATOMIC_ACQUIRE);
            for (; taken < there; taken++) {
                if (!callback_is_right(&exchanged[other][taken]))
                    wrong("a wrong result of another thread's closure");
                callback_free(&exchanged[other][taken]);
            }
            if (i + 1 == for_each)
                sched_yield();
        } while (i + 1 == for_each && taken < for_each);
    }
    return NULL;
}

void scene_exchange(int n)
{
    pthread_t threads[THREADS];
    for_each = n / THREADS < MOST ? n / THREADS : MOST;
    for (int i = 0; i < THREADS; i++)
        made_by[i] = 0;
    start(threads, THREADS, make_for_the_next);
    join(threads, THREADS);
    callbacks_use(1000);
}

/* ---- fork while other threads allocate ---- */

#define ALLOCATING 3
#define CHILDREN 60

static volatile bool enough;

static void *allocate(void *which)
{
    static struct callback held[ALLOCATING][100];
    struct callback *mine = held[(intptr_t)which];
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
        for (int i = 0; i < 100; i++)
            callback_must_make(&mine[i], i);
        for (int i = 0; i < 100; i++)
            callback_free(&mine[i]);
    }
    return NULL;
}

void scene_fork_beside_threads(int n)
{
    pthread_t threads[ALLOCATING];
    enough = false;
    start(threads, ALLOCATING, allocate);
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            alarm(patience());
            callbacks_use(n < 1000 || i % 20 == 0 ? n : 1000);
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            wrong("fork");
        if (status != 0)
            wrong(WIFSIGNALED(status) && WTERMSIG(status) == 14
                      ? "a child that hangs"
                      : "a child that failed, status 0x%x",
                  status);
    }
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
    join(threads, ALLOCATING);
}
