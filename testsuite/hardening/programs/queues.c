/* SPDX-License-Identifier: MIT
 *
 * queues: many threads call through the queue of an owner that ends.
 *
 *     queues SCENE ROUNDS
 *
 * In each round an owner makes a queue, and a closure with it. Others call the closure until they
 * get zeros, while the owner runs so many calls, by run or by poll, and then ends as SCENE says. In
 * the scene ring there is a second owner, through whom each call comes back. What was called and
 * what came back must agree. Status 0 and silence, or a line on stderr.
 */
#include <ffi_rx.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS 8

static void wrong(const char *what)
{
    fprintf(stderr, "queues: %s\n", what);
    exit(1);
}

typedef long number_function(long);

static ffi_type *types[] = {&ffi_type_slong};
static ffi_cif cif;

struct round {
    int calls; /* after which the owner ends */
    const char *scene;
    pthread_barrier_t ready;
    ffi_rx_queue *queue, *other_queue;
    ffi_closure *closure, *other_closure;
    number_function *function, *back;
    _Atomic(long) made, came_back;
    _Atomic(int) finished;
};

static ffi_closure *make_closure(struct round *round, ffi_rx_queue *queue,
                                 void (*handler)(ffi_cif *, void *, void **, void *),
                                 number_function **function)
{
    void *code;
    ffi_rx_closure_attr attr = {.size = sizeof attr, .queue = queue};
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (closure == NULL ||
        ffi_rx_prep_closure(closure, &cif, handler, round, code, &attr) != FFI_OK)
        wrong("no closure");
    memcpy(function, &code, sizeof code);
    return closure;
}

/* ---- What is called ---- */

static void add_one(ffi_cif *of, void *result, void **args, void *data)
{
    struct round *round = data;
    (void)of;
    if (strcmp(round->scene, "exits") == 0 && round->made == round->calls)
        pthread_exit(NULL);
    round->made++;
    *(long *)result = *(long *)args[0] + 1;
}

/* In the thread of the second owner: a call of the first, who sleeps maybe in a call of this. */
static void pass_back(ffi_cif *of, void *result, void **args, void *data)
{
    struct round *round = data;
    (void)of;
    *(long *)result = round->back(*(long *)args[0]);
}

/* ---- Threads ---- */

static void *call(void *arg)
{
    struct round *round = arg;
    long n = 1, got;
    while ((got = round->function(n)) == n + 1) {
        round->came_back++;
        n++;
    }
    if (got != 0)
        wrong("a result that is neither right nor zero");
    round->finished++;
    return NULL;
}

static void run_some(struct round *round)
{
    struct pollfd wait = {.events = POLLIN};
    if (strcmp(round->scene, "polls") == 0)
        wait.fd = ffi_rx_queue_fd(round->queue);
    while (round->made < round->calls || strcmp(round->scene, "exits") == 0) {
        if (strcmp(round->scene, "ring") == 0)
            round->function(1); /* of the second owner: what comes meanwhile is made inside */
        if (wait.fd > 0 && poll(&wait, 1, -1) != 1)
            wrong("poll");
        if (ffi_rx_queue_run(round->queue, wait.fd > 0 || round->other_queue != NULL ? 0 : -1) < 0)
            wrong("run");
    }
}

static void *own(void *arg)
{
    struct round *round = arg;
    round->queue = ffi_rx_queue_new();
    bool is_ring = strcmp(round->scene, "ring") == 0;
    round->closure =
        make_closure(round, round->queue, add_one, is_ring ? &round->back : &round->function);
    pthread_barrier_wait(&round->ready);
    run_some(round);
    if (strcmp(round->scene, "returns") != 0 && ffi_rx_queue_free(round->queue) != 0)
        wrong("free");
    return NULL;
}

/* Goes on until all others have seen the end of the first. */
static void *own_the_second(void *arg)
{
    struct round *round = arg;
    round->other_queue = ffi_rx_queue_new();
    round->other_closure = make_closure(round, round->other_queue, pass_back, &round->function);
    pthread_barrier_wait(&round->ready);
    while (round->finished < CALLERS)
        ffi_rx_queue_run(round->other_queue, 1);
    ffi_rx_queue_free(round->other_queue);
    return NULL;
}

static void play(const char *scene, int calls)
{
    bool is_ring = strcmp(scene, "ring") == 0;
    struct round round = {.calls = calls, .scene = scene};
    pthread_t owner, second, callers[CALLERS];
    pthread_barrier_init(&round.ready, NULL, 2 + is_ring);
    if (is_ring)
        pthread_create(&second, NULL, own_the_second, &round);
    pthread_create(&owner, NULL, own, &round);
    pthread_barrier_wait(&round.ready);
    for (int i = 0; i < CALLERS; i++)
        pthread_create(&callers[i], NULL, call, &round);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    pthread_join(owner, NULL);
    if (is_ring)
        pthread_join(second, NULL);
    /* The owner's own calls in a ring have come back to it alone. */
    if (is_ring ? round.came_back > round.made : round.came_back != round.made)
        wrong("more or fewer calls were made than came back");
    if (round.function(1) != 0)
        wrong("a call after the end was made");
    ffi_closure_free(round.closure);
    if (is_ring)
        ffi_closure_free(round.other_closure);
    if ((strcmp(scene, "returns") == 0 || strcmp(scene, "exits") == 0) &&
        ffi_rx_queue_free(round.queue) != 0)
        wrong("free of a queue whose owner has ended");
    pthread_barrier_destroy(&round.ready);
}

int main(int argc, char **argv)
{
    if (argc != 3 || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_slong, types) != FFI_OK)
        return 2;
    for (int i = 0; i < atoi(argv[2]); i++)
        play(argv[1], i * 3);
    return 0;
}
