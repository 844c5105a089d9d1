/* SPDX-License-Identifier: MIT
 *
 * crowds: scenes with threads.
 */
#include "hostile.h"

#include <pthread.h>
#include <stdint.h>
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

/* ---- fork while other threads allocate ---- */

#define ALLOCATING 3
#define CHILDREN 60
#define PATIENCE 10 /* seconds for a child that takes none */

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
            alarm(PATIENCE);
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
