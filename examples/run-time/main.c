/* SPDX-License-Identifier: MIT
 *
 * run-time: functions of a language sort in threads of C, while the language's collector moves
 * them.
 *
 * qsort has no room for user data, and its threads know nothing of the language. Each sorts a copy
 * of the same words by a function of its own; the collector runs all the while.
 */
#include "vm.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 8
#define ROUNDS 40
#define WORDS 300

static char text[WORDS][12];

struct job {
    pthread_t thread;
    struct handle function;
    long compared, wrong;
};

/* qsort as C has it, with a function that is all that it knows. */
static void *sort(void *arg)
{
    struct job *job = arg;
    int (*compare)(const void *, const void *) =
        (int (*)(const void *, const void *))job->function.code;
    for (int round = 0; round < ROUNDS; round++) {
        const char *words[WORDS];
        for (int i = 0; i < WORDS; i++)
            words[i] = text[(i * 7 + round) % WORDS];
        errno = 99;
        qsort(words, WORDS, sizeof *words, compare);
        job->wrong += errno != 99;
        for (int i = 1; i < WORDS; i++, job->compared++)
            job->wrong += compare(&words[i - 1], &words[i]) > 0;
    }
    return NULL;
}

static struct job job[THREADS];
static _Atomic(bool) done;

static void *collect(void *unused)
{
    while (!done) {
        vm_lock();
        vm_collect();
        vm_unlock();
    }
    return unused;
}

int main(void)
{
    vm_start();
    for (int i = 0; i < WORDS; i++)
        snprintf(text[i], sizeof text[i], "%x", i * 2654435 % 9999991);

    pthread_t collector;
    for (int i = 0; i < THREADS; i++) {
        vm_lock();
        bool made = vm_function(&job[i].function, (struct value){i % 2 != 0, i / 2 % 2 != 0, 0});
        vm_unlock();
        if (!made) {
            printf("no function: %s\n", ffi_rx_strerror(ffi_rx_last_error()));
            return 1;
        }
    }
    pthread_create(&collector, NULL, collect, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&job[i].thread, NULL, sort, &job[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(job[i].thread, NULL);
    done = true;
    pthread_join(collector, NULL);

    long calls = 0, compared = 0, wrong = 0;
    for (int i = 0; i < THREADS; i++) {
        calls += job[i].function.value->calls;
        compared += job[i].compared;
        wrong += job[i].wrong;
        vm_drop(&job[i].function);
    }
    struct vm_figures vm = vm_figures();
    printf("%d threads, %ld calls of functions that moved %d times\n", vm.threads_ever, calls,
           vm.collections);
    ffi_rx_pool_info pool = {.size = sizeof pool};
    ffi_rx_pool_query(&pool);
    bool good = wrong == 0 && vm.unlocked == 0 && vm.threads_ever == THREADS && vm.threads == 0 &&
                vm.collections > 0 && calls > compared && pool.live == 0;
    if (!good)
        printf("%ld wrong, %d without the lock, %d threads still known, %zu closures left\n", wrong,
               vm.unlocked, vm.threads, pool.live);
    return good ? 0 : 1;
}
